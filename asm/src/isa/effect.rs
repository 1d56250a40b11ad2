//! What an instruction does, as far as its fields say it.

use super::{Insn, Syntax};

impl Insn {
    /// Whether control never goes on behind it.
    #[must_use]
    pub fn ends(&self) -> bool {
        let syntax = self.form().map(|f| f.syntax);
        matches!(syntax, Some(Syntax::Exit | Syntax::Goto | Syntax::Gotol | Syntax::Gotox))
    }

    /// The same jump to so many slots further, counted from the next one; nothing if it is no jump, or cannot go so far.
    #[must_use]
    pub fn with_distance(&self, distance: i64) -> Option<Insn> {
        Some(match self.form()?.syntax {
            Syntax::Goto | Syntax::MayGoto | Syntax::If(..) => {
                Insn { off: i16::try_from(distance).ok()?, ..*self }
            }
            Syntax::Gotol => Insn { imm: i32::try_from(distance).ok()?, ..*self },
            _ => return None,
        })
    }
}

impl Syntax {
    /// How many slots a jump goes, counted from the next one; nothing for what is no jump.
    #[must_use]
    pub fn distance(self, insn: &Insn) -> Option<i32> {
        match self {
            Syntax::Goto | Syntax::MayGoto | Syntax::If(..) => Some(insn.off.into()),
            Syntax::Gotol => Some(insn.imm),
            _ => None,
        }
    }

    /// The register that an instruction writes, apart from what a call does to r0 to r5.
    #[must_use]
    pub fn written(self, insn: &Insn) -> Option<u8> {
        match self {
            Syntax::Alu(..)
            | Syntax::MovSx(..)
            | Syntax::AddrSpaceCast
            | Syntax::MovPercpu
            | Syntax::Neg(..)
            | Syntax::Swap(..)
            | Syntax::Load(..)
            | Syntax::LoadAcquire(_)
            | Syntax::LoadImm64(_) => Some(insn.dst),
            Syntax::Fetch(..) | Syntax::Xchg(_) => Some(insn.src),
            Syntax::CmpXchg(_) | Syntax::LoadAbs(_) | Syntax::LoadInd(_) => Some(0),
            _ => None,
        }
    }
}
