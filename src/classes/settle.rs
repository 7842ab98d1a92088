//! From candidates to a list: none that is empty, none that the others make up, and each confirmed by the solver.

use super::candidate::{Candidate, fewer};
use super::check::{Checker, Stop};
use crate::model::claim::FlowSet;
use crate::model::workload::Cluster;
use crate::outcome::Counterexample;

/// A candidate that stays, with a flow of it.
pub(super) struct Settled {
    pub(super) candidate: Candidate,
    pub(super) witness: Counterexample,
}

/// Asks for a flow of each of these sets.
pub(super) type Witnesses<'a> = dyn Fn(&[FlowSet]) -> Result<Vec<Option<Counterexample>>, Stop> + 'a;

/// As few of the candidates as hold the same flows. The narrowest goes first where several could go.
///
/// # Errors
/// [`Stop`] where the solver does not decide.
pub(super) fn settle(
    candidates: Vec<Candidate>,
    cluster: &Cluster,
    some: &Witnesses<'_>,
) -> Result<Vec<Settled>, Stop> {
    let mut kept = Vec::new();
    for candidate in fewer(candidates, cluster) {
        if let Some(witness) = first(some, &candidate.sets())? {
            kept.push(Settled { candidate, witness });
        }
    }
    let mut at = kept.len();
    while at > 0 && kept.len() > 1 {
        at -= 1;
        if is_made_up(&kept, at, some)? {
            kept.remove(at);
        }
    }
    Ok(kept)
}

fn first(some: &Witnesses<'_>, sets: &[FlowSet]) -> Result<Option<Counterexample>, Stop> {
    Ok(some(sets)?.into_iter().flatten().next())
}

/// Whether every flow of this one is a flow of another.
fn is_made_up(kept: &[Settled], at: usize, some: &Witnesses<'_>) -> Result<bool, Stop> {
    let Some(one) = kept.get(at) else { return Ok(false) };
    let others = kept.iter().enumerate().filter(|(other, _)| *other != at);
    let others: Vec<FlowSet> = others.flat_map(|(_, other)| other.candidate.sets()).collect();
    let beyond = |mut set: FlowSet| {
        set.except.extend(others.iter().cloned());
        set
    };
    let sets: Vec<FlowSet> = one.candidate.sets().into_iter().map(beyond).collect();
    Ok(first(some, &sets)?.is_none())
}

/// That all flows of these candidates pass.
///
/// # Errors
/// [`Stop::Unconfirmed`] where one does not.
pub(super) fn confirm(checker: &Checker<'_>, settled: &[Settled]) -> Result<(), Stop> {
    let sets: Vec<FlowSet> = settled.iter().flat_map(|one| one.candidate.sets()).collect();
    match checker.every(&sets)?.iter().position(|pass| !pass) {
        None => Ok(()),
        Some(at) => Err(Stop::Unconfirmed(format!("a class holds a flow that does not pass: {:?}", sets.get(at)))),
    }
}
