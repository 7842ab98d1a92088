//! Words about sets of policies compared: how they do, and what each makes of a flow.

use super::super::{SetVerdictReport, SetsReport};
use super::Words;
use crate::model::net::Flow;
use crate::model::policy::Direction;
use crate::outcome::{Permits, SetVerdict, SetsAnswer};

impl Words<'_> {
    /// How two sets compare; `proved` where what was asserted of them holds.
    pub(super) fn sets(&self, answer: &SetsAnswer, proved: bool) -> SetsReport {
        SetsReport {
            one: answer.one.clone(),
            other: answer.other.clone(),
            permits: answer.permits,
            words: words(answer, proved),
            back: answer.back.as_ref().map(|case| Box::new(self.case(case))),
        }
    }

    /// What a set makes of the flow.
    pub(super) fn set_verdict(&self, verdict: &SetVerdict, flow: &Flow) -> SetVerdictReport {
        let SetVerdict { set, trace } = verdict;
        let leaves = self.side(Direction::Egress, &trace.egress, &flow.source);
        let enters = self.side(Direction::Ingress, &trace.ingress, &flow.destination);
        let words = match (trace.egress.allows(), trace.ingress.allows()) {
            (true, true) => format!("{set}: it leaves ({leaves}) and enters ({enters})"),
            (false, true) => format!("{set}: it does not leave ({leaves})"),
            (true, false) => format!("{set}: it does not enter ({enters})"),
            (false, false) => format!("{set}: it neither leaves ({leaves}) nor enters ({enters})"),
        };
        let allowed = trace.egress.allows() && trace.ingress.allows();
        SetVerdictReport { set: set.clone(), allowed, leaves, enters, words }
    }
}

fn words(SetsAnswer { one, other, permits, .. }: &SetsAnswer, proved: bool) -> String {
    match permits {
        Some(Permits::Equal) => format!("{one} and {other} permit the same flows"),
        Some(Permits::Less) => format!("{other} permits all that {one} permits, and more"),
        Some(Permits::More) => format!("{one} permits all that {other} permits, and more"),
        Some(Permits::Neither) => format!("{one} and {other} each permit flows that the other does not"),
        None if proved => format!("{one} permits no more than {other}; whether less was not decided in time"),
        None => format!("{one} and {other} do not permit the same; whether each permits more was not decided in time"),
    }
}
