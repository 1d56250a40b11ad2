//! What is decided while assembling: branches, loops, assertions; and the blocks and arguments of macros.

use super::eval::{Int, Value};
use super::frame::Frame;
use super::{ChainId, Expander, Reported};
use crate::diag::{Diagnostic, Severity, Span, code, nearest};
use crate::lang::ast::{Branch, Control, Expr, ExprKind, For, Stmt, StmtKind};

/// A block that was given to a macro.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    stmts: &'a [Stmt],
    /// The frame that it was written in, which lives as long as the macro's use.
    frame: usize,
    /// The uses of macros that led there.
    chain: Option<ChainId>,
}

/// The labels of a frame: those of its statements and of all branches among them.
pub(super) fn labels(stmts: &[Stmt], take: &mut impl FnMut(Span)) {
    for stmt in stmts {
        match &stmt.kind {
            StmtKind::Label(name) => take(*name),
            StmtKind::Control(control) => {
                if let Control::If(branches) = &**control {
                    branches.iter().for_each(|branch| labels(&branch.body, take));
                }
            }
            _ => {}
        }
    }
}

impl<'a> Expander<'a> {
    /// Works out statements that may stand in many places.
    pub(super) fn stmts(&mut self, stmts: &'a [Stmt], place: Span) {
        for stmt in stmts {
            self.count(place, 1);
            if self.body.stop {
                break;
            }
            // What is wrong has been reported; the next statement may be right.
            let _ = self.stmt(stmt);
        }
    }

    pub(super) fn control(&mut self, span: Span, control: &'a Control<Stmt>) -> Result<(), Reported> {
        match control {
            Control::If(branches) => {
                if let Some(at) = self.taken(branches)? {
                    self.stmts(&branches[at].body, span);
                }
                Ok(())
            }
            Control::Assert(condition, message) => self.assert(condition, *message),
            Control::Message(severity, message) => self.message(*severity, span, *message),
        }
    }

