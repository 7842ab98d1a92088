//! Who reaches whom: what the matrix is of, and its cells in words.
//!
//! [`head`] says everything but the cells; [`Cells`] hands these out row by row, so that no format needs to hold
//! them all. `json` and `csv` write them as they come; the other formats are drawn from a [`Picture`](picture::Picture),
//! which a person can read and which is therefore bounded.

mod csv;
mod dot;
mod json;
mod mermaid;
pub mod picture;
mod svg;
mod text;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::rc::Rc;

use serde::Serialize;

use super::Place;
use super::build::Words;
use crate::matrix::{AddressRange, CellId, EndKind, Matrix, Ranges, is_dns};
use crate::model::net::{IpBlock, Protocol};
use crate::model::workload::{Cluster, Workload};
use crate::source::SourceMap;

pub use csv::write as csv;
pub use dot::render as dot;
pub use json::write as json;
pub use mermaid::render as mermaid;
pub use svg::render as svg;
pub use text::render as text;

/// The version of the JSON form.
pub const SCHEMA: &str = "netverify-matrix/1";

/// How many blocks a name may list.
const IN_NAME: usize = 2;

/// Everything but the cells.
#[derive(Clone, Debug, Serialize)]
pub struct MatrixHead {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of netverify.
    pub netverify: &'static str,
    /// The network plugin.
    pub plugin: &'static str,
    /// What the matrix takes for granted and what it leaves out, in words.
    pub assumptions: Vec<String>,
    /// The rows and columns.
    pub ends: Vec<MatrixEndReport>,
}

/// One row and column.
#[derive(Clone, Debug, Serialize)]
pub struct MatrixEndReport {
    /// What the cells call it; all differ.
    pub name: String,
    /// `workload`, `dns` or `external`.
    pub kind: &'static str,
    /// The namespace of a workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The declared workload, as `Deployment ml-ops/model-monitor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// Whether these are the pods of the cluster's DNS.
    pub dns: bool,
    /// Whether it is one pod and no more, so that nothing passes between it and another of its kind.
    #[serde(skip)]
    pub single: bool,
    /// The addresses of an external end: blocks where they fit, `first-last` where not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Where the workload is declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// What a matrix was made of, beside itself.
pub struct Ground<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The texts that it was read from.
    pub sources: &'a SourceMap,
    /// The network plugin.
    pub plugin: &'static str,
    /// What the matrix takes for granted, in words.
    pub assumptions: Vec<String>,
}

/// Everything but the cells.
#[must_use]
pub fn head(ground: Ground<'_>, matrix: &Matrix<'_>) -> MatrixHead {
    let words = Words { cluster: ground.cluster, sources: ground.sources };
    let names = names(ground.cluster, matrix);
    let ends = matrix.ends().iter().zip(names).map(|(end, name)| self::end(&words, &end.kind, name));
    MatrixHead {
        schema: SCHEMA,
        netverify: env!("CARGO_PKG_VERSION"),
        plugin: ground.plugin,
        ends: ends.collect(),
        assumptions: ground.assumptions,
    }
}

fn end(words: &Words<'_>, kind: &EndKind, name: String) -> MatrixEndReport {
    let plain = |kind| MatrixEndReport {
        name,
        kind,
        namespace: None,
        workload: None,
        dns: false,
        single: false,
        addresses: Vec::new(),
        at: None,
    };
    match kind {
        EndKind::Dns => MatrixEndReport { dns: true, ..plain("dns") },
        EndKind::External { ranges, .. } => {
            MatrixEndReport { addresses: ranges.iter().flat_map(blocks).collect(), ..plain("external") }
        }
        EndKind::Workload(index) => match words.cluster.workloads.get(*index) {
            None => plain("workload"),
            Some(workload) => MatrixEndReport {
                namespace: Some(workload.namespace.clone()),
                workload: Some(workload.full_name()),
                dns: is_dns(workload),
                single: workload.kind == crate::model::workload::WorkloadKind::Pod,
                at: Some(words.place(workload.origin)),
                ..plain("workload")
            },
        },
    }
}

