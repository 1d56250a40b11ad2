//! Attaching: links, and the older attachment without one.

use super::{
    LINK_CREATE, LINK_DETACH, LINK_UPDATE, PROG_ATTACH, PROG_DETACH, RAW_TRACEPOINT_OPEN, attr, call,
    call_fd, call_fd_with, raw,
};
use crate::sys::Result;
use crate::sys::seam::{Fields, Value};
use bpfasm_asm::uapi::AttachType;
use nix::errno::Errno;
use std::ffi::CString;
use std::os::fd::{BorrowedFd, OwnedFd};

const F_ID: u32 = 1 << 5;
const F_LINK: u32 = 1 << 13;
const F_REPLACE: u32 = super::F_REPLACE;

/// What a program is attached to.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Nothing but what the program itself names.
    None,
    /// A cgroup, a perf event, a map, a network namespace, a program.
    Fd(BorrowedFd<'a>),
    /// A network interface.
    Ifindex(u32),
}

impl Target<'_> {
    pub(super) fn field(&self) -> u32 {
        match *self {
            Target::None => 0,
            Target::Fd(fd) => raw(fd),
            Target::Ifindex(index) => index,
        }
    }
}

/// A neighbour in the order of attached programs (tcx, netkit, cgroup).
#[derive(Debug, Clone, Copy)]
pub enum Relative<'a> {
    /// None: with `BPF_F_BEFORE` the first place, with `BPF_F_AFTER` the last.
    None,
    /// A program.
    Prog(BorrowedFd<'a>),
    /// A program by number.
    ProgId(u32),
    /// A link.
    Link(BorrowedFd<'a>),
    /// A link by number.
    LinkId(u32),
}

impl Relative<'_> {
    /// The field and the flags that say how to read it.
    fn field(&self) -> (u32, u32) {
        match *self {
            Relative::None => (0, 0),
            Relative::Prog(fd) => (raw(fd), 0),
            Relative::ProgId(id) => (id, F_ID),
            Relative::Link(fd) => (raw(fd), F_LINK),
            Relative::LinkId(id) => (id, F_LINK | F_ID),
        }
    }
}

/// What a kind of link wants beyond the common fields.
#[derive(Debug, Clone, Copy)]
pub enum LinkOptions<'a> {
    /// Nothing: XDP, cgroup before 6.17, netns, sockmap.
    None,
    /// For perf events: what `bpf_get_attach_cookie()` returns (Linux 5.15 where it is not 0).
    Cookie(u64),
    /// For tcx, netkit and cgroups: the neighbour, and the revision of the order that is expected (0: any).
    Order {
        /// The neighbour that `BPF_F_BEFORE` or `BPF_F_AFTER` speaks of.
        relative: Relative<'a>,
        /// `expected_revision`.
        revision: u64,
    },
    /// For tracing programs: the kernel function's BTF number in the target, and a cookie.
    Tracing {
        /// `target_btf_id`.
        btf_id: u32,
        /// What `bpf_get_attach_cookie()` returns.
        cookie: u64,
    },
    /// For netfilter (Linux 6.4).
    Netfilter {
        /// Protocol family, `NFPROTO_*`.
        pf: u32,
        /// Hook, `NF_INET_*`.
        hook: u32,
        /// Priority: smaller runs first.
        priority: i32,
        /// `BPF_F_NETFILTER_IP_DEFRAG` or 0.
        flags: u32,
    },
}

impl LinkOptions<'_> {
    /// The union's fields, for who watches.
    fn fields(&self, to: Fields) -> Fields {
        let number = |n: u32| Value::Number(n.into());
        match *self {
            LinkOptions::None => to,
            LinkOptions::Cookie(cookie) => to.add("bpf_cookie", Value::Hex(cookie)),
            LinkOptions::Order { relative, revision } => {
                let (field, _) = relative.field();
                to.add("relative", (field != 0).then(|| number(field)))
                    .add("expected_revision", (revision != 0).then_some(Value::Number(revision)))
            }
            LinkOptions::Tracing { btf_id, cookie } => to
                .add("target_btf_id", number(btf_id))
                .add("cookie", (cookie != 0).then_some(Value::Hex(cookie))),
            LinkOptions::Netfilter { pf, hook, priority, flags } => to
                .add("pf", number(pf))
                .add("hooknum", number(hook))
                .add("priority", Value::Signed(priority.into()))
                .add("flags", Value::Hex(flags.into())),
        }
    }
}

