//! What this kernel lets this process do, found out by trying.
//!
//! Nothing is attached, pinned or left behind: programs and maps are closed as soon as the kernel has answered, and
//! what is attached is attached to nothing. What the kernel does not say is [`Verdict::Unknown`], never guessed.

mod environment;
mod helpers;
mod hooks;
mod isa;
mod links;
mod maps;
mod object;
mod report;

pub use environment::{Environment, Jit, Mount};
pub use helpers::Helpers;
pub use hooks::Hook;
pub use isa::{Feature, FeatureOf, level};
pub use object::Lack;
pub use report::{Finding, Report};

use bpfasm_asm::btf::{Kind, Wanted};
use bpfasm_asm::isa::{AluOp, Endian, Form, Insn, Rhs, Syntax, Width};
use bpfasm_asm::uapi::{LinkType, MapType, ProgType};
use nix::errno::Errno;
use std::collections::HashSet;

use super::KernelTypes;
use crate::load::memlock::Memlock;
use crate::sys::bpf::{Log, ProgLoad, prog_load};
use std::os::fd::OwnedFd;

/// What the kernel answers when something is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Supported,
    /// This process may not do it. Whether the kernel could is not always known then.
    Denied(Errno),
    /// The kernel does not have it.
    Unsupported(Errno),
    /// The kernel does not say; `ENODATA` where there is no way to ask.
    Unknown(Errno),
}

/// Nothing that could be tried, or looked at, tells.
const CANNOT_ASK: Verdict = Verdict::Unknown(Errno::ENODATA);

impl Verdict {
    /// `supported`, `denied`, `unsupported` or `unknown`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Supported => "supported",
            Verdict::Denied(_) => "denied",
            Verdict::Unsupported(_) => "unsupported",
            Verdict::Unknown(_) => "unknown",
        }
    }

    /// Why it is not supported.
    #[must_use]
    pub fn errno(self) -> Option<Errno> {
        match self {
            Verdict::Supported => None,
            Verdict::Denied(e) | Verdict::Unsupported(e) | Verdict::Unknown(e) => Some(e),
        }
    }

    /// What a refusal says: `EPERM` that it is denied, `EINVAL` and its like that the kernel does not know it.
    fn of(errno: Errno) -> Verdict {
        match errno {
            Errno::EPERM | Errno::EACCES => Verdict::Denied(errno),
            Errno::EINVAL | Errno::E2BIG | Errno::EOPNOTSUPP | Errno::ENOSYS => Verdict::Unsupported(errno),
            _ => Verdict::Unknown(errno),
        }
    }

    /// The better of two answers to the same question.
    fn or(self, other: Verdict) -> Verdict {
        let rank = |verdict| match verdict {
            Verdict::Supported => 0,
            Verdict::Denied(_) => 1,
            Verdict::Unknown(_) => 2,
            Verdict::Unsupported(_) => 3,
        };
        if rank(other) < rank(self) { other } else { self }
    }
}

/// How a program that was tried came off.
enum Tried {
    /// It is loaded.
    Loaded(OwnedFd),
    /// The verifier looked at it and refused it; what it said.
    Rejected(Errno, String),
    /// It was refused before that.
    Refused(Errno),
}

/// Asks the kernel, and remembers what the answers of more than one question need.
#[derive(Debug)]
pub struct Probe<'k, 's> {
    types: &'k KernelTypes<'s>,
    memlock: Memlock,
    log: Vec<u8>,
    constants: Option<Option<HashSet<String>>>,
}

impl<'k, 's> Probe<'k, 's> {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(types: &'k KernelTypes<'s>) -> Self {
        Self { types, memlock: Memlock::default(), log: vec![0; 16 << 10], constants: None }
    }

