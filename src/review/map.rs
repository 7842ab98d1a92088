//! The map: the declared workloads by namespace, and what the policies let pass between them, by the reference semantics.
//!
//! Only connections that some rule admits are listed; those that are open because no policy isolates either end are counted.
//! The plugin is the one that lists of classes are exact for. A connection is looked at on the ports that its destination
//! declares, else on those that the policies name.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use super::properties::is_denial;
use super::{Material, Scope};
use crate::classes;
use crate::eval;
use crate::eval::trace::{Side, Verdict};
use crate::model::net::{End, Flow, Protocol};
use crate::model::options::{IpBlockMatches, Options};
use crate::model::workload::{Cluster, Workload};
use crate::outcome::Outcome;
use crate::report::review::{Arrow, Group, Map, Place, Row};
use crate::report::words::counted;
use crate::report::{CaseReport, EndReport, Standing};
use crate::witness::pod;

mod outside;
mod ports;

/// From so many workloads on the picture shows namespaces.
const WORKLOADS: usize = 24;
/// The most arrows of the picture.
const ARROWS: usize = 60;
/// The most lines of the table.
const ROWS: usize = 1_000;
/// The most workloads that are looked at, pair by pair.
const PAIRED: usize = 400;

/// A place of the finest kind.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Spot {
    /// A workload, by its index.
    Workload(usize),
    /// Addresses outside the cluster.
    Outside,
    /// A pod that somebody could create.
    Possible(String),
}

/// A connection between two spots.
struct Link {
    from: Spot,
    to: Spot,
    ports: String,
    refutes: Option<String>,
    missing: bool,
}

/// The map of one scope.
pub(super) fn map(material: &Material<'_>, scope: &Scope<'_>) -> Map {
    let cluster = scope.cluster;
    let shown = cluster.workloads.len().min(PAIRED);
    let (mut links, default_open) = pairs(scope, shown);
    if scope.world.external {
        links.extend(outside::links(scope, shown));
    }
    mark(material, scope, &mut links);
    let picture = Picture::new(cluster, shown, &links);
    let arrows = picture.arrows(&links);
    let rows: Vec<Row> = links.iter().take(ROWS).map(|link| row(cluster, link)).collect();
    Map {
        variant: scope.name.clone(),
        words: words(cluster, &links, default_open),
        notes: notes(cluster, shown, arrows.len(), picture.by_namespace),
        arrows: arrows.into_iter().take(ARROWS).collect(),
        groups: picture.groups,
        left_out: links.len().saturating_sub(ROWS),
        rows,
        default_open,
    }
}

fn words(cluster: &Cluster, links: &[Link], default_open: usize) -> String {
    let refuted = links.iter().filter(|link| link.refutes.is_some()).count();
    format!(
        "{}; {} admitted by a rule, {} open for want of a policy; {} shown against a property.",
        counted(cluster.workloads.len(), "declared workload", "declared workloads"),
        counted(links.iter().filter(|link| link.refutes.is_none()).count(), "connection", "connections"),
        default_open,
        counted(refuted, "flow", "flows"),
    )
}

fn notes(cluster: &Cluster, shown: usize, arrows: usize, by_namespace: bool) -> Vec<String> {
    let mut notes = vec![
        "Connections are looked at on the ports that the destination declares; where it declares none, on those that its \
         policies name. A pod's own node is left out."
            .to_owned(),
    ];
    if cluster.workloads.iter().any(|workload| workload.addresses.is_empty()) {
        notes.push("Where the address of a pod is not known, no ipBlock admits it here.".to_owned());
    }
    if by_namespace {
        notes.push("There are many workloads, so the picture shows namespaces; the table shows workloads.".to_owned());
    }
    if shown < cluster.workloads.len() {
        notes.push(format!("{} more workloads are not looked at.", cluster.workloads.len() - shown));
    }
    if arrows > ARROWS {
        notes.push(format!("{} more arrows are not drawn.", arrows - ARROWS));
    }
    notes
}

