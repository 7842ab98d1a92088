//! netverify.
pub mod diagnostic;
pub mod error;
pub mod eval;
pub mod manifest;
pub mod model;
pub mod source;
