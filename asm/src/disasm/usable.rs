//! Types that source can use: those of which the language knows size and members.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::btf::{Btf, Kind, Member, Param, TypeId};

/// How deep types may stand within each other.
const DEPTH: u32 = 64;
/// The largest type in bytes.
const LARGEST: u32 = 1 << 28;
/// How many members are looked at, with those of members without a name.
const MEMBERS: usize = 1 << 16;

/// Which types of an object source can use, found when it is asked for.
#[derive(Debug, Default)]
pub(super) struct Usable {
    /// Nothing for a type that is looked at.
    known: RefCell<HashMap<TypeId, Option<bool>>>,
}

impl Usable {
    /// Whether source can use a type.
    pub fn is(&self, btf: &Btf, id: TypeId) -> bool {
        self.within(btf, id, DEPTH)
    }

    fn within(&self, btf: &Btf, id: TypeId, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        if let Some(known) = self.known.borrow().get(&id) {
            // What contains itself has no size.
            return known.unwrap_or(false);
        }
        self.known.borrow_mut().insert(id, None);
        let usable = btf.get(id).is_some_and(|ty| match &ty.kind {
            Kind::Int { .. } | Kind::Float { .. } => true,
            Kind::Ptr(to) => self.pointee(btf, *to, depth),
            Kind::Array { elem, .. } => {
                self.within(btf, *elem, depth) && btf.size_of(id).is_some_and(|size| size <= LARGEST)
            }
            Kind::Struct { size, members, .. } | Kind::Union { size, members, .. } => {
                *size <= LARGEST
                    && members.iter().all(|member| self.member(btf, member, depth))
                    && add_names(btf, members, &mut HashSet::new(), &mut { MEMBERS }, depth)
            }
            Kind::Enum { size, .. } | Kind::Enum64 { size, .. } => matches!(size, 1 | 2 | 4 | 8),
            kind => kind.alias().is_some_and(|of| self.within(btf, of, depth)),
        });
        self.known.borrow_mut().insert(id, Some(usable));
        usable
    }

    fn member(&self, btf: &Btf, member: &Member, depth: u32) -> bool {
        self.within(btf, member.ty, depth) && (width(btf, member) != 0 || member.bit_offset.is_multiple_of(8))
    }

    /// What is behind a pointer is mostly a name only.
    fn pointee(&self, btf: &Btf, to: TypeId, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        if to == TypeId::VOID {
            return true;
        }
        let or_void = |ty| ty == TypeId::VOID || self.within(btf, ty, depth);
        match btf.get(to).map(|ty| &ty.kind) {
            None => false,
            Some(Kind::Ptr(to)) => self.pointee(btf, *to, depth),
            Some(Kind::FuncProto { ret, params }) => {
                or_void(*ret) && params.iter().all(|Param { ty, .. }| or_void(*ty))
            }
            Some(kind) => kind.alias().is_none_or(|of| self.pointee(btf, of, depth)),
        }
    }
}

/// Takes the names of members, with those of members without one; false where one is there twice.
fn add_names<'a>(
    btf: &'a Btf,
    members: &'a [Member],
    names: &mut HashSet<&'a str>,
    left: &mut usize,
    depth: u32,
) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    members.iter().all(|member| {
        *left = left.saturating_sub(1);
        *left > 0
            && match btf.resolved(member.ty) {
                _ if !member.name.is_empty() => names.insert(&member.name),
                Some(Kind::Struct { members, .. } | Kind::Union { members, .. }) => {
                    add_names(btf, members, names, left, depth)
                }
                _ => true,
            }
    })
}

/// How many bits a member has that is a bit field, else 0. Old compilers give them to the integer instead of the member.
pub(super) fn width(btf: &Btf, member: &Member) -> u32 {
    match btf.resolved(member.ty) {
        _ if member.bit_size != 0 => member.bit_size.into(),
        Some(Kind::Int { size, bits, .. }) if u32::from(*bits) < (*size).min(8) * 8 => (*bits).into(),
        _ => 0,
    }
}
