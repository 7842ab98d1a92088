//! Questions that share their ground: one cluster, one world, one reading of the plugin's choices.
//!
//! What can exist and what the policies allow is handed to the solver once; each claim then adds the
//! little that is its own, in a scope of its own. `prove` alone calls this module.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::record::{Asks, Question, Recorder};
use super::{Job, Limits, ends};
use crate::error::Error;
use crate::model::claim::Claim;
use crate::model::net::{Flow, PodEnd};
use crate::model::options::Options;
use crate::outcome::{Part, Pillar};
use crate::property;
use crate::symbolic::{Answer, Guarding, Model, Query, Session, Setting, Slice, Statement, Stop};
use crate::witness::example;

/// The most policies that claims share a ground over. Beyond this the slice of each claim is worth more.
pub(super) const MOST_POLICIES: usize = 64;

/// The most claims that share a ground, so that the work can be shared out.
const MOST_CLAIMS: usize = 32;

/// How many groups are tried for a claim before it gets one of its own.
const MOST_TRIED: usize = 64;

/// What the solver found.
pub(super) struct Found {
    pub(super) flow: Flow,
    /// Pods beside its two ends that lend a port number to it (R27).
    pub(super) further: Vec<PodEnd>,
}

/// The solver's first word on a property.
pub(super) enum First {
    /// The world has no flow or pod that the claim is about.
    AboutNothing,
    /// No case; the policies that it rests on.
    None(Vec<Pillar>),
    /// A case, not yet the most telling one.
    Some(Box<Found>),
    /// A case in which somebody has the address of a declared pod that was not in question.
    Stolen,
    /// A limit was met.
    Unknown(Stop),
}

/// The answer to one of the questions of a property.
pub(super) enum Asked {
    /// There is no such case.
    No,
    /// This one.
    Case(Box<Found>),
    /// Only one in which somebody has the address of a declared pod that was not in question.
    Stolen,
    /// A limit was met.
    Unknown(Stop),
}

/// Claims that share their ground; at least one.
pub(super) struct Group<'a> {
    /// The claims, by their place in the run.
    pub(super) members: Vec<(usize, Job<'a>)>,
    pub(super) slice: Slice,
    /// The plugin under which they are asked.
    pub(super) options: Options,
    /// Plugins under which they have to be asked as well; most often none.
    pub(super) further_options: Vec<Options>,
}

/// The jobs in groups; every job in exactly one.
pub(super) fn groups<'a>(jobs: &[Job<'a>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    // Those that may take in another claim, by their place; of thousands, the last ones are tried.
    let mut open: Vec<usize> = Vec::new();
    for (at, job) in jobs.iter().enumerate() {
        let alone = Group::of_one(at, *job);
        let fits = |place: &usize| Some((*place, groups.get(*place)?.widened(job, &alone)?));
        let found = open.iter().rev().take(MOST_TRIED).find_map(fits);
        match found.and_then(|(place, wider)| Some((groups.get_mut(place)?, place, wider))) {
            Some((group, place, wider)) => {
                group.members.push((at, *job));
                group.slice = wider;
                if group.members.len() >= MOST_CLAIMS {
                    open.retain(|other| *other != place);
                }
            }
            None => {
                if alone.slice.policies().len() <= MOST_POLICIES {
                    open.push(groups.len());
                }
                groups.push(alone);
            }
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

    /// The same members, asked about these policies.
    pub(super) fn about(&self, slice: Slice) -> Group<'a> {
        Group { members: self.members.clone(), slice, options: self.options, further_options: Vec::new() }
    }

    /// The slice with this job in the group; `None` where it does not belong here.
    fn widened(&self, job: &Job<'_>, alone: &Group<'_>) -> Option<Slice> {
        let (_, first) = self.members.first()?;
        let is_flow = |job: &Job<'_>| job.claim.flows().is_some();
        // A comparison is several questions, each of its own policies and plugin; so is a chain.
        let compares = |job: &Job<'_>| matches!(job.claim, Claim::Compared(_) | Claim::NoGap { .. } | Claim::NoPath(_));
        let alike = !compares(first)
            && !compares(job)
            && std::ptr::eq(first.cluster, job.cluster)
            && std::ptr::eq(first.world, job.world)
            && is_flow(first) == is_flow(job)
            && property::is_alike(first.claim, job.claim)
            && (self.options, &self.further_options) == (alone.options, &alone.further_options)
            && property::guarding(first.claim) == property::guarding(job.claim);
        if !alike {
            return None;
        }
        let wider = self.slice.union(&alone.slice);
        (wider.policies().len() <= MOST_POLICIES).then_some(wider)
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
                let asker = asker.with_time(asker.left.saturating_sub(spent));
                let second = alone.ask_all(&asker, all, true)?.pop();
                Ok(second.map_or((First::Stolen, spent), |(answer, more)| (answer, spent + more)))
            }
            settled => Ok((settled, spent)),
        };
        answers.into_iter().zip(&self.members).map(|(answer, member)| again(answer, member)).collect()
    }

    fn ask_all(&self, asker: &Asker<'_>, workloads: Vec<usize>, is_all: bool) -> Result<Vec<(First, Duration)>, Error> {
        let Some((_, first)) = self.members.first() else { return Ok(Vec::new()) };
        let start = Instant::now();
        if asker.limits.interrupt.is_set() {
            let stopped = |_| (First::Unknown(Stop::Interrupted), start.elapsed());
            return Ok(self.members.iter().map(stopped).collect());
        }
        asker.session.start_clock(Some(asker.left));
        let query = self.query(first, workloads);
        asker.session.scoped(|| {
            asker.session.assert(&property::possible(&query, first.claim));
            match self.members.as_slice() {
                [only] => Ok(vec![asker.word_on_one(&query, only, start, is_all)?]),
                many => asker.word_on_each(&query, many, start, is_all),
            }
        })
    }
}

