//! The two symbolic ends of a flow, and what makes them legal objects of the world.
//!
//! An end is a pod, an external address or a node; all its attributes are variables, and
//! [`SymbolicEnd::legal`] says which values can exist: declared namespaces have their declared
//! labels, declared workloads their own labels, ports and addresses, and what is trusted is carried
//! by declared objects alone. Symbolic code alone calls this module.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::term::{Address, Choice, Port, Term};
use super::universe::{Identity, Keys, NamespaceValue, Universe};
use crate::model::net::{PortMatch, Protocol};
use crate::model::selector::{LabelSelector, NAMESPACE_NAME_LABEL, Operator, Requirement};
use crate::model::workload::{Cluster, ContainerPort};
use crate::model::world::{Existence, World};

/// The kinds of end, as values of [`SymbolicEnd::kind`].
pub(crate) const POD: usize = 0;
pub(crate) const EXTERNAL: usize = 1;
pub(crate) const NODE: usize = 2;

/// Nodes that no manifest declares: there may be two, one an end. Declared nodes come after them.
pub(crate) const UNLISTED_NODES: usize = 2;

/// The value of an end's identity that stands for a pod which nobody has declared.
pub(crate) const HYPOTHETICAL: usize = 0;

/// What one protocol, port and family mean for every term of a question.
pub(crate) struct Wire {
    pub(crate) protocol: Choice,
    pub(crate) port: Port,
    /// True for IPv6.
    pub(crate) v6: Term,
}

impl Wire {
    pub(crate) fn new() -> Wire {
        Wire { protocol: Choice::new("protocol", 4), port: Port::new("port"), v6: Term::variable("v6") }
    }

    pub(crate) fn protocol_is(&self, protocol: Protocol) -> Term {
        self.protocol.is(protocol_value(protocol))
    }

    /// One of TCP, UDP and SCTP, and a port from 1.
    pub(crate) fn legal(&self) -> Term {
        let spoken = Term::any(Protocol::SPOKEN.map(|protocol| self.protocol_is(protocol)));
        spoken.and(self.port.is(0).not())
    }

    pub(crate) fn port_in(&self, ports: &PortMatch, destination: &SymbolicEnd, protocol: Protocol) -> Term {
        match ports {
            PortMatch::All => Term::TRUE,
            PortMatch::Range(first, last) => self.port.between(*first, *last),
            PortMatch::Named(name) => destination.declares(name, protocol),
        }
    }
}

pub(crate) fn protocol_value(protocol: Protocol) -> usize {
    match protocol {
        Protocol::Tcp => 0,
        Protocol::Udp => 1,
        Protocol::Sctp => 2,
        Protocol::Other => 3,
    }
}

/// One end of a symbolic flow.
pub(crate) struct SymbolicEnd {
    pub(crate) kind: Choice,
    pub(crate) namespace: Choice,
    pub(crate) namespace_labels: BTreeMap<String, Choice>,
    pub(crate) pod_labels: BTreeMap<String, Choice>,
    pub(crate) address: Address,
    pub(crate) identity: Choice,
    /// The node itself, or the node that the pod runs on.
    pub(crate) node: Choice,
    /// If it is a pod: whether it is on its node's network (R33). Known to be false where nodes are no ends.
    host_network: Term,
    /// Per port name and protocol: the pod declares the flow's port under this name.
    declares: BTreeMap<(String, Protocol), Term>,
    /// Which kinds the world has beside pods.
    externals: bool,
    nodes: bool,
    /// Terms of namespace selectors: many policies select the same namespaces, and there may be many.
    namespace_terms: RefCell<BTreeMap<LabelSelector, Term>>,
}

impl SymbolicEnd {
    /// A new end; `name` sets its variables apart from the other end's.
    pub(crate) fn new(name: &str, world: &World, universe: &Universe) -> SymbolicEnd {
        let labels = |what: &str, keys: &Keys| {
            let choice = |key: &String, count: usize| Choice::new(&format!("{name}.{what}[{key}]"), count + 2);
            keys.iter().map(|(key, values)| (key.clone(), choice(key, values.len()))).collect()
        };
        let declares = |(port, protocol): &(String, Protocol)| {
            let term = Term::variable(&format!("{name}.declares[{port}/{protocol}]"));
            ((port.clone(), *protocol), term)
        };
        SymbolicEnd {
            kind: Choice::new(&format!("{name}.kind"), 3),
            namespace: Choice::new(&format!("{name}.namespace"), universe.namespaces.len()),
            namespace_labels: labels("namespace", &universe.namespace_keys),
            pod_labels: labels("pod", &universe.pod_keys),
            address: Address::new(name),
            identity: Choice::new(&format!("{name}.identity"), universe.identities.len() + 1),
            node: Choice::new(&format!("{name}.node"), universe.nodes.len() + UNLISTED_NODES),
            host_network: if world.nodes { Term::variable(&format!("{name}.host_network")) } else { Term::FALSE },
            declares: universe.port_names.iter().map(declares).collect(),
            externals: world.external,
            nodes: world.nodes,
            namespace_terms: RefCell::default(),
        }
    }

