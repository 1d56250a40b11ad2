//! AArch64.

use bpfasm_asm::dump::Machine;
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction, Opcode, Operand};

use super::Insns;

/// Bytes of an instruction; they are little endian whatever the order of data is.
const WORD: usize = 4;

/// The instructions of a function, and the address that each calls or jumps to outside of it.
pub(super) fn insns(bytes: &[u8], address: u64) -> Insns {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let decoder = InstDecoder::default();
    let mut loaded = Loaded::default();
    let mut insns = vec![];
    for (offset, word) in (0..).step_by(WORD).zip(bytes.chunks(WORD)) {
        let insn = decoder.decode(&mut U8Reader::new(word)).ok();
        let mut outside = None;
        let text = match &insn {
            None => "(bad)".into(),
            Some(insn) => match place(insn) {
                // Places in the function are counted from its start; others have their address.
                Some(distance) => {
                    let target = offset_by(offset, distance);
                    outside = (target >= size).then(|| address.wrapping_add(target));
                    relative(insn, outside.unwrap_or(target))
                }
                None => hint(insn).map_or_else(|| insn.to_string(), str::to_string),
            },
        };
        if let Some(insn) = &insn {
            outside = outside.or_else(|| loaded.follow(insn));
        }
        insns.push((Machine { offset, bytes: word.to_vec(), text }, outside));
    }
    insns
}

fn offset_by(offset: u64, distance: i64) -> u64 {
    offset.wrapping_add_signed(distance)
}

/// How far away the place is that an instruction names.
fn place(insn: &Instruction) -> Option<i64> {
    insn.operands.iter().find_map(|operand| match operand {
        Operand::PCOffset(distance) => Some(*distance),
        _ => None,
    })
}

/// An instruction with a place instead of the distance to it, which is its last operand.
fn relative(insn: &Instruction, target: u64) -> String {
    let text = insn.to_string();
    let head = text.split_once('$').map_or(text.as_str(), |(head, _)| head);
    format!("{head}{target:#x}")
}

/// The names of hints that say where a branch may land.
fn hint(insn: &Instruction) -> Option<&'static str> {
    let [Operand::ControlReg(4), Operand::Immediate(number), ..] = insn.operands else { return None };
    let names = [(0, "bti"), (2, "bti c"), (4, "bti j"), (6, "bti jc")];
    names.iter().find(|(known, _)| insn.opcode == Opcode::HINT && *known == number).map(|(_, name)| *name)
}

/// A register that instructions one after the other put an address into, 16 bits at a time.
#[derive(Debug, Default)]
struct Loaded(Option<(u16, u64)>);

impl Loaded {
    /// Takes an instruction; gives the address where it is a branch to the one that was loaded.
    fn follow(&mut self, insn: &Instruction) -> Option<u64> {
        let before = self.0.take();
        match (insn.opcode, insn.operands) {
            (Opcode::BLR | Opcode::BR, [Operand::Register(_, register), ..]) => {
                before.filter(|(loaded, _)| *loaded == register).map(|(_, address)| address)
            }
            (opcode, [Operand::Register(_, register), Operand::ImmShift(part, shift), ..]) => {
                let part = u64::from(part).checked_shl(shift.into())?;
                let mask = 0xffff_u64.checked_shl(shift.into())?;
                let value = match opcode {
                    Opcode::MOVZ => part,
                    Opcode::MOVN => !part,
                    Opcode::MOVK => before.filter(|(loaded, _)| *loaded == register)?.1 & !mask | part,
                    _ => return None,
                };
                self.0 = Some((register, value));
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::insns;

    fn decode(words: &[u32], address: u64) -> (Vec<String>, Vec<Option<u64>>) {
        let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let insns = insns(&code, address);
        let all: Vec<u8> = insns.iter().flat_map(|(machine, _)| machine.bytes.clone()).collect();
        assert_eq!(all, code);
        insns.into_iter().map(|(machine, callee)| (machine.text, callee)).unzip()
    }

    #[test]
    fn begin_and_end_of_a_program() {
        let words = [
            0xd503_245f,
            0xaa1e_03e9,
            0xd503_201f,
            0xd503_233f,
            0xa9bf_7bfd,
            0x9100_03fd,
            0xa9bf_53f3,
            0xa9bf_5bf5,
            0xa9bf_67fa,
            0xaa1f_03fa,
            0x9100_03f9,
            0xd503_249f,
            0xd100_43ff,
            0x5280_0007,
            0x9100_43ff,
            0xa8c1_67fa,
            0xa8c1_5bf5,
            0xa8c1_53f3,
            0xa8c1_7bfd,
            0xaa07_03e0,
            0xd503_23bf,
            0xd65f_03c0,
        ];
        let (texts, _) = decode(&words, 0x1000);
        let want = "bti c; mov x9, x30; nop; paciasp; stp x29, x30, [sp, #-0x10]!; mov x29, sp; \
            stp x19, x20, [sp, #-0x10]!; stp x21, x22, [sp, #-0x10]!; stp x26, x25, [sp, #-0x10]!; mov x26, xzr; \
            mov x25, sp; bti j; sub sp, sp, #0x10; mov w7, #0x0; add sp, sp, #0x10; ldp x26, x25, [sp], #0x10; \
            ldp x21, x22, [sp], #0x10; ldp x19, x20, [sp], #0x10; ldp x29, x30, [sp], #0x10; mov x0, x7; autiasp; ret";
        assert_eq!(texts.join("; "), want);
    }

    #[test]
    fn places_within_and_without() {
        // An address in x10 and a call of it; places; a call of what is no longer known; half an instruction.
        let words = [
            0x929d_b98a,
            0xf2b0_246a,
            0xf2d0_000a,
            0xd63f_0140,
            0x54ff_ff80,
            0xb400_0047,
            0x9400_0100,
            0xd63f_0140,
            0xffff_ffff,
        ];
        let (texts, callees) = decode(&words, 0x1000);
        let want = "mov x10, #0xffffffffffff1233; movk x10, #0x8123, lsl #16; movk x10, #0x8000, lsl #32; blr x10; \
            b.eq 0x0; cbz x7, 0x1c; bl 0x1418; blr x10; (bad)";
        assert_eq!(texts.join("; "), want);
        let none = None;
        assert_eq!(
            callees,
            [none, none, none, Some(0xffff_8000_8123_1233), none, none, Some(0x1418), none, none]
        );
        let short = insns(&[0x1f, 0x20], 0);
        assert!(short.len() == 1 && short[0].0.text == "(bad)" && short[0].0.bytes == [0x1f, 0x20]);
    }

    #[test]
    fn no_word_is_too_odd() {
        // Numbers that look random, and all bits of the word take part.
        let words: Vec<u8> =
            (0..1u32 << 18).flat_map(|n| n.wrapping_mul(0x9e37_79b1).rotate_left(7).to_le_bytes()).collect();
        assert_eq!(insns(&words, 0).len(), 1 << 18);
    }
}
