//! `--dump-smt2`: each question that decides a property, as a file for another solver.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;

use super::{file, names};
use crate::error::Error;
use crate::plan::Plan;
use crate::prove::{Answered, Asks, Prover, Question};
use crate::report::smt2;
use crate::symbolic;

/// Where to write.
#[derive(Debug, Args)]
pub(super) struct Dump {
    /// Write each question to the solver that decides a property as SMT-LIB 2 into this folder
    #[arg(long = "dump-smt2", value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Dump {
    /// Decides every item of the plan, and writes the questions where that is wanted.
    pub(super) fn prove(&self, prover: &Prover, plan: &Plan) -> Result<Vec<Answered>, Error> {
        match &self.folder {
            None => prover.prove(&plan.jobs()),
            Some(folder) => {
                let files = Files::new(folder, plan)?;
                prover.prove_recorded(&plan.jobs(), Some(&|question| files.write(&question)))
            }
        }
    }
}

struct Files<'a> {
    folder: &'a Path,
    plan: &'a Plan,
    /// For each item its name, and how many questions of it are written.
    names: Vec<(String, AtomicUsize)>,
    z3: String,
}

impl Files<'_> {
    fn new<'a>(folder: &'a Path, plan: &'a Plan) -> Result<Files<'a>, Error> {
        let failed = |source| Error::Write { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let names = names::of_items(plan).into_iter().map(|name| (name, AtomicUsize::new(0))).collect();
        Ok(Files { folder, plan, names, z3: symbolic::z3_version() })
    }

    /// `rag.embeddings-stay-home.1-case.smt2`.
    fn write(&self, question: &Question) -> Result<(), Error> {
        let (Some(item), Some((name, written))) = (self.plan.items.get(question.at), self.names.get(question.at))
        else {
            return Ok(());
        };
        let number = written.fetch_add(1, Ordering::Relaxed) + 1;
        let path = self.folder.join(format!("{name}.{number}-{}.smt2", kind(question.asks)));
        let text = smt2::file(self.plan, item, question, &self.z3);
        file::write_all(&[(path, text)])
    }
}

fn kind(asks: Asks) -> &'static str {
    match asks {
        Asks::Subject => "subject",
        Asks::Case => "case",
        Asks::CaseElsewhere => "other-plugins",
    }
}
