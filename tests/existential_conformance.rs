//! The conformance cases as existential properties: what the solver says of all sources at once includes
//! every single one that a case lists, and in a world of declared pods alone it is exactly that.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was checked belongs in the test's own output")]

mod support;

use std::net::IpAddr;
use std::time::Duration;

use netverify::eval::{Verdict, verdict};
use netverify::model::claim::{Claim, Endpoint, FlowSet, PortItem, PortSet};
use netverify::model::net::{End, Flow, PodEnd, PortMatch, Protocol};
use netverify::model::plugin::Choice;
use netverify::model::workload::Cluster;
use netverify::model::world::{Existence, World};
use netverify::outcome::Outcome;
use netverify::prove::{Job, decide};
use support::cases::{Fact, facts};

/// One destination and port of one case under one plugin, and all that the case says of it.
struct Target<'a> {
    endpoint: Endpoint,
    facts: Vec<&'a Fact>,
}

/// How much was asked.
#[derive(Default)]
struct Tally {
    targets: usize,
    reached: usize,
    exact: usize,
    listed: usize,
}

fn is_on_a_node(end: &End) -> bool {
    end.pod().is_some_and(|pod| pod.host_network)
}

/// A property is about two ends, one of which opens a connection of TCP, UDP or SCTP. R33: a pod on its node's
/// network is no end of its own.
fn is_askable(fact: &Fact) -> bool {
    let Flow { source, destination, protocol, .. } = &fact.flow;
    *protocol != Protocol::Other && source != destination && !is_on_a_node(source) && !is_on_a_node(destination)
}

fn endpoint(end: &End) -> Endpoint {
    match end {
        End::Pod(pod) => Endpoint::Workload(pod.workload.unwrap()),
        End::Node(node) => Endpoint::Node(node.name.clone()),
        End::External(address) => Endpoint::External(Some((*address).into())),
    }
}

/// The facts by case, plugin, destination and port.
fn targets(facts: &[Fact]) -> Vec<Target<'_>> {
    let mut targets: Vec<Target<'_>> = Vec::new();
    for fact in facts.iter().filter(|fact| is_askable(fact)) {
        let endpoint = endpoint(&fact.flow.destination);
        let is_it = |target: &&mut Target<'_>| {
            let other = target.facts[0];
            (&target.endpoint, &other.case, other.options) == (&endpoint, &fact.case, fact.options)
                && (other.flow.protocol, other.flow.port) == (fact.flow.protocol, fact.flow.port)
        };
        match targets.iter_mut().find(is_it) {
            Some(target) => target.facts.push(fact),
            None => targets.push(Target { endpoint, facts: vec![fact] }),
        }
    }
    targets
}

impl Target<'_> {
    fn cluster(&self) -> &Cluster {
        &self.facts[0].cluster
    }

    /// The case's plugin, in an open world and in one where only declared pods are.
    fn worlds(&self) -> [World; 2] {
        let choices = Choice::all_of(&self.facts[0].options);
        let open = World { nodes: true, choices: choices.clone(), ..World::default() };
        let (pods, namespaces) = (Existence::Declared, Existence::Declared);
        [open, World { pods, namespaces, external: false, nodes: false, choices, ..World::default() }]
    }

    fn flows(&self) -> FlowSet {
        let Flow { protocol, port, .. } = self.facts[0].flow;
        let items = vec![PortItem { protocol, ports: PortMatch::Range(port, port) }];
        FlowSet::new(Endpoint::Anything, self.endpoint.clone(), PortSet { items })
    }

    /// Whether some source reaches it, whether every one does, and whether there is one at all.
    fn asked(&self, world: &World) -> [&'static str; 3] {
        let claims = [Claim::NoneCanReach, Claim::SomeCanReach, Claim::EveryCanReach];
        claims.map(|claim| {
            let claim = claim(self.flows());
            let job = Job { cluster: self.cluster(), world, claim: &claim, allow_vacuous: false };
            match decide(&job, Duration::from_secs(60)).unwrap() {
                Outcome::Proved(_) => "proved",
                Outcome::Refuted(_) => "refuted",
                Outcome::Vacuous => "vacuous",
                Outcome::Unknown(_) | Outcome::Disagreement(_) => "no answer",
            }
        })
    }

    /// Every flow to this pod from another declared one.
    fn between_declared(&self) -> Vec<Flow> {
        let Flow { destination, protocol, port, .. } = &self.facts[0].flow;
        let Some(own) = destination.pod().and_then(|pod| pod.workload) else { return Vec::new() };
        let others = (0..self.cluster().workloads.len()).filter(|index| *index != own);
        let sources: Vec<PodEnd> = others.flat_map(|index| pods(self.cluster(), index)).collect();
        let mut flows = Vec::new();
        for destination in pods(self.cluster(), own) {
            for source in sources.iter().filter(|source| same_family(source.address, destination.address)) {
                flows.push(Flow {
                    source: End::Pod(source.clone()),
                    destination: End::Pod(destination.clone()),
                    protocol: *protocol,
                    port: *port,
                });
            }
        }
        flows
    }
}

