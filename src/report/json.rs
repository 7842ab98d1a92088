//! The report as JSON, versioned by its `schema` field.

use serde::Serialize;

/// Pretty JSON with a final newline.
#[must_use]
pub fn render(report: &impl Serialize) -> String {
    // Plain data with string keys: this cannot fail, and an empty document would be noticed.
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}
