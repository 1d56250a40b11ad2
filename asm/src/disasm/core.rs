//! CO-RE records as the functions that write them in source, where these give the same record and the same value.

use std::fmt::Write;

use super::names::word;
use crate::btf::{Btf, IntEncoding, Kind};
use crate::isa::{Insn, Rhs, Syntax};
use crate::object::{CoreKind, CoreRelo};

/// `core(task_struct.pid)`, to stand for the value of an instruction.
pub(super) fn text(btf: &Btf, relo: &CoreRelo, insn: &Insn) -> Option<String> {
    let root = btf.get(relo.ty)?;
    // The name must be that of one type only, for source would take the first of them.
    let mut same = btf.iter().filter(|(_, ty)| ty.name == root.name && is_named_alike(&ty.kind, &root.kind));
    if root.name.is_empty() || same.next()?.0 != relo.ty || same.next().is_some() {
        return None;
    }
    let mut path = word(&root.name).into_owned();
    let value = match relo.kind {
        CoreKind::TYPE_EXISTS | CoreKind::TYPE_MATCHES if relo.access == "0" => 1,
        CoreKind::TYPE_SIZE if relo.access == "0" => btf.size_of(relo.ty)?.into(),
        CoreKind::TYPE_ID_LOCAL if relo.access == "0" => relo.ty.0.into(),
        CoreKind::ENUM_EXISTS | CoreKind::ENUM_VALUE => {
            let (Kind::Enum { values, .. } | Kind::Enum64 { values, .. }) = &root.kind else { return None };
            let found = values.get(relo.access.parse::<usize>().ok()?)?;
            let _ = write!(path, ".{}", word(&found.name));
            if relo.kind == CoreKind::ENUM_EXISTS { 1 } else { found.value }
        }
        _ => field(btf, relo, &mut path)?,
    };
    (held(insn)? == value).then(|| format!("{}({path})", relo.kind.function().unwrap_or_default()))
}

/// Whether source cannot tell which of two types a name means.
fn is_named_alike<S>(a: &Kind<S>, b: &Kind<S>) -> bool {
    let names_type = |kind: &Kind<S>| {
        use Kind::{Enum, Enum64, Fwd, Struct, Typedef, Union};
        matches!(kind, Struct { .. } | Union { .. } | Enum { .. } | Enum64 { .. } | Typedef(_) | Fwd { .. })
    };
    names_type(a) && names_type(b)
}

/// The value of an instruction that such a function would stand for.
fn held(insn: &Insn) -> Option<i64> {
    match insn.form()?.syntax {
        Syntax::Alu(_, _, Rhs::Imm) => Some(insn.imm.into()),
        Syntax::Load(..) | Syntax::Store(..) => Some(insn.off.into()),
        Syntax::LoadImm64(0) => Some(insn.imm64()),
        _ => None,
    }
}

/// Follows the numbers of members and elements: appends their names to `path` and gives the value.
fn field(btf: &Btf, relo: &CoreRelo, path: &mut String) -> Option<i64> {
    let mut numbers = relo.access.split(':').map(|number| number.parse::<usize>().ok());
    if numbers.next()?? != 0 || relo.access.len() == 1 {
        return None;
    }
    let (mut ty, mut bits, mut width, mut named) = (relo.ty, 0u64, 0, false);
    for number in numbers {
        let number = number?;
        match btf.resolved(ty)? {
            Kind::Struct { members, .. } | Kind::Union { members, .. } => {
                let member = members.get(number)?;
                named = !member.name.is_empty();
                if named {
                    let _ = write!(path, ".{}", word(&member.name));
                }
                bits += u64::from(member.bit_offset);
                (ty, width) = (member.ty, member.bit_size);
            }
            Kind::Array { elem, len, .. } if number < usize::try_from(*len).ok()? => {
                let _ = write!(path, "[{number}]");
                bits += u64::from(btf.size_of(*elem)?) * 8 * u64::try_from(number).ok()?;
                (ty, named) = (*elem, true);
            }
            _ => return None,
        }
    }
    match relo.kind {
        // A member without a name is reached through its own members only.
        _ if !named => None,
        CoreKind::FIELD_EXISTS => Some(1),
        // Where a bit field begins, and how far it is shifted, is the compiler's choice.
        _ if width != 0 => None,
        CoreKind::FIELD_OFFSET => i64::try_from(bits / 8).ok(),
        CoreKind::FIELD_SIZE => Some(btf.size_of(ty)?.into()),
        CoreKind::FIELD_SIGNED => match btf.resolved(ty)? {
            Kind::Int { encoding, .. } => Some(i64::from(encoding.0 & IntEncoding::SIGNED.0 != 0)),
            _ => None,
        },
        _ => None,
    }
}
