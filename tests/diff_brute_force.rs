//! What opens and closes between two random clusters, against an enumeration of every case that can matter: each
//! side judges each flow by itself, with the labels that it declares.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]

#[expect(dead_code, reason = "tests/agreement.rs uses the rest")]
#[path = "support/enumerate.rs"]
mod enumerate;
#[expect(dead_code, reason = "tests/agreement.rs uses the rest")]
#[path = "support/legal.rs"]
mod legal;
#[path = "support/trials.rs"]
mod trials;
#[expect(dead_code, reason = "tests/agreement.rs uses the rest")]
#[path = "support/worlds.rs"]
mod worlds;

use std::cell::Cell;
use std::time::Duration;

use netverify::classes::change::Gained;
use netverify::classes::plugin;
use netverify::diff::{self, Merged};
use netverify::eval::claim::flow_in;
use netverify::eval::{self, Verdict};
use netverify::model::claim::{Claim, Endpoint, FlowSet, PortSet};
use netverify::model::net::{End, Flow, PodEnd};
use netverify::model::options::Options;
use netverify::model::policy::Policy;
use netverify::model::selector::WORKLOAD_MARK;
use netverify::model::workload::Cluster;
use netverify::model::world::World;
use netverify::prove::Prover;
use proptest::prelude::any;

use trials::{Trial, fail};
use worlds::{Question, TINY, cluster};

/// The flow as one side sees it: a namespace and a workload have the labels that it declares.
fn seen_by(side: &Cluster, merged: &Cluster, flow: &Flow) -> Flow {
    let pod = |pod: &PodEnd| {
        let mut pod = pod.clone();
        if let Some(declared) = side.namespaces.get(&pod.namespace.name) {
            pod.namespace = declared.namespace.clone();
        }
        let of_both = pod.workload.map(|index| merged.workloads.get(index).unwrap().clone());
        let own = of_both.and_then(|known| side.workloads.iter().find(|one| one.full_name() == known.full_name()));
        if let Some(own) = own {
            pod.labels = own.labels.clone();
        }
        pod.labels.remove(WORKLOAD_MARK);
        pod
    };
    let end = |end: &End| match end {
        End::Pod(one) => End::Pod(pod(one)),
        other => other.clone(),
    };
    Flow { source: end(&flow.source), destination: end(&flow.destination), ..flow.clone() }
}

fn passes(side: &Cluster, merged: &Merged, options: &Options, flow: &Flow) -> bool {
    eval::verdict(side, options, &seen_by(side, &merged.cluster, flow)).0 == Verdict::Allowed
}

fn holds(merged: &Merged, gained: &Gained, flow: &Flow) -> bool {
    gained.classes.iter().flat_map(|class| &class.flows).any(|set| flow_in(&merged.cluster, set, flow))
}

/// The same objects with the labels and the policies of another cluster.
fn relabelled(old: &Cluster, other: Cluster) -> Cluster {
    let mut new = Cluster { policies: other.policies, ..old.clone() };
    new.workloads.edit(|all| {
        all.iter_mut().zip(other.workloads).for_each(|(workload, with)| workload.labels = with.labels);
    });
    for (name, declared) in &mut new.namespaces {
        if let Some(with) = other.namespaces.get(name) {
            declared.namespace.labels = with.namespace.labels.clone();
        }
    }
    new
}

/// The policies of one namespace as another cluster has them.
fn with_one_namespace_of(old: &Cluster, other: &Cluster) -> Cluster {
    let changed = old.policies.first().or(other.policies.first()).map(|policy| policy.namespace.clone());
    let is_changed = |policy: &&Policy| Some(&policy.namespace) == changed.as_ref();
    let kept = old.policies.iter().filter(|policy| !is_changed(policy));
    Cluster { policies: kept.chain(other.policies.iter().filter(is_changed)).cloned().collect(), ..old.clone() }
}

fn prover() -> Prover {
    Prover::new(1, Duration::from_secs(60)).unwrap()
}

#[test]
fn brute_force_agrees_on_what_opens_and_closes() {
    // Half of the trials are asked without what both sides say, which so small a cluster is never asked without by itself.
    let provers = [usize::MAX, 0].map(|whole| prover().with_whole_slices_up_to(whole));
    let trial = Trial { name: "diff", file: file!(), seed: 11, cases: 36 };
    let strategy = (cluster(TINY), cluster(TINY), 0..3_u8, any::<bool>());
    let tally = trial.run(&strategy, |(old, other, kind, abridged), tally| {
        let new = match kind {
            0 => relabelled(&old, other),
            1 => Cluster { policies: other.policies, ..old.clone() },
            _ => with_one_namespace_of(&old, &other),
        };
        let prover = &provers[usize::from(abridged)];
        tally.add("with namespaces that say the same", usize::from(abridged && kind > 1));
        let merged = diff::merge(&old, &new, ["old", "new"]);
        let world = World::default();
        let found = match diff::diff(prover, &merged, &world) {
            Ok(found) => found,
            Err(stop) => return Err(fail(format!("{stop:?}"))),
        };
        let options = plugin(&world);
        let everything = FlowSet::new(Endpoint::Anything, Endpoint::Anything, PortSet::default());
        let claim = Claim::NoneCanReach(everything);
        let question = Question { cluster: merged.cluster.clone(), world: merged.world(&world), claim };
        let (judged, opened, closed) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let is_wrong = |flow: &Flow| {
            let (before, after) = (passes(&old, &merged, &options, flow), passes(&new, &merged, &options, flow));
            judged.set(judged.get() + 1);
            opened.set(opened.get() + usize::from(after && !before));
            closed.set(closed.get() + usize::from(before && !after));
            (after && !before, before && !after)
                != (holds(&merged, &found.opened, flow), holds(&merged, &found.closed, flow))
        };
        if enumerate::any_flow(&question, &options, [&|_| true, &|_| true], is_wrong) {
            return Err(fail(format!("not what changes: {found:#?}")));
        }
        tally.add("flows judged", judged.get());
        tally.add("of them open", opened.get());
        tally.add("of them close", closed.get());
        tally.add("classes", found.opened.classes.len() + found.closed.classes.len());
        tally.add("with relabelled workloads", usize::from(merged.is_relabelled));
        Ok(())
    });
    assert!(tally.of("of them open") > 1_000 && tally.of("of them close") > 1_000, "nothing to compare");
    assert!(tally.of("with relabelled workloads") >= 3, "too little relabelled");
    assert!(tally.of("with namespaces that say the same") >= 5, "too little left out");
}
