//! The values that can matter: namespaces, label values, port names and declared workloads.
//!
//! Selectors only compare for equality, so per label key it is enough to tell apart *absent*, each
//! value that somebody mentions, and one fresh value; the same for namespaces (`docs/semantics.md`,
//! "What one symbolic pod stands for"). Declared namespaces that nothing tells apart share one place.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::slice::Slice;
use crate::model::algebra::Gap;
use crate::model::claim::{Claim, Endpoint, FlowSet, NamespaceSet};
use crate::model::net::{PortMatch, Protocol};
use crate::model::policy::{NamespaceScope, PeerKind, Peers, Policy, Ports, Rule};
use crate::model::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL, Requirement};
use crate::model::workload::{Cluster, ContainerPort, Namespace, Workload, WorkloadKind, is_namespace_name};
use crate::model::world::{Existence, World};

/// A namespace that a pod may live in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamespaceValue {
    /// Declared: exactly these labels. It stands for every declared namespace that nothing tells
    /// apart from it.
    Declared(Namespace),
    /// Known by name, with unknown labels.
    Unknown(String),
    /// A new one with a name that nobody mentions; the source's and the destination's differ.
    Fresh,
}

/// Declared workloads that nothing tells apart.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// They, by their indices in the cluster; at least one.
    pub(crate) workloads: Vec<usize>,
    /// The place of the node that they run on in [`Universe::nodes`], where that is known.
    pub(crate) node: Option<usize>,
    /// The place of their namespace in [`Universe::namespaces`].
    pub(crate) namespace: usize,
    /// The named ports that they declare.
    pub(crate) ports: Vec<ContainerPort>,
    /// Their known addresses; one workload alone where there are any.
    pub(crate) addresses: Vec<IpAddr>,
    /// Whether they use their nodes' network (R33).
    pub(crate) host_network: bool,
    /// A single pod, which cannot be both ends of a flow (R30).
    pub(crate) single: bool,
}

/// Address families.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Families {
    pub(crate) v4: bool,
    pub(crate) v6: bool,
}

impl Families {
    fn add(&mut self, is_v6: bool) {
        self.v4 |= !is_v6;
        self.v6 |= is_v6;
    }
}

/// Label keys and the values that are told apart.
pub(crate) type Keys = BTreeMap<String, BTreeSet<String>>;

/// The values that can matter to one question.
#[derive(Clone, Debug, Default)]
pub(crate) struct Universe {
    pub(crate) namespaces: Vec<NamespaceValue>,
    pub(crate) pod_keys: Keys,
    pub(crate) namespace_keys: Keys,
    pub(crate) port_names: BTreeSet<(String, Protocol)>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) addresses_matter: Families,
    /// The nodes that have a name: the declared ones first, then those that only a pod names.
    pub(crate) nodes: Vec<String>,
    /// Where each declared namespace has its place.
    places: BTreeMap<String, usize>,
}

impl Universe {
    /// The universe of a question.
    ///
    /// `workloads` are the declared workloads that may be an end of the flow under their own name.
    pub(crate) fn new(
        cluster: &Cluster,
        world: &World,
        slice: &Slice,
        claims: &[&Claim],
        workloads: &[usize],
    ) -> Universe {
        let mut mentions = Mentions::default();
        for policy in slice.policies().iter().filter_map(|index| cluster.policies.get(*index)) {
            mentions.policy(policy);
        }
        claims.iter().for_each(|claim| mentions.claim(claim));
        mentions.trust(world);
        let mut universe = Universe { port_names: mentions.port_names.clone(), ..Universe::default() };
        universe.pod_keys = mentions.pod_keys.clone();
        universe.namespace_keys = mentions.namespace_keys.clone();
        universe.nodes = named_nodes(cluster);
        universe.place_namespaces(cluster, world, &mentions);
        universe.place_workloads(cluster, workloads, &mentions.workloads);
        universe.addresses_matter = mentions.addresses;
        let declared = universe.identities.iter().flat_map(|identity| &identity.addresses);
        let of_nodes = cluster.nodes.iter().filter(|_| world.nodes).flat_map(|node| &node.addresses);
        let families: Vec<bool> = declared.chain(of_nodes).map(IpAddr::is_ipv6).collect();
        families.into_iter().for_each(|is_v6| universe.addresses_matter.add(is_v6));
        if world.nodes {
            // R33: pods on one node's network may share an address, and others may not.
            universe.addresses_matter = Families { v4: true, v6: true };
        }
        universe
    }

