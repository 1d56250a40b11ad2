//! Escapes in quoted text: the same in source and in values on the command line.

/// The bytes of a string or character without its quotes; else the offset of the bad escape.
///
/// # Errors
/// The byte offset of an escape that does not exist.
pub fn unescape(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match chars.next().ok_or(at)?.1 {
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            'r' => bytes.push(b'\r'),
            '0' => bytes.push(0),
            '\\' => bytes.push(b'\\'),
            '"' => bytes.push(b'"'),
            '\'' => bytes.push(b'\''),
            'x' => {
                let hex = text.get(at + 2..at + 4).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
                bytes.push(u8::from_str_radix(hex.ok_or(at)?, 16).map_err(|_| at)?);
                chars.nth(1);
            }
            _ => return Err(at),
        }
    }
    Ok(bytes)
}

/// Bytes as [`unescape`] reads them: text as it is, but for what ends a string, what cannot be seen, and what is not
/// UTF-8.
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let hex = |text: &mut String, bytes: &[u8]| {
        bytes.iter().for_each(|byte| text.extend(["\\x", &format!("{byte:02x}")]));
    };
    for part in bytes.utf8_chunks() {
        for c in part.valid().chars() {
            match c {
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\r' => text.push_str("\\r"),
                '\0' => text.push_str("\\0"),
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                ' '..='~' => text.push(c),
                c if c.is_alphanumeric() => text.push(c),
                c => hex(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        hex(&mut text, part.invalid());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{escape, unescape};

    #[test]
    fn all_bytes_come_back() {
        let bytes: Vec<u8> = (0..=255).chain("é\u{202e}\u{feff}日".bytes()).collect();
        assert_eq!(unescape(&escape(&bytes)), Ok(bytes));
        assert_eq!(escape("\"é\u{202e}".as_bytes()), "\\\"é\\xe2\\x80\\xae");
    }

    #[test]
    fn escapes() {
        assert_eq!(unescape("a\\n\\x41\\0é").as_deref(), Ok("a\nA\0é".as_bytes()));
        assert_eq!(unescape("ab\\q"), Err(2));
        assert_eq!(unescape("\\x+4"), Err(0));
        assert_eq!(unescape("\\xé"), Err(0));
        assert_eq!(unescape("\\"), Err(0));
    }
}
