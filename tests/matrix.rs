//! The matrix against the reference semantics: every cell, on every port that anybody tells apart, for every
//! address that can matter, and the facts of the conformance cases.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/legal.rs"]
mod legal;
mod support;
#[path = "support/trials.rs"]
mod trials;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/worlds.rs"]
mod worlds;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use netverify::eval::{Verdict, verdict};
use netverify::matrix::paths::{Step, Wanted};
use netverify::matrix::{Asked, Cell, EndKind, Matrix, Ranges};
use netverify::model::claim::{Claim, Endpoint, FlowSet, PortItem, PortSet};
use netverify::model::net::{End, Flow, IpBlock, PodEnd, PortMatch, Protocol};
use netverify::model::options::{IpBlockMatches, Options};
use netverify::model::plugin::Choice;
use netverify::model::policy::{PeerKind, Peers, Policy, Ports, Rule};
use netverify::model::workload::Cluster;
use netverify::model::world::{Existence, World};
use netverify::outcome::Outcome;
use netverify::prove::{Job, decide};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::test_runner::TestCaseResult;
use support::cases::{Fact, facts};
use trials::{Tally, Trial, fail};
use worlds::{FEW, MANY, Words, cluster, options};

/// Declared pods and addresses outside the cluster.
fn world() -> World {
    World { pods: Existence::Declared, namespaces: Existence::Declared, ..World::default() }
}

fn asked<'a>(cluster: &'a Cluster, options: Options) -> Asked<'a> {
    Asked {
        cluster,
        options,
        external: true,
        ports: PortSet::default(),
        told_ports: PortSet::default(),
        told_apart: Vec::new(),
    }
}

fn has(ranges: &[Ranges], protocol: Protocol, port: u16) -> bool {
    let mut of_protocol = ranges.iter().filter(|ranges| ranges.protocol == protocol);
    of_protocol.any(|ranges| ranges.ports.iter().any(|(first, last)| (*first..=*last).contains(&port)))
}

fn rules(cluster: &Cluster) -> impl Iterator<Item = &Rule> {
    cluster.policies.iter().flat_map(|policy| policy.ingress.iter().chain(&policy.egress).flatten())
}

/// Every number that a rule or a container mentions, and its neighbours.
fn ports(cluster: &Cluster) -> BTreeSet<u16> {
    let mut all = BTreeSet::from([1, 53, 65535]);
    let mut add = |number: u16| all.extend([number.saturating_sub(1).max(1), number, number.saturating_add(1)]);
    for rule in rules(cluster) {
        let Ports::AnyOf(items) = &rule.ports else { continue };
        for item in items {
            if let PortMatch::Range(first, last) = item.ports {
                add(first);
                add(last);
            }
        }
    }
    cluster.workloads.iter().flat_map(|workload| &workload.ports).for_each(|port| add(port.number));
    all
}

/// Addresses on both sides of every edge of every block.
fn addresses(cluster: &Cluster) -> Vec<IpAddr> {
    let mut all = BTreeSet::new();
    let mut near = |address: IpAddr| {
        for step in -1_i64..=1 {
            let moved = match address {
                IpAddr::V4(v4) => i64::from(v4.to_bits())
                    .checked_add(step)
                    .and_then(|bits| u32::try_from(bits).ok())
                    .map(|bits| IpAddr::V4(bits.into())),
                IpAddr::V6(v6) => v6.to_bits().checked_add_signed(step.into()).map(|bits| IpAddr::V6(bits.into())),
            };
            all.extend(moved);
        }
    };
    near("198.51.100.1".parse().unwrap());
    near("2001:db8::1".parse().unwrap());
    for rule in rules(cluster) {
        let Peers::AnyOf(peers) = &rule.peers else { continue };
        for peer in peers {
            let PeerKind::IpBlock(block) = &peer.kind else { continue };
            for net in std::iter::once(&block.cidr).chain(&block.except) {
                near(net.network());
                near(net.broadcast());
            }
        }
    }
    let known = cluster.workloads.iter().flat_map(|workload| &workload.addresses);
    all.extend(known.copied());
    all.into_iter().collect()
}

