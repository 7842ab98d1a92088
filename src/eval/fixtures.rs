//! Small ends, policies and clusters for the unit tests of `eval`; nobody else may call it.
//!
//! Everything it makes carries one and the same made-up origin.

use crate::model::net::{End, Flow, IpBlock, NodeEnd, PodEnd, PortMatch, Protocol};
use crate::model::policy::{NamespaceScope, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule};
use crate::model::selector::{LabelSelector, Labels, Requirement, WrittenSelector};
use crate::model::workload::{Cluster, ContainerPort, Namespace, Workload, WorkloadKind};
use crate::source::{Origin, SourceMap, Span};

pub(super) fn origin() -> Origin {
    Origin { file: SourceMap::default().add("test", ""), span: Span::new(0, 0) }
}

pub(super) fn labels(entries: &[(&str, &str)]) -> Labels {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn selects(entries: &[(&str, &str)]) -> LabelSelector {
    LabelSelector { requirements: entries.iter().map(|(key, value)| Requirement::equals(*key, *value)).collect() }
}

pub(super) fn port(name: &str, number: u16, protocol: Protocol) -> ContainerPort {
    ContainerPort { name: Some(name.to_owned()), number, protocol }
}

/// A pod on node `n1`, in a namespace with its automatic label alone, that declares no ports.
pub(super) fn pod_end(namespace: &str, entries: &[(&str, &str)], address: &str) -> PodEnd {
    PodEnd {
        namespace: Namespace::new(namespace, Labels::new()),
        name: "pod".to_owned(),
        labels: labels(entries),
        ports: Vec::new(),
        address: address.parse().unwrap(),
        node: Some("n1".to_owned()),
        host_network: false,
        workload: None,
    }
}

pub(super) fn pod(namespace: &str, entries: &[(&str, &str)], address: &str) -> End {
    End::Pod(pod_end(namespace, entries, address))
}

pub(super) fn host_pod(namespace: &str, node: &str, address: &str) -> End {
    let node = Some(node.to_owned());
    End::Pod(PodEnd { node, host_network: true, ..pod_end(namespace, &[], address) })
}

pub(super) fn node(name: &str, address: &str) -> End {
    End::Node(NodeEnd { name: Some(name.to_owned()), address: address.parse().unwrap() })
}

pub(super) fn external(address: &str) -> End {
    End::External(address.parse().unwrap())
}

pub(super) fn tcp(source: End, destination: End, port: u16) -> Flow {
    Flow { source, destination, protocol: Protocol::Tcp, port }
}

pub(super) fn pods_peer(namespaces: NamespaceScope, pods: LabelSelector) -> Peer {
    Peer { kind: PeerKind::Pods { namespaces, pods }, origin: origin() }
}

pub(super) fn block_peer(cidr: &str, except: &[&str]) -> Peer {
    let except = except.iter().map(|block| block.parse().unwrap()).collect();
    Peer { kind: PeerKind::IpBlock(IpBlock { cidr: cidr.parse().unwrap(), except }), origin: origin() }
}

pub(super) fn item(protocol: Protocol, ports: PortMatch) -> PortSpec {
    PortSpec { protocol, ports, origin: origin() }
}

/// A rule; an empty list stands for "not given".
pub(super) fn rule(peers: Vec<Peer>, ports: Vec<PortSpec>) -> Rule {
    Rule {
        peers: if peers.is_empty() { Peers::All } else { Peers::AnyOf(peers) },
        ports: if ports.is_empty() { Ports::All } else { Ports::AnyOf(ports) },
        origin: origin(),
    }
}

/// A policy for every pod of a namespace.
pub(super) fn policy(namespace: &str, ingress: Option<Vec<Rule>>, egress: Option<Vec<Rule>>) -> Policy {
    Policy {
        namespace: namespace.to_owned(),
        name: "policy".to_owned(),
        pod_selector: WrittenSelector { selector: LabelSelector::everything(), origin: origin() },
        ingress,
        egress,
        origin: origin(),
        name_origin: origin(),
        written: crate::model::policy::Written::default(),
    }
}

pub(super) fn workload(namespace: &str, entries: &[(&str, &str)], ports: Vec<ContainerPort>) -> Workload {
    Workload {
        kind: WorkloadKind::Pod,
        namespace: namespace.to_owned(),
        name: "pod".to_owned(),
        labels: labels(entries),
        ports,
        addresses: Vec::new(),
        node: None,
        host_network: false,
        origin: origin(),
    }
}

pub(super) fn cluster(policies: Vec<Policy>) -> Cluster {
    Cluster { policies: policies.into(), ..Cluster::default() }
}
