//! A plain case that a claim is about, made of what is declared: it shows without the solver that the
//! claim is not vacuous. Finding none says nothing; then the solver has to be asked.

use std::net::{IpAddr, Ipv4Addr};

use crate::eval::claim::{contains, flow_in};
use crate::model::claim::{Claim, Endpoint, FlowSet};
use crate::model::net::{End, Flow, PodEnd, PortMatch, Protocol};
use crate::model::workload::{Cluster, ContainerPort, Workload, WorkloadKind};
use crate::model::world::World;

/// How many declared workloads are looked at for each end.
const LOOKED_AT: usize = 64;

/// Whether some plain case of declared workloads and outside addresses is one that the claim is about.
#[must_use]
pub fn exists(cluster: &Cluster, world: &World, claim: &Claim) -> bool {
    match claim {
        Claim::Isolated { pods, .. } => ends(cluster, world, pods, SOURCE).iter().any(|end| end.pod().is_some()),
        Claim::NoneCanReach(flows)
        | Claim::EveryCanReach(flows)
        | Claim::SomeCanReach(flows)
        | Claim::NoPath(flows) => flow_exists(cluster, world, flows),
        // These are about the policies, which are there.
        Claim::Compared(_) | Claim::NoGap { .. } => true,
    }
}

/// Addresses that no declared pod or node is known by are used only where nobody has them.
pub(super) const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));
pub(super) const DESTINATION: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 20));

fn flow_exists(cluster: &Cluster, world: &World, flows: &FlowSet) -> bool {
    let sources = ends(cluster, world, &flows.sources, SOURCE);
    let destinations = ends(cluster, world, &flows.destinations, DESTINATION);
    destinations.iter().any(|destination| {
        let ports = ports(flows, destination);
        sources.iter().filter(|source| are_two(cluster, source, destination)).any(|source| {
            ports.iter().any(|(protocol, port)| {
                let (source, destination) = (source.clone(), destination.clone());
                let flow = Flow { source, destination, protocol: *protocol, port: *port };
                flow_in(cluster, flows, &flow)
            })
        })
    })
}

/// The same bare Pod cannot be both ends; two pods of one controller can (R30).
fn are_two(cluster: &Cluster, source: &End, destination: &End) -> bool {
    let workload = |end: &End| end.pod().and_then(|pod| pod.workload);
    let is_pod = |index: usize| cluster.workloads.get(index).is_some_and(|one| one.kind == WorkloadKind::Pod);
    match (workload(source), workload(destination)) {
        (Some(one), Some(other)) => one != other || !is_pod(one),
        _ => source.pod().is_some() || destination.pod().is_some(),
    }
}

/// Declared pods and one outside address, as far as they belong to the endpoint.
fn ends(cluster: &Cluster, world: &World, endpoint: &Endpoint, address: IpAddr) -> Vec<End> {
    // Asked once: there may be many workloads, each with addresses.
    let is_free = !is_known(cluster, address);
    let address_of = |one: &Workload| own_address(one).or((is_free && one.addresses.is_empty()).then_some(address));
    let pods = endpoint.candidates(cluster).into_iter();
    let pods = pods.filter_map(|index| {
        let workload = cluster.workloads.get(index)?;
        pod(cluster, index, workload, address_of(workload)?)
    });
    let outside = (world.external && is_free).then_some(End::External(address));
    let meant = |end: &End| contains(cluster, endpoint, end);
    pods.map(End::Pod).chain(outside).filter(meant).take(LOOKED_AT).collect()
}

/// A pod of the workload with this address, where all else about it is known: its namespace is declared.
pub(super) fn pod(cluster: &Cluster, index: usize, workload: &Workload, address: IpAddr) -> Option<PodEnd> {
    let is_declared = cluster.namespaces.contains_key(&workload.namespace);
    if !is_declared || workload.host_network {
        return None;
    }
    super::pod::of_workload(cluster, index, address)
}

pub(super) fn own_address(workload: &Workload) -> Option<IpAddr> {
    workload.addresses.iter().find(|own| own.is_ipv4()).copied()
}

fn is_known(cluster: &Cluster, address: IpAddr) -> bool {
    cluster.workloads.with_addresses().any(|(_, workload)| workload.addresses.contains(&address))
        || cluster.nodes.iter().any(|node| node.addresses.contains(&address))
}

/// A port of each item of the claim; any port where it names none.
pub(super) fn ports(flows: &FlowSet, destination: &End) -> Vec<(Protocol, u16)> {
    if flows.ports.items.is_empty() {
        return vec![(Protocol::Tcp, 80)];
    }
    let declared = destination.pod().map_or(&[][..], |pod| &pod.ports);
    flows.ports.items.iter().flat_map(|item| numbers(item.protocol, &item.ports, declared)).collect()
}

/// One port of those meant; of a name, every number that the pod declares under it (R27).
pub(super) fn numbers(protocol: Protocol, meant: &PortMatch, declared: &[ContainerPort]) -> Vec<(Protocol, u16)> {
    match meant {
        PortMatch::All => vec![(protocol, 80)],
        PortMatch::Range(first, _) => vec![(protocol, *first)],
        PortMatch::Named(name) => {
            let named = declared.iter().filter(|port| port.name.as_ref() == Some(name) && port.protocol == protocol);
            named.map(|port| (port.protocol, port.number)).collect()
        }
    }
}
