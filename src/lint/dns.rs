//! Pods that are isolated for egress and cannot ask the cluster's DNS.
//!
//! The DNS pods are those of kube-system with k8s-app=kube-dns, which listen on 53, or those of OpenShift's
//! openshift-dns, on 5353; where the manifests declare them, their own ports count (R24). A pod is left
//! alone where one of its rules opens such a port to anything outside its own namespace: it may have a
//! resolver of its own. Under `lint` alone.

use std::collections::{BTreeMap, BTreeSet};

use super::sample;
use super::scene::Scene;
use super::surest;
use crate::eval::selector::matches;
use crate::eval::{Verdict, verdict};
use crate::finding::{Code, Fact, Finding, Severity};
use crate::model::net::{End, Flow, PodEnd, PortMatch, Protocol};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Policy, Ports, Rule};
use crate::model::selector::{LabelSelector, Labels};
use crate::model::workload::Workload;

/// A cluster's DNS, by where it runs.
#[derive(Clone, Copy)]
struct Place {
    namespace: &'static str,
    label: (&'static str, &'static str),
    port: u16,
}

const KUBERNETES: Place = Place { namespace: "kube-system", label: ("k8s-app", "kube-dns"), port: 53 };
const OPENSHIFT: Place =
    Place { namespace: "openshift-dns", label: ("dns.operator.openshift.io/daemonset-dns", "default"), port: 5353 };

/// Who answers names here.
struct Dns {
    place: Place,
    /// The pods that the manifests declare; one of the usual kind where they declare none.
    pods: Vec<PodEnd>,
    port: u16,
}

/// The pods of one namespace that cannot ask by the same protocols, and the policies that isolate them.
#[derive(Default)]
struct Deaf {
    pods: Vec<PodEnd>,
    policies: BTreeSet<usize>,
}

/// The findings of every namespace.
pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let dns = dns(scene);
    let mut groups: BTreeMap<(&str, Vec<Protocol>), Deaf> = BTreeMap::new();
    for (namespace, policies) in scene.guarded().filter(|(name, _)| *name != dns.place.namespace) {
        for pod in pods(scene, &dns, namespace, policies) {
            let isolating = scene.isolating(&pod, Direction::Egress);
            let deaf = unanswered(scene, &dns, &pod, &isolating);
            if !deaf.is_empty() {
                let group = groups.entry((namespace, deaf)).or_default();
                group.pods.push(pod);
                group.policies.extend(isolating);
            }
        }
    }
    groups.into_iter().filter_map(|((_, protocols), deaf)| finding(scene, &dns, &protocols, &deaf)).collect()
}

/// The declared pods of a namespace. Where it has none, one that could be created, unless any policy there
/// opens the door for some pod: then nothing is known of those that run.
fn pods(scene: &Scene<'_>, dns: &Dns, namespace: &str, policies: &[usize]) -> Vec<PodEnd> {
    let declared: Vec<PodEnd> =
        scene.workloads_in(namespace).iter().filter_map(|index| scene.pod_of(*index, 0)).collect();
    if !declared.is_empty() {
        return declared;
    }
    let all: Vec<&Policy> = policies.iter().filter_map(|index| scene.cluster.policies.get(*index)).collect();
    if all.iter().any(|policy| may_ask(scene, dns, policy, Protocol::Udp)) {
        return Vec::new();
    }
    let closed = all.into_iter().filter(|policy| policy.egress.is_some());
    closed.filter_map(|policy| sample::subject(scene, policy)).take(1).collect()
}

fn dns(scene: &Scene<'_>) -> Dns {
    let declared = |place: Place| {
        let pods = scene.workloads_in(place.namespace).iter().copied();
        let pods: Vec<usize> = pods.filter(|index| scene.has_labels(*index, &place.selector())).collect();
        (!pods.is_empty()).then_some((place, pods))
    };
    let usual = |place: Place| {
        let labels = Labels::from([(place.label.0.to_owned(), place.label.1.to_owned())]);
        let pod = sample::made_up(scene.namespace(place.namespace), labels, scene.address(3));
        Dns { place, pods: vec![pod], port: place.port }
    };
    let is_openshift = scene.cluster.namespaces.keys().any(|name| name.starts_with("openshift-"));
    match declared(OPENSHIFT).or_else(|| declared(KUBERNETES)) {
        Some((place, indices)) => {
            let port = indices.iter().find_map(|index| port_of(scene.workload(*index)?));
            let pods = indices.iter().filter_map(|index| scene.pod_of(*index, 3)).collect();
            Dns { place, pods, port: port.unwrap_or(place.port) }
        }
        None => usual(if is_openshift { OPENSHIFT } else { KUBERNETES }),
    }
}

/// The port on which a workload answers names.
fn port_of(workload: &Workload) -> Option<u16> {
    let is_dns = |number: u16| {
        workload.ports.iter().any(|port| port.number == number && port.protocol == Protocol::Udp).then_some(number)
    };
    is_dns(53).or_else(|| is_dns(5353))
}

impl Place {
    fn selector(&self) -> LabelSelector {
        LabelSelector::of_labels(&Labels::from([(self.label.0.to_owned(), self.label.1.to_owned())]))
    }
}

