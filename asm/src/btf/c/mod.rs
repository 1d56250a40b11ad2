//! Types as C, in an order that a compiler accepts.
//!
//! Three passes: `order` says what must stand before what, and how each type is laid out by a compiler; `names` gives
//! names that are free; [`print()`] writes. What C cannot say is padded or renamed, so that sizes and offsets stay:
//!
//! - gaps are unnamed bit fields, and a struct whose members stand where they would not by themselves is packed;
//! - a name that C or another type has already gets a suffix, `___2`, which CO-RE passes over.

mod names;
mod order;
mod print;
mod show;
#[cfg(test)]
mod tests;

pub use print::Printer;
pub use show::{Part, show};

use super::blob::{Entry, Name, View};
use super::{Blob, Btf, Error, Member, TypeId};
use crate::isa::Endian;
use crate::text::Text;

/// `BTF_KIND_*`.
const ARRAY: u8 = 3;
const STRUCT: u8 = 4;
const UNION: u8 = 5;
const ENUM: u8 = 6;
const FWD: u8 = 7;
const TYPEDEF: u8 = 8;
const RESTRICT: u8 = 11;
const FUNC: u8 = 12;
const TYPE_TAG: u8 = 18;
const ENUM64: u8 = 19;

/// What stands before the types: those who include it get accesses that are relocated.
pub const HEAD: &str = "\
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

";

/// What stands behind the types.
pub const TAIL: &str = "\
#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
";

/// All types as C.
///
/// # Errors
/// A type that contains itself, or whose anonymous parts are nested too deep; what BTF has no room for.
pub fn print(btf: &Btf) -> Result<String, Error> {
    let bytes = btf.encode(Endian::HOST)?;
    let blob = Blob::new(&bytes)?;
    let mut out = Text::from(HEAD);
    let mut printer = Printer::new(&blob, blob.iter().map(|(id, _)| id))?;
    while printer.next(&mut out)? {}
    out.push_str(TAIL);
    Ok(out.into())
}

/// A member's place and, where it is a bit field, its width. Compilers of old have the latter in the type.
pub(super) fn place(blob: &Blob, member: &Member<Name>) -> (u32, u8) {
    if member.bit_size == 0
        && blob.has_bit_ints()
        && let Some(View::Int { size, offset, bits, .. }) =
            blob.get(blob.resolve(member.ty)).map(|t| t.view())
        && u32::from(bits) != size.saturating_mul(8)
    {
        return (member.bit_offset.saturating_add(offset.into()), bits);
    }
    (member.bit_offset, member.bit_size)
}
