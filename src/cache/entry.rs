//! An answer as it is kept: by names, not by the indices of one run, and without what can be had again from the files.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::depends::{Ground, Reliance};
use crate::model::claim::Claim;
use crate::model::net::{End, Flow, NodeEnd, PodEnd, Protocol};
use crate::model::policy::{Direction, Policy};
use crate::model::selector::Labels;
use crate::model::workload::{Cluster, ContainerPort, Namespace, Workload};
use crate::outcome::{Case, Counterexample, Outcome, Part, Pillar, Proof, Refutation};
use crate::prove::{self, Answered, Job, LeftOut};
use crate::witness;

/// A kept answer, and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Absent where the answer is a case that is judged again whatever has changed.
    rests: Option<Rests>,
    answer: Answer,
}

/// The namespaces whose policies matter, and the fingerprint of those.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rests {
    on: Reliance,
    policies: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Answer {
    /// There is no case: proved, or for "some can reach" refuted.
    None { rests_on: Vec<Policies> },
    /// The claim is about nothing, and may be.
    Nothing,
    /// A case that shows it.
    Case { flow: Box<Kept>, today: bool, otherwise: bool },
}

/// A policy and what it contributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Policies {
    policy: String,
    is_ingress: bool,
    part: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    source: KeptEnd,
    destination: KeptEnd,
    protocol: String,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum KeptEnd {
    /// A pod of a declared workload, all about which but the address is in the files.
    Declared {
        workload: String,
        namespace: String,
        address: IpAddr,
    },
    Pod {
        namespace: String,
        namespace_labels: Labels,
        name: String,
        labels: Labels,
        ports: Vec<(Option<String>, u16, String)>,
        address: IpAddr,
        node: Option<String>,
        host_network: bool,
    },
    Node {
        name: Option<String>,
        address: IpAddr,
    },
    External(IpAddr),
}

impl Entry {
    /// The entry of an answer; `None` where none is kept.
    pub(super) fn of(ground: &Ground<'_>, job: &Job<'_>, answered: &Answered) -> Option<Entry> {
        let answer = answer(job.cluster, &answered.outcome)?;
        let stands_alone = match &answered.outcome {
            Outcome::Refuted(Refutation { counterexample: Some(case), .. })
            | Outcome::Proved(Proof { witness: Some(case), .. }) => case.today && case.needs.is_empty(),
            _ => false,
        };
        let has_case = matches!(answer, Answer::Case { .. });
        // A case is told as the best there is, so all policies have a say; what rests on none is a case of today.
        let left_out = if has_case { &LeftOut::default() } else { &answered.left_out };
        let on = ground.reliance(job.claim, left_out)?;
        let rests = (!stands_alone).then(|| Rests { policies: ground.policies(&on), on });
        Some(Entry { rests, answer })
    }

    /// An entry like no other of another number.
    #[cfg(test)]
    pub(super) fn numbered(number: usize) -> Entry {
        let rests = Rests { on: Reliance::default(), policies: number.to_string() };
        Entry { rests: Some(rests), answer: Answer::Nothing }
    }

    /// Whether nothing that it rests on has changed.
    pub(super) fn still_stands(&self, ground: &Ground<'_>) -> bool {
        self.rests.as_ref().is_none_or(|rests| ground.policies(&rests.on) == rests.policies)
    }

    /// The answer, in the terms of today; `None` where it does not hold today, or cannot be said.
    pub(super) fn outcome(&self, job: &Job<'_>) -> Option<Outcome> {
        match &self.answer {
            Answer::Nothing => job.allow_vacuous.then(|| Outcome::Proved(Proof { vacuous: true, ..Proof::default() })),
            Answer::None { rests_on } => {
                let rests_on: Vec<Pillar> =
                    rests_on.iter().map(|one| one.pillar(job.cluster)).collect::<Option<_>>()?;
                Some(match job.claim {
                    Claim::SomeCanReach(_) => {
                        Outcome::Refuted(Refutation { blocked_by: rests_on, ..Refutation::default() })
                    }
                    _ => Outcome::Proved(Proof { rests_on, ..Proof::default() }),
                })
            }
            Answer::Case { flow, today, otherwise } => {
                let flow = flow.flow(job.cluster)?;
                prove::replay(job, flow, *otherwise)
                    .filter(|outcome| case_of(outcome).is_some_and(|case| case.today == *today))
            }
        }
    }
}

fn case_of(outcome: &Outcome) -> Option<&Counterexample> {
    match outcome {
        Outcome::Refuted(refutation) => refutation.counterexample.as_deref(),
        Outcome::Proved(proof) => proof.witness.as_deref(),
        _ => None,
    }
}

