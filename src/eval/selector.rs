//! Label selectors against labels (R10 to R13).
//!
//! Assumes nothing of the labels: whether an object may carry them is for `manifest` to check.
//! Everybody above the model may call it, except `symbolic`.

use crate::model::selector::{LabelSelector, Labels, Operator, Requirement};

/// Whether the selector selects an object with these labels. R10: an empty selector selects
/// everything. R13: all requirements must hold.
#[must_use]
pub fn matches(selector: &LabelSelector, labels: &Labels) -> bool {
    first_unmet(selector, labels).is_none()
}

/// The first requirement that the labels do not meet; `None` where the selector matches (R13).
#[must_use]
pub fn first_unmet<'a>(selector: &'a LabelSelector, labels: &Labels) -> Option<&'a Requirement> {
    selector.requirements.iter().find(|requirement| !meets(requirement, labels))
}

/// R11, R12: what each operator asks for. An absent key is not the same as an empty value, and
/// `NotIn` holds for an absent key.
fn meets(requirement: &Requirement, labels: &Labels) -> bool {
    let value = labels.get(&requirement.key);
    match &requirement.operator {
        Operator::In(values) => value.is_some_and(|value| values.contains(value)),
        Operator::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
        Operator::Exists => value.is_some(),
        Operator::DoesNotExist => value.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::fixtures::labels;

    fn selector(operators: &[Operator]) -> LabelSelector {
        let requirement = |operator: &Operator| Requirement { key: "k".to_owned(), operator: operator.clone() };
        LabelSelector { requirements: operators.iter().map(requirement).collect() }
    }

    /// The answers for an absent key, an empty value, the value asked for and another value.
    fn answers(operators: &[Operator]) -> [bool; 4] {
        let cases = [labels(&[]), labels(&[("k", "")]), labels(&[("k", "v")]), labels(&[("k", "w")])];
        cases.map(|labels| matches(&selector(operators), &labels))
    }

    fn values(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn every_operator_tells_absent_from_empty_from_other() {
        assert_eq!(answers(&[Operator::In(values(&["v"]))]), [false, false, true, false]);
        assert_eq!(answers(&[Operator::In(values(&[""]))]), [false, true, false, false]);
        assert_eq!(answers(&[Operator::In(values(&["", "v"]))]), [false, true, true, false]);
        assert_eq!(answers(&[Operator::NotIn(values(&["v"]))]), [true, true, false, true]);
        assert_eq!(answers(&[Operator::NotIn(values(&[""]))]), [true, false, true, true]);
        assert_eq!(answers(&[Operator::Exists]), [false, true, true, true]);
        assert_eq!(answers(&[Operator::DoesNotExist]), [true, false, false, false]);
    }

    #[test]
    fn requirements_are_anded_and_none_selects_everything() {
        assert_eq!(answers(&[]), [true; 4]);
        assert_eq!(answers(&[Operator::Exists, Operator::NotIn(values(&["v"]))]), [false, true, false, true]);
        assert_eq!(answers(&[Operator::Exists, Operator::DoesNotExist]), [false; 4]);
    }

    #[test]
    fn values_and_keys_are_case_sensitive() {
        let selector = LabelSelector { requirements: vec![Requirement::equals("k", "v")] };
        assert!(!matches(&selector, &labels(&[("k", "V")])));
        assert!(!matches(&selector, &labels(&[("K", "v")])));
    }

    #[test]
    fn the_first_unmet_requirement_is_the_one_named() {
        let selector = LabelSelector {
            requirements: vec![
                Requirement::equals("a", "1"),
                Requirement::equals("b", "2"),
                Requirement::equals("c", "3"),
            ],
        };
        assert_eq!(first_unmet(&selector, &labels(&[("a", "1")])), Some(&Requirement::equals("b", "2")));
        assert_eq!(first_unmet(&selector, &labels(&[("a", "1"), ("b", "2"), ("c", "3")])), None);
    }
}
