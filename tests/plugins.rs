//! Every choice that plugins are free to make, felt by a property: the answer under each value, and under
//! any plugin the sound one.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::time::Duration;

use netverify::language::{self, Names};
use netverify::manifest::{self, Settings};
use netverify::model::claim::Claim;
use netverify::model::plugin::{Choice, OptionSpace, Plugin};
use netverify::model::workload::Cluster;
use netverify::model::world::{Existence, World};
use netverify::outcome::{Outcome, Refutation};
use netverify::prove::{Job, decide};
use netverify::source::{Origin, SourceMap, Span};

/// Namespaces `shop` and `other`; `shop/db` names port 8080 `http`, and so does `other/api`.
const COMMON: &str = r#"
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: other}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}, spec: {containers: [
  {name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: cache, namespace: shop, labels: {app: cache}}, spec: {containers: [
  {name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: other}, spec: {containers: [
  {name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}}
"#;

fn policy(spec: &str) -> String {
    let metadata = "metadata: {name: p, namespace: shop}";
    format!("---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, {metadata}, spec: {{{spec}}}}}\n")
}

/// A pod of `app=db` in `shop` beside `db` that gives the name `http` another number.
fn second_db(host_network: bool) -> String {
    let ports = "ports: [{name: http, containerPort: 9100}]";
    let spec = format!("spec: {{hostNetwork: {host_network}, containers: [{{name: c, image: i, {ports}}}]}}");
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: old, namespace: shop, labels: {{app: db}}}}, {spec}}}\n"
    )
}

fn read(more: &str) -> (Cluster, SourceMap) {
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    let text = COMMON.to_owned() + more;
    let objects = manifest::read_text("test.yaml", &text, &Settings::default(), &mut sources, &mut faults);
    let cluster = manifest::assemble(&[&objects], &mut faults);
    assert!(!faults.iter().any(netverify::diagnostic::Diagnostic::is_error), "{faults:#?}");
    (cluster, sources)
}

fn claim(cluster: &Cluster, sources: &mut SourceMap, sentence: &str) -> Claim {
    let origin = Origin { file: sources.add("sentence", sentence), span: Span::new(0, sentence.len()) };
    let parsed = language::parse(sentence, origin).unwrap();
    let endpoints = BTreeMap::new();
    language::resolve(&parsed, &Names { cluster, endpoints: &endpoints, sets: None }).unwrap().claim
}

fn ask(more: &str, world: &World, sentence: &str) -> Outcome {
    let (cluster, mut sources) = read(more);
    let claim = claim(&cluster, &mut sources, sentence);
    decide(&Job { cluster: &cluster, world, claim: &claim, allow_vacuous: false }, Duration::from_secs(60)).unwrap()
}

fn holds(more: &str, world: &World, sentence: &str) -> bool {
    match ask(more, world, sentence) {
        Outcome::Proved(_) => true,
        Outcome::Refuted(_) => false,
        other => panic!("{sentence}: {other:#?}"),
    }
}

fn choice(option: &str, value: &str) -> Choice {
    let (_, values) = Choice::NAMES.into_iter().find(|(name, _)| *name == option).unwrap();
    values.iter().find(|(name, _)| *name == value).unwrap().1
}

/// Only what is declared exists, and the pods' own nodes.
fn declared() -> World {
    World { pods: Existence::Declared, namespaces: Existence::Declared, nodes: true, ..World::default() }
}

/// The option decides the pair: under the values of `lets` the flows pass and under all its others they
/// do not. Any plugin might do either, so nothing can be promised.
fn pair(more: &str, option: &str, lets: &[&str], fixed: &[Choice], cannot: &str, can: &str) {
    let (_, values) = Choice::NAMES.into_iter().find(|(name, _)| *name == option).unwrap();
    for (value, choice) in values {
        let world = World { choices: [fixed, &[*choice]].concat(), ..declared() };
        let passes = lets.contains(value);
        assert_eq!(holds(more, &world, cannot), !passes, "{option} = {value}: {cannot}");
        assert_eq!(holds(more, &world, can), passes, "{option} = {value}: {can}");
    }
    let any = World { choices: fixed.to_vec(), ..declared() };
    assert!(!holds(more, &any, cannot), "any {option}: {cannot}");
    assert!(!holds(more, &any, can), "any {option}: {can}");
}

#[test]
fn blocks_and_pods() {
    let blocks = "{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: '::/0'}}";
    let policy = policy(&format!("podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{from: [{blocks}]}}]"));
    pair(&policy, "ipblock_matches", &["all"], &[], "other/api cannot reach db", "other/api can reach db");
    let judged = [choice("local_node_ingress", "policy")];
    let lets = ["all", "external+nodes"];
    pair(&policy, "ipblock_matches", &lets, &judged, "no node can reach db", "node can reach db");
}

