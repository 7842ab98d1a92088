//! Cuts a stream at its `---` lines, so that documents can be read in parallel. Called by the
//! module's front only.

use std::ops::Range;

/// The byte ranges of the pieces of a text. A piece begins at its `---` line; `---` counts at column
/// zero only, before white space or the end of the line, where YAML allows nothing else to stand.
pub fn cut(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let (mut start, mut at, mut directives) = (0, 0, false);
    for line in text.split_inclusive('\n') {
        let separator =
            line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        // `%YAML 1.2` stands before the `---` of the document that it is about.
        if separator && at > start && !directives {
            pieces.push(start..at);
            start = at;
        }
        directives = !separator && (line.starts_with('%') || (directives && is_blank(line)));
        at += line.len();
    }
    pieces.push(start..text.len());
    pieces.retain(|piece| {
        text.get(piece.clone())
            .is_some_and(|piece| !piece.lines().all(|line| is_blank(line) || line.trim_end() == "---"))
    });
    pieces
}

/// Whether a line is empty or a comment.
fn is_blank(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::string_slice, reason = "a test may panic")]
    fn pieces(text: &str) -> Vec<&str> {
        cut(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn streams_are_cut_at_separators_only() {
        assert_eq!(pieces("a: 1\n---\nb: 2\n"), ["a: 1\n", "---\nb: 2\n"]);
        assert_eq!(pieces("---\n# x\n---\na: 1\n---\n"), ["---\na: 1\n"]);
        assert_eq!(pieces("a: |\n  ---\n  b\n---x: 1\n"), ["a: |\n  ---\n  b\n---x: 1\n"]);
        assert_eq!(pieces("--- {a: 1}\n--- {b: 2}"), ["--- {a: 1}\n", "--- {b: 2}"]);
        assert_eq!(pieces("a: 1\r\n---\r\nb: 2"), ["a: 1\r\n", "---\r\nb: 2"]);
        assert_eq!(pieces("%YAML 1.2\n---\na: 1\n"), ["%YAML 1.2\n---\na: 1\n"]);
        assert!(pieces("\u{feff}# nothing\n").is_empty());
    }
}
