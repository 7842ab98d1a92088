//! What lets flows through on one side: each rule of each policy, peer by peer, and that no policy isolates.
//!
//! The same rules as in `eval`, read as sets (R4, R5, R8, R15 to R28). Nothing here has to be believed: the solver
//! checks the classes that come of it before anybody sees them.

use super::ends::{Ends, Kind, Plain};
use super::labels::LabelSet;
use super::ports::Ports;
use super::product::Product;
use crate::model::net::{IpBlock, PortMatch};
use crate::model::options::{EgressNamedPortAny, EndPort, IpBlockMatches, Options};
use crate::model::policy::{Direction, NamespaceScope, PeerKind, Peers, Policy, PortSpec, Ports as RulePorts, Rule};
use crate::model::selector::NAMESPACE_NAME_LABEL;
use crate::model::workload::Cluster;

/// Why one side lets flows through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// No policy isolates the end (R4).
    Open,
    /// A rule admits (R5), by this one of its peers where it names any.
    Rule {
        /// The policy, by its index in the cluster.
        policy: usize,
        /// The rule, by its place.
        rule: usize,
        /// The peer, by its place.
        peer: Option<usize>,
    },
}

/// A door with the flows that it lets through on its side.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) door: Door,
    pub(super) flows: Product,
}

/// The policies that are in force, and how the plugin reads them.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) policies: &'a [usize],
    pub(super) options: &'a Options,
}

impl<'a> View<'a> {
    /// The openings of one direction for flows of this product.
    pub(super) fn openings(&self, direction: Direction, within: &Product) -> Vec<Opening> {
        let subject = subject(direction, within);
        let isolating: Vec<_> = self.isolating(direction, subject).collect();
        let open = self.open(direction, within, isolating.iter().map(|(_, policy)| *policy));
        let rules = isolating.iter().flat_map(|(index, policy)| self.admitted(direction, *index, policy));
        let within = |opening: Opening| {
            let cut = opening.flows.and(within, self.cluster).into_iter();
            cut.map(|flows| Opening { door: opening.door, flows }).collect::<Vec<_>>()
        };
        open.into_iter().chain(rules.flat_map(within)).collect()
    }

    /// The policies that may isolate such ends for the direction.
    pub(super) fn isolating(&self, direction: Direction, subject: &Ends) -> impl Iterator<Item = (usize, &'a Policy)> {
        let view = *self;
        let policies = view.policies.iter().filter_map(move |index| Some((*index, view.cluster.policies.get(*index)?)));
        // R1. Of thousands of policies most are elsewhere, and a name is soon compared.
        let names = subject.plain.namespaces.listed(NAMESPACE_NAME_LABEL);
        let is_near = move |policy: &Policy| names.is_none_or(|names| names.contains(&policy.namespace));
        let may_isolate = move |(_, policy): &(usize, &Policy)| {
            policy.rules(direction).is_some()
                && is_near(policy)
                && selected(policy).is_some_and(|selected| !subject.plain.and(&selected, view.cluster).is_empty())
        };
        policies.filter(may_isolate)
    }

