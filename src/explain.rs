//! One concrete flow, from two ends as a person writes them, and the reasons of its verdict.
//!
//! [`read`] looks the ends up as a sentence would and gives one [`Flow`]; [`explain`] judges it by the
//! reference semantics and tries what another address of a pod would change. Words are made in
//! `report`; nothing here knows the solver. The commands call this module.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::eval::{self, Trace, Verdict};
use crate::language;
use crate::model::claim::{Endpoint, PortSet};
use crate::model::net::{End, Family, Flow, PodEnd, family};
use crate::model::options::{IpBlockMatches, Options};
use crate::model::policy::Direction;
use crate::model::workload::{Cluster, WorkloadKind};
use crate::source::Origin;

mod address;
mod end;
mod port;

use end::Meant;

/// One end as the user wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// The text.
    pub text: &'a str,
    /// Where it stands.
    pub origin: Origin,
}

/// A flow to explain.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The flow.
    pub flow: Flow,
    /// Whether no manifest says what address the source has.
    pub source_address_unknown: bool,
    /// The same of the destination.
    pub destination_address_unknown: bool,
    /// What the user should know about the ends.
    pub warnings: Vec<Diagnostic>,
}

/// A verdict and its reasons.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The flow.
    pub flow: Flow,
    /// Whether it passes.
    pub verdict: Verdict,
    /// Why.
    pub trace: Trace,
    /// Directions in which the answer depends on an address that no manifest says.
    pub addresses: Vec<AddressMatters>,
    /// How many addresses were not tried for that: the policies list too many blocks.
    pub untried: usize,
    /// Directions that let the flow through only because blocks match pods' addresses (R22).
    pub blocks_match_pods: Vec<Direction>,
}

/// An ipBlock that would let the flow through, were the unknown address inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressMatters {
    /// The direction of the rule.
    pub direction: Direction,
    /// The policy, by its index in the cluster.
    pub policy: usize,
    /// The rule, by its index in the policy.
    pub rule: usize,
    /// The peer, by its index in the rule.
    pub peer: usize,
}

/// The flow that the two texts mean.
///
/// # Errors
/// All faults of both texts: names that nothing bears, an end that is not one, a port that is missing.
pub fn read(cluster: &Cluster, from: Text<'_>, to: Text<'_>) -> Result<Asked, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut keep = |read: Result<(Meant, PortSet, Vec<Diagnostic>), Vec<Diagnostic>>| {
        read.map_err(|more| faults.extend(more)).ok()
    };
    let (source, destination) = (keep(source(cluster, from)), keep(destination(cluster, to)));
    let (Some((source, _, mut warnings)), Some((destination, ports, more))) = (source, destination) else {
        return Err(faults);
    };
    warnings.extend(more);
    let (protocol, port) = port::one(cluster, &destination, &ports, to.origin)?;
    let family = family_of(cluster, &source, &destination);
    let from_address = source.address(cluster, family, from.origin)?;
    let to_address = destination.address(cluster, family, to.origin)?;
    // A bare Pod is one pod, so that from it to it is to itself (R30); of a controller there may be two.
    let same = is_one_pod(cluster, &source, &destination);
    let first = from_address.unwrap_or_else(|| address::plain(cluster, family, None));
    let second = to_address.unwrap_or_else(|| if same { first } else { address::plain(cluster, family, Some(first)) });
    let flow =
        Flow { source: source.end(cluster, first), destination: destination.end(cluster, second), protocol, port };
    let unknown = |known: Option<_>, end: &End| known.is_none() && end.pod().is_some_and(|pod| !pod.host_network);
    Ok(Asked {
        source_address_unknown: unknown(from_address, &flow.source),
        destination_address_unknown: unknown(to_address, &flow.destination),
        flow,
        warnings,
    })
}

fn source(cluster: &Cluster, text: Text<'_>) -> Result<(Meant, PortSet, Vec<Diagnostic>), Vec<Diagnostic>> {
    let target = language::parse_end(text.text, text.origin).map_err(|fault| vec![fault])?;
    if let Some(port) = target.ports.first() {
        let fault = Diagnostic::error(Code::SentenceSyntax, "ports do not belong to the source")
            .at(port.origin, "a port of the source");
        return Err(vec![fault.help("the port is the destination's: `netverify explain chat-ui rag-api:8000`")]);
    }
    end::meant(cluster, &target)
}

fn destination(cluster: &Cluster, text: Text<'_>) -> Result<(Meant, PortSet, Vec<Diagnostic>), Vec<Diagnostic>> {
    let target = language::parse_end(text.text, text.origin).map_err(|fault| vec![fault])?;
    let (found, written) = (end::meant(cluster, &target), port::not_one(&target, text.origin));
    match (found, written) {
        (Ok((meant, ..)), Some(fault)) => Err(vec![fault.help(port::declared(cluster, &meant))]),
        (found, None) => found,
        (Err(mut faults), Some(fault)) => {
            faults.push(fault);
            Err(faults)
        }
    }
}

