//! Statements to instructions: one each.

use super::atomic::ATOMICS;
use super::eval::{Int, Mem, Value};
use super::{Def, Expander, Reported, views};
use crate::diag::{Diagnostic, Span, code};
use crate::gas::changed_immediate;
use crate::isa::read;
use crate::isa::{AluOp, AtomicOp, Cond, Form, Rhs, Size, Swap, Syntax, Width};
use crate::lang::ast::{Callee, Expr, ExprKind, Jump, Stmt, StmtKind, Target};
use crate::lang::dialect;
use crate::lang::words::REGISTERS;
use crate::object::{Ref, Symbol};
use crate::uapi::HelperId;

/// The operands of an instruction; what its form fixes stays zero.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Operands {
    pub(super) dst: u8,
    pub(super) src: u8,
    pub(super) off: i64,
    pub(super) imm: i64,
}

impl<'a> Expander<'a> {
    /// Lowers a statement that is an instruction.
    pub(super) fn insn(&mut self, stmt: &'a Stmt) -> Result<(), Reported> {
        let span = stmt.span;
        match &stmt.kind {
            StmtKind::Assign(dst, op, value) => self.assign(span, dst, *op, value),
            StmtKind::AssignWide(dst, value) => self.assign_wide(span, dst, value),
            StmtKind::AssignSwap(dst, swap, bits, src) => self.assign_swap(span, dst, *swap, *bits, src),
            StmtKind::AssignSigned(dst, bits, src) => self.assign_signed(span, dst, *bits, src),
            StmtKind::AssignPercpu(dst, src) => {
                let (dst, src) = (self.written(dst)?.0, self.reg(src)?.0);
                self.emit(span, Syntax::MovPercpu, Operands { dst, src, ..Operands::default() })
            }
            StmtKind::Lock(place, op, value) => self.lock(span, place, *op, value),
            StmtKind::Apply(call) => self.apply(span, None, call),
            StmtKind::LoadPseudo(dst, kind, value) => self.load_pseudo(span, dst, kind, value),
            StmtKind::If(left, cond, right, target) => self.condition(span, left, *cond, right, target),
            StmtKind::Goto(jump, target) => {
                let syntax = match jump {
                    Jump::Goto => Syntax::Goto,
                    Jump::Gotol => Syntax::Gotol,
                    Jump::MayGoto => Syntax::MayGoto,
                };
                self.jump(span, syntax, Operands::default(), target)
            }
            StmtKind::Gotox(register) => {
                let dst = self.reg64(register)?;
                self.emit(span, Syntax::Gotox, Operands { dst, ..Operands::default() })
            }
            StmtKind::Call(callee) => self.call(span, callee),
            StmtKind::CallX(register) => {
                let dst = self.reg64(register)?;
                self.emit(span, Syntax::CallX, Operands { dst, ..Operands::default() })
            }
            StmtKind::Exit => self.emit(span, Syntax::Exit, Operands::default()),
            StmtKind::Nospec => self.emit(span, Syntax::Nospec, Operands::default()),
            StmtKind::Foreign(foreign) => self.foreign(span, foreign),
            StmtKind::View(..)
            | StmtKind::Stack(_)
            | StmtKind::Label(_)
            | StmtKind::Run(_)
            | StmtKind::Raw(_)
            | StmtKind::Alias(_)
            | StmtKind::Record(_)
            | StmtKind::Bytes(..)
            | StmtKind::Macro(..)
            | StmtKind::Block
            | StmtKind::Control(_)
            | StmtKind::For(_) => Ok(()),
        }
    }

    /// Appends the instruction of a form.
    pub(super) fn emit(&mut self, span: Span, syntax: Syntax, o: Operands) -> Result<(), Reported> {
        let Some(form) = Form::of(syntax) else {
            return Err(self.error(Diagnostic::error(code::FORM, "there is no such instruction", span)));
        };
        if form.since.is_none() {
            // Text that shows such code must assemble.
            let d = Diagnostic::warning(code::FORM, "no kernel takes this instruction", span);
            self.error(d.note(form.doc));
        }
        // Offsets have been checked where their place is known.
        let off = i16::try_from(o.off).unwrap_or_default();
        let Some(insn) = form.insn(o.dst, o.src, off, o.imm) else {
            let message = format!("{} does not fit into 32 bits", o.imm);
            return Err(self.error(Diagnostic::error(code::RANGE, message, span)));
        };
        self.push(insn, span);
        Ok(())
    }

