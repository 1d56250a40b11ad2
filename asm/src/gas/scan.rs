//! Where statements and comments end.

use std::borrow::Cow;

use super::cursor::is_name;

/// The text with blanks for each `/* comment */`; its places stay the same.
///
/// # Errors
/// The offset of a comment without an end.
pub(super) fn without_block_comments(text: &str) -> Result<Cow<'_, str>, u32> {
    if !text.contains("/*") {
        return Ok(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' | b'\'' => at = quoted_end(bytes, at),
            b'#' => at = line_end(text, at),
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = line_end(text, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let len = text[at + 2..].find("*/").ok_or_else(|| u32::try_from(at).unwrap_or(u32::MAX))?;
                let end = at + 2 + len + 2;
                out.push_str(&text[copied..at]);
                out.extend(std::iter::repeat_n(' ', end - at));
                (at, copied) = (end, end);
            }
            _ => at += 1,
        }
    }
    out.push_str(&text[copied..]);
    Ok(Cow::Owned(out))
}

/// Where the line ends that this byte is in: its line feed, or the end of the text.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |len| at + len)
}

/// Where the statement ends that this byte is in: at a line feed, a separator or a comment.
pub(super) fn statement_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = at;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' | b';' | b'`' | b'#' => break,
            b'/' if bytes.get(at + 1) == Some(&b'/') => break,
            b'"' | b'\'' => at = quoted_end(bytes, at),
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}

/// Where a string or a character ends; at the line's end where it has none of its own.
pub(super) fn quoted_end(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let mut at = start + 1;
    if quote == b'\'' {
        // `'a'`, or `'a` as in GNU as.
        at += if bytes.get(at) == Some(&b'\\') { 2 } else { usize::from(bytes.get(at) != Some(&b'\n')) };
        return at + usize::from(bytes.get(at) == Some(&b'\''));
    }
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\n' => break,
            b'"' => return at + 1,
            b'\\' => at += 1 + usize::from(bytes.get(at + 1).is_some_and(|b| *b != b'\n')),
            _ => at += 1,
        }
    }
    at
}

/// The next word that a statement begins with, behind its labels: where it begins and ends.
pub(super) fn next_word(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b' ' | b'\t' | b'\n' | b'\r' | b';' | b'`' | 0x0c => at += 1,
            b'#' => at = line_end(text, at),
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = line_end(text, at),
            _ => {
                let end = at + bytes[at..].iter().take_while(|b| is_name(**b)).count();
                if end > at && bytes.get(end) == Some(&b':') {
                    at = end + 1;
                    continue;
                }
                return Some((at, end));
            }
        }
    }
}

/// Whether a line names registers as only GNU as does: `%r1`.
pub(super) fn names_registers(text: &str) -> bool {
    text.match_indices("%r").any(|(at, _)| {
        let line = text[..at].rsplit('\n').next().unwrap_or("");
        text[at + 2..].starts_with(|c: char| c.is_ascii_digit())
            && !line.contains(['#', '"'])
            && !line.contains("//")
    })
}
