//! What several test crates share: the conformance cases as facts about single flows.
//!
//! A test crate takes it in with `mod support;`. It panics on anything that it does not understand,
//! because a case that is left out in silence proves nothing.
#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a broken case file has to stop the run")]

pub mod cases;
mod inventory;
mod policies;
