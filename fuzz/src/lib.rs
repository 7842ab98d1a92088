//! What every fuzz target does with its bytes, and what has to hold of them.
//!
//! Beyond ending without a panic, in time and in memory: every fault lies inside its file, on whole
//! characters, and can be shown without a control character in it; the same text is read the same
//! twice; what is read without a fault can be used. A broken promise is a panic, which the fuzzer keeps.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use netverify::diagnostic::{Diagnostic, Label};
use netverify::explain::{self, Text};
use netverify::language::{self, Names, Sentence};
use netverify::manifest::{self, Settings};
use netverify::model::workload::Cluster;
use netverify::plain;
use netverify::report::explain::{explanation, text};
use netverify::report::text::{Style, diagnostics};
use netverify::source::{FileId, Origin, SourceMap, Span};
use netverify::spec;

/// The cluster that sentences speak about.
const CLUSTER: &str = concat!(
    include_str!("../../specs/rag/cluster.yaml"),
    "\n---\n",
    include_str!("../../specs/rag/policies/05-rag-api-to-vector-db.yaml"),
    "\n---\n",
    include_str!("../../tests/explain/shop.yaml"),
);

static SHOP: LazyLock<Cluster> = LazyLock::new(|| {
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    let objects = manifest::read_text("cluster.yaml", CLUSTER, &Settings::default(), &mut sources, &mut faults);
    let cluster = manifest::assemble(&[&objects], &mut faults);
    assert!(!faults.iter().any(Diagnostic::is_error), "the cluster of the fuzz targets is at fault: {faults:#?}");
    cluster
});

/// The sources of [`SHOP`], to which a text is added: what is said of a sentence may point into the cluster.
fn sources() -> SourceMap {
    static TEXT: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from(CLUSTER));
    let mut sources = SourceMap::default();
    sources.add("cluster.yaml", Arc::clone(&TEXT));
    sources
}

/// One thread for everything: waiting for others would take longer than reading so short a text.
static ALONE: LazyLock<()> = LazyLock::new(|| {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    pool.build_global().expect("a pool of the one thread that there is");
});

/// A text of manifests.
pub fn manifest(text: &str) {
    LazyLock::force(&ALONE);
    let read = |sources: &mut SourceMap| {
        let mut faults = Vec::new();
        let objects = manifest::read_text("a.yaml", text, &Settings::default(), sources, &mut faults);
        let cluster = manifest::assemble(&[&objects], &mut faults);
        (faults, cluster)
    };
    let mut sources = SourceMap::default();
    let (faults, cluster) = read(&mut sources);
    shown(&faults, &sources);
    if faults.iter().any(Diagnostic::is_error) {
        return;
    }
    for policy in &cluster.policies {
        placed(policy.origin, &sources);
        placed(policy.name_origin, &sources);
        for rule in policy.ingress.iter().chain(&policy.egress).flatten() {
            placed(rule.origin, &sources);
        }
    }
    assert_eq!(read(&mut SourceMap::default()).1, cluster, "read twice, two clusters");
}

/// A spec, and each of its sentences.
pub fn spec(text: &str) {
    let mut sources = sources();
    let file = sources.add("a.toml", text);
    let (read, faults) = spec::parse(file, text);
    shown(&faults, &sources);
    assert_eq!(spec::parse(file, text), (read.clone(), faults), "read twice, two specs");
    for property in &read.properties {
        placed(property.name.origin, &sources);
        judged(language::parse(&property.sentence.value, property.sentence.origin), &read.endpoints, &sources);
    }
}

type Reader = dyn Fn(&str, Origin) -> Result<Sentence, Diagnostic>;

/// One text as a sentence, a question, an endpoint and a selector.
pub fn sentence(text: &str) {
    let (sources, origin) = one(text);
    let none = BTreeMap::new();
    let question = |text: &str, origin| language::parse_question(text, origin).map(|(sentence, _)| sentence);
    for read in [&language::parse as &Reader, &question] {
        let sentence = read(text, origin);
        assert_eq!(read(text, origin), sentence, "read twice, two sentences");
        judged(sentence, &none, &sources);
    }
    if let Err(fault) = language::parse_endpoint(text, origin) {
        shown(&[fault], &sources);
    }
    if let Err(fault) = language::parse_selector(text, origin) {
        shown(&[fault], &sources);
    }
}

/// Two lines as the two ends of one flow.
pub fn ends(text: &str) {
    let Some((from, to)) = text.split_once('\n') else { return };
    let mut sources = sources();
    let mut end = |name: &str, text: &str| {
        let file = sources.add(name, text);
        whole(file, text)
    };
    let (from_origin, to_origin) = (end("FROM", from), end("TO:PORT", to));
    let (from, to) = (Text { text: from, origin: from_origin }, Text { text: to, origin: to_origin });
    match explain::read(&SHOP, from, to) {
        Err(faults) => {
            assert!(faults.iter().any(Diagnostic::is_error), "refused without a reason");
            shown(&faults, &sources);
        }
        Ok(asked) => {
            shown(&asked.warnings, &sources);
            let explained = explain::explain(&SHOP, &asked);
            let words = text::render(&explanation(&SHOP, &sources, &explained), STYLE);
            assert!(!words.is_empty());
            harmless(&words);
        }
    }
}

/// A sentence that is one has names that can be looked up; all that is said about it can be shown.
fn judged(
    sentence: Result<Sentence, Diagnostic>,
    endpoints: &BTreeMap<String, language::NamedEndpoint>,
    sources: &SourceMap,
) {
    let sentence = match sentence {
        Ok(sentence) => sentence,
        Err(fault) => return shown(&[fault], sources),
    };
    placed(sentence.origin, sources);
    // A comparison of sets speaks about files, which are not there.
    if sentence.sets().is_some() {
        return;
    }
    match language::resolve(&sentence, &Names { cluster: &SHOP, endpoints, sets: None }) {
        Ok(resolved) => {
            shown(&resolved.warnings, sources);
            assert!(!format!("{:?}", resolved.claim).is_empty());
        }
        Err(faults) => {
            assert!(faults.iter().any(Diagnostic::is_error), "refused without a reason");
            shown(&faults, sources);
        }
    }
}

const STYLE: Style = Style { colour: false, width: 120 };

fn one(text: &str) -> (SourceMap, Origin) {
    let mut sources = sources();
    let file = sources.add("--assert", text);
    (sources, whole(file, text))
}

fn whole(file: FileId, text: &str) -> Origin {
    Origin { file, span: Span::new(0, text.len()) }
}

/// Every place exists, and the words can be put on a terminal.
fn shown(faults: &[Diagnostic], sources: &SourceMap) {
    for fault in faults {
        let places = fault.primary.iter().chain(&fault.related).map(|label: &Label| label.origin);
        places.for_each(|origin| placed(origin, sources));
        assert!(!fault.message.is_empty(), "a fault without words: {fault:?}");
    }
    harmless(&diagnostics(faults, sources, STYLE));
}

/// The place lies inside its file, on whole characters.
fn placed(origin: Origin, sources: &SourceMap) {
    let text = sources.file(origin.file).expect("a file that was read").text();
    assert!(text.get(origin.span.range()).is_some(), "{:?} of {} bytes", origin.span, text.len());
}

/// Nothing that steers a terminal.
fn harmless(words: &str) {
    if let Some(c) = words.chars().find(|c| plain::steers(*c) && *c != '\n') {
        panic!("{c:?} would reach the terminal:\n{words:?}");
    }
}
