//! The report as JSON, versioned by its `schema` field.

use serde::Serialize;

/// Pretty JSON with a final newline; what could steer a terminal is escaped.
#[must_use]
pub fn render(report: &impl Serialize) -> String {
    // Plain data with string keys: this cannot fail, and an empty document would be noticed.
    let text = serde_json::to_string_pretty(report).unwrap_or_default();
    crate::plain::json(&text).into_owned() + "\n"
}