    /// The place of a namespace, if it can exist.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    fn place_namespaces(&mut self, cluster: &Cluster, world: &World, mentions: &Mentions) {
        let mut classes = BTreeMap::new();
        for (name, declared) in &cluster.namespaces {
            let namespace = &declared.namespace;
            let told_apart = mentions.namespaces.contains(name).then_some(name);
            let class = (told_apart, self.restrict(&namespace.labels));
            let place = *classes.entry(class).or_insert(self.namespaces.len());
            if place == self.namespaces.len() {
                self.namespaces.push(NamespaceValue::Declared(namespace.clone()));
            }
            self.places.insert(name.clone(), place);
        }
        let may_create = |name: &&String| world.namespaces == Existence::Any && is_namespace_name(name);
        let creatable = mentions.namespaces.iter().filter(may_create);
        for name in cluster.inhabited().into_iter().chain(creatable.map(String::as_str)) {
            if !self.places.contains_key(name) {
                self.places.insert(name.to_owned(), self.namespaces.len());
                self.namespaces.push(NamespaceValue::Unknown(name.to_owned()));
            }
        }
        if world.namespaces == Existence::Any {
            self.namespaces.push(NamespaceValue::Fresh);
        }
    }

    /// What selectors see of a namespace's labels. Names are told apart by place, not by label.
    fn restrict<'l>(&self, labels: &'l Labels) -> Vec<Told<'l>> {
        let keys = self.namespace_keys.iter().filter(|(key, _)| key.as_str() != NAMESPACE_NAME_LABEL);
        keys.map(|(key, values)| told(values, labels.get(key))).collect()
    }

    fn place_workloads(&mut self, cluster: &Cluster, workloads: &[usize], named: &BTreeSet<usize>) {
        let mut classes = BTreeMap::new();
        for &index in workloads {
            let Some(workload) = cluster.workloads.get(index) else { continue };
            let Some(namespace) = self.place(&workload.namespace) else { continue };
            let identity = self.identity(cluster, index, namespace, workload);
            let apart = named.contains(&index) || !identity.addresses.is_empty();
            let labels: Vec<_> =
                self.pod_keys.iter().map(|(key, values)| told(values, workload.labels.get(key))).collect();
            let place = (namespace, identity.node, identity.host_network);
            let class = (apart.then_some(index), place, labels, identity.ports.clone());
            match classes.entry(class) {
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(self.identities.len());
                    self.identities.push(identity);
                }
                std::collections::btree_map::Entry::Occupied(taken) => {
                    // Two pods that nothing tells apart can be the two ends of a flow.
                    if let Some(shared) = self.identities.get_mut(*taken.get()) {
                        shared.workloads.push(index);
                        shared.single = false;
                    }
                }
            }
        }
    }

    fn identity(&self, cluster: &Cluster, index: usize, namespace: usize, workload: &Workload) -> Identity {
        let named = |port: &&ContainerPort| {
            let key = port.name.as_ref().map(|name| (name.clone(), port.protocol));
            key.is_some_and(|key| self.port_names.contains(&key))
        };
        Identity {
            workloads: vec![index],
            node: self.nodes.iter().position(|node| Some(node) == workload.node.as_ref()),
            namespace,
            ports: workload.ports.iter().filter(named).cloned().collect(),
            addresses: cluster.own_addresses(workload).to_vec(),
            host_network: workload.host_network,
            single: workload.kind == WorkloadKind::Pod,
        }
    }
}

/// What selectors see of a label: that it is absent, its value where some selector names it, or that it has another.
type Told<'l> = Option<Option<&'l str>>;

fn told<'l>(named: &BTreeSet<String>, value: Option<&'l String>) -> Told<'l> {
    value.map(|value| named.contains(value).then_some(value.as_str()))
}

