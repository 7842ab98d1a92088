//! Pods beside the two ends of a flow, all that can exist: the plain reading of what a plugin that takes
//! the numbers of named ports together may see (R27).

use std::collections::BTreeSet;

use netverify::eval;
use netverify::eval::Verdict;
use netverify::model::claim::Claim;
use netverify::model::net::{End, Flow, PodEnd};
use netverify::model::options::NamedPortScope;
use netverify::model::workload::{Cluster, ContainerPort, DeclaredNamespace, Namespace};

use super::super::legal;
use super::super::worlds::{Question, as_workload, origin};
use super::Search;

impl Search<'_> {
    /// R27: for "cannot reach" under a plugin that takes the numbers of named ports together, pods that
    /// nobody has declared may lend the flow's port. More of them never close anything, so all that can
    /// exist are declared at once; of the namespaces without a manifest, one at a time.
    pub(super) fn allowed_with_further_pods(&self, flow: &Flow) -> bool {
        let Question { cluster, claim, .. } = self.question;
        let lends = self.options.named_port_scope == NamedPortScope::Union;
        if !lends || !matches!(claim, Claim::NoneCanReach(_)) || self.words.port_names.is_empty() {
            return false;
        }
        let of_flow = [&flow.source, &flow.destination].into_iter().filter_map(|end| Some(&end.pod()?.namespace));
        let of_flow: Vec<&Namespace> = of_flow.collect();
        let mut homes = self.namespaces(2);
        // An end of the flow has settled the labels of its namespace.
        homes.retain(|home| of_flow.iter().all(|end| end.name != home.name || *end == home));
        let (known, open): (Vec<Namespace>, Vec<Namespace>) =
            homes.into_iter().partition(|home| cluster.namespaces.contains_key(&home.name) || of_flow.contains(&home));
        let known: Vec<Namespace> =
            known.into_iter().chain(of_flow.into_iter().cloned()).collect::<BTreeSet<_>>().into_iter().collect();
        let allowed = |homes: Vec<Namespace>| {
            let cluster = self.with_all_pods_of(&homes, flow);
            eval::verdict(&cluster, self.options, flow).0 == Verdict::Allowed
        };
        allowed(known.clone()) || open.into_iter().any(|home| allowed([known.clone(), vec![home]].concat()))
    }

    /// The cluster with one more pod that gives the flow's port the name: each such pod that can exist.
    ///
    /// Of the namespaces without a manifest, each set of labels that the ends of the flow leave open. Where declared
    /// workloads live there, they are looked up with the automatic label alone (R9), and so is the pod.
    pub(super) fn with_one_lender(&self, flow: &Flow) -> Vec<Cluster> {
        let of_flow: Vec<&Namespace> =
            [&flow.source, &flow.destination].into_iter().filter_map(|end| Some(&end.pod()?.namespace)).collect();
        let destination = flow.destination.pod().map(|pod| &pod.namespace);
        let mut homes = self.namespaces(2);
        homes.extend(of_flow.iter().map(|home| (*home).clone()));
        homes.retain(|home| of_flow.iter().all(|end| end.name != home.name || *end == home));
        homes.retain(|home| {
            let is_inhabited = self.question.cluster.workloads.iter().any(|workload| workload.namespace == home.name);
            let is_declared = self.question.cluster.namespaces.contains_key(&home.name);
            is_declared || !is_inhabited || destination == Some(home) || home.labels.len() == 1
        });
        homes.into_iter().flat_map(|home| self.with_pod_of(&home, flow)).collect()
    }

    fn with_pod_of(&self, home: &Namespace, flow: &Flow) -> Vec<Cluster> {
        let names = self.words.port_names.iter().filter(|(_, protocol)| *protocol == flow.protocol);
        let ports: Vec<ContainerPort> = names
            .map(|(name, protocol)| ContainerPort { name: Some(name.clone()), number: flow.port, protocol: *protocol })
            .collect();
        assert!(ports.len() <= 1, "one name is enough for a test");
        let may_exist = |pod: &PodEnd| {
            pod.workload.is_none() && legal::end(&self.question.cluster, &self.question.world, &End::Pod(pod.clone()))
        };
        let pods = self.pods_of(home, "203.0.113.250".parse().unwrap()).into_iter().filter(may_exist);
        let with = |pod: PodEnd| {
            let mut cluster = self.question.cluster.clone();
            cluster.workloads.push(as_workload(&PodEnd { ports: ports.clone(), ..pod }));
            let declared = DeclaredNamespace { namespace: home.clone(), origin: origin() };
            if flow.destination.pod().is_none_or(|end| end.namespace.name != home.name) {
                cluster.namespaces.entry(home.name.clone()).or_insert(declared);
            }
            cluster
        };
        pods.map(with).collect()
    }

    fn with_all_pods_of(&self, homes: &[Namespace], flow: &Flow) -> Cluster {
        let mut cluster = self.question.cluster.clone();
        let names = self.words.port_names.iter().filter(|(_, protocol)| *protocol == flow.protocol);
        let ports: Vec<ContainerPort> = names
            .map(|(name, protocol)| ContainerPort { name: Some(name.clone()), number: flow.port, protocol: *protocol })
            .collect();
        for home in homes {
            for pod in self.pods_of(home, "203.0.113.250".parse().unwrap()) {
                if pod.workload.is_none()
                    && legal::end(&self.question.cluster, &self.question.world, &End::Pod(pod.clone()))
                {
                    cluster.workloads.push(as_workload(&PodEnd { ports: ports.clone(), ..pod }));
                }
            }
            let declared = DeclaredNamespace { namespace: home.clone(), origin: origin() };
            cluster.namespaces.entry(home.name.clone()).or_insert(declared);
        }
        cluster
    }
}
