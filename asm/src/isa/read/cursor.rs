//! Pieces of a line: blanks, names, numbers, registers.

use super::super::Width;
use super::super::form::LAST_REGISTER;
use super::{Dialect, Number, Piece, ReadError, Wrong};

/// A place in a line.
pub(super) struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) dialect: Dialect,
    /// The opcode, where it is known.
    pub(super) code: Option<u8>,
    /// Whether registers may have their `%`: GNU as's normal syntax has it, pseudo-C in no tool.
    pub(super) percent: bool,
    /// Where the instruction begins.
    begin: usize,
}

pub(super) type Read<T> = Result<T, ReadError>;

/// A register under one of its names.
pub(super) type Register = (Width, u8);

/// How deep parentheses of an expression nest.
const NESTING: u32 = 32;

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect, code: Option<u8>) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, dialect, code, percent: false, begin: 0 }
    }

    pub(super) fn peek(&self) -> u8 {
        self.nth(0)
    }

    /// The byte n places ahead; 0 behind the end.
    pub(super) fn nth(&self, n: usize) -> u8 {
        self.bytes.get(self.at + n).copied().unwrap_or(0)
    }

    /// What follows.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(super) fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t') {
            self.at += 1;
        }
    }

    /// Behind the last thing that was taken.
    pub(super) fn end(&self) -> usize {
        let blank = |b: &&u8| matches!(b, b' ' | b'\t');
        self.at - self.bytes[..self.at].iter().rev().take_while(blank).count()
    }

    /// Takes this byte, after blanks.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Read<()> {
        if self.eat(byte) { Ok(()) } else { Err(self.expected(what)) }
    }

    // Errors.

    pub(super) fn expected(&self, what: &'static str) -> ReadError {
        self.error(self.at, Wrong::Expected(what))
    }

    /// An error about the word that begins at a place.
    pub(super) fn error(&self, start: usize, wrong: Wrong) -> ReadError {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let word = rest.iter().take_while(|b| is_name(**b)).count();
        let char = rest.iter().take(4).skip(1).take_while(|b| **b & 0xc0 == 0x80).count();
        let len = if word == 0 && !rest.is_empty() { 1 + char } else { word };
        ReadError { at: piece(start, start + len), wrong }
    }

    /// An error about all that was taken.
    pub(super) fn whole(&self, wrong: Wrong) -> ReadError {
        ReadError { at: piece(self.begin, self.end()), wrong }
    }

    // Words.

    /// The kernel's opcode in parentheses, and the blank behind it.
    pub(super) fn opcode(&mut self) -> Read<()> {
        self.begin = self.at;
        let hex = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if self.peek() == b'('
            && let (Some(high), Some(low)) = (hex(self.nth(1)), hex(self.nth(2)))
            && self.nth(3) == b')'
        {
            let found = high << 4 | low;
            if let Some(code) = self.code.replace(found)
                && code != found
            {
                self.at += 4;
                return Err(self.whole(Wrong::Opcode { code, text: found }));
            }
            self.at += 4;
            self.blanks();
            self.begin = self.at;
        }
        Ok(())
    }

    /// The name that stands here; empty if none does. It is not taken.
    pub(super) fn word(&self) -> &'a str {
        let len = if self.peek().is_ascii_digit() { 0 } else { self.tail() };
        self.text.get(self.at..self.at + len).unwrap_or("")
    }

    /// The part of the text behind a place, up to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or("")
    }

    /// Takes a name; `%=`, of which inline assembly makes labels unique, is part of it.
    pub(super) fn name(&mut self) -> Option<Piece> {
        let start = self.at;
        self.at += self.word().len();
        if self.at == start {
            return None;
        }
        while (self.peek(), self.nth(1)) == (b'%', b'=') {
            self.at += 2;
            self.at += self.tail();
        }
        Some(piece(start, self.at))
    }

    /// How many bytes of a name follow.
    fn tail(&self) -> usize {
        self.rest().iter().take_while(|b| is_name(**b)).count()
    }

    /// Takes this word.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        self.blanks();
        let found = self.word() == word;
        self.at += if found { word.len() } else { 0 };
        found
    }

    // Registers.

    /// Takes a register. `r1s>` is one and an operator.
    pub(super) fn register(&mut self) -> Read<Option<Register>> {
        let start = self.at;
        let percent = usize::from(self.peek() == b'%');
        let width = match self.nth(percent) {
            b'r' => Width::W64,
            b'w' => Width::W32,
            b'f' if percent == 1 && self.percent && self.nth(2) == b'p' && !is_name(self.nth(3)) => {
                self.at += 3;
                return Ok(Some((Width::W64, LAST_REGISTER)));
            }
            _ => return Ok(None),
        };
        if percent == 1 && !self.percent {
            return Err(self.error(start, Wrong::Percent));
        }
        let first = self.nth(percent + 1);
        if !first.is_ascii_digit() {
            return Ok(None);
        }
        let second = self.nth(percent + 2);
        let (number, len) = match (first, second) {
            (b'1', b'0') => (10, 2),
            _ => (first - b'0', 1),
        };
        let after = percent + 1 + len;
        if is_name(self.nth(after)) && !self.signed_operator(after) {
            let digits = self.bytes[start + percent + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
            return if is_name(self.nth(percent + 1 + digits)) {
                Ok(None)
            } else {
                Err(self.error(start + percent, Wrong::Register))
            };
        }
        self.at += after;
        Ok(Some((width, number)))
    }

    /// Whether an operator with `s` stands n places ahead.
    fn signed_operator(&self, n: usize) -> bool {
        self.nth(n) == b's' && matches!(self.nth(n + 1), b'<' | b'>' | b'/' | b'%')
    }

    pub(super) fn some_register(&mut self) -> Read<Register> {
        self.blanks();
        self.register()?.ok_or_else(|| self.expected("a register"))
    }

    /// Takes a register under its 64-bit name.
    pub(super) fn wide_register(&mut self) -> Read<u8> {
        self.blanks();
        let start = self.at;
        match self.some_register()? {
            (Width::W64, number) => Ok(number),
            (Width::W32, _) => Err(self.error(start, Wrong::Width(Width::W64))),
        }
    }

    // Numbers.

    /// Takes a number or an expression, up to where neither can go on.
    pub(super) fn number(&mut self) -> Read<Number> {
        self.blanks();
        let start = self.at;
        let int = self.terms(0)?;
        Ok(Number { at: piece(start, self.end()), int })
    }

    /// Terms with operators between; the value if there is but one integer.
    fn terms(&mut self, depth: u32) -> Read<Option<i128>> {
        let mut int = self.term(depth)?;
        loop {
            let end = self.at;
            self.blanks();
            let len = match (self.peek(), self.nth(1)) {
                (b'<', b'<') | (b'>', b'>') => 2,
                // A comment begins, or an assignment.
                (b'/', b'/' | b'*') | (_, b'=') => 0,
                (b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^', _) => 1,
                _ => 0,
            };
            if len == 0 {
                self.at = end;
                return Ok(int);
            }
            self.at += len;
            self.term(depth)?;
            int = None;
        }
    }

    fn term(&mut self, depth: u32) -> Read<Option<i128>> {
        self.blanks();
        let (mut negative, mut plain) = (false, true);
        loop {
            match self.peek() {
                b'-' => negative = !negative,
                b'+' => {}
                b'~' => plain = false,
                _ => break,
            }
            self.at += 1;
            self.blanks();
        }
        match self.peek() {
            b'0'..=b'9' => {
                let int = self.integer().filter(|_| plain).map(i128::from);
                Ok(int.map(|int| if negative { -int } else { int }))
            }
            b'(' if depth < NESTING => {
                self.at += 1;
                self.terms(depth + 1)?;
                self.expect(b')', "`)`")?;
                Ok(None)
            }
            b'"' | b'\'' => self.quoted().map(|()| None),
            _ => {
                let start = self.at;
                if self.register()?.is_some() {
                    return Err(self.error(start, Wrong::Expected("a number")));
                }
                self.name().map(|_| None).ok_or_else(|| self.expected("a register, a number or a name"))
            }
        }
    }

    /// Takes a string or a character.
    fn quoted(&mut self) -> Read<()> {
        let (start, quote) = (self.at, self.peek());
        self.at += 1;
        while self.at < self.bytes.len() && self.peek() != quote {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        if self.at >= self.bytes.len() {
            self.at = start;
            return Err(self.expected("the end of what is quoted"));
        }
        self.at += 1;
        Ok(())
    }

    /// Takes a word that begins with a digit; its value if it is an integer of this dialect.
    pub(super) fn integer(&mut self) -> Option<u64> {
        let start = self.at;
        let (radix, digits) = match (self.peek(), self.nth(1)) {
            (b'0', b'x' | b'X') => (16, start + 2),
            (b'0', b'b') => (2, start + 2),
            // Octal to LLVM and GNU as, else nobody knows.
            (b'0', b'0'..=b'9') => (8, start + 1),
            _ => (10, start),
        };
        let (mut value, mut fits) = (0u64, true);
        self.at = digits;
        while let Some(digit) = char::from(self.peek()).to_digit(radix) {
            let next = value.checked_mul(radix.into()).and_then(|v| v.checked_add(digit.into()));
            (value, fits) = (next.unwrap_or(0), fits && next.is_some());
            self.at += 1;
        }
        let malformed =
            self.at == digits || radix == 8 && !matches!(self.dialect, Dialect::Llvm | Dialect::Gnu);
        let more = self.tail();
        self.at += more;
        (more == 0 && fits && !malformed).then_some(value)
    }
}

/// Whether a byte can be in a name; a digit is not its first.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$' | b'@')
}

pub(super) fn piece(start: usize, end: usize) -> Piece {
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Piece { start: offset(start), end: offset(end) }
}
