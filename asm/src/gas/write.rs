//! The file: sections, symbols and relocations in the order in which LLVM writes them.

use std::borrow::Cow;

use goblin::elf::section_header::{SHF_GROUP, SHF_INFO_LINK, SHT_GROUP, SHT_REL, SHT_STRTAB, SHT_SYMTAB};
use goblin::elf::sym::{STT_FILE, STT_NOTYPE};

use super::Assembly;
use super::data::leb128;
use super::directive::SHF_EXCLUDE;
use super::finish::{Found, Reloc};
use super::symbol::{Binding, Map, Place, SymbolId, index};
use crate::btf::bytes::Out;
use crate::elf::Error;
use crate::elf::layout::{self, Link, REL_LEN, SYM_LEN};
use crate::sort::Sort;

/// `SHN_ABS`: a symbol that is a number.
const SHN_ABS: u16 = 0xfff1;
/// `SHN_COMMON`: a symbol for which the linker makes room.
const SHN_COMMON: u16 = 0xfff2;
/// `SHT_LLVM_ADDRSIG`: the numbers of symbols whose address matters.
const SHT_LLVM_ADDRSIG: u32 = 0x6fff_4c03;
/// `GRP_COMDAT`: of groups with one name only one is kept.
const GRP_COMDAT: u32 = 1;

/// A symbol as the file has it, apart from its name.
struct Entry {
    name: usize,
    info: u8,
    other: u8,
    section: u16,
    value: u64,
    size: u64,
}

/// The sections of the file, and in what order their bytes stand.
#[derive(Default)]
struct Table {
    sections: Vec<layout::Section<'static>>,
    order: Vec<usize>,
}

impl Table {
    /// Appends a section; gives its number in the file.
    fn push(&mut self, section: layout::Section<'static>) -> Result<u16, Error> {
        self.sections.push(section);
        u16::try_from(self.sections.len())
            .ok()
            .filter(|n| *n < 0xff00)
            .ok_or(Error::TooBig { what: "the section table" })
    }

    fn bytes(&mut self, number: u16, bytes: Vec<u8>) {
        let at = usize::from(number) - 1;
        self.sections[at].bytes = bytes.into();
        self.order.push(at);
    }
}

impl Assembly<'_, '_> {
    /// Writes the file.
    pub(super) fn write(
        &mut self,
        relocs: &[Vec<Reloc>],
        sizes: &Map<SymbolId, u64>,
    ) -> Result<Vec<Cow<'static, [u8]>>, Error> {
        let mut table = Table::default();
        let strtab = table.push(section(".strtab", SHT_STRTAB, 0, 1))?;

        // Sections, each with its group before it and its relocations behind.
        let mut numbers = vec![];
        let mut rels = vec![];
        let mut groups: Vec<(SymbolId, bool, u16, Vec<u16>)> = vec![];
        let mut group_of: Map<SymbolId, usize> = Map::default();
        for (own, relocs) in self.sections.iter_mut().zip(relocs) {
            let mut members = None;
            let mut rel_flags = u64::from(SHF_INFO_LINK);
            if let Some((symbol, comdat)) = own.group {
                rel_flags = u64::from(SHF_GROUP);
                let at = match group_of.get(&symbol) {
                    Some(at) => *at,
                    None => {
                        let number = table.push(section(".group", SHT_GROUP, 0, 4))?;
                        group_of.insert(symbol, groups.len());
                        groups.push((symbol, comdat, number, vec![]));
                        groups.len() - 1
                    }
                };
                members = groups.get_mut(at).map(|g| &mut g.3);
            }
            let number = table.push(layout::Section {
                entry: own.entry,
                room: own.room,
                ..section(own.name, own.kind, own.flags, own.align)
            })?;
            numbers.push(number);
            table.bytes(number, std::mem::take(&mut own.bytes));
            let mut rel = None;
            if !relocs.is_empty() {
                let number_of_rel = table.push(layout::Section {
                    entry: REL_LEN,
                    link: Link::Symbols,
                    info: number.into(),
                    ..section(&format!(".rel{}", own.name), SHT_REL, rel_flags, 8)
                })?;
                rel = Some(number_of_rel);
                rels.push((number_of_rel, relocs));
            }
            if let Some(members) = members {
                members.push(number);
                members.extend(rel);
            }
        }
        let addrsig = match &self.addrsig {
            Some(_) => Some(table.push(layout::Section {
                link: Link::Symbols,
                ..section(".llvm_addrsig", SHT_LLVM_ADDRSIG, SHF_EXCLUDE, 1)
            })?),
            None => None,
        };
        let symtab = table.push(layout::Section {
            entry: SYM_LEN,
            link: Link::Strings,
            ..section(".symtab", SHT_SYMTAB, 0, 8)
        })?;

