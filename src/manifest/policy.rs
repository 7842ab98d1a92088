//! NetworkPolicy: from the typed object to the model, defaults filled in (R1 to R3, R7, R9 to R17,
//! R24 to R26) and everything checked that the API server checks (V10 to V50).
//! Called by `object` only.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::place::{Context, Place};
use super::validate::{self, Identity};
use super::{cidr, limits, names};
use crate::model::net::PortMatch;
use crate::model::policy::{
    NamespaceScope, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule, Written, WrittenRules,
};
use crate::model::selector::WrittenSelector;
use crate::source::Origin;

/// The policy, and who it is.
pub fn policy(object: &NetworkPolicy, root: &Place<'_>, namespace: &str, context: &Context<'_>) -> (Identity, Policy) {
    let id = validate::identity(&object.metadata, root, names::dns_subdomain, Some(namespace), context);
    let place = root.key("spec");
    let items = object.spec.as_ref().map_or(0, items);
    let spec = object.spec.clone().filter(|_| items <= limits::POLICY_ITEMS).unwrap_or_default();
    if items > limits::POLICY_ITEMS {
        let what = "rules, peers, ports, `except` blocks and terms of selectors";
        context.too_many(&place, items, limits::POLICY_ITEMS, what);
    }
    let (has_ingress, has_egress) = directions(&spec, &place, context);
    let ingress = rules(spec.ingress.as_deref(), &place.key("ingress"), "from", context, |rule| {
        (rule.from.as_deref(), rule.ports.as_deref())
    });
    let egress = rules(spec.egress.as_deref(), &place.key("egress"), "to", context, |rule| {
        (rule.to.as_deref(), rule.ports.as_deref())
    });
    let policy = Policy {
        namespace: id.namespace.clone(),
        name: id.name.clone(),
        pod_selector: pod_selector(&spec, &place, &id, context),
        ingress: has_ingress.then_some(ingress),
        egress: has_egress.then_some(egress),
        origin: root.origin(),
        name_origin: id.origin,
        written: written(&spec, &place),
    };
    (id, policy)
}

/// What stands there before the defaults are filled in.
fn written(spec: &NetworkPolicySpec, place: &Place<'_>) -> Written {
    let types = place.key("policyTypes");
    let names_any = spec.policy_types.as_ref().is_some_and(|types| !types.is_empty());
    let rules = |key: &'static str, count: usize| {
        let place = place.key(key);
        place.present().then(|| WrittenRules { origin: place.whole(), count })
    };
    let (ingress, egress) = (place.key("ingress"), place.key("egress"));
    let from = spec.ingress.iter().flatten().enumerate();
    let from = from.flat_map(|(at, rule)| idle(rule.from.as_deref(), &ingress.item(at).key("from")));
    let to = spec.egress.iter().flatten().enumerate();
    let to = to.flat_map(|(at, rule)| idle(rule.to.as_deref(), &egress.item(at).key("to")));
    Written {
        types: names_any.then(|| types.whole()),
        ingress: rules("ingress", spec.ingress.as_ref().map_or(0, Vec::len)),
        egress: rules("egress", spec.egress.as_ref().map_or(0, Vec::len)),
        idle_pod_selectors: from.chain(to).collect(),
    }
}

/// Where a peer names namespaces and asks nothing of their pods, in so many words.
fn idle(peers: Option<&[NetworkPolicyPeer]>, place: &Place<'_>) -> Vec<Origin> {
    let is_idle = |peer: &NetworkPolicyPeer| {
        peer.namespace_selector.is_some()
            && peer.pod_selector.as_ref().is_some_and(|selector| validate::terms(selector) == 0)
    };
    let peers = peers.unwrap_or_default().iter().enumerate().filter(|(_, peer)| is_idle(peer));
    peers.map(|(at, _)| place.item(at).key("podSelector").whole()).collect()
}

/// How much the policy lists: what reading it and asking about it costs grows with this.
fn items(spec: &NetworkPolicySpec) -> usize {
    let selector = |selector: Option<&LabelSelector>| selector.map_or(0, validate::terms);
    let peer = |peer: &NetworkPolicyPeer| {
        let blocks = peer.ip_block.as_ref().and_then(|block| block.except.as_ref()).map_or(0, Vec::len);
        1 + blocks + selector(peer.pod_selector.as_ref()) + selector(peer.namespace_selector.as_ref())
    };
    let rule = |(peers, ports): Parts<'_>| {
        1 + peers.unwrap_or_default().iter().map(peer).sum::<usize>() + ports.map_or(0, <[_]>::len)
    };
    let ingress = spec.ingress.iter().flatten().map(|typed| rule((typed.from.as_deref(), typed.ports.as_deref())));
    let egress = spec.egress.iter().flatten().map(|typed| rule((typed.to.as_deref(), typed.ports.as_deref())));
    selector(spec.pod_selector.as_ref()) + ingress.chain(egress).sum::<usize>()
}

/// Absent, null and empty all select every pod of the namespace (R14).
fn pod_selector(spec: &NetworkPolicySpec, place: &Place<'_>, id: &Identity, context: &Context<'_>) -> WrittenSelector {
    let place = place.key("podSelector");
    let selector = validate::selector(spec.pod_selector.as_ref(), &place, context);
    WrittenSelector { selector, origin: if place.present() { place.whole() } else { id.origin } }
}

