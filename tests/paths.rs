//! `no path from S to T`: the answers against every step tried one by one, and what a person is shown.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]
#![allow(dead_code, reason = "the support files serve other tests too")]

#[path = "support/enumerate.rs"]
mod enumerate;
#[path = "support/here.rs"]
mod here;
#[path = "support/legal.rs"]
mod legal;
#[path = "support/policies.rs"]
mod policies;
#[path = "support/stable.rs"]
mod stable;
#[path = "support/trials.rs"]
mod trials;
#[path = "support/worlds.rs"]
mod worlds;

use std::collections::BTreeSet;
use std::time::Duration;

use here::Here;
use netverify::eval;
use netverify::eval::Verdict;
use netverify::model::claim::{Claim, Endpoint, FlowSet, PortSet};
use netverify::model::options::Options;
use netverify::outcome::{Case, Counterexample, Outcome};
use netverify::property;
use netverify::prove::{Job, decide};
use proptest::prelude::*;
use proptest::sample::Index;
use trials::{Trial, fail};
use worlds::{FEW, Question, flow_set, question};

fn about_paths() -> impl Strategy<Value = Question> {
    (question(FEW), flow_set(FEW), any::<[Index; 3]>(), 0..3_u8).prop_map(|(mut question, flows, ends, form)| {
        let count = question.cluster.workloads.len();
        if form > 0 && count > 1 {
            let [from, by, to] = ends.map(|end| end.index(count));
            only_by_way_of(&mut question, by, to);
            let flows = FlowSet::new(workload(from), workload(to), flows.ports);
            return Question { claim: Claim::NoPath(flows), ..question };
        }
        let claim = Claim::NoPath(FlowSet { except: Vec::new(), ..flows });
        let claim = worlds::renumbered(claim, &|index| index.checked_rem(count));
        Question { claim, ..question }
    })
}

/// Of all pods, those with the labels of one workload alone may reach the namespace of another: shorter ways are shut.
fn only_by_way_of(question: &mut Question, by: usize, to: usize) {
    let workloads = &question.cluster.workloads;
    let (namespace, labels) =
        (&workloads.get(to).unwrap().namespace, serde_json::to_string(&workloads.get(by).unwrap().labels).unwrap());
    let policy = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: way, namespace: {namespace}}}\nspec: {{podSelector: \
         {{}}, ingress: [{{from: [{{namespaceSelector: {{}}, podSelector: {{matchLabels: {labels}}}}}]}}]}}\n"
    );
    let policy = policies::read(&policy).pop().unwrap();
    question.cluster.policies.push(policy);
}

fn found(question: &Question, options: &Options, flows: FlowSet) -> enumerate::Found {
    let Question { cluster, world, .. } = question.clone();
    enumerate::search(&Question { cluster, world, claim: Claim::NoneCanReach(flows) }, options)
}

fn workload(index: usize) -> Endpoint {
    Endpoint::Workload(index)
}

/// How many steps the shortest chain has, where each step is found by trying every case, whatever the others need.
fn shortest(question: &Question, options: &Options) -> Option<usize> {
    let Claim::NoPath(flows) = &question.claim else { panic!("no path") };
    let mut left: BTreeSet<usize> = (0..question.cluster.workloads.len()).collect();
    let mut frontier = vec![flows.sources.clone()];
    for steps in 1.. {
        let arrives = |from: &Endpoint| {
            let last = FlowSet::new(from.clone(), flows.destinations.clone(), flows.ports.clone());
            found(question, options, last).sought
        };
        if frontier.iter().any(arrives) {
            return Some(steps);
        }
        let goes_to = |to: &usize| {
            let step = |from: &Endpoint| FlowSet::new(from.clone(), workload(*to), PortSet::default());
            frontier.iter().any(|from| found(question, options, step(from)).sought)
        };
        let next: Vec<usize> = left.iter().copied().filter(goes_to).collect();
        if next.is_empty() {
            break;
        }
        next.iter().for_each(|index| _ = left.remove(index));
        frontier = next.into_iter().map(workload).collect();
    }
    None
}

/// Whether there is nowhere to begin, or nowhere to end.
fn is_about_nothing(question: &Question, options: &Options) -> bool {
    let Claim::NoPath(flows) = &question.claim else { panic!("no path") };
    let begins = FlowSet::new(flows.sources.clone(), Endpoint::Anything, PortSet::default());
    let ends = FlowSet::new(Endpoint::Anything, flows.destinations.clone(), flows.ports.clone());
    !found(question, options, begins).subject || !found(question, options, ends).subject
}

