//! Asking Z3. One [`Session`] a thread, reused by push and pop over many questions.
//!
//! An answer is Sat, Unsat or Unknown, and Unknown is never taken for either of the others.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use z3::ast::Bool;
use z3::{Params, SatResult, Solver};

use super::limits::{Interrupt, Stop, watched};
use super::record::Record;
use super::term::Term;
use crate::error::Error;

/// What the solver says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is such a case.
    Sat,
    /// There is none.
    Unsat,
    /// A limit was met, or Z3 gave up: [`Session::stopped`] says which.
    Unknown,
}

/// A statement that can be asserted or assumed; opaque outside `symbolic`.
#[derive(Clone, Debug)]
pub struct Statement(pub(crate) Term);

impl Statement {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: Statement) -> Statement {
        Statement(self.0.and(other.0))
    }

    /// One of them holds, or both.
    #[must_use]
    pub fn or(self, other: Statement) -> Statement {
        Statement(self.0.or(other.0))
    }

    /// It does not hold.
    #[must_use]
    pub fn negated(self) -> Statement {
        Statement(self.0.not())
    }
}

/// How many steps of the solver are taken without looking at the clock: a tenth to a third of a second.
///
/// Z3 keeps time by a thread of its own that has to be woken for every check. Nearly all checks are
/// over before that would matter, and counting steps costs nothing.
const STEPS_WITHOUT_CLOCK: u32 = 200_000;

/// The least time that must be left for steps to be counted first.
const SHORTEST_FOR_STEPS: Duration = Duration::from_secs(1);

/// How long the clock may have run for steps to be counted first. What took long to be written down takes Z3 longer to take in, and
/// that counts for few steps.
const LONGEST_FOR_STEPS: Duration = Duration::from_millis(50);

/// The time that the checks have together.
#[derive(Clone, Copy)]
struct Clock {
    started: Instant,
    deadline: Instant,
}

/// One thread's solver. Not `Send`: a session is made and used within one thread.
///
/// Z3 may be stopped while it takes in what was asserted, and forgets the rest of it then: the next answer could be one to a
/// weaker question. So a solver that did not answer is never asked again: a new one is told all that stands.
pub struct Session {
    solver: RefCell<Solver>,
    /// Whether the solver was stopped, so that the next question needs a new one.
    is_spent: Cell<bool>,
    /// What is asserted, scope by scope; the outermost is always there.
    scopes: RefCell<Vec<Vec<Bool>>>,
    clock: Cell<Option<Clock>>,
    /// The limits that the solver was last told: telling it costs as much as a small check.
    limits: Cell<(u32, Option<Duration>)>,
    /// The same of its memory, in megabytes.
    memory: Cell<u32>,
    interrupt: RefCell<Interrupt>,
    stopped: RefCell<Stop>,
    record: RefCell<Option<Record>>,
}

impl Session {
    /// Starts a solver for finite domains, without a time limit.
    ///
    /// # Errors
    /// [`Error::Solver`] where this Z3 does not know the logic `QF_FD`.
    pub fn new() -> Result<Session, Error> {
        let solver = fresh().ok_or_else(|| Error::Solver("this Z3 does not offer the logic QF_FD".to_owned()))?;
        Ok(Session {
            solver: RefCell::new(solver),
            is_spent: Cell::new(false),
            scopes: RefCell::new(vec![Vec::new()]),
            clock: Cell::new(None),
            limits: Cell::new((0, None)),
            memory: Cell::new(u32::MAX),
            interrupt: RefCell::default(),
            stopped: RefCell::new(Stop::Time),
            record: RefCell::default(),
        })
    }

    /// From here on the checks heed this wish to end the run.
    pub fn heed(&self, interrupt: &Interrupt) {
        self.interrupt.replace(interrupt.clone());
    }

    /// From here on checks end in Unknown once Z3 holds more than this many megabytes, those of the
    /// other threads of this process among them.
    pub fn limit_memory(&self, megabytes: u32) {
        if self.memory.replace(megabytes) != megabytes {
            self.tell_memory();
        }
    }

    fn tell_memory(&self) {
        let mut params = Params::new();
        params.set_u32("max_memory", self.memory.get());
        self.solver.borrow().set_params(&params);
    }

    /// From here on what is asked can be had by [`Session::script`]. Between scopes only.
    pub fn start_recording(&self) {
        self.record.replace(Some(Record::new()));
    }

    /// Ends [`Session::start_recording`].
    pub fn stop_recording(&self) {
        self.record.replace(None);
    }

    /// The last question as SMT-LIB 2, with this answer as its status. `None` unless recording, and
    /// where no question was needed because the statement had folded to a constant.
    #[must_use]
    pub fn script(&self, answer: Answer) -> Option<String> {
        self.record.borrow().as_ref().and_then(|record| record.script(answer))
    }

    /// The answer was at hand without a question.
    pub(crate) fn ask_nothing(&self) {
        self.note(Record::ask_nothing);
    }

