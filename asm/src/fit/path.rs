//! The way from a type to a field: as the object has it, and the same in a type of the kernel.

use super::Wrong;
use super::alike::{Pair, enumerators, members};
use super::types::Types;
use crate::btf::{Kind, TypeId, essential};
use crate::object::{CoreKind, CoreRelo};

/// How many numbers an access may have, and how many members a way may lead through.
const MAX_STEPS: usize = 64;

/// What of a type is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    /// The type that it begins at.
    pub(super) root: TypeId,
    /// Of a field the elements and named members that lead to it, of an enum the value; of a type nothing.
    pub(super) steps: Vec<Step>,
    /// Where the field begins, in bits.
    pub(super) bits: u64,
}

/// A step into a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A member of a struct or union, or a value of an enum: the type, and which.
    Named(TypeId, usize),
    /// An element: its type, and which.
    Element(TypeId, u32),
}

impl Path {
    /// As the object says it.
    pub(super) fn of(local: &impl Types, relo: &CoreRelo) -> Result<Self, Wrong> {
        let access = || Wrong::Access(relo.access.clone());
        let root = relo.ty;
        if is_type(relo.kind) {
            return if relo.access == "0" {
                Ok(Self { root, steps: vec![], bits: 0 })
            } else {
                Err(access())
            };
        }
        let numbers = relo.access.split(':').map(|n| n.parse::<u32>().map_err(|_| access()));
        let numbers = numbers.collect::<Result<Vec<u32>, _>>()?;
        let (first, rest) = numbers.split_first().ok_or_else(access)?;
        if numbers.len() > MAX_STEPS {
            return Err(access());
        }
        let (mut id, mut ty) = local.resolve(root)?;
        if is_value(relo.kind) {
            let values = ty.as_ref().and_then(|ty| enumerators(&ty.kind)).ok_or_else(access)?;
            let index = index(*first).filter(|index| *index < values.len() && rest.is_empty());
            let steps = vec![Step::Named(id, index.ok_or_else(access)?)];
            return Ok(Self { root, steps, bits: 0 });
        }
        let mut path = Self { root, steps: vec![], bits: 0 };
        path.element(local, id, *first)?;
        for number in rest {
            let next = match ty.as_ref().map(|ty| &ty.kind) {
                Some(Kind::Array { elem, len, .. }) => {
                    if *number >= *len && !path.is_open(local, *len)? {
                        return Err(access());
                    }
                    let elem = local.resolve(*elem)?.0;
                    path.element(local, elem, *number)?;
                    elem
                }
                Some(kind) => {
                    let which = index(*number).ok_or_else(access)?;
                    let member = members(kind).and_then(|all| all.get(which)).ok_or_else(access)?;
                    path.bits += u64::from(member.bit_offset);
                    if !member.name.as_ref().is_empty() {
                        path.steps.push(Step::Named(id, which));
                    }
                    member.ty
                }
                None => return Err(access()),
            };
            (id, ty) = local.resolve(next)?;
        }
        Ok(path)
    }

    /// Goes to an element of that type.
    fn element(&mut self, types: &impl Types, ty: TypeId, number: u32) -> Result<(), Wrong> {
        self.steps.push(Step::Element(ty, number));
        let bits = u64::from(types.size(ty)?).checked_mul(8 * u64::from(number));
        self.bits += bits.filter(|bits| *bits <= u32::MAX.into()).ok_or(Wrong::Size(ty))?;
        Ok(())
    }

    /// Whether the array that the path has come to may have more elements than it says: it says 0, and is the last
    /// member of its struct.
    fn is_open(&self, types: &impl Types, len: u32) -> Result<bool, Wrong> {
        let Some(Step::Named(ty, which)) = self.steps.last() else { return Ok(false) };
        let ty = types.get(*ty)?;
        let last = ty.as_ref().and_then(|ty| members(&ty.kind)?.len().checked_sub(1));
        Ok(len == 0 && last == Some(*which))
    }
}

