//! Deciding properties: slice, encode, solve, decode, replay.
//!
//! One solver a thread, reused over the properties that fall to it. Whatever the solver finds is
//! judged again by `eval` before anybody sees it; if the two do not agree the answer is
//! [`Outcome::Disagreement`], never a verdict. Assumes a checked cluster and resolved claims.

mod compare;
mod conclude;
mod ends;
mod group;
mod plugins;

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::error::Error;
use crate::model::claim::Claim;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::outcome::{Outcome, Reason};
use crate::symbolic::{self, Session};
use group::{Asker, Group};

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
    /// The solver of this thread.
    static SESSION: OnceCell<Session> = const { OnceCell::new() };
}

impl Prover {
    /// Starts a first thread with its solver, so that this overlaps with reading files.
    ///
    /// `timeout` bounds each property, under each plugin that it has to be asked about; `threads` of 0 means
    /// one a core.
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
        let groups = group::groups(jobs);
        let decide = |group| with_session(|session| answers(session, self.timeout, group));
        let answered: Result<Vec<_>, Error> = if jobs.len() <= WORTH_A_SOLVER || self.threads == 1 {
            self.first.install(|| groups.iter().map(decide).collect())
        } else {
            pool(self.threads)?.install(|| groups.par_iter().map(decide).collect())
        };
        let mut answered: Vec<(usize, Answered)> = answered?.into_iter().flatten().collect();
        answered.sort_by_key(|(at, _)| *at);
        Ok(answered.into_iter().map(|(_, answer)| answer).collect())
    }
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::Threads(error.to_string()))
}

fn with_session<T>(work: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, Error> {
    SESSION.with(|slot| match slot.get() {
        Some(session) => work(session),
        None => {
            let session = Session::new()?;
            work(slot.get_or_init(|| session))
        }
    })
}

/// The answers to a group, each with its place in the run.
fn answers(session: &Session, timeout: Duration, group: &Group<'_>) -> Result<Vec<(usize, Answered)>, Error> {
    let asker = Asker { session, timeout };
    if let [(at, job)] = group.members.as_slice()
        && let Claim::Compared(comparison) = job.claim
    {
        let start = Instant::now();
        let outcome = compare::compare(&asker, job, comparison)?;
        return Ok(vec![(*at, Answered { outcome, elapsed: start.elapsed() })]);
    }
    plugins::under_each(&asker, group)
}

/// The answers to a group under its one plugin, each with its place in the run.
fn under_one_plugin(asker: &Asker<'_>, group: &Group<'_>) -> Result<Vec<(usize, Answered)>, Error> {
    // Concluding asks questions of its own, so the ground of the group has to be gone by then.
    let first = group.first_answers(asker)?;
    let conclude = |((first, spent), (at, job)): ((group::First, Duration), &(usize, Job<'_>))| {
        let start = Instant::now();
        asker.session.start_clock(Some(asker.timeout.saturating_sub(spent)));
        let outcome = conclude::under(asker, job, &group.options, first)?;
        Ok((*at, Answered { outcome, elapsed: spent + start.elapsed() }))
    };
    first.into_iter().zip(&group.members).map(conclude).collect()
}

/// Decides one claim on this thread's own session. For embedding and tests; [`Prover`] is the way to
/// decide many.
///
/// # Errors
/// [`Error::Solver`] where the solver does not start or fails.
pub fn decide(job: &Job<'_>, timeout: Duration) -> Result<Outcome, Error> {
    let group = Group::of_one(0, *job);
    let answered = with_session(|session| answers(session, timeout, &group))?.pop();
    Ok(answered.map_or_else(|| Outcome::Unknown(Reason("not asked".to_owned())), |(_, answered)| answered.outcome))
}
