//! The two semantics against each other: `symbolic` against `eval` on random flows, and every answer
//! of `prove` against an enumeration of all cases that can matter.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]

#[expect(dead_code, reason = "tests/algebra.rs uses the rest")]
#[path = "support/enumerate.rs"]
mod enumerate;
#[path = "support/flows.rs"]
mod flows;
#[path = "support/legal.rs"]
mod legal;
#[path = "support/trials.rs"]
mod trials;
#[path = "support/worlds.rs"]
mod worlds;

use std::collections::BTreeSet;
use std::slice;
use std::time::Duration;

use netverify::eval;
use netverify::eval::Verdict;
use netverify::model::claim::Claim;
use netverify::model::net::{End, Flow, PodEnd, Protocol};
use netverify::model::options::Options;
use netverify::model::plugin::Plugin;
use netverify::model::policy::Direction;
use netverify::model::selector::NAMESPACE_NAME_LABEL;
use netverify::model::workload::{Cluster, DeclaredNamespace};
use netverify::model::world::World;
use netverify::outcome::{Case, Counterexample, Outcome};
use netverify::property;
use netverify::prove::{Job, Prover, decide};
use netverify::symbolic::{Answer, Guarding, Query, Session, Setting, Slice, Statement};
use netverify::witness::Judge;
use proptest::collection::vec;
use proptest::prelude::any;

use flows::flow_seed;
use trials::{Trial, fail};
use worlds::{FEW, MANY, Question, TINY, claim, cluster, options, question};

const TIMEOUT: Duration = Duration::from_secs(60);

/// A trial of this file.
fn trial(name: &'static str, cases: u32) -> Trial {
    Trial { name, file: file!(), seed: 1, cases }
}

/// A world in which every kind of end can be, so that any flow can be asked about.
fn open_world() -> World {
    World { nodes: true, ..World::default() }
}

#[test]
fn eval_and_symbolic_agree_on_concrete_flows() {
    let world = open_world();
    let strategy = (cluster(MANY), options(), vec(flow_seed(), 20));
    let tally = trial("agreement on flows", 600).run(&strategy, |(cluster, options, seeds), tally| {
        let session = Session::new().unwrap();
        let query = Query::new(everything(&cluster, &world, options));
        let mut pinned = Vec::new();
        for flow in seeds.iter().map(|seed| seed.flow(&cluster)) {
            match query.pinned(&flow) {
                Some(statement) => pinned.push((flow, statement)),
                None => return Err(fail(format!("the universe has no place for {flow:#?}"))),
            }
        }
        // One scope for all flows: what is asserted is prepared once, what is assumed each time.
        let ask_all = |statement: Statement| {
            session.scoped(|| {
                session.assert(&statement);
                let ask = |(_, pinned): &(Flow, Statement)| query.check_assuming(&session, slice::from_ref(pinned));
                pinned.iter().map(ask).collect::<Vec<Answer>>()
            })
        };
        let answers = ask_all(query.allowed()).into_iter().zip(ask_all(query.allowed().negated()));
        for ((flow, _), (can_pass, can_fail)) in pinned.iter().zip(answers) {
            let (verdict, trace) = eval::verdict(&cluster, &options, flow);
            let expected = match verdict {
                Verdict::Allowed => (Answer::Sat, Answer::Unsat),
                Verdict::Denied => (Answer::Unsat, Answer::Sat),
            };
            if (can_pass, can_fail) != expected {
                let said = format!("passes: {can_pass:?}, fails: {can_fail:?}");
                return Err(fail(format!("eval says {verdict:?}, symbolic {said}\n{flow:#?}\n{trace:#?}")));
            }
            tally.add(if verdict == Verdict::Allowed { "allowed" } else { "denied" }, 1);
            tally.add("between pods on nodes' networks", usize::from(on_nodes(flow) == 2));
            tally.add("with a pod on a node's network", usize::from(on_nodes(flow) == 1));
        }
        Ok(())
    });
    let (allowed, denied) = (tally.of("allowed"), tally.of("denied"));
    assert!(allowed + denied >= 10_000, "only {allowed} + {denied} flows");
    assert!(allowed.min(denied) * 5 > allowed + denied, "one-sided: {allowed} allowed, {denied} denied");
    assert!(tally.of("between pods on nodes' networks") >= 100 && tally.of("with a pod on a node's network") >= 1_000);
}

