//! BTF, the BPF Type Format: types as values, made, encoded and looked up.
//!
//! Source: Linux `Documentation/bpf/btf.rst`, `include/uapi/linux/btf.h`.

mod types;

pub use types::{
    Btf, Enumerator, FuncLinkage, IntEncoding, Kind, Member, Param, SecInfo, Type, TypeId, VarLinkage,
};
