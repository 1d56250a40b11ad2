//! Maps: made as the object describes them, or found where they are already.

mod existing;
mod sections;
mod size;
mod slots;

pub use existing::{Difference, Differences, Existing};
pub(super) use sections::fill_arenas;
pub(super) use slots::fill;

use super::memlock::Memlock;
use super::names::kernel_name;
use super::types::Types;
use super::{LoadedMap, Options, Pins, privileges};
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::bpf::{F_NUMA_NODE, Map, MapBtf, MapCreate, map_create, obj_get};
use bpfasm_asm::btf::TypeId;
use bpfasm_asm::elf;
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::{self, Object};
use bpfasm_asm::uapi::MapType;
use nix::errno::Errno;
use std::borrow::Cow;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

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

/// What maps are made with.
pub(super) struct Maker<'m> {
    pub(super) options: &'m Options,
    pub(super) types: Option<&'m Types>,
    pub(super) memlock: &'m mut Memlock,
    pub(super) notes: &'m mut Vec<String>,
    /// Where maps are pinned by their names.
    pub(super) pins: &'m mut Pins,
}

impl Maker<'_> {
    /// All maps, in the order of the object.
    pub(super) fn maps(&mut self, object: &Object) -> Result<Vec<LoadedMap>> {
        let sized = |(name, _): &&(String, u32)| object.map(name).is_none();
        if let Some((name, _)) = self.options.max_entries.iter().find(sized) {
            return Err(no_map(object, name));
        }
        let mut maps = Vec::with_capacity(object.maps.len());
        for (index, map) in object.maps.iter().enumerate() {
            let mut map = Cow::Borrowed(map);
            if let Some((_, n)) = self.options.max_entries.iter().find(|(name, _)| *name == map.name) {
                map.to_mut().max_entries = *n;
            }
            // An array of programs that lists them need not say how large their descriptors are.
            if map.kind == MapType::PROG_ARRAY && map.value_size == 0 {
                map.to_mut().value_size = 4;
            }
            maps.push(self.map(index, &map)?);
        }
        Ok(maps)
    }

    /// One map: the one that takes its place, the one that is pinned under its name, or a new one.
    fn map(&mut self, index: usize, map: &object::Map) -> Result<LoadedMap> {
        let max_entries = size::entries(map)?;
        let (name, pin) = (map.name.clone(), None);
        let here =
            |map, reused, pin| Ok(LoadedMap { name: name.clone(), index, max_entries, map, reused, pin });
        if let Some((_, existing)) = self.options.maps.iter().find(|(name, _)| *name == map.name) {
            return here(existing.checked(map, max_entries)?, true, pin);
        }
        if let Some((root, path)) = self.pin_of(map) {
            // Somebody else may make it at the same moment; then it is that one.
            let mut there = pinned(&path)?;
            if there.is_none() {
                let new = self.new_map(map)?;
                match self.pins.by_name(&map.name, new.as_fd(), &root, &path) {
                    Ok(()) => {
                        let shown = path.display();
                        self.notes.push(format!("map `{name}` is pinned at {shown}, as the object says"));
                        return here(new, false, Some(path));
                    }
                    Err(Error::PinExists { .. }) => there = pinned(&path)?,
                    Err(e) => return Err(e),
                }
            }
            let existing = there.ok_or_else(|| Error::PinExists { path: path.clone() })?;
            let found = existing.checked(map, max_entries)?;
            self.notes.push(format!("map `{name}` is the one that is pinned at {}", path.display()));
            return here(found, true, Some(path));
        }
        let kept = self.options.kept.as_ref().map(|dir| pinned(&dir.join(&name))).transpose()?.flatten();
        if let Some(existing) = kept {
            match existing.checked(map, max_entries) {
                Ok(found) => return here(found, true, pin),
                Err(Error::OtherMap { differences, place, .. }) => {
                    let fields: Vec<&str> = differences.0.iter().map(|d| d.field).collect();
                    let fields = fields.join(", ");
                    self.notes.push(format!("map `{name}` is new: the one at {place} has another {fields}"));
                }
                Err(e) => return Err(e),
            }
        }
        here(self.new_map(map)?, false, pin)
    }

    /// Where the object says that a map is pinned, and the directory that this is below.
    fn pin_of(&mut self, map: &object::Map) -> Option<(PathBuf, PathBuf)> {
        // Where tc's loader pins what is for all objects.
        let below = match (map.pin_by_name, elf::is_pinned_by_tc(map, Endian::HOST)) {
            (true, _) => "",
            (_, true) => "tc/globals",
            _ => return None,
        };
        let Some(root) = self.options.pin_root.clone() else {
            let name = &map.name;
            self.notes.push(format!("map `{name}` is new, and not pinned by its name"));
            return None;
        };
        let path = root.join(below).join(map.name.replace('.', "_"));
        Some((root, path))
    }

    fn new_map(&mut self, map: &object::Map) -> Result<Map> {
        if map.numa_node.is_some() && map.flags & F_NUMA_NODE == 0 {
            let name = &map.name;
            self.notes.push(format!("map `{name}`: its numa_node counts only with flag BPF_F_NUMA_NODE"));
        }
        self.create(map).map_err(|source| {
            if source.errno == Errno::EINVAL && map.max_entries == 0 {
                let help = format!("say how many entries it has: --max-entries {}=N", map.name);
                return Error::Map { name: map.name.clone(), source, help: Some(help.into()) };
            }
            refused(format!("map `{}`", map.name), &map.name, map.kind, source)
        })
    }

    fn create(&mut self, map: &object::Map) -> sys::Result<Map> {
        let name = kernel_name(&map.name);
        // What a map of maps may hold is shown to the kernel by an example, which goes away again.
        let inner = map.inner.as_ref().map(|inner| self.create(inner)).transpose()?;
        let wanted = MapCreate {
            kind: map.kind,
            key_size: map.key_size,
            value_size: map.value_size,
            max_entries: size::entries(map)?,
            flags: map.flags,
            inner: inner.as_ref().map(AsFd::as_fd),
            numa_node: map.numa_node.unwrap_or(0),
            name: &name,
            btf: self.types.zip(element_types(map)).map(|(t, (key, value))| MapBtf {
                fd: t.fd.as_fd(),
                key,
                value,
            }),
            extra: map.extra,
            kernel_value: None,
            token: None,
        };
        let refused = match self.memlock.retry(|token| map_create(&MapCreate { token, ..wanted })) {
            Err(e) if wanted.btf.is_some() => e,
            result => return result,
        };
        // Types are a courtesy. If it does not work without them either, the first answer is the one that counts.
        match map_create(&MapCreate { btf: None, token: self.memlock.token(), ..wanted }) {
            Ok(created) => {
                let name = &map.name;
                self.notes
                    .push(format!("map `{name}` has no types, since the kernel refused them: {refused}"));
                Ok(created)
            }
            Err(_) => Err(refused),
        }
    }
}

/// The map that is pinned there, if one is.
fn pinned(path: &Path) -> Result<Option<Existing>> {
    match obj_get(path, 0) {
        Ok(fd) => Ok(Some(Existing { place: path.display().to_string(), fd })),
        Err(e) if e.errno == Errno::ENOENT => Ok(None),
        Err(source) => Err(Error::Pin { path: path.into(), source }),
    }
}

/// A map that was named and is not there.
pub(super) fn no_map(object: &Object, name: &str) -> Error {
    Error::NoMap { name: name.to_owned(), known: object.maps.iter().map(|m| m.name.clone()).collect() }
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

pub(super) fn refused(what: String, name: &str, kind: MapType, source: sys::Error) -> Error {
    if source.errno == Errno::EPERM {
        return Error::NotPermitted {
            what,
            source,
            diagnosis: privileges::diagnose(privileges::Refused::Map(kind)),
        };
    }
    Error::Map { name: name.to_owned(), source, help: help(kind, source.errno).map(Into::into) }
}

fn help(kind: MapType, errno: Errno) -> Option<&'static str> {
    match (errno, kind) {
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
