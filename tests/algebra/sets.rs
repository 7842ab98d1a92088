//! Sets of policies compared: brute force over small universes, and pairs of sets for each of the four answers.

use std::time::Duration;

use netverify::eval::{Verdict, verdict};
use netverify::manifest::{Settings, assemble_sets, read_text};
use netverify::model::algebra::{Comparison, PolicySet, SetRelation};
use netverify::model::claim::Claim;
use netverify::model::net::{End, Flow};
use netverify::model::options::{EndPort, NamedPortScope, Options, Treatment};
use netverify::model::plugin::Choice;
use netverify::model::policy::{PeerKind, Peers, Policy, Rule};
use netverify::model::workload::Cluster;
use netverify::model::world::World;
use netverify::outcome::{Case, Counterexample, Outcome, Part, Permits, SetsAnswer};
use netverify::prove::{Job, Prover};
use netverify::source::SourceMap;
use proptest::prelude::*;
use proptest::sample::Index;

use super::trials::{Trial, fail};
use super::worlds::{FEW, Question, Words, cluster, world};
use super::{answer, enumerate, plugins};

/// The cluster as it is where the set is all that is applied.
fn alone(cluster: &Cluster, set: &PolicySet) -> Cluster {
    let policies = set.policies.iter().map(|index| cluster.policies.get(*index).unwrap().clone()).collect();
    Cluster { policies, ..cluster.clone() }
}

/// Every plugin that the world leaves open and that differs from the others by what these policies say; where
/// nodes are ends, own nodes are asked about both ways.
fn all_plugins(question: &Question) -> Vec<Options> {
    let rules =
        question.cluster.policies.iter().flat_map(|policy| policy.ingress.iter().chain(&policy.egress)).flatten();
    let peers = |rule: &Rule| match &rule.peers {
        Peers::All => Vec::new(),
        Peers::AnyOf(peers) => peers.clone(),
    };
    let says_block = rules.flat_map(peers).any(|peer| matches!(peer.kind, PeerKind::IpBlock(_)));
    let mut all = plugins(&question.world);
    if let Some(first) = all.first().filter(|_| !says_block).copied() {
        all.retain(|options| options.ipblock_matches == first.ipblock_matches);
    }
    if !question.world.nodes {
        return all;
    }
    let (most, least) = (question.world.options().most, question.world.options().least);
    let ways = [Treatment::Allow, Treatment::Policy];
    let pairs = ways.into_iter().flat_map(|into| ways.map(|out| (into, out)));
    let open = pairs.filter(|(into, out)| {
        (most.local_node_ingress..=least.local_node_ingress).contains(into)
            && (most.local_node_egress..=least.local_node_egress).contains(out)
    });
    let with = |(local_node_ingress, local_node_egress)| {
        all.iter().map(move |options| Options { local_node_ingress, local_node_egress, ..*options }).collect::<Vec<_>>()
    };
    open.flat_map(with).collect()
}

fn is_beyond(allowing: &Cluster, denying: &Cluster, options: &Options, flow: &Flow) -> bool {
    verdict(allowing, options, flow).0 == Verdict::Allowed && verdict(denying, options, flow).0 == Verdict::Denied
}

/// Whether some flow is allowed by the one set and denied by the other, case by case.
fn permits_beyond(question: &Question, one: &PolicySet, other: &PolicySet) -> bool {
    let (allowing, denying) = (alone(&question.cluster, one), alone(&question.cluster, other));
    let anyone = |_: &End| true;
    all_plugins(question).iter().any(|options| {
        enumerate::any_flow(question, options, [&anyone, &anyone], |flow| is_beyond(&allowing, &denying, options, flow))
    })
}

fn expected(question: &Question, one: &PolicySet, other: &PolicySet) -> Permits {
    match (permits_beyond(question, one, other), permits_beyond(question, other, one)) {
        (false, false) => Permits::Equal,
        (false, true) => Permits::Less,
        (true, false) => Permits::More,
        (true, true) => Permits::Neither,
    }
}

