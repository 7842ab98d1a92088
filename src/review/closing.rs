//! What would make a refuted property hold: one change of the policies at a time, each of them proved before it is said.
//!
//! A change is minimal in lines, not in effect: what else it shuts or opens is not said here, but `netverify diff` says it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::change::{self, Edit, How};
use super::{Material, excerpt};
use crate::describe;
use crate::error::Error;
use crate::model::claim::{Claim, Endpoint, FlowSet, NamespaceSet};
use crate::model::net::IpBlock;
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule};
use crate::model::selector::{LabelSelector, NAMESPACE_NAME_LABEL, Requirement, WrittenSelector};
use crate::model::workload::Cluster;
use crate::outcome::{Counterexample, Outcome, Part};
use crate::plan::Item;
use crate::prove::Job;
use crate::report::CaseReport;
use crate::source::Origin;

/// The most changes that are tried for one property.
const TRIED: usize = 6;

/// A cluster that may do, and what was changed.
struct Attempt {
    cluster: Cluster,
    words: String,
    /// Whether it is two changes; worth a look only where none alone is enough.
    is_pair: bool,
}

/// What would make it hold; empty where it is not refuted.
pub(super) fn closing(
    material: &Material<'_>,
    item: &Item,
    outcome: &Outcome,
    case: Option<&CaseReport>,
) -> Result<Vec<String>, Error> {
    let Outcome::Refuted(refutation) = outcome else { return Ok(Vec::new()) };
    let cluster = material.plan.cluster(item);
    let attempts = match &item.claim {
        Claim::NoneCanReach(flows) => {
            let mut all = removals(material, cluster, refutation.counterexample.as_deref());
            all.extend(isolations(cluster, flows, item.origin));
            all
        }
        // One step cut may be enough.
        Claim::NoPath(_) => removals(material, cluster, refutation.counterexample.as_deref()),
        Claim::EveryCanReach(flows) | Claim::SomeCanReach(flows) => admissions(cluster, flows, item.origin),
        Claim::Isolated { pods, directions } => isolation(cluster, pods, directions, item.origin).into_iter().collect(),
        Claim::Compared(_) | Claim::NoGap { .. } => return Ok(Vec::new()),
    };
    let (singles, pairs): (Vec<_>, Vec<_>) = attempts.into_iter().partition(|attempt| !attempt.is_pair);
    let mut closing = proved(material, item, singles)?;
    if closing.is_empty() {
        closing = proved(material, item, pairs)?;
    }
    Ok(if closing.is_empty() { vec![no_single(case)] } else { closing })
}

fn no_single(case: Option<&CaseReport>) -> String {
    let also = if case.is_some() { ": other flows break it as well" } else { "" };
    format!("No change that was tried is enough{also}.")
}

/// The words of the attempts under which the property is proved.
fn proved(material: &Material<'_>, item: &Item, attempts: Vec<Attempt>) -> Result<Vec<String>, Error> {
    let Some(world) = material.plan.world(item) else { return Ok(Vec::new()) };
    let attempts: Vec<Attempt> = attempts.into_iter().take(TRIED).collect();
    let jobs: Vec<Job<'_>> = attempts
        .iter()
        .map(|attempt| Job { cluster: &attempt.cluster, world, claim: &item.claim, allow_vacuous: item.allow_vacuous })
        .collect();
    let answers = material.prover.prove(&jobs)?;
    let holds = |outcome: &Outcome| matches!(outcome, Outcome::Proved(_));
    let both = attempts.iter().zip(answers);
    Ok(both.filter(|(_, answered)| holds(&answered.outcome)).map(|(attempt, _)| attempt.words.clone()).collect())
}

/// Each rule or peer that let the flow through, taken away.
fn removals(material: &Material<'_>, cluster: &Cluster, case: Option<&Counterexample>) -> Vec<Attempt> {
    let blames = case.map_or(&[][..], |case| &case.blames).iter().filter(|blame| blame.part == Part::Admits);
    let attempt = |blame: &crate::outcome::Blame| {
        let policy = cluster.policies.get(blame.policy)?;
        let part = change::at_origin(policy, blame.origin)?;
        let edit = Edit { policy: blame.policy, part, how: How::Removed };
        let at = excerpt::line(material.sources, blame.origin);
        let words = format!("Take away {} of {} ({}:{}).", blame.path, policy.full_name(), at.file, at.line);
        Some(Attempt { cluster: change::apply(cluster, edit)?, words, is_pair: false })
    };
    blames.filter_map(attempt).collect()
}

/// Either end isolated for its direction.
fn isolations(cluster: &Cluster, flows: &FlowSet, origin: Origin) -> Vec<Attempt> {
    let ingress = isolation(cluster, &flows.destinations, &[Direction::Ingress], origin);
    let egress = isolation(cluster, &flows.sources, &[Direction::Egress], origin);
    ingress.into_iter().chain(egress).collect()
}

/// A policy that isolates the pods and admits nothing.
fn isolation(cluster: &Cluster, pods: &Endpoint, directions: &[Direction], origin: Origin) -> Option<Attempt> {
    let mut policy = policy(cluster, pods, origin)?;
    for direction in directions {
        *rules(&mut policy, *direction) = Some(Vec::new());
    }
    let words = format!("Add a policy by which {}.", describe::reading(&policy).join("; "));
    Some(with(cluster, vec![policy], words))
}

