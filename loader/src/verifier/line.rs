//! One line of the log: which of its forms it has.

use super::report::{Register, SourceLine};

/// A line of the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'l> {
    /// An instruction that the verifier walked through: `12: (85) call foo#1   ; R0=…`.
    Insn { index: usize, text: &'l str, registers: Vec<Register> },
    /// All registers at a place: `0: R1=ctx() R10=fp0`, `from 3 to 5: R0=…`.
    State { at: Option<usize>, registers: Vec<Register> },
    /// The source line that the next instructions are from: `; text @ file.bpfasm:12`.
    Source(SourceLine),
    /// A line that says nothing about the reason: statistics, backtracking, listings, headings.
    Noise,
    /// Anything else: what the verifier has to say.
    Text(&'l str),
}

/// Beginnings of lines that say nothing about the reason.
const NOISE: [&str; 18] = [
    "processed ",
    "verification time ",
    "stack depth ",
    "func#",
    "mark_precise:",
    "parent ",
    "last_idx ",
    "regs=",
    "propagating ",
    "Live regs before insn",
    "SCC ",
    "Validating ",
    "Func#",
    "safe",
    "max_states",
    "subprog ",
    "caller:",
    "callee:",
];

/// Which form a line has.
pub(super) fn classify(line: &str) -> Line<'_> {
    let trimmed = line.trim();
    if let Some(source) = trimmed.strip_prefix(';') {
        return Line::Source(source_line(source.trim_start()));
    }
    if trimmed.is_empty() || NOISE.iter().any(|n| trimmed.starts_with(n)) {
        return Line::Noise;
    }
    if let Some(rest) = trimmed.strip_prefix("from ") {
        return from_to(rest).unwrap_or(Line::Text(trimmed));
    }
    let (number, after) = split_number(trimmed);
    if let Some(index) = number {
        if let Some(line) = insn(index, after) {
            return line;
        }
        // `3: safe`; a live-register listing; a state.
        if after.is_empty() || after == "safe" || is_live_columns(after) {
            return Line::Noise;
        }
    }
    let registers = state(after);
    if registers.is_empty() { Line::Text(trimmed) } else { Line::State { at: number, registers } }
}

/// `12:` and what follows it.
fn split_number(line: &str) -> (Option<usize>, &str) {
    match line.split_once(':').map(|(n, rest)| (n.parse().ok(), rest)) {
        Some((Some(n), rest)) => (Some(n), rest.trim()),
        _ => (None, line),
    }
}

/// `(85) call foo#1   ; R0=…`.
fn insn(index: usize, after: &str) -> Option<Line<'_>> {
    let (code, rest) = after.strip_prefix('(')?.split_once(") ")?;
    if code.len() != 2 || u8::from_str_radix(code, 16).is_err() {
        return None;
    }
    let (_, registers) = rest.split_once(';').unwrap_or((rest, ""));
    let text = after.split(';').next().unwrap_or(after).trim_end();
    Some(Line::Insn { index, text, registers: state(registers.trim()) })
}

/// `3 to 5: R0=…`, also `3 to 5 (speculative execution): safe`.
fn from_to(rest: &str) -> Option<Line<'_>> {
    let (range, after) = rest.split_once(':')?;
    let (from, to) = range.split_once(" to ")?;
    from.trim().parse::<usize>().ok()?;
    let at = to.split_whitespace().next()?.parse().ok()?;
    Some(Line::State { at: Some(at), registers: state(after.trim()) })
}

/// `.1........ (b7) r0 = 0`: ten columns of live registers before the instruction.
fn is_live_columns(after: &str) -> bool {
    let columns = after.split_whitespace().next().unwrap_or("");
    columns.len() == 10 && columns.bytes().all(|b| b == b'.' || b.is_ascii_digit())
}

