//! eBPF as text, as instructions, as an [`Object`](object::Object), as ELF.
//!
//! This crate is pure: it opens no file, asks no kernel, and every stage takes a value or gives one:
//!
//! ```text
//! text ─lang▶ syntax tree ─expand▶ plain items ─assemble▶ Object ─elf▶ bytes of an object file
//! ```
//!
//! # Text to an object file
//!
//! ```
//! use bpfasm_asm::assemble::{Options, compile};
//! use bpfasm_asm::diag::{Sources, Style, render};
//! use bpfasm_asm::elf;
//!
//! let mut sources = Sources::default();
//! let root = sources.add("count.bpfasm", r#"
//! license "GPL"
//! global seen: u64 = 0
//!
//! prog count: "xdp" {
//!     r1 = seen ll
//!     r2 = 1
//!     lock *(u64 *)(r1 + 0) += r2
//!     r0 = 2
//!     exit
//! }
//! "#);
//! let compiled = compile(&mut sources, root, &Options::default());
//! for diagnostic in &compiled.diagnostics {
//!     eprintln!("{}", render(diagnostic, &sources, Style::default()));
//! }
//! let object = compiled.object.ok_or("there are errors")?;
//! let file = elf::write(&object)?;
//! assert_eq!(file[..4], *b"\x7fELF");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # An object file, looked at and changed
//!
//! What an instruction names and where it comes from stands beside the code, by its index; [`dump::items`] puts all of
//! it together. [`Code::set`](isa::Code::set) replaces an instruction by one of the same size, so that nothing beside
//! it moves; [`Func::splice`](object::Func::splice) puts instructions in and takes them out, and moves along what counts
//! them.
//!
//! ```
//! use bpfasm_asm::dump::{Reference, items};
//! use bpfasm_asm::elf;
//! use bpfasm_asm::isa::{Insn, Names};
//! # use bpfasm_asm::assemble::{Options, compile};
//! # use bpfasm_asm::diag::Sources;
//! # let mut sources = Sources::default();
//! # let text = "global seen: u64 = 0\nprog count: \"xdp\" {\n    r1 = seen ll\n    r0 = 2\n    exit\n}\n";
//! # let root = sources.add("count.bpfasm", text);
//! # let file = elf::write(&compile(&mut sources, root, &Options::default()).object.expect("no errors"))?;
//!
//! let mut object = elf::read(&file)?;
//! let (mut text, mut named) = (String::new(), vec![]);
//! for func in &object.funcs {
//!     for item in items(&object, func) {
//!         if let Some(line) = item.line {
//!             let source = object.texts.get(line.text).unwrap_or_default();
//!             text += &format!("; {}:{}: {}\n", object.files[line.file as usize], line.line, source.trim());
//!         }
//!         text += &format!("{item}\n");
//!         if let Some(Reference::Data { variable: Some((name, _)), .. }) = item.reference() {
//!             named.push(name);
//!         }
//!     }
//! }
//! assert!(text.starts_with("; count.bpfasm:3: r1 = seen ll\nr1 = seen ll\n"));
//! assert_eq!(named, ["seen"]);
//!
//! for func in &mut object.funcs {
//!     for at in 0..func.insns.len() {
//!         match func.insns.get(at) {
//!             Some(insn) if insn.display(Names::default()).to_string() == "r0 = 2" => {
//!                 func.insns.set(at, Insn { imm: 1, ..insn });
//!             }
//!             _ => {}
//!         }
//!     }
//! }
//! let file = elf::write(&object)?;
//! assert_eq!(elf::read(&file)?, object);
//! # Ok::<(), Box<dyn std::error::Error>>(())
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
pub mod fit;
mod flow;
mod gas;
mod hash;
pub mod isa;
pub mod lang;
pub mod lint;
pub mod listing;
pub mod object;
mod packed;
pub mod sort;
pub mod text;
pub mod uapi;
