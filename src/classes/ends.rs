//! Sets of ends in the words of Kubernetes: pods by labels and namespace, a declared workload, outside addresses, each
//! perhaps within a block, and without some others.
//!
//! Closed under "and" and "and not", so that what a policy selects, what a peer admits and what a sentence
//! means can be put together and still be said in a few words. Nodes are no ends here. `product` and its
//! neighbours call this module.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::labels::LabelSet;
use crate::model::claim::{Endpoint, NamespaceSet};
use crate::model::selector::NAMESPACE_NAME_LABEL;
use crate::model::workload::Cluster;

/// What an end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A pod, or an address outside the cluster.
    Anything,
    /// A pod.
    Pod,
    /// An address outside the cluster.
    External,
}

/// Ends without exceptions: all that is said holds of them. Labels, namespaces and a workload are said of
/// pods alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Plain {
    pub(super) kind: Kind,
    pub(super) namespaces: LabelSet,
    pub(super) pods: LabelSet,
    pub(super) workload: Option<usize>,
    pub(super) block: Option<IpNet>,
}

/// Ends, without some.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ends {
    pub(super) plain: Plain,
    pub(super) except: Vec<Plain>,
}

impl Plain {
    pub(super) fn of_kind(kind: Kind) -> Plain {
        let (namespaces, pods) = (LabelSet::default(), LabelSet::default());
        Plain { kind, namespaces, pods, workload: None, block: None }
    }

    /// Pods with such labels in namespaces with such labels.
    pub(super) fn pods(namespaces: LabelSet, pods: LabelSet) -> Plain {
        Plain { namespaces, pods, ..Plain::of_kind(Kind::Pod) }
    }

    /// Pods with such labels in the namespace of this name.
    pub(super) fn pods_in(namespace: &str, pods: LabelSet) -> Option<Plain> {
        let name = std::iter::once(namespace.to_owned());
        Some(Plain::pods(LabelSet::with_one_of(NAMESPACE_NAME_LABEL, name)?, pods))
    }

    /// Both at once, in as plain words as the cluster allows: none, one, or two where some of the namespaces are
    /// known and some are not.
    pub(super) fn and(&self, other: &Plain, cluster: &Cluster) -> Vec<Plain> {
        self.both(other).map_or_else(Vec::new, |both| both.known(cluster))
    }

    fn both(&self, other: &Plain) -> Option<Plain> {
        let kind = match (self.kind, other.kind) {
            (Kind::Anything, kind) | (kind, Kind::Anything) => kind,
            (one, other) if one == other => one,
            _ => return None,
        };
        let workload = match (self.workload, other.workload) {
            (Some(one), Some(other)) if one != other => return None,
            (one, other) => one.or(other),
        };
        let block = match (self.block, other.block) {
            (Some(one), Some(other)) if one.contains(&other) => Some(other),
            (Some(one), Some(other)) if other.contains(&one) => Some(one),
            (Some(_), Some(_)) => return None,
            (one, other) => one.or(other),
        };
        let (namespaces, pods) = (self.namespaces.and(&other.namespaces)?, self.pods.and(&other.pods)?);
        Some(Plain { kind, namespaces, pods, workload, block })
    }

    /// What is known of declared objects said in their names: the labels of a workload and of a declared
    /// namespace are what they are (R9, R40).
    fn known(self, cluster: &Cluster) -> Vec<Plain> {
        let Some(own) = self.at_workload(cluster) else { return Vec::new() };
        let Some(names) = own.namespaces.listed(NAMESPACE_NAME_LABEL) else { return vec![own] };
        let rest = own.namespaces.without(NAMESPACE_NAME_LABEL);
        if rest.is_everything() {
            return vec![own];
        }
        let declared = |name: &&String| cluster.namespaces.contains_key(*name);
        let (known, unknown): (Vec<&String>, Vec<&String>) = names.iter().partition(declared);
        let matches =
            |name: &&String| cluster.namespaces.get(*name).is_some_and(|found| rest.hold(&found.namespace.labels));
        let named =
            |names: &mut dyn Iterator<Item = &String>| LabelSet::with_one_of(NAMESPACE_NAME_LABEL, &mut names.cloned());
        let known = named(&mut known.into_iter().filter(matches));
        let unknown = named(&mut unknown.into_iter()).and_then(|names| names.and(&rest));
        let with = |namespaces| Plain { namespaces, ..own.clone() };
        known.into_iter().chain(unknown).map(with).collect()
    }

