//! A flow between declared workloads that shows what was sought, found by trying what the ingress rules name.
//!
//! Where a claim is about thousands of pods this is much quicker than the solver, and `eval` judges every flow that
//! is tried, so what is found stands. Finding none says nothing; then the solver has to be asked. `prove` calls this.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::example::{are_two, is_known, pod, ports};
use super::{Judge, example};
use crate::eval::claim::contains;
use crate::eval::selector::matches;
use crate::model::claim::{Claim, Endpoint, FlowSet};
use crate::model::net::{End, Flow, IpBlock, PodEnd, PortMatch, Protocol};
use crate::model::options::Options;
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Ports, Rule};
use crate::model::selector::LabelSelector;
use crate::model::workload::{Cluster, Workload};

/// How many destinations are looked at, and how many flows are put to `eval`.
const MOST_DESTINATIONS: usize = 64;
const MOST_TRIED: usize = 2_000;

const SOURCE: IpAddr = example::SOURCE;
const DESTINATION: IpAddr = example::DESTINATION;
/// What a rule without ports is tried on, where the pod declares none.
const ANY_PORT: (Protocol, u16) = (Protocol::Tcp, 80);

/// A flow of declared workloads that the claim forbids and the policies allow, or that it asks for. `None` for a
/// claim about anything else.
#[must_use]
pub fn case(judge: &Judge<'_>, options: &Options) -> Option<Flow> {
    let (Claim::NoneCanReach(flows) | Claim::SomeCanReach(flows)) = judge.claim else { return None };
    // Rather than look for addresses that nobody has.
    if [SOURCE, DESTINATION].into_iter().any(|address| is_known(judge.cluster, address)) {
        return None;
    }
    let destinations = declared(judge.cluster, &flows.destinations, DESTINATION).take(MOST_DESTINATIONS);
    let likely = destinations.flat_map(|destination| likely(judge.cluster, flows, destination));
    likely.take(MOST_TRIED).find(|flow| judge.is_sought(options, flow))
}

/// Pods of declared workloads that belong to the endpoint, with an address that nobody else has.
fn declared<'a>(cluster: &'a Cluster, endpoint: &'a Endpoint, address: IpAddr) -> impl Iterator<Item = PodEnd> + 'a {
    let candidates = endpoint.candidates(cluster).into_iter();
    let ends = candidates.filter_map(move |index| end(cluster, index, address));
    ends.filter_map(move |pod| {
        let end = End::Pod(pod);
        contains(cluster, endpoint, &end).then(|| end.pod().cloned()).flatten()
    })
}

fn end(cluster: &Cluster, index: usize, address: IpAddr) -> Option<PodEnd> {
    let workload = cluster.workloads.get(index)?;
    let own = workload.addresses.iter().find(|own| own.is_ipv4()).copied();
    pod(cluster, index, workload, own.or(workload.addresses.is_empty().then_some(address))?)
}

/// Flows to the pod that some rule may admit, or any where no policy isolates it.
fn likely<'a>(cluster: &'a Cluster, flows: &'a FlowSet, to: PodEnd) -> Box<dyn Iterator<Item = Flow> + 'a> {
    let of_namespace = cluster.policies.in_namespace(&to.namespace.name);
    let isolating = of_namespace.filter(|(_, policy)| matches(&policy.pod_selector.selector, &to.labels));
    let rules: Vec<(&str, &[Rule])> = isolating
        .filter_map(|(_, policy)| Some((policy.namespace.as_str(), policy.rules(Direction::Ingress)?)))
        .collect();
    if rules.is_empty() {
        let all = flows.sources.candidates(cluster);
        return Box::new(all.into_iter().flat_map(move |index| from(cluster, flows, (index, SOURCE), &to, None)));
    }
    let all = rules.into_iter().flat_map(|(home, rules)| rules.iter().map(move |rule| (home, rule)));
    Box::new(all.flat_map(move |(home, rule)| {
        let to = to.clone();
        named(cluster, home, rule).flat_map(move |source| from(cluster, flows, source, &to, Some(rule)))
    }))
}

/// A declared workload by its index, and the address of its pod where no manifest gives it one.
type Source = (usize, IpAddr);

