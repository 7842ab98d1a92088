//! Questions that share their ground: one cluster, one world, one reading of the plugin's choices.
//!
//! What can exist and what the policies allow is handed to the solver once; each claim then adds the
//! little that is its own, in a scope of its own. `prove` alone calls this module.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{Job, ends};
use crate::error::Error;
use crate::model::claim::Claim;
use crate::model::net::Flow;
use crate::model::options::Options;
use crate::outcome::{Part, Pillar};
use crate::property;
use crate::symbolic::{Answer, Guarding, Model, Query, Session, Setting, Slice, Statement};
use crate::witness::example;

/// The most policies that claims share a ground over. Beyond this the slice of each claim is worth more.
const MOST_POLICIES: usize = 64;

/// The most claims that share a ground, so that the work can be shared out.
const MOST_CLAIMS: usize = 32;

/// The solver's first word on a property.
pub(super) enum First {
    /// The world has no flow or pod that the claim is about.
    AboutNothing,
    /// No case; the policies that it rests on.
    None(Vec<Pillar>),
    /// A case, not yet the most telling one.
    Some(Box<Flow>),
    /// A case in which somebody has the address of a declared pod that was not in question.
    Stolen,
    /// The time limit was met.
    Unknown,
}

/// The answer to one of the questions of a property.
pub(super) enum Asked {
    /// There is no such case.
    No,
    /// This one.
    Case(Box<Flow>),
    /// Only one in which somebody has the address of a declared pod that was not in question.
    Stolen,
    /// The time limit was met.
    Unknown,
}

/// Claims that share their ground; at least one.
pub(super) struct Group<'a> {
    /// The claims, by their place in the run.
    pub(super) members: Vec<(usize, Job<'a>)>,
    slice: Slice,
    /// The plugin under which they are asked.
    pub(super) options: Options,
    /// Plugins under which they have to be asked as well; most often none.
    pub(super) further_options: Vec<Options>,
}

/// The jobs in groups; every job in exactly one.
pub(super) fn groups<'a>(jobs: &[Job<'a>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (at, job) in jobs.iter().enumerate() {
        let alone = Group::of_one(at, *job);
        match groups.iter_mut().rev().find_map(|group| group.widened(job, &alone).map(|wider| (group, wider))) {
            Some((group, wider)) => {
                group.members.push((at, *job));
                group.slice = wider;
            }
            None => groups.push(alone),
        }
    }
    groups
}

