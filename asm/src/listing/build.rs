//! The lines of a listing to an [`Object`]: functions, and what they refer to.

use std::collections::HashMap;

use super::insn::{Many, Refers, Resolved, Resolver, agrees, text};
use super::{Context, Entry, Header, Listing, Section, Tool};
use crate::diag::{Diagnostic, Diagnostics, Span, code};
use crate::isa::{Cpu, Endian, Form, Insn};
use crate::object::{Extern, ExternKind, Func, Linkage, Object, Ref, Symbol, TEXT};
use crate::sort::Sort;

/// A function of a listing: its section, its name, and its instructions by their index.
struct Piece<'a> {
    section: usize,
    name: String,
    header: Option<&'a str>,
    slot: u32,
    insns: std::ops::Range<usize>,
}

pub(super) fn object(listing: &Listing, context: &Context, diagnostics: &mut Diagnostics) -> Object {
    let endian = listing.endian.unwrap_or_else(|| endian(listing, context.endian));
    let mut object = Object { endian, ..Object::default() };
    if listing.sections.is_empty() {
        let d = Diagnostic::error(code::LISTING_LINE, "this listing shows no instructions", Span::default());
        let help = "of a program that it takes the verifier shows instructions at log level 2 only";
        diagnostics.push(if listing.tool == Tool::Log { d.help(help) } else { d });
        return object;
    }
    let relocations =
        listing.sections.iter().flat_map(|s| &s.entries).any(|entry| entry.relocation.is_some());
    let knows_v4 = knows_v4(listing);
    let (mut hidden, mut lossy) = (Many::default(), Many::default());
    let (mut all, mut pieces) = (vec![], vec![]);
    for (at, section) in listing.sections.iter().enumerate() {
        let before = diagnostics.errors();
        let mut resolver = Resolver {
            tool: listing.tool,
            endian,
            context,
            headers: &section.headers,
            sections: &listing.sections,
            knows_v4,
            relocations,
            hidden: std::mem::take(&mut hidden),
            lossy: std::mem::take(&mut lossy),
            diagnostics,
        };
        // In the place of a line that is wrong stands another, so that the next ones are looked at too.
        let stand_in = Resolved { insn: Insn::default(), to: Refers::Nothing };
        let resolved: Vec<Resolved> =
            section.entries.iter().map(|entry| resolver.entry(entry).unwrap_or(stand_in)).collect();
        (hidden, lossy) = (resolver.hidden, resolver.lossy);
        if diagnostics.errors() == before && whole(section, &resolved, listing.tool, diagnostics) {
            pieces.extend(functions(at, section, &resolved, listing.tool));
            // What objdump shows need not be a program; what the kernel takes never leaves its code.
            if listing.tool.is_kernel()
                && let Some((span, to)) = leaves(section, &resolved)
            {
                let message = format!("the listing ends before instruction {to}, which comes after this");
                let d = Diagnostic::warning(code::LISTING_END, message, span);
                diagnostics.push(if listing.tool == Tool::Log { d.help(VISITED) } else { d });
            }
        }
        all.push(resolved);
    }
    warn(listing, &hidden, &lossy, diagnostics);
    let mut builder = Builder { listing, all: &all, pieces: &pieces, externs: HashMap::new(), diagnostics };
    builder.build(context, &mut object);
    object
}

