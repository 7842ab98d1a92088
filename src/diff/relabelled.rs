//! Declared objects whose labels change: each side's policies are rewritten so that they see them as that side declares them.
//!
//! A namespace has its name for a label (R9), so "namespaces with purpose=ml-ops" is the same as those of other names with
//! purpose=ml-ops, or that of this name if it has the label on this side. A workload gets a mark for such a name:
//! a label that nobody else carries. `diff::merge` alone calls this module.

use std::collections::{BTreeMap, BTreeSet};

use super::merge::{by_key, key};
use crate::eval::selector::matches;
use crate::model::policy::{NamespaceScope, Peer, PeerKind, Peers, Policy, Rule};
use crate::model::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL, Operator, Requirement, WORKLOAD_MARK};
use crate::model::workload::{Cluster, Workload};

/// What has other labels after than before.
#[derive(Clone, Debug, Default)]
pub(super) struct Relabelled {
    namespaces: BTreeSet<String>,
    /// By their full names.
    workloads: BTreeSet<String>,
}

impl Relabelled {
    pub(super) fn between(old: &Cluster, new: &Cluster) -> Relabelled {
        let other_labels = |name: &&String| {
            let labels = |side: &Cluster| side.namespaces.get(*name).map(|found| found.namespace.labels.clone());
            labels(old).zip(labels(new)).is_some_and(|(before, after)| before != after)
        };
        let before = by_key(old);
        let changed =
            |workload: &&Workload| before.get(&key(workload)).is_some_and(|was| was.labels != workload.labels);
        Relabelled {
            namespaces: old.namespaces.keys().filter(other_labels).cloned().collect(),
            workloads: new.workloads.iter().filter(changed).map(Workload::full_name).collect(),
        }
    }

    pub(super) fn has_workloads(&self) -> bool {
        !self.workloads.is_empty()
    }

    /// The workload with its mark, where it has other labels on the other side.
    pub(super) fn marked(&self, workload: &Workload) -> Workload {
        let mut marked = workload.clone();
        let name = workload.full_name();
        if self.workloads.contains(&name) {
            marked.labels.insert(WORKLOAD_MARK.to_owned(), name);
        }
        marked
    }

    /// The policies of one side, so that they mean in the cluster of both what they mean in their own.
    pub(super) fn policies(&self, side: &Cluster) -> Vec<Policy> {
        let seen = Seen::new(self, side);
        side.policies.iter().flat_map(|policy| seen.policy(policy)).collect()
    }
}

/// What changes, as one side declares it.
struct Seen {
    namespaces: BTreeMap<String, Labels>,
    workloads: BTreeMap<String, Labels>,
}

impl Seen {
    fn new(relabelled: &Relabelled, side: &Cluster) -> Seen {
        let namespaces = relabelled.namespaces.iter();
        let namespaces =
            namespaces.filter_map(|name| Some((name.clone(), side.namespaces.get(name)?.namespace.labels.clone())));
        let workloads = side.workloads.iter().map(|workload| (workload.full_name(), workload.labels.clone()));
        Seen {
            namespaces: namespaces.collect(),
            workloads: workloads.filter(|(name, _)| relabelled.workloads.contains(name)).collect(),
        }
    }

    /// The policy for the pods that are not marked, and the same for those that are.
    fn policy(&self, policy: &Policy) -> Vec<Policy> {
        let selectors = self.pods(&policy.pod_selector.selector);
        let mut seen = policy.clone();
        let rules =
            |rules: &Option<Vec<Rule>>| rules.as_ref().map(|rules| rules.iter().map(|rule| self.rule(rule)).collect());
        (seen.ingress, seen.egress) = (rules(&policy.ingress), rules(&policy.egress));
        let with = |selector| {
            let mut one = seen.clone();
            one.pod_selector.selector = selector;
            one
        };
        selectors.into_iter().map(with).collect()
    }

    /// The further peers come last, so that each that is written keeps its place.
    fn rule(&self, rule: &Rule) -> Rule {
        let Peers::AnyOf(peers) = &rule.peers else { return rule.clone() };
        let (mut first, mut further) = (Vec::new(), Vec::new());
        for peer in peers {
            let mut kinds = self.peer(&peer.kind).into_iter().map(|kind| Peer { kind, origin: peer.origin });
            first.extend(kinds.next());
            further.extend(kinds);
        }
        first.extend(further);
        Rule { peers: Peers::AnyOf(first), ..rule.clone() }
    }

    fn peer(&self, peer: &PeerKind) -> Vec<PeerKind> {
        let PeerKind::Pods { namespaces, pods } = peer else { return vec![peer.clone()] };
        let scopes = match namespaces {
            NamespaceScope::Own => vec![NamespaceScope::Own],
            NamespaceScope::Matching(selector) => {
                self.namespaces(selector).into_iter().map(NamespaceScope::Matching).collect()
            }
        };
        let pods = self.pods(pods);
        let both = |scope: &NamespaceScope| {
            let scope = scope.clone();
            pods.iter()
                .map(move |pods| PeerKind::Pods { namespaces: scope.clone(), pods: pods.clone() })
                .collect::<Vec<_>>()
        };
        scopes.iter().flat_map(both).collect()
    }

    /// R9, R17.
    fn namespaces(&self, selector: &LabelSelector) -> Vec<LabelSelector> {
        let sees = |requirement: &Requirement| requirement.key != NAMESPACE_NAME_LABEL;
        if self.namespaces.is_empty() || !selector.requirements.iter().any(sees) {
            return vec![selector.clone()];
        }
        let others = Operator::NotIn(self.namespaces.keys().cloned().collect());
        apart(selector, NAMESPACE_NAME_LABEL, others, &self.namespaces)
    }

    /// R14, R16.
    fn pods(&self, selector: &LabelSelector) -> Vec<LabelSelector> {
        if self.workloads.is_empty() || selector.is_empty() {
            return vec![selector.clone()];
        }
        apart(selector, WORKLOAD_MARK, Operator::DoesNotExist, &self.workloads)
    }
}

/// The selector for all but what changes; and of what changes, by its name, all that it matches.
fn apart(
    selector: &LabelSelector,
    key: &str,
    others: Operator,
    changing: &BTreeMap<String, Labels>,
) -> Vec<LabelSelector> {
    let with = |operator| Requirement { key: key.to_owned(), operator };
    let mut rest = selector.clone();
    rest.requirements.push(with(others));
    let matching = changing.iter().filter(|(_, labels)| matches(selector, labels)).map(|(name, _)| name.clone());
    let names: Vec<String> = matching.collect();
    let named = (!names.is_empty()).then(|| LabelSelector { requirements: vec![with(Operator::In(names))] });
    std::iter::once(rest).chain(named).collect()
}
