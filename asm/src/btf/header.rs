//! The header that `.BTF` and `.BTF.ext` begin with (`struct btf_header`, `struct btf_ext_header`).

use super::bytes::{u16_at, u32_at};
use super::encode::HEADER_LEN;
use super::{Error, MAGIC, StrTable, VERSION};
use crate::isa::Endian;

/// A header that has been looked at, and the bytes that it stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header<'a> {
    data: &'a [u8],
    /// The byte order, as the magic number shows it.
    pub(super) endian: Endian,
    /// Its length in bytes; what it points to counts from its end.
    pub(super) len: u32,
}

impl<'a> Header<'a> {
    /// Checks magic number, version, flags and length.
    pub(super) fn read(data: &'a [u8]) -> Result<Self, Error> {
        let found = u16_at(data, 0, Endian::Little)
            .ok_or(Error::Truncated { offset: data.len(), what: "the magic number" })?;
        let endian = match found {
            MAGIC => Endian::Little,
            _ if found.swap_bytes() == MAGIC => Endian::Big,
            _ => return Err(Error::Magic { found }),
        };
        let (version, flags) = match data {
            [_, _, version, flags, ..] => (*version, *flags),
            _ => return Err(Error::Truncated { offset: data.len(), what: "the header" }),
        };
        if (version, flags) != (VERSION, 0) {
            return Err(Error::Version { version, flags });
        }
        let len = Self { data, endian, len: 0 }.field(4)?;
        if usize::try_from(len).is_ok_and(|len| len <= data.len()) {
            Ok(Self { data, endian, len })
        } else {
            Err(Error::Truncated { offset: data.len(), what: "the header" })
        }
    }

    /// A number of the header, by its offset in bytes.
    pub(super) fn field(&self, at: usize) -> Result<u32, Error> {
        u32_at(self.data, at, self.endian).ok_or(Error::Truncated { offset: at, what: "the header" })
    }

    /// The same of BTF that goes on from other BTF.
    pub(super) fn types_on(&self, base: StrTable<'a>) -> Result<(usize, &'a [u8], StrTable<'a>), Error> {
        let (start, types, _) = self.types()?;
        Ok((start, types, base.then(self.part(16, "the string section")?.1)))
    }

    /// The types and where they begin, and the strings.
    ///
    /// # Errors
    /// Where the header is too short for them, or they lie outside of the data.
    pub(super) fn types(&self) -> Result<(usize, &'a [u8], StrTable<'a>), Error> {
        if self.len < HEADER_LEN {
            return Err(Error::Truncated { offset: 4, what: "the header" });
        }
        let (start, types) = self.part(8, "the type section")?;
        let (_, strings) = self.part(16, "the string section")?;
        Ok((start, types, StrTable::new(strings)))
    }

    /// A part of the data and where it begins; its offset and length stand in the header at `at`.
    pub(super) fn part(&self, at: usize, what: &'static str) -> Result<(usize, &'a [u8]), Error> {
        let (offset, len) = (self.field(at)?, self.field(at + 4)?);
        let start = u64::from(self.len) + u64::from(offset);
        let range = usize::try_from(start).ok().zip(usize::try_from(start + u64::from(len)).ok());
        range.and_then(|(a, b)| Some((a, self.data.get(a..b)?))).ok_or(Error::Header {
            what,
            offset: start,
            len: self.data.len(),
        })
    }
}