/// The ends that one end of the matrix stands for, with every address that can matter.
fn meant(cluster: &Cluster, end: &End, all: &[IpAddr]) -> Vec<End> {
    let world = world();
    let with = |address: &IpAddr| match end {
        End::Pod(pod) => End::Pod(PodEnd { address: *address, ..pod.clone() }),
        _ => End::External(*address),
    };
    // What stands for the cluster's DNS is declared nowhere.
    let exists = |end: &End| match end {
        End::Pod(pod) if pod.workload.is_none() => !legal::is_owned(cluster, pod.address),
        _ => legal::end(cluster, &world, end),
    };
    all.iter().map(with).filter(exists).collect()
}

/// Whether some, and whether every flow passes between these on this port; none where there is no flow.
fn judged(
    cluster: &Cluster,
    options: &Options,
    pairs: &[(&End, &End)],
    protocol: Protocol,
    port: u16,
) -> Option<(bool, bool)> {
    let (mut some, mut every) = (false, true);
    for (source, destination) in pairs {
        let flow = Flow { source: (*source).clone(), destination: (*destination).clone(), protocol, port };
        let passes = verdict(cluster, options, &flow).0 == Verdict::Allowed;
        (some, every) = (some || passes, every && passes);
    }
    (!pairs.is_empty()).then_some((some, every))
}

/// One cluster, every cell.
fn check(cluster: &Cluster, options: &Options, tally: &Tally) -> TestCaseResult {
    let mut matrix = Matrix::new(asked(cluster, *options)).unwrap();
    let (ports, all) = (ports(cluster), addresses(cluster));
    let ends: Vec<_> = (0..matrix.ends().len()).map(|at| matrix.representative(at).unwrap()).collect();
    let meant: Vec<Vec<End>> = ends.iter().map(|end| meant(cluster, end, &all)).collect();
    let kinds: Vec<_> = matrix.ends().iter().map(|end| end.kind.clone()).collect();
    for from in 0..ends.len() {
        let row = matrix.row(from);
        if !row.is_sorted_by_key(|reach| reach.to) {
            return Err(fail("a row is out of order"));
        }
        for to in 0..ends.len() {
            let cell =
                row.iter().find(|reach| reach.to == to).map_or_else(Cell::default, |reach| matrix.cell(reach.cell));
            let outside = |at: usize| matches!(kinds[at], EndKind::External { .. });
            if kinds[from] == EndKind::Dns || outside(from) && outside(to) {
                if cell != Cell::default() {
                    return Err(fail("a cell that means nothing"));
                }
                continue;
            }
            // Each address outside the cluster has to fare as its class does.
            let (sources, destinations) = (parts(&kinds[from], &meant[from]), parts(&kinds[to], &meant[to]));
            for (sources, destinations) in
                sources.iter().flat_map(|one| destinations.iter().map(move |other| (one, other)))
            {
                let pairs: Vec<(&End, &End)> = sources
                    .iter()
                    .flat_map(|source| destinations.iter().map(move |destination| (*source, *destination)))
                    .filter(|(source, destination)| legal::pair(cluster, source, destination))
                    .collect();
                compare(
                    cluster,
                    options,
                    &Compared { cell: &cell, pairs: &pairs, ports: &ports, dns: kinds[to] == EndKind::Dns },
                    tally,
                )?;
            }
        }
    }
    tally.add(
        "with classes of addresses",
        usize::from(kinds.iter().filter(|kind| matches!(kind, EndKind::External { .. })).count() > 1),
    );
    Ok(())
}

/// All that one end means together; each address outside the cluster apart.
fn parts<'a>(kind: &EndKind, meant: &'a [End]) -> Vec<Vec<&'a End>> {
    match kind {
        EndKind::External { ranges, .. } => {
            let is_in = |end: &&End| {
                ranges.iter().any(|range| {
                    range.first <= end.address()
                        && end.address() <= range.last
                        && range.first.is_ipv4() == end.address().is_ipv4()
                })
            };
            meant.iter().filter(is_in).map(|end| vec![end]).collect()
        }
        EndKind::Workload(_) | EndKind::Dns => vec![meant.iter().collect()],
    }
}

struct Compared<'a> {
    cell: &'a Cell,
    pairs: &'a [(&'a End, &'a End)],
    ports: &'a BTreeSet<u16>,
    dns: bool,
}

