//! CO-RE records as the functions that write them in source, where these give the same record and the same value.

use std::fmt::Write;

use super::names::{Names, word};
use super::usable::width;
use crate::btf::{Btf, IntEncoding, Kind};
use crate::isa::{Insn, Rhs, Syntax};
use crate::object::{CoreKind, CoreRelo, Step};

/// `core(task_struct.pid)`, to stand for the value of an instruction.
pub(super) fn text(btf: &Btf, names: &Names, relo: &CoreRelo, insn: &Insn) -> Option<String> {
    let root = btf.get(relo.ty)?;
    if !names.is_only_type(&root.name, relo.ty) || !names.is_usable(btf, relo.ty) {
        return None;
    }
    let mut path = word(&root.name)?.into_owned();
    let value = match relo.kind {
        CoreKind::TYPE_EXISTS | CoreKind::TYPE_MATCHES if relo.access == "0" => 1,
        CoreKind::TYPE_SIZE if relo.access == "0" => btf.size_of(relo.ty)?.into(),
        CoreKind::TYPE_ID_LOCAL if relo.access == "0" => relo.ty.0.into(),
        CoreKind::ENUM_EXISTS | CoreKind::ENUM_VALUE => {
            let (Kind::Enum { values, .. } | Kind::Enum64 { values, .. }) = &root.kind else { return None };
            let found = values.get(relo.access.parse::<usize>().ok()?)?;
            let _ = write!(path, ".{}", word(&found.name)?);
            if relo.kind == CoreKind::ENUM_EXISTS { 1 } else { found.value }
        }
        _ => field(btf, relo, &mut path)?,
    };
    (held(insn, relo.kind)? == value).then(|| format!("{}({path})", relo.kind.function().unwrap_or_default()))
}

/// The value of an instruction that such a function would stand for.
fn held(insn: &Insn, kind: CoreKind) -> Option<i64> {
    match insn.form()?.syntax {
        Syntax::Alu(_, _, Rhs::Imm) => Some(insn.imm.into()),
        Syntax::Load(..) | Syntax::Store(..) if kind == CoreKind::FIELD_OFFSET => Some(insn.off.into()),
        Syntax::LoadImm64(0) => Some(insn.imm64()),
        _ => None,
    }
}

/// Follows an access: appends the names of members and numbers of elements to `path` and gives the value.
fn field(btf: &Btf, relo: &CoreRelo, path: &mut String) -> Option<i64> {
    let (first, steps) = relo.steps(btf)?;
    let (mut ty, mut bits, mut bit_field, mut named) = (relo.ty, 0u64, false, false);
    for step in steps {
        // A bit field has no parts.
        if bit_field {
            return None;
        }
        match step {
            Step::Member(member) => {
                named = !member.name.is_empty();
                if named {
                    let _ = write!(path, ".{}", word(&member.name)?);
                }
                bits += u64::from(member.bit_offset);
                (ty, bit_field) = (member.ty, width(btf, member) != 0);
            }
            Step::Element { number, of, elem } if number < of => {
                let _ = write!(path, "[{number}]");
                bits += u64::from(btf.size_of(elem)?) * 8 * u64::from(number);
                (ty, named) = (elem, true);
            }
            Step::Element { .. } => return None,
        }
    }
    match relo.kind {
        // A member without a name is reached through its own members only.
        _ if !named || first != 0 => None,
        CoreKind::FIELD_EXISTS => Some(1),
        // Where a bit field begins, and how far it is shifted, is the compiler's choice.
        _ if bit_field => None,
        CoreKind::FIELD_OFFSET => i64::try_from(bits / 8).ok(),
        CoreKind::FIELD_SIZE => Some(btf.size_of(ty)?.into()),
        CoreKind::FIELD_SIGNED => match btf.resolved(ty)? {
            Kind::Int { encoding, .. } => Some(i64::from(encoding.0 & IntEncoding::SIGNED.0 != 0)),
            _ => None,
        },
        _ => None,
    }
}
