//! One line that says how far a long run is, for somebody who waits at a terminal.
//!
//! It is written by a thread of its own, only after a second, and wiped before anything else is written. Where nobody waits
//! there is no thread.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a run may take in silence.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is written again.
const PACE: Duration = Duration::from_millis(200);
/// Back to the start of the line, and all of it gone.
const WIPE: &str = "\r\u{1b}[K";

/// The line, while there is one.
pub(super) struct Progress {
    state: Arc<State>,
    shown: Option<Shown>,
}

#[derive(Default)]
struct State {
    decided: Arc<AtomicUsize>,
    /// How many properties there are; 0 while that is not known.
    all: AtomicUsize,
}

struct Shown {
    /// Dropped to end the thread.
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// Begins a run; `is_attended` says whether somebody waits for it.
    pub(super) fn start(is_attended: bool) -> Progress {
        let state = Arc::new(State::default());
        let shown = is_attended.then(|| show(Arc::clone(&state))).flatten();
        Progress { state, shown }
    }

    /// What counts the properties that are decided.
    pub(super) fn decided(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.state.decided)
    }

    /// All is read, and so many properties are to be decided.
    pub(super) fn proving(&self, all: usize) {
        self.state.all.store(all, Ordering::Relaxed);
    }

    /// Ends the line and wipes it: others may write now.
    pub(super) fn end(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        if let Some(Shown { stop, thread }) = self.shown.take() {
            drop(stop);
            let _the_line_is_all_it_had = thread.join();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Where the system gives no thread there is no line.
fn show(state: Arc<State>) -> Option<Shown> {
    let (stop, stopped) = mpsc::channel();
    let work = move || {
        let start = Instant::now();
        let mut wait = PATIENCE;
        let mut is_written = false;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            put(&format!("{WIPE}{}", line(&state, start.elapsed())));
            (wait, is_written) = (PACE, true);
        }
        if is_written {
            put(WIPE);
        }
    };
    let thread = thread::Builder::new().name("progress".to_owned()).spawn(work).ok()?;
    Some(Shown { stop, thread })
}

/// A terminal that has gone away needs no line.
fn put(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

fn line(state: &State, elapsed: Duration) -> String {
    let (decided, all) = (state.decided.load(Ordering::Relaxed), state.all.load(Ordering::Relaxed));
    let seconds = elapsed.as_secs();
    match all {
        0 if decided == 0 => format!("reading, {seconds} s"),
        // `init` does not know how many there will be.
        0 => format!("trying statements: {decided} decided, {seconds} s"),
        1 => format!("proving 1 property, {seconds} s"),
        all => format!("proving: {} of {all} properties decided, {seconds} s", decided.min(all)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_the_run_is() {
        let state = State::default();
        let line = |seconds| line(&state, Duration::from_secs(seconds));
        assert_eq!(line(1), "reading, 1 s");
        state.decided.store(3, Ordering::Relaxed);
        assert_eq!(line(2), "trying statements: 3 decided, 2 s");
        state.all.store(12, Ordering::Relaxed);
        state.decided.store(7, Ordering::Relaxed);
        assert_eq!(line(3), "proving: 7 of 12 properties decided, 3 s");
    }

    #[test]
    fn where_nobody_waits_there_is_no_thread() {
        let progress = Progress::start(false);
        assert!(progress.shown.is_none());
        progress.proving(3);
        progress.end();
        let shown = Progress::start(true);
        assert!(shown.shown.is_some());
        shown.end();
    }
}
