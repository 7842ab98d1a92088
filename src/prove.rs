//! Deciding properties: slice, encode, solve, decode, replay.
//!
//! One solver a thread, reused over the properties that fall to it. Whatever the solver finds is
//! judged again by `eval` before anybody sees it; if the two do not agree the answer is
//! [`Outcome::Disagreement`], never a verdict. Assumes a checked cluster and resolved claims.

mod abridged;
mod compare;
mod conclude;
mod doubt;
mod ends;
mod group;
mod hints;
mod path;
mod plugins;
mod record;
mod replay;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::error::Error;
use crate::model::claim::Claim;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::outcome::{Outcome, Reason};
use crate::symbolic::{self, Session};
use abridged::Abridged;
use group::{Asker, Group};

pub use crate::symbolic::{Answer, Interrupt, Slice};
pub use record::{Asks, Question, Recorder};
pub use replay::replay;

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
    /// What it does not rest on.
    pub left_out: LeftOut,
}

/// The namespaces all of whose policies of a direction the solver was not told of when it found no case: whatever these say, the answer is
/// the same, for a pod that no policy selects is open (R2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Of those that act for egress.
    pub egress: BTreeSet<String>,
    /// Of those that act for ingress.
    pub ingress: BTreeSet<String>,
}

/// How many properties are worth a solver of their own: starting one takes about as long as these.
const WORTH_A_SOLVER: usize = 24;

/// What each property may cost, and who may end the run.
#[derive(Clone, Debug)]
struct Limits {
    /// The time for each property.
    timeout: Duration,
    /// The memory of Z3, in megabytes, of all threads together.
    memory: u32,
    /// The most policies of a direction that a claim is asked about at once.
    whole_up_to: usize,
    interrupt: Interrupt,
}

impl Limits {
    fn new(timeout: Duration) -> Limits {
        let interrupt = Interrupt::default();
        Limits { timeout, memory: DEFAULT_MEMORY, whole_up_to: abridged::WHOLE_UP_TO, interrupt }
    }
}

/// As much memory as Z3 may hold unless somebody says otherwise, in megabytes.
pub const DEFAULT_MEMORY: u32 = 4096;