    /// A load or store: remembers the view that named its place.
    pub(super) fn emit_access(
        &mut self,
        span: Span,
        place: Span,
        mem: Mem,
        syntax: Syntax,
        o: Operands,
    ) -> Result<(), Reported> {
        if i16::try_from(mem.off).is_err() {
            let d = Diagnostic::error(
                code::RANGE,
                format!("offset {} does not fit into 16 bits", mem.off),
                place,
            );
            return Err(self.error(d.note("offsets are from -32768 to 32767")));
        }
        if mem.view.is_some() {
            let insn = self.body.insns.len();
            self.body.uses.push(views::Use { insn, reg: mem.reg, span: place, chain: self.chain });
        }
        self.emit(span, syntax, Operands { off: mem.off, ..o })?;
        if let Some(id) = mem.core {
            self.note_core(id);
        }
        Ok(())
    }

    /// A register that an instruction writes.
    pub(super) fn written(&mut self, expr: &'a Expr) -> Result<(u8, Width), Reported> {
        let register = self.reg(expr)?;
        self.check_written(expr, register.0);
        Ok(register)
    }

    fn check_written(&mut self, expr: &'a Expr, number: u8) {
        if number == 10 {
            let d = Diagnostic::warning(
                code::READ_ONLY,
                "the kernel refuses to write r10, the frame pointer",
                expr.span,
            );
            self.error(d.help("copy it first: `r2 = r10`"));
        }
    }

    /// A register under its 64-bit name.
    pub(super) fn reg64(&mut self, expr: &'a Expr) -> Result<u8, Reported> {
        match self.reg(expr)? {
            (number, Width::W64) => Ok(number),
            (number, Width::W32) => {
                Err(self.other_width(expr.span, number, Width::W64, "this takes a 64-bit register"))
            }
        }
    }

    pub(super) fn other_width(&mut self, span: Span, number: u8, wanted: Width, why: &str) -> Reported {
        let name = format!("{}{number}", wanted.letter());
        let d = Diagnostic::error(code::WIDTH, why, span);
        self.error(d.suggest(format!("write `{name}`"), span, name))
    }

    fn assign(&mut self, span: Span, dst: &'a Expr, op: AluOp, value: &'a Expr) -> Result<(), Reported> {
        if let (ExprKind::Call(name, _), AluOp::Mov) = (&value.kind, op)
            && ATOMICS.contains(&self.text(*name))
        {
            return self.apply(span, Some(dst), value);
        }
        match self.eval(dst)? {
            Value::Reg(number, width) => self.assign_register(span, dst, (number, width), op, value),
            Value::Mem(mem) => self.store(span, dst, mem, op, value),
            Value::NegReg(..) | Value::Int(_) => {
                let d = Diagnostic::error(code::KIND, "nothing can be assigned to this", dst.span);
                Err(self.error(d.note("the left side is a register or a place in memory")))
            }
            other => Err(self.wrong_kind(dst.span, other.what(), "a register or a place in memory")),
        }
    }

    /// Reports `r1 = r2 * 4`, which is more than one instruction.
    fn two_lines(&mut self, span: Span, dst: &Expr, value: (&Expr, Span, &Expr)) -> Option<Reported> {
        let (left, operator, right) = (self.text(value.0.span), self.text(value.1), self.text(value.2.span));
        let (dst, simple) = (self.text(dst.span), !matches!(value.2.kind, ExprKind::Binary(..)));
        AluOp::from_text(&format!("{operator}=")).filter(|op| *op != AluOp::Mov)?;
        let same_width = left.starts_with('w') == dst.starts_with('w');
        if !simple || !same_width || !REGISTERS.contains(&left) {
            return None;
        }
        let in_place = Diagnostic::error(code::FORM, format!("`{operator}` works in place"), span);
        let d = Diagnostic::error(code::FORM, "this takes two instructions", span);
        Some(self.error(if left == dst {
            in_place.suggest("write", span, format!("{dst} {operator}= {right}"))
        } else if right == dst {
            d.help(format!("`{dst} {operator}= …` works in place: copy `{right}` to another register first"))
        } else {
            d.help(format!("write `{dst} = {left}` and `{dst} {operator}= {right}`, each on its line"))
        }))
    }

