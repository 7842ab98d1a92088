//! Whether what a finding shows is so, by the reference semantics alone.
//!
//! Every pod and flow of a finding is judged here before anybody sees it, in release builds too. Under
//! `lint`; the tests call it through [`super::holds`].

use crate::eval::algebra::{admits, isolates, trace};
use crate::eval::selector::matches;
use crate::eval::{Verdict, verdict};
use crate::finding::{Fact, Shown};
use crate::model::net::PodEnd;
use crate::model::options::Options;
use crate::model::policy::Direction;
use crate::model::workload::Cluster;

/// Whether it is so.
pub(super) fn holds(cluster: &Cluster, shown: &Shown) -> bool {
    let (flow, options) = (&shown.flow, &shown.options);
    let admitted = |policy: usize, direction| admits(cluster, options, policy, direction, flow);
    match &shown.fact {
        Fact::Allowed => verdict(cluster, options, flow).0 == Verdict::Allowed,
        Fact::Denied => verdict(cluster, options, flow).0 == Verdict::Denied,
        Fact::Open(direction) => {
            flow.destination.pod().is_some_and(|pod| isolated_by(cluster, options, pod, *direction).is_empty())
        }
        Fact::IsolatedOnlyBy(policy, direction) => {
            let by = flow.destination.pod().map(|pod| isolated_by(cluster, options, pod, *direction));
            by.is_some_and(|by| by == [*policy])
        }
        Fact::Admitted(policy, direction) => admitted(*policy, *direction),
        Fact::NotAdmitted(policy, direction) => {
            trace(cluster, options, *policy, *direction, flow).is_some() && !admitted(*policy, *direction)
        }
        Fact::AdmittedOnlyAsWritten { policy, direction, instead } => {
            let mut changed = cluster.clone();
            if let Some(place) = changed.policies.get_mut(*policy) {
                *place = (**instead).clone();
            }
            let own = match direction {
                Direction::Ingress => &flow.destination,
                Direction::Egress => &flow.source,
            };
            let by = own.pod().map(|pod| isolated_by(&changed, options, pod, *direction)).unwrap_or_default();
            admitted(*policy, *direction) && !by.iter().any(|index| admits(&changed, options, *index, *direction, flow))
        }
        Fact::PluginDecides { policy, direction, other } => {
            admitted(*policy, *direction) && !admits(cluster, other, *policy, *direction, flow)
        }
    }
}

/// The policies that isolate the pod.
fn isolated_by(cluster: &Cluster, options: &Options, pod: &PodEnd, direction: Direction) -> Vec<usize> {
    let policies = cluster.policies.iter().enumerate().filter(|(_, policy)| policy.namespace == pod.namespace.name);
    let selecting = policies.filter(|(_, policy)| matches(&policy.pod_selector.selector, &pod.labels));
    selecting.filter(|(_, policy)| isolates(options, policy, direction, pod)).map(|(index, _)| index).collect()
}
