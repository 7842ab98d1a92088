//! The ends that the sentences speak about: one for the workloads that policies cannot tell apart, and one for each
//! selector of a policy that selects no declared workload.
//!
//! An end is described by labels where they single it out, so that it holds for the pods that come; else by the names of its
//! workloads.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Names;
use super::words::{self, Port};
use super::{Endpoint, rules};
use crate::eval::selector::matches;
use crate::language;
use crate::model::net::PortMatch;
use crate::model::policy::Policy;
use crate::model::selector::{LabelSelector, Labels, Operator, Requirement};
use crate::model::workload::{Cluster, Workload, WorkloadKind};
use crate::plain;
use crate::source::{Origin, SourceMap, Span};
use crate::spec;

/// The most workloads that one end names.
const MAX_NAMED: usize = 8;

/// Labels that controllers set on the pods that they make (R40): they tell pods of one workload apart.
const CONTROLLERS: &[&str] = &[
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-generation",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
];

/// Keys by which people tell workloads apart, the usual ones first.
const USUAL: &[&str] = &["app", "app.kubernetes.io/name", "k8s-app", "name", "run", "app.kubernetes.io/component"];

/// The kinds that people name, the ones that make the others first.
const KINDS: [WorkloadKind; 8] = [
    WorkloadKind::Deployment,
    WorkloadKind::StatefulSet,
    WorkloadKind::DaemonSet,
    WorkloadKind::CronJob,
    WorkloadKind::ReplicationController,
    WorkloadKind::Job,
    WorkloadKind::ReplicaSet,
    WorkloadKind::Pod,
];

/// Pods that sentences call by one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) name: String,
    pub(super) namespace: String,
    definition: String,
    /// The labels of such a pod.
    pub(super) labels: Labels,
    /// The ports that its declared pods listen on, in order, each with its name where it has one.
    pub(super) ports: Vec<(Port, Option<String>)>,
    /// Whether a manifest declares such a pod.
    pub(super) is_declared: bool,
}

/// All ends of a cluster, by namespace and name.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    pub(super) all: Vec<End>,
    pub(super) notes: Vec<String>,
}

impl Ends {
    pub(super) fn of(cluster: &Cluster) -> Ends {
        let mut made = Maker { cluster, names: Names::default(), ends: Ends::default() };
        made.workloads();
        made.selected();
        let mut ends = made.ends;
        ends.all.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
        ends
    }

    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        let endpoint = |end: &End| Endpoint {
            name: end.name.clone(),
            namespace: end.namespace.clone(),
            definition: end.definition.clone(),
        };
        self.all.iter().map(endpoint).collect()
    }
}

/// The workloads of one namespace that differ in nothing that policies look at.
struct Group<'a> {
    namespace: &'a str,
    labels: Labels,
    workloads: Vec<&'a Workload>,
}

impl Group<'_> {
    /// The one that people would name.
    fn first(&self) -> Option<&Workload> {
        let rank = |workload: &&&Workload| KINDS.iter().position(|kind| *kind == workload.kind);
        self.workloads.iter().min_by_key(rank).copied()
    }

    /// `web`, then `shop-web`, then `shop-deployment-web`.
    fn wishes(&self) -> Vec<String> {
        let Some(first) = self.first() else { return Vec::new() };
        let usual = || USUAL.iter().find_map(|key| self.labels.get(*key)).filter(|value| !value.is_empty());
        // Pods that a controller made have names that nobody chose.
        let is_made = matches!(first.kind, WorkloadKind::Pod | WorkloadKind::ReplicaSet) && self.workloads.len() > 1;
        let name = usual().filter(|_| is_made).unwrap_or(&first.name);
        let kind = first.kind.name().to_lowercase();
        vec![name.clone(), format!("{}-{name}", self.namespace), format!("{}-{kind}-{name}", self.namespace)]
    }
}

struct Maker<'a> {
    cluster: &'a Cluster,
    names: Names,
    ends: Ends,
}

