//! What one policy does, apart from all others, and whether a pod or flow falls into a gap between
//! policies.
//!
//! Exemptions (R30 to R32) play no part where single policies are compared: they are not the doing of
//! any policy. Sets of policies are compared by their verdicts, exemptions and all. Everybody above the
//! model may call this, except `symbolic`, which mirrors it.

use crate::model::algebra::{Gap, PolicySet};
use crate::model::net::{End, Flow, PodEnd};
use crate::model::options::Options;
use crate::model::policy::{Direction, Policy};
use crate::model::workload::Cluster;

use super::end::counts_as_node;
use super::trace::{PolicyTrace, RuleTrace, Verdict};
use super::{Question, policy_trace, selector, verdict_among};

/// Whether the policy selects the pod. R1, R14: a pod of its namespace whose labels match. R33: a pod
/// that counts as its node is never selected.
#[must_use]
pub fn selects(options: &Options, policy: &Policy, pod: &PodEnd) -> bool {
    !counts_as_node(options, pod.host_network)
        && policy.namespace == pod.namespace.name
        && selector::matches(&policy.pod_selector.selector, &pod.labels)
}

/// Whether the policy isolates the pod for the direction. R2 to R4: it selects it and has the direction.
#[must_use]
pub fn isolates(options: &Options, policy: &Policy, direction: Direction, pod: &PodEnd) -> bool {
    policy.rules(direction).is_some() && selects(options, policy, pod)
}

/// The policy's rules against the flow, for the end that the direction is about; `None` where the
/// policy does not isolate that end.
#[must_use]
pub fn trace(
    cluster: &Cluster,
    options: &Options,
    policy: usize,
    direction: Direction,
    flow: &Flow,
) -> Option<PolicyTrace> {
    let question = Question { cluster, options, flow, among: None };
    let (own, _) = question.ends(direction);
    let found = cluster.policies.get(policy)?;
    let isolated = own.pod().is_some_and(|pod| isolates(options, found, direction, pod));
    isolated.then(|| policy_trace(question, direction, policy, found, found.rules(direction).unwrap_or_default()))
}

/// Whether a rule of the policy admits the flow for the direction (R5, R8).
#[must_use]
pub fn admits(cluster: &Cluster, options: &Options, policy: usize, direction: Direction, flow: &Flow) -> bool {
    trace(cluster, options, policy, direction, flow).is_some_and(|trace| trace.rules.iter().any(RuleTrace::matches))
}

/// Whether the flow falls into the gap; for a gap of single pods, whether its destination does.
#[must_use]
pub fn falls_into(cluster: &Cluster, options: &Options, gap: &Gap, flow: &Flow) -> bool {
    let any = |policies: &[usize], acts: &dyn Fn(usize) -> bool| policies.iter().any(|index| acts(*index));
    match gap {
        Gap::Isolation { direction, .. } => {
            let acts =
                |index| of_destination(cluster, index, flow, |policy, pod| isolates(options, policy, *direction, pod));
            any(gap.acting(), &acts) && !any(gap.others(), &acts)
        }
        Gap::Admission { direction, .. } => {
            let acts = |index| admits(cluster, options, index, *direction, flow);
            any(gap.acting(), &acts) && !any(gap.others(), &acts)
        }
        Gap::Overlap { .. } => {
            let acts = |index| of_destination(cluster, index, flow, |policy, pod| selects(options, policy, pod));
            any(gap.acting(), &acts) && any(gap.others(), &acts)
        }
        Gap::Verdict { one, other, within } => {
            let allows = |set: &PolicySet| verdict_among(cluster, &set.policies, options, flow).0 == Verdict::Allowed;
            let is_meant = within.as_ref().is_none_or(|flows| super::claim::flow_in(cluster, flows, flow));
            is_meant && allows(one) && !allows(other)
        }
    }
}

fn of_destination(cluster: &Cluster, index: usize, flow: &Flow, holds: impl Fn(&Policy, &PodEnd) -> bool) -> bool {
    cluster.policies.get(index).zip(flow.destination.pod()).is_some_and(|(policy, pod)| holds(policy, pod))
}

/// The pod that the policies of the gap do or do not select; of a verdict, which has two sides, where
/// the flow ends.
#[must_use]
pub fn subject<'a>(gap: &Gap, flow: &'a Flow) -> &'a End {
    match gap {
        Gap::Admission { direction: Direction::Egress, .. } => &flow.source,
        Gap::Admission { .. } | Gap::Isolation { .. } | Gap::Overlap { .. } | Gap::Verdict { .. } => &flow.destination,
    }
}
