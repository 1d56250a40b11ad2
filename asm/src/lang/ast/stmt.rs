//! Statements.

use super::{Arg, Control, Expr, For, FurtherSymbol, TypeExpr};
use crate::diag::Span;
use crate::isa::{AluOp, AtomicOp, Code, Cond, Swap, Syntax};

/// A statement in the body of a program, function or macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stmt {
    /// All of it.
    pub span: Span,
    /// What it is.
    pub kind: StmtKind,
}

/// Instructions that stand line by line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// The instructions.
    pub code: Code,
    /// First byte of each in the source, and one past the last.
    pub places: Vec<(u32, u32)>,
}

/// What the source says about the next instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// `@file "x.c"`: the file of the lines that follow; a string with its quotes.
    File(Span),
    /// `@line 12:5 "text"`: where it comes from: line, column and, in quotes, the text of that line.
    Line(Expr, Expr, Option<Span>),
    /// `@relo TYPE "0:1" KIND`: a value in it that depends on a type of the running kernel.
    Relo(Relo),
    /// `@reloc KIND BASE + 4`: a relocation of it.
    Reloc(Reloc),
}

/// `@reloc KIND BASE [+ ADDEND] [within N] [to PLACE]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reloc {
    /// A name or a number; without, it is the one that `to` gets by itself.
    pub kind: Option<Span>,
    /// What it counts from; of `none` there is nothing.
    pub base: Option<Expr>,
    /// What it adds, and whether that is subtracted.
    pub addend: Option<(bool, Expr)>,
    /// How many bytes behind the start of the instruction or address it stands.
    pub within: Option<Expr>,
    /// What the instruction or address means.
    pub to: Option<Expr>,
}

/// `@relo TYPE "0:1" KIND`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relo {
    /// The type.
    pub ty: TypeExpr,
    /// What of it is meant: a string with its quotes.
    pub access: Span,
    /// What is asked about it: a name or a number.
    pub kind: Span,
}

/// What a statement is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StmtKind {
    /// `view NAME = register [+ offset]: type`.
    View(Span, Expr, TypeExpr),
    /// `stack { name: type, … }`.
    Stack(Vec<(Span, TypeExpr)>),
    /// `name:` or `.name:`; the name without dot and colon.
    Label(Span),
    /// Lines of instructions that need nothing from around them.
    Run(Box<Run>),
    /// An instruction in another tool's spelling.
    Foreign(Box<Foreign>),
    /// `.8byte value, …` and its relatives: how many bytes each has, and the values.
    Bytes(u8, Vec<Expr>),
    /// `raw 95 00 …`: 8 or 16 bytes; fewer at the end of a section that ends so.
    Raw(Vec<u8>),
    /// `alias NAME at N size N`.
    Alias(Box<FurtherSymbol>),
    /// `name! argument, … { … }`; blocks are arguments, too.
    Macro(Span, Vec<Arg>),
    /// `$name`: the block that is a macro's argument.
    Block,
    /// `@if`, `@assert`, `@error`.
    Control(Box<Control<Stmt>>),
    /// `@for`.
    For(Box<For>),
    /// `@file`, `@line`, `@relo`: what is known about the next instruction.
    Record(Box<Record>),
    /// `dst op= value`.
    Assign(Expr, AluOp, Expr),
    /// `dst = value ll`.
    AssignWide(Expr, Expr),
    /// `dst = be16 src`.
    AssignSwap(Expr, Swap, u8, Expr),
    /// `dst = (s8)src`.
    AssignSigned(Expr, u8, Expr),
    /// `dst = &(void __percpu *)(src)`.
    AssignPercpu(Expr, Expr),
    /// `lock place op= value`.
    Lock(Expr, AtomicOp, Expr),
    /// `name(argument, …)` as a statement: `store_release`.
    Apply(Expr),
    /// `ld_pseudo dst, kind, value`.
    LoadPseudo(Expr, Expr, Expr),
    /// `if left cond right goto target`.
    If(Expr, Cond, Expr, Target),
    /// `goto target` and its relatives.
    Goto(Jump, Target),
    /// `gotox register`.
    Gotox(Expr),
    /// `call name`.
    Call(Callee),
    /// `callx register`.
    CallX(Expr),
    /// `exit`.
    Exit,
    /// `nospec`.
    Nospec,
}

/// An instruction in another tool's spelling: what the reader made of it, and its parts as expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The shape.
    pub syntax: Syntax,
    /// The register in field `dst`.
    pub dst: u8,
    /// The register in field `src`.
    pub src: u8,
    /// The offset of a place in memory, where one is written.
    pub off: Option<Expr>,
    /// The immediate, where one is written.
    pub imm: Option<Expr>,
    /// Where it jumps to.
    pub target: Option<Target>,
    /// What it calls.
    pub callee: Option<Callee>,
}

/// A jump without a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Jump {
    /// `goto`.
    Goto,
    /// `gotol`.
    Gotol,
    /// `may_goto`.
    MayGoto,
}

/// Where a jump goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A label, without its dot.
    Label(Span),
    /// `1f`, `1b`: the next or the last numeric label of that number.
    Local(Span),
    /// `+5`, `-5`, `pc+5`: slots from the next instruction.
    Offset(Span, Expr),
    /// `$name`.
    Param(Span),
}

impl Target {
    /// Its place.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Target::Label(span) | Target::Local(span) | Target::Offset(span, _) | Target::Param(span) => {
                *span
            }
        }
    }
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callee {
    /// `call name`: a helper or a function.
    Name(Span),
    /// `call 12` and `call helper 12`.
    Helper(Expr),
    /// `call kfunc 1234`.
    Kfunc(Expr),
    /// `call pc+5`: slots from the next instruction.
    Offset(Expr),
}
