//! What becomes of a question that the solver cannot answer: time, memory, and a user who has seen
//! enough. What is decided is reported in every case.
//!
//! The hard question is a pigeonhole problem in the words of Kubernetes: no policy lets two labels of a
//! pod have one value, and there are more labels than values.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// So many values make a question that takes Z3 minutes; the newest version half of one, on a fast machine.
const VALUES: usize = 12;

/// How long anything may take that is over in seconds on a machine with nothing else to do.
const PATIENCE: Duration = Duration::from_secs(240);

/// Policies that select every pod with two labels alike, one for each pair of labels and each value.
fn manifests() -> String {
    let mut text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n".to_owned();
    for (one, other) in (0..=VALUES).flat_map(|one| (0..one).map(move |other| (one, other))) {
        for value in 0..VALUES {
            write!(
                text,
                "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
                metadata: {{name: not-{one}-{other}-{value}, namespace: app}}\n\
                spec: {{podSelector: {{matchLabels: {{k{one}: v{value}, k{other}: v{value}}}}}}}\n"
            )
            .unwrap();
        }
    }
    text
}

/// A property that is proved at once, the hard one between others, and what else is to be proved.
fn spec(before: &str, after: &str) -> String {
    let values = (0..VALUES).map(|value| format!("v{value}")).collect::<Vec<_>>().join(", ");
    let labels = (0..=VALUES).map(|key| format!("k{key} in ({values})")).collect::<Vec<_>>().join(",");
    format!(
        "manifests = [\"app.yaml\"]\n\
        {before}\
        [[property]]\nname = \"hard\"\nassert = \"every pod with {labels} in app is isolated for ingress\"\n\
        {after}"
    )
}

const PROVED: &str = "[[property]]\nname = \"easy\"\nassert = \"nothing can reach pods with k0=v0,k1=v0 in app\"\n";
/// Of one kind of case only: which one is found first is up to the solver.
const REFUTED: &str = "[[property]]\nname = \"easy\"\nassert = \"external cannot reach pods in app\"\n";

fn folder(before: &str, after: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.yaml"), manifests()).unwrap();
    std::fs::write(folder.path().join("hard.toml"), spec(before, after)).unwrap();
    folder
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netverify"));
    command.args(["prove", "hard.toml"]).args(arguments).current_dir(folder).env_remove("COLUMNS");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// A run that has decided the easy property, and is at work on the hard one.
fn at_work(folder: &Path) -> Child {
    let child = start(folder, &["--exit-zero", "--timeout", "600", "--dump-smt2", "asked"]);
    let patience = Instant::now();
    while !folder.join("asked/hard.hard.1-subject.smt2").exists() {
        assert!(patience.elapsed() < PATIENCE, "the hard property is not asked about");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(1));
    child
}

/// Exit code and report; the code is that of a shell where a signal ended the process.
fn end(child: Child) -> (i32, String) {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8([output.stderr, output.stdout].concat()).unwrap();
    (output.status.code().unwrap(), text)
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

fn snapshot(name: &str, text: &str) {
    let filters =
        [(r", \d+ ms, Z3 [\d.]+", ", [time], Z3 [version]"), (r"k0 in \(.*\) in app", "[many labels] in app")];
    insta::with_settings!({ filters => filters }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn time_that_is_up_leaves_the_rest_decided() {
    let folder = folder(PROVED, &REFUTED.replace("easy", "refuted"));
    let began = Instant::now();
    let (code, text) = end(start(folder.path(), &["--timeout", "5"]));
    // Reading the policies takes its time as well, on a machine that is busy.
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    snapshot("time", &format!("exit {code}\n{text}"));
}

#[test]
fn memory_that_is_used_up_leaves_the_rest_decided() {
    let folder = folder(PROVED, &REFUTED.replace("easy", "refuted"));
    // What is easy needs about 20 MB, whatever the version of Z3; the hard one takes all that it can get.
    for megabytes in ["32", "48"] {
        let (code, text) = end(start(folder.path(), &["--timeout", "600", "--memory-limit", megabytes]));
        snapshot("memory", &format!("exit {code}\n{}", text.replace(&format!("{megabytes} MB"), "[limit] MB")));
    }
}

#[test]
fn an_interrupted_run_reports_what_it_knows() {
    let after = REFUTED.replace("easy", "never-asked");
    for (name, before, expected) in [("INT", PROVED, 3), ("TERM", PROVED, 3)] {
        let folder = folder(before, &after);
        let child = at_work(folder.path());
        let asked = Instant::now();
        signal(&child, name);
        let (code, text) = end(child);
        assert!(asked.elapsed() < PATIENCE, "{:?}", asked.elapsed());
        assert_eq!(code, expected, "--exit-zero hides no interruption: {text}");
        snapshot("interrupted", &text);
    }
}

#[test]
fn what_is_refuted_before_an_interruption_decides_the_exit_code() {
    let folder = folder(REFUTED, "");
    let child = at_work(folder.path());
    signal(&child, "INT");
    let (code, text) = end(child);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("error[refuted]: easy") && text.contains("not decided: interrupted"), "{text}");
}

#[test]
fn a_second_interruption_ends_at_once() {
    let folder = folder(PROVED, "");
    let child = at_work(folder.path());
    signal(&child, "STOP");
    // Two waiting signals of one kind count as one, so the second is of another kind.
    signal(&child, "INT");
    signal(&child, "TERM");
    signal(&child, "CONT");
    let (code, text) = end(child);
    // The system is free to deliver either of them first.
    assert!([130, 143].contains(&code), "exit {code}: {text}");
    assert_eq!(text, "");
}

/// The hard question as one of `init`'s own: whether pods that a policy selects for egress are isolated for ingress too.
fn hard_for_init() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let values = (0..VALUES).map(|value| format!("v{value}")).collect::<Vec<_>>().join(", ");
    let labels = (0..=VALUES).map(|key| format!("{{key: k{key}, operator: In, values: [{values}]}}"));
    let policy = format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: hard, namespace: app}}\n\
        spec: {{policyTypes: [Egress], podSelector: {{matchExpressions: [{}]}}}}\n",
        labels.collect::<Vec<_>>().join(", ")
    );
    std::fs::write(folder.path().join("app.yaml"), manifests() + &policy).unwrap();
    folder
}