impl<L: Types, K: Types> Pair<'_, L, K> {
    /// The same in a type of the kernel, where it is there.
    pub(super) fn follow(&self, path: &Path, kind: CoreKind, root: TypeId) -> Result<Option<Path>, Wrong> {
        let mut found = Path { root, steps: vec![], bits: 0 };
        if is_type(kind) {
            let same = match kind {
                CoreKind::TYPE_MATCHES => self.matches(path.root, root)?,
                _ => self.types(path.root, root)?,
            };
            return Ok(same.then_some(found));
        }
        if is_value(kind) {
            return self.value(path, root);
        }
        let mut id = root;
        // Members without names count, too.
        let mut depth = 0;
        for (n, step) in path.steps.iter().enumerate() {
            let next = match step {
                Step::Named(ty, which) => self.member(*ty, *which, id, &mut found, &mut depth)?,
                // The first is of the type itself.
                Step::Element(_, number) if n == 0 => {
                    let id = self.kernel.resolve(id)?.0;
                    found.element(self.kernel, id, *number)?;
                    Some(id)
                }
                Step::Element(_, number) => self.element(*number, id, &mut found)?,
            };
            let Some(next) = next else { return Ok(None) };
            depth += 1;
            if depth > MAX_STEPS {
                return Err(Wrong::TooMuch);
            }
            id = next;
        }
        Ok(Some(found))
    }

    /// The value of an enum that has the name of the object's.
    fn value(&self, path: &Path, root: TypeId) -> Result<Option<Path>, Wrong> {
        let Some(Step::Named(ty, which)) = path.steps.first() else { return Ok(None) };
        let Some(ty) = self.local.get(*ty)? else { return Ok(None) };
        let wanted = enumerators(&ty.kind).and_then(|all| all.get(*which));
        let (id, ty) = self.kernel.resolve(root)?;
        let all = ty.as_ref().and_then(|ty| enumerators(&ty.kind)).unwrap_or_default();
        let Some(wanted) = wanted.map(|value| essential(value.name.as_ref().as_bytes())) else {
            return Ok(None);
        };
        for (which, value) in all.iter().enumerate() {
            self.spend()?;
            if essential(value.name.as_ref().as_bytes()) == wanted {
                return Ok(Some(Path { root, steps: vec![Step::Named(id, which)], bits: 0 }));
            }
        }
        Ok(None)
    }

    /// An element of the array that the kernel's type is.
    fn element(&self, number: u32, id: TypeId, found: &mut Path) -> Result<Option<TypeId>, Wrong> {
        let ty = self.kernel.resolve(id)?.1;
        let Some(Kind::Array { elem, len, .. }) = ty.as_ref().map(|ty| &ty.kind) else { return Ok(None) };
        if number >= *len && !found.is_open(self.kernel, *len)? {
            return Ok(None);
        }
        let elem = self.kernel.resolve(*elem)?.0;
        found.element(self.kernel, elem, number)?;
        Ok(Some(elem))
    }

    /// The member of a struct or union of the kernel that has the name of the object's, in it or in its members without
    /// names; and the type of it.
    fn member(
        &self,
        local: TypeId,
        which: usize,
        id: TypeId,
        found: &mut Path,
        depth: &mut usize,
    ) -> Result<Option<TypeId>, Wrong> {
        let Some(ty) = self.local.get(local)? else { return Ok(None) };
        let Some(wanted) = members(&ty.kind).and_then(|all| all.get(which)) else { return Ok(None) };
        self.search(wanted.name.as_ref(), wanted.ty, id, found, depth)
    }

    fn search(
        &self,
        name: &str,
        ty: TypeId,
        id: TypeId,
        found: &mut Path,
        depth: &mut usize,
    ) -> Result<Option<TypeId>, Wrong> {
        let (id, within) = self.kernel.resolve(id)?;
        let Some(all) = within.as_ref().and_then(|within| members(&within.kind)) else { return Ok(None) };
        for (which, member) in all.iter().enumerate() {
            self.spend()?;
            if member.name.as_ref() == name {
                let same = self.fields(ty, member.ty)?;
                if same {
                    found.steps.push(Step::Named(id, which));
                    found.bits += u64::from(member.bit_offset);
                }
                return Ok(same.then_some(member.ty));
            }
            if member.name.as_ref().is_empty() {
                *depth += 1;
                if *depth > MAX_STEPS {
                    return Err(Wrong::TooMuch);
                }
                let next = self.search(name, ty, member.ty, found, depth)?;
                if next.is_some() {
                    found.bits += u64::from(member.bit_offset);
                    return Ok(next);
                }
                *depth -= 1;
            }
        }
        Ok(None)
    }
}

/// Whether a relocation is about a type as a whole.
pub(super) fn is_type(kind: CoreKind) -> bool {
    use CoreKind as K;
    matches!(kind, K::TYPE_ID_LOCAL | K::TYPE_ID_TARGET | K::TYPE_EXISTS | K::TYPE_SIZE | K::TYPE_MATCHES)
}

/// Whether a relocation is about a value of an enum.
pub(super) fn is_value(kind: CoreKind) -> bool {
    matches!(kind, CoreKind::ENUM_EXISTS | CoreKind::ENUM_VALUE)
}

fn index(number: u32) -> Option<usize> {
    usize::try_from(number).ok()
}
