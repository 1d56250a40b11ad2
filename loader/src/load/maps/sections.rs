//! Data sections as maps, and the variables of an arena.

use super::super::{LoadedData, LoadedMap};
use super::{Maker, refused, size};
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::bpf::{F_MMAPABLE, F_RDONLY_PROG, Map, fill_arena};
use bpfasm_asm::btf::{Btf, Kind, TypeId, VarLinkage};
use bpfasm_asm::object::{self, Data, DataKind, Object};
use bpfasm_asm::uapi::MapType;
use nix::errno::Errno;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::os::fd::AsFd;

impl Maker<'_> {
    /// Makes a map for each data section in `used` and fills it. `bytes` holds the contents of all sections.
    pub(in super::super) fn sections(
        &mut self,
        object: &Object,
        bytes: &[Cow<'_, [u8]>],
        used: &BTreeSet<usize>,
    ) -> Result<Vec<LoadedData>> {
        let mut sections = Vec::with_capacity(used.len());
        for (index, (data, bytes)) in object.data.iter().zip(bytes).enumerate() {
            let is_map = matches!(data.kind, DataKind::Data | DataKind::Bss | DataKind::Rodata);
            if !is_map || !used.contains(&index) {
                continue;
            }
            let map = self.section(object, data, bytes).map_err(|source| {
                refused(format!("section `{}`", data.name), &data.name, MapType::ARRAY, source)
            })?;
            sections.push(LoadedData { name: data.name.clone(), index, kind: data.kind, map });
        }
        Ok(sections)
    }

    fn section(&mut self, object: &Object, data: &Data, bytes: &[u8]) -> sys::Result<Map> {
        let too_big = |_| sys::Error { call: "bpf(BPF_MAP_CREATE)", errno: Errno::E2BIG };
        let value = datasec(&object.btf, data);
        let rodata = data.kind == DataKind::Rodata;
        let mmapable = value.is_some_and(|id| has_variables(&object.btf, id));
        let section = object::Map {
            name: section_name(&self.options.name, &data.name),
            kind: MapType::ARRAY,
            key_size: 4,
            value_size: u32::try_from(data.size()).map_err(too_big)?,
            max_entries: 1,
            flags: if rodata { F_RDONLY_PROG } else { 0 } | if mmapable { F_MMAPABLE } else { 0 },
            key: Some(TypeId::VOID),
            value,
            ..object::Map::default()
        };
        let map = match self.create(&section) {
            // Before Linux 5.5 an array cannot be mapped.
            Err(e) if e.errno == Errno::EINVAL && mmapable => {
                let flags = section.flags & !F_MMAPABLE;
                self.create(&object::Map { flags, ..section })?
            }
            result => result?,
        };
        if bytes.iter().any(|&b| b != 0) {
            let mut bytes = Cow::Borrowed(bytes);
            if bytes.len() < map.value_size() {
                bytes.to_mut().resize(map.value_size(), 0);
            }
            map.update(&[0; 4], &bytes, 0)?;
        }
        if rodata {
            match map.freeze() {
                // Before Linux 5.2 nothing can be frozen; then the verifier just knows less.
                Err(e) if e.errno != Errno::EINVAL => return Err(e),
                _ => {}
            }
        }
        Ok(map)
    }
}

/// The name of a section's map, as libbpf gives it: as much of the object's name as seven characters for the section's
/// leave room for. A section with a suffix (`.data.counters`) stands for itself.
fn section_name(object: &str, section: &str) -> String {
    const LEN: usize = 15;
    if section.get(1..).is_some_and(|rest| rest.contains('.')) {
        return section.to_owned();
    }
    let room = LEN.saturating_sub(section.len().max(7));
    object.chars().take(room).chain(section.chars()).collect()
}

/// The type of a data section, where it says the size that the section has; the kernel takes no other.
fn datasec(btf: &Btf, data: &Data) -> Option<TypeId> {
    let id = btf.datasec(&data.name)?;
    match btf.get(id)?.kind {
        Kind::DataSec { size, .. } if u64::from(size) == data.size() => Some(id),
        _ => None,
    }
}

/// Whether a section has a variable that user space may want to see: one that is not static.
fn has_variables(btf: &Btf, datasec: TypeId) -> bool {
    let Some(Kind::DataSec { vars, .. }) = btf.get(datasec).map(|t| &t.kind) else { return false };
    let kind = |var| btf.get(var).map(|t| &t.kind);
    vars.iter()
        .any(|v| matches!(kind(v.var), Some(Kind::Var { linkage, .. }) if *linkage != VarLinkage::STATIC))
}

/// Gives arenas their addresses, and their variables their first values.
pub(in super::super) fn fill_arenas(
    object: &Object,
    bytes: &[Cow<'_, [u8]>],
    maps: &[LoadedMap],
) -> Result<()> {
    let variables = object.data.iter().zip(bytes).find(|(data, _)| data.kind == DataKind::Arena);
    let variables = variables.map_or(&[][..], |(_, bytes)| bytes);
    for (map, loaded) in object.maps.iter().zip(maps).filter(|(map, _)| map.kind == MapType::ARENA) {
        // What is there already has its address and its values.
        if loaded.reused {
            continue;
        }
        let failed = |errno| Error::Map {
            name: map.name.clone(),
            source: sys::Error { call: "mmap(arena)", errno },
            help: (errno == Errno::E2BIG).then(|| "its variables do not fit into its pages".into()),
        };
        let len = u64::from(loaded.max_entries) * u64::from(size::page());
        let len = usize::try_from(len).map_err(|_| failed(Errno::ENOMEM))?;
        let at = usize::try_from(map.extra).map_err(|_| failed(Errno::ENOMEM))?;
        fill_arena(loaded.map.as_fd(), len, at, variables).map_err(|e| failed(e.errno))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::section_name;

    #[test]
    fn sections_are_named_as_libbpf_names_them() {
        let names = [
            ("my_object_name", ".rodata", "my_objec.rodata"),
            ("my_object_name", ".bss", "my_objec.bss"),
            ("my_object_name", ".kconfig", "my_obje.kconfig"),
            ("xdp", ".data", "xdp.data"),
            ("xdp", ".data.counters", ".data.counters"),
            ("xdp", ".rodata.abracadabra", ".rodata.abracadabra"),
            ("", ".bss", ".bss"),
        ];
        for (object, section, wanted) in names {
            assert_eq!(section_name(object, section), wanted);
        }
    }
}
