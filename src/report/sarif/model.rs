//! The part of SARIF 2.1.0 that netverify writes: one struct an object, named as the standard names it.
//!
//! Section numbers are those of the OASIS Standard of 27 March 2020. The modules of `report` that write SARIF call this one.

use std::collections::BTreeMap;

use serde::Serialize;

/// §3.13 sarifLog.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct SarifLog {
    #[serde(rename = "$schema")]
    pub(in crate::report) schema: &'static str,
    pub(in crate::report) version: &'static str,
    pub(in crate::report) runs: Vec<Run>,
}

/// §3.14 run.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct Run {
    pub(in crate::report) tool: Tool,
    pub(in crate::report) invocations: Vec<Invocation>,
    /// §3.14.17: what columns count.
    pub(in crate::report) column_kind: &'static str,
    pub(in crate::report) results: Vec<SarifResult>,
    pub(in crate::report) properties: RunProperties,
}

/// §3.8 property bag of the run: what every verdict rests on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct RunProperties {
    pub(in crate::report) z3: String,
    pub(in crate::report) verdict: String,
    pub(in crate::report) assumptions: Vec<String>,
}

/// §3.18 tool.
#[derive(Serialize)]
pub(in crate::report) struct Tool {
    pub(in crate::report) driver: ToolComponent,
}

/// §3.19 toolComponent.
#[derive(Serialize)]
pub(in crate::report) struct ToolComponent {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) version: &'static str,
    pub(in crate::report) rules: Vec<ReportingDescriptor>,
}

/// §3.20 invocation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct Invocation {
    pub(in crate::report) execution_successful: bool,
    pub(in crate::report) tool_execution_notifications: Vec<Notification>,
}

/// §3.58 notification.
#[derive(Serialize)]
pub(in crate::report) struct Notification {
    pub(in crate::report) level: &'static str,
    pub(in crate::report) message: Message,
}

/// §3.49 reportingDescriptor: a rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct ReportingDescriptor {
    pub(in crate::report) id: String,
    pub(in crate::report) short_description: Message,
    pub(in crate::report) full_description: Message,
    pub(in crate::report) help: Message,
    pub(in crate::report) default_configuration: ReportingConfiguration,
    pub(in crate::report) properties: RuleProperties,
}

/// §3.50 reportingConfiguration.
#[derive(Serialize)]
pub(in crate::report) struct ReportingConfiguration {
    pub(in crate::report) level: &'static str,
}

/// §3.8 property bag of a rule; the names are those that code scanning looks for.
#[derive(Serialize)]
pub(in crate::report) struct RuleProperties {
    pub(in crate::report) tags: [&'static str; 2],
    #[serde(rename = "security-severity")]
    pub(in crate::report) security_severity: &'static str,
}

/// §3.27 result.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct SarifResult {
    pub(in crate::report) rule_id: String,
    pub(in crate::report) rule_index: usize,
    pub(in crate::report) kind: &'static str,
    pub(in crate::report) level: &'static str,
    pub(in crate::report) message: Message,
    pub(in crate::report) locations: Vec<Location>,
    pub(in crate::report) partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::report) code_flows: Vec<CodeFlow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::report) related_locations: Vec<Location>,
    pub(in crate::report) suppressions: Vec<Suppression>,
    pub(in crate::report) properties: ResultProperties,
}

/// §3.8 property bag of a result.
#[derive(Serialize)]
pub(in crate::report) struct ResultProperties {
    pub(in crate::report) spec: Option<String>,
    pub(in crate::report) variant: Option<String>,
}

/// §3.11 message.
#[derive(Serialize)]
pub(in crate::report) struct Message {
    pub(in crate::report) text: String,
}

/// §3.28 location.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) physical_location: Option<PhysicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) message: Option<Message>,
}

/// §3.29 physicalLocation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct PhysicalLocation {
    pub(in crate::report) artifact_location: ArtifactLocation,
    pub(in crate::report) region: Region,
}

/// §3.4 artifactLocation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct ArtifactLocation {
    pub(in crate::report) uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) uri_base_id: Option<&'static str>,
}

/// §3.30 region: lines and columns from 1, the end column just after the last character.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct Region {
    pub(in crate::report) start_line: u32,
    pub(in crate::report) start_column: u32,
    pub(in crate::report) end_line: u32,
    pub(in crate::report) end_column: u32,
}

/// §3.35 suppression.
#[derive(Serialize)]
pub(in crate::report) struct Suppression {
    pub(in crate::report) kind: &'static str,
    pub(in crate::report) status: &'static str,
    pub(in crate::report) justification: String,
}

/// §3.36 codeFlow.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::report) struct CodeFlow {
    pub(in crate::report) thread_flows: [ThreadFlow; 1],
}

/// §3.37 threadFlow.
#[derive(Serialize)]
pub(in crate::report) struct ThreadFlow {
    pub(in crate::report) locations: Vec<ThreadFlowLocation>,
}

/// §3.38 threadFlowLocation.
#[derive(Serialize)]
pub(in crate::report) struct ThreadFlowLocation {
    pub(in crate::report) location: Location,
}
