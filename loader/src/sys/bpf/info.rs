//! What the kernel tells about a program or a map.

use super::{Kind, OBJ_GET_INFO_BY_FD, address_mut, attr, call, fd_by_id, length, name_of, raw};
use crate::sys::Result;
use bpfasm_asm::btf::TypeId;
use bpfasm_asm::uapi::{MapType, ProgType};
use std::os::fd::{AsFd, BorrowedFd};

/// `BPF_OBJ_GET_INFO_BY_FD`.
///
/// # Safety
/// `T` is `repr(C)` integers. The kernel looks at the kind of the descriptor, not at the struct; so whichever
/// kind it is, what that kind's struct has as an address at these offsets is 0, refused, or valid for writing.
pub(super) unsafe fn obj_info<T>(fd: BorrowedFd<'_>, info: &mut T) -> Result<()> {
    let mut attr = attr::Info {
        bpf_fd: raw(fd),
        info_len: length(OBJ_GET_INFO_BY_FD, size_of::<T>())?,
        info: std::ptr::from_mut(info).expose_provenance() as u64,
    };
    // SAFETY: the info struct is writable for its size; the rest is the caller's promise.
    unsafe { call(OBJ_GET_INFO_BY_FD, &mut attr)? };
    Ok(())
}

/// What the kernel tells about a program (`struct bpf_prog_info`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgInfo {
    /// `enum bpf_prog_type`.
    pub kind: ProgType,
    /// Its number.
    pub id: u32,
    /// Hash of its instructions.
    pub tag: [u8; 8],
    /// Its name, at most 15 bytes.
    pub name: String,
    /// Length of the machine code in bytes; 0 without a JIT or without the right to see it.
    pub jited_len: u32,
    /// Length of the instructions after the verifier in bytes.
    pub xlated_len: u32,
    /// When it was loaded: nanoseconds since boot.
    pub load_time: u64,
    /// Who loaded it.
    pub uid: u32,
    /// Numbers of its maps.
    pub map_ids: Vec<u32>,
    /// The device of an offloaded program, else 0.
    pub ifindex: u32,
    /// Whether its licence is compatible with the GPL.
    pub gpl_compatible: bool,
    /// Number of its BTF, or 0.
    pub btf_id: u32,
    /// Time spent in it in nanoseconds, where statistics are on.
    pub run_time_ns: u64,
    /// How often it ran, where statistics are on.
    pub run_cnt: u64,
    /// Runs left out to avoid recursion.
    pub recursion_misses: u64,
    /// Instructions that the verifier went through (Linux 5.16).
    pub verified_insns: u32,
    /// The kernel's BTF that [`Self::attach_btf_id`] counts in.
    pub attach_btf_obj_id: u32,
    /// The kernel function or type that it attaches to.
    pub attach_btf_id: TypeId,
}

/// Asks about a program (`bpf_prog_get_info_by_fd()` in `kernel/bpf/syscall.c`).
///
/// # Errors
/// `EBADF`, `EINVAL`: not a program.
pub fn prog_info(fd: BorrowedFd<'_>) -> Result<ProgInfo> {
    let mut ids = vec![0u32; 64];
    loop {
        let mut info = attr::ProgInfo {
            nr_map_ids: length(OBJ_GET_INFO_BY_FD, ids.len())?,
            map_ids: ids.as_mut_ptr().expose_provenance() as u64,
            ..attr::ProgInfo::default()
        };
        // SAFETY: `map_ids` has room for `nr_map_ids` numbers; no other kind has an address in these bytes.
        unsafe { obj_info(fd, &mut info)? };
        let count = usize::try_from(info.nr_map_ids).unwrap_or(usize::MAX);
        if count > ids.len() {
            ids = vec![0; count];
            continue;
        }
        ids.truncate(count);
        return Ok(ProgInfo {
            kind: ProgType(info.kind),
            id: info.id,
            tag: info.tag,
            name: name_of(&info.name),
            jited_len: info.jited_prog_len,
            xlated_len: info.xlated_prog_len,
            load_time: info.load_time,
            uid: info.created_by_uid,
            map_ids: ids,
            ifindex: info.ifindex,
            // The first bit field of its word: the lowest bit, or the highest on big-endian machines.
            gpl_compatible: info.gpl_compatible != 0,
            btf_id: info.btf_id,
            run_time_ns: info.run_time_ns,
            run_cnt: info.run_cnt,
            recursion_misses: info.recursion_misses,
            verified_insns: info.verified_insns,
            attach_btf_obj_id: info.attach_btf_obj_id,
            attach_btf_id: TypeId(info.attach_btf_id),
        });
    }
}