/// Threads with a solver each.
pub struct Prover {
    /// One thread, whose solver is started at once.
    first: rayon::ThreadPool,
    threads: usize,
    limits: Limits,
    decided: Arc<AtomicUsize>,
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
        Ok(Prover { first, threads, limits: Limits::new(timeout), decided: Arc::default() })
    }

    /// Lets Z3 hold at most so many megabytes, of all threads together. A property that needs more is
    /// Unknown; so may be one that is decided at the same time.
    #[must_use]
    pub fn with_memory_limit(mut self, megabytes: u32) -> Prover {
        self.limits.memory = megabytes;
        self
    }

    /// Asks about so many policies of a direction at once; a claim about more is asked about few at first, and about
    /// others once a case needs them. What comes of it is the same: this is for measuring, and for tests that compare.
    #[must_use]
    pub fn with_whole_slices_up_to(mut self, policies: usize) -> Prover {
        self.limits.whole_up_to = policies;
        self
    }

    /// Ends early once this is set: what is not decided by then is Unknown. A solver that was stopped in
    /// the middle of a question is not used again, so a process that goes on needs other threads.
    #[must_use]
    pub fn with_interrupt(mut self, interrupt: Interrupt) -> Prover {
        self.limits.interrupt = interrupt;
        self
    }

    /// Whether somebody wants the run to end: what is asked from now on is not decided.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.limits.interrupt.is_set()
    }

    /// Counts here how many jobs are decided, for whoever watches.
    #[must_use]
    pub fn with_counter(mut self, decided: Arc<AtomicUsize>) -> Prover {
        self.decided = decided;
        self
    }

    /// Decides every job; the answers come in the order of the jobs. Few jobs stay on the first thread,
    /// many are shared out.
    ///
    /// # Errors
    /// [`Error::Solver`] where the solver does not start or fails, [`Error::Threads`] where the
    /// operating system gives no threads.
    pub fn prove(&self, jobs: &[Job<'_>]) -> Result<Vec<Answered>, Error> {
        self.prove_recorded(jobs, None)
    }

    /// The same, and every question that decides a property is shown to the recorder.
    ///
    /// # Errors
    /// Those of [`Prover::prove`], and those of the recorder.
    pub fn prove_recorded(&self, jobs: &[Job<'_>], recorder: Option<&Recorder<'_>>) -> Result<Vec<Answered>, Error> {
        let groups = group::groups(jobs);
        let decide = |group: &Group<'_>| {
            let answers = with_session(|session| answers(session, &self.limits, recorder, group));
            self.decided.fetch_add(group.members.len(), Ordering::Relaxed);
            answers
        };
        let answered: Result<Vec<_>, Error> = if rayon::current_thread_index().is_some() {
            // One of our own threads, which waits for no other: it might be handed work meanwhile, and has one solver.
            groups.iter().map(decide).collect()
        } else if jobs.len() <= WORTH_A_SOLVER || self.threads == 1 {
            self.first.install(|| groups.iter().map(decide).collect())
        } else {
            // One by one: some take a hundred times as long as others, and no thread is to wait behind one of them.
            pool(self.threads)?.install(|| groups.par_iter().with_max_len(1).map(decide).collect())
        };
        let mut answered: Vec<(usize, Answered)> = answered?.into_iter().flatten().collect();
        answered.sort_by_key(|(at, _)| *at);
        Ok(answered.into_iter().map(|(_, answer)| answer).collect())
    }

    /// Does something that asks questions for each of the items, on as many threads as there are; the results come in the order
    /// of the items. A call of [`Prover::prove`] within stays on its thread.
    ///
    /// # Errors
    /// [`Error::Threads`] where the operating system gives no threads.
    pub fn side_by_side<T: Sync, R: Send>(
        &self,
        items: &[T],
        work: impl Fn(&T) -> R + Sync + Send,
    ) -> Result<Vec<R>, Error> {
        Ok(pool(self.threads)?.install(|| items.par_iter().with_max_len(1).map(work).collect()))
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
fn answers(
    session: &Session,
    limits: &Limits,
    recorder: Option<&Recorder<'_>>,
    group: &Group<'_>,
) -> Result<Vec<(usize, Answered)>, Error> {
    session.heed(&limits.interrupt);
    session.limit_memory(limits.memory);
    let asker = Asker { session, limits, left: limits.timeout, at: 0, recorder, elsewhere: false };
    if recorder.is_none() {
        return answers_within(&asker, group);
    }
    session.start_recording();
    let answers = answers_within(&asker, group);
    session.stop_recording();
    answers
}

fn answers_within(asker: &Asker<'_>, group: &Group<'_>) -> Result<Vec<(usize, Answered)>, Error> {
    if let [(at, job)] = group.members.as_slice()
        && let Claim::Compared(comparison) = job.claim
    {
        let start = Instant::now();
        let outcome = compare::compare(&Asker { at: *at, ..*asker }, job, comparison)?;
        return Ok(vec![(*at, Answered { outcome, elapsed: start.elapsed(), left_out: LeftOut::default() })]);
    }
    if let [(at, job)] = group.members.as_slice()
        && let Claim::NoPath(flows) = job.claim
    {
        let start = Instant::now();
        let outcome = path::decide(&Asker { at: *at, ..*asker }, job, flows)?;
        return Ok(vec![(*at, Answered { outcome, elapsed: start.elapsed(), left_out: LeftOut::default() })]);
    }
    plugins::under_each(asker, group)
}

/// The answers to a group under its one plugin, each with its place in the run.
fn under_one_plugin(asker: &Asker<'_>, group: &Group<'_>) -> Result<Vec<(usize, Answered)>, Error> {
    // Concluding asks questions of its own, so the ground of the group has to be gone by then.
    if let [(at, job)] = group.members.as_slice() {
        let mut policies = Abridged::new(asker, job, group.slice.clone());
        let first = policies.first_answer(asker, group)?;
        return Ok(vec![(*at, answered(asker, group, (*at, job), first, policies)?)]);
    }
    let conclude = |(first, (at, job)): ((group::First, Duration), &(usize, Job<'_>))| {
        let policies = Abridged::new(asker, job, Slice::of_claim(job.cluster, job.world, job.claim));
        let answered = answered(asker, group, (*at, job), first, policies)?;
        // The group was asked about all that matters to any of its members.
        Ok((*at, Answered { left_out: LeftOut::default(), ..answered }))
    };
    group.first_answers(asker)?.into_iter().zip(&group.members).map(conclude).collect()
}

/// From the solver's first word, and the time it took, to the answer to one of the members.
fn answered(
    asker: &Asker<'_>,
    group: &Group<'_>,
    (at, job): (usize, &Job<'_>),
    (first, spent): (group::First, Duration),
    mut policies: Abridged<'_>,
) -> Result<Answered, Error> {
    let start = Instant::now();
    let left = asker.left.saturating_sub(spent);
    asker.session.start_clock(Some(left));
    let outcome = conclude::under(&Asker { at, left, ..*asker }, job, &group.options, first, &mut policies)?;
    Ok(Answered { outcome, elapsed: spent + start.elapsed(), left_out: policies.left_out() })
}

/// Decides one claim on this thread's own session. For embedding and tests; [`Prover`] is the way to
/// decide many.
///
/// # Errors
/// [`Error::Solver`] where the solver does not start or fails.
pub fn decide(job: &Job<'_>, timeout: Duration) -> Result<Outcome, Error> {
    decide_recorded(job, timeout, None)
}

/// The same, and every question that decides the claim is shown to the recorder.
///
/// # Errors
/// Those of [`decide`], and those of the recorder.
pub fn decide_recorded(job: &Job<'_>, timeout: Duration, recorder: Option<&Recorder<'_>>) -> Result<Outcome, Error> {
    let limits = Limits::new(timeout);
    let group = Group::of_one(0, *job);
    let answered = with_session(|session| answers(session, &limits, recorder, &group))?.pop();
    Ok(answered.map_or_else(|| Outcome::Unknown(Reason("not asked".to_owned())), |(_, answered)| answered.outcome))
}
