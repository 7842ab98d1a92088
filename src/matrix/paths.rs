//! Chains of flows: what a pod can come to in steps, through the pods of declared workloads.

use std::collections::VecDeque;

use super::{CellId, EndKind, Matrix};
use crate::eval::claim::ports_contain;
use crate::model::claim::PortSet;
use crate::model::net::{End, Flow, Protocol};

/// How many flows between ends are held at most.
pub const MAX_FLOWS: usize = 10_000_000;
/// How many steps are tried at most while paths beyond the shortest are looked for.
const MAX_TRIED: usize = 1_000_000;

/// Which paths are looked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The ends where a path may begin, each by its place.
    pub from: Vec<usize>,
    /// The ends where it may end.
    pub to: Vec<usize>,
    /// The ports of its last step; every port where none are named.
    pub ports: PortSet,
    /// How many paths at most.
    pub most: usize,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// From which end.
    pub from: usize,
    /// To which end.
    pub to: usize,
    /// What passes there.
    pub cell: CellId,
}

/// The paths that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// The shortest first; those of one length in the order of the ends. None has a step that can be skipped: no end
    /// reaches another further on, but where that hangs on an address that no manifest says.
    pub paths: Vec<Vec<Step>>,
    /// Whether there are more.
    pub more: bool,
}

/// There are more flows than [`MAX_FLOWS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// The flows between ends as a graph.
struct Graph<'w> {
    wanted: &'w Wanted,
    /// What each end reaches.
    steps: Vec<Vec<Step>>,
    /// Whether a path may begin at an end, or lead through it.
    is_start: Vec<bool>,
    is_between: Vec<bool>,
    /// Of each step: whether it may be a last one.
    is_last: Vec<Vec<bool>>,
    /// Of each cell: whether something passes whatever addresses are.
    is_sure: Vec<bool>,
    /// How many steps each end is from being there; `None` where no path leads there.
    left: Vec<Option<usize>>,
}

impl Matrix<'_> {
    /// The paths that are wanted, the shortest first.
    ///
    /// # Errors
    /// [`TooMany`] where there are too many flows to hold.
    pub fn paths(&mut self, wanted: &Wanted) -> Result<Paths, TooMany> {
        let graph = self.graph(wanted)?;
        Ok(graph.paths())
    }

    fn graph<'w>(&mut self, wanted: &'w Wanted) -> Result<Graph<'w>, TooMany> {
        let count = self.ends().len();
        let marked = |ends: &[usize]| {
            let ends: std::collections::BTreeSet<_> = ends.iter().collect();
            (0..count).map(|end| ends.contains(&end)).collect::<Vec<_>>()
        };
        let (is_start, is_target) = (marked(&wanted.from), marked(&wanted.to));
        let is_workload = |end: usize| matches!(self.ends().get(end).map(|end| &end.kind), Some(EndKind::Workload(_)));
        let is_between: Vec<_> = (0..count).map(|end| is_workload(end) && !marks(&is_start, end)).collect();
        let (mut steps, mut flows) = (Vec::new(), 0);
        for from in 0..count {
            // Whatever is outside the cluster can only be where a path begins.
            let row = if marks(&is_start, from) || marks(&is_between, from) { self.row(from) } else { Vec::new() };
            flows += row.len();
            if flows > MAX_FLOWS {
                return Err(TooMany);
            }
            steps.push(row.into_iter().map(|reach| Step { from, to: reach.to, cell: reach.cell }).collect::<Vec<_>>());
        }
        let last = |step: &Step| marks(&is_target, step.to) && self.port(*step, &wanted.ports).is_some();
        let is_last = steps.iter().map(|row| row.iter().map(last).collect()).collect();
        let is_sure = self.cells.iter().map(|(allowed, if_address)| allowed != if_address).collect();
        let mut graph = Graph { wanted, steps, is_start, is_between, is_last, is_sure, left: vec![None; count] };
        graph.measure();
        Ok(graph)
    }

    /// A port of the set on which something passes in this step: one that passes whatever addresses are, and that the
    /// destination declares, where there is one.
    #[must_use]
    pub fn port(&self, step: Step, ports: &PortSet) -> Option<(Protocol, u16)> {
        let cell = self.cell(step.cell);
        let end = self.representative(step.to)?;
        let is_asked = |(protocol, port): &(Protocol, u16)| {
            let flow = Flow { source: end.clone(), destination: end.clone(), protocol: *protocol, port: *port };
            ports_contain(ports, &flow)
        };
        let declared = end.pod().map_or(&[][..], |pod| &pod.ports);
        let declared = declared.iter().map(|port| (port.protocol, port.number));
        for ranges in [&cell.always, &cell.if_address] {
            let has = |(protocol, number): &(Protocol, u16)| {
                let mut of_protocol = ranges.iter().filter(|ranges| ranges.protocol == *protocol);
                of_protocol.any(|ranges| ranges.ports.iter().any(|(first, last)| (first..=last).contains(&number)))
            };
            let first = self.sets.atoms.iter().map(|atom| (atom.protocol, atom.first));
            if let Some(found) = declared.clone().chain(first).filter(has).find(is_asked) {
                return Some(found);
            }
        }
        None
    }

    /// The ends that an endpoint takes in.
    pub fn ends_in(&self, is_in: impl Fn(&End) -> bool) -> Vec<usize> {
        (0..self.ends().len()).filter(|end| self.representative(*end).is_some_and(|end| is_in(&end))).collect()
    }
}

