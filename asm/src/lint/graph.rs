//! The blocks of a function of source text.

use crate::expand::PlainFunc;
use crate::flow::{Flow, Graph, flow};
use crate::isa::{Code, Insn};

/// The blocks of a function. None where its paths cannot be told for sure: where something goes on at a place that
/// nobody knows.
pub(super) fn graph(func: &PlainFunc) -> Option<Graph> {
    let count = func.insns.len();
    let mut jumps = vec![];
    for (at, insn) in func.insns.code().iter().enumerate() {
        let flow = flow(&insn)?;
        if flow == Flow::On {
            // A call by distance leads to a place in this function; so may the address of one, which something may call.
            let is_near = insn.code == 0x85 && insn.src == 1 || insn.hi.is_some() && insn.src == 4;
            if is_near && func.symbol(at).is_none() {
                return None;
            }
            continue;
        }
        let target = match (flow, func.insns.target(at)) {
            (Flow::End, _) => None,
            (_, Some(label)) => Some(func.labels[label.index()].at.filter(|at| *at < count)?),
            (_, None) => Some(by_distance(func.insns.code(), at, &insn).filter(|at| *at < count)?),
        };
        jumps.push((at, flow, target));
    }
    Some(Graph::new(count, jumps.into_iter()))
}

/// Where a jump that is given as a number of slots leads.
fn by_distance(code: &Code, at: usize, insn: &Insn) -> Option<usize> {
    let distance = if insn.code == 0x06 { i64::from(insn.imm) } else { i64::from(insn.off) };
    let target = i64::try_from(code.slot_of(at)).ok()? + 1 + distance;
    code.at_slot(usize::try_from(target).ok()?)
}
