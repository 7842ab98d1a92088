//! The security review: one document that an auditor files and a manager reads the first page of.
//!
//! [`Review`] is plain, serialisable data and holds every word that is ever shown; `crate::review` computes it.
//! [`html`] and [`markdown`] lay it out and compute nothing but where a box stands. Text is as the user wrote it: each format
//! escapes it.

pub mod html;
pub mod markdown;
mod page;
mod svg;

use serde::Serialize;

/// The version of the data behind the pages.
pub const SCHEMA: &str = "netverify-review/1";

/// Everything that a review says.
#[derive(Clone, Debug, Serialize)]
pub struct Review {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What is reviewed: the titles of the specs.
    pub title: String,
    /// The version of netverify.
    pub netverify: &'static str,
    /// The version of Z3.
    pub z3: String,
    /// The day of the run, in UTC.
    pub date: String,
    /// The verdict on the first screen.
    pub verdict: Verdict,
    /// What every verdict takes for granted, each with what it is about.
    pub assumptions: Vec<Note>,
    /// The SHA-256 of the list of [`Review::inputs`], as `sha256sum` writes it.
    pub digest: String,
    /// Every file that was read.
    pub inputs: Vec<Input>,
    /// The waivers and what becomes of them.
    pub waivers: Vec<Waiver>,
    /// One entry a property and variant, in the order of the specs.
    pub properties: Vec<Property>,
    /// Who can reach what matters most.
    pub reach: Reach,
    /// Every policy.
    pub policies: Vec<Policy>,
    /// Whether the spec would notice a change of a rule.
    pub coverage: Coverage,
    /// One map a variant.
    pub maps: Vec<Map>,
}

/// The verdict in words and numbers.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// `bad`, `open` (something is undecided or waived) or `good`.
    pub tone: &'static str,
    /// One sentence.
    pub headline: String,
    /// What there is to add, a sentence each.
    pub sentences: Vec<String>,
    /// By severity, the worst first.
    pub by_severity: Vec<Counts>,
    /// By variant; empty where there are none.
    pub by_variant: Vec<Counts>,
    /// All together.
    pub total: Counts,
    /// The properties that are refuted and not waived: the most severe first, those that fail today before others.
    pub worst: Vec<Worst>,
}

/// How many properties came out how.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Counts {
    /// The severity or variant.
    pub name: String,
    /// Proved.
    pub proved: usize,
    /// Refuted by what is declared, and not waived.
    pub today: usize,
    /// Refuted by what somebody could create, and not waived.
    pub possible: usize,
    /// Refuted, and accepted by a waiver.
    pub waived: usize,
    /// Not decided, or a disagreement of the two semantics.
    pub unknown: usize,
    /// All of them.
    pub all: usize,
}

/// One line of the list of what is refuted: a property over all variants that one kind of case refutes.
#[derive(Clone, Debug, Serialize)]
pub struct Worst {
    /// The property.
    pub name: String,
    /// Its severity.
    pub severity: &'static str,
    /// Its sentence.
    pub sentence: String,
    /// Where it is refuted: one entry a variant.
    pub places: Vec<Anchor>,
    /// What shows it, in words.
    pub words: String,
    /// Whether what is declared shows it.
    pub today: bool,
}

/// A part of the document to go to.
#[derive(Clone, Debug, Serialize)]
pub struct Anchor {
    /// The anchor.
    pub id: String,
    /// What the link says.
    pub words: String,
}

/// A file that was read.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    /// Its name, as the user wrote it.
    pub name: String,
    /// Its size.
    pub bytes: usize,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Whether it is one of the specs.
    pub is_spec: bool,
}

