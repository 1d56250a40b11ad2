//! What definitions of maps from before BTF say beyond their first five numbers.
//!
//! tc's loader has a struct of nine (`struct bpf_elf_map` of iproute2): an id, a pin, and for maps of maps which map is
//! within. Programs go into an array of programs by their section: `ID/INDEX`. The kernel's samples have one of seven,
//! with the place of the inner map among all maps, and a NUMA node.

use crate::btf::bytes::u32_at;
use crate::isa::Endian;
use crate::object::{Map, Object, Symbol};
use crate::uapi::MapType;

/// The section whose definitions are tc's or the kernel's samples'; those of others have one for each map.
const SECTION: &str = "maps";
/// `PIN_GLOBAL_NS`.
const PIN_GLOBAL: u32 = 2;
/// `BPF_F_NUMA_NODE`.
const NUMA_NODE: u32 = 1 << 2;
/// An index that is none.
const NONE: u32 = u32::MAX;

/// The numbers behind the first five.
struct Rest<'m>(&'m [u8], Endian);

impl<'m> Rest<'m> {
    fn of(map: &'m Map, endian: Endian) -> Option<Self> {
        let legacy = map.legacy.as_ref().filter(|legacy| legacy.section == SECTION)?;
        Some(Rest(legacy.bytes.get(20..)?, endian))
    }

    fn number(&self, at: usize) -> Option<u32> {
        u32_at(self.0, at * 4, self.1)
    }

    /// Whether all nine of tc's are there.
    fn is_tc(&self) -> bool {
        self.0.len() >= 16
    }

    /// An id; 0 is none.
    fn id(&self, at: usize) -> Option<u32> {
        self.number(at).filter(|id| self.is_tc() && *id != 0)
    }
}

/// Whether tc's loader pins the map for all objects, below `tc/globals`.
#[must_use]
pub fn is_pinned_by_tc(map: &Map, endian: Endian) -> bool {
    Rest::of(map, endian).is_some_and(|rest| rest.is_tc() && rest.number(1) == Some(PIN_GLOBAL))
}

/// Whether such a definition says more of a map than its first five numbers.
pub(super) fn says_more(object: &Object) -> bool {
    object.maps.iter().any(|map| Rest::of(map, object.endian).is_some_and(|rest| rest.number(1).is_some()))
}

/// Fills in the inner maps, and what maps hold at first.
pub(super) fn fit(object: &mut Object) {
    let endian = object.endian;
    let is_outer = |map: &Map| matches!(map.kind, MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS);
    let with_id = |object: &Object, id: u32| {
        let has = |map: &Map| Rest::of(map, endian).and_then(|rest| rest.id(0)) == Some(id);
        object.maps.iter().position(has)
    };
    for at in 0..object.maps.len() {
        let Some(rest) = Rest::of(&object.maps[at], endian) else { continue };
        let numbers = [0, 1, 2, 3].map(|n| rest.number(n));
        let (is_tc, id) = (rest.is_tc(), rest.id(0));
        if is_outer(&object.maps[at]) {
            // Of tc's by id, of the others by place.
            let inner = match numbers {
                _ if is_tc => numbers[2].and_then(|id| with_id(object, id)),
                [place, ..] => place.and_then(|place| usize::try_from(place).ok()),
            };
            if let Some(inner) = inner.filter(|inner| *inner != at).and_then(|inner| object.maps.get(inner)) {
                object.maps[at].inner = Some(Box::new(Map { legacy: None, ..inner.clone() }));
            }
        } else if let (Some(id), Some(index)) = (id, numbers[3].filter(|index| *index != NONE)) {
            // The maps that take this one's kind hold it at that index.
            let outer = |map: &&mut Map| {
                let inner_id = Rest::of(map, endian).and_then(|rest| rest.id(2));
                is_outer(map) && inner_id == Some(id)
            };
            object.maps.iter_mut().filter(outer).for_each(|map| set(map, index, Symbol::Map(at)));
        }
        if !is_tc && object.maps[at].flags & NUMA_NODE != 0 {
            object.maps[at].numa_node = numbers[1];
        }
    }
    for at in 0..object.funcs.len() {
        let place = object.funcs[at].section.split_once('/');
        let numbers = place.and_then(|(id, index)| Some((id.parse().ok()?, index.parse().ok()?)));
        let array = numbers.and_then(|(id, index): (u32, u32)| Some((with_id(object, id)?, index)));
        if let Some((array, index)) = array.filter(|(map, _)| object.maps[*map].kind == MapType::PROG_ARRAY) {
            set(&mut object.maps[array], index, Symbol::Func(at));
        }
    }
}