    /// `None` where the workload has not these labels, or not this namespace.
    fn at_workload(mut self, cluster: &Cluster) -> Option<Plain> {
        let Some(index) = self.workload else { return Some(self) };
        let workload = cluster.workloads.get(index)?;
        if !self.pods.hold(&workload.labels) {
            return None;
        }
        self.pods = LabelSet::default();
        match cluster.namespaces.get(&workload.namespace) {
            Some(found) if !self.namespaces.hold(&found.namespace.labels) => return None,
            Some(_) => self.namespaces = LabelSet::default(),
            // Its labels are not known, but its name is.
            None => {
                let name = std::iter::once(workload.namespace.clone());
                let named = LabelSet::with_one_of(NAMESPACE_NAME_LABEL, name)?;
                self.namespaces = self.namespaces.and(&named)?.without(NAMESPACE_NAME_LABEL);
            }
        }
        Some(self)
    }

    /// Whether all of these ends are among the others. Says no where it is not sure.
    pub(super) fn is_within(&self, other: &Plain, cluster: &Cluster) -> bool {
        self.and(other, cluster).as_slice() == [self.clone()]
    }

    /// Either, where that can be said in one: the two differ under one label key alone, are two halves of one
    /// block, or are every pod and every outside address.
    pub(super) fn or(&self, other: &Plain) -> Option<Plain> {
        let everything = |kind| Plain::of_kind(kind);
        let halves = [everything(Kind::Pod), everything(Kind::External)];
        if halves.iter().all(|half| half == self || half == other) {
            return Some(everything(Kind::Anything));
        }
        if self.kind != other.kind || self.workload != other.workload {
            return None;
        }
        let same = (self.namespaces == other.namespaces, self.pods == other.pods, self.block == other.block);
        match same {
            (true, true, _) => Some(Plain { block: Some(joined(self.block?, other.block?)?), ..self.clone() }),
            (true, false, true) => Some(Plain { pods: self.pods.or(&other.pods)?, ..self.clone() }),
            (false, true, true) => Some(Plain { namespaces: self.namespaces.or(&other.namespaces)?, ..self.clone() }),
            _ => None,
        }
    }

    fn endpoint(&self) -> Endpoint {
        let (base, block) = match (self.kind, self.block) {
            (Kind::Anything, None) => return Endpoint::Anything,
            (Kind::Anything, Some(block)) => return Endpoint::Within(block),
            (Kind::External, block) => return Endpoint::External(block),
            (Kind::Pod, block) => (self.pods_endpoint(), block),
        };
        block.map_or(base.clone(), |block| both(base, Endpoint::Within(block)))
    }

    fn pods_endpoint(&self) -> Endpoint {
        let by_labels = || {
            let names = self.namespaces.listed(NAMESPACE_NAME_LABEL).filter(|names| names.len() == 1);
            let only = names
                .and_then(BTreeSet::first)
                .filter(|_| self.namespaces.without(NAMESPACE_NAME_LABEL).is_everything());
            let namespaces = match only {
                Some(name) => NamespaceSet::Named(name.clone()),
                None if self.namespaces.is_everything() => NamespaceSet::Any,
                None => NamespaceSet::Matching(self.namespaces.selector()),
            };
            Endpoint::Pods { namespaces, pods: self.pods.selector() }
        };
        match self.workload {
            None => by_labels(),
            Some(index) if self.namespaces.is_everything() => Endpoint::Workload(index),
            Some(index) => both(Endpoint::Workload(index), by_labels()),
        }
    }
}

/// The block that two make together.
fn joined(one: IpNet, other: IpNet) -> Option<IpNet> {
    match IpNet::aggregate(&vec![one, other]).as_slice() {
        [both] => Some(*both),
        _ => None,
    }
}

fn both(one: Endpoint, other: Endpoint) -> Endpoint {
    Endpoint::Except(Box::new(one), Box::new(other.complement()))
}

impl Ends {
    pub(super) fn of_kind(kind: Kind) -> Ends {
        Ends { plain: Plain::of_kind(kind), except: Vec::new() }
    }

