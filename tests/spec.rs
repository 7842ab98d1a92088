//! Spec files: a good one in full, and every fault with its line and column.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use netverify::model::options::{EndPort, IpBlockMatches};
use netverify::model::plugin::Plugin;
use netverify::model::world::Existence;
use netverify::source::SourceMap;
use netverify::spec::{self, PropertySeverity};

const GOOD: &str = r#"
title     = "RAG platform"
manifests = ["cluster.yaml", "policies"]

[world]
pods       = "declared"
namespaces = "any"
external   = false
nodes      = true
plugin     = "cilium"

[world.options]
end_port        = "supported"
ipblock_matches = "external"

[trust]
namespaces       = ["kube-system"]
pod-labels       = ["app.kubernetes.io/name"]
namespace-labels = ["purpose"]

[endpoints]
vector-db = { namespace = "ai-platform", pods = "app=vector-db" }
ai        = { namespace = "ai-platform" }
ops       = { namespaces = "purpose=ml-ops", pods = "app in (a, b)" }
web       = { pods = "app=web" }
office    = { cidr = "192.0.2.0/24" }
friends   = { is = "ops or pods with app=a in x or office" }

[[property]]
name          = "embeddings-stay-home"
assert        = "nothing outside ai-platform can reach vector-db:6333"
severity      = "critical"
why           = "The moat."
allow-vacuous = true
variants      = ["step-1"]

[[property]]
name   = "second"
assert = 'friends can reach web'

[[variant]]
name      = "step-1"
manifests = ["step-1.yaml"]
replace   = true
"#;

#[test]
fn a_good_spec_is_read_in_full() {
    let mut sources = SourceMap::default();
    let file = sources.add("rag.toml", GOOD);
    let (spec, faults) = spec::parse(file, GOOD);
    assert_eq!(faults, []);
    assert_eq!(spec.title.as_deref(), Some("RAG platform"));
    assert_eq!((spec.world.pods, spec.world.namespaces), (Existence::Declared, Existence::Any));
    assert_eq!((spec.world.external, spec.world.nodes), (false, true));
    assert_eq!(spec.world.plugin, Plugin::Cilium);
    let (least, most) = (spec.world.options().least, spec.world.options().most);
    assert_eq!((least.end_port, most.end_port), (EndPort::Supported, EndPort::Supported));
    assert_eq!((least.ipblock_matches, most.ipblock_matches), (IpBlockMatches::External, IpBlockMatches::External));
    assert!(spec.world.trust.namespaces.contains("kube-system"));
    assert!(spec.world.trust.pod_labels.contains("app.kubernetes.io/name"));
    assert!(spec.world.trust.namespace_labels.contains("purpose"));
    assert_eq!(spec.endpoints.keys().collect::<Vec<_>>(), ["ai", "friends", "office", "ops", "vector-db", "web"]);
    let [first, second] = spec.properties.as_slice() else { panic!("two properties") };
    assert_eq!(sources.text(first.sentence.origin), first.sentence.value);
    assert_eq!((first.severity, first.allow_vacuous), (PropertySeverity::Critical, true));
    assert_eq!(first.why.as_deref(), Some("The moat."));
    assert_eq!((second.severity, second.allow_vacuous), (PropertySeverity::Medium, false));
    assert_eq!(spec.variants.iter().map(|variant| variant.replace).collect::<Vec<_>>(), [true]);
}

/// `line:column code: message (label)`, then help.
fn told(text: &str) -> String {
    let mut sources = SourceMap::default();
    let file = sources.add("s.toml", text);
    let (_, faults) = spec::parse(file, text);
    let mut lines = String::new();
    for fault in faults {
        let label = fault.primary.as_ref().unwrap();
        let place = sources.position(label.origin);
        lines += &format!("{}:{} {}: {}", place.line, place.column, fault.code.name(), fault.message);
        lines += &format!(" ({})\n", label.text);
        lines.extend(fault.help.iter().map(|help| format!("    {help}\n")));
    }
    lines
}

#[test]
fn all_faults_are_reported_at_once() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("spec");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("faulty", told(include_str!("spec/faulty.toml"))));
}

#[test]
fn an_empty_spec_lacks_a_property() {
    insta::assert_snapshot!(told(""), @r#"
    1:1 spec-missing-key: a spec without a property proves nothing (no [[property]])
        add `[[property]]` with a `name` and `assert = "nothing outside shop can reach db"`
    "#);
}

#[test]
fn what_is_not_toml_is_reported_alone() {
    insta::assert_snapshot!(told("title = \n[world\nmanifests = [\"a\"\n[[property]]\nname = \"a\"\nname = \"b\"\n"), @r#"
    1:9 spec-syntax: not TOML: string values must be quoted, expected literal string ()
    2:7 spec-syntax: not TOML: unclosed table, expected `]` ()
    4:1 spec-syntax: not TOML: missing comma between array elements, expected `,` ()
    "#);
}

#[test]
fn a_list_of_properties_needs_two_brackets() {
    insta::assert_snapshot!(told("[property]\nname = \"a\"\n"), @r#"
    1:1 spec-invalid-value: `property` has to be a list of tables, and this is a table (expected a list of tables)
        write `[[property]]` with two brackets
    "#);
}

/// R33.
#[test]
fn pods_on_their_nodes_network_may_be_taken_for_either() {
    for (nodes, choice) in [("true", "pod"), ("true", "node"), ("false", "pod"), ("false", "node")] {
        let world = format!("[world]\nnodes = {nodes}\n[world.options]\nhost_network = \"{choice}\"\n");
        assert_eq!(told(&format!("{world}[[property]]\nname = \"p\"\nassert = \"s\"\n")), "", "{world}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let mut sources = SourceMap::default();
        let file = sources.add("s.toml", text.as_str());
        let _ = spec::parse(file, &text);
    }
}
