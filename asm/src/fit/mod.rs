//! An [`Object`] fitted to the types of a kernel: CO-RE, all of its kinds.
//!
//! What an instruction knows about a type is looked up again in the types of the kernel that it is loaded into. The
//! rules are those of all loaders (`tools/lib/bpf/relo_core.c` in Linux): types are found by their names without
//! variants, among the kernel's and, where it has none, among those of its modules; several that fit must agree; what
//! is not there poisons the instruction, which the verifier minds only where it comes to it.

mod alike;
mod error;
mod min;
mod patch;
mod path;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod value;
mod why;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::btf::{Kind, Scan, TypeId, Wanted};
use crate::isa::Insn;
use crate::object::{CoreKind, CoreRelo, Object};
pub use error::{Error, Wrong};
pub use min::cut;
pub use patch::POISON;
pub use table::{AROUND, Entry, Kernel, Local, Table, TableError, table};

use alike::Pair;
use path::Path;
use types::{Decoded, Types};
use value::Value;

/// How many members are compared for each relocation, on average, before this is given up.
const MEMBERS: u32 = 1 << 14;
/// And besides, in all.
const MEMBERS_IN_ALL: u32 = 1 << 20;

/// What becomes of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch {
    /// Index into [`Func::insns`](crate::object::Func::insns).
    pub insn: usize,
    /// The instruction; [`POISON`] in each of its slots where its value is not there.
    pub becomes: Insn,
}

impl Patch {
    /// Whether the value is not there.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.becomes == POISON
    }
}

/// Fits the functions of an object to the types of a kernel.
#[derive(Debug)]
pub struct Fitter<'o, 'k> {
    object: &'o Object,
    /// The kernel's own types, then those of modules.
    kernel: Vec<Decoded<'k>>,
    /// For a type of the object, types of the kernel that have its name: in which of them, and the number there.
    candidates: HashMap<TypeId, Vec<(usize, TypeId)>>,
    left: Cell<u32>,
}

/// Wants the types of a kernel that these functions need: nothing where they need none.
pub fn want<'o>(object: &'o Object, funcs: &[usize], wanted: &mut Wanted<'o>) {
    for ty in roots(object, funcs).filter_map(|id| object.btf.get(id)) {
        if !ty.name.is_empty() {
            wanted.add(&ty.name, &kinds(&ty.kind));
        }
    }
}

/// The types that are looked for in the kernel.
fn roots(object: &Object, funcs: &[usize]) -> impl Iterator<Item = TypeId> {
    let funcs = funcs.iter().filter_map(|func| object.funcs.get(*func));
    funcs.flat_map(|func| &func.core).filter(|relo| relo.kind != CoreKind::TYPE_ID_LOCAL).map(|relo| relo.ty)
}

/// The kinds of a kernel's types that such a type may be: its own, and of enums both.
fn kinds(kind: &Kind) -> [u32; 2] {
    match kind {
        Kind::Enum { .. } | Kind::Enum64 { .. } => [6, 19],
        kind => [kind.number(); 2],
    }
}

impl<'o, 'k> Fitter<'o, 'k> {
    /// For functions that need no types of a kernel.
    #[must_use]
    pub fn local(object: &'o Object) -> Self {
        Self { object, kernel: vec![], candidates: HashMap::new(), left: Cell::new(MEMBERS_IN_ALL) }
    }

    /// For these functions: with the kernel's own types and what was found in them of what [`want`] wants; modules are
    /// asked for where they lack one.
    ///
    /// # Errors
    /// What `modules` fails with.
    pub fn new<E>(
        object: &'o Object,
        funcs: &[usize],
        vmlinux: Rc<Scan<'k>>,
        wanted: &Wanted<'_>,
        modules: impl FnOnce() -> Result<Vec<Rc<Scan<'k>>>, E>,
    ) -> Result<Self, E> {
        let mut fitter = Self::local(object);
        fitter.kernel.push(Decoded::new(vmlinux));
        let mut missing = Wanted::default();
        let mut lacks = vec![];
        for id in roots(object, funcs) {
            if fitter.candidates.contains_key(&id) {
                continue;
            }
            let found = fitter.found(id, wanted);
            if let Some(ty) = object.btf.get(id).filter(|ty| found.is_empty() && !ty.name.is_empty()) {
                missing.add(&ty.name, &kinds(&ty.kind));
                lacks.push(id);
            }
            fitter.candidates.insert(id, found.into_iter().map(|id| (0, id)).collect());
        }
        if !lacks.is_empty() {
            for module in modules()? {
                let mut wanted = missing.clone();
                module.find(&mut wanted);
                for id in &lacks {
                    let found = fitter.found(*id, &wanted).into_iter().map(|id| (fitter.kernel.len(), id));
                    fitter.candidates.entry(*id).or_default().extend(found);
                }
                fitter.kernel.push(Decoded::new(module));
            }
        }
        Ok(fitter)
    }

