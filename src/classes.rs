//! Who can reach what, completely and briefly: the flows that pass as a short list of classes in Kubernetes' words.
//!
//! A class is a set of flows: from these pods or addresses, to those, on these ports. A list of classes is *sound* (every
//! flow of every class passes), *complete* (no other flow passes) and *small* (no class is made up of the others).
//! The classes are read off the rules (`doors`, `cover`), which is not trusted: before anybody sees a list the
//! solver has confirmed that it is sound and complete ([`Stop::Unconfirmed`] otherwise), for one plugin that is as permissive
//! as the world leaves open, with named ports read at the destination. What other plugins do is said beside it.
//!
//! Nodes are no ends of these lists. `cli` calls this module; it uses `prove`.

mod candidate;
pub mod change;
mod check;
mod cover;
mod doors;
mod ends;
mod labels;
mod ports;
mod product;
mod settle;
mod words;

use std::net::{IpAddr, Ipv4Addr};

use crate::eval::claim::contains;
use crate::model::claim::{Endpoint, FlowSet};
use crate::model::net::End;
use crate::model::options::{NamedPortScope, Options};
use crate::model::policy::Direction;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::outcome::Counterexample;
use crate::prove::Prover;
use crate::witness::pod;
use candidate::Candidate;
use check::{Checker, Plugins};
use doors::View;
use product::Product;
use settle::Settled;

pub use candidate::Way;
pub use check::Stop;
pub use doors::Door;
pub use words::Words;

/// Flows that pass, in a few words.
#[derive(Clone, Debug)]
pub struct Class {
    /// The flows; one set but where ports have names and numbers at once.
    pub flows: Vec<FlowSet>,
    /// The same in words.
    pub words: Words,
    /// How they pass; at least one way.
    pub ways: Vec<Way>,
    /// One of them.
    pub witness: Counterexample,
    /// The declared workloads among the sources, by index. Those whose addresses decide and are not known are not.
    pub sources_today: Vec<usize>,
    /// The declared workloads among the destinations, by index.
    pub destinations_today: Vec<usize>,
    /// Where not every plugin lets all of them pass: what the plugins do that let them, in words; empty where
    /// that is not known.
    pub on_plugins: Option<Vec<String>>,
}

/// Classes that are sound, complete and few.
#[derive(Clone, Debug)]
pub struct List {
    /// The classes.
    pub classes: Vec<Class>,
    /// A flow beyond the list that some plugin lets pass: one that reads named ports otherwise (R27).
    pub beyond: Option<Counterexample>,
}

/// Which end of a question is named; the other is what is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Who can reach this.
    Sources,
    /// What can be reached from this.
    Destinations,
}

/// Why there is no list of what was asked for.
#[derive(Debug)]
pub enum NoList {
    /// It names nodes, which are no ends here.
    Nodes,
    /// No flow of the world is meant. That nothing passes would be true, and say nothing.
    AboutNothing,
    /// It was not found out.
    Stopped(Stop),
}

impl<S: Into<Stop>> From<S> for NoList {
    fn from(stop: S) -> NoList {
        NoList::Stopped(stop.into())
    }
}

/// The flows of the set that pass, in a world without nodes.
///
/// # Errors
/// [`NoList`] says why there is none.
pub fn list(prover: &Prover, cluster: &Cluster, world: &World, flows: &FlowSet, asked: Asked) -> Result<List, NoList> {
    let world = &without_nodes(world);
    let targets = Product::of(flows, cluster).ok_or(NoList::Nodes)?;
    let options = plugin(world);
    let policies: Vec<usize> = (0..cluster.policies.len()).collect();
    let view = View { cluster, policies: &policies, options: &options };
    let checker = Checker::new(prover, cluster, world, &options);
    let first = match asked {
        Asked::Sources => Direction::Ingress,
        Asked::Destinations => Direction::Egress,
    };
    let mut candidates: Vec<Candidate> = Vec::new();
    for target in &targets {
        candidates.extend(cover::allowed(&view, &checker, target, first)?);
    }
    let settled = settle::settle(candidates, cluster, &|sets| checker.some(sets))?;
    settle::confirm(&checker, &settled)?;
    if settled.is_empty() && !checker.is_about_something(flows)? {
        return Err(NoList::AboutNothing);
    }
    let rest = without(flows, &settled);
    if let Some(case) = checker.beyond(rest.clone(), Plugins::One)? {
        return Err(Stop::Unconfirmed(format!("the list leaves a flow out: {:?}", case.case)).into());
    }
    let beyond = checker.beyond(rest, Plugins::All)?;
    let classes = settled.into_iter().map(|settled| class(&checker, cluster, settled));
    Ok(List { classes: classes.collect::<Result<_, Stop>>()?, beyond })
}

/// Nodes are no ends of these lists, whatever the spec says of them.
fn without_nodes(world: &World) -> World {
    World { nodes: false, ..world.clone() }
}

/// The plugin that a list is exact for: the most permissive that the world leaves open, but that named ports are
/// those of the destination, so that a class can say which (R27).
#[must_use]
pub fn plugin(world: &World) -> Options {
    let space = world.options();
    Options { named_port_scope: NamedPortScope::Destination, ..space.most }
}

/// The flows of the set that no class has.
fn without(flows: &FlowSet, settled: &[Settled]) -> FlowSet {
    let mut rest = flows.clone();
    rest.except.extend(settled.iter().flat_map(|one| one.candidate.sets()));
    rest
}

fn class(checker: &Checker<'_>, cluster: &Cluster, settled: Settled) -> Result<Class, Stop> {
    let Settled { candidate, witness } = settled;
    let flows = candidate.sets();
    let on_plugins = checker.where_every(&flows)?.into_iter().flatten().next();
    let (from, to) = (candidate.flows.sources.endpoint(), candidate.flows.destinations.endpoint());
    Ok(Class {
        words: words::of(cluster, &candidate),
        sources_today: today(cluster, &from),
        destinations_today: today(cluster, &to),
        ways: candidate.ways.iter().copied().collect(),
        flows,
        witness,
        on_plugins,
    })
}

/// The declared workloads of an endpoint. R33: a pod on its node's network is its node, which is no end here.
/// Where it hangs on an address whether a pod belongs, one whose address is not known is not named.
fn today(cluster: &Cluster, endpoint: &Endpoint) -> Vec<usize> {
    let unknown = (!endpoint.turns_on_addresses()).then_some(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let is_among = |index: &usize| {
        let Some(workload) = cluster.workloads.get(*index) else { return false };
        let addresses = workload.addresses.iter().copied().chain(unknown.filter(|_| workload.addresses.is_empty()));
        let mut pods = addresses.filter_map(|address| pod::of_workload(cluster, *index, address));
        !workload.host_network && pods.any(|pod| contains(cluster, endpoint, &End::Pod(pod)))
    };
    (0..cluster.workloads.len()).filter(is_among).collect()
}
