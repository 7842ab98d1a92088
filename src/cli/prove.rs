//! `netverify prove`: read, decide, report.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::shared::{self, Format, Input, Limit, Output};
use super::{ExitCode, Streams, vacuous, write};
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::model::plugin::Plugin;
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

    /// The network plugin to prove the sentences of --assert for; a spec names its own
    #[arg(long, value_name = "NAME", default_value = "any", value_parser = plugins(), requires = "assert")]
    plugin: Plugin,

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

/// The names of the plugins, for help and for a slip of the finger.
fn plugins() -> impl TypedValueParser<Value = Plugin> {
    let named = |name: String| Plugin::NAMES.into_iter().find(|(known, _)| *known == name);
    let names = PossibleValuesParser::new(Plugin::NAMES.map(|(name, _)| name));
    names.map(move |name| named(name).map_or(Plugin::Any, |(_, plugin)| plugin))
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let start = Instant::now();
    let threads = arguments.threads.map_or(0, usize::from);
    let prover = Prover::new(threads, arguments.limit.timeout)?;
    let mut sources = SourceMap::default();
    let mut plan = Plan::read(&inputs(arguments), &mut sources);
    let answers = if plan.has_errors() { Vec::new() } else { prover.prove(&plan.jobs())? };
    plan.diagnostics.extend(about_nothing(&plan, &answers));
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
    Ok(exit_code(arguments.exit_zero, answers.iter().map(|answered| &answered.outcome)))
}

fn inputs(arguments: &Arguments) -> Inputs {
    Inputs {
        specs: arguments.specs.clone(),
        assertions: arguments.assert.clone(),
        plugin: arguments.plugin,
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
fn about_nothing(plan: &Plan, answers: &[Answered]) -> Vec<Diagnostic> {
    let faults = vacuous::faults(plan, answers, |item| {
        let variant = item.variant.as_ref().map_or(String::new(), |variant| format!(" in variant {variant}"));
        format!("the property `{}` is about nothing{variant}", item.name)
    });
    let ending = |fault: Diagnostic| {
        fault
            .note("A statement about nothing is true whatever the policies say, and proves nothing.")
            .help("accept it with `allow-vacuous = true`")
    };
    faults.into_iter().map(ending).collect()
}

/// The worst news decides: a disagreement of the two semantics before a refutation before an unknown.
fn exit_code<'a>(exit_zero: bool, outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> ExitCode {
    let any = |wanted: fn(&Outcome) -> bool| outcomes.clone().any(wanted);
    if any(|outcome| matches!(outcome, Outcome::Disagreement(_))) {
        ExitCode::Disagreement
    } else if exit_zero {
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
    let mut taken = std::collections::BTreeMap::new();
    for (item, answered) in plan.items.iter().zip(answers) {
        let Some(counterexample) = counterexample(&answered.outcome) else { continue };
        let name = witness_name(item);
        // Two specs in different folders may bear one name.
        let times = taken.entry(name.clone()).and_modify(|times| *times += 1).or_insert(1);
        let path = folder.join(if *times == 1 { format!("{name}.yaml") } else { format!("{name}-{times}.yaml") });
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

/// `rag-as-published.step-3.embeddings-stay-home`.
fn witness_name(item: &Item) -> String {
    let spec = item.spec.as_deref().and_then(|path| Path::new(path).file_stem()?.to_str());
    let parts = [spec, item.variant.as_deref(), Some(item.name.as_str())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Case, Proof, Reason, Refutation};

    fn disagreement() -> Outcome {
        let namespace = crate::model::workload::Namespace::new("a", std::collections::BTreeMap::new());
        let pod = crate::model::net::PodEnd {
            namespace,
            name: String::new(),
            labels: std::collections::BTreeMap::new(),
            ports: Vec::new(),
            address: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            node: None,
            host_network: false,
            workload: None,
        };
        let case = Case::Open { pod: Box::new(pod), directions: Vec::new() };
        Outcome::Disagreement(Box::new(Counterexample {
            case,
            today: false,
            needs: Vec::new(),
            blames: Vec::new(),
            further: Vec::new(),
        }))
    }

    #[test]
    fn the_worst_news_is_the_exit_code() {
        let proved = || Outcome::Proved(Proof::default());
        let refuted = || Outcome::Refuted(Refutation::default());
        let unknown = || Outcome::Unknown(Reason("late".to_owned()));
        for (outcomes, code) in [
            (vec![], ExitCode::Proved),
            (vec![proved(), proved()], ExitCode::Proved),
            (vec![proved(), unknown()], ExitCode::Unknown),
            (vec![unknown(), refuted(), proved()], ExitCode::Refuted),
            (vec![refuted(), disagreement()], ExitCode::Disagreement),
        ] {
            assert_eq!(exit_code(false, outcomes.iter()), code, "{outcomes:?}");
            let reported = if code == ExitCode::Disagreement { code } else { ExitCode::Proved };
            assert_eq!(exit_code(true, outcomes.iter()), reported, "--exit-zero hides no bug: {outcomes:?}");
        }
    }
}
