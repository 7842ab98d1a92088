//! The report and the diagnostics for a person at a terminal, in the manner of rustc.
//!
//! Lays out what it is given and computes nothing. The only file that knows `annotate_snippets`. Text
//! that comes from the user goes through `plain`, so that it cannot steer the terminal.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Message, Renderer, Snippet};

use super::words::{self, Note, case_notes, counted, first_notes, one_line, part_words, proof, title, verdict};
use super::{AnswerReport, CaseReport, Place, PolicyReport, PropertyReport, Report, SetsReport, Standing};
use crate::diagnostic::{Diagnostic, Severity};
use crate::plain;
use crate::source::{Origin, SourceMap};

mod window;

use window::{Mark, Window};

/// How to lay out text.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to write colours.
    pub colour: bool,
    /// The width of the terminal in columns.
    pub width: usize,
}

impl Style {
    fn renderer(self) -> Renderer {
        let renderer = if self.colour { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).term_width(self.width)
    }

    pub(super) fn paint(self, colour: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[1;{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

pub(super) const GREEN: &str = "32";
pub(super) const RED: &str = "31";
pub(super) const YELLOW: &str = "33";

/// How much to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The summary and what is not proved.
    Quiet,
    /// Every property.
    Usual,
    /// Every property, why it matters and how long it took.
    Verbose,
}

/// The whole report.
#[must_use]
pub fn render(report: &Report, sources: &SourceMap, style: Style, detail: Detail) -> String {
    let mut text = String::new();
    let mut heading = None;
    let is_told = |one: &&PropertyReport| detail != Detail::Quiet || one.standing() != Standing::Proved;
    for property in report.properties.iter().filter(is_told) {
        let here = (property.spec.as_deref(), property.variant.as_deref());
        if heading != Some(here) && here != (None, None) {
            text += &section(here, heading.is_none());
        }
        heading = Some(here);
        let mut lines = property_lines(property, sources, style);
        if detail == Detail::Verbose {
            lines = with_particulars(&lines, property);
        }
        if lines.starts_with('\n') && text.ends_with("\n\n") {
            text.pop();
        }
        text += &lines;
    }
    text.truncate(text.trim_end().len());
    if !text.is_empty() {
        text += "\n\n";
    }
    text + &summary(report, style)
}

/// The lines of a property, then why it matters and how long it took.
fn with_particulars(lines: &str, property: &PropertyReport) -> String {
    let mut text = lines.trim_end().to_owned() + "\n";
    let why = property.why.as_deref().map(one_line);
    for line in why.iter().chain([&format!("took {}.{:03} ms", property.elapsed_us / 1000, property.elapsed_us % 1000)])
    {
        text += &format!("          {}\n", plain::line(line));
    }
    let gap = lines.strip_prefix(lines.trim_end()).unwrap_or("").get(1..).unwrap_or("");
    text + gap
}

fn section((spec, variant): (Option<&str>, Option<&str>), first: bool) -> String {
    let gap = if first { "" } else { "\n" };
    let name = [spec, variant].into_iter().flatten().map(plain::line).collect::<Vec<_>>().join(", variant ");
    format!("{gap}{name}\n")
}

fn property_lines(property: &PropertyReport, sources: &SourceMap, style: Style) -> String {
    let title = title(property);
    let title = plain::line(&title);
    match &property.answer {
        AnswerReport::Proved { .. } => {
            let mut text = format!("  {} {title}\n", style.paint(GREEN, "proved "));
            let reasons = proof(&property.answer);
            text.extend(reasons.iter().map(|reason| format!("          {}\n", plain::line(reason))));
            text
        }
        AnswerReport::Unknown { reason } => {
            format!("  {} {title}\n          {}\n", style.paint(YELLOW, "unknown"), plain::line(reason))
        }
        AnswerReport::Refuted { counterexample, blocked_by, sets, .. } => {
            let case = counterexample.as_deref();
            let back = sets.as_ref().and_then(|sets| Some((sets, sets.back.as_deref()?)));
            let back =
                back.map_or(String::new(), |(sets, case)| format!("\n{}\n", way_back(sets, case, sources, style)));
            let notes = first_notes(property);
            format!("\n{}\n{back}\n", refutation(property, case, blocked_by, &notes, sources, style))
        }
        AnswerReport::Disagreement { case, trace } => disagreement(&title, case, trace, style),
    }
}

/// What the second of two sets permits and the first does not, where the first, too, permits more.
fn way_back(sets: &SetsReport, case: &CaseReport, sources: &SourceMap, style: Style) -> String {
    let title = format!("and {} permits what {} does not", sets.other, sets.one);
    let marks = blame_marks(case);
    let notes =
        [unseen(case.blames.iter().map(|blame| (&blame.at, blame.text.clone())), sources), case_notes(case)].concat();
    let group = Group::with_title(Level::NOTE.primary_title(plain::line(&title)));
    let group = group.elements(snippets(&marks, sources)).elements(notes.iter().map(|(name, text)| note(name, text)));
    style.renderer().render(&[group])
}

fn refutation(
    property: &PropertyReport,
    case: Option<&CaseReport>,
    blocked_by: &[PolicyReport],
    notes: &[(&'static str, String)],
    sources: &SourceMap,
    style: Style,
) -> String {
    let mut marks: Vec<Mark> = case.into_iter().flat_map(blame_marks).collect();
    marks.extend(blocked_by.iter().map(|policy| Mark {
        origin: policy.at.origin,
        label: part_words(policy.part, policy.direction),
        primary: true,
    }));
    let no_lines = marks.is_empty();
    marks.extend(property.at.as_ref().map(|at| Mark {
        origin: at.origin,
        label: "refuted".to_owned(),
        primary: no_lines,
    }));
    let blamed = case.into_iter().flat_map(|case| &case.blames).map(|blame| (&blame.at, blame.text.clone()));
    let blocking = blocked_by.iter().map(|policy| (&policy.at, part_words(policy.part, policy.direction)));
    let own = property.at.iter().map(|at| (at, "refuted".to_owned()));
    let notes = [unseen(blamed.chain(blocking).chain(own), sources), notes.to_vec()].concat();
    let title = title(property);
    let standing = property.standing();
    let level = if standing == Standing::Waived { Level::WARNING } else { Level::ERROR };
    let group = Group::with_title(level.primary_title(plain::line(&title)).id(standing.word()));
    let group = group.elements(snippets(&marks, sources)).elements(notes.iter().map(|(name, text)| note(name, text)));
    style.renderer().render(&[group])
}

/// Where lines are that cannot be shown, for their file is not at hand: in a report that was read.
fn unseen<'a>(places: impl Iterator<Item = (&'a Place, String)>, sources: &SourceMap) -> Vec<Note> {
    let unseen = places.filter(|(place, _)| sources.file(place.origin.file).is_none());
    unseen.map(|(place, words)| ("at", format!("{}: {words}", place.position))).collect()
}

fn blame_marks(case: &CaseReport) -> Vec<Mark> {
    let mark = |(at, blame): (usize, &super::BlameReport)| Mark {
        origin: blame.at.origin,
        label: blame.text.clone(),
        primary: at == 0,
    };
    case.blames.iter().enumerate().map(mark).collect()
}

/// How much the heading of some lines weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Error,
    Warning,
    Note,
}

/// The heading of some lines: `medium[dash-splits-peer]`.
pub(super) struct Heading<'a> {
    pub(super) weight: Weight,
    pub(super) word: &'a str,
    pub(super) code: &'a str,
}

/// Lines of files with words beside them, the first at fault, under a heading; then notes, each with its name.
pub(super) fn annotated(
    heading: &Heading<'_>,
    title: &str,
    lines: &[(Origin, String)],
    notes: &[Note],
    sources: &SourceMap,
    style: Style,
) -> String {
    let mark = |(at, (origin, label)): (usize, &(Origin, String))| Mark {
        origin: *origin,
        label: label.clone(),
        primary: at == 0,
    };
    let marks: Vec<Mark> = lines.iter().enumerate().map(mark).collect();
    let level = match heading.weight {
        Weight::Error => Level::ERROR,
        Weight::Warning => Level::WARNING,
        Weight::Note => Level::NOTE,
    };
    let level = level.with_name(heading.word);
    let group = Group::with_title(level.primary_title(plain::message(title)).id(heading.code));
    let group = group.elements(snippets(&marks, sources)).elements(notes.iter().map(|(name, text)| note(name, text)));
    style.renderer().render(&[group])
}

fn note<'a>(name: &'a str, text: &str) -> Message<'a> {
    Level::NOTE.with_name(name).message(plain::line(text).into_owned())
}

