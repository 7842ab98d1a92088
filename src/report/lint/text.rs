//! Findings for a person at a terminal, in the manner of rustc. Lays out what it is given.

use super::super::text::{self, GREEN, RED, Style, YELLOW, annotated};
use super::super::words::counted;
use super::{FindingReport, LintReport, counts, notes};
use crate::finding::Severity;
use crate::plain;
use crate::source::SourceMap;

/// The whole report; `quiet` leaves out the findings that do not fail the run.
#[must_use]
pub fn render(report: &LintReport, sources: &SourceMap, style: Style, quiet: bool) -> String {
    let is_told = |finding: &&FindingReport| !quiet || finding.severity >= report.summary.fail_on;
    let findings = report.findings.iter().filter(is_told);
    let mut text: String = findings.map(|finding| self::finding(finding, sources, style) + "\n").collect();
    for disagreement in &report.disagreements {
        let head = style.paint(RED, "error[disagreement]");
        text += &format!("{head}: the two semantics disagree: {}\n", plain::line(disagreement));
        text += "  This is a bug in netverify, and no finding. Please report it with this text and the manifests.\n\n";
    }
    text + &summary(report, style)
}

fn finding(finding: &FindingReport, sources: &SourceMap, style: Style) -> String {
    let marks: Vec<_> = finding.lines.iter().map(|line| (line.at.origin, line.text.clone())).collect();
    let mut all = notes(finding);
    all.extend(finding.help.iter().map(|help| ("help", help.clone())));
    let level = match finding.severity {
        Severity::Critical | Severity::High => text::Weight::Error,
        Severity::Medium => text::Weight::Warning,
        Severity::Low | Severity::Info => text::Weight::Note,
    };
    let heading = text::Heading { weight: level, word: finding.severity.name(), code: finding.code };
    let mut text = annotated(&heading, &finding.message, &marks, &all, sources, style) + "\n";
    if let Some(yaml) = &finding.yaml {
        text += "\n";
        text.extend(yaml.lines().map(|line| format!("        {}\n", plain::line(line))));
    }
    text
}

fn summary(report: &LintReport, style: Style) -> String {
    let counts_of = &report.summary;
    let colour = match (counts_of.failing, counts_of.severities.is_empty()) {
        (0, true) => GREEN,
        (0, false) => YELLOW,
        _ => RED,
    };
    let mut text = format!(
        "{} ({}, {} ms, Z3 {})\n",
        style.paint(colour, &counts(counts_of)),
        counted(counts_of.policies, "policy", "policies"),
        counts_of.elapsed_ms,
        report.z3,
    );
    text.extend(report.undecided.iter().map(|what| format!("not decided: {}\n", plain::line(what))));
    text.extend(report.limits.iter().map(|limit| format!("limit: {}\n", plain::line(limit))));
    text.extend(report.assumptions.iter().map(|assumption| format!("assumes: {}\n", plain::line(assumption))));
    text
}
