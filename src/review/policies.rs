//! Every policy in plain language, with what it selects and what rests on it. One file in several variants is one policy.

use std::collections::BTreeMap;

use super::change::WHOLE;
use super::{Material, Scope, excerpt, scope};
use crate::describe;
use crate::error::Error;
use crate::eval::selector::matches;
use crate::lint;
use crate::model::policy::Policy as Written;
use crate::model::workload::{Cluster, Workload};
use crate::outcome::Outcome;
use crate::report::review::{Change, Coverage, Finding, Line, Policy};

/// Every policy, in the order of names.
///
/// # Errors
/// [`Error`] where the solver fails or does not start.
pub(super) fn policies(
    material: &Material<'_>,
    scopes: &[Scope<'_>],
    coverage: &Coverage,
) -> Result<Vec<Policy>, Error> {
    let mut all: BTreeMap<(String, Line), Policy> = BTreeMap::new();
    for scope in scopes {
        let resting = resting(material, scope);
        for (at, written) in scope.cluster.policies.iter().enumerate() {
            let line = excerpt::line(material.sources, written.name_origin);
            let key = (written.full_name(), line.clone());
            let policy = all.entry(key).or_insert_with(|| new(written, line));
            merge(&mut policy.selects, selected(scope.cluster, written));
            policy.variants.extend(scope.name.clone());
            merge(&mut policy.properties, resting.get(&at).cloned().unwrap_or_default());
        }
    }
    for policy in all.values_mut() {
        let is_it = |change: &&Change| change.at == policy.at && change.policy == policy.name && change.path == WHOLE;
        let needed: Vec<String> =
            coverage.changes.iter().filter(is_it).flat_map(|change| change.noticed_by.clone()).collect();
        merge(&mut policy.properties, needed);
    }
    for (about, finding) in findings(material)? {
        let is_it = |policy: &&mut Policy| policy.name == about && policy.at.file == finding.at.file;
        if let Some(policy) = all.values_mut().find(is_it)
            && !policy.findings.contains(&finding)
        {
            policy.findings.push(finding);
        }
    }
    let numbered = |(at, policy): (usize, Policy)| Policy { id: format!("policy-{}", at + 1), ..policy };
    Ok(all.into_values().enumerate().map(numbered).collect())
}

/// What `lint` finds that the specs do not accept, with what it is about.
fn findings(material: &Material<'_>) -> Result<Vec<(String, Finding)>, Error> {
    let Material { plan, sources, prover, .. } = material;
    let mut found = Vec::new();
    for ground in &plan.grounds {
        let Some(world) = plan.world_of(ground) else { continue };
        let linted = lint::lint(plan.cluster_of(ground), world, &[], prover)?;
        let told = linted.findings.into_iter().filter(|finding| !ground.allow.contains(&finding.code));
        found.extend(told.filter_map(|finding| {
            let at = excerpt::line(sources, finding.marks.first()?.origin);
            let (code, words) = (finding.code.name().to_owned(), finding.message);
            Some((finding.about, Finding { code, words, at }))
        }));
    }
    Ok(found)
}

fn new(written: &Written, at: Line) -> Policy {
    Policy {
        id: String::new(),
        name: written.full_name(),
        at,
        reading: describe::reading(written),
        selects: Vec::new(),
        variants: Vec::new(),
        properties: Vec::new(),
        findings: Vec::new(),
    }
}

fn merge(all: &mut Vec<String>, more: Vec<String>) {
    let new: Vec<String> = more.into_iter().filter(|one| !all.contains(one)).collect();
    all.extend(new);
}

/// The declared workloads that a policy selects. R33: a pod on its node's network is not counted among them.
fn selected(cluster: &Cluster, policy: &Written) -> Vec<String> {
    let selects = |workload: &&Workload| {
        !workload.host_network
            && workload.namespace == policy.namespace
            && matches(&policy.pod_selector.selector, &workload.labels)
    };
    cluster.workloads.iter().filter(selects).map(Workload::full_name).collect()
}

/// The properties whose proofs rest on each policy.
fn resting(material: &Material<'_>, scope: &Scope<'_>) -> BTreeMap<usize, Vec<String>> {
    let mut resting: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for at in &scope.items {
        let (Some(item), Some(answered)) = (material.plan.items.get(*at), material.answers.get(*at)) else { continue };
        let Outcome::Proved(proof) = &answered.outcome else { continue };
        let example = proof.witness.iter().flat_map(|case| &case.blames).map(|blame| blame.policy);
        for policy in proof.rests_on.iter().map(|pillar| pillar.policy).chain(example) {
            merge(resting.entry(policy).or_default(), vec![scope::name(material.plan, item)]);
        }
    }
    resting
}
