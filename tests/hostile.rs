//! Input that was made to break a reader: it ends soon, in bounded memory, with a message of bounded
//! length that says what to do. `docs/hostile-input.md` is the table of what is tried here.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops at the first surprise"
)]

#[path = "hostile/files.rs"]
mod files;
#[path = "hostile/limits.rs"]
mod limits;
#[path = "hostile/output.rs"]
mod output;
#[path = "hostile/solver.rs"]
mod solver;
#[path = "hostile/texts.rs"]
mod texts;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use netverify::plain;
use tempfile::TempDir;

/// How long anything may take, in a debug build on a busy machine. In a release build it is seconds:
/// see the measurements in the documentation.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much address space the program gets, in KiB.
const MEMORY: u64 = 4 * 1024 * 1024;
/// The most that any run here may print, in bytes.
const WORDS: usize = 200_000;

/// A policy that most cases vary.
const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {podSelector: {}}\n";

/// A folder, and the program run in it under limits on time and memory.
struct Here {
    folder: TempDir,
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Here {
    fn new() -> Here {
        Here { folder: tempfile::tempdir().unwrap() }
    }

    fn with(name: &str, content: impl AsRef<[u8]>) -> Here {
        let here = Here::new();
        here.write(name, content);
        here
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, Stdio::null())
    }

    /// Asks a question over manifests that should be at fault.
    fn ask(&self, manifests: &str) -> Ran {
        self.run(&["query", "can external reach pods in shop", "-m", manifests])
    }

    /// Runs with its output in a file, for what is long by right.
    fn run_quietly(&self, arguments: &[&str], out: &mut File) -> i32 {
        let mut child = self.command(arguments).stdin(Stdio::null()).stdout(out.try_clone().unwrap()).spawn().unwrap();
        finish(&mut child, arguments)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let limited = format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command
            .args(["-c", &limited, env!("CARGO_BIN_EXE_netverify")])
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("COLUMNS")
            .env_remove("CLICOLOR_FORCE");
        command
    }

    fn run_with(&self, arguments: &[&str], input: impl Into<Stdio>) -> Ran {
        let mut child =
            self.command(arguments).stdin(input.into()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = drain(child.stdout.take().unwrap());
        let err = drain(child.stderr.take().unwrap());
        let code = finish(&mut child, arguments);
        let ran = Ran { code, out: out.join().unwrap(), err: err.join().unwrap() };
        assert!(ran.out.len() + ran.err.len() < WORDS, "{} bytes are printed", ran.out.len() + ran.err.len());
        ran
    }
}

fn drain(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        from.read_to_end(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    })
}

fn finish(child: &mut Child, arguments: &[&str]) -> i32 {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or_else(|| panic!("{arguments:?} was killed: {status}"));
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{arguments:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Ran {
    /// The input was refused, in words that steer no terminal, and nothing was answered.
    fn refused(&self, words: &str) {
        assert_eq!(self.code, 2, "{}{}", self.out, self.err);
        assert_eq!(self.out, "");
        self.says(words);
    }

    fn says(&self, words: &str) {
        assert!(self.err.contains(words) || self.out.contains(words), "no {words:?} in\n{}{}", self.out, self.err);
        self.steers_nothing();
    }

    fn steers_nothing(&self) {
        let bad = |c: &char| plain::steers(*c) && *c != '\n';
        let found: Vec<char> = self.out.chars().chain(self.err.chars()).filter(bad).collect();
        assert!(found.is_empty(), "{found:?} would reach the terminal:\n{:?}\n{:?}", self.out, self.err);
    }

    /// The input was read, and the question answered.
    fn answered(&self) {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
    }
}
