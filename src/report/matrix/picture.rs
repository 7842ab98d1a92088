//! A matrix small enough for a person: its ends and what passes between them, or their namespaces where
//! there are too many. The formats that are drawn are made of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{CellReport, Cells, Extent, MatrixEndReport, MatrixHead, Shown};

/// How many workloads are shown one by one; beyond that, their namespaces are.
pub const MAX_WORKLOADS: usize = 200;

/// The ends and the flows between them.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The ends, or their namespaces.
    pub nodes: Vec<Node>,
    /// What passes, in the order of the nodes.
    pub edges: Vec<Edge>,
    /// How many workloads are shown as their namespaces; `None` where each is shown.
    pub folded: Option<usize>,
    /// What the picture takes for granted and leaves out, in words.
    pub assumptions: Vec<String>,
    /// Which cells were asked for, by node.
    shown: Shown,
}

/// One end, or one namespace.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name, the namespace included.
    pub name: String,
    /// Its name within its group.
    pub short: String,
    /// The namespace that it stands in; empty for what has none.
    pub group: String,
    /// What there is to say beside it: the addresses.
    pub addresses: Vec<String>,
    /// What kind of end it is, as in [`MatrixEndReport`]; `namespace` for several ends together.
    pub kind: &'static str,
    /// Whether it is one pod alone.
    pub single: bool,
}

/// What passes from one node to another.
#[derive(Clone, Debug)]
pub struct Edge {
    /// From which node.
    pub from: usize,
    /// To which.
    pub to: usize,
    /// The ports; of namespaces, of how many pairs something passes.
    pub words: String,
    /// How much it is.
    pub extent: Extent,
}

/// Draws the picture; by namespace where there are more workloads than a person can read.
#[must_use]
pub fn of(head: &MatrixHead, cells: &mut Cells<'_, '_>) -> Picture {
    let is_workload = |end: &&MatrixEndReport| end.kind == "workload";
    let in_view = |at: usize| cells.shown.focus.is_none() || cells.shown.is_focus(at);
    let count = head.ends.iter().enumerate().filter(|(at, end)| in_view(*at) && is_workload(end)).count();
    if count > MAX_WORKLOADS {
        return folded(head, cells);
    }
    let mut edges: Vec<Edge> = Vec::new();
    let mut kept: BTreeSet<usize> = (0..head.ends.len()).filter(|at| in_view(*at)).collect();
    let is_focused = cells.shown.focus.is_some();
    // Taking the cells cannot fail: nothing is written.
    let _ = cells.each(&mut |from, to, (_, cell)| {
        edges.push(Edge { from, to, words: cell.words.clone(), extent: cell.extent });
        kept.extend([from, to]);
        Ok(())
    });
    let shown = kept.iter().filter_map(|at| head.ends.get(*at)).filter(is_workload).count();
    if is_focused && shown > MAX_WORKLOADS {
        return folded(head, cells);
    }
    let places: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(place, at)| (*at, place)).collect();
    for edge in &mut edges {
        let place = |at: usize| places.get(&at).copied().unwrap_or_default();
        (edge.from, edge.to) = (place(edge.from), place(edge.to));
    }
    let nodes = kept.iter().filter_map(|at| head.ends.get(*at)).map(node).collect();
    let focus = is_focused.then(|| kept.iter().map(|at| cells.shown.is_focus(*at)).collect());
    let shown = Shown { focus, ..cells.shown };
    Picture { nodes, edges, folded: None, assumptions: head.assumptions.clone(), shown }
}

fn node(end: &MatrixEndReport) -> Node {
    let group = end.namespace.clone().unwrap_or_default();
    let short = end.name.strip_prefix(&format!("{group}/")).unwrap_or(&end.name);
    let mark = if end.dns && end.kind == "workload" { " (DNS)" } else { "" };
    Node {
        name: format!("{}{mark}", end.name),
        short: format!("{short}{mark}"),
        group,
        addresses: end.addresses.clone(),
        kind: end.kind,
        single: end.single,
    }
}