/// The instructions of a program as the verifier left them, 8 bytes for a slot, host byte order. Empty where
/// `kernel.kptr_restrict` or `bpf_jit_harden` hide them.
///
/// # Errors
/// `ENOENT`: no program with this number; `EPERM`: not permitted.
pub fn prog_xlated(id: u32) -> Result<Vec<u8>> {
    // By number, so that the descriptor is surely that of a program.
    let fd = fd_by_id(Kind::Prog, id)?;
    let mut buf = vec![0; usize::try_from(prog_info(fd.as_fd())?.xlated_len).unwrap_or(0)];
    let mut info = attr::ProgInfo {
        xlated_prog_len: length(OBJ_GET_INFO_BY_FD, buf.len())?,
        xlated_prog_insns: address_mut(&mut buf),
        ..attr::ProgInfo::default()
    };
    // SAFETY: it is a program; the buffer has its length beside it.
    unsafe { obj_info(fd.as_fd(), &mut info)? };
    if info.xlated_prog_insns == 0 {
        buf.clear();
    }
    Ok(buf)
}

/// The machine code of a program: all its functions, one after the other. Empty without a JIT.
///
/// # Errors
/// `ENOENT`: no program with this number; `EPERM`: not permitted.
pub fn prog_jited(id: u32) -> Result<Vec<u8>> {
    let fd = fd_by_id(Kind::Prog, id)?;
    let mut buf = vec![0; usize::try_from(prog_info(fd.as_fd())?.jited_len).unwrap_or(0)];
    let mut info = attr::ProgInfo {
        jited_prog_len: length(OBJ_GET_INFO_BY_FD, buf.len())?,
        jited_prog_insns: address_mut(&mut buf),
        ..attr::ProgInfo::default()
    };
    // SAFETY: it is a program; the buffer has its length beside it.
    unsafe { obj_info(fd.as_fd(), &mut info)? };
    if info.jited_prog_insns == 0 {
        buf.clear();
    }
    Ok(buf)
}

/// What the kernel tells about a map (`struct bpf_map_info`); sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapInfo {
    /// `enum bpf_map_type`.
    pub kind: MapType,
    /// Its number.
    pub id: u32,
    /// Size of a key.
    pub key_size: u32,
    /// Size of a value.
    pub value_size: u32,
    /// How many entries; for ring buffers, bytes.
    pub max_entries: u32,
    /// `BPF_F_*`.
    pub flags: u32,
    /// Its name, at most 15 bytes.
    pub name: String,
    /// The device of an offloaded map, else 0.
    pub ifindex: u32,
    /// Number of its BTF, or 0.
    pub btf_id: u32,
    /// Type of the key there, 0 for none.
    pub btf_key: TypeId,
    /// Type of the value there, 0 for none.
    pub btf_value: TypeId,
    /// `map_extra` (Linux 5.16).
    pub extra: u64,
}

/// Asks about a map (`bpf_map_get_info_by_fd()` in `kernel/bpf/syscall.c`).
///
/// # Errors
/// `EBADF`, `EINVAL`: not a map.
pub fn map_info(fd: BorrowedFd<'_>) -> Result<MapInfo> {
    let mut info = attr::MapInfo::default();
    // SAFETY: the struct holds no address.
    unsafe { obj_info(fd, &mut info)? };
    Ok(MapInfo {
        kind: MapType(info.kind),
        id: info.id,
        key_size: info.key_size,
        value_size: info.value_size,
        max_entries: info.max_entries,
        flags: info.map_flags,
        name: name_of(&info.name),
        ifindex: info.ifindex,
        btf_id: info.btf_id,
        btf_key: TypeId(info.btf_key_type_id),
        btf_value: TypeId(info.btf_value_type_id),
        extra: info.map_extra,
    })
}
