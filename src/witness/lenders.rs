//! Pods that a case needs beside its two ends: where a plugin takes the numbers of named ports
//! together, a pod that nobody has declared may lend its own (R27).
//!
//! The case is then judged in a cluster in which these pods are declared, and they are shown with it.

use super::{Judge, shrink};
use crate::model::further;
use crate::model::net::{End, Flow, PodEnd, PortMatch};
use crate::model::options::Options;
use crate::model::policy::{Direction, NamespaceScope, PeerKind, Peers, Policy, Ports, Rule};
use crate::model::selector::{LabelSelector, Labels};
use crate::model::workload::{Cluster, ContainerPort, DeclaredNamespace, Namespace, Workload, WorkloadKind};
use crate::model::world::World;
use crate::source::Origin;

/// A pod that lends, with the rule that takes its number.
#[derive(Clone, Debug)]
pub struct Lender {
    /// The pod. Its address does not matter.
    pub pod: PodEnd,
    origin: Origin,
}

/// The flow, on a familiar port where one will do, with the pods that it needs; `None` where no such pods make
/// it what was sought.
#[must_use]
pub fn find(judge: &Judge<'_>, world: &World, options: &Options, flow: &Flow) -> Option<(Flow, Vec<Lender>)> {
    let mut flows = shrink::on_familiar_ports(judge, flow);
    flows.push(flow.clone());
    flows.into_iter().find_map(|flow| {
        let all = candidates(judge.cluster, world, &flow);
        let needed = few(judge, options, &flow, all)?;
        Some((flow, needed))
    })
}

/// The flow, on a familiar port where one will do, with those of these pods that it needs and no more of their
/// labels than it needs; `None` where they do not make it what was sought.
#[must_use]
pub fn confirmed(judge: &Judge<'_>, options: &Options, flow: &Flow, pods: Vec<PodEnd>) -> Option<(Flow, Vec<Lender>)> {
    let origin = judge.cluster.policies.first()?.origin;
    let mut flows = shrink::on_familiar_ports(judge, flow);
    flows.push(flow.clone());
    flows.into_iter().find_map(|flow| {
        let all = pods.iter().map(|pod| Lender { pod: on_port(pod, &flow), origin }).collect();
        let mut needed = few(judge, options, &flow, all)?;
        drop_labels(judge, options, &flow, &mut needed);
        Some((flow, needed))
    })
}

/// The pod, giving the flow's port the names that it has for its own.
fn on_port(pod: &PodEnd, flow: &Flow) -> PodEnd {
    let port = |port: &ContainerPort| ContainerPort { number: flow.port, protocol: flow.protocol, ..port.clone() };
    PodEnd { ports: pod.ports.iter().map(port).collect(), ..pod.clone() }
}

fn drop_labels(judge: &Judge<'_>, options: &Options, flow: &Flow, lenders: &mut [Lender]) {
    for at in 0..lenders.len() {
        let keys: Vec<String> = lenders.get(at).map_or_else(Vec::new, |one| one.pod.labels.keys().cloned().collect());
        for key in keys {
            let Some(value) = lenders.get_mut(at).and_then(|one| one.pod.labels.remove(&key)) else { continue };
            if !is_enough(judge, options, flow, lenders)
                && let Some(one) = lenders.get_mut(at)
            {
                one.pod.labels.insert(key, value);
            }
        }
    }
}

fn is_enough(judge: &Judge<'_>, options: &Options, flow: &Flow, lenders: &[Lender]) -> bool {
    let cluster = with(judge.cluster, lenders, flow);
    Judge { cluster: &cluster, claim: judge.claim }.is_sought(options, flow)
}

/// Those of the pods that the flow needs; `None` where all of them are not enough.
fn few(judge: &Judge<'_>, options: &Options, flow: &Flow, all: Vec<Lender>) -> Option<Vec<Lender>> {
    let is_enough = |lenders: &[Lender]| is_enough(judge, options, flow, lenders);
    is_enough(&all).then_some(())?;
    let mut needed = all;
    let mut at = 0;
    while at < needed.len() {
        let mut without = needed.clone();
        without.remove(at);
        if is_enough(&without) { needed = without } else { at += 1 }
    }
    Some(needed)
}

/// The cluster with the pods declared, after all others.
#[must_use]
pub fn with(cluster: &Cluster, lenders: &[Lender], flow: &Flow) -> Cluster {
    let mut cluster = cluster.clone();
    for lender in lenders {
        let namespace = &lender.pod.namespace;
        // The reference semantics knows the labels of the destination's namespace from the flow.
        let is_known = flow.destination.pod().is_some_and(|pod| pod.namespace.name == namespace.name);
        if !is_known && !cluster.namespaces.contains_key(&namespace.name) {
            let declared = DeclaredNamespace { namespace: namespace.clone(), origin: lender.origin };
            cluster.namespaces.insert(namespace.name.clone(), declared);
        }
        cluster.workloads.push(workload(lender));
    }
    cluster
}

fn workload(lender: &Lender) -> Workload {
    Workload {
        kind: WorkloadKind::Pod,
        namespace: lender.pod.namespace.name.clone(),
        name: lender.pod.name.clone(),
        labels: lender.pod.labels.clone(),
        ports: lender.pod.ports.clone(),
        addresses: Vec::new(),
        node: None,
        host_network: false,
        origin: lender.origin,
    }
}