    /// R4: what no policy isolates.
    pub(super) fn open<'p>(
        &self,
        direction: Direction,
        within: &Product,
        isolating: impl Iterator<Item = &'p Policy>,
    ) -> Option<Opening> {
        let mut selected = isolating.filter_map(selected);
        let start = subject(direction, within).clone();
        let open = selected.try_fold(start, |open, selected| open.without(&selected, self.cluster))?;
        let (sources, destinations, ports) = match direction {
            Direction::Ingress => (within.sources.clone(), open, within.ports.clone()),
            Direction::Egress => (open, within.destinations.clone(), within.ports.clone()),
        };
        Some(Opening { door: Door::Open, flows: Product { sources, destinations, ports } })
    }

    /// R5, R8: what the rules of one policy admit.
    pub(super) fn admitted(&self, direction: Direction, index: usize, policy: &Policy) -> Vec<Opening> {
        let Some(selected) = selected(policy) else { return Vec::new() };
        let rules = policy.rules(direction).unwrap_or_default().iter().enumerate();
        let of_rule = |(at, rule): (usize, &Rule)| {
            let Some(ports) = self.ports(rule, direction) else { return Vec::new() };
            let peers = self.peers(policy, rule).into_iter();
            let opening = |(peer, others)| Opening {
                door: Door::Rule { policy: index, rule: at, peer },
                flows: product(direction, Ends { plain: selected.clone(), except: Vec::new() }, others, ports.clone()),
            };
            peers.map(opening).collect()
        };
        let openings: Vec<Opening> = rules.flat_map(of_rule).collect();
        openings.into_iter().flat_map(|opening| self.of_named_ports(direction, policy, opening)).collect()
    }

    /// R15 to R22.
    fn peers(&self, policy: &Policy, rule: &Rule) -> Vec<(Option<usize>, Ends)> {
        match &rule.peers {
            Peers::All => vec![(None, Ends::of_kind(Kind::Anything))],
            Peers::AnyOf(peers) => {
                let ends = peers.iter().enumerate().map(|(at, peer)| (Some(at), self.peer(policy, &peer.kind)));
                ends.filter_map(|(at, ends)| Some((at, ends?))).collect()
            }
        }
    }

    fn peer(&self, policy: &Policy, peer: &PeerKind) -> Option<Ends> {
        match peer {
            PeerKind::IpBlock(block) => Some(self.block(block)),
            PeerKind::Pods { namespaces, pods } => {
                let pods = LabelSet::of(pods)?;
                let plain = match namespaces {
                    NamespaceScope::Own => Plain::pods_in(&policy.namespace, pods)?,
                    NamespaceScope::Matching(selector) => Plain::pods(LabelSet::of(selector)?, pods),
                };
                Some(Ends { plain, except: Vec::new() })
            }
        }
    }

    /// R20, R22: nodes are no ends here.
    fn block(&self, block: &IpBlock) -> Ends {
        let kind = match self.options.ipblock_matches {
            IpBlockMatches::All => Kind::Anything,
            IpBlockMatches::ExternalAndNodes | IpBlockMatches::External => Kind::External,
        };
        let of = |net: &ipnet::IpNet| Plain { block: Some(*net), ..Plain::of_kind(kind) };
        Ends { plain: of(&block.cidr), except: block.except.iter().map(of).collect() }
    }

    /// R24 to R28; `None` where the rule admits no port.
    fn ports(&self, rule: &Rule, direction: Direction) -> Option<Ports> {
        let RulePorts::AnyOf(items) = &rule.ports else { return Some(Ports::everything()) };
        let is_barred = direction == Direction::Egress
            && self.options.egress_named_port_any == EgressNamedPortAny::None
            && !names_pods(rule);
        let ports = |item: &PortSpec| match &item.ports {
            PortMatch::Range(first, _) if self.options.end_port == EndPort::Ignored => {
                Some(PortMatch::Range(*first, *first))
            }
            PortMatch::Named(_) if is_barred => None,
            ports => Some(ports.clone()),
        };
        Ports::of(items.iter().filter_map(|item| Some((item.protocol, ports(item)?))))
    }

    /// R28: an egress rule without pod peers may reach named ports in its own namespace alone.
    fn of_named_ports(&self, direction: Direction, policy: &Policy, opening: Opening) -> Vec<Opening> {
        let is_felt = direction == Direction::Egress
            && self.options.egress_named_port_any == EgressNamedPortAny::Namespace
            && opening.flows.ports.has_names()
            && opening.flows.destinations.plain.kind != Kind::Pod;
        let (true, Some(own)) = (is_felt, Plain::pods_in(&policy.namespace, LabelSet::default())) else {
            return vec![opening];
        };
        let (numbered, named) = opening.flows.ports.apart();
        let own = Ends { plain: own, except: Vec::new() };
        let cut = opening.flows.destinations.and(&own, self.cluster).into_iter();
        let named = cut
            .filter_map(|destinations| Some(Product { destinations, ports: named.clone()?, ..opening.flows.clone() }));
        let numbered = numbered.map(|ports| Product { ports, ..opening.flows.clone() });
        numbered.into_iter().chain(named).map(|flows| Opening { door: opening.door, flows }).collect()
    }
}

fn names_pods(rule: &Rule) -> bool {
    match &rule.peers {
        Peers::All => false,
        Peers::AnyOf(peers) => peers.iter().any(|peer| matches!(peer.kind, PeerKind::Pods { .. })),
    }
}

/// R1, R14: the pods of its namespace whose labels match; `None` where no labels do.
pub(super) fn selected(policy: &Policy) -> Option<Plain> {
    Plain::pods_in(&policy.namespace, LabelSet::of(&policy.pod_selector.selector)?)
}

fn subject(direction: Direction, flows: &Product) -> &Ends {
    match direction {
        Direction::Ingress => &flows.destinations,
        Direction::Egress => &flows.sources,
    }
}

fn product(direction: Direction, subject: Ends, other: Ends, ports: Ports) -> Product {
    match direction {
        Direction::Ingress => Product { sources: other, destinations: subject, ports },
        Direction::Egress => Product { sources: subject, destinations: other, ports },
    }
}
