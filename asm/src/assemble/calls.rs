//! Calls of functions at a distance.

use std::collections::HashMap;

use super::Assembler;
use crate::diag::{Diagnostic, code};
use crate::expand::Plain;
use crate::isa::Insn;
use crate::object::{Func, Linkage, Ref, Reloc, Symbol, TEXT};

impl Assembler<'_> {
    /// A call of a place is one of the function that begins there, in the same section.
    pub(super) fn calls_by_distance(&mut self, funcs: &mut [Func]) {
        if self.calls.is_empty() {
            return;
        }
        let mut ends: HashMap<&str, i64> = HashMap::new();
        let mut starts = vec![];
        for func in &*funcs {
            let end = ends.entry(&func.section).or_default();
            starts.push(*end);
            *end += i64::try_from(func.slots()).unwrap_or(i64::MAX);
        }
        let begin: HashMap<(&str, i64), usize> = funcs
            .iter()
            .zip(&starts)
            .enumerate()
            .map(|(i, (f, at))| ((f.section.as_str(), *at), i))
            .collect();
        let mut found = vec![];
        for (number, i, slot) in std::mem::take(&mut self.calls) {
            let (func, own) = (&funcs[number], &self.program.funcs[number]);
            let Some(plain) = own.insns.get(i) else { continue };
            let bare = own.bare;
            let target = slot + 1 + i64::from(plain.insn.imm);
            match begin.get(&(func.section.as_str(), starts[number] + target)) {
                Some(to) if bare || func.section == TEXT => {
                    found.push((number, Ref::new(i, Symbol::Func(*to))))
                }
                _ if self.program.funcs[number].unchecked => {}
                _ => self.no_callee(number, &plain, target),
            }
        }
        for (number, mut to) in found {
            // By itself a global function is called through a relocation, which a distance is not.
            match to.to {
                Symbol::Func(called) if funcs[called].linkage == Linkage::Global => {
                    to.reloc = Some(Box::new(Reloc::NONE));
                }
                _ => {
                    if let Some(insn) = funcs[number].insns.get(to.insn) {
                        funcs[number].insns.set(to.insn, Insn { imm: -1, ..insn });
                    }
                }
            }
            let func = &mut funcs[number];
            let place = func.refs.partition_point(|other| other.insn < to.insn);
            func.refs.insert(place, to);
        }
    }

    fn no_callee(&mut self, number: usize, plain: &Plain, target: i64) {
        let message = "no function begins where this call leads";
        // The kernel takes functions within a text of bare instructions, and other tools print such.
        let d = match self.program.funcs[number].bare {
            true => Diagnostic::warning(code::TARGET, message, plain.place.span),
            false => Diagnostic::error(code::TARGET, message, plain.place.span),
        };
        let d = d.note(format!("it leads to slot {target}, counted from the start of this function"));
        self.report(plain, d.help("call the function by its name"));
    }
}
