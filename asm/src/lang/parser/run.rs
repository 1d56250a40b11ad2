//! Plain lines at once: what needs neither tokens nor a tree.

use super::super::ast::{Run, Stmt, StmtKind};
use super::super::token::Kind;
use super::Parser;
use crate::diag::Span;
use crate::isa::read::quick;

impl Parser<'_> {
    /// The instructions that stand here line by line and need nothing from around them. Also a single one: in a macro or
    /// a loop it may be many.
    pub(super) fn run(&mut self) -> Option<Stmt> {
        let at_line_start = self.before().next().is_none_or(|t| t.kind == Kind::Newline);
        // What the lexer found further down it would find again.
        if !at_line_start || self.lexer.diagnostics.errors() > 0 {
            return None;
        }
        let first = self.peek().span;
        let mut run = Run::default();
        let mut at = first.start as usize;
        let end = loop {
            let rest = self.text.as_bytes().get(at..).unwrap_or_default();
            let Some(line) = quick::line(rest).filter(|line| line.label.is_empty()) else {
                match quick::empty(rest).filter(|len| *len < rest.len()) {
                    Some(len) => at += len + 1,
                    None => break at,
                }
                continue;
            };
            let text = &rest[..line.end];
            let (blanks, len) = (text.len() - text.trim_ascii_start().len(), text.trim_ascii_end().len());
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            run.places.push((place(at + blanks), place(at + len)));
            run.code.push_slot(line.slot, line.hi);
            at += line.len;
            if at == self.text.len() {
                break at;
            }
            at += 1;
        };
        let (_, last) = *run.places.last()?;
        self.lexer.restart(end);
        self.at = 1;
        self.skip(0);
        Some(Stmt { span: Span { end: last, ..first }, kind: StmtKind::Run(Box::new(run)) })
    }
}
