//! What a change opens and closes, for a person at a terminal.

use super::{DiffReport, SideReport, stopping};
use crate::plain;
use crate::report::classes::ClassReport;
use crate::report::classes::text::{by, named, place, verb};
use crate::report::text::{GREEN, RED, Style, YELLOW};
use crate::report::words::{self, counted};

/// The whole report.
#[must_use]
pub fn render(report: &DiffReport, style: Style) -> String {
    let mut text = head(report, style);
    text += &side(&report.opened, '+', "opens", style);
    text += &side(&report.closed, '-', "closes", style);
    let warning = style.paint(YELLOW, "not compared");
    text.extend(report.not_compared.iter().map(|what| {
        format!(
            "{warning}: {}: both sides are taken as after the change, and what opens or closes by it is not known\n",
            plain::line(what)
        )
    }));
    text.extend(report.assumptions.iter().map(|words| format!("assumes: {}\n", plain::line(words))));
    text
}

fn head(report: &DiffReport, style: Style) -> String {
    let (old, new) = (plain::line(&report.old), plain::line(&report.new));
    if report.equivalent {
        let equivalent = style.paint(GREEN, "equivalent");
        return format!(
            "{equivalent}: {old} and {new} let the same flows pass (proved for every pod that could exist)\n\n"
        );
    }
    let (opened, closed) = (report.opened.classes.len(), report.closed.classes.len());
    let count = |count, verb: &str| format!("{verb} {}", counted(count, "class of flows", "classes of flows"));
    let words = match (opened, closed) {
        (0, 0) if is_exact(report) => "opens and closes nothing that is compared".to_owned(),
        (0, 0) => "opens and closes nothing on most plugins".to_owned(),
        (_, 0) => format!("{}, and closes nothing", count(opened, "opens")),
        (0, _) => format!("{}, and opens nothing", count(closed, "closes")),
        _ => format!("{} and {}", count(opened, "opens"), count(closed, "closes")),
    };
    let proved =
        if is_exact(report) { "proved for every pod that could exist" } else { "on some plugins more: see the notes" };
    format!("{old} -> {new}: {words} ({proved})\n\n")
}

/// Whether the classes are all, whatever the plugin.
fn is_exact(report: &DiffReport) -> bool {
    report.opened.beyond.is_none() && report.closed.beyond.is_none()
}

fn side(side: &SideReport, sign: char, verb: &str, style: Style) -> String {
    let colour = if sign == '+' { RED } else { GREEN };
    let mut text: String = side.classes.iter().map(|one| class(one, sign, verb, style, colour)).collect();
    if let Some(case) = &side.beyond {
        let flow = plain::line(&words::flow(case)).into_owned();
        text += &format!("{}: on some plugins it {verb} more: {flow}\n", style.paint(YELLOW, "note"));
        text.extend(case.needs.iter().map(|need| format!("    only if: {}\n", plain::line(need))));
        text += "\n";
    }
    text
}

fn class(class: &ClassReport, sign: char, what: &str, style: Style, colour: &str) -> String {
    let title = format!("{what}: {} -> {} \u{b7} {}", class.from, class.to, class.ports);
    let mut text = format!("{}\n", style.paint(colour, &format!("{sign} {}", plain::line(&title))));
    let mut add = |name: &str, words: &str| text += &format!("    {name}: {}\n", plain::line(words));
    class.except.iter().for_each(|gone| add("but not", gone));
    add("today", &today(class));
    add("for example", &words::unjudged(&class.witness));
    let by = by(class);
    if !by.is_empty() {
        add(if what == "opens" { "because" } else { "passed" }, &by);
    }
    class.doors.iter().for_each(|door| add(verb(door), &place(door)));
    let stopped = if what == "opens" { "was stopped" } else { "is stopped" };
    stopping(class).for_each(|line| add(stopped, &line));
    class.on_plugins.iter().for_each(|plugins| add("passes", plugins));
    text + "\n"
}

/// From which declared workloads to which, or that there are none yet.
fn today(class: &ClassReport) -> String {
    let is_outside = |end: &crate::report::EndReport| end.kind == "external";
    let from = class.witness.source.as_ref().is_some_and(is_outside);
    let to = is_outside(&class.witness.destination);
    let of = |workloads: &[String], is_outside: bool| match (workloads.is_empty(), is_outside) {
        (false, _) => Some(named(workloads)),
        (true, true) => Some("any such address".to_owned()),
        (true, false) => None,
    };
    match (of(&class.sources_today, from), of(&class.destinations_today, to)) {
        (Some(from), Some(to)) => format!("{from} -> {to}"),
        (Some(_), None) => "no declared workload is such a destination".to_owned(),
        (None, _) => "no declared workload is such a source".to_owned(),
    }
}
