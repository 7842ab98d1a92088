//! Policies compared: hand-made pairs for each way in which one may not stand for another, and every
//! sentence against brute force over small universes.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]

#[expect(dead_code, reason = "the agreement tests use the rest")]
#[path = "support/enumerate.rs"]
mod enumerate;
#[expect(dead_code, reason = "the agreement tests use the rest")]
#[path = "support/legal.rs"]
mod legal;
#[path = "support/trials.rs"]
mod trials;
#[expect(dead_code, reason = "the agreement tests use the rest")]
#[path = "support/worlds.rs"]
mod worlds;

#[path = "algebra/pairs.rs"]
mod pairs;
#[path = "algebra/sets.rs"]
mod sets;

use std::time::Duration;

use netverify::eval;
use netverify::eval::selector;
use netverify::model::algebra::{Comparison, Gap};
use netverify::model::claim::Claim;
use netverify::model::net::{End, Flow, PodEnd, Protocol};
use netverify::model::options::{
    EgressNamedPortAny, EndPort, HostNetwork, IpBlockMatches, NamedPortScope, Options, Treatment,
};
use netverify::model::plugin::{Choice, OptionSpace};
use netverify::model::policy::Direction;
use netverify::model::workload::Cluster;
use netverify::model::world::World;
use netverify::outcome::{Case, Outcome};
use netverify::prove::{Job, decide};
use proptest::prelude::*;

use trials::{Trial, fail};
use worlds::{FEW, Question, cluster, world};

const DIRECTIONS: [Direction; 2] = [Direction::Ingress, Direction::Egress];

fn answer(question: &Question) -> Outcome {
    let Question { cluster, world, claim } = question;
    decide(&Job { cluster, world, claim, allow_vacuous: false }, Duration::from_secs(60)).unwrap()
}

/// Every plugin that the world leaves open and rules can feel, whether these rules do or not. Own nodes are
/// judged by policy, so that the trace of a verdict shows all policies. Where nodes are ends, pods on their network
/// are taken for either (R33).
fn plugins(world: &World) -> Vec<Options> {
    let OptionSpace { least, most } = world.options();
    let mut all = Vec::new();
    for ipblock_matches in [IpBlockMatches::All, IpBlockMatches::ExternalAndNodes, IpBlockMatches::External] {
        for end_port in [EndPort::Supported, EndPort::Ignored] {
            for egress_named_port_any in
                [EgressNamedPortAny::Destination, EgressNamedPortAny::Namespace, EgressNamedPortAny::None]
            {
                all.push(Options {
                    ipblock_matches,
                    end_port,
                    egress_named_port_any,
                    local_node_ingress: Treatment::Policy,
                    ..Options::default()
                });
            }
        }
    }
    let host_networks = if world.nodes { vec![HostNetwork::Node, HostNetwork::Pod] } else { vec![HostNetwork::Node] };
    let with = |host_network| {
        all.iter()
            .map(move |one| Options { host_network, self_traffic: least.self_traffic, ..*one })
            .collect::<Vec<_>>()
    };
    let mut all: Vec<Options> = host_networks.into_iter().flat_map(with).collect();
    all.retain(|options| {
        let is_open = [least.host_network, most.host_network].contains(&options.host_network) || !world.nodes;
        is_open
            && (most.ipblock_matches..=least.ipblock_matches).contains(&options.ipblock_matches)
            && (most.end_port..=least.end_port).contains(&options.end_port)
            && (most.egress_named_port_any..=least.egress_named_port_any).contains(&options.egress_named_port_any)
    });
    all
}

/// The plugin that takes most for pods (R33).
fn with_most_pods(world: &World) -> Options {
    Options { host_network: world.options().most.host_network, ..Options::default() }
}

/// Whether the policy selects the pod under some plugin, and has the direction where one is given.
fn selects(question: &Question, index: usize, direction: Option<Direction>, pod: &PodEnd) -> bool {
    let policy = question.cluster.policies.get(index).unwrap();
    if pod.host_network && with_most_pods(&question.world).host_network == HostNetwork::Node {
        return false;
    }
    let speaks = direction.is_none_or(|direction| policy.rules(direction).is_some());
    speaks && policy.namespace == pod.namespace.name && selector::matches(&policy.pod_selector.selector, &pod.labels)
}

/// Which policies admit the flow on one side, read off the trace of the whole verdict.
fn admitting(cluster: &Cluster, options: &Options, direction: Direction, flow: &Flow) -> Vec<usize> {
    let (_, trace) = eval::verdict(cluster, options, flow);
    let side = if direction == Direction::Ingress { trace.ingress } else { trace.egress };
    let admits = side.policies().iter().filter(|policy| policy.rules.iter().any(|rule| rule.matches()));
    admits.map(|policy| policy.policy).collect()
}

/// Whether `policy` is subsumed by `by`, case by case.
fn is_subsumed(question: &Question, policy: usize, by: &[usize]) -> bool {
    let cluster = &question.cluster;
    let first = with_most_pods(&question.world);
    let opens = |direction: Direction| {
        let only_here = |pod: &PodEnd| {
            let isolates = |index: usize| selects(question, index, Some(direction), pod);
            isolates(policy) && !by.iter().any(|index| isolates(*index))
        };
        enumerate::any_pod(question, &first, only_here)
    };
    let leaks = |direction: Direction| {
        let subject = |end: &End| end.pod().is_some_and(|pod| selects(question, policy, Some(direction), pod));
        let anyone = |_: &End| true;
        let may_be: [&dyn Fn(&End) -> bool; 2] =
            if direction == Direction::Ingress { [&anyone, &subject] } else { [&subject, &anyone] };
        plugins(&question.world).iter().any(|options| {
            enumerate::any_flow(question, options, may_be, |flow| {
                let admitting = admitting(cluster, options, direction, flow);
                admitting.contains(&policy) && !by.iter().any(|index| admitting.contains(index))
            })
        })
    };
    let has_rules =
        |direction| cluster.policies.get(policy).unwrap().rules(direction).is_some_and(|rules| !rules.is_empty());
    !DIRECTIONS.iter().any(|direction| opens(*direction))
        && !DIRECTIONS.iter().any(|direction| has_rules(*direction) && leaks(*direction))
}

