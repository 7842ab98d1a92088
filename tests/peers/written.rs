//! Mistakes that are made on reading: each begins with manifests as a user writes them.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use netverify::diagnostic::Diagnostic;
use netverify::language::{Names, parse, resolve};
use netverify::manifest::{Settings, assemble, read_text};
use netverify::model::world::World;
use netverify::outcome::Outcome;
use netverify::prove::{Job, decide};
use netverify::source::{Origin, SourceMap, Span};

use super::{assert_proved, refuting};

/// Namespaces `app` and `ops`, and a pod in `app` that names a port.
const CLUSTER: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: app}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: ops}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: app, labels: {app: web}}, spec: {containers: [
  {name: c, ports: [{name: http, containerPort: 8080}]}]}}
---
";

fn policy(name: &str, spec: &str) -> String {
    let metadata = format!("metadata: {{name: {name}, namespace: app}}");
    format!("{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, {metadata}, spec: {spec}}}\n---\n")
}

fn ask(manifests: &str, sentence: &str) -> Outcome {
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    let objects =
        read_text("a.yaml", &format!("{CLUSTER}{manifests}"), &Settings::default(), &mut sources, &mut faults);
    let cluster = assemble(&[&objects], &mut faults);
    assert!(!faults.iter().any(Diagnostic::is_error), "{faults:#?}");
    let origin = Origin { file: sources.add("sentence", sentence), span: Span::new(0, sentence.len()) };
    let names = Names { cluster: &cluster, endpoints: &BTreeMap::new(), sets: None };
    let claim = resolve(&parse(sentence, origin).unwrap(), &names).unwrap().claim;
    let (claim, world) = (&claim, &World::default());
    decide(&Job { cluster: &cluster, world, claim, allow_vacuous: false }, Duration::from_secs(30)).unwrap()
}

/// The exit code and all that is printed for these files, read in this order.
fn run(files: &[(&str, &str)], sentence: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_netverify"));
    command.current_dir(folder.path()).args(["prove", "--assert", sentence]);
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
        command.args(["-m", name]);
    }
    let output = command.output().unwrap();
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), printed)
}

/// 9
#[test]
fn an_empty_list_of_egress_rules_isolates_nothing() {
    let quiet = policy("quiet", "{podSelector: {}, egress: []}");
    assert_proved(&ask(&quiet, "pods in app can reach external:443/TCP"));
    assert_proved(&ask(&quiet, "external cannot reach pods in app"));
    let spoken = policy("spoken", "{podSelector: {}, policyTypes: [Egress], egress: []}");
    assert_proved(&ask(&spoken, "pods in app cannot reach external"));
}

/// 9
#[test]
fn the_order_of_policy_types_means_nothing() {
    for types in ["[Egress, Ingress]", "[Ingress, Egress]"] {
        let closed = policy("closed", &format!("{{podSelector: {{}}, policyTypes: {types}}}"));
        assert_proved(&ask(&closed, "every pod in app is isolated for ingress and egress"));
    }
}

/// 10
#[test]
fn a_quoted_number_is_a_label_like_any_other() {
    let from_v1 =
        policy("v1", "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {version: \"1\"}}}]}]}");
    assert_proved(&ask(&from_v1, "pods with version=1 in app can reach app/web:80"));
    let flow = refuting(ask(&from_v1, "nothing can reach app/web:80"));
    assert_eq!(flow.source.pod().unwrap().labels.get("version").map(String::as_str), Some("1"));
}

/// 11
#[test]
fn a_named_port_in_an_egress_rule_is_no_fault() {
    let named = policy(
        "named",
        "{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], \
         egress: [{to: [{podSelector: {}}], ports: [{port: http}]}]}",
    );
    assert_proved(&ask(&named, "pods with app=db in app can reach app/web:8080"));
    assert_proved(&ask(&named, "pods with app=db in app cannot reach external"));
}

/// 11
#[test]
fn pods_of_one_owner_may_differ_in_labels() {
    let owner = "ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: r, uid: u, controller: true}]";
    let pod = |name: &str, track: &str| {
        let metadata = format!("metadata: {{name: {name}, namespace: app, labels: {{track: {track}}}, {owner}}}");
        format!("{{apiVersion: v1, kind: Pod, {metadata}, spec: {{containers: [{{name: c}}]}}}}\n---\n")
    };
    let only_stable = policy("p", "{podSelector: {matchLabels: {track: stable}}, policyTypes: [Ingress]}");
    let manifests = [pod("r-1", "stable"), pod("r-2", "canary"), only_stable].concat();
    assert_proved(&ask(&manifests, "nothing can reach app/r-1"));
    assert_proved(&ask(&manifests, "pods in ops can reach app/r-2"));
}

/// 12: what cannot be read stops the run; it is never left out and the rest judged.
#[test]
fn what_is_not_understood_proves_nothing() {
    let good = format!("{CLUSTER}{}", policy("deny", "{podSelector: {}}"));
    let sentence = "nothing can reach app/web";
    assert_eq!(run(&[("good.yaml", &good)], sentence).0, 0, "the good file alone is proved");
    let calico = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: x, namespace: app}\n";
    let bad = [
        ("yaml-syntax", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n metadata: {name: x\n".to_owned()),
        ("unknown-field", policy("x", "{podSelecter: {matchLabels: {app: web}}, ingress: [{}]}")),
        ("invalid-value", policy("x", "{podSelector: {}, policyTypes: [ingress]}")),
        ("invalid-value", policy("x", "{podSelector: {}, ingress: [{ports: [{protocol: ICMP}]}]}")),
        ("unsupported-kind", calico.to_owned()),
    ];
    for (fault, text) in bad {
        for files in [[("good.yaml", good.as_str()), ("x.yaml", &text)], [("x.yaml", &text), ("good.yaml", &good)]] {
            let (code, printed) = run(&files, sentence);
            assert_eq!(code, 2, "{printed}");
            assert!(printed.contains(fault) && printed.contains("x.yaml:"), "{fault}: {printed}");
            assert!(!printed.contains("proved:"), "{printed}");
        }
    }
}

/// 13
#[test]
fn the_order_of_files_decides_nothing() {
    let (closed, open) = (policy("p", "{podSelector: {}}"), policy("p", "{podSelector: {}, ingress: [{}]}"));
    let sentence = "nothing can reach app/web";
    let cluster = ("cluster.yaml", CLUSTER);
    for files in [[("1.yaml", &closed), ("2.yaml", &open)], [("2.yaml", &open), ("1.yaml", &closed)]] {
        let files = [cluster, (files[0].0, files[0].1), (files[1].0, files[1].1)];
        let (code, printed) = run(&files, sentence);
        assert!(code == 2 && printed.contains("conflicting-objects"), "{code}: {printed}");
    }
    let twice = [cluster, ("1.yaml", &closed), ("2.yaml", &closed)];
    assert_eq!(run(&twice, sentence).0, 0, "the same twice is the same");
}
