//! Verbs that write source text and objects.

use std::path::PathBuf;

use clap::Args;

use super::SourceArgs;

/// Assemble a source file into an ELF object
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

/// Report what is wrong with a source file, and write nothing
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm check port_drop.bpfasm
  bpfasm check port_drop.bpfasm --message-format short --deny warnings
  bpfasm check table.bpfasm -D TABLE=64 --warn unused-map")]
pub struct CheckArgs {
    /// What to read.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Show a source file as plain instructions, without macros and views
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm expand port_drop.bpfasm
  bpfasm expand port_drop.bpfasm | bpfasm build - -o port_drop.o")]
pub struct ExpandArgs {
    /// What to read.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// Explain a diagnostic's code or a lint, or list all of them
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm explain E0304
  bpfasm explain uninit-register
  bpfasm explain                                 all codes and lints")]
pub struct ExplainArgs {
    /// A code (E0304) or the name of a lint
    #[arg(value_name = "CODE")]
    pub what: Option<String>,
}

/// Lay out source files as all of them are laid out
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm fmt port_drop.bpfasm                    in place
  bpfasm fmt --check programs                    all .bpfasm files in there; exit code 1 if one would change
  bpfasm fmt - < draft.bpfasm                    to standard output

A file with syntax errors is left as it is. Comments stay, and so does the program: only blanks, line ends at
braces and empty lines change.")]
pub struct FmtArgs {
    /// Source files (.bpfasm), directories of them, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Write nothing, and show what would change
    #[arg(long)]
    pub check: bool,
}

/// Show what the library's modules, or a file, say about themselves
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm doc                                     all modules
  bpfasm doc xdp                                 what one of them holds
  bpfasm doc net bounds                          a macro: parameters, and what it changes
  bpfasm doc iphdr                               a struct: offsets and sizes
  bpfasm doc port_drop.bpfasm                    a file's own declarations")]
pub struct DocArgs {
    /// A module of the library, a source file, or a name that the library declares
    #[arg(value_name = "MODULE|FILE")]
    pub of: Option<String>,
    /// A name that it declares, or imports
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Also look here for files that a file imports; may be repeated
    #[arg(short = 'I', value_name = "DIR")]
    pub include: Vec<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}
