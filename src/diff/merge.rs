//! Two clusters as one: every object that either declares. `diff` alone calls this module.

use std::collections::{BTreeMap, BTreeSet};

use super::Merged;
use super::relabelled::Relabelled;
use crate::model::algebra::PolicySet;
use crate::model::net::PortMatch;
use crate::model::policy::Rule;
use crate::model::workload::{Cluster, ContainerPort, Workload, WorkloadKind};

/// The clusters before and after as one; the names are what to call them.
#[must_use]
pub fn merge(old: &Cluster, new: &Cluster, names: [&str; 2]) -> Merged {
    let relabelled = Relabelled::between(old, new);
    let mut cluster = Cluster { namespaces: new.namespaces.clone(), ..Cluster::default() };
    for (name, namespace) in &old.namespaces {
        cluster.namespaces.entry(name.clone()).or_insert_with(|| namespace.clone());
    }
    cluster.nodes = new.nodes.clone();
    cluster.nodes.extend(old.nodes.iter().filter(|one| new.nodes.iter().all(|node| node.name != one.name)).cloned());
    let sides = [old, new].map(|side| relabelled.policies(side));
    let [old_policies, new_policies] = sides;
    let count = old_policies.len();
    let set = |name: &str, policies: std::ops::Range<usize>| PolicySet {
        name: name.to_owned(),
        policies: policies.collect(),
    };
    let [before, after] = names;
    let sets = (set(before, 0..count), set(after, count..count + new_policies.len()));
    cluster.policies = old_policies.into_iter().chain(new_policies).collect();
    cluster.workloads = workloads(old, new, &relabelled).into();
    for kinds in [&old.ignored_kinds, &new.ignored_kinds] {
        kinds.iter().for_each(|(kind, count)| {
            let most = cluster.ignored_kinds.entry(kind.clone()).or_insert(0);
            *most = (*most).max(*count);
        });
    }
    Merged {
        old_workloads: declared(&cluster, old),
        new_workloads: declared(&cluster, new),
        cluster,
        old: sets.0,
        new: sets.1,
        is_relabelled: relabelled.has_workloads(),
        not_compared: not_compared(old, new),
    }
}

type Key<'a> = (&'a str, &'a str, WorkloadKind);

pub(super) fn key(workload: &Workload) -> Key<'_> {
    (&workload.namespace, &workload.name, workload.kind)
}

pub(super) fn by_key(cluster: &Cluster) -> BTreeMap<Key<'_>, &Workload> {
    cluster.workloads.iter().map(|workload| (key(workload), workload)).collect()
}

/// In the order of namespace, name and kind, as in every cluster; as they are after, where both sides declare them.
fn workloads(old: &Cluster, new: &Cluster, relabelled: &Relabelled) -> Vec<Workload> {
    let mut all = by_key(old);
    all.extend(by_key(new));
    all.into_values().map(|workload| relabelled.marked(workload)).collect()
}

fn declared(cluster: &Cluster, side: &Cluster) -> Vec<usize> {
    let known = by_key(side);
    let indices = cluster.workloads.iter().enumerate();
    indices.filter(|(_, workload)| known.contains_key(&key(workload))).map(|(index, _)| index).collect()
}

/// What changes in declared workloads beside their labels and can change what passes: both sides see the workload as it is after,
/// so that what hangs on these is not compared. R33: on its node's network a pod is its node. R27: a name stands for the
/// numbers that the pod gives it, where a policy uses the name.
fn not_compared(old: &Cluster, new: &Cluster) -> Vec<String> {
    let before = by_key(old);
    let used: BTreeSet<&str> = [old, new].into_iter().flat_map(named_ports).collect();
    let note = |workload: &Workload| {
        let was = before.get(&key(workload))?;
        let network =
            (was.host_network != workload.host_network).then_some("whether it is on its node's network (R33)");
        let ports =
            (given(was, &used) != given(workload, &used)).then_some("the numbers of ports that policies name (R27)");
        let what: Vec<&str> = network.into_iter().chain(ports).collect();
        (!what.is_empty()).then(|| format!("{} changes {}", workload.full_name(), what.join(" and ")))
    };
    new.workloads.iter().filter_map(note).collect()
}

/// The ports that a workload gives one of these names.
fn given<'a>(workload: &'a Workload, names: &BTreeSet<&str>) -> BTreeSet<&'a ContainerPort> {
    let is_used = |port: &&ContainerPort| port.name.as_deref().is_some_and(|name| names.contains(name));
    workload.ports.iter().filter(is_used).collect()
}

/// The names of ports in the policies of a cluster.
fn named_ports(cluster: &Cluster) -> impl Iterator<Item = &str> {
    let rules = cluster.policies.iter().flat_map(|policy| policy.ingress.iter().chain(&policy.egress).flatten());
    let items = rules.flat_map(Rule::named_ports);
    items.filter_map(|item| match &item.ports {
        PortMatch::Named(name) => Some(name.as_str()),
        PortMatch::All | PortMatch::Range(..) => None,
    })
}
