//! What can end a question before it is answered: time, memory, and the person at the keyboard.
//!
//! `solver` keeps the limits; `prove` says in words which of them was met.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use z3::Context;

/// Why a question was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The time was up.
    Time,
    /// Z3 held as much memory as it may.
    Memory,
    /// Somebody wants the run to end.
    Interrupted,
    /// Z3 gave up, in its own words.
    GaveUp(String),
}

impl Stop {
    /// What Z3's words mean where neither the clock nor a person says it better.
    pub(super) fn from_words(words: &str) -> Stop {
        match words {
            words if words.contains("memory") => Stop::Memory,
            words if words.contains("timeout") || words.contains("cancel") => Stop::Time,
            words => Stop::GaveUp(words.to_owned()),
        }
    }
}

/// The wish to end a run early; clones share it. Once set it stays set.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Ends what is under way: nothing new is begun, and Z3 is stopped within a second.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the run is to end.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// What a signal handler sets.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

/// How often a long check looks whether it is to end.
const GLANCE: Duration = Duration::from_millis(20);

/// Runs a check of this thread's Z3 that may take long, and stops Z3 once the run is to end. Costs a
/// thread for as long as it takes; where there is none to be had the check goes unwatched.
pub(super) fn watched<T>(interrupt: &Interrupt, check: impl FnOnce() -> T) -> T {
    let context = Context::thread_local();
    let (running, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let handle = context.handle();
        let watch = move || {
            // Z3 forgets a stop that comes before its check has begun, so it is told again.
            while ended.recv_timeout(GLANCE) == Err(RecvTimeoutError::Timeout) {
                if interrupt.is_set() {
                    handle.interrupt();
                }
            }
        };
        let _unwatched_where_it_fails = thread::Builder::new().spawn_scoped(scope, watch);
        let result = check();
        drop(running);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Z3 4.8 and 5.4 put it.
    #[test]
    fn what_z3_says_of_an_unknown_is_a_limit_or_its_own_words() {
        for words in ["max. memory exceeded", "out of memory"] {
            assert_eq!(Stop::from_words(words), Stop::Memory, "{words}");
        }
        for words in ["timeout", "canceled", "(resource limits reached) timeout"] {
            assert_eq!(Stop::from_words(words), Stop::Time, "{words}");
        }
        for words in ["", "(incomplete quantifiers)", "unknown"] {
            assert_eq!(Stop::from_words(words), Stop::GaveUp(words.to_owned()), "{words}");
        }
    }
}
