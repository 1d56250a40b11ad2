//! Maps: making them, and their elements.

use super::{
    F_VTYPE_BTF_OBJ_FD, MAP_CREATE, MAP_DELETE_ELEM, MAP_FREEZE, MAP_GET_NEXT_KEY, MAP_LOOKUP_ELEM,
    MAP_UPDATE_ELEM, Token, address, address_mut, attr, call, call_fd, call_with, map_info, name_field,
    possible_cpus, raw, token,
};
use crate::sys::seam::{Fields, Value, through};
use crate::sys::{self, Error, Result};
use bpfasm_asm::btf::TypeId;
use bpfasm_asm::uapi::MapType;
use nix::errno::Errno;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// Map types with a value for each possible CPU (`bpf_map_value_size()` in `kernel/bpf/syscall.c`).
const PER_CPU: [MapType; 4] =
    [MapType::PERCPU_HASH, MapType::PERCPU_ARRAY, MapType::LRU_PERCPU_HASH, MapType::PERCPU_CGROUP_STORAGE];

/// Types of key and value for `BPF_MAP_CREATE`.
#[derive(Debug, Clone, Copy)]
pub struct MapBtf<'a> {
    /// The loaded BTF.
    pub fd: BorrowedFd<'a>,
    /// Type of the key; `void` for data sections and bloom filters.
    pub key: TypeId,
    /// Type of the value.
    pub value: TypeId,
}

/// What `BPF_MAP_CREATE` takes; sizes in bytes.
#[derive(Debug, Clone, Copy)]
pub struct MapCreate<'a> {
    /// `enum bpf_map_type`.
    pub kind: MapType,
    /// Size of a key.
    pub key_size: u32,
    /// Size of a value.
    pub value_size: u32,
    /// How many entries; for ring buffers, bytes.
    pub max_entries: u32,
    /// `BPF_F_*`.
    pub flags: u32,
    /// A map like those that this one will hold.
    pub inner: Option<BorrowedFd<'a>>,
    /// NUMA node; counts with `BPF_F_NUMA_NODE`.
    pub numa_node: u32,
    /// The name, cut at 15 bytes; empty for none.
    pub name: &'a str,
    /// Types of key and value.
    pub btf: Option<MapBtf<'a>>,
    /// `map_extra`.
    pub extra: u64,
    /// For struct_ops, the kernel's type of the value, and the module that it is of.
    pub kernel_value: Option<(TypeId, Option<BorrowedFd<'a>>)>,
    /// The right to make it.
    pub token: Token<'a>,
}

/// A map with the sizes that its elements have, so that no buffer is ever too short for the kernel.
///
/// Keys have [`Map::key_size`] bytes and values [`Map::value_len`]; anything else is `EINVAL` without asking
/// the kernel.
#[derive(Debug)]
pub struct Map {
    fd: OwnedFd,
    kind: MapType,
    key_size: usize,
    value_size: usize,
}

/// Makes a map (`BPF_MAP_CREATE`, `map_create()` in `kernel/bpf/syscall.c`).
///
/// # Errors
/// `EINVAL`: unknown type, or sizes or flags that the type does not take; `EPERM`: not permitted, or before
/// Linux 5.11 too little `RLIMIT_MEMLOCK`; `E2BIG`, `ENOMEM`: too large; `EOPNOTSUPP`: no BTF for this type.
pub fn map_create(map: &MapCreate<'_>) -> Result<Map> {
    let module = map.kernel_value.and_then(|(_, module)| module);
    let (token_flag, token_fd) = token::fields(map.token);
    let mut attr = attr::MapCreate {
        map_type: map.kind.0,
        key_size: map.key_size,
        value_size: map.value_size,
        max_entries: map.max_entries,
        map_flags: map.flags | if module.is_some() { F_VTYPE_BTF_OBJ_FD } else { 0 } | token_flag,
        inner_map_fd: map.inner.map_or(0, raw),
        numa_node: map.numa_node,
        map_name: name_field(map.name),
        btf_fd: map.btf.map_or(0, |b| raw(b.fd)),
        btf_key_type_id: map.btf.map_or(0, |b| b.key.0),
        btf_value_type_id: map.btf.map_or(0, |b| b.value.0),
        btf_vmlinux_value_type_id: map.kernel_value.map_or(0, |(id, _)| id.0),
        map_extra: map.extra,
        value_type_btf_obj_fd: module.map_or(0, raw),
        map_token_fd: token_fd,
        ..attr::MapCreate::default()
    };
    // SAFETY: the attribute holds no address; the command returns a descriptor.
    let fd = unsafe { call_fd(MAP_CREATE, &mut attr)? };
    Map::with_sizes(fd, map.kind, map.key_size, map.value_size)
}

impl Map {
    /// A map that was opened elsewhere; asks the kernel for its sizes.
    ///
    /// # Errors
    /// `EBADF`, `EINVAL`: not a map.
    pub fn from_fd(fd: OwnedFd) -> Result<Map> {
        let info = map_info(fd.as_fd())?;
        Map::with_sizes(fd, info.kind, info.key_size, info.value_size)
    }

