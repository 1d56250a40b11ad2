//! Functions of a file: their instructions, what these refer to, and their source lines.

use std::collections::HashMap;

use goblin::elf::sym::{STT_FUNC, STT_NOTYPE, STT_OBJECT, STT_SECTION};

use super::file::{File, Section, SectionKind, Symbol as ElfSymbol};
use super::{CALL, Error, PSEUDO_CALL, R_BPF_64_32, R_BPF_64_64};
use crate::btf::ext::{Ext, LineInfo};
use crate::btf::{FuncLinkage, Kind, StrTable};
use crate::isa::form::LD_IMM64;
use crate::isa::{Endian, Insn, SLOT};
use crate::object::{CoreRelo, Func, Line, Linkage, Object, Ref, Symbol, TEXT};

/// How many times longer than the section the source lines may be, written out.
const LINE_FACTOR: usize = 64;

const BAD_LINES: &str = "line_info whose strings are not there, or far too long";

/// Where the functions, maps and data of the object stand in the file.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Section number and offset in bytes to the function that begins there.
    pub funcs: HashMap<(usize, u64), usize>,
    /// For each function section number, offset in bytes and the slot of each instruction.
    places: Vec<(usize, u64, Vec<usize>)>,
    /// Section number and offset to the map.
    pub maps: HashMap<(usize, u64), usize>,
    /// Section number to the data section.
    pub data: HashMap<usize, usize>,
    /// Number of the symbol to the extern.
    pub externs: HashMap<usize, usize>,
}

/// All functions with their instructions, in the order of sections and then of offsets.
pub(super) fn functions(file: &File, object: &mut Object, index: &mut Index) -> Result<(), Error> {
    let mut by_section: HashMap<usize, Vec<&ElfSymbol>> = HashMap::new();
    for symbol in file.symbols.iter().filter(|s| s.kind == STT_FUNC) {
        by_section.entry(symbol.section).or_default().push(symbol);
    }
    for (number, section) in file.iter().filter(|(_, s)| s.kind == SectionKind::Code) {
        let mut symbols = by_section.remove(&number).unwrap_or_default();
        symbols.sort_by_key(|s| s.value);
        let mut end = 0;
        for symbol in symbols {
            let wrong = |what| Error::Symbol { name: symbol.name.into(), what };
            if symbol.value != end {
                return Err(wrong(
                    "the function overlaps another one, or there is code before it without one",
                ));
            }
            let stop = symbol.value.checked_add(symbol.size).filter(|_| symbol.size > 0);
            end = stop.ok_or_else(|| wrong("the function has no code"))?;
            let range = usize::try_from(symbol.value).ok().zip(usize::try_from(end).ok());
            let bytes = range
                .and_then(|(a, b)| section.bytes.get(a..b))
                .ok_or_else(|| wrong("the function lies outside its section"))?;
            let insns = Insn::decode_all(bytes, file.endian)
                .map_err(|_| wrong("its length is not a multiple of 8 bytes"))?;
            let slots = insns.iter().scan(0, |next, insn| {
                let slot = *next;
                *next += insn.slots();
                Some(slot)
            });
            index.funcs.insert((number, symbol.value), object.funcs.len());
            index.places.push((number, symbol.value, slots.collect()));
            object.funcs.push(Func {
                name: symbol.name.into(),
                section: section.name.into(),
                linkage: match symbol {
                    // As libbpf has it: a hidden function is verified with its callers.
                    ElfSymbol { hidden: true, .. } if section.name == TEXT => Linkage::Static,
                    ElfSymbol { global: true, .. } => Linkage::Global,
                    _ => Linkage::Static,
                },
                insns: insns.into(),
                ..Func::default()
            });
        }
        if end != section.size {
            let what = "there is code that belongs to no function";
            return Err(Error::Place { section: section.name.into(), offset: end, what });
        }
    }
    Ok(())
}

impl Index {
    /// The function that covers a byte of a section, and the index of the instruction that begins there.
    fn insn_at(&self, section: usize, offset: u64) -> Option<(usize, usize)> {
        let func =
            self.places.partition_point(|(s, start, _)| (*s, *start) <= (section, offset)).checked_sub(1)?;
        let (in_section, start, slots) = self.places.get(func)?;
        let bytes = usize::try_from(offset.checked_sub(*start)?).ok()?;
        if *in_section != section || bytes % SLOT != 0 {
            return None;
        }
        Some((func, slots.binary_search(&(bytes / SLOT)).ok()?))
    }
}

