//! Text: an instruction as LLVM spells it.
//!
//! Where LLVM drops a part of an instruction we print it: the immediate of `skb[r2 + 14]` and the upper half of
//! `ld_pseudo`. What LLVM cannot print is spelled as the kernel does (`kernel/bpf/disasm.c`).

use std::fmt;

use super::{Endian, Insn, Rhs, Size, Syntax, Width};
use crate::text::{Text, Word};

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
        Shown { insn: *self, names }
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

struct Shown<'a> {
    insn: Insn,
    names: Names<'a>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Text::default();
        self.insn.write(&mut text, self.names);
        text.fmt(f)
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

impl Style {
    /// The width of the register beside a memory access.
    fn width(self, size: Size) -> Width {
        if self == Style::Llvm { Width::W64 } else { size.width() }
    }
}

/// Writes the pieces of a line one after the other; `write!` takes ten times as long.
macro_rules! put {
    ($out:ident, $style:ident, $($piece:expr),+) => {{ $($piece.put($out, $style);)+ }};
}

impl Insn {
    /// As [`Self::display`], straight into `out`.
    pub fn write(&self, out: &mut Text, names: Names<'_>) {
        match self.form() {
            Some(form) => self.put(form.syntax, out, Style::Source, &names),
            None => self.raw(out, names.endian),
        }
    }

    /// The text that `llvm-objdump` has for an instruction that it takes to be of this shape.
    pub(crate) fn write_llvm(&self, syntax: Syntax, out: &mut Text) {
        self.put(syntax, out, Style::Llvm, &Names::default());
    }

    fn put(&self, syntax: Syntax, out: &mut Text, style: Style, names: &Names<'_>) {
        use Width::W64;

        let Insn { dst, src, off, imm, .. } = *self;
        let llvm = style == Style::Llvm;
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
                (Rhs::Imm, Some(core)) => put!(out, style, d(width), op.word(), Name(core)),
                _ => put!(out, style, d(width), op.word(), right(width, rhs)),
            },
            Syntax::MovSx(width, bits) => {
                put!(out, style, d(width), " = (s", Name(decimal(bits)), ")", s(width))
            }
            Syntax::AddrSpaceCast => {
                let [a, b, c, e] = imm.to_le_bytes();
                let (from, to) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, e]));
                let (from, to) = (i32::from(from), i32::from(to));
                put!(out, style, d(W64), " = addr_space_cast(", s(W64), ", ", to, ", ", from, ")")
            }
            Syntax::MovPercpu => put!(out, style, d(W64), " = &(void __percpu *)(", s(W64), ")"),
            Syntax::Neg(width, Rhs::Imm) => put!(out, style, d(width), " = -", d(width)),
            Syntax::Neg(width, Rhs::Reg) => put!(out, style, d(width), " = -", s(width)),
            Syntax::Swap(swap, bits) => {
                put!(out, style, d(W64), " = ", swap.word(), Name(decimal(bits)), " ", d(W64))
            }
            Syntax::Load(size, true) => {
                put!(out, style, d(W64), " = *(", Name(size.signed_text()), " *)(", at_src, ")")
            }
            Syntax::Load(size, false) => {
                put!(out, style, d(style.width(size)), " = *(", size.word(), " *)(", at_src, ")")
            }
            Syntax::Store(size, rhs) => {
                put!(out, style, "*(", size.word(), " *)(", at_dst, ") = ", right(style.width(size), rhs))
            }
            Syntax::Lock(op, size) => {
                let op = op.assignment().word();
                put!(out, style, "lock *(", size.word(), " *)(", at_dst, ")", op, s(style.width(size)))
            }
            Syntax::Fetch(op, size) => {
                let s = s(style.width(size));
                put!(
                    out,
                    style,
                    s,
                    " = atomic_fetch_",
                    op.word(),
                    "((",
                    size.word(),
                    " *)(",
                    at_dst,
                    "), ",
                    s,
                    ")"
                )
            }
            Syntax::Xchg(size) => {
                let s = s(style.width(size));
                put!(out, style, s, " = xchg", Name(exchange(size)), "(", at_dst, ", ", s, ")")
            }
            Syntax::CmpXchg(size) => {
                let (r0, s) = (Register(style.width(size), 0), s(style.width(size)));
                put!(out, style, r0, " = cmpxchg", Name(exchange(size)), "(", at_dst, ", ", r0, ", ", s, ")")
            }
            Syntax::LoadAcquire(size) => {
                put!(out, style, d(style.width(size)), " = load_acquire((", size.word(), " *)(", at_src, "))")
            }
            Syntax::StoreRelease(size) => {
                put!(
                    out,
                    style,
                    "store_release((",
                    size.word(),
                    " *)(",
                    at_dst,
                    "), ",
                    s(style.width(size)),
                    ")"
                )
            }
            Syntax::LoadImm64(kind) => match names.symbol.or(names.core) {
                Some(symbol) => put!(out, style, d(W64), " = ", Name(symbol), " ll"),
                None if kind == 0 => put!(out, style, d(W64), " = ", self.imm64(), " ll"),
                None => {
                    let blank = if llvm { "\t" } else { " " };
                    put!(
                        out,
                        style,
                        "ld_pseudo",
                        Name(blank),
                        d(W64),
                        ", ",
                        i32::from(kind),
                        ", ",
                        self.imm64()
                    )
                }
            },
            Syntax::LoadAbs(size) => put!(out, style, "r0 = *(", size.word(), " *)skb[", imm, "]"),
            Syntax::LoadInd(size) if imm == 0 || llvm => {
                put!(out, style, "r0 = *(", size.word(), " *)skb[", s(W64), "]")
            }
            Syntax::LoadInd(size) => {
                put!(out, style, "r0 = *(", size.word(), " *)skb[", Sum(src, imm, None), "]")
            }
            Syntax::Goto => put!(out, style, "goto ", target(off)),
            Syntax::Gotol => put!(out, style, "gotol ", target(imm)),
            Syntax::Gotox => put!(out, style, "gotox ", d(W64)),
            Syntax::MayGoto => put!(out, style, "may_goto ", target(off)),
            Syntax::If(cond, width, rhs) => {
                let (rhs, to) = (right(width, rhs), target(off));
                put!(out, style, "if ", d(width), cond.word(), rhs, " goto ", to)
            }
            Syntax::CallHelper | Syntax::CallLocal | Syntax::CallKfunc => match names.symbol {
                Some(symbol) => put!(out, style, "call ", Name(symbol)),
                None => put!(out, style, "call ", imm),
            },
            Syntax::CallX => put!(out, style, "callx ", d(W64)),
            Syntax::Exit => put!(out, style, "exit"),
            Syntax::Nospec => put!(out, style, "nospec"),
        }
    }

    /// The bytes in the order of memory: 8, or 16 where the instruction has two slots.
    fn raw(&self, out: &mut Text, endian: Endian) {
        out.text("raw");
        for slot in std::iter::once(self.slot(endian)).chain(self.second(endian)) {
            for byte in slot {
                out.text(" ");
                out.byte(byte);
            }
        }
    }
}

