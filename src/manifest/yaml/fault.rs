//! Why a text cannot be read as YAML: a limit that was met, a template, or plain wrong syntax.
//!
//! Turns the errors of the YAML crate into diagnostics; called by `yaml` only.

use serde_yaml::Error;
use serde_yaml::budget::BudgetBreach;

use super::{Piece, offset};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{hints, limits};
use crate::source::Origin;

/// What to say of an error; `copied` is how many bytes of strings were handed over before it.
pub(super) fn of(piece: Piece<'_>, error: &Error, copied: usize) -> Diagnostic {
    let at = error.location().map_or(0, |location| offset(piece.text, &location));
    let end = piece.text.get(at..).and_then(|rest| rest.chars().next()).map_or(at, |c| at + c.len_utf8());
    let error = innermost(error);
    let place = piece.origin(at, end);
    if let Some(limit) = limit(error, copied) {
        return limit.at(place, "");
    }
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    syntax_or_template(piece, place, reason)
}

/// Which limit was met, if one was.
fn limit(error: &Error, copied: usize) -> Option<Diagnostic> {
    const SPLIT: &str = "split it: any number of documents and files can be given";
    const WRITE_OUT: &str = "write out what the aliases stand for";
    let more_than = |most, what: &str| format!("this document has more than {} {what}", limits::number(most));
    if copied > limits::STRING_BYTES {
        let message = "the strings of this document, with those that aliases repeat, are longer than 128 MiB";
        return Some(limits::exceeded(message, WRITE_OUT));
    }
    let too_deep = || {
        let message = format!("this document is nested more than {} levels deep", limits::DEPTH);
        limits::exceeded(message, "no Kubernetes object needs so many: take levels out")
    };
    let found = match error {
        Error::Budget { breach, .. } => match breach {
            BudgetBreach::Depth { .. } => too_deep(),
            BudgetBreach::Nodes { .. } => limits::exceeded(more_than(limits::NODES, "values"), SPLIT),
            BudgetBreach::Anchors { .. } => limits::exceeded(more_than(limits::ANCHORS, "anchors"), WRITE_OUT),
            BudgetBreach::Aliases { .. } => limits::exceeded(more_than(limits::ANCHORS, "aliases"), WRITE_OUT),
            _ => limits::exceeded(format!("this document goes beyond a limit of the YAML reader: {error}"), SPLIT),
        },
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            limits::exceeded(more_than(limits::ALIAS_EVENTS, "values through aliases"), WRITE_OUT)
        }
        // The scanner's own limit on brackets, which it meets before it counts levels.
        _ if error.to_string().starts_with("recursion limit exceeded") => too_deep(),
        _ => return None,
    };
    Some(found)
}

/// The error itself, without the alias through which it was met.
fn innermost(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } | Error::WithSnippet { error: inner, .. } = error {
        error = inner;
    }
    error
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
