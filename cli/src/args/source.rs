//! How source text is built.

use std::path::PathBuf;

use bpfasm_asm::isa::{Cpu, Endian};
use clap::{Args, ValueEnum};

/// A source file and its byte order.
#[derive(Debug, Args)]
pub struct SourceArgs {
    /// Source file (.bpfasm), or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Byte order of the object [default: this machine's]
    #[arg(long, value_name = "ORDER")]
    pub endian: Option<EndianArg>,
    /// Name for a number in a listing: a map's id or an address, as in 27=drops; may be repeated
    #[arg(long = "map", value_name = "NUMBER=NAME")]
    pub maps: Vec<String>,
    /// How it is built.
    #[command(flatten)]
    pub compile: CompileArgs,
}

fn level(name: &str) -> Result<Cpu, String> {
    Cpu::from_name(name).ok_or_else(|| "levels are v1, v2, v3 and v4".to_string())
}

/// How source text is built.
#[derive(Debug, Args)]
pub struct CompileArgs {
    /// Also look here for files that are imported; may be repeated
    #[arg(short = 'I', value_name = "DIR")]
    pub include: Vec<PathBuf>,
    /// Set a `param` of the source, such as -D TABLE=64; may be repeated
    #[arg(short = 'D', value_name = "NAME=VALUE")]
    pub define: Vec<String>,
    /// Refuse instructions above this level, v1 to v4 [default: any]
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub cpu: Option<Cpu>,
    /// Section of a file of bare instructions, such as xdp [default: .text]; with dump, the only one that is listed
    #[arg(long, value_name = "NAME")]
    pub section: Option<String>,
    /// Give a file of bare instructions types and source lines, too
    #[arg(short = 'g')]
    pub describe: bool,
    /// Language of the text [default: by the file's name, or by its first line]
    #[arg(long, value_enum, value_name = "DIALECT")]
    pub dialect: Option<DialectArg>,
    /// What becomes of warnings.
    #[command(flatten)]
    pub lints: LintArgs,
    /// How diagnostics are written to standard error
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub message_format: Format,
}

/// The language of a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DialectArg {
    /// That of this assembler
    Bpfasm,
    /// .s files: what clang -S prints, and what GNU as and llvm-mc read
    Gas,
    /// .s files for LLVM, where GNU as reads them in another way
    Llvm,
    /// .s files for GNU as, where LLVM reads them in another way
    Gnu,
    /// What llvm-objdump, bpf-objdump, bpftool and the verifier print
    Listing,
}

/// What becomes of warnings; each flag may be repeated.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Do not tell what this lint finds; `all` and `warnings` mean many
    #[arg(long, value_name = "LINT")]
    pub allow: Vec<String>,
    /// Warn of what this lint finds
    #[arg(long, value_name = "LINT")]
    pub warn: Vec<String>,
    /// Take what this lint finds as an error: exit code 1
    #[arg(long, value_name = "LINT")]
    pub deny: Vec<String>,
}

/// How diagnostics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// With the source, as people read them
    #[default]
    Human,
    /// A line each, as compilers write them
    #[value(help = "A line each: FILE:LINE:COLUMN: error[CODE]: MESSAGE")]
    Short,
    /// A JSON object a line, with places, notes and suggestions
    Json,
}

/// A byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EndianArg {
    /// Least significant byte first (bpfel)
    Little,
    /// Most significant byte first (bpfeb)
    Big,
}

impl From<EndianArg> for Endian {
    fn from(order: EndianArg) -> Self {
        match order {
            EndianArg::Little => Endian::Little,
            EndianArg::Big => Endian::Big,
        }
    }
}
