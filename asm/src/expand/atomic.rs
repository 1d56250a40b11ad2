//! Atomic operations, and what else is written like a function.

use super::eval::{Mem, Value};
use super::lower::Operands;
use super::{Expander, Reported};
use crate::diag::{Diagnostic, Help, Span, code};
use crate::isa::{AtomicOp, Size, Syntax, Width};
use crate::lang::ast::{Expr, ExprKind};

/// Instructions that are written like functions.
pub(super) const ATOMICS: &[&str] = &[
    "atomic_fetch_add",
    "atomic_fetch_or",
    "atomic_fetch_and",
    "atomic_fetch_xor",
    "atomic64_fetch_add",
    "atomic64_fetch_or",
    "atomic64_fetch_and",
    "atomic64_fetch_xor",
    "atomic_xchg",
    "atomic64_xchg",
    "atomic_cmpxchg",
    "atomic64_cmpxchg",
    "xchg32_32",
    "xchg_64",
    "cmpxchg32_32",
    "cmpxchg_64",
    "load_acquire",
    "store_release",
    "addr_space_cast",
];

impl<'a> Expander<'a> {
    pub(super) fn lock(
        &mut self,
        span: Span,
        place: &'a Expr,
        op: AtomicOp,
        value: &'a Expr,
    ) -> Result<(), Reported> {
        let mem = self.mem(place)?;
        let size = self.atomic_size(place.span, mem)?;
        let src = self.atomic_reg(value, size)?;
        self.emit_access(
            span,
            place.span,
            mem,
            Syntax::Lock(op, size),
            Operands { dst: mem.reg, src, ..Operands::default() },
        )
    }

    fn mem(&mut self, expr: &'a Expr) -> Result<Mem, Reported> {
        match self.eval(expr)? {
            Value::Mem(mem) => Ok(mem),
            other => Err(self.wrong_kind(expr.span, other.what(), "a place in memory")),
        }
    }

    fn atomic_size(&mut self, place: Span, mem: Mem) -> Result<Size, Reported> {
        match self.access(place, mem)?.0 {
            size @ (Size::W | Size::DW) => Ok(size),
            size => {
                let message = format!("an atomic operation works on 4 or 8 bytes, not {}", size.bytes());
                Err(self.error(Diagnostic::error(code::FORM, message, place)))
            }
        }
    }

    /// A register of an atomic operation: 8 bytes take the 64-bit name, less take both.
    fn atomic_reg(&mut self, expr: &'a Expr, size: Size) -> Result<u8, Reported> {
        if size == Size::DW { self.reg64(expr) } else { self.reg(expr).map(|(number, _)| number) }
    }

    /// An instruction that is written like a function.
    pub(super) fn apply(
        &mut self,
        span: Span,
        result: Option<&'a Expr>,
        call: &'a Expr,
    ) -> Result<(), Reported> {
        let ExprKind::Call(name, args) = &call.kind else { return Ok(()) };
        let text = self.text(*name);
        let fetch = text.strip_prefix("atomic_fetch_").or_else(|| text.strip_prefix("atomic64_fetch_"));
        let fetch = fetch.and_then(AtomicOp::from_text);
        if let (Some(op), Some(result), [place, value]) = (fetch, result, args.as_slice()) {
            let (mem, size) = self.exchange_place(text, place)?;
            return self.exchange(span, result, place, mem, value, size, Syntax::Fetch(op, size));
        }
        match (text, result, args.as_slice()) {
            ("atomic_xchg" | "atomic64_xchg" | "xchg32_32" | "xchg_64", Some(result), [place, value]) => {
                let (mem, size) = self.exchange_place(text, place)?;
                self.exchange(span, result, place, mem, value, size, Syntax::Xchg(size))
            }
            (
                "atomic_cmpxchg" | "atomic64_cmpxchg" | "cmpxchg32_32" | "cmpxchg_64",
                Some(result),
                [place, old, new],
            ) => {
                let (mem, size) = self.exchange_place(text, place)?;
                let (to, from) = (self.atomic_reg(result, size)?, self.atomic_reg(old, size)?);
                if (to, from) != (0, 0) {
                    let name = format!("{}0", size.width().letter());
                    let message = format!("the old value is given and comes back in `{name}`");
                    let mut d = Diagnostic::error(code::FORM, message, result.span);
                    let edits = vec![(result.span, name.clone()), (old.span, name.clone())];
                    d.help.push(Help { message: format!("write `{name}`"), edits });
                    return Err(self.error(d));
                }
                let src = self.atomic_reg(new, size)?;
                let o = Operands { dst: mem.reg, src, ..Operands::default() };
                self.emit_access(span, place.span, mem, Syntax::CmpXchg(size), o)
            }
            ("load_acquire", Some(result), [place]) => {
                let mem = self.mem(place)?;
                let (size, signed) = self.access(place.span, mem)?;
                let (dst, width) = self.written(result)?;
                if signed && width == Width::W64 {
                    let d =
                        Diagnostic::error(code::FORM, "`load_acquire` does not extend the sign", place.span);
                    return Err(
                        self.error(d.help(format!("load into `w{dst}` and extend it on the next line")))
                    );
                }
                if size == Size::DW {
                    self.reg64(result)?;
                }
                let o = Operands { dst, src: mem.reg, ..Operands::default() };
                self.emit_access(span, place.span, mem, Syntax::LoadAcquire(size), o)
            }
            ("store_release", None, [place, value]) => {
                let mem = self.mem(place)?;
                let size = self.access(place.span, mem)?.0;
                let src = self.atomic_reg(value, size)?;
                let o = Operands { dst: mem.reg, src, ..Operands::default() };
                self.emit_access(span, place.span, mem, Syntax::StoreRelease(size), o)
            }
            ("addr_space_cast", Some(result), [source, to, from]) => {
                self.written(result)?;
                let (dst, src) = (self.reg64(result)?, self.reg64(source)?);
                let to = self.unsigned(to, 0xffff, "an address space")?;
                let from = self.unsigned(from, 0xffff, "an address space")?;
                // Each has 16 bits, so together they have 32.
                let imm = u32::try_from(to << 16 | from).unwrap_or(0).cast_signed();
                self.emit(
                    span,
                    Syntax::AddrSpaceCast,
                    Operands { dst, src, imm: i64::from(imm), ..Operands::default() },
                )
            }
            _ if ATOMICS.contains(&text) => {
                let d = Diagnostic::error(code::FORM, format!("this is not how `{text}` is written"), span);
                Err(self.error(d.help(format!("write `{}`", example(text)))))
            }
            // Reports what else the function is, or is not.
            _ => match self.eval(call)? {
                _ if result.is_some() => Ok(()),
                _ => {
                    let d = Diagnostic::error(code::SYNTAX, "nothing is done with this value", span);
                    Err(self.error(d))
                }
            },
        }
    }

