//! Files that were read before, for a process that reads the same ones again and again.
//!
//! A file is known by its number among the sources, which the places of its objects name, and by its whole text: where either is another,
//! it is read anew. What had a fault is never remembered, so that every run tells of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::Settings;
use super::input::Input;
use super::object::Contents;
use crate::source::FileId;

/// What was read before; by default nothing is remembered.
#[derive(Clone, Default)]
pub struct Memory(Option<Arc<Mutex<HashMap<FileId, Known>>>>);

struct Known {
    text: Arc<str>,
    in_folder: bool,
    settings: Settings,
    contents: Contents,
}

impl Memory {
    /// Remembers from now on.
    #[must_use]
    pub fn new() -> Memory {
        Memory(Some(Arc::default()))
    }

    /// What this file holds, if it is known.
    pub(super) fn recall(&self, input: &Input, text: &Arc<str>, settings: &Settings) -> Option<Contents> {
        let all = self.0.as_ref()?.lock().ok()?;
        let known = all.get(&input.file)?;
        let is_same = known.text == *text && known.in_folder == input.in_folder && known.settings == *settings;
        is_same.then(|| known.contents.same())
    }

    /// Remembers what this file holds, if nothing in it is at fault.
    pub(super) fn keep(&self, input: &Input, text: &Arc<str>, settings: &Settings, contents: &Contents) {
        let Some(mut all) = self.0.as_ref().and_then(|all| all.lock().ok()) else { return };
        if contents.faults.is_empty() {
            let (text, settings, contents) = (text.clone(), settings.clone(), contents.same());
            all.insert(input.file, Known { text, in_folder: input.in_folder, settings, contents });
        } else {
            all.remove(&input.file);
        }
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Memory(on)" } else { "Memory(off)" })
    }
}
