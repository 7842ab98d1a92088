//! Answers that are kept from run to run, so that a change re-proves only what it may have changed.
//!
//! An answer is kept under what the claim itself is about (`depends`): the sentence as resolved, the world, the declared pods and
//! namespaces that it may mean, the source of netverify. Beside it stands what else it rests on: the policies of those namespaces that the
//! solver was told of. A policy acts in its own namespace alone (R1), so that others cannot change it. A case is never
//! believed as it stands: `eval` judges it again over the files of today ([`crate::prove::replay`]).
//!
//! Who can write to the folder can make any claim "proved": it is trusted as the program itself is. What cannot be read, or was
//! written by another netverify, is as if it were not there. `cli` calls this module.

mod depends;
mod entry;
mod store;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::model::workload::Cluster;
use crate::outcome::{Outcome, Reason};
use crate::prove::{Answered, Job, LeftOut, Prover};
use depends::Ground;
use entry::Entry;
use store::Store;

/// Answers of earlier runs.
pub struct Cache {
    store: Store,
}

/// The answers to the jobs of a run.
#[derive(Default)]
pub struct Recalled {
    /// One answer a job, in order.
    pub answers: Vec<Answered>,
    /// How many of them were known.
    pub known: usize,
    /// What went wrong with the keeping of answers, a sentence each; no answer is wrong for it.
    pub notes: Vec<String>,
}

/// A job of which an answer can be kept.
struct Place<'a> {
    job: Job<'a>,
    key: String,
}

impl Cache {
    /// Answers kept in a folder, which is made where there is none.
    ///
    /// # Errors
    /// [`Error::Write`] where there can be no such folder.
    pub fn in_folder(folder: &Path) -> Result<Cache, Error> {
        Ok(Cache { store: Store::in_folder(folder)? })
    }

    /// Answers kept for as long as the process runs.
    #[must_use]
    pub fn in_memory() -> Cache {
        Cache { store: Store::in_memory() }
    }

    /// The answers to every job, in order: those that are known, and the others by the prover, which are kept.
    ///
    /// # Errors
    /// Those of [`Prover::prove`].
    pub fn prove(&self, prover: &Prover, jobs: &[Job<'_>]) -> Result<Recalled, Error> {
        let mut grounds: HashMap<*const Cluster, Ground<'_>> = HashMap::new();
        for job in jobs {
            grounds.entry(std::ptr::from_ref(job.cluster)).or_insert_with(|| Ground::of(job.cluster));
        }
        let ground = |job: &Job<'_>| grounds.get(&std::ptr::from_ref(job.cluster));
        let places: Vec<Option<Place<'_>>> =
            jobs.iter().map(|job| Some(Place { job: *job, key: ground(job)?.key(job)? })).collect();
        let known: Vec<Option<Answered>> =
            places.iter().map(|place| self.recall(ground(&place.as_ref()?.job)?, place.as_ref()?)).collect();
        let missing: Vec<usize> = (0..jobs.len()).filter(|at| known.get(*at).is_none_or(Option::is_none)).collect();
        let asked: Vec<Job<'_>> = missing.iter().filter_map(|at| jobs.get(*at)).copied().collect();
        let mut answers = known;
        for (at, answered) in missing.iter().zip(prover.prove(&asked)?) {
            if let Some(place) = places.get(*at).and_then(Option::as_ref) {
                ground(&place.job).into_iter().for_each(|ground| self.keep(ground, place, &answered));
            }
            if let Some(slot) = answers.get_mut(*at) {
                *slot = Some(answered);
            }
        }
        let known = jobs.len() - missing.len();
        let answers = answers.into_iter().map(|answered| answered.unwrap_or_else(not_asked)).collect();
        Ok(Recalled { answers, known, notes: self.store.notes() })
    }

    fn recall(&self, ground: &Ground<'_>, place: &Place<'_>) -> Option<Answered> {
        let start = Instant::now();
        let kept = self.store.read(&place.key);
        let outcome =
            kept.iter().filter(|entry| entry.still_stands(ground)).find_map(|entry| entry.outcome(&place.job))?;
        Some(Answered { outcome, elapsed: start.elapsed(), left_out: LeftOut::default() })
    }

    fn keep(&self, ground: &Ground<'_>, place: &Place<'_>, answered: &Answered) {
        if let Some(entry) = Entry::of(ground, &place.job, answered) {
            self.store.write(&place.key, entry);
        }
    }
}

/// What is said where the prover gave no answer: it gives one for every job, and no other job's may take its place.
fn not_asked() -> Answered {
    let outcome = Outcome::Unknown(Reason("not asked".to_owned()));
    Answered { outcome, elapsed: Duration::ZERO, left_out: LeftOut::default() }
}
