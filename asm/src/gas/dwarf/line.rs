//! The line table: `.debug_line` (DWARF 5, section 6.2), as LLVM writes it.

use goblin::elf::section_header::{SHF_MERGE, SHF_STRINGS};

use super::super::cursor::{Cursor, Res, is_name};
use super::super::symbol::{Location, Map, Value};
use super::super::{Assembly, data};
use super::Generated;
use crate::btf::bytes::u16_at;
use crate::diag::{Diagnostic, code};

const DW_LNS_COPY: u8 = 1;
const DW_LNS_ADVANCE_PC: u8 = 2;
const DW_LNS_ADVANCE_LINE: u8 = 3;
const DW_LNS_SET_FILE: u8 = 4;
const DW_LNS_SET_COLUMN: u8 = 5;
const DW_LNS_NEGATE_STMT: u8 = 6;
const DW_LNS_SET_BASIC_BLOCK: u8 = 7;
const DW_LNS_CONST_ADD_PC: u8 = 8;
const DW_LNS_SET_PROLOGUE_END: u8 = 10;
const DW_LNS_SET_EPILOGUE_BEGIN: u8 = 11;
const DW_LNS_SET_ISA: u8 = 12;
const DW_LNE_END_SEQUENCE: u8 = 1;
const DW_LNE_SET_ADDRESS: u8 = 2;
const DW_LNE_SET_DISCRIMINATOR: u8 = 4;
const DW_FORM_LINE_STRP: u8 = 0x1f;

/// How many operands each standard opcode has, from 1.
const OPERANDS: [u8; 12] = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
/// Special opcodes: the first one, the least line distance and how many there are of them.
const OPCODE_BASE: i64 = 13;
const LINE_BASE: i64 = -5;
const LINE_RANGE: i64 = 14;
/// The address distance of the last special opcode, in instructions.
const MOST_SPECIAL: i64 = (255 - OPCODE_BASE) / LINE_RANGE;
/// Files are numbered up to here; they stand in a table by number.
const MOST_FILES: usize = 1 << 16;

/// What a `.loc` says.
#[derive(Debug, Clone, Copy)]
struct Loc {
    file: u64,
    line: i64,
    column: u64,
    is_stmt: bool,
    basic_block: bool,
    prologue_end: bool,
    epilogue_begin: bool,
    isa: u64,
    discriminator: u64,
}

impl Default for Loc {
    fn default() -> Self {
        Self {
            file: 1,
            line: 1,
            column: 0,
            is_stmt: true,
            basic_block: false,
            prologue_end: false,
            epilogue_begin: false,
            isa: 0,
            discriminator: 0,
        }
    }
}

/// A file as `.file` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    dir: String,
    name: String,
    md5: Option<[u8; 16]>,
}

/// A row of the table, or the end of a sequence of rows.
#[derive(Debug, Clone, Copy)]
enum Row {
    At(Loc, Location),
    End(Location),
}

/// The lines of a text.
#[derive(Debug, Default)]
pub(in super::super) struct Lines {
    /// By their number.
    files: Vec<Option<File>>,
    now: Loc,
    /// Whether the next instruction gets a row.
    pending: bool,
    /// Sections with their rows.
    rows: Vec<(u32, Vec<Row>)>,
    /// The place of each section in `rows`.
    known: Map<u32, usize>,
    /// The section of the last row.
    last: Option<u32>,
    /// The end of each section that was left.
    left: Map<u32, Location>,
}

impl Lines {
    /// Something is emitted here.
    pub(in super::super) fn emit(&mut self, at: Location) {
        if !self.pending {
            return;
        }
        self.pending = false;
        if let Some(last) = self.last
            && last != at.section
            && let (Some(end), Some(rows)) = (self.left.get(&last), self.known.get(&last))
        {
            // Code that goes on in another section ends a sequence, even where it comes back.
            self.rows[*rows].1.push(Row::End(*end));
        }
        self.last = Some(at.section);
        let rows = *self.known.entry(at.section).or_insert_with(|| {
            self.rows.push((at.section, vec![]));
            self.rows.len() - 1
        });
        self.rows[rows].1.push(Row::At(self.now, at));
        self.now.basic_block = false;
    }

