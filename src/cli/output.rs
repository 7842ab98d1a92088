//! Where a report goes, and in which formats.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Streams, file, write};
use crate::diagnostic::{Code, Diagnostic};
use crate::error::Error;
use crate::report::text::{Detail, Style};
use crate::source::{SourceFile, SourceMap};

/// Formats and files.
#[derive(Debug, Args)]
pub(super) struct Outputs {
    /// How to write the report to standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Write the report to a file as well, in a format of its own; may be given several times
    #[arg(short, long = "output", value_name = "FORMAT=FILE", value_parser = file_output::<Format>)]
    outputs: Vec<Output<Format>>,

    /// Only the summary and what is not proved
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Say more: why each property matters, how long it took, which kinds of object were not read
    #[arg(short, long)]
    pub(super) verbose: bool,
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a person at a terminal
    Text,
    /// For programs; versioned
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For test reports: JUnit XML
    Junit,
    /// For the log of GitHub Actions: an annotation on each line at fault
    Github,
    /// For a comment on a pull request
    Markdown,
}

/// One file to write.
#[derive(Clone, Debug)]
pub(super) struct Output<F> {
    pub(super) format: F,
    pub(super) path: PathBuf,
}

/// Other names of the standard streams.
const STREAMS: [&str; 7] =
    ["-", "/dev/stdout", "/dev/stderr", "/dev/fd/1", "/dev/fd/2", "/proc/self/fd/1", "/proc/self/fd/2"];

/// `FORMAT=FILE` as the command line has it.
pub(super) fn file_output<F: ValueEnum>(text: &str) -> Result<Output<F>, String> {
    let Some((name, path)) = text.split_once('=') else {
        return Err("write FORMAT=FILE, such as sarif=netverify.sarif".to_owned());
    };
    let format = F::from_str(name, false).map_err(|_| {
        let names: Vec<_> = F::value_variants()
            .iter()
            .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("there is no format `{name}`; the formats are {}", names.join(", "))
    })?;
    match path {
        "" => Err(format!("name a file after `{name}=`")),
        path if STREAMS.contains(&path) => {
            Err(format!("standard output takes one report, that of --format; write `--format {name}`"))
        }
        path => Ok(Output { format, path: path.into() }),
    }
}

impl Outputs {
    /// Whether every file could be written.
    ///
    /// # Errors
    /// [`Error::Write`] for the first that could not.
    pub(super) fn check(&self) -> Result<(), Error> {
        check(&self.outputs)
    }

    /// The files that are written.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.outputs.iter().map(|output| output.path.clone()).collect()
    }

    /// Two outputs of one file, and outputs in the place of an input.
    pub(super) fn faults(&self, sources: &SourceMap) -> Vec<Diagnostic> {
        faults(&self.outputs, sources)
    }

    /// Writes the report wherever it is to go; `render` lays it out.
    ///
    /// # Errors
    /// [`Error::Write`] where a file or standard output cannot be written.
    pub(super) fn write(
        &self,
        render: &dyn Fn(Format, Style, Detail) -> String,
        streams: &mut Streams<'_>,
    ) -> Result<(), Error> {
        let plain = Style { colour: false, width: streams.width };
        let document = |output: &Output<Format>| (output.path.clone(), render(output.format, plain, self.detail()));
        file::write_all(&self.outputs.iter().map(document).collect::<Vec<_>>())?;
        let text = render(self.format, streams.out_style(), self.detail());
        write(streams.out, "standard output", &text)
    }

    fn detail(&self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (false, true) => Detail::Verbose,
            (false, false) => Detail::Usual,
        }
    }
}

/// Whether every file could be written.
///
/// # Errors
/// [`Error::Write`] for the first that could not.
pub(super) fn check<F>(outputs: &[Output<F>]) -> Result<(), Error> {
    outputs.iter().try_for_each(|output| file::check(&output.path))
}

/// Two outputs of one file, and outputs in the place of an input.
pub(super) fn faults<F>(outputs: &[Output<F>], sources: &SourceMap) -> Vec<Diagnostic> {
    if outputs.is_empty() {
        return Vec::new();
    }
    let inputs = sources.files().filter(|one| one.is_file());
    let inputs: Vec<PathBuf> = inputs.map(|one| file::identity(Path::new(SourceFile::name(one)))).collect();
    let mut taken: Vec<PathBuf> = Vec::new();
    let mut faults = Vec::new();
    for output in outputs {
        let (place, name) = (file::identity(&output.path), output.path.display());
        if taken.contains(&place) {
            faults.push(Diagnostic::error(Code::Usage, format!("two outputs would be written to {name}")));
        } else if inputs.contains(&place) {
            faults.push(Diagnostic::error(Code::Usage, format!("the output {name} is a file that is read")));
        }
        taken.push(place);
    }
    faults.into_iter().map(|fault| fault.help("name another file")).collect()
}
