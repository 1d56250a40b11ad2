//! The instruction set: one table, and what follows from it.
//!
//! Every legal instruction is one row of the table ([`form::FORMS`]). Encoding, decoding, printing and the
//! instruction table of `SPEC.md` are made from these rows and from nothing else (RFC 9669; Linux 6.18
//! `include/uapi/linux/bpf.h`, `kernel/bpf/disasm.c`).

mod insn;
mod syntax;

pub use insn::{Endian, Insn};
pub use syntax::{AluOp, AtomicOp, Cond, Rhs, Size, Swap, Syntax, Width};
