//! Tokens: rights that the owner of a BPF file system has delegated to those who see it in a user namespace.

use super::{F_TOKEN_FD, TOKEN_CREATE, attr, call_fd, raw};
use crate::sys::Result;
use std::os::fd::{BorrowedFd, OwnedFd};

/// A token for a call, where there is one.
pub type Token<'a> = Option<BorrowedFd<'a>>;

/// Makes a token out of the root of a BPF file system (`BPF_TOKEN_CREATE`, Linux 6.9).
///
/// # Errors
/// `EOPNOTSUPP`: this is no user namespace of its own; `ENOENT`: nothing is delegated; `EPERM`: it was mounted in another
/// namespace, or this process may not; `EINVAL`: not a BPF file system, or the kernel has no tokens.
pub fn token_create(bpffs: BorrowedFd<'_>) -> Result<OwnedFd> {
    let mut attr = attr::TokenCreate { flags: 0, bpffs_fd: raw(bpffs) };
    // SAFETY: the attribute holds no address; the command returns a descriptor.
    unsafe { call_fd(TOKEN_CREATE, &mut attr) }
}

/// The flag and the descriptor of a token in an attribute.
pub(super) fn fields(token: Token<'_>) -> (u32, u32) {
    token.map_or((0, 0), |fd| (F_TOKEN_FD, raw(fd)))
}
