//! A sentence that would notice a change: it is proved now, and refuted after the change. Both are asked before it is said.

use std::collections::BTreeMap;

use crate::describe;
use crate::error::Error;
use crate::language::{self, Names};
use crate::model::claim::Claim;
use crate::model::net::{PortMatch, Protocol};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Policy, PortSpec, Ports, Rule};
use crate::model::selector::{LabelSelector, NAMESPACE_NAME_LABEL, Operator, Requirement};
use crate::outcome::Outcome;
use crate::prove::{Job, Prover};
use crate::source::{Origin, SourceMap, Span};

use super::super::Scope;
use super::super::change::{self, Edit, How, Part};

/// What came of looking for a sentence.
#[derive(Default)]
pub(super) struct Suggested {
    pub(super) sentence: Option<String>,
    /// How many questions it took.
    pub(super) asked: usize,
    /// Whether there were more to ask than could be.
    pub(super) cut_short: bool,
}

/// A sentence, with at most so many questions.
pub(super) fn suggest(prover: &Prover, scope: &Scope<'_>, edit: Edit, most: usize) -> Result<Suggested, Error> {
    let mut suggested = Suggested::default();
    let Some(policy) = scope.cluster.policies.get(edit.policy) else { return Ok(suggested) };
    // Without a question left, one look at whether there would be any: changing a cluster takes time.
    if most < 2 {
        suggested.cut_short = candidates(policy, edit).iter().any(|sentence| claim(scope, sentence).is_some());
        return Ok(suggested);
    }
    let Some(changed) = change::apply(scope.cluster, edit) else { return Ok(suggested) };
    for sentence in candidates(policy, edit) {
        let Some(claim) = claim(scope, &sentence) else { continue };
        if suggested.asked + 2 > most {
            suggested.cut_short = true;
            break;
        }
        suggested.asked += 2;
        let job = |cluster| Job { cluster, world: scope.world, claim: &claim, allow_vacuous: false };
        let answers = prover.prove(&[job(scope.cluster), job(&changed)])?;
        if let [before, after] = answers.as_slice()
            && matches!((&before.outcome, &after.outcome), (Outcome::Proved(_), Outcome::Refuted(_)))
        {
            suggested.sentence = Some(sentence);
            break;
        }
    }
    Ok(suggested)
}

fn claim(scope: &Scope<'_>, sentence: &str) -> Option<Claim> {
    let file = SourceMap::default().add_argument("suggestion", sentence);
    let origin = Origin { file, span: Span::new(0, sentence.len()) };
    let parsed = language::parse(sentence, origin).ok()?;
    let names = Names { cluster: scope.cluster, endpoints: &BTreeMap::new(), sets: None };
    language::resolve(&parsed, &names).ok().map(|resolved| resolved.claim)
}

/// What may be worth saying, the best first.
fn candidates(policy: &Policy, edit: Edit) -> Vec<String> {
    let own = pods_in(&policy.pod_selector.selector, &policy.namespace);
    let (direction, at, peer) = match edit.part {
        Part::Policy => return isolated(policy, &own),
        Part::Rule(direction, at) => (direction, at, None),
        Part::Peer(direction, at, peer) => (direction, at, Some(peer)),
    };
    let Some(rule) = policy.rules(direction).and_then(|rules| rules.get(at)) else { return Vec::new() };
    match edit.how {
        How::Removed => allowed(policy, direction, rule, peer, &own),
        How::Widened => denied(policy, direction, rule, &own),
    }
}

fn isolated(policy: &Policy, own: &str) -> Vec<String> {
    let directions = [Direction::Ingress, Direction::Egress].into_iter();
    let directions: Vec<String> = directions
        .filter(|direction| policy.rules(*direction).is_some())
        .map(|direction| direction.to_string())
        .collect();
    let isolated = format!("{own} are isolated for {}", directions.join(" and "));
    let rules = |direction| policy.rules(direction).unwrap_or_default().iter().map(move |rule| (direction, rule));
    let all = rules(Direction::Ingress).chain(rules(Direction::Egress));
    std::iter::once(isolated)
        .chain(all.flat_map(|(direction, rule)| allowed(policy, direction, rule, None, own)))
        .collect()
}

