//! `llvm-objdump -d` and `bpf-objdump -d`, with or without bytes, sources and relocations.

use super::{Entry, Header, Lines, Listing, Relocation, Section, Tool, hex_pairs};
use crate::diag::{Diagnostic, Diagnostics, code};
use crate::isa::form::LD_IMM64;
use crate::isa::{Endian, read};

/// No section has so many slots.
const MOST: u32 = 1 << 28;

/// `0000000000000028 <name>:`: the address in bytes, and the name. Without addresses it is `<name>:`.
pub(super) fn header(line: &str) -> Option<(Option<u64>, &str)> {
    let (address, rest) = line.split_once('<')?;
    let name = rest.strip_suffix(">:").filter(|name| !name.is_empty())?;
    let address = address.trim();
    if address.is_empty() {
        return Some((None, name));
    }
    (address.len() >= 8).then_some(())?;
    Some((Some(u64::from_str_radix(address, 16).ok()?), name))
}

/// `12:` and what follows it.
fn addressed(line: &str) -> Option<(&str, &str)> {
    let (address, rest) = line.trim_start().split_once(':')?;
    let hex = !address.is_empty() && address.len() <= 16 && address.bytes().all(|b| b.is_ascii_hexdigit());
    (hex && rest.starts_with([' ', '\t'])).then_some((address, rest.trim_start()))
}

/// Whether a line may be an instruction of objdump.
pub(super) fn is_instruction(line: &str) -> bool {
    addressed(line).is_some_and(|(_, rest)| {
        let (bytes, text) = hex_pairs(rest);
        let whole = matches!(bytes.len(), 8 | 16);
        whole || bytes.is_empty() && read::read(text, crate::isa::Dialect::Gnu, None).is_ok()
    })
}

/// Whether an instruction is shown with its bytes.
pub(super) fn has_bytes(line: &str) -> bool {
    addressed(line).is_some_and(|(_, rest)| matches!(hex_pairs(rest).0.len(), 8 | 16))
}

/// The one of the two tools whose addresses these are.
pub(super) fn tool(text: &str) -> Tool {
    let (mut llvm, mut gnu) = (0, 0);
    let mut last: Option<(&str, u64)> = None;
    for line in super::lines(text) {
        if line.trim_start().starts_with("Disassembly") {
            last = None;
        }
        let Some((address, rest)) = addressed(line) else { continue };
        if rest.starts_with("R_BPF") {
            continue;
        }
        let (bytes, text) = hex_pairs(rest);
        let wide = bytes.len() == 16 || text.ends_with(" ll") || text.starts_with("ld_pseudo");
        if let Some((before, slots)) = last {
            let decimal = |text: &str| text.parse::<u64>().ok();
            let hex = |text: &str| u64::from_str_radix(text, 16).ok();
            llvm += usize::from(decimal(before).map(|n| n + slots) == decimal(address));
            let eight = hex(before).map(|n| n + 8 * slots);
            gnu += usize::from(eight == hex(address) || hex(before).map(|n| n + 8) == hex(address));
        }
        if rest.starts_with('%') || rest.contains("\t%") || text.contains('%') {
            gnu += 1;
        }
        last = Some((address, if wide { 2 } else { 1 }));
    }
    if gnu > llvm { Tool::Gnu } else { Tool::Llvm }
}

