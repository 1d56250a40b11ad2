//! Data sections as BTF describes them: a VAR for each variable, a DATASEC for each section.

use std::collections::HashMap;

use super::{Btf, Builder, Error, Kind, SecInfo, Type, TypeId, VarLinkage};
use crate::object::{Data, Linkage};
use crate::sort::Sort;

/// Adds a variable for each variable that has a type, and the sections that hold them.
///
/// A section without such a variable gets none: the kernel knows no empty DATASEC that is of use.
///
/// # Errors
/// [`Error::Declare`] for a variable that lies outside its section or is smaller than its type, and for a
/// section beyond 4 GiB.
pub fn declare(btf: &mut Btf, sections: &[Data]) -> Result<(), Error> {
    let mut types = Builder::from(std::mem::take(btf));
    let result = sections.iter().try_for_each(|s| section(&mut types, s));
    *btf = types.finish();
    result
}

/// The types of variables in a section, by their names.
pub(crate) fn types<'a>(btf: &'a Btf, vars: &[SecInfo]) -> HashMap<&'a str, TypeId> {
    let var = |info: &SecInfo| btf.get(info.var);
    let typed = |ty: &'a Type| match ty.kind {
        Kind::Var { ty: of, .. } => Some((ty.name.as_str(), of)),
        _ => None,
    };
    vars.iter().filter_map(var).filter_map(typed).collect()
}

fn section(types: &mut Builder, section: &Data) -> Result<(), Error> {
    let wrong = |name: &str, what| Error::Declare { name: name.into(), what };
    let mut vars = vec![];
    for var in &section.vars {
        let Some(ty) = var.ty else { continue };
        if u64::from(var.offset) + u64::from(var.size) > section.size() {
            return Err(wrong(&var.name, "the variable lies outside its section"));
        }
        if types.btf().size_of(ty).is_some_and(|needed| needed > var.size) {
            return Err(wrong(&var.name, "the variable is smaller than its type"));
        }
        let linkage = match var.linkage {
            Linkage::Static => VarLinkage::STATIC,
            Linkage::Global => VarLinkage::GLOBAL,
        };
        let id = types.add(Type::named(&var.name, Kind::Var { ty, linkage }));
        vars.push(SecInfo { var: id, offset: var.offset, size: var.size });
    }
    if !vars.is_empty() {
        vars.order_by_key(|v| v.offset);
        let size = u32::try_from(section.size());
        let size = size.map_err(|_| wrong(&section.name, "the section is longer than 4 GiB"))?;
        types.add(Type::named(&section.name, Kind::DataSec { size, vars }));
    }
    Ok(())
}
