//! Constants: worked out once, set from outside, or functions of others.

use super::eval::{Int, Value};
use super::frame::Frame;
use super::names::{Def, is_word};
use super::{Expander, Reported};
use crate::diag::{Diagnostic, Span, code, nearest};
use crate::lang::ast::{Const, ConstFn, Expr, Param};

/// How many calls of constant functions one call may lead to, and a source.
const CALLS: u64 = 1_000_000;
const ALL_CALLS: u64 = 64_000_000;

/// How deep such calls may nest: enough to halve a 64-bit number until nothing is left.
const DEEPEST: usize = 66;

/// How many calls a message shows.
const SHOWN: usize = 3;

impl<'a> Expander<'a> {
    /// The value of a constant, worked out once.
    pub(super) fn constant(&mut self, name: Span, value: &'a Expr) -> Result<Int, Reported> {
        if let Some(known) = self.constants.get(&name) {
            return match known {
                Some(int) => Ok(*int),
                None => {
                    let text = self.text(name);
                    let d = Diagnostic::error(code::CYCLE, format!("`{text}` is defined by itself"), name);
                    Err(self.error(d))
                }
            };
        }
        self.constants.insert(name, None);
        // A constant means the same wherever it is used: no views and arguments of the place of use.
        let frames = std::mem::take(&mut self.frames);
        let value = self.int(value);
        self.frames = frames;
        // Where it is wrong, that was reported; a value spares the uses a second report.
        self.constants.insert(name, Some(value.unwrap_or(Int::host(0))));
        value
    }

    /// The value of a `param`.
    pub(super) fn parameter(&mut self, param: &'a Param) -> Result<Int, Reported> {
        let text = self.text(param.name);
        let defined = self.defines.get(text).map(|define| &define.value);
        if let Some(value) = defined.or(param.value.as_ref()) {
            return self.constant(param.name, value);
        }
        let d = Diagnostic::error(code::PARAM, format!("`{text}` has no value"), param.name);
        let reported = self.error(d.help(format!("give it one when building: `-D {text}=…`")));
        self.constants.insert(param.name, Some(Int::host(0)));
        Err(reported)
    }

    /// Checks what the command line sets: each belongs to a `param`.
    pub(super) fn check_define(&mut self, define: &'a Const) {
        let text = self.text(define.name);
        if let Some(last) = self.defines.get(text).filter(|last| last.name != define.name) {
            let d = Diagnostic::error(code::DUPLICATE, format!("`{text}` is set twice"), define.name);
            let d = d.also(last.name, "here, too");
            self.error(d);
            return;
        }
        let found = self.names.get(text, define.name.file);
        if matches!(found, Some(Def::Param(_))) {
            return;
        }
        let d = Diagnostic::error(code::PARAM, format!("there is no parameter `{text}`"), define.name);
        let near = nearest(text, self.names.params());
        self.error(match (found, near) {
            (Some(other), _) => d
                .also(other.name(), format!("this is {}", other.what()))
                .help(format!("declare it so that it can be set: `param {text} = …`")),
            (None, Some(near)) => d.suggest(format!("did you mean `{near}`?"), define.name, near),
            (None, None) => d.help(format!("declare it: `param {text} = …`")),
        });
    }

    /// Checks a function of constants that may never be called.
    pub(super) fn check_function(&mut self, function: &'a ConstFn) {
        for (i, param) in function.params.iter().enumerate() {
            let text = self.text(*param);
            if is_word(self.word(*param)) {
                let d =
                    Diagnostic::error(code::RESERVED, format!("`{text}` cannot name a parameter"), *param);
                self.error(d.note("the language gives this name a meaning already"));
            }
            if let Some(first) = function.params[..i].iter().find(|p| self.text(**p) == text) {
                let d = Diagnostic::error(
                    code::DUPLICATE,
                    format!("parameter `{text}` is there already"),
                    *param,
                );
                self.error(d.also(*first, "here"));
            }
        }
    }

    /// Calls a function of constants.
    pub(super) fn call_constant(
        &mut self,
        span: Span,
        function: &'a ConstFn,
        args: &'a [Expr],
    ) -> Result<Value, Reported> {
        self.check_call(span, function, args)?;
        let mut constants = Vec::with_capacity(args.len());
        for (param, arg) in function.params.iter().zip(args) {
            constants.push((self.text(*param), self.int(arg)?));
        }
        self.callers.push((span, function.name));
        // Of the place of use, it sees nothing but its arguments.
        self.frames.push(Frame { constants, number: usize::MAX, used: Some(span), ..Frame::default() });
        let value = self.int(&function.value);
        self.frames.pop();
        self.callers.pop();
        value.map(Value::Int)
    }

    /// A call has the operands that the function takes, and there are not too many calls.
    fn check_call(&mut self, span: Span, function: &ConstFn, args: &[Expr]) -> Result<(), Reported> {
        if args.len() != function.params.len() {
            let name = self.text(function.name);
            let params: Vec<&str> = function.params.iter().map(|p| self.text(*p)).collect();
            let message = format!("wrong number of operands: {}", args.len());
            let d = Diagnostic::error(code::ARGUMENT, message, span);
            return Err(self.error(d.help(format!("it is `{name}({})`", params.join(", ")))));
        }
        if self.callers.len() >= DEEPEST {
            let message = format!("`{}` is called within itself without end", self.text(function.name));
            let d = Diagnostic::error(code::CYCLE, message, span);
            return Err(self.error(d.note(format!("calls may nest {DEEPEST} deep"))));
        }
        let outermost = self.callers.first().map_or(span, |(span, _)| *span);
        if self.callers.is_empty() {
            self.calls_before = self.calls;
        }
        self.calls += 1;
        let most = if self.calls > ALL_CALLS { ALL_CALLS } else { CALLS };
        if most == CALLS && self.calls - self.calls_before <= CALLS {
            return Ok(());
        }
        let what = if most == CALLS { "this call leads" } else { "the calls so far lead" };
        let message = format!("{what} to more than {most} calls of functions of constants");
        let d = Diagnostic::error(code::RECURSION, message, outermost);
        let callers = std::mem::take(&mut self.callers);
        let reported = self.error(d);
        self.callers = callers;
        Err(reported)
    }

    /// The calls of constant functions that lead to what is worked on, the innermost first, and how many are left
    /// out.
    pub(super) fn shown_callers(&self) -> (Vec<(Span, String)>, usize) {
        let mut calls: Vec<(Span, Span)> = self.callers.iter().rev().copied().collect();
        let hidden = if calls.len() > SHOWN { calls.drain(SHOWN - 1..calls.len() - 1).count() } else { 0 };
        (calls.iter().map(|(span, name)| (*span, self.text(*name).to_string())).collect(), hidden)
    }
}
