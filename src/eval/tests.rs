//! Unit tests of isolation, the two sides and the exemptions.

use super::fixtures::{cluster, external, host_pod, node, pod, policy, rule, tcp};
use super::trace::{PeersTrace, PortsTrace};
use super::*;
use crate::model::options::HostNetwork;

fn allowed(cluster: &Cluster, options: &Options, flow: &Flow) -> bool {
    verdict(cluster, options, flow).0 == Verdict::Allowed
}

/// A cluster whose namespace `app` lets nothing in and nothing out.
fn closed() -> Cluster {
    cluster(vec![policy("app", Some(vec![]), Some(vec![]))])
}

fn sides(options: &Options, source: End, destination: End) -> (Side, Side) {
    let (_, trace) = verdict(&closed(), options, &tcp(source, destination, 80));
    (trace.egress, trace.ingress)
}

fn web() -> End {
    pod("app", &[], "10.1.0.1")
}

#[test]
fn without_policies_everything_is_open() {
    let (verdict, trace) = verdict(&Cluster::default(), &Options::default(), &tcp(web(), external("8.8.8.8"), 80));
    assert_eq!(verdict, Verdict::Allowed);
    assert_eq!(trace, Trace { egress: Side::Open, ingress: Side::Exempt(Exemption::NotAPod) });
}

#[test]
fn a_policy_isolates_its_own_namespace_for_its_own_directions() {
    let ingress_only = cluster(vec![policy("app", Some(vec![]), None)]);
    let other = || pod("ops", &[], "10.2.0.1");
    assert!(!allowed(&ingress_only, &Options::default(), &tcp(other(), web(), 80)));
    assert!(allowed(&ingress_only, &Options::default(), &tcp(web(), other(), 80)));
}

#[test]
fn both_sides_must_allow() {
    let open_in = policy("app", Some(vec![rule(vec![], vec![])]), None);
    let closed_out = policy("ops", None, Some(vec![]));
    let flow = tcp(pod("ops", &[], "10.2.0.1"), web(), 80);
    assert!(allowed(&cluster(vec![open_in.clone()]), &Options::default(), &flow));
    assert!(!allowed(&cluster(vec![open_in, closed_out]), &Options::default(), &flow));
}

#[test]
fn policies_add_up_and_each_one_is_in_the_trace() {
    let policies = vec![
        policy("app", Some(vec![]), None),
        policy("ops", None, None),
        policy("app", Some(vec![rule(vec![], vec![])]), None),
    ];
    let (verdict, trace) = verdict(&cluster(policies), &Options::default(), &tcp(external("8.8.8.8"), web(), 80));
    assert_eq!(verdict, Verdict::Allowed);
    let matched = RuleTrace { peers: PeersTrace::All, ports: PortsTrace::All };
    let expected = [PolicyTrace { policy: 0, rules: vec![] }, PolicyTrace { policy: 2, rules: vec![matched] }];
    assert_eq!(trace.ingress.policies(), expected);
}

#[test]
fn a_pod_reaches_itself_unless_the_plugin_judges_that_too() {
    let itself = Side::Exempt(Exemption::Itself);
    assert_eq!(sides(&Options::default(), web(), web()), (itself.clone(), itself));
    let judged = Options { self_traffic: Treatment::Policy, ..Options::default() };
    assert!(!allowed(&closed(), &judged, &tcp(web(), web(), 80)));
}

#[test]
fn the_own_node_comes_in_and_no_other() {
    let options = Options::default();
    let (_, own) = sides(&options, node("n1", "192.0.2.1"), web());
    assert_eq!(own, Side::Exempt(Exemption::LocalNode));
    assert!(!allowed(&closed(), &options, &tcp(node("n2", "192.0.2.2"), web(), 80)));
    let judged = Options { local_node_ingress: Treatment::Policy, ..options };
    assert!(!allowed(&closed(), &judged, &tcp(node("n1", "192.0.2.1"), web(), 80)));
}

#[test]
fn nodes_that_nobody_knows_are_not_the_own_node() {
    let End::Pod(mut destination) = web() else { panic!("web is a pod") };
    destination.node = None;
    let unknown = crate::model::net::NodeEnd { name: None, address: "192.0.2.9".parse().unwrap() };
    let flow = tcp(End::Node(unknown), End::Pod(destination), 80);
    assert!(!allowed(&closed(), &Options::default(), &flow));
}

#[test]
fn the_way_to_the_own_node_is_the_plugins_choice() {
    let flow = |name| tcp(web(), node(name, "192.0.2.1"), 80);
    assert!(!allowed(&closed(), &Options::default(), &flow("n1")));
    let open = Options { local_node_egress: Treatment::Allow, ..Options::default() };
    assert!(allowed(&closed(), &open, &flow("n1")));
    assert!(!allowed(&closed(), &open, &flow("n2")));
}

#[test]
fn a_pod_on_its_nodes_network_is_its_node_or_a_pod() {
    let agent = || host_pod("app", "n1", "192.0.2.1");
    let (egress, ingress) = sides(&Options::default(), agent(), web());
    assert_eq!((egress, ingress), (Side::Exempt(Exemption::HostNetwork), Side::Exempt(Exemption::LocalNode)));
    let as_pod = Options { host_network: HostNetwork::Pod, ..Options::default() };
    let (egress, ingress) = sides(&as_pod, agent(), web());
    assert!(!egress.allows() && !ingress.allows());
}

#[test]
fn other_protocols_follow_the_plugin() {
    let portless = cluster(vec![policy("app", Some(vec![rule(vec![], vec![])]), None)]);
    let ping = Flow { protocol: Protocol::Other, ..tcp(external("8.8.8.8"), web(), 0) };
    let under = |other_protocols| Options { other_protocols, ..Options::default() };
    let passes = |cluster: &Cluster, choice| allowed(cluster, &under(choice), &ping);
    for choice in [OtherProtocols::Unspecified, OtherProtocols::NoPorts] {
        assert!(passes(&portless, choice) && !passes(&closed(), choice));
    }
    assert!(passes(&portless, OtherProtocols::Allow) && passes(&closed(), OtherProtocols::Allow));
    assert!(!passes(&portless, OtherProtocols::Deny) && passes(&Cluster::default(), OtherProtocols::Deny));
}