    fn assign_register(
        &mut self,
        span: Span,
        dst: &'a Expr,
        (d, width): (u8, Width),
        op: AluOp,
        value: &'a Expr,
    ) -> Result<(), Reported> {
        self.check_written(dst, d);
        let o = Operands { dst: d, ..Operands::default() };
        if let (ExprKind::Packet(ty, index), AluOp::Mov) = (&value.kind, op) {
            return self.load_packet(span, dst, d, *ty, index);
        }
        if let (ExprKind::Binary(operator, left, right), AluOp::Mov) = (&value.kind, op)
            && let Some(reported) = self.two_lines(span, dst, (left, *operator, right))
        {
            return Err(reported);
        }
        match self.eval(value)? {
            Value::Reg(src, w) if w == width => {
                self.emit(span, Syntax::Alu(op, width, Rhs::Reg), Operands { src, ..o })
            }
            Value::Reg(src, _) => Err(self.other_width(
                value.span,
                src,
                width,
                "both sides have the same width: r with r, w with w",
            )),
            Value::Int(int) => {
                let imm = self.imm(value.span, int, width, op == AluOp::Mov)?;
                self.network(int);
                self.emit(span, Syntax::Alu(op, width, Rhs::Imm), Operands { imm, ..o })
            }
            Value::Core(id) => {
                self.assign_core((span, value.span), (Syntax::Alu(op, width, Rhs::Imm), width), id, o)
            }
            Value::Mem(mem) if op == AluOp::Mov => {
                let syntax = self.load(dst.span, (d, width), value.span, mem)?;
                if mem.ty.is_some_and(|ty| self.types.is_big(ty)) {
                    self.body.orders.load(self.body.insns.len(), mem.bytes);
                }
                self.emit_access(span, value.span, mem, syntax, Operands { dst: d, src: mem.reg, ..o })
            }
            Value::Mem(_) => {
                let d = Diagnostic::error(
                    code::FORM,
                    format!("`{}` does not take a place in memory", op.text()),
                    value.span,
                );
                Err(self.error(d.help("load it into a register first, on a line of its own")))
            }
            Value::NegReg(src, w) if op == AluOp::Mov && (src, w) == (d, width) => {
                self.emit(span, Syntax::Neg(width, Rhs::Imm), o)
            }
            // No kernel takes it, but other tools show it.
            Value::NegReg(src, Width::W64) if op == AluOp::Mov && width == Width::W64 => {
                self.emit(span, Syntax::Neg(width, Rhs::Reg), Operands { src, ..o })
            }
            Value::NegReg(src, _) => {
                let letter = width.letter();
                let d = Diagnostic::error(code::FORM, "negation works in place", value.span);
                let lines =
                    format!("`{letter}{to} = {letter}{src}` and `{letter}{to} = -{letter}{to}`", to = o.dst);
                Err(self.error(d.help(format!("write {lines}, each on its line"))))
            }
            Value::Address(reg, off) => {
                let (letter, sign) = (width.letter(), if off < 0 { '-' } else { '+' });
                let d = Diagnostic::error(code::FORM, "this takes two instructions", span);
                let lines = format!(
                    "`{letter}{d} = r{reg}` and `{letter}{d} {sign}= {}`",
                    off.unsigned_abs(),
                    d = o.dst
                );
                Err(self.error(d.help(format!("write {lines}, each on its line"))))
            }
            found
            @ (Value::Map(_) | Value::Data(..) | Value::Func(_) | Value::Extern(..) | Value::Str(_))
                if op == AluOp::Mov =>
            {
                let text = self.text(value.span);
                let message =
                    format!("{} is loaded as a 64-bit immediate, which is marked by `ll`", found.what());
                let d = Diagnostic::error(code::WIDE, message, value.span);
                Err(self.error(d.suggest("write `ll` behind it", value.span, format!("{text} ll"))))
            }
            other => Err(self.wrong_kind(value.span, other.what(), "a register or a constant")),
        }
    }

