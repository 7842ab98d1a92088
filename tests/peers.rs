//! Fourteen wrong answers that other tools have given, each as a claim that netverify must get right. The number
//! before a test is that of the list in `docs/trust.md`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "peers/written.rs"]
mod written;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use netverify::model::claim::{Claim, Endpoint, FlowSet, NamespaceSet, PortItem, PortSet};
use netverify::model::net::{End, Flow, IpBlock, PortMatch, Protocol};
use netverify::model::policy::{NamespaceScope, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule};
use netverify::model::selector::{LabelSelector, Labels, Operator, Requirement, WrittenSelector};
use netverify::model::workload::{Cluster, DeclaredNamespace, Namespace, Workload, WorkloadKind};
use netverify::model::world::{Existence, World};
use netverify::outcome::{Case, Outcome};
use netverify::prove::{Job, decide};
use netverify::source::{Origin, SourceMap, Span};

fn origin() -> Origin {
    Origin { file: SourceMap::default().add("test", ""), span: Span::new(0, 0) }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn asks(key: &str, operator: Operator) -> LabelSelector {
    LabelSelector { requirements: vec![Requirement { key: key.to_owned(), operator }] }
}

fn one_of(key: &str, values: &[&str]) -> LabelSelector {
    asks(key, Operator::In(texts(values)))
}

fn none_of(key: &str, values: &[&str]) -> LabelSelector {
    asks(key, Operator::NotIn(texts(values)))
}

fn everything() -> LabelSelector {
    LabelSelector::everything()
}

/// A policy of `app`; rules for ingress and egress, where it speaks of them.
fn policy(name: &str, selector: LabelSelector, ingress: Option<Vec<Rule>>, egress: Option<Vec<Rule>>) -> Policy {
    Policy {
        namespace: "app".to_owned(),
        name: name.to_owned(),
        pod_selector: WrittenSelector { selector, origin: origin() },
        ingress,
        egress,
        origin: origin(),
        name_origin: origin(),
        written: netverify::model::policy::Written::default(),
    }
}

fn rule(peers: Vec<PeerKind>, ports: &[u16]) -> Rule {
    let item =
        |port: &u16| PortSpec { protocol: Protocol::Tcp, ports: PortMatch::Range(*port, *port), origin: origin() };
    let peers: Vec<Peer> = peers.into_iter().map(|kind| Peer { kind, origin: origin() }).collect();
    Rule {
        peers: if peers.is_empty() { Peers::All } else { Peers::AnyOf(peers) },
        ports: if ports.is_empty() { Ports::All } else { Ports::AnyOf(ports.iter().map(item).collect()) },
        origin: origin(),
    }
}

fn own(pods: LabelSelector) -> PeerKind {
    PeerKind::Pods { namespaces: NamespaceScope::Own, pods }
}

fn in_namespaces(namespaces: LabelSelector, pods: LabelSelector) -> PeerKind {
    PeerKind::Pods { namespaces: NamespaceScope::Matching(namespaces), pods }
}

fn workload(kind: WorkloadKind, name: &str, of: &[(&str, &str)]) -> Workload {
    Workload {
        kind,
        namespace: "app".to_owned(),
        name: name.to_owned(),
        labels: labels(of),
        ports: Vec::new(),
        addresses: Vec::new(),
        node: None,
        host_network: false,
        origin: origin(),
    }
}

/// Namespaces `app`, without labels, and `ops`, with `team: ops`.
fn cluster(policies: Vec<Policy>, workloads: Vec<Workload>) -> Cluster {
    let declared = |name: &str, of: &[(&str, &str)]| {
        (name.to_owned(), DeclaredNamespace { namespace: Namespace::new(name, labels(of)), origin: origin() })
    };
    Cluster {
        policies: policies.into(),
        namespaces: BTreeMap::from([declared("app", &[]), declared("ops", &[("team", "ops")])]),
        workloads: workloads.into(),
        ..Cluster::default()
    }
}

fn pods(namespace: &str, pods: LabelSelector) -> Endpoint {
    Endpoint::Pods { namespaces: NamespaceSet::Named(namespace.to_owned()), pods }
}

fn flows(sources: Endpoint, destinations: Endpoint, port: u16) -> FlowSet {
    let items = vec![PortItem { protocol: Protocol::Tcp, ports: PortMatch::Range(port, port) }];
    FlowSet::new(sources, destinations, PortSet { items })
}

fn answer(cluster: &Cluster, world: &World, claim: &Claim) -> Outcome {
    decide(&Job { cluster, world, claim, allow_vacuous: false }, Duration::from_secs(30)).unwrap()
}

/// In a world where anything may exist beside what is declared.
fn in_the_open(cluster: &Cluster, claim: &Claim) -> Outcome {
    answer(cluster, &World::default(), claim)
}

/// The flow that refutes a claim.
fn refuting(outcome: Outcome) -> Flow {
    let Outcome::Refuted(refutation) = outcome else { panic!("not refuted: {outcome:#?}") };
    match refutation.counterexample.unwrap().case {
        Case::Flow { flow, .. } => *flow,
        other @ (Case::Path { .. } | Case::Open { .. } | Case::Gap { .. } | Case::Verdicts { .. }) => {
            panic!("no flow: {other:?}")
        }
    }
}

fn assert_proved(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Proved(_)), "not proved: {outcome:#?}");
}