fn compare(cluster: &Cluster, options: &Options, compared: &Compared<'_>, tally: &Tally) -> TestCaseResult {
    let Compared { cell, pairs, ports, dns } = compared;
    for protocol in Protocol::SPOKEN {
        for port in *ports {
            let Some((some, every)) = judged(cluster, options, pairs, protocol, *port) else { continue };
            let is_dns = !dns || (*port == 53 && protocol != Protocol::Sctp);
            let expected = (some && is_dns, some && !every && is_dns);
            let said = (has(&cell.allowed, protocol, *port), has(&cell.if_address, protocol, *port));
            if said != expected {
                return Err(fail(format!(
                    "{protocol}/{port}: the matrix says {said:?}, eval {expected:?}: {pairs:#?}"
                )));
            }
            tally.add(if some { "open" } else { "closed" }, 1);
            tally.add("by address", usize::from(some && !every));
            tally.add("flows judged", pairs.len());
        }
    }
    Ok(())
}

/// Blocks of few addresses, which two pods cannot share, and blocks of many.
const BLOCKS: Words = Words {
    blocks: &[
        ("0.0.0.0/0", &["10.0.0.0/8"]),
        ("10.0.0.1/32", &[]),
        ("10.0.0.0/31", &["10.0.0.0/32"]),
        ("10.0.0.0/30", &["10.0.0.1/32"]),
        ("fd00::8/125", &[]),
        ("::/0", &[]),
    ],
    policies: 4,
    rules: 2,
    workloads: 3,
    ..FEW
};

/// Everything in one namespace, where policies and pods meet; half of the peers are blocks.
fn crowded(words: Words) -> BoxedStrategy<Cluster> {
    let blocks: Vec<_> = words.blocks.iter().map(|(cidr, except)| block(cidr, except)).collect();
    (cluster(words), vec(option::of(select(blocks)), 16))
        .prop_map(|(mut cluster, blocks)| {
            let mut blocks = blocks.into_iter().cycle();
            let crowd = |policy: &mut Policy| {
                policy.namespace = "a".to_owned();
                let rules = policy.ingress.iter_mut().chain(&mut policy.egress).flatten();
                for peer in rules
                    .flat_map(|rule| if let Peers::AnyOf(peers) = &mut rule.peers { &mut peers[..] } else { &mut [] })
                {
                    if let Some(block) = blocks.next().flatten() {
                        peer.kind = PeerKind::IpBlock(block);
                    }
                }
            };
            cluster.policies.edit(|all| {
                all.iter_mut().for_each(crowd);
                all.sort_by_key(|policy| policy.name.clone());
            });
            cluster.workloads.edit(|all| {
                all.iter_mut().for_each(|workload| workload.namespace = "a".to_owned());
                all.sort_by_key(|workload| workload.name.clone());
            });
            cluster
        })
        .boxed()
}

fn block(cidr: &str, except: &[&str]) -> IpBlock {
    IpBlock { cidr: cidr.parse().unwrap(), except: except.iter().map(|one| one.parse().unwrap()).collect() }
}

/// A plugin with any choices, whose blocks see pods more often than not.
fn plugin() -> BoxedStrategy<Options> {
    let seeing = options().prop_map(|options| Options { ipblock_matches: IpBlockMatches::All, ..options });
    prop_oneof![1 => options(), 2 => seeing].boxed()
}

#[test]
fn every_cell_is_what_the_reference_semantics_says() {
    let trial = Trial { name: "matrix", file: file!(), seed: 1, cases: 80 };
    let clusters = prop_oneof![1 => cluster(FEW), 3 => crowded(BLOCKS)];
    let tally = trial.run(&(clusters, plugin()), |(cluster, options), tally| check(&cluster, &options, tally));
    assert!(tally.of("open") > 1_000 && tally.of("closed") > 1_000 && tally.of("by address") > 500);
    assert!(tally.of("with classes of addresses") > 20);
}

#[test]
fn every_cell_is_right_where_more_policies_meet() {
    let trial = Trial { name: "matrix of many words", file: file!(), seed: 1, cases: 12 };
    let tally = trial.run(&(crowded(MANY), options()), |(cluster, options), tally| check(&cluster, &options, tally));
    assert!(tally.of("open") > 1_000 && tally.of("closed") > 1_000);
}

