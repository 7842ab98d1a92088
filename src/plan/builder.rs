//! Gathers a plan from specs, sentences and manifests. `plan` alone calls this module.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Draft, Ground, Inputs, Item, Plan, Scene, no_manifests};
use crate::diagnostic::{Code, Diagnostic};
use crate::finding;
use crate::language::{self, NamedEndpoint, Names, Sentence, Yes};
use crate::manifest::{self, ManifestPath, Objects};
use crate::model::claim::Claim;
use crate::model::world::World;
use crate::source::{FileId, Origin, SourceMap, Span};
use crate::spec::{self, PropertySeverity, Spec, WaiverSpec};

/// The plan of everything that the inputs name, and all their faults.
pub(super) fn build(inputs: &Inputs, sources: &mut SourceMap) -> Plan {
    let plan = Plan { today: inputs.today, today_is_given: inputs.today_is_given, ..Plan::default() };
    let mut builder = Builder { inputs, sources, plan, read: BTreeMap::new() };
    for path in &inputs.specs {
        builder.spec_file(path);
    }
    let has_no_spec = inputs.specs.is_empty();
    if inputs.grounds_only && has_no_spec {
        builder.given_ground();
    } else if !inputs.assertions.is_empty() || inputs.question.is_some() || has_no_spec {
        builder.given();
    }
    builder.plan.paths = inputs.specs.iter().chain(builder.read.keys().flatten()).cloned().collect();
    builder.plan
}

/// The plan of one spec that is not in its file yet.
pub(super) fn build_draft(
    draft: &Draft<'_>,
    inputs: &Inputs,
    given_objects: Option<Objects>,
    sources: &mut SourceMap,
) -> Plan {
    let manifests: Vec<_> = inputs.manifests.iter().map(|path| given(path)).collect();
    let read = given_objects.map(|objects| (key(&manifests), objects)).into_iter().collect();
    let file = sources.add(draft.path, draft.text);
    let mut builder = Builder { inputs, sources, plan: Plan::default(), read };
    builder.spec_text(draft.path, file);
    builder.plan
}

/// Gathers a plan.
pub(super) struct Builder<'a> {
    inputs: &'a Inputs,
    sources: &'a mut SourceMap,
    pub(super) plan: Plan,
    /// Each set of paths is read once.
    read: BTreeMap<Vec<String>, Objects>,
}

/// What the items of one variant share.
pub(super) struct Place<'a> {
    spec: Option<&'a str>,
    variant: Option<&'a str>,
    /// What the paths of its sentences are relative to; the current folder where there is none.
    pub(super) base: Option<PathBuf>,
    /// Its manifests.
    pub(super) manifests: Vec<Vec<ManifestPath>>,
    /// Their cluster, where there are any manifests.
    cluster: Option<usize>,
    world: usize,
}

