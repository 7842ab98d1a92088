//! From the solver's first word to an outcome: the most telling case, judged by the reference semantics.
//!
//! `prove` alone calls this module.

use super::abridged::Abridged;
use super::group::{Asked, Asker, First, Found, Group};
use super::{Job, doubt, ends};
use crate::error::Error;
use crate::model::claim::Claim;
use crate::model::net::{Flow, PodEnd};
use crate::model::options::Options;
use crate::model::plugin::Choice;
use crate::model::world::World;
use crate::outcome::{Outcome, Pillar, Proof, Reason, Refutation};
use crate::property;
use crate::symbolic::{Answer, Query, Setting, Slice, Statement, Stop};
use crate::witness::needs::{self, Needs};
use crate::witness::{Judge, lenders, shrink};

/// The outcome of a job that one plugin decides.
///
/// # Errors
/// [`Error::Solver`] where the solver fails.
pub(super) fn conclude(asker: &Asker<'_>, job: &Job<'_>, first: First) -> Result<Outcome, Error> {
    let group = Group::of_one(asker.at, *job);
    let mut policies = Abridged::new(asker, job, group.slice);
    under(asker, job, &group.options, first, &mut policies)
}

/// The outcome of a job under this plugin, by these policies so far.
///
/// # Errors
/// [`Error::Solver`] where the solver fails.
pub(super) fn under(
    asker: &Asker<'_>,
    job: &Job<'_>,
    options: &Options,
    first: First,
    policies: &mut Abridged<'_>,
) -> Result<Outcome, Error> {
    match first {
        First::None(pillars) => Ok(none_found(job.claim, pillars)),
        First::Some(first) => found(asker, job, options, *first, policies),
        First::AboutNothing if job.allow_vacuous => Ok(Outcome::Proved(Proof { vacuous: true, ..Proof::default() })),
        First::AboutNothing => Ok(Outcome::Vacuous),
        First::Stolen => Ok(unknown(asker, &Stop::Time)),
        First::Unknown(stop) => Ok(unknown(asker, &stop)),
    }
}

/// No case: proved. For "some can reach": refuted.
fn none_found(claim: &Claim, pillars: Vec<Pillar>) -> Outcome {
    match claim {
        Claim::SomeCanReach(_) => Outcome::Refuted(Refutation { blocked_by: pillars, ..Refutation::default() }),
        _ => Outcome::Proved(Proof { rests_on: pillars, ..Proof::default() }),
    }
}

pub(super) fn unknown(asker: &Asker<'_>, stop: &Stop) -> Outcome {
    let (seconds, megabytes) = (asker.limits.timeout.as_secs_f64(), asker.limits.memory);
    Outcome::Unknown(Reason(match stop {
        Stop::Time => format!("not decided within {seconds} s; --timeout gives it more time"),
        Stop::Memory => format!("not decided within {megabytes} MB of memory; --memory-limit gives the solver more"),
        Stop::Interrupted => "not decided: interrupted".to_owned(),
        Stop::GaveUp(words) => format!("not decided: Z3 gave up ({words}); please report it with the manifests"),
    }))
}

/// A case: look for the most telling one, and let the reference semantics judge it.
fn found(
    asker: &Asker<'_>,
    job: &Job<'_>,
    options: &Options,
    first: Found,
    policies: &mut Abridged<'_>,
) -> Result<Outcome, Error> {
    let Found { flow, further } =
        if policies.is_most_telling() { first } else { preferred(asker, job, options, policies)?.unwrap_or(first) };
    let judge = Judge { cluster: job.cluster, claim: job.claim };
    if judge.is_sought(options, &flow) {
        return shown(asker, job, &judge, options, (flow, Vec::new()));
    }
    // R27: pods that nobody has declared may lend their port numbers.
    let lent = match job.claim {
        Claim::NoneCanReach(_) | Claim::NoPath(_) => lenders::find(&judge, job.world, options, &flow),
        Claim::NoGap { .. } => lenders::confirmed(&judge, options, &flow, further),
        _ => None,
    };
    let Some((flow, lenders)) = lent else {
        return Ok(doubt::disagreement(asker, job, &judge, options, flow));
    };
    let cluster = lenders::with(job.cluster, &lenders, &flow);
    let further = lenders.into_iter().map(|lender| lender.pod).collect();
    shown(asker, job, &Judge { cluster: &cluster, claim: job.claim }, options, (flow, further))
}

