//! Plain flows that rules admit, a few a rule, to try whether anything else admits them.
//!
//! Under `lint` alone.

use super::sample;
use super::scene::Scene;
use crate::eval::algebra;
use crate::model::net::{End, Flow, PodEnd, Protocol};
use crate::model::options::Options;
use crate::model::policy::{Direction, Peer, Peers, Policy, Ports, Rule};
use crate::model::workload::Cluster;

/// A pod that the policy selects: one that could be created, or else a declared one.
pub(super) fn own(scene: &Scene<'_>, index: usize, policy: &Policy) -> Option<PodEnd> {
    let declared = || scene.selected(index).first().and_then(|workload| scene.pod_of(*workload, 0));
    sample::subject(scene, policy).or_else(declared)
}

/// Flows of these rules of a policy: each peer on one port, and each port with one peer. `None` where for
/// some peer no end was found: then nothing can be said.
pub(super) fn of_rules(
    scene: &Scene<'_>,
    index: usize,
    policy: &Policy,
    direction: Direction,
    rules: &[Rule],
) -> Option<Vec<Flow>> {
    let own = own(scene, index, policy)?;
    let mut flows = Vec::new();
    for rule in rules {
        let ends = ends(scene, policy, rule)?;
        let ports = ports(rule);
        let first = ports.first()?;
        flows.extend(ends.iter().map(|end| flow(&own, end, direction, first)));
        flows.extend(ports.iter().skip(1).filter_map(|port| Some(flow(&own, ends.first()?, direction, port))));
    }
    Some(flows)
}

type Port = (Protocol, u16, Option<String>);

fn ports(rule: &Rule) -> Vec<Port> {
    match &rule.ports {
        Ports::All => vec![sample::port_of_rule(rule)],
        Ports::AnyOf(items) => items.iter().map(sample::port).collect(),
    }
}

fn ends(scene: &Scene<'_>, policy: &Policy, rule: &Rule) -> Option<Vec<End>> {
    match &rule.peers {
        Peers::All => Some(vec![End::External(scene.address(4))]),
        Peers::AnyOf(peers) => peers.iter().map(|peer: &Peer| sample::other_end(scene, policy, peer)).collect(),
    }
}

fn flow(own: &PodEnd, other: &End, direction: Direction, (protocol, port, name): &Port) -> Flow {
    let (source, destination) = match direction {
        Direction::Ingress => (other.clone(), End::Pod(own.clone())),
        Direction::Egress => (End::Pod(own.clone()), other.clone()),
    };
    let destination = match destination {
        End::Pod(pod) => End::Pod(sample::declaring(pod, *protocol, *port, name.clone())),
        other => other,
    };
    Flow { source, destination, protocol: *protocol, port: *port }
}

/// A flow of the rule between its own pod and this end.
pub(super) fn towards(own: &PodEnd, other: &End, direction: Direction, rule: &Rule) -> Flow {
    let port = sample::port_of_rule(rule);
    flow(own, other, direction, &port)
}

/// Whether the policy, as it could be written, would admit the flow. The ends carry all that it looks at: by
/// default pods lend no port names to each other (R27).
pub(super) fn admits(policy: &Policy, direction: Direction, flow: &Flow) -> bool {
    let alone = Cluster { policies: vec![policy.clone()].into(), ..Cluster::default() };
    algebra::admits(&alone, &Options::default(), 0, direction, flow)
}
