//! The object: what every stage of bpfasm takes or gives.
//!
//! A plain value that knows no ELF, no text and no kernel. Instructions are as they will be encoded, jumps
//! resolved; whatever must be filled in later (a map's descriptor, the place of a variable, the distance to
//! another function) is a [`Ref`] beside them.

mod core;
mod external;

pub use core::{CoreKind, CoreRelo};
pub use external::{Extern, ExternKind};

use crate::btf::{Btf, Strings, TypeId};
use crate::isa::{Code, Endian};
use crate::uapi::MapType;

/// Programs, functions, maps, data and types, as one value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object {
    /// Byte order of instructions, data and BTF.
    pub endian: Endian,
    /// What stands in section `license`, without the final NUL.
    pub license: Option<String>,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Func {
    /// Its symbol.
    pub name: String,
    /// Its section: [`TEXT`] for a subprogram, else the section name that fixes the program type.
    pub section: String,
    /// Where a program belongs if its section does not say: the section name that would, such as `tc/egress`.
    pub hook: Option<String>,
    /// Whether other objects, and the verifier on its own, see it.
    pub linkage: Linkage,
    /// The BTF type FUNC, where there is BTF.
    pub btf: Option<TypeId>,
    /// The instructions; jump offsets count 8-byte slots.
    pub insns: Code,
    /// What must be filled in, ordered by instruction.
    pub refs: Vec<Ref>,
    /// Source positions, ordered by instruction; each holds until the next.
    pub lines: Vec<Line>,
    /// What depends on the layout of the running kernel's types, ordered by instruction.
    pub core: Vec<CoreRelo>,
}

impl Func {
    /// Its length in 8-byte slots.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.insns.slots()
    }
}

/// The linkage of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Linkage {
    /// Known in this object only (`STB_LOCAL`).
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
}

/// A position in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Index into [`Func::insns`] of the first instruction that it covers.
    pub insn: usize,
    /// Index into [`Object::files`].
    pub file: usize,
    /// Line number from 1.
    pub line: u32,
    /// Column number from 1.
    pub column: u32,
    /// The text of that line, without the line end: its offset in [`Object::texts`].
    pub text: u32,
}

/// A map (`BPF_MAP_CREATE`); sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// Its symbol.
    pub name: String,
    /// Its type.
    pub kind: MapType,
    /// Size of a key.
    pub key_size: u32,
    /// Size of a value.
    pub value_size: u32,
    /// How many entries; for ring buffers, bytes. 0: the loader decides, where it can.
    pub max_entries: u32,
    /// `BPF_F_*` flags of `map_flags`.
    pub flags: u32,
    /// `map_extra`: for a bloom filter the number of hash functions, for an arena its address.
    pub extra: u64,
    /// `numa_node`, with `BPF_F_NUMA_NODE`.
    pub numa_node: Option<u32>,
    /// Type of the key, where it has one.
    pub key: Option<TypeId>,
    /// Type of the value, where it has one.
    pub value: Option<TypeId>,
    /// Whether the map is pinned under its name (`LIBBPF_PIN_BY_NAME`).
    pub pin_by_name: bool,
    /// What the maps are that it holds, where it holds maps; that one has no name and no values.
    pub inner: Option<Box<Map>>,
    /// What it holds at first, by index: maps, or programs. Ordered by index.
    pub values: Vec<(u32, Symbol)>,
}

impl Default for Map {
    /// A map of no kind.
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: MapType(0),
            key_size: 0,
            value_size: 0,
            max_entries: 0,
            flags: 0,
            extra: 0,
            numa_node: None,
            key: None,
            value: None,
            pin_by_name: false,
            inner: None,
            values: vec![],
        }
    }
}

/// A data section. Most become an array map of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// Section name: `.data`, `.bss`, `.rodata` or one of these with a suffix (`.rodata.str`); `.struct_ops` and its
    /// relatives; `.addr_space.1`.
    pub name: String,
    /// What programs may do with it, and whether the file holds its bytes.
    pub kind: DataKind,
    /// Its bytes; for [`DataKind::Bss`] all zero.
    pub bytes: Vec<u8>,
    /// Alignment in bytes, a power of two.
    pub align: u32,
    /// Its variables, ordered by offset.
    pub vars: Vec<Var>,
    /// Places of 8 bytes, zero here, that hold the address of something: offset and what. Ordered by offset.
    pub refs: Vec<(u32, Symbol)>,
}

/// The kind of a data section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataKind {
    /// Initialised and writable.
    Data,
    /// Zero and writable.
    Bss,
    /// Read-only for programs; frozen after loading.
    Rodata,
    /// Tables of functions for the kernel: each variable is a map of its own, of type `struct_ops`.
    StructOps,
    /// Variables in the object's arena.
    Arena,
}

/// A variable in a data section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Var {
    /// Its symbol.
    pub name: String,
    /// Offset in bytes from the start of the section.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
    /// Its type (not the BTF VAR).
    pub ty: Option<TypeId>,
    /// Strings are static, variables global.
    pub linkage: Linkage,
}

impl Object {
    /// The variable of that name, with the index of its section.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<(usize, &Var)> {
        self.data.iter().enumerate().find_map(|(i, d)| Some((i, d.vars.iter().find(|v| v.name == name)?)))
    }

    /// The map of that name.
    #[must_use]
    pub fn map(&self, name: &str) -> Option<&Map> {
        self.maps.iter().find(|m| m.name == name)
    }

    /// Programs: functions that stand in a section of their own.
    pub fn programs(&self) -> impl Iterator<Item = (usize, &Func)> {
        self.funcs.iter().enumerate().filter(|(_, f)| f.section != TEXT)
    }
}
