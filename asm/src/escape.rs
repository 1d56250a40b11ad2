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

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn escapes() {
        assert_eq!(unescape("a\\n\\x41\\0é").as_deref(), Ok("a\nA\0é".as_bytes()));
        assert_eq!(unescape("ab\\q"), Err(2));
        assert_eq!(unescape("\\x+4"), Err(0));
        assert_eq!(unescape("\\xé"), Err(0));
        assert_eq!(unescape("\\"), Err(0));
    }
}
