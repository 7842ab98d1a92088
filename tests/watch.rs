//! `prove --watch`: a change of a file is followed by another report, whatever made it; Ctrl-C ends it with the exit code of the
//! last run.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first thing that is not as expected")]

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

#[path = "support/here.rs"]
mod here;
use here::Here;

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
const DENY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}}\n";
const OPEN: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: shop}\nspec: {podSelector: {}, ingress: [{}]}\n";
const SPEC: &str =
    "manifests = [\"k8s\"]\n[[property]]\nname = \"closed\"\nassert = \"nothing can reach pods in shop\"\n";

/// Far longer than anything here takes: a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

struct Watched {
    child: Child,
    /// The lines of the reports.
    out: Receiver<String>,
    /// The lines between them. What comes first of the two streams is not known.
    err: Receiver<String>,
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    lines
}

/// Waits for a line with these words.
fn until(lines: &Receiver<String>, words: &str) {
    let mut before = Vec::new();
    loop {
        let Ok(line) = lines.recv_timeout(PATIENCE) else { panic!("no `{words}` after {before:#?}") };
        if line.contains(words) {
            return;
        }
        before.push(line);
    }
}

impl Watched {
    fn start(here: &Here, arguments: &[&str]) -> Watched {
        let mut command = here.command(&[&["prove", "--watch"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Watched { child, out, err }
    }

    /// Waits for a report with these words.
    fn reports(&self, words: &str) {
        until(&self.out, words);
    }

    /// Waits for these words between reports.
    fn says(&self, words: &str) {
        until(&self.err, words);
    }

    fn interrupt(mut self) -> i32 {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Watched {
    /// A test that has failed leaves nothing running.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_change_is_followed_by_a_report() {
    let here = Here::with(&[("k8s/namespace.yaml", NAMESPACE), ("k8s/deny.yaml", DENY), ("s.toml", SPEC)]);
    let watched = Watched::start(&here, &["s.toml"]);
    watched.reports("proved: 1, refuted: 0");
    watched.says("watching 3 files; Ctrl-C ends");
    // A new file.
    std::fs::write(here.path("k8s/open.yaml"), OPEN).unwrap();
    watched.says("UTC: k8s/open.yaml changed");
    watched.reports("proved: 0, refuted: 1");
    watched.says("watching 4 files");
    // A file is gone.
    std::fs::remove_file(here.path("k8s/open.yaml")).unwrap();
    watched.reports("proved: 1, refuted: 0");
    watched.says("watching 3 files");
    // An editor that saves by renaming.
    std::fs::write(here.path("k8s/deny.yaml.swp"), OPEN).unwrap();
    std::fs::rename(here.path("k8s/deny.yaml.swp"), here.path("k8s/deny.yaml")).unwrap();
    watched.says("UTC: k8s/deny.yaml changed");
    watched.reports("proved: 0, refuted: 1");
    watched.says("watching 3 files");
    // The spec.
    std::fs::write(here.path("s.toml"), SPEC.replace("nothing can", "external can")).unwrap();
    watched.says("UTC: s.toml changed");
    watched.reports("proved: 1, refuted: 0");
    watched.says("watching 3 files");
    assert_eq!(watched.interrupt(), 0);
}

#[test]
fn a_broken_file_is_shown_and_watched_on() {
    let here = Here::with(&[("k8s/namespace.yaml", NAMESPACE), ("k8s/deny.yaml", DENY), ("s.toml", SPEC)]);
    let watched = Watched::start(&here, &["s.toml"]);
    watched.says("watching");
    std::fs::write(here.path("k8s/deny.yaml"), DENY.replace("podSelector", "podSelecter")).unwrap();
    watched.says("error[unknown-field]");
    watched.says("watching");
    std::fs::write(here.path("s.toml"), "manifests = [").unwrap();
    watched.says("error[spec-syntax]");
    watched.says("watching");
    std::fs::write(here.path("s.toml"), SPEC).unwrap();
    watched.says("error[unknown-field]");
    watched.says("watching");
    std::fs::write(here.path("k8s/deny.yaml"), OPEN).unwrap();
    watched.reports("refuted: 1");
    watched.says("watching");
    assert_eq!(watched.interrupt(), 1, "the exit code of the last run");
}

#[test]
fn a_spec_that_is_broken_or_missing_at_first_is_waited_for() {
    let here = Here::with(&[("k8s/namespace.yaml", NAMESPACE), ("k8s/deny.yaml", DENY)]);
    let watched = Watched::start(&here, &["s.toml"]);
    watched.says("error[file-not-found]");
    watched.says("watching 0 files");
    std::fs::write(here.path("s.toml"), SPEC).unwrap();
    watched.reports("proved: 1, refuted: 0");
    watched.says("watching 3 files");
    assert_eq!(watched.interrupt(), 0);
}

#[test]
fn a_burst_of_changes_is_one_report() {
    let here = Here::with(&[("k8s/namespace.yaml", NAMESPACE), ("k8s/deny.yaml", DENY)]);
    let watched = Watched::start(&here, &["-m", "k8s/*.yaml", "--assert", "nothing can reach pods in shop"]);
    watched.says("watching 2 files");
    for number in 0..5 {
        let policy = OPEN.replace("name: open", &format!("name: open-{number}"));
        std::fs::write(here.path(&format!("k8s/{number}.yaml")), policy).unwrap();
    }
    watched.says("and 2 more changed");
    watched.reports("refuted: 1");
    watched.says("watching 7 files");
    assert_eq!(watched.interrupt(), 1);
}

#[test]
fn outputs_among_the_manifests_start_no_run() {
    let here = Here::with(&[("k8s/namespace.yaml", NAMESPACE), ("k8s/deny.yaml", DENY), ("s.toml", SPEC)]);
    let watched = Watched::start(&here, &["s.toml", "-o", "junit=k8s/report.json"]);
    watched.says("watching 3 files");
    thread::sleep(Duration::from_millis(1500));
    assert!(watched.err.try_recv().is_err(), "nothing has changed");
    assert_eq!(watched.interrupt(), 0);
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let here = Here::with(&[("s.toml", &SPEC.replace("k8s", "-"))]);
    let mut text = String::new();
    for arguments in [
        &["--watch", "-m", "-", "--assert", "nothing can reach pods in shop"][..],
        &["--watch", "s.toml"],
        &["--watch", "s.toml", "--dump-smt2", "dump"],
        &["--watch", "s.toml", "--witness-dir", "witnesses"],
    ] {
        let ran = here.run(&[&["prove"], arguments].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        text += &format!("== {}\n{}\n", arguments.join(" "), ran.err);
    }
    insta::assert_snapshot!("refused_watch", text);
}
