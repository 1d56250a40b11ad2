//! Text that grows piece by piece. Most pieces are a few bytes, and are moved as one word of a fixed size: a call of
//! `memcpy`, which some C libraries begin slowly, takes longer.

use std::fmt;

/// A text of at most 15 bytes, with its length in the last one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word([u8; 16]);

impl Word {
    #[allow(clippy::cast_possible_truncation)]
    pub const fn new(text: &str) -> Self {
        let (text, mut word, mut at) = (text.as_bytes(), [0; 16], 0);
        while at < text.len() {
            word[at] = text[at];
            at += 1;
        }
        assert!(at < 16, "too long for a word");
        word[15] = at as u8; // lossless
        Self(word)
    }
}

/// A text to which pieces are appended.
#[derive(Clone, Default)]
pub struct Text {
    /// The text, and room for more.
    bytes: Vec<u8>,
    /// How long the text is.
    len: usize,
}

impl Text {
    /// An empty text with room for so many bytes.
    #[must_use]
    pub fn with_capacity(len: usize) -> Self {
        Self { bytes: vec![0; len], len: 0 }
    }

    /// The text; nothing where it is no UTF-8, as names in files may be.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The bytes of the text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes all away but the first so many bytes.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends a text whose length the compiler knows.
    #[inline(always)]
    pub(crate) fn text(&mut self, text: &str) {
        self.few(text.as_bytes());
    }

    /// Appends a text of any length.
    #[inline(never)]
    pub fn push_str(&mut self, text: &str) {
        self.few(text.as_bytes());
    }

    /// Appends bytes that may be no text, as names in files are.
    pub fn push_bytes(&mut self, bytes: &[u8]) {
        self.few(bytes);
    }

    #[inline]
    pub(crate) fn word(&mut self, Word(word): Word) {
        self.first(&word, word[15].into());
    }

    /// So many blanks.
    pub(crate) fn blanks(&mut self, count: usize) {
        self.fill(count, b' ');
    }

    /// So many tabs.
    pub(crate) fn tabs(&mut self, count: usize) {
        self.fill(count, b'\t');
    }

    fn fill(&mut self, mut count: usize, byte: u8) {
        while count > 0 {
            let some = count.min(16);
            self.first(&[byte; 16], some);
            count -= some;
        }
    }

    /// A number.
    #[inline]
    pub(crate) fn number<const BASE: u64>(&mut self, number: u64) {
        self.right::<BASE>(number, 0);
    }

    /// A decimal number.
    pub(crate) fn decimal(&mut self, number: u64) {
        self.number::<10>(number);
    }

    /// A number at the right of so many columns.
    #[inline]
    pub(crate) fn right<const BASE: u64>(&mut self, number: u64, columns: usize) {
        if number >= BASE.pow(8) {
            return self.long::<BASE>(number, columns);
        }
        self.blanks(columns.saturating_sub(8));
        let digits = eight::<BASE>(number);
        // Zeros at the front, but the last digit.
        let zeros = (digits | 1 << 56).trailing_zeros() / 8;
        let blanks = (EACH * u64::from(b'0' - b' ')) & ((1 << (8 * zeros)) - 1);
        let dropped = zeros.min(u32::try_from(8usize.saturating_sub(columns)).unwrap_or(0));
        let digits = (ascii::<BASE>(digits) - blanks) >> (8 * dropped);
        self.first(&digits.to_le_bytes(), 8 - dropped as usize);
    }

    /// The same of one with more than eight digits.
    #[inline(never)]
    fn long<const BASE: u64>(&mut self, number: u64, columns: usize) {
        self.right::<BASE>(number / BASE.pow(8), columns.saturating_sub(8));
        self.first(&ascii::<BASE>(eight::<BASE>(number % BASE.pow(8))).to_le_bytes(), 8);
    }

    /// Two hexadecimal digits and a blank for each byte.
    #[inline]
    pub(crate) fn hex(&mut self, bytes: [u8; 8]) {
        let byte = |at: usize| u64::from(HEX[usize::from(bytes[at])]);
        // Three characters are 24 bits.
        let words = [
            byte(0) | byte(1) << 24 | byte(2) << 48,
            byte(2) >> 16 | byte(3) << 8 | byte(4) << 32 | byte(5) << 56,
            byte(5) >> 8 | byte(6) << 16 | byte(7) << 40,
        ];
        let mut text = [[0; 8]; 3];
        for (text, word) in text.iter_mut().zip(words) {
            *text = word.to_le_bytes();
        }
        self.few(text.as_flattened());
    }

    /// Two hexadecimal digits.
    pub(crate) fn byte(&mut self, byte: u8) {
        self.first(&HEX[usize::from(byte)].to_le_bytes(), 2);
    }

