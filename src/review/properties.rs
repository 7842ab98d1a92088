//! One property: its answer in words, the flow drawn, the lines at fault, and what would close it.

use super::coverage::Examined;
use super::{Material, closing, excerpt, scope, verdict};
use crate::error::Error;
use crate::model::claim::Claim;
use crate::outcome::{Case, Counterexample, Outcome, Proof};
use crate::plan::Item;
use crate::report::build::Words;
use crate::report::review::{Diagram, Excerpt, Note, Property, Rest, Station, Waiver};
use crate::report::{AnswerReport, BlameReport, CaseReport, EndReport, PropertyReport, Standing, words};
use crate::witness;

/// For so many refutations it is looked for what would close them.
const CLOSED: usize = 200;
/// The most pieces of source shown for one property.
const EXCERPTS: usize = 6;

/// Every property, in the order of the plan.
pub(super) fn properties(material: &Material<'_>, coverage: &Examined) -> Result<Vec<Property>, Error> {
    let items = material.plan.items.iter().zip(material.answers).zip(&material.report.properties);
    let (mut all, mut refuted) = (Vec::new(), 0);
    for (at, ((item, answered), report)) in items.enumerate() {
        let mut property = property(material, at, item, &answered.outcome, report, coverage);
        if matches!(answered.outcome, Outcome::Refuted(_)) {
            refuted += 1;
            let case = report.answer.cases().first().copied();
            property.closes = match refuted <= CLOSED {
                true => closing::closing(material, item, &answered.outcome, case)?,
                false => vec!["This was not looked for: very many properties are refuted.".to_owned()],
            };
        }
        all.push(property);
    }
    Ok(all)
}

/// The anchor of a property by its number.
pub(super) fn id(at: usize) -> String {
    format!("property-{}", at + 1)
}

/// The waivers and what becomes of them.
pub(super) fn waivers(material: &Material<'_>) -> Vec<Waiver> {
    let all = material.plan.items.iter().zip(&material.report.properties).enumerate();
    let of = |(at, (item, report)): (usize, (&Item, &PropertyReport))| {
        let words = report.waiver.as_ref()?.words.clone();
        Some(Waiver { id: id(at), property: scope::name(material.plan, item), words })
    };
    all.filter_map(of).collect()
}

fn property(
    material: &Material<'_>,
    at: usize,
    item: &Item,
    outcome: &Outcome,
    report: &PropertyReport,
    coverage: &Examined,
) -> Property {
    let case = report.answer.cases().first().copied();
    let proof = match outcome {
        Outcome::Proved(proof) => Some(proof),
        _ => None,
    };
    let diagram = case.and_then(diagram);
    Property {
        id: id(at),
        name: item.name.clone(),
        variant: scope::place(material.plan, item),
        sentence: words::one_line(&item.sentence),
        at: report.at.as_ref().map(|at| excerpt::line(material.sources, at.origin)),
        severity: item.severity.name(),
        why: item.why.as_deref().map(words::one_line),
        standing: report.standing().word(),
        outcome: outcome_words(report),
        notes: notes(report, diagram.is_some()),
        diagram,
        blames: blames(material, report),
        yaml: counterexample(outcome).and_then(|case| yaml(material, item, case)),
        command: case.and_then(|case| case.try_it.clone()).or_else(|| try_created(material, item, outcome)),
        closes: Vec::new(),
        rests_on: proof.map_or_else(Vec::new, |proof| rests_on(material, item, proof)),
        proof: words::proof(&report.answer).into_iter().filter(|words| !words.starts_with("rests on ")).collect(),
        removable: proof.and_then(|proof| removable(material, at, item, proof, coverage)),
    }
}

fn outcome_words(report: &PropertyReport) -> &'static str {
    match report.standing() {
        Standing::Refuted if verdict::is_today(report) => "refuted today",
        Standing::Refuted => "refuted: it could happen",
        Standing::Waived => "refuted, and waived",
        Standing::Unknown => "not decided",
        Standing::Proved => "proved",
        Standing::Disagreement => "disagreement: a bug in netverify",
    }
}

/// What no other part of the entry shows.
fn notes(report: &PropertyReport, is_drawn: bool) -> Vec<Note> {
    let shown = if is_drawn { &["try it", "leaves", "enters", "flow"][..] } else { &["try it"] };
    let all = words::notes(report).into_iter().filter(|(about, _)| !shown.contains(about));
    all.map(|(about, words)| Note { about: about.to_owned(), words }).collect()
}

