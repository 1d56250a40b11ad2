//! What instructions, data and maps refer to: from relocations, and from calls within a section.

use super::file::{File, Home, Section};
use super::kind::SectionKind;
use super::maps::trim;
use super::read::Index;
use super::reloc::Layout;
use super::{CALL, Error, PSEUDO_CALL, R_BPF_64_ABS64};
use crate::btf::maps;
use crate::isa::form::LD_IMM64;
use crate::isa::{Endian, Insn, SLOT};
use crate::object::{Address, Anchor, ExternKind, Func, Object, Place, Ref, Reloc, Symbol};
use crate::sort::Sort;

/// A relocation of the file.
#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: u64,
    symbol: usize,
    kind: u32,
    addend: Option<i64>,
}

/// The relocations of a section (`Elf64_Rel`, `Elf64_Rela`).
fn entries(rel: &Section, with_addends: bool, endian: Endian) -> Result<impl Iterator<Item = Entry>, Error> {
    let len = if with_addends { 24 } else { 16 };
    if !rel.bytes.len().is_multiple_of(len) {
        let what = if with_addends {
            "its length is not a multiple of 24 bytes"
        } else {
            "its length is not a multiple of 16 bytes"
        };
        return Err(Error::Section { section: rel.name.clone().into_owned(), what });
    }
    Ok(rel.bytes.chunks_exact(len).map(move |entry| {
        let number = |at: usize| {
            let bytes = entry.get(at..at + 8).and_then(|b| b.try_into().ok()).unwrap_or_default();
            match endian {
                Endian::Little => u64::from_le_bytes(bytes),
                Endian::Big => u64::from_be_bytes(bytes),
            }
        };
        let info = number(8);
        Entry {
            offset: number(0),
            symbol: usize::try_from(info >> 32).unwrap_or(usize::MAX),
            kind: u32::try_from(info & 0xffff_ffff).unwrap_or(0),
            addend: with_addends.then(|| number(16).cast_signed()),
        }
    }))
}

/// For each symbol of the file whether a relocation of something that matters names it.
pub(super) fn used_symbols(file: &File) -> Vec<bool> {
    let mut used = vec![false; file.symbols.len()];
    for (_, rel) in file.iter() {
        let SectionKind::Rel(number, with_addends) = rel.kind else { continue };
        let matters = matches!(
            file.sections[number].kind,
            SectionKind::Code | SectionKind::Data(_) | SectionKind::Maps | SectionKind::Legacy
        );
        for entry in entries(rel, with_addends, file.endian).into_iter().flatten().filter(|_| matters) {
            if let Some(used) = used.get_mut(entry.symbol) {
                *used = true;
            }
        }
    }
    used
}

/// All references.
pub(super) fn read(file: &File, object: &mut Object, index: &Index) -> Result<(), Error> {
    let mut found = Found::default();
    for (_, rel) in file.iter() {
        let SectionKind::Rel(number, with_addends) = rel.kind else { continue };
        let section = &file.sections[number];
        for entry in entries(rel, with_addends, file.endian)? {
            // Of no kind, and of nothing that the object has: a place that is kept free.
            if entry.kind == 0 && index.anchor(entry.symbol) == Anchor::Nothing {
                continue;
            }
            let wrong = |what| Error::Place {
                section: section.name.clone().into_owned(),
                offset: entry.offset,
                what,
            };
            match section.kind {
                SectionKind::Code => code(file, object, index, number, entry, &mut found).map_err(wrong)?,
                SectionKind::Data(_) => {
                    data(file, object, index, number, entry, &mut found).map_err(wrong)?
                }
                SectionKind::Maps | SectionKind::Legacy => found.maps.push((number, entry)),
                _ => {}
            }
        }
    }
    let mut refs = std::mem::take(&mut found.code);
    calls(object, index, &refs, &mut found.code);
    refs.append(&mut found.code);
    refs.order_by_key(|(func, r)| (*func, r.insn));
    let layout = Layout::new(object)?;
    // What each place holds that is as it would be by itself.
    let mut cleared: Vec<(usize, usize, Insn)> = vec![];
    let mut at = 0;
    while at < refs.len() {
        let (func, insn_at) = (refs[at].0, refs[at].1.insn);
        let several = refs.get(at + 1).is_some_and(|(f, r)| (*f, r.insn) == (func, insn_at));
        let Some(insn) = object.funcs[func].insns.get(insn_at) else { break };
        if several {
            while refs.get(at).is_some_and(|(f, r)| (*f, r.insn) == (func, insn_at)) {
                at += 1;
            }
            continue;
        }
        let r = &mut refs[at].1;
        if let Some(insn) = usual(object, &layout, func, r, insn) {
            cleared.push((func, insn_at, insn));
            r.reloc = None;
        }
        at += 1;
    }
    let mut addresses = found.data;
    for (section, address) in &mut addresses {
        let held = number_at(&object.data[*section].bytes, address.offset, object.endian);
        if usual_address(object, &layout, held, address) {
            address.reloc = None;
        }
    }
    let places: Vec<(usize, Place)> = layout.maps.clone();
    let mut values = map_addresses(file, object, index, &found.maps, &places)?;
    for (_, address, held) in &mut values {
        if usual_address(object, &layout, Some(*held), address) {
            address.reloc = None;
        }
    }
    drop(layout);
    for (func, insn, with) in cleared {
        object.funcs[func].insns.set(insn, with);
    }
    for (func, r) in refs {
        object.funcs[func].refs.push(r);
    }
    for (section, address) in addresses {
        let data = &mut object.data[section];
        if address.reloc.is_none() {
            clear(&mut data.bytes, address.offset);
        }
        data.refs.push(address);
    }
    put_values(object, values, &places);
    object.data.iter_mut().for_each(|data| data.refs.order_by_key(|a| a.offset));
    Ok(())
}

