//! The same semantics as `eval`, over Z3 terms: every pod that could exist at once.
//!
//! The functions mirror those of `eval` name by name and cite the same rules; neither module knows
//! the other. The rooms: `slice` picks the policies that can matter, `universe` the values that can,
//! `end` the two symbolic ends of a flow, `encode` the verdict, `claim` the sets of a sentence,
//! `solver` asks within its `limits` and keeps a `record` of the question where somebody wants it,
//! `core` says which policies a proof rests on, `decode` turns a model into a concrete flow. `z3`
//! appears nowhere else. `property` and `prove` call this module; it imports `model` only.

mod algebra;
mod claim;
mod core;
mod decode;
mod encode;
mod end;
mod lender;
mod limits;
mod query;
mod record;
mod slice;
mod solver;
mod term;
mod testimony;
mod union;
mod universe;

pub use decode::Model;
pub use encode::Guarding;
pub use limits::{Interrupt, Stop};
pub use query::{Query, Setting};
pub use slice::Slice;
pub use solver::{Answer, Session, Statement, warm_up, z3_version};
