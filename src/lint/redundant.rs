//! Policies, rules, peers and ports whose work others do (R5, R8), and policies that change nothing at all.
//!
//! A plain flow that only the piece in question admits settles most cases by the reference semantics. What
//! is left is asked of the solver: is there any flow that the piece admits, or any pod that the policy
//! isolates, and that what is left does not? Pieces are told so that all of them can be taken away
//! together: of two that do the same, one stays. Under `lint` alone.

use std::collections::{BTreeMap, BTreeSet};

use super::bench::{Answer, Bench, Rests};
use super::coverage::listed;
use super::pieces::{Piece, pieces, without, without_all};
use super::scene::{DIRECTIONS, Scene};
use super::{Linted, pieces as parts, samples};
use crate::error::Error;
use crate::eval::algebra::admits;
use crate::finding::{Code, Evidence, Finding, Severity};
use crate::model::net::Flow;
use crate::model::options::Options;
use crate::model::policy::{Direction, Peers, Policy, Ports, Rule};
use crate::prove::Prover;

/// The most policies that one is held against at once.
const MOST_BESIDE: usize = 64;

/// The most pieces that are asked about a second time, once others are taken away.
const MOST_AGAIN: usize = 500;

/// The findings of every policy.
///
/// # Errors
/// Those of the solver.
pub(super) fn find(scene: &Scene<'_>, prover: &Prover, linted: &mut Linted) -> Result<(), Error> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for (index, policy) in scene.policies() {
        match without_effect(scene, index, policy) {
            Some(finding) => linted.findings.push(finding),
            None => candidates.extend(of_policy(scene, index, policy)),
        }
    }
    let mut bench = Bench::lean(scene);
    for candidate in &candidates {
        let (acting, by) = candidate.question(scene, &mut bench, &Removed::new(), linted);
        bench.ask(acting, by);
    }
    for (candidate, answer) in candidates.iter_mut().zip(bench.decide(prover)?) {
        candidate.by = candidate.verdict(scene, &bench, answer, linted);
    }
    settle(scene, &mut bench, prover, candidates, linted)?;
    if linted.narrowed > 0 {
        let limit = format!(
            "{} questions about redundancy looked at {MOST_BESIDE} of the policies that can select the same pods: more may be redundant",
            linted.narrowed
        );
        linted.limits.push(limit);
    }
    Ok(())
}

/// A piece that a plain flow did not show to be needed.
struct Candidate {
    policy: usize,
    piece: Piece,
    /// The policies that do its work, once that is proved.
    by: Option<Rests>,
}

/// The pieces that are taken away already.
type Removed = BTreeMap<usize, Vec<Piece>>;

/// The pieces of a policy that may be idle, the largest first.
fn of_policy(scene: &Scene<'_>, index: usize, policy: &Policy) -> Vec<Candidate> {
    let may_be_idle = |piece: &Piece| is_covered(scene, index, policy, piece);
    let found = pieces(policy).into_iter().filter(may_be_idle);
    found.map(|piece| Candidate { policy: index, piece, by: None }).collect()
}

/// Whether every plain flow of the piece is admitted without it, and every plain pod isolated.
fn is_covered(scene: &Scene<'_>, index: usize, policy: &Policy, piece: &Piece) -> bool {
    let rest = without(policy, piece);
    DIRECTIONS.into_iter().all(|direction| {
        let acting = parts::acting(policy, piece);
        let Some(rules) = acting.rules(direction) else { return true };
        let Some(pod) = samples::own(scene, index, policy) else { return false };
        let others = scene.isolating(&pod, direction).into_iter().filter(|other| *other != index).collect::<Vec<_>>();
        if rest.is_none() && others.is_empty() {
            return false;
        }
        let flows = samples::of_rules(scene, index, policy, direction, rules);
        flows.is_some_and(|flows| {
            flows.iter().all(|flow| {
                let by_others =
                    others.iter().any(|other| admits(scene.cluster, &Options::default(), *other, direction, flow));
                by_others || rest.as_ref().is_some_and(|rest| samples::admits(rest, direction, flow))
            })
        })
    })
}

impl Candidate {
    /// The policies to hold against one another: the piece, and all that is left without it.
    fn question(
        &self,
        scene: &Scene<'_>,
        bench: &mut Bench<'_>,
        removed: &Removed,
        linted: &mut Linted,
    ) -> (usize, Vec<usize>) {
        let Some(policy) = scene.cluster.policies.get(self.policy) else { return (self.policy, Vec::new()) };
        let acting = match &self.piece {
            Piece::Policy => self.policy,
            piece => bench.write(parts::acting(policy, piece)),
        };
        let mut by = Vec::new();
        let gone = removed.get(&self.policy).map_or(&[][..], Vec::as_slice);
        if let Some(rest) = without_all(policy, &[gone, &[self.piece]].concat()) {
            by.push(bench.write_for(self.policy, rest));
        }
        let mut beside = self.beside(scene);
        if beside.len() > MOST_BESIDE {
            linted.narrowed += 1;
            beside.truncate(MOST_BESIDE);
        }
        by.extend(beside.into_iter().filter_map(|other| left_of(scene, bench, other, removed)));
        (acting, by)
    }

