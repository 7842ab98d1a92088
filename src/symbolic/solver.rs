//! Asking Z3. One [`Session`] a thread, reused by push and pop over many questions.
//!
//! An answer is Sat, Unsat or Unknown, and Unknown is never taken for either of the others.

use std::time::Duration;

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

/// One thread's solver. Not `Send`: a session is made and used within one thread.
pub struct Session {
    pub(crate) solver: Solver,
}

impl Session {
    /// Starts a solver for finite domains with a time limit a check.
    ///
    /// # Errors
    /// [`Error::Solver`] where this Z3 does not know the logic `QF_FD`.
    pub fn new(timeout: Option<Duration>) -> Result<Session, Error> {
        let solver = Solver::new_for_logic("QF_FD")
            .ok_or_else(|| Error::Solver("this Z3 does not offer the logic QF_FD".to_owned()))?;
        if let Some(limit) = timeout {
            let mut params = Params::new();
            params.set_u32("timeout", u32::try_from(limit.as_millis()).unwrap_or(u32::MAX).max(1));
            solver.set_params(&params);
        }
        Ok(Session { solver })
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

    /// Is there a case in which all of these hold as well?
    pub(crate) fn check(&self, assumptions: &[Bool]) -> Answer {
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
