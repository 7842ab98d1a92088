//! A pod of a declared workload, as an end of a flow.

use std::net::IpAddr;

use crate::model::net::PodEnd;
use crate::model::selector::Labels;
use crate::model::workload::{Cluster, Namespace, Workload};

/// A pod of the workload with this index and this address. Where no manifest declares its namespace
/// the namespace has the automatic label alone; its other labels are not known. `None` for an index
/// that the cluster does not have.
#[must_use]
pub fn of_workload(cluster: &Cluster, index: usize, address: IpAddr) -> Option<PodEnd> {
    let workload: &Workload = cluster.workloads.get(index)?;
    let unknown = || Namespace::new(&workload.namespace, Labels::new());
    let declared = cluster.namespaces.get(&workload.namespace).map(|declared| declared.namespace.clone());
    Some(PodEnd {
        namespace: declared.unwrap_or_else(unknown),
        name: workload.name.clone(),
        labels: workload.labels.clone(),
        ports: workload.ports.clone(),
        address,
        node: workload.node.clone(),
        host_network: workload.host_network,
        workload: Some(index),
    })
}
