//! Directives by name, and those that are about sections and symbols.

use goblin::elf::section_header::{
    SHF_ALLOC, SHF_EXECINSTR, SHF_GROUP, SHF_MERGE, SHF_STRINGS, SHF_TLS, SHF_WRITE, SHT_FINI_ARRAY,
    SHT_INIT_ARRAY, SHT_NOBITS, SHT_NOTE, SHT_PREINIT_ARRAY, SHT_PROGBITS,
};
use goblin::elf::sym::{
    STT_COMMON, STT_FUNC, STT_NOTYPE, STT_OBJECT, STT_TLS, STV_HIDDEN, STV_INTERNAL, STV_PROTECTED,
};

use super::Assembly;
use super::condition::{BRANCHES, IFS};
use super::cursor::{Cursor, Res, is_name};
use super::expand::TEXTUAL;
use super::section;
use super::symbol::{Binding, Place, SymbolId};
use crate::diag::{Diagnostic, code, nearest};

/// `SHF_EXCLUDE`: the linker drops the section.
pub(super) const SHF_EXCLUDE: u64 = 0x8000_0000;
/// `SHF_GNU_RETAIN`: the linker keeps the section.
const SHF_GNU_RETAIN: u64 = 0x20_0000;

/// Directives that are suggested, besides those that choose and make text.
const NAMES: &[&str] = &[
    ".text",
    ".data",
    ".bss",
    ".rodata",
    ".section",
    ".pushsection",
    ".popsection",
    ".previous",
    ".globl",
    ".global",
    ".extern",
    ".local",
    ".weak",
    ".hidden",
    ".protected",
    ".internal",
    ".type",
    ".size",
    ".p2align",
    ".p2alignw",
    ".p2alignl",
    ".align",
    ".balign",
    ".balignw",
    ".balignl",
    ".byte",
    ".short",
    ".hword",
    ".long",
    ".word",
    ".quad",
    ".dword",
    ".octa",
    ".float",
    ".single",
    ".double",
    ".ascii",
    ".asciz",
    ".string",
    ".zero",
    ".skip",
    ".space",
    ".fill",
    ".set",
    ".equ",
    ".equiv",
    ".comm",
    ".lcomm",
    ".org",
    ".uleb128",
    ".sleb128",
    ".file",
    ".loc",
    ".ident",
    ".addrsig",
    ".addrsig_sym",
    ".cfi_startproc",
    ".cfi_endproc",
    ".cfi_sections",
    ".incbin",
    ".error",
    ".warning",
    ".print",
];

/// What other assemblers take, and why it is nothing here.
const REFUSED: &[(&str, &str)] = &[
    (".end", "leave it out, and what follows it: other assemblers do not read that"),
    (".symver", "symbols of eBPF programs have no versions"),
    (".version", "`.section` with the type `@note` makes notes"),
    (".weakref", "write the name itself, and `.weak` before it"),
];

