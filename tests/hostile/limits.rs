//! Every limit of `docs/hostile-input.md`: what is beyond it is refused with its name, what was found
//! and what to do.

use netverify::diagnostic::{Code, Diagnostic};
use netverify::manifest::{self, ManifestPath, Settings};
use netverify::source::SourceMap;
use netverify::{language, spec};

use super::*;

fn read(text: &str) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    manifest::read_text("a.yaml", text, &Settings::default(), &mut SourceMap::default(), &mut faults);
    faults
}

/// The one message about a limit.
fn limit(faults: &[Diagnostic]) -> String {
    let limits: Vec<_> = faults.iter().filter(|fault| fault.code == Code::LimitExceeded).collect();
    assert_eq!(limits.len(), 1, "{faults:#?}");
    assert!(!limits[0].help.is_empty(), "what to do about {:?}", limits[0].message);
    limits[0].message.clone()
}

/// Reads a file after so many others.
fn read_after(before: impl Fn(&mut SourceMap)) -> Vec<Diagnostic> {
    let here = Here::with("a.yaml", POLICY);
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    before(&mut sources);
    let path = ManifestPath::new(here.path("a.yaml").to_str().unwrap());
    manifest::read(&[path], &Settings::default(), &mut sources, &mut faults);
    faults.retain(|fault| fault.code != Code::EmptyInput);
    faults
}

#[test]
fn the_size_of_a_file() {
    let here = Here::with("a.yaml", vec![b'#'; 64 * 1024 * 1024 + 1]);
    here.ask("a.yaml").refused("a.yaml is larger than 64 MiB");
}

#[test]
fn the_size_and_number_of_all_files() {
    let text: std::sync::Arc<str> = "x".repeat(1 << 20).into();
    let faults = read_after(|sources| (0..1_024).for_each(|_| _ = sources.add("b.yaml", text.clone())));
    assert_eq!(limit(&faults), "the files of this run are larger than 1 GiB together");
    let faults = read_after(|sources| (0..100_000).for_each(|_| _ = sources.add("b.yaml", "")));
    assert_eq!(limit(&faults), "there are more than 100,000 files to read");
}

#[test]
fn documents_and_values() {
    assert_eq!(limit(&read(&"---\na\n".repeat(200_001))), "this file has 200,001 documents, and may have 200,000");
    assert_eq!(limit(&read(&"a\n...\n".repeat(200_001))), "this file has more than 200,000 documents");
    let values = format!("[{}]", "0,".repeat(5_000_001));
    assert_eq!(limit(&read(&values)), "this document has more than 5,000,000 values");
    // What stands under an anchor is kept for its aliases, and under each of forty once more.
    let kept = (0..40).fold("0,".repeat(300_000), |inner, at| format!("&a{at} [{inner}]"));
    assert_eq!(limit(&read(&kept)), "this document has more than 5,000,000 values");
}

#[test]
fn labels_selectors_and_policies() {
    let many = |count: usize, item: &dyn Fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(", ");
    let labels = many(10_001, &|at| format!("k{at}: v"));
    let namespace = format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: a, labels: {{{labels}}}}}}}");
    assert_eq!(limit(&read(&namespace)), "metadata.labels has 10,001 labels, and may have 10,000");
    let spec = |spec: &str| POLICY.replace("podSelector: {}", spec);
    let values = many(10_000, &|at| format!("v{at}"));
    let selector = spec(&format!("podSelector: {{matchExpressions: [{{key: a, operator: In, values: [{values}]}}]}}"));
    assert_eq!(
        limit(&read(&selector)),
        "spec.podSelector has 10,001 labels, expressions and values, and may have 10,000"
    );
    let blocks = many(50_000, &|at| format!("10.{}.{}.{}/32", at / 65_536, at / 256 % 256, at % 256));
    let policy = spec(&format!("ingress: [{{from: [{{ipBlock: {{cidr: 10.0.0.0/8, except: [{blocks}]}}}}]}}]"));
    assert_eq!(
        limit(&read(&policy)),
        "spec has 50,002 rules, peers, ports, `except` blocks and terms of selectors, and may have 50,000"
    );
}

#[test]
fn sentences() {
    let mut sources = SourceMap::default();
    let text = format!("nothing can reach {}", "x".repeat(5_000));
    let file = sources.add("--assert", text.clone());
    let origin = netverify::source::Origin { file, span: netverify::source::Span::new(0, text.len()) };
    let fault = language::parse(&text, origin).unwrap_err();
    assert_eq!(
        (fault.code, fault.message.as_str()),
        (Code::LimitExceeded, "a sentence has at most 4096 bytes, and this one has 5018")
    );
}

#[test]
fn specs() {
    let faults = |text: &str| {
        let file = SourceMap::default().add("a.toml", "");
        spec::parse(file, text).1.into_iter().filter(|fault| fault.code == Code::LimitExceeded).collect::<Vec<_>>()
    };
    let message = |text: &str| faults(text).first().map(|fault| fault.message.clone()).unwrap_or_default();
    assert_eq!(message(&"#".repeat(4_194_305)), "a spec has at most 4194304 bytes, and this one has 4194305");
    assert_eq!(
        message(&format!("manifests = [{}]", "\"a\",".repeat(10_001))),
        "a list has at most 10000 entries, and `manifests` has 10001"
    );
    let properties =
        |count: usize| (0..count).map(|at| format!("[[property]]\nname=\"p{at}\"\nassert=\"x\"\n")).collect::<String>();
    let variants =
        |count: usize| (0..count).map(|at| format!("[[variant]]\nname=\"v{at}\"\nmanifests=[]\n")).collect::<String>();
    assert_eq!(message(&properties(10_001)), "a spec has at most 10000 tables `[[property]]`, and this one has 10001");
    assert_eq!(message(&variants(1_001)), "a spec has at most 1000 tables `[[variant]]`, and this one has 1001");
    assert_eq!(
        message(&(properties(1_001) + &variants(100))),
        "a spec asks at most 100000 questions, and this one asks 100100"
    );
    assert!(faults(&(properties(1_000) + &variants(100))).is_empty());
    let endpoints: String = (0..1_001).map(|at| format!("e{at} = {{ pods = \"a=b\" }}\n")).collect();
    assert_eq!(
        message(&format!("[endpoints]\n{endpoints}")),
        "a spec has at most 1000 endpoints, and this one has 1001"
    );
}
