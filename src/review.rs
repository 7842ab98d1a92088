//! What a reviewer wants to know beside the verdicts: the verdict in a sentence, what would close a refutation, who can reach
//! what matters, what each policy says, what the spec would not notice, and a map.
//!
//! [`review`] computes all of it, with bounded work whose bounds are said; `report::review` holds it and lays it out.
//! Assumes answers to all items of the plan, in order. `cli` calls this module.

mod assumed;
mod change;
mod closing;
mod coverage;
mod excerpt;
mod inputs;
mod map;
mod policies;
mod properties;
mod reach;
mod scope;
mod verdict;

use crate::error::Error;
use crate::plan::Plan;
use crate::prove::{Answered, Prover};
use crate::report::Report;
use crate::report::review::{Review, SCHEMA};
use crate::source::SourceMap;
use scope::Scope;

/// What a review is made of.
pub struct Material<'a> {
    /// What was to be proved.
    pub plan: &'a Plan,
    /// The files.
    pub sources: &'a SourceMap,
    /// One answer an item of the plan.
    pub answers: &'a [Answered],
    /// The report of the same answers.
    pub report: &'a Report,
    /// What asks further questions.
    pub prover: &'a Prover,
}

/// How much work a review may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most questions to ask about changed policies.
    pub coverage: usize,
}

/// A review, and whether the two semantics disagree somewhere in it: a bug in netverify.
#[derive(Debug)]
pub struct Reviewed {
    /// The review.
    pub review: Review,
    /// Whether a list of classes was not confirmed.
    pub disagrees: bool,
}

/// Everything that a review says.
///
/// # Errors
/// [`Error`] where the solver fails or does not start.
pub fn review(material: &Material<'_>, limits: Limits) -> Result<Reviewed, Error> {
    let scopes = scope::scopes(material.plan);
    let coverage = coverage::coverage(material, &scopes, limits.coverage)?;
    let properties = properties::properties(material, &coverage)?;
    let (reach, disagrees) = reach::reach(material, &scopes)?;
    let inputs = inputs::inputs(material);
    let Plan { titles, today, .. } = material.plan;
    let review = Review {
        schema: SCHEMA,
        title: titles.join("; "),
        netverify: material.report.netverify,
        z3: material.report.z3.clone(),
        date: today.to_string(),
        verdict: verdict::verdict(material.report, &properties),
        assumptions: assumed::assumed(material.plan),
        digest: inputs::together(&inputs),
        inputs,
        waivers: properties::waivers(material),
        policies: policies::policies(material, &scopes, &coverage.report)?,
        maps: scopes.iter().map(|scope| map::map(material, scope)).collect(),
        coverage: coverage.report,
        properties,
        reach,
    };
    Ok(Reviewed { review, disagrees })
}