/// What is found before it is known where everything stands.
#[derive(Debug, Default)]
struct Found {
    code: Vec<(usize, Ref)>,
    data: Vec<(usize, Address)>,
    maps: Vec<(usize, Entry)>,
}

/// A relocation as the object has it.
fn reloc(index: &Index, entry: Entry, within: u8) -> Reloc {
    let base = index.anchor(entry.symbol);
    Reloc { kind: entry.kind, base, addend: entry.addend, within }
}

/// A relocation of code.
fn code(
    file: &File,
    object: &Object,
    index: &Index,
    number: usize,
    entry: Entry,
    found: &mut Found,
) -> Result<(), &'static str> {
    let nowhere = "a relocation points into nothing";
    let (func, insn_at, within) = index.insn_within(&object.funcs, number, entry.offset).ok_or(nowhere)?;
    let insn = object.funcs[func].insns.get(insn_at).ok_or(nowhere)?;
    let call = insn.code == CALL && insn.src == PSEUDO_CALL;
    let load = insn.code == LD_IMM64 && insn.hi.is_some();
    // Whatever its type, as loaders do it.
    let add = match entry.addend {
        None if call => Some((i64::from(insn.imm) + 1) * 8),
        None if load => Some(i64::from(insn.imm)),
        Some(addend) if load => Some(addend),
        _ => None,
    };
    let to = add.filter(|_| within == 0).and_then(|add| target(file, object, index, entry.symbol, add));
    // Of a call only functions make sense, and of something that is not here its start.
    let to = to.filter(|to| match to {
        Symbol::Func(_) => true,
        Symbol::Extern(e) if load => insn.imm == 0 || object.externs[*e].kind == ExternKind::Object,
        Symbol::Extern(_) => insn.imm == -1,
        _ => load,
    });
    let reloc = Some(Box::new(reloc(index, entry, within)));
    found.code.push((func, Ref { insn: insn_at, to: to.unwrap_or(Symbol::Unknown), reloc }));
    Ok(())
}

/// A relocation of data.
fn data(
    file: &File,
    object: &Object,
    index: &Index,
    number: usize,
    entry: Entry,
    found: &mut Found,
) -> Result<(), &'static str> {
    let outside = "an address lies outside its section";
    let section = index.data.get(&number).copied().ok_or(outside)?;
    let offset = u32::try_from(entry.offset).map_err(|_| outside)?;
    let held = number_at(&object.data[section].bytes, offset, file.endian);
    let to = match (entry.kind, entry.addend, held) {
        (R_BPF_64_ABS64, None, Some(held)) => target(file, object, index, entry.symbol, held.cast_signed()),
        (R_BPF_64_ABS64, Some(addend), Some(_)) => target(file, object, index, entry.symbol, addend),
        _ => None,
    };
    let reloc = Some(Box::new(reloc(index, entry, 0)));
    found.data.push((section, Address { offset, to: to.unwrap_or(Symbol::Unknown), reloc }));
    Ok(())
}

