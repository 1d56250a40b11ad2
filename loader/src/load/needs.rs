//! What an object asks for that is not done yet: said by name, never left out.

use super::Layout;
use crate::error::{Error, Result};
use bpfasm_asm::object::{ExternKind, Object, Symbol};

/// Refuses programs that cannot work without it.
pub(super) fn check(object: &Object, layouts: &[Layout]) -> Result<()> {
    for func in layouts.iter().flat_map(|l| &l.parts).filter_map(|p| object.funcs.get(p.func)) {
        let needs = |what| Error::Needs { name: func.name.clone(), what };
        if let Some(relo) = func.core.first() {
            let name = object.btf.get(relo.ty).map_or("", |ty| ty.name.as_str());
            return Err(needs(format!("the layout of `{name}` in this kernel (CO-RE)")));
        }
        let external = func.refs.iter().find_map(|r| match r.to {
            Symbol::Extern(index) => object.externs.get(index),
            _ => None,
        });
        if let Some(external) = external {
            return Err(needs(match external.kind {
                ExternKind::Ksym => format!("`{}` of the kernel", external.name),
                ExternKind::Kconfig => format!("`{}` of the kernel's configuration", external.name),
                ExternKind::Object => format!("`{}` of another object", external.name),
            }));
        }
    }
    Ok(())
}
