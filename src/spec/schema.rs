//! The JSON Schema of a spec, for editors that complete and check TOML.
//!
//! The spec itself is read by hand, with better messages than a schema gives; the structs here are never
//! filled. The tests hold their keys to those that the reader knows, and the shipped specs to the schema.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::PropertySeverity;
use crate::finding::Code;
use crate::model::plugin::{Choice, Plugin};

/// The schema, in JSON Schema 2020-12.
#[must_use]
pub fn schema() -> Schema {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(without_null));
    let mut schema = settings.into_generator().into_root_schema_for::<SpecFile>();
    schema.insert("title".to_owned(), "netverify spec".into());
    schema
}

/// TOML has no null: a key that need not be there is left out.
fn without_null(schema: &mut Schema) {
    if let Some(serde_json::Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
}

/// Where the manifests are, what may exist beside them, what things are called, and what must hold.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct SpecFile {
    /// What the spec is about, for the head of reports.
    title: Option<String>,
    /// Files, folders and globs of Kubernetes manifests, relative to the spec.
    #[schemars(default)]
    manifests: Vec<String>,
    /// What may exist beside what the manifests declare.
    world: Option<World>,
    /// What an attacker cannot do.
    trust: Option<Trust>,
    /// Names that sentences can use.
    #[schemars(default)]
    endpoints: BTreeMap<String, Endpoint>,
    /// What must hold.
    #[schemars(length(min = 1, max = 10_000))]
    property: Vec<Property>,
    /// Sets of manifests to prove the same properties over.
    #[schemars(default, length(max = 1_000))]
    variant: Vec<Variant>,
    /// Refutations that are accepted for a time.
    #[schemars(default, length(max = 10_000))]
    waiver: Vec<Waiver>,
    /// What `netverify lint` is to leave out.
    lint: Option<Lint>,
}

/// What `netverify lint` is to leave out.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct Lint {
    /// The codes of findings that are accepted.
    #[schemars(default, schema_with = "codes", length(max = 10_000))]
    allow: Vec<String>,
}

fn codes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "enum": Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>() },
    })
}

/// What may exist beside what the manifests declare.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct World {
    /// "any": pods with any labels may run beside the declared workloads. "declared": these alone.
    #[schemars(default = "any")]
    pods: Existence,
    /// "any": namespaces with any labels may be created. "declared": the declared ones alone.
    #[schemars(default = "any")]
    namespaces: Existence,
    /// Whether addresses outside the cluster are endpoints.
    #[schemars(default = "yes")]
    external: bool,
    /// Whether the pods' own nodes, and pods on their nodes' network, are endpoints.
    #[schemars(default)]
    nodes: bool,
    /// The network plugin; "any" proves for every one of them.
    #[schemars(schema_with = "plugin", default = "any_plugin")]
    plugin: String,
    /// Single choices of the network plugin, before what is known of it.
    #[schemars(schema_with = "options", default)]
    options: BTreeMap<String, String>,
}

/// What may exist.
#[derive(JsonSchema, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "the schema is made of the type alone")]
enum Existence {
    /// Whatever could be created.
    Any,
    /// Only what the manifests declare.
    Declared,
}

fn any() -> Existence {
    Existence::Any
}

fn any_plugin() -> &'static str {
    Plugin::Any.name()
}

fn yes() -> bool {
    true
}

fn plugin(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "enum": Plugin::NAMES.map(|(name, _)| name),
    })
}

fn options(_: &mut SchemaGenerator) -> Schema {
    let values = |(option, choices): (&'static str, &'static [(&'static str, Choice)])| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        (option.to_owned(), serde_json::json!({ "enum": names }))
    };
    let properties: serde_json::Map<String, serde_json::Value> = Choice::NAMES.into_iter().map(values).collect();
    json_schema!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// What an attacker cannot do.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct Trust {
    /// Namespaces in which only the declared workloads run.
    #[schemars(default)]
    namespaces: Vec<String>,
    /// Label keys that only declared workloads carry.
    #[schemars(default)]
    pod_labels: Vec<String>,
    /// Label keys that only declared namespaces carry.
    #[schemars(default)]
    namespace_labels: Vec<String>,
}

/// What a name stands for.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "the schema is made of the type alone")]
enum Endpoint {
    /// External addresses.
    Block(Block),
    /// Whatever a sentence can say of an end.
    Is(Is),
    /// Pods of one namespace.
    InNamespace(InNamespace),
    /// Pods of the namespaces whose labels match.
    InNamespaces(InNamespaces),
    /// Pods of every namespace.
    Pods(Pods),
}

/// External addresses.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct Block {
    /// A block of addresses: `10.0.0.0/8` or `fd00::/8`.
    cidr: String,
}

/// Whatever a sentence can say of an end.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct Is {
    /// An end as in a sentence, without ports: `ops or pods with app=a in x or external`.
    is: String,
}

