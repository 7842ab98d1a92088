//! Selectors that nothing can match, that nothing declared matches, or that match everything in a roundabout way.
//!
//! That a selector matches nothing *declared* is worth a word only where the manifests declare something that
//! it could have matched: pods in the namespaces it looks at, namespaces at all. Under `lint` alone.

use std::collections::BTreeSet;

use super::bench::{Answer, Bench, only};
use super::scene::{Scene, rules};
use super::{Linted, sample, samples};
use crate::describe;
use crate::diagnostic::closest;
use crate::error::Error;
use crate::finding::{Code, Evidence, Finding, Severity};
use crate::model::net::{End, IpBlock, PortMatch};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Policy, Ports, Rule};
use crate::model::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL, Operator, Requirement};
use crate::prove::Prover;
use crate::source::Origin;

/// The findings of every policy.
///
/// # Errors
/// Those of the solver.
pub(super) fn find(scene: &Scene<'_>, prover: &Prover, linted: &mut Linted) -> Result<(), Error> {
    for (index, policy) in scene.policies() {
        linted.findings.extend(of_subject(scene, index, policy));
        for (direction, at, rule) in rules(policy) {
            for (item, peer) in rule.named_peers().iter().enumerate() {
                let path = format!("{direction}[{at}].{}[{item}]", describe::peers_key(direction));
                linted.findings.extend(of_peer(scene, policy, peer, &path));
            }
            linted.findings.extend(all_ports(policy, rule));
            linted.findings.extend(all_addresses(policy, direction, rule));
        }
    }
    everything(scene, prover, linted)
}

/// The pods that the policy is about.
fn of_subject(scene: &Scene<'_>, index: usize, policy: &Policy) -> Option<Finding> {
    let (selector, origin) = (&policy.pod_selector.selector, policy.pod_selector.origin);
    if let Err(requirements) = sample::labels(selector) {
        return Some(contradiction(policy, "podSelector", origin, &requirements));
    }
    if selector.is_empty() || !scene.selected(index).is_empty() {
        return None;
    }
    no_pod(scene, policy, selector, &[&policy.namespace], origin, "the policy does nothing today")
}

fn of_peer(scene: &Scene<'_>, policy: &Policy, peer: &Peer, path: &str) -> Option<Finding> {
    let PeerKind::Pods { namespaces, pods } = &peer.kind else { return None };
    if let Err(requirements) = sample::labels(pods) {
        return Some(contradiction(policy, path, peer.origin, &requirements));
    }
    let homes = match namespaces {
        NamespaceScope::Own => vec![policy.namespace.as_str()],
        NamespaceScope::Matching(selector) => {
            if let Err(requirements) = sample::namespace_labels(selector) {
                return Some(contradiction(policy, path, peer.origin, &requirements));
            }
            if is_roundabout(selector) {
                return Some(every_namespace(policy, peer, selector));
            }
            let homes = scene.homes(selector);
            if homes.is_empty() {
                return no_namespace(scene, policy, selector, peer.origin);
            }
            homes
        }
    };
    if pods.is_empty() || !scene.matched(policy, peer).is_empty() {
        return None;
    }
    no_pod(scene, policy, pods, &homes, peer.origin, "lets nothing through today")
}

/// R13.
fn contradiction(policy: &Policy, what: &str, origin: Origin, requirements: &[Requirement]) -> Finding {
    let name = policy.full_name();
    let words: Vec<String> = requirements.iter().map(describe::requirement).collect();
    let message = format!("nothing can match {name} {what}: {} cannot all hold", words.join(" and "));
    Finding::new(Code::ContradictorySelector, name, message)
        .at(origin, "matches nothing, ever")
        .because(Evidence::Examined)
        .note("All labels and expressions of one selector have to hold at once.")
        .help("write several values of one key as one expression with `operator: In`")
}