/// What is wrong with a chain; `None` where it is one of allowed flows from a source to a destination, each from where
/// the one before ended.
fn wrong(question: &Question, case: &Counterexample) -> Option<String> {
    let Question { cluster, world, claim: Claim::NoPath(flows) } = question else { panic!("no path") };
    let Case::Path { steps } = &case.case else { return Some("no path is shown".to_owned()) };
    let step = |step: &Counterexample| match &step.case {
        Case::Flow { flow, .. } => (**flow).clone(),
        other => panic!("a step is a flow: {other:?}"),
    };
    let steps: Vec<_> = steps.iter().map(step).collect();
    let (first, last) = (steps.first()?, steps.last()?);
    if !eval::claim::contains(cluster, &flows.sources, &first.source) {
        return Some("it begins elsewhere".to_owned());
    }
    let whole = FlowSet::new(Endpoint::Anything, flows.destinations.clone(), flows.ports.clone());
    if !eval::claim::flow_in(cluster, &whole, last) {
        return Some("it ends elsewhere".to_owned());
    }
    if let Some(flow) = steps.iter().find(|flow| !legal::flow(cluster, world, flow)) {
        return Some(format!("this flow cannot exist: {flow:?}"));
    }
    for pair in steps.windows(2) {
        let (arrives, leaves) = (pair[0].destination.pod(), pair[1].source.pod());
        let known = |pod: Option<&netverify::model::net::PodEnd>| pod.map(|pod| (pod.workload, pod.namespace.clone()));
        let one_family = pair[0].destination.address().is_ipv4() == pair[1].source.address().is_ipv4();
        if known(arrives) != known(leaves) || arrives.is_none_or(|pod| pod.workload.is_none()) {
            return Some(format!("a step does not begin where the last one ended: {pair:?}"));
        }
        if one_family && pair[0].destination != pair[1].source {
            return Some(format!("the pod changes on the way: {pair:?}"));
        }
    }
    let passes =
        |options: &Options| steps.iter().all(|flow| eval::verdict(cluster, options, flow).0 == Verdict::Allowed);
    let plugins = property::plugins(cluster, world, &question.claim);
    // Pods that lend ports are counted in by the judge of the program.
    (case.further.is_empty() && !plugins.iter().any(passes)).then(|| "some step is denied".to_owned())
}

#[test]
fn trying_every_step_agrees() {
    let trial = Trial { name: "paths", file: file!(), seed: 7, cases: 200 };
    let tally = trial.run(&about_paths(), |question, tally| {
        let Question { cluster, world, claim } = &question;
        let outcome = decide(&Job { cluster, world, claim, allow_vacuous: false }, Duration::from_secs(60)).unwrap();
        let plugins = property::plugins(cluster, world, claim);
        let lengths: Vec<_> = plugins.iter().map(|options| shortest(&question, options)).collect();
        let is_some = lengths.iter().any(Option::is_some);
        let nothing = || plugins.iter().all(|options| is_about_nothing(&question, options));
        let fault = match &outcome {
            Outcome::Proved(_) => {
                tally.add("proved", 1);
                (is_some || nothing()).then(|| "there is a path, or nothing to have one".to_owned())
            }
            Outcome::Refuted(refutation) => {
                let case = refutation.counterexample.as_ref().unwrap();
                let Case::Path { steps } = &case.case else { panic!("no path") };
                tally.add("refuted", 1);
                tally.add("of several steps", usize::from(steps.len() > 1));
                let is_shortest = lengths.contains(&Some(steps.len()));
                wrong(&question, case).or_else(|| (!is_shortest).then(|| "not the shortest".to_owned()))
            }
            Outcome::Vacuous => {
                tally.add("about nothing", 1);
                (!nothing() || is_some).then(|| "it is about something".to_owned())
            }
            // Every step can pass, and not with the same addresses and labels.
            Outcome::Unknown(_) => {
                tally.add("not told", 1);
                (!is_some).then(|| "there is no path".to_owned())
            }
            Outcome::Disagreement(_) => Some("a disagreement".to_owned()),
        };
        fault.map_or(Ok(()), |fault| Err(fail(format!("{fault}: {lengths:?}\n{outcome:#?}"))))
    });
    for (what, least) in [("proved", 15), ("refuted", 50), ("of several steps", 5)] {
        assert!(tally.of(what) >= least, "{what}: {}", tally.of(what));
    }
    assert!(tally.of("not told") * 10 <= tally.of("refuted"), "too many chains that do not hold together");
}

/// `web` may reach `api`, and `api` `db`; `lone` is shut, and nobody says what labels namespace `out` has.
const CLUSTER: &str = r#"
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: api, namespace: shop, labels: {app: api}}, spec: {containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}, spec: {containers: [{name: c, image: i, ports: [{containerPort: 5432}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: lone, namespace: shop, labels: {app: lone}}, spec: {containers: [{name: c, image: i}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny, namespace: shop}, spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web, namespace: shop}, spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 8080}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: api, namespace: shop}, spec: {podSelector: {matchLabels: {app: api}}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8080}]}], egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db, namespace: shop}, spec: {podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}]}}
"#;

fn asked(sentence: &str, more: &[&str]) -> here::Ran {
    let here = Here::with(&[("cluster.yaml", CLUSTER)]);
    here.run(&[&["prove", "-m", "cluster.yaml", "--assert", sentence], more].concat())
}

