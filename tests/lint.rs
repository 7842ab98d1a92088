//! `netverify lint`: each finding on a manifest that deserves it and on its nearest neighbour, and every
//! witness judged again, over all that the project ships.
//!
//! `tests/lint/<code>/fires.yaml` and `silent.yaml` differ in what the code is about and as little else as
//! possible. Snapshots: `INSTA_UPDATE=always cargo test --test lint`, then read the difference.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]

#[path = "support/flows.rs"]
mod flows;
#[path = "support/here.rs"]
mod here;
#[path = "support/schema.rs"]
mod schema;
#[expect(dead_code, reason = "what the facts say plays no part here")]
mod support;
#[path = "support/trials.rs"]
mod trials;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "support/worlds.rs"]
mod worlds;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use netverify::eval;
use netverify::finding::{Code, Evidence, Finding};
use netverify::lint::{self, Linted};
use netverify::model::net::{End, Flow, Protocol};
use netverify::model::options::Options;
use netverify::model::policy::{Peers, Policy, Ports, Rule};
use netverify::model::workload::Cluster;
use netverify::model::world::World;
use netverify::plan::{Inputs, Plan};
use netverify::prove::Prover;
use netverify::source::SourceMap;
use proptest::collection::vec;
use proptest::prelude::any;
use serde_json::Value;

