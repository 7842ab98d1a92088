//! Random small clusters, worlds, plugins, flows and claims.
//!
//! Small on purpose: two keys, three values, three namespaces and a handful of blocks meet often
//! enough for every rule to matter. Everything made here is legal input, as the loader would pass it
//! on; what is made up on top of it (a flow's pods) may be legal or not, as the test wants it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use netverify::model::claim::{Claim, Endpoint, FlowSet, NamespaceSet, PortItem, PortSet};
use netverify::model::net::{IpBlock, PodEnd, PortMatch, Protocol};
use netverify::model::options::{
    EgressNamedPortAny, EndPort, HostNetwork, IpBlockMatches, NamedPortScope, Options, OtherProtocols, Treatment,
};
use netverify::model::plugin::{Choice, Plugin};
use netverify::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule};
use netverify::model::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL, Operator, Requirement, WrittenSelector};
use netverify::model::workload::{Cluster, ContainerPort, DeclaredNamespace, Namespace, Node, Workload, WorkloadKind};
use netverify::model::world::{Existence, Trust, World};
use netverify::source::{Origin, SourceMap, Span};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// The words of which clusters and claims are made.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// Label keys, of pods and of namespaces.
    pub pod_keys: &'static [&'static str],
    pub namespace_keys: &'static [&'static str],
    /// Label values that selectors name.
    pub values: &'static [&'static str],
    /// Blocks and their exceptions.
    pub blocks: &'static [(&'static str, &'static [&'static str])],
    /// Most policies and most rules a direction.
    pub policies: usize,
    pub rules: usize,
    pub workloads: usize,
}

/// Enough words for every rule.
pub const MANY: Words = Words {
    pod_keys: &["k1", "k2"],
    namespace_keys: &["k1", "k2"],
    values: &["x", "y", ""],
    blocks: &[
        ("10.0.0.0/8", &["10.1.0.0/16"]),
        ("10.0.0.0/8", &["10.1.0.0/16", "10.1.2.0/24", "10.128.0.0/9"]),
        ("10.0.0.0/30", &["10.0.0.1/32"]),
        ("10.1.2.0/24", &[]),
        ("0.0.0.0/0", &[]),
        ("0.0.0.0/0", &["10.0.0.0/8", "192.0.2.0/24"]),
        ("203.0.113.7/32", &[]),
        ("fd00::/64", &["fd00::8/125"]),
        ("fd00::/33", &["fd00:0:7fff::/48"]),
        ("::/0", &[]),
        ("::/0", &["fd00::/8"]),
    ],
    policies: 5,
    rules: 2,
    workloads: 4,
};

/// So few words that every case that matters can be listed.
pub const FEW: Words = Words {
    pod_keys: &["k1"],
    namespace_keys: &["k2"],
    values: &["x", ""],
    blocks: &[
        ("10.0.0.0/8", &["10.1.0.0/16"]),
        ("10.0.0.0/30", &["10.0.0.1/32"]),
        ("0.0.0.0/0", &[]),
        ("fd00::/64", &["fd00::8/125"]),
    ],
    policies: 3,
    rules: 2,
    workloads: 3,
};

/// Still fewer, for questions with more kinds of ends.
pub const TINY: Words = Words {
    pod_keys: &["k1"],
    namespace_keys: &["k2"],
    values: &["x", ""],
    blocks: &[("10.0.0.0/30", &["10.0.0.1/32"]), ("192.0.2.0/24", &[]), ("fd00::/64", &["fd00::8/125"])],
    policies: 2,
    rules: 1,
    workloads: 3,
};

/// Addresses that pods and nodes may be known by, so that no two have the same.
const POD_ADDRESSES: [[&str; 2]; 4] =
    [["10.0.0.1", "fd00::1"], ["10.1.0.2", "fd00::9"], ["10.0.0.2", "fd00:0:7fff::3"], ["172.16.0.4", "2001:db8::4"]];
const NODE_ADDRESSES: [[&str; 2]; 2] = [["192.0.2.1", "fd00::a"], ["10.0.0.3", "2001:db8:ff::2"]];

