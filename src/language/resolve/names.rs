//! What names stand for: entries of `[endpoints]`, workloads, Services, nodes, namespaces.
//!
//! A name that nothing bears, or that fits several things, is a fault that says what there is.

use std::collections::BTreeSet;

use super::super::ast::{Name, NamedEndpoint};
use super::super::cursor::Parse;
use super::super::{Names, RESERVED};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::policy::{NamespaceScope, PeerKind, Policy, Rule};
use crate::model::selector::{Labels, NAMESPACE_NAME_LABEL};
use crate::model::workload::{Cluster, Service, Workload};

/// How many of many things a message lists.
pub(super) const LISTED: usize = 8;

/// What a name can stand for.
#[derive(Clone, Copy)]
pub(super) enum Meaning<'a> {
    Endpoint(&'a NamedEndpoint),
    Workload(usize),
}

/// An entry of `[endpoints]` goes before a workload: the spec's author chose it.
pub(super) fn meaning<'a>(names: &Names<'a>, name: &Name) -> Parse<Meaning<'a>> {
    if let Some(endpoint) = names.endpoints.get(&name.text) {
        return Ok(Meaning::Endpoint(endpoint));
    }
    let all = names.cluster.workloads.iter().enumerate();
    let mut fitting = all.filter(|(_, workload)| fits(workload, &name.text));
    match (fitting.next(), fitting.next()) {
        (Some((index, _)), None) => Ok(Meaning::Workload(index)),
        (None, _) => Err(unknown(names, name)),
        _ => Err(ambiguous(names.cluster, name)),
    }
}

/// `NAME`, `NAMESPACE/NAME`, `KIND/NAME` or `NAMESPACE/KIND/NAME`.
fn fits(workload: &Workload, written: &str) -> bool {
    let mut parts = written.split('/').rev();
    let is_kind = |part: &str| workload.kind.name().eq_ignore_ascii_case(part);
    parts.next() == Some(workload.name.as_str())
        && match (parts.next(), parts.next()) {
            (None, _) => true,
            (Some(part), None) => part == workload.namespace || is_kind(part),
            (Some(kind), Some(namespace)) => namespace == workload.namespace && is_kind(kind),
        }
}

fn full_path(workload: &Workload) -> String {
    format!("{}/{}/{}", workload.namespace, workload.kind.name().to_lowercase(), workload.name)
}

fn ambiguous(cluster: &Cluster, name: &Name) -> Box<Diagnostic> {
    let fitting: Vec<_> = cluster.workloads.iter().filter(|workload| fits(workload, &name.text)).collect();
    let message = format!("`{}` fits {} workloads", name.text, fitting.len());
    let mut fault = Diagnostic::error(Code::AmbiguousName, message).at(name.origin, "not clear which one");
    for workload in fitting.iter().take(LISTED) {
        fault = fault.related(workload.origin, workload.full_name());
    }
    let paths = fitting.iter().map(|workload| full_path(workload));
    fault.help(format!("write one of {}", list(paths))).into()
}

fn unknown(names: &Names<'_>, name: &Name) -> Box<Diagnostic> {
    let message = format!("nothing is called `{}`", name.text);
    let fault = Diagnostic::error(Code::UnknownName, message).at(name.origin, "neither an endpoint nor a workload");
    let fault = hints(names.cluster, fault, &name.text);
    let similar = spellings(names, &name.text);
    let fault = fault.did_you_mean(&name.text, similar.iter().map(String::as_str));
    if fault.help.is_empty() {
        fault.help("name a workload of the manifests, or define the name under `[endpoints]`").into()
    } else {
        fault.into()
    }
}

/// The name may be that of another kind of thing.
fn hints(cluster: &Cluster, mut fault: Diagnostic, written: &str) -> Diagnostic {
    let bare = written.strip_prefix("service/").or_else(|| written.strip_prefix("svc/")).unwrap_or(written);
    for service in cluster.services.iter().filter(|service| is_service(service, bare)).take(LISTED) {
        let path = service_path(service);
        fault = fault.help(format!("`{path}` is a Service: write `service {path}`"));
    }
    if known_namespaces(cluster).contains(written) {
        fault = fault.help(format!("`{written}` is a namespace: write `pods in {written}`"));
    }
    fault
}

/// What could have been written, spelt as fully as the writer spells.
fn spellings(names: &Names<'_>, written: &str) -> BTreeSet<String> {
    let slashes = written.matches('/').count();
    let workloads = names.cluster.workloads.iter().flat_map(|workload| match slashes {
        0 => vec![workload.name.clone()],
        1 => vec![
            format!("{}/{}", workload.namespace, workload.name),
            format!("{}/{}", workload.kind.name().to_lowercase(), workload.name),
        ],
        _ => vec![full_path(workload)],
    });
    // Short words are near to everything.
    let words = RESERVED.iter().filter(|word| slashes == 0 && word.len() > 3).map(|word| (*word).to_owned());
    workloads.chain(names.endpoints.keys().cloned()).chain(words).collect()
}

