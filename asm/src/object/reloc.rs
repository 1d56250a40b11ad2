//! Addresses, and relocations that are not those which compilers write.

use super::Symbol;

/// A place in data or in a map's definition that holds the address of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Bytes from the start of the data.
    pub offset: u32,
    /// What it is the address of.
    pub to: Symbol,
    /// The relocation, where it is not the one that `to` gets by itself. The place holds what stands in the file
    /// then; without, it is 8 bytes long and 0.
    pub reloc: Option<Box<Reloc>>,
}

impl Address {
    /// An address as compilers write it.
    #[must_use]
    pub fn new(offset: u32, to: Symbol) -> Self {
        Self { offset, to, reloc: None }
    }
}

/// A relocation as a file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reloc {
    /// `R_BPF_*`.
    pub kind: u32,
    /// What it counts from.
    pub base: Anchor,
    /// What it adds (`SHT_RELA`); else that stands in the place itself.
    pub addend: Option<i64>,
    /// Bytes from the start of the instruction or address.
    pub within: u8,
}

impl Reloc {
    /// There is none: a call of a function that says how far away it is, and no more.
    pub const NONE: Self = Self { kind: 0, base: Anchor::Nothing, addend: None, within: 0 };

    /// The kinds that the ABI names. An open set.
    const KINDS: [(u32, &str); 5] = [
        (1, "R_BPF_64_64"),
        (2, "R_BPF_64_ABS64"),
        (3, "R_BPF_64_ABS32"),
        (4, "R_BPF_64_NODYLD32"),
        (10, "R_BPF_64_32"),
    ];

    /// The name of its kind.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        Self::KINDS.iter().find(|(kind, _)| *kind == self.kind).map(|(_, name)| *name)
    }

    /// The kind of that name.
    #[must_use]
    pub fn kind_from_name(name: &str) -> Option<u32> {
        Self::KINDS.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// The names of kinds.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        Self::KINDS.iter().map(|(_, name)| *name)
    }
}

/// The symbol of a [`Reloc`]; numbers are indices into the vectors of [`Object`](super::Object).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Anchor {
    /// None.
    Nothing,
    /// A function's own symbol.
    Func(usize),
    /// A further symbol of a function: the function, and which of its labels.
    Label(usize, usize),
    /// A variable: its section, and which of its variables.
    Var(usize, usize),
    /// A map's own symbol.
    Map(usize),
    /// A symbol that is defined elsewhere.
    Extern(usize),
    /// The section that a function stands in.
    Code(usize),
    /// A data section.
    Data(usize),
    /// The section that a map's definition stands in.
    Maps(usize),
}
