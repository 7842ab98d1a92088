//! NetworkPolicy as the API server understands it: defaults filled in, nulls resolved.

use super::net::{IpBlock, PortMatch, Protocol};
use super::selector::{LabelSelector, WrittenSelector};
use crate::source::Origin;

/// The two directions. A pod is isolated for each of them apart (R4).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the pod.
    Ingress,
    /// Out of the pod.
    Egress,
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        })
    }
}

/// A networking.k8s.io/v1 NetworkPolicy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its namespace, the only one whose pods it selects (R1).
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Which pods of the namespace it selects (R14).
    pub pod_selector: WrittenSelector,
    /// The rules for traffic into the pods; `None` where the policy does not speak about ingress (R2, R3).
    pub ingress: Option<Vec<Rule>>,
    /// The rules for traffic out of the pods; `None` where the policy does not speak about egress (R2, R3).
    pub egress: Option<Vec<Rule>>,
    /// The whole object.
    pub origin: Origin,
    /// The value of `metadata.name`, short enough to point at.
    pub name_origin: Origin,
    /// What the manifest says before the defaults are filled in.
    pub written: Written,
}

/// What a manifest says of a policy before the API server fills in defaults (R2, R3, R17). No verdict hangs on it:
/// `lint` holds it against what the policy means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// `policyTypes`, where it names a direction.
    pub types: Option<Origin>,
    /// `ingress`, where the key is there.
    pub ingress: Option<WrittenRules>,
    /// `egress`, where the key is there.
    pub egress: Option<WrittenRules>,
    /// Each `podSelector: {}` that stands beside a `namespaceSelector`, and so says nothing (R17).
    pub idle_pod_selectors: Vec<Origin>,
}

impl Written {
    /// The key of a direction, where it is there.
    #[must_use]
    pub fn rules(&self, direction: Direction) -> Option<WrittenRules> {
        match direction {
            Direction::Ingress => self.ingress,
            Direction::Egress => self.egress,
        }
    }
}

/// The `ingress` or `egress` of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenRules {
    /// From the key to the end of the last rule.
    pub origin: Origin,
    /// How many rules it holds.
    pub count: usize,
}

impl Policy {
    /// The rules of a direction; `None` where the policy does not have that direction.
    #[must_use]
    pub fn rules(&self, direction: Direction) -> Option<&[Rule]> {
        match direction {
            Direction::Ingress => self.ingress.as_deref(),
            Direction::Egress => self.egress.as_deref(),
        }
    }

    /// Whether both say the same of this direction, wherever it is written: no verdict can tell them apart. Two that say it in other
    /// words may count as different.
    #[must_use]
    pub fn says_the_same(&self, other: &Policy, direction: Direction) -> bool {
        let are_alike = |one: &[Rule], other: &[Rule]| {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.says_the_same(other))
        };
        let rules = match (self.rules(direction), other.rules(direction)) {
            (None, None) => return true,
            (Some(one), Some(other)) => are_alike(one, other),
            _ => false,
        };
        rules && self.namespace == other.namespace && self.pod_selector.selector == other.pod_selector.selector
    }

    /// `namespace/name`, as people write it.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl Rule {
    fn says_the_same(&self, other: &Rule) -> bool {
        let peers = match (&self.peers, &other.peers) {
            (Peers::All, Peers::All) => true,
            (Peers::AnyOf(one), Peers::AnyOf(other)) => {
                one.iter().map(|peer| &peer.kind).eq(other.iter().map(|peer| &peer.kind))
            }
            _ => false,
        };
        let ports = |spec: &PortSpec| (spec.protocol, spec.ports.clone());
        let ports = match (&self.ports, &other.ports) {
            (Ports::All, Ports::All) => true,
            (Ports::AnyOf(one), Ports::AnyOf(other)) => one.iter().map(ports).eq(other.iter().map(ports)),
            _ => false,
        };
        peers && ports
    }
}

/// One rule: matches iff its peers match and its ports match (R8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Who may be at the other end.
    pub peers: Peers,
    /// On which ports.
    pub ports: Ports,
    /// The whole rule.
    pub origin: Origin,
}

impl Rule {
    /// The peers that it names; none where it names none, and means everything (R15).
    #[must_use]
    pub fn named_peers(&self) -> &[Peer] {
        match &self.peers {
            Peers::All => &[],
            Peers::AnyOf(peers) => peers,
        }
    }

    /// The items of ports that it names; none where it names none, and means every port (R24).
    #[must_use]
    pub fn named_ports(&self) -> &[PortSpec] {
        match &self.ports {
            Ports::All => &[],
            Ports::AnyOf(items) => items,
        }
    }
}

/// The `from` or `to` of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peers {
    /// Absent, null or empty: everything, in the cluster and outside (R15).
    All,
    /// Any of these; never empty.
    AnyOf(Vec<Peer>),
}

/// The `ports` of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Absent, null or empty: every port of every protocol (R24).
    All,
    /// Any of these; never empty.
    AnyOf(Vec<PortSpec>),
}

/// One item of `from` or `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// What it admits.
    pub kind: PeerKind,
    /// The whole item.
    pub origin: Origin,
}

/// What a peer admits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerKind {
    /// Pods that match, in namespaces that match (R16 to R18). Neither nodes nor external addresses.
    Pods {
        /// In which namespaces.
        namespaces: NamespaceScope,
        /// Which pods there; everything where `podSelector` is absent or null (R17).
        pods: LabelSelector,
    },
    /// Addresses (R20 to R22).
    IpBlock(IpBlock),
}

/// The namespaces of a peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NamespaceScope {
    /// `namespaceSelector` absent or null: the policy's own namespace (R16).
    Own,
    /// Every namespace whose labels match (R17).
    Matching(LabelSelector),
}

/// One item of `ports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSpec {
    /// The protocol, TCP where none is written (R25).
    pub protocol: Protocol,
    /// Which ports of it.
    pub ports: PortMatch,
    /// The whole item.
    pub origin: Origin,
}
