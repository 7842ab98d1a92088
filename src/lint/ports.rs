//! Ports that no pod listens on: a Service's port in a rule (R24, R36), a name that no pod declares (R27).
//!
//! Pods need not declare the ports they listen on, so a number that nobody declares is no finding: there has to
//! be a Service that leads elsewhere. Under `lint` alone.

use super::coverage::listed;
use super::scene::{Scene, rules};
use super::{flows, sample, surest};
use crate::describe;
use crate::diagnostic::closest;
use crate::eval::Verdict;
use crate::finding::{Code, Evidence, Fact, Finding, Shown};
use crate::model::net::{End, Flow, PodEnd, PortMatch, Protocol};
use crate::model::policy::{Direction, Peers, Policy, PortSpec, Rule};
use crate::model::selector::Labels;
use crate::model::workload::{Service, TargetPort, Workload};

/// A rule with all that its ports are held against.
struct Place<'a> {
    index: usize,
    policy: &'a Policy,
    direction: Direction,
    rule: &'a Rule,
    /// The declared workloads that it opens ports of.
    workloads: Vec<usize>,
}

/// The findings of every policy.
pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let services = Services::new(scene);
    let mut found = Vec::new();
    for (index, policy) in scene.policies() {
        for (direction, _, rule) in rules(policy).filter(|(_, _, rule)| !rule.named_ports().is_empty()) {
            let workloads = destinations(scene, index, policy, direction, rule);
            if workloads.is_empty() {
                continue;
            }
            let place = Place { index, policy, direction, rule, workloads };
            found.extend(service_port(scene, &services, &place));
            found.extend(rule.named_ports().iter().filter_map(|item| unknown_name(scene, &place, item)));
        }
    }
    found
}

/// The declared workloads at the far end of the rule's flows: those that the policy selects, or the peers.
fn destinations(scene: &Scene<'_>, index: usize, policy: &Policy, direction: Direction, rule: &Rule) -> Vec<usize> {
    match (direction, &rule.peers) {
        (Direction::Ingress, _) => scene.selected(index).to_vec(),
        (Direction::Egress, Peers::All) => Vec::new(),
        (Direction::Egress, Peers::AnyOf(_)) => {
            let mut all: Vec<usize> = rule.named_peers().iter().flat_map(|peer| scene.matched(policy, peer)).collect();
            all.sort_unstable();
            all.dedup();
            all
        }
    }
}

/// The Services by namespace.
struct Services<'a>(std::collections::BTreeMap<&'a str, Vec<&'a Service>>);

impl<'a> Services<'a> {
    fn new(scene: &Scene<'a>) -> Services<'a> {
        let mut by_namespace: std::collections::BTreeMap<&str, Vec<&Service>> = std::collections::BTreeMap::new();
        for service in &scene.cluster.services {
            by_namespace.entry(&service.namespace).or_default().push(service);
        }
        Services(by_namespace)
    }

    /// The Services in front of a workload.
    fn of(&self, workload: &Workload) -> impl Iterator<Item = &'a Service> {
        let all = self.0.get(workload.namespace.as_str()).cloned().unwrap_or_default();
        let labels = workload.labels.clone();
        all.into_iter().filter(move |service| service.selector.as_ref().is_some_and(|wanted| selects(wanted, &labels)))
    }
}

fn selects(wanted: &Labels, labels: &Labels) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// The port of the pods behind a Service port.
fn target(workload: &Workload, target: &TargetPort, protocol: Protocol) -> Option<u16> {
    match target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let named = |port: &&crate::model::workload::ContainerPort| {
                port.protocol == protocol && port.name.as_ref() == Some(name)
            };
            workload.ports.iter().find(named).map(|port| port.number)
        }
    }
}

/// A Service's port that its pods do not listen on.
struct Translated<'a> {
    item: &'a PortSpec,
    number: u16,
    service: &'a Service,
    workload: usize,
    target: u16,
}

fn service_port(scene: &Scene<'_>, services: &Services<'_>, place: &Place<'_>) -> Option<Finding> {
    let items = place.rule.named_ports().iter();
    let translated: Vec<_> = items.filter_map(|item| translated(scene, services, place, item)).collect();
    let first = translated.first()?;
    let flow = through(scene, place, first.workload, first.item.protocol, first.target)?;
    let options = surest(scene.world, Verdict::Denied);
    let shown = Shown { flow, fact: Fact::NotAdmitted(place.index, place.direction), options, needs: Vec::new() };
    if !super::holds(scene.cluster, &shown) {
        return None;
    }
    let name = place.policy.full_name();
    let service = format!("{}/{}", first.service.namespace, first.service.name);
    let numbers: Vec<String> = translated.iter().map(|one| format!("{} {}", one.item.protocol, one.number)).collect();
    let (is, port) = if numbers.len() == 1 { ("is the port", "which") } else { ("are ports", "which") };
    let message = format!(
        "{name} opens {}, {port} {is} of Service {service}: it leads to port {} of its pods",
        listed(&numbers),
        first.target
    );
    let mut finding = Finding::new(Code::ServicePort, name, message);
    for one in &translated {
        finding = finding.at(one.item.origin, format!("the Service leads from {} to {}", one.number, one.target));
    }
    let mut targets: Vec<_> = translated.iter().map(|one| (one.item.protocol, one.target)).collect();
    targets.dedup();
    let lines: String =
        targets.iter().map(|(protocol, port)| format!("  - {{protocol: {protocol}, port: {port}}}\n")).collect();
    Some(
        finding
            .because(Evidence::Shown(Box::new(shown)))
            .note("A policy sees the port of the pod, after the Service has translated it.")
            .help("name the port of the pods, or a named port of theirs")
            .yaml(format!("ports:\n{lines}")),
    )
}

