//! From the events of the YAML library to a tree of [`Node`]s. Called by `yaml` only.
//!
//! Everything that is judged on the way (limits, tags, scalars, duplicate and merged keys) is judged here or in the files named
//! beside it: `size`, `scalar`, `merge`. The library knows syntax and places alone.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, StrInput, StructureStyle, Tag};

use super::size::{Size, Spent};
use super::{Document, Node, Piece, Value, fault};
use crate::diagnostic::Diagnostic;
use crate::manifest::faults::Faults;
use crate::manifest::{limits, merge, scalar};
use crate::source::Origin;

/// Why reading stopped.
type Stop = Box<Diagnostic>;

/// The documents of a piece, empty ones included, or why it cannot be read.
pub(super) fn documents<'t>(piece: Piece<'t>, faults: &mut Faults) -> Result<Vec<Document<'t>>, Stop> {
    let parser = Parser::new_from_str_with_options(piece.text, options());
    let (kept, spent, doubts) = (HashMap::new(), Spent::default(), Faults::new(limits::FAULTS));
    let mut composer = Composer { piece, parser, faults, doubts, kept, spent, depth: 0 };
    let mut documents = Vec::new();
    while let Some((event, place)) = composer.next()? {
        match event {
            // Anchors are those of one document.
            Event::DocumentStart(..) => composer.kept.clear(),
            Event::DocumentEnd | Event::StreamStart | Event::StreamEnd => {}
            _ if documents.len() >= limits::DOCUMENTS => return Err(Box::new(fault::many_documents(place))),
            event => {
                let root = composer.node(event, place)?;
                let doubts = std::mem::replace(&mut composer.doubts, Faults::new(limits::FAULTS));
                documents.push(Document { root, doubts });
            }
        }
    }
    Ok(documents)
}

fn options() -> Options {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options
}

