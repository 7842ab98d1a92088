//! Policies in plain English: what a selector selects, what a peer admits, on which ports.
//!
//! Words only, no judgement; `witness` and `report` use them. Imports `model` alone.

use crate::model::claim::{Endpoint, NamespaceSet};
use crate::model::net::{IpBlock, PortMatch, Protocol};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule};
use crate::model::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL, Operator, Requirement, WORKLOAD_MARK};
use crate::model::workload::Cluster;

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

/// What a policy says, a sentence a direction: "pods with app=vector-db in ai-platform accept TCP 6333-6334 from pods with
/// app=rag-api in ai-platform, and nothing else". Other policies may add to it, and none can take from it (R5).
#[must_use]
pub fn reading(policy: &Policy) -> Vec<String> {
    let directions = [Direction::Ingress, Direction::Egress].into_iter();
    directions.filter_map(|direction| Some(sentence(policy, direction, policy.rules(direction)?))).collect()
}

fn sentence(policy: &Policy, direction: Direction, rules: &[Rule]) -> String {
    let who = pods_in(&policy.pod_selector.selector, &policy.namespace);
    let does = match direction {
        Direction::Ingress => "accept",
        Direction::Egress => "may connect to",
    };
    // "every pod" is one, "pods with" are several.
    let does = if policy.pod_selector.selector.is_empty() && does == "accept" { "accepts" } else { does };
    let admitted: Vec<String> = rules.iter().map(|rule| admitted(policy, direction, rule)).collect();
    if admitted.is_empty() {
        return format!("{who} {does} nothing");
    }
    let all = rules.iter().any(|rule| rule.peers == Peers::All && rule.ports == Ports::All);
    let rest = if all { "" } else { ", and nothing else" };
    format!("{who} {does} {}{rest}", admitted.join("; and "))
}

fn admitted(policy: &Policy, direction: Direction, rule: &Rule) -> String {
    let peers = match &rule.peers {
        Peers::All => "anywhere, inside the cluster or outside".to_owned(),
        Peers::AnyOf(peers) => peers.iter().map(|peer| who(policy, peer)).collect::<Vec<_>>().join(", or "),
    };
    let ports = match &rule.ports {
        Ports::All => "any port".to_owned(),
        Ports::AnyOf(items) => port_list(items),
    };
    match direction {
        Direction::Ingress => format!("{ports} from {peers}"),
        Direction::Egress => format!("{peers} on {ports}"),
    }
}

fn who(policy: &Policy, peer: &Peer) -> String {
    let PeerKind::Pods { namespaces, pods } = &peer.kind else { return self::peer(policy, peer) };
    match namespaces {
        NamespaceScope::Own => pods_in(pods, &policy.namespace),
        NamespaceScope::Matching(matching) => format!("{} {}", which(pods), in_namespaces(matching)),
    }
}

fn which(pods: &LabelSelector) -> String {
    if pods.is_empty() { "every pod".to_owned() } else { self::pods(pods) }
}

/// "pods with app=web in shop".
fn pods_in(pods: &LabelSelector, namespace: &str) -> String {
    format!("{} in {namespace}", which(pods))
}

fn in_namespaces(matching: &LabelSelector) -> String {
    match single_name(matching) {
        Some(name) => format!("in {name}"),
        None if matching.is_empty() => "in any namespace".to_owned(),
        None => format!("in any namespace with {}", selector(matching)),
    }
}

/// "TCP 53 and 6333-6334, UDP 53": neighbours come together.
fn port_list(items: &[PortSpec]) -> String {
    let of = |protocol: Protocol| {
        let own: Vec<&PortMatch> =
            items.iter().filter(|item| item.protocol == protocol).map(|item| &item.ports).collect();
        (!own.is_empty()).then(|| ports_of(protocol, &own))
    };
    let all = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp, Protocol::Other].into_iter();
    all.filter_map(of).collect::<Vec<_>>().join(", ")
}

fn ports_of(protocol: Protocol, items: &[&PortMatch]) -> String {
    if items.iter().any(|item| **item == PortMatch::All) {
        return format!("any {protocol} port");
    }
    let range = |item: &&PortMatch| if let PortMatch::Range(first, last) = item { Some((*first, *last)) } else { None };
    let mut ranges: Vec<(u16, u16)> = items.iter().filter_map(range).collect();
    ranges.sort_unstable();
    let mut merged: Vec<(u16, u16)> = Vec::new();
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    let number = |(first, last)| if first == last { format!("{first}") } else { format!("{first}-{last}") };
    let name = |item: &&PortMatch| if let PortMatch::Named(name) = item { Some(format!("`{name}`")) } else { None };
    let words: Vec<String> = merged.into_iter().map(number).chain(items.iter().filter_map(name)).collect();
    format!("{protocol} {}", words.join(" and "))
}

/// An endpoint of a sentence in words: "pods with app=web in shop".
#[must_use]
pub fn endpoint(cluster: &Cluster, endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Anything => "anything".to_owned(),
        Endpoint::Pods { namespaces, pods } => match namespaces {
            NamespaceSet::Any => format!("{} in any namespace", which(pods)),
            NamespaceSet::Named(name) => pods_in(pods, name),
            NamespaceSet::Matching(matching) => format!("{} {}", which(pods), in_namespaces(matching)),
        },
        Endpoint::Workload(index) => {
            cluster.workloads.get(*index).map_or("no workload".to_owned(), |workload| workload.full_name())
        }
        Endpoint::External(None) => "addresses outside the cluster".to_owned(),
        Endpoint::External(Some(block)) => format!("external {block}"),
        Endpoint::Within(block) => format!("addresses in {block}"),
        Endpoint::Node(None) => "nodes".to_owned(),
        Endpoint::Node(Some(name)) => format!("node {name}"),
        Endpoint::Union(parts) => {
            parts.iter().map(|part| self::endpoint(cluster, part)).collect::<Vec<_>>().join(" or ")
        }
        Endpoint::Except(whole, gone) => {
            format!("{} except {}", self::endpoint(cluster, whole), self::endpoint(cluster, gone))
        }
    }
}
