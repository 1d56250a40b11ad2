//! What is loaded, from all processes: programs, maps, links and types, by number or by pin.
//!
//! All plain values; times in nanoseconds, sizes in bytes. Numbers can be stale at once: what ends between two
//! calls is left out.

mod error;
mod find;
mod machine;
mod program;
mod steps;

pub use error::Error;
pub use find::{Which, find};
pub use program::{Program, program};
pub use steps::numbered;

use crate::sys::Result;
use crate::sys::bpf::{
    BtfInfo, Kind, LinkInfo, Map, MapInfo, ProgInfo, btf_info, fd_by_id, link_info, map_info, next_id,
    obj_get, prog_info,
};
use nix::errno::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// All numbers of a kind, upwards.
///
/// # Errors
/// Ends after an error: `EPERM` without `CAP_SYS_ADMIN`; `EINVAL` where the kernel has no such objects.
pub fn ids(kind: Kind) -> impl Iterator<Item = Result<u32>> {
    let mut after = Some(0);
    std::iter::from_fn(move || {
        let result = next_id(kind, after.take()?).transpose()?;
        after = result.as_ref().ok().copied();
        Some(result)
    })
}

/// All objects of a kind, each opened; those that end meanwhile are left out.
pub(crate) fn opened(kind: Kind) -> impl Iterator<Item = Result<OwnedFd>> {
    ids(kind).filter_map(move |id| match id.and_then(|id| fd_by_id(kind, id)) {
        Err(e) if e.errno == Errno::ENOENT => None,
        result => Some(result),
    })
}

/// All programs.
///
/// # Errors
/// As [`ids`].
pub fn progs() -> Result<Vec<ProgInfo>> {
    opened(Kind::Prog).map(|fd| prog_info(fd?.as_fd())).collect()
}

/// All maps.
///
/// # Errors
/// As [`ids`].
pub fn maps() -> Result<Vec<MapInfo>> {
    opened(Kind::Map).map(|fd| map_info(fd?.as_fd())).collect()
}

/// All links (Linux 5.8).
///
/// # Errors
/// As [`ids`].
pub fn links() -> Result<Vec<LinkInfo>> {
    opened(Kind::Link).map(|fd| link_info(fd?.as_fd())).collect()
}

/// All types in the kernel, its own too, without their bytes.
///
/// # Errors
/// As [`ids`].
pub fn btfs() -> Result<Vec<BtfInfo>> {
    opened(Kind::Btf).map(|fd| btf_info(fd?.as_fd(), false)).collect()
}

/// A program by number.
///
/// # Errors
/// `ENOENT`: none with this number; `EPERM`: not permitted.
pub fn prog(id: u32) -> Result<ProgInfo> {
    prog_info(fd_by_id(Kind::Prog, id)?.as_fd())
}

/// A map by number.
///
/// # Errors
/// `ENOENT`: none with this number; `EPERM`: not permitted.
pub fn map(id: u32) -> Result<MapInfo> {
    map_info(fd_by_id(Kind::Map, id)?.as_fd())
}

/// A link by number.
///
/// # Errors
/// `ENOENT`: none with this number; `EPERM`: not permitted.
pub fn link(id: u32) -> Result<LinkInfo> {
    link_info(fd_by_id(Kind::Link, id)?.as_fd())
}

/// A map by number, with access to its elements.
///
/// # Errors
/// `ENOENT`: none with this number; `EPERM`: not permitted.
pub fn open_map(id: u32) -> Result<Map> {
    Map::from_fd(fd_by_id(Kind::Map, id)?)
}

/// A pinned map, with access to its elements.
///
/// # Errors
/// `ENOENT`: no such path; `EACCES`: not a pin; `EINVAL`: a pin of something else.
pub fn open_pinned_map(path: &Path) -> Result<Map> {
    Map::from_fd(obj_get(path, 0)?)
}

/// The types with this number as bytes of BTF, host byte order.
///
/// # Errors
/// `ENOENT`: none with this number; `EPERM`: not permitted.
pub fn btf_bytes(id: u32) -> Result<Vec<u8>> {
    Ok(btf_info(fd_by_id(Kind::Btf, id)?.as_fd(), true)?.bytes)
}
