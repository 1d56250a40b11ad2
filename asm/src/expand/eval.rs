//! Expressions to values.

use super::core::{self, CoreId};
use super::types::{Bits, Class, Place, TyId};
use super::{Def, Expander, LabelId, Reported};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::{Endian, Size, Width};
use crate::lang::ast::{Expr, ExprKind, ParamKind, Step};
use crate::lang::words::FUNCTIONS;

/// What an operand turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// A constant.
    Int(Int),
    /// A register under one of its two names.
    Reg(u8, Width),
    /// `-r1`.
    NegReg(u8, Width),
    /// A 64-bit register and bytes from it.
    Address(u8, i64),
    /// A place in memory.
    Mem(Mem),
    /// A label.
    Label(LabelId),
    /// A string; its place, with quotes.
    Str(Span),
    /// A map.
    Map(usize),
    /// A place in a data section, and what stands there, where that is known.
    Data(usize, u32, Option<TyId>),
    /// A function.
    Func(usize),
    /// Something that is defined elsewhere, and bytes from it.
    Extern(usize, i32),
    /// A value that is looked up again in the kernel.
    Core(CoreId),
    /// A register and such a distance from it.
    CoreAddress(u8, CoreId),
    /// A type.
    Type(TyId),
    /// A block, by its index in [`Expander::blocks`].
    Block(usize),
}

/// A constant: from −2⁶³ to 2⁶⁴ − 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Int {
    pub(super) value: i128,
    /// Where `be16` or a relative made it, how many of its bytes are in network order when stored; else 0.
    pub(super) big: u32,
}

/// A place in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mem {
    /// Base register.
    pub(super) reg: u8,
    /// Bytes from it.
    pub(super) off: i64,
    /// Its size in bytes.
    pub(super) bytes: u32,
    /// The load or store that takes it whole, where there is one; and whether it is signed.
    pub(super) access: Option<(Size, bool)>,
    /// What stands there, where that is known.
    pub(super) ty: Option<TyId>,
    /// Where in it a bit field lies; then the place is the unit that holds the field.
    pub(super) bits: Option<Bits>,
    /// The view it was named by: where that was declared, and at which instruction.
    pub(super) view: Option<(Span, usize)>,
    /// Its offset, where that is looked up again in the kernel.
    pub(super) core: Option<CoreId>,
}

impl Int {
    pub(super) fn host(value: i128) -> Self {
        Self { value, big: 0 }
    }
}

impl<'a> Expander<'a> {
    /// The value of an expression.
    #[inline]
    pub(super) fn eval(&mut self, expr: &'a Expr) -> Result<Value, Reported> {
        match expr.kind {
            ExprKind::Name(Some((number, width))) => Ok(Value::Reg(number, width)),
            ExprKind::Param => self.argument(expr.span),
            _ => self.deeper(expr.span, |e| e.eval_here(expr)),
        }
    }