    /// The form of a load into a register.
    fn load(
        &mut self,
        dst: Span,
        (number, width): (u8, Width),
        place: Span,
        mem: Mem,
    ) -> Result<Syntax, Reported> {
        let (size, signed) = self.access(place, mem)?;
        match (size, signed, width) {
            (Size::DW, _, Width::W32) => {
                Err(self.other_width(dst, number, Width::W64, "a load of 8 bytes fills a 64-bit register"))
            }
            (Size::W, true, Width::W32) => Ok(Syntax::Load(Size::W, false)),
            (_, true, Width::W32) => Err(self.other_width(
                dst,
                number,
                Width::W64,
                "a load that extends the sign fills a 64-bit register",
            )),
            _ => Ok(Syntax::Load(size, signed)),
        }
    }

    /// The load or store that takes a place whole.
    pub(super) fn access(&mut self, place: Span, mem: Mem) -> Result<(Size, bool), Reported> {
        if let Some(access) = mem.access {
            return Ok(access);
        }
        if mem.bits.is_some() && mem.core.is_some() {
            return Err(self.moving_bits(place));
        }
        if mem.bits.is_some() {
            let text = self.text(place);
            let d = Diagnostic::error(code::BIT_FIELD, "a bit field takes more than one instruction", place);
            let d = d.help(format!(
                "`load_bits! r2, {text}` and `store_bits! {text}, r2, tmp=r3` of \"macros\" do it"
            ));
            return Err(
                self.error(d.help(format!("`bitunit({text})` is what it lies in, one load or store")))
            );
        }
        let ty = mem.ty.map_or("it".to_string(), |ty| format!("`{}`", self.types.name(ty)));
        let d = Diagnostic::error(
            code::TYPE,
            format!("no single instruction takes {ty}, {} bytes", mem.bytes),
            place,
        );
        Err(self.error(d.help("name a part of it, or load a part: `*(u64 *)(r1 + offsetof(…))`")))
    }

    fn load_packet(
        &mut self,
        span: Span,
        dst: &Expr,
        d: u8,
        ty: Span,
        index: &'a Expr,
    ) -> Result<(), Reported> {
        let size = match Size::from_text(self.text(ty)) {
            Some(size) if size != Size::DW => size,
            _ => {
                let d = Diagnostic::error(code::FORM, "packet data is loaded as u8, u16 or u32", ty);
                return Err(self.error(d));
            }
        };
        if d != 0 {
            return Err(self.other_width(dst.span, 0, Width::W64, "packet data is only loaded into `r0`"));
        }
        let o = Operands::default();
        match self.eval(index)? {
            Value::Int(int) => {
                let imm = self.imm(index.span, int, Width::W32, false)?;
                self.emit(span, Syntax::LoadAbs(size), Operands { imm, ..o })
            }
            Value::Reg(src, Width::W64) => self.emit(span, Syntax::LoadInd(size), Operands { src, ..o }),
            Value::Address(src, imm) => self.emit(span, Syntax::LoadInd(size), Operands { src, imm, ..o }),
            other => {
                Err(self.wrong_kind(index.span, other.what(), "a constant, or a register and a constant"))
            }
        }
    }