fn counterexample(outcome: &Outcome) -> Option<&Counterexample> {
    match outcome {
        Outcome::Refuted(refutation) => refutation.counterexample.as_deref(),
        _ => None,
    }
}

/// The command for the pod of [`yaml`], where the flow begins at it.
fn try_created(material: &Material<'_>, item: &Item, outcome: &Outcome) -> Option<String> {
    match &counterexample(outcome)?.case {
        Case::Flow { flow, .. } | Case::Verdicts { flow, .. } => {
            Words { cluster: material.plan.cluster(item), sources: material.sources }
                .try_created(flow, witness::yaml::SOURCE)
        }
        _ => None,
    }
}

/// What somebody would have to create; `None` where all of it exists.
fn yaml(material: &Material<'_>, item: &Item, case: &Counterexample) -> Option<String> {
    let text = witness::yaml::documents(material.plan.cluster(item), "", case);
    text.contains("\nkind: ").then_some(text)
}

fn blames(material: &Material<'_>, report: &PropertyReport) -> Vec<Excerpt> {
    let title = |blame: &BlameReport| format!("{} {}: {}", blame.policy, blame.path, blame.text);
    let blamed = report.blames().map(|blame| (blame.at.origin, title(blame)));
    let blocked = report.answer.blocked_by().iter().map(|policy| {
        let does = words::part_words(policy.part, policy.direction);
        (policy.at.origin, format!("{} {does}", policy.policy))
    });
    let all = blamed.chain(blocked).take(EXCERPTS);
    all.filter_map(|(origin, title)| excerpt::excerpt(material.sources, origin, title)).collect()
}

fn rests_on(material: &Material<'_>, item: &Item, proof: &Proof) -> Vec<Rest> {
    let cluster = material.plan.cluster(item);
    let of = |pillar: &crate::outcome::Pillar| {
        let policy = cluster.policies.get(pillar.policy)?;
        let does = words::part_words(pillar.part, pillar.direction);
        let origin = policy.pod_selector.origin;
        Some(Rest {
            policy: policy.full_name(),
            at: excerpt::line(material.sources, policy.name_origin),
            excerpt: excerpt::excerpt(material.sources, policy.name_origin.to(origin), String::new()),
            does,
        })
    };
    let is_sets = matches!(item.claim, Claim::Compared(_));
    proof.rests_on.iter().filter(|_| !is_sets || proof.rests_on.len() <= EXCERPTS).filter_map(of).collect()
}

/// The policies that are not needed. One that the proof uses may be among them: then others do the same.
fn removable(
    material: &Material<'_>,
    at: usize,
    item: &Item,
    proof: &Proof,
    coverage: &Examined,
) -> Option<Vec<String>> {
    let cluster = material.plan.cluster(item);
    let policies = proof.rests_on.iter().filter_map(|pillar| cluster.policies.get(pillar.policy));
    let used: Vec<String> = policies.map(crate::model::policy::Policy::full_name).collect();
    let words = |name: String| if used.contains(&name) { name + " (others do the same)" } else { name };
    Some(coverage.removable(material.plan, at)?.into_iter().map(words).collect())
}

/// The four stations of a flow; `None` for a case that is a pod, or of two sets of policies.
fn diagram(case: &CaseReport) -> Option<Diagram> {
    let (source, leaves, enters) = (case.source.as_ref()?, case.leaves.as_ref()?, case.enters.as_ref()?);
    let is_shut = |words: &str| words.starts_with("stopped");
    let left = !is_shut(leaves);
    let gate = |role, words: &str, is_reached| {
        let state = match (is_reached, is_shut(words)) {
            (_, true) => "shut",
            (true, false) => "open",
            (false, false) => "beyond",
        };
        Station { role, state, words: words.to_owned() }
    };
    let end = |role, end: &EndReport, is_reached| Station {
        role,
        state: if is_reached { "end" } else { "beyond" },
        words: words::end(end),
    };
    let ports = match (case.protocol.as_deref(), case.port) {
        (Some(protocol), Some(port)) => format!("{protocol} {port}"),
        (protocol, _) => protocol.unwrap_or("").to_owned(),
    };
    let stations = vec![
        end("Source", source, true),
        gate("Egress gate", leaves, true),
        gate("Ingress gate", enters, left),
        end("Destination", &case.destination, left && !is_shut(enters)),
    ];
    Some(Diagram { stations, ports, words: words::flow(case) })
}

/// Whether the answer has a flow that ought to pass and does not.
pub(super) fn is_denial(answer: &AnswerReport) -> bool {
    answer.cases().first().is_some_and(|case| case.allowed == Some(false))
}
