//! The questions that `--dump-smt2` writes: they say what the solver was asked, all of it and no more,
//! and whether anybody listens changes no answer.
//!
//! Each question of random worlds is read back by a Z3 that knows nothing else, and has to come out as
//! before. `scripts/second-opinion.sh` has the questions of more worlds written to a folder, for cvc5.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]

#[expect(dead_code, reason = "tests/agreement.rs uses the rest")]
#[path = "support/worlds.rs"]
mod worlds;

use std::mem::discriminant;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use netverify::model::algebra::Comparison;
use netverify::model::claim::Claim;
use netverify::prove::{Answer, Job, Question as Asked, decide, decide_recorded};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};

use worlds::{MANY, Question, question};

const TIMEOUT: Duration = Duration::from_secs(60);

/// How many worlds to try; the same ones in every run.
fn count() -> usize {
    std::env::var("NETVERIFY_WORLDS").map_or(40, |text| text.parse().unwrap())
}

/// Where to write the questions, if anywhere.
fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("NETVERIFY_QUESTIONS")?);
    std::fs::create_dir_all(&folder).unwrap();
    Some(folder)
}

/// Worlds and claims; every fifth compares the first policies of its world.
fn questions() -> impl Iterator<Item = Question> {
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(4), ..Config::default() });
    let worlds = question(MANY);
    (0..count()).map(move |at| {
        let mut question = worlds.new_tree(&mut runner).unwrap().current();
        if at % 5 == 4 && question.cluster.policies.len() > 1 {
            let by = (1..question.cluster.policies.len()).collect();
            question.claim = Claim::Compared(Comparison::Subsumed { policy: 0, by });
        }
        question
    })
}

/// What a fresh Z3 makes of a script.
fn read_back(script: &str) -> Answer {
    let solver = z3::Solver::new();
    let commands: Vec<&str> = script.lines().filter(|line| *line != "(check-sat)").collect();
    solver.from_string(commands.join("\n"));
    match solver.check() {
        z3::SatResult::Sat => Answer::Sat,
        z3::SatResult::Unsat => Answer::Unsat,
        z3::SatResult::Unknown => Answer::Unknown,
    }
}

fn write(folder: &Path, name: &str, claim: &Claim, asked: &Asked) {
    let comments = format!("{:?} of {claim:?}\nfor {:?}", asked.asks, asked.options).replace('\n', "\n; ");
    std::fs::write(folder.join(name), format!("; {comments}\n{}", asked.script)).unwrap();
}

#[test]
fn a_question_read_back_has_the_answer_that_it_had() {
    let (folder, mut tried, mut unsat) = (folder(), 0, 0);
    for (at, Question { cluster, world, claim }) in questions().enumerate() {
        let job = Job { cluster: &cluster, world: &world, claim: &claim, allow_vacuous: false };
        let heard = Mutex::new(Vec::new());
        let listen = |question: Asked| {
            heard.lock().unwrap().push(question);
            Ok(())
        };
        let outcome = decide_recorded(&job, TIMEOUT, Some(&listen)).unwrap();
        let unheard = decide(&job, TIMEOUT).unwrap();
        // Which case a solver with a past finds first is up to the solver.
        assert_eq!(discriminant(&outcome), discriminant(&unheard), "world {at}: {outcome:?}, unheard {unheard:?}");
        for (number, asked) in heard.into_inner().unwrap().iter().enumerate() {
            let answer = read_back(&asked.script);
            assert_eq!(answer, asked.answer, "world {at}: {}", asked.script);
            (tried, unsat) = (tried + 1, unsat + usize::from(answer == Answer::Unsat));
            if let Some(folder) = &folder {
                write(folder, &format!("world-{at:04}.{number}.smt2"), &claim, asked);
            }
        }
    }
    println!("questions of {} worlds read back: {tried}, of them unsat: {unsat}", count());
    assert!(unsat * 10 > tried && (tried - unsat) * 10 > tried, "one-sided: {unsat} of {tried} unsat");
}