    /// Whether this kernel has program types, for at least one of the hooks that they have. Sorted by number.
    #[must_use]
    pub fn prog_types(hooks: &[Hook]) -> Vec<(ProgType, Verdict)> {
        let of = |kind: &ProgType| {
            let verdicts = hooks.iter().filter(|hook| hook.def.prog_type == *kind).map(Hook::kind_verdict);
            verdicts.reduce(Verdict::or).map(|verdict| (*kind, verdict))
        };
        ProgType::ALL.iter().filter_map(of).collect()
    }

    /// Map types, by number: whether one can be made.
    pub fn map_types(&mut self) -> Vec<(MapType, Verdict)> {
        let all = MapType::ALL.iter().filter(|kind| **kind != MapType::UNSPEC);
        all.map(|kind| (*kind, self.map_type(*kind))).collect()
    }

    /// Link types, by number: whether one can be made.
    pub fn link_types(&mut self, hooks: &[Hook]) -> Vec<(LinkType, Verdict)> {
        let all = LinkType::ALL.iter().filter(|kind| **kind != LinkType::UNSPEC);
        all.map(|kind| (*kind, self.link_type(*kind, hooks))).collect()
    }

    /// Loads a program and lets it go again.
    fn load(&mut self, prog: &ProgLoad<'_>) -> Tried {
        let log = &mut self.log;
        let loaded = self.memlock.retry(|token| {
            log[0] = 0;
            prog_load(&ProgLoad { token, ..*prog }, Some(Log { level: 1, buf: log }))
        });
        // With a log that does not fit, kernels before 6.4 refuse what they would take.
        let loaded = match loaded {
            Err(failed) if failed.error.errno == Errno::ENOSPC => prog_load(prog, None),
            loaded => loaded,
        };
        match loaded {
            Ok(fd) => Tried::Loaded(fd),
            Err(failed) => {
                let end = self.log.iter().position(|b| *b == 0).unwrap_or(self.log.len());
                match String::from_utf8_lossy(&self.log[..end]).trim() {
                    "" => Tried::Refused(failed.error.errno),
                    text => Tried::Rejected(failed.error.errno, text.to_owned()),
                }
            }
        }
    }

    /// Whether the kernel's own types have a constant such as `BPF_LINK_TYPE_TCX`; nothing where they cannot be read.
    fn has_constant(&mut self, name: Option<&str>) -> Option<bool> {
        const ENUM: u32 = 6;
        let types = self.types;
        let read = || {
            let mut wanted = Wanted::default();
            let names = ["bpf_attach_type", "bpf_link_type"];
            names.iter().for_each(|name| wanted.add(name, &[ENUM]));
            let scan = types.seek(&mut wanted).ok()?;
            let heads = names.iter().flat_map(|name| wanted.found(name));
            let enums = heads.filter_map(|head| scan.get::<String>(head.id).ok()?);
            let names = enums.flat_map(|ty| match ty.kind {
                Kind::Enum { values, .. } => values.into_iter().map(|value| value.name).collect(),
                _ => vec![],
            });
            Some(names.collect())
        };
        let names = self.constants.get_or_insert_with(read).as_ref()?;
        name.map(|name| names.contains(name))
    }
}

/// One instruction of the table.
fn insn(syntax: Syntax, dst: u8, src: u8, off: i16, imm: i64) -> Option<Insn> {
    Form::of(syntax)?.insn(dst, src, off, imm)
}

/// The end of a program that returns `value`.
fn ends(value: i64) -> impl Iterator<Item = Insn> {
    let value = insn(Syntax::Alu(AluOp::Mov, Width::W64, Rhs::Imm), 0, 0, 0, value);
    value.into_iter().chain(insn(Syntax::Exit, 0, 0, 0, 0))
}

/// A program that does nothing but return `value`.
fn returns(value: i64) -> Vec<u8> {
    bytes(ends(value))
}

fn bytes(insns: impl Iterator<Item = Insn>) -> Vec<u8> {
    Insn::encode_all(&insns.collect::<Vec<_>>(), Endian::HOST)
}
