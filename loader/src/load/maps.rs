//! Maps and data sections.

use super::memlock::Memlock;
use super::names::kernel_name;
use super::types::Types;
use super::{LoadedData, LoadedMap, LoadedProg, privileges};
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::bpf::{F_MMAPABLE, F_RDONLY_PROG, Map, MapBtf, MapCreate, map_create, possible_cpus};
use bpfasm_asm::btf::{Btf, Kind, TypeId};
use bpfasm_asm::object::{self, DataKind, Object, Symbol};
use bpfasm_asm::uapi::MapType;
use nix::errno::Errno;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::os::fd::{AsFd, AsRawFd};

/// Types that the kernel makes only without types of key and value (`map_check_no_btf()`), or that have none.
const WITHOUT_BTF: [MapType; 17] = [
    MapType::PERF_EVENT_ARRAY,
    MapType::STACK_TRACE,
    MapType::CGROUP_ARRAY,
    MapType::ARRAY_OF_MAPS,
    MapType::HASH_OF_MAPS,
    MapType::DEVMAP,
    MapType::SOCKMAP,
    MapType::CPUMAP,
    MapType::XSKMAP,
    MapType::SOCKHASH,
    MapType::QUEUE,
    MapType::STACK,
    MapType::DEVMAP_HASH,
    MapType::STRUCT_OPS,
    MapType::RINGBUF,
    MapType::USER_RINGBUF,
    MapType::ARENA,
];

/// Makes all maps, in the order of the object.
pub(super) fn create_all(
    object: &Object,
    types: Option<&Types>,
    memlock: &mut Memlock,
    notes: &mut Vec<String>,
) -> Result<Vec<LoadedMap>> {
    let mut maps = Vec::with_capacity(object.maps.len());
    for (index, map) in object.maps.iter().enumerate() {
        let (max_entries, created) = create_one(map, types, memlock, notes)
            .map_err(|source| refused(format!("map `{}`", map.name), &map.name, map.kind, source))?;
        if map.pin_by_name {
            notes.push(format!("map `{}` is new: maps are not yet found and pinned by name", map.name));
        }
        maps.push(LoadedMap { name: map.name.clone(), index, max_entries, map: created });
    }
    Ok(maps)
}

fn create_one(
    map: &object::Map,
    types: Option<&Types>,
    memlock: &mut Memlock,
    notes: &mut Vec<String>,
) -> sys::Result<(u32, Map)> {
    let name = kernel_name(&map.name);
    let max_entries = match map.max_entries {
        0 if map.kind == MapType::PERF_EVENT_ARRAY => u32::try_from(possible_cpus()?).unwrap_or(u32::MAX),
        n => n,
    };
    // What a map of maps may hold is shown to the kernel by an example, which goes away again.
    let inner = map.inner.as_ref().map(|inner| create_one(inner, types, memlock, notes)).transpose()?;
    let wanted = MapCreate {
        kind: map.kind,
        key_size: map.key_size,
        value_size: map.value_size,
        max_entries,
        flags: map.flags,
        inner: inner.as_ref().map(|(_, map)| map.as_fd()),
        numa_node: map.numa_node,
        name: &name,
        btf: types.zip(element_types(map)).map(|(t, (key, value))| MapBtf { fd: t.fd.as_fd(), key, value }),
        extra: map.extra,
    };
    let refused = match memlock.retry(|| map_create(&wanted)) {
        Err(e) if wanted.btf.is_some() => e,
        result => return Ok((max_entries, result?)),
    };
    // Types are a courtesy. If it does not work without them either, the first answer is the one that counts.
    match map_create(&MapCreate { btf: None, ..wanted }) {
        Ok(created) => {
            notes.push(format!("map `{}` has no types, since the kernel refused them: {refused}", map.name));
            Ok((max_entries, created))
        }
        Err(_) => Err(refused),
    }
}

/// Puts into maps what they begin with: maps, or programs.
pub(super) fn fill(object: &Object, maps: &[LoadedMap], progs: &[LoadedProg]) -> Result<()> {
    for (map, loaded) in object.maps.iter().zip(maps) {
        for (index, to) in &map.values {
            let needs = |what: &str| Error::Needs { name: map.name.clone(), what: what.into() };
            let fd = match *to {
                Symbol::Map(of) => {
                    maps.get(of).map(|m| m.map.as_fd()).ok_or_else(|| needs("a map that is not there"))?
                }
                Symbol::Func(of) => {
                    let name = object.funcs.get(of).map_or("", |f| f.name.as_str());
                    let prog = progs.iter().find(|p| p.index == of);
                    let missing =
                        || needs(&format!("program `{name}`, which is not loaded; a map without it"));
                    prog.ok_or_else(missing)?.as_fd()
                }
                Symbol::Data(..) | Symbol::Extern(_) | Symbol::Unknown => {
                    return Err(needs("an address as its first value"));
                }
            };
            let value = fd.as_raw_fd().to_ne_bytes();
            loaded.map.update(&index.to_ne_bytes(), &value, 0).map_err(|source| Error::Element {
                map: map.name.clone(),
                key: index.to_string(),
                source,
            })?;
        }
    }
    Ok(())
}

