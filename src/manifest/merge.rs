//! Merge keys (`<<`) and duplicate keys of one mapping (V61). Called by `yaml` only.

use std::collections::HashMap;

use super::yaml::{Node, Piece, Value};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Origin;

/// The entries with their merges resolved and their duplicates reported.
pub fn merged(entries: Vec<(Node, Node)>, piece: &Piece<'_>, diagnostics: &mut Vec<Diagnostic>) -> Vec<(Node, Node)> {
    duplicates(&entries, diagnostics);
    // A quoted "<<" is a key like any other.
    let is_merge = |key: &Node| key.as_str() == Some("<<") && piece.source(key.origin) == "<<";
    if !entries.iter().any(|(key, _)| is_merge(key)) {
        return entries;
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| is_merge(key));
    for (key, value) in merges {
        merge(&key, value, &mut own, diagnostics);
    }
    own
}

fn merge(merge: &Node, value: Node, own: &mut Vec<(Node, Node)>, diagnostics: &mut Vec<Diagnostic>) {
    let used = value.used();
    let sources = match value.value {
        Value::List(items) => items.into_iter().map(|item| item.value).collect(),
        other => vec![other],
    };
    for source in sources {
        let Value::Map(entries) = source else {
            let diagnostic = Diagnostic::error(Code::YamlSyntax, "`<<` merges mappings, and this is none");
            diagnostics.push(diagnostic.at(used, ""));
            continue;
        };
        // Strings by a table: a long mapping merged into a long one must not cost their product.
        let written: HashMap<String, usize> = positions(own);
        for (key, value) in entries {
            let known = match key.as_str() {
                Some(name) => written.get(name).and_then(|at| own.get(*at)),
                None => own.iter().find(|(name, _)| name.value == key.value),
            };
            match known {
                None => own.push((key, value)),
                Some((name, written)) if written.value != value.value => {
                    diagnostics.extend(overridden(merge, name));
                }
                Some(_) => {}
            }
        }
    }
}

fn positions(entries: &[(Node, Node)]) -> HashMap<String, usize> {
    let names = entries.iter().enumerate().filter_map(|(at, (key, _))| Some((key.as_str()?.to_owned(), at)));
    names.collect()
}

/// Kubernetes' own reader lets a merge win over a key written before it; YAML says the opposite.
/// Nobody can want that doubt in a policy.
fn overridden(merge: &Node, name: &Node) -> Option<Diagnostic> {
    if name.alias.is_some() || name.origin.span.start > merge.origin.span.start {
        return None;
    }
    let key = name.as_str().unwrap_or("key");
    let diagnostic = Diagnostic::error(Code::DuplicateKey, format!("`{key}` is written and merged in again below"))
        .at(name.origin, "YAML readers differ on which of the two counts")
        .related(merge.origin, "merged here")
        .help("write `<<` first, then the keys that override it");
    Some(diagnostic)
}

fn duplicates(entries: &[(Node, Node)], diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, Origin> = HashMap::with_capacity(entries.len());
    for (key, _) in entries {
        let Some(name) = key.as_str() else { continue };
        if let Some(first) = seen.insert(name, key.origin) {
            diagnostics.push(duplicate(name, first, key.origin));
        }
    }
}

fn duplicate(name: &str, first: Origin, second: Origin) -> Diagnostic {
    Diagnostic::error(Code::DuplicateKey, format!("the key `{name}` is written twice in one mapping"))
        .at(second, "kubectl would take this one and drop the other without a word")
        .related(first, "first here")
        .help("keep one of the two")
}
