//! The binary of the command line `logweir`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(logweir::cli::run(std::env::args_os()))
}