impl<'a> Group<'a> {
    /// A group of this job alone.
    pub(super) fn of_one(at: usize, job: Job<'a>) -> Group<'a> {
        let mut plugins = property::plugins(job.cluster, job.world, job.claim).into_iter();
        let options = plugins.next().unwrap_or_default();
        let slice = Slice::of_claim(job.cluster, job.world, job.claim);
        Group { members: vec![(at, job)], slice, options, further_options: plugins.collect() }
    }

    /// Some of the members, asked under another plugin.
    pub(super) fn under(&self, options: Options, members: Vec<(usize, Job<'a>)>) -> Group<'a> {
        Group { members, slice: self.slice.clone(), options, further_options: Vec::new() }
    }

    /// The slice with this job in the group; `None` where it does not belong here.
    fn widened(&self, job: &Job<'_>, alone: &Group<'_>) -> Option<Slice> {
        let (_, first) = self.members.first()?;
        let is_flow = |job: &Job<'_>| job.claim.flows().is_some();
        // A comparison is several questions, each of its own policies and plugin.
        let compares = |job: &Job<'_>| matches!(job.claim, Claim::Compared(_) | Claim::NoGap { .. });
        let alike = !compares(first)
            && !compares(job)
            && std::ptr::eq(first.cluster, job.cluster)
            && std::ptr::eq(first.world, job.world)
            && is_flow(first) == is_flow(job)
            && property::is_alike(first.claim, job.claim)
            && (self.options, &self.further_options) == (alone.options, &alone.further_options)
            && property::guarding(first.claim) == property::guarding(job.claim);
        let wider = self.slice.union(&alone.slice);
        let fits = self.members.len() < MOST_CLAIMS && wider.policies().len() <= MOST_POLICIES;
        (alike && fits).then_some(wider)
    }

    fn workloads(&self, of: impl Fn(&Job<'_>) -> Vec<usize>) -> Vec<usize> {
        let all: BTreeSet<usize> = self.members.iter().flat_map(|(_, job)| of(job)).collect();
        all.into_iter().collect()
    }

    fn query(&self, first: &Job<'a>, workloads: Vec<usize>) -> Query<'a> {
        Query::new(Setting {
            cluster: first.cluster,
            world: first.world,
            options: self.options,
            slice: self.slice.clone(),
            claims: self.members.iter().map(|(_, job)| job.claim).collect(),
            workloads,
            guarding: property::guarding(first.claim),
        })
    }

    /// The first word on every member, in order, with the time it took. The first member bears the
    /// cost of the ground. Asked of the workloads that have to be told apart, and of all of them only
    /// for a claim that turns on an address which one of the others is known by.
    pub(super) fn first_answers(&self, asker: &Asker<'_>) -> Result<Vec<(First, Duration)>, Error> {
        let few = self.workloads(|job| ends::in_question(job.cluster, job.world, job.claim));
        let all = self.workloads(|job| ends::declared(job.cluster, job.world, job.claim));
        let is_all = few == all;
        let answers = self.ask_all(asker, few, is_all)?;
        let again = |(answer, spent), (at, job): &(usize, Job<'a>)| match answer {
            First::Stolen => {
                let alone = self.under(self.options, vec![(*at, *job)]);
                let all = alone.workloads(|job| ends::declared(job.cluster, job.world, job.claim));
                let second = alone.ask_all(asker, all, true)?.pop();
                Ok(second.map_or((First::Unknown, spent), |(answer, more)| (answer, spent + more)))
            }
            settled => Ok((settled, spent)),
        };
        answers.into_iter().zip(&self.members).map(|(answer, member)| again(answer, member)).collect()
    }

    fn ask_all(&self, asker: &Asker<'_>, workloads: Vec<usize>, is_all: bool) -> Result<Vec<(First, Duration)>, Error> {
        let Some((_, first)) = self.members.first() else { return Ok(Vec::new()) };
        let mut start = Instant::now();
        asker.session.start_clock(Some(asker.timeout));
        let query = self.query(first, workloads);
        asker.session.scoped(|| {
            asker.session.assert(&property::possible(&query, first.claim));
            // The same for all claims of a kind about flows: worked out once.
            let shared =
                first.claim.flows().map(|_| query.named(asker.session, &property::sought(&query, first.claim)));
            let mut answers = Vec::new();
            for (_, job) in &self.members {
                asker.session.start_clock(Some(asker.timeout));
                let sought = shared.clone().unwrap_or_else(|| property::sought(&query, job.claim));
                let answer = asker.session.scoped(|| asker.first_word(&query, job, &sought, is_all))?;
                answers.push((answer, start.elapsed()));
                start = Instant::now();
            }
            Ok(answers)
        })
    }
}

/// A session and the time that each property has.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) session: &'a Session,
    pub(super) timeout: Duration,
}

impl Asker<'_> {
    /// Two questions: is the claim about anything, and is there a case that decides it?
    fn first_word(&self, query: &Query<'_>, job: &Job<'_>, sought: &Statement, is_all: bool) -> Result<First, Error> {
        let subject = property::subject(query, job.claim);
        // An example at hand answers the first question without the solver.
        if example::exists(job.cluster, job.world, job.claim) {
            self.session.assert(&subject);
        } else {
            match self.ask(query, &subject, is_all)? {
                Asked::Case(_) => {}
                Asked::No => return Ok(First::AboutNothing),
                Asked::Stolen => return Ok(First::Stolen),
                Asked::Unknown => return Ok(First::Unknown),
            }
        }
        Ok(match self.ask(query, sought, is_all)? {
            Asked::No => First::None(self.pillars(query, job.claim)),
            Asked::Case(flow) => First::Some(flow),
            Asked::Stolen => First::Stolen,
            Asked::Unknown => First::Unknown,
        })
    }

    /// Asserts the statement and asks for a case in which nobody has another's address.
    fn ask(&self, query: &Query<'_>, statement: &Statement, is_all: bool) -> Result<Asked, Error> {
        match query.check(self.session, std::slice::from_ref(statement)) {
            Answer::Unsat => Ok(Asked::No),
            Answer::Unknown => Ok(Asked::Unknown),
            Answer::Sat if !is_all && self.is_stolen(query)? => Ok(Asked::Stolen),
            Answer::Sat => self.legal_case(query, &[]),
        }
    }

    fn pillars(&self, query: &Query<'_>, claim: &Claim) -> Vec<Pillar> {
        let part = |policy| match property::guarding_of(claim, policy) {
            Guarding::Isolation => Part::Isolates,
            Guarding::Admission => Part::Admits,
        };
        let pillar = |(policy, direction)| Pillar { policy, direction, part: part(policy) };
        query.core(self.session).into_iter().map(pillar).collect()
    }

    fn is_stolen(&self, query: &Query<'_>) -> Result<bool, Error> {
        Ok(query.forbid_stolen_addresses(&Model::of(query, self.session)?.flow()).is_some())
    }

    /// The case of the last Sat, once none of its ends has another's address.
    pub(super) fn legal_case(&self, query: &Query<'_>, assumed: &[Statement]) -> Result<Asked, Error> {
        loop {
            let flow = Model::of(query, self.session)?.flow();
            let Some(forbidden) = query.forbid_stolen_addresses(&flow) else { return Ok(Asked::Case(Box::new(flow))) };
            self.session.assert(&forbidden);
            match query.check_assuming(self.session, assumed) {
                Answer::Unsat => return Ok(Asked::No),
                Answer::Sat => {}
                Answer::Unknown => return Ok(Asked::Unknown),
            }
        }
    }
}