/// The one place that everything is said to come from.
pub fn origin() -> Origin {
    Origin { file: SourceMap::default().add("test", ""), span: Span::new(0, 0) }
}

fn operator(values: &'static [&'static str]) -> BoxedStrategy<Operator> {
    let list = move || subsequence(values, 1..=2).prop_map(|list| list.into_iter().map(str::to_owned).collect());
    prop_oneof![
        4 => list().prop_map(Operator::In),
        3 => list().prop_map(Operator::NotIn),
        1 => Just(Operator::Exists),
        1 => Just(Operator::DoesNotExist),
    ]
    .boxed()
}

fn requirement(keys: &'static [&'static str], values: &'static [&'static str]) -> BoxedStrategy<Requirement> {
    (select(keys), operator(values)).prop_map(|(key, operator)| Requirement { key: key.to_owned(), operator }).boxed()
}

/// Empty, plain, of two requirements, or one that nothing meets (R13).
fn selector(keys: &'static [&'static str], values: &'static [&'static str]) -> BoxedStrategy<LabelSelector> {
    let contradiction = (select(keys), select(values)).prop_map(|(key, value)| {
        let not = Operator::NotIn(vec![value.to_owned()]);
        vec![Requirement::equals(key, value), Requirement { key: key.to_owned(), operator: not }]
    });
    prop_oneof![
        8 => Just(Vec::new()),
        12 => vec(requirement(keys, values), 1),
        4 => vec(requirement(keys, values), 2),
        1 => contradiction,
    ]
    .prop_map(|requirements| LabelSelector { requirements })
    .boxed()
}

/// By labels or by the automatic name label: of namespaces declared, not declared and unheard of (R9).
fn namespace_selector(words: Words) -> BoxedStrategy<LabelSelector> {
    let names = || requirement(&[NAMESPACE_NAME_LABEL], &["a", "b", "c", "zz"]);
    let by_name = vec(names(), 1).prop_map(|requirements| LabelSelector { requirements });
    let both = (names(), requirement(words.namespace_keys, words.values))
        .prop_map(|(one, other)| LabelSelector { requirements: vec![one, other] });
    prop_oneof![6 => selector(words.namespace_keys, words.values), 3 => by_name, 1 => both].boxed()
}

fn peer(words: Words) -> BoxedStrategy<Peer> {
    let scope = prop_oneof![
        2 => Just(NamespaceScope::Own),
        3 => namespace_selector(words).prop_map(NamespaceScope::Matching),
    ];
    let pods = (scope, selector(words.pod_keys, words.values))
        .prop_map(|(namespaces, pods)| PeerKind::Pods { namespaces, pods });
    let block = select(words.blocks).prop_map(|(cidr, except)| {
        let except = except.iter().map(|except| except.parse().unwrap()).collect();
        PeerKind::IpBlock(IpBlock { cidr: cidr.parse().unwrap(), except })
    });
    prop_oneof![3 => pods, 1 => block].prop_map(|kind| Peer { kind, origin: origin() }).boxed()
}

/// TCP most often, so that rules and flows meet.
fn spoken() -> BoxedStrategy<Protocol> {
    prop_oneof![4 => Just(Protocol::Tcp), 2 => Just(Protocol::Udp), 1 => Just(Protocol::Sctp)].boxed()
}

fn port_match() -> BoxedStrategy<PortMatch> {
    let ranges: &[(u16, u16)] = &[(80, 80), (80, 443), (443, 443), (8080, 8090), (1, 79), (60000, 65535)];
    prop_oneof![
        2 => Just(PortMatch::All),
        5 => select(ranges).prop_map(|(first, last)| PortMatch::Range(first, last)).boxed(),
        2 => Just(PortMatch::Named("http".to_owned())),
        1 => Just(PortMatch::Named("dns".to_owned())),
    ]
    .boxed()
}

fn rule(words: Words) -> BoxedStrategy<Rule> {
    let peers = prop_oneof![1 => Just(Peers::All), 4 => vec(peer(words), 1..=2).prop_map(Peers::AnyOf)];
    let item = (spoken(), port_match()).prop_map(|(protocol, ports)| PortSpec { protocol, ports, origin: origin() });
    let ports = prop_oneof![3 => Just(Ports::All), 2 => vec(item, 1..=2).prop_map(Ports::AnyOf)];
    (peers, ports).prop_map(|(peers, ports)| Rule { peers, ports, origin: origin() }).boxed()
}