/// One piece of a line.
trait Put {
    fn put(&self, out: &mut Text, style: Style);
}

impl Put for &str {
    #[inline(always)]
    fn put(&self, out: &mut Text, _: Style) {
        out.text(self);
    }
}

impl Put for Word {
    #[inline]
    fn put(&self, out: &mut Text, _: Style) {
        out.word(*self);
    }
}

/// A text that is not known in advance.
struct Name<'a>(&'a str);

impl Put for Name<'_> {
    fn put(&self, out: &mut Text, _: Style) {
        out.push_str(self.0);
    }
}

impl Put for i32 {
    #[inline]
    fn put(&self, out: &mut Text, style: Style) {
        i64::from(*self).put(out, style);
    }
}

impl Put for i64 {
    #[inline]
    fn put(&self, out: &mut Text, style: Style) {
        if *self < 0 {
            out.text("-");
        }
        self.unsigned_abs().put(out, style);
    }
}

impl Put for u64 {
    fn put(&self, out: &mut Text, style: Style) {
        match style {
            Style::Source => out.number::<10>(*self),
            Style::Llvm => {
                out.text("0x");
                out.number::<16>(*self);
            }
        }
    }
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

impl Put for Register {
    #[inline]
    fn put(&self, out: &mut Text, _: Style) {
        static NAMES: [[Word; 16]; 2] = [
            words(["w0", "w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9", "w10", "w11"]),
            words(["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"]),
        ];
        out.word(NAMES[self.0 as usize][usize::from(self.1 & 15)]);
    }
}

/// The names of registers, and what stands for those that there are none of.
const fn words(names: [&str; 12]) -> [Word; 16] {
    let (mut words, mut at) = ([Word::new("r?"); 16], 0);
    while at < names.len() {
        words[at] = Word::new(names[at]);
        at += 1;
    }
    words
}

/// A register or an immediate.
enum Operand {
    Register(Register),
    Imm(i32),
}

impl Put for Operand {
    #[inline]
    fn put(&self, out: &mut Text, style: Style) {
        match self {
            Operand::Register(register) => register.put(out, style),
            Operand::Imm(imm) => imm.put(out, style),
        }
    }
}

/// `r1 + 8`, `r1 - 8`, or `r1 +` and what stands for the number.
struct Sum<'a>(u8, i32, Option<&'a str>);

impl Put for Sum<'_> {
    #[inline]
    fn put(&self, out: &mut Text, style: Style) {
        let sign = if self.1 < 0 && self.2.is_none() { " - " } else { " + " };
        put!(out, style, Register(Width::W64, self.0), sign);
        match self.2 {
            Some(text) => out.push_str(text),
            None => u64::from(self.1.unsigned_abs()).put(out, style),
        }
    }
}

/// `+5`, or a label.
enum Target<'a> {
    Name(&'a str),
    Slots(i32),
}

impl Put for Target<'_> {
    fn put(&self, out: &mut Text, style: Style) {
        match self {
            Target::Name(name) => out.push_str(name),
            Target::Slots(slots) => {
                if *slots >= 0 {
                    out.text("+");
                }
                slots.put(out, style);
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
