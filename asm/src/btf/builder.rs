//! Making types, each but once.

use super::index::Index;
use super::{Btf, Type, TypeId};

/// Types being made: finds an equal type in constant time.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    btf: Btf,
    /// The first of all equal types.
    index: Index,
}

impl From<Btf> for Builder {
    fn from(btf: Btf) -> Self {
        let mut builder = Self::default();
        for ty in btf.types {
            builder.add(ty);
        }
        builder
    }
}

impl Builder {
    /// Appends a type, also where an equal one exists: a struct that will be filled in later, for example.
    pub fn add(&mut self, ty: Type) -> TypeId {
        let place = self.place(&ty);
        let id = self.btf.add(ty);
        if let Err(key) = place {
            self.index.note(key, id.0);
        }
        id
    }

    /// The number of an equal type, which is appended where there is none.
    pub fn intern(&mut self, ty: Type) -> TypeId {
        match self.place(&ty) {
            Ok(id) => id,
            Err(key) => {
                let id = self.btf.add(ty);
                self.index.note(key, id.0);
                id
            }
        }
    }

    /// The types so far.
    #[must_use]
    pub fn btf(&self) -> &Btf {
        &self.btf
    }

    /// Puts another type in the place of one, as a struct needs that points to itself: `add` it empty, make its
    /// members, then put it in place. Nothing happens where the number is not in use.
    pub fn replace(&mut self, id: TypeId, ty: Type) {
        let place = self.place(&ty);
        if let Some(slot) = self.btf.get_mut(id) {
            *slot = ty;
            if let Err(key) = place {
                self.index.note(key, id.0);
            }
        }
    }

    /// The finished types.
    #[must_use]
    pub fn finish(self) -> Btf {
        self.btf
    }

    /// The equal type, or the key under which to note a new one.
    fn place(&self, ty: &Type) -> Result<TypeId, u32> {
        self.index.find(ty, |id| self.btf.get(TypeId(id)) == Some(ty)).map(TypeId)
    }
}