fn holds(question: &Question, comparison: &Comparison) -> bool {
    match comparison {
        Comparison::Subsumed { policy, by } => is_subsumed(question, *policy, by),
        Comparison::Equivalent { one, other } => {
            is_subsumed(question, *one, &[*other]) && is_subsumed(question, *other, &[*one])
        }
        Comparison::Disjoint { one, other } => {
            let both = |pod: &PodEnd| selects(question, *one, None, pod) && selects(question, *other, None, pod);
            !enumerate::any_pod(question, &with_most_pods(&question.world), both)
        }
        Comparison::Sets { .. } => panic!("sets have a test of their own"),
    }
}

/// What a counterexample shows has to be what the trace of a verdict says too.
fn is_confirmed(question: &Question, case: &Case) -> bool {
    let cluster = &question.cluster;
    let Case::Gap { gap, subject, flow } = case else { return false };
    let alone = |direction| {
        let acts = |index: usize| selects(question, index, direction, subject);
        gap.acting().iter().any(|index| acts(*index)) && !gap.others().iter().any(|index| acts(*index))
    };
    match (gap, flow) {
        (Gap::Isolation { direction, .. }, None) => alone(Some(*direction)),
        (Gap::Overlap { one, other }, None) => {
            [one, other].iter().all(|index| selects(question, **index, None, subject))
        }
        (Gap::Admission { direction, policy, by }, Some(flow)) => plugins(&question.world).iter().any(|options| {
            let admitting = admitting(cluster, options, *direction, flow);
            admitting.contains(policy) && !by.iter().any(|index| admitting.contains(index))
        }),
        _ => false,
    }
}

/// Clusters of a few policies, some of which are made from others by a small change: random ones are
/// hardly ever comparable.
fn questions() -> BoxedStrategy<Question> {
    (cluster(FEW), world(), any::<[prop::sample::Index; 3]>(), 0..4_u8, 0..5_u8)
        .prop_filter("a policy to compare", |(cluster, ..)| !cluster.policies.is_empty())
        .prop_map(|(mut cluster, mut world, [one, other, third], change, form)| {
            // Nodes double the flows and add one kind of end; every fourth world keeps them.
            world.nodes &= form == 0;
            // Pods that lend port numbers have tests of their own (tests/lenders.rs).
            world.choices.push(Choice::NamedPortScope(NamedPortScope::Destination));
            let policy = one.index(cluster.policies.len());
            let mut changed = cluster.policies.get(policy).unwrap().clone();
            let donor = cluster.policies.get(other.index(cluster.policies.len())).unwrap().clone();
            match change {
                0 => changed.pod_selector.selector.requirements.clear(),
                1 => changed.ingress = changed.ingress.map(|rules| [rules, donor.ingress.unwrap_or_default()].concat()),
                2 => changed.egress = changed.egress.map(|rules| [rules, donor.egress.unwrap_or_default()].concat()),
                _ => changed.egress = None,
            }
            cluster.policies.push(changed);
            let (last, third) = (cluster.policies.len() - 1, third.index(cluster.policies.len()));
            let subsumed = |policy, by: Vec<usize>| Comparison::Subsumed { policy, by };
            let comparison = match form {
                0 if third != policy => subsumed(policy, vec![third]),
                1 if third != policy => subsumed(policy, vec![third, last]),
                2 => Comparison::Equivalent { one: policy, other: last },
                3 if third != policy => Comparison::Disjoint { one: policy, other: third },
                _ => subsumed(last, vec![policy]),
            };
            Question { cluster, world, claim: Claim::Compared(comparison) }
        })
        .boxed()
}

#[test]
fn brute_force_agrees_with_the_solver() {
    let trial = Trial { name: "comparisons", file: file!(), seed: 7, cases: 400 };
    let tally = trial.run(&questions(), |question, tally| {
        let Claim::Compared(comparison) = &question.claim else { panic!("no comparison") };
        let expected = holds(&question, comparison);
        let outcome = answer(&question);
        let agrees = match &outcome {
            Outcome::Proved(_) => expected,
            Outcome::Refuted(refutation) => {
                !expected && refutation.counterexample.as_ref().is_some_and(|one| is_confirmed(&question, &one.case))
            }
            _ => false,
        };
        tally.add(if expected { "proved" } else { "refuted" }, 1);
        if agrees { Ok(()) } else { Err(fail(format!("brute force: {expected}, and {outcome:#?}"))) }
    });
    let (yes, no) = (tally.of("proved"), tally.of("refuted"));
    assert!(no.min(yes) * 5 >= no + yes, "one-sided: {yes} hold, {no} do not");
}

/// Protocols of the hand-made flows, for the table of pairs.
pub(crate) fn protocol_of(case: &Case) -> Option<Protocol> {
    match case {
        Case::Gap { flow, .. } => flow.as_ref().map(|flow| flow.protocol),
        Case::Flow { .. } | Case::Path { .. } | Case::Open { .. } | Case::Verdicts { .. } => None,
    }
}
