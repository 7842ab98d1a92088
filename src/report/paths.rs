//! Chains of flows in words: each step with what lets it pass.
//!
//! [`report`] makes the words; [`render`] lays them out as text, and `json` writes them as they are.

use serde::Serialize;

use super::BlameReport;
use super::build::Words;
use super::matrix::{MatrixHead, RangesReport};
use super::text::{self, GREEN, RED, Style};
use super::words::counted;
use crate::describe;
use crate::eval::trace::{PeersTrace, PolicyTrace, RuleTrace, Side};
use crate::eval::{self, Trace};
use crate::matrix::Matrix;
use crate::matrix::paths::{Paths, Step};
use crate::model::claim::PortSet;
use crate::model::options::Options;
use crate::model::policy::{Direction, Peers};
use crate::model::workload::Cluster;
use crate::outcome::Part;
use crate::plain;
use crate::source::SourceMap;

/// The version of the JSON form.
pub const SCHEMA: &str = "netverify-paths/1";

/// The paths from one endpoint to another.
#[derive(Clone, Debug, Serialize)]
pub struct PathsReport {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of netverify.
    pub netverify: &'static str,
    /// Where the paths begin, as it was written.
    pub from: String,
    /// Where they end, as it was written.
    pub to: String,
    /// The network plugin.
    pub plugin: &'static str,
    /// The paths, the shortest first.
    pub paths: Vec<PathReport>,
    /// Whether there are more than are shown.
    pub more: bool,
    /// What is taken for granted and left out, in words.
    pub assumptions: Vec<String>,
}

/// One path.
#[derive(Clone, Debug, Serialize)]
pub struct PathReport {
    /// Its steps, at least one.
    pub steps: Vec<StepReport>,
}

/// One step of a path.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// From which end, as the matrix calls it.
    pub from: String,
    /// To which end.
    pub to: String,
    /// Every port on which something passes.
    pub allowed: Vec<RangesReport>,
    /// The same for a person.
    pub words: String,
    /// The port that the rest is about, as `TCP/8000`.
    pub example: String,
    /// Whether it hangs on an address that no manifest says.
    pub if_address: bool,
    /// Why the source's side lets it out.
    pub leaves: String,
    /// Why the destination's side lets it in.
    pub enters: String,
    /// The rules that admit it.
    pub because: Vec<BlameReport>,
}

/// What was looked for and where.
pub struct Looked<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The texts that it was read from.
    pub sources: &'a SourceMap,
    /// Where the paths begin, as it was written.
    pub from: &'a str,
    /// Where they end, as it was written.
    pub to: &'a str,
    /// The ports of the last step.
    pub ports: &'a PortSet,
    /// The plugin's choices.
    pub options: Options,
    /// The ends and what is taken for granted.
    pub head: MatrixHead,
}

/// The paths in words.
#[must_use]
pub fn report(matrix: &mut Matrix<'_>, looked: Looked<'_>, found: &Paths) -> PathsReport {
    let words = Words { cluster: looked.cluster, sources: looked.sources };
    let mut paths = Vec::new();
    for path in &found.paths {
        let last = path.len().saturating_sub(1);
        let every = PortSet::default();
        let steps = path.iter().enumerate().filter_map(|(at, step)| {
            let ports = if at == last { looked.ports } else { &every };
            self::step(&words, matrix, &looked, (*step, ports))
        });
        paths.push(PathReport { steps: steps.collect() });
    }
    PathsReport {
        schema: SCHEMA,
        netverify: env!("CARGO_PKG_VERSION"),
        from: looked.from.to_owned(),
        to: looked.to.to_owned(),
        plugin: looked.head.plugin,
        paths,
        more: found.more,
        assumptions: looked.head.assumptions,
    }
}

