//! Why a claim is about nothing, in words: ends that nothing in the world can be, ports that nothing
//! listens on.
//!
//! The solver finds that there is nothing; this says why where the reason is plain. Assumes a checked
//! cluster and a resolved claim. `cli` calls this module; no verdict hangs on it.

use std::net::{IpAddr, Ipv4Addr};

use crate::describe;
use crate::eval::claim::contains;
use crate::eval::selector::matches;
use crate::model::claim::{Claim, Endpoint, FlowSet, NamespaceSet, PortItem};
use crate::model::further;
use crate::model::net::{End, PodEnd, PortMatch};
use crate::model::selector::LabelSelector;
use crate::model::workload::{Cluster, ContainerPort, Namespace, Workload, WorkloadKind};
use crate::model::world::{Existence, World};

/// How many ports of many a reason lists.
const LISTED: usize = 8;

/// Why there is nothing, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// A whole sentence.
    pub because: String,
    /// What to do next; `None` where the reason says all.
    pub help: Option<String>,
}

impl Reason {
    fn new(because: impl Into<String>, help: &str) -> Reason {
        Reason { because: because.into(), help: (!help.is_empty()).then(|| help.to_owned()) }
    }
}

/// Why nothing in the world can be what the claim is about; `None` where the reason is not plain.
#[must_use]
pub fn reason(cluster: &Cluster, world: &World, claim: &Claim) -> Option<Reason> {
    let place = Place { cluster, world };
    match claim {
        Claim::NoneCanReach(flows)
        | Claim::EveryCanReach(flows)
        | Claim::SomeCanReach(flows)
        | Claim::NoPath(flows) => {
            let ends = [&flows.sources, &flows.destinations].into_iter();
            let mut empty = ends.filter_map(|endpoint| place.emptiness(endpoint));
            empty.next().or_else(|| place.one_pod(flows)).or_else(|| place.unserved(flows))
        }
        Claim::Isolated { pods, .. } => place.emptiness(pods),
        Claim::Compared(_) | Claim::NoGap { .. } => None,
    }
}

/// Why no destination listens on a port of the claim, where only the declared pods exist and all that it may
/// reach say what they listen on. A container may listen on ports that it does not declare, but
/// a statement about a port that nobody declares is most often one about a Service's port (R24, R36).
#[must_use]
pub fn unserved(cluster: &Cluster, world: &World, claim: &Claim) -> Option<Reason> {
    let flows = claim.flows().filter(|_| world.pods == Existence::Declared)?;
    Place { cluster, world }.unserved(flows)
}

/// What the world is, for every end of a claim.
#[derive(Clone, Copy)]
struct Place<'a> {
    cluster: &'a Cluster,
    world: &'a World,
}

impl<'a> Place<'a> {
    /// Why nothing can be such an end.
    fn emptiness(self, endpoint: &Endpoint) -> Option<Reason> {
        match endpoint {
            Endpoint::Anything | Endpoint::Within(_) => None,
            Endpoint::External(_) => (!self.world.external).then(|| {
                Reason::new(
                    "Addresses outside the cluster are no ends here (external = false).",
                    "set `external = true`",
                )
            }),
            Endpoint::Node(_) => (!self.world.nodes)
                .then(|| Reason::new("Nodes are no ends here (nodes = false).", "set `nodes = true` under `[world]`")),
            Endpoint::Workload(index) => self.is_its_node(*index),
            Endpoint::Pods { namespaces, pods } => self.no_such_pods(namespaces, pods),
            Endpoint::Union(parts) => {
                let reasons: Option<Vec<_>> = parts.iter().map(|part| self.emptiness(part)).collect();
                reasons?.into_iter().next()
            }
            Endpoint::Except(whole, _) => self.emptiness(whole),
        }
    }

