//! Bytes: encoding and decoding (RFC 9669 section 3).

use thiserror::Error;

use super::form::LD_IMM64;
use super::{Endian, Insn};

/// The size of one slot in bytes.
pub const SLOT: usize = 8;

/// Why bytes are not instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The last slot is cut short.
    #[error("{len} bytes of instructions; the length must be a multiple of 8")]
    Length {
        /// The number of bytes that were given.
        len: usize,
    },
}

/// Whether a slot has nothing but an immediate, in any byte order.
pub(super) fn is_second(slot: &[u8; SLOT]) -> bool {
    slot[..4] == [0; 4]
}

impl Insn {
    /// Appends the 8 or 16 bytes of this instruction. Of `dst` and `src` only the low four bits are used.
    pub fn encode(&self, endian: Endian, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.slot(endian));
        out.extend(self.second(endian).into_iter().flatten());
    }

    /// The instruction at the start of `bytes`, and its length: 8 or 16. None if there are fewer than 8 bytes.
    ///
    /// Nothing is lost: what it gives encodes to the same bytes. The length is 16 only for opcode `0x18` when the
    /// second slot is there and has nothing but an immediate.
    #[must_use]
    pub fn decode(bytes: &[u8], endian: Endian) -> Option<(Insn, usize)> {
        let (first, rest) = bytes.split_first_chunk::<SLOT>()?;
        let mut insn = Insn::from_slot(*first, endian);
        if insn.code == LD_IMM64
            && let Some((second, _)) = rest.split_first_chunk::<SLOT>()
            && is_second(second)
        {
            insn.hi = Some(Insn::from_slot(*second, endian).imm);
            return Some((insn, 2 * SLOT));
        }
        Some((insn, SLOT))
    }

    /// All instructions of a section or a program.
    ///
    /// # Errors
    /// [`DecodeError::Length`] if the number of bytes is not a multiple of 8.
    pub fn decode_all(bytes: &[u8], endian: Endian) -> Result<Vec<Insn>, DecodeError> {
        if !bytes.len().is_multiple_of(SLOT) {
            return Err(DecodeError::Length { len: bytes.len() });
        }
        let mut insns = Vec::with_capacity(bytes.len() / SLOT);
        let mut rest = bytes;
        while let Some((insn, len)) = Insn::decode(rest, endian) {
            insns.push(insn);
            rest = &rest[len..];
        }
        Ok(insns)
    }

    /// The bytes of all these instructions.
    #[must_use]
    pub fn encode_all(insns: &[Insn], endian: Endian) -> Vec<u8> {
        let mut out = Vec::with_capacity(insns.iter().map(|insn| insn.slots() * SLOT).sum());
        for insn in insns {
            insn.encode(endian, &mut out);
        }
        out
    }

    /// The immediate as 64 bits: both halves where there are two, else `imm` extended with its sign.
    #[must_use]
    pub fn imm64(&self) -> i64 {
        let Some(hi) = self.hi else { return self.imm.into() };
        let [a, b, c, d] = self.imm.to_le_bytes();
        let [e, f, g, h] = hi.to_le_bytes();
        i64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// Sets both halves of a 64-bit immediate; the instruction takes two slots from now on.
    pub fn set_imm64(&mut self, value: i64) {
        let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
        self.imm = i32::from_le_bytes([a, b, c, d]);
        self.hi = Some(i32::from_le_bytes([e, f, g, h]));
    }

    /// The bytes of the first slot.
    #[inline]
    pub(crate) fn slot(&self, endian: Endian) -> [u8; SLOT] {
        let (dst, src) = (self.dst & 15, self.src & 15);
        let (registers, [a, b], [c, d, e, f]) = match endian {
            Endian::Little => (src << 4 | dst, self.off.to_le_bytes(), self.imm.to_le_bytes()),
            Endian::Big => (dst << 4 | src, self.off.to_be_bytes(), self.imm.to_be_bytes()),
        };
        [self.code, registers, a, b, c, d, e, f]
    }

    /// The bytes of the second slot, where there is one.
    pub(crate) fn second(&self, endian: Endian) -> Option<[u8; SLOT]> {
        self.hi.map(|hi| Insn { imm: hi, ..Insn::default() }.slot(endian))
    }

    /// The instruction of one slot.
    #[inline]
    pub(super) fn from_slot([code, registers, a, b, c, d, e, f]: [u8; SLOT], endian: Endian) -> Insn {
        let (low, high) = (registers & 15, registers >> 4);
        let (dst, src, off, imm) = match endian {
            Endian::Little => (low, high, i16::from_le_bytes([a, b]), i32::from_le_bytes([c, d, e, f])),
            Endian::Big => (high, low, i16::from_be_bytes([a, b]), i32::from_be_bytes([c, d, e, f])),
        };
        Insn { code, dst, src, off, imm, hi: None }
    }
}
