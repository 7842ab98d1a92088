//! The verdict over symbolic ends: the mirror of `eval`, function by function and rule by rule.
//!
//! [`Encoder::allowed`] is true of exactly those values for which `eval::verdict` says Allowed.
//! Each policy can carry a guard, so that an unsatisfiable question names the policies it rests on.
//! `query` alone builds an encoder.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::end::{SymbolicEnd, Wire};
use super::slice::Slice;
use super::term::Term;
use super::universe::Universe;
use crate::model::net::{IpBlock, PortMatch, Protocol};
use crate::model::options::{
    EgressNamedPortAny, EndPort, HostNetwork, IpBlockMatches, NamedPortScope, Options, OtherProtocols, Treatment,
};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule};
use crate::model::workload::Cluster;
use crate::model::world::World;

/// Which contribution of a policy can be taken back, to learn what a proof rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarding {
    /// That it isolates: for questions that look for an allowed flow or an open pod.
    Isolation,
    /// That its rules admit: for questions that look for a denied flow.
    Admission,
}

/// A policy's part in one direction.
pub(crate) type Part = (usize, Direction);

/// The verdict of one cluster under one plugin's choices, over two symbolic ends.
pub(crate) struct Encoder<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) options: &'a Options,
    pub(crate) slice: &'a Slice,
    pub(crate) universe: &'a Universe,
    pub(crate) source: &'a SymbolicEnd,
    pub(crate) destination: &'a SymbolicEnd,
    pub(crate) wire: &'a Wire,
    pub(crate) guarding: Guarding,
    /// The world, where pods that nobody has declared may lend their port numbers (R27).
    pub(crate) further: Option<&'a World>,
    /// Whether nodes can be ends at all.
    pub(crate) nodes: bool,
    pub(crate) guards: &'a RefCell<BTreeMap<Part, Term>>,
}

impl<'a> Encoder<'a> {
    /// R6: both sides allow.
    pub(crate) fn allowed(&self) -> Term {
        self.side(Direction::Egress).and(self.side(Direction::Ingress))
    }

    /// One side: exempt, open or admitted (R4, R5).
    fn side(&self, direction: Direction) -> Term {
        let (subject, other) = self.subject_and_other(direction);
        let admitted = self.policies(direction).map(|(index, policy)| {
            self.admits(policy, direction, subject, other).and(self.guard(Guarding::Admission, (index, direction)))
        });
        let admitted = Term::any(admitted);
        Term::any([self.exempt(direction, subject, other), self.isolated(direction, subject).not(), admitted])
    }

    /// R5, R8: the policy selects the pod, and some rule of it matches.
    pub(crate) fn admits(
        &self,
        policy: &Policy,
        direction: Direction,
        subject: &SymbolicEnd,
        other: &SymbolicEnd,
    ) -> Term {
        let rules = policy.rules(direction).unwrap_or_default();
        let any = Term::any(rules.iter().map(|rule| self.rule_matches(policy, direction, rule, other)));
        self.selects(policy, subject).and(any)
    }

    /// R4: some policy of its namespace that has the direction selects the pod.
    pub(crate) fn isolated(&self, direction: Direction, subject: &SymbolicEnd) -> Term {
        Term::any(self.policies(direction).map(|(index, policy)| {
            self.selects(policy, subject).and(self.guard(Guarding::Isolation, (index, direction)))
        }))
    }

    /// R33: the end is a pod to policies. The one place, with [`Encoder::is_seen_as_node`], that knows
    /// what the plugin takes pods on their nodes' network for.
    pub(crate) fn is_seen_as_pod(&self, end: &SymbolicEnd) -> Term {
        end.is_pod().and(self.counts_as_node(end).not())
    }

    /// R33: the end is a node to policies.
    fn is_seen_as_node(&self, end: &SymbolicEnd) -> Term {
        end.is_node().or(self.counts_as_node(end))
    }

