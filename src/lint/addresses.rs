//! `ipBlock`: what lies in it today and hangs on the plugin (R22), exceptions that take nothing away (R20), and
//! rules about one address family only (R21).
//!
//! Under `lint` alone.

use std::net::IpAddr;

use ipnet::IpNet;

use super::bench::{Answer, Bench, only};
use super::coverage::listed;
use super::scene::{Scene, rules};
use super::{Linted, sample, samples};
use crate::error::Error;
use crate::eval::algebra;
use crate::finding::{Code, Evidence, Fact, Finding, Severity, Shown};
use crate::model::net::{End, Family, Flow, IpBlock, NodeEnd, PodEnd, family};
use crate::model::options::Options;
use crate::model::policy::{Direction, Peer, PeerKind, Peers, Policy, Rule};
use crate::model::selector::Labels;
use crate::prove::Prover;

/// Where clusters take the addresses of their pods and nodes from: private, shared and unique local blocks.
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"];

/// A block with the rule that names it.
struct Place<'a> {
    index: usize,
    policy: &'a Policy,
    direction: Direction,
    rule: &'a Rule,
    peer: &'a Peer,
    block: &'a IpBlock,
}

/// The findings of every policy.
///
/// # Errors
/// Those of the solver.
pub(super) fn find(scene: &Scene<'_>, prover: &Prover, linted: &mut Linted) -> Result<(), Error> {
    let mut places = Vec::new();
    for (index, policy) in scene.policies() {
        for (direction, _, rule) in rules(policy) {
            linted.findings.extend(one_family(scene, index, policy, direction, rule));
            for peer in rule.named_peers() {
                let PeerKind::IpBlock(block) = &peer.kind else { continue };
                places.push(Place { index, policy, direction, rule, peer, block });
            }
        }
    }
    linted.findings.extend(places.iter().filter_map(|place| plugin(scene, place)));
    excepts(scene, prover, &places, linted)
}

/// R22: what the block does for pods and nodes hangs on the plugin.
fn plugin(scene: &Scene<'_>, place: &Place<'_>) -> Option<Finding> {
    let space = scene.world.options();
    if space.least.ipblock_matches == space.most.ipblock_matches {
        return None;
    }
    let known = declared_ends(scene, place.block);
    let end = known.first().map(|(_, end)| end.clone()).or_else(|| possible_end(scene, place.block))?;
    let fact = Fact::PluginDecides { policy: place.index, direction: place.direction, other: space.least };
    let flow = flow(scene, place, end)?;
    let shown = Shown {
        flow,
        fact,
        options: Options { ipblock_matches: space.most.ipblock_matches, ..space.least },
        needs: Vec::new(),
    };
    if !super::holds(scene.cluster, &shown) {
        return None;
    }
    let (name, cidr) = (place.policy.full_name(), place.block.cidr);
    let message = match known.as_slice() {
        [] => format!("{name} names {cidr}, where pods and nodes may have their addresses: plugins differ on those"),
        [(one, _)] => format!("{name} names {cidr}, in which {one} lies: plugins differ on whether it counts"),
        [(one, _), rest @ ..] => {
            format!(
                "{name} names {cidr}, in which {one} and {} more lie: plugins differ on whether they count",
                rest.len()
            )
        }
    };
    let finding = Finding::new(Code::BlockDependsOnPlugin, name, message)
        .at(place.peer.origin, "")
        .because(Evidence::Shown(Box::new(shown)))
        .note("Calico, Antrea and others match a block against every address; Cilium never matches it against pods.")
        .help(
            "select pods by labels and keep blocks for what is outside the cluster, or name the plugin with --plugin",
        );
    Some(if known.is_empty() { finding } else { finding.severity(Severity::Medium) })
}