    fn with_sizes(fd: OwnedFd, kind: MapType, key_size: u32, value_size: u32) -> Result<Map> {
        let too_big = |_| MAP_CREATE.error(Errno::E2BIG);
        Ok(Map {
            fd,
            kind,
            key_size: usize::try_from(key_size).map_err(too_big)?,
            value_size: usize::try_from(value_size).map_err(too_big)?,
        })
    }

    /// `enum bpf_map_type`.
    #[must_use]
    pub fn kind(&self) -> MapType {
        self.kind
    }

    /// Size of a key in bytes.
    #[must_use]
    pub fn key_size(&self) -> usize {
        self.key_size
    }

    /// Size of one value in bytes; in a per-CPU map that of one CPU.
    #[must_use]
    pub fn value_size(&self) -> usize {
        self.value_size
    }

    /// Whether each possible CPU has its own value.
    #[must_use]
    pub fn is_per_cpu(&self) -> bool {
        PER_CPU.contains(&self.kind)
    }

    /// Bytes that a lookup gives and an update takes: in a per-CPU map the values of all possible CPUs one after
    /// the other, each rounded up to 8 bytes.
    ///
    /// # Errors
    /// The number of CPUs is unknown: see [`possible_cpus`].
    pub fn value_len(&self) -> Result<usize> {
        if !self.is_per_cpu() {
            return Ok(self.value_size);
        }
        let too_big = MAP_LOOKUP_ELEM.error(Errno::E2BIG);
        self.value_size
            .checked_next_multiple_of(8)
            .ok_or(too_big)?
            .checked_mul(possible_cpus()?)
            .ok_or(too_big)
    }

