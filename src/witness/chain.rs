//! A chain of flows as one case: every step begins at the pod where the one before ended, and passes there.
//!
//! The steps were found one by one, each with addresses of its own, and with labels of its own for a namespace that no
//! manifest declares. [`told`] looks for ends with which all of them pass at once. `prove` calls this module.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Judge, lenders, needs, shrink};
use crate::model::claim::{Claim, Endpoint, FlowSet, PortSet};
use crate::model::net::{End, Flow};
use crate::model::options::Options;
use crate::model::workload::{Cluster, WorkloadKind};
use crate::model::world::World;
use crate::outcome::{Case, Counterexample};

/// How many times a step is judged at most.
const MOST_TRIED: usize = 2_000;

/// Where a chain is judged.
pub struct Ground<'a> {
    /// The declared objects.
    pub cluster: &'a Cluster,
    /// What else could exist.
    pub world: &'a World,
    /// The plugin under which its steps were found.
    pub options: Options,
    /// The choices at the other end of what the world leaves open.
    pub opposite: Options,
    /// From where to where the chain leads.
    pub flows: &'a FlowSet,
}

/// An end between two steps, as the one and the other see it: their families may differ.
#[derive(Clone)]
struct Station {
    arrives: End,
    leaves: End,
}

/// The chain of these flows, confirmed step by step by the reference semantics; `None` where no ends are found with
/// which all of them pass.
#[must_use]
pub fn told(ground: &Ground<'_>, flows: Vec<Flow>) -> Option<Counterexample> {
    let mut teller = Teller { ground, claims: claims(ground, &flows)?, flows, stations: Vec::new(), tried: 0 };
    teller.go().then_some(())?;
    let steps: Vec<Counterexample> = (0..teller.flows.len()).map(|at| teller.step(at)).collect::<Option<_>>()?;
    Some(together(steps))
}

/// What each step has to be: from a source or the workload before, to the next workload or a destination.
fn claims(ground: &Ground<'_>, flows: &[Flow]) -> Option<Vec<Claim>> {
    let last = flows.len().checked_sub(1)?;
    let workload = |end: &End| end.pod().and_then(|pod| pod.workload).map(Endpoint::Workload);
    let claim = |(at, flow): (usize, &Flow)| {
        let from = if at == 0 { ground.flows.sources.clone() } else { workload(&flow.source)? };
        let to = if at == last { ground.flows.destinations.clone() } else { workload(&flow.destination)? };
        let ports = if at == last { ground.flows.ports.clone() } else { PortSet::default() };
        Some(Claim::NoneCanReach(FlowSet::new(from, to, ports)))
    };
    flows.iter().enumerate().map(claim).collect()
}

/// One case of all steps.
fn together(steps: Vec<Counterexample>) -> Counterexample {
    let (mut needs, mut blames) = (Vec::new(), Vec::new());
    for step in &steps {
        step.needs.iter().for_each(|need| add(&mut needs, need));
        step.blames.iter().for_each(|blame| add(&mut blames, blame));
    }
    let further = steps.iter().flat_map(|step| step.further.iter().cloned()).collect();
    let today = steps.iter().all(|step| step.today);
    Counterexample { case: Case::Path { steps }, today, further, needs, blames }
}

fn add<T: PartialEq + Clone>(all: &mut Vec<T>, one: &T) {
    if !all.contains(one) {
        all.push(one.clone());
    }
}

struct Teller<'g> {
    ground: &'g Ground<'g>,
    claims: Vec<Claim>,
    flows: Vec<Flow>,
    stations: Vec<Station>,
    tried: usize,
}