/// The declared pods and nodes in the block, with what to call them.
fn declared_ends(scene: &Scene<'_>, block: &IpBlock) -> Vec<(String, End)> {
    let within = |address: &&IpAddr| contains(block, **address);
    let pods = scene.cluster.workloads.iter().enumerate().filter(|(_, one)| !one.host_network);
    let pods = pods.filter_map(|(index, workload)| {
        let address = workload.addresses.iter().find(within)?;
        let pod = crate::witness::pod::of_workload(scene.cluster, index, *address)?;
        Some((workload.full_name(), End::Pod(pod)))
    });
    let nodes = scene.cluster.nodes.iter().filter_map(|node| {
        let address = *node.addresses.iter().find(within)?;
        Some((format!("Node {}", node.name), End::Node(NodeEnd { name: Some(node.name.clone()), address })))
    });
    pods.chain(nodes).collect()
}

fn contains(block: &IpBlock, address: IpAddr) -> bool {
    block.cidr.contains(&address) && !block.except.iter().any(|except| except.contains(&address))
}

/// A pod that could have an address of the block, where it reaches into private addresses.
fn possible_end(scene: &Scene<'_>, block: &IpBlock) -> Option<End> {
    let private = PRIVATE.iter().filter_map(|net| net.parse::<IpNet>().ok());
    let mut common = private.filter_map(|net| intersection(net, block.cidr));
    let address = common.find_map(|cidr| sample::outside(scene, &IpBlock { cidr, except: block.except.clone() }))?;
    let namespace = sample::new_namespace(scene, &crate::model::selector::LabelSelector::everything())?;
    sample::may_run(scene, &namespace.name, &Labels::new())
        .then(|| End::Pod(sample::made_up(namespace, Labels::new(), address)))
}

fn intersection(one: IpNet, other: IpNet) -> Option<IpNet> {
    if one.contains(&other) {
        Some(other)
    } else if other.contains(&one) {
        Some(one)
    } else {
        None
    }
}

/// A flow of the rule with this end on the far side, the pod of the policy with an address of its family.
fn flow(scene: &Scene<'_>, place: &Place<'_>, end: End) -> Option<Flow> {
    let other = end.pod().and_then(|pod| pod.workload);
    let pod = own(scene, place, other, family(end.address()))?;
    Some(samples::towards(&pod, &end, place.direction, place.rule))
}

/// A pod of the policy, of another workload than the other end, with an address of this family.
fn own(scene: &Scene<'_>, place: &Place<'_>, other: Option<usize>, family: Family) -> Option<PodEnd> {
    let mut declared = scene.selected(place.index).iter().filter(|workload| Some(**workload) != other);
    let declared = declared.next().and_then(|workload| scene.pod_of(*workload, 0));
    let pod = declared.or_else(|| sample::subject(scene, place.policy))?;
    let is_known = crate::model::net::family(pod.address) == family;
    let address = match family {
        Family::V4 => scene.address(0),
        Family::V6 => IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    };
    Some(if is_known { pod } else { PodEnd { address, ..pod } })
}

/// An exception that lies in another, or whose addresses something else lets through.
struct Except<'a> {
    place: &'a Place<'a>,
    net: IpNet,
    /// The other exception of the block that it lies in.
    inside: Option<IpNet>,
}

/// R20: an exception takes away from its own block alone.
fn excepts(scene: &Scene<'_>, prover: &Prover, places: &[Place<'_>], linted: &mut Linted) -> Result<(), Error> {
    let all: Vec<Except<'_>> = places.iter().flat_map(of_block).collect();
    let (nested, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|except| except.inside.is_some());
    linted.findings.extend(nested.iter().filter_map(Except::nested));
    let candidates: Vec<_> = others.into_iter().filter(|except| except.is_let_through(scene)).collect();
    let mut bench = Bench::lean(scene);
    for except in &candidates {
        let beside = scene.beside(except.place.index, except.place.direction);
        let acting = bench.write(except.alone());
        bench.ask(acting, [vec![except.place.index], beside].concat());
    }
    for (answer, except) in bench.decide(prover)?.into_iter().zip(&candidates) {
        let what = || format!("whether the exception {} of {} matters", except.net, except.place.policy.full_name());
        match answer {
            Answer::Nothing(by) => linted.findings.push(except.idle(scene, &bench.written_for(&by.admit))),
            Answer::Something(_) => {}
            Answer::Undecided => linted.undecided(what()),
            Answer::Disagreement => linted.disagreement(what()),
        }
    }
    Ok(())
}

