//! What a change opens and closes, as workflow commands of GitHub Actions: an annotation on the lines that do it.

use std::path::Path;

use super::{DiffReport, as_report};
use crate::report::github;
use crate::report::words::counted;

/// The whole report; `top` is the folder that paths are relative to.
#[must_use]
pub fn render(report: &DiffReport, top: &Path) -> String {
    let mut lines = github::annotations(&as_report(report), top, |property| property.name.clone());
    let count = |count| counted(count, "class of flows", "classes of flows");
    let (opened, closed) = (count(report.opened.classes.len()), count(report.closed.classes.len()));
    let words = if report.equivalent {
        "nothing opens and nothing closes".to_owned()
    } else {
        format!("opens {opened}, closes {closed}")
    };
    lines.push(github::inert(&format!("{} -> {}: {words}", report.old, report.new)));
    let assumptions = report
        .not_compared
        .iter()
        .map(|what| ("not compared", what))
        .chain(report.assumptions.iter().map(|one| ("assumes", one)));
    lines.extend(assumptions.map(|(name, words)| format!("{name}: {}", github::inert(words))));
    lines.join("\n") + "\n"
}
