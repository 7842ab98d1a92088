//! `netverify merge`: the reports of the shares of one run become the report of the whole run.

use std::path::Path;

use clap::Args;

use super::output::Outputs;
use super::{ExitCode, Streams, prove, shared};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::Error;
use crate::manifest;
use crate::plain;
use crate::report::{Report, Summary, merge};
use crate::source::SourceMap;

/// What the user typed after `merge`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The JSON reports of all shares, as `prove --shard I/N --format json` writes them, in any order
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<String>,

    #[command(flatten)]
    outputs: Outputs,

    /// Exit with 0 even if something is refuted or not decided within the limits
    #[arg(long)]
    exit_zero: bool,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    arguments.outputs.check()?;
    let (mut sources, mut diagnostics) = (SourceMap::default(), Vec::new());
    let shares: Vec<(String, Report)> =
        arguments.reports.iter().filter_map(|path| share(path, &mut sources, &mut diagnostics)).collect();
    diagnostics.extend(arguments.outputs.faults(&sources));
    let is_whole = !diagnostics.iter().any(Diagnostic::is_error);
    let merged = is_whole.then(|| merge::merge(shares).map_err(|words| diagnostics.push(unfit(&words))).ok()).flatten();
    shared::diagnose(&diagnostics, &sources, streams, "merged")?;
    let Some(report) = merged else { return Ok(ExitCode::Fault) };
    // The files that the report is about are not at hand, so no lines of them are shown.
    let no_files = SourceMap::default();
    arguments
        .outputs
        .write(&|format, style, detail| prove::render(&report, &no_files, format, style, detail), streams)?;
    Ok(exit_code(arguments.exit_zero, &report.summary))
}

fn share(path: &str, sources: &mut SourceMap, diagnostics: &mut Vec<Diagnostic>) -> Option<(String, Report)> {
    let file = manifest::open(Path::new(path), sources, diagnostics)?;
    let text = sources.file(file).map(|file| file.text().clone())?;
    let name = plain::line(path).into_owned();
    match Report::read(&text) {
        Ok(report) => Some((name, report)),
        Err(words) => {
            let fault = Diagnostic::error(Code::FileUnreadable, format!("{name} cannot be merged: {words}"));
            let help = "give the reports of `netverify prove --shard I/N --format json`, all made by this version";
            diagnostics.push(fault.help(help));
            None
        }
    }
}

fn unfit(words: &str) -> Diagnostic {
    Diagnostic::error(Code::Usage, words.to_owned())
        .note("Only all shares together say what a whole run says.")
        .help("give the reports of all shares of one run, each once")
}

/// The worst news decides, as for `prove`.
fn exit_code(exit_zero: bool, counts: &Summary) -> ExitCode {
    match counts {
        Summary { disagreements: 1.., .. } => ExitCode::Disagreement,
        _ if exit_zero => ExitCode::Proved,
        Summary { refuted: 1.., .. } => ExitCode::Refuted,
        Summary { unknown: 1.., .. } => ExitCode::Unknown,
        _ => ExitCode::Proved,
    }
}
