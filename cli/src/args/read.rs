//! Verbs that show objects and types.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{CompileArgs, EndianArg};

/// Show an object as source text that builds to the same object
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm disasm port_drop.o                      to standard output
  bpfasm disasm port_drop.o -o again.bpfasm && bpfasm build again.bpfasm
  bpfasm disasm prog id 12                       what the kernel runs, with names
  bpfasm disasm --raw filter.bin --endian big    bare instructions, 8 bytes each
  echo b700000001000000 9500000000000000 | bpfasm disasm --hex -

The text holds all that the object does; of the file, DWARF and other sections for tools are left out.")]
pub struct DisasmArgs {
    /// What to read.
    #[command(flatten)]
    pub input: InputArgs,
    /// Where to write the text, or - for standard output
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    pub output: PathBuf,
}

/// An object to look at, whatever it is kept in.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// An ELF object, a source file or a listing; or - for standard input; or a loaded program: prog id N, prog name
    /// NAME, prog tag TAG, prog pinned PATH
    #[arg(value_name = "FROM", required = true, num_args = 1..)]
    pub from: Vec<PathBuf>,
    /// The file is nothing but instructions
    #[arg(long, conflicts_with = "hex")]
    pub raw: bool,
    /// The file is instructions as hexadecimal digits
    #[arg(long)]
    pub hex: bool,
    /// Byte order of bare instructions, and of what is built [default: this machine's]
    #[arg(long, value_name = "ORDER")]
    pub endian: Option<EndianArg>,
    /// How source text is built.
    #[command(flatten)]
    pub compile: CompileArgs,
}

/// Show what differs between two objects: maps, data, functions, types, by their names
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm diff old.o new.o
  bpfasm diff port_drop.bpfasm port_drop.o       a source file is built first
  bpfasm diff -q a.o b.o && echo same
  bpfasm diff port_drop.o prog name port_drop    is this what is loaded?
  bpfasm diff port_drop.bpfasm prog pinned /sys/fs/bpf/port_drop/port_drop --set port=4040

Exit code 0: they are the same; 1: they differ. Where a thing stands in its file, and source lines, do not count.
Beside a loaded program, a file's program is loaded, too, and let go: both are compared as the kernel runs them.")]
pub struct DiffArgs {
    /// Two objects, each an ELF file, a source file or a listing; or - for standard input; or a loaded program: prog id N,
    /// prog name NAME, prog tag TAG, prog pinned PATH
    #[arg(value_name = "A B", required = true, num_args = 1..)]
    pub from: Vec<PathBuf>,
    /// Print nothing: only the exit code says it
    #[arg(short, long)]
    pub quiet: bool,
    /// Beside a loaded program: the program of the file [default: the one of that name, or the only one]
    #[arg(long, value_name = "NAME")]
    pub prog: Option<String>,
    /// Beside a loaded program: set a variable of the file before loading, as with run; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Print the differences as JSON
    #[arg(long)]
    pub json: bool,
    /// Byte order of what is built [default: this machine's]
    #[arg(long, value_name = "ORDER")]
    pub endian: Option<EndianArg>,
    /// How source text is built.
    #[command(flatten)]
    pub compile: CompileArgs,
}

/// List the instructions of an object, with what they refer to and the source lines they come from
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm dump port_drop.o                        slots, bytes, text, references, source lines
  bpfasm dump prog.o --prog main --no-bytes
  bpfasm dump prog.o --section .text
  bpfasm dump prog name port_drop                a loaded program, as the kernel runs it
  bpfasm dump prog.o --json | jq '.[].insns[] | select(.core)'
  bpfasm dump port_drop.bpfasm --xlated          what the kernel puts in the place of which instruction
  bpfasm dump prog id 12 --jited                 machine code, below the source lines
  bpfasm dump prog.o --cfg svg > prog.svg        control flow as a picture
  bpfasm dump prog.o --prog main --cfg dot | dot -Tpdf > main.pdf
  bpfasm dump prog.o --llvm | diff - <(llvm-objdump-19 -d --no-show-raw-insn prog.o)
  echo b700000001000000 9500000000000000 | bpfasm dump --hex -

--llvm is what llvm-objdump of LLVM 19 prints, byte by byte; of text, for the object that build would write.")]
pub struct DumpArgs {
    /// What to read.
    #[command(flatten)]
    pub input: InputArgs,
    /// Only this function; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "llvm")]
    pub prog: Vec<String>,
    /// Leave source lines out
    #[arg(long)]
    pub no_source: bool,
    /// Leave the bytes of instructions out
    #[arg(long)]
    pub no_bytes: bool,
    /// Print as llvm-objdump -d --no-show-raw-insn does
    #[arg(long)]
    pub llvm: bool,
    /// Show what the kernel makes of each instruction; what is not loaded is, and nothing is attached or pinned
    #[arg(long, conflicts_with_all = ["llvm", "cfg"])]
    pub xlated: bool,
    /// The same, and the machine code for each
    #[arg(long, conflicts_with_all = ["llvm", "cfg"])]
    pub jited: bool,
    /// Print the blocks of functions and which follows which: for Graphviz, as a picture, or as JSON
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "llvm")]
    pub cfg: Option<CfgFormat>,
    /// Print an array of functions as JSON
    #[arg(long, conflicts_with_all = ["llvm", "cfg"])]
    pub json: bool,
}

