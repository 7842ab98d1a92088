//! The formats of a report: each is what its readers take, says everything, and is moved by no text of
//! the user's.
//!
//! Snapshots: `INSTA_UPDATE=always cargo test --test formats`, then read the difference. The schemas of
//! others are in `tests/schemas`, with where they come from.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first thing that is not as expected")]

use std::path::Path;

use netverify::report::text::{Detail, Style};
use netverify::report::{
    AnswerReport, CaseReport, EndReport, Place, PropertyReport, Report, SCHEMA, Summary, github, json, junit, markdown,
    sarif, text,
};
use netverify::source::{Origin, SourceMap, Span};
use netverify::spec::PropertySeverity;
use serde_json::Value;

#[path = "support/here.rs"]
mod here;
#[path = "support/schema.rs"]
mod schema;
#[path = "support/stable.rs"]
mod stable;
use here::{Here, program, ran};
use schema::errors;

const SPECS: [&str; 3] = ["specs/rag.toml", "specs/rag-as-published.toml", "specs/eight-policies.toml"];
const FORMATS: [&str; 6] = ["text", "json", "sarif", "junit", "github", "markdown"];

fn shipped(spec: &str, format: &str) -> String {
    let ran = ran(program(&["prove", spec, "--format", format]).env("COLUMNS", "80").output().unwrap());
    assert!(!ran.err.contains("error"), "{}", ran.err);
    ran.out
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn sarif_errors(text: &str) -> String {
    errors(&parsed(include_str!("schemas/sarif-schema-2.1.0.json")), &parsed(text))
}

fn junit_errors(text: &str) -> String {
    let schema = uppsala::parse(include_str!("schemas/junit-10.xsd")).unwrap();
    let document = uppsala::parse(text).unwrap_or_else(|error| panic!("not XML: {error}\n{text}"));
    let validator = uppsala::XsdValidator::from_schema(&schema).unwrap();
    validator.validate(&document).iter().map(|error| format!("{error}\n")).collect()
}

fn schema_of(of: &str) -> Value {
    let ran = ran(program(&["schema", of]).output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    parsed(&ran.out)
}

/// The published walk-through in each format, at 80 columns.
#[test]
fn the_published_platform_in_each_format() {
    stable::settings().bind(|| {
        for format in FORMATS {
            insta::assert_snapshot!(format, shipped("specs/rag-as-published.toml", format));
        }
    });
}

#[test]
fn json_is_valid_under_its_own_schema() {
    let schema = schema_of("report");
    for spec in SPECS {
        assert_eq!(errors(&schema, &parsed(&shipped(spec, "json"))), "", "{spec}");
    }
    let mut report = parsed(&shipped(SPECS[0], "json"));
    report["properties"][0]["outcome"] = "perhaps".into();
    assert_ne!(errors(&schema, &report), "");
    report["schema"] = "netverify-report/0".into();
    assert_ne!(errors(&schema, &report), "");
}

/// The schema names what docs/report-json.md describes, field by field.
#[test]
fn the_schema_of_the_report_has_every_field_of_the_page() {
    fn fields(schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(map) => {
                let own = map.get("properties").and_then(Value::as_object);
                found.extend(own.into_iter().flatten().map(|(name, _)| name.clone()));
                // A field may itself be called `properties`.
                own.into_iter().flatten().for_each(|(_, value)| fields(value, found));
                map.iter().filter(|(key, _)| *key != "properties").for_each(|(_, value)| fields(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
            _ => {}
        }
    }
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/report-json.md")).unwrap();
    let mut found = Vec::new();
    fields(&schema_of("report"), &mut found);
    assert!(found.len() > 40, "{found:?}");
    for field in found {
        assert!(page.contains(&format!("`{field}`")), "docs/report-json.md does not mention `{field}`");
    }
}

fn toml_as_json(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

#[test]
fn shipped_specs_are_valid_under_the_schema_of_specs() {
    let schema = schema_of("spec");
    for spec in SPECS {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(spec)).unwrap();
        assert_eq!(errors(&schema, &toml_as_json(&text)), "", "{spec}");
    }
}

#[test]
fn the_schema_of_specs_refuses_what_the_reader_refuses() {
    let schema = schema_of("spec");
    let property = "[[property]]\nname = 'a'\nassert = 'nothing can reach pods'\n";
    let valid = |text: &str| errors(&schema, &toml_as_json(text)).is_empty();
    assert!(valid(property));
    assert!(valid(&format!("{property}[world]\nplugin = 'calico'\noptions = {{ end_port = 'ignored' }}\n")));
    assert!(valid(&format!("{property}[[waiver]]\nproperty = 'a'\nreason = 'r'\nuntil = '2026-12-31'\n")));
    for bad in [
        "",
        "[[property]]\nname = 'a'\nasert = 'nothing can reach pods'\n",
        &format!("{property}severity = 'huge'\n"),
        &format!("{property}[world]\npods = 'every'\n"),
        &format!("{property}[world]\nplugin = 'flannel'\n"),
        &format!("{property}[world]\noptions = {{ end_port = 'perhaps' }}\n"),
        &format!("{property}[endpoints]\na = {{ cidr = '10.0.0.0/8', is = 'external' }}\n"),
        &format!("{property}[[variant]]\nname = 'v'\n"),
        &format!("{property}[[waiver]]\nproperty = 'a'\nreason = 'r'\n"),
        &format!("{property}[[waiver]]\nproperty = 'a'\nreason = 'r'\nuntil = 'tomorrow'\n"),
        &format!("[manifest]\n{property}"),
    ] {
        assert!(!valid(bad), "{bad}");
    }
}

#[test]
fn sarif_is_valid_under_the_schema_of_the_standard() {
    for spec in SPECS {
        assert_eq!(sarif_errors(&shipped(spec, "sarif")), "", "{spec}");
    }
    let broken = shipped(SPECS[1], "sarif").replace("\"startLine\"", "\"line\"");
    assert_ne!(sarif_errors(&broken), "");
}

#[test]
fn sarif_shows_both_sides_and_keeps_its_fingerprints() {
    let log = parsed(&shipped("specs/rag-as-published.toml", "sarif"));
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 9, "a rule a property");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 23, "a result a refutation");
    let leak = results
        .iter()
        .find(|one| one["ruleId"] == "embeddings-stay-home" && one["properties"]["variant"] == "step-3")
        .unwrap();
    assert_eq!((&leak["level"], &leak["kind"]), (&Value::from("error"), &Value::from("fail")));
    let place = &leak["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "specs/rag-as-published/03-allow-ml-ops.yaml");
    assert_eq!(place["region"]["startLine"], 13);
    let steps = leak["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap();
    let texts: Vec<_> = steps.iter().map(|step| step["location"]["message"]["text"].as_str().unwrap()).collect();
    assert!(texts.first().unwrap().starts_with("from pod ml-ops/"), "{texts:?}");
    assert!(texts.last().unwrap().starts_with("to pod ai-platform/vector-db"), "{texts:?}");
    let fingerprint = leak["partialFingerprints"]["netverifyProperty/v1"].as_str().unwrap();
    assert_eq!(fingerprint, "specs/rag-as-published.toml|step-3|embeddings-stay-home");
    let all: std::collections::BTreeSet<_> =
        results.iter().map(|one| one["partialFingerprints"]["netverifyProperty/v1"].to_string()).collect();
    assert_eq!(all.len(), results.len(), "no two results are one");
}

#[test]
fn junit_is_valid_under_the_schema_of_jenkins() {
    for spec in SPECS {
        assert_eq!(junit_errors(&shipped(spec, "junit")), "", "{spec}");
    }
    let broken = shipped(SPECS[1], "junit").replace("<testcase name=", "<testcase title=");
    assert_ne!(junit_errors(&broken), "");
}

const OPEN: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n---\n\
    apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: app}\nspec:\n  \
    podSelector: {}\n  ingress:\n  - {}\n";

/// Text that would end an annotation, a table, a block of code, an element; and call somebody.
const HOSTILE: &str = "50% ]]> </details><script>alert(1)</script> | `x` ```\n::error file=x::y\n##[error]z\r\n\
    @team *b* [a](b) \\u001b[31m {0} \\ufffe \\u0000 \\u0085";

fn hostile() -> Here {
    let file = "k8s dir/a,b:c%#.yaml";
    let why = HOSTILE.replace('\n', "\\n").replace('\r', "\\r");
    let spec = format!(
        "manifests = [\"{file}\"]\n[[property]]\nname = \"a\"\nassert = \"nothing outside app can reach pods in app\"\n\
         why = \"{why}\"\n[[property]]\nname = \"b\"\nassert = \"nothing can reach pods in app\"\nwhy = \"{why}\"\n\
         [[waiver]]\nproperty = \"b\"\nreason = \"{why}\"\nuntil = 2026-12-31\n"
    );
    Here::with(&[(file, OPEN), ("s.toml", &spec)])
}

#[test]
fn hostile_text_moves_no_format() {
    let here = hostile();
    let render = |format: &str| {
        let ran = here.run(&["prove", "s.toml", "--format", format]);
        assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{format}");
        ran.out
    };
    let annotations = render("github");
    let commands: Vec<&str> = annotations.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(commands.len(), 2, "{annotations}");
    assert!(commands[0].starts_with("::warning file=k8s dir/a%2Cb%3Ac%25#.yaml,line=11,"), "{annotations}");
    assert!(!annotations.lines().any(|line| line.starts_with("##[")), "{annotations}");

    let page = render("markdown");
    assert_eq!(page.matches("<details>").count(), 2, "{page}");
    assert_eq!(page.matches("</details>").count(), 2, "{page}");
    assert!(!page.contains("<script") && !page.contains("@team") && !page.contains('\u{1b}'), "{page}");

    let xml = render("junit");
    assert_eq!(junit_errors(&xml), "");
    assert!(!xml.contains('\u{1b}') && !xml.contains('\u{fffe}') && !xml.contains("<script"), "{xml}");

    let log = render("sarif");
    assert_eq!(sarif_errors(&log), "");
    assert!(log.contains("\"uri\": \"k8s%20dir/a%2Cb%3Ac%25%23.yaml\""), "{log}");

    assert!(!render("text").contains('\u{1b}'));
    assert_eq!(errors(&schema_of("report"), &parsed(&render("json"))), "");
}

/// The command line and standard input are no files: nothing may point into them.
#[test]
fn what_is_no_file_has_no_location() {
    let here = Here::with(&[]);
    let sentence = "nothing outside app can reach pods in app";
    std::fs::write(here.path("open.yaml"), OPEN).unwrap();
    let render = |format: &str| {
        let mut command = here.command(&["prove", "-m", "-", "--assert", sentence, "--format", format]);
        ran(command.stdin(std::fs::File::open(here.path("open.yaml")).unwrap()).output().unwrap()).out
    };
    let log = render("sarif");
    assert_eq!(sarif_errors(&log), "");
    assert!(!log.contains("stdin") && !log.contains("physicalLocation"), "{log}");
    let annotations = render("github");
    assert!(annotations.starts_with("::warning title=refuted%3A assert::"), "{annotations}");
    assert_eq!(junit_errors(&render("junit")), "");
}

fn end(sources: &mut SourceMap) -> (EndReport, Place) {
    let file = sources.add("k8s/a.yaml", "kind: Pod\n");
    let origin = Origin { file, span: Span::new(0, 9) };
    let place = Place { position: sources.position(origin), origin, in_file: true };
    let labels = std::collections::BTreeMap::from([("app".to_owned(), "db".to_owned())]);
    let end = EndReport {
        kind: "pod".into(),
        namespace: Some("shop".to_owned()),
        namespace_labels: std::collections::BTreeMap::new(),
        workload: None,
        name: None,
        labels,
        on_node: None,
        address: "10.0.0.1".to_owned(),
        at: None,
    };
    (end, place)
}

/// A report of what no shipped spec comes to: a property that is not decided, and a disagreement.
fn undecided(sources: &mut SourceMap) -> Report {
    let (end, place) = end(sources);
    let case = CaseReport {
        source: Some(end.clone()),
        destination: end,
        protocol: Some("TCP".to_owned()),
        port: Some(80),
        allowed: Some(true),
        today: false,
        today_words: "no".to_owned(),
        leaves: None,
        enters: None,
        further: Vec::new(),
        half: None,
        differs: None,
        sets: Vec::new(),
        steps: Vec::new(),
        needs: Vec::new(),
        blames: Vec::new(),
        try_it: None,
    };
    let property = |name: &str, answer| PropertyReport {
        spec: Some("s.toml".to_owned()),
        variant: None,
        name: name.to_owned(),
        sentence: "nothing can reach pods in shop".to_owned(),
        severity: PropertySeverity::High,
        why: None,
        at: Some(place.clone()),
        answer,
        waiver: None,
        elapsed_us: 60_000_000,
    };
    let late = AnswerReport::Unknown { reason: "not decided within 60 s".to_owned() };
    let quarrel = AnswerReport::Disagreement { case: Box::new(case), trace: "Trace { }".to_owned() };
    Report {
        schema: SCHEMA,
        netverify: "0.0.0",
        z3: "0.0.0".to_owned(),
        summary: Summary { unknown: 1, disagreements: 1, ..Summary::default() },
        assumptions: Vec::new(),
        share: None,
        properties: vec![property("late", late), property("quarrel", quarrel)],
    }
}

#[test]
fn what_is_not_decided_is_shown_in_each_format() {
    let mut sources = SourceMap::default();
    let report = undecided(&mut sources);
    let (style, top) = (Style { colour: false, width: 80 }, Path::new("/"));
    let pages = [
        ("text", text::render(&report, &sources, style, Detail::Quiet)),
        ("json", json::render(&report)),
        ("sarif", sarif::render(&report, top)),
        ("junit", junit::render(&report)),
        ("github", github::render(&report, top)),
        ("markdown", markdown::render(&report, &sources)),
    ];
    for (format, page) in &pages {
        for word in ["late", "quarrel", "disagree", "not decided within 60 s"] {
            assert!(page.contains(word), "{format} does not say `{word}`:\n{page}");
        }
    }
    assert_eq!(errors(&schema_of("report"), &parsed(&pages[1].1)), "");
    assert_eq!(sarif_errors(&pages[2].1), "");
    assert_eq!(parsed(&pages[2].1)["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert_eq!(junit_errors(&pages[3].1), "");
    assert!(pages[3].1.contains("errors=\"2\""), "{}", pages[3].1);
}

/// GitHub takes no comment of more than 65,536 characters.
#[test]
fn a_comment_stays_as_small_as_a_comment_has_to_be() {
    let mut sources = SourceMap::default();
    let mut report = undecided(&mut sources);
    let one = report.properties[0].clone();
    report.properties.extend((0..5_000).map(|_| one.clone()));
    let page = markdown::render(&report, &sources);
    assert!(page.len() < 65_536, "{} bytes", page.len());
    assert!(page.contains("left out: a comment holds no more."), "{page}");
    assert_eq!(page.matches("<details>").count(), page.matches("</details>").count());
}
