//! Instructions put in and taken out, with all that counts them moved along.

use std::ops::Range;

use thiserror::Error;

use super::{Func, Reloc};
use crate::elf::{CALL, PSEUDO_CALL};
use crate::isa::{Insn, SLOT};

/// Why instructions cannot be put in or taken out; the function is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EditError {
    /// There are no such instructions.
    #[error("the function has {len} instructions, so {start}..{end} is no range of them")]
    Range {
        /// The first one that was asked for.
        start: usize,
        /// The one behind the last.
        end: usize,
        /// How many there are.
        len: usize,
    },
    /// A jump would lead further than its field can say.
    #[error("instruction {insn} would jump {distance} slots, which does not fit")]
    TooFar {
        /// Which instruction, as the function is.
        insn: usize,
        /// How many slots it would jump.
        distance: i64,
    },
}

/// A change of a stretch: what is counted before and behind it, in the unit of what is moved.
struct Shift {
    start: u64,
    end: u64,
    /// Where what stood at the end stands now.
    moved: u64,
}

impl Shift {
    /// Where a place is now. What was named within the stretch, or at its start, is its start.
    fn place(&self, at: u64) -> u64 {
        match at {
            at if at <= self.start => at,
            at if at < self.end => self.start,
            at => at - self.end + self.moved,
        }
    }

    /// The same for one that may lie before the function.
    fn signed(&self, at: i64) -> i64 {
        u64::try_from(at).map_or(at, |at| i64::try_from(self.place(at)).unwrap_or(i64::MAX))
    }
}

impl Func {
    /// Replaces instructions by others: with an empty range these are put in before it, without others the range is taken
    /// out. Jumps, distances of calls, references, source lines, CO-RE records and further symbols stay with the
    /// instructions that they belong to.
    ///
    /// Jumps to what is replaced, and to the place where something is put in, lead to the first of the new instructions,
    /// which have the source line of that place. What belongs to an instruction that is taken out goes with it, but for a
    /// source line that goes on behind it. Jumps within the new instructions are left as they are. Only this function is
    /// changed: that another calls across it by a mere distance ([`Reloc::NONE`]), or that data hold places in it, nobody
    /// knows here.
    ///
    /// ```
    /// # use bpfasm_asm::assemble::{Options, compile};
    /// # use bpfasm_asm::diag::Sources;
    /// # use bpfasm_asm::disasm;
    /// use bpfasm_asm::isa::{Endian, Insn};
    ///
    /// # let mut sources = Sources::default();
    /// # let text = "prog p: \"socket\" {\n    if r1 == 0 goto .end\n    r0 = 1\n    exit\n.end:\n    r0 = 0\n    exit\n}\n";
    /// # let root = sources.add("p.bpfasm", text);
    /// # let mut object = compile(&mut sources, root, &Options::default()).object.ok_or("there are errors")?;
    /// // if r1 == 0 goto .end; r0 = 1; exit; .end: r0 = 0; exit
    /// let func = &mut object.funcs[0];
    /// let nop = Insn { code: 0x05, ..Insn::default() };
    /// func.splice(3..3, &[nop])?;
    /// func.splice(1..2, &[])?;
    /// // The jump over the `r0 = 1` that is gone leads to what was put in.
    /// let text: Vec<String> = disasm::instructions(&object)[0].iter().map(|insn| insn.text.clone()).collect();
    /// assert_eq!(text, ["if r1 == 0 goto .l2", "exit", "goto .l3", "r0 = 0", "exit"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A range that the function does not have, or a jump that would be too long. Nothing is changed then.
    pub fn splice(&mut self, range: Range<usize>, insns: &[Insn]) -> Result<(), EditError> {
        let Range { start, end } = range;
        let len = self.insns.len();
        if start > end || end > len {
            return Err(EditError::Range { start, end, len });
        }
        let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let new: usize = insns.iter().map(Insn::slots).sum();
        let (first, last) = (self.insns.slot_of(start), self.insns.slot_of(end));
        let slots = Shift { start: wide(first), end: wide(last), moved: wide(first + new) };
        let old: Vec<Insn> = self.insns.iter().collect();
        let mut all = Vec::with_capacity(len - (end - start) + insns.len());
        let mut slot = 0i64;
        let mut refs = self.refs.iter().peekable();
        for (index, insn) in old.iter().enumerate() {
            if index == start {
                all.extend_from_slice(insns);
            }
            let mut counts = true;
            while let Some(r) = refs.next_if(|r| r.insn <= index) {
                counts &= r.insn != index || r.reloc.as_deref() == Some(&Reloc::NONE);
            }
            if !(start..end).contains(&index) {
                // What was the start of the stretch is behind what is put in, where an instruction stands itself.
                let here = if index < start { slot } else { slot - i64_of(last) + i64_of(first + new) };
                all.push(moved(index, insn, (slot, here), counts, &slots)?);
            }
            slot += i64_of(insn.slots());
        }
        if start == len {
            all.extend_from_slice(insns);
        }
        self.insns = all.into();
        self.move_along(start..end, insns.len(), &slots);
        Ok(())
    }

