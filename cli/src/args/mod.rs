//! The command line: verbs, flags and their help.

mod read;
mod run;
mod source;
mod write;

pub use read::*;
pub use run::*;
pub use source::*;
pub use write::*;

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

/// eBPF without a compiler: assembles .bpfasm text, loads it into the kernel and attaches it.
#[derive(Debug, Parser)]
#[command(name = "bpfasm", version, max_term_width = WIDTH, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

/// The widest help in columns.
const WIDTH: usize = 100;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the input is wrong; diagnostics say where
  2  wrong usage: a flag, or what it names in this input
  3  the kernel's verifier rejected a program
  4  not permitted
  5  any other refusal of the system";

/// The verbs; what each does stands with its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    Build(BuildArgs),
    Check(CheckArgs),
    Expand(ExpandArgs),
    Disasm(DisasmArgs),
    Diff(DiffArgs),
    Btf(BtfArgs),
    Dump(DumpArgs),
    Explain(ExplainArgs),
    Fmt(FmtArgs),
    Doc(DocArgs),
    Run(RunArgs),
    Load(LoadArgs),
    Verify(VerifyArgs),
    Attach(AttachArgs),
    Detach(DetachArgs),
    Doctor(DoctorArgs),
}

/// The command line of this process.
///
/// Describing all verbs to clap takes longer than assembling a small program, so only the one that is used is
/// described; all of them where the first argument is none of them: for the help, and for what is misspelt.
pub fn parse() -> Command {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match args.first().and_then(|verb| verb.to_str()) {
        Some("build") => Command::Build(one(&args)),
        Some("check") => Command::Check(one(&args)),
        Some("expand") => Command::Expand(one(&args)),
        Some("disasm") => Command::Disasm(one(&args)),
        Some("diff") => Command::Diff(one(&args)),
        Some("dump") => Command::Dump(one(&args)),
        Some("explain") => Command::Explain(one(&args)),
        Some("fmt") => Command::Fmt(one(&args)),
        Some("doc") => Command::Doc(one(&args)),
        Some("btf") => Command::Btf(one(&args)),
        Some("run") => Command::Run(one(&args)),
        Some("load") => Command::Load(one(&args)),
        Some("verify") => Command::Verify(one(&args)),
        Some("attach") => Command::Attach(one(&args)),
        Some("detach") => Command::Detach(one(&args)),
        Some("doctor") => Command::Doctor(one(&args)),
        _ => Cli::parse().command,
    }
}

/// Parses the arguments of a verb, which comes first; ends the process where they are wrong.
fn one<A: Args>(args: &[OsString]) -> A {
    let verb = args.first().map(|v| v.to_string_lossy().into_owned()).unwrap_or_default();
    let command = clap::Command::new("bpfasm").bin_name(format!("bpfasm {verb}")).max_term_width(WIDTH);
    let matches = A::augment_args(command).get_matches_from(args);
    A::from_arg_matches(&matches).unwrap_or_else(|e| e.exit())
}

impl Command {
    /// How diagnostics are written.
    pub fn message_format(&self) -> Format {
        let compile = match self {
            Command::Build(args) => &args.source.compile,
            Command::Check(args) => &args.source.compile,
            Command::Expand(args) => &args.source.compile,
            Command::Diff(args) => &args.compile,
            Command::Disasm(args) => &args.input.compile,
            Command::Dump(args) => &args.input.compile,
            Command::Run(args) => &args.object.compile,
            Command::Load(args) => &args.object.compile,
            Command::Doctor(args) => &args.compile,
            Command::Verify(args) => &args.object.compile,
            Command::Explain(_)
            | Command::Fmt(_)
            | Command::Doc(_)
            | Command::Btf(_)
            | Command::Attach(_)
            | Command::Detach(_) => {
                return Format::Human;
            }
        };
        compile.message_format
    }
}
