//! Whether a type of an object and one of a kernel are meant to be the same.
//!
//! The three relations of CO-RE: what is behind a field, what a type is as a whole, and what it consists of. Each
//! ignores typedefs and modifiers. Source: `kernel/bpf/btf.c` and `tools/lib/bpf/relo_core.c` in Linux.

use std::cell::Cell;

use super::Wrong;
use super::types::{MAX_CHAIN, Types};
use crate::btf::{Enumerator, IntEncoding, Kind, Member, TypeId, essential};

/// How deep prototypes and members may be nested.
const MAX_LEVEL: u32 = 32;

/// Types of an object beside those of a kernel.
#[derive(Debug)]
pub(super) struct Pair<'a, L, K> {
    pub(super) local: &'a L,
    pub(super) kernel: &'a K,
    /// How many members may still be compared: types that somebody made for it would keep us for ever.
    pub(super) left: &'a Cell<u32>,
}

/// Whether kinds are the same; all enums are.
pub(super) fn same_kind<A, B>(a: Option<&Kind<A>>, b: Option<&Kind<B>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => {
            a.number() == b.number() || (enumerators(a).is_some() && enumerators(b).is_some())
        }
        (None, None) => true,
        _ => false,
    }
}

/// The values of an enum of either size.
pub(super) fn enumerators<S>(kind: &Kind<S>) -> Option<&[Enumerator<S>]> {
    match kind {
        Kind::Enum { values, .. } | Kind::Enum64 { values, .. } => Some(values),
        _ => None,
    }
}

/// The members of a struct or union.
pub(super) fn members<S>(kind: &Kind<S>) -> Option<&[Member<S>]> {
    match kind {
        Kind::Struct { members, .. } | Kind::Union { members, .. } => Some(members),
        _ => None,
    }
}

fn same_name(local: &str, kernel: &str) -> bool {
    essential(local.as_bytes()) == essential(kernel.as_bytes())
}

