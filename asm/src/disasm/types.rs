//! Types as they are written in declarations.

use std::borrow::Cow;

use crate::btf::{IntEncoding, Kind, TypeId};
use crate::expand::BUILTINS;
use crate::object::Object;

use super::names::{Names, word};

/// A type that has a size in bytes: by its name where it has one, else by its number. Without BTF it is just so many
/// bytes.
pub(super) fn text(object: &Object, names: &Names, ty: Option<TypeId>, size: u32) -> String {
    match ty {
        None => bytes(size),
        Some(id) => named(object, names, id).unwrap_or_else(|| format!("#{}", id.0)),
    }
}

/// A type with the layout of this one: what is `const`, say, is left out. Nothing where source cannot use it.
pub(super) fn layout(object: &Object, names: &Names, id: TypeId) -> Option<String> {
    let btf = &object.btf;
    if !names.is_usable(btf, id) {
        return None;
    }
    let mut id = id;
    while let Some(Kind::Const(of) | Kind::Volatile(of) | Kind::Restrict(of)) = btf.get(id).map(|ty| &ty.kind)
    {
        id = *of;
    }
    let ty = btf.get(id)?;
    match &ty.kind {
        Kind::Array { elem, len, .. } if *len > 0 => {
            let elem = layout(object, names, *elem).filter(|elem| !elem.ends_with(']'));
            Some(elem.map_or_else(|| format!("#{}", id.0), |elem| format!("{elem}[{len}]")))
        }
        Kind::Ptr(_) => None,
        // It might mean the language's own.
        Kind::Typedef(_) if BUILTINS.iter().any(|builtin| builtin.name == ty.name) => {
            Some(format!("#{}", id.0))
        }
        _ => Some(text(object, names, Some(id), 0)),
    }
}

/// So many bytes of no type.
fn bytes(size: u32) -> String {
    match size {
        1 => "u8".into(),
        2 => "u16".into(),
        4 => "u32".into(),
        8 => "u64".into(),
        _ => format!("u8[{size}]"),
    }
}

/// The name of a type, if that says which it is.
fn named(object: &Object, names: &Names, id: TypeId) -> Option<String> {
    let ty = object.btf.get(id)?;
    match &ty.kind {
        Kind::Int { size, encoding, offset: 0, bits } if size.checked_mul(8) == Some((*bits).into()) => {
            let sign = match *encoding {
                IntEncoding::BOOL if *size == 1 => return Some("bool".into()),
                IntEncoding::SIGNED if ty.name == "char" && *size == 1 => return Some("char".into()),
                IntEncoding::SIGNED => 's',
                IntEncoding::UNSIGNED => 'u',
                _ => return None,
            };
            matches!(size, 1 | 2 | 4 | 8).then(|| format!("{sign}{bits}"))
        }
        Kind::Struct { .. }
        | Kind::Union { .. }
        | Kind::Typedef(_)
        | Kind::Enum { .. }
        | Kind::Enum64 { .. } => {
            word(&ty.name).filter(|_| names.is_only_type(&ty.name, id)).map(Cow::into_owned)
        }
        _ => None,
    }
}
