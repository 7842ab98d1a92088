//! The reference semantics against the conformance cases: the Kubernetes e2e suite as static facts,
//! and the corner cases that it leaves open.
#![expect(clippy::print_stdout, reason = "how much was checked belongs in the test's own output")]

mod support;

use std::collections::BTreeSet;

use netverify::eval::{Verdict, verdict};
use support::cases::{Fact, facts};

/// What the semantics says, if it is not what the fact says.
fn failure(fact: &Fact) -> Option<String> {
    let (verdict, trace) = verdict(&fact.cluster, &fact.options, &fact.flow);
    let Fact { case, options, flow, allowed, .. } = fact;
    let agrees = *allowed == (verdict == Verdict::Allowed);
    (!agrees).then(|| format!("{case}: {verdict:?}\n  flow: {flow:?}\n  options: {options:?}\n  trace: {trace:?}"))
}

/// Checks every fact of a file and shows all that fail at once.
fn check(file: &str, cases: usize, count: usize) {
    let facts = facts(file);
    let ids: BTreeSet<&str> = facts.iter().map(|fact| fact.case.as_str()).collect();
    println!("{file}: {} cases, {} facts", ids.len(), facts.len());
    assert_eq!((ids.len(), facts.len()), (cases, count), "{file}: cases and facts");
    let failures: Vec<String> = facts.iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{file}: {} facts fail\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_kubernetes_e2e_suite_holds() {
    check("e2e.yaml", 76, 656);
}

#[test]
fn the_corner_cases_hold() {
    check("edge.yaml", 43, 212);
}
