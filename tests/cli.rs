//! The program as a user meets it: every fault of the input ends with exit code 2 and says where,
//! why and what to do; outcomes give the exit code that the README promises.
//!
//! What is printed is held by the snapshots beside this file. To look at and accept new words:
//! `INSTA_UPDATE=always cargo test --test cli`, then read the difference.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder with these files, and the program run in it.
struct Here {
    folder: TempDir,
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Here {
    fn with(files: &[(&str, &str)]) -> Here {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Here { folder }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, "")
    }

    fn run_with_input(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_netverify"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("COLUMNS")
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The program may be done before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: app, labels: {team: web}}\n";

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: app}}\nspec:\n{spec}"
    )
}

fn bad_manifests() -> Vec<(&'static str, String)> {
    vec![
        ("broken YAML", "metadata: {name: [\nspec:\n".to_owned()),
        (
            "a Helm template",
            "{{- if .Values.enabled }}\napiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n{{- end }}\n".to_owned(),
        ),
        ("a misspelt podSelector", policy("  podSelecter: {matchLabels: {app: web}}\n")),
        ("a misspelt ingress", policy("  podSelector: {}\n  ingres:\n  - {}\n")),
        (
            "ports inside a peer",
            policy("  podSelector: {}\n  ingress:\n  - from:\n    - podSelector: {}\n      ports: [{port: 80}]\n"),
        ),
        ("labels without matchLabels", policy("  podSelector: {app: web}\n")),
        ("a duplicate key", policy("  podSelector: {}\n  ingress: []\n  ingress:\n  - {}\n")),
        ("a boolean for a label", policy("  podSelector: {matchLabels: {app: yes}}\n")),
        (
            "a broken port",
            policy("  podSelector: {}\n  ingress:\n  - ports: [{port: 80.5}, {port: 70000}, {port: \"80\"}]\n"),
        ),
        ("a wrong policyType", policy("  policyTypes: [ingress]\n")),
        ("a wrong protocol", policy("  ingress:\n  - ports: [{protocol: ICMP}]\n")),
        ("an empty peer", policy("  ingress:\n  - from:\n    - {}\n")),
        (
            "a broken block",
            policy(
                "  ingress:\n  - from:\n    - ipBlock: {cidr: 10.0.0.0/33}\n    - ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}\n",
            ),
        ),
        (
            "two that differ",
            format!(
                "{NAMESPACE}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: app, labels: {{team: ops}}}}\n"
            ),
        ),
        (
            "a Cilium policy",
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: app}\nspec: {}\n"
                .to_owned(),
        ),
        (
            "an old API",
            "apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: app}\nspec: {}\n"
                .to_owned(),
        ),
        (
            "a missing kind",
            "apiVersion: networking.k8s.io/v1\nmetadata: {name: p, namespace: app}\nspec: {}\n".to_owned(),
        ),
        ("several at once", format!("{}---\n{}", policy("  podSelecter: {}\n"), policy("  policyTypes: [egress]\n"))),
    ]
}

/// Everything that issue reports show of bad manifests, each proved nothing about.
#[test]
fn bad_manifests_are_refused() {
    let mut text = String::new();
    for (name, manifest) in bad_manifests() {
        let ran = Here::with(&[("m.yaml", &manifest)]).run(&[
            "prove",
            "--assert",
            "nothing can reach pods in app",
            "-m",
            "m.yaml",
        ]);
        writeln!(text, "== {name}: exit {}\n{}{}", ran.code, ran.err, ran.out).unwrap();
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{name}");
    }
    insta::assert_snapshot!("bad_manifests", text);
}

#[test]
fn bad_paths_are_refused() {
    let here = Here::with(&[("empty/notes.txt", ""), ("folder/values.yaml", "replicas: 2\n"), ("latin1.yaml", "")]);
    std::fs::write(here.folder.path().join("latin1.yaml"), b"a: \xe9\n").unwrap();
    let mut text = String::new();
    for path in ["missing.yaml", "empty", "folder", "*.yml", "latin1.yaml"] {
        let ran = here.run(&["prove", "--assert", "nothing can reach pods", "-m", path]);
        writeln!(text, "== -m {path}: exit {}\n{}", ran.code, ran.err).unwrap();
        assert_eq!(ran.code, 2, "{path}");
    }
    insta::assert_snapshot!("bad_paths", text);
}

