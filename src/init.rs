//! A first spec from manifests: what the policies hold today, in sentences that a person can keep.
//!
//! Sentences are made from the policies and asked of the prover; only what is proved comes into the
//! [`Draft`]. So a slip here makes a spec poorer, never wrong, and whoever writes the spec proves its text
//! once more. Assumes a checked cluster. `cli` calls this module.

mod edges;
mod ends;
mod facts;
mod floor;
mod lists;
mod names;
mod rules;
pub mod text;
mod words;

use std::collections::BTreeSet;

use crate::error::Error;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::prove::Prover;
use ends::Ends;
use facts::Facts;
use names::Names;

/// The most properties of one draft: more than anybody reads.
const MAX_PROPERTIES: usize = 2_000;

/// How often answers lead to new questions at most. What is not answered by then is left out.
const MAX_ROUNDS: usize = 12;

/// A first spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// What the sentences call by name.
    pub endpoints: Vec<Endpoint>,
    /// One section a namespace, by name.
    pub sections: Vec<Section>,
    /// What its reader should know of the whole.
    pub notes: Vec<String>,
    /// A sentence about which the two semantics disagree: a bug in netverify, and nothing is to be written.
    pub disagreement: Option<String>,
}

/// A name and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The name.
    pub name: String,
    /// The namespace of its pods.
    pub namespace: String,
    /// What it stands for, as `[endpoints]` writes it.
    pub definition: String,
}

/// What is known of one namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The namespace.
    pub namespace: String,
    /// How many policies it has.
    pub policies: usize,
    /// How many workloads its manifests declare.
    pub workloads: usize,
    /// What its reader should know and no property says.
    pub notes: Vec<String>,
    /// What holds.
    pub properties: Vec<Property>,
}

/// One property to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name, unique in the draft.
    pub name: String,
    /// Its sentence.
    pub sentence: String,
    /// Whether it keeps something shut; else it keeps something open.
    pub shuts: bool,
}

impl Draft {
    /// How many properties there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sections.iter().map(|section| section.properties.len()).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps the properties whose names pass.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        for section in &mut self.sections {
            section.properties.retain(|property| keep(&property.name));
        }
    }

    /// Leaves out what is beyond the limit, and says so.
    fn cut(&mut self) {
        let all = self.len();
        let mut left = MAX_PROPERTIES;
        for section in &mut self.sections {
            section.properties.truncate(left);
            left -= section.properties.len();
        }
        if all > MAX_PROPERTIES {
            self.notes.push(format!("{} more properties hold and are left out.", all - MAX_PROPERTIES));
        }
    }
}

/// What all parts of the work look at.
#[derive(Clone, Copy)]
struct Scene<'a> {
    cluster: &'a Cluster,
    ends: &'a Ends,
}

/// The draft of a cluster. The sections are made again and again, each time with the answers to the questions of the
/// time before, until they ask for nothing new.
///
/// # Errors
/// Those of [`Prover::prove`].
pub fn draft(cluster: &Cluster, world: &World, prover: &Prover) -> Result<Draft, Error> {
    let ends = Ends::of(cluster);
    let scene = Scene { cluster, ends: &ends };
    let mut facts = Facts::new(cluster, world, &text::endpoints(&ends.endpoints()));
    let mut sections = all_sections(scene, &mut facts);
    for _ in 0..MAX_ROUNDS {
        if !facts.settle(prover)? {
            break;
        }
        sections = all_sections(scene, &mut facts);
    }
    let mut notes = ends.notes.clone();
    if facts.is_cut {
        notes.push(format!(
            "{} statements were tried, the most for one spec; others may hold too.",
            facts::MAX_QUESTIONS
        ));
    }
    let mut draft = Draft { endpoints: ends.endpoints(), sections, notes, disagreement: facts.disagreement };
    draft.cut();
    Ok(draft)
}

fn all_sections(scene: Scene<'_>, facts: &mut Facts<'_>) -> Vec<Section> {
    let policies = scene.cluster.policies.iter().map(|policy| policy.namespace.as_str());
    let workloads = scene.cluster.workloads.iter().map(|workload| workload.namespace.as_str());
    let namespaces: BTreeSet<&str> = policies.chain(workloads).collect();
    let mut names = Names::default();
    namespaces.into_iter().map(|namespace| section(scene, facts, &mut names, namespace)).collect()
}

fn section(scene: Scene<'_>, facts: &mut Facts<'_>, names: &mut Names, namespace: &str) -> Section {
    let Cluster { policies, workloads, .. } = scene.cluster;
    let mut section = Section {
        namespace: namespace.to_owned(),
        policies: policies.iter().filter(|policy| policy.namespace == namespace).count(),
        workloads: workloads.iter().filter(|workload| workload.namespace == namespace).count(),
        ..Section::default()
    };
    if section.policies == 0 {
        section.notes.push(format!(
            "No policy isolates a pod of {namespace}: what others let out gets in, and everything gets out."
        ));
        return section;
    }
    let floor = floor::lay(scene, facts, names, &mut section);
    edges::draw(scene, facts, names, &floor, &mut section);
    section
}
