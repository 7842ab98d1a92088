//! The reasons behind a verdict: which policies isolate an end, and for each of their rules what
//! matched or what was lacking. Indices point into the cluster's policies, a policy's rules of that
//! direction, and a rule's peers and ports, so that every reason leads to a line of YAML.

use ipnet::IpNet;

use crate::model::selector::Requirement;

/// Whether a flow passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Both sides let it through (R6).
    Allowed,
    /// One side or both do not.
    Denied,
}

/// Both sides of one flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The source's side.
    pub egress: Side,
    /// The destination's side.
    pub ingress: Side,
}

/// One side of one flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Policies have no say here.
    Exempt(Exemption),
    /// No policy isolates the pod for this direction: all is allowed (R4).
    Open,
    /// These policies isolate the pod; never empty. Allowed iff a rule of one of them matches (R5).
    Isolated(Vec<PolicyTrace>),
}

impl Side {
    /// Whether this side lets the flow through.
    #[must_use]
    pub fn allows(&self) -> bool {
        match self {
            Side::Exempt(_) | Side::Open => true,
            Side::Isolated(policies) => policies.iter().any(|policy| policy.rules.iter().any(RuleTrace::matches)),
        }
    }

    /// The policies that isolate the pod; empty where none does.
    #[must_use]
    pub fn policies(&self) -> &[PolicyTrace] {
        match self {
            Side::Exempt(_) | Side::Open => &[],
            Side::Isolated(policies) => policies,
        }
    }
}

/// Why policies have no say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exemption {
    /// The end is a node or an external address: only pods are isolated (R4).
    NotAPod,
    /// The pod uses its node's network and counts as its node (R33).
    HostNetwork,
    /// From a pod's own node to the pod (R31), or the other way where the plugin allows it (R32).
    LocalNode,
    /// A pod to itself (R30).
    Itself,
    /// A protocol that the plugin lets pass whatever the policies say (R29).
    OtherProtocol,
}

/// One policy that isolates the pod, and its rules for this direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyTrace {
    /// The policy, by its index in the cluster.
    pub policy: usize,
    /// One entry a rule, in the order of the policy.
    pub rules: Vec<RuleTrace>,
}

/// One rule against one flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTrace {
    /// The `from` or `to` part.
    pub peers: PeersTrace,
    /// The `ports` part.
    pub ports: PortsTrace,
}

impl RuleTrace {
    /// Whether the rule admits the flow (R8).
    #[must_use]
    pub fn matches(&self) -> bool {
        !matches!(self.peers, PeersTrace::Missed(_))
            && !matches!(self.ports, PortsTrace::Missed(_) | PortsTrace::Barred)
    }
}

/// The peers of a rule against the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeersTrace {
    /// The rule names no peers: everything matches (R15).
    All,
    /// These peers match, by index; never empty.
    Matched(Vec<usize>),
    /// No peer matches: what each of them lacks, in order.
    Missed(Vec<PeerMiss>),
}

/// What a peer lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerMiss {
    /// The peer selects pods, and the other end is none (R17).
    NotAPod,
    /// The peer selects pods of the policy's own namespace, and the other end lives elsewhere (R16).
    OtherNamespace,
    /// The labels of the other end's namespace do not meet this requirement.
    NamespaceLabels(Requirement),
    /// The labels of the other end do not meet this requirement.
    PodLabels(Requirement),
    /// The block is of the other address family (R21).
    OtherFamily,
    /// The address lies outside the block (R20).
    OutsideBlock,
    /// The address lies in this exception (R20).
    InExcept(IpNet),
    /// The plugin does not match addresses of this kind of end by blocks (R22).
    BlockIgnoresEnd,
}

/// The ports of a rule against the flow's destination port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortsTrace {
    /// The rule names no ports: every port of every protocol matches (R24).
    All,
    /// These items match, by index; never empty.
    Matched(Vec<usize>),
    /// No item matches: what each of them lacks, in order.
    Missed(Vec<PortMiss>),
    /// Whatever the rule says, the plugin lets no rule admit this protocol (R29).
    Barred,
}

/// What a port item lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortMiss {
    /// It speaks of another protocol (R25).
    OtherProtocol,
    /// It speaks of other numbers (R24, R26).
    OtherPort,
    /// The destination declares no such name with this protocol and number (R27).
    NameNotDeclared,
    /// The destination is no pod and declares no names (R28).
    NoNames,
    /// The plugin resolves such names on fewer pods (R28).
    BarredByPlugin,
}
