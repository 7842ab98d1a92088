//! Two clusters as one: every object that either declares. `diff` alone calls this module.

use std::collections::BTreeMap;

use super::Merged;
use super::relabelled::Relabelled;
use crate::model::algebra::PolicySet;
use crate::model::workload::{Cluster, Workload, WorkloadKind};

/// The clusters before and after as one; the names are what to call them.
#[must_use]
pub fn merge(old: &Cluster, new: &Cluster, names: [&str; 2]) -> Merged {
    let relabelled = Relabelled::between(old, new);
    let mut cluster = Cluster { namespaces: new.namespaces.clone(), ..Cluster::default() };
    for (name, namespace) in &old.namespaces {
        cluster.namespaces.entry(name.clone()).or_insert_with(|| namespace.clone());
    }
    cluster.nodes = new.nodes.clone();
    cluster.nodes.extend(old.nodes.iter().filter(|one| new.nodes.iter().all(|node| node.name != one.name)).cloned());
    let sides = [old, new].map(|side| relabelled.policies(side));
    let [old_policies, new_policies] = sides;
    let count = old_policies.len();
    let set = |name: &str, policies: std::ops::Range<usize>| PolicySet {
        name: name.to_owned(),
        policies: policies.collect(),
    };
    let [before, after] = names;
    let sets = (set(before, 0..count), set(after, count..count + new_policies.len()));
    cluster.policies = old_policies.into_iter().chain(new_policies).collect();
    cluster.workloads = workloads(old, new, &relabelled);
    for kinds in [&old.ignored_kinds, &new.ignored_kinds] {
        kinds.iter().for_each(|(kind, count)| {
            let most = cluster.ignored_kinds.entry(kind.clone()).or_insert(0);
            *most = (*most).max(*count);
        });
    }
    Merged {
        old_workloads: declared(&cluster, old),
        new_workloads: declared(&cluster, new),
        cluster,
        old: sets.0,
        new: sets.1,
        is_relabelled: relabelled.has_workloads(),
        notes: notes(old, new),
    }
}

type Key<'a> = (&'a str, &'a str, WorkloadKind);

pub(super) fn key(workload: &Workload) -> Key<'_> {
    (&workload.namespace, &workload.name, workload.kind)
}

pub(super) fn by_key(cluster: &Cluster) -> BTreeMap<Key<'_>, &Workload> {
    cluster.workloads.iter().map(|workload| (key(workload), workload)).collect()
}

/// In the order of namespace, name and kind, as in every cluster; as they are after, where both sides declare them.
fn workloads(old: &Cluster, new: &Cluster, relabelled: &Relabelled) -> Vec<Workload> {
    let mut all = by_key(old);
    all.extend(by_key(new));
    all.into_values().map(|workload| relabelled.marked(workload)).collect()
}

fn declared(cluster: &Cluster, side: &Cluster) -> Vec<usize> {
    let known = by_key(side);
    let indices = cluster.workloads.iter().enumerate();
    indices.filter(|(_, workload)| known.contains_key(&key(workload))).map(|(index, _)| index).collect()
}

/// What changes in declared workloads beside their labels: both sides are compared with what is declared after.
fn notes(old: &Cluster, new: &Cluster) -> Vec<String> {
    let before = by_key(old);
    let note = |workload: &Workload| {
        let was = before.get(&key(workload))?;
        let changes: Vec<_> = [
            ("ports", was.ports != workload.ports),
            ("host network", was.host_network != workload.host_network),
            ("addresses", was.addresses != workload.addresses),
            ("node", was.node != workload.node),
        ]
        .into_iter()
        .filter(|(_, changed)| *changed)
        .map(|(what, _)| what)
        .collect();
        let what = changes.join(", ");
        let name = workload.full_name();
        (!changes.is_empty())
            .then(|| format!("{name} changes ({what}): both sides are compared as it is after the change"))
    };
    new.workloads.iter().filter_map(note).collect()
}
