//! The findings of `lint`, as every format lays them out.
//!
//! [`report`] computes all that is ever said; `text`, `github` and `sarif` only lay it out, and `json`
//! writes it as it is. Findings that several variants of a spec share are told once.

pub mod github;
pub mod sarif;
pub mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::build::Words;
use super::{CaseReport, Place};
use crate::eval;
use crate::finding::{Code, Evidence, Fact, Finding, Severity, Shown};
use crate::lint::Linted;
use crate::model::net::Flow;
use crate::model::options::IpBlockMatches;
use crate::outcome::{Case, Counterexample};
use crate::plan::{Ground, Plan};
use crate::source::{Origin, SourceMap, Span};

/// The version of the JSON form.
pub const SCHEMA: &str = "netverify-lint/1";

/// Everything that was found in one run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LintReport {
    /// The version of this form.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// The version of netverify.
    pub netverify: &'static str,
    /// The version of Z3.
    pub z3: String,
    /// How many findings there are.
    pub summary: LintSummary,
    /// What every finding takes for granted, in words.
    pub assumptions: Vec<String>,
    /// Limits that were met, in words: what was not looked for because of them.
    pub limits: Vec<String>,
    /// What was asked and not decided within the limits of time and memory, in words.
    pub undecided: Vec<String>,
    /// What the two semantics disagree about, in words: bugs in netverify, and no findings.
    pub disagreements: Vec<String>,
    /// The findings, in the order of the files.
    pub findings: Vec<FindingReport>,
}

/// How many findings there are.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LintSummary {
    /// By severity; severities without a finding are left out.
    pub severities: BTreeMap<&'static str, usize>,
    /// Findings that are allowed, and not shown, by their codes.
    pub allowed: BTreeMap<&'static str, usize>,
    /// From which severity on a finding fails the run.
    pub fail_on: Severity,
    /// How many do.
    pub failing: usize,
    /// Different policies over all variants.
    pub policies: usize,
    /// Wall-clock time of the whole run, in milliseconds.
    pub elapsed_ms: u64,
}

/// One finding.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FindingReport {
    /// Its code; `docs/codes.md` has a heading for each.
    pub code: &'static str,
    /// What findings of this code are, in one line.
    pub title: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The policy, as `namespace/name`, or what else it is about.
    pub about: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The spec; absent for manifests of the command line.
    pub spec: Option<String>,
    /// The variants in which it was found; empty where the spec has none.
    pub variants: Vec<String>,
    /// The lines, those at fault first.
    pub lines: Vec<LineReport>,
    /// `text`: the manifests show it. `examined`: all declared objects were gone through. `proved`: so for every
    /// pod that could exist. `shown`: by the case.
    #[schemars(extend("enum" = ["text", "examined", "proved", "shown"]))]
    pub evidence: &'static str,
    /// A pod or flow that shows it.
    pub case: Option<Box<CaseReport>>,
    /// What the case shows, in words.
    pub shows: Option<String>,
    /// Why it matters.
    pub notes: Vec<String>,
    /// What to do next.
    pub help: Vec<String>,
    /// What to write instead, as YAML.
    pub yaml: Option<String>,
}

/// Lines of a manifest.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LineReport {
    /// Where.
    pub at: Place,
    /// What they do, in a few words; may be empty.
    pub text: String,
}

/// What the command line says of findings.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Codes that are allowed everywhere.
    pub allow: BTreeSet<Code>,
    /// From which severity on a finding fails the run.
    pub fail_on: Severity,
}

