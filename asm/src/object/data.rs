//! Data sections and their variables.

use super::{Address, Linkage};
use crate::btf::TypeId;

/// A data section. Most become an array map of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Data {
    /// Section name: `.data`, `.bss`, `.rodata` or one of these with a suffix (`.rodata.str`); `.struct_ops` and its
    /// relatives; `.addr_space.1`; or a name that nobody knows.
    pub name: String,
    /// What programs may do with it, and whether the file holds its bytes.
    pub kind: DataKind,
    /// Type and flags of the section in a file, where they are not those that its kind and name have.
    pub form: Option<Form>,
    /// Its bytes, as far as a file holds them; none for [`DataKind::Bss`].
    pub bytes: Vec<u8>,
    /// How many zero bytes follow them that a file does not hold (`SHT_NOBITS`).
    pub room: u64,
    /// Alignment in bytes, a power of two.
    pub align: u32,
    /// Its variables, ordered by offset.
    pub vars: Vec<Var>,
    /// Places that hold the address of something. Ordered by offset.
    pub refs: Vec<Address>,
}

/// The kind of a data section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DataKind {
    /// Initialised and writable.
    #[default]
    Data,
    /// Zero and writable.
    Bss,
    /// Read-only for programs; frozen after loading.
    Rodata,
    /// Tables of functions for the kernel: each variable is a map of its own, of type `struct_ops`.
    StructOps,
    /// Variables in the object's arena.
    Arena,
    /// What only the file knows; its [`Form`] says what it looks like. No program can use it.
    Other,
}

impl DataKind {
    /// All kinds with their words.
    pub const ALL: &[(DataKind, &str)] = &[
        (DataKind::Data, "data"),
        (DataKind::Bss, "bss"),
        (DataKind::Rodata, "rodata"),
        (DataKind::StructOps, "struct_ops"),
        (DataKind::Arena, "arena"),
        (DataKind::Other, "other"),
    ];

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// What a section header says of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Form {
    /// `SHT_*`.
    pub kind: u32,
    /// `SHF_*`.
    pub flags: u64,
    /// Size of an entry, where all are of one size.
    pub entry: u64,
}

impl Form {
    /// `SHT_NOBITS`: a file holds none of its bytes.
    pub const NOBITS: u32 = 8;
}

impl Data {
    /// How many bytes it has in memory.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.room.saturating_add(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }
}

/// A variable in a data section.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// `STB_WEAK`; only with [`Linkage::Global`].
    pub weak: bool,
    /// `STV_HIDDEN`.
    pub hidden: bool,
}
