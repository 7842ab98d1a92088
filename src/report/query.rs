//! The answer to one question: yes or no, and what shows it.
//!
//! [`answer`] makes the words; [`render`] lays them out as text, and `json` writes them as they are.

use serde::Serialize;

use super::explain::{self, Explanation, RuleSteps, SideReport};
use super::text::{self, GREEN, RED, Style, YELLOW};
use super::words;
use super::{AnswerReport, BlameReport, CaseReport, SetsReport};
use crate::eval::trace::Trace;
use crate::model::claim::Claim;
use crate::model::net::Flow;
use crate::outcome::{Case, Outcome};
use crate::plan::{Item, Plan, Yes};
use crate::report::build::Words;
use crate::source::SourceMap;

/// The version of the JSON form.
pub const SCHEMA: &str = "netverify-query/1";

/// How many rules of a long explanation are shown as text.
const NEAREST: usize = 3;
/// How many peers and ports of such a rule.
const NEAREST_STEPS: usize = 40;

/// The answer to one question.
#[derive(Clone, Debug, Serialize)]
pub struct QueryReport {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of netverify.
    pub netverify: &'static str,
    /// The version of Z3.
    pub z3: String,
    /// The question.
    pub question: String,
    /// `yes`, `no`, `unknown` or `disagreement`.
    pub answer: &'static str,
    /// What was proved or refuted to answer it.
    #[serde(flatten)]
    pub reason: AnswerReport,
    /// A flow that does not pass, where the answer is no.
    pub denied: Option<Box<Explanation>>,
    /// What the answer takes for granted, in words.
    pub assumptions: Vec<String>,
}

/// What was found out about a question.
pub struct Found<'a> {
    /// The question and the claim that answers it.
    pub item: &'a Item,
    /// What came of the claim.
    pub outcome: &'a Outcome,
    /// A flow that does not pass, where the claim itself shows none.
    pub denied: Option<(Flow, Trace)>,
}

/// The answer with its reasons.
#[must_use]
pub fn answer(plan: &Plan, sources: &SourceMap, found: &Found<'_>, z3: String) -> QueryReport {
    let cluster = plan.cluster(found.item);
    let denied = found.denied.as_ref().map(|(flow, trace)| (flow, trace)).or_else(|| counterexample(found));
    let denied = denied.map(|(flow, trace)| Box::new(explain::of_trace(cluster, sources, flow, trace)));
    QueryReport {
        schema: SCHEMA,
        netverify: env!("CARGO_PKG_VERSION"),
        z3,
        question: found.item.sentence.clone(),
        answer: word(found.item.yes, found.outcome),
        reason: Words { cluster, sources }.answer(&found.item.claim, found.outcome),
        denied,
        assumptions: plan.assumptions(),
    }
}

fn word(yes: Yes, outcome: &Outcome) -> &'static str {
    match (outcome, yes) {
        (Outcome::Proved(_), Yes::Proved) | (Outcome::Refuted(_), Yes::Refuted) => "yes",
        (Outcome::Proved(_), Yes::Refuted) | (Outcome::Refuted(_), Yes::Proved) => "no",
        (Outcome::Unknown(_) | Outcome::Vacuous, _) => "unknown",
        (Outcome::Disagreement(_), _) => "disagreement",
    }
}

/// The denied flow that refutes `every S can reach T`.
fn counterexample<'a>(found: &Found<'a>) -> Option<(&'a Flow, &'a Trace)> {
    match (&found.item.claim, found.outcome) {
        (Claim::EveryCanReach(_), Outcome::Refuted(refutation)) => match &refutation.counterexample.as_ref()?.case {
            Case::Flow { flow, trace } => Some((flow, trace)),
            Case::Path { .. } | Case::Open { .. } | Case::Gap { .. } | Case::Verdicts { .. } => None,
        },
        _ => None,
    }
}

