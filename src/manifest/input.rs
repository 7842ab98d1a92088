//! From paths to texts: files, folders, globs and standard input. Names stay as the user wrote them.
//! Called by the module's front only.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::{ManifestPath, limits};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Origin, SourceMap};

/// A text that was read.
pub struct Input {
    /// Its number among the sources.
    pub file: FileId,
    /// Whether it was met in a folder, where other things than objects may lie.
    pub in_folder: bool,
}

/// Finds and reads everything that the paths mean, each file once.
pub fn collect(paths: &[ManifestPath], sources: &mut SourceMap, diagnostics: &mut Vec<Diagnostic>) -> Vec<Input> {
    let mut collector = Collector::new(sources, diagnostics);
    // Files that are named count as named, also where a folder holds them too.
    let (folders, files): (Vec<_>, Vec<_>) = paths.iter().partition(|path| resolve(path).is_dir());
    for path in files.into_iter().chain(folders) {
        collector.path(path);
    }
    collector.inputs
}

/// Reads one file that is no manifest, under the same limits.
pub fn open(path: &Path, sources: &mut SourceMap, diagnostics: &mut Vec<Diagnostic>) -> Option<FileId> {
    let mut collector = Collector::new(sources, diagnostics);
    collector.file(path, false, None);
    collector.inputs.first().map(|input| input.file)
}

fn resolve(path: &ManifestPath) -> PathBuf {
    match &path.base {
        Some(base) => base.join(&path.path),
        None => PathBuf::from(&path.path),
    }
}

struct Collector<'a> {
    sources: &'a mut SourceMap,
    diagnostics: &'a mut Vec<Diagnostic>,
    seen: BTreeSet<PathBuf>,
    stdin: bool,
    inputs: Vec<Input>,
    /// The bytes of all texts of the run.
    bytes: u64,
    /// Files and folders met in folders.
    entries: usize,
    /// Whether a limit on all files together was met: nothing more is read.
    full: bool,
}

impl<'a> Collector<'a> {
    fn new(sources: &'a mut SourceMap, diagnostics: &'a mut Vec<Diagnostic>) -> Collector<'a> {
        let bytes = sources.bytes();
        Collector {
            sources,
            diagnostics,
            seen: BTreeSet::new(),
            stdin: false,
            inputs: Vec::new(),
            bytes,
            entries: 0,
            full: false,
        }
    }
}

