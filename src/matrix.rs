//! Who reaches whom among the declared workloads: every flow between them at once.
//!
//! A cell of the matrix is the set of ports on which some pod of one workload reaches some other pod of another,
//! by the rules of `eval` and under one plugin's choices. Where no manifest says a pod's address, it may be any that no
//! other declared pod or node has; what hangs on it is marked ([`Cell::if_address`]). So a port is in the cell iff
//! `ONE cannot reach OTHER:PORT` fails in a world of declared pods. Addresses outside the cluster stand in the
//! matrix as the classes that policies tell apart, and the cluster's DNS as a destination of its own where no manifest
//! declares it. Nodes, and pods on their nodes' network (R33), are left out.
//!
//! Nothing is judged pair by pair: pods that no policy tells apart are one class, ports between two numbers that
//! somebody mentions are one atom, and each rule is asked once for the classes that its peers match. All questions
//! go to the functions of `eval`, and the tests hold each cell against [`verdict`](crate::eval::verdict).
//!
//! It assumes a checked [`Cluster`], and imports `model` and `eval` alone. `report` and the commands call it.

mod addresses;
mod classes;
mod externals;
mod half;
pub mod paths;
mod ports;
mod rules;
mod view;

use std::collections::HashMap;
use std::net::IpAddr;

use fixedbitset::FixedBitSet;
use ipnet::IpNet;

use crate::model::claim::PortSet;
use crate::model::net::{End, IpBlock, PodEnd, Protocol};
use crate::model::options::Options;
use crate::model::policy::Direction;
use crate::model::workload::Cluster;
use addresses::Owned;
use classes::{Class, Classes};
use ports::{Edges, PortSets};
use rules::Rules;

pub use view::Reach;

/// What a matrix is asked for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The plugin's choices.
    pub options: Options,
    /// Whether addresses outside the cluster are ends.
    pub external: bool,
    /// The ports that matter; all where none are named.
    pub ports: PortSet,
    /// Ports that are to be told from others.
    pub told_ports: PortSet,
    /// Blocks of addresses outside the cluster that are to be told from others.
    pub told_apart: Vec<IpNet>,
}

/// One row and column of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixEnd {
    /// What it is.
    pub kind: EndKind,
    class: usize,
}

/// What a row or column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndKind {
    /// The pods of a declared workload, by its index in the cluster.
    Workload(usize),
    /// The cluster's DNS where no manifest declares it: a pod labelled as such, on port 53. Only a column.
    Dns,
    /// Addresses outside the cluster that no policy tells apart.
    External {
        /// The addresses, in order. Those of declared pods and nodes that lie between them are not meant.
        ranges: Vec<AddressRange>,
        /// The block of a policy that holds these and no others, where there is one.
        block: Option<IpBlock>,
    },
}

/// Addresses of one family, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressRange {
    /// The first.
    pub first: IpAddr,
    /// The last.
    pub last: IpAddr,
}

/// Ports of one protocol.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ranges {
    /// The protocol.
    pub protocol: Protocol,
    /// From the first to the last, both included; in order, and none beside another.
    pub ports: Vec<(u16, u16)>,
}

/// What passes from one end to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cell {
    /// The ports on which some flow passes.
    pub allowed: Vec<Ranges>,
    /// Those of them on which every such flow does.
    pub always: Vec<Ranges>,
    /// The others: they hang on an address that no manifest says, a pod's in an ipBlock or not.
    pub if_address: Vec<Ranges>,
}

/// A cell, by its place among all different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellId(u32);

/// A set of ports, by its place among all different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct SetId(u32);

/// Why there is no matrix: it would take more time or memory than anybody wants to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// Policies and containers tell this many ranges of ports apart, more than [`MAX_ATOMS`].
    Ports(usize),
    /// There are this many rules and this many kinds of pods; the product is more than [`MAX_MATCHES`].
    Rules(usize, usize),
}

/// How many ranges of ports may be told apart.
pub const MAX_ATOMS: usize = 20_000;
/// How many times a rule may be held against a kind of pod. Each takes one bit.
pub const MAX_MATCHES: usize = 8_000_000_000;

/// All that the cells are made of.
pub struct Matrix<'a> {
    asked: Asked<'a>,
    ends: Vec<MatrixEnd>,
    classes: Vec<Class>,
    /// How many of the classes are pods; they come first.
    pods: usize,
    rules: Rules<'a>,
    owned: Owned,
    sets: PortSets,
    /// The numbers that containers declare under a name.
    declared: HashMap<(&'a str, Protocol), Vec<u16>>,
    /// Cells by what they hold.
    cells: Vec<(SetId, SetId)>,
    cell_ids: HashMap<(SetId, SetId), CellId>,
    /// The ports of a rule on one kind of destination.
    named: HashMap<NamedKey, SetId>,
    /// What the addresses of pods that no manifest says can do to a class and direction.
    unknown: HashMap<(usize, Direction), Vec<half::Spot>>,
    /// Classes that let something in whoever asks, or by an address.
    wide: view::Wide,
    filter: view::Filter,
}

/// What the ports of a rule with names hang on: the rule, the peers that match the destination, its
/// declared ports, and whether it lives in the policy's namespace.
type NamedKey = (usize, Vec<usize>, Option<usize>, bool);

