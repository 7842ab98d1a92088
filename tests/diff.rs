//! `netverify diff`: what opens and what closes, as people and pipelines read it.
//!
//! The words are held by snapshots: `INSTA_UPDATE=always cargo test --test diff`, then read the difference. That
//! the lists are right is the business of tests/diff_brute_force.rs.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::fmt::Write as _;

#[path = "support/here.rs"]
mod here;
#[path = "support/schema.rs"]
mod schema;
use here::{Here, Ran, program, ran};

/// Runs from the top of the project.
fn diff(arguments: &[&str]) -> Ran {
    ran(program(&[&["diff"], arguments].concat()).output().unwrap())
}

fn step(number: usize) -> String {
    format!("specs/rag-as-published/0[1-{number}]*")
}

/// From one step of the article to another, over its workloads.
fn between(from: usize, to: usize, arguments: &[&str]) -> Ran {
    let (from, to) = (step(from), step(to));
    diff(&[&[from.as_str(), &to, "-m", "specs/rag/cluster.yaml"], arguments].concat())
}

#[test]
fn each_step_of_the_article() {
    let mut text = String::new();
    for number in 1..5 {
        let ran = between(number, number + 1, &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        writeln!(text, "{}", ran.out).unwrap();
    }
    let ran = diff(&["specs/rag-as-published", "specs/rag/policies", "-m", "specs/rag/cluster.yaml"]);
    writeln!(text, "{}", ran.out).unwrap();
    insta::assert_snapshot!("steps", text);
}

#[test]
fn each_format_says_the_same() {
    for format in ["json", "markdown", "github", "sarif", "junit"] {
        let ran = between(2, 3, &["--format", format]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{format}");
        let versions = vec![(r#""z3": "[0-9.]+""#, r#""z3": "[version]""#), (r"Z3 [0-9.]+", "Z3 [version]")];
        insta::with_settings!({filters => versions}, {
            insta::assert_snapshot!(format!("format-{format}"), ran.out);
        });
    }
}

/// Of `who-can-reach` as well: both have a schema of their own.
#[test]
fn json_is_what_its_schema_says() {
    let reach = ["who-can-reach", "vector-db", "-m", "specs/rag", "--format", "json"];
    for (what, json) in
        [("diff", between(2, 3, &["--format", "json"]).out), ("reach", ran(program(&reach).output().unwrap()).out)]
    {
        let schema = ran(program(&["schema", what]).output().unwrap()).out;
        let [schema, json] = [schema, json].map(|text| serde_json::from_str(&text).unwrap());
        assert_eq!(schema::errors(&schema, &json), "", "{what}");
    }
}

#[test]
fn a_gate_fails_on_what_it_is_told_to() {
    for (from, to, fail_on, code) in [
        (2, 3, "opened", 1),
        (2, 3, "closed", 0),
        (2, 3, "any", 1),
        (3, 2, "opened", 0),
        (3, 2, "closed", 1),
        (3, 2, "any", 1),
    ] {
        let ran = between(from, to, &["--fail-on", fail_on, "--quiet"]);
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{from} -> {to} --fail-on {fail_on}");
    }
}

const WEB: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, namespace: shop}\nspec:\n  \
    podSelector: {matchLabels: {app: web}}\n  ingress:\n  - from:\n    - namespaceSelector: {matchLabels: {team: web}}\n      \
    podSelector: {matchLabels: {app: front}}\n";

/// The policies stay as they are.
fn objects(team: &str, app: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{team: {team}}}}}\n---\n{}---\n{WEB}",
        [("web", "web"), ("front", app)].map(|(name, app)| format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, labels: {{app: {app}}}}}\nspec: {{containers: [{{name: a, image: a}}]}}\n"
        )).join("---\n")
    )
}

#[test]
fn a_change_of_labels_opens_and_closes_as_a_change_of_policies_does() {
    let (before, namespace, pod) = (objects("web", "front"), objects("back", "front"), objects("web", "other"));
    let reordered = WEB.replace("    - namespaceSelector: {matchLabels: {team: web}}\n      podSelector: {matchLabels: {app: front}}\n", "    - podSelector: {matchExpressions: [{key: app, operator: In, values: [front]}]}\n      namespaceSelector: {matchLabels: {team: web}}\n");
    let same = before.replace(WEB, &reordered);
    assert_ne!(before, same);
    let files =
        [("before.yaml", before.as_str()), ("namespace.yaml", &namespace), ("pod.yaml", &pod), ("same.yaml", &same)];
    let here = Here::with(&files);
    let mut text = String::new();
    for (old, new) in [("before", "namespace"), ("before", "pod"), ("pod", "before"), ("before", "same")] {
        let ran = here.run(&["diff", &format!("{old}.yaml"), &format!("{new}.yaml")]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        writeln!(text, "{}", ran.out).unwrap();
    }
    insta::assert_snapshot!("labels", text);
}

/// What both sides see as it is after the change is not proved to be the same, and a gate does not take it for that.
#[test]
fn what_is_not_compared_is_said_and_stops_a_gate() {
    let named = WEB.to_owned() + "    ports: [{port: http}]\n";
    let pod = |spec: &str, port: u16| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{team: web}}}}\n---\napiVersion: v1\nkind: Pod\n\
            metadata: {{name: web, namespace: shop, labels: {{app: web}}}}\nspec: {{{spec}containers: [{{name: a, image: a, \
            ports: [{{name: http, containerPort: {port}}}]}}]}}\n---\n{named}"
        )
    };
    let here = Here::with(&[
        ("old.yaml", &pod("", 80)),
        ("port.yaml", &pod("", 5432)),
        ("host.yaml", &pod("hostNetwork: true, ", 80)),
        ("node.yaml", &pod("nodeName: n1, ", 80)),
    ]);
    let mut text = String::new();
    for (new, gate, code) in [("port", "opened", 3), ("host", "any", 3), ("node", "any", 0)] {
        let new = format!("{new}.yaml");
        let ran = here.run(&["diff", "old.yaml", &new, "--fail-on", gate]);
        assert_eq!((ran.code, ran.err.as_str()), (code, ""), "{new}");
        assert_eq!(here.run(&["diff", "old.yaml", &new]).code, 0);
        writeln!(text, "{}", ran.out).unwrap();
        for format in ["github", "markdown", "junit"] {
            let ran = here.run(&["diff", "old.yaml", &new, "--format", format]);
            assert_eq!(ran.out.to_lowercase().contains("not compared"), code == 3, "{format}: {}", ran.out);
        }
    }
    insta::assert_snapshot!("not-compared", text);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let nothing = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
    let here = Here::with(&[
        ("a/a.yaml", WEB),
        ("b.yaml", "kind: [\n"),
        ("c.yaml", WEB),
        ("nothing.yaml", nothing),
        ("no-more.yaml", nothing),
    ]);
    let mut text = String::new();
    for arguments in [
        &["diff", "a"][..],
        &["diff", "a", "a"],
        &["diff", "a", "./a/../a"],
        &["diff", "-", "-"],
        &["diff", "a", "missing"],
        &["diff", "a", "b.yaml"],
        &["diff", "nothing.yaml", "no-more.yaml"],
        &["diff", "a", "c.yaml", "--fail-on", "everything"],
        &["diff", "a", "c.yaml", "--output", "json=c.yaml"],
        &["diff", "a", "c.yaml", "--output", "json=missing/out.json"],
    ] {
        let ran = here.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        writeln!(text, "== {}\n{}", arguments.join(" "), ran.err).unwrap();
    }
    insta::assert_snapshot!("refused", text);
}
