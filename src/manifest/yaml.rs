//! YAML text to a tree of [`Node`]s, each with the bytes that it was read from.
//!
//! Nothing but this file and `yaml/fault` names the YAML crate. It assumes the text is one piece of a stream, cut at its
//! `---` lines, and reads scalars as Kubernetes does: YAML 1.1 (V62, V63). What the crate reads
//! otherwise is put right here or refused; nothing else may call the crate.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Location, MergeKeyPolicy, Options, Spanned};

use super::faults::Faults;
use super::{limits, merge, scalar};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Origin, Span};

mod fault;

/// A YAML value and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The lines a person would edit: for aliased and merged content, where it is defined. A
    /// collection runs from its start to the end of its last scalar or closing bracket.
    pub origin: Origin,
    /// The `*alias` through which the value came here.
    pub alias: Option<Origin>,
}

/// What YAML 1.1 knows.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `yes`, `on`, `y` and their opposites.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the text, merges resolved.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The key and the value under it.
    pub fn entry(&self, key: &str) -> Option<&(Node, Node)> {
        self.entries().iter().find(|(name, _)| name.as_str() == Some(key))
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Node] {
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

    fn origin(&self, start: usize, end: usize) -> Origin {
        Origin { file: self.file, span: Span::new(self.start + start, self.start + end) }
    }
}

/// The documents of a piece; empty ones are left out (V63).
pub fn parse(piece: Piece<'_>, faults: &mut Faults) -> Vec<Node> {
    COPIED.set(0);
    match serde_yaml::from_multiple_with_options::<Spanned<Raw>>(piece.text, options()) {
        Ok(documents) => {
            let mut builder = Builder { piece, faults, known: HashMap::new() };
            let nodes = documents.into_iter().map(|document| builder.node(document));
            nodes.filter(|node| node.value != Value::Null).collect()
        }
        Err(error) => {
            faults.push(fault::of(piece, &error, COPIED.get()));
            Vec::new()
        }
    }
}

fn options() -> Options {
    serde_yaml::options! {
        legacy_octal_numbers: true,
        with_snippet: false,
        reject_unsupported_tags: true,
        // Duplicates and merges are judged here, so that every duplicate is reported and merges
        // whose meaning depends on the reader are refused.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        budget: serde_yaml::budget! {
            max_reader_input_bytes: None,
            max_events: usize::MAX,
            max_nodes: limits::NODES,
            max_anchors: limits::ANCHORS,
            max_aliases: limits::ANCHORS,
            max_documents: limits::DOCUMENTS,
            max_depth: limits::DEPTH,
            max_total_scalar_bytes: usize::MAX,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: limits::ALIAS_EVENTS,
            max_replay_stack_depth: limits::DEPTH,
        },
    }
}

/// The byte offset of a location; syntax errors carry only line and column.
fn offset(text: &str, location: &Location) -> usize {
    if let Some(at) = location.span().byte_offset() {
        return usize::try_from(at).unwrap_or(0).min(text.len());
    }
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).saturating_sub(1);
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(number(location.line())).map(str::len).sum();
    let line = lines.next().unwrap_or("");
    before + line.char_indices().nth(number(location.column())).map_or(line.len(), |(at, _)| at)
}

/// What the YAML crate hands over.
enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

thread_local! {
    /// Bytes of strings handed over for the piece that this thread reads. The crate counts the values
    /// that aliases repeat, but not their length, and a visitor has no other place to count in.
    static COPIED: Cell<usize> = const { Cell::new(0) };
}

