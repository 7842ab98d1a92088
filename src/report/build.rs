//! From answers to words: everything that the renderers lay out is computed here.

use std::collections::BTreeSet;
use std::time::Duration;

use super::disagreement;
use super::{
    AnswerReport, BlameReport, EndReport, Place, PolicyReport, PropertyReport, Report, SCHEMA, Summary, waive,
};
use crate::describe;
use crate::eval::trace::{Exemption, PeersTrace, PolicyTrace, PortsTrace, Side};
use crate::model::claim::Claim;
use crate::model::net::{End, Flow, PodEnd, Protocol};
use crate::model::policy::{Direction, Policy};
use crate::model::selector::NAMESPACE_NAME_LABEL;
use crate::model::workload::{Cluster, ContainerPort, WorkloadKind};
use crate::outcome::{Blame, Outcome, Pillar};
use crate::plain;
use crate::plan::{Item, Plan};
use crate::prove::Answered;
use crate::source::{Origin, SourceFile, SourceMap};

mod case;
mod gap;
mod sets;

/// The report of a run: one answer an item of the plan, in order.
#[must_use]
pub fn report(plan: &Plan, sources: &SourceMap, answers: &[Answered], z3: String, elapsed: Duration) -> Report {
    let properties: Vec<_> =
        plan.items.iter().zip(answers).map(|(item, answered)| property(plan, sources, item, answered)).collect();
    Report {
        schema: SCHEMA,
        netverify: env!("CARGO_PKG_VERSION"),
        z3,
        summary: summary(plan, &properties, elapsed),
        assumptions: plan.assumptions(),
        share: None,
        properties,
    }
}

fn summary(plan: &Plan, properties: &[PropertyReport], elapsed: Duration) -> Summary {
    let policies: BTreeSet<Origin> =
        plan.clusters.iter().flat_map(|cluster| &cluster.policies).map(|policy| policy.origin).collect();
    Summary {
        policies: policies.len(),
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        ..Summary::of(properties)
    }
}

fn property(plan: &Plan, sources: &SourceMap, item: &Item, answered: &Answered) -> PropertyReport {
    let words = Words { cluster: plan.cluster(item), sources };
    PropertyReport {
        spec: item.spec.clone(),
        variant: item.variant.clone(),
        name: item.name.clone(),
        sentence: item.sentence.clone(),
        severity: item.severity,
        why: item.why.clone(),
        at: Some(words.place(item.origin)),
        answer: words.answer(&item.claim, &answered.outcome),
        waiver: waive::report(item, &answered.outcome, plan.today),
        elapsed_us: u64::try_from(answered.elapsed.as_micros()).unwrap_or(u64::MAX),
    }
}

/// What all words about one property draw on.
pub(crate) struct Words<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) sources: &'a SourceMap,
}

