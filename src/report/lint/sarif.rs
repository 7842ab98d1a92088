//! Findings as SARIF 2.1.0: a rule for each code that there is, a result for each finding.
//!
//! Lays out what it is given; the objects of the standard are `report::sarif`'s.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::sarif::model::{
    Invocation, Location, Notification, ReportingConfiguration, ReportingDescriptor, ResultProperties, RuleProperties,
    Run, RunProperties, SarifResult, Tool, ToolComponent,
};
use super::super::sarif::{level, location, log, message, score, step};
use super::{FindingReport, LintReport, counts, notes};
use crate::finding::Code;

/// The name of what partial fingerprints are made of; a change of that takes a new number.
const FINGERPRINT: &str = "netverifyFinding/v1";

/// The whole report; `top` is the folder that paths are relative to.
#[must_use]
pub fn render(report: &LintReport, top: &Path) -> String {
    log(Run {
        results: report.findings.iter().map(|finding| result(finding, top)).collect(),
        tool: Tool { driver: ToolComponent { name: "netverify", version: report.netverify, rules: rules() } },
        invocations: vec![invocation(report)],
        column_kind: "unicodeCodePoints",
        properties: RunProperties {
            z3: report.z3.clone(),
            verdict: counts(&report.summary),
            assumptions: report.assumptions.clone(),
        },
    })
}

/// Limits that were met are told as well (§3.20.21).
fn invocation(report: &LintReport) -> Invocation {
    let notification = |level, text: String| Notification { level, message: message(text) };
    let disagreements = report.disagreements.iter();
    let wrong = disagreements.map(|words| notification("error", format!("the two semantics disagree: {words}")));
    let undecided = report.undecided.iter().map(|words| format!("not decided: {words}"));
    let limits = report.limits.iter().cloned().chain(undecided).map(|words| notification("warning", words));
    Invocation {
        execution_successful: report.disagreements.is_empty(),
        tool_execution_notifications: wrong.chain(limits).collect(),
    }
}

fn rules() -> Vec<ReportingDescriptor> {
    let rule = |code: &Code| ReportingDescriptor {
        id: code.name().to_owned(),
        short_description: message(code.title()),
        full_description: message(code.title()),
        help: message(format!("See docs/codes.md, {}.", code.name())),
        default_configuration: ReportingConfiguration { level: level(code.severity()) },
        properties: RuleProperties { tags: ["security", "network-policy"], security_severity: score(code.severity()) },
    };
    Code::ALL.iter().map(rule).collect()
}

fn result(finding: &FindingReport, top: &Path) -> SarifResult {
    let mut lines = finding.lines.iter().filter(|line| line.at.in_file);
    let first = lines.next();
    let related = |(at, line): (usize, &super::LineReport)| Location {
        id: Some(at + 1),
        ..step(Some(&line.at), line.text.clone(), top)
    };
    SarifResult {
        rule_id: finding.code.to_owned(),
        rule_index: Code::ALL.iter().position(|code| code.name() == finding.code).unwrap_or(0),
        kind: "fail",
        level: level(finding.severity),
        message: message(words(finding)),
        locations: first.map(|line| location(&line.at, top)).into_iter().collect(),
        partial_fingerprints: BTreeMap::from([(FINGERPRINT, fingerprint(finding))]),
        code_flows: Vec::new(),
        related_locations: lines.enumerate().map(related).collect(),
        suppressions: Vec::new(),
        properties: ResultProperties {
            spec: finding.spec.clone(),
            variant: (!finding.variants.is_empty()).then(|| finding.variants.join(", ")),
        },
    }
}

fn words(finding: &FindingReport) -> String {
    let notes = notes(finding).into_iter().map(|(name, text)| format!("{name}: {text}"));
    let help = finding.help.iter().map(|help| format!("help: {help}"));
    std::iter::once(finding.message.clone()).chain(notes).chain(help).collect::<Vec<_>>().join("\n")
}

/// §3.27.17: it names no line and no case, which may change with any edit.
fn fingerprint(finding: &FindingReport) -> String {
    let parts = [finding.spec.as_deref().unwrap_or("-"), finding.code, &finding.about, &finding.message];
    parts.map(|part| part.replace('|', "%7C")).join("|")
}
