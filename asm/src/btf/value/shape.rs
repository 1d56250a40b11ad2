//! How a type is written: decided by its kind, its size and the names in front of it.

use crate::btf::{Btf, Enumerator, IntEncoding, Kind, Member, TypeId};
use crate::isa::Endian;

/// How many members are looked at, with those of anonymous structs and unions.
const MAX_FIELDS: usize = 1 << 16;

/// How values of a type are written. Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape<'a> {
    /// A number of up to 16 bytes.
    Scalar(Scalar<'a>),
    /// Four bytes, dotted.
    Ip4,
    /// Sixteen bytes.
    Ip6,
    /// Six bytes.
    Mac,
    /// Characters.
    Text,
    /// Elements of a type and its size; how many.
    Array(TypeId, u32, u32),
    /// Members.
    Struct(&'a [Member]),
    /// `prefixlen` and an address that fills the rest.
    Prefix(&'a [Member]),
    /// None of these.
    Other,
}

/// A number: how its bits are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scalar<'a> {
    pub what: ScalarKind<'a>,
    /// Width in bits; less than its bytes have for a bit field.
    pub bits: u32,
    /// Where it begins, in bits after the place of the member (`BTF_INT_OFFSET`).
    pub shift: u32,
    pub signed: bool,
    /// The byte order that its name demands.
    pub order: Option<Endian>,
}

/// What a number stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ScalarKind<'a> {
    Number,
    Bool,
    Char,
    Pointer,
    Float,
    Enum(&'a [Enumerator]),
}

/// The shape of a type.
pub(super) fn shape(btf: &Btf, ty: TypeId) -> Shape<'_> {
    let Some(size) = btf.size_of(ty) else { return Shape::Other };
    let mut order = None;
    let mut id = ty;
    // The outermost name that means something decides.
    for _ in 0..super::MAX_DEPTH {
        let Some(t) = btf.get(id) else { return Shape::Other };
        match (t.name.as_str(), size) {
            ("ip4", 4) => return Shape::Ip4,
            ("ip6" | "in6_addr", 16) => return Shape::Ip6,
            ("mac", 6) => return Shape::Mac,
            ("__be16" | "be16", 2) | ("__be32" | "be32", 4) | ("__be64" | "be64", 8) => {
                order = Some(Endian::Big);
            }
            _ => {}
        }
        match t.kind.alias() {
            Some(next) => id = next,
            None => break,
        }
    }
    let Some(t) = btf.get(id) else { return Shape::Other };
    let whole = size.saturating_mul(8);
    let scalar = |what, signed, bits, shift| Shape::Scalar(Scalar { what, bits, shift, signed, order });
    match &t.kind {
        Kind::Int { encoding, offset, bits, .. } if (1..=16).contains(&size) => {
            let (bits, shift) = (u32::from(*bits), u32::from(*offset));
            if bits == 0 || bits + shift > whole {
                return Shape::Other;
            }
            let what = if encoding.0 & IntEncoding::BOOL.0 != 0 {
                ScalarKind::Bool
            } else if size == 1 && is_char(btf, id) {
                ScalarKind::Char
            } else {
                ScalarKind::Number
            };
            scalar(what, encoding.0 & IntEncoding::SIGNED.0 != 0, bits, shift)
        }
        Kind::Ptr(_) => scalar(ScalarKind::Pointer, false, whole, 0),
        Kind::Float { .. } if matches!(size, 4 | 8) => scalar(ScalarKind::Float, false, whole, 0),
        Kind::Enum { signed, values, .. } | Kind::Enum64 { signed, values, .. }
            if matches!(size, 1 | 2 | 4 | 8) =>
        {
            scalar(ScalarKind::Enum(values), *signed, whole, 0)
        }
        Kind::Array { elem, .. } if is_char(btf, btf.resolve(*elem)) => Shape::Text,
        Kind::Array { elem, len, .. } => match btf.size_of(*elem) {
            Some(size) => Shape::Array(*elem, size, *len),
            None => Shape::Other,
        },
        Kind::Struct { members, .. } if is_prefix(btf, members, size) => Shape::Prefix(members),
        Kind::Struct { members, .. } | Kind::Union { members, .. } => Shape::Struct(members),
        _ => Shape::Other,
    }
}