fn disagreement(title: &str, case: &CaseReport, trace: &str, style: Style) -> String {
    let head = style.paint(RED, "error[disagreement]");
    format!("\n{head}: {title}\n{}\n", disagreement_lines(case, trace))
}

/// Both sides, and what to do about it.
pub(super) fn disagreement_lines(case: &CaseReport, trace: &str) -> String {
    let about = if case.source.is_some() { "flow" } else { "pod" };
    let mut lines = vec![
        format!("The solver and the reference semantics disagree about this {about}:"),
        format!("  {}", words::unjudged(case)),
    ];
    lines.extend(trace.lines().map(str::to_owned));
    lines.push("This is a bug in netverify, and no verdict: nothing is known about the property.".to_owned());
    lines.push("Please report it with this text, the manifests and the spec.".to_owned());
    lines.iter().map(|line| format!("  {}\n", plain::line(line))).collect()
}

fn summary(report: &Report, style: Style) -> String {
    let counts = &report.summary;
    let colour = match (counts.refuted + counts.disagreements, counts.unknown + counts.waived) {
        (0, 0) => GREEN,
        (0, _) => YELLOW,
        _ => RED,
    };
    let mut text = format!(
        "{} ({}, {}, {} ms, Z3 {})\n",
        style.paint(colour, &verdict(counts)),
        counted(report.properties.len(), "property", "properties"),
        counted(counts.policies, "policy", "policies"),
        counts.elapsed_ms,
        report.z3,
    );
    for assumption in &report.assumptions {
        text += &format!("assumes: {}\n", plain::line(assumption));
    }
    text
}

