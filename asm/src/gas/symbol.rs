//! Symbols: names, where they stand, and how the file shows them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::num::NonZeroU32;

use goblin::elf::sym::{STT_NOTYPE, STT_SECTION};

/// A map whose order of work is the same in every run.
pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// The number of a symbol, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SymbolId(NonZeroU32);

/// `plus - minus + number`: what an expression comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Value {
    pub plus: Option<SymbolId>,
    pub minus: Option<SymbolId>,
    pub number: i64,
}

impl Value {
    pub fn number(number: i64) -> Self {
        Self { number, ..Self::default() }
    }

    pub fn symbol(symbol: SymbolId) -> Self {
        Self { plus: Some(symbol), ..Self::default() }
    }

    /// The number, where no symbol is part of it.
    pub fn absolute(self) -> Option<i64> {
        (self.plus.is_none() && self.minus.is_none()).then_some(self.number)
    }
}

/// A place in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location {
    pub section: u32,
    /// How many parts of variable length stand before it.
    pub parts: u32,
    /// Bytes before it, without these parts.
    pub offset: u64,
}

/// Where a symbol stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Undefined,
    At(Location),
    /// `.set`.
    Equal(Value),
    /// `.comm`: room that the linker makes; its size and alignment.
    Common(u64, u64),
}

/// `STB_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    Local,
    Global,
    Weak,
}

#[derive(Debug, Clone)]
pub(super) struct Symbol<'a> {
    pub name: &'a str,
    pub place: Place,
    /// Where it was said.
    pub binding: Option<Binding>,
    /// `STV_*`.
    pub visibility: u8,
    /// `STT_*`.
    pub kind: u8,
    /// Only in the file where a relocation needs it.
    pub temporary: bool,
    /// Whether it is among those that the file may show.
    listed: bool,
    /// Whether a relocation names it.
    pub used: bool,
    /// Whether inline assembly names it.
    pub inline: bool,
    /// Where it is defined, or first named, in the source.
    pub at: u32,
}

impl Symbol<'_> {
    pub fn is_section(&self) -> bool {
        self.kind == STT_SECTION
    }

    /// Its binding, said or not.
    pub fn bound(&self) -> Binding {
        let defined = !matches!(self.place, Place::Undefined | Place::Common(..));
        self.binding.unwrap_or(if defined { Binding::Local } else { Binding::Global })
    }

    /// Whether the symbol table has it.
    pub fn shown(&self) -> bool {
        self.used || !self.temporary && !self.is_section()
    }
}

/// All symbols.
#[derive(Debug, Default)]
pub(super) struct Symbols<'a> {
    all: Vec<Symbol<'a>>,
    names: Map<&'a str, SymbolId>,
    /// Those that the file may show, in the order in which the source comes to them.
    pub order: Vec<SymbolId>,
    /// The number of the first byte of the text that names them now.
    pub base: u32,
}

impl<'a> Symbols<'a> {
    /// The symbol of that name, a new one if it was not named before.
    pub fn intern(&mut self, name: &'a str, at: usize) -> SymbolId {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        let id = self.add(name, at, name.starts_with(".L"));
        self.names.insert(name, id);
        id
    }

    /// The symbol of that name, if one was named.
    pub fn named(&self, name: &str) -> Option<SymbolId> {
        self.names.get(name).copied()
    }

    /// A symbol that no name leads to.
    pub fn add(&mut self, name: &'a str, at: usize, temporary: bool) -> SymbolId {
        self.all.push(Symbol {
            name,
            place: Place::Undefined,
            binding: None,
            visibility: 0,
            kind: STT_NOTYPE,
            temporary,
            listed: false,
            used: false,
            inline: false,
            at: u32::try_from(at).map_or(u32::MAX, |at| at.saturating_add(self.base)),
        });
        // A text of less than 4 GiB names fewer symbols.
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        SymbolId(NonZeroU32::new(number).unwrap_or(NonZeroU32::MAX))
    }

    /// Notes that the source came to a symbol.
    pub fn list(&mut self, id: SymbolId) {
        let symbol = self.get_mut(id);
        if !symbol.listed {
            symbol.listed = true;
            self.order.push(id);
        }
    }

    pub fn get(&self, id: SymbolId) -> &Symbol<'a> {
        &self.all[index(id)]
    }

    pub fn get_mut(&mut self, id: SymbolId) -> &mut Symbol<'a> {
        &mut self.all[index(id)]
    }

    /// Takes the names of blocks of code as LLVM 19 does: like its other labels, they are none of the program's, but
    /// for those that inline assembly (`asm goto`) names.
    pub fn hide_blocks(&mut self) {
        let hidden = |s: &&mut Symbol| s.binding.is_none() && !s.inline && is_block(s.name);
        for symbol in self.all.iter_mut().filter(hidden) {
            symbol.temporary = true;
        }
    }

    /// How many symbols there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }
}

/// Its place among all symbols.
pub(super) fn index(id: SymbolId) -> usize {
    id.0.get() as usize - 1
}

/// `LBB3_14`: the name that LLVM gives to a block of code.
fn is_block(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let numbers = name.strip_prefix("LBB").and_then(|rest| rest.split_once('_'));
    numbers.is_some_and(|(function, block)| digits(function) && digits(block))
}