/// The protocols by which the pod cannot ask; none where no policy isolates it.
fn unanswered(scene: &Scene<'_>, dns: &Dns, pod: &PodEnd, isolating: &[usize]) -> Vec<Protocol> {
    let policies: Vec<&Policy> = isolating.iter().filter_map(|index| scene.cluster.policies.get(*index)).collect();
    if policies.is_empty() {
        return Vec::new();
    }
    let is_deaf = |protocol: &Protocol| {
        !policies.iter().any(|policy| may_ask(scene, dns, policy, *protocol))
            && !dns.pods.iter().any(|server| is_let_out(scene, &question(pod, server, *protocol, dns.port)))
    };
    [Protocol::Udp, Protocol::Tcp].into_iter().filter(is_deaf).collect()
}

fn question(pod: &PodEnd, server: &PodEnd, protocol: Protocol, port: u16) -> Flow {
    Flow { source: End::Pod(pod.clone()), destination: End::Pod(server.clone()), protocol, port }
}

fn is_let_out(scene: &Scene<'_>, flow: &Flow) -> bool {
    verdict(scene.cluster, &surest(scene.world, Verdict::Denied), flow).1.egress.allows()
}

/// Whether a rule may be there for DNS: it opens the port, to something that may answer.
fn may_ask(scene: &Scene<'_>, dns: &Dns, policy: &Policy, protocol: Protocol) -> bool {
    let rules = policy.egress.iter().flatten();
    rules.filter(|rule| opens(rule, protocol, dns.port)).any(|rule| is_far(scene, dns, policy, rule))
}

fn opens(rule: &Rule, protocol: Protocol, port: u16) -> bool {
    let Ports::AnyOf(items) = &rule.ports else { return true };
    items.iter().filter(|item| item.protocol == protocol).any(|item| match &item.ports {
        PortMatch::All | PortMatch::Named(_) => true,
        PortMatch::Range(first, last) => (*first..=*last).contains(&port),
    })
}

/// Whether the rule leads to anything that may answer: an address, another namespace that may be the one of
/// the DNS pods, or, where it names the port, any peer at all.
fn is_far(scene: &Scene<'_>, dns: &Dns, policy: &Policy, rule: &Rule) -> bool {
    let names_port =
        matches!(&rule.ports, Ports::AnyOf(items) if items.iter().any(|item| item.ports != PortMatch::All));
    let leads_there = |peer: &Peer| match &peer.kind {
        PeerKind::IpBlock(_) => true,
        PeerKind::Pods { namespaces: NamespaceScope::Own, .. } => names_port || policy.namespace == dns.place.namespace,
        PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), .. } => {
            let is_declared = scene.cluster.namespaces.contains_key(dns.place.namespace);
            names_port || !is_declared || matches(selector, &scene.namespace(dns.place.namespace).labels)
        }
    };
    match &rule.peers {
        Peers::All => true,
        Peers::AnyOf(peers) => peers.iter().any(leads_there),
    }
}

fn finding(scene: &Scene<'_>, dns: &Dns, protocols: &[Protocol], deaf: &Deaf) -> Option<Finding> {
    let (first, server, pod) = (*deaf.policies.first()?, dns.pods.first()?, deaf.pods.first()?);
    let about = scene.cluster.policies.get(first)?.full_name();
    let who = who(scene, &deaf.pods);
    let only_tcp = protocols == [Protocol::Tcp];
    let message = if only_tcp {
        format!("{who} can ask DNS by UDP, and not by TCP")
    } else {
        format!("{who} cannot ask DNS: egress is isolated, and no rule opens port {}", dns.port)
    };
    let flow = question(pod, server, *protocols.first()?, dns.port);
    let mut finding = Finding::new(Code::EgressWithoutDns, about, message);
    for policy in deaf.policies.iter().filter_map(|index| scene.cluster.policies.get(*index)).take(4) {
        finding = finding.at(policy.pod_selector.origin, format!("{} isolates for egress", policy.name));
    }
    let finding = finding
        .shown(flow, Fact::Denied, surest(scene.world, Verdict::Denied))
        .note(if only_tcp {
            "An answer that does not fit into a datagram is asked for again by TCP.".to_owned()
        } else {
            "A connection by name, to a Service or to the internet, begins with a question to DNS.".to_owned()
        })
        .help("add an egress rule to a policy that selects these pods")
        .yaml(rule(dns));
    Some(if only_tcp { finding.severity(Severity::Low) } else { finding })
}

/// "Deployment shop/web and 2 more", or a pod that could be created.
fn who(scene: &Scene<'_>, pods: &[PodEnd]) -> String {
    let named: Vec<_> = pods.iter().filter_map(|pod| Some(scene.workload(pod.workload?)?.full_name())).collect();
    let namespace = pods.first().map_or("", |pod| pod.namespace.name.as_str());
    match named.as_slice() {
        [] => format!("a pod of {namespace}"),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    }
}

/// The rule to add.
fn rule(dns: &Dns) -> String {
    let Place { namespace, label: (key, value), .. } = dns.place;
    let port = dns.port;
    format!(
        "egress:\n  - to:\n      - namespaceSelector:\n          matchLabels:\n            kubernetes.io/metadata.name: {namespace}\n        \
         podSelector:\n          matchLabels:\n            {key}: {value}\n    ports:\n      - {{protocol: UDP, port: {port}}}\n      \
         - {{protocol: TCP, port: {port}}}\n"
    )
}
