//! `.s` files: the text that compilers print and that LLVM's and GNU's assemblers read, to an object file.
//!
//! One pass over the text fills the sections; what it cannot know yet is a [`section::Fixup`]. At the end these are
//! filled in or become relocations, and the file is laid out as LLVM lays it out: sections, symbols and
//! relocations in the same order, so that `clang -S` and then this give what `clang -c` gives.
//!
//! Sources: the manual of GNU as; for eBPF the behaviour of LLVM's assembler and
//! Linux `Documentation/bpf/llvm_reloc.rst`.

mod condition;
mod cursor;
mod data;
mod directive;
mod dwarf;
mod expand;
mod expr;
mod finish;
mod insn;
mod scan;
mod section;
mod stream;
mod symbol;
mod text;
mod wide;
mod write;

pub(crate) use insn::changed_immediate;
pub use stream::Stream;

use std::borrow::Cow;
use std::rc::Rc;

use goblin::elf::sym::STT_SECTION;

use crate::assemble::{Files, NoFiles};
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources, Span, code};
use crate::isa::read::read;
use crate::isa::{Dialect, Endian};

use condition::Condition;
use cursor::{Cursor, Res, is_name};
use dwarf::{Frames, Lines};
use expand::Macro;
use section::{Fixup, FixupKind, Section};
use stream::Runs;
use symbol::{Binding, Location, Map, Place, SymbolId, Symbols, Value};
use text::{Arena, Texts};

/// How many bytes all sections may have together; a directive may ask for any number.
const MOST: u64 = 1 << 30;

/// Whose assembler a text is for, where they read it in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Llvm,
    Gnu,
}

