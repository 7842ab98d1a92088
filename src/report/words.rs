//! The sentences that several formats share, made of the report and nothing else.
//!
//! The renderers and `review` call this module. What it returns is not yet escaped: each format does that its own way.

use super::{AnswerReport, CaseReport, EndReport, PolicyReport, PropertyReport, SetsReport, Summary};
use crate::model::policy::Direction;
use crate::outcome::Part;

/// Something to say, and what it is about: `("flow", "pod a/b ...")`.
pub(crate) type Note = (&'static str, String);

pub(crate) fn title(property: &PropertyReport) -> String {
    format!("{}: {}", property.name, property.sentence)
}

/// Text of several lines on one.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a property is proved, a reason each; none where it is not.
pub(crate) fn proof(answer: &AnswerReport) -> Vec<String> {
    let AnswerReport::Proved { rests_on, witness, because, sets, comes_to, vacuous, .. } = answer else {
        return Vec::new();
    };
    match (sets, witness, because, vacuous) {
        (Some(sets), case, ..) => sets_lines(sets, case.as_deref(), rests_on),
        (_, _, _, true) => vec!["holds of nothing: no flow or pod of this world is meant (allow-vacuous)".to_owned()],
        (_, Some(case), ..) => vec![format!("for example: {}", flow(case))],
        (_, None, Some(because), _) => vec![because.clone()],
        (_, None, None, _) => {
            comes_to_words(comes_to.as_deref()).into_iter().chain([rests_on_words(rests_on)]).collect()
        }
    }
}

/// How many of many workloads are named.
const NAMED: usize = 5;

/// What chains come to, where no chain leads to the end.
pub(crate) fn comes_to_words(comes_to: Option<&[String]>) -> Option<String> {
    let all = comes_to?;
    let few = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let more = if all.len() > NAMED { format!(" and {} more", all.len() - NAMED) } else { String::new() };
    Some(match all {
        [] => "no declared workload is reached on the way".to_owned(),
        _ => format!("chains come to {few}{more}, and no further"),
    })
}

/// How two sets of policies compare, a flow that only the second permits, and what the proof rests on.
pub(crate) fn sets_lines(sets: &SetsReport, case: Option<&CaseReport>, rests_on: &[PolicyReport]) -> Vec<String> {
    let example = case.map(|case| format!("only {} permits, for example: {}", sets.other, flow(case)));
    std::iter::once(sets.words.clone()).chain(example).chain([rests_on_words(rests_on)]).collect()
}

/// What there is to say of a property that is not proved.
pub(crate) fn notes(property: &PropertyReport) -> Vec<Note> {
    let mut notes = first_notes(property);
    if let AnswerReport::Refuted { sets: Some(sets), .. } = &property.answer {
        let back = sets.back.as_deref();
        notes.extend(back.map(|case| ("and back", format!("only {} permits: {}", sets.other, flow(case)))));
    }
    notes
}

/// The same without the flow of the way back, where sets of policies are compared.
pub(crate) fn first_notes(property: &PropertyReport) -> Vec<Note> {
    let mut notes = match &property.answer {
        AnswerReport::Proved { .. } => Vec::new(),
        AnswerReport::Refuted { counterexample, holds_if, sets, .. } => {
            let mut notes = counterexample.as_deref().map_or_else(none_allowed, case_notes);
            notes.extend(holds_for(holds_if));
            notes.extend(sets.as_ref().map(|sets| ("compared", sets.words.clone())));
            notes
        }
        AnswerReport::Unknown { reason } => vec![("reason", reason.clone())],
        AnswerReport::Disagreement { case, .. } => vec![
            (head(case), unjudged(case)),
            (
                "reason",
                "the solver and the reference semantics disagree about it: a bug in netverify, and no verdict"
                    .to_owned(),
            ),
        ],
    };
    notes.extend(property.waiver.iter().map(|waiver| ("waiver", waiver.words.clone())));
    notes
}

fn none_allowed() -> Vec<Note> {
    vec![("flows", "none of them is allowed".to_owned())]
}

/// Under which plugins a refuted property holds.
fn holds_for(holds_if: &[String]) -> Option<Note> {
    (!holds_if.is_empty()).then(|| ("holds", format!("for plugins that {}", holds_if.join(", and "))))
}

fn head(case: &CaseReport) -> &'static str {
    match case.steps.len() {
        0 if case.source.is_none() => "pod",
        0 => "flow",
        _ => "path",
    }
}

