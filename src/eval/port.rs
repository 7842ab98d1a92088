//! The ports of a rule against the destination port of a flow (R24 to R29).
//!
//! Assumes that policies speak of TCP, UDP and SCTP only (V40). Private to `eval`.

use crate::model::net::{PodEnd, PortMatch, Protocol};
use crate::model::options::{EgressNamedPortAny, EndPort, NamedPortScope, Options, OtherProtocols};
use crate::model::policy::{Direction, Peer, PeerKind, Peers, PortSpec, Ports};
use crate::model::selector::Labels;
use crate::model::workload::{ContainerPort, Namespace, Workload};

use super::end::{Seen, counts_as_node, seen};
use super::peer::selectors_miss;
use super::selector::matches;
use super::trace::{PeersTrace, PortMiss, PortsTrace};
use super::{Question, RuleOf, matched_or_missed};

/// The ports of a rule against the flow's, given which of its peers match.
///
/// R24: without ports every port of every protocol matches. R8: else one item is enough. R29: a
/// plugin may let no rule admit protocols other than TCP, UDP and SCTP.
pub(super) fn trace(question: Question<'_>, rule: RuleOf<'_>, peers: &PeersTrace) -> PortsTrace {
    let barred = question.options.other_protocols == OtherProtocols::Deny;
    if barred && question.flow.protocol == Protocol::Other {
        return PortsTrace::Barred;
    }
    let Ports::AnyOf(items) = &rule.rule.ports else { return PortsTrace::All };
    let lacks = items.iter().map(|item| miss(question, rule, peers, item)).collect();
    matched_or_missed(lacks).map_or_else(PortsTrace::Missed, PortsTrace::Matched)
}

/// What a port item lacks; `None` if it matches.
fn miss(question: Question<'_>, rule: RuleOf<'_>, peers: &PeersTrace, item: &PortSpec) -> Option<PortMiss> {
    let flow = question.flow;
    match &item.ports {
        PortMatch::Named(name) if item.protocol == flow.protocol => named_miss(question, rule, peers, name),
        _ => number_miss(question.options, item, flow.protocol, flow.port),
    }
}

/// What an item that names numbers lacks. R25: it speaks of one protocol, so protocols other than TCP, UDP
/// and SCTP never match it (R29). R26: a range has both its ends, unless the plugin does not know `endPort`.
pub(super) fn number_miss(options: &Options, item: &PortSpec, protocol: Protocol, port: u16) -> Option<PortMiss> {
    if item.protocol != protocol {
        return Some(PortMiss::OtherProtocol);
    }
    match &item.ports {
        PortMatch::All => None,
        PortMatch::Range(first, last) => {
            let last = if options.end_port == EndPort::Ignored { first } else { last };
            (!(first..=last).contains(&&port)).then_some(PortMiss::OtherPort)
        }
        PortMatch::Named(_) => Some(PortMiss::OtherPort),
    }
}

/// What a named port lacks. R27: the destination pod declares the name with the flow's protocol and
/// number. R28: ends that are no pods have no names, and a plugin may resolve fewer.
fn named_miss(question: Question<'_>, rule: RuleOf<'_>, peers: &PeersTrace, name: &str) -> Option<PortMiss> {
    let Seen::Pod(destination) = seen(question.options, &question.flow.destination) else {
        return Some(PortMiss::NoNames);
    };
    if is_barred(question, rule, destination) {
        return Some(PortMiss::BarredByPlugin);
    }
    let declares = |ports: &[ContainerPort]| declares(ports, name, question.flow.protocol, question.flow.port);
    let lent = || lenders(question, rule, peers, destination).any(|workload| declares(&workload.ports));
    (!declares(&destination.ports) && !lent()).then_some(PortMiss::NameNotDeclared)
}

/// R27: whether some container declares this name with this protocol and number. Several may use
/// one name with different numbers: all of them count.
pub(super) fn declares(ports: &[ContainerPort], name: &str, protocol: Protocol, number: u16) -> bool {
    ports.iter().any(|port| port.name.as_deref() == Some(name) && port.protocol == protocol && port.number == number)
}