/// The flow that is shown for a cell is one that passes, and that can exist.
#[test]
fn every_example_passes() {
    let trial = Trial { name: "examples of cells", file: file!(), seed: 2, cases: 200 };
    let tally = trial.run(&(crowded(MANY), options(), any::<u16>()), |(cluster, options, pick), tally| {
        let mut matrix = Matrix::new(asked(&cluster, options)).unwrap();
        for from in 0..matrix.ends().len() {
            for reach in matrix.row(from) {
                let cell = matrix.cell(reach.cell);
                let ranges = &cell.allowed[usize::from(pick) % cell.allowed.len()];
                let (first, last) = ranges.ports[usize::from(pick) % ranges.ports.len()];
                let port = if pick % 2 == 0 { first } else { last };
                let Some(example) = matrix.example(from, reach.to, ranges.protocol, port) else {
                    return Err(fail(format!("no flow for {cell:?}")));
                };
                if verdict(&cluster, &options, &example).0 != Verdict::Allowed {
                    return Err(fail(format!("it does not pass: {example:#?}")));
                }
                if !legal::pair(&cluster, &example.source, &example.destination) {
                    return Err(fail(format!("it cannot exist: {example:#?}")));
                }
                tally.add("flows", 1);
            }
        }
        Ok(())
    });
    assert!(tally.of("flows") > 500);
}

/// The end of the matrix that a fact speaks about.
fn end_of(matrix: &Matrix<'_>, end: &End) -> Option<usize> {
    let is_it = |kind: &EndKind| match (kind, end) {
        (EndKind::Workload(index), End::Pod(pod)) => pod.workload == Some(*index),
        (EndKind::External { ranges, .. }, End::External(address)) => ranges.iter().any(|range| {
            range.first <= *address && *address <= range.last && range.first.is_ipv4() == address.is_ipv4()
        }),
        _ => false,
    };
    matrix.ends().iter().position(|end| is_it(&end.kind))
}

/// Whether the matrix says of the fact what it says itself; `None` where it is about nodes, or a pod and itself.
fn agrees(fact: &Fact) -> Option<bool> {
    let Fact { cluster, options, flow, allowed, .. } = fact;
    let mut matrix = Matrix::new(asked(cluster, *options)).unwrap();
    let (from, to) = (end_of(&matrix, &flow.source)?, end_of(&matrix, &flow.destination)?);
    if from == to || !Protocol::SPOKEN.contains(&flow.protocol) {
        return None;
    }
    let row = matrix.row(from);
    let cell = row.iter().find(|reach| reach.to == to).map_or_else(Cell::default, |reach| matrix.cell(reach.cell));
    let says = |ranges: &[Ranges]| has(ranges, flow.protocol, flow.port);
    // The pods of the cases have addresses of both families, and a fact is about one of them.
    Some(if *allowed { says(&cell.allowed) } else { !says(&cell.allowed) || says(&cell.if_address) })
}

#[test]
fn the_conformance_cases_hold() {
    for (file, count) in [("e2e.yaml", 656), ("edge.yaml", 181)] {
        let judged: Vec<_> = facts(file).into_iter().filter_map(|fact| Some((agrees(&fact)?, fact))).collect();
        println!("tried: {file}: {} facts", judged.len());
        assert_eq!(judged.len(), count, "{file}: those that are about nodes or one pod alone are left out");
        let wrong: Vec<_> = judged.iter().filter(|(agrees, _)| !agrees).map(|(_, fact)| fact).collect();
        let cases: Vec<_> = wrong.iter().map(|fact| &fact.case).collect();
        assert!(wrong.is_empty(), "{file}: {cases:?} {wrong:#?}");
    }
}

