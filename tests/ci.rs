//! The recipes of docs/ci.md, the action and the hooks: their YAML has the shape that its readers want, and every command line in them
//! runs, passes over a cluster that holds what its spec says, and fails over one that does not.
//!
//! What is not ours (helm, kubectl, cargo, ...) is played by scripts in front of the PATH.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first thing that is not as expected"
)]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|fault| panic!("{fault}\n{text}"))
}

/// The fenced blocks of docs/ci.md in a language.
fn blocks(language: &str) -> Vec<String> {
    let page = text("docs/ci.md");
    let fence = format!("```{language}\n");
    let fenced = page.split(&fence).skip(1);
    fenced.map(|block| block.split("\n```").next().unwrap().to_owned() + "\n").collect()
}

/// The YAML blocks that are to be files of this name.
fn files(name: &str) -> Vec<Value> {
    let own = blocks("yaml")
        .into_iter()
        .filter(|block| block.lines().next().unwrap().trim_start_matches("# ").ends_with(name));
    own.map(|block| yaml(&block)).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {value:#}")).as_slice()
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no string {key} in {value:#}"))
}

/// A folder with the files that the recipes name, and what stands in for other programs.
struct Sample {
    folder: TempDir,
}

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
const WORKLOAD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: shop, labels: {app: db}}\nspec: {containers: [{name: db, image: db}]}\n";
const DENY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: {podSelector: {}}\n";
const OPEN: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open, namespace: shop}\nspec: {podSelector: {}, ingress: [{}]}\n";
const PROPERTY: &str = "[[property]]\nname = \"closed\"\nassert = \"nothing outside shop can reach shop/db\"\n";

