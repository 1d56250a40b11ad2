//! Object to ELF.

use std::borrow::Cow;
use std::collections::HashMap;

use goblin::elf::section_header::{
    SHF_ALLOC, SHF_EXECINSTR, SHF_INFO_LINK, SHF_WRITE, SHN_ABS, SHN_COMMON, SHT_PROGBITS, SHT_REL, SHT_RELA,
};
use goblin::elf::sym::{STT_FUNC, STT_NOTYPE, STT_OBJECT, STT_SECTION};

use super::kind::usual_form;
use super::layout::{Link, REL_LEN, Section, Symbol, file, len64, symbol_numbers};
use super::reloc::{Layout, MISSING};
use super::{Error, LICENSE, R_BPF_64_ABS64, VERSION, hook};
use crate::btf::bytes::{Out, u32_bytes};
use crate::btf::ext::{Ext, SectionRecords};
use crate::btf::{Encoder, Kind, maps};
use crate::isa::{Endian, SLOT};
use crate::object::{Address, Anchor, DataKind, Extern, ExternKind, Func, Linkage, Object, Place, Reloc};
use crate::sort::Sort;

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

/// The bytes of an object file as [`write()`] gives them, in pieces that stand one behind the other: code that is
/// in the object as it will be in the file is not copied.
///
/// # Errors
/// As [`write()`].
pub fn pieces(object: &Object) -> Result<Vec<Cow<'_, [u8]>>, Error> {
    let mut writer = Writer {
        object,
        layout: Layout::new(object)?,
        sections: vec![],
        symbols: vec![],
        anchors: HashMap::new(),
        code: vec![],
        numbers: vec![],
        addresses: vec![],
    };
    writer.place_functions()?;
    writer.texts()?;
    writer.data()?;
    writer.maps()?;
    writer.externs();
    writer.numbers = symbol_numbers(&writer.symbols);
    writer.code()?;
    writer.addresses()?;
    if !object.btf.types.is_empty() {
        writer.btf()?;
    }
    file(object.endian, writer.sections, &writer.symbols)
}

struct Writer<'a> {
    object: &'a Object,
    layout: Layout<'a>,
    sections: Vec<Section<'a>>,
    symbols: Vec<Symbol>,
    /// The symbols of what relocations count from.
    anchors: HashMap<Anchor, usize>,
    /// For each section of code its number.
    code: Vec<u16>,
    /// The numbers of the symbols in the file.
    numbers: Vec<u32>,
    /// Addresses in data and maps, by the number of the section.
    addresses: Vec<(u16, Vec<Address>)>,
}

/// A relocation: offset in bytes from the start of the section.
#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: u64,
    base: Anchor,
    kind: u32,
    addend: Option<i64>,
}

impl<'a> Writer<'a> {
    /// Appends a section; gives its number in the file.
    fn section(&mut self, section: Section<'a>) -> Result<u16, Error> {
        self.sections.push(section);
        u16::try_from(self.sections.len()).map_err(|_| Error::TooBig { what: "the section table" })
    }

    /// Appends a symbol that relocations may count from.
    fn symbol(&mut self, anchor: Anchor, symbol: Symbol) {
        self.symbols.push(symbol);
        if anchor != Anchor::Nothing {
            self.anchors.insert(anchor, self.symbols.len() - 1);
        }
    }

    fn section_symbol(&mut self, anchor: Anchor, section: u16) {
        self.symbol(anchor, Symbol { kind: STT_SECTION, section, ..Symbol::default() });
    }

    /// Gives each section of code its number and each function its symbol; the code follows.
    fn place_functions(&mut self) -> Result<(), Error> {
        let object = self.object;
        for n in 0..self.layout.code.len() {
            let number = self.section(Section {
                name: self.layout.code[n].0.into(),
                kind: SHT_PROGBITS,
                flags: u64::from(SHF_ALLOC | SHF_EXECINSTR),
                align: 8,
                ..Section::default()
            })?;
            self.code.push(number);
        }
        for (i, func) in object.funcs.iter().enumerate() {
            let (code, start) = self.layout.funcs[i];
            let section = self.code[code];
            if self.layout.code[code].2 == i {
                self.section_symbol(Anchor::Code(i), section);
            }
            let symbol = |name: &str, kind, linkage, weak, hidden, offset: u64, size| Symbol {
                name: name.into(),
                kind,
                global: linkage == Linkage::Global,
                weak,
                hidden,
                section,
                value: start.saturating_add(offset),
                size,
            };
            if !func.name.is_empty() {
                let size = len64(func.slots() * SLOT + func.tail.len())?;
                let own = symbol(&func.name, STT_FUNC, func.linkage, func.weak, func.hidden, 0, size);
                self.symbol(Anchor::Func(i), own);
            }
            for (n, label) in func.labels.iter().enumerate() {
                let kind = if label.size == 0 { STT_NOTYPE } else { STT_FUNC };
                let (offset, size) = (label.offset.into(), label.size.into());
                let place = symbol(&label.name, kind, label.linkage, label.weak, label.hidden, offset, size);
                self.symbol(Anchor::Label(i, n), place);
            }
        }
        Ok(())
    }

