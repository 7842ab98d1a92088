//! What an answer depends on, as fingerprints: what the claim is about, and the policies of the namespaces that it rests on.
//!
//! Every part of the model that is fingerprinted is taken apart by all of its fields, so that none that is added can be
//! forgotten here. Where something stands in a file plays no part: lines are found again in the files of today.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::digest::Digest;
use crate::model::claim::{Claim, Endpoint, FlowSet};
use crate::model::net::PortMatch;
use crate::model::policy::{Direction, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule};
use crate::model::selector::Labels;
use crate::model::workload::{Cluster, ContainerPort, Workload};
use crate::prove::{Job, LeftOut};
use crate::{property, symbolic};

/// Which netverify has the answer: another source may have had another one (`build.rs`).
const SOURCE: &str = env!("NETVERIFY_SOURCE");

/// The fingerprints of one cluster, each made when it is first wanted: most questions are about a few namespaces.
pub(super) struct Ground<'a> {
    cluster: &'a Cluster,
    namespaces: BTreeMap<&'a str, OfNamespace>,
    /// Of all namespaces with what runs in them.
    inhabitants: OnceCell<String>,
    /// Of what any claim may depend on: nodes, and the addresses that are somebody's.
    addresses: String,
}

/// The fingerprints of one namespace.
#[derive(Default)]
struct OfNamespace {
    egress: OnceCell<String>,
    ingress: OnceCell<String>,
    /// Of its labels and of what runs in it.
    inhabitants: OnceCell<String>,
}

/// The namespaces whose policies an answer rests on, for each direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Reliance {
    pub(super) egress: Vec<String>,
    pub(super) ingress: Vec<String>,
}

/// Where the pods of a claim live; `None` where that may be any namespace.
struct Homes<'a> {
    sources: Option<BTreeSet<&'a str>>,
    destinations: Option<BTreeSet<&'a str>>,
}

