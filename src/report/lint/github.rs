//! Findings as workflow commands of GitHub Actions: an annotation on the first line of each.
//!
//! Lays out what it is given; how a command is written and made safe is `report::github`'s.

use std::path::Path;

use super::super::github::{Annotation, annotation, inert};
use super::super::words::counted;
use super::{FindingReport, LintReport, counts, notes};
use crate::finding::Severity;

/// The whole report; `top` is the folder that paths are relative to.
#[must_use]
pub fn render(report: &LintReport, top: &Path) -> String {
    let mut lines: Vec<String> = report.findings.iter().map(|finding| self::finding(finding, top)).collect();
    let disagreement = |words: &String| Annotation {
        command: "error",
        title: "disagreement".to_owned(),
        message: format!("the two semantics disagree, a bug in netverify: {words}"),
        at: None,
    };
    lines.extend(report.disagreements.iter().map(|words| annotation(&disagreement(words), top)));
    lines.push(format!("{} ({})", counts(&report.summary), counted(report.summary.policies, "policy", "policies")));
    lines.extend(report.undecided.iter().map(|what| format!("not decided: {}", inert(what))));
    lines.extend(report.limits.iter().map(|limit| format!("limit: {}", inert(limit))));
    lines.extend(report.assumptions.iter().map(|assumption| format!("assumes: {}", inert(assumption))));
    lines.join("\n") + "\n"
}

fn finding(finding: &FindingReport, top: &Path) -> String {
    let command = match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "notice",
    };
    let title = format!("{}: {}", finding.severity.name(), finding.code);
    let notes = notes(finding).into_iter().map(|(name, text)| format!("{name}: {text}"));
    let help = finding.help.iter().map(|help| format!("help: {help}"));
    let message = std::iter::once(finding.message.clone()).chain(notes).chain(help).chain(finding.yaml.clone());
    let message = message.collect::<Vec<_>>().join("\n");
    let at = finding.lines.iter().map(|line| &line.at).find(|place| place.in_file);
    annotation(&Annotation { command, title, message, at }, top)
}
