//! Text to an instruction: one reader for the spelling of every tool.
//!
//! It takes what LLVM, the kernel's printer (`kernel/bpf/disasm.c`) and GNU as print or read, with or without
//! blanks: `r1 s>>= 5`, `r1s>>=5` and `arsh %r1,5` are one instruction. Where tools give different bytes to one
//! text, a [`Dialect`] says whose text it is, or it is refused.
//!
//! It works on bytes, allocates nothing and resolves nothing: a number that is more than an integer, a label
//! and a callee are given back as pieces of the text.

mod cursor;
mod error;
mod gnu;
mod pseudo;
pub mod quick;

pub use error::{ReadError, Wrong};
pub use gnu::is_mnemonic;

use super::{Form, Insn, Rhs, Syntax};
use cursor::Cursor;

/// Whose text it is, where tools differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// Nobody's in particular: what means different bytes to different tools is refused.
    #[default]
    Native,
    /// LLVM's assembler and llvm-objdump: `010` is 8, `r1 = w2` is a 32-bit move.
    Llvm,
    /// GNU as and bpf-objdump: `010` is 8.
    Gnu,
    /// The kernel's printer, as in bpftool and verifier logs: `call name#12` is taken.
    Kernel,
}

/// A part of the text: byte offsets, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Piece {
    /// Where it begins.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

impl Piece {
    /// The part itself, of the text that it was found in; empty for another text.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }

    /// Whether nothing stands there.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A number as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    /// All of it, with its sign; empty where it is left out.
    pub at: Piece,
    /// Its value where it is one integer with at most one sign; 0 where it is left out. Otherwise it is an
    /// expression, a symbol, or an integer that only the native language has (`256K`), for the caller to work out.
    pub int: Option<i128>,
}

impl Number {
    /// A number that is not in the text.
    const ABSENT: Number = Number { at: Piece { start: 0, end: 0 }, int: Some(0) };
}

/// Where a jump goes, or what is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum To {
    /// It is neither jump nor call, or its register says.
    Nothing,
    /// A jump by a number of slots: `+5`, `5`, `pc+5`, or an expression such as `sym+8`.
    Slots(Number),
    /// A jump to a label; with its dot if it has one.
    Label(Piece),
    /// A jump to a numeric label, `1f` or `1b`: the text, its number, and whether it is further down.
    Local(Piece, u32, bool),
    /// `call 12`: a helper's number in source; in a listing what it is depends on the bytes.
    Number(Number),
    /// `call helper 12`.
    Helper(Number),
    /// `call kfunc 12`: a BTF id; the kernel's `call kernel-function#12` too.
    Kfunc(Number),
    /// `call name`; an expression such as `.text+8` too.
    Name(Piece),
    /// The kernel's `call name#12`. The number is the helper's, or what the kernel replaced it with.
    Numbered(Piece, Number),
    /// `call pc+5`: slots from the next instruction; the kernel adds a name, `call pc+5#bpf_prog_…_name`.
    Distance(Number, Piece),
}

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reading {
    /// The shape: [`Form::of`] gives the row of the table, which exists. Where only [`Reading::to`] tells what is
    /// called it is [`Syntax::CallHelper`].
    pub syntax: Syntax,
    /// The register in field `dst`, 0 to 10; 0 if the form fixes it.
    pub dst: u8,
    /// The register in field `src`, 0 to 10; 0 if the form fixes it.
    pub src: u8,
    /// The offset of a place in memory, in bytes. Not checked to fit.
    pub off: Number,
    /// The immediate. Not checked to fit.
    pub imm: Number,
    /// Where it jumps to, or what it calls.
    pub to: To,
    /// `<f+0x38>` behind a jump, without the brackets: what objdump says about its target. May be empty.
    pub place: Piece,
    /// Whether `ll` marks a 64-bit immediate.
    pub ll: bool,
    /// How many bytes of the text it takes, blanks before it included, blanks behind it not.
    pub len: usize,
}

impl Reading {
    /// What nothing has been read of yet.
    pub(super) const fn new(syntax: Syntax) -> Self {
        let (off, imm) = (Number::ABSENT, Number::ABSENT);
        let place = Piece { start: 0, end: 0 };
        Self { syntax, dst: 0, src: 0, off, imm, to: To::Nothing, place, ll: false, len: 0 }
    }

