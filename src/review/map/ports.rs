//! The ports on which connections to a workload are looked at, and ports in words.

use std::collections::BTreeSet;

use crate::eval::selector::matches;
use crate::model::net::{PortMatch, Protocol};
use crate::model::policy::{Direction, Policy, Ports};
use crate::model::workload::Cluster;

/// The most ports of one destination.
const MOST: usize = 16;

/// The ports that the workload declares; else those that the ingress rules of its policies name; else TCP 80.
pub(super) fn of(cluster: &Cluster, index: usize) -> Vec<(Protocol, u16)> {
    let Some(workload) = cluster.workloads.get(index) else { return Vec::new() };
    let declared: BTreeSet<_> = workload.ports.iter().map(|port| (port.protocol, port.number)).collect();
    if !declared.is_empty() {
        return declared.into_iter().take(MOST).collect();
    }
    let selects = |policy: &&Policy| {
        policy.namespace == workload.namespace && matches(&policy.pod_selector.selector, &workload.labels)
    };
    let named: BTreeSet<_> = cluster.policies.iter().filter(selects).flat_map(named).collect();
    if named.is_empty() { vec![(Protocol::Tcp, 80)] } else { named.into_iter().take(MOST).collect() }
}

fn named(policy: &Policy) -> Vec<(Protocol, u16)> {
    let mut named = Vec::new();
    for rule in policy.rules(Direction::Ingress).unwrap_or_default() {
        let Ports::AnyOf(items) = &rule.ports else { continue };
        for item in items {
            if let PortMatch::Range(first, _) = item.ports {
                named.push((item.protocol, first));
            }
        }
    }
    named
}

/// "TCP 6333, TCP 6334".
pub(super) fn words(ports: &[(Protocol, u16)]) -> String {
    let words: Vec<String> = ports.iter().map(|(protocol, port)| format!("{protocol} {port}")).collect();
    words.join(", ")
}
