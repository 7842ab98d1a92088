//! `netverify prove`: read, decide, report.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::dump::Dump;
use super::output::{Format, Outputs};
use super::progress::Progress;
use super::shared::{self, Input, Limit};
use super::watch::{self, Ran, Watch};
use super::{ExitCode, Streams, file, interrupt, names, vacuous, write};
use crate::cache::{Cache, Recalled};
use crate::date::Date;
use crate::diagnostic::{Code, Diagnostic};
use crate::digest::Digest;
use crate::error::Error;
use crate::manifest::{Memory, Settings};
use crate::model::plugin::Plugin;
use crate::outcome::{Counterexample, Outcome};
use crate::plain;
use crate::plan::{Inputs, Plan};
use crate::prove::{Answered, Prover};
use crate::report::text::{Detail, Style};
use crate::report::{self, Report, Share, waive};
use crate::source::SourceMap;
use crate::symbolic;
use crate::witness;

/// Sets the day of the run: seconds since 1970, as reproducible builds have it.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

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
    #[arg(long, value_name = "NAME", default_value = "any", value_parser = shared::plugins(), requires = "assert")]
    plugin: Plugin,

    #[command(flatten)]
    outputs: Outputs,

    #[command(flatten)]
    limit: Limit,

    /// Write each counterexample as Kubernetes YAML into this folder
    #[arg(long, value_name = "DIR")]
    witness_dir: Option<PathBuf>,

    #[command(flatten)]
    dump: Dump,

    /// Keep answers in this folder, and do not prove again what no change can have touched
    #[arg(long, value_name = "DIR", conflicts_with = "folder")]
    cache: Option<PathBuf>,

    /// Prove again whenever a spec or a manifest changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["folder", "witness_dir"])]
    watch: bool,

    /// Prove only share I of N, counted from 0; `netverify merge` puts the JSON reports of all N together
    #[arg(long, value_name = "I/N", value_parser = shard, conflicts_with = "watch")]
    shard: Option<Shard>,

    /// Threads to work with [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// Exit with 0 even if something is refuted or not decided within the limits
    #[arg(long)]
    exit_zero: bool,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    if arguments.watch {
        let given = || arguments.specs.iter().chain(&arguments.input.manifests).cloned().collect();
        let mut run = |watch: &Watch, streams: &mut Streams<'_>| once(arguments, Some(watch), streams);
        return watch::run(given(), &arguments.outputs.files(), &mut run, streams);
    }
    Ok(once(arguments, None, streams)?.code)
}

/// One run; `watch` is what stands around it where there are many.
fn once(arguments: &Arguments, watch: Option<&Watch>, streams: &mut Streams<'_>) -> Result<Ran, Error> {
    let start = Instant::now();
    let progress = Progress::start(streams.err_terminal && !arguments.outputs.quiet);
    arguments.outputs.check()?;
    let threads = arguments.threads.map_or(0, usize::from);
    let prover = arguments.limit.prover(threads)?.with_counter(progress.decided());
    let mut sources = SourceMap::default();
    let today = today();
    let memory = watch.map_or_else(Memory::default, Watch::memory);
    let given = inputs(arguments, today.as_ref().copied().unwrap_or_default());
    let mut plan = Plan::read(&Inputs { memory, ..given }, &mut sources);
    plan.diagnostics.extend(today.err());
    plan.diagnostics.extend(arguments.outputs.faults(&sources));
    plan.diagnostics.extend(watch.and_then(|_| watch::unwatchable(&plan.paths)));
    let share = arguments.shard.map(|shard| shard.of_plan(&mut plan, fingerprint(arguments, &sources)));
    let interrupt = watch.map_or_else(interrupt::on_signals, Watch::interrupt);
    let prover = prover.with_interrupt(interrupt.clone());
    progress.proving(plan.items.len());
    let recalled = if plan.has_errors() { Recalled::default() } else { answers(arguments, watch, &prover, &plan)? };
    let answers = recalled.answers;
    plan.diagnostics.extend(about_nothing(&plan, &answers));
    // Of a share nobody knows what a waiver is needed for in the others.
    plan.diagnostics.extend(share.is_none().then(|| waive::unneeded(&plan, &answers)).into_iter().flatten());
    progress.end();
    diagnose(arguments, &plan, &sources, streams)?;
    for note in recalled.notes {
        write(streams.err, "standard error", &format!("note: {}\n", plain::message(&note)))?;
    }
    if plan.has_errors() {
        return Ok(Ran { code: ExitCode::Fault, paths: plan.paths });
    }
    if let Some(folder) = &arguments.witness_dir {
        write_witnesses(folder, &plan, &answers)?;
    }
    let mut report = report::build::report(&plan, &sources, &answers, symbolic::z3_version(), start.elapsed());
    if let (Some(folder), 1..) = (&arguments.cache, recalled.known) {
        report.assumptions.push(format!("the answers kept in {} are those of netverify (--cache)", folder.display()));
        say_known(arguments, recalled.known, answers.len(), streams)?;
    }
    if let Some(share) = share {
        report = report.of_share(share);
    }
    arguments.outputs.write(&|format, style, detail| render(&report, &sources, format, style, detail), streams)?;
    // Who ended the run early shall not take it for a whole one.
    let exit_zero = arguments.exit_zero && !interrupt.is_set();
    Ok(Ran { code: exit_code(exit_zero, gating(&plan, &answers)), paths: plan.paths })
}

