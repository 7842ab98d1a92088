//! The language of properties: one sentence, one claim.
//!
//! A sentence is read in two steps. [`parse`] knows the grammar and nothing else: it turns text into
//! a [`Sentence`] in which every part has its place. [`resolve`] looks its names up in a cluster and
//! in `[endpoints]`, translates the ports of Services, and answers with the [`Claim`] that `eval` and
//! `symbolic` give their meaning. What can be read in two ways is refused, never guessed.
//!
//! `docs/language.md` is the reference. The module knows neither TOML nor manifests; `spec` and the
//! commands call it.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::algebra::PolicySet;
use crate::model::claim::{Claim, Endpoint, PortSet};
use crate::model::selector::LabelSelector;
use crate::model::workload::Cluster;
use crate::source::{Origin, Span};

mod address;
mod ast;
mod comparison;
mod cursor;
mod endpoint;
mod grammar;
mod path;
mod ports;
mod question;
mod resolve;
mod selector;
mod sets;
mod single;

pub use ast::{
    EndpointExpr, EndpointKind, Form, Name, NamedEndpoint, PortExpr, PortWord, Quantifier, Relation, Scope, Sentence,
    Target,
};
pub(crate) use selector::{bad_key, is_namespace_name};

use cursor::{Cursor, Parse};

/// The longest sentence, in bytes.
pub const MAX_SENTENCE: usize = 4096;

/// The words of the language, which nothing else can be called by.
const RESERVED: &[&str] = &[
    "all", "and", "any", "anything", "are", "can", "cannot", "every", "except", "external", "for", "in", "is",
    "isolated", "no", "node", "nodes", "not", "nothing", "only", "or", "outside", "pod", "pods", "policies", "policy",
    "reach", "service", "some", "to", "with",
];

/// Whether this is a word of the language, so that no endpoint can be called by it.
#[must_use]
pub fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

/// What the names of a sentence are looked up in.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// What the manifests declare.
    pub cluster: &'a Cluster,
    /// What the spec gives names to; these go before workloads of the same name.
    pub endpoints: &'a BTreeMap<String, NamedEndpoint>,
    /// The sets of policies of a sentence that compares two ([`Sentence::sets`]), in its order.
    pub sets: Option<&'a [PolicySet; 2]>,
}

/// What a sentence means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The claim.
    pub claim: Claim,
    /// What its author should know.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a sentence. Byte `i` of the text stands at `origin.span.start + i`; where the origin is
/// not as long as the text (a string with escapes), faults point at the whole origin.
///
/// # Errors
/// Where the text is no sentence: at the word that is wrong, with what was expected there.
#[expect(clippy::result_large_err, reason = "one error a sentence, and every caller wants it by value")]
pub fn parse(text: &str, origin: Origin) -> Result<Sentence, Diagnostic> {
    let example = "nothing outside ai-platform can reach vector-db:6333";
    let form = read(text, origin, example, grammar::sentence)?;
    let start = text.len() - text.trim_start().len();
    let cursor = Cursor::new(text, origin, example);
    Ok(Sentence { form, origin: cursor.origin(start, text.trim_end().len().max(start)) })
}

/// What a yes to a question is, of the sentence behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yes {
    /// The sentence holds.
    Proved,
    /// It does not.
    Refuted,
}

/// Reads a question, with or without its question mark, as the sentence that answers it, and which
/// answer to that sentence is the yes.
///
/// # Errors
/// Where the text is no question: at the word that is wrong, with what was expected there.
#[expect(clippy::result_large_err, reason = "as `parse`")]
pub fn parse_question(text: &str, origin: Origin) -> Result<(Sentence, Yes), Diagnostic> {
    let example = "can anything outside ai-platform reach vector-db:6333";
    let (asked, origin) = without_mark(text, origin);
    let (form, yes) = read(asked, origin, example, question::question)?;
    let start = asked.len() - asked.trim_start().len();
    let cursor = Cursor::new(asked, origin, example);
    Ok((Sentence { form, origin: cursor.origin(start, asked.trim_end().len().max(start)) }, yes))
}

fn without_mark(text: &str, origin: Origin) -> (&str, Origin) {
    let asked = text.trim_end().trim_end_matches('?');
    let (start, length) = (origin.span.start as usize, origin.span.range().len());
    let exact = length == text.len();
    let span = Span::new(start, if exact { start + asked.len() } else { start + length });
    (asked, Origin { file: origin.file, span })
}

