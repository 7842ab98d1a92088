//! Which declared workloads reach which, by trying: a search for chains need not ask the solver for what is there to see.
//!
//! The matrix says who reaches whom of the declared workloads, and where the solver came up with another end, that one is
//! tried on all of them. `eval` judges each flow that comes of it, so what is found stands. Finding
//! nothing says nothing: that a chain comes to nobody else is for the solver to prove. `prove::path` alone calls this.

use std::collections::{BTreeMap, BTreeSet};

use crate::eval::claim::contains;
use crate::matrix::paths::Step;
use crate::matrix::{Asked, EndKind, Matrix};
use crate::model::claim::{Claim, Endpoint, FlowSet, PortSet};
use crate::model::net::{End, Flow, PodEnd};
use crate::model::options::Options;
use crate::model::workload::Cluster;
use crate::witness::{Judge, pod, shrink, today};

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

    /// A flow from one of the sources to each of these workloads that one was found to in time.
    pub(super) fn steps(
        &mut self,
        sources: &Endpoint,
        to: &BTreeSet<usize>,
        is_late: impl Fn() -> bool,
    ) -> Vec<(usize, Flow)> {
        let mut left = to.clone();
        let mut steps = Vec::new();
        for from in sources.candidates(self.cluster) {
            if left.is_empty() || is_late() {
                break;
            }
            for flow in self.from(from, sources, &left) {
                let arrived = flow.destination.pod().and_then(|pod| pod.workload);
                steps.extend(arrived.filter(|index| left.remove(index)).map(|index| (index, flow)));
            }
        }
        steps
    }

    /// Flows from where this one begins to each of these workloads that one was found to in time: what reaches one
    /// often reaches many.
    pub(super) fn like(&self, flow: &Flow, to: &BTreeSet<usize>, is_late: impl Fn() -> bool) -> Vec<(usize, Flow)> {
        let step =
            |index: &usize| Some((*index, self.likely(flow, *index).into_iter().find(|flow| self.passes(flow))?));
        to.iter().take_while(|_| !is_late()).filter_map(step).collect()
    }

    /// The flow, but to this workload, on its own port and on those where something may pass.
    fn likely(&self, flow: &Flow, to: usize) -> Vec<Flow> {
        let own = self.cluster.workloads.get(to).and_then(|workload| workload.addresses.first().copied());
        let pod = pod::of_workload(self.cluster, to, own.unwrap_or(flow.destination.address()));
        let on = |pod: &PodEnd, (protocol, port)| {
            let destination = End::Pod(pod.clone());
            Flow { source: flow.source.clone(), destination, protocol, port }
        };
        let flows = |pod: PodEnd| {
            let ports = today::likely_ports(self.cluster, &pod);
            let same = [(flow.protocol, flow.port)];
            same.into_iter().chain(ports).map(|port| on(&pod, port)).collect()
        };
        pod.map(flows).unwrap_or_default()
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
        let flow = Flow { source: End::Pod(source), destination: End::Pod(destination), ..flow };
        (contains(self.cluster, sources, &flow.source) && self.passes(&flow)).then_some(flow)
    }

    /// Whether the flow can exist and is allowed.
    fn passes(&self, flow: &Flow) -> bool {
        let claim = Claim::NoneCanReach(FlowSet::new(Endpoint::Anything, Endpoint::Anything, PortSet::default()));
        let judge = Judge { cluster: self.cluster, claim: &claim };
        judge.is_sought(&self.options, flow) && shrink::is_legal(&judge, flow)
    }

    /// The pod with all that its workload says: the matrix leaves out what no policy looks at.
    fn whole(&self, end: &End) -> Option<PodEnd> {
        pod::of_workload(self.cluster, end.pod()?.workload?, end.address())
    }
}
