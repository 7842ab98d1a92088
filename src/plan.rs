//! From specs and manifests to things to prove: one [`Item`] a property and variant.
//!
//! Reads every file once, whatever the number of variants, and gathers every fault of the input, so
//! that one run shows them all. Nothing is proved while a fault stands.

pub(crate) mod assumptions;
mod builder;
mod sets;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::date::Date;
use crate::diagnostic::{Code, Diagnostic, Label};
use crate::finding;
use crate::manifest::{Memory, Objects, Settings};
use crate::model::claim::Claim;
use crate::model::inventory::Inventory;
use crate::model::plugin::Plugin;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::prove::Job;
use crate::source::{Origin, SourceMap};
use crate::spec::{PropertySeverity, WaiverSpec};

pub use crate::language::Yes;
pub use assumptions::assumptions_of;

use crate::language::NamedEndpoint;

/// One property over one variant.
#[derive(Clone, Debug)]
pub struct Item {
    /// The spec file; `None` for a sentence from the command line.
    pub spec: Option<String>,
    /// The variant, where the spec has any.
    pub variant: Option<String>,
    /// The name of the property.
    pub name: String,
    /// Its sentence.
    pub sentence: String,
    /// Where the sentence is written.
    pub origin: Origin,
    /// How bad a refutation is.
    pub severity: PropertySeverity,
    /// Why it matters.
    pub why: Option<String>,
    /// What it claims.
    pub claim: Claim,
    /// Which answer is the yes, where a question is asked.
    pub yes: Yes,
    /// Whether a claim about nothing counts as proved.
    pub allow_vacuous: bool,
    /// The waiver that covers it, if one does.
    pub waiver: Option<WaiverSpec>,
    /// The cluster, by its index in the plan.
    cluster: usize,
    /// The world, by its index in the plan.
    world: usize,
}

/// One cluster in its world: of a spec and variant, or of the manifests of the command line.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The variant, where the spec has any.
    pub variant: Option<String>,
    /// The cluster, by its index in the plan.
    pub cluster: usize,
    /// The world, by its index in the plan.
    pub world: usize,
    /// What the spec gives names to.
    pub endpoints: BTreeMap<String, NamedEndpoint>,
}

/// One cluster to look through: that of a variant, or of the command line.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The spec file; `None` for manifests of the command line.
    pub spec: Option<String>,
    /// The variant, where the spec has any.
    pub variant: Option<String>,
    /// The findings that the spec accepts.
    pub allow: BTreeSet<finding::Code>,
    /// The cluster, by its index in the plan.
    cluster: usize,
    /// The world, by its index in the plan.
    world: usize,
}

/// Everything to prove in one run.
#[derive(Debug, Default)]
pub struct Plan {
    /// One cluster a spec and variant.
    pub clusters: Vec<Cluster>,
    /// One world a spec.
    pub worlds: Vec<World>,
    /// The clusters with their worlds, in the order of the specs and their variants.
    pub scenes: Vec<Scene>,
    /// The titles of the specs that have one, in the order of the specs.
    pub titles: Vec<String>,
    /// What to prove, in the order of the specs, their variants and their properties.
    pub items: Vec<Item>,
    /// What to look through, where no property is asked about.
    pub grounds: Vec<Ground>,
    /// The faults of the input, warnings among them.
    pub diagnostics: Vec<Diagnostic>,
    /// Every path that was looked at: specs, and manifests with what they are relative to.
    pub paths: Vec<String>,
    /// The day of the run, in UTC: waivers end.
    pub today: Date,
    /// Whether somebody set the day, so that it need not be that of the clock.
    today_is_given: bool,
}

/// A spec before it is written.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Where it will be.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What the command line adds to every spec.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Spec files.
    pub specs: Vec<String>,
    /// Sentences to prove over `manifests` alone.
    pub assertions: Vec<String>,
    /// The network plugin of the sentences; a spec names its own.
    pub plugin: Plugin,
    /// A question to answer over `manifests` alone.
    pub question: Option<String>,
    /// Whether the clusters are to be looked through, and nothing is asked of them.
    pub grounds_only: bool,
    /// Manifests: of the sentences, and added to those of every spec.
    pub manifests: Vec<String>,
    /// How to read manifests.
    pub settings: Settings,
    /// What was read before.
    pub memory: Memory,
    /// The day of the run, in UTC.
    pub today: Date,
    /// Whether somebody set the day, so that it need not be that of the clock.
    pub today_is_given: bool,
}

