//! The field's words as plain data: policies, selectors, workloads, flows, endpoints, claims.
//!
//! Nothing here judges, parses or solves. `manifest` and `language` make these values, `eval` and
//! `symbolic` give them their two meanings, `report` shows them. R-numbers are those of
//! `docs/semantics.md`.

pub mod algebra;
pub mod claim;
pub mod further;
pub mod inventory;
pub mod net;
pub mod options;
pub mod plugin;
pub mod policy;
pub mod selector;
pub mod severity;
pub mod workload;
pub mod world;