    /// What was found of a type of the object.
    fn found(&self, id: TypeId, wanted: &Wanted<'_>) -> Vec<TypeId> {
        let Some(ty) = self.object.btf.get(id) else { return vec![] };
        let kinds = kinds(&ty.kind);
        let heads = wanted.found(&ty.name).iter().filter(|head| kinds.contains(&head.kind));
        heads.map(|head| head.id).collect()
    }

    /// What becomes of the instructions of a function that depend on types, in their order.
    ///
    /// # Errors
    /// Where types of the kernel contradict each other, or the object itself.
    pub fn patches(&mut self, func: usize) -> Result<Vec<Patch>, Error> {
        let object = self.object;
        let Some(of) = object.funcs.get(func) else { return Ok(vec![]) };
        let mut patches: Vec<Patch> = Vec::with_capacity(of.core.len());
        self.left.set(self.left.get().saturating_add(MEMBERS.saturating_mul(count(of.core.len()))));
        for relo in &of.core {
            let error = |wrong| Error { func, insn: relo.insn, what: why::text(object, relo), wrong };
            let last = patches.last().filter(|last| last.insn == relo.insn).map(|last| last.becomes);
            let insn = last.or_else(|| of.insns.get(relo.insn)).ok_or_else(|| error(Wrong::Insn))?;
            if insn == POISON {
                continue;
            }
            let becomes = self.patched(relo, &insn).map_err(error)?.unwrap_or(POISON);
            if last.is_some() {
                patches.pop();
            }
            patches.push(Patch { insn: relo.insn, becomes });
        }
        Ok(patches)
    }

    /// What becomes of an instruction; nothing where its value is not there.
    fn patched(&mut self, relo: &CoreRelo, insn: &Insn) -> Result<Option<Insn>, Wrong> {
        let local = &self.object.btf;
        let path = Path::of(&local, relo)?;
        let ours = Value::of(&local, &path, relo.kind, self.object.endian)?;
        if relo.kind == CoreKind::TYPE_ID_LOCAL {
            return patch::patched(insn, ours, ours);
        }
        if Types::get(&local, relo.ty)?.is_none_or(|ty| ty.name.is_empty()) {
            return Err(Wrong::Anonymous);
        }
        let mut fit = vec![];
        let mut first: Option<(u64, Value, TypeId)> = None;
        for (place, id) in self.candidates.get(&relo.ty).into_iter().flatten() {
            let Some(kernel) = self.kernel.get(*place) else { continue };
            let pair = Pair { local: &local, kernel, left: &self.left };
            let Some(found) = pair.follow(&path, relo.kind, *id)? else { continue };
            let value = Value::of(kernel, &found, relo.kind, kernel.scan.endian())?;
            let (bits, before, with) = *first.get_or_insert((found.bits, value, *id));
            for (what, a, b) in [("gives", before.number, value.number), ("has it at bit", bits, found.bits)]
            {
                if a != b {
                    let numbers = [a, b].map(u64::cast_signed);
                    return Err(Wrong::Ambiguous { ids: [with, *id], what, numbers });
                }
            }
            fit.push((*place, *id));
        }
        // What else asks about this type means those that have fitted.
        if !fit.is_empty() {
            self.candidates.insert(relo.ty, fit);
        }
        match first.map(|(_, value, _)| value).or_else(|| Value::missing(relo.kind)) {
            Some(theirs) => patch::patched(insn, ours, theirs),
            None => Ok(None),
        }
    }
}

/// Whether a type of an object and one of a kernel are of the same kind, and so all that they refer to: for functions
/// that both know, the rule of CO-RE for types.
///
/// # Errors
/// Where types refer to such as are not there, or are nested too deep.
pub fn is_compatible(
    object: &Object,
    local: TypeId,
    kernel: &Rc<Scan<'_>>,
    id: TypeId,
) -> Result<bool, Wrong> {
    let (local_types, kernel) = (&object.btf, Decoded::new(kernel.clone()));
    Pair { local: &local_types, kernel: &kernel, left: &Cell::new(MEMBERS_IN_ALL) }.types(local, id)
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