impl<'a> Ground<'a> {
    pub(super) fn of(cluster: &'a Cluster) -> Ground<'a> {
        let names: BTreeSet<&str> =
            cluster.inhabited().into_iter().chain(cluster.namespaces.keys().map(String::as_str)).collect();
        let namespaces = names.into_iter().map(|name| (name, OfNamespace::default())).collect();
        Ground { cluster, inhabitants: OnceCell::new(), namespaces, addresses: addresses(cluster) }
    }

    fn everybody(&self) -> &str {
        let say =
            |all: Digest, (name, one): (&&str, &OfNamespace)| all.text(name).text(one.inhabitants(self.cluster, name));
        self.inhabitants.get_or_init(|| self.namespaces.iter().fold(Digest::new("all"), say).finish())
    }

    /// Under what an answer is kept; `None` for a claim of which none is kept: comparisons, paths, and those that are decided
    /// for several plugins.
    pub(super) fn key(&self, job: &Job<'_>) -> Option<String> {
        let Job { cluster: _, world, claim, allow_vacuous } = job;
        let homes = homes(self.cluster, claim)?;
        if property::plugins(self.cluster, world, claim).len() != 1 {
            return None;
        }
        let (claim, workloads) = by_name(self.cluster, claim);
        let digest = Digest::new("answer").text(SOURCE).text(env!("CARGO_PKG_VERSION")).text(&symbolic::z3_version());
        let digest = digest.text(&format!("{claim:?}")).texts(workloads.iter().map(String::as_str));
        let digest = digest.text(&format!("{world:?}")).text(&format!("{allow_vacuous}")).text(&self.addresses);
        // Nodes, and pods on their network, may be where no namespace says.
        let homes = if world.nodes { Homes { sources: None, destinations: None } } else { homes };
        Some(self.universe(&homes, digest).finish())
    }

    /// The declared pods and namespaces that may take part.
    fn universe(&self, homes: &Homes<'_>, digest: Digest) -> Digest {
        let both = homes.sources.as_ref().zip(homes.destinations.as_ref());
        let few: Option<BTreeSet<&str>> = both.map(|(sources, destinations)| sources | destinations);
        let lends = |name: &&str| names_a_port(self.cluster, name);
        match few.filter(|few| !few.iter().any(lends)) {
            None => digest.text(self.everybody()),
            Some(few) => few.iter().fold(digest.count(few.len()), |digest, name| {
                digest.text(name).text(self.namespaces.get(name).map_or("", |one| one.inhabitants(self.cluster, name)))
            }),
        }
    }

    /// The namespaces on whose policies the answer rests: all those of the claim's pods, but for those that were left out.
    pub(super) fn reliance(&self, claim: &Claim, left_out: &LeftOut) -> Option<Reliance> {
        let homes = homes(self.cluster, claim)?;
        let of = |homes: Option<BTreeSet<&str>>, hidden: &BTreeSet<String>| -> Vec<String> {
            let homes = homes.unwrap_or_else(|| self.namespaces.keys().copied().collect());
            homes.into_iter().filter(|name| !hidden.contains(*name)).map(str::to_owned).collect()
        };
        Some(Reliance {
            egress: of(homes.sources, &left_out.egress),
            ingress: of(homes.destinations, &left_out.ingress),
        })
    }

    /// The fingerprint of the policies of these namespaces as they are now.
    pub(super) fn policies(&self, reliance: &Reliance) -> String {
        let Reliance { egress, ingress } = reliance;
        let say = |digest: Digest, names: &[String], direction| {
            names.iter().fold(digest.count(names.len()), |digest, name| {
                let one = self.namespaces.get(name.as_str());
                digest.text(name).text(one.map_or("", |one| one.policies(self.cluster, name, direction)))
            })
        };
        let digest = say(Digest::new("policies"), egress, Direction::Egress);
        say(digest, ingress, Direction::Ingress).finish()
    }
}

/// `None` for a claim about something else than flows and the isolation of pods.
fn homes<'a>(cluster: &'a Cluster, claim: &'a Claim) -> Option<Homes<'a>> {
    match claim {
        Claim::NoneCanReach(flows) | Claim::EveryCanReach(flows) | Claim::SomeCanReach(flows) => {
            Some(Homes { sources: flows.sources.homes(cluster), destinations: flows.destinations.homes(cluster) })
        }
        Claim::Isolated { pods, .. } => Some(Homes { sources: pods.homes(cluster), destinations: pods.homes(cluster) }),
        Claim::NoPath(_) | Claim::Compared(_) | Claim::NoGap { .. } => None,
    }
}

/// The claim with its workloads numbered among themselves, and their names: an index changes with every workload that is added.
fn by_name(cluster: &Cluster, claim: &Claim) -> (Claim, Vec<String>) {
    let mut names = Vec::new();
    let mut claim = claim.clone();
    match &mut claim {
        Claim::NoneCanReach(flows)
        | Claim::EveryCanReach(flows)
        | Claim::SomeCanReach(flows)
        | Claim::NoPath(flows) => {
            name_flows(cluster, flows, &mut names);
        }
        Claim::Isolated { pods, .. } => name_endpoint(cluster, pods, &mut names),
        Claim::Compared(_) | Claim::NoGap { .. } => {}
    }
    (claim, names)
}

fn name_flows(cluster: &Cluster, flows: &mut FlowSet, names: &mut Vec<String>) {
    let FlowSet { sources, destinations, ports: _, except } = flows;
    name_endpoint(cluster, sources, names);
    name_endpoint(cluster, destinations, names);
    except.iter_mut().for_each(|flows| name_flows(cluster, flows, names));
}

fn name_endpoint(cluster: &Cluster, endpoint: &mut Endpoint, names: &mut Vec<String>) {
    match endpoint {
        Endpoint::Workload(index) => {
            names.push(cluster.workloads.get(*index).map_or_else(String::new, Workload::full_name));
            *index = names.len();
        }
        Endpoint::Union(parts) => parts.iter_mut().for_each(|part| name_endpoint(cluster, part, names)),
        Endpoint::Except(whole, gone) => {
            name_endpoint(cluster, whole, names);
            name_endpoint(cluster, gone, names);
        }
        Endpoint::Anything
        | Endpoint::Pods { .. }
        | Endpoint::External(_)
        | Endpoint::Within(_)
        | Endpoint::Node(_) => {}
    }
}

fn addresses(cluster: &Cluster) -> String {
    let digest = cluster.nodes.iter().fold(Digest::new("nodes").count(cluster.nodes.len()), |digest, node| {
        labels(digest.text(&node.name), &node.labels).text(&format!("{:?}", node.addresses))
    });
    let known = cluster.workloads.iter().filter(|workload| !workload.addresses.is_empty());
    let say = |digest: Digest, one: &Workload| {
        let Workload { addresses, node, host_network, .. } = one;
        digest.text(&one.full_name()).text(&format!("{addresses:?} {node:?} {host_network}"))
    };
    known.fold(digest, say).finish()
}

fn labels(digest: Digest, labels: &Labels) -> Digest {
    labels.iter().fold(digest.count(labels.len()), |digest, (key, value)| digest.text(key).text(value))
}

impl OfNamespace {
    fn inhabitants(&self, cluster: &Cluster, name: &str) -> &str {
        self.inhabitants.get_or_init(|| inhabitants(cluster, name))
    }

