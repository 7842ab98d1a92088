//! Workloads that no policy isolates, and namespaces in which a new pod would be open (R4).
//!
//! One finding a namespace and direction; a namespace without any policy has one. Under `lint` alone.

use std::collections::BTreeSet;

use super::directions::flow_to;
use super::scene::{DIRECTIONS, Scene};
use super::{sample, surest, yaml};
use crate::eval::Verdict;
use crate::finding::{Code, Fact, Finding, Severity};
use crate::model::net::PodEnd;
use crate::model::policy::{Direction, Policy};
use crate::model::selector::Labels;
use crate::source::Origin;

/// How many workloads of one finding are shown with their lines.
const SHOWN: usize = 3;

/// The findings of every namespace.
pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let namespaces: BTreeSet<&str> = scene.inhabited().chain(scene.guarded().map(|(name, _)| name)).collect();
    namespaces.into_iter().flat_map(|namespace| of_namespace(scene, namespace)).collect()
}

fn of_namespace(scene: &Scene<'_>, namespace: &str) -> Vec<Finding> {
    let directions = if scene.policies_in(namespace).is_empty() { &DIRECTIONS[..1] } else { &DIRECTIONS[..] };
    directions.iter().filter_map(|direction| of_direction(scene, namespace, *direction)).collect()
}

fn of_direction(scene: &Scene<'_>, namespace: &str, direction: Direction) -> Option<Finding> {
    let pods: Vec<PodEnd> = scene.workloads_in(namespace).iter().filter_map(|index| scene.pod_of(*index, 0)).collect();
    let is_open = |pod: &PodEnd| scene.isolating(pod, direction).is_empty();
    let open: Vec<PodEnd> = pods.iter().filter(|pod| is_open(pod)).cloned().collect();
    if let Some(first) = open.first() {
        return Some(unisolated(scene, namespace, direction, &open, first));
    }
    let policies = speaking(scene, namespace, direction);
    let new = sample::made_up(scene.namespace(namespace), Labels::new(), scene.address(0));
    let could_run = sample::may_run(scene, namespace, &new.labels) && is_open(&new);
    (could_run && !policies.is_empty())
        .then(|| no_default(scene, namespace, direction, &policies, pods.is_empty(), new))
}

/// The policies of a namespace that have the direction.
fn speaking<'a>(scene: &Scene<'a>, namespace: &str, direction: Direction) -> Vec<&'a Policy> {
    let policies = scene.policies_in(namespace).iter().filter_map(|index| scene.cluster.policies.get(*index));
    policies.filter(|policy| policy.rules(direction).is_some()).collect()
}

fn unisolated(scene: &Scene<'_>, namespace: &str, direction: Direction, open: &[PodEnd], first: &PodEnd) -> Finding {
    let workloads: Vec<_> = open.iter().filter_map(|pod| scene.workload(pod.workload?)).collect();
    let names: Vec<String> = workloads.iter().map(|workload| workload.full_name()).collect();
    let who = listed(&names);
    let is_bare = scene.policies_in(namespace).is_empty();
    let partly = !speaking(scene, namespace, direction).is_empty();
    let (message, severity) = match (is_bare, direction, partly) {
        (true, ..) => (format!("no policy acts in namespace {namespace}: {who} are open both ways"), Severity::Low),
        (_, Direction::Ingress, true) => (format!("no policy isolates {who} for ingress"), Severity::Medium),
        (_, Direction::Ingress, false) => (format!("no policy isolates {who} for ingress"), Severity::Low),
        (_, Direction::Egress, true) => (format!("no policy isolates {who} for egress"), Severity::Low),
        (_, Direction::Egress, false) => (format!("no policy isolates {who} for egress"), Severity::Info),
    };
    let message = if names.len() == 1 { message.replace(" are open", " is open") } else { message };
    let mut finding =
        Finding::new(Code::UnisolatedWorkload, format!("Namespace {namespace}"), message).severity(severity);
    for workload in workloads.iter().take(SHOWN) {
        finding = finding.at(head(workload.origin), workload.full_name());
    }
    let types = if is_bare { "Ingress, Egress".to_owned() } else { type_name(direction).to_owned() };
    finding
        .shown(flow_to(scene, first.clone()), Fact::Open(direction), surest(scene.world, Verdict::Allowed))
        .note("A pod that no policy isolates for a direction takes, or makes, every connection.")
        .help("close the namespace with a default deny, then open what is needed; for egress, DNS first")
        .yaml(default_deny(namespace, &types))
}

fn no_default(
    scene: &Scene<'_>,
    namespace: &str,
    direction: Direction,
    policies: &[&Policy],
    is_uninhabited: bool,
    new: PodEnd,
) -> Finding {
    let message = format!("namespace {namespace} has no default deny for {direction}: a new pod would be open");
    let severity = match direction {
        Direction::Ingress if !is_uninhabited => Severity::Low,
        Direction::Ingress | Direction::Egress => Severity::Info,
    };
    let mut finding = Finding::new(Code::NoDefaultDeny, format!("Namespace {namespace}"), message).severity(severity);
    for policy in policies.iter().take(SHOWN) {
        finding =
            finding.at(policy.pod_selector.origin, format!("{} isolates these pods, and not others", policy.name));
    }
    finding
        .shown(flow_to(scene, new), Fact::Open(direction), surest(scene.world, Verdict::Allowed))
        .note("What is isolated today is chosen by labels; a pod without them is not.")
        .help("add a default deny")
        .yaml(default_deny(namespace, type_name(direction)))
}

fn type_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "Ingress",
        Direction::Egress => "Egress",
    }
}

fn default_deny(namespace: &str, types: &str) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: default-deny\n  namespace: {}\nspec:\n  \
         podSelector: {{}}\n  policyTypes: [{types}]\n",
        yaml::scalar(namespace)
    )
}

/// The beginning of an object: the whole of it would fill the screen.
fn head(origin: Origin) -> Origin {
    let start = origin.span.start as usize;
    Origin { span: crate::source::Span::new(start, start), ..origin }
}

/// "Deployment shop/web", "… and …", "…, … and 3 more".
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, other, rest @ ..] => format!("{one}, {other} and {} more", rest.len()),
    }
}