    fn store(
        &mut self,
        span: Span,
        place: &'a Expr,
        mem: Mem,
        op: AluOp,
        value: &'a Expr,
    ) -> Result<(), Reported> {
        if op != AluOp::Mov {
            let d =
                Diagnostic::error(code::FORM, format!("`{}` does not work on memory", op.text()), place.span);
            return Err(self.error(match AtomicOp::from_assignment(op) {
                Some(_) => d.help(format!("atomically it does: `lock {}`", self.text(span))),
                None => d.help("load it, change it, and store it: three lines"),
            }));
        }
        let (size, _) = self.access(place.span, mem)?;
        let o = Operands { dst: mem.reg, ..Operands::default() };
        match self.eval(value)? {
            Value::Reg(src, Width::W32) if size == Size::DW => Err(self.other_width(
                value.span,
                src,
                Width::W64,
                "a store of 8 bytes takes a 64-bit register",
            )),
            Value::Reg(src, _) => {
                if mem.ty.is_some_and(|ty| self.types.is_big(ty)) {
                    self.body.orders.store(self.body.insns.len(), value.span, mem.bytes, self.chain);
                }
                self.emit_access(span, place.span, mem, Syntax::Store(size, Rhs::Reg), Operands { src, ..o })
            }
            Value::Int(int) => {
                let imm = self.store_imm(value.span, int, size)?;
                if mem.ty.is_some_and(|ty| self.types.is_big(ty)) {
                    self.stored_constant(value.span, int.value, int.big, mem.bytes);
                }
                self.emit_access(span, place.span, mem, Syntax::Store(size, Rhs::Imm), Operands { imm, ..o })
            }
            Value::Core(_) => Err(self.no_core(value.span)),
            other => Err(self.wrong_kind(value.span, other.what(), "a register or a constant")),
        }
    }

    pub(super) fn store_imm(&mut self, span: Span, int: Int, size: Size) -> Result<i64, Reported> {
        if size == Size::DW {
            return self.imm(span, int, Width::W64, false);
        }
        let bits = 8 * u32::from(size.bytes());
        let (min, max) = (-(1i128 << (bits - 1)), (1i128 << bits) - 1);
        if int.value < min || int.value > max {
            if let Some(imm) = self.others_imm(span, int, Some(size)) {
                return Ok(imm);
            }
            let message = format!("{} does not fit into {bits} bits", int.value);
            let d = Diagnostic::error(code::RANGE, message, span);
            return Err(self.error(d.note(format!("a u{bits} holds {min} to {max}"))));
        }
        self.imm(span, int, Width::W32, false)
    }

    /// An immediate as the instruction holds it: 32 bits, which a 64-bit instruction sign-extends.
    pub(super) fn imm(
        &mut self,
        span: Span,
        int: Int,
        width: Width,
        assigned: bool,
    ) -> Result<i64, Reported> {
        let value = int.value;
        if let Ok(imm) = i32::try_from(value) {
            return Ok(i64::from(imm));
        }
        if let (Ok(imm), Width::W32) = (u32::try_from(value), width) {
            return Ok(i64::from(imm.cast_signed()));
        }
        if let Some(imm) = self.others_imm(span, int, None) {
            return Ok(imm);
        }
        match (u32::try_from(value), width) {
            (Ok(imm), _) => {
                let negative = imm.cast_signed();
                let message =
                    format!("this would be sign-extended to {negative}, {:#x}", i64::from(negative));
                let mut d = Diagnostic::error(code::SIGN_EXTEND, message, span);
                d = if assigned {
                    d.suggest(format!("if {imm:#x} is meant, write `ll` behind it"), span.after(), " ll")
                        .note("assigning to the w register would do as well: it clears the upper half")
                } else {
                    d.help(format!(
                        "if {imm:#x} is meant, put it into another register, with `= {imm:#x} ll`"
                    ))
                };
                Err(self.error(d.suggest(
                    format!("if {negative} is meant, write so"),
                    span,
                    negative.to_string(),
                )))
            }
            (Err(_), _) => {
                let d = Diagnostic::error(code::WIDE, format!("{value} does not fit into 32 bits"), span);
                Err(self.error(match (assigned, width) {
                    (true, Width::W64) => {
                        d.suggest("a 64-bit immediate is marked by `ll`", span.after(), " ll")
                    }
                    (true, Width::W32) => d.help("assign it to the r register, with `ll` behind it"),
                    _ => {
                        // A macro's parameter says nothing where it is used.
                        let text = Some(self.text(span)).filter(|text| !text.contains('$'));
                        let text = text.map_or(value.to_string(), str::to_string);
                        d.help(format!("put it into another register first, with `= {text} ll`"))
                    }
                }))
            }
        }
    }

