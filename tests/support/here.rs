//! The program run in a folder of its own: files in, exit code and streams out.
//!
//! A test crate takes it in with `#[path = "support/here.rs"] mod here;`.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// 2026-11-25, noon.
pub const TODAY: &str = "1795608000";

pub struct Here {
    folder: TempDir,
}

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Here {
    pub fn with(files: &[(&str, &str)]) -> Here {
        let here = Here { folder: tempfile::tempdir().unwrap() };
        for (name, text) in files {
            std::fs::create_dir_all(here.path(name).parent().unwrap()).unwrap();
            std::fs::write(here.path(name), text).unwrap();
        }
        here
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(arguments);
        command.current_dir(self.folder.path()).env("SOURCE_DATE_EPOCH", TODAY);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).output().unwrap())
    }
}

/// The program, run from the top of the project unless told otherwise, under no environment of ours.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netverify"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    for name in ["COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "SOURCE_DATE_EPOCH"] {
        command.env_remove(name);
    }
    command
}

pub fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}
