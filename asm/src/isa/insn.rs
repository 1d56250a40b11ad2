//! The instruction as a value: fields, not bytes.

/// The byte order of an object, of its instructions and of its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Endian {
    /// Least significant byte first (`EM_BPF`, `ELFDATA2LSB`).
    #[default]
    Little,
    /// Most significant byte first (`EM_BPF`, `ELFDATA2MSB`); the two register nibbles are swapped too.
    Big,
}

impl Endian {
    /// The byte order of the machine that this is built for.
    pub const HOST: Endian = if cfg!(target_endian = "big") { Endian::Big } else { Endian::Little };

    /// `little` or `big`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Endian::Little => "little",
            Endian::Big => "big",
        }
    }
}

/// One instruction: the fields of RFC 9669 section 3, whatever they hold.
///
/// Any eight bytes are an `Insn`. One with opcode `0x18` whose second slot is well formed (opcode, registers
/// and offset all zero) takes sixteen bytes and has `hi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Insn {
    /// The opcode byte.
    pub code: u8,
    /// Destination register, 0 to 15 (four bits; legal ones end at 10).
    pub dst: u8,
    /// Source register or, for some opcodes, a kind; 0 to 15 (four bits).
    pub src: u8,
    /// The 16-bit offset: bytes for memory, slots for jumps, a kind for some opcodes.
    pub off: i16,
    /// The 32-bit immediate; the low half for a 64-bit immediate.
    pub imm: i32,
    /// The high half of a 64-bit immediate: only with opcode `0x18` and a well formed second slot.
    pub hi: Option<i32>,
}

impl Insn {
    /// How many 8-byte slots it takes: 2 for a 64-bit immediate load, else 1.
    #[must_use]
    pub fn slots(&self) -> usize {
        if self.hi.is_some() { 2 } else { 1 }
    }
}