/// The answers to everything in the plan: as many as are known from the cache, or from earlier runs of a watch.
fn answers(arguments: &Arguments, watch: Option<&Watch>, prover: &Prover, plan: &Plan) -> Result<Recalled, Error> {
    match (&arguments.cache, watch) {
        (Some(folder), _) => Cache::in_folder(folder)?.prove(prover, &plan.jobs()),
        (None, Some(watch)) => watch.cache().prove(prover, &plan.jobs()),
        (None, None) => Ok(Recalled { answers: arguments.dump.prove(prover, plan)?, ..Recalled::default() }),
    }
}

fn say_known(arguments: &Arguments, known: usize, all: usize, streams: &mut Streams<'_>) -> Result<(), Error> {
    if arguments.outputs.quiet {
        return Ok(());
    }
    write(streams.err, "standard error", &format!("cache: {known} of {all} answers are kept ones\n"))
}

/// One of several runs that share the properties.
#[derive(Clone, Copy, Debug)]
struct Shard {
    index: usize,
    of: usize,
}

/// As many shares as there may be.
const MOST_SHARES: usize = 10_000;

/// `I/N` as the command line has it.
fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match parts {
        None => Err("write I/N, such as 0/4 for the first of four shares".to_owned()),
        Some((_, of)) if !(1..=MOST_SHARES).contains(&of) => Err(format!("there are 1 to {MOST_SHARES} shares")),
        Some((index, of)) if index >= of => {
            Err(format!("shares are counted from 0: the last of {of} is {}/{of}", of - 1))
        }
        Some((index, of)) => Ok(Shard { index, of }),
    }
}

impl Shard {
    /// Leaves its own properties in the plan.
    fn of_plan(self, plan: &mut Plan, inputs: String) -> Share {
        let Shard { index, of } = self;
        let properties = plan.items.len();
        plan.keep_share(index, of);
        Share { index, of, properties, inputs }
    }
}

/// Of everything that the properties and the cluster come from: texts, standard input among them, and how they are read.
fn fingerprint(arguments: &Arguments, sources: &SourceMap) -> String {
    let Settings { ignore_kinds, default_namespace } = arguments.input.settings();
    let digest = Digest::new("inputs").text(arguments.plugin.name()).text(&default_namespace);
    let digest = digest.texts(ignore_kinds.iter().map(String::as_str));
    sources.files().fold(digest, |digest, file| digest.text(file.name()).text(file.text())).finish()
}

/// The report in one format.
pub(super) fn render(report: &Report, sources: &SourceMap, format: Format, style: Style, detail: Detail) -> String {
    // Where there is no current folder, paths stay as they are.
    let top = std::env::current_dir().unwrap_or_default();
    match format {
        Format::Text => report::text::render(report, sources, style, detail),
        Format::Json => report::json::render(report),
        Format::Sarif => report::sarif::render(report, &top),
        Format::Junit => report::junit::render(report),
        Format::Github => report::github::render(report, &top),
        Format::Markdown => report::markdown::render(report, sources),
    }
}

