//! The instruction set: one table, and what follows from it.
//!
//! Every legal instruction is one row of the table ([`FORMS`]). Encoding, decoding, printing and the
//! instruction table of `SPEC.md` are made from these rows and from nothing else (RFC 9669; Linux 6.18
//! `include/uapi/linux/bpf.h`, `kernel/bpf/disasm.c`).

pub(crate) mod code;
mod effect;
pub mod form;
mod insn;
mod llvm;
mod markdown;
pub(crate) mod print;
pub mod read;
mod sequence;
mod spell;
mod syntax;

pub use code::{DecodeError, SLOT};
pub use form::{Cpu, FORMS, Field, Form};
pub use insn::{Endian, Insn};
pub use markdown::markdown;
pub use print::Names;
pub use read::{Dialect, ReadError, Reading};
pub use sequence::Code;
pub use syntax::{AluOp, AtomicOp, Cond, Rhs, Size, Swap, Syntax, Width};
