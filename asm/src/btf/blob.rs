//! BTF that stays in its bytes. All of it is looked at once; what a type says is read where it is asked for.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::bytes::u32_at;
use super::decode::{NAME_FACTOR, decode, member_place};
use super::header::Header;
use super::lookup::{MAX_CHAIN, POINTER};
use super::raw::KINDS;
use super::scan;
use super::{Decoded, Enumerator, Error, IntEncoding, Member, Param, SecInfo, StrTable, TypeId};
use crate::isa::Endian;

/// Types that are read one by one, as often as they are asked for.
#[derive(Debug, Clone)]
pub struct Blob<'a> {
    data: &'a [u8],
    types: &'a [u8],
    endian: Endian,
    strings: StrTable<'a>,
    /// Where each type begins in the type section, from the first that the base does not have.
    offsets: Vec<u32>,
    /// The kind of each, and [`NAMED`] where it has a name.
    kinds: Vec<u8>,
    /// How many types the base has.
    first: usize,
    /// What the types go on from.
    base: Option<Box<Blob<'a>>>,
    /// How many members, values, parameters and variables there are, without those of the base.
    parts: usize,
    /// Whether there are integers that are narrower than their bytes.
    has_bit_ints: bool,
}

/// Beside a kind: the type has a name.
const NAMED: u8 = 0x80;

/// A name, as its offset among the strings: [`Blob::name`] reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Name(u32);

/// A type where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    bytes: &'a [u8],
    endian: Endian,
    /// Whether it has a name.
    pub is_named: bool,
}

