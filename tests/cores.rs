//! What a proof is said to rest on, where several sets of policies would carry it: the most telling ones,
//! whatever the solver finds first and in whatever order they are declared.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::time::Duration;

use netverify::language::{self, Names};
use netverify::manifest::{self, Settings};
use netverify::model::world::World;
use netverify::outcome::Outcome;
use netverify::prove::{Job, decide};
use netverify::source::{Origin, SourceMap, Span};

/// A policy of `app`: its name, the pods that it selects, its directions, and rules.
fn policy(name: &str, pods: &str, types: &str, rules: &str) -> String {
    format!(
        "---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}, namespace: app}}, \
        spec: {{podSelector: {{{pods}}}, policyTypes: [{types}], {rules}}}}}\n"
    )
}

const DB: &str = "matchLabels: {app: db}";

/// Policies that a proof rests on, each with its direction.
fn rests_on(policies: &[String], sentence: &str) -> Vec<String> {
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    let text = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: app}}}}\n{}", policies.concat());
    let objects = manifest::read_text("test.yaml", &text, &Settings::default(), &mut sources, &mut faults);
    let cluster = manifest::assemble(&[&objects], &mut faults);
    assert!(faults.is_empty(), "{faults:#?}");
    let origin = Origin { file: sources.add("sentence", sentence), span: Span::new(0, sentence.len()) };
    let parsed = language::parse(sentence, origin).unwrap();
    let endpoints = BTreeMap::new();
    let names = Names { cluster: &cluster, endpoints: &endpoints, sets: None };
    let claim = language::resolve(&parsed, &names).unwrap().claim;
    let world = World::default();
    let job = Job { cluster: &cluster, world: &world, claim: &claim, allow_vacuous: false };
    match decide(&job, Duration::from_secs(60)).unwrap() {
        Outcome::Proved(proof) => {
            let name = |index: usize| cluster.policies.get(index).unwrap().name.clone();
            proof.rests_on.iter().map(|pillar| format!("{} {}", name(pillar.policy), pillar.direction)).collect()
        }
        other => panic!("{sentence}: {other:#?}"),
    }
}

/// The same in the order of declaration and the other way round.
fn either_way(policies: &[String], sentence: &str) -> Vec<String> {
    let turned: Vec<String> = policies.iter().rev().cloned().collect();
    let (mut here, mut there) = (rests_on(policies, sentence), rests_on(&turned, sentence));
    here.sort();
    there.sort();
    assert_eq!(here, there, "{sentence}");
    here
}

#[test]
fn a_plain_default_deny_goes_before_what_is_choosy_or_has_rules() {
    let policies = [
        policy("a-choosy", DB, "Ingress", ""),
        policy("b-rules", "", "Ingress", "ingress: [{from: [{podSelector: {}}]}]"),
        policy("z-deny", "", "Ingress", ""),
    ];
    let sentence = "external cannot reach pods with app=db in app";
    assert_eq!(either_way(&policies, sentence), ["z-deny ingress"]);
    assert_eq!(either_way(&policies[..2], sentence), ["a-choosy ingress"]);
}

#[test]
fn of_two_that_tell_as_much_the_name_decides() {
    let policies = [policy("two", "", "Ingress", ""), policy("one", "", "Ingress", "")];
    assert_eq!(either_way(&policies, "external cannot reach pods in app"), ["one ingress"]);
}

#[test]
fn the_guard_of_the_destination_goes_before_that_of_the_sources() {
    let policies = [policy("a-leave", "", "Egress", ""), policy("z-enter", "", "Ingress", "")];
    assert_eq!(either_way(&policies, "pods in app cannot reach pods with app=db in app"), ["z-enter ingress"]);
}

/// Every policy is needed but `cache-again`, which does what `cache` does.
#[test]
fn all_that_is_needed_is_named_and_nothing_else() {
    let isolates = |name: &str, app: &str| policy(name, &format!("matchLabels: {{app: {app}}}"), "Ingress", "");
    let policies = [
        isolates("cache-again", "cache"),
        isolates("db", "db"),
        isolates("cache", "cache"),
        isolates("web", "web"),
        isolates("unheard-of", "other"),
    ];
    let sentence = "external cannot reach pods with app in (db, cache, web) in app";
    assert_eq!(either_way(&policies, sentence), ["cache ingress", "db ingress", "web ingress"]);
}

/// What no policy has a say in rests on none.
#[test]
fn a_proof_without_policies_rests_on_none() {
    let policies = [policy("deny", "", "Ingress, Egress", "")];
    let open = [policy("open", "", "Ingress", "ingress: [{}]")];
    assert_eq!(either_way(&open, "every pods in app can reach pods in app"), ["open ingress"]);
    assert_eq!(either_way(&policies, "every external can reach external"), Vec::<String>::new());
}
