//! What LLVM 19 takes eight bytes for.
//!
//! `llvm-objdump` looks at fewer fields of an instruction than a kernel does: it prints `r1 += 5` whatever stands in
//! the source register. It knows `r11`, and of the narrow atomics only addition.

use super::form::{LD_IMM64, same_code};
use super::{AtomicOp, Endian, Field, Form, Insn, SLOT, Size, Syntax};

/// The largest register that LLVM prints.
const LAST_REGISTER: u8 = 11;

impl Insn {
    /// The instruction at the start of bytes: what LLVM takes it to be, if anything, and how many bytes of it there
    /// are. None where it is cut short.
    pub(crate) fn decode_llvm(bytes: &[u8], endian: Endian) -> Option<(Insn, Option<Syntax>, usize)> {
        let (first, rest) = bytes.split_first_chunk::<SLOT>()?;
        let mut insn = Insn::from_slot(*first, endian);
        let Some(syntax) = insn.llvm() else { return Some((insn, None, SLOT)) };
        if insn.code != LD_IMM64 {
            return Some((insn, Some(syntax), SLOT));
        }
        // Whatever stands in the other half of the second slot.
        let second = Insn::from_slot(*rest.first_chunk::<SLOT>()?, endian);
        // It drops the upper half of what is no plain number.
        insn.hi = Some(if insn.src == 0 { second.imm } else { 0 });
        Some((insn, Some(syntax), 2 * SLOT))
    }

    fn llvm(&self) -> Option<Syntax> {
        if self.code == LD_IMM64 {
            let sound = self.dst <= LAST_REGISTER && self.off == 0;
            return sound.then_some(Syntax::LoadImm64(self.src));
        }
        let mut forms = same_code(self.code).map(|(form, _)| form);
        forms.find(|form| form.is_for_llvm(self)).map(|form| form.syntax)
    }
}

impl Form {
    fn is_for_llvm(&self, insn: &Insn) -> bool {
        let register = |field: Field, value: u8| field != Field::Operand || value <= LAST_REGISTER;
        register(self.dst, insn.dst)
            && register(self.src, insn.src)
            && match self.syntax {
                Syntax::Alu(..) | Syntax::MovSx(..) | Syntax::AddrSpaceCast => {
                    self.off.takes(insn.off.into())
                }
                Syntax::Swap(..) | Syntax::Exit => self.imm.takes(insn.imm),
                // The operation is in bits 4 to 7; bit 0 to 3 of other numbers than 1 are not looked at.
                Syntax::Lock(AtomicOp::Add, Size::W) => insn.imm & 0xf0 == 0,
                Syntax::Lock(_, Size::DW) => insn.imm & 0xf != 1 && self.imm.takes(insn.imm & 0xf0),
                Syntax::Fetch(_, Size::DW) | Syntax::Xchg(Size::DW) | Syntax::CmpXchg(Size::DW) => {
                    self.imm.takes(insn.imm & 0xff)
                }
                Syntax::Lock(..) | Syntax::Fetch(..) | Syntax::Xchg(_) | Syntax::CmpXchg(_) => false,
                // Of the kernel, of GNU as, and of later releases.
                Syntax::MovPercpu
                | Syntax::Nospec
                | Syntax::Neg(_, super::Rhs::Reg)
                | Syntax::Load(Size::DW, true)
                | Syntax::LoadAcquire(_)
                | Syntax::StoreRelease(_)
                | Syntax::Gotox => false,
                _ => true,
            }
    }
}