impl Builder<'_> {
    fn spec_file(&mut self, path: &str) {
        let file = manifest::open(Path::new(path), self.sources, &mut self.plan.diagnostics);
        if let Some(file) = file {
            self.spec_text(path, file);
        }
    }

    fn spec_text(&mut self, path: &str, file: FileId) {
        let text = self.sources.file(file).map(|file| file.text().clone()).unwrap_or_default();
        let (spec, diagnostics) = spec::parse(file, &text);
        self.plan.diagnostics.extend(diagnostics);
        self.plan.worlds.push(spec.world.clone());
        let world = self.plan.worlds.len() - 1;
        self.plan.diagnostics.extend(never_asked(&spec));
        self.plan.titles.extend(spec.title.clone());
        let base = Path::new(path).parent().map(Path::to_path_buf);
        for (variant, manifests) in self.variants(path, &spec) {
            let Some(cluster) = self.cluster(&manifests) else { continue };
            let endpoints = spec.endpoints.clone();
            self.plan.scenes.push(Scene { variant: variant.clone(), cluster, world, endpoints });
            let (variant, base) = (variant.as_deref(), base.clone());
            let place = Place { spec: Some(path), variant, base, manifests, cluster: Some(cluster), world };
            self.ground(&place, spec.allow.clone());
            if !self.inputs.grounds_only {
                self.properties(&place, &spec);
            }
        }
    }

    /// The variants of a spec, each with its sets of manifests.
    fn variants(&self, path: &str, spec: &Spec) -> Vec<(Option<String>, Vec<Vec<ManifestPath>>)> {
        let base = Path::new(path).parent();
        let relative = |written: &spec::Written<String>| ManifestPath {
            path: written.value.clone(),
            base: base.map(Path::to_path_buf),
            origin: Some(written.origin),
        };
        let set = |paths: &[spec::Written<String>]| paths.iter().map(relative).collect::<Vec<_>>();
        let own: Vec<_> = self.inputs.manifests.iter().map(|path| given(path)).collect();
        let common = |replace: bool| if replace { Vec::new() } else { set(&spec.manifests) };
        if spec.variants.is_empty() {
            return vec![(None, vec![common(false), own])];
        }
        let variant = |variant: &spec::VariantSpec| {
            let sets = vec![common(variant.replace), set(&variant.manifests), own.clone()];
            (Some(variant.name.value.clone()), sets)
        };
        spec.variants.iter().map(variant).collect()
    }

    /// The cluster of these sets of manifests; `None` where reading them met a fault.
    fn cluster(&mut self, sets: &[Vec<ManifestPath>]) -> Option<usize> {
        let before = self.errors();
        self.read(sets);
        let parts = objects(&self.read, sets);
        let cluster = manifest::assemble(&parts, &mut self.plan.diagnostics);
        self.plan.clusters.push(cluster);
        (self.errors() == before).then_some(self.plan.clusters.len() - 1)
    }

    /// Reads these sets of manifests, those that were not read before.
    pub(super) fn read(&mut self, sets: &[Vec<ManifestPath>]) {
        for set in sets.iter().filter(|set| !set.is_empty()) {
            let key = key(set);
            if !self.read.contains_key(&key) {
                let Inputs { settings, memory, .. } = self.inputs;
                let objects = manifest::read_again(set, settings, memory, self.sources, &mut self.plan.diagnostics);
                self.read.insert(key, objects);
            }
        }
    }

    /// What was read, and where faults are gathered.
    pub(super) fn parts(&mut self) -> (&BTreeMap<Vec<String>, Objects>, &mut Vec<Diagnostic>) {
        (&self.read, &mut self.plan.diagnostics)
    }

    pub(super) fn errors(&self) -> usize {
        self.plan.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    fn ground(&mut self, place: &Place<'_>, allow: BTreeSet<finding::Code>) {
        let Some(cluster) = place.cluster else { return };
        let (spec, variant) = (place.spec.map(str::to_owned), place.variant.map(str::to_owned));
        self.plan.grounds.push(Ground { spec, variant, allow, cluster, world: place.world });
    }

    /// The manifests of the command line, to be looked through.
    fn given_ground(&mut self) {
        let manifests = vec![self.inputs.manifests.iter().map(|path| given(path)).collect::<Vec<_>>()];
        self.plan.worlds.push(World { plugin: self.inputs.plugin, ..World::default() });
        let world = self.plan.worlds.len() - 1;
        let cluster = self.cluster(&manifests);
        let place = Place { spec: None, variant: None, base: None, manifests, cluster, world };
        self.ground(&place, BTreeSet::new());
    }

    fn properties(&mut self, place: &Place<'_>, spec: &Spec) {
        let mut waivers: BTreeMap<&str, Vec<&WaiverSpec>> = BTreeMap::new();
        for waiver in &spec.waivers {
            waivers.entry(&waiver.property.value).or_default().push(waiver);
        }
        for property in &spec.properties {
            if !property.applies_to(place.variant) {
                continue;
            }
            let sentence = &property.sentence;
            let own = waivers.get(property.name.value.as_str()).map_or(&[][..], Vec::as_slice);
            let waiver = own.iter().find(|one| one.covers(&property.name.value, place.variant));
            let Some(asked) = self.ask(place, sentence, statement, &spec.endpoints) else { continue };
            self.plan.items.push(Item {
                spec: place.spec.map(str::to_owned),
                variant: place.variant.map(str::to_owned),
                name: property.name.value.clone(),
                sentence: property.sentence.value.clone(),
                origin: property.sentence.origin,
                severity: property.severity,
                why: property.why.clone(),
                claim: asked.claim,
                yes: asked.yes,
                allow_vacuous: property.allow_vacuous,
                waiver: waiver.copied().cloned(),
                cluster: asked.cluster,
                world: place.world,
            });
        }
    }

    /// What the sentence claims, and of which cluster.
    fn ask(
        &mut self,
        place: &Place<'_>,
        sentence: &spec::Written<String>,
        parse: Parser,
        endpoints: &BTreeMap<String, NamedEndpoint>,
    ) -> Option<Asked> {
        let (parsed, yes) =
            parse(&sentence.value, sentence.origin).map_err(|fault| self.plan.diagnostics.push(fault)).ok()?;
        let (cluster, sets) = match parsed.sets() {
            Some(paths) => {
                let (cluster, sets) = self.sets(place, paths)?;
                (cluster, Some(sets))
            }
            None => (self.given_cluster(place)?, None),
        };
        let names = Names { cluster: self.plan.clusters.get(cluster)?, endpoints, sets: sets.as_ref() };
        match language::resolve(&parsed, &names) {
            Ok(resolved) => {
                self.plan.diagnostics.extend(resolved.warnings);
                Some(Asked { claim: resolved.claim, yes, cluster })
            }
            Err(diagnostics) => {
                self.plan.diagnostics.extend(diagnostics);
                None
            }
        }
    }

    /// The cluster of the place. Only a comparison of sets can do without: it names its own files.
    fn given_cluster(&mut self, place: &Place<'_>) -> Option<usize> {
        if place.cluster.is_none() {
            self.plan.diagnostics.push(no_manifests(if self.inputs.question.is_some() {
                "a question needs manifests to be answered over"
            } else {
                "--assert needs manifests to prove the sentence over"
            }));
        }
        place.cluster
    }

    /// The sentences or the question of the command line, over its manifests.
    fn given(&mut self) {
        let manifests = vec![self.inputs.manifests.iter().map(|path| given(path)).collect::<Vec<_>>()];
        self.plan.worlds.push(World { plugin: self.inputs.plugin, ..World::default() });
        let world = self.plan.worlds.len() - 1;
        let mut place = Place { spec: None, variant: None, base: None, manifests, cluster: None, world };
        if !self.inputs.manifests.is_empty() {
            let Some(cluster) = self.cluster(&place.manifests) else { return };
            place.cluster = Some(cluster);
            self.plan.scenes.push(Scene { variant: None, cluster, world, endpoints: BTreeMap::new() });
        }
        let inputs = self.inputs;
        for (at, sentence) in inputs.assertions.iter().enumerate() {
            let name = if inputs.assertions.len() == 1 { "assert".to_owned() } else { format!("assert-{}", at + 1) };
            self.sentence(&place, name, "--assert", statement, sentence);
        }
        if let Some(question) = &inputs.question {
            self.sentence(&place, "query".to_owned(), "the question", language::parse_question, question);
        }
    }

    fn sentence(&mut self, place: &Place<'_>, name: String, file: &str, parse: Parser, text: &str) {
        let origin = Origin { file: self.sources.add_argument(file, text), span: Span::new(0, text.len()) };
        let written = spec::Written { value: text.to_owned(), origin };
        let Some(asked) = self.ask(place, &written, parse, &BTreeMap::new()) else { return };
        self.plan.items.push(Item {
            spec: None,
            variant: None,
            name,
            sentence: text.to_owned(),
            origin,
            severity: PropertySeverity::Medium,
            why: None,
            claim: asked.claim,
            yes: asked.yes,
            allow_vacuous: false,
            waiver: None,
            cluster: asked.cluster,
            world: place.world,
        });
    }
}

