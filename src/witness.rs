//! From what the solver found to a counterexample that a person can check.
//!
//! Every case is judged again by `eval` ([`Judge`]); it is made small ([`shrink`]), the lines at
//! fault are found ([`blame`]) and the plugin's choices that it needs are named ([`needs`]).
//! Nothing here knows the solver. `prove` calls this module.

pub mod blame;
pub mod chain;
mod compare;
pub mod example;
pub mod lenders;
pub mod needs;
pub mod pod;
pub mod shrink;
pub mod today;
pub mod yaml;

use crate::eval;
use crate::eval::trace::Verdict;
use crate::model::claim::Claim;
use crate::model::net::{End, Flow, PodEnd};
use crate::model::options::Options;
use crate::model::policy::Direction;
use crate::model::workload::Cluster;
use crate::outcome::{Case, Counterexample};
use needs::Needs;

/// What all judgements about one property share.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The declared objects.
    pub cluster: &'a Cluster,
    /// What the property claims.
    pub claim: &'a Claim,
}

impl Judge<'_> {
    /// Whether the reference semantics agrees that this flow is what was sought: a flow that the
    /// claim is about, allowed where the claim forbids it (or asks for one), denied where it demands it.
    #[must_use]
    pub fn is_sought(&self, options: &Options, flow: &Flow) -> bool {
        let (flows, wanted) = match self.claim {
            Claim::NoneCanReach(flows) | Claim::SomeCanReach(flows) | Claim::NoPath(flows) => (flows, Verdict::Allowed),
            Claim::EveryCanReach(flows) => (flows, Verdict::Denied),
            Claim::Isolated { .. } => return self.is_open(options, &flow.destination),
            Claim::NoGap { gap, .. } => return eval::algebra::falls_into(self.cluster, options, gap, flow),
            Claim::Compared(comparison) => {
                let gaps = comparison.gaps(self.cluster);
                return gaps.iter().any(|gap| eval::algebra::falls_into(self.cluster, options, gap, flow));
            }
        };
        eval::claim::flow_in(self.cluster, flows, flow) && eval::verdict(self.cluster, options, flow).0 == wanted
    }

    fn is_open(&self, options: &Options, end: &End) -> bool {
        end.pod().is_some_and(|pod| self.is_meant(end) && !self.open_for(options, pod).is_empty())
    }

    fn is_meant(&self, end: &End) -> bool {
        match self.claim {
            Claim::Isolated { pods, .. } => eval::claim::contains(self.cluster, pods, end),
            _ => false,
        }
    }

    /// The directions of an isolation claim in which nothing isolates the pod.
    #[must_use]
    pub fn open_for(&self, options: &Options, pod: &PodEnd) -> Vec<Direction> {
        let Claim::Isolated { directions, .. } = self.claim else { return Vec::new() };
        let open = |direction: &&Direction| !eval::claim::isolated(self.cluster, options, pod, **direction);
        directions.iter().filter(open).copied().collect()
    }

    /// The finished counterexample of a flow that [`Judge::is_sought`] confirms, with the choices that it needs.
    #[must_use]
    pub fn counterexample(&self, options: &Options, needs: &Needs, flow: Flow) -> Counterexample {
        let today = exists_today(self.claim, &flow);
        let (needs, further) = (needs.words.clone(), Vec::new());
        if let (Claim::Isolated { .. }, End::Pod(pod)) = (self.claim, &flow.destination) {
            let case = Case::Open { pod: Box::new(pod.clone()), directions: self.open_for(options, pod) };
            return Counterexample { case, today, further, needs, blames: Vec::new() };
        }
        if let Claim::NoGap { gap, .. } = self.claim
            && let Some((case, blames)) = compare::case(self.cluster, options, gap, &flow)
        {
            return Counterexample { case, today, further, needs, blames };
        }
        let (verdict, trace) = eval::verdict(self.cluster, options, &flow);
        let blames = blame::of_flow(self.cluster, verdict, &trace);
        Counterexample { case: Case::Flow { flow: Box::new(flow), trace }, today, further, needs, blames }
    }
}

/// Whether every pod of the case belongs to a declared workload. What lies outside the cluster and
/// nodes are there in any case.
fn exists_today(claim: &Claim, flow: &Flow) -> bool {
    let exists = |end: &End| end.pod().is_none_or(|pod| pod.workload.is_some());
    exists(&flow.destination) && (claim.is_about_single_pods() || exists(&flow.source))
}
