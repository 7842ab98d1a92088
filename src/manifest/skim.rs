//! Documents of kinds that do not matter, known by their first two lines and not read any further. Called by the module's front only.
//!
//! Rendered charts are mostly made of such documents. A look at the text must never pass over what Kubernetes, or the reader of this
//! module, would take for something else. So the first two lines have to be `apiVersion: WORD` and `kind: WORD`, which at the
//! beginning of a document are keys of its outermost mapping and nothing else, and every other line at the left edge has to begin with
//! a plain key of another name, a dash or a `#`: then no second `kind` can stand there, and none can hide behind a quote or a tag.
//! Assumes a text in which Kubernetes and the reader see the same lines. Whatever is in doubt is read. What is wrong further inside a document that
//! is passed over is not told: nothing there could matter.

use super::kinds::{self, Treatment};
use super::scalar;

/// The kind of a document that need not be read.
pub fn unread_kind(piece: &str) -> Option<&str> {
    let lines = piece.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let mut lines = lines.skip_while(|line| is_prologue(line));
    let (version, kind) = match (field(lines.next()?)?, field(lines.next()?)?) {
        (("apiVersion", version), ("kind", kind)) | (("kind", kind), ("apiVersion", version)) => (version, kind),
        _ => return None,
    };
    // What is indented here goes on with the second of the two.
    let ends_there = lines.clone().find(|line| !line.trim().is_empty()).is_none_or(|line| !line.starts_with(' '));
    // A list may hold anything.
    let is_unread = kinds::treatment(version, kind) == Treatment::Irrelevant && !kind.ends_with("List");
    (is_unread && ends_there && lines.all(is_harmless) && !is_doubtful(piece)).then_some(kind)
}

/// What may stand before the first key.
fn is_prologue(line: &str) -> bool {
    line.is_empty() || line.starts_with('#') || line == "---"
}

/// A key and its string, and nothing else on the line.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, word) = line.split_once(": ")?;
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '-'));
    let is_string =
        word.starts_with(|c: char| c.is_ascii_alphabetic()) && is_word(word) && scalar::plain(word).is_none();
    is_string.then_some((name, word))
}

/// Whether a line cannot say once more what the object is.
fn is_harmless(line: &str) -> bool {
    match line.as_bytes().first() {
        None | Some(b' ' | b'#') => true,
        Some(b'-') => !line.starts_with("---"),
        Some(first) => first.is_ascii_alphabetic() && !line.starts_with("kind") && !line.starts_with("apiVersion"),
    }
}

/// Whether a line may end where no end was seen, or Helm has something to say.
fn is_doubtful(piece: &str) -> bool {
    let lone_return = || piece.matches('\r').count() != piece.matches("\r\n").count();
    piece.contains("{{") || piece.contains('\r') && lone_return()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::edits::edited;
    use super::super::faults::Faults;
    use super::super::yaml::{Node, Piece, parse};
    use super::*;
    use crate::source::SourceMap;

    const CONFIG: &str = "---\n# Source: chart\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  kind: b\n  c: |\n    kind: d\n  e: \"f\n    g\"\nitems:\n- h\n";

    #[test]
    fn documents_that_do_not_matter_are_passed_over() {
        assert_eq!(unread_kind(CONFIG), Some("ConfigMap"));
        assert_eq!(unread_kind(&CONFIG.replace('\n', "\r\n")), Some("ConfigMap"));
        assert_eq!(
            unread_kind("kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1"),
            Some("CustomResourceDefinition")
        );
    }

    #[test]
    fn whatever_is_in_doubt_is_read() {
        let end = |end: &str| format!("{CONFIG}{end}");
        for text in [
            CONFIG.replace("ConfigMap", "NetworkPolicy"),
            CONFIG.replace("ConfigMap", "ConfigMapList"),
            CONFIG.replace("ConfigMap", "'ConfigMap'"),
            CONFIG.replace("ConfigMap", "ConfigMap # or not"),
            CONFIG.replace("ConfigMap", "Off"),
            CONFIG.replace("apiVersion: v1\n", ""),
            CONFIG.replace("kind: ConfigMap", "data: {}\nkind: ConfigMap"),
            end("kind: NetworkPolicy\n"),
            end("apiVersion: networking.k8s.io/v1\n"),
            end("'kind': NetworkPolicy\n"),
            end("? kind\n: NetworkPolicy\n"),
            end("!!str kind: NetworkPolicy\n"),
            end("...\n---\na: b\n"),
            end("---\na: b\n"),
            end("<<: {kind: NetworkPolicy}\n"),
            end("x: y\rkind: NetworkPolicy\n"),
            CONFIG.replace("ConfigMap\n", "ConfigMap\n  b\n"),
            CONFIG.replace("ConfigMap\n", "ConfigMap\n\n  b\n"),
            end("\tx: y\n"),
            end("x: {{ y }}\n"),
            format!("\u{feff}{CONFIG}"),
            format!("%YAML 1.1\n{CONFIG}"),
        ] {
            assert_eq!(unread_kind(&text), None, "{text}");
        }
    }

    const FRAGMENTS: &[&str] = &[
        "kind: NetworkPolicy\n",
        "\nkind: Pod\n",
        "apiVersion: v1\n",
        "kind",
        "'",
        "\"",
        "{",
        "}",
        "[",
        ": ",
        "|\n",
        ">\n",
        "\n",
        "\r",
        "\r\n",
        "- ",
        "? ",
        "&a ",
        "*a",
        "<<: *a\n",
        "!!str ",
        "#",
        " ",
        "---\n",
        "...\n",
        "\n  ",
        "\t",
        ",",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Where the reader takes a document that is passed over, it is one object of the kind that was seen.
        #[test]
        fn what_is_passed_over_is_what_it_seems_to_be(text in edited(&[CONFIG], FRAGMENTS)) {
            let Some(kind) = unread_kind(&text) else { return Ok(()) };
            let (mut sources, mut faults) = (SourceMap::default(), Faults::new(1));
            let documents = parse(Piece { file: sources.add("a.yaml", text.as_str()), text: &text, start: 0 }, &mut faults);
            if faults.is_empty() {
                prop_assert_eq!(documents.len(), 1);
                let read = documents.first().and_then(|document| document.root.get("kind")).and_then(Node::as_str);
                prop_assert_eq!(read, Some(kind));
            }
        }
    }
}
