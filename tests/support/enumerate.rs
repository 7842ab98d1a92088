//! Every case that can matter to a claim, one by one: the answer of the solver without a solver.
//!
//! What cannot be told apart is tried once: per label key absent, each value that somebody names and
//! one that nobody names; per family one address for each set of blocks that it lies in (another for
//! the other end); per protocol one port for each set of ranges that it lies in. That these are all
//! is read off the words of the policies here, without a look at what `symbolic` makes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use netverify::eval;
use netverify::eval::Verdict;
use netverify::model::claim::{Claim, Endpoint, NamespaceSet};
use netverify::model::net::{End, Flow, NodeEnd, PodEnd, PortMatch, Protocol};
use netverify::model::options::{HostNetwork, Options};
use netverify::model::policy::{NamespaceScope, PeerKind, Peers, Ports, Rule};
use netverify::model::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL};
use netverify::model::workload::{Cluster, ContainerPort, Namespace, Workload};

mod further;

use super::legal;
use super::worlds::Question;

/// What there is to find: whether the claim is about anything, and whether some case decides it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    /// Some flow or pod of the world is meant.
    pub subject: bool,
    /// One of them is what the claim forbids, or asks for.
    pub sought: bool,
    /// How many cases were judged.
    pub judged: usize,
}

/// Looks at every case until the answer is known.
pub fn search(question: &Question, options: &Options) -> Found {
    let words = Spoken::of(question);
    let search = Search { question, options, words };
    match &question.claim {
        Claim::NoneCanReach(_) | Claim::SomeCanReach(_) => search.flows(Verdict::Allowed),
        Claim::EveryCanReach(_) => search.flows(Verdict::Denied),
        Claim::Isolated { .. } => search.pods(),
        Claim::NoPath(_) => panic!("a chain is searched step by step"),
        Claim::Compared(_) | Claim::NoGap { .. } => panic!("comparisons are searched with any_pod and any_flow"),
    }
}

/// Whether some pod that can exist is such a one.
pub fn any_pod(question: &Question, options: &Options, is_such: impl Fn(&PodEnd) -> bool) -> bool {
    let search = Search { question, options, words: Spoken::of(question) };
    search.ends(0).iter().filter_map(End::pod).any(is_such)
}

/// Whether some flow that can exist, between ends that may be its source and its destination, is such a one.
pub fn any_flow(
    question: &Question,
    options: &Options,
    may_be: [&dyn Fn(&End) -> bool; 2],
    is_such: impl Fn(&Flow) -> bool,
) -> bool {
    let search = Search { question, options, words: Spoken::of(question) };
    let of = |role: usize| search.ends(role).into_iter().filter(|end| may_be[role](end)).collect::<Vec<End>>();
    let (sources, destinations) = (of(0), of(1));
    sources.iter().any(|source| {
        let others = destinations.iter().filter(|other| legal::pair(&question.cluster, source, other));
        others.into_iter().any(|destination| search.between(source, destination).iter().any(&is_such))
    })
}

/// The cluster as it is, and with one more pod that can exist and gives the flow's port names: each such pod.
pub fn with_a_lender(question: &Question, options: &Options, flow: &Flow) -> Vec<Cluster> {
    let search = Search { question, options, words: Spoken::of(question) };
    std::iter::once(question.cluster.clone()).chain(search.with_one_lender(flow)).collect()
}

struct Search<'a> {
    question: &'a Question,
    options: &'a Options,
    words: Spoken,
}