    /// The place of an exchange: `r1 + 16`, whose size the name says, or `(u32 *)(r1 + 16)`.
    fn exchange_place(&mut self, name: &str, place: &'a Expr) -> Result<(Mem, Size), Reported> {
        let size = match name {
            "xchg32_32" | "cmpxchg32_32" => Size::W,
            "xchg_64" | "cmpxchg_64" => Size::DW,
            _ => {
                let mem = self.mem(place)?;
                let size = self.atomic_size(place.span, mem)?;
                if name.starts_with("atomic64_") && size != Size::DW {
                    let message = format!("`{name}` works on 8 bytes, this is 4");
                    let d = Diagnostic::error(code::FORM, message, place.span);
                    return Err(
                        self.error(d.help(format!("without the 64: `{}`", name.replacen("64", "", 1))))
                    );
                }
                return Ok((mem, size));
            }
        };
        let (reg, off, core) = self.core_address(place)?;
        let (bytes, access) = (u32::from(size.bytes()), Some((size, false)));
        Ok((Mem { reg, off, bytes, access, ty: None, bits: None, view: None, core }, size))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one instruction")]
    fn exchange(
        &mut self,
        span: Span,
        result: &'a Expr,
        place: &'a Expr,
        mem: Mem,
        value: &'a Expr,
        size: Size,
        syntax: Syntax,
    ) -> Result<(), Reported> {
        let (to, src) = (self.atomic_reg(result, size)?, self.atomic_reg(value, size)?);
        if to != src {
            let name = format!("{}{src}", size.width().letter());
            let d = Diagnostic::error(
                code::FORM,
                "the old value lands in the register that gave the new one",
                result.span,
            );
            return Err(self.error(d.suggest(format!("write `{name}`"), result.span, name)));
        }
        self.emit_access(span, place.span, mem, syntax, Operands { dst: mem.reg, src, ..Operands::default() })
    }
}

/// How an instruction that looks like a function is written.
fn example(name: &str) -> String {
    match name {
        "load_acquire" => "w1 = load_acquire((u32 *)(r2 + 16))".to_string(),
        "store_release" => "store_release((u32 *)(r1 + 16), w2)".to_string(),
        "addr_space_cast" => "r1 = addr_space_cast(r2, 0, 1)".to_string(),
        "cmpxchg32_32" => "w0 = cmpxchg32_32(r1 + 16, w0, w2)".to_string(),
        "cmpxchg_64" => "r0 = cmpxchg_64(r1 + 16, r0, r2)".to_string(),
        "xchg32_32" => "w2 = xchg32_32(r1 + 16, w2)".to_string(),
        "xchg_64" => "r2 = xchg_64(r1 + 16, r2)".to_string(),
        _ if name.ends_with("cmpxchg") => format!("r0 = {name}((u64 *)(r1 + 16), r0, r2)"),
        _ => format!("r2 = {name}((u64 *)(r1 + 16), r2)"),
    }
}
