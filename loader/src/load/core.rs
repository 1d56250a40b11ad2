//! CO-RE: what instructions know of types, looked up in those of the kernel before the instructions are encoded.

use super::Layout;
use crate::error::{Error, Result};
use crate::kernel::{KernelTypes, Module};
use crate::verifier::place_of;
use bpfasm_asm::btf::Wanted;
use bpfasm_asm::fit::{self, Fitter, Patch};
use bpfasm_asm::object::Object;
use bpfasm_asm::sort::Sort;
use std::collections::BTreeMap;

/// What becomes of the instructions of programs, and why of some nothing can.
#[derive(Debug)]
pub(crate) struct Core<'o, 'k> {
    fitter: Fitter<'o, 'k>,
    patches: BTreeMap<usize, Vec<Patch>>,
}

/// The functions of programs, each once.
pub(super) fn functions(layouts: &[Layout]) -> Vec<usize> {
    let mut funcs: Vec<_> = layouts.iter().flat_map(|layout| &layout.parts).map(|part| part.func).collect();
    funcs.order();
    funcs.dedup();
    funcs
}

impl<'o, 'k> Core<'o, 'k> {
    /// The same in types that nothing has been sought in.
    pub(crate) fn seek(object: &'o Object, funcs: &[usize], kernel: &KernelTypes<'k>) -> Result<Self> {
        let mut sought = Wanted::default();
        fit::want(object, funcs, &mut sought);
        if !sought.is_empty() {
            kernel.seek(&mut sought)?;
        }
        Self::resolve(object, funcs, kernel, &sought)
    }

    /// Looks everything up that these functions need, in types of a kernel where what [`fit::want`] wants has been
    /// sought. Where they need none the kernel is not asked for any.
    pub(super) fn resolve(
        object: &'o Object,
        funcs: &[usize],
        kernel: &KernelTypes<'k>,
        sought: &Wanted<'_>,
    ) -> Result<Self> {
        let mut wanted = Wanted::default();
        fit::want(object, funcs, &mut wanted);
        let scan = |module: &Module<'k>| module.scan().cloned();
        let modules = || kernel.modules()?.iter().map(scan).collect::<Result<Vec<_>>>();
        let mut fitter = match wanted.is_empty() {
            true => Fitter::local(object),
            false => Fitter::new(object, funcs, kernel.vmlinux()?.clone(), sought, modules)?,
        };
        let mut patches = BTreeMap::new();
        for func in funcs {
            let found = fitter.patches(*func).map_err(|source| Error::Core {
                func: object.funcs[source.func].name.clone(),
                place: place_of(object, source.func, source.insn).map(Box::new),
                source: source.into(),
            })?;
            patches.insert(*func, found);
        }
        Ok(Self { fitter, patches })
    }

    /// What becomes of the instructions of a function, in their order.
    pub(crate) fn patches(&self, func: usize) -> &[Patch] {
        self.patches.get(&func).map_or(&[], Vec::as_slice)
    }

    /// What an instruction asks for, and why it is not there, if it is not.
    pub(crate) fn why(&self, func: usize, insn: usize) -> Option<(String, String)> {
        let is_poisoned = |patch: &Patch| patch.insn == insn && patch.is_poisoned();
        self.patches(func).iter().find(|patch| is_poisoned(patch)).and_then(|_| self.fitter.why(func, insn))
    }
}
