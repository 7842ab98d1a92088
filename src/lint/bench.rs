//! Policies as they could be written, beside those that are, and what the solver holds of them.
//!
//! A question is always the same: does a policy do anything that others do not? The changed policies are
//! appended to one copy of the cluster, so that a question costs what its own policies cost. Whatever
//! the solver finds, `prove` has judged again by the reference semantics. Under `lint` alone.

use std::collections::{BTreeMap, BTreeSet};

use super::scene::Scene;
use crate::error::Error;
use crate::eval::algebra::falls_into;
use crate::finding::{Fact, Shown};
use crate::model::algebra::Comparison;
use crate::model::claim::Claim;
use crate::model::inventory::Inventory;
use crate::model::net::{End, Flow, Protocol};
use crate::model::options::Options;
use crate::model::policy::{Direction, Policy};
use crate::model::workload::Cluster;
use crate::model::world::{Existence, Trust, World};
use crate::outcome::{Case, Counterexample, Outcome, Part, Proof};
use crate::property;
use crate::prove::{Job, Prover};

/// Questions about policies that are, and that could be.
pub(super) struct Bench<'a> {
    scene: &'a Scene<'a>,
    cluster: Cluster,
    claims: Vec<Claim>,
    /// For policies that stand for another: which one.
    stands_for: BTreeMap<usize, usize>,
}

/// The policies that a proof rests on.
#[derive(Clone, Debug, Default)]
pub(super) struct Rests {
    /// Those whose rules admit what it admits.
    pub(super) admit: Vec<usize>,
    /// Those that isolate what it isolates.
    pub(super) isolate: Vec<usize>,
}

/// What became of one question.
pub(super) enum Answer {
    /// It does nothing that the others do not; the proof rests on these.
    Nothing(Rests),
    /// Something falls to it alone.
    Something(Box<Counterexample>),
    /// A limit was met.
    Undecided,
    /// The two semantics disagree.
    Disagreement,
}

