//! However a cluster is written it reads as the same cluster: random worlds as manifests, in every spelling that
//! Kubernetes takes for the same, spread over files in any order.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was tried belongs in the test's own output")]

#[path = "support/trials.rs"]
mod trials;
#[expect(dead_code, reason = "the agreement tests use the rest")]
#[path = "support/worlds.rs"]
mod worlds;
#[path = "spellings/write.rs"]
mod write;

use netverify::diagnostic::Diagnostic;
use netverify::manifest::{Objects, Settings, assemble, read_text};
use netverify::model::policy::{NamespaceScope, Peer, PeerKind, Peers, Policy, Ports, Written};
use netverify::model::selector::LabelSelector;
use netverify::model::workload::Cluster;
use netverify::source::SourceMap;
use proptest::collection::vec;
use proptest::prelude::*;
use trials::{Trial, fail};
use worlds::{MANY, cluster, origin};
use write::Writer;

/// The cluster of some files, as the command line reads them.
fn read(files: &[String]) -> Result<Cluster, String> {
    let (mut sources, mut faults) = (SourceMap::default(), Vec::new());
    let mut parts: Vec<Objects> = Vec::new();
    for (at, text) in files.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
        parts.push(read_text(&format!("{at}.yaml"), text, &Settings::default(), &mut sources, &mut faults));
    }
    let cluster = assemble(&parts.iter().collect::<Vec<_>>(), &mut faults);
    let errors: Vec<_> = faults.iter().filter(|fault| Diagnostic::is_error(fault)).collect();
    if errors.is_empty() { Ok(cluster) } else { Err(format!("{errors:#?}")) }
}

/// Said at one place, and with what selectors ask for in one order: what the cluster means.
fn meaning(mut cluster: Cluster) -> Cluster {
    cluster.policies.edit(|all| all.iter_mut().for_each(plain_policy));
    cluster.workloads.edit(|all| all.iter_mut().for_each(|workload| workload.origin = origin()));
    cluster.nodes.iter_mut().for_each(|node| node.origin = origin());
    cluster.namespaces.values_mut().for_each(|namespace| namespace.origin = origin());
    cluster
}

fn plain_policy(policy: &mut Policy) {
    (policy.origin, policy.name_origin, policy.pod_selector.origin) = (origin(), origin(), origin());
    // How it is written is `lint`'s business.
    policy.written = Written::default();
    plain_selector(&mut policy.pod_selector.selector);
    for rule in policy.ingress.iter_mut().chain(&mut policy.egress).flatten() {
        rule.origin = origin();
        if let Peers::AnyOf(peers) = &mut rule.peers {
            peers.iter_mut().for_each(plain_peer);
        }
        if let Ports::AnyOf(ports) = &mut rule.ports {
            ports.iter_mut().for_each(|port| port.origin = origin());
        }
    }
}

fn plain_peer(peer: &mut Peer) {
    peer.origin = origin();
    if let PeerKind::Pods { namespaces, pods } = &mut peer.kind {
        plain_selector(pods);
        if let NamespaceScope::Matching(namespaces) = namespaces {
            plain_selector(namespaces);
        }
    }
}

fn plain_selector(selector: &mut LabelSelector) {
    selector.requirements.sort_by_key(|requirement| format!("{requirement:?}"));
}

/// A policy about no direction can be thought of and not be written: without `policyTypes` it is about ingress.
fn writable(mut cluster: Cluster) -> Cluster {
    cluster.policies.edit(|all| all.retain(|policy| policy.ingress.is_some() || policy.egress.is_some()));
    cluster
}

#[test]
fn every_spelling_and_order_of_the_files_is_one_cluster() {
    let strategy = (cluster(MANY), vec(any::<u8>(), 97), vec(any::<u16>(), 64), 1..=4_usize);
    let trial = Trial { name: "spellings", file: file!(), seed: 1, cases: 3_000 };
    let tally = trial.run(&strategy, |(cluster, bytes, keys, count), tally| {
        let cluster = writable(cluster);
        let documents = Writer::new(&bytes).documents(&cluster);
        tally.add("documents", documents.len());
        let mut order: Vec<usize> = (0..documents.len()).collect();
        order.sort_by_key(|at| keys[at % keys.len()]);
        let mut files = vec![String::new(); count];
        for at in order {
            let file = &mut files[usize::from(keys[at % keys.len()]) % count];
            *file += &format!("---\n{}", documents[at]);
        }
        if documents.is_empty() {
            return Ok(());
        }
        let found = read(&files).map_err(|faults| fail(format!("{faults}\n{}", files.join("# next file\n"))))?;
        let (found, expected) = (meaning(found), meaning(cluster));
        if found == expected {
            Ok(())
        } else {
            Err(fail(format!("{}\nread as {found:#?}\nand not as {expected:#?}", files.join("# next file\n"))))
        }
    });
    assert!(tally.of("documents") > 10_000, "hardly anything was written");
}
