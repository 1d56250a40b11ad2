//! `.macro`, `.rept`, `.irp`, `.irpc`, `.include`: statements that are read from another text.

use std::rc::Rc;

use super::condition::{BRANCHES, IFS};
use super::cursor::{Cursor, Res, is_name};
use super::text::{MOST_TEXT, Made, Piece, Source};
use super::{Assembly, scan};
use crate::diag::{Diagnostic, FileId, Span, code, nearest};

/// How deep macros, repetitions and files may stand in each other.
const DEPTH: u32 = 64;

/// As how many bytes it counts to begin a text.
const EACH: u64 = 64;

/// Directives that make text.
pub(super) const TEXTUAL: &[&str] = &[
    ".macro",
    ".endm",
    ".endmacro",
    ".exitm",
    ".purgem",
    ".altmacro",
    ".rept",
    ".rep",
    ".irp",
    ".irpc",
    ".endr",
    ".include",
];

/// A macro.
#[derive(Debug)]
pub(super) struct Macro<'a> {
    params: Vec<Param<'a>>,
    body: Body<'a>,
    /// Where it is defined.
    span: Span,
}

#[derive(Debug)]
struct Param<'a> {
    name: &'a str,
    default: String,
    required: bool,
    /// Whether it takes all that is left.
    rest: bool,
}

/// Statements between a directive and its end.
#[derive(Debug, Clone, Copy)]
struct Body<'a> {
    text: &'a str,
    /// The number of its first byte.
    base: u32,
}

/// A statement that is to be replaced: from where to where, and what it is called.
#[derive(Debug, Clone, Copy)]
struct Use<'n> {
    start: usize,
    end: usize,
    name: &'n str,
}

