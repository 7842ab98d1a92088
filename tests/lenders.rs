//! Named ports whose numbers a pod that nobody has declared may lend (R27): the solver against every case.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]
#![allow(dead_code, reason = "the support files serve other tests too")]

#[path = "support/enumerate.rs"]
mod enumerate;
#[path = "support/legal.rs"]
mod legal;
#[path = "support/trials.rs"]
mod trials;
#[path = "support/worlds.rs"]
mod worlds;

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
use trials::{Trial, fail};
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
    let trial = Trial { name: "lenders", file: file!(), seed: 1, cases: 600 };
    let tally = trial.run(&question(FEW), |question, tally| {
        let question = about_lenders(question);
        let Question { cluster, world, claim } = &question;
        let outcome = decide(&Job { cluster, world, claim, allow_vacuous: false }, Duration::from_secs(60)).unwrap();
        let found = enumerate::search(&question, &property::options(claim, world));
        tally.add("flows judged", found.judged);
        let agree = match &outcome {
            Outcome::Proved(_) => found.subject && !found.sought,
            Outcome::Refuted(refutation) => {
                let case = refutation.counterexample.as_ref().unwrap();
                tally.add("needed a further pod", usize::from(!case.further.is_empty()));
                found.sought
            }
            Outcome::Vacuous => !found.subject,
            Outcome::Unknown(_) | Outcome::Disagreement(_) => false,
        };
        if agree { Ok(()) } else { Err(fail(format!("{found:?}\n{outcome:#?}"))) }
    });
    let lent = tally.of("needed a further pod");
    assert!(lent >= 10, "only {lent} cases needed a further pod");
}
