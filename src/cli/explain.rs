//! `netverify explain`: one concrete flow through both sides.

use clap::Args;

use super::shared::{self, Format, Input, Output};
use super::{ExitCode, Streams, write};
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::explain::{self, Asked, Text};
use crate::model::workload::Cluster;
use crate::report::{self, explain::explanation};
use crate::source::{Origin, SourceMap, Span};

/// What the user typed after `explain`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Where the flow begins: a workload, "pods with app=web in shop", or an address
    #[arg(value_name = "FROM")]
    from: String,

    /// Where it ends and its port: a workload, "pods with ...", "service NAMESPACE/NAME" or an address, then
    /// :6333, :53/UDP or :http
    #[arg(value_name = "TO:PORT")]
    to: String,

    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    output: Output,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let (mut sources, mut diagnostics) = (SourceMap::default(), Vec::new());
    let cluster =
        arguments.input.cluster("explain needs manifests to look the flow up in", &mut sources, &mut diagnostics);
    let asked = match cluster.as_ref().map(|cluster| asked(arguments, cluster, &mut sources)) {
        Some(Ok(asked)) => {
            diagnostics.extend(asked.warnings.iter().cloned());
            Some(asked)
        }
        Some(Err(faults)) => {
            diagnostics.extend(faults);
            None
        }
        None => None,
    };
    shared::diagnose(&diagnostics, &sources, streams, "explained")?;
    let (Some(cluster), Some(asked)) = (cluster, asked) else { return Ok(ExitCode::Fault) };
    let explained = explain::explain(&cluster, &asked);
    let report = explanation(&cluster, &sources, &explained);
    let rendered = match arguments.output.format {
        Format::Json => report::json::render(&report),
        Format::Text => report::explain::text::render(&report, streams.out_style()),
    };
    write(streams.out, "standard output", &rendered)?;
    Ok(ExitCode::Proved)
}

fn asked(arguments: &Arguments, cluster: &Cluster, sources: &mut SourceMap) -> Result<Asked, Vec<Diagnostic>> {
    let mut text =
        |name: &str, text: &str| Origin { file: sources.add_argument(name, text), span: Span::new(0, text.len()) };
    let from = Text { origin: text("FROM", &arguments.from), text: &arguments.from };
    let to = Text { origin: text("TO", &arguments.to), text: &arguments.to };
    explain::read(cluster, from, to)
}
