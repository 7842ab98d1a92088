//! Named ports whose numbers a pod that nobody has declared may lend (R27): the solver against every case.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![allow(dead_code, reason = "the support files serve other tests too")]

#[path = "support/enumerate.rs"]
mod enumerate;
#[path = "support/legal.rs"]
mod legal;
#[path = "support/worlds.rs"]
mod worlds;

use std::cell::Cell;
use std::time::Duration;

use netverify::model::claim::{Claim, Endpoint, FlowSet, PortItem, PortSet};
use netverify::model::net::{PortMatch, Protocol};
use netverify::model::options::NamedPortScope;
use netverify::model::plugin::Choice;
use netverify::model::policy::{PortSpec, Ports, Rule};
use netverify::model::world::Existence;
use netverify::outcome::Outcome;
use netverify::property;
use netverify::prove::{Job, decide};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use worlds::{FEW, Question, question};

/// Every rule names `http`, and the claim is about a number that no declared pod gives it.
fn about_lenders(mut question: Question) -> Question {
    let named = |rule: &mut Rule| {
        let ports = PortMatch::Named("http".to_owned());
        rule.ports = Ports::AnyOf(vec![PortSpec { protocol: Protocol::Tcp, ports, origin: worlds::origin() }]);
    };
    for policy in &mut question.cluster.policies {
        policy.ingress.iter_mut().chain(&mut policy.egress).flatten().for_each(named);
    }
    let items = vec![PortItem { protocol: Protocol::Tcp, ports: PortMatch::Range(9100, 9100) }];
    let (sources, destinations) = (Endpoint::Anything, Endpoint::Workload(0));
    question.claim = Claim::NoneCanReach(FlowSet { sources, destinations, ports: PortSet { items } });
    question.world.pods = Existence::Any;
    question.world.choices.push(Choice::NamedPortScope(NamedPortScope::Union));
    question
}

#[test]
fn brute_force_agrees_about_lenders() {
    let lent = Cell::new(0);
    let config = Config { cases: 600, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&question(FEW), |question| {
        let question = about_lenders(question);
        let Question { cluster, world, claim } = &question;
        let outcome = decide(&Job { cluster, world, claim, allow_vacuous: false }, Duration::from_secs(60)).unwrap();
        let plugins = property::plugins(cluster, world, claim);
        let all: Vec<_> = plugins.iter().map(|options| enumerate::search(&question, options)).collect();
        let found = enumerate::Found {
            subject: all.iter().any(|found| found.subject),
            sought: all.iter().any(|found| found.sought),
            judged: all.iter().map(|found| found.judged).sum(),
        };
        let agree = match &outcome {
            Outcome::Proved(_) => found.subject && !found.sought,
            Outcome::Refuted(refutation) => {
                let case = refutation.counterexample.as_ref().unwrap();
                lent.set(lent.get() + usize::from(!case.further.is_empty()));
                found.sought
            }
            Outcome::Vacuous => !found.subject,
            Outcome::Unknown(_) | Outcome::Disagreement(_) => false,
        };
        if agree { Ok(()) } else { Err(TestCaseError::fail(format!("{found:?}\n{outcome:#?}"))) }
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(lent.get() >= 10, "only {} cases needed a further pod", lent.get());
}
