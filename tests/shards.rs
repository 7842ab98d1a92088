//! A run in shares, put together again: the whole run's answers, or an error.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

#[path = "support/here.rs"]
mod here;

use std::fmt::Write as _;

use here::Here;
use serde_json::Value;

fn spec(name: &str) -> String {
    format!("{}/specs/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

/// The report of each share of a run, in files of their own; their names.
fn shares(here: &Here, spec: &str, of: usize) -> Vec<String> {
    let one = |index: usize| {
        let (share, name) = (format!("{index}/{of}"), format!("share-{index}-of-{of}.json"));
        let ran = here.run(&["prove", spec, "--shard", &share, "--format", "json"]);
        assert!(matches!(ran.code, 0 | 1), "{}", ran.err);
        std::fs::write(here.path(&name), ran.out).unwrap();
        name
    };
    (0..of).map(one).collect()
}

fn merged(here: &Here, names: &[String], more: &[&str]) -> here::Ran {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    here.run(&[&["merge"], names.as_slice(), more].concat())
}

/// A report without times, and without the cases: where several show the same, which one is told hangs on what is asked together.
fn steady(json: &str) -> Value {
    let mut report: Value = serde_json::from_str(json).unwrap();
    report["summary"]["elapsed_ms"].take();
    for property in report["properties"].as_array_mut().unwrap() {
        property["elapsed_us"].take();
        let today = property["counterexample"]["today"].take();
        property["counterexample"] = today;
        property["witness"].take();
    }
    report
}

#[test]
fn shares_together_are_the_whole() {
    let here = Here::with(&[]);
    for (name, counts) in [("rag", vec![1, 2, 3, 5, 40]), ("rag-as-published", vec![4])] {
        let spec = spec(name);
        let whole = here.run(&["prove", &spec, "--format", "json"]);
        for of in counts {
            // In any order.
            let mut names = shares(&here, &spec, of);
            names.reverse();
            let ran = merged(&here, &names, &["--format", "json"]);
            assert_eq!((ran.code, ran.err.as_str()), (whole.code, ""), "{name} in {of}");
            assert!(steady(&ran.out) == steady(&whole.out), "{name} in {of}");
        }
    }
}

#[test]
fn a_share_says_that_it_is_one() {
    let here = Here::with(&[]);
    let ran = here.run(&["prove", &spec("rag"), "--shard", "1/3"]);
    let words = "assumes: this is share 1 of 3 and says nothing of the others: 5 of 16 properties were asked about";
    assert!(ran.code == 0 && ran.out.contains(words) && ran.out.contains("(5 properties"), "{}", ran.out);
    let ran = merged(&here, &shares(&here, &spec("rag"), 3), &[]);
    assert!(ran.out.contains("(16 properties") && !ran.out.contains("this is share"), "{}", ran.out);
}

#[test]
fn every_format_is_made_of_what_was_merged() {
    let here = Here::with(&[]);
    let names = shares(&here, &spec("rag-as-published"), 2);
    for (format, words) in [
        ("text", "error[refuted]: embeddings-stay-home"),
        ("sarif", "\"version\": \"2.1.0\""),
        ("junit", "<testsuites"),
        ("github", "::error"),
        ("markdown", "embeddings-stay-home"),
    ] {
        let ran = merged(&here, &names, &["--format", format]);
        assert!(ran.code == 1 && ran.out.contains(words), "{format}: {}", ran.out);
    }
    let ran = merged(&here, &names, &["--exit-zero", "-o", "json=whole.json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(here.path("whole.json").exists());
}

#[test]
fn what_does_not_fit_together_is_not_merged() {
    let here = Here::with(&[]);
    let rag = shares(&here, &spec("rag"), 3);
    let text = |name: &str| std::fs::read_to_string(here.path(name)).unwrap();
    let put = |name: &str, text: &str| {
        std::fs::write(here.path(name), text).unwrap();
        name.to_owned()
    };
    let whole = put("whole.json", &here.run(&["prove", &spec("rag"), "--format", "json"]).out);
    let two = shares(&here, &spec("rag"), 2);
    let mut other: Value = serde_json::from_str(&text(&rag[1])).unwrap();
    other["share"]["inputs"] = "0".repeat(64).into();
    let other = put("other-files.json", &other.to_string());
    let options = here.run(&["prove", &spec("rag"), "--shard", "1/3", "-n", "elsewhere", "--format", "json"]);
    let with_options = put("other-options.json", &options.out);
    let short: String = text(&rag[1]).chars().take(500).collect();
    let [first, second, third] = [&rag[0], &rag[1], &rag[2]].map(String::clone);
    let cases: Vec<Vec<String>> = vec![
        vec![first.clone(), third.clone()],
        vec![second.clone()],
        vec![first.clone(), second.clone(), second.clone(), third.clone()],
        vec![whole],
        vec![first.clone(), two[1].clone()],
        vec![first.clone(), other, third.clone()],
        vec![first.clone(), put("short.json", &short), third.clone()],
        vec![put("version.json", &text(&second).replace("\"netverify\": \"", "\"netverify\": \"9."))],
        vec![put("schema.json", "{\"schema\": \"netverify-lint/1\"}")],
        vec![put("more.json", &text(&second).replace("\"severity\":", "\"mood\": \"good\", \"severity\":"))],
        vec![put("lies.json", &text(&second).replace("\"index\": 1", "\"index\": 0"))],
        vec![first.clone(), with_options, third.clone()],
        vec!["missing.json".to_owned()],
    ];
    let mut said = String::new();
    for names in cases {
        let ran = merged(&here, &names, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{names:?}");
        writeln!(said, "== merge {}\n{}", names.join(" "), ran.err).unwrap();
    }
    for share in ["3/3", "0/0", "1", "a/b", "-1/2"] {
        let ran = here.run(&["prove", &spec("rag"), &format!("--shard={share}")]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{share}");
        writeln!(said, "== --shard {share}\n{}", ran.err).unwrap();
    }
    let settings = || {
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"this is netverify \S+", "this is netverify VERSION");
        settings.add_filter(r"netverify 9\.\S+,", "netverify 9.VERSION,");
        settings
    };
    settings().bind(|| insta::assert_snapshot!("refused_merges", said));
}

/// The script of the Job in docs/scale.md.
fn script() -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scale.md")).unwrap();
    let line = page.lines().find(|line| line.contains("JOB_COMPLETION_INDEX/4")).unwrap();
    line.trim().strip_prefix("- ").unwrap().to_owned()
}

/// The Job that docs/scale.md shows is one by the rules of Kubernetes, and does what the page says.
#[test]
fn the_job_of_the_documentation_works() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scale.md")).unwrap();
    let job = page.split("```yaml\n").find(|block| block.starts_with("apiVersion: batch/v1")).unwrap();
    let here = Here::with(&[("job.yaml", job.split("```").next().unwrap()), ("reports/.keep", "")]);
    let ran = here.run(&["prove", "-m", "job.yaml", "--assert", "pods in verify cannot reach pods in verify:22"]);
    assert!(ran.code < 2 && ran.err.lines().all(|line| !line.starts_with("error")), "{}", ran.err);
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_netverify")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let script = script().replace("/specs/netverify.toml", &spec("rag")).replace("/reports/", "reports/");
    for index in 0..4 {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-eu", "-c", &script]).current_dir(here.path(".")).env("PATH", &path);
        assert!(shell.env("JOB_COMPLETION_INDEX", index.to_string()).status().unwrap().success());
    }
    let names: Vec<String> = (0..4).map(|index| format!("reports/share-{index}.json")).collect();
    let ran = merged(&here, &names, &[]);
    assert!(ran.code == 0 && ran.out.contains("(16 properties"), "{}{}", ran.out, ran.err);
}

/// What is counted is what the properties say, whatever a summary says.
#[test]
fn a_summary_is_not_believed() {
    let here = Here::with(&[]);
    let names = shares(&here, &spec("rag-as-published"), 2);
    let file = here.path(&names[1]);
    let mut report: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    report["summary"]["refuted"] = 0.into();
    std::fs::write(&file, report.to_string()).unwrap();
    let ran = merged(&here, &names, &[]);
    assert!(ran.code == 1 && ran.out.contains("proved: 31, refuted: 23"), "{}", ran.out);
}
