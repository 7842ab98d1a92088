//! Writes a generated cluster as a folder of YAML, with a spec about it: `cargo run --example cluster -- WORKLOADS DIR
//! [SEED [PROPERTIES]]`; a property for every ten workloads where none is said.
//!
//! `make cluster N=1000 DIR=...` calls it. What the cluster looks like is said in `benches/support/cluster.rs`.

use std::error::Error;
use std::path::Path;

#[path = "../benches/support/cluster.rs"]
mod cluster;
#[path = "../benches/support/spec.rs"]
mod spec;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (workloads, folder, seed, properties) = match arguments.as_slice() {
        [workloads, folder] => (workloads, folder, "1", None),
        [workloads, folder, seed] => (workloads, folder, seed.as_str(), None),
        [workloads, folder, seed, properties] => (workloads, folder, seed.as_str(), Some(properties)),
        _ => return Err("write: cluster WORKLOADS DIR [SEED [PROPERTIES]]".into()),
    };
    let shape = cluster::Shape { workloads: number(workloads, "WORKLOADS")?, seed: number(seed, "SEED")? };
    let properties = properties.map_or(Ok(shape.workloads.div_ceil(10)), |text| number(text, "PROPERTIES"))?;
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
    std::fs::write(folder.join("netverify.toml"), spec::spec(shape, properties))?;
    Ok(())
}

fn number<T: std::str::FromStr>(text: &str, name: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{name} is a number, and not `{text}`"))
}
