//! Large `.s` files, read piece by piece: plain instructions become code at once, and only the other lines are kept.
//!
//! A shortcut to the same bytes: where there is something to say, the whole file is for
//! [`compile`](crate::assemble::compile), which knows the places in it.

use std::borrow::Cow;

use super::text::Arena;
use super::{Assembly, Tool};
use crate::assemble::NotPlain;
use crate::diag::{Diagnostic, Diagnostics, FileId, Span, code};
use crate::isa::read::quick;
use crate::isa::{Endian, Insn, SLOT};
use crate::lint::Levels;

/// What was read so far of a `.s` file.
#[derive(Debug)]
pub struct Stream {
    endian: Endian,
    /// The lines that are more than an instruction without a label.
    text: Vec<u8>,
    /// The other lines, in the byte order of the file.
    code: Vec<u8>,
    runs: Vec<Run>,
    /// Whether some are for GNU as.
    gnu: bool,
}

/// Lines of plain instructions without another one between.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Bytes of the other text before them.
    pub at: usize,
    /// Bytes of code up to their end.
    pub end: usize,
}

/// Code that goes between the lines of a text.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// Whether lines of the text were taken away.
    pub any: bool,
    pub code: Vec<u8>,
    pub runs: std::vec::IntoIter<Run>,
    /// Bytes of code that were taken.
    pub taken: usize,
}

impl Stream {
    /// Nothing yet, of a file with so many bytes.
    #[must_use]
    pub fn new(bytes: usize, endian: Endian) -> Self {
        // No line is shorter; room that is not used costs nothing.
        let code = Vec::with_capacity((bytes / "exit\n".len() + 1) * SLOT);
        Self { endian, text: vec![], code, runs: vec![], gnu: false }
    }

    /// Takes the lines of a piece of text; gives how many bytes of it. What is left is a line without its end: it
    /// belongs before the next piece. The last piece of all ends in a line end.
    pub fn take(&mut self, piece: &[u8]) -> usize {
        let end = piece.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let mut at = 0;
        while let Some(rest) = piece.get(at..end).filter(|rest| !rest.is_empty()) {
            let plain = quick::line(rest).or_else(|| quick::gnu_line(rest)).filter(|l| l.label.is_empty());
            let len = match plain.and_then(|line| self.code(&line).map(|()| line.len)) {
                Some(len) => {
                    self.gnu |= !self.gnu && rest[..len].contains(&b'%');
                    len + 1
                }
                None => {
                    let len = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |len| len + 1);
                    self.text.extend_from_slice(&rest[..len]);
                    len
                }
            };
            at += len;
        }
        end
    }

    fn code(&mut self, line: &quick::Line) -> Option<()> {
        if self.endian == Endian::Little && line.hi.is_none() {
            self.code.extend_from_slice(&line.slot);
        } else {
            let (insn, _) = Insn::decode(&line.slot, Endian::Little)?;
            Insn { hi: line.hi, ..insn }.encode(self.endian, &mut self.code);
        }
        let (at, end) = (self.text.len(), self.code.len());
        match self.runs.last_mut().filter(|run| run.at == at) {
            Some(run) => run.end = end,
            None => self.runs.push(Run { at, end }),
        }
        Some(())
    }

    /// The bytes of the object file, in pieces.
    ///
    /// # Errors
    /// [`NotPlain`] where something is to be said about the file, or where its lines depend on each other.
    pub fn finish(self) -> Result<Vec<Cow<'static, [u8]>>, NotPlain> {
        let text = String::from_utf8(self.text).map_err(|_| NotPlain)?;
        // What seems to be an instruction may stand in a comment; how GCC ends a file counts from its end.
        if text.contains("/*") || text.contains("\"GCC: (") {
            return Err(NotPlain);
        }
        let mut diagnostics = Diagnostics::new(Levels::default());
        let arena = Arena::default();
        let mut assembly = Assembly::new(&text, FileId(0), self.endian, &arena, &mut diagnostics);
        assembly.tool = assembly.tool.or(self.gnu.then_some(Tool::Gnu));
        assembly.runs =
            Runs { any: !self.code.is_empty(), code: self.code, runs: self.runs.into_iter(), taken: 0 };
        let file = assembly.whole();
        file.filter(|_| diagnostics.finish().kept.is_empty()).ok_or(NotPlain)
    }
}

impl Assembly<'_, '_> {
    /// Takes the plain instructions that stand before this place.
    pub(super) fn run(&mut self, at: usize) {
        while let Some(run) = self.runs.runs.as_slice().first().copied().filter(|run| run.at <= at) {
            self.runs.runs.next();
            let here = self.location();
            self.lines.emit(here);
            let section = &mut self.sections[self.current];
            if !section.has_bytes() {
                // Nobody reads this: the whole file is assembled again, for its places.
                let d = Diagnostic::error(code::GAS_PLACE, "code among zeros", Span::default());
                self.diagnostics.push(d);
                return;
            }
            let from = std::mem::replace(&mut self.runs.taken, run.end);
            if from == 0 && section.bytes.is_empty() && run.end == self.runs.code.len() {
                section.bytes = std::mem::take(&mut self.runs.code);
            } else {
                section.bytes.extend_from_slice(&self.runs.code[from..run.end]);
            }
        }
    }
}
