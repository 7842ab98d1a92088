//! `netverify explain`: what is said about one flow, rule by rule, and about ends that are none.
//!
//! The words are held by snapshots: `INSTA_UPDATE=always cargo test --test explain`, then read the difference.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::fmt::Write as _;
use std::process::Command;

const MANIFESTS: &str = "tests/explain/shop.yaml";

/// Exit code, standard output and standard error.
fn explain(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_netverify"))
        .arg("explain")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("COLUMNS")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn page(cases: &[(&str, &str, &str)], wanted: i32) -> String {
    let mut page = String::new();
    for (name, from, to) in cases {
        let (code, out, err) = explain(&[from, to, "-m", MANIFESTS]);
        assert_eq!(code, wanted, "{name}: {err}");
        writeln!(page, "== {name}: {from} -> {to}\n{err}{out}").unwrap();
    }
    page
}

#[test]
fn flows_that_pass() {
    let cases = [
        ("by a rule", "web", "orders:8080"),
        ("a named port", "web", "orders:http"),
        ("a Service, with its port translated", "web", "service shop/orders:80"),
        ("an open pod", "web", "open:80"),
        ("from outside to an open pod", "203.0.113.7", "open:80"),
        ("from outside by a block", "198.51.100.9", "front:443"),
        ("a pod that is not there yet", "pods with app=web in shop", "orders:8080"),
        ("a pod to itself", "single", "single:80"),
    ];
    insta::assert_snapshot!("passes", page(&cases, 0));
}

#[test]
fn flows_that_do_not_pass() {
    let cases = [
        ("other labels", "back", "orders:8080"),
        ("no such label", "pods in shop", "orders:8080"),
        ("another namespace", "pods with app=web in ops", "orders:8080"),
        ("a new namespace", "pods with app=web in brand-new", "orders:8080"),
        ("no pod", "203.0.113.7", "orders:8080"),
        ("another protocol", "web", "orders:8080/UDP"),
        ("another port", "web", "orders:9"),
        ("a name for another number", "web", "named:81"),
        ("a name that is not declared", "web", "pods with app=named in shop:80"),
        ("a name outside the cluster", "caller", "203.0.113.7:80"),
        ("outside the block", "203.0.113.7", "front:443"),
        ("in an exception", "198.51.100.200", "front:443"),
        ("the other family", "2001:db8::1", "front:443"),
        ("an address that no manifest says", "web", "front:443"),
        ("an address that a manifest says", "single", "front:443"),
    ];
    insta::assert_snapshot!("denied", page(&cases, 0));
}

#[test]
fn an_address_inside_a_block_admits_a_pod() {
    let (code, out, _) = explain(&["inside", "front:443", "-m", MANIFESTS]);
    assert_eq!(code, 0);
    assert!(out.starts_with("allowed: "), "{out}");
    assert!(out.contains("Cilium does not (R22)"), "{out}");
}

#[test]
fn ends_that_are_none() {
    let cases = [
        ("an unknown workload", "wep", "orders:8080"),
        ("an unknown Service", "web", "service shop/order:80"),
        ("a port that the Service lacks", "web", "service shop/orders:8080"),
        ("a missing port", "web", "orders"),
        ("several ports", "web", "orders:8080,8081"),
        ("a range", "web", "orders:8080-8090"),
        ("a name that the pod lacks", "web", "orders:grpc"),
        ("a block", "10.0.0.0/8", "orders:8080"),
        ("a block as the destination", "web", "203.0.113.0/24:443"),
        ("an address with a bare IPv6 port", "web", "2001:db8::1:443"),
        ("two sources", "web or back", "orders:8080"),
        ("many pods", "pods with app in (web, back) in shop", "orders:8080"),
        ("pods anywhere", "pods with app=web", "orders:8080"),
        ("a port of the source", "web:80", "orders:8080"),
        ("everything", "anything", "orders:8080"),
        ("no address in common", "2001:db8::1", "single:80"),
    ];
    insta::assert_snapshot!("faults", page(&cases, 2));
    let (code, _, err) = explain(&["web", "orders:8080"]);
    assert_eq!(code, 2);
    assert!(err.contains("explain needs manifests"), "{err}");
}

#[test]
fn the_json_form_keeps_its_shape() {
    let (code, out, _) = explain(&["back", "orders:8080", "-m", MANIFESTS, "--format", "json"]);
    assert_eq!(code, 0);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    insta::assert_json_snapshot!("json", report, { ".netverify" => "[version]" });
}
