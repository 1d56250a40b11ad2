//! Bytes to types. Total: any bytes give types or an error, in time and memory bounded by their length.

use std::borrow::Cow;

use super::bytes::u32_at;
use super::header::Header;
use super::{
    Btf, Enumerator, Error, FuncLinkage, IntEncoding, Kind, Member, Param, SecInfo, StrTable, Type, TypeId,
    VarLinkage,
};
use crate::isa::Endian;

/// How many times longer than the data the names may be, written out: enough for any real BTF, where each use of a
/// name takes eight bytes and more.
pub(super) const NAME_FACTOR: usize = 8;

/// A decoded blob.
#[derive(Debug, Clone)]
pub struct Decoded<'a, S = String> {
    /// The types.
    pub btf: Btf<S>,
    /// The byte order, as the magic number shows it.
    pub endian: Endian,
    /// The strings, which `.BTF.ext` refers to as well.
    pub strings: StrTable<'a>,
}

impl Btf {
    /// The types of a blob; the magic number tells the byte order.
    ///
    /// # Errors
    /// What is wrong and at which byte.
    pub fn decode(data: &[u8]) -> Result<Btf, Error> {
        decode(data).map(|d| d.btf)
    }
}

/// Decodes a blob, and keeps its strings. Names are copied, or stay where they are as `&str`.
///
/// # Errors
/// What is wrong and at which byte.
pub fn decode<'a, S: From<&'a str>>(data: &'a [u8]) -> Result<Decoded<'a, S>, Error> {
    let header = Header::read(data)?;
    let (start, types, strings) = header.types()?;
    let decoded = Decoded { btf: Btf::default(), endian: header.endian, strings };
    decoded.and(data, start, types)
}

impl<'a, S: From<&'a str>> Decoded<'a, S> {
    /// These types and those of a blob that goes on from them, as that of a kernel module does.
    ///
    /// # Errors
    /// What is wrong and at which byte.
    pub fn with_split(self, data: &'a [u8]) -> Result<Self, Error> {
        let header = Header::read(data)?;
        let (start, types, strings) = header.types_on(self.strings)?;
        Self { strings, endian: header.endian, ..self }.and(data, start, types)
    }

    /// Adds the types of a type section that begins at `start`.
    fn and(mut self, data: &'a [u8], start: usize, types: &'a [u8]) -> Result<Self, Error> {
        let budget = data.len().saturating_mul(NAME_FACTOR);
        let (endian, strings) = (self.endian, self.strings);
        let mut reader = Reader { data: types, start, at: 0, endian, strings: strings.seen(), budget };
        // A type has twelve bytes and more, most of them 24 and less. Without the room, they move as they grow.
        let _ = self.btf.types.try_reserve(types.len() / 24);
        while reader.at < types.len() {
            let ty = reader.ty(self.btf.types.len())?;
            self.btf.types.push(ty);
        }
        check_refs(&self.btf)?;
        Ok(self)
    }
}

/// Reads the type section from front to back.
pub(super) struct Reader<'a> {
    data: &'a [u8],
    /// Where the type section begins in the blob.
    start: usize,
    at: usize,
    endian: Endian,
    strings: StrTable<'a>,
    /// How many bytes of names may still be copied.
    budget: usize,
}

impl<'a> Reader<'a> {
    /// Begins at a type that stands at a byte of the type section, which itself begins at `start`.
    pub(super) fn at(data: &'a [u8], start: usize, at: usize, endian: Endian, strings: StrTable<'a>) -> Self {
        let budget = strings.len().saturating_mul(NAME_FACTOR);
        Self { data, start, at, endian, strings, budget }
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        let v = u32_at(self.data, self.at, self.endian)
            .ok_or(Error::Truncated { offset: self.start + self.data.len(), what })?;
        self.at += 4;
        Ok(v)
    }

    fn id(&mut self, what: &'static str) -> Result<TypeId, Error> {
        self.u32(what).map(TypeId)
    }