/// What `BPF_LINK_CREATE` takes.
#[derive(Debug, Clone, Copy)]
pub struct LinkCreate<'a> {
    /// The program; for struct_ops the map.
    pub prog: BorrowedFd<'a>,
    /// Where.
    pub target: Target<'a>,
    /// `enum bpf_attach_type`.
    pub attach_type: AttachType,
    /// Flags of this kind of link: `XDP_FLAGS_*`, `BPF_F_BEFORE`, …
    pub flags: u32,
    /// What this kind of link wants more.
    pub options: LinkOptions<'a>,
}

/// The two words of a u64 as they lie in memory.
pub(super) fn words(value: u64) -> [u32; 2] {
    let b = value.to_ne_bytes();
    [u32::from_ne_bytes([b[0], b[1], b[2], b[3]]), u32::from_ne_bytes([b[4], b[5], b[6], b[7]])]
}

/// Attaches a program as long as the link lives (`BPF_LINK_CREATE`, `link_create()` in
/// `kernel/bpf/syscall.c`; Linux 5.7, perf events 5.15, tcx 6.6, sockmap 6.10).
///
/// # Errors
/// `EINVAL`: the kernel has no such link, or program and attach type do not match; `EBUSY`, `EEXIST`: taken;
/// `ESTALE`: another revision.
pub fn link_create(link: &LinkCreate<'_>) -> Result<OwnedFd> {
    let mut flags = link.flags;
    let extra = match link.options {
        LinkOptions::None => [0; 4],
        LinkOptions::Cookie(cookie) => {
            let [a, b] = words(cookie);
            [a, b, 0, 0]
        }
        LinkOptions::Order { relative, revision } => {
            let (field, more) = relative.field();
            flags |= more;
            let [a, b] = words(revision);
            [field, 0, a, b]
        }
        LinkOptions::Tracing { btf_id, cookie } => {
            let [a, b] = words(cookie);
            [btf_id, 0, a, b]
        }
        LinkOptions::Netfilter { pf, hook, priority, flags } => [pf, hook, priority.cast_unsigned(), flags],
    };
    let mut attr = attr::LinkCreate {
        prog_fd: raw(link.prog),
        target: link.target.field(),
        attach_type: link.attach_type.0,
        flags,
        extra,
    };
    // SAFETY: no variant built above holds an address; the command returns a descriptor. An attach type whose
    // union member begins with addresses (kprobe_multi, uprobe_multi, iter) has the kernel read user memory at
    // most (copy_from_user), which cannot harm this process.
    unsafe { call_fd_with(LINK_CREATE, &mut attr, |to| link.options.fields(to)) }
}

/// Puts another program into a link (`BPF_LINK_UPDATE`); with `old`, only where that one is in it now.
///
/// # Errors
/// `EPERM`: another program is in it than `old`; `EINVAL`: types differ.
pub fn link_update(link: BorrowedFd<'_>, new: BorrowedFd<'_>, old: Option<BorrowedFd<'_>>) -> Result<()> {
    let mut attr = attr::LinkUpdate {
        link_fd: raw(link),
        new_prog_fd: raw(new),
        flags: if old.is_some() { F_REPLACE } else { 0 },
        old_prog_fd: old.map_or(0, raw),
    };
    // SAFETY: the attribute holds no address.
    unsafe { call(LINK_UPDATE, &mut attr)? };
    Ok(())
}

