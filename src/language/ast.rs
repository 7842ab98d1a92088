//! Sentences as they were written: every part with its place, no name looked up yet.
//!
//! The grammar makes these values, `resolve` gives them their meaning in a cluster. Anyone may read
//! them; they assume nothing but that they came out of [`super::parse`].

use ipnet::IpNet;

use crate::model::algebra::SetRelation;
use crate::model::net::Protocol;
use crate::model::policy::Direction;
use crate::model::selector::LabelSelector;
use crate::source::Origin;

/// One sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// What it says.
    pub form: Form,
    /// From its first word to its last.
    pub origin: Origin,
}

impl Sentence {
    /// The paths of the two sets of policies that it compares; `None` for any other sentence.
    #[must_use]
    pub fn sets(&self) -> Option<[&Name; 2]> {
        match &self.form {
            Form::Sets { one, other, .. } => Some([one, other]),
            Form::Flows { .. } | Form::Path { .. } | Form::Isolated { .. } | Form::Compared { .. } => None,
        }
    }
}

/// What a sentence says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Something about the flows from sources to destinations.
    Flows {
        /// How many of them are allowed.
        quantifier: Quantifier,
        /// Where the flows begin.
        sources: EndpointExpr,
        /// Where they end; never empty.
        targets: Vec<Target>,
    },
    /// That no chain of flows leads from the sources to the targets.
    Path {
        /// Where chains begin.
        sources: EndpointExpr,
        /// Where they end, with the ports of the last flow; never empty.
        targets: Vec<Target>,
    },
    /// Pods that are isolated.
    Isolated {
        /// Which pods.
        pods: EndpointExpr,
        /// For which directions; never empty.
        directions: Vec<Direction>,
    },
    /// How a policy compares with others.
    Compared {
        /// How.
        relation: Relation,
        /// The policy.
        policy: Name,
        /// The others: at least one, or none where the relation names none.
        others: Vec<Name>,
    },
    /// How the flows that a set of policies permits compare with those of another.
    Sets {
        /// How.
        relation: SetRelation,
        /// Where the first set is read from: a file, folder or glob.
        one: Name,
        /// Where the second set is read from.
        other: Name,
    },
}

/// How a policy compares with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `is subsumed by` one or several.
    SubsumedBy,
    /// `is equivalent to` one.
    EquivalentTo,
    /// `is disjoint from` one.
    DisjointFrom,
    /// `is redundant` beside all others of its namespace.
    Redundant,
}

/// How many flows are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// No flow from the sources.
    None,
    /// No flow from anything but the sources.
    Only,
    /// Every flow from the sources.
    Every,
    /// At least one flow from the sources.
    Some,
}

/// A destination with its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The destination.
    pub endpoint: EndpointExpr,
    /// The ports written after it; empty where none are.
    pub ports: Vec<PortExpr>,
}

/// An item of a list of ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortExpr {
    /// Which ports.
    pub ports: PortWord,
    /// The protocol: the item's own, or that of the next item that has one.
    pub protocol: Option<Protocol>,
    /// The item.
    pub origin: Origin,
}

/// What stands in an item of a list of ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortWord {
    /// `*`.
    Any,
    /// A number, or two with a dash; both ends count.
    Range(u16, u16),
    /// A port's name.
    Named(String),
}

/// A set of ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointExpr {
    /// Which ends.
    pub kind: EndpointKind,
    /// From its first word to its last.
    pub origin: Origin,
}

/// The ways to say who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointKind {
    /// `anything`.
    Anything,
    /// `anything outside` these namespaces.
    Outside(Vec<Name>),
    /// `external`.
    External,
    /// External addresses of one block, as written: host bits may be set.
    Cidr(IpNet),
    /// `node`, or the one of this name.
    Node(Option<Name>),
    /// `pods ...`.
    Pods {
        /// Which pods; everything where nothing is said.
        selector: LabelSelector,
        /// In which namespaces.
        scope: Scope,
    },
    /// A name of `[endpoints]`, or a workload.
    Named(Name),
    /// `service NAMESPACE/NAME`.
    Service(Name),
    /// Any of these.
    Union(Vec<EndpointExpr>),
    /// The first without the second.
    Except(Box<EndpointExpr>, Box<EndpointExpr>),
}

/// The namespaces of `pods ...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nothing is said: every namespace.
    Any,
    /// `in NAME`.
    Named(Name),
    /// `in namespaces with SELECTOR`.
    Matching(LabelSelector),
}

/// A name as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its text.
    pub text: String,
    /// Its place.
    pub origin: Origin,
}

/// An entry of `[endpoints]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedEndpoint {
    /// Where it is defined.
    pub origin: Origin,
    /// What its name stands for.
    pub definition: EndpointExpr,
}
