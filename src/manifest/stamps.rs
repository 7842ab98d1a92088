//! What files look like from outside, so that a change is noticed without reading them.
//!
//! Looked at again and again, not announced by the system: that also sees what happens on network drives and in containers.
//! The module's front only calls it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::input::is_manifest;
use super::limits;

/// Files and what each of them looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamps(BTreeMap<PathBuf, Stamp>);

/// When a file was written, how long it is and, where the system numbers them, which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    written: Option<SystemTime>,
    length: u64,
    number: u64,
}

impl Stamps {
    /// Of the files that these paths mean now: files, those of folders, globs. What is not there has none.
    #[must_use]
    pub fn of(paths: &[String]) -> Stamps {
        let mut stamps = Stamps::default();
        paths.iter().for_each(|path| stamps.path(path));
        stamps
    }

    /// Forgets a file, such as one that the run itself writes.
    pub fn forget(&mut self, path: &Path) {
        self.0.retain(|known, _| known != path && !is_one_file(known, path));
    }

    /// Forgets the files that were written at this time or later, so that they count as changed.
    pub fn forget_since(&mut self, time: SystemTime) {
        self.0.retain(|_, stamp| stamp.written.is_none_or(|written| written < time));
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The files that are new, gone or different, in order.
    #[must_use]
    pub fn changed<'a>(&'a self, before: &'a Stamps) -> Vec<&'a Path> {
        let differs = |path: &&PathBuf| self.0.get(*path) != before.0.get(*path);
        let mut changed: Vec<&Path> =
            self.0.keys().chain(before.0.keys()).filter(differs).map(PathBuf::as_path).collect();
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    fn path(&mut self, path: &str) {
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_dir() => self.folder(Path::new(path)),
            Ok(meta) => self.file(Path::new(path), &meta),
            Err(_) => {
                for found in glob::glob(path).into_iter().flatten().flatten() {
                    match std::fs::metadata(&found) {
                        Ok(meta) if meta.is_dir() => self.folder(&found),
                        Ok(meta) => self.file(&found, &meta),
                        Err(_) => {}
                    }
                }
            }
        }
    }

    fn folder(&mut self, folder: &Path) {
        let walk = walkdir::WalkDir::new(folder).follow_links(true);
        for entry in walk.into_iter().take(limits::ENTRIES).flatten() {
            if let Ok(meta) = entry.metadata()
                && meta.is_file()
                && is_manifest(entry.path())
            {
                self.file(entry.path(), &meta);
            }
        }
    }

    fn file(&mut self, path: &Path, meta: &std::fs::Metadata) {
        let stamp = Stamp { written: meta.modified().ok(), length: meta.len(), number: number(meta) };
        self.0.insert(path.to_owned(), stamp);
    }
}

fn is_one_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// An editor that saves by renaming leaves a file of another number.
#[cfg(unix)]
fn number(meta: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn number(_: &std::fs::Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_gone_or_different_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let paths = [folder.path().display().to_string(), path("*.toml").display().to_string()];
        let now = || Stamps::of(&paths);
        let changed = |before: &Stamps| {
            let now = now();
            now.changed(before)
                .iter()
                .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        std::fs::write(path("a.yaml"), "one").unwrap();
        std::fs::write(path("notes.txt"), "one").unwrap();
        let before = now();
        assert_eq!((before.len(), changed(&before)), (1, vec![]));
        std::fs::write(path("b.yml"), "").unwrap();
        std::fs::write(path("s.toml"), "").unwrap();
        std::fs::write(path("notes.txt"), "three").unwrap();
        assert_eq!(changed(&before), ["b.yml", "s.toml"]);
        std::fs::write(path("c"), "two").unwrap();
        std::fs::rename(path("c"), path("a.yaml")).unwrap();
        std::fs::remove_file(path("b.yml")).unwrap();
        assert_eq!(changed(&before), ["a.yaml", "s.toml"]);
        let mut without = now();
        without.forget(&path("a.yaml"));
        assert_eq!(without.len(), 1);
    }
}
