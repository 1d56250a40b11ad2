//! The kernel's open sets: numbers with names, none of which is ever complete.

/// A map type (`enum bpf_map_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MapType(pub u32);