impl Search<'_> {
    fn pods(&self) -> Found {
        let mut found = Found::default();
        let Claim::Isolated { pods, directions } = &self.question.claim else { return found };
        for end in self.ends(0) {
            let Some(pod) = end.pod() else { continue };
            if !eval::claim::contains(&self.question.cluster, pods, &end) {
                continue;
            }
            found.subject = true;
            found.judged += 1;
            let isolated = |direction| eval::claim::isolated(&self.question.cluster, self.options, pod, direction);
            found.sought |= !directions.iter().all(|direction| isolated(*direction));
        }
        found
    }

    fn flows(&self, wanted: Verdict) -> Found {
        let mut found = Found::default();
        let Some(set) = self.question.claim.flows() else { return found };
        let cluster = &self.question.cluster;
        let of = |endpoint: &Endpoint, role| {
            let mut ends = self.ends(role);
            ends.retain(|end| eval::claim::contains(cluster, endpoint, end));
            ends
        };
        let (sources, destinations) = (of(&set.sources, 0), of(&set.destinations, 1));
        for source in &sources {
            for destination in destinations.iter().filter(|destination| legal::pair(cluster, source, destination)) {
                for flow in self.between(source, destination) {
                    if !eval::claim::flow_in(cluster, set, &flow) {
                        continue;
                    }
                    found.subject = true;
                    found.judged += 1;
                    let plainly = eval::verdict(cluster, self.options, &flow).0 == wanted;
                    if plainly || self.allowed_with_further_pods(&flow) {
                        return Found { sought: true, ..found };
                    }
                }
            }
        }
        found
    }

    /// The flows between two ends: every port, every choice of what the destination declares, and
    /// whether a pod runs on the node at the other end.
    fn between(&self, source: &End, destination: &End) -> Vec<Flow> {
        let mut flows = Vec::new();
        let Question { cluster, world, .. } = self.question;
        let is_legal = |source: &End, destination: &End| {
            [source, destination].into_iter().all(|end| legal::end(cluster, world, end))
                && legal::pair(cluster, source, destination)
        };
        for (source, destination) in neighbours(source, destination) {
            if !is_legal(&source, &destination) {
                continue;
            }
            for (protocol, port) in &self.words.ports {
                for destination in self.declaring(&destination, *protocol, *port) {
                    flows.push(Flow { source: source.clone(), destination, protocol: *protocol, port: *port });
                }
            }
        }
        flows
    }

    /// A pod that nobody has declared may give this port any of the names.
    fn declaring(&self, end: &End, protocol: Protocol, number: u16) -> Vec<End> {
        let End::Pod(pod) = end else { return vec![end.clone()] };
        if pod.workload.is_some() {
            return vec![end.clone()];
        }
        let mut choices: Vec<Vec<ContainerPort>> = vec![Vec::new()];
        for (name, _) in self.words.port_names.iter().filter(|(_, of)| *of == protocol) {
            let port = ContainerPort { name: Some(name.clone()), number, protocol };
            let with = choices.iter().map(|choice| choice.iter().cloned().chain([port.clone()]).collect());
            choices.extend(with.collect::<Vec<_>>());
        }
        choices.into_iter().map(|ports| End::Pod(PodEnd { ports, ..pod.clone() })).collect()
    }

    /// Every end that can exist, with every address that differs. The role says which of two like
    /// addresses it takes, so that the two ends need not quarrel.
    fn ends(&self, role: usize) -> Vec<End> {
        let Question { cluster, world, .. } = self.question;
        let mut ends = Vec::new();
        // Declared nodes, nodes that only a pod names, and one that nobody has heard of.
        let nodes: BTreeSet<&str> = (cluster.nodes.iter().map(|node| node.name.as_str()))
            .chain(cluster.workloads.iter().filter_map(|workload| workload.node.as_deref()))
            .chain([if role == 0 { "unlisted-source" } else { "unlisted-destination" }])
            .collect();
        for address in self.words.addresses(cluster, role) {
            ends.push(End::External(address));
            ends.extend(nodes.iter().map(|name| End::Node(NodeEnd { name: Some((*name).to_owned()), address })));
            for namespace in self.namespaces(role) {
                ends.extend(self.pods_of(&namespace, address).into_iter().map(End::Pod));
            }
        }
        if world.nodes {
            ends.extend(self.host_pods().into_iter().map(End::Pod));
        }
        ends.retain(|end| legal::end(cluster, world, end));
        ends
    }

    /// Pods on their node's network (R33): on the declared nodes, on those that a pod names, and on one that
    /// nobody has heard of, which both ends may be on. They may share an address, so every one goes to either end.
    fn host_pods(&self) -> Vec<PodEnd> {
        let Question { cluster, world, .. } = self.question;
        let nodes: BTreeSet<&str> = (cluster.nodes.iter().map(|node| node.name.as_str()))
            .chain(cluster.workloads.iter().filter_map(|workload| workload.node.as_deref()))
            .chain([SHARED_NODE])
            .collect();
        let both = [0, 1].into_iter().flat_map(|role| self.words.addresses(cluster, role));
        let addresses: BTreeSet<IpAddr> = both.collect();
        let mut told_apart = BTreeSet::new();
        let mut found = Vec::new();
        for (namespace, address) in
            self.namespaces(2).iter().flat_map(|namespace| addresses.iter().map(move |address| (namespace, *address)))
        {
            for pod in self.pods_of(namespace, address) {
                let on = |node: &str| PodEnd { host_network: true, node: Some(node.to_owned()), ..pod.clone() };
                let workload = pod.workload.and_then(|index| cluster.workloads.get(index));
                let places: Vec<PodEnd> = match workload {
                    Some(workload) if !workload.host_network => Vec::new(),
                    Some(Workload { node: Some(node), .. }) => vec![on(node)],
                    _ => nodes.iter().map(|node| on(node)).collect(),
                };
                found.extend(places.into_iter().filter(|pod| {
                    // One that counts as its node is that node, whatever its labels and its namespace.
                    let as_pod = self.options.host_network == HostNetwork::Pod || pod.workload.is_some();
                    let mut is_new = || told_apart.insert((pod.node.clone(), pod.address));
                    legal::end(cluster, world, &End::Pod(pod.clone())) && (as_pod || is_new())
                }));
            }
        }
        found
    }

    fn namespaces(&self, role: usize) -> Vec<Namespace> {
        let cluster = &self.question.cluster;
        let fresh = ["new-source", "new-destination", "new-third"][role];
        let undeclared = self.words.namespaces.iter().filter(|name| !cluster.namespaces.contains_key(*name));
        let mut all: Vec<Namespace> = cluster.namespaces.values().map(|declared| declared.namespace.clone()).collect();
        for name in undeclared.map(String::as_str).chain([fresh]) {
            all.extend(assignments(&self.words.namespace_keys).into_iter().map(|labels| Namespace::new(name, labels)));
        }
        all
    }

    /// What may live in the namespace under this address.
    fn pods_of(&self, namespace: &Namespace, address: IpAddr) -> Vec<PodEnd> {
        let made_up = assignments(&self.words.pod_keys).into_iter().map(|labels| PodEnd {
            namespace: namespace.clone(),
            name: "made-up".to_owned(),
            labels,
            ports: Vec::new(),
            address,
            node: None,
            host_network: false,
            workload: None,
        });
        let workloads = self.question.cluster.workloads.iter().enumerate();
        let declared =
            workloads.filter(|(_, workload)| workload.namespace == namespace.name).map(|(index, workload)| PodEnd {
                namespace: namespace.clone(),
                name: workload.name.clone(),
                labels: workload.labels.clone(),
                ports: workload.ports.clone(),
                address,
                node: workload.node.clone(),
                host_network: workload.host_network,
                workload: Some(index),
            });
        made_up.chain(declared).collect()
    }
}

