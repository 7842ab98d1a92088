//! The `netverify` program: hands the arguments to the library and turns the answer into an exit code.

use std::process::ExitCode;

use netverify::cli::{self, Streams};

/// Where memory comes from; on glibc that of Z3 too (see `Cargo.toml`).
#[cfg(target_os = "linux")]
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let (out_colour, err_colour) = (cli::colour(&out), cli::colour(&err));
    let (width, err_terminal) = (cli::width(), cli::is_attended());
    let mut streams = Streams { out: &mut out, err: &mut err, out_colour, err_colour, width, err_terminal };
    let code = cli::run(&arguments, &mut streams).unwrap_or_else(|error| cli::failed(&error, &mut streams));
    // Leaves without taking Z3 down piece by piece: the system takes it all back at once.
    std::process::exit(code as i32)
}
