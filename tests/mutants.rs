//! The list of one-line mistakes that `make mutants` makes is about the code and the tests as they stand.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The Rust files below a folder.
fn sources(folder: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = walkdir::WalkDir::new(root.join(folder)).into_iter().map(|entry| entry.unwrap().into_path());
    let rust = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_mistake_can_be_made_and_has_its_test() {
    let list: toml::Table = read("tests/mutants/list.toml").parse().unwrap();
    let mutants = list["mutant"].as_array().unwrap();
    assert!(mutants.len() >= 60, "only {} mistakes", mutants.len());
    let (unit, integration) = (sources("src"), sources("tests"));
    let mut names = BTreeSet::new();
    let mut faults = Vec::new();
    for mutant in mutants {
        let field = |name: &str| mutant[name].as_str().unwrap();
        let name = field("name");
        let places = read(field("file")).matches(field("was")).count();
        if places != 1 {
            faults.push(format!("{name}: its line stands {places} times in {}", field("file")));
        }
        let (binary, test) = field("test").split_once(' ').unwrap();
        let function = format!("fn {}(", test.rsplit("::").next().unwrap());
        let holds = |files: &[String]| files.iter().any(|text| text.contains(&function));
        let exists = if binary == "lib" { holds(&unit) } else { holds(&integration) };
        if !exists
            || !(binary == "lib" || Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{binary}.rs")).is_file())
        {
            faults.push(format!("{name}: there is no test {binary} {test}"));
        }
        if !names.insert(name) || field("was") == field("becomes") || field("mistake").is_empty() {
            faults.push(format!("{name}: named twice, or no mistake"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