/// How many of the ends are pods on their node's network (R33).
fn on_nodes(flow: &Flow) -> usize {
    let ends = [&flow.source, &flow.destination].into_iter();
    ends.filter(|end| end.pod().is_some_and(|pod| pod.host_network)).count()
}

fn everything<'a>(cluster: &'a Cluster, world: &'a World, options: Options) -> Setting<'a> {
    Setting {
        cluster,
        world,
        options,
        slice: Slice::everything(cluster),
        claims: vec![],
        workloads: Vec::new(),
        guarding: Guarding::Isolation,
    }
}

fn answer(question: &Question) -> Outcome {
    let Question { cluster, world, claim } = question;
    decide(&Job { cluster, world, claim, allow_vacuous: false }, TIMEOUT).unwrap()
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Proved(_) => "proved",
        Outcome::Refuted(_) => "refuted",
        Outcome::Vacuous => "vacuous",
        Outcome::Unknown(_) => "unknown",
        Outcome::Disagreement(_) => "disagreement",
    }
}

/// What the claim says, as sentences begin.
fn form(claim: &Claim) -> &'static str {
    match claim {
        Claim::NoneCanReach(_) => "of `no ... can reach`",
        Claim::EveryCanReach(_) => "of `every ... can reach`",
        Claim::SomeCanReach(_) => "of `some ... can reach`",
        Claim::Isolated { .. } => "of `every pod is isolated`",
        _ => "of comparisons",
    }
}

/// What the claim comes out as when every case is tried.
fn enumerated(question: &Question) -> (&'static str, usize) {
    let Question { cluster, world, claim } = question;
    let plugins = property::plugins(cluster, world, claim);
    let all: Vec<_> = plugins.iter().map(|options| enumerate::search(question, options)).collect();
    let found = enumerate::Found {
        subject: all.iter().any(|found| found.subject),
        // R33: of "some can reach" every plugin has to let one through.
        sought: match claim {
            Claim::SomeCanReach(_) => all.iter().all(|found| found.sought),
            _ => all.iter().any(|found| found.sought),
        },
        judged: all.iter().map(|found| found.judged).sum(),
    };
    let kind = match (&question.claim, found.subject, found.sought) {
        (_, false, _) => "vacuous",
        (Claim::SomeCanReach(_), true, sought) => {
            if sought {
                "proved"
            } else {
                "refuted"
            }
        }
        (_, true, sought) => {
            if sought {
                "refuted"
            } else {
                "proved"
            }
        }
    };
    (kind, found.judged)
}

#[test]
fn brute_force_agrees_with_the_solver() {
    let tally = trial("brute force", 2_000).run(&question(FEW), |question, tally| {
        let (expected, judged) = enumerated(&question);
        let outcome = answer(&question);
        if kind(&outcome) != expected {
            return Err(fail(format!("every case tried: {expected}; the solver: {outcome:#?}")));
        }
        tally.add(expected, 1);
        tally.add(form(&question.claim), 1);
        tally.add("flows judged", judged);
        Ok(())
    });
    let (proved, refuted) = (tally.of("proved"), tally.of("refuted"));
    let all = proved + refuted + tally.of("vacuous");
    assert!(proved.min(refuted) * 100 >= 15 * all, "one-sided: {proved} proved, {refuted} refuted of {all}");
}

