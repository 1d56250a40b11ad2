//! Object to ELF.

use std::borrow::Cow;

use goblin::elf::section_header::{
    SHF_ALLOC, SHF_EXECINSTR, SHF_INFO_LINK, SHF_WRITE, SHT_NOBITS, SHT_PROGBITS, SHT_REL,
};
use goblin::elf::sym::{STT_FUNC, STT_NOTYPE, STT_OBJECT, STT_SECTION};

use super::layout::{Link, REL_LEN, Section, Symbol, file, len64, symbol_numbers};
use super::reloc::{Places, Reloc, encode};
use super::{Error, LICENSE, address, hook};
use crate::btf::ext::{Ext, SectionRecords};
use crate::btf::{Encoder, Kind, maps};
use crate::isa::SLOT;
use crate::object::{Address, DataKind, Extern, Linkage, Object};

/// The bytes of an object file, the same for the same object.
///
/// Programs of one section stand one after the other in the order of [`Object::funcs`]; sections stand in the
/// order in which functions and data name them first.
///
/// # Errors
/// What cannot be expressed in the file: a call into another section than `.text`, a map without BTF, a
/// number beyond its field.
pub fn write(object: &Object) -> Result<Vec<u8>, Error> {
    Ok(pieces(object)?.concat())
}

/// The bytes of an object file as [`write`] gives them, in pieces that stand one behind the other: code that is
/// in the object as it will be in the file is not copied.
///
/// # Errors
/// As [`write`].
pub fn pieces(object: &Object) -> Result<Vec<Cow<'_, [u8]>>, Error> {
    let mut writer =
        Writer { object, sections: vec![], symbols: vec![], places: Places::default(), addresses: vec![] };
    writer.place_functions()?;
    writer.license();
    writer.data()?;
    writer.maps()?;
    writer.externs();
    writer.code()?;
    writer.addresses()?;
    if !object.btf.types.is_empty() {
        writer.btf()?;
    }
    file(object.endian, writer.sections, &writer.symbols)
}

struct Writer<'a> {
    object: &'a Object,
    sections: Vec<Section<'a>>,
    symbols: Vec<Symbol>,
    places: Places,
    /// Addresses in data and maps, by the number of the section.
    addresses: Vec<(u16, Vec<Address>)>,
}

impl<'a> Writer<'a> {
    /// Appends a section; gives its number in the file.
    fn section(&mut self, section: Section<'a>) -> Result<u16, Error> {
        self.sections.push(section);
        u16::try_from(self.sections.len()).map_err(|_| Error::TooBig { what: "the section table" })
    }

    /// Appends a symbol; gives its index.
    fn symbol(&mut self, symbol: Symbol) -> usize {
        self.symbols.push(symbol);
        self.symbols.len() - 1
    }

    fn section_symbol(&mut self, section: u16) -> usize {
        self.symbol(Symbol { kind: STT_SECTION, section, ..Symbol::default() })
    }

    /// Gives each function its section and its place in it; the code follows when all places are known.
    fn place_functions(&mut self) -> Result<(), Error> {
        let object = self.object;
        for func in &object.funcs {
            let known = self.places.code.iter().position(|c| c.name == func.section);
            let code = match known {
                Some(code) => code,
                None => {
                    let number = self.section(Section {
                        name: func.section.clone(),
                        kind: SHT_PROGBITS,
                        flags: u64::from(SHF_ALLOC | SHF_EXECINSTR),
                        align: 8,
                        ..Section::default()
                    })?;
                    let symbol = self.section_symbol(number);
                    self.places.code(&func.section, number, symbol)
                }
            };
            let (section, start) = self.places.next(code);
            let size = len64(func.slots() * SLOT)?;
            let symbol = self.symbol(Symbol {
                name: func.name.clone(),
                kind: STT_FUNC,
                global: func.linkage == Linkage::Global,
                section,
                value: len64(start * SLOT)?,
                size,
                ..Symbol::default()
            });
            self.places.func(code, func, symbol);
        }
        Ok(())
    }

    fn license(&mut self) {
        let Some(license) = &self.object.license else { return };
        let mut bytes = license.clone().into_bytes();
        bytes.push(0);
        let size = u64::try_from(bytes.len()).unwrap_or(0);
        self.sections.push(Section {
            name: LICENSE.into(),
            kind: SHT_PROGBITS,
            flags: u64::from(SHF_ALLOC | SHF_WRITE),
            align: 1,
            bytes: bytes.into(),
            ..Section::default()
        });
        // Where the BTF has a variable for it, libbpf looks for a symbol of that name; where it has none, its
        // linker refuses a symbol.
        let Some(name) = self.declared(LICENSE).first().map(|(name, ..)| (*name).to_owned()) else { return };
        let section = u16::try_from(self.sections.len()).unwrap_or(0);
        self.symbol(Symbol { name, kind: STT_OBJECT, global: true, section, size, ..Symbol::default() });
    }