/// The flow of the case is one that the first set allows and the second denies, under some plugin.
fn shows_beyond(question: &Question, case: &Counterexample, one: &PolicySet, other: &PolicySet) -> bool {
    let Case::Verdicts { flow, allows, denies } = &case.case else { return false };
    let (allowing, denying) = (alone(&question.cluster, one), alone(&question.cluster, other));
    let is_one = all_plugins(question).iter().any(|options| is_beyond(&allowing, &denying, options, flow));
    is_one && (&allows.set, &denies.set) == (&one.name, &other.name)
}

/// Everything about the answer that brute force can tell.
fn is_right(question: &Question, outcome: &Outcome, permits: Permits) -> bool {
    let Claim::Compared(Comparison::Sets { relation, one, other }) = &question.claim else { return false };
    let there =
        |case: &Option<Box<Counterexample>>| case.as_ref().is_some_and(|case| shows_beyond(question, case, one, other));
    let back =
        |case: &Option<Box<Counterexample>>| case.as_ref().is_some_and(|case| shows_beyond(question, case, other, one));
    let said = |sets: &Option<SetsAnswer>| sets.as_ref().is_some_and(|sets| sets.permits == Some(permits));
    match (outcome, permits) {
        (Outcome::Proved(proof), Permits::Equal) => said(&proof.sets) && proof.witness.is_none(),
        (Outcome::Proved(proof), Permits::Less) => {
            *relation == SetRelation::NoMore && said(&proof.sets) && back(&proof.witness)
        }
        (Outcome::Refuted(refutation), Permits::Less) => {
            *relation == SetRelation::Equivalent && said(&refutation.sets) && back(&refutation.counterexample)
        }
        (Outcome::Refuted(refutation), Permits::More) => said(&refutation.sets) && there(&refutation.counterexample),
        (Outcome::Refuted(refutation), Permits::Neither) => {
            let both = refutation.sets.as_ref().is_some_and(|sets| back(&sets.back));
            said(&refutation.sets) && there(&refutation.counterexample) && both
        }
        _ => false,
    }
}

/// So few words that every flow can be judged under every plugin, twice.
const VERY_FEW: Words = Words { policies: 3, rules: 1, workloads: 2, ..FEW };

/// One policy of the set taken away, changed or given rules of another: random sets are hardly ever comparable.
fn changed(mut set: Vec<Policy>, kind: u8, [at, donor]: [Index; 2]) -> Vec<Policy> {
    let (at, donor) = (at.index(set.len()), set[donor.index(set.len())].clone());
    match kind {
        0 => drop(set.remove(at)),
        1 => set[at].pod_selector.selector.requirements.clear(),
        2 => set[at].ingress = donor.egress,
        3 => set[at].egress = donor.ingress,
        4 => set[at].ingress = Some(Vec::new()),
        _ => set = vec![set.remove(at)],
    }
    set
}

/// Two sets of which the second is the first with one or two changes.
fn questions() -> BoxedStrategy<Question> {
    let relation = prop_oneof![2 => Just(SetRelation::NoMore), 1 => Just(SetRelation::Equivalent)];
    let changes = prop::collection::vec((0..6_u8, any::<[Index; 2]>()), 1..=2);
    let with_nodes = prop::bool::weighted(0.2);
    (cluster(VERY_FEW), world(), changes, relation, (any::<bool>(), with_nodes))
        .prop_filter("policies to compare", |(cluster, ..)| cluster.policies.len() > 2)
        .prop_map(|(mut cluster, mut world, changes, relation, (turned, with_nodes))| {
            // Nodes, and pods on their network, make many times the flows and the plugins.
            world.nodes &= with_nodes && relation == SetRelation::NoMore;
            world.choices.push(Choice::NamedPortScope(NamedPortScope::Destination));
            let count = cluster.policies.len();
            let second = cluster.policies.clone();
            let second = changes
                .into_iter()
                .fold(second.into_iter().collect(), |set, (kind, places)| changed(set, kind, places));
            let named = |name: &str, policies: Vec<usize>| PolicySet { name: name.to_owned(), policies };
            cluster.policies.extend(second);
            let sets = [named("old", (0..count).collect()), named("new", (count..cluster.policies.len()).collect())];
            let [one, other] = if turned { [sets[1].clone(), sets[0].clone()] } else { sets };
            Question { cluster, world, claim: Claim::Compared(Comparison::Sets { relation, one, other }) }
        })
        .boxed()
}

