//! What each table of a spec means. Only [`super::parse`] calls it.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::DeTable;

use super::read::{Fields, Reader, invalid, quoted};
use super::{
    MAX_PROPERTIES, MAX_VARIANTS, PropertySeverity, PropertySpec, Spec, VariantSpec, Written, endpoints, waivers,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::finding;
use crate::language::{bad_key, is_namespace_name};
use crate::model::plugin::{Choice, Plugin};
use crate::model::world::{Existence, Trust, World};
use crate::source::Origin;

pub(super) const TOP: &[&str] =
    &["title", "manifests", "world", "trust", "endpoints", "property", "variant", "waiver", "lint"];
pub(super) const WORLD: &[&str] = &["pods", "namespaces", "external", "nodes", "plugin", "options"];
pub(super) const TRUST: &[&str] = &["namespaces", "pod-labels", "namespace-labels"];
pub(super) const PROPERTY: &[&str] = &["name", "assert", "severity", "why", "allow-vacuous", "variants"];
pub(super) const VARIANT: &[&str] = &["name", "manifests", "replace"];

pub(super) const LINT: &[&str] = &["allow"];

/// The longest name.
const MAX_NAME: usize = 63;

/// The whole file.
pub(super) fn spec(reader: &mut Reader<'_>, document: &Spanned<DeTable<'_>>) -> Spec {
    let start = reader.origin(0..0);
    let top = Fields { table: document.get_ref(), title: "a spec", origin: start };
    reader.known_keys(top, TOP);
    let variants = variants(reader, top);
    let properties = properties(reader, top, &variants);
    let waivers = waivers::waivers(reader, top, &properties, &variants);
    Spec {
        title: reader.string(top, "title").map(|title| title.value),
        manifests: reader.strings(top, "manifests").unwrap_or_default(),
        world: world(reader, top),
        endpoints: endpoints::endpoints(reader, top),
        properties,
        variants,
        waivers,
        allow: allow(reader, top),
    }
}

/// `[lint]`: the findings that are accepted.
fn allow(reader: &mut Reader<'_>, top: Fields<'_>) -> BTreeSet<finding::Code> {
    let Some(fields) = section(reader, top, "lint", "[lint]") else { return BTreeSet::new() };
    reader.known_keys(fields, LINT);
    let mut allowed = BTreeSet::new();
    for written in reader.strings(fields, "allow").unwrap_or_default() {
        match finding::Code::of_name(&written.value) {
            Some(code) => allowed.extend([code]),
            None => reader.push(unknown_code(&written)),
        }
    }
    allowed
}

fn unknown_code(written: &Written<String>) -> Diagnostic {
    let names = finding::Code::ALL.iter().map(|code| code.name());
    Diagnostic::error(Code::UnknownName, format!("`netverify lint` has no code `{}`", written.value))
        .at(written.origin, "no finding bears this code")
        .did_you_mean(&written.value, names)
        .help("docs/codes.md lists the codes and what each is about")
}

/// A table of the file, if it is there.
pub(super) fn section<'a>(
    reader: &mut Reader<'_>,
    top: Fields<'a>,
    key: &str,
    title: &'static str,
) -> Option<Fields<'a>> {
    reader.fields(top.table.get(key)?, title)
}

fn world(reader: &mut Reader<'_>, top: Fields<'_>) -> World {
    let trust = trust(reader, top);
    let default = World { trust, ..World::default() };
    let Some(fields) = section(reader, top, "world", "[world]") else { return default };
    reader.known_keys(fields, WORLD);
    let existence = [("any", Existence::Any), ("declared", Existence::Declared)];
    World {
        pods: reader.choice(fields, "pods", &existence, default.pods),
        namespaces: reader.choice(fields, "namespaces", &existence, default.namespaces),
        external: reader.boolean(fields, "external", default.external),
        nodes: reader.boolean(fields, "nodes", default.nodes),
        trust: default.trust,
        plugin: reader.choice(fields, "plugin", &Plugin::NAMES, Plugin::Any),
        choices: choices(reader, fields),
    }
}

/// `[world.options]`: single choices of the plugin.
fn choices(reader: &mut Reader<'_>, world: Fields<'_>) -> Vec<Choice> {
    let Some(fields) = section(reader, world, "options", "[world.options]") else { return Vec::new() };
    reader.known_keys(fields, &Choice::NAMES.map(|(option, _)| option));
    let mut chosen = Vec::new();
    for (option, values) in Choice::NAMES {
        let values: Vec<(&str, Option<Choice>)> = values.iter().map(|(name, choice)| (*name, Some(*choice))).collect();
        chosen.extend(reader.choice(fields, option, &values, None));
    }
    chosen
}

fn trust(reader: &mut Reader<'_>, top: Fields<'_>) -> Trust {
    let Some(fields) = section(reader, top, "trust", "[trust]") else { return Trust::default() };
    reader.known_keys(fields, TRUST);
    let namespace = |name: &str| (!is_namespace_name(name)).then_some("not the name of a namespace");
    Trust {
        namespaces: checked(reader, fields, "namespaces", namespace),
        pod_labels: checked(reader, fields, "pod-labels", bad_key),
        namespace_labels: checked(reader, fields, "namespace-labels", bad_key),
    }
}

