//! Deciding properties: slice, encode, solve, decode, replay.
//!
//! One solver a thread, reused over the properties that fall to it. Whatever the solver finds is
//! judged again by `eval` before anybody sees it; if the two do not agree the answer is
//! [`Outcome::Disagreement`], never a verdict. Assumes a checked cluster and resolved claims.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::error::Error;
use crate::eval::claim::contains;
use crate::model::claim::{Claim, Endpoint};
use crate::model::net::{End, Flow, PodEnd};
use crate::model::options::Options;
use crate::model::policy::Direction;
use crate::model::workload::{Cluster, Namespace};
use crate::model::world::{Existence, World};
use crate::outcome::{Counterexample, Outcome, Part, Pillar, Proof, Reason, Refutation};
use crate::property;
use crate::symbolic::{self, Answer, Guarding, Model, Query, Session, Setting, Slice, Statement};
use crate::witness::{Judge, example, shrink};

/// One claim about one cluster.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The declared objects.
    pub cluster: &'a Cluster,
    /// What else could exist.
    pub world: &'a World,
    /// The claim.
    pub claim: &'a Claim,
    /// Whether a claim about nothing counts as proved.
    pub allow_vacuous: bool,
}

/// An answer and how long it took.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The answer.
    pub outcome: Outcome,
    /// Time spent on it.
    pub elapsed: Duration,
}

/// How many properties are worth a solver of their own: starting one takes about as long as these.
const WORTH_A_SOLVER: usize = 24;

/// Threads with a solver each.
pub struct Prover {
    /// One thread, whose solver is started at once.
    first: rayon::ThreadPool,
    threads: usize,
    timeout: Duration,
}

thread_local! {
    /// The solver of this thread, with the time limit that it was made for.
    static SESSION: RefCell<Option<(Duration, Session)>> = const { RefCell::new(None) };
}

impl Prover {
    /// Starts a first thread with its solver, so that this overlaps with reading files.
    ///
    /// `timeout` bounds each property; `threads` of 0 means one a core.
    ///
    /// # Errors
    /// [`Error::Threads`] where the operating system gives no threads.
    pub fn new(threads: usize, timeout: Duration) -> Result<Prover, Error> {
        let first = pool(1)?;
        first.spawn(symbolic::warm_up);
        Ok(Prover { first, threads, timeout })
    }

    /// Decides every job; the answers come in the order of the jobs. Few jobs stay on the first thread,
    /// many are shared out.
    ///
    /// # Errors
    /// [`Error::Solver`] where the solver does not start or fails, [`Error::Threads`] where the
    /// operating system gives no threads.
    pub fn prove(&self, jobs: &[Job<'_>]) -> Result<Vec<Answered>, Error> {
        let decide = |job| with_session(self.timeout, |session| answer(session, self.timeout, job));
        if jobs.len() <= WORTH_A_SOLVER || self.threads == 1 {
            return self.first.install(|| jobs.iter().map(decide).collect());
        }
        pool(self.threads)?.install(|| jobs.par_iter().map(decide).collect())
    }
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::Threads(error.to_string()))
}

