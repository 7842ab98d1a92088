//! A disagreement of the two semantics: what each of them holds of the case, side by side.
//!
//! `prove` alone calls this module, and only where `eval` does not confirm what the solver found.

use super::group::Asker;
use super::{Job, ends};
use crate::eval::algebra;
use crate::model::claim::Claim;
use crate::model::net::{End, Flow};
use crate::model::options::Options;
use crate::model::policy::Direction;
use crate::outcome::{Disagreement, Isolating, Outcome};
use crate::property;
use crate::symbolic::{Query, Setting, Slice};
use crate::witness::{Judge, needs};

/// The outcome where the judge does not agree that the flow is what was sought.
pub(super) fn disagreement(
    asker: &Asker<'_>,
    job: &Job<'_>,
    judge: &Judge<'_>,
    options: &Options,
    flow: Flow,
) -> Outcome {
    let (solver, reference) = (solver(asker, job, options, &flow), reference(job, options, &flow));
    let needs = needs::of(judge, options, options, &flow);
    let case = judge.counterexample(options, &needs, flow);
    Outcome::Disagreement(Box::new(Disagreement { case, solver, reference }))
}

fn solver(asker: &Asker<'_>, job: &Job<'_>, options: &Options, flow: &Flow) -> Option<Vec<Isolating>> {
    let query = Query::new(Setting {
        cluster: job.cluster,
        world: job.world,
        options: *options,
        slice: Slice::of_claim(job.cluster, job.world, job.claim),
        claims: vec![job.claim],
        workloads: ends::declared(job.cluster, job.world, job.claim),
        guarding: property::guarding(job.claim),
    });
    let single_pods = job.claim.is_about_single_pods();
    let all = asker.session.scoped(|| query.testimony(asker.session, flow, single_pods))?;
    Some(all.into_iter().map(|(policy, direction, admits)| Isolating { policy, direction, admits }).collect())
}

/// The same by the reference semantics, of the policies that the claim is about.
fn reference(job: &Job<'_>, options: &Options, flow: &Flow) -> Vec<Isolating> {
    let mut all = Vec::new();
    for direction in directions(job.claim) {
        let is_destination = job.claim.is_about_single_pods() || direction == Direction::Ingress;
        let subject = if is_destination { &flow.destination } else { &flow.source };
        let End::Pod(pod) = subject else { continue };
        for (index, policy) in job.cluster.policies.iter().enumerate() {
            if is_meant(job.claim, index) && algebra::isolates(options, policy, direction, pod) {
                let admits = algebra::admits(job.cluster, options, index, direction, flow);
                all.push(Isolating { policy: index, direction, admits });
            }
        }
    }
    all
}

fn directions(claim: &Claim) -> Vec<Direction> {
    let all = [Direction::Egress, Direction::Ingress].into_iter();
    match claim {
        Claim::Isolated { directions, .. } => all.filter(|direction| directions.contains(direction)).collect(),
        Claim::NoGap { gap, .. } => gap.direction().map_or_else(|| all.collect(), |direction| vec![direction]),
        _ => all.collect(),
    }
}

fn is_meant(claim: &Claim, policy: usize) -> bool {
    match claim {
        Claim::NoGap { gap, .. } => gap.policies().any(|index| index == policy),
        _ => true,
    }
}
