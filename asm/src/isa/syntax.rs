//! What an instruction looks like in text: the key by which parser and printer meet the table.

/// The width of an arithmetic or jump instruction, and of a register's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Width {
    /// 32 bits: `w0`…`w10`.
    W32,
    /// 64 bits: `r0`…`r10`.
    W64,
}

/// The right-hand side of an arithmetic, store or jump instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rhs {
    /// An immediate (`K`).
    Imm,
    /// A register (`X`).
    Reg,
}

/// The size of a memory access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Size {
    /// One byte.
    B,
    /// Two bytes.
    H,
    /// Four bytes.
    W,
    /// Eight bytes.
    DW,
}

/// An arithmetic operation that is written `dst OP= rhs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AluOp {
    /// `+=`
    Add,
    /// `-=`
    Sub,
    /// `*=`
    Mul,
    /// `/=`
    Div,
    /// `s/=`
    SDiv,
    /// `|=`
    Or,
    /// `&=`
    And,
    /// `<<=`
    Lsh,
    /// `>>=`
    Rsh,
    /// `s>>=`
    Arsh,
    /// `%=`
    Mod,
    /// `s%=`
    SMod,
    /// `^=`
    Xor,
    /// `=`
    Mov,
}

/// A condition of a conditional jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cond {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `s>`
    SGt,
    /// `s>=`
    SGe,
    /// `s<`
    SLt,
    /// `s<=`
    SLe,
    /// `&`
    Set,
}

/// An operation of an atomic read-modify-write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AtomicOp {
    /// `+=`, `atomic_fetch_add`
    Add,
    /// `|=`, `atomic_fetch_or`
    Or,
    /// `&=`, `atomic_fetch_and`
    And,
    /// `^=`, `atomic_fetch_xor`
    Xor,
}

/// A byte swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Swap {
    /// `leN`: to or from little endian.
    Le,
    /// `beN`: to or from big endian.
    Be,
    /// `bswapN`: always.
    Bswap,
}

/// The shape of an instruction's text; one row of the table for each value that is legal.
///
/// In the docs `D` is the register of field `dst`, `S` that of `src`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Syntax {
    /// `D op= S` or `D op= imm`.
    Alu(AluOp, Width, Rhs),
    /// `D = (sN)S`, N = 8, 16, 32.
    MovSx(Width, u8),
    /// `D = addr_space_cast(S, to, from)`.
    AddrSpaceCast,
    /// `D = &(void __percpu *)(S)`, internal to the kernel.
    MovPercpu,
    /// `D = -D`; with [`Rhs::Reg`] `D = -S`, the form `8f` that only the kernel's printer knows.
    Neg(Width, Rhs),
    /// `D = le16 D`, N = 16, 32, 64.
    Swap(Swap, u8),
    /// `D = *(u32 *)(S + off)`; signed: `*(s32 *)`.
    Load(Size, bool),
    /// `*(u32 *)(D + off) = S` or `= imm`.
    Store(Size, Rhs),
    /// `lock *(u32 *)(D + off) += S`.
    Lock(AtomicOp, Size),
    /// `S = atomic_fetch_add((u32 *)(D + off), S)`.
    Fetch(AtomicOp, Size),
    /// `S = xchg_64(D + off, S)`.
    Xchg(Size),
    /// `r0 = cmpxchg_64(D + off, r0, S)`.
    CmpXchg(Size),
    /// `D = load_acquire((u32 *)(S + off))`.
    LoadAcquire(Size),
    /// `store_release((u32 *)(D + off), S)`.
    StoreRelease(Size),
    /// `D = imm64 ll`; with a kind other than 0 `ld_pseudo D, kind, imm`.
    LoadImm64(u8),
    /// `r0 = *(u8 *)skb[imm]`.
    LoadAbs(Size),
    /// `r0 = *(u8 *)skb[S + imm]`.
    LoadInd(Size),
    /// `goto off`.
    Goto,
    /// `gotol imm`.
    Gotol,
    /// `gotox D`.
    Gotox,
    /// `may_goto off`.
    MayGoto,
    /// `if D cond S goto off`, `if D cond imm goto off`.
    If(Cond, Width, Rhs),
    /// `call imm`, a helper by number.
    CallHelper,
    /// `call imm`, a function at a distance (`src` = 1).
    CallLocal,
    /// `call imm`, a kernel function by BTF id (`src` = 2).
    CallKfunc,
    /// `callx D`.
    CallX,
    /// `exit`.
    Exit,
    /// `nospec`, internal to the kernel.
    Nospec,
}
