//! One flow explained: both sides, rule by rule, what matched and what was lacking.
//!
//! [`explanation`] makes the words; [`text`] lays them out, and `json` writes them as they are.

mod miss;
pub mod text;

use serde::Serialize;

use super::build::Words;
use super::{EndReport, Place};
use crate::describe;
use crate::eval::trace::{PeersTrace, PolicyTrace, PortsTrace, RuleTrace, Side};
use crate::eval::{Trace, Verdict};
use crate::explain::Explained;
use crate::model::net::{End, Flow, Protocol};
use crate::model::policy::{Direction, Peers, Policy, Ports, Rule};
use crate::model::workload::Cluster;
use crate::source::SourceMap;
use miss::Flown;

/// The version of the JSON form.
pub const SCHEMA: &str = "netverify-explain/1";

/// Everything there is to say about one flow.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of netverify.
    pub netverify: &'static str,
    /// Whether the flow passes.
    pub allowed: bool,
    /// Where it begins.
    pub source: EndReport,
    /// Where it ends.
    pub destination: EndReport,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Protocol,
    /// The destination port.
    pub port: u16,
    /// The source's side.
    pub egress: SideReport,
    /// The destination's side.
    pub ingress: SideReport,
    /// What the answer takes for granted, and what would change it.
    pub notes: Vec<String>,
    /// What a policy would have to say for the flow to pass, one sentence a side that stops it.
    pub to_allow: Vec<String>,
    /// A command that shows the flow in the cluster, where there is one.
    pub try_it: Option<String>,
}

/// One side of the flow.
#[derive(Clone, Debug, Serialize)]
pub struct SideReport {
    /// Whether it lets the flow through.
    pub allows: bool,
    /// Why, in a sentence.
    pub words: String,
    /// The policies that isolate the pod; empty where none does.
    pub policies: Vec<PolicySteps>,
}

/// One policy that isolates the pod.
#[derive(Clone, Debug, Serialize)]
pub struct PolicySteps {
    /// `namespace/name`.
    pub policy: String,
    /// Where its name is written.
    pub at: Place,
    /// The pods that it selects, in words.
    pub selects: String,
    /// Its rules for this direction.
    pub rules: Vec<RuleSteps>,
}

/// One rule against the flow.
#[derive(Clone, Debug, Serialize)]
pub struct RuleSteps {
    /// The field, as `ingress[0]`.
    pub path: String,
    /// Where it is written.
    pub at: Place,
    /// Whether it admits the flow.
    pub matches: bool,
    /// Its peers, then its ports.
    pub steps: Vec<Step>,
}

/// One peer or port of a rule against the flow.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The field, as `ingress[0].from[1]`.
    pub path: String,
    /// Where it is written; that of the rule for what the rule leaves out.
    pub at: Place,
    /// Whether it matches.
    pub matches: bool,
    /// What it admits, and what it lacks where it does not match.
    pub words: String,
}

/// The explanation of a flow that was asked about.
#[must_use]
pub fn explanation(cluster: &Cluster, sources: &SourceMap, explained: &Explained) -> Explanation {
    let mut report = of_trace(cluster, sources, &explained.flow, &explained.trace);
    let speaker = Speaker { words: Words { cluster, sources }, flow: &explained.flow };
    report.allowed = explained.verdict == Verdict::Allowed;
    report.notes = speaker.notes(explained);
    report
}

/// The explanation of a flow whose reasons are at hand.
#[must_use]
pub fn of_trace(cluster: &Cluster, sources: &SourceMap, flow: &Flow, trace: &Trace) -> Explanation {
    let speaker = Speaker { words: Words { cluster, sources }, flow };
    let sides = [(Direction::Egress, &trace.egress), (Direction::Ingress, &trace.ingress)];
    let stopped = sides.iter().filter(|(_, side)| !side.allows());
    Explanation {
        schema: SCHEMA,
        netverify: env!("CARGO_PKG_VERSION"),
        allowed: trace.egress.allows() && trace.ingress.allows(),
        source: speaker.words.end(&flow.source),
        destination: speaker.words.end(&flow.destination),
        protocol: flow.protocol,
        port: flow.port,
        egress: speaker.side(Direction::Egress, &trace.egress),
        ingress: speaker.side(Direction::Ingress, &trace.ingress),
        notes: Vec::new(),
        to_allow: stopped.map(|(direction, _)| speaker.to_allow(*direction)).collect(),
        try_it: speaker.words.try_it(flow),
    }
}

