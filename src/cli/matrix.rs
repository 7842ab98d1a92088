//! `netverify matrix`: who reaches whom among the declared workloads.

use std::io::{BufWriter, Write as _};

use clap::{Args, ValueEnum};

use super::scene::{self, Scenery};
use super::shared::{self, Input};
use super::{ExitCode, Streams, write};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::Error;
use crate::eval::claim::contains;
use crate::language::{self, Target};
use crate::matrix::{Asked, Matrix};
use crate::model::claim::{Endpoint, PortSet};
use crate::plan::Plan;
use crate::report::matrix::{self as report, Cells, Ground, MatrixHead, Shown, picture};
use crate::source::{Origin, SourceMap, Span};

/// What the user typed after `matrix`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A spec file, for its manifests, world and endpoints; -m alone does as well
    #[arg(value_name = "SPEC")]
    spec: Option<String>,

    #[command(flatten)]
    scene: scene::Choice,

    #[command(flatten)]
    input: Input,

    /// How to write the matrix
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Only what leaves or enters this workload, or these pods: an endpoint as in a sentence; may be given several times
    #[arg(long, value_name = "ENDPOINT")]
    focus: Vec<String>,

    /// With --focus, only what enters it (ingress) or only what leaves it (egress)
    #[arg(long, value_enum, requires = "focus")]
    direction: Option<Way>,

    /// Only these ports, as in a sentence: 6333,8000-8100,53/UDP,http
    #[arg(long, value_name = "PORTS")]
    ports: Option<String>,
}

/// The formats of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person at a terminal
    Text,
    /// For programs; versioned
    Json,
    /// For spreadsheets: a line a pair and protocol
    Csv,
    /// A graph for Graphviz
    Dot,
    /// A drawing
    Svg,
    /// A flowchart for Markdown that renders Mermaid
    Mermaid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Way {
    Ingress,
    Egress,
}

/// How many arrows a graph may have: Graphviz takes minutes for more, and Mermaid refuses more by itself.
const MAX_ARROWS: [(Format, usize); 2] = [(Format::Dot, 2_000), (Format::Mermaid, 500)];

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let mut sources = SourceMap::default();
    let (mut plan, scenery) = scene::read(&arguments.scene, arguments.spec.as_deref(), &arguments.input, &mut sources);
    let filters = scenery.as_ref().and_then(|scenery| filters(arguments, scenery, &mut plan, &mut sources));
    let (Some(scenery), Some(filters), false) = (scenery, filters, plan.has_errors()) else {
        shared::diagnose(&plan.diagnostics, &sources, streams, "shown")?;
        return Ok(ExitCode::Fault);
    };
    let asked = Asked {
        cluster: &scenery.cluster,
        options: scenery.world.options().most,
        external: scenery.world.external,
        ports: filters.ports,
        told_ports: PortSet::default(),
        told_apart: filters.focus.iter().flat_map(scene::blocks).collect(),
    };
    let matrix = scene::matrix(asked, &mut plan.diagnostics);
    shared::diagnose(&plan.diagnostics, &sources, streams, "shown")?;
    let Some(mut matrix) = matrix else { return Ok(ExitCode::Fault) };
    let shown = shown(&scenery, &matrix, &filters.focus, arguments.direction);
    let mut assumptions = scenery.assumptions(&matrix);
    assumptions.extend(filtered(arguments));
    let ground =
        Ground { cluster: &scenery.cluster, sources: &sources, plugin: scenery.world.plugin.name(), assumptions };
    let head = report::head(ground, &matrix);
    let mut cells = Cells::new(&mut matrix, shown);
    render(arguments.format, &head, &mut cells, streams)
}

/// What is left out because somebody asked for it.
fn filtered(arguments: &Arguments) -> Vec<String> {
    let way = match arguments.direction {
        None => "leaves or enters",
        Some(Way::Ingress) => "enters",
        Some(Way::Egress) => "leaves",
    };
    let focus =
        (!arguments.focus.is_empty()).then(|| format!("only what {way} {} is shown", arguments.focus.join(", ")));
    let ports = arguments.ports.as_ref().map(|ports| format!("only the ports {ports} are shown"));
    focus.into_iter().chain(ports).collect()
}

/// What is wanted, with its names looked up.
struct Filters {
    focus: Vec<Endpoint>,
    ports: PortSet,
}

