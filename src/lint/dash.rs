//! One dash more or less: a pod selector and a namespace selector as one peer or as two (R16 to R18).
//!
//! Under `lint` alone.

use super::bench::{self, Answer, Bench};
use super::scene::{DIRECTIONS, Scene};
use super::{Linted, flows, sample, surest, yaml};
use crate::describe;
use crate::error::Error;
use crate::eval::Verdict;
use crate::eval::algebra::admits;
use crate::finding::{Code, Evidence, Fact, Finding, Severity, Shown};
use crate::model::net::{End, PodEnd};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Policy, Rule};
use crate::model::selector::LabelSelector;
use crate::prove::Prover;

/// Two peers that one dash makes of one.
struct Split<'a> {
    policy: usize,
    direction: Direction,
    /// The rule, by its place.
    rule: usize,
    own: &'a Peer,
    namespaces: &'a Peer,
    /// The selector of pods of the first.
    pods: &'a LabelSelector,
    /// The policy with the two as one.
    instead: Policy,
}

/// The findings of every policy.
///
/// # Errors
/// Those of the solver.
pub(super) fn find(scene: &Scene<'_>, prover: &Prover, linted: &mut Linted) -> Result<(), Error> {
    for (index, policy) in scene.policies() {
        linted.findings.extend(policy.written.idle_pod_selectors.iter().map(|origin| idle(policy, *origin)));
        linted.findings.extend(any_namespace(scene, index, policy));
    }
    let splits: Vec<Split<'_>> = scene.policies().flat_map(|(index, policy)| splits(index, policy)).collect();
    let mut bench = Bench::new(scene);
    let mut asked = Vec::new();
    for split in &splits {
        let Some(policy) = scene.cluster.policies.get(split.policy) else { continue };
        if let Some(shown) = plain(scene, split, policy) {
            linted.findings.push(finding(scene, split, policy, shown));
            continue;
        }
        let acting = bench.write(bench::only(policy, split.direction));
        let instead = bench.write(split.instead.clone());
        let beside = scene.beside(split.policy, split.direction);
        bench.ask(acting, [vec![instead], beside].concat());
        asked.push((split, policy));
    }
    for (at, (answer, (split, policy))) in bench.decide(prover)?.into_iter().zip(asked).enumerate() {
        match answer {
            Answer::Nothing(_) => {}
            Answer::Something(case) => {
                let shown = bench.shown(at, &case, split.fact());
                linted.findings.extend(shown.map(|shown| finding(scene, split, policy, shown)));
            }
            Answer::Undecided => linted.undecided(format_args!("a dash of {}", policy.full_name())),
            Answer::Disagreement => linted.disagreement(format_args!("a dash of {}", policy.full_name())),
        }
    }
    Ok(())
}

impl Split<'_> {
    fn fact(&self) -> Fact {
        let instead = Box::new(self.instead.clone());
        Fact::AdmittedOnlyAsWritten { policy: self.policy, direction: self.direction, instead }
    }
}

/// How many declared pods are tried.
const TRIED: usize = 16;

/// A plain flow that shows the difference: a declared pod of the namespaces without the labels, or of the policy's
/// own namespace with them; or one that could be created. `None` where none of them does.
fn plain(scene: &Scene<'_>, split: &Split<'_>, policy: &Policy) -> Option<Shown> {
    let options = surest(scene.world, Verdict::Allowed);
    let matched = [split.namespaces, split.own].map(|peer| scene.matched(policy, peer)).concat();
    let declared = matched.into_iter().take(TRIED).filter_map(|index| scene.pod_of(index, 1)).map(End::Pod);
    let made_up = [split.namespaces, split.own].into_iter().filter_map(|peer| sample::other_end(scene, policy, peer));
    let rule = policy.rules(split.direction)?.get(split.rule)?;
    let subjects: Vec<PodEnd> = scene.subjects(split.policy).into_iter().take(2).collect();
    let flows = declared.chain(made_up).flat_map(|end| {
        let other = end.pod().and_then(|pod| pod.workload);
        let own = subjects.iter().filter(move |own| own.workload.is_none() || own.workload != other);
        own.map(|own| flows::along(own, &end, split.direction, rule)).collect::<Vec<_>>()
    });
    let shown = |flow| Shown { flow, fact: split.fact(), options, needs: Vec::new() };
    flows.map(shown).find(|shown| super::holds(scene.cluster, shown))
}

/// The pairs of neighbours in which one asks for pods of its own namespace, and the other for namespaces.
fn splits(index: usize, policy: &Policy) -> Vec<Split<'_>> {
    let mut found = Vec::new();
    for direction in DIRECTIONS {
        for (at, rule) in policy.rules(direction).unwrap_or_default().iter().enumerate() {
            let Peers::AnyOf(peers) = &rule.peers else { continue };
            let pairs = peers.iter().zip(peers.iter().skip(1)).enumerate();
            found.extend(pairs.filter_map(|(first, pair)| split(index, policy, direction, (at, first), pair)));
        }
    }
    found
}

