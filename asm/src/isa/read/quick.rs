//! The common lines, quickly.
//!
//! Nearly all lines of a machine's output are one of a few shapes, spelled as LLVM prints them: arithmetic, loads and
//! stores, jumps, `exit`. They are read here, several times as fast as by [`read`](super::read), which knows all
//! shapes and spellings, and can say what is wrong; here such a line is just none of these.

mod gnu;

pub use gnu::gnu_line;

use super::Piece;
use crate::isa::{AluOp, Cond, Form, Rhs, SLOT, Size, Syntax, Width};

/// A line that is one instruction and needs no word about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The instruction's first slot, little endian; a jump to a label has offset 0.
    pub slot: [u8; SLOT],
    /// The upper half of a 64-bit immediate, for an instruction of two slots.
    pub hi: Option<i32>,
    /// The label that it jumps to, without its dot; empty: it names none.
    pub label: Piece,
    /// Bytes of the text up to behind the instruction, with blanks that follow.
    pub end: usize,
    /// Bytes of the text up to the end of the line, which is not included.
    pub len: usize,
}

/// How much of a line is looked at; a longer one is left to others.
const WINDOW: usize = 64;

/// Reads the line that a text begins with, if it is nothing but an instruction of a common shape. Blanks before it
/// and a comment behind it are part of the line.
#[must_use]
pub fn line(text: &[u8]) -> Option<Line> {
    let mut cursor = Cursor::new(text);
    cursor.blanks();
    let slot = cursor.instruction()?;
    cursor.line(text, slot)
}

/// The label that a line begins with, and the bytes up to behind its colon.
#[must_use]
pub fn label(text: &[u8]) -> Option<(Piece, usize)> {
    let mut cursor = Cursor::new(text);
    cursor.blanks();
    cursor.eat(b'.');
    let name = cursor.name()?;
    cursor.blanks();
    let colon = cursor.eat(b':');
    cursor.at().filter(|_| colon).map(|at| (name, at))
}

/// Where a line ends that has nothing from here on but blanks and a comment.
#[must_use]
pub fn empty(text: &[u8]) -> Option<usize> {
    let end = text.iter().position(|b| *b == b'\n').unwrap_or(text.len());
    let line = text[..end].trim_ascii();
    // What is not plain text is looked at by others.
    let plain = || line.iter().all(|b| matches!(b, b' '..=b'~' | b'\t'));
    let blank = || !text[..end].contains(&b'\x0c');
    (line.is_empty() && blank() || line.starts_with(b"//") && plain() && blank()).then_some(end)
}

struct Cursor {
    /// The text from the start of the line on, and zeros behind its end.
    window: [u8; WINDOW],
    at: usize,
    label: Piece,
    hi: Option<i32>,
}

/// A register and how it is named.
type Register = (u8, Width);

impl Cursor {
    #[inline]
    fn new(text: &[u8]) -> Self {
        let window = text.first_chunk().copied().unwrap_or_else(|| {
            let mut window = [0; WINDOW];
            window[..text.len()].copy_from_slice(text);
            window
        });
        Self { window, at: 0, label: Piece::default(), hi: None }
    }

    /// The line with this first slot, if nothing else is on it.
    #[inline]
    fn line(&self, text: &[u8], slot: u64) -> Option<Line> {
        let at = self.at()?;
        let len = match self.peek() {
            b'\n' => at,
            _ => at + empty(text.get(at..)?)?,
        };
        Some(Line { slot: slot.to_le_bytes(), hi: self.hi, label: self.label, end: at, len })
    }

    /// Where it stands; nothing where what was looked at may lie behind the window.
    fn at(&self) -> Option<usize> {
        Some(self.at).filter(|at| *at < WINDOW - 8)
    }

    /// The next byte; 0 behind the last.
    #[inline]
    fn peek(&self) -> u8 {
        self.ahead(0)
    }

    /// Behind the window it begins again, which [`Self::at`] sees in the end.
    #[inline]
    fn ahead(&self, n: usize) -> u8 {
        self.window[(self.at + n) % WINDOW]
    }