impl Collector<'_> {
    fn path(&mut self, path: &ManifestPath) {
        if path.path == "-" {
            return self.stdin(path);
        }
        let full = resolve(path);
        // A file called `[a].yaml` is that file, not a pattern.
        match std::fs::metadata(&full) {
            Ok(meta) if meta.is_dir() => self.folder(&full, path),
            Ok(_) => self.file(&full, false, path.origin),
            Err(_) if path.path.contains(['*', '?', '[']) => self.glob(path),
            Err(error) => self.unreadable(&full, &error, path.origin),
        }
    }

    fn report(&mut self, diagnostic: Diagnostic, origin: Option<Origin>) {
        self.diagnostics.push(match origin {
            Some(origin) => diagnostic.at(origin, ""),
            None => diagnostic,
        });
    }

    fn unreadable(&mut self, path: &Path, error: &std::io::Error, origin: Option<Origin>) {
        let name = path.display();
        let diagnostic = match error.kind() {
            ErrorKind::NotFound => Diagnostic::error(Code::FileNotFound, format!("there is no file or folder {name}"))
                .help("paths in a spec are relative to the spec; on the command line, to the current folder"),
            _ => Diagnostic::error(Code::FileUnreadable, format!("cannot read {name}: {error}")),
        };
        self.report(diagnostic, origin);
    }

    fn stdin(&mut self, path: &ManifestPath) {
        if std::mem::replace(&mut self.stdin, true) {
            let diagnostic = Diagnostic::error(Code::Usage, "standard input (`-`) can be read only once");
            return self.report(diagnostic, path.origin);
        }
        match read_limited(std::io::stdin().lock(), Vec::new()) {
            Ok(bytes) => self.text("<stdin>", bytes, false, path.origin),
            Err(error) => self.unreadable(Path::new("<stdin>"), &error, path.origin),
        }
    }

    fn glob(&mut self, path: &ManifestPath) {
        let pattern = match &path.base {
            Some(base) => Path::new(&glob::Pattern::escape(&base.to_string_lossy())).join(&path.path),
            None => PathBuf::from(&path.path),
        };
        let matches = match glob::glob(&pattern.to_string_lossy()) {
            Ok(matches) => matches,
            Err(error) => {
                let message = format!("{} is neither a file nor a pattern: {error}", path.path);
                return self.report(Diagnostic::error(Code::FileNotFound, message), path.origin);
            }
        };
        let mut any = false;
        for entry in matches {
            any = true;
            if self.full {
                break;
            }
            match entry {
                Ok(found) if found.is_dir() => self.folder(&found, path),
                Ok(found) => self.file(&found, false, path.origin),
                Err(error) => self.unreadable(error.path(), error.error(), path.origin),
            }
        }
        if !any {
            let message = format!("no file matches {}", resolve(path).display());
            self.report(Diagnostic::error(Code::FileNotFound, message), path.origin);
        }
    }

    fn folder(&mut self, folder: &Path, path: &ManifestPath) {
        let mut any = false;
        // Through links there are many ways to one folder, and its files need reading once.
        let mut entered = BTreeSet::new();
        let mut is_new = |entry: &walkdir::DirEntry| {
            !entry.file_type().is_dir() || entry.path().canonicalize().map_or(true, |real| entered.insert(real))
        };
        let walk = walkdir::WalkDir::new(folder).follow_links(true).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|entry| is_new(entry)) {
            self.entries += 1;
            if self.entries > limits::ENTRIES {
                self.too_many_entries(folder, path);
            }
            if self.full {
                return;
            }
            match entry {
                Ok(entry) if entry.file_type().is_dir() || !is_manifest(entry.path()) => {}
                Ok(entry) => {
                    any = true;
                    self.file(entry.path(), true, path.origin);
                }
                // What is behind a link back to a folder above is met on the way as well.
                Err(error) if error.loop_ancestor().is_some() => {}
                Err(error) => {
                    any = true;
                    self.report(unwalkable(folder, &error), path.origin);
                }
            }
        }
        if !any {
            let message = format!("the folder {} holds no .yaml, .yml or .json file", folder.display());
            self.report(Diagnostic::error(Code::EmptyInput, message), path.origin);
        }
    }

    fn too_many_entries(&mut self, folder: &Path, path: &ManifestPath) {
        let most = limits::number(limits::ENTRIES);
        let message = format!("more than {most} files and folders were met on the way through {}", folder.display());
        let help = "name the folder that holds the manifests";
        self.full = true;
        self.report(limits::exceeded(message, help), path.origin);
    }

    fn file(&mut self, path: &Path, in_folder: bool, origin: Option<Origin>) {
        if self.full || !self.seen.insert(path.to_owned()) {
            return;
        }
        match read_file(path) {
            Ok(Some(bytes)) => self.text(&path.display().to_string(), bytes, in_folder, origin),
            Ok(None) => {
                let message = format!("{} is not a regular file", path.display());
                let help = "write `-` to read from a pipe on standard input";
                self.report(Diagnostic::error(Code::FileUnreadable, message).help(help), origin);
            }
            Err(error) => self.unreadable(path, &error, origin),
        }
    }

    /// The limit that so many bytes more would break.
    fn no_room(&mut self, bytes: u64) -> Option<Diagnostic> {
        self.bytes = self.bytes.saturating_add(bytes);
        let help = "give only the manifests of the namespaces that the properties speak about";
        if self.bytes > limits::TOTAL_BYTES {
            return Some(limits::exceeded("the files of this run are larger than 1 GiB together", help));
        }
        let most = limits::number(limits::FILES);
        let full = self.sources.len() >= limits::FILES;
        full.then(|| limits::exceeded(format!("there are more than {most} files to read"), help))
    }

    fn text(&mut self, name: &str, bytes: Vec<u8>, in_folder: bool, origin: Option<Origin>) {
        if bytes.len() as u64 > limits::FILE_BYTES {
            let message = format!("{name} is larger than 64 MiB, the most that one file may have");
            return self.report(limits::exceeded(message, "split it: any number of files can be given"), origin);
        }
        if let Some(limit) = self.no_room(bytes.len() as u64) {
            self.full = true;
            return self.report(limit, origin);
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.inputs.push(Input { file: self.sources.add(name, text), in_folder }),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
                let message = format!("{name}, line {line}, is not UTF-8");
                let help = "save the file as UTF-8";
                self.report(Diagnostic::error(Code::NotUtf8, message).help(help), origin);
            }
        }
    }
}

/// A folder or link that cannot be followed.
fn unwalkable(folder: &Path, error: &walkdir::Error) -> Diagnostic {
    let path = error.path().unwrap_or(folder).display();
    let is_missing = error.io_error().is_some_and(|error| error.kind() == ErrorKind::NotFound);
    if is_missing && std::fs::symlink_metadata(error.path().unwrap_or(folder)).is_ok() {
        let message = format!("{path} is a link to something that is not there");
        return Diagnostic::error(Code::FileNotFound, message).help("remove the link, or mend it");
    }
    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
    Diagnostic::error(Code::FileUnreadable, format!("cannot read {path}: {reason}"))
}

/// Whether a file of a folder is read.
pub fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end.eq_ignore_ascii_case(known)))
}

/// The bytes of a regular file; `None` for a pipe or a device, which could block forever.
fn read_file(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let known = std::fs::metadata(path)?;
    if !known.is_file() {
        return Ok(None);
    }
    // With one byte of room more than there should be the end is seen without asking for room again.
    let room = usize::try_from(known.len().min(limits::FILE_BYTES)).unwrap_or(0) + 1;
    read_limited(File::open(path)?, Vec::with_capacity(room)).map(Some)
}

/// At most one byte more than the limit, which then shows that the limit was met.
fn read_limited(from: impl Read, mut bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
    from.take(limits::FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
