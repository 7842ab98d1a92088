//! `netverify init`: what it makes of the RAG platform, of the usual recipes and of a cluster of a hundred workloads is a spec
//! that proves as it is written.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

#[path = "support/here.rs"]
mod here;
use here::{Here, Ran, program, ran};

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}}\n";

fn shop() -> Here {
    Here::with(&[("k8s/namespace.yaml", NAMESPACE), ("k8s/policy.yaml", POLICY)])
}

fn read(here: &Here, name: &str) -> String {
    std::fs::read_to_string(here.path(name)).unwrap()
}

/// The spec that `init` writes, of the top of the project; it has to prove where it lies.
fn made_and_proved(manifests: &[&str], folder: &Path) -> String {
    let spec = folder.join("made.toml");
    let mut arguments = vec!["init", "--force", "-o", spec.to_str().unwrap()];
    manifests.iter().for_each(|path| arguments.extend(["-m", path]));
    let made = ran(program(&arguments).output().unwrap());
    assert_eq!(made.code, 0, "{}", made.err);
    let text = std::fs::read_to_string(&spec).unwrap();
    let proved = ran(program(&["prove", "--quiet", spec.to_str().unwrap()]).output().unwrap());
    // Of a namespace that no manifest declares the reader is told.
    let warns = proved.err.is_empty() || proved.err.starts_with("warning[undeclared-namespace]");
    assert!(proved.code == 0 && warns, "{text}\n{}{}", proved.err, proved.out);
    let properties = text.matches("[[property]]").count();
    assert!(proved.out.starts_with(&format!("proved: {properties}, refuted: 0, unknown: 0")), "{}", proved.out);
    assert!(text.lines().all(|line| line.chars().count() <= 130), "{text}");
    text
}

#[test]
fn the_rag_platform() {
    let folder = tempfile::tempdir().unwrap();
    made_and_proved(&["specs/rag"], folder.path());
    made_and_proved(&["specs/rag/cluster.yaml", "specs/rag-as-published"], folder.path());
    // The paths of a snapshot are not those of a folder of this run.
    let text = ran(program(&["init", "-m", "specs/rag"]).output().unwrap()).out;
    insta::assert_snapshot!("rag", text);
    let text =
        ran(program(&["init", "-m", "specs/rag/cluster.yaml", "-m", "specs/rag-as-published"]).output().unwrap()).out;
    insta::assert_snapshot!("rag_as_published", text);
}

/// From the first endpoint of the namespace that a recipe is about: what is beyond is the same for all.
fn own_part(text: &str) -> &str {
    let start = text.find("# ---").unwrap();
    let part = text.get(start..).unwrap();
    part.split("\n# ---").next().unwrap()
}

#[test]
fn the_recipes() {
    let folder = tempfile::tempdir().unwrap();
    let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/init/recipes");
    let mut names: Vec<String> = std::fs::read_dir(&recipes)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "cluster.yaml")
        .collect();
    names.sort();
    assert_eq!(names.len(), 15);
    let mut text = String::new();
    for name in names {
        let path = format!("tests/init/recipes/{name}");
        let comment = std::fs::read_to_string(recipes.join(&name)).unwrap();
        let spec = made_and_proved(&["tests/init/recipes/cluster.yaml", &path], folder.path());
        writeln!(text, "== {name} {}\n{}", comment.lines().next().unwrap(), own_part(&spec)).unwrap();
        // The policies alone, of workloads that are declared elsewhere.
        made_and_proved(&[&path], folder.path());
    }
    insta::assert_snapshot!("recipes", text);
}