    /// The branch that is taken; the others are not looked at.
    pub(super) fn taken<T>(&mut self, branches: &'a [Branch<T>]) -> Result<Option<usize>, Reported> {
        for (at, branch) in branches.iter().enumerate() {
            let taken = match &branch.condition {
                Some(condition) => self.int(condition)?.value != 0,
                None => true,
            };
            if taken {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    pub(super) fn assert(&mut self, condition: &'a Expr, message: Option<Span>) -> Result<(), Reported> {
        if self.int(condition)?.value != 0 {
            return Ok(());
        }
        let message = match message {
            Some(message) => self.plain_string(message)?,
            None => format!("`{}` does not hold", self.text(condition.span)),
        };
        let mut d = Diagnostic::error(code::ASSERTION, message, condition.span);
        // Of a comparison, both sides.
        if let ExprKind::Binary(operator, left, right) = &condition.kind
            && matches!(self.text(*operator), "==" | "!=" | "<" | "<=" | ">" | ">=")
        {
            let (left, right) = (self.int(left)?.value, self.int(right)?.value);
            d = d.note(format!("here it is `{left} {} {right}`", self.text(*operator)));
        }
        Err(self.error(d))
    }

    pub(super) fn message(&mut self, severity: Severity, span: Span, text: Span) -> Result<(), Reported> {
        let text = self.plain_string(text)?;
        if severity == Severity::Error {
            return Err(self.error(Diagnostic::error(code::SAID, text, span)));
        }
        self.error(Diagnostic::warning(code::WARNED, text, span));
        Ok(())
    }

    /// Works out a loop; a round that is wrong is the last.
    pub(super) fn repeat(&mut self, span: Span, looped: &'a For) -> Result<(), Reported> {
        let head = Span { end: looped.to.span.end, ..span };
        self.each_round(head, looped, &looped.body, |e| e.stmts(&looped.body, head))
    }

    /// Does something in each round of a loop, in whose body these statements stand.
    pub(super) fn each_round<T>(
        &mut self,
        head: Span,
        looped: &'a For<T>,
        stmts: &'a [Stmt],
        mut round: impl FnMut(&mut Self),
    ) -> Result<(), Reported> {
        let (from, to) = (self.int(&looped.from), self.int(&looped.to));
        let (from, to) = (from?.value, to?.value);
        let (name, outer) = (self.text(looped.name), self.frames.len().checked_sub(1));
        let args = vec![(name, Value::Int(Int::host(from)))];
        self.check_rounds(to - from, head)?;
        self.check_depth(head)?;
        self.enter(Frame { stmts, outer, args, round: true, ..Frame::default() });
        let known = self.diagnostics.errors();
        for n in from..to {
            // A round without statements takes time, too.
            self.count(head, 1);
            if self.body.stop || self.diagnostics.errors() > known {
                break;
            }
            if n > from {
                let number = self.fresh();
                let frame = self.frame();
                frame.number = number;
                frame.views.clear();
                frame.slots.clear();
                frame.args[0].1 = Value::Int(Int::host(n));
            }
            round(self);
        }
        self.leave();
        Ok(())
    }

    /// The rounds of loops that are worked on, for a message.
    pub(super) fn rounds(&self) -> Option<String> {
        let rounds =
            self.frames.iter().filter(|frame| frame.round).filter_map(|frame| match frame.args[..] {
                [(name, Value::Int(int))] => Some(format!("`${name}` = {}", int.value)),
                _ => None,
            });
        let rounds: Vec<String> = rounds.collect();
        (!rounds.is_empty()).then(|| format!("in the round with {}", rounds.join(", ")))
    }

    // Blocks.

    /// A block as an argument.
    pub(super) fn block(&mut self, stmts: &'a [Stmt]) -> Value {
        let frame = self.frames.len().saturating_sub(1);
        self.blocks.push(Block { stmts, frame, chain: self.chain });
        Value::Block(self.blocks.len() - 1)
    }

    /// `$name` on a line of its own. The block means what it means where it was written.
    pub(super) fn use_block(&mut self, span: Span) -> Result<(), Reported> {
        let index = match self.argument(span)? {
            Value::Block(index) => index,
            other => {
                let message = format!("`{}` is {}, not a block", self.text(span), other.what());
                let d = Diagnostic::error(code::KIND, message, span);
                return Err(self.error(d.note("only a block stands on a line of its own")));
            }
        };
        let Block { stmts, frame, chain } = self.blocks[index];
        self.check_depth(span)?;
        self.enter(Frame { stmts, outer: Some(frame), ..Frame::default() });
        let chain = std::mem::replace(&mut self.chain, chain);
        self.stmts(stmts, span);
        self.chain = chain;
        self.leave();
        Ok(())
    }

    /// Whether statements define a label.
    pub(super) fn defines_label(&mut self, stmts: &'a [Stmt], label: &str) -> bool {
        let Some(first) = stmts.first() else { return false };
        if let Some(known) = self.body.defined.get(&first.span) {
            return known.contains(label);
        }
        let mut names = std::collections::HashSet::new();
        labels(stmts, &mut |name| names.extend([self.text(name)]));
        let found = names.contains(label);
        self.body.defined.insert(first.span, names);
        found
    }

    /// A label that those outside do not see, and why.
    pub(super) fn label_elsewhere(&self, stmts: &[Stmt], label: &str) -> Option<(Span, &'static str)> {
        const LOOP: &str = "this one is new in each round, and seen in it only";
        const BLOCK: &str = "this one is new in each use of the block, and seen in it only";
        const BRANCH: &str = "this one stands in a branch that is not taken";
        let among = |stmts: &[Stmt], why| {
            let mut found = None;
            labels(stmts, &mut |name| found = found.or((self.text(name) == label).then_some((name, why))));
            found.or_else(|| self.label_elsewhere(stmts, label))
        };
        stmts.iter().find_map(|stmt| match &stmt.kind {
            StmtKind::For(looped) => among(&looped.body, LOOP),
            StmtKind::Macro(_, args) => args.iter().find_map(|arg| match &arg.value.kind {
                ExprKind::Block(stmts) => among(stmts, BLOCK),
                _ => None,
            }),
            StmtKind::Control(control) => match &**control {
                Control::If(branches) => branches.iter().find_map(|branch| among(&branch.body, BRANCH)),
                _ => None,
            },
            _ => None,
        })
    }

    // Arguments.

    /// The value of `$name`.
    pub(super) fn argument(&mut self, span: Span) -> Result<Value, Reported> {
        let name = &self.word(span)[1..];
        match self.given(name) {
            Some(Some(value)) => return Ok(*value),
            Some(None) => {
                let d = Diagnostic::error(code::ARGUMENT, format!("`${name}` was not given"), span);
                return Err(self.error(d.help(format!("ask with `@if @defined(${name}) {{ … }}`"))));
            }
            None => {}
        }
        let known: Vec<&str> = self.scopes().flat_map(|f| f.args.iter().map(|a| a.0)).collect();
        let d = Diagnostic::error(code::UNKNOWN, format!("there is no parameter `{name}`"), span);
        let d = match nearest(name, known.iter().copied()) {
            Some(near) => d.suggest(format!("did you mean `${near}`?"), span, format!("${near}")),
            None if self.scopes().last().is_some_and(|f| f.number == 0) => {
                d.note("only the body of a macro has parameters")
            }
            None => d,
        };
        Err(self.error(d))
    }

    /// The argument for a parameter; `Some(None)`: it has none. `None`: there is no such parameter.
    fn given(&self, name: &str) -> Option<Option<&Value>> {
        self.scopes().find_map(|frame| match frame.arg(name) {
            Some(value) => Some(Some(value)),
            None => frame.absent.contains(&name).then_some(None),
        })
    }

    /// Whether an argument is a parameter that was not given.
    pub(super) fn is_absent(&self, expr: &Expr) -> bool {
        matches!(expr.kind, ExprKind::Param) && self.given(&self.text(expr.span)[1..]) == Some(None)
    }

    /// `@defined(name)`: whether a declaration has that name, or a parameter a value.
    pub(super) fn defined(&mut self, span: Span) -> Result<bool, Reported> {
        let text = self.text(span);
        if let Some(name) = text.strip_prefix('$') {
            return match self.given(name) {
                Some(given) => Ok(given.is_some()),
                None => self.argument(span).map(|_| true),
            };
        }
        Ok(match text.strip_suffix('!') {
            Some(name) => self.names.macro_named(name, span.file).is_some(),
            None => {
                self.names.get(text, span.file).is_some() || self.types.builtin(self.word(span)).is_some()
            }
        })
    }
}