/// `text @ file:line` or just the text.
fn source_line(source: &str) -> SourceLine {
    if let Some((text, place)) = source.rsplit_once(" @ ")
        && let Some((file, line)) = place.trim_end().rsplit_once(':')
        && let Ok(line) = line.parse()
    {
        return SourceLine { text: text.to_owned(), file: Some(file.to_owned()), line: Some(line) };
    }
    SourceLine { text: source.to_owned(), file: None, line: None }
}

/// Registers and stack slots of a state: `frame1: R1=ctx() R10=fp0 fp-8=mmmmmmmm`; empty if it is none.
fn state(text: &str) -> Vec<Register> {
    let mut registers = Vec::new();
    for word in words(text) {
        if let Some((name, value)) = word.split_once('=') {
            let name = name.split_once('_').map_or(name, |(reg, _)| reg);
            if is_register(name) {
                registers.push(Register { name: name.to_owned(), value: value.to_owned() });
                continue;
            }
        }
        // A text that begins otherwise is no state; one that goes on otherwise (`refs=2`, `cb`) still is.
        if registers.is_empty() && !(word.starts_with("frame") && word.ends_with(':')) {
            return registers;
        }
    }
    registers
}

/// `R0` to `R10`, `fp-8`.
fn is_register(name: &str) -> bool {
    let digits = name.strip_prefix('R').or_else(|| name.strip_prefix("fp-"));
    digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
}

/// Splits at blanks, but not inside parentheses: `var_off=(0x0; 0xff)` is one word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0usize;
    text.split(move |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c.is_whitespace() && depth == 0
    })
    .filter(|w| !w.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(name: &str, value: &str) -> Register {
        Register { name: name.into(), value: value.into() }
    }

    #[test]
    fn instructions() {
        assert_eq!(
            classify("1: (61) r2 = *(u32 *)(r1 +0)         ; R1=ctx() R2=pkt(r=0)"),
            Line::Insn {
                index: 1,
                text: "(61) r2 = *(u32 *)(r1 +0)",
                registers: vec![register("R1", "ctx()"), register("R2", "pkt(r=0)")],
            }
        );
        assert_eq!(
            classify("12: (85) call bpf_map_lookup_elem#1"),
            Line::Insn { index: 12, text: "(85) call bpf_map_lookup_elem#1", registers: vec![] }
        );
    }

    #[test]
    fn states_of_old_and_new_kernels() {
        assert_eq!(
            classify("from 3 to 5: R0_w=inv(id=0,umax_value=255,var_off=(0x0; 0xff)) R10=fp0 fp-8=mmmmmmmm"),
            Line::State {
                at: Some(5),
                registers: vec![
                    register("R0", "inv(id=0,umax_value=255,var_off=(0x0; 0xff))"),
                    register("R10", "fp0"),
                    register("fp-8", "mmmmmmmm"),
                ],
            }
        );
        assert!(matches!(classify("0: R1=ctx() R10=fp0"), Line::State { at: Some(0), .. }));
        assert!(matches!(classify("0: frame1: R1=ctx() R10=fp0"), Line::State { at: Some(0), .. }));
        assert!(matches!(classify(" R1=ctx(id=0,off=0,imm=0) R10=fp0"), Line::State { at: None, .. }));
    }

    #[test]
    fn the_rest() {
        assert_eq!(
            classify("; w0 = *(u8 *)(r2 + 0) @ a.bpfasm:12"),
            Line::Source(SourceLine {
                text: "w0 = *(u8 *)(r2 + 0)".into(),
                file: Some("a.bpfasm".into()),
                line: Some(12)
            })
        );
        for noise in [
            "processed 3 insns (limit 1000000)",
            "",
            "12: safe",
            "from 1 to 2: safe",
            "  0: .1........ (b7) r0 = 0",
        ] {
            assert!(!matches!(classify(noise), Line::Text(_) | Line::Insn { .. }), "{noise}");
        }
        for reason in [
            "R2 offset is outside of the packet",
            "R0 !read_ok",
            "unreachable insn 3",
            "R1 type=ctx expected=fp",
        ] {
            assert_eq!(classify(reason), Line::Text(reason));
        }
    }
}
