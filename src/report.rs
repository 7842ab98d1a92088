//! The one report that every format is made of: plain, serialisable data.
//!
//! [`build`] computes everything that is ever said about a run; the renderers
//! (`text`, `json`) only lay it out. The JSON form is versioned by [`SCHEMA`] and described in
//! `docs/report-json.md`.

pub mod build;
pub mod explain;
pub mod json;
pub mod query;
pub mod text;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::policy::Direction;
use crate::outcome::{Part, Permits};
use crate::source::{Origin, Position};

/// The version of the report's JSON form. A field is added without a new version; none is changed
/// or taken away.
pub const SCHEMA: &str = "netverify-report/1";

/// Everything there is to say about a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of netverify.
    pub netverify: &'static str,
    /// The version of Z3.
    pub z3: String,
    /// How many properties came out how.
    pub summary: Summary,
    /// What every verdict takes for granted, in words.
    pub assumptions: Vec<String>,
    /// One entry a property and variant, in the order of the specs.
    pub properties: Vec<PropertyReport>,
}

/// How many properties came out how.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Proved.
    pub proved: usize,
    /// Refuted.
    pub refuted: usize,
    /// Not decided within the time limit.
    pub unknown: usize,
    /// Different policies over all variants.
    pub policies: usize,
    /// Wall-clock time of the whole run, in milliseconds.
    pub elapsed_ms: u64,
}

/// One property over one variant.
#[derive(Clone, Debug, Serialize)]
pub struct PropertyReport {
    /// The spec file; absent for a sentence from the command line.
    pub spec: Option<String>,
    /// The variant; absent where the spec has none.
    pub variant: Option<String>,
    /// The name of the property.
    pub name: String,
    /// Its sentence.
    pub sentence: String,
    /// How bad a refutation is.
    pub severity: String,
    /// Why the property matters, as its author put it.
    pub why: Option<String>,
    /// Where the sentence is written.
    pub at: Option<Place>,
    /// The answer.
    #[serde(flatten)]
    pub answer: AnswerReport,
    /// Time spent on this property, in microseconds.
    pub elapsed_us: u64,
}

/// The answer to one property.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum AnswerReport {
    /// It holds for every pod that could exist.
    Proved {
        /// The policies without which the proof fails.
        rests_on: Vec<PolicyReport>,
        /// For "some can reach": a flow that is allowed. For sets of policies: one that only the second permits.
        witness: Option<Box<CaseReport>>,
        /// Why no policy is needed for it, where that can be said.
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<String>,
        /// For sets of policies: how they compare.
        #[serde(skip_serializing_if = "Option::is_none")]
        sets: Option<SetsReport>,
        /// The property is about nothing, and `allow-vacuous` accepts that.
        vacuous: bool,
    },
    /// It does not hold.
    Refuted {
        /// A case that shows it; absent for "some can reach".
        counterexample: Option<Box<CaseReport>>,
        /// For "some can reach": the policies that together leave no such flow.
        blocked_by: Vec<PolicyReport>,
        /// What plugins do under which the property holds; empty where that is not known.
        holds_if: Vec<String>,
        /// For sets of policies: how they compare.
        #[serde(skip_serializing_if = "Option::is_none")]
        sets: Option<SetsReport>,
    },
    /// Not decided.
    Unknown {
        /// Why not.
        reason: String,
    },
    /// The two semantics disagree about this case: a bug in netverify.
    Disagreement {
        /// The case.
        case: Box<CaseReport>,
        /// What the reference semantics says, in full.
        trace: String,
    },
}

/// How two sets of policies compare, each taken alone.
#[derive(Clone, Debug, Serialize)]
pub struct SetsReport {
    /// The first set.
    pub one: String,
    /// The second set.
    pub other: String,
    /// What the first permits, held against what the second permits; absent where that is not wholly decided.
    pub permits: Option<Permits>,
    /// The same in words.
    pub words: String,
    /// A flow that only the second permits, where the counterexample is one that only the first does.
    pub back: Option<Box<CaseReport>>,
}