#[test]
fn own_nodes() {
    let closed = policy("podSelector: {}, policyTypes: [Ingress, Egress]");
    let world = |option, value| World { choices: vec![choice(option, value)], ..declared() };
    for (option, sentence) in
        [("local_node_ingress", "no node can reach db"), ("local_node_egress", "db cannot reach node")]
    {
        assert!(!holds(&closed, &declared(), sentence), "{sentence}");
        assert!(!holds(&closed, &world(option, "allow"), sentence), "{sentence}");
        assert!(holds(&closed, &world(option, "policy"), sentence), "{sentence}");
        // The other way round the least permissive plugin decides.
        let some = sentence.replace("no node can", "some node can").replace("db cannot", "some db can");
        assert!(!holds(&closed, &declared(), &some), "{some}");
        assert!(holds(&closed, &world(option, "allow"), &some), "{some}");
        assert!(!holds(&closed, &world(option, "policy"), &some), "{some}");
    }
}

#[test]
fn named_ports_of_several_pods() {
    let policy = policy("podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: http}]}]");
    let (cannot, can) = ("other/api cannot reach shop/db:9100", "other/api can reach shop/db:9100");
    let together = policy.clone() + &second_db(false);
    pair(&together, "named_port_scope", &["union"], &[], cannot, can);
    // R33: on its node's network the second pod lends its number only where it counts as a pod.
    let on_node = policy + &second_db(true);
    pair(&on_node, "host_network", &["pod"], &[choice("named_port_scope", "union")], cannot, can);
}

/// A pod of `app=agent` in `shop` on its node's network.
const AGENT: &str = "---
{apiVersion: v1, kind: Pod, metadata: {name: agent, namespace: shop, labels: {app: agent}}, spec: {hostNetwork: true, containers: [
  {name: c, image: i}]}}
";

/// R33: a pod that counts as its node is never isolated, so that as a subject it gets more.
#[test]
fn pods_on_nodes_networks_as_subjects() {
    let closed = policy("podSelector: {}, policyTypes: [Ingress, Egress]") + AGENT;
    let option = "host_network";
    pair(&closed, option, &["node"], &[], "other/api cannot reach agent", "other/api can reach agent");
    let outside = "agent can reach external";
    pair(&closed, option, &["node"], &[], "agent cannot reach external", outside);
    let isolated = "every shop/agent is isolated for ingress";
    let world = |value| World { choices: vec![choice(option, value)], ..declared() };
    assert!(holds(&closed, &world("pod"), isolated));
    assert!(!holds(&closed, &world("node"), isolated) && !holds(&closed, &declared(), isolated));
}

/// R33: no selector sees a pod that counts as its node, so that as a peer it gets less.
#[test]
fn pods_on_nodes_networks_as_peers() {
    let peer = "{podSelector: {matchLabels: {app: agent}}}";
    let admits = policy(&format!("podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{from: [{peer}]}}]")) + AGENT;
    // From its own node it gets in whatever the policies say (R31).
    let judged = [choice("local_node_ingress", "policy")];
    pair(&admits, "host_network", &["pod"], &judged, "agent cannot reach db", "agent can reach db");
    // A refutation says which plugins it is about, and for which the property holds.
    let world = World { choices: judged.to_vec(), ..declared() };
    for (sentence, words) in [("agent cannot reach db", "a pod like any other"), ("agent can reach db", "its node")] {
        let refutation = refuted(ask(&admits, &world, sentence));
        let case = refutation.counterexample.unwrap();
        assert!(case.needs.len() == 1 && case.needs[0].contains(words), "{sentence}: {:?}", case.needs);
        assert!(refutation.holds_if.len() == 1 && refutation.holds_if[0].contains("R33"), "{:?}", refutation.holds_if);
    }
    // Where no flow passes there is no case to show; the choice is named all the same.
    let refutation = refuted(ask(&admits, &world, "some agent can reach db"));
    assert!(refutation.counterexample.is_none());
    assert!(refutation.holds_if.len() == 1 && refutation.holds_if[0].contains("like any other"), "{refutation:?}");
}

