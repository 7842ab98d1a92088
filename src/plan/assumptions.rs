//! What every verdict takes for granted, in words.

use std::collections::BTreeSet;

use super::{Item, Plan};
use crate::model::algebra::Comparison;
use crate::model::claim::Claim;
use crate::model::plugin::Plugin;
use crate::model::workload::Cluster;
use crate::model::world::{Existence, World};

impl Plan {
    /// What every verdict takes for granted, in words.
    #[must_use]
    pub fn assumptions(&self) -> Vec<String> {
        let mut all = Vec::new();
        for world in &self.worlds {
            all.extend(world_assumptions(world));
        }
        for cluster in &self.clusters {
            all.extend(cluster_assumptions(cluster));
        }
        all.extend(further(self));
        let mut seen = BTreeSet::new();
        all.retain(|words| seen.insert(words.clone()));
        all
    }
}

/// What is taken for granted beside the worlds and the clusters.
#[must_use]
pub(crate) fn further(plan: &Plan) -> Vec<String> {
    let mut all = Vec::new();
    if plan.items.iter().any(compares_sets) {
        all.push("sets of policies are compared each alone: no other policy of the manifests plays a part".to_owned());
    }
    if plan.items.iter().any(|item| matches!(item.claim, Claim::NoPath(_))) {
        all.push(
            "a path leads through pods of declared workloads: one that somebody could create may begin or end it, and takes no step between"
                .to_owned(),
        );
    }
    if plan.today_is_given && plan.items.iter().any(|item| item.waiver.is_some()) {
        all.push(format!("today is {} (SOURCE_DATE_EPOCH), by which waivers count", plan.today));
    }
    all
}

/// What every answer about these clusters in this world takes for granted, in words.
#[must_use]
pub fn assumptions_of(clusters: &[&Cluster], world: &World) -> Vec<String> {
    let of_clusters = clusters.iter().flat_map(|cluster| cluster_assumptions(cluster));
    let mut seen = BTreeSet::new();
    let all = world_assumptions(world).into_iter().chain(of_clusters);
    all.filter(|words| seen.insert(words.clone())).collect()
}

fn compares_sets(item: &Item) -> bool {
    matches!(item.claim, Claim::Compared(Comparison::Sets { .. }))
}

fn world_assumptions(world: &World) -> Vec<String> {
    let mut words = Vec::new();
    if !world.nodes {
        words.push(
            "no traffic from the pods' own nodes, and none of pods on their nodes' network (nodes = false)".to_owned(),
        );
    } else if world.options().leaves_host_network_open() {
        words.push(on_node_network(world));
    }
    words.extend(plugin_assumptions(world));
    if !world.external {
        words.push("no traffic from or to addresses outside the cluster (external = false)".to_owned());
    }
    if world.pods == Existence::Declared {
        words.push("only the declared workloads run (pods = \"declared\")".to_owned());
    }
    if world.namespaces == Existence::Declared {
        words.push("nobody creates a namespace (namespaces = \"declared\")".to_owned());
    }
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    let trust = &world.trust;
    if !trust.namespaces.is_empty() {
        words.push(format!("only declared workloads run in {} (trust)", list(&trust.namespaces)));
    }
    if !trust.pod_labels.is_empty() {
        words.push(format!("only declared workloads carry the labels {} (trust)", list(&trust.pod_labels)));
    }
    if !trust.namespace_labels.is_empty() {
        words.push(format!("only declared namespaces carry the labels {} (trust)", list(&trust.namespace_labels)));
    }
    words
}

/// R33: the documentation leaves two choices, and some plugins make neither.
pub(crate) fn on_node_network(world: &World) -> String {
    let words = "a pod on its node's network is to policies its node, or a pod like any other (R33)";
    match world.plugin {
        Plugin::AwsVpcCni => format!("{words}, though to AWS VPC CNI it is a pod for peers and a node otherwise"),
        Plugin::OvnKubernetes => format!("{words}, though OVN-Kubernetes has a namespace of its own for such pods"),
        _ => words.to_owned(),
    }
}

fn plugin_assumptions(world: &World) -> Vec<String> {
    let mut words = Vec::new();
    if world.plugin != Plugin::Any {
        let name = world.plugin.name();
        words.push(format!("the network plugin does what docs/world.md says of {name} (plugin = \"{name}\")"));
    }
    let choices = world.choices.iter().map(|choice| choice.names());
    words.extend(choices.map(|(option, value)| format!("the network plugin has {option} = \"{value}\" (options)")));
    words
}

fn cluster_assumptions(cluster: &Cluster) -> Vec<String> {
    let ignored = cluster.ignored_kinds.iter();
    ignored
        .map(|(kind, count)| {
            format!("{count} {kind} ignored, as --ignore-kind says: what they allow or deny is not considered")
        })
        .collect()
}
