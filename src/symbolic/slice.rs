//! Which policies can matter to a claim: those of the namespaces in which its pods can live, and
//! whose selectors do not contradict the claim's own.
//!
//! Leaving a policy out is sound only where it selects none of the pods in question; every test
//! here errs on keeping it. Symbolic code alone calls this module.

use std::collections::BTreeSet;

use crate::model::algebra::Gap;
use crate::model::claim::{Claim, Endpoint, FlowSet, NamespaceSet, PortSet};
use crate::model::policy::{Direction, Policy};
use crate::model::selector::{LabelSelector, Operator, Requirement};
use crate::model::workload::Cluster;
use crate::model::world::World;

/// The policies that can matter, by index, for each direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Policies that may isolate a destination.
    pub ingress: Vec<usize>,
    /// Policies that may isolate a source.
    pub egress: Vec<usize>,
}

impl Slice {
    /// Every policy of the cluster.
    #[must_use]
    pub fn everything(cluster: &Cluster) -> Slice {
        let with = |direction| speaking(cluster, direction, 0..cluster.policies.len());
        Slice { ingress: with(Direction::Ingress), egress: with(Direction::Egress) }
    }

    /// These policies and no others.
    #[must_use]
    pub fn of_set(cluster: &Cluster, policies: &[usize]) -> Slice {
        let named: BTreeSet<usize> = policies.iter().copied().collect();
        let with = |direction| speaking(cluster, direction, named.iter().copied());
        Slice { ingress: with(Direction::Ingress), egress: with(Direction::Egress) }
    }

    /// The policies that can matter to this claim.
    #[must_use]
    pub fn of_claim(cluster: &Cluster, world: &World, claim: &Claim) -> Slice {
        let nodes = world.nodes;
        let may_select = |direction, endpoint: &Endpoint| {
            let of_homes = |homes: BTreeSet<&str>| {
                let indices = homes.into_iter().flat_map(|name| cluster.policies.indices_in(name));
                indices.copied().collect::<BTreeSet<usize>>()
            };
            let near = endpoint.homes(cluster).map_or_else(|| (0..cluster.policies.len()).collect(), of_homes);
            let all = speaking(cluster, direction, near);
            all.into_iter().filter(|index| may_share(cluster, nodes, *index, endpoint)).collect()
        };
        let of_flows = |flows: &FlowSet| Slice {
            ingress: may_select(Direction::Ingress, &flows.destinations),
            egress: may_select(Direction::Egress, &flows.sources),
        };
        match claim {
            Claim::NoneCanReach(flows) | Claim::EveryCanReach(flows) | Claim::SomeCanReach(flows) => of_flows(flows),
            // What is on the way is anywhere.
            Claim::NoPath(_) => of_flows(&FlowSet::new(Endpoint::Anything, Endpoint::Anything, PortSet::default())),
            Claim::Isolated { pods, directions } => {
                let of = |direction| {
                    if directions.contains(&direction) { may_select(direction, pods) } else { Vec::new() }
                };
                Slice { ingress: of(Direction::Ingress), egress: of(Direction::Egress) }
            }
            Claim::Compared(comparison) => {
                let gaps = comparison.gaps(cluster);
                gaps.iter().fold(Slice::default(), |slice, gap| slice.union(&Slice::of_gap(cluster, gap)))
            }
            Claim::NoGap { gap: gap @ Gap::Verdict { within: Some(flows), .. }, .. } => {
                Slice::of_gap(cluster, gap).intersection(&of_flows(flows))
            }
            Claim::NoGap { gap, .. } => Slice::of_gap(cluster, gap),
        }
    }

    /// The policies that a gap is about. One without the direction of the gap does nothing there (R3);
    /// an overlap has no direction, and looks at the selectors alone.
    fn of_gap(cluster: &Cluster, gap: &Gap) -> Slice {
        let named: Vec<usize> = gap.policies().collect();
        let Slice { ingress, egress } = Slice::of_set(cluster, &named);
        match gap {
            Gap::Verdict { .. } => Slice { ingress, egress },
            Gap::Overlap { .. } => Slice { ingress: named, egress: Vec::new() },
            Gap::Isolation { direction, .. } | Gap::Admission { direction, .. } => match direction {
                Direction::Ingress => Slice { ingress, egress: Vec::new() },
                Direction::Egress => Slice { ingress: Vec::new(), egress },
            },
        }
    }

    /// The policies of one direction.
    #[must_use]
    pub fn of(&self, direction: Direction) -> &[usize] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// The policies of both slices.
    #[must_use]
    pub fn union(&self, other: &Slice) -> Slice {
        let both = |one: &[usize], other: &[usize]| {
            let all: BTreeSet<usize> = one.iter().chain(other).copied().collect();
            all.into_iter().collect()
        };
        Slice { ingress: both(&self.ingress, &other.ingress), egress: both(&self.egress, &other.egress) }
    }

    /// The policies that are in both slices.
    #[must_use]
    pub fn intersection(&self, other: &Slice) -> Slice {
        let both = |one: &[usize], other: &[usize]| {
            let there: BTreeSet<&usize> = other.iter().collect();
            one.iter().filter(|index| there.contains(index)).copied().collect()
        };
        Slice { ingress: both(&self.ingress, &other.ingress), egress: both(&self.egress, &other.egress) }
    }

