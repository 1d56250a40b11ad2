//! Bytes as text, and back, with nothing lost: names in files are bytes, and nearly always UTF-8.
//!
//! A byte that is no part of UTF-8 becomes one of 128 characters at the end of Unicode that nobody uses (those after
//! U+10FF80). Where a file has such a character itself, its bytes are taken one by one, too.

use std::borrow::Cow;

/// The character for byte 0; only 0x80 and above are used.
const BASE: u32 = 0x10_ff00;

/// Bytes as hexadecimal numbers with blanks between: `9f eb 01`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// Bytes as text.
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && text.bytes().all(|b| b != 0xf4)
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match byte(c) {
                None => out.push(c),
                Some(_) => c.encode_utf8(&mut [0; 4]).bytes().for_each(|b| out.push(character(b))),
            }
        }
        out.extend(chunk.invalid().iter().map(|b| character(*b)));
    }
    Cow::Owned(out)
}

const LOW: u64 = u64::from_le_bytes([0x01; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Whether bytes are ASCII and none is NUL, as nearly always.
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    // Of a NUL the high bit is set once 1 is taken away.
    words.fold(0, |all, word| all | word | word.wrapping_sub(LOW)) & HIGH == 0
        && rest.iter().all(|byte| (1..0x80).contains(byte))
}

/// Where the first NUL is, which is near.
pub(crate) fn nul(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The lowest bit that is set is that of the first NUL.
        let nuls = word.wrapping_sub(LOW) & !word & HIGH;
        if nuls != 0 {
            return Some(at * 8 + nuls.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|byte| *byte == 0).map(|at| words.len() * 8 + at)
}

/// The bytes of a text.
#[must_use]
pub fn bytes(text: &str) -> Cow<'_, [u8]> {
    if text.bytes().all(|b| b != 0xf4) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match byte(c) {
            Some(byte) => out.push(byte),
            None => out.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    Cow::Owned(out)
}

/// The byte that a character stands for, where it stands for one.
#[must_use]
pub fn byte(c: char) -> Option<u8> {
    u8::try_from(u32::from(c).checked_sub(BASE)?).ok().filter(|b| *b >= 0x80)
}

/// The character that stands for a byte beyond ASCII.
#[must_use]
pub fn character(byte: u8) -> char {
    char::from_u32(BASE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back() {
        for sample in
            [&b"plain"[..], b"\xff\xfe", "gr\u{fc}n".as_bytes(), b"a\xe9b", "\u{10ffff}\u{10fff0}".as_bytes()]
        {
            assert_eq!(&*bytes(&text(sample)), sample);
        }
        assert_eq!(text(b"a\xe9b").chars().count(), 3);
    }

    #[test]
    fn the_first_nul_is_found_at_any_place() {
        for before in 0..40 {
            let mut sample = vec![b'a'; before];
            assert_eq!(nul(&sample), None);
            sample.extend(b"\0\x01\x80\xff\0");
            assert_eq!(nul(&sample), Some(before));
        }
    }
}
