//! Where statements stand: in a function, or in the use of a macro.

use super::eval::Value;
use super::types::TyId;
use crate::diag::Span;
use crate::lang::ast::Stmt;

/// A function's body or one use of a macro. Views, stack slots and labels belong to one frame.
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
