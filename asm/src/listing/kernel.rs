//! `bpftool prog dump xlated` and logs of the verifier.

use std::collections::BTreeMap;

use super::{Entry, Header, Lines, Listing, Section, Tool, hex_pairs};
use crate::diag::{Diagnostic, Diagnostics, code};
use crate::sort::Sort;

/// How libbpf writes an instruction that it could not make: `<invalid CO-RE relocation>`.
const INVALID: &str = "<invalid ";

/// `12: (b7) r0 = 0 ; R0=0`, with columns before or behind the number: the number, the text from the opcode on,
/// and what follows `;`.
pub(super) fn instruction(line: &str) -> Option<(u32, &str, &str)> {
    let (numbers, rest) = line.split_once(':')?;
    // Linux 6.18 prints the strongly connected component before the number.
    let mut words = numbers.split_ascii_whitespace();
    let number = words.next_back()?;
    if number.len() > 9 || words.any(|word| !word.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let number: u32 = number.bytes().all(|b| b.is_ascii_digit()).then_some(number)?.parse().ok()?;
    let mut rest = rest.trim_start();
    // The registers that are live: `.12...6...`.
    if let Some((column, after)) = rest.split_once(' ')
        && column.len() >= 10
        && column.bytes().all(|b| b == b'.' || b.is_ascii_digit() || b.is_ascii_lowercase())
    {
        rest = after.trim_start();
    }
    // What an older printer does not know: `BUG_ldx_81`; and what libbpf puts in an instruction's place.
    if rest.starts_with("BUG_") || rest.starts_with(INVALID) {
        return Some((number, rest.trim_end(), ""));
    }
    let opcode = rest.strip_prefix('(')?;
    let hex = |n: usize| opcode.as_bytes().get(n).is_some_and(u8::is_ascii_hexdigit);
    if !(hex(0) && hex(1) && opcode[2..].starts_with(") ")) {
        return None;
    }
    // Behind a jump that the verifier decides stands what it knows there: `goto pc+3 9: R0=0`.
    if let Some((before, state)) = rest.split_once(": ")
        && (state.starts_with('R') || state.starts_with("frame"))
        && let Some((text, target)) = before.trim_end().rsplit_once(' ')
        && target.bytes().all(|b| b.is_ascii_digit())
    {
        return Some((number, text.trim_end(), ""));
    }
    // Behind a tab, or `//`, Linux 7.2 tells where the stack is used.
    let rest = rest.split_once('\t').map_or(rest, |(text, _)| text);
    let rest = rest.split_once(" // ").map_or(rest, |(text, _)| text);
    let (text, note) = rest.split_once(';').unwrap_or((rest, ""));
    Some((number, text.trim_end(), note.trim()))
}

/// `int prog(struct xdp_md * ctx):` of bpftool: the name.
pub(super) fn header(line: &str) -> Option<&str> {
    let head = line.strip_suffix("):")?;
    let (head, _) = head.split_once('(')?;
    let name = head.rsplit([' ', '*']).next()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.';
    (!name.is_empty() && name.bytes().all(plain) && head != name).then_some(name)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `12: R0=0 R1=ctx()`: what the verifier knows before an instruction, and which.
fn state(line: &str) -> Option<(u32, &str)> {
    let (at, state) = line.split_once(": ")?;
    let register = state.strip_prefix('R')?.starts_with(|c: char| c.is_ascii_digit());
    (is_number(at) && register).then(|| Some((at.parse().ok()?, state)))?
}

/// Whether only a log of the verifier has this line.
pub(super) fn is_log(line: &str) -> bool {
    let function = line.strip_prefix("func#").and_then(|rest| rest.split_once(" @"));
    let path = line.strip_prefix("from ").and_then(|rest| rest.split_once(" to "));
    state(line).is_some()
        || function.is_some_and(|(n, at)| is_number(n) && is_number(at))
        || path.is_some_and(|(from, _)| is_number(from))
        || named(line).is_some()
        || line.starts_with("Live regs before insn:")
        || line.contains("-- BEGIN PROG LOAD LOG --")
        || line.starts_with("Validating ") && line.contains("func#")
        || line.starts_with("processed ") && line.contains(" insns")
}

/// What may stand before a listing: the command that printed it, and what libbpf says.
pub(super) fn is_noise(line: &str) -> bool {
    let prompt = line.starts_with("$ ") || line.starts_with("# ");
    prompt
        || line.starts_with("```")
        || line.starts_with("libbpf:")
        || line.starts_with("arg#")
        || line.starts_with("reg type unsupported")
}

/// bpftool prints no states of registers.
pub(super) fn tool(text: &str) -> Tool {
    let log = super::lines(text).any(|line| {
        is_log(line.trim())
            || instruction(line).is_some_and(|(.., note)| note.starts_with('R') && note.contains('='))
    });
    if log { Tool::Log } else { Tool::Xlated }
}

pub(super) fn read<'a>(lines: &mut Lines<'a>, tool: Tool, diagnostics: &mut Diagnostics) -> Listing<'a> {
    let mut entries: BTreeMap<u32, Entry<'a>> = BTreeMap::new();
    let mut headers: Vec<Header<'a>> = vec![];
    // Names of functions by their numbers, and where those begin.
    let (mut names, mut starts): (BTreeMap<u32, &'a str>, BTreeMap<u32, u32>) = Default::default();
    let (mut last, mut pending) = (None, None);
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(';') {
            continue;
        }
        if let Some((slot, text, note)) = instruction(line) {
            if let Some(name) = pending.take() {
                headers.push(Header { slot, name });
            }
            last = Some(slot);
            let (span, at) = (lines.span(trimmed), lines.span(text));
            let entry = Entry { slot, span, text, at, ..Entry::default() };
            let known = entries.entry(slot).or_insert(entry);
            if !note.is_empty() {
                known.notes.push(note);
            }
            if known.text != text && !text.starts_with(INVALID) {
                let message = format!("instruction {slot} was another one before");
                let d = Diagnostic::error(code::LISTING_CONTRADICTION, message, at);
                diagnostics.push(d.also(known.at, "here").help("a listing shows one program"));
            }
            continue;
        }
        if let Some((slot, state)) = state(trimmed) {
            // Linux 5.10 tells what a load gave before the next instruction, not behind the load.
            if let Some(entry) = last.filter(|last| last + 2 == slot).and_then(|last| entries.get_mut(&last))
            {
                entry.notes.push(state);
            }
            continue;
        }
        // Kernels that do not know an instruction print it as the one that they know.
        if trimmed.ends_with(" uses reserved fields") {
            if let Some(entry) = last.and_then(|slot| entries.get_mut(&slot)) {
                entry.misprinted = true;
            }
            continue;
        }
        // The bytes of `opcodes` stand below their instruction.
        let (bytes, rest) = hex_pairs(trimmed);
        if matches!(bytes.len(), 8 | 16) && rest.is_empty() {
            if let Some(entry) = last.and_then(|slot| entries.get_mut(&slot)) {
                entry.bytes = bytes;
            }
            continue;
        }
        if let Some((number, at)) = trimmed.strip_prefix("func#").and_then(|rest| rest.split_once(" @")) {
            if let (Ok(number), Ok(at)) = (number.parse(), at.parse()) {
                starts.insert(number, at);
            }
        } else if let Some((name, number)) = named(trimmed) {
            names.insert(number, name);
        } else if let Some((_, rest)) = trimmed.split_once("prog '")
            && let Some((name, _)) = rest.split_once("': -- BEGIN PROG LOAD LOG")
        {
            names.insert(0, name);
            starts.entry(0).or_insert(0);
        } else if tool == Tool::Xlated {
            pending = header(trimmed).or(pending);
        }
    }
    for (number, slot) in starts {
        if let Some(name) = names.get(&number) {
            headers.push(Header { slot, name });
        } else if number > 0 {
            headers.push(Header { slot, name: "" });
        }
    }
    headers.order_by_key(|header| header.slot);
    let section = Section { name: None, headers, entries: entries.into_values().collect() };
    let gotos = section.entries.iter().filter(|entry| entry.text.starts_with("(05) goto "));
    let decided =
        if tool == Tool::Log && decides(lines.text) { gotos.map(|entry| entry.at).collect() } else { vec![] };
    let sections = if section.entries.is_empty() { vec![] } else { vec![section] };
    Listing { tool, endian: None, sections, core: None, decided }
}

/// Whether the kernel that wrote a log may have decided conditions before: Linux 7.2 does.
///
/// Older ones have other marks on registers, or list live registers and nothing else.
fn decides(text: &str) -> bool {
    let older = ["_w=", "=inv", ",imm="].iter().any(|mark| text.contains(mark));
    !older && (text.contains("subprog#") || !text.contains("Live regs before insn:"))
}

/// `Func#1 ('sub') is global and assumed valid.`, `Validating sub() func#1...`, `subprog#1 sub:`.
fn named(line: &str) -> Option<(&str, u32)> {
    if let Some(rest) = line.strip_prefix("subprog#") {
        let (number, name) = rest.strip_suffix(':')?.split_once(' ')?;
        return (!name.contains([' ', ':'])).then_some((name, number.parse().ok()?));
    }
    if let Some(rest) = line.strip_prefix("Func#") {
        let (number, rest) = rest.split_once(" ('")?;
        return Some((rest.split_once('\'')?.0, number.parse().ok()?));
    }
    let (name, rest) = line.strip_prefix("Validating ")?.split_once("() func#")?;
    Some((name, rest.trim_end_matches('.').parse().ok()?))
}