    fn policies(&self, cluster: &Cluster, name: &str, direction: Direction) -> &str {
        let slot = if direction == Direction::Egress { &self.egress } else { &self.ingress };
        slot.get_or_init(|| {
            let policies = cluster.policies.in_namespace(name).map(|(_, policy)| policy);
            policies.fold(Digest::new("policies"), |all, one| half(all, one, direction)).finish()
        })
    }
}

/// Whether a rule names a port by its name: then pods of other namespaces may have a say (R27).
fn names_a_port(cluster: &Cluster, namespace: &str) -> bool {
    let policies = cluster.policies.in_namespace(namespace).map(|(_, policy)| policy);
    let rules = policies.flat_map(|policy| policy.ingress.iter().chain(&policy.egress)).flatten();
    rules.flat_map(Rule::named_ports).any(|port| matches!(port.ports, PortMatch::Named(_)))
}

fn inhabitants(cluster: &Cluster, name: &str) -> String {
    let digest = Digest::new("namespace");
    let digest = match cluster.namespaces.get(name) {
        Some(declared) => labels(digest, &declared.namespace.labels),
        None => digest.text("not declared"),
    };
    cluster.workloads.in_namespace(name).fold(digest, |digest, (_, one)| workload(digest, one)).finish()
}

fn workload(digest: Digest, workload: &Workload) -> Digest {
    let Workload { kind, namespace: _, name, labels: own, ports, addresses, node, host_network, origin: _ } = workload;
    let digest = labels(digest.text(kind.name()).text(name), own).count(ports.len());
    let digest = ports.iter().fold(digest, |digest, port| {
        let ContainerPort { name, number, protocol } = port;
        digest.text(&format!("{name:?}")).count(usize::from(*number)).text(&protocol.to_string())
    });
    digest.text(&format!("{addresses:?} {node:?} {host_network}"))
}

/// What a policy does in one direction; nothing where it does not act in it (R3).
fn half(digest: Digest, policy: &Policy, direction: Direction) -> Digest {
    let Policy { namespace: _, name, pod_selector, ingress: _, egress: _, origin: _, name_origin: _, written: _ } =
        policy;
    let Some(rules) = policy.rules(direction) else { return digest };
    let digest = digest.text(name).text(&format!("{:?}", pod_selector.selector)).count(rules.len());
    rules.iter().fold(digest, rule)
}

fn rule(digest: Digest, rule: &Rule) -> Digest {
    let Rule { peers, ports, origin: _ } = rule;
    let digest = match peers {
        Peers::All => digest.text("all peers"),
        Peers::AnyOf(peers) => peers.iter().fold(digest.count(peers.len()), peer),
    };
    match ports {
        Ports::All => digest.text("all ports"),
        Ports::AnyOf(items) => items.iter().fold(digest.count(items.len()), |digest, item| {
            let PortSpec { protocol, ports, origin: _ } = item;
            digest.text(&format!("{protocol} {ports:?}"))
        }),
    }
}

fn peer(digest: Digest, peer: &Peer) -> Digest {
    let Peer { kind, origin: _ } = peer;
    match kind {
        PeerKind::Pods { namespaces, pods } => digest.text("pods").text(&format!("{namespaces:?} {pods:?}")),
        PeerKind::IpBlock(block) => digest.text("block").text(&format!("{block:?}")),
    }
}
