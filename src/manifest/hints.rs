//! What people mean when they write what Kubernetes does not know. Words only; called by the reader.

use super::yaml::{Node, Value};
use crate::diagnostic::{Code, Diagnostic, closest};
use crate::source::Origin;

/// An unrendered Helm template.
pub fn helm(place: Origin) -> Diagnostic {
    Diagnostic::error(Code::HelmTemplate, "this is a Helm template that has not been rendered")
        .at(place, "")
        .note("What it says depends on values that only Helm knows.")
        .help("render it first: `helm template CHART | netverify prove -m - ...`")
}

/// A character that ends a line for some readers only.
pub fn odd_line_break(place: Origin) -> Diagnostic {
    Diagnostic::error(Code::YamlSyntax, "this character ends a line for Kubernetes, and not for other readers of YAML")
        .at(place, "")
        .note("What stands behind it may be a comment to the one and a field to the other.")
        .help("take it out, or write it as an escape in double quotes: `\\u2028`, `\\u2029` or `\\u0085`")
}

/// A field that the type does not have (V60).
pub fn unknown_field(path: &str, key: &Node<'_>, name: &str, parent: &str, known: &[&'static str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::UnknownField, format!("unknown field {path}")).at(key.origin, "");
    match closest(name, known.iter().copied()) {
        Some(field) => diagnostic.help(format!("did you mean `{field}`?")),
        None => match misplaced(parent, name) {
            Some(help) => diagnostic.help(help),
            None => diagnostic.help(format!("{parent} knows: {}", list(known))),
        },
    }
}

fn misplaced(parent: &str, name: &str) -> Option<String> {
    let text = match (parent, name) {
        ("LabelSelector", _) => return Some(format!("labels go one level down: `matchLabels: {{{name}: ...}}`")),
        ("NetworkPolicyPeer", "ports" | "port" | "protocol" | "endPort") => {
            "`ports` belongs to the rule: put it beside `from` or `to`, not inside an item of it"
        }
        ("NetworkPolicyPeer", "except" | "cidr") => "put it inside `ipBlock`, one level deeper",
        ("NetworkPolicyPeer", "matchLabels" | "matchExpressions") => {
            "put it inside `podSelector` or `namespaceSelector`"
        }
        ("NetworkPolicyIngressRule", "to") => "an ingress rule has `from`; `to` belongs to an egress rule",
        ("NetworkPolicyEgressRule", "from") => "an egress rule has `to`; `from` belongs to an ingress rule",
        ("NetworkPolicyIngressRule" | "NetworkPolicyEgressRule", "podSelector" | "namespaceSelector" | "ipBlock") => {
            "put it in an item of `from` (ingress) or `to` (egress)"
        }
        ("NetworkPolicyIngressRule" | "NetworkPolicyEgressRule", "port" | "protocol") => "put it in an item of `ports`",
        ("NetworkPolicySpec", "from") => "put it in an item of `ingress`",
        ("NetworkPolicySpec", "to") => "put it in an item of `egress`",
        ("NetworkPolicySpec", "ports") => "put it in an item of `ingress` or `egress`",
        ("NetworkPolicy", "ingress" | "egress" | "podSelector" | "policyTypes") => "put it under `spec`",
        ("NetworkPolicySpec", "matchLabels") => "put it under `podSelector`",
        _ => return None,
    };
    Some(text.to_owned())
}

fn list(names: &[&'static str]) -> String {
    const SHOWN: usize = 12;
    let mut shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > SHOWN {
        shown.push("...".to_owned());
    }
    if shown.is_empty() { "no fields".to_owned() } else { shown.join(", ") }
}

/// A value of the wrong type (V62, V63).
pub fn wrong_type(path: &str, node: &Node<'_>, source: &str, expected: &str) -> Diagnostic {
    let message = format!("{path} must be {expected}, and this is {}", describe(node, source));
    let diagnostic = Diagnostic::error(Code::WrongType, message).at(node.origin, "");
    let diagnostic = match node.alias {
        Some(alias) => diagnostic.related(alias, "used here"),
        None => diagnostic,
    };
    let boolean = matches!(node.value, Value::Bool(_));
    let quotable = expected == "a string" || (boolean && expected.ends_with("a name"));
    if quotable { quoting(diagnostic, node, source) } else { diagnostic }
}

fn quoting(diagnostic: Diagnostic, node: &Node<'_>, source: &str) -> Diagnostic {
    match node.value {
        Value::Bool(_) => diagnostic
            .note("Kubernetes reads YAML 1.1, where yes, no, on, off, y, n, true and false are booleans.")
            .help(format!("quote it: `\"{source}\"`")),
        Value::Int(_) | Value::Float(_) => diagnostic.help(format!("quote it: `\"{source}\"`")),
        _ => diagnostic,
    }
}

fn describe(node: &Node<'_>, source: &str) -> String {
    let what = match node.value {
        Value::Null => return "null".to_owned(),
        Value::Bool(_) => "a boolean",
        Value::Int(_) => "a number",
        Value::Float(_) => "a number that is not whole or too large",
        Value::Str(_) => "a string",
        Value::List(_) => return "a list".to_owned(),
        Value::Map(_) => return "a mapping".to_owned(),
    };
    if source.len() > 60 || source.contains('\n') { what.to_owned() } else { format!("`{source}`, {what}") }
}

/// A key that is not a string (V62).
pub fn non_string_key(path: &str, key: &Node<'_>, source: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::NonStringKey, format!("a key of {path} is not a string: `{source}`"))
        .at(key.origin, "");
    match key.value {
        Value::Bool(_) => diagnostic
            .note("Kubernetes reads YAML 1.1 and would take this key for a boolean, then for the string \"true\" or \"false\".")
            .help(format!("quote it: `\"{source}\"`")),
        _ => diagnostic.help(format!("quote it: `\"{source}\"`")),
    }
}
