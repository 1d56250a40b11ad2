//! What the kernel tells about a program or a map.

use super::{Kind, OBJ_GET_INFO_BY_FD, attr, call, fd_by_id, length, name_of, raw};
use crate::sys::Result;
use bpfasm_asm::btf::{FuncInfo, LineInfo, TypeId};
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

/// The code of a program: as the verifier left it, as machine code, and what belongs to places in them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProgCode {
    /// The instructions, 8 bytes for a slot, host byte order. Empty where `kernel.kptr_restrict` or `bpf_jit_harden`
    /// hide them.
    pub xlated: Vec<u8>,
    /// The machine code: all functions, one after the other. Empty without a JIT.
    pub jited: Vec<u8>,
    /// The types of the functions; slots of `xlated`.
    pub funcs: Vec<FuncInfo>,
    /// Source lines; slots of `xlated`. Their strings are in the program's BTF.
    pub lines: Vec<LineInfo>,
    /// The address of each function's machine code.
    pub addresses: Vec<u64>,
    /// The length of each function's machine code.
    pub lengths: Vec<u32>,
    /// For each of `lines` the address of the first byte of machine code.
    pub jited_lines: Vec<u64>,
}

/// The code of a program (`bpf_prog_get_info_by_fd()` in `kernel/bpf/syscall.c`). What the kernel hides is empty.
///
/// # Errors
/// `ENOENT`: no program with this number; `EPERM`: not permitted.
pub fn prog_code(id: u32) -> Result<ProgCode> {
    // By number, so that the descriptor is surely that of a program.
    let fd = fd_by_id(Kind::Prog, id)?;
    let records = attr::ProgInfo {
        func_info_rec_size: length(OBJ_GET_INFO_BY_FD, size_of::<[u32; 2]>())?,
        line_info_rec_size: length(OBJ_GET_INFO_BY_FD, size_of::<[u32; 4]>())?,
        jited_line_info_rec_size: length(OBJ_GET_INFO_BY_FD, size_of::<u64>())?,
        ..attr::ProgInfo::default()
    };
    let mut sizes = attr::ProgInfo { ..records };
    // SAFETY: it is a program; no address is given.
    unsafe { obj_info(fd.as_fd(), &mut sizes)? };
    let mut xlated = room::<u8>(sizes.xlated_prog_len);
    let mut jited = room::<u8>(sizes.jited_prog_len);
    let mut funcs = room::<[u32; 2]>(sizes.nr_func_info);
    let mut lines = room::<[u32; 4]>(sizes.nr_line_info);
    let mut addresses = room::<u64>(sizes.nr_jited_ksyms);
    let mut lengths = room::<u32>(sizes.nr_jited_func_lens);
    let mut jited_lines = room::<u64>(sizes.nr_jited_line_info);
    let mut info = attr::ProgInfo {
        xlated_prog_len: sizes.xlated_prog_len,
        xlated_prog_insns: place(&mut xlated),
        jited_prog_len: sizes.jited_prog_len,
        jited_prog_insns: place(&mut jited),
        nr_func_info: sizes.nr_func_info,
        func_info: place(&mut funcs),
        nr_line_info: sizes.nr_line_info,
        line_info: place(&mut lines),
        nr_jited_ksyms: sizes.nr_jited_ksyms,
        jited_ksyms: place(&mut addresses),
        nr_jited_func_lens: sizes.nr_jited_func_lens,
        jited_func_lens: place(&mut lengths),
        nr_jited_line_info: sizes.nr_jited_line_info,
        jited_line_info: place(&mut jited_lines),
        ..records
    };
    // SAFETY: it is a program; each buffer has its length beside it, in records of the sizes given.
    unsafe { obj_info(fd.as_fd(), &mut info)? };
    keep(&mut xlated, info.xlated_prog_insns, info.xlated_prog_len);
    keep(&mut jited, info.jited_prog_insns, info.jited_prog_len);
    keep(&mut funcs, info.func_info, info.nr_func_info);
    keep(&mut lines, info.line_info, info.nr_line_info);
    keep(&mut addresses, info.jited_ksyms, info.nr_jited_ksyms);
    keep(&mut lengths, info.jited_func_lens, info.nr_jited_func_lens);
    keep(&mut jited_lines, info.jited_line_info, info.nr_jited_line_info);
    let func = |[insn_off, id]: [u32; 2]| FuncInfo { insn_off, type_id: TypeId(id) };
    let line = |[insn_off, file_name_off, line_off, line_col]: [u32; 4]| LineInfo {
        insn_off,
        file_name_off,
        line_off,
        line_col,
    };
    Ok(ProgCode {
        xlated,
        jited,
        funcs: funcs.into_iter().map(func).collect(),
        lines: lines.into_iter().map(line).collect(),
        addresses,
        lengths,
        jited_lines,
    })
}

/// Room for so many things.
fn room<T: Clone + Default>(count: u32) -> Vec<T> {
    vec![T::default(); usize::try_from(count).unwrap_or(0)]
}

/// The address of things that the kernel writes; 0 for none.
fn place<T>(things: &mut [T]) -> u64 {
    if things.is_empty() { 0 } else { things.as_mut_ptr().expose_provenance() as u64 }
}

/// Cuts to what the kernel wrote: where it hides something, it sets the address to 0.
fn keep<T>(things: &mut Vec<T>, place: u64, count: u32) {
    things.truncate(if place == 0 { 0 } else { usize::try_from(count).unwrap_or(usize::MAX) });
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