/// No declared pod of these namespaces matches, and there are some.
fn no_pod(
    scene: &Scene<'_>,
    policy: &Policy,
    selector: &LabelSelector,
    homes: &[&str],
    origin: Origin,
    effect: &str,
) -> Option<Finding> {
    // R33: a pod on its node's network may be meant; that no selector sees it is another matter.
    let here = |one: &&crate::model::workload::Workload| homes.contains(&one.namespace.as_str());
    let labels: Vec<&Labels> = scene.cluster.workloads.iter().filter(here).map(|one| &one.labels).collect();
    if labels.is_empty() || labels.iter().any(|labels| crate::eval::selector::matches(selector, labels)) {
        return None;
    }
    let hint = hint(selector, &labels);
    let is_dns = selector.requirements.iter().any(|one| one.key == "k8s-app" && one.values() == ["kube-dns"]);
    if hint.is_none() && is_dns {
        return None;
    }
    let name = policy.full_name();
    let place = if homes.len() == 1 { homes.concat() } else { format!("{} namespaces", homes.len()) };
    let message = format!("{name} asks for {}, and no declared pod of {place} has that", describe::pods(selector));
    let finding = Finding::new(Code::MatchesNoPod, name, message).at(origin, effect).because(Evidence::Examined);
    Some(with_hint(finding, hint, &format!("{} labels", listed_labels(&labels))))
}

/// No declared namespace matches, and there are some. A namespace that is asked for by name may well be
/// declared elsewhere, unless the name is nearly that of one that is declared here.
fn no_namespace(scene: &Scene<'_>, policy: &Policy, selector: &LabelSelector, origin: Origin) -> Option<Finding> {
    let labels: Vec<&Labels> = scene.cluster.namespaces.values().map(|one| &one.namespace.labels).collect();
    if labels.is_empty() {
        return None;
    }
    let hint = hint(selector, &labels);
    let is_by_name = selector.requirements.iter().all(|one| one.key == NAMESPACE_NAME_LABEL);
    if hint.is_none() && is_by_name {
        return None;
    }
    let name = policy.full_name();
    let message =
        format!("{name} asks for namespaces with {}, and no declared one has that", describe::selector(selector));
    let finding = Finding::new(Code::MatchesNoNamespace, name, message)
        .at(origin, "lets nothing through today")
        .because(Evidence::Examined);
    Some(with_hint(finding, hint, &format!("{} labels", listed_labels(&labels))))
}

/// A slip of the pen is likelier than a label that is yet to come.
fn with_hint(finding: Finding, hint: Option<String>, known: &str) -> Finding {
    match hint {
        Some(hint) => finding.help(format!("did you mean `{hint}`?")),
        None => finding
            .severity(Severity::Low)
            .note(format!("What is declared has the {known}."))
            .help("correct the labels, or add the manifests of what is meant"),
    }
}

/// The labels that are declared, as far as they fit into a line.
fn listed_labels(labels: &[&Labels]) -> String {
    let pairs = labels.iter().flat_map(|labels| labels.iter());
    let pairs: BTreeSet<String> =
        pairs.filter(|(key, _)| *key != NAMESPACE_NAME_LABEL).map(|(key, value)| format!("{key}={value}")).collect();
    let shown: Vec<&str> = pairs.iter().take(5).map(String::as_str).collect();
    let more = pairs.len().saturating_sub(shown.len());
    let words = if shown.is_empty() { "automatic".to_owned() } else { shown.join(", ") };
    if more > 0 { format!("{words} and {more} more") } else { words }
}

/// A declared label that one of the requirements may have meant: nearly the same value of the key, or the same
/// value of another.
fn hint(selector: &LabelSelector, labels: &[&Labels]) -> Option<String> {
    selector.requirements.iter().find_map(|requirement| {
        let Operator::In(values) = &requirement.operator else { return None };
        let unmet = |labels: &&&Labels| !labels.get(&requirement.key).is_some_and(|value| values.contains(value));
        if labels.iter().filter(unmet).count() < labels.len() {
            return None;
        }
        values.iter().find_map(|value| hint_of(&requirement.key, value, labels))
    })
}

fn hint_of(key: &str, value: &str, labels: &[&Labels]) -> Option<String> {
    let same_key = labels.iter().filter_map(|labels| labels.get(key)).map(String::as_str);
    let near = closest(value, same_key).map(|near| format!("{key}={near}"));
    let of_key = |labels: &&Labels| {
        labels
            .iter()
            .find(|(other, own)| *own == value && *other != NAMESPACE_NAME_LABEL)
            .map(|(other, _)| other.clone())
    };
    let same_value = || labels.iter().find_map(of_key).map(|other| format!("{other}={value}"));
    near.or_else(same_value)
}