/// A port is in the cell of two workloads iff the solver refutes that the one cannot reach the other there, in a world of
/// declared pods and namespaces.
#[test]
fn a_cell_is_what_cannot_be_proved_closed() {
    let trial = Trial { name: "cells against the solver", file: file!(), seed: 4, cases: 40 };
    let tally = trial.run(&(crowded(BLOCKS), plugin()), |(cluster, options), tally| {
        let world = World { choices: Choice::all_of(&options), ..world() };
        let mut matrix = Matrix::new(asked(&cluster, options)).unwrap();
        let index = |kind: &EndKind| if let EndKind::Workload(index) = kind { Some(*index) } else { None };
        let workloads: Vec<usize> = matrix.ends().iter().filter_map(|end| index(&end.kind)).collect();
        for (from, source) in workloads.iter().enumerate() {
            let row = matrix.row(from);
            for (to, destination) in workloads.iter().enumerate() {
                let reach = row.iter().find(|reach| reach.to == to);
                let cell = reach.map_or_else(Cell::default, |reach| matrix.cell(reach.cell));
                for port in [80, 443, 8080] {
                    let item = PortItem { protocol: Protocol::Tcp, ports: PortMatch::Range(port, port) };
                    let ends = [source, destination].map(|index| Endpoint::Workload(*index));
                    let [first, second] = ends;
                    let flows = FlowSet::new(first, second, PortSet { items: vec![item] });
                    let claim = Claim::NoneCanReach(flows);
                    let job = Job { cluster: &cluster, world: &world, claim: &claim, allow_vacuous: false };
                    let outcome = decide(&job, Duration::from_secs(60)).unwrap();
                    let is_in = has(&cell.allowed, Protocol::Tcp, port);
                    let said = match &outcome {
                        Outcome::Refuted(_) => true,
                        Outcome::Proved(_) | Outcome::Vacuous => false,
                        other => return Err(fail(format!("no answer: {other:#?}"))),
                    };
                    if said != is_in {
                        return Err(fail(format!("{from} to {to}, {port}: {is_in} in the matrix, {outcome:#?}")));
                    }
                    tally.add(if said { "refuted" } else { "proved" }, 1);
                }
            }
        }
        Ok(())
    });
    assert!(tally.of("refuted") > 100 && tally.of("proved") > 100);
}

/// Every path of the graph, by trying all.
fn every_path(graph: &[Vec<usize>], from: usize, to: usize, last: usize) -> BTreeSet<Vec<usize>> {
    let mut found = BTreeSet::new();
    let mut open = vec![vec![from]];
    while let Some(path) = open.pop() {
        let end = path[path.len() - 1];
        for next in &graph[end] {
            let longer = [path.as_slice(), &[*next]].concat();
            // An earlier end that leads here as well makes what lies between superfluous.
            if path[..path.len() - 1].iter().any(|earlier| graph[*earlier].contains(next)) {
                continue;
            }
            if *next == to {
                found.insert(longer);
            } else if *next < last && *next != from && !path.contains(next) {
                open.push(longer);
            }
        }
    }
    found
}

#[test]
fn paths_are_all_there_are_the_shortest_first() {
    let trial = Trial { name: "paths", file: file!(), seed: 3, cases: 300 };
    let tally = trial.run(&(cluster(MANY), options()), |(cluster, options), tally| {
        let mut matrix = Matrix::new(asked(&cluster, options)).unwrap();
        let count = matrix.ends().len();
        let workloads = matrix.ends().iter().filter(|end| matches!(end.kind, EndKind::Workload(_))).count();
        // What hangs on addresses is tried elsewhere: here every step is a step.
        let mut hangs = false;
        let mut graph = Vec::new();
        for from in 0..count {
            let row = matrix.row(from);
            hangs |= row.iter().any(|reach| !matrix.cell(reach.cell).if_address.is_empty());
            graph.push(row.iter().map(|reach| reach.to).collect::<Vec<_>>());
        }
        if hangs {
            return Ok(());
        }
        for (from, to) in (0..count).flat_map(|from| (0..count).map(move |to| (from, to))) {
            let wanted = Wanted { from: vec![from], to: vec![to], ports: PortSet::default(), most: 1_000 };
            let found = matrix.paths(&wanted).unwrap();
            let named = |path: &Vec<Step>| {
                path.iter().map(|step| step.from).chain(path.last().map(|step| step.to)).collect::<Vec<_>>()
            };
            let names: Vec<Vec<usize>> = found.paths.iter().map(named).collect();
            let expected = every_path(&graph, from, to, workloads);
            if found.more || names.iter().cloned().collect::<BTreeSet<_>>() != expected || names.len() != expected.len()
            {
                return Err(fail(format!("{from} to {to}: {names:?}, and by trying all {expected:?} of {graph:?}")));
            }
            if !names.is_sorted_by_key(Vec::len) {
                return Err(fail(format!("not the shortest first: {names:?}")));
            }
            tally.add("of several steps", names.iter().filter(|path| path.len() > 2).count());
            tally.add("none", usize::from(names.is_empty()));
        }
        Ok(())
    });
    assert!(tally.of("of several steps") > 200 && tally.of("none") > 200);
}
