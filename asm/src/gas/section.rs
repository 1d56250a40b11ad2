//! Sections: bytes, what is still to be filled in, and parts whose length is not known yet.

use goblin::elf::section_header::{
    SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE, SHF_STRINGS, SHF_TLS, SHF_WRITE, SHT_FINI_ARRAY, SHT_INIT_ARRAY,
    SHT_NOBITS, SHT_NOTE, SHT_PREINIT_ARRAY, SHT_PROGBITS,
};

use super::symbol::{Location, SymbolId, Value};

/// A section being filled.
#[derive(Debug)]
pub(super) struct Section<'a> {
    pub name: &'a str,
    /// `SHT_*`.
    pub kind: u32,
    /// `SHF_*`.
    pub flags: u64,
    pub align: u64,
    /// Length of an entry, of a section of entries.
    pub entry: u64,
    /// The symbol that stands for the section.
    pub symbol: SymbolId,
    /// The group that it is kept or dropped with: its symbol, and whether only one of that name is kept.
    pub group: Option<(SymbolId, bool)>,
    pub bytes: Vec<u8>,
    /// Length of a section without bytes (`SHT_NOBITS`).
    pub room: u64,
    pub fixups: Vec<Fixup>,
    pub parts: Vec<Part>,
}

/// Bytes that are filled in when all symbols are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixup {
    /// Where: bytes, without the parts of variable length.
    pub at: u32,
    pub kind: FixupKind,
    pub value: Value,
    /// Where the value stands in the source.
    pub source: (u32, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FixupKind {
    /// A number of so many bytes.
    Data(u8),
    /// Field `off` of a jump.
    Jump,
    /// Field `imm` of a long jump.
    LongJump,
    /// Field `imm` of a call of a function.
    Call,
    /// Both immediates of a 64-bit load.
    Load,
}

/// A part whose length depends on what comes later; it stands before the byte `at`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub at: u64,
    pub kind: PartKind,
    /// Its length as far as it is known.
    pub len: u64,
    /// The length of all parts before it.
    pub before: u64,
    pub source: (u32, u32),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum PartKind {
    /// `.uleb128` and, signed, `.sleb128`.
    Leb(Value, bool),
    /// Bytes up to a multiple of that, unless there would be more than the second.
    Align { to: u64, most: u64, fill: Fill },
}

/// What room is filled with, again and again: the first so many bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fill(pub [u8; 8], pub usize);

impl Fill {
    /// So many bytes; None where they are not so many wholes.
    pub fn bytes(self, len: u64) -> Option<Vec<u8>> {
        let Fill(bytes, size) = self;
        let len = usize::try_from(len).ok().filter(|len| len.is_multiple_of(size))?;
        Some(bytes[..size].repeat(len / size))
    }
}

impl Section<'_> {
    pub fn is_code(&self) -> bool {
        self.flags & u64::from(SHF_EXECINSTR) != 0
    }

    pub fn has_bytes(&self) -> bool {
        self.kind != SHT_NOBITS
    }

    /// Its length, without the parts of variable length.
    pub fn len(&self) -> u64 {
        if self.has_bytes() { self.bytes.len() as u64 } else { self.room }
    }

    /// Its end, as it is now.
    pub fn end(&self, number: usize) -> Location {
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Location { section: narrow(number), parts: narrow(self.parts.len()), offset: self.len() }
    }

    /// The offset of a place in bytes, with what the parts before it come to.
    pub fn offset(&self, place: Location) -> u64 {
        let last = (place.parts as usize).checked_sub(1).and_then(|last| self.parts.get(last));
        last.map_or(place.offset, |part| place.offset + part.before + part.len)
    }
}

/// Type and flags of a section that gives none, by its name, as LLVM has them.
pub(super) fn usual(name: &str) -> (u32, u64) {
    let is = |prefix: &str| name.strip_prefix(prefix).is_some_and(|r| r.is_empty() || r.starts_with('.'));
    let flags = |flags: u32| u64::from(flags);
    let written = flags(SHF_ALLOC | SHF_WRITE);
    match name {
        _ if is(".text") || matches!(name, ".init" | ".fini") => {
            (SHT_PROGBITS, flags(SHF_ALLOC | SHF_EXECINSTR))
        }
        _ if is(".rodata") || name == ".rodata1" => (SHT_PROGBITS, flags(SHF_ALLOC)),
        _ if is(".data") || name == ".data1" => (SHT_PROGBITS, written),
        _ if is(".bss") => (SHT_NOBITS, written),
        _ if is(".init_array") => (SHT_INIT_ARRAY, written),
        _ if is(".fini_array") => (SHT_FINI_ARRAY, written),
        _ if is(".preinit_array") => (SHT_PREINIT_ARRAY, written),
        _ if is(".tdata") => (SHT_PROGBITS, flags(SHF_ALLOC | SHF_WRITE | SHF_TLS)),
        _ if is(".tbss") => (SHT_NOBITS, flags(SHF_ALLOC | SHF_WRITE | SHF_TLS)),
        _ if name.starts_with(".note") => (SHT_NOTE, 0),
        ".comment" | ".debug_str" | ".debug_line_str" => (SHT_PROGBITS, flags(SHF_MERGE | SHF_STRINGS)),
        _ => (SHT_PROGBITS, 0),
    }
}
