//! The end of the text: parts get their lengths, and fixups become numbers or relocations.

use std::borrow::Cow;

use goblin::elf::section_header::{SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE, SHF_TLS, SHF_WRITE};

use super::Assembly;
use super::data::{check_size, leb128, number_bytes, uneven};
use super::section::{Fixup, FixupKind, PartKind};
use super::symbol::{Binding, Location, Map, Place, SymbolId, Value};
use crate::btf::bytes::u32_bytes;
use crate::diag::{Diagnostic, Span, code};
use crate::elf::{PSEUDO_CALL, R_BPF_64_32, R_BPF_64_64};
use crate::isa::{Endian, SLOT};

/// `R_BPF_64_ABS64`: a 64-bit address.
const R_BPF_64_ABS64: u32 = 2;
/// `R_BPF_64_ABS32`: a 32-bit address.
const R_BPF_64_ABS32: u32 = 3;
/// `R_BPF_64_NODYLD32`: a 32-bit offset in `.BTF` or `.BTF.ext`, which the loader leaves alone.
const R_BPF_64_NODYLD32: u32 = 4;

/// How often the lengths of parts are worked out anew before it is clear that they contradict each other.
const ROUNDS: usize = 64;
/// How long a chain of `.set` may be.
const CHAIN: usize = 64;
/// How deep differences may stand in symbols of differences.
const DEPTH: u32 = 8;

/// A relocation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reloc {
    pub at: u64,
    /// `R_BPF_*`.
    pub kind: u32,
    pub symbol: SymbolId,
}

/// Where a symbol is, all `.set` followed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    Number(i64),
    At(Location, i64),
    /// Not in this file; the symbol, and what is added to it.
    Elsewhere(SymbolId, i64),
    /// It has no place: `.set` that contains itself, or a difference across sections.
    Nowhere,
}