/// A session, and what it is used for.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) session: &'a Session,
    pub(super) limits: &'a Limits,
    /// The time that is left to each property that is asked about.
    pub(super) left: Duration,
    /// The place of the property in the run.
    pub(super) at: usize,
    /// Who wants to see the questions.
    pub(super) recorder: Option<&'a Recorder<'a>>,
    /// Whether the questions are about other plugins than the property's own.
    pub(super) elsewhere: bool,
}

impl Asker<'_> {
    /// The same with another time limit.
    pub(super) fn with_time(self, left: Duration) -> Self {
        Asker { left, ..self }
    }

    /// On the only member of a group. In a scope of its own the solver would take in the common ground before it is asked, and
    /// only while it answers does it heed the time; what it takes in at once it answers sooner as well.
    fn word_on_one(
        &self,
        query: &Query<'_>,
        (at, job): &(usize, Job<'_>),
        start: Instant,
        is_all: bool,
    ) -> Result<(First, Duration), Error> {
        let asker = Asker { at: *at, ..*self };
        let answer = asker.first_word(query, job, &property::sought(query, job.claim), is_all)?;
        Ok((answer, start.elapsed()))
    }

    /// On each member, in a scope of its own, with the time that it took; `start` is when the work on the first began.
    fn word_on_each(
        &self,
        query: &Query<'_>,
        members: &[(usize, Job<'_>)],
        mut start: Instant,
        is_all: bool,
    ) -> Result<Vec<(First, Duration)>, Error> {
        // The same for all claims of a kind about flows: worked out once.
        let first = members.first().filter(|(_, job)| job.claim.flows().is_some());
        let shared = first.map(|(_, job)| query.named(self.session, &property::sought(query, job.claim)));
        let mut answers = Vec::new();
        for (at, job) in members {
            if !answers.is_empty() {
                self.session.start_clock(Some(self.left));
            }
            let sought = shared.clone().unwrap_or_else(|| property::sought(query, job.claim));
            let asker = Asker { at: *at, ..*self };
            let answer = asker.session.scoped(|| asker.first_word(query, job, &sought, is_all))?;
            answers.push((answer, start.elapsed()));
            start = Instant::now();
        }
        Ok(answers)
    }

    /// Two questions: is the claim about anything, and is there a case that decides it?
    fn first_word(&self, query: &Query<'_>, job: &Job<'_>, sought: &Statement, is_all: bool) -> Result<First, Error> {
        let subject = property::subject(query, job.claim);
        // An example at hand answers the first question without the solver.
        if example::exists(job.cluster, job.world, job.claim) {
            self.session.assert(&subject);
        } else {
            match self.ask(query, job, Asks::Subject, &subject, is_all)? {
                Asked::Case(_) => {}
                Asked::No => return Ok(First::AboutNothing),
                Asked::Stolen => return Ok(First::Stolen),
                Asked::Unknown(stop) => return Ok(First::Unknown(stop)),
            }
        }
        let asks = if self.elsewhere { Asks::CaseElsewhere } else { Asks::Case };
        Ok(match self.ask(query, job, asks, sought, is_all)? {
            Asked::No => First::None(self.pillars(query, job.claim)),
            Asked::Case(found) => First::Some(found),
            Asked::Stolen => First::Stolen,
            Asked::Unknown(stop) => First::Unknown(stop),
        })
    }

    /// Asserts the statement and asks for a case in which nobody has another's address.
    fn ask(
        &self,
        query: &Query<'_>,
        job: &Job<'_>,
        asks: Asks,
        statement: &Statement,
        is_all: bool,
    ) -> Result<Asked, Error> {
        let answer = query.check(self.session, std::slice::from_ref(statement));
        self.record(query, job, asks, answer)?;
        match answer {
            Answer::Sat if !is_all && self.is_stolen(query)? => Ok(Asked::Stolen),
            Answer::Sat => self.legal_case(query, &[], |answer| self.record(query, job, asks, answer)),
            answer => Ok(self.no_case(answer)),
        }
    }

    fn no_case(&self, answer: Answer) -> Asked {
        if answer == Answer::Unsat { Asked::No } else { Asked::Unknown(self.session.stopped()) }
    }

    /// Shows the last question to whoever wants to see it.
    fn record(&self, query: &Query<'_>, job: &Job<'_>, asks: Asks, answer: Answer) -> Result<(), Error> {
        let (Some(recorder), Some(script)) = (self.recorder, self.session.script(answer)) else { return Ok(()) };
        let options = query.setting().options;
        recorder(Question { at: self.at, asks, claim: job.claim.clone(), options, answer, script })
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

    /// The case of the last Sat, once none of its ends has another's address; `asked` hears of every
    /// further answer.
    pub(super) fn legal_case(
        &self,
        query: &Query<'_>,
        assumed: &[Statement],
        asked: impl Fn(Answer) -> Result<(), Error>,
    ) -> Result<Asked, Error> {
        loop {
            let model = Model::of(query, self.session)?;
            let flow = model.flow();
            let Some(forbidden) = query.forbid_stolen_addresses(&flow) else {
                let further = model.lenders();
                return Ok(Asked::Case(Box::new(Found { flow, further })));
            };
            self.session.assert(&forbidden);
            let answer = query.check_assuming(self.session, assumed);
            asked(answer)?;
            if answer != Answer::Sat {
                return Ok(self.no_case(answer));
            }
        }
    }
}