fn split<'a>(
    index: usize,
    policy: &Policy,
    direction: Direction,
    (rule, first): (usize, usize),
    pair: (&'a Peer, &'a Peer),
) -> Option<Split<'a>> {
    let (own, namespaces, pods, selector) = match (roles(pair.0)?, roles(pair.1)?) {
        (Role::Pods(pods), Role::Namespaces(selector)) => (pair.0, pair.1, pods, selector),
        (Role::Namespaces(selector), Role::Pods(pods)) => (pair.1, pair.0, pods, selector),
        _ => return None,
    };
    let kind = PeerKind::Pods { namespaces: NamespaceScope::Matching(selector.clone()), pods: pods.clone() };
    let mut instead = bench::only(policy, direction);
    let peers = peers_of(&mut instead, direction, rule)?;
    peers.remove(first);
    *peers.get_mut(first)? = Peer { kind, origin: own.origin };
    Some(Split { policy: index, direction, rule, own, namespaces, pods, instead })
}

enum Role<'a> {
    Pods(&'a LabelSelector),
    Namespaces(&'a LabelSelector),
}

/// Which half of one peer this could be; a half that asks for nothing would change nothing.
fn roles(peer: &Peer) -> Option<Role<'_>> {
    match &peer.kind {
        PeerKind::Pods { namespaces: NamespaceScope::Own, pods } if !pods.is_empty() => Some(Role::Pods(pods)),
        PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), pods } if pods.is_empty() => {
            Some(Role::Namespaces(selector))
        }
        PeerKind::Pods { .. } | PeerKind::IpBlock(_) => None,
    }
}

fn peers_of(policy: &mut Policy, direction: Direction, rule: usize) -> Option<&mut Vec<Peer>> {
    let rules: &mut Vec<Rule> = match direction {
        Direction::Ingress => policy.ingress.as_mut()?,
        Direction::Egress => policy.egress.as_mut()?,
    };
    match &mut rules.get_mut(rule)?.peers {
        Peers::AnyOf(peers) => Some(peers),
        Peers::All => None,
    }
}

fn finding(scene: &Scene<'_>, split: &Split<'_>, policy: &Policy, shown: Shown) -> Finding {
    let home = scene.workloads_in(&policy.namespace).iter();
    let at_home = home.filter_map(|index| scene.workload(*index).filter(|_| scene.has_labels(*index, split.pods)));
    let at_home: Vec<_> = at_home.map(crate::model::workload::Workload::full_name).take(2).collect();
    let name = policy.full_name();
    let key = describe::peers_key(split.direction);
    let message = format!("{name} has podSelector and namespaceSelector as two items of `{key}`: either one is enough");
    let finding = Finding::new(Code::DashSplitsPeer, name, message)
        .at(split.own.origin, describe::peer(policy, split.own))
        .at(split.namespaces.origin, format!("and {}", describe::peer(policy, split.namespaces)))
        .because(Evidence::Shown(Box::new(shown)))
        .note("Items of a list are joined by OR; selectors within one item by AND.")
        .help("if both are meant to hold, take the second dash away; if either is, `allow` this finding")
        .yaml(one_item(key, split));
    if at_home.is_empty() {
        return finding;
    }
    let note = format!("{} matches the podSelector alone, so either may well be meant.", at_home.join(" and "));
    finding.severity(Severity::Info).note(note)
}

fn one_item(key: &str, split: &Split<'_>) -> String {
    let PeerKind::Pods { namespaces: NamespaceScope::Matching(namespaces), .. } = &split.namespaces.kind else {
        return String::new();
    };
    format!("{key}:\n{}", yaml::peer(namespaces, split.pods))
}

/// R17: with an empty namespaceSelector, nothing bounds the namespaces.
fn any_namespace(scene: &Scene<'_>, index: usize, policy: &Policy) -> Vec<Finding> {
    let rules = policy.ingress.iter().flatten();
    let peers = rules.filter_map(|rule| match &rule.peers {
        Peers::AnyOf(peers) => Some(peers.iter().map(move |peer| (rule, peer))),
        Peers::All => None,
    });
    let finding = |(rule, peer): (&Rule, &Peer)| {
        let PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), pods } = &peer.kind else { return None };
        if !selector.is_empty() || pods.is_empty() {
            return None;
        }
        let options = surest(scene.world, Verdict::Allowed);
        let flow = flows::door(scene, index, policy, rule, peer)?;
        admits(scene.cluster, &options, index, Direction::Ingress, &flow).then_some(())?;
        let name = policy.full_name();
        let selected = describe::pods(pods);
        let message = format!("{name} admits {selected} of every namespace, those that are not yet there too");
        Some(
            Finding::new(Code::AnyNamespace, name, message)
                .at(peer.origin, describe::peer(policy, peer))
                .shown(flow, Fact::Admitted(index, Direction::Ingress), options)
                .note("Whoever may create a pod in any namespace may give it these labels.")
                .help("name the namespaces, or leave `namespaceSelector` out to mean the policy's own"),
        )
    };
    peers.flatten().filter_map(finding).collect()
}

/// R17.
fn idle(policy: &Policy, origin: crate::source::Origin) -> Finding {
    let name = policy.full_name();
    let message = format!("{name} has an empty podSelector beside a namespaceSelector: every pod there is admitted");
    Finding::new(Code::IdlePodSelector, name, message)
        .at(origin, "narrows nothing")
        .note("Beside a namespaceSelector an empty podSelector does not mean the policy's own pods.")
        .help("leave it out, or say which pods are meant")
}
