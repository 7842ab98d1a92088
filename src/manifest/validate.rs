//! What every kind has in common and the API server checks: names, namespaces, labels, ports,
//! protocols, label selectors (V1 to V42). Assumes decoded objects; called by the modules that turn
//! them into the model.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    LabelSelector as TypedSelector, LabelSelectorRequirement, ObjectMeta,
};

use super::place::{Context, Place};
use super::{limits, names};
use crate::model::net::Protocol;
use crate::model::selector::{LabelSelector, Labels, Operator, Requirement};
use crate::source::Origin;

/// Who an object is.
pub struct Identity {
    /// The namespace; empty for kinds that have none.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The value of `metadata.name`.
    pub origin: Origin,
    /// Whether the server makes up the end of the name.
    pub generated: bool,
}

/// A rule for names: what is wrong, in words.
pub type NameRule = fn(&str) -> Option<&'static str>;

/// Name, namespace, labels and annotations of an object (V1 to V3).
pub fn identity(
    meta: &ObjectMeta,
    root: &Place<'_>,
    rule: NameRule,
    namespace: Option<&str>,
    context: &Context<'_>,
) -> Identity {
    let place = root.key("metadata");
    labels(meta.labels.as_ref(), &place.key("labels"), context);
    annotations(meta, &place, context);
    let (name, origin, generated) = name(meta, &place, rule, context);
    let namespace = namespace.map(|default| own_namespace(meta, &place, default, context)).unwrap_or_default();
    Identity { namespace, name, origin, generated }
}

fn name(meta: &ObjectMeta, place: &Place<'_>, rule: NameRule, context: &Context<'_>) -> (String, Origin, bool) {
    let written = |text: &Option<String>| text.clone().filter(|name| !name.is_empty());
    if let Some(name) = written(&meta.name) {
        let place = place.key("name");
        if let Some(problem) = rule(&name) {
            context.invalid(&place, format_args!("{problem}, and this is `{name}`"));
        }
        return (name, place.origin(), false);
    }
    if let Some(prefix) = written(&meta.generate_name) {
        let place = place.key("generateName");
        // The server appends five characters, so the prefix alone may end in a dash.
        if let Some(problem) = rule(&format!("{prefix}00000")) {
            context.invalid(&place, format_args!("{problem}, and this is `{prefix}`"));
        }
        return (prefix, place.origin(), true);
    }
    context.missing(&place.key("name"), "is missing: every object has a name");
    (String::new(), place.origin(), false)
}

fn own_namespace(meta: &ObjectMeta, place: &Place<'_>, default: &str, context: &Context<'_>) -> String {
    let Some(namespace) = meta.namespace.as_deref().filter(|name| !name.is_empty()) else {
        return default.to_owned();
    };
    if let Some(problem) = names::dns_label(namespace) {
        context.invalid(&place.key("namespace"), format_args!("{problem}, and this is `{namespace}`"));
    }
    namespace.to_owned()
}

/// Labels, checked (V3). Also for maps of labels in selectors (V31).
pub fn labels(labels: Option<&Labels>, place: &Place<'_>, context: &Context<'_>) -> Labels {
    let Some(labels) = labels else { return Labels::new() };
    if labels.len() > limits::TERMS {
        context.too_many(place, labels.len(), limits::TERMS, "labels");
        return Labels::new();
    }
    // By the text's own order, so that a long list costs one walk.
    for (name, node) in place.node().entries().iter().filter(|_| place.present()) {
        let (Some(key), value) = (name.as_str(), node.as_str().unwrap_or("")) else { continue };
        let entry = place.entry(key, name, node);
        if let Some(problem) = names::label_key(key) {
            context.invalid(&entry, format_args!("is not a label: the key {problem}"));
        }
        if let Some(problem) = names::label_value(value) {
            context.invalid(&entry, format_args!("is not a label: the value {problem}, and this is `{value}`"));
        }
    }
    labels.clone()
}

/// How many bytes the annotations of an object may hold, keys and values together (V3).
const ANNOTATIONS: usize = 256 * 1024;

/// The annotations of an object or a template (V3): keys as those of labels, checked in lower case.
pub fn annotations(meta: &ObjectMeta, metadata: &Place<'_>, context: &Context<'_>) {
    let Some(annotations) = &meta.annotations else { return };
    let place = metadata.key("annotations");
    for (name, node) in place.node().entries().iter().filter(|_| place.present()) {
        let Some(key) = name.as_str() else { continue };
        if let Some(problem) = names::label_key(&key.to_lowercase()) {
            context.invalid(&place.entry(key, name, node), format_args!("is not an annotation: the key {problem}"));
        }
    }
    let size: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size > ANNOTATIONS {
        context.invalid(&place, format_args!("must hold at most {ANNOTATIONS} bytes, and there are {size}"));
    }
}