fn same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4()
}

/// A declared pod, once for each of its addresses; none where it is on its node's network.
fn pods(cluster: &Cluster, index: usize) -> Vec<PodEnd> {
    let workload = cluster.workloads.get(index).unwrap();
    let addresses = workload.addresses.iter().filter(|_| !workload.host_network);
    let pod = |address: &IpAddr| PodEnd {
        namespace: cluster.namespaces[&workload.namespace].namespace.clone(),
        name: workload.name.clone(),
        labels: workload.labels.clone(),
        ports: workload.ports.clone(),
        address: *address,
        node: workload.node.clone(),
        host_network: false,
        workload: Some(index),
    };
    addresses.map(pod).collect()
}

/// In the open world: what the case lets through is among what the solver finds.
fn open(target: &Target<'_>, world: &World, tally: &mut Tally) -> Option<String> {
    let reached: Vec<_> = target.facts.iter().filter(|fact| fact.allowed).collect();
    let stopped = target.facts.iter().any(|fact| !fact.allowed);
    let [none, some, every] = target.asked(world);
    tally.reached += usize::from(!reached.is_empty());
    let includes = reached.is_empty() || (none, some) == ("refuted", "proved");
    let excludes = !stopped || every == "refuted";
    let answered = [none, some, every].iter().all(|answer| matches!(*answer, "proved" | "refuted"));
    let is_right = includes && excludes && answered && (none == "refuted") == (some == "proved");
    (!is_right).then(|| format!("open: none {none}, some {some}, every {every}; reached by {reached:#?}"))
}

/// In the world of declared pods alone: some and every are just what they are over the table, filled in by `eval`
/// where it is not complete.
fn declared(target: &Target<'_>, world: &World, tally: &mut Tally) -> Option<String> {
    if !matches!(target.endpoint, Endpoint::Workload(_)) {
        return None;
    }
    let flows = target.between_declared();
    let options = target.facts[0].options;
    let passes: Vec<bool> =
        flows.iter().map(|flow| verdict(target.cluster(), &options, flow).0 == Verdict::Allowed).collect();
    let is_listed = |flow: &Flow| target.facts.iter().any(|fact| fact.flow == *flow);
    tally.exact += 1;
    tally.listed += usize::from(flows.iter().all(is_listed));
    let word = |holds: bool| if holds { "proved" } else { "refuted" };
    let (some, every) = (passes.iter().any(|passes| *passes), passes.iter().all(|passes| *passes));
    let expected = if flows.is_empty() { ["vacuous"; 3] } else { [word(!some), word(some), word(every)] };
    let answers = target.asked(world);
    (answers != expected).then(|| format!("declared: none, some and every are {answers:?}, and should be {expected:?}"))
}

fn check(file: &str, reached: usize, exact: usize) {
    let facts = facts(file);
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for target in targets(&facts) {
        tally.targets += 1;
        let [world, closed] = target.worlds();
        let found = [open(&target, &world, &mut tally), declared(&target, &closed, &mut tally)];
        let said = |failure| format!("{}: {:?}: {failure}", target.facts[0].case, target.flows());
        failures.extend(found.into_iter().flatten().map(said));
    }
    let Tally { targets, listed, .. } = tally;
    println!(
        "{file}: {targets} destinations and ports; {} reached in the open world; {} exact among declared pods, \
         {listed} of them from the table alone; {} properties",
        tally.reached,
        tally.exact,
        3 * (targets + tally.exact)
    );
    assert!(failures.is_empty(), "{file}: {} fail\n{}", failures.len(), failures.join("\n"));
    assert_eq!((tally.reached, tally.exact), (reached, exact), "{file}: reached, exact");
}

#[test]
fn some_source_is_found_wherever_the_e2e_suite_names_one() {
    check("e2e.yaml", 223, 272);
}

#[test]
fn some_source_is_found_wherever_a_corner_case_names_one() {
    check("edge.yaml", 79, 121);
}
