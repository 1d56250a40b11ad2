//! Where the members of a struct lie, as C lays them out for BPF (the Itanium C++ ABI, which clang follows for
//! every target of this kind).

/// A struct being laid out. Bits are counted from its start in the order of memory, which makes the layout the
/// same for both byte orders.
#[derive(Debug)]
pub(super) struct Layout {
    union: bool,
    packed: bool,
    /// Bytes that the members take so far.
    end: u64,
    /// Bits at the end of them that the last bit field left free.
    free: u64,
    align: u32,
}

impl Layout {
    pub(super) fn new(union: bool, packed: bool) -> Self {
        Self { union, packed, end: 0, free: 0, align: 1 }
    }

    /// Gives the whole at least this alignment in bytes.
    pub(super) fn align(&mut self, least: u32) {
        self.align = self.align.max(least);
    }

    /// Places a member of that size and alignment in bytes, aligned at least to `least`, 0 for none; gives its offset in
    /// bytes, or too large a one.
    pub(super) fn field(&mut self, (size, align): (u32, u32), least: u32) -> u32 {
        let align = if self.packed { 1 } else { align }.max(least);
        let start = if self.union { 0 } else { self.end.next_multiple_of(u64::from(align)) };
        self.free = 0;
        self.end = self.end.max(start + u64::from(size));
        self.align(align);
        u32::try_from(start).unwrap_or(u32::MAX)
    }

    /// Places a bit field of a type of that size and alignment in bytes; gives its offset in bits. One of no bits
    /// lets the next one begin at the next multiple of the type's alignment.
    pub(super) fn bits(&mut self, bits: u32, (size, align): (u32, u32), least: u32, named: bool) -> u32 {
        let (bits, unit) = (u64::from(bits), u64::from(size) * 8);
        let align = if self.packed && bits > 0 { 1 } else { u64::from(align) * 8 };
        let explicit = if least > 0 { u64::from(least) * 8 } else { 1 };
        let align = align.max(explicit);
        let mut start = if self.union { 0 } else { self.end * 8 - self.free };
        // A field does not cross a boundary of its type.
        if bits == 0 || start % align + bits > unit {
            start = start.next_multiple_of(align);
        } else {
            start = start.next_multiple_of(explicit);
        }
        if self.union {
            self.end = self.end.max(bits.div_ceil(8));
        } else {
            self.end = (start + bits).div_ceil(8);
            self.free = self.end * 8 - (start + bits);
        }
        // Only members with a name align the whole.
        if named {
            self.align(u32::try_from(align / 8).unwrap_or(1));
        }
        u32::try_from(start).unwrap_or(u32::MAX)
    }

    /// Size and alignment of the whole in bytes; `None` beyond 4 GiB.
    pub(super) fn finish(&self) -> Option<(u32, u32)> {
        let size = self.end.next_multiple_of(u64::from(self.align));
        Some((u32::try_from(size).ok()?, self.align))
    }
}