use here::Here;
use trials::{Trial, fail};
use worlds::{FEW, cluster, options};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Exit code, standard output and standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_netverify"))
        .arg("lint")
        .args(arguments)
        .current_dir(root())
        .env_remove("COLUMNS")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(arguments: &[&str]) -> Value {
    let (code, out, err) = run(&[arguments, &["--format", "json"]].concat());
    assert!(code < 2, "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap()
}

fn codes(arguments: &[&str]) -> BTreeSet<String> {
    let report = json(arguments);
    report["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

fn example(code: Code, which: &str) -> String {
    format!("tests/lint/{}/{which}.yaml", code.name())
}

/// The manifests of a code that fire, by the names of their files: `fires`, and what it adds about another direction.
fn firing(code: Code) -> Vec<String> {
    let folder = std::fs::read_dir(root().join("tests/lint").join(code.name())).unwrap();
    let names = folder.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut firing: Vec<String> = names
        .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
        .filter(|name| name.starts_with("fires"))
        .collect();
    firing.sort_unstable();
    assert!(firing.contains(&"fires".to_owned()), "{} has no example", code.name());
    firing
}

#[test]
fn each_lint_fires_and_its_nearest_neighbour_does_not() {
    for code in Code::ALL {
        let name = code.name().to_owned();
        for fires in firing(*code) {
            let silent = fires.replace("fires", "silent");
            assert!(codes(&["-m", &example(*code, &fires)]).contains(&name), "{name} does not fire in {fires}");
            assert!(!codes(&["-m", &example(*code, &silent)]).contains(&name), "{name} fires in {silent}");
        }
    }
    let folders = std::fs::read_dir(root().join("tests/lint")).unwrap().count();
    assert_eq!(folders, Code::ALL.len(), "a folder without a code");
}

/// The words of each finding; others that the same manifest deserves are allowed away.
#[test]
fn each_lint_reads_like_this() {
    let mut page = String::new();
    for (code, fires) in Code::ALL.iter().flat_map(|code| firing(*code).into_iter().map(move |fires| (code, fires))) {
        let manifest = example(*code, &fires);
        let mut arguments = vec!["-m", &manifest];
        let others = Code::ALL.iter().filter(|other| *other != code);
        others.for_each(|other| arguments.extend(["--allow", other.name()]));
        let (exit, out, err) = run(&arguments);
        let text = out.split("\nassumes:").next().unwrap().lines().filter(|line| !line.contains(" ms, Z3 "));
        writeln!(page, "== {} (exit {exit})\n{err}{}\n", code.name(), text.collect::<Vec<_>>().join("\n")).unwrap();
    }
    insta::assert_snapshot!("lint_each", page);
}

/// Everything that is shipped: the manifests of this test and the specs, with all their variants.
fn shipped() -> Vec<(String, Cluster, World)> {
    let specs = ["specs/rag.toml", "specs/rag-as-published.toml", "specs/eight-policies.toml"];
    let specs = specs.map(|spec| Inputs { specs: vec![path(spec)], ..Inputs::default() });
    let manifests = |manifest: String| Inputs { manifests: vec![path(&manifest)], ..Inputs::default() };
    let examples = Code::ALL.iter().flat_map(|code| {
        firing(*code)
            .into_iter()
            .flat_map(|fires| [example(*code, &fires), example(*code, &fires.replace("fires", "silent"))])
    });
    let shop = ["tests/explain/shop.yaml".to_owned()];
    let inputs = specs.into_iter().chain(examples.chain(shop).map(manifests));
    inputs.flat_map(|inputs| grounds(&Inputs { grounds_only: true, ..inputs })).collect()
}

fn path(name: &str) -> String {
    root().join(name).display().to_string()
}

fn grounds(inputs: &Inputs) -> Vec<(String, Cluster, World)> {
    let plan = Plan::read(inputs, &mut SourceMap::default());
    assert!(!plan.has_errors(), "{:#?}", plan.diagnostics);
    let name = inputs.specs.iter().chain(&inputs.manifests).cloned().collect::<Vec<_>>().join(" ");
    let ground = |ground| (name.clone(), plan.cluster_of(ground).clone(), plan.world_of(ground).unwrap().clone());
    plan.grounds.iter().map(ground).collect()
}

/// The clusters of the conformance cases, each once.
fn conformance() -> Vec<(String, Cluster, World)> {
    let facts = ["e2e.yaml", "edge.yaml"].into_iter().flat_map(support::cases::facts);
    let mut all: BTreeMap<String, Cluster> = BTreeMap::new();
    for fact in facts {
        all.entry(fact.case).or_insert_with(|| named(&fact.cluster));
    }
    all.into_iter().map(|(case, cluster)| (case, cluster, World::default())).collect()
}

/// The same with a name for each policy of its own.
fn named(cluster: &Cluster) -> Cluster {
    let mut cluster = cluster.clone();
    let name = |(at, policy): (usize, &mut Policy)| policy.name = format!("p{at}");
    cluster.policies.edit(|all| all.iter_mut().enumerate().for_each(name));
    cluster
}

fn prover() -> Prover {
    Prover::new(1, Duration::from_secs(60)).unwrap()
}

fn linted(cluster: &Cluster, world: &World, prover: &Prover) -> Linted {
    lint::lint(cluster, world, &[], prover).unwrap()
}

/// Every pod and flow that a finding shows is judged again, and every finding that is proved or read off
/// the objects is held against an enumeration of concrete flows.
#[test]
fn every_witness_is_as_the_finding_says() {
    let prover = prover();
    let (mut shown, mut others, mut clusters) = (0, 0, 0);
    for (name, cluster, world) in shipped().into_iter().chain(conformance()) {
        let linted = linted(&cluster, &world, &prover);
        assert_eq!((linted.disagreements.as_slice(), linted.undecided.as_slice()), (&[][..], &[][..]), "{name}");
        for finding in &linted.findings {
            match &finding.evidence {
                Evidence::Shown(witness) => {
                    shown += 1;
                    assert!(lint::holds(&cluster, witness), "{name}: {finding:#?}");
                }
                Evidence::Text | Evidence::Examined | Evidence::Proved => others += 1,
            }
        }
        clusters += 1;
        nothing_changes(&name, &cluster, &linted.findings);
    }
    println!("tried: lint: {clusters} clusters, {shown} witnesses replayed, {others} findings of other evidence");
    assert!(shown > 400 && others > 40, "only {shown} witnesses and {others} others");
}

/// Takes away all that is called redundant or without effect, at once, and looks for a flow that feels it.
fn nothing_changes(name: &str, cluster: &Cluster, findings: &[Finding]) {
    let without = without_the_idle(cluster, findings);
    if without == *cluster {
        return;
    }
    for options in [Options::default(), World::default().options().most, World::default().options().least] {
        for flow in declared_flows(cluster) {
            let verdict = |cluster| eval::verdict(cluster, &options, &flow).0;
            assert_eq!(verdict(cluster), verdict(&without), "{name}: {flow:#?}\n{findings:#?}");
        }
    }
}

/// The cluster without the pieces that findings call idle, or without effect.
fn without_the_idle(cluster: &Cluster, findings: &[Finding]) -> Cluster {
    let mut cluster = cluster.clone();
    let mut paths: Vec<(String, Option<String>)> = findings.iter().filter_map(idle).collect();
    // From the last to the first, so that places before stay as they are.
    paths.sort_by_key(|(_, path)| std::cmp::Reverse(path.as_deref().map(place)));
    for (about, path) in paths {
        let at = cluster.policies.iter().position(|policy| policy.full_name() == about).unwrap();
        match path {
            None => drop(cluster.policies.edit(|all| all.remove(at))),
            Some(path) => cluster.policies.edit(|all| remove(&mut all[at], &path)),
        }
    }
    cluster
}

/// The policy that a finding calls idle, with the path of the piece, if it is not the whole.
fn idle(finding: &Finding) -> Option<(String, Option<String>)> {
    let about = finding.about.clone();
    match finding.code {
        Code::RedundantPolicy | Code::PolicyWithoutEffect => Some((about, None)),
        Code::RedundantRule | Code::RedundantPeer | Code::RedundantPort => {
            let path = finding.message.split(' ').nth(1).unwrap().to_owned();
            Some((about, Some(path)))
        }
        _ => None,
    }
}

/// `ingress[0].from[1]` as direction, rule and item.
fn place(path: &str) -> (bool, usize, bool, usize) {
    let numbers: Vec<usize> = path.split(['[', ']']).filter_map(|word| word.parse().ok()).collect();
    (path.starts_with("egress"), numbers[0], path.contains(".ports["), numbers.get(1).copied().unwrap_or(usize::MAX))
}

fn remove(policy: &mut Policy, path: &str) {
    let (is_egress, rule, is_port, item) = place(path);
    let rules: &mut Vec<Rule> = if is_egress { policy.egress.as_mut() } else { policy.ingress.as_mut() }.unwrap();
    if item == usize::MAX {
        rules.remove(rule);
        return;
    }
    let rule = &mut rules[rule];
    match (is_port, &mut rule.peers, &mut rule.ports) {
        (true, _, Ports::AnyOf(items)) => drop(items.remove(item)),
        (false, Peers::AnyOf(items), _) => drop(items.remove(item)),
        _ => panic!("{path}"),
    }
}

/// Flows between the declared pods, a stranger, and the outside, on the ports that anything names.
fn declared_flows(cluster: &Cluster) -> Vec<Flow> {
    let mut ends: Vec<End> = vec![End::External("198.51.100.1".parse().unwrap())];
    let address = |at: usize| format!("203.0.113.{}", at + 1).parse().unwrap();
    for (at, workload) in cluster.workloads.iter().enumerate().filter(|(_, one)| !one.host_network).take(24) {
        let own = workload.addresses.iter().find(|own| own.is_ipv4()).copied();
        ends.push(End::Pod(netverify::witness::pod::of_workload(cluster, at, own.unwrap_or(address(at))).unwrap()));
    }
    for namespace in cluster.namespaces.values().take(8) {
        let stranger = netverify::model::net::PodEnd {
            namespace: namespace.namespace.clone(),
            name: "stranger".to_owned(),
            labels: BTreeMap::new(),
            ports: Vec::new(),
            address: "203.0.113.250".parse().unwrap(),
            node: None,
            host_network: false,
            workload: None,
        };
        ends.push(End::Pod(stranger));
    }
    let mut flows = Vec::new();
    for source in &ends {
        for destination in ends.iter().filter(|one| one.address() != source.address()) {
            for (protocol, port) in [(Protocol::Tcp, 80), (Protocol::Tcp, 81), (Protocol::Udp, 53), (Protocol::Sctp, 9)]
            {
                flows.push(Flow { source: source.clone(), destination: destination.clone(), protocol, port });
            }
        }
    }
    flows
}

/// On random worlds: nothing is shown that is not so, and whatever is called idle can be taken away at once.
#[test]
fn what_is_idle_can_go_on_random_worlds() {
    let trial = Trial { name: "lint on random worlds", file: file!(), seed: 6, cases: 60 };
    let strategy = (cluster(FEW), options(), vec(flows::flow_seed(), 60), any::<bool>());
    let tally = trial.run(&strategy, |(cluster, options, seeds, _), tally| {
        let prover = prover();
        let cluster = named(&cluster);
        let linted = linted(&cluster, &World::default(), &prover);
        if !linted.disagreements.is_empty() {
            return Err(fail(format!("{:#?}", linted.disagreements)));
        }
        let witnesses = linted.findings.iter().filter_map(|finding| match &finding.evidence {
            Evidence::Shown(witness) => Some(witness),
            _ => None,
        });
        for witness in witnesses {
            tally.add("witnesses", 1);
            if !lint::holds(&cluster, witness) {
                return Err(fail(format!("{witness:#?}")));
            }
        }
        let without = without_the_idle(&cluster, &linted.findings);
        tally.add("with something idle", usize::from(without != cluster));
        // The world of a linter has no nodes, and policies speak of three protocols (R29).
        let on_node = |end: &End| end.pod().is_none_or(|pod| pod.host_network) && !matches!(end, End::External(_));
        let seeds = seeds.iter().map(|seed| seed.flow(&cluster));
        let flows = seeds.filter(|flow| !on_node(&flow.source) && !on_node(&flow.destination));
        for flow in flows.filter(|flow| flow.protocol != Protocol::Other) {
            tally.add("flows", usize::from(without != cluster));
            let verdict = |cluster| eval::verdict(cluster, &options, &flow).0;
            if verdict(&cluster) != verdict(&without) {
                return Err(fail(format!("{flow:#?}\n{:#?}", linted.findings)));
            }
        }
        Ok(())
    });
    assert!(tally.of("with something idle") >= 20 && tally.of("flows") >= 300, "too little was idle");
}

/// The wrong statements of the published walk-through that need no sentence to be found.
#[test]
fn the_published_platform_is_found_out() {
    let step = |files: &[&str]| {
        let paths: Vec<String> = files.iter().map(|file| format!("specs/{file}.yaml")).collect();
        codes(&paths.iter().flat_map(|path| ["-m", path.as_str()]).collect::<Vec<_>>())
    };
    let has = |found: &BTreeSet<String>, code: Code| found.contains(code.name());
    let monitoring = step(&["rag/cluster", "rag-as-published/01-deny-all", "rag-as-published/03-allow-ml-ops"]);
    assert!(has(&monitoring, Code::ForgeableNamespace) && has(&monitoring, Code::WideDoor));
    let or = step(&["eight-policies/cluster", "eight-policies/08-with-one-dash-more"]);
    assert!(has(&or, Code::DashSplitsPeer));
    let and = step(&["eight-policies/cluster", "eight-policies/08-one-pod-of-a-namespace"]);
    assert!(!has(&and, Code::DashSplitsPeer));
    let lab = step(&["rag-lab/cluster", "rag-as-published/01-deny-all", "rag-as-published/02-allow-chain"]);
    assert!(has(&lab, Code::ServicePort));
    let mended = step(&["rag-lab/cluster", "rag-as-published/01-deny-all", "rag-lab/02-allow-chain"]);
    assert!(!has(&mended, Code::ServicePort));
    let silent = step(&["rag/cluster", "rag-as-published/04-deny-egress"]);
    assert!(has(&silent, Code::EgressWithoutDns));
    let heard = step(&["rag/cluster", "rag-as-published/04-deny-egress", "rag-as-published/05-allow-dns"]);
    assert!(!has(&heard, Code::EgressWithoutDns));
    let repaired = codes(&["specs/rag.toml"]);
    let quiet = [Code::UnisolatedWorkload, Code::OneFamily].map(|code| code.name().to_owned());
    assert_eq!(repaired, BTreeSet::from(quiet), "the repaired platform has nothing above low");
}

/// Item 5 of it: the label is gone once both are applied, which is an error, and whoever leaves the first out
/// hears that the policy lets nobody in.
#[test]
fn a_label_lost_on_apply_is_named() {
    let cluster = std::fs::read_to_string(root().join("specs/rag/cluster.yaml")).unwrap();
    let policy = std::fs::read_to_string(root().join("specs/rag-as-published/03-allow-ml-ops.yaml")).unwrap();
    let again = "apiVersion: v1\nkind: Namespace\nmetadata: {name: ml-ops, labels: {name: ml-ops}}\n";
    let files = [("a.yaml", cluster.as_str()), ("b.yaml", again), ("policy.yaml", policy.as_str())];
    let ran = Here::with(&files).run(&["lint", "-m", "a.yaml", "-m", "b.yaml", "-m", "policy.yaml"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!("lint_label_lost", ran.err);
    let last = cluster.replace("    purpose: ml-ops", "    name: ml-ops");
    let files = [("a.yaml", last.as_str()), ("policy.yaml", policy.as_str())];
    let ran = Here::with(&files).run(&["lint", "-q", "-m", "a.yaml", "-m", "policy.yaml"]);
    assert!(ran.out.contains("matches-no-namespace") && ran.out.contains("did you mean `name=ml-ops`?"), "{}", ran.out);
}

/// OpenShift's DNS pods listen on 5353.
#[test]
fn the_dns_of_openshift_is_asked_on_its_own_port() {
    let namespaces = "apiVersion: v1\nkind: Namespace\nmetadata: {name: openshift-dns}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n";
    let pods = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: c, image: i}]}\n---\n\
        apiVersion: v1\nkind: Pod\nmetadata: {name: dns, namespace: openshift-dns, labels: {dns.operator.openshift.io/daemonset-dns: default}}\n\
        spec: {containers: [{name: c, image: i, ports: [{containerPort: 5353, protocol: UDP}, {containerPort: 5353, protocol: TCP}]}]}\n---\n";
    let policy = |port: u16| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: out, namespace: shop}}\nspec:\n  podSelector: {{}}\n  \
             policyTypes: [Egress]\n  egress:\n    - to: [{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: openshift-dns}}}}}}]\n      \
             ports: [{{protocol: UDP, port: {port}}}, {{protocol: TCP, port: {port}}}]\n"
        )
    };
    let lint = |port| {
        let text = format!("{namespaces}{pods}{}", policy(port));
        Here::with(&[("all.yaml", &text)]).run(&["lint", "-m", "all.yaml"]).out
    };
    let found = lint(53);
    assert!(found.contains("egress-without-dns") && found.contains("no rule opens port 5353"), "{found}");
    assert!(!lint(5353).contains("egress-without-dns"));
}