/// Diagnostics, one after the other, in the order given.
#[must_use]
pub fn diagnostics(diagnostics: &[Diagnostic], sources: &SourceMap, style: Style) -> String {
    diagnostics.iter().map(|diagnostic| self::diagnostic(diagnostic, sources, style) + "\n\n").collect()
}

fn diagnostic(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mark =
        |label: &crate::diagnostic::Label, primary| Mark { origin: label.origin, label: label.text.clone(), primary };
    let primary = diagnostic.primary.iter().map(|label| mark(label, true));
    let marks: Vec<_> = primary.chain(diagnostic.related.iter().map(|label| mark(label, false))).collect();
    let notes = diagnostic.notes.iter().map(|text| Level::NOTE.message(plain::message(text).into_owned()));
    let help = diagnostic.help.iter().map(|text| Level::HELP.message(plain::message(text).into_owned()));
    let group = Group::with_title(level.primary_title(plain::message(&diagnostic.message)).id(diagnostic.code.name()));
    style.renderer().render(&[group.elements(snippets(&marks, sources)).elements(notes).elements(help)])
}

/// The lines at fault of a refuted property, as the terminal shows them, without colour.
pub(super) fn excerpt(property: &PropertyReport, sources: &SourceMap, width: usize) -> Option<String> {
    let AnswerReport::Refuted { counterexample, blocked_by, .. } = &property.answer else { return None };
    let style = Style { colour: false, width };
    Some(refutation(property, counterexample.as_deref(), blocked_by, &[], sources, style))
}

/// One snippet a piece of a file.
fn snippets<'a>(marks: &'a [Mark], sources: &'a SourceMap) -> Vec<Snippet<'a, Annotation<'a>>> {
    window::windows(marks, sources).into_iter().map(|window| snippet(window, sources)).collect()
}

fn snippet<'a>(window: Window<'a>, sources: &SourceMap) -> Snippet<'a, Annotation<'a>> {
    let annotations = window.marks.into_iter().map(|(mark, range)| {
        let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(range);
        if mark.label.is_empty() { annotation } else { annotation.label(plain::message(&mark.label)) }
    });
    Snippet::source(window.text)
        .line_start(window.line)
        .path(plain::message(sources.name(window.file)).into_owned())
        .annotations(annotations)
}

/// Plain lines made safe for a terminal, then coloured: the answer, which is the first word, and the
/// signs `+` and `-` at the beginning of a line.
pub(super) fn coloured(text: &str, answer: &str, style: Style) -> String {
    let mut lines = text.lines().map(plain::line);
    let first = lines.next().unwrap_or_default();
    let word = first.split(':').next().unwrap_or("");
    let rest = first.strip_prefix(word).unwrap_or("");
    let first = format!("{}{rest}\n", style.paint(answer, word));
    std::iter::once(first).chain(lines.map(|line| signed(&line, style))).collect()
}

fn signed(line: &str, style: Style) -> String {
    let text = line.trim_start();
    let indent = line.strip_suffix(text).unwrap_or("");
    let sign = [("+ ", GREEN), ("- ", RED)]
        .into_iter()
        .find_map(|(sign, colour)| Some((sign, colour, text.strip_prefix(sign)?)));
    match sign {
        Some((sign, colour, rest)) => format!("{indent}{} {rest}\n", style.paint(colour, sign.trim_end())),
        None => format!("{line}\n"),
    }
}
