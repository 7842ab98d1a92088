//! Named ports as some plugins resolve them: on all selected pods together (R27, `union`).
//!
//! The pods that lend their numbers are declared ones, so what selects them is mostly known and folds
//! away; where a question allows for it, also pods that nobody has declared. The mirror of `lenders` in `eval::port`; `encode` alone calls this module.

use super::encode::Encoder;
use super::end::{known_matches, known_namespace_matches};
use super::term::Term;
use crate::model::further;
use crate::model::net::Protocol;
use crate::model::options::{EgressNamedPortAny, HostNetwork};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Policy, Rule};
use crate::model::selector::LabelSelector;
use crate::model::workload::{Namespace, Workload};
use crate::model::world::World;

impl Encoder<'_> {
    /// Some selected declared pod declares the flow's port under this name.
    pub(crate) fn lent(
        &self,
        policy: &Policy,
        direction: Direction,
        rule: &Rule,
        name: &str,
        protocol: Protocol,
    ) -> Term {
        let counts = |workload: &&Workload| !(workload.host_network && self.options.host_network == HostNetwork::Node);
        let inhabitants = || self.cluster.workloads.in_namespace(&policy.namespace).map(|(_, workload)| workload);
        let lends = |workload: &Workload| {
            let named =
                workload.ports.iter().filter(|port| port.name.as_deref() == Some(name) && port.protocol == protocol);
            let number = Term::any(named.map(|port| self.wire.port.is(port.number)));
            if matches!(number, Term::Const(false)) {
                return number;
            }
            let selected = match direction {
                Direction::Ingress => Term::Const(policy_selects(policy, workload)),
                Direction::Egress => self.peers_select(policy, rule, workload),
            };
            number.and(selected)
        };
        match direction {
            // R1: a policy selects pods of its own namespace.
            Direction::Ingress => Term::any(inhabitants().filter(counts).map(lends)),
            Direction::Egress => Term::any(self.cluster.workloads.iter().filter(counts).map(lends)),
        }
    }

    /// A peer that matches the destination selects the workload's pods too; without peers all are
    /// selected (R15), or those of the policy's namespace where the plugin looks no further (R28).
    fn peers_select(&self, policy: &Policy, rule: &Rule, workload: &Workload) -> Term {
        let Peers::AnyOf(peers) = &rule.peers else {
            let everywhere = self.options.egress_named_port_any != EgressNamedPortAny::Namespace;
            return Term::Const(everywhere || workload.namespace == policy.namespace);
        };
        Term::any(peers.iter().map(|peer| match &peer.kind {
            PeerKind::IpBlock(_) => Term::FALSE,
            PeerKind::Pods { namespaces, pods } if known_matches(pods, &workload.labels) => {
                self.scope_selects(policy, namespaces, workload).and(self.peer_matches(policy, peer, self.destination))
            }
            PeerKind::Pods { .. } => Term::FALSE,
        }))
    }

    fn scope_selects(&self, policy: &Policy, scope: &NamespaceScope, workload: &Workload) -> Term {
        match scope {
            NamespaceScope::Own => Term::Const(workload.namespace == policy.namespace),
            NamespaceScope::Matching(selector) => self.namespace_of_workload_matches(selector, workload),
        }
    }

    /// Where no manifest declares the workload's namespace, the labels of the destination's own are
    /// still known, and any other has the automatic label alone (R9).
    fn namespace_of_workload_matches(&self, selector: &LabelSelector, workload: &Workload) -> Term {
        let name = &workload.namespace;
        if let Some(declared) = self.cluster.namespaces.get(name) {
            return Term::Const(known_matches(selector, &declared.namespace.labels));
        }
        let shared = self.destination.namespace_is(self.universe, name);
        let as_destination = shared.clone().and(self.destination.namespace_matches(self.universe, selector));
        as_destination.or(shared.not().and(Term::Const(known_namespace_matches(selector, name))))
    }
}

/// What pods that nobody has declared may lend: any number, so it matters only whether there can be one.
impl Encoder<'_> {
    /// Some pod that nobody has declared could exist which is selected, and lend the flow's port.
    pub(crate) fn lent_by_further(&self, policy: &Policy, direction: Direction, rule: &Rule) -> Term {
        let Some(world) = self.further else { return Term::FALSE };
        match (direction, &rule.peers) {
            (Direction::Ingress, _) => {
                let selected = further::pod_labels(world, &policy.pod_selector.selector).is_some();
                Term::Const(selected && further::can_live_in(world, &policy.namespace))
            }
            (Direction::Egress, Peers::All) => Term::Const(self.further_anywhere(world, policy)),
            (Direction::Egress, Peers::AnyOf(peers)) => {
                Term::any(peers.iter().map(|peer| self.further_of_peer(world, policy, peer)))
            }
        }
    }

    /// R15, or R28 where the plugin looks no further than the policy's namespace.
    fn further_anywhere(&self, world: &World, policy: &Policy) -> bool {
        let anything = LabelSelector::everything();
        further::can_live_in(world, &policy.namespace)
            || self.options.egress_named_port_any != EgressNamedPortAny::Namespace
                && (further::new_home(world, &anything, |_| false).is_some()
                    || !further::homes(self.cluster, world, &anything).is_empty())
    }

    fn further_of_peer(&self, world: &World, policy: &Policy, peer: &Peer) -> Term {
        let PeerKind::Pods { namespaces, pods } = &peer.kind else { return Term::FALSE };
        if further::pod_labels(world, pods).is_none() {
            return Term::FALSE;
        }
        let home = match namespaces {
            NamespaceScope::Own => Term::Const(further::can_live_in(world, &policy.namespace)),
            NamespaceScope::Matching(selector) => self.further_home(world, selector),
        };
        home.and(self.peer_matches(policy, peer, self.destination))
    }

    /// The destination's namespace, which the peer matches, or another one that does.
    fn further_home(&self, world: &World, selector: &LabelSelector) -> Term {
        let trusted = world.trust.namespaces.iter().map(|name| self.destination.namespace_is(self.universe, name));
        let beside = Term::any(trusted).not();
        if matches!(beside, Term::Const(true)) || further::new_home(world, selector, |_| false).is_some() {
            return Term::TRUE;
        }
        let homes = further::homes(self.cluster, world, selector);
        beside.or(Term::any(homes.iter().map(|home| self.further_home_is(home, selector))))
    }

    /// The labels of a namespace that no manifest declares are the source's where the source lives there.
    fn further_home_is(&self, home: &Namespace, selector: &LabelSelector) -> Term {
        if self.cluster.namespaces.contains_key(&home.name) {
            return Term::TRUE;
        }
        let shared = self.source.is_pod().and(self.source.namespace_is(self.universe, &home.name));
        shared.not().or(self.source.namespace_matches(self.universe, selector))
    }
}

fn policy_selects(policy: &Policy, workload: &Workload) -> bool {
    workload.namespace == policy.namespace && known_matches(&policy.pod_selector.selector, &workload.labels)
}