/// Adds a first value, in the order of indices.
fn set(map: &mut Map, index: u32, to: Symbol) {
    if let Err(place) = map.values.binary_search_by_key(&index, |(index, _)| *index) {
        map.values.insert(place, (index, to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::maps::define;
    use crate::object::{Func, Legacy};

    fn map(name: &str, section: &str, numbers: &[u32]) -> Map {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let mut map = Map { name: name.into(), ..Map::default() };
        define(&mut map, &bytes, Endian::Little);
        map.legacy = Some(Legacy { section: section.into(), bytes });
        map
    }

    fn fitted(maps: Vec<Map>, sections: &[&str]) -> Object {
        let func = |section: &&str| Func { section: (*section).into(), ..Func::default() };
        let funcs = sections.iter().map(func).collect();
        let object = Object { maps, funcs, endian: Endian::Little, ..Object::default() };
        crate::elf::fit(&object).into_owned()
    }

    #[test]
    fn maps_of_tc_name_each_other_by_ids() {
        let object = fitted(
            vec![
                map("jumps", "maps", &[3, 4, 4, 8, 0, 7, 0, 0, 0]),
                map("inner", "maps", &[2, 4, 8, 1, 0, 9, 0, 0, 3]),
                map("outer", "maps", &[12, 4, 4, 5, 0, 0, 2, 9, 0]),
                map("alone", "maps", &[1, 4, 4, 5, 0, 8, 0, 0, u32::MAX]),
            ],
            &["classifier", "7/2", "7/0", "9/0", "8/x"],
        );
        let [jumps, inner, outer, alone] = &object.maps[..] else { unreachable!() };
        assert_eq!(jumps.values, [(0, Symbol::Func(2)), (2, Symbol::Func(1))]);
        assert_eq!(outer.values, [(3, Symbol::Map(1))]);
        let within = outer.inner.as_deref().expect("an inner map");
        assert_eq!((within.kind, within.value_size), (inner.kind, 8));
        assert!(inner.values.is_empty() && alone.values.is_empty());
        let pinned = |map| is_pinned_by_tc(map, Endian::Little);
        assert!(pinned(outer) && !pinned(inner));
    }

    #[test]
    fn maps_of_the_samples_name_each_other_by_places() {
        let maps = vec![
            map("inner", "maps", &[1, 4, 8, 1, 4, 0, 1]),
            map("outer", "maps", &[13, 4, 4, 5, 0, 0, 0]),
            map("itself", "maps", &[13, 4, 4, 5, 0, 2, 0]),
        ];
        let object = fitted(maps, &[]);
        assert_eq!(object.maps[1].inner.as_ref().map(|inner| inner.name.as_str()), Some("inner"));
        assert_eq!((object.maps[0].numa_node, object.maps[2].inner.as_ref()), (Some(1), None));
    }

    #[test]
    fn definitions_in_sections_of_their_own_say_no_more() {
        let object = fitted(vec![map("events", "maps/events", &[4, 4, 4, 5, 0, 1, 2, 0, 0])], &["1/0"]);
        assert!(object.maps[0].values.is_empty() && !is_pinned_by_tc(&object.maps[0], Endian::Little));
        assert!(fitted(vec![map("short", "maps", &[1, 4])], &["1/0"]).maps[0].values.is_empty());
    }
}