fn web_and_db() -> Vec<Workload> {
    let web = workload(WorkloadKind::Deployment, "web", &[("app", "web"), ("tier", "front")]);
    vec![workload(WorkloadKind::Deployment, "db", &[("app", "db")]), web]
}

/// 1
#[test]
fn a_label_of_the_existing_pod_does_not_hide_the_pod_that_could_exist() {
    let db = policy("db", one_of("app", &["db"]), Some(vec![rule(vec![own(one_of("app", &["web"]))], &[6333])]), None);
    let front = policy("front", one_of("tier", &["front"]), None, Some(Vec::new()));
    let cluster = cluster(vec![db, front], web_and_db());
    let claim = Claim::NoneCanReach(flows(Endpoint::Anything, Endpoint::Workload(0), 6333));
    let source = refuting(in_the_open(&cluster, &claim)).source;
    assert_eq!(source.pod().unwrap().labels, labels(&[("app", "web")]));
    let declared = World { pods: Existence::Declared, ..World::default() };
    assert_proved(&answer(&cluster, &declared, &claim));
}

/// 1
#[test]
fn a_namespace_that_could_exist_is_not_forgotten() {
    let ml = in_namespaces(one_of("purpose", &["ml"]), everything());
    let db = policy("db", one_of("app", &["db"]), Some(vec![rule(vec![ml], &[6333])]), None);
    let cluster = cluster(vec![db], web_and_db());
    let claim = Claim::NoneCanReach(flows(Endpoint::Anything, Endpoint::Workload(0), 6333));
    let source = refuting(in_the_open(&cluster, &claim)).source;
    assert_eq!(source.pod().unwrap().namespace.labels.get("purpose").unwrap(), "ml");
    let declared = World { namespaces: Existence::Declared, ..World::default() };
    assert_proved(&answer(&cluster, &declared, &claim));
}

/// 2
#[test]
fn one_replica_reaches_another() {
    let cluster = cluster(Vec::new(), web_and_db());
    let itself = || flows(Endpoint::Workload(0), Endpoint::Workload(0), 80);
    let flow = refuting(in_the_open(&cluster, &Claim::NoneCanReach(itself())));
    assert_ne!(flow.source.address(), flow.destination.address());
}

/// 2
#[test]
fn a_bare_pod_has_no_second_replica() {
    let cluster = cluster(Vec::new(), vec![workload(WorkloadKind::Pod, "alone", &[])]);
    let claim = Claim::NoneCanReach(flows(Endpoint::Workload(0), Endpoint::Workload(0), 80));
    assert_eq!(in_the_open(&cluster, &claim), Outcome::Vacuous);
}

/// 3
#[test]
fn closed_egress_of_the_sources_is_no_exposure() {
    let no_way_out = policy("deny", everything(), None, Some(Vec::new()));
    let cluster = cluster(vec![no_way_out], Vec::new());
    assert_proved(&in_the_open(
        &cluster,
        &Claim::NoneCanReach(flows(pods("app", everything()), pods("ops", everything()), 80)),
    ));
}

/// 4
#[test]
fn a_contradictory_selector_admits_nobody() {
    let mut never = one_of("app", &["web"]);
    never.requirements.extend(none_of("app", &["web"]).requirements);
    let db = policy("db", one_of("app", &["db"]), Some(vec![rule(vec![own(never)], &[])]), None);
    let cluster = cluster(vec![db], Vec::new());
    let claim = Claim::NoneCanReach(flows(Endpoint::Anything, pods("app", one_of("app", &["db"])), 80));
    assert_proved(&in_the_open(&cluster, &claim));
}

/// 4
#[test]
fn present_or_absent_is_every_pod() {
    let exists = own(asks("x", Operator::Exists));
    let absent = own(asks("x", Operator::DoesNotExist));
    let db = policy("db", one_of("app", &["db"]), Some(vec![rule(vec![exists, absent], &[])]), None);
    let cluster = cluster(vec![db], Vec::new());
    let claim = Claim::EveryCanReach(flows(pods("app", everything()), pods("app", one_of("app", &["db"])), 80));
    assert_proved(&in_the_open(&cluster, &claim));
}

/// 5
#[test]
fn what_overlapping_selectors_open_adds_up() {
    let first = rule(vec![own(none_of("app", &["x"]))], &[1]);
    let second = rule(vec![own(none_of("app", &["z"]))], &[2]);
    let db = policy("db", one_of("role", &["db"]), Some(vec![first, second]), None);
    let cluster = cluster(vec![db], Vec::new());
    let to_db = |from, port| flows(pods("app", from), pods("app", one_of("role", &["db"])), port);
    let neither = || none_of("app", &["x", "z"]);
    assert_proved(&in_the_open(&cluster, &Claim::EveryCanReach(to_db(neither(), 1))));
    assert_proved(&in_the_open(&cluster, &Claim::EveryCanReach(to_db(neither(), 2))));
    assert_proved(&in_the_open(&cluster, &Claim::NoneCanReach(to_db(one_of("app", &["x"]), 1))));
    assert_proved(&in_the_open(&cluster, &Claim::NoneCanReach(to_db(neither(), 3))));
}