    pub(crate) fn is_pod(&self) -> Term {
        if self.externals || self.nodes { self.kind.is(POD) } else { Term::TRUE }
    }

    pub(crate) fn is_external(&self) -> Term {
        if self.externals { self.kind.is(EXTERNAL) } else { Term::FALSE }
    }

    pub(crate) fn is_node(&self) -> Term {
        if self.nodes { self.kind.is(NODE) } else { Term::FALSE }
    }

    /// It is a pod on its node's network (R33).
    pub(crate) fn is_host_pod(&self) -> Term {
        if self.nodes { self.is_pod().and(self.host_network.clone()) } else { Term::FALSE }
    }

    /// It is a node, or on a node's network: it has an address of [`SymbolicEnd::node`].
    pub(crate) fn is_on_a_node(&self) -> Term {
        self.is_node().or(self.is_host_pod())
    }

    /// Whether pods on their node's network can be ends at all.
    pub(crate) fn may_be_host_pod(&self) -> bool {
        self.nodes
    }

    pub(crate) fn has_host_network(&self, host_network: bool) -> Term {
        self.host_network.clone().iff(Term::Const(host_network))
    }

    pub(crate) fn is_declared(&self) -> Term {
        self.is_pod().and(self.identity.is(HYPOTHETICAL).not())
    }

    /// The pod declares the flow's port under this name and protocol (R27).
    pub(crate) fn declares(&self, name: &str, protocol: Protocol) -> Term {
        self.declares.get(&(name.to_owned(), protocol)).cloned().unwrap_or(Term::FALSE)
    }

    /// The end's namespace has this name.
    pub(crate) fn namespace_is(&self, universe: &Universe, name: &str) -> Term {
        universe.place(name).map_or(Term::FALSE, |place| self.namespace.is(place))
    }

    /// The labels of the pod meet the selector (R13).
    pub(crate) fn pod_matches(&self, universe: &Universe, selector: &LabelSelector) -> Term {
        let holds = |requirement: &Requirement| {
            let label = Label::of(&self.pod_labels, &universe.pod_keys, &requirement.key);
            requirement_holds(requirement, label)
        };
        Term::all(selector.requirements.iter().map(holds))
    }

    /// The labels of the pod's namespace meet the selector (R13, R17).
    pub(crate) fn namespace_matches(&self, universe: &Universe, selector: &LabelSelector) -> Term {
        if let Some(known) = self.namespace_terms.borrow().get(selector) {
            return known.clone();
        }
        let term = self.some_namespace_matches(universe, selector);
        self.namespace_terms.borrow_mut().insert(selector.clone(), term.clone());
        term
    }

    fn some_namespace_matches(&self, universe: &Universe, selector: &LabelSelector) -> Term {
        let in_place = |(place, value): (usize, &NamespaceValue)| {
            let holds = |requirement: &Requirement| {
                requirement_holds(requirement, self.namespace_label(universe, value, &requirement.key))
            };
            match Term::all(selector.requirements.iter().map(holds)) {
                Term::Const(false) => Term::FALSE,
                holds => self.namespace.is(place).and(holds),
            }
        };
        Term::any(universe.namespaces.iter().enumerate().map(in_place))
    }

