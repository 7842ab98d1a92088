//! What one end means: a declared workload, a pod with given labels, or an address. Private to `explain`.

use std::net::IpAddr;

use super::one_workload;
use crate::diagnostic::{Code, Diagnostic};
use crate::eval::selector::matches;
use crate::language::{self, EndpointExpr, EndpointKind, Names, Scope, Target};
use crate::model::claim::{Endpoint, NamespaceSet, PortSet};
use crate::model::net::{End, Family, NodeEnd, PodEnd, family};
use crate::model::selector::{LabelSelector, Labels, Operator};
use crate::model::workload::{Cluster, Namespace, Workload};
use crate::source::Origin;

/// What an end of the flow is.
#[derive(Clone, Debug)]
pub(super) enum Meant {
    Workload(usize),
    Pod { namespace: String, labels: Labels },
    External(IpAddr),
    Node(usize, IpAddr),
}

type Found = Result<(Meant, PortSet, Vec<Diagnostic>), Vec<Diagnostic>>;

/// What the endpoint means and the ports after it, those of a Service translated.
pub(super) fn meant(cluster: &Cluster, target: &Target) -> Found {
    let names = Names { cluster, endpoints: &std::collections::BTreeMap::new(), sets: None };
    match &target.endpoint.kind {
        EndpointKind::Cidr(block) if block.prefix_len() == block.max_prefix_len() => {
            Ok((at_address(cluster, block.addr()), plain_ports(target, &names)?, Vec::new()))
        }
        EndpointKind::Pods { selector, scope } => {
            let pod = labelled(&target.endpoint, selector, scope).map_err(|fault| vec![*fault])?;
            Ok((pod, plain_ports(target, &names)?, Vec::new()))
        }
        EndpointKind::Named(_) | EndpointKind::Service(_) => {
            let found = language::resolve_target(target, &names)?;
            let meant = of_endpoint(cluster, &found.endpoint, target.endpoint.origin).map_err(|fault| vec![*fault])?;
            Ok((meant, found.ports, found.warnings))
        }
        _ => Err(vec![not_one(&target.endpoint)]),
    }
}

/// The ports as they stand.
fn plain_ports(target: &Target, names: &Names<'_>) -> Result<PortSet, Vec<Diagnostic>> {
    let endpoint = EndpointExpr { kind: EndpointKind::External, origin: target.endpoint.origin };
    let target = Target { endpoint, ports: target.ports.clone() };
    language::resolve_target(&target, names).map(|found| found.ports)
}

/// An address may be that of a declared Pod or Node.
fn at_address(cluster: &Cluster, address: IpAddr) -> Meant {
    let pod = cluster.workloads.iter().position(|workload| workload.addresses.contains(&address));
    let node = || cluster.nodes.iter().position(|node| node.addresses.contains(&address));
    match pod {
        Some(index) => Meant::Workload(index),
        None => node().map_or(Meant::External(address), |index| Meant::Node(index, address)),
    }
}

fn labelled(expr: &EndpointExpr, selector: &LabelSelector, scope: &Scope) -> Result<Meant, Box<Diagnostic>> {
    let Scope::Named(namespace) = scope else {
        let fault = Diagnostic::error(Code::SentenceSyntax, "one pod lives in one namespace")
            .at(expr.origin, "no namespace is named");
        return Err(fault.help("name it: `pods with app=web in shop`").into());
    };
    let label = |one: &crate::model::selector::Requirement| match &one.operator {
        Operator::In(values) => match values.as_slice() {
            [value] => Some((one.key.clone(), value.clone())),
            _ => None,
        },
        _ => None,
    };
    let labels: Option<Labels> = selector.requirements.iter().map(label).collect();
    labels.map(|labels| Meant::Pod { namespace: namespace.text.clone(), labels }).ok_or_else(|| {
        Diagnostic::error(Code::SentenceSyntax, "one pod has one value a label")
            .at(expr.origin, "this means many pods")
            .note("explain follows one concrete flow; `netverify query` asks about all of them.")
            .help("write the labels that the pod has: `pods with app=web,tier=front in shop`")
            .into()
    })
}

/// A workload, or the pods behind a Service.
fn of_endpoint(cluster: &Cluster, endpoint: &Endpoint, origin: Origin) -> Result<Meant, Box<Diagnostic>> {
    if let Some(index) = one_workload(endpoint) {
        return Ok(Meant::Workload(index));
    }
    // R33: beside the pods of a Service, those of them on their nodes' network.
    let pods_of = match endpoint {
        Endpoint::Union(parts) => parts.first().unwrap_or(endpoint),
        plain => plain,
    };
    let Endpoint::Pods { namespaces: NamespaceSet::Named(namespace), pods } = pods_of else {
        return Err(Diagnostic::error(Code::SentenceSyntax, "this is not one end of a flow").at(origin, "many").into());
    };
    let behind = |workload: &&Workload| workload.namespace == *namespace && matches(pods, &workload.labels);
    let mut found = cluster.workloads.iter().enumerate().filter(|(_, workload)| behind(workload));
    match (found.next(), found.next()) {
        (Some((index, _)), None) => Ok(Meant::Workload(index)),
        (None, _) => Ok(Meant::Pod { namespace: namespace.clone(), labels: of_selector(pods) }),
        (Some(first), Some(second)) => Err(several(&[first.1, second.1], origin).into()),
    }
}