/// What is true of the whole listing.
fn warn(listing: &Listing, hidden: &Many, lossy: &Many, diagnostics: &mut Diagnostics) {
    let first = listing.sections.first().and_then(|section| section.entries.first());
    if listing.tool == Tool::Xlated
        && let Some(first) = first
    {
        let message = "these are the instructions as the kernel rewrote them";
        let d = Diagnostic::warning(code::LISTING_REWRITTEN, message, first.span);
        diagnostics.push(d.note(
            "offsets into contexts and inlined helpers are those of the kernel that printed them; a kernel may \
             refuse to load them again",
        ));
    }
    let more = |count: usize| if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
    if let Some(span) = listing.decided.first().filter(|_| diagnostics.errors() == 0) {
        let message = format!("this jump may have been a conditional one{}", more(listing.decided.len()));
        let d = Diagnostic::warning(code::LISTING_REWRITTEN, message, *span);
        diagnostics.push(d.note(
            "where a condition is constant, Linux 7.2 and later decide it before they list the instructions",
        ));
    }
    if let Some(span) = hidden.first {
        let message = format!("the address here may be one that a relocation fills in{}", more(hidden.count));
        let d = Diagnostic::warning(code::LISTING_RELOCATION, message, span);
        diagnostics.push(d.help("print the listing with relocations: `llvm-objdump -dr`, `bpf-objdump -dr`"));
    }
    if let Some(span) = listing.core {
        let message = "a listing cannot hold CO-RE relocations: the types that they name are not in it";
        let d = Diagnostic::warning(code::LISTING_RELOCATION, message, span);
        diagnostics.push(d.note("these instructions keep what the compiler knew of the types"));
    }
    if let Some(span) = lossy.first {
        let message = format!("some versions print more than one instruction like this{}", more(lossy.count));
        let d = Diagnostic::warning(code::LISTING_LOSSY, message, span);
        diagnostics.push(d.note("it is taken as what it looks like").help(
            "print the listing with bytes: to older versions moves that extend the sign and signed divisions look \
             like plain ones, loads that acquire like atomic additions; to bpf-objdump address space casts, too",
        ));
    }
}

/// Whether the listing shows an instruction that only tools know which know those of cpu v4.
fn knows_v4(listing: &Listing) -> bool {
    let entries = listing.sections.iter().flat_map(|section| &section.entries);
    entries.into_iter().any(|entry| {
        let reading = text(entry, listing.tool, None);
        let form = reading.ok().and_then(|reading| Form::of(reading.syntax));
        form.is_some_and(|form| form.cpu == Cpu::V4)
    })
}

/// The byte order in which bytes and texts agree more often.
fn endian(listing: &Listing, default: Endian) -> Endian {
    let agreeing = |endian| {
        let entries = listing.sections.iter().flat_map(|section| &section.entries);
        let shown = entries.filter(|entry| !entry.bytes.is_empty() && !entry.text.is_empty());
        let agree = |entry: &&Entry| {
            let reading = text(entry, listing.tool, entry.bytes.first().copied());
            let insn = Insn::decode(&entry.bytes, endian);
            matches!((insn, reading), (Some((insn, _)), Ok(reading)) if agrees(&insn, &reading, listing.tool))
        };
        shown.filter(agree).count()
    };
    let (little, big) = (agreeing(Endian::Little), agreeing(Endian::Big));
    match little.cmp(&big) {
        std::cmp::Ordering::Less => Endian::Big,
        std::cmp::Ordering::Greater => Endian::Little,
        std::cmp::Ordering::Equal => default,
    }
}

/// Why instructions may be missing in a log.
const VISITED: &str = "the verifier shows the instructions that it visited; from Linux 6.16 on, log level 2 lists all \
                       of them first";

/// Whether no instruction is missing.
fn whole(section: &Section, resolved: &[Resolved], tool: Tool, diagnostics: &mut Diagnostics) -> bool {
    let Some(first) = section.entries.first() else { return true };
    let begins = first.slot == 0 || section.headers.iter().any(|header| header.slot == first.slot);
    let mut next = if begins { first.slot } else { 0 };
    for (entry, resolved) in section.entries.iter().zip(resolved) {
        if entry.slot != next {
            let (message, label) = if entry.slot < next {
                (format!("instruction {} stands here a second time", entry.slot), "")
            } else if entry.slot - next == 1 {
                (format!("instruction {next} is missing before this"), "")
            } else {
                (format!("instructions {next} to {} are missing before this", entry.slot - 1), "")
            };
            let d = Diagnostic::error(code::LISTING_GAP, message, entry.span).label(label);
            diagnostics.push(match tool {
                Tool::Log => d.help(VISITED),
                Tool::Xlated => d.help("give the whole listing"),
                _ => d.help(
                    "give the whole section; for `...` in the place of zeros use `--disassemble-zeroes`",
                ),
            });
            return false;
        }
        next = entry.slot + if resolved.insn.hi.is_some() { 2 } else { 1 };
    }
    true
}

