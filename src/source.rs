//! Where things were written: files, byte spans and the line and column that a person reads.
//!
//! Every policy, rule, peer, port and selector carries an [`Origin`], and every message that
//! netverify prints ends in one. Nothing here knows about YAML or TOML: a source is text with a name.
//! Everyone may call this module; it calls nobody.

use std::sync::{Arc, OnceLock};

/// A source file, by its number in the [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// A half-open range of bytes in one file: `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte; equal to `start` for an empty span.
    pub end: u32,
}

impl Span {
    /// The span `start..end`, clamped to the 4 GiB that a span can address.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Span {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The span as a range of `usize`, for slicing with `get`.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The file.
    pub file: FileId,
    /// The bytes of that file.
    pub span: Span,
}

impl Origin {
    /// A place in no file that was read: there are no lines of it to show.
    #[must_use]
    pub fn nowhere() -> Origin {
        Origin { file: FileId(u32::MAX), span: Span::new(0, 0) }
    }

    /// The smallest origin that covers both; `self` where the two lie in different files.
    #[must_use]
    pub fn to(self, other: Origin) -> Origin {
        if self.file == other.file { Origin { file: self.file, span: self.span.to(other.span) } } else { self }
    }
}

/// A place as a person reads it. Lines and columns count from 1; columns count characters.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Position {
    /// The file as the user named it.
    pub file: String,
    /// The line of the first character.
    pub line: u32,
    /// The column of the first character.
    pub column: u32,
    /// The line of the last character.
    pub end_line: u32,
    /// The column just after the last character.
    pub end_column: u32,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The name of standard input.
pub const STDIN: &str = "<stdin>";

/// One source text and its name.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    is_file: bool,
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// The name as the user wrote it, [`STDIN`] for standard input.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether there is a file of this name: not so for standard input and the command line.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.is_file
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let after_newline = self.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(after_newline).map(|at| Span::new(at, at).start).collect()
        })
    }

    /// Line and column, both from 1, of a byte offset.
    fn line_column(&self, offset: u32) -> (u32, u32) {
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= offset);
        let start = starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start as usize..offset as usize).unwrap_or("");
        let column = before.trim_start_matches('\u{feff}').chars().count();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (number(line), number(column + 1))
    }
}

/// All source texts of one run.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Takes in the text of a file, or of standard input under the name [`STDIN`], and gives it a number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let name = name.into();
        let is_file = name != STDIN;
        self.push(name, text.into(), is_file)
    }

    /// Takes in a text of the command line and gives it a number.
    pub fn add_argument(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.push(name.into(), text.into(), false)
    }

    fn push(&mut self, name: String, text: Arc<str>, is_file: bool) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let file = SourceFile { name, text, is_file, line_starts: OnceLock::new() };
        self.files.push(file);
        id
    }

    /// How many texts were taken in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The bytes of all texts together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.text.len() as u64).sum()
    }

    /// The file with this number. `None` only for a number of another map.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// Every source.
    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    /// The name of a file, empty for a number of another map.
    #[must_use]
    pub fn name(&self, id: FileId) -> &str {
        self.file(id).map_or("", SourceFile::name)
    }

    /// The text between the ends of an origin.
    #[must_use]
    pub fn text(&self, origin: Origin) -> &str {
        self.file(origin.file).and_then(|file| file.text.get(origin.span.range())).unwrap_or("")
    }

    /// The origin as line and column.
    #[must_use]
    pub fn position(&self, origin: Origin) -> Position {
        let Some(file) = self.file(origin.file) else {
            return Position { file: String::new(), line: 1, column: 1, end_line: 1, end_column: 1 };
        };
        let (line, column) = file.line_column(origin.span.start);
        let (end_line, end_column) = file.line_column(origin.span.end);
        Position { file: file.name.clone(), line, column, end_line, end_column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.yaml", "é: 1\r\nb: 2\n");
        let at = |start, end| sources.position(Origin { file, span: Span::new(start, end) });
        assert_eq!(at(0, 2).to_string(), "a.yaml:1:1");
        assert_eq!(at(2, 3).column, 2);
        assert_eq!((at(7, 11).line, at(7, 11).column, at(7, 11).end_column), (2, 1, 5));
    }

    #[test]
    fn an_offset_past_the_end_is_no_panic() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.yaml", "a");
        assert_eq!(sources.position(Origin { file, span: Span::new(90, 99) }).line, 1);
    }
}
