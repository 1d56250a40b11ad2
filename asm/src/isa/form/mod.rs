//! The rows of the instruction table, and how to find one.

mod table;

pub use table::FORMS;

use super::{AluOp, Endian, Insn, Rhs, Size, Syntax, Width};

/// What one field of an instruction holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// An operand: what the text says.
    Operand,
    /// Always this number; 0 where the kernel calls the field reserved.
    Fixed(i32),
}

impl Field {
    pub(super) fn takes(self, value: i32) -> bool {
        match self {
            Field::Operand => true,
            Field::Fixed(fixed) => fixed == value,
        }
    }
}

/// The level of the instruction set, by LLVM's `-mcpu` names.
///
/// Instructions that every kernel has are [`Cpu::V1`], also where LLVM's compiler waits for a later level to use
/// them (32-bit arithmetic, stores of immediates), and so are those of no level (`may_goto`, `addr_space_cast`).
/// Kernels do not know these levels; [`Form::since`] is what a kernel goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cpu {
    /// The first instruction set.
    V1,
    /// Adds `<`, `<=`, `s<`, `s<=`.
    V2,
    /// Adds 32-bit jumps and the atomics that return the old value.
    V3,
    /// Adds sign extension, signed division, `bswap`, `gotol`, acquire and release.
    V4,
}

impl Cpu {
    /// The name: `v1` to `v4`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Cpu::V1 => "v1",
            Cpu::V2 => "v2",
            Cpu::V3 => "v3",
            Cpu::V4 => "v4",
        }
    }

    /// The level of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Cpu> {
        [Cpu::V1, Cpu::V2, Cpu::V3, Cpu::V4].into_iter().find(|cpu| cpu.name() == name)
    }
}

/// One instruction: its encoding and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// A short name, unique; `K` takes an immediate, `X` a register.
    pub name: &'static str,
    /// The opcode byte.
    pub code: u8,
    /// The field `dst`.
    pub dst: Field,
    /// The field `src`.
    pub src: Field,
    /// The field `off`.
    pub off: Field,
    /// The field `imm`; for a two-slot instruction both halves.
    pub imm: Field,
    /// The shape of its text; unique.
    pub syntax: Syntax,
    /// The lowest level that has it.
    pub cpu: Cpu,
    /// The first Linux version that takes it from a program; none where it is the kernel's own, or refused.
    pub since: Option<(u8, u8)>,
    /// One sentence: what it does.
    pub doc: &'static str,
}

/// The largest register number that the kernel takes from a program.
pub const LAST_REGISTER: u8 = 10;

/// The opcode of a 64-bit immediate load, the only instruction of two slots (RFC 9669 section 5.4).
pub const LD_IMM64: u8 = 0x18;

impl Form {
    /// The row with this text. None if there is no such instruction.
    #[must_use]
    pub fn of(syntax: Syntax) -> Option<&'static Form> {
        row(*BY_SYNTAX.get(key(syntax)?)?)
    }

    /// The first slot of the instruction with this text as a little endian number, its operands 0.
    #[inline]
    pub(super) fn template(syntax: Syntax) -> Option<u64> {
        match key(syntax) {
            Some(key) => Some(TEMPLATES[key]).filter(|slot| *slot != 0),
            None => None,
        }
    }

    /// Whether it takes two slots.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.code == LD_IMM64
    }

    /// The instruction with these operands; where a field is fixed, the argument is not looked at.
    ///
    /// `imm` is the whole 64-bit number for an instruction of two slots. None if it is one of one slot and
    /// `imm` does not fit in 32 bits, signed.
    #[must_use]
    #[inline]
    pub fn insn(&self, dst: u8, src: u8, off: i16, imm: i64) -> Option<Insn> {
        let narrow = |field: Field, operand: i64| match field {
            Field::Operand => operand,
            Field::Fixed(fixed) => i64::from(fixed),
        };
        let mut insn = Insn {
            code: self.code,
            dst: u8::try_from(narrow(self.dst, dst.into())).ok()?,
            src: u8::try_from(narrow(self.src, src.into())).ok()?,
            off: i16::try_from(narrow(self.off, off.into())).ok()?,
            ..Insn::default()
        };
        if self.is_wide() {
            insn.set_imm64(imm);
        } else {
            insn.imm = i32::try_from(narrow(self.imm, imm)).ok()?;
        }
        Some(insn)
    }

    /// An instruction of this row, for tables and tests: `r1`, `r2`, offset 8, immediate 5 where it has them.
    #[must_use]
    pub fn example(&self) -> Insn {
        self.insn(1, 2, 8, 5).unwrap_or_default()
    }
}

