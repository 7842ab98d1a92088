//! Making a case small and plain: no label that is not needed, a familiar port, a plain address.
//!
//! Each step proposes a simpler flow and keeps it only if the reference semantics still finds what
//! was sought. Only what somebody could choose is changed: a declared workload stays as it is, but
//! for an address that no manifest gives.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Judge, pod};
use crate::model::algebra::Gap;
use crate::model::claim::Claim;
use crate::model::net::{End, Flow, NodeEnd, PodEnd, PortMatch, Protocol};
use crate::model::options::Options;
use crate::model::policy::{Direction, PortSpec, Ports};
use crate::model::selector::NAMESPACE_NAME_LABEL;
use crate::model::workload::{Workload, WorkloadKind};

/// How many declared workloads are tried in the place of one, and how many ports of policies.
const LOOKED_AT: usize = 64;

/// How many declared workloads are tried at each end, and how many ports, where both ends may change at once.
const PAIRS_LOOKED_AT: usize = 8;

/// The simplest flow that this procedure finds; the flow itself where nothing is simpler.
#[must_use]
pub fn shrink(judge: &Judge<'_>, options: &Options, flow: Flow) -> Flow {
    let mut shrinker = Shrinker { judge, options, best: flow };
    shrinker.plain_kinds();
    shrinker.plain_addresses();
    shrinker.first_workloads();
    shrinker.first_pair();
    shrinker.familiar_port();
    shrinker.drop_until_nothing_goes();
    shrinker.best
}

/// The flow on familiar ports, the best first; each is still one that the claim is about, as far as ports go.
#[must_use]
pub fn on_familiar_ports(judge: &Judge<'_>, flow: &Flow) -> Vec<Flow> {
    let on = |(protocol, port)| {
        let mut moved = flow.clone();
        set_port(&mut moved, protocol, port);
        moved
    };
    familiar_ports(judge, flow).into_iter().map(on).collect()
}

struct Shrinker<'a> {
    judge: &'a Judge<'a>,
    options: &'a Options,
    best: Flow,
}

