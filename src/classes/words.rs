//! Classes in plain words: "pods with app=rag-api in ai-platform", "TCP 6333-6334".

use ipnet::IpNet;

use super::candidate::Candidate;
use super::ends::{Ends, Kind, Plain};
use super::labels::LabelSet;
use super::ports::Ports;
use super::product::Product;
use crate::describe;
use crate::model::selector::{NAMESPACE_NAME_LABEL, WORKLOAD_MARK};
use crate::model::workload::Cluster;

/// How many exceptions are named before the rest is counted.
const NAMED: usize = 4;

/// A class in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Words {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// On which ports.
    pub ports: String,
    /// Which flows are not meant, each from where to where on which ports.
    pub except: Vec<String>,
}

pub(super) fn of(cluster: &Cluster, candidate: &Candidate) -> Words {
    let Product { sources, destinations, ports } = &candidate.flows;
    let gone = |product: &Product| {
        let (from, to) = (ends(cluster, &product.sources), ends(cluster, &product.destinations));
        format!("{from} to {to}, {}", self::ports(&product.ports))
    };
    Words {
        from: ends(cluster, sources),
        to: ends(cluster, destinations),
        ports: self::ports(ports),
        except: candidate.except.iter().map(gone).collect(),
    }
}

/// "every pod in namespaces with purpose=ml-ops, except pods with app=web in shop".
fn ends(cluster: &Cluster, ends: &Ends) -> String {
    let whole = plain(cluster, &ends.plain);
    if ends.except.is_empty() {
        return whole;
    }
    let named: Vec<_> = ends.except.iter().take(NAMED).map(|gone| exception(cluster, &ends.plain, gone)).collect();
    let more = ends.except.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{whole} except {}{more}", named.join(", "))
}

/// Of a block only the block, where all that is spoken about are addresses.
fn exception(cluster: &Cluster, whole: &Plain, gone: &Plain) -> String {
    match gone.block {
        Some(block) if gone.kind != Kind::Pod && whole.block.is_some() => block.to_string(),
        _ => plain(cluster, gone),
    }
}

fn plain(cluster: &Cluster, ends: &Plain) -> String {
    match (ends.kind, ends.block) {
        (Kind::Anything, None) => "anything, inside the cluster or outside".to_owned(),
        (Kind::Anything, Some(block)) => format!("{} (outside addresses, and pods)", addresses(block)),
        (Kind::External, None) => "external addresses".to_owned(),
        (Kind::External, Some(block)) => format!("external {}", addresses(block)),
        (Kind::Pod, None) => pods(cluster, ends),
        (Kind::Pod, Some(block)) => format!("{} at {}", pods(cluster, ends), addresses(block)),
    }
}

fn addresses(block: IpNet) -> String {
    if block.prefix_len() == block.max_prefix_len() { block.addr().to_string() } else { block.to_string() }
}

fn pods(cluster: &Cluster, ends: &Plain) -> String {
    // A workload by its name is one, wherever it is; and what is said of its label is said of no other pod.
    if let Some(names) = ends.pods.listed(WORKLOAD_MARK) {
        return names.iter().cloned().collect::<Vec<_>>().join(", ");
    }
    let labels = ends.pods.without(WORKLOAD_MARK);
    let which = match ends.workload.and_then(|index| cluster.workloads.get(index)) {
        Some(workload) => return workload.full_name(),
        None if labels.is_everything() => "every pod".to_owned(),
        None => format!("pods with {}", describe::selector(&labels.selector())),
    };
    format!("{which} {}", namespaces(&ends.namespaces))
}

fn namespaces(set: &LabelSet) -> String {
    let rest = set.without(NAMESPACE_NAME_LABEL);
    match set.listed(NAMESPACE_NAME_LABEL) {
        None if set.is_everything() => "in any namespace".to_owned(),
        Some(names) if rest.is_everything() => {
            format!("in {}", names.iter().cloned().collect::<Vec<_>>().join(", "))
        }
        _ => format!("in namespaces with {}", describe::selector(&set.selector())),
    }
}

fn ports(ports: &Ports) -> String {
    if *ports == Ports::everything() { "any port".to_owned() } else { ports.words() }
}
