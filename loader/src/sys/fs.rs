//! Mounts that only a descriptor holds, and file system facts (`fsopen(2)`, `statfs(2)`).

use std::ffi::CStr;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;

use super::seam::{Fields, Value, act, ask};
use super::{Error, Result};

/// `TRACEFS_MAGIC`: the type of tracefs.
pub const TRACEFS: u64 = 0x7472_6163;
/// `CGROUP2_SUPER_MAGIC`: the type of the cgroup v2 hierarchy.
pub const CGROUP2: u64 = 0x6367_7270;
/// `SYSFS_MAGIC`: the type of sysfs.
pub const SYSFS: u64 = 0x6265_6572;
/// `BPF_FS_MAGIC`: the type of the BPF file system.
pub const BPFFS: u64 = 0xcafe_4a11;

/// `FSOPEN_CLOEXEC` and `FSMOUNT_CLOEXEC`.
const CLOEXEC: libc::c_uint = 1;
/// `MOUNT_ATTR_NOSUID`, `MOUNT_ATTR_NODEV` and `MOUNT_ATTR_NOEXEC`.
const MOUNT_ATTRIBUTES: libc::c_uint = 2 | 4 | 8;
/// `FSCONFIG_CMD_CREATE`.
const CMD_CREATE: libc::c_uint = 6;

/// The type of the file system that `path` is on.
///
/// # Errors
/// `ENOENT` and the other errors of `statfs(2)`.
pub fn magic(path: &Path) -> Result<u64> {
    let call = "statfs";
    ask(
        call,
        |to| to.path(path),
        || {
            let facts = nix::sys::statfs::statfs(path).map_err(|errno| Error { call, errno })?;
            // The type of this field differs between systems; the number is one of 32 bits on all of them.
            let nix::sys::statfs::FsType(kind) = facts.filesystem_type();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            Ok(u64::from(kind as u32))
        },
    )
}

/// Turns the result of a raw system call into a descriptor.
fn descriptor(call: &'static str, result: libc::c_long) -> Result<OwnedFd> {
    let fd = RawFd::try_from(Errno::result(result).map_err(|errno| Error { call, errno })?)
        .map_err(|_| Error { call, errno: Errno::EOVERFLOW })?;
    // SAFETY: the kernel has just given this descriptor to us, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Mounts a file system that needs no options and gives its root directory. It is visible nowhere, and goes away
/// with the descriptor.
///
/// # Errors
/// `ENOSYS` before Linux 5.2, `EPERM` without `CAP_SYS_ADMIN`, `ENODEV` when the kernel has no such file system.
pub fn detached_mount(kind: &CStr) -> Result<OwnedFd> {
    let named = |to: Fields| to.add("fsname", Value::Text(kind.to_string_lossy().into_owned()));
    let context = ask("fsopen", named, || {
        // SAFETY: the name is a C string that outlives the call.
        descriptor("fsopen", unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), CLOEXEC) })
    })?;
    let of = |to: Fields| to.add("fd", Value::Fd(context.as_raw_fd()));
    let nothing = std::ptr::null::<libc::c_char>();
    let create = "fsconfig(FSCONFIG_CMD_CREATE)";
    ask(create, of, || {
        // SAFETY: this command takes no key and no value: both pointers must be null and the last argument zero.
        let done = unsafe {
            let fd = context.as_raw_fd();
            libc::syscall(libc::SYS_fsconfig, fd, CMD_CREATE, nothing, nothing, 0 as libc::c_int)
        };
        Errno::result(done).map(|_| ()).map_err(|errno| Error { call: create, errno })
    })?;
    ask("fsmount", of, || {
        let fd = context.as_raw_fd();
        // SAFETY: no pointer is passed.
        descriptor("fsmount", unsafe { libc::syscall(libc::SYS_fsmount, fd, CLOEXEC, MOUNT_ATTRIBUTES) })
    })
}

/// Opens a file or a directory that is there; close-on-exec is always set.
///
/// # Errors
/// Those of `open(2)`.
pub fn open(path: &Path, flags: OFlag) -> Result<OwnedFd> {
    let call = "open";
    ask(
        call,
        |to| to.path(path),
        || {
            nix::fcntl::open(path, flags | OFlag::O_CLOEXEC, Mode::empty())
                .map_err(|errno| Error { call, errno })
        },
    )
}

/// A call that changes what stands under a path.
fn change(call: &'static str, path: &Path, make: impl FnOnce(&Path) -> nix::Result<()>) -> Result<()> {
    act(call, |to| to.path(path), || make(path))
}

/// Makes a directory.
///
/// # Errors
/// `EEXIST`: the name is taken; those of `mkdir(2)`.
pub fn make_dir(path: &Path) -> Result<()> {
    change("mkdir", path, |path| nix::unistd::mkdir(path, Mode::from_bits_truncate(0o777)))
}

/// Removes an empty directory.
///
/// # Errors
/// Those of `rmdir(2)`.
pub fn remove_dir(path: &Path) -> Result<()> {
    change("rmdir", path, |path| {
        nix::unistd::unlinkat(nix::fcntl::AT_FDCWD, path, nix::unistd::UnlinkatFlags::RemoveDir)
    })
}