impl Shrinker<'_> {
    /// Keeps the changed flow if it is legal and still shows the same.
    fn attempt(&mut self, change: impl FnOnce(&mut Flow)) -> bool {
        let mut candidate = self.best.clone();
        change(&mut candidate);
        let better = candidate != self.best
            && is_legal(self.judge, &candidate)
            && self.judge.is_sought(self.options, &candidate);
        if better {
            self.best = candidate;
        }
        better
    }

    /// A pod like any other is plainer than one on its node's network, and so is that node (R33).
    fn plain_kinds(&mut self) {
        for at in [0, 1] {
            let Some(host_pod) = hypothetical(&mut self.best, at).filter(|pod| pod.host_network).cloned() else {
                continue;
            };
            let family = if host_pod.address.is_ipv4() { PLAIN_V4 } else { PLAIN_V6 };
            let node = End::Node(NodeEnd { name: host_pod.node.clone(), address: host_pod.address });
            let pod = End::Pod(PodEnd { host_network: false, ..host_pod });
            let mut moved = pod.clone();
            set_address(&mut moved, family.get(at));
            let mut plainer = [pod, moved, node].into_iter();
            let _ = plainer.any(|plainer| self.attempt(|flow| *end(flow, at) = plainer));
        }
    }

    /// IPv4 where either family will do, and addresses from the blocks that documentation uses.
    fn plain_addresses(&mut self) {
        let both_plain = |flow: &mut Flow, family: &[[IpAddr; 3]; 2]| {
            set_address(&mut flow.source, family.first());
            set_address(&mut flow.destination, family.last());
        };
        if self.attempt(|flow| both_plain(flow, &PLAIN_V4)) || self.attempt(|flow| both_plain(flow, &PLAIN_V6)) {
            return;
        }
        let plain = if self.best.source.address().is_ipv4() { PLAIN_V4 } else { PLAIN_V6 };
        self.attempt(|flow| set_address(&mut flow.source, plain.first()));
        self.attempt(|flow| set_address(&mut flow.destination, plain.last()));
    }

    /// Of several declared workloads that show the same, the first: what is shown is not up to the
    /// solver's mood.
    fn first_workloads(&mut self) {
        for at in [0, 1] {
            let Some(current) = end(&mut self.best, at).pod().and_then(|pod| pod.workload) else { continue };
            for index in self.candidates(at).into_iter().filter(|index| *index < current).take(LOOKED_AT) {
                if self.attempt(|flow| replace_workload(self.judge, end(flow, at), index)) {
                    break;
                }
            }
        }
    }

    /// The declared workloads that the claim may be about at an end, in order: in a large cluster few of all.
    fn candidates(&self, at: usize) -> Vec<usize> {
        let Some(flows) = self.judge.claim.flows() else { return (0..self.judge.cluster.workloads.len()).collect() };
        let end = if at == 0 { &flows.sources } else { &flows.destinations };
        let mut own = end.candidates(self.judge.cluster);
        own.sort_unstable();
        own
    }

    /// Of the pairs of declared workloads between which two sets of policies differ, the first.
    fn first_pair(&mut self) {
        if !matches!(self.judge.claim, Claim::NoGap { gap: Gap::Verdict { .. }, .. }) {
            return;
        }
        let workload = |end: &End| end.pod().and_then(|pod| pod.workload);
        let (Some(from), Some(to)) = (workload(&self.best.source), workload(&self.best.destination)) else { return };
        let mut ports = vec![(self.best.protocol, self.best.port)];
        ports.extend(ports_of_a_gap(self.judge));
        ports.truncate(PAIRS_LOOKED_AT);
        let pairs = (0..PAIRS_LOOKED_AT).flat_map(|source| (0..PAIRS_LOOKED_AT).map(move |to| (source, to)));
        for (source, destination) in pairs.take_while(|pair| *pair < (from, to)) {
            let becomes = |flow: &mut Flow, (protocol, port)| {
                replace_workload(self.judge, &mut flow.source, source);
                replace_workload(self.judge, &mut flow.destination, destination);
                set_port(flow, protocol, port);
            };
            if ports.iter().any(|port| self.attempt(|flow| becomes(flow, *port))) {
                return;
            }
        }
    }

    /// The port of the claim, one that the destination declares, or a well-known one.
    fn familiar_port(&mut self) {
        for (protocol, port) in familiar_ports(self.judge, &self.best) {
            let found = (self.best.protocol, self.best.port) == (protocol, port);
            if found || self.attempt(|flow| set_port(flow, protocol, port)) {
                return;
            }
        }
        self.attempt(|flow| set_port(flow, Protocol::Tcp, flow.port));
    }

    /// A label may be needed only for the sake of another one, or of a named port: once that is gone it
    /// can go too.
    fn drop_until_nothing_goes(&mut self) {
        loop {
            let before = self.best.clone();
            self.drop_labels();
            self.drop_ports();
            if self.best == before {
                return;
            }
        }
    }

    fn drop_labels(&mut self) {
        for key in label_keys(&self.best) {
            self.attempt(|flow| {
                each_hypothetical(flow, |pod| {
                    pod.labels.remove(&key);
                });
            });
            for at in [0, 1] {
                self.attempt(|flow| {
                    if let Some(pod) = hypothetical(flow, at) {
                        pod.labels.remove(&key);
                    }
                });
            }
            self.attempt(|flow| self_made_namespaces(self.judge, flow, &key));
        }
    }

    fn drop_ports(&mut self) {
        for at in [0, 1] {
            self.attempt(|flow| {
                if let Some(pod) = hypothetical(flow, at) {
                    pod.ports.clear();
                }
            });
        }
    }
}

/// The source (0) or destination (1).
fn end(flow: &mut Flow, at: usize) -> &mut End {
    if at == 0 { &mut flow.source } else { &mut flow.destination }
}

