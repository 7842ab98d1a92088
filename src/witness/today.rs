//! A flow between declared workloads that shows what was sought, found by trying what the ingress rules name.
//!
//! Where a claim is about thousands of pods this is much quicker than the solver, and `eval` judges every flow that
//! is tried, so what is found stands. Finding none says nothing; then the solver has to be asked. How much is looked
//! at is bounded, whatever the cluster. `prove` calls this.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use ipnet::IpNet;

use super::Judge;
use super::example::{DESTINATION, SOURCE, numbers, own_address, pod, ports};
use super::shrink::is_legal;
use crate::eval::claim::contains;
use crate::eval::selector::matches;
use crate::model::claim::{Claim, FlowSet};
use crate::model::net::{End, Flow, IpBlock, PodEnd, Protocol};
use crate::model::options::Options;
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Ports, Rule};
use crate::model::selector::LabelSelector;
use crate::model::workload::{Cluster, Workload};

/// How many destinations are looked at, how many pairs of a source and a destination, and how many flows are put to
/// `eval`.
const MOST_DESTINATIONS: usize = 64;
const MOST_PAIRS: usize = 20_000;
const MOST_TRIED: usize = 2_000;

/// What a rule without ports is tried on, where the pod declares none.
const ANY_PORT: (Protocol, u16) = (Protocol::Tcp, 80);

/// A flow of declared workloads that the claim forbids and the policies allow, or that it asks for. `None` for a
/// claim about anything else.
#[must_use]
pub fn case(judge: &Judge<'_>, options: &Options) -> Option<Flow> {
    let (Claim::NoneCanReach(flows) | Claim::SomeCanReach(flows)) = judge.claim else { return None };
    let cluster = judge.cluster;
    let search =
        Search { cluster, flows, everyone: flows.sources.candidates(cluster), homes: flows.sources.homes(cluster) };
    let destinations = flows.destinations.candidates(cluster).into_iter();
    let destinations = destinations.filter_map(|index| end(cluster, index, DESTINATION).map(End::Pod));
    let meant = destinations.filter(|end| contains(cluster, &flows.destinations, end)).take(MOST_DESTINATIONS);
    let pairs = meant.filter_map(|end| end.pod().cloned().map(Rc::new)).flat_map(|to| search.pairs(&to));
    let likely = pairs.take(MOST_PAIRS).flat_map(|pair| search.flows(&pair)).take(MOST_TRIED);
    likely.into_iter().find(|flow| judge.is_sought(options, flow) && is_legal(judge, flow))
}

/// Ports on which something may let others reach the pod: those that the rules on it name, or that it declares itself.
#[must_use]
pub fn likely_ports(cluster: &Cluster, to: &PodEnd) -> BTreeSet<(Protocol, u16)> {
    let rules = ingress_of(cluster, to).into_iter().flat_map(|(_, rules)| rules).map(Some);
    rules.chain([None]).flat_map(|rule| of_rule(rule, to)).collect()
}

/// The ingress rules of the policies that isolate the pod, by policy, with its namespace (R2).
fn ingress_of<'a>(cluster: &'a Cluster, to: &PodEnd) -> Vec<(&'a str, &'a [Rule])> {
    let of_namespace = cluster.policies.in_namespace(&to.namespace.name);
    let isolating = of_namespace.filter(|(_, policy)| matches(&policy.pod_selector.selector, &to.labels));
    isolating.filter_map(|(_, policy)| Some((policy.namespace.as_str(), policy.rules(Direction::Ingress)?))).collect()
}

/// A pod of the workload, with this address where no manifest gives it one.
fn end(cluster: &Cluster, index: usize, address: IpAddr) -> Option<PodEnd> {
    let workload = cluster.workloads.get(index)?;
    pod(cluster, index, workload, own_address(workload).or(workload.addresses.is_empty().then_some(address))?)
}

/// A declared workload by its index, and the address of its pod where no manifest gives it one.
type Source = (usize, IpAddr);

/// A source and a destination, with the rule that may let the one reach the other; none where nothing isolates it.
struct Pair<'a> {
    from: Source,
    to: Rc<PodEnd>,
    rule: Option<&'a Rule>,
}

struct Search<'a> {
    cluster: &'a Cluster,
    flows: &'a FlowSet,
    /// The workloads that may be a source, by index.
    everyone: Vec<usize>,
    /// The namespaces that they live in; `None` where that may be any.
    homes: Option<BTreeSet<&'a str>>,
}

