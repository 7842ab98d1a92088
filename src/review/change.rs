//! A cluster with one thing of one policy taken away, or opened to all.

use crate::model::policy::{Direction, Peers, Policy, Ports};
use crate::model::workload::Cluster;
use crate::source::Origin;

/// How the whole of a policy is called, where a part of it would be called by its field.
pub(super) const WHOLE: &str = "the policy";

/// What is done to a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It is taken away.
    Removed,
    /// It admits everybody: a peer on the ports of its rule, a rule on every port.
    Widened,
}

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The whole policy.
    Policy,
    /// A rule of a direction.
    Rule(Direction, usize),
    /// A peer of a rule.
    Peer(Direction, usize, usize),
}

/// One change of one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// The policy, by its index in the cluster.
    pub(super) policy: usize,
    pub(super) part: Part,
    pub(super) how: How,
}

/// Every change of a policy that is one: a rule that admits all cannot be widened, and to take a rule's only peer away is
/// to take the rule away.
pub(super) fn edits(policy: &Policy, index: usize) -> Vec<Edit> {
    let edit = |part, how| Edit { policy: index, part, how };
    let mut edits = vec![edit(Part::Policy, How::Removed)];
    for direction in [Direction::Ingress, Direction::Egress] {
        for (at, rule) in policy.rules(direction).unwrap_or_default().iter().enumerate() {
            edits.push(edit(Part::Rule(direction, at), How::Removed));
            if rule.peers != Peers::All || rule.ports != Ports::All {
                edits.push(edit(Part::Rule(direction, at), How::Widened));
            }
            let peers = rule.named_peers();
            for peer in 0..peers.len() {
                if peers.len() > 1 {
                    edits.push(edit(Part::Peer(direction, at, peer), How::Removed));
                }
                // On every port already: the rule widened says the same.
                if rule.ports != Ports::All {
                    edits.push(edit(Part::Peer(direction, at, peer), How::Widened));
                }
            }
        }
    }
    edits
}

/// The cluster with the change; `None` where there is nothing to change.
pub(super) fn apply(cluster: &Cluster, edit: Edit) -> Option<Cluster> {
    let mut changed = cluster.clone();
    if edit.part == Part::Policy {
        cluster.policies.get(edit.policy)?;
        changed.policies.edit(|all| all.remove(edit.policy));
        return Some(changed);
    }
    changed.policies.edit(|all| within(all.get_mut(edit.policy)?, edit))?;
    Some(changed)
}

/// Changes a rule or a peer; `None` where it is not there.
fn within(policy: &mut Policy, edit: Edit) -> Option<()> {
    let (Part::Rule(direction, at) | Part::Peer(direction, at, _)) = edit.part else { return None };
    let rules = match direction {
        Direction::Ingress => policy.ingress.as_mut(),
        Direction::Egress => policy.egress.as_mut(),
    }?;
    let rule = rules.get_mut(at)?;
    match (edit.part, edit.how) {
        (Part::Peer(_, _, peer), How::Removed) => match &mut rule.peers {
            Peers::AnyOf(peers) if peers.len() > 1 && peer < peers.len() => drop(peers.remove(peer)),
            _ => drop(rules.remove(at)),
        },
        (Part::Peer(..), How::Widened) => rule.peers = Peers::All,
        (_, How::Removed) => drop(rules.remove(at)),
        (_, How::Widened) => (rule.peers, rule.ports) = (Peers::All, Ports::All),
    }
    Some(())
}

/// The field that is changed, and its lines.
pub(super) fn place(policy: &Policy, part: Part) -> (String, Origin) {
    let rule = |direction, at: usize| policy.rules(direction).and_then(|rules| rules.get(at));
    match part {
        Part::Policy => (WHOLE.to_owned(), policy.name_origin),
        Part::Rule(direction, at) => {
            (format!("{direction}[{at}]"), rule(direction, at).map_or(policy.name_origin, |rule| rule.origin))
        }
        Part::Peer(direction, at, peer) => {
            let key = crate::describe::peers_key(direction);
            let origin = rule(direction, at).and_then(|rule| rule.named_peers().get(peer)).map(|peer| peer.origin);
            (format!("{direction}[{at}].{key}[{peer}]"), origin.unwrap_or(policy.name_origin))
        }
    }
}

/// The rule or peer of these lines.
pub(super) fn at_origin(policy: &Policy, origin: Origin) -> Option<Part> {
    for direction in [Direction::Ingress, Direction::Egress] {
        for (at, rule) in policy.rules(direction).unwrap_or_default().iter().enumerate() {
            if let Some(peer) = rule.named_peers().iter().position(|peer| peer.origin == origin) {
                return Some(Part::Peer(direction, at, peer));
            }
            if rule.origin == origin {
                return Some(Part::Rule(direction, at));
            }
        }
    }
    None
}