    fn namespace_label<'a>(&'a self, universe: &'a Universe, value: &'a NamespaceValue, key: &str) -> Label<'a> {
        match (value, key) {
            (NamespaceValue::Declared(namespace), _) => Label::Known(namespace.labels.get(key).map(String::as_str)),
            (NamespaceValue::Unknown(name), NAMESPACE_NAME_LABEL) => Label::Known(Some(name)),
            (NamespaceValue::Fresh, NAMESPACE_NAME_LABEL) => Label::Fresh,
            _ => Label::of(&self.namespace_labels, &universe.namespace_keys, key),
        }
    }

    /// The end can exist in this world.
    pub(crate) fn legal(&self, cluster: &Cluster, world: &World, universe: &Universe, wire: &Wire) -> Term {
        let ranges = [&self.kind, &self.namespace, &self.identity, &self.node].map(Choice::in_range);
        let labels = self.pod_labels.values().chain(self.namespace_labels.values()).map(Choice::in_range);
        let identities = universe.identities.iter().enumerate();
        Term::all(
            ranges
                .into_iter()
                .chain(labels)
                .chain([self.kind_exists(world), self.pod_exists(world, universe)])
                .chain([self.trusted(world, universe), self.node_is_legal(cluster, wire)])
                .chain(identities.map(|(at, identity)| self.declared_as(cluster, universe, wire, at, identity))),
        )
    }

    fn kind_exists(&self, world: &World) -> Term {
        let external = Term::Const(world.external).or(self.kind.is(EXTERNAL).not());
        let node = Term::Const(world.nodes).or(self.kind.is(NODE).not());
        external.and(node)
    }

    fn pod_exists(&self, world: &World, universe: &Universe) -> Term {
        let somewhere = Term::Const(!universe.namespaces.is_empty());
        let declared = Term::Const(world.pods == Existence::Any).or(self.identity.is(HYPOTHETICAL).not());
        let nothing_of_a_pod = self.identity.is(HYPOTHETICAL).and(self.has_host_network(false));
        self.is_pod().implies(somewhere.and(declared)).and(self.is_pod().or(nothing_of_a_pod))
    }

    /// What is trusted is carried by declared objects alone (`docs/spec.md`, `[trust]`).
    fn trusted(&self, world: &World, universe: &Universe) -> Term {
        let places = world.trust.namespaces.iter().map(|name| self.namespace_is(universe, name));
        let carried = world.trust.pod_labels.iter().filter_map(|key| self.pod_labels.get(key));
        let needs_declared = Term::any(places.chain(carried.map(|label| label.is(ABSENT).not())));
        let declared = self.is_pod().and(needs_declared).implies(self.is_declared());
        let forged = world.trust.namespace_labels.iter().filter_map(|key| self.namespace_labels.get(key));
        declared.and(Term::any(forged.map(|label| label.is(ABSENT).not())).not())
    }

    /// R33: a pod on its node's network has its node's address.
    fn node_is_legal(&self, cluster: &Cluster, wire: &Wire) -> Term {
        let known = |(at, node): (usize, &crate::model::workload::Node)| {
            self.is_on_a_node().and(self.node.is(at + UNLISTED_NODES)).implies(self.has_address(&node.addresses, wire))
        };
        Term::all(cluster.nodes.iter().enumerate().map(known))
    }

    /// The identity settles labels, namespace, ports, addresses and node (R40).
    fn declared_as(&self, cluster: &Cluster, universe: &Universe, wire: &Wire, at: usize, identity: &Identity) -> Term {
        let first = identity.workloads.first();
        let Some(workload) = first.and_then(|index| cluster.workloads.get(*index)) else { return Term::TRUE };
        let labels = self.pod_labels.iter().map(|(key, label)| {
            let values = universe.pod_keys.get(key);
            label.is(label_value(values, workload.labels.get(key).map(String::as_str)))
        });
        let ports = self.declares.iter().map(|((name, protocol), declares)| {
            declares.clone().iff(declared_port(&identity.ports, name, *protocol, wire))
        });
        let on_node = identity.node.map_or(Term::TRUE, |at| self.node.is(at + UNLISTED_NODES));
        let facts = labels.chain(ports).chain([
            self.is_pod(),
            self.has_host_network(identity.host_network),
            self.namespace.is(identity.namespace),
            self.has_address(&identity.addresses, wire),
            on_node,
        ]);
        self.identity.is(at + 1).implies(Term::all(facts))
    }

    /// What has known addresses has one of them, and takes part in their families alone.
    fn has_address(&self, addresses: &[IpAddr], wire: &Wire) -> Term {
        if addresses.is_empty() {
            return Term::TRUE;
        }
        let of_family = |six: bool| {
            let known = addresses.iter().filter(move |address| address.is_ipv6() == six);
            Term::any(known.map(|address| self.address.is(*address)))
        };
        wire.v6.clone().implies(of_family(true)).and(wire.v6.clone().or(of_family(false)))
    }
}