/// Options under which nothing hangs on addresses that are not known.
fn options(scope: &Scope<'_>, known: bool) -> Options {
    let options = classes::plugin(scope.world);
    if known { options } else { Options { ipblock_matches: IpBlockMatches::External, ..options } }
}

fn address(workload: &Workload) -> Option<IpAddr> {
    workload.addresses.first().copied()
}

/// A pod of the workload; distinct workloads have distinct addresses, also where these are not known.
fn end(cluster: &Cluster, index: usize) -> Option<End> {
    let workload = cluster.workloads.get(index)?;
    let made_up = u32::try_from(index).ok()?.checked_add(0xF000_0001)?;
    let address = address(workload).unwrap_or(IpAddr::V4(Ipv4Addr::from(made_up)));
    pod::of_workload(cluster, index, address).map(End::Pod)
}

/// What is admitted between two workloads, and how many pairs are open by default.
fn pairs(scope: &Scope<'_>, shown: usize) -> (Vec<Link>, usize) {
    let (mut links, mut open) = (Vec::new(), 0);
    let mut areas = Areas::new(scope.cluster);
    for to in 0..shown {
        let ports = ports::of(scope.cluster, to);
        for from in (0..shown).filter(|from| *from != to) {
            match areas.link(scope, from, to, &ports) {
                Some(Found::Link(link)) => links.push(link),
                Some(Found::Open) => open += 1,
                None => {}
            }
        }
    }
    (links, open)
}

enum Found {
    Link(Link),
    Open,
}

/// R1: only the policies of the two namespaces have a say about a connection, so others need not be looked at.
struct Areas<'a> {
    cluster: &'a Cluster,
    /// A cluster for each two namespaces, with their policies alone.
    between: BTreeMap<(&'a str, &'a str), Cluster>,
}

