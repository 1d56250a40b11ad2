//! Text to tokens. Total: what is no token is reported, and stands there as [`Kind::Bad`].

use nom::branch::alt;
use nom::bytes::complete::is_not;
use nom::character::complete::{char, digit1, satisfy};
use nom::combinator::recognize;
use nom::multi::{count, many0_count};
use nom::sequence::{pair, preceded};
use nom::{IResult, Parser};

use super::token::{Kind, Token};
use super::words::DECLARATIONS;
use crate::btf::raw;
use crate::diag::{Diagnostic, Diagnostics, FileId, Span, code};
use crate::escape::unescape;
use crate::isa::Dialect;

/// How far on a line what closes a parenthesis is looked for.
const NEAR: usize = 1000;

/// Takes a text apart, as far as somebody asks. Line ends inside `( )` and `[ ]` and behind a comma are no tokens.
/// `;` is a token, and so is `#` with the rest of its line: the parser knows where they are a mistake.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    file: FileId,
    text: &'a str,
    /// The byte that is next.
    at: usize,
    /// The tokens so far, but for those that are forgotten.
    pub(super) tokens: Vec<Token>,
    /// Whether the last token is the end of the text.
    pub(super) done: bool,
    /// The other tool whose text it is: there `;` ends a statement, and `#` begins a comment.
    pub(super) dialect: Option<Dialect>,
    /// How many `(` and `[` are open.
    depth: u32,
    /// Line ends within them: how many tokens stand before, and the place.
    joined: Vec<(usize, Span)>,
    /// Where something last was no token.
    last_bad: Option<usize>,
    /// What is wrong so far.
    pub(super) diagnostics: Diagnostics,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(file: FileId, text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self {
            file,
            text,
            at,
            tokens: vec![],
            done: false,
            dialect: super::dialect::of(text),
            depth: 0,
            joined: vec![],
            last_bad: None,
            diagnostics: Diagnostics::default(),
        }
    }

    /// Takes tokens up to where a line ends that can end a statement: what stands before does not change any more.
    pub(super) fn line(&mut self) {
        while let Some(first) = self.byte(0) {
            let start = self.at;
            let kind = match (first, self.byte(1)) {
                (b'\r', _) => {
                    self.carriage_return();
                    continue;
                }
                (b' ' | b'\t', _) => {
                    self.at += 1;
                    continue;
                }
                (b'\n', _) => {
                    self.line_end();
                    self.at += 1;
                    if self.depth == 0 && self.tokens.last().is_some_and(|last| last.kind == Kind::Newline) {
                        return;
                    }
                    continue;
                }
                (b'/', Some(b'/')) => {
                    self.at += self.line_rest().len();
                    continue;
                }
                (b'/', Some(b'*')) => {
                    let Some(len) = self.rest()[2..].find("*/") else {
                        self.endless_comment();
                        break;
                    };
                    self.at += len + 4;
                    continue;
                }
                (b'{', _) if self.begins_types() => {
                    self.types();
                    continue;
                }
                (b'#', _) if self.dialect.is_some() => {
                    self.at += self.line_rest().len();
                    continue;
                }
                (b';', _) if self.dialect.is_some() => {
                    self.unjoin();
                    self.newline();
                    self.at += 1;
                    continue;
                }
                (b'#', Some(_)) if self.numbered_callee() => {
                    self.at += 1;
                    Kind::Punct
                }
                (b'#', Some(b'0'..=b'9')) => {
                    self.at += 1;
                    let rest = &self.text.as_bytes()[self.at..];
                    self.at += rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
                    Kind::Number
                }
                (b'#', _) => {
                    self.at += self.line_rest().len();
                    Kind::Punct
                }
                (b';', _) => self.semicolon(),
                (b'A'..=b'Z' | b'a'..=b'z' | b'_', _) => self.word(),
                (b'`', _) => self.quoted_name(0, Kind::Ident),
                (b'.', Some(b'`')) => self.quoted_name(1, Kind::DotName),
                (b'.', Some(b'A'..=b'Z' | b'a'..=b'z' | b'_')) => self.prefixed(Kind::DotName),
                (b'$', Some(b'A'..=b'Z' | b'a'..=b'z' | b'_')) => self.prefixed(Kind::Param),
                (b'@', Some(b'A'..=b'Z' | b'a'..=b'z' | b'_')) => self.prefixed(Kind::At),
                (b'0'..=b'9' | b'"' | b'\'', _) => self.literal(),
                _ => self.operator(),
            };
            self.tokens.push(Token { kind, span: self.span(start, self.at) });
        }
        if self.done {
            return;
        }
        self.at = self.text.len();
        self.unjoin();
        self.newline();
        self.tokens.push(Token { kind: Kind::Eof, span: self.span(self.at, self.at) });
        self.done = true;
    }

    /// Goes on at the start of a line further down, as if all before it had been taken.
    pub(super) fn restart(&mut self, at: usize) {
        self.at = at;
        self.tokens.clear();
        self.tokens.push(Token { kind: Kind::Newline, span: self.span(at, at) });
        self.depth = 0;
        self.joined.clear();
        self.done = false;
    }

    /// Forgets the first tokens.
    pub(super) fn forget(&mut self, tokens: usize) {
        self.tokens.drain(..tokens);
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Up to the end of the line, or to a carriage return that is no part of one.
    fn line_rest(&self) -> &'a str {
        let rest = self.rest();
        &rest[..rest.bytes().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len())]
    }

    /// One that stands before no line end is an error: what stands behind it looks like a line of its own, in a
    /// comment, too.
    fn carriage_return(&mut self) {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        self.at += rest.iter().position(|b| *b != b'\r').unwrap_or(rest.len());
        if !matches!(self.byte(0), None | Some(b'\n')) {
            let span = self.span(start, self.at);
            let d = Diagnostic::error(code::CHARACTER, "a carriage return alone ends no line", span);
            self.diagnostics.push(d.help("lines end with a line feed, before which it may stand"));
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { file: self.file, start: offset(start), end: offset(end) }
    }

    // Lines.

    fn line_end(&mut self) {
        if self.depth > 0 {
            self.joined.push((self.tokens.len(), self.span(self.at, self.at)));
            return;
        }
        let comma = |t: &Token| self.text.as_bytes()[t.span.start as usize] == b',';
        if !self.tokens.last().is_some_and(comma) {
            self.newline();
        }
    }

    #[inline]
    fn newline(&mut self) {
        if self.tokens.last().is_some_and(|last| last.kind != Kind::Newline) {
            self.tokens.push(Token { kind: Kind::Newline, span: self.span(self.at, self.at) });
        }
    }

    /// A brace never stands inside parentheses: one of them was forgotten, so the lines since then end after all.
    fn unjoin(&mut self) {
        self.depth = 0;
        let Some((first, _)) = self.joined.first() else { return };
        let mut tail = self.tokens.split_off(*first).into_iter();
        let mut at = *first;
        for (before, span) in std::mem::take(&mut self.joined) {
            self.tokens.extend(tail.by_ref().take(before - at));
            at = before;
            if self.tokens.last().is_some_and(|last| last.kind != Kind::Newline) {
                self.tokens.push(Token { kind: Kind::Newline, span });
            }
        }
        self.tokens.extend(tail);
    }

    // The lines of a `btf` block are one token: they are in a language of their own.

    /// Whether the brace that stands here opens such a block.
    fn begins_types(&self) -> bool {
        let word = |t: &Token| &self.text[t.span.start as usize..t.span.end as usize] == "btf";
        match self.tokens.as_slice() {
            [.., before, last] => before.kind == Kind::Newline && word(last),
            [last] => word(last),
            [] => false,
        }
    }

    /// Takes the brace, and what stands before the one that closes it.
    fn types(&mut self) {
        self.tokens.push(Token { kind: Kind::Punct, span: self.span(self.at, self.at + 1) });
        self.at += 1;
        let rest = self.rest();
        // Where the brace was forgotten, a declaration follows.
        let declares = |line: &str| {
            let line = line.trim_start();
            let word = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(line.len());
            line.starts_with('@') || DECLARATIONS.contains(&&line[..word])
        };
        let within = rest.split_inclusive('\n').take_while(|line| !declares(line));
        let most = within.map(str::len).sum();
        let len = raw::end(&rest[..most]).unwrap_or(most);
        let text = &rest[..len];
        // Other blanks are left to who reads the lines: here, they would stand between tokens.
        let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
        let start = self.at + (len - text.trim_start_matches(blank).len());
        let end = self.at + text.trim_end_matches(blank).len();
        if start < end {
            self.tokens.push(Token { kind: Kind::Lines, span: self.span(start, end) });
            self.at = end;
        }
    }

    // Tokens: each moves on behind itself and gives its kind.

    /// A name, or with `!` the use of a macro. An `s` may belong to a signed operator.
    fn word(&mut self) -> Kind {
        if self.byte(0) == Some(b's') && matches!(self.byte(1), Some(b'<' | b'>' | b'/' | b'%')) {
            let signed = operator_len(&self.text.as_bytes()[self.at + 1..]);
            // `s/` and `s%` alone are no operators, and neither is `s<<`.
            let text = &self.text[self.at..self.at + 1 + signed];
            if matches!(text, "s<" | "s>" | "s<=" | "s>=" | "s/=" | "s%=" | "s>>=") {
                self.at += text.len();
                return Kind::Punct;
            }
        }
        let start = self.at;
        self.name();
        // `r1s>` as GNU as prints it: a register and an operator.
        if let [b'r' | b'w', b'0'..=b'9', b's'] | [b'r' | b'w', b'1', b'0', b's'] =
            self.text.as_bytes()[start..self.at]
            && matches!(self.byte(0), Some(b'<' | b'>' | b'/' | b'%'))
        {
            self.at -= 1;
            return Kind::Ident;
        }
        if self.rest().chars().next().is_some_and(char::is_alphanumeric) {
            return self.strange_name(start);
        }
        if self.byte(0) == Some(b'!') && self.byte(1) != Some(b'=') {
            self.at += 1;
            return Kind::Macro;
        }
        Kind::Ident
    }

    #[inline]
    fn name(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let end = rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'));
        self.at += end.unwrap_or(rest.len());
    }

    /// A name of any characters, between backticks that stand so far on.
    fn quoted_name(&mut self, before: usize, kind: Kind) -> Kind {
        let rest = &self.rest()[before + 1..];
        let len = rest.find(|c: char| c == '`' || c.is_control()).unwrap_or(rest.len());
        if rest[len..].starts_with('`') && len > 0 {
            self.at += before + len + 2;
            return kind;
        }
        let (len, message) = match rest.starts_with('`') {
            true => (before + 2, "a name has at least one character"),
            false => (before + 1 + len, "this name does not end on its line"),
        };
        let span = self.span(self.at, self.at + len);
        let d = Diagnostic::error(code::STRING, message, span);
        self.bad(len, d.note("a name in backticks has any characters but backticks and control characters"))
    }

    fn prefixed(&mut self, kind: Kind) -> Kind {
        let start = self.at;
        self.at += 1;
        self.name();
        if self.rest().chars().next().is_some_and(char::is_alphanumeric) {
            return self.strange_name(start);
        }
        kind
    }

    /// A number is only taken as it stands: what reads it says whether it is one.
    fn literal(&mut self) -> Kind {
        match literal(self.rest()) {
            Ok((after, kind)) => {
                self.at = self.text.len() - after.len();
                kind
            }
            Err(_) if self.byte(0) == Some(b'"') => {
                let line = self.line_rest().len();
                let span = self.span(self.at, self.at + line);
                let d = Diagnostic::error(code::STRING, "this string does not end on its line", span);
                self.bad(line, d)
            }
            Err(_) => {
                // Up to its other quote, where that is near.
                let mut near =
                    self.rest().bytes().take_while(|b| !matches!(b, b'\n' | b'\r')).take(8).skip(1);
                let len = near.position(|b| b == b'\'').map_or(1, |at| at + 2);
                let span = self.span(self.at, self.at + len);
                let d = Diagnostic::error(code::STRING, "this is no character", span);
                self.bad(
                    len,
                    d.note("one ASCII character stands between the quotes, or an escape: 'a', '\\n'"),
                )
            }
        }
    }

    fn operator(&mut self) -> Kind {
        let len = operator_len(&self.text.as_bytes()[self.at..]);
        match self.byte(0) {
            _ if len == 0 => return self.strange(),
            Some(b'(' | b'[') => self.depth += 1,
            Some(b')' | b']') => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.joined.clear();
                }
            }
            Some(b'{' | b'}') => self.unjoin(),
            _ => {}
        }
        self.at += len;
        Kind::Punct
    }

    // What is no token.

    /// Of those on one line, the first is told.
    fn bad(&mut self, len: usize, diagnostic: Diagnostic) -> Kind {
        let same_line = self.last_bad.is_some_and(|at| !self.text[at..self.at].contains('\n'));
        if !same_line {
            self.diagnostics.push(diagnostic);
        }
        self.last_bad = Some(self.at);
        self.at += len;
        Kind::Bad
    }

    /// A name with letters that names do not have.
    fn strange_name(&mut self, start: usize) -> Kind {
        let rest = self.rest();
        let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let span = self.span(start, self.at + len);
        let d = Diagnostic::error(code::CHARACTER, "a name consists of ASCII letters, digits and `_`", span);
        self.bad(len, d)
    }

    /// Characters that begin nothing, as many as stand together.
    fn strange(&mut self) -> Kind {
        let rest = self.rest();
        let strange = |c: char| !c.is_ascii() || c.is_ascii_control() || matches!(c, '\\' | '$' | '@');
        let end = rest.find(|c: char| !strange(c) || c.is_ascii_whitespace()).unwrap_or(rest.len());
        // At least the first one, which brought us here.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let len = end.max(first);
        let span = self.span(self.at, self.at + len);
        let message = match rest[..len].chars().count() {
            1 => format!("unexpected character {:?}", rest.chars().next().unwrap_or(' ')),
            n => format!("{n} unexpected characters"),
        };
        let d = Diagnostic::error(code::CHARACTER, message, span);
        let plain = plain(&rest[..len]);
        self.bad(len, if plain.is_empty() { d } else { d.suggest("write", span, plain) })
    }

    fn endless_comment(&mut self) {
        let span = self.span(self.at, self.at + 2);
        let d = Diagnostic::error(code::COMMENT, "this comment does not end", span).help("end it with `*/`");
        let rest = self.rest().len();
        let kind = self.bad(rest, d);
        self.tokens.push(Token { kind, span });
    }

    /// Whether the kernel's `call name#12` goes on here with its number.
    fn numbered_callee(&self) -> bool {
        let text = |token: &Token| &self.text[token.span.start as usize..token.span.end as usize];
        let mut before = self.tokens.iter().rev().take(5).take_while(|t| t.kind != Kind::Newline);
        self.text[..self.at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && before.any(|token| text(token) == "call")
    }

    /// It ends no parentheses, unless they were forgotten.
    fn semicolon(&mut self) -> Kind {
        let mut near = self.rest().bytes().take(NEAR).take_while(|b| !matches!(b, b'\n' | b'\r'));
        if self.depth > 0 && !near.any(|b| matches!(b, b')' | b']')) {
            self.unjoin();
        }
        self.at += 1;
        Kind::Punct
    }
}

