//! The report as JSON, versioned by its `schema` field.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

use super::Report;
use super::lint::LintReport;

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
    schema_of::<Report>("netverify report")
}

/// The JSON Schema (2020-12) of the findings of `lint`.
#[must_use]
pub fn lint_schema() -> Schema {
    schema_of::<LintReport>("netverify findings")
}

fn schema_of<T: JsonSchema>(title: &str) -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema
}
