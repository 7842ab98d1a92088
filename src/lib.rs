//! netverify.
pub mod describe;
pub mod diagnostic;
pub mod error;
pub mod eval;
pub mod model;
pub mod outcome;
pub mod property;
pub mod prove;
pub mod source;
pub mod symbolic;
pub mod witness;
