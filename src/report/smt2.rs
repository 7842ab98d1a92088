//! A question to the solver as a file for another solver: what it asks in plain words, then the
//! question itself in SMT-LIB 2. See `docs/second-opinion.md`.

use crate::model::algebra::Gap;
use crate::model::claim::Claim;
use crate::model::plugin::Choice;
use crate::model::policy::Direction;
use crate::model::workload::Cluster;
use crate::plan::{Item, Plan};
use crate::prove::{Asks, Question};

/// The file of one question of the item.
#[must_use]
pub fn file(plan: &Plan, item: &Item, question: &Question, z3: &str) -> String {
    let spec = item.spec.as_deref().unwrap_or("none, a sentence of the command line");
    let is_path = matches!(item.claim, Claim::NoPath(_));
    let (sat, unsat) = if is_path { of_a_step(question) } else { outcomes(question) };
    let lines = [
        ("spec", spec.to_owned()),
        ("variant", item.variant.clone().unwrap_or_else(|| "none".to_owned())),
        ("property", item.name.clone()),
        ("sentence", item.sentence.clone()),
        ("asks", if is_path { A_STEP.to_owned() } else { asks(plan.cluster(item), question) }),
        ("sat", sat),
        ("unsat", unsat.to_owned()),
        ("plugin", options(question)),
        ("made by", format!("netverify {}, answered by Z3 {z3}", env!("CARGO_PKG_VERSION"))),
    ];
    let header: String = lines.iter().map(|(name, words)| format!("; {name}: {}\n", in_a_comment(words))).collect();
    header + &question.script
}

/// A comment ends with its line.
fn in_a_comment(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What is asked, in one sentence.
fn asks(cluster: &Cluster, question: &Question) -> String {
    if question.asks == Asks::Subject {
        return match &question.claim {
            Claim::Isolated { .. } => "is there a pod that the property is about?".to_owned(),
            _ => "is there a flow that the property is about?".to_owned(),
        };
    }
    match &question.claim {
        Claim::NoneCanReach(_) | Claim::SomeCanReach(_) | Claim::NoPath(_) => {
            "is there a flow that the property is about and that is allowed?".to_owned()
        }
        Claim::EveryCanReach(_) => "is there a flow that the property is about and that is denied?".to_owned(),
        Claim::Isolated { directions, .. } => {
            let directions: Vec<_> = directions.iter().map(Direction::to_string).collect();
            format!(
                "is there a pod that the property is about and that is not isolated for {}?",
                directions.join(" or ")
            )
        }
        Claim::NoGap { gap, .. } => of_gap(cluster, gap),
        Claim::Compared(_) => "is there a pod or flow to which the policies do different things?".to_owned(),
    }
}

fn of_gap(cluster: &Cluster, gap: &Gap) -> String {
    let name = |index: &usize| cluster.policies.get(*index).map_or_else(String::new, |policy| policy.full_name());
    let names = |policies: &[usize]| match policies {
        [] => "no other policy".to_owned(),
        policies => policies.iter().map(name).collect::<Vec<_>>().join(" or "),
    };
    let (acting, others) = (names(gap.acting()), names(gap.others()));
    match gap {
        Gap::Isolation { direction, .. } => {
            format!("is there a pod that {acting} isolates for {direction}, and that is not isolated by {others}?")
        }
        Gap::Admission { direction, .. } => {
            format!("is there a flow that {acting} admits for {direction}, and that is not admitted by {others}?")
        }
        Gap::Overlap { .. } => format!("is there a pod that is selected by {acting} and by {others}?"),
        Gap::Verdict { one, other, .. } => {
            format!("is there a flow that the policies of {} allow, and those of {} do not?", one.name, other.name)
        }
    }
}

/// What every question about a path asks.
const A_STEP: &str = "from where a chain may have come to: is there such a flow to where it would go on, or arrive?";

/// The same of one step of a path: the ends that a chain has come to, and where it would go on.
fn of_a_step(question: &Question) -> (String, &'static str) {
    match question.asks {
        Asks::Subject => ("there are such flows".to_owned(), "there are none, so that no chain goes this way"),
        Asks::Case | Asks::CaseElsewhere => (
            "a chain goes on by it, or arrives".to_owned(),
            "no chain goes this way; where none of the last questions is sat, the property is proved",
        ),
    }
}

/// What sat would mean, and what unsat.
fn outcomes(question: &Question) -> (String, &'static str) {
    // See `Query::forbid_stolen_addresses`.
    let once_more = "one that uses the known address of somebody else is put aside, and asked for again without it";
    let (found, none) = match (question.asks, &question.claim) {
        (Asks::Subject, _) => {
            ("there is one, the property is about something", "there is none, the property is about nothing")
        }
        (Asks::Case, Claim::SomeCanReach(_)) => {
            ("there is one, the property is proved", "there is none, the property is refuted")
        }
        (Asks::Case, Claim::NoGap { gap: Gap::Verdict { .. }, .. }) => (
            "there is one, the first set permits more than the second",
            "there is none, the first set permits no more than the second",
        ),
        (Asks::Case, Claim::NoGap { .. }) => (
            "there is one, the property is refuted",
            "there is none, the property is proved if its other questions are unsat too",
        ),
        (Asks::Case, _) => ("there is one, the property is refuted", "there is none, the property is proved"),
        (Asks::CaseElsewhere, _) => (
            "there is one, the property is refuted for this plugin as well",
            "there is none, the property holds for this plugin",
        ),
    };
    (format!("{found} ({once_more})"), none)
}

fn options(question: &Question) -> String {
    let names = Choice::all_of(&question.options).into_iter().map(Choice::names);
    names.map(|(option, value)| format!("{option} = {value}")).collect::<Vec<_>>().join(", ")
}