impl<'a> Areas<'a> {
    fn new(cluster: &'a Cluster) -> Areas<'a> {
        Areas { cluster, between: BTreeMap::new() }
    }

    fn between(&mut self, one: &'a str, other: &'a str) -> &Cluster {
        let policies = &self.cluster.policies;
        self.between.entry((one, other)).or_insert_with(|| {
            let those = policies.iter().filter(|policy| [one, other].contains(&policy.namespace.as_str()));
            Cluster { policies: those.cloned().collect(), ..Cluster::default() }
        })
    }

    fn link(&mut self, scope: &Scope<'_>, from: usize, to: usize, ports: &[(Protocol, u16)]) -> Option<Found> {
        let (source, destination) = (end(self.cluster, from)?, end(self.cluster, to)?);
        let (one, other) = (self.cluster.workloads.get(from)?, self.cluster.workloads.get(to)?);
        let options = options(scope, address(one).is_some() && address(other).is_some());
        let area = self.between(&one.namespace, &other.namespace);
        let mut open = true;
        let mut passing = Vec::new();
        for (protocol, port) in ports {
            let flow =
                Flow { source: source.clone(), destination: destination.clone(), protocol: *protocol, port: *port };
            let (verdict, trace) = eval::verdict(area, &options, &flow);
            open &= !matches!(trace.egress, Side::Isolated(_)) && !matches!(trace.ingress, Side::Isolated(_));
            if verdict == Verdict::Allowed {
                passing.push((*protocol, *port));
            }
        }
        if open {
            return Some(Found::Open);
        }
        let (from, to) = (Spot::Workload(from), Spot::Workload(to));
        let words = ports::words(&passing);
        (!passing.is_empty()).then_some(Found::Link(Link { from, to, ports: words, refutes: None, missing: false }))
    }
}

/// The flows that refute a property, among the others.
fn mark(material: &Material<'_>, scope: &Scope<'_>, links: &mut Vec<Link>) {
    for at in &scope.items {
        let items = (material.plan.items.get(*at), material.answers.get(*at), material.report.properties.get(*at));
        let (Some(item), Some(answered), Some(report)) = items else { continue };
        let Outcome::Refuted(_) = &answered.outcome else { continue };
        let Some(case) = report.answer.cases().first().copied() else { continue };
        let waived = if report.standing() == Standing::Waived { ", waived" } else { "" };
        let flows = if case.steps.is_empty() { std::slice::from_ref(case) } else { &case.steps };
        for case in flows.iter().rev() {
            let (Some(from), Some(to)) = (case.source.as_ref(), Some(&case.destination)) else { continue };
            let (Some(from), Some(to)) = (spot(scope.cluster, from), spot(scope.cluster, to)) else { continue };
            let refutes = Some(format!("{}{waived}", item.name));
            links.insert(0, Link { from, to, ports: ports_of(case), refutes, missing: is_denial(&report.answer) });
        }
    }
}

fn ports_of(case: &CaseReport) -> String {
    match (case.protocol.as_deref(), case.port) {
        (Some(protocol), Some(port)) => format!("{protocol} {port}"),
        (protocol, _) => protocol.unwrap_or("").to_owned(),
    }
}

fn spot(cluster: &Cluster, end: &EndReport) -> Option<Spot> {
    match (end.kind.as_ref(), &end.workload) {
        ("external", _) => Some(Spot::Outside),
        ("pod", Some(name)) => {
            let at = cluster.workloads.iter().position(|workload| workload.full_name() == *name);
            at.map(Spot::Workload)
        }
        ("pod", None) => Some(Spot::Possible(crate::report::words::end(end))),
        _ => None,
    }
}

fn spot_words(cluster: &Cluster, spot: &Spot) -> String {
    match spot {
        Spot::Workload(index) => cluster.workloads.get(*index).map_or_else(String::new, Workload::full_name),
        Spot::Outside => "outside the cluster".to_owned(),
        Spot::Possible(words) => format!("{words}, which somebody could create"),
    }
}

fn row(cluster: &Cluster, link: &Link) -> Row {
    let remark = match (&link.refutes, link.missing) {
        (Some(name), false) => format!("passes against {name}"),
        (Some(name), true) => format!("does not pass, against {name}"),
        (None, _) => String::new(),
    };
    let (from, to) = (spot_words(cluster, &link.from), spot_words(cluster, &link.to));
    Row { from, to, ports: link.ports.clone(), remark }
}

/// Which places are drawn, and which spot is at which.
struct Picture<'a> {
    cluster: &'a Cluster,
    groups: Vec<Group>,
    by_namespace: bool,
    numbers: Vec<(Spot, usize)>,
    next: usize,
}