    /// The parts of a value: one for each CPU in a per-CPU map, else one.
    pub fn parts<'v>(&self, value: &'v [u8]) -> impl Iterator<Item = &'v [u8]> {
        let size = self.value_size;
        let step = if self.is_per_cpu() { size.next_multiple_of(8) } else { size };
        value.chunks(step.max(1)).map(move |part| &part[..size.min(part.len())])
    }

    /// The value of a key, or nothing (`BPF_MAP_LOOKUP_ELEM`). `flags`: `BPF_F_LOCK` or 0.
    ///
    /// # Errors
    /// `EINVAL`: the key has another length; `EOPNOTSUPP`: not with this type of map.
    pub fn lookup(&self, key: &[u8], flags: u64) -> Result<Option<Vec<u8>>> {
        if key.len() != self.key_size {
            return Err(MAP_LOOKUP_ELEM.error(Errno::EINVAL));
        }
        let mut value = vec![0; self.value_len()?];
        let mut attr = attr::MapElem {
            map_fd: raw(self.as_fd()),
            key: address(key),
            value: address_mut(&mut value),
            flags,
            ..attr::MapElem::default()
        };
        // SAFETY: the key is as long as the map's keys, the buffer as what the kernel writes for this map.
        match unsafe { call_with(MAP_LOOKUP_ELEM, &mut attr, shown(Some(key), None)) } {
            Ok(_) => Ok(Some(value)),
            Err(e) if e.errno == Errno::ENOENT => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Sets a value (`BPF_MAP_UPDATE_ELEM`). `flags`: 0 `BPF_ANY`, 1 `BPF_NOEXIST`, 2 `BPF_EXIST`.
    ///
    /// # Errors
    /// `EINVAL`: a length is wrong; `E2BIG`: full, or an index past the end; `EEXIST`, `ENOENT`: as the flags
    /// ask; `EPERM`: frozen.
    pub fn update(&self, key: &[u8], value: &[u8], flags: u64) -> Result<()> {
        if key.len() != self.key_size || value.len() != self.value_len()? {
            return Err(MAP_UPDATE_ELEM.error(Errno::EINVAL));
        }
        let mut attr = attr::MapElem {
            map_fd: raw(self.as_fd()),
            key: address(key),
            value: address(value),
            flags,
            ..attr::MapElem::default()
        };
        // SAFETY: key and value are as long as the map's.
        unsafe { call_with(MAP_UPDATE_ELEM, &mut attr, shown(Some(key), Some(value)))? };
        Ok(())
    }

    /// Takes an element out (`BPF_MAP_DELETE_ELEM`).
    ///
    /// # Errors
    /// `ENOENT`: no such key; `EINVAL`: the key has another length, or nothing can be taken out of such a map.
    pub fn delete(&self, key: &[u8]) -> Result<()> {
        if key.len() != self.key_size {
            return Err(MAP_DELETE_ELEM.error(Errno::EINVAL));
        }
        let mut attr =
            attr::MapElem { map_fd: raw(self.as_fd()), key: address(key), ..attr::MapElem::default() };
        // SAFETY: the key is as long as the map's keys.
        unsafe { call_with(MAP_DELETE_ELEM, &mut attr, shown(Some(key), None))? };
        Ok(())
    }

    /// The key after `key`, or the first (`BPF_MAP_GET_NEXT_KEY`); nothing at the end. A hash map starts over
    /// when `key` has been deleted.
    ///
    /// # Errors
    /// `EINVAL`: the key has another length; `EOPNOTSUPP`: such a map has no keys to list.
    pub fn next_key(&self, key: Option<&[u8]>) -> Result<Option<Vec<u8>>> {
        if key.is_some_and(|k| k.len() != self.key_size) {
            return Err(MAP_GET_NEXT_KEY.error(Errno::EINVAL));
        }
        let mut next = vec![0; self.key_size];
        let mut attr = attr::MapElem {
            map_fd: raw(self.as_fd()),
            key: key.map_or(0, address),
            value: address_mut(&mut next),
            ..attr::MapElem::default()
        };
        // SAFETY: both keys are as long as the map's keys.
        match unsafe { call_with(MAP_GET_NEXT_KEY, &mut attr, shown(key, None)) } {
            Ok(_) => Ok(Some(next)),
            Err(e) if e.errno == Errno::ENOENT => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// All keys, as they stand while reading. Ends after an error.
    pub fn keys(&self) -> impl Iterator<Item = Result<Vec<u8>>> {
        let mut next = self.next_key(None).transpose();
        std::iter::from_fn(move || {
            let now = next.take()?;
            if let Ok(key) = &now {
                next = self.next_key(Some(key)).transpose();
            }
            Some(now)
        })
    }

    /// Forbids user space to change it from now on (`BPF_MAP_FREEZE`, Linux 5.2).
    ///
    /// # Errors
    /// `EBUSY`: frozen, or mapped writable; `EINVAL`: the kernel has no such command.
    pub fn freeze(&self) -> Result<()> {
        let mut attr = attr::OneFd { fd: raw(self.as_fd()), pad: 0 };
        // SAFETY: the attribute holds no address.
        unsafe { call(MAP_FREEZE, &mut attr)? };
        Ok(())
    }
}

/// A key and a value, for who watches.
fn shown(key: Option<&[u8]>, value: Option<&[u8]>) -> impl FnOnce(Fields) -> Fields {
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    move |to| to.add("key", key.map(bytes)).add("value", value.map(bytes))
}

/// Maps an arena into memory and writes to its start, then takes it out of memory again: what was written stays, and
/// so does the address that programs see it at. `len` in bytes; `at` is the address that the map was made for, or 0.
///
/// # Errors
/// `EEXIST`: something else of this process is at that address; `EINVAL`: not an arena, or another address or length than
/// it was made for; `E2BIG`: `bytes` are longer than `len`.
pub fn fill_arena(arena: BorrowedFd<'_>, len: usize, at: usize, bytes: &[u8]) -> Result<()> {
    const CALL: &str = "mmap(arena)";
    let fields = |to: Fields| {
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        to.add("fd", Value::Fd(arena.as_raw_fd()))
            .add("length", Value::Number(number(len)))
            .add("address", Some(Value::Hex(number(at))).filter(|_| at != 0))
            .add("bytes", Value::Bytes(bytes.to_vec()))
    };
    through(CALL, false, fields, || Ok(()), || write_mapped(CALL, arena, len, at, bytes))
}

fn write_mapped(
    call: &'static str,
    arena: BorrowedFd<'_>,
    len: usize,
    at: usize,
    bytes: &[u8],
) -> Result<()> {
    let error = |errno| Error { call, errno };
    if bytes.len() > len {
        return Err(error(Errno::E2BIG));
    }
    let fixed = if at == 0 { 0 } else { libc::MAP_FIXED_NOREPLACE };
    // SAFETY: a mapping of its own: at that address there is nothing yet, or the call fails.
    let start = unsafe {
        libc::mmap(
            std::ptr::with_exposed_provenance_mut(at),
            len,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | fixed,
            arena.as_raw_fd(),
            0,
        )
    };
    if start == libc::MAP_FAILED {
        return Err(error(sys::errno(Errno::last_raw())));
    }
    let written = copy_to(start, bytes);
    // SAFETY: this is the mapping that was made above, as a whole.
    unsafe { libc::munmap(start, len) };
    if written == Some(bytes.len()) { Ok(()) } else { Err(error(sys::errno(Errno::last_raw()))) }
}

/// Has the kernel copy bytes to a place in our memory: where it has no page for it, that is no signal but an error.
fn copy_to(start: *mut libc::c_void, bytes: &[u8]) -> Option<usize> {
    let from = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let to = libc::iovec { iov_base: start, iov_len: bytes.len() };
    // SAFETY: the bytes are only read, and the other place is a mapping that nobody else in this process knows of, at
    // least as long.
    let copied = unsafe { libc::process_vm_writev(libc::getpid(), &raw const from, 1, &raw const to, 1, 0) };
    usize::try_from(copied).ok()
}

impl AsFd for Map {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl From<Map> for OwnedFd {
    fn from(map: Map) -> OwnedFd {
        map.fd
    }
}
