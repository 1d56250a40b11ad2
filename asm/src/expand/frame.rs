//! Where statements stand: in a function, in the use of a macro, in a block or a round of a loop.

use super::Expander;
use super::eval::{Int, Value};
use super::types::TyId;
use crate::diag::{Diagnostic, Span, code};
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
    /// The use of the macro, or the call of the constant function, that this is the body of.
    pub(super) used: Option<Span>,
}

/// What tells mistakes apart: where it is, what it is, and the use of a macro that made it one.
pub(super) type Mistake = (Span, String, Option<Span>);

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
    #[inline]
    pub(super) fn arg(&self, name: &str) -> Option<&Value> {
        self.args.iter().find(|arg| arg.0 == name).map(|arg| &arg.1)
    }

    /// Whether a word stands for a value that the use chose. Registers, labels, maps and strings are all alike: what
    /// is wrong with one is wrong with the others.
    fn chooses(&self, word: &str) -> bool {
        let value = word.strip_prefix('$').and_then(|name| self.arg(name));
        matches!(value, Some(Value::Int(_) | Value::Mem(_) | Value::Type(_)))
            || self.constants.iter().any(|constant| constant.0 == word)
    }
}

impl<'a> Expander<'a> {
    /// The frames whose names the statements here see, the innermost first.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &Frame<'a>> {
        std::iter::successors(self.frames.last(), |frame| self.frames.get(frame.outer?))
    }

    /// What tells this mistake apart. One in the body of a macro is the same at each use; what a use chose is wrong
    /// at that use.
    pub(super) fn mistake(&self, d: &Diagnostic) -> Mistake {
        (d.primary.span, d.message.clone(), self.use_at_fault(d))
    }

    /// The outermost use of a macro that chose what is wrong.
    fn use_at_fault(&self, d: &Diagnostic) -> Option<Span> {
        let span = d.primary.span;
        // Whose field it is stands beside it.
        let mut text = if d.code == code::FIELD { self.sources.line(span).2 } else { self.text(span) };
        // What a macro says of itself, it says to its user.
        let mut said = matches!(d.code, code::SAID | code::WARNED | code::ASSERTION);
        let (mut top, mut fault) = (self.frames.len(), None);
        while let Some(innermost) = top.checked_sub(1) {
            let mut scopes = std::iter::successors(Some(innermost), |at| self.frames[*at].outer);
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
            let found = scopes.find_map(|at| {
                let frame = &self.frames[at];
                let chosen = said || text.split(|c| !is_word(c)).any(|word| frame.chooses(word));
                Some((at, frame.used.filter(|_| chosen)?))
            });
            let Some((at, used)) = found else { break };
            (top, fault, text, said) = (at, Some(used), self.text(used), false);
        }
        fault
    }
}