#[test]
fn brute_force_agrees_on_sets_of_policies() {
    let trial = Trial { name: "sets of policies", file: file!(), seed: 7, cases: 80 };
    let abridging = Prover::new(1, Duration::from_secs(60)).unwrap().with_whole_slices_up_to(0);
    let tally = trial.run(&questions(), |question, tally| {
        let Claim::Compared(Comparison::Sets { one, other, .. }) = &question.claim else { panic!("no sets") };
        let permits = expected(&question, one, other);
        let Question { cluster, world, claim } = &question;
        let job = Job { cluster, world, claim, allow_vacuous: false };
        let abridged = abridging.prove(&[job]).unwrap().pop().unwrap().outcome;
        tally.add(&format!("{permits:?}"), 1);
        // Asked about everything at once, and without what both sets say.
        match [answer(&question), abridged].into_iter().find(|outcome| !is_right(&question, outcome, permits)) {
            None => Ok(()),
            Some(outcome) => Err(fail(format!("brute force: {permits:?}, and {outcome:#?}"))),
        }
    });
    let all = [Permits::Equal, Permits::Less, Permits::More, Permits::Neither];
    let counts = all.map(|permits| tally.of(&format!("{permits:?}")));
    assert!(counts.iter().all(|count| *count >= 2), "one-sided: {counts:?}");
}

/// Policies `a`, `b`, ... of namespace x, or of the one that `@` gives; each spec in flow style.
type Written<'a> = &'a [(&'a str, &'a str)];

fn compared_in(world: World, relation: SetRelation, one: Written<'_>, other: Written<'_>) -> Outcome {
    let document = |(name, spec): &(&str, &str)| {
        let (name, namespace) = name.split_once('@').unwrap_or((name, "x"));
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n"
        )
    };
    let (mut sources, mut diagnostics) = (SourceMap::default(), Vec::new());
    let mut read = |policies: Written<'_>| {
        let text = policies.iter().map(document).collect::<Vec<_>>().join("---\n");
        read_text("set.yaml", &text, &Settings::default(), &mut sources, &mut diagnostics)
    };
    let (first, second) = (read(one), read(other));
    let (cluster, [old, new]) = assemble_sets(&[], [&first, &second], &mut diagnostics);
    assert!(!diagnostics.iter().any(netverify::diagnostic::Diagnostic::is_error), "{diagnostics:#?}");
    let named = |name: &str, policies| PolicySet { name: name.to_owned(), policies };
    let comparison = Comparison::Sets { relation, one: named("old", old), other: named("new", new) };
    answer(&Question { cluster, world, claim: Claim::Compared(comparison) })
}

fn compared(one: Written<'_>, other: Written<'_>) -> Outcome {
    compared_in(World::default(), SetRelation::NoMore, one, other)
}

fn permits(outcome: &Outcome) -> Option<Permits> {
    match outcome {
        Outcome::Proved(proof) => proof.sets.as_ref()?.permits,
        Outcome::Refuted(refutation) => refutation.sets.as_ref()?.permits,
        _ => None,
    }
}

const DENY: (&str, &str) = ("deny", "{podSelector: {}}");
const WEB: &str =
    "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}]}";
const ALL: &str = "{podSelector: {}, ingress: [{}]}";

