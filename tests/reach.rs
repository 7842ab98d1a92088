//! `netverify who-can-reach` and `what-can-be-reached-from`: lists of classes, as people read them.
//!
//! The words are held by snapshots: `INSTA_UPDATE=always cargo test --test reach`, then read the difference. That
//! the lists are right is the business of tests/classes.rs.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::fmt::Write as _;

#[path = "support/here.rs"]
mod here;
use here::{Here, program, ran};

fn page(lists: &[(&str, &str, &[&str])]) -> String {
    let mut page = String::new();
    for (command, end, manifests) in lists {
        let manifests: Vec<&str> = manifests.iter().flat_map(|path| ["-m", path]).collect();
        let ran = ran(program(&[&[*command, *end], manifests.as_slice()].concat()).output().unwrap());
        assert_eq!(ran.code, 0, "{command} {end}: {}", ran.err);
        writeln!(page, "== {command} {end} {}\n{}{}", manifests.join(" "), ran.err, ran.out).unwrap();
    }
    page
}

const CLUSTER: &str = "specs/rag/cluster.yaml";
const WHO: &str = "who-can-reach";
const WHAT: &str = "what-can-be-reached-from";

#[test]
fn the_database_at_each_step_of_the_article() {
    let steps =
        ["0[1]*", "0[12]*", "0[123]*", "0[1234]*", "0[12345]*"].map(|glob| format!("specs/rag-as-published/{glob}"));
    let mut lists: Vec<(&str, &str, Vec<&str>)> = vec![(WHO, "vector-db:6333", vec![CLUSTER])];
    lists.extend(steps.iter().map(|step| (WHO, "vector-db:6333", vec![CLUSTER, step.as_str()])));
    lists.push((WHO, "vector-db:6333", vec!["specs/rag"]));
    let lists: Vec<_> = lists.iter().map(|(command, end, paths)| (*command, *end, paths.as_slice())).collect();
    insta::assert_snapshot!("steps", page(&lists));
}

#[test]
fn both_ways_on_the_repaired_platform() {
    let rag: &[&str] = &["specs/rag"];
    insta::assert_snapshot!(
        "repaired",
        page(&[
            (WHO, "rag-api", rag),
            (WHO, "pods in ai-platform", rag),
            (WHO, "external", rag),
            (WHAT, "rag-api", rag),
            (WHAT, "external", rag),
            (WHAT, "pods in ml-ops", rag),
            (WHO, "service shop/orders:80", &["tests/explain/shop.yaml"]),
        ])
    );
}

#[test]
fn names_of_ports_and_blocks_are_said_as_they_are() {
    let corners: &[&str] = &["tests/reach/corners.yaml"];
    let text = page(&[(WHO, "pods in shop", corners), (WHO, "shop/web", corners), (WHAT, "shop/web", corners)]);
    // From which namespace such a pod comes is the solver's choice.
    let choice = vec![(r"plugins: pod [a-z-]+/<any name>", "plugins: pod [namespace]/<any name>")];
    insta::with_settings!({filters => choice}, { insta::assert_snapshot!("corners", text) });
}

#[test]
fn json_says_the_same() {
    let manifests = ["-m", CLUSTER, "-m", "specs/rag-as-published/0[123]*", "--format", "json"];
    let ran = ran(program(&[&[WHO, "vector-db:6333"], &manifests[..]].concat()).output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    insta::with_settings!({filters => vec![(r#""z3": "[0-9.]+""#, r#""z3": "[version]""#)]}, {
        insta::assert_snapshot!("json", ran.out);
    });
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let agent = "apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n---\napiVersion: v1\nkind: Pod\n\
        metadata: {name: agent, namespace: app}\nspec: {hostNetwork: true, containers: [{name: a, image: a}]}\n---\n\
        apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: app}\nspec: {podSelector: {}}\n";
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n";
    let here = Here::with(&[("app.yaml", namespace), ("agent.yaml", agent)]);
    let mut text = String::new();
    for arguments in [
        // "Nothing can reach it" would be true of what cannot be, and wrong of what is its node (R33).
        &[WHO, "app/agent", "-m", "agent.yaml"][..],
        &[WHO, "pods with a=b,a=c in app", "-m", "app.yaml"],
        &[WHAT, "app/agent", "-m", "agent.yaml"],
        &[WHO, "pods in app"],
        &[WHO, "nobody:80", "-m", "app.yaml"],
        &[WHO, "node", "-m", "app.yaml"],
        &[WHAT, "pods in app:80", "-m", "app.yaml"],
        &[WHO, "pods in app can", "-m", "app.yaml"],
        &[WHO, "pods in app", "-m", "app.yaml", "--format", "yaml"],
    ] {
        let ran = here.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        writeln!(text, "== {}\n{}", arguments.join(" "), ran.err).unwrap();
    }
    insta::assert_snapshot!("refused", text);
}
