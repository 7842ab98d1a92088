//! The one port of the flow, with names resolved on the destination (R27). Private to `explain`.

use super::end::Meant;
use crate::diagnostic::{Code, Diagnostic};
use crate::language::{PortExpr, PortWord, Target};
use crate::model::claim::PortSet;
use crate::model::net::{PortMatch, Protocol};
use crate::model::workload::{Cluster, ContainerPort};
use crate::source::Origin;

/// What is wrong unless exactly one port is written.
pub(super) fn not_one(target: &Target, whole: Origin) -> Option<Diagnostic> {
    let (origin, label) = match target.ports.as_slice() {
        [PortExpr { ports: PortWord::Named(_), .. }] => return None,
        [PortExpr { ports: PortWord::Range(first, last), .. }] if first == last => return None,
        [] => (whole, "no port"),
        [port] => (port.origin, "this means several"),
        [_, second, ..] => (second.origin, "a second port"),
    };
    let fault = Diagnostic::error(Code::SentenceSyntax, "one flow goes to one port").at(origin, label);
    Some(if target.ports.is_empty() { fault.help(hint(target)) } else { fault })
}

fn hint(target: &Target) -> &'static str {
    match &target.endpoint.kind {
        crate::language::EndpointKind::Cidr(block) if block.addr().is_ipv6() => {
            "write the port after the address in brackets: `[2001:db8::1]:443`"
        }
        _ => "write the port after the destination: `vector-db:6333`, `coredns:53/UDP`, `web:http`",
    }
}

/// What the destination declares, for whoever wrote no port or a wrong one.
pub(super) fn declared(cluster: &Cluster, meant: &Meant) -> String {
    let all = ports(cluster, meant);
    if all.is_empty() {
        return "the destination declares no ports; write the number that it listens on".to_owned();
    }
    let name = |port: &ContainerPort| port.name.as_ref().map_or(String::new(), |name| format!(" ({name})"));
    let words: Vec<_> = all.iter().map(|port| format!("{}/{}{}", port.number, port.protocol, name(port))).collect();
    format!("the destination declares {}", words.join(", "))
}

fn ports<'a>(cluster: &'a Cluster, meant: &Meant) -> &'a [ContainerPort] {
    match meant {
        Meant::Workload(index) => cluster.workloads.get(*index).map_or(&[], |workload| &workload.ports),
        Meant::Pod { .. } | Meant::External(_) | Meant::Node(..) => &[],
    }
}

/// The port of the flow.
pub(super) fn one(
    cluster: &Cluster,
    meant: &Meant,
    set: &PortSet,
    origin: Origin,
) -> Result<(Protocol, u16), Vec<Diagnostic>> {
    let [item] = set.items.as_slice() else { return Err(vec![many(origin)]) };
    let name = match &item.ports {
        PortMatch::Range(first, last) if first == last => return Ok((item.protocol, *first)),
        PortMatch::Named(name) => name,
        PortMatch::Range(..) | PortMatch::All => return Err(vec![many(origin)]),
    };
    let is_named = |port: &&ContainerPort| port.name.as_ref() == Some(name) && port.protocol == item.protocol;
    let mut numbers: Vec<_> = ports(cluster, meant).iter().filter(is_named).map(|port| port.number).collect();
    numbers.dedup();
    match numbers.as_slice() {
        [number] => Ok((item.protocol, *number)),
        [] => Err(vec![not_declared(name, item.protocol, origin).help(declared(cluster, meant))]),
        _ => Err(vec![many(origin).help(format!("`{name}` stands for several numbers; write one of them"))]),
    }
}

fn not_declared(name: &str, protocol: Protocol, origin: Origin) -> Diagnostic {
    Diagnostic::error(Code::UnknownName, format!("the destination declares no {protocol} port named `{name}`"))
        .at(origin, "no such name there")
        .note("A name stands for the number that the destination pod declares under it (R27).")
}

fn many(origin: Origin) -> Diagnostic {
    Diagnostic::error(Code::SentenceSyntax, "one flow goes to one port").at(origin, "this means several")
}
