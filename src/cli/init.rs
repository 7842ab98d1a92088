//! `netverify init`: a first spec from manifests, proved as it is written.

use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::progress::Progress;
use super::shared::{self, Input, Limit};
use super::{ExitCode, Streams, file, interrupt, write};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::Error;
use crate::init::{self, Draft, text};
use crate::manifest::{self, ManifestPath, Objects};
use crate::model::plugin::Plugin;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::outcome::Outcome;
use crate::plain;
use crate::plan::{self, Inputs, Plan};
use crate::prove::{Interrupt, Prover};
use crate::source::{SourceFile, SourceMap};

/// What the spec is called where it goes to standard output.
const UNNAMED: &str = "netverify.toml";

/// What the user typed after `init`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,

    /// Write the spec to this file; to standard output where none is named
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Replace the file if it is there already
    #[arg(long, requires = "output")]
    force: bool,

    /// The network plugin that the spec is to name
    #[arg(long, value_name = "NAME", default_value = "any", value_parser = shared::plugins())]
    plugin: Plugin,

    #[command(flatten)]
    limit: Limit,
}

/// What was read of the manifests.
struct Found {
    objects: Objects,
    cluster: Cluster,
}

/// What becomes of the run.
enum Made {
    /// A spec of which every property is proved.
    Spec(Draft, String),
    /// Faults of the input.
    Faults(Vec<Diagnostic>),
    /// The two semantics disagree about this sentence.
    Disagreement(String),
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let prover = arguments.limit.prover(0)?;
    let (mut sources, mut diagnostics) = (SourceMap::default(), Vec::new());
    diagnostics.extend(arguments.taken());
    if let (Some(path), true) = (arguments.file(), diagnostics.is_empty()) {
        file::check(path)?;
    }
    let found = if diagnostics.is_empty() { read(&arguments.input, &mut sources, &mut diagnostics) } else { None };
    diagnostics.extend(arguments.in_place_of_an_input(&sources));
    shared::diagnose(&diagnostics, &sources, streams, "written")?;
    let Some(found) = found.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) else {
        return Ok(ExitCode::Fault);
    };
    let interrupt = interrupt::on_signals();
    let progress = Progress::start(streams.err_terminal);
    let prover = prover.with_interrupt(interrupt.clone()).with_counter(progress.decided());
    let made = make(arguments, found, &prover, &interrupt, &mut sources)?;
    progress.end();
    if interrupt.is_set() {
        write(streams.err, "standard error", "interrupted: nothing was written\n")?;
        return Ok(ExitCode::Unknown);
    }
    finish(arguments, made, &sources, streams)
}

impl Arguments {
    /// The file to write; `None` for standard output.
    fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// A file that somebody has edited is not replaced by accident.
    fn taken(&self) -> Option<Diagnostic> {
        let path = self.file().filter(|path| file::is_taken(path) && !self.force)?;
        let fault = Diagnostic::error(Code::Usage, format!("{} is there already", path.display()));
        Some(fault.help("name another file, or replace it with --force"))
    }

    fn in_place_of_an_input(&self, sources: &SourceMap) -> Option<Diagnostic> {
        let path = self.file()?;
        let place = file::identity(path);
        let mut inputs = sources.files().filter(|one| one.is_file()).map(SourceFile::name);
        let is_read = inputs.any(|name| file::identity(Path::new(name)) == place);
        let fault = || Diagnostic::error(Code::Usage, format!("the output {} is a file that is read", path.display()));
        is_read.then(|| fault().help("name another file"))
    }

    fn reads_stdin(&self) -> bool {
        self.input.manifests.iter().any(|path| path == "-")
    }

    fn world(&self) -> World {
        World { plugin: self.plugin, ..World::default() }
    }

    fn head(&self) -> text::Head {
        let name = self.file().map_or_else(|| UNNAMED.to_owned(), |path| path.display().to_string());
        let given = |path: &String| format!("-m {} ", plain::shell(path));
        let manifests: String =
            if self.reads_stdin() { self.input.manifests.iter().map(given).collect() } else { String::new() };
        let pipe = if self.reads_stdin() { "... | " } else { "" };
        let command = format!("{pipe}netverify prove {manifests}{}{}", self.input.as_typed(), plain::shell(&name));
        let plugin = Plugin::NAMES.into_iter().find(|(_, plugin)| *plugin == self.plugin);
        text::Head {
            manifests: if self.reads_stdin() { Vec::new() } else { self.relative_manifests() },
            command,
            plugin: plugin.map_or("any", |(name, _)| name).to_owned(),
        }
    }

    /// The manifests as the spec has to name them: from its own folder.
    fn relative_manifests(&self) -> Vec<String> {
        let folder = self.file().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        let Some(folder) = folder else { return self.input.manifests.clone() };
        self.input.manifests.iter().map(|path| relative(folder, path).unwrap_or_else(|| path.clone())).collect()
    }

    /// Where the spec will be, for messages and for what its paths are relative to.
    fn path(&self) -> String {
        self.file().map_or_else(|| UNNAMED.to_owned(), |path| path.display().to_string())
    }
}

