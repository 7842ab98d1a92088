//! How much something matters: a property that is refuted, a finding of `lint`.

/// How much it matters.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PropertySeverity {
    Info,
    Low,
    #[default]
    Medium,
    High,
    Critical,
}

impl PropertySeverity {
    /// Every severity, the least first.
    pub const ALL: [PropertySeverity; 5] = [
        PropertySeverity::Info,
        PropertySeverity::Low,
        PropertySeverity::Medium,
        PropertySeverity::High,
        PropertySeverity::Critical,
    ];

    /// The name as a spec writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PropertySeverity::Info => "info",
            PropertySeverity::Low => "low",
            PropertySeverity::Medium => "medium",
            PropertySeverity::High => "high",
            PropertySeverity::Critical => "critical",
        }
    }
}
