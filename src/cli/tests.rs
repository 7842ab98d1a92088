//! What a user sees when the two semantics disagree. In unit tests, and in these alone, the symbolic
//! semantics overlooks every policy called `seeded-fault` (see `symbolic::slice`).

use std::ffi::OsString;
use std::fmt::Write as _;

use super::{ExitCode, Streams, run};

const MANIFESTS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: orders-db, namespace: shop, labels: {app: orders-db}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: seeded-fault, namespace: shop}
spec:
  podSelector: {matchLabels: {app: orders-db}}
  ingress:
  - from:
    - podSelector: {matchLabels: {app: orders}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: any-way-out, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - {}
";

fn ran(arguments: &[&str], folder: &std::path::Path) -> (ExitCode, String) {
    let manifests = folder.join("shop.yaml");
    std::fs::write(&manifests, MANIFESTS).unwrap();
    let tail = ["-m", manifests.to_str().unwrap()];
    let arguments: Vec<OsString> = ["netverify"].iter().chain(arguments).chain(&tail).map(OsString::from).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams =
        Streams { out: &mut out, err: &mut err, out_colour: false, err_colour: false, width: 120, err_terminal: false };
    let code = run(&arguments, &mut streams).unwrap();
    let text = String::from_utf8([out, err].concat()).unwrap();
    (code, text.replace(&format!("{}/", folder.display()), ""))
}

#[test]
fn a_disagreement_shows_both_sides_and_ends_with_4() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for arguments in [
        ["prove", "--assert", "nothing outside shop can reach shop/orders-db:5432"].as_slice(),
        &["prove", "--exit-zero", "--assert", "every pod with app=orders-db in shop is isolated for ingress"],
        &["prove", "--format", "json", "--assert", "nothing outside shop can reach shop/orders-db:5432"],
        &["prove", "--assert", "some pods with app=web in shop can reach shop/orders-db:5432"],
        &["query", "can anything outside shop reach shop/orders-db:5432"],
    ] {
        let (code, said) = ran(arguments, folder.path());
        writeln!(text, "== {}: exit {}\n{said}", arguments.join(" "), code as i32).unwrap();
        assert_eq!(code, ExitCode::Disagreement, "{said}");
    }
    insta::with_settings!({
        snapshot_path => "../../tests/snapshots",
        prepend_module_to_snapshot => false,
        filters => [
            (r", \d+ ms, Z3 [\d.]+", ", [time], Z3 [version]"),
            (r#""(elapsed_ms|elapsed_us)": \d+"#, r#""$1": 0"#),
            (r#""z3": "[\d.]+""#, r#""z3": "[version]""#),
            (r#""netverify": "[\d.]+""#, r#""netverify": "[version]""#),
        ],
    }, { insta::assert_snapshot!("disagreement", text) });
}