    /// The other policies, those first that admit a plain flow of the piece.
    fn beside(&self, scene: &Scene<'_>) -> Vec<usize> {
        let Some(policy) = scene.cluster.policies.get(self.policy) else { return Vec::new() };
        let acting = parts::acting(policy, &self.piece);
        let spoken = DIRECTIONS.into_iter().filter(|direction| acting.rules(*direction).is_some());
        let mut beside: Vec<usize> = spoken.flat_map(|direction| scene.beside(self.policy, direction)).collect();
        beside.sort_unstable();
        beside.dedup();
        if beside.len() > MOST_BESIDE {
            let flows = flows(scene, self.policy, policy, &acting);
            let is_near = |other: usize| {
                flows
                    .iter()
                    .any(|(direction, flow)| admits(scene.cluster, &Options::default(), other, *direction, flow))
            };
            beside.sort_by_cached_key(|other| !is_near(*other));
        }
        beside
    }

    /// The policies that do its work, if that is proved.
    fn verdict(&self, scene: &Scene<'_>, bench: &Bench<'_>, answer: Answer, linted: &mut Linted) -> Option<Rests> {
        let what = || format!("whether {} is redundant", self.name(scene));
        match answer {
            Answer::Nothing(Rests { admit, isolate }) => {
                Some(Rests { admit: bench.written_for(&admit), isolate: bench.written_for(&isolate) })
            }
            Answer::Something(_) => None,
            Answer::Undecided => {
                linted.undecided(what());
                None
            }
            Answer::Disagreement => {
                linted.disagreement(what());
                None
            }
        }
    }

    fn name(&self, scene: &Scene<'_>) -> String {
        let policy = scene.cluster.policies.get(self.policy).map(Policy::full_name).unwrap_or_default();
        match self.piece.path() {
            Some(path) => format!("{policy} {path}"),
            None => policy,
        }
    }
}

/// Plain flows of the piece.
fn flows(scene: &Scene<'_>, index: usize, policy: &Policy, acting: &Policy) -> Vec<(Direction, Flow)> {
    let of = |direction| {
        let rules = acting.rules(direction).unwrap_or_default();
        let flows = samples::of_rules(scene, index, policy, direction, rules).unwrap_or_default();
        flows.into_iter().map(move |flow| (direction, flow)).collect::<Vec<_>>()
    };
    DIRECTIONS.into_iter().flat_map(of).collect()
}

/// A policy with the pieces left out that are taken away already; `None` where it is gone.
fn left_of(scene: &Scene<'_>, bench: &mut Bench<'_>, policy: usize, removed: &Removed) -> Option<usize> {
    let Some(pieces) = removed.get(&policy) else { return Some(policy) };
    let rest = without_all(scene.cluster.policies.get(policy)?, pieces)?;
    Some(bench.write_for(policy, rest))
}

/// Tells the pieces that can all be taken away together. The last policy goes first: what was there before
/// stays.
fn settle(
    scene: &Scene<'_>,
    bench: &mut Bench<'_>,
    prover: &Prover,
    candidates: Vec<Candidate>,
    linted: &mut Linted,
) -> Result<(), Error> {
    let (mut removed, mut asked) = (Removed::new(), 0);
    for mut candidate in ordered(candidates) {
        let own = removed.get(&candidate.policy);
        if own.is_some_and(|pieces| pieces.iter().any(|piece| piece.holds(&candidate.piece))) {
            continue;
        }
        let Some(by) = &candidate.by else { continue };
        if by.admit.iter().chain(&by.isolate).any(|policy| removed.contains_key(policy)) || own.is_some() {
            asked += 1;
            if asked > MOST_AGAIN {
                let limit = "policies, rules, peers and ports do the same as others, and not all of them are told";
                linted.limits.push(format!("more than {MOST_AGAIN} {limit}"));
                break;
            }
            let (acting, by) = candidate.question(scene, bench, &removed, linted);
            let answer = bench.decide_one(prover, acting, by)?;
            candidate.by = candidate.verdict(scene, bench, answer, linted);
        }
        let Some(by) = &candidate.by else { continue };
        linted.findings.extend(finding(scene, &candidate, by));
        removed.entry(candidate.policy).or_default().push(candidate.piece);
    }
    Ok(())
}

