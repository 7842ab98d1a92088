//! What each claim means: statements about a symbolic flow that are unsatisfiable iff it holds.
//!
//! The meaning is pure: nothing here runs the solver. `prove` asks, and `witness` checks every
//! answer by the concrete meaning in `eval::claim`. Every function says its "iff".

mod comparison;

use crate::model::algebra::Gap;
use crate::model::claim::{Claim, Endpoint, FlowSet};
use crate::model::options::{HostNetwork, Options};
use crate::model::policy::Direction;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::symbolic::{Guarding, Query, Statement};

pub use comparison::{questions, questions_of_gap};

/// The plugins under each of which a claim is decided, so that the answer holds for every plugin that the
/// world leaves open; at least one, and most often one.
///
/// "Cannot reach" is decided for the plugin that lets most through and "can reach" for the one that
/// lets least through; each choice that a flow can feel goes one way only, so that the extreme plugin
/// stands for all ([`OptionSpace`](crate::model::plugin::OptionSpace)). But for one: what a pod on its node's network is
/// (R33) goes both ways, so that a claim which may be about such a pod is decided for both.
#[must_use]
pub fn plugins(cluster: &Cluster, world: &World, claim: &Claim) -> Vec<Options> {
    let extreme = extreme(world, claim);
    let feels_both = match claim {
        // Any declared workload may be on the way.
        Claim::NoPath(_) if cluster.workloads.iter().any(|workload| workload.host_network) => {
            world.nodes && world.options().leaves_host_network_open()
        }
        claim => claim.flows().is_some_and(|flows| may_feel_host_network(cluster, world, flows)),
    };
    if !feels_both {
        return vec![extreme];
    }
    let both = [HostNetwork::Node, HostNetwork::Pod];
    both.into_iter().map(|host_network| Options { host_network, ..extreme }).collect()
}

/// The plugin that lets most through, or least.
fn extreme(world: &World, claim: &Claim) -> Options {
    match claim {
        Claim::NoneCanReach(_) | Claim::NoPath(_) => world.options().most,
        Claim::EveryCanReach(_) | Claim::SomeCanReach(_) => world.options().least,
        // R33: a pod that counts as its node is never isolated. Else it hangs on labels and namespaces alone.
        Claim::Isolated { .. } => Options { host_network: world.options().least.host_network, ..Options::default() },
        Claim::Compared(_) => Options::default(),
        Claim::NoGap { options, .. } => *options,
    }
}

/// Whether an end may be a pod on its node's network, and the world leaves open what that is (R33).
fn may_feel_host_network(cluster: &Cluster, world: &World, flows: &FlowSet) -> bool {
    let ends = [&flows.sources, &flows.destinations];
    world.nodes
        && world.options().leaves_host_network_open()
        && ends.into_iter().any(|endpoint| may_be_host_pod(cluster, endpoint))
}

/// R33: descriptions by labels take in no pod on its node's network. Says yes where it is not sure.
fn may_be_host_pod(cluster: &Cluster, endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Anything | Endpoint::Within(_) | Endpoint::Node(_) => true,
        Endpoint::Pods { .. } | Endpoint::External(_) => false,
        Endpoint::Workload(index) => cluster.workloads.get(*index).is_some_and(|workload| workload.host_network),
        Endpoint::Union(parts) => parts.iter().any(|part| may_be_host_pod(cluster, part)),
        Endpoint::Except(whole, _) => may_be_host_pod(cluster, whole),
    }
}

/// The choices at the other end of what the world leaves open, seen from one of [`plugins`]: a case that
/// stands under each of these too stands under every plugin.
#[must_use]
pub fn opposite(world: &World, claim: &Claim, options: &Options) -> Options {
    let space = world.options();
    let is_most = options.host_network == space.most.host_network;
    let host_network = if is_most { space.least.host_network } else { space.most.host_network };
    match claim {
        Claim::NoneCanReach(_) | Claim::NoPath(_) => Options { host_network, ..space.least },
        Claim::EveryCanReach(_) | Claim::SomeCanReach(_) => Options { host_network, ..space.most },
        Claim::Isolated { .. } => Options { host_network, ..Options::default() },
        Claim::Compared(_) => Options::default(),
        Claim::NoGap { options, .. } => comparison::other_end(options, world),
    }
}

/// Whether claims ask for the same with the same words, so that [`sought`] of one is that of the other.
#[must_use]
pub fn is_alike(one: &Claim, other: &Claim) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Which part of the policies a proof of the claim can rest on.
#[must_use]
pub fn guarding(claim: &Claim) -> Guarding {
    match claim {
        Claim::EveryCanReach(_) => Guarding::Admission,
        Claim::NoGap { gap: Gap::Admission { .. } | Gap::Verdict { .. }, .. } => Guarding::Admission,
        Claim::NoneCanReach(_) | Claim::SomeCanReach(_) | Claim::Isolated { .. } => Guarding::Isolation,
        Claim::NoPath(_) | Claim::Compared(_) | Claim::NoGap { .. } => Guarding::Isolation,
    }
}

/// Which part of this policy a proof of the claim can rest on: of two sets, each has its own.
#[must_use]
pub fn guarding_of(claim: &Claim, policy: usize) -> Guarding {
    match claim {
        Claim::NoGap { gap: Gap::Verdict { one, .. }, .. } if one.policies.contains(&policy) => Guarding::Isolation,
        _ => guarding(claim),
    }
}

/// What can exist at all: satisfiable iff the world has any flow, or any pod.
#[must_use]
pub fn possible(query: &Query<'_>, claim: &Claim) -> Statement {
    if claim.is_about_single_pods() { query.legal_pod() } else { query.legal_flow() }
}

/// Together with [`possible`], satisfiable iff the claim is about anything: some flow or pod of the
/// world is meant. A comparison is about the policies, which are there: it is never about nothing.
#[must_use]
pub fn subject(query: &Query<'_>, claim: &Claim) -> Statement {
    match claim {
        Claim::NoneCanReach(flows)
        | Claim::EveryCanReach(flows)
        | Claim::SomeCanReach(flows)
        | Claim::NoPath(flows) => query.flow_in(flows),
        Claim::Isolated { pods, .. } => query.pod_in(pods),
        Claim::Compared(_) | Claim::NoGap { .. } => query.anything(),
    }
}

/// Together with [`possible`] and [`subject`]: for "some can reach", satisfiable iff the claim holds; for every other
/// claim, unsatisfiable iff it holds. Of a chain that is so of one step alone: `prove` decides it step by step, each a
/// "cannot reach".
#[must_use]
pub fn sought(query: &Query<'_>, claim: &Claim) -> Statement {
    match claim {
        // R27: a pod that nobody has declared may lend its port numbers, but need not.
        Claim::NoneCanReach(_) | Claim::NoPath(_) => query.allowed_with_further_pods(),
        Claim::SomeCanReach(_) => query.allowed(),
        Claim::EveryCanReach(_) => query.allowed().negated(),
        Claim::Isolated { directions, .. } => all_isolated(query, directions).negated(),
        Claim::NoGap { gap, .. } => query.falls_into(gap),
        Claim::Compared(comparison) => {
            let gaps = comparison.gaps(query.setting().cluster);
            gaps.iter().map(|gap| query.falls_into(gap)).fold(query.anything().negated(), Statement::or)
        }
    }
}

fn all_isolated(query: &Query<'_>, directions: &[Direction]) -> Statement {
    directions.iter().map(|direction| query.isolated(*direction)).fold(query.anything(), Statement::and)
}
