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

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.insn.write(f, self.names)
    }
}

/// How numbers and registers of narrow accesses are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// As source text has them.
    Source,
    /// As `llvm-objdump` prints them: hexadecimal, `rN` beside a narrow load or store, and without parts that LLVM
    /// drops.
    Llvm,
}

/// Where text goes, and how it is spelled.
struct Out<'w, W> {
    to: &'w mut W,
    style: Style,
}

impl<W: fmt::Write> Out<'_, W> {
    #[inline]
    fn text(&mut self, text: &str) -> fmt::Result {
        self.to.write_str(text)
    }

    /// The width of the register beside a memory access.
    fn width(&self, size: Size) -> Width {
        if self.style == Style::Llvm { Width::W64 } else { size.width() }
    }
}

/// Writes the pieces of a line one after the other; `write!` takes three times as long.
macro_rules! put {
    ($f:ident, $($piece:expr),+) => {{
        $($piece.put($f)?;)+
        Ok(())
    }};
}

impl Insn {
    /// As [`Self::display`], straight into `out`.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut impl fmt::Write, names: Names<'_>) -> fmt::Result {
        match self.form() {
            Some(form) => self.put(form.syntax, &mut Out { to: out, style: Style::Source }, names),
            None => self.raw(out, names.endian),
        }
    }

    /// The text that `llvm-objdump` has for an instruction that it takes to be of this shape.
    pub(crate) fn write_llvm(&self, syntax: Syntax, out: &mut impl fmt::Write) -> fmt::Result {
        self.put(syntax, &mut Out { to: out, style: Style::Llvm }, Names::default())
    }

    fn put<W: fmt::Write>(&self, syntax: Syntax, f: &mut Out<'_, W>, names: Names<'_>) -> fmt::Result {
        use Width::W64;

        let Insn { dst, src, off, imm, .. } = *self;
        let llvm = f.style == Style::Llvm;
        let off = i32::from(off);
        let d = |width| Register(width, dst);
        let s = |width| Register(width, src);
        let right = |width, rhs| match rhs {
            Rhs::Imm => Operand::Imm(imm),
            Rhs::Reg => Operand::Register(Register(width, src)),
        };
        let target = |slots| match names.target {
            Some(name) => Target::Name(name),
            None => Target::Slots(slots),
        };
        let (at_dst, at_src) = (Sum(dst, off, names.core), Sum(src, off, names.core));
        match syntax {
            Syntax::Alu(op, width, rhs) => match (rhs, names.core) {
                (Rhs::Imm, Some(core)) => put!(f, d(width), " ", op.text(), " ", core),
                _ => put!(f, d(width), " ", op.text(), " ", right(width, rhs)),
            },
            Syntax::MovSx(width, bits) => put!(f, d(width), " = (s", decimal(bits), ")", s(width)),
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
                put!(f, d(W64), " = ", swap.text(), decimal(bits), " ", d(W64))
            }
            Syntax::Load(size, signed) => {
                let (width, text) =
                    if signed { (W64, size.signed_text()) } else { (f.width(size), size.text()) };
                put!(f, d(width), " = *(", text, " *)(", at_src, ")")
            }
            Syntax::Store(size, rhs) => {
                put!(f, "*(", size.text(), " *)(", at_dst, ") = ", right(f.width(size), rhs))
            }
            Syntax::Lock(op, size) => {
                let op = op.assignment().text();
                put!(f, "lock *(", size.text(), " *)(", at_dst, ") ", op, " ", s(f.width(size)))
            }
            Syntax::Fetch(op, size) => {
                let s = s(f.width(size));
                put!(f, s, " = atomic_fetch_", op.text(), "((", size.text(), " *)(", at_dst, "), ", s, ")")
            }
            Syntax::Xchg(size) => {
                let s = s(f.width(size));
                put!(f, s, " = xchg", exchange(size), "(", at_dst, ", ", s, ")")
            }
            Syntax::CmpXchg(size) => {
                let (r0, s) = (Register(f.width(size), 0), s(f.width(size)));
                put!(f, r0, " = cmpxchg", exchange(size), "(", at_dst, ", ", r0, ", ", s, ")")
            }
            Syntax::LoadAcquire(size) => {
                put!(f, d(f.width(size)), " = load_acquire((", size.text(), " *)(", at_src, "))")
            }
            Syntax::StoreRelease(size) => {
                put!(f, "store_release((", size.text(), " *)(", at_dst, "), ", s(f.width(size)), ")")
            }
            Syntax::LoadImm64(kind) => match names.symbol.or(names.core) {
                Some(symbol) => put!(f, d(W64), " = ", symbol, " ll"),
                None if kind == 0 => put!(f, d(W64), " = ", self.imm64(), " ll"),
                None => {
                    let blank = if llvm { "\t" } else { " " };
                    put!(f, "ld_pseudo", blank, d(W64), ", ", i32::from(kind), ", ", self.imm64())
                }
            },
            Syntax::LoadAbs(size) => put!(f, "r0 = *(", size.text(), " *)skb[", imm, "]"),
            Syntax::LoadInd(size) if imm == 0 || llvm => {
                put!(f, "r0 = *(", size.text(), " *)skb[", s(W64), "]")
            }
            Syntax::LoadInd(size) => put!(f, "r0 = *(", size.text(), " *)skb[", Sum(src, imm, None), "]"),
            Syntax::Goto => put!(f, "goto ", target(off)),
            Syntax::Gotol => put!(f, "gotol ", target(imm)),
            Syntax::Gotox => put!(f, "gotox ", d(W64)),
            Syntax::MayGoto => put!(f, "may_goto ", target(off)),
            Syntax::If(cond, width, rhs) => {
                let (rhs, to) = (right(width, rhs), target(off));
                put!(f, "if ", d(width), " ", cond.text(), " ", rhs, " goto ", to)
            }
            Syntax::CallHelper | Syntax::CallLocal | Syntax::CallKfunc => match names.symbol {
                Some(symbol) => put!(f, "call ", symbol),
                None => put!(f, "call ", imm),
            },
            Syntax::CallX => put!(f, "callx ", d(W64)),
            Syntax::Exit => f.text("exit"),
            Syntax::Nospec => f.text("nospec"),
        }
    }

    /// The bytes in the order of memory: 8, or 16 where the instruction has two slots.
    fn raw(&self, f: &mut impl fmt::Write, endian: Endian) -> fmt::Result {
        let mut bytes = Vec::with_capacity(16);
        self.encode(endian, &mut bytes);
        f.write_str("raw")?;
        bytes.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
    }
}