/// Whole policies first, the last one before the others; then rules, peers and ports from the last to the first.
fn ordered(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by_key(|one| (one.piece.rank(), std::cmp::Reverse((one.policy, one.piece.place()))));
    candidates
}

fn finding(scene: &Scene<'_>, candidate: &Candidate, by: &Rests) -> Option<Finding> {
    let policy = scene.cluster.policies.get(candidate.policy)?;
    let name = policy.full_name();
    let (code, message, origin) = match candidate.piece.path() {
        None => {
            let all = [by.admit.as_slice(), &by.isolate].concat();
            let (who, does) = who(scene, candidate.policy, &all, ["does", "do"]);
            (Code::RedundantPolicy, format!("{name} is redundant: {who} {does} all that it does"), policy.name_origin)
        }
        Some(path) => {
            let (who, admits) = who(scene, candidate.policy, &by.admit, ["admits", "admit"]);
            let message = format!("{name} {path} is redundant: {who} {admits} all that it admits");
            (candidate.piece.code(), message, candidate.piece.origin(policy).unwrap_or(policy.name_origin))
        }
    };
    let mut finding =
        Finding::new(code, name, message).at(origin, "could go: nothing would change").because(Evidence::Proved);
    let stays = |policies: &[usize], text: &str| {
        let others = policies.iter().filter(|other| **other != candidate.policy);
        let others = others.filter_map(|other| scene.cluster.policies.get(*other)).take(3);
        others.map(|other| (other.name_origin, text.to_owned())).collect::<Vec<_>>()
    };
    let isolating: Vec<usize> = by.isolate.iter().copied().filter(|policy| !by.admit.contains(policy)).collect();
    let isolating = if candidate.piece == Piece::Policy { isolating } else { Vec::new() };
    for (origin, text) in stays(&by.admit, "admits the same, and stays")
        .into_iter()
        .chain(stays(&isolating, "isolates the same, and stays"))
    {
        finding = finding.at(origin, text);
    }
    let is_floor = candidate.piece == Piece::Policy && is_default_deny(policy);
    Some(if is_floor {
        finding
            .severity(Severity::Info)
            .help("keep it if it is meant as the floor that stays when the others go, and `allow` this finding")
    } else {
        finding.help("take it away, or say what it was meant to add")
    })
}

/// The policies in words, and the verb that goes with them.
fn who(scene: &Scene<'_>, own: usize, policies: &[usize], [one, many]: [&'static str; 2]) -> (String, &'static str) {
    let all: BTreeSet<usize> = policies.iter().copied().collect();
    let itself = all.contains(&own).then(|| "the rest of it".to_owned());
    let others = all.iter().filter(|other| **other != own).filter_map(|other| scene.cluster.policies.get(*other));
    let names: Vec<String> = itself.into_iter().chain(others.map(Policy::full_name)).collect();
    match names.as_slice() {
        [] => ("what is left".to_owned(), one),
        [_] => (listed(&names), one),
        _ => (listed(&names), many),
    }
}

/// It selects every pod and admits nothing.
fn is_default_deny(policy: &Policy) -> bool {
    let admits_nothing = DIRECTIONS.into_iter().all(|direction| policy.rules(direction).is_none_or(<[Rule]>::is_empty));
    policy.pod_selector.selector.is_empty() && admits_nothing
}

/// A policy that isolates pods which nothing else isolates, and lets everything through (R4, R7).
fn without_effect(scene: &Scene<'_>, index: usize, policy: &Policy) -> Option<Finding> {
    let lets_all_through = |rule: &Rule| rule.peers == Peers::All && rule.ports == Ports::All;
    let is_idle = |direction: Direction| match policy.rules(direction) {
        None => true,
        Some(rules) => rules.iter().any(lets_all_through) && scene.beside(index, direction).is_empty(),
    };
    if !DIRECTIONS.into_iter().all(is_idle) {
        return None;
    }
    let name = policy.full_name();
    let message = format!("{name} changes nothing: it admits everything, and no other policy isolates its pods");
    let rules = DIRECTIONS.into_iter().flat_map(|direction| policy.rules(direction).unwrap_or_default());
    let open = rules.filter(|rule| lets_all_through(rule));
    let finding = Finding::new(Code::PolicyWithoutEffect, name, message).because(Evidence::Examined);
    let finding = open.fold(finding, |finding, rule| finding.at(rule.origin, "admits everything"));
    Some(
        finding
            .at(policy.pod_selector.origin, "these pods would be open without it")
            .note("A pod that no policy isolates is open in any case.")
            .help("take it away, or keep it for policies that are yet to come and `allow` this finding"),
    )
}
