//! The security review: what it says is true, what it shows is safe, and it reads in a browser.
//!
//! The samples in docs/ are made here: `NETVERIFY_BLESS=1 cargo test --test review`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop at the first thing that is not as expected, and says what it skips"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use netverify::model::policy::{Peers, Policy, Ports, Rule};
use netverify::model::workload::Cluster;
use netverify::outcome::Outcome;
use netverify::plan::{Inputs, Plan};
use netverify::prove::{Job, Prover, decide};
use netverify::report::review::{Change, Review};
use netverify::review::{Limits, Material, review};
use netverify::source::SourceMap;

#[path = "support/here.rs"]
mod here;
use here::{Here, TODAY, program, ran};
#[path = "review/browser.rs"]
mod browser;
#[path = "../benches/support/cluster.rs"]
mod cluster;
#[path = "review/contrast.rs"]
mod contrast;
#[path = "../benches/support/spec.rs"]
mod spec;
use browser::{axe, browser, look, print, views};

const TIMEOUT: Duration = Duration::from_secs(60);

fn read(spec: &str) -> (Plan, SourceMap) {
    let mut sources = SourceMap::default();
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join(spec).display().to_string();
    let plan = Plan::read(&Inputs { specs: vec![spec], ..Inputs::default() }, &mut sources);
    assert!(!plan.has_errors(), "{:#?}", plan.diagnostics);
    (plan, sources)
}

fn reviewed(plan: &Plan, sources: &SourceMap, limit: usize) -> Review {
    let prover = Prover::new(1, TIMEOUT).unwrap();
    let answers = prover.prove(&plan.jobs()).unwrap();
    let report = netverify::report::build::report(plan, sources, &answers, String::new(), Duration::ZERO);
    let material = Material { plan, sources, answers: &answers, report: &report, prover: &prover };
    review(&material, Limits { coverage: limit }).unwrap().review
}

/// The change made by hand, from the words of the report alone.
fn changed(cluster: &Cluster, change: &Change) -> Cluster {
    let mut cluster = cluster.clone();
    let at = cluster.policies.iter().position(|policy| policy.full_name() == change.policy).unwrap();
    if change.path == "the policy" {
        cluster.policies.edit(|all| all.remove(at));
        return cluster;
    }
    cluster.policies.edit(|all| change_within(&mut all[at], change));
    cluster
}

fn change_within(policy: &mut Policy, change: &Change) {
    let rules = if change.path.starts_with("ingress") { &mut policy.ingress } else { &mut policy.egress };
    let rules = rules.as_mut().unwrap();
    let numbers: Vec<usize> = change.path.split(['[', ']']).filter_map(|part| part.parse().ok()).collect();
    match (numbers.as_slice(), change.how) {
        ([rule], "removed") => {
            rules.remove(*rule);
        }
        ([rule], "widened") => {
            let origin = rules[*rule].origin;
            rules[*rule] = Rule { peers: Peers::All, ports: Ports::All, origin };
        }
        ([rule, peer], "removed") => match &mut rules[*rule].peers {
            Peers::AnyOf(peers) => {
                peers.remove(*peer);
            }
            Peers::All => panic!("{change:?}"),
        },
        ([rule, _], "widened") => rules[*rule].peers = Peers::All,
        other => panic!("{other:?}"),
    }
}

fn is_refuted(job: &Job<'_>) -> bool {
    matches!(decide(job, TIMEOUT).unwrap(), Outcome::Refuted(_))
}

/// Every policy, rule and peer of the repaired platform is changed as the report says, and every property is asked again:
/// those that the report names are refuted, and no other.
#[test]
fn what_coverage_says_comes_true() {
    let (plan, sources) = read("specs/rag.toml");
    let coverage = reviewed(&plan, &sources, usize::MAX).coverage;
    assert_eq!(coverage.untried, 0);
    let mut unnoticed = Vec::new();
    for change in &coverage.changes {
        let cluster = changed(plan.cluster(&plan.items[0]), change);
        let world = plan.world(&plan.items[0]).unwrap();
        let is_named = |item: &&netverify::plan::Item| {
            let job = Job { cluster: &cluster, world, claim: &item.claim, allow_vacuous: item.allow_vacuous };
            is_refuted(&job)
        };
        let refuted: BTreeSet<&str> = plan.items.iter().filter(is_named).map(|item| item.name.as_str()).collect();
        let said: BTreeSet<&str> = change.noticed_by.iter().map(String::as_str).collect();
        assert!(said.is_subset(&refuted), "{change:#?}\n{refuted:?}");
        assert_eq!(said.len() + change.more, refuted.len(), "{change:#?}\n{refuted:?}");
        if said.is_empty() {
            unnoticed.push(format!("{}: {} ({})", change.policy, change.words, suggested(change)));
        }
    }
    assert!(coverage.changes.len() >= 25, "{}", coverage.changes.len());
    insta::assert_snapshot!("coverage_of_the_repaired_platform", unnoticed.join("\n"));
}

