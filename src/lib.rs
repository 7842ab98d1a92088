//! netverify.
pub mod diagnostic;
pub mod error;
pub mod eval;
pub mod language;
pub mod model;
pub mod source;
pub mod spec;
