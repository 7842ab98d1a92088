//! Policies in plain English: what a selector selects, what a peer admits, on which ports.
//!
//! Words only, no judgement; `witness` and `report` use them. Imports `model` alone.

use crate::model::net::{IpBlock, PortMatch};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Policy, PortSpec, Ports, Rule};
use crate::model::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL, Operator, Requirement, WORKLOAD_MARK};

/// `app=web, tier in (a, b)`, in Kubernetes' own syntax. Empty for the empty selector.
#[must_use]
pub fn selector(selector: &LabelSelector) -> String {
    let is_said = |one: &&Requirement| one.key != WORKLOAD_MARK;
    selector.requirements.iter().filter(is_said).map(requirement).collect::<Vec<_>>().join(", ")
}

/// One requirement in Kubernetes' own syntax.
#[must_use]
pub fn requirement(requirement: &Requirement) -> String {
    let key = &requirement.key;
    match &requirement.operator {
        Operator::In(values) if values.len() == 1 => format!("{key}={}", values.join("")),
        Operator::NotIn(values) if values.len() == 1 => format!("{key}!={}", values.join("")),
        Operator::In(values) => format!("{key} in ({})", values.join(", ")),
        Operator::NotIn(values) => format!("{key} notin ({})", values.join(", ")),
        Operator::Exists => key.clone(),
        Operator::DoesNotExist => format!("!{key}"),
    }
}

/// `{app=web, tier=}`.
#[must_use]
pub fn labels(labels: &Labels) -> String {
    let pairs: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// "any pod", "pods with app=web".
#[must_use]
pub fn pods(pods: &LabelSelector) -> String {
    let by_name = |one: &&Requirement| one.key == WORKLOAD_MARK && !one.values().is_empty();
    if let Some(names) = pods.requirements.iter().find(by_name) {
        return names.values().join(", ");
    }
    if pods.is_empty() { "any pod".to_owned() } else { format!("pods with {}", selector(pods)) }
}

/// "any pod of any namespace labelled purpose=ml-ops".
#[must_use]
pub fn peer(policy: &Policy, peer: &Peer) -> String {
    match &peer.kind {
        PeerKind::IpBlock(block) => ip_block(block),
        PeerKind::Pods { namespaces, pods: selected } => {
            format!("{} {}", pods(selected), scope(policy, namespaces))
        }
    }
}

fn scope(policy: &Policy, scope: &NamespaceScope) -> String {
    match scope {
        NamespaceScope::Own => format!("of its own namespace {}", policy.namespace),
        NamespaceScope::Matching(selector) if selector.is_empty() => "of any namespace".to_owned(),
        NamespaceScope::Matching(matching) => match single_name(matching) {
            Some(name) => format!("of namespace {name}"),
            None => format!("of any namespace labelled {}", selector(matching)),
        },
    }
}

/// The namespace that a selector names by its automatic label, if it does no more than that (R9).
fn single_name(selector: &LabelSelector) -> Option<&str> {
    match selector.requirements.as_slice() {
        [Requirement { key, operator: Operator::In(values) }] if key == NAMESPACE_NAME_LABEL => match values.as_slice()
        {
            [name] => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// "addresses in 10.0.0.0/8 except 10.1.0.0/16".
#[must_use]
pub fn ip_block(block: &IpBlock) -> String {
    if block.except.is_empty() {
        return format!("addresses in {}", block.cidr);
    }
    let except: Vec<_> = block.except.iter().map(ToString::to_string).collect();
    format!("addresses in {} except {}", block.cidr, except.join(", "))
}

/// "on every port", "on TCP 6333-6334, UDP 53".
#[must_use]
pub fn ports(rule: &Rule) -> String {
    match &rule.ports {
        Ports::All => "on every port".to_owned(),
        Ports::AnyOf(items) => format!("on {}", items.iter().map(port).collect::<Vec<_>>().join(", ")),
    }
}

/// "TCP 80", "UDP 53-60", "every TCP port", "TCP port http".
#[must_use]
pub fn port(item: &PortSpec) -> String {
    let protocol = item.protocol;
    match &item.ports {
        PortMatch::All => format!("every {protocol} port"),
        PortMatch::Range(first, last) if first == last => format!("{protocol} {first}"),
        PortMatch::Range(first, last) => format!("{protocol} {first}-{last}"),
        PortMatch::Named(name) => format!("{protocol} port named {name}"),
    }
}

/// "any pod of ai-platform", "pods with app=web of ai-platform".
#[must_use]
pub fn selected(policy: &Policy) -> String {
    format!("{} of {}", pods(&policy.pod_selector.selector), policy.namespace)
}

/// `from` or `to`: how a rule of this direction calls its peers.
#[must_use]
pub fn peers_key(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    }
}
