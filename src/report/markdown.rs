//! The report as Markdown, for a comment on a pull request: a table, then each counterexample folded.
//!
//! What comes from the user's files is made inert: it can neither form Markdown or HTML nor call
//! anybody. A comment has a largest size, so what does not fit is counted, not shown. Lays out what it
//! is given.

use super::text::excerpt;
use super::words::{counted, notes, one_line, proof, verdict};
use super::{PropertyReport, Report, Standing};
use crate::plain;
use crate::source::SourceMap;

/// The most bytes to write: a comment on GitHub holds 65,536 characters.
const MAX_BYTES: usize = 60_000;

/// The width that source lines are cut to; a comment shows about this much without a scroll bar.
const WIDTH: usize = 100;

/// By this line a workflow finds its own comment again.
const MARKER: &str = "<!-- netverify -->";

/// The whole report.
#[must_use]
pub fn render(report: &Report, sources: &SourceMap) -> String {
    let tail = tail(report);
    let mut page = Page::new(&format!("{MARKER}\n### netverify: {}\n\n", verdict(&report.summary)), tail.len());
    let (proved, others): (Vec<_>, Vec<_>) =
        report.properties.iter().partition(|property| property.standing() == Standing::Proved);
    let several = several_specs(report);
    table(&mut page, &others, several);
    page.add_all(others.iter().map(|property| folded(property, sources, several)), "counterexample", "counterexamples");
    page.add_all(std::iter::once(proofs(&proved, several)), "list of proofs", "lists of proofs");
    page.into_text() + &tail
}

/// Text that stops growing in time.
pub(super) struct Page {
    text: String,
    left: usize,
}

impl Page {
    /// A page that begins like this and leaves room for so many bytes at the end.
    pub(super) fn new(head: &str, tail: usize) -> Page {
        Page { text: head.to_owned(), left: MAX_BYTES.saturating_sub(head.len() + tail) }
    }

    /// What was written.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Whether there was room for it.
    fn add(&mut self, part: &str) -> bool {
        let fits = part.len() <= self.left;
        if fits {
            self.left -= part.len();
            self.text += part;
        }
        fits
    }

    /// Parts one after the other; those without room are counted.
    pub(super) fn add_all(&mut self, parts: impl Iterator<Item = String>, one: &str, many: &str) {
        let left_out = parts.filter(|part| !self.add(part)).count();
        if left_out > 0 {
            self.text += &format!("{} left out: a comment holds no more.\n\n", counted(left_out, one, many));
        }
    }
}

fn several_specs(report: &Report) -> bool {
    report.properties.windows(2).any(|pair| matches!(pair, [one, other] if one.spec != other.spec))
}

/// What is not proved.
fn table(page: &mut Page, others: &[&PropertyReport], several: bool) {
    if others.is_empty() {
        return;
    }
    page.add("| | property | where | severity | statement |\n|---|---|---|---|---|\n");
    let row = |property: &&PropertyReport| {
        let (word, name) = (property.standing().word(), inert(&property.name));
        let (place, severity) = (place(property, several), property.severity.name());
        format!("| **{word}** | {name} | {place} | {severity} | {} |\n", code(&property.sentence))
    };
    let left_out = others.iter().map(row).filter(|row| !page.add(row)).count();
    page.text += "\n";
    if left_out > 0 {
        page.text += &format!("{} left out: a comment holds no more.\n\n", counted(left_out, "row", "rows"));
    }
}

/// The variant, and the spec where there are several.
fn place(property: &PropertyReport, several: bool) -> String {
    let spec = property.spec.as_deref().filter(|_| several);
    let parts: Vec<String> = [spec, property.variant.as_deref()].into_iter().flatten().map(code).collect();
    parts.join(" ")
}

/// One property that is not proved: why it matters, what shows it, and the lines that do it.
fn folded(property: &PropertyReport, sources: &SourceMap, several: bool) -> String {
    let (word, name, place) = (property.standing().word(), inert(&property.name), place(property, several));
    let mut text = format!("<details><summary><b>{word}</b>: {name} {place}</summary>\n\n");
    text += &property.why.as_ref().map_or(String::new(), |why| format!("**Why it matters:** {}\n\n", inert(why)));
    for (name, words) in notes(property) {
        let words =
            if ["flow", "path", "pod", "and back", "try it"].contains(&name) { code(&words) } else { inert(&words) };
        text += &format!("- **{name}:** {words}\n");
    }
    let excerpt = excerpt(property, sources, WIDTH).map_or(String::new(), |excerpt| fenced(&excerpt));
    text + &excerpt + "\n</details>\n\n"
}

fn proofs(proved: &[&PropertyReport], several: bool) -> String {
    if proved.is_empty() {
        return String::new();
    }
    let mut text = format!("<details><summary>{} proved</summary>\n\n", proved.len());
    text += "| property | where | statement | reason |\n|---|---|---|---|\n";
    for property in proved {
        let (name, place) = (inert(&property.name), place(property, several));
        let (sentence, reason) = (code(&property.sentence), inert(&proof(&property.answer).join("; ")));
        text += &format!("| {name} | {place} | {sentence} | {reason} |\n");
    }
    text + "\n</details>\n\n"
}

fn tail(report: &Report) -> String {
    let assumptions = report.assumptions.iter().map(|assumption| format!("Assumes: {}.\n\n", inert(assumption)));
    let counts = &report.summary;
    let run = format!(
        "<sub>{}, {}, {} ms, netverify {}, Z3 {}</sub>\n",
        counted(report.properties.len(), "property", "properties"),
        counted(counts.policies, "policy", "policies"),
        counts.elapsed_ms,
        report.netverify,
        inert(&report.z3),
    );
    assumptions.collect::<String>() + &run
}

/// Text on one line that Markdown and HTML take for nothing but text. `@name` would call somebody.
pub(super) fn inert(text: &str) -> String {
    let mut inert = String::new();
    for c in plain::line(&one_line(text)).chars() {
        match c {
            '@' => inert += "@&#8203;",
            '&' => inert += "&amp;",
            '<' => inert += "&lt;",
            '>' => inert += "&gt;",
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '!' | '#' | '$' => {
                inert += &format!("&#{};", u32::from(c));
            }
            c => inert.push(c),
        }
    }
    inert
}

/// The same, in the letters of code.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", inert(text))
}

/// A block of code: its fence is longer than any run of backticks in it.
pub(super) fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}text\n{}\n{fence}\n", text.trim_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_neither_markdown_nor_html() {
        assert_eq!(
            inert("a <b>|`c`\n**d** [e](f)"),
            "a &lt;b&gt;&#124;&#96;c&#96; &#42;&#42;d&#42;&#42; &#91;e&#93;(f)"
        );
        assert_eq!(inert("ask @team"), "ask @&#8203;team");
        assert_eq!(inert("a\u{1b}b"), "a&#92;u{1b}b");
        assert_eq!(code("</code><script>"), "<code>&lt;/code&gt;&lt;script&gt;</code>");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("a"), "\n```text\na\n```\n");
        assert_eq!(fenced("````\n"), "\n`````text\n````\n`````\n");
    }

    #[test]
    fn a_page_counts_what_does_not_fit() {
        let mut page = Page { text: String::new(), left: 5 };
        page.add_all(["abc", "def", "gh"].map(str::to_owned).into_iter(), "part", "parts");
        assert_eq!(page.text, "abcgh1 part left out: a comment holds no more.\n\n");
    }
}
