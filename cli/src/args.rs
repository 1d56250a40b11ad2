//! The command line: verbs, flags and their help.

use std::ffi::OsString;
use std::path::PathBuf;

use bpfasm_asm::isa::{Cpu, Endian};

use bpfasm_loader::attach::{Direction, XdpMode};
use clap::{Args, Parser, Subcommand, ValueEnum};

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

/// What to load: an object for this machine, with its values.
#[derive(Debug, Args)]
pub struct ObjectArgs {
    /// Source file (.bpfasm) or ELF object, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Load only this program; may be repeated
    #[arg(long, value_name = "NAME")]
    pub prog: Vec<String>,
    /// Set a variable before loading, typed by the program: port=4040; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Put an element into a map before attaching: 'allowed[10.9.0.1/32]=1'. Without brackets, the map that takes the
    /// place of the object's: counts=/sys/fs/bpf/counts or counts=id:12; may be repeated
    #[arg(long, value_name = "MAP[KEY]=VALUE|MAP=PIN|MAP=id:N")]
    pub map: Vec<String>,
    /// Make a map with so many entries: flows=1024; may be repeated
    #[arg(long, value_name = "MAP=N")]
    pub max_entries: Vec<String>,
    /// Directory where maps are found and pinned that the object pins by their names
    #[arg(long, value_name = "DIR", default_value = "/sys/fs/bpf")]
    pub pin_root: PathBuf,
    /// What programs are.
    #[command(flatten)]
    pub kinds: KindArgs,
    /// How source text is built.
    #[command(flatten)]
    pub compile: CompileArgs,
}

/// What programs are, where their sections do not say.
#[derive(Debug, Args)]
pub struct KindArgs {
    /// Load a program as this type, a section or one of the kernel's: p=tc, p=sched_cls:tcx_ingress; may be repeated
    #[arg(long = "type", value_name = "NAME=TYPE[:ATTACH]")]
    pub types: Vec<String>,
    /// The program that a program of section freplace, fentry or fexit is for: p=id:7, p=/sys/fs/bpf/q; may be repeated
    #[arg(long = "target-prog", value_name = "NAME=id:N|PIN")]
    pub targets: Vec<String>,
    /// Look fields, types and enums (CO-RE) up in this file, BTF or ELF with BTF, in the place of the kernel's own types
    #[arg(long, value_name = "FILE")]
    pub btf: Option<PathBuf>,
}

/// What is told of system calls.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// Print every bpf() call and netlink message, decoded, and make none of them
    #[arg(long)]
    pub dry_run: bool,
    /// Print every bpf() call and netlink message, decoded, with its result and time, to standard error; with --json, into
    /// what is printed
    #[arg(long, conflicts_with = "dry_run")]
    pub explain: bool,
}

/// Where to attach, as far as sections do not say.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// Network device, for XDP and tc
    #[arg(long, value_name = "IF")]
    pub dev: Option<String>,
    /// Directory of a cgroup v2, for cgroup programs and sockops
    #[arg(long, value_name = "PATH")]
    pub cgroup: Option<PathBuf>,
    /// Where an XDP program runs; there is no fallback from one to another
    #[arg(long, value_enum, default_value_t = ModeArg::Native)]
    pub mode: ModeArg,
    /// Attach XDP over netlink rather than by a link: it stays without a pin
    #[arg(long)]
    pub netlink: bool,
    /// Which packets, for sections that do not say (tc)
    #[arg(long, value_enum)]
    pub direction: Option<DirectionArg>,
    /// Sockmap or sockhash for sk_msg and sk_skb: a name in the object, or the path of a pin [default: the only one]
    #[arg(long, value_name = "MAP")]
    pub sockmap: Option<String>,
}

/// Load, attach, show what happens, and detach at the end
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm run hello_counter.bpfasm --dev eth0
  bpfasm run port_drop.bpfasm --dev eth0 --mode generic --set port=4040
  bpfasm run spoof_drop.bpfasm --dev eth0 --map 'allowed[10.9.0.1/32]=1'
  bpfasm run sock_redirect.bpfasm --cgroup /sys/fs/cgroup/unified/app
  bpfasm run port_drop.bpfasm --test             on sample packets, attached nowhere

