//! Maps and variables of a loaded object as they change, as text typed by its BTF.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bpfasm_asm::btf::{TypeId, value};
use bpfasm_asm::object::{DataKind, Object};
use bpfasm_asm::uapi::MapType;

use crate::load::{Loaded, LoadedMap};
use crate::sys::bpf::Map;

/// How many elements of one map are watched.
pub const ELEMENTS: usize = 1024;

/// Maps whose elements user space can read.
const READABLE: &[MapType] = &[
    MapType::HASH,
    MapType::ARRAY,
    MapType::PERCPU_HASH,
    MapType::PERCPU_ARRAY,
    MapType::LRU_HASH,
    MapType::LRU_PERCPU_HASH,
    MapType::LPM_TRIE,
    MapType::SOCKHASH,
];

/// A value that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The map or variable.
    pub name: String,
    /// The key, for a map.
    pub key: Option<String>,
    /// The value; in a per-CPU map of numbers their sum. `None`: the element is gone.
    pub value: Option<String>,
    /// In a per-CPU map the values that are not zero, by CPU.
    pub cpus: Vec<(usize, String)>,
}

/// What is watched, and how it was last.
#[derive(Debug)]
pub struct Watch<'a> {
    object: &'a Object,
    loaded: &'a Loaded,
    /// The variables, by data section and name.
    vars: BTreeMap<(usize, &'a str), Vec<u8>>,
    /// The elements of each map, in the order of [`Loaded::maps`]. A zero in an array counts as nothing.
    maps: Vec<Known>,
}

/// What was seen of a map.
#[derive(Debug, Default, Clone)]
struct Known {
    /// By key; at most [`ELEMENTS`].
    elements: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Whether it has more.
    more: bool,
    /// Whether that has been told.
    told: bool,
}

impl<'a> Watch<'a> {
    /// Watches everything that the object has; what stands there now is no change.
    #[must_use]
    pub fn new(object: &'a Object, loaded: &'a Loaded) -> Self {
        let maps = vec![Known::default(); loaded.maps.len()];
        let mut watch = Self { object, loaded, vars: BTreeMap::new(), maps };
        watch.changes();
        watch
    }

    /// What changed since the last call, in the order of the object.
    pub fn changes(&mut self) -> Vec<Change> {
        let mut changes = vec![];
        let (loaded, object) = (self.loaded, self.object);
        for data in loaded.data.iter().filter(|d| d.kind != DataKind::Rodata) {
            let Ok(Some(bytes)) = data.map.lookup(&[0; 4], 0) else { continue };
            for var in &object.data[data.index].vars {
                let (start, size) = (var.offset as usize, var.size as usize);
                let Some(now) = bytes.get(start..start.saturating_add(size)) else { continue };
                let last = self.vars.entry((data.index, &var.name));
                let known = matches!(last, Entry::Occupied(_));
                let last = last.or_default();
                if last != now {
                    *last = now.to_vec();
                    if known {
                        let value = Some(show(object, var.ty, now));
                        changes.push(Change { name: var.name.clone(), key: None, value, cpus: vec![] });
                    }
                }
            }
        }
        for (map, known) in loaded.maps.iter().zip(&mut self.maps) {
            if READABLE.contains(&map.map.kind()) {
                known.look(object, map, &mut changes);
            }
        }
        changes
    }

    /// Maps that turned out to have more elements than are watched, each told once.
    pub fn too_large(&mut self) -> Vec<&'a str> {
        let maps = self.loaded.maps.iter().zip(&mut self.maps);
        maps.filter_map(|(map, known)| {
            let new = known.more && !std::mem::replace(&mut known.told, known.more);
            new.then_some(map.name.as_str())
        })
        .collect()
    }
}

impl Known {
    /// Looks at what is known first and for new elements then: so each look costs about the same, however large the
    /// map is, and an element that others push out of sight is not taken for one that is gone.
    fn look(&mut self, object: &Object, map: &LoadedMap, changes: &mut Vec<Change>) {
        self.elements.retain(|key, last| {
            let now = value_of(&map.map, key);
            if now.as_ref() != Some(last) {
                changes.push(change(object, map, key, now.as_deref()));
            }
            now.map(|now| *last = now).is_some()
        });
        let array = matches!(map.map.kind(), MapType::ARRAY | MapType::PERCPU_ARRAY);
        // A listing begins anew when an element that it stands at goes away.
        for key in map.map.keys().map_while(Result::ok).take(2 * ELEMENTS) {
            if self.elements.contains_key(&key) {
                continue;
            }
            if self.elements.len() == ELEMENTS {
                self.more = true;
                break;
            }
            let Some(now) = value_of(&map.map, &key) else { continue };
            if !array || now.iter().any(|b| *b != 0) {
                changes.push(change(object, map, &key, Some(&now)));
            }
            self.elements.insert(key, now);
        }
    }
}

/// The value of an element; empty where it is one that user space cannot see, as sockets are.
fn value_of(map: &Map, key: &[u8]) -> Option<Vec<u8>> {
    map.lookup(key, 0).unwrap_or_else(|_| Some(vec![]))
}

fn change(object: &Object, map: &LoadedMap, key: &[u8], value: Option<&[u8]>) -> Change {
    let described = &object.maps[map.index];
    let mut change = Change {
        name: map.name.clone(),
        key: Some(show(object, described.key, key)),
        value: None,
        cpus: vec![],
    };
    let Some(value) = value else { return change };
    let one = |part: &[u8]| show(object, described.value, part);
    if value.is_empty() {
        change.value = Some("a socket".to_string());
    } else if !map.map.is_per_cpu() {
        change.value = Some(one(value));
    } else {
        let parts: Vec<&[u8]> = map.map.parts(value).collect();
        let used = parts.iter().enumerate().filter(|(_, part)| part.iter().any(|b| *b != 0));
        change.cpus = used.map(|(cpu, part)| (cpu, one(part))).collect();
        // What reads as numbers is summed.
        let sum: Option<i128> = parts.iter().map(|part| one(part).parse::<i128>().ok()).sum();
        change.value = Some(sum.map_or_else(
            || {
                change
                    .cpus
                    .iter()
                    .map(|(cpu, text)| format!("cpu{cpu}: {text}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            },
            |sum| sum.to_string(),
        ));
    }
    change
}

fn show(object: &Object, ty: Option<TypeId>, bytes: &[u8]) -> String {
    match ty {
        Some(ty) => value::display(&object.btf, ty, bytes, object.endian),
        None => bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" "),
    }
}