    fn name<S: From<&'a str>>(&mut self, what: &'static str) -> Result<S, Error> {
        let offset = self.start + self.at;
        let name = self.u32(what)?;
        // Names are those of a language, and so UTF-8.
        let Some(Cow::Borrowed(text)) = self.strings.get(name) else {
            return Err(Error::Name { offset, name });
        };
        self.budget = self.budget.checked_sub(text.len()).ok_or(Error::NameFlood { offset })?;
        Ok(text.into())
    }

    /// `count` entries of at least eight bytes each.
    fn list<T>(
        &mut self,
        count: u16,
        mut one: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let room = (self.data.len() - self.at) / 8;
        let mut all = Vec::with_capacity(usize::from(count).min(room));
        for _ in 0..count {
            all.push(one(self)?);
        }
        Ok(all)
    }

    pub(super) fn ty<S: From<&'a str>>(&mut self, index: usize) -> Result<Type<S>, Error> {
        let offset = self.start + self.at;
        let id = u32::try_from(index + 1).map_err(|_| Error::TooMuch { what: "the types" })?;
        let name = self.name("a type")?;
        let info = self.u32("a type")?;
        let size = self.u32("a type")?;
        let flag = info >> 31 == 1;
        let number = info >> 24 & 0x1f;
        let vlen = u16::try_from(info & 0xffff).unwrap_or(0);
        let wrong = |what| Error::Field { offset, id, what };
        if info & 0x60ff_0000 != 0 {
            return Err(wrong("reserved bits of its info word are set"));
        }
        if flag && !matches!(number, 4..=7 | 17..=19) {
            return Err(wrong("kind_flag is set on a kind that has none"));
        }
        if vlen != 0 && !matches!(number, 4..=6 | 12 | 13 | 15 | 19) {
            return Err(wrong("it counts members, but its kind has none"));
        }
        let to = TypeId(size);
        let kind = match number {
            1 => {
                let int = self.u32("an integer")?;
                let [encoding, offset, reserved, bits] = int.to_be_bytes();
                if encoding > 15 || reserved != 0 {
                    return Err(wrong("reserved bits of an integer are set"));
                }
                Kind::Int { size, encoding: IntEncoding(encoding), offset, bits }
            }
            2 => Kind::Ptr(to),
            3 => Kind::Array {
                elem: self.id("an array")?,
                index: self.id("an array")?,
                len: self.u32("an array")?,
            },
            4 => Kind::Struct { size, members: self.list(vlen, |r| r.member(flag))?, bitfields: flag },
            5 => Kind::Union { size, members: self.list(vlen, |r| r.member(flag))?, bitfields: flag },
            6 => Kind::Enum { size, signed: flag, values: self.list(vlen, |r| r.enum32(flag))? },
            7 => Kind::Fwd { union: flag },
            8 => Kind::Typedef(to),
            9 => Kind::Volatile(to),
            10 => Kind::Const(to),
            11 => Kind::Restrict(to),
            12 => Kind::Func { proto: to, linkage: FuncLinkage(vlen) },
            13 => {
                let param =
                    |r: &mut Self| Ok(Param { name: r.name("a parameter")?, ty: r.id("a parameter")? });
                Kind::FuncProto { ret: to, params: self.list(vlen, param)? }
            }
            14 => Kind::Var { ty: to, linkage: VarLinkage(self.u32("a variable")?) },
            15 => {
                let what = "a data section";
                let info =
                    |r: &mut Self| Ok(SecInfo { var: r.id(what)?, offset: r.u32(what)?, size: r.u32(what)? });
                Kind::DataSec { size, vars: self.list(vlen, info)? }
            }
            16 => Kind::Float { size },
            17 => {
                let component = self.u32("a declaration tag")?.cast_signed();
                Kind::DeclTag { ty: to, component, attribute: flag }
            }
            18 => Kind::TypeTag { ty: to, attribute: flag },
            19 => Kind::Enum64 { size, signed: flag, values: self.list(vlen, Self::enum64)? },
            kind => return Err(Error::Kind { offset, id, kind }),
        };
        Ok(Type { name, kind })
    }

    fn member<S: From<&'a str>>(&mut self, bitfields: bool) -> Result<Member<S>, Error> {
        let what = "a member";
        let (name, ty, offset) = (self.name(what)?, self.id(what)?, self.u32(what)?);
        let (bit_offset, bit_size) = member_place(offset, bitfields);
        Ok(Member { name, ty, bit_offset, bit_size })
    }

    fn enum32<S: From<&'a str>>(&mut self, is_signed: bool) -> Result<Enumerator<S>, Error> {
        let (name, bits) = (self.name("an enum")?, self.u32("an enum")?);
        let value = if is_signed { i64::from(bits.cast_signed()) } else { i64::from(bits) };
        Ok(Enumerator { name, value })
    }

    fn enum64<S: From<&'a str>>(&mut self) -> Result<Enumerator<S>, Error> {
        let what = "an enum";
        let (name, low, high) = (self.name(what)?, self.u32(what)?, self.u32(what)?);
        let bits = u64::from(high) << 32 | u64::from(low);
        Ok(Enumerator { name, value: i64::from_ne_bytes(bits.to_ne_bytes()) })
    }
}

/// A member's offset, and the width that stands in its highest byte where there are bit fields.
pub(super) fn member_place(offset: u32, bitfields: bool) -> (u32, u8) {
    let [bits, ..] = offset.to_be_bytes();
    if bitfields { (offset & 0x00ff_ffff, bits) } else { (offset, 0) }
}

/// Every type number that a type names must be in use.
pub(crate) fn check_refs<S>(btf: &Btf<S>) -> Result<(), Error> {
    let count = u32::try_from(btf.types.len()).map_err(|_| Error::TooMuch { what: "the types" })?;
    for (TypeId(id), ty) in btf.iter() {
        let check = |to: TypeId| match to.0 <= count {
            true => Ok(()),
            false => Err(Error::Ref { id, to: to.0, count }),
        };
        match &ty.kind {
            Kind::Ptr(to)
            | Kind::Typedef(to)
            | Kind::Volatile(to)
            | Kind::Const(to)
            | Kind::Restrict(to)
            | Kind::Func { proto: to, .. }
            | Kind::Var { ty: to, .. }
            | Kind::DeclTag { ty: to, .. }
            | Kind::TypeTag { ty: to, .. } => check(*to)?,
            Kind::Array { elem, index, .. } => {
                check(*elem)?;
                check(*index)?;
            }
            Kind::Struct { members, .. } | Kind::Union { members, .. } => {
                members.iter().try_for_each(|m| check(m.ty))?;
            }
            Kind::FuncProto { ret, params } => {
                check(*ret)?;
                params.iter().try_for_each(|p| check(p.ty))?;
            }
            Kind::DataSec { vars, .. } => vars.iter().try_for_each(|v| check(v.var))?,
            Kind::Int { .. }
            | Kind::Enum { .. }
            | Kind::Fwd { .. }
            | Kind::Float { .. }
            | Kind::Enum64 { .. } => {}
        }
    }
    Ok(())
}
