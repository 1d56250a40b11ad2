//! Instructions in another tool's spelling, and instructions as numbers.

use super::lower::Operands;
use super::plain::{Label, LabelId};
use super::{Expander, Reported};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::code::SLOT;
use crate::isa::{Endian, Insn, Rhs, Syntax, Width};
use crate::lang::ast::{Expr, Foreign};
use crate::lang::parser::foreign::local;

/// Numeric labels of a function: they may be defined many times.
#[derive(Debug, Default)]
pub(super) struct Locals<'a> {
    /// The number, the last label defined, and the next that is jumped to already.
    known: Vec<(&'a str, Option<LabelId>, Option<LabelId>)>,
}

impl<'a> Locals<'a> {
    fn of(&mut self, number: &'a str) -> &mut (&'a str, Option<LabelId>, Option<LabelId>) {
        let at = self.known.iter().position(|known| known.0 == number).unwrap_or_else(|| {
            self.known.push((number, None, None));
            self.known.len() - 1
        });
        &mut self.known[at]
    }
}

impl<'a> Expander<'a> {
    /// Lowers an instruction that the reader understood. Its numbers follow the rules of the native language.
    pub(super) fn foreign(&mut self, span: Span, f: &'a Foreign) -> Result<(), Reported> {
        let syntax = f.syntax;
        let off = match &f.off {
            Some(expr) => self.offset(expr)?,
            None => 0,
        };
        let mut o = Operands { dst: f.dst, src: f.src, off, imm: 0 };
        if let (Syntax::LoadImm64(0), Some(value)) = (syntax, &f.imm) {
            return self.wide(span, f.dst, value);
        }
        if let Some(expr) = &f.imm {
            let int = self.int(expr)?;
            o.imm = match syntax {
                Syntax::LoadImm64(_) => i64::try_from(int.value)
                    .or_else(|_| u64::try_from(int.value).map(u64::cast_signed))
                    .unwrap_or_default(),
                Syntax::Store(size, Rhs::Imm) => self.store_imm(expr.span, int, size)?,
                Syntax::Alu(_, width, _) | Syntax::If(_, width, _) => {
                    self.imm(expr.span, int, width, false)?
                }
                Syntax::LoadAbs(_) | Syntax::AddrSpaceCast => self.imm(expr.span, int, Width::W32, false)?,
                _ => self.imm(expr.span, int, Width::W64, false)?,
            };
        }
        match (&f.target, &f.callee) {
            (Some(target), _) => self.jump(span, syntax, o, target),
            (_, Some(callee)) => self.call(span, callee),
            _ => self.emit(span, syntax, o),
        }
    }

    fn offset(&mut self, expr: &'a Expr) -> Result<i64, Reported> {
        let value = self.int(expr)?.value;
        i16::try_from(value).map(i64::from).map_err(|_| {
            let message = format!("offset {value} does not fit into 16 bits");
            let d = Diagnostic::error(code::RANGE, message, expr.span);
            self.error(d.note("offsets are from -32768 to 32767"))
        })
    }

    // Numeric labels.

    /// Whether a label is a number, which may be defined many times.
    pub(super) fn is_local(name: &str) -> bool {
        name.bytes().all(|b| b.is_ascii_digit())
    }

    pub(super) fn define_local(&mut self, name: Span) {
        let number = self.text(name);
        let id = match self.body.locals.of(number).2.take() {
            Some(id) => id,
            None => self.new_local(number, name),
        };
        let at = self.body.insns.len();
        self.body.labels[id.index()] =
            Label { at: Some(at), span: name, ..self.body.labels[id.index()].clone() };
        self.body.locals.of(number).1 = Some(id);
    }

    /// The label that `1f` or `1b` means.
    pub(super) fn local(&mut self, span: Span) -> Result<LabelId, Reported> {
        let Some((number, forward)) = local(self.text(span)) else { return Err(Reported) };
        let (_, last, next) = *self.body.locals.of(number);
        match (forward, last, next) {
            (true, _, Some(id)) | (false, Some(id), _) => Ok(id),
            (true, _, None) => {
                let id = self.new_local(number, span);
                self.body.locals.of(number).2 = Some(id);
                Ok(id)
            }
            (false, None, _) => {
                let message = format!("there is no label `{number}` before this");
                let d = Diagnostic::error(code::LABEL, message, span);
                Err(self.error(d.help(format!("`{number}f` is the next one behind it"))))
            }
        }
    }

    fn new_local(&mut self, number: &str, span: Span) -> LabelId {
        let id = LabelId::next(&self.body.labels);
        let mut name = format!("local_{number}_{}", id.index());
        while !self.body.names.insert(name.clone()) {
            name.push('_');
        }
        self.body.labels.push(Label { name, at: None, span, used: true });
        id
    }

    // Numbers.

    /// `.8byte` and its relatives: bytes of instructions, in the order of the object.
    pub(super) fn bytes(&mut self, span: Span, size: u8, values: &'a [Expr]) -> Result<(), Reported> {
        for value in values {
            let int = self.int(value)?.value;
            let bits = 8 * u32::from(size);
            if int < -(1i128 << (bits - 1)) || int >= 1i128 << bits {
                let message = format!("{int} does not fit into {bits} bits");
                return Err(self.error(Diagnostic::error(code::RANGE, message, value.span)));
            }
            let size = usize::from(size);
            match self.endian {
                Endian::Little => self.body.bytes.extend(&int.to_le_bytes()[..size]),
                Endian::Big => self.body.bytes.extend(&int.to_be_bytes()[16 - size..]),
            }
        }
        // The second half of a 64-bit load may come on a line of its own.
        while let Some((insn, taken)) = Insn::decode(&self.body.bytes, self.endian) {
            if insn.code == crate::isa::form::LD_IMM64 && taken == SLOT && self.body.bytes.len() == SLOT {
                break;
            }
            self.push(insn, span);
            self.body.bytes.drain(..taken);
        }
        self.body.bytes_end = span;
        Ok(())
    }

    /// What follows bytes is another instruction, or nothing: they must have been whole ones.
    pub(super) fn end_bytes(&mut self) {
        if self.body.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.body.bytes);
        let span = self.body.bytes_end;
        let mut rest = bytes.as_slice();
        while let Some((insn, taken)) = Insn::decode(rest, self.endian) {
            self.push(insn, span);
            rest = &rest[taken..];
        }
        if !rest.is_empty() {
            let message = format!("{} bytes are left over; an instruction has 8", rest.len());
            self.error(Diagnostic::error(code::NUMBER, message, span));
        }
    }
}