struct Speaker<'a> {
    words: Words<'a>,
    flow: &'a Flow,
}

impl Speaker<'_> {
    /// The end that the policies of a direction isolate, and the one that their peers look at.
    fn ends(&self, direction: Direction) -> (&End, &End) {
        match direction {
            Direction::Ingress => (&self.flow.destination, &self.flow.source),
            Direction::Egress => (&self.flow.source, &self.flow.destination),
        }
    }

    fn side(&self, direction: Direction, side: &Side) -> SideReport {
        let (own, _) = self.ends(direction);
        let policies = side.policies().iter().filter_map(|trace| self.policy(direction, trace));
        let admitted = if side.allows() && !side.policies().is_empty() { "admitted by " } else { "" };
        SideReport {
            allows: side.allows(),
            words: format!("{admitted}{}", self.words.side(direction, side, own)),
            policies: policies.collect(),
        }
    }

    fn policy(&self, direction: Direction, trace: &PolicyTrace) -> Option<PolicySteps> {
        let policy = self.words.cluster.policies.get(trace.policy)?;
        let rules = policy.rules(direction)?.iter().zip(&trace.rules).enumerate();
        Some(PolicySteps {
            policy: policy.full_name(),
            at: self.words.place(policy.name_origin),
            selects: describe::selected(policy),
            rules: rules.map(|(at, (rule, trace))| self.rule(policy, direction, at, rule, trace)).collect(),
        })
    }

    fn rule(&self, policy: &Policy, direction: Direction, at: usize, rule: &Rule, trace: &RuleTrace) -> RuleSteps {
        let path = format!("{direction}[{at}]");
        let mut steps = self.peers(policy, direction, &path, rule, &trace.peers);
        steps.extend(self.ports(&path, rule, &trace.ports));
        RuleSteps { at: self.words.place(rule.origin), matches: trace.matches(), steps, path }
    }

    fn flown(&self, direction: Direction) -> Flown<'_> {
        let role = if direction == Direction::Ingress { "source" } else { "destination" };
        let other = self.ends(direction).1;
        Flown { role, other, unknown_address: self.is_unknown(other), flow: self.flow }
    }

    /// Whether the address of a pod is none that its manifest says.
    fn is_unknown(&self, end: &End) -> bool {
        let said = |index: usize, pod: &crate::model::net::PodEnd| {
            self.words.cluster.workloads.get(index).is_some_and(|workload| workload.addresses.contains(&pod.address))
        };
        end.pod().is_some_and(|pod| !pod.workload.is_some_and(|index| said(index, pod)))
    }

    fn peers(
        &self,
        policy: &Policy,
        direction: Direction,
        rule_path: &str,
        rule: &Rule,
        trace: &PeersTrace,
    ) -> Vec<Step> {
        let key = describe::peers_key(direction);
        let flown = self.flown(direction);
        let Peers::AnyOf(peers) = &rule.peers else {
            let words = format!("no `{key}` given: anything may be the {}", flown.role);
            return vec![Step { path: rule_path.to_owned(), at: self.words.place(rule.origin), matches: true, words }];
        };
        let step = |(at, peer): (usize, &crate::model::policy::Peer)| {
            let lack = match trace {
                PeersTrace::All => None,
                PeersTrace::Matched(matched) if matched.contains(&at) => None,
                PeersTrace::Matched(_) => return None,
                PeersTrace::Missed(lacks) => lacks.get(at),
            };
            let admits = describe::peer(policy, peer);
            let words = lack.map_or_else(|| admits.clone(), |lack| format!("{admits}; {}", flown.peer(lack)));
            let path = format!("{rule_path}.{key}[{at}]");
            Some(Step { path, at: self.words.place(peer.origin), matches: lack.is_none(), words })
        };
        peers.iter().enumerate().filter_map(step).collect()
    }

    fn ports(&self, rule_path: &str, rule: &Rule, trace: &PortsTrace) -> Vec<Step> {
        let flown = self.flown(Direction::Ingress);
        let Ports::AnyOf(ports) = &rule.ports else {
            let at = self.words.place(rule.origin);
            let words = "no `ports` given: every port".to_owned();
            return vec![Step { path: rule_path.to_owned(), at, matches: true, words }];
        };
        let step = |(at, port): (usize, &crate::model::policy::PortSpec)| {
            let lack = match trace {
                PortsTrace::Matched(matched) if matched.contains(&at) => None,
                PortsTrace::Missed(lacks) => lacks.get(at),
                PortsTrace::All | PortsTrace::Matched(_) | PortsTrace::Barred => return None,
            };
            let admits = describe::port(port);
            let words = lack.map_or_else(|| admits.clone(), |lack| format!("{admits}; {}", flown.port(port, *lack)));
            let path = format!("{rule_path}.ports[{at}]");
            Some(Step { path, at: self.words.place(port.origin), matches: lack.is_none(), words })
        };
        ports.iter().enumerate().filter_map(step).collect()
    }

    /// What a policy would have to say.
    fn to_allow(&self, direction: Direction) -> String {
        let (own, other) = self.ends(direction);
        let namespace = own.pod().map_or("its namespace", |pod| pod.namespace.name.as_str());
        let peer = match other {
            End::Pod(pod) if pod.labels.is_empty() => format!("a pod of namespace {}", pod.namespace.name),
            End::Pod(pod) => {
                format!("pods labelled {} of namespace {}", describe::labels(&pod.labels), pod.namespace.name)
            }
            End::Node(node) => format!("address {} of the node", node.address),
            End::External(address) => format!("address {address}"),
        };
        let (towards, who) = match direction {
            Direction::Ingress => ("from", "destination"),
            Direction::Egress => ("to", "source"),
        };
        let (protocol, port) = (self.flow.protocol, self.flow.port);
        format!(
            "a policy of {namespace} that selects the {who} needs an {direction} rule {towards} {peer} on {protocol} {port}"
        )
    }

    fn notes(&self, explained: &Explained) -> Vec<String> {
        let mut notes = Vec::new();
        for end in [&self.flow.source, &self.flow.destination] {
            notes.extend(self.namespace_note(end));
        }
        for direction in [Direction::Egress, Direction::Ingress] {
            notes.extend(self.address_note(explained, direction));
            if explained.blocks_match_pods.contains(&direction) {
                notes.push(format!("the {direction} side rests on an ipBlock that matches a pod's address, {PLUGINS}"));
            }
        }
        if explained.untried > 0 {
            notes.push(format!(
                "the policies list so many blocks that {} more addresses were not tried: whether the flow would pass with one of them is not said here. Add the Pod with its status to say the address",
                explained.untried
            ));
        }
        notes
    }

    fn namespace_note(&self, end: &End) -> Option<String> {
        let namespace = &end.pod()?.namespace.name;
        (!self.words.cluster.namespaces.contains_key(namespace)).then(|| {
            format!("no manifest declares namespace {namespace}: it is taken to have no label but its name; add its Namespace with -m")
        })
    }

    /// R22: the address that no manifest says decides.
    fn address_note(&self, explained: &Explained, direction: Direction) -> Option<String> {
        let blocks: Vec<_> = explained.addresses.iter().filter(|one| one.direction == direction).collect();
        if blocks.is_empty() {
            return None;
        }
        let key = describe::peers_key(direction);
        let block = |one: &&crate::explain::AddressMatters| {
            let policy = self.words.cluster.policies.get(one.policy)?;
            let Peers::AnyOf(peers) = &policy.rules(direction)?.get(one.rule)?.peers else { return None };
            let peer = peers.get(one.peer)?;
            let (admits, line) = (describe::peer(policy, peer), self.words.line(peer.origin));
            Some(format!("{} {direction}[{}].{key}[{}] admits {admits} ({line})", policy.name, one.rule, one.peer))
        };
        let blocks: Vec<_> = blocks.iter().filter_map(block).collect();
        let role = self.flown(direction).role;
        Some(format!(
            "no manifest says the {role}'s address, and it matters: {}. It is taken to lie outside; with an address inside, this side lets the flow through, {PLUGINS}. Add the Pod with its status to say the address",
            blocks.join("; ")
        ))
    }
}

/// R22, and its default.
const PLUGINS: &str = "if the network plugin matches ipBlocks against pods, as Calico, Antrea, OVN-Kubernetes and AWS do (the default here); Cilium does not (R22)";