/// The bytes of the object file that a text describes; nothing where there was an error.
pub(crate) fn assemble(
    sources: &mut Sources,
    root: FileId,
    tool: Option<Tool>,
    endian: Endian,
    files: &dyn Files,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<u8>> {
    let source = sources.get(root);
    let text = match scan::without_block_comments(&source.text) {
        Ok(text) => text,
        Err(at) => {
            let span = Span { file: root, start: at, end: at.saturating_add(2) };
            diagnostics.push(Diagnostic::error(code::COMMENT, "a comment without an end", span));
            return None;
        }
    };
    let arena = Arena::default();
    let mut assembly = Assembly::new(&text, root, endian, &arena, diagnostics);
    (assembly.name, assembly.files) = (&source.name, files);
    // What is included gets the numbers that come next.
    assembly.next_file = sources.len();
    assembly.tool = tool.or(assembly.tool);
    let elf = assembly.whole().map(|pieces| pieces.concat());
    let (texts, included) = (assembly.texts, assembly.included);
    diagnostics.settle(|diagnostic| texts.settle(diagnostic));
    for (name, text) in included {
        sources.add(name, text);
    }
    elf
}

/// A text on its way into an object file.
#[derive(Debug)]
struct Assembly<'a, 'd> {
    text: &'a str,
    /// What was read before of the same file.
    runs: Runs,
    file: FileId,
    endian: Endian,
    symbols: Symbols<'a>,
    sections: Vec<Section<'a>>,
    /// Sections by name and group.
    known: Map<(&'a str, Option<SymbolId>), usize>,
    /// The section that is being filled.
    current: usize,
    previous: Option<usize>,
    stack: Vec<(usize, Option<usize>)>,
    /// For each numeric label the last one, and the next one where it has been named.
    numeric: Map<u32, [Option<SymbolId>; 2]>,
    /// `.size`, with its place.
    sizes: Vec<(SymbolId, Value, Span)>,
    /// `.file`: names, with the number of symbols that were listed before.
    names: Vec<(Cow<'a, str>, usize)>,
    /// `.addrsig` and its symbols.
    addrsig: Option<Vec<SymbolId>>,
    frames: Frames,
    lines: Lines,
    /// How many bytes directives made out of numbers.
    made: u64,
    /// Whose assembler the text is for, as far as that is known.
    tool: Option<Tool>,
    /// Whether this is inline assembly, between `#APP` and `#NO_APP`.
    inline: bool,
    /// Whether data was aligned without a byte to fill with.
    bare_alignment: bool,
    macros: Map<&'a str, Rc<Macro<'a>>>,
    /// How many macros were used.
    invoked: u64,
    /// Where the next text that is made goes.
    arena: &'a Arena,
    texts: Texts,
    /// The number of the first byte of the next text.
    next_base: u32,
    /// How many bytes were read of such texts.
    read: u64,
    /// How many texts stand in each other here.
    depth: u32,
    /// Whether this is a macro or a repetition, and whether `.exitm` ends it.
    in_macro: bool,
    leaving: bool,
    /// Whether texts stand in each other too deep, or are too many: nothing more is read.
    stopped: bool,
    /// Conditions that are open, and how many of them began outside of this text.
    conditions: Vec<Condition>,
    outer: usize,
    /// The name of the file, what reads others, and those that were read: name and text.
    name: &'a str,
    files: &'a dyn Files,
    included: Vec<(String, String)>,
    next_file: usize,
    diagnostics: &'d mut Diagnostics,
}

impl<'a, 'd> Assembly<'a, 'd> {
    fn new(
        text: &'a str,
        file: FileId,
        endian: Endian,
        arena: &'a Arena,
        diagnostics: &'d mut Diagnostics,
    ) -> Self {
        // It says so in its last line.
        let end = &text.as_bytes()[text.len().saturating_sub(200)..];
        let gnu = end.windows(7).any(|w| w == b"\"GCC: (") || scan::names_registers(text);
        let mut assembly = Self {
            text,
            runs: Runs::default(),
            file,
            endian,
            symbols: Symbols::default(),
            sections: vec![],
            known: Map::default(),
            current: 0,
            previous: None,
            stack: vec![],
            numeric: Map::default(),
            sizes: vec![],
            names: vec![],
            addrsig: None,
            frames: Frames::default(),
            lines: Lines::default(),
            made: 0,
            tool: gnu.then_some(Tool::Gnu),
            inline: false,
            bare_alignment: false,
            macros: Map::default(),
            invoked: 0,
            arena,
            texts: Texts::default(),
            next_base: u32::try_from(text.len()).map_or(u32::MAX, |len| len.saturating_add(1)),
            read: 0,
            depth: 0,
            in_macro: false,
            leaving: false,
            stopped: false,
            conditions: vec![],
            outer: 0,
            name: "",
            files: &NoFiles,
            included: vec![],
            next_file: 0,
            diagnostics,
        };
        // There always is a `.text`; LLVM aligns it so.
        let text = assembly.known_section(".text");
        assembly.sections[text].align = 4;
        assembly.enter(text);
        assembly.previous = None;
        assembly
    }

    /// Takes the whole text; gives the bytes of the file, in pieces.
    fn whole(&mut self) -> Option<Vec<Cow<'static, [u8]>>> {
        self.statements();
        self.end_conditions(0);
        if self.stopped { None } else { self.finish() }
    }

    /// Takes the text, statement by statement.
    fn statements(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = if self.text.starts_with('\u{feff}') { 3 } else { 0 };
        while let Some(byte) = bytes.get(at).filter(|_| !self.leaving && !self.stopped) {
            self.run(at);
            match byte {
                b';' => at = self.semicolon(at),
                b' ' | b'\t' | b'\n' | b'\r' | b'`' | 0x0c => at += 1,
                b'#' => {
                    self.preprocessor(at);
                    at = scan::line_end(self.text, at);
                }
                b'/' if bytes.get(at + 1) == Some(&b'/') => at = scan::line_end(self.text, at),
                b'.' | b'"' => at = self.statement(at).max(at + 1),
                _ if !self.macros.is_empty() => at = self.statement(at).max(at + 1),
                _ => at = self.plain(at).unwrap_or_else(|| self.statement(at)).max(at + 1),
            }
        }
        self.run(at);
    }

    /// Goes on behind a `;`. Statements are separated by it, but for GNU as before 2.41 it begins a comment. What
    /// cannot be a statement is one, in text for GNU as, and behind `;;` at the beginning of a line.
    fn semicolon(&mut self, at: usize) -> usize {
        let gnu = self.tool == Some(Tool::Gnu);
        let (before, after) = self.text.split_at(at);
        let before = before.rsplit('\n').next().unwrap_or("");
        let remark = after.starts_with(";;") && before.trim_ascii().is_empty();
        if !gnu && !remark {
            return at + 1;
        }
        let line = after.lines().next().unwrap_or("");
        let rest = line.trim_start_matches([';', ' ', '\t']);
        if rest.trim_ascii().is_empty() {
            return at + line.len();
        }
        let name = &rest[..rest.bytes().take_while(|b| is_name(*b)).count()];
        let label = rest[name.len()..].trim_start().starts_with([':', '=']);
        if !name.starts_with('.')
            && !label
            && !self.macros.contains_key(name)
            && read(rest, Dialect::Llvm, None).is_err()
        {
            return at + line.len();
        }
        if gnu && !rest.starts_with(['#', '/']) {
            let message = "GNU as before 2.41 takes this as a comment, later ones as a statement";
            let d = Diagnostic::warning(code::GAS_AMBIGUOUS, message, self.span(at, at + line.len()));
            self.diagnostics.push(
                d.note("it is a statement here")
                    .help("put it on a line of its own, or behind `#` where it is a comment"),
            );
        }
        at + line.len() - rest.len()
    }

    /// Takes one label or statement; gives where the next may begin.
    fn statement(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let word = bytes[start..].iter().take_while(|b| is_name(**b)).count();
        let mut behind = start + word;
        let mut name = &self.text[start..behind];
        if bytes[start] == b'"' {
            let mut c = self.cursor(start, scan::statement_end(self.text, start));
            name = c.name().unwrap_or("");
            behind = c.at;
        }
        if !name.is_empty() {
            let blanks = bytes[behind..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            let next = bytes.get(behind + blanks);
            if next == Some(&b':') {
                self.label(name, start, behind);
                return behind + blanks + 1;
            }
            if (name.starts_with('.') || self.macros.contains_key(name))
                && let Some(next) = self.expansion(name, start, behind)
            {
                return next;
            }
            let assigns = next == Some(&b'=') && bytes.get(behind + blanks + 1) != Some(&b'=');
            if name.starts_with('.') || assigns && self.tool == Some(Tool::Gnu) && !is_register(name) {
                let end = scan::statement_end(self.text, behind);
                if assigns {
                    let mut c = self.cursor(behind + blanks + 1, end);
                    let done = self.assign(name, start, &mut c);
                    self.note(done);
                } else {
                    let c = self.cursor(behind, end);
                    let done = self.directive(name, start, c);
                    self.note(done);
                }
                return end;
            }
        }
        self.plain(start).unwrap_or_else(|| self.instruction(start))
    }

    fn cursor(&self, at: usize, end: usize) -> Cursor<'a> {
        Cursor { text: self.text, file: self.file, base: self.symbols.base, at, end }
    }

    /// A part of the text as a place.
    fn span(&self, start: usize, end: usize) -> Span {
        self.cursor(end, end).span(start)
    }

    fn note(&mut self, done: Res<()>) {
        if let Err(diagnostic) = done {
            self.diagnostics.push(*diagnostic);
        }
    }

    /// A line for the C preprocessor that it has not taken.
    fn preprocessor(&mut self, at: usize) {
        let begins = at == 0 || self.text.as_bytes().get(at - 1) == Some(&b'\n');
        let rest = &self.text[at + 1..];
        self.inline = rest.starts_with("APP") || self.inline && !rest.starts_with("NO_APP");
        let words = ["include", "define", "ifdef", "ifndef"];
        if let Some(word) = words.iter().find(|w| begins && rest.starts_with(**w)) {
            let span = self.span(at, at + 1 + word.trim_end().len());
            let d = Diagnostic::error(code::GAS_MACRO, "this is for the C preprocessor", span);
            self.diagnostics.push(d.help("run `cc -E` over the file first"));
        }
    }

    /// Defines a label here.
    fn label(&mut self, name: &'a str, start: usize, end: usize) {
        let place = Place::At(self.location());
        if name.bytes().all(|b| b.is_ascii_digit()) {
            let Ok(number) = name.parse::<u32>() else {
                let span = self.span(start, end);
                let d = Diagnostic::error(code::GAS_OPERAND, "the number of a label that is too large", span);
                self.diagnostics.push(d);
                return;
            };
            let ahead = self.numeric.get(&number).and_then(|[_, next]| *next);
            let symbol = ahead.unwrap_or_else(|| self.symbols.add(name, start, true));
            self.symbols.get_mut(symbol).place = place;
            self.symbols.list(symbol);
            self.numeric.insert(number, [Some(symbol), None]);
            return;
        }
        let symbol = self.symbols.intern(name, start);
        if !self.define(symbol, place, self.span(start, end)) {
            return;
        }
        self.symbols.list(symbol);
    }

    /// Gives a symbol its place, which it may not have yet.
    fn define(&mut self, symbol: SymbolId, place: Place, span: Span) -> bool {
        let known = self.symbols.get(symbol);
        if known.place != Place::Undefined {
            let message = format!("`{}` is defined already", known.name);
            let len = u32::try_from(known.name.len()).unwrap_or(0);
            let first = Span { start: known.at, end: known.at.saturating_add(len), ..span };
            let d = Diagnostic::error(code::GAS_SYMBOL, message, span).also(first, "here for the first time");
            self.diagnostics.push(d);
            return false;
        }
        let known = self.symbols.get_mut(symbol);
        known.place = place;
        known.at = span.start;
        true
    }

    /// The numeric label of that number that stands next before or behind.
    fn numeric(&mut self, label: u32, ahead: bool, span: Span) -> Res<SymbolId> {
        let known = self.numeric.entry(label).or_default();
        if ahead {
            let next = match known[1] {
                Some(next) => next,
                None => {
                    let base = self.symbols.base;
                    let start = (span.start - base) as usize;
                    let name = &self.text[start..(span.end - base) as usize - 1];
                    let next = self.symbols.add(name, start, true);
                    known[1] = Some(next);
                    next
                }
            };
            return Ok(next);
        }
        known[0].ok_or_else(|| {
            let message = format!("no label `{label}:` stands before this");
            Box::new(Diagnostic::error(code::GAS_LABEL, message, span))
        })
    }

    /// The place that is filled next.
    fn location(&self) -> Location {
        self.sections[self.current].end(self.current)
    }

    /// A symbol for the place that is filled next: `.` in an expression.
    fn here(&mut self, at: usize) -> SymbolId {
        let symbol = self.symbols.add(".", at, true);
        self.symbols.get_mut(symbol).place = Place::At(self.location());
        symbol
    }

    /// The distance from one symbol to another, where it is known and nothing can change it.
    fn distance(&self, to: SymbolId, from: SymbolId) -> Option<i64> {
        if to == from {
            return Some(0);
        }
        let (Place::At(to), Place::At(from)) = (self.symbols.get(to).place, self.symbols.get(from).place)
        else {
            return None;
        };
        let fixed = (to.section, to.parts) == (from.section, from.parts);
        fixed.then(|| to.offset.wrapping_sub(from.offset).cast_signed())
    }

    /// Lists the symbols of a value that stands in the output.
    fn list(&mut self, value: Value) {
        for symbol in [value.plus, value.minus].into_iter().flatten() {
            self.symbols.list(symbol);
            self.symbols.get_mut(symbol).inline |= self.inline;
        }
    }

    /// The section that is being filled.
    fn section(&mut self) -> &mut Section<'a> {
        &mut self.sections[self.current]
    }

    /// The section of that name, which is made as its name says where it is new.
    fn known_section(&mut self, name: &'a str) -> usize {
        if let Some(number) = self.known.get(&(name, None)) {
            return *number;
        }
        let (kind, flags) = section::usual(name);
        let entry = u64::from(flags & u64::from(goblin::elf::section_header::SHF_MERGE) != 0);
        self.new_section(name, kind, flags, entry, None)
    }

    fn new_section(
        &mut self,
        name: &'a str,
        kind: u32,
        flags: u64,
        entry: u64,
        group: Option<(SymbolId, bool)>,
    ) -> usize {
        let symbol = self.symbols.add(name, 0, true);
        let number = self.sections.len();
        // LLVM gives type information this alignment without a directive.
        let align = if matches!(name, ".BTF" | ".BTF.ext") { 4 } else { 1 };
        self.sections.push(Section {
            name,
            kind,
            flags,
            align,
            entry,
            symbol,
            group,
            bytes: vec![],
            room: 0,
            fixups: vec![],
            parts: vec![],
        });
        let place = Location { section: u32::try_from(number).unwrap_or(u32::MAX), parts: 0, offset: 0 };
        let own = self.symbols.get_mut(symbol);
        own.place = Place::At(place);
        own.kind = STT_SECTION;
        own.binding = Some(Binding::Local);
        self.known.insert((name, group.map(|g| g.0)), number);
        number
    }

    /// Goes on in another section.
    fn enter(&mut self, number: usize) {
        self.lines.leave(self.location());
        self.previous = Some(std::mem::replace(&mut self.current, number));
        let Section { symbol, group, .. } = self.sections[number];
        if let Some((group, _)) = group {
            self.symbols.list(group);
        }
        self.symbols.list(symbol);
    }

    /// Notes that the bytes that come next are to be filled in.
    fn fix(&mut self, kind: FixupKind, value: Value, source: Span) {
        self.list(value);
        let section = self.section();
        let at = u32::try_from(section.len()).unwrap_or(u32::MAX);
        section.fixups.push(Fixup { at, kind, value, source: (source.start, source.end) });
    }
}

/// Whether a name seems to be one of a register, also of one that does not exist.
fn is_register(name: &str) -> bool {
    let digits = name.strip_prefix(['r', 'R', 'w', 'W']);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}