/// A single port that no pod of the rule listens on, and that a Service in front of one of them translates.
fn translated<'a>(
    scene: &Scene<'a>,
    services: &Services<'a>,
    place: &Place<'a>,
    item: &'a PortSpec,
) -> Option<Translated<'a>> {
    let PortMatch::Range(number, last) = item.ports else { return None };
    if number != last {
        return None;
    }
    let mut found = None;
    for index in &place.workloads {
        let workload = scene.workload(*index)?;
        let is_served = workload.ports.iter().any(|port| port.number == number && port.protocol == item.protocol);
        if is_served {
            return None;
        }
        for service in services.of(workload) {
            for port in service.ports.iter().filter(|port| port.protocol == item.protocol) {
                let Some(target) = target(workload, &port.target, item.protocol) else { continue };
                if target == number {
                    return None;
                }
                if port.port == number && found.is_none() {
                    found = Some(Translated { item, number, service, workload: *index, target });
                }
            }
        }
    }
    // Told as a question of DNS.
    let is_dns = |one: &Translated<'_>| place.direction == Direction::Egress && one.number == 53 && one.target == 5353;
    found.filter(|one| !is_dns(one))
}

/// A flow that the rule would be there for, to this port of a workload.
fn through(scene: &Scene<'_>, place: &Place<'_>, workload: usize, protocol: Protocol, port: u16) -> Option<Flow> {
    let destination = scene.pod_of(workload, 0)?;
    let source = match place.direction {
        Direction::Ingress => match place.rule.named_peers().first() {
            Some(peer) => scene.far_end(place.policy, peer, workload)?,
            None => End::External(scene.address(1)),
        },
        Direction::Egress => End::Pod(own(scene, place, workload)?),
    };
    Some(Flow { source, destination: End::Pod(destination), protocol, port })
}

/// A pod of the policy, of another workload than this one.
fn own(scene: &Scene<'_>, place: &Place<'_>, not: usize) -> Option<PodEnd> {
    let declared = scene.selected(place.index).iter().find(|index| **index != not);
    let declared = declared.and_then(|index| scene.pod_of(*index, 1));
    declared.or_else(|| sample::subject(scene, place.policy))
}

/// R27: a name that no pod of the rule declares for the protocol matches nothing.
fn unknown_name(scene: &Scene<'_>, place: &Place<'_>, item: &PortSpec) -> Option<Finding> {
    let PortMatch::Named(name) = &item.ports else { return None };
    let workloads: Vec<&Workload> = place.workloads.iter().filter_map(|index| scene.workload(*index)).collect();
    let declared = || workloads.iter().flat_map(|workload| &workload.ports);
    if declared().any(|port| flows::covers(item, port)) {
        return None;
    }
    let policy = place.policy.full_name();
    let who = listed(&workloads.iter().map(|workload| workload.full_name()).collect::<Vec<_>>());
    let other = declared().find(|port| port.name.as_ref() == Some(name)).map(|port| port.protocol);
    let message = match other {
        Some(protocol) => format!("{policy} opens {}, and {who} declares it for {protocol}", describe::port(item)),
        None if workloads.len() > 1 => {
            format!("{policy} opens {}, and none of {who} declares it", describe::port(item))
        }
        None => format!("{policy} opens {}, and {who} declares no such name", describe::port(item)),
    };
    let names = declared().filter(|port| port.protocol == item.protocol).filter_map(|port| port.name.as_deref());
    let finding = Finding::new(Code::UnknownPortName, policy, message)
        .at(item.origin, "matches nothing")
        .because(evidence(scene, place))
        .note("A name is looked up in the containers of the destination pod, together with its protocol.");
    Some(match (other, closest(name, names)) {
        (Some(protocol), _) => finding.help(format!("write `protocol: {protocol}`")),
        (None, Some(near)) => finding.help(format!("did you mean `{near}`?")),
        (None, None) => finding.help("name a port that the pods declare, or write the number"),
    })
}

/// A flow to a port that the pods do declare and the policy does not admit, where there is one.
fn evidence(scene: &Scene<'_>, place: &Place<'_>) -> Evidence {
    let served =
        place.workloads.iter().find_map(|index| Some((*index, scene.workload(*index)?.ports.first()?.clone())));
    let flow = served.and_then(|(index, port)| through(scene, place, index, port.protocol, port.number));
    let shown = flow.map(|flow| Shown {
        flow,
        fact: Fact::NotAdmitted(place.index, place.direction),
        options: surest(scene.world, Verdict::Denied),
        needs: Vec::new(),
    });
    match shown.filter(|shown| super::holds(scene.cluster, shown)) {
        Some(shown) => Evidence::Shown(Box::new(shown)),
        None => Evidence::Examined,
    }
}
