//! Instructions: read as any tool spells them, with symbols as operands.

use super::cursor::{Cursor, Res};
use super::section::FixupKind;
use super::symbol::{Place, Value};
use super::{Assembly, scan};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::read::{Number, Piece, ReadError, To, Wrong, quick, read};
use crate::isa::{Dialect, Endian, Insn, Reading, Size, Syntax};

/// What must be filled in.
type Fix = Option<(FixupKind, Value, Span)>;

impl<'a> Assembly<'a, '_> {
    /// Takes a line that is one instruction of a common shape; gives where it ends. None: it is something else.
    pub(super) fn plain(&mut self, start: usize) -> Option<usize> {
        let text = self.text.as_bytes().get(start..)?;
        let line = quick::line(text).or_else(|| quick::gnu_line(text))?;
        let here = self.location();
        if !self.section().has_bytes() {
            return None;
        }
        self.lines.emit(here);
        let mut slot = line.slot;
        if !line.label.is_empty() {
            let (from, to) = (start + line.label.start as usize, start + line.label.end as usize);
            let dot = usize::from(self.text.as_bytes().get(from - 1) == Some(&b'.'));
            let symbol = self.symbols.intern(self.text.get(from - dot..to)?, from - dot);
            self.symbols.get_mut(symbol).inline |= self.inline;
            // Back to a label: its distance is known.
            let known = match self.symbols.get(symbol).place {
                Place::At(at) if (at.section, at.parts) == (here.section, here.parts) => {
                    let back = here.offset.wrapping_sub(at.offset);
                    i16::try_from(back / 8 + 1).ok().filter(|_| back.is_multiple_of(8))
                }
                _ => None,
            };
            match known {
                Some(back) => slot[2..4].copy_from_slice(&(-back).to_le_bytes()),
                None => self.fix(FixupKind::Jump, Value::symbol(symbol), self.span(from - dot, to)),
            }
        }
        let endian = self.endian;
        let bytes = &mut self.section().bytes;
        if endian == Endian::Little && line.hi.is_none() {
            bytes.extend_from_slice(&slot);
        } else {
            let (insn, _) = Insn::decode(&slot, Endian::Little)?;
            Insn { hi: line.hi, ..insn }.encode(endian, bytes);
        }
        Some(start + line.len)
    }

    /// Takes an instruction; gives where the next statement may begin.
    pub(super) fn instruction(&mut self, start: usize) -> usize {
        let text = &self.text[start..];
        let reading = match read(text, Dialect::Llvm, None) {
            Ok(reading) => reading,
            Err(error) => {
                let end = scan::statement_end(self.text, start);
                let d = self.unreadable(error, start, end);
                self.diagnostics.push(d);
                return end;
            }
        };
        let end = start + reading.len;
        let end = end + self.text.as_bytes()[end..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        if let Some(next) = self.text.as_bytes().get(end)
            && !matches!(next, b'\n' | b'\r' | b';' | b'#' | b'`')
            && !self.text.as_bytes()[end..].starts_with(b"//")
        {
            let c = self.cursor(end, scan::statement_end(self.text, end));
            let d = Diagnostic::error(code::FORM, "this is too much behind the instruction", c.here());
            self.diagnostics.push(d);
            return c.end;
        }
        // Most have no symbols.
        let done = match reading.insn() {
            Some(insn) => self.emit(insn, None, start, end),
            None => self.symbolic(reading, start).and_then(|(insn, fix)| self.emit(insn, fix, start, end)),
        };
        self.note(done);
        end
    }

    fn emit(&mut self, insn: Insn, fix: Fix, start: usize, end: usize) -> Res<()> {
        let at = self.location();
        self.lines.emit(at);
        if !self.section().has_bytes() {
            let message = format!("section `{}` holds zeros only", self.section().name);
            return Err(Box::new(Diagnostic::error(code::GAS_PLACE, message, self.span(start, end))));
        }
        if let Some((kind, value, span)) = fix {
            self.fix(kind, value, span);
        }
        let endian = self.endian;
        insn.encode(endian, &mut self.section().bytes);
        Ok(())
    }

    /// An instruction whose operands are more than integers.
    fn symbolic(&mut self, mut reading: Reading, start: usize) -> Res<(Insn, Fix)> {
        let mut fix = None;
        if reading.off.int.is_none() {
            let (value, span) = self.piece(reading.off.at, start)?;
            reading.off.int = Some(known(value, span)?);
        }
        if reading.imm.int.is_none() {
            let (value, span) = self.piece(reading.imm.at, start)?;
            reading.imm.int = Some(match (value.absolute(), reading.syntax) {
                (None, Syntax::LoadImm64(_)) => {
                    fix = Some((FixupKind::Load, value, span));
                    0
                }
                _ => known(value, span)?,
            });
        }
        let nowhere = Number { at: Piece::default(), int: Some(0) };
        let jump = if reading.syntax == Syntax::Gotol { FixupKind::LongJump } else { FixupKind::Jump };
        match reading.to {
            To::Label(piece) => {
                let (value, span) = self.piece(piece, start)?;
                fix = Some((jump, value, span));
                reading.to = To::Slots(nowhere);
            }
            To::Local(piece, label, ahead) => {
                let span = self.span(start + piece.start as usize, start + piece.end as usize);
                let symbol = self.numeric(label, ahead, span)?;
                fix = Some((jump, Value::symbol(symbol), span));
                reading.to = To::Slots(nowhere);
            }
            To::Slots(number) if number.int.is_none() => {
                let (value, span) = self.piece(number.at, start)?;
                let slots = value.absolute().map(i128::from);
                if slots.is_none() {
                    fix = Some((jump, value, span));
                }
                reading.to = To::Slots(Number { int: Some(slots.unwrap_or(0)), ..number });
            }
            To::Name(piece) => {
                let (value, span) = self.piece(piece, start)?;
                fix = Some((FixupKind::Call, value, span));
                (reading.syntax, reading.to) = (Syntax::CallLocal, To::Distance(nowhere, Piece::default()));
            }
            To::Number(number) | To::Helper(number) | To::Kfunc(number) | To::Distance(number, _)
                if number.int.is_none() =>
            {
                let (value, span) = self.piece(number.at, start)?;
                let number = Number { int: Some(known(value, span)?), ..number };
                reading.to = match reading.to {
                    To::Helper(_) => To::Helper(number),
                    To::Kfunc(_) => To::Kfunc(number),
                    To::Distance(_, name) => To::Distance(number, name),
                    _ => To::Number(number),
                };
            }
            _ => {}
        }
        if let Some(insn) = reading.insn() {
            return Ok((insn, fix));
        }
        let insn = reading.wrapped().ok_or_else(|| self.does_not_fit(&reading, start))?;
        self.changed(&reading, insn, start);
        Ok((insn, fix))
    }

    /// Warns of an immediate that is another number to the instruction.
    fn changed(&mut self, reading: &Reading, insn: Insn, start: usize) {
        let Number { at, int: Some(value) } = reading.imm else { return };
        let span = self.span(start + at.start as usize, start + at.end as usize);
        let stored = if let Syntax::Store(size, _) = reading.syntax { Some(size) } else { None };
        if let Some(warning) = changed_immediate(stored, value, insn.imm, span) {
            self.diagnostics.push(warning);
        }
    }

    /// The value of an operand.
    fn piece(&mut self, piece: Piece, start: usize) -> Res<(Value, Span)> {
        let (from, to) = (start + piece.start as usize, start + piece.end as usize);
        let mut c = self.cursor(from, to);
        let value = self.expression(&mut c)?;
        c.finish()?;
        Ok((value, self.span(from, to)))
    }

    fn does_not_fit(&self, reading: &Reading, start: usize) -> Box<Diagnostic> {
        let fits = |number: Number, from: i128, to: i128| number.int.is_some_and(|n| n >= from && n <= to);
        let to = match reading.to {
            To::Slots(to) | To::Number(to) | To::Helper(to) | To::Kfunc(to) | To::Distance(to, _) => Some(to),
            _ => None,
        };
        let number = match to {
            _ if !fits(reading.off, -0x8000, 0x7fff) => reading.off,
            Some(to) if !to.at.is_empty() && (reading.imm.at.is_empty() || !fits(to, -0x8000, 0x7fff)) => to,
            _ => reading.imm,
        };
        let span = self.span(start + number.at.start as usize, start + number.at.end as usize);
        let value = number.int.unwrap_or(0);
        let d =
            Diagnostic::error(code::GAS_RANGE, format!("{value} does not fit into this instruction"), span);
        let sign_extended = u32::try_from(value).is_ok_and(|v| v > 0x7fff_ffff);
        Box::new(if sign_extended {
            d.note("the 32 bits of an immediate are extended with their sign")
                .help("write the number with its sign, or load it with `ll`")
        } else {
            d
        })
    }

    fn unreadable(&self, error: ReadError, start: usize, end: usize) -> Diagnostic {
        let code = match error.wrong {
            Wrong::Register => code::REGISTER,
            Wrong::Width(_) | Wrong::Tied(..) => code::WIDTH,
            _ => code::FORM,
        };
        let at = |piece: u32| (start + piece as usize).min(end.max(start));
        let d = Diagnostic::error(code, error.to_string(), self.span(at(error.at.start), at(error.at.end)));
        if !self.text[..start].trim_end_matches([' ', '\t']).ends_with(';') {
            return d;
        }
        d.note("`;` separates statements; only GNU as before 2.41 begins a comment with it")
            .help("begin the comment with `#`, or say that the text is for GNU as: `--dialect gnu`")
    }
}

