//! Pins: names for objects in a BPF file system.

use super::{OBJ_GET, OBJ_PIN, attr, c_path, call, call_fd, raw};
use crate::sys::Result;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

/// Pins a program, map or link under a path (`BPF_OBJ_PIN`, `bpf_obj_pin_user()` in `kernel/bpf/inode.c`).
///
/// # Errors
/// `EPERM`: not a BPF file system, or not permitted; `EEXIST`: the name is taken; `EINVAL`: the name has a dot.
pub fn obj_pin(fd: BorrowedFd<'_>, path: &Path) -> Result<()> {
    let path = c_path(OBJ_PIN, path)?;
    let mut attr = attr::Obj {
        pathname: path.as_ptr().expose_provenance() as u64,
        bpf_fd: raw(fd),
        ..attr::Obj::default()
    };
    // SAFETY: the path ends in NUL and lives past the call.
    unsafe { call(OBJ_PIN, &mut attr)? };
    Ok(())
}

/// Opens a pin (`BPF_OBJ_GET`, `bpf_obj_get_user()` in `kernel/bpf/inode.c`). `flags`: 0 or `BPF_F_RDONLY`,
/// `BPF_F_WRONLY`.
///
/// # Errors
/// `ENOENT`: no such path; `EACCES`: not a pin, or not permitted.
pub fn obj_get(path: &Path, flags: u32) -> Result<OwnedFd> {
    let path = c_path(OBJ_GET, path)?;
    let mut attr = attr::Obj {
        pathname: path.as_ptr().expose_provenance() as u64,
        file_flags: flags,
        ..attr::Obj::default()
    };
    // SAFETY: the path ends in NUL and lives past the call.
    unsafe { call_fd(OBJ_GET, &mut attr) }
}
