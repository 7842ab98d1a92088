//! Namespaces, Services and Nodes: from typed objects to the model. Called by `object` only.

use k8s_openapi::api::core::v1::{self as core, ServicePort as TypedPort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::names;
use super::place::{Context, Place};
use super::validate::{self, Identity};
use super::workload::address;
use crate::model::workload::{DeclaredNamespace, Namespace, Node, Service, ServicePort, TargetPort};

/// A namespace with its automatic label (R9, V2).
pub fn namespace(object: &core::Namespace, root: &Place<'_>, context: &Context<'_>) -> (Identity, DeclaredNamespace) {
    let id = validate::identity(&object.metadata, root, names::dns_label, None, context);
    let labels = object.metadata.labels.clone().unwrap_or_default();
    let namespace = Namespace::new(id.name.clone(), labels);
    (id, DeclaredNamespace { namespace, origin: root.origin() })
}

/// A node with its labels and addresses.
pub fn node(object: &core::Node, root: &Place<'_>, context: &Context<'_>) -> (Identity, Node) {
    let id = validate::identity(&object.metadata, root, names::dns_subdomain, None, context);
    let status = root.key("status");
    let list = status.key("addresses");
    let mut addresses = Vec::new();
    for (index, entry) in object.status.iter().flat_map(|status| status.addresses.iter().flatten()).enumerate() {
        // Host names and DNS names are addresses too, to Kubernetes; no packet bears them.
        if matches!(entry.type_.as_str(), "InternalIP" | "ExternalIP") {
            let item = list.item(index);
            addresses.extend(address(&entry.address, &item.key("address"), context));
        }
    }
    let labels = object.metadata.labels.clone().unwrap_or_default();
    let node = Node { name: id.name.clone(), labels, addresses, origin: root.origin() };
    (id, node)
}

/// A Service. An empty selector selects nothing, and an ExternalName has no pods behind it.
pub fn service(
    object: &core::Service,
    root: &Place<'_>,
    namespace: &str,
    context: &Context<'_>,
) -> (Identity, Service) {
    let id = validate::identity(&object.metadata, root, names::dns_label, Some(namespace), context);
    let spec = object.spec.clone().unwrap_or_default();
    let place = root.key("spec");
    let selector = validate::labels(spec.selector.as_ref(), &place.key("selector"), context);
    let external = spec.type_.as_deref() == Some("ExternalName");
    let list = place.key("ports");
    let port = |(index, port): (usize, &TypedPort)| service_port(port, &list.item(index), context);
    let ports = spec.ports.iter().flatten().enumerate().filter_map(port).collect();
    let service = Service {
        namespace: id.namespace.clone(),
        name: id.name.clone(),
        selector: (!selector.is_empty() && !external).then_some(selector),
        ports,
        origin: root.origin(),
    };
    (id, service)
}

fn service_port(port: &TypedPort, place: &Place<'_>, context: &Context<'_>) -> Option<ServicePort> {
    let protocol = validate::protocol(port.protocol.as_deref(), place, context);
    let number = validate::port_number(port.port, &place.key("port"), context);
    let at = place.key("targetPort");
    let target = match &port.target_port {
        // Zero and the empty name are what clients send for "not set".
        None | Some(IntOrString::Int(0)) => TargetPort::Number(number?),
        Some(IntOrString::String(name)) if name.is_empty() => TargetPort::Number(number?),
        Some(IntOrString::Int(target)) => TargetPort::Number(validate::port_number(*target, &at, context)?),
        Some(IntOrString::String(name)) => {
            validate::port_name(name, &at, context);
            TargetPort::Name(name.clone())
        }
    };
    let name = port.name.clone().filter(|name| !name.is_empty());
    Some(ServicePort { name, port: number?, protocol, target })
}