impl<'a> Picture<'a> {
    fn new(cluster: &'a Cluster, shown: usize, links: &[Link]) -> Picture<'a> {
        let by_namespace = shown > WORKLOADS;
        let mut picture = Picture { cluster, groups: Vec::new(), by_namespace, numbers: Vec::new(), next: 0 };
        let is_on = |spot: &Spot| links.iter().any(|link| link.from == *spot || link.to == *spot);
        if is_on(&Spot::Outside) {
            picture.group("Outside the cluster", "external");
            picture.place(vec![Spot::Outside], "any address", String::new());
        }
        let possible = links.iter().flat_map(|link| [&link.from, &link.to]);
        let mut created: Vec<&Spot> = Vec::new();
        for spot in possible.filter(|spot| matches!(spot, Spot::Possible(_))) {
            if !created.contains(&spot) {
                created.push(spot);
            }
        }
        if !created.is_empty() {
            picture.group("Somebody could create", "possible");
        }
        for spot in created {
            if let Spot::Possible(name) = spot {
                picture.place(vec![spot.clone()], name, String::new());
            }
        }
        picture.workloads(shown);
        picture
    }

    fn workloads(&mut self, shown: usize) {
        let all: Vec<usize> = (0..shown).collect();
        let cluster = self.cluster;
        let is_dns = |index: &usize| cluster.workloads.get(*index).is_some_and(is_dns);
        let (dns, others): (Vec<usize>, Vec<usize>) = all.into_iter().partition(is_dns);
        let mut namespaces: Vec<&str> = Vec::new();
        for workload in others.iter().filter_map(|index| cluster.workloads.get(*index)) {
            if !namespaces.contains(&workload.namespace.as_str()) {
                namespaces.push(&workload.namespace);
            }
        }
        for namespace in namespaces {
            let is_own = |index: &&usize| cluster.workloads.get(**index).is_some_and(|one| one.namespace == *namespace);
            let own: Vec<usize> = others.iter().filter(is_own).copied().collect();
            self.group(namespace, "namespace");
            self.spots(&own);
        }
        if !dns.is_empty() {
            self.group("Cluster DNS", "dns");
            self.spots(&dns);
        }
    }

    fn spots(&mut self, own: &[usize]) {
        if self.by_namespace && own.len() > 1 {
            let spots = own.iter().copied().map(Spot::Workload).collect();
            return self.place(spots, &counted(own.len(), "workload", "workloads"), String::new());
        }
        for index in own {
            let Some(workload) = self.cluster.workloads.get(*index) else { continue };
            self.place(vec![Spot::Workload(*index)], &workload.name, workload.kind.name().to_owned());
        }
    }

    fn group(&mut self, name: &str, kind: &'static str) {
        self.groups.push(Group { name: name.to_owned(), kind, places: Vec::new() });
    }

    fn place(&mut self, spots: Vec<Spot>, name: &str, detail: String) {
        let number = self.next;
        self.next += 1;
        self.numbers.extend(spots.into_iter().map(|spot| (spot, number)));
        if let Some(group) = self.groups.last_mut() {
            group.places.push(Place { number, name: name.to_owned(), detail });
        }
    }

    fn number(&self, spot: &Spot) -> Option<usize> {
        self.numbers.iter().find(|(known, _)| known == spot).map(|(_, number)| *number)
    }

    /// How a place is called where it stands alone: a namespace by its name, anything else by its own.
    fn name(&self, number: usize) -> String {
        let of = |group: &Group| {
            let place = group.places.iter().find(|place| place.number == number)?;
            Some(match group.kind {
                "external" => "the outside".to_owned(),
                "namespace" | "dns" if self.by_namespace && group.places.len() == 1 => group.name.clone(),
                _ => place.name.clone(),
            })
        };
        self.groups.iter().find_map(of).unwrap_or_default()
    }

    /// One arrow a link; where namespaces are drawn, one for all links that show nothing particular.
    fn arrows(&self, links: &[Link]) -> Vec<Arrow> {
        let mut arrows: Vec<Arrow> = Vec::new();
        let mut counts: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for link in links {
            let (Some(from), Some(to)) = (self.number(&link.from), self.number(&link.to)) else { continue };
            if self.by_namespace && link.refutes.is_none() {
                *counts.entry((from, to)).or_default() += 1;
                continue;
            }
            let (name, label) = (self.name(to), link.ports.clone());
            arrows.push(Arrow { from, to, name, label, refutes: link.refutes.clone(), missing: link.missing });
        }
        arrows.extend(counts.into_iter().map(|((from, to), count)| {
            let (name, label) = (self.name(to), counted(count, "connection", "connections"));
            Arrow { from, to, name, label, refutes: None, missing: false }
        }));
        arrows
    }
}

/// The pods that answer for the cluster's DNS, by the labels that distributions give them.
fn is_dns(workload: &Workload) -> bool {
    let has = |key: &str, value: &str| workload.labels.get(key).is_some_and(|own| own == value);
    has("k8s-app", "kube-dns") || has("dns.operator.openshift.io/daemonset-dns", "default")
}
