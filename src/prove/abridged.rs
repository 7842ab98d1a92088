//! Claims about the pods of many namespaces: asked without most of their policies first, and with those of a
//! namespace once a case needs them.
//!
//! A policy selects pods of its own namespace alone (R1), and a pod that none selects is open (R2). So without all
//! the policies that a namespace has for a direction more flows pass, and fewer pods are isolated. Where no case is
//! found then, there is none at all; a case that is found is put to `eval`, which knows every policy, and where that
//! does not confirm it the policies of its pods' namespaces come in and the question is asked again. A property thus
//! costs what the policies cost that matter to it, be the cluster as large as it may.
//!
//! A comparison of two sets of policies leaves out, on both sides, those of namespaces where the sets say the same. A flow passes where
//! its source is let out and its destination admitted, each as the policies of its own namespace say. Where both sets agree on an end, a flow
//! that the one lets pass and the other does not is told apart at its other end, and is told apart there without them as well: so again
//! only more cases are found. `prove` alone calls this module.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::group::{Asker, First, Found, Group};
use super::{Job, LeftOut, group};
use crate::error::Error;
use crate::model::algebra::Gap;
use crate::model::claim::Claim;
use crate::model::net::{End, Flow};
use crate::model::options::Options;
use crate::model::policy::Direction;
use crate::model::workload::Cluster;
use crate::symbolic::Slice;
use crate::witness::{Judge, today};

/// The most policies of a direction that are asked about as they are, unless somebody says otherwise. Up to here
/// it takes longer to ask twice.
pub(super) const WHOLE_UP_TO: usize = group::MOST_POLICIES;

/// The policies that can matter to a claim, but for those of some namespaces.
pub(super) struct Abridged<'a> {
    job: Job<'a>,
    whole: Slice,
    egress: Side<'a>,
    ingress: Side<'a>,
    /// How often something was brought in.
    rounds: u32,
    /// Whether the first case is one of declared workloads already.
    is_of_today: bool,
}

/// The namespaces whose policies are left out for a direction.
#[derive(Default)]
struct Side<'a> {
    hidden: BTreeSet<&'a str>,
}

