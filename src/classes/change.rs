//! What changes between two sets of policies: the flows that only the second lets pass, as classes, and those that only
//! the first does.
//!
//! A flow that opens passes some door that was not there: a rule, or that no policy isolates a pod any more. So the new
//! doors are followed through the other side, and of what passes is taken away what passed before. None of
//! this is trusted: the solver confirms that every flow of a class opens, and that no other flow does.

use std::collections::BTreeSet;

use super::candidate::{Candidate, fewer};
use super::check::{Checker, Plugins, Stop};
use super::cover;
use super::doors::{Opening, View};
use super::ends::{Ends, Kind};
use super::ports::Ports;
use super::product::Product;
use super::settle::{self, Settled};
use super::{Class, class, plugin, without_nodes};
use crate::model::algebra::{Gap, PolicySet};
use crate::model::claim::{Endpoint, FlowSet, NamespaceSet, PortSet};
use crate::model::options::Options;
use crate::model::policy::{Direction, Peers, Policy, Ports as RulePorts};
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::outcome::Counterexample;
use crate::prove::Prover;

/// Two sets of policies in one cluster, each taken as the only ones.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// The declared objects of both sides.
    pub cluster: &'a Cluster,
    /// What else could exist.
    pub world: &'a World,
    /// The policies before.
    pub old: &'a PolicySet,
    /// The policies after.
    pub new: &'a PolicySet,
}

/// What opens, or closes.
#[derive(Clone, Debug)]
pub struct Gained {
    /// The classes: together exactly the flows that the one set allows and the other does not.
    pub classes: Vec<Class>,
    /// Another such flow, on plugins that read policies otherwise than the classes are made for.
    pub beyond: Option<Counterexample>,
}

/// The flows that the new policies let pass and the old ones did not. Turned round, those that close.
///
/// # Errors
/// [`Stop`] says why there is no list.
pub fn gained(prover: &Prover, sides: &Sides<'_>) -> Result<Gained, Stop> {
    let sides = &Sides { world: &without_nodes(sides.world), ..*sides };
    let options = plugin(sides.world);
    let [before, after] = [sides.old, sides.new].map(|set| alone(sides.cluster, set));
    let work = Work {
        sides,
        options: &options,
        before: Checker::new(prover, &before, sides.world, &options),
        after: Checker::new(prover, &after, sides.world, &options),
        both: Checker::new(prover, sides.cluster, sides.world, &options),
    };
    let mut candidates = Vec::new();
    for direction in [Direction::Ingress, Direction::Egress] {
        candidates.extend(work.candidates(direction)?);
    }
    let settled = settle::settle(candidates, sides.cluster, &|sets| work.between(sets))?;
    work.confirm(&settled)?;
    let rest = work.rest(&settled);
    if let Some(case) = work.between(&rest)?.into_iter().flatten().next() {
        return Err(Stop::Unconfirmed(format!("the list leaves a flow out: {:?}", case.case)));
    }
    let mut beyond = None;
    for flows in rest {
        beyond = beyond.or(work.both.any_gap(&gap(sides.new, sides.old, flows))?);
    }
    let classes = settled.into_iter().map(|one| class(&work.after, sides.cluster, one)).collect::<Result<_, _>>()?;
    Ok(Gained { classes, beyond })
}

fn gap(one: &PolicySet, other: &PolicySet, within: FlowSet) -> Gap {
    Gap::Verdict { one: one.clone(), other: other.clone(), within: Some(Box::new(within)) }
}

/// The cluster with the policies of one side alone.
fn alone(cluster: &Cluster, set: &PolicySet) -> Cluster {
    let policies = set.policies.iter().filter_map(|index| cluster.policies.get(*index).cloned()).collect();
    Cluster { policies, ..cluster.clone() }
}

struct Work<'a> {
    sides: &'a Sides<'a>,
    options: &'a Options,
    before: Checker<'a>,
    after: Checker<'a>,
    both: Checker<'a>,
}

