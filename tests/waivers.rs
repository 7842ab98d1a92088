//! Waivers: shown everywhere, ended in time, and never of what is not there.
//!
//! Snapshots: `INSTA_UPDATE=always cargo test --test waivers`, then read the difference.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as expected")]

use std::fmt::Write as _;

#[path = "support/here.rs"]
mod here;
use here::{Here, Ran, ran};

const CLUSTER: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n";
const CLOSED: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed, namespace: app}\n\
    spec: {podSelector: {}}\n";
const SPEC: &str = "manifests = [\"app.yaml\"]

[[property]]
name     = \"stays-in\"
assert   = \"nothing outside app can reach pods in app\"
severity = \"high\"

[[variant]]
name      = \"open\"
manifests = []

[[variant]]
name      = \"closed\"
manifests = [\"closed.yaml\"]
";

fn here(waiver: &str) -> Here {
    Here::with(&[("app.yaml", CLUSTER), ("closed.yaml", CLOSED), ("s.toml", &format!("{SPEC}\n{waiver}"))])
}

fn prove(waiver: &str) -> Ran {
    here(waiver).run(&["prove", "s.toml"])
}

const UNTIL: &str = "[[waiver]]\nproperty = \"stays-in\"\nvariant = \"open\"\nreason = \"closed next week\"\nuntil = ";

#[test]
fn a_waiver_counts_up_to_and_with_its_last_day() {
    for (until, code) in [("2026-11-24", 1), ("2026-11-25", 0), ("2026-11-26", 0), ("\"2026-12-31\"", 0)] {
        let ran = prove(&format!("{UNTIL}{until}\n"));
        assert_eq!(ran.code, code, "{until}: {}{}", ran.err, ran.out);
    }
    assert_eq!(prove("").code, 1);
}

/// The day turns at midnight in UTC.
#[test]
fn the_day_is_that_of_the_clock_unless_it_is_given() {
    let here = here(&format!("{UNTIL}2026-11-25\n"));
    let code = |epoch: &str| ran(here.command(&["prove", "s.toml"]).env("SOURCE_DATE_EPOCH", epoch).output().unwrap());
    assert_eq!(code("1795651199").code, 0);
    assert_eq!(code("1795651200").code, 1);
    let past = self::here(&format!("{UNTIL}2020-01-01\n"));
    let by_clock = ran(past.command(&["prove", "s.toml"]).env_remove("SOURCE_DATE_EPOCH").output().unwrap());
    assert_eq!(by_clock.code, 1, "{}", by_clock.out);
    assert!(!by_clock.out.contains("SOURCE_DATE_EPOCH"), "{}", by_clock.out);
    let given = code("0");
    assert!(given.out.contains("assumes: today is 1970-01-01 (SOURCE_DATE_EPOCH)"), "{}", given.out);
    let wrong = code("yesterday");
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
    assert!(wrong.err.contains("SOURCE_DATE_EPOCH is not a number of seconds since 1970"), "{}", wrong.err);
}

#[test]
fn what_is_waived_and_what_has_ended_is_shown_in_each_format() {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d+ ms", "[time]");
    settings.add_filter(r#" time="[0-9.]+""#, " time=[time]");
    settings.add_filter(r"Z3 \d[0-9.]*", "Z3 [version]");
    settings.add_filter(r#""z3" value="[0-9.]+""#, "\"z3\" value=[version]");
    settings.set_omit_expression(true);
    let mut pages = String::new();
    for until in ["2026-12-31", "2026-10-31"] {
        let here = here(&format!("{UNTIL}{until}\n"));
        for format in ["text", "junit", "github", "markdown", "sarif", "json"] {
            let ran = here.run(&["prove", "s.toml", "--format", format]);
            assert_eq!(ran.err, "", "{format}");
            for word in ["closed next week", until] {
                assert!(ran.out.contains(word), "{format} does not say `{word}`: {}", ran.out);
            }
            if !["sarif", "json"].contains(&format) {
                writeln!(pages, "== until {until}, {format}: exit {}\n{}", ran.code, ran.out).unwrap();
            }
        }
    }
    settings.bind(|| insta::assert_snapshot!("shown", pages));
}

#[test]
fn a_waived_refutation_is_suppressed_for_programs_and_an_ended_one_is_not() {
    let result = |until: &str, format: &str| {
        let ran = here(&format!("{UNTIL}{until}\n")).run(&["prove", "s.toml", "--format", format]);
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap()
    };
    let suppressions = |log: &serde_json::Value| log["runs"][0]["results"][0]["suppressions"].clone();
    assert_eq!(suppressions(&result("2026-12-31", "sarif"))[0]["status"], "accepted");
    assert_eq!(suppressions(&result("2026-10-31", "sarif")), serde_json::json!([]));
    for (until, waived, refuted, state) in [("2026-12-31", 1, 0, "waived"), ("2026-10-31", 0, 1, "expired")] {
        let report = result(until, "json");
        assert_eq!((&report["summary"]["waived"], &report["summary"]["refuted"]), (&waived.into(), &refuted.into()));
        assert_eq!(report["properties"][0]["waiver"]["state"], state);
        assert_eq!(report["properties"][0]["outcome"], "refuted");
    }
}

/// Without a variant all are covered; what is proved in one and refuted in another is still needed.
#[test]
fn a_waiver_is_unneeded_only_where_all_it_covers_is_proved() {
    let all = "[[waiver]]\nproperty = \"stays-in\"\nreason = \"r\"\nuntil = 2026-12-31\n";
    let ran = prove(all);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let closed = all.replace("reason", "variant = \"closed\"\nreason");
    let ran = prove(&closed);
    assert_eq!(ran.code, 1);
    insta::assert_snapshot!(ran.err, @r#"
    warning[unused-waiver]: `stays-in` is proved, and its waiver waives nothing
      --> s.toml:17:13
       |
    17 | property = "stays-in"
       |             ^^^^^^^^ not needed
       |
       = note: Left in place, it would accept the next refutation unseen.
       = help: remove this [[waiver]]
    "#);
}

#[test]
fn waivers_of_what_is_not_there_are_refused() {
    let good = "property = \"stays-in\"\nvariant = \"open\"\nreason = \"r\"\nuntil = 2026-12-31\n";
    let with = |from: &str, to: &str| format!("[[waiver]]\n{}", good.replace(from, to));
    let cases = [
        ("no such property", with("stays-in", "stays-im")),
        ("no such variant", with("\"open\"", "\"opened\"")),
        ("no reason", with("\"r\"", "\" \"")),
        ("nothing but a property", "[[waiver]]\nproperty = \"stays-in\"\n".to_owned()),
        ("a day that is none", with("2026-12-31", "\"2026-02-30\"")),
        ("not a date", with("2026-12-31", "\"next year\"")),
        ("a time of day", with("2026-12-31", "2026-12-31T10:00:00Z")),
        ("a number", with("2026-12-31", "20261231")),
        ("an unknown key", with("reason", "resaon")),
        ("twice the same", format!("{}\n{}", with("", ""), with("", ""))),
        ("a part and the whole", format!("{}\n{}", with("", ""), with("variant = \"open\"\n", ""))),
    ];
    let mut text = String::new();
    for (name, waiver) in cases {
        let ran = prove(&waiver);
        writeln!(text, "== {name}: exit {}\n{}", ran.code, ran.err).unwrap();
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{name}: {}", ran.err);
    }
    let asked = SPEC.replace("severity", "variants = [\"closed\"]\nseverity");
    let here = Here::with(&[("app.yaml", CLUSTER), ("closed.yaml", CLOSED), ("s.toml", &(asked + &with("", "")))]);
    writeln!(text, "== never asked there\n{}", here.run(&["prove", "s.toml"]).err).unwrap();
    insta::assert_snapshot!("refused", text);
}
