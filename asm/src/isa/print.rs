//! Text: an instruction as LLVM spells it.
//!
//! Where LLVM drops a part of an instruction we print it: the immediate of `skb[r2 + 14]` and the upper half of
//! `ld_pseudo`. What LLVM cannot print is spelled as the kernel does (`kernel/bpf/disasm.c`).

use std::fmt;

use super::{Endian, Insn, Rhs, Size, Syntax, Width};

/// What to print in place of the numbers of an instruction, and in which byte order its bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Names<'a> {
    /// Where a jump goes: `.pass` for `goto .pass`.
    pub target: Option<&'a str>,
    /// What a 64-bit load or a call refers to: `drops` for `r1 = drops ll`, `add_one` for `call add_one`.
    pub symbol: Option<&'a str>,
    /// What stands for a value that is looked up in the kernel: the offset of a load or store, else the immediate.
    pub core: Option<&'a str>,
    /// The byte order of what is printed as `raw`.
    pub endian: Endian,
}

impl Insn {
    /// The text of this instruction, without a newline; `raw` and its bytes if it is not one of the table.
    #[must_use]
    pub fn display<'a>(&self, names: Names<'a>) -> impl fmt::Display + use<'a> {
        Text { insn: *self, names }
    }

    /// Whether the text without [`Names`] says which instruction it is.
    ///
    /// It does not for calls of functions, which look like those of helpers, for the second encoding of negation
    /// with `dst` = `src`, and for a store of an immediate that is larger than what is stored.
    #[must_use]
    pub fn text_is_exact(&self) -> bool {
        match self.form().map(|form| form.syntax) {
            Some(Syntax::CallLocal | Syntax::CallKfunc) => false,
            Some(Syntax::Neg(_, Rhs::Reg)) => self.dst != self.src,
            Some(Syntax::Store(Size::B, Rhs::Imm)) => (-0x80..=0xff).contains(&self.imm),
            Some(Syntax::Store(Size::H, Rhs::Imm)) => (-0x8000..=0xffff).contains(&self.imm),
            _ => true,
        }
    }
}

struct Text<'a> {
    insn: Insn,
    names: Names<'a>,
}

/// Writes the pieces of a line one after the other; `write!` takes three times as long.
macro_rules! put {
    ($f:ident, $($piece:expr),+) => {{
        $($piece.put($f)?;)+
        Ok(())
    }};
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Width::W64;

        let Insn { dst, src, off, imm, .. } = self.insn;
        let Some(form) = self.insn.form() else { return self.raw(f) };
        let off = i32::from(off);
        let d = |width| Register(width, dst);
        let s = |width| Register(width, src);
        let (at_dst, at_src) = (Sum(dst, off, self.names.core), Sum(src, off, self.names.core));
        match form.syntax {
            Syntax::Alu(op, width, rhs) => match (rhs, self.names.core) {
                (Rhs::Imm, Some(core)) => put!(f, d(width), " ", op.text(), " ", core),
                _ => put!(f, d(width), " ", op.text(), " ", self.rhs(width, rhs)),
            },
            Syntax::MovSx(width, bits) => put!(f, d(width), " = (s", i32::from(bits), ")", s(width)),
            Syntax::AddrSpaceCast => {
                let [a, b, c, e] = imm.to_le_bytes();
                let (from, to) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, e]));
                let (from, to) = (i32::from(from), i32::from(to));
                put!(f, d(W64), " = addr_space_cast(", s(W64), ", ", to, ", ", from, ")")
            }
            Syntax::MovPercpu => put!(f, d(W64), " = &(void __percpu *)(", s(W64), ")"),
            Syntax::Neg(width, Rhs::Imm) => put!(f, d(width), " = -", d(width)),
            Syntax::Neg(width, Rhs::Reg) => put!(f, d(width), " = -", s(width)),
            Syntax::Swap(swap, bits) => {
                put!(f, d(W64), " = ", swap.text(), i32::from(bits), " ", d(W64))
            }
            Syntax::Load(size, signed) => {
                let (width, text) =
                    if signed { (W64, size.signed_text()) } else { (size.width(), size.text()) };
                put!(f, d(width), " = *(", text, " *)(", at_src, ")")
            }
            Syntax::Store(size, rhs) => {
                put!(f, "*(", size.text(), " *)(", at_dst, ") = ", self.rhs(size.width(), rhs))
            }
            Syntax::Lock(op, size) => {
                let op = op.assignment().text();
                put!(f, "lock *(", size.text(), " *)(", at_dst, ") ", op, " ", s(size.width()))
            }
            Syntax::Fetch(op, size) => {
                let s = s(size.width());
                put!(f, s, " = atomic_fetch_", op.text(), "((", size.text(), " *)(", at_dst, "), ", s, ")")
            }
            Syntax::Xchg(size) => {
                let s = s(size.width());
                put!(f, s, " = xchg", exchange(size), "(", at_dst, ", ", s, ")")
            }
            Syntax::CmpXchg(size) => {
                let (r0, s) = (Register(size.width(), 0), s(size.width()));
                put!(f, r0, " = cmpxchg", exchange(size), "(", at_dst, ", ", r0, ", ", s, ")")
            }
            Syntax::LoadAcquire(size) => {
                put!(f, d(size.width()), " = load_acquire((", size.text(), " *)(", at_src, "))")
            }
            Syntax::StoreRelease(size) => {
                put!(f, "store_release((", size.text(), " *)(", at_dst, "), ", s(size.width()), ")")
            }
            Syntax::LoadImm64(kind) => match self.names.symbol.or(self.names.core) {
                Some(symbol) => put!(f, d(W64), " = ", symbol, " ll"),
                None if kind == 0 => put!(f, d(W64), " = ", self.insn.imm64(), " ll"),
                None => put!(f, "ld_pseudo ", d(W64), ", ", i32::from(kind), ", ", self.insn.imm64()),
            },
            Syntax::LoadAbs(size) => put!(f, "r0 = *(", size.text(), " *)skb[", imm, "]"),
            Syntax::LoadInd(size) if imm == 0 => put!(f, "r0 = *(", size.text(), " *)skb[", s(W64), "]"),
            Syntax::LoadInd(size) => put!(f, "r0 = *(", size.text(), " *)skb[", Sum(src, imm, None), "]"),
            Syntax::Goto => put!(f, "goto ", self.target(off)),
            Syntax::Gotol => put!(f, "gotol ", self.target(imm)),
            Syntax::Gotox => put!(f, "gotox ", d(W64)),
            Syntax::MayGoto => put!(f, "may_goto ", self.target(off)),
            Syntax::If(cond, width, rhs) => {
                let (rhs, to) = (self.rhs(width, rhs), self.target(off));
                put!(f, "if ", d(width), " ", cond.text(), " ", rhs, " goto ", to)
            }
            Syntax::CallHelper | Syntax::CallLocal | Syntax::CallKfunc => match self.names.symbol {
                Some(symbol) => put!(f, "call ", symbol),
                None => put!(f, "call ", imm),
            },
            Syntax::CallX => put!(f, "callx ", d(W64)),
            Syntax::Exit => f.write_str("exit"),
            Syntax::Nospec => f.write_str("nospec"),
        }
    }
}