    /// A section is left, here.
    pub(in super::super) fn leave(&mut self, end: Location) {
        self.pending = false;
        if self.last == Some(end.section) {
            self.left.insert(end.section, end);
        }
    }
}

impl<'a> Assembly<'a, '_> {
    /// `.file "name"`, or `.file 1 "directory" "name" md5 0x…` for the line table.
    pub(in super::super) fn file_directive(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        c.blanks();
        let start = c.at;
        if c.peek() == Some(b'"') {
            let name = text(c)?;
            self.names.push((name.into(), self.symbols.order.len()));
            return Ok(());
        }
        let number = self.absolute(c)?;
        let span = c.span(start);
        let mut file = File { dir: String::new(), name: text(c)?, md5: None };
        c.blanks();
        if c.peek() == Some(b'"') {
            file.dir = std::mem::replace(&mut file.name, text(c)?);
        }
        while let Some(word) = c.name() {
            match word {
                "md5" => {
                    c.blanks();
                    let start = c.at;
                    let digits = c.take_while(is_name);
                    let value = digits.strip_prefix("0x").and_then(|d| u128::from_str_radix(d, 16).ok());
                    let Some(value) = value else {
                        let d =
                            Diagnostic::error(code::GAS_OPERAND, "expected 0x and 32 digits", c.span(start));
                        return Err(Box::new(d));
                    };
                    file.md5 = Some(value.to_be_bytes());
                }
                _ => return Err(c.wrong("only `md5` may follow: source texts are not kept")),
            }
        }
        let Some(number) = usize::try_from(number).ok().filter(|n| *n < MOST_FILES) else {
            return Err(Box::new(Diagnostic::error(code::GAS_RANGE, "this is no number for a file", span)));
        };
        if self.lines.files.len() <= number {
            self.lines.files.resize(number + 1, None);
        }
        let known = &mut self.lines.files[number];
        if known.as_ref().is_some_and(|known| *known != file) {
            let d = Diagnostic::error(code::GAS_SYMBOL, format!("file {number} is defined already"), span);
            return Err(Box::new(d));
        }
        *known = Some(file);
        Ok(())
    }

    /// `.loc file line column …`: where the next instruction comes from.
    pub(in super::super) fn loc_directive(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        c.blanks();
        let start = c.at;
        let file = self.small(c)?;
        let span = c.span(start);
        let known = usize::try_from(file).ok().and_then(|file| self.lines.files.get(file)?.as_ref());
        if known.is_none() {
            let d = Diagnostic::error(code::GAS_FILE, format!("no `.file {file}` stands before this"), span);
            return Err(Box::new(d));
        }
        let line = self.small(c)?;
        let column = if c.peek_digit() { self.small(c)? } else { 0 };
        let was = self.lines.now;
        let mut loc = Loc {
            file,
            line: i64::try_from(line).unwrap_or(0),
            column,
            is_stmt: was.is_stmt,
            ..Loc::default()
        };
        while let Some(word) = c.name() {
            match word {
                "basic_block" => loc.basic_block = true,
                "prologue_end" => loc.prologue_end = true,
                "epilogue_begin" => loc.epilogue_begin = true,
                "is_stmt" => loc.is_stmt = self.small(c)? != 0,
                "isa" => loc.isa = self.small(c)?,
                "discriminator" => loc.discriminator = self.small(c)?,
                // For debuggers of GNU, in no table of DWARF 5.
                "view" => {
                    c.eat(b'-');
                    c.take_while(|b| b == b' ');
                    c.take_while(is_name);
                }
                _ => return Err(c.wrong(format!("`{word}` is nothing that a `.loc` says"))),
            }
        }
        // Two of them in a row are two rows.
        let here = self.location();
        self.lines.emit(here);
        self.lines.now = loc;
        self.lines.pending = true;
        Ok(())
    }

    /// A number from 0 that 32 bits hold.
    fn small(&mut self, c: &mut Cursor<'a>) -> Res<u64> {
        c.blanks();
        let start = c.at;
        let value = self.absolute(c)?;
        u32::try_from(value).map(u64::from).map_err(|_| {
            let message = format!("{value} is no number from 0 to 4294967295");
            Box::new(Diagnostic::error(code::GAS_RANGE, message, c.span(start)))
        })
    }

    /// The version of DWARF that the text is in.
    pub(super) fn dwarf_version(&self) -> u16 {
        let info = self.known.get(&(".debug_info", None)).map(|number| &self.sections[*number]);
        let said = info.and_then(|info| u16_at(&info.bytes, 4, self.endian));
        // Only DWARF 5 has a file 0.
        let version = if self.lines.files.first().is_some_and(Option::is_some) { 5 } else { 4 };
        said.filter(|said| (2..=5).contains(said)).unwrap_or(version)
    }

    /// Writes the line table.
    pub(in super::super) fn write_lines(&mut self) {
        if let Some(last) = self.lines.last
            && let Some(rows) = self.lines.known.get(&last)
        {
            let end = match self.lines.left.get(&last) {
                Some(end) if self.current != last as usize => *end,
                _ => self.sections[last as usize].end(last as usize),
            };
            self.lines.rows[*rows].1.push(Row::End(end));
        }
        let files: Vec<File> = std::mem::take(&mut self.lines.files)
            .into_iter()
            .map(|file| file.unwrap_or(File { dir: String::new(), name: String::new(), md5: None }))
            .collect();
        if files.is_empty() {
            return;
        }
        let version = self.dwarf_version();
        let section = self.made_section(".debug_line", 0, 0, 1);
        let mut to = self.generated();
        to.out.u32(0);
        let begin = to.out.bytes.len();
        to.out.u16(version);
        if version >= 5 {
            // Size of an address, and of a segment selector.
            to.out.u8(8);
            to.out.u8(0);
        }
        to.out.u32(0);
        let header = to.out.bytes.len();
        to.out.u8(8);
        if version >= 4 {
            to.out.u8(1);
        }
        to.out.u8(1);
        to.out.u8(LINE_BASE.to_le_bytes()[0]);
        to.out.u8(LINE_RANGE.to_le_bytes()[0]);
        to.out.u8(OPCODE_BASE.to_le_bytes()[0]);
        to.out.bytes.extend(OPERANDS);
        if version >= 5 {
            self.file_table_5(&mut to, &files);
        } else {
            self.file_table_4(&mut to, &files);
        }
        patch(&mut to, header);
        for (_, rows) in std::mem::take(&mut self.lines.rows) {
            self.program(&mut to, &rows, version);
        }
        patch(&mut to, begin);
        self.append(section, to);
    }

    /// Directories and files as strings (DWARF 2 to 4).
    fn file_table_4(&self, to: &mut Generated, files: &[File]) {
        // Directory 0 is that of the compilation, which clang names in `.debug_str`.
        let strings = self.known.get(&(".debug_str", None)).map(|number| &self.sections[*number].bytes);
        let whole = |dir: &str| strings.is_some_and(|s| s.split(|b| *b == 0).any(|s| s == dir.as_bytes()));
        let own = files.get(1).map(|file| file.dir.clone()).filter(|dir| whole(dir)).unwrap_or_default();
        let (dirs, places) = places(files.get(1..).unwrap_or_default(), &own);
        for dir in dirs {
            to.out.bytes.extend(dir.bytes().chain([0]));
        }
        to.out.u8(0);
        for (name, dir) in places {
            to.out.bytes.extend(name.bytes().chain([0]));
            data::leb128(dir, false, &mut to.out.bytes);
            to.out.bytes.extend([0, 0]);
        }
        to.out.u8(0);
    }

    /// Directories and files as references to `.debug_line_str` (DWARF 5).
    fn file_table_5(&mut self, to: &mut Generated, files: &[File]) {
        let section = self.made_section(".debug_line_str", u64::from(SHF_MERGE | SHF_STRINGS), 1, 1);
        let symbol = self.sections[section].symbol;
        // Text for DWARF 4 has no file 0: it is file 1.
        let mut files = files.to_vec();
        if files[0].name.is_empty()
            && let Some(first) = files.get(1)
        {
            files[0] = first.clone();
        }
        let own = files[0].dir.clone();
        // The name of file 0 stays whole.
        let (dirs, mut places) = places(&files[1..], &own);
        places.insert(0, (files[0].name.clone(), 0));
        let mut strings: Vec<u8> = std::mem::take(&mut self.sections[section].bytes);
        let mut known: Map<String, usize> = Map::default();
        let mut reference = |to: &mut Generated, text: &str| {
            let at = *known.entry(text.to_string()).or_insert_with(|| {
                strings.extend(text.bytes().chain([0]));
                strings.len() - text.len() - 1
            });
            to.value(4, Value { number: i64::try_from(at).unwrap_or(0), ..Value::symbol(symbol) });
        };
        to.out.bytes.extend([1, 1, DW_FORM_LINE_STRP]);
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        data::leb128(count(dirs.len() + 1), false, &mut to.out.bytes);
        reference(to, &own);
        for dir in dirs {
            reference(to, &dir);
        }
        let all_md5 = files.iter().all(|file| file.md5.is_some());
        // A path, the number of its directory (DW_FORM_udata), and its sum (DW_FORM_data16).
        to.out.u8(if all_md5 { 3 } else { 2 });
        to.out.bytes.extend([1, DW_FORM_LINE_STRP, 2, 0x0f]);
        if all_md5 {
            to.out.bytes.extend([5, 0x1e]);
        }
        data::leb128(count(files.len()), false, &mut to.out.bytes);
        for ((name, dir), file) in places.iter().zip(&files) {
            reference(to, name);
            data::leb128(*dir, false, &mut to.out.bytes);
            if let Some(md5) = file.md5.filter(|_| all_md5) {
                to.out.bytes.extend(md5);
            }
        }
        self.sections[section].bytes = strings;
    }

    /// The rows of a section.
    fn program(&mut self, to: &mut Generated, rows: &[Row], version: u16) {
        let (mut now, mut last) = (Loc::default(), None);
        for row in rows {
            let (loc, at) = match row {
                Row::At(loc, at) => (loc, *at),
                Row::End(end) => {
                    let Some(last) = last.take() else { continue };
                    let distance = self.instructions_between(last, *end);
                    if distance == MOST_SPECIAL {
                        to.out.u8(DW_LNS_CONST_ADD_PC);
                    } else if distance != 0 {
                        to.out.u8(DW_LNS_ADVANCE_PC);
                        data::leb128(distance, false, &mut to.out.bytes);
                    }
                    to.out.bytes.extend([0, 1, DW_LNE_END_SEQUENCE]);
                    now = Loc::default();
                    continue;
                }
            };
            let out = &mut to.out.bytes;
            let mut say = |code: u8, value: u64| {
                out.push(code);
                data::leb128(value.cast_signed(), false, out);
            };
            if now.file != loc.file {
                say(DW_LNS_SET_FILE, loc.file);
            }
            if now.column != loc.column {
                say(DW_LNS_SET_COLUMN, loc.column);
            }
            if loc.discriminator != 0 && version >= 4 {
                let mut value = vec![];
                data::leb128(loc.discriminator.cast_signed(), false, &mut value);
                say(0, value.len() as u64 + 1);
                say(DW_LNE_SET_DISCRIMINATOR, loc.discriminator);
            }
            if now.isa != loc.isa {
                say(DW_LNS_SET_ISA, loc.isa);
            }
            let flags = [
                (now.is_stmt != loc.is_stmt, DW_LNS_NEGATE_STMT),
                (loc.basic_block, DW_LNS_SET_BASIC_BLOCK),
                (loc.prologue_end, DW_LNS_SET_PROLOGUE_END),
                (loc.epilogue_begin, DW_LNS_SET_EPILOGUE_BEGIN),
            ];
            to.out.bytes.extend(flags.iter().filter(|(set, _)| *set).map(|(_, code)| *code));
            let distance = match last {
                Some(last) => self.instructions_between(last, at),
                None => {
                    to.out.bytes.extend([0, 9, DW_LNE_SET_ADDRESS]);
                    let place = self.place(at);
                    to.value(8, Value::symbol(place));
                    0
                }
            };
            advance(&mut to.out.bytes, loc.line - now.line, distance);
            now = *loc;
            last = Some(at);
        }
    }

    /// How many instructions lie between two places.
    fn instructions_between(&self, from: Location, to: Location) -> i64 {
        i64::try_from(self.bytes_between(from, to) / 8).unwrap_or(i64::MAX)
    }
}

