//! Merge keys (`<<`) and duplicate keys of one mapping (V61). Called by `yaml` only.

use std::collections::HashMap;

use super::faults::Faults;
use super::yaml::{Node, Value};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Origin;

/// A key and its value.
type Entry<'t> = (Node<'t>, Node<'t>);

/// The entries of a mapping, with what its merge keys bring in and its duplicates reported.
pub fn merged<'t>(own: Vec<Entry<'t>>, merges: Vec<Entry<'t>>, faults: &mut Faults) -> Vec<Entry<'t>> {
    duplicates(&own, faults);
    if merges.is_empty() {
        return own;
    }
    duplicates(&merges, faults);
    let mut merger = Merger { written: positions(&own), own, faults };
    for (key, value) in merges {
        merger.merge(&key, value);
    }
    merger.own
}

/// A mapping that takes others in. Its string keys stand in a table beside it: a long mapping, or a
/// short one many times, must not cost their product.
struct Merger<'t, 'd> {
    own: Vec<Entry<'t>>,
    written: HashMap<String, usize>,
    faults: &'d mut Faults,
}

impl<'t> Merger<'t, '_> {
    fn merge(&mut self, merge: &Node<'_>, value: Node<'t>) {
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
    fn entry(&mut self, merge: &Node<'_>, (key, value): Entry<'t>) {
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

fn positions(entries: &[Entry<'_>]) -> HashMap<String, usize> {
    let names = entries.iter().enumerate().filter_map(|(at, (key, _))| Some((key.as_str()?.to_owned(), at)));
    names.collect()
}

/// Kubernetes' own reader lets a merge win over a key written before it; YAML says the opposite.
/// Nobody can want that doubt in a policy.
fn overridden(merge: &Node<'_>, name: &Node<'_>) -> Option<Diagnostic> {
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

/// How many keys are compared one with another: most mappings have fewer, and a table costs more than that.
const FEW: usize = 12;

fn duplicates(entries: &[Entry<'_>], faults: &mut Faults) {
    let names = entries.iter().enumerate().filter_map(|(at, (key, _))| Some((at, key.as_str()?, key.origin)));
    let mut seen: HashMap<&str, Origin> = HashMap::new();
    for (at, name, place) in names {
        let first = if entries.len() <= FEW {
            let earlier = entries.iter().take(at).rev().find(|(key, _)| key.as_str() == Some(name));
            earlier.map(|(key, _)| key.origin)
        } else {
            seen.insert(name, place)
        };
        faults.extend(first.map(|first| duplicate(name, first, place)));
    }
}

fn duplicate(name: &str, first: Origin, second: Origin) -> Diagnostic {
    Diagnostic::error(Code::DuplicateKey, format!("the key `{name}` is written twice in one mapping"))
        .at(second, "kubectl would take this one and drop the other without a word")
        .related(first, "first here")
        .help("keep one of the two")
}