    /// Why the last answer was Unknown.
    #[must_use]
    pub fn stopped(&self) -> Stop {
        self.stopped.borrow().clone()
    }

    /// The time that is left on the clock; without a clock, as good as forever.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.clock.get().map_or(Duration::MAX, |clock| clock.deadline.saturating_duration_since(Instant::now()))
    }

    /// From here on every check has to be over within this time; `None` lifts the limit.
    pub fn start_clock(&self, time: Option<Duration>) {
        let started = Instant::now();
        let deadline = time.and_then(|time| started.checked_add(time));
        self.clock.set(deadline.map(|deadline| Clock { started, deadline }));
        match time {
            Some(_) => self.limit(STEPS_WITHOUT_CLOCK, None),
            None => self.limit(0, None),
        }
    }

    /// Limits the next checks in steps (0 for no limit) and in time.
    fn limit(&self, steps: u32, time: Option<Duration>) {
        if self.limits.replace((steps, time)) == (steps, time) {
            return;
        }
        self.tell_limits();
    }

    fn tell_limits(&self) {
        let (steps, time) = self.limits.get();
        let milliseconds = |limit: Duration| u32::try_from(limit.as_millis()).unwrap_or(u32::MAX).max(1);
        let mut params = Params::new();
        params.set_u32("rlimit", steps);
        params.set_u32("timeout", time.map_or(u32::MAX, milliseconds));
        self.solver.borrow().set_params(&params);
    }

    /// A new solver in the place of a spent one, told of the same limits and of all that stands. `false` where Z3 gives none.
    fn renew(&self) -> bool {
        let Some(solver) = fresh() else { return false };
        // The old one goes before the new one is told anything: its memory counts.
        self.solver.replace(solver);
        self.tell_limits();
        if self.memory.get() != u32::MAX {
            self.tell_memory();
        }
        let solver = self.solver.borrow();
        for (depth, scope) in self.scopes.borrow().iter().enumerate() {
            if depth > 0 {
                solver.push();
            }
            scope.iter().for_each(|term| solver.assert(term));
        }
        self.is_spent.set(false);
        true
    }

    /// The model of the last Sat.
    pub(crate) fn model(&self) -> Option<z3::Model> {
        self.solver.borrow().get_model()
    }

    /// The assumptions that the last Unsat rests on.
    pub(crate) fn core(&self) -> Vec<Bool> {
        self.solver.borrow().get_unsat_core()
    }

    /// Runs `work` in a scope of its own: what it asserts is forgotten afterwards.
    pub fn scoped<T>(&self, work: impl FnOnce() -> T) -> T {
        self.solver.borrow().push();
        self.scopes.borrow_mut().push(Vec::new());
        self.note(Record::push);
        let result = work();
        self.note(Record::pop);
        self.scopes.borrow_mut().pop();
        self.solver.borrow().pop(1);
        result
    }

    /// The statement holds from here to the end of the scope.
    pub fn assert(&self, statement: &Statement) {
        match &statement.0 {
            Term::Const(true) => {}
            open => {
                let term = open.to_bool();
                self.solver.borrow().assert(&term);
                if let Some(scope) = self.scopes.borrow_mut().last_mut() {
                    scope.push(term.clone());
                }
                self.note(|record| record.assert(term));
            }
        }
    }

    fn note(&self, what: impl FnOnce(&mut Record)) {
        if let Some(record) = self.record.borrow_mut().as_mut() {
            what(record);
        }
    }

    /// Is there a case in which all of these hold as well? Unknown once a limit is met.
    pub(crate) fn check(&self, assumptions: &[Bool]) -> Answer {
        self.note(|record| record.ask(assumptions));
        let answer = self.check_in_time(assumptions);
        if answer == Answer::Unknown {
            self.stopped.replace(self.why_unknown());
        }
        answer
    }

    fn check_in_time(&self, assumptions: &[Bool]) -> Answer {
        let interrupt = self.interrupt.borrow();
        let left = self.time_left();
        if interrupt.is_set() || left.is_zero() {
            return Answer::Unknown;
        }
        if self.clock.get().is_none() {
            return watched(&interrupt, || self.check_once(assumptions));
        }
        if left < SHORTEST_FOR_STEPS {
            return self.check_by_clock(assumptions);
        }
        if self.clock.get().is_some_and(|clock| clock.started.elapsed() > LONGEST_FOR_STEPS) {
            return watched(&interrupt, || self.check_by_clock(assumptions));
        }
        match self.check_once(assumptions) {
            Answer::Unknown if !interrupt.is_set() => watched(&interrupt, || self.check_by_clock(assumptions)),
            settled => settled,
        }
    }

    /// One check, for which Z3 keeps the time.
    fn check_by_clock(&self, assumptions: &[Bool]) -> Answer {
        let within = |time| {
            self.limit(0, Some(time));
            self.check_once(assumptions)
        };
        let mut answer = within(self.time_left());
        // Z3 4.8 says only when it is asked again that it lacks memory. The answer of a spent solver is none.
        if answer == Answer::Unknown
            && matches!(self.why_unknown(), Stop::GaveUp(_))
            && self.answer(assumptions) != Answer::Unknown
        {
            answer = within(self.time_left());
        }
        self.limit(STEPS_WITHOUT_CLOCK, None);
        answer
    }

    fn check_once(&self, assumptions: &[Bool]) -> Answer {
        if self.is_spent.get() && !self.renew() {
            return Answer::Unknown;
        }
        let answer = self.answer(assumptions);
        self.is_spent.set(answer == Answer::Unknown);
        answer
    }

    /// What Z3 says, whether or not it can be relied on.
    fn answer(&self, assumptions: &[Bool]) -> Answer {
        match self.solver.borrow().check_assumptions(assumptions) {
            SatResult::Sat => Answer::Sat,
            SatResult::Unsat => Answer::Unsat,
            SatResult::Unknown => Answer::Unknown,
        }
    }

    fn why_unknown(&self) -> Stop {
        if self.interrupt.borrow().is_set() {
            return Stop::Interrupted;
        }
        if self.time_left().is_zero() {
            return Stop::Time;
        }
        Stop::from_words(&self.solver.borrow().get_reason_unknown().unwrap_or_default())
    }
}

