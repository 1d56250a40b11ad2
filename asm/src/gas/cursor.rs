//! The operands of one statement: names, numbers, strings.

use crate::diag::{Diagnostic, FileId, Span, code};

/// What is wrong with a statement.
pub(super) type Res<T> = Result<T, Box<Diagnostic>>;

/// A place in a statement. The bytes from `end` on belong to the next.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    pub text: &'a str,
    pub file: FileId,
    /// The number of the text's first byte.
    pub base: u32,
    pub at: usize,
    pub end: usize,
}

/// Whether a name may have that byte, first or later.
pub(super) fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b'@' | b'?') || b >= 0x80
}

impl<'a> Cursor<'a> {
    pub fn peek(&self) -> Option<u8> {
        self.nth(0)
    }

    pub fn nth(&self, n: usize) -> Option<u8> {
        let at = self.at + n;
        if at < self.end { self.text.as_bytes().get(at).copied() } else { None }
    }

    pub fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | 0x0c)) {
            self.at += 1;
        }
    }

    /// Whether nothing more follows.
    pub fn done(&mut self) -> bool {
        self.blanks();
        self.at >= self.end
    }

    /// Takes this byte, after blanks.
    pub fn eat(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub fn expect(&mut self, byte: u8) -> Res<()> {
        if self.eat(byte) { Ok(()) } else { Err(self.wrong(format!("expected `{}`", char::from(byte)))) }
    }

    /// A comma, where something follows; false at the end.
    pub fn more(&mut self) -> Res<bool> {
        if self.done() {
            return Ok(false);
        }
        self.expect(b',')?;
        Ok(true)
    }

    /// Nothing more may follow.
    pub fn finish(&mut self) -> Res<()> {
        if self.done() { Ok(()) } else { Err(self.wrong("this is too much here")) }
    }

    /// Takes bytes as long as they fit.
    pub fn take_while(&mut self, fits: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&fits) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or("")
    }

    /// A name, also in quotes.
    pub fn name(&mut self) -> Option<&'a str> {
        self.blanks();
        match self.peek()? {
            b'"' => {
                let start = self.at + 1;
                let rest = self.text.get(start..self.end)?;
                let len = rest.find('"').filter(|len| *len > 0 && !rest[..*len].contains('\\'))?;
                self.at = start + len + 1;
                Some(&rest[..len])
            }
            b if b.is_ascii_digit() || !is_name(b) => None,
            _ => Some(self.take_while(is_name)),
        }
    }

    pub fn expect_name(&mut self, what: &str) -> Res<&'a str> {
        self.name().ok_or_else(|| self.wrong(format!("expected {what}")))
    }

    /// The bytes of a string in quotes.
    pub fn string(&mut self, out: &mut Vec<u8>) -> Res<()> {
        self.blanks();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.wrong("expected a string in double quotes"));
        }
        self.at += 1;
        loop {
            let plain = self.take_while(|b| b != b'"' && b != b'\\');
            out.extend_from_slice(plain.as_bytes());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(_) => self.escape(out)?,
                None => {
                    let d = Diagnostic::error(code::GAS_STRING, "a string without an end", self.span(start));
                    return Err(Box::new(d));
                }
            }
        }
    }

    /// One escape: `\n`, `\012`, `\x0a`.
    fn escape(&mut self, out: &mut Vec<u8>) -> Res<()> {
        let start = self.at;
        self.at += 1;
        let byte = self.peek();
        if matches!(byte, Some(b'0'..=b'7')) {
            let mut value = 0u32;
            for _ in 0..3 {
                let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                value = value * 8 + u32::from(digit - b'0');
                self.at += 1;
            }
            return self.push(value, start, out);
        }
        self.at += 1;
        let byte = match byte {
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b @ (b'"' | b'\\' | b'\'')) => b,
            Some(b'x' | b'X') => {
                // However many there are, the last two count.
                let digits = self.take_while(|b| b.is_ascii_hexdigit());
                let last = &digits[digits.len().saturating_sub(2)..];
                let value = u32::from_str_radix(last, 16).unwrap_or(u32::MAX);
                return self.push(value, start, out);
            }
            _ => {
                self.at = self.at.min(self.end);
                let d =
                    Diagnostic::error(code::GAS_STRING, "an escape that does not exist", self.span(start));
                return Err(Box::new(d.help("write the byte as `\\x41` or, in octal, `\\101`")));
            }
        };
        out.push(byte);
        Ok(())
    }

    fn push(&self, value: u32, start: usize, out: &mut Vec<u8>) -> Res<()> {
        let Ok(byte) = u8::try_from(value) else {
            let d = Diagnostic::error(code::GAS_STRING, "an escape that is no byte", self.span(start));
            return Err(Box::new(d));
        };
        out.push(byte);
        Ok(())
    }

    /// From a place up to here.
    pub fn span(&self, start: usize) -> Span {
        let char_end = |mut at: usize| {
            while !self.text.is_char_boundary(at) {
                at += 1;
            }
            at
        };
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (start, end) = (char_end(start.min(self.text.len())), char_end(self.at.min(self.text.len())));
        let place = |at: usize| self.base.saturating_add(narrow(at));
        Span { file: self.file, start: place(start), end: place(end.max(start)) }
    }

    /// What stands here, as a place: a word, or one character, or nothing at the end.
    pub fn here(&self) -> Span {
        let mut word = self.clone();
        word.blanks();
        let start = word.at;
        if word.take_while(is_name).is_empty() && start < word.end {
            word.at += 1;
        }
        word.span(start)
    }

    /// An operand that is malformed here.
    pub fn wrong(&self, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(code::GAS_OPERAND, message, self.here()))
    }
}
