//! What labels a set of pods or namespaces may have: the sets that selectors can describe, closed under "and".
//!
//! A selector may ask for one key several times; here each key has one entry, so that two descriptions of one
//! set look alike and a contradiction shows. `ends` calls this module.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::selector::{LabelSelector, Labels, Operator, Requirement};

/// What one label may be (R12). Never nothing: what nothing can be is no [`Values`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Values {
    /// Not there.
    Absent,
    /// One of these.
    OneOf(BTreeSet<String>),
    /// None of these, and there if `present`.
    NoneOf { values: BTreeSet<String>, present: bool },
}

impl Values {
    fn of(operator: &Operator) -> Option<Values> {
        let set = |values: &[String]| values.iter().cloned().collect();
        Some(match operator {
            Operator::In(values) if values.is_empty() => return None,
            Operator::In(values) => Values::OneOf(set(values)),
            Operator::NotIn(values) => Values::NoneOf { values: set(values), present: false },
            Operator::Exists => Values::NoneOf { values: BTreeSet::new(), present: true },
            Operator::DoesNotExist => Values::Absent,
        })
    }

    /// Both at once; `None` where nothing is both.
    fn and(&self, other: &Values) -> Option<Values> {
        match (self, other) {
            (Values::Absent, Values::Absent | Values::NoneOf { present: false, .. })
            | (Values::NoneOf { present: false, .. }, Values::Absent) => Some(Values::Absent),
            (Values::Absent, _) | (_, Values::Absent) => None,
            (Values::OneOf(these), Values::OneOf(those)) => one_of(these.intersection(those).cloned()),
            (Values::OneOf(these), Values::NoneOf { values, .. })
            | (Values::NoneOf { values, .. }, Values::OneOf(these)) => one_of(these.difference(values).cloned()),
            (Values::NoneOf { values, present }, Values::NoneOf { values: others, present: there }) => {
                Some(Values::NoneOf { values: values.union(others).cloned().collect(), present: *present || *there })
            }
        }
    }

    /// One or the other, where that is a set of this kind.
    fn or(&self, other: &Values) -> Option<Values> {
        match (self, other) {
            (Values::OneOf(these), Values::OneOf(those)) => one_of(these.union(those).cloned()),
            (Values::OneOf(these), Values::NoneOf { values, present })
            | (Values::NoneOf { values, present }, Values::OneOf(these)) => {
                Some(Values::NoneOf { values: values.difference(these).cloned().collect(), present: *present })
            }
            (Values::NoneOf { values, present }, Values::NoneOf { values: others, present: there }) => {
                let values = values.intersection(others).cloned().collect();
                Some(Values::NoneOf { values, present: *present && *there })
            }
            (Values::Absent, Values::Absent) => Some(Values::Absent),
            (Values::Absent, Values::NoneOf { values, .. }) | (Values::NoneOf { values, .. }, Values::Absent) => {
                Some(Values::NoneOf { values: values.clone(), present: false })
            }
            (Values::Absent, Values::OneOf(_)) | (Values::OneOf(_), Values::Absent) => None,
        }
    }

    fn hold(&self, value: Option<&String>) -> bool {
        match (self, value) {
            (Values::Absent, value) => value.is_none(),
            (Values::OneOf(values), value) => value.is_some_and(|value| values.contains(value)),
            (Values::NoneOf { present, .. }, None) => !present,
            (Values::NoneOf { values, .. }, Some(value)) => !values.contains(value),
        }
    }

    fn is_anything(&self) -> bool {
        matches!(self, Values::NoneOf { values, present: false } if values.is_empty())
    }

    fn operators(&self) -> Vec<Operator> {
        let list = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>();
        match self {
            Values::Absent => vec![Operator::DoesNotExist],
            Values::OneOf(values) => vec![Operator::In(list(values))],
            Values::NoneOf { values, present } => {
                let exists = present.then_some(Operator::Exists);
                let not = (!values.is_empty()).then(|| Operator::NotIn(list(values)));
                exists.into_iter().chain(not).collect()
            }
        }
    }
}

fn one_of(values: impl Iterator<Item = String>) -> Option<Values> {
    let values: BTreeSet<String> = values.collect();
    (!values.is_empty()).then_some(Values::OneOf(values))
}

/// The labels that meet a selector: each key with what it may be. Never the empty set.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LabelSet(BTreeMap<String, Values>);

impl LabelSet {
    /// The labels that meet the selector (R13); `None` where none do.
    pub(super) fn of(selector: &LabelSelector) -> Option<LabelSet> {
        let mut set = LabelSet::default();
        for requirement in &selector.requirements {
            set.narrow(&requirement.key, &Values::of(&requirement.operator)?)?;
        }
        Some(set)
    }