impl<'a> Abridged<'a> {
    /// Leaves out what the claim can do without at first. Nothing where the questions are shown to somebody, who
    /// wants to see the one that decides with all that it is about.
    pub(super) fn new(asker: &Asker<'_>, job: &Job<'a>, whole: Slice) -> Abridged<'a> {
        let is_exact = asker.recorder.is_some() || !may_be_abridged(job.claim);
        let most = if is_exact { usize::MAX } else { asker.limits.whole_up_to };
        let side = |direction| {
            let policies = whole.of(direction);
            match job.claim {
                _ if policies.len() <= most => Side::default(),
                Claim::NoGap { gap: Gap::Verdict { one, other, .. }, .. } => {
                    Side { hidden: one.namespaces_alike(other, job.cluster, direction) }
                }
                _ => Side::of(job.cluster, policies),
            }
        };
        Abridged {
            egress: side(Direction::Egress),
            ingress: side(Direction::Ingress),
            job: *job,
            whole,
            rounds: 0,
            is_of_today: false,
        }
    }

    /// Whether the first answer is as telling as any can be.
    pub(super) fn is_most_telling(&self) -> bool {
        self.is_of_today
    }

    /// The namespaces whose policies are left out now.
    pub(super) fn left_out(&self) -> LeftOut {
        let names = |side: &Side<'_>| side.hidden.iter().map(|name| (*name).to_owned()).collect();
        LeftOut { egress: names(&self.egress), ingress: names(&self.ingress) }
    }

    /// The policies that are asked about now.
    pub(super) fn slice(&self) -> Slice {
        let shown = |side: &Side<'_>, policies: &[usize]| {
            let is_shown = |index: &&usize| !side.hides(self.job.cluster, **index);
            policies.iter().filter(is_shown).copied().collect()
        };
        Slice { ingress: shown(&self.ingress, &self.whole.ingress), egress: shown(&self.egress, &self.whole.egress) }
    }

    /// Whether the flow is what was sought, or at least nothing was left out that could say otherwise. Else brings
    /// in the policies of its pods' namespaces, and the more of others the more often this was needed.
    pub(super) fn settles(&mut self, options: &Options, flow: &Flow) -> bool {
        let judge = Judge { cluster: self.job.cluster, claim: self.job.claim };
        if judge.is_sought(options, flow) {
            return true;
        }
        let more = (1_usize << self.rounds.min(usize::BITS - 2)) - 1;
        let source = if self.job.claim.is_about_single_pods() { &flow.destination } else { &flow.source };
        // Both are asked, whatever the first says.
        let brought = [self.egress.show(source, more), self.ingress.show(&flow.destination, more)];
        self.rounds += 1;
        !brought.contains(&true)
    }

    /// A case of what is declared, where one is found by trying. Nothing is more telling, so no other is looked for.
    fn today(&mut self, options: &Options) -> Option<Found> {
        let judge = Judge { cluster: self.job.cluster, claim: self.job.claim };
        self.is_abridged().then_some(())?;
        let flow = today::case(&judge, options)?;
        self.is_of_today = true;
        Some(Found { flow, further: Vec::new() })
    }

    /// Whether some policies are left out.
    fn is_abridged(&self) -> bool {
        !self.egress.hidden.is_empty() || !self.ingress.hidden.is_empty()
    }

    /// The solver's first word on the claim, and the time it took.
    pub(super) fn first_answer(&mut self, asker: &Asker<'_>, group: &Group<'a>) -> Result<(First, Duration), Error> {
        let start = Instant::now();
        if let Some(found) = self.today(&group.options) {
            return Ok((First::Some(Box::new(found)), start.elapsed()));
        }
        loop {
            let asker = asker.with_time(asker.left.saturating_sub(start.elapsed()));
            let answer = group.about(self.slice()).first_answers(&asker)?.pop();
            let first = answer.map_or(First::Stolen, |(first, _)| first);
            match &first {
                First::Some(found) if !self.settles(&group.options, &found.flow) => {}
                _ => return Ok((first, start.elapsed())),
            }
        }
    }
}

impl<'a> Side<'a> {
    fn of(cluster: &'a Cluster, policies: &[usize]) -> Side<'a> {
        let namespaces = policies.iter().filter_map(|index| cluster.policies.get(*index));
        Side { hidden: namespaces.map(|policy| policy.namespace.as_str()).collect() }
    }

    fn hides(&self, cluster: &Cluster, policy: usize) -> bool {
        let namespace = cluster.policies.get(policy).map(|policy| policy.namespace.as_str());
        namespace.is_some_and(|namespace| self.hidden.contains(namespace))
    }

    /// Brings in the end's namespace and so many more, where it is hidden.
    fn show(&mut self, end: &End, more: usize) -> bool {
        let is_hidden = end.pod().is_some_and(|pod| self.hidden.remove(pod.namespace.name.as_str()));
        if is_hidden {
            let others: Vec<&str> = self.hidden.iter().take(more).copied().collect();
            others.into_iter().for_each(|name| {
                self.hidden.remove(name);
            });
        }
        is_hidden
    }
}

/// Whether without policies there can only be more cases. A flow that is denied may be denied by any policy, and
/// other gaps are about the policies that they name; a path is asked step by step, each of which comes here by itself.
fn may_be_abridged(claim: &Claim) -> bool {
    match claim {
        Claim::NoneCanReach(_) | Claim::SomeCanReach(_) | Claim::Isolated { .. } => true,
        Claim::NoGap { gap, .. } => matches!(gap, Gap::Verdict { .. }),
        Claim::EveryCanReach(_) | Claim::NoPath(_) | Claim::Compared(_) => false,
    }
}
