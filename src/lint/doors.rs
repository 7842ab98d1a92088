//! Doors that open more than is used: pods and ports that nothing behind the door listens on.
//!
//! Behind a rule of `ingress` are the pods that the policy selects, behind a peer of `to` those that the peer
//! matches. Told of declared workloads that declare their ports, where there are several. Under `lint` alone.

use super::coverage::listed;
use super::scene::{Scene, rules};
use super::{flows, sample, surest};
use crate::describe;
use crate::eval::Verdict;
use crate::finding::{Code, Evidence, Fact, Finding, Shown};
use crate::model::net::{End, Flow, PortMatch, Protocol};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Policy, PortSpec, Ports, Rule};
use crate::model::workload::Workload;
use crate::source::Origin;

/// The findings of every policy.
pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, policy) in scene.policies() {
        for (direction, _, rule) in rules(policy) {
            let doors = match direction {
                Direction::Ingress => vec![Door::into(scene, index, policy, rule)],
                Direction::Egress => {
                    rule.named_peers().iter().map(|peer| Door::out(scene, index, policy, rule, peer)).collect()
                }
            };
            found.extend(doors.iter().filter_map(Door::wide));
        }
    }
    found
}

/// A rule, or one peer of it, and the workloads that it leads to.
struct Door<'a> {
    scene: &'a Scene<'a>,
    index: usize,
    policy: &'a Policy,
    rule: &'a Rule,
    /// The peer that says where to, for egress.
    to: Option<&'a Peer>,
    /// Those behind it that declare ports.
    behind: Vec<(usize, &'a Workload)>,
}

