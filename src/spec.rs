//! The spec file: what exists, what is called how, and what must hold.
//!
//! A spec is TOML, read by hand so that all its faults are reported in one run, each with its place.
//! [`parse`] checks the file alone: it opens no manifest, and sentences stay text for
//! [`crate::language`] to read. `docs/spec.md` is the reference. The commands call it.

use std::collections::{BTreeMap, BTreeSet};

use crate::date::Date;
use crate::diagnostic::{Code, Diagnostic};
use crate::finding;
use crate::model::world::World;
use crate::source::{FileId, Origin, Span};

mod endpoints;
mod read;
pub mod schema;
mod tables;
mod waivers;

pub use crate::language::NamedEndpoint;
pub use crate::model::severity::PropertySeverity;

/// The largest spec, in bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The most properties in one spec.
pub const MAX_PROPERTIES: usize = 10_000;
/// The most variants in one spec.
pub const MAX_VARIANTS: usize = 1_000;
/// The most entries of one list, such as `manifests`.
pub const MAX_LIST: usize = 10_000;
/// The most questions of one spec: properties, once for each variant that they are asked of.
pub const MAX_QUESTIONS: usize = 100_000;
/// The most endpoints in one spec.
pub const MAX_ENDPOINTS: usize = 1_000;

/// A value with the place where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// Where. For a string without escapes the text between the quotes, else the whole value.
    pub origin: Origin,
}

/// A spec file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// What it is about.
    pub title: Option<String>,
    /// Files, folders and globs, relative to the spec.
    pub manifests: Vec<Written<String>>,
    /// What could exist.
    pub world: World,
    /// What the sentences can call by name.
    pub endpoints: BTreeMap<String, NamedEndpoint>,
    /// What must hold, in the order of the file.
    pub properties: Vec<PropertySpec>,
    /// The sets of manifests to prove it over, in the order of the file; may be empty.
    pub variants: Vec<VariantSpec>,
    /// The refutations that are accepted for a time. No two cover the same property and variant.
    pub waivers: Vec<WaiverSpec>,
    /// The findings of `lint` that are accepted.
    pub allow: BTreeSet<finding::Code>,
}

/// One `[[property]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertySpec {
    /// Its name, unique in the spec.
    pub name: Written<String>,
    /// The sentence of `assert`, unread.
    pub sentence: Written<String>,
    /// How much it matters.
    pub severity: PropertySeverity,
    /// Why it must hold.
    pub why: Option<String>,
    /// Whether it may be about nothing.
    pub allow_vacuous: bool,
    /// The variants it is about; `None` for all.
    pub variants: Option<Vec<Written<String>>>,
}

impl PropertySpec {
    /// Whether the property is asked of this variant; one that names variants is not asked of the
    /// nameless one.
    #[must_use]
    pub fn applies_to(&self, variant: Option<&str>) -> bool {
        match &self.variants {
            None => true,
            Some(names) => names.iter().any(|name| Some(name.value.as_str()) == variant),
        }
    }
}

/// One `[[variant]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantSpec {
    /// Its name, unique in the spec.
    pub name: Written<String>,
    /// Its manifests.
    pub manifests: Vec<Written<String>>,
    /// Whether they stand instead of the spec's own, not beside them.
    pub replace: bool,
}

/// One `[[waiver]]`: a refutation that is accepted for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverSpec {
    /// The property, one of the spec.
    pub property: Written<String>,
    /// The variant, one that the property is asked of; `None` for all of them.
    pub variant: Option<Written<String>>,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it counts, in UTC.
    pub until: Date,
}

impl WaiverSpec {
    /// Whether it is about this property over this variant.
    #[must_use]
    pub fn covers(&self, property: &str, variant: Option<&str>) -> bool {
        let is_variant = |own: &Written<String>| Some(own.value.as_str()) == variant;
        self.property.value == property && self.variant.as_ref().is_none_or(is_variant)
    }
}

/// One set of manifests to prove properties over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// The variant; `None` where the spec has none.
    pub variant: Option<&'a VariantSpec>,
    /// All manifests of the run.
    pub manifests: Vec<&'a Written<String>>,
}

impl Spec {
    /// The runs that the spec asks for: one a variant, or a nameless one over its own manifests.
    #[must_use]
    pub fn runs(&self) -> Vec<Run<'_>> {
        if self.variants.is_empty() {
            return vec![Run { variant: None, manifests: self.manifests.iter().collect() }];
        }
        self.variants.iter().map(|variant| self.run(variant)).collect()
    }

    /// How many questions it asks: properties, once for each variant that they are asked of.
    fn questions(&self) -> usize {
        let all = self.variants.len().max(1);
        let of_one = |property: &PropertySpec| property.variants.as_ref().map_or(all, |named| named.len().min(all));
        self.properties.iter().map(of_one).sum()
    }

    fn run<'a>(&'a self, variant: &'a VariantSpec) -> Run<'a> {
        let own = self.manifests.iter().filter(|_| !variant.replace);
        Run { variant: Some(variant), manifests: own.chain(&variant.manifests).collect() }
    }
}

/// Reads a spec. Where a diagnostic is an error, the spec is what could be made of the rest.
#[must_use]
pub fn parse(file: FileId, text: &str) -> (Spec, Vec<Diagnostic>) {
    if text.len() > MAX_BYTES {
        let message = format!("a spec has at most {MAX_BYTES} bytes, and this one has {}", text.len());
        let start = Origin { file, span: Span::new(0, 0) };
        return (Spec::default(), vec![Diagnostic::error(Code::LimitExceeded, message).at(start, "")]);
    }
    let mut reader = read::Reader::new(file, text);
    let spec = match reader.document() {
        Some(document) => tables::spec(&mut reader, &document),
        None => Spec::default(),
    };
    let questions = spec.questions();
    if questions > MAX_QUESTIONS {
        let message = format!("a spec asks at most {MAX_QUESTIONS} questions, and this one asks {questions}");
        let fault = Diagnostic::error(Code::LimitExceeded, message)
            .note("Every property is asked of every variant, unless it names its `variants`.")
            .help("write several specs");
        reader.push(fault.at(reader.origin(0..0), "properties times variants"));
    }
    (spec, reader.into_faults())
}

#[cfg(test)]
mod tests;
