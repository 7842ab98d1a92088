//! Gaps between policies over symbolic ends: the mirror of `eval::algebra`.
//!
//! The policies that have to close a gap carry the guards, so that a proof names those that do: of a
//! set that allows no more than another, what it isolates, and of the other what it admits.
//! `query` alone calls this module.

use super::encode::{Encoder, Guarding};
use super::slice::Slice;
use super::term::Term;
use crate::model::algebra::{Gap, PolicySet};
use crate::model::policy::{Direction, Policy};

impl Encoder<'_> {
    /// The flow falls into the gap; for a gap of single pods, its destination does.
    pub(crate) fn falls_into(&self, gap: &Gap) -> Term {
        let guard = |kind, direction, index: &usize| self.guard(kind, (*index, direction));
        match gap {
            Gap::Isolation { direction, policy, by } => {
                let covers = |index: &usize| {
                    self.isolates(*index, *direction).and(guard(Guarding::Isolation, *direction, index))
                };
                self.isolates(*policy, *direction).and(Term::any(by.iter().map(covers)).not())
            }
            Gap::Admission { direction, policy, by } => {
                let covers = |index: &usize| {
                    self.admitted_by(*index, *direction).and(guard(Guarding::Admission, *direction, index))
                };
                self.admitted_by(*policy, *direction).and(Term::any(by.iter().map(covers)).not())
            }
            Gap::Overlap { one, other } => self.selects_destination(*one).and(self.selects_destination(*other)),
            Gap::Verdict { one, other, within } => {
                let allowed = |set: &PolicySet, guarding| {
                    // What is left out of the question cannot matter to it.
                    let slice = &Slice::of_set(self.cluster, &set.policies).intersection(self.slice);
                    Encoder { slice, guarding, ..*self }.allowed()
                };
                let beyond = allowed(other, Guarding::Admission).not();
                let meant = within.as_ref().map_or(Term::TRUE, |flows| self.flow_in(flows));
                Term::all([meant, allowed(one, Guarding::Isolation), beyond])
            }
        }
    }

    fn selects_destination(&self, index: usize) -> Term {
        self.cluster.policies.get(index).map_or(Term::FALSE, |policy| self.selects(policy, self.destination))
    }

    /// R2 to R4: the policy has the direction and selects the destination.
    fn isolates(&self, index: usize, direction: Direction) -> Term {
        let speaks = |policy: &Policy| policy.rules(direction).is_some();
        Term::Const(self.cluster.policies.get(index).is_some_and(speaks)).and(self.selects_destination(index))
    }

    /// R5, R8: the policy selects the end that the direction is about, and some rule of it matches.
    fn admitted_by(&self, index: usize, direction: Direction) -> Term {
        let (subject, other) = self.subject_and_other(direction);
        self.cluster.policies.get(index).map_or(Term::FALSE, |policy| self.admits(policy, direction, subject, other))
    }
}