impl<'a> Search<'a> {
    /// Who some rule may let reach the pod; everyone where no policy isolates it.
    fn pairs<'s>(&'s self, to: &Rc<PodEnd>) -> Box<dyn Iterator<Item = Pair<'a>> + 's> {
        let rules = ingress_of(self.cluster, to);
        let to = Rc::clone(to);
        if rules.is_empty() {
            return Box::new(self.all(SOURCE).map(move |from| Pair { from, to: Rc::clone(&to), rule: None }));
        }
        let rules = rules.into_iter().flat_map(|(home, rules)| rules.iter().map(move |rule| (home, rule)));
        Box::new(rules.flat_map(move |(home, rule)| {
            let to = Rc::clone(&to);
            self.named(home, rule).map(move |from| Pair { from, to: Rc::clone(&to), rule: Some(rule) })
        }))
    }

    fn all(&self, address: IpAddr) -> impl Iterator<Item = Source> {
        self.everyone.iter().map(move |index| (*index, address))
    }

    /// The sources that a rule's peers name.
    fn named<'s>(&'s self, home: &'a str, rule: &'a Rule) -> Box<dyn Iterator<Item = Source> + 's> {
        match &rule.peers {
            Peers::All => Box::new(self.all(SOURCE)),
            Peers::AnyOf(peers) => Box::new(peers.iter().flat_map(move |peer| self.of_peer(home, peer))),
        }
    }

    /// R22: a block may take in pods, whose addresses may be any.
    fn of_peer<'s>(&'s self, home: &'a str, peer: &'a Peer) -> Box<dyn Iterator<Item = Source> + 's> {
        match &peer.kind {
            PeerKind::IpBlock(block) => Box::new(address_in(block).into_iter().flat_map(|address| self.all(address))),
            PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => Box::new(self.selected(home, pods)),
            PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), pods } => {
                let declared = self.cluster.namespaces.iter();
                let meant = declared.filter(|(_, one)| matches(selector, &one.namespace.labels));
                Box::new(meant.flat_map(move |(name, _)| self.selected(name, pods)))
            }
        }
    }

    fn selected<'s>(&'s self, home: &'a str, pods: &'a LabelSelector) -> impl Iterator<Item = Source> + 's {
        let may_be = self.homes.as_ref().is_none_or(|homes| homes.contains(home));
        let inhabitants = may_be.then(|| self.cluster.workloads.in_namespace(home)).into_iter().flatten();
        let selected = inhabitants.filter(|(_, workload): &(usize, &Workload)| matches(pods, &workload.labels));
        selected.map(|(index, _)| (index, SOURCE))
    }

    /// Flows between the two, if the claim is about them, on the ports that the claim or else the rule names.
    fn flows(&self, pair: &Pair<'_>) -> Vec<Flow> {
        let (index, address) = pair.from;
        let source = end(self.cluster, index, address).map(End::Pod);
        let Some(source) = source.filter(|end| contains(self.cluster, &self.flows.sources, end)) else {
            return Vec::new();
        };
        let destination = End::Pod((*pair.to).clone());
        let is_open = self.flows.ports.items.is_empty();
        let ports = if is_open { of_rule(pair.rule, &pair.to) } else { ports(self.flows, &destination) };
        let on = |(protocol, port)| Flow { source: source.clone(), destination: destination.clone(), protocol, port };
        ports.into_iter().map(on).collect()
    }
}

/// An IPv4 address of the block: its second, or the one after an exception (R20).
fn address_in(block: &IpBlock) -> Option<IpAddr> {
    let IpNet::V4(whole) = block.cidr else { return None };
    let ends = block.except.iter().filter_map(|except| match except {
        IpNet::V4(except) => Some(except.broadcast()),
        IpNet::V6(_) => None,
    });
    let next = |address: Ipv4Addr| address.to_bits().checked_add(1).map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
    let is_meant =
        |address: &IpAddr| block.cidr.contains(address) && !block.except.iter().any(|except| except.contains(address));
    std::iter::once(whole.network()).chain(ends).filter_map(next).find(is_meant)
}

/// A port of each item of the rule; those that the pod declares where it names none.
fn of_rule(rule: Option<&Rule>, to: &PodEnd) -> Vec<(Protocol, u16)> {
    match rule.map(|rule| &rule.ports) {
        Some(Ports::AnyOf(items)) => {
            items.iter().flat_map(|item| numbers(item.protocol, &item.ports, &to.ports)).collect()
        }
        Some(Ports::All) | None => {
            to.ports.iter().map(|port| (port.protocol, port.number)).chain([ANY_PORT]).take(2).collect()
        }
    }
}
