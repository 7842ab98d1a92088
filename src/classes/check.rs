//! The solver's word on sets of flows: whether all of them pass, whether any does, whether there is one at all.
//!
//! One plugin's choices are fixed for all the answers of a list, so that together they are exact.

use crate::error::Error;
use crate::model::algebra::{Gap, PolicySet};
use crate::model::claim::{Claim, FlowSet};
use crate::model::options::Options;
use crate::model::plugin::Choice;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::outcome::{Counterexample, Disagreement, Outcome, Refutation};
use crate::property;
use crate::prove::{Job, Prover};

/// Why there is no list.
#[derive(Debug)]
pub enum Stop {
    /// Something was not decided within the limits, in words.
    Undecided(String),
    /// The two semantics disagree: a bug in netverify.
    Disagreement(Box<Disagreement>),
    /// The solver does not confirm a list that was made of the rules: a bug in netverify.
    Unconfirmed(String),
    /// netverify could not do its job.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// Asks about flows of one cluster.
pub(super) struct Checker<'a> {
    prover: &'a Prover,
    cluster: &'a Cluster,
    /// The world as it is, with every plugin that it leaves open.
    open: &'a World,
    /// The same with one plugin.
    fixed: World,
}

/// Which plugins are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plugins {
    /// The one whose list it is.
    One,
    /// Every one that the world leaves open.
    All,
}

impl<'a> Checker<'a> {
    pub(super) fn new(prover: &'a Prover, cluster: &'a Cluster, world: &'a World, options: &Options) -> Checker<'a> {
        let fixed = World { choices: Choice::all_of(options), ..world.clone() };
        Checker { prover, cluster, open: world, fixed }
    }

    fn ask(&self, claims: &[Claim], plugins: Plugins) -> Result<Vec<Outcome>, Stop> {
        let world = if plugins == Plugins::One { &self.fixed } else { self.open };
        let job = |claim| Job { cluster: self.cluster, world, claim, allow_vacuous: false };
        let jobs: Vec<_> = claims.iter().map(job).collect();
        let answers = self.prover.prove(&jobs)?;
        answers.into_iter().map(|answered| decided(answered.outcome)).collect()
    }

    /// For each set whether all of its flows pass; yes of the empty set.
    pub(super) fn every(&self, sets: &[FlowSet]) -> Result<Vec<bool>, Stop> {
        let claims: Vec<_> = sets.iter().cloned().map(Claim::EveryCanReach).collect();
        let outcomes = self.ask(&claims, Plugins::One)?;
        Ok(outcomes.iter().map(|outcome| !matches!(outcome, Outcome::Refuted(_))).collect())
    }

    /// Where not all flows of a set pass on all plugins: on which they do, in words, as far as that is known.
    pub(super) fn where_every(&self, sets: &[FlowSet]) -> Result<Vec<Option<Vec<String>>>, Stop> {
        let claims: Vec<_> = sets.iter().cloned().map(Claim::EveryCanReach).collect();
        let of = |outcome| match outcome {
            Outcome::Refuted(Refutation { holds_if, .. }) => Some(holds_if),
            _ => None,
        };
        Ok(self.ask(&claims, Plugins::All)?.into_iter().map(of).collect())
    }

    /// For each set a flow of it that passes.
    pub(super) fn some(&self, sets: &[FlowSet]) -> Result<Vec<Option<Counterexample>>, Stop> {
        let claims: Vec<_> = sets.iter().cloned().map(Claim::SomeCanReach).collect();
        let of = |outcome| match outcome {
            Outcome::Proved(proof) => proof.witness.map(|witness| *witness),
            _ => None,
        };
        Ok(self.ask(&claims, Plugins::One)?.into_iter().map(of).collect())
    }

    /// Whether the world has any flow of the set.
    pub(super) fn is_about_something(&self, set: &FlowSet) -> Result<bool, Stop> {
        let outcome = self.ask(&[Claim::NoneCanReach(set.clone())], Plugins::One)?.pop();
        Ok(!matches!(outcome, None | Some(Outcome::Vacuous)))
    }

    /// A flow of the set that passes, where there is one.
    pub(super) fn beyond(&self, set: FlowSet, plugins: Plugins) -> Result<Option<Counterexample>, Stop> {
        let outcome = self.ask(&[Claim::NoneCanReach(set)], plugins)?.pop();
        Ok(outcome.and_then(case_of))
    }

    /// For each set a flow of it that the policies of the one allow and those of the other do not.
    pub(super) fn between(
        &self,
        [one, other]: [&PolicySet; 2],
        options: &Options,
        sets: &[FlowSet],
    ) -> Result<Vec<Option<Counterexample>>, Stop> {
        let gap = |set: &FlowSet| Claim::NoGap {
            gap: Gap::Verdict { one: one.clone(), other: other.clone(), within: Some(Box::new(set.clone())) },
            options: *options,
        };
        let claims: Vec<_> = sets.iter().map(gap).collect();
        Ok(self.ask(&claims, Plugins::One)?.into_iter().map(case_of).collect())
    }

    /// A flow that falls into the gap under some plugin that the world leaves open.
    pub(super) fn any_gap(&self, gap: &Gap) -> Result<Option<Counterexample>, Stop> {
        let questions = property::questions_of_gap(self.cluster, self.open, gap);
        Ok(self.ask(&questions, Plugins::All)?.into_iter().find_map(case_of))
    }
}

fn decided(outcome: Outcome) -> Result<Outcome, Stop> {
    match outcome {
        Outcome::Unknown(reason) => Err(Stop::Undecided(reason.0)),
        Outcome::Disagreement(disagreement) => Err(Stop::Disagreement(disagreement)),
        decided => Ok(decided),
    }
}

fn case_of(outcome: Outcome) -> Option<Counterexample> {
    match outcome {
        Outcome::Refuted(refutation) => refutation.counterexample.map(|case| *case),
        _ => None,
    }
}
