//! The bpf(2) system call: one function for each command, safe to call with any values.
//!
//! Sources: Linux `include/uapi/linux/bpf.h` (`union bpf_attr`), `kernel/bpf/syscall.c`, bpf(2).
//!
//! Each command has its own attribute struct, as long as the last field it needs: a kernel takes a shorter
//! attribute as if zeros followed, and refuses (`E2BIG`) only unknown bytes that are not zero. Numbers are in
//! host byte order throughout. Descriptors that these functions return have `O_CLOEXEC` set by the kernel.

mod attr;
mod btf;
mod cpus;
mod id;
mod info;
mod link;
mod link_info;
mod map;
mod object;
mod prog;
mod query;
mod show;
mod stand_in;
mod token;

pub use btf::{BtfInfo, btf_info, btf_load};
pub use cpus::possible_cpus;
pub use id::{Kind, fd_by_id, kind_of, next_id};
pub use info::{MapInfo, ProgCode, ProgInfo, map_info, prog_code, prog_info};
pub use link::{
    LinkCreate, LinkOptions, ProgAttach, Relative, Target, link_create, link_detach, link_update,
    prog_attach, prog_detach, raw_tracepoint_open,
};
pub use link_info::{LinkDetail, LinkInfo, link_id, link_info};
pub use map::{Map, MapBtf, MapCreate, fill_arena, map_create};
pub use object::{obj_get, obj_pin};
pub use prog::{LoadFailed, Log, ProgLoad, Records, TestResult, TestRun, prog_load, prog_test_run};
pub use query::{Attached, Query, prog_query};
pub use token::{Token, token_create};

pub use show::PROG_FLAGS;

use super::seam::{self, Fields, Outcome, Tell};
use super::{Error, Result};
use attr::Attr;
use nix::errno::Errno;
use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes of a name in the kernel, with its NUL (`BPF_OBJ_NAME_LEN`).
pub const NAME_LEN: usize = 16;

/// Attach before the one that [`Relative`] names (`BPF_F_BEFORE`).
pub const F_BEFORE: u32 = 1 << 3;
/// Attach after the one that [`Relative`] names (`BPF_F_AFTER`).
pub const F_AFTER: u32 = 1 << 4;
/// Replace a program (`BPF_F_REPLACE`).
pub const F_REPLACE: u32 = 1 << 2;
/// More than one program may be attached to a cgroup (`BPF_F_ALLOW_MULTI`).
pub const F_ALLOW_MULTI: u32 = 1 << 1;
/// A program of a cgroup below may take this one's place (`BPF_F_ALLOW_OVERRIDE`).
pub const F_ALLOW_OVERRIDE: u32 = 1;
/// In [`Query::flags`]: the programs in force, those of parents too (`BPF_F_QUERY_EFFECTIVE`).
pub const F_QUERY_EFFECTIVE: u32 = 1;
/// Map flag: programs may only read (`BPF_F_RDONLY_PROG`).
pub const F_RDONLY_PROG: u32 = 1 << 7;
/// Map flag: user space may mmap(2) it (`BPF_F_MMAPABLE`).
pub const F_MMAPABLE: u32 = 1 << 10;
/// Map flag: [`MapCreate::numa_node`] counts (`BPF_F_NUMA_NODE`).
pub const F_NUMA_NODE: u32 = 1 << 2;

/// Map flag: it takes effect by a link (`BPF_F_LINK`).
pub const F_LINK: u32 = 1 << 13;
/// Map flag: the kernel's type of the value is of a module (`BPF_F_VTYPE_BTF_OBJ_FD`).
const F_VTYPE_BTF_OBJ_FD: u32 = 1 << 15;
/// Flag of maps, programs and types: the attribute has a token (`BPF_F_TOKEN_FD`).
const F_TOKEN_FD: u32 = 1 << 16;

/// A command of bpf(2): its number, and how errors name it.
#[derive(Clone, Copy, PartialEq)]
struct Cmd {
    number: libc::c_int,
    call: &'static str,
}

macro_rules! commands {
    ($($name:ident = $number:literal;)*) => {
        $(const $name: Cmd = Cmd { number: $number, call: concat!("bpf(BPF_", stringify!($name), ")") };)*
    };
}

// enum bpf_cmd
commands! {
    MAP_CREATE = 0;
    MAP_LOOKUP_ELEM = 1;
    MAP_UPDATE_ELEM = 2;
    MAP_DELETE_ELEM = 3;
    MAP_GET_NEXT_KEY = 4;
    PROG_LOAD = 5;
    OBJ_PIN = 6;
    OBJ_GET = 7;
    PROG_ATTACH = 8;
    PROG_DETACH = 9;
    PROG_TEST_RUN = 10;
    PROG_GET_NEXT_ID = 11;
    MAP_GET_NEXT_ID = 12;
    PROG_GET_FD_BY_ID = 13;
    MAP_GET_FD_BY_ID = 14;
    OBJ_GET_INFO_BY_FD = 15;
    PROG_QUERY = 16;
    RAW_TRACEPOINT_OPEN = 17;
    BTF_LOAD = 18;
    BTF_GET_FD_BY_ID = 19;
    MAP_FREEZE = 22;
    BTF_GET_NEXT_ID = 23;
    LINK_CREATE = 28;
    LINK_UPDATE = 29;
    LINK_GET_FD_BY_ID = 30;
    LINK_GET_NEXT_ID = 31;
    LINK_DETACH = 34;
    TOKEN_CREATE = 36;
}

