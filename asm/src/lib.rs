//! eBPF as text, as instructions, as an [`Object`](object::Object), as ELF.
//!
//! This crate is pure: it opens no file, asks no kernel, and every stage takes a value or gives one:
//!
//! ```text
//! text ─lang▶ syntax tree ─expand▶ plain items ─assemble▶ Object ─elf▶ bytes of an object file
//! ```
#![forbid(unsafe_code)]

pub mod assemble;
pub mod btf;
pub mod bytes;
pub mod cfg;
pub mod diag;
pub mod diff;
pub mod disasm;
pub mod dump;
pub mod elf;
mod escape;
pub mod expand;
mod flow;
mod gas;
mod hash;
pub mod isa;
pub mod lang;
pub mod lint;
pub mod listing;
pub mod object;
pub mod uapi;
