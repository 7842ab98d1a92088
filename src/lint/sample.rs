//! Pods, namespaces, addresses and ports that fit a selector, a peer or an item of `ports`, as plain as
//! can be: the flows that findings are tried on before the solver is asked.
//!
//! Selectors compare for equality only, key by key, so a selector can be met iff for each key it is met by
//! the key's absence, by a value that it names, or by one other value: [`labels`] goes through them all
//! with the reference semantics. Under `lint` alone.

use std::net::IpAddr;

use ipnet::IpNet;

use super::scene::Scene;
use crate::eval::selector::matches;
use crate::model::net::{End, IpBlock, PodEnd, PortMatch, Protocol};
use crate::model::policy::{NamespaceScope, Peer, PeerKind, Policy, PortSpec, Ports, Rule};
use crate::model::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL, Requirement};
use crate::model::workload::{ContainerPort, Namespace, is_namespace_name};
use crate::model::world::Existence;

/// A value that no selector names is this one, or this with more letters.
const OTHER: &str = "other";

/// Labels that the selector matches, and no more than it asks for.
///
/// # Errors
/// The requirements on one key that exclude one another, where nothing can match.
pub(super) fn labels(selector: &LabelSelector) -> Result<Labels, Vec<Requirement>> {
    let mut labels = Labels::new();
    for key in keys(selector) {
        let of_key: Vec<_> = selector.requirements.iter().filter(|one| one.key == key).cloned().collect();
        match value(&key, &of_key, true) {
            Some(Some(value)) => {
                labels.insert(key, value);
            }
            Some(None) => {}
            None => return Err(of_key),
        }
    }
    Ok(labels)
}

/// Labels of a namespace that the selector matches; every namespace has the automatic label (R9).
///
/// # Errors
/// As [`labels`].
pub(super) fn namespace_labels(selector: &LabelSelector) -> Result<Labels, Vec<Requirement>> {
    let named: Vec<_> = selector.requirements.iter().filter(|one| one.key == NAMESPACE_NAME_LABEL).cloned().collect();
    match value(NAMESPACE_NAME_LABEL, &named, false) {
        Some(_) => labels(selector),
        None => Err(named),
    }
}

