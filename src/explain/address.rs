//! Addresses that stand for those that no manifest says. Private to `explain`.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::model::net::{End, Family, IpBlock, family};
use crate::model::policy::{PeerKind, Rule};
use crate::model::workload::Cluster;

/// The most addresses that are tried one by one. Each costs a verdict, and policies can list many blocks.
pub(super) const MAX_TRIED: usize = 5_000;

/// An address of the family that nobody has.
pub(super) fn plain(cluster: &Cluster, family: Family, taken: Option<IpAddr>) -> IpAddr {
    let free = defaults(family).find(|address| Some(*address) != taken && !is_known(cluster, *address));
    free.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// The address that the fewest blocks look at, other than that of the other end.
pub(super) fn outside(cluster: &Cluster, blocks: &[&IpBlock], other: &End) -> IpAddr {
    let family = family(other.address());
    let edges = candidates(blocks, family);
    let all = defaults(family).take(64).chain(edges.into_iter().take(MAX_TRIED));
    let free = all.filter(|address| *address != other.address() && !is_known(cluster, *address));
    let seen = |address: &IpAddr| blocks.iter().filter(|block| is_in(block, *address)).count();
    free.min_by_key(seen).unwrap_or_else(|| plain(cluster, family, Some(other.address())))
}

/// Addresses that tell the blocks apart.
pub(super) fn candidates(blocks: &[&IpBlock], family: Family) -> Vec<IpAddr> {
    let mut found: Vec<_> = around(blocks).filter(|address| super::family(*address) == family).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn defaults(family: Family) -> impl Iterator<Item = IpAddr> {
    (10u32..10_000).map(move |number| match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(0x0af4_0000 | number)),
        Family::V6 => IpAddr::V6(Ipv6Addr::from_bits((0xfd00 << 112) | u128::from(number))),
    })
}

/// The blocks of some policies.
pub(super) fn blocks<'a>(cluster: &'a Cluster, policies: &BTreeSet<usize>) -> Vec<&'a IpBlock> {
    let policies = policies.iter().filter_map(|index| cluster.policies.get(*index));
    let rules = policies.flat_map(|policy| policy.ingress.iter().chain(&policy.egress).flatten());
    let peers = rules.flat_map(Rule::named_peers);
    let block = |peer: &'_ crate::model::policy::Peer| matches!(peer.kind, PeerKind::IpBlock(_));
    peers
        .filter(|peer| block(peer))
        .filter_map(|peer| match &peer.kind {
            PeerKind::IpBlock(block) => Some(block),
            PeerKind::Pods { .. } => None,
        })
        .collect()
}

/// The first and the last address of each block and exception, and those beside them.
fn around<'a>(blocks: &'a [&'a IpBlock]) -> impl Iterator<Item = IpAddr> + 'a {
    let nets = blocks.iter().flat_map(|block| std::iter::once(&block.cidr).chain(&block.except));
    nets.flat_map(|net| edges(*net))
}

fn edges(net: IpNet) -> Vec<IpAddr> {
    let (first, last) = (net.network(), net.broadcast());
    vec![first, last, step(first, false), step(first, true), step(last, true)]
}

fn step(address: IpAddr, up: bool) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let bits = v4.to_bits();
            Ipv4Addr::from_bits(if up { bits.saturating_add(1) } else { bits.saturating_sub(1) }).into()
        }
        IpAddr::V6(v6) => {
            let bits = v6.to_bits();
            Ipv6Addr::from_bits(if up { bits.saturating_add(1) } else { bits.saturating_sub(1) }).into()
        }
    }
}

fn is_in(block: &IpBlock, address: IpAddr) -> bool {
    block.cidr.contains(&address) && !block.except.iter().any(|except| except.contains(&address))
}

fn is_known(cluster: &Cluster, address: IpAddr) -> bool {
    cluster.workloads.iter().any(|workload| workload.addresses.contains(&address))
        || cluster.nodes.iter().any(|node| node.addresses.contains(&address))
}
