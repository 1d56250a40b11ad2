//! Many instructions, 8 bytes a slot.

use std::fmt;

use super::code::is_second;
use super::form::LD_IMM64;
use super::{DecodeError, Endian, Insn, SLOT};

/// Instructions one after the other, as compact as the kernel takes them. Any sequence of [`Insn`] is kept as it
/// is, also a lone half of a 64-bit immediate load.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Code {
    /// The slots, little endian.
    slots: Vec<[u8; SLOT]>,
    /// The indices of the instructions that take two of them, in order.
    wide: Vec<u32>,
}

impl Code {
    /// No instructions yet, with room for so many slots.
    #[must_use]
    pub fn with_capacity(slots: usize) -> Self {
        Self { slots: Vec::with_capacity(slots), wide: vec![] }
    }

    /// All instructions of a section or a program, as [`Insn::decode_all`] finds them.
    ///
    /// # Errors
    /// [`DecodeError::Length`] if the number of bytes is not a multiple of 8.
    pub fn decode(bytes: &[u8], endian: Endian) -> Result<Self, DecodeError> {
        let (slots, []) = bytes.as_chunks::<SLOT>() else {
            return Err(DecodeError::Length { len: bytes.len() });
        };
        let mut code = Self { slots: slots.to_vec(), wide: vec![] };
        if endian == Endian::Big {
            code.swap(Endian::Big, Endian::Little);
        }
        let mut slot = 0;
        while let Some(first) = slots.get(slot) {
            let is_wide = first[0] == LD_IMM64 && slots.get(slot + 1).is_some_and(is_second);
            if is_wide {
                code.wide.push(u32::try_from(slot - code.wide.len()).unwrap_or(u32::MAX));
            }
            slot += 1 + usize::from(is_wide);
        }
        Ok(code)
    }

    /// How many instructions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.wide.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many slots they take.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The first slot of an instruction, and for the index behind the last one the number of slots.
    #[must_use]
    pub fn slot_of(&self, index: usize) -> usize {
        index + self.wide.partition_point(|wide| (*wide as usize) < index)
    }

    /// The instruction of which a slot is the first.
    #[must_use]
    #[inline]
    pub fn at_slot(&self, slot: usize) -> Option<usize> {
        // Of the wide ones before it each took one more.
        let before = partition(self.wide.len(), |n| self.wide[n] as usize + n < slot);
        let index = slot.checked_sub(before)?;
        (slot < self.slots.len() && self.slot_of(index) == slot).then_some(index)
    }

    /// An instruction by its index.
    #[must_use]
    #[inline]
    pub fn get(&self, index: usize) -> Option<Insn> {
        let before = self.wide.partition_point(|wide| (*wide as usize) < index);
        let is_wide = self.wide.get(before).is_some_and(|wide| *wide as usize == index);
        self.read(index + before, is_wide)
    }

    /// The last instruction.
    #[must_use]
    pub fn last(&self) -> Option<Insn> {
        self.get(self.len().checked_sub(1)?)
    }

    fn read(&self, slot: usize, is_wide: bool) -> Option<Insn> {
        let insn = Insn::from_slot(*self.slots.get(slot)?, Endian::Little);
        if !is_wide {
            return Some(insn);
        }
        let second = Insn::from_slot(*self.slots.get(slot + 1)?, Endian::Little);
        Some(Insn { hi: Some(second.imm), ..insn })
    }

    /// Appends an instruction.
    #[inline]
    pub fn push(&mut self, insn: Insn) {
        if let Some(hi) = insn.hi {
            self.wide.push(u32::try_from(self.len()).unwrap_or(u32::MAX));
            self.slots.push(insn.slot(Endian::Little));
            self.slots.push(Insn { imm: hi, ..Insn::default() }.slot(Endian::Little));
        } else {
            self.slots.push(insn.slot(Endian::Little));
        }
    }

    /// Appends an instruction as its first slot, little endian, and the upper half of a 64-bit immediate where it
    /// has one.
    #[inline]
    pub fn push_slot(&mut self, slot: [u8; SLOT], hi: Option<i32>) {
        match hi {
            None => self.slots.push(slot),
            Some(_) => self.push(Insn { hi, ..Insn::from_slot(slot, Endian::Little) }),
        }
    }

    /// Puts another instruction of as many slots in the place of one; nothing happens where they do not fit.
    pub fn set(&mut self, index: usize, insn: Insn) {
        let same = self.get(index).is_some_and(|old| old.slots() == insn.slots());
        let slot = self.slot_of(index);
        if same && let Some(first) = self.slots.get_mut(slot) {
            *first = insn.slot(Endian::Little);
        }
        if same
            && let Some(hi) = insn.hi
            && let Some(second) = self.slots.get_mut(slot + 1)
        {
            *second = Insn { imm: hi, ..Insn::default() }.slot(Endian::Little);
        }
    }