    #[inline]
    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t') && self.at < WINDOW {
            self.at += 1;
        }
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        if found {
            self.at += 1;
        }
        found
    }

    #[inline]
    fn eat_all<const N: usize>(&mut self, bytes: [u8; N]) -> bool {
        let found = bytes.iter().enumerate().all(|(n, byte)| self.ahead(n) == *byte);
        if found {
            self.at += N;
        }
        found
    }

    /// A word of the language, behind which blanks are taken.
    #[inline]
    fn word<const N: usize>(&mut self, word: [u8; N]) -> Option<()> {
        if !self.eat_all(word) || is_name(self.peek()) {
            return None;
        }
        self.blanks();
        Some(())
    }

    fn name(&mut self) -> Option<Piece> {
        let start = self.at;
        if self.peek().is_ascii_digit() {
            return None;
        }
        while is_name(self.peek()) && self.at < WINDOW {
            self.at += 1;
        }
        let offset = |at: usize| u32::try_from(at).ok();
        Some(Piece { start: offset(start)?, end: offset(self.at)? }).filter(|name| !name.is_empty())
    }

    /// `r0`…`r10` or `w0`…`w10`.
    #[inline]
    fn register(&mut self) -> Option<Register> {
        let width = match self.peek() {
            b'r' => Width::W64,
            b'w' => Width::W32,
            _ => return None,
        };
        let digit = self.ahead(1).wrapping_sub(b'0');
        let (number, len) = if digit == 1 && self.ahead(2) == b'0' { (10, 3) } else { (digit, 2) };
        if number > 10 || len == 2 && number == 10 || is_name(self.ahead(len)) {
            return None;
        }
        self.at += len;
        self.blanks();
        Some((number, width))
    }

    /// An integer with at most a minus before it, of so many digits that it fits into 64 bits for sure.
    #[inline]
    fn int(&mut self) -> Option<i64> {
        let negative = self.eat(b'-');
        let value = self.digits()?;
        Some(if negative { -value } else { value })
    }

    #[inline]
    fn digits(&mut self) -> Option<i64> {
        let first = self.peek();
        if first == b'0' {
            return self.zero();
        }
        let start = self.at;
        let mut value: i64 = 0;
        while let digit @ b'0'..=b'9' = self.peek() {
            if self.at - start == 18 {
                return None;
            }
            value = value * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        if self.at == start { None } else { self.behind(value) }
    }

    /// A number that begins with 0: itself, or a hexadecimal one. `010` is octal for some.
    fn zero(&mut self) -> Option<i64> {
        self.at += 1;
        if !self.eat(b'x') {
            return if self.peek().is_ascii_digit() { None } else { self.behind(0) };
        }
        let start = self.at;
        let mut value: i64 = 0;
        while let digit @ (b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') = self.peek() {
            if self.at - start == 15 {
                return None;
            }
            let digit = if digit <= b'9' { digit - b'0' } else { (digit | 0x20) - b'a' + 10 };
            value = value << 4 | i64::from(digit);
            self.at += 1;
        }
        if self.at == start { None } else { self.behind(value) }
    }

    /// A number, if that is its end.
    #[inline]
    fn behind(&mut self, value: i64) -> Option<i64> {
        if is_name(self.peek()) || self.peek() == b'.' {
            return None;
        }
        self.blanks();
        Some(value)
    }

    fn instruction(&mut self) -> Option<u64> {
        match self.peek() {
            b'r' | b'w' => self.assignment(),
            b'*' => self.store(),
            b'i' => self.condition(),
            b'g' => {
                self.word(*b"goto")?;
                let off = self.target()?;
                slot(Syntax::Goto, 0, 0, off, 0)
            }
            b'e' => {
                self.word(*b"exit")?;
                slot(Syntax::Exit, 0, 0, 0, 0)
            }
            b'c' => {
                self.word(*b"call")?;
                let helper = i32::try_from(self.digits()?).ok()?;
                slot(Syntax::CallHelper, 0, 0, 0, helper)
            }
            _ => None,
        }
    }

    fn assignment(&mut self) -> Option<u64> {
        let (dst, width) = self.register()?;
        // About a write to r10 there is something to say.
        if dst == 10 {
            return None;
        }
        let (op, len) = self.operator()?;
        self.at += len;
        self.blanks();
        if op == AluOp::Mov && self.peek() == b'*' {
            return self.load(dst, width);
        }
        if let Some((src, w)) = self.register() {
            return if w == width { slot(Syntax::Alu(op, width, Rhs::Reg), dst, src, 0, 0) } else { None };
        }
        let imm = self.int()?;
        if op == AluOp::Mov && self.eat_all(*b"ll") {
            if width != Width::W64 || is_name(self.peek()) {
                return None;
            }
            let [low, high] = [imm, imm >> 32].map(|half| half & 0xffff_ffff);
            let half = |half| u32::try_from(half).ok().map(u32::cast_signed);
            self.hi = half(high);
            return slot(Syntax::LoadImm64(0), dst, 0, 0, half(low)?);
        }
        slot(Syntax::Alu(op, width, Rhs::Imm), dst, 0, 0, immediate(imm, width)?)
    }

    /// An assignment, and its length.
    fn operator(&self) -> Option<(AluOp, usize)> {
        let op = match (self.peek(), self.ahead(1)) {
            (b'=', b'=') => return None,
            (b'=', _) => return Some((AluOp::Mov, 1)),
            (b'+', b'=') => AluOp::Add,
            (b'-', b'=') => AluOp::Sub,
            (b'*', b'=') => AluOp::Mul,
            (b'/', b'=') => AluOp::Div,
            (b'%', b'=') => AluOp::Mod,
            (b'|', b'=') => AluOp::Or,
            (b'&', b'=') => AluOp::And,
            (b'^', b'=') => AluOp::Xor,
            (b'<', b'<') if self.ahead(2) == b'=' => return Some((AluOp::Lsh, 3)),
            (b'>', b'>') if self.ahead(2) == b'=' => return Some((AluOp::Rsh, 3)),
            (b's', b'>') if self.ahead(2) == b'>' && self.ahead(3) == b'=' => return Some((AluOp::Arsh, 4)),
            _ => return None,
        };
        Some((op, 2))
    }

    /// `*(u32 *)(r1 + 4)`: size, whether it is signed, register and offset.
    fn place(&mut self) -> Option<(Size, bool, u8, i16)> {
        self.eat_all(*b"*(").then_some(())?;
        let signed = match self.peek() {
            b'u' => false,
            b's' => true,
            _ => return None,
        };
        let (size, len) = match (self.ahead(1), self.ahead(2)) {
            (b'8', _) => (Size::B, 2),
            (b'1', b'6') => (Size::H, 3),
            (b'3', b'2') => (Size::W, 3),
            (b'6', b'4') => (Size::DW, 3),
            _ => return None,
        };
        self.at += len;
        self.eat_all(*b" *)(").then_some(())?;
        let (register, width) = self.register()?;
        let negative = self.peek() == b'-';
        let mut off = 0;
        if negative || self.peek() == b'+' {
            self.at += 1;
            self.blanks();
            off = self.digits()?;
        }
        (width == Width::W64 && self.eat(b')')).then_some(())?;
        self.blanks();
        let off = i16::try_from(if negative { -off } else { off }).ok()?;
        Some((size, signed, register, off))
    }

    fn load(&mut self, dst: u8, width: Width) -> Option<u64> {
        let (size, signed, src, off) = self.place()?;
        // Such a load fills the whole register, and is named so.
        if width == Width::W32 && (signed || size == Size::DW) || signed && size == Size::DW {
            return None;
        }
        slot(Syntax::Load(size, signed), dst, src, off, 0)
    }

    fn store(&mut self) -> Option<u64> {
        let (size, signed, dst, off) = self.place()?;
        if signed || !self.eat(b'=') {
            return None;
        }
        self.blanks();
        if let Some((src, width)) = self.register() {
            let whole = size != Size::DW || width == Width::W64;
            return if whole { slot(Syntax::Store(size, Rhs::Reg), dst, src, off, 0) } else { None };
        }
        let imm = self.int()?;
        slot(Syntax::Store(size, Rhs::Imm), dst, 0, off, stored(imm, size)?)
    }

    fn condition(&mut self) -> Option<u64> {
        self.word(*b"if")?;
        let (dst, width) = self.register()?;
        let (cond, len) = match (self.peek(), self.ahead(1), self.ahead(2)) {
            (b'=', b'=', _) => (Cond::Eq, 2),
            (b'!', b'=', _) => (Cond::Ne, 2),
            (b'>', b'=', _) => (Cond::Ge, 2),
            (b'<', b'=', _) => (Cond::Le, 2),
            (b'>', b' ', _) => (Cond::Gt, 1),
            (b'<', b' ', _) => (Cond::Lt, 1),
            (b's', b'>', b'=') => (Cond::SGe, 3),
            (b's', b'<', b'=') => (Cond::SLe, 3),
            (b's', b'>', b' ') => (Cond::SGt, 2),
            (b's', b'<', b' ') => (Cond::SLt, 2),
            (b'&', b' ', _) => (Cond::Set, 1),
            _ => return None,
        };
        self.at += len;
        self.blanks();
        let (src, imm) = match self.register() {
            Some((_, w)) if w != width => return None,
            Some((src, _)) => (Some(src), 0),
            None => (None, immediate(self.int()?, width)?),
        };
        self.word(*b"goto")?;
        let off = self.target()?;
        let rhs = if src.is_some() { Rhs::Reg } else { Rhs::Imm };
        slot(Syntax::If(cond, width, rhs), dst, src.unwrap_or(0), off, imm)
    }

    /// `+5`, `-5`, `.name` or `name`.
    fn target(&mut self) -> Option<i16> {
        let sign = self.peek();
        if sign != b'+' && sign != b'-' {
            self.eat(b'.');
            self.label = self.name()?;
            return Some(0);
        }
        self.at += 1;
        let distance = self.digits()?;
        i16::try_from(if sign == b'-' { -distance } else { distance }).ok()
    }
}

