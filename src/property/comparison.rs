//! What a comparison of policies comes to: the gaps that must be empty, and under which plugins.
//!
//! More of what a plugin lets through may help either side of a comparison, so no plugin is the
//! extreme one: every choice that a rule of these policies can feel is asked about.

use crate::model::algebra::{Comparison, Gap};
use crate::model::claim::Claim;
use crate::model::net::PortMatch;
use crate::model::options::{EgressNamedPortAny, EndPort, HostNetwork, IpBlockMatches, NamedPortScope, Options};
use crate::model::plugin::OptionSpace;
use crate::model::policy::{Direction, PeerKind, Rule};
use crate::model::workload::{Cluster, Workload};
use crate::model::world::World;

/// The questions of a comparison, [`Claim::NoGap`] each: the comparison holds iff all of them do. What
/// every conformant plugin does comes first.
///
/// Subsumed: iff every pod that the policy isolates for a direction is isolated for it by one of the
/// others, and every flow that it admits for a direction is admitted for it by one of the others.
/// Equivalent: iff each is subsumed by the other. Disjoint: iff no pod is selected by both. Of sets, each
/// alone: the one permits no more than the other iff no flow is allowed by the one and denied by the
/// other; they are equivalent iff neither permits more.
#[must_use]
pub fn questions(cluster: &Cluster, world: &World, comparison: &Comparison) -> Vec<Claim> {
    comparison.gaps(cluster).iter().flat_map(|gap| questions_of_gap(cluster, world, gap)).collect()
}

/// The questions of one gap, [`Claim::NoGap`] under each plugin that can matter: it is empty iff all hold.
#[must_use]
pub fn questions_of_gap(cluster: &Cluster, world: &World, gap: &Gap) -> Vec<Claim> {
    let plugins = plugins(cluster, world, gap).into_iter();
    plugins.map(|options| Claim::NoGap { gap: gap.clone(), options }).collect()
}

/// Every combination of choices that can matter to the gap: R22 and R26 to R28 where some rule is
/// written that feels them. Isolation and overlap look at labels and namespaces alone.
///
/// Between a pod and its own node (R31, R32), and at one address (R30), two sets of policies differ only where
/// the plugin asks policies there at all, so of these choices the less permissive one stands for both.
fn plugins(cluster: &Cluster, world: &World, gap: &Gap) -> Vec<Options> {
    let space = world.options();
    let rules = Rules::of(cluster, gap);
    let mut all = vec![match gap {
        Gap::Isolation { .. } | Gap::Overlap { .. } => return vec![least_special(world)],
        Gap::Admission { .. } => least_special(world),
        Gap::Verdict { .. } => Options {
            local_node_ingress: space.least.local_node_ingress,
            local_node_egress: space.least.local_node_egress,
            self_traffic: space.least.self_traffic,
            ..least_special(world)
        },
    }];
    if rules.any(has_block) {
        // Where no node is an end, blocks that see nodes are like blocks that do not.
        let with_nodes = world.nodes.then_some(IpBlockMatches::ExternalAndNodes);
        let choices = [Some(IpBlockMatches::All), Some(IpBlockMatches::External), with_nodes];
        let (most, least) = (space.most.ipblock_matches, space.least.ipblock_matches);
        let open = left_open(choices.into_iter().flatten(), most, least);
        all = combined(&all, open, |options, choice| options.ipblock_matches = choice);
    }
    if rules.any(has_range) {
        let (most, least) = (space.most.end_port, space.least.end_port);
        let open = left_open([EndPort::Supported, EndPort::Ignored], most, least);
        all = combined(&all, open, |options, choice| options.end_port = choice);
    }
    if rules.any_egress(names_a_port_of_anything) {
        let choices = [EgressNamedPortAny::Destination, EgressNamedPortAny::Namespace, EgressNamedPortAny::None];
        let (most, least) = (space.most.egress_named_port_any, space.least.egress_named_port_any);
        let open = left_open(choices, most, least);
        all = combined(&all, open, |options, choice| options.egress_named_port_any = choice);
    }
    if rules.any(names_a_port) {
        all = combined(&all, scopes(&space), |options, scope| options.named_port_scope = scope);
        // R33: a pod that counts as its node lends nothing, which may help either side.
        if space.leaves_host_network_open() && cluster.workloads.iter().any(may_lend_from_a_node) {
            let both = [HostNetwork::Pod, HostNetwork::Node];
            all = combined(&all, both, |options, choice| options.host_network = choice);
        }
    }
    all
}

