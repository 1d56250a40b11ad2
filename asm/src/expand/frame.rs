//! Where statements stand: in a function, or in the use of a macro.

use std::collections::{HashMap, HashSet};

use super::eval::Value;
use super::types::TyId;
use crate::diag::Span;

/// A function's body or one use of a macro. Views, stack slots and labels belong to one frame.
#[derive(Debug, Default)]
pub(super) struct Frame<'a> {
    /// The macro's arguments by name, without `$`.
    pub(super) args: HashMap<&'a str, Value>,
    /// Views, the newest last; `None`: its declaration was wrong and has been reported.
    pub(super) views: Vec<(&'a str, Option<View>)>,
    /// Stack slots: offset from r10 and type; `None` as above.
    pub(super) slots: Vec<(&'a str, Option<(i32, TyId)>)>,
    /// Labels that the statements define.
    pub(super) labels: HashSet<&'a str>,
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
