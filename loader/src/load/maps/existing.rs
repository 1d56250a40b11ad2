//! A map that is there already, in the place of one that the object describes.

use super::super::LoadedMap;
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::bpf::{F_RDONLY_PROG, Kind, Map, MapInfo, fd_by_id, kind_of, map_info, obj_get};
use bpfasm_asm::object;
use bpfasm_asm::uapi::MapType;
use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// A map that exists, and how it was named.
#[derive(Debug)]
pub struct Existing {
    /// Its pin, `id:N`, or the object that it was made for.
    pub place: String,
    /// A descriptor of it.
    pub fd: OwnedFd,
}

impl Existing {
    /// The map that a pin's path or `id:N` names.
    ///
    /// # Errors
    /// [`Error::NoExisting`]: there is none, or it is no map.
    pub fn open(place: &str) -> Result<Existing> {
        let none = |what: String| Error::NoExisting { place: place.to_owned(), what };
        let opened = match place.strip_prefix("id:") {
            Some(id) => fd_by_id(Kind::Map, id.parse().map_err(|_| none("not a number".into()))?),
            None => obj_get(Path::new(place), 0),
        };
        let fd = opened.map_err(|e| none(e.to_string()))?;
        match kind_of(fd.as_fd()) {
            Some(Kind::Map) | None => Ok(Existing { place: place.to_owned(), fd }),
            Some(other) => Err(none(format!("a {other}, not a map"))),
        }
    }

    /// A map that was loaded, for further objects.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn share(map: &LoadedMap, object: &str) -> Result<Existing> {
        Ok(Existing { place: format!("the map of `{object}`"), fd: sys::duplicate(map.map.as_fd())? })
    }

    /// The map, where it is what the object describes.
    pub(super) fn checked(&self, wanted: &object::Map, entries: u32) -> Result<Map> {
        let map = Map::from_fd(sys::duplicate(self.fd.as_fd())?)?;
        let fields = differences(wanted, entries, &map_info(map.as_fd())?);
        if fields.is_empty() {
            return Ok(map);
        }
        Err(Error::OtherMap {
            name: wanted.name.clone(),
            place: self.place.clone(),
            differences: Differences(fields),
        })
    }
}

/// A field in which a map is not what the object describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, as definitions of maps name it.
    pub field: &'static str,
    /// What the object says.
    pub wanted: String,
    /// What the map has.
    pub found: String,
}

/// All of them; their text is a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differences(pub Vec<Difference>);

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|d| d.wanted.len()).max().unwrap_or(0).max("wanted".len());
        write!(f, "  {:<12} {:<width$} found", "", "wanted")?;
        self.0.iter().try_for_each(|d| write!(f, "\n  {:<12} {:<width$} {}", d.field, d.wanted, d.found))
    }
}

/// Field by field. A number of entries that the object leaves open is any, and what the kernel adds by itself is none of
/// the object's.
fn differences(wanted: &object::Map, entries: u32, found: &MapInfo) -> Vec<Difference> {
    let added = match wanted.kind {
        MapType::DEVMAP | MapType::DEVMAP_HASH => F_RDONLY_PROG,
        _ => 0,
    };
    let hex = |n: u32| format!("{n:#x}");
    let fields = [
        ("type", wanted.kind.to_string(), found.kind.to_string()),
        ("key_size", wanted.key_size.to_string(), found.key_size.to_string()),
        ("value_size", wanted.value_size.to_string(), found.value_size.to_string()),
        ("max_entries", entries.to_string(), found.max_entries.to_string()),
        ("map_flags", hex(wanted.flags & !added), hex(found.flags & !added)),
        ("map_extra", wanted.extra.to_string(), found.extra.to_string()),
    ];
    let open = |field| field == "max_entries" && wanted.max_entries == 0;
    let other = fields.into_iter().filter(|(field, wanted, found)| wanted != found && !open(*field));
    other.map(|(field, wanted, found)| Difference { field, wanted, found }).collect()
}
