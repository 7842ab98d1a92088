//! One side of a pair of classes, and both sides together: one cell. Private to `matrix`.

use std::net::IpAddr;

use fixedbitset::FixedBitSet;

use super::addresses::{FAMILIES, Interval, intervals, nets};
use super::ports::PortSets;
use super::{CellId, Matrix, SetId};
use crate::eval::parts::{peer_matches, ports_match};
use crate::model::net::{End, Family, Flow, PodEnd, PortMatch, family};
use crate::model::policy::{Direction, PeerKind};

/// What the address of the other end can be, as far as one side tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) family: Family,
    /// The first two such addresses; one where there is no other.
    pub(super) samples: Vec<IpAddr>,
    /// The rules of the side that admit it by a block.
    pub(super) rules: Vec<usize>,
}

impl Matrix<'_> {
    /// The cell of two classes.
    pub(super) fn pair(&mut self, from: usize, to: usize) -> CellId {
        let (mut out, mut into) = (self.scratch(), self.scratch());
        self.add_base(from, to, Direction::Egress, &mut out);
        self.add_base(to, from, Direction::Ingress, &mut into);
        if self.looks_at_addresses(from, Direction::Egress) || self.looks_at_addresses(to, Direction::Ingress) {
            return self.pair_by_address(from, to, &out, &into);
        }
        let spots = (self.plain_spots(to), self.plain_spots(from));
        if !spots.0.iter().any(|one| spots.1.iter().any(|other| meet(one, other))) {
            return CellId(0);
        }
        out.intersect_with(&into);
        let allowed = self.within(to, &mut out);
        self.intern(allowed, PortSets::NONE)
    }

    /// The same where blocks have a say.
    fn pair_by_address(&mut self, from: usize, to: usize, out: &FixedBitSet, into: &FixedBitSet) -> CellId {
        let leaving = self.spots(from, to, Direction::Egress);
        let entering = self.spots(to, from, Direction::Ingress);
        let leaving: Vec<_> = leaving.into_iter().map(|spot| (self.at(&spot, to, out), spot)).collect();
        let entering: Vec<_> = entering.into_iter().map(|spot| (self.at(&spot, to, into), spot)).collect();
        let (mut some, mut every) = (self.scratch(), self.scratch());
        every.insert_range(..);
        for (out, destination) in &leaving {
            for (into, _) in entering.iter().filter(|(_, source)| meet(source, destination)) {
                let mut both = out.clone();
                both.intersect_with(into);
                some.union_with(&both);
                every.intersect_with(&both);
            }
        }
        let mut hangs = some.clone();
        hangs.difference_with(&every);
        let (allowed, if_address) = (self.within(to, &mut some), self.within(to, &mut hangs));
        self.intern(allowed, if_address)
    }

    /// The ports of the set that are asked for at this destination.
    fn within(&mut self, to: usize, ports: &mut FixedBitSet) -> SetId {
        if let Some(asked) = self.filter.get(to) {
            ports.intersect_with(asked);
        }
        self.sets.intern(ports)
    }

    /// The ports that the side lets through whatever the other end's address is (R4 to R6).
    fn add_base(&mut self, own: usize, other: usize, direction: Direction, ports: &mut FixedBitSet) {
        let destination = if direction == Direction::Egress { other } else { own };
        let Some(count) = self.rules.side(own, direction).filter(|side| side.isolated).map(|side| side.rules.len())
        else {
            ports.insert_range(..);
            return;
        };
        for at in 0..count {
            let rule = self.rules.side(own, direction).and_then(|side| side.rules.get(at)).copied();
            let matching = rule.filter(|rule| {
                let entry = self.rules.entries.get(*rule);
                entry.is_some_and(|entry| entry.any_peer || entry.others.contains(other))
            });
            if let Some(rule) = matching {
                let of_rule = self.ports_of(rule, destination);
                self.sets.add(of_rule, ports);
            }
        }
    }

    /// The ports of a rule on a destination (R24 to R28).
    pub(super) fn ports_of(&mut self, rule: usize, destination: usize) -> SetId {
        let Some(entry) = self.rules.entries.get(rule) else { return PortSets::NONE };
        let Some(End::Pod(pod)) = self.classes.get(destination).map(|class| &class.end) else { return entry.numbers };
        if entry.names.is_empty() {
            return entry.numbers;
        }
        let (options, home) = (&self.asked.options, &entry.rule.policy.namespace);
        // R27: for egress it matters which peers select the destination, for others may lend it their numbers.
        let selects = |peer: &crate::model::policy::Peer| {
            matches!(peer.kind, PeerKind::Pods { .. }) && peer_matches(options, home, peer, &End::Pod(pod.clone()))
        };
        let matched: Vec<usize> = match entry.rule.direction {
            Direction::Ingress => Vec::new(),
            Direction::Egress => {
                entry.peers().iter().enumerate().filter(|(_, peer)| selects(peer)).map(|(at, _)| at).collect()
            }
        };
        let ports = self.classes.get(destination).and_then(|class| class.ports);
        let key = (rule, matched, ports, *home == pod.namespace.name);
        if let Some(known) = self.named.get(&key) {
            return *known;
        }
        let found = self.named_ports(rule, &key.1, pod);
        let id = self.sets.intern(&found);
        self.named.insert(key, id);
        id
    }

    /// The ports of a rule with names on one pod, asked number by number of those that any container declares.
    fn named_ports(&self, rule: usize, matched: &[usize], pod: &PodEnd) -> FixedBitSet {
        let Some(entry) = self.rules.entries.get(rule) else { return self.scratch() };
        let mut found = self.sets.get(entry.numbers).cloned().unwrap_or_else(|| self.scratch());
        for item in &entry.names {
            let PortMatch::Named(name) = &item.ports else { continue };
            for number in self.declared.get(&(name.as_str(), item.protocol)).into_iter().flatten() {
                let destination = End::Pod(pod.clone());
                let flow = Flow { source: destination.clone(), destination, protocol: item.protocol, port: *number };
                let matches = ports_match(self.asked.cluster, &self.asked.options, entry.rule, matched, &flow);
                if let Some(atom) = self.sets.atom(item.protocol, *number).filter(|_| matches) {
                    found.insert(atom);
                }
            }
        }
        found
    }

    /// Whether blocks have a say on this side.
    pub(super) fn looks_at_addresses(&self, own: usize, direction: Direction) -> bool {
        let rules = self.rules.side(own, direction).map_or(&[][..], |side| &side.rules);
        rules.iter().any(|rule| self.rules.entries.get(*rule).is_some_and(|entry| !entry.blocks.is_empty()))
    }

    /// The ports of a side where the other end's address is this one.
    fn at(&mut self, spot: &Spot, destination: usize, base: &FixedBitSet) -> FixedBitSet {
        let mut ports = base.clone();
        for rule in &spot.rules {
            let of_rule = self.ports_of(*rule, destination);
            self.sets.add(of_rule, &mut ports);
        }
        ports
    }

    /// What the other end's address can be, and which rules of this side admit it by a block.
    pub(super) fn spots(&mut self, own: usize, other: usize, direction: Direction) -> Vec<Spot> {
        let Some(class) = self.classes.get(other) else { return Vec::new() };
        if !class.addresses.is_empty() {
            let (end, addresses) = (class.end.clone(), class.addresses.clone());
            let spot = |address: &IpAddr| self.spot(own, direction, &end, &[*address]);
            return one_a_family(addresses.iter().map(spot));
        }
        if !self.looks_at_addresses(own, direction) {
            return self.plain_spots(other);
        }
        if let Some(known) = self.unknown.get(&(own, direction)) {
            return known.clone();
        }
        let found = self.unknown_spots(own, direction, &class.end.clone());
        self.unknown.insert((own, direction), found.clone());
        found
    }

    /// The addresses of a class, where no block has a say.
    fn plain_spots(&self, class: usize) -> Vec<Spot> {
        let addresses = self.classes.get(class).map_or(&[][..], |class| &class.addresses);
        let spot = |samples: Vec<IpAddr>| {
            samples.first().copied().map(|first| Spot { family: family(first), samples, rules: Vec::new() })
        };
        if addresses.is_empty() {
            return self.wide.free.iter().cloned().filter_map(spot).collect();
        }
        one_a_family(addresses.iter().filter_map(|address| spot(vec![*address])))
    }

    /// What an address that no manifest says can be: the space cut by the blocks of this side, parts alike joined.
    fn unknown_spots(&self, own: usize, direction: Direction, other: &End) -> Vec<Spot> {
        let rules = self.rules.side(own, direction).map_or(&[][..], |side| &side.rules);
        let blocks = rules.iter().filter_map(|rule| self.rules.entries.get(*rule)).flat_map(|entry| &entry.blocks);
        let nets = blocks.flat_map(|peer| match &peer.kind {
            PeerKind::IpBlock(block) => nets(block).collect(),
            PeerKind::Pods { .. } => Vec::new(),
        });
        let parts = intervals(nets);
        let spot = |interval: &Interval| {
            let samples = self.owned.free(interval);
            (!samples.is_empty()).then(|| self.spot(own, direction, other, &samples))
        };
        one_a_family(parts.iter().filter_map(spot))
    }

    /// One address, and those like it, as the rules of this side see it (R20 to R22).
    fn spot(&self, own: usize, direction: Direction, other: &End, samples: &[IpAddr]) -> Spot {
        let first = samples.first().copied().unwrap_or(other.address());
        let end = with_address(other, first);
        let rules = self.rules.side(own, direction).map_or(&[][..], |side| &side.rules);
        let admits = |rule: &&usize| {
            self.rules.entries.get(**rule).is_some_and(|entry| {
                let home = &entry.rule.policy.namespace;
                entry.blocks.iter().any(|peer| peer_matches(&self.asked.options, home, peer, &end))
            })
        };
        Spot { family: family(first), samples: samples.to_vec(), rules: rules.iter().filter(admits).copied().collect() }
    }

    /// A flow on this port between two ends, with addresses under which it passes; `None` where none does.
    pub(super) fn flow_between(
        &mut self,
        from: usize,
        to: usize,
        port: (crate::model::net::Protocol, u16),
    ) -> Option<Flow> {
        let (mut out, mut into) = (self.scratch(), self.scratch());
        self.add_base(from, to, Direction::Egress, &mut out);
        self.add_base(to, from, Direction::Ingress, &mut into);
        let atom = self.sets.atom(port.0, port.1)?;
        let leaving = self.spots(from, to, Direction::Egress);
        let entering = self.spots(to, from, Direction::Ingress);
        let destinations: Vec<_> = leaving.into_iter().filter(|spot| self.at(spot, to, &out).contains(atom)).collect();
        let sources: Vec<_> = entering.into_iter().filter(|spot| self.at(spot, to, &into).contains(atom)).collect();
        let pairs = destinations.iter().flat_map(|to| sources.iter().map(move |from| (from, to)));
        let (source, destination) = pairs.filter(|(source, destination)| meet(source, destination)).find_map(apart)?;
        let end = |class: usize, address| self.classes.get(class).map(|class| with_address(&class.end, address));
        Some(Flow { source: end(from, source)?, destination: end(to, destination)?, protocol: port.0, port: port.1 })
    }
}

