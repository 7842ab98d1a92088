//! Flows that go through one peer or one port of a rule, to show what the rule does.
//!
//! Under `lint` alone.

use super::scene::Scene;
use super::{sample, samples};
use crate::model::net::{End, Flow, PodEnd, PortMatch};
use crate::model::policy::{Direction, Peer, Policy, PortSpec, Ports, Rule};
use crate::model::workload::ContainerPort;

/// A flow into a pod of the policy through this peer of an ingress rule, from a namespace that nobody has
/// declared if one could be created; to a port that the pod listens on if the rule opens one.
pub(super) fn door(scene: &Scene<'_>, index: usize, policy: &Policy, rule: &Rule, peer: &Peer) -> Option<Flow> {
    let source = sample::other_end(scene, policy, peer)?;
    let served = |pod: &PodEnd| pod.ports.iter().find(|port| opens(rule, port)).cloned();
    let declared: Vec<PodEnd> = scene.selected(index).iter().filter_map(|one| scene.pod_of(*one, 0)).collect();
    if let Some((pod, port)) = declared.iter().find_map(|pod| Some((pod.clone(), served(pod)?))) {
        return Some(Flow { source, destination: End::Pod(pod), protocol: port.protocol, port: port.number });
    }
    let pod = sample::subject(scene, policy).or_else(|| declared.into_iter().next())?;
    let (protocol, port, name) = sample::port_of_rule(rule);
    let pod = sample::declaring(pod, protocol, port, name);
    Some(Flow { source, destination: End::Pod(pod), protocol, port })
}

/// A flow of the rule between a pod of the policy and another end; to a port that the destination listens on, if
/// the rule opens one.
pub(super) fn along(own: &PodEnd, other: &End, direction: Direction, rule: &Rule) -> Flow {
    let plain = samples::towards(own, other, direction, rule);
    let served = plain.destination.pod().and_then(|pod| pod.ports.iter().find(|port| opens(rule, port)));
    match served.map(|port| (port.protocol, port.number)) {
        Some((protocol, port)) => Flow { protocol, port, ..plain },
        None => plain,
    }
}

/// Whether the rule opens this port of a pod (R24 to R27).
pub(super) fn opens(rule: &Rule, port: &ContainerPort) -> bool {
    match &rule.ports {
        Ports::All => true,
        Ports::AnyOf(items) => items.iter().any(|item| covers(item, port)),
    }
}

/// Whether the item means this port of a pod (R25 to R27).
pub(super) fn covers(item: &PortSpec, port: &ContainerPort) -> bool {
    item.protocol == port.protocol
        && match &item.ports {
            PortMatch::All => true,
            PortMatch::Range(first, last) => (*first..=*last).contains(&port.number),
            PortMatch::Named(name) => port.name.as_ref() == Some(name),
        }
}
