//! A case that was found before, judged again by the reference semantics over the cluster of today. The solver plays no part.

use super::Job;
use crate::model::claim::Claim;
use crate::model::net::Flow;
use crate::outcome::{Outcome, Proof, Refutation};
use crate::property;
use crate::witness::{Judge, needs, shrink};

/// The outcome that the flow shows, a flow of two ends that could exist; `None` where it shows none, or where the claim is decided for
/// several plugins. `otherwise` says whether the claim is known to hold for plugins that make the opposite choices.
#[must_use]
pub fn replay(job: &Job<'_>, flow: Flow, otherwise: bool) -> Option<Outcome> {
    let plugins = property::plugins(job.cluster, job.world, job.claim);
    let [options] = plugins.as_slice() else { return None };
    let judge = Judge { cluster: job.cluster, claim: job.claim };
    if !shrink::is_legal(&judge, &flow) || !judge.is_sought(options, &flow) {
        return None;
    }
    let needs = needs::of(&judge, options, &property::opposite(job.world, job.claim, options), &flow);
    let case = Some(Box::new(judge.counterexample(options, &needs, flow)));
    Some(match job.claim {
        Claim::SomeCanReach(_) => Outcome::Proved(Proof { witness: case, ..Proof::default() }),
        _ => {
            let holds_if = if otherwise { needs.opposites } else { Vec::new() };
            Outcome::Refuted(Refutation { counterexample: case, holds_if, ..Refutation::default() })
        }
    })
}