/// The family of the flow: that of an address that is known, else IPv4.
fn family_of(cluster: &Cluster, source: &Meant, destination: &Meant) -> Family {
    let of = |meant: &Meant| match meant {
        Meant::External(address) => Some(family(*address)),
        _ => None,
    };
    let only_v6 = |meant: &Meant| {
        let known = meant.known_addresses(cluster);
        (!known.is_empty() && known.iter().all(std::net::IpAddr::is_ipv6)).then_some(Family::V6)
    };
    let first = of(source).or_else(|| of(destination));
    first.or_else(|| only_v6(source)).or_else(|| only_v6(destination)).unwrap_or(Family::V4)
}

fn is_one_pod(cluster: &Cluster, source: &Meant, destination: &Meant) -> bool {
    match (source, destination) {
        (Meant::Workload(one), Meant::Workload(other)) => {
            one == other && cluster.workloads.get(*one).is_some_and(|one| one.kind == WorkloadKind::Pod)
        }
        _ => false,
    }
}

/// The verdict on a flow under the default choices of the rules, with its reasons.
#[must_use]
pub fn explain(cluster: &Cluster, asked: &Asked) -> Explained {
    let options = Options::default();
    let mut flow = asked.flow.clone();
    // Only the policies that isolate one of the two ends have a say.
    let (_, trace) = eval::verdict(cluster, &options, &flow);
    let isolating = [&trace.egress, &trace.ingress].into_iter().flat_map(|side| side.policies());
    let blocks = address::blocks(cluster, &isolating.map(|policy| policy.policy).collect());
    // An address that no manifest says is one that as few blocks as possible look at.
    if asked.source_address_unknown && !is_itself(&flow) {
        set_address(&mut flow.source, address::outside(cluster, &blocks, &asked.flow.destination));
    }
    if asked.destination_address_unknown && !is_itself(&asked.flow) {
        let source = flow.source.clone();
        set_address(&mut flow.destination, address::outside(cluster, &blocks, &source));
    }
    let (verdict, trace) = eval::verdict(cluster, &options, &flow);
    let candidates = address::candidates(&blocks, family(flow.source.address()));
    let (mut addresses, mut untried) = (BTreeSet::new(), 0);
    for (direction, unknown) in
        [(Direction::Egress, asked.destination_address_unknown), (Direction::Ingress, asked.source_address_unknown)]
    {
        if unknown && !is_itself(&flow) && !side(&trace, direction).allows() {
            addresses.extend(openers(cluster, &options, &flow, direction, &candidates));
            untried = candidates.len().saturating_sub(address::MAX_TRIED);
        }
    }
    let blocks_match_pods = needing_blocks(cluster, &flow, &trace);
    Explained { flow, verdict, trace, addresses: addresses.into_iter().collect(), untried, blocks_match_pods }
}

fn is_itself(flow: &Flow) -> bool {
    flow.source.address() == flow.destination.address()
}

fn side(trace: &Trace, direction: Direction) -> &eval::trace::Side {
    match direction {
        Direction::Egress => &trace.egress,
        Direction::Ingress => &trace.ingress,
    }
}

fn set_address(end: &mut End, address: std::net::IpAddr) {
    if let End::Pod(PodEnd { address: own, .. }) = end {
        *own = address;
    }
}

/// The blocks that admit the flow once the address that they look at lies inside them.
fn openers(
    cluster: &Cluster,
    options: &Options,
    flow: &Flow,
    direction: Direction,
    candidates: &[std::net::IpAddr],
) -> BTreeSet<AddressMatters> {
    let mut found = BTreeSet::new();
    for address in candidates.iter().take(address::MAX_TRIED).copied() {
        let mut other = flow.clone();
        set_address(if direction == Direction::Ingress { &mut other.source } else { &mut other.destination }, address);
        if is_itself(&other) {
            continue;
        }
        let (_, trace) = eval::verdict(cluster, options, &other);
        for policy in side(&trace, direction).policies() {
            let admitting = policy.rules.iter().enumerate().filter(|(_, rule)| rule.matches());
            found.extend(admitting.filter_map(|(rule, reasons)| match &reasons.peers {
                eval::trace::PeersTrace::Matched(peers) => {
                    Some(AddressMatters { direction, policy: policy.policy, rule, peer: *peers.first()? })
                }
                _ => None,
            }));
        }
    }
    found
}

/// R22: the directions that a plugin whose blocks see no pods would decide otherwise.
fn needing_blocks(cluster: &Cluster, flow: &Flow, trace: &Trace) -> Vec<Direction> {
    let options = Options { ipblock_matches: IpBlockMatches::External, ..Options::default() };
    let (_, strict) = eval::verdict(cluster, &options, flow);
    let differs = |direction: &Direction| side(trace, *direction).allows() && !side(&strict, *direction).allows();
    [Direction::Egress, Direction::Ingress].into_iter().filter(differs).collect()
}

/// What the endpoint of a sentence is, where it is one end.
fn one_workload(endpoint: &Endpoint) -> Option<usize> {
    match endpoint {
        Endpoint::Workload(index) => Some(*index),
        _ => None,
    }
}
