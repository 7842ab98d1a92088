//! What a change opens and closes, for a comment on a pull request: a line a class, each with its reasons folded.

use super::{DiffReport, SideReport, stopping};
use crate::report::classes::ClassReport;
use crate::report::classes::text::{named, place, verb};
use crate::report::markdown::{Page, code, inert};
use crate::report::words::{self, counted};

/// The whole report.
#[must_use]
pub fn render(report: &DiffReport) -> String {
    let mut page = Page::new(&head(report), tail(report).len());
    page.add_all(classes(&report.opened, "opens"), "class that opens", "classes that open");
    page.add_all(classes(&report.closed, "closes"), "class that closes", "classes that close");
    page.into_text() + &tail(report)
}

fn head(report: &DiffReport) -> String {
    let words = if report.equivalent {
        "the change opens and closes nothing".to_owned()
    } else {
        let (opened, closed) = (report.opened.classes.len(), report.closed.classes.len());
        format!("opens {}, closes {}", counted(opened, "class of flows", "classes of flows"), closed)
    };
    format!(
        "<!-- netverify-diff -->\n### netverify diff: {words}\n\n{} \u{2192} {}\n\n",
        code(&report.old),
        code(&report.new)
    )
}

fn classes<'a>(side: &'a SideReport, what: &'a str) -> impl Iterator<Item = String> + 'a {
    let beyond =
        side.beyond.as_ref().map(|case| format!("**{what}** more, on some plugins: {}\n\n", code(&words::flow(case))));
    side.classes.iter().map(move |one| class(one, what)).chain(beyond)
}

fn class(class: &ClassReport, what: &str) -> String {
    let (from, to, ports) = (inert(&class.from), inert(&class.to), inert(&class.ports));
    let mut text = format!("<details><summary><b>{what}</b>: {from} \u{2192} {to} \u{b7} {ports}</summary>\n\n");
    let mut add = |name: &str, words: String| text += &format!("- **{name}:** {words}\n");
    class.except.iter().for_each(|gone| add("but not", inert(gone)));
    for (name, workloads) in
        [("sources today", &class.sources_today), ("destinations today", &class.destinations_today)]
    {
        let words = if workloads.is_empty() { "no declared workload".to_owned() } else { named(workloads) };
        add(name, inert(&words));
    }
    add("for example", code(&words::unjudged(&class.witness)));
    class.doors.iter().for_each(|door| add(verb(door), code(&place(door))));
    let stopped = if what == "opens" { "was stopped" } else { "is stopped" };
    stopping(class).for_each(|line| add(stopped, code(&line)));
    class.on_plugins.iter().for_each(|plugins| add("passes", inert(plugins)));
    text + "\n</details>\n\n"
}

fn tail(report: &DiffReport) -> String {
    let notes = report.not_compared.iter().map(|what| format!("**Not compared:** {}.\n\n", inert(what)));
    let assumptions = report.assumptions.iter().map(|words| format!("Assumes: {}.\n\n", inert(words)));
    let run = format!("<sub>netverify {}, Z3 {}</sub>\n", report.netverify, inert(&report.z3));
    notes.chain(assumptions).collect::<String>() + &run
}