/// The two ends are two: distinct pods have distinct addresses unless they are on one node's network
/// (R33), a single pod is one end only, and one namespace has one set of labels.
pub(crate) fn distinct(source: &SymbolicEnd, destination: &SymbolicEnd, universe: &Universe, wire: &Wire) -> Term {
    let on_nodes = || [source.is_on_a_node(), destination.is_on_a_node(), source.node.same_as(&destination.node)];
    let on_one_node = if source.nodes { Term::all(on_nodes()) } else { Term::FALSE };
    let addresses = on_one_node.or(addresses_differ(source, destination, universe, wire));
    let twice = |(at, _): (usize, &Identity)| source.identity.is(at + 1).and(destination.identity.is(at + 1)).not();
    let singles = universe.identities.iter().enumerate().filter(|(_, identity)| identity.single).map(twice);
    let unknown = |(_, value): &(usize, &NamespaceValue)| matches!(value, NamespaceValue::Unknown(_));
    let one_namespace = universe.namespaces.iter().enumerate().filter(unknown).map(|(place, _)| {
        let labels = source
            .namespace_labels
            .iter()
            .filter_map(|(key, label)| destination.namespace_labels.get(key).map(|other| label.same_as(other)));
        source.namespace.is(place).and(destination.namespace.is(place)).implies(Term::all(labels))
    });
    let same_node = source.is_node().and(destination.is_node()).implies(source.node.same_as(&destination.node).not());
    Term::all(singles.chain(one_namespace).chain([addresses, same_node]))
}

/// Left to `decode` in a family in which nothing looks at addresses: there are enough of them.
fn addresses_differ(source: &SymbolicEnd, destination: &SymbolicEnd, universe: &Universe, wire: &Wire) -> Term {
    let four = Term::Const(!universe.addresses_matter.v4).or(source.address.v4_is(&destination.address).not());
    let six = Term::Const(!universe.addresses_matter.v6).or(source.address.v6_is(&destination.address).not());
    wire.v6.clone().implies(six).and(wire.v6.clone().or(four))
}

fn declared_port(ports: &[ContainerPort], name: &str, protocol: Protocol, wire: &Wire) -> Term {
    let named = ports.iter().filter(|port| port.name.as_deref() == Some(name) && port.protocol == protocol);
    wire.protocol_is(protocol).and(Term::any(named.map(|port| wire.port.is(port.number))))
}

/// The value of a label that is not there.
pub(crate) const ABSENT: usize = 0;

/// The number of a label value: absent, one of the mentioned values, or the fresh one after them.
pub(crate) fn label_value(values: Option<&std::collections::BTreeSet<String>>, value: Option<&str>) -> usize {
    let Some(value) = value else { return ABSENT };
    let Some(values) = values else { return ABSENT };
    values.iter().position(|known| known == value).unwrap_or(values.len()) + 1
}

/// A label as far as it is known.
enum Label<'a> {
    /// Absent, or this value.
    Known(Option<&'a str>),
    /// Present, with a value that nobody mentions.
    Fresh,
    /// Up to the solver.
    Open { choice: &'a Choice, values: &'a std::collections::BTreeSet<String> },
}

impl<'a> Label<'a> {
    fn of(labels: &'a BTreeMap<String, Choice>, keys: &'a Keys, key: &str) -> Label<'a> {
        match (labels.get(key), keys.get(key)) {
            (Some(choice), Some(values)) => Label::Open { choice, values },
            // A key outside the universe is one that nobody asks for: see `Universe`.
            _ => Label::Known(None),
        }
    }

    fn is_present(&self) -> Term {
        match self {
            Label::Known(value) => Term::Const(value.is_some()),
            Label::Fresh => Term::TRUE,
            Label::Open { choice, .. } => choice.is(ABSENT).not(),
        }
    }

    fn is(&self, value: &str) -> Term {
        match self {
            Label::Known(known) => Term::Const(*known == Some(value)),
            Label::Fresh => Term::FALSE,
            Label::Open { choice, values } => {
                if values.contains(value) {
                    choice.is(label_value(Some(values), Some(value)))
                } else {
                    Term::FALSE
                }
            }
        }
    }
}

/// R12, for one key.
fn requirement_holds(requirement: &Requirement, label: Label<'_>) -> Term {
    match &requirement.operator {
        Operator::In(values) => Term::any(values.iter().map(|value| label.is(value))),
        Operator::NotIn(values) => Term::any(values.iter().map(|value| label.is(value))).not(),
        Operator::Exists => label.is_present(),
        Operator::DoesNotExist => label.is_present().not(),
    }
}

/// Whether labels that are known meet the selector.
pub(crate) fn known_matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let label = |key: &str| Label::Known(labels.get(key).map(String::as_str));
    folds_to_true(
        selector.requirements.iter().map(|requirement| requirement_holds(requirement, label(&requirement.key))),
    )
}

/// Whether a namespace that has the automatic label alone meets the selector (R9).
pub(crate) fn known_namespace_matches(selector: &LabelSelector, name: &str) -> bool {
    let label = |key: &str| Label::Known((key == NAMESPACE_NAME_LABEL).then_some(name));
    folds_to_true(
        selector.requirements.iter().map(|requirement| requirement_holds(requirement, label(&requirement.key))),
    )
}

fn folds_to_true(terms: impl Iterator<Item = Term>) -> bool {
    matches!(Term::all(terms), Term::Const(true))
}
