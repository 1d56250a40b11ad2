//! CO-RE records in words: what of which type, as the program knows it.

use std::fmt::Write;

use crate::btf::{Btf, Kind};
use crate::object::{CoreKind, CoreRelo, Step};

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
    let (first, steps) = relo.steps(btf)?;
    match relo.kind {
        CoreKind::ENUM_EXISTS | CoreKind::ENUM_VALUE => {
            let (Kind::Enum { values, .. } | Kind::Enum64 { values, .. }) = &root.kind else { return None };
            let _ = write!(path, ".{}", values.get(usize::try_from(first).ok()?)?.name);
        }
        _ if first != 0 => {
            let _ = write!(path, "[{first}]");
        }
        _ => {}
    }
    for step in steps {
        let _ = match step {
            Step::Member(member) if member.name.is_empty() => Ok(()),
            Step::Member(member) => write!(path, ".{}", member.name),
            Step::Element { number, .. } => write!(path, "[{number}]"),
        };
    }
    Some(path)
}
