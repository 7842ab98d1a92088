//! Unit tests of ports: ranges, protocols, names and the pods that lend their numbers.

use super::*;
use crate::eval::fixtures::{
    block_peer, cluster, external, host_pod, item, origin, pod_end, pods_peer, policy, port, rule, selects, tcp,
    workload,
};
use crate::model::net::{End, Flow};
use crate::model::options::Options;
use crate::model::policy::{NamespaceScope, Policy, Rule};
use crate::model::selector::LabelSelector;
use crate::model::workload::{Cluster, DeclaredNamespace};

fn named(name: &str) -> PortSpec {
    item(Protocol::Tcp, PortMatch::Named(name.to_owned()))
}

fn source() -> End {
    End::Pod(pod_end("app", &[], "10.1.0.9"))
}

fn declaring(namespace: &str, ports: Vec<ContainerPort>) -> End {
    End::Pod(PodEnd { ports, ..pod_end(namespace, &[], "10.1.0.1") })
}

/// Judges the ports of the only rule of a policy of namespace `app`.
fn judge(cluster: &Cluster, options: &Options, direction: Direction, flow: &Flow) -> PortsTrace {
    let question = Question { cluster, options, flow, among: None };
    let policy = cluster.policies.get(0).unwrap();
    let rule = &policy.rules(direction).unwrap()[0];
    let rule = RuleOf { policy, direction, rule };
    trace(question, rule, &crate::eval::peer::trace(question, rule))
}

fn ingress(rule: Rule) -> Policy {
    policy("app", Some(vec![rule]), None)
}

fn egress(rule: Rule) -> Policy {
    policy("app", None, Some(vec![rule]))
}

fn ingress_ports(items: Vec<PortSpec>, options: &Options, flow: &Flow) -> PortsTrace {
    judge(&cluster(vec![ingress(rule(vec![], items))]), options, Direction::Ingress, flow)
}

#[test]
fn a_range_has_both_its_ends() {
    let range = || vec![item(Protocol::Tcp, PortMatch::Range(100, 200))];
    let at = |port| ingress_ports(range(), &Options::default(), &tcp(source(), declaring("app", vec![]), port));
    assert_eq!(at(99), PortsTrace::Missed(vec![PortMiss::OtherPort]));
    assert!([100, 150, 200].into_iter().all(|port| at(port) == PortsTrace::Matched(vec![0])));
    assert_eq!(at(201), PortsTrace::Missed(vec![PortMiss::OtherPort]));
}

#[test]
fn a_plugin_without_end_port_knows_the_first_port_alone() {
    let options = Options { end_port: EndPort::Ignored, ..Options::default() };
    let range = || vec![item(Protocol::Tcp, PortMatch::Range(100, 200))];
    let at = |port| ingress_ports(range(), &options, &tcp(source(), declaring("app", vec![]), port));
    assert_eq!(at(100), PortsTrace::Matched(vec![0]));
    assert_eq!(at(101), PortsTrace::Missed(vec![PortMiss::OtherPort]));
}

#[test]
fn an_item_speaks_of_one_protocol() {
    let flow = Flow { protocol: Protocol::Udp, ..tcp(source(), declaring("app", vec![]), 53) };
    let items = vec![item(Protocol::Tcp, PortMatch::All), item(Protocol::Udp, PortMatch::All)];
    assert_eq!(ingress_ports(items, &Options::default(), &flow), PortsTrace::Matched(vec![1]));
    let ping = Flow { protocol: Protocol::Other, port: 0, ..flow };
    let items = Protocol::SPOKEN.map(|protocol| item(protocol, PortMatch::All)).to_vec();
    assert_eq!(ingress_ports(items, &Options::default(), &ping), PortsTrace::Missed(vec![PortMiss::OtherProtocol; 3]));
    assert_eq!(ingress_ports(vec![], &Options::default(), &ping), PortsTrace::All);
}

#[test]
fn a_name_used_twice_stands_for_both_numbers_of_its_protocol() {
    let ports =
        vec![port("http", 80, Protocol::Tcp), port("http", 8080, Protocol::Tcp), port("http", 443, Protocol::Udp)];
    let at = |number| {
        let flow = tcp(source(), declaring("app", ports.clone()), number);
        ingress_ports(vec![named("http")], &Options::default(), &flow)
    };
    assert_eq!((at(80), at(8080)), (PortsTrace::Matched(vec![0]), PortsTrace::Matched(vec![0])));
    assert_eq!(at(443), PortsTrace::Missed(vec![PortMiss::NameNotDeclared]));
}

#[test]
fn only_pods_have_names() {
    let policies = || cluster(vec![egress(rule(vec![], vec![named("http")]))]);
    for destination in [external("8.8.8.8"), host_pod("app", "n1", "192.0.2.1")] {
        let flow = tcp(source(), destination, 80);
        let judged = judge(&policies(), &Options::default(), Direction::Egress, &flow);
        assert_eq!(judged, PortsTrace::Missed(vec![PortMiss::NoNames]));
    }
}

