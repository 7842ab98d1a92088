//! How the stages of a run grow with the cluster: reading it, the first property, further ones, one flow by the reference
//! semantics, the list of who can reach a workload, and a diff.
//!
//! What a cluster is said to have here are workloads; it has as many policies. `NETVERIFY_BENCH_LARGE=1` adds one of 100,000. Times on a shared machine mean little; compare lines of one run.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop at the first thing that is not as expected")]

use std::hint::black_box;
use std::net::IpAddr;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use netverify::classes::{self, Asked};
use netverify::diff;
use netverify::eval;
use netverify::model::claim::{Endpoint, FlowSet, PortSet};
use netverify::model::net::{End, Flow, PodEnd, Protocol};
use netverify::model::plugin::Plugin;
use netverify::model::workload::Cluster;
use netverify::model::world::World;
use netverify::plan::{Inputs, Plan};
use netverify::prove::{Prover, decide};
use netverify::source::SourceMap;

#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/memory.rs"]
mod memory;
#[path = "support/spec.rs"]
mod spec;
#[path = "support/written.rs"]
mod written;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// For what does not get much slower.
const LARGE: usize = 100_000;
/// Properties of the spec.
const FURTHER: usize = 20;
const PATIENCE: Duration = Duration::from_secs(60);

fn with_large() -> Vec<usize> {
    let large = std::env::var_os("NETVERIFY_BENCH_LARGE").map(|_| LARGE);
    SIZES.into_iter().chain(large).collect()
}

/// Ten samples, and no longer than they need.
fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group
}

fn plan(inputs: &Inputs) -> Plan {
    let plan = Plan::read(inputs, &mut SourceMap::default());
    assert!(!plan.has_errors(), "{:?}", plan.diagnostics);
    plan
}

/// Files to declared objects.
fn reading(criterion: &mut Criterion) {
    let mut group = group(criterion, "read");
    for workloads in with_large() {
        let files = cluster::files(cluster::Shape { workloads, seed: written::SEED });
        let bytes: usize = files.iter().map(|file| file.text.len()).sum();
        group.throughput(Throughput::Bytes(bytes as u64));
        let folder = written::write(workloads);
        group.bench_function(BenchmarkId::from_parameter(workloads), |bench| {
            bench.iter(|| black_box(written::read(&folder).policies.len()));
        });
    }
    group.finish();
}

/// One question about two namespaces, whatever else there is, from the slice to the answer. A cluster of ten has one team, and
/// is asked about the platform's namespace.
fn first_check(criterion: &mut Criterion) {
    let mut group = group(criterion, "encode and first check");
    for workloads in with_large() {
        let folder = written::write(workloads);
        let asker = if workloads > cluster::PLATFORM + cluster::TEAM { "team-0001" } else { "kube-system" };
        let plan = plan(&Inputs {
            assertions: vec![format!("pods in {asker} cannot reach pods in team-0000")],
            manifests: vec![folder.path().to_str().unwrap().to_owned()],
            ..Inputs::default()
        });
        let jobs = plan.jobs();
        let job = jobs.first().unwrap();
        group.bench_function(BenchmarkId::from_parameter(workloads), |bench| {
            bench.iter(|| black_box(decide(job, PATIENCE).unwrap()));
        });
    }
    group.finish();
}

/// Many questions to one thread that has its solver already.
fn further_checks(criterion: &mut Criterion) {
    let mut group = group(criterion, "further checks");
    group.throughput(Throughput::Elements(FURTHER as u64));
    for workloads in with_large() {
        let folder = written::write(workloads);
        let path = folder.path().join("netverify.toml");
        std::fs::write(&path, spec::spec(cluster::Shape { workloads, seed: written::SEED }, FURTHER)).unwrap();
        let plan = plan(&Inputs { specs: vec![path.to_str().unwrap().to_owned()], ..Inputs::default() });
        let prover = Prover::new(1, PATIENCE).unwrap();
        group.bench_function(BenchmarkId::from_parameter(workloads), |bench| {
            bench.iter(|| black_box(prover.prove(&plan.jobs()).unwrap().len()));
        });
    }
    group.finish();
}

/// What every counterexample goes through: one flow between declared workloads, with the trace.
fn replay(criterion: &mut Criterion) {
    let mut group = group(criterion, "replay");
    let options = Plugin::Any.space().most;
    for workloads in with_large() {
        let cluster = written::read(&written::write(workloads));
        let flow = Flow {
            source: end(&cluster, "team-0000/app-0-api", "10.0.0.1"),
            destination: end(&cluster, "team-0000/app-0-db", "10.0.0.2"),
            protocol: Protocol::Tcp,
            port: 5432,
        };
        group.bench_function(BenchmarkId::from_parameter(workloads), |bench| {
            bench.iter(|| black_box(eval::verdict(&cluster, &options, black_box(&flow))));
        });
    }
    group.finish();
}

fn index(cluster: &Cluster, name: &str) -> usize {
    cluster.workloads.iter().position(|workload| format!("{}/{}", workload.namespace, workload.name) == name).unwrap()
}

/// A pod of the declared workload.
fn end(cluster: &Cluster, name: &str, address: &str) -> End {
    let index = index(cluster, name);
    let workload = cluster.workloads.get(index).unwrap();
    End::Pod(PodEnd {
        namespace: cluster.namespaces.get(&workload.namespace).unwrap().namespace.clone(),
        name: workload.name.clone(),
        labels: workload.labels.clone(),
        ports: workload.ports.clone(),
        address: address.parse::<IpAddr>().unwrap(),
        node: None,
        host_network: false,
        workload: Some(index),
    })
}

fn who_can_reach(criterion: &mut Criterion) {
    let mut group = group(criterion, "who can reach");
    let world = World::default();
    for workloads in with_large() {
        let cluster = written::read(&written::write(workloads));
        let target = Endpoint::Workload(index(&cluster, "team-0000/app-0-db"));
        let flows = FlowSet::new(Endpoint::Anything, target, PortSet::default());
        let prover = Prover::new(1, PATIENCE).unwrap();
        group.bench_function(BenchmarkId::from_parameter(workloads), |bench| {
            bench.iter(|| {
                let list = classes::list(&prover, &cluster, &world, &flows, Asked::Sources).unwrap();
                black_box(list.classes.len())
            });
        });
    }
    group.finish();
}

/// The cluster against itself without one policy, reading aside.
fn a_diff(criterion: &mut Criterion) {
    let mut group = group(criterion, "diff");
    let world = World::default();
    for workloads in with_large() {
        let old = written::read(&written::write(workloads));
        let mut new = old.clone();
        new.policies.edit(|policies| {
            let at = policies.iter().position(|one| one.namespace == "team-0000" && one.name.contains("from-gateway"));
            policies.remove(at.unwrap())
        });
        let prover = Prover::new(1, PATIENCE).unwrap();
        group.bench_function(BenchmarkId::from_parameter(workloads), |bench| {
            bench.iter(|| {
                let merged = diff::merge(&old, &new, ["old", "new"]);
                let found = diff::diff(&prover, &merged, &world).unwrap();
                black_box(found.opened.classes.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, reading, first_check, further_checks, replay, who_can_reach, a_diff);
criterion_main!(benches);