    /// Sections `license` and `version`.
    fn texts(&mut self) -> Result<(), Error> {
        let license = self.object.license.as_ref().map(|text| {
            let mut bytes = crate::bytes::bytes(text).into_owned();
            bytes.push(0);
            bytes
        });
        let version = self.object.version.map(|version| u32_bytes(version, self.object.endian).to_vec());
        for (name, bytes, align) in [(LICENSE, license, 1), (VERSION, version, 4)] {
            let Some(bytes) = bytes else { continue };
            let size = len64(bytes.len())?;
            let section = self.section(Section {
                name: name.into(),
                kind: SHT_PROGBITS,
                flags: u64::from(SHF_ALLOC | SHF_WRITE),
                align,
                bytes: bytes.into(),
                ..Section::default()
            })?;
            // Where the BTF has a variable for it, libbpf looks for a symbol of that name; where it has none, its
            // linker refuses a symbol.
            if let Some(name) = self.declared(name) {
                let symbol =
                    Symbol { name, kind: STT_OBJECT, global: true, section, size, ..Symbol::default() };
                self.symbol(Anchor::Nothing, symbol);
            }
        }
        Ok(())
    }

    /// The first variable that the BTF has in a section.
    fn declared(&self, section: &str) -> Option<String> {
        let btf = &self.object.btf;
        let Kind::DataSec { vars, .. } = &btf.get(btf.datasec(section)?)?.kind else { return None };
        Some(btf.get(vars.first()?.var)?.name.clone())
    }

    fn data(&mut self) -> Result<(), Error> {
        let object = self.object;
        for (number, data) in object.data.iter().enumerate() {
            if data.kind == DataKind::Bss && !data.bytes.is_empty() {
                let what = "a section of kind bss holds bytes";
                return Err(Error::Section { section: data.name.clone(), what });
            }
            let form = data.form.unwrap_or_else(|| usual_form(data.kind, &data.name));
            let section = self.section(Section {
                name: data.name.clone(),
                kind: form.kind,
                flags: form.flags,
                entry: form.entry,
                align: u64::from(data.align),
                bytes: (&data.bytes).into(),
                room: data.room,
                ..Section::default()
            })?;
            if !data.refs.is_empty() {
                self.addresses.push((section, data.refs.clone()));
            }
            self.section_symbol(Anchor::Data(number), section);
            for (n, var) in data.vars.iter().enumerate().filter(|(_, v)| !v.name.is_empty()) {
                self.symbol(
                    Anchor::Var(number, n),
                    Symbol {
                        name: var.name.clone(),
                        kind: STT_OBJECT,
                        global: var.linkage == Linkage::Global,
                        weak: var.weak,
                        hidden: var.hidden,
                        section,
                        value: u64::from(var.offset),
                        size: u64::from(var.size),
                    },
                );
            }
        }
        Ok(())
    }

