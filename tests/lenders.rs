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

use netverify::eval;
use netverify::model::algebra::{Gap, PolicySet};
use netverify::model::claim::{Claim, Endpoint, FlowSet, PortItem, PortSet};
use netverify::model::net::{End, Flow, PortMatch, Protocol};
use netverify::model::options::{NamedPortScope, Options};
use netverify::model::plugin::{Choice, Plugin};
use netverify::model::policy::{Direction, Peers, Policy, PortSpec, Ports, Rule};
use netverify::model::selector::{Operator, Requirement};
use netverify::model::world::{Existence, World};
use netverify::outcome::Outcome;
use netverify::property;
use netverify::prove::{Job, decide};
use proptest::prelude::*;
use proptest::sample::Index;
use trials::{Trial, fail};
use worlds::{FEW, Question, Words, question};

fn http() -> Ports {
    let ports = PortMatch::Named("http".to_owned());
    Ports::AnyOf(vec![PortSpec { protocol: Protocol::Tcp, ports, origin: worlds::origin() }])
}

/// Every rule names `http`, and the claim is about a number that no declared pod gives it.
fn about_lenders(mut question: Question) -> Question {
    let named = |rule: &mut Rule| rule.ports = http();
    let rules = |policy: &mut Policy| policy.ingress.iter_mut().chain(&mut policy.egress).flatten().for_each(named);
    question.cluster.policies.edit(|all| all.iter_mut().for_each(rules));
    let items = vec![PortItem { protocol: Protocol::Tcp, ports: PortMatch::Range(9100, 9100) }];
    let (sources, destinations) = (Endpoint::Anything, Endpoint::Workload(0));
    question.claim = Claim::NoneCanReach(FlowSet::new(sources, destinations, PortSet { items }));
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
        let plugins = property::plugins(cluster, world, claim);
        let all: Vec<_> = plugins.iter().map(|options| enumerate::search(&question, options)).collect();
        let found = enumerate::Found {
            subject: all.iter().any(|found| found.subject),
            sought: all.iter().any(|found| found.sought),
            judged: all.iter().map(|found| found.judged).sum(),
        };
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

/// One plugin, so that only the further pods are to be found.
fn one_plugin() -> Options {
    Options { named_port_scope: NamedPortScope::Union, ..Options::default() }
}

/// The policy for those of its pods alone that carry the value, or for all others.
fn narrowed(policy: &Policy, carry: bool) -> Policy {
    let mut narrowed = policy.clone();
    let values = vec!["x".to_owned()];
    let operator = if carry { Operator::In(values) } else { Operator::NotIn(values) };
    narrowed.pod_selector.selector.requirements.push(Requirement { key: "k1".to_owned(), operator });
    narrowed
}

/// A policy all of whose rules name `http` against itself cut in two: the same to a plugin that looks at the
/// destination alone. In a world without nodes.
fn gaps() -> impl Strategy<Value = Question> {
    let words = Words { policies: 1, rules: 1, workloads: 1, ..FEW };
    (question(words), any::<Index>(), 0..3_u8, any::<bool>())
        .prop_filter("a policy to cut", |(question, ..)| !question.cluster.policies.is_empty())
        .prop_map(|(question, one, form, egress)| {
            let mut question = about_lenders(question);
            question.world = World {
                choices: Choice::all_of(&one_plugin()),
                nodes: false,
                external: false,
                plugin: Plugin::Any,
                ..question.world
            };
            let count = question.cluster.policies.len();
            let policy = one.index(count);
            // One that admits nothing has nothing to lend.
            let admitting = Rule { peers: Peers::All, ports: http(), origin: worlds::origin() };
            question.cluster.policies.edit(|policies| {
                let rules = policies[policy].ingress.get_or_insert_default();
                if rules.is_empty() {
                    rules.push(admitting);
                }
                let halves = [true, false].map(|carry| narrowed(&policies[policy], carry));
                policies.extend(halves);
            });
            let set = |name: &str, policies: Vec<usize>| PolicySet { name: name.to_owned(), policies };
            let others = (0..count).filter(|index| *index != policy);
            let cut = set("cut", others.chain([count, count + 1]).collect());
            let direction = if egress { Direction::Egress } else { Direction::Ingress };
            let gap = match form {
                0 => Gap::Verdict { one: set("whole", (0..count).collect()), other: cut, within: None },
                1 => Gap::Verdict { one: cut, other: set("whole", (0..count).collect()), within: None },
                _ => Gap::Admission { direction, policy, by: vec![count, count + 1] },
            };
            question.claim = Claim::NoGap { gap, options: one_plugin() };
            question
        })
}

#[test]
fn brute_force_agrees_about_lenders_of_comparisons() {
    let trial = Trial { name: "lenders of comparisons", file: file!(), seed: 1, cases: 40 };
    let tally = trial.run(&gaps(), |question, tally| {
        let Question { cluster, world, claim } = &question;
        let Claim::NoGap { gap, options } = claim else { panic!("no gap") };
        let falls_in = |flow: &Flow| {
            if flow.protocol != Protocol::Tcp {
                return eval::algebra::falls_into(cluster, options, gap, flow);
            }
            let mut clusters = enumerate::with_a_lender(&question, options, flow).into_iter();
            clusters.any(|cluster| eval::algebra::falls_into(&cluster, options, gap, flow))
        };
        let anyone = |_: &End| true;
        let outcome = decide(&Job { cluster, world, claim, allow_vacuous: false }, Duration::from_secs(60)).unwrap();
        let agree = match &outcome {
            Outcome::Proved(_) => {
                tally.add("proved", 1);
                !enumerate::any_flow(&question, options, [&anyone, &anyone], falls_in)
            }
            // Two pods that lend, one on each side of the flow, are confirmed by the replay alone.
            Outcome::Refuted(refutation) => {
                let further = refutation.counterexample.as_ref().unwrap().further.len();
                tally.add(if further == 0 { "refuted" } else { "refuted by a further pod" }, 1);
                further > 1 || enumerate::any_flow(&question, options, [&anyone, &anyone], falls_in)
            }
            Outcome::Unknown(_) | Outcome::Disagreement(_) | Outcome::Vacuous => false,
        };
        if agree { Ok(()) } else { Err(fail(format!("{outcome:#?}"))) }
    });
    assert!(tally.of("proved").min(tally.of("refuted by a further pod")) >= 3, "one-sided: {tally}");
}
