//! Named ports as some plugins resolve them: on all selected pods together (R27, `union`).
//!
//! The pods that lend their numbers are declared ones, so what selects them is mostly known and folds
//! away. The mirror of `lenders` in `eval::port`; `encode` alone calls this module.

use super::encode::Encoder;
use super::end::{known_matches, known_namespace_matches};
use super::term::Term;
use crate::model::net::Protocol;
use crate::model::options::{EgressNamedPortAny, HostNetwork};
use crate::model::policy::{Direction, NamespaceScope, PeerKind, Peers, Policy, Rule};
use crate::model::selector::LabelSelector;
use crate::model::workload::Workload;

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
        Term::any(self.cluster.workloads.iter().filter(counts).map(lends))
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

fn policy_selects(policy: &Policy, workload: &Workload) -> bool {
    workload.namespace == policy.namespace && known_matches(&policy.pod_selector.selector, &workload.labels)
}
