//! `netverify lint`: read, look through, report.

use std::collections::BTreeSet;
use std::time::Instant;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::output::{self, Output, file_output};
use super::shared::{self, Input, Limit};
use super::{ExitCode, Streams, file, interrupt, write};
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::finding::{Code, Severity};
use crate::lint::{self, Linted};
use crate::manifest::Memory;
use crate::model::plugin::Plugin;
use crate::plan::{self, Inputs, Plan};
use crate::prove::Prover;
use crate::report;
use crate::report::lint::{Gate, LintReport};
use crate::report::text::Style;
use crate::source::SourceMap;
use crate::symbolic;

/// What the user typed after `lint`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 no finding at or above --fail-on, 1 such findings, 2 the command line, a spec or a manifest is at fault,\n\
    3 some questions were not decided within the limits, 4 a bug in netverify (the two semantics disagree)."
)]
pub(super) struct Arguments {
    /// Spec files (TOML): their manifests, worlds and variants are looked through
    #[arg(value_name = "SPEC")]
    specs: Vec<String>,

    #[command(flatten)]
    input: Input,

    /// The network plugin; a spec names its own
    #[arg(long, value_name = "NAME", default_value = "any", value_parser = shared::plugins(), conflicts_with = "specs")]
    plugin: Plugin,

    /// Leave out findings of this code; may be given several times
    #[arg(long, value_name = "CODE", value_parser = codes(), hide_possible_values = true)]
    allow: Vec<Code>,

    /// Exit with 1 from this severity on
    #[arg(long, value_name = "SEVERITY", default_value = "medium", value_parser = severities())]
    fail_on: Severity,

    /// How to write the findings to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Write the findings to a file as well, in a format of its own; may be given several times
    #[arg(short, long = "output", value_name = "FORMAT=FILE", value_parser = file_output::<Format>)]
    outputs: Vec<Output<Format>>,

    /// Only the findings that fail the run, and the summary
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten)]
    limit: Limit,

    /// Threads to work with [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

/// The formats of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person at a terminal
    Text,
    /// For programs; versioned
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For the log of GitHub Actions: an annotation on the lines of each finding
    Github,
}

fn codes() -> impl TypedValueParser<Value = Code> {
    let names = Code::ALL.iter().map(|code| PossibleValue::new(code.name()).help(code.title()));
    // Only names of codes come this far.
    PossibleValuesParser::new(names).try_map(|name| Code::of_name(&name).ok_or("no such code"))
}

fn severities() -> impl TypedValueParser<Value = Severity> {
    let named = |name: String| Severity::ALL.into_iter().find(|severity| severity.name() == name);
    PossibleValuesParser::new(Severity::ALL.map(Severity::name))
        .try_map(move |name| named(name).ok_or("no such severity"))
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let start = Instant::now();
    output::check(&arguments.outputs)?;
    let prover = arguments.limit.prover(arguments.threads.map_or(0, usize::from))?;
    let mut sources = SourceMap::default();
    let mut plan = Plan::read(&inputs(arguments), &mut sources);
    if arguments.specs.is_empty() && arguments.input.manifests.is_empty() {
        plan.diagnostics = vec![plan::no_manifests("lint needs manifests or a spec to look through")];
    }
    plan.diagnostics.extend(output::faults(&arguments.outputs, &sources));
    let (told, faults) = std::mem::take(&mut plan.diagnostics).into_iter().partition(lint::is_finding);
    plan.diagnostics = faults;
    shared::diagnose(&plan.diagnostics, &sources, streams, "looked through")?;
    if plan.has_errors() {
        return Ok(ExitCode::Fault);
    }
    let prover = prover.with_interrupt(interrupt::on_signals());
    let linted = looked_through(&plan, &told, &prover)?;
    let gate = Gate { allow: arguments.allow.iter().copied().collect::<BTreeSet<_>>(), fail_on: arguments.fail_on };
    let report = report::lint::report(&plan, &sources, &linted, &gate, symbolic::z3_version(), start.elapsed());
    write_report(arguments, &report, &sources, streams)?;
    Ok(exit_code(&report))
}

fn inputs(arguments: &Arguments) -> Inputs {
    Inputs {
        specs: arguments.specs.clone(),
        plugin: arguments.plugin,
        grounds_only: true,
        manifests: arguments.input.manifests.clone(),
        settings: arguments.input.settings(),
        memory: Memory::default(),
        ..Inputs::default()
    }
}

fn looked_through(plan: &Plan, faults: &[Diagnostic], prover: &Prover) -> Result<Vec<Linted>, Error> {
    let grounds = plan.grounds.iter().filter_map(|ground| Some((plan.cluster_of(ground), plan.world_of(ground)?)));
    grounds.map(|(cluster, world)| lint::lint(cluster, world, faults, prover)).collect()
}

fn write_report(
    arguments: &Arguments,
    report: &LintReport,
    sources: &SourceMap,
    streams: &mut Streams<'_>,
) -> Result<(), Error> {
    let plain = Style { colour: false, width: streams.width };
    let render = |format, style| render(arguments.quiet, format, report, sources, style);
    let documents: Vec<_> =
        arguments.outputs.iter().map(|output| (output.path.clone(), render(output.format, plain))).collect();
    file::write_all(&documents)?;
    let text = render(arguments.format, streams.out_style());
    write(streams.out, "standard output", &text)
}

fn render(quiet: bool, format: Format, report: &LintReport, sources: &SourceMap, style: Style) -> String {
    // Where there is no current folder, paths stay as they are.
    let top = std::env::current_dir().unwrap_or_default();
    match format {
        Format::Text => report::lint::text::render(report, sources, style, quiet),
        Format::Json => report::json::render(report),
        Format::Sarif => report::lint::sarif::render(report, &top),
        Format::Github => report::lint::github::render(report, &top),
    }
}

/// The worst news decides.
fn exit_code(report: &LintReport) -> ExitCode {
    if !report.disagreements.is_empty() {
        ExitCode::Disagreement
    } else if report.summary.failing > 0 {
        ExitCode::Refuted
    } else if !report.undecided.is_empty() {
        ExitCode::Unknown
    } else {
        ExitCode::Proved
    }
}