/// The references of all functions: from relocations, and from calls within a section.
pub(super) fn references(file: &File, object: &mut Object, index: &Index) -> Result<(), Error> {
    let mut relocated: HashMap<(usize, usize), Symbol> = HashMap::new();
    for (_, rel) in file.iter() {
        let SectionKind::Rel(number) = rel.kind else { continue };
        let Some(section) = file.section(number).filter(|s| s.kind == SectionKind::Code) else { continue };
        for (offset, info) in entries(rel, file.endian)? {
            let wrong = |what| Error::Place { section: section.name.into(), offset, what };
            let at =
                index.insn_at(number, offset).ok_or_else(|| wrong("a relocation points into nothing"))?;
            let insn = object.funcs.get(at.0).and_then(|f| f.insns.get(at.1));
            let insn = insn.ok_or_else(|| wrong("a relocation points into nothing"))?;
            let symbol = usize::try_from(info >> 32).ok().and_then(|i| file.symbols.get(i));
            let symbol = symbol.ok_or_else(|| wrong("a relocation names a symbol that is not there"))?;
            let kind = info & 0xffff_ffff;
            let to = match symbol.section {
                0 => external(index, info >> 32, kind, &insn),
                _ => target(file, index, symbol, kind, &insn),
            };
            let to = to.map_err(wrong)?;
            if relocated.insert(at, to).is_some() {
                return Err(wrong("there are two relocations for one instruction"));
            }
        }
    }
    for (f, (func, (section, start, slots))) in object.funcs.iter_mut().zip(&index.places).enumerate() {
        let mut cleared = vec![];
        for (i, (mut insn, slot)) in func.insns.iter().zip(slots).enumerate() {
            let is_call = insn.code == CALL && insn.src == PSEUDO_CALL;
            let to = match relocated.remove(&(f, i)) {
                Some(to) => to,
                None if is_call => {
                    let here = u64::try_from(slot * SLOT).ok().and_then(|s| s.checked_add(*start));
                    let to = here
                        .and_then(|h| h.checked_add(8)?.checked_add_signed(i64::from(insn.imm) * 8))
                        .and_then(|at| index.funcs.get(&(*section, at)));
                    let offset = here.unwrap_or(0);
                    match to {
                        Some(to) => Symbol::Func(*to),
                        // Functions without a symbol, in a text of bare instructions.
                        None if index.places.len() == 1 => continue,
                        None => {
                            let what = "a call goes to a place where no function begins";
                            let section = func.section.clone();
                            return Err(Error::Place { section, offset, what });
                        }
                    }
                }
                None => continue,
            };
            insn.imm = if is_call { -1 } else { 0 };
            if insn.hi.is_some() {
                insn.src = 0;
                insn.hi = Some(0);
            }
            func.refs.push(Ref::new(i, to));
            cleared.push((i, insn));
        }
        cleared.into_iter().for_each(|(i, insn)| func.insns.set(i, insn));
    }
    Ok(())
}

/// The relocations of a section (`Elf64_Rel`): offset and info of each.
pub(super) fn entries(rel: &Section, endian: Endian) -> Result<impl Iterator<Item = (u64, u64)>, Error> {
    let (entries, rest) = rel.bytes.as_chunks::<16>();
    if !rest.is_empty() {
        let what = "its length is not a multiple of 16 bytes";
        return Err(Error::Section { section: rel.name.into(), what });
    }
    Ok(entries.iter().map(move |entry| pair(*entry, endian)))
}

fn pair(entry: [u8; 16], endian: Endian) -> (u64, u64) {
    let (offset, info) = entry.split_at(8);
    let number = |bytes: &[u8]| {
        let bytes = bytes.try_into().unwrap_or_default();
        match endian {
            Endian::Little => u64::from_le_bytes(bytes),
            Endian::Big => u64::from_be_bytes(bytes),
        }
    };
    (number(offset), number(info))
}