/// A waiver.
#[derive(Clone, Debug, Serialize)]
pub struct Waiver {
    /// The property's anchor.
    pub id: String,
    /// The property, and its variant.
    pub property: String,
    /// What becomes of the waiver, why and until when.
    pub words: String,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Line {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
}

/// One property over one variant.
#[derive(Clone, Debug, Serialize)]
pub struct Property {
    /// Its anchor.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The variant; absent where the spec has none.
    pub variant: Option<String>,
    /// Its sentence.
    pub sentence: String,
    /// Where the sentence is written.
    pub at: Option<Line>,
    /// How bad a refutation is.
    pub severity: &'static str,
    /// Why it matters, as its author put it.
    pub why: Option<String>,
    /// `proved`, `refuted`, `waived`, `unknown` or `disagreement`.
    pub standing: &'static str,
    /// The same with what it means today: `refuted today`.
    pub outcome: &'static str,
    /// What there is to say, each with what it is about.
    pub notes: Vec<Note>,
    /// The flow that shows it; absent where there is none.
    pub diagram: Option<Diagram>,
    /// The lines at fault.
    pub blames: Vec<Excerpt>,
    /// What shows the case in a cluster: Kubernetes YAML of what somebody would have to create.
    pub yaml: Option<String>,
    /// A command that tries the flow.
    pub command: Option<String>,
    /// What would make it hold, in words.
    pub closes: Vec<String>,
    /// The policies that the proof uses, with their lines.
    pub rests_on: Vec<Rest>,
    /// What else there is to say of a proof.
    pub proof: Vec<String>,
    /// The policies each of which could be taken away with the property still proved; absent where that was not examined.
    pub removable: Option<Vec<String>>,
}

/// Something to say, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is about: `today`, `only if`.
    pub about: String,
    /// What is said.
    pub words: String,
}

/// A flow and what its two sides do with it.
#[derive(Clone, Debug, Serialize)]
pub struct Diagram {
    /// The source, the egress gate, the ingress gate and the destination.
    pub stations: Vec<Station>,
    /// The protocol and port: `TCP 6333`.
    pub ports: String,
    /// The same in one sentence.
    pub words: String,
}

/// One station of a flow.
#[derive(Clone, Debug, Serialize)]
pub struct Station {
    /// What it is: `Source`, `Egress gate`.
    pub role: &'static str,
    /// `end`, `open`, `shut` or `beyond`, where a flow does not come this far.
    pub state: &'static str,
    /// What it is or does, in words.
    pub words: String,
}

/// A policy that a proof rests on.
#[derive(Clone, Debug, Serialize)]
pub struct Rest {
    /// `namespace/name`.
    pub policy: String,
    /// What it contributes: `isolates for ingress`.
    pub does: String,
    /// Where it is written.
    pub at: Line,
    /// Its lines.
    pub excerpt: Option<Excerpt>,
}

/// Some lines of a file.
#[derive(Clone, Debug, Serialize)]
pub struct Excerpt {
    /// What the lines belong to, and what they do.
    pub title: String,
    /// The first of the marked lines.
    pub at: Line,
    /// The lines.
    pub lines: Vec<SourceLine>,
    /// The same as one text: the marked lines begin with `>`.
    pub text: String,
    /// How many lines are left out behind them.
    pub more: usize,
}

/// One line of a file.
#[derive(Clone, Debug, Serialize)]
pub struct SourceLine {
    /// Its number.
    pub number: u32,
    /// Its text, safe to print, without the line feed.
    pub text: String,
    /// Whether it is at fault.
    pub marked: bool,
}

/// Who can reach what matters most.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Reach {
    /// One entry an endpoint and variant.
    pub endpoints: Vec<ReachOf>,
    /// How many endpoints were left out, for there are too many.
    pub left_out: usize,
}

/// Who can reach one endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct ReachOf {
    /// The endpoint in words.
    pub endpoint: String,
    /// The variants for which this is the list.
    pub variants: Vec<String>,
    /// The properties that name it.
    pub properties: Vec<String>,
    /// The classes; together exactly what can reach it.
    pub classes: Vec<Class>,
    /// Why there is no list; absent where there is one.
    pub missing: Option<String>,
    /// A flow beyond the list that some network plugins let pass.
    pub beyond: Option<String>,
}

/// A class of flows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Class {
    /// From where, with exceptions.
    pub from: String,
    /// To where.
    pub to: String,
    /// On which ports.
    pub ports: String,
    /// The rules that let it pass, with their lines; or that nothing isolates.
    pub by: Vec<String>,
    /// The declared workloads among the sources.
    pub today: Vec<String>,
}