fn with_session<T>(timeout: Duration, work: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, Error> {
    SESSION.with(|slot| {
        let mut slot = slot.borrow_mut();
        if slot.as_ref().is_none_or(|(limit, _)| *limit != timeout) {
            *slot = Some((timeout, Session::new(Some(timeout))?));
        }
        match slot.as_ref() {
            Some((_, session)) => work(session),
            None => Err(Error::Solver("no session".to_owned())),
        }
    })
}

fn answer(session: &Session, timeout: Duration, job: &Job<'_>) -> Result<Answered, Error> {
    let start = Instant::now();
    let outcome = Decision { job, session, options: property::options(job.claim), start, timeout }.decide()?;
    Ok(Answered { outcome, elapsed: start.elapsed() })
}

/// Decides one claim on this thread's own session. For embedding and tests; [`Prover`] is the way to
/// decide many.
///
/// # Errors
/// [`Error::Solver`] where the solver does not start or fails.
pub fn decide(job: &Job<'_>, timeout: Duration) -> Result<Outcome, Error> {
    with_session(timeout, |session| answer(session, timeout, job)).map(|answered| answered.outcome)
}

/// The solver's first word on a property.
enum First {
    /// The world has no flow or pod that the claim is about.
    AboutNothing,
    /// No case; the policies that it rests on.
    None(Vec<Pillar>),
    /// A case, not yet the most telling one.
    Some(Box<Flow>),
    /// A case in which somebody has the address of a declared pod that was not in question.
    Stolen,
    /// The time limit was met.
    Unknown,
}

/// The answer to one of the questions of a property.
enum Asked {
    /// There is no such case.
    No,
    /// This one.
    Case(Box<Flow>),
    /// Only one in which somebody has the address of a declared pod that was not in question.
    Stolen,
    /// The time limit was met.
    Unknown,
}

/// One property on its way to an answer.
struct Decision<'a> {
    job: &'a Job<'a>,
    session: &'a Session,
    options: Options,
    start: Instant,
    timeout: Duration,
}

impl<'a> Decision<'a> {
    fn decide(&self) -> Result<Outcome, Error> {
        let slice = Slice::of_claim(self.job.cluster, self.job.claim);
        match self.first_answer(&slice)? {
            First::None(rests_on) => Ok(self.none_found(rests_on)),
            First::Some(flow) => self.found(*flow, slice),
            First::AboutNothing => Ok(self.about_nothing()),
            First::Stolen | First::Unknown => Ok(self.unknown()),
        }
    }

    /// Asked first of the workloads that have to be told apart, and of all of them only where the
    /// answer turns on an address that one of the others is known by.
    fn first_answer(&self, slice: &Slice) -> Result<First, Error> {
        let few = self.workloads_in_question();
        let all = self.declared_ends();
        let is_all = few == all;
        match self.search(slice, few, is_all)? {
            First::Stolen => self.search(slice, all, true),
            other => Ok(other),
        }
    }

    /// Two questions in one scope: is the claim about anything, and is there a case that decides it?
    fn search(&self, slice: &Slice, workloads: Vec<usize>, is_all: bool) -> Result<First, Error> {
        let query = self.query(slice.clone(), workloads);
        let subject = property::subject(&query, self.job.claim);
        let sought = property::sought(&query, self.job.claim);
        // An example at hand answers the first question without the solver.
        let about_something = example::exists(self.job.cluster, self.job.world, self.job.claim);
        self.session.scoped(|| {
            let about = if about_something {
                self.session.assert(&subject);
                None
            } else {
                Some(self.ask(&query, subject, is_all)?)
            };
            match about {
                Some(Asked::No) => Ok(First::AboutNothing),
                Some(Asked::Stolen) => Ok(First::Stolen),
                Some(Asked::Unknown) => Ok(First::Unknown),
                Some(Asked::Case(_)) | None => Ok(match self.ask(&query, sought, is_all)? {
                    Asked::No => First::None(self.pillars(&query)),
                    Asked::Case(flow) => First::Some(flow),
                    Asked::Stolen => First::Stolen,
                    Asked::Unknown => First::Unknown,
                }),
            }
        })
    }

    /// Asserts the statement and asks for a case in which nobody has another's address.
    fn ask(&self, query: &Query<'_>, statement: Statement, is_all: bool) -> Result<Asked, Error> {
        match query.check(self.session, &[statement]) {
            Answer::Unsat => Ok(Asked::No),
            Answer::Unknown => Ok(Asked::Unknown),
            Answer::Sat if !is_all && self.is_stolen(query)? => Ok(Asked::Stolen),
            Answer::Sat => self.legal_case(query, &[]),
        }
    }