/// A row so many lines and instructions on.
fn advance(out: &mut Vec<u8>, lines: i64, instructions: i64) {
    let mut special = lines - LINE_BASE;
    let mut copy = false;
    let mut lines = lines;
    if !(0..LINE_RANGE).contains(&special) || special + OPCODE_BASE > 255 {
        out.push(DW_LNS_ADVANCE_LINE);
        data::leb128(lines, true, out);
        lines = 0;
        special = -LINE_BASE;
        copy = true;
    }
    if lines == 0 && instructions == 0 {
        out.push(DW_LNS_COPY);
        return;
    }
    special += OPCODE_BASE;
    if instructions < 256 + MOST_SPECIAL {
        if let Ok(opcode) = u8::try_from(special + instructions * LINE_RANGE) {
            out.push(opcode);
            return;
        }
        if let Ok(opcode) = u8::try_from(special + (instructions - MOST_SPECIAL) * LINE_RANGE) {
            out.extend([DW_LNS_CONST_ADD_PC, opcode]);
            return;
        }
    }
    out.push(DW_LNS_ADVANCE_PC);
    data::leb128(instructions, false, out);
    out.push(if copy { DW_LNS_COPY } else { special.to_le_bytes()[0] });
}

/// Directories beside the own one, and each file's name with the number of its directory.
fn places(files: &[File], own: &str) -> (Vec<String>, Vec<(String, i64)>) {
    let mut dirs: Vec<String> = vec![];
    let mut places = vec![];
    for file in files {
        let (mut dir, mut name) = (if file.dir == own { "" } else { file.dir.as_str() }, file.name.as_str());
        if dir.is_empty()
            && let Some((before, last)) = name.rsplit_once('/').filter(|(_, last)| !last.is_empty())
        {
            (dir, name) = (if before.is_empty() { "/" } else { before }, last);
        }
        let number = match dirs.iter().position(|known| known == dir) {
            _ if dir.is_empty() => 0,
            Some(known) => known + 1,
            None => {
                dirs.push(dir.to_string());
                dirs.len()
            }
        };
        places.push((name.to_string(), i64::try_from(number).unwrap_or(0)));
    }
    (dirs, places)
}

/// Sets the length that stands before a place to what follows it.
fn patch(to: &mut Generated, start: usize) {
    let len = u32::try_from(to.out.bytes.len() - start).unwrap_or(u32::MAX);
    let bytes = crate::btf::bytes::u32_bytes(len, to.out.endian);
    to.out.bytes[start - 4..start].copy_from_slice(&bytes);
}

/// A string of a `.file`.
fn text(c: &mut Cursor) -> Res<String> {
    let start = c.at;
    let mut bytes = vec![];
    c.string(&mut bytes)?;
    let wrong = |_| Box::new(Diagnostic::error(code::GAS_STRING, "this name is not UTF-8", c.span(start)));
    String::from_utf8(bytes).map_err(wrong)
}
