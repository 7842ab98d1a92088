//! Texts: endless lines, deep nesting, aliases that multiply, wrong bytes, huge numbers, many faults.

use super::*;

/// The policy with something else at its end.
fn policy(rest: &str) -> String {
    format!("{POLICY}{rest}")
}

/// A policy whose pods carry this label, as it stands.
fn labelled(label: &str) -> String {
    POLICY.replace("podSelector: {}", &format!("podSelector: {{matchLabels: {{{label}}}}}"))
}

fn ask(text: impl AsRef<[u8]>) -> Ran {
    Here::with("a.yaml", text).ask("a.yaml")
}

#[test]
fn a_billion_laughs_are_not_laughed() {
    let mut text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    ask(policy(&text)).refused("this document has more than 200,000 values through aliases");
}

#[test]
fn one_long_string_repeated_by_aliases_is_counted_each_time() {
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1_000_000), vec!["*a"; 40_000].join(", "));
    ask(policy(&text)).refused("longer than 128 MiB");
}

#[test]
fn aliases_of_what_stands_beside_long_blanks_are_quick() {
    let blanks = " ".repeat(5_000_000);
    let aliases = vec!["*a"; 40_000].join(", ");
    for anchored in [format!("[x{blanks}]"), format!("{blanks}12"), format!("{blanks}\n  {{x: y, }}")] {
        ask(policy(&format!("a: &a {anchored}\nb: [{aliases}]\n"))).refused("unknown field");
    }
}

#[test]
fn more_anchors_than_anybody_needs_are_refused() {
    let text: String = (0..50_001).map(|at| format!("- &a{at} x\n")).collect();
    ask(text).refused("more than 50,000 anchors");
    let text = format!("a: &a x\nb: [{}]\n", vec!["*a"; 50_001].join(", "));
    ask(text).refused("more than 50,000 aliases");
}

#[test]
fn long_chains_of_merge_keys_end() {
    let mut text = "x: &m0 {k: v}\n".to_owned();
    for at in 1..2_000 {
        text += &format!("x{at}: &m{at} {{<<: *m{}, k{at}: v}}\n", at - 1);
    }
    ask(policy(&text)).refused("more than 200,000 values through aliases");
    // Many sources into one long mapping, and keys that are no strings.
    let own: String = (0..50_000).map(|at| format!("  k{at}: v\n")).collect();
    let text = format!("m: &m {{a: b}}\nx:\n{own}  <<: [{}]\n", vec!["*m"; 40_000].join(", "));
    ask(policy(&text)).refused("unknown field");
    let numbers = |from: usize| (from..from + 50_000).map(|at| format!("{at}: v")).collect::<Vec<_>>().join(", ");
    let text = format!("x: {{{}, <<: {{{}}}}}\n", numbers(0), numbers(100_000));
    ask(policy(&text)).refused("unknown field");
}

#[test]
fn lines_of_ten_megabytes_are_not_printed() {
    let long = "x".repeat(10_000_000);
    for text in [
        labelled(&format!("app: {long}")),
        labelled(&format!("app: '{long}'")),
        labelled(&format!("{long}: a")),
        policy(&format!("{long}: a\n")),
        policy(&format!("# {long}\nwrong: 1\n")),
        policy(&format!("wrong: '{long}'\n")),
        POLICY.replace("shop", &long),
        POLICY.replace("NetworkPolicy", &long.to_uppercase()),
        format!("{{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {{\"name\": \"{long}\"}}}}"),
        format!("{{\"{long}\": 1"),
        format!("a: \"{long}"),
    ] {
        let ran = ask(&text);
        ran.refused("error");
        assert!(ran.err.len() < 20_000, "{} bytes are printed", ran.err.len());
    }
    ask(policy(&format!("# {long}\n"))).answered();
}

#[test]
fn a_spec_of_long_lines_is_not_printed() {
    let long = "x".repeat(3_000_000);
    for spec in [
        format!("title = \"{long}\"\nmanifests = [\"a.yaml\"]\n"),
        format!("# {long}\nmanifests = 3\n"),
        format!("{long} = 1\n"),
        format!("manifests = [\"{long}\"]\n[[property]]\nname = \"a\"\nassert = \"x\"\n"),
        format!("manifests = [\"a.yaml\"]\n[[property]]\nname = \"{long}\"\nassert = \"{long}\"\n"),
    ] {
        let here = Here::with("a.toml", spec);
        here.write("a.yaml", POLICY);
        let ran = here.run(&["prove", "a.toml"]);
        ran.refused("error");
        assert!(ran.err.len() < 20_000, "{} bytes are printed", ran.err.len());
    }
}

