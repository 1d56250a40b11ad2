//! The instruction set: an [`Insn`] from bytes or text, and back. One table, and what follows from it.
//!
//! ```
//! use bpfasm_asm::isa::{Dialect, Endian, Insn, Names, read};
//!
//! let bytes = [0xb7, 0, 0, 0, 2, 0, 0, 0];
//! let insns = Insn::decode_all(&bytes, Endian::Little)?;
//! assert_eq!(insns[0].display(Names::default()).to_string(), "r0 = 2");
//! assert_eq!(read::read("r0 = 2", Dialect::Native, None).ok().and_then(|r| r.insn()), Some(insns[0]));
//! assert_eq!(Insn::encode_all(&insns, Endian::Little), bytes);
//! # Ok::<(), bpfasm_asm::isa::DecodeError>(())
//! ```
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
