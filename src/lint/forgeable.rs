//! Namespaces that a peer chooses by a label which anybody may write (R9).
//!
//! In `from` such a label lets pods in that nobody meant; in `to` it lets a pod call out to them, which is
//! less, since it is the pod that has to call. Under `lint` alone.

use super::coverage::listed;
use super::scene::{DIRECTIONS, Scene};
use super::{flows, sample, surest};
use crate::describe;
use crate::eval::Verdict;
use crate::finding::{Code, Evidence, Fact, Finding, Severity, Shown};
use crate::model::net::{Flow, PodEnd};
use crate::model::policy::{Direction, NamespaceScope, Peer, PeerKind, Policy, Rule};
use crate::model::selector::{LabelSelector, NAMESPACE_NAME_LABEL, Operator};

/// The findings of every policy.
pub(super) fn find(scene: &Scene<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, policy) in scene.policies() {
        for direction in DIRECTIONS {
            for rule in policy.rules(direction).into_iter().flatten() {
                let choice = |peer| Choice { scene, index, policy, direction, rule, peer };
                found.extend(rule.named_peers().iter().filter_map(|peer| choice(peer).finding()));
            }
        }
    }
    found
}

/// A peer, with where it stands.
struct Choice<'a> {
    scene: &'a Scene<'a>,
    index: usize,
    policy: &'a Policy,
    direction: Direction,
    rule: &'a Rule,
    peer: &'a Peer,
}

impl Choice<'_> {
    /// R9: only the automatic name label cannot be written by whoever creates a namespace.
    fn finding(&self) -> Option<Finding> {
        let PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), .. } = &self.peer.kind else {
            return None;
        };
        if selector.is_empty() || sample::new_namespace(self.scene, selector).is_none() || names(selector) {
            return None;
        }
        let shown = self.shown()?;
        let finding = Finding::new(Code::ForgeableNamespace, self.policy.full_name(), self.message(selector))
            .at(self.peer.origin, describe::peer(self.policy, self.peer))
            .because(Evidence::Shown(Box::new(shown)))
            .note(format!(
                "The API server sets {NAMESPACE_NAME_LABEL} to the namespace's name; no other label is protected."
            ));
        let finding = match self.direction {
            Direction::Ingress => finding,
            Direction::Egress => finding.severity(Severity::Low),
        };
        let homes: Vec<String> = self.scene.homes(selector).into_iter().map(str::to_owned).collect();
        Some(with_help(finding, &homes))
    }

    fn message(&self, selector: &LabelSelector) -> String {
        let (name, keys) = (self.policy.full_name(), keys(selector));
        let admits = match self.direction {
            Direction::Ingress => "admits namespaces",
            Direction::Egress => "lets pods call into namespaces",
        };
        if lacks(selector) {
            format!("{name} {admits} by what they lack: every new one without {keys} matches")
        } else {
            format!("{name} chooses namespaces by {keys}, which whoever creates a namespace may write")
        }
    }

    /// A flow from, or to, a namespace that nobody has declared.
    fn shown(&self) -> Option<Shown> {
        let flow = self.flow()?;
        let far = match self.direction {
            Direction::Ingress => &flow.source,
            Direction::Egress => &flow.destination,
        };
        let is_new = far.pod().is_some_and(|pod| !self.scene.cluster.namespaces.contains_key(&pod.namespace.name));
        let options = surest(self.scene.world, Verdict::Allowed);
        let fact = |fact| Shown { flow: flow.clone(), fact, options, needs: Vec::new() };
        let shown = [fact(Fact::Allowed), fact(Fact::Admitted(self.index, self.direction))];
        shown.into_iter().find(|shown| is_new && super::holds(self.scene.cluster, shown))
    }

    fn flow(&self) -> Option<Flow> {
        match self.direction {
            Direction::Ingress => flows::door(self.scene, self.index, self.policy, self.rule, self.peer),
            Direction::Egress => {
                let other = sample::other_end(self.scene, self.policy, self.peer)?;
                Some(flows::along(&self.caller()?, &other, self.direction, self.rule))
            }
        }
    }

    /// A pod that the policy selects, a declared one if there is any.
    fn caller(&self) -> Option<PodEnd> {
        self.scene.subjects(self.index).into_iter().next()
    }
}

/// Whether the selector names its namespaces.
fn names(selector: &LabelSelector) -> bool {
    selector.requirements.iter().any(|one| one.key == NAMESPACE_NAME_LABEL && matches!(one.operator, Operator::In(_)))
}

/// Whether the selector asks for labels to be absent, or other, and for nothing else.
fn lacks(selector: &LabelSelector) -> bool {
    selector.requirements.iter().all(|one| matches!(one.operator, Operator::NotIn(_) | Operator::DoesNotExist))
}

fn keys(selector: &LabelSelector) -> String {
    let mut keys: Vec<String> = selector.requirements.iter().map(|one| format!("the label {}", one.key)).collect();
    keys.dedup();
    listed(&keys)
}

/// What to write instead, where namespaces are declared that are meant.
fn with_help(finding: Finding, homes: &[String]) -> Finding {
    let or_trust = "or let [trust] of a spec say who may write the label";
    if homes.is_empty() {
        return finding.help(format!("choose by {NAMESPACE_NAME_LABEL}, {or_trust}"));
    }
    finding.help(format!("choose {} by name, {or_trust}", listed(homes))).yaml(by_name(homes))
}

fn by_name(homes: &[String]) -> String {
    match homes {
        [one] => format!("namespaceSelector:\n  matchLabels:\n    {NAMESPACE_NAME_LABEL}: {one}\n"),
        several => format!(
            "namespaceSelector:\n  matchExpressions:\n    - key: {NAMESPACE_NAME_LABEL}\n      operator: In\n      values: [{}]\n",
            several.join(", ")
        ),
    }
}