/// Ten teams of ten workloads; each team keeps to itself in a manner of its own.
fn hundred() -> String {
    let mut text = String::from(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: coredns, namespace: kube-system}\nspec:\n  selector: {matchLabels: {k8s-app: kube-dns}}\n  \
         template:\n    metadata: {labels: {k8s-app: kube-dns}}\n    spec: {containers: [{name: c, image: i, ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53}]}]}\n",
    );
    for team in 0..10 {
        let namespace = format!("team-{team}");
        writeln!(
            text,
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}, labels: {{team: t{team}}}}}"
        )
        .unwrap();
        for app in 0..10 {
            writeln!(
                text,
                "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app-{app}, namespace: {namespace}}}\nspec:\n  selector: {{matchLabels: {{app: app-{app}}}}}\n  \
                 template:\n    metadata: {{labels: {{app: app-{app}, tier: t{}}}}}\n    spec: {{containers: [{{name: c, image: i, ports: [{{name: http, containerPort: {}}}]}}]}}",
                app % 3,
                8000 + app
            )
            .unwrap();
        }
        text += &policies(&namespace, team);
    }
    text
}

fn policies(namespace: &str, team: usize) -> String {
    let policy = |name: &str, spec: &str| {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
        )
    };
    let deny = policy("deny", "{podSelector: {}, policyTypes: [Ingress, Egress]}");
    let dns = policy(
        "dns",
        "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, \
         podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53, protocol: UDP}, {port: 53}]}]}",
    );
    let chain = |port: &str| {
        (1..10).map(|app| {
            let (from, to) = (format!("app-{}", app - 1), format!("app-{app}"));
            let port = if port == "number" { (8000 + app).to_string() } else { port.to_owned() };
            policy(&format!("in-{app}"), &format!("{{podSelector: {{matchLabels: {{app: {to}}}}}, policyTypes: [Ingress], ingress: [{{from: [{{podSelector: {{matchLabels: {{app: {from}}}}}}}], ports: [{{port: {port}}}]}}]}}"))
                + &policy(&format!("out-{app}"), &format!("{{podSelector: {{matchLabels: {{app: {from}}}}}, policyTypes: [Egress], egress: [{{to: [{{podSelector: {{matchLabels: {{app: {to}}}}}}}], ports: [{{port: {port}}}]}}]}}"))
        }).collect::<String>()
    };
    let front = policy(
        "front",
        "{podSelector: {matchLabels: {app: app-0}}, policyTypes: [Ingress], ingress: [{ports: [{port: 8000}]}]}",
    );
    match team {
        0 => String::new(),
        1 | 2 => deny + &dns + &chain("number") + &front,
        3 => deny + &dns + &chain("http") + &front,
        4 => deny.replace(", Egress", "") + &chain("number"),
        5 => {
            deny + &dns
                + &policy(
                    "home",
                    "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}]}], egress: [{to: [{podSelector: {}}]}]}",
                )
        }
        6 => policy(
            "one",
            "{podSelector: {matchLabels: {app: app-5}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: t1}}}]}]}",
        ),
        7 => {
            deny + &policy(
                "office",
                "{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [t2]}]}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.8/32]}}], ports: [{port: 8000, endPort: 8005}]}]}",
            )
        }
        8 => policy("closed", "{podSelector: {}, policyTypes: [Egress]}"),
        _ => {
            deny + &policy(
                "out",
                "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}], ports: [{port: 443}]}, {to: [{ipBlock: {cidr: 'fd00::/8'}}], ports: [{port: 8443}]}]}",
            )
        }
    }
}

#[test]
fn a_hundred_workloads_make_a_spec_that_a_person_would_keep() {
    let here = Here::with(&[("cluster.yaml", &hundred())]);
    let manifests = here.path("cluster.yaml");
    let text = made_and_proved(&[manifests.to_str().unwrap()], &here.path(""));
    let properties = text.matches("[[property]]").count();
    assert!((60..200).contains(&properties), "{properties} properties");
    assert_eq!(text.matches("pods = \"").count(), 101, "an endpoint for each workload");
    let from = text.find("# ---").unwrap();
    let is_told =
        |line: &&str| !line.is_empty() && !["[[", "name ", "severity"].iter().any(|start| line.starts_with(start));
    let told: Vec<&str> = text.get(from..).unwrap().lines().filter(is_told).collect();
    insta::assert_snapshot!("hundred", told.join("\n"));
}

