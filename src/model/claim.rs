//! What a property claims: sets of endpoints, sets of ports, and a statement about the flows between.
//!
//! `language` makes these from sentences; `eval::claim` says concretely whether a flow is in them,
//! `symbolic` says it for all flows at once.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::algebra::{Comparison, Gap};
use super::net::{PortMatch, Protocol};
use super::options::Options;
use super::policy::Direction;
use super::selector::LabelSelector;
use super::workload::Cluster;

/// A set of ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Everything: pods, external addresses, nodes.
    Anything,
    /// Pods that match, in namespaces that match.
    Pods {
        /// In which namespaces.
        namespaces: NamespaceSet,
        /// Which pods there.
        pods: LabelSelector,
    },
    /// Pods of a declared workload, by its index in the cluster.
    Workload(usize),
    /// Addresses outside the cluster; within the block, where one is given.
    External(Option<IpNet>),
    /// Whatever has an address in the block: pods, nodes and what lies outside the cluster (R22). No sentence
    /// says this; lists of classes do.
    Within(IpNet),
    /// Nodes; the one of this name, where one is given.
    Node(Option<String>),
    /// In one of these.
    Union(Vec<Endpoint>),
    /// In the first and not in the second.
    Except(Box<Endpoint>, Box<Endpoint>),
}

impl Endpoint {
    /// Everything that is not in `self`.
    #[must_use]
    pub fn complement(self) -> Endpoint {
        Endpoint::Except(Box::new(Endpoint::Anything), Box::new(self))
    }

    /// The declared workloads that may have pods in it, by index: all of the namespaces that its words name, and of
    /// the whole cluster where they leave the namespace open.
    #[must_use]
    pub fn candidates(&self, cluster: &Cluster) -> Vec<usize> {
        match self.homes(cluster) {
            Some(homes) => homes.into_iter().flat_map(|name| cluster.workloads.indices_in(name)).copied().collect(),
            None => (0..cluster.workloads.len()).collect(),
        }
    }

    /// The namespaces outside which it surely has no pods; `None` where its words leave that open.
    #[must_use]
    pub fn homes<'a>(&'a self, cluster: &'a Cluster) -> Option<BTreeSet<&'a str>> {
        match self {
            Endpoint::Anything | Endpoint::Within(_) | Endpoint::Node(_) => None,
            Endpoint::External(_) => Some(BTreeSet::new()),
            Endpoint::Pods { namespaces: NamespaceSet::Named(name), .. } => Some(BTreeSet::from([name.as_str()])),
            Endpoint::Pods { .. } => None,
            Endpoint::Workload(index) => {
                Some(cluster.workloads.get(*index).map(|workload| workload.namespace.as_str()).into_iter().collect())
            }
            Endpoint::Union(parts) => {
                parts.iter().map(|part| part.homes(cluster)).try_fold(BTreeSet::new(), |mut homes, of_part| {
                    homes.extend(of_part?);
                    Some(homes)
                })
            }
            Endpoint::Except(whole, _) => whole.homes(cluster),
        }
    }

    /// Whether it hangs on a pod's address whether the pod belongs.
    #[must_use]
    pub fn turns_on_addresses(&self) -> bool {
        match self {
            Endpoint::Within(_) => true,
            Endpoint::Union(parts) => parts.iter().any(Endpoint::turns_on_addresses),
            Endpoint::Except(whole, gone) => whole.turns_on_addresses() || gone.turns_on_addresses(),
            Endpoint::Anything
            | Endpoint::Pods { .. }
            | Endpoint::Workload(_)
            | Endpoint::External(_)
            | Endpoint::Node(_) => false,
        }
    }
}

/// A set of namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamespaceSet {
    /// Every namespace.
    Any,
    /// The namespace of this name.
    Named(String),
    /// Every namespace whose labels match.
    Matching(LabelSelector),
}

/// A set of destination ports: any of the items; every port of TCP, UDP and SCTP where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSet {
    /// The items.
    pub items: Vec<PortItem>,
}

/// Ports of one protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortItem {
    /// The protocol.
    pub protocol: Protocol,
    /// Which ports of it. A name is resolved on the destination (R27).
    pub ports: PortMatch,
}

/// Flows: from any of the sources to any of the destinations on any of the ports, but for those of `except`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSet {
    /// The sources.
    pub sources: Endpoint,
    /// The destinations.
    pub destinations: Endpoint,
    /// The destination ports.
    pub ports: PortSet,
    /// Flows that are not meant. No sentence says this; lists of classes do.
    pub except: Vec<FlowSet>,
}

impl FlowSet {
    /// All flows from the sources to the destinations on the ports.
    #[must_use]
    pub fn new(sources: Endpoint, destinations: Endpoint, ports: PortSet) -> FlowSet {
        FlowSet { sources, destinations, ports, except: Vec::new() }
    }

    /// The set itself, and all that it is made of.
    #[must_use]
    pub fn with_parts(&self) -> Vec<&FlowSet> {
        let parts = self.except.iter().flat_map(FlowSet::with_parts);
        std::iter::once(self).chain(parts).collect()
    }
}

/// A statement that is true or false of a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// No such flow is allowed.
    NoneCanReach(FlowSet),
    /// Every such flow is allowed.
    EveryCanReach(FlowSet),
    /// Some such flow is allowed.
    SomeCanReach(FlowSet),
    /// No chain of allowed flows leads from the sources to the destinations: the first flow begins at a source, each
    /// further one where the one before ended, at a pod of a declared workload; the last ends at a destination on one of
    /// the ports, the others end on any port. Nothing is excepted.
    NoPath(FlowSet),
    /// Every such pod is isolated for each of the directions (R4).
    Isolated {
        /// The pods.
        pods: Endpoint,
        /// The directions, at least one.
        directions: Vec<Direction>,
    },
    /// The policies compare like this. It is decided gap by gap.
    Compared(Comparison),
    /// Nothing falls into this gap between policies, under one plugin's choices.
    NoGap {
        /// The gap.
        gap: Gap,
        /// The choices, the same for all the policies.
        options: Options,
    },
}

impl Claim {
    /// The flows that the claim is about, of a chain those that would be one by themselves; `None` for a claim about
    /// pods alone.
    #[must_use]
    pub fn flows(&self) -> Option<&FlowSet> {
        match self {
            Claim::NoneCanReach(flows)
            | Claim::EveryCanReach(flows)
            | Claim::SomeCanReach(flows)
            | Claim::NoPath(flows) => Some(flows),
            Claim::Isolated { .. } | Claim::Compared(_) | Claim::NoGap { .. } => None,
        }
    }

    /// Whether a case of it is one pod, and not a flow between two ends.
    #[must_use]
    pub fn is_about_single_pods(&self) -> bool {
        match self {
            Claim::NoneCanReach(_) | Claim::EveryCanReach(_) | Claim::SomeCanReach(_) | Claim::NoPath(_) => false,
            Claim::Isolated { .. } => true,
            Claim::Compared(comparison) => comparison.is_about_single_pods(),
            Claim::NoGap { gap, .. } => gap.is_about_single_pods(),
        }
    }
}
