//! Call frames: `.debug_frame` and `.eh_frame` (DWARF 5, section 6.4).

use goblin::elf::section_header::{SHF_ALLOC, SHT_PROGBITS};

use super::super::cursor::{Cursor, Res};
use super::super::symbol::{Location, SymbolId, Value};
use super::super::{Assembly, data};
use crate::diag::{Diagnostic, Span, code};

/// The frames of a text.
#[derive(Debug, Default)]
pub(in super::super) struct Frames {
    /// Whether `.eh_frame` and `.debug_frame` are wanted; without a word about it only the first is.
    wanted: Option<(bool, bool)>,
    /// Where functions begin and end.
    frames: Vec<(Location, Location)>,
    /// Where the one begins that has no end yet.
    open: Option<(Location, Span)>,
}

impl<'a> Assembly<'a, '_> {
    /// `.cfi_sections .debug_frame`.
    pub(in super::super) fn cfi_sections(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        let (mut eh, mut debug) = (false, false);
        loop {
            match c.name() {
                Some(".eh_frame") => eh = true,
                Some(".debug_frame") => debug = true,
                _ => return Err(c.wrong("expected `.debug_frame` or `.eh_frame`")),
            }
            if !c.more()? {
                break;
            }
        }
        self.frames.wanted = Some((eh, debug));
        Ok(())
    }

    /// `.cfi_startproc`, also with `simple`, which leaves out what there is nothing of here.
    pub(in super::super) fn cfi_start(&mut self, c: &mut Cursor<'a>, start: usize) -> Res<()> {
        if let Some(word) = c.name()
            && word != "simple"
        {
            return Err(c.wrong("expected nothing or `simple`"));
        }
        if self.frames.open.is_some() {
            return Err(self.misplaced(".cfi_startproc", start, "the one before has no `.cfi_endproc`"));
        }
        let span = self.span(start, start + ".cfi_startproc".len());
        self.frames.open = Some((self.location(), span));
        Ok(())
    }

    /// `.cfi_endproc`.
    pub(in super::super) fn cfi_end(&mut self, name: &str, start: usize) -> Res<()> {
        let end = self.location();
        match self.frames.open.take() {
            Some((begin, _)) if begin.section == end.section => self.frames.frames.push((begin, end)),
            Some(_) => return Err(self.misplaced(name, start, "its `.cfi_startproc` is in another section")),
            None => return Err(self.misplaced(name, start, "no `.cfi_startproc` stands before it")),
        }
        Ok(())
    }

    /// Makes the sections of the frames, where there will be some, in their place among the others.
    pub(in super::super) fn frame_sections(&mut self) {
        if self.frames.frames.is_empty() {
            return;
        }
        let (eh, debug) = self.frames.wanted.unwrap_or((true, false));
        if eh {
            self.made_section(".eh_frame", u64::from(SHF_ALLOC), 0, 8);
        }
        if debug {
            self.made_section(".debug_frame", 0, 0, 8);
        }
    }

    /// A section that directives may have made before.
    pub(super) fn made_section(&mut self, name: &'a str, flags: u64, entry: u64, align: u64) -> usize {
        let number = match self.known.get(&(name, None)) {
            Some(number) => *number,
            None => self.new_section(name, SHT_PROGBITS, flags, entry, None),
        };
        let section = &mut self.sections[number];
        section.align = section.align.max(align);
        let symbol = section.symbol;
        self.symbols.list(symbol);
        number
    }

    /// Writes the frames.
    pub(in super::super) fn write_frames(&mut self) {
        if let Some((_, start)) = self.frames.open {
            let d = Diagnostic::error(code::GAS_PLACE, "`.cfi_startproc`: it has no `.cfi_endproc`", start);
            self.diagnostics.push(d);
        }
        self.frame_sections();
        let frames = std::mem::take(&mut self.frames.frames);
        for (name, debug) in [(".eh_frame", false), (".debug_frame", true)] {
            let wanted = self.frames.wanted.unwrap_or((true, false));
            if let Some(section) =
                self.known.get(&(name, None)).copied().filter(|_| if debug { wanted.1 } else { wanted.0 })
                && !frames.is_empty()
            {
                let symbol = self.sections[section].symbol;
                self.frames_to(section, &frames, debug.then_some(symbol));
            }
        }
    }

    /// One entry that all share, and one for each function. `debug` is the symbol of `.debug_frame`.
    fn frames_to(&mut self, section: usize, frames: &[(Location, Location)], debug: Option<SymbolId>) {
        let mut to = self.generated();
        // A length; the entry from here on, padded with DW_CFA_nop so that entries are aligned.
        let begin = |to: &mut super::Generated| {
            to.out.u32(0);
            to.out.bytes.len()
        };
        let end = |to: &mut super::Generated, start: usize, align: usize| {
            let aligned = to.out.bytes.len().next_multiple_of(align);
            to.out.bytes.resize(aligned, 0);
            let len = u32::try_from(to.out.bytes.len() - start).unwrap_or(u32::MAX);
            let bytes = crate::btf::bytes::u32_bytes(len, to.out.endian);
            to.out.bytes[start - 4..start].copy_from_slice(&bytes);
        };
        let start = begin(&mut to);
        let version = match (debug, self.dwarf_version()) {
            (None, _) | (Some(_), 2) => 1,
            (Some(_), 3) => 3,
            _ => 4,
        };
        to.out.u32(if debug.is_some() { u32::MAX } else { 0 });
        to.out.u8(version);
        to.out.bytes.extend_from_slice(if debug.is_some() { b"\0" } else { b"zR\0" });
        if version >= 4 {
            // Size of an address, and of a segment selector.
            to.out.u8(8);
            to.out.u8(0);
        }
        // Lengths count in instructions, data in steps, as LLVM has them for eBPF: 8 and -4.
        data::leb128(8, false, &mut to.out.bytes);
        data::leb128(-4, true, &mut to.out.bytes);
        // The register of the return address, as LLVM numbers it.
        to.out.u8(11);
        if debug.is_none() {
            // One byte follows: addresses are of 8 bytes (DW_EH_PE_sdata8).
            to.out.u8(1);
            to.out.u8(0x0c);
        }
        end(&mut to, start, if debug.is_some() { 8 } else { 4 });
        for (first, last) in frames {
            let start = begin(&mut to);
            match debug {
                Some(symbol) => to.value(4, Value::symbol(symbol)),
                // How far back the shared entry begins.
                None => to.out.u32(u32::try_from(start).unwrap_or(u32::MAX)),
            }
            let place = self.place(*first);
            to.value(8, Value::symbol(place));
            to.out.u64(self.bytes_between(*first, *last));
            if debug.is_none() {
                to.out.u8(0);
            }
            end(&mut to, start, 8);
        }
        self.append(section, to);
    }
}