    /// What other assemblers make of an immediate that has too many bits, in text for them.
    fn others_imm(&mut self, span: Span, int: Int, stored: Option<Size>) -> Option<i64> {
        dialect::of(&self.sources.get(span.file).text)?;
        let imm = read::wrapped(int.value)?;
        let warning = changed_immediate(stored, int.value, i32::try_from(imm).ok()?, span);
        if let Some(warning) = warning {
            self.error(warning);
        }
        Some(imm)
    }

    /// Remembers that the immediate of the next instruction is in network order.
    fn network(&mut self, int: Int) {
        if int.big != 0 {
            self.body.orders.network(self.body.insns.len(), int.big);
        }
    }

    fn assign_wide(&mut self, span: Span, dst: &'a Expr, value: &'a Expr) -> Result<(), Reported> {
        let (dst, width) = { (self.written(dst)?, dst.span) };
        if dst.1 == Width::W32 {
            return Err(self.other_width(
                width,
                dst.0,
                Width::W64,
                "a 64-bit immediate fills a 64-bit register",
            ));
        }
        self.wide(span, dst.0, value)
    }

    /// A 64-bit immediate load.
    pub(super) fn wide(&mut self, span: Span, dst: u8, value: &'a Expr) -> Result<(), Reported> {
        let found = self.eval(value)?;
        if let Some((symbol, distance)) = self.addressed(found)? {
            // The instruction holds what is added, in 32 bits.
            let imm = i64::from(distance.cast_unsigned());
            self.emit(span, Syntax::LoadImm64(0), Operands { dst, imm, ..Operands::default() })?;
            self.refer(symbol);
            return Ok(());
        }
        match found {
            Value::Int(int) => {
                // Both halves of the range have 64 bits: −1 and 2⁶⁴ − 1 are the same.
                let imm =
                    i64::try_from(int.value).or_else(|_| u64::try_from(int.value).map(u64::cast_signed));
                let imm = imm.unwrap_or_default();
                self.emit(span, Syntax::LoadImm64(0), Operands { dst, imm, ..Operands::default() })
            }
            Value::Core(id) => self.assign_core_wide(span, dst, id),
            other => {
                let wanted = "a constant, map, variable, string or function";
                Err(self.wrong_kind(value.span, other.what(), wanted))
            }
        }
    }

    /// What a value is the address of, and what is added to that.
    pub(super) fn addressed(&mut self, value: Value) -> Result<Option<(Symbol, i32)>, Reported> {
        Ok(Some(match value {
            Value::Map(index) => (Symbol::Map(index), 0),
            Value::Data(section, offset, _) => (Symbol::Data(section, offset), 0),
            Value::Func(index) => (Symbol::Func(index), 0),
            Value::Extern(index, distance) => (Symbol::Extern(index), distance),
            Value::Str(string) => {
                let (section, offset) = self.string_data(string)?;
                (Symbol::Data(section, offset), 0)
            }
            _ => return Ok(None),
        }))
    }

    /// Lets the last instruction name something.
    pub(super) fn refer(&mut self, symbol: Symbol) {
        let Some(insn) = self.body.insns.len().checked_sub(1) else { return };
        if self.body.refs.last().is_some_and(|r| r.insn == insn) {
            let message = "this instruction has a relocation by itself, and a `@reloc` before it";
            let d = Diagnostic::error(code::RECORD, message, self.body.insns.places()[insn].span);
            self.error(d.help("behind `@reloc` stands the instruction with its numbers: `r1 = 8 ll`"));
        }
        self.body.refs.push(Ref::new(insn, symbol));
    }