/// Two addresses of the two spots that differ.
fn apart((source, destination): (&Spot, &Spot)) -> Option<(IpAddr, IpAddr)> {
    let pairs = source.samples.iter().flat_map(|one| destination.samples.iter().map(move |other| (*one, *other)));
    pairs.into_iter().find(|(one, other)| one != other)
}

/// Whether two ends can have addresses like these: of one family, and not one and the same.
fn meet(one: &Spot, other: &Spot) -> bool {
    one.family == other.family && (one.samples.len() > 1 || one.samples != other.samples || other.samples.len() > 1)
}

/// Spots that the rules do not tell apart are one; it keeps two samples.
fn one_a_family(spots: impl Iterator<Item = Spot>) -> Vec<Spot> {
    let mut all: Vec<Spot> = Vec::new();
    for spot in spots {
        match all.iter_mut().find(|known| known.family == spot.family && known.rules == spot.rules) {
            Some(known) => {
                let room = 2_usize.saturating_sub(known.samples.len());
                known.samples.extend(spot.samples.into_iter().take(room));
            }
            None => all.push(spot),
        }
    }
    all
}

/// The end with this address.
pub(super) fn with_address(end: &End, address: IpAddr) -> End {
    match end {
        End::Pod(pod) => End::Pod(PodEnd { address, ..pod.clone() }),
        End::External(_) => End::External(address),
        End::Node(node) => End::Node(node.clone()),
    }
}

/// Two addresses of each family that nobody owns.
pub(super) fn free(owned: &super::Owned) -> Vec<Vec<IpAddr>> {
    let spaces = intervals(std::iter::empty());
    let of = |family: Family| spaces.iter().find(|space| space.family() == family).map(|space| owned.free(space));
    FAMILIES.into_iter().filter_map(of).collect()
}
