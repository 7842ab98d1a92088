//! The one report that every format is made of: plain, serialisable data.
//!
//! [`build`] computes everything that is ever said about a run; the renderers
//! (one module a format) only lay it out. The JSON form is versioned by [`SCHEMA`] and described in
//! `docs/report-json.md`; `docs/formats.md` describes the others.

pub mod build;
mod case;
pub mod classes;
pub mod diff;
mod disagreement;
pub mod explain;
pub mod github;
pub mod json;
pub mod junit;
pub mod lint;
pub mod markdown;
pub mod matrix;
pub mod merge;
mod path;
pub mod paths;
pub mod query;
pub mod review;
pub mod sarif;
pub mod smt2;
pub mod text;
pub mod waive;
pub(crate) mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::outcome::Permits;
use crate::spec::PropertySeverity;

pub use case::{BlameReport, CaseReport, EndReport, Place, PolicyReport, SetVerdictReport};

/// The version of the report's JSON form. A field is added without a new version; none is changed
/// or taken away.
pub const SCHEMA: &str = "netverify-report/1";

/// Everything there is to say about a run.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this form.
    #[schemars(extend("const" = SCHEMA))]
    #[serde(skip_deserializing, default = "own_schema")]
    pub schema: &'static str,
    /// The version of netverify.
    #[serde(skip_deserializing, default = "own_version")]
    pub netverify: &'static str,
    /// The version of Z3.
    pub z3: String,
    /// How many properties came out how.
    pub summary: Summary,
    /// What every verdict takes for granted, in words.
    pub assumptions: Vec<String>,
    /// Of which properties this is, where it is not of all; absent in a whole report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Share>,
    /// One entry a property and variant, in the order of the specs.
    pub properties: Vec<PropertyReport>,
}

/// A report is read by the version that wrote it alone ([`Report::read`]).
fn own_schema() -> &'static str {
    SCHEMA
}

fn own_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// How many properties came out how.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Proved.
    pub proved: usize,
    /// Refuted, and not waived.
    pub refuted: usize,
    /// Refuted, and accepted by a waiver.
    pub waived: usize,
    /// Not decided within the time limit.
    pub unknown: usize,
    /// The two semantics disagree: bugs in netverify.
    pub disagreements: usize,
    /// Different policies over all variants.
    pub policies: usize,
    /// Wall-clock time of the whole run, in milliseconds.
    pub elapsed_ms: u64,
}

impl Summary {
    /// How many of these came out how; of the rest nothing is known.
    #[must_use]
    pub fn of(properties: &[PropertyReport]) -> Summary {
        let count = |wanted: Standing| properties.iter().filter(|one| one.standing() == wanted).count();
        Summary {
            proved: count(Standing::Proved),
            refuted: count(Standing::Refuted),
            waived: count(Standing::Waived),
            unknown: count(Standing::Unknown),
            disagreements: count(Standing::Disagreement),
            ..Summary::default()
        }
    }
}

/// One property over one variant.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
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
    pub severity: PropertySeverity,
    /// Why the property matters, as its author put it.
    pub why: Option<String>,
    /// Where the sentence is written.
    pub at: Option<Place>,
    /// The answer.
    #[serde(flatten)]
    pub answer: AnswerReport,
    /// The waiver that covers it; absent where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiver: Option<WaiverReport>,
    /// Time spent on this property, in microseconds.
    pub elapsed_us: u64,
}

impl PropertyReport {
    /// What is to be said first: the outcome, and whether a refutation is waived.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let is_waived = self.waiver.as_ref().is_some_and(|waiver| waiver.state == WaiverState::Waived);
        match &self.answer {
            AnswerReport::Proved { .. } => Standing::Proved,
            AnswerReport::Refuted { .. } if is_waived => Standing::Waived,
            AnswerReport::Refuted { .. } => Standing::Refuted,
            AnswerReport::Unknown { .. } => Standing::Unknown,
            AnswerReport::Disagreement { .. } => Standing::Disagreement,
        }
    }
}

/// How a property stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// The two semantics disagree.
    Disagreement,
    /// Refuted, and not waived.
    Refuted,
    /// Not decided.
    Unknown,
    /// Refuted, and accepted by a waiver.
    Waived,
    /// Proved.
    Proved,
}

impl Standing {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Standing::Disagreement => "disagreement",
            Standing::Refuted => "refuted",
            Standing::Unknown => "unknown",
            Standing::Waived => "waived",
            Standing::Proved => "proved",
        }
    }
}

/// A waiver and what becomes of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WaiverReport {
    /// What becomes of it.
    pub state: WaiverState,
    /// The last day on which it counts, in UTC: `2026-12-31`.
    pub until: String,
    /// Why the refutation is accepted, as the author of the spec put it.
    pub reason: String,
    /// The same in words.
    pub words: String,
}

/// What becomes of a waiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaiverState {
    /// The property is refuted, and the waiver accepts that.
    Waived,
    /// The property is refuted, and the waiver has ended.
    Expired,
    /// The property is not refuted here.
    Unused,
}

/// The answer to one property.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
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
        /// For "no path": the declared workloads that chains come to; none of them leads on to the end.
        #[serde(skip_serializing_if = "Option::is_none")]
        comes_to: Option<Vec<String>>,
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
        /// What each of them holds of it, in lines for a person.
        trace: String,
    },
}

/// How two sets of policies compare, each taken alone.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
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

impl AnswerReport {
    /// The cases that show why it does not hold; empty where there are none.
    #[must_use]
    pub fn cases(&self) -> Vec<&CaseReport> {
        match self {
            AnswerReport::Refuted { counterexample, sets, .. } => {
                let back = sets.as_ref().and_then(|sets| sets.back.as_deref());
                counterexample.as_deref().into_iter().chain(back).collect()
            }
            AnswerReport::Disagreement { case, .. } => vec![case],
            AnswerReport::Proved { .. } | AnswerReport::Unknown { .. } => Vec::new(),
        }
    }

    /// The policies that together leave no such flow; empty but for a refuted "some can reach".
    #[must_use]
    pub fn blocked_by(&self) -> &[PolicyReport] {
        match self {
            AnswerReport::Refuted { blocked_by, .. } => blocked_by,
            AnswerReport::Proved { .. } | AnswerReport::Unknown { .. } | AnswerReport::Disagreement { .. } => &[],
        }
    }
}

impl PropertyReport {
    /// The lines at fault, the most telling first.
    pub fn blames(&self) -> impl Iterator<Item = &BlameReport> {
        self.answer.cases().into_iter().flat_map(|case| &case.blames)
    }

    /// The first place to look at that is in a file: lines at fault, else the sentence.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        let blocking = self.answer.blocked_by().iter().map(|policy| &policy.at);
        let mut all = self.blames().map(|blame| &blame.at).chain(blocking).chain(&self.at);
        all.find(|place| place.in_file)
    }
}

/// One of several runs that share the properties of the same specs: it has every property whose number, from 0, leaves the rest `index`
/// when divided by `of`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// Which one, from 0.
    pub index: usize,
    /// How many there are.
    pub of: usize,
    /// How many properties all of them have together.
    pub properties: usize,
    /// The SHA-256 of all that was read, and of how: shares of other files or options do not belong together.
    pub inputs: String,
}
