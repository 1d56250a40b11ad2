//! What a process may do to be let make a map, load types or a program: before Linux 5.11 these count against
//! `RLIMIT_MEMLOCK`, which is small; in a user namespace a token of a BPF file system gives the right.

use crate::kernel::series;
use crate::sys::bpf::{Token, token_create};
use crate::sys::{self, fs};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

/// Where the BPF file system is whose token is used, if not at its usual place; empty for none. libbpf's users know it.
const TOKEN_PATH: &str = "LIBBPF_BPF_TOKEN_PATH";
const BPFFS: &str = "/sys/fs/bpf";

/// What has been tried already.
#[derive(Debug, Default)]
pub(crate) struct Memlock {
    tried: bool,
    tried_token: bool,
    token: Option<OwnedFd>,
}

impl Memlock {
    /// Runs a call; when it fails as one does under too small a limit, and the kernel is one that has it, raises
    /// the limit and runs it once more. When it is not permitted, it is run with a token, if there is one.
    pub(crate) fn retry<T, E: HasErrno>(
        &mut self,
        mut run: impl FnMut(Token<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut result = run(self.token());
        if matches!(&result, Err(e) if matches!(e.errno(), Errno::EPERM | Errno::ENOMEM)) && self.raise() {
            result = run(self.token());
        }
        match result {
            Err(e) if e.errno() == Errno::EPERM && self.find_token() => run(self.token()),
            result => result,
        }
    }

    /// The token that calls were found to need.
    pub(crate) fn token(&self) -> Token<'_> {
        self.token.as_ref().map(AsFd::as_fd)
    }

    /// Makes a token, the first time that this is asked; whether there is one now.
    fn find_token(&mut self) -> bool {
        if std::mem::replace(&mut self.tried_token, true) {
            return false;
        }
        let path = std::env::var_os(TOKEN_PATH).map_or_else(|| PathBuf::from(BPFFS), PathBuf::from);
        let root = Some(path).filter(|path| fs::magic(path) == Ok(fs::BPFFS));
        let root = root.and_then(|path| fs::open(&path, OFlag::O_RDONLY | OFlag::O_DIRECTORY).ok());
        self.token = root.and_then(|root| token_create(root.as_fd()).ok());
        self.token.is_some()
    }

    /// Raises the limit as far as this process may; whether that changed something.
    fn raise(&mut self) -> bool {
        if std::mem::replace(&mut self.tried, true) || !counts_memlock() {
            return false;
        }
        let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_MEMLOCK) else { return false };
        setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY).is_ok()
            || (soft < hard && setrlimit(Resource::RLIMIT_MEMLOCK, hard, hard).is_ok())
    }
}

/// An error that has a number.
pub(crate) trait HasErrno {
    fn errno(&self) -> Errno;
}

impl HasErrno for sys::Error {
    fn errno(&self) -> Errno {
        self.errno
    }
}

impl HasErrno for sys::bpf::LoadFailed {
    fn errno(&self) -> Errno {
        self.error.errno
    }
}

/// Whether this kernel is older than 5.11.
pub(crate) fn counts_memlock() -> bool {
    series().is_some_and(|v| v < (5, 11))
}
