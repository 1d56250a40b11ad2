//! The blocks of a function, and which follows which.

use crate::expand::PlainFunc;
use crate::isa::Code;

/// A function as blocks: runs of instructions that control enters at the first and leaves at the last.
#[derive(Debug)]
pub(super) struct Graph {
    /// The first instruction of each block, and the number of all instructions.
    starts: Vec<u32>,
    /// For each block its one or two followers; [`NONE`] behind `exit`, or off the end.
    next: Vec<[u32; 2]>,
}

/// No block.
const NONE: u32 = u32::MAX;

/// `BPF_JMP` and `BPF_JMP32`, the instruction classes of jumps (RFC 9669 section 4.3).
const JUMPS: [u8; 2] = [5, 6];

/// How an instruction goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// With the next one.
    On,
    /// With its target, or the next one.
    Branch,
    /// With its target.
    Jump,
    /// Not at all.
    End,
}

/// How control leaves an instruction. None where that cannot be told: a computed jump, a call by distance, a byte that
/// is no jump of ours.
pub(super) fn flow(func: &PlainFunc, at: usize) -> Option<Flow> {
    let insn = &func.insns[at].insn;
    if insn.code & 7 == 0 && !matches!(insn.code, 0x18 | 0x20 | 0x28 | 0x30 | 0x40 | 0x48 | 0x50) {
        return None;
    }
    if !JUMPS.contains(&(insn.code & 7)) {
        return Some(Flow::On);
    }
    Some(match insn.code {
        0x05 | 0x06 => Flow::Jump,
        0x95 => Flow::End,
        // Without a name, it leads to a place in this function.
        0x85 if insn.src == 1 && func.symbol(at).is_none() => return None,
        0x85 => Flow::On,
        0xe5 => Flow::Branch,
        // Calls and jumps through registers.
        0x8d | 0x0d => return None,
        code if (0x10..0xe0).contains(&code) && !matches!(code >> 4, 8 | 9) => Flow::Branch,
        _ => return None,
    })
}

impl Graph {
    /// The blocks of a function. None where its paths cannot be told for sure.
    pub(super) fn new(func: &PlainFunc) -> Option<Self> {
        let count = func.insns.len();
        let mut begins = vec![false; count + 1];
        begins[0] = true;
        begins[count] = true;
        let mut code = None;
        let mut jumps = vec![];
        for (at, plain) in func.insns.iter().enumerate() {
            let flow = flow(func, at)?;
            if flow == Flow::On {
                // The address of a place in this function, which something may call.
                if plain.insn.hi.is_some() && plain.insn.src == 4 && func.symbol(at).is_none() {
                    return None;
                }
                continue;
            }
            let target = match (flow, plain.target) {
                (Flow::End, _) => None,
                (_, Some(label)) => Some(func.labels[label.index()].at.filter(|at| *at < count)?),
                (_, None) => Some(by_distance(func, at, &mut code).filter(|at| *at < count)?),
            };
            if let Some(target) = target {
                begins[target] = true;
            }
            begins[at + 1] = true;
            jumps.push((number(at), flow, target.map_or(NONE, number)));
        }
        let starts: Vec<u32> = (0..).zip(&begins).filter(|(_, begins)| **begins).map(|(at, _)| at).collect();
        let blocks = starts.len() - 1;
        let block = |at: u32| starts.binary_search(&at).map_or(NONE, number);
        let mut jumps = jumps.into_iter().peekable();
        let next = (0..blocks).map(|i| {
            let after = if i + 1 < blocks { number(i + 1) } else { NONE };
            match jumps.next_if(|(at, ..)| at + 1 == starts[i + 1]) {
                Some((_, Flow::End, _)) => [NONE, NONE],
                Some((_, Flow::Jump, target)) => [block(target), NONE],
                Some((_, _, target)) => [after, block(target)],
                None => [after, NONE],
            }
        });
        let next = next.collect();
        Some(Self { starts, next })
    }

    /// How many blocks there are.
    pub(super) fn len(&self) -> usize {
        self.next.len()
    }

    /// The instructions of a block.
    pub(super) fn insns(&self, block: usize) -> std::ops::Range<usize> {
        self.starts[block] as usize..self.starts[block + 1] as usize
    }

    /// The blocks that may follow.
    pub(super) fn next(&self, block: usize) -> impl Iterator<Item = usize> {
        self.next[block].into_iter().filter(|next| *next != NONE).map(|next| next as usize)
    }

    /// Whether control may come back to where it was: some block leads to itself, or to one before it.
    pub(super) fn has_loops(&self) -> bool {
        (0..self.len()).any(|block| self.next(block).any(|next| next <= block))
    }
}

/// Where a jump that is given as a number of slots leads.
fn by_distance(func: &PlainFunc, at: usize, code: &mut Option<Code>) -> Option<usize> {
    let code = code.get_or_insert_with(|| func.insns.iter().map(|plain| plain.insn).collect());
    let insn = &func.insns[at].insn;
    let distance = if insn.code == 0x06 { i64::from(insn.imm) } else { i64::from(insn.off) };
    let target = i64::try_from(code.slot_of(at)).ok()? + 1 + distance;
    code.at_slot(usize::try_from(target).ok()?)
}

/// The number of an instruction or a block: there are far fewer than 2³².
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(NONE)
}
