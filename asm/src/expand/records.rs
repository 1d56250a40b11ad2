//! What a source says about the next instruction: `@file`, `@line`, `@relo`, `@reloc`.

use super::plain::{ChainId, CoreTy, PlainCore, PlainLine};
use super::{Expander, Reported};
use crate::btf::ext::{MAX_COLUMN, MAX_LINE};
use crate::diag::{Diagnostic, Span, code, nearest};
use crate::lang::ast::{Expr, Record, Relo, TypeExpr, TypeExprKind};
use crate::lang::lexer;
use crate::object::{CoreKind, Ref};

/// The last that was said: where, the use of a macro there, and about which instruction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Last {
    span: Span,
    chain: Option<ChainId>,
    insn: usize,
}

impl<'a> Expander<'a> {
    pub(super) fn record(&mut self, span: Span, record: &'a Record) -> Result<(), Reported> {
        let insn = self.body.insns.len();
        match record {
            Record::File(name) => {
                let name = self.plain_string(*name)?;
                let files = &mut self.program.files;
                self.body.file = Some(files.iter().position(|file| *file == name).unwrap_or_else(|| {
                    files.push(name);
                    files.len() - 1
                }));
                return Ok(());
            }
            Record::Line(line, column, text) => {
                let line = self.line_number(line, MAX_LINE, "a line number")?;
                let column = self.line_number(column, MAX_COLUMN, "a column")?;
                let text = text.map_or(Ok(String::new()), |text| self.plain_string(text))?;
                let Some(file) = self.body.file else {
                    let d = Diagnostic::error(code::RECORD, "this line is of no file", span);
                    return Err(self.error(d.help("say which before it: `@file \"x.c\"`")));
                };
                self.body.lines.push(PlainLine { insn, file, line, column, text });
            }
            Record::Relo(relo) => self.relo(insn, relo)?,
            Record::Reloc(reloc) => {
                let (reloc, to) = self.reloc(span, reloc)?;
                self.body.refs.push(Ref { insn, to, reloc });
            }
        }
        self.body.record = Some(Last { span, chain: self.chain, insn });
        Ok(())
    }

    fn line_number(&mut self, value: &'a Expr, most: u32, what: &str) -> Result<u32, Reported> {
        let number = self.unsigned(value, u64::from(most), what)?;
        Ok(u32::try_from(number).unwrap_or(most))
    }

    fn relo(&mut self, insn: usize, relo: &'a Relo) -> Result<(), Reported> {
        let (ty, of) = self.relo_type(&relo.ty)?;
        let access = self.plain_string(relo.access)?;
        let word = self.text(relo.kind);
        let number = lexer::int(word).and_then(|n| u32::try_from(n).ok()).map(CoreKind);
        let Some(kind) = CoreKind::from_name(word).or(number) else {
            let d = Diagnostic::error(code::CORE, format!("nothing is asked by `{word}`"), relo.kind);
            return Err(self.error(match nearest(word, CoreKind::names()) {
                Some(near) => d.suggest(format!("did you mean `{near}`?"), relo.kind, near),
                None => d.note(format!("there are: {}", CoreKind::names().collect::<Vec<_>>().join(", "))),
            }));
        };
        let text = format!("@relo {of} {} {word}", self.text(relo.access));
        self.body.core.push(PlainCore { insn, ty, access, kind, text, literal: true });
        Ok(())
    }

    /// The type of a `@relo`, and how it is written where no macro stands around it.
    fn relo_type(&mut self, ty: &'a TypeExpr) -> Result<(CoreTy, String), Reported> {
        if let TypeExprKind::Number = ty.kind {
            return Ok((CoreTy::Given(self.any_number(ty.span)?), self.text(ty.span).to_string()));
        }
        let id = self.ty(ty)?;
        let core = self.core_type(id, ty.span)?;
        Ok((core, self.type_text(id, core)))
    }

    /// Nothing is said about an instruction that does not follow.
    pub(super) fn check_records(&mut self) {
        let Some(Last { span, chain, insn }) = self.body.record else { return };
        if insn < self.body.insns.len() {
            return;
        }
        let word = self.text(span).split(' ').next().unwrap_or_default();
        let message = format!("no instruction follows this `{word}`");
        let d = Diagnostic::error(code::RECORD, message, span);
        let chain = std::mem::replace(&mut self.chain, chain);
        self.error(d.help("it stands before the instruction that it is about"));
        self.chain = chain;
    }
}
