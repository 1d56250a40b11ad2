//! Statements: one line, one instruction.

use super::super::ast::{Arg, Callee, Expr, ExprKind, Jump, Record, Relo, Stmt, StmtKind, Target};
use super::super::token::Kind;
use super::super::words::{RECORDS, REGISTERS, STATEMENTS};
use super::foreign::local;
use super::{Parsed, Parser, Reported};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::{AluOp, AtomicOp, Cond, Swap};

impl Parser<'_> {
    /// Statements in braces, and the place of the closing one.
    pub(super) fn body(&mut self) -> Parsed<(Vec<Stmt>, Span)> {
        let open = self.expect("{")?;
        self.lines(open)
    }

    /// The body of a declaration. Where only its brace is forgotten, it goes on as if that were there.
    pub(super) fn whole_body(&mut self) -> Parsed<(Vec<Stmt>, Span)> {
        if self.peek().kind != Kind::Newline {
            return self.body();
        }
        let open = self.last().after();
        if self.is_nth(1, "{") {
            let brace = self.nth(1).span;
            let d = Diagnostic::error(code::BRACE, "this `{` stands at the end of the line before", brace);
            self.once("brace below", d.suggest("write it there", open.to(brace), " {"));
            self.skip(2);
            return self.lines(brace);
        }
        let reported = self.expected("`{`");
        self.bump();
        if self.starts_item() || self.peek().kind == Kind::Eof {
            return Err(reported);
        }
        self.lines(open)
    }

    fn lines(&mut self, open: Span) -> Parsed<(Vec<Stmt>, Span)> {
        let mut stmts = vec![];
        loop {
            self.skip_newlines();
            if self.is("}") {
                return Ok((stmts, self.bump().span));
            }
            if self.misplaced(open) {
                continue;
            }
            if self.unclosed(open) {
                return Ok((stmts, self.last()));
            }
            self.line(&mut stmts);
        }
    }

    /// A statement, with the end of its line.
    pub(super) fn line(&mut self, stmts: &mut Vec<Stmt>) {
        self.forget();
        if let Some(run) = self.run() {
            return stmts.push(run);
        }
        let start = self.peek().span;
        match self.stmt() {
            Ok(kind) => stmts.push(Stmt { span: start.to(self.last()), kind }),
            Err(Reported) => return self.recover_from(start),
        }
        // An instruction may follow a label on its line.
        let label = matches!(stmts.last(), Some(Stmt { kind: StmtKind::Label(_), .. }));
        // Where a brace is missing, the line has ended.
        let ended = self.before().next().is_some_and(|t| t.kind == Kind::Newline);
        if !label && !ended && self.end_of_line("the instruction", start).is_err() {
            stmts.pop();
        }
    }

    fn stmt(&mut self) -> Parsed<StmtKind> {
        let token = self.peek();
        if let Some(label) = self.label() {
            return Ok(StmtKind::Label(label));
        }
        if let Some(foreign) = self.foreign() {
            return foreign;
        }
        if let Some(reported) = self.foreign_habit() {
            return Err(reported);
        }
        match token.kind {
            Kind::Macro => {
                self.bump();
                let name = Span { end: token.span.end - 1, ..token.span };
                Ok(StmtKind::Macro(name, self.args()?))
            }
            Kind::At if self.word(0) == "@for" => {
                Ok(StmtKind::For(Box::new(self.for_loop(Self::stmts_in_braces)?)))
            }
            Kind::At if RECORDS.contains(&self.word(0)) => Ok(StmtKind::Record(Box::new(self.record()?))),
            Kind::At => Ok(StmtKind::Control(Box::new(self.control(Self::stmts_in_braces)?))),
            Kind::Param if self.ends(1) => {
                self.bump();
                Ok(StmtKind::Block)
            }
            Kind::Ident => self.keyword_stmt(),
            _ => self.assignment(),
        }
    }

    /// `@file "x.c"`, `@line 12:5 "text"`, `@relo TYPE "0:1" KIND`, `@reloc KIND BASE`.
    fn record(&mut self) -> Parsed<Record> {
        let word = self.word(0);
        self.bump();
        if word == "@file" {
            return Ok(Record::File(self.expect_kind(Kind::Str, "the name of a file in quotes")?));
        }
        if word == "@line" {
            let line = self.operand()?;
            self.expect(":")?;
            let column = self.operand()?;
            let text = (self.peek().kind == Kind::Str).then(|| self.bump().span);
            return Ok(Record::Line(line, column, text));
        }
        if word == "@reloc" {
            return self.reloc().map(Record::Reloc);
        }
        let ty = self.ty()?;
        let access = self.expect_kind(Kind::Str, "what of the type is meant, such as \"0:1\"")?;
        let kind = match self.peek().kind {
            Kind::Ident | Kind::Int => self.bump().span,
            _ => return Err(self.expected("what is asked about it, such as `field_byte_offset`")),
        };
        Ok(Record::Relo(Relo { ty, access, kind }))
    }

    fn keyword_stmt(&mut self) -> Parsed<StmtKind> {
        let word = self.word(0);
        // A word that something is assigned to is an operand, not a keyword.
        let assigned = AluOp::from_text(self.word(1)).is_some();
        match word {
            "view" => {
                self.bump();
                let name = self.name("the view's name")?;
                self.expect("=")?;
                let value = self.expr()?;
                self.expect(":")?;
                Ok(StmtKind::View(name, value, self.ty()?))
            }
            "stack" if self.is_nth(1, "{") => {
                self.bump();
                let slot = |p: &mut Self| p.typed_name("a stack slot, such as `key: u32`");
                Ok(StmtKind::Stack(self.braced("the stack slot", slot)?))
            }
            "raw" if !assigned => self.raw(),
            "alias" if self.nth(1).kind == Kind::Ident => {
                Ok(StmtKind::Alias(Box::new(self.further_symbol()?)))
            }
            "if" => self.condition(),
            "goto" | "gotol" | "may_goto" => {
                self.bump();
                let jump = match word {
                    "goto" => Jump::Goto,
                    "gotol" => Jump::Gotol,
                    _ => Jump::MayGoto,
                };
                Ok(StmtKind::Goto(jump, self.target()?))
            }
            "gotox" => {
                self.bump();
                Ok(StmtKind::Gotox(self.operand()?))
            }
            "call" => {
                self.bump();
                Ok(StmtKind::Call(self.callee()?))
            }
            "callx" => {
                self.bump();
                Ok(StmtKind::CallX(self.operand()?))
            }
            "exit" if !assigned => {
                self.bump();
                Ok(StmtKind::Exit)
            }
            "nospec" if !assigned => {
                self.bump();
                Ok(StmtKind::Nospec)
            }
            "lock" => {
                self.bump();
                let place = self.operand()?;
                let Some(op) = AluOp::from_text(self.word(0)).and_then(AtomicOp::from_assignment) else {
                    return Err(self.expected("`+=`, `|=`, `&=` or `^=`"));
                };
                self.bump();
                Ok(StmtKind::Lock(place, op, self.expr()?))
            }
            "ld_pseudo" => {
                self.bump();
                let dst = self.operand()?;
                self.expect(",")?;
                let kind = self.expr()?;
                self.expect(",")?;
                Ok(StmtKind::LoadPseudo(dst, kind, self.expr()?))
            }
            _ => self.assignment(),
        }
    }

    /// `dst op= value` in all its forms.
    fn assignment(&mut self) -> Parsed<StmtKind> {
        let start = self.peek().span;
        let dst = self.operand()?;
        let Some(op) = AluOp::from_text(self.word(0)) else {
            if matches!(dst.kind, ExprKind::Call(..)) {
                return Ok(StmtKind::Apply(dst));
            }
            return Err(self.no_stmt(start, &dst));
        };
        let operator = self.bump().span;
        if op != AluOp::Mov {
            let value = self.expr()?;
            self.no_ll(operator)?;
            return Ok(StmtKind::Assign(dst, op, value));
        }
        if self.peek().kind == Kind::Ident
            && matches!(self.nth(1).kind, Kind::Ident | Kind::Param)
            && let Some((swap, bits)) = swap_from_text(self.word(0))
        {
            self.bump();
            return Ok(StmtKind::AssignSwap(dst, swap, bits, self.operand()?));
        }
        if self.is("(")
            && self.is_nth(2, ")")
            && let Some(bits) = signed_bits(self.word(1))
        {
            self.skip(3);
            return Ok(StmtKind::AssignSigned(dst, bits, self.operand()?));
        }
        if self.is("&") && self.is_nth(1, "(") && self.is_nth(2, "void") {
            self.skip(3);
            for part in ["__percpu", "*", ")"] {
                self.expect(part)?;
            }
            return Ok(StmtKind::AssignPercpu(dst, self.in_parens()?));
        }
        let value = self.expr()?;
        if self.eat("ll") {
            Ok(StmtKind::AssignWide(dst, value))
        } else {
            Ok(StmtKind::Assign(dst, op, value))
        }
    }

    fn no_ll(&mut self, operator: Span) -> Parsed<()> {
        if !self.is("ll") {
            return Ok(());
        }
        let d = Diagnostic::error(code::WIDE, "only `=` takes a 64-bit immediate", self.peek().span);
        Err(self.report(d.also(operator, "this operator takes 32 bits, sign-extended")))
    }

    fn no_stmt(&mut self, start: Span, dst: &Expr) -> Reported {
        if let Some(reported) = self.count_habit(dst) {
            return reported;
        }
        if let Some(reported) = self.statement_habit(dst) {
            return reported;
        }
        let word = self.text(dst.span);
        if self.is("==") {
            let span = self.peek().span;
            let d = Diagnostic::error(code::SYNTAX, "`==` compares, and only in `if`", span);
            return self.report(d.suggest("to assign, write `=`", span, "="));
        }
        if REGISTERS.contains(&word) {
            return self.expected("`=`, `+=` or another assignment");
        }
        if let Some(near) = crate::diag::nearest(word, STATEMENTS.iter().copied()) {
            let d = Diagnostic::error(code::SYNTAX, format!("`{word}` is no instruction"), start);
            return self.report(d.suggest(format!("did you mean `{near}`?"), start, near));
        }
        if matches!(dst.kind, ExprKind::Name(_))
            && matches!(self.peek().kind, Kind::Ident | Kind::Int | Kind::Str | Kind::DotName | Kind::Param)
        {
            let d = Diagnostic::error(code::SYNTAX, format!("`{word}` is no instruction"), dst.span);
            return self.report(d.help(format!("a macro is used with `!`: `{word}! …`")));
        }
        self.expected("`=`, `+=` or another assignment")
    }

    fn raw(&mut self) -> Parsed<StmtKind> {
        self.bump();
        let mut bytes = vec![];
        while !self.ends(0) {
            let span = self.bump().span;
            let help = "write each byte as two hexadecimal digits: `raw 95 00 00 00 00 00 00 00`";
            bytes.push(self.byte(span, help)?);
        }
        Ok(StmtKind::Raw(bytes))
    }

    /// Two hexadecimal digits.
    pub(super) fn byte(&mut self, span: Span, help: &str) -> Parsed<u8> {
        let text = self.text(span);
        let byte =
            Some(text).filter(|text| text.len() == 2).and_then(|text| u8::from_str_radix(text, 16).ok());
        byte.ok_or(()).map_err(|()| {
            let d = Diagnostic::error(code::NUMBER, format!("`{text}` is not a byte"), span);
            self.report(d.help(help))
        })
    }

    fn condition(&mut self) -> Parsed<StmtKind> {
        self.bump();
        let left = self.operand()?;
        let Some(cond) = Cond::from_text(self.word(0)) else {
            if self.is("=") && (self.is_nth(1, ">") || self.is_nth(1, "<")) {
                let (span, right) = (self.peek().span.to(self.nth(1).span), self.word(1));
                let d = Diagnostic::error(code::SYNTAX, "this is no comparison", span);
                return Err(self.report(d.suggest("the other way round it is", span, format!("{right}="))));
            }
            if self.is("=") {
                let span = self.peek().span;
                let d = Diagnostic::error(code::SYNTAX, "`=` assigns", span);
                return Err(self.report(d.suggest("to compare, write `==`", span, "==")));
            }
            if let Some(reported) = self.condition_habit(&left) {
                return Err(reported);
            }
            return Err(self.expected("a comparison: == != > >= < <= s> s>= s< s<= &"));
        };
        let (sign, operator) = (self.word(0), self.bump().span);
        if sign == "<" && self.is(">") || matches!(sign, "<" | ">" | "<=" | ">=") && self.is("s") {
            let span = operator.to(self.peek().span);
            let d = Diagnostic::error(code::SYNTAX, "this is no comparison", span);
            let ours = if self.is("s") { format!("s{sign}") } else { "!=".to_string() };
            return Err(self.report(d.suggest("write", span, ours)));
        }
        let right = self.expr()?;
        if let Some(reported) = self.jump_habit(&right) {
            return Err(reported);
        }
        self.bump();
        Ok(StmtKind::If(left, cond, right, self.target()?))
    }

    fn target(&mut self) -> Parsed<Target> {
        let token = self.peek();
        let target = match token.kind {
            Kind::DotName => Target::Label(Span { start: self.bump().span.start + 1, ..token.span }),
            Kind::Param => Target::Param(self.bump().span),
            Kind::Ident if REGISTERS.contains(&self.word(0)) => {
                let d = Diagnostic::error(code::SYNTAX, "a register is no label", token.span);
                let d = d.suggest("the jump to an address in a register is", self.last(), "gotox");
                return Err(self.report(d));
            }
            Kind::Ident if !self.at_pc() => Target::Label(self.label_name()),
            Kind::Int if local(self.word(0)).is_some() => Target::Local(self.bump().span),
            Kind::Ident | Kind::Int => self.offset(token.span)?,
            _ if self.is("+") || self.is("-") => self.offset(token.span)?,
            _ => return Err(self.expected("a label, such as `.pass`, or a distance, such as `+5`")),
        };
        // llvm-objdump prints the place again: `goto +5 <f+0x38>`.
        if self.is("<") && matches!(self.nth(1).kind, Kind::Ident | Kind::DotName) {
            self.skip(2);
            if self.eat("+") {
                self.expect_kind(Kind::Int, "a number")?;
            }
            self.expect(">")?;
        }
        Ok(target)
    }

    fn at_pc(&self) -> bool {
        self.is("pc") && (self.is_nth(1, "+") || self.is_nth(1, "-"))
    }

    fn offset(&mut self, start: Span) -> Parsed<Target> {
        if self.at_pc() {
            self.bump();
        }
        let value = self.operand()?;
        Ok(Target::Offset(start.to(self.last()), value))
    }

    fn callee(&mut self) -> Parsed<Callee> {
        if self.at_pc() {
            self.bump();
            return Ok(Callee::Offset(self.operand()?));
        }
        let number = matches!(self.nth(1).kind, Kind::Int | Kind::Param) || self.is_nth(1, "-");
        match self.peek().kind {
            Kind::Ident if self.is("helper") && number => {
                self.bump();
                Ok(Callee::Helper(self.operand()?))
            }
            Kind::Ident if self.is("kfunc") && (number || self.nth(1).kind == Kind::Ident) => {
                self.bump();
                Ok(Callee::Kfunc(self.operand()?))
            }
            Kind::Ident => Ok(Callee::Name(self.bump().span)),
            Kind::Int | Kind::Param => Ok(Callee::Helper(self.operand()?)),
            _ if self.is("-") => Ok(Callee::Helper(self.operand()?)),
            _ => Err(self.expected("the name of a helper or function")),
        }
    }

    fn args(&mut self) -> Parsed<Vec<Arg>> {
        let mut args = vec![];
        if self.is("(") && self.peek().span.start == self.last().end {
            let d = Diagnostic::error(
                code::SYNTAX,
                "arguments of a macro stand without parentheses",
                self.peek().span,
            );
            return Err(self.report(d.help("write `bounds! r7, 14, r6, else=.pass`")));
        }
        while !self.ends(0) && !self.is("{") {
            let named = self.peek().kind == Kind::Ident && self.is_nth(1, "=");
            let name = named.then(|| {
                let name = self.bump().span;
                self.bump();
                name
            });
            args.push(Arg { name, value: self.expr()? });
            if self.eat(",") {
                continue;
            }
            if matches!(self.peek().kind, Kind::Ident | Kind::DotName | Kind::Param | Kind::Str | Kind::Int) {
                let d =
                    Diagnostic::error(code::SYNTAX, "a comma is missing between arguments", self.peek().span);
                return Err(self.report(d.suggest("write one", self.last().after(), ",")));
            }
            break;
        }
        self.blocks_of_use(&mut args)?;
        Ok(args)
    }
}

/// `be16` and its relatives.
fn swap_from_text(text: &str) -> Option<(Swap, u8)> {
    let swap = [Swap::Bswap, Swap::Le, Swap::Be].into_iter().find(|s| text.starts_with(s.text()))?;
    let bits = text[swap.text().len()..].parse().ok()?;
    [16, 32, 64].contains(&bits).then_some((swap, bits))
}

/// The casts of a sign-extending move.
fn signed_bits(text: &str) -> Option<u8> {
    match text {
        "s8" => Some(8),
        "s16" => Some(16),
        "s32" => Some(32),
        _ => None,
    }
}