/// That what the rule is for works.
fn allowed(policy: &Policy, direction: Direction, rule: &Rule, peer: Option<usize>, own: &str) -> Vec<String> {
    let peers = rule.named_peers();
    let chosen = peers.iter().enumerate().filter(|(at, _)| peer.is_none_or(|wanted| wanted == *at));
    let others: Option<Vec<String>> = match peers {
        [] => Some(vec!["external".to_owned()]),
        _ => chosen.map(|(_, peer)| end(policy, peer)).collect(),
    };
    let (Some(others), Some(ports)) = (others, ports(rule)) else { return Vec::new() };
    let one = |other: &String| {
        let (source, destination) = match direction {
            Direction::Ingress => (other.as_str(), own),
            Direction::Egress => (own, other.as_str()),
        };
        ["", "some "].map(|some| format!("{some}{source} can reach {destination}{ports}"))
    };
    others.iter().flat_map(one).collect()
}

/// That nobody else comes in or nothing else is reached, or no other port.
fn denied(policy: &Policy, direction: Direction, rule: &Rule, own: &str) -> Vec<String> {
    let rules = policy.rules(direction).unwrap_or_default();
    let others: Option<Vec<String>> = rules.iter().flat_map(Rule::named_peers).map(|peer| end(policy, peer)).collect();
    let mut sentences = Vec::new();
    if let Some(others) = others.filter(|others| !others.is_empty()) {
        let others = others.join(" or ");
        sentences.push(match direction {
            Direction::Ingress => format!("only {others} can reach {own}"),
            Direction::Egress => format!("{own} cannot reach anything except {others}"),
        });
    }
    sentences.extend(other_ports(rule).map(|ports| match direction {
        Direction::Ingress => format!("nothing can reach {own}{ports}"),
        Direction::Egress => format!("{own} cannot reach external{ports}"),
    }));
    sentences
}

fn pods_in(pods: &LabelSelector, namespace: &str) -> String {
    format!("pods{} in {namespace}", with(pods))
}

fn with(pods: &LabelSelector) -> String {
    if pods.is_empty() { String::new() } else { format!(" with {}", describe::selector(pods)) }
}

/// A peer as a sentence writes it; `None` where it cannot.
fn end(policy: &Policy, peer: &Peer) -> Option<String> {
    Some(match &peer.kind {
        PeerKind::IpBlock(block) if block.except.is_empty() => block.cidr.to_string(),
        PeerKind::IpBlock(_) => return None,
        PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => pods_in(pods, &policy.namespace),
        PeerKind::Pods { namespaces: NamespaceScope::Matching(matching), pods } => {
            match matching.requirements.as_slice() {
                [] => format!("pods{}", with(pods)),
                [Requirement { key, operator: Operator::In(values) }] if key == NAMESPACE_NAME_LABEL => {
                    match values.as_slice() {
                        [name] => pods_in(pods, name),
                        _ => return None,
                    }
                }
                _ => format!("pods{} in namespaces with {}", with(pods), describe::selector(matching)),
            }
        }
    })
}

/// `:6333,6334`; nothing for every port; `None` where a sentence cannot say it.
fn ports(rule: &Rule) -> Option<String> {
    let Ports::AnyOf(items) = &rule.ports else { return Some(String::new()) };
    let words: Vec<String> = items.iter().map(port).collect();
    Some(format!(":{}", words.join(",")))
}

fn port(item: &PortSpec) -> String {
    match &item.ports {
        PortMatch::All => format!("*/{}", item.protocol),
        PortMatch::Range(first, last) if first == last => format!("{first}/{}", item.protocol),
        PortMatch::Range(first, last) => format!("{first}-{last}/{}", item.protocol),
        PortMatch::Named(name) => format!("{name}/{}", item.protocol),
    }
}

/// The TCP ports that the rule does not name, where it names numbers.
fn other_ports(rule: &Rule) -> Option<String> {
    let Ports::AnyOf(items) = &rule.ports else { return None };
    let mut named: Vec<(u16, u16)> = Vec::new();
    for item in items.iter().filter(|item| item.protocol == Protocol::Tcp) {
        let PortMatch::Range(first, last) = item.ports else { return None };
        named.push((first, last));
    }
    named.sort_unstable();
    let (mut next, mut gaps) = (1_u32, Vec::new());
    for (first, last) in named {
        if next < u32::from(first) {
            gaps.push(format!("{next}-{}", first - 1));
        }
        next = next.max(u32::from(last) + 1);
    }
    if next <= 65_535 {
        gaps.push(format!("{next}-65535"));
    }
    (!gaps.is_empty()).then(|| format!(":{}", gaps.join(",")))
}
