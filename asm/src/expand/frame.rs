//! Where statements stand: in a function, in the use of a macro, in a block or a round of a loop.

use super::Expander;
use super::eval::{Int, Value};
use super::types::TyId;
use crate::diag::Span;
use crate::lang::ast::Stmt;

/// A function's body, one use of a macro, one use of a block, one round of a loop. Views, stack slots and labels
/// belong to one frame; the last two also see those of the frame that they were written in.
#[derive(Debug, Default)]
pub(super) struct Frame<'a> {
    /// The macro's arguments by name, without `$`.
    pub(super) args: Vec<(&'a str, Value)>,
    /// Views, the newest last; `None`: its declaration was wrong and has been reported.
    pub(super) views: Vec<(&'a str, Option<View>)>,
    /// Stack slots: offset from r10 and type; `None` as above.
    pub(super) slots: Vec<(&'a str, Option<(i32, TyId)>)>,
    /// The statements.
    pub(super) stmts: &'a [Stmt],
    /// Told apart from all other frames of the function; 0: the function itself.
    pub(super) number: usize,
    /// The frame that a block or loop was written in.
    pub(super) outer: Option<usize>,
    /// A macro's parameters that the use did not give.
    pub(super) absent: Vec<&'a str>,
    /// The arguments of a constant function, which its value names without `$`.
    pub(super) constants: Vec<(&'a str, Int)>,
    /// The round of a loop: its only argument is the loop's variable.
    pub(super) round: bool,
}

/// A typed name for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct View {
    /// The base register.
    pub(super) reg: u8,
    /// Bytes from it.
    pub(super) off: i64,
    /// What stands there.
    pub(super) ty: TyId,
    /// Where it was declared, and how many instructions stood before.
    pub(super) span: Span,
    /// Instructions of the function before the declaration.
    pub(super) at: usize,
}

impl Frame<'_> {
    /// The argument for a parameter.
    pub(super) fn arg(&self, name: &str) -> Option<Value> {
        self.args.iter().find(|arg| arg.0 == name).map(|arg| arg.1)
    }
}

impl<'a> Expander<'a> {
    /// The frames whose names the statements here see, the innermost first.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &Frame<'a>> {
        std::iter::successors(self.frames.last(), |frame| self.frames.get(frame.outer?))
    }
}
