//! Ports as far as anybody tells them apart, and sets of them.
//!
//! Between two numbers that some rule, name or question mentions, all ports share their fate: they are one
//! [`Atom`]. Private to `matrix`.

use std::collections::{BTreeSet, HashMap};

use fixedbitset::FixedBitSet;

use super::{Ranges, SetId};
use crate::model::net::{PortMatch, Protocol};
use crate::model::options::{EndPort, Options};

/// Ports of one protocol, from the first to the last, that nothing tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Atom {
    pub(super) protocol: Protocol,
    pub(super) first: u16,
    pub(super) last: u16,
}

/// The atoms, in the order of protocols and numbers, and the sets of them that have been met.
#[derive(Debug)]
pub(super) struct PortSets {
    pub(super) atoms: Vec<Atom>,
    sets: Vec<FixedBitSet>,
    ids: HashMap<FixedBitSet, SetId>,
}

/// Where atoms have to begin.
#[derive(Debug, Default)]
pub(super) struct Edges(BTreeSet<(Protocol, u16)>);

impl Edges {
    /// One number.
    pub(super) fn number(&mut self, protocol: Protocol, number: u16) {
        self.range(protocol, number, number);
    }

    /// What a port item mentions; names are mentioned by those who declare them.
    pub(super) fn ports(&mut self, options: &Options, protocol: Protocol, ports: &PortMatch) {
        if let PortMatch::Range(first, last) = ports {
            self.range(protocol, *first, *last);
            if options.end_port == EndPort::Ignored {
                self.number(protocol, *first);
            }
        }
    }

    fn range(&mut self, protocol: Protocol, first: u16, last: u16) {
        self.0.insert((protocol, first));
        if let Some(next) = last.checked_add(1) {
            self.0.insert((protocol, next));
        }
    }
}

impl PortSets {
    /// The empty set.
    pub(super) const NONE: SetId = SetId(0);
    /// Every port of TCP, UDP and SCTP.
    pub(super) const ALL: SetId = SetId(1);

    pub(super) fn new(mut edges: Edges) -> PortSets {
        edges.0.extend(Protocol::SPOKEN.map(|protocol| (protocol, 1)));
        let starts: Vec<_> = edges.0.into_iter().filter(|(_, first)| *first > 0).collect();
        let last = |at: usize, protocol: Protocol| match starts.get(at + 1) {
            Some((next, first)) if *next == protocol => first - 1,
            _ => u16::MAX,
        };
        let atom = |(at, (protocol, first)): (usize, &(Protocol, u16))| Atom {
            protocol: *protocol,
            first: *first,
            last: last(at, *protocol),
        };
        let atoms: Vec<_> = starts.iter().enumerate().map(atom).collect();
        let mut sets = PortSets { atoms, sets: Vec::new(), ids: HashMap::new() };
        let none = sets.empty();
        sets.intern(&none);
        let mut all = sets.empty();
        all.insert_range(..);
        sets.intern(&all);
        sets
    }

    /// A set without ports, to be filled and interned.
    pub(super) fn empty(&self) -> FixedBitSet {
        FixedBitSet::with_capacity(self.atoms.len())
    }

    /// The atoms for whose first port the question is answered yes.
    pub(super) fn of(&self, holds: impl Fn(Protocol, u16) -> bool) -> FixedBitSet {
        let mut set = self.empty();
        set.extend(
            self.atoms.iter().enumerate().filter(|(_, atom)| holds(atom.protocol, atom.first)).map(|(at, _)| at),
        );
        set
    }

    /// The same, where only ports of one protocol from the first to the last come into question.
    pub(super) fn of_range(&self, range: (Protocol, u16, u16), holds: impl Fn(u16) -> bool) -> FixedBitSet {
        let (protocol, first, last) = range;
        let mut set = self.empty();
        let start = self.atoms.partition_point(|atom| (atom.protocol, atom.first) < (protocol, first));
        let within = self.atoms.iter().enumerate().skip(start);
        let within = within.take_while(|(_, atom)| atom.protocol == protocol && atom.first <= last);
        set.extend(within.filter(|(_, atom)| holds(atom.first)).map(|(at, _)| at));
        set
    }

    /// The atom of this port.
    pub(super) fn atom(&self, protocol: Protocol, number: u16) -> Option<usize> {
        let after = self.atoms.partition_point(|atom| (atom.protocol, atom.first) <= (protocol, number));
        after.checked_sub(1).filter(|at| self.atoms.get(*at).is_some_and(|atom| atom.protocol == protocol))
    }

    pub(super) fn intern(&mut self, set: &FixedBitSet) -> SetId {
        if let Some(id) = self.ids.get(set) {
            return *id;
        }
        let id = SetId(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        self.sets.push(set.clone());
        self.ids.insert(set.clone(), id);
        id
    }

    pub(super) fn get(&self, id: SetId) -> Option<&FixedBitSet> {
        self.sets.get(id.0 as usize)
    }

    /// Adds a set that is known to another.
    pub(super) fn add(&self, id: SetId, to: &mut FixedBitSet) {
        if let Some(set) = self.get(id) {
            to.union_with(set);
        }
    }

    /// The set as ranges, neighbours joined.
    pub(super) fn ranges(&self, id: SetId) -> Vec<Ranges> {
        self.get(id).map(|set| self.ranges_of(set)).unwrap_or_default()
    }

    /// One set without another as ranges.
    pub(super) fn ranges_without(&self, id: SetId, other: SetId) -> Vec<Ranges> {
        let Some((one, other)) = self.get(id).zip(self.get(other)) else { return Vec::new() };
        let mut rest = one.clone();
        rest.difference_with(other);
        self.ranges_of(&rest)
    }

    fn ranges_of(&self, set: &FixedBitSet) -> Vec<Ranges> {
        let mut all: Vec<Ranges> = Vec::new();
        for atom in set.ones().filter_map(|at| self.atoms.get(at)) {
            match all.last_mut().filter(|ranges| ranges.protocol == atom.protocol) {
                Some(ranges) => join(&mut ranges.ports, *atom),
                None => all.push(Ranges { protocol: atom.protocol, ports: vec![(atom.first, atom.last)] }),
            }
        }
        all
    }
}

fn join(ranges: &mut Vec<(u16, u16)>, atom: Atom) {
    match ranges.last_mut() {
        Some((_, last)) if last.checked_add(1) == Some(atom.first) => *last = atom.last,
        _ => ranges.push((atom.first, atom.last)),
    }
}