/// The report of a run: what was found in each ground of the plan, in order.
#[must_use]
pub fn report(
    plan: &Plan,
    sources: &SourceMap,
    linted: &[Linted],
    gate: &Gate,
    z3: String,
    elapsed: Duration,
) -> LintReport {
    let mut gathered = Gathered::default();
    for (ground, linted) in plan.grounds.iter().zip(linted) {
        gathered.take(plan, sources, gate, ground, linted);
    }
    let severities = counted(gathered.findings.iter().map(|finding| finding.severity.name()));
    let failing = gathered.findings.iter().filter(|finding| finding.severity >= gate.fail_on).count();
    LintReport {
        schema: SCHEMA,
        netverify: env!("CARGO_PKG_VERSION"),
        z3,
        summary: LintSummary {
            severities,
            allowed: counted(gathered.allowed.iter().map(|(code, ..)| code.name())),
            fail_on: gate.fail_on,
            failing,
            policies: policies(plan, sources),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        },
        assumptions: plan.assumptions(),
        limits: unique(linted.iter().flat_map(|one| &one.limits)),
        undecided: unique(linted.iter().flat_map(|one| &one.undecided)),
        disagreements: unique(linted.iter().flat_map(|one| &one.disagreements)),
        findings: gathered.findings,
    }
}

fn policies(plan: &Plan, sources: &SourceMap) -> usize {
    let all = plan.clusters.iter().flat_map(|cluster| &cluster.policies);
    all.map(|policy| spot(sources, policy.origin)).collect::<BTreeSet<_>>().len()
}

fn spot(sources: &SourceMap, origin: Origin) -> (String, Span) {
    (sources.name(origin.file).to_owned(), origin.span)
}

fn counted<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    names.for_each(|name| *counts.entry(name).or_default() += 1);
    counts
}

fn unique<'a>(words: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    words.filter(|words| seen.insert(*words)).cloned().collect()
}

/// What makes two findings one: the spec, the code, the words and the place.
type Key = (Option<String>, Code, String, Spot);

/// A place by the name of its file, which several variants may read anew.
type Spot = Option<(String, Span)>;

/// Findings of all variants, each told once.
#[derive(Default)]
struct Gathered {
    findings: Vec<FindingReport>,
    at: BTreeMap<Key, usize>,
    allowed: BTreeSet<Allowed>,
}

/// A finding that is allowed: its code, words and place.
type Allowed = (Code, String, Spot);

impl Gathered {
    fn take(&mut self, plan: &Plan, sources: &SourceMap, gate: &Gate, ground: &Ground, linted: &Linted) {
        let words = Words { cluster: plan.cluster_of(ground), sources };
        for finding in &linted.findings {
            let place = finding.marks.first().map(|mark| spot(sources, mark.origin));
            if gate.allow.contains(&finding.code) || ground.allow.contains(&finding.code) {
                self.allowed.insert((finding.code, finding.message.clone(), place));
                continue;
            }
            let key = (ground.spec.clone(), finding.code, finding.message.clone(), place);
            match self.at.get(&key).and_then(|at| self.findings.get_mut(*at)) {
                Some(known) => known.variants.extend(ground.variant.clone()),
                None => {
                    self.at.insert(key, self.findings.len());
                    self.findings.push(words.finding(ground, finding));
                }
            }
        }
    }
}