    /// Sections of maps: `.maps` is nothing but room, as compilers make it.
    fn maps(&mut self) -> Result<(), Error> {
        let object = self.object;
        let mut contents: Vec<(Vec<u8>, Vec<Address>)> = vec![];
        for (_, len, _) in &self.layout.map_sections {
            let len = usize::try_from(*len).map_err(|_| Error::TooBig { what: "a section of maps" })?;
            contents.push((vec![0; len], vec![]));
        }
        let rooms = maps::values_of(&object.btf);
        for (map, (section, place)) in object.maps.iter().zip(&self.layout.maps) {
            let (bytes, refs) = &mut contents[*section];
            let start = usize::try_from(place.offset).unwrap_or(usize::MAX);
            let held = map.legacy.as_ref().map_or(&map.bytes, |legacy| &legacy.bytes);
            if let Some(end) = start.checked_add(held.len()).filter(|_| !held.is_empty()) {
                bytes.resize(bytes.len().max(end), 0);
                bytes[start..end].copy_from_slice(held);
            }
            for (index, to) in &map.values {
                let undeclared = || Error::Undeclared { name: map.name.clone() };
                let values = *rooms.get(map.name.as_str()).ok_or_else(undeclared)?;
                let at = index.checked_mul(8).and_then(|at| at.checked_add(values));
                let at = at.filter(|at| *at < place.size).ok_or_else(undeclared)?;
                refs.push(Address::new(place.offset.saturating_add(at), *to));
            }
            refs.extend(
                map.refs
                    .iter()
                    .map(|r| Address { offset: r.offset.saturating_add(place.offset), ..r.clone() }),
            );
        }
        for (map, (_, place)) in object.maps.iter().zip(&self.layout.maps) {
            if map.legacy.is_none() && *place == Place::default() && map.place.is_none() {
                return Err(Error::Undeclared { name: map.name.clone() });
            }
        }
        let mut numbers = vec![];
        for (n, (bytes, mut refs)) in contents.into_iter().enumerate() {
            let name = self.layout.map_sections[n].0;
            let number = self.section(Section {
                name: name.into(),
                kind: SHT_PROGBITS,
                flags: u64::from(SHF_ALLOC | SHF_WRITE),
                align: if name == maps::SECTION { 8 } else { 4 },
                bytes: bytes.into(),
                ..Section::default()
            })?;
            refs.order_by_key(|a| a.offset);
            if !refs.is_empty() {
                self.addresses.push((number, refs));
            }
            numbers.push(number);
        }
        for (i, map) in object.maps.iter().enumerate() {
            let (section, place) = self.layout.maps[i];
            let number = numbers[section];
            if self.layout.map_sections[section].2 == i {
                self.section_symbol(Anchor::Maps(i), number);
            }
            if map.name.is_empty() {
                continue;
            }
            self.symbol(
                Anchor::Map(i),
                Symbol {
                    name: map.name.clone(),
                    kind: STT_OBJECT,
                    global: map.linkage == Linkage::Global,
                    weak: map.weak,
                    hidden: map.hidden,
                    section: number,
                    value: place.offset.into(),
                    size: place.size.into(),
                },
            );
        }
        Ok(())
    }

    /// Symbols without a section.
    fn externs(&mut self) {
        for (n, Extern { name, kind, weak, hidden, .. }) in self.object.externs.iter().enumerate() {
            let (section, value, size) = match *kind {
                ExternKind::Common { size, align } => (SHN_COMMON, align, size),
                ExternKind::Absolute(value) => (SHN_ABS, value, 0),
                _ => (0, 0, 0),
            };
            let kind = if section == SHN_COMMON { STT_OBJECT } else { STT_NOTYPE };
            let section = u16::try_from(section).unwrap_or(0);
            let (name, weak, hidden) = (name.clone(), *weak, *hidden);
            self.symbol(
                Anchor::Extern(n),
                Symbol { name, kind, global: true, weak, hidden, section, value, size },
            );
        }
    }

    /// Instructions and relocations.
    fn code(&mut self) -> Result<(), Error> {
        let object = self.object;
        let mut all: Vec<Vec<Entry>> = self.code.iter().map(|_| vec![]).collect();
        for (i, func) in object.funcs.iter().enumerate() {
            let code = self.layout.funcs[i].0;
            let bytes = self.encode(i, func, &mut all[code])?;
            let section = &mut self.sections[usize::from(self.code[code]) - 1];
            match section.bytes.is_empty() {
                true => section.bytes = bytes,
                false => section.bytes.to_mut().extend_from_slice(&bytes),
            }
            if !func.tail.is_empty() {
                section.bytes.to_mut().extend_from_slice(&func.tail);
            }
        }
        for (code, entries) in all.into_iter().enumerate() {
            self.relocations(self.code[code], &entries)?;
        }
        Ok(())
    }

