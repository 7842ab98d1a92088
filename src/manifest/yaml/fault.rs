//! Why a text cannot be read as YAML: a limit that was met, a template, or plain wrong syntax.
//!
//! Turns the errors of the YAML library into diagnostics, and words what `compose` and `size` find; called by `yaml` only.

use granit_parser::{ErrorKind, Marker, ScanError};

use super::Piece;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{hints, limits};
use crate::source::Origin;

const SPLIT: &str = "split it: any number of documents and files can be given";
const WRITE_OUT: &str = "write out what the aliases stand for";

/// What to say of an error of the library.
pub(super) fn of(piece: Piece<'_>, error: &ScanError) -> Diagnostic {
    let at = offset(piece.text, *error.marker());
    let end = piece.text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8());
    let place = piece.origin(at, end);
    match error.kind() {
        // The library's own limit on brackets, which it meets before levels are counted.
        ErrorKind::RecursionLimitExceeded => too_deep().at(place, ""),
        ErrorKind::UnknownAnchor => syntax_or_template(piece, place, "no anchor of this name stands before this alias"),
        _ => syntax_or_template(piece, place, &error.info()),
    }
}

/// The byte offset of a place; some syntax errors carry only line and column.
fn offset(text: &str, marker: Marker) -> usize {
    if let Some(at) = marker.byte_offset() {
        return at.min(text.len());
    }
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(marker.line().saturating_sub(1)).map(str::len).sum();
    let line = lines.next().unwrap_or("");
    before + line.char_indices().nth(marker.col()).map_or(line.len(), |(at, _)| at)
}

fn syntax_or_template(piece: Piece<'_>, place: Origin, reason: &str) -> Diagnostic {
    if let Some(at) = piece.text.find("{{") {
        return hints::helm(piece.origin(at, at + 2));
    }
    if piece.text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).starts_with(['{', '[']) {
        return Diagnostic::error(Code::JsonSyntax, format!("this is not JSON: {reason}")).at(place, "");
    }
    Diagnostic::error(Code::YamlSyntax, format!("this is not YAML: {reason}")).at(place, "")
}

/// More of something than a document may have, which aliases make.
pub(super) fn more_than(most: usize, what: &str) -> Diagnostic {
    limits::exceeded(format!("this document has more than {} {what}", limits::number(most)), WRITE_OUT)
}

/// More values than a document may have.
pub(super) fn too_many() -> Diagnostic {
    limits::exceeded(format!("this document has more than {} values", limits::number(limits::NODES)), SPLIT)
}

/// More documents than a file may have, with `...` between them.
pub(super) fn many_documents(place: Origin) -> Diagnostic {
    let most = limits::number(limits::DOCUMENTS);
    limits::exceeded(format!("this file has more than {most} documents"), SPLIT).at(place, "")
}

/// Longer strings than a document may have.
pub(super) fn too_long() -> Diagnostic {
    let message = "the strings of this document, with those that aliases repeat, are longer than 128 MiB";
    limits::exceeded(message, WRITE_OUT)
}

/// Collections inside too many others.
pub(super) fn too_deep() -> Diagnostic {
    let message = format!("this document is nested more than {} levels deep", limits::DEPTH);
    limits::exceeded(message, "no Kubernetes object needs so many: take levels out")
}

/// An alias inside what it stands for.
pub(super) fn endless(place: Origin) -> Diagnostic {
    Diagnostic::error(Code::YamlSyntax, "this alias stands inside what it stands for").at(place, "")
}

/// What no text should lead to.
pub(super) fn unexpected(place: Origin) -> Diagnostic {
    Diagnostic::error(Code::YamlSyntax, "this is not YAML: the reader expected a value here").at(place, "")
}

/// A tag that says nothing to Kubernetes.
pub(super) fn unknown_tag(tag: &str, place: Origin) -> Diagnostic {
    let message = format!("netverify cannot tell what the tag `{tag}` means here");
    Diagnostic::error(Code::YamlSyntax, message).at(place, "").help("drop the tag, or write out what it stands for")
}

/// A scalar that is not what its tag says.
pub(super) fn mistagged(text: &str, tag: &str, place: Origin) -> Diagnostic {
    let what = match tag {
        "null" => "null",
        "bool" => "a boolean",
        "int" => "a whole number",
        _ => "a number",
    };
    let message = format!("`{text}` is tagged as {tag} and is not {what}");
    Diagnostic::error(Code::WrongType, message).at(place, "").help("drop the tag")
}

/// Infinities, and what is no number: JSON, in which the API server is spoken to, has no word for them.
pub(super) fn not_finite(text: &str, place: Origin) -> Diagnostic {
    let message = format!("`{text}` is not a number that Kubernetes can hold");
    Diagnostic::error(Code::WrongType, message).at(place, "").help("put it in quotes if it is meant as a string")
}
