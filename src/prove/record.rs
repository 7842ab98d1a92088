//! The questions that decide a property, for whoever wants to put them to another solver.
//!
//! Only what an answer rests on is handed out: not the search for a more telling case, nor for a
//! smaller set of policies that a proof rests on. Hearing of a question changes no answer.

use crate::error::Error;
use crate::model::claim::Claim;
use crate::model::options::Options;
use crate::symbolic::Answer;

/// A question as it was put to the solver.
#[derive(Clone, Debug)]
pub struct Question {
    /// The property, by its place in the run.
    pub at: usize,
    /// What is asked.
    pub asks: Asks,
    /// What it is asked about: the claim of the property, or one of the gaps that its comparison comes to.
    pub claim: Claim,
    /// The plugin's choices that it is asked for.
    pub options: Options,
    /// The solver's answer.
    pub answer: Answer,
    /// The question in SMT-LIB 2, with the answer as its status.
    pub script: String,
}

/// What a question is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Whether the property is about anything.
    Subject,
    /// Whether there is a case that decides it.
    Case,
    /// The same for plugins that make other choices: "holds for plugins that ...".
    CaseElsewhere,
}

/// Hears of every question, from the threads that ask them; of one property in the order of asking.
pub type Recorder<'a> = dyn Fn(Question) -> Result<(), Error> + Sync + 'a;
