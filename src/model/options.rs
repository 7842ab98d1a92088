//! What the sources of the semantics leave to the network plugin, as choices (the rules marked "I"
//! in `docs/semantics.md`). `eval` and `symbolic` both take an [`Options`] and follow it.

/// What an `ipBlock` can match (R22).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IpBlockMatches {
    /// Every address: pods, nodes and what lies outside the cluster.
    #[default]
    All,
    /// Nodes and what lies outside the cluster.
    ExternalAndNodes,
    /// Only what lies outside the cluster.
    External,
}

/// What a pod on its node's network is (R33).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HostNetwork {
    /// It is its node: no selector sees it.
    #[default]
    Node,
    /// A pod like any other.
    Pod,
}

/// Whether traffic is exempt from policy or judged by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Treatment {
    /// Always allowed.
    Allow,
    /// Judged like any other traffic.
    Policy,
}

/// Which pods a named port is resolved on (R27).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamedPortScope {
    /// On the destination pod alone.
    #[default]
    Destination,
    /// On all pods that the policy or the peer selects, taken together.
    Union,
}

/// What an egress rule with a named port and no pod peer can reach (R28).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EgressNamedPortAny {
    /// Any pod that declares the name.
    #[default]
    Destination,
    /// Any pod of the policy's namespace that declares the name.
    Namespace,
    /// Nothing.
    None,
}

/// Whether `endPort` counts (R26).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EndPort {
    /// The whole range.
    #[default]
    Supported,
    /// The first port alone.
    Ignored,
}

/// What becomes of protocols other than TCP, UDP and SCTP (R29).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OtherProtocols {
    /// Nothing is promised: judged as [`OtherProtocols::NoPorts`].
    #[default]
    Unspecified,
    /// Rules without ports admit them.
    NoPorts,
    /// They always pass.
    Allow,
    /// An isolated pod never gets or sends them.
    Deny,
}

/// One network plugin's choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// R22.
    pub ipblock_matches: IpBlockMatches,
    /// R33.
    pub host_network: HostNetwork,
    /// R31: from a pod's own node to the pod.
    pub local_node_ingress: Treatment,
    /// R32: from a pod to its own node.
    pub local_node_egress: Treatment,
    /// R30: from a pod to itself.
    pub self_traffic: Treatment,
    /// R27.
    pub named_port_scope: NamedPortScope,
    /// R28.
    pub egress_named_port_any: EgressNamedPortAny,
    /// R26.
    pub end_port: EndPort,
    /// R29.
    pub other_protocols: OtherProtocols,
}

impl Default for Options {
    /// The first choice of each rule in `docs/semantics.md`.
    fn default() -> Options {
        Options {
            ipblock_matches: IpBlockMatches::All,
            host_network: HostNetwork::Node,
            local_node_ingress: Treatment::Allow,
            local_node_egress: Treatment::Policy,
            self_traffic: Treatment::Allow,
            named_port_scope: NamedPortScope::Destination,
            egress_named_port_any: EgressNamedPortAny::Destination,
            end_port: EndPort::Supported,
            other_protocols: OtherProtocols::Unspecified,
        }
    }
}
