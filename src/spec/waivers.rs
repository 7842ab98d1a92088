//! `[[waiver]]`: refutations that somebody accepts for a time.
//!
//! Only [`super::parse`] calls it. A waiver that could be read in two ways, or that waives nothing, is
//! a fault: it would hide a refutation from somebody who thinks that it is shown.

use std::collections::BTreeMap;

use super::read::{Fields, Reader, invalid, quoted};
use super::{MAX_PROPERTIES, PropertySpec, VariantSpec, WaiverSpec, Written};
use crate::date::Date;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Origin;

pub(super) const WAIVER: &[&str] = &["property", "variant", "reason", "until"];

/// Every `[[waiver]]` that names what there is.
pub(super) fn waivers(
    reader: &mut Reader<'_>,
    top: Fields<'_>,
    properties: &[PropertySpec],
    variants: &[VariantSpec],
) -> Vec<WaiverSpec> {
    let tables = reader.tables(top, "waiver", "[[waiver]]", MAX_PROPERTIES);
    let properties = properties.iter().map(|one| (one.name.value.as_str(), one)).collect();
    let known = Known { properties, variants };
    let mut waivers = Vec::new();
    let mut taken: BTreeMap<String, Vec<(Option<String>, Origin)>> = BTreeMap::new();
    for fields in tables {
        let Some(waiver) = waiver(reader, fields, &known) else { continue };
        let others = taken.entry(waiver.property.value.clone()).or_default();
        let variant = waiver.variant.as_ref().map(|variant| variant.value.clone());
        let overlaps = |other: &&(Option<String>, Origin)| other.0.is_none() || variant.is_none() || other.0 == variant;
        if let Some((_, first)) = others.iter().find(overlaps) {
            reader.push(twice(&waiver.property, *first));
        }
        others.push((variant, waiver.property.origin));
        waivers.push(waiver);
    }
    waivers
}

/// What a waiver can name.
struct Known<'a> {
    properties: BTreeMap<&'a str, &'a PropertySpec>,
    variants: &'a [VariantSpec],
}

fn twice(property: &Written<String>, first: Origin) -> Diagnostic {
    Diagnostic::error(Code::DuplicateName, format!("two waivers cover one refutation of `{}`", property.value))
        .at(property.origin, "the second")
        .related(first, "the first")
        .note("A waiver without `variant` covers every variant.")
        .help("keep one of them, or give each a `variant` of its own")
}

fn waiver(reader: &mut Reader<'_>, fields: Fields<'_>, known: &Known<'_>) -> Option<WaiverSpec> {
    reader.known_keys(fields, WAIVER);
    let property = reader.required(fields, "property", "property = \"embeddings-stay-home\"");
    let variant = reader.string(fields, "variant");
    let reason = reason(reader, fields);
    let until = until(reader, fields);
    let property = property?;
    let of = property_of(reader, known, &property)?;
    if let Some(variant) = &variant {
        variant_of(reader, known, of, variant)?;
    }
    Some(WaiverSpec { property, variant, reason: reason?, until: until? })
}

fn property_of<'a>(reader: &mut Reader<'_>, known: &Known<'a>, name: &Written<String>) -> Option<&'a PropertySpec> {
    let found = known.properties.get(name.value.as_str()).copied();
    if found.is_none() {
        let fault = Diagnostic::error(Code::UnknownName, format!("there is no property `{}` to waive", name.value))
            .at(name.origin, "no [[property]] of this name")
            .did_you_mean(&name.value, known.properties.keys().copied());
        reader.push(fault);
    }
    found
}

fn variant_of(
    reader: &mut Reader<'_>,
    known: &Known<'_>,
    property: &PropertySpec,
    variant: &Written<String>,
) -> Option<()> {
    let names = || known.variants.iter().map(|one| one.name.value.as_str());
    if !names().any(|name| name == variant.value) {
        let fault = Diagnostic::error(Code::UnknownName, format!("there is no variant `{}`", variant.value))
            .at(variant.origin, "no [[variant]] of this name")
            .did_you_mean(&variant.value, names());
        reader.push(match known.variants {
            [] => fault.help("the spec has no [[variant]]; leave `variant` out"),
            _ => fault.help(format!("the variants are {}", quoted(names().take(8)))),
        });
        return None;
    }
    if !property.applies_to(Some(&variant.value)) {
        let (name, variant_name) = (&property.name.value, &variant.value);
        let message = format!("the property `{name}` is not asked of variant `{variant_name}`");
        let fault = Diagnostic::error(Code::SpecInvalidValue, message).at(variant.origin, "nothing to waive there");
        reader.push(fault.related(property.name.origin, "it names its `variants`"));
        return None;
    }
    Some(())
}

/// A waiver without a reason helps nobody who meets it later.
fn reason(reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<String> {
    let reason = reader.required(fields, "reason", "reason = \"fixed with the next release of the chart\"")?;
    if reason.value.trim().is_empty() {
        let fault = Diagnostic::error(Code::SpecInvalidValue, "a waiver needs a reason").at(reason.origin, "empty");
        reader.push(fault.help("say why the refutation is accepted, and by whom"));
        return None;
    }
    Some(reason.value)
}

fn until(reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<Date> {
    let written = reader.required_date(fields, "until", "until = \"2027-01-31\"")?;
    let date = Date::parse(&written.value);
    if date.is_none() {
        let fault = invalid(&written, "`until` is a day of the calendar, as YYYY-MM-DD");
        reader.push(fault.help("write `until = \"2027-01-31\"`: the last day on which the waiver holds, in UTC"));
    }
    date
}
