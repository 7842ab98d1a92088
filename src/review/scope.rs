//! What is reviewed together: one spec over one variant, with its cluster and its world.

use crate::model::algebra::Comparison;
use crate::model::claim::Claim;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::plan::{Item, Plan};

/// One spec over one variant.
pub(super) struct Scope<'a> {
    /// How the review calls it; absent where there is only one.
    pub(super) name: Option<String>,
    /// The declared objects.
    pub(super) cluster: &'a Cluster,
    /// What else could exist.
    pub(super) world: &'a World,
    /// The properties that are asked of it, by their numbers in the plan. Comparisons of sets have clusters of their own.
    pub(super) items: Vec<usize>,
}

/// Every scope, in the order of the specs and their variants.
pub(super) fn scopes(plan: &Plan) -> Vec<Scope<'_>> {
    let mut scopes: Vec<Scope<'_>> = Vec::new();
    let mut keys: Vec<(Option<&str>, Option<&str>)> = Vec::new();
    for (at, item) in plan.items.iter().enumerate().filter(|(_, item)| !compares_sets(item)) {
        let key = (item.spec.as_deref(), item.variant.as_deref());
        let known = keys.iter().position(|known| *known == key);
        if let Some(scope) = known.and_then(|known| scopes.get_mut(known)) {
            scope.items.push(at);
        } else if let Some(world) = plan.world(item) {
            keys.push(key);
            scopes.push(Scope { name: place(plan, item), cluster: plan.cluster(item), world, items: vec![at] });
        }
    }
    scopes
}

fn compares_sets(item: &Item) -> bool {
    matches!(item.claim, Claim::Compared(Comparison::Sets { .. }))
}

/// The variant of an item, and its spec where there are several; `None` where there is neither.
pub(super) fn place(plan: &Plan, item: &Item) -> Option<String> {
    let several = plan.items.iter().any(|other| other.spec != item.spec);
    let spec = item.spec.as_deref().filter(|_| several);
    let parts: Vec<&str> = [spec, item.variant.as_deref()].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// "embeddings-stay-home (step-3)".
pub(super) fn name(plan: &Plan, item: &Item) -> String {
    match place(plan, item) {
        Some(place) => format!("{} ({place})", item.name),
        None => item.name.clone(),
    }
}
