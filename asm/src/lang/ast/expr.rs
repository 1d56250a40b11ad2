//! Expressions.

use super::{For, ParamKind, Stmt};
use crate::diag::Span;
use crate::isa::Width;

/// An argument of a macro's use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// `name=`, where it is given.
    pub name: Option<Span>,
    /// What is given.
    pub value: Expr,
}

/// An expression: a constant, a register, a place in memory, a label, a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// All of it.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprKind {
    /// An integer or character.
    Int(u64),
    /// An integer below zero, by its distance from it: what another tool wrote, perhaps without a minus.
    Negative(u64),
    /// Four bytes with dots, the first the most significant.
    Ip4(u32),
    /// A string with its quotes.
    Str,
    /// A name: constant, map, variable, label without its dot, register; of a register, its number and width.
    Name(Option<(u8, Width)>),
    /// `.name`, the place without the dot.
    Label(Span),
    /// `$name`.
    Param,
    /// `#12`, a type.
    Number,
    /// `base->path`.
    Field(Box<Expr>, Vec<Step>),
    /// `base.path` and `base[index]`: a path for `offsetof`, an array type, a part of an argument.
    Path(Box<Expr>, Vec<Step>),
    /// `*(u32 *)(address)`; the place of the type's name.
    Deref(Span, Box<Expr>),
    /// `(u32 *)(address)`; the place of the type's name.
    Cast(Span, Box<Expr>),
    /// `*(u8 *)skb[index]`; the place of the type's name.
    Packet(Span, Box<Expr>),
    /// `-x`, `~x`, `!x`, `+x`.
    Unary(Span, Box<Expr>),
    /// `x + y`; the place of the operator.
    Binary(Span, Box<Expr>, Box<Expr>),
    /// `name(argument, …)`.
    Call(Span, Vec<Expr>),
    /// `{ a, b }` or `{ name: a, … }`: what a variable holds at first.
    Braces(Vec<Arg>),
    /// Elements in a loop, within such braces.
    For(Box<For<Arg>>),
    /// `condition ? value : value`.
    Choice(Box<[Expr; 3]>),
    /// `@defined(name)`, `@defined(name!)`, `@defined($name)`; the place between the parentheses.
    Defined(Span),
    /// `@is(kind, $name)`; the place of `$name`.
    Is(ParamKind, Span),
    /// `{ … }`, a block for a macro.
    Block(Vec<Stmt>),
}

impl Step {
    /// Its place.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Step::Field(name) => *name,
            Step::Index(index) => index.span,
        }
    }
}

/// A step into a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `.name`; the place of the name.
    Field(Span),
    /// `[index]`.
    Index(Expr),
}
