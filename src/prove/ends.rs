//! Which declared workloads a claim can be about, and which of them have to be told apart to decide it.
//!
//! `prove` alone calls this module.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use crate::eval::claim::contains;
use crate::model::algebra::Gap;
use crate::model::claim::{Claim, Endpoint, FlowSet};
use crate::model::net::End;
use crate::model::workload::Cluster;
use crate::model::world::{Existence, Trust, World};
use crate::witness::pod;

const UNSPECIFIED: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The workloads that must be told apart to decide at all, by index in order. Where any pod may exist,
/// a pod that nobody has declared can be all that a declared one is, unless trust or the claim's own
/// words set the declared ones apart.
pub(super) fn in_question(cluster: &Cluster, world: &World, claim: &Claim) -> Vec<usize> {
    if world.pods == Existence::Declared || world.trust != Trust::default() {
        return declared(cluster, world, claim);
    }
    named_workloads(claim).into_iter().filter(|index| may_be_an_end(cluster, world, *index)).collect()
}

/// Declared workloads that may be an end of a flow of the claim, or that it names, by index in order.
pub(super) fn declared(cluster: &Cluster, world: &World, claim: &Claim) -> Vec<usize> {
    let mut all: BTreeSet<usize> = named_workloads(claim).into_iter().chain(open(cluster)).collect();
    for endpoint in ends(claim) {
        let mut others = endpoint.candidates(cluster);
        others.retain(|index| !all.contains(index));
        all.extend(among(cluster, endpoint, others));
    }
    all.into_iter().filter(|index| may_be_an_end(cluster, world, *index)).collect()
}

/// Workloads of which more is open than a pod's address: the labels of a namespace that no manifest declares may be
/// any, and so may the node of a pod on its node's network.
fn open(cluster: &Cluster) -> impl Iterator<Item = usize> {
    let undeclared = cluster.workloads.namespaces().filter(|name| !cluster.namespaces.contains_key(*name));
    let in_undeclared = undeclared.flat_map(|name| cluster.workloads.indices_in(name)).copied();
    let on_nodes = cluster.workloads.iter().enumerate().filter(|(_, workload)| workload.host_network);
    in_undeclared.chain(on_nodes.map(|(index, _)| index))
}

/// Those workloads that the endpoint takes in pods of; all of them where it hangs on what their addresses are.
fn among(cluster: &Cluster, endpoint: &Endpoint, mut workloads: Vec<usize>) -> Vec<usize> {
    // Their addresses do not matter to the question, but where blocks are named.
    if !endpoint.turns_on_addresses() {
        let pod = |index| pod::of_workload(cluster, index, UNSPECIFIED).map(End::Pod);
        workloads.retain(|index| pod(*index).is_some_and(|pod| contains(cluster, endpoint, &pod)));
    }
    workloads
}

/// R33: a pod on its node's network is an end where nodes are.
pub(super) fn may_be_an_end(cluster: &Cluster, world: &World, index: usize) -> bool {
    cluster.workloads.get(index).is_some_and(|workload| world.nodes || !workload.host_network)
}

/// Where a claim about policies looks for its pods.
static ANYTHING: Endpoint = Endpoint::Anything;

/// The sets that the ends of the claim's flows come from.
fn ends(claim: &Claim) -> Vec<&Endpoint> {
    match claim {
        Claim::Isolated { pods, .. } => vec![pods],
        Claim::NoGap { gap: Gap::Verdict { within: Some(flows), .. }, .. } => vec![&flows.sources, &flows.destinations],
        Claim::Compared(_) | Claim::NoGap { .. } => vec![&ANYTHING],
        Claim::NoneCanReach(flows)
        | Claim::EveryCanReach(flows)
        | Claim::SomeCanReach(flows)
        | Claim::NoPath(flows) => vec![&flows.sources, &flows.destinations],
    }
}

/// The flows that the claim leaves out.
fn excepted(claim: &Claim) -> Vec<&FlowSet> {
    let flows = match claim {
        Claim::NoGap { gap: Gap::Verdict { within, .. }, .. } => within.as_deref(),
        claim => claim.flows(),
    };
    flows.map_or_else(Vec::new, |flows| flows.with_parts().into_iter().skip(1).collect())
}

/// Workloads that the claim names.
fn named_workloads(claim: &Claim) -> Vec<usize> {
    fn gather(endpoint: &Endpoint, found: &mut Vec<usize>) {
        match endpoint {
            Endpoint::Workload(index) => found.push(*index),
            Endpoint::Union(parts) => parts.iter().for_each(|part| gather(part, found)),
            Endpoint::Except(whole, gone) => [whole, gone].into_iter().for_each(|part| gather(part, found)),
            Endpoint::Anything
            | Endpoint::Pods { .. }
            | Endpoint::External(_)
            | Endpoint::Within(_)
            | Endpoint::Node(_) => {}
        }
    }
    let mut found = Vec::new();
    ends(claim).into_iter().for_each(|endpoint| gather(endpoint, &mut found));
    for part in excepted(claim) {
        [&part.sources, &part.destinations].into_iter().for_each(|endpoint| gather(endpoint, &mut found));
    }
    found.sort_unstable();
    found.dedup();
    found
}
