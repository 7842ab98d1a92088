//! How long the matrix of a generated cluster takes, reading aside: what is prepared once, and all rows.
//!
//! Times on a shared machine mean little; compare lines of one run.

#![expect(clippy::unwrap_used, reason = "a benchmark may stop at the first thing that is not as expected")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use netverify::matrix::{Asked, Matrix};
use netverify::model::claim::PortSet;
use netverify::model::plugin::Plugin;
use netverify::model::workload::Cluster;

#[path = "support/cluster.rs"]
mod cluster;
#[path = "support/memory.rs"]
mod memory;
#[path = "support/written.rs"]
mod written;

fn asked(cluster: &Cluster) -> Asked<'_> {
    Asked {
        cluster,
        options: Plugin::Any.space().most,
        external: true,
        ports: PortSet::default(),
        told_ports: PortSet::default(),
        told_apart: Vec::new(),
    }
}

fn matrices(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matrix");
    group.sample_size(10);
    for workloads in [10, 100, 1_000, 3_000] {
        let cluster = written::read(&written::write(workloads));
        group.bench_function(BenchmarkId::new("prepare", workloads), |bench| {
            bench.iter(|| black_box(Matrix::new(asked(&cluster)).unwrap().ends().len()));
        });
        group.bench_function(BenchmarkId::new("all rows", workloads), |bench| {
            bench.iter(|| {
                let mut matrix = Matrix::new(asked(&cluster)).unwrap();
                black_box((0..matrix.ends().len()).map(|from| matrix.row(from).len()).sum::<usize>())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, matrices);
criterion_main!(benches);
