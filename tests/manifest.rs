//! The manifest reader against the API server's verdicts, go-yaml's scalars, and bad input as people
//! write it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::time::{Duration, Instant};

use netverify::diagnostic::{Code, Diagnostic, Severity};
use netverify::manifest::{ManifestPath, Objects, Settings, assemble, read, read_text};
use netverify::model::net::{PortMatch, Protocol};
use netverify::model::policy::{NamespaceScope, PeerKind, Peers, Policy, Ports};
use netverify::model::workload::Cluster;
use netverify::source::SourceMap;

/// A text, read and assembled.
struct Case {
    sources: SourceMap,
    diagnostics: Vec<Diagnostic>,
    cluster: Cluster,
}

fn parse(text: &str, settings: &Settings, sources: &mut SourceMap, diagnostics: &mut Vec<Diagnostic>) -> Objects {
    read_text("a.yaml", text, settings, sources, diagnostics)
}

fn case_with(text: &str, settings: &Settings) -> Case {
    let (mut sources, mut diagnostics) = (SourceMap::default(), Vec::new());
    let objects = parse(text, settings, &mut sources, &mut diagnostics);
    let cluster = assemble(&[&objects], &mut diagnostics);
    Case { sources, diagnostics, cluster }
}

fn case(text: &str) -> Case {
    case_with(text, &Settings::default())
}

impl Case {
    fn accepted(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }

    fn codes(&self) -> Vec<&'static str> {
        self.diagnostics.iter().filter(|d| d.is_error()).map(|d| d.code.name()).collect()
    }

    fn policy(&self) -> &Policy {
        assert!(self.accepted(), "{}", self.show());
        &self.cluster.policies[0]
    }

    /// Every error as a person would read it, without the source lines.
    fn show(&self) -> String {
        let mut lines = Vec::new();
        for diagnostic in self.diagnostics.iter().filter(|d| d.severity == Severity::Error) {
            let at = diagnostic.primary.as_ref().map(|label| self.sources.position(label.origin).to_string());
            lines.push(format!("{} {}: {}", at.unwrap_or_default(), diagnostic.code.name(), diagnostic.message));
            for other in &diagnostic.related {
                lines.push(format!("  {}: {}", self.sources.position(other.origin), other.text));
            }
            lines.extend(diagnostic.help.iter().map(|help| format!("  help: {help}")));
        }
        lines.join("\n")
    }

    fn at(&self, origin: netverify::source::Origin) -> String {
        format!("{} {:?}", self.sources.position(origin), self.sources.text(origin))
    }
}

#[derive(serde::Deserialize)]
struct Validation {
    cases: Vec<ValidationCase>,
}

#[derive(serde::Deserialize)]
struct ValidationCase {
    id: String,
    verdict: String,
    field: Option<String>,
    manifest: String,
}

/// Refused, though the API server takes it: a key that is not a string becomes one there ("true" for
/// `on`), which nobody who wrote it can have meant (V62).
const STRICTER: &[&str] = &["val-sel-21"];

#[test]
fn what_the_api_server_takes_is_taken_and_nothing_else() {
    let text = include_str!("cases/validation.yaml");
    let cases: Validation = serde_yaml::from_str(text).unwrap();
    assert!(cases.cases.len() >= 100);
    let mut wrong = Vec::new();
    for it in &cases.cases {
        let case = case(&it.manifest);
        let expected = it.verdict == "valid" && !STRICTER.contains(&it.id.as_str());
        let field = it.field.as_deref().unwrap_or("");
        let named = case.accepted() || case.diagnostics.iter().any(|d| d.is_error() && d.message.contains(field));
        if case.accepted() != expected || !named {
            wrong.push(format!("{} ({}, {field}):\n{}\n", it.id, it.verdict, case.show()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

/// Scalars that netverify refuses although go-yaml reads them as strings: it errs on refusing.
const REFUSED_STRINGS: &[&str] = &["tRue", "1e400", "!foo bar"];

#[test]
fn no_scalar_that_kubernetes_reads_as_a_number_or_boolean_passes_for_a_string() {
    for line in include_str!("cases/yaml_scalars.tsv").lines() {
        let (scalar, meaning) = line.split_once('\t').unwrap();
        let manifest = format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: p\n  annotations:\n    a: {scalar}\n"
        );
        let case = case(&manifest);
        let string = meaning.starts_with('"') || meaning == "null";
        let expected = string && !REFUSED_STRINGS.contains(&scalar);
        assert_eq!(case.accepted(), expected, "{scalar} means {meaning}\n{}", case.show());
    }
}

#[test]
fn numbers_mean_what_they_mean_to_kubernetes() {
    for line in include_str!("cases/yaml_scalars.tsv").lines() {
        let (scalar, meaning) = line.split_once('\t').unwrap();
        let Ok(port) = meaning.parse::<u16>() else { continue };
        if port == 0 || scalar.is_empty() {
            continue;
        }
        let case = case(&policy(&format!("ingress: [{{ports: [{{port: {scalar}}}]}}]")));
        let Some([rule]) = case.policy().ingress.as_deref() else { panic!("{scalar}") };
        let Ports::AnyOf(ports) = &rule.ports else { panic!("{scalar}") };
        assert_eq!(ports[0].ports, PortMatch::Range(port, port), "{scalar}");
    }
}

/// A policy with this `spec`.
fn policy(spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: p\nspec:\n{spec}")
}

#[test]
fn zz_print() {
    for bad in [
        "a: [1\nb: 2\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}-x\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: \"{{ .Release.Name }}\"\n",
        "apiVersion: v1\nkind: {{ .x }}\nmetadata:\n  name: x\n",
        "apiVersion: v1\nknid: Pod\nmetadata:\n  name: x\n",
        "- a\n- b\n",
        &policy("podSelecter: {}"),
        &policy("ingres: []"),
        &policy("ingress:\n- from:\n  - podSelector: {}\n    ports:\n    - port: 80"),
        &policy("podSelector: {}\ningress: []\ningress:\n- {}"),
        &policy("podSelector:\n  matchLabels:\n    app: yes\n    1: x"),
        &policy("ingress:\n- ports:\n  - port: 80.5\n  - port: yes\n  - port: 99999999999"),
        &policy("podSelector:\n  app: web\negress:\n- from: []\n  to:\n  - ipBlock: {}\n    except: [a]"),
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: x}\n",
        "apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: x}\n",
        "apiVersion: networking.k8s.io/v1\nkind: Networkpolicy\nmetadata: {name: x}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, creationTimestamp: now}\nspec: {}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: c}}, spec: {containers: [{name: x, ports: [{name: A, containerPort: 0}], resources: {limits: {cpu: 1.5, memory: [1]}}}]}}}\n",
    ] {
        eprintln!("-----\n{bad}=====\n{}", case(bad).show());
    }
}
