//! BTF whose types are decoded one at a time: that of a kernel has more than a hundred thousand, of which a program
//! wants a few.

use std::borrow::Cow;
use std::rc::Rc;

use super::bytes::u32_at;
use super::decode::Reader;
use super::header::Header;
use super::{Error, StrTable, Type, TypeId};
use crate::isa::Endian;

/// BTF of which nothing but the places of its types is known.
#[derive(Debug, Clone)]
pub struct Scan<'a> {
    types: &'a [u8],
    /// Where the type section begins in the blob.
    start: usize,
    endian: Endian,
    strings: StrTable<'a>,
    /// Where each type begins in the type section, from the first that the base does not have.
    offsets: Vec<u32>,
    /// What the types go on from, as those of a kernel module do from the kernel's.
    base: Option<Rc<Scan<'a>>>,
    is_32_bit: bool,
}

/// What a type is called, and its kind (`BTF_KIND_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the type.
    pub id: TypeId,
    /// `BTF_KIND_*`.
    pub kind: u32,
    /// The size in bytes, or the number of another type.
    pub size: u32,
    /// The offset of the name among the strings.
    name: u32,
}

/// Whether the BTF goes on from other BTF: its strings do not begin with the empty one, which is the base's.
///
/// # Errors
/// What is wrong with its header.
pub fn is_split(data: &[u8]) -> Result<bool, Error> {
    let (_, _, strings) = Header::read(data)?.types()?;
    Ok(strings.get(0).as_deref() != Some(""))
}

impl<'a> Scan<'a> {
    /// Finds where the types of a blob begin.
    ///
    /// # Errors
    /// What is wrong and at which byte.
    pub fn new(data: &'a [u8]) -> Result<Self, Error> {
        Self::on(data, None)
    }

    /// The same of BTF that goes on from other BTF, as [`is_split`] tells.
    ///
    /// # Errors
    /// What is wrong and at which byte.
    pub fn on(data: &'a [u8], base: Option<Rc<Scan<'a>>>) -> Result<Self, Error> {
        let header = Header::read(data)?;
        let endian = header.endian;
        let (start, types, strings) = match &base {
            Some(base) => header.types_on(base.strings)?,
            None => header.types()?,
        };
        let first = base.as_ref().map_or(0, |base| base.offsets.len());
        // A type has twelve bytes and more, most of them 24 and less.
        let mut offsets = Vec::with_capacity(types.len() / 24);
        let mut at = 0;
        while at < types.len() {
            let cut = Error::Truncated { offset: start + types.len(), what: "a type" };
            let info = u32_at(types, at + 4, endian).ok_or(cut)?;
            let count = usize::try_from(info & 0xffff).unwrap_or(0);
            let more = match info >> 24 & 0x1f {
                2 | 7..=12 | 16 | 18 => 0,
                1 | 14 | 17 => 4,
                3 => 12,
                4 | 5 | 15 | 19 => 12 * count,
                6 | 13 => 8 * count,
                kind => {
                    let id = u32::try_from(first + offsets.len() + 1).unwrap_or(u32::MAX);
                    return Err(Error::Kind { offset: start + at, id, kind });
                }
            };
            offsets.push(u32::try_from(at).map_err(|_| Error::TooMuch { what: "the types" })?);
            at += 12 + more;
        }
        let is_32_bit = base.as_ref().is_some_and(|base| base.is_32_bit);
        let scan = Self { types, start, endian, strings, offsets, base, is_32_bit };
        let longs = ["long", "long int", "unsigned long", "long unsigned int"];
        let long = |h: &Head| h.kind == 1 && longs.iter().any(|name| scan.is_named(h, name));
        let is_32_bit = is_32_bit || scan.heads().find(long).is_some_and(|h| h.size == 4);
        Ok(Self { is_32_bit, ..scan })
    }

    /// What the types go on from, where that has this one.
    #[must_use]
    pub fn base_of(&self, id: TypeId) -> Option<&Rc<Scan<'a>>> {
        self.base.as_ref().filter(|_| usize::try_from(id.0).is_ok_and(|id| id <= self.first()))
    }

    /// What the types go on from.
    #[must_use]
    pub fn base(&self) -> Option<&Rc<Scan<'a>>> {
        self.base.as_ref()
    }

    /// How many types the base has.
    fn first(&self) -> usize {
        self.base.as_ref().map_or(0, |base| base.offsets.len())
    }

    /// What all types are called, without those of the base.
    pub fn heads(&self) -> impl Iterator<Item = Head> {
        let first = u32::try_from(self.first()).unwrap_or(u32::MAX);
        (first.saturating_add(1)..).zip(&self.offsets).filter_map(|(id, at)| {
            let at = usize::try_from(*at).ok()?;
            let field = |n: usize| u32_at(self.types, at + n, self.endian);
            Some(Head { id: TypeId(id), kind: field(4)? >> 24 & 0x1f, size: field(8)?, name: field(0)? })
        })
    }

    /// Whether a type has that name.
    #[must_use]
    pub fn is_named(&self, head: &Head, name: &str) -> bool {
        let rest = self.strings.from(head.name);
        rest.and_then(|rest| rest.strip_prefix(name.as_bytes())).is_some_and(|rest| rest.first() == Some(&0))
    }

    /// The name of a type; nothing where it lies outside the strings or is no UTF-8.
    #[must_use]
    pub fn name(&self, head: &Head) -> Option<&'a str> {
        match self.strings.get(head.name)? {
            Cow::Borrowed(name) => Some(name),
            Cow::Owned(_) => None,
        }
    }

    /// Whether `long` has four bytes, and so, with all compilers of a kernel, a pointer.
    #[must_use]
    pub fn is_32_bit(&self) -> bool {
        self.is_32_bit
    }

    /// The type of a number; nothing for `void` and for numbers not in use. What it refers to need not exist.
    ///
    /// # Errors
    /// What is wrong and at which byte.
    pub fn get(&self, id: TypeId) -> Result<Option<Type>, Error> {
        let index = id.0.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let Some(index) = index else { return Ok(None) };
        if let Some(base) = self.base_of(id) {
            return base.get(id);
        }
        let Some(at) = self.offsets.get(index - self.first()) else { return Ok(None) };
        let at = usize::try_from(*at).map_err(|_| Error::TooMuch { what: "the types" })?;
        Reader::at(self.types, self.start, at, self.endian, self.strings).ty(index).map(Some)
    }
}