impl Words<'_> {
    fn finding(&self, ground: &Ground, finding: &Finding) -> FindingReport {
        let shown = match &finding.evidence {
            Evidence::Shown(shown) => Some(shown.as_ref()),
            Evidence::Text | Evidence::Examined | Evidence::Proved => None,
        };
        let line = |mark: &crate::finding::Mark| LineReport { at: self.place(mark.origin), text: mark.text.clone() };
        FindingReport {
            code: finding.code.name(),
            title: finding.code.title(),
            severity: finding.severity,
            about: finding.about.clone(),
            message: finding.message.clone(),
            spec: ground.spec.clone(),
            variants: ground.variant.iter().cloned().collect(),
            lines: finding.marks.iter().map(line).collect(),
            evidence: evidence(&finding.evidence),
            case: shown.map(|shown| Box::new(self.case_of(shown))),
            shows: shown.map(|shown| self.shows(shown)),
            notes: finding.notes.clone(),
            help: finding.help.clone(),
            yaml: finding.yaml.clone(),
        }
    }

    fn case_of(&self, shown: &Shown) -> CaseReport {
        let flow = &shown.flow;
        let exists = |end: &crate::model::net::End| end.pod().is_none_or(|pod| pod.workload.is_some());
        let is_pod = shown.fact.is_about_a_pod();
        let case = match (flow.destination.pod(), is_pod) {
            (Some(pod), true) => Case::Open { pod: Box::new(pod.clone()), directions: Vec::new() },
            _ => self.flow_case(shown, flow),
        };
        let today = exists(&flow.destination) && (is_pod || exists(&flow.source));
        let needs = shown.needs.clone();
        let case = self.case(&Counterexample { case, today, further: Vec::new(), needs, blames: Vec::new() });
        let does = if is_pod { "is such a pod" } else { "could open this" };
        let ends: Vec<_> = if is_pod { vec![&flow.destination] } else { vec![&flow.source, &flow.destination] };
        let today_words = self.today(&ends, &[], does);
        if is_pod { CaseReport { enters: None, today_words, ..case } } else { case }
    }

    fn flow_case(&self, shown: &Shown, flow: &Flow) -> Case {
        let (_, trace) = eval::verdict(self.cluster, &shown.options, flow);
        Case::Flow { flow: Box::new(flow.clone()), trace }
    }

    /// What is true of the case, in words.
    fn shows(&self, shown: &Shown) -> String {
        let name = |policy: &usize| self.cluster.policies.get(*policy).map_or("", |policy| policy.name.as_str());
        match &shown.fact {
            Fact::Allowed => "it passes".to_owned(),
            Fact::Denied => "it does not pass".to_owned(),
            Fact::Open(direction) => format!("no policy isolates it for {direction}"),
            Fact::IsolatedOnlyBy(policy, direction) => {
                format!("{} isolates it for {direction}, and no other policy does", name(policy))
            }
            Fact::Admitted(policy, direction) => format!("{} admits it for {direction}", name(policy)),
            Fact::NotAdmitted(policy, direction) => format!("{} does not admit it for {direction}", name(policy)),
            Fact::AdmittedOnlyAsWritten { policy, direction, .. } => {
                format!("{} admits it for {direction}; as one item it would not, and nothing else does", name(policy))
            }
            Fact::PluginDecides { policy, other, .. } => {
                let otherwise = match other.ipblock_matches {
                    IpBlockMatches::All => "under another",
                    IpBlockMatches::External | IpBlockMatches::ExternalAndNodes => {
                        "where blocks mean addresses outside the cluster alone"
                    }
                };
                format!(
                    "{} admits it where the network plugin matches blocks against every address, and not {otherwise}",
                    name(policy)
                )
            }
        }
    }
}

fn evidence(evidence: &Evidence) -> &'static str {
    match evidence {
        Evidence::Text => "text",
        Evidence::Examined => "examined",
        Evidence::Proved => "proved",
        Evidence::Shown(_) => "shown",
    }
}

/// What there is to say of a finding beside its lines, and what each is about. Shared by the formats.
fn notes(finding: &FindingReport) -> Vec<super::words::Note> {
    let mut notes = Vec::new();
    if let Some(case) = &finding.case {
        let head = if case.source.is_some() { "flow" } else { "pod" };
        notes.push((head, super::words::unjudged(case)));
        notes.push(("today", case.today_words.clone()));
        notes.extend(finding.shows.iter().map(|words| ("shows", words.clone())));
        notes.extend(case.needs.iter().map(|need| ("only if", need.clone())));
    }
    notes.extend((finding.evidence == "proved").then(|| ("proved", "for every pod that could exist".to_owned())));
    notes.extend(finding.notes.iter().map(|note| ("why", note.clone())));
    if !finding.variants.is_empty() {
        notes.push(("variants", finding.variants.join(", ")));
    }
    notes
}

/// "high: 1, medium: 2", the worst first; "no findings" where there are none.
fn counts(summary: &LintSummary) -> String {
    let count = |severity: &Severity| {
        let number = summary.severities.get(severity.name())?;
        Some(format!("{}: {number}", severity.name()))
    };
    let words: Vec<_> = Severity::ALL.iter().rev().filter_map(count).collect();
    let mut text = if words.is_empty() { "no findings".to_owned() } else { words.join(", ") };
    let allowed: usize = summary.allowed.values().sum();
    if allowed > 0 {
        let codes: Vec<_> = summary.allowed.keys().copied().collect();
        text += &format!(", allowed: {allowed} ({})", codes.join(", "));
    }
    text
}
