//! One pair of policies for each way to fail, read from YAML as a user writes it.

use std::collections::BTreeMap;

use netverify::language::{Names, parse, resolve};
use netverify::manifest::{Settings, assemble, read_text};
use netverify::model::net::Protocol;
use netverify::model::options::{EndPort, IpBlockMatches, NamedPortScope};
use netverify::model::plugin::Choice;
use netverify::model::world::{Trust, World};
use netverify::outcome::{Case, Counterexample, Outcome, Part};
use netverify::source::{Origin, SourceMap, Span};

use super::worlds::Question;
use super::{answer, protocol_of};

/// Policies `a`, `b`, ... of namespace x, or of the one that `@` gives; each spec in flow style.
fn ask(policies: &[(&str, &str)], sentence: &str) -> Outcome {
    ask_in(World::default(), policies, sentence)
}

fn ask_in(world: World, policies: &[(&str, &str)], sentence: &str) -> Outcome {
    let document = |(name, spec): &(&str, &str)| {
        let (name, namespace) = name.split_once('@').unwrap_or((name, "x"));
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
        )
    };
    let text = policies.iter().map(document).collect::<Vec<_>>().join("---\n");
    let (mut sources, mut diagnostics) = (SourceMap::default(), Vec::new());
    let objects = read_text("pair.yaml", &text, &Settings::default(), &mut sources, &mut diagnostics);
    let cluster = assemble(&[&objects], &mut diagnostics);
    assert!(!diagnostics.iter().any(netverify::diagnostic::Diagnostic::is_error), "{diagnostics:#?}");
    let file = sources.add("sentence", sentence);
    let parsed = parse(sentence, Origin { file, span: Span::new(0, sentence.len()) }).unwrap();
    let claim = resolve(&parsed, &Names { cluster: &cluster, endpoints: &BTreeMap::new(), sets: None }).unwrap().claim;
    answer(&Question { cluster, world, claim })
}

fn refuted(policies: &[(&str, &str)], sentence: &str) -> Counterexample {
    match ask(policies, sentence) {
        Outcome::Refuted(refutation) => *refutation.counterexample.unwrap(),
        other => panic!("{sentence}: {other:#?}"),
    }
}

fn half(case: &Counterexample) -> (&'static str, String) {
    let Case::Gap { gap, .. } = &case.case else { panic!("no gap: {case:#?}") };
    (gap.name(), gap.direction().map(|direction| direction.to_string()).unwrap_or_default())
}

const FROM_WEB: &str = "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}";

/// Every pair but those of isolation differs in one word of a rule.
#[test]
fn each_way_to_fail_has_its_half_and_direction() {
    let pairs = [
        ("isolation", "ingress", "{podSelector: {}}", "{podSelector: {matchLabels: {app: db}}}"),
        ("isolation", "egress", "{podSelector: {}, policyTypes: [Ingress, Egress]}", "{podSelector: {}}"),
        ("admission", "ingress", "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}", FROM_WEB),
        (
            "admission",
            "ingress",
            "{podSelector: {}, ingress: [{}]}",
            "{podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
        ),
        (
            "admission",
            "ingress",
            "{podSelector: {}, ingress: [{ports: [{port: 80}, {port: 53, protocol: UDP}]}]}",
            "{podSelector: {}, ingress: [{ports: [{port: 80}, {port: 53}]}]}",
        ),
        (
            "admission",
            "ingress",
            "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}",
            "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}",
        ),
        (
            "admission",
            "ingress",
            "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",
            "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.9.0.0/16]}}]}]}",
        ),
        (
            "admission",
            "ingress",
            "{podSelector: {}, ingress: [{ports: [{port: http}]}]}",
            "{podSelector: {}, ingress: [{ports: [{port: 80}]}]}",
        ),
        (
            "admission",
            "egress",
            "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}]}",
            "{podSelector: {}, policyTypes: [Egress]}",
        ),
    ];
    for (wanted, direction, a, b) in pairs {
        let case = refuted(&[("a", a), ("b", b)], "policy a is subsumed by policy b");
        assert_eq!(half(&case), (wanted, direction.to_owned()), "{a} against {b}");
        let parts: Vec<Part> = case.blames.iter().map(|blame| blame.part).collect();
        assert!(parts.len() > 1 && parts[0] != Part::Lacks && parts[1] == Part::Lacks, "{a}: {parts:?}");
        assert!(case.needs.is_empty(), "{a}: any plugin will do, not {:?}", case.needs);
        refuted(&[("a", a), ("b", b)], "policy b is equivalent to policy a");
    }
}

#[test]
fn another_protocol_is_told() {
    let (a, b) =
        ("{podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}", "{podSelector: {}, ingress: [{ports: [{}]}]}");
    let case = refuted(&[("a", a), ("b", b)], "policy a is subsumed by policy b");
    assert_eq!(protocol_of(&case.case), Some(Protocol::Udp));
    assert!(case.blames[1].text.ends_with("not this port"), "{}", case.blames[1].text);
}

#[test]
fn policies_of_two_namespaces_have_no_pod_in_common() {
    let pair = [("a", FROM_WEB), ("b@other", FROM_WEB)];
    let case = refuted(&pair, "policy a is subsumed by policy b");
    assert_eq!(half(&case).0, "isolation");
    assert!(case.blames[1].text.contains("of other, and not this pod"), "{}", case.blames[1].text);
    assert!(matches!(ask(&pair, "policy a is disjoint from policy b"), Outcome::Proved(_)));
    let pair = [("a", FROM_WEB), ("b", FROM_WEB)];
    assert_eq!(half(&refuted(&pair, "policy a is disjoint from policy b")).0, "overlap");
}

