//! The second kind of bad news, and the good: the answer to a property.
//!
//! Plain data: `prove` makes it, `report` shows it. A time limit is [`Outcome::Unknown`], never one of
//! the other two.

use crate::eval::trace::Trace;
use crate::model::algebra::Gap;
use crate::model::net::{Flow, PodEnd};
use crate::model::policy::Direction;
use crate::source::Origin;

/// The answer to one property.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It holds for every pod that could exist.
    Proved(Proof),
    /// It does not.
    Refuted(Refutation),
    /// Not decided within the time limit.
    Unknown(Reason),
    /// It is about nothing: no flow or pod of the world is meant.
    Vacuous,
    /// The two semantics disagree: a bug in netverify.
    Disagreement(Box<Disagreement>),
}

/// What the two semantics disagree about, and what each of them holds of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Disagreement {
    /// The case: the solver's, with the reasons of the reference semantics.
    pub case: Counterexample,
    /// The policies that isolate an end of it by the solver; `None` where it does not say.
    pub solver: Option<Vec<Isolating>>,
    /// The same by the reference semantics.
    pub reference: Vec<Isolating>,
}

/// A policy that isolates a pod of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolating {
    /// The policy, by its index in the cluster.
    pub policy: usize,
    /// For which direction.
    pub direction: Direction,
    /// Whether a rule of it admits the flow.
    pub admits: bool,
}

/// Why a property is not decided, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(pub String);

/// What a proof rests on.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Proof {
    /// Policies without which the proof fails.
    pub rests_on: Vec<Pillar>,
    /// For "some can reach": a flow that is allowed. For sets of policies: one that only the second permits.
    pub witness: Option<Box<Counterexample>>,
    /// For sets of policies: how they compare.
    pub sets: Option<SetsAnswer>,
    /// For "no path": the declared workloads that chains come to, by index in order; none of them leads on to the end.
    pub comes_to: Option<Vec<usize>>,
    /// Nothing is meant by the property, and its author accepts that.
    pub vacuous: bool,
}

/// A policy and what it contributes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pillar {
    /// The policy, by its index in the cluster.
    pub policy: usize,
    /// The direction in which it matters.
    pub direction: Direction,
    /// Whether its isolation matters, or what it admits.
    pub part: Part,
}

/// What a policy contributes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// It isolates pods.
    Isolates,
    /// Its rules admit traffic.
    Admits,
    /// In a comparison: it does not do what the other policy does.
    Lacks,
}

/// Why a property fails.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Refutation {
    /// A case that shows it; `None` for "some can reach", where every case fails.
    pub counterexample: Option<Box<Counterexample>>,
    /// For "some can reach": the policies that together leave no such flow.
    pub blocked_by: Vec<Pillar>,
    /// What plugins do under which the property holds, in words; empty where that is not known.
    pub holds_if: Vec<String>,
    /// For sets of policies: how they compare.
    pub sets: Option<SetsAnswer>,
}

/// A concrete case: checked by `eval`, small, and of declared workloads where these will do.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterexample {
    /// The flow or pod.
    pub case: Case,
    /// Whether every pod of it is one of a declared workload.
    pub today: bool,
    /// Pods beside the ends that nobody has declared and that the case needs: they lend the number of a
    /// named port (R27).
    pub further: Vec<PodEnd>,
    /// Choices of the network plugin that it needs, in words; empty where any plugin will do.
    pub needs: Vec<String>,
    /// The lines at fault, the most telling first.
    pub blames: Vec<Blame>,
}

/// What a counterexample shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Case {
    /// A flow, with the reasons of both sides.
    Flow {
        /// The flow.
        flow: Box<Flow>,
        /// Why it is allowed or denied.
        trace: Trace,
    },
    /// A chain of flows, each from where the one before ended.
    Path {
        /// Its steps, each a [`Case::Flow`]; at least one.
        steps: Vec<Counterexample>,
    },
    /// A pod that no policy isolates for these directions.
    Open {
        /// The pod.
        pod: Box<PodEnd>,
        /// The directions in which it is open; at least one.
        directions: Vec<Direction>,
    },
    /// A pod or flow to which policies do different things, or which both select.
    Gap {
        /// What it falls into.
        gap: Gap,
        /// The pod that the policies do or do not select.
        subject: Box<PodEnd>,
        /// The flow, where the difference is in what is admitted.
        flow: Option<Box<Flow>>,
    },
    /// A flow that one set of policies allows and another does not, each taken alone.
    Verdicts {
        /// The flow.
        flow: Box<Flow>,
        /// The set that allows it.
        allows: SetVerdict,
        /// The set that does not.
        denies: SetVerdict,
    },
}

/// What a set of policies makes of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct SetVerdict {
    /// The name of the set.
    pub set: String,
    /// The reasons of both sides.
    pub trace: Trace,
}

/// What two sets of policies permit.
#[derive(Clone, Debug, PartialEq)]
pub struct SetsAnswer {
    /// The name of the first set.
    pub one: String,
    /// The name of the second set.
    pub other: String,
    /// How what the first permits compares with what the second permits; `None` where that is not
    /// wholly decided.
    pub permits: Option<Permits>,
    /// A flow that only the second permits, where both permit something that the other does not.
    pub back: Option<Box<Counterexample>>,
}

/// How what one set of policies permits compares with what another permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Permits {
    /// The same flows.
    Equal,
    /// Fewer flows, and no other.
    Less,
    /// More flows, and all of the other's.
    More,
    /// Each permits flows that the other does not.
    Neither,
}

/// Lines of a policy and what they do in this case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// The policy, by its index in the cluster.
    pub policy: usize,
    /// The direction in which it acts.
    pub direction: Direction,
    /// What it does.
    pub part: Part,
    /// The field, as `ingress[0].from[1]`.
    pub path: String,
    /// The lines.
    pub origin: Origin,
    /// What the lines do, in a few words.
    pub text: String,
}
