//! What several subcommands take and do alike: manifests, formats, limits, diagnostics.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::{Streams, write};
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::manifest::{self, ManifestPath, Settings};
use crate::model::plugin::Plugin;
use crate::model::workload::Cluster;
use crate::plain;
use crate::plan;
use crate::prove::{DEFAULT_MEMORY, Prover};
use crate::report;
use crate::source::SourceMap;

/// Manifests and how to read them.
#[derive(Debug, Args)]
pub(super) struct Input {
    /// Manifests: files, folders, globs, or - for standard input; added to those of every spec
    #[arg(short, long = "manifests", value_name = "PATH")]
    pub(super) manifests: Vec<String>,

    /// The namespace of manifests that name none
    #[arg(short = 'n', long, value_name = "NAME", default_value = "default")]
    namespace: String,

    /// Ignore objects of this kind that would change what traffic flows; the report says so
    #[arg(long, value_name = "KIND")]
    ignore_kind: Vec<String>,
}

impl Input {
    /// The cluster of the manifests; `None` where there are none, or reading them met a fault.
    pub(super) fn cluster(
        &self,
        needed: &str,
        sources: &mut SourceMap,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Cluster> {
        if self.manifests.is_empty() {
            diagnostics.push(plan::no_manifests(needed));
            return None;
        }
        let paths: Vec<_> = self.manifests.iter().map(ManifestPath::new).collect();
        let objects = manifest::read(&paths, &self.settings(), sources, diagnostics);
        let cluster = manifest::assemble(&[&objects], diagnostics);
        (!diagnostics.iter().any(Diagnostic::is_error)).then_some(cluster)
    }

    /// What adds to the manifests how they are to be read, as it is written on a command line; empty where nothing does.
    pub(super) fn as_typed(&self) -> String {
        let namespace = (self.namespace != "default").then(|| format!("-n {} ", plain::shell(&self.namespace)));
        let kinds = self.ignore_kind.iter().map(|kind| format!("--ignore-kind {} ", plain::shell(kind)));
        namespace.into_iter().chain(kinds).collect()
    }

    pub(super) fn settings(&self) -> Settings {
        Settings { ignore_kinds: self.ignore_kind.iter().cloned().collect(), default_namespace: self.namespace.clone() }
    }
}

/// The names of the plugins, for help and for a slip of the finger.
pub(super) fn plugins() -> impl TypedValueParser<Value = Plugin> {
    let named = |name: String| Plugin::NAMES.into_iter().find(|(known, _)| *known == name);
    let names = PossibleValuesParser::new(Plugin::NAMES.map(|(name, _)| name));
    names.map(move |name| named(name).map_or(Plugin::Any, |(_, plugin)| plugin))
}

/// How to write.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// How to write the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a person at a terminal
    Text,
    /// For programs; versioned
    Json,
}

/// How long to think, and with how much memory.
#[derive(Debug, Args)]
pub(super) struct Limit {
    /// Time limit a property or question, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    timeout: Duration,

    /// Memory that the solver may hold, in megabytes
    #[arg(long, value_name = "MB", default_value_t = DEFAULT_MEMORY, value_parser = clap::value_parser!(u32).range(16..=1_048_576))]
    memory_limit: u32,
}

impl Limit {
    /// A prover that keeps to the limits; `threads` of 0 means one a core.
    pub(super) fn prover(&self, threads: usize) -> Result<Prover, Error> {
        Ok(Prover::new(threads, self.timeout)?.with_memory_limit(self.memory_limit))
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "write a number of seconds, such as 30 or 0.5".to_owned())?;
    if !(0.001..=86_400.0).contains(&seconds) {
        return Err("the limit lies between 0.001 seconds and a day".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// How many faults are shown: what is beyond follows from them, more likely than not.
const MOST_SHOWN: usize = 200;

/// The faults to show. Where there are too many, errors go before warnings.
fn first(diagnostics: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut faults: Vec<_> = diagnostics.iter().collect();
    if faults.len() > MOST_SHOWN {
        faults.sort_by_key(|fault| std::cmp::Reverse(fault.severity));
    }
    faults.into_iter().take(MOST_SHOWN).cloned().collect()
}

/// The faults of the input, and what was not done because of them: "proved".
pub(super) fn diagnose(
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
    streams: &mut Streams<'_>,
    done: &str,
) -> Result<(), Error> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let shown = first(diagnostics);
    let mut text = report::text::diagnostics(&shown, sources, streams.err_style());
    if shown.len() < diagnostics.len() {
        text += &format!("{} more errors and warnings are not shown\n", diagnostics.len() - shown.len());
    }
    if errors > 0 {
        let noun = if errors == 1 { "error" } else { "errors" };
        text += &format!("{errors} {noun} in the input: nothing was {done}\n");
    }
    write(streams.err, "standard error", &text)
}
