//! Addresses as numbers, and what blocks tell apart. Private to `matrix`.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::AddressRange;
use crate::model::net::{Family, IpBlock, family};
use crate::model::workload::Cluster;

/// Both families.
pub(super) const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

/// Addresses of one family from the first to the last, that no block in question tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Interval {
    family: Family,
    first: u128,
    last: u128,
}

impl Interval {
    pub(super) fn first(&self) -> IpAddr {
        address(self.family, self.first)
    }

    pub(super) fn family(&self) -> Family {
        self.family
    }

    pub(super) fn range(&self) -> AddressRange {
        AddressRange { first: self.first(), last: address(self.family, self.last) }
    }

    /// The interval with the one that follows it, where that begins at the next address.
    pub(super) fn joined(self, next: Interval) -> Option<Interval> {
        let adjoin = self.family == next.family && self.last.checked_add(1) == Some(next.first);
        adjoin.then_some(Interval { last: next.last, ..self })
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn address(family: Family, number: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(number).unwrap_or(u32::MAX))),
        Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(number)),
    }
}

fn greatest(family: Family) -> u128 {
    match family {
        Family::V4 => u128::from(u32::MAX),
        Family::V6 => u128::MAX,
    }
}

/// The whole space of both families, cut at the edges of these blocks.
pub(super) fn intervals(nets: impl Iterator<Item = IpNet>) -> Vec<Interval> {
    let mut starts: BTreeSet<(Family, u128)> = FAMILIES.into_iter().map(|family| (family, 0)).collect();
    for net in nets {
        let family = family(net.addr());
        starts.insert((family, number(net.network())));
        starts.extend(
            number(net.broadcast()).checked_add(1).filter(|next| *next <= greatest(family)).map(|next| (family, next)),
        );
    }
    let starts: Vec<_> = starts.into_iter().collect();
    let interval = |(at, (family, first)): (usize, &(Family, u128))| {
        let next = starts.get(at + 1).filter(|(next, _)| next == family);
        Interval { family: *family, first: *first, last: next.map_or(greatest(*family), |(_, next)| next - 1) }
    };
    starts.iter().enumerate().map(interval).collect()
}

/// The edges of a block and of its exceptions.
pub(super) fn nets(block: &IpBlock) -> impl Iterator<Item = IpNet> {
    std::iter::once(block.cidr).chain(block.except.iter().copied())
}

/// The addresses of declared pods and nodes, which nobody else has.
#[derive(Debug, Default)]
pub(super) struct Owned(BTreeSet<(Family, u128)>);

impl Owned {
    pub(super) fn of(cluster: &Cluster) -> Owned {
        // R33: a pod on its node's network has none of its own.
        let pods = cluster.workloads.iter().filter(|workload| !workload.host_network);
        let pods = pods.flat_map(|workload| &workload.addresses);
        let all = pods.chain(cluster.nodes.iter().flat_map(|node| &node.addresses));
        Owned(all.map(|address| (family(*address), number(*address))).collect())
    }

    /// The first two addresses of the interval that nobody owns; fewer where there are fewer.
    pub(super) fn free(&self, interval: &Interval) -> Vec<IpAddr> {
        let Interval { family, first, last } = *interval;
        let mut taken = self.0.range((family, first)..=(family, last)).map(|(_, number)| *number).peekable();
        let (mut found, mut at) = (Vec::new(), Some(first));
        while let Some(number) = at.filter(|number| *number <= last && found.len() < 2) {
            if taken.next_if_eq(&number).is_none() {
                found.push(address(family, number));
            }
            at = number.checked_add(1);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(nets: &[&str]) -> Vec<String> {
        let nets = nets.iter().map(|net| net.parse().unwrap());
        intervals(nets).iter().map(|one| format!("{}-{}", one.first(), one.range().last)).collect()
    }

    #[test]
    fn the_space_is_cut_at_the_edges_of_blocks() {
        assert_eq!(cut(&[]), ["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]);
        let edges = ["0.0.0.0-9.255.255.255", "10.0.0.0-10.255.255.255", "11.0.0.0-255.255.255.255"];
        assert_eq!(cut(&["10.0.0.0/8"])[..3], edges);
        assert_eq!(cut(&["0.0.0.0/0", "::/0"]).len(), 2, "nothing lies beyond the last address");
        assert_eq!(cut(&["255.255.255.255/32"])[..2], ["0.0.0.0-255.255.255.254", "255.255.255.255-255.255.255.255"]);
    }

    #[test]
    fn what_is_owned_is_not_free() {
        let owned = |all: &[&str]| {
            Owned(all.iter().map(|one| one.parse().unwrap()).map(|one: IpAddr| (family(one), number(one))).collect())
        };
        let interval = intervals(["10.0.0.0/30".parse().unwrap()].into_iter())[1];
        let free = |all: &[&str]| owned(all).free(&interval).iter().map(IpAddr::to_string).collect::<Vec<_>>();
        assert_eq!(free(&[]), ["10.0.0.0", "10.0.0.1"]);
        assert_eq!(free(&["10.0.0.0", "10.0.0.2", "9.0.0.0"]), ["10.0.0.1", "10.0.0.3"]);
        assert_eq!(free(&["10.0.0.0", "10.0.0.1", "10.0.0.3"]), ["10.0.0.2"]);
        assert!(free(&["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"]).is_empty());
        let last = intervals(["255.255.255.255/32".parse().unwrap()].into_iter())[1];
        assert_eq!(owned(&[]).free(&last).len(), 1);
    }
}
