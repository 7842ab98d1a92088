//! The shipped specs come out as they should: every property of every variant, row by row of
//! `tests/cases/expected-outcomes.tsv`, and the sentences of the running example one by one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first thing that is not as expected"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Spec, variant (`-` for none), property.
type Key = (String, String, String);

fn prove(spec: &str) -> (Value, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_netverify"))
        .args(["prove", &format!("specs/{spec}"), "--format", "json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{errors}"));
    (report, output.status.code().unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

fn outcomes(spec: &str) -> BTreeMap<Key, Value> {
    let (report, _) = prove(spec);
    let properties = report["properties"].as_array().unwrap().clone();
    let key = |one: &Value| (spec.to_owned(), text(&one["variant"]), text(&one["name"]));
    properties.into_iter().map(|one| (key(&one), one)).collect()
}

fn expected() -> BTreeMap<Key, String> {
    let table = include_str!("cases/expected-outcomes.tsv");
    let rows = table.lines().filter(|line| !line.starts_with('#')).skip(1);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let [spec, variant, property, outcome] = cells[..] else { panic!("not a row: {line}") };
        ((spec.to_owned(), variant.to_owned(), property.to_owned()), outcome.to_owned())
    };
    rows.map(row).collect()
}

#[test]
fn every_property_comes_out_as_the_table_says() {
    let expected = expected();
    let specs: BTreeSet<&String> = expected.keys().map(|(spec, _, _)| spec).collect();
    let found: BTreeMap<Key, String> = specs
        .into_iter()
        .flat_map(|spec| outcomes(spec))
        .map(|(key, property)| (key, text(&property["outcome"])))
        .collect();
    assert_eq!(found.len(), 151, "a property without a row, or a row without a property");
    let wrong: Vec<_> = expected.iter().filter(|(key, outcome)| found.get(key) != Some(outcome)).collect();
    assert!(wrong.is_empty() && expected.len() == found.len(), "{wrong:#?}");
}

#[test]
fn exit_codes_tell_the_whole_from_the_broken() {
    assert_eq!(prove("rag.toml").1, 0);
    assert_eq!(prove("rag-as-published.toml").1, 1);
    assert_eq!(prove("eight-policies.toml").1, 1);
}

#[test]
fn every_proof_of_the_repaired_platform_rests_on_a_policy() {
    for ((_, _, name), property) in outcomes("rag.toml") {
        let rests_on = property["rests_on"].as_array().unwrap();
        assert!(!rests_on.is_empty() || !property["witness"].is_null(), "{name} rests on nothing");
    }
}

fn published(variant: &str, name: &str) -> Value {
    let key = ("rag-as-published.toml".to_owned(), variant.to_owned(), name.to_owned());
    outcomes("rag-as-published.toml").remove(&key).expect("such a property")
}

#[test]
fn step_3_opens_the_database_to_any_namespace_labelled_ml_ops() {
    let property = published("step-3", "embeddings-stay-home");
    assert_eq!(property["sentence"], "nothing outside ai-platform can reach vector-db:6333");
    let case = &property["counterexample"];
    assert_eq!(case["source"]["namespace"], "ml-ops");
    assert_eq!(case["destination"]["namespace"], "ai-platform");
    assert_eq!((&case["protocol"], &case["port"]), (&Value::from("TCP"), &Value::from(6333)));
    assert_eq!(case["today"], true, "the declared ml-ops workloads can do it now");
    let workload = text(&case["source"]["workload"]);
    assert!(["Deployment ml-ops/model-monitor", "Deployment ml-ops/drift-detector"].contains(&workload.as_str()));
    let blame = &case["blames"][0];
    assert_eq!(blame["path"], "ingress[0].from[0]");
    assert_eq!(blame["at"]["file"], "specs/rag-as-published/03-allow-ml-ops.yaml");
    assert!(text(&blame["text"]).contains("any namespace labelled purpose=ml-ops"));
}

/// R36: through the Service port 6333 is port 80 of the pods; said of the pods it is nobody's, and a warning
/// names the port that is meant.
#[test]
fn the_lab_is_decided_on_the_ports_of_its_pods() {
    let property = published("lab-step-3", "embeddings-by-service");
    assert_eq!(property["outcome"], "refuted");
    assert_eq!(property["counterexample"]["port"], 80);
    let output = Command::new(env!("CARGO_BIN_EXE_netverify"))
        .args(["prove", "specs/rag-as-published.toml"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let warned = String::from_utf8_lossy(&output.stderr).into_owned();
    let of = |port: &str, target: &str| {
        warned.contains(&format!("no declared pod of the destination listens on port {port}/TCP"))
            && warned.contains(&format!("its port {port} leads to port {target} of the pods"))
    };
    assert!(of("6333", "80") && of("8000", "80") && of("3000", "80"), "{warned}");
    // Said of the Service they are no reason to warn.
    assert_eq!(warned.matches("warning[unserved-port]").count(), 3, "{warned}");
}

#[test]
fn users_are_locked_out_by_the_default_deny() {
    for step in ["step-1", "step-2", "step-3", "step-4", "step-5"] {
        let case = &published(step, "users-reach-the-chat")["counterexample"];
        assert_eq!(case["source"]["kind"], "external");
        assert_eq!(case["allowed"], false);
        let isolating: Vec<_> = case["blames"].as_array().unwrap().iter().map(|blame| text(&blame["policy"])).collect();
        assert!(isolating.contains(&"ai-platform/deny-all".to_owned()), "{step}: {isolating:?}");
        assert!(text(&case["enters"]).contains("deny-all"), "{step}");
    }
}

#[test]
fn one_dash_more_lets_a_pod_in_and_the_comparison_shows_it() {
    let key = ["eight-policies.toml", "compared", "not-more-with-one-dash-more"].map(str::to_owned);
    let property = outcomes("eight-policies.toml").remove(&key.into()).unwrap();
    let case = &property["counterexample"];
    assert_eq!(case["half"], "admission");
    assert_eq!(
        case["differs"],
        "backend/one-dash-more admits this for ingress, and backend/one-pod-of-a-namespace does not"
    );
    assert_eq!(case["today"], true, "the declared workloads of ml-ops do it now");
    assert_eq!(
        (&case["blames"][0]["part"], &case["blames"][1]["part"]),
        (&Value::from("admits"), &Value::from("lacks"))
    );
}

#[test]
fn dns_dies_at_step_4_by_the_egress_deny() {
    let case = &published("step-4", "names-resolve")["counterexample"];
    assert_eq!((&case["protocol"], &case["port"]), (&Value::from("UDP"), &Value::from(53)));
    assert_eq!(case["blames"][0]["direction"], "egress");
    assert_eq!(case["blames"][0]["part"], "isolates");
}