/// The first instruction from which control goes on to one that is not shown, and that.
fn leaves(section: &Section, resolved: &[Resolved]) -> Option<(Span, i64)> {
    let last = section.entries.last()?;
    section.entries.iter().zip(resolved).find_map(|(entry, resolved)| {
        let after = i64::from(entry.slot) + if resolved.insn.hi.is_some() { 2 } else { 1 };
        let falls = (!ends(&resolved.insn)).then_some(after);
        let jumps = jump(&resolved.insn).map(|distance| after + distance);
        let to = falls.into_iter().chain(jumps).find(|to| *to > last.slot.into())?;
        Some((entry.span, to))
    })
}

/// Whether control never goes on behind an instruction, as far as is known: it may be one that nobody here knows.
fn ends(insn: &Insn) -> bool {
    insn.form().is_none() || insn.ends()
}

/// How many slots an instruction may jump.
fn jump(insn: &Insn) -> Option<i64> {
    insn.form()?.syntax.distance(insn).map(i64::from)
}

/// The functions of a section.
fn functions<'a>(at: usize, section: &Section<'a>, resolved: &[Resolved], tool: Tool) -> Vec<Piece<'a>> {
    let mut starts: Vec<Header> = section.headers.clone();
    if tool.is_kernel() {
        for resolved in resolved {
            if let Refers::Slot(slot) = resolved.to
                && let Ok(slot) = u32::try_from(slot)
                && section.entries.iter().any(|entry| entry.slot == slot)
            {
                starts.push(Header { slot, name: "" });
            }
        }
    } else {
        starts.retain(|header| is_function(header, section, resolved));
    }
    starts.order_by_key(|header| (header.slot, header.name.is_empty()));
    starts.dedup_by_key(|header| header.slot);
    let first = section.entries.first().map_or(0, |entry| entry.slot);
    starts.retain(|header| header.slot >= first);
    if starts.first().is_none_or(|header| header.slot != first) {
        starts.insert(0, Header { slot: first, name: "" });
    }
    let index = |slot: u32| section.entries.partition_point(|entry| entry.slot < slot);
    let ends = starts.iter().skip(1).map(|header| index(header.slot)).chain([section.entries.len()]);
    let pieces = starts.iter().zip(ends).enumerate().map(|(n, (header, end))| {
        let name = match header.name {
            "" if n == 0 && tool.is_kernel() => "prog".to_string(),
            "" if n == 0 => section.name.map_or("prog".to_string(), symbol),
            "" => format!("func_{n}"),
            name => symbol(name),
        };
        let named = Some(header.name).filter(|name| !name.is_empty());
        Piece { section: at, name, header: named, slot: header.slot, insns: index(header.slot)..end }
    });
    pieces.filter(|piece| !piece.insns.is_empty()).collect()
}

/// A name as a symbol has it.
fn symbol(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$') { c } else { '_' };
    name.chars().map(plain).collect()
}

/// Whether a name is that of a function: no label, which control reaches from before or jumps to.
fn is_function(header: &Header, section: &Section, resolved: &[Resolved]) -> bool {
    let at = section.entries.partition_point(|entry| entry.slot < header.slot);
    if at == 0 {
        return true;
    }
    // A jump over the name, in either direction, or to it.
    let crossed = section.entries.iter().zip(resolved).any(|(entry, resolved)| {
        let Some(distance) = jump(&resolved.insn) else { return false };
        let target = i64::from(entry.slot) + 1 + distance;
        let header = i64::from(header.slot);
        (i64::from(entry.slot) < header) != (target < header)
    });
    ends(&resolved[at - 1].insn) && !crossed
}

