//! Pods and the controllers that make them: from typed objects to the model. Labels, ports and names
//! are the template's (R40); what is checked is V3, V4 and V15. Called by `object` only.

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort as TypedPort, Pod, PodSpec, PodTemplateSpec, ReplicationController,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector as TypedSelector, ObjectMeta};

use super::names;
use super::place::{Context, Place};
use super::validate::{self, Identity};
use crate::model::selector::{LabelSelector, Labels};
use crate::model::workload::{ContainerPort, Workload, WorkloadKind};

/// What all workloads have, whatever their kind.
pub struct Parts<'a> {
    kind: WorkloadKind,
    meta: &'a ObjectMeta,
    template: Option<&'a PodTemplateSpec>,
    selector: Selector<'a>,
    path: &'static [&'static str],
}

/// How a controller finds its pods.
enum Selector<'a> {
    Required(&'a TypedSelector),
    Optional(Option<&'a TypedSelector>),
    Labels(Option<&'a Labels>),
    None,
}

/// A kind that makes pods by a template.
pub trait Controller {
    /// Its parts.
    fn parts(&self) -> Parts<'_>;
}

macro_rules! controllers {
    ($($type:ident, |$object:ident| $selector:expr, $template:expr;)*) => {
        $(impl Controller for $type {
            fn parts(&self) -> Parts<'_> {
                let $object = self;
                let (selector, template) = ($selector, $template);
                Parts { kind: WorkloadKind::$type, meta: &self.metadata, template, selector, path: &["spec", "template"] }
            }
        })*
    };
}

controllers! {
    Deployment, |object| Selector::Required(&object.spec.selector), Some(&object.spec.template);
    ReplicaSet, |object| Selector::Required(&object.spec.selector), object.spec.template.as_ref();
    StatefulSet, |object| Selector::Required(&object.spec.selector), Some(&object.spec.template);
    DaemonSet, |object| Selector::Required(&object.spec.selector), Some(&object.spec.template);
    Job, |object| Selector::Optional(object.spec.as_ref().and_then(|spec| spec.selector.as_ref())),
        object.spec.as_ref().map(|spec| &spec.template);
    ReplicationController, |object| Selector::Labels(object.spec.as_ref().and_then(|spec| spec.selector.as_ref())),
        object.spec.as_ref().and_then(|spec| spec.template.as_ref());
}

impl Controller for CronJob {
    fn parts(&self) -> Parts<'_> {
        let template = self.spec.job_template.spec.as_ref().map(|spec| &spec.template);
        let path = &["spec", "jobTemplate", "spec", "template"];
        Parts { kind: WorkloadKind::CronJob, meta: &self.metadata, template, selector: Selector::None, path }
    }
}

/// A controller as a workload.
pub fn controller(
    object: &dyn Controller,
    root: &Place<'_>,
    namespace: &str,
    context: &Context<'_>,
) -> (Identity, Workload) {
    let parts = object.parts();
    let id = validate::identity(parts.meta, root, names::dns_subdomain, Some(namespace), context);
    let empty = PodTemplateSpec::default();
    let template = parts.template.unwrap_or(&empty);
    let workload = descend(root, parts.path, &mut |place| {
        if !place.present() {
            context.missing(place, "is missing: it says what the pods are");
        }
        let meta = template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
        let metadata = place.key("metadata");
        let labels = validate::labels(meta, &metadata.key("labels"), context);
        template.metadata.iter().for_each(|meta| validate::annotations(meta, &metadata, context));
        selects_template(&parts.selector, &labels, root, &metadata, context);
        from_spec(parts.kind, &id, labels, template.spec.as_ref(), (root, &place.key("spec")), context)
    });
    (id, workload)
}

/// Walks down a path and calls back at its end; places live on the stack.
fn descend<T>(place: &Place<'_>, path: &[&str], then: &mut dyn FnMut(&Place<'_>) -> T) -> T {
    match path.split_first() {
        None => then(place),
        Some((first, rest)) => descend(&place.key(first), rest, then),
    }
}

/// The template's labels must match the selector, or the controller would not know its own pods (V4).
fn selects_template(
    selector: &Selector<'_>,
    labels: &Labels,
    root: &Place<'_>,
    metadata: &Place<'_>,
    context: &Context<'_>,
) {
    let spec = root.key("spec");
    let place = spec.key("selector");
    let selector = match selector {
        Selector::Required(typed) => {
            let selector = validate::selector(Some(typed), &place, context);
            if selector.is_empty() {
                context.missing(&place, "is missing or empty: it must select the pods of the template");
            }
            selector
        }
        Selector::Optional(typed) => validate::selector(*typed, &place, context),
        Selector::Labels(wanted) => LabelSelector::of_labels(&validate::labels(*wanted, &place, context)),
        Selector::None => return,
    };
    if !validate::matches(&selector, labels) {
        let place = metadata.key("labels");
        let problem = "do not match spec.selector, so the controller would not know its own pods";
        context.invalid(&place, problem).help("give the template the labels that the selector asks for");
    }
}

