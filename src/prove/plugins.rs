//! Claims for which no single plugin is the extreme one (R33): asked under each, and proved only if proved
//! under all.
//!
//! Most claims have one plugin, and are asked once. `prove` alone calls this module.

use super::group::{Asker, Group};
use super::{Answered, LeftOut, under_one_plugin};
use crate::error::Error;
use crate::model::options::Options;
use crate::outcome::{Counterexample, Outcome, Proof, Refutation};
use crate::witness::needs;

/// The answers to a group, each with its place in the run.
///
/// # Errors
/// [`Error::Solver`] where the solver fails.
pub(super) fn under_each(asker: &Asker<'_>, group: &Group<'_>) -> Result<Vec<(usize, Answered)>, Error> {
    let mut answered = under_one_plugin(asker, group)?;
    let mut before = group.options;
    for options in &group.further_options {
        let is_open = |at: &usize| answered.iter().any(|(place, answer)| place == at && is_open(&answer.outcome));
        let members: Vec<_> = group.members.iter().filter(|(at, _)| is_open(at)).copied().collect();
        if members.is_empty() {
            break;
        }
        for (at, second) in under_one_plugin(asker, &group.under(*options, members))? {
            if let Some((_, first)) = answered.iter_mut().find(|(place, _)| *place == at) {
                first.elapsed += second.elapsed;
                first.left_out = LeftOut::default();
                let outcome = std::mem::replace(&mut first.outcome, Outcome::Vacuous);
                first.outcome = together((outcome, &before), (second.outcome, options));
            }
        }
        before = *options;
    }
    Ok(answered)
}

/// Whether another plugin may answer otherwise, or has something to say about why. A case against the claim
/// settles it; what no plugin can mean it does not matter to any; time that has run out is not given twice.
fn is_open(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Proved(proof) => !proof.vacuous,
        Outcome::Refuted(refutation) => refutation.counterexample.is_none(),
        Outcome::Unknown(_) | Outcome::Vacuous | Outcome::Disagreement(_) => false,
    }
}

/// What two plugins that the world leaves open come to: the worse of the two answers. Where they differ
/// without a case to show, the refutation says which plugin it holds for.
fn together(one: (Outcome, &Options), other: (Outcome, &Options)) -> Outcome {
    match (one, other) {
        ((Outcome::Proved(first), _), (Outcome::Proved(second), _)) => Outcome::Proved(both(first, second)),
        ((Outcome::Refuted(first), _), (Outcome::Refuted(second), _)) => {
            let shows = |one: &Refutation| one.counterexample.is_some();
            Outcome::Refuted(if shows(&second) && !shows(&first) { second } else { first })
        }
        ((Outcome::Refuted(refutation), _), (Outcome::Proved(_), holds))
        | ((Outcome::Proved(_), holds), (Outcome::Refuted(refutation), _)) => {
            Outcome::Refuted(holding_for(refutation, holds))
        }
        ((Outcome::Proved(_), _), (worse, _)) | ((worse, _), (Outcome::Proved(_), _)) => worse,
        ((disagreement @ Outcome::Disagreement(_), _), _) | (_, (disagreement @ Outcome::Disagreement(_), _)) => {
            disagreement
        }
        ((refuted @ Outcome::Refuted(_), _), _) | (_, (refuted @ Outcome::Refuted(_), _)) => refuted,
        ((undecided, _), _) => undecided,
    }
}

/// A case of a refutation says itself what it needs.
fn holding_for(refutation: Refutation, holds: &Options) -> Refutation {
    if refutation.counterexample.is_some() {
        return refutation;
    }
    Refutation { holds_if: vec![needs::takes_host_pods(holds.host_network).to_owned()], ..refutation }
}

/// It rests on all that either rests on, and shows the case that asks less of the plugin.
fn both(first: Proof, second: Proof) -> Proof {
    let mut rests_on = [first.rests_on, second.rests_on].concat();
    rests_on.sort_unstable();
    rests_on.dedup();
    let asks = |witness: &Option<Box<Counterexample>>| witness.as_ref().map_or(0, |case| case.needs.len());
    let is_better = asks(&second.witness) < asks(&first.witness);
    let witness = if is_better { second.witness } else { first.witness };
    Proof { rests_on, witness, ..first }
}