/// Manifests that hold policies only say nothing about what their selectors match.
#[test]
fn policies_alone_are_not_held_against_pods_that_are_not_there() {
    for code in [Code::MatchesNoPod, Code::MatchesNoNamespace, Code::ServicePort, Code::UnknownPortName] {
        let text = std::fs::read_to_string(root().join(example(code, "fires"))).unwrap();
        let policies: Vec<&str> = text.split("---\n").filter(|one| one.contains("kind: NetworkPolicy")).collect();
        let ran = Here::with(&[("p.yaml", &policies.join("---\n"))]).run(&["lint", "-m", "p.yaml"]);
        assert!(!ran.out.contains(code.name()), "{}", ran.out);
    }
}

#[test]
fn every_format_is_valid_and_says_the_same() {
    let arguments = ["specs/rag-as-published.toml"];
    let report = json(&arguments);
    let (_, schema, _) = run_any(&["schema", "lint"]);
    assert_eq!(schema::errors(&serde_json::from_str(&schema).unwrap(), &report), "");
    let (_, sarif, _) = run(&[&arguments[..], &["--format", "sarif"]].concat());
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let standard: Value = serde_json::from_str(include_str!("schemas/sarif-schema-2.1.0.json")).unwrap();
    assert_eq!(schema::errors(&standard, &sarif), "");
    let count = report["findings"].as_array().unwrap().len();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), count);
    let (_, github, _) = run(&[&arguments[..], &["--format", "github"]].concat());
    assert_eq!(github.lines().filter(|line| line.starts_with("::")).count(), count);
    let (_, text, _) = run(&arguments);
    let headings = text.lines().filter(|line| {
        let word = line.split('[').next().unwrap_or("");
        ["info", "low", "medium", "high", "critical"].contains(&word)
    });
    assert_eq!(headings.count(), count);
}