    /// The bytes of a function; its relocations are appended.
    fn encode(&self, index: usize, func: &'a Func, relocs: &mut Vec<Entry>) -> Result<Cow<'a, [u8]>, Error> {
        if func.refs.is_empty() && self.object.endian == Endian::Little {
            return Ok(func.insns.as_bytes().into());
        }
        let (code, start) = self.layout.funcs[index];
        let mut insns = func.insns.clone();
        let mut last = 0;
        for r in &func.refs {
            let wrong = |what| Error::Ref { func: func.name.clone(), insn: r.insn, what };
            if r.insn < last {
                return Err(wrong("its references are out of order"));
            }
            last = r.insn;
            let mut insn = insns.get(r.insn).ok_or_else(|| wrong("a reference lies beyond the end"))?;
            let offset = start.saturating_add(len64(insns.slot_of(r.insn) * SLOT)?);
            if let Some(Reloc { kind, base, addend, within }) = r.reloc.as_deref().copied() {
                if r.reloc.as_deref() != Some(&Reloc::NONE) {
                    relocs.push(Entry { offset: offset.saturating_add(within.into()), base, kind, addend });
                }
                continue;
            }
            let (imm, reloc) = self.layout.usual(self.object, (code, offset), r.to, &insn).map_err(wrong)?;
            insn.imm = imm;
            if insn.hi.is_some() {
                insn.src = 0;
                insn.hi = Some(0);
            }
            if let Some((base, kind)) = reloc {
                relocs.push(Entry { offset, base, kind, addend: None });
            }
            insns.set(r.insn, insn);
        }
        Ok(insns.into_bytes(self.object.endian).into())
    }

    /// The sections of relocations for a section.
    fn relocations(&mut self, target: u16, entries: &[Entry]) -> Result<(), Error> {
        for with_addends in [false, true] {
            let mut out = Out::new(self.object.endian);
            for entry in entries.iter().filter(|entry| entry.addend.is_some() == with_addends) {
                let number = match entry.base {
                    Anchor::Nothing => 0,
                    base => {
                        let number = self
                            .anchors
                            .get(&self.layout.anchor(base))
                            .and_then(|symbol| self.numbers.get(*symbol));
                        let section = self.sections[usize::from(target) - 1].name.clone();
                        *number.ok_or(Error::Place { section, offset: entry.offset, what: MISSING })?
                    }
                };
                out.u64(entry.offset);
                out.u64(u64::from(number) << 32 | u64::from(entry.kind));
                if let Some(addend) = entry.addend {
                    out.u64(addend.cast_unsigned());
                }
            }
            if out.bytes.is_empty() {
                continue;
            }
            let (prefix, kind, entry) =
                if with_addends { (".rela", SHT_RELA, 24) } else { (".rel", SHT_REL, REL_LEN) };
            self.section(Section {
                name: format!("{prefix}{}", self.sections[usize::from(target) - 1].name),
                kind,
                flags: u64::from(SHF_INFO_LINK),
                align: 8,
                entry,
                link: Link::Symbols,
                info: u32::from(target),
                bytes: out.bytes.into(),
                ..Section::default()
            })?;
        }
        Ok(())
    }

    /// Relocations of data and maps.
    fn addresses(&mut self) -> Result<(), Error> {
        for (number, refs) in std::mem::take(&mut self.addresses) {
            let mut entries = Vec::with_capacity(refs.len());
            let section = &mut self.sections[usize::from(number) - 1];
            for Address { offset, to, reloc } in refs {
                let wrong =
                    |what| Error::Place { section: section.name.clone(), offset: u64::from(offset), what };
                if let Some(Reloc { kind, base, addend, .. }) = reloc.as_deref().copied() {
                    entries.push(Entry { offset: offset.into(), base, kind, addend });
                    continue;
                }
                let (base, addend) = self.layout.address(self.object, to).ok_or_else(|| wrong(MISSING))?;
                let at = usize::try_from(offset).unwrap_or(usize::MAX);
                let end = at.checked_add(8).filter(|end| *end <= section.bytes.len());
                let end = end.ok_or_else(|| wrong("an address lies outside its section"))?;
                if addend != 0 || section.bytes[at..end] != [0; 8] {
                    section.bytes.to_mut()[at..end].copy_from_slice(&match self.object.endian {
                        Endian::Little => addend.to_le_bytes(),
                        Endian::Big => addend.to_be_bytes(),
                    });
                }
                entries.push(Entry { offset: offset.into(), base, kind: R_BPF_64_ABS64, addend: None });
            }
            self.relocations(number, &entries)?;
        }
        Ok(())
    }

    /// Sections `.BTF` and `.BTF.ext`.
    fn btf(&mut self) -> Result<(), Error> {
        let object = self.object;
        let mut encoder = Encoder::new(&hook::tagged(object), object.endian)?.with_texts(&object.texts)?;
        let mut ext = Ext::default();
        let mut by_section: Vec<Vec<usize>> = vec![vec![]; self.code.len()];
        for (func, (code, _)) in self.layout.funcs.iter().enumerate() {
            by_section[*code].push(func);
        }
        for (in_it, (name, ..)) in by_section.iter().zip(&self.layout.code) {
            let (mut funcs, mut lines, mut core) = (vec![], vec![], vec![]);
            for index in in_it {
                let func = &object.funcs[*index];
                let too_big = || Error::TooBig { what: "a section of code" };
                let start = u32::try_from(self.layout.funcs[*index].1).map_err(|_| too_big())?;
                let mut records = encoder.records(func, &object.files)?;
                let bytes =
                    |slots: u32| slots.checked_mul(8).and_then(|s| s.checked_add(start)).ok_or_else(too_big);
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
            let name_off = encoder.string(name)?;
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
