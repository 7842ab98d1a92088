//! `netverify query`: yes and no, and what shows it.
//!
//! The words are held by snapshots: `INSTA_UPDATE=always cargo test --test query`, then read the difference.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::fmt::Write as _;
use std::process::Command;

const SHOP: &[&str] = &["-m", "tests/explain/shop.yaml"];
const CLUSTER: &[&str] = &["-m", "specs/rag/cluster.yaml"];
const REPAIRED: &[&str] = &["-m", "specs/rag/cluster.yaml", "-m", "specs/rag/policies"];
const EIGHT: &[&str] = &["-m", "specs/eight-policies/cluster.yaml"];
const PUBLISHED: &[&str] = &["-m", "specs/rag/cluster.yaml", "-m", "specs/rag-as-published"];

/// Exit code, standard output and standard error.
fn query(question: &str, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_netverify"))
        .args(["query", question])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("COLUMNS")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn page(questions: &[(&str, &[&str])], wanted: i32) -> String {
    let mut page = String::new();
    for (question, manifests) in questions {
        let (code, out, err) = query(question, manifests);
        assert_eq!(code, wanted, "{question}: {err}");
        writeln!(page, "== {question}\n{err}{out}").unwrap();
    }
    page
}

#[test]
fn questions_are_answered() {
    let questions = [
        ("can chat-ui reach vector-db:6333?", PUBLISHED),
        ("can every rag-api reach vector-db:6333", PUBLISHED),
        ("can all pods in ml-ops reach vector-db:6333", PUBLISHED),
        ("can external reach chat-ui", PUBLISHED),
        ("is every pod in ai-platform isolated for egress", PUBLISHED),
        ("Is vector-db isolated for ingress and egress?", PUBLISHED),
        ("can web reach service shop/orders:80", SHOP),
        ("can some pod in ops reach orders", SHOP),
        // Answered for the plugin that lets least through: R22 and R28.
        ("can every back reach open:80", SHOP),
        ("can every caller reach named:http", SHOP),
        // Answered for the plugin that lets most through.
        ("can back reach open:80", SHOP),
        ("is open isolated for ingress", SHOP),
        ("can only chat-ui reach rag-api:8000", PUBLISHED),
        ("can only external reach kube-system/coredns:53/SCTP", REPAIRED),
        ("can only rag-api reach vector-db?", REPAIRED),
        ("is policy allow-dns subsumed by policy deny-egress", PUBLISHED),
        ("is policy deny-egress subsumed by policy allow-dns", PUBLISHED),
        ("is policy deny-all redundant", PUBLISHED),
        ("is policy chat-ui-calls-rag-api disjoint from policy rag-api-admits-chat-ui", REPAIRED),
        ("is policy default-deny equivalent to policy allow-dns", REPAIRED),
        ("do policies specs/rag-as-published permit no more than policies specs/rag/policies", CLUSTER),
        (
            "do policies specs/rag-as-published/01* permit no more than policies 'specs/rag-as-published/0[12]*'",
            CLUSTER,
        ),
        ("are policies specs/rag/policies equivalent to policies specs/rag-as-published", CLUSTER),
        ("are policies specs/eight-policies/05-and.yaml equivalent to policies specs/eight-policies/06-or.yaml", EIGHT),
    ];
    insta::assert_snapshot!("answers", page(&questions, 0));
}

/// Which of two workloads is shown is up to the solver, so that no snapshot holds it.
#[test]
fn a_yes_shows_the_flow_and_the_lines() {
    let (code, out, _) = query("can anything outside ai-platform reach ai-platform/vector-db:6333", PUBLISHED);
    assert_eq!(code, 0);
    let lines: Vec<_> = out.lines().collect();
    assert!(lines.first().unwrap().starts_with("yes: "), "{out}");
    assert!(out.contains("flow: pod ml-ops/"), "{out}");
    assert!(out.contains("because: ai-platform/allow-ml-ops ingress[0].from[0]"), "{out}");
}

#[test]
fn questions_that_are_none() {
    let questions = [
        ("nothing can reach vector-db", PUBLISHED),
        ("kan chat-ui reach vector-db", PUBLISHED),
        ("can chat-ui raech vector-db", PUBLISHED),
        ("can nothing reach vector-db", PUBLISHED),
        ("can chat-ui and rag-api reach vector-db", PUBLISHED),
        ("is policy deny-all subsumed by policy deny-ingress", PUBLISHED),
        ("do policies specs/rag permit no more than policies specs/rag/../rag", &[]),
        ("do policies specs/rag permit no more than policies specs/rog", &[]),
        ("are policies specs/rag/cluster.yaml equivalent to policies specs/rag/policies", &[]),
        ("are policies specs/rag/policies/0*x.yaml equivalent to policies specs/rag/policies", CLUSTER),
        ("is external isolated for ingress", PUBLISHED),
        ("can anything outside ai-platfrom reach vector-db", PUBLISHED),
        ("can external reach vector-db:6333 please", PUBLISHED),
        ("", PUBLISHED),
        // No pod declares the name, and a pod that does not yet exist cannot be this workload.
        ("can web reach orders:grpc", SHOP),
        ("can web reach orders", &[]),
    ];
    insta::assert_snapshot!("faults", page(&questions, 2));
}

#[test]
fn no_time_is_no_answer() {
    let (code, out, _) = query("can chat-ui reach vector-db", &[PUBLISHED, &["--timeout", "0.001"]].concat());
    // A fast machine decides even so.
    assert!(code == 3 && out.starts_with("unknown: ") || code == 0, "{code} {out}");
}

#[test]
fn the_json_form_keeps_its_shape() {
    let (code, out, _) = query("can chat-ui reach vector-db:6333", &[PUBLISHED, &["--format", "json"]].concat());
    assert_eq!(code, 0);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let long = "[the explanation of a flow]";
    insta::assert_json_snapshot!("json", report, { ".netverify" => "[version]", ".z3" => "[version]", ".denied" => long });
    assert_eq!(report["denied"]["allowed"], false);
}
