//! Random concrete flows between ends of a random cluster and ends that nobody has declared.

use std::net::IpAddr;

use netverify::model::net::{End, Flow, NodeEnd, PodEnd, Protocol};
use netverify::model::selector::Labels;
use netverify::model::workload::{Cluster, ContainerPort, Namespace};
use proptest::prelude::*;
use proptest::sample::select;

use super::worlds::{MANY, container_ports, labels, node_name};

/// Addresses on both sides of every edge of every block, by family.
const V4: [&str; 16] = [
    "10.0.0.0",
    "10.0.0.1",
    "10.0.0.3",
    "10.0.0.4",
    "10.0.255.255",
    "10.1.0.0",
    "10.1.2.0",
    "10.1.2.255",
    "10.1.255.255",
    "10.2.0.0",
    "10.128.0.0",
    "10.255.255.255",
    "11.0.0.0",
    "192.0.2.1",
    "203.0.113.7",
    "255.255.255.255",
];
const V6: [&str; 12] = [
    "::1",
    "fcff::1",
    "fd00::",
    "fd00::7",
    "fd00::8",
    "fd00::f",
    "fd00::10",
    "fd00::ffff:ffff:ffff:ffff",
    "fd00:0:0:1::",
    "fd00:0:7fff::1",
    "fd00:0:8000::",
    "::ffff:10.0.0.1",
];

const PORTS: [u16; 16] = [1, 53, 79, 80, 81, 442, 443, 444, 8079, 8080, 8085, 8090, 8091, 59999, 60000, 65535];

/// What to make an end of, once the cluster is known.
#[derive(Clone, Debug)]
pub struct EndSeed {
    kind: u8,
    namespace: &'static str,
    labels: Labels,
    ports: Vec<ContainerPort>,
    node: Option<String>,
    number: usize,
    host_network: bool,
}

/// What to make a flow of, once the cluster is known.
#[derive(Clone, Debug)]
pub struct FlowSeed {
    ends: [EndSeed; 2],
    /// Labels of the namespaces that no manifest declares.
    undeclared: Labels,
    v6: bool,
    addresses: [usize; 2],
    protocol: Protocol,
    port: u16,
}

fn end_seed() -> BoxedStrategy<EndSeed> {
    let namespace = select(&["a", "a", "b", "c", "zz", "new"][..]);
    // A key that nobody names must change nothing.
    let labels = labels(&["k1", "k2", "unnamed"], MANY.values);
    (0..10_u8, namespace, labels, container_ports(), node_name(), 0..8_usize, prop::bool::weighted(0.2))
        .prop_map(|(kind, namespace, labels, ports, node, number, host_network)| EndSeed {
            kind,
            namespace,
            labels,
            ports,
            node,
            number,
            host_network,
        })
        .boxed()
}

/// Seeds of flows; [`FlowSeed::flow`] makes them real.
pub fn flow_seed() -> BoxedStrategy<FlowSeed> {
    let protocol = prop_oneof![
        5 => Just(Protocol::Tcp),
        3 => Just(Protocol::Udp),
        1 => Just(Protocol::Sctp),
        1 => Just(Protocol::Other)
    ];
    let addresses = [0..48_usize, 0..48_usize];
    (
        [end_seed(), end_seed()],
        labels(&["k1", "k2"], MANY.values),
        any::<bool>(),
        addresses,
        protocol,
        select(&PORTS[..]),
    )
        .prop_map(|(ends, undeclared, v6, addresses, protocol, port)| FlowSeed {
            ends,
            undeclared,
            v6,
            addresses,
            protocol,
            port: if protocol == Protocol::Other { 0 } else { port },
        })
        .boxed()
}

impl FlowSeed {
    /// The flow. Its ends are two: no pod speaks to itself here, but pods on nodes' networks may share an
    /// address (R33).
    pub fn flow(&self, cluster: &Cluster) -> Flow {
        let [source, destination] = &self.ends;
        let from = self.address(self.addresses[0]);
        let to = self.address(self.addresses[1]);
        let source = self.end(cluster, source, from);
        let mut other = self.end(cluster, destination, to);
        let on_nodes = |end: &End| end.pod().is_some_and(|pod| pod.host_network);
        if to == from && !(on_nodes(&source) && on_nodes(&other)) {
            other = self.end(cluster, destination, self.address(self.addresses[1] + 1));
        }
        Flow { source, destination: other, protocol: self.protocol, port: self.port }
    }

    fn address(&self, at: usize) -> IpAddr {
        let pool: &[&str] = if self.v6 { &V6 } else { &V4 };
        pool[at % pool.len()].parse().unwrap()
    }

    fn end(&self, cluster: &Cluster, seed: &EndSeed, address: IpAddr) -> End {
        match seed.kind {
            0 => End::External(address),
            1 => End::Node(NodeEnd { name: seed.node.clone(), address }),
            2..=4 if !cluster.workloads.is_empty() => {
                let index = seed.number % cluster.workloads.len();
                let workload = cluster.workloads.get(index).unwrap();
                End::Pod(PodEnd {
                    namespace: self.namespace(cluster, &workload.namespace),
                    name: workload.name.clone(),
                    labels: workload.labels.clone(),
                    ports: workload.ports.clone(),
                    address,
                    node: workload.node.clone(),
                    host_network: workload.host_network,
                    workload: Some(index),
                })
            }
            _ => End::Pod(PodEnd {
                namespace: self.namespace(cluster, seed.namespace),
                name: "made-up".to_owned(),
                labels: seed.labels.clone(),
                ports: seed.ports.clone(),
                address,
                node: seed.node.clone(),
                host_network: seed.host_network,
                workload: None,
            }),
        }
    }

    fn namespace(&self, cluster: &Cluster, name: &str) -> Namespace {
        let declared = cluster.namespaces.get(name).map(|declared| declared.namespace.clone());
        declared.unwrap_or_else(|| Namespace::new(name, self.undeclared.clone()))
    }
}
