//! Data sections.

use super::numbers::Numbers;
use super::types::TypeWriter;
use crate::expand::{PlainData, PlainVar, Program};
use crate::object::{Address, Data, Var};

/// The data sections of the object, in their order there.
pub(super) fn sections(program: &Program, types: &mut TypeWriter, numbers: &Numbers) -> Vec<Data> {
    let mut section = |plain: &PlainData| {
        let vars = plain.vars.iter().map(|plain| var(program, types, plain)).collect();
        plain.vars.iter().flat_map(|var| &var.tags).for_each(|tag| types.contained(tag));
        Data {
            name: plain.name.clone(),
            kind: plain.kind,
            form: plain.form,
            bytes: plain.bytes.clone(),
            room: plain.room,
            align: plain.align,
            vars,
            refs: plain.refs.iter().map(|plain| address(numbers, plain)).collect(),
        }
    };
    numbers.data.iter().map(|index| section(&program.data[*index])).collect()
}

fn var(program: &Program, types: &mut TypeWriter, plain: &PlainVar) -> Var {
    Var {
        name: plain.symbol.name.clone(),
        offset: plain.offset,
        size: plain.size,
        ty: match program.given {
            Some(_) => plain.btf,
            None => plain.ty.map(|ty| types.id(ty)),
        },
        linkage: plain.symbol.linkage,
        weak: plain.symbol.weak,
        hidden: plain.symbol.hidden,
    }
}

/// An address as the object has it.
pub(super) fn address(numbers: &Numbers, plain: &Address) -> Address {
    let reloc = plain.reloc.as_deref().map(|reloc| Box::new(numbers.reloc(*reloc)));
    Address { offset: plain.offset, to: numbers.symbol(plain.to), reloc }
}
