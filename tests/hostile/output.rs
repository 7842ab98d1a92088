//! Text of the user on its way out: nothing of it steers a terminal, ends a comment, leaves its folder
//! or runs in a shell.

use super::*;

/// Red, clear the screen, the one-byte form of the same, right to left, a byte order mark, a separator
/// of lines, and a line break.
const NASTY: &str = "\u{1b}[31m\u{1b}[2J\u{9b}2J\u{202e}\u{feff}\u{2028}\u{85}";

/// The nasty string in double quotes of YAML, JSON or TOML.
fn escaped() -> String {
    NASTY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<String>() + "\\nproved: 99"
}

/// Everything in a manifest that is told back.
fn manifests() -> Vec<String> {
    let quoted = format!("\"a{}\"", escaped());
    vec![
        POLICY.replace("name: p", &format!("name: {quoted}")),
        POLICY.replace("shop", &quoted),
        POLICY.replace("NetworkPolicy", &quoted),
        POLICY.replace("networking.k8s.io/v1", &quoted),
        POLICY.replace("podSelector: {}", &format!("podSelector: {{matchLabels: {{a: {quoted}}}}}")),
        POLICY.replace("podSelector: {}", &format!("podSelector: {{matchLabels: {{{quoted}: a}}}}")),
        POLICY.replace("podSelector: {}", &format!("podSelector: {{}}, {quoted}: 1")),
        POLICY.replace("podSelector: {}", &format!("podSelector: {{}}, ingress: [{{ports: [{{port: {quoted}}}]}}]")),
        POLICY.replace(
            "podSelector: {}",
            &format!("podSelector: {{}}, ingress: [{{from: [{{ipBlock: {{cidr: {quoted}}}}}]}}]"),
        ),
        format!("apiVersion: projectcalico.org/v3\nkind: {quoted}\n"),
        // As it stands, not escaped: the source line is shown.
        format!("a: {NASTY}\n"),
        format!("# {NASTY}\nkind: x # {NASTY}\n"),
        format!("{POLICY}x{NASTY}: 1\n"),
        format!("{NASTY}"),
    ]
}

#[test]
fn manifests_steer_nothing() {
    for text in manifests() {
        let ran = Here::with("a.yaml", &text).ask("a.yaml");
        assert_ne!(ran.code, 0, "{text:?}");
        ran.steers_nothing();
        assert!(!ran.err.lines().any(|line| line.starts_with("proved")), "{}", ran.err);
    }
}

#[test]
fn file_names_steer_nothing() {
    let name = "a\u{1b}[2J\u{202e}\n\u{9b}b.yaml";
    let here = Here::with(name, "wrong: 1\nkind: a\n");
    here.ask(name).refused("error");
    here.ask(".").refused("error");
    here.ask("gone\u{1b}[2J").refused("gone\\u{1b}[2J");
    here.ask("*\u{1b}[2J").refused("is neither a file nor a pattern");
    let here = Here::with(name, POLICY);
    let ran = here.run(&["query", "can external reach pods in shop", "-m", "."]);
    ran.answered();
    ran.steers_nothing();
}

#[test]
fn arguments_steer_nothing() {
    let here = Here::with("a.yaml", POLICY);
    for arguments in [
        vec!["prove", "--wrong\u{1b}[2J"],
        vec![NASTY],
        vec!["prove", NASTY],
        vec!["query", NASTY, "-m", "a.yaml"],
        vec!["explain", NASTY, NASTY, "-m", "a.yaml"],
        vec!["prove", "--assert", NASTY, "-m", "a.yaml"],
        vec!["query", "can external reach pods in shop", "-m", "a.yaml", "--ignore-kind", NASTY, "--timeout", NASTY],
        vec!["query", "can external reach pods in shop", "-m", "a.yaml", "-n", NASTY],
    ] {
        here.run(&arguments).steers_nothing();
    }
}

