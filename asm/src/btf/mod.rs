//! BTF, the BPF Type Format: types as values, [`Btf`], that are decoded, looked up, added to and encoded; [`raw`] and
//! [`c`] have them as text, and [`value`] has bytes as values of a type.
//!
//! Source: Linux `Documentation/bpf/btf.rst`, `include/uapi/linux/btf.h`.

mod blob;
mod builder;
pub(crate) mod bytes;
pub mod c;
pub mod data;
mod decode;
mod encode;
mod error;
pub mod ext;
mod header;
mod index;
mod lookup;
pub mod maps;
mod newer;
pub mod raw;
mod scan;
mod strings;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod types;
pub mod value;
mod wanted;

pub use blob::{Blob, Entry, Name};
pub use builder::Builder;
pub(crate) use decode::check_refs;
pub use decode::{Decoded, decode};
pub use encode::Encoder;
pub use error::Error;
pub use ext::{FuncInfo, FuncRecords, KernelBtf, LineInfo, encode_for_kernel};
pub use newer::Newer;
pub use scan::{Head, Scan, is_split};
pub use strings::{StrTable, Strings};
pub use types::{
    Btf, Enumerator, FuncLinkage, IntEncoding, Kind, Member, Param, SecInfo, Type, TypeId, VarLinkage,
};
pub use wanted::{Wanted, essential};

/// `BTF_MAGIC`, in the byte order of the object.
const MAGIC: u16 = 0xeb9f;
/// `BTF_VERSION`.
const VERSION: u8 = 1;