impl Sample {
    /// `holds`: whether the spec is proved. `manifests`: what the spec names.
    fn new(holds: bool, manifests: &str) -> Sample {
        let sample = Sample { folder: tempfile::tempdir().unwrap() };
        let policies = if holds { DENY.to_owned() } else { format!("{DENY}---\n{OPEN}") };
        let workloads = format!("{NAMESPACE}---\n{WORKLOAD}");
        sample.write("k8s/workloads.yaml", &workloads);
        sample.write("k8s/policies.yaml", &policies);
        sample.write("workloads.yaml", &workloads);
        sample.write("policies.yaml", &policies);
        sample.write("rendered.yaml", &format!("{workloads}---\n{policies}"));
        sample.write("rendered/empty.yaml", NAMESPACE);
        sample.write("netverify.toml", &format!("manifests = [{manifests}]\n{PROPERTY}"));
        let variant = |name: &str| format!("[[variant]]\nname = \"{name}\"\nmanifests = [\"rendered/{name}.yaml\"]\n");
        sample.write("netverify-overlays.toml", &format!("{PROPERTY}{}{}", variant("staging"), variant("production")));
        sample.programs();
        sample
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn programs(&self) {
        let binary = env!("CARGO_BIN_EXE_netverify");
        self.program("netverify", &format!("exec '{binary}' \"$@\""));
        for name in ["helm", "kustomize", "kubectl"] {
            self.program(name, &format!("exec cat '{}'", self.folder.path().join("rendered.yaml").display()));
        }
        for name in ["cargo", "sudo", "apt-get", "brew", "gh"] {
            self.program(name, "exit 0");
        }
        self.program("docker", "while [ $# -gt 0 ] && [ \"$1\" != prove ]; do shift; done\nexec netverify \"$@\"");
    }

    fn program(&self, name: &str, script: &str) {
        self.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(self.folder.path().join("bin").join(name), PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The exit code of a script, and what it said.
    fn run(&self, shell: &[&str], script: &str, variables: &[(&str, String)]) -> (i32, String) {
        let system = std::env::var("PATH").unwrap();
        let output = Command::new(shell[0])
            .args(&shell[1..])
            .arg(script)
            .current_dir(self.folder.path())
            .env("PATH", format!("{}:{system}", self.path("bin")))
            .env_remove("COLUMNS")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }
}

const SH: [&str; 3] = ["sh", "-e", "-c"];
/// As GitHub Actions runs a step with `shell: bash`.
const BASH: [&str; 6] = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"];

/// A script that gates passes where the spec holds and fails where it does not.
fn gates(shell: &[&str], script: &str, manifests: &str, variables: &[(&str, String)]) {
    for (holds, code) in [(true, 0), (false, 1)] {
        let (ended, said) = Sample::new(holds, manifests).run(shell, script, variables);
        assert_eq!(ended, code, "{script}\n{said}");
        assert!(
            said.contains("closed") || said.contains("proved: 1") || said.contains("proved: 2"),
            "{script}\n{said}"
        );
    }
}

/// What the spec of a script names: nothing where the manifests come through a pipe.
fn named_by(script: &str) -> &'static str {
    if script.contains("-m -") { "" } else { "\"k8s\"" }
}

#[test]
fn every_shell_block_runs() {
    let all = blocks("sh");
    assert!(all.len() >= 6, "{}", all.len());
    for script in all {
        let prepares = script.contains("netverify init") || !script.contains("netverify");
        let install = script.contains("cargo install");
        if !prepares && !install {
            // One block may hold two ways to say the same.
            let lines: Vec<&str> = script.lines().collect();
            let steps = if script.contains("> rendered/") { vec![script.as_str()] } else { lines };
            steps.iter().for_each(|step| gates(&SH, step, named_by(step), &[]));
            continue;
        }
        let sample = Sample::new(true, "\"k8s\"");
        std::fs::remove_file(sample.folder.path().join("netverify.toml")).unwrap();
        let (code, said) = sample.run(&SH, &script, &[]);
        assert_eq!(code, 0, "{script}\n{said}");
    }
}

#[test]
fn the_makefile_gates() {
    for makefile in blocks("make") {
        for (holds, code) in [(true, 0), (false, 2)] {
            let sample = Sample::new(holds, "\"k8s\"");
            sample.write("Makefile", &makefile);
            let (ended, said) = sample.run(&["sh", "-c"], "make netverify", &[]);
            assert_eq!(ended, code, "make turns every failure into a 2: {said}");
            assert!(holds || said.contains("Error 1"), "{said}");
            assert_eq!(sample.run(&["sh", "-c"], "make --dry-run netverify-watch", &[]).0, 0);
        }
    }
}

/// The steps of a workflow or an action, each of the right shape.
fn check_steps(steps: &[Value], is_composite: bool) {
    for step in steps {
        let own = keys(step);
        assert!(own.contains("uses") != own.contains("run"), "one of `uses` and `run`: {step:#}");
        let known = ["name", "id", "if", "uses", "with", "run", "env", "shell"];
        assert!(own.iter().all(|key| known.contains(key)), "{step:#}");
        if own.contains("run") {
            assert_eq!(own.contains("shell"), is_composite, "a composite action names the shell: {step:#}");
            assert!(!string(step, "run").contains("${{"), "an expression in a script may hold commands: {step:#}");
        } else {
            let (action, version) = string(step, "uses").split_once('@').unwrap();
            assert!(action.contains('/') && !version.is_empty(), "{step:#}");
        }
    }
}

fn inputs() -> Value {
    yaml(&text("action.yml"))["inputs"].clone()
}

#[test]
fn workflows_have_the_shape_of_workflows() {
    let names = ["netverify", "netverify-comment", "netverify-diff"];
    let workflows = names.map(|name| files(&format!(".github/workflows/{name}.yml"))).concat();
    assert_eq!(workflows.len(), 3);
    let known = inputs();
    for workflow in workflows {
        assert_eq!(keys(&workflow), BTreeSet::from(["name", "on", "permissions", "jobs"]));
        for job in workflow["jobs"].as_object().unwrap().values() {
            assert_eq!(keys(job), BTreeSet::from(["runs-on", "steps"]));
            check_steps(list(job, "steps"), false);
            for step in list(job, "steps") {
                if step["uses"].as_str().is_some_and(|uses| uses.starts_with("OWNER/netverify@")) {
                    assert!(keys(&step["with"]).is_subset(&keys(&known)), "{step:#}");
                } else if let Some(script) = step["run"].as_str() {
                    run_step(script);
                }
            }
        }
    }
}

/// A step of a workflow: it gates, or it prepares.
fn run_step(script: &str) {
    if script.starts_with("netverify prove") {
        return gates(&BASH, script, "\"k8s\"", &[]);
    }
    if script.contains("netverify diff") {
        return gates_a_change(script);
    }
    let (code, said) = Sample::new(true, "\"k8s\"").run(&BASH, script, &[("PULL_REQUEST", "1".to_owned())]);
    assert_eq!(code, 0, "{script}\n{said}");
}

/// A step that compares passes where nothing opens and fails where something does, and leaves a comment either way.
fn gates_a_change(script: &str) {
    for (opens, expected) in [(false, 0), (true, 1)] {
        let sample = Sample::new(true, "\"k8s\"");
        let commit = "git init -q . && git add k8s && git -c user.name=a -c user.email=a@b.c commit -qm base && git rev-parse HEAD";
        let (code, base) = sample.run(&SH, commit, &[]);
        assert_eq!(code, 0, "{base}");
        let policies = if opens { format!("{DENY}---\n{OPEN}") } else { format!("# moved\n{DENY}") };
        sample.write("k8s/policies.yaml", &policies);
        let (code, said) = sample.run(&BASH, script, &[("BASE", base.trim().to_owned())]);
        assert_eq!(code, expected, "{script}\n{said}");
        let comment = std::fs::read_to_string(sample.path("comment.md")).unwrap();
        assert_eq!(comment.contains("<b>opens</b>"), opens, "{comment}");
    }
}

#[test]
fn the_action_has_the_shape_of_an_action() {
    let action = yaml(&text("action.yml"));
    assert_eq!(keys(&action), BTreeSet::from(["name", "description", "author", "branding", "inputs", "runs"]));
    assert_eq!(string(&action["runs"], "using"), "composite");
    check_steps(list(&action["runs"], "steps"), true);
    let used = text("action.yml");
    for (name, input) in action["inputs"].as_object().unwrap() {
        assert_eq!(keys(input), BTreeSet::from(["description", "default"]), "{name}");
        assert!(string(input, "description").len() > 10 && input["default"].is_string(), "{name}");
        assert!(used.contains(&format!("${{{{ inputs.{name} }}}}")), "{name} is not used");
    }
    let expressions = used.matches("${{ inputs.").count();
    assert_eq!(expressions, action["inputs"].as_object().unwrap().len());
}

/// A script of the action, by the name of its step.
fn action_step(name: &str) -> Value {
    let action = yaml(&text("action.yml"));
    let steps = list(&action["runs"], "steps");
    steps.iter().find(|step| string(step, "name") == name).unwrap_or_else(|| panic!("no step {name}")).clone()
}

#[test]
fn the_action_prepares_what_it_runs() {
    let sample = Sample::new(true, "\"k8s\"");
    let out = sample.path("out");
    for name in ["Name what is built", "Install Z3", "Build netverify"] {
        let variables = [
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_ARCH", "X64".to_owned()),
            ("RUNNER_TEMP", "temp".to_owned()),
            ("GITHUB_ACTION_PATH", root().display().to_string()),
            ("GITHUB_OUTPUT", out.clone()),
        ];
        let (code, said) = sample.run(&BASH, string(&action_step(name), "run"), &variables);
        assert_eq!(code, 0, "{name}\n{said}");
    }
    let key = std::fs::read_to_string(out).unwrap();
    let hash = key.trim().strip_prefix("key=netverify-Linux-X64-").unwrap();
    assert!(hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{key}");
}

/// Inputs of the action, and how it ends.
struct Run {
    holds: bool,
    specs: &'static str,
    manifests: &'static str,
    args: &'static str,
    summary: bool,
    code: i32,
}

#[test]
fn the_action_gates() {
    let usual = Run { holds: true, specs: "netverify.toml", manifests: "", args: "", summary: true, code: 0 };
    for run in [
        Run { ..usual },
        Run { holds: false, code: 1, ..usual },
        Run { holds: false, args: "--exit-zero --timeout 30", ..usual },
        Run { manifests: "k8s rendered.yaml", summary: false, ..usual },
        Run { specs: "netverify.toml\nmissing.toml", code: 2, ..usual },
    ] {
        prove_step(&run);
    }
}

fn prove_step(run: &Run) {
    let step = action_step("Prove");
    assert_eq!(keys(&step["env"]), BTreeSet::from(["SPECS", "MANIFESTS", "SARIF", "ARGS", "SUMMARY"]));
    let sample = Sample::new(run.holds, "\"k8s\"");
    let (temp, summary, sarif) = (sample.path("temp"), sample.path("summary.md"), sample.path("netverify.sarif"));
    std::fs::create_dir(&temp).unwrap();
    let variables = [
        ("RUNNER_TEMP", temp),
        ("GITHUB_STEP_SUMMARY", summary.clone()),
        ("SPECS", run.specs.to_owned()),
        ("MANIFESTS", run.manifests.to_owned()),
        ("SARIF", "netverify.sarif".to_owned()),
        ("ARGS", run.args.to_owned()),
        ("SUMMARY", run.summary.to_string()),
    ];
    let (code, said) = sample.run(&BASH, string(&step, "run"), &variables);
    assert_eq!(code, run.code, "{said}");
    assert_eq!(said.contains("::error") || said.contains("::warning"), !run.holds, "annotations: {said}");
    let written = (Path::new(&summary).exists(), Path::new(&sarif).exists());
    assert_eq!(written, (code != 2 && run.summary, code != 2), "{said}");
}

#[test]
fn the_jobs_of_gitlab_gate() {
    let pipelines = files(".gitlab-ci.yml");
    assert_eq!(pipelines.len(), 2);
    for pipeline in pipelines {
        for job in pipeline.as_object().unwrap().values() {
            let known = BTreeSet::from(["stage", "image", "cache", "before_script", "script", "artifacts"]);
            assert!(keys(job).is_subset(&known) && job["image"].is_string(), "{job:#}");
            assert_eq!(string(&job["artifacts"], "when"), "always");
            let report = string(&job["artifacts"]["reports"], "junit").to_owned();
            let before = job["before_script"].as_array().cloned().unwrap_or_default();
            let lines: Vec<String> =
                before.iter().chain(list(job, "script")).map(|line| line.as_str().unwrap().to_owned()).collect();
            gates(&SH, &lines.join("\n"), "\"k8s\"", &[]);
            assert!(lines.join("\n").contains(&format!("junit={report}")), "{job:#}");
        }
    }
}

#[test]
fn the_hooks_have_the_shape_of_hooks_and_gate() {
    let hooks = yaml(&text(".pre-commit-hooks.yaml"));
    let hooks = hooks.as_array().unwrap();
    let ids: Vec<&str> = hooks.iter().map(|hook| string(hook, "id")).collect();
    assert_eq!(ids, ["netverify", "netverify-system"]);
    for hook in hooks {
        let known = ["id", "name", "description", "entry", "args", "language", "files", "pass_filenames"];
        assert_eq!(keys(hook), BTreeSet::from(known));
        assert!(["rust", "system"].contains(&string(hook, "language")));
        assert_eq!(string(hook, "files"), r"\.(ya?ml|json|toml)$");
        assert_eq!(hook["pass_filenames"], Value::Bool(false));
        let arguments: Vec<&str> = list(hook, "args").iter().map(|one| one.as_str().unwrap()).collect();
        gates(&SH, &format!("{} {}", string(hook, "entry"), arguments.join(" ")), "\"k8s\"", &[]);
    }
    let configs = files(".pre-commit-config.yaml");
    assert_eq!(configs.len(), 1);
    for repo in configs.iter().flat_map(|config| list(config, "repos")) {
        assert!(string(repo, "repo").starts_with("https://") && !string(repo, "rev").is_empty());
        assert!(list(repo, "hooks").iter().all(|hook| ids.contains(&string(hook, "id"))), "{repo:#}");
    }
}

#[test]
fn argo_cd_gets_a_job_that_gates() {
    let (kustomizations, jobs) = (files("kustomization.yaml"), files("netverify-job.yaml"));
    let ([kustomization], [job]) = (kustomizations.as_slice(), jobs.as_slice()) else { panic!("one of each") };
    let generated = &list(kustomization, "configMapGenerator")[0];
    let container = &list(&job["spec"]["template"]["spec"], "containers")[0];
    let volume = &list(&job["spec"]["template"]["spec"], "volumes")[0];
    assert_eq!(volume["configMap"]["name"], generated["name"]);
    assert_eq!(container["volumeMounts"][0]["name"], volume["name"]);
    for hook in [&generated["options"], &job["metadata"]] {
        assert_eq!(string(&hook["annotations"], "argocd.argoproj.io/hook"), "PreSync");
    }
    // Kubernetes takes the Job: netverify reads it as strictly as the API server.
    let block = blocks("yaml").into_iter().find(|block| block.starts_with("# netverify-job.yaml")).unwrap();
    let sample = Sample::new(true, "");
    sample.write("job.yaml", &block);
    let (code, said) = sample.run(&SH, "netverify query 'can anything reach pods' -m job.yaml -m k8s", &[]);
    assert_eq!(code, 0, "{said}");
    let arguments: Vec<&str> = list(container, "args").iter().map(|one| one.as_str().unwrap()).collect();
    let script = format!("netverify {}", arguments.join(" ").replace("/spec/", "./"));
    gates(&SH, &script, "\"policies.yaml\", \"workloads.yaml\"", &[]);
}

#[test]
fn tekton_gets_a_task_that_gates() {
    let tasks = files("task.yaml");
    assert_eq!(tasks.len(), 1);
    for task in tasks {
        assert_eq!((string(&task, "apiVersion"), string(&task, "kind")), ("tekton.dev/v1", "Task"));
        let params: Vec<&str> = list(&task["spec"], "params").iter().map(|one| string(one, "name")).collect();
        let default = string(&task["spec"]["params"][0], "default").to_owned();
        for step in list(&task["spec"], "steps") {
            let env = &list(step, "env")[0];
            assert_eq!(string(env, "value"), format!("$(params.{})", params[0]));
            let script = string(step, "script");
            assert!(!script.contains("$(params"), "a parameter in a script may hold commands");
            gates(&SH, script, "\"k8s\"", &[("SPECS", default.clone())]);
        }
    }
}

/// No block is left out by a name that no test knows.
#[test]
fn every_block_is_tested() {
    let known = [
        "netverify.yml",
        "netverify-comment.yml",
        "netverify-diff.yml",
        ".gitlab-ci.yml",
        ".pre-commit-config.yaml",
        "kustomization.yaml",
        "netverify-job.yaml",
        "task.yaml",
    ];
    for block in blocks("yaml") {
        assert!(known.iter().any(|name| block.lines().next().unwrap().ends_with(name)), "{block}");
    }
    let page = text("docs/ci.md");
    let fences = page.lines().filter(|line| line.starts_with("```") && line.len() > 3).count();
    assert_eq!(fences, blocks("yaml").len() + blocks("sh").len() + blocks("make").len());
}

/// The Dockerfile cannot be built where there is no Docker, but it names nothing that is not there.
#[test]
fn the_image_is_made_of_what_is_there() {
    let file = text("Dockerfile");
    for line in file.lines().filter(|line| line.starts_with("COPY ") && !line.contains("--from")) {
        let words: Vec<&str> = line.split(' ').collect();
        for source in &words[1..words.len() - 1] {
            assert!(root().join(source).exists(), "{line}");
            assert!(text(".dockerignore").contains(&format!("!{source}")), "{source} does not get to the builder");
        }
    }
    assert!(text("Cargo.toml").contains("vendored-z3") && file.contains("--features vendored-z3"));
}
