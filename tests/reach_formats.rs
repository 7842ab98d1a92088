//! `netverify matrix` and `netverify paths` as a user sees them: formats, filters, faults, sizes.
//!
//! The words are held by snapshots: `INSTA_UPDATE=always cargo test --test reach_formats`, then read the difference.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::fmt::Write as _;

#[path = "../benches/support/cluster.rs"]
mod cluster;
#[path = "support/here.rs"]
mod here;

use here::{Ran, program, ran};

const REPAIRED: &[&str] = &["-m", "specs/rag/cluster.yaml", "-m", "specs/rag/policies"];
const SHOP: &[&str] = &["-m", "tests/explain/shop.yaml"];

fn run(arguments: &[&[&str]]) -> Ran {
    ran(program(&arguments.concat()).env("COLUMNS", "80").output().unwrap())
}

fn shown(arguments: &[&[&str]]) -> String {
    let ran = run(arguments);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{arguments:?}");
    ran.out
}

#[test]
fn every_format_of_the_repaired_platform() {
    let matrix = |format| shown(&[&["matrix", "--format", format], REPAIRED]);
    insta::assert_snapshot!("text", matrix("text"));
    insta::assert_snapshot!("json", matrix("json").replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    insta::assert_snapshot!("csv", matrix("csv"));
    insta::assert_snapshot!("dot", matrix("dot"));
    insta::assert_snapshot!("svg", matrix("svg"));
    insta::assert_snapshot!("mermaid", matrix("mermaid"));
}

#[test]
fn a_part_of_the_matrix() {
    let mut page = String::new();
    let published = ["specs/rag-as-published.toml", "--variant", "step-3"];
    for arguments in [
        &["--focus", "vector-db"][..],
        &["--focus", "vector-db", "--direction", "ingress"],
        &["--focus", "vector-db", "--direction", "egress", "--format", "csv"],
        &["--focus", "pods in ml-ops or external", "--ports", "6333,53/UDP"],
        &["--focus", "10.0.0.0/8", "--ports", "http", "--direction", "egress"],
    ] {
        writeln!(page, "== {}\n{}", arguments.join(" "), shown(&[&["matrix"], &published, arguments])).unwrap();
    }
    insta::assert_snapshot!("parts", page);
}

/// Where a table is too wide, a list; with the DNS that nobody declares as a column.
#[test]
fn a_list_where_a_table_is_too_wide() {
    let wide = ran(program(&[&["matrix"], SHOP].concat()).env("COLUMNS", "64").output().unwrap());
    assert_eq!(wide.code, 0, "{}", wide.err);
    insta::assert_snapshot!("list", wide.out);
    assert!(wide.out.lines().filter(|line| !line.starts_with("assumes")).all(|line| line.chars().count() <= 64));
}

#[test]
fn paths_and_the_lines_that_open_them() {
    let mut page = String::new();
    for (arguments, code) in [
        (&["external", "vector-db:6333", "--max", "1"][..], 0),
        (&["pods in ml-ops", "vector-db:6334", "--plugin", "calico"], 0),
        (&["vector-db", "external:443", "--expect", "none"], 1),
        (&["vector-db", "rag-api:9", "--expect", "none"], 0),
        (&["vector-db", "rag-api:9", "--expect", "some"], 1),
        (&["rag-api", "drift-detector:443"], 0),
        (&["chat-ui or external", "vector-db:6333 or model-monitor:6333", "--max", "3"], 0),
    ] {
        let ran = run(&[&["paths"], arguments, REPAIRED]);
        assert_eq!(ran.code, code, "{arguments:?}");
        writeln!(page, "== {}\n{}{}", arguments.join(" "), ran.err, ran.out).unwrap();
    }
    insta::assert_snapshot!("paths", page);
    let json = shown(&[&["paths", "chat-ui", "vector-db:6333", "--format", "json"], REPAIRED]);
    insta::assert_snapshot!("paths_json", json.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

/// That there is no path is not said while nobody says which labels a namespace has.
#[test]
fn no_path_is_expected_only_where_all_labels_are_known() {
    let deployment = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: a, image: a}]}\n---\n\
        apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}}\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.yaml"), deployment).unwrap();
    let run = |expected: &[&str]| {
        let arguments = [&["paths", "external", "shop/web", "-m", "shop.yaml"], expected].concat();
        ran(program(&arguments).current_dir(folder.path()).output().unwrap())
    };
    assert_eq!(run(&[]).code, 0);
    let ran = run(&["--expect", "none"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(ran.err.contains("so that `--expect none` cannot be told"), "{}", ran.err);
}

#[test]
fn what_is_wrong_is_said() {
    let mut page = String::new();
    for arguments in [
        &["matrix"][..],
        &["matrix", "-m", "specs/none"],
        &["matrix", "-m", "specs/rag/cluster.yaml", "--focus", "vectr-db"],
        &["matrix", "-m", "specs/rag/cluster.yaml", "--focus", "ml-ops"],
        &["matrix", "-m", "specs/rag/cluster.yaml", "--ports", "99999"],
        &["matrix", "-m", "specs/rag/cluster.yaml", "--ports", "80/ICMP"],
        &["matrix", "-m", "specs/rag/cluster.yaml", "--format", "pdf"],
        &["matrix", "-m", "specs/rag/cluster.yaml", "--direction", "ingress"],
        &["matrix", "-m", "specs/rag/cluster.yaml", "--variant", "step-1"],
        &["matrix", "specs/rag-as-published.toml"],
        &["matrix", "specs/rag-as-published.toml", "--variant", "step-33"],
        &["matrix", "specs/rag.toml", "--plugin", "calcio"],
        &["paths", "vectr-db", "external", "-m", "specs/rag/cluster.yaml"],
        &["paths", "vector-db", "external:80 or chat-ui", "-m", "specs/rag/cluster.yaml"],
        &["paths", "vector-db:80", "external", "-m", "specs/rag/cluster.yaml"],
        &["paths", "node", "vector-db", "-m", "specs/rag/cluster.yaml"],
        &["paths", "pods with app=none in ml-ops", "vector-db:0", "-m", "specs/rag/cluster.yaml"],
        &["paths", "vector-db"],
    ] {
        let ran = run(&[arguments]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        writeln!(page, "== {}\n{}", arguments.join(" "), ran.err).unwrap();
    }
    insta::assert_snapshot!("faults", page);
}

/// What is not known, and what is left out, is said.
#[test]
fn what_is_taken_for_granted_is_said() {
    let workload = "apiVersion: v1\nkind: Pod\nmetadata: {name: agent, namespace: ops}\n\
        spec: {hostNetwork: true, containers: [{name: c, image: i}]}\n";
    let here = here::Here::with(&[("ops.yaml", workload)]);
    let ran = here.run(&["matrix", "-m", "ops.yaml"]);
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("here it is taken to have none but its name"), "{}", ran.err);
    for words in [
        "assumes: any network plugin: what one of them lets through is shown",
        "and none of pods on their nodes' network: 1 workload is left out",
        "assumes: no manifest declares ops: taken to have no label but the name",
    ] {
        assert!(ran.out.contains(words), "{}", ran.out);
    }
}

/// A drawing is XML, and says in words what it shows.
#[test]
fn the_drawing_is_well_formed() {
    let text = shown(&[&["matrix", "--format", "svg"], SHOP]);
    let mut reader = quick_xml::Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let (mut titles, mut depth) = (0, 0);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(tag) => {
                depth += 1;
                titles += usize::from(tag.name().as_ref() == b"title");
            }
            quick_xml::events::Event::End(_) => depth -= 1,
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    assert!(titles > 10, "every cell has its words: {titles}");
    assert!(text.contains("role=\"img\" aria-labelledby=\"title desc\"") && text.contains("<desc id=\"desc\">"));
}

/// Beyond what a person can read, namespaces stand for their workloads, and everybody is told.
#[test]
fn what_is_too_large_is_folded_or_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    for file in cluster::files(cluster::Shape { workloads: 260, seed: 1 }) {
        let path = folder.path().join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.text).unwrap();
    }
    let manifests = ["-m", folder.path().to_str().unwrap()];
    let text = shown(&[&["matrix"], &manifests]);
    assert!(text.starts_with("260 workloads are too many to show one by one"), "{text}");
    assert!(text.contains("\nmonitoring\n") && text.contains(" of 20 pairs -> team-0000"), "{text}");
    for format in ["svg", "dot", "mermaid"] {
        let ran = run(&[&["matrix", "--format", format], &manifests]);
        assert!(ran.err.contains("260 workloads are too many to show one by one"), "{format}: {}", ran.err);
        assert_eq!((ran.code, ran.out.is_empty()), (0, false), "{format}: {}", ran.err);
    }
    let one = shown(&[&["matrix", "--focus", "team-0000/app-0-api"], &manifests]);
    assert!(one.contains("team-0000/app-0-api") && !one.contains("too many"), "{one}");
    let json: serde_json::Value = serde_json::from_str(&shown(&[&["matrix", "--format", "json"], &manifests])).unwrap();
    let cells = json["cells"].as_array().unwrap();
    assert!(
        cells.len() > 300 && cells.iter().all(|cell| cell["allowed"].as_array().is_some_and(|all| !all.is_empty()))
    );
}

/// Everything is open where there are no policies, and a graph of it is more than a person can read.
#[test]
fn a_graph_with_too_many_arrows_is_refused() {
    let pod = |at: usize| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: pod-{at}, namespace: shop}}\nspec: {{containers: [{{name: c, image: i}}]}}\n---\n"
        )
    };
    let here = here::Here::with(&[("pods.yaml", &(0..60).map(pod).collect::<String>())]);
    for format in ["dot", "mermaid"] {
        let ran = here.run(&["matrix", "-m", "pods.yaml", "--format", format]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains("arrows are too many") && ran.err.contains("--focus NAME"), "{}", ran.err);
    }
}

/// A reader that goes away early, as `head` does, is no error.
#[test]
fn a_broken_pipe_ends_quietly() {
    let binary = env!("CARGO_BIN_EXE_netverify");
    let script = format!("'{binary}' matrix --format json -m specs/rag/cluster.yaml | head -c 10");
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
}
