//! Which declared workloads reach which, by trying: a search for chains need not ask the solver for what is there to see.
//!
//! The matrix says who reaches whom, and `eval` judges each flow that comes of it, so what is found stands. Finding
//! nothing says nothing: that a chain comes to nobody else is for the solver to prove. `prove::path` alone calls this.

use std::collections::{BTreeMap, BTreeSet};

use crate::eval::claim::contains;
use crate::matrix::paths::Step;
use crate::matrix::{Asked, EndKind, Matrix};
use crate::model::claim::{Claim, Endpoint, FlowSet, PortSet};
use crate::model::net::{End, Flow, PodEnd};
use crate::model::options::Options;
use crate::model::workload::Cluster;
use crate::witness::{Judge, pod, shrink};

/// Flows between declared workloads under one plugin.
pub(super) struct Hints<'a> {
    cluster: &'a Cluster,
    options: Options,
    matrix: Matrix<'a>,
    /// Of each workload that is an end of the matrix: which one.
    ends: BTreeMap<usize, usize>,
}

impl<'a> Hints<'a> {
    /// `None` where the cluster is too large for a matrix.
    pub(super) fn new(cluster: &'a Cluster, options: Options) -> Option<Hints<'a>> {
        let asked = Asked {
            cluster,
            options,
            external: false,
            ports: PortSet::default(),
            told_ports: PortSet::default(),
            told_apart: Vec::new(),
        };
        let matrix = Matrix::new(asked).ok()?;
        let workload = |(end, one): (usize, &crate::matrix::MatrixEnd)| match one.kind {
            EndKind::Workload(index) => Some((index, end)),
            EndKind::Dns | EndKind::External { .. } => None,
        };
        let ends = matrix.ends().iter().enumerate().filter_map(workload).collect();
        Some(Hints { cluster, options, matrix, ends })
    }

    /// A flow from one of the sources to each of these workloads that one was found to.
    pub(super) fn steps(&mut self, sources: &Endpoint, to: &BTreeSet<usize>) -> Vec<(usize, Flow)> {
        let mut left = to.clone();
        let mut steps = Vec::new();
        for from in sources.candidates(self.cluster) {
            if left.is_empty() {
                break;
            }
            for flow in self.from(from, sources, &left) {
                let arrived = flow.destination.pod().and_then(|pod| pod.workload);
                steps.extend(arrived.filter(|index| left.remove(index)).map(|index| (index, flow)));
            }
        }
        steps
    }

    /// Flows from a workload to these, if it is a source.
    fn from(&mut self, workload: usize, sources: &Endpoint, to: &BTreeSet<usize>) -> Vec<Flow> {
        let Some(from) = self.ends.get(&workload).copied() else { return Vec::new() };
        let is_source = self.matrix.representative(from).is_some_and(|end| contains(self.cluster, sources, &end));
        let row = if is_source { self.matrix.row(from) } else { Vec::new() };
        let meant = row.into_iter().filter(|reach| match self.matrix.ends().get(reach.to).map(|end| &end.kind) {
            Some(EndKind::Workload(index)) => to.contains(index),
            _ => false,
        });
        let steps: Vec<Step> = meant.map(|reach| Step { from, to: reach.to, cell: reach.cell }).collect();
        steps.into_iter().filter_map(|step| self.flow(step, sources)).collect()
    }

    /// A flow of the step, confirmed.
    fn flow(&mut self, step: Step, sources: &Endpoint) -> Option<Flow> {
        let (protocol, port) = self.matrix.port(step, &PortSet::default())?;
        let flow = self.matrix.example(step.from, step.to, protocol, port)?;
        let (source, destination) = (self.whole(&flow.source)?, self.whole(&flow.destination)?);
        let (to, flow) =
            (destination.workload?, Flow { source: End::Pod(source), destination: End::Pod(destination), ..flow });
        let claim = Claim::NoneCanReach(FlowSet::new(sources.clone(), Endpoint::Workload(to), PortSet::default()));
        let judge = Judge { cluster: self.cluster, claim: &claim };
        (judge.is_sought(&self.options, &flow) && shrink::is_legal(&judge, &flow)).then_some(flow)
    }

    /// The pod with all that its workload says: the matrix leaves out what no policy looks at.
    fn whole(&self, end: &End) -> Option<PodEnd> {
        pod::of_workload(self.cluster, end.pod()?.workload?, end.address())
    }
}
