//! An [`Object`] as `.bpfasm` text, which builds to the same object: [`to_text`], or [`instructions`] alone.
//!
//! ```
//! # use bpfasm_asm::assemble::{Options, compile};
//! # use bpfasm_asm::diag::Sources;
//! # use bpfasm_asm::{disasm, object::Object};
//! let build = |text: &str| -> Option<Object> {
//!     let mut sources = Sources::default();
//!     let root = sources.add("text.bpfasm", text);
//!     compile(&mut sources, root, &Options::default()).object
//! };
//! let object = build("prog pass: \"xdp\" {\n    r0 = 2\n    exit\n}\n").expect("no errors");
//! assert_eq!(build(&disasm::to_text(&object)), Some(object));
//! ```
//!
//! The text says exactly what the object holds. What a person reads more easily (a name for a type, a string for
//! bytes, a label for a distance) is written only where it means just the same; else the plainest form is: `raw` bytes,
//! the number of a type, a place in a section.

mod code;
mod core;
mod data;
mod decl;
mod names;
mod types;
mod usable;
mod value;

use std::fmt::Write;

use crate::btf::raw;
use crate::isa::Endian;
use crate::object::Object;

pub use code::InsnText;
pub(crate) use code::{alias, raw};
pub(crate) use names::{Names, covering};

/// The text of an object: licence, types of maps, maps, data, externs, functions and, last, the types of its BTF.
#[must_use]
pub fn to_text(object: &Object) -> String {
    let mut out = String::new();
    let names = Names::new(object);
    if object.endian == Endian::Big {
        out.push_str("endian big\n");
    }
    decl::license(&mut out, object);
    decl::maps(&mut out, object, &names);
    decl::externs(&mut out, object, &names);
    data::sections(&mut out, object, &names);
    for (index, func) in object.funcs.iter().enumerate() {
        code::func(&mut out, object, &names, index, func);
    }
    out.push_str("\n// The types, as .BTF numbers them.\nbtf {\n");
    for line in raw::print(&object.btf).lines() {
        let indent = if line.starts_with('\t') { 8 } else { 4 };
        let _ = writeln!(out, "{:indent$}{}", "", line.trim_start_matches('\t'));
    }
    out.push_str("}\n");
    match out.strip_prefix('\n') {
        Some(rest) => rest.to_string(),
        None => out,
    }
}

/// The instructions of each function of an object as text.
#[must_use]
pub fn instructions(object: &Object) -> Vec<Vec<InsnText>> {
    named_instructions(object, &Names::new(object))
}

/// The same for an object whose names are there already.
pub(crate) fn named_instructions(object: &Object, names: &Names) -> Vec<Vec<InsnText>> {
    object.funcs.iter().map(|func| code::shown(object, names, func)).collect()
}
