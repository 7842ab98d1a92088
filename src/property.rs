//! What each claim means: statements about a symbolic flow that are unsatisfiable iff it holds.
//!
//! The meaning is pure: nothing here runs the solver. `prove` asks, and `witness` checks every
//! answer by the concrete meaning in `eval::claim`. Every function says its "iff".

use crate::model::algebra::Gap;
use crate::model::claim::Claim;
use crate::model::options::{EgressNamedPortAny, EndPort, IpBlockMatches, Options, OtherProtocols, Treatment};
use crate::model::policy::Direction;
use crate::symbolic::{Guarding, Query, Statement};

mod comparison;

pub use comparison::questions;

/// The plugin's choices under which a claim is decided, so that the answer holds for every plugin.
///
/// "Cannot reach" is decided for the plugin that lets most through and "can reach" for the one that
/// lets least through; each choice of `docs/semantics.md` that a policy can feel goes one way only,
/// so that the extreme plugin stands for all (R22, R26, R28, R31, R32). Two choices stay as the rules
/// have them, and the report says so: a named port opens the pods that declare it (R27), and a pod on
/// its node's network counts as its node (R33).
#[must_use]
pub fn options(claim: &Claim) -> Options {
    match claim {
        Claim::NoneCanReach(_) => most_permissive(),
        Claim::EveryCanReach(_) | Claim::SomeCanReach(_) => most_restrictive(),
        // Isolation looks at labels and namespaces alone; no choice matters.
        Claim::Isolated { .. } | Claim::Compared(_) => Options::default(),
        Claim::NoGap { options, .. } => *options,
    }
}

fn most_permissive() -> Options {
    Options {
        ipblock_matches: IpBlockMatches::All,
        local_node_ingress: Treatment::Allow,
        local_node_egress: Treatment::Allow,
        egress_named_port_any: EgressNamedPortAny::Destination,
        end_port: EndPort::Supported,
        other_protocols: OtherProtocols::Unspecified,
        ..Options::default()
    }
}

fn most_restrictive() -> Options {
    Options {
        ipblock_matches: IpBlockMatches::External,
        local_node_ingress: Treatment::Policy,
        local_node_egress: Treatment::Policy,
        egress_named_port_any: EgressNamedPortAny::None,
        end_port: EndPort::Ignored,
        other_protocols: OtherProtocols::Unspecified,
        ..Options::default()
    }
}

/// Which part of the policies a proof of the claim can rest on.
#[must_use]
pub fn guarding(claim: &Claim) -> Guarding {
    match claim {
        Claim::EveryCanReach(_) => Guarding::Admission,
        Claim::NoGap { gap: Gap::Admission { .. }, .. } => Guarding::Admission,
        Claim::NoneCanReach(_) | Claim::SomeCanReach(_) | Claim::Isolated { .. } => Guarding::Isolation,
        Claim::Compared(_) | Claim::NoGap { .. } => Guarding::Isolation,
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
        Claim::NoneCanReach(flows) | Claim::EveryCanReach(flows) | Claim::SomeCanReach(flows) => query.flow_in(flows),
        Claim::Isolated { pods, .. } => query.pod_in(pods),
        Claim::Compared(_) | Claim::NoGap { .. } => query.anything(),
    }
}

/// Together with [`possible`] and [`subject`]: for "some can reach", satisfiable iff the claim holds; for every other
/// claim, unsatisfiable iff it holds.
#[must_use]
pub fn sought(query: &Query<'_>, claim: &Claim) -> Statement {
    match claim {
        Claim::NoneCanReach(_) | Claim::SomeCanReach(_) => query.allowed(),
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
