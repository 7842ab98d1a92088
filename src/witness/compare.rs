//! A gap between policies as a case, with the lines of all of them: of the policy that acts, and of
//! those that would have to act alike and do not.

use super::blame::{admission, of_flow};
use crate::describe;
use crate::eval::algebra::{self, subject};
use crate::eval::trace::{PeersTrace, PolicyTrace, PortsTrace, RuleTrace};
use crate::eval::verdict_among;
use crate::model::algebra::{Gap, PolicySet};
use crate::model::net::Flow;
use crate::model::options::Options;
use crate::model::policy::{Direction, Peers, Policy, Rule};
use crate::model::workload::Cluster;
use crate::outcome::{Blame, Case, Part, SetVerdict};

/// How many of many policies that fall short are shown, and how many rules of each.
const SHOWN: usize = 4;

/// The case and its lines, where the flow falls into the gap.
pub(super) fn case(cluster: &Cluster, options: &Options, gap: &Gap, flow: &Flow) -> Option<(Case, Vec<Blame>)> {
    if let Gap::Verdict { one, other, .. } = gap {
        return Some(verdicts(cluster, options, [one, other], flow));
    }
    let subject = Box::new(subject(gap, flow).pod()?.clone());
    let gaps = Gaps { cluster, options, gap, flow };
    let shown = (!gap.is_about_single_pods()).then(|| Box::new(flow.clone()));
    let acting = gap.acting().iter().flat_map(|index| gaps.acting(*index));
    let blames = acting.chain(gaps.others()).collect();
    Some((Case::Gap { gap: gap.clone(), subject, flow: shown }, blames))
}

/// What the first set of policies allows and the second does not, with the lines that let it through
/// here and those that stop it there.
fn verdicts(cluster: &Cluster, options: &Options, sets: [&PolicySet; 2], flow: &Flow) -> (Case, Vec<Blame>) {
    let [(allows, mut blames), (denies, stopping)] = sets.map(|set| {
        let (verdict, trace) = verdict_among(cluster, &set.policies, options, flow);
        let blames = of_flow(cluster, verdict, &trace);
        (SetVerdict { set: set.name.clone(), trace }, blames)
    });
    blames.extend(stopping);
    (Case::Verdicts { flow: Box::new(flow.clone()), allows, denies }, blames)
}

struct Gaps<'a> {
    cluster: &'a Cluster,
    options: &'a Options,
    gap: &'a Gap,
    flow: &'a Flow,
}

impl Gaps<'_> {
    /// Lines of a policy that does something here.
    fn acting(&self, index: usize) -> Vec<Blame> {
        let Some(policy) = self.cluster.policies.get(index) else { return Vec::new() };
        match self.gap {
            Gap::Admission { direction, .. } => self.admitting(index, policy, *direction),
            Gap::Isolation { direction, .. } => {
                let text = format!("isolates {} for {direction}", describe::selected(policy));
                vec![selector_line(index, policy, *direction, Part::Isolates, text)]
            }
            Gap::Overlap { .. } => {
                let text = format!("selects {}", describe::selected(policy));
                vec![selector_line(index, policy, any_direction(policy), Part::Isolates, text)]
            }
            Gap::Verdict { .. } => Vec::new(),
        }
    }

    fn admitting(&self, index: usize, policy: &Policy, direction: Direction) -> Vec<Blame> {
        let trace = self.trace(index, direction);
        let rules = policy.rules(direction).unwrap_or_default().iter().zip(trace.iter().flat_map(|trace| &trace.rules));
        let matching = rules.enumerate().filter(|(_, (_, reason))| reason.matches());
        let blame = |(at, (rule, reason))| admission(index, policy, direction, at, rule, reason);
        matching.map(blame).collect()
    }

    fn trace(&self, index: usize, direction: Direction) -> Option<PolicyTrace> {
        algebra::trace(self.cluster, self.options, index, direction, self.flow)
    }

    /// The policies that the first is held against; of many those that come nearest.
    fn others(&self) -> Vec<Blame> {
        if matches!(self.gap, Gap::Overlap { .. }) {
            return self.gap.others().iter().flat_map(|index| self.acting(*index)).collect();
        }
        let mut others = self.gap.others().to_vec();
        others.sort_by_key(|index| !self.selects(*index));
        others.into_iter().take(SHOWN).flat_map(|index| self.lacking(index)).collect()
    }

    fn selects(&self, index: usize) -> bool {
        let pod = subject(self.gap, self.flow).pod();
        self.cluster.policies.get(index).zip(pod).is_some_and(|(one, pod)| algebra::selects(self.options, one, pod))
    }

    /// Why a policy does not do what the first one does: it acts elsewhere, has not the direction,
    /// selects other pods, or admits other flows.
    fn lacking(&self, index: usize) -> Vec<Blame> {
        let (Some(policy), Some(direction)) = (self.cluster.policies.get(index), self.gap.direction()) else {
            return Vec::new();
        };
        let because = |text| vec![lacks(index, policy, direction, text)];
        let Some(rules) = policy.rules(direction) else {
            let (path, origin) = ("policyTypes".to_owned(), policy.name_origin);
            return vec![Blame {
                path,
                origin,
                ..lacks(index, policy, direction, format!("does not speak about {direction}"))
            }];
        };
        if !self.selects(index) {
            return because(format!("selects {}, and not this pod", describe::selected(policy)));
        }
        if rules.is_empty() {
            return because(format!("admits nothing for {direction}"));
        }
        let trace = self.trace(index, direction);
        let reasons = rules.iter().zip(trace.iter().flat_map(|trace| &trace.rules)).enumerate().take(SHOWN);
        reasons.map(|(at, (rule, reason))| missing(index, policy, direction, at, rule, reason)).collect()
    }
}

/// The line that says which pods a policy selects.
fn selector_line(index: usize, policy: &Policy, direction: Direction, part: Part, text: String) -> Blame {
    Blame { part, ..lacks(index, policy, direction, text) }
}

fn lacks(index: usize, policy: &Policy, direction: Direction, text: String) -> Blame {
    let (path, origin) = ("podSelector".to_owned(), policy.pod_selector.origin);
    Blame { policy: index, direction, part: Part::Lacks, path, origin, text }
}

fn any_direction(policy: &Policy) -> Direction {
    if policy.ingress.is_some() { Direction::Ingress } else { Direction::Egress }
}

/// A rule that does not admit the flow, with what it admits instead.
fn missing(index: usize, policy: &Policy, direction: Direction, at: usize, rule: &Rule, reason: &RuleTrace) -> Blame {
    let admits = match &rule.peers {
        Peers::All => "everything".to_owned(),
        Peers::AnyOf(peers) => peers.iter().map(|peer| describe::peer(policy, peer)).collect::<Vec<_>>().join(" or "),
    };
    let end = match direction {
        Direction::Ingress => "source",
        Direction::Egress => "destination",
    };
    let peer_missed = matches!(reason.peers, PeersTrace::Missed(_));
    let port_missed = matches!(reason.ports, PortsTrace::Missed(_) | PortsTrace::Barred);
    let not = match (peer_missed, port_missed) {
        (true, true) => format!("neither this {end} nor this port"),
        (true, false) => format!("not this {end}"),
        (false, _) => "not this port".to_owned(),
    };
    let text = format!("admits {admits}, {}: {not}", describe::ports(rule));
    Blame { path: format!("{direction}[{at}]"), origin: rule.origin, ..lacks(index, policy, direction, text) }
}
