//! The program: see [`bedload::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(bedload::cli::main() as u8)
}
