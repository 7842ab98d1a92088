//! What `matrix` and `paths` are asked about: one cluster in its world, of a spec or of manifests alone.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use ipnet::IpNet;

use super::shared::{self, Input};
use crate::diagnostic::{Code, Diagnostic};
use crate::language::{self, NamedEndpoint, Names, ResolvedTarget, Target};
use crate::manifest::Memory;
use crate::matrix::{Asked, MAX_ATOMS, Matrix, TooLarge};
use crate::model::claim::Endpoint;
use crate::model::plugin::Plugin;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::plan::{self, Inputs, Plan, Scene};
use crate::source::{Origin, SourceMap};

/// What becomes of a namespace whose labels nobody says: `prove` lets it carry any, and one picture shows one.
const UNDECLARED: &str =
    "Its labels are not known: here it is taken to have none but its name, so that what hangs on others is not shown.";

/// Which variant and which plugin.
#[derive(Debug, Args)]
pub(super) struct Choice {
    /// The variant of the spec
    #[arg(long, value_name = "NAME", requires = "spec")]
    variant: Option<String>,

    /// The network plugin [default: that of the spec, or any]
    #[arg(long, value_name = "NAME", value_parser = shared::plugins())]
    plugin: Option<Plugin>,
}

/// Reads ends from text.
pub(super) type Parser = dyn Fn(&str, Origin) -> Result<Vec<Target>, Box<Diagnostic>>;

/// One cluster in its world.
pub(super) struct Scenery {
    pub(super) cluster: Cluster,
    pub(super) world: World,
    endpoints: BTreeMap<String, NamedEndpoint>,
}

/// Reads the spec and the manifests; no scenery where there are faults.
pub(super) fn read(
    arguments: &Choice,
    spec: Option<&str>,
    input: &Input,
    sources: &mut SourceMap,
) -> (Plan, Option<Scenery>) {
    let inputs = Inputs {
        specs: spec.iter().map(|spec| (*spec).to_owned()).collect(),
        manifests: input.manifests.clone(),
        settings: input.settings(),
        memory: Memory::default(),
        ..Inputs::default()
    };
    let mut plan = Plan::read(&inputs, sources);
    // What is to be said of the spec's sentences, `prove` says.
    plan.diagnostics.retain(|fault| fault.is_error() || fault.code != Code::UnservedPort);
    for fault in plan.diagnostics.iter_mut().filter(|fault| fault.code == Code::UndeclaredNamespace) {
        fault.notes = vec![UNDECLARED.to_owned()];
    }
    if spec.is_none() && input.manifests.is_empty() {
        plan.diagnostics.push(plan::no_manifests("there are no manifests to look at"));
    }
    if plan.has_errors() {
        return (plan, None);
    }
    let scene = match choose(&plan.scenes, arguments.variant.as_deref(), spec.unwrap_or_default()) {
        Ok(scene) => scene.clone(),
        Err(fault) => {
            plan.diagnostics.push(*fault);
            return (plan, None);
        }
    };
    let cluster = plan.clusters.get_mut(scene.cluster).map(std::mem::take).unwrap_or_default();
    let mut world = plan.worlds.get(scene.world).cloned().unwrap_or_default();
    world.plugin = arguments.plugin.unwrap_or(world.plugin);
    (plan, Some(Scenery { cluster, world, endpoints: scene.endpoints }))
}

/// The scene of the variant, or the only one.
fn choose<'a>(scenes: &'a [Scene], variant: Option<&str>, spec: &str) -> Result<&'a Scene, Box<Diagnostic>> {
    let names: Vec<&str> = scenes.iter().filter_map(|scene| scene.variant.as_deref()).collect();
    let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match (variant, scenes) {
        (Some(name), _) => {
            let found = scenes.iter().find(|scene| scene.variant.as_deref() == Some(name));
            found.ok_or_else(|| {
                let fault = Diagnostic::error(Code::UnknownName, format!("{spec} has no variant `{name}`"));
                let fault = fault.did_you_mean(name, names.iter().copied());
                Box::new(if list.is_empty() { fault } else { fault.help(format!("the variants are {list}")) })
            })
        }
        (None, [scene]) => Ok(scene),
        (None, _) => {
            let fault =
                Diagnostic::error(Code::Usage, format!("{spec} has {} variants, and one is shown", scenes.len()));
            Err(fault.help(format!("name one with --variant: {list}")).into())
        }
    }
}