#[inline]
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// An immediate as the instruction holds it, if that needs no word.
#[inline]
fn immediate(imm: i64, width: Width) -> Option<i32> {
    match i32::try_from(imm) {
        Ok(imm) => Some(imm),
        Err(_) if width == Width::W32 => u32::try_from(imm).ok().map(u32::cast_signed),
        Err(_) => None,
    }
}

/// An immediate that is stored, if it fits into its place in memory.
#[inline]
fn stored(imm: i64, size: Size) -> Option<i32> {
    match size {
        Size::B if !(-0x80..=0xff).contains(&imm) => None,
        Size::H if !(-0x8000..=0xffff).contains(&imm) => None,
        Size::DW => immediate(imm, Width::W64),
        _ => immediate(imm, Width::W32),
    }
}

/// The first slot of an instruction as a little endian number.
#[inline]
fn slot(syntax: Syntax, dst: u8, src: u8, off: i16, imm: i32) -> Option<u64> {
    let registers = u64::from(dst) << 8 | u64::from(src) << 12;
    let rest = u64::from(off.cast_unsigned()) << 16 | u64::from(imm.cast_unsigned()) << 32;
    Some(Form::template(syntax)? | registers | rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_shapes() {
        for text in [
            "r1 = r2",
            "r3 += 5",
            "w4 = *(u32 *)(r10 - 8)",
            "*(u64 *)(r10 - 16) = r3",
            "if r1 > r2 goto +0",
            "r5 <<= 3",
            "w0 = 2",
            "r2 ^= r3",
            "exit",
            "goto -2",
            "goto .out",
            "if w1 s<= -0x10 goto out",
            "r1 = 0x123456789 ll",
            "*(u8 *)(r1 + 0) = 255",
            "call 12",
            "  r9 s>>= 63 // so",
            "r1 /= w",
        ] {
            let found = line(
                format!(
                    "{text}\nif r1 > r2 goto +0\nr3 += 5\nw4 = *(u32 *)(r10 - 8)\n*(u64 *)(r10 - 16) = r3\n"
                )
                .as_bytes(),
            );
            assert_eq!(found.map(|line| line.len), Some(text.len()).filter(|_| text != "r1 /= w"), "{text}");
        }
    }

    #[test]
    fn numbers_of_many_digits_are_left_to_others() {
        for text in ["r0 = 9999999999999999999", "r0 = 999999999999999999", "r0 = 0xffffffffffffffff ll"] {
            assert_eq!(line(format!("{text}\n").as_bytes()), None, "{text}");
        }
    }
}
