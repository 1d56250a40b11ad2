//! `bpfasm`: arguments, one library call, output.

mod args;
mod compile;
mod fail;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use fail::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::Build(args) => compile::build(args),
        Command::Check(args) => compile::check(args),
        Command::Expand(args) => compile::expand(args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