/// R33: claims that may be about pods on nodes' networks, in a world in which the plugin may do anything: what
/// is proved holds under any choices, not only under the two plugins that were asked about.
#[test]
fn what_is_proved_of_host_pods_holds_under_every_plugin() {
    let tally = trial("host pods", 600).run(&(question(TINY), options()), |(question, options), tally| {
        let world = World { nodes: true, plugin: Plugin::Any, choices: Vec::new(), ..question.world };
        let question = Question { world, ..question };
        let (expected, judged) = enumerated(&question);
        let outcome = answer(&question);
        if kind(&outcome) != expected {
            return Err(fail(format!("every case tried: {expected}; the solver: {outcome:#?}")));
        }
        if let Outcome::Proved(_) = outcome {
            let is_sought = enumerate::search(&question, &options).sought;
            if is_sought != matches!(question.claim, Claim::SomeCanReach(_)) {
                return Err(fail(format!("proved, and not under {options:#?}")));
            }
        }
        tally.add(expected, 1);
        tally.add("flows judged", judged);
        let both = property::plugins(&question.cluster, &question.world, &question.claim).len() == 2;
        tally.add(&format!("{expected} under two plugins"), usize::from(both));
        Ok(())
    });
    let (proved, refuted) = (tally.of("proved under two plugins"), tally.of("refuted under two plugins"));
    assert!(proved.min(refuted) >= 30, "one-sided: {proved} proved, {refuted} refuted");
}

/// The case that an answer shows, if it shows one.
fn shown(outcome: &Outcome) -> Option<&Counterexample> {
    match outcome {
        Outcome::Proved(proof) => proof.witness.as_deref(),
        Outcome::Refuted(refutation) => refutation.counterexample.as_deref(),
        Outcome::Unknown(_) | Outcome::Vacuous | Outcome::Disagreement(_) => None,
    }
}

/// The case as a flow; an open pod is the destination of one whose source nobody looks at.
fn as_flow(case: &Case) -> Flow {
    match case {
        Case::Flow { flow, .. } => (**flow).clone(),
        Case::Open { pod, .. } => {
            let source = End::External("203.0.113.1".parse().unwrap());
            Flow { source, destination: End::Pod((**pod).clone()), protocol: Protocol::Tcp, port: 1 }
        }
        other @ (Case::Gap { .. } | Case::Verdicts { .. } | Case::Path { .. }) => {
            panic!("no claim compares policies, or is about paths: {other:?}")
        }
    }
}

fn is_legal(question: &Question, case: &Case) -> bool {
    let Question { cluster, world, .. } = question;
    match case {
        Case::Flow { flow, .. } => legal::flow(cluster, world, flow),
        Case::Path { steps } => steps.iter().all(|step| is_legal(question, &step.case)),
        Case::Open { pod, .. } => legal::end(cluster, world, &End::Pod((**pod).clone())),
        Case::Gap { flow: Some(flow), .. } | Case::Verdicts { flow, .. } => legal::flow(cluster, world, flow),
        Case::Gap { subject, .. } => legal::end(cluster, world, &End::Pod((**subject).clone())),
    }
}

#[test]
fn every_counterexample_is_legal_small_and_confirmed() {
    let tally = trial("counterexamples", 400).run(&question(MANY), |question, tally| {
        let outcome = answer(&question);
        tally.add(kind(&outcome), 1);
        let says_nothing = matches!(outcome, Outcome::Unknown(_) | Outcome::Disagreement(_));
        if says_nothing {
            return Err(fail(format!("no answer: {outcome:#?}")));
        }
        let Some(shown) = shown(&outcome) else { return Ok(()) };
        let plugins = property::plugins(&question.cluster, &question.world, &question.claim);
        let flow = as_flow(&shown.case);
        if let Some(pod) = shown.further.iter().find(|pod| !may_be_further(&question, pod)) {
            return Err(fail(format!("no such pod can exist: {pod:#?}")));
        }
        tally.add("needs a further pod", usize::from(!shown.further.is_empty()));
        let cluster = with_further(&question.cluster, &flow, &shown.further);
        let judge = Judge { cluster: &cluster, claim: &question.claim };
        let Some(options) = plugins.into_iter().find(|options| judge.is_sought(options, &flow)) else {
            return Err(fail(format!("eval does not confirm {shown:#?}")));
        };
        if !is_legal(&question, &shown.case) {
            return Err(fail(format!("this cannot exist: {shown:#?}")));
        }
        for (label, smaller) in with_one_label_less(&question.cluster, &flow) {
            if judge.is_sought(&options, &smaller) {
                return Err(fail(format!("it stands without the label {label}: {shown:#?}")));
            }
        }
        tally.add("cases shown", 1);
        Ok(())
    });
    assert!(tally.of("cases shown") * 5 > tally.of("proved") + tally.of("refuted"), "hardly any case shown");
}