/// A label selector (R10 to R13, V30, V31). Absent means: asks for nothing.
pub fn selector(selector: Option<&TypedSelector>, place: &Place<'_>, context: &Context<'_>) -> LabelSelector {
    let Some(selector) = selector else { return LabelSelector::everything() };
    let terms = terms(selector);
    if terms > limits::TERMS {
        context.too_many(place, terms, limits::TERMS, "labels, expressions and values");
        return LabelSelector::everything();
    }
    let wanted = labels(selector.match_labels.as_ref(), &place.key("matchLabels"), context);
    let mut requirements = LabelSelector::of_labels(&wanted).requirements;
    let expressions = place.key("matchExpressions");
    for (index, expression) in selector.match_expressions.iter().flatten().enumerate() {
        requirements.extend(requirement(expression, &expressions.item(index), context));
    }
    LabelSelector { requirements }
}

/// The labels, expressions and values of a selector.
pub fn terms(selector: &TypedSelector) -> usize {
    let expressions = selector.match_expressions.iter().flatten();
    let values = expressions.map(|expression| 1 + expression.values.as_ref().map_or(0, Vec::len));
    selector.match_labels.as_ref().map_or(0, BTreeMap::len) + values.sum::<usize>()
}

fn requirement(typed: &LabelSelectorRequirement, place: &Place<'_>, context: &Context<'_>) -> Option<Requirement> {
    let values = typed.values.clone().unwrap_or_default();
    let list = place.key("values");
    if let Some(problem) = names::label_key(&typed.key) {
        context.invalid(&place.key("key"), format_args!("is not a label key: it {problem}"));
    }
    for (index, value) in values.iter().enumerate() {
        if let Some(problem) = names::label_value(value) {
            context.invalid(&list.item(index), format_args!("{problem}, and this is `{value}`"));
        }
    }
    let operator = match typed.operator.as_str() {
        "In" => Operator::In(values),
        "NotIn" => Operator::NotIn(values),
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        other => {
            const OPERATORS: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist"];
            let problem = format_args!("must be In, NotIn, Exists or DoesNotExist, and this is `{other}`");
            context.invalid(&place.key("operator"), problem).one_of(other, OPERATORS);
            return None;
        }
    };
    number_of_values(&operator, typed, &list, context);
    Some(Requirement { key: typed.key.clone(), operator })
}

fn number_of_values(operator: &Operator, typed: &LabelSelectorRequirement, list: &Place<'_>, context: &Context<'_>) {
    let given = typed.values.as_ref().is_some_and(|values| !values.is_empty());
    let name = &typed.operator;
    match operator {
        Operator::In(_) | Operator::NotIn(_) if !given => {
            context.invalid(list, format_args!("must hold at least one value for operator {name}"));
        }
        Operator::Exists | Operator::DoesNotExist if given => {
            context
                .invalid(list, format_args!("must be left out for operator {name}"))
                .help("use `In` to ask for a value");
        }
        _ => {}
    }
}

/// A protocol, TCP where none is written (R25, V40).
pub fn protocol(protocol: Option<&str>, place: &Place<'_>, context: &Context<'_>) -> Protocol {
    let Some(name) = protocol else { return Protocol::Tcp };
    Protocol::from_name(name).unwrap_or_else(|| {
        let problem = format_args!("must be TCP, UDP or SCTP, in capitals, and this is `{name}`");
        context.invalid(&place.key("protocol"), problem).one_of(name, &["TCP", "UDP", "SCTP"]);
        Protocol::Tcp
    })
}

/// A port number, 1 to 65535 (V15, V40).
pub fn port_number(number: i32, place: &Place<'_>, context: &Context<'_>) -> Option<u16> {
    let port = u16::try_from(number).ok().filter(|port| *port != 0);
    if port.is_none() {
        context.invalid(place, format_args!("must be from 1 to 65535, and this is {number}"));
    }
    port
}

/// A port name (V42).
pub fn port_name(name: &str, place: &Place<'_>, context: &Context<'_>) {
    let Some(problem) = names::port_name(name) else { return };
    let refusal = context.invalid(place, format_args!("is a port name, which {problem}; this is `{name}`"));
    if name.parse::<u16>().is_ok() {
        refusal.help(format!("a port number is written without quotes: {name}"));
    }
}

/// Whether labels meet a selector (R12, R13).
pub fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    selector.requirements.iter().all(|requirement| {
        let value = labels.get(&requirement.key);
        match &requirement.operator {
            Operator::In(values) => value.is_some_and(|value| values.contains(value)),
            Operator::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    })
}
