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
    /// The JSON report of `lint`
    Lint,
    /// A spec file, for editors that complete and check TOML
    Spec,
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let schema = match arguments.what {
        What::Report => report::json::schema(),
        What::Lint => report::json::lint_schema(),
        What::Spec => spec::schema::schema(),
    };
    write(streams.out, "standard output", &report::json::render(&schema))?;
    Ok(ExitCode::Proved)
}