impl Plan {
    /// Reads everything that the inputs name.
    #[must_use]
    pub fn read(inputs: &Inputs, sources: &mut SourceMap) -> Plan {
        let mut plan = builder::build(inputs, sources);
        dedup(&mut plan.diagnostics, sources);
        plan
    }

    /// Reads the text of a spec that is not in its file yet, as [`Plan::read`] would read it there. Where its manifests
    /// come from the command line, `given` is what was read of those: standard input gives them only once.
    #[must_use]
    pub fn read_draft(draft: &Draft<'_>, inputs: &Inputs, given: Option<Objects>, sources: &mut SourceMap) -> Plan {
        let mut plan = builder::build_draft(draft, inputs, given, sources);
        dedup(&mut plan.diagnostics, sources);
        plan
    }

    /// Keeps every item whose number, from 0, leaves the rest `index` when divided by `of`: neighbours, which are often alike and
    /// cost alike, go to different shares.
    pub fn keep_share(&mut self, index: usize, of: usize) {
        let mut numbers = 0..self.items.len();
        self.items.retain(|_| numbers.next().is_some_and(|number| number % of.max(1) == index));
    }

    /// Whether anything stands in the way of proving.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The cluster of an item.
    #[must_use]
    pub fn cluster(&self, item: &Item) -> &Cluster {
        self.cluster_at(item.cluster)
    }

    /// The cluster of a ground.
    #[must_use]
    pub fn cluster_of(&self, ground: &Ground) -> &Cluster {
        self.cluster_at(ground.cluster)
    }

    /// The world of a ground.
    #[must_use]
    pub fn world_of(&self, ground: &Ground) -> Option<&World> {
        self.worlds.get(ground.world)
    }

    fn cluster_at(&self, index: usize) -> &Cluster {
        static NONE: Cluster = Cluster {
            policies: Inventory::new(),
            namespaces: BTreeMap::new(),
            workloads: Inventory::new(),
            services: Inventory::new(),
            nodes: Vec::new(),
            unread_kinds: BTreeMap::new(),
            ignored_kinds: BTreeMap::new(),
        };
        self.clusters.get(index).unwrap_or(&NONE)
    }

    /// The number of the cluster of an item: two items of one number are about the same cluster.
    #[must_use]
    pub fn cluster_number(&self, item: &Item) -> usize {
        item.cluster
    }

    /// The world of an item; `None` only for an item of another plan.
    #[must_use]
    pub fn world(&self, item: &Item) -> Option<&World> {
        self.worlds.get(item.world)
    }

    /// The jobs for the prover, one an item.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job<'_>> {
        self.items.iter().filter_map(|item| self.job(item)).collect()
    }

    fn job<'a>(&'a self, item: &'a Item) -> Option<Job<'a>> {
        let world = self.worlds.get(item.world)?;
        Some(Job { cluster: self.cluster(item), world, claim: &item.claim, allow_vacuous: item.allow_vacuous })
    }
}

/// The same fault is met once a variant, which may read the same file again; a person wants to read it once.
fn dedup(diagnostics: &mut Vec<Diagnostic>, sources: &SourceMap) {
    let mut seen = HashSet::new();
    let place = |label: &Label| (sources.name(label.origin.file).to_owned(), label.origin.span, label.text.clone());
    diagnostics.retain(|diagnostic| {
        let words = (diagnostic.code, diagnostic.message.clone(), diagnostic.notes.clone(), diagnostic.help.clone());
        let places: Vec<_> = diagnostic.primary.iter().chain(&diagnostic.related).map(place).collect();
        seen.insert((words, places))
    });
}

/// A command that is about manifests was given none.
pub(crate) fn no_manifests(message: &str) -> Diagnostic {
    Diagnostic::error(Code::Usage, message).help("name them with -m: `-m k8s/`, or `-m -` for standard input")
}