/// Which directions the policy has (R2, V11). Without `policyTypes`: ingress always, egress iff it
/// has a rule; `egress: []` alone isolates nothing.
fn directions(spec: &NetworkPolicySpec, place: &Place<'_>, context: &Context<'_>) -> (bool, bool) {
    let types = spec.policy_types.as_deref().unwrap_or_default();
    if types.is_empty() {
        return (true, spec.egress.as_ref().is_some_and(|rules| !rules.is_empty()));
    }
    let list = place.key("policyTypes");
    for (index, name) in types.iter().enumerate() {
        if !matches!(name.as_str(), "Ingress" | "Egress") {
            let problem = format_args!("must be Ingress or Egress, with a capital, and this is `{name}`");
            context.invalid(&list.item(index), problem).one_of(name, &["Ingress", "Egress"]);
        }
    }
    if types.len() > 2 {
        context.invalid(&list, "must hold at most two entries");
    }
    let has = |wanted: &str| types.iter().any(|name| name == wanted);
    (has("Ingress"), has("Egress"))
}

/// What a rule of either direction consists of.
type Parts<'r> = (Option<&'r [NetworkPolicyPeer]>, Option<&'r [NetworkPolicyPort]>);

/// The rules of a direction (R7). Those of a direction that `policyTypes` leaves out are checked all
/// the same, as the API server does.
fn rules<'r, T>(
    rules: Option<&'r [T]>,
    place: &Place<'_>,
    peers_key: &str,
    context: &Context<'_>,
    parts: fn(&'r T) -> Parts<'r>,
) -> Vec<Rule> {
    let rule = |(index, rule)| {
        let place = place.item(index);
        let (from, to) = parts(rule);
        Rule {
            peers: peers(from, &place.key(peers_key), context),
            ports: ports(to, &place.key("ports"), context),
            origin: place.origin(),
        }
    };
    rules.unwrap_or_default().iter().enumerate().map(rule).collect()
}

/// Absent, null or empty: everything (R15).
fn peers(peers: Option<&[NetworkPolicyPeer]>, place: &Place<'_>, context: &Context<'_>) -> Peers {
    let peers = peers.unwrap_or_default();
    if peers.is_empty() {
        return Peers::All;
    }
    let peer = |(index, typed)| peer(typed, &place.item(index), context);
    Peers::AnyOf(peers.iter().enumerate().filter_map(peer).collect())
}

/// One peer (R16 to R20, V20, V21). `None` where it was refused.
fn peer(peer: &NetworkPolicyPeer, place: &Place<'_>, context: &Context<'_>) -> Option<Peer> {
    let selectors = peer.pod_selector.is_some() || peer.namespace_selector.is_some();
    let kind = match &peer.ip_block {
        Some(_) if selectors => {
            let refusal = context.invalid(place, "has ipBlock and a selector, and may have only one of the two");
            refusal.help("make two items of it: the rule then admits both");
            return None;
        }
        Some(block) => PeerKind::IpBlock(cidr::ip_block(block, &place.key("ipBlock"), context)?),
        None if selectors => pods(peer, place, context),
        None => {
            let refusal =
                context.invalid(place, "is an empty peer: it needs podSelector, namespaceSelector or ipBlock");
            refusal.help("to admit every pod of every namespace write `namespaceSelector: {}`");
            return None;
        }
    };
    Some(Peer { kind, origin: place.origin() })
}

fn pods(peer: &NetworkPolicyPeer, place: &Place<'_>, context: &Context<'_>) -> PeerKind {
    let selector = |typed, key| validate::selector(typed, &place.key(key), context);
    let namespaces = match &peer.namespace_selector {
        None => NamespaceScope::Own,
        Some(namespaces) => NamespaceScope::Matching(selector(Some(namespaces), "namespaceSelector")),
    };
    PeerKind::Pods { namespaces, pods: selector(peer.pod_selector.as_ref(), "podSelector") }
}

/// Absent, null or empty: every port of every protocol (R24).
fn ports(ports: Option<&[NetworkPolicyPort]>, place: &Place<'_>, context: &Context<'_>) -> Ports {
    let ports = ports.unwrap_or_default();
    if ports.is_empty() {
        return Ports::All;
    }
    let port = |(index, typed)| port(typed, &place.item(index), context);
    Ports::AnyOf(ports.iter().enumerate().filter_map(port).collect())
}

/// One item of `ports` (R25 to R27, V40, V42). `None` where it was refused.
fn port(typed: &NetworkPolicyPort, place: &Place<'_>, context: &Context<'_>) -> Option<PortSpec> {
    let protocol = validate::protocol(typed.protocol.as_deref(), place, context);
    let at = place.key("port");
    let end = place.key("endPort");
    let ports = match (&typed.port, typed.end_port) {
        (None, None) => PortMatch::All,
        (Some(IntOrString::String(name)), None) => {
            validate::port_name(name, &at, context);
            PortMatch::Named(name.clone())
        }
        (Some(IntOrString::Int(first)), last) => {
            let first_port = validate::port_number(*first, &at, context);
            let last = last.unwrap_or(*first);
            PortMatch::Range(first_port?, end_port(*first, last, &end, context)?)
        }
        (None, Some(_)) => {
            context.invalid(&end, "needs a numeric `port` beside it, where the range begins");
            return None;
        }
        (Some(IntOrString::String(name)), Some(_)) => {
            validate::port_name(name, &at, context);
            context.invalid(&end, "cannot stand beside a named port: a range begins at a number");
            return None;
        }
    };
    Some(PortSpec { protocol, ports, origin: place.origin() })
}

fn end_port(first: i32, last: i32, place: &Place<'_>, context: &Context<'_>) -> Option<u16> {
    if last < first {
        context.invalid(place, format_args!("must not be below `port`: {last} is below {first}"));
        return None;
    }
    if last == first { u16::try_from(last).ok() } else { validate::port_number(last, place, context) }
}
