//! The question that was asked last, as SMT-LIB 2: for a second solver, or a person who doubts.
//!
//! Z3's solver for finite domains prints its bit-blasted inside, so the terms are noted as they are
//! asserted and printed by a plain solver that never checks anything. `solver` keeps the record, and
//! only while somebody wants it.

use std::fmt::Write as _;

use z3::Solver;
use z3::ast::Bool;

use super::solver::Answer;

/// What is asserted, scope by scope, and what the last check assumed on top.
pub(super) struct Record {
    /// The terms of each open scope; the outermost is always there.
    scopes: Vec<Vec<Bool>>,
    /// `None` where the last answer needed no question.
    assumed: Option<Vec<Bool>>,
}

impl Record {
    /// Nothing is asserted yet.
    pub(super) fn new() -> Record {
        Record { scopes: vec![Vec::new()], assumed: None }
    }

    pub(super) fn push(&mut self) {
        self.scopes.push(Vec::new());
    }

    pub(super) fn pop(&mut self) {
        self.scopes.pop();
    }

    pub(super) fn assert(&mut self, term: Bool) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(term);
        }
    }

    pub(super) fn ask(&mut self, assumptions: &[Bool]) {
        self.assumed = Some(assumptions.to_vec());
    }

    pub(super) fn ask_nothing(&mut self) {
        self.assumed = None;
    }

    /// The last question as a script that ends in `(check-sat)`, with the answer as its status.
    pub(super) fn script(&self, answer: Answer) -> Option<String> {
        let assumed = self.assumed.as_ref()?;
        let printer = Solver::new();
        self.scopes.iter().flatten().chain(assumed).for_each(|term| printer.assert(term));
        let status = match answer {
            Answer::Sat => "sat",
            Answer::Unsat => "unsat",
            Answer::Unknown => "unknown",
        };
        let mut text = format!("(set-logic QF_BV)\n(set-info :status {status})\n");
        let asserted: usize = self.scopes.iter().map(Vec::len).sum();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "; {asserted} statements asserted, and after them {} assumed (each policy counts).",
            assumed.len()
        );
        Some(text + &format!("{printer}(check-sat)\n"))
    }
}