/// Of a claim that only one of the two lets stand, neither is the extreme: `agent` reaches the pods of `shop` as
/// their node's network is exempt, or as a selector sees it.
#[test]
fn neither_choice_is_the_extreme_one() {
    let peer = "{podSelector: {matchLabels: {app: agent}}}";
    let from_agent =
        policy(&format!("podSelector: {{}}, policyTypes: [Ingress, Egress], ingress: [{{from: [{peer}]}}]"));
    let more = from_agent + AGENT;
    let judged = choice("local_node_ingress", "policy");
    for value in ["node", "pod"] {
        let world = World { choices: vec![judged, choice("host_network", value)], ..declared() };
        // As a node it leaves and is not let in; as a pod it would be let in, and does not leave.
        assert!(holds(&more, &world, "agent cannot reach db"), "{value}");
    }
    assert!(holds(&more, &World { choices: vec![judged], ..declared() }, "agent cannot reach db"));
}

/// R30: two pods on one node's network have one address, and what stays there no policy need see.
#[test]
fn pods_of_one_node_share_its_address() {
    let closed = policy("podSelector: {}, policyTypes: [Ingress, Egress]") + AGENT + &AGENT.replace("agent", "probe");
    let as_pods = choice("host_network", "pod");
    let world = |more: &[Choice]| World { choices: [&[as_pods], more].concat(), ..declared() };
    assert!(!holds(&closed, &world(&[]), "agent cannot reach probe"));
    assert!(holds(&closed, &world(&[choice("self_traffic", "policy")]), "agent cannot reach probe"));
    assert!(!holds(&closed, &world(&[choice("self_traffic", "allow")]), "agent can reach probe"), "on two nodes");
    let on = |pod: &str, node: &str| pod.replace("hostNetwork: true", &format!("hostNetwork: true, nodeName: {node}"));
    let apart = policy("podSelector: {}, policyTypes: [Ingress, Egress]")
        + &on(AGENT, "n1")
        + &on(&AGENT.replace("agent", "probe"), "n2");
    assert!(holds(&apart, &world(&[]), "agent cannot reach probe"));
}

/// R33: a Service selects such pods too, unlike the labels of a sentence.
#[test]
fn a_service_takes_in_pods_on_nodes_networks() {
    let service = "---\n{apiVersion: v1, kind: Service, metadata: {name: agent, namespace: shop}, spec: {selector: {app: agent}, \
        ports: [{port: 80}]}}\n";
    let more = policy("podSelector: {}") + AGENT + service;
    assert!(!holds(&more, &declared(), "other/api cannot reach service shop/agent:80"));
    let as_pods = World { choices: vec![choice("host_network", "pod")], ..declared() };
    assert!(holds(&more, &as_pods, "other/api cannot reach service shop/agent:80"));
}

/// R33: whatever policies take them for, `node` means the pods on its network too, and a description by
/// labels does not.
#[test]
fn who_is_meant_by_node() {
    let peer = "{podSelector: {matchLabels: {app: agent}}}";
    let admits = policy(&format!("podSelector: {{}}, ingress: [{{from: [{peer}]}}]")) + AGENT;
    let choices = vec![choice("local_node_ingress", "policy"), choice("host_network", "pod")];
    let world = World { choices, ..declared() };
    assert!(!holds(&admits, &world, "no node can reach db"));
    assert!(holds(&admits, &world, "only node can reach db"));
    let outcome = ask(&admits, &world, "pods with app=agent in shop cannot reach db");
    assert!(matches!(outcome, Outcome::Vacuous), "{outcome:?}");
}

/// R33: to take all pods of a namespace away takes away none that are on their nodes' network, so that the
/// policies which isolate those still matter.
#[test]
fn pods_on_nodes_networks_are_left_where_a_namespace_is_excepted() {
    let peer = "{podSelector: {matchLabels: {app: agent}}}";
    let choices = vec![choice("local_node_ingress", "policy"), choice("host_network", "pod")];
    let world = World { choices, ..declared() };
    let admits = format!("podSelector: {{}}, ingress: [{{from: [{peer}]}}]");
    let open = policy(&format!("{admits}, policyTypes: [Ingress]")) + AGENT;
    assert!(!holds(&open, &world, "nothing except pods in shop can reach db"));
    let closed = policy(&format!("{admits}, policyTypes: [Ingress, Egress]")) + AGENT;
    assert!(holds(&closed, &world, "nothing except pods in shop can reach db"));
}

#[test]
fn named_ports_without_a_pod_peer() {
    let policy =
        policy("podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]");
    let option = "egress_named_port_any";
    pair(&policy, option, &["destination"], &[], "db cannot reach api:8080", "db can reach api:8080");
    let lets = ["destination", "namespace"];
    pair(&policy, option, &lets, &[], "db cannot reach cache:8080", "db can reach cache:8080");
}

