//! What a relocation asks of a type, as a number.

use super::Wrong;
use super::alike::{enumerators, is_signed, members};
use super::path::{Path, Step};
use super::types::Types;
use crate::btf::{Kind, TypeId};
use crate::isa::Endian;
use crate::object::CoreKind;

/// The answer to a relocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) number: u64,
    /// Whether compilers have no choice: then the instruction holds it already.
    pub(super) is_sure: bool,
    /// What a load or store of the field moves.
    pub(super) moved: Option<Moved>,
}

/// What a load or store moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    /// Its size in bytes.
    pub(super) size: u32,
    class: Class,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Pointer,
    Unsigned,
    Other,
}

impl Moved {
    /// Whether a load of the one size may become one of the other: what is loaded is filled up with zeros.
    pub(super) fn may_become(self, other: Moved) -> bool {
        self.size == other.size || (self.class == other.class && self.class != Class::Other)
    }
}

impl Value {
    /// Of a type or field that is there.
    pub(super) fn of(types: &impl Types, path: &Path, kind: CoreKind, endian: Endian) -> Result<Self, Wrong> {
        let number = match kind {
            CoreKind::FIELD_EXISTS
            | CoreKind::TYPE_EXISTS
            | CoreKind::TYPE_MATCHES
            | CoreKind::ENUM_EXISTS => 1,
            CoreKind::TYPE_ID_LOCAL | CoreKind::TYPE_ID_TARGET => {
                return Ok(Self { number: path.root.0.into(), is_sure: false, moved: None });
            }
            CoreKind::TYPE_SIZE => types.size(path.root)?.into(),
            CoreKind::ENUM_VALUE => value(types, path)?,
            _ => return field(types, path, kind, endian),
        };
        Ok(Self { number, is_sure: true, moved: None })
    }

    /// Of what is not there; nothing where it would have to be.
    pub(super) fn missing(kind: CoreKind) -> Option<Self> {
        match kind {
            CoreKind::FIELD_EXISTS
            | CoreKind::TYPE_EXISTS
            | CoreKind::TYPE_MATCHES
            | CoreKind::TYPE_SIZE
            | CoreKind::TYPE_ID_TARGET
            | CoreKind::ENUM_EXISTS => Some(Self { number: 0, is_sure: true, moved: None }),
            _ => None,
        }
    }
}

/// The value of an enum. All loaders take those of 32 bits with their sign, whatever the enum says: older compilers say
/// nothing.
fn value(types: &impl Types, path: &Path) -> Result<u64, Wrong> {
    let Some(Step::Named(ty, which)) = path.steps.first() else {
        return Err(Wrong::Kind(CoreKind::ENUM_VALUE));
    };
    let ty = types.get(*ty)?;
    let found = ty.as_ref().and_then(|ty| Some((&ty.kind, enumerators(&ty.kind)?.get(*which)?.value)));
    let Some((kind, value)) = found else { return Err(Wrong::NoType(path.root)) };
    let bits = value.cast_unsigned();
    Ok(match kind {
        Kind::Enum { .. } => {
            let [a, b, c, d, ..] = bits.to_le_bytes();
            i64::from(i32::from_le_bytes([a, b, c, d])).cast_unsigned()
        }
        _ => bits,
    })
}

fn field(types: &impl Types, path: &Path, kind: CoreKind, endian: Endian) -> Result<Value, Wrong> {
    let sure = |number| Value { number, is_sure: true, moved: None };
    let (within, which) = match path.steps.last() {
        Some(Step::Named(within, which)) => (*within, *which),
        Some(Step::Element(ty, _)) => {
            return match kind {
                CoreKind::FIELD_OFFSET => {
                    Ok(Value { moved: Some(moved(types, *ty)?), ..sure(path.bits / 8) })
                }
                CoreKind::FIELD_SIZE => Ok(sure(types.size(*ty)?.into())),
                _ => Err(Wrong::Kind(kind)),
            };
        }
        None => return Err(Wrong::Kind(kind)),
    };
    let within = types.get(within)?;
    let member = within.as_ref().and_then(|ty| members(&ty.kind)?.get(which));
    let Some(member) = member else { return Err(Wrong::NoType(path.root)) };
    let (ty, held) = types.resolve(member.ty)?;
    let signed = || match held.as_ref().map(|ty| &ty.kind) {
        Some(Kind::Int { encoding, .. }) => is_signed(*encoding),
        Some(Kind::Enum { signed, .. } | Kind::Enum64 { signed, .. }) => *signed,
        _ => false,
    };
    let is_bits = member.bit_size != 0;
    let (start, bytes, bits) = if is_bits {
        let (start, bytes) = bit_field(types.size(ty)?, path.bits, member.bit_size)?;
        (start, bytes, u64::from(member.bit_size))
    } else {
        let bytes = u64::from(types.size(ty)?);
        (path.bits / 8, bytes, bytes * 8)
    };
    // Nobody shifts a field of more than 64 bits; other loaders give it a number below 2³² all the same.
    let shift = |more: u64, less: u64| more.wrapping_sub(less) & u64::from(u32::MAX);
    let unsure = |number| Value { is_sure: !is_bits, ..sure(number) };
    Ok(match kind {
        CoreKind::FIELD_OFFSET if is_bits => unsure(start),
        CoreKind::FIELD_OFFSET => Value { moved: Some(moved(types, ty)?), ..sure(start) },
        CoreKind::FIELD_SIZE => unsure(bytes),
        CoreKind::FIELD_SIGNED => sure(signed().into()),
        CoreKind::FIELD_LSHIFT => unsure(match endian {
            Endian::Little => shift(64 + start * 8, path.bits + bits),
            Endian::Big => shift(64 + path.bits, (bytes + start) * 8),
        }),
        CoreKind::FIELD_RSHIFT => sure(shift(64, bits)),
        _ => return Err(Wrong::Kind(kind)),
    })
}

/// Where the smallest aligned load that covers a bit field begins, and how many bytes it takes.
fn bit_field(size: u32, first: u64, bits: u8) -> Result<(u64, u64), Wrong> {
    let mut bytes = u64::from(size);
    if !matches!(bytes, 1 | 2 | 4 | 8 | 16) {
        return Err(Wrong::Bits);
    }
    loop {
        let start = first / 8 / bytes * bytes;
        if first + u64::from(bits) <= (start + bytes) * 8 {
            return Ok((start, bytes));
        }
        if bytes >= 8 {
            return Err(Wrong::Bits);
        }
        bytes *= 2;
    }
}

fn moved(types: &impl Types, ty: TypeId) -> Result<Moved, Wrong> {
    let held = types.get(ty)?;
    let class = match held.as_ref().map(|ty| &ty.kind) {
        Some(Kind::Ptr(_)) => Class::Pointer,
        // A char with a sign is not held for one.
        Some(Kind::Int { encoding, .. }) if encoding.0 != crate::btf::IntEncoding::SIGNED.0 => {
            Class::Unsigned
        }
        _ => Class::Other,
    };
    Ok(Moved { size: types.element_size(ty)?, class })
}