fn suggested(change: &Change) -> &str {
    change.suggestion.as_deref().unwrap_or("no sentence")
}

/// A sentence that is suggested holds over the files as they are.
#[test]
fn what_is_suggested_is_proved() {
    let (plan, sources) = read("specs/rag.toml");
    let coverage = reviewed(&plan, &sources, usize::MAX).coverage;
    let sentences: Vec<&String> = coverage.changes.iter().filter_map(|change| change.suggestion.as_ref()).collect();
    assert!(!sentences.is_empty());
    let mut arguments = vec!["prove", "-m", "specs/rag/cluster.yaml", "-m", "specs/rag/policies"];
    for sentence in &sentences {
        arguments.extend(["--assert", sentence]);
    }
    let ran = ran(program(&arguments).output().unwrap());
    assert_eq!(ran.code, 0, "{}{}", ran.err, ran.out);
}

#[test]
fn a_limit_on_questions_is_said() {
    let (plan, sources) = read("specs/rag.toml");
    let coverage = reviewed(&plan, &sources, 20).coverage;
    assert!(coverage.untried > 0 && coverage.questions <= 20, "{coverage:#?}");
    let none = reviewed(&plan, &sources, 0);
    assert!(none.coverage.changes.is_empty() && none.properties.iter().all(|one| one.removable.is_none()));
}

/// What would close a refutation does: the lines are taken away, and the property is proved.
#[test]
fn what_would_close_it_is_said() {
    let (plan, sources) = read("specs/rag-as-published.toml");
    let review = reviewed(&plan, &sources, 0);
    let mut text = String::new();
    for property in review.properties.iter().filter(|one| one.standing == "refuted") {
        let place = property.variant.as_deref().unwrap_or("");
        let ways = property.closes.join("\n    ").replace(env!("CARGO_MANIFEST_DIR"), "");
        writeln!(text, "{} ({place})\n    {ways}", property.name).unwrap();
        assert!(!property.closes.is_empty());
    }
    insta::assert_snapshot!("what_would_close_the_published_platform", text);
}

/// Without versions.
fn steady(page: &str) -> String {
    let mut page = page.to_owned();
    for name in ["netverify ", "Z3 "] {
        let parts: Vec<String> = page
            .split(name)
            .enumerate()
            .map(|(at, part)| {
                let is_version = at > 0 && part.starts_with(|c: char| c.is_ascii_digit());
                let version = |c: char| c.is_ascii_digit() || c == '.';
                if is_version { format!("V{}", part.trim_start_matches(version)) } else { part.to_owned() }
            })
            .collect();
        page = parts.join(name);
    }
    page
}

fn page(spec: &str, format: &str) -> String {
    let mut command = program(&["report", spec, "--format", format]);
    let ran = ran(command.env("SOURCE_DATE_EPOCH", TODAY).output().unwrap());
    assert!(matches!(ran.code, 0 | 1) && !ran.err.contains("error"), "{}", ran.err);
    ran.out
}

#[test]
fn the_samples_are_what_is_made_today() {
    for (format, file) in [("html", "sample-review.html"), ("markdown", "sample-review.md")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
        let today = page("specs/rag-as-published.toml", format);
        if std::env::var_os("NETVERIFY_BLESS").is_some() {
            std::fs::write(&path, &today).unwrap();
        }
        let sample = steady(&std::fs::read_to_string(&path).unwrap());
        let today = steady(&today);
        let differing = sample.lines().zip(today.lines()).find(|(sample, today)| sample != today);
        assert!(sample == today, "{file}: {differing:?}\nNETVERIFY_BLESS=1 cargo test --test review writes it");
    }
}