impl<'a> Text<'a> {
    fn rhs(&self, width: Width, rhs: Rhs) -> Operand {
        match rhs {
            Rhs::Imm => Operand::Imm(self.insn.imm),
            Rhs::Reg => Operand::Register(Register(width, self.insn.src)),
        }
    }

    fn target(&self, slots: i32) -> Target<'a> {
        match self.names.target {
            Some(name) => Target::Name(name),
            None => Target::Slots(slots),
        }
    }

    /// The bytes in the order of memory: 8, or 16 where the instruction has two slots.
    fn raw(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(16);
        self.insn.encode(self.names.endian, &mut bytes);
        f.write_str("raw")?;
        bytes.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
    }
}

/// One piece of a line.
trait Put {
    fn put(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl Put for &str {
    fn put(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl Put for i32 {
    fn put(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Put for i64 {
    fn put(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `r1`, `w1`; the number is one that the table has.
#[derive(Clone, Copy)]
struct Register(Width, u8);

impl Put for Register {
    fn put(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [[&str; 11]; 2] = [
            ["w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9", "w10"],
            ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10"],
        ];
        f.write_str(NAMES[self.0 as usize].get(usize::from(self.1)).unwrap_or(&"r?"))
    }
}

/// A register or an immediate.
enum Operand {
    Register(Register),
    Imm(i32),
}

impl Put for Operand {
    fn put(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Register(register) => register.put(f),
            Operand::Imm(imm) => imm.put(f),
        }
    }
}

/// `r1 + 8`, `r1 - 8`, or `r1 +` and what stands for the number.
struct Sum<'a>(u8, i32, Option<&'a str>);

impl Put for Sum<'_> {
    fn put(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Register(Width::W64, self.0).put(f)?;
        if let Some(text) = self.2 {
            f.write_str(" + ")?;
            return f.write_str(text);
        }
        f.write_str(if self.1 < 0 { " - " } else { " + " })?;
        fmt::Display::fmt(&self.1.unsigned_abs(), f)
    }
}

/// `+5`, or a label.
enum Target<'a> {
    Name(&'a str),
    Slots(i32),
}

impl Put for Target<'_> {
    fn put(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Name(name) => f.write_str(name),
            Target::Slots(slots) => {
                f.write_str(if *slots < 0 { "" } else { "+" })?;
                slots.put(f)
            }
        }
    }
}

/// What follows `xchg` and `cmpxchg`: LLVM's odd names of the two widths.
fn exchange(size: Size) -> &'static str {
    match size.width() {
        Width::W32 => "32_32",
        Width::W64 => "_64",
    }
}
