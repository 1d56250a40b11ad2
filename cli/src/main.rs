//! `bpfasm`: arguments, one library call, output.

// The minimal build has only what loads and attaches objects, and a command line and messages of its own.
#[cfg_attr(not(feature = "full"), path = "minimal/args.rs")]
mod args;
#[cfg_attr(not(feature = "full"), path = "minimal/calls.rs")]
mod calls;
#[cfg_attr(not(feature = "full"), path = "minimal/compile.rs")]
mod compile;
#[cfg_attr(not(feature = "full"), path = "minimal/messages.rs")]
mod messages;

mod attach;
mod fail;
mod file;
mod load;
mod out;
mod reject;
mod run;
mod session;
mod show;

#[cfg(feature = "full")]
mod btf;
#[cfg(feature = "full")]
mod compare;
#[cfg(feature = "full")]
mod diff;
#[cfg(feature = "full")]
mod disasm;
#[cfg(feature = "full")]
mod disk;
#[cfg(feature = "full")]
mod doc;
#[cfg(feature = "full")]
mod doctor;
#[cfg(feature = "full")]
mod dump;
#[cfg(feature = "full")]
mod explain;
#[cfg(feature = "full")]
mod fmt;
#[cfg(feature = "full")]
mod input;
#[cfg(feature = "full")]
mod steps;
#[cfg(feature = "full")]
mod stream;
#[cfg(feature = "full")]
mod verify;

use std::process::ExitCode;

/// musl's own allocator maps and unmaps pages at every turn, which costs more than what we do with them.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

use args::Command;
use fail::Failure;

fn main() -> ExitCode {
    match run(&args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

#[cfg(feature = "full")]
fn run(command: &Command) -> Result<(), Failure> {
    messages::set_format(command.message_format());
    match command {
        Command::Build(args) => compile::build(args),
        Command::Check(args) => compile::check(args),
        Command::Expand(args) => compile::expand(args),
        Command::Disasm(args) => disasm::disasm(args),
        Command::Diff(args) => diff::diff(args),
        Command::Dump(args) => dump::dump(args),
        Command::Explain(args) => explain::explain(args),
        Command::Fmt(args) => fmt::fmt(args),
        Command::Doc(args) => doc::doc(args),
        Command::Btf(args) => btf::btf(args),
        Command::Run(args) => run::run(args),
        Command::Load(args) => load::load(args),
        Command::Verify(args) => verify::verify(args),
        Command::Attach(args) => attach::attach(args),
        Command::Detach(args) => attach::detach(args),
        Command::Doctor(args) => doctor::doctor(args),
    }
}

#[cfg(not(feature = "full"))]
fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(args),
        Command::Load(args) => load::load(args),
        Command::Attach(args) => attach::attach(args),
        Command::Detach(args) => attach::detach(args),
    }
}