fn count<E: de::Error>(text: &str) -> Result<(), E> {
    let copied = COPIED.get().saturating_add(text.len());
    COPIED.set(copied);
    if copied > limits::STRING_BYTES { Err(E::custom("too long")) } else { Ok(()) }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "no field of Kubernetes takes a number beyond 63 bits")]
    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or(Raw::Float(value as f64), Raw::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Raw, E> {
        count(value)?;
        Ok(Raw::Str(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Raw, E> {
        count(&value)?;
        Ok(Raw::Str(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

/// Gives [`Raw`] values their places and resolves merges.
struct Builder<'a> {
    piece: Piece<'a>,
    faults: &'a mut Faults,
    /// What was found out about the text around aliased content: it may be long, and the aliases many.
    known: HashMap<usize, usize>,
}

impl Builder<'_> {
    fn place(&self, location: &Location) -> (usize, usize) {
        let start = offset(self.piece.text, location);
        let length = location.span().byte_len().and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
        (start, start + length)
    }

    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let (start, end) = self.place(&raw.defined);
        let used = self.place(&raw.referenced);
        let alias = (used.0 != start).then(|| self.piece.origin(used.0, used.1));
        let origin = self.piece.origin(start, end);
        match raw.value {
            Raw::List(items) => {
                let items: Vec<Node> = items.into_iter().map(|item| self.item(item)).collect();
                let origin = self.extent(start, end, items.last(), alias.is_some());
                Node { value: Value::List(items), origin, alias }
            }
            Raw::Map(entries) => {
                let entries: Vec<_> = entries.into_iter().map(|(k, v)| (self.node(k), self.node(v))).collect();
                let last = entries.iter().map(|(key, value)| later(key, value, alias.is_some()));
                let last = last.max_by_key(|node| end_of(node, alias.is_some()));
                let origin = self.extent(start, end, last, alias.is_some());
                Node { value: Value::Map(merge::merged(entries, &self.piece, self.faults)), origin, alias }
            }
            scalar => Node { value: self.scalar(scalar, origin, alias.is_some()), origin, alias },
        }
    }

    /// An item of a list; a null one points at its dash.
    fn item(&mut self, raw: Spanned<Raw>) -> Node {
        let mut node = self.node(raw);
        if node.value != Value::Null || node.origin.span.start != node.origin.span.end || node.alias.is_some() {
            return node;
        }
        let at = node.origin.span.range().start.saturating_sub(self.piece.start);
        let before = self.piece.text.get(..at).unwrap_or("").trim_end_matches([' ', '\t']);
        if before.ends_with('-') {
            node.origin = self.piece.origin(before.len() - 1, before.len());
        }
        node
    }

    /// From the start of a collection to the end of its last node, or to its closing bracket.
    fn extent(&mut self, start: usize, end: usize, last: Option<&Node>, aliased: bool) -> Origin {
        let end = last.map_or(end, |node| end.max(end_of(node, aliased).saturating_sub(self.piece.start)));
        let text = self.piece.text;
        let closer = match text.as_bytes().get(start) {
            Some(b'{') => '}',
            Some(b'[') => ']',
            _ => return self.piece.origin(start, end),
        };
        let from = end.max(start + 1);
        let found = || closing(text, from, closer).unwrap_or(end);
        // Both brackets may close at one place: the start tells the collections apart.
        let end = if aliased { *self.known.entry(start).or_insert_with(found) } else { found() };
        self.piece.origin(start, end)
    }

    fn scalar(&mut self, raw: Raw, origin: Origin, aliased: bool) -> Value {
        let text = self.piece.source(origin);
        match raw {
            Raw::Null if !matches!(text, "" | "~" | "null" | "Null" | "NULL") => {
                let message = format!("`{text}` is tagged as null and is not null");
                self.faults.push(Diagnostic::error(Code::WrongType, message).at(origin, "").help("drop the tag"));
                Value::Null
            }
            Raw::Bool(value) => Value::Bool(value),
            Raw::Int(value) => Value::Int(value),
            Raw::Float(value) => Value::Float(value),
            Raw::Str(value) if value == text && !self.tagged_string(origin, aliased) => {
                scalar::number(text).unwrap_or(Value::Str(value))
            }
            Raw::Str(value) => Value::Str(value),
            Raw::Null | Raw::List(_) | Raw::Map(_) => Value::Null,
        }
    }

    fn tagged_string(&mut self, origin: Origin, aliased: bool) -> bool {
        let (text, start) = (self.piece.text, origin.span.range().start.saturating_sub(self.piece.start));
        let before = || text.get(..start).map_or(0, |before| before.trim_end().len());
        let before = if aliased { *self.known.entry(start).or_insert_with(before) } else { before() };
        text.get(..before).is_some_and(|before| before.ends_with("!!str"))
    }
}

/// Where a node ends in the text around it. Inside aliased content everything is at its definition.
fn end_of(node: &Node, inside_alias: bool) -> usize {
    let origin = if inside_alias { node.origin } else { node.used() };
    origin.span.range().end
}

fn later<'a>(key: &'a Node, value: &'a Node, inside_alias: bool) -> &'a Node {
    if end_of(value, inside_alias) >= end_of(key, inside_alias) { value } else { key }
}

/// One past the closing bracket, if nothing but blanks, commas and comments stands before it.
fn closing(text: &str, from: usize, closer: char) -> Option<usize> {
    let mut comment = false;
    for (at, c) in text.get(from..)?.char_indices() {
        match c {
            '\n' => comment = false,
            _ if comment => {}
            '#' => comment = true,
            c if c == closer => return Some(from + at + 1),
            c if c.is_whitespace() || c == ',' => {}
            _ => return None,
        }
    }
    None
}
