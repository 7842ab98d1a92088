//! The sets of a sentence over symbolic ends: the mirror of `eval::claim`.
//!
//! `query` alone calls this module.

use ipnet::IpNet;

use super::encode::Encoder;
use super::end::{SymbolicEnd, UNLISTED_NODES};
use super::term::Term;
use crate::model::claim::{Endpoint, FlowSet, NamespaceSet, PortSet};
use crate::model::net::{PortMatch, Protocol};

impl Encoder<'_> {
    /// The flow is one that the claim is about.
    pub(crate) fn flow_in(&self, flows: &FlowSet) -> Term {
        Term::all([
            self.contains(&flows.sources, self.source),
            self.contains(&flows.destinations, self.destination),
            self.ports_contain(&flows.ports),
            Term::any(flows.except.iter().map(|gone| self.flow_in(gone))).not(),
        ])
    }

    /// The end belongs to the endpoint.
    pub(crate) fn contains(&self, endpoint: &Endpoint, end: &SymbolicEnd) -> Term {
        match endpoint {
            Endpoint::Anything => Term::TRUE,
            Endpoint::Pods { namespaces, pods } => {
                // R33: no description by labels takes in a pod on its node's network.
                let is_among = end.is_pod().and(end.is_host_pod().not());
                Term::all([is_among, self.namespace_in(namespaces, end), end.pod_matches(self.universe, pods)])
            }
            Endpoint::Workload(index) => self.is_workload(*index, end),
            Endpoint::External(None) => end.is_external(),
            Endpoint::External(Some(block)) => end.is_external().and(self.lies_within(block, end)),
            Endpoint::Within(block) => self.lies_within(block, end),
            Endpoint::Node(None) => end.is_on_a_node(),
            Endpoint::Node(Some(name)) => {
                let at = self.universe.nodes.iter().position(|node| node == name);
                end.is_on_a_node().and(at.map_or(Term::FALSE, |at| end.node.is(at + UNLISTED_NODES)))
            }
            Endpoint::Union(parts) => Term::any(parts.iter().map(|part| self.contains(part, end))),
            Endpoint::Except(whole, gone) => self.contains(whole, end).and(self.contains(gone, end).not()),
        }
    }

    /// R21: an address of the other family lies in no block.
    fn lies_within(&self, block: &IpNet, end: &SymbolicEnd) -> Term {
        let v6 = self.wire.v6.clone();
        let family = if block.addr().is_ipv6() { v6 } else { v6.not() };
        family.and(end.address.lies_in(block))
    }

    fn namespace_in(&self, namespaces: &NamespaceSet, end: &SymbolicEnd) -> Term {
        match namespaces {
            NamespaceSet::Any => Term::TRUE,
            NamespaceSet::Named(name) => end.namespace_is(self.universe, name),
            NamespaceSet::Matching(selector) => end.namespace_matches(self.universe, selector),
        }
    }

    fn is_workload(&self, workload: usize, end: &SymbolicEnd) -> Term {
        let at = self.universe.identities.iter().position(|identity| identity.workloads.contains(&workload));
        end.is_pod().and(at.map_or(Term::FALSE, |at| end.identity.is(at + 1)))
    }

    fn ports_contain(&self, ports: &PortSet) -> Term {
        if ports.items.is_empty() {
            return Term::any(Protocol::SPOKEN.map(|protocol| self.wire.protocol_is(protocol)));
        }
        Term::any(ports.items.iter().map(|item| {
            let declared_on_a_pod = match item.ports {
                PortMatch::Named(_) => self.destination.is_pod(),
                PortMatch::All | PortMatch::Range(..) => Term::TRUE,
            };
            let ports = self.wire.port_in(&item.ports, self.destination, item.protocol);
            Term::all([self.wire.protocol_is(item.protocol), declared_on_a_pod, ports])
        }))
    }
}
