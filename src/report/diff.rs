//! What a change opens and closes, as every format shows it.
//!
//! [`report`] makes the words; [`text`] and [`markdown`] lay them out, `json` writes them as they are, and [`as_report`] turns
//! classes into refuted properties for the formats that point at lines: SARIF, JUnit, GitHub.

pub mod github;
pub mod markdown;
pub mod text;

use schemars::JsonSchema;
use serde::Serialize;

use super::build::Words;
use super::classes::ClassReport;
use super::{AnswerReport, CaseReport, EndReport, PropertyReport, Report, SCHEMA as REPORT_SCHEMA, Summary};
use crate::diff::{Diff, Merged};
use crate::model::selector::WORKLOAD_MARK;
use crate::outcome::Part;
use crate::source::SourceMap;
use crate::spec::PropertySeverity;

/// The version of the JSON form.
pub const SCHEMA: &str = "netverify-diff/1";

/// What a change opens and closes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DiffReport {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of netverify.
    pub netverify: &'static str,
    /// The version of Z3.
    pub z3: String,
    /// What is compared, as it was named.
    pub old: String,
    /// What it is compared with.
    pub new: String,
    /// Whether both let the same flows pass: proved, for every pod that could exist and on every plugin. Never where
    /// something is not compared.
    pub equivalent: bool,
    /// The flows that pass after the change and did not before.
    pub opened: SideReport,
    /// The flows that passed before the change and do not after.
    pub closed: SideReport,
    /// What changes and is not compared, in words: more may open or close by it.
    pub not_compared: Vec<String>,
    /// What the answer takes for granted, in words.
    pub assumptions: Vec<String>,
}

/// One side of a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SideReport {
    /// The classes: together exactly these flows.
    pub classes: Vec<ClassReport>,
    /// Another such flow, on plugins that read policies otherwise than the classes are made for.
    pub beyond: Option<Box<CaseReport>>,
}

/// The report of one comparison.
#[must_use]
pub fn report(merged: &Merged, sources: &SourceMap, diff: &Diff, assumptions: Vec<String>, z3: String) -> DiffReport {
    let words = Words { cluster: &merged.cluster, sources };
    let side = |gained: &crate::classes::change::Gained| {
        let beyond = gained.beyond.as_ref().map(|case| Box::new(unmarked(words.case(case))));
        let class = |class| {
            let class = words.class(class);
            ClassReport { witness: Box::new(unmarked(*class.witness)), ..class }
        };
        SideReport { classes: gained.classes.iter().map(class).collect(), beyond }
    };
    DiffReport {
        schema: SCHEMA,
        netverify: env!("CARGO_PKG_VERSION"),
        z3,
        old: merged.old.name.clone(),
        new: merged.new.name.clone(),
        equivalent: diff.is_empty() && merged.not_compared.is_empty(),
        opened: side(&diff.opened),
        closed: side(&diff.closed),
        not_compared: merged.not_compared.clone(),
        assumptions,
    }
}

/// Without the labels that stand for names.
fn unmarked(mut case: CaseReport) -> CaseReport {
    let unmark = |end: &mut EndReport| {
        end.labels.remove(WORKLOAD_MARK);
    };
    unmark(&mut case.destination);
    case.source.iter_mut().for_each(unmark);
    case
}

/// One thing that opens or closes, in words: "every pod in shop to every pod in web, any port".
fn sentence(class: &ClassReport) -> String {
    let gone = class.except.iter().map(|gone| format!("; not {gone}")).collect::<String>();
    format!("{} to {}, {}{gone}", class.from, class.to, class.ports)
}

/// Where what stops the flows of a class is written, on the side that stops them.
pub(super) fn stopping(class: &ClassReport) -> impl Iterator<Item = String> {
    let blames = class.witness.blames.iter().filter(|blame| blame.part == Part::Isolates);
    blames.map(|blame| {
        let at = &blame.at.position;
        format!("{}:{} {} {}: {}", at.file, at.line, blame.policy, blame.path, blame.text)
    })
}

/// The classes as refuted properties: what opens matters more than what closes. Where nothing does, that is proved.
#[must_use]
pub fn as_report(diff: &DiffReport) -> Report {
    let opened = classes(&diff.opened, &OPENS);
    let closed = classes(&diff.closed, &CLOSES);
    let not_compared: Vec<_> = diff.not_compared.iter().map(|what| not_compared(what)).collect();
    let is_compared = not_compared.is_empty();
    let none = [(&opened, &OPENS), (&closed, &CLOSES)].into_iter().filter(|(found, _)| is_compared && found.is_empty());
    let none: Vec<_> = none.map(|(_, side)| nothing(side)).collect();
    let properties = [opened, closed, none, not_compared].concat();
    Report {
        schema: REPORT_SCHEMA,
        netverify: diff.netverify,
        z3: diff.z3.clone(),
        summary: Summary::of(&properties),
        assumptions: diff.assumptions.clone(),
        share: None,
        properties,
    }
}

/// What is said of one side.
struct Side {
    /// `opens` or `closes`.
    what: &'static str,
    /// The statement that its classes refute.
    sentence: &'static str,
    severity: PropertySeverity,
}

const OPENS: Side = Side {
    what: "opens",
    sentence: "these flows pass after the change, and did not before",
    severity: PropertySeverity::High,
};
const CLOSES: Side = Side {
    what: "closes",
    sentence: "these flows passed before the change, and do not after",
    severity: PropertySeverity::Low,
};

fn classes(side: &SideReport, said: &Side) -> Vec<PropertyReport> {
    let refuted = |name: String, case: &CaseReport| {
        let answer = AnswerReport::Refuted {
            counterexample: Some(Box::new(case.clone())),
            blocked_by: Vec::new(),
            holds_if: Vec::new(),
            sets: None,
        };
        property(name, said.sentence, said.severity, answer)
    };
    let class = |class: &ClassReport| refuted(format!("{}: {}", said.what, sentence(class)), &class.witness);
    let beyond = |case: &CaseReport| refuted(format!("{} on some plugins", said.what), case);
    side.classes.iter().map(class).chain(side.beyond.iter().map(|case| beyond(case))).collect()
}

fn nothing(said: &Side) -> PropertyReport {
    let answer = AnswerReport::Proved {
        rests_on: Vec::new(),
        witness: None,
        because: Some("there is no such flow, whatever pods there are and whatever the plugin".to_owned()),
        sets: None,
        comes_to: None,
        vacuous: false,
    };
    property(format!("nothing {}", said.what), said.sentence, said.severity, answer)
}

/// Not decided: whoever gates on the change has to look.
fn not_compared(what: &str) -> PropertyReport {
    let reason =
        "both sides are compared as it is after the change; what opens or closes by it is not known".to_owned();
    property("not compared".to_owned(), what, PropertySeverity::Medium, AnswerReport::Unknown { reason })
}

fn property(name: String, sentence: &str, severity: PropertySeverity, answer: AnswerReport) -> PropertyReport {
    PropertyReport {
        spec: Some("netverify diff".to_owned()),
        variant: None,
        name,
        sentence: sentence.to_owned(),
        severity,
        why: None,
        at: None,
        answer,
        waiver: None,
        elapsed_us: 0,
    }
}