    /// Appends the first so many of some bytes.
    #[inline(always)]
    fn first<const N: usize>(&mut self, bytes: &[u8; N], len: usize) {
        match self.bytes.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            Some(room) => *room = *bytes,
            None => self.grow(bytes),
        }
        self.len += len;
    }

    #[inline(always)]
    fn few(&mut self, bytes: &[u8]) {
        match self.bytes.get_mut(self.len..).and_then(|rest| rest.get_mut(..bytes.len())) {
            Some(room) => copy(room, bytes),
            None => self.grow(bytes),
        }
        self.len += bytes.len();
    }

    /// Puts bytes behind the text where there is no room for them.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.len);
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len() * 2 + 64, 0);
    }
}

/// Copies to where there is as much room: short texts as two pieces that may overlap.
#[inline(always)]
fn copy(to: &mut [u8], from: &[u8]) {
    #[inline(always)]
    fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
        if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk::<N>()) {
            *to = *from;
        }
        if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
            *to = *from;
        }
    }
    match from.len() {
        0 => {}
        1 => ends::<1>(to, from),
        2..4 => ends::<2>(to, from),
        4..8 => ends::<4>(to, from),
        8..16 => ends::<8>(to, from),
        16..=32 => ends::<16>(to, from),
        _ => to.copy_from_slice(from),
    }
}

/// 1 in each byte.
const EACH: u64 = u64::from_le_bytes([1; 8]);

/// The digits of a number that has no more than eight, as values, the first of them in the lowest byte.
#[inline]
fn eight<const BASE: u64>(number: u64) -> u64 {
    if BASE == 16 {
        let bytes = number.swap_bytes() >> 32;
        let bytes = (bytes | bytes << 16) & 0x0000_ffff_0000_ffff;
        let bytes = (bytes | bytes << 8) & 0x00ff_00ff_00ff_00ff;
        return bytes >> 4 & 0x000f_000f_000f_000f | (bytes & 0x000f_000f_000f_000f) << 8;
    }
    // Halves, then quarters, then digits: each division is a multiplication of all parts at once.
    let parts = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((parts * 5243) >> 19) & 0x0000_007f_0000_007f;
    let parts = hundreds | (parts - hundreds * 100) << 16;
    let tens = ((parts * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (parts - tens * 10) << 8
}

/// Values of digits as the digits.
#[inline]
fn ascii<const BASE: u64>(digits: u64) -> u64 {
    let letters = if BASE == 16 { (digits + EACH * 6) >> 4 & EACH } else { 0 };
    digits + EACH * u64::from(b'0') + letters * u64::from(b'a' - b'9' - 1)
}

/// For each byte its two hexadecimal digits and a blank, the first in the lowest byte.
static HEX: [u32; 256] = {
    let digits = b"0123456789abcdef";
    let (mut table, mut byte) = ([0; 256], 0);
    while byte < 256 {
        table[byte] = u32::from_le_bytes([digits[byte >> 4], digits[byte & 15], b' ', 0]);
        byte += 1;
    }
    table
};

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        let mut out = Self::default();
        out.push_str(text);
        out
    }
}

impl From<Text> for String {
    fn from(mut text: Text) -> Self {
        text.bytes.truncate(text.len);
        String::from_utf8(text.bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_by_format() {
        let mut numbers = vec![0, 55, u64::MAX];
        for base in [10u64, 16] {
            let powers = (0..16).map(|exponent| base.pow(exponent));
            numbers.extend(powers.flat_map(|power| [power - 1, power, power + 1, power * 3 + 7]));
        }
        numbers.extend((0..10_000_000).step_by(773));
        for number in numbers {
            for columns in [0, 1, 6, 8, 12, 24] {
                let mut out = Text::default();
                out.right::<10>(number, columns);
                out.text("|");
                out.right::<16>(number, columns);
                assert_eq!(out.as_str(), format!("{number:columns$}|{number:columns$x}"));
            }
        }
    }

    #[test]
    fn texts_of_any_length_are_appended_whole() {
        let text = "0123456789abcdef gr\u{fc}n \u{10ffff} 0123456789abcdef\u{20ac}0123456789";
        for len in (0..=text.len()).filter(|len| text.is_char_boundary(*len)) {
            let mut out = Text::from("before ");
            out.push_str(&text[..len]);
            out.word(Word::new("fifteen letters"));
            out.blanks(len);
            out.hex([0, 1, 0x9f, 0xa0, 0xff, 0x10, 7, 8]);
            out.byte(0xbc);
            let blanks = " ".repeat(len);
            let wanted = format!("before {}fifteen letters{blanks}00 01 9f a0 ff 10 07 08 bc", &text[..len]);
            assert_eq!(String::from(out), wanted);
        }
    }
}
