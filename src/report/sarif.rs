//! The report as SARIF 2.1.0: a rule for each property, a result for each one that is not proved.
//!
//! Proved properties are rules without a result: readers such as code scanning take every result for an
//! alert. A waived refutation is a suppressed result, one that is not decided an open one. Lays out
//! what it is given.

pub(super) mod model;

use std::collections::BTreeMap;
use std::path::Path;

use super::path::{Artifact, artifact};
use super::words::{end, notes, one_line, title, verdict};
use super::{CaseReport, Place, PropertyReport, Report, Standing};
use crate::model::policy::Direction;
use crate::spec::PropertySeverity;
use model::{
    ArtifactLocation, CodeFlow, Invocation, Location, Message, Notification, PhysicalLocation, Region,
    ReportingConfiguration, ReportingDescriptor, ResultProperties, RuleProperties, Run, RunProperties, SarifLog,
    SarifResult, Suppression, ThreadFlow, ThreadFlowLocation, Tool, ToolComponent,
};

/// The name of what partial fingerprints are made of; a change of that takes a new number.
const FINGERPRINT: &str = "netverifyProperty/v1";

/// The whole report; `top` is the folder that paths are relative to.
#[must_use]
pub fn render(report: &Report, top: &Path) -> String {
    log(run(report, top))
}

/// One run as a log.
pub(super) fn log(run: Run) -> String {
    let log = SarifLog {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: vec![run],
    };
    super::json::render(&log)
}

fn run(report: &Report, top: &Path) -> Run {
    let (rules, indices) = rules(report);
    let results = report.properties.iter().filter_map(|property| {
        let index = indices.get(&key(property)).copied().unwrap_or(0);
        result(property, index, top)
    });
    Run {
        results: results.collect(),
        tool: Tool { driver: ToolComponent { name: "netverify", version: report.netverify, rules } },
        invocations: vec![invocation(report)],
        column_kind: "unicodeCodePoints",
        properties: RunProperties {
            z3: report.z3.clone(),
            verdict: verdict(&report.summary),
            assumptions: report.assumptions.clone(),
        },
    }
}

/// A disagreement is a fault of the tool, and so is reported as one (§3.20.21).
fn invocation(report: &Report) -> Invocation {
    let disagrees = |one: &&PropertyReport| one.standing() == Standing::Disagreement;
    let notification = |one: &PropertyReport| Notification {
        level: "error",
        message: message(format!("{}: the two semantics disagree: a bug in netverify", one.name)),
    };
    let notifications: Vec<_> = report.properties.iter().filter(disagrees).map(notification).collect();
    Invocation { execution_successful: notifications.is_empty(), tool_execution_notifications: notifications }
}

/// Properties of two specs may share a name; they are two rules.
type Key<'a> = (Option<&'a str>, &'a str);

fn key(property: &PropertyReport) -> Key<'_> {
    (property.spec.as_deref(), &property.name)
}

/// One rule a property, over all its variants.
fn rules(report: &Report) -> (Vec<ReportingDescriptor>, BTreeMap<Key<'_>, usize>) {
    let (mut rules, mut indices) = (Vec::new(), BTreeMap::new());
    for property in &report.properties {
        indices.entry(key(property)).or_insert_with(|| {
            rules.push(rule(property));
            rules.len() - 1
        });
    }
    (rules, indices)
}

fn rule(property: &PropertyReport) -> ReportingDescriptor {
    let sentence = one_line(&property.sentence);
    let why = property.why.as_deref().map(one_line);
    let help =
        "The counterexample is a flow or pod that the policies allow for; the locations are the lines that do it.";
    ReportingDescriptor {
        id: property.name.clone(),
        full_description: message(why.clone().unwrap_or_else(|| sentence.clone())),
        help: message(why.map_or_else(|| help.to_owned(), |why| format!("{why}\n{help}"))),
        short_description: message(sentence),
        default_configuration: ReportingConfiguration { level: level(property.severity) },
        properties: RuleProperties {
            tags: ["security", "network-policy"],
            security_severity: score(property.severity),
        },
    }
}

/// §3.27.10.
pub(super) fn level(severity: PropertySeverity) -> &'static str {
    match severity {
        PropertySeverity::Critical | PropertySeverity::High => "error",
        PropertySeverity::Medium => "warning",
        PropertySeverity::Low | PropertySeverity::Info => "note",
    }
}

/// What code scanning makes its own critical, high, medium and low of.
pub(super) fn score(severity: PropertySeverity) -> &'static str {
    match severity {
        PropertySeverity::Critical => "9.5",
        PropertySeverity::High => "8.0",
        PropertySeverity::Medium => "5.5",
        PropertySeverity::Low => "2.0",
        PropertySeverity::Info => "0.0",
    }
}