fn of_block<'a>(place: &'a Place<'a>) -> Vec<Except<'a>> {
    let nets = place.block.except.iter().enumerate();
    let except = |(at, net): (usize, &IpNet)| {
        let others = place.block.except.iter().enumerate();
        // Of two that are the same, the second is idle.
        let mut around =
            others.filter(|(other, outer)| *other != at && outer.contains(net) && (*outer != net || *other < at));
        Except { place, net: *net, inside: around.next().map(|(_, outer)| *outer) }
    };
    nets.map(except).collect()
}

impl Except<'_> {
    /// The policy with the addresses of the exception as its only peer.
    fn alone(&self) -> Policy {
        let mut alone = only(self.place.policy, self.place.direction);
        let kind = PeerKind::IpBlock(IpBlock { cidr: self.net, except: Vec::new() });
        let peers = Peers::AnyOf(vec![Peer { kind, origin: self.place.peer.origin }]);
        let rules = Some(vec![Rule { peers, ..self.place.rule.clone() }]);
        match self.place.direction {
            Direction::Ingress => alone.ingress = rules,
            Direction::Egress => alone.egress = rules,
        }
        alone
    }

    /// Whether a plain flow of the exception is let through all the same.
    fn is_let_through(&self, scene: &Scene<'_>) -> bool {
        let address = sample::outside(scene, &IpBlock { cidr: self.net, except: Vec::new() });
        let flow = address.and_then(|address| flow(scene, self.place, End::External(address)));
        let (direction, options) = (self.place.direction, Options::default());
        flow.is_some_and(|flow| {
            let own = match direction {
                Direction::Ingress => flow.destination.pod(),
                Direction::Egress => flow.source.pod(),
            };
            let isolating = own.map(|pod| scene.isolating(pod, direction)).unwrap_or_default();
            isolating.iter().any(|index| algebra::admits(scene.cluster, &options, *index, direction, &flow))
        })
    }

    /// It lies in another exception of its block.
    fn nested(&self) -> Option<Finding> {
        let (name, net, outer) = (self.place.policy.full_name(), self.net, self.inside?);
        let message = format!("{name} excepts {net}, which lies in its other exception {outer}");
        let finding = Finding::new(Code::IdleExcept, name, message);
        let text = format!("excepts {net} and {outer}");
        Some(finding.at(self.place.peer.origin, text).help("take the smaller one away"))
    }

    /// These policies let its addresses through.
    fn idle(&self, scene: &Scene<'_>, by: &[usize]) -> Finding {
        let (name, net) = (self.place.policy.full_name(), self.net);
        let policies: Vec<&Policy> = by.iter().filter_map(|index| scene.cluster.policies.get(*index)).collect();
        let called = |policy: &&Policy| match policy.full_name() {
            own if own == name => "another of its items".to_owned(),
            other => other,
        };
        let names: Vec<String> = policies.iter().map(called).collect();
        let who = if names.is_empty() { "another rule".to_owned() } else { listed(&names) };
        let lets = if names.len() < 2 { "lets" } else { "let" };
        let message = format!("{name} excepts {net}, and {who} {lets} those addresses through all the same");
        let finding = Finding::new(Code::IdleExcept, name.clone(), message)
            .severity(Severity::Medium)
            .at(self.place.peer.origin, format!("excepts {net}"))
            .because(Evidence::Proved)
            .note("An exception is no denial: any other item, rule or policy may let the same addresses through.")
            .help("put the exception into each of the blocks, or take it away");
        let others = policies.into_iter().filter(|policy| policy.full_name() != name);
        others.take(3).fold(finding, |finding, policy| finding.at(policy.name_origin, "lets them through"))
    }
}

