//! Properties about nothing: exit 2, with the reason; accepted one by one with `allow-vacuous`.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::process::Command;

/// `mon/agent` is on its node's network; the Service `web` translates 80 to 8080.
const CLUSTER: &str = r"
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: mon, labels: {team: ops}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: agent, namespace: mon, labels: {app: agent}}, spec: {hostNetwork: true, containers: [
  {name: c, image: i, ports: [{name: metrics, containerPort: 9100}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: {containers: [
  {name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}, spec: {containers: [{name: c, image: i}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}}
";

struct Ran {
    code: i32,
    err: String,
}

/// Proves one sentence in this world.
fn prove(world: &str, sentence: &str, more: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cluster.yaml"), CLUSTER).unwrap();
    let property = format!("[[property]]\nname = \"p\"\nassert = \"{sentence}\"\n{more}");
    let spec = format!("manifests = [\"cluster.yaml\"]\n{world}\n{property}");
    std::fs::write(folder.path().join("spec.toml"), spec).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_netverify"))
        .args(["prove", "spec.toml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    Ran { code: output.status.code().unwrap(), err: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// It is about nothing for this reason, and its author can accept that.
fn nothing(world: &str, sentence: &str, because: &str) {
    let ran = prove(world, sentence, "");
    assert_eq!(ran.code, 2, "{sentence}: {}", ran.err);
    assert!(ran.err.contains("error[vacuous]"), "{sentence}: {}", ran.err);
    assert!(ran.err.contains(because), "{sentence}: {}", ran.err);
    let accepted = prove(world, sentence, "allow-vacuous = true\n");
    assert_eq!(accepted.code, 0, "{sentence}: {}", accepted.err);
}

fn something(world: &str, sentence: &str) {
    let ran = prove(world, sentence, "");
    assert!(ran.code < 2, "{sentence}: {}", ran.err);
}

#[test]
fn selectors_that_nothing_meets() {
    nothing("", "pods with app=web,app=db in shop cannot reach web", "No labels meet the selector of pods with");
    nothing("", "web cannot reach pods with app,!app", "No labels meet the selector of pods with");
    nothing(
        "",
        "pods in namespaces with team=a,team=b cannot reach web",
        "No labels meet the selector of the namespaces",
    );
    nothing("", "every pods with app=a,app=b in shop is isolated for ingress", "No labels meet the selector");
    something("", "pods with app!=web,app!=db in shop cannot reach web");
}

#[test]
fn ends_that_the_world_leaves_out() {
    nothing("[world]\nexternal = false", "external cannot reach web", "(external = false)");
    nothing("", "node cannot reach web", "Nodes are no ends here (nodes = false)");
    nothing("", "node or mon/agent cannot reach web", "Nodes are no ends here");
    something("", "node or db cannot reach web");
    something("[world]\nnodes = true", "node cannot reach web");
    nothing("", "web cannot reach shop/web", "what a pod sends to itself is no flow (R30)");
}

/// R33: such a pod is its node.
#[test]
fn pods_on_the_network_of_a_node_that_is_no_end() {
    let because = "Pod mon/agent is on its node's network, so that it is its node (R33), and nodes are no ends here";
    nothing("", "agent cannot reach web", because);
    nothing("", "every mon/agent is isolated for ingress", because);
    something("[world]\nnodes = true", "agent cannot reach web");
    let closed = "[world]\npods = \"declared\"\nnodes = true";
    let because = "where no description by labels takes it in (R33), and no other pods exist (pods = \"declared\")";
    nothing(closed, "pods with app=agent in mon cannot reach web", because);
    something(closed, "agent cannot reach web");
}

#[test]
fn pods_that_only_declared_workloads_could_be() {
    let closed = "[world]\npods = \"declared\"";
    let because = "No declared workload is such a pod, and no other pods exist (pods = \"declared\")";
    nothing(closed, "pods with app=ghost in shop cannot reach web", because);
    let trusted = "[trust]\nnamespaces = [\"shop\"]";
    nothing(trusted, "pods with app=ghost in shop cannot reach web", "no other pods run in shop (trust)");
    let label = "[trust]\npod-labels = [\"app\"]";
    nothing(label, "pods with app=ghost cannot reach web", "no other pods carry these labels (trust)");
    something("", "pods with app=ghost in shop cannot reach web");
}

/// R24: where nobody else can listen there, a number that no pod declares is nobody's. Pods that declare no port
/// say nothing about what they listen on.
#[test]
fn ports_that_nothing_listens_on() {
    let closed = "[world]\npods = \"declared\"";
    let because = |port: &str| format!("No declared pod of the destination listens on {port}");
    // Every flow passes here, so that a proof of "can reach" shows what `allow-vacuous` leaves of it.
    nothing(closed, "db can reach web:80", &because("80/TCP"));
    nothing(closed, "db can reach web:8080/UDP", &because("8080/UDP"));
    nothing(closed, "db can reach web:grpc", &because("`grpc`/TCP"));
    nothing(closed, "db can reach pods with app=web in shop:9000-9100", &because("9000-9100/TCP"));
    something(closed, "db can reach web:80,8080");
    something(closed, "db can reach service shop/web:80");
    something(closed, "web can reach db:5432");
    something(closed, "db can reach pods in shop:5432");
    something("", "db can reach web:80");
    something("", "db can reach pods with app=web in shop:grpc");
    // A name that no container bears leads nowhere (R27), whatever else may exist.
    nothing("", "db can reach web:grpc", "No declared pod of the destination listens on `grpc`/TCP.");
    nothing("", "web can reach db:grpc", "No declared pod of the destination listens on `grpc`/TCP.");
}
