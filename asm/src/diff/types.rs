//! Named types, told as a line that two objects can be compared by.

use std::fmt::Write;

use crate::btf::{Btf, Kind, TypeId};

/// So deep a type is told; what lies deeper is the same for us.
const DEPTH: usize = 8;

/// Structs, unions and enums with a name: the name, and what they are.
pub(super) fn named(btf: &Btf) -> Vec<(String, String)> {
    let all = btf.iter().filter(|(_, ty)| !ty.name.is_empty());
    let told = all.filter_map(|(_, ty)| {
        let mut text = String::new();
        let word = match &ty.kind {
            Kind::Struct { size, members, .. } | Kind::Union { size, members, .. } => {
                let _ = write!(text, "{size} bytes:");
                for m in members {
                    let _ = write!(text, " {}@{}", m.name, m.bit_offset / 8);
                    if m.bit_size != 0 || m.bit_offset % 8 != 0 {
                        let _ = write!(text, ".{}:{}", m.bit_offset % 8, m.bit_size);
                    }
                    let _ = write!(text, " {}", name(btf, m.ty));
                }
                if matches!(ty.kind, Kind::Struct { .. }) { "struct" } else { "union" }
            }
            Kind::Enum { values, size, .. } | Kind::Enum64 { values, size, .. } => {
                let _ = write!(text, "{size} bytes:");
                values.iter().for_each(|v| {
                    let _ = write!(text, " {}={}", v.name, v.value);
                });
                "enum"
            }
            _ => return None,
        };
        Some((format!("{word} {}", ty.name), text))
    });
    told.collect()
}

/// A type in a few words.
pub(super) fn name(btf: &Btf, id: TypeId) -> String {
    told(btf, id, DEPTH)
}

fn told(btf: &Btf, id: TypeId, depth: usize) -> String {
    let Some(ty) = btf.get(id).filter(|_| depth > 0) else { return "void".into() };
    let of = |id| told(btf, id, depth - 1);
    match &ty.kind {
        Kind::Ptr(to) => format!("*{}", of(*to)),
        Kind::Array { elem, len, .. } => format!("{}[{len}]", of(*elem)),
        Kind::Const(to) | Kind::Volatile(to) | Kind::Restrict(to) | Kind::TypeTag { ty: to, .. } => of(*to),
        _ if !ty.name.is_empty() => ty.name.clone(),
        Kind::Struct { size, .. } | Kind::Union { size, .. } => format!("({size} bytes)"),
        _ => ty.kind.word().to_lowercase(),
    }
}
