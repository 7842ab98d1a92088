//! What an example means: its cluster, and each row of its tables as a concrete flow.

use std::net::IpAddr;

use netverify::diagnostic::{Diagnostic, Severity};
use netverify::manifest::{Objects, Settings, assemble, read_text};
use netverify::model::net::{End, Flow, NodeEnd, PodEnd, Protocol};
use netverify::model::options::Options;
use netverify::model::plugin::{Choice, OptionSpace};
use netverify::model::selector::Labels;
use netverify::model::workload::{Cluster, Namespace, Workload};
use netverify::source::SourceMap;

/// What a row says of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Allowed,
    Denied,
    NoSuchPod,
}

/// The objects of one example on top of the common cluster.
pub struct Scene {
    pub cluster: Cluster,
    /// Code and line within the block of every error and of every warning.
    pub errors: Vec<(String, usize)>,
    pub warnings: Vec<(String, usize)>,
}

fn objects(name: &str, yaml: &str, sources: &mut SourceMap, faults: &mut Vec<Diagnostic>) -> Objects {
    read_text(name, yaml, &Settings::default(), sources, faults)
}

impl Scene {
    pub fn new(common: &str, yaml: &str) -> Scene {
        let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
        let base = objects("README.md", common, &mut sources, &mut faults);
        assert!(faults.is_empty(), "the common cluster: {faults:#?}");
        let own = objects("example", yaml, &mut sources, &mut faults);
        let cluster = assemble(&[&base, &own], &mut faults);
        let found = |severity: Severity| {
            let of = faults.iter().filter(move |fault| fault.severity == severity);
            let place = |fault: &Diagnostic| {
                let label = fault.primary.as_ref().unwrap();
                (fault.code.name().to_owned(), sources.position(label.origin).line as usize)
            };
            of.map(place).collect()
        };
        Scene { errors: found(Severity::Error), warnings: found(Severity::Warning), cluster }
    }

    /// The flow of a row; `None` where a pod that it names is not there.
    pub fn flow(&self, from: &str, to: &str, port: &str) -> Result<Option<Flow>, String> {
        let (port, six) = port.strip_suffix(" over IPv6").map_or((port, false), |port| (port, true));
        let (protocol, port) = protocol_and_port(port)?;
        let (Some(source), Some(destination)) = (self.end(from, six)?, self.end(to, six)?) else { return Ok(None) };
        if source.address().is_ipv6() != six || destination.address().is_ipv6() != six {
            return Err("an end has no address of this family".to_owned());
        }
        Ok(Some(Flow { source, destination, protocol, port }))
    }

    fn end(&self, text: &str, six: bool) -> Result<Option<End>, String> {
        if let Some(name) = text.strip_prefix("node ") {
            let node = self.cluster.nodes.iter().find(|node| node.name == name).ok_or(format!("no node `{name}`"))?;
            let address = *node.addresses.first().ok_or("the node has no address")?;
            return Ok(Some(End::Node(NodeEnd { name: Some(name.to_owned()), address })));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            let is_its_own = |workload: &Workload| workload.addresses.contains(&address);
            return match self.cluster.workloads.iter().find(|workload| is_its_own(workload)) {
                Some(owner) => Err(format!("{address} is the address of {}", owner.full_name())),
                None => Ok(Some(End::External(address))),
            };
        }
        let (namespace, name) = text.split_once('/').ok_or(format!("`{text}` is neither pod, node nor address"))?;
        let is_it = |workload: &Workload| workload.namespace == namespace && workload.name == name;
        let found = self.cluster.workloads.iter().position(is_it);
        Ok(found.map(|index| End::Pod(self.pod(index, six))))
    }

    fn pod(&self, index: usize, six: bool) -> PodEnd {
        let workload = self.cluster.workloads.get(index).unwrap();
        let declared = self.cluster.namespaces.get(&workload.namespace);
        let namespace = declared.map(|declared| declared.namespace.clone());
        let known = workload.addresses.iter().find(|address| address.is_ipv6() == six);
        // Some address that nobody else has, for pods of which none is known.
        let made_up = IpAddr::from([10, 200, 0, u8::try_from(index + 1).unwrap()]);
        PodEnd {
            namespace: namespace.unwrap_or_else(|| Namespace::new(&workload.namespace, Labels::new())),
            name: workload.name.clone(),
            labels: workload.labels.clone(),
            ports: workload.ports.clone(),
            address: known.copied().unwrap_or(made_up),
            node: workload.node.clone(),
            host_network: workload.host_network,
            workload: Some(index),
        }
    }
}

fn protocol_and_port(text: &str) -> Result<(Protocol, u16), String> {
    if text == "ICMP" {
        return Ok((Protocol::Other, 0));
    }
    let (number, protocol) = text.split_once('/').unwrap_or((text, "TCP"));
    let protocol = Protocol::from_name(protocol).ok_or(format!("no protocol `{protocol}`"))?;
    Ok((protocol, number.parse().map_err(|_| format!("no port `{number}`"))?))
}

/// The verdict of a row.
pub fn said(text: &str) -> Result<Said, String> {
    match text {
        "allowed" => Ok(Said::Allowed),
        "denied" => Ok(Said::Denied),
        "no such pod" => Ok(Said::NoSuchPod),
        other => Err(format!("`{other}` is no verdict: allowed, denied, no such pod")),
    }
}

/// The plugin of a row: the defaults with the one choice that it makes.
pub fn options(text: &str) -> Result<Options, String> {
    let default = Options::default();
    if text.is_empty() {
        return Ok(default);
    }
    let (option, value) = text.split_once(" = ").ok_or(format!("`{text}`: write `option = value`"))?;
    let named = Choice::NAMES.iter().find(|(name, _)| *name == option);
    let choice = named.and_then(|(_, values)| values.iter().find(|(name, _)| *name == value));
    let (_, choice) = choice.ok_or(format!("no choice `{text}`"))?;
    let mut space = OptionSpace { least: default, most: default };
    space.fix(*choice);
    Ok(space.most)
}