/// What a relocation names that is defined elsewhere, by the number of its symbol.
fn external(index: &Index, symbol: u64, kind: u64, insn: &Insn) -> Result<Symbol, &'static str> {
    let call = insn.code == CALL && insn.src == PSEUDO_CALL;
    match u32::try_from(kind) {
        Ok(R_BPF_64_32) if call && insn.imm != -1 => return Err("a call goes into the middle of an extern"),
        Ok(R_BPF_64_32) if call => {}
        Ok(R_BPF_64_64) if insn.code == LD_IMM64 && insn.hi.is_some() => {
            if (insn.imm, insn.hi) != (0, Some(0)) {
                return Err("it refers into the middle of an extern");
            }
        }
        _ => return Err("a relocation's type does not fit its instruction"),
    }
    let number = usize::try_from(symbol).ok().and_then(|number| index.externs.get(&number));
    number.map(|e| Symbol::Extern(*e)).ok_or("it refers to a symbol without a name")
}

/// What a relocation names.
fn target(
    file: &File,
    index: &Index,
    symbol: &ElfSymbol,
    kind: u64,
    insn: &Insn,
) -> Result<Symbol, &'static str> {
    if !matches!(symbol.kind, STT_NOTYPE | STT_OBJECT | STT_FUNC | STT_SECTION) {
        return Err("a relocation names a symbol of a kind that is not known");
    }
    let section = file.section(symbol.section).ok_or("it refers to a section that is not known")?;
    let add = |n: i64| symbol.value.checked_add_signed(n);
    let no_func = "it refers to a place where no function begins";
    let func =
        |at: Option<u64>| at.and_then(|at| index.funcs.get(&(symbol.section, at))).map(|f| Symbol::Func(*f));
    if u64::from(R_BPF_64_32) == kind && insn.code == CALL && insn.src == PSEUDO_CALL {
        return func(add((i64::from(insn.imm) + 1) * 8)).ok_or(no_func);
    }
    if u64::from(R_BPF_64_64) != kind || insn.code != LD_IMM64 || insn.hi.is_none() {
        return Err("a relocation's type does not fit its instruction");
    }
    match section.kind {
        SectionKind::Code => func(add(i64::from(insn.imm))).ok_or(no_func),
        SectionKind::Maps => {
            let map = add(i64::from(insn.imm)).and_then(|at| index.maps.get(&(symbol.section, at)));
            map.map(|m| Symbol::Map(*m)).ok_or("it refers to a place in .maps where no map begins")
        }
        SectionKind::Data(_) => {
            let data = index.data.get(&symbol.section).ok_or("it refers to a section that is not known")?;
            let base = u32::try_from(symbol.value).map_err(|_| "it refers to a place beyond 4 GiB")?;
            Ok(Symbol::Data(*data, base.wrapping_add(insn.imm.cast_unsigned())))
        }
        _ => Err("it refers to a section that holds neither code nor data nor maps"),
    }
}