/// The Service of this name, and the labels of the pods behind it.
pub(super) fn service<'a>(cluster: &'a Cluster, name: &Name) -> Parse<(&'a Service, &'a Labels)> {
    let mut fitting = cluster.services.iter().filter(|service| is_service(service, &name.text));
    let Some(service) = fitting.next() else { return Err(unknown_service(cluster, name)) };
    if fitting.next().is_some() {
        let paths = cluster.services.iter().filter(|service| is_service(service, &name.text)).map(service_path);
        let fault = Diagnostic::error(Code::AmbiguousName, format!("`{}` fits several Services", name.text));
        return Err(fault.at(name.origin, "not clear which one").help(format!("write one of {}", list(paths))).into());
    }
    match &service.selector {
        Some(selector) => Ok((service, selector)),
        None => Err(without_selector(service, name)),
    }
}

fn is_service(service: &Service, written: &str) -> bool {
    match written.split_once('/') {
        None => service.name == written,
        Some((namespace, name)) => service.namespace == namespace && service.name == name,
    }
}

fn service_path(service: &Service) -> String {
    format!("{}/{}", service.namespace, service.name)
}

fn unknown_service(cluster: &Cluster, name: &Name) -> Box<Diagnostic> {
    let fault = Diagnostic::error(Code::UnknownName, format!("there is no Service `{}`", name.text))
        .at(name.origin, "no Service of the manifests");
    let paths: Vec<_> = cluster.services.iter().map(service_path).collect();
    let bare = cluster.services.iter().map(|service| service.name.as_str());
    let fault = fault.did_you_mean(&name.text, paths.iter().map(String::as_str).chain(bare));
    let help = match paths.is_empty() {
        true => "the manifests declare no Service; name the pods: `pods with app=web in shop`".to_owned(),
        false => format!("the Services are {}", list(paths.into_iter())),
    };
    fault.help(help).into()
}

fn without_selector(service: &Service, name: &Name) -> Box<Diagnostic> {
    let message = format!("Service `{}` selects no pods", service_path(service));
    Diagnostic::error(Code::UnknownName, message)
        .at(name.origin, "a Service without a selector")
        .related(service.origin, "declared here")
        .note("What is behind such a Service is written elsewhere, or lies outside the cluster.")
        .help("name the pods or the addresses that are meant")
        .into()
}

/// The node of this name.
pub(super) fn node(cluster: &Cluster, name: &Name) -> Parse<String> {
    if cluster.nodes.iter().any(|node| node.name == name.text) {
        return Ok(name.text.clone());
    }
    let fault = Diagnostic::error(Code::UnknownName, format!("there is no node `{}`", name.text))
        .at(name.origin, "no Node of the manifests")
        .did_you_mean(&name.text, cluster.nodes.iter().map(|node| node.name.as_str()));
    Err(fault.help("`node` alone means any node").into())
}

/// The namespace of this name: declared, lived in, or mentioned by a policy.
pub(super) fn namespace(cluster: &Cluster, name: &Name) -> Parse<String> {
    if cluster.namespaces.contains_key(&name.text) {
        return Ok(name.text.clone());
    }
    let known = known_namespaces(cluster);
    if known.contains(name.text.as_str()) {
        return Ok(name.text.clone());
    }
    let fault = Diagnostic::error(Code::UnknownNamespace, format!("there is no namespace `{}`", name.text))
        .at(name.origin, "nothing declares or mentions it")
        .note("A statement about a namespace that no manifest knows would be about nothing.")
        .did_you_mean(&name.text, known.iter().copied());
    let help = match known.is_empty() {
        true => "the manifests name no namespace".to_owned(),
        false => format!("the namespaces are {}", list(known.iter().map(|name| (*name).to_owned()))),
    };
    Err(fault.help(help).into())
}

fn known_namespaces(cluster: &Cluster) -> BTreeSet<&str> {
    let declared = cluster.namespaces.keys().map(String::as_str);
    let policies = cluster.policies.iter().map(|policy| policy.namespace.as_str());
    let workloads = cluster.workloads.iter().map(|workload| workload.namespace.as_str());
    let services = cluster.services.iter().map(|service| service.namespace.as_str());
    let mentioned = cluster.policies.iter().flat_map(mentioned);
    declared.chain(policies).chain(workloads).chain(services).chain(mentioned).collect()
}

/// The namespaces that the peers of a policy select by the label that bears their name (R9).
fn mentioned(policy: &Policy) -> impl Iterator<Item = &str> {
    let rules = policy.ingress.iter().chain(&policy.egress).flatten();
    let peers = rules.flat_map(Rule::named_peers);
    let selectors = peers.filter_map(|peer| match &peer.kind {
        PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), .. } => Some(selector),
        _ => None,
    });
    let requirements = selectors.flat_map(|selector| &selector.requirements);
    requirements.filter(|one| one.key == NAMESPACE_NAME_LABEL).flat_map(|one| one.values()).map(String::as_str)
}

/// Some of the names, for a message.
pub(super) fn list(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(LISTED);
    names.truncate(LISTED);
    let names = names.join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}
