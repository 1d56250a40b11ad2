//! What maps hold at first: maps, or programs.

use super::super::{LoadedMap, LoadedProg};
use crate::error::{Error, Result};
use bpfasm_asm::object::{Object, Symbol};
use std::os::fd::{AsFd, AsRawFd};

/// Puts it into them. A map that was there before keeps the maps that it holds; programs of its kind are ours again.
pub(in super::super) fn fill(
    object: &Object,
    maps: &[LoadedMap],
    progs: &[LoadedProg],
    notes: &mut Vec<String>,
) -> Result<()> {
    for (map, loaded) in object.maps.iter().zip(maps) {
        for (index, to) in &map.values {
            let needs = |what: &str| Error::Needs { name: map.name.clone(), what: what.into() };
            let fd = match *to {
                Symbol::Map(_) if loaded.reused => continue,
                Symbol::Map(of) => {
                    maps.get(of).map(|m| m.map.as_fd()).ok_or_else(|| needs("a map that is not there"))?
                }
                Symbol::Func(of) => match progs.iter().find(|p| p.index == of) {
                    Some(prog) => prog.as_fd(),
                    None => {
                        let name = object.funcs.get(of).map_or("", |f| f.name.as_str());
                        notes.push(format!(
                            "map `{}` has nothing at {index}: program `{name}` is not loaded",
                            map.name
                        ));
                        continue;
                    }
                },
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