/// A node that no manifest names, on which pods of both ends may be.
const SHARED_NODE: &str = "unlisted-shared";

/// The ends as they are, and with a pod moved to the node that the other end is, or is on.
fn neighbours(source: &End, destination: &End) -> Vec<(End, End)> {
    let (sources, destinations) = (places(source, destination), places(destination, source));
    let pairs = sources.iter().flat_map(|from| destinations.iter().map(|to| (from.clone(), to.clone())));
    pairs.collect()
}

/// The end as it is, and, if it is a pod that may run anywhere, where the other end is.
fn places(end: &End, other: &End) -> Vec<End> {
    let mut all = vec![end.clone()];
    if let (End::Pod(pod), Some(node)) = (end, other.own_node()) {
        let anywhere = match &pod.node {
            None => true,
            Some(name) => pod.host_network && name == SHARED_NODE && matches!(other, End::Node(_)),
        };
        if anywhere {
            all.push(End::Pod(PodEnd { node: Some(node.to_owned()), ..pod.clone() }));
        }
    }
    all
}

/// Every way to label an object: each key absent, with a named value, or with one that nobody names.
fn assignments(keys: &BTreeMap<String, BTreeSet<String>>) -> Vec<Labels> {
    let mut all = vec![Labels::new()];
    for (key, values) in keys {
        let with = |labels: &Labels, value: &str| {
            let mut labels = labels.clone();
            labels.insert(key.clone(), value.to_owned());
            labels
        };
        let values: Vec<&str> = values.iter().map(String::as_str).chain(["nobody-names-this"]).collect();
        let labelled: Vec<Labels> =
            all.iter().flat_map(|labels| values.iter().map(move |value| with(labels, value))).collect();
        all.extend(labelled);
    }
    all
}

