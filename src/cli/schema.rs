//! `netverify schema`: what programs and editors need to read and check what netverify writes and reads.

use clap::{Args, ValueEnum};

use super::{ExitCode, Streams, write};
use crate::error::Error;
use crate::{report, spec};

/// What the user typed after `schema`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Of what
    #[arg(value_enum, value_name = "WHAT")]
    what: What,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// The JSON report of `prove`
    Report,
    /// The JSON of `who-can-reach` and `what-can-be-reached-from`
    Reach,
    /// The JSON of `diff`
    Diff,
    /// The JSON report of `lint`
    Lint,
    /// A spec file, for editors that complete and check TOML
    Spec,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let schema = match arguments.what {
        What::Report => report::json::schema::<report::Report>("netverify report"),
        What::Reach => report::json::schema::<report::classes::ReachReport>("netverify reach"),
        What::Diff => report::json::schema::<report::diff::DiffReport>("netverify diff"),
        What::Lint => report::json::schema::<report::lint::LintReport>("netverify findings"),
        What::Spec => spec::schema::schema(),
    };
    write(streams.out, "standard output", &report::json::render(&schema))?;
    Ok(ExitCode::Proved)
}