/// The number of 8 bytes at a place.
fn number_at(bytes: &[u8], offset: u32, endian: Endian) -> Option<u64> {
    let start = usize::try_from(offset).ok()?;
    let bytes = bytes.get(start..start.checked_add(8)?)?.try_into().ok()?;
    Some(match endian {
        Endian::Little => u64::from_le_bytes(bytes),
        Endian::Big => u64::from_be_bytes(bytes),
    })
}

/// Makes the address at a place zero, as far as it is there.
fn clear(bytes: &mut [u8], offset: u32) {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let end = start.saturating_add(8).min(bytes.len());
    bytes[start..end].fill(0);
}

/// What stands so many bytes behind a symbol.
fn target(file: &File, object: &Object, index: &Index, symbol: usize, add: i64) -> Option<Symbol> {
    // What a symbol means that the object does not have would be lost with it.
    let anchor = Some(index.anchor(symbol)).filter(|anchor| *anchor != Anchor::Nothing)?;
    if let Anchor::Extern(index) = anchor {
        return Some(Symbol::Extern(index));
    }
    let symbol = file.symbols.get(symbol)?;
    let Home::Section(number) = symbol.home else { return None };
    let at = symbol.value.checked_add_signed(add)?;
    match file.sections.get(number)?.kind {
        SectionKind::Code => match anchor {
            Anchor::Func(func) if add == 0 => Some(Symbol::Func(func)),
            _ => index.funcs.get(&(number, at)).map(|f| Symbol::Func(*f)),
        },
        SectionKind::Maps | SectionKind::Legacy => match anchor {
            Anchor::Map(map) if add == 0 => Some(Symbol::Map(map)),
            _ => index.maps.get(&(number, at)).map(|m| Symbol::Map(*m)),
        },
        SectionKind::Data(_) => {
            let section = *index.data.get(&number)?;
            // An instruction counts in 32 bits.
            let offset = u32::try_from(symbol.value).ok()?.checked_add_signed(i32::try_from(add).ok()?);
            let offset = offset.or_else(|| u32::try_from(at).ok())?;
            object.data.get(section).map(|_| Symbol::Data(section, offset))
        }
        _ => None,
    }
}

/// Calls that have no relocation, of functions.
fn calls(object: &Object, index: &Index, relocated: &[(usize, Ref)], found: &mut Vec<(usize, Ref)>) {
    let relocated: std::collections::HashSet<(usize, usize)> =
        relocated.iter().map(|(f, r)| (*f, r.insn)).collect();
    for (f, (func, (section, start))) in object.funcs.iter().zip(&index.places).enumerate() {
        for (i, insn) in func.insns.iter().enumerate() {
            if insn.code != CALL || insn.src != PSEUDO_CALL || relocated.contains(&(f, i)) {
                continue;
            }
            let here = u64::try_from(func.insns.slot_of(i) * SLOT).ok().and_then(|s| s.checked_add(*start));
            let to = here.and_then(|h| h.checked_add(8)?.checked_add_signed(i64::from(insn.imm) * 8));
            if let Some(to) = to.and_then(|at| index.funcs.get(&(*section, at))) {
                found.push((f, Ref::new(i, Symbol::Func(*to))));
            }
        }
    }
}

/// The instruction with nothing filled in, where its relocation is the one that it gets by itself.
fn usual(object: &Object, layout: &Layout, func: usize, r: &mut Ref, mut insn: Insn) -> Option<Insn> {
    let (code, start) = *layout.funcs.get(func)?;
    let slot = u64::try_from(object.funcs[func].insns.slot_of(r.insn) * SLOT).ok()?;
    let usual = layout.usual(object, (code, start.checked_add(slot)?), r.to, &insn).ok();
    let is = r.reloc.as_deref().map(|reloc| (reloc.base, reloc.kind));
    let plain = r.reloc.as_deref().is_none_or(|reloc| reloc.addend.is_none() && reloc.within == 0);
    let load = insn.hi.is_some();
    let same = usual == Some((insn.imm, is)) && plain && (!load || (insn.src, insn.hi) == (0, Some(0)));
    if !same {
        r.reloc.get_or_insert_with(|| Box::new(Reloc::NONE));
        return None;
    }
    insn.imm = match r.to {
        Symbol::Extern(e) if load && object.externs[e].kind == ExternKind::Object => insn.imm,
        _ if load => 0,
        _ => -1,
    };
    Some(insn)
}

