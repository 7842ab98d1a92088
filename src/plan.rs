//! From specs and manifests to things to prove: one [`Item`] a property and variant.
//!
//! Reads every file once, whatever the number of variants, and gathers every fault of the input, so
//! that one run shows them all. Nothing is proved while a fault stands.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic};
use crate::language::{self, Names};
use crate::manifest::{self, ManifestPath, Objects, Settings};
use crate::model::claim::Claim;
use crate::model::net::PortMatch;
use crate::model::options::NamedPortScope;
use crate::model::plugin::Plugin;
use crate::model::policy::{Policy, Ports};
use crate::model::workload::Cluster;
use crate::model::world::{Existence, World};
use crate::prove::Job;
use crate::source::{Origin, SourceMap, Span};
use crate::spec::{self, PropertySeverity, Spec};

/// One property over one variant.
#[derive(Clone, Debug)]
pub struct Item {
    /// The spec file; `None` for a sentence from the command line.
    pub spec: Option<String>,
    /// The variant, where the spec has any.
    pub variant: Option<String>,
    /// The name of the property.
    pub name: String,
    /// Its sentence.
    pub sentence: String,
    /// Where the sentence is written.
    pub origin: Origin,
    /// How bad a refutation is.
    pub severity: PropertySeverity,
    /// Why it matters.
    pub why: Option<String>,
    /// What it claims.
    pub claim: Claim,
    /// Whether a claim about nothing counts as proved.
    pub allow_vacuous: bool,
    /// The cluster, by its index in the plan.
    cluster: usize,
    /// The world, by its index in the plan.
    world: usize,
}

/// Everything to prove in one run.
#[derive(Debug, Default)]
pub struct Plan {
    /// One cluster a spec and variant.
    pub clusters: Vec<Cluster>,
    /// One world a spec.
    pub worlds: Vec<World>,
    /// What to prove, in the order of the specs, their variants and their properties.
    pub items: Vec<Item>,
    /// The faults of the input, warnings among them.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the command line adds to every spec.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Spec files.
    pub specs: Vec<String>,
    /// Sentences to prove over `manifests` alone.
    pub assertions: Vec<String>,
    /// The network plugin of the sentences; a spec names its own.
    pub plugin: Plugin,
    /// A question to answer over `manifests` alone.
    pub question: Option<String>,
    /// Manifests: of the sentences, and added to those of every spec.
    pub manifests: Vec<String>,
    /// How to read manifests.
    pub settings: Settings,
}

impl Plan {
    /// Reads everything that the inputs name.
    #[must_use]
    pub fn read(inputs: &Inputs, sources: &mut SourceMap) -> Plan {
        let mut builder = Builder { inputs, sources, plan: Plan::default(), read: BTreeMap::new() };
        for path in &inputs.specs {
            builder.spec_file(path);
        }
        if !inputs.assertions.is_empty() || inputs.question.is_some() {
            builder.given();
        }
        let mut plan = builder.plan;
        dedup(&mut plan.diagnostics);
        plan
    }

    /// Whether anything stands in the way of proving.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The cluster of an item.
    #[must_use]
    pub fn cluster(&self, item: &Item) -> &Cluster {
        static NONE: Cluster = Cluster {
            policies: Vec::new(),
            namespaces: BTreeMap::new(),
            workloads: Vec::new(),
            services: Vec::new(),
            nodes: Vec::new(),
            unread_kinds: BTreeMap::new(),
            ignored_kinds: BTreeMap::new(),
        };
        self.clusters.get(item.cluster).unwrap_or(&NONE)
    }

    /// The jobs for the prover, one an item.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job<'_>> {
        let job = |item| {
            let world = self.worlds.get(Item::world(item))?;
            Some(Job { cluster: self.cluster(item), world, claim: &item.claim, allow_vacuous: item.allow_vacuous })
        };
        self.items.iter().filter_map(job).collect()
    }

    /// What every verdict takes for granted, in words.
    #[must_use]
    pub fn assumptions(&self) -> Vec<String> {
        let mut all = Vec::new();
        for world in &self.worlds {
            all.extend(world_assumptions(world));
        }
        for cluster in &self.clusters {
            all.extend(cluster_assumptions(cluster));
        }
        if self.items.iter().any(|item| self.compares_named_ports(item)) {
            all.push("policies are compared as if a named port opened only the pods that declare it (R27; not so on AWS VPC CNI)".to_owned());
        }
        let mut seen = BTreeSet::new();
        all.retain(|words| seen.insert(words.clone()));
        all
    }

    /// Whether the item compares policies where named ports and the plugin could make a difference.
    fn compares_named_ports(&self, item: &Item) -> bool {
        let may_lend = self
            .worlds
            .get(item.world)
            .is_some_and(|world| world.options().most.named_port_scope == NamedPortScope::Union);
        may_lend && matches!(item.claim, Claim::Compared(_)) && self.cluster(item).policies.iter().any(names_a_port)
    }
}

