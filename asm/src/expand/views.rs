//! Views on registers that a call destroys.

use super::ChainId;
use super::body::Body;
use crate::diag::Span;
use crate::isa::Syntax;

/// A view that was declared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declaration {
    /// Instructions before it.
    pub(super) at: usize,
    /// Its base register.
    pub(super) reg: u8,
}

/// A load or store through a view.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    /// The instruction.
    pub(super) insn: usize,
    /// The base register.
    pub(super) reg: u8,
    /// The operand.
    pub(super) span: Span,
    /// The use of a macro that it stands in.
    pub(super) chain: Option<ChainId>,
}

/// For registers r0 to r5, the call that last destroyed them, on some path.
type Destroyed = [Option<usize>; 6];

/// The uses through a register that a call may have destroyed since it was last written or viewed: index of
/// the use and of the call.
///
/// A forward analysis: at a join, what one path destroyed is destroyed. Each register changes at most once
/// from whole to destroyed, so it ends.
pub(super) fn stale(body: &Body) -> Vec<(usize, usize)> {
    let insns = &body.insns;
    let scratch = |reg: u8| usize::from(reg) < 6;
    if !body.uses.iter().any(|u| scratch(u.reg)) {
        return vec![];
    }
    let mut before: Vec<Option<Destroyed>> = vec![None; insns.len()];
    let mut work = vec![(0, Destroyed::default())];
    while let Some((at, state)) = work.pop() {
        let Some(known) = before.get_mut(at) else { continue };
        let joined = match known {
            None => state,
            Some(known) => std::array::from_fn(|i| known[i].or(state[i])),
        };
        if *known == Some(joined) {
            continue;
        }
        *known = Some(joined);

        let mut after = joined;
        let here = body.views.partition_point(|d| d.at < at);
        let declared = body.views[here..].iter().take_while(|d| d.at == at);
        for declared in declared.filter(|d| scratch(d.reg)) {
            after[usize::from(declared.reg)] = None;
        }
        let Some(insn) = insns.get(at) else { continue };
        match insn.insn.form().map(|f| f.syntax) {
            Some(Syntax::CallHelper | Syntax::CallLocal | Syntax::CallKfunc | Syntax::CallX) => {
                after = [Some(at); 6]
            }
            Some(syntax) => {
                if let Some(written) = syntax.written(&insn.insn).filter(|r| scratch(*r)) {
                    after[usize::from(written)] = None;
                }
            }
            None => {}
        }
        if let Some(target) = insn.target.and_then(|t| body.target(t)) {
            work.push((target, after));
        }
        if !insn.insn.ends() {
            work.push((at + 1, after));
        }
    }
    let destroyed = |u: &Use| {
        let viewed_here = body.views.iter().any(|d| d.at == u.insn && d.reg == u.reg);
        if viewed_here {
            None
        } else {
            before.get(u.insn)?.as_ref()?.get(usize::from(u.reg)).copied().flatten()
        }
    };
    body.uses.iter().enumerate().filter_map(|(i, u)| Some((i, destroyed(u)?))).collect()
}
