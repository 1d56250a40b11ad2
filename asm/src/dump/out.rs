//! Text on its way out: gathered, and handed on in large pieces.

use std::fmt;
use std::io::{self, Write};

use crate::bytes::append;
use crate::isa::SLOT;
use crate::isa::print::digits;

/// So much is gathered.
const PIECE: usize = 1 << 16;

/// Gathers text; lines are written to the buffer only, and handed on between lines.
pub(super) struct Out<'w> {
    text: Vec<u8>,
    to: &'w mut dyn Write,
}

impl<'w> Out<'w> {
    pub fn new(to: &'w mut dyn Write) -> Self {
        Self { text: Vec::with_capacity(PIECE + PIECE / 8), to }
    }

    #[inline]
    pub fn text(&mut self, text: &str) {
        append(&mut self.text, text.as_bytes());
    }

    /// Bytes that may be no text, as names in files are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.text.extend_from_slice(bytes);
    }

    /// So many blanks.
    pub fn blanks(&mut self, count: usize) {
        self.text.resize(self.text.len() + count, b' ');
    }

    /// A decimal number at the right of so many columns.
    pub fn right(&mut self, number: u64, columns: usize) {
        let mut space = [0; 20];
        let digits = digits::<10>(number, &mut space);
        self.blanks(columns.saturating_sub(digits.len()));
        self.text(digits);
    }

    /// A hexadecimal number with no more digits than it needs.
    pub fn hex(&mut self, number: u64) {
        let mut space = [0; 20];
        self.text(digits::<16>(number, &mut space));
    }

    /// Two hexadecimal digits.
    pub fn byte(&mut self, byte: u8) {
        self.text.extend_from_slice(&pair(byte));
    }

    /// Two hexadecimal digits and a blank for each byte of a slot.
    pub fn slot(&mut self, bytes: [u8; SLOT]) {
        let mut text = [b' '; 3 * SLOT];
        for (place, byte) in text.chunks_exact_mut(3).zip(bytes) {
            place[..2].copy_from_slice(&pair(byte));
        }
        self.text.extend_from_slice(&text);
    }

    /// Ends a line, and hands on what has been gathered where that is enough.
    pub fn end(&mut self) -> io::Result<()> {
        self.text.push(b'\n');
        if self.text.len() < PIECE { Ok(()) } else { self.flush() }
    }

    /// Hands on what has been gathered.
    pub fn flush(&mut self) -> io::Result<()> {
        self.to.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }

    /// Takes the blanks at the end of the line away.
    pub fn trim(&mut self) {
        let len = self.text.trim_ascii_end().len();
        self.text.truncate(len);
    }

    /// How much of the current piece is there: columns are differences of this.
    pub fn len(&self) -> usize {
        self.text.len()
    }
}

/// Two hexadecimal digits.
fn pair(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

impl fmt::Write for Out<'_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        append(&mut self.text, text.as_bytes());
        Ok(())
    }
}
