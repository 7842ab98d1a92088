//! All flows that pass, as candidates: what each door of the one side lets through, cut by what the other side does.
//!
//! A door whose flows all pass the other side stays whole; that is asked of the solver, for it is what keeps lists
//! short. Else it is cut into what nothing isolates there and what each rule there admits.

use super::candidate::{Candidate, Way};
use super::check::{Checker, Stop};
use super::doors::{Door, Opening, View};
use super::ends::Ends;
use super::product::Product;
use crate::model::claim::FlowSet;
use crate::model::policy::Direction;

/// More candidates than anybody would read; beyond this the search ends.
pub(super) const MOST: usize = 4096;
/// Exceptions that are looked at one by one whether they are needed.
const MOST_EXCEPTIONS: usize = 64;

/// All flows of the product that pass. `first` is the side that fewer doors are expected on.
///
/// # Errors
/// [`Stop`] where the solver does not decide, and where there are more than [`MOST`].
pub(super) fn allowed(
    view: &View<'_>,
    checker: &Checker<'_>,
    within: &Product,
    first: Direction,
) -> Result<Vec<Candidate>, Stop> {
    let doors = view.openings(first, within);
    through(view, checker, first, doors)
}

/// What passes through these doors of the one side, and the other side as well.
pub(super) fn through(
    view: &View<'_>,
    checker: &Checker<'_>,
    first: Direction,
    doors: Vec<Opening>,
) -> Result<Vec<Candidate>, Stop> {
    let other = opposite(first);
    let free = |opening: &Opening| view.isolating(other, subject(other, &opening.flows)).next().is_none();
    let is_free: Vec<bool> = doors.iter().map(free).collect();
    let in_doubt: Vec<_> = doors.iter().zip(&is_free).filter(|(_, free)| !**free).map(|(door, _)| door).collect();
    let whole = all_pass(checker, &in_doubt.iter().map(|opening| opening.flows.flows()).collect::<Vec<_>>())?;
    let mut whole = whole.into_iter();
    let mut candidates = Vec::new();
    for (opening, is_free) in doors.iter().zip(is_free) {
        if is_free || whole.next().unwrap_or(false) {
            let there = is_free.then_some(Door::Open);
            candidates.push(Candidate::new(opening.flows.clone(), way(first, opening.door, there)));
        } else {
            candidates.extend(cut(view, checker, first, opening)?);
        }
        if candidates.len() > MOST {
            return Err(too_many());
        }
    }
    Ok(candidates)
}

pub(super) fn too_many() -> Stop {
    Stop::Undecided(format!("more than {MOST} classes: ask about less at a time, about one workload and its ports"))
}

fn cut(view: &View<'_>, checker: &Checker<'_>, first: Direction, opening: &Opening) -> Result<Vec<Candidate>, Stop> {
    let other = opposite(first);
    let mut cut = Vec::new();
    for there in view.openings(other, &opening.flows) {
        let way = way(first, opening.door, Some(there.door));
        let flows = if there.door == Door::Open { widened(view, checker, other, there.flows)? } else { there.flows };
        cut.push(Candidate::new(flows, way));
    }
    Ok(cut)
}

/// Without the exceptions that need not be made: pods that a policy isolates, and whose flows pass all the same.
fn widened(view: &View<'_>, checker: &Checker<'_>, side: Direction, flows: Product) -> Result<Product, Stop> {
    let gone = subject(side, &flows).except.clone();
    if gone.is_empty() || gone.len() > MOST_EXCEPTIONS {
        return Ok(flows);
    }
    let of = |plain: &super::ends::Plain| {
        let only = Ends { plain: plain.clone(), except: Vec::new() };
        let whole = Ends { except: Vec::new(), ..subject(side, &flows).clone() };
        let ends = whole.and(&only, view.cluster);
        ends.into_iter().flat_map(|ends| with_subject(side, &flows, ends).flows()).collect::<Vec<_>>()
    };
    let pass = all_pass(checker, &gone.iter().map(of).collect::<Vec<_>>())?;
    let needed = gone.into_iter().zip(pass).filter(|(_, pass)| !pass).map(|(plain, _)| plain).collect();
    let ends = Ends { except: needed, ..subject(side, &flows).clone() };
    Ok(with_subject(side, &flows, ends))
}

/// For each list of sets whether all flows of all of them pass.
fn all_pass(checker: &Checker<'_>, lists: &[Vec<FlowSet>]) -> Result<Vec<bool>, Stop> {
    let mut answers = checker.every(&lists.concat())?.into_iter();
    let of = |list: &Vec<FlowSet>| answers.by_ref().take(list.len()).filter(|pass| !pass).count() == 0;
    Ok(lists.iter().map(of).collect())
}

fn way(first: Direction, here: Door, there: Option<Door>) -> Way {
    match first {
        Direction::Ingress => Way { ingress: Some(here), egress: there },
        Direction::Egress => Way { egress: Some(here), ingress: there },
    }
}

pub(super) fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Ingress => Direction::Egress,
        Direction::Egress => Direction::Ingress,
    }
}

fn subject(direction: Direction, flows: &Product) -> &Ends {
    match direction {
        Direction::Ingress => &flows.destinations,
        Direction::Egress => &flows.sources,
    }
}

fn with_subject(direction: Direction, flows: &Product, ends: Ends) -> Product {
    match direction {
        Direction::Ingress => Product { destinations: ends, ..flows.clone() },
        Direction::Egress => Product { sources: ends, ..flows.clone() },
    }
}
