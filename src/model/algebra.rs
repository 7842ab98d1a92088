//! Policies compared with one another: what a comparison says, and the gaps that would break it.
//!
//! `language` makes comparisons from sentences; `eval::algebra` says concretely what falls into a
//! gap, `symbolic` says it for all pods and flows at once. Policies are named by their index in the
//! cluster.

use std::collections::{BTreeSet, HashMap};

use super::claim::FlowSet;
use super::policy::{Direction, Policy};
use super::workload::Cluster;

/// How policies compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// With `by` in place, `policy` can be taken away and no verdict changes.
    Subsumed {
        /// The policy.
        policy: usize,
        /// Those that do its work, all together; where there are none, it must do none.
        by: Vec<usize>,
    },
    /// Each is subsumed by the other.
    Equivalent {
        /// The one.
        one: usize,
        /// The other.
        other: usize,
    },
    /// No pod is selected by both.
    Disjoint {
        /// The one.
        one: usize,
        /// The other.
        other: usize,
    },
    /// Each set taken alone, as if its policies were the only ones: how the flows that the first allows
    /// compare with those that the second allows.
    Sets {
        /// What has to hold.
        relation: SetRelation,
        /// The first set.
        one: PolicySet,
        /// The second set.
        other: PolicySet,
    },
}

/// What can be said of two sets of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetRelation {
    /// Every flow that the first allows the second allows too.
    NoMore,
    /// They allow the same flows.
    Equivalent,
}

/// Policies that are taken together, and no others beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySet {
    /// What to call it: the path that it was read from.
    pub name: String,
    /// The policies.
    pub policies: Vec<usize>,
}

impl PolicySet {
    /// The namespaces with policies in which both sets say the same of a direction: one policy after the other, so that two which say it
    /// in another order may count as different.
    #[must_use]
    pub fn namespaces_alike<'c>(
        &self,
        other: &PolicySet,
        cluster: &'c Cluster,
        direction: Direction,
    ) -> BTreeSet<&'c str> {
        let [these, those] = [self, other].map(|set| set.by_namespace(cluster, direction));
        let are_alike = |(name, these): &(&'c str, Vec<&Policy>)| {
            those.get(name).is_some_and(|those| {
                these.len() == those.len()
                    && these.iter().zip(those).all(|(one, other)| one.says_the_same(other, direction))
            })
        };
        these.into_iter().filter(are_alike).map(|(name, _)| name).collect()
    }

    /// The policies that have the direction, by namespace.
    fn by_namespace<'c>(&self, cluster: &'c Cluster, direction: Direction) -> HashMap<&'c str, Vec<&'c Policy>> {
        let mut all: HashMap<&str, Vec<&Policy>> = HashMap::new();
        let policies = self.policies.iter().filter_map(|index| cluster.policies.get(*index));
        for policy in policies.filter(|policy| policy.rules(direction).is_some()) {
            all.entry(policy.namespace.as_str()).or_default().push(policy);
        }
        all
    }
}

/// What would break a comparison: a kind of pod or flow to which policies do different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// A pod that `policy` isolates for the direction (R4), and that none of `by` does.
    Isolation {
        /// For which direction.
        direction: Direction,
        /// The policy that isolates it.
        policy: usize,
        /// Those that do not.
        by: Vec<usize>,
    },
    /// A flow that a rule of `policy` admits for the direction (R5, R8), and that no rule of `by` does.
    Admission {
        /// For which direction.
        direction: Direction,
        /// The policy that admits it.
        policy: usize,
        /// Those that do not.
        by: Vec<usize>,
    },
    /// A pod that both policies select.
    Overlap {
        /// The one.
        one: usize,
        /// The other.
        other: usize,
    },
    /// A flow that is allowed (R6) where the policies of `one` are the only ones, and is not where those
    /// of `other` are.
    Verdict {
        /// The set that allows it.
        one: PolicySet,
        /// The set that does not.
        other: PolicySet,
        /// Which flows are asked about; all of them where nothing is given.
        within: Option<Box<FlowSet>>,
    },
}

/// The directions, in the order in which gaps are looked for.
const DIRECTIONS: [Direction; 2] = [Direction::Ingress, Direction::Egress];

