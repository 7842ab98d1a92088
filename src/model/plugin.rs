//! What is known of single network plugins, and what is left free: for every choice of
//! [`Options`] the least and the most permissive that the plugin may make.
//!
//! `docs/world.md` has the table of the profiles, with the rule and the source of each choice.

use super::options::{
    EgressNamedPortAny, EndPort, HostNetwork, IpBlockMatches, NamedPortScope, Options, OtherProtocols, Treatment,
};

/// A network plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the plugins' own")]
pub enum Plugin {
    /// Every plugin: all choices are free.
    #[default]
    Any,
    Calico,
    Cilium,
    Antrea,
    OvnKubernetes,
    AwsVpcCni,
    GkeDataplaneV2,
    KubeRouter,
}

impl Plugin {
    /// Every profile with its name, as specs and the command line write it.
    pub const NAMES: [(&'static str, Plugin); 8] = [
        ("any", Plugin::Any),
        ("calico", Plugin::Calico),
        ("cilium", Plugin::Cilium),
        ("antrea", Plugin::Antrea),
        ("ovn-kubernetes", Plugin::OvnKubernetes),
        ("aws-vpc-cni", Plugin::AwsVpcCni),
        ("gke-dataplane-v2", Plugin::GkeDataplaneV2),
        ("kube-router", Plugin::KubeRouter),
    ];

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Plugin::NAMES.into_iter().find(|(_, plugin)| *plugin == self).map_or("any", |(name, _)| name)
    }

    /// What is known of the plugin; the rest is free, as for any.
    #[must_use]
    pub fn space(self) -> OptionSpace {
        let mut space = OptionSpace::any();
        self.known().iter().for_each(|choice| space.fix(*choice));
        if matches!(self, Plugin::Cilium | Plugin::GkeDataplaneV2) {
            // R22: pods never; nodes where `policy-cidr-match-mode` says so.
            space.most.ipblock_matches = IpBlockMatches::ExternalAndNodes;
        }
        space
    }

    /// The single choices that are known (R22, R27 to R33).
    fn known(self) -> &'static [Choice] {
        use Choice::{
            EgressNamedPortAny as Egress, HostNetwork as Host, IpBlockMatches as Blocks, LocalNodeIngress as FromNode,
            NamedPortScope as Scope, OtherProtocols as Others, SelfTraffic as Itself,
        };
        const BLOCKS: Choice = Blocks(IpBlockMatches::All);
        const HOST: Choice = Host(HostNetwork::Node);
        const OWN_NAMES: Choice = Scope(NamedPortScope::Destination);
        const FROM_NODE: Choice = FromNode(Treatment::Allow);
        const OTHERS: Choice = Others(OtherProtocols::NoPorts);
        const ITSELF: Choice = Itself(Treatment::Allow);
        match self {
            Plugin::Any => &[],
            Plugin::Calico => &[BLOCKS, HOST, OWN_NAMES, OTHERS],
            Plugin::Cilium => &[HOST, OTHERS, ITSELF],
            Plugin::Antrea => &[BLOCKS, HOST, OWN_NAMES, FROM_NODE, ITSELF],
            Plugin::OvnKubernetes => &[BLOCKS, FROM_NODE, OTHERS],
            Plugin::AwsVpcCni => &[BLOCKS, Scope(NamedPortScope::Union), Egress(EgressNamedPortAny::None), FROM_NODE],
            Plugin::GkeDataplaneV2 => &[HOST],
            Plugin::KubeRouter => &[BLOCKS, HOST, OWN_NAMES, Egress(EgressNamedPortAny::Namespace), FROM_NODE],
        }
    }
}

/// One choice, made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    /// R22.
    IpBlockMatches(IpBlockMatches),
    /// R33.
    HostNetwork(HostNetwork),
    /// R31.
    LocalNodeIngress(Treatment),
    /// R32.
    LocalNodeEgress(Treatment),
    /// R30.
    SelfTraffic(Treatment),
    /// R27.
    NamedPortScope(NamedPortScope),
    /// R28.
    EgressNamedPortAny(EgressNamedPortAny),
    /// R26.
    EndPort(EndPort),
    /// R29.
    OtherProtocols(OtherProtocols),
}

