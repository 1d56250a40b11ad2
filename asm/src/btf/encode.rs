//! Types to bytes: header, types, strings (`struct btf_header`).

use super::bytes::Out;
use super::{Btf, Enumerator, Error, Kind, MAGIC, Member, Strings, TypeId, VERSION};
use crate::isa::Endian;

/// Length of `struct btf_header` in bytes.
pub(super) const HEADER_LEN: u32 = 24;

/// Types that are encoded, and a string table still open for names that `.BTF.ext` needs.
#[derive(Debug, Clone)]
pub struct Encoder {
    types: Out,
    strings: Strings,
    /// Where the texts of source lines stand among the strings: what their offsets are from, and their length.
    texts: (u32, u32),
}

impl Btf {
    /// The blob as it stands in section `.BTF` and as `BPF_BTF_LOAD` takes it.
    ///
    /// # Errors
    /// [`Error::TooBig`] and the like where a value does not fit its field.
    pub fn encode(&self, endian: Endian) -> Result<Vec<u8>, Error> {
        Encoder::new(self, endian)?.finish()
    }
}

impl Encoder {
    /// Encodes all types.
    ///
    /// # Errors
    /// [`Error::TooBig`] and the like where a value does not fit its field.
    pub fn new(btf: &Btf, endian: Endian) -> Result<Self, Error> {
        let mut encoder = Self { types: Out::new(endian), strings: Strings::default(), texts: (0, 0) };
        for (id, ty) in btf.iter() {
            encoder.ty(id, &ty.name, &ty.kind)?;
        }
        Ok(encoder)
    }

    /// The offset of a string in this BTF's table.
    ///
    /// # Errors
    /// As [`Strings::add`].
    pub fn string(&mut self, text: &str) -> Result<u32, Error> {
        self.strings.add(text)
    }

    /// The same with the texts of source lines, as [`Object::texts`](crate::object::Object::texts) has them.
    ///
    /// # Errors
    /// [`Error::TooMuch`] beyond 4 GiB.
    pub fn with_texts(mut self, texts: &Strings) -> Result<Self, Error> {
        self.texts = (self.strings.append(texts)?, len32(texts.bytes().len(), "the strings")?);
        Ok(self)
    }

    /// The offset of such a text in this BTF's table; nothing where it is not there.
    pub(super) fn text(&self, offset: u32) -> Option<u32> {
        let (start, len) = self.texts;
        // The empty one is the table's first.
        if offset == 0 { Some(0) } else { (offset < len).then(|| start + offset) }
    }

