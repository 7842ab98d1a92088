//! A node together with its path from the object's root, and the list of what is wrong there.
//!
//! Decoding and checking both walk an object by [`Place`]s and tell a [`Context`] what they find.
//! Paths live on the stack and become text only when there is something to say.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;

use super::faults::Faults;
use super::yaml::Node;
use super::{hints, limits};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Origin, Span};

/// The longest key that a path shows whole, in bytes, and how much of a longer one it shows.
const LONGEST_KEY: usize = 320;
const SHOWN_KEY: usize = 40;

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

/// A value of an object, or where it would stand.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    node: &'a Node<'a>,
    key: Option<&'a Node<'a>>,
    present: bool,
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

impl<'a> Place<'a> {
    /// The object itself.
    pub fn root(node: &'a Node<'a>) -> Place<'a> {
        Place { node, key: None, present: true, parent: None, step: Step::Root }
    }

    /// The value under a key; an absent one borrows its parent's place.
    pub fn key(&'a self, name: &'a str) -> Place<'a> {
        let entry = self.node.entry(name).filter(|_| self.present);
        let (key, node, present) = entry.map_or((None, self.node, false), |(key, node)| (Some(key), node, true));
        Place { node, key, present, parent: Some(self), step: Step::Key(name) }
    }

    /// The value of a known entry.
    pub fn entry(&'a self, name: &'a str, key: &'a Node<'a>, node: &'a Node<'a>) -> Place<'a> {
        Place { node, key: Some(key), present: true, parent: Some(self), step: Step::Key(name) }
    }

    /// An item of a list.
    pub fn item(&'a self, index: usize) -> Place<'a> {
        let item = self.node.items().get(index).filter(|_| self.present);
        let node = item.unwrap_or(self.node);
        Place { node, key: None, present: item.is_some(), parent: Some(self), step: Step::Index(index) }
    }

    /// The node, the nearest one above it if the value is absent.
    pub fn node(&self) -> &'a Node<'a> {
        self.node
    }

    /// Whether the value is written at all.
    pub fn present(&self) -> bool {
        self.present
    }

    /// Where the value is written.
    pub fn origin(&self) -> Origin {
        self.node.origin
    }

    /// From the key to the end of the value.
    pub fn whole(&self) -> Origin {
        match self.key {
            Some(key) if key.alias.is_none() && self.node.alias.is_some() => key.origin,
            Some(key) if key.origin.span.start <= self.node.origin.span.start => key.origin.to(self.node.origin),
            _ => self.node.origin,
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let top = self.parent.is_none_or(|parent| matches!(parent.step, Step::Root));
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            // A label key has at most 317 characters. What is longer is no key that has to be told whole.
            Step::Key(key) if key.len() > LONGEST_KEY => {
                let head: String = key.chars().take(SHOWN_KEY).collect();
                write!(f, "[{head:?}...]")
            }
            Step::Key(key) if key.contains(['.', '/']) => write!(f, "[{key:?}]"),
            Step::Key(key) if top => f.write_str(key),
            Step::Key(key) => write!(f, ".{key}"),
        }
    }
}

/// What is being read, and what was found wrong with it.
pub struct Context<'a> {
    text: &'a str,
    faults: RefCell<Faults>,
    undecoded: RefCell<BTreeSet<Origin>>,
    template: Cell<bool>,
}

impl<'a> Context<'a> {
    /// A context for objects of one file's text.
    pub fn new(text: &'a str) -> Context<'a> {
        let faults = RefCell::new(Faults::new(limits::FAULTS));
        Context { text, faults, undecoded: RefCell::default(), template: Cell::new(false) }
    }

    /// The text at an origin of the file.
    pub fn source(&self, origin: Origin) -> &'a str {
        self.text.get(origin.span.range()).unwrap_or("")
    }