impl<'a> Work<'a> {
    fn view<'v>(&'v self, set: &'v PolicySet) -> View<'v> {
        View { cluster: self.sides.cluster, policies: &set.policies, options: self.options }
    }

    /// What passes the new doors of one direction and did not pass before.
    fn candidates(&self, direction: Direction) -> Result<Vec<Candidate>, Stop> {
        let doors = self.new_doors(direction);
        let passing = cover::through(&self.view(self.sides.new), &self.after, direction, doors)?;
        let mut candidates = Vec::new();
        for candidate in fewer(passing, self.sides.cluster) {
            candidates.extend(self.cut(candidate, direction)?);
        }
        Ok(candidates)
    }

    /// The doors of the new policies that no old policy had, and where pods are left open that were not. Policies that say
    /// what one of the other side says have no such doors.
    fn new_doors(&self, direction: Direction) -> Vec<Opening> {
        let (old, new) = (self.view(self.sides.old), self.view(self.sides.new));
        let [gone, come] = [[self.sides.old, self.sides.new], [self.sides.new, self.sides.old]];
        let [gone, come] = [gone, come].map(|sets| self.only(direction, sets));
        let near: BTreeSet<&str> = come.iter().map(|(_, policy)| policy.namespace.as_str()).collect();
        let known = self.policies(old.policies).filter(|(_, policy)| near.contains(policy.namespace.as_str()));
        let known = known.flat_map(|(index, policy)| old.admitted(direction, index, policy));
        let known: BTreeSet<Product> = known.map(|opening| opening.flows).collect();
        let admitted = come.into_iter().flat_map(|(index, policy)| new.admitted(direction, index, policy));
        let admitted = admitted.filter(|opening| !known.contains(&opening.flows));
        let left_open = gone.into_iter().filter_map(|(_, policy)| self.left_open(direction, policy));
        left_open.chain(admitted).collect()
    }

