//! A concrete case as a report shows it: its ends, what becomes of it, and the lines at fault.

use super::super::CaseReport;
use super::Words;
use crate::model::net::{End, Flow, PodEnd, Protocol};
use crate::model::policy::Direction;
use crate::outcome::{Case, Counterexample};

impl Words<'_> {
    pub(crate) fn case(&self, counterexample: &Counterexample) -> CaseReport {
        match &counterexample.case {
            Case::Path { steps } => self.path(counterexample, steps),
            Case::Open { pod, directions } => {
                let open = directions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
                let enters = Some(format!("no policy isolates it for {open}"));
                CaseReport { enters, ..self.of_pod(counterexample, pod, "is open") }
            }
            Case::Gap { gap, subject, flow: None } => CaseReport {
                half: Some(gap.name().into()),
                differs: Some(self.differs(gap)),
                ..self.of_pod(counterexample, subject, "is such a pod")
            },
            Case::Gap { gap, flow: Some(flow), .. } => CaseReport {
                half: Some(gap.name().into()),
                differs: Some(self.differs(gap)),
                ..self.of_flow(counterexample, flow, "could open this")
            },
            Case::Verdicts { flow, allows, denies } => CaseReport {
                half: Some("verdict".into()),
                sets: [allows, denies].map(|verdict| self.set_verdict(verdict, flow)).to_vec(),
                try_it: self.try_it(flow),
                ..self.of_flow(counterexample, flow, "could open this")
            },
            Case::Flow { flow, trace } => {
                let allowed = trace.egress.allows() && trace.ingress.allows();
                let does = if allowed { "can do this" } else { "is kept from this" };
                CaseReport {
                    allowed: Some(allowed),
                    leaves: Some(self.side(Direction::Egress, &trace.egress, &flow.source)),
                    enters: Some(self.side(Direction::Ingress, &trace.ingress, &flow.destination)),
                    try_it: self.try_it(flow),
                    ..self.of_flow(counterexample, flow, does)
                }
            }
        }
    }

    /// From where the first step begins to where the last one ends.
    fn path(&self, counterexample: &Counterexample, steps: &[Counterexample]) -> CaseReport {
        let flows: Vec<&Flow> = steps.iter().filter_map(flow_of).collect();
        let stations = flows.iter().take(1).map(|flow| &flow.source);
        let stations: Vec<&End> = stations.chain(flows.iter().map(|flow| &flow.destination)).collect();
        let words = self.today(&stations, &counterexample.further, "can begin this");
        let steps: Vec<CaseReport> = steps.iter().map(|step| self.case(step)).collect();
        let mut whole = match flows.last() {
            Some(last) => self.of_flow(counterexample, last, ""),
            None => self.common(counterexample, &End::External(std::net::Ipv4Addr::UNSPECIFIED.into()), String::new()),
        };
        whole.source = steps.first().and_then(|step| step.source.clone()).or(whole.source);
        CaseReport { allowed: Some(true), today_words: words, steps, ..whole }
    }

    fn of_flow(&self, counterexample: &Counterexample, flow: &Flow, does: &str) -> CaseReport {
        let words = self.today(&[&flow.source, &flow.destination], &counterexample.further, does);
        CaseReport {
            source: Some(self.end(&flow.source)),
            protocol: Some(flow.protocol.to_string()),
            port: (flow.protocol != Protocol::Other).then_some(flow.port),
            ..self.common(counterexample, &flow.destination, words)
        }
    }

    fn of_pod(&self, counterexample: &Counterexample, pod: &PodEnd, does: &str) -> CaseReport {
        let end = End::Pod(pod.clone());
        self.common(counterexample, &end, self.today(&[&end], &[], does))
    }

    /// What every case has; the rest is left open.
    fn common(&self, counterexample: &Counterexample, destination: &End, today_words: String) -> CaseReport {
        CaseReport {
            source: None,
            destination: self.end(destination),
            protocol: None,
            port: None,
            allowed: None,
            today: counterexample.today,
            today_words,
            leaves: None,
            enters: None,
            further: counterexample.further.iter().map(|pod| self.lender(pod)).collect(),
            half: None,
            differs: None,
            sets: Vec::new(),
            steps: Vec::new(),
            needs: counterexample.needs.clone(),
            blames: counterexample.blames.iter().filter_map(|blame| self.blame(blame)).collect(),
            try_it: None,
        }
    }
}

fn flow_of(step: &Counterexample) -> Option<&Flow> {
    match &step.case {
        Case::Flow { flow, .. } => Some(flow),
        _ => None,
    }
}