fn of_selector(pods: &LabelSelector) -> Labels {
    pods.requirements.iter().filter_map(|one| Some((one.key.clone(), one.values().first()?.clone()))).collect()
}

fn several(behind: &[&Workload], origin: Origin) -> Diagnostic {
    let mut fault = Diagnostic::error(Code::AmbiguousName, "several workloads are behind this Service")
        .at(origin, "not clear which one the flow goes to");
    for workload in behind {
        fault = fault.related(workload.origin, workload.full_name());
    }
    fault.help("name the workload, with the port of its pods")
}

fn not_one(expr: &EndpointExpr) -> Diagnostic {
    let what = match &expr.kind {
        EndpointKind::Cidr(_) => "a block of addresses is not one end of a flow",
        EndpointKind::Node(_) => "a node is no end that policies speak about",
        _ => "this means many ends, and one flow has one",
    };
    let fault = Diagnostic::error(Code::SentenceSyntax, what).at(expr.origin, "not one pod or address");
    let fault = match &expr.kind {
        EndpointKind::Cidr(block) => fault.help(format!("write one address of it, such as `{}`", block.addr())),
        _ => fault,
    };
    fault
        .help("an end is a workload, `pods with app=web in shop`, `service NAMESPACE/NAME` or one address")
        .help("about many flows at once ask `netverify query \"can anything outside shop reach orders-db\"`")
}

impl Meant {
    /// The addresses that the manifests give this pod; on its node's network those of the node (R33).
    pub(super) fn known_addresses<'a>(&self, cluster: &'a Cluster) -> &'a [IpAddr] {
        let Meant::Workload(index) = self else { return &[] };
        let Some(workload) = cluster.workloads.get(*index) else { return &[] };
        let node = cluster.nodes.iter().find(|node| Some(&node.name) == workload.node.as_ref());
        match node.filter(|_| workload.host_network && workload.addresses.is_empty()) {
            Some(node) => &node.addresses,
            None => &workload.addresses,
        }
    }

    /// The address of this end in the family of the flow; `None` where no manifest says it.
    pub(super) fn address(
        &self,
        cluster: &Cluster,
        wanted: Family,
        origin: Origin,
    ) -> Result<Option<IpAddr>, Vec<Diagnostic>> {
        if let Meant::External(address) | Meant::Node(_, address) = self {
            return if family(*address) == wanted { Ok(Some(*address)) } else { Err(vec![other_family(origin)]) };
        }
        let known = self.known_addresses(cluster);
        match known.iter().find(|address| family(**address) == wanted) {
            None if !known.is_empty() => Err(vec![other_family(origin)]),
            found => Ok(found.copied()),
        }
    }

    /// The end, with this address where it is a pod.
    pub(super) fn end(&self, cluster: &Cluster, address: IpAddr) -> End {
        match self {
            Meant::External(address) => End::External(*address),
            Meant::Node(index, address) => {
                End::Node(NodeEnd { name: cluster.nodes.get(*index).map(|node| node.name.clone()), address: *address })
            }
            Meant::Pod { namespace, labels } => End::Pod(pod(cluster, namespace, labels, address)),
            Meant::Workload(index) => match cluster.workloads.get(*index) {
                Some(workload) => End::Pod(PodEnd {
                    name: workload.name.clone(),
                    ports: workload.ports.clone(),
                    node: workload.node.clone(),
                    host_network: workload.host_network,
                    workload: Some(*index),
                    ..pod(cluster, &workload.namespace, &workload.labels, address)
                }),
                None => End::External(address),
            },
        }
    }
}

fn pod(cluster: &Cluster, namespace: &str, labels: &Labels, address: IpAddr) -> PodEnd {
    let declared = cluster.namespaces.get(namespace).map(|declared| declared.namespace.clone());
    PodEnd {
        namespace: declared.unwrap_or_else(|| Namespace::new(namespace, Labels::new())),
        name: "any-pod".to_owned(),
        labels: labels.clone(),
        ports: Vec::new(),
        address,
        node: None,
        host_network: false,
        workload: None,
    }
}

fn other_family(origin: Origin) -> Diagnostic {
    Diagnostic::error(Code::SentenceSyntax, "the two ends have no address family in common")
        .at(origin, "its addresses are of the other family")
        .note("A connection is IPv4 or IPv6 at both its ends (R21).")
        .help("write an address of the family that the other end has")
}
