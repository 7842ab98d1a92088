//! The generator of clusters: one seed gives one cluster, of the size asked for, that is read without a fault.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../benches/support/cluster.rs"]
mod cluster;

use cluster::{Shape, files};
use netverify::manifest::{self, ManifestPath, Settings};
use netverify::model::workload::Cluster;
use netverify::source::SourceMap;

fn read(shape: Shape) -> Cluster {
    let folder = tempfile::tempdir().unwrap();
    for file in files(shape) {
        let path = folder.path().join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.text).unwrap();
    }
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    let paths = [ManifestPath::new(folder.path().to_str().unwrap())];
    let objects = manifest::read(&paths, &Settings::default(), &mut sources, &mut faults);
    let cluster = manifest::assemble(&[&objects], &mut faults);
    assert!(faults.is_empty(), "{:#?}", faults.first());
    cluster
}

#[test]
fn a_cluster_is_as_large_as_asked_for_and_nothing_in_it_is_at_fault() {
    for (workloads, seed) in [(10, 1), (100, 1), (333, 7), (1_000, 2)] {
        let cluster = read(Shape { workloads, seed });
        assert_eq!((cluster.workloads.len(), cluster.policies.len()), (workloads, workloads), "seed {seed}");
    }
}

#[test]
fn one_seed_gives_one_cluster() {
    let shape = Shape { workloads: 200, seed: 3 };
    assert_eq!(files(shape), files(shape));
    assert_ne!(files(shape), files(Shape { seed: 4, ..shape }));
    // Everything that a policy can say is said somewhere.
    let text: String = files(shape).into_iter().map(|file| file.text).collect();
    assert!(
        ["NotIn", "Exists", "DoesNotExist", "except", "endPort", "port: metrics"].iter().all(|one| text.contains(one))
    );
}
