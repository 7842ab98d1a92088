//! Kubernetes manifests to the model, with the exact place of everything.
//!
//! [`read`] takes paths and gives [`Objects`], each checked as the API server would check it;
//! [`assemble`] makes one [`Cluster`] of several sets. Input that is not wholly understood is refused:
//! a field that is skipped, a scalar that is read otherwise than Kubernetes reads it, a policy of a
//! kind that is not supported would each make a proof about another cluster. Every fault is reported,
//! not only the first. What comes out is to be used only where no error was reported.
//!
//! The YAML crate is named in `yaml` alone, `k8s_openapi` only under this module. The command line and
//! the spec call this module; it calls `model`, `source` and `diagnostic`.

mod assemble;
mod cidr;
mod decode;
mod differs;
#[cfg(test)]
mod edits;
mod faults;
mod hints;
mod input;
mod kinds;
mod limits;
mod memory;
mod merge;
mod names;
mod object;
mod other;
mod place;
mod policy;
mod scalar;
mod skim;
mod stamps;
mod stream;
mod validate;
mod workload;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::workload::Cluster;
use crate::source::{FileId, Origin, SourceMap, Span};
use faults::Faults;
use input::Input;
use object::{Contents, Object, Reader};

pub use memory::Memory;
pub use stamps::Stamps;

/// A path as the user named it, and where the spec names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestPath {
    /// A file, a folder, a glob, or `-` for standard input.
    pub path: String,
    /// What a relative path is relative to; the current folder where there is none.
    pub base: Option<PathBuf>,
    /// The place in the spec that names the path.
    pub origin: Option<Origin>,
}

impl ManifestPath {
    /// A path that the command line names.
    #[must_use]
    pub fn new(path: impl Into<String>) -> ManifestPath {
        ManifestPath { path: path.into(), base: None, origin: None }
    }
}

/// How manifests are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Kinds that change what traffic flows and are to be left out all the same.
    pub ignore_kinds: BTreeSet<String>,
    /// The namespace of objects that name none (R1).
    pub default_namespace: String,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { ignore_kinds: BTreeSet::new(), default_namespace: "default".to_owned() }
    }
}

/// The objects of one set of paths, decoded and checked one by one: plain data, to be used in as many
/// clusters as there are variants.
pub struct Objects {
    objects: Vec<Arc<Object>>,
    unread: BTreeMap<String, usize>,
    ignored: BTreeMap<String, usize>,
    /// Whether everything could be read.
    complete: bool,
}

impl Objects {
    /// How many objects were read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().map(Arc::as_ref)
    }
}

/// Reads the text of one file that is no manifest (a spec), with the limits and faults of manifests.
pub fn open(path: &Path, sources: &mut SourceMap, diagnostics: &mut Vec<Diagnostic>) -> Option<FileId> {
    input::open(path, sources, diagnostics)
}

/// Reads everything that the paths mean: files, folders, globs, standard input.
pub fn read(
    paths: &[ManifestPath],
    settings: &Settings,
    sources: &mut SourceMap,
    diagnostics: &mut Vec<Diagnostic>,
) -> Objects {
    read_again(paths, settings, &Memory::default(), sources, diagnostics)
}

/// The same, where files may have been read before: those that are as they were are not read into objects again.
pub fn read_again(
    paths: &[ManifestPath],
    settings: &Settings,
    memory: &Memory,
    sources: &mut SourceMap,
    diagnostics: &mut Vec<Diagnostic>,
) -> Objects {
    let mut found = Vec::new();
    let inputs = input::collect(paths, sources, &mut found);
    let place = paths.first().and_then(|path| path.origin);
    let objects = read_inputs(&inputs, place, (settings, memory), sources, &mut found);
    diagnostics.append(&mut found);
    objects
}

/// Reads one text, for tests, fuzzing and embedding.
pub fn read_text(
    name: &str,
    text: &str,
    settings: &Settings,
    sources: &mut SourceMap,
    diagnostics: &mut Vec<Diagnostic>,
) -> Objects {
    let input = Input { file: sources.add(name, text), in_folder: false };
    let mut found = Vec::new();
    let objects = read_inputs(&[input], None, (settings, &Memory::default()), sources, &mut found);
    diagnostics.append(&mut found);
    objects
}

/// Makes one cluster of several sets of objects. Conflicts between objects are found here (R41).
pub fn assemble(parts: &[&Objects], diagnostics: &mut Vec<Diagnostic>) -> Cluster {
    assemble::cluster(parts, diagnostics)
}

/// Makes one cluster in which two sets of policies can be compared, and gives the policies of each by their
/// indices. What else there is comes from the surroundings and both sets together, policies from the two alone.
pub fn assemble_sets(
    surroundings: &[&Objects],
    sets: [&Objects; 2],
    diagnostics: &mut Vec<Diagnostic>,
) -> (Cluster, [Vec<usize>; 2]) {
    assemble::cluster_of_sets(surroundings, sets, diagnostics)
}

/// A piece of a file, to be read on any thread.
struct Task {
    /// Its file, by its place among the inputs.
    input: usize,
    file: FileId,
    text: Arc<str>,
    range: std::ops::Range<usize>,
    in_folder: bool,
}

