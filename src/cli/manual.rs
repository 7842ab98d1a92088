//! `netverify completions` and `netverify man`: the command line, for shells and for `man`.

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{ExitCode, Streams, write};
use crate::error::Error;
use crate::plain;

/// What the user typed after `completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// What the user typed after `man`.
#[derive(Debug, Args)]
pub(super) struct Manual {
    /// The command that the page is about; without it netverify as a whole
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Writes the completions of a shell.
pub(super) fn completions(
    mut program: Command,
    arguments: &Completions,
    streams: &mut Streams<'_>,
) -> Result<ExitCode, Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut program, "netverify", &mut script);
    write(streams.out, "standard output", &String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Proved)
}

/// Writes a page of the manual, in roff.
pub(super) fn manual(mut program: Command, arguments: &Manual, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    program.build();
    let page = match &arguments.command {
        None => program,
        Some(name) => match program.find_subcommand(name) {
            Some(command) => command.clone(),
            None => return unknown(&program, name, streams),
        },
    };
    let mut roff = Vec::new();
    // Writing to memory does not fail.
    let _ = Man::new(page).render(&mut roff);
    write(streams.out, "standard output", &String::from_utf8_lossy(&roff))?;
    Ok(ExitCode::Proved)
}

fn unknown(program: &Command, name: &str, streams: &mut Streams<'_>) -> Result<ExitCode, Error> {
    let names: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
    let text =
        format!("error: there is no command `{}`\n\nThe commands are {}.\n", plain::line(name), names.join(", "));
    write(streams.err, "standard error", &text)?;
    Ok(ExitCode::Fault)
}
