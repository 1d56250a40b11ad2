//! CO-RE records in words: what of which type, as the program knows it.

use std::fmt::Write;

use crate::btf::{Btf, Kind};
use crate::object::{CoreKind, CoreRelo};

/// `core(task_struct.pid)`; where the types do not say what the record means, the record itself.
#[must_use]
pub fn text(btf: &Btf, relo: &CoreRelo) -> String {
    let function = relo.kind.function();
    match function.zip(path(btf, relo)) {
        Some((function, path)) => format!("{function}({path})"),
        None => format!("CO-RE kind {}, type {}, \"{}\"", relo.kind.0, relo.ty.0, relo.access),
    }
}

fn path(btf: &Btf, relo: &CoreRelo) -> Option<String> {
    let root = btf.get(relo.ty)?;
    let mut path = if root.name.is_empty() { format!("#{}", relo.ty.0) } else { root.name.to_string() };
    let mut numbers = relo.access.split(':').map(|number| number.parse::<usize>().ok());
    let first = numbers.next()??;
    match relo.kind {
        CoreKind::ENUM_EXISTS | CoreKind::ENUM_VALUE => {
            let (Kind::Enum { values, .. } | Kind::Enum64 { values, .. }) = &root.kind else { return None };
            let _ = write!(path, ".{}", values.get(first)?.name);
        }
        _ if first != 0 => {
            let _ = write!(path, "[{first}]");
        }
        _ => {}
    }
    let mut ty = relo.ty;
    for number in numbers {
        let number = number?;
        match btf.resolved(ty)? {
            Kind::Struct { members, .. } | Kind::Union { members, .. } => {
                let member = members.get(number)?;
                if !member.name.is_empty() {
                    let _ = write!(path, ".{}", member.name);
                }
                ty = member.ty;
            }
            Kind::Array { elem, .. } => {
                let _ = write!(path, "[{number}]");
                ty = *elem;
            }
            _ => return None,
        }
    }
    Some(path)
}