impl<'a> Assembly<'a, '_> {
    /// Takes a directive that makes text, or the use of a macro; gives where to read on. None: it is none.
    pub(super) fn expansion(&mut self, name: &'a str, start: usize, behind: usize) -> Option<usize> {
        let known = self.macros.get(name).cloned();
        if self.runs.any && [TEXTUAL, IFS, BRANCHES].into_iter().any(|names| names.contains(&name)) {
            // Nobody reads this: the whole file is assembled again, in its order.
            self.diagnostics.push(Diagnostic::error(code::GAS_MACRO, name, Span::default()));
        }
        let end = scan::statement_end(self.text, behind);
        let used = Use { start, end, name };
        let c = self.cursor(behind, end);
        let done = match (known, name) {
            (Some(known), _) => self.invoke(&known, used, c),
            (None, ".macro") => return Some(self.define_macro(start, c)),
            (None, ".rept" | ".rep" | ".irp" | ".irpc") => return Some(self.repeated(used, c)),
            (None, ".exitm") => {
                self.leaving = self.in_macro;
                if self.in_macro {
                    Ok(())
                } else {
                    Err(self.no_macro(used, "it ends a macro, and this is none"))
                }
            }
            (None, ".endm" | ".endmacro") => Err(self.no_macro(used, "no `.macro` stands before it")),
            (None, ".endr") => Err(self.no_macro(used, "no `.rept` stands before it")),
            (None, ".purgem") => self.purge(c),
            (None, ".altmacro") => {
                let d = self.no_macro(used, "the other syntax of macros is not supported");
                Err(Box::new(d.help("name parameters as `\\name`, without `.altmacro`")))
            }
            (None, ".include") => self.include(used, c),
            _ => return self.conditional(name, start, behind),
        };
        self.note(done);
        Some(end)
    }

    fn no_macro(&self, used: Use, why: &str) -> Box<Diagnostic> {
        let span = self.span(used.start, used.start + used.name.len());
        Box::new(Diagnostic::error(code::GAS_MACRO, format!("`{}`: {why}", used.name), span))
    }

    /// The statements up to the end of a block, and where to read on.
    fn block(&self, start: usize, from: usize) -> Result<(Body<'a>, usize), Box<Diagnostic>> {
        let text: &'a str = self.text;
        let is_macro = text[start..].starts_with(".macro");
        let (mut at, mut depth) = (from, 0u32);
        while let Some((word, behind)) = scan::next_word(text, at) {
            let end = scan::statement_end(text, behind);
            match &text[word..behind] {
                ".macro" if is_macro => depth += 1,
                ".rept" | ".rep" | ".irp" | ".irpc" if !is_macro => depth += 1,
                ".endm" | ".endmacro" if is_macro && depth > 0 => depth -= 1,
                ".endr" if !is_macro && depth > 0 => depth -= 1,
                ".endm" | ".endmacro" if is_macro => return Ok((self.body(from, word), end)),
                ".endr" if !is_macro => return Ok((self.body(from, word), end)),
                _ => {}
            }
            at = end;
        }
        let ending = if is_macro { ".endm" } else { ".endr" };
        let word = text[start..].bytes().take_while(|b| is_name(*b)).count();
        let span = self.span(start, start + word);
        Err(Box::new(Diagnostic::error(code::GAS_MACRO, format!("this has no `{ending}`"), span)))
    }

    fn body(&self, from: usize, to: usize) -> Body<'a> {
        Body { text: &self.text[from..to], base: self.span(from, from).start }
    }

    fn define_macro(&mut self, start: usize, mut c: Cursor<'a>) -> usize {
        let header = self.header(&mut c);
        let (body, next) = match self.block(start, c.end) {
            Ok(block) => block,
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                return self.text.len();
            }
        };
        let done = header.and_then(|(name, params, span)| {
            if let Some(known) = self.macros.get(name) {
                let d = Diagnostic::error(code::GAS_SYMBOL, format!("`{name}` is a macro already"), span);
                let d = d.also(known.span, "here for the first time");
                return Err(Box::new(d.help("`.purgem` forgets a macro")));
            }
            self.macros.insert(name, Rc::new(Macro { params, body, span }));
            Ok(())
        });
        self.note(done);
        next
    }

    fn header(&mut self, c: &mut Cursor<'a>) -> Res<(&'a str, Vec<Param<'a>>, Span)> {
        c.blanks();
        let start = c.at;
        let name = c.expect_name("the name of a macro")?;
        let span = c.span(start);
        let mut params: Vec<Param> = vec![];
        c.eat(b',');
        while !c.done() {
            if params.last().is_some_and(|param| param.rest) {
                return Err(c.wrong("no parameter follows one that takes the rest"));
            }
            let here = c.here();
            let mut param = Param {
                name: c.expect_name("a parameter")?,
                default: String::new(),
                required: false,
                rest: false,
            };
            if params.iter().any(|known| known.name == param.name) {
                let message = format!("`{}` is a parameter already", param.name);
                return Err(Box::new(Diagnostic::error(code::GAS_SYMBOL, message, here)));
            }
            if c.eat(b':') {
                match c.name() {
                    Some("req") => param.required = true,
                    Some("vararg") => param.rest = true,
                    _ => return Err(c.wrong("expected `req` or `vararg`")),
                }
            }
            if c.eat(b'=') {
                param.default = argument(c)?;
            }
            params.push(param);
            c.eat(b',');
        }
        Ok((name, params, span))
    }

    fn purge(&mut self, mut c: Cursor<'a>) -> Res<()> {
        loop {
            let here = c.here();
            let name = c.expect_name("a macro")?;
            if self.macros.remove(name).is_none() {
                let d = Diagnostic::error(code::GAS_MACRO, format!("there is no macro `{name}`"), here);
                return Err(Box::new(match nearest(name, self.macros.keys().copied()) {
                    Some(meant) => d.suggest("a macro with a similar name exists", here, meant),
                    None => d,
                }));
            }
            if !c.more()? {
                return Ok(());
            }
        }
    }

    /// Reads the statements of a macro.
    fn invoke(&mut self, known: &Macro<'a>, used: Use, mut c: Cursor<'a>) -> Res<()> {
        let mut given: Vec<Option<String>> = known.params.iter().map(|_| None).collect();
        let mut next = 0;
        while !c.done() {
            let here = c.here();
            let mut named = c.clone();
            let name = named.name().filter(|_| named.eat(b'=') && named.peek() != Some(b'='));
            let at = match name {
                Some(name) => {
                    let at = known.params.iter().position(|param| param.name == name);
                    c = named;
                    at.ok_or_else(|| format!("macro `{}` has no parameter `{name}`", used.name))
                }
                None => Ok(next),
            };
            let at = at.and_then(|at| match known.params.get(at) {
                Some(param) => Ok((at, param)),
                None => Err(format!("macro `{}` takes no more than {next} values", used.name)),
            });
            let (at, param) = at.map_err(|message| {
                Box::new(Diagnostic::error(code::GAS_MACRO, message, here).also(known.span, "this macro"))
            })?;
            given[at] = Some(if param.rest {
                c.blanks();
                let rest = c.text.get(c.at..c.end).unwrap_or("").trim_end().to_string();
                c.at = c.end;
                rest
            } else {
                argument(&mut c)?
            });
            next = at + 1;
            c.eat(b',');
        }
        let missing = |(param, given): &(&Param, &Option<String>)| {
            param.required && given.as_ref().is_none_or(String::is_empty)
        };
        if let Some((param, _)) = known.params.iter().zip(&given).find(missing) {
            let message = format!("macro `{}` needs `{}`", used.name, param.name);
            let d = Diagnostic::error(code::GAS_MACRO, message, self.span(used.start, used.end));
            return Err(Box::new(d.also(known.span, "this macro")));
        }
        let values = known.params.iter().zip(&given);
        let values: Vec<_> = values
            .map(|(param, given)| {
                let given = given.as_deref().filter(|given| !given.is_empty());
                (param.name, given.unwrap_or(&param.default))
            })
            .collect();
        let count = self.invoked;
        self.invoked += 1;
        let (text, pieces) = substitute(known.body, &values, count);
        let outer = std::mem::replace(&mut self.in_macro, true);
        let done = self.read_made(text, Source::Pieces(pieces), used);
        (self.in_macro, self.leaving) = (outer, false);
        done
    }

    /// Reads statements again and again.
    fn repeated(&mut self, used: Use, mut c: Cursor<'a>) -> usize {
        let (body, next) = match self.block(used.start, c.end) {
            Ok(block) => block,
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                return self.text.len();
            }
        };
        let outer = std::mem::replace(&mut self.in_macro, true);
        let done = if used.name.starts_with(".rep") {
            self.count_of(&mut c).and_then(|count| self.rept(body, count, used))
        } else {
            self.irp(body, used, c)
        };
        (self.in_macro, self.leaving) = (outer, false);
        self.note(done);
        next
    }

    fn count_of(&mut self, c: &mut Cursor<'a>) -> Res<u64> {
        c.blanks();
        let start = c.at;
        let count = self.absolute(c)?;
        let count = u64::try_from(count).map_err(|_| {
            let message = format!("{count} is less than nothing");
            Box::new(Diagnostic::error(code::GAS_RANGE, message, c.span(start)))
        })?;
        c.finish()?;
        Ok(count)
    }

    fn rept(&mut self, body: Body<'a>, count: u64, used: Use) -> Res<()> {
        let errors = self.diagnostics.errors();
        for _ in 0..count {
            self.within(body, used)?;
            // What is wrong is so each time.
            if self.leaving || self.stopped || self.diagnostics.errors() > errors {
                break;
            }
        }
        Ok(())
    }

    /// `.irp name, values`; of `.irpc` each character is one.
    fn irp(&mut self, body: Body<'a>, used: Use, mut c: Cursor<'a>) -> Res<()> {
        let name = c.expect_name("a parameter")?;
        c.eat(b',');
        let mut values = vec![];
        if used.name == ".irpc" {
            let text = argument(&mut c)?;
            values.extend(text.chars().map(String::from));
            c.finish()?;
        } else {
            while !c.done() {
                values.push(argument(&mut c)?);
                c.eat(b',');
            }
        }
        if values.is_empty() {
            values.push(String::new());
        }
        let errors = self.diagnostics.errors();
        for value in values {
            let (text, pieces) = substitute(body, &[(name, &value)], self.invoked);
            self.read_made(text, Source::Pieces(pieces), used)?;
            if self.leaving || self.diagnostics.errors() > errors {
                break;
            }
        }
        Ok(())
    }

    /// `.include "file"`.
    fn include(&mut self, used: Use, mut c: Cursor<'a>) -> Res<()> {
        let (name, span, path, bytes) = self.named_file(used.start, &mut c)?;
        c.finish()?;
        let fail = |message: String| Box::new(Diagnostic::error(code::GAS_MACRO, message, span));
        let text = String::from_utf8(bytes).map_err(|_| fail(format!("`{name}` is no UTF-8 text")))?;
        let read = scan::without_block_comments(&text)
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| fail(format!("a comment in `{name}` has no end")))?;
        let number = u32::try_from(self.next_file + self.included.len());
        let file = FileId(number.map_err(|_| fail("too many files".to_string()))?);
        self.included.push((path, text));
        self.read_made(read, Source::File(file), used)
    }

    /// A file in quotes: its name, the place of that, where it was found, and what is in it.
    fn named_file(&mut self, start: usize, c: &mut Cursor<'a>) -> Res<(String, Span, String, Vec<u8>)> {
        let here = c.here();
        let mut name = vec![];
        c.string(&mut name)?;
        let span = Span { start: here.start, ..c.span(c.at) };
        let fail = |message: String| Box::new(Diagnostic::error(code::GAS_MACRO, message, span));
        let name = String::from_utf8(name).map_err(|_| fail("this name is not UTF-8".to_string()))?;
        let from = self.included_from(start);
        let (path, bytes) =
            self.files.read(&from, &name).map_err(|why| fail(format!("`{name}` cannot be read: {why}")))?;
        Ok((name, span, path, bytes))
    }

    /// `.incbin "file", from, length`: the bytes of a file.
    pub(super) fn incbin(&mut self, start: usize, c: &mut Cursor<'a>) -> Res<()> {
        let (_, span, _, bytes) = self.named_file(start, c)?;
        let skip = if c.more()? { self.count(c)? } else { 0 };
        let most = if c.more()? { self.count(c)? } else { u64::MAX };
        c.finish()?;
        let narrow = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let rest = bytes.get(narrow(skip)..).ok_or_else(|| {
            let message = format!("this file has only {} bytes", bytes.len());
            Box::new(Diagnostic::error(code::GAS_RANGE, message, span))
        })?;
        let part = rest.get(..narrow(most)).unwrap_or(rest);
        self.make(part.len() as u64, span)?;
        self.bytes(part, span)
    }

    /// The name of the file that this statement stands in.
    fn included_from(&self, at: usize) -> String {
        let Span { start, end, .. } = self.span(at, at);
        let file = self.texts.place(self.file, (start, end)).file.0 as usize;
        let known = file.checked_sub(self.next_file).and_then(|number| self.included.get(number));
        known.map_or_else(|| self.name.to_string(), |(path, _)| path.clone())
    }

    /// Reads a text that was made.
    fn read_made(&mut self, text: String, source: Source, used: Use) -> Res<()> {
        let base = self.next_base;
        let next = u32::try_from(text.len()).ok().and_then(|len| base.checked_add(len)?.checked_add(1));
        self.next_base = next.ok_or_else(|| self.too_much(used))?;
        let span = self.span(used.start, used.end);
        let name = used.name.to_string();
        self.texts.0.push(Made { base, source, used: (span.start, span.end), name });
        let (text, arena) = self.arena.keep(text);
        self.arena = arena;
        self.within(Body { text, base }, used)
    }

    fn too_much(&mut self, used: Use) -> Box<Diagnostic> {
        self.stopped = true;
        let span = self.span(used.start, used.end);
        let d = Diagnostic::error(code::GAS_SIZE, "macros and repetitions make too much text", span);
        Box::new(d.note(format!("at most {} MiB of it are read", MOST_TEXT >> 20)))
    }

    /// Reads statements that stand in another place than the next ones.
    fn within(&mut self, body: Body<'a>, used: Use) -> Res<()> {
        self.read += body.text.len() as u64 + EACH;
        if self.read > MOST_TEXT {
            return Err(self.too_much(used));
        }
        if self.depth >= DEPTH {
            self.stopped = true;
            let message = format!("`{}` is used within itself without end", used.name);
            let d = Diagnostic::error(code::GAS_MACRO, message, self.span(used.start, used.end));
            return Err(Box::new(d.note(format!("macros, repetitions and files nest up to {DEPTH} deep"))));
        }
        self.depth += 1;
        let text = std::mem::replace(&mut self.text, body.text);
        let base = std::mem::replace(&mut self.symbols.base, body.base);
        let outer = std::mem::replace(&mut self.outer, self.conditions.len());
        self.statements();
        self.end_conditions(self.outer);
        (self.text, self.symbols.base, self.outer) = (text, base, outer);
        self.depth -= 1;
        Ok(())
    }
}