    /// Labels with one of these values under the key; `None` where there are no values.
    pub(super) fn with_one_of(key: &str, values: impl Iterator<Item = String>) -> Option<LabelSet> {
        Some(LabelSet(BTreeMap::from([(key.to_owned(), one_of(values)?)])))
    }

    fn narrow(&mut self, key: &str, values: &Values) -> Option<()> {
        let both = self.0.get(key).map_or(Some(values.clone()), |known| known.and(values))?;
        self.0.insert(key.to_owned(), both);
        self.0.retain(|_, values| !values.is_anything());
        Some(())
    }

    /// The labels that are in both sets.
    pub(super) fn and(&self, other: &LabelSet) -> Option<LabelSet> {
        let mut both = self.clone();
        for (key, values) in &other.0 {
            both.narrow(key, values)?;
        }
        Some(both)
    }

    /// One set or the other, where they differ under one key alone.
    pub(super) fn or(&self, other: &LabelSet) -> Option<LabelSet> {
        let anything = Values::NoneOf { values: BTreeSet::new(), present: false };
        let value = |set: &LabelSet, key: &str| set.0.get(key).unwrap_or(&anything).clone();
        let keys: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let mut differ = keys.into_iter().filter(|key| value(self, key) != value(other, key));
        let Some(key) = differ.next() else { return Some(self.clone()) };
        if differ.next().is_some() {
            return None;
        }
        let mut either = self.clone();
        either.0.insert(key.clone(), value(self, key).or(&value(other, key))?);
        either.0.retain(|_, values| !values.is_anything());
        Some(either)
    }

    /// Whether these labels are in the set.
    pub(super) fn hold(&self, labels: &Labels) -> bool {
        self.0.iter().all(|(key, values)| values.hold(labels.get(key)))
    }

    pub(super) fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// The values that it leaves to the key, where these are listed.
    pub(super) fn listed(&self, key: &str) -> Option<&BTreeSet<String>> {
        match self.0.get(key)? {
            Values::OneOf(values) => Some(values),
            Values::Absent | Values::NoneOf { .. } => None,
        }
    }

    /// The same without what it says of the key.
    pub(super) fn without(&self, key: &str) -> LabelSet {
        let mut rest = self.clone();
        rest.0.remove(key);
        rest
    }

    /// The set as a selector.
    pub(super) fn selector(&self) -> LabelSelector {
        let of_key = |(key, values): (&String, &Values)| {
            let requirement = |operator| Requirement { key: key.clone(), operator };
            values.operators().into_iter().map(requirement).collect::<Vec<_>>()
        };
        LabelSelector { requirements: self.0.iter().flat_map(of_key).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operators() -> Vec<Operator> {
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        vec![
            Operator::Exists,
            Operator::DoesNotExist,
            Operator::In(list(&["a"])),
            Operator::In(list(&["a", "b"])),
            Operator::In(list(&["", "c"])),
            Operator::NotIn(list(&["a"])),
            Operator::NotIn(list(&["b", ""])),
        ]
    }

    fn set(operators: &[&Operator]) -> Option<LabelSet> {
        let requirement = |operator: &&Operator| Requirement { key: "k".to_owned(), operator: (*operator).clone() };
        LabelSet::of(&LabelSelector { requirements: operators.iter().map(requirement).collect() })
    }

    fn all_labels() -> Vec<Labels> {
        let with = |value: &str| Labels::from([("k".to_owned(), value.to_owned())]);
        [Labels::new()].into_iter().chain(["", "a", "b", "c", "d"].map(with)).collect()
    }

    fn holds(set: Option<&LabelSet>, labels: &Labels) -> bool {
        set.is_some_and(|set| set.hold(labels))
    }

    #[test]
    fn and_and_or_are_what_they_say_for_every_pair_of_operators() {
        for one in operators() {
            for other in operators() {
                let (left, right) = (set(&[&one]).unwrap(), set(&[&other]).unwrap());
                let both = left.and(&right);
                assert_eq!(both, set(&[&one, &other]));
                let either = left.or(&right);
                for labels in all_labels() {
                    assert_eq!(holds(both.as_ref(), &labels), left.hold(&labels) && right.hold(&labels));
                    if let Some(either) = &either {
                        assert_eq!(
                            either.hold(&labels),
                            left.hold(&labels) || right.hold(&labels),
                            "{one:?} {other:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_selector_comes_back_as_it_was_meant() {
        for operator in operators() {
            let there = set(&[&operator]).unwrap();
            assert_eq!(LabelSet::of(&there.selector()), Some(there));
        }
    }
}
