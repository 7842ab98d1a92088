//! The rules that isolate some class, each with the classes that its peers match. Private to `matrix`.

use std::collections::{BTreeMap, HashMap};

use fixedbitset::FixedBitSet;

use super::addresses::nets;
use super::classes::{Class, Classes};
use super::ports::PortSets;
use super::{Asked, SetId};
use crate::eval::algebra::isolates;
use crate::eval::parts::{number_matches, peer_matches};
use crate::eval::{RuleOf, selector};
use crate::model::net::{End, PortMatch};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Peers, PortSpec, Ports};
use crate::model::selector::LabelSelector;

/// One rule of a policy that isolates some class.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) rule: RuleOf<'a>,
    /// The classes of pods at the other end that match, whatever their addresses.
    pub(super) others: FixedBitSet,
    /// Whether it names no peers, so that every other end matches (R15).
    pub(super) any_peer: bool,
    /// The peers that are blocks.
    pub(super) blocks: Vec<&'a Peer>,
    /// The ports that it names by number; all where it names none.
    pub(super) numbers: SetId,
    /// The ports that it names by name.
    pub(super) names: Vec<&'a PortSpec>,
}

impl<'a> Entry<'a> {
    pub(super) fn peers(&self) -> &'a [Peer] {
        self.rule.rule.named_peers()
    }
}

/// One direction of one class.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// Whether some policy isolates it (R4).
    pub(super) isolated: bool,
    /// The rules of those that do, by their place among the entries.
    pub(super) rules: Vec<usize>,
}

/// Both directions of every class, and their rules.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) egress: Vec<Side>,
    pub(super) ingress: Vec<Side>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(asked: &Asked<'a>, classes: &Classes, sets: &mut PortSets) -> Rules<'a> {
        let count = classes.all.len();
        let sides = || vec![Side::default(); count];
        let mut rules = Rules { entries: Vec::new(), egress: sides(), ingress: sides() };
        let mut matcher = Matcher::new(asked, classes);
        for policy in &asked.cluster.policies {
            let in_namespace = classes.of_namespace.get(&policy.namespace).map_or(&[][..], Vec::as_slice);
            for direction in [Direction::Egress, Direction::Ingress] {
                let is_isolated = |class: &&usize| {
                    let end = classes.all.get(**class).and_then(|class| class.end.pod());
                    end.is_some_and(|pod| isolates(&asked.options, policy, direction, pod))
                };
                let isolated: Vec<usize> = in_namespace.iter().filter(is_isolated).copied().collect();
                if isolated.is_empty() {
                    continue;
                }
                let first = rules.entries.len();
                for rule in policy.rules(direction).unwrap_or_default() {
                    rules.entries.push(matcher.entry(RuleOf { policy, direction, rule }, sets));
                }
                let added = first..rules.entries.len();
                rules.isolate(&isolated, direction, added);
            }
        }
        rules
    }

    fn isolate(&mut self, classes: &[usize], direction: Direction, added: std::ops::Range<usize>) {
        let sides = match direction {
            Direction::Egress => &mut self.egress,
            Direction::Ingress => &mut self.ingress,
        };
        for class in classes {
            if let Some(side) = sides.get_mut(*class) {
                side.isolated = true;
                side.rules.extend(added.clone());
            }
        }
    }

    /// One direction of a class; `None` where policies have no say, outside the cluster.
    pub(super) fn side(&self, class: usize, direction: Direction) -> Option<&Side> {
        match direction {
            Direction::Egress => self.egress.get(class),
            Direction::Ingress => self.ingress.get(class),
        }
    }

    /// The edges of all blocks.
    pub(super) fn nets(&self) -> impl Iterator<Item = ipnet::IpNet> {
        let peers = self.entries.iter().flat_map(|entry| &entry.blocks);
        peers.flat_map(|peer| match &peer.kind {
            PeerKind::IpBlock(block) => nets(block).collect(),
            PeerKind::Pods { .. } => Vec::new(),
        })
    }
}

/// What the classes of a peer hang on: without a namespace selector, on the policy's namespace.
type PeerKey<'a> = (Option<&'a str>, Option<&'a LabelSelector>, &'a LabelSelector);