/// From the folder to a path that is relative to the current one; `None` where the system does not know its folders. What is
/// absolute stays so.
fn relative(folder: &Path, path: &str) -> Option<String> {
    if Path::new(path).is_absolute() {
        return None;
    }
    let (here, folder) = (std::env::current_dir().ok()?.canonicalize().ok()?, folder.canonicalize().ok()?);
    let own = |component: &Component<'_>| !matches!(component, Component::CurDir);
    let components: Vec<Component<'_>> = Path::new(path).components().filter(own).collect();
    let is_plain = components.iter().all(|component| matches!(component, Component::Normal(_)));
    // Behind a link `..` leads elsewhere than it reads, so such a path is kept as it is, from the current folder.
    let (to, kept): (PathBuf, &[Component<'_>]) =
        if is_plain { (here.join(components.iter().collect::<PathBuf>()), &[]) } else { (here, &components) };
    let shared = folder.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    let down = to.components().skip(shared).collect::<Vec<_>>();
    let all: PathBuf = up.chain(down).chain(kept.iter().copied()).collect();
    let text = all.to_str()?.to_owned();
    Some(if text.is_empty() { ".".to_owned() } else { text })
}

fn read(input: &Input, sources: &mut SourceMap, diagnostics: &mut Vec<Diagnostic>) -> Option<Found> {
    if input.manifests.is_empty() {
        diagnostics.push(plan::no_manifests("init needs manifests to make a spec from"));
        return None;
    }
    let paths: Vec<_> = input.manifests.iter().map(ManifestPath::new).collect();
    let objects = manifest::read(&paths, &input.settings(), sources, diagnostics);
    let cluster = manifest::assemble(&[&objects], diagnostics);
    Some(Found { objects, cluster })
}

/// Drafts a spec, then reads its text again and proves it. What is not proved then, such as for want of time, is left out.
fn make(
    arguments: &Arguments,
    found: Found,
    prover: &Prover,
    interrupt: &Interrupt,
    sources: &mut SourceMap,
) -> Result<Made, Error> {
    let mut draft = init::draft(&found.cluster, &arguments.world(), prover)?;
    if let Some(sentence) = draft.disagreement.take() {
        return Ok(Made::Disagreement(sentence));
    }
    if draft.is_empty() || interrupt.is_set() {
        return Ok(Made::Faults(vec![nothing_holds(&found.cluster)]));
    }
    let written = text::render(&arguments.head(), &draft);
    let (plan, outcomes) = reread(arguments, &written, found.objects, prover, sources)?;
    if plan.has_errors() {
        return Ok(Made::Faults(plan.diagnostics));
    }
    let proved = |name: &str| {
        let own = plan.items.iter().zip(&outcomes).find(|(item, _)| item.name == name);
        own.is_some_and(|(_, outcome)| matches!(outcome, Outcome::Proved(_)))
    };
    let all = draft.len();
    draft.retain(proved);
    if draft.is_empty() {
        return Ok(Made::Faults(vec![nothing_holds(&found.cluster)]));
    }
    let written = if draft.len() == all { written } else { text::render(&arguments.head(), &draft) };
    Ok(Made::Spec(draft, written))
}

/// The plan of the text as `prove` will read it, and its outcomes.
fn reread(
    arguments: &Arguments,
    text: &str,
    objects: Objects,
    prover: &Prover,
    sources: &mut SourceMap,
) -> Result<(Plan, Vec<Outcome>), Error> {
    let given = arguments.reads_stdin();
    let manifests = if given { arguments.input.manifests.clone() } else { Vec::new() };
    let inputs = Inputs { manifests, settings: arguments.input.settings(), ..Inputs::default() };
    let spec = plan::Draft { path: &arguments.path(), text };
    let plan = Plan::read_draft(&spec, &inputs, given.then_some(objects), sources);
    let answers = if plan.has_errors() { Vec::new() } else { prover.prove(&plan.jobs())? };
    Ok((plan, answers.into_iter().map(|answered| answered.outcome).collect()))
}

/// A spec without a property proves nothing, and is no spec.
fn nothing_holds(cluster: &Cluster) -> Diagnostic {
    if cluster.policies.is_empty() {
        return Diagnostic::error(Code::EmptyInput, "the manifests hold no NetworkPolicy, so everything reaches everything")
            .note("A first spec says what policies keep shut, and what they open.")
            .help("write a first policy, such as one that selects all pods of a namespace and admits nothing, and run `netverify init` again");
    }
    Diagnostic::error(Code::EmptyInput, "nothing is proved of these policies, so there is nothing to write a spec of")
        .help("give the manifests of the workloads as well, or more time with --timeout")
}

fn finish(
    arguments: &Arguments,
    made: Made,
    sources: &SourceMap,
    streams: &mut Streams<'_>,
) -> Result<ExitCode, Error> {
    match made {
        Made::Faults(faults) => {
            shared::diagnose(&faults, sources, streams, "written")?;
            Ok(ExitCode::Fault)
        }
        Made::Disagreement(sentence) => {
            let sentence = plain::shell(&sentence);
            let text = format!(
                "error: a bug in netverify: its two semantics disagree, and nothing was written\n  `netverify prove --assert {sentence}` over the same manifests shows both sides\n"
            );
            write(streams.err, "standard error", &text)?;
            Ok(ExitCode::Disagreement)
        }
        Made::Spec(draft, text) => deliver(arguments, &draft, text, streams),
    }
}

fn deliver(arguments: &Arguments, draft: &Draft, text: String, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let Some(path) = arguments.file() else {
        write(streams.out, "standard output", &text)?;
        return Ok(ExitCode::Proved);
    };
    file::write_all(&[(path.to_owned(), text)])?;
    let name = path.display().to_string();
    let properties = if draft.len() == 1 { "1 property".to_owned() } else { format!("{} properties", draft.len()) };
    let said = format!("wrote {}: {properties}, all proved\n", plain::line(&name));
    write(streams.out, "standard output", &said)?;
    Ok(ExitCode::Proved)
}
