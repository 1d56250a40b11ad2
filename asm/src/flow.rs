//! How control goes: from instruction to instruction, and from block to block.

use std::ops::Range;

use crate::isa::Insn;

/// `BPF_JMP` and `BPF_JMP32`, the instruction classes of jumps (RFC 9669 section 4.3).
const JUMPS: [u8; 2] = [5, 6];

/// How an instruction goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// With the next one.
    On,
    /// With its target, or the next one.
    Branch,
    /// With its target.
    Jump,
    /// Not at all.
    End,
}

/// How control leaves an instruction. None where that cannot be told: a computed jump, a byte that is no jump of ours.
#[inline]
pub(crate) fn flow(insn: &Insn) -> Option<Flow> {
    if insn.code & 7 == 0 && !matches!(insn.code, 0x18 | 0x20 | 0x28 | 0x30 | 0x40 | 0x48 | 0x50) {
        return None;
    }
    if !JUMPS.contains(&(insn.code & 7)) {
        return Some(Flow::On);
    }
    Some(match insn.code {
        0x05 | 0x06 => Flow::Jump,
        0x95 => Flow::End,
        0x85 => Flow::On,
        0xe5 => Flow::Branch,
        // Calls and jumps through registers.
        0x8d | 0x0d => return None,
        code if (0x10..0xe0).contains(&code) && !matches!(code >> 4, 8 | 9) => Flow::Branch,
        _ => return None,
    })
}

/// A function as blocks: runs of instructions that control enters at the first and leaves at the last.
#[derive(Debug)]
pub(crate) struct Graph {
    /// The first instruction of each block, and the number of all instructions.
    starts: Vec<u32>,
    /// For each block the one behind it and the one that it jumps to; [`NONE`] behind `exit`, or off the end.
    next: Vec<[u32; 2]>,
}

/// No block, no instruction.
const NONE: u32 = u32::MAX;

impl Graph {
    /// The blocks of so many instructions, at least one, of which these do not just go on with the next one: which it
    /// is, how it goes on, and with which target. A target beyond the end leads nowhere.
    pub fn new(count: usize, jumps: impl Iterator<Item = (usize, Flow, Option<usize>)>) -> Self {
        let mut begins = vec![false; count + 1];
        begins[0] = true;
        begins[count] = true;
        let jumps: Vec<_> = jumps
            .map(|(at, flow, target)| {
                let target = target.filter(|target| *target < count);
                if let Some(target) = target {
                    begins[target] = true;
                }
                begins[at + 1] = true;
                (number(at), flow, target.map_or(NONE, number))
            })
            .collect();
        let starts: Vec<u32> = (0..).zip(&begins).filter(|(_, begins)| **begins).map(|(at, _)| at).collect();
        let blocks = starts.len() - 1;
        let block = |at: u32| starts.binary_search(&at).map_or(NONE, number);
        let mut jumps = jumps.into_iter().peekable();
        let next = (0..blocks).map(|i| {
            let after = if i + 1 < blocks { number(i + 1) } else { NONE };
            match jumps.next_if(|(at, ..)| at + 1 == starts[i + 1]) {
                Some((_, Flow::End, _)) => [NONE, NONE],
                Some((_, Flow::Jump, target)) => [NONE, block(target)],
                Some((_, _, target)) => [after, block(target)],
                None => [after, NONE],
            }
        });
        let next = next.collect();
        Self { starts, next }
    }

    /// How many blocks there are.
    pub fn len(&self) -> usize {
        self.next.len()
    }

    /// The instructions of a block.
    pub fn insns(&self, block: usize) -> Range<usize> {
        self.starts[block] as usize..self.starts[block + 1] as usize
    }

    /// The blocks that may follow.
    #[inline]
    pub fn next(&self, block: usize) -> impl Iterator<Item = usize> {
        let [after, target] = self.leaves(block);
        after.into_iter().chain(target)
    }

    /// The block that control goes on with when it does not jump, and the one that it jumps to.
    #[inline]
    pub fn leaves(&self, block: usize) -> [Option<usize>; 2] {
        self.next[block].map(|next| (next != NONE).then_some(next as usize))
    }

    /// Whether control may come back to where it was: some block leads to itself, or to one before it.
    pub fn has_loops(&self) -> bool {
        (0..self.len()).any(|block| self.next(block).any(|next| next <= block))
    }
}

/// The number of an instruction or a block: there are far fewer than 2³².
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(NONE)
}
