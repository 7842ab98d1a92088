//! Random cases, many at a time: how many are tried, with which seed, where failures are kept, and what came of
//! them.
//!
//! A default run tries the same cases each time. `NETVERIFY_CASES=20` tries twenty times as many, others in every
//! run. What fails is kept beside the test and tried first from then on. `make soak` runs every test that uses this.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Instant;

use proptest::strategy::Strategy;
use proptest::test_runner::{
    Config, FileFailurePersistence, RngSeed, TestCaseError, TestCaseResult, TestError, TestRunner,
};

/// One test over random cases.
pub struct Trial {
    /// What is tried, for the line that is printed.
    pub name: &'static str,
    /// The file of the test, beside which failures are kept.
    pub file: &'static str,
    /// The seed of a default run.
    pub seed: u64,
    /// How many cases a default run tries.
    pub cases: u32,
}

/// How many times the default number of cases to try.
fn multiplier() -> u32 {
    std::env::var("NETVERIFY_CASES").ok().map_or(1, |text| text.parse().unwrap())
}

/// How long to look for a smaller case of what fails; a test that need only fail need not look.
fn shrink_iterations() -> u32 {
    std::env::var("NETVERIFY_SHRINK").ok().map_or(2_000, |text| text.parse().unwrap())
}

impl Trial {
    /// Tries the cases, and says how often each thing happened.
    pub fn run<S>(self, strategy: &S, test: impl Fn(S::Value, &Tally) -> TestCaseResult) -> Tally
    where
        S: Strategy,
        S::Value: Debug,
    {
        let (more, start, tally) = (multiplier(), Instant::now(), Tally::default());
        let (cases, tried) = (self.cases * more, Cell::new(0_usize));
        let test = |value| {
            tried.set(tried.get() + 1);
            test(value, &tally)
        };
        let config = Config {
            cases,
            rng_seed: if more == 1 { RngSeed::Fixed(self.seed) } else { RngSeed::Random },
            failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
            source_file: Some(self.file),
            max_shrink_iters: shrink_iterations(),
            max_global_rejects: cases,
            ..Config::default()
        };
        match TestRunner::new(config).run(strategy, test) {
            Ok(()) => {}
            Err(TestError::Fail(reason, value)) => panic!("{reason}\n{value:#?}"),
            Err(TestError::Abort(reason)) => panic!("{reason}"),
        }
        println!("tried: {}: {} worlds{tally} ({:.1?})", self.name, tried.get(), start.elapsed());
        tally
    }
}

/// A case that fails.
pub fn fail(reason: impl Into<String>) -> TestCaseError {
    TestCaseError::fail(reason.into())
}

/// How often each thing happened.
#[derive(Default)]
pub struct Tally(RefCell<BTreeMap<String, usize>>);

impl Tally {
    pub fn add(&self, what: &str, count: usize) {
        *self.0.borrow_mut().entry(what.to_owned()).or_default() += count;
    }

    pub fn of(&self, what: &str) -> usize {
        self.0.borrow().get(what).copied().unwrap_or(0)
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.borrow().iter().try_for_each(|(what, count)| write!(f, ", {count} {what}"))
    }
}
