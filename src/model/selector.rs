//! Labels and label selectors (R10 to R13).

use std::collections::BTreeMap;

use crate::source::Origin;

/// The labels of an object. A key that is not in the map is *absent*, which is not the same as "".
pub type Labels = BTreeMap<String, String>;

/// The label that the API server sets on every namespace to the namespace's name (R9).
pub const NAMESPACE_NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A label that names a declared workload, for a cluster in which the workload's own labels are not the same on two sides
/// of a comparison. No manifest can have it: it is no valid key (V3). Words say the name in its place.
pub const WORKLOAD_MARK: &str = "(workload)";

/// What a [`Requirement`] asks of its key (R12).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// The key is present and its value is in the list.
    In(Vec<String>),
    /// The key is absent, or its value is not in the list.
    NotIn(Vec<String>),
    /// The key is present, with any value, "" included.
    Exists,
    /// The key is absent.
    DoesNotExist,
}

/// One condition on one label key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Requirement {
    /// The label key.
    pub key: String,
    /// The condition.
    pub operator: Operator,
}

impl Requirement {
    /// `key = value`, as an entry of `matchLabels` says it (R11).
    #[must_use]
    pub fn equals(key: impl Into<String>, value: impl Into<String>) -> Requirement {
        Requirement { key: key.into(), operator: Operator::In(vec![value.into()]) }
    }

    /// The values that the requirement names; empty for `Exists` and `DoesNotExist`.
    #[must_use]
    pub fn values(&self) -> &[String] {
        match &self.operator {
            Operator::In(values) | Operator::NotIn(values) => values,
            Operator::Exists | Operator::DoesNotExist => &[],
        }
    }
}

/// Every requirement must hold (R13); without requirements it selects everything (R10).
///
/// `matchLabels` and `matchExpressions` come together here: an entry of `matchLabels` is `In` with
/// one value (R11).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelSelector {
    /// The requirements, all of which must hold.
    pub requirements: Vec<Requirement>,
}

impl LabelSelector {
    /// The empty selector, which selects everything (R10).
    #[must_use]
    pub fn everything() -> LabelSelector {
        LabelSelector::default()
    }

    /// The selector that asks for exactly these values.
    #[must_use]
    pub fn of_labels(labels: &Labels) -> LabelSelector {
        LabelSelector { requirements: labels.iter().map(|(key, value)| Requirement::equals(key, value)).collect() }
    }

    /// Whether it selects everything because it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

/// A selector with the place where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenSelector {
    /// What it selects.
    pub selector: LabelSelector,
    /// From the selector's key to the end of its last value.
    pub origin: Origin,
}