/// R27, R33.
fn may_lend_from_a_node(workload: &Workload) -> bool {
    workload.host_network && workload.ports.iter().any(|port| port.name.is_some())
}

/// R27: what the world leaves open, what every conformant plugin does first.
fn scopes(space: &OptionSpace) -> Vec<NamedPortScope> {
    let open = [NamedPortScope::Destination, NamedPortScope::Union];
    open.into_iter()
        .filter(|scope| [space.most.named_port_scope, space.least.named_port_scope].contains(scope))
        .collect()
}

/// The rules that a gap is about.
struct Rules<'a> {
    ingress: Vec<&'a Rule>,
    egress: Vec<&'a Rule>,
}

impl<'a> Rules<'a> {
    fn of(cluster: &'a Cluster, gap: &Gap) -> Rules<'a> {
        let policies: Vec<_> = gap.policies().filter_map(|index| cluster.policies.get(index)).collect();
        let rules = |direction| {
            let is_meant = gap.direction().is_none_or(|of_gap| of_gap == direction);
            let speaking = policies.iter().filter(|_| is_meant).filter_map(|policy| policy.rules(direction));
            speaking.flatten().collect()
        };
        Rules { ingress: rules(Direction::Ingress), egress: rules(Direction::Egress) }
    }

    fn any(&self, feels: fn(&Rule) -> bool) -> bool {
        self.ingress.iter().any(|rule| feels(rule)) || self.any_egress(feels)
    }

    fn any_egress(&self, feels: fn(&Rule) -> bool) -> bool {
        self.egress.iter().any(|rule| feels(rule))
    }
}

/// What every conformant plugin does. R33: where pods on their nodes' network are ends, the plugin that takes
/// them for pods leaves every gap that the other does: what such a pod is to that one, its node is to both.
fn least_special(world: &World) -> Options {
    let space = world.options();
    let host_network = if world.nodes { space.most.host_network } else { space.least.host_network };
    Options { host_network, ..Options::default() }
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
        local_node_ingress: turned(options.local_node_ingress, most.local_node_ingress, least.local_node_ingress),
        local_node_egress: turned(options.local_node_egress, most.local_node_egress, least.local_node_egress),
        self_traffic: turned(options.self_traffic, most.self_traffic, least.self_traffic),
        host_network: turned(options.host_network, most.host_network, least.host_network),
        ipblock_matches: turned(options.ipblock_matches, most.ipblock_matches, least.ipblock_matches),
        end_port: turned(options.end_port, most.end_port, least.end_port),
        named_port_scope: turned(options.named_port_scope, most.named_port_scope, least.named_port_scope),
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

/// R22.
fn has_block(rule: &Rule) -> bool {
    rule.named_peers().iter().any(|peer| matches!(peer.kind, PeerKind::IpBlock(_)))
}

fn has_ports(rule: &Rule, wanted: impl Fn(&PortMatch) -> bool) -> bool {
    rule.named_ports().iter().any(|item| wanted(&item.ports))
}

/// R26.
fn has_range(rule: &Rule) -> bool {
    has_ports(rule, |ports| matches!(ports, PortMatch::Range(first, last) if first != last))
}

/// R27.
fn names_a_port(rule: &Rule) -> bool {
    has_ports(rule, |ports| matches!(ports, PortMatch::Named(_)))
}

/// R28: a named port in a rule that names no pods.
fn names_a_port_of_anything(rule: &Rule) -> bool {
    let names_pods = rule.named_peers().iter().any(|peer| matches!(peer.kind, PeerKind::Pods { .. }));
    !names_pods && names_a_port(rule)
}