/// Matches peers and ports, each different one once.
struct Matcher<'a, 'c> {
    asked: Asked<'a>,
    classes: &'c Classes,
    by_namespace: HashMap<&'a LabelSelector, Vec<usize>>,
    by_peer: HashMap<PeerKey<'a>, FixedBitSet>,
    by_ports: BTreeMap<(crate::model::net::Protocol, &'a PortMatch), FixedBitSet>,
}

impl<'a, 'c> Matcher<'a, 'c> {
    fn new(asked: &Asked<'a>, classes: &'c Classes) -> Matcher<'a, 'c> {
        Matcher {
            asked: asked.clone(),
            classes,
            by_namespace: HashMap::new(),
            by_peer: HashMap::new(),
            by_ports: BTreeMap::new(),
        }
    }

    fn entry(&mut self, rule: RuleOf<'a>, sets: &mut PortSets) -> Entry<'a> {
        let peers = rule.rule.named_peers();
        let any_peer = rule.rule.peers == Peers::All;
        let mut others = FixedBitSet::with_capacity(self.classes.all.len());
        if any_peer {
            others.insert_range(..);
        }
        for peer in peers {
            self.add_matching(&rule.policy.namespace, peer, &mut others);
        }
        let blocks = peers.iter().filter(|peer| matches!(peer.kind, PeerKind::IpBlock(_))).collect();
        let (numbers, names) = self.ports(&rule.rule.ports, sets);
        Entry { rule, others, any_peer, blocks, numbers, names }
    }

    /// Adds the classes that a peer with selectors matches.
    fn add_matching(&mut self, home: &'a str, peer: &'a Peer, others: &mut FixedBitSet) {
        let PeerKind::Pods { namespaces, pods } = &peer.kind else { return };
        let key = match namespaces {
            NamespaceScope::Own => (Some(home), None, pods),
            NamespaceScope::Matching(selector) => (None, Some(selector), pods),
        };
        if let Some(known) = self.by_peer.get(&key) {
            others.union_with(known);
            return;
        }
        let candidates = self.candidates(home, namespaces);
        let matches = |class: &usize| {
            let end = self.classes.all.get(*class).map(|class| &class.end);
            end.is_some_and(|end| peer_matches(&self.asked.options, home, peer, end))
        };
        let mut found = FixedBitSet::with_capacity(self.classes.all.len());
        found.extend(candidates.into_iter().filter(matches));
        others.union_with(&found);
        self.by_peer.insert(key, found);
    }

    /// The classes of the namespaces that a peer selects.
    fn candidates(&mut self, home: &str, scope: &'a NamespaceScope) -> Vec<usize> {
        let in_namespace = |name: &str| self.classes.of_namespace.get(name).cloned().unwrap_or_default();
        let selector = match scope {
            NamespaceScope::Own => return in_namespace(home),
            NamespaceScope::Matching(selector) => selector,
        };
        if let Some(known) = self.by_namespace.get(selector) {
            return known.clone();
        }
        let selected = |classes: &&Vec<usize>| {
            let first = classes.first().and_then(|class| self.classes.all.get(*class));
            first.and_then(pod_namespace).is_some_and(|labels| selector::matches(selector, labels))
        };
        let found: Vec<usize> = self.classes.of_namespace.values().filter(selected).flatten().copied().collect();
        self.by_namespace.insert(selector, found.clone());
        found
    }

    /// The ports that a rule names by number, and the items that name a name.
    fn ports(&mut self, ports: &'a Ports, sets: &mut PortSets) -> (SetId, Vec<&'a PortSpec>) {
        let Ports::AnyOf(items) = ports else { return (PortSets::ALL, Vec::new()) };
        let mut numbers = sets.empty();
        let mut names = Vec::new();
        for item in items {
            if let PortMatch::Named(_) = item.ports {
                names.push(item);
                continue;
            }
            let options = &self.asked.options;
            let range = match &item.ports {
                PortMatch::Range(first, last) => (item.protocol, *first, *last),
                _ => (item.protocol, 1, u16::MAX),
            };
            let of_item = || sets.of_range(range, |number| number_matches(options, item, item.protocol, number));
            numbers.union_with(self.by_ports.entry((item.protocol, &item.ports)).or_insert_with(of_item));
        }
        (sets.intern(&numbers), names)
    }
}

fn pod_namespace(class: &Class) -> Option<&crate::model::selector::Labels> {
    match &class.end {
        End::Pod(pod) => Some(&pod.namespace.labels),
        End::Node(_) | End::External(_) => None,
    }
}
