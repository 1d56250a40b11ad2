//! Statements in another tool's spelling: handed to the reader of `isa`, line by line.

use super::super::ast::{Callee, Expr, ExprKind, Foreign, StmtKind, Target};
use super::super::token::Kind;
use super::{Parsed, Parser};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::read::{Number, Piece, To, is_mnemonic, read};
use crate::isa::{Dialect, Reading, Syntax, Width};

impl Parser<'_> {
    /// A statement that is not the native language's. None where it may be.
    pub(super) fn foreign(&mut self) -> Option<Parsed<StmtKind>> {
        let kernel = self.opcode();
        if let Some(dialect) = self.lexer.dialect
            && !kernel
        {
            // There, what the tool reads comes first.
            return self.reading(dialect).or_else(|| self.directive());
        }
        let foreign = match self.peek().kind {
            // `%r1 = 1`: the reader says what is wrong with it.
            Kind::Punct if self.is("%") => true,
            Kind::DotName | Kind::Punct if !kernel => return self.directive(),
            Kind::Ident if self.is("call") => {
                let odd = |n| {
                    self.is_nth(n, "%")
                        || self.is_nth(n, "#")
                        || self.is_nth(n, "-") && self.is_nth(1, "kernel")
                };
                odd(1) || odd(2) || odd(3) || odd(4)
            }
            Kind::Ident => {
                let register = |word: &str| matches!(word.as_bytes(), [b'r' | b'w', b'0'..=b'9', ..]);
                let operand = self.is_nth(1, "%") || self.is_nth(1, "[") || register(self.word(1));
                let number = self.nth(1).kind == Kind::Int || self.is_nth(1, "-") || self.is_nth(1, "+");
                let label = matches!(self.nth(1).kind, Kind::Ident | Kind::DotName);
                is_mnemonic(self.word(0))
                    && (operand || number || label && matches!(self.word(0), "ja" | "jal" | "jcond"))
            }
            _ => kernel,
        };
        let dialect = if kernel { Dialect::Kernel } else { Dialect::Native };
        foreign.then(|| self.read_line(dialect))
    }

    /// Whether the kernel's opcode stands here: `(07)`.
    fn opcode(&self) -> bool {
        self.is("(")
            && self.is_nth(2, ")")
            && matches!(self.nth(1).kind, Kind::Int | Kind::Ident)
            && self.word(1).len() == 2
            && self.word(1).bytes().all(|b| b.is_ascii_hexdigit())
            && self.nth(3).kind != Kind::Newline
    }

    /// The instruction that the reader finds here, where it goes to the end of the statement.
    fn reading(&mut self, dialect: Dialect) -> Option<Parsed<StmtKind>> {
        let start = self.peek().span;
        let reading = read(&self.text[start.start as usize..], dialect, None).ok()?;
        let rest = self.text[start.start as usize + reading.len..].trim_start_matches([' ', '\t', '\r']);
        let ends = rest.is_empty() || rest.starts_with(['\n', ';', '#', '}']) || rest.starts_with("//");
        ends.then(|| self.take(start, &reading, dialect))
    }

    /// The instruction that must stand here.
    fn read_line(&mut self, dialect: Dialect) -> Parsed<StmtKind> {
        let start = self.peek().span;
        match read(&self.text[start.start as usize..], dialect, None) {
            Ok(reading) => self.take(start, &reading, dialect),
            Err(error) => {
                let place = place(start, error.at);
                Err(self.report(Diagnostic::error(code::FOREIGN, error.to_string(), place)))
            }
        }
    }

    /// A reading as a statement; goes on behind it.
    fn take(&mut self, start: Span, reading: &Reading, dialect: Dialect) -> Parsed<StmtKind> {
        let before = self.at;
        let off = self.number(start, before, reading.off)?;
        let mut imm = reading.imm;
        // The kernel prints the immediate of a comparison as 32 bits without a sign.
        if let (Dialect::Kernel, Syntax::If(_, Width::W64, _), Some(int)) = (dialect, reading.syntax, imm.int)
        {
            imm.int = Some(u32::try_from(int).map_or(int, |imm| imm.cast_signed().into()));
        }
        let imm = self.number(start, before, imm)?;
        let (mut target, mut callee) = (None, None);
        match reading.to {
            To::Nothing => {}
            To::Label(label) => {
                let span = place(start, label);
                let dot = u32::from(self.text(span).starts_with('.'));
                target = Some(Target::Label(Span { start: span.start + dot, ..span }));
            }
            To::Local(at, ..) => target = Some(Target::Local(place(start, at))),
            To::Slots(number) => {
                let distance = self.some_number(start, before, number)?;
                target = Some(Target::Offset(place(start, number.at), distance));
            }
            To::Number(number) | To::Helper(number) => {
                callee = Some(Callee::Helper(self.some_number(start, before, number)?));
            }
            To::Kfunc(number) => callee = Some(Callee::Kfunc(self.some_number(start, before, number)?)),
            To::Distance(number, _) => {
                callee = Some(Callee::Offset(self.some_number(start, before, number)?));
            }
            To::Name(name) | To::Numbered(name, _) => callee = Some(Callee::Name(place(start, name))),
        }
        let end = start.start as usize + reading.len;
        self.at = before;
        while (self.peek().span.start as usize) < end
            && !matches!(self.peek().kind, Kind::Newline | Kind::Eof)
        {
            self.bump();
        }
        let Reading { syntax, dst, src, .. } = *reading;
        Ok(StmtKind::Foreign(Box::new(Foreign { syntax, dst, src, off, imm, target, callee })))
    }

    /// A number that may be left out.
    fn number(&mut self, start: Span, before: usize, number: Number) -> Parsed<Option<Expr>> {
        if number.at.is_empty() { Ok(None) } else { self.some_number(start, before, number).map(Some) }
    }

    /// A number of a line whose tokens begin at `before`.
    fn some_number(&mut self, start: Span, before: usize, number: Number) -> Parsed<Expr> {
        let span = place(start, number.at);
        if let Some(int) = number.int
            && let Ok(magnitude) = u64::try_from(int.unsigned_abs())
        {
            let kind = if int < 0 { ExprKind::Negative(magnitude) } else { ExprKind::Int(magnitude) };
            return Ok(Expr { span, kind });
        }
        self.at = before;
        while self.peek().span.start < span.start && !matches!(self.peek().kind, Kind::Newline | Kind::Eof) {
            self.bump();
        }
        let value = self.expr()?;
        if value.span.end == span.end { Ok(value) } else { Err(self.expected("the end of the expression")) }
    }

    /// `.8byte value, …`: instructions as numbers.
    fn directive(&mut self) -> Option<Parsed<StmtKind>> {
        // A name does not begin with a digit, so `.8byte` is two tokens.
        let split = self.is(".") && self.nth(1).kind == Kind::Int;
        let word = if split { self.peek().span.to(self.nth(1).span) } else { self.peek().span };
        let bytes = match self.text(word) {
            _ if !split && self.peek().kind != Kind::DotName => return None,
            ".byte" => 1,
            ".2byte" | ".short" => 2,
            ".4byte" | ".long" => 4,
            ".8byte" | ".quad" => 8,
            _ => return None,
        };
        self.skip(1 + usize::from(split));
        Some(self.values().map(|values| StmtKind::Bytes(bytes, values)))
    }

    fn values(&mut self) -> Parsed<Vec<Expr>> {
        let mut values = vec![self.expr()?];
        while self.eat(",") {
            values.push(self.expr()?);
        }
        Ok(values)
    }

    /// A label's name; `%=`, of which inline assembly makes it unique, is part of it.
    pub(super) fn label_name(&mut self) -> Span {
        let name = self.bump().span;
        if self.is("%=") && self.peek().span.start == name.end {
            return name.to(self.bump().span);
        }
        name
    }

    /// Takes `name:`, `.name:`, `1:` and `name%=:`; the name without its dot.
    pub(super) fn label(&mut self) -> Option<Span> {
        let token = self.peek();
        let colon = match token.kind {
            Kind::DotName => 1,
            Kind::Ident if self.is_nth(1, "%=") => 2,
            Kind::Ident => 1,
            Kind::Int if self.word(0).bytes().all(|b| b.is_ascii_digit()) => 1,
            _ => return None,
        };
        // `r1 := 5` is no label.
        if !self.is_nth(colon, ":") || self.is_nth(colon + 1, "=") {
            return None;
        }
        let name = self.label_name();
        self.bump();
        let dot = u32::from(token.kind == Kind::DotName);
        Some(Span { start: name.start + dot, ..name })
    }
}

/// `1f`, `12b`: the number of a numeric label, and whether it is further down.
pub(crate) fn local(text: &str) -> Option<(&str, bool)> {
    let (number, forward) = match text.strip_suffix('f') {
        Some(number) => (number, true),
        None => (text.strip_suffix('b')?, false),
    };
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some((number, forward))
}

/// The place of a piece of a line that begins at `start`.
fn place(start: Span, piece: Piece) -> Span {
    Span { start: start.start + piece.start, end: start.start + piece.end, ..start }
}