struct Builder<'a, 'l> {
    listing: &'l Listing<'a>,
    all: &'l [Vec<Resolved<'a>>],
    pieces: &'l [Piece<'a>],
    externs: HashMap<&'a str, usize>,
    diagnostics: &'l mut Diagnostics,
}

impl<'a> Builder<'a, '_> {
    fn build(&mut self, context: &Context, object: &mut Object) {
        for (n, piece) in self.pieces.iter().enumerate() {
            let first = n == 0 || self.pieces[n - 1].section != piece.section;
            let named = self.listing.sections[piece.section].name;
            // A program's functions stand behind it in the kernel.
            let section = match named {
                Some(name) => name,
                None if first || !self.listing.tool.is_kernel() => context.section.unwrap_or(TEXT),
                None => TEXT,
            };
            let mut func = Func {
                name: self.unique(n),
                section: section.to_string(),
                linkage: self.linkage(piece, section),
                ..Func::default()
            };
            for (insn, at) in piece.insns.clone().enumerate() {
                let resolved = self.all[piece.section][at];
                func.insns.push(resolved.insn);
                let span = self.listing.sections[piece.section].entries[at].span;
                if let Some(to) = self.symbol(piece.section, resolved, span, object) {
                    func.refs.push(Ref::new(insn, to));
                }
            }
            object.funcs.push(func);
        }
    }

    /// Relocations name global functions, and the section of static ones.
    fn linkage(&self, piece: &Piece, section: &str) -> Linkage {
        let refers = |to: Refers| self.all.iter().flatten().any(|resolved| resolved.to == to);
        let named = piece.header.is_some_and(|name| refers(Refers::Symbol(name)));
        if !named && (section == TEXT || refers(Refers::Section(section, piece.slot.into()))) {
            Linkage::Static
        } else {
            Linkage::Global
        }
    }

    /// The name of a function, unlike those of the functions before it.
    fn unique(&self, n: usize) -> String {
        let name = &self.pieces[n].name;
        if self.pieces[..n].iter().any(|piece| piece.name == *name) {
            format!("{name}_{n}")
        } else {
            name.clone()
        }
    }

    fn symbol(
        &mut self,
        section: usize,
        resolved: Resolved<'a>,
        span: Span,
        object: &mut Object,
    ) -> Option<Symbol> {
        let function = |section: usize, slot: i64| {
            let found = |piece: &Piece| piece.section == section && i64::from(piece.slot) == slot;
            self.pieces.iter().position(found)
        };
        let (found, slot) = match resolved.to {
            Refers::Nothing => return None,
            Refers::Slot(slot) => (function(section, slot), slot),
            Refers::Section(name, slot) => {
                let section = self.listing.sections.iter().position(|section| section.name == Some(name));
                (section.and_then(|section| function(section, slot)), slot)
            }
            Refers::Symbol(name) => {
                if let Some(at) = self.pieces.iter().position(|piece| piece.header == Some(name)) {
                    return Some(Symbol::Func(at));
                }
                return Some(Symbol::Extern(*self.externs.entry(name).or_insert_with(|| {
                    let kind = ExternKind::Object;
                    object.externs.push(Extern { name: name.to_string(), kind, ..Extern::default() });
                    object.externs.len() - 1
                })));
            }
        };
        if found.is_none() {
            let message = format!("no function begins at instruction {slot}, which this refers to");
            let help = if self.listing.tool == Tool::Log { VISITED } else { "give the whole listing" };
            self.diagnostics.push(Diagnostic::error(code::LISTING_LOST, message, span).help(help));
        }
        found.map(Symbol::Func)
    }
}
