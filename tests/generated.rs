//! The generator of clusters: one seed gives one cluster, of the size asked for, that is read without a fault.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

#[path = "../benches/support/cluster.rs"]
mod cluster;
#[path = "../benches/support/spec.rs"]
mod spec;

use std::time::Duration;

use cluster::{Shape, files};
use netverify::diff;
use netverify::manifest::{self, ManifestPath, Settings};
use netverify::model::claim::{Claim, Endpoint, FlowSet, PortItem, PortSet};
use netverify::model::net::{PortMatch, Protocol};
use netverify::model::workload::Cluster;
use netverify::model::world::World;
use netverify::outcome::{Case, Outcome, Refutation};
use netverify::plan::{Inputs, Plan};
use netverify::prove::{Answered, Job, Prover, Question};
use netverify::source::SourceMap;

fn written(shape: Shape) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files(shape) {
        let path = folder.path().join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.text).unwrap();
    }
    folder
}

fn read(shape: Shape) -> Cluster {
    let folder = written(shape);
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    let paths = [ManifestPath::new(folder.path().to_str().unwrap())];
    let objects = manifest::read(&paths, &Settings::default(), &mut sources, &mut faults);
    let cluster = manifest::assemble(&[&objects], &mut faults);
    assert!(faults.is_empty(), "{:#?}", faults.first());
    cluster
}

#[test]
fn a_cluster_is_as_large_as_asked_for_and_nothing_in_it_is_at_fault() {
    for (workloads, seed) in [(10, 1), (100, 1), (333, 7), (1_000, 2)] {
        let cluster = read(Shape { workloads, seed });
        assert_eq!((cluster.workloads.len(), cluster.policies.len()), (workloads, workloads), "seed {seed}");
    }
}

#[test]
fn one_seed_gives_one_cluster() {
    let shape = Shape { workloads: 200, seed: 3 };
    assert_eq!(files(shape), files(shape));
    assert_ne!(files(shape), files(Shape { seed: 4, ..shape }));
    // Everything that a policy can say is said somewhere.
    let text: String = files(shape).into_iter().map(|file| file.text).collect();
    assert!(
        ["NotIn", "Exists", "DoesNotExist", "except", "endPort", "port: metrics"].iter().all(|one| text.contains(one))
    );
}

/// What a person would act on: the verdict, and whether a case exists today.
fn verdict(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Proved(proof) => format!("proved, vacuous: {}", proof.vacuous),
        Outcome::Refuted(refutation) => {
            format!("refuted, today: {:?}", refutation.counterexample.as_ref().map(|case| case.today))
        }
        other => format!("{other:?}"),
    }
}

/// The verdicts of all properties, asked about so many policies of a direction at once. One by one: claims that share
/// their ground are never asked without policies.
fn verdicts(plan: &Plan, whole_up_to: usize) -> Vec<String> {
    let prover = Prover::new(1, Duration::from_secs(300)).unwrap().with_whole_slices_up_to(whole_up_to);
    let alone = |job: &Job<'_>| prover.prove(&[*job]).unwrap().iter().map(|one| verdict(&one.outcome)).collect();
    plan.jobs().iter().map(alone).collect()
}

