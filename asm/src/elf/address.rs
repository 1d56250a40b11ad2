//! Addresses in data and in map definitions: places of 8 bytes that hold where something stands
//! (`R_BPF_64_ABS64`). Of a static function, the place holds its distance from the start of the section.

use goblin::elf::section_header::{SHF_INFO_LINK, SHT_REL};

use super::code::{Index, entries};
use super::file::{File, SectionKind, Symbol as ElfSymbol};
use super::layout::{Link, REL_LEN, Section};
use super::reloc::Places;
use super::{Error, R_BPF_64_ABS64};
use crate::btf::bytes::Out;
use crate::btf::maps;
use crate::isa::Endian;
use crate::object::{Address, Object, Symbol};

/// What is wrong with a name for nothing.
const MISSING: &str = "it refers to something that is not there";

/// The section of relocations for the addresses in a section of that number; fills in what stands there.
pub(super) fn relocations(
    endian: Endian,
    (number, section): (u16, &mut Section),
    places: &Places,
    numbers: &[u32],
    refs: &[Address],
) -> Result<Section<'static>, Error> {
    let mut out = Out::new(endian);
    for Address { offset, to, .. } in refs {
        let wrong = |what| Error::Place { section: section.name.clone(), offset: u64::from(*offset), what };
        let (symbol, addend) = places.address(*to).ok_or_else(|| wrong(MISSING))?;
        let at = usize::try_from(*offset).unwrap_or(usize::MAX);
        let place = at.checked_add(8).and_then(|end| section.bytes.to_mut().get_mut(at..end));
        let place = place.ok_or_else(|| wrong("an address lies outside its section"))?;
        place.copy_from_slice(&match endian {
            Endian::Little => addend.to_le_bytes(),
            Endian::Big => addend.to_be_bytes(),
        });
        let symbol = numbers.get(symbol).copied().unwrap_or(0);
        out.u64(u64::from(*offset));
        out.u64(u64::from(symbol) << 32 | u64::from(R_BPF_64_ABS64));
    }
    Ok(Section {
        name: format!(".rel{}", section.name),
        kind: SHT_REL,
        flags: u64::from(SHF_INFO_LINK),
        align: 8,
        entry: REL_LEN,
        link: Link::Symbols,
        info: u32::from(number),
        bytes: out.bytes.into(),
        ..Section::default()
    })
}

/// Where the values of maps stand in section `.maps`, in the order of their places.
pub(super) fn map_values(object: &Object, declared: &[(&str, u32, u32)]) -> Result<Vec<Address>, Error> {
    let rooms = maps::values_of(&object.btf);
    let mut refs = vec![];
    for map in object.maps.iter().filter(|map| !map.values.is_empty()) {
        let number = declared.iter().position(|(name, ..)| *name == map.name);
        let room = rooms.iter().find(|(n, ..)| Some(*n) == number);
        let (_, start, count) = room.ok_or_else(|| Error::Undeclared { name: map.name.clone() })?;
        for (index, to) in &map.values {
            if index >= count {
                return Err(Error::Undeclared { name: map.name.clone() });
            }
            refs.push(Address::new(start + index * 8, *to));
        }
    }
    refs.sort_by_key(|a| a.offset);
    Ok(refs)
}

/// The addresses in data and maps of a file.
pub(super) fn read(file: &File, object: &mut Object, index: &Index) -> Result<(), Error> {
    let rooms = maps::values_of(&object.btf);
    for (_, rel) in file.iter() {
        let SectionKind::Rel(number) = rel.kind else { continue };
        let Some(section) = file.section(number) else { continue };
        if !matches!(section.kind, SectionKind::Data(_) | SectionKind::Maps) {
            continue;
        }
        for (offset, info) in entries(rel, file.endian)? {
            let wrong = |what| Error::Place { section: section.name.into(), offset, what };
            let at = u32::try_from(offset).map_err(|_| wrong("an address lies outside its section"))?;
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let bytes = start.checked_add(8).and_then(|end| section.bytes.get(start..end));
            let bytes = bytes.ok_or_else(|| wrong("an address lies outside its section"))?;
            let addend: [u8; 8] = bytes.try_into().unwrap_or_default();
            let addend = match file.endian {
                Endian::Little => i64::from_le_bytes(addend),
                Endian::Big => i64::from_be_bytes(addend),
            };
            if info & 0xffff_ffff != u64::from(R_BPF_64_ABS64) {
                return Err(wrong("a relocation of another type than R_BPF_64_ABS64 in data"));
            }
            let place = usize::try_from(info >> 32).unwrap_or(usize::MAX);
            let symbol = file.symbols.get(place);
            let symbol = symbol.ok_or_else(|| wrong("a relocation names a symbol that is not there"))?;
            let to = match symbol.section {
                0 => index.externs.get(&place).filter(|_| addend == 0).map(|e| Symbol::Extern(*e)),
                _ => target(file, index, symbol, addend),
            };
            let to = to.ok_or_else(|| wrong("an address of something that is not known"))?;
            if section.kind == SectionKind::Maps {
                let room = rooms.iter().find(|(_, start, n)| at >= *start && (at - start) / 8 < *n);
                let map = room.and_then(|(map, start, _)| Some((object.maps.get_mut(*map)?, at - start)));
                let (map, at) = map.ok_or_else(|| wrong("an address in a map that has no values"))?;
                map.values.push((at / 8, to));
            } else if let Some(data) = index.data.get(&number).and_then(|d| object.data.get_mut(*d)) {
                if let Some(place) = data.bytes.get_mut(start..start + 8) {
                    place.fill(0);
                }
                data.refs.push(Address::new(at, to));
            }
        }
    }
    for map in &mut object.maps {
        map.values.sort_by_key(|(index, _)| *index);
    }
    for data in &mut object.data {
        data.refs.sort_by_key(|a| a.offset);
    }
    Ok(())
}

/// What an address is of that is defined in this file.
fn target(file: &File, index: &Index, symbol: &ElfSymbol, addend: i64) -> Option<Symbol> {
    let at = symbol.value.checked_add_signed(addend)?;
    match file.section(symbol.section)?.kind {
        SectionKind::Code => index.funcs.get(&(symbol.section, at)).map(|f| Symbol::Func(*f)),
        SectionKind::Maps => index.maps.get(&(symbol.section, at)).map(|m| Symbol::Map(*m)),
        SectionKind::Data(_) => {
            let data = index.data.get(&symbol.section)?;
            Some(Symbol::Data(*data, u32::try_from(at).ok()?))
        }
        _ => None,
    }
}
