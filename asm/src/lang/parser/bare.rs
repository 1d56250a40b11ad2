//! A file of bare instructions.

use super::super::ast::{Func, Item, ItemKind, Stmt, SymbolWords};
use super::super::token::Kind;
use super::Parser;
use crate::diag::{Diagnostic, Span, code};
use crate::isa::Dialect;
use crate::isa::read::read;

impl Parser<'_> {
    /// The program that a file without declarations is, where its first line is an instruction or a label.
    pub(super) fn bare(&mut self) -> Option<Item> {
        self.skip_newlines();
        let first = self.peek().span;
        if !self.starts_instruction() {
            return None;
        }
        let mut body: Vec<Stmt> = vec![];
        while !self.starts_item() && self.peek().kind != Kind::Eof {
            if self.is("}") {
                self.bump();
                self.report(Diagnostic::error(code::BRACE, "this `}` closes nothing", self.last()));
            }
            self.line(&mut body);
            self.skip_newlines();
        }
        if self.peek().kind != Kind::Eof {
            let d = Diagnostic::error(code::SYNTAX, "instructions stand here outside of a program", first);
            let d = d.also(self.peek().span, "because here is a declaration");
            self.report(d.help("put them into `prog NAME: \"section\" { … }`"));
            return None;
        }
        let start = Span { start: 0, end: 0, ..first };
        let end = self.last().after();
        let func = Func {
            symbol: SymbolWords::default(),
            apart: false,
            unchecked: false,
            tags: vec![],
            name: start,
            section: None,
            hook: None,
            btf: None,
            params: vec![],
            result: None,
            head: start,
            body,
            end,
            bare: true,
        };
        Some(Item { span: first.to(end), kind: ItemKind::Func(func) })
    }

    /// Whether an instruction or a label begins here.
    fn starts_instruction(&self) -> bool {
        let token = self.peek();
        let label = matches!(token.kind, Kind::Ident | Kind::DotName) && self.is_nth(1, ":");
        let rest = &self.text[token.span.start as usize..];
        let line = rest.lines().next().unwrap_or("");
        label || read(line, Dialect::Native, None).is_ok()
    }
}
