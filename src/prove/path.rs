//! Chains of flows: whether what begins at some ends comes to others in steps, through declared workloads.
//!
//! Breadth first from the sources. From the ends that a chain has just come to two things are asked, both a "cannot
//! reach" like any other, of all that could exist: whether they reach the destinations, and which declared workloads they
//! reach that no chain has come to before; most of those are there to see ([`Hints`]), and need no question. Where nothing
//! is left to come to, the ends that were gone through are closed:
//! by proof none of them reaches a workload outside them, or a destination, so that no chain does. A case is a chain
//! whose steps hold together ([`chain::told`]); where they do not, the answer is Unknown. `prove` alone calls this module.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::group::{Asker, First, Group};
use super::hints::Hints;
use super::{Job, conclude, ends, under_one_plugin};
use crate::error::Error;
use crate::model::claim::{Claim, Endpoint, FlowSet, PortSet};
use crate::model::net::Flow;
use crate::model::options::Options;
use crate::outcome::{Case, Counterexample, Outcome, Pillar, Proof, Reason, Refutation};
use crate::property;
use crate::symbolic::{Slice, Stop};
use crate::witness::chain;

/// The outcome of a job about chains: proved iff it is under every plugin that can matter.
///
/// # Errors
/// [`Error::Solver`] where the solver fails.
pub(super) fn decide(asker: &Asker<'_>, job: &Job<'_>, flows: &FlowSet) -> Result<Outcome, Error> {
    let start = Instant::now();
    let (mut proof, mut undecided) = (Proof::default(), None);
    for options in property::plugins(job.cluster, job.world, job.claim) {
        match Search::new(asker, job, flows, options, start).run()? {
            Outcome::Proved(one) => proof = both(proof, one),
            unknown @ Outcome::Unknown(_) => undecided = Some(unknown),
            settled => return Ok(settled),
        }
    }
    if let Some(undecided) = undecided {
        return Ok(undecided);
    }
    match subject(asker, job, flows, start)? {
        First::Some(_) | First::None(_) => Ok(Outcome::Proved(proof)),
        // About nothing, or not decided whether it is: a proof of nothing is none.
        other => conclude::conclude(asker, job, other),
    }
}

/// What two proofs rest on together.
fn both(one: Proof, other: Proof) -> Proof {
    let mut rests_on = [one.rests_on, other.rests_on].concat();
    rests_on.sort_unstable();
    rests_on.dedup();
    let comes_to: BTreeSet<usize> = one.comes_to.into_iter().chain(other.comes_to).flatten().collect();
    Proof { rests_on, comes_to: Some(comes_to.into_iter().collect()), ..Proof::default() }
}

/// [`First::AboutNothing`] where nothing in the world can be where a chain begins, or where it ends; else what was
/// found of both, or why that is not decided.
fn subject(asker: &Asker<'_>, job: &Job<'_>, flows: &FlowSet, start: Instant) -> Result<First, Error> {
    let begins = FlowSet::new(flows.sources.clone(), Endpoint::Anything, PortSet::default());
    let ends = FlowSet::new(Endpoint::Anything, flows.destinations.clone(), flows.ports.clone());
    let mut last = First::Unknown(Stop::Time);
    for part in [begins, ends] {
        let claim = Claim::NoneCanReach(part);
        // No policy has a say in what can exist.
        let group = Group::of_one(asker.at, Job { claim: &claim, ..*job }).about(Slice::default());
        let asker = asker.with_time(asker.left.saturating_sub(start.elapsed()));
        last = group.first_answers(&asker)?.pop().map_or(First::Unknown(Stop::Time), |(first, _)| first);
        if !matches!(last, First::Some(_) | First::None(_)) {
            break;
        }
    }
    Ok(last)
}

/// What a chain has come to.
struct Met {
    /// How many steps lead to where the last step begins.
    before: usize,
    /// That step.
    flow: Flow,
}

/// A search under one plugin.
struct Search<'s, 'a> {
    asker: &'s Asker<'s>,
    job: &'s Job<'a>,
    flows: &'s FlowSet,
    options: Options,
    start: Instant,
    met: BTreeMap<usize, Met>,
    /// The declared workloads that no chain has come to.
    left: BTreeSet<usize>,
    hints: Option<Hints<'a>>,
    rests_on: Vec<Pillar>,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(asker: &'s Asker<'s>, job: &'s Job<'a>, flows: &'s FlowSet, options: Options, start: Instant) -> Self {
        let all = 0..job.cluster.workloads.len();
        // Whoever is a source itself needs no chain.
        let is_source = |index: &usize| flows.sources == Endpoint::Workload(*index);
        let left = all.filter(|index| ends::may_be_an_end(job.cluster, job.world, *index) && !is_source(index));
        let left = left.collect();
        // Where the questions are shown to somebody, every step is one of them.
        let hints = if asker.recorder.is_some() { None } else { Hints::new(job.cluster, options) };
        Search { asker, job, flows, options, start, met: BTreeMap::new(), left, hints, rests_on: Vec::new() }
    }

