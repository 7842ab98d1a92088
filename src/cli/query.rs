//! `netverify query`: one question, answered by proving or refuting the sentence behind it.

use clap::Args;

use super::dump::Dump;
use super::shared::{self, Format, Input, Limit, Output};
use super::{ExitCode, Streams, interrupt, vacuous, write};
use crate::error::Error;
use crate::eval::{self, Trace};
use crate::language::Yes;
use crate::manifest::Memory;
use crate::model::claim::Claim;
use crate::model::net::Flow;
use crate::outcome::{Case, Outcome};
use crate::plan::{Inputs, Item, Plan};
use crate::property;
use crate::prove::{Job, Prover};
use crate::report::{self, query::Found};
use crate::source::SourceMap;
use crate::symbolic;

/// What the user typed after `query`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The question: "can S reach T", "is every pod in NAMESPACE isolated for ingress", "is policy A subsumed by policy B", "do policies X permit no more than policies Y"
    #[arg(value_name = "QUESTION")]
    question: String,

    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    limit: Limit,

    #[command(flatten)]
    dump: Dump,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let prover = arguments.limit.prover(1)?;
    let mut sources = SourceMap::default();
    let mut plan = Plan::read(&inputs(arguments), &mut sources);
    let prover = prover.with_interrupt(interrupt::on_signals());
    let answers = if plan.has_errors() { Vec::new() } else { arguments.dump.prove(&prover, &plan)? };
    let outcome = answers.first().map(|answered| &answered.outcome);
    // A question about nothing has no answer.
    plan.diagnostics.extend(vacuous::faults(&plan, &answers, |_| "the question is about nothing".to_owned()));
    shared::diagnose(&plan.diagnostics, &sources, streams, "answered")?;
    let (false, Some(item), Some(outcome)) = (plan.has_errors(), plan.items.first(), outcome) else {
        return Ok(ExitCode::Fault);
    };
    let found = Found { item, outcome, denied: denied(&prover, &plan, item, outcome)? };
    let report = report::query::answer(&plan, &sources, &found, symbolic::z3_version());
    let rendered = match arguments.output.format {
        Format::Json => report::json::render(&report),
        Format::Text => report::query::render(&report, streams.out_style()),
    };
    write(streams.out, "standard output", &rendered)?;
    Ok(exit_code(outcome))
}

fn inputs(arguments: &Arguments) -> Inputs {
    Inputs {
        question: Some(arguments.question.clone()),
        manifests: arguments.input.manifests.clone(),
        settings: arguments.input.settings(),
        memory: Memory::default(),
        ..Inputs::default()
    }
}

/// Where the answer is that no flow passes, one of them: the case against "every such flow passes".
fn denied(prover: &Prover, plan: &Plan, item: &Item, outcome: &Outcome) -> Result<Option<(Flow, Trace)>, Error> {
    let (Claim::NoneCanReach(flows), Outcome::Proved(_), Yes::Refuted) = (&item.claim, outcome, item.yes) else {
        return Ok(None);
    };
    let claim = Claim::EveryCanReach(flows.clone());
    let jobs: Vec<_> = plan.jobs().into_iter().map(|job| Job { claim: &claim, ..job }).collect();
    let Some(world) = jobs.first().map(|job| job.world) else { return Ok(None) };
    let answers = prover.prove(&jobs)?;
    let Some(Outcome::Refuted(refutation)) = answers.into_iter().next().map(|answered| answered.outcome) else {
        return Ok(None);
    };
    let Some(Case::Flow { flow, .. }) = refutation.counterexample.map(|case| case.case) else { return Ok(None) };
    // Found under the strictest plugin; what is shown is why even the most permissive one denies it.
    let plugins = property::plugins(plan.cluster(item), world, &item.claim);
    let (_, trace) = eval::verdict(plan.cluster(item), &plugins.first().copied().unwrap_or_default(), &flow);
    Ok(Some((*flow, trace)))
}

fn exit_code(outcome: &Outcome) -> ExitCode {
    match outcome {
        Outcome::Proved(_) | Outcome::Refuted(_) => ExitCode::Proved,
        Outcome::Unknown(_) | Outcome::Vacuous => ExitCode::Unknown,
        Outcome::Disagreement(_) => ExitCode::Disagreement,
    }
}
