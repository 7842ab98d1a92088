//! The reference semantics (being written).
pub mod trace;