/// What a word processor made a character of; empty: nobody knows.
fn plain(text: &str) -> &'static str {
    match text {
        "“" | "”" | "„" | "«" | "»" => "\"",
        "‘" | "’" => "'",
        "–" | "—" | "−" => "-",
        "\u{a0}" | "\u{2009}" | "\u{202f}" => " ",
        "×" => "*",
        "≠" => "!=",
        "≤" => "<=",
        "≥" => ">=",
        "→" => "->",
        _ => "",
    }
}

/// The length of the operator or bracket that a text begins with; 0: none does.
fn operator_len(text: &[u8]) -> usize {
    match text {
        [b'<', b'<', b'=', ..] | [b'>', b'>', b'=', ..] => 3,
        [b'-', b'>', ..] | [b'<', b'<', ..] | [b'>', b'>', ..] | [b'&', b'&', ..] | [b'|', b'|', ..] => 2,
        [b'.', b'.', ..] => 2,
        [b'=' | b'!' | b'<' | b'>' | b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^', b'=', ..] => 2,
        [b'{' | b'}' | b'(' | b')' | b'[' | b']' | b',' | b':' | b'=' | b'<' | b'>' | b'+' | b'-', ..] => 1,
        [b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'~' | b'!' | b'?' | b'.', ..] => 1,
        _ => 0,
    }
}

/// An IPv4 address, a number, a string or a character.
fn literal(input: &str) -> IResult<&str, Kind> {
    match input.as_bytes().first() {
        Some(b'"') => string.map(|_| Kind::Str).parse(input),
        Some(b'\'') => character.map(|_| Kind::Int).parse(input),
        _ => alt((ip4.map(|_| Kind::Ip4), number.map(|_| Kind::Int))).parse(input),
    }
}

fn number(input: &str) -> IResult<&str, &str> {
    let end = input.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_'));
    let (number, rest) = input.split_at(end.unwrap_or(input.len()));
    Ok((rest, number))
}

fn ip4(input: &str) -> IResult<&str, &str> {
    recognize((digit1, count(preceded(char('.'), digit1), 3))).parse(input)
}

fn string(input: &str) -> IResult<&str, &str> {
    let escape = recognize(pair(char('\\'), satisfy(|c| c != '\n')));
    recognize((char('"'), many0_count(alt((is_not("\\\"\n"), escape))), char('"'))).parse(input)
}

fn character(input: &str) -> IResult<&str, &str> {
    let hex = || satisfy(|c| c.is_ascii_hexdigit());
    let escape = recognize((char('\\'), char('x'), hex(), hex()));
    let short = recognize(pair(char('\\'), satisfy(|c| c.is_ascii_graphic())));
    let plain = recognize(satisfy(|c| c.is_ascii() && !c.is_ascii_control() && c != '\'' && c != '\\'));
    recognize((char('\''), alt((escape, short, plain)), char('\''))).parse(input)
}

/// The value of an integer token; `None` where it is malformed or needs more than 64 bits.
#[must_use]
pub fn int(text: &str) -> Option<u64> {
    if let Some(quoted) = text.strip_prefix('\'') {
        return unescape(quoted.strip_suffix('\'')?).ok().filter(|b| b.len() == 1).map(|b| u64::from(b[0]));
    }
    if text.contains('_') {
        return int(&text.replace('_', ""));
    }
    let radix = |prefix: &str, radix: u32| Some(u64::from_str_radix(text.strip_prefix(prefix)?, radix).ok());
    let prefixed = radix("0x", 16).or_else(|| radix("0X", 16)).or_else(|| radix("0b", 2));
    if let Some(value) = prefixed.or_else(|| radix("0o", 8)) {
        return value;
    }
    // A leading zero is octal in C and decimal elsewhere: refused.
    if text.len() > 1 && text.starts_with('0') {
        return None;
    }
    let (number, shift) = match text.as_bytes().last()? {
        b'K' => (&text[..text.len() - 1], 10),
        b'M' => (&text[..text.len() - 1], 20),
        b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::FileId;

    fn kinds(text: &str) -> Vec<(Kind, String)> {
        let mut lexer = Lexer::new(FileId(0), text);
        while !lexer.done {
            lexer.line();
        }
        assert_eq!(lexer.diagnostics.iter().count(), 0);
        lexer
            .tokens
            .iter()
            .map(|t| (t.kind, text[t.span.start as usize..t.span.end as usize].to_string()))
            .collect()
    }

    #[test]
    fn signed_operators_and_names_with_s() {
        let words: Vec<String> = kinds("r1 s>>= 3 sx s> s").into_iter().map(|t| t.1).collect();
        assert_eq!(words, ["r1", "s>>=", "3", "sx", "s>", "s", "", ""]);
    }

    #[test]
    fn lines_end_only_where_a_statement_can() {
        let lines = kinds("a(\n1,\n2)\nb,\nc\n\n\nd").into_iter().filter(|t| t.0 == Kind::Newline).count();
        assert_eq!(lines, 3);
    }

    #[test]
    fn numbers() {
        assert_eq!(int("256K"), Some(262_144));
        assert_eq!(int("0x_ff"), Some(255));
        assert_eq!(int("18446744073709551615"), Some(u64::MAX));
        assert_eq!(int("18446744073709551616"), None);
        assert_eq!(int("010"), None);
        assert_eq!(int("12ab"), None);
        assert_eq!(int("'\\x41'"), Some(65));
        assert_eq!(int("0x"), None);
    }

    #[test]
    fn a_forgotten_parenthesis_joins_no_lines() {
        let lines = |text| kinds(text).into_iter().filter(|t| t.0 == Kind::Newline).count();
        assert_eq!(lines("{\na = (1 +\n2)\nb\n}"), 4);
        assert_eq!(lines("{\na = (1\nb = 2\nc = (3)\n}"), 5);
        assert_eq!(lines("a(\nb\nc"), 3);
    }
}
