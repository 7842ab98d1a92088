//! The peers of a rule against the other end of a flow (R15 to R23).
//!
//! Assumes that peers are checked: each has selectors or a block and never both (V20, V21). Private
//! to `eval`.

use crate::model::net::{End, IpBlock, family};
use crate::model::options::{IpBlockMatches, Options};
use crate::model::policy::{NamespaceScope, Peer, PeerKind, Peers};
use crate::model::selector::{LabelSelector, Labels};
use crate::model::workload::Namespace;

use super::end::{Seen, seen};
use super::selector::first_unmet;
use super::trace::{PeerMiss, PeersTrace};
use super::{Question, RuleOf, matched_or_missed};

/// The peers of a rule against the other end. R15: without peers everything matches. R8, R18: else
/// one of them is enough.
pub(super) fn trace(question: Question<'_>, rule: RuleOf<'_>) -> PeersTrace {
    let Peers::AnyOf(peers) = &rule.rule.peers else { return PeersTrace::All };
    let (_, other) = question.ends(rule.direction);
    let lacks = peers.iter().map(|peer| miss(question.options, &rule.policy.namespace, peer, other)).collect();
    matched_or_missed(lacks).map_or_else(PeersTrace::Missed, PeersTrace::Matched)
}

/// What a peer of a policy in namespace `home` lacks to match the other end; `None` if it matches.
/// R17, R33: selectors never see nodes or external addresses.
pub(super) fn miss(options: &Options, home: &str, peer: &Peer, other: &End) -> Option<PeerMiss> {
    match (&peer.kind, seen(options, other)) {
        (PeerKind::Pods { namespaces, pods }, Seen::Pod(pod)) => {
            selectors_miss(home, namespaces, pods, &pod.namespace, &pod.labels)
        }
        (PeerKind::Pods { .. }, Seen::Node(_) | Seen::External) => Some(PeerMiss::NotAPod),
        (PeerKind::IpBlock(block), other_seen) => block_miss(options, block, other, other_seen),
    }
}

/// What a pod with these labels in this namespace lacks. R16: without a namespace selector it has
/// to be in the policy's own namespace. R17, R18: both selectors must match.
pub(super) fn selectors_miss(
    home: &str,
    scope: &NamespaceScope,
    pods: &LabelSelector,
    namespace: &Namespace,
    labels: &Labels,
) -> Option<PeerMiss> {
    let outside = match scope {
        NamespaceScope::Own => (namespace.name != home).then_some(PeerMiss::OtherNamespace),
        NamespaceScope::Matching(selector) => {
            first_unmet(selector, &namespace.labels).cloned().map(PeerMiss::NamespaceLabels)
        }
    };
    outside.or_else(|| first_unmet(pods, labels).cloned().map(PeerMiss::PodLabels))
}

/// What an end lacks for a block. R21: families never mix. R20: inside the block and in none of its
/// own exceptions. R22: and of a kind that the plugin looks for in blocks; this comes last, so that
/// it is named only where another plugin would let the address through.
fn block_miss(options: &Options, block: &IpBlock, other: &End, other_seen: Seen<'_>) -> Option<PeerMiss> {
    let address = other.address();
    if family(address) != family(block.cidr.addr()) {
        return Some(PeerMiss::OtherFamily);
    }
    if !block.cidr.contains(&address) {
        return Some(PeerMiss::OutsideBlock);
    }
    if let Some(except) = block.except.iter().find(|except| except.contains(&address)) {
        return Some(PeerMiss::InExcept(*except));
    }
    (!blocks_see(options.ipblock_matches, other_seen)).then_some(PeerMiss::BlockIgnoresEnd)
}