/// What a type is, as [`Kind`](super::Kind) says it, with lists that are read as one goes on.
#[derive(Debug, Clone, Copy)]
pub(super) enum View<'a> {
    Int { size: u32, encoding: IntEncoding, offset: u8, bits: u8 },
    Ptr(TypeId),
    Array { elem: TypeId, len: u32 },
    Record { is_union: bool, size: u32, members: List<'a, Member<Name>> },
    Enum { size: u32, signed: bool, is_wide: bool, values: List<'a, Enumerator<Name>> },
    Fwd { is_union: bool },
    Typedef(TypeId),
    Volatile(TypeId),
    Const(TypeId),
    Restrict(TypeId),
    Func(TypeId),
    FuncProto { ret: TypeId, params: List<'a, Param<Name>> },
    Var(TypeId),
    DataSec { size: u32, vars: List<'a, SecInfo> },
    Float { size: u32 },
    DeclTag(TypeId),
    TypeTag { ty: TypeId, attribute: bool },
}

impl<'a> Blob<'a> {
    /// Looks at all types of a blob.
    ///
    /// # Errors
    /// What is wrong and at which byte, as [`decode`] says.
    pub fn new(data: &'a [u8]) -> Result<Self, Error> {
        let header = Header::read(data)?;
        let (_, types, strings) = header.types()?;
        Self::look(data, types, header.endian, strings.seen(), None)
    }

    /// The types of a blob that go on from these, as those of a kernel module do; and these.
    ///
    /// # Errors
    /// What is wrong and at which byte.
    pub fn with_split(self, data: &'a [u8]) -> Result<Self, Error> {
        let header = Header::read(data)?;
        let (_, types, strings) = header.types_on(self.strings)?;
        Self::look(data, types, header.endian, strings.seen(), Some(Box::new(self)))
    }

    fn look(
        data: &'a [u8],
        types: &'a [u8],
        endian: Endian,
        strings: StrTable<'a>,
        base: Option<Box<Self>>,
    ) -> Result<Self, Error> {
        let first = base.as_ref().map_or(0, |base| base.len());
        let has_bit_ints = base.as_ref().is_some_and(|base| base.has_bit_ints);
        let mut blob = Self {
            data,
            types,
            endian,
            strings,
            offsets: vec![],
            kinds: vec![],
            first,
            base,
            parts: 0,
            has_bit_ints,
        };
        // Who decodes can say what is wrong, and what is right though it is rare.
        if blob.find().is_none() {
            blob.decode()?;
        }
        Ok(blob)
    }

    /// All types as values.
    ///
    /// # Errors
    /// What is wrong and at which byte.
    pub fn decode(&self) -> Result<Decoded<'a, &'a str>, Error> {
        match &self.base {
            Some(base) => base.decode()?.with_split(self.data),
            None => decode(self.data),
        }
    }

    /// Finds the types. None where one of them is not plainly as it should be.
    fn find(&mut self) -> Option<()> {
        let mut is_plain = self.strings.is_ascii();
        let (mut last, mut names, mut at) = (0, 0usize, 0);
        // A type has twelve bytes and more, most of them 24 and less.
        self.offsets.reserve(self.types.len() / 24);
        self.kinds.reserve(self.types.len() / 24);
        while let Some(bytes) = self.types.get(at..).filter(|bytes| !bytes.is_empty()) {
            let word = |n: usize| u32_at(bytes, 4 * n, self.endian);
            let mut name = |n: usize| {
                let len = self.strings.len_at(word(n)?)?;
                names = names.checked_add(len)?;
                Some(len)
            };
            let (info, to) = (word(1)?, word(2)?);
            let count = usize::try_from(info & 0xffff).ok()?;
            self.offsets.push(u32::try_from(at).ok()?);
            at += scan::len(info)?;
            let kind = scan::kind(info);
            let named = if name(0)? > 0 { NAMED } else { 0 };
            self.kinds.push(u8::try_from(kind).ok()? | named);
            is_plain &= info & 0x60ff_0000 == 0
                && (info >> 31 == 0 || matches!(kind, 4..=7 | 17..=19))
                && (count == 0 || matches!(kind, 4..=6 | 12 | 13 | 15 | 19));
            // How many words an entry of its list has, and in which of them the name and the number of a type stand.
            let (words, named, refers) = match kind {
                1 => {
                    let int = word(3)?;
                    is_plain &= int & 0xf000_ff00 == 0;
                    self.has_bit_ints |= int & 0xff != to.saturating_mul(8);
                    continue;
                }
                3 => {
                    last = last.max(word(3)?).max(word(4)?);
                    continue;
                }
                4 | 5 => (3, Some(0), Some(1)),
                6 => (2, Some(0), None),
                13 => (2, Some(0), Some(1)),
                15 => (3, None, Some(0)),
                19 => (3, Some(0), None),
                7 | 16 => continue,
                _ => {
                    last = last.max(to);
                    continue;
                }
            };
            if kind == 13 {
                last = last.max(to);
            }
            for entry in (0..count).map(|n| 3 + n * words) {
                if let Some(at) = named {
                    name(entry + at)?;
                }
                if let Some(at) = refers {
                    last = last.max(word(entry + at)?);
                }
            }
            self.parts += count;
        }
        let is_sound = at == self.types.len()
            && names <= self.data.len().checked_mul(NAME_FACTOR)?
            && usize::try_from(last).ok()? <= self.len();
        (is_plain && is_sound).then_some(())
    }

    /// How many types there are, `void` apart.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.first + self.offsets.len()
    }

    /// How many types, members, values, parameters and variables there are.
    pub(super) fn parts(&self) -> usize {
        self.offsets.len() + self.parts + self.base.as_ref().map_or(0, |base| base.parts())
    }

    /// The type of a number; nothing for `void` and for numbers not in use.
    #[must_use]
    #[inline]
    pub fn get(&self, id: TypeId) -> Option<Entry<'a>> {
        let Some(own) = usize::try_from(id.0).ok()?.checked_sub(self.first + 1) else {
            return self.base.as_ref()?.get(id);
        };
        let is_named = self.kinds.get(own)? & NAMED != 0;
        let bytes = self.types.get(usize::try_from(*self.offsets.get(own)?).ok()?..)?;
        Some(Entry { bytes, endian: self.endian, is_named })
    }

    /// The kind of a type (`BTF_KIND_*`), and whether it has a name; 0 for `void` and for numbers not in use.
    pub(super) fn kind(&self, id: TypeId) -> (u8, bool) {
        let own = usize::try_from(id.0).ok().and_then(|id| id.checked_sub(self.first + 1));
        match (own, &self.base) {
            (Some(own), _) => {
                self.kinds.get(own).map_or((0, false), |kind| (kind & !NAMED, kind & NAMED != 0))
            }
            (None, Some(base)) => base.kind(id),
            (None, None) => (0, false),
        }
    }

    /// All types with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, Entry<'a>)> {
        (1u32..).map(TypeId).map_while(|id| Some((id, self.get(id)?)))
    }

    /// Whether there are integers that are narrower than their bytes, as compilers of old make bit fields.
    pub(super) fn has_bit_ints(&self) -> bool {
        self.has_bit_ints
    }

    /// The text of a name; empty for what has none.
    #[must_use]
    pub fn name(&self, name: Name) -> &'a str {
        match self.strings.get(name.0) {
            Some(Cow::Borrowed(text)) => text,
            _ => "",
        }
    }

    /// What stands behind typedefs, `const`, `volatile`, `restrict` and type tags. A chain that does not end
    /// is [`TypeId::VOID`].
    pub(super) fn resolve(&self, id: TypeId) -> TypeId {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            match self.get(id).and_then(|t| t.alias()) {
                Some(next) => id = next,
                None => return id,
            }
        }
        TypeId::VOID
    }

    /// Size in bytes; nothing for what has none, as of [`Btf::size_of`](super::Btf::size_of).
    pub(super) fn size_of(&self, id: TypeId) -> Option<u32> {
        let (mut id, mut count) = (id, 1u32);
        for _ in 0..MAX_CHAIN {
            let ty = self.get(id)?;
            id = match ty.view() {
                View::Int { size, .. }
                | View::Record { size, .. }
                | View::Enum { size, .. }
                | View::Float { size }
                | View::DataSec { size, .. } => return size.checked_mul(count),
                View::Ptr(_) => return POINTER.checked_mul(count),
                View::Array { elem, len } => {
                    count = count.checked_mul(len)?;
                    elem
                }
                View::Var(ty) => ty,
                _ => ty.alias()?,
            };
        }
        None
    }
}

