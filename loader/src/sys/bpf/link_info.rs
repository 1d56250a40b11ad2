//! What the kernel tells about a link.

use super::info::obj_info;
use super::{address_mut, attr, name_of};
use crate::sys::Result;
use bpfasm_asm::uapi::{AttachType, LinkType};
use std::os::fd::BorrowedFd;

/// What the kernel tells about a link (`struct bpf_link_info`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkInfo {
    /// `enum bpf_link_type`.
    pub kind: LinkType,
    /// Its number.
    pub id: u32,
    /// Number of its program.
    pub prog_id: u32,
    /// Where it is attached.
    pub detail: LinkDetail,
}

/// Where a link is attached. Interfaces and cgroups are 0 when they are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkDetail {
    /// A raw tracepoint.
    RawTracepoint {
        /// Its name.
        name: String,
    },
    /// A kernel function, or a program.
    Tracing {
        /// `enum bpf_attach_type`.
        attach_type: AttachType,
        /// Number of the program (freplace) or BTF.
        target_obj_id: u32,
        /// BTF number of the function in it.
        target_btf_id: u32,
    },
    /// A cgroup.
    Cgroup {
        /// Its number: the inode of its directory.
        id: u64,
        /// `enum bpf_attach_type`.
        attach_type: AttachType,
    },
    /// A network namespace.
    Netns {
        /// Its inode.
        ino: u32,
        /// `enum bpf_attach_type`.
        attach_type: AttachType,
    },
    /// XDP on an interface.
    Xdp {
        /// The interface.
        ifindex: u32,
    },
    /// A perf event.
    PerfEvent {
        /// `enum bpf_perf_event_type`: 1, 2 uprobe, uretprobe; 3, 4 kprobe, kretprobe; 5 tracepoint; 6 event
        /// (Linux 6.6; 0 before).
        kind: u32,
        /// The tracepoint, function or file; empty where the kernel does not tell.
        name: String,
    },
    /// struct_ops.
    StructOps {
        /// Number of the map.
        map_id: u32,
    },
    /// A netfilter hook.
    Netfilter {
        /// Protocol family, `NFPROTO_*`.
        pf: u32,
        /// Hook, `NF_INET_*`.
        hook: u32,
        /// Priority.
        priority: i32,
        /// `BPF_F_NETFILTER_IP_DEFRAG` or 0.
        flags: u32,
    },
    /// tcx or netkit on an interface.
    Net {
        /// The interface.
        ifindex: u32,
        /// `enum bpf_attach_type`.
        attach_type: AttachType,
    },
    /// A sockmap or sockhash.
    Sockmap {
        /// Number of the map.
        map_id: u32,
        /// `enum bpf_attach_type`.
        attach_type: AttachType,
    },
    /// A kind that is not told apart here.
    Other,
}

/// Asks about a link (`bpf_link_get_info_by_fd()` in `kernel/bpf/syscall.c`).
///
/// # Errors
/// `EBADF`, `EINVAL`: not a link.
pub fn link_info(fd: BorrowedFd<'_>) -> Result<LinkInfo> {
    let mut info = attr::LinkInfo::default();
    // SAFETY: the struct holds no address yet.
    unsafe { obj_info(fd, &mut info)? };
    let d = &info.detail;
    let detail = match LinkType(info.kind) {
        LinkType::RAW_TRACEPOINT => LinkDetail::RawTracepoint { name: name_at(fd, 0)? },
        LinkType::TRACING => {
            LinkDetail::Tracing { attach_type: AttachType(d[0]), target_obj_id: d[1], target_btf_id: d[2] }
        }
        LinkType::CGROUP => LinkDetail::Cgroup { id: quad(d[0], d[1]), attach_type: AttachType(d[2]) },
        LinkType::NETNS => LinkDetail::Netns { ino: d[0], attach_type: AttachType(d[1]) },
        LinkType::XDP => LinkDetail::Xdp { ifindex: d[0] },
        LinkType::PERF_EVENT => LinkDetail::PerfEvent {
            kind: d[0],
            // A software or hardware event (6) has numbers where the others have a name.
            name: if (1..=5).contains(&d[0]) { name_at(fd, 2)? } else { String::new() },
        },
        LinkType::STRUCT_OPS => LinkDetail::StructOps { map_id: d[0] },
        LinkType::NETFILTER => {
            LinkDetail::Netfilter { pf: d[0], hook: d[1], priority: d[2].cast_signed(), flags: d[3] }
        }
        LinkType::TCX | LinkType::NETKIT => LinkDetail::Net { ifindex: d[0], attach_type: AttachType(d[1]) },
        LinkType::SOCKMAP => LinkDetail::Sockmap { map_id: d[0], attach_type: AttachType(d[1]) },
        _ => LinkDetail::Other,
    };
    Ok(LinkInfo { kind: LinkType(info.kind), id: info.id, prog_id: info.prog_id, detail })
}

/// The number of a link; 0 before Linux 5.8.
///
/// # Errors
/// `EBADF`, `EINVAL`: not a link.
pub fn link_id(fd: BorrowedFd<'_>) -> Result<u32> {
    let mut info = attr::LinkInfo::default();
    // SAFETY: the struct holds no address.
    unsafe { obj_info(fd, &mut info)? };
    Ok(info.id)
}

/// Asks again, with a buffer for the name whose address and length stand at this word of the union.
fn name_at(fd: BorrowedFd<'_>, word: usize) -> Result<String> {
    const ROOM: u32 = 256;
    // Room for 256 bytes, or for as many numbers of 8 bytes should the descriptor be that of a multi-link.
    let mut name = [0u8; 256 * 8];
    let mut info = attr::LinkInfo::default();
    let [a, b] = super::link::words(address_mut(&mut name));
    info.detail[word] = a;
    info.detail[word + 1] = b;
    info.detail[word + 2] = ROOM;
    // SAFETY: the name's address has its length beside it, and these kinds of links take it for that.
    unsafe { obj_info(fd, &mut info)? };
    Ok(name_of(&name[..256]))
}

/// A u64 from its two words as they lie in memory.
fn quad(first: u32, second: u32) -> u64 {
    let [a, b, c, d] = first.to_ne_bytes();
    let [e, f, g, h] = second.to_ne_bytes();
    u64::from_ne_bytes([a, b, c, d, e, f, g, h])
}
