//! How much a document takes, counted while it is read, so that no text makes a tree beyond the limits. Called by `compose` only.
//! Where there are a few documents in a piece of a stream, all of them count.
//!
//! A value under an anchor is kept beside the tree, and each alias repeats it there: both count again.

use super::fault;
use super::{Node, Value};
use crate::diagnostic::Diagnostic;
use crate::manifest::limits;
use crate::source::Origin;

/// How large the tree of a node is.
#[derive(Clone, Copy, Default)]
pub(super) struct Size {
    /// Scalars, lists and mappings.
    nodes: usize,
    /// Bytes of strings.
    bytes: usize,
    /// Collections inside collections.
    height: usize,
}

impl Size {
    /// The size of a whole tree.
    pub(super) fn of(node: &Node<'_>) -> Size {
        match &node.value {
            Value::Str(text) => Size { nodes: 1, bytes: text.len(), height: 0 },
            Value::List(items) => Size::around(items.iter()),
            Value::Map(entries) => Size::around(entries.iter().flat_map(|(key, value)| [key, value])),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => Size { nodes: 1, ..Size::default() },
        }
    }

    fn around<'n, 't: 'n>(inner: impl Iterator<Item = &'n Node<'t>>) -> Size {
        inner.map(Size::of).fold(Size { nodes: 1, bytes: 0, height: 1 }, |all, one| Size {
            nodes: all.nodes + one.nodes,
            bytes: all.bytes + one.bytes,
            height: all.height.max(one.height + 1),
        })
    }
}

/// What has been taken so far.
#[derive(Default)]
pub(super) struct Spent {
    nodes: usize,
    bytes: usize,
    anchors: usize,
    aliases: usize,
    repeated: usize,
}

/// Of a limit that was met, what to say.
type Checked = Result<(), Box<Diagnostic>>;

impl Spent {
    /// One node more, with so many bytes of its own, inside so many collections.
    pub(super) fn node(&mut self, bytes: usize, depth: usize, place: Origin) -> Checked {
        within(depth, limits::DEPTH, place, fault::too_deep)?;
        self.take(1, bytes, place)
    }

    /// What stands under an anchor is kept.
    pub(super) fn anchor(&mut self, size: Size, place: Origin) -> Checked {
        self.anchors += 1;
        within(self.anchors, limits::ANCHORS, place, || fault::more_than(limits::ANCHORS, "anchors"))?;
        self.take(size.nodes, size.bytes, place)
    }

    /// An alias inside so many collections repeats what it stands for.
    pub(super) fn alias(&mut self, size: Size, depth: usize, place: Origin) -> Checked {
        let values = || fault::more_than(limits::REPEATED, "values through aliases");
        self.aliases += 1;
        self.repeated += size.nodes;
        within(self.aliases, limits::ANCHORS, place, || fault::more_than(limits::ANCHORS, "aliases"))?;
        within(self.repeated, limits::REPEATED, place, values)?;
        within(depth + size.height, limits::DEPTH, place, fault::too_deep)?;
        self.take(size.nodes, size.bytes, place)
    }

    fn take(&mut self, nodes: usize, bytes: usize, place: Origin) -> Checked {
        self.nodes += nodes;
        self.bytes += bytes;
        within(self.nodes, limits::NODES, place, fault::too_many)?;
        within(self.bytes, limits::STRING_BYTES, place, fault::too_long)
    }
}

fn within(found: usize, most: usize, place: Origin, fault: impl FnOnce() -> Diagnostic) -> Checked {
    if found > most { Err(Box::new(fault().at(place, ""))) } else { Ok(()) }
}
