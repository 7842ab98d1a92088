//! Kept answers: never another verdict than a fresh one, and no more work than a change asks for.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]

#[path = "../benches/support/cluster.rs"]
mod cluster;
#[path = "support/here.rs"]
mod here;
#[path = "../benches/support/spec.rs"]
mod spec;
#[path = "support/trials.rs"]
mod trials;
#[expect(dead_code, reason = "tests/agreement.rs uses the rest")]
#[path = "support/worlds.rs"]
mod worlds;

use std::path::PathBuf;
use std::time::Duration;

use netverify::cache::Cache;
use netverify::model::workload::Cluster;
use netverify::outcome::Outcome;
use netverify::prove::{Job, Prover};
use proptest::collection::vec;
use proptest::prelude::any;

use here::Here;
use trials::{Trial, fail};
use worlds::{FEW, Question, question};

/// What a person would act on: the verdict, and whether a case exists today.
fn verdict(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Proved(proof) => format!("proved, vacuous: {}", proof.vacuous),
        Outcome::Refuted(refutation) => {
            format!("refuted, today: {:?}", refutation.counterexample.as_ref().map(|case| case.today))
        }
        Outcome::Vacuous => "vacuous".to_owned(),
        other => format!("{other:?}"),
    }
}

/// One thing changed: taken away, or put in from another cluster.
fn changed(cluster: &Cluster, other: &Cluster, key: u16) -> Cluster {
    let mut changed = cluster.clone();
    let at = usize::from(key / 9);
    let pick = |count: usize| at.checked_rem(count).unwrap_or(0);
    match key % 9 {
        0 => changed.policies.edit(|all| drop((!all.is_empty()).then(|| all.remove(pick(all.len()))))),
        1 => changed.policies.extend(other.policies.get(pick(other.policies.len())).cloned().map(renamed)),
        2 => changed.workloads.edit(|all| drop((!all.is_empty()).then(|| all.pop()))),
        3 => changed.workloads.extend(other.workloads.get(pick(other.workloads.len())).cloned()),
        4 => drop(changed.namespaces.pop_last()),
        5 => changed.namespaces.extend(other.namespaces.clone()),
        6 => changed.nodes.clone_from(&other.nodes),
        7 => changed.workloads.edit(|all| {
            let at = pick(all.len());
            all.iter_mut().skip(at).take(1).for_each(|one| one.host_network = !one.host_network);
        }),
        _ => changed.policies.edit(|all| {
            let swapped = all.len() / 2;
            for (one, another) in all.iter_mut().take(swapped).zip(other.policies.iter()) {
                (one.ingress, one.egress) = (another.ingress.clone(), another.egress.clone());
            }
        }),
    }
    changed
}

fn renamed(mut policy: netverify::model::policy::Policy) -> netverify::model::policy::Policy {
    policy.name += "-new";
    policy
}

/// Over one change after the other, with policies left out and with none left out, and asked twice of each state.
#[test]
fn a_kept_answer_is_the_answer() {
    let prover = |whole| Prover::new(1, Duration::from_secs(60)).unwrap().with_whole_slices_up_to(whole);
    let (abridging, whole) = (prover(0), prover(usize::MAX));
    let strategy = (question(FEW), question(FEW), vec(any::<u16>(), 1..=4));
    let trial = Trial { name: "kept answers", file: file!(), seed: 1, cases: 400 };
    let tally = trial.run(&strategy, |(first, second, keys), tally| {
        let Question { mut cluster, world, claim } = first;
        let caches = [(Cache::in_memory(), &abridging), (Cache::in_memory(), &whole)];
        for key in keys.into_iter().map(Some).chain([None]) {
            let job = [Job { cluster: &cluster, world: &world, claim: &claim, allow_vacuous: true }];
            let fresh = verdict(&whole.prove(&job).unwrap()[0].outcome);
            for (cache, prover) in &caches {
                for again in [false, true] {
                    let recalled = cache.prove(prover, &job).unwrap();
                    let kept = verdict(&recalled.answers[0].outcome);
                    if kept != fresh {
                        return Err(fail(format!(
                            "{claim:?}\nfresh: {fresh}\nkept: {kept}\nknown: {}",
                            recalled.known
                        )));
                    }
                    tally.add(if again { "known at once" } else { "known after a change" }, recalled.known);
                }
            }
            tally.add("asked", 2);
            tally.add(fresh.split(',').next().unwrap_or(""), 1);
            if let Some(key) = key {
                cluster = changed(&cluster, &second.cluster, key);
            }
        }
        Ok(())
    });
    assert!(tally.of("known at once") * 2 > tally.of("asked"), "hardly anything is kept");
    assert!(tally.of("known after a change") * 20 > tally.of("asked"), "every change forgets everything");
}

/// A generated cluster of 100 workloads with a spec of 40 properties.
fn generated() -> Here {
    let shape = cluster::Shape { workloads: 100, seed: 1 };
    let (files, spec) = (cluster::files(shape), spec::spec(shape, 40));
    let files = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).chain([("netverify.toml", &*spec)]);
    Here::with(&files.collect::<Vec<_>>())
}

/// Each property with its answer, what that rests on and whether it is so today; and what was said of the cache. Where several cases
/// show the same, any of them will do: the spec asks some things twice.
fn proved(here: &Here, more: &[&str]) -> (Vec<String>, String) {
    let arguments = [&["prove", "netverify.toml", "--format", "json"], more].concat();
    let ran = here.run(&arguments);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let of = |one: &serde_json::Value| {
        format!("{} {} {} {}", one["name"], one["outcome"], one["rests_on"], one["counterexample"]["today"])
    };
    (report["properties"].as_array().unwrap().iter().map(of).collect(), ran.err)
}

