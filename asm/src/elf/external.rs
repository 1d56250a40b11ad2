//! Symbols that a file uses and does not define.

use std::collections::HashMap;

use super::file::File;
use crate::btf::{Btf, FuncLinkage, Kind, TypeId, VarLinkage};
use crate::object::{Extern, ExternKind, Object};

/// Reads them, in the order of the symbol table; gives for each its symbol's number.
pub(super) fn read(file: &File, object: &mut Object) -> HashMap<usize, usize> {
    let undefined = file.symbols.iter().enumerate().filter(|(_, s)| s.section == 0 && s.global);
    let undefined: Vec<_> = undefined.filter(|(_, s)| !s.name.is_empty()).collect();
    if undefined.is_empty() {
        return HashMap::new();
    }
    let declared = declared(&object.btf);
    let mut numbers = HashMap::new();
    for (number, symbol) in undefined {
        let known = declared.get(symbol.name).copied();
        numbers.insert(number, object.externs.len());
        object.externs.push(Extern {
            name: symbol.name.into(),
            kind: known.map_or(ExternKind::Object, |(_, kind)| kind),
            weak: symbol.weak,
            btf: known.map(|(ty, _)| ty),
            ..Extern::default()
        });
    }
    numbers
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
