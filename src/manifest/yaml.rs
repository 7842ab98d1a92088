//! YAML text to a tree of [`Node`]s, each with the bytes that it was read from.
//!
//! A library splits the text into events; the tree is made of them here, in `yaml/compose`, and nothing but this file and those
//! beneath it names the library. It assumes the text is one piece of a stream, cut at its `---` lines, and reads scalars as
//! Kubernetes does: YAML 1.1 (V62, V63).

use std::borrow::Cow;

use super::faults::Faults;
use crate::source::{FileId, Origin, Span};

mod compose;
mod fault;
#[cfg(test)]
mod second_reader;
mod size;

/// A YAML value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'t> {
    /// The value.
    pub value: Value<'t>,
    /// The lines a person would edit: for aliased and merged content, where it is defined. A
    /// collection runs from its start to the end of its last scalar or closing bracket.
    pub origin: Origin,
    /// The `*alias` through which the value came here.
    pub alias: Option<Origin>,
}

/// What YAML 1.1 knows.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'t> {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `yes`, `on`, `y` and their opposites.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string: a part of the text wherever it is written out there.
    Str(Cow<'t, str>),
    /// A list.
    List(Vec<Node<'t>>),
    /// A mapping, in the order of the text, merges resolved.
    Map(Vec<(Node<'t>, Node<'t>)>),
}

impl<'t> Node<'t> {
    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node<'t>> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The key and the value under it.
    pub fn entry(&self, key: &str) -> Option<&(Node<'t>, Node<'t>)> {
        self.entries().iter().find(|(name, _)| name.as_str() == Some(key))
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[(Node<'t>, Node<'t>)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Node<'t>] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Where the value is used: the alias, or the place itself.
    pub fn used(&self) -> Origin {
        self.alias.unwrap_or(self.origin)
    }
}

/// A piece of a file: one document, or a few with `...` between them.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// The file.
    pub file: FileId,
    /// The text of the piece.
    pub text: &'a str,
    /// Where in the file the piece starts.
    pub start: usize,
}

impl<'a> Piece<'a> {
    /// The text at an origin of the piece.
    pub fn source(&self, origin: Origin) -> &'a str {
        let range = origin.span.range();
        let start = range.start.saturating_sub(self.start);
        self.text.get(start..range.end.saturating_sub(self.start)).unwrap_or("")
    }

    /// The text of the piece before an origin.
    fn before(&self, origin: Origin) -> &'a str {
        self.text.get(..origin.span.range().start.saturating_sub(self.start)).unwrap_or("")
    }

    fn origin(&self, start: usize, end: usize) -> Origin {
        Origin { file: self.file, span: Span::new(self.start + start, self.start + end) }
    }
}

/// A document of a piece.
pub struct Document<'t> {
    /// What it says.
    pub root: Node<'t>,
    /// Tags and numbers of which nobody can say what they mean to Kubernetes: they matter where it reads the document.
    pub doubts: Faults,
}

/// The documents of a piece; empty ones are left out (V63), and all where one cannot be read.
pub fn parse<'t>(piece: Piece<'t>, faults: &mut Faults) -> Vec<Document<'t>> {
    match compose::documents(piece, faults) {
        Ok(documents) => documents.into_iter().filter(|document| document.root.value != Value::Null).collect(),
        Err(fault) => {
            faults.push(*fault);
            Vec::new()
        }
    }
}
