//! The manifest reader against the API server: its verdict on whole policies, and what go-yaml, through which
//! manifests reach it, makes of plain scalars.
//!
//! Where netverify refuses what the server takes, `docs/reading.md` has a row; here that table is held exact. It
//! never takes what the server refuses.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]
#![expect(clippy::print_stdout, reason = "how much was checked belongs in the test's own output")]

use std::collections::BTreeSet;

use netverify::diagnostic::Diagnostic;
use netverify::manifest::{Settings, assemble, read_text};
use netverify::model::net::PortMatch;
use netverify::model::policy::Ports;
use netverify::model::workload::Cluster;
use netverify::source::SourceMap;

/// The errors of a text, as messages, and what was made of it.
fn read(text: &str) -> (Vec<String>, Cluster) {
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    let objects = read_text("a.yaml", text, &Settings::default(), &mut sources, &mut faults);
    let cluster = assemble(&[&objects], &mut faults);
    let errors = faults.into_iter().filter(Diagnostic::is_error);
    (errors.map(|fault| format!("{}: {}", fault.code.name(), fault.message)).collect(), cluster)
}

fn is_taken(text: &str) -> bool {
    read(text).0.is_empty()
}

#[derive(serde::Deserialize)]
struct Validation {
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    id: String,
    verdict: String,
    field: Option<String>,
    manifest: String,
}

/// What the page says is refused though the server takes it, of one kind.
fn listed(kind: &str) -> BTreeSet<String> {
    let page = include_str!("../docs/reading.md");
    let (_, table) = page.split_once("| what is written | where | the API server | why netverify refuses |\n").unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>());
    let of_kind = cells.filter(|cells| cells[1] == kind);
    of_kind.map(|cells| cells[0].trim_matches('`').to_owned()).collect()
}

/// The differences found are those listed.
fn assert_listed(kind: &str, found: &BTreeSet<String>) {
    assert_eq!(*found, listed(kind), "docs/reading.md says otherwise of `{kind}`; left is what was found");
    println!("{kind}: {} differences", found.len());
}

