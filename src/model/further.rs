//! Pods that nobody has declared and that may exist beside the two ends of a flow: which labels they
//! can carry, and in which namespaces they can live.
//!
//! They matter where a plugin takes the port numbers of all selected pods together (R27). Both
//! `symbolic` and `witness` ask here; a pod that is found here is judged by `eval` like any other.

use std::collections::{BTreeMap, BTreeSet};

use super::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL, Operator, Requirement};
use super::workload::{Cluster, Namespace, is_namespace_name};
use super::world::{Existence, World};

/// Labels of a further pod that the selector selects; `None` where no pod but a declared one can
/// have them.
#[must_use]
pub fn pod_labels(world: &World, selector: &LabelSelector) -> Option<Labels> {
    (world.pods == Existence::Any).then_some(())?;
    labels_meeting(selector, &world.trust.pod_labels, Labels::new())
}

/// Whether a further pod can live in the namespace.
#[must_use]
pub fn can_live_in(world: &World, namespace: &str) -> bool {
    world.pods == Existence::Any && !world.trust.namespaces.contains(namespace)
}

/// Namespaces of known name in which a further pod can live and that the selector selects. One that
/// no manifest declares is given labels that do; an end of the flow may give it others.
#[must_use]
pub fn homes(cluster: &Cluster, world: &World, selector: &LabelSelector) -> Vec<Namespace> {
    let declared = cluster.namespaces.values().map(|declared| &declared.namespace);
    let selected = declared.filter(|namespace| meets(selector, &namespace.labels)).cloned();
    let named = undeclared(cluster, world, selector).into_iter();
    let labelled = named.filter_map(|name| {
        let known = Labels::from([(NAMESPACE_NAME_LABEL.to_owned(), name.to_owned())]);
        let labels = labels_meeting(selector, &world.trust.namespace_labels, known)?;
        Some(Namespace::new(name, labels))
    });
    selected.chain(labelled).filter(|namespace| can_live_in(world, &namespace.name)).collect()
}

/// A namespace of a name that is not taken, which the selector selects and in which a further pod can
/// live.
#[must_use]
pub fn new_home(world: &World, selector: &LabelSelector, is_taken: impl Fn(&str) -> bool) -> Option<Namespace> {
    let may_create = world.namespaces == Existence::Any && world.pods == Existence::Any;
    may_create.then_some(())?;
    let mentioned: BTreeSet<&str> =
        selector.requirements.iter().flat_map(Requirement::values).map(String::as_str).collect();
    let trusted = |name: &str| world.trust.namespaces.contains(name);
    let name = unused("further-namespace", |name| mentioned.contains(name) || trusted(name) || is_taken(name));
    let known = Labels::from([(NAMESPACE_NAME_LABEL.to_owned(), name.clone())]);
    let labels = labels_meeting(selector, &world.trust.namespace_labels, known)?;
    Some(Namespace::new(name, labels))
}

/// Names of namespaces that exist, or that the selector asks for and somebody may create, without a
/// manifest of their own.
fn undeclared<'a>(cluster: &'a Cluster, world: &World, selector: &'a LabelSelector) -> BTreeSet<&'a str> {
    let may_create = world.namespaces == Existence::Any;
    let by_name = selector.requirements.iter().filter(|one| may_create && one.key == NAMESPACE_NAME_LABEL);
    let asked = by_name.flat_map(Requirement::values).map(String::as_str).filter(|name| is_namespace_name(name));
    let all = cluster.inhabited().into_iter().chain(asked);
    all.filter(|name| !cluster.namespaces.contains_key(*name)).collect()
}

/// Labels that meet the selector, the known ones among them, without a barred key. Keys do not depend
/// on each other (R13), so each is settled alone: absent, a named value, or one that nobody names.
fn labels_meeting(selector: &LabelSelector, barred: &BTreeSet<String>, known: Labels) -> Option<Labels> {
    let mut by_key: BTreeMap<&String, Vec<&Requirement>> = BTreeMap::new();
    selector.requirements.iter().for_each(|one| by_key.entry(&one.key).or_default().push(one));
    let mut labels = known;
    for (key, requirements) in by_key {
        let candidates = match labels.get(key) {
            Some(value) => vec![Some(value.clone())],
            None if barred.contains(key) => vec![None],
            None => values(&requirements),
        };
        let fits = |value: &Option<String>| requirements.iter().all(|one| holds(one, value.as_deref()));
        if let Some(value) = candidates.into_iter().find(fits)? {
            labels.insert(key.clone(), value);
        }
    }
    Some(labels)
}

fn values(requirements: &[&Requirement]) -> Vec<Option<String>> {
    let mentioned: BTreeSet<&String> = requirements.iter().flat_map(|one| one.values()).collect();
    let fresh = unused("other", |value| mentioned.iter().any(|mentioned| *mentioned == value));
    std::iter::once(None).chain(mentioned.into_iter().cloned().map(Some)).chain([Some(fresh)]).collect()
}

fn meets(selector: &LabelSelector, labels: &Labels) -> bool {
    selector.requirements.iter().all(|one| holds(one, labels.get(&one.key).map(String::as_str)))
}

/// R12.
fn holds(requirement: &Requirement, value: Option<&str>) -> bool {
    let listed = |values: &[String]| value.is_some_and(|value| values.iter().any(|one| one == value));
    match &requirement.operator {
        Operator::In(values) => listed(values),
        Operator::NotIn(values) => !listed(values),
        Operator::Exists => value.is_some(),
        Operator::DoesNotExist => value.is_none(),
    }
}

fn unused(first: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{first}-{number}"));
    std::iter::once(first.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}
