//! What this semantics holds of one concrete flow, policy by policy: for the report of a disagreement.
//!
//! The verdict is not taken from here. `prove` calls this once `eval` has contradicted the solver.

use super::query::Query;
use super::solver::{Answer, Session, Statement};
use crate::model::net::Flow;
use crate::model::policy::Direction;

/// A policy that isolates an end of a flow for a direction, and whether a rule of it admits the flow.
pub type Isolating = (usize, Direction, bool);

impl Query<'_> {
    /// The policies that isolate an end of the flow. For questions about `single_pods` the end is the
    /// destination for either direction. `None` where the flow has no place in this question, or the
    /// solver does not say within its limits.
    #[must_use]
    pub fn testimony(&self, session: &Session, flow: &Flow, single_pods: bool) -> Option<Vec<Isolating>> {
        let pinned = self.pinned(flow)?;
        let holds = |statement: Statement| match self.check_assuming(session, &[pinned.clone(), statement]) {
            Answer::Sat => Some(true),
            Answer::Unsat => Some(false),
            Answer::Unknown => None,
        };
        let mut isolating = Vec::new();
        for direction in [Direction::Egress, Direction::Ingress] {
            for &index in self.setting().slice.of(direction) {
                let (selects, admits) = self.parts_of(index, direction, single_pods)?;
                if holds(selects)? {
                    isolating.push((index, direction, holds(admits)?));
                }
            }
        }
        Some(isolating)
    }

    /// R1 and R5: the policy selects the end; a rule of it admits the flow.
    fn parts_of(&self, index: usize, direction: Direction, single_pods: bool) -> Option<(Statement, Statement)> {
        let encoder = self.encoder(None);
        let policy = self.setting().cluster.policies.get(index)?;
        let (subject, other) = encoder.subject_and_other(direction);
        let subject = if single_pods { &self.destination } else { subject };
        let admits = encoder.admits(policy, direction, subject, other);
        Some((Statement(encoder.selects(policy, subject)), Statement(admits)))
    }
}
