//! Bodies: statements, labels, stack slots, views and uses of macros.

use std::collections::{HashMap, HashSet};

use super::core::CoreValue;
use super::eval::Value;
use super::foreign::Locals;
use super::frame::{Frame, View};
use super::plain::{Chain, ChainId, Label, LabelId, Origin, PlainCore, PlainLine, PlainSymbol, Plains};
use super::types::TyId;
use super::{Expander, Reported, control, orders, records, views};
use crate::diag::{Diagnostic, Severity, Span, code, nearest};
use crate::isa::form::LD_IMM64;
use crate::isa::{Insn, Width};
use crate::lang::ast::{
    Arg, Expr, ExprKind, Func, FurtherSymbol, Macro, MacroParam, ParamKind, Stmt, StmtKind, TypeExpr,
};
use crate::lang::words::REGISTERS;
use crate::object::{self, Linkage, Ref};
use crate::sort::Sort;

/// How deep macros, blocks and loops may nest.
const DEPTH: usize = 128;
/// How many statements the macros and loops of a function may give: four times the instructions that the kernel
/// takes (`BPF_COMPLEXITY_LIMIT_INSNS`).
const EXPANDED: usize = 4_000_000;
/// How many mistakes in macros and loops are found, and how many warnings; also of those that are told already.
pub(super) const WRONG: usize = 50_000;
/// What the kernel gives a function (`MAX_BPF_STACK`).
const STACK: i32 = 512;

/// The function that is worked on.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub(super) insns: Plains,
    pub(super) refs: Vec<Ref>,
    /// CO-RE values that were met, and those that instructions have.
    pub(super) cores: Vec<CoreValue>,
    pub(super) core: Vec<PlainCore>,
    /// Source lines that `@line` says, in the file that the last `@file` named.
    pub(super) lines: Vec<PlainLine>,
    pub(super) file: Option<usize>,
    /// What was said about the next instruction.
    pub(super) record: Option<records::Last>,
    pub(super) labels: Vec<Label>,
    /// Further symbols, and bytes behind the last whole instruction.
    further: Vec<object::Label>,
    tail: Vec<u8>,
    pub(super) unchecked: bool,
    /// Numeric labels.
    pub(super) locals: Locals<'a>,
    /// Bytes of instructions that are not whole yet, and the statement that gave them.
    pub(super) bytes: Vec<u8>,
    pub(super) bytes_end: Span,
    /// Labels by frame and name.
    label_ids: HashMap<(usize, &'a str), LabelId>,
    pub(super) uses: Vec<views::Use>,
    pub(super) views: Vec<views::Declaration>,
    pub(super) orders: orders::Facts,
    /// Names that labels have, or will have.
    pub(super) names: HashSet<String>,
    /// The labels that lists of statements define, by the place of the first statement.
    pub(super) defined: HashMap<Span, HashSet<&'a str>>,
    /// Frames so far.
    frames: usize,
    /// Statements of macros and loops so far.
    expanded: usize,
    /// Mistakes in them so far, and warnings.
    pub(super) wrong: usize,
    pub(super) warned: usize,
    /// Macros gave too much: leave all of them.
    pub(super) stop: bool,
    /// Bytes of stack that are taken.
    stack: i32,
}

impl Body<'_> {
    /// The instruction behind a label.
    pub(super) fn target(&self, label: LabelId) -> Option<usize> {
        self.labels[label.index()].at
    }
}

impl<'a> Expander<'a> {
    /// Works out a function.
    pub(super) fn function(&mut self, index: usize, func: &'a Func) {
        self.body = Body { unchecked: func.unchecked, ..Body::default() };
        let mut labels = HashSet::new();
        control::labels(&func.body, &mut |name| labels.extend([self.text(name).to_string()]));
        self.body.names = labels;
        self.frames.push(Frame { stmts: &func.body, ..Frame::default() });
        for stmt in &func.body {
            // What is wrong has been reported; the next statement may be right.
            let _ = self.stmt(stmt);
        }
        self.frames.pop();
        self.end_bytes();
        self.check_records();

        for label in self.body.labels.iter().filter(|l| l.at.is_none()).cloned().collect::<Vec<_>>() {
            self.no_label(&label, &func.body);
        }
        self.check_empty(index, func);
        let body = std::mem::take(&mut self.body);
        for (at, call) in views::stale(&body) {
            self.stale(&body.uses[at], body.insns.places()[call].span);
        }
        self.check_orders(&body);
        let func = &mut self.program.funcs[index];
        (func.insns, func.refs, func.core) = (body.insns, body.refs, body.core);
        (func.labels, func.lines) = (body.labels, body.lines);
        (func.further, func.tail) = (body.further, body.tail);
    }