    /// R33: the end is a pod that is its node.
    fn counts_as_node(&self, end: &SymbolicEnd) -> Term {
        match self.options.host_network {
            HostNetwork::Node => end.is_host_pod(),
            HostNetwork::Pod => Term::FALSE,
        }
    }

    /// Where policies have no say: R4 (only pods are isolated), R29 to R33.
    fn exempt(&self, direction: Direction, subject: &SymbolicEnd, other: &SymbolicEnd) -> Term {
        let other_protocol = Term::Const(self.options.other_protocols == OtherProtocols::Allow)
            .and(self.wire.protocol_is(Protocol::Other));
        Term::any([
            self.is_seen_as_pod(subject).not(),
            self.itself(subject, other),
            self.local_node(direction, subject, other),
            other_protocol,
        ])
    }

    /// R30: the ends share an address. Two pods can where both are on one node's network, and nowhere else;
    /// where such a pod counts as its node, it is exempt as it is.
    fn itself(&self, subject: &SymbolicEnd, other: &SymbolicEnd) -> Term {
        let felt = self.options.self_traffic == Treatment::Allow && self.options.host_network == HostNetwork::Pod;
        if !felt || !subject.may_be_host_pod() {
            return Term::FALSE;
        }
        let same_four = self.wire.v6.clone().not().and(subject.address.v4_is(&other.address));
        let same_six = self.wire.v6.clone().and(subject.address.v6_is(&other.address));
        Term::all([subject.is_pod(), other.is_pod(), same_four.or(same_six)])
    }

    /// R31, R32: between a pod and its own node.
    fn local_node(&self, direction: Direction, subject: &SymbolicEnd, other: &SymbolicEnd) -> Term {
        let treatment = match direction {
            Direction::Ingress => self.options.local_node_ingress,
            Direction::Egress => self.options.local_node_egress,
        };
        let exempt = Term::Const(self.nodes && treatment == Treatment::Allow);
        if matches!(exempt, Term::Const(false)) {
            return exempt;
        }
        Term::all([self.is_seen_as_node(other), self.is_seen_as_pod(subject), other.node.same_as(&subject.node)])
    }

    fn policies(&self, direction: Direction) -> impl Iterator<Item = (usize, &'a Policy)> {
        let cluster = self.cluster;
        self.slice.of(direction).iter().filter_map(move |index| Some((*index, cluster.policies.get(*index)?)))
    }

    pub(crate) fn subject_and_other(&self, direction: Direction) -> (&'a SymbolicEnd, &'a SymbolicEnd) {
        match direction {
            Direction::Egress => (self.source, self.destination),
            Direction::Ingress => (self.destination, self.source),
        }
    }

    /// True while the solver is told so; free once it is not.
    pub(crate) fn guard(&self, kind: Guarding, part: Part) -> Term {
        if kind != self.guarding {
            return Term::TRUE;
        }
        let name = || Term::variable(&format!("policy {} {}", part.0, part.1));
        self.guards.borrow_mut().entry(part).or_insert_with(name).clone()
    }

    /// R1, R14: a pod of the policy's namespace whose labels match. R33: none that counts as its node.
    pub(crate) fn selects(&self, policy: &Policy, subject: &SymbolicEnd) -> Term {
        Term::all([
            self.is_seen_as_pod(subject),
            subject.namespace_is(self.universe, &policy.namespace),
            subject.pod_matches(self.universe, &policy.pod_selector.selector),
        ])
    }

    /// R8: some peer and some port.
    fn rule_matches(&self, policy: &Policy, direction: Direction, rule: &Rule, other: &SymbolicEnd) -> Term {
        let ports = self.ports_match(policy, direction, rule);
        if matches!(ports, Term::Const(false)) {
            return ports;
        }
        self.peers_match(policy, rule, other).and(ports)
    }

    /// R15, R18.
    fn peers_match(&self, policy: &Policy, rule: &Rule, other: &SymbolicEnd) -> Term {
        match &rule.peers {
            Peers::All => Term::TRUE,
            Peers::AnyOf(peers) => Term::any(peers.iter().map(|peer| self.peer_matches(policy, peer, other))),
        }
    }