impl<'a> Bench<'a> {
    pub(super) fn new(scene: &'a Scene<'a>) -> Bench<'a> {
        Bench { scene, cluster: scene.cluster.clone(), claims: Vec::new(), stands_for: BTreeMap::new() }
    }

    /// A bench for questions of which only the yes or no matters, and not the case that shows it. Where any
    /// pod may exist anywhere, one that nobody has declared can be all that a declared one is, so the declared ones are left
    /// out: nothing has to be told apart, and what is proved without them holds with them.
    pub(super) fn lean(scene: &'a Scene<'a>) -> Bench<'a> {
        let World { pods, namespaces, trust, .. } = scene.world;
        let is_open = (*pods, *namespaces) == (Existence::Any, Existence::Any) && *trust == Trust::default();
        let workloads = if is_open { Inventory::new() } else { scene.cluster.workloads.clone() };
        let cluster = Cluster {
            policies: scene.cluster.policies.clone(),
            namespaces: scene.cluster.namespaces.clone(),
            nodes: scene.cluster.nodes.clone(),
            workloads,
            ..Cluster::default()
        };
        Bench { scene, cluster, claims: Vec::new(), stands_for: BTreeMap::new() }
    }

    /// Takes in a policy as it could be written.
    pub(super) fn write(&mut self, policy: Policy) -> usize {
        self.cluster.policies.push(policy);
        self.cluster.policies.len() - 1
    }

    /// Asks what `policy` does that `by` do not.
    pub(super) fn ask(&mut self, policy: usize, by: Vec<usize>) {
        self.claims.push(Claim::Compared(Comparison::Subsumed { policy, by }));
    }

    /// Takes in a policy as it could be written, in the place of another.
    pub(super) fn write_for(&mut self, original: usize, policy: Policy) -> usize {
        let index = self.write(policy);
        self.stands_for.insert(index, original);
        index
    }

    /// The policies of the cluster that these are, or stand for; those that stand alone are left out.
    pub(super) fn written_for(&self, policies: &[usize]) -> Vec<usize> {
        let is_written = |index: &usize| (*index < self.scene.cluster.policies.len()).then_some(*index);
        let of = |index: &usize| self.stands_for.get(index).copied().or(is_written(index));
        policies.iter().filter_map(of).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The answers, in the order of the questions.
    ///
    /// # Errors
    /// Those of [`Prover::prove`].
    pub(super) fn decide(&self, prover: &Prover) -> Result<Vec<Answer>, Error> {
        let (cluster, world) = (&self.cluster, self.scene.world);
        let job = |claim| Job { cluster, world, claim, allow_vacuous: false };
        let jobs: Vec<_> = self.claims.iter().map(job).collect();
        Ok(prover.prove(&jobs)?.into_iter().map(|answered| answer(answered.outcome)).collect())
    }

    /// The answer to one more question.
    ///
    /// # Errors
    /// Those of [`Prover::prove`].
    pub(super) fn decide_one(&self, prover: &Prover, policy: usize, by: Vec<usize>) -> Result<Answer, Error> {
        let claim = Claim::Compared(Comparison::Subsumed { policy, by });
        let job = Job { cluster: &self.cluster, world: self.scene.world, claim: &claim, allow_vacuous: false };
        let answered = prover.prove(&[job])?.pop();
        Ok(answered.map_or(Answer::Undecided, |answered| answer(answered.outcome)))
    }

    /// The case of a question as something to show: a flow, or a pod as its destination.
    pub(super) fn shown(&self, question: usize, case: &Counterexample, fact: Fact) -> Option<Shown> {
        let Some(Claim::Compared(comparison)) = self.claims.get(question) else { return None };
        let flow = flow_of(case, self.scene)?;
        let claims = property::questions(&self.cluster, self.scene.world, comparison);
        let options = claims.iter().find_map(|claim| self.plugin_of(claim, &flow))?;
        Some(Shown { flow, fact, options, needs: case.needs.clone() })
    }

    /// The plugin under which the flow falls into the gap.
    fn plugin_of(&self, claim: &Claim, flow: &Flow) -> Option<Options> {
        let Claim::NoGap { gap, options } = claim else { return None };
        falls_into(&self.cluster, options, gap, flow).then_some(*options)
    }
}

impl Rests {
    fn of(proof: &Proof) -> Rests {
        let with = |part: Part| {
            let policies = proof.rests_on.iter().filter(|pillar| pillar.part == part).map(|pillar| pillar.policy);
            policies.collect::<BTreeSet<_>>().into_iter().collect()
        };
        Rests { admit: with(Part::Admits), isolate: with(Part::Isolates) }
    }
}

fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Proved(proof) => Answer::Nothing(Rests::of(&proof)),
        Outcome::Refuted(refutation) => refutation.counterexample.map_or(Answer::Undecided, Answer::Something),
        Outcome::Disagreement(_) => Answer::Disagreement,
        Outcome::Unknown(_) | Outcome::Vacuous => Answer::Undecided,
    }
}

fn flow_of(case: &Counterexample, scene: &Scene<'_>) -> Option<Flow> {
    match &case.case {
        Case::Gap { flow: Some(flow), .. } => Some((**flow).clone()),
        Case::Gap { subject, .. } => {
            let (source, destination) = (End::External(scene.address(1)), End::Pod((**subject).clone()));
            Some(Flow { source, destination, protocol: Protocol::Tcp, port: 80 })
        }
        Case::Flow { .. } | Case::Path { .. } | Case::Open { .. } | Case::Verdicts { .. } => None,
    }
}

/// The policy with this direction alone.
pub(super) fn only(policy: &Policy, direction: Direction) -> Policy {
    match direction {
        Direction::Ingress => Policy { egress: None, ..policy.clone() },
        Direction::Egress => Policy { ingress: None, ..policy.clone() },
    }
}
