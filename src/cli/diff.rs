//! `netverify diff`: what a change of manifests opens and closes.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::output::{Format, Outputs};
use super::shared::{self, Input, Limit};
use super::{ExitCode, Streams, interrupt, reach};
use crate::diagnostic::{Code, Diagnostic};
use crate::diff;
use crate::error::Error;
use crate::manifest::{self, ManifestPath};
use crate::model::plugin::Plugin;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::plan;
use crate::report;
use crate::report::diff::DiffReport;
use crate::report::text::Style;
use crate::source::SourceMap;
use crate::symbolic;

/// What the user typed after `diff`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The manifests before: a file, a folder, a glob, or - for standard input
    #[arg(value_name = "OLD")]
    old: String,

    /// The manifests after
    #[arg(value_name = "NEW")]
    new: String,

    #[command(flatten)]
    input: Input,

    /// The network plugin; by default what any plugin may let pass counts
    #[arg(long, value_name = "NAME", default_value = "any", value_parser = shared::plugins())]
    plugin: Plugin,

    /// Exit with 1 where something opens, where something closes, or either
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Option<FailOn>,

    #[command(flatten)]
    outputs: Outputs,

    #[command(flatten)]
    limit: Limit,
}

/// What a gate does not let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Flows that did not pass before
    Opened,
    /// Flows that do not pass any more
    Closed,
    /// Either
    Any,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    arguments.outputs.check()?;
    let prover = arguments.limit.prover(1)?.with_interrupt(interrupt::on_signals());
    let (mut sources, mut diagnostics) = (SourceMap::default(), Vec::new());
    diagnostics.extend(same(arguments));
    let sides = [&arguments.old, &arguments.new].map(|path| side(arguments, path, &mut sources, &mut diagnostics));
    diagnostics.extend(no_policies(&sides, &diagnostics));
    diagnostics.extend(arguments.outputs.faults(&sources));
    shared::diagnose(&diagnostics, &sources, streams, "compared")?;
    let ([old, new], false) = (&sides, diagnostics.iter().any(Diagnostic::is_error)) else {
        return Ok(ExitCode::Fault);
    };
    let merged = diff::merge(old, new, [&arguments.old, &arguments.new]);
    let world = World { plugin: arguments.plugin, ..World::default() };
    let found = match diff::diff(&prover, &merged, &world) {
        Ok(found) => found,
        Err(stop) => return reach::stopped(stop, streams),
    };
    let assumptions = plan::assumptions_of(&[&merged.cluster], &world);
    let report = report::diff::report(&merged, &sources, &found, assumptions, symbolic::z3_version());
    arguments.outputs.write(&|format, style, _| render(&report, format, style), streams)?;
    Ok(exit_code(arguments.fail_on, &report))
}

/// The cluster of one side, with what -m adds to both.
fn side(arguments: &Arguments, path: &str, sources: &mut SourceMap, diagnostics: &mut Vec<Diagnostic>) -> Cluster {
    let paths = std::iter::once(path).chain(arguments.input.manifests.iter().map(String::as_str));
    let paths: Vec<_> = paths.map(ManifestPath::new).collect();
    let objects = manifest::read(&paths, &arguments.input.settings(), sources, diagnostics);
    manifest::assemble(&[&objects], diagnostics)
}

/// Both sides lead to one place.
fn same(arguments: &Arguments) -> Option<Diagnostic> {
    let (old, new) = (arguments.old.as_str(), arguments.new.as_str());
    if old == "-" && new == "-" {
        let fault = Diagnostic::error(Code::Usage, "both sides of the diff are standard input");
        return Some(fault.help("read one of them from a file or folder"));
    }
    let place = |path: &str| Path::new(path).canonicalize().ok();
    let is_same = old == new || place(old).is_some_and(|old| place(new) == Some(old));
    is_same.then(|| {
        Diagnostic::error(Code::Usage, format!("`{old}` and `{new}` are one and the same"))
            .note("Nothing can open or close between them.")
            .help("name the manifests before and after, such as a folder of `git worktree add` and `k8s/`")
    })
}

/// Without policies everything passes on both sides, and such an answer says nothing. Whatever could not be read may have
/// been a policy.
fn no_policies(sides: &[Cluster; 2], diagnostics: &[Diagnostic]) -> Option<Diagnostic> {
    let is_read = diagnostics.iter().all(|diagnostic| !diagnostic.is_error());
    (is_read && sides.iter().all(|side| side.policies.is_empty())).then(|| {
        Diagnostic::error(Code::EmptyInput, "neither side holds a NetworkPolicy")
            .note("Without a policy everything is allowed, before and after.")
            .help("name files or folders that hold policies")
    })
}

fn render(report: &DiffReport, format: Format, style: Style) -> String {
    // Where there is no current folder, paths stay as they are.
    let top = std::env::current_dir().unwrap_or_default();
    match format {
        Format::Text => report::diff::text::render(report, style),
        Format::Json => report::json::render(report),
        Format::Markdown => report::diff::markdown::render(report),
        Format::Sarif => report::sarif::render(&report::diff::as_report(report), &top),
        Format::Junit => report::junit::render(&report::diff::as_report(report)),
        Format::Github => report::diff::github::render(report, &top),
    }
}

/// A gate fails closed: a flow that only some plugins let pass counts, and what is not compared is not decided.
fn exit_code(fail_on: Option<FailOn>, report: &DiffReport) -> ExitCode {
    let is_there = |side: &report::diff::SideReport| !side.classes.is_empty() || side.beyond.is_some();
    let (opened, closed) = (is_there(&report.opened), is_there(&report.closed));
    let fails = match fail_on {
        None => false,
        Some(FailOn::Opened) => opened,
        Some(FailOn::Closed) => closed,
        Some(FailOn::Any) => opened || closed,
    };
    match (fails, fail_on.is_some() && !report.not_compared.is_empty()) {
        (true, _) => ExitCode::Refuted,
        (false, true) => ExitCode::Unknown,
        (false, false) => ExitCode::Proved,
    }
}