#[test]
fn kinds_that_are_not_read_are_named_harmlessly() {
    let other = format!("---\napiVersion: example.com/v1\nkind: \"A{}\"\n", escaped());
    let here = Here::with("a.yaml", POLICY.to_owned() + &other);
    let sentence = "nothing can reach pods in shop";
    let ran = here.run(&["prove", "-v", "--assert", sentence, "-m", "a.yaml"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.says("not read");
}

/// A spec with line breaks and worse in whatever takes any text.
fn nasty_spec() -> Here {
    let nasty = escaped();
    let spec = format!(
        "title = \"{nasty}\"\nmanifests = [\"a.yaml\"]\n[[property]]\nname = \"open\"\nwhy = \"{nasty}\"\n\
         assert = \"nothing can\\nreach\\n\\tpods in shop\"\n"
    );
    let here = Here::with("a.toml", spec);
    let policy = POLICY.replace("podSelector: {}", "podSelector: {}, ingress: [{}]");
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: []}\n";
    here.write("a.yaml", policy + pod);
    here
}

#[test]
fn a_sentence_of_several_lines_is_one_line_of_the_report() {
    let here = nasty_spec();
    let ran = here.run(&["prove", "a.toml"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    ran.says("error[refuted]: open: nothing can reach pods in shop");
    let json = here.run(&["prove", "a.toml", "--format", "json"]);
    json.steers_nothing();
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["properties"][0]["sentence"], "nothing can\nreach\n\tpods in shop");
    assert_eq!(report["properties"][0]["why"], format!("{NASTY}\nproved: 99"));
}

#[test]
fn witnesses_stay_in_their_folder_and_their_comments_in_their_lines() {
    let here = nasty_spec();
    let spec = std::fs::read_to_string(here.path("a.toml")).unwrap();
    let long = format!("{}.toml", "x".repeat(240));
    for name in ["a.toml", "..toml", "a\u{1b}[2J\n.toml", "-n.toml", &long] {
        here.write(name, &spec);
        let ran = here.run(&["prove", &format!("./{name}"), "--witness-dir", "out"]);
        assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
        ran.steers_nothing();
    }
    let mut names: Vec<String> = std::fs::read_dir(here.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let cut = format!("{}.open.yaml", "x".repeat(75));
    assert_eq!(names, ["_.open.yaml", "_n.open.yaml", "a.open.yaml", "a__2J_.open.yaml", cut.as_str()]);
    let text = std::fs::read_to_string(here.path("out/a.open.yaml")).unwrap();
    assert!(text.starts_with("# open: nothing can reach pods in shop\n# Made by netverify"), "{text}");
    assert!(!text.chars().any(|c| plain::steers(c) && c != '\n'), "{text:?}");
}

#[test]
fn no_witness_is_written_over_another() {
    let here = nasty_spec();
    let twice = |here: &Here, names: [&str; 2]| {
        let property =
            |name: &str| format!("[[property]]\nname = \"{name}\"\nassert = \"nothing can reach pods in shop\"\n");
        format!("manifests = [\"{}\"]\n{}{}", here.path("a.yaml").display(), property(names[0]), property(names[1]))
    };
    here.write("x/s.toml", twice(&here, ["a", "a-2"]));
    here.write("y/s.toml", twice(&here, ["a", "b"]));
    here.run(&["prove", "x/s.toml", "y/s.toml", "--witness-dir", "out"]);
    let mut names: Vec<_> =
        std::fs::read_dir(here.path("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["s.a-2.yaml", "s.a-3.yaml", "s.a.yaml", "s.b.yaml"].map(std::ffi::OsString::from));
}

#[test]
fn names_that_a_shell_would_run_are_no_names() {
    for name in ["$(reboot)", "a;b", "`a`", "-n", "a b", "a'b", "../a"] {
        let pod = format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: \"{name}\", namespace: shop}}\nspec: {{containers: []}}\n"
        );
        Here::with("a.yaml", POLICY.to_owned() + &pod).ask("a.yaml").refused("metadata.name");
        let namespace = format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: \"{name}\"}}\nspec: {{containers: []}}\n"
        );
        Here::with("a.yaml", POLICY.to_owned() + &namespace).ask("a.yaml").refused("metadata.namespace");
    }
}
