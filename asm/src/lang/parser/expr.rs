//! Expressions.

use super::super::ast::{Expr, ExprKind, Step};
use super::super::lexer;
use super::super::token::Kind;
use super::super::words::{REGISTERS, register};
use super::{Parsed, Parser, elsewhere};
use crate::diag::{Diagnostic, Span, code};

/// How tightly a binary operator binds, as in C; `None`: it is none.
fn binding(operator: &str) -> Option<u8> {
    Some(match operator {
        "||" => 1,
        "&&" => 2,
        "|" => 3,
        "^" => 4,
        "&" => 5,
        "==" | "!=" => 6,
        "<" | "<=" | ">" | ">=" => 7,
        "<<" | ">>" => 8,
        "+" | "-" => 9,
        "*" | "/" | "%" => 10,
        _ => return None,
    })
}

/// A number without the suffix that gives it a type elsewhere: `5u`, `5ULL`, `1_u32`.
fn without_suffix(text: &str) -> Option<&str> {
    let c = text.trim_end_matches(['u', 'U', 'l', 'L']);
    let rust = ["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64"]
        .iter()
        .find_map(|ty| text.strip_suffix(ty));
    [rust.map(|number| number.trim_end_matches('_')), Some(c)]
        .into_iter()
        .flatten()
        .find(|number| lexer::int(number).is_some())
}

