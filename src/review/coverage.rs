//! What the spec would notice: each policy, rule and peer is taken away or opened to all, and the proved properties are
//! proved again over the changed cluster.
//!
//! A change is noticed where a proved property comes out refuted. Questions whose answer cannot differ are not asked
//! ([`may_matter`]); the others are counted, and there is a most of them. Properties that compare policies name them by what
//! they are, so they are not asked again.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{self, Edit, How, Part};
use super::{Material, Scope, excerpt, scope};
use crate::error::Error;
use crate::model::claim::Claim;
use crate::model::net::PortMatch;
use crate::model::policy::{Direction, Policy};
use crate::model::workload::Cluster;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::prove::{Job, Slice};
use crate::report::review::{Change, Coverage, Line};

mod suggest;

/// Clusters that are changed at the same time: each is a copy.
const AT_ONCE: usize = 128;
/// The most changes that are listed.
const SHOWN: usize = 2_000;
/// How many properties that notice a change are named.
const NAMED: usize = 6;

/// What was examined.
pub(super) struct Examined {
    pub(super) report: Coverage,
    /// For each property, the policies without which it is proved as well.
    removable: BTreeMap<usize, Vec<String>>,
    /// The properties for which some policy was not tried.
    incomplete: BTreeSet<usize>,
}

impl Examined {
    /// The policies each of which could be taken away; `None` where that was not wholly examined.
    pub(super) fn removable(&self, plan: &Plan, at: usize) -> Option<Vec<String>> {
        let is_asked = plan.items.get(at).is_some_and(|item| is_asked_again(&item.claim));
        (is_asked && !self.incomplete.contains(&at)).then(|| self.removable.get(&at).cloned().unwrap_or_default())
    }
}

/// A change is the same in every variant that has the file.
type Key = (Line, String, &'static str);

/// One change in one scope, and the properties that it may matter to.
struct Trial<'a> {
    scope: &'a Scope<'a>,
    edit: Edit,
    key: Key,
    asked: Vec<usize>,
}

/// Tries every change.
pub(super) fn coverage(material: &Material<'_>, scopes: &[Scope<'_>], limit: usize) -> Result<Examined, Error> {
    let mut work = Work {
        material,
        left: limit,
        changes: BTreeMap::new(),
        untried: BTreeSet::new(),
        examined: Examined {
            report: Coverage { limit, ..Coverage::default() },
            removable: BTreeMap::new(),
            incomplete: BTreeSet::new(),
        },
    };
    if limit == 0 {
        work.examined.incomplete.extend(0..material.plan.items.len());
        return Ok(work.examined);
    }
    // Whole policies first, of every variant: proofs are said to need them or not.
    for is_policy in [true, false] {
        for scope in scopes {
            let all =
                trials(material, scope).into_iter().filter(|trial| (trial.edit.part == Part::Policy) == is_policy);
            let all: Vec<_> = all.collect();
            all.chunks(AT_ONCE).try_for_each(|some| work.some(some))?;
        }
    }
    work.finish(scopes)
}

fn trials<'a>(material: &Material<'_>, scope: &'a Scope<'a>) -> Vec<Trial<'a>> {
    let proved = scope.items.iter().copied().filter(|at| is_proved(material, *at));
    let slice =
        |at: usize| Some((at, Slice::of_claim(scope.cluster, scope.world, &material.plan.items.get(at)?.claim)));
    let proved: Vec<(usize, Slice)> = proved.filter_map(slice).collect();
    let edits = scope.cluster.policies.iter().enumerate().flat_map(|(at, policy)| change::edits(policy, at));
    let trial = |edit: Edit| {
        let policy = scope.cluster.policies.get(edit.policy)?;
        let (path, _) = change::place(policy, edit.part);
        let key = (excerpt::line(material.sources, policy.name_origin), path, how(edit.how));
        let is_asked = |(at, slice): &&(usize, Slice)| matters(material, policy, edit, slice, *at);
        Some(Trial { scope, edit, key, asked: proved.iter().filter(is_asked).map(|(at, _)| *at).collect() })
    };
    edits.filter_map(trial).collect()
}

fn how(how: How) -> &'static str {
    match how {
        How::Removed => "removed",
        How::Widened => "widened",
    }
}

