//! Which rules speak about an end, and whom they admit: where sentences come from. No verdict hangs on it.

use std::collections::BTreeSet;

use super::ends::End;
use super::words::Port;
use crate::eval::selector::matches;
use crate::model::net::PortMatch;
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Policy, Ports, Rule};
use crate::model::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL, Operator, Requirement};
use crate::model::workload::Cluster;

/// Whether the policy selects pods of this namespace with these labels (R1, R14).
pub(super) fn selects(policy: &Policy, namespace: &str, labels: &Labels) -> bool {
    policy.namespace == namespace && matches(&policy.pod_selector.selector, labels)
}

/// The rules of a direction that speak about an end, each with its policy.
pub(super) fn about<'a>(cluster: &'a Cluster, end: &End, direction: Direction) -> Vec<(&'a Policy, &'a Rule)> {
    let policies = cluster.policies.iter().filter(|policy| selects(policy, &end.namespace, &end.labels));
    policies
        .flat_map(|policy| policy.rules(direction).unwrap_or_default().iter().map(move |rule| (policy, rule)))
        .collect()
}

/// The peers of a rule; `None` where it admits everybody (R15).
pub(super) fn peers(rule: &Rule) -> Option<&[Peer]> {
    match &rule.peers {
        Peers::All => None,
        Peers::AnyOf(peers) => Some(peers),
    }
}

/// Whether a rule speaks about a port that the end listens on.
pub(super) fn covers(rule: &Rule, port: &Port, name: Option<&String>) -> bool {
    let Ports::AnyOf(items) = &rule.ports else { return true };
    items.iter().any(|item| {
        item.protocol == port.protocol
            && match (&item.ports, &port.ports) {
                (PortMatch::All, _) => true,
                (PortMatch::Range(first, last), PortMatch::Range(from, to)) => first <= from && to <= last,
                (PortMatch::Named(named), _) => Some(named) == name,
                (PortMatch::Range(..), _) => false,
            }
    })
}

/// Whether a peer of a policy admits pods of the end.
pub(super) fn admits(cluster: &Cluster, policy: &Policy, peer: &Peer, end: &End) -> bool {
    peer_meets(cluster, policy, peer, &end.namespace, &end.labels)
}

fn peer_meets(cluster: &Cluster, policy: &Policy, peer: &Peer, namespace: &str, labels: &Labels) -> bool {
    let PeerKind::Pods { namespaces, pods } = &peer.kind else { return false };
    let is_there = match namespaces {
        NamespaceScope::Own => policy.namespace == namespace,
        NamespaceScope::Matching(selector) => matches(selector, &namespace_labels(cluster, namespace)),
    };
    is_there && matches(pods, labels)
}

/// R9: of a namespace that no manifest declares, the name is known and no more.
fn namespace_labels(cluster: &Cluster, namespace: &str) -> Labels {
    match cluster.namespaces.get(namespace) {
        Some(declared) => declared.namespace.labels.clone(),
        None => Labels::from([(NAMESPACE_NAME_LABEL.to_owned(), namespace.to_owned())]),
    }
}

/// What the policies ask of pods with these labels: the keys that their selectors name, with the pod's own values.
pub(super) fn asked_of(cluster: &Cluster, namespace: &str, labels: &Labels) -> Vec<Requirement> {
    let mut asked = BTreeSet::new();
    for policy in &cluster.policies {
        if selects(policy, namespace, labels) {
            asked.extend(own(&policy.pod_selector.selector, labels));
        }
        for peer in every_peer(policy) {
            if let PeerKind::Pods { pods, .. } = &peer.kind
                && peer_meets(cluster, policy, peer, namespace, labels)
            {
                asked.extend(own(pods, labels));
            }
        }
    }
    asked.into_iter().collect()
}

fn every_peer(policy: &Policy) -> impl Iterator<Item = &Peer> {
    let rules = policy.ingress.iter().chain(&policy.egress).flatten();
    rules.flat_map(|rule| peers(rule).unwrap_or_default())
}

/// The requirements of a selector, as narrow as these labels meet them.
fn own(selector: &LabelSelector, labels: &Labels) -> Vec<Requirement> {
    let narrow = |requirement: &Requirement| match labels.get(&requirement.key) {
        Some(value) => Requirement::equals(&requirement.key, value),
        None => Requirement { key: requirement.key.clone(), operator: Operator::DoesNotExist },
    };
    selector.requirements.iter().map(narrow).collect()
}
