//! System calls, typed and documented; the only `unsafe` of the project lives here.
#![allow(unsafe_code)]

pub mod bpf;
mod bytes;
pub mod fs;
pub mod netlink;
pub mod perf;
pub mod seam;
pub mod signal;
mod stand_in;

pub use bytes::Bytes;

use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// A system call that the kernel refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {errno}")]
pub struct Error {
    /// The call, with its command where it has one: `bpf(BPF_MAP_CREATE)`.
    pub call: &'static str,
    /// Why.
    pub errno: Errno,
}

impl Error {
    /// Whether the process lacks a right.
    #[must_use]
    pub fn is_permission(&self) -> bool {
        matches!(self.errno, Errno::EPERM | Errno::EACCES)
    }
}

/// The number of a refusal. Some calls answer with 524, the kernel's own `ENOTSUPP` (`include/linux/errno.h`), which
/// user space has no name for; it means what `EOPNOTSUPP` means.
fn errno(number: i32) -> Errno {
    const ENOTSUPP: i32 = 524;
    if number == ENOTSUPP { Errno::EOPNOTSUPP } else { Errno::from_raw(number) }
}

/// A second descriptor for what one stands for, closed on exec.
///
/// # Errors
/// `EMFILE`: too many are open.
pub fn duplicate(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    let call = "fcntl(F_DUPFD_CLOEXEC)";
    let fields = |to: seam::Fields| to.add("fd", seam::Value::Fd(fd.as_raw_fd()));
    let make = || {
        let errno = |e: std::io::Error| e.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
        fd.try_clone_to_owned().map_err(|e| Error { call, errno: errno(e) })
    };
    seam::through(call, false, fields, || stand_in::duplicate(fd, make()?), make)
}

/// The result of a system call.
pub type Result<T> = std::result::Result<T, Error>;