    fn run(mut self) -> Result<Outcome, Error> {
        let mut frontier = self.flows.sources.clone();
        for before in 0.. {
            let (destinations, ports) = (self.flows.destinations.clone(), self.flows.ports.clone());
            match self.ask(FlowSet::new(frontier.clone(), destinations, ports))? {
                Outcome::Proved(proof) => self.rests_on.extend(proof.rests_on),
                Outcome::Refuted(refutation) => return Ok(self.refuted(before, refutation)),
                other => return Ok(other),
            }
            match self.spread(&frontier, before)? {
                Ok(new) if new.is_empty() => break,
                Ok(new) => frontier = workloads(new),
                Err(other) => return Ok(other),
            }
        }
        let comes_to = Some(self.met.into_keys().collect());
        Ok(Outcome::Proved(Proof { rests_on: self.rests_on, comes_to, ..Proof::default() }))
    }

    /// The workloads that these ends reach and no chain has come to before; an outcome where that is not decided.
    fn spread(&mut self, frontier: &Endpoint, before: usize) -> Result<Result<Vec<usize>, Outcome>, Error> {
        let mut new = self.seen(frontier, before);
        while !self.left.is_empty() {
            let flows = FlowSet::new(frontier.clone(), workloads(self.left.iter().copied()), PortSet::default());
            let case = match self.ask(flows)? {
                Outcome::Proved(proof) => {
                    self.rests_on.extend(proof.rests_on);
                    break;
                }
                Outcome::Refuted(Refutation { counterexample: Some(case), .. }) => *case,
                Outcome::Refuted(_) => return Ok(Err(undecided("a step without a flow"))),
                other => return Ok(Err(other)),
            };
            let arrived = flow_of(&case).and_then(|flow| Some((flow.destination.pod()?.workload?, flow)));
            let Some((index, flow)) = arrived.filter(|(index, _)| self.left.remove(index)) else {
                return Ok(Err(undecided("a step that leads to no declared workload")));
            };
            let like = self.hints.as_ref().map(|hints| hints.like(flow, &self.left, self.clock())).unwrap_or_default();
            self.met.insert(index, Met { before, flow: flow.clone() });
            new.push(index);
            new.extend(self.meet(like, before));
        }
        Ok(Ok(new))
    }

    /// Those of them that are there to see.
    fn seen(&mut self, frontier: &Endpoint, before: usize) -> Vec<usize> {
        let is_late = self.clock();
        let steps = self.hints.as_mut().map(|hints| hints.steps(frontier, &self.left, is_late)).unwrap_or_default();
        self.meet(steps, before)
    }

    /// Whether the time is up.
    fn clock(&self) -> impl Fn() -> bool + use<> {
        let (start, left) = (self.start, self.asker.left);
        move || start.elapsed() >= left
    }

    /// Notes the workloads that these flows come to.
    fn meet(&mut self, steps: Vec<(usize, Flow)>, before: usize) -> Vec<usize> {
        let mut met = Vec::new();
        for (index, flow) in steps {
            if self.left.remove(&index) {
                self.met.insert(index, Met { before, flow });
                met.push(index);
            }
        }
        met
    }

    /// One question, of all that could exist. That no such flow is possible at all is a no as well.
    fn ask(&self, flows: FlowSet) -> Result<Outcome, Error> {
        let left = self.asker.left.saturating_sub(self.start.elapsed());
        if left.is_zero() {
            return Ok(conclude::unknown(self.asker, &Stop::Time));
        }
        let claim = Claim::NoneCanReach(flows);
        let job = Job { claim: &claim, allow_vacuous: true, ..*self.job };
        let group = Group::of_one(self.asker.at, job).under(self.options, vec![(self.asker.at, job)]);
        let answer = under_one_plugin(&self.asker.with_time(left), &group)?.pop();
        Ok(answer.map_or_else(|| undecided("a question without an answer"), |(_, answered)| answered.outcome))
    }

    /// The chain that the last step ends.
    fn refuted(&self, before: usize, last: Refutation) -> Outcome {
        let last = last.counterexample.as_deref().and_then(flow_of).cloned();
        let Some(last) = last else { return undecided("a step without a flow") };
        let mut flows = vec![last];
        let mut steps = before;
        while steps > 0 {
            let from = flows.last().and_then(|flow| flow.source.pod()?.workload);
            let Some(met) = from.and_then(|index| self.met.get(&index)).filter(|met| met.before < steps) else {
                return undecided("a step that begins where no chain has come to");
            };
            steps = met.before;
            flows.push(met.flow.clone());
        }
        flows.reverse();
        let opposite = property::opposite(self.job.world, self.job.claim, &self.options);
        let ground = chain::Ground {
            cluster: self.job.cluster,
            world: self.job.world,
            options: self.options,
            opposite,
            flows: self.flows,
        };
        match chain::told(&ground, flows) {
            Some(case) => {
                Outcome::Refuted(Refutation { counterexample: Some(Box::new(case)), ..Refutation::default() })
            }
            None => undecided(
                "each step of a chain can pass, but not all of them with the same addresses and labels: add the manifests of \
                 the namespaces, and the addresses of the pods",
            ),
        }
    }
}

fn undecided(words: &str) -> Outcome {
    Outcome::Unknown(Reason(format!("not decided: {words}")))
}

fn workloads(indices: impl IntoIterator<Item = usize>) -> Endpoint {
    Endpoint::Union(indices.into_iter().map(Endpoint::Workload).collect())
}

fn flow_of(case: &Counterexample) -> Option<&Flow> {
    match &case.case {
        Case::Flow { flow, .. } => Some(flow),
        _ => None,
    }
}