impl<'a> Maker<'a> {
    fn workloads(&mut self) {
        let on_nodes = self.cluster.workloads.iter().filter(|workload| workload.host_network);
        let names: Vec<String> = on_nodes.map(|one| format!("{}/{}", one.namespace, one.name)).collect();
        if !names.is_empty() {
            let listed = super::lists::some_of(&names);
            self.ends.notes.push(format!(
                "On their nodes' network, where policies need not count (R33), so nothing is said of them: {listed}."
            ));
        }
        let groups = groups(self.cluster);
        let mut bearers: BTreeMap<String, usize> = BTreeMap::new();
        for group in &groups {
            group.wishes().into_iter().take(1).for_each(|name| *bearers.entry(name).or_default() += 1);
        }
        for siblings in groups.chunk_by(|one, other| one.namespace == other.namespace) {
            for group in siblings {
                // A name of several namespaces is nobody's alone.
                let is_shared = |name: &String| bearers.get(name).is_some_and(|count| *count > 1);
                let wishes: Vec<String> = group.wishes().into_iter().skip_while(is_shared).collect();
                self.group(group, siblings, &wishes);
            }
        }
    }

    fn group(&mut self, group: &Group<'a>, siblings: &[Group<'_>], wishes: &[String]) {
        let definition = match single_out(self.cluster, group, siblings) {
            Some(selector) => by_labels(group.namespace, &selector),
            None => by_name(group),
        };
        let Some(definition) = definition else {
            let name = group.first().map_or_else(String::new, Workload::full_name);
            let note = format!(
                "{name} and {} more bear labels by which they cannot be told from others, and have no endpoint.",
                group.workloads.len() - 1
            );
            return self.ends.notes.push(note);
        };
        let ports = ports(&group.workloads);
        self.push(
            End {
                name: String::new(),
                namespace: group.namespace.to_owned(),
                definition,
                labels: group.labels.clone(),
                ports,
                is_declared: true,
            },
            wishes,
        );
    }

    fn push(&mut self, end: End, wishes: &[String]) {
        if self.ends.all.len() == spec::MAX_ENDPOINTS {
            let note = format!("Only {} endpoints are named: the most that a spec has.", spec::MAX_ENDPOINTS);
            if !self.ends.notes.contains(&note) {
                self.ends.notes.push(note);
            }
            return;
        }
        let name = self.names.free(wishes);
        self.ends.all.push(End { name, ..end });
    }

    /// What policies select and no manifest declares.
    fn selected(&mut self) {
        let mut seen = BTreeSet::new();
        for policy in &self.cluster.policies {
            let selector = &policy.pod_selector.selector;
            let Some(labels) = meets(selector) else { continue };
            let is_declared = self
                .cluster
                .workloads
                .iter()
                .any(|workload| rules::selects(policy, &workload.namespace, &workload.labels));
            if selector.is_empty() || is_declared || !seen.insert((&policy.namespace, selector)) {
                continue;
            }
            if let Some(definition) = by_labels(&policy.namespace, selector) {
                let wishes = wishes(policy, &labels);
                let namespace = policy.namespace.clone();
                self.push(
                    End { name: String::new(), namespace, definition, labels, ports: Vec::new(), is_declared: false },
                    &wishes,
                );
            }
        }
    }
}

/// An end that no manifest declares is called after a label, or after the policy that selects it.
fn wishes(policy: &Policy, labels: &Labels) -> Vec<String> {
    let usual = USUAL.iter().find_map(|key| labels.get(*key)).or(labels.values().next());
    let name = usual.filter(|value| !value.is_empty()).unwrap_or(&policy.name);
    let all: Vec<&str> = labels.values().map(String::as_str).filter(|value| !value.is_empty()).collect();
    vec![name.clone(), all.join("-"), format!("{}-{name}", policy.namespace)]
}

/// Labels of a pod that the selector selects.
fn meets(selector: &LabelSelector) -> Option<Labels> {
    let mut labels = Labels::new();
    for requirement in &selector.requirements {
        let value = match &requirement.operator {
            Operator::In(values) => values.first()?.clone(),
            Operator::Exists => "any".to_owned(),
            Operator::NotIn(_) | Operator::DoesNotExist => continue,
        };
        labels.entry(requirement.key.clone()).or_insert(value);
    }
    matches(selector, &labels).then_some(labels)
}

