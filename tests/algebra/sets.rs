//! Sets of policies compared: brute force over small universes, and pairs of sets for each of the four answers.

use std::cell::RefCell;
use std::collections::BTreeMap;

use netverify::eval::{Verdict, verdict};
use netverify::model::algebra::{Comparison, PolicySet, SetRelation};
use netverify::model::claim::Claim;
use netverify::model::net::{End, Flow};
use netverify::model::options::{Options, Treatment};
use netverify::model::policy::{PeerKind, Peers, Policy, Rule};
use netverify::model::workload::Cluster;
use netverify::outcome::{Case, Counterexample, Outcome, Permits, SetsAnswer};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{TestCaseError, TestError, TestRunner};

use super::worlds::{FEW, Question, Words, cluster, world};
use super::{answer, config, enumerate, plugins};

/// The cluster as it is where the set is all that is applied.
fn alone(cluster: &Cluster, set: &PolicySet) -> Cluster {
    let policies = set.policies.iter().map(|index| cluster.policies[*index].clone()).collect();
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
    (cluster(VERY_FEW), world(), changes, relation, any::<bool>())
        .prop_filter("policies to compare", |(cluster, ..)| cluster.policies.len() > 2)
        .prop_map(|(mut cluster, mut world, changes, relation, turned)| {
            // Nodes double the flows and the plugins.
            world.nodes &= turned && relation == SetRelation::NoMore;
            let count = cluster.policies.len();
            let second = cluster.policies.clone();
            let second = changes.into_iter().fold(second, |set, (kind, places)| changed(set, kind, places));
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
    let tally = RefCell::new(BTreeMap::new());
    let run = TestRunner::new(config(80)).run(&questions(), |question| {
        let Claim::Compared(Comparison::Sets { one, other, .. }) = &question.claim else { panic!("no sets") };
        let permits = expected(&question, one, other);
        let outcome = answer(&question);
        *tally.borrow_mut().entry(format!("{permits:?}")).or_insert(0) += 1;
        if is_right(&question, &outcome, permits) {
            Ok(())
        } else {
            Err(TestCaseError::fail(format!("brute force: {permits:?}, and {outcome:#?}")))
        }
    });
    match run {
        Ok(()) => {}
        Err(TestError::Fail(reason, value)) => panic!("{reason}\n{value:#?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let tally = tally.borrow();
    assert!(tally.len() == 4 && tally.values().all(|count| *count >= 4), "one-sided: {tally:?}");
}
