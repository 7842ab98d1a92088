//! What waivers make of the answers.
//!
//! A waiver accepts a refutation up to and with its last day. It never hides one: every format shows
//! what is waived, why and until when. [`build`](super::build) and the `prove` command call this module.

use std::collections::BTreeMap;

use super::{WaiverReport, WaiverState};
use crate::date::Date;
use crate::diagnostic::{Code, Diagnostic};
use crate::outcome::Outcome;
use crate::plan::{Item, Plan};
use crate::prove::Answered;
use crate::source::Origin;

/// Whether the answer is a refutation that a waiver accepts on this day.
#[must_use]
pub fn is_waived(item: &Item, outcome: &Outcome, today: Date) -> bool {
    state(item, outcome, today) == Some(WaiverState::Waived)
}

/// What becomes of the waiver of an item, if it has one.
fn state(item: &Item, outcome: &Outcome, today: Date) -> Option<WaiverState> {
    let waiver = item.waiver.as_ref()?;
    Some(match outcome {
        Outcome::Refuted(_) if today <= waiver.until => WaiverState::Waived,
        Outcome::Refuted(_) => WaiverState::Expired,
        Outcome::Proved(_) | Outcome::Unknown(_) | Outcome::Vacuous | Outcome::Disagreement(_) => WaiverState::Unused,
    })
}

/// The waiver of an item, as reports show it.
pub(super) fn report(item: &Item, outcome: &Outcome, today: Date) -> Option<WaiverReport> {
    let waiver = item.waiver.as_ref()?;
    let state = state(item, outcome, today)?;
    let (until, reason) = (waiver.until, waiver.reason.split_whitespace().collect::<Vec<_>>().join(" "));
    let words = match state {
        WaiverState::Waived => format!("until {until}: {reason}"),
        WaiverState::Expired => format!("expired, the last day was {until}: {reason}"),
        WaiverState::Unused => format!("not needed here (until {until}): {reason}"),
    };
    Some(WaiverReport { state, until: until.to_string(), reason: waiver.reason.clone(), words })
}

/// A warning for each waiver of which nothing is left: all that it covers is proved.
#[must_use]
pub fn unneeded(plan: &Plan, answers: &[Answered]) -> Vec<Diagnostic> {
    let mut waivers: BTreeMap<Origin, (&Item, bool)> = BTreeMap::new();
    for (item, answered) in plan.items.iter().zip(answers) {
        let Some(waiver) = &item.waiver else { continue };
        let proved = matches!(answered.outcome, Outcome::Proved(_));
        waivers.entry(waiver.property.origin).or_insert((item, true)).1 &= proved;
    }
    let unneeded = waivers.into_iter().filter(|(_, (_, all_proved))| *all_proved);
    unneeded.map(|(origin, (item, _))| warning(origin, &item.name)).collect()
}

fn warning(origin: Origin, property: &str) -> Diagnostic {
    Diagnostic::warning(Code::UnusedWaiver, format!("`{property}` is proved, and its waiver waives nothing"))
        .at(origin, "not needed")
        .note("Left in place, it would accept the next refutation unseen.")
        .help("remove this [[waiver]]")
}
