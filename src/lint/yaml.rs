//! What to write instead, as YAML.
//!
//! Names and values come from the user's files, so whatever is not plainly a string is quoted. Under `lint`
//! alone.

use crate::model::selector::{LabelSelector, Operator, Requirement};
use crate::plain;

/// An item of `from` or `to` with both selectors, two columns in.
pub(super) fn peer(namespaces: &LabelSelector, pods: &LabelSelector) -> String {
    let mut text = keyed("  - namespaceSelector:", &selector(namespaces));
    text += &keyed("    podSelector:", &selector(pods));
    text
}

/// A key and the lines below it, six columns in; `{}` beside the key where there are none.
fn keyed(key: &str, lines: &str) -> String {
    if lines.is_empty() {
        return format!("{key} {{}}\n");
    }
    let lines: String = lines.lines().map(|line| format!("      {line}\n")).collect();
    format!("{key}\n{lines}")
}

/// The lines of a selector; none for the empty one.
fn selector(selector: &LabelSelector) -> String {
    let (labels, expressions): (Vec<_>, Vec<_>) = selector.requirements.iter().partition(|one| is_label(one));
    let mut text = String::new();
    if !labels.is_empty() {
        text += "matchLabels:\n";
        let line = |one: &&Requirement| format!("  {}: {}\n", scalar(&one.key), scalar(&one.values().concat()));
        text.extend(labels.iter().map(line));
    }
    if !expressions.is_empty() {
        text += "matchExpressions:\n";
        text.extend(expressions.iter().map(|one| expression(one)));
    }
    text
}

fn is_label(requirement: &Requirement) -> bool {
    matches!(&requirement.operator, Operator::In(values) if values.len() == 1)
}

fn expression(requirement: &Requirement) -> String {
    let operator = match requirement.operator {
        Operator::In(_) => "In",
        Operator::NotIn(_) => "NotIn",
        Operator::Exists => "Exists",
        Operator::DoesNotExist => "DoesNotExist",
    };
    let values: Vec<_> = requirement.values().iter().map(|value| scalar(value)).collect();
    let values = if values.is_empty() { String::new() } else { format!(", values: [{}]", values.join(", ")) };
    format!("  - {{key: {}, operator: {operator}{values}}}\n", scalar(&requirement.key))
}

/// Words that YAML 1.1 takes for something else than a string.
const NO_STRINGS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// A string, in quotes where it could be read as something else.
pub(super) fn scalar(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && !NO_STRINGS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { plain::quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_string_is_quoted() {
        assert_eq!(scalar("kubernetes.io/metadata.name"), "kubernetes.io/metadata.name");
        for text in ["1.0", "on", "No", "", "a: b", "~"] {
            assert_eq!(scalar(text), format!("\"{text}\""));
        }
    }
}