fn init(folder: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netverify"));
    command.args(["init", "-m", "app.yaml", "-o", "made.toml"]).args(arguments).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Linux says which signals a process takes itself.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_init_writes_nothing() {
    let folder = hard_for_init();
    let child = init(folder.path(), &["--timeout", "600"]);
    let patience = Instant::now();
    let takes_signals = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
        u64::from_str_radix(&caught, 16).unwrap() & 0b10 != 0
    };
    while !takes_signals() {
        assert!(patience.elapsed() < Duration::from_secs(120), "it never comes to work");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(2));
    signal(&child, "INT");
    let (code, text) = end(child);
    assert_eq!((code, text.as_str()), (3, "interrupted: nothing was written\n"));
    assert!(!folder.path().join("made.toml").exists());
}

/// Namespaces that are shut but for one chain, so that there is much to take in and little to prove.
fn chains() -> String {
    let mut text = String::new();
    for (namespace, app) in (0..6).flat_map(|namespace| (0..8).map(move |app| (namespace, app))) {
        if app == 0 {
            let deny = "spec: {podSelector: {}, policyTypes: [Ingress]}";
            write!(text, "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n{namespace}}}\n").unwrap();
            write!(text, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: deny, namespace: n{namespace}}}\n{deny}\n").unwrap();
        }
        write!(text, "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: a{app}, namespace: n{namespace}, labels: {{app: a{app}}}}}\nspec: {{containers: [{{name: c, image: i}}]}}\n").unwrap();
        write!(
            text,
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{app}, namespace: n{namespace}}}\nspec:\n  podSelector: {{matchLabels: {{app: a{app}}}}}\n  \
            ingress: [{{from: [{{podSelector: {{matchLabels: {{app: a{}}}}}}}], ports: [{{port: {}}}]}}]\n",
            app + 1,
            8000 + app
        )
        .unwrap();
    }
    text
}

/// A check that is stopped half-way must not make a later answer one to another question.
#[test]
fn time_that_is_up_makes_no_answer_wrong() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.yaml"), chains()).unwrap();
    let mut spec = "manifests = [\"app.yaml\"]\n".to_owned();
    for (namespace, app) in (0..6).flat_map(|namespace| (0..8).map(move |app| (namespace, app))) {
        for (name, sentence) in [
            ("home", "nothing outside N can reach N/A"),
            ("away", "external cannot reach N/A"),
            ("all", "nothing can reach N/A"),
        ] {
            let sentence = sentence.replace('N', &format!("n{namespace}")).replace('A', &format!("a{app}"));
            write!(spec, "[[property]]\nname = \"{name}-{namespace}-{app}\"\nassert = \"{sentence}\"\n").unwrap();
        }
    }
    std::fs::write(folder.path().join("hard.toml"), spec).unwrap();
    for seconds in ["0.001", "0.002", "0.003", "0.005", "0.01"] {
        let (code, text) = end(start(folder.path(), &["--timeout", seconds]));
        assert!([1, 3].contains(&code), "exit {code}\n{text}");
        let wrong = ["error[refuted]: home", "error[refuted]: away", "proved  all"];
        assert!(!wrong.iter().any(|words| text.contains(words)), "{text}");
    }
}
