//! Types that are looked into by their numbers: those of an object, and those of a kernel.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::rc::Rc;

use super::Wrong;
use crate::btf::{Btf, Kind, Scan, Type, TypeId};

/// How many types a chain of typedefs, modifiers, arrays or pointers may have.
pub(super) const MAX_CHAIN: usize = 32;

/// Types that are looked into by their numbers.
pub(super) trait Types {
    /// What a name is.
    type Name: AsRef<str>;
    /// A type that is held.
    type Ref: Deref<Target = Type<Self::Name>>;

    /// The type of a number; nothing for `void`.
    fn get(&self, id: TypeId) -> Result<Option<Self::Ref>, Wrong>;

    /// The size of a pointer in bytes.
    fn pointer(&self) -> u32;

    /// What stands behind typedefs and modifiers.
    fn resolve(&self, id: TypeId) -> Result<(TypeId, Option<Self::Ref>), Wrong> {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            let ty = self.get(id)?;
            match ty.as_ref().and_then(|ty| ty.kind.alias()) {
                Some(next) => id = next,
                None => return Ok((id, ty)),
            }
        }
        Err(Wrong::Chain(id))
    }

    /// Its size in bytes.
    fn size(&self, id: TypeId) -> Result<u32, Wrong> {
        let (mut id, mut count) = (id, 1u32);
        for _ in 0..MAX_CHAIN {
            let Some(ty) = self.get(id)? else { break };
            let size = match &ty.kind {
                Kind::Int { size, .. }
                | Kind::Struct { size, .. }
                | Kind::Union { size, .. }
                | Kind::Enum { size, .. }
                | Kind::Enum64 { size, .. }
                | Kind::Float { size }
                | Kind::DataSec { size, .. } => *size,
                Kind::Ptr(_) => self.pointer(),
                Kind::Array { elem, len, .. } => {
                    count = count.checked_mul(*len).ok_or(Wrong::Size(id))?;
                    id = *elem;
                    continue;
                }
                Kind::Var { ty, .. } | Kind::DeclTag { ty, .. } => {
                    id = *ty;
                    continue;
                }
                other => {
                    id = other.alias().ok_or(Wrong::Size(id))?;
                    continue;
                }
            };
            return size.checked_mul(count).ok_or(Wrong::Size(id));
        }
        Err(Wrong::Size(id))
    }

    /// The size of the elements of arrays, however deep these are nested; of all else its own.
    fn element_size(&self, id: TypeId) -> Result<u32, Wrong> {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            match self.resolve(id)?.1.as_ref().map(|ty| &ty.kind) {
                Some(Kind::Array { elem, .. }) => id = *elem,
                _ => return self.size(id),
            }
        }
        Err(Wrong::Chain(id))
    }
}

impl<'o> Types for &'o Btf {
    type Name = String;
    type Ref = &'o Type;

    fn get(&self, id: TypeId) -> Result<Option<&'o Type>, Wrong> {
        match Btf::get(self, id) {
            None if id != TypeId::VOID => Err(Wrong::NoType(id)),
            ty => Ok(ty),
        }
    }

    fn pointer(&self) -> u32 {
        8
    }
}

/// Types of a kernel, each decoded once.
#[derive(Debug)]
pub(super) struct Decoded<'k> {
    pub(super) scan: Rc<Scan<'k>>,
    types: RefCell<HashMap<TypeId, Rc<Type<&'k str>>>>,
}

impl<'k> Decoded<'k> {
    pub(super) fn new(scan: Rc<Scan<'k>>) -> Self {
        Self { scan, types: RefCell::default() }
    }

    /// The types that were asked for.
    pub(super) fn known(&self) -> Vec<TypeId> {
        self.types.borrow().keys().copied().collect()
    }
}

impl<'k> Types for Decoded<'k> {
    type Name = &'k str;
    type Ref = Rc<Type<&'k str>>;

    fn get(&self, id: TypeId) -> Result<Option<Self::Ref>, Wrong> {
        if id == TypeId::VOID {
            return Ok(None);
        }
        if let Some(known) = self.types.borrow().get(&id) {
            return Ok(Some(known.clone()));
        }
        let ty = Rc::new(self.scan.get(id).map_err(Wrong::Kernel)?.ok_or(Wrong::NoKernelType(id))?);
        self.types.borrow_mut().insert(id, Rc::clone(&ty));
        Ok(Some(ty))
    }

    fn pointer(&self) -> u32 {
        if self.scan.is_32_bit() { 4 } else { 8 }
    }
}