    pub(crate) fn peer_matches(&self, policy: &Policy, peer: &Peer, other: &SymbolicEnd) -> Term {
        match &peer.kind {
            PeerKind::Pods { namespaces, pods } => Term::all([
                self.is_seen_as_pod(other),
                self.scope_holds(policy, namespaces, other),
                other.pod_matches(self.universe, pods),
            ]),
            PeerKind::IpBlock(block) => self.block_matches(block, other),
        }
    }

    /// R16, R17.
    fn scope_holds(&self, policy: &Policy, scope: &NamespaceScope, other: &SymbolicEnd) -> Term {
        match scope {
            NamespaceScope::Own => other.namespace_is(self.universe, &policy.namespace),
            NamespaceScope::Matching(selector) => other.namespace_matches(self.universe, selector),
        }
    }

    /// R20, R21, R22.
    fn block_matches(&self, block: &IpBlock, other: &SymbolicEnd) -> Term {
        let family = if block.cidr.addr().is_ipv6() { self.wire.v6.clone() } else { self.wire.v6.clone().not() };
        let kind = match self.options.ipblock_matches {
            IpBlockMatches::All => Term::TRUE,
            IpBlockMatches::ExternalAndNodes => self.is_seen_as_pod(other).not(),
            IpBlockMatches::External => other.is_external(),
        };
        let except = Term::any(block.except.iter().map(|except| other.address.lies_in(except)));
        Term::all([family, kind, other.address.lies_in(&block.cidr), except.not()])
    }

    /// R24, R29.
    fn ports_match(&self, policy: &Policy, direction: Direction, rule: &Rule) -> Term {
        let spoken = self.wire.protocol_is(Protocol::Other).not();
        match &rule.ports {
            Ports::All if self.options.other_protocols == OtherProtocols::Deny => spoken,
            Ports::All => Term::TRUE,
            Ports::AnyOf(items) => {
                let matches = |item: &PortSpec| self.port_matches(policy, direction, rule, item);
                spoken.and(Term::any(items.iter().map(matches)))
            }
        }
    }

    /// R25, R26, R27.
    fn port_matches(&self, policy: &Policy, direction: Direction, rule: &Rule, item: &PortSpec) -> Term {
        let ports = match &item.ports {
            PortMatch::Range(first, _) if self.options.end_port == EndPort::Ignored => self.wire.port.is(*first),
            PortMatch::Named(name) => self.named_port(policy, direction, rule, name, item.protocol),
            ports => self.wire.port_in(ports, self.destination, item.protocol),
        };
        self.wire.protocol_is(item.protocol).and(ports)
    }

    /// R27, R28.
    fn named_port(&self, policy: &Policy, direction: Direction, rule: &Rule, name: &str, protocol: Protocol) -> Term {
        let is_pod = self.is_seen_as_pod(self.destination);
        let own = is_pod.clone().and(self.destination.declares(name, protocol));
        let declared = match self.options.named_port_scope {
            NamedPortScope::Destination => own,
            NamedPortScope::Union => {
                let lent = self.lent(policy, direction, rule, name, protocol);
                own.or(is_pod.and(lent.or(self.lent_by_further(policy, direction, rule))))
            }
        };
        if direction == Direction::Ingress || has_pod_peer(rule) {
            return declared;
        }
        match self.options.egress_named_port_any {
            EgressNamedPortAny::Destination => declared,
            EgressNamedPortAny::Namespace => {
                declared.and(self.destination.namespace_is(self.universe, &policy.namespace))
            }
            EgressNamedPortAny::None => Term::FALSE,
        }
    }
}

/// Whether some peer of the rule selects pods (R28).
fn has_pod_peer(rule: &Rule) -> bool {
    match &rule.peers {
        Peers::All => false,
        Peers::AnyOf(peers) => peers.iter().any(|peer| matches!(peer.kind, PeerKind::Pods { .. })),
    }
}
