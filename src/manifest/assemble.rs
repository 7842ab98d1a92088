//! Several sets of objects as one cluster: duplicates and conflicts (R41), namespaces that nobody
//! declares. Assumes objects that were checked one by one; called through `manifest::assemble`.

use std::collections::{BTreeMap, HashMap};

use super::Objects;
use super::kinds::Kind;
use super::object::{Object, Thing};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::policy::{Peers, Policy, Ports};
use crate::model::workload::Cluster;
use crate::source::Origin;

/// One cluster of several sets of objects.
pub fn cluster(parts: &[&Objects], diagnostics: &mut Vec<Diagnostic>) -> Cluster {
    let mut cluster = Cluster::default();
    let mut seen: HashMap<(Kind, &str, &str), &Object> = HashMap::new();
    let mut inhabited: BTreeMap<&str, Origin> = BTreeMap::new();
    for object in parts.iter().flat_map(|part| &part.objects) {
        let id = &object.id;
        if !id.namespace.is_empty() {
            inhabited.entry(&id.namespace).or_insert(id.origin);
        }
        let first = if id.generated { None } else { seen.get(&(object.kind, id.namespace.as_str(), id.name.as_str())) };
        if let Some(first) = first {
            diagnostics.extend(conflict(first, object));
            continue;
        }
        seen.insert((object.kind, &id.namespace, &id.name), object);
        add(object, &mut cluster);
    }
    count(parts, &mut cluster);
    sort(&mut cluster);
    // What could not be read may have been the declaration.
    if parts.iter().all(|part| part.complete) {
        let missing = inhabited.into_iter().filter(|(name, _)| !cluster.namespaces.contains_key(*name));
        diagnostics.extend(missing.map(|(name, origin)| undeclared(name, origin)));
    }
    cluster
}

fn add(object: &Object, cluster: &mut Cluster) {
    match object.thing.clone() {
        Some(Thing::Policy(policy)) => cluster.policies.push(policy),
        Some(Thing::Namespace(declared)) => {
            cluster.namespaces.insert(declared.namespace.name.clone(), declared);
        }
        Some(Thing::Workload(workload)) => cluster.workloads.push(workload),
        Some(Thing::Service(service)) => cluster.services.push(service),
        Some(Thing::Node(node)) => cluster.nodes.push(node),
        None => {}
    }
}

fn count(parts: &[&Objects], cluster: &mut Cluster) {
    for part in parts {
        for (kind, number) in &part.unread {
            *cluster.unread_kinds.entry(kind.clone()).or_default() += number;
        }
        for (kind, number) in &part.ignored {
            *cluster.ignored_kinds.entry(kind.clone()).or_default() += number;
        }
    }
}

fn sort(cluster: &mut Cluster) {
    cluster.policies.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    cluster
        .workloads
        .sort_by(|a, b| (&a.namespace, &a.name, a.kind.name()).cmp(&(&b.namespace, &b.name, b.kind.name())));
    cluster.services.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    cluster.nodes.sort_by(|a, b| a.name.cmp(&b.name));
}

/// Two objects of one name; fine where they mean the same.
fn conflict(first: &Object, second: &Object) -> Option<Diagnostic> {
    let place = first.id.origin;
    let bare = |object: &Object| object.thing.clone().map(|thing| without_origins(thing, place));
    if bare(first) == bare(second) {
        return None;
    }
    let id = &second.id;
    let name = if id.namespace.is_empty() { id.name.clone() } else { format!("{}/{}", id.namespace, id.name) };
    let message = format!("{:?} {name} is defined twice, and the two differ", second.kind);
    let diagnostic = Diagnostic::error(Code::ConflictingObjects, message)
        .at(id.origin, "second definition")
        .related(place, "first definition")
        .note("In a cluster the one applied last would count, and nothing here says which that is.")
        .help("remove one of the two, or give them different names");
    Some(diagnostic)
}

/// The same thing, said at one place only, so that two can be compared for what they mean.
fn without_origins(thing: Thing, place: Origin) -> Thing {
    match thing {
        Thing::Policy(policy) => Thing::Policy(policy_without_origins(policy, place)),
        Thing::Namespace(mut declared) => {
            declared.origin = place;
            Thing::Namespace(declared)
        }
        Thing::Workload(mut workload) => {
            workload.origin = place;
            Thing::Workload(workload)
        }
        Thing::Service(mut service) => {
            service.origin = place;
            Thing::Service(service)
        }
        Thing::Node(mut node) => {
            node.origin = place;
            Thing::Node(node)
        }
    }
}

fn policy_without_origins(mut policy: Policy, place: Origin) -> Policy {
    policy.origin = place;
    policy.name_origin = place;
    policy.pod_selector.origin = place;
    for rule in policy.ingress.iter_mut().chain(&mut policy.egress).flatten() {
        rule.origin = place;
        if let Peers::AnyOf(peers) = &mut rule.peers {
            peers.iter_mut().for_each(|peer| peer.origin = place);
        }
        if let Ports::AnyOf(ports) = &mut rule.ports {
            ports.iter_mut().for_each(|port| port.origin = place);
        }
    }
    policy
}

fn undeclared(name: &str, origin: Origin) -> Diagnostic {
    Diagnostic::warning(Code::UndeclaredNamespace, format!("no manifest declares the namespace {name}"))
        .at(origin, "first object there")
        .note("Its labels are not known, so it is taken to carry any.")
        .help(format!("add its manifest: `kubectl get namespace {name} -o yaml`"))
}