/// The types of key and value that the kernel takes for this map. It wants both, but for bloom filters, which
/// have no key.
fn element_types(map: &object::Map) -> Option<(TypeId, TypeId)> {
    if WITHOUT_BTF.contains(&map.kind) {
        return None;
    }
    let value = map.value?;
    let key = if map.kind == MapType::BLOOM_FILTER { TypeId::VOID } else { map.key? };
    Some((key, value))
}

/// Makes a map for each data section in `used` and fills it. `bytes` holds the contents of all sections.
pub(super) fn create_data(
    object: &Object,
    bytes: &[Cow<'_, [u8]>],
    used: &BTreeSet<usize>,
    types: Option<&Types>,
    memlock: &mut Memlock,
    notes: &mut Vec<String>,
) -> Result<Vec<LoadedData>> {
    let mut sections = Vec::with_capacity(used.len());
    for (index, (data, bytes)) in object.data.iter().zip(bytes).enumerate() {
        if !used.contains(&index) {
            continue;
        }
        let map = create_section(object, data, bytes, types, memlock, notes).map_err(|source| {
            refused(format!("section `{}`", data.name), &data.name, MapType::ARRAY, source)
        })?;
        sections.push(LoadedData { name: data.name.clone(), index, kind: data.kind, map });
    }
    Ok(sections)
}

fn create_section(
    object: &Object,
    data: &object::Data,
    bytes: &[u8],
    types: Option<&Types>,
    memlock: &mut Memlock,
    notes: &mut Vec<String>,
) -> sys::Result<Map> {
    let too_big = |_| sys::Error { call: "bpf(BPF_MAP_CREATE)", errno: Errno::E2BIG };
    let section = object::Map {
        name: data.name.clone(),
        kind: MapType::ARRAY,
        key_size: 4,
        value_size: u32::try_from(bytes.len()).map_err(too_big)?,
        max_entries: 1,
        flags: match data.kind {
            DataKind::Rodata => F_RDONLY_PROG,
            // Those of other kinds are not made: what uses them is refused.
            DataKind::Data | DataKind::Bss | DataKind::StructOps | DataKind::Arena | DataKind::Other => {
                F_MMAPABLE
            }
        },
        extra: 0,
        numa_node: None,
        key: Some(TypeId::VOID),
        value: datasec(&object.btf, data),
        pin_by_name: false,
        ..object::Map::default()
    };
    let map = match create_one(&section, types, memlock, notes) {
        // Before Linux 5.5 an array cannot be mapped.
        Err(e) if e.errno == Errno::EINVAL && section.flags & F_MMAPABLE != 0 => {
            let flags = section.flags & !F_MMAPABLE;
            create_one(&object::Map { flags, ..section }, types, memlock, notes)?.1
        }
        result => result?.1,
    };
    if bytes.iter().any(|&b| b != 0) {
        map.update(&[0; 4], bytes, 0)?;
    }
    if data.kind == DataKind::Rodata {
        match map.freeze() {
            // Before Linux 5.2 nothing can be frozen; then the verifier just knows less.
            Err(e) if e.errno != Errno::EINVAL => return Err(e),
            _ => {}
        }
    }
    Ok(map)
}

/// The type of a data section, where it says the size that the section has; the kernel takes no other.
fn datasec(btf: &Btf, data: &object::Data) -> Option<TypeId> {
    let id = btf.datasec(&data.name)?;
    match btf.get(id)?.kind {
        Kind::DataSec { size, .. } if u64::from(size) == data.size() => Some(id),
        _ => None,
    }
}

fn refused(what: String, name: &str, kind: MapType, source: sys::Error) -> Error {
    if source.errno == Errno::EPERM {
        return Error::NotPermitted {
            what,
            source,
            diagnosis: privileges::diagnose(privileges::Refused::Map(kind)),
        };
    }
    Error::Map { name: name.to_owned(), source, help: help(kind, source.errno) }
}

fn help(kind: MapType, errno: Errno) -> Option<&'static str> {
    match (errno, kind) {
        (Errno::EINVAL, MapType::RINGBUF | MapType::USER_RINGBUF) => {
            Some("the size of a ring buffer is a power of two and at least one page (4096 on most machines)")
        }
        (Errno::EINVAL, MapType::LPM_TRIE) => {
            Some("an lpm_trie needs flags: BPF_F_NO_PREALLOC, and a key of 4 + 1 to 256 bytes")
        }
        (Errno::EINVAL, _) => Some(
            "this kernel has no such map type, or its sizes, entries or flags are not what the type takes",
        ),
        (Errno::E2BIG | Errno::ENOMEM, _) => Some("it is too large for this machine"),
        _ => None,
    }
}
