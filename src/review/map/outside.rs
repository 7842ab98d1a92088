//! What passes between the workloads and addresses outside the cluster.
//!
//! Blocks cut the addresses into stretches in each of which every rule says the same; one address of each is looked at.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::Scope;
use super::{Link, Spot, end, options, ports};
use crate::eval;
use crate::eval::trace::{Side, Verdict};
use crate::model::net::{End, Flow, IpBlock, PortMatch, Protocol};
use crate::model::policy::{Direction, PeerKind, Peers, Policy, Ports, Rule};
use crate::model::workload::Cluster;

/// The most stretches of addresses that are looked at.
const STRETCHES: usize = 64;

/// What a rule lets in from outside, and out.
pub(super) fn links(scope: &Scope<'_>, shown: usize) -> Vec<Link> {
    let stretches = stretches(scope.cluster);
    let mut links = Vec::new();
    for index in 0..shown {
        for direction in [Direction::Ingress, Direction::Egress] {
            links.extend(link(scope, index, direction, &stretches));
        }
    }
    links
}

fn link(scope: &Scope<'_>, index: usize, direction: Direction, stretches: &[IpAddr]) -> Option<Link> {
    let pod = end(scope.cluster, index)?;
    let namespace = &scope.cluster.workloads.get(index)?.namespace;
    let own = scope.cluster.policies.iter().filter(|policy| policy.namespace == *namespace);
    let area = Cluster { policies: own.cloned().collect(), ..Cluster::default() };
    let looked_at = match direction {
        Direction::Ingress => ports::of(scope.cluster, index),
        Direction::Egress => named(&area),
    };
    let options = options(scope, true);
    let passing: Vec<_> = looked_at
        .into_iter()
        .map(|(protocol, port)| {
            let passes = |address: &&IpAddr| {
                let outside = End::External(**address);
                let (source, destination) = match direction {
                    Direction::Ingress => (outside, pod.clone()),
                    Direction::Egress => (pod.clone(), outside),
                };
                let (verdict, trace) = eval::verdict(&area, &options, &Flow { source, destination, protocol, port });
                let is_ruled = matches!(trace.egress, Side::Isolated(_)) || matches!(trace.ingress, Side::Isolated(_));
                verdict == Verdict::Allowed && is_ruled
            };
            (protocol, port, stretches.iter().filter(passes).count())
        })
        .filter(|(_, _, count)| *count > 0)
        .collect();
    let is_some = passing.iter().any(|(_, _, count)| *count < stretches.len());
    let all: Vec<_> = passing.iter().map(|(protocol, port, _)| (*protocol, *port)).collect();
    let words = ports::words(&all) + if is_some { ", some addresses" } else { "" };
    let (from, to) = match direction {
        Direction::Ingress => (Spot::Outside, Spot::Workload(index)),
        Direction::Egress => (Spot::Workload(index), Spot::Outside),
    };
    (!all.is_empty()).then_some(Link { from, to, ports: words, refutes: None, missing: false })
}

/// The ports that the egress rules name; TCP 443 stands for every port where one names none.
fn named(area: &Cluster) -> Vec<(Protocol, u16)> {
    let rules = area.policies.iter().flat_map(|policy| policy.rules(Direction::Egress).unwrap_or_default());
    let mut named = BTreeSet::from([(Protocol::Tcp, 443)]);
    for rule in rules.filter(|rule| may_match_outside(rule)) {
        let Ports::AnyOf(items) = &rule.ports else { continue };
        named.extend(items.iter().filter_map(|item| match item.ports {
            PortMatch::Range(first, _) => Some((item.protocol, first)),
            PortMatch::All | PortMatch::Named(_) => None,
        }));
    }
    named.into_iter().take(16).collect()
}

fn may_match_outside(rule: &Rule) -> bool {
    match &rule.peers {
        Peers::All => true,
        Peers::AnyOf(peers) => peers.iter().any(|peer| matches!(peer.kind, PeerKind::IpBlock(_))),
    }
}

/// One address of each stretch, in both families.
fn stretches(cluster: &Cluster) -> Vec<IpAddr> {
    let mut all = BTreeSet::from([IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)]);
    for block in cluster.policies.iter().flat_map(blocks) {
        for cidr in std::iter::once(&block.cidr).chain(&block.except) {
            all.insert(cidr.network());
            all.extend(after(cidr.broadcast()));
        }
    }
    all.into_iter().take(STRETCHES).collect()
}

fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_add(1).map(|next| IpAddr::V4(Ipv4Addr::from(next))),
        IpAddr::V6(address) => u128::from(address).checked_add(1).map(|next| IpAddr::V6(Ipv6Addr::from(next))),
    }
}

fn blocks(policy: &Policy) -> Vec<&IpBlock> {
    let rules = [Direction::Ingress, Direction::Egress].into_iter().flat_map(|direction| policy.rules(direction));
    let peers = rules.flatten().flat_map(Rule::named_peers);
    peers
        .filter_map(|peer| match &peer.kind {
            PeerKind::IpBlock(block) => Some(block),
            PeerKind::Pods { .. } => None,
        })
        .collect()
}