impl Cmd {
    /// Whether its result is a new descriptor.
    fn gives_fd(self) -> bool {
        const GIVE: [Cmd; 11] = [
            TOKEN_CREATE,
            MAP_CREATE,
            PROG_LOAD,
            OBJ_GET,
            RAW_TRACEPOINT_OPEN,
            BTF_LOAD,
            LINK_CREATE,
            PROG_GET_FD_BY_ID,
            MAP_GET_FD_BY_ID,
            BTF_GET_FD_BY_ID,
            LINK_GET_FD_BY_ID,
        ];
        GIVE.contains(&self)
    }

    fn error(self, errno: Errno) -> Error {
        Error { call: self.call, errno }
    }
}

/// Commands that change nothing, and whose answer nobody can stand in for.
const ASKS: [Cmd; 9] = [
    OBJ_GET,
    PROG_GET_NEXT_ID,
    MAP_GET_NEXT_ID,
    BTF_GET_NEXT_ID,
    LINK_GET_NEXT_ID,
    PROG_GET_FD_BY_ID,
    MAP_GET_FD_BY_ID,
    BTF_GET_FD_BY_ID,
    LINK_GET_FD_BY_ID,
];

/// bpf(2) with an attribute of its own type. Returns what the kernel returned, which is not negative.
///
/// # Safety
/// `A` is the attribute of `cmd`: `repr(C)`, integers only, without padding. Every address in it is 0 or valid
/// for all that the kernel reads or writes there with these sizes.
unsafe fn call<A: Attr>(cmd: Cmd, attr: &mut A) -> Result<libc::c_int> {
    // SAFETY: the caller's promise.
    unsafe { call_with(cmd, attr, |to| to) }
}

/// [`call`], with more to say about it than the attribute tells.
///
/// # Safety
/// As [`call`].
unsafe fn call_with<A: Attr>(
    cmd: Cmd,
    attr: &mut A,
    more: impl FnOnce(Fields) -> Fields,
) -> Result<libc::c_int> {
    let place: *mut A = attr;
    // SAFETY: it is the attribute that was borrowed, and the call has not begun.
    let fields = |to| more(unsafe { &*place }.fields(to));
    // SAFETY: the attribute of this command, as the caller promises.
    let stand_in = || unsafe { stand_in::answer(cmd, place.cast()) };
    let make = || {
        // SAFETY: the attribute is initialised memory of the size given; its addresses are the caller's promise.
        let result = unsafe { libc::syscall(libc::SYS_bpf, cmd.number, place, size_of::<A>()) };
        match libc::c_int::try_from(result) {
            Ok(n) if n >= 0 => Ok(Number { n, gives_fd: cmd.gives_fd() }),
            _ => Err(cmd.error(super::errno(Errno::last_raw()))),
        }
    };
    // SAFETY: as above.
    let asks = seam::watched() && unsafe { stand_in::asks(cmd, place.cast()) };
    seam::through(cmd.call, asks, fields, stand_in, make).map(|number| number.n)
}

/// What bpf(2) returns.
struct Number {
    n: libc::c_int,
    gives_fd: bool,
}

impl Tell for Number {
    fn tell(&self) -> Outcome {
        if self.gives_fd { Outcome::Fd(self.n) } else { Outcome::Done }
    }
}

/// [`call`] for commands that return a descriptor.
///
/// # Safety
/// As [`call`]; and `cmd` returns a new descriptor.
unsafe fn call_fd<A: Attr>(cmd: Cmd, attr: &mut A) -> Result<OwnedFd> {
    // SAFETY: the caller's promise.
    unsafe { call_fd_with(cmd, attr, |to| to) }
}

/// [`call_fd`], with more to say about it than the attribute tells.
///
/// # Safety
/// As [`call_fd`].
unsafe fn call_fd_with<A: Attr>(
    cmd: Cmd,
    attr: &mut A,
    more: impl FnOnce(Fields) -> Fields,
) -> Result<OwnedFd> {
    // SAFETY: the caller's promise.
    let fd: RawFd = unsafe { call_with(cmd, attr, more)? };
    // SAFETY: the kernel has just made this descriptor for us; nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The address of bytes that the kernel reads; 0 for none, since "no buffer" is a null pointer for it.
fn address(bytes: &[u8]) -> u64 {
    address_of(bytes)
}

/// The same of values of any type.
fn address_of<T>(values: &[T]) -> u64 {
    if values.is_empty() { 0 } else { values.as_ptr().expose_provenance() as u64 }
}

/// The address of bytes that the kernel writes; 0 for none.
fn address_mut(bytes: &mut [u8]) -> u64 {
    if bytes.is_empty() { 0 } else { bytes.as_mut_ptr().expose_provenance() as u64 }
}

/// A length as the kernel's u32; `E2BIG` where it does not fit.
fn length(cmd: Cmd, len: usize) -> Result<u32> {
    u32::try_from(len).map_err(|_| cmd.error(Errno::E2BIG))
}

/// A path with its NUL; `EINVAL` for a path that has one inside.
fn c_path(cmd: Cmd, path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| cmd.error(Errno::EINVAL))
}

/// A descriptor as the attribute has it.
fn raw(fd: BorrowedFd<'_>) -> u32 {
    fd.as_raw_fd().cast_unsigned()
}

/// A name for the kernel: at most 15 bytes and a NUL, cut at a character.
fn name_field(name: &str) -> [u8; NAME_LEN] {
    let mut field = [0; NAME_LEN];
    let mut end = name.len().min(NAME_LEN - 1);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    field[..end].copy_from_slice(&name.as_bytes()[..end]);
    field
}

/// A name as the kernel gives it: up to its NUL, anything that is not UTF-8 replaced.
fn name_of(field: &[u8]) -> String {
    let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}