impl Insn {
    /// The row that this instruction is. None: it is not one that any assembler, or the kernel, has; `raw`.
    #[must_use]
    #[inline]
    pub fn form(&self) -> Option<&'static Form> {
        let slot = u64::from_le_bytes(self.slot(Endian::Little));
        let is_sound = self.dst <= LAST_REGISTER
            && self.src <= LAST_REGISTER
            && (self.code == LD_IMM64) == self.hi.is_some();
        let mut rows = same_code(self.code).filter(|_| is_sound);
        rows.find(|(_, fixed)| slot & fixed.mask == fixed.slot).map(|(form, _)| form)
    }
}

/// The rows with this opcode, and what is fixed in them.
pub(super) fn same_code(code: u8) -> impl Iterator<Item = (&'static Form, &'static Fixed)> {
    let mut at = BY_CODE[usize::from(code)];
    std::iter::from_fn(move || {
        let found = FORMS.get(usize::from(at)).zip(FIXED.get(usize::from(at)))?;
        at = SAME_CODE[usize::from(at)];
        Some(found)
    })
}

/// No row, in the tables below.
const NONE: u8 = u8::MAX;

/// How many rows there are; the tables below number them in a byte.
const ROWS: usize = FORMS.len();
const _: () = assert!(ROWS < NONE as usize);

fn row(at: u8) -> Option<&'static Form> {
    FORMS.get(usize::from(at))
}

/// The row for each key of a [`Syntax`].
static BY_SYNTAX: [u8; KEYS] = {
    let mut table = [NONE; KEYS];
    let mut at = 0;
    while at < ROWS {
        match key(FORMS[at].syntax) {
            Some(key) => {
                assert!(table[key] == NONE, "two rows with one syntax");
                table[key] = byte(at);
            }
            None => panic!("a syntax without a key"),
        }
        at += 1;
    }
    table
};

/// What is fixed in the first slot of a row, as a little endian number.
pub(super) struct Fixed {
    /// 0 where an operand stands.
    mask: u64,
    /// Operands are 0.
    slot: u64,
}

/// The same for each row.
static FIXED: [Fixed; ROWS] = {
    let mut table = [const { Fixed { mask: 0, slot: 0 } }; ROWS];
    let mut at = 0;
    while at < ROWS {
        let form = &FORMS[at];
        let fields = [(form.dst, 4, 8), (form.src, 4, 12), (form.off, 16, 16), (form.imm, 32, 32)];
        table[at] = Fixed { mask: 0xff, slot: form.code as u64 }; // lossless: `from` is not const
        let mut field = 0;
        while field < fields.len() {
            let (what, bits, start) = fields[field];
            if let Field::Fixed(value) = what {
                assert!(bits != 4 || 0 <= value && value <= LAST_REGISTER as i32, "no instruction has it");
                let mask = (1 << bits) - 1;
                table[at].mask |= mask << start;
                table[at].slot |= ((value as i64).cast_unsigned() & mask) << start;
            }
            field += 1;
        }
        at += 1;
    }
    table
};

/// [`Fixed::slot`] for each key of a [`Syntax`]; 0 where there is no row, for no opcode is 0.
static TEMPLATES: [u64; KEYS] = {
    let mut table = [0; KEYS];
    let mut at = 0;
    while at < ROWS {
        if let Some(key) = key(FORMS[at].syntax) {
            table[key] = FIXED[at].slot;
        }
        at += 1;
    }
    table
};

/// The first row for each opcode.
static BY_CODE: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut at = ROWS;
    while at > 0 {
        at -= 1;
        table[FORMS[at].code as usize] = byte(at);
    }
    table
};