        // Symbols: files, local ones, the others.
        let mut names: Vec<&str> = vec![""];
        let mut places = vec![0u32; self.symbols.len()];
        let (entries, locals) = self.entries(sizes, &numbers, &mut names, &mut places)?;
        for (symbol, comdat, number, members) in groups {
            let mut out = Out::new(self.endian);
            out.u32(if comdat { GRP_COMDAT } else { 0 });
            members.iter().for_each(|member| out.u32((*member).into()));
            table.sections[usize::from(number) - 1].entry = 4;
            table.sections[usize::from(number) - 1].link = Link::Symbols;
            table.sections[usize::from(number) - 1].info = places[index(symbol)];
            table.bytes(number, out.bytes);
        }
        let first_name = names.len();
        let section_names: Vec<String> = table.sections.iter().map(|s| s.name.clone()).collect();
        names.extend(section_names.iter().map(String::as_str));
        let (strings, offsets) = string_table(&names)?;

        let mut out = Out::new(self.endian);
        out.bytes.reserve(entries.len() * 24 + 24);
        out.bytes.resize(24, 0);
        for entry in &entries {
            out.u32(offsets[entry.name]);
            out.u8(entry.info);
            out.u8(entry.other);
            out.u16(entry.section);
            out.u64(entry.value);
            out.u64(entry.size);
        }
        table.sections[usize::from(symtab) - 1].info = locals;
        table.bytes(symtab, out.bytes);
        for (number, relocs) in rels {
            let mut out = Out::new(self.endian);
            for reloc in relocs {
                out.u64(reloc.at);
                out.u64(u64::from(places[index(reloc.symbol)]) << 32 | u64::from(reloc.kind));
            }
            table.bytes(number, out.bytes);
        }
        if let (Some(number), Some(symbols)) = (addrsig, &self.addrsig) {
            let mut bytes = vec![];
            for place in symbols.iter().map(|s| places[index(*s)]).filter(|place| *place != 0) {
                leb128(place.into(), false, &mut bytes);
            }
            table.bytes(number, bytes);
        }
        table.bytes(strtab, strings);
        layout::image(self.endian, table.sections, &offsets[first_name..], &table.order, u64::MAX)
    }

    /// The symbols that the file shows, and the number of the first that is not local. Their numbers go to
    /// `places`.
    fn entries<'s>(
        &'s self,
        sizes: &Map<SymbolId, u64>,
        numbers: &[u16],
        names: &mut Vec<&'s str>,
        places: &mut [u32],
    ) -> Result<(Vec<Entry>, u32), Error> {
        let too_big = || Error::TooBig { what: "the symbol table" };
        let mut entries: Vec<Entry> = vec![];
        let mut locals = 0;
        for local in [true, false] {
            let mut files = self.names.iter().enumerate().peekable();
            let mut file_before = |at: usize, entries: &mut Vec<Entry>, names: &mut Vec<&'s str>| {
                // The first file stands before all symbols.
                while let Some((_, (name, _))) = files.next_if(|(i, (_, before))| *i == 0 || *before <= at) {
                    names.push(name);
                    let name = names.len() - 1;
                    entries.push(Entry {
                        name,
                        info: STT_FILE,
                        other: 0,
                        section: SHN_ABS,
                        value: 0,
                        size: 0,
                    });
                }
            };
            for (at, id) in self.symbols.order.iter().enumerate() {
                let symbol = self.symbols.get(*id);
                if local {
                    file_before(at, &mut entries, names);
                }
                let binding = symbol.bound();
                if !symbol.shown() || (binding == Binding::Local) != local {
                    continue;
                }
                let found = self.find(*id);
                if let (Place::Equal(_), Found::Elsewhere(..) | Found::Nowhere) = (symbol.place, found) {
                    // Another name for what is not here: uses name that.
                    continue;
                }
                let (section, value) = match found {
                    Found::Number(value) => (SHN_ABS, value.cast_unsigned()),
                    Found::At(at, added) => {
                        (numbers[at.section as usize], self.offset(at, added).cast_unsigned())
                    }
                    _ => match symbol.place {
                        Place::Common(_, align) => (SHN_COMMON, align),
                        _ => (0, 0),
                    },
                };
                let name = if symbol.is_section() || symbol.name.is_empty() {
                    0
                } else {
                    names.push(symbol.name);
                    names.len() - 1
                };
                let binding = match binding {
                    Binding::Local => 0u8,
                    Binding::Global => 1,
                    Binding::Weak => 2,
                };
                let info = binding << 4 | self.kind(*id);
                let size =
                    sizes.get(id).copied().or_else(|| sizes.get(&self.base(*id)).copied()).unwrap_or(0);
                entries.push(Entry { name, info, other: symbol.visibility, section, value, size });
                places[index(*id)] = u32::try_from(entries.len()).map_err(|_| too_big())?;
            }
            if local {
                file_before(usize::MAX, &mut entries, names);
                locals = u32::try_from(entries.len() + 1).map_err(|_| too_big())?;
            }
        }
        Ok((entries, locals))
    }

    /// The symbol that `.set` made another name for, or the symbol itself.
    fn base(&self, symbol: SymbolId) -> SymbolId {
        match self.symbols.get(symbol).place {
            Place::Equal(super::symbol::Value { plus: Some(base), minus: None, .. }) => base,
            _ => symbol,
        }
    }

    /// The type of a symbol: another name for a function is a function.
    fn kind(&self, symbol: SymbolId) -> u8 {
        let own = self.symbols.get(symbol).kind;
        let base = self.symbols.get(self.base(symbol));
        if own == STT_NOTYPE && !base.is_section() { base.kind } else { own }
    }
}

fn section(name: &str, kind: u32, flags: u64, align: u64) -> layout::Section<'static> {
    layout::Section { name: name.into(), kind, flags, align, ..layout::Section::default() }
}

/// A string table in which the end of one string is another one's place, and the offset of each string.
///
/// Strings stand in the order of their last letters, as LLVM has them.
fn string_table(names: &[&str]) -> Result<(Vec<u8>, Vec<u32>), Error> {
    let mut sorted: Vec<usize> = (0..names.len()).collect();
    sorted.order_by(|a, b| names[*b].bytes().rev().cmp(names[*a].bytes().rev()));
    let mut bytes = vec![0];
    let mut offsets = vec![0; names.len()];
    let mut last = "";
    for i in sorted {
        let name = names[i];
        if name.is_empty() {
            continue;
        }
        let at = if last.ends_with(name) {
            bytes.len() - name.len() - 1
        } else {
            bytes.extend(name.bytes().chain([0]));
            last = name;
            bytes.len() - name.len() - 1
        };
        offsets[i] = u32::try_from(at).map_err(|_| Error::TooBig { what: "the string table" })?;
    }
    Ok((bytes, offsets))
}
