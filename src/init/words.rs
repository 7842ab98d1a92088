//! Selectors, peers and ports of policies in the words of `docs/language.md`.

use crate::describe;
use crate::model::net::{PortMatch, Protocol};
use crate::model::policy::{NamespaceScope, Peer, PeerKind, Policy, PortSpec};
use crate::model::selector::{LabelSelector, NAMESPACE_NAME_LABEL, Operator};

/// `app=web,tier in (a, b)`.
pub(super) fn selector(selector: &LabelSelector) -> String {
    selector.requirements.iter().map(describe::requirement).collect::<Vec<_>>().join(",")
}

/// `a or b`.
pub(super) fn any_of(words: &[impl AsRef<str>]) -> String {
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" or ")
}

/// Whom a peer admits, one term a namespace that it names; none for addresses.
pub(super) fn peer(policy: &Policy, peer: &Peer) -> Vec<String> {
    let PeerKind::Pods { namespaces, pods } = &peer.kind else { return Vec::new() };
    let with = if pods.is_empty() { "pods".to_owned() } else { format!("pods with {}", selector(pods)) };
    match namespaces {
        NamespaceScope::Own => vec![format!("{with} in {}", policy.namespace)],
        NamespaceScope::Matching(matching) if matching.is_empty() => vec![with],
        NamespaceScope::Matching(matching) => match names(matching) {
            Some(names) => names.iter().map(|name| format!("{with} in {name}")).collect(),
            None => vec![format!("{with} in namespaces with {}", selector(matching))],
        },
    }
}

/// The namespaces that a selector names by their automatic label and no other (R9).
pub(super) fn names(selector: &LabelSelector) -> Option<&[String]> {
    match selector.requirements.as_slice() {
        [one] if one.key == NAMESPACE_NAME_LABEL => match &one.operator {
            Operator::In(names) => Some(names),
            _ => None,
        },
        _ => None,
    }
}

/// The ports of a flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Port {
    pub(super) protocol: Protocol,
    pub(super) ports: PortMatch,
}

impl Port {
    pub(super) fn of(item: &PortSpec) -> Port {
        Port { protocol: item.protocol, ports: item.ports.clone() }
    }

    fn word(&self) -> String {
        match &self.ports {
            PortMatch::All => "*".to_owned(),
            PortMatch::Range(first, last) if first == last => first.to_string(),
            PortMatch::Range(first, last) => format!("{first}-{last}"),
            PortMatch::Named(name) => name.clone(),
        }
    }
}

/// The ports as they follow an end: `:6333,6334`, `:53/UDP,53/TCP`. Every port where there are none.
pub(super) fn ports(ports: &[Port]) -> String {
    if ports.is_empty() {
        return String::new();
    }
    // What names no protocol is TCP, but takes that of an item behind it; and `*` alone is of every protocol.
    let is_plain = |port: &Port| port.protocol == Protocol::Tcp && port.ports != PortMatch::All;
    let bare = ports.iter().all(is_plain);
    let word = |port: &Port| if bare { port.word() } else { format!("{}/{}", port.word(), port.protocol) };
    format!(":{}", ports.iter().map(word).collect::<Vec<_>>().join(","))
}