fn rules(words: Words) -> BoxedStrategy<Option<Vec<Rule>>> {
    prop_oneof![
        2 => Just(None),
        3 => Just(Some(Vec::new())),
        5 => vec(rule(words), 1..=words.rules).prop_map(Some),
    ]
    .boxed()
}

fn policy(words: Words) -> BoxedStrategy<Policy> {
    let ingress_or_egress = (rules(words), rules(words));
    (select(&["a", "a", "b", "c"][..]), selector(words.pod_keys, words.values), ingress_or_egress)
        .prop_map(|(namespace, selector, (ingress, egress))| Policy {
            namespace: namespace.to_owned(),
            name: String::new(),
            pod_selector: WrittenSelector { selector, origin: origin() },
            ingress,
            egress,
            origin: origin(),
            name_origin: origin(),
            written: netverify::model::policy::Written::default(),
        })
        .boxed()
}

/// Isolates a whole namespace, as most clusters do; without such policies hardly anything is proved.
fn lock() -> BoxedStrategy<Policy> {
    let directions = select(&[(true, true), (true, true), (true, false), (false, true)][..]);
    (select(&["a", "a", "a", "b", "c"][..]), directions)
        .prop_map(|(namespace, (ingress, egress))| Policy {
            namespace: namespace.to_owned(),
            name: String::new(),
            pod_selector: WrittenSelector { selector: LabelSelector::everything(), origin: origin() },
            ingress: ingress.then(Vec::new),
            egress: egress.then(Vec::new),
            origin: origin(),
            name_origin: origin(),
            written: netverify::model::policy::Written::default(),
        })
        .boxed()
}

/// Labels with named values, and with one that nobody names.
pub fn labels(keys: &'static [&'static str], values: &'static [&'static str]) -> BoxedStrategy<Labels> {
    let value = prop_oneof![4 => select(values), 1 => Just("unheard-of")];
    let pairs: Vec<_> = keys.iter().map(|key| option::of(value.clone()).prop_map(move |value| (*key, value))).collect();
    pairs
        .prop_map(|pairs| {
            let own = |(key, value): (&str, Option<&str>)| Some((key.to_owned(), value?.to_owned()));
            pairs.into_iter().filter_map(own).collect()
        })
        .boxed()
}

/// Ports of several containers: one name may stand for two numbers (V15).
pub fn container_ports() -> BoxedStrategy<Vec<ContainerPort>> {
    let port = |name: Option<&str>, number, protocol| ContainerPort { name: name.map(str::to_owned), number, protocol };
    let all = vec![
        port(Some("http"), 80, Protocol::Tcp),
        port(Some("http"), 8080, Protocol::Tcp),
        port(Some("http"), 443, Protocol::Udp),
        port(Some("dns"), 53, Protocol::Udp),
        port(None, 443, Protocol::Tcp),
    ];
    subsequence(all, 0..=3).boxed()
}

/// Where a pod runs: a node that may be declared, one that never is, or nobody says.
pub fn node_name() -> BoxedStrategy<Option<String>> {
    option::of(select(&["n1", "n2", "ghost"][..]).prop_map(str::to_owned)).boxed()
}

fn workload(words: Words) -> BoxedStrategy<Workload> {
    let kind = select(&[WorkloadKind::Pod, WorkloadKind::Deployment][..]);
    let place = (select(&["a", "a", "b", "c"][..]), node_name(), prop::bool::weighted(0.15));
    (kind, place, labels(words.pod_keys, words.values), container_ports(), subsequence(vec![0, 1], 0..=2))
        .prop_map(|(kind, (namespace, node, host_network), labels, ports, families)| Workload {
            kind,
            namespace: namespace.to_owned(),
            name: String::new(),
            labels,
            ports,
            // Which families are known; `cluster` turns them into addresses. A controller has none.
            addresses: if kind == WorkloadKind::Pod {
                families.into_iter().map(family_mark).collect()
            } else {
                Vec::new()
            },
            node: if kind == WorkloadKind::Pod { node } else { None },
            host_network,
            origin: origin(),
        })
        .boxed()
}

