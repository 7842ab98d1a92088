//! A counterexample as Kubernetes YAML that `kubectl apply` takes: the namespaces that do not exist
//! yet, and a pod for each end that nobody has declared, and for each that lends a port (R27).

use crate::model::net::PodEnd;
use crate::model::selector::{Labels, NAMESPACE_NAME_LABEL};
use crate::model::workload::{Cluster, Namespace};
use crate::outcome::{Case, Counterexample};
use crate::plain::{self, quoted};

/// What the pod is called that a flow begins at, where it is one of the documents.
pub(crate) const SOURCE: &str = "netverify-source";

/// The documents; only comments where everything exists already. Lines of `header` become comments.
#[must_use]
pub fn documents(cluster: &Cluster, header: &str, counterexample: &Counterexample) -> String {
    let mut text: String = header.lines().map(|line| format!("# {}\n", plain::line(line))).collect();
    let pods = pods(counterexample);
    let made_up: Vec<_> = pods.iter().filter(|(_, pod)| pod.workload.is_none()).collect();
    for (role, pod) in pods.iter().filter(|(_, pod)| pod.workload.is_some()) {
        text += &format!("# The {role} exists: {}\n", plain::line(&format!("{}/{}", pod.namespace.name, pod.name)));
    }
    let mut written: Vec<&str> = Vec::new();
    for (role, pod) in made_up {
        let name = pod.namespace.name.as_str();
        if !cluster.namespaces.contains_key(name) && !written.contains(&name) {
            written.push(name);
            text += &namespace(&pod.namespace);
        }
        text += &pod_document(cluster, role, pod);
    }
    text
}

fn pods(counterexample: &Counterexample) -> Vec<(String, &PodEnd)> {
    let ends = match &counterexample.case {
        Case::Open { pod, .. } => return vec![("pod".to_owned(), pod)],
        Case::Gap { subject, flow: None, .. } => return vec![("pod".to_owned(), subject)],
        Case::Path { steps } => return on_a_path(steps),
        Case::Flow { flow, .. } | Case::Gap { flow: Some(flow), .. } | Case::Verdicts { flow, .. } => {
            [("source", &flow.source), ("destination", &flow.destination)]
        }
    };
    let ends = ends.into_iter().filter_map(|(role, end)| Some((role.to_owned(), end.pod()?)));
    let further = counterexample.further.iter().enumerate();
    ends.chain(further.map(|(at, pod)| (format!("further-{}", at + 1), pod))).collect()
}

/// The pods where the steps begin and end, each once, and those that lend a port.
fn on_a_path(steps: &[Counterexample]) -> Vec<(String, &PodEnd)> {
    let mut all: Vec<(String, &PodEnd)> = Vec::new();
    let last = steps.len().saturating_sub(1);
    for (at, step) in steps.iter().enumerate() {
        for (role, pod) in pods(step) {
            let role = match role.as_str() {
                "source" if at == 0 => role,
                "destination" if at == last => role,
                // Where one step ends the next begins.
                "source" => continue,
                "destination" => format!("station-{}", at + 1),
                _ => format!("{role}-of-step-{}", at + 1),
            };
            all.push((role, pod));
        }
    }
    all
}

fn namespace(namespace: &Namespace) -> String {
    let labels: Labels = namespace.labels.iter().filter(|(key, _)| *key != NAMESPACE_NAME_LABEL).map(own).collect();
    format!(
        "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {}\n{}",
        quoted(&namespace.name),
        labels_block(&labels)
    )
}

fn own((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

fn pod_document(cluster: &Cluster, role: &str, pod: &PodEnd) -> String {
    let namespace = quoted(&pod.namespace.name);
    let metadata =
        format!("metadata:\n  name: netverify-{role}\n  namespace: {namespace}\n{}", labels_block(&pod.labels));
    let network = network_block(cluster, pod);
    let container = "  containers:\n    - name: main\n      image: busybox\n      command: [sleep, infinity]\n";
    format!("---\napiVersion: v1\nkind: Pod\n{metadata}spec:\n{network}{container}{}", ports_block(pod))
}

/// R33: on its node's network; on this very node where a manifest declares it.
fn network_block(cluster: &Cluster, pod: &PodEnd) -> String {
    if !pod.host_network {
        return String::new();
    }
    let declared = pod.node.as_ref().filter(|name| cluster.nodes.iter().any(|node| node.name == **name));
    let node = declared.map_or(String::new(), |name| format!("  nodeName: {}\n", quoted(name)));
    format!("  hostNetwork: true\n{node}")
}

fn ports_block(pod: &PodEnd) -> String {
    if pod.ports.is_empty() {
        return String::new();
    }
    let port = |port: &crate::model::workload::ContainerPort| {
        let name = port.name.as_deref().map_or(String::new(), |name| format!("name: {}, ", quoted(name)));
        format!("        - {{{name}containerPort: {}, protocol: {}}}\n", port.number, port.protocol)
    };
    format!("      ports:\n{}", pod.ports.iter().map(port).collect::<String>())
}

/// Always quoted: `on`, `1` and `null` would mean something else bare (V62).
fn labels_block(labels: &Labels) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let pair = |(key, value): (&String, &String)| format!("    {}: {}\n", quoted(key), quoted(value));
    format!("  labels:\n{}", labels.iter().map(pair).collect::<String>())
}
