//! The report as JSON, versioned by its `schema` field.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::Report;

/// Pretty JSON with a final newline; what could steer a terminal is escaped.
#[must_use]
pub fn render(report: &impl Serialize) -> String {
    // Plain data with string keys: this cannot fail, and an empty document would be noticed.
    let text = serde_json::to_string_pretty(report).unwrap_or_default();
    crate::plain::json(&text).into_owned() + "\n"
}

/// The JSON Schema (2020-12) of the report.
#[must_use]
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Report>();
    schema.insert("title".to_owned(), "netverify report".into());
    schema
}
