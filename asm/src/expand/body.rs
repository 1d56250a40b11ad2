//! Bodies: statements, labels, stack slots, views and uses of macros.

use std::collections::{HashMap, HashSet};

use super::eval::Value;
use super::frame::{Frame, View};
use super::plain::{Chain, Label, LabelId, Plain};
use super::types::TyId;
use super::{Expander, Reported, views};
use crate::diag::{Diagnostic, Span, code, nearest};
use crate::isa::{Insn, Width};
use crate::lang::ast::{Arg, Expr, ExprKind, Func, Macro, ParamKind, Stmt, StmtKind, TypeExpr};

/// How deep macros may use each other.
const DEPTH: usize = 128;
/// What the kernel gives a function (`MAX_BPF_STACK`).
const STACK: i32 = 512;

/// The function that is worked on.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub(super) insns: Vec<Plain>,
    labels: Vec<Label>,
    /// Labels by frame and name.
    label_ids: HashMap<(usize, &'a str), LabelId>,
    pub(super) uses: Vec<views::Use>,
    pub(super) views: Vec<views::Declaration>,
    /// Uses of macros so far.
    frames: usize,
    /// A macro used itself without end: leave all of them.
    too_deep: bool,
    /// Bytes of stack that are taken.
    stack: i32,
}

impl Body<'_> {
    /// The instruction behind a label.
    pub(super) fn target(&self, label: LabelId) -> Option<usize> {
        self.labels[label.0].at
    }
}

impl<'a> Expander<'a> {
    /// Works out a function.
    pub(super) fn function(&mut self, index: usize, func: &'a Func) {
        self.body = Body::default();
        let before = self.errors();
        self.frames.push(frame(&func.body, self, HashMap::new(), 0));
        self.stmts(&func.body);
        self.frames.pop();

        for label in self.body.labels.iter().filter(|l| l.at.is_none()).cloned().collect::<Vec<_>>() {
            self.no_label(&label);
        }
        let sound = self.errors() == before;
        if sound && self.body.insns.is_empty() {
            let what = if func.section.is_some() { "program" } else { "function" };
            let message = format!("{what} `{}` has no instructions", self.text(func.name));
            let d = Diagnostic::error(code::EMPTY, message, func.name);
            self.error(d.help("the shortest is `w0 = 0` and `exit`"));
        } else if sound && !self.body.insns.last().is_some_and(Plain::ends) {
            let message = format!("`{}` runs off its end", self.text(func.name));
            let d = Diagnostic::warning(code::FALL_OFF, message, func.end);
            self.error(d.label("reached here").help("end it with `exit`, or a jump"));
        }
        let body = std::mem::take(&mut self.body);
        for (at, call) in views::stale(&body) {
            self.stale(&body.uses[at], body.insns[call].span);
        }
        self.program.funcs[index].insns = body.insns;
        self.program.funcs[index].labels = body.labels;
    }

    fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.severity == crate::diag::Severity::Error).count()
    }

    fn stale(&mut self, used: &views::Use, call: Span) {
        let message = format!("a call has destroyed r{}, which this view names", used.reg);
        let mut d = Diagnostic::error(code::STALE_VIEW, message, used.span);
        d = d.help("keep the pointer in r6 to r9, which calls preserve, and put the view on that register");
        if call.file == used.span.file {
            d = d.also(call, "by this call");
        }
        let chain = std::mem::replace(&mut self.chain, used.chain);
        self.error(d);
        self.chain = chain;
    }

    fn stmts(&mut self, stmts: &'a [Stmt]) {
        for stmt in stmts {
            // What is wrong has been reported; the next statement may be right.
            let _ = self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> Result<(), Reported> {
        match &stmt.kind {
            StmtKind::View(name, value, ty) => {
                let view = self.declare_view(*name, value, ty);
                let text = self.text(*name);
                self.frame().views.push((text, view.ok()));
            }
            StmtKind::Stack(slots) => {
                for (name, ty) in slots {
                    let text = self.text(*name);
                    let slot = self.stack_slot(*name, text, ty);
                    self.frame().slots.push((text, slot.ok()));
                }
            }
            StmtKind::Label(name) => self.define_label(*name),
            StmtKind::Macro(name, args) => self.use_macro(stmt.span, *name, args)?,
            StmtKind::Raw(bytes) => self.raw(stmt.span, bytes)?,
            _ => self.insn(stmt)?,
        }
        Ok(())
    }

    fn declare_view(&mut self, span: Span, value: &'a Expr, ty: &'a TypeExpr) -> Result<View, Reported> {
        let (address, ty) = (self.address(value), self.ty(ty));
        let ((reg, off), ty) = (address?, ty?);
        let at = self.body.insns.len();
        self.body.views.push(views::Declaration { at, reg });
        Ok(View { reg, off, ty, span, at })
    }

    fn raw(&mut self, span: Span, bytes: &[u8]) -> Result<(), Reported> {
        let mut rest = bytes;
        while let Some((insn, taken)) = Insn::decode(rest, self.endian) {
            self.push(insn, span);
            rest = &rest[taken..];
        }
        Ok(())
    }

    /// Appends an instruction.
    pub(super) fn push(&mut self, insn: Insn, span: Span) {
        self.body.insns.push(Plain { insn, target: None, symbol: None, span, chain: self.chain });
    }

    fn frame(&mut self) -> &mut Frame<'a> {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// The view of that name, the newest first.
    pub(super) fn view(&self, name: &str) -> Option<Result<View, Reported>> {
        self.frames.last()?.views.iter().rev().find(|v| v.0 == name).map(|v| v.1.ok_or(Reported))
    }

    /// Names that exist only here, for suggestions.
    pub(super) fn local_names(&self) -> Vec<&'a str> {
        self.frames.last().map_or(vec![], |f| f.views.iter().map(|v| v.0).collect())
    }

    fn stack_slot(&mut self, name: Span, text: &'a str, ty: &'a TypeExpr) -> Result<(i32, TyId), Reported> {
        let ty = self.ty(ty)?;
        if self.frame().slots.iter().any(|s| s.0 == text) {
            let d = Diagnostic::error(code::DUPLICATE, format!("stack slot `{text}` is there already"), name);
            return Err(self.error(d));
        }
        let (size, align) = self.types.layout(ty);
        let room = i32::try_from(size).ok().and_then(|size| self.body.stack.checked_add(size));
        let align = i32::try_from(align).unwrap_or(8);
        let taken = room.map(|n| (n + align - 1) / align * align).filter(|n| *n <= STACK);
        let Some(taken) = taken else {
            let message = format!("`{text}` does not fit: a function has {STACK} bytes of stack");
            let d = Diagnostic::error(code::STACK, message, name);
            return Err(self.error(d.note(format!("it takes {size} bytes, {} are taken", self.body.stack))));
        };
        self.body.stack = taken;
        Ok((-taken, ty))
    }

    // Labels.

    /// The label of that name as the statements here see it.
    pub(super) fn label(&mut self, name: Span) -> Result<LabelId, Reported> {
        let text = self.text(name);
        let frame = self.frame();
        let number = frame.number;
        if number > 0 && !frame.labels.contains(text) {
            let d = Diagnostic::error(code::LABEL, format!("this macro defines no label `{text}`"), name);
            return Err(self.error(d.help(format!(
                "labels from outside come as arguments: `{text}: label`, used as `${text}`"
            ))));
        }
        Ok(self.label_in(number, text, name))
    }

    fn label_in(&mut self, frame: usize, text: &'a str, span: Span) -> LabelId {
        if let Some(id) = self.body.label_ids.get(&(frame, text)) {
            return *id;
        }
        let id = LabelId(self.body.labels.len());
        let mut name = text.to_string();
        // Fresh for each use of a macro.
        while frame > 0 && self.body.labels.iter().any(|l| l.name == name) || frame > 0 && name == text {
            name = format!("{name}_{frame}");
        }
        self.body.labels.push(Label { name, at: None, span });
        self.body.label_ids.insert((frame, text), id);
        id
    }

    fn define_label(&mut self, name: Span) {
        let text = self.text(name);
        let number = self.frame().number;
        let LabelId(id) = self.label_in(number, text, name);
        let at = self.body.insns.len();
        let label = &mut self.body.labels[id];
        if label.at.is_some() {
            let first = label.span;
            let d = Diagnostic::error(code::DUPLICATE, format!("label `{text}` is defined twice"), name);
            self.error(d.also(first, "first here"));
            return;
        }
        label.at = Some(at);
        label.span = name;
    }

    fn no_label(&mut self, label: &Label) {
        let text = self.text(label.span);
        let known: Vec<&str> =
            self.body.labels.iter().filter(|l| l.at.is_some()).map(|l| l.name.as_str()).collect();
        let d = Diagnostic::error(code::LABEL, format!("there is no label `{text}`"), label.span);
        let d = match nearest(text, known.iter().copied()) {
            Some(near) => d.suggest(format!("did you mean `{near}`?"), label.span, near),
            None => d.help(format!("define it where the jump shall go: `.{text}:`")),
        };
        self.error(d);
    }

    // Macros.

    fn use_macro(&mut self, span: Span, name: Span, args: &'a [Arg]) -> Result<(), Reported> {
        let text = self.text(name);
        let Some(definition) = self.names.macro_named(text, name.file) else {
            return Err(self.unknown("macro", name, vec![]));
        };
        if self.frames.len() > DEPTH {
            let d = Diagnostic::error(
                code::RECURSION,
                format!("`{text}!` is used within itself too deeply"),
                name,
            );
            // The chain is the same line over and over.
            self.diagnostics.push(d.note(format!("macros may nest {DEPTH} deep")));
            self.body.too_deep = true;
            return Err(Reported);
        }
        let bound = self.bind(span, definition, args)?;
        self.body.frames += 1;
        let frame = frame(&definition.body, self, bound, self.body.frames);
        let parent = self.chain;
        self.program.chains.push(Chain { span, name: text.to_string(), parent });
        self.chain = Some(self.program.chains.len() - 1);
        self.frames.push(frame);
        for stmt in &definition.body {
            let _ = self.stmt(stmt);
            if self.body.too_deep {
                break;
            }
        }
        self.frames.pop();
        self.chain = parent;
        self.body.too_deep &= !self.frames.is_empty() && parent.is_some();
        Ok(())
    }

    fn bind(
        &mut self,
        span: Span,
        definition: &'a Macro,
        args: &'a [Arg],
    ) -> Result<HashMap<&'a str, Value>, Reported> {
        let mut bound: HashMap<&'a str, Value> = HashMap::new();
        let (mut failed, mut position) = (false, 0);
        let names = || definition.params.iter().map(|p| p.name);
        for arg in args {
            let param = match arg.name {
                Some(name) => definition.params.iter().find(|p| self.text(p.name) == self.text(name)),
                None => definition.params.get(position),
            };
            position += 1;
            let Some(param) = param else {
                let place = arg.name.unwrap_or(arg.value.span);
                let macro_name = self.text(definition.name);
                let message = match arg.name {
                    Some(name) => format!("`{macro_name}!` has no parameter `{}`", self.text(name)),
                    None => format!("`{macro_name}!` takes {} arguments", definition.params.len()),
                };
                let list: Vec<&str> = names().map(|n| self.text(n)).collect();
                let d = Diagnostic::error(code::ARGUMENT, message, place);
                self.error(d.note(format!("its parameters are: {}", list.join(", "))));
                failed = true;
                continue;
            };
            let name = self.text(param.name);
            if bound.contains_key(name) {
                let d = Diagnostic::error(code::ARGUMENT, format!("`{name}` is given twice"), arg.value.span);
                self.error(d);
                failed = true;
                continue;
            }
            match self.argument_value(param.kind, name, &arg.value) {
                Ok(value) => drop(bound.insert(name, value)),
                Err(Reported) => failed = true,
            }
        }
        for param in &definition.params {
            let name = self.text(param.name);
            if failed || bound.contains_key(name) {
                continue;
            }
            match &param.default {
                Some(default) => drop(bound.insert(name, self.argument_value(param.kind, name, default)?)),
                None => {
                    let message = format!(
                        "`{}!` needs `{name}`, {}",
                        self.text(definition.name),
                        param.kind.describe()
                    );
                    let d = Diagnostic::error(code::ARGUMENT, message, span);
                    self.error(d.also(param.name, "this parameter"));
                    failed = true;
                }
            }
        }
        if failed { Err(Reported) } else { Ok(bound) }
    }

    fn argument_value(&mut self, kind: ParamKind, name: &str, expr: &'a Expr) -> Result<Value, Reported> {
        let value = match (kind, &expr.kind) {
            (ParamKind::Label, ExprKind::Name) => Value::Label(self.label(expr.span)?),
            (ParamKind::Type, _) => match self.expr_as_type(expr) {
                Some(ty) => Value::Type(ty?),
                None => return Err(self.unknown("type", expr.span, vec![])),
            },
            _ => self.eval(expr)?,
        };
        let fits = match (kind, value) {
            (ParamKind::Reg, Value::Reg(..))
            | (ParamKind::Imm, Value::Int(_))
            | (ParamKind::Mem, Value::Mem(_))
            | (ParamKind::Label, Value::Label(_))
            | (ParamKind::Map, Value::Map(_))
            | (ParamKind::Str, Value::Str(_))
            | (ParamKind::Type, Value::Type(_)) => true,
            _ => false,
        };
        if fits {
            return Ok(value);
        }
        let message = format!("`{name}` takes {}, not {}", kind.describe(), value.what());
        Err(self.error(Diagnostic::error(code::ARGUMENT, message, expr.span)))
    }

    /// The value of `$name`.
    pub(super) fn argument(&mut self, span: Span) -> Result<Value, Reported> {
        let name = &self.text(span)[1..];
        let args = self.frames.last().map(|f| &f.args);
        if let Some(value) = args.and_then(|args| args.get(name)) {
            return Ok(*value);
        }
        let known: Vec<&str> = args.map_or(vec![], |args| args.keys().copied().collect());
        let d = Diagnostic::error(code::UNKNOWN, format!("there is no parameter `{name}`"), span);
        let d = match nearest(name, known.iter().copied()) {
            Some(near) => d.suggest(format!("did you mean `${near}`?"), span, format!("${near}")),
            None if known.is_empty() => d.note("only the body of a macro has parameters"),
            None => d,
        };
        Err(self.error(d))
    }

    /// The type that `$name` is.
    pub(super) fn type_argument(&mut self, span: Span) -> Result<TyId, Reported> {
        match self.argument(span)? {
            Value::Type(ty) => Ok(ty),
            other => Err(self.wrong_kind(span, other.what(), "a type")),
        }
    }

    /// The type that `$name` is, if it is one.
    pub(super) fn type_argument_if(&self, span: Span) -> Option<TyId> {
        match self.frames.last()?.args.get(&self.text(span)[1..])? {
            Value::Type(ty) => Some(*ty),
            _ => None,
        }
    }

    /// The register that an operand must be.
    pub(super) fn reg(&mut self, expr: &'a Expr) -> Result<(u8, Width), Reported> {
        match self.eval(expr)? {
            Value::Reg(number, width) => Ok((number, width)),
            other => Err(self.wrong_kind(expr.span, other.what(), "a register")),
        }
    }
}

fn frame<'a>(
    body: &'a [Stmt],
    expander: &Expander<'a>,
    args: HashMap<&'a str, Value>,
    number: usize,
) -> Frame<'a> {
    let labels: HashSet<&str> = body
        .iter()
        .filter_map(|stmt| match stmt.kind {
            StmtKind::Label(name) => Some(expander.text(name)),
            _ => None,
        })
        .collect();
    Frame { args, views: vec![], slots: vec![], labels, number }
}
