//! Maps.

use super::{Address, Linkage, Symbol};
use crate::btf::TypeId;
use crate::uapi::MapType;

/// A map (`BPF_MAP_CREATE`); sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// Its symbol.
    pub name: String,
    /// Its type.
    pub kind: MapType,
    /// Size of a key.
    pub key_size: u32,
    /// Size of a value.
    pub value_size: u32,
    /// How many entries; for ring buffers, bytes. 0: the loader decides, where it can.
    pub max_entries: u32,
    /// `BPF_F_*` flags of `map_flags`.
    pub flags: u32,
    /// `map_extra`: for a bloom filter the number of hash functions, for an arena its address.
    pub extra: u64,
    /// `numa_node`, with `BPF_F_NUMA_NODE`.
    pub numa_node: Option<u32>,
    /// Type of the key, where it has one.
    pub key: Option<TypeId>,
    /// Type of the value, where it has one.
    pub value: Option<TypeId>,
    /// Whether the map is pinned under its name (`LIBBPF_PIN_BY_NAME`).
    pub pin_by_name: bool,
    /// What the maps are that it holds, where it holds maps; that one has no name and no values.
    pub inner: Option<Box<Map>>,
    /// What it holds at first, by index: maps, or programs. Ordered by index.
    pub values: Vec<(u32, Symbol)>,
    /// The linkage of its symbol.
    pub linkage: Linkage,
    /// `STB_WEAK`; only with [`Linkage::Global`].
    pub weak: bool,
    /// `STV_HIDDEN`.
    pub hidden: bool,
    /// Where it stands, if not behind the one before it with the size that its definition has.
    pub place: Option<Place>,
    /// Its definition as bytes, for a map that BTF does not describe.
    pub legacy: Option<Legacy>,
    /// What a file holds in its place if BTF describes it, up to the last byte that is not zero. It has no meaning but
    /// where an address is.
    pub bytes: Vec<u8>,
    /// What of its definition is not understood; such a map cannot be created.
    pub unknown: Option<String>,
    /// Addresses in it that are no [`values`](Self::values): bytes from its start.
    pub refs: Vec<Address>,
}

/// Where a map stands in its section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// Bytes from the start.
    pub offset: u32,
    /// How many bytes it takes.
    pub size: u32,
}

/// A map's definition as loaders had it before BTF: a struct of numbers in a section of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Legacy {
    /// The section: `maps`, or `maps/name`.
    pub section: String,
    /// The struct, and what follows it up to the next map, in the byte order of the object.
    pub bytes: Vec<u8>,
}

impl Default for Map {
    /// A map of no kind.
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: MapType(0),
            key_size: 0,
            value_size: 0,
            max_entries: 0,
            flags: 0,
            extra: 0,
            numa_node: None,
            key: None,
            value: None,
            pin_by_name: false,
            inner: None,
            values: vec![],
            linkage: Linkage::Global,
            weak: false,
            hidden: false,
            place: None,
            legacy: None,
            bytes: vec![],
            unknown: None,
            refs: vec![],
        }
    }
}