/// R27: a pod that lends a port is one that somebody can create.
fn may_be_further(question: &Question, pod: &PodEnd) -> bool {
    // Nobody looks at its address.
    let free = PodEnd { address: "203.0.113.250".parse().unwrap(), ..pod.clone() };
    legal::end(&question.cluster, &question.world, &End::Pod(free))
}

/// The cluster with these pods declared; the labels of the destination's namespace are known from the flow.
fn with_further(cluster: &Cluster, flow: &Flow, further: &[PodEnd]) -> Cluster {
    let mut cluster = cluster.clone();
    for pod in further {
        let namespace = pod.namespace.clone();
        if flow.destination.pod().is_none_or(|end| end.namespace.name != namespace.name) {
            let declared = DeclaredNamespace { namespace, origin: worlds::origin() };
            cluster.namespaces.entry(pod.namespace.name.clone()).or_insert(declared);
        }
        cluster.workloads.push(worlds::as_workload(pod));
    }
    cluster
}

/// The flow without each of the labels that somebody made up, of pods and of new namespaces.
fn with_one_label_less(cluster: &Cluster, flow: &Flow) -> Vec<(String, Flow)> {
    let keys = |pod: &PodEnd| pod.labels.keys().chain(pod.namespace.labels.keys()).cloned().collect::<Vec<_>>();
    let ends = [flow.source.pod(), flow.destination.pod()];
    let keys: BTreeSet<String> = ends.into_iter().flatten().flat_map(keys).collect();
    let mut smaller = Vec::new();
    for key in keys {
        for at in [0, 1] {
            let mut candidate = flow.clone();
            if let End::Pod(pod) = if at == 0 { &mut candidate.source } else { &mut candidate.destination }
                && pod.workload.is_none()
            {
                pod.labels.remove(&key);
            }
            smaller.push((key.clone(), candidate));
        }
        // The ends may share a new namespace, which has one set of labels.
        let mut candidate = flow.clone();
        for end in [&mut candidate.source, &mut candidate.destination] {
            if let End::Pod(pod) = end
                && !cluster.namespaces.contains_key(&pod.namespace.name)
                && key != NAMESPACE_NAME_LABEL
            {
                pod.namespace.labels.remove(&key);
            }
        }
        smaller.push((format!("{key} of the namespace"), candidate));
    }
    smaller.retain(|(_, candidate)| candidate != flow);
    smaller
}

#[test]
fn slicing_changes_no_answer() {
    let session = Session::new().unwrap();
    let tally = trial("slices", 400).run(&question(MANY), |question, tally| {
        let Question { cluster, world, claim } = &question;
        let may_be_an_end = |index: &usize| world.nodes || !cluster.workloads.get(*index).unwrap().host_network;
        let workloads: Vec<usize> = (0..cluster.workloads.len()).filter(may_be_an_end).collect();
        let ask = |slice: Slice, options: Options| {
            let query = Query::new(Setting {
                cluster,
                world,
                options,
                slice,
                claims: vec![claim],
                workloads: workloads.clone(),
                guarding: property::guarding(claim),
            });
            let statements =
                [property::possible(&query, claim), property::subject(&query, claim), property::sought(&query, claim)];
            session.scoped(|| query.check(&session, &statements))
        };
        let (slice, everything) = (Slice::of_claim(cluster, world, claim), Slice::everything(cluster));
        tally.add("policies left out", everything.policies().len() - slice.policies().len());
        for options in property::plugins(cluster, world, claim) {
            let (sliced, whole) = (ask(slice.clone(), options), ask(everything.clone(), options));
            if sliced != whole || whole == Answer::Unknown {
                return Err(fail(format!("sliced: {sliced:?}, whole: {whole:?}")));
            }
            tally.add(if whole == Answer::Sat { "sat" } else { "unsat" }, 1);
        }
        Ok(())
    });
    assert!(tally.of("policies left out") > 100, "nothing was sliced away");
}