/// A policy.
#[derive(Clone, Debug, Serialize)]
pub struct Policy {
    /// Its anchor.
    pub id: String,
    /// `namespace/name`.
    pub name: String,
    /// Where it is written.
    pub at: Line,
    /// What it says, a sentence a direction.
    pub reading: Vec<String>,
    /// The declared workloads that it selects.
    pub selects: Vec<String>,
    /// The variants that have it; empty where the spec has none.
    pub variants: Vec<String>,
    /// The properties whose proof uses it, or that fail without it.
    pub properties: Vec<String>,
    /// Findings about it.
    pub findings: Vec<Finding>,
}

/// Something found about a policy that no property asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its code.
    pub code: String,
    /// What was found.
    pub words: String,
    /// Where.
    pub at: Line,
}

/// Whether some property would notice a change.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Coverage {
    /// The changes that were tried, of every policy, rule and peer; the first of them where there are very many.
    pub changes: Vec<Change>,
    /// How many were tried.
    pub tried: usize,
    /// How many of them are noticed.
    pub noticed: usize,
    /// The share, in whole percent; absent where nothing was tried.
    pub percent: Option<usize>,
    /// How many changes were not tried, for the questions were used up.
    pub untried: usize,
    /// For how many changes that nothing notices no sentence was found before the questions were used up.
    pub cut_short: usize,
    /// The most questions that were to be asked.
    pub limit: usize,
    /// How many were.
    pub questions: usize,
}

/// A change of a policy, and what notices it.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The policy, as `namespace/name`.
    pub policy: String,
    /// What is changed: `ingress[0].from[1]`, or the policy.
    pub path: String,
    /// `removed` or `widened`.
    pub how: &'static str,
    /// The same in words.
    pub words: String,
    /// Where.
    pub at: Line,
    /// The properties that would be refuted; empty where the change goes unnoticed.
    pub noticed_by: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// A sentence that holds now and would not after the change; only where nothing notices it.
    pub suggestion: Option<String>,
    /// Whether there may be such a sentence all the same, for the questions were used up.
    pub cut_short: bool,
}

/// The declared workloads and what the policies let pass between them.
#[derive(Clone, Debug, Serialize)]
pub struct Map {
    /// The variant; absent where the spec has none.
    pub variant: Option<String>,
    /// Groups of places, from the top to the bottom.
    pub groups: Vec<Group>,
    /// What is drawn.
    pub arrows: Vec<Arrow>,
    /// Every connection that a rule lets pass, for the table.
    pub rows: Vec<Row>,
    /// Connections that are allowed because no policy isolates either end: counted, not drawn.
    pub default_open: usize,
    /// How many rows are left out, for there are too many.
    pub left_out: usize,
    /// What is to be known about it, a sentence each.
    pub notes: Vec<String>,
    /// The picture in words, for whoever does not see it.
    pub words: String,
}

/// Places that belong together: a namespace, the world outside, DNS.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// The name of the group.
    pub name: String,
    /// `namespace`, `external`, `dns` or `possible`.
    pub kind: &'static str,
    /// The places, each by its number among all.
    pub places: Vec<Place>,
}

/// A place on the map.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    /// Its number, by which arrows name it.
    pub number: usize,
    /// Its name.
    pub name: String,
    /// What else there is to say: `3 workloads`.
    pub detail: String,
}

/// Connections from one place to another.
#[derive(Clone, Debug, Serialize)]
pub struct Arrow {
    /// The number of the place where they begin.
    pub from: usize,
    /// The number of the place where they end.
    pub to: usize,
    /// The name of the latter.
    pub name: String,
    /// The ports, or how many connections.
    pub label: String,
    /// The refuted property that the arrow shows; absent where it shows none.
    pub refutes: Option<String>,
    /// Whether the connection is one that should pass and does not.
    pub missing: bool,
}

/// A line of the table under the map.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// On which ports.
    pub ports: String,
    /// What else there is to say: the refuted property that it shows.
    pub remark: String,
}
