//! From a model of the solver to a concrete flow, and from a concrete flow to a statement.
//!
//! What the solver leaves open is filled with plain values; `witness` makes them pretty and `eval`
//! judges the flow again, so that nothing here needs to be trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use z3::ast::BV;

use super::end::{ABSENT, EXTERNAL, HYPOTHETICAL, NODE, POD, SymbolicEnd, UNLISTED_NODES, label_value, protocol_value};
use super::lender::Lender;
use super::query::Query;
use super::solver::{Session, Statement};
use super::term::{Choice, Term};
use super::universe::{Keys, NamespaceValue};
use crate::error::Error;
use crate::model::net::{End, Flow, NodeEnd, PodEnd, Protocol};
use crate::model::selector::Labels;
use crate::model::workload::{ContainerPort, Namespace};

/// What the solver found, after Sat. Not `Send`; [`Model::flow`] gives plain data.
pub struct Model<'q, 'a> {
    query: &'q Query<'a>,
    model: z3::Model,
}

impl<'q, 'a> Model<'q, 'a> {
    /// The model of the last check.
    ///
    /// # Errors
    /// [`Error::Solver`] where Z3 has none, which after Sat would be a fault of Z3.
    pub fn of(query: &'q Query<'a>, session: &Session) -> Result<Model<'q, 'a>, Error> {
        let model = session.model();
        model.map(|model| Model { query, model }).ok_or_else(|| Error::Solver("no model after sat".to_owned()))
    }

    /// The flow of the model.
    #[must_use]
    pub fn flow(&self) -> Flow {
        let protocol = match self.choice(&self.query.wire.protocol) {
            0 => Protocol::Tcp,
            1 => Protocol::Udp,
            2 => Protocol::Sctp,
            _ => Protocol::Other,
        };
        let port = u16::try_from(self.number(self.query.wire.port.bits())).unwrap_or(u16::MAX);
        Flow {
            source: self.end(&self.query.source, "source", protocol, port),
            destination: self.end(&self.query.destination, "destination", protocol, port),
            protocol,
            port,
        }
    }

    /// Pods beside the two ends that lend the flow's port, in this model (R27).
    #[must_use]
    pub fn lenders(&self) -> Vec<PodEnd> {
        let flow = self.flow();
        let existing = self.query.lenders.iter().enumerate().filter(|(_, lender)| self.holds(&lender.exists));
        let pod = |(at, lender): (usize, &Lender)| {
            let role = format!("further-{}", at + 1);
            let address = flow.destination.address();
            PodEnd { name: role.clone(), ..self.hypothetical(&lender.pod, &role, address, flow.protocol, flow.port) }
        };
        existing.map(pod).collect()
    }

    fn end(&self, end: &SymbolicEnd, role: &str, protocol: Protocol, port: u16) -> End {
        let address = self.address(end, role);
        match self.choice(&end.kind) {
            EXTERNAL => End::External(address),
            NODE => End::Node(NodeEnd { name: Some(self.node_name(self.choice(&end.node))), address }),
            _ => End::Pod(self.pod(end, role, address, protocol, port)),
        }
    }

    fn pod(&self, end: &SymbolicEnd, role: &str, address: IpAddr, protocol: Protocol, port: u16) -> PodEnd {
        let identity = self.choice(&end.identity);
        let declared = identity.checked_sub(1).and_then(|at| self.query.universe.identities.get(at));
        let workload = declared.and_then(|identity| {
            // Of pods that nothing tells apart, the two ends are two.
            let both = self.choice(&self.query.source.identity) == self.choice(&self.query.destination.identity);
            let members = &identity.workloads;
            let index = if both && role == "destination" { members.last() } else { members.first() };
            Some((*index?, self.query.setting.cluster.workloads.get(*index?)?))
        });
        let Some((index, workload)) = workload else {
            return self.hypothetical(end, role, address, protocol, port);
        };
        PodEnd {
            namespace: self.declared_namespace(end, &workload.namespace),
            name: workload.name.clone(),
            labels: workload.labels.clone(),
            ports: workload.ports.clone(),
            address,
            node: workload.node.clone().or_else(|| Some(self.node_name(self.choice(&end.node)))),
            host_network: workload.host_network,
            workload: Some(index),
        }
    }

