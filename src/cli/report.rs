//! `netverify report`: the security review of a spec, as one document.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::shared::{self, Input, Limit};
use super::{ExitCode, Streams, file, interrupt, prove, write};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::Error;
use crate::manifest::Memory;
use crate::plan::{Inputs, Plan};
use crate::report::review::{Review, html, markdown};
use crate::report::{self, waive};
use crate::review::{self, Limits, Material};
use crate::source::{SourceFile, SourceMap};
use crate::symbolic;

/// What the user typed after `report`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Spec files (TOML)
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<String>,

    /// Write the report to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// How to write it [default: by the ending of the file, else html]
    #[arg(long, value_enum)]
    format: Option<Format>,

    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    limit: Limit,

    /// The most questions about changed policies, for coverage; 0 leaves it out
    #[arg(long, value_name = "N", default_value_t = 800)]
    coverage_limit: usize,

    /// Threads to work with [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// Exit with 0 even if something is refuted or not decided within the limits
    #[arg(long)]
    exit_zero: bool,
}

/// The formats of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One HTML file without scripts
    Html,
    /// Markdown
    Markdown,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let start = Instant::now();
    if let Some(path) = &arguments.output {
        file::check(path)?;
    }
    let interrupt = interrupt::on_signals();
    let threads = arguments.threads.map_or(0, usize::from);
    let prover = arguments.limit.prover(threads)?.with_interrupt(interrupt.clone());
    let mut sources = SourceMap::default();
    let mut plan = plan(arguments, &mut sources);
    let answers = if plan.has_errors() { Vec::new() } else { prover.prove(&plan.jobs())? };
    plan.diagnostics.extend(prove::about_nothing(&plan, &answers));
    plan.diagnostics.extend(waive::unneeded(&plan, &answers));
    shared::diagnose(&plan.diagnostics, &sources, streams, "proved")?;
    if plan.has_errors() {
        return Ok(ExitCode::Fault);
    }
    let report = report::build::report(&plan, &sources, &answers, symbolic::z3_version(), start.elapsed());
    let material = Material { plan: &plan, sources: &sources, answers: &answers, report: &report, prover: &prover };
    let reviewed = review::review(&material, Limits { coverage: arguments.coverage_limit })?;
    deliver(arguments, &render(&reviewed.review, format(arguments))?, streams)?;
    if reviewed.disagrees {
        return Ok(ExitCode::Disagreement);
    }
    // Who ended the run early shall not take it for a whole one.
    let exit_zero = arguments.exit_zero && !interrupt.is_set();
    Ok(prove::exit_code(exit_zero, prove::gating(&plan, &answers)))
}

/// Everything to prove, and the faults of the command line among those of the files.
fn plan(arguments: &Arguments, sources: &mut SourceMap) -> Plan {
    let today = prove::today();
    let prove::Today { date, is_given } = today.as_ref().copied().unwrap_or_default();
    let inputs = Inputs {
        specs: arguments.specs.clone(),
        manifests: arguments.input.manifests.clone(),
        settings: arguments.input.settings(),
        memory: Memory::default(),
        today: date,
        today_is_given: is_given,
        ..Inputs::default()
    };
    let mut plan = Plan::read(&inputs, sources);
    plan.diagnostics.extend(today.err());
    plan.diagnostics.extend(arguments.output.as_deref().and_then(|path| overwrites(path, sources)));
    plan
}

/// The report in the place of a file that is read.
fn overwrites(output: &Path, sources: &SourceMap) -> Option<Diagnostic> {
    let place = file::identity(output);
    let inputs = sources.files().filter(|one| one.is_file()).map(SourceFile::name);
    let is_read = inputs.map(|name| file::identity(Path::new(name))).any(|input| input == place);
    let fault = || Diagnostic::error(Code::Usage, format!("the output {} is a file that is read", output.display()));
    is_read.then(|| fault().help("name another file"))
}

fn format(arguments: &Arguments) -> Format {
    let ending = arguments.output.as_deref().and_then(Path::extension);
    let is_markdown = ending.is_some_and(|ending| ending == "md" || ending == "markdown");
    arguments.format.unwrap_or(if is_markdown { Format::Markdown } else { Format::Html })
}

fn render(review: &Review, format: Format) -> Result<String, Error> {
    let rendered = match format {
        Format::Html => html::render(review),
        Format::Markdown => markdown::render(review),
    };
    rendered.map_err(|fault| Error::Page(fault.to_string()))
}

fn deliver(arguments: &Arguments, text: &str, streams: &mut Streams<'_>) -> Result<(), Error> {
    match &arguments.output {
        Some(path) => file::write_all(&[(path.clone(), text.to_owned())]),
        None => write(streams.out, "standard output", text),
    }
}
