//! The conformance cases of `tests/cases`: clusters, policies, and for single flows whether they pass.
//!
//! [`facts`] is all that a test needs: it takes a file apart and checks that nothing got lost. The
//! format is `netverify-cases/1`; what a file says beyond it is refused. Any test crate may call it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use netverify::model::net::{End, Family, Flow, NodeEnd, PodEnd, Protocol, family};
use netverify::model::options::{
    EgressNamedPortAny, EndPort, HostNetwork, IpBlockMatches, NamedPortScope, Options, OtherProtocols, Treatment,
};
use netverify::model::workload::{Cluster, Workload};
use serde::Deserialize;

use super::inventory::Inventory;
use super::policies;

/// One flow, and whether it passes.
#[derive(Debug)]
pub struct Fact {
    /// The id of the case.
    pub case: String,
    /// The cluster, policies included.
    pub cluster: Arc<Cluster>,
    /// The plugin's choices.
    pub options: Options,
    /// The flow.
    pub flow: Flow,
    /// Whether it passes.
    pub allowed: bool,
}

/// How much is in a file.
#[derive(Debug, PartialEq, Eq)]
struct Tally {
    cases: usize,
    facts: usize,
    ambiguous: usize,
}

/// What each file is known to hold, so that no test can pass by reading less of it.
const TALLIES: [(&str, Tally); 2] = [
    ("e2e.yaml", Tally { cases: 76, facts: 656, ambiguous: 0 }),
    ("edge.yaml", Tally { cases: 43, facts: 212, ambiguous: 0 }),
];

/// The facts of a file in `tests/cases`. An entry without a family is one fact for each family that
/// both ends have; an entry on which the rules promise nothing is counted and left out.
pub fn facts(file: &str) -> Vec<Fact> {
    let path = format!("{}/tests/cases/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let value: serde_json::Value = serde_yaml::from_str(&text).unwrap();
    let file_content: CaseFile = serde_json::from_value(value).unwrap();
    assert_eq!(file_content.schema, "netverify-cases/1");
    let mut reader = Reader { tally: Tally { cases: 0, facts: 0, ambiguous: 0 }, facts: Vec::new() };
    for case in &file_content.cases {
        reader.case(case, &file_content.clusters);
    }
    let expected = TALLIES.into_iter().find(|(name, _)| *name == file).map(|(_, tally)| tally);
    assert_eq!(Some(reader.tally), expected, "{file} does not hold what it should");
    reader.facts
}

/// Collects facts and counts the entries that they come from.
struct Reader {
    tally: Tally,
    facts: Vec<Fact>,
}

impl Reader {
    fn case(&mut self, case: &Case, clusters: &BTreeMap<String, Inventory>) {
        self.tally.cases += 1;
        let inventory = match &case.cluster {
            ClusterOf::Named(name) => clusters.get(name).unwrap(),
            ClusterOf::Inline(inventory) => inventory,
        };
        let cluster = Arc::new(inventory.cluster(policies::read(&case.manifests)));
        let scene = Scene { case: &case.id, inventory, cluster: &cluster };
        self.expectations(&scene, &options(&[&case.options]), &case.expect);
        for variant in &case.variants {
            self.expectations(&scene, &options(&[&case.options, &variant.options]), &variant.expect);
        }
    }

    fn expectations(&mut self, scene: &Scene<'_>, options: &Options, expectations: &[Expectation]) {
        for expectation in expectations {
            self.tally.ambiguous += expectation.ambiguous.len();
            let allowed = expectation.allow.iter().map(|arrow| (arrow, true));
            let denied = expectation.deny.iter().map(|arrow| (arrow, false));
            for (arrow, allowed) in allowed.chain(denied) {
                self.tally.facts += 1;
                self.facts.extend(scene.facts(*options, expectation, arrow, allowed));
            }
        }
    }
}

/// A case, ready for its flows.
struct Scene<'a> {
    case: &'a str,
    inventory: &'a Inventory,
    cluster: &'a Arc<Cluster>,
}

