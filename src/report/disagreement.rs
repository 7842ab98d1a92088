//! Both sides of a disagreement of the two semantics, as lines that a person can compare.

use crate::model::claim::Claim;
use crate::model::policy::Direction;
use crate::model::workload::Cluster;
use crate::outcome::{Case, Disagreement, Isolating};
use crate::report::explain;
use crate::source::SourceMap;

/// What each side holds of the case.
#[must_use]
pub(super) fn trace(cluster: &Cluster, sources: &SourceMap, claim: &Claim, disagreement: &Disagreement) -> String {
    let case = &disagreement.case.case;
    let isolating = |all: &[Isolating]| self::isolating(cluster, all, matches!(case, Case::Flow { .. }));
    let mut text = format!("the solver says that {}:\n", solver(claim));
    text += &disagreement.solver.as_deref().map_or_else(|| "  it does not say why\n".to_owned(), isolating);
    text += &format!("the reference semantics says that {}:\n", reference(claim, case));
    text += &isolating(&disagreement.reference);
    if let Case::Flow { flow, trace } = case {
        text += "rule by rule, by the reference semantics:\n";
        let sides = explain::text::sides(&explain::of_trace(cluster, sources, flow, trace));
        text.extend(sides.lines().filter(|line| !line.is_empty()).map(|line| format!("  {line}\n")));
    }
    text
}

fn solver(claim: &Claim) -> &'static str {
    match claim {
        Claim::NoneCanReach(_) | Claim::SomeCanReach(_) => "it is a flow of the property, and allowed",
        Claim::NoPath(_) => "it is a step of a path, and allowed",
        Claim::EveryCanReach(_) => "it is a flow of the property, and denied",
        Claim::Isolated { .. } => "it is a pod of the property, and not isolated",
        Claim::Compared(_) | Claim::NoGap { .. } => "the policies do different things to it",
    }
}

fn reference(claim: &Claim, case: &Case) -> &'static str {
    match (claim, case) {
        (Claim::Compared(_) | Claim::NoGap { .. }, _) => "they do not",
        (_, Case::Open { directions, .. }) if directions.is_empty() => "it is isolated",
        (Claim::EveryCanReach(_), Case::Flow { trace, .. }) if trace.egress.allows() && trace.ingress.allows() => {
            "it is allowed"
        }
        (Claim::NoneCanReach(_) | Claim::SomeCanReach(_) | Claim::NoPath(_), Case::Flow { trace, .. })
            if !trace.egress.allows() || !trace.ingress.allows() =>
        {
            "it is denied"
        }
        _ => "the property is not about it",
    }
}

fn isolating(cluster: &Cluster, all: &[Isolating], is_flow: bool) -> String {
    if all.is_empty() {
        return "  no policy isolates anything here\n".to_owned();
    }
    all.iter().map(|one| line(cluster, one, is_flow)).collect()
}

fn line(cluster: &Cluster, one: &Isolating, is_flow: bool) -> String {
    let policy = cluster.policies.get(one.policy).map_or_else(String::new, |policy| policy.full_name());
    let pod = match one.direction {
        Direction::Egress if is_flow => "the source",
        Direction::Ingress if is_flow => "the destination",
        _ => "the pod",
    };
    let admits = match (is_flow, one.admits) {
        (false, _) => "",
        (true, true) => " and admits the flow",
        (true, false) => " and does not admit the flow",
    };
    format!("  {}: {policy} isolates {pod}{admits}\n", one.direction)
}
