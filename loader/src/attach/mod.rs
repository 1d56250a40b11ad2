//! Attaching programs to the kernel's hooks, one file for each family of them.
//!
//! One entry point, [`attach`], goes by the section's name. What it gives is an [`Attachment`]: it knows what hangs
//! where, in which mode and until when, and takes exactly that off again when it is dropped. Nothing that others
//! attached is ever replaced or removed.

mod cgroup;
mod common;
mod error;
mod held;
mod nearest;
mod raw_tracepoint;
mod remove;
mod sockmap;
mod tc;
mod tcx;
mod tracepoint;
mod xdp;

pub use error::{Error, Occupant};
pub use held::Attachment;
pub use remove::{Removed, detach_pin, detach_prog, links_of, open_pin};

use std::fmt;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;

use bpfasm_asm::uapi::section::Section;
use bpfasm_asm::uapi::{AttachType, ProgType};

use crate::sys::bpf;

/// Where in a device's path an XDP program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum XdpMode {
    /// In the driver, before a socket buffer is made.
    #[default]
    Native,
    /// In the network stack, on socket buffers: works on every device, and is slower.
    Generic,
    /// On the device itself.
    Hardware,
}

impl fmt::Display for XdpMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            XdpMode::Native => "native",
            XdpMode::Generic => "generic",
            XdpMode::Hardware => "hardware",
        })
    }
}

/// Which packets of a device or cgroup a program sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Those that are received.
    Ingress,
    /// Those that are sent.
    Egress,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        })
    }
}

/// What holds a program on its hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// A BPF link: it lasts as long as a descriptor or a pin of it.
    Link,
    /// A setting of the device, made over route netlink: it lasts until someone removes it.
    Netlink,
    /// `BPF_PROG_ATTACH`: it lasts until someone detaches it or its cgroup or map is gone.
    ProgAttach,
    /// A perf event with `PERF_EVENT_IOC_SET_BPF`: it lasts as long as the event's descriptor.
    PerfIoctl,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            How::Link => "link",
            How::Netlink => "netlink",
            How::ProgAttach => "prog_attach",
            How::PerfIoctl => "perf event",
        })
    }
}

/// What a section's name does not say about where to attach.
#[derive(Debug, Clone, Default)]
pub struct Target<'a> {
    /// The network device, for XDP, tc and tcx.
    pub dev: Option<String>,
    /// The cgroup v2 directory, for cgroup programs and sock_ops.
    pub cgroup: Option<PathBuf>,
    /// The sockmap or sockhash, for sk_msg and sk_skb.
    pub map: Option<BorrowedFd<'a>>,
    /// Where an XDP program runs; there is no fallback from one to another.
    pub xdp_mode: XdpMode,
    /// Attach XDP over netlink, so that it stays without a pin, rather than by a link.
    pub prefer_netlink: bool,
    /// Which packets, for the sections `tc`, `classifier` and `cgroup/skb`, which do not say.
    pub direction: Option<Direction>,
}

/// Attaches a loaded program where its section's name and `target` say.
///
/// # Errors
/// [`Error`]: a section or a target that cannot be attached to, or what the kernel refused and what to do then. On an
/// error nothing stays attached.
pub fn attach(prog: BorrowedFd<'_>, section: &str, target: &Target<'_>) -> Result<Attachment, Error> {
    let Some(parsed) = bpfasm_asm::uapi::section::parse(section) else {
        return Err(Error::UnknownSection { section: section.to_owned() });
    };
    let info = bpf::prog_info(prog)?;
    if info.kind != parsed.def.prog_type {
        let (section, wanted) = (section.to_owned(), parsed.def.prog_type);
        return Err(Error::WrongType { section, wanted, kind: info.kind });
    }
    attach_section(&Prog { fd: prog, id: info.id, name: info.name }, section, &parsed, target)
}

/// A program that is to be attached.
#[derive(Debug)]
struct Prog<'a> {
    fd: BorrowedFd<'a>,
    id: u32,
    /// As the kernel has it: at most 15 bytes, perhaps none.
    name: String,
}

/// [`attach`] for a section name that is taken apart already; `name` is for messages.
fn attach_section(
    prog: &Prog<'_>,
    name: &str,
    section: &Section<'_>,
    target: &Target<'_>,
) -> Result<Attachment, Error> {
    let cannot = |why: &'static str| Err(Error::NotAttachable { section: name.to_owned(), why });
    match section.def.prog_type {
        ProgType::XDP if section.def.attach_type != Some(AttachType::XDP) => {
            cannot("it runs from the entry of a devmap or cpumap that names it, not from a device")
        }
        ProgType::XDP => xdp::attach(prog, target),
        ProgType::SCHED_CLS => match section.def.name.split_once('/').unwrap_or((section.def.name, "")) {
            ("tcx", "ingress") => tcx::attach(prog, Direction::Ingress, target),
            ("tcx", _) => tcx::attach(prog, Direction::Egress, target),
            ("tc", "ingress") => tc::attach(prog, Direction::Ingress, target),
            ("tc", "egress") => tc::attach(prog, Direction::Egress, target),
            ("tc" | "classifier", _) => match (section.target, target.direction) {
                (Some("ingress"), _) | (_, Some(Direction::Ingress)) => {
                    tc::attach(prog, Direction::Ingress, target)
                }
                (Some("egress"), _) | (_, Some(Direction::Egress)) => {
                    tc::attach(prog, Direction::Egress, target)
                }
                _ => Err(Error::MissingTarget {
                    hook: format!("section {name}"),
                    what: "a direction",
                    flag: "--direction ingress (or egress), or name the section tc/ingress or tc/egress",
                }),
            },
            _ => cannot("bpfasm attaches no netkit programs yet"),
        },
        ProgType::CGROUP_SKB
        | ProgType::CGROUP_SOCK
        | ProgType::SOCK_OPS
        | ProgType::CGROUP_DEVICE
        | ProgType::CGROUP_SOCK_ADDR
        | ProgType::CGROUP_SYSCTL
        | ProgType::CGROUP_SOCKOPT => cgroup::attach(prog, name, section, target),
        ProgType::SK_SKB | ProgType::SK_MSG => match section.def.attach_type {
            Some(kind) => sockmap::attach(prog, name, kind, target),
            None => cannot("name the section sk_skb/stream_parser, sk_skb/stream_verdict or sk_skb/verdict"),
        },
        ProgType::TRACEPOINT => match section.target {
            Some(event) => tracepoint::attach(prog, event),
            None => cannot("it does not name its tracepoint: tracepoint/CATEGORY/NAME"),
        },
        ProgType::RAW_TRACEPOINT | ProgType::RAW_TRACEPOINT_WRITABLE => match section.target {
            Some(event) => raw_tracepoint::attach(prog, event),
            None => cannot("it does not name its tracepoint: raw_tracepoint/NAME"),
        },
        _ => cannot("bpfasm attaches no programs of this kind yet; they can be loaded and pinned"),
    }
}