    fn hypothetical(&self, end: &SymbolicEnd, role: &str, address: IpAddr, protocol: Protocol, port: u16) -> PodEnd {
        let names = &self.query.universe.port_names;
        let declared = names.iter().filter(|(name, of)| *of == protocol && self.holds(&end.declares(name, protocol)));
        let ports = declared.map(|(name, _)| ContainerPort { name: Some(name.clone()), number: port, protocol });
        PodEnd {
            namespace: self.namespace(end, role),
            name: "any-pod".to_owned(),
            labels: self.labels(&end.pod_labels, &self.query.universe.pod_keys),
            ports: ports.collect(),
            address,
            node: Some(self.node_name(self.choice(&end.node))),
            host_network: self.holds(&end.is_host_pod()),
            workload: None,
        }
    }

    fn namespace(&self, end: &SymbolicEnd, role: &str) -> Namespace {
        let labels = || self.labels(&end.namespace_labels, &self.query.universe.namespace_keys);
        match self.query.universe.namespaces.get(self.choice(&end.namespace)) {
            Some(NamespaceValue::Declared(namespace)) => namespace.clone(),
            Some(NamespaceValue::Unknown(name)) => Namespace::new(name, labels()),
            Some(NamespaceValue::Fresh) | None => Namespace::new(self.fresh_namespace(role), labels()),
        }
    }

    /// The namespace of a declared workload: its class may hold several.
    fn declared_namespace(&self, end: &SymbolicEnd, name: &str) -> Namespace {
        match self.query.setting.cluster.namespaces.get(name) {
            Some(declared) => declared.namespace.clone(),
            None => Namespace::new(name, self.labels(&end.namespace_labels, &self.query.universe.namespace_keys)),
        }
    }

    fn fresh_namespace(&self, role: &str) -> String {
        let first = match role {
            "source" => "new-namespace".to_owned(),
            "destination" => "other-new-namespace".to_owned(),
            further => format!("{further}-namespace"),
        };
        unused(&first, |name| self.query.universe.place(name).is_some())
    }

    fn labels(&self, labels: &BTreeMap<String, Choice>, keys: &Keys) -> Labels {
        let value = |(key, choice): (&String, &Choice)| {
            let values = keys.get(key)?;
            let at = self.choice(choice);
            if at == ABSENT {
                return None;
            }
            let value = values.iter().nth(at - 1).cloned();
            Some((key.clone(), value.unwrap_or_else(|| fresh_value(values))))
        };
        labels.iter().filter_map(value).collect()
    }

    fn node_name(&self, at: usize) -> String {
        let named = at.checked_sub(UNLISTED_NODES).and_then(|at| self.query.universe.nodes.get(at));
        let is_taken = |name: &str| self.query.universe.nodes.iter().any(|node| node == name);
        named.cloned().unwrap_or_else(|| unused(if at == 0 { "node-a" } else { "node-b" }, is_taken))
    }

    fn address(&self, end: &SymbolicEnd, role: &str) -> IpAddr {
        let matter = self.query.universe.addresses_matter;
        if self.holds(&self.query.wire.v6) {
            let high = u128::from(self.number(&end.address.v6.extract(127, 64)));
            let low = u128::from(self.number(&end.address.v6.extract(63, 0)));
            let address = IpAddr::V6(Ipv6Addr::from_bits(high << 64 | low));
            if matter.v6 {
                address
            } else {
                self.free_address(role, |number| Ipv6Addr::from_bits(0xfd00 << 112 | number).into())
            }
        } else {
            let bits = u32::try_from(self.number(&end.address.v4)).unwrap_or(u32::MAX);
            let address = IpAddr::V4(Ipv4Addr::from_bits(bits));
            let ten = |number: u128| Ipv4Addr::from_bits(0x0a00_0000 | u32::try_from(number).unwrap_or(0)).into();
            if matter.v4 { address } else { self.free_address(role, ten) }
        }
    }

    /// An address that nobody has, where addresses do not matter: odd for a source, even for a destination.
    fn free_address(&self, role: &str, address: impl Fn(u128) -> IpAddr) -> IpAddr {
        let cluster = self.query.setting.cluster;
        let first = if role == "source" { 1 } else { 2 };
        let taken = |address: &IpAddr| {
            cluster.workloads.with_addresses().any(|(_, workload)| workload.addresses.contains(address))
                || cluster.nodes.iter().any(|node| node.addresses.contains(address))
        };
        let mut free = (0..0x7f_ffff).map(|number| address(first + 2 * number));
        free.find(|address| !taken(address)).unwrap_or_else(|| address(first))
    }

    fn choice(&self, choice: &Choice) -> usize {
        usize::try_from(self.number(choice.bits())).unwrap_or(usize::MAX)
    }

    fn number(&self, bits: &BV) -> u64 {
        self.model.eval(bits, true).and_then(|value| value.as_u64()).unwrap_or(0)
    }

