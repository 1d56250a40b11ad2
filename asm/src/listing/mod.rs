//! Listings: what other tools print of programs becomes an [`Object`] again, with [`read`].
//!
//! Where a line shows its bytes, they decide; then the opcode in parentheses; then the text. What contradicts them
//! is an error, and so is what the tool left out and nobody supplies.

mod build;
mod frame;
mod insn;
mod kernel;
mod objdump;

use crate::diag::{Diagnostic, Diagnostics, FileId, Sources, Span, code};
use crate::isa::{Dialect, Endian};
use crate::object::Object;

/// What a listing is built with.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The byte order where the listing does not tell.
    pub endian: Endian,
    /// The section of a program whose listing does not say.
    pub section: Option<&'a str>,
    /// Symbols for what the kernel prints as a number: the id of a map or an address, and the name.
    pub maps: &'a [(u64, &'a str)],
}

/// The tool that printed a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    /// llvm-objdump: an address counts slots, in decimal.
    Llvm,
    /// bpf-objdump: an address counts bytes, in hexadecimal.
    Gnu,
    /// bpftool: what the kernel made of a program.
    Xlated,
    /// The verifier's log.
    Log,
}

impl Tool {
    fn dialect(self) -> Dialect {
        match self {
            Tool::Llvm => Dialect::Llvm,
            Tool::Gnu => Dialect::Gnu,
            Tool::Xlated | Tool::Log => Dialect::Kernel,
        }
    }

    fn is_kernel(self) -> bool {
        matches!(self, Tool::Xlated | Tool::Log)
    }
}

/// A listing, taken apart.
#[derive(Debug)]
struct Listing<'a> {
    tool: Tool,
    endian: Option<Endian>,
    sections: Vec<Section<'a>>,
    /// The first line that tells of a CO-RE relocation.
    core: Option<Span>,
    /// Jumps that may have been conditional.
    decided: Vec<Span>,
}

/// The instructions of one section.
#[derive(Debug, Default)]
struct Section<'a> {
    /// Its name, if the listing says it.
    name: Option<&'a str>,
    /// Where functions, or labels, begin; in order.
    headers: Vec<Header<'a>>,
    /// Its instructions, in order.
    entries: Vec<Entry<'a>>,
}

/// A name before an instruction.
#[derive(Debug, Clone)]
struct Header<'a> {
    slot: u32,
    name: &'a str,
}

/// One instruction of a listing.
#[derive(Debug, Clone, Default)]
struct Entry<'a> {
    /// Its place in the section, in slots.
    slot: u32,
    /// The line, without blanks around it.
    span: Span,
    /// Its bytes, as many as are shown.
    bytes: Vec<u8>,
    /// Its text, and where it stands. Empty if there is none.
    text: &'a str,
    at: Span,
    /// What the verifier knew behind it: `R1=map_ptr(…)`.
    notes: Vec<&'a str>,
    /// Whether the kernel says that there is more in the instruction than it prints.
    misprinted: bool,
    /// The relocation of this instruction.
    relocation: Option<Relocation<'a>>,
}

/// A relocation line.
#[derive(Debug, Clone)]
struct Relocation<'a> {
    span: Span,
    kind: &'a str,
    symbol: &'a str,
}

/// Whether a text is a listing, by its first lines.
#[must_use]
pub fn detect(text: &str) -> bool {
    tool(text).is_some()
}

