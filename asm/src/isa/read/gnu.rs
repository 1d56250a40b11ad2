//! GNU as in its normal syntax: a mnemonic, then operands with commas between.
//!
//! Sources: binutils 2.40 `cpu/bpf.cpu`, 2.41 and later `opcodes/bpf-opc.c`.

use super::super::{AluOp, AtomicOp, Cond, Rhs, Size, Swap, Syntax, Width};
use super::cursor::{Cursor, Read, Register};
use super::{Number, Reading, Wrong};
use Width::{W32, W64};

/// What follows a mnemonic.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operands {
    /// `dst, src` or `dst, imm`.
    Alu(AluOp, Width),
    /// `dst, src, bits`.
    MovSx(Width),
    /// `dst`.
    Neg(Width),
    /// `dst, bits`.
    Swap(Swap),
    /// `dst, imm`.
    Lddw,
    /// `imm`.
    Absolute(Size),
    /// `src, imm`.
    Indirect(Size),
    /// `dst, [src+off]`.
    Load(Size, bool),
    /// `[dst+off], src`.
    Memory(Syntax),
    /// `[dst+off], imm`.
    Store(Size),
    /// `target`.
    Jump(Syntax),
    /// `dst, src, target` or `dst, imm, target`.
    If(Cond, Width),
}

impl Cursor<'_> {
    /// Takes what follows a mnemonic. None if GNU as does not have it.
    pub(super) fn gnu(&mut self, word: &str) -> Read<Option<Reading>> {
        let Some(operands) = mnemonic(word) else { return Ok(None) };
        self.percent = true;
        self.operands(operands).map(Some)
    }

    fn operands(&mut self, operands: Operands) -> Read<Reading> {
        Ok(match operands {
            Operands::Alu(op, width) => {
                let dst = self.gnu_register(width)?;
                self.comma()?;
                self.rhs(dst, width, |rhs| Syntax::Alu(op, width, rhs))?
            }
            Operands::MovSx(width) => {
                let dst = self.gnu_register(width)?;
                self.comma()?;
                let src = self.gnu_register(width)?;
                self.comma()?;
                let bits = self.bits("8, 16 or 32")?;
                Reading { dst, src, ..Reading::new(Syntax::MovSx(width, bits)) }
            }
            Operands::Neg(width) => {
                let dst = self.gnu_register(width)?;
                Reading { dst, ..Reading::new(Syntax::Neg(width, Rhs::Imm)) }
            }
            Operands::Swap(swap) => {
                let dst = self.gnu_register(W64)?;
                self.comma()?;
                let bits = self.bits("16, 32 or 64")?;
                Reading { dst, ..Reading::new(Syntax::Swap(swap, bits)) }
            }
            Operands::Lddw => {
                let dst = self.gnu_register(W64)?;
                self.comma()?;
                Reading { dst, imm: self.number()?, ll: true, ..Reading::new(Syntax::LoadImm64(0)) }
            }
            Operands::Absolute(size) => {
                Reading { imm: self.number()?, ..Reading::new(Syntax::LoadAbs(size)) }
            }
            Operands::Indirect(size) => {
                let src = self.gnu_register(W64)?;
                self.comma()?;
                Reading { src, imm: self.number()?, ..Reading::new(Syntax::LoadInd(size)) }
            }
            Operands::Load(size, signed) => {
                let dst = self.gnu_register(W64)?;
                self.comma()?;
                let (src, off) = self.brackets()?;
                Reading { dst, src, off, ..Reading::new(Syntax::Load(size, signed)) }
            }
            Operands::Memory(syntax) => {
                let (dst, off) = self.brackets()?;
                self.comma()?;
                Reading { dst, src: self.gnu_register(W64)?, off, ..Reading::new(syntax) }
            }
            Operands::Store(size) => {
                let (dst, off) = self.brackets()?;
                self.comma()?;
                Reading { dst, imm: self.number()?, off, ..Reading::new(Syntax::Store(size, Rhs::Imm)) }
            }
            Operands::Jump(syntax) => {
                let (to, place) = self.target()?;
                Reading { to, place, ..Reading::new(syntax) }
            }
            Operands::If(cond, width) => {
                let dst = self.gnu_register(width)?;
                self.comma()?;
                let reading = self.rhs(dst, width, |rhs| Syntax::If(cond, width, rhs))?;
                self.comma()?;
                let (to, place) = self.target()?;
                Reading { to, place, ..reading }
            }
        })
    }

    fn comma(&mut self) -> Read<()> {
        self.expect(b',', "`,`")
    }

    /// Takes a register. They are all named `%r`; `%w` is taken where the operation has 32 bits.
    fn gnu_register(&mut self, width: Width) -> Read<u8> {
        self.blanks();
        let start = self.at;
        let register = self.some_register()?;
        self.gnu_width(start, register, width)
    }

    fn gnu_width(&self, start: usize, (found, number): Register, width: Width) -> Read<u8> {
        if (found, width) == (W32, W64) {
            return Err(self.error(start, Wrong::Width(W64)));
        }
        Ok(number)
    }

    /// A register or an immediate.
    fn rhs(&mut self, dst: u8, width: Width, syntax: impl Fn(Rhs) -> Syntax) -> Read<Reading> {
        self.blanks();
        let start = self.at;
        if let Some(register) = self.register()? {
            let src = self.gnu_width(start, register, width)?;
            return Ok(Reading { dst, src, ..Reading::new(syntax(Rhs::Reg)) });
        }
        Ok(Reading { dst, imm: self.number()?, ..Reading::new(syntax(Rhs::Imm)) })
    }

    /// A number of bits that is part of the instruction.
    fn bits(&mut self, what: &'static str) -> Read<u8> {
        self.blanks();
        let at = self.at;
        let bits = self.number()?.int.and_then(|bits| u8::try_from(bits).ok());
        bits.filter(|bits| [8, 16, 32, 64].contains(bits))
            .ok_or_else(|| self.error(at, Wrong::Expected(what)))
    }

    /// `[%r1+8]`; binutils 2.40 prints `[%r1+-8]`.
    fn brackets(&mut self) -> Read<(u8, Number)> {
        self.expect(b'[', "`[`")?;
        let sum = self.sum(b']')?;
        self.expect(b']', "`]`")?;
        Ok(sum)
    }
}

