//! perf_event_open(2) for tracepoints.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;

use super::seam::{Fields, Value, act, through};
use super::stand_in::{self, Thing};
use super::{Error, Result};

/// `PERF_TYPE_TRACEPOINT`.
const TYPE_TRACEPOINT: u32 = 2;
/// Length of the first version of `struct perf_event_attr` (`PERF_ATTR_SIZE_VER0`), which every kernel takes.
const ATTR_SIZE: usize = 64;
/// `PERF_SAMPLE_RAW`.
const SAMPLE_RAW: u64 = 1 << 10;
/// `PERF_FLAG_FD_CLOEXEC`.
const FLAG_CLOEXEC: libc::c_ulong = 8;

/// `PERF_EVENT_IOC_ENABLE`, `_IO('$', 0)`. Both numbers come from macros, since their layout and even their C type
/// differ between machines.
const ENABLE: nix::sys::ioctl::ioctl_num_type = nix::request_code_none!(b'$', 0);
/// `PERF_EVENT_IOC_SET_BPF`, `_IOW('$', 8, __u32)`.
const SET_BPF: nix::sys::ioctl::ioctl_num_type = nix::request_code_write!(b'$', 8, size_of::<u32>());

/// Opens the event of tracepoint `id`, for all processes, on CPU 0, not yet enabled. A program on it runs on every
/// CPU: the kernel hangs it on the tracepoint, not on the CPU's event.
///
/// # Errors
/// `EACCES`, `EPERM` without `CAP_PERFMON` and with `perf_event_paranoid` above −1; `EINVAL`, `ENOENT` for an unknown id.
pub fn open_tracepoint(id: u64) -> Result<OwnedFd> {
    let mut attr = [0u8; ATTR_SIZE];
    attr[0..4].copy_from_slice(&TYPE_TRACEPOINT.to_ne_bytes());
    attr[4..8].copy_from_slice(&64u32.to_ne_bytes());
    attr[8..16].copy_from_slice(&id.to_ne_bytes());
    attr[16..24].copy_from_slice(&1u64.to_ne_bytes());
    attr[24..32].copy_from_slice(&SAMPLE_RAW.to_ne_bytes());
    let (pid, cpu, group): (libc::pid_t, libc::c_int, libc::c_int) = (-1, 0, -1);
    let call = "perf_event_open";
    let fields = |to: Fields| {
        to.add("type", Value::Name("PERF_TYPE_TRACEPOINT".to_owned()))
            .add("config", Value::Number(id))
            .add("pid", Value::Signed(pid.into()))
            .add("cpu", Value::Signed(cpu.into()))
    };
    let stand_in = || stand_in::open(call, Thing::Other);
    through(call, false, fields, stand_in, || {
        // SAFETY: the attributes are as long as their size field says and outlive the call, which only reads them.
        let fd =
            unsafe { libc::syscall(libc::SYS_perf_event_open, attr.as_ptr(), pid, cpu, group, FLAG_CLOEXEC) };
        let fd = RawFd::try_from(Errno::result(fd).map_err(|errno| Error { call, errno })?)
            .map_err(|_| Error { call, errno: Errno::EOVERFLOW })?;
        // SAFETY: the kernel has just given this descriptor to us, and nobody else knows it.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    })
}

/// Runs a program at each occurrence of the event (`PERF_EVENT_IOC_SET_BPF`), until the event is closed.
///
/// # Errors
/// `EEXIST` when it has a program already, `EINVAL` for one of another type, `E2BIG` for too many on the tracepoint.
pub fn set_bpf(event: BorrowedFd<'_>, prog: BorrowedFd<'_>) -> Result<()> {
    let fields =
        |to: Fields| to.add("fd", Value::Fd(event.as_raw_fd())).add("prog_fd", Value::Fd(prog.as_raw_fd()));
    act("ioctl(PERF_EVENT_IOC_SET_BPF)", fields, || {
        // SAFETY: both descriptors are open; the argument is a number, not a pointer.
        let done = unsafe { libc::ioctl(event.as_raw_fd(), SET_BPF, prog.as_raw_fd()) };
        Errno::result(done).map(|_| ())
    })
}

/// Starts the event (`PERF_EVENT_IOC_ENABLE`).
///
/// # Errors
/// Those of `ioctl(2)`.
pub fn enable(event: BorrowedFd<'_>) -> Result<()> {
    let fields = |to: Fields| to.add("fd", Value::Fd(event.as_raw_fd()));
    act("ioctl(PERF_EVENT_IOC_ENABLE)", fields, || {
        // SAFETY: the descriptor is open; the request takes no argument.
        let done = unsafe { libc::ioctl(event.as_raw_fd(), ENABLE, 0) };
        Errno::result(done).map(|_| ())
    })
}
