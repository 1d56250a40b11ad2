//! `bpfasm`: arguments, one library call, output.

mod args;
mod attach;
mod btf;
mod calls;
mod compare;
mod compile;
mod diff;
mod disasm;
mod disk;
mod doc;
mod doctor;
mod dump;
mod explain;
mod fail;
mod fmt;
mod input;
mod load;
mod messages;
mod out;
mod reject;
mod run;
mod session;
mod show;
mod steps;
mod stream;
mod verify;

use std::process::ExitCode;

/// musl's own allocator maps and unmaps pages at every turn, which costs more than what we do with them.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

use args::Command;

fn main() -> ExitCode {
    let command = args::parse();
    messages::set_format(command.message_format());
    let result = match &command {
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
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
