//! The policies of a comparison: names become places in the cluster.

use super::super::ast::{Name, Relation};
use super::super::cursor::Parse;
use super::Resolver;
use super::names::list;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::algebra::{Comparison, SetRelation};
use crate::model::claim::Claim;
use crate::model::policy::Policy;
use crate::model::workload::Cluster;

impl Resolver<'_> {
    pub(super) fn compared(&mut self, relation: Relation, policy: &Name, others: &[Name]) -> Option<Claim> {
        let one = self.policy(policy);
        let found: Vec<_> = others.iter().map(|name| self.policy(name)).collect();
        let (one, found) = (one?, found.into_iter().collect::<Option<Vec<usize>>>()?);
        if let Some((_, again)) = found.iter().zip(others).find(|(index, _)| **index == one) {
            self.faults.push(*with_itself(again));
            return None;
        }
        Some(Claim::Compared(match (relation, found.as_slice()) {
            (Relation::EquivalentTo, [other]) => Comparison::Equivalent { one, other: *other },
            (Relation::DisjointFrom, [other]) => Comparison::Disjoint { one, other: *other },
            (Relation::Redundant, _) => Comparison::Subsumed { policy: one, by: neighbours(self.names.cluster, one) },
            _ => Comparison::Subsumed { policy: one, by: distinct(&found) },
        }))
    }

    pub(super) fn sets(&mut self, relation: SetRelation, one: &Name, other: &Name) -> Option<Claim> {
        if one.text == other.text {
            self.faults.push(*set_with_itself(other));
            return None;
        }
        match self.names.sets.cloned() {
            Some([one, other]) => Some(Claim::Compared(Comparison::Sets { relation, one, other })),
            None => {
                self.faults.push(*no_sets(one));
                None
            }
        }
    }

    fn policy(&mut self, name: &Name) -> Option<usize> {
        let found = index_of(self.names.cluster, name);
        self.keep(found)
    }
}

fn distinct(indices: &[usize]) -> Vec<usize> {
    let mut all = indices.to_vec();
    all.sort_unstable();
    all.dedup();
    all
}

/// The other policies of the same namespace: no others select its pods (R1).
fn neighbours(cluster: &Cluster, index: usize) -> Vec<usize> {
    let Some(policy) = cluster.policies.get(index) else { return Vec::new() };
    let all = cluster.policies.iter().enumerate();
    let others = all.filter(|(at, other)| *at != index && other.namespace == policy.namespace);
    others.map(|(at, _)| at).collect()
}

fn is_called(policy: &Policy, written: &str) -> bool {
    match written.split_once('/') {
        None => policy.name == written,
        Some((namespace, name)) => policy.namespace == namespace && policy.name == name,
    }
}

/// The policy of this name: `NAME` where it is the only one, or `NAMESPACE/NAME`.
fn index_of(cluster: &Cluster, name: &Name) -> Parse<usize> {
    let all = cluster.policies.iter().enumerate();
    let fitting: Vec<(usize, &Policy)> = all.filter(|(_, policy)| is_called(policy, &name.text)).collect();
    match fitting.as_slice() {
        [(index, _)] => Ok(*index),
        [] => Err(unknown(cluster, name)),
        several => Err(ambiguous(name, several)),
    }
}

fn unknown(cluster: &Cluster, name: &Name) -> Box<Diagnostic> {
    let fault = Diagnostic::error(Code::UnknownName, format!("there is no policy `{}`", name.text))
        .at(name.origin, "no NetworkPolicy of the manifests");
    let paths: Vec<String> = cluster.policies.iter().map(Policy::full_name).collect();
    let bare = cluster.policies.iter().map(|policy| policy.name.as_str());
    let fault = fault.did_you_mean(&name.text, paths.iter().map(String::as_str).chain(bare));
    let help = match paths.is_empty() {
        true => "the manifests declare no policy".to_owned(),
        false => format!("the policies are {}", list(paths.into_iter())),
    };
    fault.help(help).into()
}

fn ambiguous(name: &Name, several: &[(usize, &Policy)]) -> Box<Diagnostic> {
    let message = format!("`{}` fits {} policies", name.text, several.len());
    let mut fault = Diagnostic::error(Code::AmbiguousName, message).at(name.origin, "not clear which one");
    for (_, policy) in several.iter().take(super::names::LISTED) {
        fault = fault.related(policy.name_origin, policy.full_name());
    }
    let paths = several.iter().map(|(_, policy)| policy.full_name());
    fault.help(format!("write one of {}", list(paths))).into()
}

fn set_with_itself(path: &Name) -> Box<Diagnostic> {
    let message = format!("the policies of `{}` are compared with themselves", path.text);
    Diagnostic::error(Code::SentenceSyntax, message)
        .at(path.origin, "the same path")
        .note("They permit what they permit; such a sentence says nothing.")
        .help("name another file or folder")
        .into()
}

fn no_sets(path: &Name) -> Box<Diagnostic> {
    Diagnostic::error(Code::SentenceSyntax, "sets of policies cannot be compared here")
        .at(path.origin, "a set of policies")
        .help("compare them with `netverify prove` or `netverify query`")
        .into()
}

fn with_itself(name: &Name) -> Box<Diagnostic> {
    let message = format!("policy `{}` is compared with itself", name.text);
    Diagnostic::error(Code::SentenceSyntax, message)
        .at(name.origin, "the same policy")
        .note("Whatever it does, it does as well; such a sentence says nothing.")
        .help("name another policy")
        .into()
}
