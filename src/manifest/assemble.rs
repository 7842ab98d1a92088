//! Several sets of objects as one cluster: duplicates and conflicts (R41), namespaces that nobody
//! declares. Assumes objects that were checked one by one; called through `manifest::assemble`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kinds::Kind;
use super::object::{Object, Thing};
use super::{Objects, differs};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::policy::{Peers, Policy, Ports, Written};
use crate::model::workload::{Cluster, DeclaredNamespace, Node, Service, Workload};
use crate::source::Origin;

/// One cluster of several sets of objects.
pub fn cluster(parts: &[&Objects], diagnostics: &mut Vec<Diagnostic>) -> Cluster {
    let mut assembly = Assembly::default();
    parts.iter().flat_map(|part| part.objects()).for_each(|object| assembly.take(object));
    assembly.cluster(parts, diagnostics)
}

/// A cluster in which two sets of policies can be compared, and the policies of each by their indices:
/// what else there is comes from everything, policies from the two alone. The same policy may stand in both.
pub fn cluster_of_sets(
    surroundings: &[&Objects],
    sets: [&Objects; 2],
    diagnostics: &mut Vec<Diagnostic>,
) -> (Cluster, [Vec<usize>; 2]) {
    let is_policy = |object: &&Object| matches!(object.thing, Some(Thing::Policy(_)));
    let mut parts: Vec<&Objects> = Vec::new();
    for part in surroundings.iter().copied().chain(sets) {
        if !parts.iter().any(|known| std::ptr::eq(*known, part)) {
            parts.push(part);
        }
    }
    let mut assembly = Assembly::default();
    let others = parts.iter().flat_map(|part| part.objects()).filter(|object| !is_policy(object));
    others.for_each(|object| assembly.take(object));
    let policies = sets.map(|set| {
        let mut own = Assembly::default();
        set.objects().filter(is_policy).for_each(|object| own.take(object));
        for (name, origin) in &own.inhabited {
            assembly.inhabited.entry(name).or_insert(*origin);
        }
        own.things(diagnostics).policies
    });
    let mut cluster = assembly.cluster(&parts, diagnostics);
    let indices = policies.map(|policies| {
        let first = cluster.policies.len();
        cluster.policies.extend_shared(policies);
        (first..cluster.policies.len()).collect()
    });
    (cluster, indices)
}

/// Objects gathered one by one.
#[derive(Default)]
struct Assembly<'a> {
    taken: Vec<&'a Object>,
    inhabited: BTreeMap<&'a str, Origin>,
}

/// What the objects mean, each kind in its order.
#[derive(Default)]
struct Things {
    policies: Vec<Arc<Policy>>,
    namespaces: BTreeMap<String, DeclaredNamespace>,
    workloads: Vec<Arc<Workload>>,
    services: Vec<Arc<Service>>,
    nodes: Vec<Node>,
}

impl<'a> Assembly<'a> {
    fn take(&mut self, object: &'a Object) {
        let namespace = object.id.namespace.as_str();
        // Neighbours are mostly of one namespace.
        let is_known = self.taken.last().is_some_and(|last| last.id.namespace == namespace);
        if !is_known && !namespace.is_empty() {
            self.inhabited.entry(namespace).or_insert(object.id.origin);
        }
        self.taken.push(object);
    }

    /// Everything that was taken, each once and shared with the objects.
    fn things(&mut self, diagnostics: &mut Vec<Diagnostic>) -> Things {
        self.taken.sort_by(|one, other| order(one).cmp(&order(other)));
        let mut conflicts = Vec::new();
        self.taken.dedup_by(|second, first| {
            // Of a name that is generated the server makes up another end each time.
            let is_one = order(first) == order(second) && !second.id.generated;
            if is_one {
                conflicts.extend(conflict(first, second).map(|conflict| (second.id.origin, conflict)));
            }
            is_one
        });
        conflicts.sort_by_key(|(place, _)| *place);
        diagnostics.extend(conflicts.into_iter().map(|(_, conflict)| conflict));
        let mut things = Things::default();
        self.taken.iter().filter_map(|object| object.thing.clone()).for_each(|thing| things.add(thing));
        things
    }

    fn cluster(mut self, parts: &[&Objects], diagnostics: &mut Vec<Diagnostic>) -> Cluster {
        let Things { policies, namespaces, workloads, services, nodes } = self.things(diagnostics);
        let mut cluster = Cluster {
            policies: policies.into(),
            namespaces,
            workloads: workloads.into(),
            services: services.into(),
            nodes,
            ..Cluster::default()
        };
        count(parts, &mut cluster);
        // What could not be read may have been the declaration.
        if parts.iter().all(|part| part.complete) {
            let declared = &cluster.namespaces;
            let missing = self.inhabited.into_iter().filter(|(name, _)| !declared.contains_key(*name));
            diagnostics.extend(missing.map(|(name, origin)| undeclared(name, origin)));
        }
        cluster
    }
}

/// Namespace, name and kind: the order of objects in a cluster, whatever the files are called, and what makes two of them one.
fn order(object: &Object) -> (&str, &str, Kind, bool) {
    let id = &object.id;
    (&id.namespace, &id.name, object.kind, id.generated)
}

impl Things {
    fn add(&mut self, thing: Thing) {
        match thing {
            Thing::Policy(policy) => self.policies.push(policy),
            Thing::Namespace(declared) => {
                self.namespaces.insert(declared.namespace.name.clone(), declared);
            }
            Thing::Workload(workload) => self.workloads.push(workload),
            Thing::Service(service) => self.services.push(service),
            Thing::Node(node) => self.nodes.push(node),
        }
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

/// Two objects of one name; fine where they mean the same.
fn conflict(first: &Object, second: &Object) -> Option<Diagnostic> {
    let place = first.id.origin;
    let bare = |object: &Object| object.thing.clone().map(|thing| without_origins(thing, place));
    let (one, other) = (bare(first), bare(second));
    if one == other {
        return None;
    }
    let id = &second.id;
    let name = if id.namespace.is_empty() { id.name.clone() } else { format!("{}/{}", id.namespace, id.name) };
    let differences = one.zip(other).map(|(one, other)| differs::between(&one, &other)).unwrap_or_default();
    let fields: Vec<String> = differences.fields.iter().map(|field| (*field).to_owned()).collect();
    let within = if fields.is_empty() { String::new() } else { format!(" in {}", differs::listed(&fields)) };
    let message = format!("{:?} {name} is defined twice, and the two differ{within}", second.kind);
    let diagnostic = Diagnostic::error(Code::ConflictingObjects, message)
        .at(id.origin, "second definition")
        .related(place, "first definition")
        .note("In a cluster the one applied last would count, and nothing here says which that is.");
    let diagnostic = match differences.lost.as_slice() {
        [] => diagnostic,
        lost => diagnostic.note(format!("Applied over the first, the second takes away {}.", differs::listed(lost))),
    };
    Some(diagnostic.help("remove one of the two, or give them different names"))
}

/// The same thing, said at one place only, so that two can be compared for what they mean.
fn without_origins(thing: Thing, place: Origin) -> Thing {
    match thing {
        Thing::Policy(policy) => Thing::Policy(Arc::new(policy_without_origins(Arc::unwrap_or_clone(policy), place))),
        Thing::Namespace(mut declared) => {
            declared.origin = place;
            Thing::Namespace(declared)
        }
        Thing::Workload(mut workload) => {
            Arc::make_mut(&mut workload).origin = place;
            Thing::Workload(workload)
        }
        Thing::Service(mut service) => {
            Arc::make_mut(&mut service).origin = place;
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
    policy.written = Written::default();
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
