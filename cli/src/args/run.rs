//! Verbs that load and attach.

use std::path::PathBuf;

use bpfasm_loader::attach::{Direction, XdpMode};
use clap::{Args, ValueEnum};

use super::CompileArgs;

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