/// V60, V61: a field that a strict client refuses is refused. A key that is written twice is taken by every client,
/// and the last one counts.
#[test]
fn a_policy_is_taken_where_the_server_takes_it_and_refused_at_the_same_field() {
    let cases: Validation = serde_yaml::from_str(include_str!("cases/validation.yaml")).unwrap();
    assert_eq!(cases.cases.len(), 105);
    let (mut wrong, mut stricter) = (Vec::new(), BTreeSet::new());
    for case in &cases.cases {
        let server_takes = matches!(case.verdict.as_str(), "valid" | "duplicate-key");
        let (errors, _) = read(&case.manifest);
        let field = case.field.as_deref().unwrap_or("");
        let at_the_field = errors.iter().any(|error| error.contains(field));
        match (server_takes, errors.is_empty()) {
            (true, true) => {}
            (true, false) => {
                stricter.insert(case.id.clone());
            }
            (false, false) if at_the_field => {}
            (false, _) => wrong.push(format!("{} ({} at `{field}`): {errors:?}", case.id, case.verdict)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_listed("case", &stricter);
}

/// A plain scalar and the JSON that Kubernetes' YAML reader makes of it.
fn scalars() -> Vec<(&'static str, &'static str)> {
    let lines: Vec<_> = include_str!("cases/yaml_scalars.tsv").lines().collect();
    assert_eq!(lines.len(), 101);
    lines.into_iter().map(|line| line.split_once('\t').unwrap()).collect()
}

fn is_string(meaning: &str) -> bool {
    meaning.starts_with('"')
}

/// A policy with this `spec`, in flow style.
fn with_spec(spec: &str) -> String {
    format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p}}\nspec: {spec}\n")
}

fn as_annotation(line: &str) -> String {
    let metadata = format!("metadata:\n  name: p\n  annotations:\n    {line}\n");
    format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{metadata}")
}

/// Compares on every scalar, and lists those that the server takes and netverify does not.
fn refused(manifest: impl Fn(&str) -> String, server_takes: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut refused = BTreeSet::new();
    for (scalar, meaning) in scalars() {
        match (server_takes(meaning), is_taken(&manifest(scalar))) {
            (true, false) => {
                refused.insert(scalar.to_owned());
            }
            (false, true) => panic!("`{scalar}` means {meaning}, which the server refuses here"),
            _ => {}
        }
    }
    refused
}

#[test]
fn a_scalar_is_a_string_where_kubernetes_reads_one() {
    let found =
        refused(|scalar| as_annotation(&format!("a: {scalar}")), |meaning| is_string(meaning) || meaning == "null");
    assert_listed("a string is wanted", &found);
}

/// V62: the server makes strings of keys that are booleans or numbers; nobody who wrote one can have meant that.
#[test]
fn a_key_that_is_no_string_is_refused() {
    let is_key = |meaning: &str| is_string(meaning) && is_qualified(meaning.trim_matches('"'));
    let mut found = refused(
        |scalar| as_annotation(&format!("{scalar}: x")),
        |meaning| is_key(meaning) || !is_string(meaning) && !matches!(meaning, "null" | "ERR"),
    );
    let no_strings: BTreeSet<String> =
        scalars().into_iter().filter(|(_, meaning)| !is_string(meaning)).map(|(scalar, _)| scalar.to_owned()).collect();
    found.retain(|scalar| !no_strings.contains(scalar));
    assert_listed("a key", &found);
    for (scalar, meaning) in scalars().into_iter().filter(|(_, meaning)| !is_string(meaning)) {
        assert!(!is_taken(&as_annotation(&format!("{scalar}: x"))), "{scalar} means {meaning}");
    }
}

/// V3, without a prefix; annotations are checked in lower case.
fn is_qualified(key: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    key.len() <= 63 && key.chars().all(inner) && ends(key.chars().next()) && ends(key.chars().last())
}

/// V40, V42: a port is a number from 1 to 65535 or a name; null is every port.
#[test]
fn a_scalar_is_a_port_where_kubernetes_reads_one() {
    let is_name = |name: &str| {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (1..=15).contains(&name.len()) && name.chars().all(inner) && name.chars().any(|c| c.is_ascii_lowercase())
    };
    let number = |meaning: &str| meaning.parse::<u16>().ok().filter(|number| *number > 0);
    let is_port = |meaning: &str| {
        meaning == "null" || number(meaning).is_some() || is_string(meaning) && is_name(meaning.trim_matches('"'))
    };
    let manifest = |scalar: &str| with_spec(&format!("\n  ingress:\n  - ports:\n    - port: {scalar}"));
    assert_listed("a port", &refused(manifest, is_port));
    for (scalar, meaning) in scalars() {
        let (errors, cluster) = read(&manifest(scalar));
        if !errors.is_empty() {
            continue;
        }
        let Ports::AnyOf(ports) = &cluster.policies.get(0).unwrap().ingress.as_ref().unwrap()[0].ports else {
            panic!("{scalar}")
        };
        let expected = match number(meaning) {
            Some(number) => PortMatch::Range(number, number),
            None if meaning == "null" => PortMatch::All,
            None => PortMatch::Named(meaning.trim_matches('"').to_owned()),
        };
        assert_eq!(ports[0].ports, expected, "{scalar} means {meaning}");
    }
}

/// What the page says of whole specs and annotations is so.
#[test]
fn the_other_differences_that_are_listed_are_there() {
    let (specs, streams) = (listed("spec"), listed("two documents"));
    assert!(specs.len() >= 2 && !streams.is_empty());
    for spec in specs {
        assert!(!is_taken(&with_spec(&spec)), "{spec} is taken now: it is no difference");
    }
    for stream in streams {
        let (one, two) = stream.split_once(" --- ").unwrap();
        assert!(is_taken(&with_spec(one)) && is_taken(&with_spec(two)));
        assert!(!is_taken(&format!("{}---\n{}", with_spec(one), with_spec(two))), "{stream} is taken now");
    }
}

/// V3: what is taken is never more than what the server takes.
#[test]
fn annotations_are_checked_as_labels_are() {
    for key in ["a b", "-a", "a/", "/a", "a/b/c", "A_b!"] {
        assert!(!is_taken(&as_annotation(&format!("\"{key}\": x"))), "{key}");
    }
    for key in ["a", "example.com/a", "Example.COM/Some-Key"] {
        assert!(is_taken(&as_annotation(&format!("{key}: anything at all {{}}"))), "{key}");
    }
    let size = |size: usize| as_annotation(&format!("a: {}", "x".repeat(size)));
    assert!(is_taken(&size(256 * 1024 - 1)));
    assert!(!is_taken(&size(256 * 1024)));
}

/// V4
#[test]
fn a_template_matches_the_selector_of_its_controller() {
    let deployment = |selector: &str, labels: &str| {
        let template = format!("{{metadata: {{labels: {labels}}}, spec: {{containers: [{{name: c}}]}}}}");
        let spec = format!("{{selector: {selector}, template: {template}}}");
        format!("{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {spec}}}")
    };
    assert!(is_taken(&deployment("{matchLabels: {a: x}}", "{a: x, b: z}")));
    for (selector, labels) in [("{matchLabels: {a: x}}", "{a: z}"), ("{matchLabels: {a: x}}", "{}"), ("{}", "{a: x}")] {
        assert!(!is_taken(&deployment(selector, labels)), "{selector} {labels}");
    }
}

/// V15: names are unique within a container and not within the pod.
#[test]
fn ports_of_containers_are_checked() {
    let pod = |more: &str, containers: &str| {
        let spec = format!("{{{more}containers: [{containers}]}}");
        format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {spec}}}")
    };
    let ports = |ports: &str| format!("{{name: c, ports: [{ports}]}}");
    let http = |number: u16| format!("{{name: http, containerPort: {number}}}");
    assert!(is_taken(&pod("", &format!("{}, {}", ports(&http(80)), ports(&http(81))))));
    assert!(is_taken(&pod("hostNetwork: true, ", &ports("{containerPort: 80, hostPort: 80}"))));
    assert!(!is_taken(&pod("", &ports(&format!("{}, {}", http(80), http(81))))));
    assert!(!is_taken(&pod("hostNetwork: true, ", &ports("{containerPort: 80, hostPort: 81}"))));
    for port in [
        "{}",
        "{containerPort: 0}",
        "{containerPort: 65536}",
        "{containerPort: 80, protocol: tcp}",
        "{name: HTTP, containerPort: 80}",
    ] {
        assert!(!is_taken(&pod("", &ports(port))), "{port}");
    }
}