#[test]
fn bad_specs_are_refused() {
    let cases = [
        ("not TOML", "[[property]\nname = 1\n"),
        (
            "an unknown key",
            "manifests = [\"m.yaml\"]\n[[property]]\nname = \"a\"\nasert = \"nothing can reach pods in app\"\n",
        ),
        (
            "an unknown endpoint",
            "manifests = [\"m.yaml\"]\n[endpoints]\nweb = { namespace = \"app\" }\n[[property]]\nname = \"a\"\nassert = \"nothing can reach wbe\"\n",
        ),
        (
            "an unknown namespace",
            "manifests = [\"m.yaml\"]\n[[property]]\nname = \"a\"\nassert = \"nothing outside ap can reach pods in app\"\n",
        ),
        (
            "a broken sentence",
            "manifests = [\"m.yaml\"]\n[[property]]\nname = \"a\"\nassert = \"nothing kan reach pods in app\"\n",
        ),
        (
            "a broken world",
            "manifests = [\"m.yaml\"]\n[world]\npods = \"every\"\nnode = true\n[[property]]\nname = \"a\"\nassert = \"nothing can reach pods in app\"\n",
        ),
        (
            "a missing manifest",
            "manifests = [\"gone.yaml\"]\n[[property]]\nname = \"a\"\nassert = \"nothing can reach pods in app\"\n",
        ),
        (
            "never asked",
            "manifests = [\"m.yaml\"]\n[[property]]\nname = \"a\"\nassert = \"nothing can reach pods in app\"\nvariants = []\n",
        ),
        ("nothing to prove", "manifests = [\"m.yaml\"]\n"),
        (
            "about nothing",
            "manifests = [\"m.yaml\"]\n[world]\npods = \"declared\"\n[[property]]\nname = \"a\"\nassert = \"nothing can reach pods in app\"\n",
        ),
    ];
    let mut text = String::new();
    for (name, spec) in cases {
        let ran = Here::with(&[("m.yaml", NAMESPACE), ("specs/s.toml", &spec.replace("m.yaml", "../m.yaml"))])
            .run(&["prove", "specs/s.toml"]);
        writeln!(text, "== {name}: exit {}\n{}", ran.code, ran.err).unwrap();
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{name}: {}", ran.err);
    }
    insta::assert_snapshot!("bad_specs", text);
}

#[test]
fn a_wrong_command_line_is_refused() {
    let here = Here::with(&[("m.yaml", NAMESPACE)]);
    let mut text = String::new();
    for arguments in [
        &["prove"][..],
        &["prove", "--asert", "x"],
        &["prove", "--assert", "nothing can reach pods in app"],
        &["prove", "--timeout", "never", "x.toml"],
        &["prove", "--format", "yaml", "x.toml"],
        &["proof", "x.toml"],
    ] {
        let ran = here.run(arguments);
        writeln!(text, "== netverify {}: exit {}\n{}", arguments.join(" "), ran.code, ran.err).unwrap();
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
    }
    insta::assert_snapshot!("bad_command_lines", text);
}

#[test]
fn help_and_version_are_answers() {
    let here = Here::with(&[]);
    let help = here.run(&["prove", "--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    insta::assert_snapshot!("help", help.out);
    assert!(here.run(&["--version"]).out.starts_with("netverify "));
}

const OPEN: &str = "nothing can reach pods in app";

#[test]
fn standard_input_takes_yaml_and_json() {
    let here = Here::with(&[]);
    let arguments = ["prove", "-m", "-", "--assert", "every pod in app is isolated for ingress"];
    let closed = policy("  podSelector: {}\n");
    assert_eq!(here.run_with_input(&arguments, &format!("{NAMESPACE}---\n{closed}")).code, 0);
    let json = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"p","namespace":"app"},"spec":{}}]}"#;
    let ran = here.run_with_input(&arguments, json);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("undeclared-namespace"), "{}", ran.err);
}

