//! What a policy says of directions and what it means once the defaults are filled in (R2, R3).
//!
//! Under `lint` alone.

use super::scene::{DIRECTIONS, Scene};
use super::surest;
use crate::eval::Verdict;
use crate::finding::{Code, Fact, Finding};
use crate::model::net::{End, Flow, PodEnd, Protocol};
use crate::model::policy::{Direction, Policy};

/// The findings of every policy.
pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let of_policy = |(index, policy)| {
        let ignored = DIRECTIONS.into_iter().filter_map(move |direction| rules_ignored(policy, direction));
        let defaults = isolates_ingress_too(scene, index, policy).into_iter();
        defaults.chain(empty_egress(scene, index, policy)).chain(ignored)
    };
    scene.policies().flat_map(of_policy).collect()
}

/// R2: without `policyTypes` a policy isolates for ingress, whatever it says. Told only where it is the only
/// one that closes ingress for some pod: else it makes no difference.
fn isolates_ingress_too(scene: &Scene<'_>, index: usize, policy: &Policy) -> Option<Finding> {
    let written = &policy.written;
    let speaks_of_egress_only = written.types.is_none() && written.ingress.is_none() && policy.egress.is_some();
    let egress = written.egress.filter(|_| speaks_of_egress_only)?;
    let mut pods = scene.subjects(index).into_iter();
    let pod = pods.find(|pod| scene.isolating(pod, Direction::Ingress) == [index])?;
    let name = policy.full_name();
    let message = format!("{name} speaks of egress alone, and closes ingress of its pods as well");
    let fact = Fact::IsolatedOnlyBy(index, Direction::Ingress);
    Some(
        Finding::new(Code::IsolatesIngressToo, name, message)
            .at(egress.origin, "no `policyTypes` beside it: the API server sets them to Ingress and Egress")
            .shown(flow_to(scene, pod), fact, surest(scene.world, Verdict::Allowed))
            .note("Without `policyTypes` every policy isolates its pods for ingress, and there is no ingress rule to let anything in.")
            .help("say which directions are meant")
            .yaml("spec:\n  policyTypes: [Egress]\n"),
    )
}

/// R2: `egress: []` counts only beside `policyTypes`. Told only where some pod is open for egress.
fn empty_egress(scene: &Scene<'_>, index: usize, policy: &Policy) -> Option<Finding> {
    let written = &policy.written;
    let egress = written.egress.filter(|rules| rules.count == 0 && written.types.is_none())?;
    let mut pods = scene.subjects(index).into_iter();
    let pod = pods.find(|pod| scene.isolating(pod, Direction::Egress).is_empty())?;
    let name = policy.full_name();
    let message = format!("{name} has an empty `egress` and no `policyTypes`, and closes nothing for egress");
    let types = if written.ingress.is_some() { "[Ingress, Egress]" } else { "[Egress]" };
    Some(
        Finding::new(Code::EmptyEgressIgnored, name, message)
            .at(egress.origin, "an empty list alone is as good as none")
            .shown(flow_to(scene, pod), Fact::Open(Direction::Egress), surest(scene.world, Verdict::Allowed))
            .note("Without `policyTypes` the API server adds Egress only where `egress` has at least one rule.")
            .help("say which directions are meant")
            .yaml(format!("spec:\n  policyTypes: {types}\n")),
    )
}

/// R3: rules of a direction that `policyTypes` leaves out.
fn rules_ignored(policy: &Policy, direction: Direction) -> Option<Finding> {
    let rules = policy.written.rules(direction).filter(|rules| rules.count > 0)?;
    let types = policy.written.types.filter(|_| policy.rules(direction).is_none())?;
    let (name, capital) = (policy.full_name(), type_name(direction));
    let message = format!("{name} has {direction} rules, and `policyTypes` does not name {capital}");
    Some(
        Finding::new(Code::RulesIgnored, name, message)
            .at(rules.origin, "ignored")
            .at(types, format!("does not name {capital}"))
            .note(format!("The rules do nothing, and the policy does not isolate its pods for {direction}."))
            .help(format!("add {capital} to `policyTypes`, or take the rules away")),
    )
}

fn type_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "Ingress",
        Direction::Egress => "Egress",
    }
}

/// The pod as the destination of a flow, for facts about one pod.
pub(super) fn flow_to(scene: &Scene<'_>, pod: PodEnd) -> Flow {
    let source = End::External(scene.address(2));
    Flow { source, destination: End::Pod(pod), protocol: Protocol::Tcp, port: 80 }
}