impl Scenery {
    /// An endpoint and ports with their names looked up; `None` where something is at fault.
    pub(super) fn target(
        &self,
        text: &str,
        origin: Origin,
        parse: &Parser,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<ResolvedTarget> {
        let names = Names { cluster: &self.cluster, endpoints: &self.endpoints, sets: None };
        let resolved = parse(text, origin).map_err(|fault| vec![*fault]);
        match resolved.and_then(|targets| language::resolve_targets(&targets, &names)) {
            Ok(resolved) => {
                faults.extend(resolved.warnings.iter().cloned());
                Some(resolved)
            }
            Err(more) => {
                faults.extend(more);
                None
            }
        }
    }

    /// What the matrix takes for granted and leaves out, in words.
    pub(super) fn assumptions(&self, matrix: &Matrix<'_>) -> Vec<String> {
        let mut words = vec![match self.world.plugin {
            Plugin::Any => "any network plugin: what one of them lets through is shown, and what is not shown passes under none; name yours with --plugin".to_owned(),
            plugin => format!("the network plugin does what docs/world.md says of {}, and where that is open lets most through", plugin.name()),
        }];
        let choices = self.world.choices.iter().map(|choice| choice.names());
        words.extend(choices.map(|(option, value)| format!("the network plugin has {option} = \"{value}\" (options)")));
        words.push(self.nodes());
        if !self.world.external {
            words.push("no traffic from or to addresses outside the cluster (external = false)".to_owned());
        }
        if matrix.leaves_addresses_out() {
            words
                .push("addresses outside the cluster are left out: the policies tell too many blocks apart".to_owned());
        }
        words.extend(self.undeclared());
        let ignored = self.cluster.ignored_kinds.iter();
        words.extend(ignored.map(|(kind, count)| {
            format!("{count} {kind} ignored, as --ignore-kind says: what they allow or deny is not considered")
        }));
        words
    }

    fn nodes(&self) -> String {
        let words = "no traffic from or to nodes, and none of pods on their nodes' network";
        let hosts = self.cluster.workloads.iter().filter(|workload| workload.host_network).count();
        match hosts {
            0 => words.to_owned(),
            1 => format!("{words}: 1 workload is left out"),
            _ => format!("{words}: {hosts} workloads are left out"),
        }
    }

    /// That there is no path cannot be said while labels are unknown by which there may be one.
    pub(super) fn labels_unknown(&self) -> Option<Diagnostic> {
        let unknown = self.unknown().into_iter().next()?;
        let message = format!("no manifest declares the namespace {unknown}, so that `--expect none` cannot be told");
        let fault = Diagnostic::error(Code::UndeclaredNamespace, message);
        let fault = fault.note("Its labels are not known, and some of them may open a path.");
        Some(fault.help(format!("add its manifest: `kubectl get namespace {unknown} -o yaml`")))
    }

    /// Namespaces of workloads whose labels nobody says.
    fn unknown(&self) -> BTreeSet<&str> {
        let lived_in = self.cluster.workloads.iter().map(|workload| workload.namespace.as_str());
        lived_in.filter(|name| !self.cluster.namespaces.contains_key(*name)).collect()
    }

    /// Namespaces whose labels nobody says, in words.
    fn undeclared(&self) -> Option<String> {
        let unknown = self.unknown();
        let few: Vec<_> = unknown.iter().take(5).copied().collect();
        let more =
            if unknown.len() > few.len() { format!(" and {} more", unknown.len() - few.len()) } else { String::new() };
        let words = format!(
            "no manifest declares {}{more}: taken to have no label but the name, so that what hangs on others is not shown",
            few.join(", ")
        );
        (!unknown.is_empty()).then_some(words)
    }
}

/// The matrix; `None` where it would be too large.
pub(super) fn matrix<'a>(asked: Asked<'a>, faults: &mut Vec<Diagnostic>) -> Option<Matrix<'a>> {
    let message = match Matrix::new(asked) {
        Ok(matrix) => return Some(matrix),
        Err(TooLarge::Ports(count)) => {
            format!(
                "policies and containers tell {count} ranges of ports apart, and {MAX_ATOMS} may be told apart here"
            )
        }
        Err(TooLarge::Rules(rules, kinds)) => {
            format!("{rules} rules and {kinds} kinds of pods are too many to hold against one another")
        }
    };
    let fault = Diagnostic::error(Code::LimitExceeded, message);
    faults.push(fault.help("look at a part of the manifests, or ask one question with `netverify query`"));
    None
}

/// The blocks that an endpoint names: their addresses are to be told from others.
pub(super) fn blocks(endpoint: &Endpoint) -> Vec<IpNet> {
    match endpoint {
        Endpoint::External(block) => block.iter().copied().collect(),
        Endpoint::Within(block) => vec![*block],
        Endpoint::Union(parts) => parts.iter().flat_map(blocks).collect(),
        Endpoint::Except(whole, but) => [blocks(whole), blocks(but)].concat(),
        Endpoint::Anything | Endpoint::Pods { .. } | Endpoint::Workload(_) | Endpoint::Node(_) => Vec::new(),
    }
}