fn known(said: &str) -> usize {
    let words = said.lines().find_map(|line| line.strip_prefix("cache: ")).unwrap_or("0 of");
    words.split(' ').next().unwrap().parse().unwrap()
}

fn files(here: &Here) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(here.path("kept")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn only_what_a_change_can_touch_is_proved_again() {
    let here = generated();
    let cache = ["--cache", "kept"];
    let (fresh, _) = proved(&here, &[]);
    let (first, said) = proved(&here, &cache);
    assert!(first == fresh && said.is_empty(), "nothing was known: {said}");
    let (second, said) = proved(&here, &cache);
    assert!(second == fresh, "another report");
    let all = known(&said);
    assert!(all >= 30, "{said}");
    // The first policy of one team is taken away, its default deny: other teams keep their answers.
    let path = here.path("team-0000/policies.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.split_once("---\n").unwrap().1).unwrap();
    let (fresh, _) = proved(&here, &[]);
    let (third, said) = proved(&here, &cache);
    assert!(third == fresh, "another report");
    assert!((1..all).contains(&known(&said)), "{said} of {all}");
    // And back: what was known of the first state still is.
    std::fs::write(&path, text).unwrap();
    assert_eq!(known(&proved(&here, &cache).1), all);
}

#[test]
fn what_is_corrupt_or_foreign_is_not_used() {
    let here = generated();
    let cache = ["--cache", "kept"];
    let (fresh, _) = proved(&here, &cache);
    let all = known(&proved(&here, &cache).1);
    let kept = files(&here);
    let [cut, changed, foreign, folder] = [0, 1, 2, 3].map(|at| kept[at].clone());
    let text = std::fs::read_to_string(&cut).unwrap();
    std::fs::write(&cut, text.chars().take(text.len() / 2).collect::<String>()).unwrap();
    let text = std::fs::read_to_string(&changed).unwrap();
    std::fs::write(&changed, text.replace("rests", "tests").replace("today\":true", "today\":false")).unwrap();
    std::fs::write(&foreign, "not ours").unwrap();
    std::fs::remove_file(&folder).unwrap();
    std::fs::create_dir(&folder).unwrap();
    let (again, said) = proved(&here, &cache);
    assert!(again == fresh, "another report");
    assert!(known(&said) + 4 <= all, "{said}");
    assert!(
        said.contains("note: 4 files of the cache kept are not as netverify wrote them, and were not used"),
        "{said}"
    );
    assert!(said.contains("answers could not be kept in the cache kept: "), "{said}");
    // What can be mended is: only the folder in the place of a file is still in the way.
    std::fs::remove_dir(&folder).unwrap();
    let said = proved(&here, &cache).1;
    assert!(!said.contains("note:"), "{said}");
    assert_eq!(known(&proved(&here, &cache).1), all);
}

#[test]
fn what_is_wrong_with_the_folder_is_said() {
    let here = Here::with(&[("file", "")]);
    let spec = format!("{}/specs/rag.toml", env!("CARGO_MANIFEST_DIR"));
    let ran = here.run(&["prove", &spec, "--cache", "file"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("file"), "{}", ran.err);
    let ran = here.run(&["prove", &spec, "--cache", "kept", "--dump-smt2", "dump"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(ran.err.contains("--cache"), "{}", ran.err);
    // What is kept is told, and that it is trusted.
    let ran = here.run(&["prove", &spec, "--cache", "kept"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let ran = here.run(&["prove", &spec, "--cache", "kept"]);
    assert!(ran.out.contains("the answers kept in kept are those of netverify (--cache)"), "{}", ran.out);
    assert!(ran.err.starts_with("cache: "), "{}", ran.err);
    assert_eq!(here.run(&["prove", &spec, "--cache", "kept", "-q"]).err, "");
}

/// Whether an address is a pod's own hangs on whether the pod is on its node's network (R33), wherever it runs.
#[test]
fn whose_an_address_is_matters_everywhere() {
    let manifests = |network: &str| {
        format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: app}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: far}}\n---\n\
             apiVersion: v1\nkind: Node\nmetadata: {{name: node-1}}\nstatus: {{addresses: [{{type: InternalIP, address: 192.0.2.9}}]}}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: far, namespace: far}}\n\
             spec: {{{network}nodeName: node-1, containers: [{{name: c, image: i}}]}}\nstatus: {{podIP: 198.51.100.7}}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: app}}\nspec: {{containers: [{{name: c, image: i}}]}}\n---\n\
             apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: a, namespace: app}}\n\
             spec: {{podSelector: {{}}, ingress: [{{from: [{{ipBlock: {{cidr: 198.51.100.7/32}}}}]}}]}}\n"
        )
    };
    let spec = "manifests = [\"m.yaml\"]\n[[property]]\nname = \"a\"\nassert = \"external cannot reach app/web\"\n";
    let here = Here::with(&[("m.yaml", &manifests("")), ("s.toml", spec)]);
    let both = |kept: &str| {
        let fresh = here.run(&["prove", "s.toml"]).code;
        (fresh, here.run(&["prove", "s.toml", "--cache", kept]).code)
    };
    assert_eq!(both("kept"), (0, 0), "the address is the far pod's own");
    std::fs::write(here.path("m.yaml"), manifests("hostNetwork: true, ")).unwrap();
    assert_eq!(both("kept"), (1, 1), "and now it is not");
}
