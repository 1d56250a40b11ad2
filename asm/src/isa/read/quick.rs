//! The common lines, quickly.
//!
//! Nearly all lines of a machine's output are one of a few shapes, spelled as LLVM prints them: arithmetic, loads and
//! stores, jumps, `exit`. They are read here, several times as fast as by [`read`](super::read), which knows all
//! shapes and spellings, and can say what is wrong; here such a line is just none of these.

use super::Piece;
use crate::isa::{AluOp, Cond, Form, Insn, Rhs, Size, Syntax, Width};

/// A line that is one instruction and needs no word about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The instruction; a jump to a label has offset 0.
    pub insn: Insn,
    /// The label that it jumps to, without its dot; empty: it names none.
    pub label: Piece,
    /// Bytes of the text up to the end of the line, which is not included.
    pub len: usize,
}

/// Reads the line that a text begins with, if it is nothing but an instruction of a common shape. Blanks before it
/// and a comment behind it are part of the line.
#[must_use]
pub fn line(text: &[u8]) -> Option<Line> {
    let mut cursor = Cursor { text, at: 0, label: Piece::default() };
    cursor.blanks();
    let insn = cursor.instruction()?;
    let len = cursor.end()?;
    Some(Line { insn, label: cursor.label, len })
}

/// Where a line ends that has nothing from here on but blanks and a comment.
#[must_use]
pub fn empty(text: &[u8]) -> Option<usize> {
    Cursor { text, at: 0, label: Piece::default() }.end()
}

/// The label that a line begins with, and the bytes up to behind its colon.
#[must_use]
pub fn label(text: &[u8]) -> Option<(Piece, usize)> {
    let mut cursor = Cursor { text, at: 0, label: Piece::default() };
    cursor.blanks();
    cursor.eat(b'.');
    let name = cursor.name()?;
    cursor.blanks();
    cursor.eat(b':').then_some((name, cursor.at))
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    label: Piece,
}

/// A register and how it is named.
type Register = (u8, Width);