/// All fields are taken apart: an answer that says more than is kept here is not kept.
fn answer(cluster: &Cluster, outcome: &Outcome) -> Option<Answer> {
    let policies = |pillars: &[Pillar]| pillars.iter().map(|one| Policies::of(cluster, one)).collect::<Option<_>>();
    match outcome {
        Outcome::Proved(Proof { rests_on, witness, sets: None, comes_to: None, vacuous }) => match (witness, vacuous) {
            (Some(case), false) => kept_case(cluster, case, false),
            (None, true) => Some(Answer::Nothing),
            (None, false) => Some(Answer::None { rests_on: policies(rests_on)? }),
            (Some(_), true) => None,
        },
        Outcome::Refuted(Refutation { counterexample, blocked_by, holds_if, sets: None }) => match counterexample {
            Some(case) => kept_case(cluster, case, !holds_if.is_empty()),
            None if holds_if.is_empty() => Some(Answer::None { rests_on: policies(blocked_by)? }),
            None => None,
        },
        _ => None,
    }
}

/// A flow between two ends alone: what else a case may need is not kept.
fn kept_case(cluster: &Cluster, case: &Counterexample, otherwise: bool) -> Option<Answer> {
    let Counterexample { case: Case::Flow { flow, trace: _ }, today, further, needs: _, blames: _ } = case else {
        return None;
    };
    further.is_empty().then_some(())?;
    Some(Answer::Case { flow: Box::new(Kept::of(cluster, flow)?), today: *today, otherwise })
}

impl Policies {
    fn of(cluster: &Cluster, pillar: &Pillar) -> Option<Policies> {
        let Pillar { policy, direction, part } = pillar;
        let part = match part {
            Part::Isolates => "isolates",
            Part::Admits => "admits",
            Part::Lacks => return None,
        };
        let policy = cluster.policies.get(*policy).map(Policy::full_name)?;
        Some(Policies { policy, is_ingress: *direction == Direction::Ingress, part: part.to_owned() })
    }

    fn pillar(&self, cluster: &Cluster) -> Option<Pillar> {
        let (namespace, name) = self.policy.split_once('/')?;
        let (policy, _) = cluster.policies.in_namespace(namespace).find(|(_, policy)| policy.name == name)?;
        let part = match self.part.as_str() {
            "isolates" => Part::Isolates,
            "admits" => Part::Admits,
            _ => return None,
        };
        let direction = if self.is_ingress { Direction::Ingress } else { Direction::Egress };
        Some(Pillar { policy, direction, part })
    }
}

impl Kept {
    fn of(cluster: &Cluster, flow: &Flow) -> Option<Kept> {
        let Flow { source, destination, protocol, port } = flow;
        let end = |end| KeptEnd::of(cluster, end);
        let protocol = protocol.to_string();
        Some(Kept { source: end(source)?, destination: end(destination)?, protocol, port: *port })
    }

    fn flow(&self, cluster: &Cluster) -> Option<Flow> {
        let (source, destination) = (self.source.end(cluster)?, self.destination.end(cluster)?);
        Some(Flow { source, destination, protocol: Protocol::from_name(&self.protocol)?, port: self.port })
    }
}

impl KeptEnd {
    fn of(cluster: &Cluster, end: &End) -> Option<KeptEnd> {
        Some(match end {
            End::External(address) => KeptEnd::External(*address),
            End::Node(NodeEnd { name, address }) => KeptEnd::Node { name: name.clone(), address: *address },
            End::Pod(PodEnd { workload: Some(index), address, .. }) => {
                let workload = cluster.workloads.get(*index)?;
                let namespace = workload.namespace.clone();
                KeptEnd::Declared { workload: workload.full_name(), namespace, address: *address }
            }
            End::Pod(PodEnd { namespace, name, labels, ports, address, node, host_network, workload: None }) => {
                let port = |port: &ContainerPort| (port.name.clone(), port.number, port.protocol.to_string());
                KeptEnd::Pod {
                    namespace: namespace.name.clone(),
                    namespace_labels: namespace.labels.clone(),
                    name: name.clone(),
                    labels: labels.clone(),
                    ports: ports.iter().map(port).collect(),
                    address: *address,
                    node: node.clone(),
                    host_network: *host_network,
                }
            }
        })
    }

    fn end(&self, cluster: &Cluster) -> Option<End> {
        Some(match self {
            KeptEnd::External(address) => End::External(*address),
            KeptEnd::Node { name, address } => End::Node(NodeEnd { name: name.clone(), address: *address }),
            KeptEnd::Declared { workload, namespace, address } => {
                let is_it = |one: &(usize, &Workload)| one.1.full_name() == *workload;
                let (index, _) = cluster.workloads.in_namespace(namespace).find(is_it)?;
                End::Pod(witness::pod::of_workload(cluster, index, *address)?)
            }
            KeptEnd::Pod { namespace, namespace_labels, name, labels, ports, address, node, host_network } => {
                let port = |(name, number, protocol): &(Option<String>, u16, String)| {
                    let protocol = Protocol::from_name(protocol)?;
                    Some(ContainerPort { name: name.clone(), number: *number, protocol })
                };
                End::Pod(PodEnd {
                    namespace: Namespace { name: namespace.clone(), labels: namespace_labels.clone() },
                    name: name.clone(),
                    labels: labels.clone(),
                    ports: ports.iter().map(port).collect::<Option<_>>()?,
                    address: *address,
                    node: node.clone(),
                    host_network: *host_network,
                    workload: None,
                })
            }
        })
    }
}
