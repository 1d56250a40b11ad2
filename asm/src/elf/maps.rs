//! Maps of a file: those that BTF describes, and those of before.

use std::collections::HashMap;

use super::Error;
use super::file::{File, Section};
use super::kind::SectionKind;
use super::read::Index;
use super::reloc::{sizes, usual_place};
use crate::btf;
use crate::btf::bytes::u32_at;
use crate::isa::Endian;
use crate::object::{Anchor, Legacy, Map, Object, Place};
use crate::sort::Sort;
use crate::uapi::MapType;

/// What is wrong with a map that BTF has nothing about.
pub(crate) const UNDESCRIBED: &str = "no type describes it";

/// Reads all maps, in the order of their places.
pub(super) fn read(file: &File, object: &mut Object, index: &mut Index) -> Result<(), Error> {
    let by_section = file.by_section();
    for (number, section) in file.iter() {
        let legacy = match section.kind {
            SectionKind::Maps => false,
            SectionKind::Legacy => true,
            _ => continue,
        };
        let mut found: Vec<(Option<usize>, Place, Map)> = vec![];
        for symbol in by_section[number].iter().copied() {
            let s = &file.symbols[symbol];
            if !s.is_named() {
                continue;
            }
            let wrong = |what| Error::Symbol { name: s.name.clone().into_owned(), what };
            let number = |n: u64| u32::try_from(n).map_err(|_| wrong("it lies beyond 4 GiB"));
            let place = Place { offset: number(s.value)?, size: number(s.size)? };
            let name = s.name.clone().into_owned();
            let (linkage, weak, hidden) = (s.linkage, s.weak, s.hidden);
            found.push((Some(symbol), place, Map { name, linkage, weak, hidden, ..Map::default() }));
        }
        if !legacy {
            describe(object, &mut found);
        }
        // As a file has them, in which static ones come first.
        found.order_by_key(|(symbol, place, map)| (place.offset, map.linkage, *symbol));
        match legacy {
            true => definitions(file.endian, section, &mut found),
            false => found_bytes(section, &mut found),
        }
        let first = object.maps.len();
        add(number, section, found, object, index)?;
        if object.maps.len() == first {
            continue;
        }
        for symbol in by_section[number].iter().filter(|s| file.symbols[**s].is_section()) {
            index.anchors[*symbol] = Anchor::Maps(first);
        }
    }
    Ok(())
}

/// Puts the maps of a section into the object.
fn add(
    number: usize,
    section: &Section,
    found: Vec<(Option<usize>, Place, Map)>,
    object: &mut Object,
    index: &mut Index,
) -> Result<(), Error> {
    let sizes = sizes(&object.btf);
    let mut end = 0u64;
    for (symbol, place, mut map) in found {
        let usual = usual_place(&map, end, &sizes)?;
        map.place = Some(place).filter(|place| *place != usual);
        end = end.max(u64::from(place.offset) + u64::from(place.size));
        let at = object.maps.len();
        index.maps.entry((number, place.offset.into())).or_insert(at);
        if let Some(symbol) = symbol {
            index.anchors[symbol] = Anchor::Map(at);
        }
        object.maps.push(map);
    }
    if end > section.size.max(1).next_multiple_of(8) {
        let what = "a map's definition lies outside";
        return Err(Error::Section { section: section.name.clone().into_owned(), what });
    }
    Ok(())
}

/// What the BTF says about maps; those without a symbol are added.
fn describe(object: &Object, found: &mut Vec<(Option<usize>, Place, Map)>) {
    let mut described: HashMap<String, (Place, Map)> = HashMap::new();
    for (map, info) in btf::maps::read(&object.btf) {
        described.entry(map.name.clone()).or_insert((Place { offset: info.offset, size: info.size }, map));
    }
    for (_, place, map) in found.iter_mut() {
        let (linkage, weak, hidden) = (map.linkage, map.weak, map.hidden);
        match described.remove(&map.name) {
            Some((info, known)) => {
                place.size = if place.size == 0 { info.size } else { place.size };
                *map = Map { linkage, weak, hidden, ..known };
            }
            None => map.unknown = Some(UNDESCRIBED.into()),
        }
    }
    let mut rest: Vec<_> = described.into_values().map(|(place, map)| (None, place, map)).collect();
    rest.order_by(|a, b| a.2.name.cmp(&b.2.name));
    found.extend(rest);
}

/// The bytes of each map: they go to the next one, and a second name has none of its own.
fn parts<'a>(section: &'a Section, found: &[(Option<usize>, Place, Map)]) -> Vec<&'a [u8]> {
    let mut before = None;
    let part = |(at, (_, place, _)): (usize, &(Option<usize>, Place, Map))| {
        let start = usize::try_from(place.offset).ok()?;
        let next = found[at..].iter().map(|(_, next, _)| next.offset).find(|next| *next > place.offset);
        let end = match next {
            _ if before.replace(start) == Some(start) => start,
            Some(next) => usize::try_from(next).ok()?.min(section.bytes.len()),
            None => section.bytes.len(),
        };
        section.bytes.get(start..end)
    };
    found.iter().enumerate().map(part).map(Option::unwrap_or_default).collect()
}

/// What stands where maps are that the BTF describes.
fn found_bytes(section: &Section, found: &mut [(Option<usize>, Place, Map)]) {
    let parts = parts(section, found);
    for ((.., map), bytes) in found.iter_mut().zip(parts) {
        map.bytes = bytes.to_vec();
        trim(&mut map.bytes);
    }
}

/// Leaves out the zeros at the end.
pub(crate) fn trim(bytes: &mut Vec<u8>) {
    let len = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    bytes.truncate(len);
}

/// What the bytes of a section say about its maps.
fn definitions(endian: Endian, section: &Section, found: &mut Vec<(Option<usize>, Place, Map)>) {
    // Old tools know the map by the name of its section.
    if found.is_empty() && section.size > 0 {
        let name = section.name.rsplit('/').next().unwrap_or_default().to_string();
        found.push((None, Place::default(), Map { name, ..Map::default() }));
    }
    let parts = parts(section, found);
    for ((_, place, map), bytes) in found.iter_mut().zip(parts) {
        place.size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        map.legacy = Some(Legacy { section: section.name.clone().into_owned(), bytes: bytes.to_vec() });
        define(map, bytes, endian);
    }
}

/// What a definition says: type, sizes of key and value, entries and flags are the first fields of all of them
/// (`struct bpf_map_def`, `struct bpf_elf_map`).
pub(crate) fn define(map: &mut Map, bytes: &[u8], endian: Endian) {
    let field = |n: usize| u32_at(bytes, n * 4, endian);
    let (Some(kind), Some(key), Some(value)) = (field(0), field(1), field(2)) else {
        map.unknown = Some("its definition is shorter than 12 bytes".into());
        return;
    };
    (map.kind, map.key_size, map.value_size) = (MapType(kind), key, value);
    (map.max_entries, map.flags) = (field(3).unwrap_or(0), field(4).unwrap_or(0));
}
