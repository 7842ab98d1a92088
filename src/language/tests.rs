//! What the grammar does without a cluster: places, limits, endpoints and selectors of their own.

use super::*;
use crate::source::{SourceMap, Span};

fn origin(start: usize, end: usize) -> Origin {
    Origin { file: SourceMap::default().add("spec.toml", ""), span: Span::new(start, end) }
}

fn place(fault: &Diagnostic) -> (u32, u32) {
    let span = fault.primary.as_ref().unwrap().origin.span;
    (span.start, span.end)
}

#[test]
fn faults_point_into_the_text_where_it_stands_in_the_file() {
    let text = "nothing can raech db";
    let fault = parse(text, origin(100, 100 + text.len())).unwrap_err();
    assert_eq!(place(&fault), (112, 117));
}

#[test]
fn faults_point_at_the_whole_string_where_it_has_escapes() {
    let fault = parse("nothing can raech db", origin(100, 125)).unwrap_err();
    assert_eq!(place(&fault), (100, 125));
}

#[test]
fn a_sentence_lies_between_its_first_word_and_its_last() {
    let text = "  nothing can reach db ";
    let sentence = parse(text, origin(0, text.len())).unwrap();
    assert_eq!(sentence.origin.span, Span::new(2, text.len() - 1));
}

#[test]
fn every_fault_of_a_sentence_ends_in_an_example_that_is_right() {
    for text in ["nothing can", "no x", "only", "some a and b", "every", "a is isolated", "x", "policy"] {
        let fault = parse(text, origin(0, text.len())).unwrap_err();
        let example = fault.help.last().unwrap().strip_prefix("for example: `").unwrap().trim_end_matches('`');
        assert!(parse(example, origin(0, example.len())).is_ok(), "{example}");
    }
}

#[test]
fn long_sentences_and_long_lists_are_refused() {
    let long = "x".repeat(MAX_SENTENCE + 1);
    assert_eq!(parse(&long, origin(0, long.len())).unwrap_err().code, Code::LimitExceeded);
    let many = format!("only {} can reach db", ["a"; 65].join(" or "));
    assert_eq!(parse(&many, origin(0, many.len())).unwrap_err().code, Code::LimitExceeded);
}

#[test]
fn an_endpoint_alone_has_no_ports_and_no_verb() {
    assert!(parse_endpoint("pods with app=a in x or external", origin(0, 32)).is_ok());
    assert!(parse_endpoint("api:80", origin(0, 6)).is_err());
    assert_eq!(place(&parse_endpoint("api can", origin(0, 7)).unwrap_err()), (4, 7));
}

#[test]
fn a_selector_alone_is_read_to_its_end() {
    assert_eq!(parse_selector(" ", origin(0, 1)), Ok(LabelSelector::everything()));
    assert_eq!(parse_selector("a=b, c notin (d)", origin(0, 16)).unwrap().requirements.len(), 2);
    assert_eq!(place(&parse_selector("a=b c", origin(0, 5)).unwrap_err()), (4, 5));
}

/// Names that stand for two names each would double the work at every step.
#[test]
fn names_that_multiply_are_stopped() {
    let named = |text: &str| NamedEndpoint {
        origin: origin(0, 0),
        definition: parse_endpoint(text, origin(0, text.len())).unwrap(),
    };
    let doubling = (0..40).map(|n| (format!("n{n}"), named(&format!("n{0} or n{0}", n + 1))));
    let endpoints: BTreeMap<_, _> = doubling.chain([("n40".to_owned(), named("external"))]).collect();
    let cluster = Cluster::default();
    let names = Names { cluster: &cluster, endpoints: &endpoints, sets: None };
    for text in ["external can reach n0", "n0 can reach external", "external can reach n0:80"] {
        let faults = resolve(&parse(text, origin(0, text.len())).unwrap(), &names).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [Code::LimitExceeded]);
    }
}

/// A circle cannot come out of a spec, but can be built.
#[test]
fn a_circle_of_names_is_stopped() {
    let definition = parse_endpoint("a or a", origin(0, 6)).unwrap();
    let endpoints = BTreeMap::from([("a".to_owned(), NamedEndpoint { origin: origin(0, 0), definition })]);
    let cluster = Cluster::default();
    let names = Names { cluster: &cluster, endpoints: &endpoints, sets: None };
    let faults = resolve(&parse("a can reach a:80", origin(0, 16)).unwrap(), &names).unwrap_err();
    assert!(faults.iter().all(|fault| fault.code == Code::LimitExceeded) && faults.len() <= 2);
}
