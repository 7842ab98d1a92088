//! What the parts of a spec do on their own; whole files are in `tests/spec.rs`.

use super::*;
use crate::source::SourceMap;

const PROPERTY: &str = "[[property]]\nname = 'p'\nassert = 's'\n";

fn read(text: &str) -> (Spec, Vec<Diagnostic>, SourceMap) {
    let mut sources = SourceMap::default();
    let file = sources.add("s.toml", text);
    let (spec, faults) = parse(file, text);
    (spec, faults, sources)
}

#[test]
fn the_place_of_a_string_is_the_text_between_its_quotes() {
    for written in ["\"a b\"", "'a b'", "\"\"\"a b\"\"\"", "'''\na b'''"] {
        let (spec, faults, sources) = read(&format!("manifests = [{written}]\n{PROPERTY}"));
        assert_eq!(faults, []);
        assert_eq!(sources.text(spec.manifests[0].origin), "a b", "{written}");
    }
    let (spec, _, sources) = read(&format!("manifests = [\"a\\u0020b\"]\n{PROPERTY}"));
    assert_eq!(spec.manifests[0].value, "a b");
    assert_eq!(sources.text(spec.manifests[0].origin), "\"a\\u0020b\"");
}

#[test]
fn a_spec_without_variants_is_one_nameless_run() {
    let (spec, ..) = read(&format!("manifests = ['a']\n{PROPERTY}"));
    let runs = spec.runs();
    assert_eq!((runs.len(), runs[0].variant, runs[0].manifests.len()), (1, None, 1));
    assert!(spec.properties[0].applies_to(None));
}

#[test]
fn a_variant_adds_to_the_manifests_or_replaces_them() {
    let variants =
        "[[variant]]\nname = 'v'\nmanifests = ['b']\n[[variant]]\nname = 'w'\nmanifests = ['c']\nreplace = true\n";
    let (spec, faults, _) = read(&format!("manifests = ['a']\n{PROPERTY}variants = ['v']\n{variants}"));
    assert_eq!(faults, []);
    let manifests = |run: &Run<'_>| run.manifests.iter().map(|one| one.value.clone()).collect::<Vec<_>>();
    assert_eq!(spec.runs().iter().map(manifests).collect::<Vec<_>>(), [vec!["a", "b"], vec!["c"]]);
    assert!(spec.properties[0].applies_to(Some("v")) && !spec.properties[0].applies_to(Some("w")));
}

#[test]
fn too_large_a_spec_is_not_read() {
    let (_, faults, _) = read(&"#".repeat(MAX_BYTES + 1));
    assert_eq!(faults[0].code, Code::LimitExceeded);
}

#[test]
fn too_many_tables_are_refused_at_the_first_too_many() {
    let many: String = (0..=MAX_VARIANTS).map(|n| format!("[[variant]]\nname = 'v{n}'\nmanifests = []\n")).collect();
    let (spec, faults, _) = read(&format!("{PROPERTY}{many}"));
    assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [Code::LimitExceeded]);
    assert_eq!(spec.variants.len(), MAX_VARIANTS);
}
