//! `netverify paths`: what one end can come to in steps, through the declared workloads.

use clap::{Args, ValueEnum};

use super::scene::{self, Scenery};
use super::shared::{self, Format, Input, Output};
use super::{ExitCode, Streams, write};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::Error;
use crate::eval::claim::contains;
use crate::language::{self, ResolvedTarget, Target};
use crate::matrix::paths::{MAX_FLOWS, Wanted};
use crate::matrix::{Asked, Matrix};
use crate::model::claim::{Endpoint, PortSet};
use crate::plan::Plan;
use crate::report::matrix::{self, Ground};
use crate::report::{self, paths as report_paths};
use crate::source::{Origin, SourceMap, Span};

/// What the user typed after `paths`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the paths begin: an endpoint as in a sentence
    #[arg(value_name = "FROM")]
    from: String,

    /// Where they end, with the ports of the last step: an endpoint as in a sentence, then :6333 or :53/UDP
    #[arg(value_name = "TO[:PORTS]")]
    to: String,

    /// A spec file, for its manifests, world and endpoints; -m alone does as well
    #[arg(long, value_name = "SPEC")]
    spec: Option<String>,

    #[command(flatten)]
    scene: scene::Choice,

    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    output: Output,

    /// How many paths to look for
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1000))]
    max: u16,

    /// Exit with 1 where it is not so
    #[arg(long, value_enum)]
    expect: Option<Expected>,
}

/// What is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Expected {
    /// No path
    None,
    /// Some path
    Some,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let mut sources = SourceMap::default();
    let (mut plan, scenery) = scene::read(&arguments.scene, arguments.spec.as_deref(), &arguments.input, &mut sources);
    let ends = scenery.as_ref().and_then(|scenery| ends(arguments, scenery, &mut plan, &mut sources));
    let (Some(scenery), Some(ends), false) = (scenery, ends, plan.has_errors()) else {
        shared::diagnose(&plan.diagnostics, &sources, streams, "looked for")?;
        return Ok(ExitCode::Fault);
    };
    let Some(mut matrix) = scene::matrix(asked(&scenery, &ends), &mut plan.diagnostics) else {
        shared::diagnose(&plan.diagnostics, &sources, streams, "looked for")?;
        return Ok(ExitCode::Fault);
    };
    let is_in = |endpoint: &Endpoint| matrix.ends_in(|end| contains(&scenery.cluster, endpoint, end));
    let wanted = Wanted {
        from: is_in(&ends.from.endpoint),
        to: is_in(&ends.to.endpoint),
        ports: ends.to.ports.clone(),
        most: usize::from(arguments.max),
    };
    if arguments.expect == Some(Expected::None) {
        plan.diagnostics.extend(scenery.labels_unknown());
    }
    plan.diagnostics.extend(about_nothing("FROM", ends.from_origin, &wanted.from));
    plan.diagnostics.extend(about_nothing("TO", ends.to_origin, &wanted.to));
    let found = if plan.has_errors() { None } else { found(&mut matrix, &wanted, &mut plan) };
    shared::diagnose(&plan.diagnostics, &sources, streams, "looked for")?;
    let Some(found) = found else { return Ok(ExitCode::Fault) };
    let mut assumptions = scenery.assumptions(&matrix);
    assumptions.push(
        "every step is made by a pod of a declared workload: pods that somebody could create take none".to_owned(),
    );
    let (cluster, plugin) = (&scenery.cluster, scenery.world.plugin.name());
    let ground = Ground { cluster, sources: &sources, plugin, assumptions };
    let looked = report_paths::Looked {
        cluster,
        sources: &sources,
        from: arguments.from.trim(),
        to: arguments.to.trim(),
        ports: &wanted.ports,
        options: scenery.world.options().most,
        head: matrix::head(ground, &matrix),
    };
    let report = report_paths::report(&mut matrix, looked, &found);
    let rendered = match arguments.output.format {
        Format::Json => report::json::render(&report),
        Format::Text => report_paths::render(&report, streams.out_style()),
    };
    write(streams.out, "standard output", &rendered)?;
    Ok(exit_code(arguments.expect, report.paths.is_empty()))
}

fn exit_code(expected: Option<Expected>, is_none: bool) -> ExitCode {
    match (expected, is_none) {
        (Some(Expected::None), false) | (Some(Expected::Some), true) => ExitCode::Refuted,
        _ => ExitCode::Proved,
    }
}

/// The two ends with their names looked up.
struct Ends {
    from: ResolvedTarget,
    to: ResolvedTarget,
    from_origin: Origin,
    to_origin: Origin,
}

/// `None` where something is at fault.
fn ends(arguments: &Arguments, scenery: &Scenery, plan: &mut Plan, sources: &mut SourceMap) -> Option<Ends> {
    let mut origin =
        |name: &str, text: &str| Origin { file: sources.add_argument(name, text), span: Span::new(0, text.len()) };
    let (from_origin, to_origin) = (origin("FROM", &arguments.from), origin("TO", &arguments.to));
    let source = |text: &str, origin| -> Result<Vec<Target>, Box<Diagnostic>> {
        let endpoint = language::parse_endpoint(text, origin)?;
        Ok(vec![Target { endpoint, ports: Vec::new() }])
    };
    let destination =
        |text: &str, origin| -> Result<Vec<Target>, Box<Diagnostic>> { Ok(language::parse_targets(text, origin)?) };
    let from = scenery.target(&arguments.from, from_origin, &source, &mut plan.diagnostics);
    let to = scenery.target(&arguments.to, to_origin, &destination, &mut plan.diagnostics);
    Some(Ends { from: from?, to: to?, from_origin, to_origin })
}

fn asked<'a>(scenery: &'a Scenery, ends: &Ends) -> Asked<'a> {
    let blocks = [&ends.from.endpoint, &ends.to.endpoint].into_iter().flat_map(scene::blocks);
    Asked {
        cluster: &scenery.cluster,
        options: scenery.world.options().most,
        external: scenery.world.external,
        ports: PortSet::default(),
        told_ports: ends.to.ports.clone(),
        told_apart: blocks.collect(),
    }
}

/// An end that nothing is: the answer would be about nothing.
fn about_nothing(name: &str, origin: Origin, meant: &[usize]) -> Option<Diagnostic> {
    meant.is_empty().then(|| {
        Diagnostic::error(Code::Vacuous, format!("{name} is nothing that exists today"))
            .at(origin, "no declared workload and no address outside the cluster")
            .note("Paths lead through what the manifests declare; nodes, and pods on their nodes' network, are left out.")
            .help("name a workload of the manifests; about pods that could exist ask `netverify query \"can ... reach ...\"`")
    })
}

fn found(matrix: &mut Matrix<'_>, wanted: &Wanted, plan: &mut Plan) -> Option<crate::matrix::paths::Paths> {
    let found = matrix.paths(wanted);
    if found.is_err() {
        let message = format!("the workloads have more than {MAX_FLOWS} flows among them");
        let fault = Diagnostic::error(Code::LimitExceeded, message);
        plan.diagnostics
            .push(fault.help("leave out manifests that play no part, or name the network plugin with --plugin"));
    }
    found.ok()
}
