//! The clusters of the conformance cases: namespaces, pods, nodes and outside addresses by name.
//!
//! Private to the test support; `cases` turns what is here into flows.

use std::collections::BTreeMap;
use std::net::IpAddr;

use netverify::model::net::Protocol;
use netverify::model::policy::Policy;
use netverify::model::selector::Labels;
use netverify::model::workload::{Cluster, ContainerPort, DeclaredNamespace, Namespace, Node, Workload, WorkloadKind};
use serde::Deserialize;

use super::policies::origin;

/// What a case says that there is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inventory {
    #[serde(default)]
    pub(super) nodes: BTreeMap<String, CaseNode>,
    namespaces: BTreeMap<String, Labels>,
    pods: BTreeMap<String, CasePod>,
    #[serde(default)]
    pub(super) external: BTreeMap<String, External>,
}

impl Inventory {
    /// The cluster under these policies. R34: pods that have ended are not in it.
    pub(super) fn cluster(&self, policies: Vec<Policy>) -> Cluster {
        let living = self.pods.iter().filter(|(_, pod)| !pod.has_ended());
        let mut workloads: Vec<Workload> = living.map(|(name, pod)| self.workload(name, pod)).collect();
        workloads.sort_by_key(|workload| (workload.namespace.clone(), workload.name.clone()));
        Cluster {
            policies: policies.into(),
            namespaces: self.namespaces.iter().map(|(name, labels)| (name.clone(), declared(name, labels))).collect(),
            workloads: workloads.into(),
            nodes: self.nodes.iter().map(|(name, node)| node.declared(name)).collect(),
            ..Cluster::default()
        }
    }

    /// A pod on its node's network has its node's addresses.
    fn workload(&self, full_name: &str, pod: &CasePod) -> Workload {
        let (namespace, name) = full_name.split_once('/').unwrap();
        let node = pod.node.as_ref().and_then(|node| self.nodes.get(node));
        let addresses = match node {
            Some(node) if pod.host_network => node.ips.clone(),
            _ => pod.ip.into_iter().chain(pod.ips.iter().copied()).collect(),
        };
        Workload {
            kind: WorkloadKind::Pod,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            labels: pod.labels.clone(),
            ports: pod.ports.iter().map(CasePort::declared).collect(),
            addresses,
            node: pod.node.clone(),
            host_network: pod.host_network,
            origin: origin(),
        }
    }
}

fn declared(name: &str, labels: &Labels) -> DeclaredNamespace {
    DeclaredNamespace { namespace: Namespace::new(name, labels.clone()), origin: origin() }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseNode {
    pub(super) ips: Vec<IpAddr>,
    #[serde(default)]
    labels: Labels,
}

impl CaseNode {
    fn declared(&self, name: &str) -> Node {
        Node { name: name.to_owned(), labels: self.labels.clone(), addresses: self.ips.clone(), origin: origin() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CasePod {
    labels: Labels,
    ip: Option<IpAddr>,
    #[serde(default)]
    ips: Vec<IpAddr>,
    node: Option<String>,
    #[serde(default)]
    ports: Vec<CasePort>,
    #[serde(default)]
    host_network: bool,
    phase: Option<String>,
}

impl CasePod {
    fn has_ended(&self) -> bool {
        matches!(self.phase.as_deref(), Some("Succeeded" | "Failed"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CasePort {
    name: Option<String>,
    port: u16,
    protocol: Option<String>,
}

impl CasePort {
    fn declared(&self) -> ContainerPort {
        let protocol = self.protocol.as_deref().map_or(Protocol::Tcp, |name| Protocol::from_name(name).unwrap());
        ContainerPort { name: self.name.clone(), number: self.port, protocol }
    }
}

/// An end outside the cluster: one address or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum External {
    One(IpAddr),
    Several { ips: Vec<IpAddr> },
}

impl External {
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        match self {
            External::One(address) => vec![*address],
            External::Several { ips } => ips.clone(),
        }
    }
}