    fn data(&mut self) -> Result<(), Error> {
        let object = self.object;
        for data in &object.data {
            if data.kind == DataKind::Bss && data.bytes.iter().any(|b| *b != 0) {
                let what = "a section of kind bss holds bytes that are not zero";
                return Err(Error::Section { section: data.name.clone(), what });
            }
            let (kind, flags) = match data.kind {
                DataKind::Data | DataKind::StructOps | DataKind::Arena => {
                    (SHT_PROGBITS, SHF_ALLOC | SHF_WRITE)
                }
                DataKind::Bss => (SHT_NOBITS, SHF_ALLOC | SHF_WRITE),
                DataKind::Rodata | DataKind::Other => (SHT_PROGBITS, SHF_ALLOC),
            };
            let section = self.section(Section {
                name: data.name.clone(),
                kind,
                flags: u64::from(flags),
                align: u64::from(data.align),
                bytes: (&data.bytes).into(),
                room: data.room,
                ..Section::default()
            })?;
            if !data.refs.is_empty() {
                self.addresses.push((section, data.refs.clone()));
            }
            let own = self.section_symbol(section);
            let mut vars = vec![];
            for var in data.vars.iter().filter(|v| !v.name.is_empty()) {
                let global = var.linkage == Linkage::Global;
                let symbol = self.symbol(Symbol {
                    name: var.name.clone(),
                    kind: STT_OBJECT,
                    global,
                    section,
                    value: u64::from(var.offset),
                    size: u64::from(var.size),
                    ..Symbol::default()
                });
                if global {
                    vars.push((var.offset, var.size, symbol));
                }
            }
            vars.sort_by_key(|(offset, ..)| *offset);
            self.places.data.push((own, vars));
        }
        Ok(())
    }

    /// The variables of a section as the BTF has them: name, offset, size.
    fn declared(&self, section: &str) -> Vec<(&str, u32, u32)> {
        let btf = &self.object.btf;
        let Some(Kind::DataSec { vars, .. }) =
            btf.datasec(section).and_then(|id| btf.get(id)).map(|t| &t.kind)
        else {
            return vec![];
        };
        vars.iter().filter_map(|v| Some((btf.get(v.var)?.name.as_str(), v.offset, v.size))).collect()
    }

    /// Section `.maps`: nothing but room, as much as the BTF says.
    fn maps(&mut self) -> Result<(), Error> {
        let object = self.object;
        if object.maps.is_empty() {
            return Ok(());
        }
        let mut end = 0usize;
        let mut symbols = vec![];
        let declared = self.declared(maps::SECTION);
        for map in &object.maps {
            let undeclared = || Error::Undeclared { name: map.name.clone() };
            let (_, offset, size) =
                *declared.iter().find(|(name, ..)| *name == map.name).ok_or_else(undeclared)?;
            let to = offset.checked_add(size).and_then(|e| usize::try_from(e).ok());
            end = end.max(to.ok_or(Error::TooBig { what: "section .maps" })?);
            symbols.push((map.name.clone(), offset, size));
        }
        let values = address::map_values(object, &declared)?;
        let section = self.section(Section {
            name: maps::SECTION.into(),
            kind: SHT_PROGBITS,
            flags: u64::from(SHF_ALLOC | SHF_WRITE),
            align: 8,
            bytes: vec![0; end].into(),
            ..Section::default()
        })?;
        if !values.is_empty() {
            self.addresses.push((section, values));
        }
        for (name, offset, size) in symbols {
            let (value, size) = (u64::from(offset), u64::from(size));
            let kind = STT_OBJECT;
            let symbol =
                self.symbol(Symbol { name, kind, global: true, section, value, size, ..Symbol::default() });
            self.places.maps.push(symbol);
        }
        Ok(())
    }

    /// Symbols without a section.
    fn externs(&mut self) {
        for Extern { name, weak, .. } in &self.object.externs {
            let (name, kind, global) = (name.clone(), STT_NOTYPE, true);
            let symbol = self.symbol(Symbol { name, kind, global, weak: *weak, ..Symbol::default() });
            self.places.externs.push(symbol);
        }
    }