fn family_mark(family: usize) -> IpAddr {
    if family == 0 { "0.0.0.0".parse().unwrap() } else { "::".parse().unwrap() }
}

fn address_of(pair: [&str; 2], family: IpAddr) -> IpAddr {
    pair[usize::from(family.is_ipv6())].parse().unwrap()
}

/// A cluster as the loader makes it: sorted, with names of its own.
pub fn cluster(words: Words) -> BoxedStrategy<Cluster> {
    let namespaces =
        (labels(words.namespace_keys, words.values), option::weighted(0.7, labels(words.namespace_keys, words.values)));
    let nodes = vec(subsequence(vec![0, 1], 0..=2), 0..=2);
    let policies =
        (vec(policy(words), 0..=words.policies), vec(lock(), 0..=3)).prop_map(|(some, locks)| [some, locks].concat());
    (policies, namespaces, vec(workload(words), 0..=words.workloads), nodes)
        .prop_map(|(policies, (of_a, of_b), workloads, nodes)| assemble(policies, of_a, of_b, workloads, nodes))
        .boxed()
}

fn assemble(
    mut policies: Vec<Policy>,
    of_a: Labels,
    of_b: Option<Labels>,
    mut workloads: Vec<Workload>,
    nodes: Vec<Vec<usize>>,
) -> Cluster {
    for (at, policy) in policies.iter_mut().enumerate() {
        policy.name = format!("p{at}");
    }
    policies.sort_by_key(|policy| (policy.namespace.clone(), policy.name.clone()));
    for (at, workload) in workloads.iter_mut().enumerate() {
        workload.name = format!("w{at}");
        for address in &mut workload.addresses {
            *address = address_of(POD_ADDRESSES[at], *address);
        }
    }
    workloads.sort_by_key(|workload| (workload.namespace.clone(), workload.name.clone()));
    let declared = |(name, labels): (&str, Labels)| {
        (name.to_owned(), DeclaredNamespace { namespace: Namespace::new(name, labels), origin: origin() })
    };
    let node = |(at, families): (usize, Vec<usize>)| Node {
        name: format!("n{}", at + 1),
        labels: Labels::new(),
        addresses: families.into_iter().map(|family| address_of(NODE_ADDRESSES[at], family_mark(family))).collect(),
        origin: origin(),
    };
    Cluster {
        policies: policies.into(),
        namespaces: [("a", Some(of_a)), ("b", of_b)]
            .into_iter()
            .filter_map(|(name, labels)| Some((name, labels?)))
            .map(declared)
            .collect(),
        workloads: workloads.into(),
        nodes: nodes.into_iter().enumerate().map(node).collect(),
        ..Cluster::default()
    }
}

/// A plugin with any choices.
pub fn options() -> BoxedStrategy<Options> {
    let treatment = || select(&[Treatment::Allow, Treatment::Policy][..]);
    let blocks = select(&[IpBlockMatches::All, IpBlockMatches::ExternalAndNodes, IpBlockMatches::External][..]);
    let host = select(&[HostNetwork::Node, HostNetwork::Pod][..]);
    let scope = select(&[NamedPortScope::Destination, NamedPortScope::Union][..]);
    let named = select(&[EgressNamedPortAny::Destination, EgressNamedPortAny::Namespace, EgressNamedPortAny::None][..]);
    let end_port = select(&[EndPort::Supported, EndPort::Ignored][..]);
    let others = [OtherProtocols::Unspecified, OtherProtocols::NoPorts, OtherProtocols::Allow, OtherProtocols::Deny];
    (blocks, host, [treatment(), treatment(), treatment()], (scope, named), end_port, select(others.to_vec()))
        .prop_map(
            |(
                ipblock_matches,
                host_network,
                treatments,
                (named_port_scope, egress_named_port_any),
                end_port,
                other_protocols,
            )| {
                let [local_node_ingress, local_node_egress, self_traffic] = treatments;
                Options {
                    ipblock_matches,
                    host_network,
                    local_node_ingress,
                    local_node_egress,
                    self_traffic,
                    named_port_scope,
                    egress_named_port_any,
                    end_port,
                    other_protocols,
                }
            },
        )
        .boxed()
}