fn run_any(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_netverify")).args(arguments).current_dir(root()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn findings_can_be_allowed_and_decide_the_exit_code() {
    let manifest = example(Code::DashSplitsPeer, "fires");
    let code = |more: &[&str]| run(&[&["-m", &manifest], more].concat()).0;
    assert_eq!((code(&[]), code(&["--fail-on", "high"]), code(&["--allow", "dash-splits-peer"])), (1, 0, 0));
    assert_eq!(code(&["--allow", "dash-splits-peer", "--fail-on", "info"]), 1);
    let quiet = run(&["-m", &manifest, "-q"]).1;
    assert!(quiet.contains("dash-splits-peer") && !quiet.contains("unisolated-workload"), "{quiet}");

    let spec = |allow: &str| {
        let text = format!(
            "manifests = ['m.yaml']\n[lint]\nallow = [{allow}]\n[[property]]\nname = 'p'\nassert = 'nothing can reach web'\n"
        );
        let yaml = std::fs::read_to_string(root().join(&manifest)).unwrap();
        Here::with(&[("s.toml", &text), ("m.yaml", &yaml)]).run(&["lint", "s.toml"])
    };
    let allowed = spec("'dash-splits-peer'");
    assert!(allowed.code == 0 && allowed.out.contains("allowed: 1 (dash-splits-peer)"), "{}", allowed.out);
    insta::assert_snapshot!("lint_unknown_code", spec("'dash-split-peer'").err);
}

