//! What people write who come from other languages: what it is here.

use super::super::ast::{Expr, ExprKind};
use super::super::token::Kind;
use super::super::words::REGISTERS;
use super::{Parser, Reported};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::{AluOp, Cond};

/// Types of C, and what they are here.
const TYPES: &[(&str, &str)] = &[
    ("char", "s8"),
    ("short", "s16"),
    ("int", "s32"),
    ("long", "s64"),
    ("unsigned", "u32"),
    ("uint8_t", "u8"),
    ("uint16_t", "u16"),
    ("uint32_t", "u32"),
    ("uint64_t", "u64"),
    ("__u8", "u8"),
    ("__u16", "u16"),
    ("__u32", "u32"),
    ("__u64", "u64"),
    ("u8", "u8"),
    ("u16", "u16"),
    ("u32", "u32"),
    ("u64", "u64"),
    ("void", "u64"),
];

fn type_of_c(word: &str) -> Option<&'static str> {
    TYPES.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours)
}

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
            _ if type_of_c(word).is_some() && self.nth(1).kind == Kind::Ident => {
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
        match self.nth(2).kind {
            Kind::Newline if matches!(self.word(1), "r0" | "w0") => {
                d.suggest("write", span.to(value.span), "exit")
            }
            _ if value.kind == Kind::Newline || self.is_nth(1, "}") => {
                d.suggest("to return r0, write", span, "exit")
            }
            Kind::Newline if matches!(value.kind, Kind::Int | Kind::Ident) => {
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
        let ty = type_of_c(self.word(0)).unwrap_or("u64");
        let name = self.text(name.span);
        d.help("registers are the variables: `r6 = 5`; they need no declaration")
            .help(format!("`stack {{ {name}: {ty} }}` takes room on the stack, as `fp->{name}`"))
    }

    /// The blanks that the line begins with.
    fn indentation(&self, span: Span) -> String {
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
        if name.kind != Kind::Ident {
            return None;
        }
        let word = self.word(0);
        match word {
            "function" | "fn" | "def" | "sub" | "fun" => {
                return Some(d.suggest("a function is", first, "func"));
            }
            "var" | "let" if self.is_nth(2, ":") => return Some(d.suggest("a variable is", first, "global")),
            "var" | "let" | "static" | "auto" => {}
            _ if type_of_c(word).is_none() => return None,
            _ if self.is_nth(2, "(") => {
                let name = self.text(name.span);
                return Some(
                    d.help(format!("a function is `func {name} {{ … }}`; its arguments are in r1 to r5")),
                );
            }
            _ if self.is_nth(2, "=") || self.nth(2).kind == Kind::Newline => {
                let ty = type_of_c(word).unwrap_or("u64");
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

    /// `if (r1 == 5) goto .x` and `if r1 == 5 { … }`.
    pub(super) fn condition_habit(&mut self, left: &Expr) -> Option<Reported> {
        let text = self.text(left.span);
        let compared =
            matches!(&left.kind, ExprKind::Binary(op, ..) if Cond::from_text(self.text(*op)).is_some());
        if self.is("{") {
            let d = Diagnostic::error(code::SYNTAX, "`if` jumps, and has no block", self.peek().span);
            return Some(
                self.report(
                    d.help("jump over the lines: `if r1 != 5 goto .other`, these lines, `.other:`")
                        .help("`@if … { }` decides while assembling"),
                ),
            );
        }
        let inner = text.strip_prefix('(')?.strip_suffix(')')?.trim();
        if !compared || !self.is("goto") {
            return None;
        }
        let d = Diagnostic::error(code::SYNTAX, "a comparison stands without parentheses", left.span);
        Some(self.report(d.suggest("write", left.span, inner)))
    }
}
