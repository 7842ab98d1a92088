//! Policies that cannot mean what they say, found by proof.
//!
//! The manifests are right as far as the API server is concerned, and `prove` would decide any sentence over
//! them. What is looked for here needs no sentence: a dash that makes two peers of one, a policy that closes
//! more than it speaks of, a selector that nothing matches, a rule that others make idle. The catalogue is
//! [`crate::finding::Code`].
//!
//! # What makes a finding true
//!
//! A linter that guesses is switched off. So each finding carries its [`Evidence`]: a pod or flow that the
//! reference semantics judges ([`holds`], asked again before anything is shown), a question that the solver
//! answers for every pod that could exist, a walk over all selectors, labels and ports in question, or,
//! where nothing is to be proved, the text itself. Where a finding says that no *declared* pod or
//! namespace matches, it is raised only where the manifests declare any. One fault is told once: what follows
//! from a finding of one family is left out by the others.
//!
//! # What it costs
//!
//! A policy is held against those of its own namespace that can select a pod with it. Before the solver is
//! asked whether something is idle, a plain flow is tried; most often that settles it. Where a limit is met
//! it is said ([`Linted::limits`]).
//!
//! One file a family. The command line calls this module; it calls `prove`, `eval` and what is below.

mod addresses;
mod bench;
mod coverage;
mod dash;
mod directions;
mod dns;
mod doors;
mod flows;
mod forgeable;
mod host_bits;
mod pieces;
mod ports;
mod redundant;
mod replay;
mod sample;
mod samples;
mod scene;
mod selectors;
mod yaml;

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::eval::Verdict;
use crate::finding::{Code, Evidence, Finding, Shown};
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::prove::Prover;
use crate::source::Origin;
use scene::Scene;

/// What was found in one cluster.
#[derive(Clone, Debug, Default)]
pub struct Linted {
    /// The findings, those of one policy together.
    pub findings: Vec<Finding>,
    /// Limits that were met, in words: what was not looked for because of them.
    pub limits: Vec<String>,
    /// Questions that were not decided within the limits of time and memory, in words.
    pub undecided: Vec<String>,
    /// What the two semantics disagree about, in words: bugs in netverify.
    pub disagreements: Vec<String>,
    /// How many questions about redundancy left policies out, for there were too many.
    narrowed: usize,
}

/// Everything to be found in a cluster, and what reading its manifests has already found of that kind:
/// `faults` are those of all that was read.
///
/// # Errors
/// Those of [`Prover::prove`].
pub fn lint(cluster: &Cluster, world: &World, faults: &[Diagnostic], prover: &Prover) -> Result<Linted, Error> {
    let scene = Scene::new(cluster, world);
    let mut linted = Linted::default();
    linted.findings.extend(faults.iter().filter_map(|fault| host_bits::of_fault(cluster, fault)));
    linted.findings.extend(directions::find(&scene));
    dash::find(&scene, prover, &mut linted)?;
    linted.findings.extend(dns::find(&scene));
    selectors::find(&scene, prover, &mut linted)?;
    redundant::find(&scene, prover, &mut linted)?;
    linted.findings.extend(coverage::find(&scene));
    linted.findings.extend(ports::find(&scene));
    addresses::find(&scene, prover, &mut linted)?;
    linted.findings.extend(forgeable::find(&scene));
    linted.findings.extend(doors::find(&scene));
    linted.confirm(cluster);
    linted.tell_once();
    linted.findings.sort_by_key(|finding| finding.marks.first().map(|mark| mark.origin));
    Ok(linted)
}

/// Whether this fault of the input is told as a finding, so that it need not be told as a warning too.
#[must_use]
pub fn is_finding(fault: &Diagnostic) -> bool {
    host_bits::is_told(fault)
}

/// Whether what a finding shows is so, by the reference semantics.
#[must_use]
pub fn holds(cluster: &Cluster, shown: &Shown) -> bool {
    replay::holds(cluster, shown)
}

impl Linted {
    /// Takes out what the reference semantics does not confirm: that is a bug, and no finding.
    fn confirm(&mut self, cluster: &Cluster) {
        let is_so = |finding: &Finding| match &finding.evidence {
            Evidence::Shown(shown) => holds(cluster, shown),
            Evidence::Text | Evidence::Examined | Evidence::Proved => true,
        };
        let (confirmed, refuted): (Vec<_>, Vec<_>) = std::mem::take(&mut self.findings).into_iter().partition(is_so);
        self.findings = confirmed;
        let words = |finding: Finding| format!("{} ({})", finding.message, finding.code.name());
        self.disagreements.extend(refuted.into_iter().map(words));
    }

    /// Leaves out what follows from another finding about the same lines.
    fn tell_once(&mut self) {
        let causes: BTreeSet<(Code, Origin)> =
            self.findings.iter().flat_map(|one| one.marks.iter().map(|mark| (one.code, mark.origin))).collect();
        self.findings.retain(|finding| {
            let place = finding.marks.first().map(|mark| mark.origin);
            let is_caused = |(cause, effect): &(Code, Code)| {
                finding.code == *effect && place.is_some_and(|place| causes.contains(&(*cause, place)))
            };
            !FOLLOWS.iter().any(is_caused)
        });
    }

    /// Says that a question was not decided.
    fn undecided(&mut self, what: impl std::fmt::Display) {
        self.undecided.push(what.to_string());
    }

    /// Says that the two semantics disagree.
    fn disagreement(&mut self, what: impl std::fmt::Display) {
        self.disagreements.push(what.to_string());
    }
}

/// Of two findings about the same lines, the first kind is the cause and the second follows from it.
const FOLLOWS: [(Code, Code); 5] = [
    (Code::RoundaboutEverything, Code::MatchesNoPod),
    (Code::DashSplitsPeer, Code::MatchesNoPod),
    (Code::DashSplitsPeer, Code::MatchesNoNamespace),
    (Code::MatchesNoPod, Code::RedundantPeer),
    (Code::MatchesNoNamespace, Code::RedundantPeer),
];

/// The options of the world that let most through, and least: what is denied under the one is denied by every
/// plugin, what is allowed under the other is allowed by every plugin.
fn surest(world: &World, verdict: Verdict) -> crate::model::options::Options {
    match verdict {
        Verdict::Allowed => world.options().least,
        Verdict::Denied => world.options().most,
    }
}