#[test]
fn no_path_is_proved_with_what_chains_come_to() {
    let ran = asked("no path from web to lone", &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("chains come to Pod shop/api, Pod shop/db, and no further"), "{}", ran.out);
    assert!(ran.out.contains("assumes: a path leads through pods of declared workloads"), "{}", ran.out);
    // One step is shut, whatever is created.
    assert_eq!(asked("no path from anything outside shop to db", &[]).code, 0);
    assert_eq!(asked("no path from db to web", &[]).code, 0);
}

#[test]
fn a_path_comes_with_every_step_and_the_lines_of_both_sides() {
    let ran = asked("no path from web to db:5432", &[]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    for words in [
        "path: pod shop/web {app=web} -> pod shop/api {app=api} TCP/8080 -> pod shop/db {app=db} TCP/5432",
        "step: 1 of 2: pod shop/web {app=web} -> pod shop/api {app=api} TCP/8080",
        "step: 2 of 2: pod shop/api {app=api} -> pod shop/db {app=db} TCP/5432",
        "leaves: web egress[0].to[0], ports[0]",
        "enters: db ingress[0].from[0], ports[0]",
        "today: yes, Pod shop/web (cluster.yaml:4) can begin this now",
    ] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
    // On another port nothing arrives.
    assert_eq!(asked("no path from web to db:5433", &[]).code, 0);
}

#[test]
fn a_pod_that_somebody_could_create_begins_a_path() {
    let ran = asked("no path from pods in shop to db:5432", &[]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let ran = asked("no path from pods with app=web,more=x in shop to db:5432", &[]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(
        ran.out.contains("no, but somebody could create a pod labelled {app=web, more=x} in namespace shop"),
        "{}",
        ran.out
    );
}

#[test]
fn every_format_has_every_step() {
    for format in ["json", "sarif", "junit", "github", "markdown"] {
        let ran = asked("no path from web to db:5432", &["--format", format]);
        assert_eq!(ran.code, 1, "{format}: {}", ran.err);
        for words in ["8080", "5432", "shop/api"] {
            assert!(ran.out.contains(words), "{format} lacks {words}: {}", ran.out);
        }
    }
    let json = asked("no path from web to db:5432", &["--format", "json"]).out;
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let steps = &report["properties"][0]["counterexample"]["steps"];
    assert_eq!(steps.as_array().unwrap().len(), 2);
    assert_eq!(steps[1]["source"], steps[0]["destination"]);
    assert_eq!(steps[1]["blames"].as_array().unwrap().len(), 2, "both sides");
}

/// What each format says, without what differs from run to run.
#[test]
fn each_format_reads_like_this() {
    for format in ["text", "markdown", "sarif", "junit", "github", "json"] {
        let ran = asked("no path from web to db:5432", &["--format", format]);
        stable::settings().bind(|| insta::assert_snapshot!(format!("path_{format}"), ran.out));
    }
}

#[test]
fn a_path_about_nothing_is_no_proof() {
    let ran = asked("no path from pods with app=a,app=b in shop to db", &[]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("about nothing"), "{}", ran.err);
}

/// `front` is there to see and comes to `desk`; one with a badge as well, which nobody has declared, comes to `gate`, and
/// only `gate` to `vault`.
const BEHIND_A_NEW_POD: &str = r#"
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Pod, metadata: {name: front, namespace: shop, labels: {app: front}}, spec: {containers: [{name: c, image: i}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: desk, namespace: shop, labels: {app: desk}}, spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: gate, namespace: shop, labels: {app: gate}}, spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: vault, namespace: shop, labels: {app: vault}}, spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny, namespace: shop}, spec: {podSelector: {}, policyTypes: [Ingress]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: desk, namespace: shop}, spec: {podSelector: {matchLabels: {app: desk}}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: gate, namespace: shop}, spec: {podSelector: {matchLabels: {app: gate}}, ingress: [{from: [{podSelector: {matchLabels: {badge: new}}}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: vault, namespace: shop}, spec: {podSelector: {matchLabels: {app: vault}}, ingress: [{from: [{podSelector: {matchLabels: {app: gate}}}]}]}}
"#;

#[test]
fn what_is_there_to_see_is_not_all_that_a_chain_comes_to() {
    let here = Here::with(&[("cluster.yaml", BEHIND_A_NEW_POD)]);
    let ran =
        here.run(&["prove", "-m", "cluster.yaml", "--assert", "no path from pods with app=front in shop to vault"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for words in [
        "pod shop/gate {app=gate} -> pod shop/vault",
        "step: 2 of 2",
        "somebody could create a pod labelled {app=front, badge=new}",
    ] {
        assert!(ran.out.contains(words), "{words}\n{}", ran.out);
    }
}

#[test]
fn the_question_has_the_same_answer() {
    let here = Here::with(&[("cluster.yaml", CLUSTER)]);
    let yes = here.run(&["query", "is there a path from web to db:5432", "-m", "cluster.yaml"]);
    assert!(yes.out.starts_with("yes: "), "{}{}", yes.out, yes.err);
    let no = here.run(&["query", "is there a path from web to lone?", "-m", "cluster.yaml"]);
    assert!(no.out.starts_with("no: "), "{}{}", no.out, no.err);
    assert!(no.out.contains("chains come to"), "{}", no.out);
}
