//! Which of the plugin's choices a counterexample needs: those without which it is none.
//!
//! A case is found under an extreme plugin (`property::plugins`). Each choice that the world leaves
//! open is turned to its other end; where the case falls, the choice is named. What every conformant
//! plugin does is not named.

use super::Judge;
use crate::model::net::Flow;
use crate::model::options::{
    EgressNamedPortAny, EndPort, HostNetwork, IpBlockMatches, NamedPortScope, Options, Treatment,
};

/// The choices that a case needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// They, in words; empty where any plugin will do.
    pub words: Vec<String>,
    /// What plugins do that make the opposite choices, in the same order.
    pub opposites: Vec<String>,
    /// The plugin of the case with these choices turned, and no others.
    pub turned: Options,
}

/// The choices that the case needs, of those in which the two plugins differ.
#[must_use]
pub fn of(judge: &Judge<'_>, options: &Options, opposite: &Options, flow: &Flow) -> Needs {
    let mut weakest = *options;
    let mut needs = Needs { words: Vec::new(), opposites: Vec::new(), turned: *options };
    for turn in TURNS {
        let mut turned = weakest;
        let Some((words, otherwise)) = turn(&mut turned, opposite).filter(|_| turned != weakest) else { continue };
        if judge.is_sought(&turned, flow) {
            weakest = turned;
        } else {
            needs.words.push(format!("the network plugin {words}"));
            needs.opposites.push(otherwise.to_owned());
            turn(&mut needs.turned, opposite);
        }
    }
    needs
}

/// Turns one choice to its other end and says what the choice was, and what the other is; `None` where
/// it was what every conformant plugin does.
type Turn = fn(&mut Options, &Options) -> Option<(&'static str, &'static str)>;

const TURNS: [Turn; 8] = [
    ip_blocks,
    end_port,
    egress_named_port,
    named_port_scope,
    host_network,
    from_own_node,
    to_own_node,
    within_one_node,
];

/// R22.
fn ip_blocks(options: &mut Options, opposite: &Options) -> Option<(&'static str, &'static str)> {
    let old = std::mem::replace(&mut options.ipblock_matches, opposite.ipblock_matches);
    Some(match (old, opposite.ipblock_matches) {
        (IpBlockMatches::All, _) => (
            "matches ipBlocks against addresses in the cluster too, as Calico does and Cilium does not (R22)",
            "match ipBlocks against addresses outside the cluster only, as Cilium does (R22)",
        ),
        (_, IpBlockMatches::All) => (
            "matches ipBlocks against addresses outside the cluster only, as Cilium does (R22)",
            "match ipBlocks against addresses in the cluster too, as Calico does (R22)",
        ),
        (IpBlockMatches::ExternalAndNodes, _) => (
            "matches ipBlocks against addresses of nodes too, as Cilium does where it is told to (R22)",
            "never match ipBlocks against addresses of nodes, as Cilium does by default (R22)",
        ),
        (IpBlockMatches::External, _) => (
            "never matches ipBlocks against addresses of nodes, as Cilium does by default (R22)",
            "match ipBlocks against addresses of nodes too, as Cilium does where it is told to (R22)",
        ),
    })
}

/// R26.
fn end_port(options: &mut Options, opposite: &Options) -> Option<(&'static str, &'static str)> {
    (options.end_port == EndPort::Ignored).then_some(())?;
    options.end_port = opposite.end_port;
    Some(("ignores endPort (R26)", "support endPort (R26)"))
}

/// R28.
fn egress_named_port(options: &mut Options, opposite: &Options) -> Option<(&'static str, &'static str)> {
    let old = std::mem::replace(&mut options.egress_named_port_any, opposite.egress_named_port_any);
    Some(match old {
        EgressNamedPortAny::Namespace => (
            "resolves named ports of egress rules without a pod peer in the policy's own namespace alone (R28)",
            "resolve named ports of egress rules without a pod peer otherwise (R28)",
        ),
        EgressNamedPortAny::Destination => (
            "resolves named ports of egress rules without a pod peer, which some drop (R28)",
            "drop egress rules with a named port and no pod peer, as AWS VPC CNI does (R28)",
        ),
        EgressNamedPortAny::None => (
            "drops egress rules with a named port and no pod peer (R28)",
            "resolve named ports of egress rules without a pod peer (R28)",
        ),
    })
}

/// R27. That a name is resolved on the destination is what the rule says, and is not named.
fn named_port_scope(options: &mut Options, opposite: &Options) -> Option<(&'static str, &'static str)> {
    (options.named_port_scope == NamedPortScope::Union).then_some(())?;
    options.named_port_scope = opposite.named_port_scope;
    Some((
        "opens the numbers that any selected pod gives a named port on all of them, as AWS VPC CNI does (R27)",
        "resolve a named port on the destination pod alone, as Kubernetes has it (R27)",
    ))
}

/// R33.
fn host_network(options: &mut Options, opposite: &Options) -> Option<(&'static str, &'static str)> {
    let old = std::mem::replace(&mut options.host_network, opposite.host_network);
    let words = match old {
        HostNetwork::Pod => "takes a pod on its node's network for a pod like any other (R33)",
        HostNetwork::Node => "takes a pod on its node's network for its node (R33)",
    };
    Some((words, takes_host_pods(opposite.host_network)))
}

/// What plugins of this choice do with pods on their nodes' network (R33).
#[must_use]
pub fn takes_host_pods(choice: HostNetwork) -> &'static str {
    match choice {
        HostNetwork::Pod => "take a pod on its node's network for a pod like any other (R33)",
        HostNetwork::Node => "take a pod on its node's network for its node (R33)",
    }
}

/// R31.
fn from_own_node(options: &mut Options, opposite: &Options) -> Option<(&'static str, &'static str)> {
    (options.local_node_ingress == Treatment::Policy).then_some(())?;
    options.local_node_ingress = opposite.local_node_ingress;
    Some((
        "applies policies to traffic from a pod's own node (R31)",
        "always let a pod's own node reach it, as Kubernetes has it (R31)",
    ))
}

/// R32.
fn to_own_node(options: &mut Options, opposite: &Options) -> Option<(&'static str, &'static str)> {
    (options.local_node_egress == Treatment::Allow).then_some(())?;
    options.local_node_egress = opposite.local_node_egress;
    Some((
        "lets a pod reach its own node whatever the policies say (R32)",
        "apply policies to traffic from a pod to its own node (R32)",
    ))
}

/// R30, between two pods that share their node's address.
fn within_one_node(options: &mut Options, opposite: &Options) -> Option<(&'static str, &'static str)> {
    let old = std::mem::replace(&mut options.self_traffic, opposite.self_traffic);
    Some(match old {
        Treatment::Policy => (
            "applies policies to traffic that stays at one address (R30)",
            "let traffic that stays at one address pass, as Kubernetes has it (R30)",
        ),
        Treatment::Allow => (
            "lets traffic that stays at one address pass whatever the policies say (R30)",
            "apply policies to traffic that stays at one address (R30)",
        ),
    })
}
