//! Which part of a source is shown under a message: the lines of its marks, and of a long line what is
//! near them. However large a file, a line or the distance between two marks is, what is shown is not.
//!
//! Private to `text`, which hands the result to the renderer.

use std::ops::Range;

use crate::plain;
use crate::source::{FileId, Origin, SourceMap};

/// A line of more bytes is cut down to what is near its marks.
const LONG_LINE: usize = 1_000;
/// What counts as near, in bytes.
const NEAR: usize = 120;
/// Marks further apart, in bytes, are shown as two pieces.
const FAR: usize = 32 * 1024;
/// What stands for what is left out.
const GAP: &str = " ... ";

/// Lines to show, and what to say under them.
pub(super) struct Mark {
    pub(super) origin: Origin,
    pub(super) label: String,
    pub(super) primary: bool,
}

/// A piece of a file, ready to be shown.
pub(super) struct Window<'a> {
    pub(super) file: FileId,
    /// The number of its first line.
    pub(super) line: usize,
    /// Its text, safe for a terminal.
    pub(super) text: String,
    /// The marks in it, with their bytes in `text`.
    pub(super) marks: Vec<(&'a Mark, Range<usize>)>,
}

/// The pieces that show these marks, files in the order in which they are first marked.
pub(super) fn windows<'a>(marks: &'a [Mark], sources: &SourceMap) -> Vec<Window<'a>> {
    let mut files: Vec<FileId> = Vec::new();
    for mark in marks {
        if !files.contains(&mark.origin.file) && sources.file(mark.origin.file).is_some() {
            files.push(mark.origin.file);
        }
    }
    let of = |file: FileId| {
        let here = marks.iter().filter(|mark| mark.origin.file == file);
        let text: &str = sources.file(file).map_or("", |file| file.text());
        let groups = groups(here.map(|mark| (mark, clip(mark, text))).collect());
        groups.into_iter().map(|group| window(file, group, text, sources)).collect::<Vec<_>>()
    };
    files.into_iter().flat_map(of).collect()
}

type Placed<'a> = (&'a Mark, Range<usize>);

/// The bytes to mark: without white space at the end, which would draw the last line under the next
/// item, and of a very long span its first line.
fn clip(mark: &Mark, text: &str) -> Range<usize> {
    let start = floor(text, mark.origin.span.range().start);
    let marked = text.get(start..mark.origin.span.range().end).unwrap_or("");
    let marked = if marked.len() > FAR { marked.lines().next().unwrap_or("") } else { marked };
    start..start + marked.trim_end().len()
}

