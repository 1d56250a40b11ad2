//! What an object asks for that is not done yet: said by name, never left out.

use super::Layout;
use crate::error::{Error, Result};
use bpfasm_asm::object::{DataKind, ExternKind, Object, Symbol};
use bpfasm_asm::uapi::MapType;
use std::collections::BTreeSet;

/// Refuses programs that cannot work without it.
pub(super) fn check(object: &Object, layouts: &[Layout]) -> Result<()> {
    for map in &object.maps {
        if let Some(what) = &map.unknown {
            let what = format!("a definition that is understood: {what}");
            return Err(Error::Needs { name: map.name.clone(), what });
        }
    }
    for func in layouts.iter().flat_map(|l| &l.parts).filter_map(|p| object.funcs.get(p.func)) {
        let needs = |what| Error::Needs { name: func.name.clone(), what };
        if !func.tail.is_empty() {
            return Err(needs("whole instructions: bytes of half a one stand at its end".into()));
        }
        for r in &func.refs {
            let index = match r.to {
                Symbol::Data(index, _) => index,
                Symbol::Unknown => {
                    let kind = r.reloc.as_deref().map_or(0, |reloc| reloc.kind);
                    return Err(needs(format!(
                        "instruction {} filled in, by a relocation of type {kind}",
                        r.insn
                    )));
                }
                _ => continue,
            };
            match object.data.get(index) {
                Some(data)
                    if data.kind == DataKind::Arena
                        && !object.maps.iter().any(|m| m.kind == MapType::ARENA) =>
                {
                    return Err(needs("an arena, which the object does not have".into()));
                }
                Some(data) if data.kind == DataKind::Other => {
                    return Err(needs(format!("section `{}`, which is no section of data", data.name)));
                }
                _ => {}
            }
        }
        let external = func.refs.iter().find_map(|r| match r.to {
            Symbol::Extern(index) => object.externs.get(index),
            _ => None,
        });
        let external = external.filter(|ext| !matches!(ext.kind, ExternKind::Ksym | ExternKind::Kconfig));
        if let Some(external) = external {
            return Err(needs(match external.kind {
                ExternKind::Ksym | ExternKind::Kconfig | ExternKind::Object => {
                    format!("`{}` of another object", external.name)
                }
                ExternKind::Common { .. } | ExternKind::Absolute(_) => {
                    format!("symbol `{}`, which stands in no section", external.name)
                }
            }));
        }
    }
    Ok(())
}

/// What data holds and cannot have in the kernel, for these sections.
pub(super) fn notes<'o>(object: &'o Object, used: &'o BTreeSet<usize>) -> impl Iterator<Item = String> + 'o {
    let with_addresses = object.data.iter().enumerate().filter(|(index, data)| {
        used.contains(index) && !data.refs.is_empty() && data.kind != DataKind::StructOps
    });
    with_addresses.map(|(_, data)| {
        let count = data.refs.len();
        let name = &data.name;
        format!("section `{name}` holds addresses ({count}), which a map cannot: they are 0")
    })
}