/// Whether an address is the one that it would be by itself.
fn usual_address(object: &Object, layout: &Layout, held: Option<u64>, address: &Address) -> bool {
    let Some(reloc) = address.reloc.as_deref() else { return true };
    let usual = layout.address(object, address.to);
    usual.zip(held).is_some_and(|((anchor, addend), held)| {
        (reloc.kind, reloc.base, reloc.addend) == (R_BPF_64_ABS64, anchor, None) && addend == held
    })
}

/// The addresses in maps, with the map and what the place held.
fn map_addresses(
    file: &File,
    object: &Object,
    index: &Index,
    entries: &[(usize, Entry)],
    places: &[(usize, Place)],
) -> Result<Vec<(usize, Address, u64)>, Error> {
    let mut found = vec![];
    // By section of the file and place: the map that covers it.
    let mut starts: Vec<(usize, u64, usize)> =
        index.maps.iter().map(|((n, at), map)| (*n, *at, *map)).collect();
    starts.order();
    for (number, entry) in entries {
        let section = &file.sections[*number];
        let wrong =
            |what| Error::Place { section: section.name.clone().into_owned(), offset: entry.offset, what };
        let offset = u32::try_from(entry.offset).map_err(|_| wrong("an address lies outside its section"))?;
        let last = starts.partition_point(|(n, at, _)| (*n, *at) <= (*number, entry.offset)).checked_sub(1);
        let map = last.and_then(|at| starts.get(at)).filter(|(n, ..)| n == number).map(|(.., map)| *map);
        let map = map.ok_or_else(|| wrong("an address that belongs to no map"))?;
        let within = offset - places.get(map).map_or(0, |(_, place)| place.offset);
        let held = number_at(section.bytes, offset, file.endian).unwrap_or(0);
        let to = match (entry.kind, entry.addend) {
            (R_BPF_64_ABS64, None) => target(file, object, index, entry.symbol, held.cast_signed()),
            _ => None,
        };
        let reloc = Some(Box::new(reloc(index, *entry, 0)));
        found.push((map, Address { offset: within, to: to.unwrap_or(Symbol::Unknown), reloc }, held));
    }
    Ok(found)
}

/// Puts addresses into maps: first values, as far as the definition says so.
fn put_values(object: &mut Object, values: Vec<(usize, Address, u64)>, places: &[(usize, Place)]) {
    let rooms = maps::values_of(&object.btf);
    for (number, address, _) in values {
        let Some(map) = object.maps.get_mut(number) else { continue };
        let start = rooms.get(map.name.as_str()).filter(|_| map.legacy.is_none());
        let within = start.and_then(|start| address.offset.checked_sub(*start)).filter(|at| at % 8 == 0);
        let end = places.get(number).map_or(0, |(_, place)| place.size);
        if address.reloc.is_none() && map.legacy.is_none() {
            clear(&mut map.bytes, address.offset);
            trim(&mut map.bytes);
        }
        match within.filter(|_| address.reloc.is_none() && address.offset < end) {
            Some(at) => map.values.push((at / 8, address.to)),
            None => map.refs.push(address),
        }
    }
    for map in &mut object.maps {
        map.values.order_by_key(|(index, _)| *index);
        map.refs.order_by_key(|a| a.offset);
    }
}

impl Index {
    /// The function that covers a byte of a section, the index of the instruction there, and how far in it.
    fn insn_within(&self, funcs: &[Func], section: usize, offset: u64) -> Option<(usize, usize, u8)> {
        let func =
            self.places.partition_point(|(s, start)| (*s, *start) <= (section, offset)).checked_sub(1)?;
        let (in_section, start) = self.places.get(func)?;
        let bytes = usize::try_from(offset.checked_sub(*start)?).ok()?;
        let code = &funcs.get(func)?.insns;
        let slot = (bytes / SLOT).min(code.slots().checked_sub(1)?);
        let insn = code.at_slot(slot).or_else(|| code.at_slot(slot.checked_sub(1)?))?;
        let within = u8::try_from(bytes - code.slot_of(insn) * SLOT).ok()?;
        (*in_section == section && within < 16).then_some((func, insn, within))
    }

    /// What stands for a symbol of the file.
    fn anchor(&self, symbol: usize) -> Anchor {
        self.anchors.get(symbol).copied().unwrap_or(Anchor::Nothing)
    }

    /// The function that covers a byte of a section, and the index of the instruction that begins there.
    pub(super) fn insn_at(&self, funcs: &[Func], section: usize, offset: u64) -> Option<(usize, usize)> {
        let (func, insn, within) = self.insn_within(funcs, section, offset)?;
        (within == 0).then_some((func, insn))
    }
}