    /// Instructions and relocations.
    fn code(&mut self) -> Result<(), Error> {
        let object = self.object;
        let mut all: Vec<Vec<Reloc>> = self.places.code.iter().map(|_| vec![]).collect();
        for (i, func) in object.funcs.iter().enumerate() {
            let code = self.places.section_of(i);
            let Some((number, relocs)) = code.and_then(|(c, n)| Some((n, all.get_mut(c)?))) else { continue };
            let bytes = encode(object, i, func, &self.places, relocs)?;
            if let Some(section) = self.sections.get_mut(usize::from(number) - 1) {
                match section.bytes.is_empty() {
                    true => section.bytes = bytes,
                    false => section.bytes.to_mut().extend_from_slice(&bytes),
                }
            }
        }
        let numbers = symbol_numbers(&self.symbols);
        for (code, relocs) in all.into_iter().enumerate() {
            let Some(place) = self.places.code.get(code).filter(|_| !relocs.is_empty()) else { continue };
            let (name, info) = (format!(".rel{}", place.name), u32::from(place.number));
            let mut out = crate::btf::bytes::Out::new(object.endian);
            for reloc in relocs {
                let number = numbers.get(reloc.symbol).copied().unwrap_or(0);
                out.u64(reloc.offset);
                out.u64(u64::from(number) << 32 | u64::from(reloc.kind));
            }
            self.section(Section {
                name,
                kind: SHT_REL,
                flags: u64::from(SHF_INFO_LINK),
                align: 8,
                entry: REL_LEN,
                link: Link::Symbols,
                info,
                bytes: out.bytes.into(),
                ..Section::default()
            })?;
        }
        Ok(())
    }

    /// Relocations of data and maps.
    fn addresses(&mut self) -> Result<(), Error> {
        let numbers = symbol_numbers(&self.symbols);
        for (number, refs) in std::mem::take(&mut self.addresses) {
            let Some(section) = self.sections.get_mut(usize::from(number) - 1) else { continue };
            let place = (number, section);
            let section = address::relocations(self.object.endian, place, &self.places, &numbers, &refs)?;
            self.section(section)?;
        }
        Ok(())
    }

    /// Sections `.BTF` and `.BTF.ext`.
    fn btf(&mut self) -> Result<(), Error> {
        let object = self.object;
        let mut encoder = Encoder::new(&hook::tagged(object), object.endian)?.with_texts(&object.texts)?;
        let mut ext = Ext::default();
        for place in &self.places.code {
            let (mut funcs, mut lines, mut core) = (vec![], vec![], vec![]);
            for (func, start) in place.funcs.iter().filter_map(|(f, s)| Some((object.funcs.get(*f)?, *s))) {
                let too_big = Error::TooBig { what: "a section of code" };
                let start = u32::try_from(start).map_err(|_| too_big)?;
                let mut records = encoder.records(func, &object.files)?;
                let bytes = |slots: u32| {
                    let slots = start.checked_add(slots);
                    slots.and_then(|s| s.checked_mul(8)).ok_or(Error::TooBig { what: "a section of code" })
                };
                if let Some(mut record) = records.func_info {
                    record.insn_off = bytes(record.insn_off)?;
                    funcs.push(record);
                }
                for record in &mut records.line_info {
                    record.insn_off = bytes(record.insn_off)?;
                }
                // Mostly there is one function, and its records are not copied.
                match lines.is_empty() {
                    true => lines = records.line_info,
                    false => lines.append(&mut records.line_info),
                }
                for mut record in records.core_relo {
                    record.insn_off = bytes(record.insn_off)?;
                    core.push(record);
                }
            }
            if funcs.is_empty() && lines.is_empty() && core.is_empty() {
                continue;
            }
            let name_off = encoder.string(&place.name)?;
            ext.funcs.push(SectionRecords { name_off, records: funcs });
            ext.lines.push(SectionRecords { name_off, records: lines });
            ext.core.push(SectionRecords { name_off, records: core });
        }
        let ext = ext.encode(object.endian)?;
        for (name, bytes) in [(".BTF", encoder.finish()?), (".BTF.ext", ext)] {
            if !bytes.is_empty() {
                let name = name.into();
                self.section(Section {
                    name,
                    kind: SHT_PROGBITS,
                    align: 4,
                    bytes: bytes.into(),
                    ..Section::default()
                })?;
            }
        }
        Ok(())
    }
}