/// The answer as text; its first word is the answer.
#[must_use]
pub fn render(report: &QueryReport, style: Style) -> String {
    let colour = match report.answer {
        "yes" => GREEN,
        "no" => RED,
        _ => YELLOW,
    };
    let mut text = format!("{}: {}\n", report.answer, report.question.trim());
    match &report.reason {
        AnswerReport::Proved { sets: Some(sets), witness, rests_on, .. } => {
            let lines = words::sets_lines(sets, witness.as_deref(), rests_on);
            text.extend(lines.iter().map(|line| format!("  {line}\n")));
        }
        AnswerReport::Proved { because: Some(because), .. } => text += &format!("  {because}\n"),
        AnswerReport::Proved { rests_on, comes_to, .. } => {
            text.extend(words::comes_to_words(comes_to.as_deref()).map(|words| format!("  {words}\n")));
            let what = if report.answer == "no" { "no such flow could exist; it" } else { "proved; it" };
            text += &format!("  {what} {}\n", words::rests_on_words(rests_on));
        }
        AnswerReport::Refuted { counterexample: Some(case), sets, .. } => {
            text.extend(sets.iter().map(|sets| format!("  {}\n", sets.words)));
            text += &self::case(case);
            text.extend(sets.iter().flat_map(way_back));
        }
        AnswerReport::Refuted { .. } => {}
        AnswerReport::Unknown { reason } => text += &format!("  {reason}\n"),
        AnswerReport::Disagreement { case, trace } => {
            text += &text::disagreement_lines(case, trace);
        }
    }
    if let Some(denied) = &report.denied {
        text += &self::denied(denied);
    }
    text.extend(report.assumptions.iter().map(|assumption| format!("assumes: {assumption}\n")));
    text::coloured(&text, colour, style)
}

fn case(case: &CaseReport) -> String {
    // Of a denied flow the rules that stop it say more.
    let is_denied = case.allowed == Some(false);
    let is_shown = |name: &str| !is_denied || !["leaves", "enters", "try it"].contains(&name);
    let lines = words::case_notes(case).into_iter().filter(|(name, _)| is_shown(name));
    let mut text: String = lines.map(|(name, line)| format!("  {name}: {line}\n")).collect();
    if !is_denied {
        text.extend(case.blames.iter().map(blame));
    }
    text
}

/// What the second of two sets permits and the first does not, where the first, too, permits more.
fn way_back(sets: &SetsReport) -> Option<String> {
    let case = sets.back.as_ref()?;
    Some(format!("  and {} permits what {} does not\n{}", sets.other, sets.one, self::case(case)))
}

fn blame(blame: &BlameReport) -> String {
    let at = &blame.at.position;
    format!("  because: {} {} ({}:{}) {}\n", blame.policy, blame.path, at.file, at.line, blame.text)
}

/// A flow that does not pass: what stops it and the rules that come nearest.
fn denied(report: &Explanation) -> String {
    let (from, to) = (words::end(&report.source), words::end(&report.destination));
    let mut text = format!("  for example: {from} -> {to} {}/{}\n", report.protocol, report.port);
    for (name, side) in [("egress", &report.egress), ("ingress", &report.ingress)] {
        if !side.allows {
            text += &format!("    {name}: {}\n{}", side.words, nearest(side));
        }
    }
    text.extend(report.to_allow.iter().map(|what| format!("    to allow it: {what}\n")));
    text
}

/// The rules that lack least, at most [`NEAREST`].
fn nearest(side: &SideReport) -> String {
    let all = side.policies.iter().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
    let mut rules: Vec<_> = all.collect();
    rules.sort_by_key(|(_, rule)| std::cmp::Reverse(halves(rule)));
    let more = rules.len().saturating_sub(NEAREST);
    let shown = rules.iter().take(NEAREST).map(|(policy, rule)| {
        let at = &policy.at.position;
        format!(
            "      {} ({}:{})\n{}",
            policy.policy,
            at.file,
            at.line,
            explain::text::rule(rule, "        ", NEAREST_STEPS)
        )
    });
    let mut text: String = shown.collect();
    if more > 0 {
        text += &format!("      and {more} more, which lack as much or more; `netverify explain` shows all\n");
    }
    text
}

/// Whether the peers and the ports of a rule match: none of them, one, or both.
fn halves(rule: &RuleSteps) -> usize {
    let of = |ports: bool| rule.steps.iter().any(|step| step.matches && step.path.contains(".ports[") == ports);
    let left_out = rule.steps.iter().filter(|step| step.matches && step.path == rule.path).count();
    (usize::from(of(false)) + usize::from(of(true))).max(left_out)
}
