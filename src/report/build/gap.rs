//! Words about policies compared: what they differ in, and why a comparison holds by itself.

use super::Words;
use crate::model::algebra::{Comparison, Gap};
use crate::model::claim::Claim;
use crate::outcome::Proof;

/// How many of many policies are named.
const NAMED: usize = 4;

impl Words<'_> {
    /// "backend/a admits this for ingress, and backend/b does not".
    pub(super) fn differs(&self, gap: &Gap) -> String {
        let one = gap.acting().first().map_or(String::new(), |index| self.policy_name(*index));
        let others = self.policy_names(gap.others());
        match gap {
            Gap::Isolation { direction, .. } => format!("{one} isolates this pod for {direction}, and {others}"),
            Gap::Admission { direction, .. } => format!("{one} admits this for {direction}, and {others}"),
            Gap::Overlap { other, .. } => format!("{one} selects this pod, and so does {}", self.policy_name(*other)),
            Gap::Verdict { one, other, .. } => format!("{} allows this, and {} does not", one.name, other.name),
        }
    }

    fn policy_name(&self, index: usize) -> String {
        self.cluster.policies.get(index).map(crate::model::policy::Policy::full_name).unwrap_or_default()
    }

    /// "backend/b does not", "neither backend/b nor backend/c does".
    fn policy_names(&self, indices: &[usize]) -> String {
        let names: Vec<String> = indices.iter().map(|index| self.policy_name(*index)).collect();
        match names.as_slice() {
            [] => "there is no other policy in its namespace".to_owned(),
            [one] => format!("{one} does not"),
            [one, two] => format!("neither {one} nor {two} does"),
            many if many.len() <= NAMED => format!("none of {} does", many.join(", ")),
            many => format!("none of the {} others does", many.len()),
        }
    }
}

/// Why a comparison rests on nothing, where no policy has to close any gap.
pub(super) fn because(claim: &Claim, proof: &Proof) -> Option<String> {
    let Claim::Compared(comparison) = claim else { return None };
    let words = match comparison {
        Comparison::Disjoint { .. } => "no pod that could exist is selected by both",
        Comparison::Subsumed { .. } => "the policy selects no pod that could exist",
        Comparison::Equivalent { .. } => "neither policy selects a pod that could exist",
        // How they compare is said in any case.
        Comparison::Sets { .. } => return None,
    };
    proof.rests_on.is_empty().then(|| words.to_owned())
}
