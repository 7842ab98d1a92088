//! `prove --watch`: a run, then another whenever a file that it looked at changes.
//!
//! Reports go to standard output as ever. What is said between them goes to standard error, so that a pipe gets reports
//! alone.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{ExitCode, Streams, interrupt, write};
use crate::cache::Cache;
use crate::diagnostic::{Code, Diagnostic};
use crate::error::Error;
use crate::manifest::{Memory, Stamps};
use crate::plain;
use crate::prove::Interrupt;

/// How often files are looked at, unless looking itself takes long.
const PACE: Duration = Duration::from_millis(200);
/// How long a burst of changes may go on before it is acted upon.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many changed files are named.
const NAMED: usize = 3;

/// What one run came to.
pub(super) struct Ran {
    /// How it ends.
    pub(super) code: ExitCode,
    /// The paths that it looked at.
    pub(super) paths: Vec<String>,
}

/// What the runs have in common.
pub(super) struct Watch {
    interrupt: Interrupt,
    cache: Cache,
    memory: Memory,
}

impl Watch {
    /// The wish to end, which outlives a run.
    pub(super) fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// The files as earlier runs read them.
    pub(super) fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// The answers of earlier runs.
    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }
}

/// What can be read only once cannot be read again when it changes.
pub(super) fn unwatchable(paths: &[String]) -> Option<Diagnostic> {
    paths
        .iter()
        .any(|path| path.ends_with('-') && PathBuf::from(path).file_name().is_some_and(|name| name == "-"))
        .then(|| {
            Diagnostic::error(Code::Usage, "standard input (`-`) cannot be watched")
                .help("name files or folders, or leave --watch out")
        })
}

/// Runs, waits for a change, and runs again, until an interruption; the exit code is that of the last run. `given` are the paths of the
/// command line, `outputs` the files that the runs write.
///
/// # Errors
/// Those of the runs.
pub(super) fn run(
    given: Vec<String>,
    outputs: &[PathBuf],
    once: &mut dyn FnMut(&Watch, &mut Streams<'_>) -> Result<Ran, Error>,
    streams: &mut Streams<'_>,
) -> Result<ExitCode, Error> {
    let watch = Watch { interrupt: interrupt::on_signals(), cache: Cache::in_memory(), memory: Memory::new() };
    let mut paths = given;
    let seen = |paths: &[String]| stamps(paths, outputs);
    loop {
        // Looked at before it is read, so that what changes meanwhile is not missed.
        let (start, mut before) = (SystemTime::now(), seen(&paths));
        let ran = once(&watch, streams)?;
        if unwatchable(&ran.paths).is_some() {
            return Ok(ran.code);
        }
        let new: Vec<String> = ran.paths.into_iter().filter(|path| !paths.contains(path)).collect();
        if !new.is_empty() {
            // Only the run has told of these, and they may have changed while it went on.
            paths.extend(new);
            before = seen(&paths);
            before.forget_since(start);
        }
        say(streams, &format!("watching {}; Ctrl-C ends", counted(seen(&paths).len())))?;
        let Some(changed) = change(&watch, &before, &|| seen(&paths)) else { return Ok(ran.code) };
        say(streams, &format!("\n{} UTC: {changed}", time_of_day()))?;
    }
}

fn stamps(paths: &[String], outputs: &[PathBuf]) -> Stamps {
    let mut stamps = Stamps::of(paths);
    outputs.iter().for_each(|output| stamps.forget(output));
    stamps
}

/// Waits until something has changed and then stayed as it is for a moment; `None` where the run is to end.
fn change(watch: &Watch, before: &Stamps, seen: &dyn Fn() -> Stamps) -> Option<String> {
    let mut last = before.clone();
    let mut since: Option<Instant> = None;
    while !watch.interrupt.is_set() {
        let looking = Instant::now();
        let now = seen();
        // Many files take a while to look at: most of the time is left to others.
        thread::sleep(PACE.max(looking.elapsed() * 5));
        let is_settled = now == last || since.is_some_and(|since| since.elapsed() > PATIENCE);
        match now == *before {
            true => since = None,
            false if is_settled => return Some(words(&now, before)),
            false => since = since.or(Some(looking)),
        }
        last = now;
    }
    None
}

fn words(now: &Stamps, before: &Stamps) -> String {
    let changed: Vec<String> = now.changed(before).iter().map(|path| path.display().to_string()).collect();
    let named: Vec<_> = changed.iter().take(NAMED).map(|name| plain::message(name)).collect();
    match changed.len().saturating_sub(NAMED) {
        0 => format!("{} changed", named.join(", ")),
        more => format!("{} and {more} more changed", named.join(", ")),
    }
}

fn say(streams: &mut Streams<'_>, text: &str) -> Result<(), Error> {
    write(streams.err, "standard error", &format!("{text}\n"))
}

fn counted(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}

/// `14:03:07`. The zone of the machine is not known here.
fn time_of_day() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs()) % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