/// A list of strings of which each is right or has a reason why not.
fn checked(
    reader: &mut Reader<'_>,
    fields: Fields<'_>,
    key: &str,
    wrong: impl Fn(&str) -> Option<&'static str>,
) -> BTreeSet<String> {
    let list = reader.strings(fields, key).unwrap_or_default();
    for (item, why) in list.iter().filter_map(|item| wrong(&item.value).map(|why| (item, why))) {
        reader.push(invalid(item, why));
    }
    list.into_iter().map(|item| item.value).collect()
}

fn properties(reader: &mut Reader<'_>, top: Fields<'_>, variants: &[VariantSpec]) -> Vec<PropertySpec> {
    if !top.table.contains_key("property") {
        let fault = Diagnostic::error(Code::SpecMissingKey, "a spec without a property proves nothing");
        let help = "add `[[property]]` with a `name` and `assert = \"nothing outside shop can reach db\"`";
        reader.push(fault.at(top.origin, "no [[property]]").help(help));
    }
    let tables = reader.tables(top, "property", "[[property]]", MAX_PROPERTIES);
    let known: BTreeSet<_> = variants.iter().map(|variant| variant.name.value.as_str()).collect();
    let mut names = BTreeMap::new();
    tables.into_iter().filter_map(|fields| property(reader, fields, &known, &mut names)).collect()
}

fn property(
    reader: &mut Reader<'_>,
    fields: Fields<'_>,
    known: &BTreeSet<&str>,
    names: &mut BTreeMap<String, Origin>,
) -> Option<PropertySpec> {
    reader.known_keys(fields, PROPERTY);
    let name = unique_name(reader, fields, names);
    let example = "assert = \"nothing outside shop can reach db\"";
    let sentence = reader.required(fields, "assert", example);
    let severities = PropertySeverity::ALL.map(|severity| (severity.name(), severity));
    let severity = reader.choice(fields, "severity", &severities, PropertySeverity::default());
    let why = reader.string(fields, "why").map(|why| why.value);
    let allow_vacuous = reader.boolean(fields, "allow-vacuous", false);
    let variants = reader.strings(fields, "variants");
    known_variants(reader, variants.as_deref().unwrap_or_default(), known);
    Some(PropertySpec { name: name?, sentence: sentence?, severity, why, allow_vacuous, variants })
}

fn variants(reader: &mut Reader<'_>, top: Fields<'_>) -> Vec<VariantSpec> {
    let tables = reader.tables(top, "variant", "[[variant]]", MAX_VARIANTS);
    let mut names = BTreeMap::new();
    tables.into_iter().filter_map(|fields| variant(reader, fields, &mut names)).collect()
}

fn variant(reader: &mut Reader<'_>, fields: Fields<'_>, names: &mut BTreeMap<String, Origin>) -> Option<VariantSpec> {
    reader.known_keys(fields, VARIANT);
    let name = unique_name(reader, fields, names);
    if !fields.table.contains_key("manifests") {
        reader.missing(fields, "manifests", "manifests = []");
    }
    let manifests = reader.strings(fields, "manifests").unwrap_or_default();
    let replace = reader.boolean(fields, "replace", false);
    Some(VariantSpec { name: name?, manifests, replace })
}

fn unique_name(
    reader: &mut Reader<'_>,
    fields: Fields<'_>,
    names: &mut BTreeMap<String, Origin>,
) -> Option<Written<String>> {
    let name = reader.required(fields, "name", "name = \"embeddings-stay-home\"")?;
    check_name(reader, &name);
    if let Some(first) = names.get(&name.value) {
        let message = format!("`{}` is the name of two {} tables", name.value, fields.title);
        let fault = Diagnostic::error(Code::DuplicateName, message).at(name.origin, "the second");
        reader.push(fault.related(*first, "the first").help("give one of them another name"));
    } else {
        names.insert(name.value.clone(), name.origin);
    }
    Some(name)
}

/// Names go into reports, file names and command lines, so they are plain.
pub(super) fn check_name(reader: &mut Reader<'_>, name: &Written<String>) {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.value.len() > MAX_NAME {
        reader.push(invalid(name, format!("a name has at most {MAX_NAME} characters")));
    } else if !name.value.starts_with(legal) || !name.value.chars().all(|c| legal(c) || "._-".contains(c)) {
        let why = "a name has lower-case letters, digits, `.`, `_` and `-`, and begins with a letter or digit";
        reader.push(invalid(name, why));
    }
}

fn known_variants(reader: &mut Reader<'_>, named: &[Written<String>], known: &BTreeSet<&str>) {
    for name in named.iter().filter(|name| !known.contains(name.value.as_str())) {
        let fault = Diagnostic::error(Code::UnknownName, format!("there is no variant `{}`", name.value))
            .at(name.origin, "no [[variant]] of this name")
            .did_you_mean(&name.value, known.iter().copied());
        reader.push(match known.is_empty() {
            true => fault.help("the spec has no [[variant]]; leave `variants` out"),
            false => fault.help(format!("the variants are {}", quoted(known.iter().copied().take(8)))),
        });
    }
}