/// Namespaces instead of workloads: of how many pairs the one reaches the other.
fn folded(head: &MatrixHead, cells: &mut Cells<'_, '_>) -> Picture {
    let mut nodes: Vec<Node> = Vec::new();
    let (mut of_end, mut sizes) = (Vec::new(), Vec::new());
    for end in &head.ends {
        let one = fold(end);
        if nodes.last().is_none_or(|last| (last.kind, &last.name) != (one.kind, &one.name)) {
            nodes.push(one);
            sizes.push(0);
        }
        if let Some(size) = sizes.last_mut() {
            *size += 1;
        }
        of_end.push(nodes.len() - 1);
    }
    let mut pairs: BTreeMap<(usize, usize), Pairs> = BTreeMap::new();
    let _ = cells.each(&mut |from, to, (_, cell)| {
        if let (Some(from), Some(to)) = (of_end.get(from), of_end.get(to)) {
            pairs.entry((*from, *to)).or_default().add(cell);
        }
        Ok(())
    });
    let size = |at: usize| sizes.get(at).copied().unwrap_or(0);
    let edge = |((from, to), pairs): (&(usize, usize), &Pairs)| pairs.edge(*from, *to, size(*from) * size(*to));
    let edges: Vec<_> = pairs.iter().map(edge).collect();
    let workloads = head.ends.iter().filter(|end| end.kind == "workload").count();
    let in_focus = |node: usize| of_end.iter().enumerate().any(|(at, of)| *of == node && cells.shown.is_focus(at));
    let focus = cells.shown.focus.is_some().then(|| (0..nodes.len()).map(in_focus).collect());
    let shown = Shown { focus, ..cells.shown };
    Picture { nodes, edges, folded: Some(workloads), assumptions: head.assumptions.clone(), shown }
}

/// The namespace of a workload; all addresses outside the cluster together.
fn fold(end: &MatrixEndReport) -> Node {
    let one = |name: &str, kind| Node {
        name: name.to_owned(),
        short: name.to_owned(),
        group: String::new(),
        addresses: Vec::new(),
        kind,
        single: false,
    };
    match (&end.namespace, end.kind) {
        (Some(namespace), _) => one(namespace, "namespace"),
        (None, "external") => one("external", "external"),
        (None, _) => node(end),
    }
}

/// The pairs of two namespaces between which something passes.
#[derive(Default)]
struct Pairs {
    count: usize,
    least: Option<Extent>,
}

impl Pairs {
    fn add(&mut self, cell: &CellReport) {
        self.count += 1;
        self.least = Some(self.least.map_or(cell.extent, |least| least.min(cell.extent)));
    }

    fn edge(&self, from: usize, to: usize, all: usize) -> Edge {
        let noun = if all == 1 { "pair" } else { "pairs" };
        let extent = match self.least {
            Some(Extent::Every) if self.count == all => Extent::Every,
            Some(Extent::IfAddress) => Extent::IfAddress,
            _ => Extent::Some,
        };
        let ports = if extent == Extent::Every { ", every port" } else { "" };
        Edge { from, to, words: format!("{} of {all} {noun}{ports}", self.count), extent }
    }
}

impl Picture {
    /// Whether a cell says anything: what is not asked for does not, and of addresses outside the cluster among themselves, of what a DNS reaches that
    /// nobody declares, and of one pod and itself nothing is asked.
    #[must_use]
    pub fn is_asked(&self, from: usize, to: usize) -> bool {
        let kind = |at: usize| self.nodes.get(at).map_or("", |node| node.kind);
        let is_itself = from == to && self.nodes.get(from).is_some_and(|node| node.single);
        kind(from) != "dns"
            && (kind(from), kind(to)) != ("external", "external")
            && !is_itself
            && self.shown.has(from, to)
    }

    /// Whether any cell of the row says something.
    #[must_use]
    pub fn is_row_asked(&self, from: usize) -> bool {
        (0..self.nodes.len()).any(|to| self.is_asked(from, to))
    }

    /// Whether something hangs on an address that no manifest says.
    #[must_use]
    pub fn hangs_on_addresses(&self) -> bool {
        self.edges.iter().any(|edge| edge.words.ends_with('~'))
    }

    /// A short code for each different thing that passes, in the order in which they are met: `*` for every port,
    /// then `a` to `z`, `aa` and on.
    #[must_use]
    pub fn codes(&self) -> Vec<(String, String)> {
        let mut codes: Vec<(String, String)> = Vec::new();
        let mut next = 0;
        for edge in &self.edges {
            if codes.iter().any(|(_, words)| *words == edge.words) {
                continue;
            }
            let code = if edge.words == "every port" {
                "*".to_owned()
            } else {
                next += 1;
                letters(next)
            };
            codes.push((code, edge.words.clone()));
        }
        codes.sort_by_key(|(code, _)| (code.len(), code.clone()));
        codes
    }
}

/// 1 is `a`, 26 is `z`, 27 is `aa`.
fn letters(mut number: usize) -> String {
    let mut reversed = String::new();
    while number > 0 {
        number -= 1;
        reversed.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
        number /= 26;
    }
    reversed.chars().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn codes_are_counted_in_letters() {
        assert_eq!([1, 26, 27, 52, 53, 703].map(letters), ["a", "z", "aa", "az", "ba", "aaa"]);
    }
}