/// A name for each end, all different.
fn names(cluster: &Cluster, matrix: &Matrix<'_>) -> Vec<String> {
    let mut taken: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for workload in &cluster.workloads {
        *taken.entry((&workload.namespace, &workload.name)).or_default() += 1;
    }
    let of_workload = |workload: &Workload| match taken.get(&(workload.namespace.as_str(), workload.name.as_str())) {
        Some(1) => format!("{}/{}", workload.namespace, workload.name),
        _ => format!("{}/{}/{}", workload.namespace, workload.kind.name().to_lowercase(), workload.name),
    };
    let outside = matrix.ends().iter().filter(|end| matches!(end.kind, EndKind::External { .. })).count();
    let name = |end: &crate::matrix::MatrixEnd| match &end.kind {
        EndKind::Workload(index) => cluster.workloads.get(*index).map(of_workload).unwrap_or_default(),
        EndKind::Dns => "DNS".to_owned(),
        EndKind::External { .. } if outside == 1 => "external".to_owned(),
        EndKind::External { ranges, block } => external(ranges, block.as_ref()),
    };
    numbered(matrix.ends().iter().map(name).collect())
}

/// "external 10.0.0.0/8", "external 0.0.0.0/0 except 5 blocks", "external elsewhere".
fn external(ranges: &[AddressRange], block: Option<&IpBlock>) -> String {
    if let Some(IpBlock { cidr, except }) = block {
        return match except.as_slice() {
            [] => format!("external {cidr}"),
            [except] => format!("external {cidr} except {except}"),
            several => format!("external {cidr} except {} blocks", several.len()),
        };
    }
    let all: Vec<_> = ranges.iter().flat_map(blocks).collect();
    let reads_well = all.len() == 1 || all.len() <= IN_NAME && all.iter().all(|one| one.contains('/'));
    if reads_well { format!("external {}", all.join(" and ")) } else { "external elsewhere".to_owned() }
}

/// The same names, where one stands twice with numbers.
fn numbered(names: Vec<String>) -> Vec<String> {
    let mut count: HashMap<String, usize> = HashMap::new();
    names.iter().for_each(|name| *count.entry(name.clone()).or_default() += 1);
    let mut met: HashMap<String, usize> = HashMap::new();
    let number = |name: String| {
        let nth = met.entry(name.clone()).or_default();
        *nth += 1;
        if count.get(&name).is_some_and(|count| *count > 1) { format!("{name} ({nth})") } else { name }
    };
    names.into_iter().map(number).collect()
}

/// A range as a block, or as its first and last address where it is none.
fn blocks(range: &AddressRange) -> Vec<String> {
    use ipnet::{IpSubnets, Ipv4Subnets, Ipv6Subnets};
    let subnets = match (range.first, range.last) {
        (std::net::IpAddr::V4(first), std::net::IpAddr::V4(last)) => IpSubnets::from(Ipv4Subnets::new(first, last, 0)),
        (std::net::IpAddr::V6(first), std::net::IpAddr::V6(last)) => IpSubnets::from(Ipv6Subnets::new(first, last, 0)),
        _ => return Vec::new(),
    };
    let few: Vec<_> = subnets.take(2).collect();
    match few.as_slice() {
        [only] => vec![only.to_string()],
        _ => vec![format!("{}-{}", range.first, range.last)],
    }
}

/// Which cells are wanted.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The ends that every cell has to do with; all where there is none.
    pub focus: Option<Vec<bool>>,
    /// Whether what enters the focus is wanted alone.
    pub only_into: bool,
    /// Whether what leaves the focus is wanted alone.
    pub only_out: bool,
}

impl Shown {
    fn is_focus(&self, end: usize) -> bool {
        self.focus.as_ref().is_none_or(|focus| focus.get(end).copied().unwrap_or(false))
    }

    fn has(&self, from: usize, to: usize) -> bool {
        !self.only_into && self.is_focus(from) || !self.only_out && self.is_focus(to)
    }

    /// Whether a whole row is left out.
    fn lacks_row(&self, from: usize, row_is_long: bool) -> bool {
        row_is_long && self.only_out && !self.is_focus(from)
    }
}