    /// The blob: header, types, strings.
    ///
    /// # Errors
    /// [`Error::TooMuch`] beyond 4 GiB.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        let types = len32(self.types.bytes.len(), "the types")?;
        let strings = len32(self.strings.bytes().len(), "the strings")?;
        let mut out = Out::new(self.types.endian);
        out.u16(MAGIC);
        out.u8(VERSION);
        out.u8(0);
        for field in [HEADER_LEN, 0, types, types, strings] {
            out.u32(field);
        }
        out.bytes.extend_from_slice(&self.types.bytes);
        // Of texts there may be far more than of types.
        Ok(self.strings.into_bytes_behind(out.bytes))
    }

    /// One `struct btf_type` with what follows it.
    fn ty(&mut self, id: TypeId, name: &str, kind: &Kind) -> Result<(), Error> {
        let name = self.strings.add(name)?;
        let vlen = |n: usize| -> Result<u32, Error> {
            u16::try_from(n).map(u32::from).map_err(|_| Error::TooBig { id, what: "the number of members" })
        };
        let (vlen, flag, size) = match kind {
            Kind::Int { size, .. } => (0, false, *size),
            Kind::Array { .. } => (0, false, 0),
            Kind::Struct { size, members, bitfields } => (vlen(members.len())?, *bitfields, *size),
            Kind::Union { size, members, bitfields } => (vlen(members.len())?, *bitfields, *size),
            Kind::Enum { size, signed, values } => (vlen(values.len())?, *signed, *size),
            Kind::Fwd { union } => (0, *union, 0),
            Kind::Ptr(to) | Kind::Typedef(to) | Kind::Volatile(to) | Kind::Const(to) | Kind::Restrict(to) => {
                (0, false, to.0)
            }
            Kind::Func { proto, linkage } => (u32::from(linkage.0), false, proto.0),
            Kind::FuncProto { ret, params } => (vlen(params.len())?, false, ret.0),
            Kind::Var { ty, .. } => (0, false, ty.0),
            Kind::DataSec { size, vars } => (vlen(vars.len())?, false, *size),
            Kind::Float { size } => (0, false, *size),
            Kind::DeclTag { ty, attribute, .. } => (0, *attribute, ty.0),
            Kind::TypeTag { ty, attribute } => (0, *attribute, ty.0),
            Kind::Enum64 { size, signed, values } => (vlen(values.len())?, *signed, *size),
        };
        self.types.u32(name);
        self.types.u32(u32::from(flag) << 31 | kind.number() << 24 | vlen);
        self.types.u32(size);
        self.tail(id, kind)
    }

    /// What follows `struct btf_type`.
    fn tail(&mut self, id: TypeId, kind: &Kind) -> Result<(), Error> {
        match kind {
            Kind::Int { encoding, offset, bits, .. } => {
                if encoding.0 > 15 {
                    return Err(Error::TooBig { id, what: "the encoding of an integer" });
                }
                self.types.u32(u32::from(encoding.0) << 24 | u32::from(*offset) << 16 | u32::from(*bits));
            }
            Kind::Array { elem, index, len } => {
                for field in [elem.0, index.0, *len] {
                    self.types.u32(field);
                }
            }
            Kind::Struct { members, bitfields, .. } | Kind::Union { members, bitfields, .. } => {
                for m in members {
                    self.member(id, m, *bitfields)?;
                }
            }
            Kind::Enum { signed, values, .. } => {
                for v in values {
                    let name = self.strings.add(&v.name)?;
                    self.types.u32(name);
                    self.types.u32(enum32(id, *signed, v)?);
                }
            }
            Kind::Enum64 { values, .. } => {
                for v in values {
                    let name = self.strings.add(&v.name)?;
                    let bits = u64::from_ne_bytes(v.value.to_ne_bytes());
                    self.types.u32(name);
                    self.types.u32(u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(0));
                    self.types.u32(u32::try_from(bits >> 32).unwrap_or(0));
                }
            }
            Kind::FuncProto { params, .. } => {
                for p in params {
                    let name = self.strings.add(&p.name)?;
                    self.types.u32(name);
                    self.types.u32(p.ty.0);
                }
            }
            Kind::Var { linkage, .. } => self.types.u32(linkage.0),
            Kind::DataSec { vars, .. } => {
                for v in vars {
                    for field in [v.var.0, v.offset, v.size] {
                        self.types.u32(field);
                    }
                }
            }
            Kind::DeclTag { component, .. } => self.types.u32(component.cast_unsigned()),
            Kind::Ptr(_)
            | Kind::Fwd { .. }
            | Kind::Typedef(_)
            | Kind::Volatile(_)
            | Kind::Const(_)
            | Kind::Restrict(_)
            | Kind::Func { .. }
            | Kind::Float { .. }
            | Kind::TypeTag { .. } => {}
        }
        Ok(())
    }

    /// `struct btf_member`: with `kind_flag` the offset holds the width of a bit field in its top byte.
    fn member(&mut self, id: TypeId, m: &Member, bitfields: bool) -> Result<(), Error> {
        let offset = match (bitfields, m.bit_size) {
            (true, bits) if m.bit_offset < 1 << 24 => u32::from(bits) << 24 | m.bit_offset,
            (false, 0) => m.bit_offset,
            (true, _) => return Err(Error::TooBig { id, what: "the offset of a member" }),
            (false, _) => return Err(Error::TooBig { id, what: "a bit field without kind_flag" }),
        };
        let name = self.strings.add(&m.name)?;
        for field in [name, m.ty.0, offset] {
            self.types.u32(field);
        }
        Ok(())
    }
}

/// The 32 bits of an enum's value.
fn enum32(id: TypeId, signed: bool, v: &Enumerator) -> Result<u32, Error> {
    let bits = if signed { i32::try_from(v.value).map(i32::cast_unsigned) } else { u32::try_from(v.value) };
    bits.map_err(|_| Error::TooBig { id, what: "the value of a 32-bit enum" })
}

/// A length as the header holds it.
pub(super) fn len32(len: usize, what: &'static str) -> Result<u32, Error> {
    u32::try_from(len).map_err(|_| Error::TooMuch { what })
}