fn names_a_port(policy: &Policy) -> bool {
    policy.ingress.iter().chain(&policy.egress).flatten().any(|rule| match &rule.ports {
        Ports::All => false,
        Ports::AnyOf(items) => items.iter().any(|item| matches!(item.ports, PortMatch::Named(_))),
    })
}

impl Item {
    fn world(item: &Item) -> usize {
        item.world
    }
}

fn world_assumptions(world: &World) -> Vec<String> {
    let mut words = Vec::new();
    if !world.nodes {
        words.push(
            "no traffic from the pods' own nodes, and none of pods on their nodes' network (nodes = false)".to_owned(),
        );
    } else {
        words.push(on_node_network(world));
    }
    words.extend(plugin_assumptions(world));
    if !world.external {
        words.push("no traffic from or to addresses outside the cluster (external = false)".to_owned());
    }
    if world.pods == Existence::Declared {
        words.push("only the declared workloads run (pods = \"declared\")".to_owned());
    }
    if world.namespaces == Existence::Declared {
        words.push("nobody creates a namespace (namespaces = \"declared\")".to_owned());
    }
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    let trust = &world.trust;
    if !trust.namespaces.is_empty() {
        words.push(format!("only declared workloads run in {} (trust)", list(&trust.namespaces)));
    }
    if !trust.pod_labels.is_empty() {
        words.push(format!("only declared workloads carry the labels {} (trust)", list(&trust.pod_labels)));
    }
    if !trust.namespace_labels.is_empty() {
        words.push(format!("only declared namespaces carry the labels {} (trust)", list(&trust.namespace_labels)));
    }
    words
}

/// R33: whatever the plugin makes of them, such pods are no ends of their own here.
fn on_node_network(world: &World) -> String {
    match world.plugin {
        Plugin::AwsVpcCni => {
            "a pod on its node's network counts as its node (R33), though AWS VPC CNI lets peers match it".to_owned()
        }
        _ => "a pod on its node's network counts as its node (R33)".to_owned(),
    }
}

fn plugin_assumptions(world: &World) -> Vec<String> {
    let mut words = Vec::new();
    if world.plugin != Plugin::Any {
        let name = world.plugin.name();
        words.push(format!("the network plugin does what docs/world.md says of {name} (plugin = \"{name}\")"));
    }
    let choices = world.choices.iter().map(|choice| choice.names());
    words.extend(choices.map(|(option, value)| format!("the network plugin has {option} = \"{value}\" (options)")));
    words
}

fn cluster_assumptions(cluster: &Cluster) -> Vec<String> {
    let ignored = cluster.ignored_kinds.iter();
    ignored
        .map(|(kind, count)| {
            format!("{count} {kind} ignored, as --ignore-kind says: what they allow or deny is not considered")
        })
        .collect()
}

/// The same fault is met once a variant; a person wants to read it once.
fn dedup(diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    diagnostics.retain(|diagnostic| seen.insert(diagnostic.clone()));
}

/// Gathers a plan.
struct Builder<'a> {
    inputs: &'a Inputs,
    sources: &'a mut SourceMap,
    plan: Plan,
    /// Each set of paths is read once.
    read: BTreeMap<Vec<String>, Objects>,
}

/// What the items of one variant share.
struct Place<'a> {
    spec: Option<&'a str>,
    variant: Option<&'a str>,
    cluster: usize,
    world: usize,
}

