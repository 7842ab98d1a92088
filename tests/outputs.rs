//! Where a report goes: several files at once, whole or not at all; terminals, pipes, shells.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::fmt::Write as _;
use std::process::Stdio;

#[path = "support/here.rs"]
mod here;
use here::{Here, Ran, program, ran};

const CLUSTER: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n";
const SPEC: &str = "manifests = [\"app.yaml\"]\n[[property]]\nname = \"open\"\nassert = \"nothing can reach pods in app\"\n\
    why = \"It matters.\"\n[[property]]\nname = \"reached\"\nassert = \"some pods can reach pods in app\"\n";

fn here() -> Here {
    Here::with(&[("app.yaml", CLUSTER), ("s.toml", SPEC)])
}

fn read(here: &Here, name: &str) -> String {
    std::fs::read_to_string(here.path(name)).unwrap()
}

/// Every file below the folder, hidden ones among them.
fn files(here: &Here) -> Vec<String> {
    let top = here.path("");
    let all = walkdir::WalkDir::new(&top).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = all.filter(|entry| entry.file_type().is_file());
    files.map(|entry| entry.path().strip_prefix(&top).unwrap().display().to_string()).collect()
}

#[test]
fn several_formats_at_once_each_to_its_file() {
    let here = here();
    let formats = ["text", "json", "sarif", "junit", "github", "markdown"];
    let outputs: Vec<String> = formats.iter().map(|format| format!("--output={format}=out.{format}")).collect();
    let mut arguments = vec!["prove", "s.toml", "--format", "github"];
    arguments.extend(outputs.iter().map(String::as_str));
    let ran = here.run(&arguments);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert_eq!(files(&here).len(), 8, "nothing else is left: {:?}", files(&here));
    for format in formats {
        // Times differ from run to run.
        let alone = here.run(&["prove", "s.toml", "--format", format]).out;
        assert_eq!(read(&here, &format!("out.{format}")).lines().count(), alone.lines().count(), "{format}");
    }
    assert_eq!(read(&here, "out.github"), ran.out);
}

#[test]
fn a_wrong_output_is_refused_before_anything_is_proved() {
    let here = here();
    std::fs::create_dir(here.path("folder")).unwrap();
    std::fs::write(here.path("read-only.json"), "old").unwrap();
    let mut permissions = std::fs::metadata(here.path("read-only.json")).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(here.path("read-only.json"), permissions).unwrap();
    let mut text = String::new();
    for outputs in [
        &["-o", "json"][..],
        &["-o", "yaml=out.yaml"],
        &["-o", "json="],
        &["-o", "json=-"],
        &["-o", "sarif=/dev/stdout"],
        &["-o", "json=missing/out.json"],
        &["-o", "json=app.yaml/out.json"],
        &["-o", "json=folder"],
        &["-o", "json=read-only.json"],
        &["-o", "json=out.json", "-o", "sarif=./out.json"],
        &["-o", "json=s.toml"],
        &["-o", "json=folder/../app.yaml"],
        &["-o", "json=out.json", "-o", "junit=missing/out.xml"],
        &["--quiet", "--verbose"],
    ] {
        let ran = here.run(&[&["prove", "s.toml"], outputs].concat());
        writeln!(text, "== {}: exit {}\n{}", outputs.join(" "), ran.code, ran.err).unwrap();
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{outputs:?}");
        assert_eq!(files(&here), ["app.yaml", "read-only.json", "s.toml"], "{outputs:?}");
    }
    assert_eq!((read(&here, "s.toml"), read(&here, "read-only.json")), (SPEC.to_owned(), "old".to_owned()));
    insta::assert_snapshot!("refused", text);
}

