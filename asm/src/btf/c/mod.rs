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

use super::{Btf, Error, Kind, Member, Type, TypeId};

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
/// A type that contains itself, or whose anonymous parts are nested too deep.
pub fn print<S: AsRef<str>>(btf: &Btf<S>) -> Result<String, Error> {
    let mut out = String::from(HEAD);
    let mut printer = Printer::new(btf, btf.iter().map(|(id, _)| id))?;
    while printer.next(&mut out)? {}
    out.push_str(TAIL);
    Ok(out)
}

/// A member's place and, where it is a bit field, its width. Compilers of old have the latter in the type.
pub(super) fn place<S>(btf: &Btf<S>, member: &Member<S>) -> (u32, u8) {
    match btf.resolved(member.ty) {
        Some(Kind::Int { size, offset, bits, .. })
            if member.bit_size == 0 && u32::from(*bits) != size.saturating_mul(8) =>
        {
            (member.bit_offset.saturating_add(u32::from(*offset)), *bits)
        }
        _ => (member.bit_offset, member.bit_size),
    }
}