    /// R33.
    fn is_its_node(self, index: usize) -> Option<Reason> {
        let workload = self.cluster.workloads.get(index)?;
        (workload.host_network && !self.world.nodes).then(|| {
            let name = workload.full_name();
            let because = format!(
                "{name} is on its node's network, so that it is its node (R33), and nodes are no ends here (nodes = false)."
            );
            Reason::new(because, "set `nodes = true` under `[world]`")
        })
    }

    fn no_such_pods(self, namespaces: &NamespaceSet, pods: &LabelSelector) -> Option<Reason> {
        let anybody = World::default();
        if further::pod_labels(&anybody, pods).is_none() {
            return Some(Reason::new(format!("No labels meet the selector of {}.", describe::pods(pods)), ""));
        }
        if let NamespaceSet::Matching(selector) = namespaces
            && further::pod_labels(&anybody, selector).is_none()
        {
            return Some(Reason::new("No labels meet the selector of the namespaces.", ""));
        }
        let closed = self.only_declared(namespaces, pods)?;
        let meant = || self.cluster.workloads.iter().filter(|workload| self.may_mean(namespaces, pods, workload));
        if meant().any(|workload| !workload.host_network) {
            return None;
        }
        Some(match meant().next() {
            None => Reason::new(format!("No declared workload is such a pod, and {closed}."), ""),
            Some(workload) => {
                let name = workload.full_name();
                let because = format!(
                    "{name} is on its node's network, where no description by labels takes it in (R33), and {closed}."
                );
                let by_name = format!("{}/{}", workload.namespace, workload.name);
                Reason::new(because, &format!("name it, as `{by_name}`, and set `nodes = true` under `[world]`"))
            }
        })
    }

    /// Why no pods but declared ones can be such pods.
    fn only_declared(self, namespaces: &NamespaceSet, pods: &LabelSelector) -> Option<String> {
        if self.world.pods == Existence::Declared {
            return Some("no other pods exist (pods = \"declared\")".to_owned());
        }
        if let NamespaceSet::Named(name) = namespaces
            && self.world.trust.namespaces.contains(name)
        {
            return Some(format!("no other pods run in {name} (trust)"));
        }
        let carries_trusted = further::pod_labels(self.world, pods).is_none();
        carries_trusted.then(|| "no other pods carry these labels (trust)".to_owned())
    }

    /// Says yes where the labels of the namespace are not known.
    fn may_mean(self, namespaces: &NamespaceSet, pods: &LabelSelector, workload: &Workload) -> bool {
        let is_there = match namespaces {
            NamespaceSet::Any => true,
            NamespaceSet::Named(name) => *name == workload.namespace,
            NamespaceSet::Matching(selector) => {
                let declared = self.cluster.namespaces.get(&workload.namespace);
                declared.is_none_or(|declared| matches(selector, &declared.namespace.labels))
            }
        };
        is_there && matches(pods, &workload.labels)
    }

    /// No declared pod serves one of the ports, and no other pod is meant.
    fn unserved(self, flows: &FlowSet) -> Option<Reason> {
        let items = &flows.ports.items;
        let destinations = self.declared_pods(&flows.destinations)?;
        let is_silent = |item: &PortItem| {
            !matches!(item.ports, PortMatch::Named(_)) && destinations.iter().any(|pod| pod.ports.is_empty())
        };
        let serve = |item: &PortItem| destinations.iter().any(|pod| pod.ports.iter().any(|port| serves(port, item)));
        if destinations.is_empty() || items.is_empty() || items.iter().any(|item| is_silent(item) || serve(item)) {
            return None;
        }
        let ports = items.iter().map(describe_item).collect::<Vec<_>>().join(" or ");
        let closed = match only_workloads(&flows.destinations) {
            true => "",
            false => ", and no other pods exist (pods = \"declared\")",
        };
        let declared = ports_of(&destinations);
        let help = if declared.is_empty() { String::new() } else { format!("the pods declare {declared}") };
        Some(Reason::new(format!("No declared pod of the destination listens on {ports}{closed}."), &help))
    }

