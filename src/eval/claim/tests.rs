//! Unit tests of membership.

use super::*;
use crate::eval::fixtures::{cluster, external, host_pod, node, pod, pod_end, policy, port, selects, tcp, workload};
use crate::model::net::NodeEnd;
use crate::model::options::HostNetwork;

fn any_pods(namespaces: NamespaceSet) -> Endpoint {
    Endpoint::Pods { namespaces, pods: LabelSelector::everything() }
}

/// A pod, a host-network pod, a node, an external address.
fn ends() -> [End; 4] {
    let web = pod("app", &[("role", "web")], "10.1.0.1");
    [web, host_pod("app", "n1", "192.0.2.1"), node("n1", "192.0.2.1"), external("203.0.113.7")]
}

fn taken_in(endpoint: &Endpoint) -> [bool; 4] {
    ends().map(|end| contains(&Cluster::default(), endpoint, &end))
}

#[test]
fn each_kind_of_endpoint_takes_in_its_own_kind_of_end() {
    assert_eq!(taken_in(&Endpoint::Anything), [true; 4]);
    assert_eq!(taken_in(&any_pods(NamespaceSet::Any)), [true, false, false, false]);
    assert_eq!(taken_in(&Endpoint::Node(None)), [false, true, true, false], "whatever is on a node's network");
    assert_eq!(taken_in(&Endpoint::External(None)), [false, false, false, true]);
    assert_eq!(taken_in(&any_pods(NamespaceSet::Any).complement()), [false, true, true, true]);
    let both = Endpoint::Union(vec![Endpoint::Node(None), Endpoint::External(None)]);
    assert_eq!(taken_in(&both), [false, true, true, true]);
    assert_eq!(taken_in(&Endpoint::Union(vec![])), [false; 4]);
}

#[test]
fn pods_are_told_apart_by_namespace_and_labels() {
    let web = |namespaces| Endpoint::Pods { namespaces, pods: selects(&[("role", "web")]) };
    let named = |name: &str| NamespaceSet::Named(name.to_owned());
    let labelled = |name| NamespaceSet::Matching(selects(&[("kubernetes.io/metadata.name", name)]));
    assert!(taken_in(&web(named("app")))[0] && taken_in(&web(labelled("app")))[0]);
    assert!(!taken_in(&web(named("ops")))[0] && !taken_in(&web(labelled("ops")))[0]);
    let db = Endpoint::Pods { namespaces: NamespaceSet::Any, pods: selects(&[("role", "db")]) };
    assert_eq!(taken_in(&db), [false; 4]);
}

#[test]
fn nodes_and_addresses_can_be_narrowed() {
    assert_eq!(taken_in(&Endpoint::Node(Some("n1".to_owned()))), [false, true, true, false]);
    assert_eq!(taken_in(&Endpoint::Node(Some("n2".to_owned()))), [false; 4]);
    let unnamed = End::Node(NodeEnd { name: None, address: "192.0.2.1".parse().unwrap() });
    assert!(contains(&Cluster::default(), &Endpoint::Node(None), &unnamed));
    assert!(!contains(&Cluster::default(), &Endpoint::Node(Some("n1".to_owned())), &unnamed));
    let within = |block: &str| taken_in(&Endpoint::External(Some(block.parse().unwrap())));
    assert_eq!(within("203.0.113.0/24"), [false, false, false, true]);
    assert_eq!(within("10.0.0.0/8"), [false; 4], "the pod's address is not outside the cluster");
    assert_eq!(within("::/0"), [false; 4]);
}

#[test]
fn a_workload_has_its_own_pods_and_no_one_elses() {
    let declared = Cluster { workloads: vec![workload("app", &[], vec![])].into(), ..Cluster::default() };
    let of = |workload| End::Pod(PodEnd { workload, ..pod_end("app", &[], "10.1.0.1") });
    assert!(contains(&declared, &Endpoint::Workload(0), &of(Some(0))));
    assert!(!contains(&declared, &Endpoint::Workload(0), &of(None)));
    assert!(!contains(&declared, &Endpoint::Workload(1), &of(Some(0))));
    assert!(!contains(&Cluster::default(), &Endpoint::Workload(0), &of(Some(0))));
}

fn has(items: Vec<(Protocol, PortMatch)>, flow: &Flow) -> bool {
    let items = items.into_iter().map(|(protocol, ports)| PortItem { protocol, ports }).collect();
    ports_contain(&PortSet { items }, flow)
}

#[test]
fn no_ports_are_all_ports_of_the_spoken_protocols() {
    let [web, ..] = ends();
    let flow = tcp(external("203.0.113.7"), web, 80);
    assert!(Protocol::SPOKEN.into_iter().all(|protocol| has(vec![], &Flow { protocol, ..flow.clone() })));
    assert!(!has(vec![], &Flow { protocol: Protocol::Other, port: 0, ..flow }));
}

#[test]
fn ports_are_numbers_and_names_of_one_protocol() {
    let ports = vec![port("http", 80, Protocol::Tcp), port("http", 81, Protocol::Udp)];
    let web = End::Pod(PodEnd { ports, ..pod_end("app", &[], "10.1.0.1") });
    let at = |port| tcp(external("203.0.113.7"), web.clone(), port);
    let range = || vec![(Protocol::Udp, PortMatch::All), (Protocol::Tcp, PortMatch::Range(80, 90))];
    assert_eq!([79, 80, 90, 91].map(|port| has(range(), &at(port))), [false, true, true, false]);
    let http = || vec![(Protocol::Tcp, PortMatch::Named("http".to_owned()))];
    assert!(has(http(), &at(80)) && !has(http(), &at(81)));
    assert!(!has(http(), &tcp(web.clone(), external("203.0.113.7"), 80)), "no names outside the cluster");
}

#[test]
fn a_flow_is_in_the_set_when_both_ends_and_the_port_are() {
    let [web, _, _, inet] = ends();
    let ports = PortSet { items: vec![PortItem { protocol: Protocol::Tcp, ports: PortMatch::Range(80, 80) }] };
    let set = FlowSet::new(Endpoint::External(None), any_pods(NamespaceSet::Any), ports);
    let is_in = |flow: Flow| flow_in(&Cluster::default(), &set, &flow);
    assert!(is_in(tcp(inet.clone(), web.clone(), 80)));
    assert!(!is_in(tcp(inet.clone(), web.clone(), 81)));
    assert!(!is_in(tcp(web.clone(), web.clone(), 80)));
    assert!(!is_in(tcp(inet.clone(), inet, 80)));
}

#[test]
fn isolation_is_a_matter_of_direction_namespace_and_network() {
    let closed = cluster(vec![policy("app", Some(vec![]), None)]);
    let options = Options::default();
    let web = pod_end("app", &[], "10.1.0.1");
    assert!(isolated(&closed, &options, &web, Direction::Ingress));
    assert!(!isolated(&closed, &options, &web, Direction::Egress));
    assert!(!isolated(&closed, &options, &pod_end("ops", &[], "10.1.0.1"), Direction::Ingress));
    let agent = PodEnd { host_network: true, ..web };
    assert!(!isolated(&closed, &options, &agent, Direction::Ingress));
    let as_pod = Options { host_network: HostNetwork::Pod, ..options };
    assert!(isolated(&closed, &as_pod, &agent, Direction::Ingress));
}