#[test]
fn ranges_of_ports() {
    let policy = policy("podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 9000}]}]");
    pair(&policy, "end_port", &["supported"], &[], "other/api cannot reach db:8500", "other/api can reach db:8500");
}

/// R29, R30: a flow of a property is TCP, UDP or SCTP and has two ends; only pods on one node's network share
/// an address.
#[test]
fn two_options_that_hardly_any_property_feels() {
    let policies = [policy("podSelector: {}"), policy("podSelector: {}, ingress: [{}]")];
    for option in ["self_traffic", "other_protocols"] {
        let (_, values) = Choice::NAMES.into_iter().find(|(name, _)| *name == option).unwrap();
        for (_, choice) in values {
            let world = World { choices: vec![*choice], ..World::default() };
            for (policy, passes) in policies.iter().zip([false, true]) {
                assert_eq!(holds(policy, &world, "db cannot reach shop/cache"), !passes);
                assert_eq!(holds(policy, &world, "db can reach shop/cache"), passes);
            }
        }
    }
}

fn refuted(outcome: Outcome) -> Refutation {
    let Outcome::Refuted(refutation) = outcome else { panic!("not refuted: {outcome:#?}") };
    refutation
}

#[test]
fn a_pod_that_could_exist_lends_its_number() {
    let policy = policy("podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: http}]}]");
    let sentence = "other/api cannot reach shop/db:9100";
    let refutation = refuted(ask(&policy, &World::default(), sentence));
    let case = refutation.counterexample.unwrap();
    assert!(!case.today);
    let [lender] = case.further.as_slice() else { panic!("one pod: {:#?}", case.further) };
    assert_eq!((lender.namespace.name.as_str(), lender.ports[0].number), ("shop", 9100));
    assert_eq!(lender.labels, [("app".to_owned(), "db".to_owned())].into());
    assert!(case.needs.len() == 1 && case.needs[0].contains("R27"), "{:?}", case.needs);
    assert!(refutation.holds_if.len() == 1 && refutation.holds_if[0].contains("R27"), "{:?}", refutation.holds_if);
    // AWS is known for it, so it is no choice that the case would have to name.
    let aws = World { plugin: Plugin::AwsVpcCni, ..World::default() };
    let refutation = refuted(ask(&policy, &aws, sentence));
    assert_eq!((refutation.counterexample.unwrap().needs.len(), refutation.holds_if.len()), (0, 0));
    assert!(holds(&policy, &World { plugin: Plugin::Calico, ..World::default() }, sentence));
}

#[test]
fn what_is_trusted_lends_nothing() {
    let sentence = "other/api cannot reach shop/db:9100";
    let of_db = policy("podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: http}]}]");
    let of_all = policy("podSelector: {}, ingress: [{ports: [{port: http}]}]");
    let (mut label, mut namespace) = (World::default(), World::default());
    label.trust.pod_labels.insert("app".to_owned());
    namespace.trust.namespaces.insert("shop".to_owned());
    assert!(holds(&of_db, &label, sentence) && holds(&of_db, &namespace, sentence));
    assert!(holds(&of_all, &namespace, sentence));
    assert!(!holds(&of_all, &label, sentence), "a pod without the label lends its number");
}

/// A pod of another namespace can lend where a peer takes both in; in a world of two namespaces, of which the
/// destination's is trusted.
#[test]
fn a_pod_of_another_namespace_lends_to_an_egress_rule() {
    let rule = "{to: [{namespaceSelector: {}}], ports: [{port: http}]}";
    let policy = policy(&format!("podSelector: {{matchLabels: {{app: db}}}}, policyTypes: [Egress], egress: [{rule}]"));
    let mut world = World { namespaces: Existence::Declared, ..World::default() };
    world.trust.namespaces.insert("other".to_owned());
    let case = refuted(ask(&policy, &world, "db cannot reach other/api:9100")).counterexample.unwrap();
    assert_eq!(case.further[0].namespace.name, "shop");
    world.trust.namespaces.insert("shop".to_owned());
    assert!(holds(&policy, &world, "db cannot reach other/api:9100"));
}

#[test]
fn a_profile_leaves_no_more_open_than_any() {
    for (name, plugin) in Plugin::NAMES {
        assert_eq!(plugin.name(), name);
        let (space, any) = (plugin.space(), OptionSpace::any());
        assert!(space.least.ipblock_matches >= space.most.ipblock_matches, "{name}: the wrong way round");
        assert!(space.least.egress_named_port_any >= space.most.egress_named_port_any);
        assert_eq!(plugin == Plugin::Any, space == any, "{name}");
    }
}
