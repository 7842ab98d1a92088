//! Which concrete ends and flows can exist in a world: the plain reading of what `[world]` and
//! `[trust]` promise, against which the solver's idea of it is held.

use std::net::IpAddr;

use netverify::model::net::{End, Flow, NodeEnd, PodEnd, Protocol};
use netverify::model::selector::NAMESPACE_NAME_LABEL;
use netverify::model::workload::{Cluster, Namespace, Workload, WorkloadKind, is_namespace_name};
use netverify::model::world::{Existence, World};

/// Whether the flow can exist.
pub fn flow(cluster: &Cluster, world: &World, flow: &Flow) -> bool {
    end(cluster, world, &flow.source)
        && end(cluster, world, &flow.destination)
        && pair(cluster, &flow.source, &flow.destination)
        && Protocol::SPOKEN.contains(&flow.protocol)
        && flow.port > 0
}

/// Whether the end can exist.
pub fn end(cluster: &Cluster, world: &World, end: &End) -> bool {
    match end {
        End::External(address) => world.external && !is_owned(cluster, *address),
        End::Node(end) => world.nodes && node(cluster, end),
        End::Pod(pod) => match pod.workload {
            Some(index) => declared(cluster, world, pod, index),
            None => made_up(cluster, world, pod),
        },
    }
}

/// Whether the two ends can be those of one flow.
pub fn pair(cluster: &Cluster, source: &End, destination: &End) -> bool {
    let is_one_pod = |index: usize| cluster.workloads.get(index).unwrap().kind == WorkloadKind::Pod;
    let apart = match (source, destination) {
        (End::Pod(from), End::Pod(to)) => {
            // A namespace has one set of labels; a bare pod is one end only.
            (from.namespace.name != to.namespace.name || from.namespace.labels == to.namespace.labels)
                && !(from.workload.is_some() && from.workload == to.workload && from.workload.is_some_and(is_one_pod))
        }
        (End::Node(from), End::Node(to)) => from.name != to.name,
        _ => true,
    };
    // R33: what is on one node's network may share its address.
    let on_one_node = source.own_node().is_some() && source.own_node() == destination.own_node();
    apart
        && (source.address() != destination.address() || on_one_node)
        && source.address().is_ipv4() == destination.address().is_ipv4()
}

fn node(cluster: &Cluster, end: &NodeEnd) -> bool {
    match cluster.nodes.iter().find(|node| Some(&node.name) == end.name.as_ref()) {
        Some(node) if !node.addresses.is_empty() => node.addresses.contains(&end.address),
        _ => !is_owned(cluster, end.address),
    }
}

/// A pod of a declared workload is as its template says, and has an address of its own.
fn declared(cluster: &Cluster, world: &World, pod: &PodEnd, index: usize) -> bool {
    let Some(workload) = cluster.workloads.get(index) else { return false };
    let own_address = if workload.host_network {
        world.nodes && on_its_node(cluster, pod) && (is_known(cluster, workload) || has_its_own(workload, pod))
    } else if workload.addresses.is_empty() {
        !is_owned(cluster, pod.address)
    } else {
        workload.addresses.contains(&pod.address)
    };
    workload.host_network == pod.host_network
        && pod.namespace.name == workload.namespace
        && (&pod.labels, &pod.ports) == (&workload.labels, &workload.ports)
        && (workload.node.is_none() || workload.node == pod.node)
        && namespace(cluster, world, &pod.namespace)
        && own_address
}

/// R33: a pod on its node's network has its node's address, whatever its own status says.
fn on_its_node(cluster: &Cluster, pod: &PodEnd) -> bool {
    pod.node.is_some() && node(cluster, &NodeEnd { name: pod.node.clone(), address: pod.address })
}

/// Whether a Node says which addresses the workload's node has: then these are its own.
fn is_known(cluster: &Cluster, workload: &Workload) -> bool {
    cluster.nodes.iter().any(|node| Some(&node.name) == workload.node.as_ref() && !node.addresses.is_empty())
}

fn has_its_own(workload: &Workload, pod: &PodEnd) -> bool {
    workload.addresses.is_empty() || workload.addresses.contains(&pod.address)
}

fn made_up(cluster: &Cluster, world: &World, pod: &PodEnd) -> bool {
    let own_address =
        if pod.host_network { world.nodes && on_its_node(cluster, pod) } else { !is_owned(cluster, pod.address) };
    world.pods == Existence::Any
        && own_address
        && namespace(cluster, world, &pod.namespace)
        && !world.trust.namespaces.contains(&pod.namespace.name)
        && !world.trust.pod_labels.iter().any(|key| pod.labels.contains_key(key))
}

/// A declared namespace has its labels; another exists if objects live there or any may be created,
/// and carries no trusted label.
fn namespace(cluster: &Cluster, world: &World, namespace: &Namespace) -> bool {
    if let Some(declared) = cluster.namespaces.get(&namespace.name) {
        return declared.namespace == *namespace;
    }
    let name = &namespace.name;
    let hosts = cluster.policies.iter().any(|policy| policy.namespace == *name)
        || cluster.workloads.iter().any(|workload| workload.namespace == *name);
    (hosts || world.namespaces == Existence::Any && is_namespace_name(name))
        && namespace.labels.get(NAMESPACE_NAME_LABEL) == Some(name)
        && !world.trust.namespace_labels.iter().any(|key| namespace.labels.contains_key(key))
}

/// Whether the address is known to be a declared pod's or node's. A pod on its node's network has
/// none of its own.
pub fn is_owned(cluster: &Cluster, address: IpAddr) -> bool {
    let pods = cluster.workloads.iter().filter(|workload| !workload.host_network);
    pods.flat_map(|workload| &workload.addresses).any(|owned| *owned == address)
        || cluster.nodes.iter().flat_map(|node| &node.addresses).any(|owned| *owned == address)
}