    /// All of them, each once, in order.
    #[must_use]
    pub fn policies(&self) -> BTreeSet<usize> {
        self.ingress.iter().chain(&self.egress).copied().collect()
    }
}

/// Those of the policies that have the direction (R3), in the order given.
fn speaking(cluster: &Cluster, direction: Direction, policies: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let speaks = |policy: &Policy| policy.rules(direction).is_some() && !is_overlooked(policy);
    policies.into_iter().filter(|index| cluster.policies.get(*index).is_some_and(speaks)).collect()
}

fn may_share(cluster: &Cluster, nodes: bool, policy: usize, endpoint: &Endpoint) -> bool {
    cluster.policies.get(policy).is_some_and(|policy| may_share_a_pod(cluster, nodes, policy, endpoint))
}

/// A fault that the unit tests seed by a policy's name, to see what becomes of a semantics that is wrong.
fn is_overlooked(policy: &Policy) -> bool {
    cfg!(test) && policy.name == "seeded-fault"
}

/// Whether the policy may select a pod of the endpoint. Says yes where it is not sure. R33: where nodes are
/// ends, so are pods on their network, which may be selected; no namespace covers them.
fn may_share_a_pod(cluster: &Cluster, nodes: bool, policy: &Policy, endpoint: &Endpoint) -> bool {
    let shares = |part: &Endpoint| may_share_a_pod(cluster, nodes, policy, part);
    match endpoint {
        Endpoint::Anything | Endpoint::Within(_) => true,
        Endpoint::External(_) => false,
        Endpoint::Node(_) => nodes,
        Endpoint::Workload(index) => {
            cluster.workloads.get(*index).is_none_or(|workload| workload.namespace == policy.namespace)
        }
        Endpoint::Pods { namespaces, pods } => {
            namespace_may_be(namespaces, policy) && may_both_hold(pods, &policy.pod_selector.selector)
        }
        Endpoint::Union(parts) => parts.iter().any(shares),
        Endpoint::Except(whole, gone) => shares(whole) && (nodes || !covers_namespace(gone, &policy.namespace)),
    }
}

fn namespace_may_be(namespaces: &NamespaceSet, policy: &Policy) -> bool {
    match namespaces {
        NamespaceSet::Named(name) => *name == policy.namespace,
        NamespaceSet::Any | NamespaceSet::Matching(_) => true,
    }
}

/// Whether the endpoint surely holds every pod of this namespace.
fn covers_namespace(endpoint: &Endpoint, name: &str) -> bool {
    match endpoint {
        Endpoint::Anything => true,
        Endpoint::Pods { namespaces: NamespaceSet::Any, pods } => pods.is_empty(),
        Endpoint::Pods { namespaces: NamespaceSet::Named(named), pods } => named == name && pods.is_empty(),
        Endpoint::Union(parts) => parts.iter().any(|part| covers_namespace(part, name)),
        _ => false,
    }
}

/// False only where two requirements on one key exclude each other.
fn may_both_hold(left: &LabelSelector, right: &LabelSelector) -> bool {
    left.requirements.iter().all(|one| right.requirements.iter().all(|other| !excluded(one, other)))
}

fn excluded(one: &Requirement, other: &Requirement) -> bool {
    use Operator::{DoesNotExist, Exists, In, NotIn};
    if one.key != other.key {
        return false;
    }
    match (&one.operator, &other.operator) {
        (In(left), In(right)) => !left.iter().any(|value| right.contains(value)),
        (In(values), NotIn(gone)) | (NotIn(gone), In(values)) => values.iter().all(|value| gone.contains(value)),
        (In(_) | Exists, DoesNotExist) | (DoesNotExist, In(_) | Exists) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every requirement on one key over these values.
    fn requirements() -> Vec<Requirement> {
        let sets: [&[&str]; 6] = [&["a"], &["b"], &["a", "b"], &["b", "c"], &["a", "b", "c"], &[""]];
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<String>>();
        let listed = sets.into_iter().flat_map(|set| [Operator::In(texts(set)), Operator::NotIn(texts(set))]);
        let operators = listed.chain([Operator::Exists, Operator::DoesNotExist]);
        operators.map(|operator| Requirement { key: "app".to_owned(), operator }).collect()
    }

    /// R12.
    fn meets(requirement: &Requirement, value: Option<&str>) -> bool {
        let is_listed = |values: &[String]| value.is_some_and(|value| values.iter().any(|one| one == value));
        match &requirement.operator {
            Operator::In(values) => is_listed(values),
            Operator::NotIn(values) => !is_listed(values),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }

    #[test]
    fn requirements_exclude_each_other_where_no_value_meets_both() {
        let values = [None, Some(""), Some("a"), Some("b"), Some("c"), Some("unheard-of")];
        for one in &requirements() {
            for other in &requirements() {
                let is_met = values.iter().any(|value| meets(one, *value) && meets(other, *value));
                assert_eq!(excluded(one, other), !is_met, "{one:?} and {other:?}");
                let elsewhere = Requirement { key: "tier".to_owned(), ..other.clone() };
                assert!(!excluded(one, &elsewhere), "{one:?} and {elsewhere:?}");
            }
        }
    }
}