/// R22: whether the plugin matches blocks against ends of this kind.
fn blocks_see(matches: IpBlockMatches, other: Seen<'_>) -> bool {
    match other {
        Seen::External => true,
        Seen::Node(_) => matches != IpBlockMatches::External,
        Seen::Pod(_) => matches == IpBlockMatches::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::fixtures::{block_peer, external, host_pod, node, pod, pods_peer};
    use crate::model::selector::Requirement;

    fn role(value: &str) -> LabelSelector {
        LabelSelector { requirements: vec![Requirement::equals("role", value)] }
    }

    fn miss_by_default(peer: &Peer, other: &End) -> Option<PeerMiss> {
        miss(&Options::default(), "app", peer, other)
    }

    #[test]
    fn a_lone_pod_selector_means_the_own_namespace() {
        let peer = pods_peer(NamespaceScope::Own, role("web"));
        assert_eq!(miss_by_default(&peer, &pod("app", &[("role", "web")], "10.0.0.1")), None);
        let elsewhere = pod("ops", &[("role", "web")], "10.0.0.1");
        assert_eq!(miss_by_default(&peer, &elsewhere), Some(PeerMiss::OtherNamespace));
        let unlabelled = pod("app", &[], "10.0.0.1");
        let lacks_role = PeerMiss::PodLabels(Requirement::equals("role", "web"));
        assert_eq!(miss_by_default(&peer, &unlabelled), Some(lacks_role));
    }

    #[test]
    fn a_lone_namespace_selector_means_all_pods_and_no_other_end() {
        let everywhere = NamespaceScope::Matching(LabelSelector::everything());
        let peer = pods_peer(everywhere, LabelSelector::everything());
        assert_eq!(miss_by_default(&peer, &pod("ops", &[], "10.0.0.1")), None);
        for other in [node("n1", "192.0.2.1"), external("203.0.113.7"), host_pod("ops", "n1", "192.0.2.1")] {
            assert_eq!(miss_by_default(&peer, &other), Some(PeerMiss::NotAPod));
        }
    }

    #[test]
    fn both_selectors_must_match_and_the_namespace_is_named_first() {
        let name = Requirement::equals("kubernetes.io/metadata.name", "ops");
        let scope = NamespaceScope::Matching(LabelSelector { requirements: vec![name.clone()] });
        let peer = pods_peer(scope, role("web"));
        assert_eq!(miss_by_default(&peer, &pod("ops", &[("role", "web")], "10.0.0.1")), None);
        assert_eq!(miss_by_default(&peer, &pod("app", &[], "10.0.0.1")), Some(PeerMiss::NamespaceLabels(name)));
        assert!(matches!(miss_by_default(&peer, &pod("ops", &[], "10.0.0.1")), Some(PeerMiss::PodLabels(_))));
    }

    #[test]
    fn a_block_is_its_cidr_without_its_exceptions() {
        let peer = block_peer("198.51.100.0/24", &["198.51.100.128/25"]);
        let at = |address| miss_by_default(&peer, &external(address));
        assert_eq!(at("198.51.100.127"), None);
        assert_eq!(at("198.51.101.0"), Some(PeerMiss::OutsideBlock));
        let exception = "198.51.100.128/25".parse().unwrap();
        assert_eq!(at("198.51.100.128"), Some(PeerMiss::InExcept(exception)));
        assert_eq!(at("2001:db8::1"), Some(PeerMiss::OtherFamily));
        assert_eq!(at("::ffff:198.51.100.1"), Some(PeerMiss::OtherFamily));
    }

    #[test]
    fn the_plugin_says_which_ends_blocks_see() {
        let peer = block_peer("0.0.0.0/0", &[]);
        let ends = [pod("ops", &[], "10.0.0.1"), node("n1", "192.0.2.1"), external("203.0.113.7")];
        let seen_by = |ipblock_matches| {
            let options = Options { ipblock_matches, ..Options::default() };
            ends.each_ref().map(|end| miss(&options, "app", &peer, end).is_none())
        };
        assert_eq!(seen_by(IpBlockMatches::All), [true, true, true]);
        assert_eq!(seen_by(IpBlockMatches::ExternalAndNodes), [false, true, true]);
        assert_eq!(seen_by(IpBlockMatches::External), [false, false, true]);
    }
}
