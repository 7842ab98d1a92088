//! The report as JSON, versioned by its `schema` field.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

/// Pretty JSON with a final newline; what could steer a terminal is escaped.
#[must_use]
pub fn render(report: &impl Serialize) -> String {
    // Plain data with string keys: this cannot fail, and an empty document would be noticed.
    let text = serde_json::to_string_pretty(report).unwrap_or_default();
    crate::plain::json(&text).into_owned() + "\n"
}

/// The JSON Schema (2020-12) of a report.
#[must_use]
pub fn schema<R: JsonSchema>(title: &str) -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<R>();
    schema.insert("title".to_owned(), title.into());
    schema
}