fn tool(text: &str) -> Option<Tool> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = lines(text);
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            continue;
        }
        let after_format = trimmed.split_once("file format ").map(|(_, format)| format);
        match after_format {
            Some(format) if format.starts_with("elf64-bpfle") || format.starts_with("elf64-bpfbe") => {
                return Some(Tool::Gnu);
            }
            Some(format) if format.to_ascii_lowercase().starts_with("elf64-bpf") => return Some(Tool::Llvm),
            _ => {}
        }
        if trimmed.starts_with("Disassembly of section ") && trimmed.ends_with(':')
            || objdump::header(trimmed).is_some()
        {
            return Some(objdump::tool(text));
        }
        if kernel::is_log(trimmed) {
            return Some(Tool::Log);
        }
        if kernel::instruction(line).is_some() {
            return Some(kernel::tool(text));
        }
        if kernel::header(trimmed).is_some() || trimmed.starts_with(';') || kernel::is_noise(trimmed) {
            continue;
        }
        if trimmed.starts_with("//") {
            continue;
        }
        // A numeric label before an instruction looks like an address; a second one does not follow it.
        let mut rest = lines.clone().filter(|line| !line.trim().is_empty());
        let shown = objdump::is_instruction(line)
            && (objdump::has_bytes(line) || rest.next().is_none_or(objdump::is_instruction));
        return shown.then(|| objdump::tool(text));
    }
    None
}

/// The tool, of a text that somebody calls a listing: other lines may stand before it.
fn tool_anywhere(text: &str) -> Option<Tool> {
    if lines(text).any(|line| kernel::instruction(line).is_some()) {
        return Some(kernel::tool(text));
    }
    let object = |line: &str| {
        let line = line.trim();
        line.starts_with("Disassembly of section ") || objdump::header(line).is_some()
    };
    lines(text).any(object).then(|| objdump::tool(text))
}

/// The object that a listing shows.
///
/// Symbols that it names and does not define are externs of the object. None where there was an error.
#[must_use]
pub fn read(
    sources: &Sources,
    file: FileId,
    context: &Context,
    diagnostics: &mut Diagnostics,
) -> Option<Object> {
    let text = sources.get(file).text.as_str();
    let mut lines = Lines { file, text, at: 0, depth: frame::depth(text) };
    let listing = match tool(text).or_else(|| tool_anywhere(text)) {
        Some(tool @ (Tool::Xlated | Tool::Log)) => kernel::read(&mut lines, tool, diagnostics),
        Some(tool) => objdump::read(&mut lines, tool, diagnostics),
        None => {
            let d =
                Diagnostic::error(code::LISTING_LINE, "this is no listing", Span { file, ..Span::default() });
            diagnostics.push(d.note(
                "listings are what `llvm-objdump -d`, `bpf-objdump -d`, `bpftool prog dump xlated` and the \
                 verifier print",
            ));
            return None;
        }
    };
    let before = diagnostics.errors();
    let object = build::object(&listing, context, diagnostics);
    (diagnostics.errors() == before).then_some(object)
}

/// The lines of a text.
struct Lines<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    /// The marks before each line.
    depth: usize,
}

/// The lines of a text, without what stands before each of them.
fn lines(text: &str) -> impl Iterator<Item = &str> + Clone {
    let depth = frame::depth(text);
    text.lines().map(move |line| frame::inner(line, depth))
}

impl<'a> Lines<'a> {
    /// The place of a part of the text.
    fn span(&self, part: &str) -> Span {
        // Parts are slices of the text, so the difference of their addresses is their offset.
        let start = (part.as_ptr().addr()).wrapping_sub(self.text.as_ptr().addr());
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { file: self.file, start: narrow(start), end: narrow(start + part.len()) }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let (line, len) = match rest.split_once('\n') {
            Some((line, _)) => (line, line.len() + 1),
            None => (rest, rest.len()),
        };
        self.at += len;
        Some(frame::inner(line, self.depth).trim_end())
    }
}

/// The bytes that a text begins with as pairs of hexadecimal digits, and what follows them.
fn hex_pairs(text: &str) -> (Vec<u8>, &str) {
    let (mut bytes, mut rest) = (vec![], text);
    loop {
        let digits = rest.trim_start_matches(' ');
        let pair = digits.get(..2).filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()));
        let ends = digits.get(2..).is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t']));
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if ends => {
                bytes.push(byte);
                rest = &digits[2..];
            }
            _ => return (bytes, rest.trim_start()),
        }
    }
}
