//! Programs: loading, and running one with made-up input.

use super::{
    PROG_LOAD, PROG_TEST_RUN, Token, address, address_mut, address_of, attr, call, call_fd, length,
    name_field, raw, token,
};
use crate::sys::{Error, Result};
use bpfasm_asm::btf::TypeId;
use bpfasm_asm::uapi::{AttachType, ProgType};
use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

/// Records of one size beside a program: func_info, line_info.
#[derive(Debug, Clone, Copy, Default)]
pub struct Records<'a> {
    /// The records, in host byte order.
    pub bytes: &'a [u8],
    /// Size of one in bytes.
    pub size: u32,
}

impl Records<'_> {
    fn count(&self) -> Result<u32> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        length(PROG_LOAD, self.bytes.len().checked_div(size).unwrap_or(0))
    }
}

/// What `BPF_PROG_LOAD` takes.
#[derive(Debug, Clone, Copy)]
pub struct ProgLoad<'a> {
    /// `enum bpf_prog_type`.
    pub kind: ProgType,
    /// Instructions, 8 bytes for a slot, in host byte order.
    pub insns: &'a [u8],
    /// The licence; `GPL` and compatible ones open helpers.
    pub license: &'a CStr,
    /// `kern_version`: kprobes before Linux 5.0 want `LINUX_VERSION_CODE`.
    pub kern_version: u32,
    /// `BPF_F_*` of `prog_flags`.
    pub flags: u32,
    /// The name, cut at 15 bytes; empty for none.
    pub name: &'a str,
    /// The device of an offloaded or device-bound program; 0 for none.
    pub ifindex: u32,
    /// What it will be attached to.
    pub expected_attach_type: AttachType,
    /// The loaded BTF that func_info and line_info speak of.
    pub btf: Option<BorrowedFd<'a>>,
    /// `struct bpf_func_info`.
    pub func_info: Records<'a>,
    /// `struct bpf_line_info`.
    pub line_info: Records<'a>,
    /// The kernel function or type that it attaches to, in the target's BTF.
    pub attach_btf_id: TypeId,
    /// The program (freplace) or the module's BTF that [`Self::attach_btf_id`] counts in.
    pub attach_to: Option<BorrowedFd<'a>>,
    /// The BTF of modules, which calls of their functions name by index (Linux 5.16).
    pub fd_array: &'a [RawFd],
    /// The right to load it.
    pub token: Token<'a>,
}

impl<'a> ProgLoad<'a> {
    /// A program of a type, with everything else left out.
    #[must_use]
    pub fn new(kind: ProgType, insns: &'a [u8], license: &'a CStr) -> ProgLoad<'a> {
        ProgLoad {
            kind,
            insns,
            license,
            kern_version: 0,
            flags: 0,
            name: "",
            ifindex: 0,
            expected_attach_type: AttachType(0),
            btf: None,
            func_info: Records::default(),
            line_info: Records::default(),
            attach_btf_id: TypeId::VOID,
            attach_to: None,
            fd_array: &[],
            token: None,
        }
    }
}

/// What to ask the verifier for beside its verdict.
#[derive(Debug)]
pub struct Log<'a> {
    /// 1: the path; 2: with all states; +4: statistics.
    pub level: u32,
    /// Where to write it. Empty (Linux 6.4): only tell how long it is.
    pub buf: &'a mut [u8],
}

/// A program that was not loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct LoadFailed {
    /// Why.
    pub error: Error,
    /// Length of the whole log in bytes, with its NUL; 0 where the kernel does not tell (before 6.4).
    pub log_true_size: u32,
}

/// Loads a program (`BPF_PROG_LOAD`, `bpf_prog_load()` in `kernel/bpf/syscall.c`).
///
/// # Errors
/// `EACCES`, `EINVAL` and others: the verifier's verdict; `EPERM`: not permitted; `E2BIG`: too long or too
/// complex; `ENOSPC`: only with a log that did not fit; `EAGAIN`: interrupted, to be tried again.
pub fn prog_load(prog: &ProgLoad<'_>, log: Option<Log<'_>>) -> std::result::Result<OwnedFd, LoadFailed> {
    let without_log = |error| LoadFailed { error, log_true_size: 0 };
    let mut attr = load_attr(prog, log).map_err(without_log)?;
    // SAFETY: every address is that of a slice or string that lives past the call, with counts made from its
    // length; the log buffer is borrowed mutably. The command returns a descriptor.
    unsafe { call_fd(PROG_LOAD, &mut attr) }
        .map_err(|error| LoadFailed { error, log_true_size: attr.log_true_size })
}