#[test]
fn nesting_ends_at_a_limit_in_every_syntax() {
    let depth = 100_000;
    let open = |bracket: &str| bracket.repeat(depth);
    ask(open("[")).refused("nested more than 64 levels deep");
    ask(open("{a: ")).refused("nested more than 64 levels deep");
    ask(open("[") + &open("]")).refused("nested more than 64 levels deep");
    ask(format!("{{\"a\": {}1{}}}", open("["), open("]"))).refused("nested more than 64 levels deep");
    ask(open("- ") + "a").refused("nested more than 64 levels deep");
    let block: String = (0..2_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    ask(block).refused("nested more than 64 levels deep");
    for spec in [
        format!("a = {}{}", open("["), open("]")),
        format!("a = {}1{}", open("{a = "), open("}")),
        format!("a{} = 1", ".a".repeat(depth)),
        format!("[a{}]", ".a".repeat(depth)),
    ] {
        Here::with("a.toml", spec).run(&["prove", "a.toml"]).refused("error");
    }
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_line() {
    ask(b"a: 1\nb: \xff\xfe\n").refused("a.yaml, line 2, is not UTF-8");
    ask(b"a: 1\0\n").refused("NUL byte");
    ask(b"\xff\xfea\0:\0").refused("is not UTF-8");
    Here::with("a.toml", b"title = \"\xff\"").run(&["prove", "a.toml"]).refused("a.toml, line 1, is not UTF-8");
    Here::with("a.toml", b"title = \"\0\"").run(&["prove", "a.toml"]).refused("not TOML");
}

#[test]
fn line_ends_and_a_byte_order_mark_move_no_place() {
    let text = policy("  wrong: 1\n").replace("spec: {podSelector: {}}\n", "spec:\n  podSelector: {}\n");
    let plain = ask(&text);
    plain.refused("--> a.yaml:6:3");
    for other in
        [text.replace('\n', "\r\n"), format!("\u{feff}{text}"), format!("\u{feff}{}", text.replace('\n', "\r\n"))]
    {
        assert_eq!(ask(&other).err, plain.err);
    }
    ask(format!("\u{feff}{}", POLICY.replace('\n', "\r\n"))).answered();
    let spec = "manifests = [\"a.yaml\"]\n[[property]]\nname = \"a\"\nassert = \"nothing can raech pods in shop\"\n";
    let prove = |spec: &str| {
        let here = Here::with("a.toml", spec);
        here.write("a.yaml", POLICY);
        here.run(&["prove", "a.toml"])
    };
    let plain = prove(spec);
    plain.refused("--> a.toml:4:23");
    for other in [spec.replace('\n', "\r\n"), format!("\u{feff}{spec}")] {
        assert_eq!(prove(&other).err, plain.err);
    }
}

#[test]
fn huge_numbers_are_refused_where_they_stand() {
    let digits = "9".repeat(1_000_000);
    for number in
        ["99999999999999999999999999", "1e300", "-1", "65536", ".inf", "0x7fffffffffffffffffff", "1.5", digits.as_str()]
    {
        let port = POLICY
            .replace("podSelector: {}", &format!("podSelector: {{}}, ingress: [{{ports: [{{port: {number}}}]}}]"));
        ask(port).refused("port");
    }
    let spec = format!("[[property]]\nname = \"a\"\nassert = {digits}\n");
    Here::with("a.toml", spec).run(&["prove", "a.toml"]).refused("error");
    let here = Here::with("a.yaml", POLICY);
    for port in ["99999999999999999999999", "0", "65536", &digits[..4_000]] {
        let ran = here.run(&["query", &format!("can external reach pods in shop:{port}"), "-m", "a.yaml"]);
        ran.refused("port");
    }
}

#[test]
fn many_keys_are_read_and_many_labels_refused() {
    let keys = |count: usize| (0..count).map(|at| format!("k{at}: v")).collect::<Vec<_>>().join(", ");
    let data = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{{}}}\n---\n", keys(100_000));
    ask(data + POLICY).answered();
    let annotated =
        |count| POLICY.replace("namespace: shop}", &format!("namespace: shop, annotations: {{{}}}}}", keys(count)));
    ask(annotated(20_000)).answered();
    ask(annotated(100_000)).refused("must hold at most 262144 bytes");
    ask(labelled(&keys(20_000))).refused("has 20,000 labels, expressions and values, and may have 10,000");
    ask(policy(&format!("wrong: {{{}}}\n", keys(100_000)))).refused("unknown field wrong");
    ask(policy(&keys(100_000).replace(", ", "\n"))).refused("more errors");
}

#[test]
fn twenty_thousand_faults_are_told_in_a_few_pages() {
    let labels: String = (0..20_000).map(|at| format!("    k{at}: a b\n")).collect();
    let namespace =
        format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  annotations:\n    x: y\n  labels:\n{labels}");
    ask(namespace).refused("labels");
    let documents: String =
        (0..20_000).map(|at| format!("---\n{}", POLICY.replace("name: p", &format!("name: P{at}")))).collect();
    let ran = ask(documents);
    ran.refused("more errors");
    assert_eq!(ran.err.matches("error[invalid-value]").count(), 200);
    ran.says("10001 errors in the input");
    let spec: String = (0..20_000).map(|at| format!("k{at} = 1\n")).collect();
    Here::with("a.toml", spec).run(&["prove", "a.toml"]).refused("has no key");
}

#[test]
fn a_hundred_thousand_documents_are_read() {
    let namespaces: String =
        (0..100_000).map(|at| format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n{at}}}\n")).collect();
    ask(policy(&namespaces)).answered();
}