/// The declared nodes in their order, then the others that pods are said to run on.
fn named_nodes(cluster: &Cluster) -> Vec<String> {
    let mut names: Vec<String> = cluster.nodes.iter().map(|node| node.name.clone()).collect();
    for name in cluster.workloads.iter().filter_map(|workload| workload.node.as_ref()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// What the policies and the claim mention.
#[derive(Clone, Debug, Default)]
struct Mentions {
    pod_keys: Keys,
    namespace_keys: Keys,
    namespaces: BTreeSet<String>,
    port_names: BTreeSet<(String, Protocol)>,
    workloads: BTreeSet<usize>,
    addresses: Families,
}

impl Mentions {
    fn policy(&mut self, policy: &Policy) {
        self.namespaces.insert(policy.namespace.clone());
        self.pods(&policy.pod_selector.selector);
        let rules = policy.ingress.iter().chain(&policy.egress).flatten();
        rules.for_each(|rule| self.rule(rule));
    }

    fn rule(&mut self, rule: &Rule) {
        if let Peers::AnyOf(peers) = &rule.peers {
            for peer in peers {
                self.peer(&peer.kind);
            }
        }
        if let Ports::AnyOf(items) = &rule.ports {
            items.iter().for_each(|item| self.port(item.protocol, &item.ports));
        }
    }

    fn peer(&mut self, peer: &PeerKind) {
        match peer {
            PeerKind::IpBlock(block) => self.addresses.add(block.cidr.addr().is_ipv6()),
            PeerKind::Pods { namespaces, pods } => {
                self.pods(pods);
                if let NamespaceScope::Matching(selector) = namespaces {
                    self.namespaces_matching(selector);
                }
            }
        }
    }

    fn claim(&mut self, claim: &Claim) {
        match claim {
            Claim::NoneCanReach(flows)
            | Claim::EveryCanReach(flows)
            | Claim::SomeCanReach(flows)
            | Claim::NoPath(flows) => self.flows(flows),
            Claim::Isolated { pods, .. } => self.endpoint(pods),
            Claim::NoGap { gap: Gap::Verdict { within: Some(flows), .. }, .. } => self.flows(flows),
            // All their words are those of the policies in the slice.
            Claim::Compared(_) | Claim::NoGap { .. } => {}
        }
    }

    fn flows(&mut self, flows: &FlowSet) {
        for part in flows.with_parts() {
            self.endpoint(&part.sources);
            self.endpoint(&part.destinations);
            part.ports.items.iter().for_each(|item| self.port(item.protocol, &item.ports));
        }
    }

    fn endpoint(&mut self, endpoint: &Endpoint) {
        match endpoint {
            Endpoint::Anything | Endpoint::External(None) | Endpoint::Node(_) => {}
            Endpoint::External(Some(block)) | Endpoint::Within(block) => self.addresses.add(block.addr().is_ipv6()),
            Endpoint::Workload(index) => {
                self.workloads.insert(*index);
            }
            Endpoint::Pods { namespaces, pods } => {
                self.pods(pods);
                match namespaces {
                    NamespaceSet::Any => {}
                    NamespaceSet::Named(name) => {
                        self.namespaces.insert(name.clone());
                    }
                    NamespaceSet::Matching(selector) => self.namespaces_matching(selector),
                }
            }
            Endpoint::Union(parts) => parts.iter().for_each(|part| self.endpoint(part)),
            Endpoint::Except(whole, gone) => {
                self.endpoint(whole);
                self.endpoint(gone);
            }
        }
    }

    fn trust(&mut self, world: &World) {
        self.namespaces.extend(world.trust.namespaces.iter().cloned());
        for key in &world.trust.pod_labels {
            self.pod_keys.entry(key.clone()).or_default();
        }
        for key in &world.trust.namespace_labels {
            self.namespace_keys.entry(key.clone()).or_default();
        }
    }

    fn pods(&mut self, selector: &LabelSelector) {
        selector.requirements.iter().for_each(|requirement| mention(&mut self.pod_keys, requirement));
    }

    fn namespaces_matching(&mut self, selector: &LabelSelector) {
        for requirement in &selector.requirements {
            if requirement.key == NAMESPACE_NAME_LABEL {
                self.namespaces.extend(requirement.values().iter().filter(|name| !name.is_empty()).cloned());
            } else {
                mention(&mut self.namespace_keys, requirement);
            }
        }
    }

    fn port(&mut self, protocol: Protocol, ports: &PortMatch) {
        if let PortMatch::Named(name) = ports {
            self.port_names.insert((name.clone(), protocol));
        }
    }
}

fn mention(keys: &mut Keys, requirement: &Requirement) {
    keys.entry(requirement.key.clone()).or_default().extend(requirement.values().iter().cloned());
}
