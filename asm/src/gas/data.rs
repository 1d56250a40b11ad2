//! Directives that give bytes.

use goblin::elf::sym::STT_OBJECT;

use super::cursor::{Cursor, Res};
use super::section::{Fill, FixupKind, Part, PartKind};
use super::symbol::{Binding, Place, SymbolId, Value};
use super::{Assembly, MOST, Tool};
use crate::diag::{Diagnostic, Span, code};
use crate::isa::Endian;

impl<'a> Assembly<'a, '_> {
    /// Counts bytes that the file gets from a directive: fails where they are too many.
    pub(super) fn make(&mut self, len: u64, span: Span) -> Res<()> {
        if len > MOST - self.made {
            return Err(too_many(len, span));
        }
        self.made += len;
        Ok(())
    }

    /// Counts bytes that the section gets from a directive.
    fn room(&mut self, len: u64, span: Span) -> Res<()> {
        let section = self.section();
        if section.has_bytes() {
            return self.make(len, span);
        }
        if len > u64::from(u32::MAX) - section.room { Err(too_many(len, span)) } else { Ok(()) }
    }

    /// Appends bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8], span: Span) -> Res<()> {
        self.lines.emit(self.location());
        let section = self.section();
        if section.has_bytes() {
            section.bytes.extend_from_slice(bytes);
            return Ok(());
        }
        if bytes.iter().any(|b| *b != 0) {
            let message = format!("section `{}` holds zeros only", section.name);
            return Err(Box::new(Diagnostic::error(code::GAS_PLACE, message, span)));
        }
        self.repeat(0, bytes.len() as u64, span)
    }

    /// Appends a byte so many times.
    fn repeat(&mut self, byte: u8, count: u64, span: Span) -> Res<()> {
        self.room(count, span)?;
        self.lines.emit(self.location());
        let section = self.section();
        if !section.has_bytes() {
            section.room += count;
            if byte != 0 && count > 0 {
                return self.bytes(&[byte], span);
            }
            return Ok(());
        }
        let len = section.bytes.len() + usize::try_from(count).unwrap_or(0);
        section.bytes.resize(len, byte);
        Ok(())
    }

    /// `.long 1, foo+4, .Lend-.Lbegin`.
    pub(super) fn numbers(&mut self, c: &mut Cursor<'a>, size: u8) -> Res<()> {
        if c.done() {
            return Ok(());
        }
        loop {
            c.blanks();
            let start = c.at;
            let value = self.expression(c)?;
            let span = c.span(start);
            self.list(value);
            self.lines.emit(self.location());
            match value.absolute() {
                Some(number) => {
                    check_size(number, size, span)?;
                    let (bytes, len) = number_bytes(number, size, self.endian);
                    self.bytes(&bytes[..len], span)?;
                }
                None => {
                    if !self.section().has_bytes() {
                        let message = format!("section `{}` holds zeros only", self.section().name);
                        return Err(Box::new(Diagnostic::error(code::GAS_PLACE, message, span)));
                    }
                    self.fix(FixupKind::Data(size), value, span);
                    self.bytes(&[0; 8][..usize::from(size)], span)?;
                }
            }
            if !c.more()? {
                return Ok(());
            }
        }
    }

    /// `.ascii`, and with a NUL behind each string `.asciz`. Strings without a comma between them are one.
    pub(super) fn strings(&mut self, c: &mut Cursor<'a>, nul: bool) -> Res<()> {
        if c.done() {
            return Ok(());
        }
        loop {
            c.blanks();
            let start = c.at;
            let mut bytes = vec![];
            c.string(&mut bytes)?;
            c.blanks();
            while c.peek() == Some(b'"') {
                c.string(&mut bytes)?;
                c.blanks();
            }
            bytes.extend(nul.then_some(0));
            self.bytes(&bytes, c.span(start))?;
            if !c.more()? {
                return Ok(());
            }
        }
    }

    /// `.zero 4`, `.skip 4, 0xff`.
    pub(super) fn zero(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        c.blanks();
        let start = c.at;
        let count = self.count(c)?;
        let byte = if c.more()? { self.absolute(c)? } else { 0 };
        let span = c.span(start);
        check_size(byte, 1, span)?;
        c.finish()?;
        self.repeat(byte.to_le_bytes()[0], count, span)
    }

    /// `.fill 4, 2, 0x1234`: how often, of how many bytes, what.
    pub(super) fn fill(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        c.blanks();
        let start = c.at;
        let count = self.count(c)?;
        let size = if c.more()? { self.absolute(c)? } else { 1 };
        let value = if c.more()? { self.absolute(c)? } else { 0 };
        let span = c.span(start);
        c.finish()?;
        let Some(size) = u8::try_from(size).ok().filter(|size| *size <= 8) else {
            return Err(Box::new(Diagnostic::error(code::GAS_RANGE, "a fill has at most 8 bytes", span)));
        };
        // As all assemblers have it, no more than four bytes of the value count.
        let value = value & 0xffff_ffff;
        let (bytes, len) = number_bytes(value, size, self.endian);
        if value == 0 || len == 0 || !self.section().has_bytes() {
            // What does not fit into a section of zeros is said by its first byte.
            let first = bytes[..len].iter().find(|b| **b != 0).copied();
            return self.repeat(first.unwrap_or(0), count.saturating_mul(len as u64), span);
        }
        self.room(count.saturating_mul(size.into()), span)?;
        let count = usize::try_from(count).unwrap_or(0);
        self.bytes(&bytes[..len].repeat(count), span)
    }

    /// `.dcb.w 4, 0x1234` and `.ds.w 4`: so many units of that size, with a value or with zeros.
    pub(super) fn units(&mut self, c: &mut Cursor<'a>, size: u8, name: &str) -> Res<()> {
        c.blanks();
        let start = c.at;
        let count = self.count(c)?;
        let value = if name.starts_with(".dcb") && c.more()? { self.absolute(c)? } else { 0 };
        let span = c.span(start);
        c.finish()?;
        check_size(value, size, span)?;
        let len = count.saturating_mul(size.into());
        if value == 0 || !self.section().has_bytes() {
            return self.repeat(value.to_le_bytes()[0], len, span);
        }
        self.room(len, span)?;
        let (bytes, len) = number_bytes(value, size, self.endian);
        self.bytes(&bytes[..len].repeat(usize::try_from(count).unwrap_or(0)), span)
    }

    /// A number that is not negative.
    pub(super) fn count(&mut self, c: &mut Cursor<'a>) -> Res<u64> {
        c.blanks();
        let start = c.at;
        let count = self.absolute(c)?;
        u64::try_from(count).map_err(|_| {
            let message = format!("{count} is less than nothing");
            Box::new(Diagnostic::error(code::GAS_RANGE, message, c.span(start)))
        })
    }

    /// `.align 4`: bytes to LLVM, a power of two to GNU as.
    pub(super) fn some_align(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        if let Some(tool) = self.tool {
            return self.align(c, tool == Tool::Gnu, 1);
        }
        c.blanks();
        let (start, mut count) = (c.at, c.clone());
        let to = self.count(&mut count)?;
        self.align(c, false, 1)?;
        if to > 0 {
            let message = format!("this aligns to {to} for LLVM, and to 2 to the power of {to} for GNU as");
            let d = Diagnostic::warning(code::GAS_AMBIGUOUS, message, count.span(start));
            let power = to.trailing_zeros();
            self.diagnostics.push(d.note("it is taken as LLVM takes it").help(format!(
                "write `.balign {to}` or `.p2align {power}`, or say whose text it is: `--dialect gnu`, `--dialect llvm`"
            )));
        }
        Ok(())
    }

    /// `.p2align 3`, `.balign 8, 0, 4`: to what, what to fill with, a number of `size` bytes, and how many bytes at most.
    pub(super) fn align(&mut self, c: &mut Cursor<'a>, power: bool, size: u8) -> Res<()> {
        c.blanks();
        let start = c.at;
        let to = self.count(c)?;
        let span = c.span(start);
        let to = match (power, to) {
            (true, to) => u32::try_from(to).ok().and_then(|to| 1u64.checked_shl(to)),
            (false, 0) => Some(1),
            (false, to) => Some(to).filter(|to| to.is_power_of_two()),
        };
        let Some(to) = to.filter(|to| *to <= 1 << 31) else {
            let message = "an alignment is a power of two below 2³²";
            let d = Diagnostic::error(code::GAS_RANGE, message, span);
            return Err(Box::new(d.help("`.p2align` counts in powers of two, `.balign` in bytes")));
        };
        let (mut fill, mut most) = (None, u64::MAX);
        if c.more()? {
            c.blanks();
            if c.peek() != Some(b',') && !c.done() {
                fill = Some(self.absolute(c)?);
            }
            if c.more()? {
                most = self.count(c)?;
            }
        }
        c.finish()?;
        self.align_section(to, span)?;
        let bare = fill.is_none();
        let fill = match fill {
            Some(fill) => {
                check_size(fill, size, span)?;
                let (bytes, len) = number_bytes(fill, size, self.endian);
                Fill(bytes, len)
            }
            None => Fill([0; 8], 1),
        };
        self.bare_alignment |= power && bare && !self.sections[self.current].is_code();
        let section = self.section();
        if section.parts.is_empty() {
            let len = section.len();
            let need = len.next_multiple_of(to) - len;
            if need == 0 || need > most {
                return Ok(());
            }
            if section.is_code() && fill.0[0] == 0 && fill.1 == 1 && need.is_multiple_of(8) {
                return self.nops(need / 8, span);
            }
            if fill.1 == 1 {
                return self.repeat(fill.0[0], need, span);
            }
            self.room(need, span)?;
            return match fill.bytes(need) {
                Some(bytes) => self.bytes(&bytes, span),
                None => Err(Box::new(Diagnostic::error(code::GAS_RANGE, uneven(need, fill), span))),
            };
        }
        self.part(PartKind::Align { to, most, fill }, span)
    }

    /// Aligns the section itself; the file has as many zeros before it.
    fn align_section(&mut self, to: u64, span: Span) -> Res<()> {
        let more = to.saturating_sub(self.section().align);
        self.make(more, span)?;
        self.section().align += more;
        Ok(())
    }

    /// Instructions that do nothing: `goto +0`.
    fn nops(&mut self, count: u64, span: Span) -> Res<()> {
        self.room(count * 8, span)?;
        let count = usize::try_from(count).unwrap_or(0);
        self.bytes(&[0x05, 0, 0, 0, 0, 0, 0, 0].repeat(count), span)
    }

    /// A part whose length is not known yet.
    fn part(&mut self, kind: PartKind, span: Span) -> Res<()> {
        let at = self.section().len();
        if !self.section().has_bytes() {
            let message = format!("section `{}` holds zeros only", self.section().name);
            return Err(Box::new(Diagnostic::error(code::GAS_PLACE, message, span)));
        }
        let source = (span.start, span.end);
        self.section().parts.push(Part { at, kind, len: 0, before: 0, source });
        Ok(())
    }

    /// `.uleb128` and `.sleb128`.
    pub(super) fn leb(&mut self, c: &mut Cursor<'a>, signed: bool) -> Res<()> {
        if c.done() {
            return Ok(());
        }
        loop {
            c.blanks();
            let start = c.at;
            let value = self.expression(c)?;
            let span = c.span(start);
            self.list(value);
            match value.absolute() {
                Some(number) => {
                    let mut bytes = vec![];
                    leb128(number, signed, &mut bytes);
                    self.bytes(&bytes, span)?;
                }
                None => self.part(PartKind::Leb(value, signed), span)?,
            }
            if !c.more()? {
                return Ok(());
            }
        }
    }

    /// `.org .+8`: on to a place further down in the section.
    pub(super) fn org(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        c.blanks();
        let start = c.at;
        let value = self.expression(c)?;
        let span = c.span(start);
        let byte = if c.more()? { self.absolute(c)? } else { 0 };
        c.finish()?;
        check_size(byte, 1, span)?;
        let here = self.location();
        let base = match (value.plus.map(|s| self.symbols.get(s).place), value.minus) {
            (None, None) => Some(0),
            (Some(Place::At(at)), None) if at.section == here.section && at.parts == 0 => Some(at.offset),
            _ => None,
        };
        let to = base.and_then(|base| i64::try_from(base).ok()?.checked_add(value.number));
        let count = to.and_then(|to| u64::try_from(to).ok()?.checked_sub(here.offset));
        match count.filter(|_| here.parts == 0) {
            Some(count) => self.repeat(byte.to_le_bytes()[0], count, span),
            None => {
                let message = "`.org` goes to a place further down in its section";
                Err(Box::new(Diagnostic::error(code::GAS_EXPRESSION, message, span)))
            }
        }
    }

    /// `.comm name, size, align`; of a local symbol it is room in `.bss`.
    pub(super) fn common(&mut self, c: &mut Cursor<'a>, local: bool) -> Res<()> {
        c.blanks();
        let start = c.at;
        let name = c.expect_name("a symbol")?;
        let symbol = self.symbols.intern(name, start);
        let span = c.span(start);
        c.expect(b',')?;
        let size = self.count(c)?;
        let align = if c.more()? { self.count(c)? } else { 1 };
        c.finish()?;
        if !align.max(1).is_power_of_two() || align > 1 << 31 {
            let message = "an alignment is a power of two below 2³²";
            return Err(Box::new(Diagnostic::error(code::GAS_RANGE, message, span)));
        }
        self.symbols.list(symbol);
        self.symbols.get_mut(symbol).kind = STT_OBJECT;
        if local || self.symbols.get(symbol).binding == Some(Binding::Local) {
            return self.local_common(symbol, size, align.max(1), span);
        }
        self.symbols.get_mut(symbol).binding.get_or_insert(Binding::Global);
        self.define(symbol, Place::Common(size, align.max(1)), span);
        self.sizes.push((symbol, Value::number(size.cast_signed()), span));
        Ok(())
    }

    fn local_common(&mut self, symbol: SymbolId, size: u64, align: u64, span: Span) -> Res<()> {
        let (current, previous) = (self.current, self.previous);
        let bss = self.known_section(".bss");
        self.enter(bss);
        let need = self.section().len().next_multiple_of(align) - self.section().len();
        let done = self.align_section(align, span).and_then(|()| self.repeat(0, need, span)).and_then(|()| {
            self.define(symbol, Place::At(self.location()), span);
            self.sizes.push((symbol, Value::number(size.cast_signed()), span));
            self.repeat(0, size, span)
        });
        (self.current, self.previous) = (current, previous);
        done
    }
}