    fn eval_here(&mut self, expr: &'a Expr) -> Result<Value, Reported> {
        let value = match &expr.kind {
            ExprKind::Int(n) => Value::Int(Int::host(i128::from(*n))),
            ExprKind::Negative(n) => Value::Int(Int::host(-i128::from(*n))),
            ExprKind::Ip4(address) => Value::Int(self.big_endian(u64::from(*address), 4)),
            ExprKind::Number => Value::Type(self.numbered(expr.span)?),
            ExprKind::Str => Value::Str(expr.span),
            ExprKind::Name(_) => return self.name_value(expr.span),
            ExprKind::Label(name) => Value::Label(self.label(*name)?),
            ExprKind::Param => return self.argument(expr.span),
            ExprKind::Field(base, steps) => return self.field(base, steps),
            ExprKind::Path(base, steps) => return self.path(expr, base, steps),
            ExprKind::Deref(ty, address) | ExprKind::Cast(ty, address) => return self.deref(*ty, address),
            ExprKind::Packet(..) | ExprKind::Block(_) | ExprKind::Braces(_) | ExprKind::For(_) => {
                return Err(self.out_of_place(expr));
            }
            ExprKind::Unary(operator, value) => return self.unary(expr.span, self.text(*operator), value),
            ExprKind::Binary(operator, left, right) => return self.binary(expr.span, *operator, left, right),
            ExprKind::Call(name, args) => match self.names.get(self.text(*name), name.file) {
                Some(Def::ConstFn(function)) => return self.call_constant(expr.span, function, args),
                _ => return self.call_function(expr.span, *name, args),
            },
            ExprKind::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                let taken = if self.int(condition)?.value != 0 { yes } else { no };
                return self.eval(taken);
            }
            ExprKind::Is(kind, name) => Value::Int(Int::host(i128::from(self.argument(*name)?.is(*kind)))),
            ExprKind::Defined(name) => Value::Int(Int::host(i128::from(self.defined(*name)?))),
        };
        Ok(value)
    }

    /// Reports an operand that only some instruction or use takes.
    fn out_of_place(&mut self, expr: &Expr) -> Reported {
        self.error(match expr.kind {
            ExprKind::Packet(..) => {
                Diagnostic::error(code::FORM, "packet data is only loaded into `r0`", expr.span)
                    .help("write `r0 = *(u32 *)skb[14]`")
            }
            ExprKind::For(_) => {
                Diagnostic::error(code::TYPE, "a loop stands for elements of an array", expr.span)
            }
            ExprKind::Braces(_) => {
                Diagnostic::error(code::TYPE, "braces hold what an array or struct begins as", expr.span)
            }
            _ => Diagnostic::error(code::KIND, "only a macro takes a block", expr.span),
        })
    }

    /// The value of a constant expression.
    pub(super) fn int(&mut self, expr: &'a Expr) -> Result<Int, Reported> {
        match self.eval(expr)? {
            Value::Int(int) => Ok(int),
            other => Err(self.no_constant(expr.span, other)),
        }
    }

    fn no_constant(&mut self, span: Span, found: Value) -> Reported {
        let message = format!("expected a constant, found {}", found.what());
        self.error(Diagnostic::error(code::CONSTANT, message, span))
    }

    /// The value of a constant expression that is not negative and not above a bound.
    pub(super) fn unsigned(&mut self, expr: &'a Expr, max: u64, what: &str) -> Result<u64, Reported> {
        let value = self.int(expr)?.value;
        match u64::try_from(value) {
            Ok(n) if n <= max => Ok(n),
            _ => {
                let message = format!("{what} is from 0 to {max}, not {value}");
                Err(self.error(Diagnostic::error(code::RANGE, message, expr.span)))
            }
        }
    }

    fn name_value(&mut self, span: Span) -> Result<Value, Reported> {
        let (text, word) = (self.text(span), self.word(span));
        let number = word.strip_prefix(['r', 'w']).unwrap_or_default();
        if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
            let d = Diagnostic::error(code::REGISTER, format!("there is no register `{text}`"), span);
            let d = d.note("registers are r0 to r10; w0 to w10 name their lower halves, fp is r10");
            return Err(self.error(d));
        }
        if let "true" | "false" = word {
            return Ok(Value::Int(Int::host(i128::from(word == "true"))));
        }
        if let Some(int) = self.frames.last().and_then(|f| f.constants.iter().find(|c| c.0 == text)) {
            return Ok(Value::Int(int.1));
        }
        if let Some(view) = self.view(text) {
            let view = view?;
            return Ok(if view.off == 0 {
                Value::Reg(view.reg, Width::W64)
            } else {
                Value::Address(view.reg, view.off)
            });
        }
        match self.names.get(text, span.file) {
            Some(Def::Const(c)) => self.constant(c.name, &c.value).map(Value::Int),
            Some(Def::Param(param)) => self.parameter(param).map(Value::Int),
            Some(Def::ConstFn(_)) => {
                let d = Diagnostic::error(code::KIND, format!("`{text}` is a function of constants"), span);
                Err(self.error(d.help(format!("call it: `{text}(…)`"))))
            }
            Some(Def::Map(index, _)) => Ok(Value::Map(index)),
            Some(Def::Var(var)) => {
                let (section, offset, ty) = self.variable(var)?;
                Ok(Value::Data(section, offset, Some(ty)))
            }
            Some(Def::Symbol(symbol)) => self.symbol_value(symbol),
            Some(Def::Func(index, _)) => Ok(Value::Func(index)),
            Some(Def::Extern(index, _)) => Ok(Value::Extern(index, 0)),
            Some(Def::Struct(_) | Def::Enum(_) | Def::Alias(_) | Def::Imported(_)) => {
                self.named_type(span).map(Value::Type)
            }
            Some(Def::ImportedMember(import, index)) => Ok(Value::Int(Int::host(import.values[index].1))),
            Some(Def::Member(definition, index)) => self.enum_member(definition, index).map(Value::Int),
            Some(Def::Macro(_)) | None => Err(self.unknown("name", span, Self::local_names)),
        }
    }

    fn field(&mut self, base: &'a Expr, steps: &'a [Step]) -> Result<Value, Reported> {
        if let (ExprKind::Name(_), "fp") = (&base.kind, self.word(base.span)) {
            return self.slot(base.span, steps);
        }
        let is_register =
            super::names::is_word(self.word(base.span)) && !super::names::may_be_view(self.word(base.span));
        let (ExprKind::Name(_), false) = (&base.kind, is_register) else {
            let d = Diagnostic::error(code::KIND, "only a view and `fp` have fields", base.span);
            return Err(self.error(d.help("name the register and its type: `view ip = r7: iphdr`")));
        };
        let name = self.text(base.span);
        let Some(view) = self.view(name) else {
            let near = crate::diag::nearest(name, self.scopes().flat_map(|f| f.views.iter().map(|v| v.0)));
            let d = Diagnostic::error(code::UNKNOWN, format!("there is no view `{name}`"), base.span);
            return Err(self.error(match near {
                Some(near) => d.suggest(format!("did you mean `{near}`?"), base.span, near),
                None => d.help(format!("declare it above: `view {name} = r1: TYPE`")),
            }));
        };
        let view = view?;
        if self.is_core(view.ty) {
            let at = base.span.to(steps.last().map_or(base.span, Step::span));
            let mem = self.core_field(view.ty, (view.reg, view.off), steps, at)?;
            return Ok(Value::Mem(Mem { view: Some((view.span, view.at)), ..mem }));
        }
        let place = self.walk(Place::of(view.ty), steps)?;
        let mut mem = self.typed_mem(view.reg, view.off, place);
        mem.view = Some((view.span, view.at));
        Ok(Value::Mem(mem))
    }

    /// `fp->slot.path`.
    fn slot(&mut self, base: Span, steps: &'a [Step]) -> Result<Value, Reported> {
        let Some((Step::Field(name), rest)) = steps.split_first() else {
            return Err(self.error(Diagnostic::error(
                code::FIELD,
                "expected the name of a stack slot",
                base,
            )));
        };
        let text = self.text(*name);
        let slot = self.scopes().find_map(|f| f.slots.iter().rev().find(|s| s.0 == text));
        let Some((_, slot)) = slot.copied() else {
            let slots: Vec<&str> = self.scopes().flat_map(|f| f.slots.iter().map(|s| s.0)).collect();
            let d = Diagnostic::error(code::UNKNOWN, format!("there is no stack slot `{text}`"), *name);
            return Err(self.error(match crate::diag::nearest(text, slots) {
                Some(near) => d.suggest(format!("did you mean `{near}`?"), *name, near),
                None => d.help(format!("declare it above: `stack {{ {text}: u64 }}`")),
            }));
        };
        let (off, ty) = slot.ok_or(Reported)?;
        let place = self.walk(Place::of(ty), rest)?;
        Ok(Value::Mem(self.typed_mem(10, i64::from(off), place)))
    }

    /// The place that begins so many bytes from a register.
    fn typed_mem(&self, reg: u8, off: i64, place: Place) -> Mem {
        let off = off + i64::from(place.start());
        let (ty, bits) = (place.ty, place.bits);
        let (bytes, access) = match bits {
            Some(bits) => (bits.unit.map_or(0, |(_, unit)| u32::from(unit.bytes())), None),
            None => (self.types.size(ty), self.types.access(ty)),
        };
        Mem { reg, off, bytes, access, ty: Some(ty), bits, view: None, core: None }
    }

    /// `$reg.w`, `$mem.field`, `variable.field`.
    fn path(&mut self, whole: &'a Expr, base: &'a Expr, steps: &'a [Step]) -> Result<Value, Reported> {
        if let Some(ty) = self.expr_as_type(whole) {
            return ty.map(Value::Type);
        }
        if let Some(member) = self.member_of_enum(base, steps) {
            return member.map(Value::Int);
        }
        match self.eval(base)? {
            Value::Reg(number, _) => {
                let width = match steps {
                    [Step::Field(name)] if self.text(*name) == "w" => Width::W32,
                    [Step::Field(name)] if self.text(*name) == "r" => Width::W64,
                    _ => {
                        let d = Diagnostic::error(code::KIND, "a register has no fields", whole.span);
                        return Err(
                            self.error(d.help("name its type: `view ip = r7: iphdr`, then `ip->ttl`"))
                        );
                    }
                };
                Ok(Value::Reg(number, width))
            }
            Value::Mem(mem @ Mem { ty: Some(_), core: Some(id), .. }) => {
                self.core_part(id, mem, steps, whole.span).map(Value::Mem)
            }
            Value::Mem(Mem { reg, off, ty: Some(ty), view, .. }) => {
                let place = self.walk(Place::of(ty), steps)?;
                Ok(Value::Mem(Mem { view, ..self.typed_mem(reg, off, place) }))
            }
            Value::Data(section, start, ty) => {
                let ty = self.data_type(base, ty)?;
                let place = self.walk(Place::of(ty), steps)?;
                if place.bits.is_some() {
                    let d = Diagnostic::error(code::BIT_FIELD, "a bit field has no address", whole.span);
                    let text = self.text(base.span);
                    return Err(self.error(
                        d.help(format!("load the address of `{text}`, and put a view on the register")),
                    ));
                }
                Ok(Value::Data(section, start.saturating_add(place.offset), Some(place.ty)))
            }
            other => Err(self.wrong_kind(base.span, other.what(), "something with fields")),
        }
    }

    /// `*(type *)(address)` and, for atomics, `(type *)(address)`.
    fn deref(&mut self, ty: Span, address: &'a Expr) -> Result<Value, Reported> {
        let text = self.word(ty);
        let (access, of) = match Size::from_any_text(text) {
            Some((size, signed)) => (Some((size, signed)), None),
            None => {
                let id = self.named_type(ty)?;
                (self.types.access(id), Some(id))
            }
        };
        let Some((size, signed)) = access else {
            let message = format!("`{text}` is no size that one instruction loads or stores");
            let d = Diagnostic::error(code::TYPE, message, ty);
            return Err(self.error(d.note("sizes are u8, u16, u32, u64, s8, s16 and s32")));
        };
        let (reg, off, core) = self.core_address(address)?;
        let (bytes, access) = (u32::from(size.bytes()), Some((size, signed)));
        Ok(Value::Mem(Mem { reg, off, bytes, access, ty: of, bits: None, view: None, core }))
    }

    /// A register with a distance from it, which may be one that is looked up again in the kernel.
    pub(super) fn core_address(&mut self, expr: &'a Expr) -> Result<(u8, i64, Option<CoreId>), Reported> {
        match self.eval(expr)? {
            Value::CoreAddress(reg, id) => Ok((reg, self.core_place(expr.span, id)?, Some(id))),
            value => self.plain_address(expr, value).map(|(reg, off)| (reg, off, None)),
        }
    }

    /// A register with a constant distance from it.
    pub(super) fn address(&mut self, expr: &'a Expr) -> Result<(u8, i64), Reported> {
        let value = self.eval(expr)?;
        self.plain_address(expr, value)
    }

    fn plain_address(&mut self, expr: &'a Expr, value: Value) -> Result<(u8, i64), Reported> {
        match value {
            Value::Reg(reg, Width::W64) => Ok((reg, 0)),
            Value::Address(reg, off) => Ok((reg, off)),
            Value::Reg(reg, Width::W32) => {
                let d = Diagnostic::error(code::WIDTH, "an address is a 64-bit register", expr.span);
                Err(self.error(d.suggest(format!("write `r{reg}`"), expr.span, format!("r{reg}"))))
            }
            other => {
                let message = format!("expected a register and an offset, found {}", other.what());
                Err(self.error(Diagnostic::error(code::KIND, message, expr.span).help("write `r1 + 8`")))
            }
        }
    }

    fn unary(&mut self, span: Span, operator: &str, value: &'a Expr) -> Result<Value, Reported> {
        let int = match (operator, self.eval(value)?) {
            (_, Value::Int(int)) => int.value,
            ("-", Value::Reg(number, width)) => return Ok(Value::NegReg(number, width)),
            (_, other) => {
                let message = format!("`{operator}` takes a constant, not {}", other.what());
                let d = Diagnostic::error(code::CONSTANT, message, span);
                return Err(self.error(match (operator, &other) {
                    ("~", Value::Reg(..)) => d.help("`r1 ^= -1` inverts all bits of r1 in place"),
                    ("!", Value::Reg(..)) => d.help("compare and jump: `if r1 == 0 goto .zero`"),
                    _ => d,
                }));
            }
        };
        let result = match operator {
            "-" => -int,
            "~" => !int,
            "!" => i128::from(int == 0),
            _ => int,
        };
        self.in_range(span, Some(result)).map(|value| Value::Int(Int::host(value)))
    }

    fn in_range(&mut self, span: Span, value: Option<i128>) -> Result<i128, Reported> {
        let range = i128::from(i64::MIN)..=i128::from(u64::MAX);
        value.filter(|v| range.contains(v)).ok_or(()).map_err(|()| {
            let d = Diagnostic::error(code::RANGE, "this does not fit into 64 bits", span);
            self.error(d)
        })
    }

    fn binary(
        &mut self,
        span: Span,
        operator: Span,
        left: &'a Expr,
        right: &'a Expr,
    ) -> Result<Value, Reported> {
        let op = self.text(operator);
        let l = self.eval(left);
        // A function that calls itself twice must not go on where it went wrong.
        let r = if l.is_err() && !self.callers.is_empty() { l } else { self.eval(right) };
        let (l, r) = (l?, r?);
        // Bounded, so that adding to it never goes wrong.
        let near = |n: &i64| n.unsigned_abs() <= 1 << 40;
        let distance = |int: Int| i64::try_from(int.value).ok().filter(near);
        let address = match (l, op, r) {
            (Value::Int(l), _, Value::Int(r)) => return self.arithmetic(span, op, (l, r), right),
            (Value::Reg(reg, Width::W64), "+", Value::Int(n))
            | (Value::Int(n), "+", Value::Reg(reg, Width::W64)) => (reg, distance(n)),
            (Value::Reg(reg, Width::W64), "-", Value::Int(n)) => (reg, distance(n).map(|n| -n)),
            (Value::Address(reg, off), "+", Value::Int(n)) => (reg, distance(n).map(|n| off + n)),
            (Value::Address(reg, off), "-", Value::Int(n)) => (reg, distance(n).map(|n| off - n)),
            (Value::Reg(reg, Width::W64), "+", Value::Core(id))
            | (Value::Core(id), "+", Value::Reg(reg, Width::W64)) => {
                return Ok(Value::CoreAddress(reg, id));
            }
            (Value::Data(..) | Value::Extern(..), "+" | "-", Value::Int(n)) => {
                return self.beside(span, l, if op == "-" { -n.value } else { n.value });
            }
            (Value::Core(_) | Value::CoreAddress(..), ..)
            | (_, _, Value::Core(_) | Value::CoreAddress(..)) => {
                return Err(self.no_core(span));
            }
            (Value::Reg(reg, Width::W32), "+" | "-", Value::Int(_)) => {
                let message = "an address begins with a 64-bit register";
                let d = Diagnostic::error(code::WIDTH, message, left.span).label(format!("not `r{reg}`"));
                return Err(
                    self.error(d.note("elsewhere, `+` takes two constants: a line is one instruction"))
                );
            }
            _ => {
                let wrong = if matches!(l, Value::Int(_)) { r } else { l };
                let message = format!("`{op}` takes constants here, not {}", wrong.what());
                let d = Diagnostic::error(code::CONSTANT, message, span);
                let what = match op {
                    "&&" | "||" | "==" | "!=" | "<" | "<=" | ">" | ">=" => {
                        "registers are compared by `if`, one comparison each: `if r1 == r2 goto .equal`"
                    }
                    _ => "a line is one instruction: `r1 += r2` works in place",
                };
                return Err(self.error(d.note(what)));
            }
        };
        let (reg, Some(off)) = (address.0, address.1.filter(near)) else {
            return Err(self.error(Diagnostic::error(code::RANGE, "this distance does not fit", span)));
        };
        Ok(Value::Address(reg, off))
    }

    fn arithmetic(
        &mut self,
        span: Span,
        op: &str,
        (l, r): (Int, Int),
        right: &Expr,
    ) -> Result<Value, Reported> {
        let (a, b) = (l.value, r.value);
        if matches!(op, "/" | "%") && b == 0 {
            return Err(self.error(Diagnostic::error(code::RANGE, "division by zero", right.span)));
        }
        let shift = || u32::try_from(b).ok().filter(|n| *n < 64);
        if matches!(op, "<<" | ">>") && shift().is_none() {
            let message = format!("a shift is from 0 to 63 bits, not {b}");
            return Err(self.error(Diagnostic::error(code::RANGE, message, right.span)));
        }
        let result = match op {
            "+" => a.checked_add(b),
            "-" => a.checked_sub(b),
            "*" => a.checked_mul(b),
            "/" => Some(a / b),
            "%" => Some(a % b),
            "<<" => shift().map(|n| a << n),
            ">>" => shift().map(|n| a >> n),
            "&" => Some(a & b),
            "|" => Some(a | b),
            "^" => Some(a ^ b),
            "==" => Some(i128::from(a == b)),
            "!=" => Some(i128::from(a != b)),
            "<" => Some(i128::from(a < b)),
            "<=" => Some(i128::from(a <= b)),
            ">" => Some(i128::from(a > b)),
            ">=" => Some(i128::from(a >= b)),
            "&&" => Some(i128::from(a != 0 && b != 0)),
            _ => Some(i128::from(a != 0 || b != 0)),
        };
        // Masks keep the byte order that both sides have.
        let big = if matches!(op, "&" | "|" | "^") && l.big == r.big { l.big } else { 0 };
        self.in_range(span, result).map(|value| Value::Int(Int { value, big }))
    }

    fn call_function(&mut self, span: Span, name: Span, args: &'a [Expr]) -> Result<Value, Reported> {
        let text = self.word(name);
        match (text, args) {
            ("be16" | "be32" | "be64", [value]) => {
                let bytes = match text {
                    "be16" => 2,
                    "be32" => 4,
                    _ => 8,
                };
                let int = self.int(value)?;
                if int.big != 0 {
                    let d = Diagnostic::error(
                        code::BYTE_ORDER,
                        "this is in network byte order already",
                        value.span,
                    );
                    return Err(self.error(d));
                }
                let max = u64::MAX >> (64 - 8 * bytes);
                let n = self.unsigned(value, max, &format!("the operand of `{text}`"))?;
                Ok(Value::Int(self.big_endian(n, bytes)))
            }
            ("ip4", [Expr { kind: ExprKind::Ip4(address), .. }]) => {
                Ok(Value::Int(self.big_endian(u64::from(*address), 4)))
            }
            ("sizeof", [of]) => self.size_of(of).map(|n| Value::Int(Int::host(i128::from(n)))),
            ("offsetof", [mem]) => match self.eval(mem)? {
                Value::Mem(Mem { core: Some(id), .. }) => Ok(Value::Core(id)),
                Value::Mem(mem) => Ok(Value::Int(Int::host(i128::from(mem.off)))),
                other => Err(self.wrong_kind(mem.span, other.what(), "a place in memory, such as `fp->key`")),
            },
            ("offsetof", [ty, path]) => {
                let offset = self.place_of(ty, path)?.start();
                Ok(Value::Int(Int::host(i128::from(offset))))
            }
            ("bitunit", [mem]) => self.bit_unit(mem),
            ("bitoffsetof" | "bitsizeof" | "bitshift" | "bitsigned", [_] | [_, _]) => {
                self.bit_function(text, span, args).map(|n| Value::Int(Int::host(n)))
            }
            ("alignof", [of]) => match self.expr_as_type(of) {
                Some(ty) => {
                    let (_, align) = self.types.layout(ty?);
                    Ok(Value::Int(Int::host(i128::from(align))))
                }
                None => Err(self.unknown("type", of.span, |_| vec![])),
            },
            ("numberof", [register]) => Ok(Value::Int(Int::host(i128::from(self.reg(register)?.0)))),
            ("baseof", [mem]) => match self.eval(mem)? {
                Value::Mem(mem) => Ok(Value::Reg(mem.reg, Width::W64)),
                other => Err(self.wrong_kind(mem.span, other.what(), "a place in memory, such as `fp->key`")),
            },
            ("section", [_] | [_, _]) => Ok(Value::Data(self.section_named(span, args)?, 0, None)),
            _ if core::FUNCTIONS.contains(&text) => self.core_function(span, text, args),
            _ if FUNCTIONS.contains(&text) => {
                let help = match text {
                    "ip4" => "write an address: `ip4(10.9.0.1)`",
                    "section" => "write `section(\".rodata\")`",
                    "offsetof" => "write `offsetof(iphdr, ttl)` or `offsetof(fp->key)`",
                    "bitoffsetof" | "bitsizeof" | "bitshift" | "bitsigned" => {
                        "write `TYPE, FIELD` or `VIEW->FIELD`"
                    }
                    _ => "it takes one operand",
                };
                let d = Diagnostic::error(code::ARGUMENT, format!("wrong operands of `{text}`"), span);
                Err(self.error(d.help(help)))
            }
            _ => {
                if self.names.is_broken(text) || self.names.incomplete {
                    return Err(Reported);
                }
                let what = self
                    .names
                    .get(text, name.file)
                    .filter(|def| matches!(def, Def::Func(..) | Def::Extern(..)));
                if let Some(def) = what {
                    let message = format!("`{text}` is {}, which `call` calls", def.what());
                    let d = Diagnostic::error(code::KIND, message, name);
                    let help =
                        format!("set r1 to r5, then `call {text}` on a line of its own; the result is in r0");
                    return Err(self.error(d.help(help)));
                }
                let mut d = Diagnostic::error(code::UNKNOWN, format!("unknown function `{text}`"), name);
                let known = FUNCTIONS.iter().chain(core::FUNCTIONS).chain(super::atomic::ATOMICS).copied();
                if crate::uapi::HelperId::from_name(text).is_some() {
                    d = d.help(format!(
                        "helpers take r1 to r5 and give r0: set these, then `call {text}` on a line of its own"
                    ));
                } else if let Some(near) = crate::diag::nearest(text, known.chain(self.names.functions())) {
                    d = d.suggest(format!("did you mean `{near}`?"), name, near);
                } else if self.names.macro_named(text, name.file).is_some() {
                    d = d.help(format!("`{text}` is a macro: write `{text}! …` on a line of its own"));
                } else if let "printf" | "printk" | "bpf_printk" | "bpf_trace_printk" = text {
                    d = d
                        .help("a line for the trace is `printk! \"text\"`, of the library's module `macros`");
                }
                Err(self.error(d))
            }
        }
    }

    /// A number of so many bytes from host to network order, or back.
    pub(super) fn swap(&self, value: i128, bytes: u32) -> i128 {
        u64::try_from(value).map_or(value, |n| self.big_endian(n, bytes).value)
    }

    /// The number whose bytes, as the target stores it, are those of `n` with the most significant first.
    pub(super) fn big_endian(&self, n: u64, bytes: u32) -> Int {
        let value = match self.endian {
            Endian::Big => n,
            Endian::Little => n.swap_bytes() >> (64 - 8 * bytes),
        };
        Int { value: i128::from(value), big: bytes }
    }

    fn size_of(&mut self, of: &'a Expr) -> Result<u64, Reported> {
        if let (ExprKind::Name(_), Some(view)) = (&of.kind, self.view(self.text(of.span))) {
            return Ok(u64::from(self.types.size(view?.ty)));
        }
        if let Some(ty) = self.expr_as_type(of) {
            return ty.map(|ty| u64::from(self.types.size(ty)));
        }
        match self.eval(of)? {
            Value::Mem(mem) => Ok(u64::from(mem.bytes)),
            Value::Data(.., None) if let Some(size) = self.symbol_size(of) => Ok(size.into()),
            Value::Data(_, _, ty) => {
                let ty = self.data_type(of, ty)?;
                Ok(u64::from(self.types.size(ty)))
            }
            Value::Type(ty) => Ok(u64::from(self.types.size(ty))),
            Value::Str(span) => Ok(self.string(span)?.len() as u64),
            other => Err(self.wrong_kind(of.span, other.what(), "a type, a place in memory or a string")),
        }
    }

    /// The place that a path names in a type.
    fn place_of(&mut self, ty: &'a Expr, path: &'a Expr) -> Result<Place, Reported> {
        let Some(id) = self.expr_as_type(ty) else {
            return Err(self.unknown("type", ty.span, |_| vec![]));
        };
        let id = id?;
        match &path.kind {
            ExprKind::Name(_) => self.walk_field(id, path.span),
            ExprKind::Path(first, rest) if matches!(first.kind, ExprKind::Name(_)) => {
                let place = self.walk_field(id, first.span)?;
                self.walk(place, rest)
            }
            _ => Err(self.error(Diagnostic::error(
                code::SYNTAX,
                "expected a field, such as `saddr` or `a.b[2]`",
                path.span,
            ))),
        }
    }

    /// The unit that a bit field lies in, as a place that is loaded and stored.
    fn bit_unit(&mut self, expr: &'a Expr) -> Result<Value, Reported> {
        match self.eval(expr)? {
            Value::Mem(Mem { bits: Some(_), core: Some(_), .. }) => Err(self.moving_bits(expr.span)),
            Value::Mem(mem @ Mem { bits: Some(Bits { unit: Some((_, unit)), .. }), .. }) => {
                Ok(Value::Mem(Mem { access: Some((unit, false)), ty: None, bits: None, ..mem }))
            }
            Value::Mem(Mem { bits: Some(_), .. }) => Err(self.no_unit(expr.span)),
            other => Err(self.no_bit_field(expr.span, other.what())),
        }
    }

    /// The unit and the shift would be those of this kernel, where another one loads the program.
    pub(super) fn moving_bits(&mut self, span: Span) -> Reported {
        let message = "where a bit field of a `@core` struct lies is known when the program is loaded";
        let d = Diagnostic::error(code::BIT_FIELD, message, span);
        let d = d.help("`core_load_bits! REGISTER, VIEW->FIELD` of \"macros\" loads it");
        self.error(d.note("its place is `core(TYPE.FIELD)`, `core_size`, `core_lshift` and `core_rshift`"))
    }

    fn no_unit(&mut self, span: Span) -> Reported {
        let d = Diagnostic::error(code::BIT_FIELD, "no single load takes this bit field", span);
        self.error(d.note("it lies across more than eight bytes"))
    }

    fn no_bit_field(&mut self, span: Span, what: &str) -> Reported {
        let message = format!("expected a bit field, but this is {what}");
        self.error(Diagnostic::error(code::KIND, message, span))
    }

    /// The functions that tell where a bit field lies.
    fn bit_function(&mut self, function: &str, span: Span, args: &'a [Expr]) -> Result<i128, Reported> {
        let (ty, bits, base, place) = match args {
            [ty, path] => {
                if function == "bitshift"
                    && self.expr_as_type(ty).is_some_and(|ty| ty.is_ok_and(|ty| self.is_core(ty)))
                {
                    return Err(self.moving_bits(path.span));
                }
                let place = self.place_of(ty, path)?;
                (Some(place.ty), place.bits, place.offset, path.span)
            }
            [mem] if function != "bitoffsetof" => match self.eval(mem)? {
                Value::Mem(Mem { core: Some(_), .. }) if function == "bitshift" => {
                    return Err(self.moving_bits(mem.span));
                }
                Value::Mem(found) => (found.ty, found.bits, 0, mem.span),
                other => return Err(self.no_bit_field(mem.span, other.what())),
            },
            _ => {
                let d = Diagnostic::error(code::ARGUMENT, format!("wrong operands of `{function}`"), span);
                return Err(self.error(d.help("write `bitoffsetof(TYPE, FIELD)`")));
            }
        };
        if function == "bitoffsetof" && bits.is_none() {
            return Ok(i128::from(base) * 8);
        }
        let Some(bits) = bits else { return Err(self.no_bit_field(place, "none")) };
        Ok(match function {
            "bitoffsetof" => i128::from(base) * 8 + i128::from(bits.offset),
            "bitsizeof" => i128::from(bits.size),
            "bitsigned" => {
                let class = ty.and_then(|ty| self.types.class(ty));
                i128::from(matches!(class, Some(Class::Signed | Class::Char)))
            }
            _ => match bits.shift(self.endian) {
                Some(shift) => i128::from(shift),
                None => return Err(self.no_unit(place)),
            },
        })
    }

    /// The bytes of a string, with the NUL at its end.
    pub(super) fn string(&mut self, span: Span) -> Result<Vec<u8>, Reported> {
        let quoted = self.text(span);
        let text = &quoted[1..quoted.len() - 1];
        match crate::escape::unescape(text) {
            Ok(mut bytes) => {
                bytes.push(0);
                Ok(bytes)
            }
            Err(at) => {
                // Offsets of bytes in a text below 4 GiB.
                let offset = |at: usize| span.start + 1 + u32::try_from(at).unwrap_or(0);
                let len = text[at..].chars().take(2).map(char::len_utf8).sum::<usize>();
                let (start, end) = (offset(at), offset(at + len));
                let d = Diagnostic::error(code::STRING, "unknown escape", Span { start, end, ..span });
                Err(self.error(d.note("escapes are \\n \\t \\r \\0 \\\\ \\\" \\' and \\x41")))
            }
        }
    }
}