    fn holds(&self, term: &Term) -> bool {
        match term {
            Term::Const(known) => *known,
            Term::Sym(open) => self.model.eval(open, true).and_then(|value| value.as_bool()).unwrap_or(false),
        }
    }
}

/// A value that nobody mentions.
fn fresh_value(values: &BTreeSet<String>) -> String {
    unused("other", |value| values.contains(value))
}

fn unused(first: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{first}-{number}"));
    std::iter::once(first.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

impl Query<'_> {
    /// The symbolic flow is this concrete one. For tests that compare the two semantics.
    ///
    /// `None` where the universe cannot express the flow: a namespace that cannot exist in this world, or a
    /// pod on its node's network where nodes are no ends.
    #[must_use]
    pub fn pinned(&self, flow: &Flow) -> Option<Statement> {
        let (from, to) = (node_of(&flow.source), node_of(&flow.destination));
        let place = |name| self.universe.nodes.iter().position(|node| Some(node) == name);
        let node = |name, unlisted| place(name).map_or(unlisted, |at| at + UNLISTED_NODES);
        // Two nodes without a place are two, unless they have one name.
        let second = usize::from(from.is_none() || from != to);
        let ends = [
            self.pinned_end(&self.source, &flow.source, flow)?.and(self.source.node.is(node(from, 0))),
            self.pinned_end(&self.destination, &flow.destination, flow)?
                .and(self.destination.node.is(node(to, second))),
        ];
        let v6 = self.wire.v6.clone().iff(Term::Const(flow.source.address().is_ipv6()));
        let protocol = self.wire.protocol.is(protocol_value(flow.protocol));
        Some(Statement(Term::all(ends).and(v6).and(protocol).and(self.wire.port.is(flow.port))))
    }

    fn pinned_end(&self, symbolic: &SymbolicEnd, end: &End, flow: &Flow) -> Option<Term> {
        let address = symbolic.address.is(end.address());
        let kind = match end {
            End::External(_) => symbolic.kind.is(EXTERNAL),
            End::Node(_) => symbolic.kind.is(NODE),
            End::Pod(pod) => self.pinned_pod(symbolic, pod, flow)?,
        };
        Some(kind.and(address))
    }

    fn pinned_pod(&self, symbolic: &SymbolicEnd, pod: &PodEnd, flow: &Flow) -> Option<Term> {
        if pod.host_network && !symbolic.may_be_host_pod() {
            return None;
        }
        let (namespace, labels_open) = self.pinned_namespace(symbolic, &pod.namespace.name)?;
        let pod_labels = pinned_labels(&symbolic.pod_labels, &self.universe.pod_keys, &pod.labels);
        let namespace_labels =
            pinned_labels(&symbolic.namespace_labels, &self.universe.namespace_keys, &pod.namespace.labels);
        let declares = self.universe.port_names.iter().map(|(name, protocol)| {
            let declared = pod.ports.iter().any(|port| {
                port.name.as_ref() == Some(name)
                    && port.protocol == *protocol
                    && (flow.protocol, flow.port) == (port.protocol, port.number)
            });
            symbolic.declares(name, *protocol).iff(Term::Const(declared))
        });
        Some(Term::all([
            symbolic.kind.is(POD),
            symbolic.identity.is(HYPOTHETICAL),
            symbolic.has_host_network(pod.host_network),
            namespace,
            pod_labels,
            if labels_open { namespace_labels } else { Term::TRUE },
            Term::all(declares),
        ]))
    }

    /// The place of the namespace, and whether its labels are up to the solver.
    fn pinned_namespace(&self, symbolic: &SymbolicEnd, name: &str) -> Option<(Term, bool)> {
        let fresh = || self.universe.namespaces.iter().position(|value| *value == NamespaceValue::Fresh);
        let place = self.universe.place(name).or_else(fresh)?;
        let open = !matches!(self.universe.namespaces.get(place), Some(NamespaceValue::Declared(_)));
        Some((symbolic.namespace.is(place), open))
    }
}

/// The node that the end is or runs on, where that is known.
fn node_of(end: &End) -> Option<&String> {
    match end {
        End::Pod(pod) => pod.node.as_ref(),
        End::Node(node) => node.name.as_ref(),
        End::External(_) => None,
    }
}

fn pinned_labels(labels: &BTreeMap<String, Choice>, keys: &Keys, values: &Labels) -> Term {
    let pinned =
        |(key, choice): (&String, &Choice)| choice.is(label_value(keys.get(key), values.get(key).map(String::as_str)));
    Term::all(labels.iter().map(pinned))
}
