//! Which of the plugin's choices a counterexample needs: those without which it is none.
//!
//! A case is found under an extreme plugin (`property::options`). Each choice is turned to its other
//! end; where the case falls, the choice is named. What every conformant plugin does is not named.

use super::Judge;
use crate::model::net::Flow;
use crate::model::options::{EgressNamedPortAny, EndPort, IpBlockMatches, Options, Treatment};

/// The choices that the case needs, in words; empty where any plugin will do.
#[must_use]
pub fn of(judge: &Judge<'_>, options: &Options, flow: &Flow) -> Vec<String> {
    let mut weakest = *options;
    let mut needed = Vec::new();
    for turn in TURNS {
        let mut turned = weakest;
        let Some(words) = turn(&mut turned) else { continue };
        if judge.is_sought(&turned, flow) {
            weakest = turned;
        } else {
            needed.push(words.to_owned());
        }
    }
    needed
}

/// Turns one choice to its other end and says what the choice was; `None` where it was what every
/// conformant plugin does.
type Turn = fn(&mut Options) -> Option<&'static str>;

const TURNS: [Turn; 5] = [ip_blocks, end_port, egress_named_port, from_own_node, to_own_node];

/// R22.
fn ip_blocks(options: &mut Options) -> Option<&'static str> {
    let (other, words) = match options.ipblock_matches {
        IpBlockMatches::All => (
            IpBlockMatches::External,
            "the network plugin matches ipBlocks against addresses in the cluster too, as Calico does and Cilium does not (R22)",
        ),
        IpBlockMatches::External | IpBlockMatches::ExternalAndNodes => (
            IpBlockMatches::All,
            "the network plugin matches ipBlocks against addresses outside the cluster only, as Cilium does (R22)",
        ),
    };
    options.ipblock_matches = other;
    Some(words)
}

/// R26.
fn end_port(options: &mut Options) -> Option<&'static str> {
    let ignored = options.end_port == EndPort::Ignored;
    options.end_port = EndPort::Supported;
    ignored.then_some("the network plugin ignores endPort (R26)")
}

/// R28.
fn egress_named_port(options: &mut Options) -> Option<&'static str> {
    let (other, words) = match options.egress_named_port_any {
        EgressNamedPortAny::Namespace => (
            EgressNamedPortAny::Destination,
            "the network plugin resolves named ports of egress rules without a pod peer in the policy's own namespace alone (R28)",
        ),
        EgressNamedPortAny::Destination => (
            EgressNamedPortAny::None,
            "the network plugin resolves named ports of egress rules without a pod peer, which some drop (R28)",
        ),
        EgressNamedPortAny::None => (
            EgressNamedPortAny::Destination,
            "the network plugin drops egress rules with a named port and no pod peer (R28)",
        ),
    };
    options.egress_named_port_any = other;
    Some(words)
}

/// R31.
fn from_own_node(options: &mut Options) -> Option<&'static str> {
    let judged = options.local_node_ingress == Treatment::Policy;
    options.local_node_ingress = Treatment::Allow;
    judged.then_some("the network plugin applies policies to traffic from a pod's own node (R31)")
}

/// R32.
fn to_own_node(options: &mut Options) -> Option<&'static str> {
    let allowed = options.local_node_egress == Treatment::Allow;
    options.local_node_egress = Treatment::Policy;
    allowed.then_some("the network plugin lets a pod reach its own node whatever the policies say (R32)")
}