fn step(
    words: &Words<'_>,
    matrix: &mut Matrix<'_>,
    looked: &Looked<'_>,
    (step, ports): (Step, &PortSet),
) -> Option<StepReport> {
    let (protocol, port) = matrix.port(step, ports)?;
    let flow = matrix.example(step.from, step.to, protocol, port)?;
    let (_, trace) = eval::verdict(words.cluster, &looked.options, &flow);
    let name = |end: usize| looked.head.ends.get(end).map(|end| end.name.clone()).unwrap_or_default();
    let cell = super::matrix::cell(&matrix.cell(step.cell));
    let hangs = |one: &RangesReport| {
        one.protocol == protocol && one.ports.iter().any(|[first, last]| (first..=last).contains(&&port))
    };
    Some(StepReport {
        from: name(step.from),
        to: name(step.to),
        if_address: cell.if_address.iter().any(hangs),
        allowed: cell.allowed,
        words: cell.words,
        example: format!("{protocol}/{port}"),
        leaves: words.side(Direction::Egress, &trace.egress, &flow.source),
        enters: words.side(Direction::Ingress, &trace.ingress, &flow.destination),
        because: because(words, &trace),
    })
}

/// The rules that admit the flow, the first of each policy.
fn because(words: &Words<'_>, trace: &Trace) -> Vec<BlameReport> {
    let sides = [(Direction::Egress, &trace.egress), (Direction::Ingress, &trace.ingress)];
    let of_side = |(direction, side): (Direction, &Side)| -> Vec<BlameReport> {
        side.policies().iter().filter_map(|policy| admission(words, direction, policy)).collect()
    };
    sides.into_iter().flat_map(of_side).collect()
}

fn admission(words: &Words<'_>, direction: Direction, trace: &PolicyTrace) -> Option<BlameReport> {
    let policy = words.cluster.policies.get(trace.policy)?;
    let at = trace.rules.iter().position(RuleTrace::matches)?;
    let (rule, reasons) = (policy.rules(direction)?.get(at)?, trace.rules.get(at)?);
    let peer = match (&rule.peers, &reasons.peers) {
        (Peers::AnyOf(peers), PeersTrace::Matched(matched)) => {
            matched.first().and_then(|peer| Some((*peer, peers.get(*peer)?)))
        }
        _ => None,
    };
    let (path, origin, who) = match peer {
        Some((number, peer)) => {
            let key = describe::peers_key(direction);
            (format!("{direction}[{at}].{key}[{number}]"), peer.origin, describe::peer(policy, peer))
        }
        None => (format!("{direction}[{at}]"), rule.origin, "anything".to_owned()),
    };
    Some(BlameReport {
        policy: policy.full_name(),
        direction,
        part: Part::Admits,
        path,
        at: words.place(origin),
        text: format!("admits {who}, {}", describe::ports(rule)),
    })
}

/// The paths as text.
#[must_use]
pub fn render(report: &PathsReport, style: Style) -> String {
    let (from, to) = (&report.from, &report.to);
    let mut text = match report.paths.len() {
        0 => format!("no path: {from} -> {to}\n"),
        count => {
            let more = if report.more { " (there may be more: --max says how many are looked for)" } else { "" };
            format!("{}: {from} -> {to}, the shortest first{more}\n", counted(count, "path", "paths"))
        }
    };
    for (at, path) in report.paths.iter().enumerate() {
        text += &format!("\npath {}, {}\n", at + 1, counted(path.steps.len(), "step", "steps"));
        text.extend(path.steps.iter().map(step_lines));
    }
    text.push('\n');
    text.extend(report.assumptions.iter().map(|assumption| format!("assumes: {assumption}\n")));
    let colour = if report.paths.is_empty() { GREEN } else { RED };
    text::coloured(&plain::lines(&text), colour, style)
}

fn step_lines(step: &StepReport) -> String {
    let mut text = format!("  {} -> {}  {}\n", step.from, step.to, step.words);
    if step.if_address {
        text += &format!("    on {}, if an address that no manifest says lies in an ipBlock\n", step.example);
    }
    text += &side(step, Direction::Egress);
    text += &side(step, Direction::Ingress);
    text
}

/// Why one side lets it pass: the rules that do, or why none is needed.
fn side(step: &StepReport, direction: Direction) -> String {
    let (name, otherwise) = match direction {
        Direction::Egress => ("leaves", &step.leaves),
        Direction::Ingress => ("enters", &step.enters),
    };
    let of_side = step.because.iter().filter(|blame| blame.direction == direction);
    let line = |blame: &BlameReport| {
        let at = &blame.at.position;
        format!("    {name}: {} {} ({}:{}) {}\n", blame.policy, blame.path, at.file, at.line, blame.text)
    };
    let lines: String = of_side.map(line).collect();
    if lines.is_empty() { format!("    {name}: {otherwise}\n") } else { lines }
}
