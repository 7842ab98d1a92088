//! `[endpoints]`: names that sentences can use.
//!
//! Names may stand for other names, but not in a circle. Whether the namespaces and workloads exist
//! is not known here; `language::resolve` says so, and points back at the spec.

use std::collections::{BTreeMap, BTreeSet};

use super::read::{Fields, Reader, invalid};
use super::tables::{check_name, section};
use super::{MAX_ENDPOINTS, Written};
use crate::diagnostic::{Code, Diagnostic};
use crate::language::{
    self, EndpointExpr, EndpointKind, Name, NamedEndpoint, Scope, is_namespace_name, is_reserved, parse_selector,
};

pub(super) const KEYS: &[&str] = &["namespace", "namespaces", "pods", "cidr", "is"];
const FORMS: &str = "an endpoint is { namespace = \"...\", pods = \"...\" }, { namespaces = \"...\", pods = \"...\" }, { pods = \"...\" }, \
     { cidr = \"...\" } or { is = \"...\" }";

/// Everything under `[endpoints]`.
pub(super) fn endpoints(reader: &mut Reader<'_>, top: Fields<'_>) -> BTreeMap<String, NamedEndpoint> {
    let Some(all) = section(reader, top, "endpoints", "[endpoints]") else { return BTreeMap::new() };
    if all.table.len() > MAX_ENDPOINTS {
        let message = format!("a spec has at most {MAX_ENDPOINTS} endpoints, and this one has {}", all.table.len());
        reader.push(Diagnostic::error(Code::LimitExceeded, message).at(all.origin, "too many"));
        return BTreeMap::new();
    }
    let mut endpoints = BTreeMap::new();
    for (key, value) in all.table {
        let name = Written { value: key.get_ref().to_string(), origin: reader.origin(key.span()) };
        check_endpoint_name(reader, &name);
        let Some(fields) = reader.fields(value, "an endpoint") else { continue };
        if let Some(definition) = definition(reader, fields) {
            endpoints.insert(name.value, NamedEndpoint { origin: name.origin, definition });
        }
    }
    refuse_circles(reader, &endpoints);
    endpoints
}

fn check_endpoint_name(reader: &mut Reader<'_>, name: &Written<String>) {
    check_name(reader, name);
    if is_reserved(&name.value) {
        let fault = invalid(name, "a word of the language of sentences");
        reader.push(fault.help("give the endpoint another name"));
    }
}

fn definition(reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<EndpointExpr> {
    reader.known_keys(fields, KEYS);
    let has = |key: &str| fields.table.contains_key(key);
    let kinds = [has("cidr"), has("is"), has("namespace") || has("namespaces") || has("pods")];
    if kinds.iter().filter(|kind| **kind).count() != 1 || (has("namespace") && has("namespaces")) {
        // An unknown key was reported already, and was meant to be one of these.
        if fields.table.keys().all(|key| KEYS.contains(&key.get_ref().as_ref())) {
            let message = "an endpoint is defined in one way";
            let fault = Diagnostic::error(Code::SpecInvalidValue, message).at(fields.origin, "in none, or in several");
            reader.push(fault.help(FORMS));
        }
        return None;
    }
    if has("cidr") {
        block(reader, fields)
    } else if has("is") {
        let text = reader.string(fields, "is")?;
        kept(reader, language::parse_endpoint(&text.value, text.origin))
    } else {
        pods(reader, fields)
    }
}

fn block(reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<EndpointExpr> {
    let text = reader.string(fields, "cidr")?;
    match text.value.parse() {
        Ok(block) => Some(EndpointExpr { kind: EndpointKind::Cidr(block), origin: text.origin }),
        Err(_) => {
            reader.push(invalid(&text, "expected ADDRESS/PREFIX").help("write `10.0.0.0/8` or `fd00::/8`"));
            None
        }
    }
}

fn pods(reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<EndpointExpr> {
    let pods = selector(reader, fields, "pods");
    let scope = scope(reader, fields);
    let kind = EndpointKind::Pods { selector: pods?, scope: scope? };
    Some(EndpointExpr { kind, origin: fields.origin })
}

fn scope(reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<Scope> {
    if fields.table.contains_key("namespaces") {
        return selector(reader, fields, "namespaces").map(Scope::Matching);
    }
    if !fields.table.contains_key("namespace") {
        return Some(Scope::Any);
    }
    let name = reader.string(fields, "namespace")?;
    if is_namespace_name(&name.value) {
        return Some(Scope::Named(Name { text: name.value, origin: name.origin }));
    }
    let fault = invalid(&name, "not the name of a namespace");
    reader.push(fault.help("for namespaces by their labels write `namespaces = \"purpose=ml-ops\"`"));
    None
}

/// A selector; an absent key selects everything.
fn selector(reader: &mut Reader<'_>, fields: Fields<'_>, key: &str) -> Option<crate::model::selector::LabelSelector> {
    if !fields.table.contains_key(key) {
        return Some(crate::model::selector::LabelSelector::everything());
    }
    let text = reader.string(fields, key)?;
    kept(reader, parse_selector(&text.value, text.origin))
}

fn kept<T>(reader: &mut Reader<'_>, read: Result<T, Diagnostic>) -> Option<T> {
    read.map_err(|fault| reader.push(fault)).ok()
}

/// Reports each circle of names once, at its first name.
fn refuse_circles(reader: &mut Reader<'_>, endpoints: &BTreeMap<String, NamedEndpoint>) {
    let mut done = BTreeSet::new();
    for name in endpoints.keys() {
        visit(reader, endpoints, name, &mut Vec::new(), &mut done);
    }
}

fn visit<'a>(
    reader: &mut Reader<'_>,
    endpoints: &'a BTreeMap<String, NamedEndpoint>,
    name: &'a str,
    path: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) {
    let Some((name, endpoint)) = endpoints.get_key_value(name) else { return };
    if let Some(at) = path.iter().position(|step| step == name) {
        let circle: Vec<_> = path.iter().skip(at).copied().chain([name.as_str()]).collect();
        reader.push(circle_fault(endpoint, &circle.join(" -> ")));
        return;
    }
    if !done.insert(name) {
        return;
    }
    path.push(name);
    for used in names_in(&endpoint.definition) {
        visit(reader, endpoints, used, path, done);
    }
    path.pop();
}

fn circle_fault(endpoint: &NamedEndpoint, circle: &str) -> Diagnostic {
    Diagnostic::error(Code::SpecInvalidValue, "an endpoint stands for itself")
        .at(endpoint.origin, circle.to_owned())
        .note("Names are replaced by their definitions, which would never end here.")
        .help("say one of them without the others")
}

fn names_in(expr: &EndpointExpr) -> Vec<&str> {
    match &expr.kind {
        EndpointKind::Named(name) => vec![&name.text],
        EndpointKind::Union(list) => list.iter().flat_map(names_in).collect(),
        EndpointKind::Except(base, excepted) => [base, excepted].into_iter().flat_map(|part| names_in(part)).collect(),
        _ => Vec::new(),
    }
}
