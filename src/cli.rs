//! The command line: what the user typed, as types, and one small room a subcommand.
//!
//! The only module that knows `clap`. [`run`] turns arguments into an exit code; `main` does no more
//! than hand it the arguments and the streams.

mod diff;
mod dump;
mod explain;
mod file;
mod init;
mod interrupt;
mod lint;
mod manual;
mod matrix;
mod merge;
mod names;
mod output;
mod paths;
mod progress;
mod prove;
mod query;
mod reach;
mod report;
mod scene;
mod schema;
mod shared;
#[cfg(test)]
mod tests;
mod vacuous;
mod watch;

use std::io::{IsTerminal, Write};

use clap::{CommandFactory, Parser, Subcommand};

use crate::classes::Asked;
use crate::error::Error;
use crate::plain;
use crate::report::text::Style;

/// Proves statements about Kubernetes network policies for every pod that could exist.
#[derive(Debug, Parser)]
#[command(name = "netverify", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 all proved (or waived) or answered, 1 something refuted (or, of `paths`, not as expected), 2 the command line, a spec or a manifest is at fault,\n\
    3 not decided within the limits or interrupted, and nothing refuted, 4 a bug in netverify (the two semantics disagree)."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prove every property of every variant of the specs
    Prove(prove::Arguments),
    /// Write the security review of the specs: one HTML or Markdown document
    Report(report::Arguments),
    /// Answer one question, with the flow that shows it or the reason why not
    Query(query::Arguments),
    /// Put the reports of all shares of a run together (prove --shard)
    Merge(merge::Arguments),
    /// Show what becomes of one concrete flow, rule by rule
    Explain(explain::Arguments),
    /// Say what a change of manifests opens and closes, and nothing else
    Diff(diff::Arguments),
    /// List who can reach an endpoint: all of it, as few classes as possible
    WhoCanReach(reach::Arguments),
    /// List what can be reached from an endpoint: all of it, as few classes as possible
    WhatCanBeReachedFrom(reach::Arguments),
    /// Write a first spec from manifests: what holds today, for a person to keep
    Init(init::Arguments),
    /// Show who reaches whom among the declared workloads
    Matrix(matrix::Arguments),
    /// Show by which chains of flows one end comes to another
    Paths(paths::Arguments),
    /// Find policies that cannot mean what they say
    Lint(lint::Arguments),
    /// Write the JSON Schema of the report or of a spec
    Schema(schema::Arguments),
    /// Write the completions for a shell
    Completions(manual::Completions),
    /// Write a page of the manual
    Man(manual::Manual),
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// All proved.
    Proved = 0,
    /// Something is refuted, or not as it was expected.
    Refuted = 1,
    /// The command line, a spec or a manifest is at fault; or netverify could not do its job.
    Fault = 2,
    /// Something is not decided, within the limits or because of an interruption, and nothing refuted.
    Unknown = 3,
    /// The two semantics disagree: a bug in netverify.
    Disagreement = 4,
}

/// The two streams that a run writes to, and what is known of the terminal.
pub struct Streams<'a> {
    /// For the report.
    pub out: &'a mut dyn Write,
    /// For diagnostics.
    pub err: &'a mut dyn Write,
    /// Whether the report may be coloured.
    pub out_colour: bool,
    /// Whether diagnostics may be coloured.
    pub err_colour: bool,
    /// The width of the terminal in columns.
    pub width: usize,
    /// Whether diagnostics go to a terminal, at which somebody may wait.
    pub err_terminal: bool,
}

impl Streams<'_> {
    /// How to lay out the report.
    pub(crate) fn out_style(&self) -> Style {
        Style { colour: self.out_colour, width: self.width }
    }

    /// How to lay out diagnostics.
    pub(crate) fn err_style(&self) -> Style {
        Style { colour: self.err_colour, width: self.width }
    }
}

