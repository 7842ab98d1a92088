//! Addresses outside the cluster: the classes that policies tell apart. Private to `matrix`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use fixedbitset::FixedBitSet;
use ipnet::IpNet;

use super::addresses::{Interval, intervals};
use super::classes::Class;
use super::{CellId, EndKind, Matrix, MatrixEnd};
use crate::model::net::{End, IpBlock, family};
use crate::model::policy::{Direction, PeerKind};

/// How many ranges of addresses the blocks of all policies may tell apart. Each costs a row and a column.
pub(super) const MAX_INTERVALS: usize = 5_000;

/// Addresses that lie in the same blocks.
struct Group {
    intervals: Vec<Interval>,
    /// At most two addresses a family.
    samples: Vec<IpAddr>,
}

/// All that tells a group from another: its cells, which of the asked blocks it lies in, and its families.
type Fate = (Vec<CellId>, Vec<bool>, Vec<bool>);

impl Matrix<'_> {
    /// Adds a class for each kind of address outside the cluster, or none where there are too many.
    pub(super) fn add_externals(&mut self) {
        let parts = intervals(self.rules.nets().chain(self.asked.told_apart.iter().copied()));
        if parts.len() > MAX_INTERVALS {
            self.wide.too_many_addresses = true;
            return;
        }
        let blocks = self.blocks(&parts);
        let groups = self.groups(parts);
        let merged = self.merged(groups);
        for group in merged {
            self.push_external(&group.samples);
            let class = self.classes.len() - 1;
            let block = blocks.get(&group.intervals).cloned();
            let kind = EndKind::External { ranges: ranges(&group.intervals), block };
            self.ends.push(MatrixEnd { kind, class });
        }
    }

    /// The blocks of all policies, by the ranges that they hold.
    fn blocks(&self, parts: &[Interval]) -> HashMap<Vec<Interval>, IpBlock> {
        let parts: Vec<_> = parts.iter().filter(|part| !self.owned.free(part).is_empty()).copied().collect();
        let held = |cidr: &IpNet, except: &[IpNet]| {
            parts.iter().filter(|part| is_in(cidr, except, part.first())).copied().collect::<Vec<_>>()
        };
        let blocks = self.distinct_blocks().into_iter();
        blocks.map(|(cidr, except)| (held(&cidr, &except), IpBlock { cidr, except })).collect()
    }

    fn distinct_blocks(&self) -> BTreeSet<(IpNet, Vec<IpNet>)> {
        let peers = self.rules.entries.iter().flat_map(|entry| &entry.blocks);
        peers.filter_map(|peer| key(&peer.kind)).collect()
    }

    /// Ranges that lie in the same blocks, in the order of their first addresses.
    fn groups(&self, parts: Vec<Interval>) -> Vec<Group> {
        let blocks = self.distinct_blocks();
        let mut by_signature: HashMap<FixedBitSet, usize> = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        for part in parts {
            let free = self.owned.free(&part);
            let Some(first) = free.first() else { continue };
            let told = self.asked.told_apart.iter().map(|net| net.contains(first));
            let blocks = blocks.iter().map(|(cidr, except)| is_in(cidr, except, *first));
            let signature = blocks.chain(told).enumerate().filter(|(_, is_in)| *is_in);
            let signature: FixedBitSet = signature.map(|(at, _)| at).collect();
            let at = *by_signature.entry(signature).or_insert_with(|| {
                groups.push(Group { intervals: Vec::new(), samples: Vec::new() });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(at) {
                group.intervals.push(part);
                let known = group.samples.iter().filter(|sample| family(**sample) == part.family()).count();
                group.samples.extend(free.into_iter().take(2_usize.saturating_sub(known)));
            }
        }
        groups
    }

    /// Groups that reach and are reached alike become one.
    fn merged(&mut self, groups: Vec<Group>) -> Vec<Group> {
        let out = self.looking_at_addresses(Direction::Egress);
        let into = self.looking_at_addresses(Direction::Ingress);
        let mut by_cells: BTreeMap<Fate, Group> = BTreeMap::new();
        for group in groups {
            self.push_external(&group.samples);
            let external = self.classes.len() - 1;
            let entering = into.iter().map(|class| self.pair(external, *class)).collect::<Vec<_>>();
            let leaving = out.iter().map(|class| self.pair(*class, external));
            let cells: Vec<_> = entering.into_iter().chain(leaving).collect();
            self.classes.pop();
            let first = group.samples.first().copied();
            let told =
                self.asked.told_apart.iter().map(|net| first.is_some_and(|first| net.contains(&first))).collect();
            let known = by_cells
                .entry((cells, told, self.families_that_matter(&group)))
                .or_insert_with(|| Group { intervals: Vec::new(), samples: group.samples.clone() });
            known.intervals.extend(&group.intervals);
        }
        let mut merged: Vec<_> = by_cells.into_values().collect();
        for group in &mut merged {
            group.intervals.sort_unstable();
        }
        merged.sort_by_key(|group| group.intervals.first().copied());
        merged
    }

    fn looking_at_addresses(&self, direction: Direction) -> Vec<usize> {
        (0..self.pods).filter(|class| self.looks_at_addresses(*class, direction)).collect()
    }

    /// Which families the group has, where some pod is known to be of one family alone.
    fn families_that_matter(&self, group: &Group) -> Vec<bool> {
        let single = |class: &Class| {
            let mut families = class.addresses.iter().map(|address| family(*address));
            families.next().is_some_and(|first| families.all(|other| other == first))
        };
        if !self.classes.iter().take(self.pods).any(single) {
            return Vec::new();
        }
        let has = |v4: bool| group.samples.iter().any(|sample| sample.is_ipv4() == v4);
        vec![has(true), has(false)]
    }

    fn push_external(&mut self, samples: &[IpAddr]) {
        let first = samples.first().copied().unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
        self.classes.push(Class { end: End::External(first), addresses: samples.to_vec(), ports: None });
    }
}

/// R20.
fn is_in(cidr: &IpNet, except: &[IpNet], address: IpAddr) -> bool {
    cidr.contains(&address) && !except.iter().any(|except| except.contains(&address))
}

fn key(kind: &PeerKind) -> Option<(IpNet, Vec<IpNet>)> {
    match kind {
        PeerKind::IpBlock(IpBlock { cidr, except }) => Some((*cidr, except.clone())),
        PeerKind::Pods { .. } => None,
    }
}

/// The intervals as ranges, neighbours joined.
fn ranges(intervals: &[Interval]) -> Vec<super::AddressRange> {
    let mut all: Vec<Interval> = Vec::new();
    for interval in intervals {
        match all.last_mut().and_then(|last| Some((last.joined(*interval)?, last))) {
            Some((joined, last)) => *last = joined,
            None => all.push(*interval),
        }
    }
    all.iter().map(Interval::range).collect()
}
