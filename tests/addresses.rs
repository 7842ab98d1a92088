//! Addresses that belong to somebody: no case gives one to another, and the search for a case that does not
//! comes to an end, whoever shares an address with whom.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::time::Duration;

use netverify::language::{self, Names};
use netverify::manifest::{self, Settings};
use netverify::model::world::World;
use netverify::outcome::Outcome;
use netverify::prove::{Job, decide};
use netverify::source::{Origin, SourceMap, Span};

/// A node, and one address alone that may enter the database, which is elsewhere: the node's.
const COMMON: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: 192.0.2.1}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}, spec: {containers: [], nodeName: n3}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: from-n1, namespace: shop},
 spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.1/32}}]}]}}
";

/// `spec` and `status` of the pod `shop/p`.
fn pod(spec: &str, status: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Pod, metadata: {{name: p, namespace: shop, labels: {{app: p}}}}, \
        spec: {{containers: [], {spec}}}, status: {{{status}}}}}\n"
    )
}

/// Whether it holds; decided long before the time is up.
fn holds(more: &str, sentence: &str) -> bool {
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    let objects =
        manifest::read_text("test.yaml", &(COMMON.to_owned() + more), &Settings::default(), &mut sources, &mut faults);
    let cluster = manifest::assemble(&[&objects], &mut faults);
    assert!(faults.is_empty(), "{faults:#?}");
    let origin = Origin { file: sources.add("sentence", sentence), span: Span::new(0, sentence.len()) };
    let parsed = language::parse(sentence, origin).unwrap();
    let endpoints = BTreeMap::new();
    let names = Names { cluster: &cluster, endpoints: &endpoints, sets: None };
    let claim = language::resolve(&parsed, &names).unwrap().claim;
    let world = World { nodes: true, ..World::default() };
    let job = Job { cluster: &cluster, world: &world, claim: &claim, allow_vacuous: false };
    match decide(&job, Duration::from_secs(20)).unwrap() {
        Outcome::Proved(_) => true,
        Outcome::Refuted(_) => false,
        other => panic!("{sentence}: {other:#?}"),
    }
}

#[test]
fn a_pod_has_not_the_address_of_the_node_that_it_runs_on() {
    let on_the_node = pod("nodeName: n1", "");
    assert!(holds(&on_the_node, "shop/p cannot reach shop/db"));
    assert!(holds(&on_the_node, "pods in shop cannot reach shop/db"));
    assert!(holds(&on_the_node, "external cannot reach shop/db"));
    assert!(!holds(&on_the_node, "no node can reach shop/db"), "it is the node's own");
}

/// R33.
#[test]
fn a_pod_on_its_nodes_network_has_the_address_of_the_node() {
    let host = pod("hostNetwork: true, nodeName: n1", "");
    assert!(!holds(&host, "shop/p cannot reach shop/db"));
    let known = pod("hostNetwork: true, nodeName: n1", "podIP: 192.0.2.1, podIPs: [{ip: 192.0.2.1}]");
    assert!(!holds(&known, "shop/p cannot reach shop/db"));
    let elsewhere = pod("hostNetwork: true, nodeName: n2", "");
    assert!(holds(&elsewhere, "shop/p cannot reach shop/db"), "another node has another address");
}

/// No cluster does this; manifests can say it all the same.
#[test]
fn a_pod_that_is_declared_with_a_nodes_address_has_it_too() {
    let shared = pod("nodeName: n1", "podIP: 192.0.2.1, podIPs: [{ip: 192.0.2.1}]");
    for sentence in ["shop/p cannot reach shop/db", "pods in shop cannot reach shop/db", "no node can reach shop/db"] {
        assert!(!holds(&shared, sentence), "{sentence}");
    }
    assert!(holds(&shared, "external cannot reach shop/db"));
}