/// Makes nodes of events.
struct Composer<'t, 'f> {
    piece: Piece<'t>,
    parser: Parser<'t, StrInput<'t>>,
    faults: &'f mut Faults,
    doubts: Faults,
    /// What stands under the anchors of the document, by the numbers that the library gives them.
    kept: HashMap<usize, (Node<'t>, Size)>,
    spent: Spent,
    /// How many collections are open.
    depth: usize,
}

impl<'t> Composer<'t, '_> {
    fn next(&mut self) -> Result<Option<(Event<'t>, Origin)>, Stop> {
        match self.parser.next_event() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                let range = span.byte_range().unwrap_or_default();
                Ok(Some((event, self.piece.origin(range.start, range.end))))
            }
            Some(Err(error)) => Err(Box::new(fault::of(self.piece, &error))),
        }
    }

    /// The node that an event begins.
    fn node(&mut self, event: Event<'t>, place: Origin) -> Result<Node<'t>, Stop> {
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => (anchor, self.scalar(text, style, tag.as_deref(), place)?),
            Event::SequenceStart(style, anchor, tag) => {
                self.tag(tag.as_deref(), "seq", place);
                (anchor, self.list(style, place)?)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.tag(tag.as_deref(), "map", place);
                (anchor, self.map(style, place)?)
            }
            Event::Alias(anchor) => return self.alias(anchor, place),
            _ => return Err(Box::new(fault::unexpected(place))),
        };
        if anchor != 0 {
            let size = Size::of(&node);
            self.spent.anchor(size, place)?;
            self.kept.insert(anchor, (node.clone(), size));
        }
        Ok(node)
    }

    fn count(&mut self, bytes: usize, place: Origin) -> Result<(), Stop> {
        self.spent.node(bytes, self.depth, place)
    }

    /// A list, to its end or its closing bracket.
    fn list(&mut self, style: StructureStyle, start: Origin) -> Result<Node<'t>, Stop> {
        self.depth += 1;
        self.count(0, start)?;
        let (mut items, mut origin) = (Vec::new(), start);
        while let Some((event, place)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                origin = closed(style, origin, place);
                break;
            }
            let item = self.node(event, place)?;
            origin = origin.to(item.used());
            items.push(self.at_its_dash(item));
        }
        self.depth -= 1;
        Ok(Node { value: Value::List(items), origin, alias: None })
    }

    /// A mapping, to its end or its closing bracket.
    fn map(&mut self, style: StructureStyle, start: Origin) -> Result<Node<'t>, Stop> {
        self.depth += 1;
        self.count(0, start)?;
        let (mut entries, mut merges, mut origin) = (Vec::new(), Vec::new(), start);
        while let Some((event, place)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                origin = closed(style, origin, place);
                break;
            }
            let is_merge = is_merge(&event);
            let key = self.key(event, place)?;
            let Some((event, place)) = self.next()? else { break };
            let value = self.node(event, place)?;
            origin = origin.to(key.used()).to(value.used());
            if is_merge { &mut merges } else { &mut entries }.push((key, value));
        }
        self.depth -= 1;
        let entries = merge::merged(entries, merges, self.faults);
        Ok(Node { value: Value::Map(entries), origin, alias: None })
    }

    /// A key. What is in doubt about its tag matters in every document: `!!binary a2luZA==` is `kind` to Kubernetes.
    fn key(&mut self, event: Event<'t>, place: Origin) -> Result<Node<'t>, Stop> {
        if event.tag().is_none() {
            return self.node(event, place);
        }
        let others = std::mem::replace(&mut self.doubts, Faults::new(limits::FAULTS));
        let key = self.node(event, place);
        self.faults.absorb(std::mem::replace(&mut self.doubts, others));
        key
    }

    /// An item that is null because nothing is written: it points at its dash.
    fn at_its_dash(&self, mut item: Node<'t>) -> Node<'t> {
        let is_written =
            item.value != Value::Null || item.alias.is_some() || item.origin.span.start != item.origin.span.end;
        if !is_written {
            let before = self.piece.before(item.origin).trim_end_matches([' ', '\t']);
            if before.ends_with('-') {
                item.origin = self.piece.origin(before.len() - 1, before.len());
            }
        }
        item
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        place: Origin,
    ) -> Result<Node<'t>, Stop> {
        self.count(text.len(), place)?;
        let is_plain = style == ScalarStyle::Plain;
        let value = match tag {
            None if is_plain => scalar::plain(&text).unwrap_or(Value::Str(text)),
            None => Value::Str(text),
            Some(tag) => self.tagged(tag, text, place),
        };
        if matches!(value, Value::Float(number) if !number.is_finite()) {
            self.doubts.push(fault::not_finite(self.piece.source(place), place));
        }
        Ok(Node { value, origin: place, alias: None })
    }

    /// A scalar that says what it is. Where that is in doubt it is no string: nobody may take it for the kind of an object.
    fn tagged(&mut self, tag: &Tag, text: Cow<'t, str>, place: Origin) -> Value<'t> {
        // A lone `!` says that there is nothing to interpret.
        if tag.core_suffix() == Some("str") || tag.original() == "!" {
            return Value::Str(text);
        }
        let value = scalar::plain(&text);
        match (tag.core_suffix(), value) {
            (Some("null"), Some(value @ Value::Null))
            | (Some("bool"), Some(value @ Value::Bool(_)))
            | (Some("int"), Some(value @ Value::Int(_)))
            | (Some("float"), Some(value @ (Value::Int(_) | Value::Float(_)))) => value,
            (Some(name @ ("null" | "bool" | "int" | "float")), _) => {
                self.doubts.push(fault::mistagged(&text, name, place));
                Value::Null
            }
            _ => {
                self.doubts.push(fault::unknown_tag(&tag.original(), place));
                Value::Null
            }
        }
    }

    /// The tag of a collection may say what it is anyway.
    fn tag(&mut self, tag: Option<&Tag>, own: &str, place: Origin) {
        if let Some(tag) = tag
            && tag.core_suffix() != Some(own)
            && tag.original() != "!"
        {
            self.doubts.push(fault::unknown_tag(&tag.original(), place));
        }
    }

    /// What an alias stands for, once more.
    fn alias(&mut self, anchor: usize, place: Origin) -> Result<Node<'t>, Stop> {
        let Some((node, size)) = self.kept.get(&anchor) else { return Err(Box::new(fault::endless(place))) };
        self.spent.alias(*size, self.depth, place)?;
        let mut node = node.clone();
        used_at(&mut node, place);
        Ok(node)
    }
}

/// Whether this key merges what stands under it: with quotes, a tag or an alias `<<` is a key like any other.
fn is_merge(key: &Event<'_>) -> bool {
    matches!(key, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<")
}

/// The extent of a collection that ends here. The end of a block is where something else begins, which is none of it.
fn closed(style: StructureStyle, extent: Origin, end: Origin) -> Origin {
    if style == StructureStyle::Flow { extent.to(end) } else { extent }
}

/// Marks a whole tree as used at an alias.
fn used_at(node: &mut Node<'_>, alias: Origin) {
    node.alias = Some(alias);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| used_at(item, alias)),
        Value::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            used_at(key, alias);
            used_at(value, alias);
        }),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => {}
    }
}