/// Removes a file, such as a pin.
///
/// # Errors
/// `ENOENT`: it is not there; those of `unlink(2)`.
pub fn remove_file(path: &Path) -> Result<()> {
    change("unlink", path, nix::unistd::unlink)
}

/// Gives a file another name; what has that name is replaced, in one step.
///
/// # Errors
/// Those of `rename(2)`.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    let fields = |fields: Fields| fields.path(from).add("to", Value::Text(to.display().to_string()));
    let at = nix::fcntl::AT_FDCWD;
    act("rename", fields, || nix::fcntl::renameat(at, from, at, to))
}

/// A directory, however it was come by: all paths below are relative to it.
#[derive(Debug)]
pub struct Dir(OwnedFd);

impl Dir {
    /// The root of a file system mounted by [`detached_mount`].
    pub fn detached(kind: &CStr) -> Result<Dir> {
        detached_mount(kind).map(Dir)
    }

    /// A directory that is visible in this mount namespace.
    ///
    /// # Errors
    /// Those of `open(2)`.
    pub fn open(path: &Path) -> Result<Dir> {
        open(path, OFlag::O_PATH | OFlag::O_DIRECTORY).map(Dir)
    }

    /// Opens a file below with the given flags; close-on-exec is always set.
    ///
    /// # Errors
    /// Those of `openat(2)`.
    pub fn file(&self, path: &str, flags: OFlag) -> Result<OwnedFd> {
        let call = "openat";
        let fields = |to: Fields| to.add("dirfd", Value::Fd(self.0.as_raw_fd())).path(path);
        ask(call, fields, || {
            openat(&self.0, path, flags | OFlag::O_CLOEXEC, Mode::empty())
                .map_err(|errno| Error { call, errno })
        })
    }

    /// The contents of a file below.
    ///
    /// # Errors
    /// Those of `openat(2)` and `read(2)`.
    pub fn read(&self, path: &str) -> Result<String> {
        let mut bytes = Vec::new();
        let mut file = std::fs::File::from(self.file(path, OFlag::O_RDONLY)?);
        file.read_to_end(&mut bytes).map_err(|e| Error {
            call: "read",
            errno: e.raw_os_error().map_or(Errno::EIO, Errno::from_raw),
        })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Writes to a file below that exists.
    ///
    /// # Errors
    /// Those of `openat(2)` and `write(2)`.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        let file = self.file(path, OFlag::O_WRONLY)?;
        let done = nix::unistd::write(&file, text.as_bytes());
        done.map(|_| ()).map_err(|errno| Error { call: "write", errno })
    }

    /// The names in a directory below, without `.` and `..`, in no particular order.
    ///
    /// # Errors
    /// Those of `openat(2)` and `getdents(2)`.
    pub fn names(&self, path: &str) -> Result<Vec<String>> {
        let fail = |errno| Error { call: "getdents", errno };
        let fd = self.file(path, OFlag::O_RDONLY | OFlag::O_DIRECTORY)?;
        let mut dir = nix::dir::Dir::from_fd(fd).map_err(fail)?;
        let mut names = Vec::new();
        for entry in dir.iter() {
            let name = entry.map_err(fail)?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Makes a directory below.
    ///
    /// # Errors
    /// Those of `mkdirat(2)`.
    pub fn make(&self, path: &str) -> Result<()> {
        nix::sys::stat::mkdirat(&self.0, path, Mode::S_IRWXU)
            .map_err(|errno| Error { call: "mkdirat", errno })
    }

    /// Removes a directory below.
    ///
    /// # Errors
    /// Those of `unlinkat(2)`.
    pub fn remove(&self, path: &str) -> Result<()> {
        nix::unistd::unlinkat(&self.0, path, nix::unistd::UnlinkatFlags::RemoveDir)
            .map_err(|errno| Error { call: "unlinkat", errno })
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The root of tracefs: where it is mounted, or else mounted for us alone; nothing visible changes.
///
/// # Errors
/// Of the detached mount, when tracefs is mounted at neither of its two places.
pub fn tracefs() -> Result<Dir> {
    for path in ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"] {
        let path = Path::new(path);
        if magic(path) == Ok(TRACEFS) {
            return Dir::open(path);
        }
    }
    Dir::detached(c"tracefs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn procfs_is_procfs() {
        assert_eq!(magic(Path::new("/proc")), Ok(0x9fa0));
        let missing = magic(Path::new("/no/such/path")).unwrap_err();
        assert_eq!(missing.errno, Errno::ENOENT);
    }

    #[test]
    fn a_detached_mount_shows_files_and_stays_invisible() {
        let before = std::fs::read_to_string("/proc/self/mounts").unwrap();
        let root = match Dir::detached(c"tracefs") {
            Ok(root) => root,
            Err(e) if std::env::var_os("BPFASM_NO_SKIP").is_none() => {
                println!("skipped: {e}");
                return;
            }
            Err(e) => panic!("{e}"),
        };
        assert!(root.names("events").unwrap().contains(&"sched".to_owned()));
        let id: u32 = root.read("events/sched/sched_switch/id").unwrap().trim().parse().unwrap();
        assert_ne!(id, 0);
        assert_eq!(root.file("no-such-file", OFlag::O_RDONLY).unwrap_err().errno, Errno::ENOENT);
        assert_eq!(std::fs::read_to_string("/proc/self/mounts").unwrap(), before);
    }
}