    /// Moves what stands beside the instructions.
    fn move_along(&mut self, Range { start, end }: Range<usize>, new: usize, slots: &Shift) {
        let gone = |insn: usize| (start..end).contains(&insn);
        let moved = |insn: usize| if insn < end { insn } else { insn - end + start + new };
        self.refs.retain(|r| !gone(r.insn));
        self.refs.iter_mut().for_each(|r| r.insn = moved(r.insn));
        self.core.retain(|relo| !gone(relo.insn));
        self.core.iter_mut().for_each(|relo| relo.insn = moved(relo.insn));
        // A source line holds until the next one: the last of those that go is that of what follows.
        let index = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let followed = self.lines.iter().any(|line| index(line.insn) == end);
        let left = self.insns.len() > start + new && !followed;
        let (mut before, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.lines).into_iter().partition(|line| index(line.insn) < start);
        let (within, behind): (Vec<_>, Vec<_>) = rest.into_iter().partition(|line| index(line.insn) < end);
        let last = within.iter().map(|line| line.insn).max();
        for mut line in within {
            let at_start = index(line.insn) == start;
            if at_start && new > 0 {
                before.push(line);
            } else if left && Some(line.insn) == last {
                line.insn = number(start + new);
                before.push(line);
            }
        }
        for mut line in behind {
            // What is put in has the line of the place where it is.
            line.insn = if start == end && index(line.insn) == start {
                line.insn
            } else {
                number(index(line.insn) - end + start + new)
            };
            before.push(line);
        }
        self.lines = before;
        let bytes = |n: u64| n.saturating_mul(u64::try_from(SLOT).unwrap_or(8));
        let bytes = Shift { start: bytes(slots.start), end: bytes(slots.end), moved: bytes(slots.moved) };
        for label in &mut self.labels {
            let end = bytes.place(u64::from(label.offset) + u64::from(label.size));
            let offset = bytes.place(label.offset.into());
            label.offset = u32::try_from(offset).unwrap_or(u32::MAX);
            if label.size != 0 {
                label.size = u32::try_from(end.saturating_sub(offset)).unwrap_or(u32::MAX);
            }
        }
    }
}

fn i64_of(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// An instruction that stood at a slot and stands at another now: with the distance to where it leads, if it has one.
fn moved(
    index: usize,
    insn: &Insn,
    (before, here): (i64, i64),
    counts: bool,
    slots: &Shift,
) -> Result<Insn, EditError> {
    let call = insn.code == CALL && insn.src == PSEUDO_CALL;
    let distance = match insn.form().and_then(|form| form.syntax.distance(insn)) {
        Some(distance) => i64::from(distance),
        None if call && counts => insn.imm.into(),
        None => return Ok(*insn),
    };
    let distance = slots.signed(before + 1 + distance) - here - 1;
    let fit = if call {
        i32::try_from(distance).ok().map(|imm| Insn { imm, ..*insn })
    } else {
        insn.with_distance(distance)
    };
    fit.ok_or(EditError::TooFar { insn: index, distance })
}
