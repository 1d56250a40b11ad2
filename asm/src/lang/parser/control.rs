//! What happens while assembling: `@if`, `@for`, `@assert`; and blocks for macros.

use super::super::ast::{Arg, Branch, Control, Expr, ExprKind, For, Item, ParamKind, Stmt};
use super::super::token::Kind;
use super::super::words::{AT, RECORDS};
use super::{Parsed, Parser};
use crate::diag::{Diagnostic, Severity, Span, code, nearest};

/// How deep blocks may nest.
const BLOCKS: u32 = 64;
/// The habit of a branch without braces.
const NO_BRACE: &str = "no brace";

impl Parser<'_> {
    /// `@if`, `@assert`, `@error` or `@warning`, around what `body` takes.
    pub(super) fn control<T>(&mut self, body: fn(&mut Self) -> Parsed<Vec<T>>) -> Parsed<Control<T>> {
        let (at, word) = (self.peek().span, self.word(0));
        match word {
            "@if" => self.branches(body),
            "@assert" => {
                self.bump();
                let condition = self.expr()?;
                let message = if self.eat(",") {
                    Some(self.expect_kind(Kind::Str, "a message, such as \"the key is too long\"")?)
                } else {
                    None
                };
                Ok(Control::Assert(condition, message))
            }
            "@error" | "@warning" => {
                let severity = if word == "@error" { Severity::Error } else { Severity::Warning };
                self.bump();
                Ok(Control::Message(severity, self.expect_kind(Kind::Str, "a message in quotes")?))
            }
            "@else" => {
                let d = Diagnostic::error(code::SYNTAX, "this `@else` belongs to no `@if`", at);
                Err(self.report(d.help("it follows the `}` of an `@if`")))
            }
            "@for" => {
                let d = Diagnostic::error(code::SYNTAX, "`@for` repeats instructions, not declarations", at);
                Err(self.report(d.help("it stands in the body of a program, function or macro")))
            }
            word @ ("@defined" | "@is") => {
                let d = Diagnostic::error(code::SYNTAX, format!("`{word}` is an expression"), at);
                Err(self.report(d.help(format!("write `@if {word}(…) {{ … }}`"))))
            }
            word if RECORDS.contains(&word) => {
                let message = format!("`{word}` stands before an instruction");
                let d = Diagnostic::error(code::SYNTAX, message, at);
                Err(self.report(d.help("it stands in the body of a program, function or macro")))
            }
            _ => Err(self.unknown_at()),
        }
    }

    /// Reports an unknown `@word`.
    pub(super) fn unknown_at(&mut self) -> super::Reported {
        let (span, word) = (self.peek().span, self.word(0));
        if AT.contains(&word) {
            let message = format!("`{word}` does not stand here");
            return self.report(Diagnostic::error(code::SYNTAX, message, span));
        }
        let d = Diagnostic::error(code::SYNTAX, format!("`{word}` is unknown"), span);
        self.report(match nearest(word, AT.iter().copied()) {
            Some(near) => d.suggest(format!("did you mean `{near}`?"), span, near),
            None if word == "@elif" || word == "@elseif" => d.suggest("write `@else if`", span, "@else if"),
            None if ["@endif", "@end"].contains(&word) && self.told.contains(&NO_BRACE) => {
                return super::Reported;
            }
            None if word == "@endif" || word == "@end" => {
                d.help("what `@if` decides stands in braces: `@if … { … }`")
            }
            None => d.note(format!("there are: {}", AT.join(", "))),
        })
    }

    fn branches<T>(&mut self, body: fn(&mut Self) -> Parsed<Vec<T>>) -> Parsed<Control<T>> {
        let mut branches = vec![];
        self.bump();
        let mut condition = Some(self.expr()?);
        loop {
            let last = condition.is_none();
            if self.peek().kind == Kind::Newline && !self.is_nth(1, "{") {
                let span = self.last().after();
                let d = Diagnostic::error(code::SYNTAX, "expected `{`, found the end of the line", span);
                return Err(self.once(NO_BRACE, d.help("what is decided stands in braces: `@if … { … }`")));
            }
            branches.push(Branch { condition, body: body(self)? });
            // The `@else` may stand on a line of its own.
            let ahead = usize::from(self.peek().kind == Kind::Newline);
            if last || self.nth(ahead).kind != Kind::At || self.word(ahead) != "@else" {
                return Ok(Control::If(branches));
            }
            self.skip(ahead + 1);
            condition = if self.eat("if") { Some(self.expr()?) } else { None };
        }
    }

    /// `@for name in from..to { … }`.
    pub(super) fn for_loop<T>(&mut self, body: impl FnOnce(&mut Self) -> Parsed<Vec<T>>) -> Parsed<For<T>> {
        self.bump();
        let name = match self.peek().kind {
            Kind::Param => {
                let span = self.peek().span;
                let name = Span { start: span.start + 1, ..span };
                let d = Diagnostic::error(code::SYNTAX, "the variable is named without `$` here", span);
                return Err(self.report(d.suggest(
                    "the `$` belongs to its uses",
                    span,
                    self.text(name).to_string(),
                )));
            }
            _ => self.name("a name, as in `@for i in 0..4 { … }`")?,
        };
        self.expect("in")?;
        let from = self.expr()?;
        if !self.is("..") {
            return Err(self.expected("`..` and the end, as in `0..4`"));
        }
        self.bump();
        if self.is("=") {
            let d = Diagnostic::error(code::SYNTAX, "the end of a range is not part of it", self.peek().span);
            return Err(self.report(d.help("`0..4` are 0 to 3: write one more than the last")));
        }
        let to = self.expr()?;
        Ok(For { name, from, to, body: body(self)? })
    }

    /// `@defined(name)` and `@is(kind, $name)`.
    pub(super) fn question(&mut self) -> Parsed<Expr> {
        let start = self.peek().span;
        match self.word(0) {
            "@defined" => {}
            "@is" => return self.is_of_kind(start),
            _ => return Err(self.unknown_at()),
        }
        self.bump();
        self.expect("(")?;
        let name = match self.peek().kind {
            Kind::Ident | Kind::Macro | Kind::Param => self.bump().span,
            _ => return Err(self.expected("a name, as in `@defined(NAME)`")),
        };
        self.expect(")")?;
        Ok(Expr { span: start.to(self.last()), kind: ExprKind::Defined(name) })
    }

    fn is_of_kind(&mut self, start: Span) -> Parsed<Expr> {
        self.bump();
        self.expect("(")?;
        let Some(kind) = ParamKind::from_text(self.word(0)) else {
            return Err(self.expected("a kind of parameter, as in `@is(reg, $x)`"));
        };
        self.bump();
        self.expect(",")?;
        let name = self.expect_kind(Kind::Param, "a macro's parameter, such as `$x`")?;
        self.expect(")")?;
        Ok(Expr { span: start.to(self.last()), kind: ExprKind::Is(kind, name) })
    }

    // Blocks.

    /// The blocks behind the arguments of a macro: `{ … } otherwise { … }`.
    pub(super) fn blocks_of_use(&mut self, args: &mut Vec<Arg>) -> Parsed<()> {
        if !self.is("{") {
            return Ok(());
        }
        args.push(Arg { name: None, value: self.block()? });
        loop {
            let name = if self.peek().kind == Kind::Ident && self.is_nth(1, "{") {
                Some(self.bump().span)
            } else if self.is("{") {
                None
            } else {
                return Ok(());
            };
            args.push(Arg { name, value: self.block()? });
        }
    }

    /// `{ … }` as an argument.
    pub(super) fn block(&mut self) -> Parsed<Expr> {
        let start = self.peek().span;
        let stmts = self.stmts_in_braces()?;
        Ok(Expr { span: start.to(self.last()), kind: ExprKind::Block(stmts) })
    }

    pub(super) fn stmts_in_braces(&mut self) -> Parsed<Vec<Stmt>> {
        self.deeper_block(|p| Ok(p.body()?.0))
    }

    pub(super) fn items_in_braces(&mut self) -> Parsed<Vec<Item>> {
        self.deeper_block(|p| {
            let open = p.expect("{")?;
            Ok(p.items(Some(open)))
        })
    }

    /// Runs a parser of a block, to a bounded depth; expressions in it nest anew.
    fn deeper_block<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.blocks >= BLOCKS {
            let d = Diagnostic::error(code::SYNTAX, "this nests too deeply", self.peek().span);
            return Err(self.report(d.note(format!("blocks nest {BLOCKS} deep"))));
        }
        let (nesting, operators) = (std::mem::take(&mut self.nesting), std::mem::take(&mut self.operators));
        self.blocks += 1;
        let result = parse(self);
        self.blocks -= 1;
        (self.nesting, self.operators) = (nesting, operators);
        result
    }
}