impl Words<'_> {
    pub(crate) fn place(&self, origin: Origin) -> Place {
        let in_file = self.sources.file(origin.file).is_some_and(SourceFile::is_file);
        Place { position: self.sources.position(origin), origin, in_file }
    }

    pub(crate) fn answer(&self, claim: &Claim, outcome: &Outcome) -> AnswerReport {
        match outcome {
            Outcome::Proved(proof) => AnswerReport::Proved {
                rests_on: self.pillars(&proof.rests_on),
                witness: proof.witness.as_ref().map(|case| Box::new(self.case(case))),
                because: gap::because(claim, proof),
                sets: proof.sets.as_ref().map(|sets| self.sets(sets, true)),
                comes_to: proof.comes_to.as_ref().map(|all| {
                    let name = |index: &usize| Some(self.cluster.workloads.get(*index)?.full_name());
                    all.iter().filter_map(name).collect()
                }),
                vacuous: proof.vacuous,
            },
            Outcome::Refuted(refutation) => AnswerReport::Refuted {
                counterexample: refutation.counterexample.as_ref().map(|case| Box::new(self.case(case))),
                blocked_by: self.pillars(&refutation.blocked_by),
                holds_if: refutation.holds_if.clone(),
                sets: refutation.sets.as_ref().map(|sets| self.sets(sets, false)),
            },
            Outcome::Unknown(reason) => AnswerReport::Unknown { reason: reason.0.clone() },
            Outcome::Vacuous => AnswerReport::Unknown { reason: "the property is about nothing".to_owned() },
            Outcome::Disagreement(disagreement) => AnswerReport::Disagreement {
                case: Box::new(self.case(&disagreement.case)),
                trace: disagreement::trace(self.cluster, self.sources, claim, disagreement),
            },
        }
    }

    fn pillars(&self, pillars: &[Pillar]) -> Vec<PolicyReport> {
        let of = |pillar: &Pillar| {
            let policy = self.cluster.policies.get(pillar.policy)?;
            Some(PolicyReport {
                policy: policy.full_name(),
                direction: pillar.direction,
                part: pillar.part,
                at: self.place(policy.name_origin),
            })
        };
        pillars.iter().filter_map(of).collect()
    }

    fn blame(&self, blame: &Blame) -> Option<BlameReport> {
        let policy = self.cluster.policies.get(blame.policy)?;
        Some(BlameReport {
            policy: policy.full_name(),
            direction: blame.direction,
            part: blame.part,
            path: blame.path.clone(),
            at: self.place(blame.origin),
            text: blame.text.clone(),
        })
    }

    pub(crate) fn end(&self, end: &End) -> EndReport {
        let plain = |kind, name| EndReport {
            kind,
            namespace: None,
            namespace_labels: std::collections::BTreeMap::new(),
            workload: None,
            name,
            labels: std::collections::BTreeMap::new(),
            on_node: None,
            address: end.address().to_string(),
            at: None,
        };
        match end {
            End::External(_) => plain("external".into(), None),
            End::Node(node) => plain("node".into(), node.name.clone()),
            End::Pod(pod) => {
                let workload = pod.workload.and_then(|index| self.cluster.workloads.get(index));
                EndReport {
                    namespace: Some(pod.namespace.name.clone()),
                    namespace_labels: self.open_labels(pod),
                    workload: workload.map(crate::model::workload::Workload::full_name),
                    labels: pod.labels.clone(),
                    on_node: pod.host_network.then(|| pod.node.clone().unwrap_or_else(|| "(any)".to_owned())),
                    at: workload.map(|workload| self.place(workload.origin)),
                    ..plain("pod".into(), workload.map(|workload| workload.name.clone()))
                }
            }
        }
    }

    /// The labels of a namespace that no manifest declares, without the automatic one.
    fn open_labels(&self, pod: &PodEnd) -> std::collections::BTreeMap<String, String> {
        if self.cluster.namespaces.contains_key(&pod.namespace.name) {
            return std::collections::BTreeMap::new();
        }
        let mut labels = pod.namespace.labels.clone();
        labels.remove(NAMESPACE_NAME_LABEL);
        labels
    }

    /// "yes, Deployment ml-ops/model-monitor can do this now", or what somebody would have to create.
    pub(crate) fn today(&self, ends: &[&End], further: &[PodEnd], does: &str) -> String {
        let pods: Vec<&PodEnd> = ends.iter().filter_map(|end| end.pod()).collect();
        let made_up: Vec<&PodEnd> = pods.iter().copied().filter(|pod| pod.workload.is_none()).collect();
        if let Some(actor) = ends.first().filter(|_| made_up.is_empty() && further.is_empty()) {
            return format!("yes, {} {does} now", self.actor(actor));
        }
        let what = |pod: &&PodEnd| self.to_create(pod);
        let further = further.iter().map(|pod| self.lender(pod));
        let all: Vec<_> = made_up.iter().map(what).chain(further).collect();
        format!("no, but somebody could create {}", all.join(", and "))
    }

    /// "a pod labelled app=db in namespace shop that names port 9000 `http`".
    fn lender(&self, pod: &PodEnd) -> String {
        let name = |port: &ContainerPort| Some(format!("`{}`", port.name.as_ref()?));
        let names: Vec<_> = pod.ports.iter().filter_map(name).collect();
        let number = pod.ports.first().map_or(0, |port| port.number);
        format!("{} that names port {number} {}", self.to_create(pod), names.join(" and "))
    }

    fn actor(&self, end: &End) -> String {
        match end {
            End::External(_) => "any such address".to_owned(),
            End::Node(node) => format!("node {}", node.name.as_deref().unwrap_or("(any)")),
            End::Pod(pod) => match pod.workload.and_then(|index| self.cluster.workloads.get(index)) {
                Some(workload) => format!("{} ({})", workload.full_name(), self.line(workload.origin)),
                None => format!("a pod of {}", pod.namespace.name),
            },
        }
    }

    fn to_create(&self, pod: &PodEnd) -> String {
        let labels = self.open_labels(pod);
        let known = self.cluster.namespaces.contains_key(&pod.namespace.name);
        let namespace = match (known, labels.is_empty()) {
            (true, _) => format!("namespace {}", pod.namespace.name),
            (false, true) => format!("namespace {} (not declared; its labels do not matter)", pod.namespace.name),
            (false, false) => format!("namespace {} labelled {}", pod.namespace.name, describe::labels(&labels)),
        };
        let network = if pod.host_network { ", on its node's network" } else { "" };
        if pod.labels.is_empty() {
            format!("a pod with any labels in {namespace}{network}")
        } else {
            format!("a pod labelled {} in {namespace}{network}", describe::labels(&pod.labels))
        }
    }

    pub(crate) fn line(&self, origin: Origin) -> String {
        let position = self.sources.position(origin);
        format!("{}:{}", position.file, position.line)
    }

    /// Why one side lets the flow through or stops it.
    pub(crate) fn side(&self, direction: Direction, side: &Side, end: &End) -> String {
        match side {
            Side::Exempt(exemption) => exempt(*exemption, direction, end).to_owned(),
            Side::Open => {
                let namespace = end.pod().map_or("its namespace", |pod| pod.namespace.name.as_str());
                format!("open: no policy of {namespace} isolates this pod for {direction}")
            }
            Side::Isolated(policies) if side.allows() => self.admitted(direction, policies),
            Side::Isolated(policies) => self.stopped(direction, policies),
        }
    }

    fn admitted(&self, direction: Direction, policies: &[PolicyTrace]) -> String {
        let rules = policies.iter().filter_map(|trace| {
            let policy = self.cluster.policies.get(trace.policy)?;
            let at = trace.rules.iter().position(crate::eval::trace::RuleTrace::matches)?;
            Some(admission(policy, direction, at, trace.rules.get(at)?))
        });
        rules.collect::<Vec<_>>().join("; ")
    }

    fn stopped(&self, direction: Direction, policies: &[PolicyTrace]) -> String {
        let names = policies.iter().filter_map(|trace| self.cluster.policies.get(trace.policy));
        let names: Vec<_> = names.map(|policy| policy.name.as_str()).collect();
        let (verb, nothing, of) = if names.len() == 1 {
            ("isolates", "it admits nothing", "it")
        } else {
            ("isolate", "they admit nothing", "them")
        };
        let reason = if policies.iter().all(|trace| trace.rules.is_empty()) {
            nothing.to_owned()
        } else {
            format!("no {direction} rule of {of} matches")
        };
        format!("stopped: {} {verb} this pod for {direction}, and {reason}", names.join(", "))
    }

    /// A command that shows the flow, where its source is a workload that `kubectl exec` knows.
    pub(crate) fn try_it(&self, flow: &Flow) -> Option<String> {
        let workload = self.cluster.workloads.get(flow.source.pod()?.workload?)?;
        self.connect(flow, &kubectl_name(workload.kind, &workload.name)?)
    }

    /// A command that shows the flow, where its source is a pod that somebody creates under this name.
    pub(crate) fn try_created(&self, flow: &Flow, name: &str) -> Option<String> {
        flow.source.pod()?.workload.is_none().then(|| self.connect(flow, name))?
    }

    fn connect(&self, flow: &Flow, object: &str) -> Option<String> {
        let source = flow.source.pod()?;
        let target = match &flow.destination {
            End::External(address) => address.to_string(),
            End::Node(node) => format!("<address of node {}>", node.name.as_deref().unwrap_or("")),
            End::Pod(pod) => match pod.workload {
                Some(_) => format!("<{} pod ip>", pod.name),
                None => "<pod ip>".to_owned(),
            },
        };
        let udp = if flow.protocol == Protocol::Udp { "u" } else { "" };
        if flow.protocol == Protocol::Sctp {
            return None;
        }
        let namespace = &source.namespace.name;
        // Such names are plain, or the manifest was refused; a shell must not be what finds out.
        let (namespace, object) = (plain::shell(namespace), plain::shell(object));
        Some(format!("kubectl -n {namespace} exec {object} -- nc -zv{udp} -w3 {target} {}", flow.port))
    }
}