impl Scene<'_> {
    /// The facts of one `a -> b`: one for each address family, at least one.
    fn facts(&self, options: Options, expectation: &Expectation, arrow: &str, allowed: bool) -> Vec<Fact> {
        let (source, destination) = arrow.split_once(" -> ").unwrap();
        let (sources, destinations) = (self.ends(source), self.ends(destination));
        let pairs = sources.iter().flat_map(|source| destinations.iter().map(move |destination| (source, destination)));
        let same_family = pairs.filter(|(source, destination)| {
            let family = family(source.address());
            family == self::family(destination.address()) && expectation.is_about(family)
        });
        let fact = |(source, destination): (&End, &End)| Fact {
            case: self.case.to_owned(),
            cluster: Arc::clone(self.cluster),
            options,
            flow: expectation.flow(source.clone(), destination.clone()),
            allowed,
        };
        let facts: Vec<Fact> = same_family.map(fact).collect();
        assert!(!facts.is_empty(), "{}: no family in common: {arrow}", self.case);
        facts
    }

    /// What a case calls an endpoint, once for each of its addresses.
    fn ends(&self, name: &str) -> Vec<End> {
        if let Some(address) = name.strip_prefix("ip:") {
            return vec![End::External(address.parse().unwrap())];
        }
        if let Some(node) = name.strip_prefix("node:") {
            let end = |address: &IpAddr| End::Node(NodeEnd { name: Some(node.to_owned()), address: *address });
            return self.inventory.nodes.get(node).unwrap().ips.iter().map(end).collect();
        }
        if let Some(external) = self.inventory.external.get(name) {
            return external.addresses().into_iter().map(End::External).collect();
        }
        self.pod_ends(name)
    }

    fn pod_ends(&self, full_name: &str) -> Vec<End> {
        let is_it = |workload: &&Workload| format!("{}/{}", workload.namespace, workload.name) == full_name;
        let index = self.cluster.workloads.iter().position(|workload| is_it(&workload)).unwrap();
        let workload = self.cluster.workloads.get(index).unwrap();
        let end = |address: &IpAddr| {
            End::Pod(PodEnd {
                namespace: self.cluster.namespaces.get(&workload.namespace).unwrap().namespace.clone(),
                name: workload.name.clone(),
                labels: workload.labels.clone(),
                ports: workload.ports.clone(),
                address: *address,
                node: workload.node.clone(),
                host_network: workload.host_network,
                workload: Some(index),
            })
        };
        workload.addresses.iter().map(end).collect()
    }
}

/// The defaults, with what the case and then its variant choose.
fn options(layers: &[&BTreeMap<String, String>]) -> Options {
    let mut options = Options::default();
    for (name, choice) in layers.iter().flat_map(|layer| layer.iter()) {
        choose(&mut options, name, choice);
    }
    options
}

fn choose(options: &mut Options, name: &str, choice: &str) {
    match (name, choice) {
        ("ipblock_matches", "all") => options.ipblock_matches = IpBlockMatches::All,
        ("ipblock_matches", "external+nodes") => options.ipblock_matches = IpBlockMatches::ExternalAndNodes,
        ("ipblock_matches", "external") => options.ipblock_matches = IpBlockMatches::External,
        ("host_network", "node") => options.host_network = HostNetwork::Node,
        ("host_network", "pod") => options.host_network = HostNetwork::Pod,
        ("local_node_ingress", _) => options.local_node_ingress = treatment(choice),
        ("local_node_egress", _) => options.local_node_egress = treatment(choice),
        ("self_traffic", _) => options.self_traffic = treatment(choice),
        ("named_port_scope", "destination") => options.named_port_scope = NamedPortScope::Destination,
        ("named_port_scope", "union") => options.named_port_scope = NamedPortScope::Union,
        ("egress_named_port_any", "destination") => options.egress_named_port_any = EgressNamedPortAny::Destination,
        ("egress_named_port_any", "namespace") => options.egress_named_port_any = EgressNamedPortAny::Namespace,
        ("egress_named_port_any", "none") => options.egress_named_port_any = EgressNamedPortAny::None,
        ("end_port", "supported") => options.end_port = EndPort::Supported,
        ("end_port", "ignored") => options.end_port = EndPort::Ignored,
        ("other_protocols", "unspecified") => options.other_protocols = OtherProtocols::Unspecified,
        ("other_protocols", "no-ports") => options.other_protocols = OtherProtocols::NoPorts,
        ("other_protocols", "allow") => options.other_protocols = OtherProtocols::Allow,
        ("other_protocols", "deny") => options.other_protocols = OtherProtocols::Deny,
        other => panic!("no option {other:?}"),
    }
}

fn treatment(choice: &str) -> Treatment {
    match choice {
        "allow" => Treatment::Allow,
        "policy" => Treatment::Policy,
        other => panic!("neither allow nor policy: {other:?}"),
    }
}

/// A whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    schema: String,
    #[serde(default, rename = "source")]
    _source: serde::de::IgnoredAny,
    #[serde(default)]
    clusters: BTreeMap<String, Inventory>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    #[serde(default, rename = "source")]
    _source: serde::de::IgnoredAny,
    #[serde(rename = "description")]
    _description: serde::de::IgnoredAny,
    cluster: ClusterOf,
    manifests: String,
    #[serde(default)]
    options: BTreeMap<String, String>,
    expect: Vec<Expectation>,
    #[serde(default)]
    variants: Vec<Variant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variant {
    options: BTreeMap<String, String>,
    expect: Vec<Expectation>,
}

/// Arrows `source -> destination` for one protocol, port and family.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    protocol: String,
    port: Option<u16>,
    family: Option<u8>,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    deny: Vec<String>,
    #[serde(default)]
    ambiguous: Vec<String>,
}

impl Expectation {
    fn is_about(&self, family: Family) -> bool {
        match self.family {
            None => true,
            Some(4) => family == Family::V4,
            Some(6) => family == Family::V6,
            Some(other) => panic!("no family {other}"),
        }
    }

    /// ICMP is the one protocol of the cases that has no ports.
    fn flow(&self, source: End, destination: End) -> Flow {
        if self.protocol == "ICMP" {
            return Flow { source, destination, protocol: Protocol::Other, port: 0 };
        }
        let protocol = Protocol::from_name(&self.protocol).unwrap();
        Flow { source, destination, protocol, port: self.port.unwrap() }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ClusterOf {
    Named(String),
    Inline(Inventory),
}
