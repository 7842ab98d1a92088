//! A cluster written as manifests, with every choice that Kubernetes leaves to the writer drawn at random: absent,
//! null or empty; `matchLabels` or `matchExpressions`; with or without `policyTypes`; JSON or YAML.

use std::cell::Cell;
use std::net::IpAddr;

use netverify::model::net::{PortMatch, Protocol};
use netverify::model::policy::{NamespaceScope, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule};
use netverify::model::selector::{LabelSelector, Labels, NAMESPACE_NAME_LABEL, Operator, Requirement};
use netverify::model::workload::{Cluster, ContainerPort, DeclaredNamespace, Node, Workload, WorkloadKind};
use serde_json::{Map, Value, json};

/// Draws choices from random bytes, again and again from the first.
pub struct Writer<'a> {
    bytes: &'a [u8],
    at: Cell<usize>,
}

/// A mapping in the making.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn with(mut self, key: &str, value: Value) -> Fields {
        self.0.insert(key.to_owned(), value);
        self
    }

    /// `None` leaves the field out.
    fn maybe(self, key: &str, value: Option<Value>) -> Fields {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

impl<'a> Writer<'a> {
    pub fn new(bytes: &'a [u8]) -> Writer<'a> {
        Writer { bytes, at: Cell::new(0) }
    }

    fn pick(&self, count: usize) -> usize {
        let at = self.at.replace(self.at.get() + 1);
        // The same byte means something else in the next round.
        (usize::from(self.bytes[at % self.bytes.len()]) + at / self.bytes.len()) % count
    }

    fn one_of<const N: usize>(&self, choices: [Option<Value>; N]) -> Option<Value> {
        choices.into_iter().nth(self.pick(N)).unwrap()
    }

    /// A list; absent, null or empty where there is nothing in it.
    fn list(&self, items: Vec<Value>) -> Option<Value> {
        if items.is_empty() {
            self.one_of([None, Some(Value::Null), Some(json!([]))])
        } else {
            Some(Value::Array(items))
        }
    }

    /// Every object of the cluster, a document each.
    pub fn documents(&self, cluster: &Cluster) -> Vec<String> {
        let namespaces = cluster.namespaces.values().map(|namespace| self.namespace(namespace));
        let nodes = cluster.nodes.iter().map(|node| self.node(node));
        let workloads = cluster.workloads.iter().map(|workload| self.workload(workload));
        let policies = cluster.policies.iter().map(|policy| self.policy(policy));
        let objects = namespaces.chain(nodes).chain(workloads).chain(policies);
        objects.map(|object| if self.pick(2) == 0 { format!("{object}\n") } else { block(&object, 0) }).collect()
    }

    fn metadata(&self, namespace: Option<&str>, name: &str, labels: &Labels) -> Value {
        let labels = if labels.is_empty() {
            self.one_of([None, Some(Value::Null), Some(json!({}))])
        } else {
            Some(json!(labels))
        };
        Fields::default()
            .with("name", json!(name))
            .maybe("namespace", namespace.map(|name| json!(name)))
            .maybe("labels", labels)
            .done()
    }

    /// R9: the automatic label may be left out, be there, or lie.
    fn namespace(&self, declared: &DeclaredNamespace) -> Value {
        let (name, mut labels) = (&declared.namespace.name, declared.namespace.labels.clone());
        match self.pick(3) {
            0 => {}
            1 => drop(labels.remove(NAMESPACE_NAME_LABEL)),
            _ => drop(labels.insert(NAMESPACE_NAME_LABEL.to_owned(), "another".to_owned())),
        }
        object("v1", "Namespace", self.metadata(None, name, &labels)).done()
    }

    fn node(&self, node: &Node) -> Value {
        let address = |address: &IpAddr| json!({"type": "InternalIP", "address": address});
        let addresses = self.list(node.addresses.iter().map(address).collect());
        let status = Fields::default().maybe("addresses", addresses).done();
        object("v1", "Node", self.metadata(None, &node.name, &node.labels)).with("status", status).done()
    }

    fn workload(&self, workload: &Workload) -> Value {
        let labels = &workload.labels;
        let spec = self.pod_spec(workload);
        if workload.kind == WorkloadKind::Pod {
            let metadata = self.metadata(Some(&workload.namespace), &workload.name, labels);
            let first = workload.addresses.first().filter(|_| self.pick(2) == 0).map(|address| json!(address));
            let all = workload.addresses.iter().map(|address| json!({"ip": address})).collect();
            let status = Fields::default().maybe("podIP", first).maybe("podIPs", self.list(all)).done();
            return object("v1", "Pod", metadata).with("spec", spec).with("status", status).done();
        }
        // R40: the controller's own labels do not count.
        let own = Labels::from([("k1".to_owned(), "of-the-controller".to_owned())]);
        let metadata = self.metadata(Some(&workload.namespace), &workload.name, &own);
        let never = json!({"matchExpressions": [{"key": "never", "operator": "DoesNotExist"}]});
        let template = json!({"metadata": {"labels": labels}, "spec": spec});
        let spec = json!({"selector": never, "template": template});
        object("apps/v1", workload.kind.name(), metadata).with("spec", spec).done()
    }

    /// A container for each port, the first of them perhaps an init container (R27).
    fn pod_spec(&self, workload: &Workload) -> Value {
        let container = |port: &ContainerPort| {
            let protocol = self.protocol(port.protocol);
            let port = Fields::default()
                .with("containerPort", json!(port.number))
                .maybe("name", port.name.as_ref().map(|name| json!(name)))
                .maybe("protocol", protocol);
            json!({"name": "c", "ports": [port.done()]})
        };
        let mut containers: Vec<Value> = workload.ports.iter().map(container).collect();
        let later = containers.split_off(self.pick(containers.len() + 1));
        Fields::default()
            .maybe("nodeName", workload.node.as_ref().map(|name| json!(name)))
            .maybe(
                "hostNetwork",
                if workload.host_network { Some(json!(true)) } else { self.one_of([None, Some(json!(false))]) },
            )
            .maybe("initContainers", self.list(containers))
            .with("containers", json!(later))
            .done()
    }

    fn policy(&self, policy: &Policy) -> Value {
        let metadata = self.metadata(Some(&policy.namespace), &policy.name, &Labels::new());
        let selector = &policy.pod_selector.selector;
        let everything = selector.requirements.is_empty();
        let pod_selector = match self.pick(3) {
            0 if everything => None,
            1 if everything => Some(Value::Null),
            _ => Some(self.selector(selector)),
        };
        let spec = Fields::default()
            .maybe("podSelector", pod_selector)
            .maybe("policyTypes", self.types(policy))
            .maybe("ingress", self.rules(policy.ingress.as_deref(), "from"))
            .maybe("egress", self.rules(policy.egress.as_deref(), "to"));
        object("networking.k8s.io/v1", "NetworkPolicy", metadata).with("spec", spec.done()).done()
    }

    /// R2: left out only where the default says the same.
    fn types(&self, policy: &Policy) -> Option<Value> {
        let (ingress, egress) = (json!("Ingress"), json!("Egress"));
        let has_rules = policy.egress.as_ref().is_some_and(|rules| !rules.is_empty());
        match (&policy.ingress, &policy.egress) {
            (Some(_), Some(_)) if has_rules && self.pick(2) == 0 => self.list(Vec::new()),
            (Some(_), Some(_)) if self.pick(2) == 0 => Some(json!([egress, ingress])),
            (Some(_), Some(_)) => Some(json!([ingress, egress])),
            (Some(_), None) if self.pick(2) == 0 => self.list(Vec::new()),
            (Some(_), None) => Some(json!([ingress])),
            _ => Some(json!([egress])),
        }
    }

    /// R7, and R3 for ingress: where the policy has no such direction its rules do nothing. (Egress rules would
    /// need `policyTypes` beside them.)
    fn rules(&self, rules: Option<&[Rule]>, peers: &str) -> Option<Value> {
        match rules {
            None if peers == "from" => self.one_of([None, Some(json!([{}]))]),
            None => self.list(Vec::new()),
            Some(rules) => self.list(rules.iter().map(|rule| self.rule(rule, peers)).collect()),
        }
    }

    /// R7: an empty rule may be null.
    fn rule(&self, rule: &Rule, key: &str) -> Value {
        let peers = match &rule.peers {
            Peers::All => self.list(Vec::new()),
            Peers::AnyOf(peers) => self.list(peers.iter().map(|peer| self.peer(peer)).collect()),
        };
        let ports = match &rule.ports {
            Ports::All => self.list(Vec::new()),
            Ports::AnyOf(ports) => self.list(ports.iter().map(|port| self.port(port)).collect()),
        };
        let empty = (&rule.peers, &rule.ports) == (&Peers::All, &Ports::All);
        if empty && self.pick(3) == 0 {
            return Value::Null;
        }
        Fields::default().maybe(key, peers).maybe("ports", ports).done()
    }

    fn peer(&self, peer: &Peer) -> Value {
        match &peer.kind {
            PeerKind::IpBlock(block) => {
                let except = self.list(block.except.iter().map(|except| json!(except.to_string())).collect());
                let block = Fields::default().with("cidr", json!(block.cidr.to_string())).maybe("except", except);
                json!({"ipBlock": block.done()})
            }
            PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => Fields::default()
                .with("podSelector", self.selector(pods))
                .maybe("namespaceSelector", self.one_of([None, Some(Value::Null)]))
                .done(),
            PeerKind::Pods { namespaces: NamespaceScope::Matching(namespaces), pods } => {
                let pods = match self.pick(3) {
                    0 if pods.requirements.is_empty() => None,
                    1 if pods.requirements.is_empty() => Some(Value::Null),
                    _ => Some(self.selector(pods)),
                };
                Fields::default().with("namespaceSelector", self.selector(namespaces)).maybe("podSelector", pods).done()
            }
        }
    }

    /// R10 to R13: one value that is asked for may stand in `matchLabels`, once a key.
    fn selector(&self, selector: &LabelSelector) -> Value {
        let (mut labels, mut expressions) = (Map::new(), Vec::new());
        for requirement in &selector.requirements {
            match &requirement.operator {
                Operator::In(values)
                    if values.len() == 1 && !labels.contains_key(&requirement.key) && self.pick(2) == 0 =>
                {
                    labels.insert(requirement.key.clone(), json!(values[0]));
                }
                _ => expressions.push(self.expression(requirement)),
            }
        }
        let labels = if labels.is_empty() {
            self.one_of([None, Some(Value::Null), Some(json!({}))])
        } else {
            Some(Value::Object(labels))
        };
        Fields::default().maybe("matchLabels", labels).maybe("matchExpressions", self.list(expressions)).done()
    }

    fn expression(&self, requirement: &Requirement) -> Value {
        let operator = match &requirement.operator {
            Operator::In(_) => "In",
            Operator::NotIn(_) => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
        };
        let values = requirement.values().iter().map(|value| json!(value)).collect();
        Fields::default()
            .with("key", json!(requirement.key))
            .with("operator", json!(operator))
            .maybe("values", self.list(values))
            .done()
    }

    fn protocol(&self, protocol: Protocol) -> Option<Value> {
        let name = Some(json!(protocol.to_string()));
        if protocol == Protocol::Tcp { self.one_of([None, Some(Value::Null), name]) } else { name }
    }

    /// R25, R26: all of TCP may be a null item; a range of one port needs no end.
    fn port(&self, item: &PortSpec) -> Value {
        let fields = Fields::default().maybe("protocol", self.protocol(item.protocol));
        match &item.ports {
            PortMatch::All if item.protocol == Protocol::Tcp && self.pick(3) == 0 => Value::Null,
            PortMatch::All => fields.maybe("port", self.one_of([None, Some(Value::Null)])).done(),
            PortMatch::Named(name) => fields.with("port", json!(name)).done(),
            PortMatch::Range(first, last) => {
                let end = Some(json!(last));
                let end = if first == last { self.one_of([None, Some(Value::Null), end]) } else { end };
                fields.with("port", json!(first)).maybe("endPort", end).done()
            }
        }
    }
}

fn object(version: &str, kind: &str, metadata: Value) -> Fields {
    Fields::default().with("apiVersion", json!(version)).with("kind", json!(kind)).with("metadata", metadata)
}

/// Block-style YAML; scalars and empty collections as in JSON.
fn block(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().map(|(key, value)| format!("{indent}{key}:{}", below(value, depth))).collect()
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(|item| format!("{indent}-{}", below(item, depth))).collect()
        }
        Value::Null => "\n".to_owned(),
        scalar => format!(" {scalar}\n"),
    }
}

fn below(value: &Value, depth: usize) -> String {
    let is_block = match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if is_block { format!("\n{}", block(value, depth + 1)) } else { block(value, depth) }
}
