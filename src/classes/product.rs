//! Flows from some ends to some ends on some ports: what a rule admits is one, and so is what two sides admit together.

use super::ends::Ends;
use super::ports::Ports;
use crate::model::claim::FlowSet;
use crate::model::workload::Cluster;

/// All flows from the sources to the destinations on the ports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Product {
    pub(super) sources: Ends,
    pub(super) destinations: Ends,
    pub(super) ports: Ports,
}

impl Product {
    /// The flows of a sentence, as products; `None` where it names nodes.
    pub(super) fn of(flows: &FlowSet, cluster: &Cluster) -> Option<Vec<Product>> {
        let (sources, destinations) = (Ends::of(&flows.sources, cluster)?, Ends::of(&flows.destinations, cluster)?);
        let Some(ports) = Ports::of_set(&flows.ports) else { return Some(Vec::new()) };
        let product = |(sources, destinations): (&Ends, &Ends)| Product {
            sources: sources.clone(),
            destinations: destinations.clone(),
            ports: ports.clone(),
        };
        let pairs = sources.iter().flat_map(|source| destinations.iter().map(move |destination| (source, destination)));
        Some(pairs.map(product).filter_map(|product| product.at_workload(cluster)).collect())
    }

    /// Port names as the numbers that the destination gives them, where it is one workload (R27).
    pub(super) fn at_workload(mut self, cluster: &Cluster) -> Option<Product> {
        let index = self.destinations.plain.workload;
        if let Some(workload) = index.and_then(|index| cluster.workloads.get(index)) {
            self.ports = self.ports.at(workload)?;
        }
        Some(self)
    }

    /// The flows that are in both, as products.
    pub(super) fn and(&self, other: &Product, cluster: &Cluster) -> Vec<Product> {
        let Some(ports) = self.ports.and(&other.ports) else { return Vec::new() };
        let destinations = self.destinations.and(&other.destinations, cluster);
        if destinations.is_empty() {
            return Vec::new();
        }
        let sources = self.sources.and(&other.sources, cluster);
        let product = |(sources, destinations): (&Ends, &Ends)| {
            let (sources, destinations, ports) = (sources.clone(), destinations.clone(), ports.clone());
            Product { sources, destinations, ports }.at_workload(cluster)
        };
        let pairs = sources.iter().flat_map(|source| destinations.iter().map(move |destination| (source, destination)));
        pairs.filter_map(product).collect()
    }

    /// Whether all of these flows are among the others. Says no where it is not sure.
    pub(super) fn is_within(&self, other: &Product, cluster: &Cluster) -> bool {
        self.ports.is_within(&other.ports)
            && self.sources.is_within(&other.sources, cluster)
            && self.destinations.is_within(&other.destinations, cluster)
    }

    /// These flows without the others, where that is one product: all but one of the three parts are among the
    /// others'. `Some(None)` where nothing is left; `None` where it is no product.
    pub(super) fn minus(&self, gone: &Product, cluster: &Cluster) -> Option<Option<Product>> {
        let from = self.sources.is_within(&gone.sources, cluster);
        let to = self.destinations.is_within(&gone.destinations, cluster);
        let ports = self.ports.is_within(&gone.ports);
        match (from, to, ports) {
            (true, true, true) => Some(None),
            (true, true, false) => {
                let left = self.ports.minus(&gone.ports)?;
                Some(left.map(|ports| Product { ports, ..self.clone() }))
            }
            (true, false, true) if gone.destinations.except.is_empty() => {
                let left = self.destinations.clone().without(&gone.destinations.plain, cluster);
                Some(left.map(|destinations| Product { destinations, ..self.clone() }))
            }
            (false, true, true) if gone.sources.except.is_empty() => {
                let left = self.sources.clone().without(&gone.sources.plain, cluster);
                Some(left.map(|sources| Product { sources, ..self.clone() }))
            }
            _ => None,
        }
    }

    /// As sets that sentences can say: one, and one more for each port that takes a name and a number at once.
    pub(super) fn flows(&self) -> Vec<FlowSet> {
        let set = |(ports, except)| FlowSet {
            sources: self.sources.endpoint(),
            destinations: self.destinations.endpoint(),
            ports,
            except,
        };
        self.ports.sets().into_iter().map(set).collect()
    }
}
