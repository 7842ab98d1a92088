//! Pods that no policy of the cluster tells apart. Private to `matrix`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use crate::model::net::{End, PodEnd, Protocol};
use crate::model::policy::{PeerKind, Peers};
use crate::model::selector::Labels;
use crate::model::workload::{Cluster, ContainerPort, Namespace};

/// The labels and the namespace of the cluster's DNS, as kubeadm and most distributions have it.
pub(super) const DNS_LABEL: (&str, &str) = ("k8s-app", "kube-dns");
pub(super) const DNS_NAMESPACE: &str = "kube-system";
/// The port of DNS.
pub(super) const DNS_PORT: u16 = 53;

/// Ends that share every verdict, and one that stands for them.
#[derive(Debug)]
pub(super) struct Class {
    /// The one. Where its addresses are not known its own means nothing.
    pub(super) end: End,
    /// The addresses that it can have; empty where no manifest says.
    pub(super) addresses: Vec<IpAddr>,
    /// The declared ports, by their place among all such lists; `None` for an end outside the cluster.
    pub(super) ports: Option<usize>,
}

/// The classes of pods.
#[derive(Debug, Default)]
pub(super) struct Classes {
    pub(super) all: Vec<Class>,
    /// The class of each workload of the cluster; `None` for those on their node's network.
    pub(super) of_workload: Vec<Option<usize>>,
    /// The class of the cluster's DNS, where no manifest declares it.
    pub(super) dns: Option<usize>,
    /// The classes of each namespace.
    pub(super) of_namespace: BTreeMap<String, Vec<usize>>,
    /// All lists of declared ports.
    port_lists: HashMap<Vec<ContainerPort>, usize>,
}

/// What policies can look at in a pod.
type Key = (String, Vec<(String, String)>, usize, Vec<IpAddr>);

impl Classes {
    pub(super) fn of(cluster: &Cluster) -> Classes {
        let mentioned = mentioned_keys(cluster);
        let (mut classes, mut known) = (Classes::default(), HashMap::new());
        for (index, workload) in cluster.workloads.iter().enumerate() {
            let class = (!workload.host_network).then(|| {
                let ports = classes.port_list(&workload.ports);
                let labels = workload.labels.iter().filter(|(key, _)| mentioned.contains(key.as_str()));
                let labels = labels.map(|(key, value)| (key.clone(), value.clone())).collect();
                let key: Key = (workload.namespace.clone(), labels, ports, workload.addresses.clone());
                *known.entry(key).or_insert_with(|| {
                    let pod = pod(cluster, &workload.namespace, &workload.name, &workload.labels, &workload.ports);
                    classes.push(PodEnd { workload: Some(index), ..pod }, workload.addresses.clone(), ports)
                })
            });
            classes.of_workload.push(class);
        }
        classes.add_dns(cluster);
        classes
    }

    fn port_list(&mut self, ports: &[ContainerPort]) -> usize {
        let next = self.port_lists.len();
        *self.port_lists.entry(ports.to_vec()).or_insert(next)
    }

    fn push(&mut self, pod: PodEnd, addresses: Vec<IpAddr>, ports: usize) -> usize {
        let class = self.all.len();
        self.of_namespace.entry(pod.namespace.name.clone()).or_default().push(class);
        let address = addresses.first().copied().unwrap_or(pod.address);
        self.all.push(Class { end: End::Pod(PodEnd { address, ..pod }), addresses, ports: Some(ports) });
        class
    }

    /// Where no manifest declares the cluster's DNS, a pod that is labelled like it and declares its ports.
    fn add_dns(&mut self, cluster: &Cluster) {
        if cluster.workloads.iter().any(|workload| is_dns(&workload.namespace, &workload.labels)) {
            return;
        }
        let labels = Labels::from([(DNS_LABEL.0.to_owned(), DNS_LABEL.1.to_owned())]);
        let port = |name: &str, protocol| ContainerPort { name: Some(name.to_owned()), number: DNS_PORT, protocol };
        let ports = [port("dns", Protocol::Udp), port("dns-tcp", Protocol::Tcp)];
        let list = self.port_list(&ports);
        self.dns = Some(self.push(pod(cluster, DNS_NAMESPACE, "dns", &labels, &ports), Vec::new(), list));
    }
}

/// Whether these are the pods of the cluster's DNS.
pub(super) fn is_dns(namespace: &str, labels: &Labels) -> bool {
    namespace == DNS_NAMESPACE && labels.get(DNS_LABEL.0).is_some_and(|value| value == DNS_LABEL.1)
}

fn pod(cluster: &Cluster, namespace: &str, name: &str, labels: &Labels, ports: &[ContainerPort]) -> PodEnd {
    let declared = cluster.namespaces.get(namespace).map(|declared| declared.namespace.clone());
    PodEnd {
        // One that no manifest declares is taken to have the automatic label alone (R9).
        namespace: declared.unwrap_or_else(|| Namespace::new(namespace, Labels::new())),
        name: name.to_owned(),
        labels: labels.clone(),
        ports: ports.to_vec(),
        address: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        node: None,
        host_network: false,
        workload: None,
    }
}

/// The keys of pod labels that some policy mentions: no other label changes a verdict.
fn mentioned_keys(cluster: &Cluster) -> BTreeSet<&str> {
    let mut keys = BTreeSet::new();
    for policy in &cluster.policies {
        keys.extend(policy.pod_selector.selector.requirements.iter().map(|one| one.key.as_str()));
        for rule in policy.ingress.iter().chain(&policy.egress).flatten() {
            let Peers::AnyOf(peers) = &rule.peers else { continue };
            for peer in peers {
                if let PeerKind::Pods { pods, .. } = &peer.kind {
                    keys.extend(pods.requirements.iter().map(|one| one.key.as_str()));
                }
            }
        }
    }
    keys
}
