//! Which policies a proof rests on, when several sets of them would carry it.
//!
//! Z3 names some set that suffices; which one depends on its version. What is shown to people must
//! not, so it is settled here by questions of our own: the policies that tell a reader least are given
//! up first, and each that is kept is one that the proof cannot do without. The result is the same for
//! every solver that answers right. `prove` calls this through [`Query::core`].

use std::collections::BTreeSet;

use super::encode::Part;
use super::query::Query;
use super::solver::{Answer, Session};
use crate::model::policy::Direction;

/// The most questions that are asked to make one core smaller. With n policies in question and k in the
/// core about k times log n are needed; most proofs take one or two.
const MOST_CHECKS: usize = 256;

impl Query<'_> {
    /// After Unsat: policies on whose isolation (or admission, see [`super::Guarding`]) it rests, in their
    /// order. None of them can be left out, unless a limit was met on the way: then there may be more than
    /// needed.
    #[must_use]
    pub fn core(&self, session: &Session) -> Vec<(usize, Direction)> {
        let mut parts = self.parts();
        parts.sort_by_cached_key(|part| self.tells_less(*part));
        self.narrowed(session, &parts).into_iter().collect()
    }

    /// Settles one policy after the other, the least telling one first, which of `open` are needed. What
    /// the solver named last always suffices, and all that is behind the last one it named need not be tried.
    fn narrowed(&self, session: &Session, mut open: &[Part]) -> BTreeSet<Part> {
        let mut core = self.named_in_core(session);
        let mut needed = Vec::new();
        let mut checks = 0;
        loop {
            let mut too_few = 0;
            let mut enough = leading(open, &core);
            let mut tried = enough.saturating_sub(1);
            while too_few < enough {
                if checks == MOST_CHECKS {
                    return core;
                }
                checks += 1;
                let kept = [open.get(..tried).unwrap_or_default(), &needed].concat();
                match session.check(&self.assumptions(&kept)) {
                    Answer::Unknown => return core,
                    Answer::Sat => too_few = tried + 1,
                    Answer::Unsat => {
                        core = self.named_in_core(session);
                        enough = leading(open, &core);
                    }
                }
                tried = usize::midpoint(too_few, enough);
            }
            let Some((last, before)) = open.get(..enough).and_then(<[Part]>::split_last) else { return core };
            needed.push(*last);
            open = before;
        }
    }

    fn named_in_core(&self, session: &Session) -> BTreeSet<Part> {
        let core = session.core();
        let guards = self.guards.borrow();
        guards.iter().filter(|(_, guard)| core.contains(&guard.to_bool())).map(|(part, _)| *part).collect()
    }

    /// A plain default deny tells the reader most: one that selects every pod, and has no rules; and of
    /// two the one that guards the destination. Names settle the rest, so that the order of files does not.
    fn tells_less(&self, (index, direction): Part) -> impl Ord + use<> {
        let policy = self.setting().cluster.policies.get(index);
        let has_rules = policy.and_then(|policy| policy.rules(direction)).is_some_and(|rules| !rules.is_empty());
        let is_choosy = policy.is_some_and(|policy| !policy.pod_selector.selector.is_empty());
        let name = policy.map(|policy| (policy.namespace.clone(), policy.name.clone()));
        (has_rules, is_choosy, direction, name, index)
    }
}

/// How many of the first parts there are up to the last one in the core.
fn leading(parts: &[Part], core: &BTreeSet<Part>) -> usize {
    parts.iter().rposition(|part| core.contains(part)).map_or(0, |at| at + 1)
}
