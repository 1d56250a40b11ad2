//! Large files of bare instructions, assembled as they are read.
//!
//! Nobody writes a megabyte of instructions by hand: such a file is another program's output, and what it asks for is
//! speed. Its lines become code one by one, and neither its text nor a tree of it is kept. This is a shortcut to the
//! same object: whatever is not plain, or needs a word about it, is left to [`compile`](super::compile).

use std::collections::HashMap;

use super::Options;
use crate::btf::Strings;
use crate::diag::Source;
use crate::isa::read::{To, quick, read};
use crate::isa::{Code, Dialect, Form, Insn, Syntax};
use crate::object::{Func, Linkage, Object, TEXT};
use crate::uapi::HelperId;

/// From this many bytes on a file is read as a stream.
pub const LARGE: u64 = 256 << 10;

/// What was read so far of a file of bare instructions.
#[derive(Debug, Default)]
pub struct Stream {
    code: Code,
    /// The names of labels.
    names: Strings,
    /// The instruction behind each label, by the place of its name.
    labels: HashMap<u32, usize>,
    /// Jumps, and the names of the labels that they lead to.
    jumps: Vec<(usize, u32)>,
}

/// Here a file ceases to be a stream of plain instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotPlain;

impl Stream {
    /// Nothing yet, of a file with so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        // No line is shorter; room that is not used costs nothing.
        Self { code: Code::with_capacity(bytes / "exit\n".len() + 1), ..Self::default() }
    }

    /// Takes the lines of a piece of text; gives how many bytes of it. What is left is a line without its end: it
    /// belongs before the next piece. The last piece of all ends in a line end.
    ///
    /// # Errors
    /// [`NotPlain`]: the file is for [`compile`](super::compile).
    pub fn take(&mut self, piece: &[u8]) -> Result<usize, NotPlain> {
        let end = piece.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let lines = &piece[..end];
        let mut at = 0;
        while let Some(rest) = lines.get(at..).filter(|rest| !rest.is_empty()) {
            let len = match quick::line(rest) {
                Some(line) if line.label.is_empty() => {
                    self.code.push_slot(line.slot, line.hi);
                    line.len
                }
                _ => self.line(rest).ok_or(NotPlain)?,
            };
            at += len + 1;
        }
        Ok(end)
    }

    /// A line that is not of the most common shape; gives its length.
    fn line(&mut self, text: &[u8]) -> Option<usize> {
        if let Some(len) = quick::empty(text) {
            return Some(len);
        }
        if let Some((name, len)) = quick::label(text) {
            let name = self.name(&text[..len], name)?;
            if self.labels.insert(name, self.code.len()).is_some() {
                return None;
            }
            let rest = &text[len..];
            return Some(len + quick::empty(rest).or_else(|| self.insn(rest))?);
        }
        self.insn(text)
    }

    fn insn(&mut self, text: &[u8]) -> Option<usize> {
        if let Some(line) = quick::line(text) {
            if !line.label.is_empty() {
                let name = self.name(text, line.label)?;
                self.jumps.push((self.code.len(), name));
            }
            self.code.push_slot(line.slot, line.hi);
            return Some(line.len);
        }
        let end = text.iter().position(|b| *b == b'\n').unwrap_or(text.len());
        let line = std::str::from_utf8(&text[..end]).ok().filter(|line| line.is_ascii())?;
        let reading = read(line, Dialect::Native, None).ok()?;
        let insn = match reading.to {
            To::Name(name) => {
                let helper = HelperId::from_name(name.of(line))?;
                Form::of(Syntax::CallHelper)?.insn(0, 0, 0, i64::from(helper.0))
            }
            _ => reading.insn(),
        }?;
        // About these there is something to say.
        let form = Form::of(reading.syntax)?;
        if form.since.is_none() || reading.syntax.written(&insn) == Some(10) {
            return None;
        }
        quick::empty(&text[reading.len..]).filter(|len| reading.len + len <= end)?;
        self.code.push(insn);
        Some(end)
    }

    fn name(&mut self, text: &[u8], name: crate::isa::read::Piece) -> Option<u32> {
        let name = text.get(name.start as usize..name.end as usize)?;
        self.names.add(std::str::from_utf8(name).ok()?).ok()
    }

    /// The object: one function, named like the file.
    ///
    /// # Errors
    /// [`NotPlain`] where something is to be said about it.
    pub fn finish(mut self, file: &str, options: &Options) -> Result<Object, NotPlain> {
        self.resolve().ok_or(NotPlain)?;
        let section = options.section.unwrap_or(TEXT).to_string();
        let func = Func {
            name: Source::symbol_of(file),
            section,
            linkage: Linkage::Global,
            insns: self.code,
            ..Func::default()
        };
        Ok(Object { endian: options.endian, funcs: vec![func], ..Object::default() })
    }

    fn resolve(&mut self) -> Option<()> {
        for (at, name) in std::mem::take(&mut self.jumps) {
            let to = *self.labels.get(&name).filter(|to| **to < self.code.len())?;
            let slot = |insn| i64::try_from(self.code.slot_of(insn)).ok();
            let distance = slot(to)? - slot(at)? - 1;
            let insn = self.code.get(at)?;
            let off = i16::try_from(distance).ok()?;
            self.code.set(at, Insn { off, ..insn });
        }
        // A distance leads to an instruction, and the last one leads nowhere.
        let mut slot = 0;
        for insn in &self.code {
            slot += insn.slots();
            let distance = match insn.code & 7 {
                5 | 6 => insn.form()?.syntax.distance(&insn).map(i64::from),
                _ => None,
            };
            if let Some(distance) = distance {
                let target = i64::try_from(slot).ok()? + distance;
                self.code.at_slot(usize::try_from(target).ok()?)?;
            }
        }
        self.code.last()?.ends().then_some(())
    }
}