#[test]
fn a_plugin_may_bar_names_of_egress_rules_without_pod_peers() {
    let flow = |namespace| tcp(source(), declaring(namespace, vec![port("http", 80, Protocol::Tcp)]), 80);
    let judged = |choice, namespace, peers: Vec<Peer>| {
        let options = Options { egress_named_port_any: choice, ..Options::default() };
        let cluster = cluster(vec![egress(rule(peers, vec![named("http")]))]);
        judge(&cluster, &options, Direction::Egress, &flow(namespace)) == PortsTrace::Matched(vec![0])
    };
    let everywhere = || pods_peer(NamespaceScope::Matching(LabelSelector::everything()), LabelSelector::everything());
    for peers in [vec![], vec![block_peer("0.0.0.0/0", &[])]] {
        assert!(judged(EgressNamedPortAny::Destination, "ops", peers.clone()));
        assert!(judged(EgressNamedPortAny::Namespace, "app", peers.clone()));
        assert!(!judged(EgressNamedPortAny::Namespace, "ops", peers.clone()));
        assert!(!judged(EgressNamedPortAny::None, "app", peers));
    }
    assert!(judged(EgressNamedPortAny::None, "ops", vec![everywhere()]));
}

fn union() -> Options {
    Options { named_port_scope: NamedPortScope::Union, ..Options::default() }
}

#[test]
fn under_union_the_pods_that_the_policy_selects_lend_their_numbers() {
    let flow = tcp(source(), declaring("app", vec![port("http", 80, Protocol::Tcp)]), 8080);
    let lender = |namespace| workload(namespace, &[], vec![port("http", 8080, Protocol::Tcp)]);
    let judged = |workload, options: &Options| {
        let mut cluster = cluster(vec![ingress(rule(vec![], vec![named("http")]))]);
        cluster.workloads.push(workload);
        judge(&cluster, options, Direction::Ingress, &flow) == PortsTrace::Matched(vec![0])
    };
    assert!(judged(lender("app"), &union()));
    assert!(!judged(lender("app"), &Options::default()));
    assert!(!judged(lender("ops"), &union()));
    assert!(!judged(Workload { host_network: true, ..lender("app") }, &union()));
}

#[test]
fn under_union_the_pods_that_a_matching_peer_selects_lend_their_numbers() {
    let flow = tcp(source(), declaring("ops", vec![]), 8080);
    let team = selects(&[("team", "ops")]);
    let peer = pods_peer(NamespaceScope::Matching(LabelSelector::everything()), LabelSelector::everything());
    let elsewhere = pods_peer(NamespaceScope::Matching(team), LabelSelector::everything());
    let judged = |peers: Vec<Peer>, lender: &str| {
        let mut cluster = cluster(vec![egress(rule(peers, vec![named("http")]))]);
        let labels = crate::eval::fixtures::labels(&[("team", "ops")]);
        let namespace = Namespace::new("lab", labels);
        cluster.namespaces.insert("lab".to_owned(), DeclaredNamespace { namespace, origin: origin() });
        cluster.workloads.push(workload(lender, &[], vec![port("http", 8080, Protocol::Tcp)]));
        judge(&cluster, &union(), Direction::Egress, &flow) == PortsTrace::Matched(vec![0])
    };
    assert!(judged(vec![], "lab") && judged(vec![peer.clone()], "lab") && judged(vec![peer], "web"));
    assert!(!judged(vec![elsewhere], "lab"), "the peer does not select the destination");
    assert!(!judged(vec![block_peer("0.0.0.0/0", &[])], "lab"), "a block selects no declared pod");
}

#[test]
fn names_of_ingress_rules_are_never_barred() {
    let options = Options { egress_named_port_any: EgressNamedPortAny::None, ..Options::default() };
    let flow = tcp(source(), declaring("app", vec![port("http", 80, Protocol::Tcp)]), 80);
    assert_eq!(ingress_ports(vec![named("http")], &options, &flow), PortsTrace::Matched(vec![0]));
}

#[test]
fn under_union_a_rule_without_peers_borrows_from_where_the_plugin_looks() {
    let flow = tcp(source(), declaring("app", vec![]), 8080);
    let judged = |egress_named_port_any, lender: &str| {
        let mut cluster = cluster(vec![egress(rule(vec![], vec![named("http")]))]);
        cluster.workloads.push(workload(lender, &[], vec![port("http", 8080, Protocol::Tcp)]));
        let options = Options { egress_named_port_any, ..union() };
        judge(&cluster, &options, Direction::Egress, &flow) == PortsTrace::Matched(vec![0])
    };
    assert!(judged(EgressNamedPortAny::Destination, "ops"));
    assert!(judged(EgressNamedPortAny::Namespace, "app"));
    assert!(!judged(EgressNamedPortAny::Namespace, "ops"));
}
