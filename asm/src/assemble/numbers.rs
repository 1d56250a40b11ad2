//! What things of the program are in the object, where some of them are not, or stand elsewhere.

use super::external;
use crate::expand::Program;
use crate::object::{Anchor, Ref, Reloc, Symbol};
use crate::sort::Sort;

/// Numbers in the object by those in the program, and back.
#[derive(Debug)]
pub(super) struct Numbers {
    /// The data sections in the order of the object: those of `section` blocks, then others that hold something.
    pub data: Vec<usize>,
    /// For each section its place in the object.
    sections: Vec<Option<usize>>,
    /// For each extern its place in the object, where it is used.
    pub externs: Vec<Option<usize>>,
}

impl Numbers {
    pub fn new(program: &Program) -> Self {
        let holds = |index: &usize| {
            let data = &program.data[*index];
            data.block.is_some() || data.size() > 0 || !data.vars.is_empty()
        };
        let mut data: Vec<usize> = (0..program.data.len()).filter(holds).collect();
        data.order_by_key(|index| program.data[*index].block.unwrap_or(usize::MAX));
        let mut sections = vec![None; program.data.len()];
        data.iter().enumerate().for_each(|(place, index)| sections[*index] = Some(place));
        Self { data, sections, externs: external::used(program) }
    }

    fn section(&self, index: usize) -> usize {
        // What nothing refers to is no place.
        self.sections.get(index).copied().flatten().unwrap_or(usize::MAX)
    }

    fn external(&self, index: usize) -> usize {
        self.externs.get(index).copied().flatten().unwrap_or(index)
    }

    pub fn symbol(&self, symbol: Symbol) -> Symbol {
        match symbol {
            Symbol::Data(section, offset) => Symbol::Data(self.section(section), offset),
            Symbol::Extern(index) => Symbol::Extern(self.external(index)),
            other => other,
        }
    }

    pub fn reloc(&self, reloc: Reloc) -> Reloc {
        let base = match reloc.base {
            Anchor::Var(section, var) => Anchor::Var(self.section(section), var),
            Anchor::Data(section) => Anchor::Data(self.section(section)),
            Anchor::Extern(index) => Anchor::Extern(self.external(index)),
            other => other,
        };
        Reloc { base, ..reloc }
    }

    pub fn reference(&self, r: &Ref) -> Ref {
        let reloc = r.reloc.as_deref().map(|reloc| Box::new(self.reloc(*reloc)));
        Ref { insn: r.insn, to: self.symbol(r.to), reloc }
    }
}
