//! The symbolic semantics against the conformance cases: every fact that `eval` is held to, as a
//! question to the solver about that one flow.
#![expect(clippy::print_stdout, reason = "how much was checked belongs in the test's own output")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use netverify::model::world::World;
use netverify::symbolic::{Answer, Guarding, Query, Session, Setting, Slice};
use support::cases::{Fact, facts};

/// What the solver says, if it is not what the fact says.
fn failure(session: &Session, world: &World, fact: &Fact) -> Option<String> {
    let query = Query::new(Setting {
        cluster: &fact.cluster,
        world,
        options: fact.options,
        slice: Slice::everything(&fact.cluster),
        claims: vec![],
        workloads: Vec::new(),
        guarding: Guarding::Isolation,
    });
    let Some(pinned) = query.pinned(&fact.flow) else {
        return Some(format!("{}: no place for {:?}", fact.case, fact.flow));
    };
    let allowed = query.allowed();
    let passes = session.scoped(|| query.check_assuming(session, &[pinned.clone(), allowed.clone()]));
    let fails = session.scoped(|| query.check_assuming(session, &[pinned, allowed.negated()]));
    let expected = if fact.allowed { (Answer::Sat, Answer::Unsat) } else { (Answer::Unsat, Answer::Sat) };
    ((passes, fails) != expected).then(|| {
        format!(
            "{}: passes {passes:?}, fails {fails:?}\n  flow: {:?}\n  options: {:?}",
            fact.case, fact.flow, fact.options
        )
    })
}

/// Checks every fact of a file.
fn check(file: &str, count: usize) {
    let facts = facts(file);
    let world = World { nodes: true, ..World::default() };
    let session = Session::new().unwrap();
    let failures: Vec<String> = facts.iter().filter_map(|fact| failure(&session, &world, fact)).collect();
    println!("{file}: {} facts asked", facts.len());
    assert!(failures.is_empty(), "{file}: {} facts fail\n{}", failures.len(), failures.join("\n"));
    assert_eq!(facts.len(), count, "{file}: facts");
}

#[test]
fn the_kubernetes_e2e_suite_holds() {
    check("e2e.yaml", 656);
}

#[test]
fn the_corner_cases_hold() {
    check("edge.yaml", 212);
}