/// R9: every namespace has a name label.
fn is_roundabout(selector: &LabelSelector) -> bool {
    let always = |one: &Requirement| one.key == NAMESPACE_NAME_LABEL && one.operator == Operator::Exists;
    !selector.is_empty() && selector.requirements.iter().all(always)
}

fn every_namespace(policy: &Policy, peer: &Peer, selector: &LabelSelector) -> Finding {
    let name = policy.full_name();
    let message =
        format!("{name} asks for namespaces with {}, which every namespace has", describe::selector(selector));
    Finding::new(Code::RoundaboutEverything, name, message)
        .at(peer.origin, "every namespace")
        .because(Evidence::Examined)
        .help("write `namespaceSelector: {}`, or name the namespaces that are meant")
}

fn all_ports(policy: &Policy, rule: &Rule) -> Vec<Finding> {
    let finding = |item: &crate::model::policy::PortSpec| {
        let name = policy.full_name();
        let message = format!("{name} opens {} 1 to 65535, which is every port", item.protocol);
        Finding::new(Code::RoundaboutEverything, name, message)
            .at(item.origin, "every port")
            .help(format!("write `- protocol: {}` alone, or the ports that are meant", item.protocol))
    };
    rule.named_ports().iter().filter(|item| item.ports == PortMatch::Range(1, u16::MAX)).map(finding).collect()
}

/// Blocks that together are a whole address family.
fn all_addresses(policy: &Policy, direction: Direction, rule: &Rule) -> Option<Finding> {
    let blocks: Vec<(&Peer, &IpBlock)> = rule.named_peers().iter().filter_map(whole_block).collect();
    if blocks.len() < 2 || blocks.iter().any(|(_, block)| block.cidr.prefix_len() == 0) {
        return None;
    }
    let all = ipnet::IpNet::aggregate(&blocks.iter().map(|(_, block)| block.cidr).collect());
    let whole = all.iter().find(|net| net.prefix_len() == 0)?;
    let name = policy.full_name();
    let message = format!("{name} lists blocks in `{}` that together are {whole}", describe::peers_key(direction));
    let mut finding = Finding::new(Code::RoundaboutEverything, name, message).because(Evidence::Examined);
    for (peer, block) in blocks.iter().take(4) {
        finding = finding.at(peer.origin, block.cidr.to_string());
    }
    Some(finding.help(format!("write `cidr: {whole}`, or the blocks that are meant")))
}

fn whole_block(peer: &Peer) -> Option<(&Peer, &IpBlock)> {
    match &peer.kind {
        PeerKind::IpBlock(block) if block.except.is_empty() => Some((peer, block)),
        PeerKind::IpBlock(_) | PeerKind::Pods { .. } => None,
    }
}

/// A rule whose peers together admit every pod, of every namespace or of its own.
struct Roundabout<'a> {
    policy: &'a Policy,
    direction: Direction,
    rule: &'a Rule,
    every: Peer,
}

/// Rules whose peers admit every pod without one that says so.
fn everything(scene: &Scene<'_>, prover: &Prover, linted: &mut Linted) -> Result<(), Error> {
    let all = scene.policies().flat_map(|(index, policy)| rules(policy).map(move |rule| (index, policy, rule)));
    let candidates: Vec<Roundabout<'_>> = all
        .filter_map(|(index, policy, (direction, _, rule))| roundabout(scene, index, policy, direction, rule))
        .collect();
    let mut bench = Bench::lean(scene);
    for candidate in &candidates {
        let with = |rule: Rule| with_rule(candidate.policy, candidate.direction, rule);
        let every =
            Rule { peers: Peers::AnyOf(vec![candidate.every.clone()]), ports: Ports::All, ..candidate.rule.clone() };
        let acting = bench.write(with(every));
        let written = bench.write(with(Rule { ports: Ports::All, ..candidate.rule.clone() }));
        bench.ask(acting, vec![written]);
    }
    for (answer, candidate) in bench.decide(prover)?.into_iter().zip(&candidates) {
        let what = || format!("whether {} admits every pod", candidate.policy.full_name());
        match answer {
            Answer::Nothing(_) => linted.findings.push(candidate.finding()),
            Answer::Something(_) => {}
            Answer::Undecided => linted.undecided(what()),
            Answer::Disagreement => linted.disagreement(what()),
        }
    }
    Ok(())
}