fn is_proved(material: &Material<'_>, at: usize) -> bool {
    material.answers.get(at).is_some_and(|answered| match &answered.outcome {
        Outcome::Proved(proof) => !proof.vacuous,
        _ => false,
    })
}

fn is_asked_again(claim: &Claim) -> bool {
    !matches!(claim, Claim::Compared(_) | Claim::NoGap { .. })
}

fn matters(material: &Material<'_>, policy: &Policy, edit: Edit, slice: &Slice, at: usize) -> bool {
    material.plan.items.get(at).is_some_and(|item| may_matter(policy, edit, slice, &item.claim))
}

/// Whether the claim, which holds, might not hold after the change. Says yes where it is not sure.
///
/// R1: a policy acts on pods of its own namespace that it selects, and on no others. R5: rules only add, so to take one away
/// makes no flow pass, and to widen one stops none; but for named ports, which may be read otherwise without a peer (R28).
fn may_matter(policy: &Policy, edit: Edit, slice: &Slice, claim: &Claim) -> bool {
    let (direction, is_named) = match edit.part {
        Part::Policy => (None, false),
        Part::Rule(direction, at) | Part::Peer(direction, at, _) => {
            (Some(direction), names_a_port(policy, direction, at))
        }
    };
    let acts =
        |own: Direction| direction.is_none_or(|direction| direction == own) && slice.of(own).contains(&edit.policy);
    match claim {
        Claim::NoneCanReach(_) | Claim::EveryCanReach(_) | Claim::SomeCanReach(_) | Claim::NoPath(_) => {
            let is_denial = matches!(claim, Claim::NoneCanReach(_) | Claim::NoPath(_));
            let may_turn = match (edit.part, edit.how) {
                (Part::Policy, _) => true,
                (_, How::Removed) => !is_denial || is_named,
                (_, How::Widened) => is_denial || is_named,
            };
            may_turn && (acts(Direction::Ingress) || acts(Direction::Egress))
        }
        Claim::Isolated { directions, .. } => {
            edit.part == Part::Policy && directions.iter().any(|direction| acts(*direction))
        }
        Claim::Compared(_) | Claim::NoGap { .. } => false,
    }
}

fn names_a_port(policy: &Policy, direction: Direction, at: usize) -> bool {
    let rule = policy.rules(direction).and_then(|rules| rules.get(at));
    rule.is_some_and(|rule| rule.named_ports().iter().any(|item| matches!(item.ports, PortMatch::Named(_))))
}

/// The changes so far, and how many questions are left.
struct Work<'a, 'b> {
    material: &'a Material<'b>,
    left: usize,
    changes: BTreeMap<Key, Change>,
    untried: BTreeSet<Key>,
    examined: Examined,
}

