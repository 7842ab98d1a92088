//! A class in the making: flows with the ways by which they pass.

use std::collections::BTreeSet;

use super::doors::Door;
use super::product::Product;
use crate::model::claim::FlowSet;
use crate::model::workload::Cluster;

/// How flows pass both sides; a side that does not matter, because every flow passes there, is not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// What lets them in.
    pub ingress: Option<Door>,
    /// What lets them out.
    pub egress: Option<Door>,
}

/// Flows that pass, not yet checked.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) flows: Product,
    /// Flows that are not meant.
    pub(super) except: Vec<Product>,
    pub(super) ways: BTreeSet<Way>,
}

impl Candidate {
    pub(super) fn new(flows: Product, way: Way) -> Candidate {
        Candidate { flows, except: Vec::new(), ways: BTreeSet::from([way]) }
    }

    /// As sets that sentences can say; most often one.
    pub(super) fn sets(&self) -> Vec<FlowSet> {
        let gone: Vec<FlowSet> = self.except.iter().flat_map(Product::flows).collect();
        let without = |mut set: FlowSet| {
            set.except.extend(gone.iter().cloned());
            set
        };
        self.flows.flows().into_iter().map(without).collect()
    }

    fn is_within(&self, other: &Candidate, cluster: &Cluster) -> bool {
        other.except.is_empty() && self.flows.is_within(&other.flows, cluster)
    }

    /// Both as one, where that is one product: they differ in their ports alone, or in one label of one end.
    fn or(&self, other: &Candidate) -> Option<Candidate> {
        if self.except != other.except {
            return None;
        }
        let (one, two) = (&self.flows, &other.flows);
        let (same_from, same_to) = (one.sources == two.sources, one.destinations == two.destinations);
        let same_ports = one.ports == two.ports;
        let flows = if same_from && same_to {
            Product { ports: one.ports.or(&two.ports), ..one.clone() }
        } else if same_to && same_ports {
            Product { sources: one.sources.or(&two.sources)?, ..one.clone() }
        } else if same_from && same_ports {
            Product { destinations: one.destinations.or(&two.destinations)?, ..one.clone() }
        } else {
            return None;
        };
        let ways = self.ways.union(&other.ways).copied().collect();
        Some(Candidate { flows, except: self.except.clone(), ways })
    }
}

/// The same flows in fewer candidates, as far as that shows without the solver.
pub(super) fn fewer(mut candidates: Vec<Candidate>, cluster: &Cluster) -> Vec<Candidate> {
    let mut kept: Vec<Candidate> = Vec::new();
    candidates.reverse();
    while let Some(next) = candidates.pop() {
        if let Some(wider) = kept.iter_mut().find(|kept| next.is_within(kept, cluster)) {
            wider.ways.extend(next.ways.iter().filter(|_| wider.flows == next.flows));
        } else if let Some((at, both)) = kept.iter().enumerate().find_map(|(at, one)| Some((at, one.or(&next)?))) {
            kept.remove(at);
            candidates.push(both);
        } else {
            kept.retain(|narrower| !narrower.is_within(&next, cluster));
            kept.push(next);
        }
    }
    kept
}
