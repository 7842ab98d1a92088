//! What a change of manifests opens and closes: two clusters put into one, and compared by what their policies let pass.
//!
//! Flows are compared by what pods are: labels and namespaces. Where the change gives a declared object other labels, the
//! policies of each side are made to see it as that side declares it (`relabelled`), so that what opens because a
//! namespace got a label is found like anything else. `cli` calls this module.

mod merge;
mod relabelled;

use crate::classes::change::{self, Gained, Sides};
use crate::classes::{Class, Stop};
use crate::model::algebra::PolicySet;
use crate::model::selector::WORKLOAD_MARK;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::prove::Prover;

pub use merge::merge;

/// Two clusters in one.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The objects of both: the namespaces, workloads and nodes of either, the policies of the one and then those of the other.
    pub cluster: Cluster,
    /// The policies before.
    pub old: PolicySet,
    /// The policies after.
    pub new: PolicySet,
    /// The workloads that are declared before, by index.
    pub old_workloads: Vec<usize>,
    /// Those that are declared after.
    pub new_workloads: Vec<usize>,
    /// Whether some declared object has other labels after than before.
    pub is_relabelled: bool,
    /// What changes and is not compared, in words. While there is any, nothing is proved equivalent.
    pub not_compared: Vec<String>,
}

/// What opens and what closes.
#[derive(Clone, Debug)]
pub struct Diff {
    /// The flows that pass after and did not before.
    pub opened: Gained,
    /// The flows that passed before and do not after.
    pub closed: Gained,
}

impl Merged {
    /// The world that both are compared in: the mark of a workload is its own.
    #[must_use]
    pub fn world(&self, world: &World) -> World {
        let mut world = world.clone();
        if self.is_relabelled {
            world.trust.pod_labels.insert(WORKLOAD_MARK.to_owned());
        }
        world
    }
}

/// Compares the two sides.
///
/// # Errors
/// [`Stop`] says why there is no answer.
pub fn diff(prover: &Prover, merged: &Merged, world: &World) -> Result<Diff, Stop> {
    let world = merged.world(world);
    let sides = Sides { cluster: &merged.cluster, world: &world, old: &merged.old, new: &merged.new };
    let opened = change::gained(prover, &sides)?;
    let closed = change::gained(prover, &Sides { old: sides.new, new: sides.old, ..sides })?;
    Ok(Diff {
        opened: only_declared(opened, &merged.new_workloads),
        closed: only_declared(closed, &merged.old_workloads),
    })
}

/// Of the workloads those that the side declares on which the flows pass.
fn only_declared(mut gained: Gained, declared: &[usize]) -> Gained {
    for Class { sources_today, destinations_today, .. } in &mut gained.classes {
        for today in [sources_today, destinations_today] {
            today.retain(|index| declared.contains(index));
        }
    }
    gained
}

impl Diff {
    /// Whether the two sides are proved to let the same flows pass, whatever the plugin.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [&self.opened, &self.closed].into_iter().all(|side| side.classes.is_empty() && side.beyond.is_none())
    }
}
