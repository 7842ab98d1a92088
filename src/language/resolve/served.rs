//! Ports that nobody serves: a number that is a Service's and no pod's, a port that no pod declares.
//!
//! A policy and a property that speak about such a port speak past each other (R24, R36). It is a
//! warning, since a container may listen on ports that it does not declare.

use crate::diagnostic::{Code, Diagnostic};
use crate::model::claim::{Endpoint, NamespaceSet, PortItem};
use crate::model::net::PortMatch;
use crate::model::selector::{LabelSelector, Labels, Operator, Requirement};
use crate::model::workload::{Cluster, ContainerPort, Namespace, Service, ServicePort, TargetPort, Workload};
use crate::source::Origin;

/// A warning for each item that no declared pod of the destination serves.
pub(super) fn unserved(cluster: &Cluster, to: &Endpoint, items: &[PortItem], origin: Origin) -> Vec<Diagnostic> {
    let pods = declared(cluster, to);
    items.iter().filter_map(|item| unserved_item(cluster, &pods, item, origin)).collect()
}

fn unserved_item(cluster: &Cluster, pods: &[&Workload], item: &PortItem, origin: Origin) -> Option<Diagnostic> {
    if item.ports == PortMatch::All || pods.iter().any(|pod| pod.ports.iter().any(|port| serves(port, item))) {
        return None;
    }
    let through = service_port(cluster, pods, item);
    // Pods that declare no port at all say nothing about what they listen on.
    if through.is_none() && pods.iter().all(|pod| pod.ports.is_empty()) {
        return None;
    }
    let message = format!("no declared pod of the destination listens on port {}", describe(item));
    let warning = Diagnostic::warning(Code::UnservedPort, message).at(origin, "a port that no pod declares");
    Some(match through {
        Some((service, port)) => explain_service(warning, service, port),
        None => warning.help(format!("the pods declare {}", ports_of(pods))),
    })
}

fn explain_service(warning: Diagnostic, service: &Service, port: &ServicePort) -> Diagnostic {
    let path = format!("{}/{}", service.namespace, service.name);
    let target = match &port.target {
        TargetPort::Number(number) => number.to_string(),
        TargetPort::Name(name) => name.clone(),
    };
    warning
        .related(service.origin, format!("its port {} leads to port {target} of the pods", port.port))
        .note(format!("{} is a port of Service {path}; policies see the port of the pod (R36).", port.port))
        .help(format!("write the pods' port `:{target}`, or `service {path}:{}`", port.port))
}

/// The port of a Service that selects one of these pods and leads elsewhere.
fn service_port<'a>(
    cluster: &'a Cluster,
    pods: &[&Workload],
    item: &PortItem,
) -> Option<(&'a Service, &'a ServicePort)> {
    let PortMatch::Range(first, last) = &item.ports else { return None };
    let selects = |service: &&Service| pods.iter().any(|pod| is_behind(service, pod));
    let ports = cluster.services.iter().filter(selects);
    let mut ports = ports.flat_map(|service| service.ports.iter().map(move |port| (service, port)));
    ports.find(|(_, port)| {
        let itself = port.target == TargetPort::Number(port.port);
        port.protocol == item.protocol && (*first..=*last).contains(&port.port) && !itself
    })
}

/// The declared workloads on their nodes' network that the Service selects, by index.
pub(super) fn on_nodes_behind(cluster: &Cluster, service: &Service) -> Vec<usize> {
    let all = cluster.workloads.iter().enumerate().filter(|(_, pod)| pod.host_network);
    all.filter(|(_, pod)| is_behind(service, pod)).map(|(index, _)| index).collect()
}

fn is_behind(service: &Service, pod: &Workload) -> bool {
    service.namespace == pod.namespace
        && service.selector.as_ref().is_some_and(|labels| selects(&LabelSelector::of_labels(labels), &pod.labels))
}

fn serves(port: &ContainerPort, item: &PortItem) -> bool {
    port.protocol == item.protocol
        && match &item.ports {
            PortMatch::All => true,
            PortMatch::Range(first, last) => (*first..=*last).contains(&port.number),
            PortMatch::Named(name) => port.name.as_ref() == Some(name),
        }
}

fn describe(item: &PortItem) -> String {
    match &item.ports {
        PortMatch::All => item.protocol.to_string(),
        PortMatch::Range(first, last) if first == last => format!("{first}/{}", item.protocol),
        PortMatch::Range(first, last) => format!("{first}-{last}/{}", item.protocol),
        PortMatch::Named(name) => format!("`{name}`/{}", item.protocol),
    }
}

fn ports_of(pods: &[&Workload]) -> String {
    let mut ports: Vec<_> = pods.iter().flat_map(|pod| &pod.ports).map(|port| (port.number, port.protocol)).collect();
    ports.sort_unstable();
    ports.dedup();
    let shown: Vec<_> = ports.iter().take(8).map(|(number, protocol)| format!("{number}/{protocol}")).collect();
    let more = if ports.len() > shown.len() { " and more" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// The declared pods that are meant by name or selector. A pod on its node's network is meant by its name
/// alone (R33); wider endpoints such as `anything` mean no pod in particular.
fn declared<'a>(cluster: &'a Cluster, to: &Endpoint) -> Vec<&'a Workload> {
    let all = cluster.workloads.iter().enumerate();
    all.filter(|(index, pod)| is_meant(cluster, to, *index, pod)).map(|(_, pod)| pod).collect()
}

fn is_meant(cluster: &Cluster, to: &Endpoint, index: usize, pod: &Workload) -> bool {
    match to {
        Endpoint::Workload(wanted) => index == *wanted,
        Endpoint::Pods { namespaces, pods } => {
            !pod.host_network && in_namespaces(cluster, namespaces, &pod.namespace) && selects(pods, &pod.labels)
        }
        // A Service with pods on their nodes' network.
        Endpoint::Union(parts) => parts.iter().any(|part| is_meant(cluster, part, index, pod)),
        _ => false,
    }
}

fn in_namespaces(cluster: &Cluster, set: &NamespaceSet, name: &str) -> bool {
    match set {
        NamespaceSet::Any => true,
        NamespaceSet::Named(wanted) => wanted == name,
        NamespaceSet::Matching(selector) => match cluster.namespaces.get(name) {
            Some(declared) => selects(selector, &declared.namespace.labels),
            None => selects(selector, &Namespace::new(name, Labels::new()).labels),
        },
    }
}

/// R12 and R13, over declared labels. Only warnings hang on it: what is proved goes through `eval`
/// and `symbolic`.
fn selects(selector: &LabelSelector, labels: &Labels) -> bool {
    selector.requirements.iter().all(|Requirement { key, operator }| {
        let value = labels.get(key);
        match operator {
            Operator::In(values) => value.is_some_and(|value| values.contains(value)),
            Operator::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    })
}
