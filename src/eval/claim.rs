//! Membership: whether a concrete end, flow or pod is one that a claim speaks about.
//!
//! The mirror of what `symbolic` says for all ends at once; a replay uses it to check that a
//! counterexample is an answer to the question that was asked. Assumes that indices of workloads are
//! those of the cluster at hand. Everybody above the model may call it, except `symbolic`.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::claim::{Endpoint, FlowSet, NamespaceSet, PortItem, PortSet};
use crate::model::net::{End, Flow, PodEnd, PortMatch, Protocol};
use crate::model::options::Options;
use crate::model::policy::Direction;
use crate::model::selector::LabelSelector;
use crate::model::workload::{Cluster, Namespace};

use super::end::counts_as_node;
use super::selector::matches;
use super::{isolating, port};

/// Whether the end is one of the endpoint's.
#[must_use]
pub fn contains(cluster: &Cluster, endpoint: &Endpoint, end: &End) -> bool {
    match endpoint {
        Endpoint::Anything => true,
        Endpoint::Pods { namespaces, pods } => end.pod().is_some_and(|pod| is_among(namespaces, pods, pod)),
        Endpoint::Workload(index) => end.pod().is_some_and(|pod| is_of(cluster, *index, pod)),
        Endpoint::External(block) => matches!(end, End::External(address) if is_inside(*block, *address)),
        Endpoint::Within(block) => block.contains(&end.address()),
        Endpoint::Node(name) => is_on(name.as_deref(), end),
        Endpoint::Union(endpoints) => endpoints.iter().any(|endpoint| contains(cluster, endpoint, end)),
        Endpoint::Except(all, but) => contains(cluster, all, end) && !contains(cluster, but, end),
    }
}

/// Whether the end is a node, or on a node's network; the node of this name, where one is given. R33:
/// whatever policies take such a pod for, it has its node's address.
fn is_on(name: Option<&str>, end: &End) -> bool {
    let node = match end {
        End::Node(node) => node.name.as_deref(),
        End::Pod(pod) if pod.host_network => pod.node.as_deref(),
        End::Pod(_) | End::External(_) => return false,
    };
    name.is_none() || name == node
}

/// Whether the pod is one of those that a property describes by labels. R33: a pod on its node's
/// network is its node, so no description by labels takes it in.
fn is_among(namespaces: &NamespaceSet, pods: &LabelSelector, pod: &PodEnd) -> bool {
    !pod.host_network && is_namespace_among(namespaces, &pod.namespace) && matches(pods, &pod.labels)
}

/// Whether the namespace is in the set. R9: its labels include the automatic one.
fn is_namespace_among(namespaces: &NamespaceSet, namespace: &Namespace) -> bool {
    match namespaces {
        NamespaceSet::Any => true,
        NamespaceSet::Named(name) => *name == namespace.name,
        NamespaceSet::Matching(selector) => matches(selector, &namespace.labels),
    }
}

/// Whether the pod belongs to this declared workload, whatever network it uses. A number that the
/// cluster does not have is no workload's.
fn is_of(cluster: &Cluster, index: usize, pod: &PodEnd) -> bool {
    index < cluster.workloads.len() && pod.workload == Some(index)
}

/// Whether the address is in the block, where one is given. R21: never in one of the other family.
fn is_inside(block: Option<IpNet>, address: IpAddr) -> bool {
    block.is_none_or(|block| block.contains(&address))
}

/// Whether the flow's protocol and port are in the set; the empty set stands for every port of TCP,
/// UDP and SCTP.
#[must_use]
pub fn ports_contain(ports: &PortSet, flow: &Flow) -> bool {
    if ports.items.is_empty() {
        Protocol::SPOKEN.contains(&flow.protocol)
    } else {
        ports.items.iter().any(|item| item_contains(item, flow))
    }
}

/// Whether one item has the flow's port. R27: a name is what the destination pod declares under it,
/// with this protocol and number; ends that are no pods declare none (R28).
fn item_contains(item: &PortItem, flow: &Flow) -> bool {
    let declared =
        |name| flow.destination.pod().is_some_and(|pod| port::declares(&pod.ports, name, flow.protocol, flow.port));
    item.protocol == flow.protocol
        && match &item.ports {
            PortMatch::All => true,
            PortMatch::Range(first, last) => (*first..=*last).contains(&flow.port),
            PortMatch::Named(name) => declared(name),
        }
}

/// Whether the flow goes from one of the set's sources to one of its destinations on one of its ports, and is
/// none of those that are excepted.
#[must_use]
pub fn flow_in(cluster: &Cluster, flows: &FlowSet, flow: &Flow) -> bool {
    contains(cluster, &flows.sources, &flow.source)
        && contains(cluster, &flows.destinations, &flow.destination)
        && ports_contain(&flows.ports, flow)
        && !flows.except.iter().any(|gone| flow_in(cluster, gone, flow))
}

/// R4: whether some policy isolates the pod for the direction. R33: a pod that counts as its node is
/// never isolated.
#[must_use]
pub fn isolated(cluster: &Cluster, options: &Options, pod: &PodEnd, direction: Direction) -> bool {
    !counts_as_node(options, pod.host_network) && isolating(cluster, pod, direction).next().is_some()
}

#[cfg(test)]
mod tests;