fn groups(cluster: &Cluster) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(&str, Labels), Vec<&Workload>> = BTreeMap::new();
    for workload in cluster.workloads.iter().filter(|workload| !workload.host_network) {
        let chosen = workload.labels.iter().filter(|(key, _)| !CONTROLLERS.contains(&key.as_str()));
        let labels = chosen.map(|(key, value)| (key.clone(), value.clone())).collect();
        groups.entry((&workload.namespace, labels)).or_default().push(workload);
    }
    let group = |((namespace, labels), workloads)| Group { namespace, labels, workloads };
    groups.into_iter().map(group).collect()
}

fn ports(workloads: &[&Workload]) -> Vec<(Port, Option<String>)> {
    let declared = workloads.iter().flat_map(|workload| &workload.ports);
    let all: BTreeMap<Port, Option<String>> = declared
        .map(|port| {
            (Port { protocol: port.protocol, ports: PortMatch::Range(port.number, port.number) }, port.name.clone())
        })
        .collect();
    all.into_iter().collect()
}

/// The shortest selector that no sibling meets, with what the policies that speak about the group ask for: else it would take
/// in pods that they do not mean.
fn single_out(cluster: &Cluster, group: &Group<'_>, siblings: &[Group<'_>]) -> Option<LabelSelector> {
    let asked = rules::asked_of(cluster, group.namespace, &group.labels);
    let is_alone = |selector: &LabelSelector| {
        !selector.is_empty()
            && siblings.iter().filter(|one| one.labels != group.labels).all(|one| !matches(selector, &one.labels))
    };
    let base = LabelSelector { requirements: asked };
    let keys = keys(&group.labels);
    let with = |keys: &[&String]| with_keys(&base, keys, &group.labels);
    let is_usual = |key: &&&String| USUAL.contains(&key.as_str());
    let none = std::iter::once(base.clone());
    let usual = keys.iter().filter(is_usual).map(|key| with(&[*key]));
    let one = keys.iter().filter(|key| !is_usual(key)).map(|key| with(&[*key]));
    let pairs = |first: &&String| keys.iter().map(|second| with(&[first, *second])).collect::<Vec<_>>();
    // `app=shop,role=db` reads better than `role=db`.
    let of_usual = keys.iter().filter(is_usual).flat_map(pairs);
    let two = keys.iter().flat_map(pairs);
    let all = std::iter::once_with(|| with(&keys));
    none.chain(usual).chain(of_usual).chain(one).chain(two).chain(all).find(is_alone)
}

/// The keys of these labels, the usual ones first.
fn keys(labels: &Labels) -> Vec<&String> {
    let usual = USUAL.iter().filter_map(|key| labels.get_key_value(*key).map(|(key, _)| key));
    let others = labels.keys().filter(|key| !USUAL.contains(&key.as_str()));
    usual.chain(others).collect()
}

fn with_keys(base: &LabelSelector, keys: &[&String], labels: &Labels) -> LabelSelector {
    let more = keys.iter().filter_map(|key| Some(Requirement::equals(*key, labels.get(*key)?)));
    let all: BTreeSet<Requirement> = base.requirements.iter().cloned().chain(more).collect();
    LabelSelector { requirements: all.into_iter().collect() }
}

fn by_labels(namespace: &str, selector: &LabelSelector) -> Option<String> {
    let text = words::selector(selector);
    let place = SourceMap::default().add_argument("", text.as_str());
    let origin = Origin { file: place, span: Span::new(0, text.len()) };
    let means_it = language::parse_selector(&text, origin).is_ok_and(|read| read == *selector);
    means_it.then(|| format!("{{ namespace = {}, pods = {} }}", plain::quoted(namespace), plain::quoted(&text)))
}

fn by_name(group: &Group<'_>) -> Option<String> {
    let path = |one: &&Workload| format!("{}/{}/{}", one.namespace, one.kind.name().to_lowercase(), one.name);
    let paths: Vec<String> = group.workloads.iter().map(path).collect();
    (paths.len() <= MAX_NAMED).then(|| format!("{{ is = {} }}", plain::quoted(&words::any_of(&paths))))
}