/// A solver for finite domains; `None` where this Z3 has none.
fn fresh() -> Option<Solver> {
    let solver = Solver::new_for_logic("QF_FD")?;
    let mut params = Params::new();
    params.set_bool("core.minimize", true);
    // Z3 would catch Ctrl-C itself during a check, and keep it from everybody else.
    params.set_bool("ctrl_c", false);
    solver.set_params(&params);
    Some(solver)
}

/// Starts Z3 on this thread, so that a later [`Session::new`] finds it running.
pub fn warm_up() {
    let _context = z3::Context::thread_local();
}

/// The version of the Z3 that runs, as `4.8.12`.
#[must_use]
pub fn z3_version() -> String {
    let full = z3::full_version();
    full.split(['.', ' ']).take(3).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One more pigeon than holes, each pigeon in a hole, no two in one: false, and hard to see.
    fn pigeons(holes: usize) -> Statement {
        let sits = |pigeon: usize, hole: usize| Term::variable(&format!("pigeon {pigeon} in {hole}"));
        let somewhere = (0..=holes).map(|pigeon| Term::any((0..holes).map(|hole| sits(pigeon, hole))));
        let pairs = (0..=holes).flat_map(|one| (0..one).map(move |other| (one, other)));
        let apart =
            pairs.flat_map(|(one, other)| (0..holes).map(move |hole| sits(one, hole).and(sits(other, hole)).not()));
        Statement(Term::all(somewhere.chain(apart)))
    }

    #[test]
    fn a_time_limit_is_unknown_and_the_session_lives_on() {
        let session = Session::new().unwrap();
        session.start_clock(Some(Duration::from_millis(20)));
        session.scoped(|| {
            session.assert(&pigeons(12));
            assert_eq!(session.check(&[]), Answer::Unknown);
        });
        session.start_clock(Some(Duration::from_secs(600)));
        assert_eq!(session.check(&[]), Answer::Sat);
    }

    /// Whatever the moment at which a check is stopped, nothing that was asserted is forgotten.
    #[test]
    fn a_check_that_was_stopped_weakens_no_later_one() {
        let session = Session::new().unwrap();
        let first = Term::variable("link 0");
        for steps in [1, 10, 100, 1_000, 5_000, 10_000, 20_000, 50_000] {
            session.scoped(|| {
                let link = |at: usize| Term::variable(&format!("link {at}"));
                let chain = (0..3_000).map(|at| link(at).not().or(link(at + 1)));
                session.assert(&Statement(Term::all(chain)));
                session.assert(&Statement(link(3_000).not()));
                session.limit(steps, None);
                session.check_once(&[]);
                session.limit(0, None);
                assert_eq!(session.check_once(&[first.to_bool()]), Answer::Unsat, "stopped after {steps} steps");
                session.scoped(|| {
                    session.limit(steps, None);
                    session.check_once(&[]);
                    session.limit(0, None);
                    session.assert(&Statement(first.clone()));
                    assert_eq!(session.check_once(&[]), Answer::Unsat);
                });
                assert_eq!(session.check_once(&[]), Answer::Sat);
            });
        }
    }

    #[test]
    fn what_takes_more_steps_is_decided_by_the_clock() {
        let session = Session::new().unwrap();
        session.start_clock(Some(Duration::from_secs(600)));
        session.assert(&pigeons(9));
        assert_eq!(session.check_once(&[]), Answer::Unknown, "too easy to test anything");
        assert_eq!(session.check(&[]), Answer::Unsat);
    }
}
