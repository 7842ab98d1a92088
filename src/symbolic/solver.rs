//! Asking Z3. One [`Session`] a thread, reused by push and pop over many questions.
//!
//! An answer is Sat, Unsat or Unknown, and Unknown is never taken for either of the others.

use std::cell::Cell;
use std::time::{Duration, Instant};

use z3::ast::Bool;
use z3::{Params, SatResult, Solver};

use super::term::Term;
use crate::error::Error;

/// What the solver says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// There is such a case.
    Sat,
    /// There is none.
    Unsat,
    /// The time limit was met, or Z3 gave up.
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

/// One thread's solver. Not `Send`: a session is made and used within one thread.
pub struct Session {
    pub(crate) solver: Solver,
    deadline: Cell<Option<Instant>>,
    /// The limits that the solver was last told: telling it costs as much as a small check.
    limits: Cell<(u32, Option<Duration>)>,
}

impl Session {
    /// Starts a solver for finite domains, without a time limit.
    ///
    /// # Errors
    /// [`Error::Solver`] where this Z3 does not know the logic `QF_FD`.
    pub fn new() -> Result<Session, Error> {
        let solver = Solver::new_for_logic("QF_FD")
            .ok_or_else(|| Error::Solver("this Z3 does not offer the logic QF_FD".to_owned()))?;
        let mut params = Params::new();
        params.set_bool("core.minimize", true);
        solver.set_params(&params);
        Ok(Session { solver, deadline: Cell::new(None), limits: Cell::new((0, None)) })
    }

    /// From here on every check has to be over within this time; `None` lifts the limit.
    pub fn start_clock(&self, time: Option<Duration>) {
        self.deadline.set(time.and_then(|time| Instant::now().checked_add(time)));
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
        let milliseconds = |limit: Duration| u32::try_from(limit.as_millis()).unwrap_or(u32::MAX).max(1);
        let mut params = Params::new();
        params.set_u32("rlimit", steps);
        params.set_u32("timeout", time.map_or(u32::MAX, milliseconds));
        self.solver.set_params(&params);
    }

    /// Runs `work` in a scope of its own: what it asserts is forgotten afterwards.
    pub fn scoped<T>(&self, work: impl FnOnce() -> T) -> T {
        self.solver.push();
        let result = work();
        self.solver.pop(1);
        result
    }

    /// The statement holds from here to the end of the scope.
    pub fn assert(&self, statement: &Statement) {
        match &statement.0 {
            Term::Const(true) => {}
            open => self.solver.assert(open.to_bool()),
        }
    }

    /// Is there a case in which all of these hold as well? Unknown once the time is up.
    pub(crate) fn check(&self, assumptions: &[Bool]) -> Answer {
        let Some(deadline) = self.deadline.get() else { return self.check_once(assumptions) };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Answer::Unknown;
        }
        if left >= SHORTEST_FOR_STEPS {
            let answer = self.check_once(assumptions);
            if answer != Answer::Unknown {
                return answer;
            }
        }
        self.limit(0, Some(deadline.saturating_duration_since(Instant::now())));
        let answer = self.check_once(assumptions);
        self.limit(STEPS_WITHOUT_CLOCK, None);
        answer
    }

    fn check_once(&self, assumptions: &[Bool]) -> Answer {
        match self.solver.check_assumptions(assumptions) {
            SatResult::Sat => Answer::Sat,
            SatResult::Unsat => Answer::Unsat,
            SatResult::Unknown => Answer::Unknown,
        }
    }
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

    #[test]
    fn what_takes_more_steps_is_decided_by_the_clock() {
        let session = Session::new().unwrap();
        session.start_clock(Some(Duration::from_secs(600)));
        session.assert(&pigeons(9));
        assert_eq!(session.check_once(&[]), Answer::Unknown, "too easy to test anything");
        assert_eq!(session.check(&[]), Answer::Unsat);
    }
}