    fn query(&self, slice: Slice, workloads: Vec<usize>) -> Query<'a> {
        Query::new(Setting {
            cluster: self.job.cluster,
            world: self.job.world,
            options: self.options,
            slice,
            claim: Some(self.job.claim),
            workloads,
            guarding: property::guarding(self.job.claim),
        })
    }

    /// The workloads that must be told apart to decide at all. Where any pod may exist, a pod that
    /// nobody has declared can be all that a declared one is, unless trust or the claim's own words
    /// set the declared ones apart.
    fn workloads_in_question(&self) -> Vec<usize> {
        let world = self.job.world;
        if world.pods == Existence::Declared || world.trust != crate::model::world::Trust::default() {
            return self.declared_ends();
        }
        named_workloads(self.job.claim).into_iter().filter(|index| self.in_network(*index)).collect()
    }

    /// Declared workloads that may be an end of a flow of the claim, or that it names.
    fn declared_ends(&self) -> Vec<usize> {
        let cluster = self.job.cluster;
        let named = named_workloads(self.job.claim);
        let may_be_an_end = |index: &usize| {
            let Some(pod) = pod_of(cluster, *index) else { return false };
            // The labels of a namespace that no manifest declares may be any.
            let open_namespace = !cluster.namespaces.contains_key(&pod.namespace.name);
            let end = End::Pod(pod);
            open_namespace
                || named.contains(index)
                || ends(self.job.claim).iter().any(|endpoint| contains(cluster, endpoint, &end))
        };
        let indices = 0..cluster.workloads.len();
        indices.filter(|index| self.in_network(*index)).filter(may_be_an_end).collect()
    }

    /// R33: a pod on its node's network is its node, and no end of its own.
    fn in_network(&self, index: usize) -> bool {
        self.job.cluster.workloads.get(index).is_some_and(|workload| !workload.host_network)
    }

    /// No case: proved. For "some can reach": refuted.
    fn none_found(&self, pillars: Vec<Pillar>) -> Outcome {
        match self.job.claim {
            Claim::SomeCanReach(_) => Outcome::Refuted(Refutation { counterexample: None, blocked_by: pillars }),
            _ => Outcome::Proved(Proof { rests_on: pillars, ..Proof::default() }),
        }
    }

    fn about_nothing(&self) -> Outcome {
        if self.job.allow_vacuous {
            Outcome::Proved(Proof { vacuous: true, ..Proof::default() })
        } else {
            Outcome::Vacuous
        }
    }

    fn pillars(&self, query: &Query<'_>) -> Vec<Pillar> {
        let part = match property::guarding(self.job.claim) {
            Guarding::Isolation => Part::Isolates,
            Guarding::Admission => Part::Admits,
        };
        let pillar = |(policy, direction): (usize, Direction)| Pillar { policy, direction, part };
        query.core(self.session).into_iter().map(pillar).collect()
    }

    /// Sat: look for the most telling case, and let the reference semantics judge it.
    fn found(&self, first: Flow, slice: Slice) -> Result<Outcome, Error> {
        let flow = self.preferred(slice)?.unwrap_or(first);
        let judge = Judge { cluster: self.job.cluster, claim: self.job.claim };
        if !judge.is_sought(&self.options, &flow) {
            return Ok(Outcome::Disagreement(Box::new(judge.counterexample(&self.options, flow))));
        }
        let small = shrink::shrink(&judge, &self.options, flow);
        Ok(self.conclude(Box::new(judge.counterexample(&self.options, small))))
    }

    fn conclude(&self, counterexample: Box<Counterexample>) -> Outcome {
        match self.job.claim {
            Claim::SomeCanReach(_) => Outcome::Proved(Proof { witness: Some(counterexample), ..Proof::default() }),
            _ => Outcome::Refuted(Refutation { counterexample: Some(counterexample), blocked_by: Vec::new() }),
        }
    }

    /// A case of what exists, the more of it the better: asked with all declared workloads as ends.
    fn preferred(&self, slice: Slice) -> Result<Option<Flow>, Error> {
        let query = self.query(slice, self.declared_ends());
        let statements = [property::subject(&query, self.job.claim), property::sought(&query, self.job.claim)];
        self.session.scoped(|| {
            if query.check(self.session, &statements) != Answer::Sat {
                return Ok(None);
            }
            for preference in preferences(&query, self.job.claim) {
                let exists = query.check_assuming(self.session, &preference) == Answer::Sat;
                if exists && let Asked::Case(flow) = self.legal_case(&query, &preference)? {
                    return Ok(Some(*flow));
                }
            }
            Ok(None)
        })
    }

    fn is_stolen(&self, query: &Query<'_>) -> Result<bool, Error> {
        Ok(query.forbid_stolen_addresses(&Model::of(query, self.session)?.flow()).is_some())
    }

    /// The case of the last Sat, once none of its ends has another's address.
    fn legal_case(&self, query: &Query<'_>, assumed: &[Statement]) -> Result<Asked, Error> {
        loop {
            let flow = Model::of(query, self.session)?.flow();
            let Some(forbidden) = query.forbid_stolen_addresses(&flow) else { return Ok(Asked::Case(Box::new(flow))) };
            self.session.assert(&forbidden);
            match query.check_assuming(self.session, assumed) {
                Answer::Unsat => return Ok(Asked::No),
                Answer::Sat if !self.is_late() => {}
                Answer::Sat | Answer::Unknown => return Ok(Asked::Unknown),
            }
        }
    }

    fn is_late(&self) -> bool {
        self.start.elapsed() > self.timeout
    }

    fn unknown(&self) -> Outcome {
        let seconds = self.timeout.as_secs_f64();
        Outcome::Unknown(Reason(format!("not decided within {seconds} s; --timeout gives it more time")))
    }
}