impl<'a> Entry<'a> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> Name {
        Name(self.word(0))
    }

    #[inline]
    fn word(&self, n: usize) -> u32 {
        u32_at(self.bytes, 4 * n, self.endian).unwrap_or(0)
    }

    /// The name of its kind, `BTF_KIND_` taken away.
    #[must_use]
    pub fn word_of_kind(&self) -> &'static str {
        let kind = usize::try_from(scan::kind(self.word(1))).ok();
        kind.and_then(|kind| KINDS.get(kind)).unwrap_or(&KINDS[0])
    }

    /// What it is.
    pub(super) fn view(&self) -> View<'a> {
        let (info, size) = (self.word(1), self.word(2));
        let to = TypeId(size);
        let flag = info >> 31 == 1;
        match scan::kind(info) {
            1 => {
                let [encoding, offset, _, bits] = self.word(3).to_be_bytes();
                View::Int { size, encoding: IntEncoding(encoding), offset, bits }
            }
            2 => View::Ptr(to),
            3 => View::Array { elem: TypeId(self.word(3)), len: self.word(5) },
            kind @ (4 | 5) => View::Record { is_union: kind == 5, size, members: self.list(info, 3) },
            6 => View::Enum { size, signed: flag, is_wide: false, values: self.list(info, 2) },
            7 => View::Fwd { is_union: flag },
            8 => View::Typedef(to),
            9 => View::Volatile(to),
            10 => View::Const(to),
            11 => View::Restrict(to),
            12 => View::Func(to),
            13 => View::FuncProto { ret: to, params: self.list(info, 2) },
            14 => View::Var(to),
            15 => View::DataSec { size, vars: self.list(info, 3) },
            17 => View::DeclTag(to),
            18 => View::TypeTag { ty: to, attribute: flag },
            19 => View::Enum { size, signed: flag, is_wide: true, values: self.list(info, 3) },
            _ => View::Float { size },
        }
    }

    /// What a typedef, modifier or type tag stands for.
    pub(super) fn alias(&self) -> Option<TypeId> {
        matches!(scan::kind(self.word(1)), 8..=11 | 18).then(|| TypeId(self.word(2)))
    }

    /// The list behind the first three words, of so many words an entry.
    fn list<T>(&self, info: u32, words: usize) -> List<'a, T> {
        let count = usize::try_from(info & 0xffff).unwrap_or(0);
        let bytes = self.bytes.get(12..12 + 4 * words * count).unwrap_or_default();
        List { bytes, endian: self.endian, flag: info >> 31 == 1, words, of: PhantomData }
    }
}

/// Members, values, parameters or variables.
#[derive(Debug)]
pub(super) struct List<'a, T> {
    bytes: &'a [u8],
    endian: Endian,
    flag: bool,
    /// How many words an entry has.
    words: usize,
    of: PhantomData<T>,
}

impl<T> Clone for List<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<'_, T> {}

impl<T: Part> List<'_, T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / (4 * self.words)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// One of them.
    pub fn get(&self, n: usize) -> Option<T> {
        let bytes = self.bytes.get(n.checked_mul(4 * self.words)?..)?;
        (!bytes.is_empty()).then(|| self.read(bytes))
    }

    fn read(&self, bytes: &[u8]) -> T {
        let word = |n: usize| u32_at(bytes, 4 * n, self.endian).unwrap_or(0);
        let third = if self.words > 2 { word(2) } else { 0 };
        T::of([word(0), word(1), third], self.flag, self.words > 2)
    }
}

impl<T: Part> Iterator for List<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        let first = self.get(0)?;
        self.bytes = self.bytes.get(4 * self.words..).unwrap_or_default();
        Some(first)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

/// An entry of a list.
pub(super) trait Part {
    /// Of its words, the flag of its type, and whether there are three of the former.
    fn of(words: [u32; 3], flag: bool, is_wide: bool) -> Self;
}

impl Part for Member<Name> {
    #[inline]
    fn of([name, ty, offset]: [u32; 3], bitfields: bool, _: bool) -> Self {
        let (bit_offset, bit_size) = member_place(offset, bitfields);
        Member { name: Name(name), ty: TypeId(ty), bit_offset, bit_size }
    }
}

impl Part for Enumerator<Name> {
    #[inline]
    fn of([name, low, high]: [u32; 3], is_signed: bool, is_wide: bool) -> Self {
        let value = match (is_wide, is_signed) {
            (true, _) => (u64::from(high) << 32 | u64::from(low)).cast_signed(),
            (false, true) => low.cast_signed().into(),
            (false, false) => low.into(),
        };
        Enumerator { name: Name(name), value }
    }
}

impl Part for Param<Name> {
    #[inline]
    fn of([name, ty, _]: [u32; 3], _: bool, _: bool) -> Self {
        Param { name: Name(name), ty: TypeId(ty) }
    }
}

impl Part for SecInfo {
    #[inline]
    fn of([var, offset, size]: [u32; 3], _: bool, _: bool) -> Self {
        SecInfo { var: TypeId(var), offset, size }
    }
}