/// What one set of policies makes of a flow.
#[derive(Clone, Debug, Serialize)]
pub struct SetVerdictReport {
    /// The set.
    pub set: String,
    /// Whether the flow passes.
    pub allowed: bool,
    /// Why the source's side lets it out or not.
    pub leaves: String,
    /// Why the destination's side lets it in or not.
    pub enters: String,
    /// The same in words: where it passes both sides, and where not what stops it.
    pub words: String,
}

/// A place in a file, with what a renderer needs to show it.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    /// File, line and column.
    #[serde(flatten)]
    pub position: Position,
    /// The bytes, for renderers that show the source.
    #[serde(skip)]
    pub origin: Origin,
}

/// A policy and what it contributes.
#[derive(Clone, Debug, Serialize)]
pub struct PolicyReport {
    /// `namespace/name`.
    pub policy: String,
    /// The direction in which it acts.
    pub direction: Direction,
    /// Whether it isolates or admits.
    pub part: Part,
    /// Where it is written.
    pub at: Place,
}

/// A concrete case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseReport {
    /// Where the flow begins; absent for a property about isolation.
    pub source: Option<EndReport>,
    /// Where it ends, or the pod that is not isolated.
    pub destination: EndReport,
    /// The protocol; absent for a property about isolation.
    pub protocol: Option<String>,
    /// The destination port; absent for a property about isolation.
    pub port: Option<u16>,
    /// Whether the flow passes; absent for a property about isolation.
    pub allowed: Option<bool>,
    /// Whether it exists today: every pod in it belongs to a declared workload.
    pub today: bool,
    /// The same in words, with the workloads or what somebody would have to create.
    pub today_words: String,
    /// Why the source's side lets it out or not.
    pub leaves: Option<String>,
    /// Why the destination's side lets it in or not.
    pub enters: Option<String>,
    /// Pods beside the ends that somebody would have to create, in words: they lend a named port (R27).
    pub further: Vec<String>,
    /// For a comparison of policies: `isolation`, `admission`, `overlap` or, of sets, `verdict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half: Option<&'static str>,
    /// For a comparison of policies: how they differ here, or what they share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs: Option<String>,
    /// For sets of policies: what each makes of the flow, the one that allows it first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<SetVerdictReport>,
    /// Choices of the network plugin that the case needs.
    pub needs: Vec<String>,
    /// The lines at fault, the most telling first.
    pub blames: Vec<BlameReport>,
    /// A command that shows the case in the cluster, where there is one.
    pub try_it: Option<String>,
}

/// One end of a flow.
#[derive(Clone, Debug, Serialize)]
pub struct EndReport {
    /// `pod`, `node` or `external`.
    pub kind: &'static str,
    /// The namespace of a pod.
    pub namespace: Option<String>,
    /// The labels of that namespace, where no manifest declares it.
    pub namespace_labels: BTreeMap<String, String>,
    /// The declared workload, as `Deployment ml-ops/model-monitor`; absent for anything else.
    pub workload: Option<String>,
    /// The name of a workload or node.
    pub name: Option<String>,
    /// The labels of a pod.
    pub labels: BTreeMap<String, String>,
    /// The node whose network a pod is on (R33); absent for any other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_node: Option<String>,
    /// The address; for a pod it matters only where an ipBlock does.
    pub address: String,
    /// Where the workload is declared.
    pub at: Option<Place>,
}

/// Lines at fault.
#[derive(Clone, Debug, Serialize)]
pub struct BlameReport {
    /// The policy, as `namespace/name`.
    pub policy: String,
    /// The direction in which it acts.
    pub direction: Direction,
    /// Whether it isolates, admits, or lacks what the other policy has.
    pub part: Part,
    /// The field, as `ingress[0].from[1]`.
    pub path: String,
    /// The lines.
    pub at: Place,
    /// What they do.
    pub text: String,
}
