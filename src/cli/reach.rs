//! `netverify who-can-reach` and `what-can-be-reached-from`: everything that passes, as a short list of classes.

use std::collections::BTreeMap;

use clap::Args;

use super::shared::{self, Format, Input, Limit, Output};
use super::{ExitCode, Streams, interrupt, write};
use crate::classes::{self, Asked, List, Stop};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::Error;
use crate::language::{self, Names};
use crate::model::claim::{Endpoint, FlowSet, PortSet};
use crate::model::plugin::Plugin;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::plan;
use crate::report;
use crate::source::{Origin, SourceMap, Span};
use crate::symbolic;

/// What the user typed after `who-can-reach` or `what-can-be-reached-from`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A workload, "pods with app=web in shop", "service NAMESPACE/NAME", "external" or a block; a destination may
    /// have ports, as in vector-db:6333
    #[arg(value_name = "ENDPOINT")]
    end: String,

    #[command(flatten)]
    input: Input,

    /// The network plugin; by default the list holds what any plugin may let pass
    #[arg(long, value_name = "NAME", default_value = "any", value_parser = shared::plugins())]
    plugin: Plugin,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    limit: Limit,
}

/// Runs either subcommand.
pub(super) fn run(arguments: &Arguments, asked: Asked, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let prover = arguments.limit.prover(1)?.with_interrupt(interrupt::on_signals());
    let (mut sources, mut diagnostics) = (SourceMap::default(), Vec::new());
    let needed = "this needs manifests: the policies that say what passes";
    let cluster = arguments.input.cluster(needed, &mut sources, &mut diagnostics);
    let flows = cluster.as_ref().and_then(|cluster| flows(arguments, asked, cluster, &mut sources, &mut diagnostics));
    shared::diagnose(&diagnostics, &sources, streams, "listed")?;
    let (Some(cluster), Some(flows)) = (cluster, flows) else { return Ok(ExitCode::Fault) };
    let world = World { plugin: arguments.plugin, ..World::default() };
    let list = match classes::list(&prover, &cluster, &world, &flows, asked) {
        Ok(list) => list.unwrap_or_else(|| List { classes: Vec::new(), beyond: None }),
        Err(stop) => return stopped(stop, streams),
    };
    let question = report::classes::Question { cluster: &cluster, sources: &sources, end: &arguments.end, asked };
    let assumptions = plan::assumptions_of(&[&cluster], &world);
    let report = report::classes::reach(&question, &list, assumptions, symbolic::z3_version());
    let rendered = match arguments.output.format {
        Format::Json => report::json::render(&report),
        Format::Text => report::classes::text::render(&report, streams.out_style()),
    };
    write(streams.out, "standard output", &rendered)?;
    Ok(ExitCode::Proved)
}

/// The flows that are asked about; `None` where the text has a fault.
fn flows(
    arguments: &Arguments,
    asked: Asked,
    cluster: &Cluster,
    sources: &mut SourceMap,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<FlowSet> {
    let text = arguments.end.as_str();
    let origin = Origin { file: sources.add_argument("ENDPOINT", text), span: Span::new(0, text.len()) };
    let names = Names { cluster, endpoints: &BTreeMap::new(), sets: None };
    let target = language::parse_end(text, origin).map_err(|fault| diagnostics.push(fault)).ok()?;
    let ports = target.ports.first().map(|port| port.origin);
    let resolved = language::resolve_target(&target, &names).map_err(|faults| diagnostics.extend(faults)).ok()?;
    diagnostics.extend(resolved.warnings);
    if names_nodes(&resolved.endpoint) {
        diagnostics.push(no_nodes(origin));
        return None;
    }
    match (asked, ports) {
        (Asked::Sources, _) => Some(FlowSet::new(Endpoint::Anything, resolved.endpoint, resolved.ports)),
        (Asked::Destinations, None) => Some(FlowSet::new(resolved.endpoint, Endpoint::Anything, PortSet::default())),
        (Asked::Destinations, Some(at)) => {
            let fault = Diagnostic::error(Code::SentenceSyntax, "ports do not belong to the source")
                .at(at, "a port of the source")
                .help("leave it out: the list says which ports of each destination can be reached");
            diagnostics.push(fault);
            None
        }
    }
}

fn names_nodes(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Node(_) => true,
        Endpoint::Union(parts) => parts.iter().any(names_nodes),
        Endpoint::Except(whole, gone) => names_nodes(whole) || names_nodes(gone),
        Endpoint::Anything
        | Endpoint::Pods { .. }
        | Endpoint::Workload(_)
        | Endpoint::External(_)
        | Endpoint::Within(_) => false,
    }
}

fn no_nodes(origin: Origin) -> Diagnostic {
    Diagnostic::error(Code::SentenceSyntax, "nodes are no ends of such a list")
        .at(origin, "a node")
        .note("Policies do not speak about nodes, and a pod's own node always reaches it (R31).")
        .help("ask about single flows with `netverify query`, in a spec with `nodes = true`")
}

/// Says why there is no list.
pub(super) fn stopped(stop: Stop, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let (text, code) = match stop {
        Stop::Failed(error) => return Err(error),
        Stop::Undecided(reason) => (format!("unknown: {reason}\n"), ExitCode::Unknown),
        Stop::Disagreement(disagreement) => (bug(&format!("{:?}", disagreement.case)), ExitCode::Disagreement),
        Stop::Unconfirmed(what) => (bug(&what), ExitCode::Disagreement),
    };
    write(streams.err, "standard error", &text)?;
    Ok(code)
}

fn bug(what: &str) -> String {
    let what = crate::plain::line(what).into_owned();
    format!(
        "error[disagreement]: the solver does not confirm the list\n  {what}\n  This is a bug in netverify, and no answer. \
        Please report it with this text and the manifests.\n"
    )
}
