//! Properties about Services: decided on the ports of the pods behind them (R36).
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::process::Command;

/// Only 8080 and 9000 of `web` are open to `client`.
const CLUSTER: &str = r"
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Pod, metadata: {name: client, namespace: shop, labels: {app: client}}, spec: {containers: [{name: c, image: i}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, spec: {containers: [
  {name: c, image: i, ports: [{name: http, containerPort: 8080}, {name: admin, containerPort: 9000}, {name: debug, containerPort: 7000}]}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [
  {name: named, port: 80, targetPort: http}, {name: number, port: 81, targetPort: 9000}, {name: debug, port: 82, targetPort: 7000}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: headless, namespace: shop}, spec: {clusterIP: None, selector: {app: web}, ports: [
  {name: same, port: 9000}, {name: other, port: 7000}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: elsewhere, namespace: shop}, spec: {ports: [{port: 5432}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: doors, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  ingress: [{from: [{podSelector: {matchLabels: {app: client}}}], ports: [{port: http}, {port: 9000}]}]
";

/// The exit code, and what is said of the input.
fn prove(sentence: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cluster.yaml"), CLUSTER).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_netverify"))
        .args(["prove", "--plugin", "calico", "-m", "cluster.yaml", "--assert", sentence])
        .current_dir(folder.path())
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn ports_lead_to_numbers_names_or_themselves() {
    for (sentence, code) in [
        ("client can reach service shop/web:80", 0),
        ("client can reach service shop/web:81", 0),
        ("client can reach service shop/web:named", 0),
        ("client can reach service shop/web:80,81", 0),
        ("client can reach service shop/web:82", 1),
        ("client can reach service shop/web:80-82", 1),
        // Without a cluster address its ports are those of the pods.
        ("client can reach service shop/headless:9000", 0),
        ("client can reach service shop/headless:other", 1),
    ] {
        let (found, said) = prove(sentence);
        assert_eq!((found, said.as_str()), (code, ""), "{sentence}");
    }
}

#[test]
fn a_service_without_a_selector_is_an_error_where_it_is_named() {
    let (code, said) = prove("client cannot reach service shop/elsewhere:5432");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("Service `shop/elsewhere` selects no pods"), "{said}");
    assert_eq!(prove("client cannot reach shop/web:7000").0, 0, "and nowhere else");
}

#[test]
fn a_port_that_the_service_lacks_is_an_error() {
    let (code, said) = prove("client can reach service shop/web:8080");
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("Service `shop/web` has no port `8080`"), "{said}");
}

#[test]
fn the_number_of_a_service_said_of_its_pods_is_a_warning_with_the_port_that_is_meant() {
    for (port, target) in [("80", "http"), ("81", "9000")] {
        let (code, said) = prove(&format!("client cannot reach web:{port}"));
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("warning[unserved-port]"), "{said}");
        assert!(said.contains(&format!("its port {port} leads to port {target} of the pods")), "{said}");
        assert!(said.contains(&format!("write the pods' port `:{target}`, or `service shop/web:{port}`")), "{said}");
    }
}
