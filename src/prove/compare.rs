//! Comparisons of policies: gap by gap, plugin by plugin, until one gap is open or none is left.
//!
//! `prove` alone calls this module.

use std::time::Instant;

use super::abridged::Abridged;
use super::group::{Asker, First, Group};
use super::{Job, conclude};
use crate::error::Error;
use crate::model::algebra::{Comparison, Gap, PolicySet, SetRelation};
use crate::model::claim::Claim;
use crate::outcome::{Counterexample, Outcome, Permits, Proof, Refutation, SetsAnswer};
use crate::property;
use crate::symbolic::Stop;

/// The outcome of a job that compares policies: proved iff every gap is closed under every plugin, and
/// then resting on all that closes them.
///
/// # Errors
/// [`Error::Solver`] where the solver fails.
pub(super) fn compare(asker: &Asker<'_>, job: &Job<'_>, comparison: &Comparison) -> Result<Outcome, Error> {
    match comparison {
        Comparison::Sets { relation, one, other } => sets(asker, job, *relation, [one, other]),
        _ => closed(asker, job, Instant::now(), &property::questions(job.cluster, job.world, comparison)),
    }
}

/// Whether nothing is found under any of these questions, in the time that began at `start`. An open gap
/// refutes, even where another is not decided; a case that stands under any plugin is shown rather than
/// one that needs a certain kind.
fn closed(asker: &Asker<'_>, job: &Job<'_>, start: Instant, questions: &[Claim]) -> Result<Outcome, Error> {
    let (mut rests_on, mut undecided, mut open) = (Vec::new(), None, None);
    for claim in questions {
        let left = asker.left.saturating_sub(start.elapsed());
        if left.is_zero() {
            undecided = Some(conclude::conclude(asker, job, First::Unknown(Stop::Time))?);
            break;
        }
        match ask(&asker.with_time(left), &Job { claim, ..*job })? {
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

/// Both ways at once, whatever was asserted: a person who compares two sets wants to know whether they
/// permit the same, the one more, the other more, or each something else.
fn sets(asker: &Asker<'_>, job: &Job<'_>, relation: SetRelation, sets: [&PolicySet; 2]) -> Result<Outcome, Error> {
    let start = Instant::now();
    let beyond = |one: &PolicySet, other: &PolicySet| {
        let gap = Gap::Verdict { one: one.clone(), other: other.clone(), within: None };
        closed(asker, job, start, &property::questions_of_gap(job.cluster, job.world, &gap))
    };
    let [one, other] = sets;
    let (there, back) = (beyond(one, other)?, beyond(other, one)?);
    Ok(both_ways(relation, [one, other].map(|set| set.name.clone()), there, back))
}

/// From what the first permits beyond the second, and the second beyond the first, to one answer.
fn both_ways(relation: SetRelation, [one, other]: [String; 2], there: Outcome, back: Outcome) -> Outcome {
    let permits = match (&there, &back) {
        (Outcome::Proved(_), Outcome::Proved(_)) => Some(Permits::Equal),
        (Outcome::Proved(_), Outcome::Refuted(_)) => Some(Permits::Less),
        (Outcome::Refuted(_), Outcome::Proved(_)) => Some(Permits::More),
        (Outcome::Refuted(_), Outcome::Refuted(_)) => Some(Permits::Neither),
        _ => None,
    };
    let answer = |back| Some(SetsAnswer { one, other, permits, back });
    match (relation, there, back) {
        (_, there @ Outcome::Disagreement(_), _) => there,
        (_, _, back @ Outcome::Disagreement(_)) => back,
        (_, Outcome::Refuted(there), back) => Outcome::Refuted(Refutation { sets: answer(case_of(back)), ..there }),
        (SetRelation::NoMore, Outcome::Proved(there), back) => {
            Outcome::Proved(Proof { witness: case_of(back), sets: answer(None), ..there })
        }
        (SetRelation::Equivalent, Outcome::Proved(there), Outcome::Proved(back)) => {
            let mut rests_on = [there.rests_on, back.rests_on].concat();
            rests_on.sort_unstable();
            rests_on.dedup();
            Outcome::Proved(Proof { rests_on, sets: answer(None), ..Proof::default() })
        }
        (SetRelation::Equivalent, _, Outcome::Refuted(back)) => {
            Outcome::Refuted(Refutation { sets: answer(None), ..back })
        }
        (SetRelation::Equivalent, Outcome::Proved(_), undecided) | (_, undecided, _) => undecided,
    }
}

fn case_of(outcome: Outcome) -> Option<Box<Counterexample>> {
    match outcome {
        Outcome::Refuted(refutation) => refutation.counterexample,
        _ => None,
    }
}

fn needs_a_plugin(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refuted(refutation) => refutation.counterexample.as_ref().is_some_and(|case| !case.needs.is_empty()),
        _ => false,
    }
}

fn ask(asker: &Asker<'_>, job: &Job<'_>) -> Result<Outcome, Error> {
    let group = Group::of_one(asker.at, *job);
    let mut policies = Abridged::new(asker, job, group.slice.clone());
    let (first, _) = policies.first_answer(asker, &group)?;
    conclude::under(asker, job, &group.options, first, &mut policies)
}