    /// The instruction, where all numbers are integers that fit, and nothing is named.
    ///
    /// An immediate may be written signed or, where the operation has 32 bits, unsigned; a byte or half word that
    /// is stored has to fit. For a 64-bit operation `0xffffffff` does not fit: it would be sign-extended.
    #[must_use]
    pub fn insn(&self) -> Option<Insn> {
        use super::{Size, Width::W32};

        let imm = self.imm.int?;
        let imm = match self.syntax {
            Syntax::LoadImm64(_) => wrap(imm)?,
            Syntax::Store(Size::B, Rhs::Imm) if !(-0x80..=0xff).contains(&imm) => return None,
            Syntax::Store(Size::H, Rhs::Imm) if !(-0x8000..=0xffff).contains(&imm) => return None,
            Syntax::Alu(_, W32, Rhs::Imm)
            | Syntax::If(_, W32, Rhs::Imm)
            | Syntax::Store(Size::B | Size::H | Size::W, Rhs::Imm)
            | Syntax::LoadAbs(_) => narrow(imm)?,
            _ => wide(imm)?,
        };
        self.with(imm)
    }

    /// The instruction as LLVM's and GNU's assemblers make it: the immediate is what its 32 bits say, also where the
    /// instruction extends their sign or stores fewer.
    #[must_use]
    pub fn wrapped(&self) -> Option<Insn> {
        self.with(wrapped(self.imm.int?)?)
    }

    /// The instruction with this immediate, unless it has another number.
    fn with(&self, imm: i64) -> Option<Insn> {
        let off = i16::try_from(self.off.int?).ok()?;
        let distance = |number: Number| i32::try_from(number.int?).ok();
        let form = Form::of(self.syntax)?;
        match (self.syntax, self.to) {
            (Syntax::Gotol, To::Slots(to)) => form.insn(0, 0, 0, distance(to)?.into()),
            (_, To::Slots(to)) => {
                let off = i16::try_from(to.int?).ok()?;
                form.insn(self.dst, self.src, off, imm)
            }
            (_, To::Number(to) | To::Helper(to) | To::Kfunc(to) | To::Distance(to, _)) => {
                form.insn(0, 0, 0, distance(to)?.into())
            }
            (_, To::Label(_) | To::Local(..) | To::Name(_) | To::Numbered(..)) => None,
            (_, To::Nothing) => form.insn(self.dst, self.src, off, imm),
        }
    }
}

/// An immediate of a 64-bit operation.
fn wide(imm: i128) -> Option<i64> {
    i32::try_from(imm).ok().map(i64::from)
}

/// An immediate of a 32-bit operation, signed or not.
fn narrow(imm: i128) -> Option<i64> {
    wide(imm).or_else(|| u32::try_from(imm).ok().map(|imm| i64::from(imm.cast_signed())))
}

/// The 32 bits that other assemblers make of an immediate.
pub(crate) fn wrapped(imm: i128) -> Option<i64> {
    narrow(imm).or_else(|| wide(wrap(imm)?.into()))
}

/// An immediate of 64 bits, signed or not.
fn wrap(imm: i128) -> Option<i64> {
    i64::try_from(imm).ok().or_else(|| u64::try_from(imm).ok().map(u64::cast_signed))
}

/// Reads the instruction that a text begins with.
///
/// Blanks before it are skipped. Behind it anything may stand: a comment, a `;`, the end of the line; `len` says
/// where. The kernel's opcode before it is taken, `(07) r1 += 5`; `code` is the opcode where it is known from
/// elsewhere. With an opcode the text is read as what it must be, and what contradicts it is an error.
///
/// # Errors
/// Where it is no instruction, or an incomplete one: the place and what was expected there.
pub fn read(text: &str, dialect: Dialect, code: Option<u8>) -> Result<Reading, ReadError> {
    let mut cursor = Cursor::new(text, dialect, code);
    cursor.blanks();
    cursor.opcode()?;
    let mut reading = cursor.instruction()?;
    reading.len = cursor.end();
    let Some(form) = Form::of(reading.syntax) else {
        return Err(cursor.whole(Wrong::Form));
    };
    match cursor.code {
        Some(code) if form.code != code => Err(cursor.whole(Wrong::Opcode { code, text: form.code })),
        _ => Ok(reading),
    }
}