#[test]
fn bad_command_lines_are_told() {
    let (none, _, said) = run(&[]);
    assert!(none == 2 && said.contains("lint needs manifests or a spec") && said.contains("`-m k8s/`"), "{said}");
    assert_eq!(said.matches("error[").count(), 1, "{said}");
    let (unknown, _, said) = run(&["-m", "specs/rag", "--allow", "dash-splits-pear"]);
    assert!(unknown == 2 && said.contains("'dash-splits-peer'"), "{said}");
    let (severity, _, said) = run(&["-m", "specs/rag", "--fail-on", "severe"]);
    assert!(severity == 2 && said.contains("critical"), "{said}");
    let (plugin, _, said) = run(&["specs/rag.toml", "--plugin", "calico"]);
    assert!(plugin == 2 && said.contains("cannot be used with"), "{said}");
    let (missing, _, said) = run(&["-m", "no-such-folder"]);
    assert!(missing == 2 && said.contains("nothing was looked through"), "{said}");
}

/// What is left out because there is too much of it is said, once.
#[test]
fn a_limit_that_is_met_is_told() {
    let policy = |at: usize| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{at}, namespace: shop}}\nspec:\n  podSelector: {{}}\n  \
             policyTypes: [Ingress]\n  ingress: [{{from: [{{podSelector: {{}}}}], ports: [{{port: {}}}]}}]\n",
            8000 + at / 2
        )
    };
    let text: Vec<String> = (0..80).map(policy).collect();
    let ran = Here::with(&[("p.yaml", &text.join("---\n"))]).run(&["lint", "-m", "p.yaml"]);
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("limit: ")).count(), 1, "{}", ran.out);
    // Of each pair that does the same, one is told, and not the other.
    assert_eq!(ran.out.matches("[redundant-policy]").count(), 40, "{}", ran.out);
}

/// With a plugin that is known, blocks hang on nothing.
#[test]
fn a_plugin_settles_what_blocks_match() {
    let manifest = example(Code::BlockDependsOnPlugin, "fires");
    let found = |plugin: &str| codes(&["-m", &manifest, "--plugin", plugin]).contains("block-depends-on-plugin");
    assert!(found("any") && !found("calico"));
}