/// Runs one command line.
///
/// # Errors
/// Only what the user's input is not to blame for: see [`Error`].
pub fn run(arguments: &[std::ffi::OsString], streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    match Arguments::try_parse_from(arguments) {
        Ok(Arguments { command }) => run_command(&command, streams),
        Err(error) => usage(&error, streams),
    }
}

fn run_command(command: &Command, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    match command {
        Command::Prove(arguments) => prove::run(arguments, streams),
        Command::Report(arguments) => report::run(arguments, streams),
        Command::Query(arguments) => query::run(arguments, streams),
        Command::Merge(arguments) => merge::run(arguments, streams),
        Command::Explain(arguments) => explain::run(arguments, streams),
        Command::Diff(arguments) => diff::run(arguments, streams),
        Command::WhoCanReach(arguments) => reach::run(arguments, Asked::Sources, streams),
        Command::WhatCanBeReachedFrom(arguments) => reach::run(arguments, Asked::Destinations, streams),
        Command::Init(arguments) => init::run(arguments, streams),
        Command::Matrix(arguments) => matrix::run(arguments, streams),
        Command::Paths(arguments) => paths::run(arguments, streams),
        Command::Lint(arguments) => lint::run(arguments, streams),
        Command::Schema(arguments) => schema::run(arguments, streams),
        Command::Completions(arguments) => manual::completions(Arguments::command(), arguments, streams),
        Command::Man(arguments) => manual::manual(Arguments::command(), arguments, streams),
    }
}

/// What clap has to say: help and version are answers, everything else is a fault.
fn usage(error: &clap::Error, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let styled = error.render();
    // An argument that is quoted back may hold what steers the terminal; then colours are left out too.
    let plain = plain::lines(&styled.to_string());
    let text =
        |colour: bool| if colour && plain == styled.to_string() { styled.ansi().to_string() } else { plain.clone() };
    if error.use_stderr() {
        write(streams.err, "standard error", &text(streams.err_colour))?;
        Ok(ExitCode::Fault)
    } else {
        write(streams.out, "standard output", &text(streams.out_colour))?;
        Ok(ExitCode::Proved)
    }
}

/// Writes all of it. A reader that has gone away wants no more: that is no error.
pub(crate) fn write(stream: &mut dyn Write, name: &str, text: &str) -> Result<(), Error> {
    let written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(source) => Err(Error::Write { path: name.into(), source }),
        Ok(()) => Ok(()),
    }
}

/// Says that netverify itself could not do its job.
#[must_use]
pub fn failed(error: &Error, streams: &mut Streams<'_>) -> ExitCode {
    // Where standard error is gone as well, the exit code has to do.
    let _ = writeln!(streams.err, "error: {}", plain::line(&error.to_string()));
    ExitCode::Fault
}

/// Whether to write colours to a stream: to a terminal that is not a dumb one, unless `NO_COLOR` is set
/// or `CLICOLOR` is 0; anywhere where `CLICOLOR_FORCE` is set to anything but 0.
#[must_use]
pub fn colour(stream: &impl IsTerminal) -> bool {
    let is_forced = anstyle_query::clicolor_force() && std::env::var_os("CLICOLOR_FORCE").is_some_and(|set| set != "0");
    let wanted = anstyle_query::clicolor();
    let can = || anstyle_query::term_supports_color() || wanted == Some(true) || anstyle_query::is_ci();
    !anstyle_query::no_color() && (is_forced || (wanted != Some(false) && stream.is_terminal() && can()))
}

/// Whether standard error is a terminal with a person in front of it: not in CI, and not a dumb one.
#[must_use]
pub fn is_attended() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stderr().is_terminal() && !is_set("CI") && !is_dumb
}

/// The width to lay text out for, in columns: that of `COLUMNS` or of the terminal, or 120.
#[must_use]
pub fn width() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let given = given.filter(|columns| (40..=400).contains(columns));
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0).clamp(40, 400));
    given.or_else(terminal).unwrap_or(120)
}
