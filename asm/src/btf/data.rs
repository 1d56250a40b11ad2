//! Data sections as BTF describes them: a VAR for each variable, a DATASEC for each section.

use super::{Btf, Builder, Error, Kind, SecInfo, Type, VarLinkage};
use crate::object::{Data, Linkage};

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

fn section(types: &mut Builder, section: &Data) -> Result<(), Error> {
    let wrong = |name: &str, what| Error::Declare { name: name.into(), what };
    let size = u32::try_from(section.size())
        .map_err(|_| wrong(&section.name, "the section is longer than 4 GiB"))?;
    let mut vars = vec![];
    for var in &section.vars {
        let Some(ty) = var.ty else { continue };
        if var.offset.checked_add(var.size).is_none_or(|end| end > size) {
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
        vars.sort_by_key(|v| v.offset);
        types.add(Type::named(&section.name, Kind::DataSec { size, vars }));
    }
    Ok(())
}
