//! A throw-away reader of NetworkPolicy manifests, to be replaced by the crate's own loader.
//!
//! It fills in the defaults of the API server (R1, R2, R7, R10 to R17, R24, R25) and checks nothing:
//! the manifests of the cases are valid. All origins are one made-up place.

use netverify::model::net::{IpBlock, PortMatch, Protocol};
use netverify::model::policy::{NamespaceScope, Peer, PeerKind, Peers, Policy, PortSpec, Ports, Rule};
use netverify::model::selector::{LabelSelector, Operator, Requirement, WrittenSelector};
use netverify::source::{Origin, SourceMap, Span};
use serde_json::Value;

/// The policies of a stream of YAML documents, in the order of their namespaces and names.
pub fn read(manifests: &str) -> Vec<Policy> {
    let documents: Vec<Value> = serde_yaml::from_multiple(manifests).unwrap();
    let mut policies: Vec<Policy> = documents.iter().map(policy).collect();
    policies.sort_by_key(|policy| (policy.namespace.clone(), policy.name.clone()));
    policies
}

/// The one place that everything is said to come from.
pub fn origin() -> Origin {
    Origin { file: SourceMap::default().add("case", ""), span: Span::new(0, 0) }
}

/// The elements of a list; absent and null are the empty list.
fn list(value: &Value) -> &[Value] {
    if value.is_null() { &[] } else { value.as_array().unwrap() }
}

/// A string; null is the empty string (R11).
fn text(value: &Value) -> String {
    if value.is_null() { String::new() } else { value.as_str().unwrap().to_owned() }
}

fn number(value: &Value) -> u16 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn policy(object: &Value) -> Policy {
    assert_eq!(object["kind"], "NetworkPolicy");
    let (metadata, spec) = (&object["metadata"], &object["spec"]);
    let types: Vec<String> = list(&spec["policyTypes"]).iter().map(text).collect();
    let has = |name: &str| types.iter().any(|written| written == name);
    let ingress = types.is_empty() || has("Ingress");
    let egress = if types.is_empty() { !list(&spec["egress"]).is_empty() } else { has("Egress") };
    Policy {
        namespace: if metadata["namespace"].is_null() { "default".to_owned() } else { text(&metadata["namespace"]) },
        name: text(&metadata["name"]),
        pod_selector: WrittenSelector { selector: selector(&spec["podSelector"]), origin: origin() },
        ingress: ingress.then(|| rules(&spec["ingress"], "from")),
        egress: egress.then(|| rules(&spec["egress"], "to")),
        origin: origin(),
        name_origin: origin(),
    }
}

fn rules(rules: &Value, peers_key: &str) -> Vec<Rule> {
    list(rules).iter().map(|rule| self::rule(rule, peers_key)).collect()
}

fn rule(rule: &Value, peers_key: &str) -> Rule {
    let (peers, ports) = (list(&rule[peers_key]), list(&rule["ports"]));
    Rule {
        peers: if peers.is_empty() { Peers::All } else { Peers::AnyOf(peers.iter().map(peer).collect()) },
        ports: if ports.is_empty() { Ports::All } else { Ports::AnyOf(ports.iter().map(port).collect()) },
        origin: origin(),
    }
}

fn peer(peer: &Value) -> Peer {
    let (namespaces, block) = (&peer["namespaceSelector"], &peer["ipBlock"]);
    let kind = if block.is_null() {
        let namespaces = match namespaces {
            Value::Null => NamespaceScope::Own,
            written => NamespaceScope::Matching(selector(written)),
        };
        PeerKind::Pods { namespaces, pods: selector(&peer["podSelector"]) }
    } else {
        let except = list(&block["except"]).iter().map(|except| text(except).parse().unwrap()).collect();
        PeerKind::IpBlock(IpBlock { cidr: text(&block["cidr"]).parse().unwrap(), except })
    };
    Peer { kind, origin: origin() }
}

fn port(port: &Value) -> PortSpec {
    let protocol = match &port["protocol"] {
        Value::Null => Protocol::Tcp,
        name => Protocol::from_name(&text(name)).unwrap(),
    };
    let ports = match (&port["port"], &port["endPort"]) {
        (Value::Null, _) => PortMatch::All,
        (Value::String(name), _) => PortMatch::Named(name.clone()),
        (first, Value::Null) => PortMatch::Range(number(first), number(first)),
        (first, last) => PortMatch::Range(number(first), number(last)),
    };
    PortSpec { protocol, ports, origin: origin() }
}

/// A selector; absent and null select everything where this is called.
fn selector(selector: &Value) -> LabelSelector {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let labels = labels.map(|(key, value)| Requirement::equals(key, text(value)));
    let expressions = list(&selector["matchExpressions"]).iter().map(requirement);
    LabelSelector { requirements: labels.chain(expressions).collect() }
}

fn requirement(expression: &Value) -> Requirement {
    let values = list(&expression["values"]).iter().map(text).collect();
    let operator = match text(&expression["operator"]).as_str() {
        "In" => Operator::In(values),
        "NotIn" => Operator::NotIn(values),
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        other => panic!("no operator {other:?}"),
    };
    Requirement { key: text(&expression["key"]), operator }
}