/// The declared workloads that a rule's peers name. R22: a block may take in pods, whose addresses may be any.
fn named<'a>(cluster: &'a Cluster, home: &'a str, rule: &'a Rule) -> Box<dyn Iterator<Item = Source> + 'a> {
    match &rule.peers {
        Peers::All => Box::new((0..cluster.workloads.len()).map(|index| (index, SOURCE))),
        Peers::AnyOf(peers) => Box::new(peers.iter().flat_map(move |peer| of_peer(cluster, home, peer))),
    }
}

fn of_peer<'a>(cluster: &'a Cluster, home: &'a str, peer: &'a Peer) -> Box<dyn Iterator<Item = Source> + 'a> {
    match &peer.kind {
        PeerKind::IpBlock(block) => {
            let addresses = address_in(cluster, block).into_iter();
            Box::new(addresses.flat_map(|address| (0..cluster.workloads.len()).map(move |index| (index, address))))
        }
        PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => Box::new(selected(cluster, home, pods)),
        PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), pods } => {
            let declared = cluster.namespaces.iter();
            let meant = declared.filter(|(_, one)| matches(selector, &one.namespace.labels));
            Box::new(meant.flat_map(move |(name, _)| selected(cluster, name, pods)))
        }
    }
}

/// An IPv4 address of the block that nobody has: its second, or the one after an exception (R20).
fn address_in(cluster: &Cluster, block: &IpBlock) -> Option<IpAddr> {
    let IpNet::V4(whole) = block.cidr else { return None };
    let ends = block.except.iter().filter_map(|except| match except {
        IpNet::V4(except) => Some(except.broadcast()),
        IpNet::V6(_) => None,
    });
    let next = |address: Ipv4Addr| address.to_bits().checked_add(1).map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
    let is_free = |address: &IpAddr| {
        let is_excepted = block.except.iter().any(|except| except.contains(address));
        block.cidr.contains(address) && !is_excepted && *address != DESTINATION && !is_known(cluster, *address)
    };
    std::iter::once(whole.network()).chain(ends).filter_map(next).find(is_free)
}

fn selected<'a>(cluster: &'a Cluster, home: &'a str, pods: &'a LabelSelector) -> impl Iterator<Item = Source> + 'a {
    let of_home = cluster.workloads.in_namespace(home);
    of_home
        .filter(|(_, workload): &(usize, &Workload)| matches(pods, &workload.labels))
        .map(|(index, _)| (index, SOURCE))
}

/// Flows from this workload, if the claim is about it, on the ports that the claim or else the rule names.
fn from(cluster: &Cluster, flows: &FlowSet, (index, address): Source, to: &PodEnd, rule: Option<&Rule>) -> Vec<Flow> {
    let Some(source) = end(cluster, index, address).map(End::Pod) else { return Vec::new() };
    let destination = End::Pod(to.clone());
    if !contains(cluster, &flows.sources, &source) || !are_two(cluster, &source, &destination) {
        return Vec::new();
    }
    let ports = if flows.ports.items.is_empty() { of_rule(rule, to) } else { ports(flows, &destination) };
    let on = |(protocol, port)| Flow { source: source.clone(), destination: destination.clone(), protocol, port };
    ports.into_iter().map(on).collect()
}

/// A port of each item of the rule; those that the pod declares where it names none.
fn of_rule(rule: Option<&Rule>, to: &PodEnd) -> Vec<(Protocol, u16)> {
    let declared = || to.ports.iter().map(|port| (port.protocol, port.number)).chain([ANY_PORT]).take(2).collect();
    let Some(Ports::AnyOf(items)) = rule.map(|rule| &rule.ports) else { return declared() };
    let of_item = |item: &crate::model::policy::PortSpec| match &item.ports {
        PortMatch::All => vec![(item.protocol, ANY_PORT.1)],
        PortMatch::Range(first, _) => vec![(item.protocol, *first)],
        PortMatch::Named(name) => {
            let named =
                to.ports.iter().filter(|port| port.name.as_ref() == Some(name) && port.protocol == item.protocol);
            named.map(|port| (port.protocol, port.number)).collect()
        }
    };
    items.iter().flat_map(of_item).collect()
}
