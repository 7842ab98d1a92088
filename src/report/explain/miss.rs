//! What a peer or a port lacks, in words. Only [`super`] calls it.

use crate::eval::trace::{PeerMiss, PortMiss};
use crate::model::net::{End, Family, Flow, PortMatch, family};
use crate::model::policy::PortSpec;
use crate::model::selector::{Labels, NAMESPACE_NAME_LABEL, Operator, Requirement};

/// The flow, and the end that the peers of a rule look at.
pub(super) struct Flown<'a> {
    /// `source` or `destination`: what the other end is in this flow.
    pub(super) role: &'static str,
    pub(super) other: &'a End,
    /// Whether no manifest says that end's address.
    pub(super) unknown_address: bool,
    pub(super) flow: &'a Flow,
}

impl Flown<'_> {
    /// What the other end lacks for a peer.
    pub(super) fn peer(&self, lack: &PeerMiss) -> String {
        let role = self.role;
        let namespace = self.other.pod().map_or("", |pod| pod.namespace.name.as_str());
        match lack {
            PeerMiss::NotAPod => format!("the {role} is {}, and selectors see pods only", self.kind()),
            PeerMiss::OtherNamespace => {
                format!("the {role} lives in {namespace}, and without a namespaceSelector no other namespace is meant")
            }
            PeerMiss::NamespaceLabels(Requirement { key, .. }) if key == NAMESPACE_NAME_LABEL => {
                format!("the {role} lives in {namespace}")
            }
            PeerMiss::NamespaceLabels(requirement) => {
                let labels = self.other.pod().map(|pod| &pod.namespace.labels);
                format!("namespace {namespace} {}", unmet(requirement, labels))
            }
            PeerMiss::PodLabels(requirement) => {
                format!("the {role} {}", unmet(requirement, self.other.pod().map(|pod| &pod.labels)))
            }
            PeerMiss::OtherFamily => format!("the {role}'s address is {}", self.family()),
            PeerMiss::OutsideBlock | PeerMiss::InExcept(_) if self.unknown_address => {
                format!("no manifest says the {role}'s address, and it is taken to lie outside")
            }
            PeerMiss::OutsideBlock => format!("{} lies outside", self.other.address()),
            PeerMiss::InExcept(except) => format!("{} lies in its except {except}", self.other.address()),
            PeerMiss::BlockIgnoresEnd => format!(
                "the {role} is {}, and a network plugin such as Cilium matches blocks against none (R22); select pods by labels instead",
                self.kind()
            ),
        }
    }

    /// What the destination lacks for a port.
    pub(super) fn port(&self, item: &PortSpec, lack: PortMiss) -> String {
        let Flow { protocol, port, .. } = self.flow;
        match lack {
            PortMiss::OtherProtocol => format!("the flow is {protocol}"),
            PortMiss::OtherPort => format!("the flow goes to {port}"),
            PortMiss::NameNotDeclared => format!("the destination declares {}", self.declared(item)),
            PortMiss::NoNames => "the destination is no pod, and only pods declare names".to_owned(),
            PortMiss::BarredByPlugin => {
                "the network plugin resolves no named port in an egress rule without a pod peer (R28)".to_owned()
            }
        }
    }

    fn kind(&self) -> &'static str {
        match self.other {
            End::Pod(pod) if pod.host_network => "a pod on its node's network, which counts as its node",
            End::Pod(_) => "a pod",
            End::Node(_) => "a node",
            End::External(_) => "an address outside the cluster",
        }
    }

    fn family(&self) -> &'static str {
        match family(self.other.address()) {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }

    /// What the destination has under the name of the item.
    fn declared(&self, item: &PortSpec) -> String {
        let PortMatch::Named(name) = &item.ports else { return "no such port".to_owned() };
        let ports = self.flow.destination.pod().map_or(&[][..], |pod| &pod.ports);
        let named = ports.iter().filter(|port| port.name.as_ref() == Some(name));
        let numbers: Vec<_> = named.map(|port| format!("{}/{}", port.number, port.protocol)).collect();
        match numbers.is_empty() {
            true => "no port of this name".to_owned(),
            false => format!("{} under this name, and the flow goes to {}", numbers.join(", "), self.flow.port),
        }
    }
}

/// "has no label app", "has app=web".
fn unmet(requirement: &Requirement, labels: Option<&Labels>) -> String {
    let key = &requirement.key;
    let value = labels.and_then(|labels| labels.get(key));
    match (value, &requirement.operator) {
        (Some(value), Operator::DoesNotExist) => format!("has the label {key}={value}"),
        (Some(value), _) => format!("has {key}={value}"),
        (None, _) => format!("has no label {key}"),
    }
}
