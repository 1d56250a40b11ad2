//! Data sections as they are, and relocations of any kind.

use super::super::ast::{Content, DataSymbol, Expr, Extent, Reloc, Section};
use super::super::token::Kind;
use super::{Parsed, Parser};
use crate::diag::{Diagnostic, code, nearest};
use crate::object::DataKind;

impl Parser<'_> {
    /// `section "NAME" as 2 KIND align 8 size 24 { offset: content … }`.
    pub(super) fn section(&mut self) -> Parsed<Section> {
        let name = self.after_word("the name of a section in quotes")?;
        let number = self.after("as")?;
        let kind = match self.peek().kind {
            Kind::Ident if !matches!(self.word(0), "align" | "size") => {
                let (kind, span) = (self.kind()?, self.last());
                let form = if self.is("(") { self.form()? } else { vec![] };
                Some((span, kind, form))
            }
            _ => None,
        };
        let (align, size) = (self.after("align")?, self.after("size")?);
        let lines = self.braced("the line", Self::content)?;
        Ok(Section { name, number, kind, align, size, lines })
    }

    /// What follows a word, where it is there.
    fn after(&mut self, word: &str) -> Parsed<Option<Expr>> {
        if self.eat(word) { self.operand().map(Some) } else { Ok(None) }
    }

    fn kind(&mut self) -> Parsed<DataKind> {
        let span = self.bump().span;
        let word = self.text(span);
        DataKind::from_name(word).ok_or(()).map_err(|()| {
            let d = Diagnostic::error(code::SYNTAX, format!("there is no kind of section `{word}`"), span);
            let names = || DataKind::ALL.iter().map(|(_, name)| *name);
            self.report(match nearest(word, names()) {
                Some(near) => d.suggest(format!("did you mean `{near}`?"), span, near),
                None => d.note(format!("kinds are: {}", names().collect::<Vec<_>>().join(", "))),
            })
        })
    }

    /// `(TYPE, FLAGS, ENTRY)` of a section's header.
    fn form(&mut self) -> Parsed<Vec<Expr>> {
        self.expect("(")?;
        let mut numbers = vec![self.expr()?];
        self.expect(",")?;
        numbers.push(self.expr()?);
        if self.eat(",") {
            numbers.push(self.expr()?);
        }
        self.expect(")")?;
        Ok(numbers)
    }

    fn content(&mut self) -> Parsed<(Expr, Content)> {
        self.forget();
        let offset = self.operand()?;
        self.expect(":")?;
        if let Some(address) = self.address()? {
            return Ok((offset, address));
        }
        let token = self.peek();
        let content = match token.kind {
            Kind::Str => Content::Str(self.bump().span),
            Kind::Ident if self.is_placed() => Content::Symbol(self.placed()?),
            Kind::Ident | Kind::Int if self.is_byte() => {
                let mut bytes = vec![];
                while !self.ends(0) && !self.is(",") {
                    let span = self.bump().span;
                    bytes.push(self.byte(span, "write each byte as two hexadecimal digits: `3a 00 ff`")?);
                }
                Content::Bytes(token.span.to(self.last()), bytes)
            }
            _ => {
                let what =
                    "`NAME: TYPE = VALUE`, `NAME[SIZE]`, a string, bytes such as `3a 00 ff`, or `&NAME`";
                return Err(self.expected(what));
            }
        };
        Ok((offset, content))
    }

    /// `&name` and `@reloc …`, where they stand here.
    pub(super) fn address(&mut self) -> Parsed<Option<Content>> {
        let start = self.peek().span;
        if self.eat("&") {
            return Ok(Some(Content::Address(self.expr()?)));
        }
        if self.peek().kind != Kind::At || self.word(0) != "@reloc" {
            return Ok(None);
        }
        self.bump();
        let reloc = self.reloc()?;
        Ok(Some(Content::Reloc(start.to(self.last()), Box::new(reloc))))
    }

    /// Whether two hexadecimal digits stand here.
    fn is_byte(&self) -> bool {
        let word = self.word(0);
        word.len() == 2 && word.bytes().all(|b| b.is_ascii_hexdigit())
    }

    /// Whether a symbol stands here.
    fn is_placed(&self) -> bool {
        self.is_nth(1, "[") || self.is_nth(1, ":") || self.nth(1).kind == Kind::Ident && !self.is_byte()
    }

    /// `hidden weak NAME[SIZE] as "symbol"`, or `NAME as "symbol": TYPE = VALUE`.
    fn placed(&mut self) -> Parsed<DataSymbol> {
        let mut symbol = self.symbol(|_| true);
        let name = self.symbol_name("the name of a symbol", &mut symbol)?;
        if self.eat("[") {
            let size = self.expr()?;
            self.expect("]")?;
            self.renamed(&mut symbol)?;
            return Ok(DataSymbol { name, symbol, extent: Extent::Bytes(size) });
        }
        self.expect(":")?;
        let ty = self.ty()?;
        let value = if self.eat("=") { Some(self.initial_value()?) } else { None };
        Ok(DataSymbol { name, symbol, extent: Extent::Typed(ty, value) })
    }

    /// What stands behind `@reloc`: `KIND BASE + ADDEND within N to PLACE`.
    pub(super) fn reloc(&mut self) -> Parsed<Reloc> {
        let kind = match self.peek().kind {
            _ if self.is("to") => None,
            Kind::Ident | Kind::Int => Some(self.bump().span),
            _ => return Err(self.expected("the kind of the relocation, such as `R_BPF_64_64`")),
        };
        let (mut base, mut addend) = (None, None);
        if kind.is_some_and(|kind| self.text(kind) != "none") {
            base = Some(self.operand()?);
            if self.is("+") || self.is("-") {
                let minus = self.is("-");
                self.bump();
                addend = Some((minus, self.operand()?));
            }
        }
        let within = self.after("within")?;
        let to = if self.eat("to") { Some(self.expr()?) } else { None };
        Ok(Reloc { kind, base, addend, within, to })
    }
}