/// Reads one end of one flow: an endpoint of the language or a plain address, with its ports.
///
/// # Errors
/// Where the text is none: at the word that is wrong.
#[expect(clippy::result_large_err, reason = "as `parse`")]
pub fn parse_end(text: &str, origin: Origin) -> Result<Target, Diagnostic> {
    read(text, origin, "ai-platform/vector-db:6333", single::end)
}

/// Reads what may stand in `[endpoints]`: endpoints without ports, joined by `or`.
///
/// # Errors
/// Where the text is none: at the word that is wrong.
#[expect(clippy::result_large_err, reason = "as `parse`")]
pub fn parse_endpoint(text: &str, origin: Origin) -> Result<EndpointExpr, Diagnostic> {
    read(text, origin, "pods with app=rag-api in ai-platform or external", |cursor| {
        whole(cursor, |cursor| endpoint::sources(cursor, true))
    })
}

/// Reads ports as they stand after a destination, without the colon: `6333,8000-8100,53/UDP,http`.
///
/// # Errors
/// Where the text is none: at the item that is wrong.
#[expect(clippy::result_large_err, reason = "as `parse`")]
pub fn parse_ports(text: &str, origin: Origin) -> Result<Vec<PortExpr>, Diagnostic> {
    read(text, origin, "6333,8000-8100,53/UDP", |cursor| whole(cursor, ports::items))
}

/// Reads destinations as they stand in a sentence: endpoints, each with its ports, joined by `or`.
///
/// # Errors
/// Where the text is none: at the word that is wrong.
#[expect(clippy::result_large_err, reason = "as `parse`")]
pub fn parse_targets(text: &str, origin: Origin) -> Result<Vec<Target>, Diagnostic> {
    let place = endpoint::Place { ports: true, and: true };
    read(text, origin, "ai-platform/vector-db:6333", |cursor| whole(cursor, |cursor| endpoint::targets(cursor, place)))
}

/// Reads a label selector in Kubernetes' own syntax. An empty text selects everything (R10).
///
/// # Errors
/// Where the text is none: at the word that is wrong.
#[expect(clippy::result_large_err, reason = "as `parse`")]
pub fn parse_selector(text: &str, origin: Origin) -> Result<LabelSelector, Diagnostic> {
    if text.trim().is_empty() {
        return Ok(LabelSelector::everything());
    }
    read(text, origin, "app=web,tier in (a, b),!legacy", |cursor| whole(cursor, selector::selector))
}

/// Looks up the names of a sentence.
///
/// # Errors
/// All names that nothing bears or that fit several things, and all ports that a Service lacks.
pub fn resolve(sentence: &Sentence, names: &Names<'_>) -> Result<Resolved, Vec<Diagnostic>> {
    resolve::resolve(sentence, names)
}

/// One destination with its names looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedTarget {
    /// The pods, addresses or nodes.
    pub endpoint: Endpoint,
    /// The ports of the pods: those of a Service are translated (R36).
    pub ports: PortSet,
    /// What its author should know.
    pub warnings: Vec<Diagnostic>,
}

/// Looks up the names of one destination.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_target(target: &Target, names: &Names<'_>) -> Result<ResolvedTarget, Vec<Diagnostic>> {
    resolve::resolve_target(target, names)
}

/// Looks up the names of several destinations, which have to have the same ports.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_targets(targets: &[Target], names: &Names<'_>) -> Result<ResolvedTarget, Vec<Diagnostic>> {
    resolve::resolve_targets(targets, names)
}

#[expect(clippy::result_large_err, reason = "as `parse`")]
fn read<'t, T>(
    text: &'t str,
    origin: Origin,
    example: &'static str,
    grammar: impl Fn(&mut Cursor<'t>) -> Parse<T>,
) -> Result<T, Diagnostic> {
    if text.len() > MAX_SENTENCE {
        let message = format!("a sentence has at most {MAX_SENTENCE} bytes, and this one has {}", text.len());
        return Err(Diagnostic::error(Code::LimitExceeded, message).at(origin, "too long"));
    }
    let mut cursor = Cursor::new(text, origin, example);
    grammar(&mut cursor).map_err(|fault| fault.help(format!("for example: `{}`", cursor.example)))
}

fn whole<'t, T>(cursor: &mut Cursor<'t>, grammar: impl Fn(&mut Cursor<'t>) -> Parse<T>) -> Parse<T> {
    let value = grammar(cursor)?;
    if cursor.at_end() { Ok(value) } else { Err(cursor.expected("the end of the text").into()) }
}

#[cfg(test)]
mod tests;
