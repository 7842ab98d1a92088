//! Rows: what one end reaches. Private to `matrix`, but for the types of its answers.

use std::net::IpAddr;

use fixedbitset::FixedBitSet;

use super::classes::DNS_PORT;
use super::half::{self, with_address};
use super::ports::PortSets;
use super::{CellId, EndKind, Matrix};
use crate::eval::claim::ports_contain;
use crate::model::net::{End, Flow, Protocol};
use crate::model::policy::Direction;
use crate::model::workload::WorkloadKind;

/// One cell of a row that lets something through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The end that is reached, by its place.
    pub to: usize,
    /// On which ports.
    pub cell: CellId,
}

/// What is known of classes at large, so that rows need not ask each class.
#[derive(Debug, Default)]
pub(super) struct Wide {
    /// The classes of pods that may let something in, whoever asks.
    into: FixedBitSet,
    /// The rules for ingress.
    ingress_rules: Vec<usize>,
    /// The classes that each of them is for.
    isolated_by: Vec<Vec<usize>>,
    /// Two addresses of each family that nobody owns.
    pub(super) free: Vec<Vec<IpAddr>>,
    /// The ends of each class.
    ends_of: Vec<Vec<usize>>,
    /// The last row, which a class shares with its like.
    last: Option<(usize, Vec<(usize, CellId)>)>,
    /// Whether addresses outside the cluster are left out because policies tell too many apart.
    pub(super) too_many_addresses: bool,
}

/// The ports that are asked for, by destination; all where there is no entry.
#[derive(Debug, Default)]
pub(super) struct Filter(Vec<Option<FixedBitSet>>, Option<FixedBitSet>);

impl Filter {
    pub(super) fn get(&self, destination: usize) -> Option<&FixedBitSet> {
        self.0.get(destination).and_then(Option::as_ref).or(self.1.as_ref())
    }
}

