//! What the manifests declare: namespaces, pods and their controllers, Services, nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::inventory::Inventory;
use super::net::Protocol;
use super::policy::Policy;
use super::selector::{Labels, NAMESPACE_NAME_LABEL};
use crate::source::Origin;

/// A namespace and its labels, the automatic name label included (R9).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}

impl Namespace {
    /// A namespace of this name; the automatic label is set, whatever `labels` says about it (R9).
    #[must_use]
    pub fn new(name: impl Into<String>, mut labels: Labels) -> Namespace {
        let name = name.into();
        labels.insert(NAMESPACE_NAME_LABEL.to_owned(), name.clone());
        Namespace { name, labels }
    }
}

/// Whether a namespace may bear this name: a DNS-1123 label (V2).
#[must_use]
pub fn is_namespace_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len()) && name.chars().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// A Namespace object of the manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredNamespace {
    /// Name and labels.
    pub namespace: Namespace,
    /// The object.
    pub origin: Origin,
}

/// The kinds of object that make pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[expect(missing_docs, reason = "the names are Kubernetes' own kinds")]
pub enum WorkloadKind {
    Pod,
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    ReplicationController,
}

impl WorkloadKind {
    /// Every kind.
    pub const ALL: [WorkloadKind; 8] = [
        WorkloadKind::Pod,
        WorkloadKind::Deployment,
        WorkloadKind::ReplicaSet,
        WorkloadKind::StatefulSet,
        WorkloadKind::DaemonSet,
        WorkloadKind::Job,
        WorkloadKind::CronJob,
        WorkloadKind::ReplicationController,
    ];

    /// The kind as manifests write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            WorkloadKind::Pod => "Pod",
            WorkloadKind::Deployment => "Deployment",
            WorkloadKind::ReplicaSet => "ReplicaSet",
            WorkloadKind::StatefulSet => "StatefulSet",
            WorkloadKind::DaemonSet => "DaemonSet",
            WorkloadKind::Job => "Job",
            WorkloadKind::CronJob => "CronJob",
            WorkloadKind::ReplicationController => "ReplicationController",
        }
    }
}

/// A port that a container declares.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContainerPort {
    /// Its name, by which policies may call it (R27).
    pub name: Option<String>,
    /// Its number, 1 to 65535.
    pub number: u16,
    /// Its protocol.
    pub protocol: Protocol,
}

/// A pod, or the template by which a controller makes pods. Labels, ports and names are the
/// template's (R40); pods that have ended are not in the inventory (R34).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// The kind of the object.
    pub kind: WorkloadKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The labels of its pods.
    pub labels: Labels,
    /// The ports that its containers declare, init containers included (R27).
    pub ports: Vec<ContainerPort>,
    /// The addresses that a Pod object carries in its status; empty where they are not known.
    pub addresses: Vec<IpAddr>,
    /// The node that a Pod object runs on.
    pub node: Option<String>,
    /// Whether its pods use their node's network (R33).
    pub host_network: bool,
    /// The object.
    pub origin: Origin,
}

impl Workload {
    /// `Kind namespace/name`, as messages write it.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{} {}/{}", self.kind.name(), self.namespace, self.name)
    }
}

/// A Service: pods by selector, and ports that are translated to the pods' own (R36).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The labels of the pods behind it; `None` where the Service selects none.
    pub selector: Option<Labels>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// The object.
    pub origin: Origin,
}

/// One port of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// Its name.
    pub name: Option<String>,
    /// The port of the Service.
    pub port: u16,
    /// Its protocol.
    pub protocol: Protocol,
    /// The port of the pods: a number, or a name that each pod resolves.
    pub target: TargetPort,
}

/// The `targetPort` of a Service port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPort {
    /// This number.
    Number(u16),
    /// Whatever the pod declares under this name.
    Name(String),
}

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// The object.
    pub origin: Origin,
}

/// All that the manifests of one variant declare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// The policies, in the order of their namespaces and names.
    pub policies: Inventory<Policy>,
    /// The declared namespaces by name.
    pub namespaces: BTreeMap<String, DeclaredNamespace>,
    /// The workloads, in the order of namespace, name and kind.
    pub workloads: Inventory<Workload>,
    /// The Services.
    pub services: Inventory<Service>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// Kinds that were met and not read, with how often.
    pub unread_kinds: BTreeMap<String, usize>,
    /// Kinds that change what traffic flows and that the user chose to ignore, with how often.
    pub ignored_kinds: BTreeMap<String, usize>,
}

impl Cluster {
    /// The namespaces in which objects live, declared or not, in alphabetical order.
    #[must_use]
    pub fn inhabited(&self) -> BTreeSet<&str> {
        let policies = self.policies.namespaces();
        policies.chain(self.workloads.namespaces()).chain(self.services.namespaces()).collect()
    }

    /// The addresses that pods of the workload are known by; empty where they are not known. R33: on its
    /// node's network a pod has the addresses of its node, so where a Node declares those its own say no more.
    #[must_use]
    pub fn own_addresses<'a>(&self, workload: &'a Workload) -> &'a [IpAddr] {
        let of_node = || self.nodes.iter().find(|node| Some(&node.name) == workload.node.as_ref());
        let is_known_by_node = workload.host_network && of_node().is_some_and(|node| !node.addresses.is_empty());
        if is_known_by_node { &[] } else { &workload.addresses }
    }
}
