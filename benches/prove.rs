//! How long the stages of a run take: reading, one property, a whole spec, and how a property's cost
//! grows with policies that do not matter to it.
//!
//! Times on a shared machine mean little; compare lines of one run.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark may stop at the first thing that is not as expected"
)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use netverify::plan::{Inputs, Plan};
use netverify::prove::{Prover, decide};
use netverify::source::SourceMap;

#[path = "support/memory.rs"]
mod memory;

fn inputs(spec: &str) -> Inputs {
    let path = format!("{}/specs/{spec}.toml", env!("CARGO_MANIFEST_DIR"));
    Inputs { specs: vec![path], ..Inputs::default() }
}

fn read(inputs: &Inputs) -> Plan {
    let plan = Plan::read(inputs, &mut SourceMap::default());
    assert!(!plan.has_errors(), "{:?}", plan.diagnostics);
    plan
}

fn shipped_specs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("shipped specs");
    for spec in ["rag", "rag-as-published", "eight-policies"] {
        let inputs = inputs(spec);
        group.bench_function(BenchmarkId::new("read", spec), |bench| bench.iter(|| black_box(read(&inputs))));
        let plan = read(&inputs);
        let prover = Prover::new(0, Duration::from_secs(60)).expect("threads");
        group.bench_function(BenchmarkId::new("prove", spec), |bench| {
            bench.iter(|| black_box(prover.prove(&plan.jobs()).unwrap()));
        });
    }
    group.finish();
}

/// Namespaces that have nothing to do with the question, each with a default deny and an opening.
fn bystanders(count: usize) -> String {
    let one = |number: usize| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: deny, namespace: team-{number}}}\n\
             spec: {{podSelector: {{}}, policyTypes: [Ingress]}}\n---\n\
             apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: open, namespace: team-{number}}}\n\
             spec: {{podSelector: {{matchLabels: {{app: web}}}}, ingress: [{{from: [{{namespaceSelector: {{matchLabels: {{team: t{number}}}}}}}]}}]}}\n---\n"
        )
    };
    (0..count / 2).map(one).collect()
}

fn bystanding_policies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one property among policies that do not matter");
    group.sample_size(10);
    for count in [10, 100, 1_000, 10_000] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cluster.yaml");
        std::fs::write(&path, bystanders(count)).unwrap();
        let inputs = Inputs {
            assertions: vec!["pods in team-1 cannot reach pods in team-0".to_owned()],
            manifests: vec![path.to_str().unwrap().to_owned()],
            ..Inputs::default()
        };
        let plan = read(&inputs);
        let jobs = plan.jobs();
        let job = jobs.first().unwrap();
        group.bench_function(BenchmarkId::new("decide", count), |bench| {
            bench.iter(|| black_box(decide(job, Duration::from_secs(60)).unwrap()));
        });
    }
    group.finish();
}

criterion_group!(benches, shipped_specs, bystanding_policies);
criterion_main!(benches);