/// What is to say where other assemblers take an immediate that is another number to the instruction, which may store
/// it; one of 64 bits may be the same.
pub(crate) fn changed_immediate(
    stored: Option<Size>,
    value: i128,
    imm: i32,
    span: Span,
) -> Option<Diagnostic> {
    let made = match stored {
        Some(Size::B) => i128::from(imm & 0xff),
        Some(Size::H) => i128::from(imm & 0xffff),
        _ if value == i128::from(i64::from(imm).cast_unsigned()) => return None,
        _ => imm.into(),
    };
    let d = Diagnostic::warning(code::GAS_IMMEDIATE, format!("{value} becomes {made} here"), span);
    Some(if matches!(stored, Some(Size::B | Size::H)) {
        d.note("no more bits are stored").help(format!("write `{made}`"))
    } else {
        d.note("the 32 bits of an immediate are extended with their sign, in all assemblers")
            .help(format!("write `{made}` where that is meant; a 64-bit load with `ll` keeps the number"))
    })
}

/// The number that a value must be by now.
fn known(value: Value, span: Span) -> Res<i128> {
    value.absolute().map(i128::from).ok_or_else(|| {
        let d = Diagnostic::error(code::GAS_EXPRESSION, "this must be a number", span);
        Box::new(d.note("only a 64-bit load, `r1 = symbol ll`, a jump and a call take a symbol"))
    })
}

impl<'a> Cursor<'a> {
    /// Whether a digit stands here.
    pub(super) fn peek_digit(&mut self) -> bool {
        self.blanks();
        self.peek().is_some_and(|b| b.is_ascii_digit())
    }
}
