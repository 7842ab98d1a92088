//! The report as workflow commands of GitHub Actions: an annotation on each line at fault.
//!
//! A command is a line `::error file=F,line=N::text`. What comes from the user's files is escaped, so
//! that it can neither end a command early nor begin one, nor steer a terminal. Lays out what it is given.

use std::path::Path;

use super::path::artifact;
use super::words::{counted, notes, title, verdict};
use super::{Place, PropertyReport, Report, Standing};
use crate::plain;
use crate::spec::PropertySeverity;

/// The whole report; `top` is the folder that paths are relative to.
#[must_use]
pub fn render(report: &Report, top: &Path) -> String {
    let mut lines = annotations(report, top, |property| {
        let variant = property.variant.as_ref().map_or(String::new(), |variant| format!(" ({variant})"));
        format!("{}: {}{variant}", property.standing().word(), property.name)
    });
    let properties = counted(report.properties.len(), "property", "properties");
    lines.push(format!("{} ({properties})", verdict(&report.summary)));
    lines.extend(report.assumptions.iter().map(|assumption| format!("assumes: {}", inert(assumption))));
    lines.join("\n") + "\n"
}

/// One command a property that is not proved, under these headings.
pub(super) fn annotations(report: &Report, top: &Path, heading: impl Fn(&PropertyReport) -> String) -> Vec<String> {
    let of_property = |property: &PropertyReport| {
        let (command, title) = (command(property)?, heading(property));
        let (message, at) = (message(property), property.place());
        Some(annotation(&Annotation { command, title, message, at }, top))
    };
    report.properties.iter().filter_map(of_property).collect()
}

/// What one command says.
pub(super) struct Annotation<'a> {
    /// `error`, `warning` or `notice`.
    pub(super) command: &'static str,
    pub(super) title: String,
    pub(super) message: String,
    pub(super) at: Option<&'a Place>,
}

/// The command, with all text made safe.
pub(super) fn annotation(annotation: &Annotation<'_>, top: &Path) -> String {
    let mut parameters = annotation.at.map_or(Vec::new(), |place| location(place, top));
    parameters.push(("title", annotation.title.clone()));
    let parameters: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", parameter(value))).collect();
    format!("::{} {}::{}", annotation.command, parameters.join(","), data(&annotation.message))
}

/// GitHub knows three levels.
fn command(property: &PropertyReport) -> Option<&'static str> {
    match property.standing() {
        Standing::Proved => None,
        Standing::Disagreement => Some("error"),
        Standing::Unknown => Some("warning"),
        Standing::Waived => Some("notice"),
        Standing::Refuted => Some(match property.severity {
            PropertySeverity::Critical | PropertySeverity::High => "error",
            PropertySeverity::Medium => "warning",
            PropertySeverity::Low | PropertySeverity::Info => "notice",
        }),
    }
}

/// GitHub looks at columns only where beginning and end are on one line.
fn location(place: &Place, top: &Path) -> Vec<(&'static str, String)> {
    let position = &place.position;
    let mut parameters = vec![
        ("file", artifact(&position.file, top).path().to_owned()),
        ("line", position.line.to_string()),
        ("endLine", position.end_line.to_string()),
    ];
    if position.line == position.end_line {
        parameters.push(("col", position.column.to_string()));
        parameters.push(("endColumn", position.end_column.to_string()));
    }
    parameters
}

fn message(property: &PropertyReport) -> String {
    let blames = property.blames().map(|blame| {
        format!(
            "{} {} ({}:{}): {}",
            blame.policy, blame.path, blame.at.position.file, blame.at.position.line, blame.text
        )
    });
    let notes = notes(property).into_iter().map(|(name, text)| format!("{name}: {text}"));
    std::iter::once(title(property)).chain(blames).chain(notes).collect::<Vec<_>>().join("\n")
}

/// Text after the `::` of a command.
fn data(text: &str) -> String {
    plain::line(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")).into_owned()
}

/// The value of a parameter.
fn parameter(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text of a line that is no command: on one line, and without the older sign of a command.
pub(super) fn inert(text: &str) -> String {
    plain::line(text).replace("##[", "## [")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_command_or_begins_one() {
        assert_eq!(data("50%\r\n::error::x"), "50%25%0D%0A::error::x");
        assert_eq!(parameter("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
        assert_eq!(inert("a\n##[error]b"), "a ## [error]b");
    }

    #[test]
    fn no_text_steers_a_terminal() {
        assert_eq!(parameter("a\u{1b}[1m"), r"a\u{1b}[1m");
        assert_eq!(inert("a\u{202e}b"), r"a\u{202e}b");
    }
}