/// 6
#[test]
fn a_block_of_one_family_is_none_of_the_other() {
    let block = PeerKind::IpBlock(IpBlock { cidr: "fd00::/8".parse().unwrap(), except: Vec::new() });
    let cluster = cluster(vec![policy("db", everything(), Some(vec![rule(vec![block], &[])]), None)], Vec::new());
    let from = |block: &str| Endpoint::External(Some(block.parse().unwrap()));
    let claim = |block| Claim::NoneCanReach(flows(from(block), pods("app", everything()), 80));
    assert_proved(&in_the_open(&cluster, &claim("253.0.0.0/8")));
    let address: IpAddr = refuting(in_the_open(&cluster, &claim("fd00::/8"))).source.address();
    assert!(address.is_ipv6());
}

/// 6
#[test]
fn a_block_of_all_addresses_holds_pods() {
    let block = PeerKind::IpBlock(IpBlock { cidr: "0.0.0.0/0".parse().unwrap(), except: Vec::new() });
    let cluster = cluster(vec![policy("db", everything(), Some(vec![rule(vec![block], &[])]), None)], Vec::new());
    let between = || flows(pods("ops", everything()), pods("app", everything()), 80);
    // Some plugins match pods by blocks and some do not: neither claim can be relied on.
    refuting(in_the_open(&cluster, &Claim::NoneCanReach(between())));
    refuting(in_the_open(&cluster, &Claim::EveryCanReach(between())));
}

/// 7
#[test]
fn a_pod_selector_beside_a_namespace_selector_looks_into_those_namespaces() {
    let peer = in_namespaces(one_of("team", &["ops"]), asks("role", Operator::Exists));
    let cluster = cluster(vec![policy("db", everything(), Some(vec![rule(vec![peer], &[])]), None)], Vec::new());
    let from = |namespace| Claim::NoneCanReach(flows(pods(namespace, everything()), pods("app", everything()), 80));
    let End::Pod(source) = refuting(in_the_open(&cluster, &from("ops"))).source else { panic!("no pod") };
    assert!(source.labels.contains_key("role"));
    assert_proved(&in_the_open(&cluster, &from("app")));
}

/// 8
#[test]
fn an_absent_label_is_not_the_empty_string() {
    let absent = || asks("tier", Operator::DoesNotExist);
    let admits = |selector| {
        let db = policy("db", one_of("app", &["db"]), Some(vec![rule(vec![own(selector)], &[])]), None);
        cluster(vec![db], Vec::new())
    };
    let to_db = || flows(pods("app", absent()), pods("app", one_of("app", &["db"])), 80);
    assert_proved(&in_the_open(&admits(one_of("tier", &[""])), &Claim::NoneCanReach(to_db())));
    assert_proved(&in_the_open(&admits(none_of("tier", &[""])), &Claim::EveryCanReach(to_db())));
    assert_proved(&in_the_open(&admits(none_of("tier", &["front"])), &Claim::EveryCanReach(to_db())));
}

/// 14
#[test]
fn a_pod_on_its_nodes_network_is_not_judged_like_a_pod() {
    let mut agent = workload(WorkloadKind::Pod, "agent", &[("app", "web")]);
    agent.host_network = true;
    let db = policy("db", one_of("app", &["db"]), Some(vec![rule(vec![own(one_of("app", &["web"]))], &[])]), None);
    let cluster = cluster(vec![db], vec![agent]);
    let declared = World { pods: Existence::Declared, ..World::default() };
    let from_web = flows(pods("app", one_of("app", &["web"])), Endpoint::Anything, 80);
    assert_eq!(answer(&cluster, &declared, &Claim::NoneCanReach(from_web)), Outcome::Vacuous);
    let from_agent = flows(Endpoint::Workload(0), pods("app", everything()), 80);
    assert_eq!(in_the_open(&cluster, &Claim::NoneCanReach(from_agent)), Outcome::Vacuous);
}

/// 14
#[test]
fn traffic_from_the_own_node_is_part_of_the_question_where_nodes_are() {
    let cluster = cluster(vec![policy("deny", everything(), Some(Vec::new()), None)], Vec::new());
    let claim = Claim::NoneCanReach(flows(Endpoint::Anything, pods("app", everything()), 80));
    assert_proved(&in_the_open(&cluster, &claim));
    let with_nodes = World { nodes: true, ..World::default() };
    let flow = refuting(answer(&cluster, &with_nodes, &claim));
    let End::Node(node) = flow.source else { panic!("no node: {flow:?}") };
    assert_eq!(flow.destination.pod().unwrap().node, node.name);
}