    /// Appends the instructions of another.
    pub fn append(&mut self, other: &Code) {
        let begin = u32::try_from(self.len()).unwrap_or(u32::MAX);
        self.wide.extend(other.wide.iter().map(|wide| begin.saturating_add(*wide)));
        self.slots.extend_from_slice(&other.slots);
    }

    /// All instructions in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        self.iter_from(0)
    }

    /// The instructions from an index on.
    #[must_use]
    pub fn iter_from(&self, index: usize) -> Iter<'_> {
        let slot = self.slot_of(index);
        let slots = self.slots.get(slot..).unwrap_or_default().iter();
        Iter { slots, wide: self.wide.get(slot - index..).unwrap_or_default(), index }
    }

    /// The bytes in the byte order of little endian objects.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.slots.as_flattened()
    }

    /// The bytes in one byte order.
    #[must_use]
    pub fn to_bytes(&self, endian: Endian) -> Vec<u8> {
        self.clone().into_bytes(endian)
    }

    /// As [`Self::to_bytes`], without a copy.
    #[must_use]
    pub fn into_bytes(mut self, endian: Endian) -> Vec<u8> {
        if endian == Endian::Big {
            self.swap(Endian::Little, Endian::Big);
        }
        self.slots.into_flattened()
    }

    fn swap(&mut self, from: Endian, to: Endian) {
        for slot in &mut self.slots {
            *slot = Insn::from_slot(*slot, from).slot(to);
        }
    }
}

/// The first number below `len` that is not so.
fn partition(len: usize, so: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        if so(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// The instructions of a [`Code`].
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    /// Those that are to come, and the wide ones of them.
    slots: std::slice::Iter<'a, [u8; SLOT]>,
    wide: &'a [u32],
    /// The number of the next.
    index: usize,
}

impl Iterator for Iter<'_> {
    type Item = Insn;

    #[inline]
    fn next(&mut self) -> Option<Insn> {
        let mut insn = Insn::from_slot(*self.slots.next()?, Endian::Little);
        if let Some((wide, rest)) = self.wide.split_first()
            && *wide as usize == self.index
        {
            self.wide = rest;
            insn.hi = self.slots.next().map(|second| Insn::from_slot(*second, Endian::Little).imm);
        }
        self.index += 1;
        Some(insn)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.slots.len() - self.wide.len();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Code {
    type Item = Insn;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl Extend<Insn> for Code {
    fn extend<I: IntoIterator<Item = Insn>>(&mut self, insns: I) {
        insns.into_iter().for_each(|insn| self.push(insn));
    }
}

impl FromIterator<Insn> for Code {
    fn from_iter<I: IntoIterator<Item = Insn>>(insns: I) -> Self {
        let mut code = Self::default();
        code.extend(insns);
        code
    }
}

impl From<Vec<Insn>> for Code {
    fn from(insns: Vec<Insn>) -> Self {
        insns.into_iter().collect()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insn(code: u8, imm: i32, hi: Option<i32>) -> Insn {
        Insn { code, dst: 3, src: 9, off: -7, imm, hi }
    }

    #[test]
    fn what_goes_in_comes_out() {
        // A lone 0x18 before slots that look like its second half, and one at the end.
        let insns = vec![
            insn(0x18, 5, None),
            insn(0x18, -1, Some(77)),
            Insn::default(),
            insn(0x18, 6, Some(-2)),
            insn(0x95, 0, None),
            insn(0x18, 1, None),
        ];
        let mut code = Code::from(insns.clone());
        assert_eq!((code.len(), code.slots()), (6, 8));
        assert_eq!(code.iter().collect::<Vec<_>>(), insns);
        assert_eq!((0..7).map(|i| code.get(i)).collect::<Vec<_>>(), {
            insns.iter().copied().map(Some).chain([None]).collect::<Vec<_>>()
        });
        assert_eq!((0..7).map(|i| code.slot_of(i)).collect::<Vec<_>>(), [0, 1, 3, 4, 6, 7, 8]);
        let starts = [Some(0), Some(1), None, Some(2), Some(3), None, Some(4), Some(5), None];
        assert_eq!((0..9).map(|slot| code.at_slot(slot)).collect::<Vec<_>>(), starts);
        for endian in [Endian::Little, Endian::Big] {
            let bytes = code.to_bytes(endian);
            assert_eq!(bytes, Insn::encode_all(&insns, endian));
            assert_eq!(
                Code::decode(&bytes, endian),
                Ok(Insn::decode_all(&bytes, endian).expect("whole").into())
            );
        }
        code.set(3, insn(0x18, 8, Some(9)));
        code.set(0, insn(0x18, 8, Some(9)));
        assert_eq!((code.get(0), code.get(3)), (Some(insns[0]), Some(insn(0x18, 8, Some(9)))));
    }
}