    /// Records that something could not be decoded.
    pub fn undecodable(&self, diagnostic: Diagnostic) {
        let Some(place) = diagnostic.primary.as_ref().map(|label| label.origin) else { return };
        if self.undecoded.borrow_mut().insert(place) {
            self.push(diagnostic, place);
        }
    }

    /// Records that the API server would refuse a value. Where a part of the value was not decoded
    /// there is nothing more to say: its absence is our doing.
    pub fn refuse(&self, diagnostic: Diagnostic) {
        let Some(place) = diagnostic.primary.as_ref().map(|label| label.origin) else { return };
        let end = Origin { file: place.file, span: Span { start: place.span.end, end: place.span.end } };
        let start = Origin { file: place.file, span: Span { start: place.span.start, end: place.span.start } };
        if !self.undecoded.borrow().range(start..=end).any(|inner| inner.span.end <= place.span.end) {
            self.push(diagnostic, place);
        }
    }

    /// An unrendered template makes one message, however many values it spoils.
    fn push(&self, diagnostic: Diagnostic, place: Origin) {
        let mut faults = self.faults.borrow_mut();
        if !is_template(self.source(place)) {
            faults.push(diagnostic);
        } else if !self.template.replace(true) {
            faults.push(hints::helm(place));
        }
    }

    /// Says that a value breaks a rule.
    pub fn invalid(&self, place: &Place<'_>, problem: impl fmt::Display) -> Refusal<'_, 'a> {
        let message = format!("{place} {problem}");
        Refusal {
            context: self,
            diagnostic: Some(Diagnostic::error(Code::InvalidValue, message).at(place.origin(), "")),
        }
    }

    /// Says that a value lists more than is read.
    pub fn too_many(&self, place: &Place<'_>, found: usize, most: usize, what: &str) {
        let (found, most) = (limits::number(found), limits::number(most));
        let help = "make several objects of it; the API server would hardly take one of this size";
        self.refuse(
            limits::exceeded(format!("{place} has {found} {what}, and may have {most}"), help).at(place.origin(), ""),
        );
    }

    /// Says that a value is not there.
    pub fn missing(&self, place: &Place<'_>, problem: impl fmt::Display) {
        let message = format!("{place} {problem}");
        self.refuse(Diagnostic::error(Code::MissingField, message).at(place.origin(), ""));
    }

    /// Whether anything that ends the run was found.
    pub fn failed(&self) -> bool {
        self.faults.borrow().failed()
    }

    /// Everything found.
    pub fn finish(self) -> Faults {
        self.faults.into_inner()
    }
}

fn is_template(source: &str) -> bool {
    let start = source.trim_start_matches(['"', '\'']);
    start.starts_with("{{") || (!source.contains('\n') && source.contains("{{") && source.contains("}}"))
}

/// A refusal under construction; recorded when it is dropped.
pub struct Refusal<'c, 'a> {
    context: &'c Context<'a>,
    diagnostic: Option<Diagnostic>,
}

impl Refusal<'_, '_> {
    /// Adds what to do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.take().map(|diagnostic| diagnostic.help(text));
        self
    }

    /// Adds a reason.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.diagnostic = self.diagnostic.take().map(|diagnostic| diagnostic.note(text));
        self
    }

    /// Makes it a warning of this code.
    pub fn warning(mut self, code: Code) -> Self {
        self.diagnostic = self
            .diagnostic
            .take()
            .map(|d| Diagnostic { code, ..Diagnostic { severity: crate::diagnostic::Severity::Warning, ..d } });
        self
    }

    /// Suggests the nearest of the words that would do.
    pub fn one_of(mut self, written: &str, words: &[&'static str]) -> Self {
        self.diagnostic = self.diagnostic.take().map(|d| d.did_you_mean(written, words.iter().copied()));
        self
    }
}

impl Drop for Refusal<'_, '_> {
    fn drop(&mut self) {
        if let Some(diagnostic) = self.diagnostic.take() {
            self.context.refuse(diagnostic);
        }
    }
}
