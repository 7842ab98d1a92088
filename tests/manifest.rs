//! The manifest reader and bad input as people write it. What the API server makes of the same input is in
//! `api_server.rs`.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

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
        self.cluster.policies.get(0).unwrap()
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

/// A policy with this `spec`.
fn policy(spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: p\nspec:\n{spec}")
}

#[test]
fn bad_yaml_is_refused_where_it_is_bad() {
    insta::assert_snapshot!(case("a: [1\nb: 2\n").show(), @"a.yaml:2:2 yaml-syntax: this is not YAML: illegal placement of ':' indicator");
    let stream = format!("{}---\na: 1\n  b: 2\n---\nc: [\n", policy("podSelector: {}"));
    assert_eq!(case(&stream).codes(), ["yaml-syntax", "yaml-syntax"], "every document is judged");
    assert!(case(&stream).show().starts_with("a.yaml:9:4"), "{}", case(&stream).show());
}

#[test]
fn a_helm_template_is_called_one() {
    for name in ["{{ .Release.Name }}-x", "{{ .Release.Name }}", "\"{{ .Release.Name }}\""] {
        let case = case(&format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n"));
        insta::allow_duplicates! {
            insta::assert_snapshot!(case.show(), @r"
            a.yaml:4:9 helm-template: this is a Helm template that has not been rendered
              help: render it first: `helm template CHART | netverify prove -m - ...`
            ");
        }
    }
    assert_eq!(case("apiVersion: v1\nkind: {{ .x }}\n").codes(), ["helm-template"]);
    let annotation = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations: {a: \"{{ x }}\"}\n";
    assert!(case(annotation).accepted(), "an annotation may hold anything");
}

#[test]
fn a_misspelt_field_is_refused_and_the_right_one_named() {
    insta::assert_snapshot!(case(&policy("podSelecter: {}\ningres: []")).show(), @r"
    a.yaml:6:3 unknown-field: unknown field spec.podSelecter
      help: did you mean `podSelector`?
    a.yaml:7:3 unknown-field: unknown field spec.ingres
      help: did you mean `ingress`?
    ");
}

#[test]
fn a_misplaced_field_is_refused_and_its_place_named() {
    let spec = "podSelector:\n  app: web\negress:\n- from: []\n  to:\n  - podSelector: {}\n    ports:\n    - port: 80\n  - ipBlock: {cidr: 10.0.0.0/8}\n    except: [a]";
    insta::assert_snapshot!(case(&policy(spec)).show(), @r"
    a.yaml:7:5 unknown-field: unknown field spec.podSelector.app
      help: labels go one level down: `matchLabels: {app: ...}`
    a.yaml:9:5 unknown-field: unknown field spec.egress[0].from
      help: an egress rule has `to`; `from` belongs to an ingress rule
    a.yaml:12:7 unknown-field: unknown field spec.egress[0].to[0].ports
      help: `ports` belongs to the rule: put it beside `from` or `to`, not inside an item of it
    a.yaml:15:7 unknown-field: unknown field spec.egress[0].to[1].except
      help: put it inside `ipBlock`, one level deeper
    ");
}

#[test]
fn a_duplicate_key_is_refused() {
    insta::assert_snapshot!(case(&policy("ingress: []\ningress:\n- {}")).show(), @r"
    a.yaml:7:3 duplicate-key: the key `ingress` is written twice in one mapping
      a.yaml:6:3: first here
      help: keep one of the two
    ");
    let late =
        policy("ingress:\n- from:\n  - &m {podSelector: {matchLabels: {a: b}}}\n  - podSelector: {}\n    <<: *m");
    assert_eq!(case(&late).codes(), ["duplicate-key"], "readers differ on which counts");
}

#[test]
fn values_of_the_wrong_type_are_refused_all_at_once() {
    let spec =
        "podSelector:\n  matchLabels:\n    app: yes\n    1: x\ningress:\n- ports:\n  - port: 80.5\n  - port: yes";
    insta::assert_snapshot!(case(&policy(spec)).show(), @r#"
    a.yaml:8:12 wrong-type: spec.podSelector.matchLabels.app must be a string, and this is `yes`, a boolean
      help: quote it: `"yes"`
    a.yaml:9:7 non-string-key: a key of spec.podSelector.matchLabels is not a string: `1`
      help: quote it: `"1"`
    a.yaml:12:13 wrong-type: spec.ingress[0].ports[0].port must be a whole number of 32 bits or a name, and this is `80.5`, a number that is not whole or too large
    a.yaml:13:13 wrong-type: spec.ingress[0].ports[1].port must be a whole number of 32 bits or a name, and this is `yes`, a boolean
      help: quote it: `"yes"`
    "#);
}

#[test]
fn two_objects_of_one_name_must_be_the_same() {
    let (one, two) = (policy("podSelector: {}"), policy("ingress: [{}]"));
    insta::assert_snapshot!(case(&format!("{one}---\n{two}")).show(), @r"
    a.yaml:11:9 conflicting-objects: NetworkPolicy default/p is defined twice, and the two differ in spec.ingress
      a.yaml:4:9: first definition
      help: remove one of the two, or give them different names
    ");
    let same = case(&format!("{one}---\n{one}"));
    assert_eq!(same.cluster.policies.len(), 1);
    assert!(same.accepted());
}

#[test]
fn kinds_that_change_traffic_are_refused_unless_ignored() {
    let cilium = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: x}\n";
    insta::assert_snapshot!(case(cilium).show(), @r"
    a.yaml:2:7 unsupported-kind: CiliumNetworkPolicy (cilium.io/v2) is not supported yet
      help: to leave it out all the same, `--ignore-kind CiliumNetworkPolicy`: every report will say so
    ");
    let settings = Settings { ignore_kinds: ["CiliumNetworkPolicy".to_owned()].into(), ..Settings::default() };
    let ignored = case_with(&format!("{cilium}---\n{}", policy("{}")), &settings);
    assert!(ignored.accepted(), "{}", ignored.show());
    assert_eq!(ignored.cluster.ignored_kinds["CiliumNetworkPolicy (cilium.io/v2)"], 1);
    let calico = "apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: x}\n";
    assert_eq!(case(calico).codes(), ["unsupported-kind"], "not a Kubernetes one");
    let old = "apiVersion: extensions/v1beta1\nkind: NetworkPolicy\nmetadata: {name: x}\n";
    assert_eq!(case(old).codes(), ["unsupported-version"]);
    let misspelt = "apiVersion: networking.k8s.io/v1\nkind: Networkpolicy\nmetadata: {name: x}\n";
    assert_eq!(case(misspelt).codes(), ["unsupported-kind"]);
    assert_eq!(case("apiVersion: v1\nknid: Pod\n").codes(), ["not-an-object"]);
    assert_eq!(case("apiVersion: v1\nkind: ConfigMap\n").codes(), ["empty-input"]);
}

#[test]
fn defaults_are_kubernetes_own() {
    let has = |spec: &str| {
        let case = case(&policy(spec));
        (case.policy().ingress.as_ref().map(Vec::len), case.policy().egress.as_ref().map(Vec::len))
    };
    assert_eq!(has("{}"), (Some(0), None), "R2");
    assert_eq!(has("egress: []"), (Some(0), None), "R2: an empty list isolates nothing");
    assert_eq!(has("egress: [{}]"), (Some(0), Some(1)), "R2: and denies ingress");
    assert_eq!(has("policyTypes: [Egress, Ingress]"), (Some(0), Some(0)), "in any order");
    assert_eq!(has("policyTypes: [Egress]\ningress: [{}]"), (None, Some(0)), "R3");
    assert_eq!(has("ingress: [null]"), (Some(1), None), "R7");
    let case = case(&policy("ingress: [{ports: [null], from: [{podSelector: {matchLabels: {v: \"1\"}}}]}]"));
    let [rule] = &case.policy().ingress.as_ref().unwrap()[..] else { panic!() };
    let Ports::AnyOf(ports) = &rule.ports else { panic!() };
    assert_eq!((ports[0].protocol, &ports[0].ports), (Protocol::Tcp, &PortMatch::All), "R25");
    let Peers::AnyOf(peers) = &rule.peers else { panic!() };
    assert!(matches!(&peers[0].kind, PeerKind::Pods { namespaces: NamespaceScope::Own, .. }), "R16");
}

#[test]
fn origins_point_at_the_lines_a_person_would_edit() {
    let spec = "podSelector: &sel\n  matchLabels:\n    app: web\ningress:\n- from:\n  - podSelector: *sel\n  - &peer\n    namespaceSelector: {}\n  - <<: *peer\n    podSelector: {}\n  - {podSelector: {}, }\n-\n- {}";
    let case = case(&policy(spec));
    let policy = case.policy();
    let rules = policy.ingress.as_ref().unwrap();
    let Peers::AnyOf(peers) = &rules[0].peers else { panic!() };
    let mut places = vec![case.at(policy.name_origin), case.at(policy.pod_selector.origin)];
    places.extend(peers.iter().map(|peer| case.at(peer.origin)));
    places.extend(rules[1..].iter().map(|rule| case.at(rule.origin)));
    insta::assert_snapshot!(places.join("\n"), @r#"
    a.yaml:4:9 "p"
    a.yaml:6:3 "podSelector: &sel\n    matchLabels:\n      app: web"
    a.yaml:11:7 "podSelector: *sel"
    a.yaml:13:7 "namespaceSelector: {}"
    a.yaml:14:7 "<<: *peer\n      podSelector: {}"
    a.yaml:16:7 "{podSelector: {}, }"
    a.yaml:17:3 "-"
    a.yaml:18:5 "{}"
    "#);
}

#[test]
fn lists_are_expanded_and_their_items_keep_their_places() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata: {name: Bad}\n";
    insta::assert_snapshot!(case(list).show(), @"a.yaml:6:20 invalid-value: metadata.name must be lower-case letters, digits and `-`, with a letter or digit at both ends, and this is `Bad`");
    let typed = "{\"apiVersion\": \"networking.k8s.io/v1\",\n\t\"kind\": \"NetworkPolicyList\", \"items\": [{\"metadata\": {\"name\": \"p\"}}]}";
    assert_eq!(case(typed).policy().full_name(), "default/p");
}

#[test]
fn what_nobody_can_tell_the_meaning_of_matters_only_in_objects_that_are_read() {
    let told = |text: &str| case(text).show();
    let with = |line: &str| format!("{}{line}", policy("podSelector: {}"));
    insta::assert_snapshot!(told(&with("  policyTypes: !all [Ingress]\n")), @r#"
    a.yaml:7:21 yaml-syntax: netverify cannot tell what the tag `!all` means here
      help: drop the tag, or write out what it stands for
    "#);
    insta::assert_snapshot!(told(&with("# a\u{2028}  ingress: [{}]\n")), @r#"
    a.yaml:7:4 yaml-syntax: this character ends a line for Kubernetes, and not for other readers of YAML
      help: take it out, or write it as an escape in double quotes: `\u2028`, `\u2029` or `\u0085`
    "#);
    insta::assert_snapshot!(told(&with("  ingress: [{ports: [{port: .inf}]}]\n")), @r#"
    a.yaml:7:29 wrong-type: spec.ingress[0].ports[0].port must be a whole number of 32 bits or a name, and this is `.inf`, a number that is not whole or too large
    a.yaml:7:29 wrong-type: `.inf` is not a number that Kubernetes can hold
      help: put it in quotes if it is meant as a string
    "#);
    insta::assert_snapshot!(told(&with("  ingress: [{ports: [{port: !!int x}]}]\n")), @r#"
    a.yaml:7:35 wrong-type: `x` is tagged as int and is not a whole number
      help: drop the tag
    "#);
    let other = "---\napiVersion: v1\nkind: ConfigMap\ndata: {a: !!binary aGk=, b: .inf, f: !Ref g}\n";
    assert!(case(&with(other)).accepted(), "{}", told(&with(other)));
}

#[test]
fn an_object_cannot_hide_from_the_reader_and_show_itself_to_kubernetes() {
    let config = "apiVersion: networking.k8s.io/v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    for hidden in [
        "# a\u{2028}apiVersion: networking.k8s.io/v1\u{2028}kind: NetworkPolicy\n".to_owned(),
        config.replace("ConfigMap", "!!binary TmV0d29ya1BvbGljeQ=="),
        config.replace("ConfigMap", "!x NetworkPolicy"),
        format!("{config}!!binary a2luZA==: NetworkPolicy\n"),
        format!("{config}!!merge <<: {{kind: NetworkPolicy}}\n"),
        format!("{config}\"ki\\x6ed\": NetworkPolicy\n"),
        format!("{config}k: &k kind\n*k: NetworkPolicy\n"),
    ] {
        let text = format!("{}---\n{hidden}", policy("podSelector: {}"));
        assert!(!case(&text).accepted(), "{hidden}");
    }
}

#[test]
fn an_alias_is_no_way_around_a_limit() {
    let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    insta::assert_snapshot!(case(&format!("a: &a {}\nb: {}\n", deep(40), deep(40).replace('1', "*a"))).show(), @r#"
    a.yaml:2:44 limit-exceeded: this document is nested more than 64 levels deep
      help: no Kubernetes object needs so many: take levels out
    "#);
    insta::assert_snapshot!(case("a: &a [1, *a]\n").show(), @"a.yaml:1:11 yaml-syntax: this alias stands inside what it stands for");
    insta::assert_snapshot!(case("a: *b\n").show(), @"a.yaml:1:4 yaml-syntax: this is not YAML: no anchor of this name stands before this alias");
}

#[test]
fn hostile_input_ends_quickly() {
    let begin = Instant::now();
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        laughs += &format!("a{level}: &a{level} [{}]\n", vec![alias; 9].join(", "));
    }
    assert_eq!(case(&laughs).codes(), ["limit-exceeded"], "{}", case(&laughs).show());
    for deep in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(10_000)] {
        assert!(!case(&deep).accepted());
    }
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn ten_thousand_documents_are_no_trouble() {
    let text: String =
        (0..10_000).map(|n| format!("---\n{}", policy("{}").replace("name: p", &format!("name: p{n}")))).collect();
    assert_eq!(case(&text).cluster.policies.len(), 10_000);
}

#[test]
fn pods_and_templates_become_workloads() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: done}\nstatus: {phase: Succeeded}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: run, labels: {a: b}}\nspec:\n  nodeName: n1\n  initContainers: [{name: i, ports: [{name: x, containerPort: 1}]}]\n  containers: [{name: c, ports: [{containerPort: 2, protocol: UDP}]}]\nstatus: {podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: \"fd00::1\"}]}\n";
    let case = case(text);
    assert!(case.accepted(), "{}", case.show());
    let [pod] = case.cluster.workloads.iter().collect::<Vec<_>>()[..] else { panic!("R34") };
    assert_eq!((pod.ports.len(), pod.addresses.len(), pod.node.as_deref()), (2, 2, Some("n1")));
    let warnings: Vec<_> = case.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(warnings, [Code::UndeclaredNamespace]);
}

fn read_paths(paths: &[&std::path::Path]) -> (Vec<&'static str>, usize) {
    let paths: Vec<_> = paths.iter().map(|path| ManifestPath::new(path.to_string_lossy())).collect();
    let (mut sources, mut diagnostics) = (SourceMap::default(), Vec::new());
    let objects = read(&paths, &Settings::default(), &mut sources, &mut diagnostics);
    (diagnostics.iter().map(|d| d.code.name()).collect(), objects.len())
}

#[test]
fn folders_may_hold_other_things_and_named_files_may_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
    assert_eq!(read_paths(&[folder.path()]).0, ["empty-input"]);
    file("workflow.yaml", b"on: push\njobs: {}\n");
    file("p.yaml", policy("{}").as_bytes());
    file("bom.yml", "\u{feff}apiVersion: v1\r\nkind: Namespace\r\nmetadata:\r\n  name: default\r\n".as_bytes());
    assert_eq!(read_paths(&[folder.path()]), (vec![], 2));
    assert_eq!(read_paths(&[&folder.path().join("workflow.yaml")]).0, ["not-an-object"]);
    assert_eq!(read_paths(&[&folder.path().join("*.yml"), folder.path()]), (vec![], 2));
    assert_eq!(read_paths(&[&folder.path().join("*.txt")]).0, ["file-not-found"]);
    assert_eq!(read_paths(&[&folder.path().join("none.yaml")]).0, ["file-not-found"]);
    file("latin.yaml", b"a: \xe9\n");
    file("nul.yaml", b"a: \0\n");
    assert_eq!(read_paths(&[folder.path()]).0, ["not-utf8", "yaml-syntax"]);
}

#[cfg(unix)]
#[test]
fn loops_and_devices_do_not_hang_the_reader() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    assert_eq!(read_paths(&[folder.path()]).0, ["empty-input"]);
    assert_eq!(read_paths(&[std::path::Path::new("/dev/zero")]).0, ["file-unreadable"]);
}