/// Puts a pod of another declared workload in the place of one, where all about it is known.
fn replace_workload(judge: &Judge<'_>, end: &mut End, index: usize) {
    let known = |workload: &Workload| {
        !workload.host_network
            && workload.addresses.is_empty()
            && judge.cluster.namespaces.contains_key(&workload.namespace)
    };
    if judge.cluster.workloads.get(index).is_some_and(known)
        && let Some(other) = pod::of_workload(judge.cluster, index, end.address())
    {
        *end = End::Pod(other);
    }
}

fn familiar_ports(judge: &Judge<'_>, flow: &Flow) -> Vec<(Protocol, u16)> {
    let claimed = judge.claim.flows().into_iter().flat_map(|flows| &flows.ports.items);
    let claimed = claimed.filter_map(|item| match item.ports {
        PortMatch::Range(first, _) => Some((item.protocol, first)),
        PortMatch::All | PortMatch::Named(_) => None,
    });
    let pod = flow.destination.pod().filter(|pod| pod.workload.is_some());
    let declared = pod.into_iter().flat_map(|pod| &pod.ports).map(|port| (port.protocol, port.number));
    let well_known = [(Protocol::Tcp, 80), (Protocol::Tcp, 443), (Protocol::Tcp, 8080), (Protocol::Udp, 53)];
    claimed.chain(declared).chain(well_known).chain(ports_of_a_gap(judge)).collect()
}

/// The first and last ports of the ranges that policies admit and others may not.
fn ports_of_a_gap(judge: &Judge<'_>) -> Vec<(Protocol, u16)> {
    let Claim::NoGap { gap, .. } = judge.claim else { return Vec::new() };
    let meant = |direction: &Direction| gap.direction().is_none_or(|of_gap| of_gap == *direction);
    let directions: Vec<Direction> = [Direction::Ingress, Direction::Egress].into_iter().filter(meant).collect();
    let policies = gap.acting().iter().filter_map(|index| judge.cluster.policies.get(*index));
    let rules = policies.flat_map(|policy| directions.iter().filter_map(|direction| policy.rules(*direction)));
    let items = rules.flatten().filter_map(|rule| match &rule.ports {
        Ports::All => None,
        Ports::AnyOf(items) => Some(items),
    });
    let ends = |item: &PortSpec| match item.ports {
        PortMatch::Range(first, last) => vec![(item.protocol, first), (item.protocol, last)],
        PortMatch::All | PortMatch::Named(_) => Vec::new(),
    };
    items.flatten().flat_map(ends).take(LOOKED_AT).collect()
}

/// Removes a label from namespaces that no manifest declares. Both ends at once: they may share one.
fn self_made_namespaces(judge: &Judge<'_>, flow: &mut Flow, key: &str) {
    let declared = |pod: &PodEnd| judge.cluster.namespaces.contains_key(&pod.namespace.name);
    for end in [&mut flow.source, &mut flow.destination] {
        if let End::Pod(pod) = end
            && !declared(pod)
            && key != NAMESPACE_NAME_LABEL
        {
            pod.namespace.labels.remove(key);
        }
    }
}