    fn policies<'s>(&self, set: &'s [usize]) -> impl Iterator<Item = (usize, &'a Policy)> + use<'a, 's> {
        let cluster = self.sides.cluster;
        set.iter().filter_map(|index| Some((*index, cluster.policies.get(*index)?)))
    }

    /// R4: pods that the old policy isolates and that no new one does.
    fn left_open(&self, direction: Direction, policy: &Policy) -> Option<Opening> {
        policy.rules(direction)?;
        let subject = Ends { plain: super::doors::selected(policy)?, except: Vec::new() };
        let (anything, ports) = (Ends::of_kind(Kind::Anything), Ports::everything());
        let within = match direction {
            Direction::Ingress => Product { sources: anything, destinations: subject.clone(), ports },
            Direction::Egress => Product { sources: subject.clone(), destinations: anything, ports },
        };
        let new = self.view(self.sides.new);
        let isolating: Vec<_> = new.isolating(direction, &subject).map(|(_, policy)| policy).collect();
        new.open(direction, &within, isolating.into_iter())
    }

    /// What is left of a candidate without the flows that passed before.
    fn cut(&self, candidate: Candidate, direction: Direction) -> Result<Option<Candidate>, Stop> {
        let sets = candidate.sets();
        if self.between(&sets)?.into_iter().flatten().next().is_none() {
            return Ok(None);
        }
        if self.before.some(&sets)?.into_iter().flatten().next().is_none() {
            return Ok(Some(candidate));
        }
        let before = cover::allowed(&self.view(self.sides.old), &self.before, &candidate.flows, direction)?;
        let gone = fewer(before, self.sides.cluster);
        Ok(gone.into_iter().try_fold(candidate, |left, gone| without(left, gone.flows, self.sides.cluster)))
    }

    fn between(&self, sets: &[FlowSet]) -> Result<Vec<Option<Counterexample>>, Stop> {
        self.both.between([self.sides.new, self.sides.old], self.options, sets)
    }

    /// That every flow of these passes now, and none did before.
    fn confirm(&self, settled: &[Settled]) -> Result<(), Stop> {
        settle::confirm(&self.after, settled)?;
        for set in settled.iter().flat_map(|one| one.candidate.sets()) {
            if let Some(case) = self.before.beyond(set, Plugins::One)? {
                return Err(Stop::Unconfirmed(format!("a class holds a flow that is not new: {:?}", case.case)));
            }
        }
        Ok(())
    }

    /// Every flow that no class has and whose verdict can differ: one of its ends is selected by a policy that the other side
    /// does not have. For any other flow the same policies isolate and admit on both sides.
    fn rest(&self, settled: &[Settled]) -> Vec<FlowSet> {
        let ends = |direction| self.changed(direction).map(Endpoint::Union);
        let into = ends(Direction::Ingress).map(|ends| (Endpoint::Anything, ends));
        let out_of = ends(Direction::Egress).map(|ends| (ends, Endpoint::Anything));
        let except: Vec<FlowSet> = settled.iter().flat_map(|one| one.candidate.sets()).collect();
        let flows = |(sources, destinations)| FlowSet {
            except: except.clone(),
            ..FlowSet::new(sources, destinations, PortSet::default())
        };
        into.into_iter().chain(out_of).map(flows).collect()
    }

    /// The pods that policies of one side alone select for the direction; `None` where there are no such policies.
    fn changed(&self, direction: Direction) -> Option<Vec<Endpoint>> {
        let Sides { old, new, .. } = *self.sides;
        let only = [[old, new], [new, old]].into_iter().flat_map(|sets| self.only(direction, sets));
        let pods: Vec<Endpoint> = only.map(|(_, policy)| pods_of(policy)).collect();
        (!pods.is_empty()).then_some(pods)
    }

    /// The policies of the one set that have the direction and of which no policy of the other says what they say.
    fn only(&self, direction: Direction, [one, other]: [&PolicySet; 2]) -> Vec<(usize, &'a Policy)> {
        // Most namespaces are as they were, and that is soon seen.
        let alike = one.namespaces_alike(other, self.sides.cluster, direction);
        let is_open = |(_, policy): &(usize, &Policy)| !alike.contains(policy.namespace.as_str());
        let there = self.policies(&other.policies).filter(is_open);
        let there: BTreeSet<String> = there.filter_map(|(_, policy)| said(policy, direction)).collect();
        let is_alone = |policy: &Policy| said(policy, direction).is_some_and(|said| !there.contains(&said));
        self.policies(&one.policies).filter(is_open).filter(|(_, policy)| is_alone(policy)).collect()
    }
}

/// All that a verdict can hang on; `None` where the policy does not speak about the direction.
fn said(policy: &Policy, direction: Direction) -> Option<String> {
    let rules = policy.rules(direction)?.iter().map(|rule| {
        let peers = match &rule.peers {
            Peers::All => None,
            Peers::AnyOf(peers) => Some(peers.iter().map(|peer| &peer.kind).collect::<Vec<_>>()),
        };
        let ports = match &rule.ports {
            RulePorts::All => None,
            RulePorts::AnyOf(ports) => Some(ports.iter().map(|port| (port.protocol, &port.ports)).collect::<Vec<_>>()),
        };
        (peers, ports)
    });
    let rules: Vec<_> = rules.collect();
    Some(format!("{:?}", (&policy.namespace, &policy.pod_selector.selector, rules)))
}

fn pods_of(policy: &Policy) -> Endpoint {
    let namespaces = NamespaceSet::Named(policy.namespace.clone());
    Endpoint::Pods { namespaces, pods: policy.pod_selector.selector.clone() }
}

fn without(mut candidate: Candidate, gone: Product, cluster: &Cluster) -> Option<Candidate> {
    match candidate.flows.minus(&gone, cluster) {
        Some(left) => candidate.flows = left?,
        None => candidate.except.push(gone),
    }
    Some(candidate)
}
