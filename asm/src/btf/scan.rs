//! BTF whose types are decoded one at a time: that of a kernel has more than a hundred thousand, of which a program
//! wants a few.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

use super::bytes::u32_at;
use super::decode::Reader;
use super::header::Header;
use super::{Error, StrTable, Type, TypeId, Wanted};
use crate::isa::Endian;

/// Of so many types, the place of the first is noted.
const STEP: usize = 8;

/// BTF of which nothing but the places of its types is known.
#[derive(Debug, Clone)]
pub struct Scan<'a> {
    types: &'a [u8],
    /// Where the type section begins in the blob.
    start: usize,
    endian: Endian,
    strings: StrTable<'a>,
    /// Where every [`STEP`]th type begins in the type section, from the first that the base does not have.
    offsets: Vec<u32>,
    /// How many types there are, without those of the base.
    count: usize,
    /// What the types go on from, as those of a kernel module do from the kernel's.
    base: Option<Rc<Scan<'a>>>,
    is_32_bit: OnceCell<bool>,
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
        Self::finding(data, base, &mut Wanted::default())
    }

    /// The same, and finds types by their names on the way.
    ///
    /// # Errors
    /// What is wrong and at which byte.
    pub fn finding(
        data: &'a [u8],
        base: Option<Rc<Scan<'a>>>,
        wanted: &mut Wanted<'_>,
    ) -> Result<Self, Error> {
        let header = Header::read(data)?;
        let endian = header.endian;
        let (start, types, strings) = match &base {
            Some(base) => header.types_on(base.strings)?,
            None => header.types()?,
        };
        let (offsets, count) = (vec![], 0);
        let mut scan =
            Self { types, start, endian, strings, offsets, count, base, is_32_bit: OnceCell::new() };
        // A type has twelve bytes and more, most of them 24 and less.
        scan.offsets.reserve(types.len() / 24 / STEP);
        let mut at = 0;
        while at < types.len() {
            let cut = Error::Truncated { offset: start + types.len(), what: "a type" };
            let info = u32_at(types, at + 4, endian).ok_or(cut)?;
            if scan.count.is_multiple_of(STEP) {
                let at = u32::try_from(at).map_err(|_| Error::TooMuch { what: "the types" })?;
                scan.offsets.push(at);
            }
            scan.count += 1;
            if wanted.has_kind(kind(info))
                && let Some(name) = u32_at(types, at, endian).and_then(|name| strings.from(name))
            {
                wanted.meet(name, || scan.head(scan.last(), at));
            }
            let Some(len) = len(info) else {
                return Err(Error::Kind { offset: start + at, id: scan.last().0, kind: kind(info) });
            };
            at += len;
        }
        Ok(scan)
    }

    /// The number of the last type.
    #[must_use]
    pub fn last(&self) -> TypeId {
        TypeId(u32::try_from(self.first() + self.count).unwrap_or(u32::MAX))
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

    /// How many types there are before the first.
    fn first(&self) -> usize {
        self.base.as_ref().map_or(0, |base| base.first() + base.count)
    }

    /// What all types are called, without those of the base.
    pub fn heads(&self) -> impl Iterator<Item = Head> {
        let first = u32::try_from(self.first()).unwrap_or(u32::MAX);
        let ids = (first.saturating_add(1)..).map(TypeId);
        let places = std::iter::successors(Some(0), |at| self.after(*at));
        ids.zip(places).map_while(|(id, at)| self.head(id, at))
    }

    /// Finds types by their names, without those of the base.
    pub fn find(&self, wanted: &mut Wanted<'_>) {
        for head in self.heads() {
            if wanted.has_kind(head.kind)
                && let Some(name) = self.strings.from(head.name)
            {
                wanted.meet(name, || Some(head));
            }
        }
    }

    /// What the type at that place is called.
    fn head(&self, id: TypeId, at: usize) -> Option<Head> {
        let field = |n: usize| u32_at(self.types, at + n, self.endian);
        Some(Head { id, kind: kind(field(4)?), size: field(8)?, name: field(0)? })
    }

    /// Where the type behind this one begins.
    fn after(&self, at: usize) -> Option<usize> {
        Some(at + len(u32_at(self.types, at + 4, self.endian)?)?)
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

    /// The byte order.
    #[must_use]
    pub fn endian(&self) -> Endian {
        self.endian
    }

    /// Whether `long` has four bytes, and so, with all compilers of a kernel, a pointer.
    #[must_use]
    pub fn is_32_bit(&self) -> bool {
        *self.is_32_bit.get_or_init(|| {
            self.base.as_ref().is_some_and(|base| base.is_32_bit())
                || self.long().is_some_and(|h| h.size == 4)
        })
    }

    /// `long`, with or without a sign.
    pub(crate) fn long(&self) -> Option<Head> {
        let longs = ["long", "long int", "unsigned long", "long unsigned int"];
        self.heads().find(|h| h.kind == 1 && longs.iter().any(|name| self.is_named(h, name)))
    }

    /// The type of a number; nothing for `void` and for numbers not in use. What it refers to need not exist. Names
    /// are copied, or stay where they are as `&str`.
    ///
    /// # Errors
    /// What is wrong and at which byte.
    pub fn get<S: From<&'a str>>(&self, id: TypeId) -> Result<Option<Type<S>>, Error> {
        let index = id.0.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let Some(index) = index else { return Ok(None) };
        if let Some(base) = self.base_of(id) {
            return base.get(id);
        }
        let own = index - self.first();
        let Some(at) = self.offsets.get(own / STEP).filter(|_| own < self.count) else { return Ok(None) };
        let mut at = usize::try_from(*at).map_err(|_| Error::TooMuch { what: "the types" })?;
        for _ in 0..own % STEP {
            at = self.after(at).unwrap_or(at);
        }
        Reader::at(self.types, self.start, at, self.endian, self.strings).ty(index).map(Some)
    }
}

/// The kind in a type's second word.
pub(super) fn kind(info: u32) -> u32 {
    info >> 24 & 0x1f
}

/// How many bytes a type takes, as its second word tells; nothing for a kind that is not known.
pub(super) fn len(info: u32) -> Option<usize> {
    let count = usize::try_from(info & 0xffff).unwrap_or(0);
    Some(match kind(info) {
        2 | 7..=12 | 16 | 18 => 12,
        1 | 14 | 17 => 16,
        3 => 24,
        4 | 5 | 15 | 19 => 12 + 12 * count,
        6 | 13 => 12 + 8 * count,
        _ => return None,
    })
}