fn load_attr(prog: &ProgLoad<'_>, log: Option<Log<'_>>) -> Result<attr::ProgLoad> {
    let (token_flag, token_fd) = token::fields(prog.token);
    let mut attr = attr::ProgLoad {
        prog_type: prog.kind.0,
        insn_cnt: length(PROG_LOAD, prog.insns.len() / 8)?,
        insns: address(prog.insns),
        license: prog.license.as_ptr().expose_provenance() as u64,
        kern_version: prog.kern_version,
        prog_flags: prog.flags | token_flag,
        prog_name: name_field(prog.name),
        prog_ifindex: prog.ifindex,
        expected_attach_type: prog.expected_attach_type.0,
        prog_btf_fd: prog.btf.map_or(0, raw),
        func_info_rec_size: prog.func_info.size,
        func_info: address(prog.func_info.bytes),
        func_info_cnt: prog.func_info.count()?,
        line_info_rec_size: prog.line_info.size,
        line_info: address(prog.line_info.bytes),
        line_info_cnt: prog.line_info.count()?,
        attach_btf_id: prog.attach_btf_id.0,
        attach_prog_fd: prog.attach_to.map_or(0, raw),
        prog_token_fd: token_fd,
        fd_array: address_of(prog.fd_array),
        ..attr::ProgLoad::default()
    };
    if let Some(log) = log {
        attr.log_level = log.level;
        attr.log_size = length(PROG_LOAD, log.buf.len())?;
        attr.log_buf = address_mut(log.buf);
    }
    Ok(attr)
}

/// What `BPF_PROG_TEST_RUN` takes.
#[derive(Debug, Default)]
pub struct TestRun<'a> {
    /// The packet, for types that have one: at least 14 bytes.
    pub data_in: &'a [u8],
    /// Where the packet goes afterwards; empty: nowhere.
    pub data_out: &'a mut [u8],
    /// The context, where the type lets it be given.
    pub ctx_in: &'a [u8],
    /// Where the context goes afterwards; empty: nowhere.
    pub ctx_out: &'a mut [u8],
    /// How often; 0 as 1.
    pub repeat: u32,
    /// `BPF_F_TEST_*`.
    pub flags: u32,
    /// The CPU, with `BPF_F_TEST_RUN_ON_CPU`.
    pub cpu: u32,
}

/// How a test run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestResult {
    /// What the program returned.
    pub retval: u32,
    /// Mean time of one run in nanoseconds.
    pub duration: u32,
    /// Length of the packet afterwards.
    pub data_size: u32,
    /// Length of the context afterwards.
    pub ctx_size: u32,
}

/// Runs a program once or more with a packet or context of ours (`BPF_PROG_TEST_RUN`, `net/bpf/test_run.c`).
///
/// # Errors
/// `EOPNOTSUPP`: not for this type of program; `EINVAL`: not with this input; `ENOSPC`: the packet
/// afterwards is longer than `data_out`.
pub fn prog_test_run(prog: BorrowedFd<'_>, run: &mut TestRun<'_>) -> Result<TestResult> {
    let mut attr = attr::TestRun {
        prog_fd: raw(prog),
        data_size_in: length(PROG_TEST_RUN, run.data_in.len())?,
        data_size_out: length(PROG_TEST_RUN, run.data_out.len())?,
        data_in: address(run.data_in),
        data_out: address_mut(run.data_out),
        repeat: run.repeat,
        ctx_size_in: length(PROG_TEST_RUN, run.ctx_in.len())?,
        ctx_size_out: length(PROG_TEST_RUN, run.ctx_out.len())?,
        ctx_in: address(run.ctx_in),
        ctx_out: address_mut(run.ctx_out),
        flags: run.flags,
        cpu: run.cpu,
        ..attr::TestRun::default()
    };
    // SAFETY: every address is that of a slice with its length beside it, or 0; the kernel takes a length of 0
    // as "no limit", but then the address is 0 and nothing is written.
    unsafe { call(PROG_TEST_RUN, &mut attr)? };
    Ok(TestResult {
        retval: attr.retval,
        duration: attr.duration,
        data_size: attr.data_size_out,
        ctx_size: attr.ctx_size_out,
    })
}
