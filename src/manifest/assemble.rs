//! Several sets of objects as one cluster: duplicates and conflicts (R41), namespaces that nobody
//! declares. Assumes objects that were checked one by one; called through `manifest::assemble`.

use std::collections::{BTreeMap, HashMap};

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
    parts.iter().flat_map(|part| part.objects()).for_each(|object| assembly.take(object, diagnostics));
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
    others.for_each(|object| assembly.take(object, diagnostics));
    let policies = sets.map(|set| {
        let mut own = Assembly::default();
        set.objects().filter(is_policy).for_each(|object| own.take(object, diagnostics));
        for (name, origin) in &own.inhabited {
            assembly.inhabited.entry(name).or_insert(*origin);
        }
        own.things().policies
    });
    let mut cluster = assembly.cluster(&parts, diagnostics);
    let indices = policies.map(|policies| {
        let first = cluster.policies.len();
        cluster.policies.extend(policies);
        (first..cluster.policies.len()).collect()
    });
    (cluster, indices)
}

/// Objects gathered one by one.
#[derive(Default)]
struct Assembly<'a> {
    taken: Vec<&'a Object>,
    seen: HashMap<(Kind, &'a str, &'a str), &'a Object>,
    inhabited: BTreeMap<&'a str, Origin>,
}

/// What the objects mean, each kind in its order.
#[derive(Default)]
struct Things {
    policies: Vec<Policy>,
    namespaces: BTreeMap<String, DeclaredNamespace>,
    workloads: Vec<Workload>,
    services: Vec<Service>,
    nodes: Vec<Node>,
}

impl<'a> Assembly<'a> {
    fn take(&mut self, object: &'a Object, diagnostics: &mut Vec<Diagnostic>) {
        let id = &object.id;
        if !id.namespace.is_empty() {
            self.inhabited.entry(&id.namespace).or_insert(id.origin);
        }
        let key = (object.kind, id.namespace.as_str(), id.name.as_str());
        let first = if id.generated { None } else { self.seen.get(&key) };
        if let Some(first) = first {
            diagnostics.extend(conflict(first, object));
            return;
        }
        self.seen.insert(key, object);
        self.taken.push(object);
    }

    /// Copies of everything that was taken. Sorted before it is copied: places are lighter to move than what stands there.
    fn things(&mut self) -> Things {
        self.taken.sort_by(|one, other| order(one).cmp(&order(other)));
        let mut things = Things::default();
        self.taken.iter().filter_map(|object| object.thing.clone()).for_each(|thing| things.add(thing));
        things
    }

    fn cluster(mut self, parts: &[&Objects], diagnostics: &mut Vec<Diagnostic>) -> Cluster {
        let Things { policies, namespaces, workloads, services, nodes } = self.things();
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

/// Namespace, name and kind: the order of objects in a cluster, whatever the files are called.
fn order(object: &Object) -> (&str, &str, &str) {
    match &object.thing {
        Some(Thing::Policy(policy)) => (&policy.namespace, &policy.name, ""),
        Some(Thing::Workload(workload)) => (&workload.namespace, &workload.name, workload.kind.name()),
        Some(Thing::Service(service)) => (&service.namespace, &service.name, ""),
        Some(Thing::Node(node)) => ("", &node.name, ""),
        Some(Thing::Namespace(declared)) => ("", &declared.namespace.name, ""),
        None => ("", "", ""),
    }
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