fn result(property: &PropertyReport, rule_index: usize, top: &Path) -> Option<SarifResult> {
    // §3.27.9: what is not decided is "open", and only a "fail" has a level.
    let (kind, level) = match property.standing() {
        Standing::Proved => return None,
        Standing::Refuted | Standing::Waived => ("fail", level(property.severity)),
        Standing::Unknown | Standing::Disagreement => ("open", "none"),
    };
    Some(SarifResult {
        rule_id: property.name.clone(),
        rule_index,
        kind,
        level,
        message: message(words(property)),
        locations: property.place().map(|place| location(place, top)).into_iter().collect(),
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, fingerprint(property))]),
        code_flows: property.answer.cases().into_iter().filter_map(|case| code_flow(case, top)).collect(),
        related_locations: related(property, top),
        suppressions: suppression(property).into_iter().collect(),
        properties: ResultProperties { spec: property.spec.clone(), variant: property.variant.clone() },
    })
}

fn words(property: &PropertyReport) -> String {
    let variant = property.variant.as_ref().map_or(String::new(), |variant| format!(" (variant {variant})"));
    let heading = format!("{}: {}{variant}", property.standing().word(), title(property));
    let notes = notes(property).into_iter().map(|(name, text)| format!("{name}: {text}"));
    std::iter::once(heading).chain(notes).collect::<Vec<_>>().join("\n")
}

/// §3.27.17: the same for the same property over the same variant, whatever else moves. It names no
/// line and no counterexample: which of many is shown may change with any edit.
fn fingerprint(property: &PropertyReport) -> String {
    let parts = [property.spec.as_deref(), property.variant.as_deref(), Some(property.name.as_str())];
    parts.map(|part| part.unwrap_or("-").replace('|', "%7C")).join("|")
}

/// The way of the flow: its source, what lets it out, what lets it in, its destination.
fn code_flow(case: &CaseReport, top: &Path) -> Option<CodeFlow> {
    let locations = if case.steps.is_empty() {
        way(case, top)?
    } else {
        case.steps.iter().filter_map(|step| way(step, top)).flatten().collect()
    };
    Some(CodeFlow { thread_flows: [ThreadFlow { locations }] })
}

/// The places of one flow, in order.
fn way(case: &CaseReport, top: &Path) -> Option<Vec<ThreadFlowLocation>> {
    let source = case.source.as_ref()?;
    let acts = |direction: Direction| {
        let blames = case.blames.iter().filter(move |blame| blame.direction == direction);
        blames.map(|blame| (Some(&blame.at), format!("{} {}: {}", blame.policy, blame.path, blame.text)))
    };
    let from = (source.at.as_ref(), format!("from {}", end(source)));
    let to = (case.destination.at.as_ref(), format!("to {}", end(&case.destination)));
    let steps = [from].into_iter().chain(acts(Direction::Egress)).chain(acts(Direction::Ingress)).chain([to]);
    Some(steps.map(|(place, text)| ThreadFlowLocation { location: step(place, text, top) }).collect())
}

pub(super) fn step(place: Option<&Place>, text: String, top: &Path) -> Location {
    let physical_location = place.and_then(|place| physical(place, top));
    Location { id: None, physical_location, message: Some(message(text)) }
}

/// What else to look at: the other lines at fault, both ends, the sentence.
fn related(property: &PropertyReport, top: &Path) -> Vec<Location> {
    let blames = property.blames().map(|blame| (&blame.at, format!("{} {}: {}", blame.policy, blame.path, blame.text)));
    let blocking = property.answer.blocked_by().iter().map(|policy| (&policy.at, policy.policy.clone()));
    let cases = property.answer.cases();
    let ends = cases.iter().flat_map(|case| case.source.iter().chain([&case.destination]));
    let ends = ends.filter_map(|one| Some((one.at.as_ref()?, end(one))));
    let sentence = property.at.iter().map(|at| (at, one_line(&property.sentence)));
    let shown = property.place().map(|place| place.origin);
    let all = blames.chain(blocking).chain(ends).chain(sentence);
    let all = all.filter(|(place, _)| place.in_file && Some(place.origin) != shown);
    let locate =
        |(at, (place, text)): (usize, (&Place, String))| Location { id: Some(at + 1), ..step(Some(place), text, top) };
    all.enumerate().map(locate).collect()
}

fn suppression(property: &PropertyReport) -> Option<Suppression> {
    let waiver = property.waiver.as_ref().filter(|_| property.standing() == Standing::Waived)?;
    Some(Suppression { kind: "external", status: "accepted", justification: waiver.words.clone() })
}

pub(super) fn location(place: &Place, top: &Path) -> Location {
    Location { id: None, physical_location: physical(place, top), message: None }
}

/// Where in a file; `None` for standard input and the command line.
fn physical(place: &Place, top: &Path) -> Option<PhysicalLocation> {
    let position = place.in_file.then_some(&place.position)?;
    let artifact = artifact(&position.file, top);
    let uri_base_id = matches!(artifact, Artifact::Inside(_)).then_some("%SRCROOT%");
    Some(PhysicalLocation {
        artifact_location: ArtifactLocation { uri: artifact.uri(), uri_base_id },
        region: Region {
            start_line: position.line,
            start_column: position.column,
            end_line: position.end_line,
            end_column: position.end_column,
        },
    })
}

/// §3.11.5 gives braces a meaning, so labels stand in parentheses.
pub(super) fn message(text: impl Into<String>) -> Message {
    Message { text: text.into().replace('{', "(").replace('}', ")") }
}