pub(super) fn read<'a>(lines: &mut Lines<'a>, tool: Tool, diagnostics: &mut Diagnostics) -> Listing<'a> {
    let mut listing = Listing { tool, endian: None, sections: vec![], core: None, decided: vec![] };
    // Whether lines have no addresses: `--no-leading-addr`.
    let mut bare = false;
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some((_, format)) = trimmed.split_once("file format ") {
            listing.endian = match format {
                "elf64-bpfle" => Some(Endian::Little),
                "elf64-bpfbe" => Some(Endian::Big),
                _ => None,
            };
            continue;
        }
        if let Some(name) = trimmed.strip_prefix("Disassembly of section ") {
            let name = name.strip_suffix(':').unwrap_or(name);
            listing.sections.push(Section { name: Some(name), ..Section::default() });
            continue;
        }
        if trimmed.is_empty() || trimmed.starts_with(';') {
            continue;
        }
        if listing.sections.is_empty() {
            listing.sections.push(Section::default());
        }
        let at = listing.sections.len() - 1;
        let section = &mut listing.sections[at];
        let next = section.entries.last().map_or(0, |last| last.slot + slots(last));
        if let Some((address, name)) = header(trimmed) {
            bare |= address.is_none();
            let slot = address.map_or(next, |address| u32::try_from(address / 8).unwrap_or(MOST));
            section.headers.push(Header { slot, name });
            continue;
        }
        // `0000000000000000 &lt;f&gt;:`
        if trimmed.contains("&lt;") && trimmed.ends_with("&gt;:") {
            let message = "this listing is written for HTML: the names of its functions cannot be read";
            let d = Diagnostic::error(code::LISTING_LINE, message, lines.span(trimmed));
            diagnostics.push(d.help("write `<`, `>` and `&` for `&lt;`, `&gt;` and `&amp;`"));
            continue;
        }
        let (address, rest) = match addressed(line) {
            Some((address, rest)) => (Some(address), rest),
            None if bare && line.starts_with(['\t', ' ']) => (None, trimmed),
            None => continue,
        };
        if rest.starts_with("R_BPF_") {
            relocation(lines, section, address.unwrap_or(""), rest, diagnostics);
            continue;
        }
        // Its types are not in the listing.
        if rest.starts_with("CO-RE <") {
            listing.core.get_or_insert(lines.span(rest));
            continue;
        }
        let (bytes, text) = hex_pairs(rest);
        // bpf-objdump prints this for an instruction whose second half is not there.
        if bytes.is_empty() && text.starts_with("Address 0x") && text.ends_with(" is out of bounds.") {
            let message = "this instruction is not whole, and its bytes are not shown";
            let d = Diagnostic::error(code::LISTING_LOST, message, lines.span(trimmed));
            diagnostics.push(d.help("print the listing with bytes: `bpf-objdump -d`"));
            continue;
        }
        // Without whole slots it is no instruction: a line of the source, with `-S`.
        let instruction = match bytes.len() {
            8 | 16 => true,
            0 => {
                text.contains("unknown")
                    || read::read(text, tool.dialect(), None).is_ok()
                    || tool == Tool::Llvm
            }
            _ => false,
        };
        if !instruction || text == "..." {
            continue;
        }
        let slot = match (address, tool) {
            (None, _) => Some(next),
            (Some(address), Tool::Gnu) => {
                let bytes = u32::from_str_radix(address, 16).ok();
                bytes.filter(|bytes| bytes.is_multiple_of(8)).map(|bytes| bytes / 8)
            }
            (Some(address), _) => address.parse().ok(),
        };
        let Some(slot) = slot.filter(|slot| *slot < MOST) else {
            let d = Diagnostic::error(
                code::LISTING_LINE,
                "this is no address of an instruction",
                lines.span(trimmed),
            );
            diagnostics.push(d);
            continue;
        };
        // The second half of a 64-bit load on a line of its own.
        if text.is_empty()
            && let Some(last) = section.entries.last_mut()
            && last.bytes.first() == Some(&LD_IMM64)
            && last.bytes.len() == 8
            && (address.is_none() || slot == last.slot + 1)
        {
            last.bytes.extend(bytes);
            continue;
        }
        // With `-w` the relocation stands behind the instruction.
        let (text, appended) = match text.find("R_BPF_") {
            Some(start) => {
                let (before, appended) = (text[..start].trim_end(), &text[start..]);
                let (text, offset) = before.rsplit_once(['\t', ' ']).unwrap_or((before, ""));
                (text.trim_end(), Some((offset.trim_end_matches(':'), appended)))
            }
            None => (text, None),
        };
        let (span, at) = (lines.span(trimmed), lines.span(text));
        section.entries.push(Entry { slot, span, bytes, text, at, ..Entry::default() });
        if let Some((offset, appended)) = appended {
            relocation(lines, section, offset, appended, diagnostics);
        }
    }
    listing.sections.retain(|section| !section.entries.is_empty());
    listing
}

/// How many slots an instruction takes, as far as the line shows.
pub(super) fn slots(entry: &Entry) -> u32 {
    let wide = if entry.bytes.is_empty() {
        let text = entry.text;
        text.ends_with(" ll")
            || text.starts_with("lddw")
            || text.starts_with("ld_pseudo")
            || text.starts_with("(18)")
    } else {
        // An assembler may leave half of one; then the bytes show a single slot.
        entry.bytes.len() == 16 || entry.bytes.first() == Some(&LD_IMM64)
    };
    if wide { 2 } else { 1 }
}

/// A relocation belongs to the instruction before it.
fn relocation<'a>(
    lines: &Lines<'a>,
    section: &mut Section<'a>,
    address: &str,
    rest: &'a str,
    diagnostics: &mut Diagnostics,
) {
    let span = lines.span(rest);
    let (kind, symbol) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let symbol = symbol.trim();
    let offset = u64::from_str_radix(address, 16).ok();
    let Some(last) = section.entries.last_mut() else { return };
    if address.is_empty() || offset == Some(u64::from(last.slot) * 8) {
        last.relocation = Some(Relocation { span, kind, symbol });
        return;
    }
    let message = format!(
        "this relocation is for byte 0x{address}, but the instruction before it is at 0x{:x}",
        u64::from(last.slot) * 8
    );
    let d = Diagnostic::error(code::LISTING_CONTRADICTION, message, span);
    diagnostics.push(d.also(last.span, "this instruction"));
}
