//! The reference semantics: whether one concrete flow passes, and why.
//!
//! This is the plain reading of `docs/semantics.md`, one small function a rule, with the number of
//! the rule beside it. Every counterexample is replayed here before anybody sees it, so the code
//! trades speed and elegance for being easy to check: it scans, it compares, it never caches.
//!
//! It assumes a checked [`Cluster`] and a [`Flow`] whose two ends are of one address family. It knows
//! neither YAML nor the solver and imports the model alone; everybody above may call it, except
//! `symbolic`, the second reading of the same rules, which has to stay independent of this one.

pub mod algebra;
pub mod claim;
mod end;
#[cfg(test)]
mod fixtures;
pub mod parts;
mod peer;
mod port;
pub mod selector;
pub mod trace;

use crate::model::net::{End, Flow, PodEnd, Protocol};
use crate::model::options::{Options, OtherProtocols, Treatment};
use crate::model::policy::{Direction, Policy, Rule};
use crate::model::workload::Cluster;
use end::{Seen, seen};
use trace::{Exemption, PolicyTrace, RuleTrace, Side};

pub use trace::{Trace, Verdict};

/// One flow in one cluster under one plugin's choices: what every rule looks at.
#[derive(Clone, Copy)]
struct Question<'a> {
    cluster: &'a Cluster,
    options: &'a Options,
    flow: &'a Flow,
    /// The policies in force; all of the cluster's where none are given.
    among: Option<&'a [usize]>,
}

impl<'a> Question<'a> {
    /// The end that the direction's policies isolate, and the end that their peers look at.
    fn ends(self, direction: Direction) -> (&'a End, &'a End) {
        match direction {
            Direction::Ingress => (&self.flow.destination, &self.flow.source),
            Direction::Egress => (&self.flow.source, &self.flow.destination),
        }
    }
}

/// One rule, with the policy and the direction that it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct RuleOf<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The direction.
    pub direction: Direction,
    /// The rule.
    pub rule: &'a Rule,
}

/// Whether the flow passes, and why.
///
/// R6: the egress side of the source and the ingress side of the destination must both allow.
#[must_use]
pub fn verdict(cluster: &Cluster, options: &Options, flow: &Flow) -> (Verdict, Trace) {
    judge(Question { cluster, options, flow, among: None })
}

/// As [`verdict`], where these policies, by their indices, are the only ones.
#[must_use]
pub fn verdict_among(cluster: &Cluster, policies: &[usize], options: &Options, flow: &Flow) -> (Verdict, Trace) {
    judge(Question { cluster, options, flow, among: Some(policies) })
}

/// R6.
fn judge(question: Question<'_>) -> (Verdict, Trace) {
    let trace = Trace { egress: side(question, Direction::Egress), ingress: side(question, Direction::Ingress) };
    let allowed = trace.egress.allows() && trace.ingress.allows();
    (if allowed { Verdict::Allowed } else { Verdict::Denied }, trace)
}

/// One side of the flow.
///
/// R4: nodes and external addresses are never isolated, and a pod that no policy isolates is open.
/// R5: otherwise the policies add up. R33: a pod on its node's network may count as its node.
fn side(question: Question<'_>, direction: Direction) -> Side {
    let (own, other) = question.ends(direction);
    let Seen::Pod(pod) = seen(question.options, own) else {
        return Side::Exempt(if own.pod().is_some() { Exemption::HostNetwork } else { Exemption::NotAPod });
    };
    if let Some(exemption) = exemption(question, direction, pod, other) {
        return Side::Exempt(exemption);
    }
    let policies: Vec<PolicyTrace> = isolating(question.cluster, pod, direction)
        .filter(|(index, ..)| question.among.is_none_or(|among| among.contains(index)))
        .map(|(index, policy, rules)| policy_trace(question, direction, index, policy, rules))
        .collect();
    if policies.is_empty() { Side::Open } else { Side::Isolated(policies) }
}

/// Why policies have no say about traffic between this pod and the other end, if so: R30, R31 and
/// R32, R29.
fn exemption(question: Question<'_>, direction: Direction, pod: &PodEnd, other: &End) -> Option<Exemption> {
    let options = question.options;
    if options.self_traffic == Treatment::Allow && is_itself(pod, other) {
        Some(Exemption::Itself)
    } else if local_node(options, direction) == Treatment::Allow && is_own_node(options, pod, other) {
        Some(Exemption::LocalNode)
    } else if options.other_protocols == OtherProtocols::Allow && question.flow.protocol == Protocol::Other {
        Some(Exemption::OtherProtocol)
    } else {
        None
    }
}

/// R30: the other end is the pod itself, or shares its address. Distinct pods have distinct addresses,
/// but for those on one node's network: what they send to one another never leaves the node.
fn is_itself(pod: &PodEnd, other: &End) -> bool {
    other.pod().is_some_and(|other| other.address == pod.address)
}

/// What the plugin does with traffic from the pod's own node (R31) and to it (R32).
fn local_node(options: &Options, direction: Direction) -> Treatment {
    match direction {
        Direction::Ingress => options.local_node_ingress,
        Direction::Egress => options.local_node_egress,
    }
}

/// R31, R32: the other end is the node that the pod runs on. Where either node is not known they
/// are not the same.
fn is_own_node(options: &Options, pod: &PodEnd, other: &End) -> bool {
    match seen(options, other) {
        Seen::Node(Some(node)) => pod.node.as_deref() == Some(node),
        Seen::Node(None) | Seen::Pod(_) | Seen::External => false,
    }
}

/// The policies that isolate a pod for a direction, with their indices and their rules.
///
/// R1: a policy acts on pods of its own namespace only. R2, R3: only if it has the direction. R4,
/// R14: and only if it selects the pod. The caller has seen to it that the pod counts as one (R33).
fn isolating<'a>(
    cluster: &'a Cluster,
    pod: &PodEnd,
    direction: Direction,
) -> impl Iterator<Item = (usize, &'a Policy, &'a [Rule])> {
    let policies = cluster.policies.in_namespace(&pod.namespace.name);
    policies
        .filter(|(_, policy)| selector::matches(&policy.pod_selector.selector, &pod.labels))
        .filter_map(move |(index, policy)| policy.rules(direction).map(|rules| (index, policy, rules)))
}

/// One isolating policy against the flow, rule by rule. R5: no rule takes back what another allows.
fn policy_trace(
    question: Question<'_>,
    direction: Direction,
    index: usize,
    policy: &Policy,
    rules: &[Rule],
) -> PolicyTrace {
    let judge = |rule| rule_trace(question, RuleOf { policy, direction, rule });
    PolicyTrace { policy: index, rules: rules.iter().map(judge).collect() }
}

/// One rule against the flow. R8: some peer must match and some port must match.
fn rule_trace(question: Question<'_>, rule: RuleOf<'_>) -> RuleTrace {
    let peers = peer::trace(question, rule);
    let ports = port::trace(question, rule, &peers);
    RuleTrace { peers, ports }
}

/// The indices of the items that lack nothing; where there are none, what each item lacks.
fn matched_or_missed<M>(lacks: Vec<Option<M>>) -> Result<Vec<usize>, Vec<M>> {
    let matched: Vec<usize> =
        lacks.iter().enumerate().filter(|(_, lack)| lack.is_none()).map(|(index, _)| index).collect();
    if matched.is_empty() { Err(lacks.into_iter().flatten().collect()) } else { Ok(matched) }
}

#[cfg(test)]
mod tests;