/// R21: all of one family and nothing of the other, or exceptions for one family alone.
fn one_family(scene: &Scene<'_>, index: usize, policy: &Policy, direction: Direction, rule: &Rule) -> Option<Finding> {
    let whole = |wanted: Family| {
        rule.named_peers().iter().find_map(|peer| match &peer.kind {
            PeerKind::IpBlock(block) if block.cidr.prefix_len() == 0 && family(block.cidr.addr()) == wanted => {
                Some((peer, block))
            }
            PeerKind::IpBlock(_) | PeerKind::Pods { .. } => None,
        })
    };
    match (whole(Family::V4), whole(Family::V6)) {
        (Some(one), None) => closed(scene, index, policy, direction, rule, one),
        (None, Some(one)) => closed(scene, index, policy, direction, rule, one),
        (Some(one), Some(other)) => open(scene, index, policy, direction, rule, [one, other]),
        (None, None) => None,
    }
}

fn families(scene: &Scene<'_>) -> [bool; 2] {
    [Family::V4, Family::V6].map(|wanted| scene.known().iter().any(|address| family(*address) == wanted))
}

fn closed(
    scene: &Scene<'_>,
    index: usize,
    policy: &Policy,
    direction: Direction,
    rule: &Rule,
    (peer, block): (&Peer, &IpBlock),
) -> Option<Finding> {
    let own_family = family(block.cidr.addr());
    let [has_v4, has_v6] = families(scene);
    let (has_own, has_other) = if own_family == Family::V4 { (has_v4, has_v6) } else { (has_v6, has_v4) };
    let mentions_other = rule.named_peers().iter().any(|peer| match &peer.kind {
        PeerKind::IpBlock(block) => family(block.cidr.addr()) != own_family,
        PeerKind::Pods { .. } => false,
    });
    // A cluster of one family has nothing to leave out.
    if mentions_other || (has_own && !has_other) {
        return None;
    }
    let (other, other_net, address) = match own_family {
        Family::V4 => ("IPv6", "::/0", IpAddr::V6(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1))),
        Family::V6 => ("IPv4", "0.0.0.0/0", scene.address(5)),
    };
    let place = Place { index, policy, direction, rule, peer, block };
    let flow = flow(scene, &place, End::External(address))?;
    let options = scene.world.options().most;
    let shown = Shown { flow, fact: Fact::NotAdmitted(index, direction), options, needs: Vec::new() };
    super::holds(scene.cluster, &shown).then_some(())?;
    let name = policy.full_name();
    let message = format!("{name} names {}, and no address of {other}: the rule never matches that family", block.cidr);
    let finding = Finding::new(Code::OneFamily, name, message)
        .at(peer.origin, format!("says nothing of {other}"))
        .because(Evidence::Shown(Box::new(shown)))
        .note("A block of one family never matches an address of the other.")
        .help(format!("add a block of {other}, such as {other_net}, if it is meant"));
    Some(if has_other { finding.severity(Severity::Low) } else { finding })
}

fn open(
    scene: &Scene<'_>,
    index: usize,
    policy: &Policy,
    direction: Direction,
    rule: &Rule,
    pair: [(&Peer, &IpBlock); 2],
) -> Option<Finding> {
    let [one, other] = pair;
    let (bare, full) = match (one.1.except.is_empty(), other.1.except.is_empty()) {
        (true, false) => (one, other),
        (false, true) => (other, one),
        _ => return None,
    };
    let place = Place { index, policy, direction, rule, peer: bare.0, block: bare.1 };
    let flow = flow(scene, &place, End::External(sample::outside(scene, bare.1)?))?;
    let options = scene.world.options().least;
    let shown = Shown { flow, fact: Fact::Admitted(index, direction), options, needs: Vec::new() };
    super::holds(scene.cluster, &shown).then_some(())?;
    let name = policy.full_name();
    let message = format!("{name} has exceptions for {}, and none for {}", full.1.cidr, bare.1.cidr);
    Some(
        Finding::new(Code::OneFamily, name, message)
            .severity(Severity::Low)
            .at(bare.0.origin, "the whole family, without exceptions")
            .at(full.0.origin, "has exceptions")
            .because(Evidence::Shown(Box::new(shown)))
            .note("What is excepted has, as a rule, addresses of the other family as well.")
            .help(
                "write the same exceptions for both, for example fc00::/7 and fe80::/10 beside the private IPv4 blocks",
            ),
    )
}
