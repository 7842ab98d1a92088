//! What an end of a flow is to policies.
//!
//! The one place that knows about pods on their node's network, so that nothing else in `eval` asks
//! for `host_network` again. Private to `eval`.

use crate::model::net::{End, PodEnd};
use crate::model::options::{HostNetwork, Options};

/// An end as policies see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen<'a> {
    /// A pod: selectors see it, and it can be isolated.
    Pod(&'a PodEnd),
    /// A node, by its name where that is known.
    Node(Option<&'a str>),
    /// An address outside the cluster.
    External,
}

/// What the end is to policies. R33: a pod on its node's network is either its node or a pod like
/// any other, as the plugin has it.
pub(super) fn seen<'a>(options: &Options, end: &'a End) -> Seen<'a> {
    match end {
        End::Pod(pod) if counts_as_node(options, pod.host_network) => Seen::Node(pod.node.as_deref()),
        End::Pod(pod) => Seen::Pod(pod),
        End::Node(node) => Seen::Node(node.name.as_deref()),
        End::External(_) => Seen::External,
    }
}

/// R33: whether a pod is its node, given whether it uses its node's network.
pub(super) fn counts_as_node(options: &Options, host_network: bool) -> bool {
    host_network && options.host_network == HostNetwork::Node
}
