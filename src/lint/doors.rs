//! Doors that open for more than was meant: namespaces by a label that anybody may write (R9), pods and ports
//! that nothing behind the door uses.
//!
//! Ingress alone: what a pod may call is bounded at the other end too. Under `lint` alone.

use super::coverage::listed;
use super::scene::Scene;
use super::{flows, sample, surest};
use crate::describe;
use crate::eval::Verdict;
use crate::finding::{Code, Evidence, Fact, Finding, Shown};
use crate::model::net::{End, Flow, PortMatch, Protocol};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule};
use crate::model::selector::{LabelSelector, NAMESPACE_NAME_LABEL, Operator};
use crate::model::workload::Workload;

/// The findings of every policy.
pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, policy) in scene.policies() {
        for rule in policy.ingress.iter().flatten() {
            found.extend(rule.named_peers().iter().filter_map(|peer| forgeable(scene, index, policy, rule, peer)));
            found.extend(wide(scene, index, policy, rule));
        }
    }
    found
}

/// R9: only the automatic name label cannot be written by whoever creates a namespace.
fn forgeable(scene: &Scene<'_>, index: usize, policy: &Policy, rule: &Rule, peer: &Peer) -> Option<Finding> {
    let PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), .. } = &peer.kind else { return None };
    if selector.is_empty() || sample::new_namespace(scene, selector).is_none() || names(selector) {
        return None;
    }
    let flow = flows::door(scene, index, policy, rule, peer)?;
    let is_new = flow.source.pod().is_some_and(|pod| !scene.cluster.namespaces.contains_key(&pod.namespace.name));
    let options = surest(scene.world, Verdict::Allowed);
    let fact = |fact| Shown { flow: flow.clone(), fact, options, needs: Vec::new() };
    let shown = [fact(Fact::Allowed), fact(Fact::Admitted(index, Direction::Ingress))];
    let shown = shown.into_iter().find(|shown| is_new && super::holds(scene.cluster, shown))?;
    let name = policy.full_name();
    let homes: Vec<String> = scene.homes(selector).into_iter().map(str::to_owned).collect();
    let is_negative =
        selector.requirements.iter().all(|one| matches!(one.operator, Operator::NotIn(_) | Operator::DoesNotExist));
    let message = if is_negative {
        format!("{name} admits namespaces by what they lack: every new one without {} matches", keys(selector))
    } else {
        format!("{name} chooses namespaces by {}, which whoever creates a namespace may write", keys(selector))
    };
    let finding = Finding::new(Code::ForgeableNamespace, name, message)
        .at(peer.origin, describe::peer(policy, peer))
        .because(Evidence::Shown(Box::new(shown)))
        .note(format!(
            "The API server sets {NAMESPACE_NAME_LABEL} to the namespace's name; no other label is protected."
        ));
    Some(if homes.is_empty() {
        finding.help(format!("choose by {NAMESPACE_NAME_LABEL}, or let [trust] of a spec say who may write the label"))
    } else {
        finding
            .help(format!("choose {} by name, or let [trust] of a spec say who may write the label", listed(&homes)))
            .yaml(by_name(&homes))
    })
}

/// Whether the selector names its namespaces.
fn names(selector: &LabelSelector) -> bool {
    selector.requirements.iter().any(|one| one.key == NAMESPACE_NAME_LABEL && matches!(one.operator, Operator::In(_)))
}

fn keys(selector: &LabelSelector) -> String {
    let mut keys: Vec<String> = selector.requirements.iter().map(|one| format!("the label {}", one.key)).collect();
    keys.dedup();
    listed(&keys)
}

fn by_name(homes: &[String]) -> String {
    match homes {
        [one] => format!("namespaceSelector:\n  matchLabels:\n    {NAMESPACE_NAME_LABEL}: {one}\n"),
        several => format!(
            "namespaceSelector:\n  matchExpressions:\n    - key: {NAMESPACE_NAME_LABEL}\n      operator: In\n      values: [{}]\n",
            several.join(", ")
        ),
    }
}

/// A rule that opens ports on pods which do not listen there.
fn wide(scene: &Scene<'_>, index: usize, policy: &Policy, rule: &Rule) -> Option<Finding> {
    let all = scene.selected(index).iter().filter_map(|index| Some((*index, scene.workload(*index)?)));
    let declaring: Vec<(usize, &Workload)> = all.filter(|(_, workload)| !workload.ports.is_empty()).collect();
    if declaring.len() < 2 {
        return None;
    }
    match &rule.ports {
        Ports::All => every_port(scene, index, policy, rule, &declaring),
        Ports::AnyOf(items) => every_pod(scene, index, policy, rule, items, &declaring),
    }
}