/// The verdict on a path, and how many steps its chain has.
fn path(answered: &[Answered]) -> String {
    let [Answered { outcome, .. }] = answered else { panic!("one answer") };
    let steps = match outcome {
        Outcome::Refuted(Refutation { counterexample: Some(case), .. }) => match &case.case {
            Case::Path { steps } => steps.len(),
            other => panic!("no path: {other:?}"),
        },
        _ => 0,
    };
    let kind = match outcome {
        Outcome::Proved(proof) => format!("proved, comes to {:?}", proof.comes_to),
        Outcome::Refuted(_) => "refuted".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{kind} in {steps} steps")
}

#[test]
fn a_chain_is_as_long_where_every_step_is_asked_as_where_most_are_there_to_see() {
    let cluster = read(Shape { workloads: 33, seed: 1 });
    let (world, prover) = (World::default(), Prover::new(1, Duration::from_secs(300)).unwrap());
    let (mut proved, mut chains) = (0, 0);
    let hardly_open = PortItem { protocol: Protocol::Sctp, ports: PortMatch::Range(9, 9) };
    let all_ports = [PortSet::default(), PortSet { items: vec![hardly_open] }];
    let ends = (0..33).step_by(6).flat_map(|from| [1, 10, 19, 28].map(|to| (from, to)));
    for ((from, to), ports) in ends.zip(all_ports.iter().cycle()) {
        let claim = Claim::NoPath(FlowSet::new(Endpoint::Workload(from), Endpoint::Workload(to), ports.clone()));
        let jobs = [Job { cluster: &cluster, world: &world, claim: &claim, allow_vacuous: true }];
        let seen = path(&prover.prove(&jobs).unwrap());
        let ignore = |_: Question| Ok(());
        let asked = path(&prover.prove_recorded(&jobs, Some(&ignore)).unwrap());
        assert_eq!(seen, asked, "{from} to {to}");
        proved += usize::from(seen.starts_with("proved"));
        chains += usize::from(seen.ends_with("in 2 steps") || seen.ends_with("in 3 steps"));
    }
    assert!(proved > 2 && chains > 2, "{proved} proved, {chains} of several steps");
}

/// What opens and closes, in words.
fn changes(prover: &Prover, old: &Cluster, new: &Cluster) -> [Vec<String>; 2] {
    let merged = diff::merge(old, new, ["old", "new"]);
    let found = diff::diff(prover, &merged, &World::default()).unwrap();
    [found.opened, found.closed].map(|side| {
        let classes = side.classes.iter().map(|class| format!("{:?} today: {}", class.words, class.witness.today));
        classes.chain([format!("beyond: {}", side.beyond.is_some())]).collect()
    })
}

#[test]
fn a_diff_of_many_policies_is_what_it_is_when_all_of_them_are_compared_at_once() {
    let old = read(Shape { workloads: 103, seed: 2 });
    let provers =
        [usize::MAX, 0].map(|whole| Prover::new(1, Duration::from_secs(300)).unwrap().with_whole_slices_up_to(whole));
    let mut classes = 0;
    for gone in (3..old.policies.len()).step_by(7) {
        let mut new = old.clone();
        let policy = new.policies.edit(|policies| policies.remove(gone));
        let [whole, abridged] = provers.each_ref().map(|prover| changes(prover, &old, &new));
        assert_eq!(whole, abridged, "without {}", policy.full_name());
        classes += whole.iter().map(Vec::len).sum::<usize>() - 2;
    }
    assert!(classes > 3, "{classes} classes");
}

#[test]
fn a_claim_about_many_policies_has_the_answer_that_it_has_when_asked_about_all_of_them_at_once() {
    let (mut proved, mut of_today, mut possible) = (0, 0, 0);
    for (workloads, seed) in [(63, 1), (103, 2), (143, 3)] {
        let shape = Shape { workloads, seed };
        let folder = written(shape);
        let path = folder.path().join("netverify.toml");
        std::fs::write(&path, spec::spec(shape, 40)).unwrap();
        let inputs = Inputs { specs: vec![path.to_str().unwrap().to_owned()], ..Inputs::default() };
        let plan = Plan::read(&inputs, &mut SourceMap::default());
        assert!(!plan.has_errors(), "{:?}", plan.diagnostics);
        let whole = verdicts(&plan, usize::MAX);
        for few in [0, 16] {
            for (at, (abridged, whole)) in verdicts(&plan, few).iter().zip(&whole).enumerate() {
                assert_eq!(abridged, whole, "seed {seed}, property {at}, whole slices up to {few}");
            }
        }
        proved += whole.iter().filter(|verdict| verdict.starts_with("proved")).count();
        of_today += whole.iter().filter(|verdict| verdict.contains("Some(true)")).count();
        possible += whole.iter().filter(|verdict| verdict.contains("Some(false)")).count();
    }
    assert!(proved > 20 && of_today > 20 && possible > 0, "{proved} proved, {of_today} today, {possible} possible");
}
