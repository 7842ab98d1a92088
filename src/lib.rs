//! netverify proves statements about Kubernetes network policies for every pod that could exist.
//!
//! # What is proved
//!
//! A *property* is a sentence such as `nothing outside ai-platform can reach vector-db:6333`. It is
//! about all flows of a *world*: the declared workloads and every pod, namespace and address that
//! somebody could add to them. netverify looks for a flow that breaks the sentence. If the solver
//! shows that there is none, the property is proved; if it finds one, that flow is judged again by a
//! second implementation of the rules, made small, and shown with the lines of policy at fault.
//!
//! # The way of the data
//!
//! ```text
//! spec, manifests -> model -> claim -> question to Z3 -> outcome -> report
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`source`], [`date`], [`diagnostic`], [`error`] | places in files; days; faults of the input; faults of netverify |
//! | [`plain`] | text of the user made safe for a terminal, a file name, a shell |
//! | [`manifest`] | YAML and JSON to checked objects with origins |
//! | [`model`] | the field's words as plain data |
//! | [`language`], [`spec`] | sentences and spec files to claims |
//! | [`eval`] | the reference semantics: one concrete flow, with reasons |
//! | [`matrix`] | the reference semantics for all declared workloads at once |
//! | [`explain`] | from two ends as a person writes them to one concrete flow |
//! | [`symbolic`] | the same semantics over Z3 terms |
//! | [`property`], [`mod@prove`], [`witness`] | what a claim means; deciding it; making a case presentable |
//! | [`cache`], [`digest`] | answers that are kept from run to run |
//! | [`classes`], [`diff`] | who can reach what, and what a change opens and closes, as short lists of classes |
//! | [`init`] | a first spec from manifests: what the prover agrees to |
//! | [`review`] | what a reviewer wants to know beside the verdicts: readings, coverage, a map |
//! | [`vacuity`] | why a claim is about nothing, in words |
//! | [`outcome`], [`plan`], [`describe`], [`report`], [`cli`] | answers, runs, words, formats, the command line |
//!
//! # What is trusted
//!
//! A "refuted" rests on [`eval`] alone: every counterexample is replayed there, in release builds
//! too. A "proved" rests on [`symbolic`], on [`property`] and on Z3; the tests hold [`symbolic`]
//! against [`eval`] on random worlds and against brute force on small ones. Reading the manifests
//! ([`manifest`]) is common to both, so it refuses whatever it does not wholly understand.

pub mod cache;
pub mod classes;
pub mod cli;
pub mod date;
pub mod describe;
pub mod diagnostic;
pub mod diff;
pub mod digest;
pub mod error;
pub mod eval;
pub mod explain;
pub mod finding;
pub mod init;
pub mod language;
pub mod lint;
pub mod manifest;
pub mod matrix;
pub mod model;
pub mod outcome;
pub mod plain;
pub mod plan;
pub mod property;
pub mod prove;
pub mod report;
pub mod review;
pub mod source;
pub mod spec;
pub mod symbolic;
pub mod vacuity;
pub mod witness;
