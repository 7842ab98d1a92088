//! `netverify who-can-reach` and `what-can-be-reached-from`: everything that passes, as a short list of classes.

use std::collections::BTreeMap;

use clap::Args;

use super::shared::{self, Format, Input, Limit, Output};
use super::{ExitCode, Streams, interrupt, vacuous, write};
use crate::classes::{self, Asked, NoList, Stop};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::Error;
use crate::language::{self, Names};
use crate::model::claim::{Claim, Endpoint, FlowSet, PortSet};
use crate::model::plugin::Plugin;
use crate::model::workload::Cluster;
use crate::model::world::World;
use crate::plan;
use crate::report;
use crate::source::{Origin, SourceMap, Span};
use crate::symbolic;
use crate::vacuity::{self, Reason};

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
    let text = arguments.end.as_str();
    let origin = Origin { file: sources.add_argument("ENDPOINT", text), span: Span::new(0, text.len()) };
    let flows = cluster.as_ref().and_then(|cluster| flows(text, origin, asked, cluster, &mut diagnostics));
    shared::diagnose(&diagnostics, &sources, streams, "listed")?;
    let (Some(cluster), Some(flows)) = (cluster, flows) else { return Ok(ExitCode::Fault) };
    let world = World { plugin: arguments.plugin, ..World::default() };
    let list = match classes::list(&prover, &cluster, &world, &flows, asked) {
        Ok(list) => list,
        Err(NoList::Stopped(stop)) => return stopped(stop, streams),
        Err(no_list) => {
            let fault = fault(&no_list, &cluster, &world, flows, origin);
            shared::diagnose(&[fault], &sources, streams, "listed")?;
            return Ok(ExitCode::Fault);
        }
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
    text: &str,
    origin: Origin,
    asked: Asked,
    cluster: &Cluster,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<FlowSet> {
    let names = Names { cluster, endpoints: &BTreeMap::new(), sets: None };
    let target = language::parse_end(text, origin).map_err(|fault| diagnostics.push(fault)).ok()?;
    let ports = target.ports.first().map(|port| port.origin);
    let resolved = language::resolve_target(&target, &names).map_err(|faults| diagnostics.extend(faults)).ok()?;
    diagnostics.extend(resolved.warnings);
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

/// What to do where a list leaves out what was meant.
const WITH_NODES: &str = "lists leave nodes out: say it as a sentence in a spec with `nodes = true`, and prove it";

/// Why there is no list of what the text says.
fn fault(no_list: &NoList, cluster: &Cluster, world: &World, flows: FlowSet, origin: Origin) -> Diagnostic {
    if matches!(no_list, NoList::Nodes) {
        return Diagnostic::error(Code::SentenceSyntax, "nodes are no ends of such a list")
            .at(origin, "a node")
            .note("Policies do not speak about nodes, and a pod's own node always reaches it (R31).")
            .help(WITH_NODES);
    }
    let nothing = Diagnostic::error(Code::Vacuous, "the list would be about nothing")
        .at(origin, "no pod or address that could exist is meant by this");
    // The world of a list is not for the user to set.
    let reason = vacuity::reason(cluster, world, &Claim::NoneCanReach(flows));
    let reason = reason.map(|reason| Reason { help: reason.help.map(|_| WITH_NODES.to_owned()), ..reason });
    vacuous::because(nothing, reason)
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