/// R28: whether the plugin does not resolve a named port of this rule on this destination. It
/// concerns egress rules that name no pods: those without peers, and those with blocks alone.
fn is_barred(question: Question<'_>, rule: RuleOf<'_>, destination: &PodEnd) -> bool {
    if rule.direction == Direction::Ingress || names_pods(&rule.rule.peers) {
        return false;
    }
    match question.options.egress_named_port_any {
        EgressNamedPortAny::Destination => false,
        EgressNamedPortAny::Namespace => destination.namespace.name != rule.policy.namespace,
        EgressNamedPortAny::None => true,
    }
}

/// Whether one of the peers selects pods.
fn names_pods(peers: &Peers) -> bool {
    match peers {
        Peers::All => false,
        Peers::AnyOf(peers) => peers.iter().any(|peer| matches!(peer.kind, PeerKind::Pods { .. })),
    }
}

/// The declared pods whose port numbers the plugin takes for the destination's as well (R27,
/// `union`): for ingress those that the policy selects, for egress those that a peer selects which
/// also selects the destination. R33: pods that count as their nodes lend nothing.
fn lenders<'a>(
    question: Question<'a>,
    rule: RuleOf<'a>,
    peers: &'a PeersTrace,
    destination: &'a PodEnd,
) -> impl Iterator<Item = &'a Workload> {
    let union = question.options.named_port_scope == NamedPortScope::Union;
    // R1: a policy selects in its own namespace alone, a peer wherever it says.
    let namespaces: Box<dyn Iterator<Item = &str>> = match rule.direction {
        Direction::Ingress => Box::new(std::iter::once(rule.policy.namespace.as_str())),
        Direction::Egress => Box::new(question.cluster.workloads.namespaces()),
    };
    namespaces.filter(move |_| union).flat_map(move |name| {
        let namespace = namespace_of(question, destination, name);
        let inhabitants = question.cluster.workloads.in_namespace(name).map(|(_, workload)| workload);
        inhabitants.filter(move |workload| {
            !counts_as_node(question.options, workload.host_network)
                && match rule.direction {
                    Direction::Ingress => matches(&rule.policy.pod_selector.selector, &workload.labels),
                    Direction::Egress => peers_select(question, rule, peers, &namespace, workload),
                }
        })
    })
}

/// Whether one of the matching peers selects the pods of the workload too. R15: a rule without peers
/// takes in every pod; R28: of the policy's namespace, where the plugin looks no further. A block
/// takes in addresses and so selects no declared pod.
fn peers_select(
    question: Question<'_>,
    rule: RuleOf<'_>,
    peers: &PeersTrace,
    namespace: &Namespace,
    workload: &Workload,
) -> bool {
    let home = &rule.policy.namespace;
    match (&rule.rule.peers, peers) {
        (Peers::AnyOf(all), PeersTrace::Matched(matched)) => {
            let mut matched = matched.iter().filter_map(|index| all.get(*index));
            matched.any(|peer| peer_selects(peer, home, namespace, &workload.labels))
        }
        (Peers::All, _) => {
            question.options.egress_named_port_any != EgressNamedPortAny::Namespace || namespace.name == *home
        }
        (Peers::AnyOf(_), _) => false,
    }
}

/// R16 to R18: whether the peer's selectors select pods with these labels in this namespace.
fn peer_selects(peer: &Peer, home: &str, namespace: &Namespace, labels: &Labels) -> bool {
    match &peer.kind {
        PeerKind::Pods { namespaces, pods } => selectors_miss(home, namespaces, pods, namespace, labels).is_none(),
        PeerKind::IpBlock(_) => false,
    }
}

/// The namespace of this name. Where no manifest declares it, the destination's own namespace is
/// still known, and any other has the automatic label alone (R9).
fn namespace_of(question: Question<'_>, destination: &PodEnd, name: &str) -> Namespace {
    if destination.namespace.name == name {
        return destination.namespace.clone();
    }
    match question.cluster.namespaces.get(name) {
        Some(declared) => declared.namespace.clone(),
        None => Namespace::new(name, Labels::new()),
    }
}

#[cfg(test)]
mod tests;