    /// R30: both ends are one pod.
    fn one_pod(self, flows: &FlowSet) -> Option<Reason> {
        let (Endpoint::Workload(from), Endpoint::Workload(to)) = (&flows.sources, &flows.destinations) else {
            return None;
        };
        let workload = self.cluster.workloads.get(*from)?;
        (from == to && workload.kind == WorkloadKind::Pod).then(|| {
            let name = workload.full_name();
            Reason::new(format!("{name} is one pod, and what a pod sends to itself is no flow (R30)."), "")
        })
    }

    /// The declared pods that are meant; `None` where something else may be meant too, or where it is not
    /// known who is.
    fn declared_pods(self, endpoint: &Endpoint) -> Option<Vec<&'a Workload>> {
        let all = self.cluster.workloads.iter().enumerate();
        let known = |workload: &Workload| self.cluster.namespaces.contains_key(&workload.namespace);
        let is_closed = self.world.pods == Existence::Declared && self.cluster.workloads.iter().all(known);
        if !(only_workloads(endpoint) || only_pods(endpoint) && is_closed) {
            return None;
        }
        let meant = all.filter(|(index, workload)| {
            (self.world.nodes || !workload.host_network)
                && contains(self.cluster, endpoint, &self.end(*index, workload))
        });
        Some(meant.map(|(_, workload)| workload).collect())
    }

    /// Its address does not matter among pods.
    fn end(self, index: usize, workload: &Workload) -> End {
        let declared = self.cluster.namespaces.get(&workload.namespace).map(|declared| declared.namespace.clone());
        let unknown = || Namespace::new(&workload.namespace, std::collections::BTreeMap::new());
        End::Pod(PodEnd {
            namespace: declared.unwrap_or_else(unknown),
            name: workload.name.clone(),
            labels: workload.labels.clone(),
            ports: workload.ports.clone(),
            address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            node: workload.node.clone(),
            host_network: workload.host_network,
            workload: Some(index),
        })
    }
}

/// Whether nothing is meant but the pods of certain workloads.
fn only_workloads(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Workload(_) => true,
        Endpoint::Union(parts) => parts.iter().all(only_workloads),
        Endpoint::Except(whole, _) => only_workloads(whole),
        Endpoint::Pods { .. }
        | Endpoint::Anything
        | Endpoint::External(_)
        | Endpoint::Within(_)
        | Endpoint::Node(_) => false,
    }
}

fn only_pods(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Pods { .. } | Endpoint::Workload(_) => true,
        Endpoint::Union(parts) => parts.iter().all(only_pods),
        Endpoint::Except(whole, _) => only_pods(whole),
        Endpoint::Anything | Endpoint::External(_) | Endpoint::Within(_) | Endpoint::Node(_) => false,
    }
}

fn serves(port: &ContainerPort, item: &PortItem) -> bool {
    port.protocol == item.protocol
        && match &item.ports {
            PortMatch::All => true,
            PortMatch::Range(first, last) => (*first..=*last).contains(&port.number),
            PortMatch::Named(name) => port.name.as_ref() == Some(name),
        }
}

fn describe_item(item: &PortItem) -> String {
    let protocol = item.protocol;
    match &item.ports {
        PortMatch::All => protocol.to_string(),
        PortMatch::Range(first, last) if first == last => format!("{first}/{protocol}"),
        PortMatch::Range(first, last) => format!("{first}-{last}/{protocol}"),
        PortMatch::Named(name) => format!("`{name}`/{protocol}"),
    }
}

fn ports_of(pods: &[&Workload]) -> String {
    let mut ports: Vec<_> = pods.iter().flat_map(|pod| &pod.ports).map(|port| (port.number, port.protocol)).collect();
    ports.sort_unstable();
    ports.dedup();
    let shown: Vec<_> = ports.iter().take(LISTED).map(|(number, protocol)| format!("{number}/{protocol}")).collect();
    let more = if ports.len() > shown.len() { " and more" } else { "" };
    format!("{}{more}", shown.join(", "))
}
