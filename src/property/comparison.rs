//! What a comparison of policies comes to: the gaps that must be empty, and under which plugins.
//!
//! More of what a plugin lets through may help either side of a comparison, so no plugin is the
//! extreme one: every choice that a rule of these policies can feel is asked about.

use crate::model::algebra::{Comparison, Gap};
use crate::model::claim::Claim;
use crate::model::net::PortMatch;
use crate::model::options::{EgressNamedPortAny, EndPort, IpBlockMatches, Options};
use crate::model::policy::{Direction, Peer, PeerKind, Peers, Ports, Rule};
use crate::model::workload::Cluster;
use crate::model::world::World;

/// The questions of a comparison, [`Claim::NoGap`] each: the comparison holds iff all of them do. What
/// every conformant plugin does comes first.
///
/// Subsumed: iff every pod that the policy isolates for a direction is isolated for it by one of the
/// others, and every flow that it admits for a direction is admitted for it by one of the others.
/// Equivalent: iff each is subsumed by the other. Disjoint: iff no pod is selected by both.
#[must_use]
pub fn questions(cluster: &Cluster, world: &World, comparison: &Comparison) -> Vec<Claim> {
    let of_gap = |gap: Gap| {
        let plugins = plugins(cluster, world, &gap).into_iter();
        plugins.map(move |options| Claim::NoGap { gap: gap.clone(), options }).collect::<Vec<_>>()
    };
    comparison.gaps(cluster).into_iter().flat_map(of_gap).collect()
}

/// Every combination of choices that can matter to the gap: R22, R26 and R28 where some rule is
/// written that feels them. Isolation and overlap look at labels and namespaces alone.
fn plugins(cluster: &Cluster, world: &World, gap: &Gap) -> Vec<Options> {
    let Gap::Admission { direction, .. } = gap else { return vec![Options::default()] };
    let space = world.options();
    let policies = gap.policies().filter_map(|index| cluster.policies.get(index));
    let rules: Vec<&Rule> = policies.filter_map(|policy| policy.rules(*direction)).flatten().collect();
    let any = |feels: fn(&Rule) -> bool| rules.iter().any(|rule| feels(rule));
    let mut all = vec![Options::default()];
    if any(has_block) {
        // Where no node is an end, blocks that see nodes are like blocks that do not.
        let with_nodes = world.nodes.then_some(IpBlockMatches::ExternalAndNodes);
        let choices = [Some(IpBlockMatches::All), Some(IpBlockMatches::External), with_nodes];
        let (most, least) = (space.most.ipblock_matches, space.least.ipblock_matches);
        let open = left_open(choices.into_iter().flatten(), most, least);
        all = combined(&all, open, |options, choice| options.ipblock_matches = choice);
    }
    if any(has_range) {
        let (most, least) = (space.most.end_port, space.least.end_port);
        let open = left_open([EndPort::Supported, EndPort::Ignored], most, least);
        all = combined(&all, open, |options, choice| options.end_port = choice);
    }
    if *direction == Direction::Egress && any(names_a_port_of_anything) {
        let choices = [EgressNamedPortAny::Destination, EgressNamedPortAny::Namespace, EgressNamedPortAny::None];
        let (most, least) = (space.most.egress_named_port_any, space.least.egress_named_port_any);
        let open = left_open(choices, most, least);
        all = combined(&all, open, |options, choice| options.egress_named_port_any = choice);
    }
    all
}

/// The choices that the world leaves open, from the most permissive to the least; never none.
fn left_open<T: Copy + Ord>(choices: impl IntoIterator<Item = T>, most: T, least: T) -> Vec<T> {
    let open: Vec<T> = choices.into_iter().filter(|choice| (most..=least).contains(choice)).collect();
    if open.is_empty() { vec![most] } else { open }
}

/// Each choice turned to the other end of what the world leaves open.
pub(super) fn other_end(options: &Options, world: &World) -> Options {
    fn turned<T: PartialEq>(now: T, most: T, least: T) -> T {
        if now == most { least } else { most }
    }
    let (most, least) = (world.options().most, world.options().least);
    Options {
        ipblock_matches: turned(options.ipblock_matches, most.ipblock_matches, least.ipblock_matches),
        end_port: turned(options.end_port, most.end_port, least.end_port),
        egress_named_port_any: turned(
            options.egress_named_port_any,
            most.egress_named_port_any,
            least.egress_named_port_any,
        ),
        ..*options
    }
}

fn combined<T: Copy>(
    all: &[Options],
    choices: impl IntoIterator<Item = T>,
    set: impl Fn(&mut Options, T),
) -> Vec<Options> {
    let with = |choice: T| all.iter().map(move |options| (*options, choice)).collect::<Vec<_>>();
    let chosen = choices.into_iter().flat_map(with);
    let apply = |(mut options, choice): (Options, T)| {
        set(&mut options, choice);
        options
    };
    chosen.map(apply).collect()
}

fn peers(rule: &Rule) -> &[Peer] {
    match &rule.peers {
        Peers::All => &[],
        Peers::AnyOf(peers) => peers,
    }
}

/// R22.
fn has_block(rule: &Rule) -> bool {
    peers(rule).iter().any(|peer| matches!(peer.kind, PeerKind::IpBlock(_)))
}

fn has_ports(rule: &Rule, wanted: impl Fn(&PortMatch) -> bool) -> bool {
    match &rule.ports {
        Ports::All => false,
        Ports::AnyOf(items) => items.iter().any(|item| wanted(&item.ports)),
    }
}

/// R26.
fn has_range(rule: &Rule) -> bool {
    has_ports(rule, |ports| matches!(ports, PortMatch::Range(first, last) if first != last))
}

/// R28: a named port in a rule that names no pods.
fn names_a_port_of_anything(rule: &Rule) -> bool {
    let names_pods = peers(rule).iter().any(|peer| matches!(peer.kind, PeerKind::Pods { .. }));
    !names_pods && has_ports(rule, |ports| matches!(ports, PortMatch::Named(_)))
}