/// What there is to say of a case.
pub(crate) fn case_notes(case: &CaseReport) -> Vec<Note> {
    let mut notes = vec![(head(case), flow(case))];
    notes.extend(case.steps.iter().enumerate().flat_map(|(at, step)| step_notes(case, at, step)));
    notes.push(("today", case.today_words.clone()));
    let enters = if case.leaves.is_some() { "enters" } else { "why" };
    notes.extend(case.leaves.iter().map(|leaves| ("leaves", leaves.clone())));
    notes.extend(case.enters.iter().map(|words| (enters, words.clone())));
    let half = case.half.iter().filter(|_| case.sets.is_empty());
    notes.extend(half.map(|half| ("half", half.clone().into_owned())));
    let does = |allowed| if allowed { "allows" } else { "denies" };
    notes.extend(case.sets.iter().map(|set| (does(set.allowed), set.words.clone())));
    notes.extend(case.differs.iter().map(|words| ("differs", words.clone())));
    notes.extend(case.needs.iter().map(|need| ("only if", need.clone())));
    notes.extend(case.try_it.iter().map(|command| ("try it", command.clone())));
    notes
}

/// What there is to say of one step of a path: the flow, and why both sides let it pass.
fn step_notes(path: &CaseReport, at: usize, step: &CaseReport) -> Vec<Note> {
    let mut notes = vec![("step", format!("{} of {}: {}", at + 1, path.steps.len(), flow(step)))];
    notes.extend(step.leaves.iter().map(|leaves| ("leaves", leaves.clone())));
    notes.extend(step.enters.iter().map(|enters| ("enters", enters.clone())));
    notes
}

pub(crate) fn rests_on_words(policies: &[PolicyReport]) -> String {
    if policies.is_empty() {
        return "rests on no policy: nothing has to be closed or opened for it".to_owned();
    }
    let words = policies.iter().map(|policy| {
        let does = part_words(policy.part, policy.direction);
        format!("{} ({does}, {}:{})", policy.policy, policy.at.position.file, policy.at.position.line)
    });
    format!("rests on {}", words.collect::<Vec<_>>().join(", "))
}

pub(crate) fn part_words(part: Part, direction: Direction) -> String {
    match part {
        Part::Isolates => format!("isolates for {direction}"),
        Part::Admits => format!("admits {direction}"),
        Part::Lacks => format!("does not act for {direction}"),
    }
}

pub(crate) fn flow(case: &CaseReport) -> String {
    let verdict = if case.source.is_some() && case.allowed == Some(false) { " is denied" } else { "" };
    unjudged(case) + verdict
}

/// The same without a verdict, where the two semantics disagree about it.
pub(crate) fn unjudged(case: &CaseReport) -> String {
    if let Some(words) = path(case) {
        return words;
    }
    let (Some(source), Some(protocol)) = (&case.source, &case.protocol) else { return end(&case.destination) };
    let port = case.port.map_or(String::new(), |port| format!("/{port}"));
    format!("{} -> {} {protocol}{port}", end(source), end(&case.destination))
}

/// Every end of a path, and how the next is reached.
fn path(case: &CaseReport) -> Option<String> {
    let first = end(case.steps.first()?.source.as_ref()?);
    let step = |step: &CaseReport| {
        let protocol = step.protocol.as_deref().unwrap_or("");
        let port = step.port.map_or(String::new(), |port| format!("/{port}"));
        format!(" -> {} {protocol}{port}", end(&step.destination))
    };
    Some(first + &case.steps.iter().map(step).collect::<String>())
}

pub(crate) fn end(end: &EndReport) -> String {
    match end.kind.as_ref() {
        "pod" => {
            let name = end.name.as_deref().unwrap_or("<any name>");
            let labels: Vec<_> = end.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let network = end.on_node.as_ref().map_or(String::new(), |node| format!(" on the network of node {node}"));
            format!("pod {}/{name} {{{}}}{network}", end.namespace.as_deref().unwrap_or(""), labels.join(", "))
        }
        "node" => format!("node {} ({})", end.name.as_deref().unwrap_or("(any)"), end.address),
        _ => format!("external {}", end.address),
    }
}

/// "proved: 6, refuted: 1, unknown: 0", and what else there is.
pub(crate) fn verdict(counts: &Summary) -> String {
    let mut words = format!("proved: {}, refuted: {}", counts.proved, counts.refuted);
    if counts.waived > 0 {
        words += &format!(", waived: {}", counts.waived);
    }
    words += &format!(", unknown: {}", counts.unknown);
    if counts.disagreements > 0 {
        words += &format!(", disagreements: {}", counts.disagreements);
    }
    words
}

pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