/// With no time to think little is proved, and what is written proves all the same.
#[test]
fn what_there_is_no_time_to_prove_is_left_out() {
    let here = Here::with(&[("cluster.yaml", &hundred())]);
    let made = here.run(&["init", "-m", "cluster.yaml", "-o", "made.toml", "--timeout", "0.001"]);
    if made.code == 2 {
        assert!(
            made.err.contains("nothing is proved of these policies") && !here.path("made.toml").exists(),
            "{}",
            made.err
        );
        return;
    }
    assert_eq!(made.code, 0, "{}", made.err);
    let proved = here.run(&["prove", "--quiet", "made.toml"]);
    assert_eq!(proved.code, 0, "{}{}", proved.out, proved.err);
}

/// A question that is stopped in the middle spoils none that follow it: Z3 takes for known what it had only begun to
/// read, and finds cases that are none. An answer is the right one, or there is none.
#[test]
fn whatever_the_time_limit_no_answer_is_wrong() {
    let here = Here::with(&[("cluster.yaml", &hundred())]);
    let sentence = |team: usize, from: usize, to: usize| {
        format!("team-{team}/app-{from} can reach team-{team}/app-{to}:{}", 8000 + to)
    };
    let sentences: Vec<String> = (0..120).map(|at| sentence(at % 10, at * 7 % 10, (at * 3 + 1) % 10)).collect();
    let outcomes = |timeout: &str| {
        let mut arguments =
            vec!["prove", "-m", "cluster.yaml", "--format", "json", "--threads", "1", "--timeout", timeout];
        arguments.extend(sentences.iter().flat_map(|sentence| ["--assert", sentence]));
        let ran = here.run(&arguments);
        assert_ne!(ran.code, 4, "the two semantics disagree: {}", ran.out);
        let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let outcome = |one: &serde_json::Value| one["outcome"].as_str().unwrap().to_owned();
        report["properties"].as_array().unwrap().iter().map(outcome).collect::<Vec<_>>()
    };
    let right = outcomes("600");
    for timeout in ["0.001", "0.002", "0.004", "0.008"] {
        for (one, right) in outcomes(timeout).iter().zip(&right) {
            assert!(one == "unknown" || one == right, "{one} in {timeout} s, and {right}");
        }
    }
}

#[test]
fn the_spec_names_its_manifests_from_where_it_lies() {
    for (output, manifests, named) in [
        ("made.toml", &["k8s"][..], "\"k8s\""),
        ("specs/made.toml", &["k8s/"], "\"../k8s\""),
        ("k8s/made.toml", &["./k8s"], "\".\""),
        ("k8s/made.toml", &["k8s/policy.yaml", "k8s/n*.yaml"], "\"policy.yaml\", \"n*.yaml\""),
        ("specs/made.toml", &["specs/../k8s"], "\"../specs/../k8s\""),
    ] {
        let here = shop();
        std::fs::create_dir_all(here.path("specs")).unwrap();
        let mut arguments = vec!["init", "-o", output];
        manifests.iter().for_each(|path| arguments.extend(["-m", path]));
        let made = here.run(&arguments);
        assert_eq!((made.code, made.out), (0, format!("wrote {output}: 1 property, all proved\n")), "{}", made.err);
        let text = read(&here, output);
        assert!(text.contains(&format!("manifests = [{named}]")), "{text}");
        let proved = here.run(&["prove", output]);
        assert_eq!((proved.code, proved.err.as_str()), (0, ""), "{}", proved.out);
    }
}

fn piped(here: &Here, arguments: &[&str], input: &str) -> Ran {
    let mut command = here.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    ran(child.wait_with_output().unwrap())
}

#[test]
fn manifests_from_standard_input_stay_on_the_command_line() {
    let here = shop();
    let rendered = format!("{NAMESPACE}---\n{POLICY}");
    let made = piped(&here, &["init", "-m", "-", "-o", "made.toml"], &rendered);
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    let text = read(&here, "made.toml");
    assert!(text.contains("manifests = [] #") && text.contains("... | netverify prove -m - made.toml"), "{text}");
    let proved = piped(&here, &["prove", "-m", "-", "made.toml"], &rendered);
    assert_eq!((proved.code, proved.err.as_str()), (0, ""), "{}", proved.out);
}

