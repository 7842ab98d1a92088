//! What every family of findings looks at: the cluster, with its policies and workloads by namespace.
//!
//! Whether policies can select a common pod is worked out here, so that a policy is only ever held against
//! those of its own namespace that it can meet. Under `lint` alone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use super::sample;
use crate::eval::selector::matches;
use crate::model::net::{End, PodEnd};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Policy, Rule};
use crate::model::selector::{LabelSelector, Labels};
use crate::model::workload::{Cluster, Namespace, Workload};
use crate::model::world::World;
use crate::witness::pod;

/// The two directions, in the order in which they are looked at.
pub(super) const DIRECTIONS: [Direction; 2] = [Direction::Ingress, Direction::Egress];

/// A cluster, ready to be looked through.
pub(super) struct Scene<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) world: &'a World,
    policies_of: BTreeMap<&'a str, Vec<usize>>,
    workloads_of: BTreeMap<&'a str, Vec<usize>>,
    selected: Vec<Vec<usize>>,
    known: BTreeSet<IpAddr>,
    free: Vec<IpAddr>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(cluster: &'a Cluster, world: &'a World) -> Scene<'a> {
        let mut policies_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, policy) in cluster.policies.iter().enumerate() {
            policies_of.entry(&policy.namespace).or_default().push(index);
        }
        let mut workloads_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        // R33: selectors do not see a pod on its node's network.
        for (index, workload) in cluster.workloads.iter().enumerate().filter(|(_, one)| !one.host_network) {
            workloads_of.entry(&workload.namespace).or_default().push(index);
        }
        let of_pods = cluster.workloads.iter().flat_map(|workload| &workload.addresses);
        let known: BTreeSet<IpAddr> =
            of_pods.chain(cluster.nodes.iter().flat_map(|node| &node.addresses)).copied().collect();
        let in_block = (1..=250).map(|last| IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)));
        let free = in_block.filter(|address| !known.contains(address)).collect();
        let mut scene = Scene { cluster, world, policies_of, workloads_of, selected: Vec::new(), known, free };
        scene.selected = cluster.policies.iter().map(|policy| scene.selected_by(policy)).collect();
        scene
    }

    fn selected_by(&self, policy: &Policy) -> Vec<usize> {
        let candidates = self.workloads_in(&policy.namespace).iter().copied();
        candidates.filter(|index| self.has_labels(*index, &policy.pod_selector.selector)).collect()
    }

    /// Whether the pods of a workload match a selector of pods.
    pub(super) fn has_labels(&self, workload: usize, selector: &LabelSelector) -> bool {
        self.workload(workload).is_some_and(|workload| matches(selector, &workload.labels))
    }

    pub(super) fn workload(&self, index: usize) -> Option<&'a Workload> {
        self.cluster.workloads.get(index)
    }

    pub(super) fn policies(&self) -> impl Iterator<Item = (usize, &'a Policy)> {
        self.cluster.policies.iter().enumerate()
    }

    /// The namespaces that policies act in, with their policies.
    pub(super) fn guarded(&self) -> impl Iterator<Item = (&'a str, &[usize])> {
        self.policies_of.iter().map(|(name, policies)| (*name, policies.as_slice()))
    }

    /// The policies of a namespace.
    pub(super) fn policies_in(&self, namespace: &str) -> &[usize] {
        self.policies_of.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// The workloads of a namespace, those on their nodes' network left out (R33).
    pub(super) fn workloads_in(&self, namespace: &str) -> &[usize] {
        self.workloads_of.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// The declared workloads that a peer of a policy matches.
    pub(super) fn matched(&self, policy: &Policy, peer: &Peer) -> Vec<usize> {
        let PeerKind::Pods { namespaces, pods } = &peer.kind else { return Vec::new() };
        let homes: Vec<&str> = match namespaces {
            NamespaceScope::Own => vec![&policy.namespace],
            NamespaceScope::Matching(selector) => self.homes(selector),
        };
        let candidates = homes.into_iter().flat_map(|home| self.workloads_in(home)).copied();
        candidates.filter(|index| self.has_labels(*index, pods)).collect()
    }

    /// A pod of a declared workload that a peer of a policy matches, other than this one; or else any end that
    /// the peer matches.
    pub(super) fn far_end(&self, policy: &Policy, peer: &Peer, not: usize) -> Option<End> {
        let mut declared = self.matched(policy, peer).into_iter().filter(|index| *index != not);
        let declared = declared.next().and_then(|index| self.pod_of(index, 1));
        declared.map(End::Pod).or_else(|| sample::other_end(self, policy, peer))
    }

    /// The declared namespaces that a selector matches, by name.
    pub(super) fn homes(&self, selector: &LabelSelector) -> Vec<&'a str> {
        let declared = self.cluster.namespaces.values();
        let matching = declared.filter(|one| matches(selector, &one.namespace.labels));
        matching.map(|one| one.namespace.name.as_str()).collect()
    }

    /// The namespaces that declared workloads run in.
    pub(super) fn inhabited(&self) -> impl Iterator<Item = &'a str> {
        self.workloads_of.keys().copied()
    }

    /// The declared workloads that a policy selects.
    pub(super) fn selected(&self, policy: usize) -> &[usize] {
        self.selected.get(policy).map_or(&[], Vec::as_slice)
    }

    /// The namespace of this name; with the automatic label alone where no manifest declares it.
    pub(super) fn namespace(&self, name: &str) -> Namespace {
        let declared = self.cluster.namespaces.get(name).map(|declared| declared.namespace.clone());
        declared.unwrap_or_else(|| Namespace::new(name, Labels::new()))
    }

    /// Policies that have the direction and isolate this pod for it.
    pub(super) fn isolating(&self, pod: &PodEnd, direction: Direction) -> Vec<usize> {
        let isolates = |index: &&usize| {
            self.cluster.policies.get(**index).is_some_and(|policy| {
                policy.rules(direction).is_some() && matches(&policy.pod_selector.selector, &pod.labels)
            })
        };
        self.policies_in(&pod.namespace.name).iter().filter(isolates).copied().collect()
    }

    /// The other policies of its namespace that have the direction and can select a pod that this one selects.
    pub(super) fn beside(&self, policy: usize, direction: Direction) -> Vec<usize> {
        let Some(own) = self.cluster.policies.get(policy) else { return Vec::new() };
        let meets = |index: &&usize| {
            let Some(other) = self.cluster.policies.get(**index).filter(|_| **index != policy) else { return false };
            other.rules(direction).is_some() && can_meet(own, other)
        };
        self.policies_in(&own.namespace).iter().filter(meets).copied().collect()
    }

    /// A pod of a declared workload, at its own address where that is known.
    pub(super) fn pod_of(&self, workload: usize, at: usize) -> Option<PodEnd> {
        let own = self.workload(workload)?.addresses.first().copied();
        pod::of_workload(self.cluster, workload, own.unwrap_or_else(|| self.address(at)))
    }

    /// An address that nothing declared is known by; another one for each `at`.
    pub(super) fn address(&self, at: usize) -> IpAddr {
        self.free.get(at).copied().unwrap_or(IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)))
    }

    /// The addresses that declared pods and nodes are known by.
    pub(super) fn known(&self) -> &BTreeSet<IpAddr> {
        &self.known
    }

    /// Every declared pod that the policy selects, and one that could be created.
    pub(super) fn subjects(&self, policy: usize) -> Vec<PodEnd> {
        let declared = self.selected(policy).iter().filter_map(|index| self.pod_of(*index, 0));
        let made_up = self.cluster.policies.get(policy).and_then(|policy| sample::subject(self, policy));
        declared.chain(made_up).collect()
    }
}

/// Whether some pod is selected by both.
pub(super) fn can_meet(one: &Policy, other: &Policy) -> bool {
    let requirements = one.pod_selector.selector.requirements.iter().chain(&other.pod_selector.selector.requirements);
    let both = LabelSelector { requirements: requirements.cloned().collect() };
    sample::labels(&both).is_ok()
}

/// Every rule of a policy, with its direction and place.
pub(super) fn rules(policy: &Policy) -> impl Iterator<Item = (Direction, usize, &Rule)> {
    DIRECTIONS.into_iter().flat_map(|direction| {
        let rules = policy.rules(direction).unwrap_or_default().iter().enumerate();
        rules.map(move |(at, rule)| (direction, at, rule))
    })
}
