//! What people write who come from other languages: what it is here.

use super::super::ast::{Expr, ExprKind};
use super::super::token::Kind;
use super::super::words::{REGISTERS, STATEMENTS};
use super::{Parser, Reported, elsewhere};
use crate::diag::{Diagnostic, Span, code, nearest};
use crate::isa::{AluOp, Cond, FORMS, Syntax};
use crate::uapi::HelperId;

impl Parser<'_> {
    /// A statement of another language; reports it.
    pub(super) fn foreign_habit(&mut self) -> Option<Reported> {
        let token = self.peek();
        if token.kind != Kind::Ident || AluOp::from_text(self.word(1)).is_some() {
            return None;
        }
        let word = self.word(0);
        let error = |message: String| Diagnostic::error(code::SYNTAX, message, token.span);
        let d = match word {
            "return" => self.returned(error("`return` is no instruction".to_string())),
            "exit" if matches!(self.nth(1).kind, Kind::Int | Kind::Ident) || self.is_nth(1, "-") => {
                self.returned(error("`exit` takes nothing: it returns r0".to_string()))
            }
            "while" | "do" | "for" | "loop" | "switch" | "else"
                if matches!(self.nth(1).kind, Kind::Ident | Kind::Int)
                    || self.is_nth(1, "(")
                    || self.is_nth(1, "{") =>
            {
                let d = error(format!("`{word}` is no instruction"));
                match word {
                    "else" | "switch" => d
                        .help("`if` jumps: `if r1 != 5 goto .other`, the lines of this case, `goto .end`, `.other:`")
                        .help("`@if … { } @else { }` decides while assembling"),
                    _ => d
                        .help("a loop is a label and a jump: `.next:`, its lines, `if r1 < 5 goto .next`")
                        .help("`@for i in 0..4 { … }` repeats lines while assembling"),
                }
            }
            "let" | "var" | "auto" | "mut" | "int" | "char" | "short" | "long" | "unsigned" | "static"
                if self.nth(1).kind == Kind::Ident =>
            {
                self.local(error(format!("`{word}` is no instruction")))
            }
            _ if elsewhere::ty(word).is_some() && self.nth(1).kind == Kind::Ident => {
                self.local(error(format!("`{word}` is a type, and begins no instruction")))
            }
            "function" | "fn" | "def" | "func" | "prog" | "sub" if self.nth(1).kind == Kind::Ident => {
                error("a function does not stand within another".to_string())
                    .help("close this one first, with `}` on a line of its own")
            }
            _ => return None,
        };
        Some(self.report(d))
    }

    /// `return 2` and `exit 2`.
    fn returned(&self, d: Diagnostic) -> Diagnostic {
        let (span, value) = (self.peek().span, self.nth(1));
        match value.kind {
            _ if self.ends(1) => d.suggest("to return r0, write", span, "exit"),
            _ if self.ends(2) && matches!(self.word(1), "r0" | "w0") => {
                d.suggest("write", span.to(value.span), "exit")
            }
            Kind::Int | Kind::Ident if self.ends(2) => {
                let lines = format!("r0 = {}\n{}exit", self.word(1), self.indentation(span));
                d.suggest("the value returned is that of r0", span.to(value.span), lines)
            }
            _ => d.help("set r0 to the value returned, then `exit` on a line of its own"),
        }
    }

    /// `int x = 5` and `let r1 = 5`.
    fn local(&self, d: Diagnostic) -> Diagnostic {
        let (span, name) = (self.peek().span, self.nth(1));
        if REGISTERS.contains(&self.word(1)) {
            let d = d.note("registers need no declaration");
            return d.suggest("write", Span { end: name.span.start, ..span }, "");
        }
        let ty = elsewhere::ty(self.word(0)).unwrap_or("u64");
        let name = if self.is_nth(1, "mut") { self.word(2) } else { self.text(name.span) };
        d.help("registers are the variables: `r6 = 5`; they need no declaration")
            .help(format!("`stack {{ {name}: {ty} }}` takes room on the stack, as `fp->{name}`"))
    }

    /// The blanks that the line begins with.
    pub(super) fn indentation(&self, span: Span) -> String {
        let before = &self.text.as_bytes()[..span.start as usize];
        before
            .iter()
            .rev()
            .take(80)
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .map(|b| char::from(*b))
            .collect()
    }

    /// A declaration of another language, and what it is here.
    pub(super) fn declaration_habit(&self, d: Diagnostic) -> Option<Diagnostic> {
        let (first, name) = (self.peek().span, self.nth(1));
        let word = self.word(0);
        if let Some(what) = elsewhere::declaration(word) {
            return Some(d.help(what));
        }
        if self.nth(1).kind == Kind::Ident && matches!(word, "pub" | "export" | "local") {
            return Some(d.suggest(
                "all names are seen everywhere",
                Span { end: name.span.start, ..first },
                "",
            ));
        }
        if name.kind != Kind::Ident {
            return None;
        }
        match word {
            "function" | "fn" | "def" | "sub" | "fun" => {
                return Some(d.suggest("a function is", first, "func"));
            }
            "var" | "let" if self.is_nth(2, ":") => return Some(d.suggest("a variable is", first, "global")),
            "var" | "let" | "static" | "auto" => {}
            _ if elsewhere::ty(word).is_none() => return None,
            _ if self.is_nth(2, "(") => {
                let name = self.text(name.span);
                return Some(
                    d.help(format!("a function is `func {name} {{ … }}`; its arguments are in r1 to r5")),
                );
            }
            _ if self.is_nth(2, "=") || self.ends(2) => {
                let ty = elsewhere::ty(word).unwrap_or("u64");
                let ours = format!("global {}: {ty}", self.text(name.span));
                return Some(d.suggest("a variable is", first.to(name.span), ours));
            }
            _ => {}
        }
        Some(d.help("a variable is `global NAME: u64 = 5`, a constant `const NAME = 5`"))
    }

    /// What follows something that nothing is assigned to.
    pub(super) fn count_habit(&mut self, dst: &Expr) -> Option<Reported> {
        let (sign, span) = (self.word(0), self.peek().span);
        let counted = |span: Span, register: &str, sign: &str| {
            let d = Diagnostic::error(code::SYNTAX, format!("there is no `{sign}{sign}`"), span);
            d.suggest("write", span, format!("{register} {sign}= 1"))
        };
        let text = self.text(dst.span);
        if matches!(sign, "+" | "-") && self.is_nth(1, sign) && self.nth(1).span.start == span.end {
            return Some(self.report(counted(dst.span.to(self.nth(1).span), text, sign)));
        }
        let (sign, register) = (text.get(..1)?, text.get(2..)?);
        let twice = matches!(sign, "+" | "-") && text.get(1..2) == Some(sign);
        (twice && REGISTERS.contains(&register)).then(|| self.report(counted(dst.span, register, sign)))
    }

    /// What stands in an `if` where the comparison should: `(r1 == 5)`, `!r1`, a register alone.
    pub(super) fn condition_habit(&mut self, left: &Expr) -> Option<Reported> {
        let text = self.text(left.span);
        let compared =
            matches!(&left.kind, ExprKind::Binary(op, ..) if Cond::from_text(self.text(*op)).is_some());
        let (span, sign) = (self.peek().span, self.word(0));
        if self.is("{") {
            return Some(self.jumps_only(span));
        }
        if matches!(sign, "~" | "=" | "!") && self.is_nth(1, "=") {
            let span = span.to(self.nth(1).span);
            let d = Diagnostic::error(code::SYNTAX, "this is no comparison", span);
            return Some(self.report(d.suggest("write", span, if sign == "=" { "==" } else { "!=" })));
        }
        if self.is("goto") {
            let zero = match &left.kind {
                ExprKind::Unary(op, value) if self.text(*op) == "!" => Some((self.text(value.span), "==")),
                ExprKind::Name(_) => Some((text, "!=")),
                _ => None,
            };
            if let Some((register, cond)) = zero.filter(|(register, _)| REGISTERS.contains(register)) {
                let d = Diagnostic::error(code::SYNTAX, "`if` compares two values", left.span);
                return Some(self.report(d.suggest("write", left.span, format!("{register} {cond} 0"))));
            }
        }
        let inner = text.strip_prefix('(')?.strip_suffix(')')?.trim();
        if !compared {
            return None;
        }
        if !self.is("goto") {
            return Some(self.jumps_only(if self.ends(0) { left.span } else { span }));
        }
        let d = Diagnostic::error(code::SYNTAX, "a comparison stands without parentheses", left.span);
        Some(self.report(d.suggest("write", left.span, inner)))
    }

    /// What stands behind the comparison of an `if` in place of `goto`.
    pub(super) fn jump_habit(&mut self, right: &Expr) -> Option<Reported> {
        let (span, d) =
            (self.peek().span, |message: &str, span| Diagnostic::error(code::SYNTAX, message, span));
        if let ExprKind::Binary(op, _, second) = &right.kind
            && let sign @ ("&&" | "||") = self.text(*op)
            && REGISTERS.iter().any(|register| self.text(second.span).starts_with(register))
        {
            let d = d("`if` compares once", *op);
            return Some(self.report(d.help(match sign {
                "&&" => "jump away where the first is not so: `if r1 != 1 goto .no`, `if r2 == 2 goto .yes`, `.no:`",
                _ => "write an `if` for each, with the same label",
            })));
        }
        if self.is("goto") {
            return None;
        }
        let d = match self.peek().kind {
            Kind::DotName => d("`if` is followed by `goto`", span).suggest(
                "write",
                Span { end: span.start, ..span },
                "goto ",
            ),
            _ if (self.is(",") || self.is("then")) && self.is_nth(1, "goto") => {
                let gone = Span { start: right.span.end, ..span };
                d("only `goto` stands between the comparison and the label", span).suggest("write", gone, "")
            }
            _ if self.ends(0) => return Some(self.expected("`goto`")),
            _ => return Some(self.jumps_only(span)),
        };
        Some(self.report(d))
    }

    fn jumps_only(&mut self, span: Span) -> Reported {
        let block = self.text(span) == "{";
        let message =
            if block { "`if` jumps, and has no block" } else { "`if` jumps, and does nothing else" };
        let d = Diagnostic::error(code::SYNTAX, message, span)
            .help("jump over the lines: `if r1 != 5 goto .other`, these lines, `.other:`");
        self.report(if block { d.help("`@if … { }` decides while assembling") } else { d })
    }

    /// Reports what stands behind a statement or declaration, where its line ends.
    pub(super) fn behind(&mut self, what: &str) -> Reported {
        let (span, last) = (self.peek().span, self.last());
        let error = |message: &str| Diagnostic::error(code::SYNTAX, message, span);
        let swaps = FORMS.iter().filter(|form| matches!(form.syntax, Syntax::Swap(..))).map(|form| form.name);
        let d = match self.word(0) {
            "(" if self.before().nth(1).is_some_and(|t| self.text(t.span) == "call") => {
                error("a call has no arguments in parentheses").help("set r1 to r5 on the lines before; r0 is the result")
            }
            "else" => error("a jump has no `else`").help("the other case goes on with the next line"),
            "." if self.nth(1).kind == Kind::Int => error("numbers are whole"),
            "as" => error("there are no casts")
                .help("`w1 = w2` keeps the lower 32 bits, `r1 &= 0xff` the lowest 8, `r1 = (s8)r2` extends the sign"),
            ":" if self.before().nth(1).is_some_and(|t| self.text(t.span) == "goto") => {
                error("`:` stands where the label is").suggest("a jump names it without", span, "")
            }
            "," if self.text(last).bytes().all(|b| b.is_ascii_digit())
                && self.word(1).len() == 3
                && self.nth(1).kind == Kind::Int =>
            {
                let whole = format!("{}{}", self.text(last), self.word(1));
                error("a number has no commas").suggest("write", last.to(self.nth(1).span), whole)
            }
            _ if let Some(near) = nearest(self.text(last), swaps) => {
                let message = format!("`{}` is no operation", self.text(last));
                Diagnostic::error(code::SYNTAX, message, last).suggest(
                    format!("did you mean `{near}`?"),
                    last,
                    near,
                )
            }
            _ => return self.expected(&format!("the end of {what}")),
        };
        self.report(d)
    }

    /// `&map`, `[r2 + 4]` where an operand should stand.
    pub(super) fn operand_habit(&mut self) -> Option<Reported> {
        let (span, next) = (self.peek().span, self.nth(1));
        let name = self.word(1);
        let d = match self.word(0) {
            "&" if next.kind == Kind::Ident => {
                let d = Diagnostic::error(code::SYNTAX, "`&` takes no address", span);
                if self.is_nth(2, "->") {
                    let place = format!("{name}->{}", self.word(3));
                    d.help(format!(
                        "copy the base register, then add the offset: `r2 = r10`, `r2 += offsetof({place})`"
                    ))
                } else if REGISTERS.contains(&name) {
                    d.note("a register has no address")
                } else if self.is_nth(2, "ll") {
                    d.suggest("the address is loaded by `ll` alone", span, "")
                } else {
                    d.suggest(
                        "the address of a map, variable or function is",
                        span.to(next.span),
                        format!("{name} ll"),
                    )
                }
            }
            "[" => {
                let close = (1..7).find(|n| self.is_nth(*n, "]"))?;
                let inner = Span { start: span.end, end: self.nth(close).span.start, ..span };
                let place = format!("*(u64 *)({})", self.text(inner).trim());
                Diagnostic::error(code::SYNTAX, "a place in memory has a size", span.to(self.nth(close).span))
                    .suggest("write `u8`, `u16`, `u32` or `u64`", span.to(self.nth(close).span), place)
            }
            _ => return None,
        };
        Some(self.report(d))
    }

    /// `(u32)r2`.
    pub(super) fn cast_habit(&mut self) -> Option<Reported> {
        let operand =
            matches!(self.nth(3).kind, Kind::Ident | Kind::Int | Kind::Param) || self.is_nth(3, "(");
        let ty = elsewhere::ty(self.word(1)).filter(|_| self.is("(") && self.is_nth(2, ")") && operand)?;
        let span = self.peek().span.to(self.nth(2).span);
        let d = Diagnostic::error(code::SYNTAX, "there are no casts", span);
        Some(self.report(match ty {
            "u32" => d.help("`w1 = w2` keeps the lower 32 bits of r2, and the upper half of r1 is zero"),
            "u8" => d.help("`r1 &= 0xff` keeps the lowest 8 bits"),
            "u16" => d.help("`r1 &= 0xffff` keeps the lowest 16 bits"),
            "s8" | "s16" | "s32" => {
                d.help("the sign of a register is extended on a line of its own: `r1 = (s8)r2`")
            }
            _ => d.help("a register has 64 bits, of whatever type"),
        }))
    }

    /// What begins no statement: a word of another language, a directive, a label without its colon.
    pub(super) fn statement_habit(&mut self, dst: &Expr) -> Option<Reported> {
        let (span, word) = (dst.span, self.text(dst.span));
        let error = |span| Diagnostic::error(code::SYNTAX, format!("`{word}` is no instruction"), span);
        let register = REGISTERS.contains(&word);
        let pair = (self.word(0), self.word(1));
        if register
            && matches!(
                pair,
                (":", "=") | ("<", "-") | ("<", "=") | ("-" | "+" | "*", "=") | ("s", "/" | "%")
            )
        {
            let place = self.peek().span.to(self.nth(1).span);
            let sign =
                if matches!(pair.0, "-" | "+" | "*") { format!("{}=", pair.0) } else { "=".to_string() };
            let d = Diagnostic::error(code::SYNTAX, "this is no assignment", place);
            return Some(self.report(d.suggest("write", place, sign)));
        }
        let d = match &dst.kind {
            ExprKind::Label(_) if self.ends(0) => {
                Diagnostic::error(code::SYNTAX, "a label ends with `:`", span).suggest("write", span.after(), ":")
            }
            ExprKind::Label(name) => Diagnostic::error(code::SYNTAX, format!("`.{}` is a directive of another assembler", self.text(*name)), span)
                .help("here are only `.byte`, `.2byte`, `.4byte` and `.8byte`; a file named `.s` may have all of them"),
            ExprKind::Name(_) if register => return None,
            ExprKind::Name(_) => {
                if let Some(what) = elsewhere::statement(word) {
                    error(span).help(what)
                } else if let Some(small) = elsewhere::in_capitals(word) {
                    error(span).suggest("instructions are written in small letters", span, small)
                } else if HelperId::from_name(word).is_some() {
                    error(span).suggest("a helper is called by", span, format!("call {word}"))
                } else if self.ends(0) && nearest(word, STATEMENTS.iter().copied()).is_none() {
                    error(span).help(format!("a label ends with `:`, a macro is used with `!`: `{word}:`, `{word}!`"))
                } else {
                    return None;
                }
            }
            _ => return None,
        };
        Some(self.report(d))
    }
}