impl<'a> Door<'a> {
    /// To the pods of the policy.
    fn into(scene: &'a Scene<'a>, index: usize, policy: &'a Policy, rule: &'a Rule) -> Door<'a> {
        let behind = declaring(scene, scene.selected(index).iter().copied());
        Door { scene, index, policy, rule, to: None, behind }
    }

    /// From the pods of the policy to those of a peer.
    fn out(scene: &'a Scene<'a>, index: usize, policy: &'a Policy, rule: &'a Rule, peer: &'a Peer) -> Door<'a> {
        let behind = declaring(scene, scene.matched(policy, peer).into_iter());
        Door { scene, index, policy, rule, to: Some(peer), behind }
    }

    /// A rule that opens ports on pods which do not listen there.
    fn wide(&self) -> Option<Finding> {
        if self.behind.len() < 2 {
            return None;
        }
        match &self.rule.ports {
            Ports::All => self.every_port(),
            Ports::AnyOf(items) => self.every_pod(items),
        }
    }

    /// No port is named, for ends beyond the namespace.
    fn every_port(&self) -> Option<Finding> {
        let peer = self.peers().find(|peer| is_beyond(peer))?;
        let mut listening: Vec<(Protocol, u16)> =
            self.behind.iter().flat_map(|(_, one)| &one.ports).map(|port| (port.protocol, port.number)).collect();
        listening.sort_unstable();
        listening.dedup();
        let (workload, _) = self.behind.first()?;
        let unused = (22..=u16::MAX).find(|port| !listening.contains(&(Protocol::Tcp, *port)))?;
        let shown = self.through(Some(peer), *workload, (Protocol::Tcp, unused))?;
        let used: Vec<String> = listening.iter().map(|(protocol, port)| format!("{protocol} {port}")).collect();
        let what = format!("every port of {} workloads, which declare {}", self.behind.len(), listed(&used));
        let lines = listening.iter().map(|(protocol, port)| format!("  - {{protocol: {protocol}, port: {port}}}\n"));
        Some(
            self.finding(&what, shown)
                .at(self.rule.origin, "names no port")
                .at(self.chooses(), format!("{} {} workloads", self.verb(), self.behind.len()))
                .note("What a debug port or a sidecar listens on is open with the rest.")
                .help("select the pods that are meant, and name their ports")
                .yaml(format!("ports:\n{}", lines.collect::<String>())),
        )
    }

    /// Of the pods behind the door, only some listen on a port that the rule names.
    fn every_pod(&self, items: &[PortSpec]) -> Option<Finding> {
        let (listening, idle): (Vec<_>, Vec<_>) =
            self.behind.iter().partition(|(_, one)| one.ports.iter().any(|port| flows::opens(self.rule, port)));
        let ((workload, one), port) = (idle.first().filter(|_| !listening.is_empty())?, numbered(items)?);
        let shown = self.through(self.peers().next(), *workload, port)?;
        let uses = listed(&listening.iter().map(|(_, one)| one.full_name()).collect::<Vec<_>>());
        let declares = if listening.len() == 1 { "declares" } else { "declare" };
        let count = self.behind.len();
        let what = format!("{} on {count} workloads, of which {uses} alone {declares} it", words(items));
        Some(
            self.finding(&what, shown)
                .at(self.chooses(), format!("{} {count} workloads, {} among them", self.verb(), one.full_name()))
                .at(self.rule.origin, "opens the door")
                .note("A pod that begins to listen on the port later is open at once.")
                .help("select the pods that are meant; a port that is used and not declared is worth declaring"),
        )
    }

    fn finding(&self, what: &str, shown: Shown) -> Finding {
        let name = self.policy.full_name();
        let message = match self.to {
            None => format!("{name} opens {what}"),
            Some(_) => format!("{name} lets pods call {what}"),
        };
        Finding::new(Code::WideDoor, name, message).because(Evidence::Shown(Box::new(shown)))
    }

    /// The ends that the rule names: of egress, the one that this is about.
    fn peers(&self) -> impl Iterator<Item = &'a Peer> {
        let named = self.rule.named_peers().iter().filter(|_| self.to.is_none());
        self.to.into_iter().chain(named)
    }

    /// What chooses the workloads behind the door.
    fn chooses(&self) -> Origin {
        self.to.map_or(self.policy.pod_selector.origin, |peer| peer.origin)
    }

    fn verb(&self) -> &'static str {
        if self.to.is_some() { "matches" } else { "selects" }
    }

    /// A flow to a port of the workload which the policy admits; through the peer, from anybody where the rule names none.
    fn through(&self, peer: Option<&Peer>, workload: usize, (protocol, port): (Protocol, u16)) -> Option<Shown> {
        let source = match (self.to, peer) {
            (Some(_), _) => self.caller(workload)?,
            (None, Some(peer)) => self.scene.far_end(self.policy, peer, workload)?,
            (None, None) => End::External(self.scene.address(1)),
        };
        let destination = End::Pod(self.scene.pod_of(workload, 0)?);
        let flow = Flow { source, destination, protocol, port };
        let options = surest(self.scene.world, Verdict::Allowed);
        let direction = if self.to.is_some() { Direction::Egress } else { Direction::Ingress };
        let shown = Shown { flow, fact: Fact::Admitted(self.index, direction), options, needs: Vec::new() };
        super::holds(self.scene.cluster, &shown).then_some(shown)
    }

    /// A pod that the policy selects, of another workload than this one.
    fn caller(&self, not: usize) -> Option<End> {
        let mut declared = self.scene.selected(self.index).iter().filter(|index| **index != not);
        let declared = declared.next().and_then(|index| self.scene.pod_of(*index, 1));
        declared.or_else(|| sample::subject(self.scene, self.policy)).map(End::Pod)
    }
}

/// The workloads that declare a port, with their places.
fn declaring<'a>(scene: &Scene<'a>, all: impl Iterator<Item = usize>) -> Vec<(usize, &'a Workload)> {
    let known = all.filter_map(|index| Some((index, scene.workload(index)?)));
    known.filter(|(_, workload)| !workload.ports.is_empty()).collect()
}

fn is_beyond(peer: &Peer) -> bool {
    !matches!(&peer.kind, PeerKind::Pods { namespaces: NamespaceScope::Own, .. })
}

/// R27: a name opens nothing on a pod that does not declare it, so a number is looked for.
fn numbered(items: &[PortSpec]) -> Option<(Protocol, u16)> {
    items.iter().find_map(|item| match item.ports {
        PortMatch::Range(first, _) => Some((item.protocol, first)),
        PortMatch::All | PortMatch::Named(_) => None,
    })
}

fn words(items: &[PortSpec]) -> String {
    listed(&items.iter().map(describe::port).collect::<Vec<_>>())
}