impl<'a> Assembly<'a, '_> {
    /// Does what a directive says.
    pub(super) fn directive(&mut self, name: &'a str, start: usize, mut c: Cursor<'a>) -> Res<()> {
        let c = &mut c;
        match name {
            ".subsection" => self.no_subsection(c)?,
            ".text" | ".data" | ".bss" | ".rodata" => {
                self.no_subsection(c)?;
                let number = self.known_section(name);
                self.enter(number);
            }
            ".section" => self.section_directive(c, false)?,
            ".pushsection" => self.section_directive(c, true)?,
            ".popsection" => {
                let Some((current, previous)) = self.stack.pop() else {
                    return Err(self.misplaced(name, start, "no `.pushsection` stands before it"));
                };
                self.enter(current);
                self.previous = previous;
            }
            ".previous" => {
                let Some(previous) = self.previous else {
                    return Err(self.misplaced(name, start, "no other section stands before it"));
                };
                self.enter(previous);
            }
            ".globl" | ".global" => self.each_symbol(c, |a, s| a.bind(s, Binding::Global))?,
            // What is not defined here is looked for elsewhere anyway; lines are those of `.loc`.
            ".extern" | ".line" => c.at = c.end,
            ".noaltmacro" => {}
            ".local" => self.each_symbol(c, |a, s| a.bind(s, Binding::Local))?,
            ".weak" => self.each_symbol(c, |a, s| a.bind(s, Binding::Weak))?,
            ".hidden" => self.each_symbol(c, |a, s| a.symbols.get_mut(s).visibility = STV_HIDDEN)?,
            ".protected" => self.each_symbol(c, |a, s| a.symbols.get_mut(s).visibility = STV_PROTECTED)?,
            ".internal" => self.each_symbol(c, |a, s| a.symbols.get_mut(s).visibility = STV_INTERNAL)?,
            ".type" => self.symbol_type(c)?,
            ".size" => {
                let symbol = self.symbol(c)?;
                c.expect(b',')?;
                c.blanks();
                let start = c.at;
                let value = self.expression(c)?;
                self.sizes.push((symbol, value, c.span(start)));
            }
            ".set" | ".equ" | ".equiv" => {
                c.blanks();
                let start = c.at;
                let symbol = c.expect_name("a symbol")?;
                c.expect(b',')?;
                self.assign(symbol, start, c)?;
            }
            ".comm" => self.common(c, false)?,
            ".lcomm" => self.common(c, true)?,
            ".byte" | ".dc.b" => self.numbers(c, 1)?,
            ".short" | ".2byte" | ".half" | ".hword" | ".value" | ".dc" | ".dc.w" => self.numbers(c, 2)?,
            ".long" | ".4byte" | ".int" | ".word" | ".dc.l" => self.numbers(c, 4)?,
            ".quad" | ".8byte" | ".dword" | ".dc.a" => self.numbers(c, 8)?,
            ".octa" => self.octa(c)?,
            ".float" | ".single" | ".dc.s" => self.reals(c, 4)?,
            ".double" | ".dc.d" => self.reals(c, 8)?,
            ".dcb.b" | ".ds.b" => self.units(c, 1, name)?,
            ".dcb" | ".dcb.w" | ".ds" | ".ds.w" => self.units(c, 2, name)?,
            ".dcb.l" | ".ds.l" | ".ds.s" => self.units(c, 4, name)?,
            ".ds.d" => self.units(c, 8, name)?,
            ".incbin" => self.incbin(start, c)?,
            ".ascii" => self.strings(c, false)?,
            ".asciz" | ".string" => self.strings(c, true)?,
            ".zero" | ".skip" | ".space" => self.zero(c)?,
            ".fill" => self.fill(c)?,
            ".p2align" => self.align(c, true, 1)?,
            ".p2alignw" => self.align(c, true, 2)?,
            ".p2alignl" => self.align(c, true, 4)?,
            ".align" => self.some_align(c)?,
            ".balign" => self.align(c, false, 1)?,
            ".balignw" => self.align(c, false, 2)?,
            ".balignl" => self.align(c, false, 4)?,
            ".uleb128" => self.leb(c, false)?,
            ".sleb128" => self.leb(c, true)?,
            ".org" => self.org(c)?,
            ".file" => self.file_directive(c)?,
            ".loc" => self.loc_directive(c)?,
            ".ident" => self.ident(c)?,
            ".addrsig" => {
                self.addrsig.get_or_insert_default();
            }
            ".addrsig_sym" => {
                let symbol = self.symbol(c)?;
                self.addrsig.get_or_insert_default().push(symbol);
            }
            ".cfi_sections" => self.cfi_sections(c)?,
            ".err" | ".error" | ".warning" => self.say(name, start, c)?,
            ".print" => c.string(&mut vec![])?,
            ".cfi_startproc" => self.cfi_start(c, start)?,
            ".cfi_endproc" => self.cfi_end(name, start)?,
            _ => return Err(self.unknown(name, start)),
        }
        c.finish()
    }

    fn unknown(&self, name: &str, start: usize) -> Box<Diagnostic> {
        let span = self.span(start, start + name.len());
        if name.starts_with(".cfi_") {
            let d = Diagnostic::error(code::GAS_DIRECTIVE, format!("`{name}` is not supported"), span);
            return Box::new(d.note("an eBPF program has one frame, and nothing unwinds it"));
        }
        if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
            let d = Diagnostic::error(code::GAS_DIRECTIVE, format!("`{name}` is not supported"), span);
            return Box::new(d.help(*why));
        }
        let d = Diagnostic::error(code::GAS_DIRECTIVE, format!("there is no directive `{name}`"), span);
        let names = [NAMES, TEXTUAL, IFS, BRANCHES].into_iter().flatten().copied();
        Box::new(match nearest(name, names) {
            Some(meant) => d.suggest("a directive with a similar name exists", span, meant),
            None => d,
        })
    }

    pub(super) fn misplaced(&self, name: &str, start: usize, why: &str) -> Box<Diagnostic> {
        let span = self.span(start, start + name.len());
        Box::new(Diagnostic::error(code::GAS_PLACE, format!("`{name}`: {why}"), span))
    }

    /// Parts of a section in another order than that of the text.
    fn no_subsection(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        if c.done() {
            return Ok(());
        }
        let here = c.here();
        if self.absolute(c)? == 0 {
            return Ok(());
        }
        let d = Diagnostic::error(code::GAS_OPERAND, "subsections are not supported", here);
        Err(Box::new(d.help("write the statements in the order that they are to have")))
    }

    /// The symbol that is named here.
    fn symbol(&mut self, c: &mut Cursor<'a>) -> Res<SymbolId> {
        c.blanks();
        let start = c.at;
        let name = c.expect_name("a symbol")?;
        Ok(self.symbols.intern(name, start))
    }

    fn each_symbol(&mut self, c: &mut Cursor<'a>, does: impl Fn(&mut Self, SymbolId)) -> Res<()> {
        loop {
            let symbol = self.symbol(c)?;
            self.symbols.list(symbol);
            does(self, symbol);
            if !c.more()? {
                return Ok(());
            }
        }
    }

    /// `.error "text"`, `.warning "text"`.
    fn say(&mut self, name: &str, start: usize, c: &mut Cursor<'a>) -> Res<()> {
        let span = self.span(start, start + name.len());
        let mut text = vec![];
        if c.peek_string() {
            c.string(&mut text)?;
        }
        let text = if text.is_empty() {
            format!("`{name}` was reached")
        } else {
            String::from_utf8_lossy(&text).into_owned()
        };
        if name == ".warning" {
            self.diagnostics.push(Diagnostic::warning(code::WARNED, text, span));
            return Ok(());
        }
        Err(Box::new(Diagnostic::error(code::SAID, text, span)))
    }

    /// `.weak` wins over `.globl`, in whatever order they stand.
    fn bind(&mut self, symbol: SymbolId, binding: Binding) {
        let known = &mut self.symbols.get_mut(symbol).binding;
        if (*known, binding) != (Some(Binding::Weak), Binding::Global) {
            *known = Some(binding);
        }
    }

    /// `.type foo, @function`.
    fn symbol_type(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        let symbol = self.symbol(c)?;
        c.eat(b',');
        c.blanks();
        let here = c.here();
        if matches!(c.peek(), Some(b'@' | b'%' | b'#')) {
            c.at += 1;
        }
        let kind = match c.name().map(|name| name.trim_start_matches(['@', '%'])) {
            Some("function" | "STT_FUNC") => STT_FUNC,
            Some("object" | "STT_OBJECT" | "gnu_unique_object") => STT_OBJECT,
            Some("notype" | "STT_NOTYPE") => STT_NOTYPE,
            Some("tls_object" | "STT_TLS") => STT_TLS,
            Some("common" | "STT_COMMON") => STT_COMMON,
            _ => {
                let d = Diagnostic::error(code::GAS_OPERAND, "this is no type of a symbol", here);
                return Err(Box::new(d.help("`@function` and `@object` are")));
            }
        };
        self.symbols.list(symbol);
        self.symbols.get_mut(symbol).kind = kind;
        Ok(())
    }

    /// `.set name, value`, `name = value`.
    pub(super) fn assign(&mut self, name: &'a str, start: usize, c: &mut Cursor<'a>) -> Res<()> {
        let value = self.expression(c)?;
        c.finish()?;
        let span = self.span(start, start + name.len());
        if name == "." {
            return Err(Box::new(Diagnostic::error(code::GAS_DIRECTIVE, "`.` is set with `.org`", span)));
        }
        let symbol = self.symbols.intern(name, start);
        self.symbols.list(symbol);
        self.list(value);
        if let Place::Equal(_) = self.symbols.get(symbol).place {
            self.symbols.get_mut(symbol).place = Place::Undefined;
        }
        self.define(symbol, Place::Equal(value), span);
        Ok(())
    }

    /// `.ident "who made this"`: strings in `.comment`, behind an empty one.
    fn ident(&mut self, c: &mut Cursor<'a>) -> Res<()> {
        c.blanks();
        let start = c.at;
        let mut bytes = vec![];
        c.string(&mut bytes)?;
        bytes.push(0);
        let (current, previous) = (self.current, self.previous);
        let comment = self.known_section(".comment");
        self.enter(comment);
        if self.section().bytes.is_empty() {
            bytes.insert(0, 0);
        }
        let done = self.bytes(&bytes, c.span(start));
        (self.current, self.previous) = (current, previous);
        done
    }

    /// `.section name, "flags", @type, entry size, group, comdat`.
    fn section_directive(&mut self, c: &mut Cursor<'a>, push: bool) -> Res<()> {
        c.blanks();
        let start = c.at;
        let name =
            match c.peek() {
                Some(b'"') => c.name(),
                // Names of programs have slashes: `.section xdp/drop`.
                _ => Some(c.take_while(|b| {
                    is_name(b) || matches!(b, b'/' | b'-' | b'+' | b'*' | b'!' | b':' | b'~')
                })),
            };
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Err(c.wrong("expected the name of a section"));
        };
        let span = c.span(start);
        let (mut kind, mut flags) = section::usual(name);
        let (mut entry, mut group, mut given) = (0, None, false);
        if c.more()? {
            if !c.peek_string() {
                return Err(c.wrong("expected the flags of the section in quotes: `\"ax\"`"));
            }
            given = true;
            let letters = c.here();
            let letters = (c.flags()?, letters);
            flags = section_flags(letters.0, letters.1)?;
            if letters.0.contains('?') {
                group = self.section().group;
                flags |= group.map_or(0, |_| u64::from(SHF_GROUP));
            }
            let bit = |flag: u32| flags & u64::from(flag) != 0;
            if c.more()? {
                kind = section_type(c)?;
                if bit(SHF_MERGE) {
                    c.expect(b',')?;
                    c.blanks();
                    entry = u64::try_from(self.absolute(c)?)
                        .ok()
                        .filter(|e| *e > 0 && *e < 1 << 31)
                        .ok_or_else(|| c.wrong("the length of an entry is a number above 0"))?;
                }
                if bit(SHF_GROUP) && group.is_none() {
                    c.expect(b',')?;
                    let symbol = self.symbol(c)?;
                    let comdat = c.more()?;
                    if comdat && c.name() != Some("comdat") {
                        return Err(c.wrong("expected `comdat`"));
                    }
                    group = Some((symbol, comdat));
                }
            } else if bit(SHF_MERGE) || bit(SHF_GROUP) && group.is_none() {
                return Err(c.wrong("expected a type: `@progbits`"));
            }
        }
        let rest = c.here();
        if c.eat(b',') && c.name() == Some("unique") {
            let message = format!("several sections of the name `{name}` are not supported");
            let d = Diagnostic::error(code::GAS_SECTION, message, rest);
            return Err(Box::new(d.help("give each a name of its own")));
        }
        c.finish()?;
        let number = match self.known.get(&(name, group.map(|g| g.0))) {
            Some(number) => {
                let known = &self.sections[*number];
                if given && (known.flags, known.kind, known.entry) != (flags, kind, entry) {
                    let message = format!("section `{name}` had other flags before");
                    return Err(Box::new(Diagnostic::error(code::GAS_SECTION, message, span)));
                }
                *number
            }
            None if !given => self.known_section(name),
            None => {
                // clang writes the frames before the lines, which the text of a `.s` file has first.
                if name == ".debug_line" {
                    self.frame_sections();
                }
                self.new_section(name, kind, flags, entry, group)
            }
        };
        if push {
            self.stack.push((self.current, self.previous));
        }
        self.enter(number);
        Ok(())
    }
}