fn read_inputs(
    inputs: &[Input],
    place: Option<Origin>,
    (settings, memory): (&Settings, &Memory),
    sources: &SourceMap,
    diagnostics: &mut Vec<Diagnostic>,
) -> Objects {
    let text = |input: &Input| sources.file(input.file).map(|file| file.text().clone()).unwrap_or_default();
    let recall = |input: &Input| memory.recall(input, &text(input), settings);
    let mut files: Vec<Option<Contents>> = inputs.iter().map(recall).collect();
    let is_new = |(at, _): &(usize, &Input)| files.get(*at).is_none_or(Option::is_none);
    let new: Vec<(usize, &Input)> = inputs.iter().enumerate().filter(is_new).collect();
    let tasks: Vec<Task> = new.iter().flat_map(|(at, input)| tasks((*at, input), &text(input), diagnostics)).collect();
    let known = files.iter().flatten().map(|contents| contents.objects.len()).sum();
    for (task, part) in tasks.iter().zip(read_tasks(&tasks, known, settings)) {
        if let Some(file) = files.get_mut(task.input) {
            merge(file.get_or_insert_with(|| Contents::new(limits::ALL_FAULTS)), part);
        }
    }
    for (at, input) in new {
        files.get(at).and_then(Option::as_ref).into_iter().for_each(|contents| {
            memory.keep(input, &text(input), settings, contents);
        });
    }
    let mut all = Contents::new(limits::ALL_FAULTS);
    files.into_iter().flatten().for_each(|contents| merge(&mut all, contents));
    let faults = std::mem::replace(&mut all.faults, Faults::new(0));
    diagnostics.extend(faults.finish());
    if all.objects.len() > limits::OBJECTS {
        let most = limits::number(limits::OBJECTS);
        let help = "give only the objects of the namespaces that the properties speak about";
        diagnostics.push(limits::exceeded(format!("the manifests hold more than {most} objects"), help));
    }
    let complete = !diagnostics.iter().any(Diagnostic::is_error);
    if complete && all.recognised == 0 {
        diagnostics.push(nothing_read(inputs, place, &all));
    }
    Objects { objects: all.objects, unread: all.unread, ignored: all.ignored, complete }
}

/// What the pieces hold, in order, where so many objects are known already.
fn read_tasks(tasks: &[Task], known: usize, settings: &Settings) -> Vec<Contents> {
    // Counted while reading: what is beyond the limit is not even held.
    let objects = AtomicUsize::new(known);
    let read = |task: &Task| {
        if objects.load(Ordering::Relaxed) > limits::OBJECTS {
            return Contents::new(0);
        }
        let contents = read_piece(task, settings);
        objects.fetch_add(contents.objects.len(), Ordering::Relaxed);
        contents
    };
    tasks.par_iter().map(read).collect()
}

fn tasks((place, input): (usize, &Input), text: &Arc<str>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Task> {
    let at = |at: usize| Origin { file: input.file, span: Span::new(at, at + 1) };
    if let Some(nul) = text.find('\0') {
        let diagnostic = Diagnostic::error(Code::YamlSyntax, "this is not YAML: it holds a NUL byte").at(at(nul), "");
        diagnostics.push(diagnostic.help("save the file as UTF-8 text"));
        return Vec::new();
    }
    if let Some(odd) = odd_line_break(text) {
        diagnostics.push(hints::odd_line_break(Origin { file: input.file, span: odd }));
        return Vec::new();
    }
    let pieces = stream::cut(text);
    if pieces.len() > limits::DOCUMENTS {
        let most = limits::number(limits::DOCUMENTS);
        let message = format!("this file has {} documents, and may have {most}", limits::number(pieces.len()));
        diagnostics.push(limits::exceeded(message, "split it: any number of files can be given").at(at(0), ""));
        return Vec::new();
    }
    let task = |range| Task { input: place, file: input.file, text: text.clone(), range, in_folder: input.in_folder };
    pieces.into_iter().map(task).collect()
}

/// What ends a line in YAML 1.1, to which Kubernetes' reader keeps, and in YAML 1.2 does not: behind it a comment to the one may be an
/// object to the other.
fn odd_line_break(text: &str) -> Option<Span> {
    let text = Some(text).filter(|text| !text.is_ascii())?;
    let (at, found) = text.match_indices(['\u{85}', '\u{2028}', '\u{2029}']).next()?;
    Some(Span::new(at, at + found.len()))
}

fn read_piece(task: &Task, settings: &Settings) -> Contents {
    let mut contents = Contents::new(limits::FAULTS);
    let text = task.text.get(task.range.clone()).unwrap_or("");
    if let Some(kind) = skim::unread_kind(text) {
        contents.unread.insert(kind.to_owned(), 1);
        return contents;
    }
    let piece = yaml::Piece { file: task.file, text, start: task.range.start };
    let reader = Reader { text: &task.text, in_folder: task.in_folder, settings };
    for document in yaml::parse(piece, &mut contents.faults) {
        reader.document(document, &mut contents);
    }
    contents
}

fn merge(all: &mut Contents, mut part: Contents) {
    all.objects.append(&mut part.objects);
    all.faults.absorb(part.faults);
    all.recognised += part.recognised;
    for (kind, number) in part.unread {
        *all.unread.entry(kind).or_default() += number;
    }
    for (kind, number) in part.ignored {
        *all.ignored.entry(kind).or_default() += number;
    }
}

/// A run that reads nothing proves nothing.
fn nothing_read(inputs: &[Input], place: Option<Origin>, all: &Contents) -> Diagnostic {
    let met: Vec<_> = all.unread.keys().chain(all.ignored.keys()).map(String::as_str).collect();
    let met = if met.is_empty() { String::new() } else { format!("; what was found: {}", met.join(", ")) };
    let diagnostic =
        Diagnostic::error(Code::EmptyInput, format!("the manifests hold no object that netverify reads{met}"))
            .help("name at least one file with a NetworkPolicy, a workload, a Service, a Namespace or a Node");
    let first = inputs.first().map(|input| Origin { file: input.file, span: Span::new(0, 0) });
    match place.or(first) {
        Some(origin) => diagnostic.at(origin, ""),
        None => diagnostic,
    }
}