fn too_many(len: u64, span: Span) -> Box<Diagnostic> {
    let message = format!("{len} bytes more are too many for an object file");
    Box::new(Diagnostic::error(code::GAS_SIZE, message, span))
}

/// A number must fit as a signed or as an unsigned one.
pub(super) fn check_size(number: i64, size: u8, span: Span) -> Res<()> {
    let bits = u32::from(size) * 8;
    let fits = bits >= 64 || number >> (bits - 1) == -1 || number >> bits == 0;
    if fits {
        return Ok(());
    }
    let bytes = if size == 1 { "byte" } else { "bytes" };
    let message = format!("{number} does not fit into {size} {bytes}");
    Err(Box::new(Diagnostic::error(code::GAS_RANGE, message, span)))
}

/// Why room cannot be filled.
pub(super) fn uneven(len: u64, Fill(_, size): Fill) -> String {
    format!("the {len} bytes up to there cannot be filled with numbers of {size}")
}

/// The low bytes of a number, in the order of the object, and how many they are.
pub(super) fn number_bytes(number: i64, size: u8, endian: Endian) -> ([u8; 8], usize) {
    let len = usize::from(size).min(8);
    let mut bytes = number.to_le_bytes();
    if endian == Endian::Big {
        bytes[..len].reverse();
    }
    (bytes, len)
}

/// Appends a number in LEB128 (DWARF 5, section 7.6).
pub(super) fn leb128(number: i64, signed: bool, out: &mut Vec<u8>) {
    let mut rest = number;
    loop {
        let low = rest.to_le_bytes()[0] & 0x7f;
        rest = if signed { rest >> 7 } else { (rest.cast_unsigned() >> 7).cast_signed() };
        let end = if signed { rest == -i64::from(low >> 6) } else { rest == 0 };
        out.push(if end { low } else { low | 0x80 });
        if end {
            return;
        }
    }
}