/// How control flow is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CfgFormat {
    /// A digraph in the language of Graphviz
    Dot,
    /// A picture
    Svg,
    /// An array of functions
    Json,
}

/// Show types: of an object, of the kernel and its modules, of what is loaded
#[derive(Debug, Args)]
pub struct BtfArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: BtfCommand,
}

/// What there is to do with types.
#[derive(Debug, Subcommand)]
pub enum BtfCommand {
    Dump(BtfDumpArgs),
    Show(BtfShowArgs),
    Min(BtfMinArgs),
}

/// Print types, as text or as C
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm btf dump hello.o                        as text, with all that BTF holds
  bpfasm btf dump vmlinux --format c > vmlinux.h
  bpfasm btf dump vmlinux --format c --root task_struct
  bpfasm btf dump module nf_tables --format c
  bpfasm btf dump map 12 --format c              types of its keys and values

Types are in FILE, or in: file FILE, vmlinux, module NAME, id N, map N|PIN, prog N|PIN")]
pub struct BtfDumpArgs {
    /// Where the types are
    #[arg(value_name = "FROM", required = true, num_args = 1..)]
    pub from: Vec<String>,
    /// How they are printed
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = BtfFormat::Raw)]
    pub format: BtfFormat,
    /// Only this type, by name or number, and with C what it needs; may be repeated
    #[arg(long, value_name = "TYPE")]
    pub root: Vec<String>,
    /// The file with the types that these go on from [default with module: vmlinux]
    #[arg(long, short = 'B', value_name = "FILE")]
    pub base: Option<PathBuf>,
    /// Print the types of the base, too
    #[arg(long)]
    pub full: bool,
    /// Print it as JSON, with bpftool's names
    #[arg(long)]
    pub json: bool,
}

/// Show types with offsets, sizes and holes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm btf show task_struct                    of the running kernel
  bpfasm btf show sk_buff --expand               with the members of its structs
  bpfasm btf show 'struct bpf_map' bpf_prog --json
  bpfasm btf show event --from trace.o
  bpfasm btf show tcp_sendmsg                    a function's prototype")]
pub struct BtfShowArgs {
    /// Names or numbers of types, functions and variables; `struct x` and `union x` mean these only
    #[arg(value_name = "TYPE", required = true)]
    pub names: Vec<String>,
    /// Where the types are, in one argument: a file, or as in 'module nf_tables', 'id 5'
    #[arg(long, value_name = "FROM", default_value = "vmlinux")]
    pub from: String,
    /// The file with the types that these go on from [default with module: vmlinux]
    #[arg(long, short = 'B', value_name = "FILE")]
    pub base: Option<PathBuf>,
    /// Also show the members of structs within, down to the last
    #[arg(long)]
    pub expand: bool,
    /// The same, so many levels down
    #[arg(long, value_name = "LEVELS", conflicts_with = "expand")]
    pub depth: Option<usize>,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}

/// Cut a kernel's types to what programs need to fit themselves to it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm btf min vmlinux trace.o -o trace.btf
  bpfasm btf min /usr/lib/debug/vmlinux-5.4.0 a.o b.bpfasm -o 5.4.0.btf
  bpfasm btf min module nf_tables nat.o -o nat.btf

What comes out is BTF in the byte order of what was cut. Loaders take it in the place of the kernel's own, on
kernels that show none: libbpf as btf_custom_path. It is a few kilobytes, small enough to be carried within a loader.")]
pub struct BtfMinArgs {
    /// The types: FILE, vmlinux, or module NAME; then the objects, ELF files or source files
    #[arg(value_name = "TYPES OBJECT", required = true, num_args = 2..)]
    pub from: Vec<PathBuf>,
    /// Where to write the types, or - for standard output
    #[arg(long, short, value_name = "OUT")]
    pub output: PathBuf,
    /// The file with the types that these go on from [default with module: vmlinux]
    #[arg(long, short = 'B', value_name = "FILE")]
    pub base: Option<PathBuf>,
    /// How source text is built.
    #[command(flatten)]
    pub compile: CompileArgs,
}

/// How types are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BtfFormat {
    /// A line for each type and member, with all that BTF holds
    Raw,
    /// A header of C
    C,
}
