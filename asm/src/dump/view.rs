//! The view for people: columns of slots, bytes, text and what the text refers to, below source lines.

use std::io::{self, Write};

use super::item::{Item, items, target};
use super::out::Out;
use super::words::{reference, seen, source};
use crate::isa::SLOT;
use crate::object::{Func, Line, Object};
use crate::text::Text;

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// The lines of the source.
    pub source: bool,
    /// The bytes of instructions.
    pub bytes: bool,
    /// Colours of a terminal.
    pub colour: bool,
}

/// The column of text at which the column of references begins.
pub(super) const REFERENCES: usize = 40;

pub(super) const BOLD: &str = "\x1b[1m";
pub(super) const RED: &str = "\x1b[31m";
pub(super) const GREEN: &str = "\x1b[32m";
pub(super) const CYAN: &str = "\x1b[36m";
pub(super) const GREY: &str = "\x1b[90m";
pub(super) const PLAIN: &str = "\x1b[0m";

impl View {
    /// Lists functions, with an empty line between.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write(&self, object: &Object, funcs: &[&Func], to: &mut dyn Write) -> io::Result<()> {
        let mut out = Out::new(to);
        for (i, func) in funcs.iter().enumerate() {
            if i > 0 {
                out.end()?;
            }
            self.func(&mut out, object, func)?;
        }
        out.flush()
    }

    fn func(&self, out: &mut Out, object: &Object, func: &Func) -> io::Result<()> {
        self.colour(out, BOLD);
        out.text("section ");
        out.push_str(&seen(&func.section));
        out.text(": ");
        out.push_str(&seen(if func.name.is_empty() { "(no name)" } else { &func.name }));
        self.colour(out, PLAIN);
        out.end()?;
        let labels = labels(func);
        let (mut space, mut last) = (Text::default(), None);
        for item in items(object, func) {
            if labels[item.slot] {
                self.colour(out, BOLD);
                out.text(".l");
                out.decimal(as_u64(item.slot));
                out.text(":");
                self.colour(out, PLAIN);
                out.end()?;
            }
            if self.source
                && let Some(line) = item.line
                && last != Some((line.file, line.line))
            {
                last = Some((line.file, line.line));
                self.source(out, object, line)?;
            }
            self.insn(out, object, &item, &mut space)?;
        }
        Ok(())
    }

    /// `; prog.c:12  if (x)`.
    fn source(&self, out: &mut Out, object: &Object, line: &Line) -> io::Result<()> {
        self.colour(out, CYAN);
        out.text("; ");
        let _ = source(&mut **out, object, line);
        self.colour(out, PLAIN);
        out.end()
    }

    fn insn(&self, out: &mut Out, object: &Object, item: &Item, space: &mut Text) -> io::Result<()> {
        self.slot(out, item.slot);
        if self.bytes {
            self.slot_bytes(out, item.insn.slot(object.endian));
        }
        let start = out.len();
        item.write(out, space);
        if item.has_reference() {
            let written = out.len() - start;
            out.blanks(REFERENCES.saturating_sub(written).max(2));
            self.colour(out, GREEN);
            out.text("; ");
            let _ = reference(&mut **out, item);
            self.colour(out, PLAIN);
        }
        out.end()?;
        if let Some(second) = item.insn.second(object.endian).filter(|_| self.bytes) {
            self.slot(out, item.slot + 1);
            self.slot_bytes(out, second);
            out.trim();
            out.end()?;
        }
        Ok(())
    }

    fn slot(&self, out: &mut Out, slot: usize) {
        self.colour(out, GREY);
        out.right::<10>(as_u64(slot), 8);
        out.text(":  ");
        self.colour(out, PLAIN);
    }

    fn slot_bytes(&self, out: &mut Out, bytes: [u8; SLOT]) {
        self.colour(out, GREY);
        out.hex(bytes);
        self.colour(out, PLAIN);
        out.text(" ");
    }

    pub(super) fn colour(&self, out: &mut Out, colour: &str) {
        if self.colour {
            out.push_str(colour);
        }
    }
}

/// For each slot whether a jump lands at it.
fn labels(func: &Func) -> Vec<bool> {
    let (mut labels, mut slot) = (vec![false; func.slots()], 0);
    for insn in func.insns.iter() {
        if let Some(label) = target(slot, &insn).and_then(|slot| labels.get_mut(slot)) {
            *label = true;
        }
        slot += insn.slots();
    }
    labels
}

pub(super) fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