fn marks(marks: &[bool], end: usize) -> bool {
    marks.get(end).copied().unwrap_or(false)
}

impl Graph<'_> {
    /// Breadth first, from the last steps back.
    fn measure(&mut self) {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.steps.len()];
        let mut queue = VecDeque::new();
        for (from, (row, last)) in self.steps.iter().zip(&self.is_last).enumerate() {
            for (step, is_last) in row.iter().zip(last) {
                if let Some(before) = before.get_mut(step.to).filter(|_| marks(&self.is_between, step.to)) {
                    before.push(from);
                }
                if let Some(left @ None) = self.left.get_mut(from).filter(|_| *is_last) {
                    *left = Some(1);
                    queue.push_back(from);
                }
            }
        }
        while let Some(end) = queue.pop_front() {
            let Some(steps) = self.left.get(end).copied().flatten() else { continue };
            // A path leads through ends between, and begins at a start.
            if !marks(&self.is_between, end) {
                continue;
            }
            for from in before.get(end).into_iter().flatten() {
                if let Some(left @ None) = self.left.get_mut(*from) {
                    *left = Some(steps + 1);
                    queue.push_back(*from);
                }
            }
        }
    }

    /// Whether there is a step from one end to another, whatever addresses are; one that may be the last, where asked.
    fn reaches(&self, from: usize, to: usize, last: bool) -> bool {
        let row = self.steps.get(from).map_or(&[][..], Vec::as_slice);
        let Ok(at) = row.binary_search_by_key(&to, |step| step.to) else { return false };
        let is_last = self.is_last.get(from).is_some_and(|row| marks(row, at));
        let is_sure = row.get(at).is_some_and(|step| marks(&self.is_sure, step.cell.0 as usize));
        is_sure && (is_last || !last)
    }

    fn paths(&self) -> Paths {
        let starts = self.wanted.from.iter().copied().filter(|end| marks(&self.is_start, *end));
        let shortest = starts.clone().filter_map(|end| self.left.get(end).copied().flatten()).min();
        let Some(shortest) = shortest else { return Paths::default() };
        let mut search = Search { graph: self, path: Vec::new(), found: Vec::new(), tried: 0, cut: false };
        for length in shortest..=self.steps.len() {
            search.cut = false;
            for start in starts.clone() {
                search.go(start, length);
            }
            if search.is_done() || !search.cut {
                break;
            }
        }
        let more = search.is_done();
        let mut paths = search.found;
        paths.truncate(self.wanted.most);
        Paths { paths, more }
    }
}

/// Depth first, paths of one length.
struct Search<'g> {
    graph: &'g Graph<'g>,
    path: Vec<Step>,
    found: Vec<Vec<Step>>,
    tried: usize,
    /// Whether some path would be longer.
    cut: bool,
}

impl Search<'_> {
    /// Whether more has been found than is wanted, or enough has been tried.
    fn is_done(&self) -> bool {
        self.found.len() > self.graph.wanted.most || self.tried > MAX_TRIED
    }

    fn go(&mut self, from: usize, left: usize) {
        let graph = self.graph;
        let (Some(row), Some(last)) = (graph.steps.get(from), graph.is_last.get(from)) else { return };
        for (step, is_last) in row.iter().zip(last) {
            if self.is_done() {
                return;
            }
            self.tried += 1;
            // What has arrived goes no further: the rest would be another path.
            if *is_last {
                if left == 1 && !self.is_skipped(step, true) {
                    self.path.push(*step);
                    self.found.push(self.path.clone());
                    self.path.pop();
                }
                continue;
            }
            self.deeper(step, left);
        }
    }

    /// Whether an earlier end of the path reaches where the step leads, so that what lies between can be skipped.
    fn is_skipped(&self, step: &Step, last: bool) -> bool {
        self.path.iter().any(|one| self.graph.reaches(one.from, step.to, last))
    }

    fn deeper(&mut self, step: &Step, left: usize) {
        let graph = self.graph;
        let Some(needed) = graph.left.get(step.to).copied().flatten() else { return };
        let is_met = step.from == step.to || self.path.iter().any(|one| one.to == step.to);
        if is_met || !marks(&graph.is_between, step.to) || self.is_skipped(step, false) {
            return;
        }
        if needed + 1 > left {
            self.cut = true;
            return;
        }
        if left > 1 {
            self.path.push(*step);
            self.go(step.to, left - 1);
            self.path.pop();
        }
    }
}
