//! CO-RE relocations, with the types that they are about.

use super::types::TypeWriter;
use crate::expand::{CoreTy, PlainFunc};
use crate::isa::Insn;
use crate::object::{CoreKind, CoreRelo};

impl TypeWriter<'_> {
    /// Those of a function.
    pub(super) fn core(&mut self, func: &PlainFunc) -> Vec<CoreRelo> {
        let relo = |core: &crate::expand::PlainCore| CoreRelo {
            insn: core.insn,
            ty: match core.ty {
                CoreTy::Declared(ty) => self.id(ty),
                CoreTy::Given(id) => id,
            },
            access: core.access.clone(),
            kind: core.kind,
        };
        func.core.iter().map(relo).collect()
    }
}

/// Fills in the number of a type, which is known only now. Other values have been filled in.
pub(super) fn fill(relo: &CoreRelo, insn: &mut Insn) {
    if matches!(relo.kind, CoreKind::TYPE_ID_LOCAL | CoreKind::TYPE_ID_TARGET) {
        insn.imm = relo.ty.0.cast_signed();
    }
}
