//! Whether what a finding shows is so, by the reference semantics alone.
//!
//! Every pod and flow of a finding is judged here before anybody sees it, in release builds too. Under
//! `lint`; the tests call it through [`super::holds`].

use std::collections::BTreeMap;

use crate::eval::algebra::{admits, isolates, trace};
use crate::eval::selector::matches;
use crate::eval::{Verdict, verdict};
use crate::finding::{Fact, Shown};
use crate::model::inventory::Inventory;
use crate::model::net::PodEnd;
use crate::model::options::{NamedPortScope, Options};
use crate::model::policy::{Direction, Policy};
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
            let own = match direction {
                Direction::Ingress => &flow.destination,
                Direction::Egress => &flow.source,
            };
            let by = own.pod().map(|pod| isolated_by(cluster, options, pod, *direction)).unwrap_or_default();
            admitted(*policy, *direction)
                && !by.iter().any(|other| other != policy && admitted(*other, *direction))
                && !admits(&alone(cluster, options, instead), options, 0, *direction, flow)
        }
        Fact::PluginDecides { policy, direction, other } => {
            admitted(*policy, *direction) && !admits(cluster, other, *policy, *direction, flow)
        }
    }
}

/// A cluster with this policy alone. R27: its workloads matter only where they lend port names to each other.
fn alone(cluster: &Cluster, options: &Options, policy: &Policy) -> Cluster {
    let lend = options.named_port_scope == NamedPortScope::Union;
    let workloads = if lend { cluster.workloads.clone() } else { Inventory::new() };
    let namespaces = if lend { cluster.namespaces.clone() } else { BTreeMap::new() };
    Cluster { policies: vec![policy.clone()].into(), workloads, namespaces, ..Cluster::default() }
}

/// The policies that isolate the pod.
fn isolated_by(cluster: &Cluster, options: &Options, pod: &PodEnd, direction: Direction) -> Vec<usize> {
    let policies = cluster.policies.iter().enumerate().filter(|(_, policy)| policy.namespace == pod.namespace.name);
    let selecting = policies.filter(|(_, policy)| matches(&policy.pod_selector.selector, &pod.labels));
    selecting.filter(|(_, policy)| isolates(options, policy, direction, pod)).map(|(index, _)| index).collect()
}