/// For each row, the next one with the same opcode.
static SAME_CODE: [u8; ROWS] = {
    let mut table = [NONE; ROWS];
    let mut at = 0;
    while at < ROWS {
        let mut next = at + 1;
        while next < ROWS && FORMS[next].code != FORMS[at].code {
            next += 1;
        }
        if next < ROWS {
            table[at] = byte(next);
        }
        at += 1;
    }
    table
};

/// A row's number; the assertion at [`ROWS`] says that it fits.
#[allow(clippy::cast_possible_truncation)]
const fn byte(at: usize) -> u8 {
    at as u8 // lossless
}

/// A number for each [`Syntax`], dense, below [`KEYS`]. None for parts that no instruction has (`le24`).
const fn key(syntax: Syntax) -> Option<usize> {
    const SIZES: usize = Size::DW as usize + 1;
    const ALU: usize = 0;
    const MOVSX: usize = ALU + (AluOp::Mov as usize + 1) * 4;
    const NEG: usize = MOVSX + 2 * WIDTHS;
    const SWAP: usize = NEG + 4;
    const LOAD: usize = SWAP + 3 * WIDTHS;
    const STORE: usize = LOAD + SIZES * 2;
    const LOCK: usize = STORE + SIZES * 2;
    const FETCH: usize = LOCK + 4 * SIZES;
    const SIZED: usize = FETCH + 4 * SIZES;
    const IMM64: usize = SIZED + 6 * SIZES;
    const IF: usize = IMM64 + 7;
    const REST: usize = IF + 11 * 4;
    Some(match syntax {
        Syntax::Alu(op, width, rhs) => ALU + op as usize * 4 + pair(width, rhs),
        Syntax::MovSx(width, bits) => match bits_key(bits) {
            Some(bits) => MOVSX + width as usize * WIDTHS + bits,
            None => return None,
        },
        Syntax::Neg(width, rhs) => NEG + pair(width, rhs),
        Syntax::Swap(swap, bits) => match bits_key(bits) {
            Some(bits) => SWAP + swap as usize * WIDTHS + bits,
            None => return None,
        },
        Syntax::Load(size, signed) => LOAD + size as usize * 2 + signed as usize,
        Syntax::Store(size, rhs) => STORE + size as usize * 2 + rhs as usize,
        Syntax::Lock(op, size) => LOCK + op as usize * SIZES + size as usize,
        Syntax::Fetch(op, size) => FETCH + op as usize * SIZES + size as usize,
        Syntax::Xchg(size) => SIZED + size as usize,
        Syntax::CmpXchg(size) => SIZED + SIZES + size as usize,
        Syntax::LoadAcquire(size) => SIZED + 2 * SIZES + size as usize,
        Syntax::StoreRelease(size) => SIZED + 3 * SIZES + size as usize,
        Syntax::LoadAbs(size) => SIZED + 4 * SIZES + size as usize,
        Syntax::LoadInd(size) => SIZED + 5 * SIZES + size as usize,
        Syntax::LoadImm64(kind) if kind < 7 => IMM64 + kind as usize,
        Syntax::LoadImm64(_) => return None,
        Syntax::If(cond, width, rhs) => IF + cond as usize * 4 + pair(width, rhs),
        Syntax::AddrSpaceCast => REST,
        Syntax::MovPercpu => REST + 1,
        Syntax::Goto => REST + 2,
        Syntax::Gotol => REST + 3,
        Syntax::Gotox => REST + 4,
        Syntax::MayGoto => REST + 5,
        Syntax::CallHelper => REST + 6,
        Syntax::CallLocal => REST + 7,
        Syntax::CallKfunc => REST + 8,
        Syntax::CallX => REST + 9,
        Syntax::Exit => REST + 10,
        Syntax::Nospec => REST + 11,
    })
}

/// The number of keys: one more than that of the last variant in [`key`].
const KEYS: usize = match key(Syntax::Nospec) {
    Some(last) => last + 1,
    None => 0,
};

/// The number of bit widths that [`bits_key`] knows.
const WIDTHS: usize = 4;

const fn bits_key(bits: u8) -> Option<usize> {
    match bits {
        8 => Some(0),
        16 => Some(1),
        32 => Some(2),
        64 => Some(3),
        _ => None,
    }
}

const fn pair(width: Width, rhs: Rhs) -> usize {
    width as usize * 2 + rhs as usize
}