    fn load_pseudo(
        &mut self,
        span: Span,
        dst: &'a Expr,
        kind: &'a Expr,
        value: &'a Expr,
    ) -> Result<(), Reported> {
        let (dst, _) = self.written(dst)?;
        let kind = self.unsigned(kind, 15, "the kind of a 64-bit load")?;
        let value = self.int(value)?.value;
        let imm =
            i64::try_from(value).or_else(|_| u64::try_from(value).map(u64::cast_signed)).unwrap_or_default();
        let kind = u8::try_from(kind).unwrap_or(0);
        self.emit(span, Syntax::LoadImm64(kind), Operands { dst, imm, ..Operands::default() })
    }

    fn assign_swap(
        &mut self,
        span: Span,
        dst: &'a Expr,
        swap: Swap,
        bits: u8,
        src: &'a Expr,
    ) -> Result<(), Reported> {
        let (d, s) = (self.written(dst)?, self.reg(src)?);
        if d.1 != s.1 || d.1 == Width::W32 && bits == 64 {
            let wanted = if bits == 64 { Width::W64 } else { d.1 };
            let (place, register) = if d.1 == wanted { (src.span, s.0) } else { (dst.span, d.0) };
            let why = match bits {
                64 => "64 bits are swapped in a 64-bit register",
                _ => "both sides have the same width: r with r, w with w",
            };
            return Err(self.other_width(place, register, wanted, why));
        }
        if d.0 != s.0 {
            let message = format!("`{}{bits}` works in place", swap.text());
            let name = self.text(dst.span);
            let d = Diagnostic::error(code::FORM, message, span);
            let from = self.text(src.span);
            let swapped = format!("`{name} = {}{bits} {name}`", swap.text());
            return Err(
                self.error(d.help(format!("write `{name} = {from}` and {swapped}, each on its line")))
            );
        }
        self.emit(span, Syntax::Swap(swap, bits), Operands { dst: d.0, ..Operands::default() })
    }

    fn assign_signed(&mut self, span: Span, dst: &'a Expr, bits: u8, src: &'a Expr) -> Result<(), Reported> {
        let ((dst, width), (s, w)) = (self.written(dst)?, self.reg(src)?);
        if width != w {
            return Err(self.other_width(
                src.span,
                s,
                width,
                "both sides have the same width: r with r, w with w",
            ));
        }
        if width == Width::W32 && bits == 32 {
            let d = Diagnostic::error(code::FORM, "32 bits into 32 bits is no extension", span);
            return Err(self.error(d.help(format!("write `w{dst} = w{s}`, or `r{dst} = (s32)r{s}`"))));
        }
        self.emit(span, Syntax::MovSx(width, bits), Operands { dst, src: s, ..Operands::default() })
    }

    fn condition(
        &mut self,
        span: Span,
        left: &'a Expr,
        cond: Cond,
        right: &'a Expr,
        target: &'a Target,
    ) -> Result<(), Reported> {
        let (dst, width) = self.reg(left)?;
        let (rhs, o) = match self.eval(right)? {
            Value::Reg(src, w) if w == width => (Rhs::Reg, Operands { dst, src, ..Operands::default() }),
            Value::Reg(src, _) => {
                return Err(self.other_width(
                    right.span,
                    src,
                    width,
                    "both sides have the same width: r with r, w with w",
                ));
            }
            Value::Int(int) => {
                let imm = self.imm(right.span, int, width, false)?;
                self.network(int);
                self.body.orders.compare(self.body.insns.len(), right.span, self.chain);
                (Rhs::Imm, Operands { dst, imm, ..Operands::default() })
            }
            Value::Core(_) => return Err(self.no_core(right.span)),
            other => return Err(self.wrong_kind(right.span, other.what(), "a register or a constant")),
        };
        self.jump(span, Syntax::If(cond, width, rhs), o, target)
    }

    pub(super) fn jump(
        &mut self,
        span: Span,
        syntax: Syntax,
        o: Operands,
        target: &'a Target,
    ) -> Result<(), Reported> {
        let label = match target {
            Target::Label(name) => self.label(*name)?,
            Target::Local(name) => self.local(*name)?,
            Target::Param(name) => match self.argument(*name)? {
                Value::Label(label) => label,
                Value::Int(int) => return self.jump_by(span, syntax, o, target, int),
                other => return Err(self.wrong_kind(*name, other.what(), "a label")),
            },
            Target::Offset(_, distance) => {
                let distance = self.int(distance)?;
                return self.jump_by(span, syntax, o, target, distance);
            }
        };
        self.emit(span, syntax, o)?;
        self.body.insns.aim(label);
        Ok(())
    }

