//! Where entries are kept: a file a key in a folder, or the memory of the process.
//!
//! A file is its own fingerprint, then JSON: one that was cut short or changed by hand is as if it were not there. Files are
//! written beside their place and renamed, so that processes that share a folder never meet half of one.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::entry::Entry;
use crate::digest;
use crate::error::Error;

/// The most entries of one key, the newest first: variants of a spec ask the same of other policies.
const MOST: usize = 16;
/// The most keys that are kept in memory: what is declared may change for days while somebody watches.
const MOST_KEYS: usize = 20_000;
/// The most bytes of a file that is read.
const MOST_BYTES: u64 = 4 << 20;

pub(super) struct Store {
    place: Place,
    /// The keys of files that are not ours.
    unreadable: Mutex<BTreeSet<String>>,
    unwritten: Mutex<Option<String>>,
}

enum Place {
    Folder(PathBuf),
    Memory(Mutex<HashMap<String, Vec<Entry>>>),
}

impl Store {
    pub(super) fn in_memory() -> Store {
        Store::at(Place::Memory(Mutex::default()))
    }

    pub(super) fn in_folder(folder: &Path) -> Result<Store, Error> {
        fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
        Ok(Store::at(Place::Folder(folder.to_owned())))
    }

    fn at(place: Place) -> Store {
        Store { place, unreadable: Mutex::default(), unwritten: Mutex::default() }
    }

    /// The entries of a key, the newest first.
    pub(super) fn read(&self, key: &str) -> Vec<Entry> {
        match &self.place {
            Place::Memory(all) => all.lock().map(|all| all.get(key).cloned().unwrap_or_default()).unwrap_or_default(),
            Place::Folder(folder) => match from_file(&file(folder, key)) {
                Ok(entries) => entries,
                Err(_) => {
                    if let Ok(mut all) = self.unreadable.lock() {
                        all.insert(key.to_owned());
                    }
                    Vec::new()
                }
            },
        }
    }

    /// Adds an entry; the oldest goes where there are too many.
    pub(super) fn write(&self, key: &str, entry: Entry) {
        match &self.place {
            Place::Memory(all) => {
                if let Ok(mut all) = all.lock() {
                    if all.len() >= MOST_KEYS && !all.contains_key(key) {
                        all.clear();
                    }
                    add(all.entry(key.to_owned()).or_default(), entry);
                }
            }
            Place::Folder(folder) => {
                let path = file(folder, key);
                let mut entries = from_file(&path).unwrap_or_default();
                add(&mut entries, entry);
                if let (Err(error), Ok(mut first)) = (to_file(folder, &path, &entries), self.unwritten.lock()) {
                    first.get_or_insert_with(|| error.to_string());
                }
            }
        }
    }

    /// What went wrong since this was last asked, a sentence each.
    pub(super) fn notes(&self) -> Vec<String> {
        let Place::Folder(folder) = &self.place else { return Vec::new() };
        let folder = folder.display();
        let unreadable = self.unreadable.lock().map(|mut all| std::mem::take(&mut *all).len()).unwrap_or_default();
        let unreadable = match unreadable {
            0 => None,
            1 => Some(format!("one file of the cache {folder} is not as netverify wrote it, and was not used")),
            many => {
                Some(format!("{many} files of the cache {folder} are not as netverify wrote them, and were not used"))
            }
        };
        let unwritten = self.unwritten.lock().ok().and_then(|mut first| first.take());
        let unwritten = unwritten.map(|error| format!("answers could not be kept in the cache {folder}: {error}"));
        unreadable.into_iter().chain(unwritten).collect()
    }
}

fn add(entries: &mut Vec<Entry>, entry: Entry) {
    entries.retain(|known| *known != entry);
    entries.insert(0, entry);
    entries.truncate(MOST);
}

fn file(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!("{key}.answer"))
}

fn foreign() -> std::io::Error {
    ErrorKind::InvalidData.into()
}

/// No entries where there is no file.
fn from_file(path: &Path) -> std::io::Result<Vec<Entry>> {
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let mut text = String::new();
    file.take(MOST_BYTES).read_to_string(&mut text)?;
    let (check, json) = text.split_once('\n').ok_or_else(foreign)?;
    if digest::of(json.as_bytes()) != check {
        return Err(foreign());
    }
    serde_json::from_str(json).map_err(|_| foreign())
}

fn to_file(folder: &Path, path: &Path, entries: &[Entry]) -> std::io::Result<()> {
    let json = serde_json::to_string(entries)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(format!("{}\n{json}", digest::of(json.as_bytes())).as_bytes())?;
    temporary.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let store = Store::in_memory();
        for key in 0..=MOST_KEYS {
            (0..MOST + 2).for_each(|at| store.write(&format!("{}", key * usize::from(at < 2)), Entry::numbered(at)));
        }
        let Place::Memory(all) = &store.place else { panic!("it is no folder") };
        let all = all.lock().unwrap();
        assert!(all.len() <= MOST_KEYS && all.values().all(|entries| entries.len() <= MOST));
        assert_eq!(all["0"].first(), Some(&Entry::numbered(MOST + 1)), "the newest comes first");
    }
}
