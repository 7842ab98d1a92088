//! Pods beside the two ends of a flow, as far as they lend a port number (R27, `union`).
//!
//! Where more numbers only ever help one side of a question ("cannot reach"), it is enough to know that some such
//! pod could exist: that is `union`. A comparison has two sides, and one pod lends to both, so that here the
//! pods are variables. What lets a flow through needs at most one of them on each side of the flow, and more
//! of them never close anything: as many as sides are enough. `query` and `encode` call this module.

use super::encode::Encoder;
use super::end::{ABSENT, SymbolicEnd, Wire, one_namespace};
use super::term::Term;
use super::universe::{NamespaceValue, Universe};
use crate::model::net::Protocol;
use crate::model::options::EgressNamedPortAny;
use crate::model::policy::{Direction, PeerKind, Peers, Policy, Rule};
use crate::model::workload::Cluster;
use crate::model::world::World;

/// A pod that nobody has declared, and that may or may not exist.
pub(crate) struct Lender {
    pub(crate) exists: Term,
    pub(crate) pod: SymbolicEnd,
}

impl Lender {
    /// A new one; `name` sets its variables apart.
    pub(crate) fn new(name: &str, world: &World, universe: &Universe) -> Lender {
        Lender { exists: Term::variable(&format!("{name}.exists")), pod: SymbolicEnd::new(name, world, universe) }
    }

    /// If it exists, it can: a pod that nobody has declared, of a namespace that has the labels which it has
    /// for the others, too. The first two of these are the source and the destination.
    pub(crate) fn legal(
        &self,
        others: &[&SymbolicEnd],
        cluster: &Cluster,
        world: &World,
        universe: &Universe,
        wire: &Wire,
    ) -> Term {
        let beside = others.iter().map(|other| one_namespace(&self.pod, other, universe));
        let home = self.home_is_plain(others, cluster, universe);
        let own = [
            self.pod.is_pod(),
            self.pod.is_declared().not(),
            self.pod.has_host_network(false),
            self.pod.legal(cluster, world, universe, wire),
            home,
        ];
        self.exists.clone().implies(Term::all(own.into_iter().chain(beside)))
    }

    /// A namespace that no manifest declares and in which declared workloads may lend, too, has the automatic label
    /// alone unless an end of the flow says otherwise: so those workloads are looked up (R9).
    fn home_is_plain(&self, ends: &[&SymbolicEnd], cluster: &Cluster, universe: &Universe) -> Term {
        let lend = |name: &str| {
            let mut of_it = cluster.workloads.iter().filter(|workload| workload.namespace == name);
            of_it.any(|workload| workload.ports.iter().any(|port| port.name.is_some()))
        };
        let open = universe.namespaces.iter().enumerate().filter_map(|(place, value)| match value {
            NamespaceValue::Unknown(name) if lend(name) => Some(place),
            _ => None,
        });
        let plain = |place| {
            let bare = Term::all(self.pod.namespace_labels.values().map(|label| label.is(ABSENT)));
            let of_destination = ends.get(1).map_or(Term::FALSE, |end| end.is_pod().and(end.namespace.is(place)));
            self.pod.namespace.is(place).implies(bare.or(of_destination))
        };
        Term::all(open.map(plain))
    }
}

impl Encoder<'_> {
    /// Some of the lenders is selected and gives the flow's port this name: the mirror of `lenders` in `eval::port`.
    pub(crate) fn lent_by_lenders(
        &self,
        policy: &Policy,
        direction: Direction,
        rule: &Rule,
        name: &str,
        protocol: Protocol,
    ) -> Term {
        let lends = |lender: &Lender| {
            let selected = match direction {
                Direction::Ingress => self.selects(policy, &lender.pod),
                Direction::Egress => self.peers_select_lender(policy, rule, lender),
            };
            Term::all([lender.exists.clone(), lender.pod.declares(name, protocol), selected])
        };
        Term::any(self.lenders.iter().map(lends))
    }

    /// A peer that matches the destination selects the lender too; without peers all are selected (R15), or those
    /// of the policy's namespace where the plugin looks no further (R28).
    fn peers_select_lender(&self, policy: &Policy, rule: &Rule, lender: &Lender) -> Term {
        let Peers::AnyOf(peers) = &rule.peers else {
            return match self.options.egress_named_port_any {
                EgressNamedPortAny::Namespace => lender.pod.namespace_is(self.universe, &policy.namespace),
                EgressNamedPortAny::Destination | EgressNamedPortAny::None => Term::TRUE,
            };
        };
        Term::any(peers.iter().map(|peer| match &peer.kind {
            PeerKind::IpBlock(_) => Term::FALSE,
            PeerKind::Pods { .. } => {
                let both = self.peer_matches(policy, peer, self.destination);
                both.and(self.peer_matches(policy, peer, &lender.pod))
            }
        }))
    }
}
