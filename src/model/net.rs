//! Protocols, ports, addresses and the flow of one connection.

use std::net::IpAddr;

use ipnet::IpNet;

use super::selector::Labels;
use super::workload::{ContainerPort, Namespace};

/// A transport protocol. Policies speak about the first three only (V40); what they do to any other
/// is left to the network plugin (R29).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub enum Protocol {
    /// TCP, what a port means when it names no protocol (R25).
    #[serde(rename = "TCP")]
    Tcp,
    /// UDP.
    #[serde(rename = "UDP")]
    Udp,
    /// SCTP.
    #[serde(rename = "SCTP")]
    Sctp,
    /// Any protocol without ports, ICMP for one.
    #[serde(rename = "other")]
    Other,
}

impl Protocol {
    /// The protocols that policies and properties speak about.
    pub const SPOKEN: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

    /// The protocol of this name, in capitals as Kubernetes writes it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Protocol> {
        Protocol::SPOKEN.into_iter().find(|protocol| protocol.to_string() == name)
    }
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
            Protocol::Other => "other",
        })
    }
}

/// An address family. Families never mix (R21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// 32 bits.
    V4,
    /// 128 bits.
    V6,
}

/// The family of an address.
#[must_use]
pub fn family(address: IpAddr) -> Family {
    if address.is_ipv4() { Family::V4 } else { Family::V6 }
}

/// Addresses in `cidr` and in none of `except` (R20). Host bits are masked (R23).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IpBlock {
    /// The block, masked.
    pub cidr: IpNet,
    /// Blocks inside it that do not count, masked.
    pub except: Vec<IpNet>,
}

/// A set of ports as policies and properties write it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PortMatch {
    /// Every port.
    All,
    /// From the first to the last, both included (R26).
    Range(u16, u16),
    /// Whatever number the destination pod declares under this name and protocol (R27).
    Named(String),
}

/// Where a connection begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// A pod.
    Pod(PodEnd),
    /// A node of the cluster.
    Node(NodeEnd),
    /// An address outside the cluster.
    External(IpAddr),
}

impl End {
    /// The address of this end in the family of the flow.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        match self {
            End::Pod(pod) => pod.address,
            End::Node(node) => node.address,
            End::External(address) => *address,
        }
    }

    /// The node whose addresses it has: it is the node, or a pod on its network (R33). `None` for every
    /// other end, and where that node is not known.
    #[must_use]
    pub fn own_node(&self) -> Option<&str> {
        match self {
            End::Node(node) => node.name.as_deref(),
            End::Pod(pod) if pod.host_network => pod.node.as_deref(),
            End::Pod(_) | End::External(_) => None,
        }
    }

    /// The pod, if it is one.
    #[must_use]
    pub fn pod(&self) -> Option<&PodEnd> {
        match self {
            End::Pod(pod) => Some(pod),
            End::Node(_) | End::External(_) => None,
        }
    }
}

/// A pod with all that a policy can look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodEnd {
    /// Its namespace, with the namespace's labels.
    pub namespace: Namespace,
    /// Its name, or what to call it.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// The ports that its containers declare.
    pub ports: Vec<ContainerPort>,
    /// Its address in the family of the flow.
    pub address: IpAddr,
    /// The name of its node, where that is known.
    pub node: Option<String>,
    /// Whether it uses its node's network (R33).
    pub host_network: bool,
    /// The declared workload it belongs to, by its index in the cluster; `None` for a pod that
    /// somebody could create.
    pub workload: Option<usize>,
}

/// A node of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeEnd {
    /// Its name; `None` for a node that no manifest declares.
    pub name: Option<String>,
    /// Its address in the family of the flow.
    pub address: IpAddr,
}

/// One connection: who opens it, to whom, over which protocol, to which port of the destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Who opens the connection.
    pub source: End,
    /// Who accepts it.
    pub destination: End,
    /// The protocol.
    pub protocol: Protocol,
    /// The destination port, 1 to 65535; 0 with [`Protocol::Other`], which has none.
    pub port: u16,
}