/// `char`, whatever its sign; not `unsigned char`, which is a number of eight bits.
fn is_char(btf: &Btf, id: TypeId) -> bool {
    btf.get(id).is_some_and(|t| match &t.kind {
        Kind::Int { size: 1, encoding, .. } => t.name == "char" || encoding.0 & IntEncoding::CHAR.0 != 0,
        _ => false,
    })
}

/// A key of `lpm_trie` with an address of IPv4 or IPv6: `prefixlen`, then the address, then nothing.
fn is_prefix(btf: &Btf, members: &[Member], size: u32) -> bool {
    let [len, address] = members else { return false };
    let is_len = len.name == "prefixlen"
        && (len.bit_offset, len.bit_size) == (0, 0)
        && matches!(btf.resolved(len.ty), Some(Kind::Int { size: 4, .. }));
    let is_address = match (btf.size_of(address.ty), btf.resolved(address.ty)) {
        (Some(4), Some(Kind::Int { .. })) => true,
        (Some(4), Some(Kind::Array { elem, .. })) => btf.size_of(*elem) == Some(1),
        (Some(16), Some(Kind::Array { .. } | Kind::Struct { .. } | Kind::Union { .. })) => true,
        _ => false,
    };
    is_len
        && is_address
        && (address.bit_offset, address.bit_size) == (32, 0)
        && btf.size_of(address.ty).and_then(|n| n.checked_add(4)) == Some(size)
}

/// A member with a name, where it begins in bits, and the width of a bit field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub name: &'a str,
    pub ty: TypeId,
    pub bit_offset: u32,
    pub bit_size: u32,
}

impl<'a> Scalar<'a> {
    /// How a member that is a bit field is read; nothing for other members.
    pub fn of_bit_field(btf: &'a Btf, field: &Field) -> Option<Self> {
        let Shape::Scalar(scalar) = shape(btf, field.ty) else { return None };
        match field.bit_size {
            0 if field.bit_offset.is_multiple_of(8) => None,
            0 => Some(scalar),
            bits => Some(Self { bits: bits.min(scalar.bits), shift: 0, ..scalar }),
        }
    }
}

/// The members with those of anonymous structs and unions in their place.
///
/// With `one_of_each` a union gives only its largest member, so that every byte stands once.
pub(super) fn fields<'a>(
    btf: &'a Btf,
    ty: TypeId,
    members: &'a [Member],
    one_of_each: bool,
) -> Vec<Field<'a>> {
    let mut unfold = Unfold { btf, one_of_each, left: MAX_FIELDS, all: vec![] };
    unfold.members(ty, members, 0, super::MAX_DEPTH);
    unfold.all
}

struct Unfold<'a> {
    btf: &'a Btf,
    one_of_each: bool,
    /// How many members may still be looked at: structs without size could hold each other without end.
    left: usize,
    all: Vec<Field<'a>>,
}

impl<'a> Unfold<'a> {
    fn members(&mut self, ty: TypeId, members: &'a [Member], base: u32, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let btf = self.btf;
        let is_union = matches!(btf.resolved(ty), Some(Kind::Union { .. }));
        let largest = if is_union && self.one_of_each { largest(btf, members) } else { None };
        for (i, m) in members.iter().enumerate() {
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            if largest.is_some_and(|l| l != i) {
                continue;
            }
            let Some(bit_offset) = base.checked_add(m.bit_offset) else { continue };
            match btf.resolved(m.ty) {
                Some(Kind::Struct { members, .. } | Kind::Union { members, .. }) if m.name.is_empty() => {
                    self.members(m.ty, members, bit_offset, depth);
                }
                // A bit field without a name is padding.
                _ if m.name.is_empty() => {}
                _ => {
                    let bit_size = u32::from(m.bit_size);
                    self.all.push(Field { name: &m.name, ty: m.ty, bit_offset, bit_size });
                }
            }
        }
    }
}

/// The first of the largest members.
fn largest(btf: &Btf, members: &[Member]) -> Option<usize> {
    let size = |m: &Member| match m.bit_size {
        0 => u64::from(btf.size_of(m.ty).unwrap_or(0)) * 8,
        bits => u64::from(bits),
    };
    let most = members.iter().map(size).max()?;
    members.iter().position(|m| size(m) == most)
}
