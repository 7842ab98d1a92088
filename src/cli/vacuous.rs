//! A property or question about nothing, as a fault of the input. `prove` and `query` share this.

use crate::diagnostic::{Code, Diagnostic};
use crate::outcome::Outcome;
use crate::plan::{Item, Plan};
use crate::prove::Answered;
use crate::vacuity::{self, Reason};

/// The faults of all items, in order: `message` says in one sentence which of them is about nothing.
pub(super) fn faults(plan: &Plan, answers: &[Answered], message: impl Fn(&Item) -> String) -> Vec<Diagnostic> {
    let all = plan.items.iter().zip(plan.jobs()).zip(answers);
    let fault = |((item, job), answered): ((&Item, crate::prove::Job<'_>), &Answered)| {
        let fault = Diagnostic::error(Code::Vacuous, message(item));
        if matches!(answered.outcome, Outcome::Vacuous) {
            let fault = fault.at(item.origin, "no flow or pod that could exist is meant by this");
            return Some(because(fault, vacuity::reason(job.cluster, job.world, job.claim)));
        }
        let unserved = vacuity::unserved(job.cluster, job.world, job.claim).filter(|_| !job.allow_vacuous)?;
        Some(because(fault.at(item.origin, "nothing listens there"), Some(unserved)))
    };
    all.filter_map(fault).collect()
}

/// The fault with the reason why there is nothing, as far as that is plain.
pub(super) fn because(fault: Diagnostic, reason: Option<Reason>) -> Diagnostic {
    let Some(Reason { because, help }) = reason else {
        return fault.help(
            "check its selectors, namespaces and ports against the manifests, and against [world] and [trust] of the spec",
        );
    };
    let fault = fault.note(because);
    match help {
        Some(help) => fault.help(help),
        None => fault,
    }
}