/// No port is named, for ends beyond the namespace.
fn every_port(
    scene: &Scene<'_>,
    index: usize,
    policy: &Policy,
    rule: &Rule,
    declaring: &[(usize, &Workload)],
) -> Option<Finding> {
    let Peers::AnyOf(peers) = &rule.peers else { return None };
    let is_beyond = |peer: &&Peer| !matches!(&peer.kind, PeerKind::Pods { namespaces: NamespaceScope::Own, .. });
    let peer = peers.iter().find(is_beyond)?;
    let mut listening: Vec<(Protocol, u16)> =
        declaring.iter().flat_map(|(_, one)| &one.ports).map(|port| (port.protocol, port.number)).collect();
    listening.sort_unstable();
    listening.dedup();
    let (workload, _) = declaring.first()?;
    let unused = (1..=u16::MAX).find(|port| *port > 21 && !listening.contains(&(Protocol::Tcp, *port)))?;
    let shown = into(scene, index, policy, peer, *workload, (Protocol::Tcp, unused))?;
    let name = policy.full_name();
    let count = declaring.len();
    let used: Vec<String> = listening.iter().map(|(protocol, port)| format!("{protocol} {port}")).collect();
    let message = format!("{name} opens every port of {count} workloads, which declare {}", listed(&used));
    let lines = listening.iter().map(|(protocol, port)| format!("  - {{protocol: {protocol}, port: {port}}}\n"));
    Some(
        Finding::new(Code::WideDoor, name, message)
            .at(rule.origin, "names no port")
            .at(policy.pod_selector.origin, format!("selects {count} workloads"))
            .because(Evidence::Shown(Box::new(shown)))
            .note("What a debug port or a sidecar listens on is open with the rest.")
            .help("select the pods that are meant, and name their ports")
            .yaml(format!("ports:\n{}", lines.collect::<String>())),
    )
}

/// Of the pods that the policy selects, only some listen on a port that the rule names.
fn every_pod(
    scene: &Scene<'_>,
    index: usize,
    policy: &Policy,
    rule: &Rule,
    items: &[PortSpec],
    declaring: &[(usize, &Workload)],
) -> Option<Finding> {
    let (listening, idle): (Vec<_>, Vec<_>) =
        declaring.iter().partition(|(_, one)| one.ports.iter().any(|port| flows::opens(rule, port)));
    // R27: a name opens nothing on a pod that does not declare it.
    let numbered = items.iter().find_map(|item| match item.ports {
        PortMatch::Range(first, _) => Some((item.protocol, first)),
        PortMatch::All | PortMatch::Named(_) => None,
    });
    let ((workload, one), port) = (idle.first().filter(|_| !listening.is_empty())?, numbered?);
    let shown = match rule.named_peers().first() {
        Some(peer) => into(scene, index, policy, peer, *workload, port)?,
        None => of_anybody(scene, index, *workload, port)?,
    };
    let name = policy.full_name();
    let uses = listed(&listening.iter().map(|(_, one)| one.full_name()).collect::<Vec<_>>());
    let declares = if listening.len() == 1 { "declares" } else { "declare" };
    let count = declaring.len();
    let message = format!("{name} opens {} on {count} workloads, of which {uses} alone {declares} it", words(items));
    Some(
        Finding::new(Code::WideDoor, name, message)
            .at(policy.pod_selector.origin, format!("selects {count} workloads, {} among them", one.full_name()))
            .at(rule.origin, "opens the door")
            .because(Evidence::Shown(Box::new(shown)))
            .note("A pod that begins to listen on the port later is open at once.")
            .help("select the pods that are meant; a port that is used and not declared is worth declaring"),
    )
}

fn words(items: &[PortSpec]) -> String {
    listed(&items.iter().map(describe::port).collect::<Vec<_>>())
}

/// A flow through the peer to a port of the workload, which the policy admits.
fn into(
    scene: &Scene<'_>,
    index: usize,
    policy: &Policy,
    peer: &Peer,
    workload: usize,
    port: (Protocol, u16),
) -> Option<Shown> {
    let source = scene.far_end(policy, peer, workload)?;
    admitted(scene, index, source, workload, port)
}

fn of_anybody(scene: &Scene<'_>, index: usize, workload: usize, port: (Protocol, u16)) -> Option<Shown> {
    admitted(scene, index, End::External(scene.address(1)), workload, port)
}

fn admitted(scene: &Scene<'_>, index: usize, source: End, workload: usize, port: (Protocol, u16)) -> Option<Shown> {
    let destination = End::Pod(scene.pod_of(workload, 0)?);
    let flow = Flow { source, destination, protocol: port.0, port: port.1 };
    let options = surest(scene.world, Verdict::Allowed);
    let shown = Shown { flow, fact: Fact::Admitted(index, Direction::Ingress), options, needs: Vec::new() };
    super::holds(scene.cluster, &shown).then_some(shown)
}