fn label_keys(flow: &Flow) -> Vec<String> {
    let pods = [flow.source.pod(), flow.destination.pod()];
    let keys = pods.into_iter().flatten().flat_map(|pod| pod.labels.keys().chain(pod.namespace.labels.keys()));
    let mut keys: Vec<_> = keys.cloned().collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The source (0) or destination (1), if it is a pod that nobody has declared.
fn hypothetical(flow: &mut Flow, at: usize) -> Option<&mut PodEnd> {
    match end(flow, at) {
        End::Pod(pod) if pod.workload.is_none() => Some(pod),
        _ => None,
    }
}

fn each_hypothetical(flow: &mut Flow, mut change: impl FnMut(&mut PodEnd)) {
    for at in [0, 1] {
        if let Some(pod) = hypothetical(flow, at) {
            change(pod);
        }
    }
}

/// A hypothetical destination declares the port of the flow; its declaration moves along.
fn set_port(flow: &mut Flow, protocol: Protocol, port: u16) {
    (flow.protocol, flow.port) = (protocol, port);
    if let Some(pod) = hypothetical(flow, 1) {
        for declared in &mut pod.ports {
            (declared.protocol, declared.number) = (protocol, port);
        }
    }
}

/// Plain addresses for a source and a destination: of a pod, of the outside, of a node.
const PLAIN_V4: [[IpAddr; 3]; 2] = [
    [v4(10, 244, 1, 10), v4(203, 0, 113, 10), v4(192, 0, 2, 10)],
    [v4(10, 244, 2, 20), v4(198, 51, 100, 20), v4(192, 0, 2, 20)],
];

/// The same in IPv6.
const PLAIN_V6: [[IpAddr; 3]; 2] =
    [[v6(0xfd00, 1), v6(0x2001, 1), v6(0xfd01, 1)], [v6(0xfd00, 2), v6(0x2001, 2), v6(0xfd01, 2)]];

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

/// `fd00:db8::1` for a pod, `2001:db8::1` for the outside: the second is the block for documentation.
const fn v6(first: u16, last: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(first, 0xdb8, 0, 0, 0, 0, 0, last))
}

fn set_address(end: &mut End, plain: Option<&[IpAddr; 3]>) {
    let Some([pod_address, outside, node]) = plain else { return };
    match end {
        End::Pod(pod) if pod.host_network => pod.address = *node,
        End::Pod(pod) => pod.address = *pod_address,
        End::External(address) => *address = *outside,
        End::Node(end) => end.address = *node,
    }
}

/// Whether the changed ends can exist: addresses are of one family, distinct unless they are of one node
/// (R33), and nobody else's.
#[must_use]
pub fn is_legal(judge: &Judge<'_>, flow: &Flow) -> bool {
    let (source, destination) = (flow.source.address(), flow.destination.address());
    (source != destination || are_on_one_node(flow))
        && source.is_ipv4() == destination.is_ipv4()
        && flow.port > 0
        && are_two(judge, flow)
        && [&flow.source, &flow.destination].into_iter().all(|end| owns_its_address(judge, end))
}

fn are_on_one_node(flow: &Flow) -> bool {
    let node = flow.source.own_node();
    node.is_some() && node == flow.destination.own_node()
}

/// A bare Pod is one pod, and cannot be both ends (R30); neither can a node.
fn are_two(judge: &Judge<'_>, flow: &Flow) -> bool {
    let workload = |end: &End| end.pod().and_then(|pod| pod.workload);
    let is_pod = |index: usize| judge.cluster.workloads.get(index).is_some_and(|one| one.kind == WorkloadKind::Pod);
    match (workload(&flow.source), workload(&flow.destination)) {
        (Some(one), Some(other)) => one != other || !is_pod(one),
        _ => flow.source.pod().is_some() || flow.destination.pod().is_some() || !are_on_one_node(flow),
    }
}

fn owns_its_address(judge: &Judge<'_>, end: &End) -> bool {
    let address = end.address();
    let known = |at: usize| judge.cluster.workloads.get(at).map_or(&[][..], |one| judge.cluster.own_addresses(one));
    let own = end.pod().and_then(|pod| pod.workload).map_or(&[][..], known);
    if !own.is_empty() {
        return own.contains(&address);
    }
    let named = judge.cluster.nodes.iter().find(|node| Some(node.name.as_str()) == end.own_node());
    if let Some(node) = named.filter(|node| !node.addresses.is_empty()) {
        return node.addresses.contains(&address);
    }
    // R33: a pod on its node's network has no address of its own.
    let mut in_network = judge.cluster.workloads.with_addresses().filter(|(_, workload)| !workload.host_network);
    !in_network.any(|(_, workload)| workload.addresses.contains(&address))
        && !judge.cluster.nodes.iter().any(|node| node.addresses.contains(&address))
}