impl Teller<'_> {
    /// Chooses the stations one after the other, and goes back where a step does not pass.
    fn go(&mut self) -> bool {
        let at = self.stations.len();
        if at > self.flows.len() {
            return true;
        }
        for station in self.candidates(at) {
            if self.tried > MOST_TRIED {
                return false;
            }
            if !self.agrees(&station) {
                continue;
            }
            self.stations.push(station);
            self.tried += 1;
            let passes = at.checked_sub(1).is_none_or(|step| self.step(step).is_some());
            if passes && self.go() {
                return true;
            }
            self.stations.pop();
        }
        false
    }

    /// What can stand at a place: the end as the step before it has it, or the one after, with a plain address, its own,
    /// or that of an earlier end of the same workload.
    fn candidates(&self, at: usize) -> Vec<Station> {
        let before = at.checked_sub(1).and_then(|step| self.flows.get(step)).map(|flow| &flow.destination);
        let after = self.flows.get(at).map(|flow| &flow.source);
        let (Some(first), Some(second)) = (before.or(after), after.or(before)) else { return Vec::new() };
        let mut found = Vec::new();
        for base in [first, second] {
            let mut addresses = vec![(plain(at, first), plain(at, second))];
            addresses.extend([(first.address(), first.address()), (second.address(), second.address())]);
            addresses.push((first.address(), second.address()));
            addresses.extend(self.stations.iter().map(|one| (one.arrives.address(), one.leaves.address())));
            for (arrives, leaves) in addresses {
                let (arrives, leaves) = (with_address(base, arrives), with_address(base, leaves));
                let same_family = |one: &End, other: &End| one.address().is_ipv4() == other.address().is_ipv4();
                if same_family(&arrives, first) && same_family(&leaves, second) {
                    found.push(Station { arrives, leaves });
                }
            }
        }
        found
    }

    /// Whether the end goes with those before it: one address for one end in a family, another for every other end, and
    /// the same labels for the same namespace.
    fn agrees(&self, station: &Station) -> bool {
        let (here, there) = (station.arrives.address(), station.leaves.address());
        let is_one = here.is_ipv4() != there.is_ipv4() || here == there;
        is_one && self.stations.iter().all(|earlier| self.goes_with(earlier, station))
    }

    fn goes_with(&self, earlier: &Station, station: &Station) -> bool {
        let (one, other) = (&earlier.leaves, &station.leaves);
        if let (Some(one), Some(other)) = (one.pod(), other.pod())
            && one.namespace.name == other.namespace.name
            && one.namespace != other.namespace
        {
            return false;
        }
        let addresses = |one: &Station| [one.arrives.address(), one.leaves.address()];
        let shares = addresses(earlier).iter().any(|address| addresses(station).contains(address));
        if self.is_the_same_pod(one, other) {
            let families = |one: &Station| addresses(one).map(|address| address.is_ipv4());
            return shares || families(earlier).iter().all(|family| !families(station).contains(family));
        }
        // Pods on their nodes' network share addresses with their nodes.
        let may_share = one.own_node().is_some() || other.own_node().is_some() || one == other;
        !shares || may_share
    }

    /// A bare Pod is one pod wherever it stands.
    fn is_the_same_pod(&self, one: &End, other: &End) -> bool {
        let workload = |end: &End| end.pod().and_then(|pod| pod.workload);
        let is_bare = |index: usize| {
            self.ground.cluster.workloads.get(index).is_some_and(|workload| workload.kind == WorkloadKind::Pod)
        };
        workload(one).is_some_and(|index| workload(other) == Some(index) && is_bare(index))
    }

    /// The step between two stations, where the reference semantics lets it pass; with the pods that lend it a port (R27).
    fn step(&self, at: usize) -> Option<Counterexample> {
        let ground = self.ground;
        let (from, to) = (self.stations.get(at)?, self.stations.get(at + 1)?);
        let (source, destination) = (from.leaves.clone(), to.arrives.clone());
        let flow = Flow { source, destination, ..self.flows.get(at)?.clone() };
        let judge = Judge { cluster: ground.cluster, claim: self.claims.get(at)? };
        if !shrink::is_legal(&judge, &flow) {
            return None;
        }
        if judge.is_sought(&ground.options, &flow) {
            let needs = needs::of(&judge, &ground.options, &ground.opposite, &flow);
            return Some(judge.counterexample(&ground.options, &needs, flow));
        }
        let (flow, lenders) = lenders::find(&judge, ground.world, &ground.options, &flow)?;
        let cluster = lenders::with(ground.cluster, &lenders, &flow);
        let judge = Judge { cluster: &cluster, ..judge };
        judge.is_sought(&ground.options, &flow).then_some(())?;
        let needs = needs::of(&judge, &ground.options, &ground.opposite, &flow);
        let mut case = judge.counterexample(&ground.options, &needs, flow);
        case.further = lenders.into_iter().map(|lender| lender.pod).collect();
        case.today &= case.further.is_empty();
        Some(case)
    }
}

/// An address for the end at this place of a chain, in its family: no two places have the same.
fn plain(at: usize, end: &End) -> IpAddr {
    let place = u16::try_from(at + 1).unwrap_or(u16::MAX);
    let [high, low] = place.to_be_bytes();
    match (end, end.address()) {
        (End::Pod(pod), IpAddr::V4(_)) if !pod.host_network => Ipv4Addr::new(10, 244, high, low).into(),
        (End::Pod(pod), IpAddr::V6(_)) if !pod.host_network => {
            Ipv6Addr::new(0xfd00, 0x10, 0x244, 0, 0, 0, 0, place).into()
        }
        (_, address) => address,
    }
}

fn with_address(end: &End, address: IpAddr) -> End {
    let mut end = end.clone();
    match &mut end {
        End::Pod(pod) => pod.address = address,
        End::Node(node) => node.address = address,
        End::External(own) => *own = address,
    }
    end
}
