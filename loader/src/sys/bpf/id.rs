//! Objects by number: what the kernel holds, from all processes.

use super::{
    BTF_GET_FD_BY_ID, BTF_GET_NEXT_ID, Cmd, LINK_GET_FD_BY_ID, LINK_GET_NEXT_ID, MAP_GET_FD_BY_ID,
    MAP_GET_NEXT_ID, PROG_GET_FD_BY_ID, PROG_GET_NEXT_ID, attr, call, call_fd,
};
use crate::sys::Result;
use nix::errno::Errno;
use std::fmt;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// A kind of object that has a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Programs.
    Prog,
    /// Maps.
    Map,
    /// Links (Linux 5.8).
    Link,
    /// BTF.
    Btf,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Prog => "program",
            Kind::Map => "map",
            Kind::Link => "link",
            Kind::Btf => "BTF",
        })
    }
}

/// Which kind of object a descriptor is of, by what procfs tells about it: asked about itself, an object of one kind
/// answers as if it were of another. `None` for what is none of them, or without procfs.
#[must_use]
pub fn kind_of(fd: BorrowedFd<'_>) -> Option<Kind> {
    let facts = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd())).ok()?;
    let is = |field: &str| facts.lines().any(|line| line.starts_with(field));
    // A link tells its program's number too.
    match () {
        () if is("link_type:") => Some(Kind::Link),
        () if is("prog_type:") => Some(Kind::Prog),
        () if is("map_type:") => Some(Kind::Map),
        () if is("btf_id:") => Some(Kind::Btf),
        () => None,
    }
}

impl Kind {
    fn next(self) -> Cmd {
        match self {
            Kind::Prog => PROG_GET_NEXT_ID,
            Kind::Map => MAP_GET_NEXT_ID,
            Kind::Link => LINK_GET_NEXT_ID,
            Kind::Btf => BTF_GET_NEXT_ID,
        }
    }

    fn open(self) -> Cmd {
        match self {
            Kind::Prog => PROG_GET_FD_BY_ID,
            Kind::Map => MAP_GET_FD_BY_ID,
            Kind::Link => LINK_GET_FD_BY_ID,
            Kind::Btf => BTF_GET_FD_BY_ID,
        }
    }
}

/// The smallest number above `after`, or nothing at the end (`BPF_*_GET_NEXT_ID`).
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`; `EINVAL` where the kernel has no such objects.
pub fn next_id(kind: Kind, after: u32) -> Result<Option<u32>> {
    let mut attr = attr::Id { id: after, ..attr::Id::default() };
    // SAFETY: the attribute holds no address.
    match unsafe { call(kind.next(), &mut attr) } {
        Ok(_) => Ok(Some(attr.next_id)),
        Err(e) if e.errno == Errno::ENOENT => Ok(None),
        Err(e) => Err(e),
    }
}

/// Opens an object by its number (`BPF_*_GET_FD_BY_ID`).
///
/// # Errors
/// `ENOENT`: none with this number, any more; `EPERM` without `CAP_SYS_ADMIN`.
pub fn fd_by_id(kind: Kind, id: u32) -> Result<OwnedFd> {
    let mut attr = attr::Id { id, ..attr::Id::default() };
    // SAFETY: the attribute holds no address; the command returns a descriptor.
    unsafe { call_fd(kind.open(), &mut attr) }
}