/// The rule as a candidate, where a pod without labels and one with others are both admitted.
fn roundabout<'a>(
    scene: &Scene<'_>,
    index: usize,
    policy: &'a Policy,
    direction: Direction,
    rule: &'a Rule,
) -> Option<Roundabout<'a>> {
    let of_pods: Vec<(&NamespaceScope, &LabelSelector)> = rule.named_peers().iter().filter_map(selectors).collect();
    let is_own = of_pods.iter().all(|(scope, _)| **scope == NamespaceScope::Own);
    let says_so = |(scope, pods): &(&NamespaceScope, &LabelSelector)| {
        pods.is_empty()
            && (is_own
                || matches!(scope, NamespaceScope::Matching(selector) if selector.is_empty() || is_roundabout(selector)))
    };
    if of_pods.len() < 2 || of_pods.iter().any(says_so) {
        return None;
    }
    let namespaces = if is_own { NamespaceScope::Own } else { NamespaceScope::Matching(LabelSelector::everything()) };
    let kind = PeerKind::Pods { namespaces, pods: LabelSelector::everything() };
    let every = Peer { kind, origin: rule.origin };
    let plain = with_rule(policy, direction, Rule { ports: Ports::All, ..rule.clone() });
    let whole = with_rule(
        policy,
        direction,
        Rule { peers: Peers::AnyOf(vec![every.clone()]), ports: Ports::All, ..rule.clone() },
    );
    let flows = samples::of_rules(scene, index, policy, direction, whole.rules(direction)?)?;
    let mentioned =
        of_pods.iter().flat_map(|(_, pods)| &pods.requirements).map(|one| (one.key.clone(), "other".to_owned()));
    let labelled: Labels = mentioned.collect();
    let admitted = flows.iter().all(|flow| {
        let mut other = flow.clone();
        let far = if direction == Direction::Ingress { &mut other.source } else { &mut other.destination };
        if let End::Pod(pod) = far {
            pod.labels = labelled.clone();
        }
        samples::admits(&plain, direction, flow) && samples::admits(&plain, direction, &other)
    });
    admitted.then_some(Roundabout { policy, direction, rule, every })
}

fn selectors(peer: &Peer) -> Option<(&NamespaceScope, &LabelSelector)> {
    match &peer.kind {
        PeerKind::Pods { namespaces, pods } => Some((namespaces, pods)),
        PeerKind::IpBlock(_) => None,
    }
}

/// The policy with this rule alone, for the direction alone.
fn with_rule(policy: &Policy, direction: Direction, rule: Rule) -> Policy {
    let mut with = only(policy, direction);
    let rules = Some(vec![rule]);
    match direction {
        Direction::Ingress => with.ingress = rules,
        Direction::Egress => with.egress = rules,
    }
    with
}

impl Roundabout<'_> {
    fn finding(&self) -> Finding {
        let (name, key) = (self.policy.full_name(), describe::peers_key(self.direction));
        let is_own = matches!(&self.every.kind, PeerKind::Pods { namespaces: NamespaceScope::Own, .. });
        let (whose, instead) =
            if is_own { ("its own namespace", "podSelector: {}") } else { ("any namespace", "namespaceSelector: {}") };
        let message = format!("{name} lists selectors in `{key}` that together admit every pod of {whose}");
        let mut finding = Finding::new(Code::RoundaboutEverything, name, message).because(Evidence::Proved);
        for peer in self.rule.named_peers().iter().filter(|peer| selectors(peer).is_some()).take(4) {
            finding = finding.at(peer.origin, describe::peer(self.policy, peer));
        }
        finding.help(format!("write `{instead}`, or the selectors that are meant"))
    }
}