/// An option with its name, and the names of its values.
pub type Named = (&'static str, &'static [(&'static str, Choice)]);

impl Choice {
    /// Every option and every value, by the names of `docs/semantics.md`.
    pub const NAMES: [Named; 9] = [
        (
            "ipblock_matches",
            &[
                ("all", Choice::IpBlockMatches(IpBlockMatches::All)),
                ("external+nodes", Choice::IpBlockMatches(IpBlockMatches::ExternalAndNodes)),
                ("external", Choice::IpBlockMatches(IpBlockMatches::External)),
            ],
        ),
        (
            "host_network",
            &[("node", Choice::HostNetwork(HostNetwork::Node)), ("pod", Choice::HostNetwork(HostNetwork::Pod))],
        ),
        (
            "local_node_ingress",
            &[
                ("allow", Choice::LocalNodeIngress(Treatment::Allow)),
                ("policy", Choice::LocalNodeIngress(Treatment::Policy)),
            ],
        ),
        (
            "local_node_egress",
            &[
                ("policy", Choice::LocalNodeEgress(Treatment::Policy)),
                ("allow", Choice::LocalNodeEgress(Treatment::Allow)),
            ],
        ),
        (
            "self_traffic",
            &[("allow", Choice::SelfTraffic(Treatment::Allow)), ("policy", Choice::SelfTraffic(Treatment::Policy))],
        ),
        (
            "named_port_scope",
            &[
                ("destination", Choice::NamedPortScope(NamedPortScope::Destination)),
                ("union", Choice::NamedPortScope(NamedPortScope::Union)),
            ],
        ),
        (
            "egress_named_port_any",
            &[
                ("destination", Choice::EgressNamedPortAny(EgressNamedPortAny::Destination)),
                ("namespace", Choice::EgressNamedPortAny(EgressNamedPortAny::Namespace)),
                ("none", Choice::EgressNamedPortAny(EgressNamedPortAny::None)),
            ],
        ),
        (
            "end_port",
            &[("supported", Choice::EndPort(EndPort::Supported)), ("ignored", Choice::EndPort(EndPort::Ignored))],
        ),
        (
            "other_protocols",
            &[
                ("unspecified", Choice::OtherProtocols(OtherProtocols::Unspecified)),
                ("no-ports", Choice::OtherProtocols(OtherProtocols::NoPorts)),
                ("allow", Choice::OtherProtocols(OtherProtocols::Allow)),
                ("deny", Choice::OtherProtocols(OtherProtocols::Deny)),
            ],
        ),
    ];

    /// The names of the option and of the value.
    #[must_use]
    pub fn names(self) -> (&'static str, &'static str) {
        let named = |(option, values): &Named| {
            values.iter().find(|(_, choice)| *choice == self).map(|(value, _)| (*option, *value))
        };
        Choice::NAMES.iter().find_map(named).unwrap_or_default()
    }

    /// Every choice of one plugin.
    #[must_use]
    pub fn all_of(options: &Options) -> Vec<Choice> {
        vec![
            Choice::IpBlockMatches(options.ipblock_matches),
            Choice::HostNetwork(options.host_network),
            Choice::LocalNodeIngress(options.local_node_ingress),
            Choice::LocalNodeEgress(options.local_node_egress),
            Choice::SelfTraffic(options.self_traffic),
            Choice::NamedPortScope(options.named_port_scope),
            Choice::EgressNamedPortAny(options.egress_named_port_any),
            Choice::EndPort(options.end_port),
            Choice::OtherProtocols(options.other_protocols),
        ]
    }

    fn make(self, options: &mut Options) {
        match self {
            Choice::IpBlockMatches(value) => options.ipblock_matches = value,
            Choice::HostNetwork(value) => options.host_network = value,
            Choice::LocalNodeIngress(value) => options.local_node_ingress = value,
            Choice::LocalNodeEgress(value) => options.local_node_egress = value,
            Choice::SelfTraffic(value) => options.self_traffic = value,
            Choice::NamedPortScope(value) => options.named_port_scope = value,
            Choice::EgressNamedPortAny(value) => options.egress_named_port_any = value,
            Choice::EndPort(value) => options.end_port = value,
            Choice::OtherProtocols(value) => options.other_protocols = value,
        }
    }
}

/// The plugins in question, from the one that lets least through to the one that lets most through.
///
/// Each choice of `docs/semantics.md` that a flow of a property can feel goes one way only: turned
/// towards `most` it takes no flow away that passed before. So the two ends stand for all between.
/// `host_network` goes both ways where a pod on its node's network is an end (R33): as subject it
/// gets more for a node, as peer for a pod. [`OptionSpace::leaves_host_network_open`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionSpace {
    /// The least permissive choices.
    pub least: Options,
    /// The most permissive choices.
    pub most: Options,
}

impl OptionSpace {
    /// Every choice free. One choice no property can feel, and it stays as the rules have it: a flow is
    /// TCP, UDP or SCTP (R29). That of R30 only pods on one node's network can feel.
    #[must_use]
    pub fn any() -> OptionSpace {
        let least = Options {
            ipblock_matches: IpBlockMatches::External,
            host_network: HostNetwork::Node,
            local_node_ingress: Treatment::Policy,
            local_node_egress: Treatment::Policy,
            self_traffic: Treatment::Policy,
            named_port_scope: NamedPortScope::Destination,
            egress_named_port_any: EgressNamedPortAny::None,
            end_port: EndPort::Ignored,
            ..Options::default()
        };
        let most = Options {
            ipblock_matches: IpBlockMatches::All,
            // R33: where such a pod is no end of a flow, under R27 it may still lend its numbers.
            host_network: HostNetwork::Pod,
            local_node_ingress: Treatment::Allow,
            local_node_egress: Treatment::Allow,
            self_traffic: Treatment::Allow,
            named_port_scope: NamedPortScope::Union,
            egress_named_port_any: EgressNamedPortAny::Destination,
            end_port: EndPort::Supported,
            ..Options::default()
        };
        OptionSpace { least, most }
    }

    /// Whether a pod on its node's network may be its node as well as a pod like any other (R33).
    #[must_use]
    pub fn leaves_host_network_open(&self) -> bool {
        self.least.host_network != self.most.host_network
    }

    /// Leaves the option this one value.
    pub fn fix(&mut self, choice: Choice) {
        choice.make(&mut self.least);
        choice.make(&mut self.most);
    }
}