const MANIFEST: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: app}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: app, labels: {app: web}}
spec: {containers: [{name: c, ports: [{containerPort: 80}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: door, namespace: app} # <script>alert(1)</script> ``` "quotes" 'and' @team
spec: {podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}
"#;

/// Text of the user's that would do harm if it were anything but text.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\\\" onload=\\\"alert(1)",
    "' onmouseover='x",
    "\u{202e}txet\u{2066}",
    "]]><img src=x onerror=x>&amp;",
    "`code` **bold** | cell | @team [a](javascript:x)",
];

fn hostile_spec() -> String {
    let long = "n".repeat(253);
    let mut spec = format!("title = \"{} {long}\"\nmanifests = [\"a & <b>.yaml\"]\n", HOSTILE[0]);
    for (at, text) in HOSTILE.iter().enumerate() {
        write!(
            spec,
            "[[property]]\nname = \"p{at}\"\nassert = \"nothing can reach app/web:80\"\nseverity = \"high\"\nwhy = \"{text} {long}\"\n"
        )
        .unwrap();
    }
    spec + "[[waiver]]\nproperty = \"p0\"\nreason = \"<script>\"\nuntil = \"2099-01-01\"\n"
}

#[test]
fn hostile_text_is_text() {
    let here = Here::with(&[("a & <b>.yaml", MANIFEST), ("<s>.toml", &hostile_spec())]);
    for format in ["html", "markdown"] {
        let ran = here.run(&["report", "<s>.toml", "--format", format]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        let lower = ran.out.to_lowercase();
        // Markdown shows source lines in fences, where nothing is markup.
        let outside: String = if format == "html" { lower.clone() } else { without_fences(&lower) };
        for harm in ["<script", "<img", "\u{202e}", "\u{2066}", "<b>.yaml", "**bold**", "[a](j"] {
            assert!(!outside.contains(harm) || (format == "html" && harm.starts_with(['*', '['])), "{format}: {harm}");
        }
        assert!(!lower.contains('\u{202e}'), "{format}");
        if format == "html" {
            assert!(!has_handler(&ran.out), "an attribute came from text");
        }
    }
}

/// Whether a tag has an attribute that runs something.
fn has_handler(html: &str) -> bool {
    let tags = html.split('<').skip(1).filter_map(|rest| rest.split('>').next());
    tags.into_iter()
        .any(|tag| tag.contains(" onload=\"") || tag.contains(" onmouseover='") || tag.contains(" onerror="))
}

fn without_fences(text: &str) -> String {
    let (mut kept, mut fence) = (String::new(), None::<String>);
    for line in text.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if line.trim() == *open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => kept += &format!("{line}\n"),
        }
    }
    assert!(fence.is_none(), "a fence was never closed");
    kept
}

/// Nodes are no part of lists of who can reach what, also where the spec lets them take part.
#[test]
fn a_world_with_nodes_has_its_lists_without_them() {
    let manifests = "apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n---\napiVersion: v1\nkind: Pod\n\
        metadata: {name: db, namespace: app, labels: {app: db}}\nspec: {containers: [{name: a, image: a}]}\n---\n\
        apiVersion: v1\nkind: Pod\nmetadata: {name: agent, namespace: app}\n\
        spec: {hostNetwork: true, containers: [{name: a, image: a}]}\n---\n\
        apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: app}\nspec: {podSelector: {}}\n";
    let property = |name: &str| {
        format!("[[property]]\nname = \"{name}\"\nassert = \"external cannot reach app/{name}\"\nseverity = \"high\"\n")
    };
    let spec = format!("manifests = [\"app.yaml\"]\n[world]\nnodes = true\n{}{}", property("db"), property("agent"));
    let here = Here::with(&[("app.yaml", manifests), ("s.toml", &spec)]);
    let ran = here.run(&["report", "s.toml", "--format", "markdown"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "the agent is its node, and open: {}", ran.out);
    assert!(ran.out.contains("Nothing can reach it.") && !ran.out.contains("bug in netverify"), "{}", ran.out);
    assert!(ran.out.contains("no such pod or address could exist where nodes"), "{}", ran.out);
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_written() {
    let here = Here::with(&[("a & <b>.yaml", MANIFEST), ("s.toml", &hostile_spec())]);
    std::fs::create_dir(here.path("folder")).unwrap();
    let mut text = String::new();
    for arguments in [
        &["report"][..],
        &["report", "missing.toml", "-o", "out.html"],
        &["report", "s.toml", "-o", "missing/out.html"],
        &["report", "s.toml", "-o", "folder"],
        &["report", "s.toml", "-o", "s.toml"],
        &["report", "s.toml", "-o", "folder/../a & <b>.yaml"],
        &["report", "s.toml", "--format", "pdf"],
        &["report", "s.toml", "--coverage-limit", "many"],
    ] {
        let ran = here.run(arguments);
        writeln!(text, "== {}: exit {}\n{}", arguments.join(" "), ran.code, ran.err).unwrap();
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
    }
    assert_eq!(std::fs::read_to_string(here.path("s.toml")).unwrap(), hostile_spec());
    assert!(!here.path("out.html").exists());
    insta::assert_snapshot!("refused_reports", text);
}

/// A limit that is met is no finding: it is told apart from a search that found nothing.
#[test]
fn a_limit_on_sentences_for_coverage_is_told() {
    let page = |limit: &str, format: &str| {
        let here = Here::with(&[]);
        let spec = format!("{}/specs/eight-policies.toml", env!("CARGO_MANIFEST_DIR"));
        let ran = here.run(&["report", &spec, "--coverage-limit", limit, "--format", format, "-o", "out"]);
        assert!(ran.code < 2, "{}", ran.err);
        std::fs::read_to_string(here.path("out")).unwrap()
    };
    let words = "Not looked to the end for a sentence";
    assert!(page("60", "html").contains(words) && page("60", "html").contains("not looked for to the end (limit)"));
    assert!(page("60", "markdown").contains(words));
    assert!(!page("800", "html").contains(words) && !page("800", "html").contains("to the end (limit)"));
}

#[test]
fn the_ending_of_the_file_decides_and_the_exit_code_is_that_of_prove() {
    let here = Here::with(&[("a & <b>.yaml", MANIFEST), ("s.toml", &hostile_spec())]);
    for (file, code, extra) in [("r.html", 1, None), ("r.md", 0, Some("--exit-zero")), ("r.txt", 1, None)] {
        let arguments: Vec<&str> = ["report", "s.toml", "-o", file].into_iter().chain(extra).collect();
        let ran = here.run(&arguments);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (code, "", ""), "{file}");
    }
    let begins = |file: &str, text: &str| std::fs::read_to_string(here.path(file)).unwrap().starts_with(text);
    assert!(begins("r.html", "<!doctype html>") && begins("r.txt", "<!doctype html>") && begins("r.md", "# "));
}

/// A copy of the sample that looks at itself; the page itself forbids scripts.
fn probed(sample: &str) -> String {
    let with_scripts = sample
        .replace("default-src 'none'; style-src", "script-src 'unsafe-inline' file:; style-src")
        .replace("</body>", "<script src=\"axe.min.js\"></script><script src=\"probe.js\"></script></body>");
    assert!(with_scripts.contains("'unsafe-inline' file:"), "the policy of the page has changed");
    with_scripts
}

/// The folder with a page, its copy that looks at itself, and axe-core, or an empty script instead.
fn looked_at(page: &str, axe: &str) -> Here {
    let probe = include_str!("review/probe.js");
    let files = [("page.html", page), ("probed.html", &probed(page)), ("axe.min.js", axe), ("probe.js", probe)];
    Here::with(&files)
}

fn sample() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sample-review.html")).unwrap()
}

/// What the page says of itself in every view.
fn said_in_every_view(browser: &Path, here: &Here, has_axe: bool) {
    for view in views() {
        let said = look(browser, here, view, "probed.html");
        let scheme = if view.is_dark { "dark" } else { "light" };
        let wanted = format!("SAID {} {scheme}, axe {has_axe}, links true: no faults.", view.width);
        let found = said.lines().filter(|line| line.contains("SAID ") || line.contains("CONSOLE"));
        let found = found.collect::<Vec<_>>().join("\n");
        assert!(said.contains(&wanted) && !said.contains("CONSOLE"), "{view:?}: {found}");
    }
}

/// The sample at the width of a desk and of a phone, light and dark: nothing is too wide, every fold opens, every link leads somewhere, and
/// the console stays silent.
#[test]
fn the_sample_reads_in_a_browser() {
    let Some(browser) = browser() else { return };
    let here = looked_at(&sample(), "");
    for view in views() {
        let said = look(&browser, &here, view, "page.html");
        assert!(said.contains("<iframe") && !said.contains("CONSOLE"), "{view:?}: {said}");
    }
    said_in_every_view(&browser, &here, false);
}

/// No violation by axe-core, in every view, with every fold open.
#[test]
fn the_sample_is_accessible() {
    let (Some(browser), Some(axe)) = (browser(), axe()) else { return };
    said_in_every_view(&browser, &looked_at(&sample(), &axe), true);
}

#[test]
fn the_sample_prints() {
    let Some(browser) = browser() else { return };
    let pdf = print(&browser, &looked_at(&sample(), ""), "page.html");
    assert!(pdf.starts_with(b"%PDF"));
    let text = String::from_utf8_lossy(&pdf);
    let pages = text.split("/Type /Page\n").count() - 1;
    // One for each part at the least.
    assert!((7..100).contains(&pages), "{pages} pages");
}

/// The review of a generated cluster of 200 workloads and policies, with lists of who can reach what matters.
fn large() -> String {
    let shape = cluster::Shape { workloads: 200, seed: 1 };
    let spec = spec::spec(shape, 20).replace("assert =", "severity = \"high\"\nassert =");
    let files = cluster::files(shape);
    let files = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).chain([("netverify.toml", &*spec)]);
    let here = Here::with(&files.collect::<Vec<_>>());
    let ran = here.run(&["report", "netverify.toml", "--coverage-limit", "60"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    ran.out
}

/// What a large review holds, at every width, light and dark: as for the sample.
#[test]
fn a_large_review_is_small_enough_to_send_and_reads() {
    let page = large();
    assert!(page.len() < 5_000_000, "{}", page.len());
    assert!(page.contains("200 declared workloads") && page.contains("Named by "));
    let (Some(browser), Some(axe)) = (browser(), axe()) else { return };
    said_in_every_view(&browser, &looked_at(&page, &axe), true);
}

/// What is declared can be tried as it is; what somebody would have to create is there to copy.
#[test]
fn what_could_be_created_is_there_as_yaml() {
    let here = Here::with(&[
        ("a & <b>.yaml", MANIFEST),
        (
            "s.toml",
            "manifests = [\"a & <b>.yaml\"]\n[[property]]\nname = \"a\"\nassert = \"pods in app cannot reach app/web:80\"\n",
        ),
    ]);
    for format in ["html", "markdown"] {
        let out = here.run(&["report", "s.toml", "--format", format]).out;
        let wanted = [
            "refuted: it could happen",
            "What somebody would have to create, as YAML",
            "kind: Pod",
            "exec netverify-source",
        ];
        assert!(wanted.iter().all(|words| out.contains(words)), "{out}");
    }
}

/// The whole world in sentences: what the spec restricts, and what it leaves open.
#[test]
fn what_is_taken_for_granted_is_told_in_sentences() {
    let spec = "manifests = [\"app.yaml\", \"other.yaml\"]\n[world]\nexternal = false\nnodes = true\nnamespaces = \"declared\"\nplugin = \"calico\"\n\
        [trust]\nnamespaces = [\"app\"]\npod-labels = [\"team\"]\n[[property]]\nname = \"a\"\nassert = \"pods in app cannot reach app/web:80\"\nallow-vacuous = true\n";
    let other = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a, namespace: app}\nspec: {}\n";
    let here = Here::with(&[("app.yaml", MANIFEST), ("other.yaml", other), ("s.toml", spec)]);
    let ran = here.run(&["report", "s.toml", "--format", "markdown", "--ignore-kind", "CiliumNetworkPolicy"]);
    let told = ran.out.split("### What is taken for granted").nth(1).unwrap_or(&ran.err).split("###").next().unwrap();
    insta::assert_snapshot!("what_is_taken_for_granted", told);
}