/// The sources let in, the destinations let out to, or both.
fn admissions(cluster: &Cluster, flows: &FlowSet, origin: Origin) -> Vec<Attempt> {
    let rule = |other: &Endpoint| {
        let rule = Rule { peers: peers(cluster, other, origin)?, ports: ports(flows, origin), origin };
        Some(vec![rule])
    };
    let side = |direction: Direction, own: &Endpoint, other: &Endpoint| {
        let mut policy = policy(cluster, own, origin)?;
        *rules(&mut policy, direction) = Some(rule(other)?);
        Some(policy)
    };
    let ingress = side(Direction::Ingress, &flows.destinations, &flows.sources);
    let egress = side(Direction::Egress, &flows.sources, &flows.destinations);
    let one = |policy: &Policy| {
        let words = format!("Add a policy by which {}.", describe::reading(policy).join("; "));
        with(cluster, vec![policy.clone()], words)
    };
    let singles: Vec<Attempt> = ingress.iter().chain(&egress).map(one).collect();
    let both = ingress.zip(egress).map(|(ingress, egress)| {
        let (one, other) = (describe::reading(&ingress).join("; "), describe::reading(&egress).join("; "));
        let words = format!("Add two policies: by one {one}; by the other {other}.");
        with(cluster, vec![ingress, egress], words)
    });
    singles.into_iter().chain(both).collect()
}

fn with(cluster: &Cluster, policies: Vec<Policy>, words: String) -> Attempt {
    let (mut cluster, is_pair) = (cluster.clone(), policies.len() > 1);
    // Behind the others, so that no claim's index of a policy moves.
    cluster.policies.extend(policies);
    Attempt { cluster, words, is_pair }
}

fn rules(policy: &mut Policy, direction: Direction) -> &mut Option<Vec<Rule>> {
    match direction {
        Direction::Ingress => &mut policy.ingress,
        Direction::Egress => &mut policy.egress,
    }
}

/// A policy of no direction that selects these pods; `None` where one policy cannot.
fn policy(cluster: &Cluster, pods: &Endpoint, origin: Origin) -> Option<Policy> {
    let (namespace, selector) = match pods {
        Endpoint::Pods { namespaces: NamespaceSet::Named(name), pods } => (name.clone(), pods.clone()),
        Endpoint::Workload(index) => {
            let workload = cluster.workloads.get(*index).filter(|workload| !workload.host_network)?;
            (workload.namespace.clone(), LabelSelector::of_labels(&workload.labels))
        }
        _ => return None,
    };
    let pod_selector = WrittenSelector { selector, origin };
    let name = "(new)".to_owned();
    Some(Policy {
        namespace,
        name,
        pod_selector,
        ingress: None,
        egress: None,
        origin,
        name_origin: origin,
        written: Default::default(),
    })
}

/// The peers that are these ends; `None` where peers cannot say so.
fn peers(cluster: &Cluster, ends: &Endpoint, origin: Origin) -> Option<Peers> {
    if *ends == Endpoint::Anything {
        return Some(Peers::All);
    }
    let kinds = kinds(cluster, ends)?;
    Some(Peers::AnyOf(kinds.into_iter().map(|kind| Peer { kind, origin }).collect()))
}

fn kinds(cluster: &Cluster, ends: &Endpoint) -> Option<Vec<PeerKind>> {
    let of = |selector, pods: &LabelSelector| {
        vec![PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), pods: pods.clone() }]
    };
    let block = |cidr: IpNet| PeerKind::IpBlock(IpBlock { cidr, except: Vec::new() });
    match ends {
        Endpoint::Pods { namespaces, pods } => Some(match namespaces {
            NamespaceSet::Any => of(LabelSelector::everything(), pods),
            NamespaceSet::Named(name) => of(named(name), pods),
            NamespaceSet::Matching(selector) => of(selector.clone(), pods),
        }),
        Endpoint::Workload(index) => {
            let workload = cluster.workloads.get(*index)?;
            Some(of(named(&workload.namespace), &LabelSelector::of_labels(&workload.labels)))
        }
        Endpoint::External(Some(cidr)) => Some(vec![block(*cidr)]),
        Endpoint::External(None) => {
            let all = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
            Some(all.into_iter().filter_map(|address| IpNet::new(address, 0).ok()).map(block).collect())
        }
        Endpoint::Union(parts) => {
            let parts: Option<Vec<_>> = parts.iter().map(|part| kinds(cluster, part)).collect();
            Some(parts?.into_iter().flatten().collect())
        }
        Endpoint::Anything | Endpoint::Within(_) | Endpoint::Node(_) | Endpoint::Except(..) => None,
    }
}

fn named(namespace: &str) -> LabelSelector {
    LabelSelector { requirements: vec![Requirement::equals(NAMESPACE_NAME_LABEL, namespace)] }
}

fn ports(flows: &FlowSet, origin: Origin) -> Ports {
    if flows.ports.items.is_empty() {
        return Ports::All;
    }
    let items = flows.ports.items.iter();
    Ports::AnyOf(items.map(|item| PortSpec { protocol: item.protocol, ports: item.ports.clone(), origin }).collect())
}