/// `None` where something is at fault.
fn filters(arguments: &Arguments, scenery: &Scenery, plan: &mut Plan, sources: &mut SourceMap) -> Option<Filters> {
    let mut look_up = |name: &str, text: &str, parse: &scene::Parser| {
        let origin = Origin { file: sources.add_argument(name, text), span: Span::new(0, text.len()) };
        scenery.target(text, origin, parse, &mut plan.diagnostics)
    };
    let end = |text: &str, origin| -> Result<Vec<Target>, Box<Diagnostic>> {
        let endpoint = language::parse_endpoint(text, origin)?;
        Ok(vec![Target { endpoint, ports: Vec::new() }])
    };
    let ports = |text: &str, origin| -> Result<Vec<Target>, Box<Diagnostic>> {
        let endpoint = language::EndpointExpr { kind: language::EndpointKind::Anything, origin };
        Ok(vec![Target { endpoint, ports: language::parse_ports(text, origin)? }])
    };
    let focus: Vec<_> = arguments.focus.iter().map(|text| look_up("--focus", text, &end)).collect();
    let ports = match &arguments.ports {
        Some(text) => look_up("--ports", text, &ports).map(|target| target.ports),
        None => Some(PortSet::default()),
    };
    let focus = focus.into_iter().map(|target| target.map(|target| target.endpoint)).collect::<Option<_>>();
    Some(Filters { focus: focus?, ports: ports? })
}

fn shown(scenery: &Scenery, matrix: &Matrix<'_>, focus: &[Endpoint], direction: Option<Way>) -> Shown {
    let is_meant = |at: usize| {
        let end = matrix.representative(at);
        end.is_some_and(|end| focus.iter().any(|endpoint| contains(&scenery.cluster, endpoint, &end)))
    };
    Shown {
        focus: (!focus.is_empty()).then(|| (0..matrix.ends().len()).map(is_meant).collect()),
        only_into: direction == Some(Way::Ingress),
        only_out: direction == Some(Way::Egress),
    }
}

fn render(
    format: Format,
    head: &MatrixHead,
    cells: &mut Cells<'_, '_>,
    streams: &mut Streams<'_>,
) -> Result<ExitCode, Error> {
    if let Format::Json | Format::Csv = format {
        let mut out = BufWriter::with_capacity(1 << 16, &mut streams.out);
        let written = if format == Format::Json {
            report::json(head, cells, &mut out)
        } else {
            report::csv(head, cells, &mut out)
        };
        return done(written.and_then(|()| out.flush()));
    }
    let picture = picture::of(head, cells);
    if let Some(fault) = too_large(format, &picture) {
        shared::diagnose(&[fault], &SourceMap::default(), streams, "shown")?;
        return Ok(ExitCode::Fault);
    }
    let text = match format {
        Format::Dot => report::dot(&picture),
        Format::Svg => report::svg(&picture),
        Format::Mermaid => report::mermaid(&picture),
        Format::Text | Format::Json | Format::Csv => report::text(&picture, streams.out_style()),
    };
    if format != Format::Text
        && let Some(workloads) = picture.folded
    {
        let note = format!(
            "note: {workloads} workloads are too many to show one by one: shown by namespace; --focus NAME shows one of them\n"
        );
        write(streams.err, "standard error", &note)?;
    }
    write(streams.out, "standard output", &text)?;
    Ok(ExitCode::Proved)
}

/// A reader that has gone away wants no more: that is no error.
fn done(written: std::io::Result<()>) -> Result<ExitCode, Error> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::Write { path: "standard output".into(), source: error })
        }
        _ => Ok(ExitCode::Proved),
    }
}

/// A drawing that nobody could read.
fn too_large(format: Format, picture: &picture::Picture) -> Option<Diagnostic> {
    let (arrows, nodes) = (picture.edges.len(), picture.nodes.len());
    let most = MAX_ARROWS.into_iter().find(|(of, _)| *of == format).map(|(_, most)| most);
    let message = match most {
        Some(most) if arrows > most => format!("{arrows} arrows are too many for this format, which takes {most}"),
        _ if format == Format::Svg && nodes > 2 * picture::MAX_WORKLOADS => {
            format!("{nodes} rows are too many for a drawing, which takes {}", 2 * picture::MAX_WORKLOADS)
        }
        _ => return None,
    };
    let fault = Diagnostic::error(Code::LimitExceeded, message);
    Some(fault.help("show a part: `--focus NAME`, `--ports PORTS`; `--format json` and `--format csv` take all"))
}