/// All that policies and claim name.
#[derive(Default)]
struct Spoken {
    pod_keys: BTreeMap<String, BTreeSet<String>>,
    namespace_keys: BTreeMap<String, BTreeSet<String>>,
    namespaces: BTreeSet<String>,
    port_names: BTreeSet<(String, Protocol)>,
    ranges: BTreeSet<(Protocol, u16, u16)>,
    blocks: Vec<IpNet>,
    ports: Vec<(Protocol, u16)>,
}

impl Spoken {
    fn of(question: &Question) -> Spoken {
        let Question { cluster, world, claim } = question;
        let mut words = Spoken::default();
        for policy in &cluster.policies {
            words.namespaces.insert(policy.namespace.clone());
            words.pods(&policy.pod_selector.selector);
            policy.ingress.iter().chain(&policy.egress).flatten().for_each(|rule| words.rule(rule));
        }
        match claim {
            Claim::Isolated { pods, .. } => words.endpoint(pods),
            Claim::Compared(_) | Claim::NoGap { .. } => {}
            Claim::NoneCanReach(set) | Claim::EveryCanReach(set) | Claim::SomeCanReach(set) | Claim::NoPath(set) => {
                for part in set.with_parts() {
                    words.endpoint(&part.sources);
                    words.endpoint(&part.destinations);
                    part.ports.items.iter().for_each(|item| words.port(item.protocol, &item.ports));
                }
            }
        }
        words.namespaces.extend(cluster.workloads.iter().map(|workload| workload.namespace.clone()));
        words.namespaces.extend(world.trust.namespaces.iter().cloned());
        for workload in &cluster.workloads {
            let numbers = workload.ports.iter().map(|port| (port.protocol, port.number, port.number));
            words.ranges.extend(numbers);
        }
        words.ports = words.telling_ports();
        words
    }

    fn rule(&mut self, rule: &Rule) {
        if let Peers::AnyOf(peers) = &rule.peers {
            for peer in peers {
                match &peer.kind {
                    PeerKind::IpBlock(block) => self.blocks.extend([block.cidr].iter().chain(&block.except)),
                    PeerKind::Pods { namespaces, pods } => {
                        self.pods(pods);
                        if let NamespaceScope::Matching(selector) = namespaces {
                            self.namespaces_by(selector);
                        }
                    }
                }
            }
        }
        if let Ports::AnyOf(items) = &rule.ports {
            items.iter().for_each(|item| self.port(item.protocol, &item.ports));
        }
    }

    fn endpoint(&mut self, endpoint: &Endpoint) {
        match endpoint {
            Endpoint::Pods { namespaces, pods } => {
                self.pods(pods);
                match namespaces {
                    NamespaceSet::Any => {}
                    NamespaceSet::Named(name) => self.namespaces.extend([name.clone()]),
                    NamespaceSet::Matching(selector) => self.namespaces_by(selector),
                }
            }
            Endpoint::External(block) => self.blocks.extend(block),
            Endpoint::Within(block) => self.blocks.extend([*block]),
            Endpoint::Union(parts) => parts.iter().for_each(|part| self.endpoint(part)),
            Endpoint::Except(whole, gone) => [whole, gone].into_iter().for_each(|part| self.endpoint(part)),
            Endpoint::Anything | Endpoint::Workload(_) | Endpoint::Node(_) => {}
        }
    }

