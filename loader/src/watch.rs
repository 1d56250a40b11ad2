//! Maps and variables of a loaded object as they change, as text typed by its BTF.

use std::collections::BTreeMap;

use bpfasm_asm::btf::{Kind, TypeId, value};
use bpfasm_asm::object::{DataKind, Object};
use bpfasm_asm::uapi::MapType;

use crate::load::Loaded;
use crate::sys::bpf::Map;

/// How many elements of one map are read at a time.
const ELEMENTS: usize = 1024;

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
    /// By map and key. A zero in an array counts as nothing.
    last: BTreeMap<(String, Vec<u8>), Vec<u8>>,
}

impl<'a> Watch<'a> {
    /// Watches everything that the object has; what stands there now is no change.
    #[must_use]
    pub fn new(object: &'a Object, loaded: &'a Loaded) -> Self {
        let mut watch = Self { object, loaded, last: BTreeMap::new() };
        watch.changes();
        watch
    }

    /// What changed since the last call, in the order of the object.
    pub fn changes(&mut self) -> Vec<Change> {
        let mut changes = vec![];
        let loaded = self.loaded;
        for data in loaded.data.iter().filter(|d| d.kind != DataKind::Rodata) {
            let Ok(Some(bytes)) = data.map.lookup(&[0; 4], 0) else { continue };
            for var in &self.object.data[data.index].vars {
                let (start, size) = (var.offset as usize, var.size as usize);
                let Some(now) = bytes.get(start..start + size) else { continue };
                let before = self.last.insert((var.name.clone(), vec![]), now.to_vec());
                if before.is_some_and(|before| before != now) {
                    let value = Some(self.show(var.ty, now));
                    changes.push(Change { name: var.name.clone(), key: None, value, cpus: vec![] });
                }
            }
        }
        for map in &loaded.maps {
            let described = &self.object.maps[map.index];
            if READABLE.contains(&described.kind) {
                self.map_changes(&map.name, &map.map, described.key, described.value, &mut changes);
            }
        }
        changes
    }

    fn map_changes(
        &mut self,
        name: &str,
        map: &Map,
        key: Option<TypeId>,
        value: Option<TypeId>,
        changes: &mut Vec<Change>,
    ) {
        let array = matches!(map.kind(), MapType::ARRAY | MapType::PERCPU_ARRAY);
        let mut gone: Vec<Vec<u8>> =
            self.last.keys().filter(|(map, _)| map == name).map(|(_, key)| key.clone()).collect();
        for found in map.keys().take(ELEMENTS) {
            let Ok(found) = found else { break };
            // Another element may have gone meanwhile, and a sockhash may not show its sockets.
            let now = match map.lookup(&found, 0) {
                Ok(Some(now)) => now,
                Ok(None) => continue,
                Err(_) => vec![],
            };
            gone.retain(|key| *key != found);
            let known = self.last.insert((name.to_string(), found.clone()), now.clone());
            let same = match &known {
                Some(before) => *before == now,
                None => array && now.iter().all(|b| *b == 0),
            };
            if !same {
                changes.push(self.change(name, map, (key, &found), (value, &now)));
            }
        }
        for found in gone {
            self.last.remove(&(name.to_string(), found.clone()));
            changes.push(Change {
                name: name.to_string(),
                key: Some(self.show(key, &found)),
                value: None,
                cpus: vec![],
            });
        }
    }

    fn change(
        &self,
        name: &str,
        map: &Map,
        key: (Option<TypeId>, &[u8]),
        value: (Option<TypeId>, &[u8]),
    ) -> Change {
        let key = Some(self.show(key.0, key.1));
        let name = name.to_string();
        if value.1.is_empty() {
            return Change { name, key, value: Some("a socket".to_string()), cpus: vec![] };
        }
        if !map.is_per_cpu() {
            return Change { name, key, value: Some(self.show(value.0, value.1)), cpus: vec![] };
        }
        let parts: Vec<&[u8]> = map.parts(value.1).collect();
        let used = || parts.iter().enumerate().filter(|(_, part)| part.iter().any(|b| *b != 0));
        let cpus: Vec<(usize, String)> = used().map(|(cpu, part)| (cpu, self.show(value.0, part))).collect();
        let total = match self.sum(value.0, &parts) {
            Some(sum) => sum.to_string(),
            None => cpus.iter().map(|(cpu, text)| format!("cpu{cpu}: {text}")).collect::<Vec<_>>().join(", "),
        };
        Change { name, key, value: Some(total), cpus }
    }

    /// The sum of numbers in the byte order of the machine; `None` for what is no such number.
    fn sum(&self, ty: Option<TypeId>, parts: &[&[u8]]) -> Option<u128> {
        let btf = &self.object.btf;
        let Some(Kind::Int { .. }) = btf.resolved(ty?) else { return None };
        let number = |part: &&[u8]| match part.len() {
            1 => Some(u128::from(part[0])),
            2 => part.first_chunk::<2>().map(|b| u128::from(u16::from_ne_bytes(*b))),
            4 => part.first_chunk::<4>().map(|b| u128::from(u32::from_ne_bytes(*b))),
            8 => part.first_chunk::<8>().map(|b| u128::from(u64::from_ne_bytes(*b))),
            _ => None,
        };
        parts.iter().map(number).sum()
    }

    fn show(&self, ty: Option<TypeId>, bytes: &[u8]) -> String {
        match ty {
            Some(ty) => value::display(&self.object.btf, ty, bytes, self.object.endian),
            None => bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" "),
        }
    }
}