#[test]
fn the_order_of_policies_and_workloads_changes_no_answer() {
    trial("orders", 200).run(&(question(MANY), vec(any::<u16>(), 16)), |(question, keys), tally| {
        let turned = reordered(&question, &keys);
        let (before, after) = (answer(&question), answer(&turned));
        if kind(&before) != kind(&after) {
            return Err(fail(format!("{before:#?}\nin another order: {after:#?}")));
        }
        let (rests_on, still) = (rests_on(&question.cluster, &before), rests_on(&turned.cluster, &after));
        if rests_on != still {
            return Err(fail(format!("it rests on {rests_on:?}, in another order on {still:?}")));
        }
        tally.add(kind(&before), 1);
        tally.add("policies that proofs rest on", rests_on.len());
        Ok(())
    });
}

#[test]
fn claims_asked_together_are_answered_as_each_alone() {
    let prover = Prover::new(1, TIMEOUT).unwrap();
    trial("together", 150).run(&(question(FEW), vec(claim(FEW), 1..=6)), |(first, others), tally| {
        let Question { cluster, world, claim } = &first;
        let count = cluster.workloads.len();
        let others = others.into_iter().map(|claim| worlds::renumbered(claim, &|index| index.checked_rem(count)));
        let claims: Vec<Claim> = std::iter::once(claim.clone()).chain(others).collect();
        let job = |claim| Job { cluster, world, claim, allow_vacuous: false };
        let together = prover.prove(&claims.iter().map(job).collect::<Vec<_>>()).unwrap();
        for (claim, answered) in claims.iter().zip(together) {
            let alone = decide(&job(claim), TIMEOUT).unwrap();
            if kind(&answered.outcome) != kind(&alone) {
                return Err(fail(format!("{claim:?} alone: {alone:#?}\ntogether: {:#?}", answered.outcome)));
            }
            let (rests_on, as_one) = (rests_on(cluster, &alone), rests_on(cluster, &answered.outcome));
            if rests_on != as_one {
                return Err(fail(format!("{claim:?} rests on {rests_on:?}, together on {as_one:?}")));
            }
            tally.add(kind(&alone), 1);
        }
        Ok(())
    });
}

/// The policies that an answer rests on, by name, and the direction in which each matters.
fn rests_on(cluster: &Cluster, outcome: &Outcome) -> BTreeSet<(String, Direction)> {
    let pillars = match outcome {
        Outcome::Proved(proof) => &proof.rests_on,
        Outcome::Refuted(refutation) => &refutation.blocked_by,
        Outcome::Unknown(_) | Outcome::Vacuous | Outcome::Disagreement(_) => return BTreeSet::new(),
    };
    let name = |index: usize| {
        format!("{}/{}", cluster.policies.get(index).unwrap().namespace, cluster.policies.get(index).unwrap().name)
    };
    pillars.iter().map(|pillar| (name(pillar.policy), pillar.direction)).collect()
}

/// The same question with policies, workloads and nodes in the order of these keys.
fn reordered(question: &Question, keys: &[u16]) -> Question {
    let Question { mut cluster, world, claim } = question.clone();
    let places = order(cluster.workloads.len(), keys);
    cluster.policies = in_order(&cluster.policies, keys).into();
    cluster.workloads = in_order(&cluster.workloads, keys).into();
    cluster.nodes = in_order(&cluster.nodes, keys);
    let claim = worlds::renumbered(claim, &|index| places.iter().position(|place| *place == index));
    Question { cluster, world, claim }
}

/// The numbers below `count`, by their keys.
fn order(count: usize, keys: &[u16]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by_key(|place| keys[place % keys.len()]);
    places
}

fn in_order<'a, T: Clone + 'a>(items: impl IntoIterator<Item = &'a T>, keys: &[u16]) -> Vec<T> {
    let items: Vec<&T> = items.into_iter().collect();
    order(items.len(), keys).into_iter().map(|place| items[place].clone()).collect()
}
