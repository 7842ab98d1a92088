//! Lines of a source as a review shows them, a few around what is marked.

use crate::plain;
use crate::report::review::{Excerpt, Line, SourceLine};
use crate::source::{Origin, SourceMap};

/// Lines shown before the marked ones.
const BEFORE: usize = 2;
/// The most lines of one excerpt.
const MOST: usize = 24;
/// The most characters of one line.
const WIDE: usize = 160;

/// The place where an origin begins.
pub(super) fn line(sources: &SourceMap, origin: Origin) -> Line {
    let position = sources.position(origin);
    Line { file: position.file, line: position.line }
}

/// The lines of an origin; `None` where there is no such file.
pub(super) fn excerpt(sources: &SourceMap, origin: Origin, title: String) -> Option<Excerpt> {
    let text = sources.file(origin.file)?.text();
    let position = sources.position(origin);
    let before = text.get(..origin.span.range().start)?;
    let starts = before.rmatch_indices('\n').map(|(at, _)| at + 1).chain([0]);
    let shown: Vec<usize> = starts.take(BEFORE + 1).collect();
    let first = u32::try_from(shown.len().saturating_sub(1)).unwrap_or(0);
    let number = position.line.saturating_sub(first);
    // An origin may end at the very start of the line after it.
    let last = if position.end_column <= 1 { position.end_line.saturating_sub(1) } else { position.end_line };
    let last = last.max(position.line);
    let wanted = (last - number) as usize + 1;
    let rest = text.get(shown.last().copied().unwrap_or(0)..)?;
    let lines = rest.lines().take(wanted.min(MOST)).zip(number..).map(|(text, number)| SourceLine {
        number,
        text: cut(text),
        marked: (position.line..=last).contains(&number),
    });
    let (lines, more) = (lines.collect::<Vec<_>>(), wanted.saturating_sub(MOST));
    let at = Line { file: position.file, line: position.line };
    Some(Excerpt { title, at, text: as_text(&lines, more), lines, more })
}

fn as_text(lines: &[SourceLine], more: usize) -> String {
    let line = |line: &SourceLine| {
        let sign = if line.marked { '>' } else { ' ' };
        format!("{sign} {:>4}  {}\n", line.number, line.text)
    };
    let rest = if more > 0 { format!("        {more} more lines\n") } else { String::new() };
    lines.iter().map(line).collect::<String>() + &rest
}

fn cut(line: &str) -> String {
    let text = plain::source(line);
    match text.char_indices().nth(WIDE) {
        Some((at, _)) => format!("{} ...", text.get(..at).unwrap_or("")),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn of(text: &str, marked: &str) -> Excerpt {
        let mut sources = SourceMap::default();
        let file = sources.add("a.yaml", text);
        let start = text.find(marked).unwrap();
        excerpt(&sources, Origin { file, span: Span::new(start, start + marked.len()) }, String::new()).unwrap()
    }

    #[test]
    fn what_is_marked_stands_among_its_neighbours() {
        let excerpt = of("a\nb\nc\nd\ne\n", "d");
        let lines: Vec<_> = excerpt.lines.iter().map(|line| (line.number, line.text.as_str(), line.marked)).collect();
        assert_eq!(lines, [(2, "b", false), (3, "c", false), (4, "d", true)]);
    }

    #[test]
    fn the_line_after_the_end_is_not_marked() {
        assert_eq!(of("a\nb\nc\n", "a\nb\n").lines.len(), 2);
    }

    #[test]
    fn what_is_long_is_cut_and_counted() {
        let text = "x\n".repeat(100);
        let excerpt = of(&text, text.trim_end());
        assert_eq!((excerpt.lines.len(), excerpt.more), (MOST, 76));
        let wide = "é".repeat(400);
        assert_eq!(of(&wide, &wide).lines[0].text.chars().count(), WIDE + 4);
    }
}