/// The case, a flow with the further pods that it needs, made small, with the choices of the plugin that it
/// needs.
fn shown(
    asker: &Asker<'_>,
    job: &Job<'_>,
    judge: &Judge<'_>,
    options: &Options,
    (flow, further): (Flow, Vec<PodEnd>),
) -> Result<Outcome, Error> {
    let flow = shrink::shrink(judge, options, flow);
    let needs = needs::of(judge, options, &property::opposite(job.world, job.claim, options), &flow);
    let mut case = Box::new(judge.counterexample(options, &needs, flow));
    case.today &= further.is_empty();
    case.further = further;
    Ok(match job.claim {
        Claim::SomeCanReach(_) => Outcome::Proved(Proof { witness: Some(case), ..Proof::default() }),
        _ => {
            let holds_if = if holds_otherwise(asker, job, &needs)? { needs.opposites } else { Vec::new() };
            Outcome::Refuted(Refutation { counterexample: Some(case), holds_if, ..Refutation::default() })
        }
    })
}

/// Whether the property holds under plugins that make the opposite of the choices that the case needs.
fn holds_otherwise(asker: &Asker<'_>, job: &Job<'_>, needs: &Needs) -> Result<bool, Error> {
    if needs.words.is_empty() {
        return Ok(false);
    }
    let world = World { choices: Choice::all_of(&needs.turned), ..job.world.clone() };
    let again = Job { world: &world, ..*job };
    let asker = Asker { left: asker.session.time_left(), elsewhere: true, ..*asker };
    let group = Group::of_one(asker.at, again);
    let (first, _) = Abridged::new(&asker, &again, group.slice.clone()).first_answer(&asker, &group)?;
    Ok(matches!(first, First::None(_)))
}

/// A case of what exists, the more of it the better: asked with all declared workloads as ends. `None`
/// where the time limit is met.
fn preferred(
    asker: &Asker<'_>,
    job: &Job<'_>,
    options: &Options,
    policies: &mut Abridged<'_>,
) -> Result<Option<Found>, Error> {
    // What no case of fewer policies meets, no case of more does.
    let mut impossible = 0;
    loop {
        match most_telling(asker, job, options, policies.slice(), &mut impossible)? {
            Some(found) if !policies.settles(options, &found.flow) => {}
            settled => return Ok(settled),
        }
    }
}

/// The same by these policies; the first so many preferences are known to be `impossible`.
fn most_telling(
    asker: &Asker<'_>,
    job: &Job<'_>,
    options: &Options,
    slice: Slice,
    impossible: &mut usize,
) -> Result<Option<Found>, Error> {
    let query = Query::new(Setting {
        cluster: job.cluster,
        world: job.world,
        options: *options,
        slice,
        claims: vec![job.claim],
        workloads: ends::declared(job.cluster, job.world, job.claim),
        guarding: property::guarding(job.claim),
    });
    let statements = [
        property::possible(&query, job.claim),
        property::subject(&query, job.claim),
        property::sought(&query, job.claim),
    ];
    asker.session.scoped(|| {
        if query.check(asker.session, &statements) != Answer::Sat {
            return Ok(None);
        }
        for preference in preferences(&query, job.claim).into_iter().skip(*impossible) {
            let answer = query.check_assuming(asker.session, &preference);
            if answer == Answer::Sat
                && let Asked::Case(found) = asker.legal_case(&query, &preference, |_| Ok(()))?
            {
                return Ok(Some(*found));
            }
            *impossible += 1;
        }
        Ok(None)
    })
}

/// What makes a case telling, best first: assumptions to try in turn.
fn preferences(query: &Query<'_>, claim: &Claim) -> Vec<Vec<Statement>> {
    let source = || query.source_declared();
    let destination = || query.destination_declared();
    if claim.is_about_single_pods() {
        return vec![vec![destination()], vec![]];
    }
    let from = || source().or(query.source_outside());
    let to = || destination().or(query.destination_outside());
    let mut telling = vec![vec![source(), destination()], vec![from(), to()], vec![destination()], vec![source()]];
    // An address outside is there already; a pod somebody would have to create.
    telling.extend([vec![from()], vec![to()], vec![]]);
    // Better still if no pod is needed beside the two ends (R27).
    if let Some(alone) = without_further_pods(query, claim) {
        let with = |mut wanted: Vec<Statement>| {
            wanted.push(alone.clone());
            wanted
        };
        let plain: Vec<_> = telling.iter().cloned().map(with).collect();
        telling.splice(0..0, plain);
    }
    telling
}

/// That the case needs no pod beside the two ends, where such a pod can make a difference.
fn without_further_pods(query: &Query<'_>, claim: &Claim) -> Option<Statement> {
    query.can_lend().then_some(())?;
    match claim {
        Claim::NoneCanReach(_) | Claim::NoPath(_) => Some(query.allowed()),
        Claim::NoGap { .. } => Some(query.without_lenders()),
        _ => None,
    }
}
