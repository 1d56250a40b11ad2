//! Which programs are attached to a target.

use super::{PROG_QUERY, Target, attr, call, length};
use crate::sys::Result;
use bpfasm_asm::uapi::AttachType;
use nix::errno::Errno;

/// What `BPF_PROG_QUERY` takes.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// A cgroup, map or network namespace; for tcx and netkit an interface.
    pub target: Target<'a>,
    /// `enum bpf_attach_type`.
    pub attach_type: AttachType,
    /// 0, or [`F_QUERY_EFFECTIVE`](super::F_QUERY_EFFECTIVE) for cgroups.
    pub flags: u32,
}

/// What is attached, in the order in which it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attached {
    /// Flags of the attachment (`BPF_F_ALLOW_MULTI` …).
    pub flags: u32,
    /// The revision of this order (tcx, netkit; cgroups from 6.17).
    pub revision: u64,
    /// Numbers of the programs.
    pub progs: Vec<u32>,
    /// For interfaces, the number of each program's link, 0 where there is none; else empty.
    pub links: Vec<u32>,
}

/// Asks what is attached (`BPF_PROG_QUERY`, `bpf_prog_query()` in `kernel/bpf/syscall.c`; tcx 6.6).
///
/// # Errors
/// `EINVAL`: the kernel has no such attach type, or flags that it does not know.
pub fn prog_query(query: &Query<'_>) -> Result<Attached> {
    // Only interfaces have link numbers to give; elsewhere older kernels refuse the address.
    let with_links = matches!(query.target, Target::Ifindex(_));
    let mut room = 64usize;
    loop {
        let mut progs = vec![0u32; room];
        let mut links = vec![0u32; if with_links { room } else { 0 }];
        let mut attr = attr::Query {
            target: query.target.field(),
            attach_type: query.attach_type.0,
            query_flags: query.flags,
            prog_ids: progs.as_mut_ptr().expose_provenance() as u64,
            count: length(PROG_QUERY, room)?,
            link_ids: if with_links { links.as_mut_ptr().expose_provenance() as u64 } else { 0 },
            ..attr::Query::default()
        };
        // SAFETY: both vectors have room for `count` numbers, and the kernel writes no more than that.
        match unsafe { call(PROG_QUERY, &mut attr) } {
            Ok(_) => {
                let count = usize::try_from(attr.count).unwrap_or(0).min(room);
                progs.truncate(count);
                links.truncate(count);
                return Ok(Attached { flags: attr.attach_flags, revision: attr.revision, progs, links });
            }
            // More came in the meantime, or there were more than we had room for.
            Err(e) if e.errno == Errno::ENOSPC && room < 1 << 20 => {
                room = usize::try_from(attr.count).unwrap_or(0).max(room * 2);
            }
            Err(e) => return Err(e),
        }
    }
}