fn inputs(arguments: &Arguments, Today { date: today, is_given: today_is_given }: Today) -> Inputs {
    Inputs {
        specs: arguments.specs.clone(),
        assertions: arguments.assert.clone(),
        plugin: arguments.plugin,
        question: None,
        grounds_only: false,
        manifests: arguments.input.manifests.clone(),
        settings: arguments.input.settings(),
        memory: Memory::default(),
        today,
        today_is_given,
    }
}

/// The outcomes that decide how the run ends: all but the refutations that are waived.
pub(super) fn gating<'a>(plan: &'a Plan, answers: &'a [Answered]) -> impl Iterator<Item = &'a Outcome> + Clone {
    let all = plan.items.iter().zip(answers).map(|(item, answered)| (item, &answered.outcome));
    all.filter(|(item, outcome)| !waive::is_waived(item, outcome, plan.today)).map(|(_, outcome)| outcome)
}

/// The faults of the input, and with `-v` the kinds that were not read.
fn diagnose(arguments: &Arguments, plan: &Plan, sources: &SourceMap, streams: &mut Streams<'_>) -> Result<(), Error> {
    shared::diagnose(&plan.diagnostics, sources, streams, "proved")?;
    let mut text = String::new();
    if arguments.outputs.verbose {
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
    format!("not read, for policies do not look at them: {}\n", plain::line(&words.join(", ")))
}

/// The day of the run, in UTC.
#[derive(Clone, Copy, Default)]
pub(super) struct Today {
    pub(super) date: Date,
    /// Whether it comes from `SOURCE_DATE_EPOCH`, not from the clock.
    pub(super) is_given: bool,
}

#[expect(clippy::result_large_err, reason = "asked once a run")]
pub(super) fn today() -> Result<Today, Diagnostic> {
    let given = std::env::var_os(EPOCH).filter(|value| !value.is_empty());
    let (seconds, is_given) = match given {
        Some(given) => (given.to_str().and_then(|text| text.parse().ok()), true),
        None => {
            (std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok().map(|now| now.as_secs()), false)
        }
    };
    let date = seconds.and_then(Date::of_unix_seconds);
    date.map(|date| Today { date, is_given }).ok_or_else(|| {
        let fault = if is_given {
            Diagnostic::error(Code::Usage, format!("{EPOCH} is not a number of seconds since 1970"))
                .help("leave it unset: the day then comes from the clock")
        } else {
            Diagnostic::error(Code::Usage, "the clock of this machine is wrong: it is before 1970 or after 9999")
        };
        fault.note("The day decides which waivers still count.")
    })
}

/// A property about nothing is a fault of the spec, not a proof.
pub(super) fn about_nothing(plan: &Plan, answers: &[Answered]) -> Vec<Diagnostic> {
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
pub(super) fn exit_code<'a>(exit_zero: bool, outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> ExitCode {
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
    std::fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
    let mut files = Vec::new();
    for ((item, answered), name) in plan.items.iter().zip(answers).zip(names::of_items(plan)) {
        let Some(counterexample) = counterexample(&answered.outcome) else { continue };
        // A sentence may be written over several lines.
        let title = plain::line(&format!("{}: {}", item.name, item.sentence)).into_owned();
        let header = title + "\nMade by netverify: a pod that shows why this is refuted.";
        let text = witness::yaml::documents(plan.cluster(item), &header, counterexample);
        files.push((folder.join(format!("{name}.yaml")), text));
    }
    file::write_all(&files)
}

fn counterexample(outcome: &Outcome) -> Option<&Counterexample> {
    match outcome {
        Outcome::Refuted(refutation) => refutation.counterexample.as_deref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Case, Disagreement, Proof, Reason, Refutation};

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
        let case = Counterexample { case, today: false, needs: Vec::new(), blames: Vec::new(), further: Vec::new() };
        Outcome::Disagreement(Box::new(Disagreement { case, solver: None, reference: Vec::new() }))
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