/// The text of an argument. LLVM and GNU as end it at a comma and at blanks that have no operator beside them; what
/// they divide in different ways is refused.
fn argument(c: &mut Cursor) -> Res<String> {
    c.blanks();
    let (start, mut out, mut open) = (c.at, String::new(), 0u32);
    let unclear = |c: &Cursor| {
        let message = "assemblers divide these arguments in different ways";
        let d = Diagnostic::error(code::GAS_MACRO, message, c.span(start));
        Box::new(d.help("put each argument in double quotes, and a comma between them"))
    };
    while let Some(byte) = c.peek() {
        let from = c.at;
        match byte {
            b',' if open > 0 => return Err(unclear(c)),
            b',' => break,
            b'"' => {
                let end = scan::quoted_end(c.text.as_bytes(), c.at).min(c.end);
                let quoted = c.text.get(c.at + 1..end).unwrap_or("");
                let Some(quoted) = quoted.strip_suffix('"') else {
                    c.at = end;
                    let d = Diagnostic::error(code::GAS_STRING, "a string without an end", c.span(from));
                    return Err(Box::new(d));
                };
                c.at = end;
                if from != start || matches!(c.peek(), Some(b) if !matches!(b, b' ' | b'\t' | b',' | b'\r')) {
                    return Err(unclear(c));
                }
                out.push_str(quoted);
                c.blanks();
                break;
            }
            b'\'' => {
                c.at = scan::quoted_end(c.text.as_bytes(), c.at).min(c.end);
                out.push_str(c.text.get(from..c.at).unwrap_or(""));
            }
            b' ' | b'\t' | b'\r' | 0x0c => {
                c.blanks();
                let next = c.peek();
                let glue = |b: &u8| b"+-*/|&^~!%<>=".contains(b);
                let bracket = |b: &u8| b"()[]:".contains(b);
                if matches!(next, None | Some(b',')) {
                    break;
                }
                if open > 0 {
                    if out.contains('[') {
                        return Err(unclear(c));
                    }
                    out.push(' ');
                } else if next.as_ref().is_some_and(glue) || out.as_bytes().last().is_some_and(glue) {
                    // An operator joins what is beside it.
                } else if next.as_ref().is_some_and(bracket) || out.as_bytes().last().is_some_and(bracket) {
                    return Err(unclear(c));
                } else {
                    break;
                }
            }
            _ => {
                match byte {
                    b'(' | b'[' => open += 1,
                    b')' | b']' => open = open.saturating_sub(1),
                    _ => {}
                }
                c.at += 1;
                while !c.text.is_char_boundary(c.at) {
                    c.at += 1;
                }
                out.push_str(c.text.get(from..c.at).unwrap_or(""));
            }
        }
    }
    Ok(out)
}