/// A pod as a workload; `None` once it has ended (R34).
pub fn pod(object: &Pod, root: &Place<'_>, namespace: &str, context: &Context<'_>) -> (Identity, Option<Workload>) {
    let id = validate::identity(&object.metadata, root, names::dns_subdomain, Some(namespace), context);
    let labels = object.metadata.labels.clone().unwrap_or_default();
    let spec = object.spec.as_ref();
    let mut workload = from_spec(WorkloadKind::Pod, &id, labels, spec, (root, &root.key("spec")), context);
    workload.node = spec.and_then(|spec| spec.node_name.clone()).filter(|name| !name.is_empty());
    workload.addresses = addresses(object, root, context);
    let phase = object.status.as_ref().and_then(|status| status.phase.as_deref());
    let ended = matches!(phase, Some("Succeeded" | "Failed"));
    (id, (!ended).then_some(workload))
}

fn addresses(pod: &Pod, root: &Place<'_>, context: &Context<'_>) -> Vec<IpAddr> {
    let Some(status) = &pod.status else { return Vec::new() };
    let place = root.key("status");
    let first = status.pod_ip.as_deref().and_then(|text| address(text, &place.key("podIP"), context));
    let list = place.key("podIPs");
    let mut found: Vec<IpAddr> = first.into_iter().collect();
    for (index, entry) in status.pod_ips.iter().flatten().enumerate() {
        let item = list.item(index);
        let next = address(&entry.ip, &item.key("ip"), context);
        found.extend(next.filter(|address| !found.contains(address)));
    }
    found
}

/// An address of a status; an empty one is not known yet.
pub fn address(text: &str, place: &Place<'_>, context: &Context<'_>) -> Option<IpAddr> {
    let address = text.parse().ok();
    if address.is_none() && !text.is_empty() {
        context.invalid(place, format_args!("must be an IP address, and this is `{text}`"));
    }
    address
}

fn from_spec(
    kind: WorkloadKind,
    id: &Identity,
    labels: Labels,
    spec: Option<&PodSpec>,
    (root, place): (&Place<'_>, &Place<'_>),
    context: &Context<'_>,
) -> Workload {
    let host_network = spec.and_then(|spec| spec.host_network).unwrap_or(false);
    Workload {
        kind,
        namespace: id.namespace.clone(),
        name: id.name.clone(),
        labels,
        ports: spec.map(|spec| ports(spec, host_network, place, context)).unwrap_or_default(),
        addresses: Vec::new(),
        node: None,
        host_network,
        origin: root.origin(),
    }
}

/// The ports of all containers, init containers included (R27).
fn ports(spec: &PodSpec, host_network: bool, place: &Place<'_>, context: &Context<'_>) -> Vec<ContainerPort> {
    let mut found = Vec::new();
    let mut collect = |containers: &[Container], list: &Place<'_>| {
        for (index, container) in containers.iter().enumerate() {
            let item = list.item(index);
            let ports = container.ports.as_deref().unwrap_or_default();
            container_ports(ports, host_network, &item.key("ports"), context, &mut found);
        }
    };
    collect(spec.init_containers.as_deref().unwrap_or_default(), &place.key("initContainers"));
    collect(&spec.containers, &place.key("containers"));
    found
}

/// The ports of one container, within which names are unique (V15).
fn container_ports(
    ports: &[TypedPort],
    host_network: bool,
    list: &Place<'_>,
    context: &Context<'_>,
    found: &mut Vec<ContainerPort>,
) {
    let mut seen = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let place = list.item(index);
        let name = port.name.as_deref().filter(|name| !name.is_empty());
        if let Some(name) = name {
            let at = place.key("name");
            validate::port_name(name, &at, context);
            if !seen.insert(name) {
                context.invalid(&at, format_args!("must be unique within a container, and `{name}` is not"));
            }
        }
        host_port(port, host_network, &place, context);
        let protocol = validate::protocol(port.protocol.as_deref(), &place, context);
        let number = validate::port_number(port.container_port, &place.key("containerPort"), context);
        found.extend(number.map(|number| ContainerPort { name: name.map(str::to_owned), number, protocol }));
    }
}

fn host_port(port: &TypedPort, host_network: bool, place: &Place<'_>, context: &Context<'_>) {
    let Some(number) = port.host_port.filter(|number| *number != 0) else { return };
    let at = place.key("hostPort");
    validate::port_number(number, &at, context);
    if host_network && number != port.container_port {
        context.invalid(&at, "must equal containerPort where hostNetwork is true");
    }
}
