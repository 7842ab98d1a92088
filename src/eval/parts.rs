//! The small questions of which a verdict is made, for whoever asks them of many flows at once.
//!
//! `matrix` puts verdicts together from these, class by class, instead of judging every flow; its tests
//! hold the result against [`verdict`](super::verdict). Together with [`isolates`](super::algebra::isolates)
//! they are all that policies look at where neither end is a node or on a node's network. Everybody above
//! the model may call this, except `symbolic`.

use crate::model::net::{End, Flow, Protocol};
use crate::model::options::Options;
use crate::model::policy::{Peer, PortSpec, Ports};
use crate::model::workload::Cluster;

use super::trace::{PeersTrace, PortsTrace};
use super::{Question, RuleOf, peer, port};

/// Whether the peer of a policy in namespace `home` matches the other end (R15 to R23).
#[must_use]
pub fn peer_matches(options: &Options, home: &str, peer: &Peer, other: &End) -> bool {
    peer::miss(options, home, peer, other).is_none()
}

/// Whether a port item that names numbers matches (R24 to R26); never one that names a name.
#[must_use]
pub fn number_matches(options: &Options, item: &PortSpec, protocol: Protocol, port: u16) -> bool {
    port::number_miss(options, item, protocol, port).is_none()
}

/// Whether one of the rule's port items matches (R24 to R29), where these of its peers do.
#[must_use]
pub fn ports_match(cluster: &Cluster, options: &Options, rule: RuleOf<'_>, matched: &[usize], flow: &Flow) -> bool {
    if matches!(rule.rule.ports, Ports::All) {
        return true;
    }
    let question = Question { cluster, options, flow, among: None };
    let traced = port::trace(question, rule, &PeersTrace::Matched(matched.to_vec()));
    matches!(traced, PortsTrace::All | PortsTrace::Matched(_))
}