#[test]
fn each_of_the_four_answers() {
    let db = "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}]}]}";
    let pairs: [(&str, Written<'_>, Written<'_>, Permits); 10] = [
        ("the same in other words", &[("a", WEB)], &[DENY, ("b", WEB)], Permits::Equal),
        ("two policies for one", &[("a", ALL)], &[("a", ALL), ("b", WEB)], Permits::Equal),
        ("a rule more", &[DENY, ("a", WEB)], &[DENY], Permits::More),
        ("a rule less", &[DENY], &[DENY, ("a", WEB)], Permits::Less),
        (
            "open against closed",
            &[("a@other", "{podSelector: {}}")],
            &[DENY, ("a@other", "{podSelector: {}}")],
            Permits::More,
        ),
        ("an allow alone closes the rest", &[("a", WEB)], &[("a@other", ALL)], Permits::Less),
        ("doors of two kinds", &[DENY, ("a", WEB)], &[DENY, ("b", db)], Permits::Neither),
        ("namespaces of two names", &[DENY], &[("deny@other", "{podSelector: {}}")], Permits::Neither),
        ("ingress against egress", &[DENY], &[("a", "{podSelector: {}, policyTypes: [Egress]}")], Permits::Neither),
        (
            "a selector that all meet",
            &[
                ("a", "{podSelector: {matchExpressions: [{key: k, operator: NotIn, values: [v]}]}}"),
                ("b", "{podSelector: {matchLabels: {k: v}}}"),
            ],
            &[DENY],
            Permits::Equal,
        ),
    ];
    for (what, one, other, wanted) in pairs {
        let outcome = compared(one, other);
        assert_eq!(permits(&outcome), Some(wanted), "{what}: {outcome:#?}");
        let back = match wanted {
            Permits::Less => Permits::More,
            Permits::More => Permits::Less,
            same => same,
        };
        assert_eq!(permits(&compared(other, one)), Some(back), "{what}, turned round");
        let equal = compared_in(World::default(), SetRelation::Equivalent, one, other);
        assert_eq!(matches!(equal, Outcome::Proved(_)), wanted == Permits::Equal, "{what}: {equal:#?}");
    }
}

/// R6: what one side admits and the other stops in both sets makes no difference.
#[test]
fn both_sides_of_a_flow_count() {
    let out = |to: &str| {
        format!(
            "{{podSelector: {{}}, policyTypes: [Egress], egress: [{{to: [{{podSelector: {{matchLabels: {{app: {to}}}}}}}]}}]}}"
        )
    };
    let (db, cache) = (out("db"), out("cache"));
    // Nothing gets in, so it does not matter what may get out to pods of this namespace.
    let outcome = compared(&[DENY, ("a", &db)], &[DENY, ("a", &cache)]);
    assert_eq!(permits(&outcome), Some(Permits::Equal), "{outcome:#?}");
    let outcome = compared(&[("a", &db)], &[("a", &cache)]);
    assert_eq!(permits(&outcome), Some(Permits::Neither), "{outcome:#?}");
}

/// R26: a range and its ports one by one are the same to most plugins.
#[test]
fn a_difference_that_some_plugins_make_is_found_and_named() {
    let range = "{podSelector: {}, ingress: [{ports: [{port: 80, endPort: 81}]}]}";
    let single = "{podSelector: {}, ingress: [{ports: [{port: 80}, {port: 81}]}]}";
    let outcome = compared(&[("a", range)], &[("a", single)]);
    assert_eq!(permits(&outcome), Some(Permits::Less), "{outcome:#?}");
    let Outcome::Proved(proof) = &outcome else { panic!("{outcome:#?}") };
    let case = proof.witness.as_ref().unwrap();
    assert!(case.needs.iter().any(|need| need.contains("endPort")), "{case:#?}");
    let world = World { choices: vec![Choice::EndPort(EndPort::Supported)], ..World::default() };
    let outcome = compared_in(world, SetRelation::Equivalent, &[("a", range)], &[("a", single)]);
    assert_eq!(permits(&outcome), Some(Permits::Equal), "{outcome:#?}");
}

/// The lines of both sets, those that let the flow through first; where nothing isolates there are none.
#[test]
fn a_flow_shows_what_each_set_makes_of_it() {
    let Outcome::Refuted(refutation) = compared(&[DENY, ("a", WEB)], &[DENY]) else { panic!("proved") };
    let case = refutation.counterexample.unwrap();
    let Case::Verdicts { flow, allows, denies } = &case.case else { panic!("{case:#?}") };
    assert_eq!((flow.port, allows.set.as_str(), denies.set.as_str()), (80, "old", "new"));
    assert!(allows.trace.ingress.allows() && !denies.trace.ingress.allows());
    let parts: Vec<Part> = case.blames.iter().map(|blame| blame.part).collect();
    assert_eq!(parts, [Part::Admits, Part::Isolates]);
    let Outcome::Refuted(refutation) = compared(&[("a@other", "{podSelector: {}}")], &[DENY]) else { panic!("proved") };
    let case = refutation.counterexample.unwrap();
    let Case::Verdicts { allows, .. } = &case.case else { panic!("{case:#?}") };
    assert!(allows.trace.ingress.policies().is_empty(), "no policy isolates its end: {case:#?}");
}