/// In a spec the paths of sets are relative to the spec, on the command line to the current folder.
#[test]
fn sets_of_policies_come_from_files_folders_and_standard_input() {
    let closed = policy("  podSelector: {}\n");
    let open = policy("  podSelector: {}\n  ingress: [{}]\n");
    let spec = "[[property]]\nname = 'no-more'\nassert = \"policies new permit no more than policies 'old ones'\"\n";
    let files = [("k8s/new/p.yaml", closed.as_str()), ("k8s/old ones/p.yaml", open.as_str()), ("k8s/spec.toml", spec)];
    let here = Here::with(&files);
    let ran = here.run(&["prove", "k8s/spec.toml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.err, ran.out);
    assert!(ran.out.contains("old ones permits all that new permits, and more"), "{}", ran.out);
    let ran = here.run(&["prove", "--assert", "policies 'k8s/old ones' permit no more than policies k8s/new/p.yaml"]);
    assert_eq!(ran.code, 1, "{}{}", ran.err, ran.out);
    let question = ["query", "are policies - equivalent to policies k8s/new"];
    assert!(here.run_with_input(&question, &closed).out.starts_with("yes: "));
    assert!(here.run_with_input(&question, &open).out.starts_with("no: "));
}

#[test]
fn exit_zero_reports_without_gating() {
    let here = Here::with(&[("m.yaml", NAMESPACE)]);
    assert_eq!(here.run(&["prove", "-m", "m.yaml", "--assert", OPEN]).code, 1);
    assert_eq!(here.run(&["prove", "-m", "m.yaml", "--assert", OPEN, "--exit-zero"]).code, 0);
}

#[test]
fn a_policy_that_is_not_supported_can_be_ignored_by_name() {
    let cilium = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: app}\nspec: {}\n";
    let here = Here::with(&[("m.yaml", &format!("{NAMESPACE}---\n{cilium}"))]);
    let ran = here.run(&["prove", "-m", "m.yaml", "--assert", OPEN, "--ignore-kind", "CiliumNetworkPolicy"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.contains("CiliumNetworkPolicy (cilium.io/v2) ignored"), "{}", ran.out);
}

/// The written witness is a set of legal objects: added to the manifests it is there today.
#[test]
fn witnesses_are_kubernetes_objects() {
    let ml_ops = policy(
        "  podSelector: {}\n  ingress:\n  - from:\n    - namespaceSelector: {matchLabels: {purpose: ml-ops}}\n      podSelector: {matchExpressions: [{key: app, operator: Exists}]}\n",
    );
    let here = Here::with(&[("m.yaml", &format!("{NAMESPACE}---\n{ml_ops}"))]);
    let arguments =
        ["prove", "-m", "m.yaml", "--assert", "nothing outside app can reach pods in app", "--format", "json"];
    let ran = here.run(&[&arguments[..], &["--witness-dir", "out/witnesses"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.err);
    let written = std::fs::read_to_string(here.folder.path().join("out/witnesses/assert.yaml")).unwrap();
    insta::assert_snapshot!("witness", written);
    let again = here.run(&[&arguments[..], &["-m", "out/witnesses"]].concat());
    let report: serde_json::Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(report["properties"][0]["counterexample"]["today"], true, "{}{}", again.err, again.out);
}

/// The JSON report has the fields that docs/report-json.md promises.
#[test]
fn the_json_report_keeps_its_shape() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_netverify"))
        .args(["prove", "specs/rag-as-published.toml", "--format", "json"])
        .current_dir(root)
        .output()
        .unwrap();
    let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let wanted = |one: &serde_json::Value| {
        one["name"] == "embeddings-stay-home" && ["step-2", "step-3"].contains(&one["variant"].as_str().unwrap())
    };
    report["properties"].as_array_mut().unwrap().retain(wanted);
    let workload = "Which of the two ml-ops workloads is shown is up to the solver.";
    insta::assert_json_snapshot!("report", report, {
        ".netverify" => "[version]",
        ".z3" => "[version]",
        ".summary.elapsed_ms" => "[time]",
        ".properties[].elapsed_us" => "[time]",
        ".properties[].counterexample.source" => workload,
        ".properties[].counterexample.today_words" => workload,
        ".properties[].counterexample.try_it" => workload,
    });
    let page = std::fs::read_to_string(root.join("docs/report-json.md")).unwrap();
    let mut fields = Vec::new();
    collect_fields(&report, &mut fields);
    for field in fields {
        assert!(page.contains(&format!("`{field}`")), "docs/report-json.md does not mention `{field}`");
    }
}

fn collect_fields(value: &serde_json::Value, fields: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_fields(item, fields)),
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                fields.push(key.clone());
                // The keys below are label keys.
                if key != "labels" && key != "namespace_labels" {
                    collect_fields(value, fields);
                }
            }
        }
        _ => {}
    }
}