    /// The ends of an endpoint; `None` where it names nodes.
    pub(super) fn of(endpoint: &Endpoint, cluster: &Cluster) -> Option<Vec<Ends>> {
        let plain = match endpoint {
            Endpoint::Anything => Some(Plain::of_kind(Kind::Anything)),
            Endpoint::Within(block) => Some(Plain { block: Some(*block), ..Plain::of_kind(Kind::Anything) }),
            Endpoint::External(block) => Some(Plain { block: *block, ..Plain::of_kind(Kind::External) }),
            Endpoint::Workload(index) => Some(Plain { workload: Some(*index), ..Plain::of_kind(Kind::Pod) }),
            Endpoint::Pods { namespaces, pods } => LabelSet::of(pods).and_then(|pods| pods_of(namespaces, pods)),
            Endpoint::Node(_) => return None,
            Endpoint::Union(parts) => {
                let all: Option<Vec<_>> = parts.iter().map(|part| Ends::of(part, cluster)).collect();
                return all.map(|all| all.concat());
            }
            Endpoint::Except(whole, gone) => {
                let (whole, gone) = (Ends::of(whole, cluster)?, Ends::of(gone, cluster)?);
                let without = |ends: Vec<Ends>, gone: &Ends| {
                    ends.iter().flat_map(|ends| ends.minus(gone, cluster)).collect::<Vec<_>>()
                };
                return Some(gone.iter().fold(whole, without));
            }
        };
        let known = plain.map_or_else(Vec::new, |plain| plain.known(cluster));
        Some(known.into_iter().map(|plain| Ends { plain, except: Vec::new() }).collect())
    }

    /// The ends that are in both.
    pub(super) fn and(&self, other: &Ends, cluster: &Cluster) -> Vec<Ends> {
        let gone: BTreeSet<&Plain> = self.except.iter().chain(&other.except).collect();
        let without = |plain: Plain| {
            let start = Ends { plain, except: Vec::new() };
            gone.iter().try_fold(start, |ends, gone| ends.without(gone, cluster))
        };
        self.plain.and(&other.plain, cluster).into_iter().filter_map(without).collect()
    }

    /// The ends without these; `None` where none is left, as far as that shows.
    pub(super) fn without(mut self, gone: &Plain, cluster: &Cluster) -> Option<Ends> {
        if self.plain.is_within(gone, cluster) {
            return None;
        }
        let overlap = self.plain.and(gone, cluster);
        let is_gone = |part: &Plain| self.except.iter().any(|known| part.is_within(known, cluster));
        if !overlap.iter().all(is_gone) {
            // It need not repeat what is said of all the ends.
            self.except.retain(|known| !known.is_within(gone, cluster));
            self.except.push(gone.clone());
            self.except.sort();
        }
        Some(self)
    }

    fn minus(&self, gone: &Ends, cluster: &Cluster) -> Vec<Ends> {
        let rest = self.clone().without(&gone.plain, cluster);
        let kept =
            gone.except.iter().flat_map(|plain| self.and(&Ends { plain: plain.clone(), except: Vec::new() }, cluster));
        rest.into_iter().chain(kept).collect()
    }

    /// Whether all of these ends are among the others. Says no where it is not sure.
    pub(super) fn is_within(&self, other: &Ends, cluster: &Cluster) -> bool {
        let is_free_of = |gone: &Plain| {
            let overlap = self.plain.and(gone, cluster);
            overlap.iter().all(|part| self.except.iter().any(|known| part.is_within(known, cluster)))
        };
        self.plain.is_within(&other.plain, cluster) && other.except.iter().all(is_free_of)
    }

    /// Either, where the two have the same exceptions and can be said in one.
    pub(super) fn or(&self, other: &Ends) -> Option<Ends> {
        (self.except == other.except).then_some(())?;
        Some(Ends { plain: self.plain.or(&other.plain)?, except: self.except.clone() })
    }

    /// The ends as sentences say them.
    pub(super) fn endpoint(&self) -> Endpoint {
        let gone: Vec<_> = self.except.iter().map(Plain::endpoint).collect();
        let whole = self.plain.endpoint();
        if gone.is_empty() { whole } else { Endpoint::Except(Box::new(whole), Box::new(Endpoint::Union(gone))) }
    }
}

fn pods_of(namespaces: &NamespaceSet, pods: LabelSet) -> Option<Plain> {
    match namespaces {
        NamespaceSet::Any => Some(Plain::pods(LabelSet::default(), pods)),
        NamespaceSet::Named(name) => Plain::pods_in(name, pods),
        NamespaceSet::Matching(selector) => Some(Plain::pods(LabelSet::of(selector)?, pods)),
    }
}
