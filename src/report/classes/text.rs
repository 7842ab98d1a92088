//! Lists of classes for a person at a terminal: a line a class, then what exists today and where it is written.

use super::{ClassReport, DoorReport, ReachReport};
use crate::model::policy::Direction;
use crate::plain;
use crate::report::text::{GREEN, Style, YELLOW};
use crate::report::words::{self, counted};

/// How many workloads are named before the rest is counted.
const NAMED: usize = 6;

/// The whole report.
#[must_use]
pub fn render(report: &ReachReport, style: Style) -> String {
    let mut text = head(report, style);
    for class in &report.classes {
        text += &format!("\n{}", self::class(class, report.asked, style));
    }
    if let Some(case) = &report.beyond {
        let flow = plain::line(&words::flow(case)).into_owned();
        text += &format!("\n{}: beyond this list, on some plugins: {flow}\n", style.paint(YELLOW, "note"));
        text.extend(case.needs.iter().map(|need| format!("  only if: {}\n", plain::line(need))));
    }
    let assumptions = report.assumptions.iter().map(|words| format!("assumes: {}\n", plain::line(words)));
    text + "\n" + &assumptions.collect::<String>()
}

fn head(report: &ReachReport, style: Style) -> String {
    let end = plain::line(&report.end);
    let none = style.paint(GREEN, "nothing");
    let proved = match report.beyond {
        None => "(proved for every pod that could exist)",
        Some(_) => "(proved for plugins that look named ports up at the destination; for others see the note)",
    };
    let count = report.classes.len();
    match (report.asked == "sources", count) {
        (true, 0) => format!("{none} can reach {end} {proved}\n"),
        (false, 0) => format!("{end} can reach {none} {proved}\n"),
        (true, _) => {
            let who = counted(count, "class of sources", "classes of sources");
            format!("{end} can be reached by {who}, and by nothing else {proved}\n")
        }
        (false, _) => {
            let what = counted(count, "class of destinations", "classes of destinations");
            format!("{end} can reach {what}, and nothing else {proved}\n")
        }
    }
}

fn class(class: &ClassReport, asked: &str, style: Style) -> String {
    let is_sources = asked == "sources";
    let (who, other, today) = if is_sources {
        (&class.from, &class.to, &class.sources_today)
    } else {
        (&class.to, &class.from, &class.destinations_today)
    };
    let mut line = vec![who.clone(), class.ports.clone(), by(class)];
    line.extend(class.on_plugins.clone());
    let mut text = format!("{}\n", style.paint(YELLOW, &plain::line(&line.join(" \u{b7} "))));
    let mut add = |name: &str, words: &str| text += &format!("    {name}: {}\n", plain::line(words));
    if is_narrower(class, other, is_sources) {
        add(if is_sources { "to" } else { "from" }, other);
    }
    class.except.iter().for_each(|gone| add("but not", gone));
    add("today", &self::today(today, &class.witness));
    class.doors.iter().for_each(|door| add(verb(door), &place(door)));
    text
}

/// Whether the other end is not simply the one that was asked about: then it has to be said.
fn is_narrower(class: &ClassReport, other: &str, is_sources: bool) -> bool {
    let named = if is_sources { &class.destinations_today } else { &class.sources_today };
    named.len() != 1 || named.first().map(String::as_str) != Some(other)
}

/// "admitted by shop/allow-web, let out by shop/egress".
pub(in crate::report) fn by(class: &ClassReport) -> String {
    let of = |direction| {
        let doors = class.doors.iter().filter(|door| door.direction == direction);
        let mut policies: Vec<_> = doors.map(|door| door.policy.as_str()).collect();
        policies.dedup();
        policies.join(", ")
    };
    let (admitted, released) = (of(Direction::Ingress), of(Direction::Egress));
    let is_open = |direction| class.open.contains(&direction);
    let mut words = Vec::new();
    if !admitted.is_empty() {
        words.push(format!("admitted by {admitted}"));
    }
    if is_open(Direction::Ingress) {
        words.push("no policy isolates the destination".to_owned());
    }
    if !released.is_empty() {
        words.push(format!("let out by {released}"));
    }
    words.join(", ")
}

/// The declared workloads, or that there are none yet.
fn today(workloads: &[String], witness: &crate::report::CaseReport) -> String {
    if workloads.is_empty() {
        let is_outside = witness.source.as_ref().is_some_and(|source| source.kind == "external")
            || witness.destination.kind == "external";
        return if is_outside { "any such address" } else { "no declared workload" }.to_owned();
    }
    named(workloads)
}

/// The first of them by name, and how many more there are.
pub(in crate::report) fn named(workloads: &[String]) -> String {
    let named: Vec<_> = workloads.iter().take(NAMED).cloned().collect();
    let more = workloads.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    named.join(", ") + &more
}

/// What a rule of this direction does to flows.
pub(in crate::report) fn verb(door: &DoorReport) -> &'static str {
    match door.direction {
        Direction::Ingress => "enters",
        Direction::Egress => "leaves",
    }
}

/// Where a rule is written, and what it admits.
pub(in crate::report) fn place(door: &DoorReport) -> String {
    let at = &door.at.position;
    format!("{}:{} {} {}: {}", at.file, at.line, door.policy, door.path, door.text)
}
