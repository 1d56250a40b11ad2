//! Finding types and their sizes.

use super::{Btf, Kind, Type, TypeId};

/// How many types a chain of typedefs, modifiers and arrays may have; the kernel's limit is 32.
pub(super) const MAX_CHAIN: usize = 64;

/// The size of a pointer of eBPF in bytes.
pub(super) const POINTER: u32 = 8;

impl Type {
    /// A type with a name.
    #[must_use]
    pub fn named(name: impl Into<String>, kind: Kind) -> Self {
        Self { name: name.into(), kind }
    }

    /// A type without a name.
    #[must_use]
    pub fn anonymous(kind: Kind) -> Self {
        Self { name: String::new(), kind }
    }
}

impl<S> Btf<S> {
    /// Appends a type. Numbers end at 2³² − 1, which no memory reaches.
    pub fn add(&mut self, ty: Type<S>) -> TypeId {
        self.types.push(ty);
        TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX))
    }

    /// The type of a number; nothing for `void` and for numbers not in use.
    #[must_use]
    pub fn get(&self, id: TypeId) -> Option<&Type<S>> {
        self.types.get(index(id)?)
    }

    /// The type of a number, to change it.
    pub fn get_mut(&mut self, id: TypeId) -> Option<&mut Type<S>> {
        self.types.get_mut(index(id)?)
    }

    /// All types with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &Type<S>)> {
        (1u32..).map(TypeId).zip(&self.types)
    }

    /// What stands behind typedefs, `const`, `volatile`, `restrict` and type tags. A chain that does not end
    /// is [`TypeId::VOID`].
    #[must_use]
    pub fn resolve(&self, id: TypeId) -> TypeId {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            match self.get(id).and_then(|t| t.kind.alias()) {
                Some(next) => id = next,
                None => return id,
            }
        }
        TypeId::VOID
    }

    /// The kind behind typedefs and modifiers.
    #[must_use]
    pub fn resolved(&self, id: TypeId) -> Option<&Kind<S>> {
        self.get(self.resolve(id)).map(|t| &t.kind)
    }

    /// Size in bytes; nothing for what has none: `void`, functions, forward declarations, chains without end,
    /// and arrays beyond 4 GiB.
    #[must_use]
    pub fn size_of(&self, id: TypeId) -> Option<u32> {
        let mut id = id;
        let mut count = 1u32;
        for _ in 0..MAX_CHAIN {
            let size = match &self.get(id)?.kind {
                Kind::Int { size, .. }
                | Kind::Struct { size, .. }
                | Kind::Union { size, .. }
                | Kind::Enum { size, .. }
                | Kind::Enum64 { size, .. }
                | Kind::Float { size }
                | Kind::DataSec { size, .. } => *size,
                Kind::Ptr(_) => POINTER,
                Kind::Array { elem, len, .. } => {
                    count = count.checked_mul(*len)?;
                    id = *elem;
                    continue;
                }
                Kind::Var { ty, .. } => {
                    id = *ty;
                    continue;
                }
                other => {
                    id = other.alias()?;
                    continue;
                }
            };
            return size.checked_mul(count);
        }
        None
    }
}

impl<S: AsRef<str>> Btf<S> {
    /// The first type of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<TypeId> {
        self.find(name, |_| true)
    }

    /// The first type of that name and of a kind that is wanted.
    #[must_use]
    pub fn find(&self, name: &str, wanted: impl Fn(&Kind<S>) -> bool) -> Option<TypeId> {
        self.iter().find(|(_, t)| t.name.as_ref() == name && wanted(&t.kind)).map(|(id, _)| id)
    }

    /// The data section of that name.
    #[must_use]
    pub fn datasec(&self, name: &str) -> Option<TypeId> {
        self.find(name, |k| matches!(k, Kind::DataSec { .. }))
    }
}

impl<S> Kind<S> {
    /// `BTF_KIND_*`.
    #[must_use]
    pub fn number(&self) -> u32 {
        match self {
            Kind::Int { .. } => 1,
            Kind::Ptr(_) => 2,
            Kind::Array { .. } => 3,
            Kind::Struct { .. } => 4,
            Kind::Union { .. } => 5,
            Kind::Enum { .. } => 6,
            Kind::Fwd { .. } => 7,
            Kind::Typedef(_) => 8,
            Kind::Volatile(_) => 9,
            Kind::Const(_) => 10,
            Kind::Restrict(_) => 11,
            Kind::Func { .. } => 12,
            Kind::FuncProto { .. } => 13,
            Kind::Var { .. } => 14,
            Kind::DataSec { .. } => 15,
            Kind::Float { .. } => 16,
            Kind::DeclTag { .. } => 17,
            Kind::TypeTag { .. } => 18,
            Kind::Enum64 { .. } => 19,
        }
    }

    /// How many members, values, parameters or variables it lists.
    #[must_use]
    pub fn parts(&self) -> usize {
        match self {
            Kind::Struct { members, .. } | Kind::Union { members, .. } => members.len(),
            Kind::Enum { values, .. } | Kind::Enum64 { values, .. } => values.len(),
            Kind::FuncProto { params, .. } => params.len(),
            Kind::DataSec { vars, .. } => vars.len(),
            _ => 0,
        }
    }

    /// What a typedef, modifier or type tag stands for.
    #[must_use]
    pub fn alias(&self) -> Option<TypeId> {
        match self {
            Kind::Typedef(ty)
            | Kind::Const(ty)
            | Kind::Volatile(ty)
            | Kind::Restrict(ty)
            | Kind::TypeTag { ty, .. } => Some(*ty),
            _ => None,
        }
    }
}

/// The index of a type in the vector.
fn index(id: TypeId) -> Option<usize> {
    usize::try_from(id.0.checked_sub(1)?).ok()
}
