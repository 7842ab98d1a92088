//! Legal input that is large where the solver meets it: it ends, with an answer or with "unknown".

use super::*;

fn many(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(", ")
}

/// Asks whether anything can reach the pods of the policy with this spec.
fn asked(spec: &str) -> Ran {
    let here = Here::with("a.yaml", POLICY.replace("podSelector: {}", spec));
    here.run(&["query", "can anything outside shop reach pods in shop:80", "-m", "a.yaml", "--timeout", "20"])
}

fn ended(ran: &Ran) {
    assert!([0, 3].contains(&ran.code), "{}{}", ran.out, ran.err);
    ran.steers_nothing();
}

#[test]
fn five_thousand_values_in_one_selector() {
    let values = many(5_000, |at| format!("v{at}"));
    for operator in ["In", "NotIn"] {
        let selector = format!("{{matchExpressions: [{{key: a, operator: {operator}, values: [{values}]}}]}}");
        ended(&asked(&format!(
            "podSelector: {selector}, ingress: [{{from: [{{podSelector: {selector}, namespaceSelector: {selector}}}]}}]"
        )));
    }
}

#[test]
fn two_thousand_keys_in_one_selector() {
    let keys = many(2_000, |at| format!("{{key: k{at}, operator: NotIn, values: [a]}}"));
    ended(&asked(&format!(
        "podSelector: {{}}, ingress: [{{from: [{{namespaceSelector: {{matchExpressions: [{keys}]}}}}]}}]"
    )));
}

#[test]
fn ten_thousand_blocks_cut_out_of_one() {
    let blocks = many(10_000, |at| format!("10.{}.{}.0/24", at / 256, at % 256));
    ended(&asked(&format!(
        "podSelector: {{}}, ingress: [{{from: [{{ipBlock: {{cidr: 10.0.0.0/8, except: [{blocks}]}}}}]}}]"
    )));
}

#[test]
fn ten_thousand_rules() {
    let rules = many(10_000, |at| {
        format!("{{from: [{{podSelector: {{matchLabels: {{a: v{at}}}}}}}], ports: [{{port: {}}}]}}", at + 81)
    });
    ended(&asked(&format!("podSelector: {{}}, ingress: [{rules}]")));
}

#[test]
fn five_thousand_named_ports() {
    let names = many(5_000, |at| format!("{{port: p{at}}}"));
    ended(&asked(&format!("podSelector: {{}}, ingress: [{{ports: [{names}]}}]")));
}

#[test]
fn explain_does_not_try_every_address_of_many_blocks() {
    let blocks =
        many(40_000, |at| format!("{{ipBlock: {{cidr: 10.{}.{}.{}/32}}}}", at / 65_536, at / 256 % 256, at % 256));
    let pods: String = ["web", "db"]
        .map(|name| format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{containers: []}}\n"))
        .concat();
    let policy = POLICY.replace("podSelector: {}", &format!("podSelector: {{}}, ingress: [{{from: [{blocks}]}}]"));
    let here = Here::with("a.yaml", policy + &pods);
    let mut file = File::create(here.path("out.txt")).unwrap();
    let ran = here.run_quietly(&["explain", "web", "db:80", "-m", "a.yaml"], &mut file);
    assert_eq!(ran, 0);
    let text = std::fs::read_to_string(here.path("out.txt")).unwrap();
    assert!(text.contains("more addresses were not tried"), "{}", &text[text.len().saturating_sub(2_000)..]);
}