/// A body with values in place of `\name`, and where each part of it comes from. `\@` is how many macros were used
/// before; `\()` is nothing, and ends a name.
fn substitute(body: Body, values: &[(&str, &str)], count: u64) -> (String, Vec<Piece>) {
    let text = body.text;
    let mut out = String::with_capacity(text.len());
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let place = |at: usize| body.base.saturating_add(narrow(at));
    let mut pieces = vec![];
    let mut copied = 0;
    let mut copy = |out: &mut String, pieces: &mut Vec<Piece>, to: usize, next: usize| {
        if copied < to {
            pieces.push(Piece { at: narrow(out.len()), from: (place(copied), place(to)), same: true });
            out.push_str(&text[copied..to]);
        }
        pieces.push(Piece { at: narrow(out.len()), from: (place(to), place(next)), same: false });
        copied = next;
    };
    let mut at = 0;
    while let Some(found) = text[at..].find('\\') {
        let slash = at + found;
        let rest = &text[slash + 1..];
        let len =
            rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$')).count();
        at = slash + 1;
        let value = values.iter().find(|(name, _)| *name == &rest[..len]).map(|(_, value)| *value);
        if rest.starts_with('@') {
            copy(&mut out, &mut pieces, slash, slash + 2);
            out.push_str(&count.to_string());
            at = slash + 2;
        } else if rest.starts_with("()") {
            copy(&mut out, &mut pieces, slash, slash + 3);
            at = slash + 3;
        } else if let Some(value) = value.filter(|_| len > 0) {
            copy(&mut out, &mut pieces, slash, slash + 1 + len);
            out.push_str(value);
            at = slash + 1 + len;
        }
    }
    copy(&mut out, &mut pieces, text.len(), text.len());
    (out, pieces)
}