    /// A function does something.
    fn check_empty(&mut self, index: usize, func: &'a Func) {
        if !self.body.insns.is_empty() || func.unchecked {
            return;
        }
        // A line that is wrong may be the one that is missing here.
        let within =
            |span: Span| span.file == func.head.file && (func.head.start..func.end.end).contains(&span.start);
        let place = |d: &Diagnostic| d.expansion.last().map_or(d.primary.span, |(span, _)| *span);
        if self
            .diagnostics
            .iter()
            .any(|d| d.severity == Severity::Error && d.lint.is_none() && within(place(d)))
        {
            return;
        }
        let what = if func.section.is_some() || func.bare { "program" } else { "function" };
        let message = format!("{what} `{}` has no instructions", self.program.funcs[index].name);
        let d = Diagnostic::error(code::EMPTY, message, func.name);
        self.error(d.help("the shortest is `w0 = 0` and `exit`"));
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

    pub(super) fn stmt(&mut self, stmt: &'a Stmt) -> Result<(), Reported> {
        if let StmtKind::Bytes(size, values) = &stmt.kind {
            return self.bytes(stmt.span, *size, values);
        }
        self.end_bytes();
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
            StmtKind::Label(name) if Self::is_local(self.text(*name)) => self.define_local(*name),
            StmtKind::Label(name) => self.define_label(*name),
            StmtKind::Macro(name, args) => self.use_macro(stmt.span, *name, args)?,
            StmtKind::Block => self.use_block(stmt.span)?,
            StmtKind::Control(control) => self.control(stmt.span, control)?,
            StmtKind::For(looped) => self.repeat(stmt.span, looped)?,
            StmtKind::Run(run) => {
                if self.frames.len() > 1 {
                    self.count(stmt.span, run.places.len() - 1);
                }
                let chain = self.chain;
                let place = |(start, end): &(u32, u32)| Origin {
                    span: Span { start: *start, end: *end, ..stmt.span },
                    chain,
                };
                self.body.insns.append(&run.code, run.places.iter().map(place));
            }
            StmtKind::Raw(bytes) => self.raw(stmt.span, bytes)?,
            StmtKind::Alias(further) => self.further_symbol(further)?,
            StmtKind::Record(record) => self.record(stmt.span, record)?,
            _ => self.insn(stmt)?,
        }
        Ok(())
    }

    fn declare_view(&mut self, span: Span, value: &'a Expr, ty: &'a TypeExpr) -> Result<View, Reported> {
        if super::names::is_word(self.word(span)) && !super::names::may_be_view(self.word(span)) {
            let message = format!("`{}` cannot name a view", self.text(span));
            let d = Diagnostic::error(code::RESERVED, message, span);
            return Err(self.error(d.note("the language gives this name a meaning already")));
        }
        let (address, ty) = (self.address(value), self.ty(ty));
        let ((reg, off), ty) = (address?, ty?);
        let at = self.body.insns.len();
        self.body.views.push(views::Declaration { at, reg });
        Ok(View { reg, off, ty, span, at })
    }