impl Work<'_, '_> {
    /// Tries some changes of one scope, as far as the questions go.
    fn some(&mut self, trials: &[Trial<'_>]) -> Result<(), Error> {
        let mut affordable = Vec::new();
        for trial in trials {
            let is_settled = trial.edit.part != Part::Policy
                && self.changes.get(&trial.key).is_some_and(|change| !change.noticed_by.is_empty());
            if is_settled {
                continue;
            }
            if trial.asked.len() > self.left {
                self.untried.insert(trial.key.clone());
                self.examined.incomplete.extend(trial.asked.iter().filter(|_| trial.edit.part == Part::Policy));
                continue;
            }
            self.left -= trial.asked.len();
            self.examined.report.questions += trial.asked.len();
            affordable.push(trial);
        }
        affordable.iter().for_each(|trial| self.enter(trial));
        let clusters: Vec<_> = affordable
            .iter()
            .filter(|trial| !trial.asked.is_empty())
            .filter_map(|trial| Some((*trial, change::apply(trial.scope.cluster, trial.edit)?)))
            .collect();
        let asked: Vec<(&Trial<'_>, usize, &Cluster)> = clusters
            .iter()
            .flat_map(|(trial, cluster)| trial.asked.iter().map(move |at| (*trial, *at, cluster)))
            .collect();
        let jobs: Vec<Job<'_>> =
            asked.iter().filter_map(|(trial, at, cluster)| self.job(trial.scope, *at, cluster)).collect();
        let answers = self.material.prover.prove(&jobs)?;
        for ((trial, at, _), answered) in asked.iter().zip(&answers) {
            self.learn(trial, *at, &answered.outcome);
        }
        Ok(())
    }

    fn job<'c>(&'c self, scope: &'c Scope<'_>, at: usize, cluster: &'c Cluster) -> Option<Job<'c>> {
        let item = self.material.plan.items.get(at)?;
        Some(Job { cluster, world: scope.world, claim: &item.claim, allow_vacuous: item.allow_vacuous })
    }

    /// The change, before anything is known of it.
    fn enter(&mut self, trial: &Trial<'_>) {
        let Some(policy) = trial.scope.cluster.policies.get(trial.edit.policy) else { return };
        let (path, origin) = change::place(policy, trial.edit.part);
        let change = || Change {
            policy: policy.full_name(),
            words: words(trial.edit, &path),
            path: path.clone(),
            how: how(trial.edit.how),
            at: excerpt::line(self.material.sources, origin),
            noticed_by: Vec::new(),
            more: 0,
            suggestion: None,
            cut_short: false,
        };
        self.changes.entry(trial.key.clone()).or_insert_with(change);
    }

    fn learn(&mut self, trial: &Trial<'_>, at: usize, outcome: &Outcome) {
        let Some(item) = self.material.plan.items.get(at) else { return };
        let Some(change) = self.changes.get_mut(&trial.key) else { return };
        match outcome {
            Outcome::Refuted(_) if change.noticed_by.len() < NAMED => {
                change.noticed_by.push(scope::name(self.material.plan, item));
            }
            Outcome::Refuted(_) => change.more += 1,
            Outcome::Proved(_) | Outcome::Vacuous if trial.edit.part == Part::Policy => {
                self.examined.removable.entry(at).or_default().push(change.policy.clone());
            }
            Outcome::Proved(_) | Outcome::Vacuous => {}
            // What is not decided is not known to go unnoticed.
            Outcome::Unknown(_) | Outcome::Disagreement(_) => {
                self.untried.insert(trial.key.clone());
                if trial.edit.part == Part::Policy {
                    self.examined.incomplete.insert(at);
                }
            }
        }
    }

    /// The result, with sentences for what goes unnoticed.
    fn finish(mut self, scopes: &[Scope<'_>]) -> Result<Examined, Error> {
        for scope in scopes {
            for trial in trials(self.material, scope) {
                let unnoticed = self
                    .changes
                    .get(&trial.key)
                    .is_some_and(|change| change.noticed_by.is_empty() && change.suggestion.is_none());
                if !unnoticed || self.untried.contains(&trial.key) {
                    continue;
                }
                let suggested = suggest::suggest(self.material.prover, scope, trial.edit, self.left)?;
                self.left = self.left.saturating_sub(suggested.asked);
                self.examined.report.questions += suggested.asked;
                if let Some(change) = self.changes.get_mut(&trial.key) {
                    change.suggestion = suggested.sentence;
                    change.cut_short = change.suggestion.is_none() && suggested.cut_short;
                }
            }
        }
        let is_known = |key: &Key, change: &Change| !change.noticed_by.is_empty() || !self.untried.contains(key);
        let (known, rest): (Vec<_>, Vec<_>) = self.changes.into_iter().partition(|(key, change)| is_known(key, change));
        let known_keys: BTreeSet<&Key> = known.iter().map(|(key, _)| key).collect();
        let untried: BTreeSet<&Key> = self
            .untried
            .iter()
            .chain(rest.iter().map(|(key, _)| key))
            .filter(|key| !known_keys.contains(key))
            .collect();
        let mut report = Coverage { untried: untried.len(), ..self.examined.report };
        report.changes = known.into_iter().map(|(_, change)| change).collect();
        report.noticed = report.changes.iter().filter(|change| !change.noticed_by.is_empty()).count();
        report.tried = report.changes.len();
        report.cut_short = report.changes.iter().filter(|change| change.cut_short).count();
        report.percent = (report.noticed * 100).checked_div(report.tried);
        report.changes.truncate(SHOWN);
        Ok(Examined { report, ..self.examined })
    }
}

fn words(edit: Edit, path: &str) -> String {
    match (edit.part, edit.how) {
        (Part::Policy, _) => "the policy is taken away".to_owned(),
        (_, How::Removed) => format!("{path} is taken away"),
        (Part::Rule(..), How::Widened) => format!("{path} admits everything"),
        (Part::Peer(..), How::Widened) => format!("{path} admits everybody, on the ports of its rule"),
    }
}
