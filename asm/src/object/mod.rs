//! The [`Object`]: what every stage of bpfasm takes or gives, to be looked at, changed or made field by field.
//!
//! A plain value that knows no ELF, no text and no kernel. Instructions are as they will be encoded, jumps
//! resolved; whatever must be filled in later (a map's descriptor, the place of a variable, the distance to
//! another function) is a [`Ref`] beside them.

mod core;
mod data;
mod edit;
mod external;
mod map;
mod reloc;

pub(crate) use core::Step;
pub use core::{CoreKind, CoreRelo};
pub use data::{Data, DataKind, Form, Var};
pub use edit::EditError;
pub use external::{Extern, ExternKind};
pub use map::{Legacy, Map, Place};
pub use reloc::{Address, Anchor, Reloc};

use std::borrow::Cow;

use crate::btf::{Btf, Strings, TypeId};
use crate::isa::{Code, Endian};
use crate::uapi::MapType;

/// Programs, functions, maps, data and types, as one value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object {
    /// Byte order of instructions, data and BTF.
    pub endian: Endian,
    /// What stands in section `license`, without the final NUL. Other bytes than a text and a NUL make the section
    /// one of [`Object::data`].
    pub license: Option<String>,
    /// What stands in section `version`: the kernel's, as old kernels want it for kprobes.
    pub version: Option<u32>,
    /// Programs (in sections of their own) and subprograms (in `.text`), in source order.
    pub funcs: Vec<Func>,
    /// Maps, in source order; also their order in section `.maps`.
    pub maps: Vec<Map>,
    /// Data sections.
    pub data: Vec<Data>,
    /// What is defined elsewhere: in the kernel, or in another object.
    pub externs: Vec<Extern>,
    /// Types: everything that will stand in `.BTF`, with FUNC, VAR and DATASEC (`.maps` too).
    pub btf: Btf,
    /// Source files that [`Line::file`] names.
    pub files: Vec<String>,
    /// The texts that [`Line::text`] names.
    pub texts: Strings,
}

/// Where subprograms live.
pub const TEXT: &str = ".text";

/// Where variables in an arena live.
pub const ARENA: &str = ".addr_space.1";

/// A program or a subprogram.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Func {
    /// Its symbol; empty for code without one.
    pub name: String,
    /// Its section: [`TEXT`] for a subprogram, else the section name that fixes the program type.
    pub section: String,
    /// Whether it begins a further section of a name that functions before it have, too.
    pub apart: bool,
    /// Where a program belongs if its section does not say: the section name that would, such as `tc/egress`.
    pub hook: Option<String>,
    /// Whether other objects, and the verifier on its own, see it.
    pub linkage: Linkage,
    /// Whether another object may define it, too (`STB_WEAK`); only with [`Linkage::Global`].
    pub weak: bool,
    /// Whether it is seen by objects that it is linked with, and by nobody afterwards (`STV_HIDDEN`).
    pub hidden: bool,
    /// Further symbols of it, in the order of the file.
    pub labels: Vec<Label>,
    /// The BTF type FUNC, where there is BTF.
    pub btf: Option<TypeId>,
    /// The instructions; jump offsets count 8-byte slots.
    pub insns: Code,
    /// Bytes behind the last whole slot of its section, fewer than eight.
    pub tail: Vec<u8>,
    /// What must be filled in, ordered by instruction.
    pub refs: Vec<Ref>,
    /// Source positions, ordered by instruction; each holds until the next.
    pub lines: Vec<Line>,
    /// What depends on the layout of the running kernel's types, ordered by instruction.
    pub core: Vec<CoreRelo>,
}

/// A further symbol of a function: another name of it, or a place in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Label {
    /// The symbol.
    pub name: String,
    /// Where it stands: bytes from the start of the function.
    pub offset: u32,
    /// How many bytes it covers; 0 for a mere place (`STT_NOTYPE`).
    pub size: u32,
    /// Its linkage.
    pub linkage: Linkage,
    /// `STB_WEAK`; only with [`Linkage::Global`].
    pub weak: bool,
    /// `STV_HIDDEN`.
    pub hidden: bool,
}

impl Func {
    /// Its length in 8-byte slots.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.insns.slots()
    }

    /// Whether the verifier looks at it on its own: a global one that is not hidden.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.linkage == Linkage::Global && !self.hidden
    }
}

/// The linkage of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Linkage {
    /// Known in this object only (`STB_LOCAL`).
    #[default]
    Static,
    /// `STB_GLOBAL`.
    Global,
}

/// An instruction that names a thing whose place is known only later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ref {
    /// Index into [`Func::insns`] (not a slot number).
    pub insn: usize,
    /// What it names.
    pub to: Symbol,
    /// The relocation, where it is not the one that `to` gets by itself. The instruction holds what stands in the
    /// file then; without, what is filled in is 0, and −1 in a call.
    pub reloc: Option<Box<Reloc>>,
}

impl Ref {
    /// A reference as compilers write it.
    #[must_use]
    pub fn new(insn: usize, to: Symbol) -> Self {
        Self { insn, to, reloc: None }
    }
}

/// What a [`Ref`] names; numbers are indices into the vectors of [`Object`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// A 64-bit immediate load of a map.
    Map(usize),
    /// A 64-bit immediate load of an address: data section, and byte offset in it.
    Data(usize, u32),
    /// With a 64-bit immediate load the address of a function, with `call` a call of it.
    Func(usize),
    /// Something that is defined elsewhere: its address or, of a function, a call of it.
    Extern(usize),
    /// Nothing that anybody can fill in: its [`Reloc`] is kept, and a loader refuses it.
    Unknown,
}

/// A position in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Index into [`Func::insns`] of the first instruction that it covers.
    pub insn: u32,
    /// Index into [`Object::files`].
    pub file: u32,
    /// Line number from 1.
    pub line: u32,
    /// Column number from 1.
    pub column: u32,
    /// The text of that line, without the line end: its offset in [`Object::texts`].
    pub text: u32,
}

impl Object {
    /// The variable of that name, with the index of its section.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<(usize, &Var)> {
        self.data.iter().enumerate().find_map(|(i, d)| Some((i, d.vars.iter().find(|v| v.name == name)?)))
    }

    /// The licence as a loader takes it: what stands in the section up to a NUL.
    #[must_use]
    pub fn license_text(&self) -> Cow<'_, str> {
        match &self.license {
            Some(text) => Cow::Borrowed(text),
            None => {
                let data = self.data.iter().find(|d| d.name == "license");
                let bytes = data.map_or(&[][..], |d| &d.bytes);
                crate::bytes::text(bytes.split(|b| *b == 0).next().unwrap_or_default())
            }
        }
    }

    /// The map of that name.
    #[must_use]
    pub fn map(&self, name: &str) -> Option<&Map> {
        self.maps.iter().find(|m| m.name == name)
    }

    /// The prog array that holds a function at first: other programs enter it through that.
    #[must_use]
    pub fn entered_through(&self, func: usize) -> Option<&Map> {
        let holds = |map: &&Map| map.values.iter().any(|(_, value)| *value == Symbol::Func(func));
        self.maps.iter().filter(|map| map.kind == MapType::PROG_ARRAY).find(holds)
    }

    /// Programs: functions that stand in a section of their own.
    pub fn programs(&self) -> impl Iterator<Item = (usize, &Func)> {
        self.funcs.iter().enumerate().filter(|(_, f)| f.section != TEXT)
    }
}