#[test]
fn what_reads_the_manifests_otherwise_stands_in_the_command() {
    let here = Here::with(&[("p.yaml", &POLICY.replace(", namespace: shop", ""))]);
    let made = here.run(&["init", "-m", "p.yaml", "-n", "shop", "--plugin", "calico"]);
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(
        made.out.contains("netverify prove -n shop netverify.toml") && made.out.contains("plugin     = \"calico\"")
    );
}

#[test]
fn a_spec_that_is_there_is_kept_unless_forced() {
    let here = shop();
    std::fs::write(here.path("made.toml"), "mine").unwrap();
    let refused = here.run(&["init", "-m", "k8s", "-o", "made.toml"]);
    assert_eq!((refused.code, refused.out.as_str(), read(&here, "made.toml").as_str()), (2, "", "mine"));
    assert_eq!(here.run(&["init", "-m", "k8s", "-o", "made.toml", "--force"]).code, 0);
    assert!(read(&here, "made.toml").contains("[[property]]"));
}

#[test]
fn faults_write_nothing() {
    let here = shop();
    std::fs::write(here.path("bad.yaml"), POLICY.replace("podSelector", "podSelecter")).unwrap();
    std::fs::write(here.path("mine.toml"), "mine").unwrap();
    let mut text = String::new();
    for arguments in [
        &["init"][..],
        &["init", "-m", "bad.yaml", "-o", "new.toml"],
        &["init", "-m", "nowhere", "-o", "new.toml"],
        &["init", "-m", "k8s/namespace.yaml", "-o", "new.toml"],
        &["init", "-m", "k8s", "-o", "mine.toml"],
        &["init", "-m", "k8s", "-o", "k8s/policy.yaml", "--force"],
        &["init", "-m", "k8s", "-o", "missing/new.toml"],
        &["init", "-m", "k8s", "-o", "k8s"],
        &["init", "-m", "k8s", "--force"],
        &["init", "-m", "k8s", "--plugin", "callico"],
    ] {
        let ran = here.run(arguments);
        writeln!(text, "== {}: exit {}\n{}", arguments.join(" "), ran.code, ran.err).unwrap();
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
    }
    let files =
        walkdir::WalkDir::new(here.path("")).into_iter().filter(|entry| entry.as_ref().unwrap().file_type().is_file());
    assert_eq!(files.count(), 4, "nothing is left behind");
    assert_eq!(read(&here, "mine.toml"), "mine");
    insta::assert_snapshot!("faults", text);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let here = shop();
    let mut command = here.command(&["init", "-m", "k8s"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

/// Names of every kind that Kubernetes takes and a spec has other uses for.
#[test]
fn names_and_labels_that_are_odd_words_here() {
    let pod = |name: &str, labels: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, labels: {{{labels}}}}}\nspec: {{containers: [{{name: c, image: i}}]}}\n"
        )
    };
    let allow = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: allow, namespace: shop}\nspec:\n  podSelector: {matchExpressions: [{key: can, operator: Exists}, {key: old, operator: DoesNotExist}]}\n  \
        ingress: [{from: [{podSelector: {matchLabels: {app: ''}}}, {podSelector: {matchExpressions: [{key: tier, operator: In, values: [a, b]}]}}]}]\n";
    let pods = [
        pod("external", "can: 'yes'"),
        pod("node", "app: ''"),
        pod("a.b.c", "tier: b"),
        pod("bare-1", ""),
        pod("bare-2", ""),
        pod("web-x1", "app: web, pod-template-hash: x"),
        pod("web-x2", "app: web, pod-template-hash: x"),
        pod(&"x".repeat(80), "app: long"),
    ];
    let here = Here::with(&[("all.yaml", &format!("{NAMESPACE}---\n{POLICY}{allow}{}", pods.concat()))]);
    let manifests = here.path("all.yaml");
    let text = made_and_proved(&[manifests.to_str().unwrap()], &here.path(""));
    let from = text.find("[endpoints]").unwrap();
    insta::assert_snapshot!("odd_names", text.get(from..).unwrap());
}