    /// A jump by a number of slots.
    fn jump_by(
        &mut self,
        span: Span,
        syntax: Syntax,
        o: Operands,
        target: &Target,
        distance: Int,
    ) -> Result<(), Reported> {
        let limit = if syntax == Syntax::Gotol { i128::from(i32::MAX) } else { i128::from(i16::MAX) };
        if distance.value > limit || distance.value < -limit - 1 {
            let message = format!("a jump by {} slots is too far", distance.value);
            return Err(self.error(Diagnostic::error(code::DISTANCE, message, target.span())));
        }
        let distance = i64::try_from(distance.value).unwrap_or_default();
        let o = if syntax == Syntax::Gotol {
            Operands { imm: distance, ..o }
        } else {
            Operands { off: distance, ..o }
        };
        self.emit(span, syntax, o)
    }

    pub(super) fn call(&mut self, span: Span, callee: &'a Callee) -> Result<(), Reported> {
        let o = Operands::default();
        let number =
            |expander: &mut Self, expr| expander.int(expr).and_then(|int| expander.imm_of_call(expr, int));
        match callee {
            Callee::Helper(expr) => {
                let imm = number(self, expr)?;
                self.emit(span, Syntax::CallHelper, Operands { imm, ..o })
            }
            Callee::Kfunc(expr) => {
                if let (ExprKind::Name(_), Some(Def::Extern(index, external))) =
                    (&expr.kind, self.names.get(self.text(expr.span), expr.span.file))
                {
                    return self.call_external(span, expr.span, index, external);
                }
                let imm = number(self, expr)?;
                self.emit(span, Syntax::CallKfunc, Operands { imm, ..o })
            }
            Callee::Offset(expr) => {
                let imm = number(self, expr)?;
                self.emit(span, Syntax::CallLocal, Operands { imm, ..o })
            }
            Callee::Name(name) => self.call_name(span, *name),
        }
    }

    fn imm_of_call(&mut self, expr: &'a Expr, int: Int) -> Result<i64, Reported> {
        self.imm(expr.span, int, Width::W32, false)
    }

    fn call_name(&mut self, span: Span, name: Span) -> Result<(), Reported> {
        let text = self.text(name);
        // In backticks it is no helper.
        let helper = HelperId::from_name(self.word(name));
        if let Some(Def::Extern(index, external)) = self.names.get(text, name.file) {
            return match helper {
                Some(helper) => Err(self.two_callees(name, external, helper)),
                None => self.call_external(span, name, index, external),
            };
        }
        match (self.callable(name), helper) {
            (Some(function), None) => {
                if self.program.funcs[function].section.is_some() && !self.body.unchecked {
                    let message = format!("`{text}` is a program, and no loader fills in calls of programs");
                    let d = Diagnostic::warning(code::CALL, message, name);
                    self.error(d.help("move what both need into a `func`"));
                }
                self.emit(span, Syntax::CallLocal, Operands { imm: -1, ..Operands::default() })?;
                self.refer(Symbol::Func(function));
                Ok(())
            }
            (None, Some(helper)) => self.emit(
                span,
                Syntax::CallHelper,
                Operands { imm: i64::from(helper.0), ..Operands::default() },
            ),
            (Some(function), Some(helper)) => {
                let place = self.program.funcs[function].span;
                let d = Diagnostic::error(code::CALL, format!("`{text}` is a helper and a function"), name);
                let d = d.also(place, "this function");
                Err(self.error(
                    d.help(format!("say `call helper {}`, or give the function another name", helper.0)),
                ))
            }
            (None, None) => {
                let helpers = |_: &Self| HelperId::all().filter_map(HelperId::name).collect();
                Err(self.unknown("helper or function", name, helpers))
            }
        }
    }
}
