//! Merge keys (`<<`) and duplicate keys of one mapping (V61). Called by `yaml` only.

use std::collections::HashMap;

use super::faults::Faults;
use super::yaml::{Node, Piece, Value};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Origin;

/// The entries with their merges resolved and their duplicates reported.
pub fn merged(entries: Vec<(Node, Node)>, piece: &Piece<'_>, faults: &mut Faults) -> Vec<(Node, Node)> {
    duplicates(&entries, faults);
    // A quoted "<<" is a key like any other.
    let is_merge = |key: &Node| key.as_str() == Some("<<") && piece.source(key.origin) == "<<";
    if !entries.iter().any(|(key, _)| is_merge(key)) {
        return entries;
    }
    let (merges, own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, _)| is_merge(key));
    let mut merger = Merger { written: positions(&own), own, faults };
    for (key, value) in merges {
        merger.merge(&key, value);
    }
    merger.own
}

/// A mapping that takes others in. Its string keys stand in a table beside it: a long mapping, or a
/// short one many times, must not cost their product.
struct Merger<'d> {
    own: Vec<(Node, Node)>,
    written: HashMap<String, usize>,
    faults: &'d mut Faults,
}

impl Merger<'_> {
    fn merge(&mut self, merge: &Node, value: Node) {
        let used = value.used();
        let sources = match value.value {
            Value::List(items) => items.into_iter().map(|item| item.value).collect(),
            other => vec![other],
        };
        for source in sources {
            let Value::Map(entries) = source else {
                let diagnostic = Diagnostic::error(Code::YamlSyntax, "`<<` merges mappings, and this is none");
                self.faults.push(diagnostic.at(used, ""));
                continue;
            };
            entries.into_iter().for_each(|entry| self.entry(merge, entry));
        }
    }

    /// What is there goes before what is merged in. Of keys that are no strings every one is kept:
    /// the decoder refuses them all (V62).
    fn entry(&mut self, merge: &Node, (key, value): (Node, Node)) {
        let known = key.as_str().and_then(|name| self.written.get(name)).and_then(|at| self.own.get(*at));
        match known {
            Some((name, written)) if written.value != value.value => {
                self.faults.extend(overridden(merge, name));
            }
            Some(_) => {}
            None => {
                if let Some(name) = key.as_str() {
                    self.written.insert(name.to_owned(), self.own.len());
                }
                self.own.push((key, value));
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

fn duplicates(entries: &[(Node, Node)], faults: &mut Faults) {
    let mut seen: HashMap<&str, Origin> = HashMap::with_capacity(entries.len());
    for (key, _) in entries {
        let Some(name) = key.as_str() else { continue };
        if let Some(first) = seen.insert(name, key.origin) {
            faults.push(duplicate(name, first, key.origin));
        }
    }
}

fn duplicate(name: &str, first: Origin, second: Origin) -> Diagnostic {
    Diagnostic::error(Code::DuplicateKey, format!("the key `{name}` is written twice in one mapping"))
        .at(second, "kubectl would take this one and drop the other without a word")
        .related(first, "first here")
        .help("keep one of the two")
}
