//! An instruction with another value in it.

use super::Wrong;
use super::value::Value;
use crate::isa::Insn;

/// Stands in the place of an instruction whose value is not there: a call of a helper that no kernel has, which its
/// verifier refuses when it comes there, and only then. All loaders take this number, "bad relo".
pub const POISON: Insn = Insn { code: CALL, dst: 0, src: 0, off: 0, imm: 0x0bad_2310, hi: None };

const CALL: u8 = 0x85;
const LD_IMM64: u8 = 0x18;
/// The bit of arithmetic that takes a register.
const REGISTER: u8 = 0x08;
/// Sizes of loads and stores: bits of the opcode, and bytes.
const SIZES: [(u8, u32); 4] = [(0x00, 4), (0x08, 2), (0x10, 1), (0x18, 8)];
const SIZE: u8 = 0x18;

/// The instruction with the kernel's value in the place of the object's; nothing where a load of another size would
/// give something else.
pub(super) fn patched(insn: &Insn, ours: Value, theirs: Value) -> Result<Option<Insn>, Wrong> {
    let number = theirs.number;
    let held = |held: i64| match held.cast_unsigned() == ours.number || !ours.is_sure {
        true => Ok(()),
        false => Err(Wrong::Held { held, expected: ours.number.cast_signed() }),
    };
    let too_big = || Wrong::TooBig(number.cast_signed());
    match insn.code & 7 {
        // 32-bit and 64-bit arithmetic.
        4 | 7 if insn.code & REGISTER == 0 => {
            held(insn.imm.into())?;
            let narrow = || u32::try_from(number).ok().filter(|_| insn.code & 7 == 4).map(u32::cast_signed);
            let imm = i32::try_from(number.cast_signed()).ok().or_else(narrow).ok_or_else(too_big)?;
            Ok(Some(Insn { imm, ..*insn }))
        }
        // Load, store of a number, store.
        1..=3 => {
            held(insn.off.into())?;
            let off = i16::try_from(number).map_err(|_| too_big())?;
            let insn = Insn { off, ..*insn };
            match (ours.moved, theirs.moved) {
                (Some(a), Some(b)) if a.may_become(b) => resized(&insn, a.size, b.size).map(Some),
                (None, None) => Ok(Some(insn)),
                _ => Ok(None),
            }
        }
        0 if insn.code == LD_IMM64 && (insn.src, insn.off) == (0, 0) && insn.hi.is_some() => {
            // An enum of 32 bits that has no sign is filled up with zeros by compilers.
            let low = u64::from(u32::MAX);
            let is_low = insn.imm64().cast_unsigned() == ours.number & low;
            let mut insn = *insn;
            if is_low && ours.number > low {
                insn.set_imm64((number & low).cast_signed());
            } else {
                held(insn.imm64())?;
                insn.set_imm64(number.cast_signed());
            }
            Ok(Some(insn))
        }
        _ => Err(Wrong::Insn),
    }
}

/// A load or store of another size.
fn resized(insn: &Insn, old: u32, new: u32) -> Result<Insn, Wrong> {
    if old == new {
        return Ok(*insn);
    }
    let bits = |size| SIZES.iter().find(|(_, bytes)| *bytes == size).map(|(bits, _)| *bits);
    match (bits(old), bits(new)) {
        (Some(old), Some(new)) if insn.code & SIZE == old => {
            Ok(Insn { code: insn.code & !SIZE | new, ..*insn })
        }
        _ => Err(Wrong::Moved { old, new }),
    }
}
