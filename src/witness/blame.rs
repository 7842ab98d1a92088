//! The lines at fault: from the reasons of a verdict to places in the manifests.
//!
//! An allowed flow is the doing of the rules that admit it; a denied one of the policies that
//! isolate. Where a side is open because nothing isolates the pod there is no line to blame, and
//! the report says so in words.

use crate::describe;
use crate::eval::trace::{PeersTrace, PolicyTrace, RuleTrace, Side, Trace, Verdict};
use crate::model::policy::{Direction, Peers, Policy, Rule};
use crate::model::workload::Cluster;
use crate::outcome::{Blame, Part};

/// The lines that decided the flow. Ingress comes first: it is where the data is.
#[must_use]
pub fn of_flow(cluster: &Cluster, verdict: Verdict, trace: &Trace) -> Vec<Blame> {
    let sides = [(Direction::Ingress, &trace.ingress), (Direction::Egress, &trace.egress)];
    let blames = sides.into_iter().flat_map(|(direction, side)| match verdict {
        Verdict::Allowed => admitting(cluster, direction, side),
        Verdict::Denied => isolating(cluster, direction, side),
    });
    blames.collect()
}

fn admitting(cluster: &Cluster, direction: Direction, side: &Side) -> Vec<Blame> {
    let of_policy = |trace: &PolicyTrace| {
        let policy = cluster.policies.get(trace.policy)?;
        let rules = policy.rules(direction)?;
        let matching = rules.iter().zip(&trace.rules).enumerate().filter(|(_, (_, trace))| trace.matches());
        Some(
            matching
                .map(|(at, (rule, reason))| admission(trace.policy, policy, direction, at, rule, reason))
                .collect::<Vec<_>>(),
        )
    };
    side.policies().iter().filter_map(of_policy).flatten().collect()
}

/// One rule that admits: its first matching peer where it names peers, else the whole rule.
pub(super) fn admission(
    index: usize,
    policy: &Policy,
    direction: Direction,
    at: usize,
    rule: &Rule,
    reason: &RuleTrace,
) -> Blame {
    let peer = match (&rule.peers, &reason.peers) {
        (Peers::AnyOf(peers), PeersTrace::Matched(matched)) => {
            matched.first().and_then(|first| Some((*first, peers.get(*first)?)))
        }
        _ => None,
    };
    let ports = describe::ports(rule);
    let (path, origin, admits) = match peer {
        Some((item, peer)) => {
            let key = describe::peers_key(direction);
            (format!("{direction}[{at}].{key}[{item}]"), peer.origin, describe::peer(policy, peer))
        }
        None => (format!("{direction}[{at}]"), rule.origin, everything(direction).to_owned()),
    };
    let text = format!("admits {admits}, {ports}");
    Blame { policy: index, direction, part: Part::Admits, path, origin, text }
}

fn everything(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "everything, from inside the cluster and outside",
        Direction::Egress => "everything, inside the cluster and outside",
    }
}

fn isolating(cluster: &Cluster, direction: Direction, side: &Side) -> Vec<Blame> {
    if side.allows() {
        return Vec::new();
    }
    let of_policy = |trace: &PolicyTrace| {
        let policy = cluster.policies.get(trace.policy)?;
        let has_rules = if trace.rules.is_empty() { "and admits nothing" } else { "and no rule of it matches" };
        Some(Blame {
            policy: trace.policy,
            direction,
            part: Part::Isolates,
            path: "podSelector".to_owned(),
            origin: policy.pod_selector.origin,
            text: format!("isolates {} for {direction} {has_rules}", describe::selected(policy)),
        })
    };
    side.policies().iter().filter_map(of_policy).collect()
}
