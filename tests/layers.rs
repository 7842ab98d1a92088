//! The house's walls: which module may import which, and where each library may appear.
//!
//! `ARCHITECTURE.md` draws the same picture. A change that needs a new door changes both on purpose.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What each module of the library may import from the crate, itself aside.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("date", &[]),
    ("digest", &[]),
    ("diagnostic", &["source"]),
    ("error", &[]),
    ("plain", &[]),
    ("model", &["source"]),
    ("eval", &["model"]),
    ("matrix", &["model", "eval"]),
    ("symbolic", &["model", "error"]),
    ("describe", &["model"]),
    ("explain", &["model", "source", "diagnostic", "language", "eval"]),
    ("manifest", &["model", "source", "diagnostic"]),
    ("language", &["model", "source", "diagnostic"]),
    ("finding", &["model", "source"]),
    ("spec", &["model", "source", "date", "diagnostic", "finding", "language"]),
    ("property", &["model", "symbolic"]),
    ("outcome", &["model", "source", "eval"]),
    ("witness", &["model", "source", "eval", "outcome", "describe", "plain"]),
    ("vacuity", &["model", "eval", "describe"]),
    ("prove", &["model", "error", "eval", "symbolic", "property", "outcome", "witness", "matrix"]),
    ("cache", &["model", "error", "digest", "symbolic", "property", "outcome", "witness", "prove"]),
    ("classes", &["model", "error", "eval", "outcome", "describe", "property", "prove", "witness"]),
    ("diff", &["model", "eval", "prove", "classes"]),
    ("init", &["model", "source", "error", "eval", "describe", "language", "spec", "outcome", "prove", "plain"]),
    (
        "lint",
        &[
            "model",
            "source",
            "diagnostic",
            "error",
            "finding",
            "eval",
            "property",
            "outcome",
            "describe",
            "witness",
            "plain",
            "prove",
        ],
    ),
    ("plan", &["model", "source", "date", "diagnostic", "finding", "manifest", "language", "spec", "prove"]),
    (
        "report",
        &[
            "model",
            "source",
            "date",
            "diagnostic",
            "spec",
            "outcome",
            "eval",
            "describe",
            "matrix",
            "explain",
            "classes",
            "diff",
            "finding",
            "lint",
            "plan",
            "prove",
            "plain",
        ],
    ),
    (
        "review",
        &[
            "model", "source", "date", "digest", "error", "eval", "describe", "language", "outcome", "witness",
            "prove", "classes", "lint", "plan", "plain", "spec", "report",
        ],
    ),
];

/// Where a library may be named, as prefixes of paths below `src/`.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("z3", &["symbolic/", "symbolic.rs"]),
    ("granit_parser", &["manifest/yaml/"]),
    ("k8s_openapi", &["manifest/", "manifest.rs"]),
    ("clap", &["cli/", "cli.rs"]),
    ("signal_hook", &["cli/interrupt.rs"]),
    ("clap_complete", &["cli/manual.rs"]),
    ("clap_mangen", &["cli/manual.rs"]),
    ("quick_xml", &["report/junit.rs"]),
    ("tempfile", &["cli/file.rs", "cache/store.rs"]),
    ("minijinja", &["report/review/"]),
    ("sha2", &["digest.rs"]),
    ("mimalloc", &["main.rs"]),
    ("annotate_snippets", &["report/text.rs"]),
    ("fixedbitset", &["matrix/", "matrix.rs"]),
    ("rayon", &["prove.rs", "manifest/", "manifest.rs"]),
    ("toml", &["spec/", "spec.rs"]),
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Path below `src/` and the code, without comments and tests.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        (name, lines.collect::<Vec<_>>().join("\n"))
    };
    let is_test = |name: &str| name.ends_with("tests.rs") || name.ends_with("fixtures.rs");
    rust_files(&root).into_iter().map(read).filter(|(name, _)| !is_test(name)).collect()
}

fn module_of(path: &str) -> &str {
    path.split(['/', '.']).next().unwrap_or(path)
}

/// The modules named by `crate::x` and by `use crate::{x, y::z}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = code.get(at..).unwrap().trim_start_matches("crate::");
        let names = match rest.strip_prefix('{') {
            Some(group) => top_level(group),
            None => vec![rest.to_owned()],
        };
        for name in names {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            found.insert(name.trim().chars().take_while(|c| word(*c)).collect());
        }
    }
    found.remove("");
    found
}

/// The parts of `a::{b, c}, d}` that are separated by commas outside inner braces.
fn top_level(group: &str) -> Vec<String> {
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    parts
}

#[test]
fn imports_go_down_only() {
    let mut broken = Vec::new();
    for (path, code) in sources() {
        let module = module_of(&path);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else { continue };
        for import in imports(&code) {
            if import != module && !allowed.contains(&import.as_str()) {
                broken.push(format!("src/{path} imports crate::{import}, which {module} may not"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_module_has_its_place_in_the_table() {
    let top: BTreeSet<String> = sources().iter().map(|(path, _)| module_of(path).to_owned()).collect();
    let known: BTreeSet<String> = MAY_IMPORT.iter().map(|(name, _)| (*name).to_owned()).collect();
    let free = BTreeSet::from(["cli".to_owned(), "lib".to_owned(), "main".to_owned()]);
    let unknown: Vec<_> = top.difference(&known).filter(|name| !free.contains(*name)).collect();
    assert!(unknown.is_empty(), "say in MAY_IMPORT what these may import: {unknown:?}");
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut broken = Vec::new();
    for (path, code) in sources() {
        for (library, rooms) in LIBRARIES {
            let named = code.contains(&format!("{library}::"));
            if named && !rooms.iter().any(|room| path.starts_with(room)) {
                broken.push(format!("src/{path} names {library}, which belongs in {}", rooms.join(", ")));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in rust_files(&root) {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{} does not open with a //! line", path.display());
    }
}