/// What makes a case telling, best first: assumptions to try in turn.
fn preferences(query: &Query<'_>, claim: &Claim) -> Vec<Vec<Statement>> {
    let source = || query.source_declared();
    let destination = || query.destination_declared();
    if let Claim::Isolated { .. } = claim {
        return vec![vec![destination()], vec![]];
    }
    let exists = || {
        let from = source().or(query.source_outside());
        let to = destination().or(query.destination_outside());
        vec![from, to]
    };
    vec![vec![source(), destination()], exists(), vec![destination()], vec![source()], vec![]]
}

/// The sets that the ends of the claim's flows come from.
fn ends(claim: &Claim) -> Vec<&Endpoint> {
    match claim {
        Claim::Isolated { pods, .. } => vec![pods],
        Claim::NoneCanReach(flows) | Claim::EveryCanReach(flows) | Claim::SomeCanReach(flows) => {
            vec![&flows.sources, &flows.destinations]
        }
    }
}

/// Workloads that the claim names.
fn named_workloads(claim: &Claim) -> Vec<usize> {
    fn gather(endpoint: &Endpoint, found: &mut Vec<usize>) {
        match endpoint {
            Endpoint::Workload(index) => found.push(*index),
            Endpoint::Union(parts) => parts.iter().for_each(|part| gather(part, found)),
            Endpoint::Except(whole, gone) => [whole, gone].into_iter().for_each(|part| gather(part, found)),
            Endpoint::Anything | Endpoint::Pods { .. } | Endpoint::External(_) | Endpoint::Node(_) => {}
        }
    }
    let mut found = Vec::new();
    ends(claim).into_iter().for_each(|endpoint| gather(endpoint, &mut found));
    found.sort_unstable();
    found.dedup();
    found
}

/// A pod of a declared workload, to be asked about: its address does not matter.
fn pod_of(cluster: &Cluster, index: usize) -> Option<PodEnd> {
    let workload = cluster.workloads.get(index)?;
    let unknown = || Namespace::new(&workload.namespace, std::collections::BTreeMap::new());
    let declared = cluster.namespaces.get(&workload.namespace).map(|declared| declared.namespace.clone());
    Some(PodEnd {
        namespace: declared.unwrap_or_else(unknown),
        name: workload.name.clone(),
        labels: workload.labels.clone(),
        ports: workload.ports.clone(),
        address: std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        node: workload.node.clone(),
        host_network: workload.host_network,
        workload: Some(index),
    })
}