impl<L: Types, K: Types> Pair<'_, L, K> {
    /// Counts what is done.
    pub(super) fn spend(&self) -> Result<(), Wrong> {
        self.left.set(self.left.get().checked_sub(1).ok_or(Wrong::TooMuch)?);
        Ok(())
    }

    /// Whether a field of the one type may stand for one of the other. Structs and unions do in any case, as do
    /// pointers and, whatever their size and sign, integers; enums and forward declarations by their names, and arrays
    /// by their elements.
    pub(super) fn fields(&self, local: TypeId, kernel: TypeId) -> Result<bool, Wrong> {
        let (mut local, mut kernel) = (local, kernel);
        for _ in 0..MAX_CHAIN {
            let (l, k) = (self.local.resolve(local)?.1, self.kernel.resolve(kernel)?.1);
            let (Some(l), Some(k)) = (l, k) else { return Ok(false) };
            return Ok(match (&l.kind, &k.kind) {
                (a, b) if members(a).is_some() && members(b).is_some() => true,
                (Kind::Ptr(_), Kind::Ptr(_)) | (Kind::Float { .. }, Kind::Float { .. }) => true,
                (Kind::Int { offset: a, .. }, Kind::Int { offset: b, .. }) => (*a, *b) == (0, 0),
                (Kind::Array { elem: a, .. }, Kind::Array { elem: b, .. }) => {
                    (local, kernel) = (*a, *b);
                    continue;
                }
                (a, b) if same_kind(Some(a), Some(b)) => match a {
                    Kind::Fwd { .. } | Kind::Enum { .. } | Kind::Enum64 { .. } => {
                        let (a, b) = (l.name.as_ref(), k.name.as_ref());
                        a.is_empty() || b.is_empty() || same_name(a, b)
                    }
                    _ => false,
                },
                _ => false,
            });
        }
        Err(Wrong::TooMuch)
    }

    /// Whether the types are of the same kind, as are those behind pointers, in arrays and in prototypes.
    pub(super) fn types(&self, local: TypeId, kernel: TypeId) -> Result<bool, Wrong> {
        let (l, k) = (self.local.get(local)?, self.kernel.get(kernel)?);
        // A typedef is none of a struct.
        if !same_kind(l.as_ref().map(|ty| &ty.kind), k.as_ref().map(|ty| &ty.kind)) {
            return Ok(false);
        }
        self.types_within(local, kernel, MAX_LEVEL)
    }

    fn types_within(&self, local: TypeId, kernel: TypeId, level: u32) -> Result<bool, Wrong> {
        let (mut local, mut kernel) = (local, kernel);
        for _ in 0..MAX_CHAIN {
            self.spend()?;
            let (l, k) = (self.local.resolve(local)?.1, self.kernel.resolve(kernel)?.1);
            let (l, k) = (l.as_ref().map(|ty| &ty.kind), k.as_ref().map(|ty| &ty.kind));
            if !same_kind(l, k) {
                return Ok(false);
            }
            (local, kernel) = match (l, k) {
                (Some(Kind::Int { offset: a, .. }), Some(Kind::Int { offset: b, .. })) => {
                    return Ok((*a, *b) == (0, 0));
                }
                (Some(Kind::Ptr(a)), Some(Kind::Ptr(b))) => (*a, *b),
                (Some(Kind::Array { elem: a, .. }), Some(Kind::Array { elem: b, .. })) => (*a, *b),
                (
                    Some(Kind::FuncProto { ret: a, params }),
                    Some(Kind::FuncProto { ret: b, params: others }),
                ) => {
                    if params.len() != others.len() {
                        return Ok(false);
                    }
                    for (a, b) in params.iter().zip(others) {
                        let level = level.checked_sub(1).ok_or(Wrong::TooMuch)?;
                        if !self.types_within(a.ty, b.ty, level)? {
                            return Ok(false);
                        }
                    }
                    (*a, *b)
                }
                (
                    None
                    | Some(
                        Kind::Struct { .. }
                        | Kind::Union { .. }
                        | Kind::Enum { .. }
                        | Kind::Enum64 { .. }
                        | Kind::Fwd { .. },
                    ),
                    _,
                ) => return Ok(true),
                _ => return Ok(false),
            };
        }
        Err(Wrong::TooMuch)
    }

    /// Whether the kernel's type has all that the object's has: members and values of the same names, and these of the
    /// same kind, size and sign. Of what is behind a pointer only the name counts.
    pub(super) fn matches(&self, local: TypeId, kernel: TypeId) -> Result<bool, Wrong> {
        self.matches_within(local, kernel, false, MAX_LEVEL)
    }

    fn matches_within(&self, local: TypeId, kernel: TypeId, behind: bool, level: u32) -> Result<bool, Wrong> {
        let Some(level) = level.checked_sub(1) else { return Err(Wrong::TooMuch) };
        let (mut local, mut kernel, mut behind) = (local, kernel, behind);
        for _ in 0..MAX_CHAIN {
            self.spend()?;
            let (l, k) = (self.local.resolve(local)?.1, self.kernel.resolve(kernel)?.1);
            let (Some(l), Some(k)) = (&l, &k) else { return Ok(l.is_none() && k.is_none()) };
            if !same_name(l.name.as_ref(), k.name.as_ref()) {
                return Ok(false);
            }
            (local, kernel) = match (&l.kind, &k.kind) {
                (Kind::Fwd { union: a }, Kind::Fwd { union: b }) => return Ok(a == b),
                (Kind::Fwd { union }, Kind::Struct { .. }) if behind => return Ok(!union),
                (Kind::Fwd { union }, Kind::Union { .. }) if behind => return Ok(*union),
                (Kind::Struct { .. }, Kind::Fwd { union }) if behind => return Ok(!union),
                (Kind::Union { .. }, Kind::Fwd { union }) if behind => return Ok(*union),
                (Kind::Struct { .. }, Kind::Struct { .. }) | (Kind::Union { .. }, Kind::Union { .. })
                    if behind =>
                {
                    return Ok(true);
                }
                (Kind::Struct { members: a, .. }, Kind::Struct { members: b, .. })
                | (Kind::Union { members: a, .. }, Kind::Union { members: b, .. }) => {
                    return self.members_match(a, b, level);
                }
                (
                    Kind::Enum { size: a, values, .. } | Kind::Enum64 { size: a, values, .. },
                    Kind::Enum { size: b, values: others, .. } | Kind::Enum64 { size: b, values: others, .. },
                ) => return Ok(a == b && self.values_match(values, others)?),
                (Kind::Int { size: a, encoding: e, .. }, Kind::Int { size: b, encoding: f, .. }) => {
                    return Ok(a == b && is_signed(*e) == is_signed(*f));
                }
                (Kind::Ptr(a), Kind::Ptr(b)) => {
                    behind = true;
                    (*a, *b)
                }
                (Kind::Array { elem: a, len, .. }, Kind::Array { elem: b, len: other, .. })
                    if len == other =>
                {
                    (*a, *b)
                }
                (Kind::FuncProto { ret: a, params }, Kind::FuncProto { ret: b, params: others })
                    if params.len() == others.len() =>
                {
                    for (a, b) in params.iter().zip(others) {
                        if !self.matches_within(a.ty, b.ty, behind, level)? {
                            return Ok(false);
                        }
                    }
                    (*a, *b)
                }
                _ => return Ok(false),
            };
        }
        Err(Wrong::TooMuch)
    }

    fn members_match(
        &self,
        local: &[Member<L::Name>],
        kernel: &[Member<K::Name>],
        level: u32,
    ) -> Result<bool, Wrong> {
        if local.len() > kernel.len() {
            return Ok(false);
        }
        'members: for member in local {
            for other in kernel {
                self.spend()?;
                if same_name(member.name.as_ref(), other.name.as_ref())
                    && self.matches_within(member.ty, other.ty, false, level)?
                {
                    continue 'members;
                }
            }
            return Ok(false);
        }
        Ok(true)
    }

    fn values_match(
        &self,
        local: &[Enumerator<L::Name>],
        kernel: &[Enumerator<K::Name>],
    ) -> Result<bool, Wrong> {
        if local.len() > kernel.len() {
            return Ok(false);
        }
        'values: for value in local {
            for other in kernel {
                self.spend()?;
                if same_name(value.name.as_ref(), other.name.as_ref()) {
                    continue 'values;
                }
            }
            return Ok(false);
        }
        Ok(true)
    }
}

pub(super) fn is_signed(encoding: IntEncoding) -> bool {
    encoding.0 & IntEncoding::SIGNED.0 != 0
}