impl<'a> Matrix<'a> {
    /// Prepares the matrix.
    ///
    /// # Errors
    /// [`TooLarge`] where it would take too much time or memory.
    pub fn new(asked: Asked<'a>) -> Result<Matrix<'a>, TooLarge> {
        let classes = Classes::of(asked.cluster);
        let declared = declared(&classes, asked.cluster);
        let mut sets = PortSets::new(edges(&asked, &declared));
        check(&asked, &classes, &sets)?;
        let rules = Rules::of(&asked, &classes, &mut sets);
        let ends = ends(&classes);
        let pods = classes.all.len();
        let owned = Owned::of(asked.cluster);
        let mut matrix = Matrix {
            ends,
            classes: classes.all,
            pods,
            rules,
            owned,
            sets,
            declared,
            cells: Vec::new(),
            cell_ids: HashMap::new(),
            named: HashMap::new(),
            unknown: HashMap::new(),
            wide: view::Wide::default(),
            filter: view::Filter::default(),
            asked,
        };
        matrix.intern(PortSets::NONE, PortSets::NONE);
        matrix.prepare();
        if matrix.asked.external {
            matrix.add_externals();
        }
        Ok(matrix)
    }

    /// The rows and columns: workloads in the order of the cluster, then DNS, then addresses.
    #[must_use]
    pub fn ends(&self) -> &[MatrixEnd] {
        &self.ends
    }

    /// One pod or address of an end; its address means something only where it is known.
    #[must_use]
    pub fn representative(&self, end: usize) -> Option<End> {
        let MatrixEnd { kind, class } = self.ends.get(end)?;
        let one = self.classes.get(*class).map(|class| class.end.clone())?;
        match (kind, one) {
            (EndKind::Workload(index), End::Pod(pod)) => {
                // What stands for its class may be of another workload.
                let workload = self.asked.cluster.workloads.get(*index)?;
                let (name, labels) = (workload.name.clone(), workload.labels.clone());
                Some(End::Pod(PodEnd { name, labels, workload: Some(*index), ..pod }))
            }
            (_, one) => Some(one),
        }
    }

    /// What a cell holds.
    #[must_use]
    pub fn cell(&self, id: CellId) -> Cell {
        let (allowed, if_address) = self.cells.get(id.0 as usize).copied().unwrap_or((PortSets::NONE, PortSets::NONE));
        let always = match if_address {
            PortSets::NONE => self.sets.ranges(allowed),
            _ => self.sets.ranges_without(allowed, if_address),
        };
        Cell { allowed: self.sets.ranges(allowed), always, if_address: self.sets.ranges(if_address) }
    }

    fn intern(&mut self, allowed: SetId, if_address: SetId) -> CellId {
        let next = CellId(u32::try_from(self.cells.len()).unwrap_or(u32::MAX));
        let id = *self.cell_ids.entry((allowed, if_address)).or_insert(next);
        if id == next {
            self.cells.push((allowed, if_address));
        }
        id
    }

    fn scratch(&self) -> FixedBitSet {
        self.sets.empty()
    }
}

fn check(asked: &Asked<'_>, classes: &Classes, sets: &PortSets) -> Result<(), TooLarge> {
    let sides = asked.cluster.policies.iter().flat_map(|policy| policy.ingress.iter().chain(&policy.egress));
    let (rules, kinds) = (sides.map(Vec::len).sum::<usize>(), classes.all.len());
    match sets.atoms.len() {
        atoms if atoms > MAX_ATOMS => Err(TooLarge::Ports(atoms)),
        _ if rules.saturating_mul(kinds) > MAX_MATCHES => Err(TooLarge::Rules(rules, kinds)),
        _ => Ok(()),
    }
}

/// The numbers that containers declare under a name, with whoever may lend them (R27).
fn declared<'a>(classes: &Classes, cluster: &'a Cluster) -> HashMap<(&'a str, Protocol), Vec<u16>> {
    let mut all: HashMap<(&str, Protocol), Vec<u16>> = HashMap::new();
    let ports = cluster.workloads.iter().flat_map(|workload| &workload.ports);
    for port in ports {
        if let Some(name) = &port.name {
            all.entry((name, port.protocol)).or_default().push(port.number);
        }
    }
    if classes.dns.is_some() {
        all.entry(("dns", Protocol::Udp)).or_default().push(classes::DNS_PORT);
        all.entry(("dns-tcp", Protocol::Tcp)).or_default().push(classes::DNS_PORT);
    }
    for numbers in all.values_mut() {
        numbers.sort_unstable();
        numbers.dedup();
    }
    all
}

/// Every number that a rule, a name or the question tells from its neighbours.
fn edges(asked: &Asked<'_>, declared: &HashMap<(&str, Protocol), Vec<u16>>) -> Edges {
    let mut edges = Edges::default();
    let rules = asked.cluster.policies.iter().flat_map(|policy| policy.ingress.iter().chain(&policy.egress).flatten());
    for rule in rules {
        if let crate::model::policy::Ports::AnyOf(items) = &rule.ports {
            items.iter().for_each(|item| edges.ports(&asked.options, item.protocol, &item.ports));
        }
    }
    for item in asked.ports.items.iter().chain(&asked.told_ports.items) {
        edges.ports(&Options::default(), item.protocol, &item.ports);
    }
    for ((_, protocol), numbers) in declared {
        numbers.iter().for_each(|number| edges.number(*protocol, *number));
    }
    for protocol in [Protocol::Tcp, Protocol::Udp] {
        edges.number(protocol, classes::DNS_PORT);
    }
    edges
}

fn ends(classes: &Classes) -> Vec<MatrixEnd> {
    let workload = |(index, class): (usize, &Option<usize>)| {
        class.map(|class| MatrixEnd { kind: EndKind::Workload(index), class })
    };
    let workloads = classes.of_workload.iter().enumerate().filter_map(workload);
    let dns = classes.dns.map(|class| MatrixEnd { kind: EndKind::Dns, class });
    workloads.chain(dns).collect()
}

/// Whether these are the pods of the cluster's DNS: labelled `k8s-app=kube-dns`, in `kube-system`.
#[must_use]
pub fn is_dns(workload: &crate::model::workload::Workload) -> bool {
    classes::is_dns(&workload.namespace, &workload.labels)
}
