//! A test: what is read here without a fault, another reader of YAML reads alike. Both split the text by the same library; what is
//! made of its events is not shared.

use proptest::prelude::*;
use serde_json::{Map, Number, Value as Json};

use super::{Node, Piece, Value, parse};
use crate::manifest::edits::edited;
use crate::manifest::faults::Faults;
use crate::source::SourceMap;

/// Documents with everything that manifests make use of.
const DOCUMENTS: &[&str] = &[
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, labels: {a: \"b\", \"c\": 'it''s'}}\nspec:\n  podSelector:\n    matchLabels:\n      app: web # not `db`\n  ingress:\n  - from:\n    - namespaceSelector: {}\n      podSelector: {matchExpressions: [{key: app, operator: In, values: [x, y]}]}\n    ports: [{port: 80}, {port: 0x1F, endPort: 010}]\n  policyTypes: [Ingress]\n",
    "base: &base {app: web, tier: front}\nboth: &both\n  <<: *base\n  tier: back\nlist: [*base, *both, ~, yes, -1.5e3]\n? key\n: - a\n  -\n  - - b\n    - {}\nother: {<<: [*both, {x: 1}], y: }\n",
    "---\ntext: |\n  one\n   two\n\nfolded: >-\n  three\n  four\nquoted: \"a\\tb \\u00e9\\\n  c\"\nplain: d\n  e f\n!!str tagged: !!int \"5\"\n...\n---\n{\"json\": [true, null, 1, \"x\", {\"y\": []}]}\n",
];

/// What an edit puts in.
const FRAGMENTS: &[&str] = &[
    "&a ", "*a", "*base", "<<: ", "- ", "[", "]", "{", "}", "\n", "\n  ", ": ", ", ", "'", "\"", "!!str ", "!x ", "#",
    " ", "~", "|\n", "? ", "---\n", "...\n", "\t", "é", "\r\n", "null", "on",
];

/// The documents as JSON, if nothing is at fault with them.
fn ours(text: &str) -> Option<Vec<Json>> {
    let (mut sources, mut faults) = (SourceMap::default(), Faults::new(1));
    let piece = Piece { file: sources.add("a.yaml", text), text, start: 0 };
    let documents = parse(piece, &mut faults);
    let is_clean = faults.is_empty() && documents.iter().all(|document| document.doubts.is_empty());
    is_clean.then(|| documents.iter().map(|document| json(&document.root, piece)).collect())
}

fn json(node: &Node<'_>, piece: Piece<'_>) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Value::Str(text) => Json::from(text.as_ref()),
        Value::List(items) => items.iter().map(|item| json(item, piece)).collect(),
        Value::Map(entries) => {
            let name = |key: &Node<'_>| key.as_str().unwrap_or(piece.source(key.origin)).to_owned();
            Json::Object(entries.iter().map(|(key, value)| (name(key), json(value, piece))).collect::<Map<_, _>>())
        }
    }
}

fn theirs(text: &str) -> Result<Vec<Json>, serde_yaml::Error> {
    let options = serde_yaml::options! { legacy_octal_numbers: true, reject_unsupported_tags: true };
    let documents: Vec<Json> = serde_yaml::from_multiple_with_options(text, options)?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// Whether a key is null, a list or a mapping, for which the other reader has no name.
fn has_odd_key(text: &str) -> bool {
    let (mut sources, mut faults) = (SourceMap::default(), Faults::new(1));
    let piece = Piece { file: sources.add("a.yaml", text), text, start: 0 };
    parse(piece, &mut faults).iter().any(|document| is_odd(&document.root))
}

fn is_odd(node: &Node<'_>) -> bool {
    let key = |key: &Node<'_>| matches!(key.value, Value::Null | Value::List(_) | Value::Map(_));
    node.items().iter().any(is_odd) || node.entries().iter().any(|(name, value)| key(name) || is_odd(value))
}

#[test]
fn these_documents_are_read_alike() {
    for text in DOCUMENTS {
        assert_eq!(ours(text).expect("nothing is at fault"), theirs(text).unwrap(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edited_documents_are_read_alike(text in edited(DOCUMENTS, FRAGMENTS)) {
        let Some(ours) = ours(&text).filter(|_| !has_odd_key(&text)) else { return Ok(()) };
        let theirs = theirs(&text);
        prop_assert!(theirs.is_ok(), "{}\n{text}", theirs.unwrap_err());
        prop_assert_eq!(ours, theirs.unwrap_or_default());
    }
}