#[test]
fn several_policies_together_do_the_work_of_one() {
    let half_of =
        |key: &str| format!("{{podSelector: {{matchExpressions: [{{key: tier, operator: {key}}}]}}, ingress: [{{}}]}}");
    let (with, without) = (half_of("Exists"), half_of("DoesNotExist"));
    let all = [("a", "{podSelector: {}, ingress: [{}]}"), ("b", with.as_str()), ("c", without.as_str())];
    let Outcome::Proved(proof) = ask(&all, "policy a is subsumed by policy b or policy c") else {
        panic!("not proved")
    };
    assert_eq!(proof.rests_on.len(), 4, "both isolate and both admit: {:?}", proof.rests_on);
    assert!(matches!(ask(&all, "policy a is redundant"), Outcome::Proved(_)));
    assert!(matches!(ask(&all, "policy a is subsumed by policy b"), Outcome::Refuted(_)));
    assert!(matches!(ask(&all[..1], "policy a is redundant"), Outcome::Refuted(_)));
}

#[test]
fn what_selects_nothing_is_subsumed_by_anything() {
    let never = "{podSelector: {matchExpressions: [{key: k, operator: Exists}, {key: k, operator: DoesNotExist}]}}";
    let pair = [("a", never), ("b@other", FROM_WEB)];
    let Outcome::Proved(proof) = ask(&pair, "policy a is subsumed by policy b") else { panic!("not proved") };
    assert!(proof.rests_on.is_empty());
}

/// Under most plugins these are alike; the case names the plugin for which they are not.
#[test]
fn a_difference_that_only_some_plugins_make_is_found_and_named() {
    let range = "{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 81}]}]}";
    let list = "{podSelector: {}, ingress: [{ports: [{port: 80}, {port: 81}]}]}";
    let case = refuted(&[("a", list), ("b", range)], "policy a is equivalent to policy b");
    assert!(case.needs[0].contains("R26"), "{:?}", case.needs);
    let blocks = "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}]}]}";
    let everything = "{podSelector: {}, ingress: [{}]}";
    let case = refuted(&[("a", everything), ("b", blocks)], "policy a is equivalent to policy b");
    assert!(case.needs[0].contains("R22"), "{:?}", case.needs);
    let named = "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}";
    let to_pods =
        "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}}], ports: [{port: http}]}]}";
    let case = refuted(&[("a", to_pods), ("b", named)], "policy a is equivalent to policy b");
    assert!(case.needs[0].contains("R28"), "{:?}", case.needs);
}

/// A spec that names its plugin's choices is answered for these, and for no others.
#[test]
fn only_what_the_world_leaves_open_is_asked() {
    let range = [
        ("a", "{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 90}]}]}"),
        ("b", "{podSelector: {}, ingress: [{ports: [{port: 80}]}]}"),
    ];
    let block = [
        ("a", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}"),
        ("b", "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}"),
    ];
    let fixed = |choice| World { choices: vec![choice], external: false, ..World::default() };
    let sentence = "policy a is subsumed by policy b";
    let proved = |world, policies: &[(&str, &str)]| matches!(ask_in(world, policies, sentence), Outcome::Proved(_));
    assert!(!proved(World::default(), &range));
    assert!(proved(fixed(Choice::EndPort(EndPort::Ignored)), &range));
    assert!(!proved(fixed(Choice::EndPort(EndPort::Supported)), &range));
    // Without nodes no address is one of a node, and without external ends none lies outside.
    for matches in [IpBlockMatches::All, IpBlockMatches::ExternalAndNodes, IpBlockMatches::External] {
        assert!(proved(fixed(Choice::IpBlockMatches(matches)), &block), "{matches:?}: pods alone are left");
    }
    let external = |matches| World { external: true, ..fixed(Choice::IpBlockMatches(matches)) };
    assert!(!proved(external(IpBlockMatches::ExternalAndNodes), &block), "the question is asked at all");
}

/// R27: to most plugins a policy is its two halves together; to one that opens the numbers of a named port on all
/// selected pods it opens more, for a pod of one half lends to those of the other.
#[test]
fn a_pod_that_could_exist_lends_its_number_to_one_side_only() {
    let named = "ingress: [{ports: [{port: http}]}]";
    let whole = format!("{{podSelector: {{}}, {named}}}");
    let db = format!("{{podSelector: {{matchLabels: {{app: db}}}}, {named}}}");
    let not = "podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [db]}]}";
    let rest = format!("{{{not}, {named}}}");
    let policies = [("a", whole.as_str()), ("b", db.as_str()), ("c", rest.as_str())];
    let sentence = "policy a is subsumed by policy b or policy c";
    let under = |scope| World { choices: vec![Choice::NamedPortScope(scope)], ..World::default() };
    let plain = ask_in(under(NamedPortScope::Destination), &policies, sentence);
    assert!(matches!(plain, Outcome::Proved(_)), "{plain:#?}");
    for (world, needs) in [(under(NamedPortScope::Union), false), (World::default(), true)] {
        let Outcome::Refuted(refutation) = ask_in(world, &policies, sentence) else { panic!("{sentence}") };
        let case = refutation.counterexample.unwrap();
        assert_eq!((case.further.len(), case.today), (1, false), "{case:#?}");
        assert_eq!(case.needs.iter().any(|need| need.contains("R27")), needs, "{case:#?}");
    }
    // Of a trusted namespace every pod is declared, and nothing is lent.
    let trust = Trust { namespaces: ["x".to_owned()].into(), ..Trust::default() };
    let trusted = ask_in(World { trust, ..World::default() }, &policies, sentence);
    assert!(matches!(trusted, Outcome::Proved(_)), "{trusted:#?}");
}