/// Marks near each other together; the groups in the order of their first marks.
fn groups(marks: Vec<Placed<'_>>) -> Vec<Vec<Placed<'_>>> {
    let mut groups: Vec<(Range<usize>, Vec<Placed<'_>>)> = Vec::new();
    for (mark, span) in marks {
        let near = |whole: &Range<usize>| span.start <= whole.end + FAR && whole.start <= span.end + FAR;
        match groups.iter_mut().find(|(whole, _)| near(whole)) {
            Some((whole, group)) => {
                *whole = whole.start.min(span.start)..whole.end.max(span.end);
                group.push((mark, span));
            }
            None => groups.push((span.clone(), vec![(mark, span)])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn window<'a>(file: FileId, group: Vec<Placed<'a>>, text: &str, sources: &SourceMap) -> Window<'a> {
    let first = group.iter().map(|(_, span)| span.start).min().unwrap_or(0);
    let last = group.iter().map(|(_, span)| span.end).max().unwrap_or(0);
    let start = text.get(..first).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    // A byte order mark is no part of the first line that anybody sees.
    let start = if text.starts_with('\u{feff}') { start.max('\u{feff}'.len_utf8()) } else { start };
    let end = text.get(last..).and_then(|after| after.find('\n')).map_or(text.len(), |at| last + at);
    let spans: Vec<Range<usize>> = group.iter().map(|(_, span)| span.clone()).collect();
    let cut = Cut::new(text, start..end.max(start), &spans);
    let line = sources.position(Origin { file, span: crate::source::Span::new(start, start) }).line as usize;
    let marks = group.into_iter().map(|(mark, span)| (mark, cut.place(span.start)..cut.place(span.end))).collect();
    Window { file, line, text: plain::source(&cut.text).into_owned(), marks }
}

/// A text with holes, and where its bytes went.
struct Cut {
    text: String,
    /// Kept ranges of the original, each with its place in the text.
    kept: Vec<(Range<usize>, usize)>,
}

impl Cut {
    fn new(text: &str, whole: Range<usize>, spans: &[Range<usize>]) -> Cut {
        let mut cut = Cut { text: String::new(), kept: Vec::new() };
        let mut at = whole.start;
        for line in text.get(whole).unwrap_or("").split_inclusive('\n') {
            let range = at..at + line.len();
            at = range.end;
            if line.len() <= LONG_LINE {
                // The carriage return before a line feed is nothing to show.
                let shown = line.strip_suffix("\r\n").or_else(|| line.strip_suffix('\r')).unwrap_or(line);
                cut.keep(text, range.start..range.start + shown.len());
                cut.text += if shown.len() < line.len() && line.ends_with('\n') { "\n" } else { "" };
            } else {
                cut.long_line(text, range, spans);
            }
        }
        cut
    }

    fn keep(&mut self, text: &str, range: Range<usize>) {
        let kept = text.get(range.clone()).unwrap_or("");
        self.kept.push((range, self.text.len()));
        self.text += kept;
    }

    /// The head of the line, what is near the ends of marks, and the end of the line.
    fn long_line(&mut self, text: &str, line: Range<usize>, spans: &[Range<usize>]) {
        let near = |at: usize| at.saturating_sub(NEAR)..at + NEAR;
        let ends = spans.iter().flat_map(|span| [near(span.start), near(span.end)]);
        let ends = ends.filter(|range| range.start < line.end && line.start < range.end);
        let line_end = if text.get(..line.end).is_some_and(|text| text.ends_with('\n')) { 1 } else { 0 };
        let mut wanted: Vec<Range<usize>> = ends.collect();
        wanted.push(line.start..line.start + NEAR);
        wanted.push(line.end - line_end..line.end);
        wanted.sort_by_key(|range| range.start);
        let mut at = line.start;
        for range in wanted {
            let (start, end) = (floor(text, range.start.max(at)), floor(text, range.end.min(line.end)));
            if end <= at {
                continue;
            }
            if start > at {
                self.text += GAP;
            }
            self.keep(text, start..end);
            at = end;
        }
        if at < line.end - line_end {
            self.text += GAP;
        }
    }

    /// Where a byte of the original is in the text; for one left out, the next that is there.
    fn place(&self, at: usize) -> usize {
        let before = self.kept.iter().rev().find(|(range, _)| range.start <= at);
        before.map_or(0, |(range, place)| place + at.min(range.end).saturating_sub(range.start)).min(self.text.len())
    }
}

/// The last boundary of characters at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn shown(text: &str, spans: &[(usize, usize)]) -> Vec<(usize, String, Vec<String>)> {
        let mut sources = SourceMap::default();
        let file = sources.add("a.yaml", text);
        let mark = |(start, end): &(usize, usize)| Mark {
            origin: Origin { file, span: Span::new(*start, *end) },
            label: String::new(),
            primary: true,
        };
        let marks: Vec<Mark> = spans.iter().map(mark).collect();
        let of = |window: Window<'_>| {
            let marked = window.marks.iter().map(|(_, range)| window.text.get(range.clone()).unwrap_or("!").to_owned());
            (window.line, window.text.clone(), marked.collect())
        };
        windows(&marks, &sources).into_iter().map(of).collect()
    }

    #[test]
    fn marked_lines_are_shown_whole() {
        assert_eq!(
            shown("a: 1\nb: 2\nc: 3\n", &[(5, 9), (10, 11)]),
            [(2, "b: 2\nc: 3".to_owned(), vec!["b: 2".to_owned(), "c".to_owned()])]
        );
        assert_eq!(
            shown("a: 1\r\nb: 2\r\nc: 3\r\n", &[(6, 16)]),
            [(2, "b: 2\nc: 3".to_owned(), vec!["b: 2\nc: 3".to_owned()])]
        );
        assert_eq!(shown("\u{feff}a: 1\n", &[(3, 4)]), [(1, "a: 1".to_owned(), vec!["a".to_owned()])]);
    }

    #[test]
    fn a_long_line_is_cut_to_what_is_near_its_marks() {
        let text = format!("key: {}MARK{}\nnext: 1\n", "é".repeat(3_000_000), "x".repeat(5_000_000));
        let start = 5 + 6_000_000;
        let pieces = shown(&text, &[(start, start + 4), (0, 3)]);
        assert!(pieces.iter().all(|(_, text, _)| text.len() < 1_000), "{pieces:?}");
        assert_eq!(pieces.iter().flat_map(|(.., marks)| marks.clone()).collect::<Vec<_>>(), ["MARK", "key"]);
    }

    #[test]
    fn marks_far_apart_are_two_pieces_and_a_long_span_its_first_line() {
        let text = format!("first: 1\n{}last: 2\n", "# filler\n".repeat(50_000));
        let pieces = shown(&text, &[(0, 5), (text.len() - 8, text.len() - 4)]);
        assert_eq!(
            pieces.iter().map(|(line, text, _)| (*line, text.as_str())).collect::<Vec<_>>(),
            [(1, "first: 1"), (50_002, "last: 2")]
        );
        assert_eq!(shown(&text, &[(0, text.len())]), [(1, "first: 1".to_owned(), vec!["first: 1".to_owned()])]);
    }
}