/// A world, most often an open one.
pub fn world() -> BoxedStrategy<World> {
    let existence = || prop_oneof![4 => Just(Existence::Any), 1 => Just(Existence::Declared)];
    let some_of = |names: &'static [&'static str]| {
        let chosen = btree_set(select(names).prop_map(str::to_owned), 1..=2);
        prop_oneof![6 => Just(BTreeSet::new()), 1 => chosen]
    };
    let trust = (some_of(&["a", "c", "zz"]), some_of(&["k1", "k2"]), some_of(&["k1", "k2"]));
    let kinds = (prop::bool::weighted(0.7), prop::bool::weighted(0.6));
    (existence(), existence(), kinds, trust, plugin())
        .prop_map(|(pods, namespaces, (external, nodes), (of_namespaces, pod_labels, namespace_labels), of_plugin)| {
            let trust = Trust { namespaces: of_namespaces, pod_labels, namespace_labels };
            let (plugin, choices) = of_plugin;
            World { pods, namespaces, external, nodes, trust, plugin, choices }
        })
        .boxed()
}

/// A profile, most often of any plugin, and choices made one by one, most often none.
fn plugin() -> BoxedStrategy<(Plugin, Vec<Choice>)> {
    let known = select(&Plugin::NAMES[..]).prop_map(|(_, plugin)| plugin);
    let some = options().prop_flat_map(|options| subsequence(Choice::all_of(&options), 1..=9));
    let choices = prop_oneof![1 => Just(Vec::new()), 1 => some];
    (prop_oneof![1 => Just(Plugin::Any), 1 => known], choices).boxed()
}

/// What properties are about, most often: pods of a namespace, by a label or all of them.
fn pods_of_claim(words: Words) -> BoxedStrategy<Endpoint> {
    let named = |name: &str| NamespaceSet::Named(name.to_owned());
    let namespaces = prop_oneof![
        4 => Just(NamespaceSet::Any),
        8 => select(&["a", "a", "a", "b", "c", "zz"][..]).prop_map(named),
        2 => namespace_selector(words).prop_map(NamespaceSet::Matching),
    ];
    let equals = (select(words.pod_keys), select(words.values))
        .prop_map(|(key, value)| LabelSelector { requirements: vec![Requirement::equals(key, value)] });
    let pods = prop_oneof![
        4 => Just(LabelSelector::everything()),
        3 => equals,
        3 => selector(words.pod_keys, words.values),
    ];
    (namespaces, pods).prop_map(|(namespaces, pods)| Endpoint::Pods { namespaces, pods }).boxed()
}

fn endpoint(words: Words) -> BoxedStrategy<Endpoint> {
    let outside =
        option::of(select(words.blocks).prop_map(|(cidr, _)| cidr.parse().unwrap())).prop_map(Endpoint::External);
    let node = option::of(select(&["n1", "n2"][..]).prop_map(str::to_owned)).prop_map(Endpoint::Node);
    let within = select(words.blocks).prop_map(|(cidr, _)| Endpoint::Within(cidr.parse().unwrap()));
    let workload = (0..words.workloads).prop_map(Endpoint::Workload);
    let part = prop_oneof![24 => pods_of_claim(words), 6 => workload, 2 => outside, 2 => node, 1 => within].boxed();
    let leaf = || prop_oneof![1 => Just(Endpoint::Anything), 5 => part.clone()];
    let union = vec(part.clone(), 2).prop_map(Endpoint::Union).boxed();
    let gone = prop_oneof![5 => part.clone(), 1 => union.clone()];
    let except = (leaf(), gone).prop_map(|(whole, gone)| Endpoint::Except(Box::new(whole), Box::new(gone)));
    prop_oneof![9 => leaf(), 1 => union, 3 => except].boxed()
}