/// One cell in words and numbers.
#[derive(Clone, Debug)]
pub struct CellReport {
    /// The ports on which something passes.
    pub allowed: Vec<RangesReport>,
    /// Those that hang on an address which no manifest says.
    pub if_address: Vec<RangesReport>,
    /// The same for a person: "TCP 8000, 8080; UDP 53", with `~` after what hangs on an address.
    pub words: String,
    /// How much it is.
    pub extent: Extent,
}

/// How much a cell lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Only what hangs on an address that no manifest says.
    IfAddress,
    /// Some ports.
    Some,
    /// Every port.
    Every,
}

/// Ports of one protocol.
#[derive(Clone, Debug, Serialize)]
pub struct RangesReport {
    /// The protocol.
    pub protocol: Protocol,
    /// Both ends of each range count.
    pub ports: Vec<[u16; 2]>,
}

/// The cells of a matrix, row by row.
pub struct Cells<'m, 'a> {
    matrix: &'m mut Matrix<'a>,
    shown: Shown,
    /// Many cells hold the same.
    known: HashMap<CellId, Rc<CellReport>>,
}

/// Takes the cells one by one: from which end, to which, and what passes.
type Take<'t> = dyn FnMut(usize, usize, (CellId, &CellReport)) -> io::Result<()> + 't;

impl<'m, 'a> Cells<'m, 'a> {
    /// The cells that are wanted.
    pub fn new(matrix: &'m mut Matrix<'a>, shown: Shown) -> Cells<'m, 'a> {
        Cells { matrix, shown, known: HashMap::new() }
    }

    /// Hands out the cells that let something through, in the order of the ends.
    ///
    /// # Errors
    /// The first error of `take`.
    pub fn each(&mut self, take: &mut Take<'_>) -> io::Result<()> {
        for from in 0..self.matrix.ends().len() {
            if self.shown.lacks_row(from, true) {
                continue;
            }
            for reach in self.matrix.row(from) {
                if self.shown.has(from, reach.to) {
                    let cell = self.cell(reach.cell);
                    take(from, reach.to, (reach.cell, &cell))?;
                }
            }
        }
        Ok(())
    }

    fn cell(&mut self, id: CellId) -> Rc<CellReport> {
        let matrix = &self.matrix;
        Rc::clone(self.known.entry(id).or_insert_with(|| Rc::new(cell(&matrix.cell(id)))))
    }
}

/// A cell in words and numbers.
pub(super) fn cell(cell: &crate::matrix::Cell) -> CellReport {
    let report = |ranges: &Ranges| RangesReport {
        protocol: ranges.protocol,
        ports: ranges.ports.iter().map(|(first, last)| [*first, *last]).collect(),
    };
    let hanging = (!cell.if_address.is_empty()).then(|| format!("{} ~", ports_words(&cell.if_address)));
    let always = (!cell.always.is_empty()).then(|| ports_words(&cell.always));
    let words: Vec<_> = always.into_iter().chain(hanging).collect();
    let extent = match (cell.always.is_empty(), is_every(&cell.always)) {
        (true, _) => Extent::IfAddress,
        (false, true) => Extent::Every,
        (false, false) => Extent::Some,
    };
    CellReport {
        allowed: cell.allowed.iter().map(report).collect(),
        if_address: cell.if_address.iter().map(report).collect(),
        words: words.join("; "),
        extent,
    }
}

fn is_every(ranges: &[Ranges]) -> bool {
    ranges.len() == Protocol::SPOKEN.len() && ranges.iter().all(is_whole)
}

fn is_whole(ranges: &Ranges) -> bool {
    ranges.ports == [(1, u16::MAX)]
}

/// "TCP 80, 8000-8100; UDP 53", "every port".
fn ports_words(all: &[Ranges]) -> String {
    if is_every(all) {
        return "every port".to_owned();
    }
    let range = |(first, last): &(u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    let of_protocol = |ranges: &Ranges| {
        let protocol = ranges.protocol;
        if is_whole(ranges) {
            return format!("every {protocol} port");
        }
        format!("{protocol} {}", ranges.ports.iter().map(range).collect::<Vec<_>>().join(", "))
    };
    all.iter().map(of_protocol).collect::<Vec<_>>().join("; ")
}
