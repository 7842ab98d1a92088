//! The third kind of bad news: netverify itself could not do its job.
//!
//! The user's input at fault is a [`crate::diagnostic::Diagnostic`]; the answer to a property is an
//! [`crate::outcome::Outcome`]. An [`Error`] is neither: an output that cannot be written, a solver
//! that does not start, two semantics that disagree.

use std::path::PathBuf;

/// netverify could not do its job.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or stream could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// What was being written.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Z3 did not offer the logic that netverify needs, or gave an answer without a model.
    #[error("the solver failed: {0}")]
    Solver(String),
    /// The worker threads could not be started.
    #[error("cannot start worker threads: {0}")]
    Threads(String),
    /// A page of a review could not be laid out: a bug in netverify.
    #[error("cannot lay out the report, which is a bug in netverify: {0}")]
    Page(String),
}
