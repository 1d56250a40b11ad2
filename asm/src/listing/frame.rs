//! What stands before every line of a listing that was sent, quoted or written to a journal.

/// How many marks each line has at its beginning.
///
/// A mark is one only where all lines have it: within a listing the same characters may mean something.
pub(super) fn depth(text: &str) -> usize {
    let marked = |depth: usize| {
        let mut lines = text.lines().map(|line| inner(line, depth)).filter(|line| !line.trim().is_empty());
        lines.next().is_some_and(|line| mark(line).is_some()) && lines.all(|line| mark(line).is_some())
    };
    (0..4).find(|depth| !marked(*depth)).unwrap_or(4)
}

/// A line without that many marks.
pub(super) fn inner(line: &str, depth: usize) -> &str {
    if depth == 0 {
        return line;
    }
    let line = (0..depth).try_fold(line.trim_end(), |line, _| mark(line)).unwrap_or("");
    line.strip_suffix("\u{1b}[0m").unwrap_or(line)
}

/// What follows the mark at the beginning of a line: `> `, `| `, `libbpf: `, a time, a level, a colour.
fn mark(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let after = |rest: &str| line.len() - rest.strip_prefix(' ').unwrap_or(rest).len();
    if let Some(rest) = line.strip_prefix(['>', '|']).or_else(|| line.strip_prefix("libbpf:")) {
        return line.get(after(rest)..);
    }
    if let Some((colour, rest)) = line.strip_prefix("\u{1b}[").and_then(|rest| rest.split_once('m')) {
        return colour.bytes().all(|b| b.is_ascii_digit() || b == b';').then_some(rest);
    }
    // `[   12.345678] `, `[DEBUG] `
    if let Some((inside, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let time = inside.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b' '));
        let level = inside.bytes().all(|b| b.is_ascii_alphabetic());
        return (time || level).then(|| line.get(after(rest)..))?;
    }
    // `2021-04-21T11:52:43.746Z `
    let (time, rest) = line.split_once(' ').unwrap_or((line, ""));
    let at = |n: usize, byte: u8| time.as_bytes().get(n) == Some(&byte);
    (at(4, b'-') && at(7, b'-') && at(10, b'T') && at(13, b':')).then_some(rest)
}
