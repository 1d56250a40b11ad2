//! Before Linux 5.11 maps and programs count against `RLIMIT_MEMLOCK`, which is small.

use crate::sys;
use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};

/// Whether the limit has been raised already.
#[derive(Debug, Default)]
pub(crate) struct Memlock {
    tried: bool,
}

impl Memlock {
    /// Runs a call; when it fails as one does under too small a limit, and the kernel is one that has it, raises
    /// the limit and runs it once more.
    pub(crate) fn retry<T, E: HasErrno>(
        &mut self,
        mut run: impl FnMut() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        match run() {
            Err(e) if matches!(e.errno(), Errno::EPERM | Errno::ENOMEM) && self.raise() => run(),
            result => result,
        }
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
    kernel_version().is_some_and(|v| v < (5, 11))
}

/// Major and minor number of the running kernel.
pub(crate) fn kernel_version() -> Option<(u32, u32)> {
    let name = nix::sys::utsname::uname().ok()?;
    version_of(name.release().to_str()?)
}

fn version_of(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::version_of;

    #[test]
    fn releases() {
        assert_eq!(version_of("5.10.0-33-cloud-amd64"), Some((5, 10)));
        assert_eq!(version_of("6.18-rc1"), Some((6, 18)));
        assert_eq!(version_of("strange"), None);
    }
}