impl<'a> Cursor<'a> {
    fn peek_string(&mut self) -> bool {
        self.blanks();
        self.peek() == Some(b'"')
    }

    /// The letters between quotes.
    fn flags(&mut self) -> Res<&'a str> {
        self.at += 1;
        let letters = self.take_while(|b| b != b'"');
        self.expect(b'"')?;
        Ok(letters)
    }
}

fn section_flags(letters: &str, span: crate::diag::Span) -> Res<u64> {
    if let Some(number) = number(letters) {
        return Ok(number);
    }
    let mut flags = 0;
    for letter in letters.chars() {
        flags |= match letter {
            'a' => u64::from(SHF_ALLOC),
            'w' => u64::from(SHF_WRITE),
            'x' => u64::from(SHF_EXECINSTR),
            'M' => u64::from(SHF_MERGE),
            'S' => u64::from(SHF_STRINGS),
            'G' => u64::from(SHF_GROUP),
            'T' => u64::from(SHF_TLS),
            'e' => SHF_EXCLUDE,
            'R' => SHF_GNU_RETAIN,
            // In the group of the section before, if that has one.
            '?' => 0,
            'o' => {
                let message = "a section that is linked with another one is not supported";
                let d = Diagnostic::error(code::GAS_SECTION, message, span);
                return Err(Box::new(d.help("leave `o` and the other section's name out")));
            }
            _ => {
                let message = format!("no flag of a section is called `{letter}`");
                let d = Diagnostic::error(code::GAS_SECTION, message, span);
                return Err(Box::new(
                    d.help("a: allocated, w: written, x: executed, M: merged, S: strings, G: group"),
                ));
            }
        };
    }
    Ok(flags)
}

/// A number without a sign, as tools write flags and types that have no name.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// `@progbits`.
fn section_type(c: &mut Cursor) -> Res<u32> {
    c.blanks();
    let here = c.here();
    if c.peek() == Some(b'%') {
        c.at += 1;
    }
    let name = c.name().map(|name| name.trim_start_matches('@'));
    Ok(match name {
        Some("progbits") => SHT_PROGBITS,
        Some("nobits") => SHT_NOBITS,
        Some("note") => SHT_NOTE,
        Some("init_array") => SHT_INIT_ARRAY,
        Some("fini_array") => SHT_FINI_ARRAY,
        Some("preinit_array") => SHT_PREINIT_ARRAY,
        Some(name) if let Some(kind) = number(name).and_then(|kind| u32::try_from(kind).ok()) => kind,
        _ => {
            let d = Diagnostic::error(code::GAS_SECTION, "this is no type of a section", here);
            return Err(Box::new(d.help("`@progbits` and `@nobits` are")));
        }
    })
}