fn keys(selector: &LabelSelector) -> Vec<String> {
    let mut keys: Vec<String> = selector.requirements.iter().map(|one| one.key.clone()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// A value that meets all requirements on a key, `Some(None)` for its absence; `None` where nothing does.
fn value(key: &str, requirements: &[Requirement], may_be_absent: bool) -> Option<Option<String>> {
    let selector = LabelSelector { requirements: requirements.to_vec() };
    let named = requirements.iter().flat_map(Requirement::values).cloned().map(Some);
    let absent = may_be_absent.then_some(None);
    let candidates = absent.into_iter().chain(named).chain([Some(other_than(requirements))]);
    let meets = |candidate: &Option<String>| {
        let labels = candidate.iter().map(|value| (key.to_owned(), value.clone())).collect();
        matches(&selector, &labels)
    };
    candidates.filter(meets).find(|value| key != NAMESPACE_NAME_LABEL || value.as_deref().is_none_or(is_namespace_name))
}

fn other_than(requirements: &[Requirement]) -> String {
    let mut other = OTHER.to_owned();
    while requirements.iter().any(|one| one.values().contains(&other)) {
        other.push('x');
    }
    other
}

/// A namespace that nobody has declared and that the selector matches. `None` where nobody could create it.
pub(super) fn new_namespace(scene: &Scene<'_>, selector: &LabelSelector) -> Option<Namespace> {
    if scene.world.namespaces == Existence::Declared {
        return None;
    }
    let (own, free): (Vec<_>, Vec<_>) =
        selector.requirements.iter().cloned().partition(|one| one.key == NAMESPACE_NAME_LABEL);
    let labels = labels(&LabelSelector { requirements: free }).ok()?;
    if labels.keys().any(|key| scene.world.trust.namespace_labels.contains(key)) {
        return None;
    }
    let is_declared = |name: &String| scene.cluster.namespaces.contains_key(name);
    let all = LabelSelector { requirements: own };
    let named = all.requirements.iter().flat_map(Requirement::values).filter(|name| is_namespace_name(name)).cloned();
    let made_up = ["elsewhere", "somewhere-else", "yet-another"].map(str::to_owned);
    let names = named.chain(made_up).filter(|name| !is_declared(name));
    let mut namespaces = names.map(|name| Namespace::new(name, labels.clone()));
    namespaces.find(|namespace| matches(&all, &namespace.labels))
}

/// A declared namespace that the selector matches, one with workloads if there is any.
pub(super) fn declared_namespace(scene: &Scene<'_>, selector: &LabelSelector) -> Option<Namespace> {
    let mut matching = scene.cluster.namespaces.values().filter(|one| matches(selector, &one.namespace.labels));
    let inhabited = |name: &str| !scene.workloads_in(name).is_empty();
    let first = matching.next()?;
    let rest = matching.find(|one| inhabited(&one.namespace.name));
    let best = if inhabited(&first.namespace.name) { first } else { rest.unwrap_or(first) };
    Some(best.namespace.clone())
}

/// A pod that nobody has declared.
pub(super) fn made_up(namespace: Namespace, labels: Labels, address: IpAddr) -> PodEnd {
    PodEnd {
        namespace,
        name: String::new(),
        labels,
        ports: Vec::new(),
        address,
        node: None,
        host_network: false,
        workload: None,
    }
}

/// A pod that the policy selects and that nobody has declared. `None` where no pod can match, or the world
/// has declared pods only.
pub(super) fn subject(scene: &Scene<'_>, policy: &Policy) -> Option<PodEnd> {
    let labels = labels(&policy.pod_selector.selector).ok()?;
    may_run(scene, &policy.namespace, &labels)
        .then(|| made_up(scene.namespace(&policy.namespace), labels, scene.address(0)))
}

/// Whether somebody could create a pod with these labels there.
pub(super) fn may_run(scene: &Scene<'_>, namespace: &str, labels: &Labels) -> bool {
    let trust = &scene.world.trust;
    scene.world.pods == Existence::Any
        && !trust.namespaces.contains(namespace)
        && !labels.keys().any(|key| trust.pod_labels.contains(key))
        && (scene.world.namespaces == Existence::Any || scene.cluster.namespaces.contains_key(namespace))
}

/// An end that the peer matches. A namespace that nobody has declared is tried first, since least is known of
/// it, then a declared one. `None` where none was found.
pub(super) fn other_end(scene: &Scene<'_>, policy: &Policy, peer: &Peer) -> Option<End> {
    match &peer.kind {
        PeerKind::IpBlock(block) => outside(scene, block).map(End::External),
        PeerKind::Pods { namespaces, pods } => {
            let labels = labels(pods).ok()?;
            let candidates = match namespaces {
                NamespaceScope::Own => vec![scene.namespace(&policy.namespace)],
                NamespaceScope::Matching(selector) => {
                    new_namespace(scene, selector).into_iter().chain(declared_namespace(scene, selector)).collect()
                }
            };
            let namespace = candidates.into_iter().find(|namespace| may_run(scene, &namespace.name, &labels))?;
            Some(End::Pod(made_up(namespace, labels, scene.address(1))))
        }
    }
}

/// An address of the block that no declared pod or node is known by.
pub(super) fn outside(scene: &Scene<'_>, block: &IpBlock) -> Option<IpAddr> {
    let after = |net: &IpNet| next(net.broadcast());
    let first = [Some(block.cidr.network()), next(block.cidr.network())];
    let candidates = first.into_iter().chain(block.except.iter().map(after)).chain([Some(block.cidr.broadcast())]);
    let is_meant = |address: &IpAddr| {
        block.cidr.contains(address)
            && !block.except.iter().any(|except| except.contains(address))
            && !scene.known().contains(address)
    };
    candidates.flatten().find(is_meant)
}

/// The address after this one.
fn next(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => u32::from(address).checked_add(1).map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(address) => u128::from(address).checked_add(1).map(|next| IpAddr::V6(next.into())),
    }
}

/// A port number that hardly any rule names.
const UNUSUAL: u16 = 40_961;

/// Protocol and number of a port that the item matches, and the name that the destination has to declare for it.
pub(super) fn port(item: &PortSpec) -> (Protocol, u16, Option<String>) {
    match &item.ports {
        PortMatch::All => (item.protocol, UNUSUAL, None),
        PortMatch::Range(_, last) => (item.protocol, *last, None),
        PortMatch::Named(name) => (item.protocol, UNUSUAL, Some(name.clone())),
    }
}

/// The same of a whole rule.
pub(super) fn port_of_rule(rule: &Rule) -> (Protocol, u16, Option<String>) {
    match &rule.ports {
        Ports::All => (Protocol::Sctp, UNUSUAL, None),
        Ports::AnyOf(items) => items.first().map_or((Protocol::Tcp, UNUSUAL, None), port),
    }
}

/// The pod with a port of this name, number and protocol beside its own.
pub(super) fn declaring(mut pod: PodEnd, protocol: Protocol, number: u16, name: Option<String>) -> PodEnd {
    if name.is_some() {
        pod.ports.push(ContainerPort { name, number, protocol });
    }
    pod
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::selector::Operator;

    fn selector(requirements: &[(&str, Operator)]) -> LabelSelector {
        let requirement =
            |(key, operator): &(&str, Operator)| Requirement { key: (*key).to_owned(), operator: operator.clone() };
        LabelSelector { requirements: requirements.iter().map(requirement).collect() }
    }

    fn values(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn labels_are_found_wherever_there_are_any() {
        use Operator::{DoesNotExist, Exists, In, NotIn};
        let met = |requirements: &[(&str, Operator)]| {
            let selector = selector(requirements);
            labels(&selector).is_ok_and(|labels| matches(&selector, &labels))
        };
        assert!(met(&[]));
        assert!(met(&[("a", Exists), ("a", NotIn(values(&["other"])))]));
        assert!(met(&[("a", In(values(&["1", "2"]))), ("a", NotIn(values(&["1"]))), ("b", DoesNotExist)]));
        assert!(!met(&[("a", In(values(&["1"]))), ("a", NotIn(values(&["1"])))]));
        assert!(!met(&[("a", Exists), ("a", DoesNotExist)]));
        assert!(!met(&[("a", In(values(&["1"]))), ("a", In(values(&["2"])))]));
    }
}
