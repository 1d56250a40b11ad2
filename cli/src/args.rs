//! The command line: verbs, flags and their help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// eBPF without a compiler: assembles .bpfasm text, loads it into the kernel and attaches it.
#[derive(Debug, Parser)]
#[command(name = "bpfasm", version, max_term_width = 100, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the input is wrong; diagnostics say where
  2  wrong usage
  3  the kernel's verifier rejected a program
  4  not permitted
  5  any other refusal of the system";

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Assemble a source file into an ELF object
    Build(BuildArgs),
    /// Report what is wrong with a source file, and write nothing
    Check(CheckArgs),
    /// Show a source file as plain instructions, without macros and views
    Expand(CheckArgs),
}

/// A source file and its byte order.
#[derive(Debug, Args)]
pub struct SourceArgs {
    /// Source file (.bpfasm), or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Byte order of the object; the default is this machine's
    #[arg(long, value_name = "ORDER")]
    pub endian: Option<EndianArg>,
}

/// `build`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm build port_drop.bpfasm                  writes port_drop.o
  bpfasm build hello.bpfasm -o out/hello.o
  bpfasm build hello.bpfasm --endian big -o - | llvm-objdump -d -")]
pub struct BuildArgs {
    /// What to assemble.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Where to write the object, or - for standard output [default: FILE with .o]
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Describe the object on standard output as JSON
    #[arg(long)]
    pub json: bool,
}

/// `check` and `expand`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// What to read.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// A byte order.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum EndianArg {
    /// Least significant byte first (bpfel)
    Little,
    /// Most significant byte first (bpfeb)
    Big,
}
