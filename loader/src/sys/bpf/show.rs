//! Fields of attributes in words, for who watches: each function shows one kind of field.
//!
//! A field that holds nothing, 0 for most kinds, is left out.

use super::NAME_LEN;
use crate::sys::seam::Value;
use bpfasm_asm::uapi::{AttachType, MapType, ProgType};
use std::ffi::CStr;

/// `BPF_F_*` of `BPF_MAP_CREATE`, by bit.
const MAP_FLAGS: [&str; 19] = [
    "NO_PREALLOC",
    "NO_COMMON_LRU",
    "NUMA_NODE",
    "RDONLY",
    "WRONLY",
    "STACK_BUILD_ID",
    "ZERO_SEED",
    "RDONLY_PROG",
    "WRONLY_PROG",
    "CLONE",
    "MMAPABLE",
    "PRESERVE_ELEMS",
    "INNER_MAP",
    "LINK",
    "PATH_FD",
    "VTYPE_BTF_OBJ_FD",
    "TOKEN_FD",
    "SEGV_ON_FAULT",
    "NO_USER_CONV",
];

/// `BPF_F_*` of `BPF_PROG_LOAD`, by bit.
pub const PROG_FLAGS: [&str; 8] = [
    "STRICT_ALIGNMENT",
    "ANY_ALIGNMENT",
    "TEST_RND_HI32",
    "TEST_STATE_FREQ",
    "SLEEPABLE",
    "XDP_HAS_FRAGS",
    "XDP_DEV_BOUND_ONLY",
    "TEST_REG_INVARIANTS",
];

/// Fields of any kind that nobody has to see: addresses, sizes of records, padding.
pub(super) fn hidden<T>(_: T) -> Option<Value> {
    None
}

/// A number.
pub(super) fn number(n: impl Into<u64>) -> Option<Value> {
    always(n).filter(|value| *value != Value::Number(0))
}

/// A number that says something also when it is 0.
pub(super) fn always(n: impl Into<u64>) -> Option<Value> {
    Some(Value::Number(n.into()))
}

/// A number whose bits mean something.
pub(super) fn hex(n: impl Into<u64>) -> Option<Value> {
    Some(n.into()).filter(|&n| n != 0).map(Value::Hex)
}

/// A descriptor.
pub(super) fn fd(fd: u32) -> Option<Value> {
    (fd != 0).then(|| Value::Fd(fd.cast_signed()))
}

/// A name in a field of its own.
pub(super) fn name(field: [u8; NAME_LEN]) -> Option<Value> {
    Some(super::name_of(&field)).filter(|name| !name.is_empty()).map(Value::Text)
}

/// `enum bpf_map_type`.
pub(super) fn map_type(kind: u32) -> Option<Value> {
    Some(Value::Name(MapType(kind).to_string()))
}

/// `enum bpf_prog_type`.
pub(super) fn prog_type(kind: u32) -> Option<Value> {
    Some(Value::Name(ProgType(kind).to_string()))
}

/// `enum bpf_attach_type`.
pub(super) fn attach_type(kind: u32) -> Option<Value> {
    Some(Value::Name(AttachType(kind).to_string()))
}

/// The same, where most programs have none.
pub(super) fn expected(kind: u32) -> Option<Value> {
    attach_type(kind).filter(|_| kind != 0)
}

pub(super) fn map_flags(flags: u32) -> Option<Value> {
    Value::flags(flags, &MAP_FLAGS)
}

pub(super) fn prog_flags(flags: u32) -> Option<Value> {
    Value::flags(flags, &PROG_FLAGS)
}

/// The address of text.
pub(super) fn text(address: u64) -> Option<Value> {
    let text = std::ptr::with_exposed_provenance::<libc::c_char>(usize::try_from(address).ok()?);
    // SAFETY: who makes a call with an attribute promises that its addresses are valid; where the kernel reads text, it
    // ends in NUL. Attributes are shown only on the way to the kernel.
    (!text.is_null()).then(|| Value::Text(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()))
}