impl Value {
    /// Whether a parameter of that kind takes it.
    pub(super) fn is(&self, kind: ParamKind) -> bool {
        match kind {
            ParamKind::Reg => matches!(self, Value::Reg(..)),
            ParamKind::Imm => matches!(self, Value::Int(_) | Value::Core(_)),
            ParamKind::Mem => matches!(self, Value::Mem(_)),
            ParamKind::Label => matches!(self, Value::Label(_)),
            ParamKind::Map => matches!(self, Value::Map(_)),
            ParamKind::Str => matches!(self, Value::Str(_)),
            ParamKind::Type => matches!(self, Value::Type(_)),
            ParamKind::Block => matches!(self, Value::Block(_)),
            ParamKind::Any => !matches!(self, Value::Block(_)),
        }
    }

    /// What a person calls it.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Value::Int(_) => "a constant",
            Value::Reg(..) => "a register",
            Value::NegReg(..) => "a negated register",
            Value::Address(..) => "an address",
            Value::Mem(_) => "a place in memory",
            Value::Label(_) => "a label",
            Value::Str(_) => "a string",
            Value::Map(_) => "a map",
            Value::Data(..) => "a variable",
            Value::Func(_) => "a function",
            Value::Extern(..) => "something defined elsewhere",
            Value::Core(_) => "a CO-RE value",
            Value::CoreAddress(..) => "an address with a CO-RE offset",
            Value::Type(_) => "a type",
            Value::Block(_) => "a block",
        }
    }
}
