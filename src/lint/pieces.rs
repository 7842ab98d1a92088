//! The pieces of a policy that could be taken away: itself, a rule, a peer, a port.
//!
//! Pure rewriting of plain data. Under `lint` alone.

use super::bench::only;
use super::scene::DIRECTIONS;
use crate::describe;
use crate::finding::Code;
use crate::model::policy::{Direction, Peers, Policy, Ports, Rule};
use crate::source::Origin;

/// A piece of a policy, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// All of it.
    Policy,
    /// A rule.
    Rule(Direction, usize),
    /// An item of `from` or `to` that is not the only one.
    Peer(Direction, usize, usize),
    /// An item of `ports` that is not the only one.
    Port(Direction, usize, usize),
}

/// Every piece, the largest first.
pub(super) fn pieces(policy: &Policy) -> Vec<Piece> {
    let mut pieces = vec![Piece::Policy];
    for direction in DIRECTIONS {
        for (at, rule) in policy.rules(direction).unwrap_or_default().iter().enumerate() {
            pieces.push(Piece::Rule(direction, at));
            if let Peers::AnyOf(peers) = &rule.peers
                && peers.len() > 1
            {
                pieces.extend((0..peers.len()).map(|peer| Piece::Peer(direction, at, peer)));
            }
            if let Ports::AnyOf(ports) = &rule.ports
                && ports.len() > 1
            {
                pieces.extend((0..ports.len()).map(|port| Piece::Port(direction, at, port)));
            }
        }
    }
    pieces
}

/// The policy that does what the piece does, and no more.
pub(super) fn acting(policy: &Policy, piece: &Piece) -> Policy {
    let Some(direction) = piece.direction() else { return policy.clone() };
    let mut acting = only(policy, direction);
    let rules = rules_mut(&mut acting, direction);
    let rule = piece.rule().and_then(|at| rules.get(at).cloned());
    *rules = rule.into_iter().map(|rule| narrowed(rule, piece)).collect();
    acting
}

/// The rule with the peer or port of the piece alone.
fn narrowed(mut rule: Rule, piece: &Piece) -> Rule {
    match (piece, &mut rule.peers, &mut rule.ports) {
        (Piece::Peer(_, _, at), Peers::AnyOf(peers), _) => {
            *peers = peers.get(*at).cloned().into_iter().collect();
        }
        (Piece::Port(_, _, at), _, Ports::AnyOf(ports)) => {
            *ports = ports.get(*at).cloned().into_iter().collect();
        }
        _ => {}
    }
    rule
}

/// The policy without the piece; `None` without the policy. It isolates what it isolated.
pub(super) fn without(policy: &Policy, piece: &Piece) -> Option<Policy> {
    let direction = piece.direction()?;
    let mut rest = policy.clone();
    let rules = rules_mut(&mut rest, direction);
    match piece {
        Piece::Policy => return None,
        Piece::Rule(_, at) if *at < rules.len() => {
            rules.remove(*at);
        }
        Piece::Peer(_, rule, at) => {
            if let Some(Peers::AnyOf(peers)) = rules.get_mut(*rule).map(|rule| &mut rule.peers)
                && *at < peers.len()
            {
                peers.remove(*at);
            }
        }
        Piece::Port(_, rule, at) => {
            if let Some(Ports::AnyOf(ports)) = rules.get_mut(*rule).map(|rule| &mut rule.ports)
                && *at < ports.len()
            {
                ports.remove(*at);
            }
        }
        Piece::Rule(..) => {}
    }
    Some(rest)
}

/// The policy without all of these pieces, whatever their order; `None` where it is one of them.
pub(super) fn without_all(policy: &Policy, pieces: &[Piece]) -> Option<Policy> {
    let mut pieces = pieces.to_vec();
    // From the last rule to the first, and in a rule from the last item, so that places before stay as they are.
    pieces.sort_by_key(|piece| std::cmp::Reverse((piece.direction(), piece.rule(), piece.rank(), piece.place())));
    pieces.iter().try_fold(policy.clone(), |rest, piece| without(&rest, piece))
}

fn rules_mut(policy: &mut Policy, direction: Direction) -> &mut Vec<Rule> {
    let rules = match direction {
        Direction::Ingress => &mut policy.ingress,
        Direction::Egress => &mut policy.egress,
    };
    rules.get_or_insert_default()
}

impl Piece {
    fn direction(&self) -> Option<Direction> {
        match self {
            Piece::Policy => None,
            Piece::Rule(direction, ..) | Piece::Peer(direction, ..) | Piece::Port(direction, ..) => Some(*direction),
        }
    }

    fn rule(&self) -> Option<usize> {
        match self {
            Piece::Policy => None,
            Piece::Rule(_, rule) | Piece::Peer(_, rule, _) | Piece::Port(_, rule, _) => Some(*rule),
        }
    }

    /// Whether the other piece is part of this one.
    pub(super) fn holds(&self, other: &Piece) -> bool {
        match self {
            Piece::Policy => true,
            Piece::Rule(direction, rule) => other.direction() == Some(*direction) && other.rule() == Some(*rule),
            Piece::Peer(..) | Piece::Port(..) => self == other,
        }
    }

    /// 0 for a policy, 1 for a rule, 2 for a peer, 3 for a port.
    pub(super) fn rank(&self) -> usize {
        match self {
            Piece::Policy => 0,
            Piece::Rule(..) => 1,
            Piece::Peer(..) => 2,
            Piece::Port(..) => 3,
        }
    }

    /// Where it stands among others of its rank.
    pub(super) fn place(&self) -> (Option<Direction>, usize, usize) {
        match self {
            Piece::Policy => (None, 0, 0),
            Piece::Rule(direction, rule) => (Some(*direction), *rule, 0),
            Piece::Peer(direction, rule, at) | Piece::Port(direction, rule, at) => (Some(*direction), *rule, *at),
        }
    }

    /// The field, as `ingress[0].from[1]`; `None` for the policy.
    pub(super) fn path(&self) -> Option<String> {
        match self {
            Piece::Policy => None,
            Piece::Rule(direction, rule) => Some(format!("{direction}[{rule}]")),
            Piece::Peer(direction, rule, at) => {
                Some(format!("{direction}[{rule}].{}[{at}]", describe::peers_key(*direction)))
            }
            Piece::Port(direction, rule, at) => Some(format!("{direction}[{rule}].ports[{at}]")),
        }
    }

    /// The code of a finding that it is redundant.
    pub(super) fn code(&self) -> Code {
        match self {
            Piece::Policy => Code::RedundantPolicy,
            Piece::Rule(..) => Code::RedundantRule,
            Piece::Peer(..) => Code::RedundantPeer,
            Piece::Port(..) => Code::RedundantPort,
        }
    }

    /// Its lines.
    pub(super) fn origin(&self, policy: &Policy) -> Option<Origin> {
        let rule = policy.rules(self.direction()?)?.get(self.rule()?)?;
        match (self, &rule.peers, &rule.ports) {
            (Piece::Peer(_, _, at), Peers::AnyOf(peers), _) => peers.get(*at).map(|peer| peer.origin),
            (Piece::Port(_, _, at), _, Ports::AnyOf(ports)) => ports.get(*at).map(|port| port.origin),
            _ => Some(rule.origin),
        }
    }
}