impl Assembly<'_, '_> {
    /// The bytes of the file, in pieces.
    pub(super) fn finish(&mut self) -> Option<Vec<Cow<'static, [u8]>>> {
        if !self.is_old() {
            self.symbols.hide_blocks();
        }
        self.name_sections();
        self.settle_parts();
        self.write_frames();
        self.write_lines();
        self.fill_parts();
        let mut relocs = Vec::with_capacity(self.sections.len());
        for section in 0..self.sections.len() {
            relocs.push(self.resolve(section));
        }
        let sizes = self.symbol_sizes();
        if self.sections.iter().any(|s| u32::try_from(s.bytes.len()).is_err()) {
            self.error(code::GAS_SIZE, "a section is smaller than 4 GiB", (0, 0));
        }
        if self.diagnostics.errors() > 0 {
            return None;
        }
        match self.write(&relocs, &sizes) {
            Ok(pieces) => Some(pieces),
            Err(error) => {
                let span = Span { file: self.file, start: 0, end: 0 };
                self.diagnostics.push(Diagnostic::error(code::GAS_SIZE, error.to_string(), span));
                None
            }
        }
    }

    /// Whether the text is of LLVM before 19, whose objects show the labels of blocks. Its name stands among the
    /// strings for debuggers; without these, only versions before 16 show: in how they print alignments.
    fn is_old(&self) -> bool {
        let strings = self.known.get(&(".debug_str", None)).map_or(&[][..], |s| &self.sections[*s].bytes);
        let mark = b"clang version ";
        let version = strings.windows(mark.len()).position(|window| window == mark).map(|at| {
            let digits = strings[at + mark.len()..].iter().take_while(|b| b.is_ascii_digit());
            digits
                .fold(0u32, |number, digit| number.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
        });
        version.map_or(self.bare_alignment, |version| version < 19)
    }

    /// A name that nothing else has means the section of that name.
    fn name_sections(&mut self) {
        for section in &self.sections {
            let own = self.symbols.get(section.symbol);
            let (place, kind, binding) = (own.place, own.kind, own.binding);
            let Some(symbol) = self.symbols.named(section.name) else { continue };
            let symbol = self.symbols.get_mut(symbol);
            if symbol.place == Place::Undefined && symbol.binding.is_none() {
                (symbol.place, symbol.kind, symbol.binding) = (place, kind, binding);
            }
        }
    }

    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>, source: (u32, u32)) {
        let span = Span { file: self.file, start: source.0, end: source.1 };
        self.diagnostics.push(Diagnostic::error(code, message, span));
    }

    /// Where a symbol is.
    pub(super) fn find(&self, symbol: SymbolId) -> Found {
        self.find_within(symbol, DEPTH)
    }

    fn find_within(&self, symbol: SymbolId, depth: u32) -> Found {
        let (mut symbol, mut added) = (symbol, 0i64);
        for _ in 0..CHAIN {
            match self.symbols.get(symbol).place {
                Place::At(at) => return Found::At(at, added),
                Place::Undefined | Place::Common(..) => return Found::Elsewhere(symbol, added),
                Place::Equal(value) => {
                    added = added.wrapping_add(value.number);
                    match (value.plus, value.minus) {
                        (None, None) => return Found::Number(added),
                        (Some(next), None) => symbol = next,
                        _ => {
                            let value = Value { number: added, ..value };
                            let known =
                                depth.checked_sub(1).and_then(|depth| self.number_within(value, depth));
                            return known.map_or(Found::Nowhere, Found::Number);
                        }
                    }
                }
            }
        }
        Found::Nowhere
    }

    /// The offset of a place in its section.
    pub(super) fn offset(&self, at: Location, added: i64) -> i64 {
        let offset = self.sections[at.section as usize].offset(at);
        offset.cast_signed().wrapping_add(added)
    }

    /// What a value comes to, where it is a number: symbols in one section cancel each other out.
    pub(super) fn number(&self, value: Value) -> Option<i64> {
        self.number_within(value, DEPTH)
    }

    fn number_within(&self, value: Value, depth: u32) -> Option<i64> {
        let term = |symbol: Option<SymbolId>| {
            symbol.map_or(Found::Number(0), |symbol| self.find_within(symbol, depth))
        };
        let distance = match (term(value.plus), term(value.minus)) {
            (Found::Number(a), Found::Number(b)) => a.wrapping_sub(b),
            (Found::At(a, x), Found::At(b, y)) if a.section == b.section => {
                self.offset(a, x).wrapping_sub(self.offset(b, y))
            }
            (Found::Elsewhere(a, x), Found::Elsewhere(b, y)) if a == b => x.wrapping_sub(y),
            _ => return None,
        };
        Some(distance.wrapping_add(value.number))
    }

    /// What `.size` gives each symbol; the last word counts.
    fn symbol_sizes(&mut self) -> Map<SymbolId, u64> {
        let mut sizes = Map::default();
        for (symbol, value, span) in std::mem::take(&mut self.sizes) {
            match self.number(value) {
                Some(size) => {
                    sizes.insert(symbol, size.cast_unsigned());
                }
                None => {
                    let source = (span.start, span.end);
                    self.error(code::GAS_EXPRESSION, "the size of a symbol is a number", source);
                }
            }
        }
        sizes
    }

    /// Works out how long the parts of variable length are.
    fn settle_parts(&mut self) {
        for _ in 0..ROUNDS {
            let mut changed = false;
            for number in 0..self.sections.len() {
                let mut before = 0;
                for i in 0..self.sections[number].parts.len() {
                    let part = self.sections[number].parts[i];
                    let len = match part.kind {
                        PartKind::Leb(value, signed) => {
                            let mut bytes = vec![];
                            leb128(self.number(value).unwrap_or(0), signed, &mut bytes);
                            // It never becomes shorter again, so that this comes to an end.
                            part.len.max(bytes.len() as u64)
                        }
                        PartKind::Align { to, most, .. } => {
                            let at = part.at + before;
                            let need = at.next_multiple_of(to) - at;
                            if need > most { 0 } else { need }
                        }
                    };
                    changed |= (len, before) != (part.len, part.before);
                    let part = &mut self.sections[number].parts[i];
                    (part.len, part.before) = (len, before);
                    before += len;
                }
            }
            if !changed {
                return;
            }
        }
        let source = self.sections.iter().flat_map(|s| &s.parts).next().map_or((0, 0), |p| p.source);
        self.error(code::GAS_EXPRESSION, "this depends on its own length", source);
    }

    /// Puts the parts of variable length between the other bytes.
    fn fill_parts(&mut self) {
        for number in 0..self.sections.len() {
            let parts = std::mem::take(&mut self.sections[number].parts);
            if parts.is_empty() {
                continue;
            }
            let bytes = std::mem::take(&mut self.sections[number].bytes);
            let (mut out, mut copied) = (Vec::with_capacity(bytes.len()), 0);
            for part in &parts {
                let at = usize::try_from(part.at).unwrap_or(usize::MAX).min(bytes.len());
                out.extend_from_slice(&bytes[copied..at]);
                copied = at;
                let end = out.len() + usize::try_from(part.len).unwrap_or(0);
                match part.kind {
                    PartKind::Leb(value, signed) => match self.number(value) {
                        Some(value) => {
                            leb128(value, signed, &mut out);
                            pad_leb(&mut out, end, signed && value < 0);
                        }
                        None => {
                            let message = "a LEB128 number has no relocation: its symbols must stand in one section of this file";
                            self.error(code::GAS_RELOCATION, message, part.source);
                        }
                    },
                    PartKind::Align { fill, .. } => match fill.bytes(part.len) {
                        Some(bytes) => out.extend_from_slice(&bytes),
                        None => self.error(code::GAS_RANGE, uneven(part.len, fill), part.source),
                    },
                }
            }
            out.extend_from_slice(&bytes[copied..]);
            let section = &mut self.sections[number];
            let mut passed = 0;
            let mut next = parts.iter().peekable();
            for fixup in &mut section.fixups {
                while let Some(part) = next.next_if(|part| part.at <= fixup.at.into()) {
                    passed += part.len;
                }
                fixup.at = u32::try_from(u64::from(fixup.at) + passed).unwrap_or(u32::MAX);
            }
            section.bytes = out;
            section.parts = parts;
        }
    }

    /// Fills in what is known by now; the rest becomes relocations.
    fn resolve(&mut self, number: usize) -> Vec<Reloc> {
        let mut relocs = vec![];
        for fixup in std::mem::take(&mut self.sections[number].fixups) {
            match fixup.kind {
                FixupKind::Jump | FixupKind::LongJump => self.jump(number, &fixup),
                FixupKind::Call if self.is_here(number, &fixup) => self.jump(number, &fixup),
                _ => match self.number(fixup.value) {
                    Some(value) => self.fill_number(number, &fixup, value),
                    None => relocs.extend(self.relocation(number, &fixup)),
                },
            }
        }
        relocs
    }

    /// Whether a call stays in its section, to a function that no other object can replace.
    fn is_here(&self, section: usize, fixup: &Fixup) -> bool {
        let symbol = fixup.value.plus.filter(|_| fixup.value.minus.is_none());
        symbol.is_some_and(|symbol| match self.find(symbol) {
            Found::At(at, _) => {
                at.section as usize == section && self.symbols.get(symbol).bound() == Binding::Local
            }
            _ => false,
        })
    }

    /// Fills in the distance of a jump or of a call.
    fn jump(&mut self, section: usize, fixup: &Fixup) {
        let found = fixup
            .value
            .plus
            .filter(|_| fixup.value.minus.is_none())
            .map(|symbol| (symbol, self.find(symbol)));
        let target = match found {
            Some((_, Found::At(at, added))) if at.section as usize == section => {
                self.offset(at, added.wrapping_add(fixup.value.number))
            }
            Some((symbol, found)) => {
                let name = self.symbols.get(symbol).name;
                let message = match found {
                    Found::At(..) => format!("`{name}` is in another section: no jump leads there"),
                    _ => format!("there is no label `{name}`"),
                };
                return self.error(code::GAS_LABEL, message, fixup.source);
            }
            None => return self.error(code::GAS_LABEL, "a jump leads to a label", fixup.source),
        };
        let distance = target.wrapping_sub(i64::from(fixup.at)).wrapping_sub(8);
        if distance % 8 != 0 {
            return self.error(code::GAS_LABEL, "no instruction begins at this place", fixup.source);
        }
        let slots = distance / 8;
        let bytes = &mut self.sections[section].bytes;
        let at = fixup.at as usize;
        if fixup.kind == FixupKind::Jump {
            let Ok(slots) = i16::try_from(slots) else {
                let message = format!(
                    "this jump is {} slots long: it reaches 32767 forward and 32768 back",
                    slots.unsigned_abs()
                );
                return self.error(code::GAS_RANGE, message, fixup.source);
            };
            let (new, _) = number_bytes(slots.into(), 2, self.endian);
            put(bytes, at + 2, &new[..2]);
            return;
        }
        let Ok(slots) = i32::try_from(slots) else {
            return self.error(code::GAS_RANGE, "a jump beyond 32 bits", fixup.source);
        };
        if fixup.kind == FixupKind::Call {
            call_of_function(bytes, at, self.endian);
        }
        put(bytes, at + 4, &u32_bytes(slots.cast_unsigned(), self.endian));
    }

    /// Fills in a number.
    fn fill_number(&mut self, section: usize, fixup: &Fixup, value: i64) {
        let span = Span { file: self.file, start: fixup.source.0, end: fixup.source.1 };
        let at = fixup.at as usize;
        match fixup.kind {
            FixupKind::Data(size) => {
                if let Err(d) = check_size(value, size, span) {
                    self.diagnostics.push(*d);
                    return;
                }
                let (new, len) = number_bytes(value, size, self.endian);
                put(&mut self.sections[section].bytes, at, &new[..len]);
            }
            FixupKind::Load => {
                let [low, high] = halves(value, self.endian);
                put(&mut self.sections[section].bytes, at + 4, &low);
                put(&mut self.sections[section].bytes, at + SLOT + 4, &high);
            }
            _ => self.error(code::GAS_LABEL, "a call leads to a function", fixup.source),
        }
    }

    /// A relocation, as LLVM chooses its type and symbol (`llvm_reloc.rst`).
    fn relocation(&mut self, section: usize, fixup: &Fixup) -> Option<Reloc> {
        let (Some(symbol), None) = (fixup.value.plus, fixup.value.minus) else {
            let message = "no relocation has this: its symbols must stand in one section of this file";
            self.error(code::GAS_RELOCATION, message, fixup.source);
            return None;
        };
        // Names that `.set` made for what is not in this file stand for it.
        let (symbol, mut addend, place) = match self.find(symbol) {
            Found::At(at, added) => (symbol, fixup.value.number, Some((at, added))),
            Found::Elsewhere(base, added) => (base, fixup.value.number.wrapping_add(added), None),
            Found::Number(_) | Found::Nowhere => {
                let name = self.symbols.get(symbol).name;
                let message = format!("`{name}` has no place in this file");
                self.error(code::GAS_RELOCATION, message, fixup.source);
                return None;
            }
        };
        let known = self.symbols.get(symbol);
        let flags = place.map_or(0, |(at, _)| self.sections[at.section as usize].flags);
        let has = |flag: u32| flags & u64::from(flag) != 0;
        let kind = match fixup.kind {
            FixupKind::Load => R_BPF_64_64,
            FixupKind::Call => R_BPF_64_32,
            FixupKind::Data(8) => R_BPF_64_ABS64,
            FixupKind::Data(4) if known.temporary && has(SHF_ALLOC) && has(SHF_EXECINSTR) => {
                R_BPF_64_NODYLD32
            }
            FixupKind::Data(4) if !known.temporary && has(SHF_ALLOC) && has(SHF_WRITE) => R_BPF_64_NODYLD32,
            FixupKind::Data(4) => R_BPF_64_ABS32,
            _ => {
                let message = format!("no relocation is so short as to hold the address of `{}`", known.name);
                self.error(code::GAS_RELOCATION, message, fixup.source);
                return None;
            }
        };
        let mut target = symbol;
        let keeps_symbol = (has(SHF_MERGE) && addend != 0) || has(SHF_TLS);
        if let Some((at, added)) = place
            && known.bound() == Binding::Local
            && !keeps_symbol
        {
            // A place of this file: the section, and the offset in it.
            target = self.sections[at.section as usize].symbol;
            addend = self.offset(at, added.wrapping_add(addend));
        }
        self.symbols.get_mut(target).used = true;
        self.symbols.list(target);
        self.addend(section, fixup, addend);
        Some(Reloc { at: fixup.at.into(), kind, symbol: target })
    }

    /// Writes what a relocation adds to into the place that it is for.
    fn addend(&mut self, section: usize, fixup: &Fixup, addend: i64) {
        let at = fixup.at as usize;
        let endian = self.endian;
        let bytes = &mut self.sections[section].bytes;
        match fixup.kind {
            FixupKind::Data(8) => put(bytes, at, &number_bytes(addend, 8, endian).0),
            FixupKind::Call => {
                call_of_function(bytes, at, endian);
                let slots = i32::try_from(addend.wrapping_sub(8) / 8).ok().filter(|_| addend % 8 == 0);
                match slots {
                    Some(slots) => put(bytes, at + 4, &u32_bytes(slots.cast_unsigned(), endian)),
                    None => self.error(code::GAS_RANGE, "no instruction begins at this place", fixup.source),
                }
            }
            FixupKind::Data(_) | FixupKind::Load => {
                let skip = if fixup.kind == FixupKind::Load { 4 } else { 0 };
                let narrow = u32::try_from(addend).or_else(|_| i32::try_from(addend).map(i32::cast_unsigned));
                match narrow {
                    Ok(addend) => put(bytes, at + skip, &u32_bytes(addend, endian)),
                    Err(_) => {
                        let message = format!("{addend} does not fit into the 32 bits that this has for it");
                        self.error(code::GAS_RANGE, message, fixup.source);
                    }
                }
            }
            FixupKind::Jump | FixupKind::LongJump => {}
        }
    }
}

/// Replaces bytes of a section.
fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    if let Some(to) = bytes.get_mut(at..at + new.len()) {
        to.copy_from_slice(new);
    }
}

/// Makes a call one of a function: its source register says so.
fn call_of_function(bytes: &mut [u8], at: usize, endian: Endian) {
    let registers = if endian == Endian::Little { PSEUDO_CALL << 4 } else { PSEUDO_CALL };
    put(bytes, at + 1, &[registers]);
}

/// Both halves of a 64-bit immediate.
fn halves(value: i64, endian: Endian) -> [[u8; 4]; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    let mut halves = [[a, b, c, d], [e, f, g, h]];
    if endian == Endian::Big {
        halves.iter_mut().for_each(|half| half.reverse());
    }
    halves
}

/// Lengthens a LEB128 number up to a place.
fn pad_leb(out: &mut Vec<u8>, end: usize, negative: bool) {
    let fill = if negative { 0x7f } else { 0 };
    while out.len() < end {
        if let Some(last) = out.last_mut() {
            *last |= 0x80;
        }
        out.push(fill);
    }
}