    /// A further symbol of the function.
    fn further_symbol(&mut self, further: &'a FurtherSymbol) -> Result<(), Reported> {
        let PlainSymbol { name, linkage, weak, hidden } =
            self.symbol(further.name, further.symbol, Linkage::Static);
        let mut number = |expr: &'a Option<Expr>, what: &str| {
            let value = expr.as_ref().map_or(Ok(0), |expr| self.unsigned(expr, u32::MAX.into(), what))?;
            Ok(u32::try_from(value).unwrap_or(u32::MAX))
        };
        let offset = number(&further.offset, "the place of a symbol")?;
        let size = number(&further.size, "the size of a symbol")?;
        self.body.further.push(object::Label { name, offset, size, linkage, weak, hidden });
        Ok(())
    }

    fn raw(&mut self, span: Span, bytes: &[u8]) -> Result<(), Reported> {
        // Sixteen are one instruction only as a 64-bit load, in whose second half are only the last four used.
        let wide = bytes.len() == 16 && bytes[0] == LD_IMM64 && bytes[8..12] == [0; 4];
        if self.body.unchecked && bytes.len() < 8 {
            self.body.tail = bytes.to_vec();
            return Ok(());
        }
        if bytes.len() != 8 && !wide {
            let message = format!("an instruction has 8 bytes, here are {}", bytes.len());
            let d = Diagnostic::error(code::NUMBER, message, span);
            return Err(self.error(d.note("only a 64-bit load, `18 …`, has 16, and bytes 9 to 12 are 0")));
        }
        let mut rest = bytes;
        while let Some((insn, taken)) = Insn::decode(rest, self.endian) {
            if matches!(insn, Insn { code: 0, dst: 0, src: 0, off: 0, .. })
                && self
                    .body
                    .insns
                    .code()
                    .last()
                    .is_some_and(|insn| insn.code == LD_IMM64 && insn.hi.is_none())
            {
                let message = "these bytes make one instruction with those of the line above";
                let d = Diagnostic::error(code::FORM, message, span);
                return Err(self.error(d.help("write all 16 bytes on one line")));
            }
            self.push(insn, span);
            rest = &rest[taken..];
        }
        Ok(())
    }

    /// Appends an instruction.
    pub(super) fn push(&mut self, insn: Insn, span: Span) {
        self.body.insns.push(insn, Origin { span, chain: self.chain });
    }

    pub(super) fn frame(&mut self) -> &mut Frame<'a> {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// The view of that name, the newest first.
    pub(super) fn view(&self, name: &str) -> Option<Result<View, Reported>> {
        let find = |frame: &Frame<'a>| frame.views.iter().rev().find(|v| v.0 == name).map(|v| v.1);
        self.scopes().find_map(find).map(|view| view.ok_or(Reported))
    }

    /// Names that exist only here, for suggestions: of views and registers.
    pub(super) fn local_names(&self) -> Vec<&'a str> {
        let views = self.scopes().flat_map(|f| f.views.iter().map(|v| v.0));
        views.chain(REGISTERS.iter().copied()).collect()
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
        self.frame();
        let mut scope = self.frames.len().checked_sub(1);
        while let Some(at) = scope {
            let Frame { number, stmts, outer, .. } = self.frames[at];
            if number == 0 || self.defines_label(stmts, text) {
                let label = self.label_in(number, text, name);
                self.body.labels[label.index()].used = true;
                return Ok(label);
            }
            scope = outer;
        }
        let d = Diagnostic::error(code::LABEL, format!("this macro defines no label `{text}`"), name);
        Err(self.error(
            d.help(format!("labels from outside come as arguments: `{text}: label`, used as `${text}`")),
        ))
    }

    fn label_in(&mut self, frame: usize, text: &'a str, span: Span) -> LabelId {
        if let Some(id) = self.body.label_ids.get(&(frame, text)) {
            return *id;
        }
        let id = LabelId::next(&self.body.labels);
        let mut name = text.to_string();
        // `%=` makes it unique, so that it is like no other.
        if frame > 0 || text.contains("%=") {
            // Fresh for each use of a macro.
            name = format!("{}_{frame}", text.replace("%=", ""));
            while !self.body.names.insert(name.clone()) {
                name.push('_');
            }
        }
        // Which labels of a macro are used may differ from use to use.
        self.body.labels.push(Label { name, at: None, span, used: frame > 0 });
        self.body.label_ids.insert((frame, text), id);
        id
    }

    fn define_label(&mut self, name: Span) {
        let text = self.text(name);
        let number = self.frame().number;
        let id = self.label_in(number, text, name).index();
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

    fn no_label(&mut self, label: &Label, stmts: &'a [Stmt]) {
        let text = self.text(label.span);
        let own = self.body.label_ids.keys().filter(|(frame, _)| *frame == 0).map(|(_, name)| *name);
        let mut known: Vec<&str> = own.collect();
        known.order();
        known.retain(|name| self.body.names.contains(*name));
        let d = Diagnostic::error(code::LABEL, format!("there is no label `{text}`"), label.span);
        let d = match (self.label_elsewhere(stmts, text), nearest(text, known)) {
            (Some((place, why)), _) => d.also(place, why),
            (None, Some(near)) => d.suggest(format!("did you mean `{near}`?"), label.span, near),
            (None, None) => d.help(format!("define it where the jump shall go: `.{text}:`")),
        };
        self.error(d);
    }

    // Macros.

    fn use_macro(&mut self, span: Span, name: Span, args: &'a [Arg]) -> Result<(), Reported> {
        let text = self.text(name);
        let Some(definition) = self.names.macro_named(text, name.file) else {
            return Err(self.unknown("macro", name, |_| vec![]));
        };
        let shown = Span { end: name.end + 1, ..name };
        self.check_depth(shown)?;
        let blocks = self.blocks.len();
        let mut args = self.bind(definition, args)?;
        let parent = self.chain;
        let outermost = parent.map_or(span, |chain| self.program.chains[chain.index()].outermost);
        self.chain = Some(ChainId::next(&self.program.chains));
        self.program.chains.push(Chain { span, name: shown, parent, outermost });
        self.enter(Frame { stmts: &definition.body, used: Some(span), ..Frame::default() });
        if self.defaults(name, definition, &mut args).is_ok() {
            self.frame().args = args;
            self.stmts(&definition.body, span);
        }
        self.chain = parent;
        self.leave();
        self.blocks.truncate(blocks);
        Ok(())
    }

    /// Reports what nests too deeply.
    pub(super) fn check_depth(&mut self, place: Span) -> Result<(), Reported> {
        if self.frames.len() <= DEPTH {
            return Ok(());
        }
        self.body.stop = true;
        let text = self.text(place);
        let itself = self.program.uses(self.chain).any(|chain| self.text(chain.name) == text);
        let message = match itself {
            true => format!("`{text}` is used within itself without end"),
            false => format!("`{text}` is nested too deeply"),
        };
        let d = Diagnostic::error(code::RECURSION, message, place);
        Err(self.error(d.note(format!("macros, blocks and loops may nest {DEPTH} deep"))))
    }

    /// Begins a frame, whose labels are told apart from all others.
    pub(super) fn enter(&mut self, frame: Frame<'a>) {
        let number = self.fresh();
        self.frames.push(Frame { number, ..frame });
    }

    /// A number that no frame had.
    pub(super) fn fresh(&mut self) -> usize {
        self.body.frames += 1;
        self.body.frames
    }

    /// Ends a frame.
    pub(super) fn leave(&mut self) {
        self.frames.pop();
        // In the function itself again, the next statement may be right.
        self.body.stop &= self.frames.len() > 1;
    }

    /// Counts statements of a macro or loop: macros that use each other twice grow beyond all bounds.
    #[inline]
    pub(super) fn count(&mut self, place: Span, statements: usize) {
        let before = self.body.expanded;
        self.body.expanded = before.saturating_add(statements);
        if self.body.expanded > EXPANDED && before <= EXPANDED {
            let message = format!("the macros and loops here give more than {EXPANDED} statements");
            self.error(Diagnostic::error(code::RECURSION, message, place));
        }
        self.body.stop |= self.body.expanded > EXPANDED || self.body.wrong > WRONG;
    }

    /// Begins to count anew, for what stands in no function.
    pub(super) fn recount(&mut self) {
        (self.body.expanded, self.body.wrong, self.body.warned) = (0, 0, 0);
        self.body.stop = false;
    }

    /// A loop of more rounds than there may be statements is refused before it begins.
    pub(super) fn check_rounds(&mut self, rounds: i128, place: Span) -> Result<(), Reported> {
        if usize::try_from(rounds.max(0)).is_ok_and(|rounds| rounds <= EXPANDED) {
            return Ok(());
        }
        let message = format!("this loop has {rounds} rounds");
        let d = Diagnostic::error(code::RECURSION, message, place);
        Err(self.error(d.note(format!("there may be {EXPANDED}"))))
    }

    /// The arguments of a use.
    fn bind(&mut self, definition: &'a Macro, given: &'a [Arg]) -> Result<Vec<(&'a str, Value)>, Reported> {
        let mut args: Vec<(&'a str, Value)> = Vec::with_capacity(definition.params.len());
        let mut failed = None;
        let mut named = false;
        for (position, arg) in given.iter().enumerate() {
            let block = matches!(arg.value.kind, ExprKind::Block(_));
            if named && arg.name.is_none() && !block {
                let message = "arguments by position stand before those by name";
                failed = Some(self.error(Diagnostic::error(code::ARGUMENT, message, arg.value.span)));
                break;
            }
            named |= arg.name.is_some();
            let mut params = definition.params.iter();
            let param = match arg.name {
                Some(name) => params.find(|p| self.text(p.name) == self.text(name)),
                // The next parameter that takes a block.
                None if block => params.find(|p| {
                    let taken = args.iter().any(|a| a.0 == self.text(p.name));
                    p.kind == ParamKind::Block && !taken
                }),
                None => params.nth(position),
            };
            let Some(param) = param else {
                failed = Some(self.no_parameter(definition, arg));
                continue;
            };
            let name = self.text(param.name);
            if args.iter().any(|a| a.0 == name) {
                let d = Diagnostic::error(code::ARGUMENT, format!("`{name}` is given twice"), arg.value.span);
                failed = Some(self.error(d));
                continue;
            }
            // What was not given is not passed on.
            if (param.optional || param.default.is_some()) && self.is_absent(&arg.value) {
                continue;
            }
            // The last argument by position may be meant for a parameter further behind.
            let last = arg.name.is_none() && given.get(position + 1).is_none_or(|next| next.name.is_some());
            let behind = definition.params.get(position + 1..).filter(|_| last).unwrap_or_default();
            match self.argument_value(param.kind, name, &arg.value, behind) {
                Ok(value) => args.push((name, value)),
                Err(Reported) => failed = Some(Reported),
            }
        }
        failed.map_or(Ok(args), Err)
    }

    fn no_parameter(&mut self, definition: &'a Macro, arg: &'a Arg) -> Reported {
        let macro_name = self.text(definition.name);
        let names: Vec<&str> = definition.params.iter().map(|p| self.text(p.name)).collect();
        let list = match names.len() {
            0 => "it has none".to_string(),
            _ => format!("its parameters are: {}", names.join(", ")),
        };
        let Some(name) = arg.name else {
            let message = format!("`{macro_name}!` has no parameter for this argument");
            return self.error(Diagnostic::error(code::ARGUMENT, message, arg.value.span).note(list));
        };
        let text = self.text(name);
        let d = Diagnostic::error(code::ARGUMENT, format!("`{macro_name}!` has no parameter `{text}`"), name);
        self.error(match nearest(text, names) {
            Some(near) => d.suggest(format!("did you mean `{near}`?"), name, near),
            None => d.note(list),
        })
    }

    /// Adds what a use does not give. A default may use parameters before it.
    fn defaults(
        &mut self,
        name: Span,
        definition: &'a Macro,
        args: &mut Vec<(&'a str, Value)>,
    ) -> Result<(), Reported> {
        let mut failed = None;
        for param in &definition.params {
            let text = self.text(param.name);
            if args.iter().any(|a| a.0 == text) {
                continue;
            }
            if let Some(default) = &param.default {
                self.frame().args.clone_from(args);
                match self.argument_value(param.kind, text, default, &[]) {
                    Ok(value) => args.push((text, value)),
                    Err(Reported) => failed = Some(Reported),
                }
                continue;
            }
            if param.optional {
                self.frame().absent.push(text);
                continue;
            }
            let message =
                format!("`{}!` needs `{text}`, {}", self.text(definition.name), param.kind.describe());
            let d = Diagnostic::error(code::ARGUMENT, message, name).also(param.name, "this parameter");
            // It is the use that is wrong, not what it leads to.
            let chain = self.chain.and_then(|c| self.program.chains[c.index()].parent);
            let inner = std::mem::replace(&mut self.chain, chain);
            failed = Some(self.error(d));
            self.chain = inner;
        }
        failed.map_or(Ok(()), Err)
    }

    /// The value for a parameter, or for one of those behind it if it is named.
    fn argument_value(
        &mut self,
        kind: ParamKind,
        name: &str,
        expr: &'a Expr,
        behind: &'a [MacroParam],
    ) -> Result<Value, Reported> {
        let value = match (kind, &expr.kind) {
            (ParamKind::Block, ExprKind::Block(stmts)) => self.block(stmts),
            (_, ExprKind::Block(_)) => {
                let message = format!("`{name}` takes {}, not a block", kind.describe());
                return Err(self.error(Diagnostic::error(code::ARGUMENT, message, expr.span)));
            }
            (ParamKind::Label, ExprKind::Name(_)) => Value::Label(self.label(expr.span)?),
            (ParamKind::Type, _) => match self.expr_as_type(expr) {
                Some(ty) => Value::Type(ty?),
                None => return Err(self.unknown("type", expr.span, |_| vec![])),
            },
            _ => self.eval(expr)?,
        };
        if value.is(kind) {
            return Ok(value);
        }
        let message = format!("`{name}` takes {}, not {}", kind.describe(), value.what());
        let d = Diagnostic::error(code::ARGUMENT, message, expr.span);
        let fits = |p: &&MacroParam| p.kind != ParamKind::Any && value.is(p.kind);
        let others: Vec<&MacroParam> = behind.iter().filter(fits).collect();
        Err(self.error(match others[..] {
            [other] => {
                let named = format!("{}={}", self.text(other.name), self.text(expr.span));
                d.suggest(format!("for `{}`, name it", self.text(other.name)), expr.span, named)
            }
            _ => d,
        }))
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
        match self.scopes().find_map(|frame| frame.arg(&self.text(span)[1..]))? {
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