impl Comparison {
    /// The comparison holds iff nothing falls into any of these. Isolation comes first: it is the
    /// plainer half. Directions that the policy does not have leave no gap (R3).
    #[must_use]
    pub fn gaps(&self, cluster: &Cluster) -> Vec<Gap> {
        match self {
            Comparison::Subsumed { policy, by } => gaps_between(cluster, *policy, by),
            Comparison::Equivalent { one, other } => {
                let there = gaps_between(cluster, *one, &[*other]);
                [there, gaps_between(cluster, *other, &[*one])].concat()
            }
            Comparison::Disjoint { one, other } => vec![Gap::Overlap { one: *one, other: *other }],
            Comparison::Sets { relation, one, other } => {
                let beyond = |one: &PolicySet, other: &PolicySet| Gap::Verdict {
                    one: one.clone(),
                    other: other.clone(),
                    within: None,
                };
                match relation {
                    SetRelation::NoMore => vec![beyond(one, other)],
                    SetRelation::Equivalent => vec![beyond(one, other), beyond(other, one)],
                }
            }
        }
    }

    /// Every policy that is named, the one that is spoken about first.
    #[must_use]
    pub fn policies(&self) -> Vec<usize> {
        match self {
            Comparison::Subsumed { policy, by } => [&[*policy], by.as_slice()].concat(),
            Comparison::Equivalent { one, other } | Comparison::Disjoint { one, other } => vec![*one, *other],
            Comparison::Sets { one, other, .. } => [one.policies.as_slice(), &other.policies].concat(),
        }
    }

    /// Whether every gap is one of single pods.
    #[must_use]
    pub fn is_about_single_pods(&self) -> bool {
        matches!(self, Comparison::Disjoint { .. })
    }
}

fn gaps_between(cluster: &Cluster, policy: usize, by: &[usize]) -> Vec<Gap> {
    let rules = |direction| cluster.policies.get(policy).and_then(|policy| policy.rules(direction));
    let spoken_of = DIRECTIONS.into_iter().filter(|direction| rules(*direction).is_some());
    let isolation = spoken_of.clone().map(|direction| Gap::Isolation { direction, policy, by: by.to_vec() });
    // Without rules it admits nothing (R7).
    let admitting = spoken_of.filter(|direction| rules(*direction).is_some_and(|rules| !rules.is_empty()));
    let admission = admitting.map(|direction| Gap::Admission { direction, policy, by: by.to_vec() });
    isolation.chain(admission).collect()
}

impl Gap {
    /// The direction; `None` for an overlap, which has none, and for a verdict, which has both.
    #[must_use]
    pub fn direction(&self) -> Option<Direction> {
        match self {
            Gap::Isolation { direction, .. } | Gap::Admission { direction, .. } => Some(*direction),
            Gap::Overlap { .. } | Gap::Verdict { .. } => None,
        }
    }

    /// The policies that do something to whatever falls into the gap: one of them, or a set together.
    #[must_use]
    pub fn acting(&self) -> &[usize] {
        match self {
            Gap::Isolation { policy, .. } | Gap::Admission { policy, .. } => std::slice::from_ref(policy),
            Gap::Overlap { one, .. } => std::slice::from_ref(one),
            Gap::Verdict { one, .. } => &one.policies,
        }
    }

    /// The policies that it is held against.
    #[must_use]
    pub fn others(&self) -> &[usize] {
        match self {
            Gap::Isolation { by, .. } | Gap::Admission { by, .. } => by,
            Gap::Overlap { other, .. } => std::slice::from_ref(other),
            Gap::Verdict { other, .. } => &other.policies,
        }
    }

    /// Every policy that it is about.
    pub fn policies(&self) -> impl Iterator<Item = usize> {
        self.acting().iter().chain(self.others()).copied()
    }

    /// Whether a pod falls into it, and not a flow.
    #[must_use]
    pub fn is_about_single_pods(&self) -> bool {
        matches!(self, Gap::Isolation { .. } | Gap::Overlap { .. })
    }

    /// Its name in reports: `isolation`, `admission`, `overlap` or `verdict`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Gap::Isolation { .. } => "isolation",
            Gap::Admission { .. } => "admission",
            Gap::Overlap { .. } => "overlap",
            Gap::Verdict { .. } => "verdict",
        }
    }
}