impl Cursor<'_> {
    /// The next byte; 0 behind the last.
    fn peek(&self) -> u8 {
        self.ahead(0)
    }

    fn ahead(&self, n: usize) -> u8 {
        self.text.get(self.at + n).copied().unwrap_or(0)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t') {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    fn eat_all(&mut self, bytes: &[u8]) -> bool {
        let found = self.text.get(self.at..self.at + bytes.len()) == Some(bytes);
        self.at += if found { bytes.len() } else { 0 };
        found
    }

    /// A word of the language, behind which blanks are taken.
    fn word(&mut self, word: &[u8]) -> Option<()> {
        if !self.eat_all(word) || is_name(self.peek()) {
            return None;
        }
        self.blanks();
        Some(())
    }

    /// The end of the line: nothing but a comment may be left.
    fn end(&mut self) -> Option<usize> {
        self.blanks();
        loop {
            match self.peek() {
                b'\n' => return Some(self.at),
                0 if self.at >= self.text.len() => return Some(self.at),
                b'\r' if matches!(self.ahead(1), b'\n') => return Some(self.at + 1),
                b'/' if self.ahead(1) == b'/' => {}
                _ => return None,
            }
            let rest = &self.text[self.at..];
            let len = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
            // What is not plain text is looked at by others.
            if !rest[..len].iter().all(|b| matches!(b, b' '..=b'~' | b'\t' | b'\r')) {
                return None;
            }
            self.at += len;
        }
    }

    fn name(&mut self) -> Option<Piece> {
        let start = self.at;
        if self.peek().is_ascii_digit() {
            return None;
        }
        while is_name(self.peek()) {
            self.at += 1;
        }
        let offset = |at: usize| u32::try_from(at).ok();
        Some(Piece { start: offset(start)?, end: offset(self.at)? }).filter(|name| !name.is_empty())
    }

    /// `r0`…`r10` or `w0`…`w10`.
    fn register(&mut self) -> Option<Register> {
        let width = match self.peek() {
            b'r' => Width::W64,
            b'w' => Width::W32,
            _ => return None,
        };
        let digit = self.ahead(1).wrapping_sub(b'0');
        let (number, len) = match (digit, self.ahead(2)) {
            (1, b'0') => (10, 3),
            (0..=9, _) => (digit, 2),
            _ => return None,
        };
        if is_name(self.ahead(len)) {
            return None;
        }
        self.at += len;
        self.blanks();
        Some((number, width))
    }

    /// An integer with at most a minus before it, of so many digits that it fits into 64 bits for sure.
    fn int(&mut self) -> Option<i64> {
        let negative = self.eat(b'-');
        let value = self.digits()?;
        Some(if negative { -value } else { value })
    }

    fn digits(&mut self) -> Option<i64> {
        let start = self.at;
        let mut value: i64 = 0;
        if self.peek() == b'0' && self.ahead(1) == b'x' {
            self.at += 2;
            while let digit @ (b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') = self.peek() {
                let digit = if digit <= b'9' { digit - b'0' } else { (digit | 0x20) - b'a' + 10 };
                value = value << 4 | i64::from(digit);
                self.at += 1;
                if self.at - start > 17 {
                    return None;
                }
            }
            if self.at - start == 2 {
                return None;
            }
        } else {
            while let digit @ b'0'..=b'9' = self.peek() {
                value = value * 10 + i64::from(digit - b'0');
                self.at += 1;
                if self.at - start > 18 {
                    return None;
                }
            }
            // `010` is octal for some.
            if self.at == start || self.text[start] == b'0' && self.at - start > 1 {
                return None;
            }
        }
        if is_name(self.peek()) || self.peek() == b'.' {
            return None;
        }
        self.blanks();
        Some(value)
    }

    fn instruction(&mut self) -> Option<Insn> {
        match self.peek() {
            b'r' | b'w' => self.assignment(),
            b'*' => self.store(),
            b'i' => self.condition(),
            b'g' => {
                self.word(b"goto")?;
                let off = self.target()?;
                Form::of(Syntax::Goto)?.insn(0, 0, off, 0)
            }
            b'e' => {
                self.word(b"exit")?;
                Form::of(Syntax::Exit)?.insn(0, 0, 0, 0)
            }
            b'c' => {
                self.word(b"call")?;
                let helper = self.digits()?;
                Form::of(Syntax::CallHelper)?.insn(0, 0, 0, helper)
            }
            _ => None,
        }
    }

    fn assignment(&mut self) -> Option<Insn> {
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
            let form = Form::of(Syntax::Alu(op, width, Rhs::Reg)).filter(|_| w == width)?;
            return form.insn(dst, src, 0, 0);
        }
        let imm = self.int()?;
        if op == AluOp::Mov && self.eat_all(b"ll") {
            let form =
                Form::of(Syntax::LoadImm64(0)).filter(|_| width == Width::W64 && !is_name(self.peek()))?;
            return form.insn(dst, 0, 0, imm);
        }
        Form::of(Syntax::Alu(op, width, Rhs::Imm))?.insn(dst, 0, 0, immediate(imm, width)?)
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
        self.eat_all(b"*(").then_some(())?;
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
        self.eat_all(b" *)(").then_some(())?;
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

    fn load(&mut self, dst: u8, width: Width) -> Option<Insn> {
        let (size, signed, src, off) = self.place()?;
        // Such a load fills the whole register, and is named so.
        if width == Width::W32 && (signed || size == Size::DW) || signed && size == Size::DW {
            return None;
        }
        Form::of(Syntax::Load(size, signed))?.insn(dst, src, off, 0)
    }

    fn store(&mut self) -> Option<Insn> {
        let (size, signed, dst, off) = self.place()?;
        if signed || !self.eat(b'=') {
            return None;
        }
        self.blanks();
        if let Some((src, width)) = self.register() {
            let form = Form::of(Syntax::Store(size, Rhs::Reg));
            return form.filter(|_| size != Size::DW || width == Width::W64)?.insn(dst, src, off, 0);
        }
        let imm = self.int()?;
        let imm = match size {
            Size::B if !(-0x80..=0xff).contains(&imm) => return None,
            Size::H if !(-0x8000..=0xffff).contains(&imm) => return None,
            Size::DW => immediate(imm, Width::W64)?,
            _ => immediate(imm, Width::W32)?,
        };
        Form::of(Syntax::Store(size, Rhs::Imm))?.insn(dst, 0, off, imm)
    }

    fn condition(&mut self) -> Option<Insn> {
        self.word(b"if")?;
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
        self.word(b"goto")?;
        let off = self.target()?;
        let rhs = if src.is_some() { Rhs::Reg } else { Rhs::Imm };
        Form::of(Syntax::If(cond, width, rhs))?.insn(dst, src.unwrap_or(0), off, imm)
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

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// An immediate as the instruction holds it, if that needs no word.
fn immediate(imm: i64, width: Width) -> Option<i64> {
    match i32::try_from(imm) {
        Ok(_) => Some(imm),
        Err(_) if width == Width::W32 => u32::try_from(imm).ok().map(|imm| i64::from(imm.cast_signed())),
        Err(_) => None,
    }
}