impl Parser<'_> {
    /// An expression.
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.nested(|p| {
            let condition = p.binary(0)?;
            if !p.eat("?") {
                return Ok(condition);
            }
            let yes = p.expr()?;
            if p.peek().kind == Kind::Newline {
                let d = Diagnostic::error(
                    code::SYNTAX,
                    "expected `:`, found the end of the line",
                    p.last().after(),
                );
                return Err(
                    p.report(d.help("a choice goes on over lines within parentheses: `( a ? b : c )`"))
                );
            }
            p.expect(":")?;
            let no = p.expr()?;
            let span = condition.span.to(no.span);
            Ok(Expr { span, kind: ExprKind::Choice(Box::new([condition, yes, no])) })
        })
    }

    /// Operands joined by operators that bind more tightly than those around them.
    fn binary(&mut self, around: u8) -> Parsed<Expr> {
        let mut left = self.operand()?;
        while self.peek().kind == Kind::Punct
            && let Some(binding) = binding(self.word(0)).filter(|binding| *binding > around)
        {
            self.operator()?;
            let operator = self.bump().span;
            let right = self.binary(binding)?;
            let span = left.span.to(right.span);
            left = Expr { span, kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    /// An operand of an instruction, or of an operator.
    pub(super) fn operand(&mut self) -> Parsed<Expr> {
        let start = self.peek().span;
        if let Some(ty) = self.pointer_in_parens(0) {
            let address = self.in_parens()?;
            return Ok(Expr { span: start.to(self.last()), kind: ExprKind::Cast(ty, Box::new(address)) });
        }
        if let Some(reported) = self.cast_habit() {
            return Err(reported);
        }
        if self.is("*") {
            return self.deref(start);
        }
        if self.peek().kind == Kind::Punct && ["-", "+", "~", "!"].contains(&self.word(0)) {
            let operator = self.bump().span;
            let value = self.nested(Self::operand)?;
            return Ok(Expr {
                span: start.to(self.last()),
                kind: ExprKind::Unary(operator, Box::new(value)),
            });
        }
        let base = self.primary()?;
        self.postfix(base)
    }

    /// `*(type *)(address)` or `*(type *)skb[index]`.
    fn deref(&mut self, start: Span) -> Parsed<Expr> {
        let Some(ty) = self.pointer_in_parens(1) else {
            self.bump();
            let (first, inner) = (self.peek().span, self.nth(1).span);
            if REGISTERS.contains(&self.word(0)) {
                let d = Diagnostic::error(code::SYNTAX, "a place in memory has a size", start.to(first));
                let place = format!("*(u64 *)({})", self.text(first));
                return Err(self.report(d.suggest(
                    "write `u8`, `u16`, `u32` or `u64`",
                    start.to(first),
                    place,
                )));
            }
            if self.is_nth(2, ")") && elsewhere::ty(self.word(1)).is_some() {
                let d = Diagnostic::error(
                    code::SYNTAX,
                    "the size of a place is written as a pointer to it",
                    inner,
                );
                return Err(self.report(d.suggest("write", inner.after(), " *")));
            }
            if self.is("(") && REGISTERS.contains(&self.word(1)) {
                let d = Diagnostic::error(code::SYNTAX, "a place in memory has a size", start.to(first));
                let before = Span { end: first.start, ..first };
                return Err(self.report(d.suggest("write `u8`, `u16`, `u32` or `u64`", before, "(u64 *)")));
            }
            return Err(self.expected("a size, such as `*(u32 *)(r1 + 4)`"));
        };
        if self.peek().kind == Kind::Ident && !self.is("skb") {
            let address = self.peek().span;
            let d = Diagnostic::error(code::SYNTAX, "an address stands in parentheses", address);
            return Err(self.report(d.suggest("write", address, format!("({})", self.text(address)))));
        }
        let kind = if self.is("skb") && self.is_nth(1, "[") {
            self.bump();
            self.bump();
            let index = self.expr()?;
            self.expect("]")?;
            ExprKind::Packet(ty, Box::new(index))
        } else {
            ExprKind::Deref(ty, Box::new(self.in_parens()?))
        };
        Ok(Expr { span: start.to(self.last()), kind })
    }

    /// Takes `(type *)` that begins n tokens ahead; gives the place of the type's name.
    fn pointer_in_parens(&mut self, n: usize) -> Option<Span> {
        let found = self.is_nth(n, "(")
            && self.nth(n + 1).kind == Kind::Ident
            && self.is_nth(n + 2, "*")
            && self.is_nth(n + 3, ")");
        if !found {
            return None;
        }
        let ty = self.nth(n + 1).span;
        self.skip(n + 4);
        Some(ty)
    }

    pub(super) fn in_parens(&mut self) -> Parsed<Expr> {
        self.expect("(")?;
        let value = self.expr()?;
        self.expect(")")?;
        Ok(value)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let token = self.peek();
        let span = token.span;
        let kind = match token.kind {
            Kind::Int => ExprKind::Int(self.int(span)?),
            Kind::Ip4 => ExprKind::Ip4(self.ip4(span)?),
            Kind::Str => ExprKind::Str,
            Kind::Param => ExprKind::Param,
            Kind::Number => ExprKind::Number,
            Kind::DotName => ExprKind::Label(Span { start: span.start + 1, ..span }),
            Kind::At => return self.question(),
            Kind::Ident if self.is_nth(1, "(") => return self.call(),
            Kind::Ident => ExprKind::Name(register(self.text(span))),
            _ if self.is("(") => {
                let inner = self.in_parens()?;
                // The place of these is their text.
                if matches!(inner.kind, ExprKind::Name(_) | ExprKind::Param | ExprKind::Str) {
                    return Ok(inner);
                }
                return Ok(Expr { span: span.to(self.last()), ..inner });
            }
            _ => {
                let habit = self.operand_habit();
                return Err(habit
                    .unwrap_or_else(|| self.expected("a register, a number, a name or a place in memory")));
            }
        };
        self.bump();
        Ok(Expr { span, kind })
    }

    fn int(&mut self, span: Span) -> Parsed<u64> {
        let text = self.text(span);
        lexer::int(text).ok_or_else(|| {
            let d = Diagnostic::error(code::NUMBER, format!("`{text}` is no number"), span);
            self.report(match text.trim_start_matches('0') {
                digits if digits.len() < text.len() && lexer::int(digits).is_some() => d
                    .suggest("a number does not begin with 0", span, digits)
                    .help("octal ones begin with `0o`"),
                _ if let Some(number) = without_suffix(text) => {
                    d.suggest("a number has no type", span, number)
                }
                _ => d.note("numbers look like 42, 0x2a, 0b101, 0o17, 1_000 or 256K, and fit into 64 bits"),
            })
        })
    }

    fn ip4(&mut self, span: Span) -> Parsed<u32> {
        match self.text(span).parse::<std::net::Ipv4Addr>() {
            Ok(address) => Ok(u32::from(address)),
            Err(_) => {
                let d = Diagnostic::error(code::NUMBER, "this is no IPv4 address", span);
                Err(self.report(d.note("each of the four numbers goes from 0 to 255, without leading zeros")))
            }
        }
    }

    fn call(&mut self) -> Parsed<Expr> {
        let name = self.bump().span;
        self.bump();
        let mut args = vec![];
        while !self.is(")") {
            if matches!(self.word(0), "struct" | "union" | "enum") && self.nth(1).kind == Kind::Ident {
                let (word, name) = (self.peek().span, self.nth(1).span);
                let d = Diagnostic::error(code::SYNTAX, "a type is named without its keyword", word);
                return Err(self.report(d.suggest("write", Span { end: name.start, ..word }, "")));
            }
            args.push(self.expr()?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(Expr { span: name.to(self.last()), kind: ExprKind::Call(name, args) })
    }

    /// `->name`, `.name` and `[index]` behind a base.
    fn postfix(&mut self, base: Expr) -> Parsed<Expr> {
        let arrow = self.eat("->");
        let mut steps = vec![];
        if arrow {
            steps.push(Step::Field(self.name("the name of a field")?));
        }
        loop {
            let adjacent = self.peek().span.start == self.last().end;
            if self.peek().kind == Kind::DotName && adjacent {
                let span = self.bump().span;
                steps.push(Step::Field(Span { start: span.start + 1, ..span }));
            } else if self.eat("[") {
                steps.push(Step::Index(self.expr()?));
                self.expect("]")?;
            } else {
                break;
            }
        }
        if arrow && self.is("->") {
            let d = Diagnostic::error(code::SYNTAX, "`->` is one load or store", self.peek().span);
            return Err(self.report(d.help("load the pointer into a register first, and put a view on that")));
        }
        if steps.is_empty() {
            return Ok(base);
        }
        let span = base.span.to(self.last());
        let base = Box::new(base);
        Ok(Expr {
            span,
            kind: if arrow { ExprKind::Field(base, steps) } else { ExprKind::Path(base, steps) },
        })
    }
}