/// Types, source lines and CO-RE relocations of functions, from `.BTF.ext`.
pub(super) fn records(
    file: &File,
    section: &Section,
    strings: StrTable,
    object: &mut Object,
    index: &Index,
) -> Result<(), Error> {
    let ext = Ext::decode(section.bytes)?;
    let wrong =
        |offset: u32, what| Error::Place { section: section.name.into(), offset: offset.into(), what };
    let names: HashMap<&str, usize> =
        file.iter().filter(|(_, s)| s.kind == SectionKind::Code).map(|(i, s)| (s.name, i)).collect();
    let number = |name_off: u32| {
        let name = strings.get(name_off).ok_or_else(|| wrong(0, "a section's name is not a string"))?;
        names.get(name).copied().ok_or_else(|| wrong(0, "records for a section that is not there"))
    };
    for part in ext.funcs {
        let number = number(part.name_off)?;
        for record in part.records {
            let func = index.funcs.get(&(number, u64::from(record.insn_off)));
            let func = func.and_then(|f| object.funcs.get_mut(*f));
            let no_func = || wrong(record.insn_off, "func_info for a place where no function begins");
            let func = func.ok_or_else(no_func)?;
            func.btf = Some(record.type_id);
            if func.linkage == Linkage::Static
                && let Some(Kind::Func { linkage, .. }) =
                    object.btf.get_mut(record.type_id).map(|t| &mut t.kind)
            {
                *linkage = FuncLinkage::STATIC;
            }
        }
    }
    let budget = section.bytes.len().saturating_mul(LINE_FACTOR);
    let mut lines = Lines { strings, budget, files: HashMap::new() };
    for part in ext.lines {
        let number = number(part.name_off)?;
        for record in part.records {
            let place = index.insn_at(number, u64::from(record.insn_off));
            let func = place.and_then(|(f, i)| Some((object.funcs.get_mut(f)?, i)));
            let nowhere = || wrong(record.insn_off, "line_info for a place where no instruction begins");
            let (func, insn) = func.ok_or_else(nowhere)?;
            let bad = || wrong(record.insn_off, BAD_LINES);
            let line = lines.line(record, insn, &mut object.files).ok_or_else(bad)?;
            if func.lines.last().is_some_and(|l| l.insn > insn) {
                return Err(wrong(record.insn_off, "line_info that is out of order"));
            }
            func.lines.push(line);
        }
    }
    lines.texts(object).ok_or_else(|| wrong(0, BAD_LINES))?;
    number_files(object);
    for part in ext.core {
        let number = number(part.name_off)?;
        for record in part.records {
            let place = index.insn_at(number, u64::from(record.insn_off));
            let func = place.and_then(|(f, i)| Some((object.funcs.get_mut(f)?, i)));
            let nowhere = || wrong(record.insn_off, "a CO-RE relocation where no instruction begins");
            let (func, insn) = func.ok_or_else(nowhere)?;
            let access = strings.get(record.access_off).and_then(|text| lines.copy(text));
            let bad = || wrong(record.insn_off, "a CO-RE relocation without its string");
            let access = access.ok_or_else(bad)?;
            if func.core.last().is_some_and(|c| c.insn > insn) {
                return Err(wrong(record.insn_off, "CO-RE relocations that are out of order"));
            }
            func.core.push(CoreRelo { insn, ty: record.type_id, access, kind: record.kind });
        }
    }
    Ok(())
}

/// Files are numbered as functions name them first, each name once.
fn number_files(object: &mut Object) {
    let names = std::mem::take(&mut object.files);
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for line in object.funcs.iter_mut().flat_map(|func| &mut func.lines) {
        let name = names.get(line.file).map_or("", String::as_str);
        line.file = *numbers.entry(name).or_insert_with(|| {
            object.files.push(name.to_string());
            object.files.len() - 1
        });
    }
}

/// Turns records into lines.
struct Lines<'a> {
    strings: StrTable<'a>,
    /// How many bytes of text may still be copied.
    budget: usize,
    /// File names by their place in the string table.
    files: HashMap<u32, usize>,
}

impl Lines<'_> {
    /// A string, as long as there is room for it.
    fn copy(&mut self, text: &str) -> Option<String> {
        self.budget = self.budget.checked_sub(text.len())?;
        Some(text.into())
    }

    fn line(&mut self, record: LineInfo, insn: usize, files: &mut Vec<String>) -> Option<Line> {
        let file = match self.files.get(&record.file_name_off) {
            Some(file) => *file,
            None => {
                let name = self.copy(self.strings.get(record.file_name_off)?)?;
                files.push(name);
                self.files.insert(record.file_name_off, files.len() - 1);
                files.len() - 1
            }
        };
        Some(Line { insn, file, line: record.line(), column: record.column(), text: record.line_off })
    }

    /// Makes places in the table of the file places among the object's texts, which follow the functions.
    fn texts(&mut self, object: &mut Object) -> Option<()> {
        let mut known: HashMap<u32, u32> = HashMap::new();
        for line in object.funcs.iter_mut().flat_map(|func| &mut func.lines) {
            line.text = match known.get(&line.text) {
                Some(text) => *text,
                None => {
                    let text = self.strings.get(line.text)?;
                    self.budget = self.budget.checked_sub(text.len())?;
                    let text = object.texts.add(text).ok()?;
                    *known.entry(line.text).or_insert(text)
                }
            };
        }
        Some(())
    }
}
