//! Writes a generated cluster as a folder of YAML: `cargo run --example cluster -- WORKLOADS DIR [SEED]`.
//!
//! `make cluster N=1000 DIR=...` calls it. What the cluster looks like is said in `benches/support/cluster.rs`.

use std::error::Error;
use std::path::Path;

#[path = "../benches/support/cluster.rs"]
mod cluster;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (workloads, folder, seed) = match arguments.as_slice() {
        [workloads, folder] => (workloads, folder, "1"),
        [workloads, folder, seed] => (workloads, folder, seed.as_str()),
        _ => return Err("write: cluster WORKLOADS DIR [SEED]".into()),
    };
    let shape = cluster::Shape { workloads: number(workloads, "WORKLOADS")?, seed: number(seed, "SEED")? };
    let folder = Path::new(folder);
    // What is there already would be read as a part of the cluster.
    if folder.is_dir() && folder.read_dir()?.next().is_some() {
        return Err(format!("{} is not empty: name another folder", folder.display()).into());
    }
    for file in cluster::files(shape) {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, file.text)?;
    }
    Ok(())
}

fn number<T: std::str::FromStr>(text: &str, name: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{name} is a number, and not `{text}`"))
}