What programs print (all of this machine: the kernel does not say whose it is), and maps and
variables as they change, go to standard output. Ctrl-C, SIGTERM and SIGHUP detach and end the run
with exit code 0. After SIGKILL links are gone too; tc filters and XDP over netlink stay.")]
pub struct RunArgs {
    /// What to run.
    #[command(flatten)]
    pub object: ObjectArgs,
    /// Where.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Attach nowhere: run packet programs on sample packets, and show verdicts and counters
    #[arg(long, conflicts_with_all = ["dev", "cgroup", "for_"])]
    pub test: bool,
    /// End after this many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    pub for_: Option<u64>,
    /// How often maps and variables are looked at, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 250, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    pub interval: u64,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Load into the kernel and pin, and attach where a target is given
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm load port_drop.bpfasm --pin /sys/fs/bpf/port_drop
  bpfasm load port_drop.bpfasm --pin /sys/fs/bpf/port_drop --dev eth0 --set port=4040
  bpfasm load hello_execve.bpfasm --pin /sys/fs/bpf/hello --attach
  bpfasm load port_drop.bpfasm --pin /sys/fs/bpf/port_drop --replace
  bpfasm load a.o b.o --pin /sys/fs/bpf/both             maps of one name are one map
  bpfasm load port_drop.o --pin /sys/fs/bpf/port_drop --dev eth0 --dry-run

Programs are pinned as DIR/NAME, maps as DIR/maps/NAME, links as DIR/links/NAME. With --replace a program takes
the place of the one that is pinned there, also in its link, at once; maps that are the same stay. If anything
fails, all is as it was. DIR is on a BPF file system: mount -t bpf bpf /sys/fs/bpf")]
pub struct LoadArgs {
    /// What to load.
    #[command(flatten)]
    pub object: ObjectArgs,
    /// Further objects; maps of the same name are the same map
    #[arg(value_name = "FILE")]
    pub more: Vec<PathBuf>,
    /// Directory on a BPF file system to pin to; it is made where it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    pub pin: Option<PathBuf>,
    /// Pin maps to this directory [default: maps in that of --pin]
    #[arg(long, value_name = "DIR")]
    pub pin_maps: Option<PathBuf>,
    /// Take the place of what is pinned there, and of the programs of its links
    #[arg(long)]
    pub replace: bool,
    /// Attach as well; implied by --dev and --cgroup
    #[arg(long)]
    pub attach: bool,
    /// What is told of system calls.
    #[command(flatten)]
    pub calls: CallArgs,
    /// Where.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print what was done as JSON
    #[arg(long)]
    pub json: bool,
}

/// Show each program to the kernel's verifier, by itself, and tell what it says
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm verify port_drop.bpfasm
  bpfasm verify build/*.o --json > verified.json
  bpfasm verify build/*.o --compare verified.json       what got worse; exit code 1
  bpfasm verify prog.o --prog main --log-level 2        all states, instruction by instruction
  bpfasm verify prog.o --prog-flags test-state-freq,strict-alignment

Nothing is attached or pinned, and nothing stays loaded. Optional programs are shown as well. Maps that the object
leaves without a number of entries have one. A rejected program makes exit code 3.")]
pub struct VerifyArgs {
    /// What to show.
    #[command(flatten)]
    pub object: ObjectArgs,
    /// More files
    #[arg(value_name = "MORE")]
    pub more: Vec<PathBuf>,
    /// Also print the verifier's log: 1 the path to what it rejects, 2 every path with all states, 4 statistics
    #[arg(long, value_name = "LEVEL", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=7))]
    pub log_level: u32,
    /// Load with these flags: strict-alignment, any-alignment, test-rnd-hi32, test-state-freq, sleepable, xdp-has-frags,
    /// test-reg-invariants
    #[arg(long, value_name = "FLAG,…", value_delimiter = ',')]
    pub prog_flags: Vec<String>,
    /// Tell what is worse than in the output of an earlier verify --json: verdicts, instructions, states
    #[arg(long, value_name = "OLD.json")]
    pub compare: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}

/// Attach a pinned program
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm attach /sys/fs/bpf/port_drop/port_drop --dev eth0
  bpfasm attach /sys/fs/bpf/spoof/spoof_drop tc/egress --dev eth0
  bpfasm attach /sys/fs/bpf/hello/hello_execve tracepoint/syscalls/sys_enter_execve")]
pub struct AttachArgs {
    /// Pin of a program
    #[arg(value_name = "PIN")]
    pub path: PathBuf,
    /// Section name that says where: xdp, tc/egress, tracepoint/CATEGORY/NAME … [default: by the program's type]
    #[arg(value_name = "HOOK")]
    pub hook: Option<String>,
    /// Where.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Pin the link here [default: links/NAME beside the program's pin]
    #[arg(long, value_name = "PATH")]
    pub pin: Option<PathBuf>,
    /// Print what was done as JSON
    #[arg(long)]
    pub json: bool,
}

/// Detach a pinned program or link
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm detach /sys/fs/bpf/port_drop/port_drop          this program, wherever it is attached
  bpfasm detach /sys/fs/bpf/port_drop/links/port_drop    this link

A program's links are those pinned in DIR/links beside it. The program itself stays loaded and pinned.")]
pub struct DetachArgs {
    /// Pin of a program or of a link
    #[arg(value_name = "PIN")]
    pub path: PathBuf,
    /// Print what was done as JSON
    #[arg(long)]
    pub json: bool,
}

/// Say what this kernel and this process can do, and what is in the way
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  bpfasm doctor                                  what matters, and what to do
  bpfasm doctor --all                            every answer, with the helpers of each type of program
  bpfasm doctor trace.o                          would it load here, and if not, what is in the way?
  bpfasm doctor --json | jq '.hooks[\"tcx/ingress\"].verdict'

Everything is tried: programs and maps are made and let go at once, and nothing is attached. An answer is supported,
denied (this process may not), unsupported (the kernel has it not) or unknown (the kernel does not say).

Exit code 0: some program can be loaded; 4: this process may not load any; 5: the kernel takes none. With an object,
0: all its programs and maps load here, the optional ones, too; else as with load.")]
pub struct DoctorArgs {
    /// An object or a source file: what of it this kernel does not take
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print every answer
    #[arg(long, conflicts_with = "file")]
    pub all: bool,
    /// The kernel's types, in the place of those that it shows itself
    #[arg(long, value_name = "FILE")]
    pub btf: Option<PathBuf>,
    /// Print every answer as JSON
    #[arg(long)]
    pub json: bool,
    /// How source text is built.
    #[command(flatten)]
    pub compile: CompileArgs,
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

/// A byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EndianArg {
    /// Least significant byte first (bpfel)
    Little,
    /// Most significant byte first (bpfeb)
    Big,
}

/// Where an XDP program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// In the driver
    Native,
    /// In the network stack: every device, slower
    Generic,
    /// On the device
    Hardware,
}

/// Which packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DirectionArg {
    /// Received ones
    Ingress,
    /// Sent ones
    Egress,
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

impl From<EndianArg> for Endian {
    fn from(order: EndianArg) -> Self {
        match order {
            EndianArg::Little => Endian::Little,
            EndianArg::Big => Endian::Big,
        }
    }
}

impl From<ModeArg> for XdpMode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Native => XdpMode::Native,
            ModeArg::Generic => XdpMode::Generic,
            ModeArg::Hardware => XdpMode::Hardware,
        }
    }
}

impl From<DirectionArg> for Direction {
    fn from(direction: DirectionArg) -> Self {
        match direction {
            DirectionArg::Ingress => Direction::Ingress,
            DirectionArg::Egress => Direction::Egress,
        }
    }
}
