//! The bytes of a file, mapped where nobody can change them and else read.

use std::ffi::c_void;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::path::Path;
use std::ptr::NonNull;

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use super::{Error, Result, fs};

/// The bytes of a file.
pub struct Bytes(Held);

enum Held {
    Mapped { start: NonNull<c_void>, len: usize },
    Read(Vec<u8>),
}

impl Bytes {
    /// All that a file holds. One of sysfs, which the kernel alone writes, is mapped where the kernel lets it be, as its
    /// types from Linux 6.16 on; every other one is read.
    ///
    /// # Errors
    /// Those of `open(2)` and `read(2)`.
    pub fn of(path: &Path) -> Result<Self> {
        let wrong = |call| move |e: io::Error| Error { call, errno: number(&e) };
        let mut file = File::open(path).map_err(wrong("open"))?;
        let len = file.metadata().map_err(wrong("stat"))?.len();
        let len = usize::try_from(len).map_err(|_| Error { call: "read", errno: Errno::EFBIG })?;
        if let Some(mapped) = NonZeroUsize::new(len).filter(|_| fs::magic(path) == Ok(fs::SYSFS)) {
            // SAFETY: a new mapping of a descriptor of ours, at a place of the kernel's choice, takes nobody's memory.
            if let Ok(start) =
                unsafe { mmap(None, mapped, ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, &file, 0) }
            {
                return Ok(Self(Held::Mapped { start, len }));
            }
        }
        let mut bytes = Vec::with_capacity(len.saturating_add(1));
        file.read_to_end(&mut bytes).map_err(wrong("read"))?;
        Ok(Self(Held::Read(bytes)))
    }
}

fn number(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Held::Read(bytes))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            // SAFETY: so many bytes are mapped there, readable, until this is dropped; nobody changes them, since they
            // are those of a file that the kernel alone writes, and it writes its types only once.
            Held::Mapped { start, len } => unsafe {
                std::slice::from_raw_parts(start.cast::<u8>().as_ptr(), *len)
            },
            Held::Read(bytes) => bytes,
        }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        if let Held::Mapped { start, len } = self.0 {
            // SAFETY: the mapping is ours, and nobody has its bytes any more. It can only fail for a wrong range.
            let _ = unsafe { munmap(start, len) };
        }
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if matches!(self.0, Held::Mapped { .. }) { "mapped" } else { "read" };
        write!(f, "Bytes({} {how})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mapped_and_what_is_read_is_what_the_file_holds() {
        // The second is not mapped, and says a size that it does not have.
        for path in ["/sys/kernel/btf/vmlinux", "/sys/kernel/mm/transparent_hugepage/enabled", "/etc/passwd"]
        {
            let Ok(bytes) = std::fs::read(path) else { continue };
            assert_eq!(*Bytes::of(Path::new(path)).unwrap(), bytes, "{path}");
        }
        assert_eq!(Bytes::of(Path::new("/no/such/file")).unwrap_err().errno, Errno::ENOENT);
    }
}
