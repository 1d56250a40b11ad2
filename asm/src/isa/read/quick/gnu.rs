//! The common lines as GNU as spells them: `ldxw %r4,[%r10+-8]`.

use super::super::gnu::{Operands, mnemonic};
use super::{Cursor, Line, WINDOW, immediate, is_name, slot, stored};
use crate::isa::{Rhs, Syntax, Width};

/// Reads the line that a text begins with, as [`line`](super::line) does, in the normal syntax of GNU as.
#[must_use]
pub fn gnu_line(text: &[u8]) -> Option<Line> {
    let mut cursor = Cursor::new(text);
    cursor.blanks();
    let slot = cursor.gnu()?;
    cursor.line(text, slot)
}

impl Cursor {
    fn gnu(&mut self) -> Option<u64> {
        let start = self.at;
        while is_name(self.peek()) && self.at < WINDOW {
            self.at += 1;
        }
        let operands = mnemonic(std::str::from_utf8(self.window.get(start..self.at)?).ok()?)?;
        // A dot would be part of the mnemonic.
        if self.peek() == b'.' {
            return None;
        }
        self.blanks();
        match operands {
            Operands::Alu(op, width) => {
                let dst = self.percent()?;
                self.comma()?;
                let (src, imm) = self.rhs(width)?;
                slot(Syntax::Alu(op, width, rhs(src)), dst, src.unwrap_or(0), 0, imm)
            }
            Operands::If(cond, width) => {
                let dst = self.percent()?;
                self.comma()?;
                let (src, imm) = self.rhs(width)?;
                self.comma()?;
                let off = self.gnu_target()?;
                slot(Syntax::If(cond, width, rhs(src)), dst, src.unwrap_or(0), off, imm)
            }
            Operands::Load(size, signed) => {
                let dst = self.percent()?;
                self.comma()?;
                let (src, off) = self.brackets()?;
                slot(Syntax::Load(size, signed), dst, src, off, 0)
            }
            Operands::Memory(syntax @ Syntax::Store(..)) => {
                let (dst, off) = self.brackets()?;
                self.comma()?;
                slot(syntax, dst, self.percent()?, off, 0)
            }
            Operands::Store(size) => {
                let (dst, off) = self.brackets()?;
                self.comma()?;
                let imm = self.int()?;
                slot(Syntax::Store(size, Rhs::Imm), dst, 0, off, stored(imm, size)?)
            }
            Operands::Jump(Syntax::Goto) => slot(Syntax::Goto, 0, 0, self.gnu_target()?, 0),
            _ => None,
        }
    }

    #[inline]
    fn comma(&mut self) -> Option<()> {
        self.eat(b',').then_some(())?;
        self.blanks();
        Some(())
    }

    /// `%r0`…`%r10`: the one name that a register has at all widths.
    #[inline]
    fn percent(&mut self) -> Option<u8> {
        self.eat(b'%').then_some(())?;
        self.register().filter(|(_, width)| *width == Width::W64).map(|(number, _)| number)
    }

    /// A register, or an immediate.
    #[inline]
    fn rhs(&mut self, width: Width) -> Option<(Option<u8>, i32)> {
        if self.peek() == b'%' {
            return Some((Some(self.percent()?), 0));
        }
        Some((None, immediate(self.int()?, width)?))
    }

    /// `[%r1+8]`, `[%r1-8]`, `[%r1+-8]`.
    #[inline]
    fn brackets(&mut self) -> Option<(u8, i16)> {
        self.eat(b'[').then_some(())?;
        let register = self.percent()?;
        let off = match self.peek() {
            b'+' => {
                self.at += 1;
                self.int()?
            }
            b'-' => self.int()?,
            _ => 0,
        };
        self.eat(b']').then_some(())?;
        self.blanks();
        Some((register, i16::try_from(off).ok()?))
    }

    /// `5`, `+5`, `-5` or a label.
    fn gnu_target(&mut self) -> Option<i16> {
        match self.peek() {
            b'0'..=b'9' => i16::try_from(self.digits()?).ok(),
            b'%' | b'r' | b'w' => None,
            _ => self.target(),
        }
    }
}

fn rhs(src: Option<u8>) -> Rhs {
    if src.is_some() { Rhs::Reg } else { Rhs::Imm }
}
