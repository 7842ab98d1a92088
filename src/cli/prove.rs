//! `netverify prove`: read, decide, report.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::shared::{self, Format, Input, Limit, Output};
use super::{ExitCode, Streams, write};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::Error;
use crate::outcome::{Counterexample, Outcome};
use crate::plan::{Inputs, Item, Plan};
use crate::prove::{Answered, Prover};
use crate::report::{self, Report};
use crate::source::SourceMap;
use crate::symbolic;
use crate::witness;

/// What the user typed after `prove`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Spec files (TOML)
    #[arg(required_unless_present = "assert", value_name = "SPEC")]
    specs: Vec<String>,

    /// Prove this sentence over the manifests of -m; may be given several times
    #[arg(long, value_name = "SENTENCE")]
    assert: Vec<String>,

    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    limit: Limit,

    /// Write each counterexample as Kubernetes YAML into this folder
    #[arg(long, value_name = "DIR")]
    witness_dir: Option<PathBuf>,

    /// Threads to work with [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// Exit with 0 even if something is refuted or not decided
    #[arg(long)]
    exit_zero: bool,

    /// Also name the kinds of object that were not read
    #[arg(short, long)]
    verbose: bool,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let start = Instant::now();
    let threads = arguments.threads.map_or(0, usize::from);
    let prover = Prover::new(threads, arguments.limit.timeout)?;
    let mut sources = SourceMap::default();
    let mut plan = Plan::read(&inputs(arguments), &mut sources);
    let answers = if plan.has_errors() { Vec::new() } else { prover.prove(&plan.jobs())? };
    plan.diagnostics.extend(vacuous(&plan, &answers));
    diagnose(arguments, &plan, &sources, streams)?;
    if plan.has_errors() {
        return Ok(ExitCode::Fault);
    }
    if let Some(folder) = &arguments.witness_dir {
        write_witnesses(folder, &plan, &answers)?;
    }
    let report = report::build::report(&plan, &sources, &answers, symbolic::z3_version(), start.elapsed());
    let rendered = render(arguments.output.format, &report, &sources, streams);
    write(streams.out, "standard output", &rendered)?;
    Ok(exit_code(arguments, &answers))
}

fn inputs(arguments: &Arguments) -> Inputs {
    Inputs {
        specs: arguments.specs.clone(),
        assertions: arguments.assert.clone(),
        question: None,
        manifests: arguments.input.manifests.clone(),
        settings: arguments.input.settings(),
    }
}

fn render(format: Format, report: &Report, sources: &SourceMap, streams: &Streams<'_>) -> String {
    match format {
        Format::Json => report::json::render(report),
        Format::Text => report::text::render(report, sources, streams.out_style()),
    }
}

/// The faults of the input, and with `-v` the kinds that were not read.
fn diagnose(arguments: &Arguments, plan: &Plan, sources: &SourceMap, streams: &mut Streams<'_>) -> Result<(), Error> {
    shared::diagnose(&plan.diagnostics, sources, streams, "proved")?;
    let mut text = String::new();
    if arguments.verbose {
        text += &unread_kinds(plan);
    }
    write(streams.err, "standard error", &text)
}

fn unread_kinds(plan: &Plan) -> String {
    let mut kinds = std::collections::BTreeMap::new();
    for (kind, count) in plan.clusters.iter().flat_map(|cluster| &cluster.unread_kinds) {
        let most = kinds.entry(kind).or_insert(0);
        *most = (*most).max(*count);
    }
    if kinds.is_empty() {
        return "not read: nothing, every object was of a kind that matters\n".to_owned();
    }
    let words: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    format!("not read, for policies do not look at them: {}\n", words.join(", "))
}

/// A property about nothing is a fault of the spec, not a proof.
fn vacuous(plan: &Plan, answers: &[Answered]) -> Vec<Diagnostic> {
    let about_nothing = |(item, answered): (&Item, &Answered)| {
        matches!(answered.outcome, Outcome::Vacuous).then(|| {
            let variant = item.variant.as_ref().map_or(String::new(), |variant| format!(" in variant {variant}"));
            Diagnostic::error(Code::Vacuous, format!("the property `{}` is about nothing{variant}", item.name))
                .at(item.origin, "no flow or pod that could exist is meant by this")
                .note("A statement about nothing is true whatever the policies say, and proves nothing.")
                .help("check the selectors, namespaces and ports of the sentence against [world] and [trust], or accept it with `allow-vacuous = true`")
        })
    };
    plan.items.iter().zip(answers).filter_map(about_nothing).collect()
}

fn exit_code(arguments: &Arguments, answers: &[Answered]) -> ExitCode {
    let any = |wanted: fn(&Outcome) -> bool| answers.iter().any(|answered| wanted(&answered.outcome));
    if any(|outcome| matches!(outcome, Outcome::Disagreement(_))) {
        ExitCode::Disagreement
    } else if arguments.exit_zero {
        ExitCode::Proved
    } else if any(|outcome| matches!(outcome, Outcome::Refuted(_))) {
        ExitCode::Refuted
    } else if any(|outcome| matches!(outcome, Outcome::Unknown(_))) {
        ExitCode::Unknown
    } else {
        ExitCode::Proved
    }
}

/// One file a counterexample, named after the property and its variant.
fn write_witnesses(folder: &Path, plan: &Plan, answers: &[Answered]) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    for (item, answered) in plan.items.iter().zip(answers) {
        let Some(counterexample) = counterexample(&answered.outcome) else { continue };
        let path = folder.join(witness_name(item));
        let header =
            format!("{}: {}\nMade by netverify: a pod that shows why this is refuted.", item.name, item.sentence);
        let text = witness::yaml::documents(plan.cluster(item), &header, counterexample);
        std::fs::write(&path, text).map_err(failed(&path))?;
    }
    Ok(())
}

fn counterexample(outcome: &Outcome) -> Option<&Counterexample> {
    match outcome {
        Outcome::Refuted(refutation) => refutation.counterexample.as_deref(),
        _ => None,
    }
}

/// `rag-as-published.step-3.embeddings-stay-home.yaml`.
fn witness_name(item: &Item) -> String {
    let spec = item.spec.as_deref().and_then(|path| Path::new(path).file_stem()?.to_str());
    let parts = [spec, item.variant.as_deref(), Some(item.name.as_str())];
    format!("{}.yaml", parts.into_iter().flatten().collect::<Vec<_>>().join("."))
}