/// Pods of one namespace.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct InNamespace {
    /// The name of a namespace.
    namespace: String,
    /// A label selector of pods: `app=web,tier in (a, b)`. Without it all pods.
    pods: Option<String>,
}

/// Pods of the namespaces whose labels match.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct InNamespaces {
    /// A label selector of namespaces: `purpose=ml-ops`.
    namespaces: String,
    /// A label selector of pods: `app=web,tier in (a, b)`. Without it all pods.
    pods: Option<String>,
}

/// Pods of every namespace.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct Pods {
    /// A label selector of pods: `app=web,tier in (a, b)`.
    pods: String,
}

/// What must hold.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct Property {
    /// Its name, unique in the spec.
    #[schemars(schema_with = "name")]
    name: String,
    /// One sentence: `nothing outside ai-platform can reach vector-db:6333`.
    assert: String,
    /// How bad a refutation is.
    #[schemars(default)]
    severity: PropertySeverity,
    /// Why it must hold, for reports.
    why: Option<String>,
    /// Accepts a property that is about nothing.
    #[schemars(default)]
    allow_vacuous: bool,
    /// The names of the variants it is about; without it all of them.
    variants: Option<Vec<String>>,
}

fn name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": "Its name, unique in the spec: lower-case letters, digits, `.`, `_` and `-`.",
        "type": "string",
        "pattern": "^[a-z0-9][a-z0-9._-]*$",
        "maxLength": 63,
    })
}

/// The same properties over other manifests.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct Variant {
    /// Its name, unique in the spec.
    #[schemars(schema_with = "name")]
    name: String,
    /// Files, folders and globs, added to those of the spec; may be empty.
    manifests: Vec<String>,
    /// Whether these manifests stand instead of the spec's own, not beside them.
    #[schemars(default)]
    replace: bool,
}

/// A refutation that is accepted for a time.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema is made of the type alone")]
struct Waiver {
    /// The name of the property.
    property: String,
    /// The variant; without it all that the property is about.
    variant: Option<String>,
    /// Why the refutation is accepted.
    #[schemars(length(min = 1))]
    reason: String,
    /// The last day on which the waiver counts, in UTC: `2027-01-31`.
    #[schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    until: String,
}

#[cfg(test)]
mod tests {
    use super::super::{endpoints, tables, waivers};
    use super::*;

    /// The keys of an object's schema, at a place such as `/properties/world`.
    fn keys(place: &str) -> Vec<String> {
        let schema = schema().to_value();
        let object = schema.pointer(place).unwrap_or_else(|| panic!("nothing at {place}"));
        assert_eq!(object["additionalProperties"], false, "{place} takes any key");
        let mut keys: Vec<_> = object["properties"].as_object().map(|all| all.keys().cloned().collect()).unwrap();
        keys.sort_unstable();
        keys
    }

    fn sorted(keys: &[&str]) -> Vec<String> {
        let mut keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn every_key_of_the_reader_is_in_the_schema() {
        assert_eq!(keys(""), sorted(tables::TOP));
        assert_eq!(keys("/properties/world"), sorted(tables::WORLD));
        assert_eq!(keys("/properties/trust"), sorted(tables::TRUST));
        assert_eq!(keys("/properties/property/items"), sorted(tables::PROPERTY));
        assert_eq!(keys("/properties/variant/items"), sorted(tables::VARIANT));
        assert_eq!(keys("/properties/waiver/items"), sorted(waivers::WAIVER));
        assert_eq!(keys("/properties/lint"), sorted(tables::LINT));
        assert_eq!(keys("/properties/world/properties/options"), sorted(&Choice::NAMES.map(|(option, _)| option)));
        let forms = (0..5).flat_map(|form| keys(&format!("/properties/endpoints/additionalProperties/anyOf/{form}")));
        let forms: std::collections::BTreeSet<_> = forms.collect();
        assert_eq!(forms.into_iter().collect::<Vec<_>>(), sorted(endpoints::KEYS));
    }

    #[test]
    fn every_key_says_what_it_is() {
        fn check(schema: &serde_json::Value, place: &str) {
            for (key, value) in schema["properties"].as_object().into_iter().flatten() {
                let place = format!("{place}.{key}");
                assert!(value["description"].is_string() || place.contains(".options."), "{place} has no description");
                assert!(value["type"].as_array().is_none(), "{place} may be null");
                check(value, &place);
                check(&value["items"], &place);
            }
        }
        check(schema().as_value(), "");
    }
}