fn kubectl_name(kind: WorkloadKind, name: &str) -> Option<String> {
    match kind {
        WorkloadKind::Pod => Some(name.to_owned()),
        WorkloadKind::Deployment => Some(format!("deploy/{name}")),
        WorkloadKind::ReplicaSet => Some(format!("rs/{name}")),
        WorkloadKind::StatefulSet => Some(format!("sts/{name}")),
        WorkloadKind::DaemonSet => Some(format!("ds/{name}")),
        WorkloadKind::Job => Some(format!("job/{name}")),
        WorkloadKind::CronJob | WorkloadKind::ReplicationController => None,
    }
}

fn exempt(exemption: Exemption, direction: Direction, end: &End) -> &'static str {
    match (exemption, end) {
        (Exemption::NotAPod, End::External(_)) => "outside the cluster: policies do not apply",
        (Exemption::NotAPod, _) => "a node: policies do not apply",
        (Exemption::HostNetwork, _) => "on its node's network: policies do not apply",
        (Exemption::LocalNode, _) if direction == Direction::Egress => "to its own node: the plugin allows it (R32)",
        (Exemption::LocalNode, _) => "its own node: always allowed (R31)",
        (Exemption::Itself, End::Pod(pod)) if pod.host_network => {
            "it stays at its node's address: always allowed (R30)"
        }
        (Exemption::Itself, _) => "a pod always reaches itself (R30)",
        (Exemption::OtherProtocol, _) => "policies do not speak about this protocol (R29)",
    }
}

/// "allow-ml-ops ingress[0].from[0], no ports given".
fn admission(policy: &Policy, direction: Direction, at: usize, trace: &crate::eval::trace::RuleTrace) -> String {
    let key = describe::peers_key(direction);
    let peer = match &trace.peers {
        PeersTrace::Matched(items) => items.first().map_or(String::new(), |item| format!(".{key}[{item}]")),
        PeersTrace::All | PeersTrace::Missed(_) => format!(", no `{key}` given"),
    };
    let ports = match &trace.ports {
        PortsTrace::Matched(items) => items.first().map_or(String::new(), |item| format!(", ports[{item}]")),
        PortsTrace::All | PortsTrace::Missed(_) | PortsTrace::Barred => ", no ports given".to_owned(),
    };
    format!("{} {direction}[{at}]{peer}{ports}", policy.name)
}
