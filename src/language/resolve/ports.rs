//! Ports of a sentence as ports of pods: as they stand, or through a Service (R36).

use super::super::ast::{PortExpr, PortWord};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::claim::{PortItem, PortSet};
use crate::model::net::{PortMatch, Protocol};
use crate::model::workload::{Service, ServicePort, TargetPort};

/// The ports as they stand: TCP where no protocol is written (R25).
pub(super) fn plain(ports: &[PortExpr]) -> PortSet {
    if ports.iter().any(is_everything) {
        return PortSet::default();
    }
    let item = |port: &PortExpr| PortItem {
        protocol: port.protocol.unwrap_or(Protocol::Tcp),
        ports: match &port.ports {
            PortWord::Any => PortMatch::All,
            PortWord::Range(first, last) => PortMatch::Range(*first, *last),
            PortWord::Named(name) => PortMatch::Named(name.clone()),
        },
    };
    PortSet { items: ports.iter().map(item).collect() }
}

/// `:*` without a protocol: any port of any protocol, which is what no ports at all say.
fn is_everything(port: &PortExpr) -> bool {
    port.ports == PortWord::Any && port.protocol.is_none()
}

/// The ports of the pods behind a Service.
pub(super) fn translated(service: &Service, ports: &[PortExpr]) -> Result<PortSet, Vec<Diagnostic>> {
    if ports.iter().any(is_everything) {
        return Ok(PortSet::default());
    }
    let (mut items, mut faults) = (Vec::new(), Vec::new());
    for port in ports {
        match translate(service, port) {
            found if found.is_empty() => faults.push(no_port(service, port)),
            found => items.extend(found),
        }
    }
    if faults.is_empty() { Ok(PortSet { items }) } else { Err(faults) }
}

fn translate(service: &Service, port: &PortExpr) -> Vec<PortItem> {
    if let (PortWord::Any, Some(protocol)) = (&port.ports, port.protocol) {
        return vec![PortItem { protocol, ports: PortMatch::All }];
    }
    let meant = service.ports.iter().filter(|candidate| is_meant(port, candidate));
    meant.map(|found| PortItem { protocol: found.protocol, ports: target(found) }).collect()
}

fn is_meant(port: &PortExpr, candidate: &ServicePort) -> bool {
    match &port.ports {
        PortWord::Any => false,
        PortWord::Range(first, last) => {
            (*first..=*last).contains(&candidate.port) && port.protocol.unwrap_or(Protocol::Tcp) == candidate.protocol
        }
        // A Service's names are unique, so a name says its protocol too.
        PortWord::Named(name) => {
            candidate.name.as_ref() == Some(name) && port.protocol.is_none_or(|protocol| protocol == candidate.protocol)
        }
    }
}

fn target(port: &ServicePort) -> PortMatch {
    match &port.target {
        TargetPort::Number(number) => PortMatch::Range(*number, *number),
        TargetPort::Name(name) => PortMatch::Named(name.clone()),
    }
}

fn no_port(service: &Service, port: &PortExpr) -> Diagnostic {
    let protocol = port.protocol.map_or(String::new(), |protocol| format!("/{protocol}"));
    let wanted = match &port.ports {
        PortWord::Any => "*".to_owned(),
        PortWord::Range(first, last) if first == last => first.to_string(),
        PortWord::Range(first, last) => format!("{first}-{last}"),
        PortWord::Named(name) => name.clone(),
    };
    let path = format!("{}/{}", service.namespace, service.name);
    let fault = Diagnostic::error(Code::UnknownName, format!("Service `{path}` has no port `{wanted}{protocol}`"))
        .at(port.origin, "no port of this Service")
        .related(service.origin, "declared here");
    fault.help(match service.ports.is_empty() {
        true => "it declares no ports; leave the port out, or name the pods".to_owned(),
        false => format!("its ports are {}", service.ports.iter().map(describe).collect::<Vec<_>>().join(", ")),
    })
}

fn describe(port: &ServicePort) -> String {
    let name = port.name.as_ref().map_or(String::new(), |name| format!(" ({name})"));
    format!("{}/{}{name}", port.port, port.protocol)
}