/// Most often without exceptions, as sentences are; with one or two, as classes are.
pub fn flow_set(words: Words) -> BoxedStrategy<FlowSet> {
    let except = prop_oneof![5 => Just(Vec::new()), 1 => vec(plain_flow_set(words), 1..=2)];
    (plain_flow_set(words), except).prop_map(|(flows, except)| FlowSet { except, ..flows }).boxed()
}

fn plain_flow_set(words: Words) -> BoxedStrategy<FlowSet> {
    let item = (spoken(), port_match()).prop_map(|(protocol, ports)| PortItem { protocol, ports });
    let ports = prop_oneof![1 => Just(Vec::new()), 3 => vec(item, 1..=2)].prop_map(|items| PortSet { items });
    (endpoint(words), endpoint(words), ports)
        .prop_map(|(sources, destinations, ports)| FlowSet::new(sources, destinations, ports))
        .boxed()
}

/// Statements of every kind.
pub fn claim(words: Words) -> BoxedStrategy<Claim> {
    let directions = subsequence(vec![Direction::Ingress, Direction::Egress], 1..=2);
    let isolated = (endpoint(words), directions).prop_map(|(pods, directions)| Claim::Isolated { pods, directions });
    prop_oneof![
        4 => flow_set(words).prop_map(Claim::NoneCanReach),
        3 => flow_set(words).prop_map(Claim::EveryCanReach),
        3 => flow_set(words).prop_map(Claim::SomeCanReach),
        2 => isolated,
    ]
    .boxed()
}

/// A claim about a cluster of a world.
#[derive(Clone, Debug)]
pub struct Question {
    pub cluster: Cluster,
    pub world: World,
    pub claim: Claim,
}

/// A question whose claim names workloads of its cluster only.
pub fn question(words: Words) -> BoxedStrategy<Question> {
    (cluster(words), world(), claim(words))
        .prop_map(|(cluster, world, claim)| {
            let count = cluster.workloads.len();
            let claim = renumbered(claim, &|index| index.checked_rem(count));
            Question { cluster, world, claim }
        })
        .boxed()
}

/// The claim with other numbers for its workloads; without a number it is about anything.
pub fn renumbered(claim: Claim, number: &dyn Fn(usize) -> Option<usize>) -> Claim {
    let flows = |flows| renumbered_flows(flows, number);
    match claim {
        Claim::NoneCanReach(set) => Claim::NoneCanReach(flows(set)),
        Claim::EveryCanReach(set) => Claim::EveryCanReach(flows(set)),
        Claim::SomeCanReach(set) => Claim::SomeCanReach(flows(set)),
        Claim::NoPath(set) => Claim::NoPath(flows(set)),
        Claim::Isolated { pods, directions } => Claim::Isolated { pods: renumbered_end(pods, number), directions },
        other @ (Claim::Compared(_) | Claim::NoGap { .. }) => other,
    }
}

fn renumbered_flows(flows: FlowSet, number: &dyn Fn(usize) -> Option<usize>) -> FlowSet {
    FlowSet {
        sources: renumbered_end(flows.sources, number),
        destinations: renumbered_end(flows.destinations, number),
        ports: flows.ports,
        except: flows.except.into_iter().map(|part| renumbered_flows(part, number)).collect(),
    }
}

fn renumbered_end(endpoint: Endpoint, number: &dyn Fn(usize) -> Option<usize>) -> Endpoint {
    match endpoint {
        Endpoint::Workload(index) => number(index).map_or(Endpoint::Anything, Endpoint::Workload),
        Endpoint::Union(parts) => Endpoint::Union(parts.into_iter().map(|part| renumbered_end(part, number)).collect()),
        Endpoint::Except(whole, gone) => {
            Endpoint::Except(Box::new(renumbered_end(*whole, number)), Box::new(renumbered_end(*gone, number)))
        }
        plain => plain,
    }
}

/// A pod as a manifest of its own would declare it.
pub fn as_workload(pod: &PodEnd) -> Workload {
    Workload {
        kind: WorkloadKind::Pod,
        namespace: pod.namespace.name.clone(),
        name: pod.name.clone(),
        labels: pod.labels.clone(),
        ports: pod.ports.clone(),
        addresses: Vec::new(),
        node: None,
        host_network: false,
        origin: origin(),
    }
}