/// One piece of a line.
trait Put<W> {
    fn put(&self, f: &mut Out<'_, W>) -> fmt::Result;
}

impl<W: fmt::Write> Put<W> for &str {
    #[inline]
    fn put(&self, f: &mut Out<'_, W>) -> fmt::Result {
        f.text(self)
    }
}

impl<W: fmt::Write> Put<W> for i32 {
    fn put(&self, f: &mut Out<'_, W>) -> fmt::Result {
        i64::from(*self).put(f)
    }
}

impl<W: fmt::Write> Put<W> for i64 {
    fn put(&self, f: &mut Out<'_, W>) -> fmt::Result {
        if *self < 0 {
            f.text("-")?;
        }
        self.unsigned_abs().put(f)
    }
}

impl<W: fmt::Write> Put<W> for u64 {
    fn put(&self, f: &mut Out<'_, W>) -> fmt::Result {
        match f.style {
            Style::Source => f.text(digits::<10>(*self, &mut [0; 20])),
            Style::Llvm => {
                f.text("0x")?;
                f.text(digits::<16>(*self, &mut [0; 20]))
            }
        }
    }
}

/// The digits of a number; `write!` takes three times as long.
pub(crate) fn digits<const BASE: u64>(mut number: u64, space: &mut [u8; 20]) -> &str {
    let mut at = space.len();
    for place in space.iter_mut().rev() {
        *place = b"0123456789abcdef"[usize::try_from(number % BASE).unwrap_or(0)];
        number /= BASE;
        at -= 1;
        if number == 0 {
            break;
        }
    }
    str::from_utf8(&space[at..]).unwrap_or_default()
}

/// The bits of what is swapped or extended.
fn decimal(bits: u8) -> &'static str {
    match bits {
        8 => "8",
        16 => "16",
        32 => "32",
        _ => "64",
    }
}

/// `r1`, `w1`; the number is one that the table has, or 11, which LLVM prints too.
#[derive(Clone, Copy)]
struct Register(Width, u8);

impl<W: fmt::Write> Put<W> for Register {
    #[inline]
    fn put(&self, f: &mut Out<'_, W>) -> fmt::Result {
        const NAMES: [[&str; 12]; 2] = [
            ["w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9", "w10", "w11"],
            ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"],
        ];
        f.text(NAMES[self.0 as usize].get(usize::from(self.1)).unwrap_or(&"r?"))
    }
}

/// A register or an immediate.
enum Operand {
    Register(Register),
    Imm(i32),
}

impl<W: fmt::Write> Put<W> for Operand {
    fn put(&self, f: &mut Out<'_, W>) -> fmt::Result {
        match self {
            Operand::Register(register) => register.put(f),
            Operand::Imm(imm) => imm.put(f),
        }
    }
}

/// `r1 + 8`, `r1 - 8`, or `r1 +` and what stands for the number.
struct Sum<'a>(u8, i32, Option<&'a str>);

impl<W: fmt::Write> Put<W> for Sum<'_> {
    fn put(&self, f: &mut Out<'_, W>) -> fmt::Result {
        Register(Width::W64, self.0).put(f)?;
        if let Some(text) = self.2 {
            f.text(" + ")?;
            return f.text(text);
        }
        f.text(if self.1 < 0 { " - " } else { " + " })?;
        u64::from(self.1.unsigned_abs()).put(f)
    }
}

/// `+5`, or a label.
enum Target<'a> {
    Name(&'a str),
    Slots(i32),
}

impl<W: fmt::Write> Put<W> for Target<'_> {
    fn put(&self, f: &mut Out<'_, W>) -> fmt::Result {
        match self {
            Target::Name(name) => f.text(name),
            Target::Slots(slots) => {
                f.text(if *slots < 0 { "" } else { "+" })?;
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
