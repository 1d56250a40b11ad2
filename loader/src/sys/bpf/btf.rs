//! BTF in the kernel.

use super::{
    BTF_LOAD, Log, OBJ_GET_INFO_BY_FD, Token, address, address_mut, attr, call_fd, info::obj_info, length,
    name_of, token,
};
use crate::sys::Result;
use nix::errno::Errno;
use std::os::fd::{BorrowedFd, OwnedFd};

/// Loads BTF, with the right of a token where there is one (`BPF_BTF_LOAD`, `btf_parse()` in `kernel/bpf/btf.c`).
///
/// # Errors
/// `EINVAL`: the kernel does not take it, as the log tells; `EPERM`: not permitted; `ENOSPC`: the log did not fit.
pub fn btf_load(btf: &[u8], log: Option<Log<'_>>, token: Token<'_>) -> Result<OwnedFd> {
    let (btf_flags, btf_token_fd) = token::fields(token);
    let mut attr = attr::BtfLoad {
        btf: address(btf),
        btf_size: length(BTF_LOAD, btf.len())?,
        btf_flags,
        btf_token_fd,
        ..attr::BtfLoad::default()
    };
    if let Some(log) = log {
        attr.btf_log_level = log.level;
        attr.btf_log_size = length(BTF_LOAD, log.buf.len())?;
        attr.btf_log_buf = address_mut(log.buf);
    }
    // SAFETY: both addresses are of slices that live past the call, with their lengths; returns a descriptor.
    unsafe { call_fd(BTF_LOAD, &mut attr) }
}

/// What the kernel tells about a BTF (`struct bpf_btf_info`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BtfInfo {
    /// Its number.
    pub id: u32,
    /// `vmlinux`, a module's name, or empty.
    pub name: String,
    /// Whether the kernel or a module brought it.
    pub kernel: bool,
    /// Its bytes, host byte order; empty unless asked for.
    pub bytes: Vec<u8>,
}

/// Asks about a BTF, with its bytes if `bytes` (`btf_get_info_by_fd()` in `kernel/bpf/btf.c`; names and
/// `kernel` from Linux 5.11).
///
/// # Errors
/// `EBADF`, `EINVAL`: not BTF.
pub fn btf_info(fd: BorrowedFd<'_>, bytes: bool) -> Result<BtfInfo> {
    // The kernel is told of 64 bytes. A multi-link would take them for 64 numbers of 8 bytes: room for these.
    let mut name = [0u8; 64 * 8];
    let mut name_len = 64;
    let mut buf = Vec::new();
    loop {
        let mut info = attr::BtfInfo {
            btf: address_mut(&mut buf),
            btf_size: length(OBJ_GET_INFO_BY_FD, buf.len())?,
            name: if name_len == 0 { 0 } else { address_mut(&mut name) },
            name_len,
            ..attr::BtfInfo::default()
        };
        // SAFETY: the addresses have their lengths beside them; for a program they lie in fields of length, which
        // makes it refuse, and for a link the first is no field and the second has room for what may come.
        match unsafe { obj_info(fd, &mut info) } {
            // Linux 5.10 has no names, and takes no room for one.
            Err(e) if e.errno == Errno::E2BIG && name_len != 0 => {
                name_len = 0;
                continue;
            }
            result => result?,
        }
        let size = usize::try_from(info.btf_size).unwrap_or(usize::MAX);
        if bytes && buf.len() < size {
            buf = vec![0; size];
            continue;
        }
        return Ok(BtfInfo { id: info.id, name: name_of(&name), kernel: info.kernel_btf != 0, bytes: buf });
    }
}
