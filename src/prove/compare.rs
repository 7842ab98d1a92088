//! Comparisons of policies: gap by gap, plugin by plugin, until one gap is open or none is left.
//!
//! `prove` alone calls this module.

use std::time::Instant;

use super::group::{Asker, First, Group};
use super::{Job, conclude};
use crate::error::Error;
use crate::model::algebra::Comparison;
use crate::outcome::{Outcome, Proof};
use crate::property;

/// The outcome of a job that compares policies: proved iff every gap is closed under every plugin, and
/// then resting on all that closes them. An open gap refutes, even where another is not decided; a case
/// that stands under any plugin is shown rather than one that needs a certain kind.
///
/// # Errors
/// [`Error::Solver`] where the solver fails.
pub(super) fn compare(asker: &Asker<'_>, job: &Job<'_>, comparison: &Comparison) -> Result<Outcome, Error> {
    let start = Instant::now();
    let (mut rests_on, mut undecided, mut open) = (Vec::new(), None, None);
    for claim in &property::questions(job.cluster, job.world, comparison) {
        if start.elapsed() > asker.timeout {
            undecided = Some(conclude::conclude(asker, job, First::Unknown)?);
            break;
        }
        match ask(asker, &Job { claim, ..*job })? {
            Outcome::Proved(proof) => rests_on.extend(proof.rests_on),
            unknown @ Outcome::Unknown(_) => undecided = Some(unknown),
            refuted if open.is_none() && needs_a_plugin(&refuted) => open = Some(refuted),
            refuted if needs_a_plugin(&refuted) => {}
            settled => return Ok(settled),
        }
    }
    rests_on.sort_unstable();
    rests_on.dedup();
    Ok(open.or(undecided).unwrap_or(Outcome::Proved(Proof { rests_on, ..Proof::default() })))
}

fn needs_a_plugin(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refuted(refutation) => refutation.counterexample.as_ref().is_some_and(|case| !case.needs.is_empty()),
        _ => false,
    }
}

fn ask(asker: &Asker<'_>, job: &Job<'_>) -> Result<Outcome, Error> {
    let group = Group::of_one(0, *job);
    let first = group.first_answers(asker)?.pop().map_or(First::Unknown, |(first, _)| first);
    conclude::conclude(asker, job, first)
}