/// Takes a link's program off, whoever else holds the link (`BPF_LINK_DETACH`, Linux 5.9).
///
/// # Errors
/// `EOPNOTSUPP`: this kind of link cannot; it ends when its last descriptor and pin are gone.
pub fn link_detach(link: BorrowedFd<'_>) -> Result<()> {
    let mut attr = attr::OneFd { fd: raw(link), pad: 0 };
    // SAFETY: the attribute holds no address.
    unsafe { call(LINK_DETACH, &mut attr)? };
    Ok(())
}

/// What `BPF_PROG_ATTACH` and `BPF_PROG_DETACH` take.
#[derive(Debug, Clone, Copy)]
pub struct ProgAttach<'a> {
    /// A cgroup, map or network namespace; for tcx an interface.
    pub target: Target<'a>,
    /// The program; detaching may leave it out where only one can be there.
    pub prog: Option<BorrowedFd<'a>>,
    /// `enum bpf_attach_type`.
    pub attach_type: AttachType,
    /// `BPF_F_ALLOW_MULTI` and others.
    pub flags: u32,
    /// With `BPF_F_REPLACE`: the program to replace.
    pub replace: Option<BorrowedFd<'a>>,
    /// With `BPF_F_BEFORE` or `BPF_F_AFTER`: the neighbour.
    pub relative: Relative<'a>,
    /// The revision of the order that is expected; 0: any.
    pub revision: u64,
}

impl<'a> ProgAttach<'a> {
    /// A program at a target, without flags.
    #[must_use]
    pub fn new(prog: BorrowedFd<'a>, target: Target<'a>, attach_type: AttachType) -> ProgAttach<'a> {
        ProgAttach {
            target,
            prog: Some(prog),
            attach_type,
            flags: 0,
            replace: None,
            relative: Relative::None,
            revision: 0,
        }
    }

    fn attr(&self) -> attr::ProgAttach {
        let (relative, more) = self.relative.field();
        attr::ProgAttach {
            target: self.target.field(),
            attach_bpf_fd: self.prog.map_or(0, raw),
            attach_type: self.attach_type.0,
            attach_flags: self.flags | more,
            replace_bpf_fd: self.replace.map_or(0, raw),
            relative,
            expected_revision: self.revision,
        }
    }
}

/// Attaches a program until it is detached or its target is gone (`BPF_PROG_ATTACH`).
///
/// # Errors
/// `EINVAL`: types do not match; `EPERM`: another program is there, or not permitted; `EEXIST`: this one is.
pub fn prog_attach(attach: &ProgAttach<'_>) -> Result<()> {
    // SAFETY: the attribute holds no address.
    unsafe { call(PROG_ATTACH, &mut attach.attr())? };
    Ok(())
}

/// Detaches a program (`BPF_PROG_DETACH`).
///
/// # Errors
/// `ENOENT`: it is not there; `EINVAL`: types do not match.
pub fn prog_detach(attach: &ProgAttach<'_>) -> Result<()> {
    // SAFETY: the attribute holds no address.
    unsafe { call(PROG_DETACH, &mut attach.attr())? };
    Ok(())
}

/// Attaches to a raw tracepoint by name; `None` for programs that name their target in BTF (`tp_btf`, `fentry`,
/// LSM) (`BPF_RAW_TRACEPOINT_OPEN`, Linux 4.17; a cookie other than 0 from 6.10).
///
/// # Errors
/// `ENOENT`: no such tracepoint; `EINVAL`: wrong program type, or a NUL in the name.
pub fn raw_tracepoint_open(name: Option<&str>, prog: BorrowedFd<'_>, cookie: u64) -> Result<OwnedFd> {
    let name = name.map(CString::new).transpose().map_err(|_| RAW_TRACEPOINT_OPEN.error(Errno::EINVAL))?;
    let mut attr = attr::RawTracepoint {
        name: name.as_ref().map_or(0, |n| n.as_ptr().expose_provenance() as u64),
        prog_fd: raw(prog),
        pad: 0,
        cookie,
    };
    // SAFETY: the name ends in NUL and lives past the call; the command returns a descriptor.
    unsafe { call_fd(RAW_TRACEPOINT_OPEN, &mut attr) }
}