impl Builder<'_> {
    fn spec_file(&mut self, path: &str) {
        let Some(file) = manifest::open(Path::new(path), self.sources, &mut self.plan.diagnostics) else { return };
        let text = self.sources.file(file).map(|file| file.text().clone()).unwrap_or_default();
        let (spec, diagnostics) = spec::parse(file, &text);
        self.plan.diagnostics.extend(diagnostics);
        self.plan.worlds.push(spec.world.clone());
        let world = self.plan.worlds.len() - 1;
        self.plan.diagnostics.extend(never_asked(&spec));
        for (variant, paths) in self.variants(path, &spec) {
            let Some(cluster) = self.cluster(&paths) else { continue };
            let place = Place { spec: Some(path), variant: variant.as_deref(), cluster, world };
            self.properties(&place, &spec);
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
        for set in sets.iter().filter(|set| !set.is_empty()) {
            let key = key(set);
            if !self.read.contains_key(&key) {
                let objects = manifest::read(set, &self.inputs.settings, self.sources, &mut self.plan.diagnostics);
                self.read.insert(key, objects);
            }
        }
        let parts: Vec<&Objects> = sets.iter().filter_map(|set| self.read.get(&key(set))).collect();
        let cluster = manifest::assemble(&parts, &mut self.plan.diagnostics);
        self.plan.clusters.push(cluster);
        (self.errors() == before).then_some(self.plan.clusters.len() - 1)
    }

    fn errors(&self) -> usize {
        self.plan.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    fn properties(&mut self, place: &Place<'_>, spec: &Spec) {
        for property in &spec.properties {
            if !property.applies_to(place.variant) {
                continue;
            }
            let sentence = &property.sentence;
            let Some(claim) = self.claim(place.cluster, sentence, language::parse, &spec.endpoints) else { continue };
            self.plan.items.push(Item {
                spec: place.spec.map(str::to_owned),
                variant: place.variant.map(str::to_owned),
                name: property.name.value.clone(),
                sentence: property.sentence.value.clone(),
                origin: property.sentence.origin,
                severity: property.severity,
                why: property.why.clone(),
                claim,
                allow_vacuous: property.allow_vacuous,
                cluster: place.cluster,
                world: place.world,
            });
        }
    }

    fn claim(
        &mut self,
        cluster: usize,
        sentence: &spec::Written<String>,
        parse: Parser,
        endpoints: &BTreeMap<String, crate::language::NamedEndpoint>,
    ) -> Option<Claim> {
        let cluster = self.plan.clusters.get(cluster)?;
        let parsed = match parse(&sentence.value, sentence.origin) {
            Ok(parsed) => parsed,
            Err(diagnostic) => {
                self.plan.diagnostics.push(diagnostic);
                return None;
            }
        };
        match language::resolve(&parsed, &Names { cluster, endpoints }) {
            Ok(resolved) => {
                self.plan.diagnostics.extend(resolved.warnings);
                Some(resolved.claim)
            }
            Err(diagnostics) => {
                self.plan.diagnostics.extend(diagnostics);
                None
            }
        }
    }

    /// The sentences or the question of the command line, over its manifests.
    fn given(&mut self) {
        let sets = vec![self.inputs.manifests.iter().map(|path| given(path)).collect::<Vec<_>>()];
        if sets.iter().all(Vec::is_empty) {
            self.plan.diagnostics.push(no_manifests(if self.inputs.question.is_some() {
                "a question needs manifests to be answered over"
            } else {
                "--assert needs manifests to prove the sentence over"
            }));
            return;
        }
        self.plan.worlds.push(World { plugin: self.inputs.plugin, ..World::default() });
        let world = self.plan.worlds.len() - 1;
        let Some(cluster) = self.cluster(&sets) else { return };
        let inputs = self.inputs;
        for (at, sentence) in inputs.assertions.iter().enumerate() {
            let name = if inputs.assertions.len() == 1 { "assert".to_owned() } else { format!("assert-{}", at + 1) };
            self.sentence((cluster, world), name, "--assert", language::parse, sentence);
        }
        if let Some(question) = &inputs.question {
            self.sentence((cluster, world), "query".to_owned(), "the question", language::parse_question, question);
        }
    }

    fn sentence(&mut self, place: (usize, usize), name: String, file: &str, parse: Parser, text: &str) {
        let origin = Origin { file: self.sources.add(file, text), span: Span::new(0, text.len()) };
        let written = spec::Written { value: text.to_owned(), origin };
        let (cluster, world) = place;
        let Some(claim) = self.claim(cluster, &written, parse, &BTreeMap::new()) else { return };
        self.plan.items.push(Item {
            spec: None,
            variant: None,
            name,
            sentence: text.to_owned(),
            origin,
            severity: PropertySeverity::Medium,
            why: None,
            claim,
            allow_vacuous: false,
            cluster,
            world,
        });
    }
}

/// Reads text as the sentence that it is, or that answers it.
type Parser = fn(&str, Origin) -> Result<language::Sentence, Diagnostic>;

/// A command that is about manifests was given none.
pub(crate) fn no_manifests(message: &str) -> Diagnostic {
    Diagnostic::error(Code::Usage, message).help("name them with -m: `-m k8s/`, or `-m -` for standard input")
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
