//! A generated cluster as files in a folder of their own, and what the library reads from them.

use netverify::manifest::{self, ManifestPath, Settings};
use netverify::model::workload::Cluster;
use netverify::source::SourceMap;
use tempfile::TempDir;

use super::cluster::{self, Shape};

/// Which cluster of each size.
pub const SEED: u64 = 1;

/// The files of the cluster, as long as the folder lives.
pub fn write(workloads: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in cluster::files(Shape { workloads, seed: SEED }) {
        let path = folder.path().join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.text).unwrap();
    }
    folder
}

/// What is in the folder.
pub fn read(folder: &TempDir) -> Cluster {
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    let paths = [ManifestPath::new(folder.path().to_str().unwrap())];
    let objects = manifest::read(&paths, &Settings::default(), &mut sources, &mut faults);
    let cluster = manifest::assemble(&[&objects], &mut faults);
    assert!(faults.is_empty(), "{:?}", faults.first());
    cluster
}