/// Whether GNU as has an instruction of that name, in its normal syntax, with operands.
#[must_use]
pub fn is_mnemonic(word: &str) -> bool {
    mnemonic(word).is_some()
}

pub(super) fn mnemonic(word: &str) -> Option<Operands> {
    let (stem, width) = match word.strip_suffix("32") {
        Some(stem) => (stem, W32),
        None => (word, W64),
    };
    if let Some(op) = alu(stem) {
        return Some(Operands::Alu(op, width));
    }
    Some(match stem {
        "movs" => Operands::MovSx(width),
        "neg" => Operands::Neg(width),
        "acmp" => Operands::Memory(Syntax::CmpXchg(size(width))),
        "axchg" => Operands::Memory(Syntax::Xchg(size(width))),
        _ if width == W32 => return jump(stem, width).or_else(|| atomic(stem, width)),
        "lddw" => Operands::Lddw,
        "endle" => Operands::Swap(Swap::Le),
        "endbe" => Operands::Swap(Swap::Be),
        "bswap" => Operands::Swap(Swap::Bswap),
        "ja" => Operands::Jump(Syntax::Goto),
        "jal" => Operands::Jump(Syntax::Gotol),
        "jcond" => Operands::Jump(Syntax::MayGoto),
        // The names that atomic addition had until binutils 2.40.
        "xaddw" => Operands::Memory(Syntax::Lock(AtomicOp::Add, Size::W)),
        "xadddw" => Operands::Memory(Syntax::Lock(AtomicOp::Add, Size::DW)),
        _ => return jump(stem, width).or_else(|| memory(stem)).or_else(|| atomic(stem, width)),
    })
}

fn alu(stem: &str) -> Option<AluOp> {
    Some(match stem {
        "add" => AluOp::Add,
        "sub" => AluOp::Sub,
        "mul" => AluOp::Mul,
        "div" => AluOp::Div,
        "sdiv" => AluOp::SDiv,
        "or" => AluOp::Or,
        "and" => AluOp::And,
        "lsh" => AluOp::Lsh,
        "rsh" => AluOp::Rsh,
        "arsh" => AluOp::Arsh,
        "mod" => AluOp::Mod,
        "smod" => AluOp::SMod,
        "xor" => AluOp::Xor,
        "mov" => AluOp::Mov,
        _ => return None,
    })
}

fn jump(stem: &str, width: Width) -> Option<Operands> {
    let cond = match stem.strip_prefix('j')? {
        "eq" => Cond::Eq,
        "ne" => Cond::Ne,
        "gt" => Cond::Gt,
        "ge" => Cond::Ge,
        "lt" => Cond::Lt,
        "le" => Cond::Le,
        "sgt" => Cond::SGt,
        "sge" => Cond::SGe,
        "slt" => Cond::SLt,
        "sle" => Cond::SLe,
        "set" => Cond::Set,
        _ => return None,
    };
    Some(Operands::If(cond, width))
}

/// `ldxw`, `ldxsw`, `stxw`, `stw`, `ldabsw`, `ldindw`.
fn memory(stem: &str) -> Option<Operands> {
    let bytes = |stem: &str| match stem {
        "b" => Some(Size::B),
        "h" => Some(Size::H),
        "w" => Some(Size::W),
        "dw" => Some(Size::DW),
        _ => None,
    };
    let shape =
        |prefix: &str, shape: &dyn Fn(Size) -> Operands| stem.strip_prefix(prefix).and_then(bytes).map(shape);
    shape("ldxs", &|size| Operands::Load(size, true))
        .or_else(|| shape("ldx", &|size| Operands::Load(size, false)))
        .or_else(|| shape("stx", &|size| Operands::Memory(Syntax::Store(size, Rhs::Reg))))
        .or_else(|| shape("st", &Operands::Store))
        .or_else(|| shape("ldabs", &Operands::Absolute))
        .or_else(|| shape("ldind", &Operands::Indirect))
}

/// `aadd`, `afadd`.
fn atomic(stem: &str, width: Width) -> Option<Operands> {
    let stem = stem.strip_prefix('a')?;
    let fetch = stem.strip_prefix('f').and_then(AtomicOp::from_text);
    let syntax = match fetch {
        Some(op) => Syntax::Fetch(op, size(width)),
        None => Syntax::Lock(AtomicOp::from_text(stem)?, size(width)),
    };
    Some(Operands::Memory(syntax))
}

fn size(width: Width) -> Size {
    match width {
        W32 => Size::W,
        W64 => Size::DW,
    }
}
