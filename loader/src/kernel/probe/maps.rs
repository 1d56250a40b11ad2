//! Map types: each is made once, as small as can be.

use super::{Probe, Verdict};
use crate::sys::bpf::{F_MMAPABLE, MapBtf, MapCreate, btf_load, map_create};
use bpfasm_asm::btf::{Btf, Kind, Type, TypeId};
use bpfasm_asm::isa::Endian;
use bpfasm_asm::uapi::MapType;
use nix::errno::Errno;
use std::os::fd::AsFd;

/// `BPF_F_NO_PREALLOC`.
const NO_PREALLOC: u32 = 1;

/// A map as a type takes it.
struct Shape {
    key: u32,
    value: u32,
    entries: u32,
    flags: u32,
}

/// What a type wants; most take any size.
fn shape(kind: MapType) -> Shape {
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    let page = page.and_then(|size| u32::try_from(size).ok()).unwrap_or(4096);
    let (key, value, entries, flags) = match kind {
        MapType::STACK_TRACE => (4, 8, 1, 0),
        MapType::LPM_TRIE => (8, 4, 1, NO_PREALLOC),
        // The key is a cgroup's number and an attach type.
        MapType::CGROUP_STORAGE | MapType::PERCPU_CGROUP_STORAGE => (16, 4, 0, 0),
        MapType::QUEUE | MapType::STACK | MapType::BLOOM_FILTER => (0, 4, 1, 0),
        MapType::RINGBUF | MapType::USER_RINGBUF => (0, 0, page, 0),
        MapType::SK_STORAGE | MapType::INODE_STORAGE | MapType::TASK_STORAGE | MapType::CGRP_STORAGE => {
            (4, 4, 0, NO_PREALLOC)
        }
        MapType::ARENA => (0, 0, 1, F_MMAPABLE),
        MapType::INSN_ARRAY => (4, 16, 1, 0),
        MapType::RHASH => (4, 4, 1, NO_PREALLOC),
        _ => (4, 4, 1, 0),
    };
    Shape { key, value, entries, flags }
}

/// Types whose elements are attached to something, and that have to be described.
const DESCRIBED: [MapType; 4] =
    [MapType::SK_STORAGE, MapType::INODE_STORAGE, MapType::TASK_STORAGE, MapType::CGRP_STORAGE];

impl Probe<'_, '_> {
    pub(super) fn map_type(&mut self, kind: MapType) -> Verdict {
        let Shape { key, value, entries, flags } = shape(kind);
        let of = |kind, key_size, value_size, max_entries, flags| MapCreate {
            kind,
            key_size,
            value_size,
            max_entries,
            flags,
            inner: None,
            numa_node: 0,
            name: "",
            btf: None,
            extra: 0,
            kernel_value: None,
            token: None,
        };
        let inner = match kind {
            MapType::ARRAY_OF_MAPS | MapType::HASH_OF_MAPS => {
                match self
                    .memlock
                    .retry(|token| map_create(&MapCreate { token, ..of(MapType::ARRAY, 4, 4, 1, 0) }))
                {
                    Ok(map) => Some(map),
                    Err(e) => return Verdict::of(e.errno),
                }
            }
            _ => None,
        };
        let types = match DESCRIBED.contains(&kind).then(|| btf_load(&int(), None, self.memlock.token())) {
            Some(Ok(fd)) => Some(fd),
            // Without types of its own a kernel takes no such maps.
            Some(Err(e)) => return Verdict::of(e.errno),
            None => None,
        };
        let wanted = MapCreate {
            inner: inner.as_ref().map(AsFd::as_fd),
            btf: types.as_ref().map(|fd| MapBtf { fd: fd.as_fd(), key: TypeId(1), value: TypeId(1) }),
            // The first type of the kernel's: `long` or another that is no table of functions.
            kernel_value: (kind == MapType::STRUCT_OPS).then_some((TypeId(1), None)),
            ..of(kind, key, value, entries, flags)
        };
        match self.memlock.retry(|token| map_create(&MapCreate { token, ..wanted })) {
            Ok(_) => Verdict::Supported,
            // So it is refused by kernels that know such maps.
            Err(e) if kind == MapType::STRUCT_OPS && e.errno == Errno::EOPNOTSUPP => Verdict::Supported,
            Err(e) => Verdict::of(e.errno),
        }
    }
}

/// Types that hold nothing but `int`.
fn int() -> Vec<u8> {
    let mut btf = Btf::default();
    btf.add(Type::named("int", Kind::Int { size: 4, bits: 32, offset: 0, encoding: Default::default() }));
    btf.encode(Endian::HOST).unwrap_or_default()
}
