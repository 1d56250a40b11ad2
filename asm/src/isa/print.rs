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
    /// It does not for calls of functions, which look like those of helpers, and for the second encoding of
    /// negation with `dst` = `src`.
    #[must_use]
    pub fn text_is_exact(&self) -> bool {
        match self.form().map(|form| form.syntax) {
            Some(Syntax::CallLocal | Syntax::CallKfunc) => false,
            Some(Syntax::Neg(_, Rhs::Reg)) => self.dst != self.src,
            _ => true,
        }
    }
}

struct Text<'a> {
    insn: Insn,
    names: Names<'a>,
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Width::W64;

        let Insn { dst, src, off, imm, .. } = self.insn;
        let Some(form) = self.insn.form() else { return self.raw(f) };
        let d = |width| Register(width, dst);
        let s = |width| Register(width, src);
        let at_dst = Address(dst, off.into());
        let at_src = Address(src, off.into());
        match form.syntax {
            Syntax::Alu(op, width, rhs) => write!(f, "{} {} {}", d(width), op.text(), self.rhs(width, rhs)),
            Syntax::MovSx(width, bits) => write!(f, "{} = (s{bits}){}", d(width), s(width)),
            Syntax::AddrSpaceCast => {
                let [a, b, c, d16] = imm.to_le_bytes();
                let (from, to) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d16]));
                write!(f, "{} = addr_space_cast({}, {to}, {from})", d(W64), s(W64))
            }
            Syntax::MovPercpu => write!(f, "{} = &(void __percpu *)({})", d(W64), s(W64)),
            Syntax::Neg(width, Rhs::Imm) => write!(f, "{} = -{}", d(width), d(width)),
            Syntax::Neg(width, Rhs::Reg) => write!(f, "{} = -{}", d(width), s(width)),
            Syntax::Swap(swap, bits) => write!(f, "{} = {}{bits} {}", d(W64), swap.text(), d(W64)),
            Syntax::Load(size, false) => write!(f, "{} = *({} *){at_src}", d(size.width()), size.text()),
            Syntax::Load(size, true) => write!(f, "{} = *({} *){at_src}", d(W64), size.signed_text()),
            Syntax::Store(size, rhs) => {
                write!(f, "*({} *){at_dst} = {}", size.text(), self.rhs(size.width(), rhs))
            }
            Syntax::Lock(op, size) => {
                let op = op.assignment().text();
                write!(f, "lock *({} *){at_dst} {op} {}", size.text(), s(size.width()))
            }
            Syntax::Fetch(op, size) => {
                let (s, op) = (s(size.width()), op.text());
                write!(f, "{s} = atomic_fetch_{op}(({} *){at_dst}, {s})", size.text())
            }
            Syntax::Xchg(size) => {
                let s = s(size.width());
                write!(f, "{s} = xchg{}({}, {s})", exchange(size), Sum(dst, off.into()))
            }
            Syntax::CmpXchg(size) => {
                let (r0, s) = (Register(size.width(), 0), s(size.width()));
                write!(f, "{r0} = cmpxchg{}({}, {r0}, {s})", exchange(size), Sum(dst, off.into()))
            }
            Syntax::LoadAcquire(size) => {
                write!(f, "{} = load_acquire(({} *){at_src})", d(size.width()), size.text())
            }
            Syntax::StoreRelease(size) => {
                write!(f, "store_release(({} *){at_dst}, {})", size.text(), s(size.width()))
            }
            Syntax::LoadImm64(kind) => match self.names.symbol {
                Some(symbol) => write!(f, "{} = {symbol} ll", d(W64)),
                None if kind == 0 => write!(f, "{} = {} ll", d(W64), self.insn.imm64()),
                None => write!(f, "ld_pseudo {}, {kind}, {}", d(W64), self.insn.imm64()),
            },
            Syntax::LoadAbs(size) => write!(f, "r0 = *({} *)skb[{imm}]", size.text()),
            Syntax::LoadInd(size) if imm == 0 => write!(f, "r0 = *({} *)skb[{}]", size.text(), s(W64)),
            Syntax::LoadInd(size) => write!(f, "r0 = *({} *)skb[{}]", size.text(), Sum(src, imm)),
            Syntax::Goto => write!(f, "goto {}", self.target(off.into())),
            Syntax::Gotol => write!(f, "gotol {}", self.target(imm)),
            Syntax::Gotox => write!(f, "gotox {}", d(W64)),
            Syntax::MayGoto => write!(f, "may_goto {}", self.target(off.into())),
            Syntax::If(cond, width, rhs) => {
                let (rhs, to) = (self.rhs(width, rhs), self.target(off.into()));
                write!(f, "if {} {} {rhs} goto {to}", d(width), cond.text())
            }
            Syntax::CallHelper | Syntax::CallLocal | Syntax::CallKfunc => match self.names.symbol {
                Some(symbol) => write!(f, "call {symbol}"),
                None => write!(f, "call {imm}"),
            },
            Syntax::CallX => write!(f, "callx {}", d(W64)),
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

/// `r1`, `w1`.
#[derive(Clone, Copy)]
struct Register(Width, u8);

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.letter(), self.1)
    }
}

/// A register or an immediate.
enum Operand {
    Register(Register),
    Imm(i32),
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Register(register) => register.fmt(f),
            Operand::Imm(imm) => imm.fmt(f),
        }
    }
}

/// `r1 + 8`, `r1 - 8`.
struct Sum(u8, i32);

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.1 < 0 { '-' } else { '+' };
        write!(f, "r{} {sign} {}", self.0, self.1.unsigned_abs())
    }
}

/// `(r1 + 8)`.
struct Address(u8, i32);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", Sum(self.0, self.1))
    }
}

/// `+5`, or a label.
enum Target<'a> {
    Name(&'a str),
    Slots(i32),
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Name(name) => f.write_str(name),
            Target::Slots(slots) => write!(f, "{slots:+}"),
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