/// What a sentence asks, and of which cluster.
struct Asked {
    claim: Claim,
    yes: Yes,
    cluster: usize,
}

/// Reads text as the sentence that it is or that answers it, and which answer is the yes.
type Parser = fn(&str, Origin) -> Result<(Sentence, Yes), Diagnostic>;

#[expect(clippy::result_large_err, reason = "as `language::parse`")]
fn statement(text: &str, origin: Origin) -> Result<(Sentence, Yes), Diagnostic> {
    language::parse(text, origin).map(|sentence| (sentence, Yes::Proved))
}

/// What was read of these sets of manifests.
pub(super) fn objects<'a>(read: &'a BTreeMap<Vec<String>, Objects>, sets: &[Vec<ManifestPath>]) -> Vec<&'a Objects> {
    sets.iter().filter_map(|set| read.get(&key(set))).collect()
}

/// A property that no variant asks would be silently unproved.
fn never_asked(spec: &Spec) -> Vec<Diagnostic> {
    let variants: Vec<Option<&str>> = match spec.variants.as_slice() {
        [] => vec![None],
        variants => variants.iter().map(|variant| Some(variant.name.value.as_str())).collect(),
    };
    let is_asked = |property: &spec::PropertySpec| variants.iter().any(|variant| property.applies_to(*variant));
    let missed = spec.properties.iter().filter(|property| !is_asked(property));
    let fault = |property: &spec::PropertySpec| {
        let message = format!("the property `{}` is asked of no variant", property.name.value);
        Diagnostic::error(Code::SpecInvalidValue, message)
            .at(property.name.origin, "this would never be proved")
            .help("name a variant in its `variants`, or leave the key out to ask it of all")
    };
    missed.map(fault).collect()
}

fn given(path: &str) -> ManifestPath {
    ManifestPath { path: path.to_owned(), base: None, origin: None }
}

fn key(set: &[ManifestPath]) -> Vec<String> {
    let name = |path: &ManifestPath| match &path.base {
        Some(base) => base.join(&path.path).display().to_string(),
        None => path.path.clone(),
    };
    set.iter().map(name).collect()
}