#[test]
fn where_nothing_is_proved_nothing_is_written() {
    let here = Here::with(&[("app.yaml", "kind: [\n"), ("s.toml", SPEC), ("out.json", "old")]);
    let ran = here.run(&["prove", "s.toml", "-o", "json=out.json", "-o", "junit=out.xml"]);
    assert_eq!(ran.code, 2);
    assert_eq!(files(&here), ["app.yaml", "out.json", "s.toml"]);
    assert_eq!(read(&here, "out.json"), "old");
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_permissions_and_a_link_its_target() {
    use std::os::unix::fs::PermissionsExt;
    let here = here();
    std::fs::write(here.path("real.json"), "old").unwrap();
    std::fs::set_permissions(here.path("real.json"), PermissionsExt::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real.json", here.path("link.json")).unwrap();
    let ran = here.run(&["prove", "s.toml", "-o", "json=link.json", "-o", "sarif=/dev/null", "-o", "junit=new.xml"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    assert!(std::fs::symlink_metadata(here.path("link.json")).unwrap().is_symlink());
    assert!(read(&here, "real.json").contains("netverify-report/1"));
    let mode = |name: &str| std::fs::metadata(here.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("real.json"), 0o640);
    std::fs::write(here.path("plain"), "").unwrap();
    assert_eq!(mode("new.xml"), mode("plain"), "a new file is as readable as any other");
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let here = here();
    for format in ["text", "json", "sarif", "junit", "github", "markdown"] {
        let mut command = here.command(&["prove", "s.toml", "--format", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{format}");
        assert_eq!(output.status.code(), Some(1), "the verdict stands: {format}");
    }
}

#[test]
fn quiet_tells_what_is_not_proved_and_verbose_tells_more() {
    let here = here();
    let quiet = here.run(&["prove", "s.toml", "--quiet"]).out;
    assert!(quiet.contains("open: nothing can reach") && !quiet.contains("reached: some pods"), "{quiet}");
    assert!(quiet.contains("proved: 1, refuted: 1, unknown: 0") && quiet.contains("assumes: "), "{quiet}");
    let verbose = here.run(&["prove", "s.toml", "-v"]);
    assert!(verbose.out.contains("It matters.") && verbose.out.contains("took "), "{}", verbose.out);
    assert!(verbose.err.contains("not read: nothing"), "{}", verbose.err);
    let proved = SPEC.replace("nothing can", "anything can").replace("name = \"reached\"", "name = \"again\"");
    let here = Here::with(&[("app.yaml", CLUSTER), ("s.toml", &proved)]);
    let silent = here.run(&["prove", "s.toml", "-q"]).out;
    assert!(silent.starts_with("proved: 2"), "{silent}");
}

/// Variables of the environment, and whether there is colour in a pipe.
#[test]
fn colour_follows_the_environment() {
    let here = here();
    for (variables, coloured) in [
        (&[][..], false),
        (&[("CLICOLOR", "1")], false),
        (&[("CLICOLOR_FORCE", "1")], true),
        (&[("CLICOLOR_FORCE", "0")], false),
        (&[("CLICOLOR_FORCE", "")], false),
        (&[("CLICOLOR_FORCE", "1"), ("CLICOLOR", "0")], true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")], true),
    ] {
        let mut command = here.command(&["prove", "s.toml", "-o", "text=out.txt"]);
        let out = ran(command.envs(variables.iter().copied()).output().unwrap()).out;
        assert_eq!(out.contains('\u{1b}'), coloured, "{variables:?}");
        assert!(!read(&here, "out.txt").contains('\u{1b}'), "a file is no terminal");
    }
}

#[test]
fn lines_of_source_are_cut_to_the_width() {
    let spec = SPEC.replace("\nwhy", &format!(" # {}\nwhy", "x".repeat(300)));
    let here = Here::with(&[("app.yaml", CLUSTER), ("s.toml", &spec)]);
    let widest = |columns: &str| {
        let out = ran(here.command(&["prove", "s.toml"]).env("COLUMNS", columns).output().unwrap()).out;
        let snippet = out.lines().filter(|line| line.contains("= \"nothing"));
        snippet.map(|line| line.chars().count()).max().unwrap()
    };
    assert!(widest("60") <= 60, "{}", widest("60"));
    assert!(widest("200") > 60);
    assert_eq!(widest("nonsense"), widest("120"));
}

#[test]
fn every_shell_has_its_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = ran(program(&["completions", shell]).output().unwrap());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{shell}");
        // The scripts for the other two hold no values of options.
        let values: &[&str] =
            if ["elvish", "powershell"].contains(&shell) { &[] } else { &["markdown", "aws-vpc-cni"] };
        for word in ["prove", "ignore-kind"].iter().chain(values) {
            assert!(ran.out.contains(word), "{shell} does not complete {word}");
        }
    }
    assert_eq!(ran(program(&["completions", "tcsh"]).output().unwrap()).code, 2);
}

#[test]
fn every_command_has_its_page() {
    let page = |arguments: &[&str]| -> Ran { ran(program(arguments).output().unwrap()) };
    let all = page(&["man"]).out;
    assert!(all.contains(".TH netverify 1"), "{all}");
    assert!(all.contains("Exit codes"), "{all}");
    for command in ["prove", "query", "explain", "schema", "completions", "man"] {
        assert!(all.contains(command), "{all}");
        let ran = page(&["man", command]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{command}");
        assert!(ran.out.contains(&format!(".TH netverify-{command} 1")), "{}", ran.out);
    }
    let wrong = page(&["man", "prov"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
    assert!(wrong.err.starts_with("error: there is no command `prov`"), "{}", wrong.err);
}
