//! What the prover says of sentences. A question that was not asked before waits for the next round.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::language::{self, NamedEndpoint};
use crate::model::claim::Claim;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::outcome::Outcome;
use crate::prove::{Job, Prover};
use crate::source::{FileId, Origin, SourceMap, Span};
use crate::spec;

/// The most questions of one draft.
pub(super) const MAX_QUESTIONS: usize = 20_000;

/// How many questions are asked at once: enough to be shared out, and few enough to be stopped between.
const AT_ONCE: usize = 256;

/// Sentences and whether they are proved.
pub(super) struct Facts<'a> {
    cluster: &'a Cluster,
    world: &'a World,
    endpoints: BTreeMap<String, NamedEndpoint>,
    file: FileId,
    known: BTreeMap<String, bool>,
    wanted: Vec<String>,
    is_wanted: BTreeSet<String>,
    /// Whether there was more to ask than may be asked.
    pub(super) is_cut: bool,
    /// A sentence about which the two semantics disagree.
    pub(super) disagreement: Option<String>,
}

impl<'a> Facts<'a> {
    /// `endpoints` is the text of the section `[endpoints]` that the sentences can use.
    pub(super) fn new(cluster: &'a Cluster, world: &'a World, endpoints: &str) -> Facts<'a> {
        let mut sources = SourceMap::default();
        let file = sources.add_argument("a first spec", endpoints);
        let (spec, _) = spec::parse(file, endpoints);
        Facts {
            cluster,
            world,
            endpoints: spec.endpoints,
            file,
            known: BTreeMap::new(),
            wanted: Vec::new(),
            is_wanted: BTreeSet::new(),
            is_cut: false,
            disagreement: None,
        }
    }

    /// Whether the sentence is proved; `None` where that is not known yet, and then it is asked next.
    pub(super) fn holds(&mut self, sentence: &str) -> Option<bool> {
        if let Some(known) = self.known.get(sentence) {
            return Some(*known);
        }
        if self.known.len() + self.wanted.len() >= MAX_QUESTIONS {
            self.is_cut = true;
            return Some(false);
        }
        if self.is_wanted.insert(sentence.to_owned()) {
            self.wanted.push(sentence.to_owned());
        }
        None
    }

    /// Asks what is wanted; `false` where nothing was, or where the run is to end.
    pub(super) fn settle(&mut self, prover: &Prover) -> Result<bool, Error> {
        let wanted = std::mem::take(&mut self.wanted);
        self.is_wanted.clear();
        for some in wanted.chunks(AT_ONCE) {
            self.ask(some, prover)?;
            if self.disagreement.is_some() || prover.is_interrupted() {
                return Ok(false);
            }
        }
        Ok(!wanted.is_empty())
    }

    fn ask(&mut self, wanted: &[String], prover: &Prover) -> Result<(), Error> {
        let claims: Vec<Option<Claim>> = wanted.iter().map(|sentence| self.claim(sentence)).collect();
        let job = |claim| Job { cluster: self.cluster, world: self.world, claim, allow_vacuous: false };
        let jobs: Vec<Job<'_>> = claims.iter().flatten().map(job).collect();
        let mut answers = prover.prove(&jobs)?.into_iter();
        for (sentence, claim) in wanted.iter().zip(&claims) {
            let outcome = claim.as_ref().and_then(|_| answers.next()).map(|answered| answered.outcome);
            if matches!(outcome, Some(Outcome::Disagreement(_))) {
                self.disagreement.get_or_insert_with(|| sentence.clone());
            }
            self.known.insert(sentence.clone(), matches!(outcome, Some(Outcome::Proved(_))));
        }
        Ok(())
    }

    /// What the sentence claims; `None` where it cannot be said, or its reader would be warned.
    fn claim(&self, sentence: &str) -> Option<Claim> {
        let origin = Origin { file: self.file, span: Span::new(0, sentence.len()) };
        let parsed = language::parse(sentence, origin).ok()?;
        let names = language::Names { cluster: self.cluster, endpoints: &self.endpoints, sets: None };
        let resolved = language::resolve(&parsed, &names).ok()?;
        resolved.warnings.is_empty().then_some(resolved.claim)
    }
}