/// One pod for each policy, or peer, that could take the flow's port from it.
fn candidates(cluster: &Cluster, world: &World, flow: &Flow) -> Vec<Lender> {
    let sides = [(Direction::Ingress, &flow.destination), (Direction::Egress, &flow.source)];
    let mut found = Vec::new();
    for (direction, subject) in sides {
        let Some(subject) = subject.pod() else { continue };
        for policy in cluster.policies.iter().filter(|policy| policy.namespace == subject.namespace.name) {
            for rule in policy.rules(direction).unwrap_or_default() {
                let place = Place { cluster, world, flow, policy };
                place.lenders(direction, rule, &mut found);
            }
        }
    }
    found
}

/// Where a lender is looked for.
struct Place<'a> {
    cluster: &'a Cluster,
    world: &'a World,
    flow: &'a Flow,
    policy: &'a Policy,
}

impl Place<'_> {
    fn lenders(&self, direction: Direction, rule: &Rule, found: &mut Vec<Lender>) {
        let ports = self.named_ports(rule);
        if ports.is_empty() {
            return;
        }
        let mut add = |(namespace, labels): (Namespace, Labels)| {
            let pod = PodEnd {
                namespace,
                name: "further-pod".to_owned(),
                labels,
                ports: ports.clone(),
                address: self.flow.destination.address(),
                node: None,
                host_network: false,
                workload: None,
            };
            found.push(Lender { pod, origin: rule.origin });
        };
        let everything = LabelSelector::everything();
        match (direction, &rule.peers) {
            (Direction::Ingress, _) => self.own(&self.policy.pod_selector.selector).into_iter().for_each(&mut add),
            (Direction::Egress, Peers::All) => {
                let elsewhere = || self.matching(&everything, &everything);
                self.own(&everything).or_else(elsewhere).into_iter().for_each(&mut add);
            }
            (Direction::Egress, Peers::AnyOf(peers)) => {
                peers.iter().filter_map(|peer| self.of_peer(&peer.kind)).for_each(&mut add);
            }
        }
    }

    fn named_ports(&self, rule: &Rule) -> Vec<ContainerPort> {
        let Ports::AnyOf(items) = &rule.ports else { return Vec::new() };
        let (protocol, number) = (self.flow.protocol, self.flow.port);
        let mut ports: Vec<ContainerPort> = Vec::new();
        for item in items.iter().filter(|item| item.protocol == protocol) {
            if let PortMatch::Named(name) = &item.ports
                && !ports.iter().any(|port| port.name.as_ref() == Some(name))
            {
                ports.push(ContainerPort { name: Some(name.clone()), number, protocol });
            }
        }
        ports
    }

    fn of_peer(&self, peer: &PeerKind) -> Option<(Namespace, Labels)> {
        match peer {
            PeerKind::IpBlock(_) => None,
            PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => self.own(pods),
            PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), pods } => self.matching(selector, pods),
        }
    }

    /// A pod of the policy's namespace.
    fn own(&self, pods: &LabelSelector) -> Option<(Namespace, Labels)> {
        let labels = further::pod_labels(self.world, pods)?;
        let name = &self.policy.namespace;
        further::can_live_in(self.world, name).then(|| (self.namespace(name), labels))
    }

    /// A pod beside the destination where that may be, else in another namespace that is selected.
    fn matching(&self, selector: &LabelSelector, pods: &LabelSelector) -> Option<(Namespace, Labels)> {
        let labels = further::pod_labels(self.world, pods)?;
        let destination = self.flow.destination.pod()?;
        if further::can_live_in(self.world, &destination.namespace.name) {
            return Some((destination.namespace.clone(), labels));
        }
        let is_taken = |name: &str| {
            self.cluster.policies.iter().any(|policy| policy.namespace == name)
                || self.cluster.namespaces.contains_key(name)
                || self.cluster.workloads.iter().any(|workload| workload.namespace == name)
                || self.ends().any(|pod| pod.namespace.name == name)
        };
        let new = || further::new_home(self.world, selector, is_taken);
        let homes = further::homes(self.cluster, self.world, selector);
        let apart = |home: &Namespace| self.ends().all(|pod| pod.namespace.name != home.name);
        let home = homes.iter().find(|home| apart(home)).cloned().or_else(new);
        let shared = || homes.first().map(|home| self.namespace(&home.name));
        Some((home.or_else(shared)?, labels))
    }

    fn ends(&self) -> impl Iterator<Item = &PodEnd> {
        [&self.flow.source, &self.flow.destination].into_iter().filter_map(End::pod)
    }

    /// The namespace as an end of the flow has it, or a manifest, or with the automatic label alone.
    fn namespace(&self, name: &str) -> Namespace {
        let of_end = self.ends().map(|pod| &pod.namespace).find(|namespace| namespace.name == name);
        let declared = self.cluster.namespaces.get(name).map(|declared| &declared.namespace);
        of_end.or(declared).cloned().unwrap_or_else(|| Namespace::new(name, Labels::new()))
    }
}