impl Matrix<'_> {
    /// Gathers what rows are made of.
    pub(super) fn prepare(&mut self) {
        self.wide.free = half::free(&self.owned);
        self.filter = self.filter();
        let mut into = FixedBitSet::with_capacity(self.pods);
        let mut isolated_by: Vec<Vec<usize>> = vec![Vec::new(); self.rules.entries.len()];
        for class in 0..self.pods {
            let Some(side) = self.rules.side(class, Direction::Ingress) else { continue };
            let is_wide = |rule: &usize| {
                self.rules.entries.get(*rule).is_some_and(|entry| entry.any_peer || !entry.blocks.is_empty())
            };
            if !side.isolated || side.rules.iter().any(is_wide) {
                into.insert(class);
                continue;
            }
            for rule in &side.rules {
                if let Some(of_rule) = isolated_by.get_mut(*rule) {
                    of_rule.push(class);
                }
            }
        }
        let used = isolated_by.iter().enumerate().filter(|(_, classes)| !classes.is_empty());
        self.wide.ingress_rules = used.map(|(rule, _)| rule).collect();
        self.wide.isolated_by = isolated_by;
        self.wide.into = into;
    }

    fn filter(&self) -> Filter {
        let mut of = vec![None; self.pods];
        let items = &self.asked.ports.items;
        let asked = |end: &End| {
            let contains = |protocol: Protocol, port: u16| {
                let flow = Flow { source: end.clone(), destination: end.clone(), protocol, port };
                ports_contain(&self.asked.ports, &flow)
            };
            self.sets.of(contains)
        };
        if !items.is_empty() {
            for (class, filter) in self.classes.iter().zip(&mut of) {
                *filter = Some(asked(&class.end));
            }
        }
        // What nobody declares as the cluster's DNS is known to be that on its port alone.
        for end in self.ends.iter().filter(|end| end.kind == EndKind::Dns) {
            let dns = self.sets.of(|protocol, port| port == DNS_PORT && protocol != Protocol::Sctp);
            if let Some(filter) = of.get_mut(end.class) {
                let mut both =
                    filter.take().unwrap_or_else(|| self.sets.get(PortSets::ALL).cloned().unwrap_or_default());
                both.intersect_with(&dns);
                *filter = Some(both);
            }
        }
        let outside = (!items.is_empty()).then(|| asked(&End::External(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED))));
        Filter(of, outside)
    }

    /// Whether addresses outside the cluster are left out because policies tell too many ranges of them apart.
    #[must_use]
    pub fn leaves_addresses_out(&self) -> bool {
        self.wide.too_many_addresses
    }

    /// What an end reaches, in the order of the ends; what it does not reach is not in the list. Nothing
    /// is known of what a DNS that nobody declares reaches, and policies have no say outside the cluster.
    pub fn row(&mut self, from: usize) -> Vec<Reach> {
        let Some(end) = self.ends.get(from).cloned() else { return Vec::new() };
        if end.kind == EndKind::Dns {
            return Vec::new();
        }
        self.index_ends();
        let of_class = match self.wide.last.take() {
            Some((class, row)) if class == end.class => row,
            _ => self.class_row(end.class),
        };
        let mut row: Vec<_> = of_class.iter().flat_map(|(class, cell)| self.reaches(from, *class, *cell)).collect();
        row.sort_unstable_by_key(|reach| reach.to);
        self.wide.last = Some((end.class, of_class));
        row
    }

    /// Each class, and the ends in it.
    fn index_ends(&mut self) {
        if !self.wide.ends_of.is_empty() {
            return;
        }
        let mut ends_of = vec![Vec::new(); self.classes.len()];
        for (at, end) in self.ends.iter().enumerate() {
            if let Some(ends) = ends_of.get_mut(end.class) {
                ends.push(at);
            }
        }
        self.wide.ends_of = ends_of;
    }

    fn reaches(&self, from: usize, class: usize, cell: CellId) -> impl Iterator<Item = Reach> {
        let ends = self.wide.ends_of.get(class).map_or(&[][..], Vec::as_slice);
        ends.iter().filter(move |to| **to != from || self.has_replicas(from)).map(move |to| Reach { to: *to, cell })
    }

    /// A bare Pod is one pod, and what it sends to itself is no flow between two.
    fn has_replicas(&self, end: usize) -> bool {
        match self.ends.get(end).map(|end| &end.kind) {
            Some(EndKind::Workload(index)) => {
                self.asked.cluster.workloads.get(*index).is_some_and(|workload| workload.kind != WorkloadKind::Pod)
            }
            _ => false,
        }
    }

    fn class_row(&mut self, from: usize) -> Vec<(usize, CellId)> {
        let candidates = self.candidates(from);
        let outside = self.pods..self.classes.len();
        let outside = if from < self.pods { outside } else { 0..0 };
        let mut row = Vec::new();
        for to in candidates.ones().chain(outside) {
            let cell = self.pair(from, to);
            if cell != CellId(0) {
                row.push((to, cell));
            }
        }
        row
    }

    /// The classes of pods that may let something in from this class, and that it may let something out to.
    fn candidates(&self, from: usize) -> FixedBitSet {
        let mut into = self.wide.into.clone();
        for rule in &self.wide.ingress_rules {
            if self.rules.entries.get(*rule).is_some_and(|entry| entry.others.contains(from)) {
                into.extend(self.wide.isolated_by.get(*rule).into_iter().flatten().copied());
            }
        }
        let Some(side) = self.rules.side(from, Direction::Egress).filter(|side| side.isolated) else { return into };
        let mut out = FixedBitSet::with_capacity(self.pods);
        for entry in side.rules.iter().filter_map(|rule| self.rules.entries.get(*rule)) {
            if !entry.blocks.is_empty() {
                return into;
            }
            out.union_with(&entry.others);
        }
        into.intersect_with(&out);
        into
    }

    /// A flow from one end to another on this port, with addresses under which it passes.
    pub fn example(&mut self, from: usize, to: usize, protocol: Protocol, port: u16) -> Option<Flow> {
        let class = |at: usize| self.ends.get(at).map(|end| end.class);
        let flow = self.flow_between(class(from)?, class(to)?, (protocol, port))?;
        let source = with_address(&self.representative(from)?, flow.source.address());
        let destination = with_address(&self.representative(to)?, flow.destination.address());
        Some(Flow { source, destination, ..flow })
    }
}