    fn pods(&mut self, selector: &LabelSelector) {
        for requirement in &selector.requirements {
            let values = self.pod_keys.entry(requirement.key.clone()).or_default();
            values.extend(requirement.values().iter().cloned());
        }
    }

    fn namespaces_by(&mut self, selector: &LabelSelector) {
        for requirement in &selector.requirements {
            let values = requirement.values().iter().cloned();
            if requirement.key == NAMESPACE_NAME_LABEL {
                self.namespaces.extend(values);
            } else {
                self.namespace_keys.entry(requirement.key.clone()).or_default().extend(values);
            }
        }
    }

    fn port(&mut self, protocol: Protocol, ports: &PortMatch) {
        match ports {
            PortMatch::All => {}
            PortMatch::Range(first, last) => {
                // The first alone too: a plugin may ignore the end of the range (R26).
                self.ranges.extend([(protocol, *first, *last), (protocol, *first, *first)]);
            }
            PortMatch::Named(name) => self.port_names.extend([(name.clone(), protocol)]),
        }
    }

    /// One port for each set of ranges that a port of the protocol can lie in.
    fn telling_ports(&self) -> Vec<(Protocol, u16)> {
        let mut telling = BTreeMap::new();
        for protocol in Protocol::SPOKEN {
            let own = || self.ranges.iter().filter(move |(of, _, _)| *of == protocol);
            let edges = own().flat_map(|(_, first, last)| [Some(*first), last.checked_add(1)]).flatten().chain([1]);
            for port in edges {
                let lies_in: Vec<bool> = own().map(|(_, first, last)| (*first..=*last).contains(&port)).collect();
                telling.entry((protocol, lies_in)).or_insert((protocol, port));
            }
        }
        telling.into_values().collect()
    }

    /// Per family one address for each set of blocks, the first of them for the source and the second
    /// for the destination, and every address that something declared is known by.
    fn addresses(&self, cluster: &Cluster, role: usize) -> Vec<IpAddr> {
        let owned: BTreeSet<IpAddr> = (cluster.workloads.iter().flat_map(|workload| &workload.addresses))
            .chain(cluster.nodes.iter().flat_map(|node| &node.addresses))
            .copied()
            .collect();
        let mut like: BTreeMap<(bool, Vec<bool>), Vec<IpAddr>> = BTreeMap::new();
        for address in self.edges(&owned).into_iter().filter(|address| !owned.contains(address)) {
            let lies_in = self.blocks.iter().map(|block| block.contains(&address)).collect();
            let alike = like.entry((address.is_ipv6(), lies_in)).or_default();
            if alike.len() < 2 && !alike.contains(&address) {
                alike.push(address);
            }
        }
        let one = |alike: &Vec<IpAddr>| alike.get(role).or(alike.first()).copied();
        like.values().filter_map(one).chain(owned.iter().copied()).collect()
    }

    /// Addresses at the beginning of every interval that blocks and owned addresses cut, and the one
    /// after: enough to find two of each kind where there are two.
    fn edges(&self, owned: &BTreeSet<IpAddr>) -> Vec<IpAddr> {
        let mut starts: BTreeSet<IpAddr> = ["0.0.0.1".parse().unwrap(), "::1".parse().unwrap()].into();
        for block in &self.blocks {
            starts.insert(block.network());
            starts.extend(next(block.broadcast()));
        }
        starts.extend(owned.iter().filter_map(|address| next(*address)));
        let following = |start: &IpAddr| std::iter::successors(Some(*start), |address| next(*address)).take(4);
        starts.iter().flat_map(following).collect()
    }
}

fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => address.to_bits().checked_add(1).map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
        IpAddr::V6(address) => address.to_bits().checked_add(1).map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))),
    }
}
