//! Symbols that stand in no section of the file.

use std::collections::HashMap;

use goblin::elf::sym::{STT_FILE, STT_SECTION};

use super::file::{File, Home};
use super::read::Index;
use crate::btf::{Btf, FuncLinkage, Kind, TypeId, VarLinkage};
use crate::object::{Anchor, Extern, ExternKind, Object};

/// Reads them, in the order of the symbol table.
pub(super) fn read(file: &File, object: &mut Object, index: &mut Index) {
    let declared = declared(&object.btf);
    for (number, symbol) in file.symbols.iter().enumerate() {
        if symbol.name.is_empty() || !symbol.is_global() || matches!(symbol.kind, STT_SECTION | STT_FILE) {
            continue;
        }
        let known = declared.get(symbol.name.as_ref()).copied();
        let kind = match symbol.home {
            Home::Undefined => known.map_or(ExternKind::Object, |(_, kind)| kind),
            Home::Common => ExternKind::Common { size: symbol.size, align: symbol.value },
            Home::Absolute => ExternKind::Absolute(symbol.value),
            Home::Section(_) => continue,
        };
        index.anchors[number] = Anchor::Extern(object.externs.len());
        object.externs.push(Extern {
            name: symbol.name.clone().into_owned(),
            kind,
            weak: symbol.weak,
            hidden: symbol.hidden,
            btf: known.map(|(ty, _)| ty).filter(|_| symbol.home == Home::Undefined),
        });
    }
}

/// The functions and variables with external linkage, by name, and where each is looked for.
fn declared(btf: &Btf) -> HashMap<&str, (TypeId, ExternKind)> {
    let mut declared = HashMap::new();
    for (id, ty) in btf.iter() {
        if let Kind::Func { linkage: FuncLinkage::EXTERN, .. }
        | Kind::Var { linkage: VarLinkage::EXTERN, .. } = ty.kind
        {
            declared.insert(ty.name.as_str(), (id, ExternKind::Object));
        }
    }
    for kind in [ExternKind::Ksym, ExternKind::Kconfig] {
        let section = btf.datasec(kind.section()).and_then(|id| btf.get(id));
        let Some(Kind::DataSec { vars, .. }) = section.map(|t| &t.kind) else { continue };
        for var in vars {
            let name = btf.get(var.var).map_or("", |t| t.name.as_str());
            if let Some(known) = declared.get_mut(name).filter(|known| known.0 == var.var) {
                known.1 = kind;
            }
        }
    }
    declared
}
