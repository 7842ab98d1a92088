//! How two objects of one name differ, in words: what is lost when the second is applied over the first (R41).
//! Called by `assemble` only.

use std::fmt::Debug;

use super::object::Thing;
use crate::model::policy::{Direction, Policy};
use crate::model::selector::Labels;
use crate::model::workload::{Node, Service, Workload};

/// Longer lists differ, and it is not counted in how much: that would cost the product of their lengths.
const MOST_COUNTED: usize = 1_000;

/// The fields in which two objects differ.
#[derive(Debug, Default)]
pub struct Differences {
    /// The fields, as `metadata.labels`.
    pub fields: Vec<&'static str>,
    /// What the first has and the second has not, as `the label purpose=ml-ops`.
    pub lost: Vec<String>,
}

/// How the second differs from the first. Both are of one kind, and hold no origins that could differ.
pub fn between(first: &Thing, second: &Thing) -> Differences {
    let mut differences = Differences::default();
    match (first, second) {
        (Thing::Namespace(one), Thing::Namespace(other)) => {
            differences.labels("metadata.labels", &one.namespace.labels, &other.namespace.labels);
        }
        (Thing::Policy(one), Thing::Policy(other)) => differences.policy(one, other),
        (Thing::Workload(one), Thing::Workload(other)) => differences.workload(one, other),
        (Thing::Service(one), Thing::Service(other)) => differences.service(one, other),
        (Thing::Node(one), Thing::Node(other)) => differences.node(one, other),
        _ => {}
    }
    differences
}

impl Differences {
    fn field(&mut self, name: &'static str, differs: bool) {
        if differs {
            self.fields.push(name);
        }
    }

    fn labels(&mut self, name: &'static str, one: &Labels, other: &Labels) {
        self.field(name, one != other);
        if one.len() > MOST_COUNTED || other.len() > MOST_COUNTED {
            return;
        }
        let lost = one.iter().filter(|(key, value)| other.get(*key) != Some(value));
        self.lost.extend(lost.map(|(key, value)| format!("the label {key}={value}")));
    }

    /// A list of which the second lacks entries.
    fn list<T: PartialEq + Debug>(&mut self, name: &'static str, what: &str, one: &[T], other: &[T]) {
        self.field(name, one != other);
        let lost = one.iter().filter(|item| !other.contains(item)).count();
        if lost > 0 {
            self.lost.push(format!("{lost} of the {what} of `{name}`"));
        }
    }

    fn policy(&mut self, one: &Policy, other: &Policy) {
        self.field("spec.podSelector", one.pod_selector.selector != other.pod_selector.selector);
        for (direction, name) in [(Direction::Ingress, "spec.ingress"), (Direction::Egress, "spec.egress")] {
            let (mine, theirs) = (one.rules(direction), other.rules(direction));
            if mine.is_some() != theirs.is_some() {
                self.field("spec.policyTypes", !self.fields.contains(&"spec.policyTypes"));
            }
            if mine.is_some() && theirs.is_none() {
                self.lost.push(format!("isolation for {direction}"));
            }
            self.list(name, "rules", mine.unwrap_or_default(), theirs.unwrap_or_default());
        }
    }

    fn workload(&mut self, one: &Workload, other: &Workload) {
        self.labels("the labels of its pods", &one.labels, &other.labels);
        self.list("ports", "container ports", &one.ports, &other.ports);
        self.field("hostNetwork", one.host_network != other.host_network);
        self.field("nodeName", one.node != other.node);
        self.list("status.podIPs", "addresses", &one.addresses, &other.addresses);
    }

    fn service(&mut self, one: &Service, other: &Service) {
        let none = Labels::new();
        let selector = |service: &Service| service.selector.clone().unwrap_or_else(|| none.clone());
        self.field("spec.selector", one.selector != other.selector);
        let (mine, theirs) = (selector(one), selector(other));
        let lost = mine.iter().filter(|(key, value)| theirs.get(*key) != Some(value));
        self.lost.extend(lost.map(|(key, value)| format!("{key}={value} of the selector")));
        self.list("spec.ports", "ports", &one.ports, &other.ports);
    }

    fn node(&mut self, one: &Node, other: &Node) {
        self.labels("metadata.labels", &one.labels, &other.labels);
        self.list("status.addresses", "addresses", &one.addresses, &other.addresses);
    }
}

/// "a", "a and b", "a, b and c".
pub fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
